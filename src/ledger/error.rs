//! Why a ledger does not open, or does not do what it was asked.

use super::entry::EntryError;
use crate::gate::UsageDigestError;
use crate::id::GateId;
use crate::time::UnixTime;
use crate::tlog::{ForkEvidence, LogError, NotReady, NoteError, PushError};
use crate::trust::{CertificateError, TrustError};

/// A ledger cannot be opened, or what was asked of it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError<E> {
    /// A log cannot be opened, read or written.
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
    /// A gate certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A note is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A trust list is refused, or the one in force does not speak for this time.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The ledger adopted a trust list that it was not opened with, or is asked to adopt one that is
    /// neither the one in force nor the next.
    #[error("trust list {0} is not among those the ledger has, or not the next one")]
    OtherTrustList(u64),
    /// The trust list does not give this member this log key, or not any more.
    #[error("the trust list does not give the member this log key, or not any more")]
    OtherKey,
    /// The gate is of another member, is enrolled already, or is unknown.
    #[error("gate {0} is of another member, enrolled already, or unknown")]
    Gate(GateId),
    /// The gate is retired already.
    #[error("gate {0} is retired")]
    Retired(GateId),
    /// The journal in the store is not the one the ledger sealed.
    #[error("the journal of {0} in the store is not the one the ledger sealed")]
    OtherJournal(GateId),
    /// The store holds another member's ledger, or a gate's journal.
    #[error("the store holds another member's ledger, or a gate's journal")]
    OtherStore,
    /// Ingest alone writes that a journal was sealed.
    #[error("a journal is sealed by ingest alone")]
    Sealed,
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
    /// The entry is none that a ledger could be opened with again.
    #[error(transparent)]
    Refused(#[from] EntryError),
    /// The clock shows a time before the last entry, by more than a step of the clock.
    #[error("the clock shows {now}, the last entry is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last entry.
        last: UnixTime,
    },
    /// An entry is too long.
    #[error(transparent)]
    Push(#[from] PushError),
    /// No entry of this ledger covers that record yet, or no checkpoint covers that entry.
    #[error("record {index} of {gate} is not in a signed ledger yet")]
    NotLogged {
        /// The gate.
        gate: GateId,
        /// Index of the record.
        index: u64,
    },
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
    /// There is no such usage digest.
    #[error(transparent)]
    Usage(#[from] UsageDigestError),
    /// A commit failed; what the store holds is not known until [`Ledger::recover`].
    #[error("the store failed before; recover the ledger first")]
    Unsure,
}

/// A segment is not taken, and nothing changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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

impl<E> From<NotReady<E>> for LedgerError<E> {
    fn from(error: NotReady<E>) -> Self {
        match error {
            NotReady::Storage(error) => Self::Log(LogError::Storage(error)),
            NotReady::Unsure => Self::Unsure,
        }
    }
}

impl<E> From<LogError<E>> for IngestError<E> {
    fn from(error: LogError<E>) -> Self {
        Self::Ledger(error.into())
    }
}
