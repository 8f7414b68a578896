//! What a ledger is about to commit: entries, and with them what journals grow by.

use super::entry::Entry;
use super::error::LedgerError;
use crate::time::UnixTime;
use crate::tlog::{Batch, Staged, Storage, Write};
use std::collections::BTreeMap;

/// What is to be committed together.
pub(super) struct PendingCommit<'a, S> {
    /// The store with what is staged, except the entries.
    pub(super) store: Staged<'a, S>,
    pub(super) ready: ReadyCommit,
}

/// What the ledger and the journals of its gates grow by, and what makes it durable.
pub(super) struct ReadyCommit {
    pub(super) writes: Vec<Write>,
    pub(super) ledger: Batch,
    /// By gate number; what is to be written for them is staged.
    pub(super) journals: BTreeMap<u32, Batch>,
    pub(super) entries: Vec<(u64, Entry)>,
}

impl<S: Storage> PendingCommit<'_, S> {
    /// Adds an entry, and returns its index.
    pub(super) fn enter(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let body = entry.encode(now);
        // What could not be read again would lock the ledger for good.
        Entry::decode(&body)?;
        let index = self.ready.ledger.push(&body, None)?;
        self.ready.entries.push((index, entry));
        Ok(index)
    }

    /// Lets a journal be as after this batch.
    pub(super) fn grow(&mut self, gate: u32, mut batch: Batch) {
        self.store.stage(batch.take_writes());
        self.ready.journals.insert(gate, batch);
    }

    pub(super) fn end(mut self) -> ReadyCommit {
        self.store.stage(self.ready.ledger.take_writes());
        self.ready.writes = self.store.into_writes();
        self.ready
    }
}
