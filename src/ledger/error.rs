//! Why a ledger does not open, or does not do what it was asked: an error for each thing that may be asked.

use super::entry::EntryError;
use crate::gate::UsageDigestError;
use crate::id::GateId;
use crate::time::UnixTime;
use crate::tlog::{ForkEvidence, LogError, LogKey, NotReady, NoteError, PushError};
use crate::trust::{CertificateError, TrustError};

/// A ledger does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenLedgerError<E> {
    /// A log cannot be opened or read.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// An entry of the ledger cannot be read.
    #[error("ledger entry {index}: {error}")]
    Entry {
        /// Index of the entry.
        index: u64,
        /// What is wrong with it.
        error: EntryError,
    },
    /// The certificate of a gate that was enrolled is refused.
    #[error("ledger entry {index}: {error}")]
    Certificate {
        /// Index of the entry.
        index: u64,
        /// What is wrong with the certificate.
        error: CertificateError,
    },
    /// The checkpoint of a gate's journal is refused.
    #[error("ledger entry {index}: {error}")]
    Seal {
        /// Index of the entry.
        index: u64,
        /// What is wrong with the checkpoint.
        error: NoteError,
    },
    /// An entry is about a gate that was not enrolled before it.
    #[error("ledger entry {index}: gate {gate} is unknown")]
    UnknownGate {
        /// Index of the entry.
        index: u64,
        /// The gate.
        gate: GateId,
    },
    /// The ledger adopted a trust list that it is not opened with.
    #[error("trust list {0}, which the ledger adopted, is not among those it is opened with")]
    OtherTrustList(u64),
    /// No trust list from the one in force on gives this member this log key.
    #[error("the trust list does not give the member this log key")]
    OtherKey,
    /// The journal in the store is not the one the ledger sealed.
    #[error("the journal of {0} in the store is not the one the ledger sealed")]
    OtherJournal(GateId),
    /// The store holds another member's ledger, or a gate's journal.
    #[error("the store holds another member's ledger, or a gate's journal")]
    OtherStore,
    /// What others have is no checkpoint that a key of this member signed.
    #[error("a newer checkpoint: {0}")]
    Newest(NoteError),
    /// The store holds less of the ledger than was signed and seen.
    #[error(
        "the store is an old copy: it has {here} entries of the ledger, {known} were signed; sign nothing with it: \
         use the newer store, or rebuild one from the published files"
    )]
    OldCopy {
        /// Size of the ledger here.
        here: u64,
        /// Size of the ledger as it was signed.
        known: u64,
    },
}

/// A ledger does nothing now, whatever it is asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError<E> {
    /// A log cannot be read or written.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// An entry of the ledger cannot be read.
    #[error("ledger entry {index}: {error}")]
    Entry {
        /// Index of the entry.
        index: u64,
        /// What is wrong with it.
        error: EntryError,
    },
    /// The checkpoint that the store keeps of a log is refused.
    #[error("the checkpoint kept of log {}: {error}", log.0)]
    Kept {
        /// The log.
        log: LogKey,
        /// What is wrong with the checkpoint.
        error: NoteError,
    },
    /// The entry could not be read again.
    #[error(transparent)]
    Refused(#[from] EntryError),
    /// An entry is too long.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The clock shows a time before the last entry, by more than a step of the clock.
    #[error("the clock shows {now}, the last entry is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last entry.
        last: UnixTime,
    },
    /// A commit failed; what the store holds is not known until [`Ledger::recover`](super::Ledger::recover).
    #[error("the store failed before; recover the ledger first")]
    Unsure,
}

/// An entry is not recorded, and nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordEntryError<E> {
    /// The ledger does nothing now.
    #[error(transparent)]
    Ledger(#[from] LedgerError<E>),
    /// A gate certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A trust list is refused, or the one in force does not speak for this time.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The list to adopt is neither the one in force nor the next of those the ledger has.
    #[error("trust list {0} is not among those the ledger has, or not the next one")]
    OtherTrustList(u64),
    /// The gate is of another member, is enrolled already, or is unknown.
    #[error("gate {0} is of another member, enrolled already, or unknown")]
    Gate(GateId),
    /// The gate is retired already.
    #[error("gate {0} is retired")]
    Retired(GateId),
    /// There is no such redemption to reverse: no such record, no redemption, or it is annulled or
    /// reversed already.
    #[error("record {index} of {gate} is not a redemption that stands")]
    NoRedemption {
        /// The gate.
        gate: GateId,
        /// Index of the record.
        index: u64,
    },
    /// Records that are here are not lost.
    #[error("{gate} has lost nothing before record {size}: it is here")]
    NotLost {
        /// The gate.
        gate: GateId,
        /// Size of its journal here.
        size: u64,
    },
    /// The checkpoint is not one that a peer signed.
    #[error("the peer's checkpoint: {0}")]
    Peer(NoteError),
}

/// A segment is not taken, and nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError<E> {
    /// The segment's certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate is good, but its gate is not enrolled in this ledger.
    #[error("the gate is not enrolled here")]
    UnknownGate,
    /// The gate is enrolled with another certificate.
    #[error("gate {0} is enrolled with another certificate")]
    OtherCertificate(GateId),
    /// The gate is retired, and the segment has records that are not here.
    #[error("gate {0} is retired")]
    Retired(GateId),
    /// The gate's checkpoint is refused.
    #[error("the gate's checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// Records before this segment are missing. Ask the gate for them.
    #[error("the segment starts at {found}, the journal here ends at {expected}")]
    Gap {
        /// Size of the journal here.
        expected: u64,
        /// First index of the segment.
        found: u64,
    },
    /// The segment does not reach up to its checkpoint.
    #[error("the segment ends at {end}, its checkpoint at {size}")]
    Truncated {
        /// Index after the last record.
        end: u64,
        /// Size the checkpoint signs.
        size: u64,
    },
    /// The records are not what the checkpoint signs: damaged on the way, or another history. Ask the
    /// gate for its whole journal: if it signed two histories, that proves it.
    #[error("the records do not hash to the checkpoint's root")]
    Root,
    /// The evidence of a record is not what the record's digest says: damaged on the way.
    #[error("the evidence of record {0} is not what was shown")]
    Evidence(u64),
    /// The gate signed two histories. The evidence convinces everybody who has the gate's certificate.
    #[error("the gate signed two histories")]
    Equivocation(Box<ForkEvidence>),
    /// The ledger cannot take anything now.
    #[error(transparent)]
    Ledger(#[from] LedgerError<E>),
}

/// A checkpoint is not signed, or cosignatures are not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignError<E> {
    /// The ledger does nothing now.
    #[error(transparent)]
    Ledger(#[from] LedgerError<E>),
    /// The trust list in force does not give this member this log key, or not any more.
    #[error("the trust list does not give the member this log key, or not any more")]
    OtherKey,
    /// The first bad line where none is good, or there is no checkpoint to cosign.
    #[error("the cosignature: {0}")]
    Cosignature(NoteError),
}

/// What a ledger says of the uses of passes is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum UsageExportError<E> {
    /// The ledger does nothing now.
    #[error(transparent)]
    Ledger(#[from] LedgerError<E>),
    /// The gate is unknown.
    #[error("gate {0} is unknown")]
    Gate(GateId),
    /// The trust list in force does not give this member this log key, or not any more.
    #[error("the trust list does not give the member this log key, or not any more")]
    OtherKey,
    /// There is no such usage digest.
    #[error(transparent)]
    Digest(#[from] UsageDigestError),
}

/// There is no receipt of a record.
#[derive(Debug, thiserror::Error)]
pub enum NoReceipt<E> {
    /// The ledger does nothing now.
    #[error(transparent)]
    Ledger(#[from] LedgerError<E>),
    /// The gate is unknown.
    #[error("gate {0} is unknown")]
    Gate(GateId),
    /// No entry of this ledger covers that record yet, or no checkpoint covers that entry.
    #[error("record {index} of {gate} is not in a signed ledger yet")]
    NotLogged {
        /// The gate.
        gate: GateId,
        /// Index of the record.
        index: u64,
    },
}

impl<E> From<NotReady<E>> for LedgerError<E> {
    fn from(error: NotReady<E>) -> Self {
        match error {
            NotReady::Storage(error) => Self::Log(LogError::Storage(error)),
            NotReady::Unsure => Self::Unsure,
        }
    }
}

/// What fails in a log fails in whatever was asked.
macro_rules! from_log_error {
    ($($error:ident)*) => {
        $(impl<E> From<LogError<E>> for $error<E> {
            fn from(error: LogError<E>) -> Self {
                Self::Ledger(error.into())
            }
        })*
    };
}

from_log_error!(RecordEntryError IngestError SignError UsageExportError NoReceipt);
