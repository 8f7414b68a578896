//! One ledger for all of its gates: the segments that they send at about the same time are durable with one
//! commit.

use crate::process::Owned;
use crate::shared::{Bounds, Shared};
use onecard::{
    gate::Segment,
    ledger::{IngestError, Ingested, Ledger},
    time::UnixTime,
    tlog::Storage,
};
use std::sync::Arc;

/// A ledger that several threads bring segments to, each answered when what it brought is durable. Clones
/// are the same ledger.
#[derive(Debug)]
pub struct SharedLedger<S: Storage> {
    ledger: Owned<Arc<Answering<S>>>,
    bounds: Bounds,
}

type Answering<S> = Shared<Ledger<S>, (Segment, UnixTime), Outcome<S>>;
type Outcome<S> = Result<Ingested, IngestError<<S as Storage>::Error>>;

impl<S: Storage> Clone for SharedLedger<S> {
    fn clone(&self) -> Self {
        Self { ledger: self.ledger.clone(), bounds: self.bounds }
    }
}

impl<S: Storage> SharedLedger<S> {
    /// Shares a ledger, until it is closed or the last clone is dropped. In a process that is forked it is closed.
    #[must_use]
    pub fn new(ledger: Ledger<S>, bounds: Bounds) -> Self {
        Self { ledger: Owned::new(Arc::new(Shared::new(ledger))), bounds }
    }

    /// As [`Ledger::ingest`], together with what others bring. The group is taken as of the latest `now` in it.
    /// `None` after the ledger was closed, or a call with it panicked.
    ///
    /// # Errors
    /// [`IngestError`]. Once a commit failed, all are told so until [`Ledger::recover`], which is for
    /// [`SharedLedger::with`].
    pub fn ingest(&self, segment: Segment, now: UnixTime) -> Option<Result<Ingested, IngestError<S::Error>>> {
        self.ledger.get()?.ask((segment, now), self.bounds, |ledger, group| {
            let now = group.iter().map(|(_, now)| *now).fold(now, UnixTime::max);
            let segments: Vec<_> = group.into_iter().map(|(segment, _)| segment).collect();
            ledger.ingest_all(&segments, now)
        })
    }

    /// Does anything else with the ledger, between two groups: recovers, records, signs. `None` as in
    /// [`SharedLedger::ingest`].
    pub fn with<T>(&self, work: impl FnOnce(&mut Ledger<S>) -> T) -> Option<T> {
        self.ledger.get()?.write(work)
    }

    /// Looks at the ledger, maybe together with others. `None` as in [`SharedLedger::ingest`].
    pub fn read<T>(&self, look: impl FnOnce(&Ledger<S>) -> T) -> Option<T> {
        self.ledger.get()?.read(look)
    }

    /// Ends sharing, after what was asked before, and returns the ledger; `None` when it was closed before.
    #[must_use]
    pub fn close(&self) -> Option<Ledger<S>> {
        self.ledger.get()?.close()
    }
}
