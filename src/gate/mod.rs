//! The gate: one decision for each scan, recorded before it is told.
//!
//! The first layer that knows both passes and logs.

mod annulment;
mod coded;
mod decision;
mod desk;
mod journal;
mod learnt;
mod ledger_runs;
mod own;
mod record;
mod segment;
mod self_test;
mod usage_digest;

pub(crate) use annulment::ClocksSet;
#[cfg(test)]
pub(crate) use journal::tests as journal_tests;

pub use decision::{Admitted, Decision, Reason, Refusal, Severity};
pub use desk::DRIFT_PER_MILLION;
pub use journal::{Gate, GateError, Identity, Scan, Shown, Sync};
pub use ledger_runs::LedgerRuns;
pub use record::{Override, Record, RecordError, Redemption, Synced, Totals, flags};
pub use segment::{Segment, SegmentError, SegmentRecord};
pub use self_test::{Fault, SELF_TEST_AHEAD, Trouble};
pub use usage_digest::{UsageDigest, UsageDigestError, UsageDigestSpec, UsageFacts};
