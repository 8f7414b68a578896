//! Why a gate cannot be opened, or does not do what is asked of it.

use super::record::RecordError;
use super::usage_digest::UsageDigestError;
use crate::id::VenueId;
use crate::snapshot::SnapshotError;
use crate::time::UnixTime;
use crate::tlog::{LogError, PushError};
use crate::trust::{BundleError, CertificateError};

/// A gate cannot be opened, or what was asked of it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError<E> {
    /// The journal cannot be opened, read or written.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// The certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The journal was opened under another certificate. A gate has one for its life.
    #[error("the journal was opened under another gate certificate")]
    OtherCertificate,
    /// The store holds a log that is no gate's journal.
    #[error("the store holds no journal of a gate, but another log")]
    OtherStore,
    /// The certificate names another key than the gate has.
    #[error("the gate certificate is for another key")]
    OtherKey,
    /// The venue of the certificate is not in the catalogue.
    #[error("venue {0} is not in the catalogue")]
    UnknownVenue(VenueId),
    /// A record of the journal cannot be read.
    #[error("journal entry {index}: {error}")]
    Record {
        /// Index of the entry.
        index: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// What the gate learnt cannot be read.
    #[error("learnt usage: {0}")]
    Snapshot(#[from] SnapshotError),
    /// A usage digest is refused.
    #[error(transparent)]
    Usage(#[from] UsageDigestError),
    /// A piece of the bundle is refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The bundle is older than the one the journal says this gate had.
    #[error("rollback: the gate already had a newer {0}")]
    Rollback(&'static str),
    /// The clock shows a time before the last record, by more than a step of the clock.
    #[error("the clock shows {now}, the last record is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last record.
        last: UnixTime,
    },
    /// An outage is open already.
    #[error("an outage is open already, since {0}")]
    OutageOpen(UnixTime),
    /// No outage is open.
    #[error("no outage is open")]
    NoOutage,
    /// There is no such redemption to annul, or it is annulled already.
    #[error("entry {0} is not a redemption that stands")]
    NoRedemption(u64),
    /// The time to annul has passed.
    #[error("entry {0} can no longer be annulled")]
    TooLate(u64),
    /// A record is too long: it lists too much.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The record is none that the journal could be opened with again.
    #[error("not recorded, because it could not be read again: {0}")]
    Refused(RecordError),
    /// The store holds less of the journal than the gate has sealed.
    #[error(
        "the store is an old copy: it has {here} records of the journal, {known} were sealed; record nothing with it: \
         use the newer store, or retire this gate and enrol a new one"
    )]
    OldCopy {
        /// Size of the journal here.
        here: u64,
        /// Size of the journal as it was sealed.
        known: u64,
    },
    /// The journal moved on under a batch: never, while the gate alone writes it.
    #[error("the journal changed under the gate")]
    Stale,
}
