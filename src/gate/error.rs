//! Why a gate cannot be opened, or does not do what is asked of it: an error for each operation.
//!
//! They can be matched whole: whoever gives each a number of its own sees where there is a new one.

use super::record::RecordError;
use super::usage_digest::UsageDigestError;
use crate::id::{MemberId, VenueId};
use crate::snapshot::SnapshotError;
use crate::time::UnixTime;
use crate::tlog::{LogError, NoteError, PushError};
use crate::trust::{BundleError, CertificateError};

/// The journal cannot be opened, read or written, or does not take a record.
#[derive(Debug, thiserror::Error)]
pub enum JournalError<E> {
    /// The log of the journal, or its store, failed.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// The journal was opened under another certificate. A gate has one for its life.
    #[error("the journal was opened under another gate certificate")]
    OtherCertificate,
    /// The store holds a log that is no gate's journal.
    #[error("the store holds no journal of a gate, but another log")]
    OtherStore,
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
    /// The clock shows a time before the last record, by more than a step of the clock.
    #[error("the clock shows {now}, the last record is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last record.
        last: UnixTime,
    },
    /// A record is too long: it lists too much.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The record is none that the journal could be opened with again.
    #[error("not recorded, because it could not be read again: {0}")]
    Refused(RecordError),
    /// The journal moved on under a batch: never, while the gate alone writes it.
    #[error("the journal changed under the gate")]
    Stale,
}

/// A gate is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError<E> {
    /// The journal cannot be opened, or does not take the record that it was.
    #[error(transparent)]
    Journal(#[from] JournalError<E>),
    /// The certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate names another key than the gate has.
    #[error("the gate certificate is for another key")]
    OtherKey,
    /// The venue of the certificate is not in the catalogue.
    #[error("venue {0} is not in the catalogue")]
    UnknownVenue(VenueId),
    /// The bundle is older than the one that the journal says this gate had.
    #[error(transparent)]
    Rollback(#[from] Rollback),
    /// The newest checkpoint is not one of this gate.
    #[error("the newest checkpoint: {0}")]
    Newest(NoteError),
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
}

/// A sync is refused; nothing of it was taken.
#[derive(Debug, thiserror::Error)]
pub enum SyncError<E> {
    /// The journal does not take the record of it.
    #[error(transparent)]
    Journal(#[from] JournalError<E>),
    /// A list is refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A usage digest is refused.
    #[error(transparent)]
    Usage(#[from] UsageDigestError),
    /// The venue of the gate would not be in the catalogue any more.
    #[error("venue {0} is not in the catalogue")]
    UnknownVenue(VenueId),
    /// The bundle would be older than the one that the journal says this gate had.
    #[error(transparent)]
    Rollback(#[from] Rollback),
}

/// A piece of the bundle is missing, or older than the gate had it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rollback {
    /// The trust list.
    #[error("rollback: the gate already had a newer trust list")]
    TrustList,
    /// A catalogue.
    #[error("rollback: the gate already had a newer catalogue of member {0}")]
    Catalogue(MemberId),
    /// A status list.
    #[error("rollback: the gate already had a newer status list {uri} of member {issuer}")]
    StatusList {
        /// The member that issues it.
        issuer: MemberId,
        /// Its URI.
        uri: String,
    },
}

/// A redemption is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum AnnulError<E> {
    /// The journal does not take the record of it.
    #[error(transparent)]
    Journal(#[from] JournalError<E>),
    /// There is no such redemption to annul, or it is annulled already.
    #[error("entry {0} is not a redemption that stands")]
    NoRedemption(u64),
    /// The time to annul has passed.
    #[error("entry {0} can no longer be annulled")]
    TooLate(u64),
}

/// An outage is not opened or closed.
#[derive(Debug, thiserror::Error)]
pub enum OutageError<E> {
    /// The journal does not take the record of it.
    #[error(transparent)]
    Journal(#[from] JournalError<E>),
    /// An outage is open already.
    #[error("an outage is open already, since {0}")]
    Open(UnixTime),
    /// No outage is open.
    #[error("no outage is open")]
    NotOpen,
}
