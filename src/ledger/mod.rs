//! The city ledger: what one member publishes of its gates, its lists and its peers.
//!
//! A ledger is the same kind of log as a gate's journal. It holds the gates' *checkpoints*; their
//! records and the evidence lie beside it, in the same store, and can be pruned without touching it.
//! What follows from the ledgers of all members, a [`View`] holds.

mod entry;
mod error;
mod finality;
mod ingest;
mod journal;
mod ledger;
mod pending;
mod receipt;
mod record;
#[cfg(test)]
#[path = "tests/city.rs"]
mod test_city;
mod usage;
mod verifiers;
mod view;

pub use entry::{Announcement, CutOff, Entry, EntryError, StatementRef};
pub use error::{IngestError, LedgerError, NoReceipt, OpenLedgerError, RecordEntryError, SignError, UsageExportError};
pub use finality::{Cosignature, LedgerCheckpoint};
pub use ingest::Ingested;
pub use journal::Journal;
pub use ledger::Ledger;
pub use receipt::{Receipt, ReceiptError, Receipted};
pub use verifiers::{journal_verifier, log_verifiers, watch, witness_name, witness_verifiers};
pub use view::View;
