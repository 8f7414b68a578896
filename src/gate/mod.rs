//! The gate: one decision for each scan, recorded before it is told.
//!
//! The first layer that knows both passes and logs.

mod admit;
mod annulment;
mod coded;
mod decision;
mod error;
#[expect(clippy::module_inception, reason = "the room is called by what it is about")]
mod gate;
mod handover;
mod learnt;
mod ledger_runs;
mod operator;
mod own_uses;
mod record;
mod rows;
mod scan;
mod segment;
mod self_test;
mod state;
mod sync;
mod usage_digest;

pub(crate) use annulment::ClocksSet;
#[cfg(test)]
#[path = "tests/test_gate.rs"]
pub(crate) mod test_gate;

pub use decision::{Admitted, Decision, Reason, Refusal, Verdict};
pub use error::{AnnulError, JournalError, OpenError, OutageError, Rollback, SyncError};
pub use gate::{Gate, OpenOptions};
pub use ledger_runs::LedgerRuns;
pub use operator::DRIFT_PER_MILLION;
pub use record::{Override, Record, RecordError, Redemption, Synced, Totals, flags};
pub use scan::{Identity, Scan, Shown};
pub use segment::{Segment, SegmentError, SegmentRecord};
pub use self_test::{Fault, SELF_TEST_AHEAD, Trouble};
pub use sync::SyncInput;
pub use usage_digest::{UsageDigest, UsageDigestError, UsageDigestSpec, UsageFacts};
