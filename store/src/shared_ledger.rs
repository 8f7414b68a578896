//! One ledger for all of its gates: the segments that they send at about the same time are durable with one
//! commit.

use crate::shared::{Bounds, Serve, Shared};
use onecard::{
    gate::Segment,
    ledger::{IngestError, Ingested, Ledger},
    time::UnixTime,
    tlog::Storage,
};

/// A ledger that several threads bring segments to, each answered when what it brought is durable. Clones
/// are the same ledger.
#[derive(Debug)]
pub struct SharedLedger<S: Storage + Send + 'static>(Shared<Ledger<S>>);

impl<S: Storage + Send + 'static> Clone for SharedLedger<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Storage + Send + 'static> Serve for Ledger<S> {
    type Question = (Segment, UnixTime);
    type Answer = Result<Ingested, IngestError<S::Error>>;

    fn answer(&mut self, group: Vec<(Segment, UnixTime)>) -> Vec<Self::Answer> {
        let Some(now) = group.iter().map(|(_, now)| *now).max() else { return Vec::new() };
        let segments: Vec<_> = group.into_iter().map(|(segment, _)| segment).collect();
        self.ingest_all(&segments, now)
    }
}

impl<S: Storage + Send + 'static> SharedLedger<S> {
    /// Shares a ledger. It works in a thread of its own until it is closed, or the last clone is dropped.
    /// In a process that is forked it is closed.
    #[must_use]
    pub fn new(ledger: Ledger<S>, bounds: Bounds) -> Self {
        Self(Shared::new(ledger, bounds))
    }

    /// As [`Ledger::ingest`], together with what others bring. The group is taken as of the latest `now` in it.
    /// `None` after the ledger was closed.
    ///
    /// # Errors
    /// [`IngestError`]. Once a commit failed, all are told so until [`Ledger::recover`], which is for
    /// [`SharedLedger::with`].
    pub fn ingest(&self, segment: Segment, now: UnixTime) -> Option<Result<Ingested, IngestError<S::Error>>> {
        self.0.ask((segment, now))
    }

    /// Does anything else with the ledger, between two groups: recovers, records, signs. `None` after the
    /// ledger was closed.
    pub fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut Ledger<S>) -> T + Send + 'static) -> Option<T> {
        self.0.with(work)
    }

    /// Ends sharing, after what was asked before, and returns the ledger; `None` when it was closed before.
    #[must_use]
    pub fn close(&self) -> Option<Ledger<S>> {
        self.0.close()
    }
}
