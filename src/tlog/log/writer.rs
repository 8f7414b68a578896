//! What every owner of a log does around a commit.

use super::storage::{Storage, Write};

/// Whether what an owner has in memory is what its store holds.
///
/// A commit that failed may be durable all the same. From then on the owner is *unsure*: it records and signs nothing
/// until it has read the store again. It is unsure from the beginning, and where it does not come to take over what it
/// committed.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    sure: bool,
}

/// Nothing may be recorded or signed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReady<E> {
    /// The store says so: it is another process's, or it failed.
    Storage(E),
    /// The owner is unsure.
    Unsure,
}

impl Writer {
    /// To be asked before anything is recorded or signed.
    pub(crate) fn begin<S: Storage>(&self, storage: &S) -> Result<(), NotReady<S::Error>> {
        storage.same_process().map_err(NotReady::Storage)?;
        if self.sure { Ok(()) } else { Err(NotReady::Unsure) }
    }

    /// Makes all changes durable, or none. The owner then takes them over and says [`Writer::settled`].
    pub(crate) fn commit<S: Storage>(&mut self, storage: &mut S, writes: &[Write]) -> Result<(), S::Error> {
        self.sure = false;
        storage.commit(writes)
    }

    /// Makes the store ready again, whatever failed. `true` for an owner that is unsure: it reads the store again and
    /// says [`Writer::settled`].
    pub(crate) fn recover<S: Storage>(&self, storage: &mut S) -> Result<bool, S::Error> {
        storage.same_process()?;
        storage.recover()?;
        Ok(!self.sure)
    }

    /// What the owner has in memory is what the store holds.
    pub(crate) const fn settled(&mut self) {
        self.sure = true;
    }
}

#[cfg(test)]
#[path = "tests/writer.rs"]
mod tests;
