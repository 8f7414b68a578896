//! The seam between a log and what keeps it: rows that are read, and written all or nothing.
//!
//! Gate journals and city ledgers write through [`Storage`]. Many logs may share one store, each
//! under its [`LogKey`], so that one commit can extend several of them.

use core::{fmt, ops::Range};
use std::collections::BTreeMap;

/// Which log inside a store. Zero is the store's own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogKey(pub u32);

/// A row of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// The body of an entry. Its link is not stored: it is recomputed.
    Entry {
        /// Which log.
        log: LogKey,
        /// Index of the entry.
        index: u64,
    },
    /// What is kept beside an entry, such as evidence, and may be erased.
    Attachment {
        /// Which log.
        log: LogKey,
        /// Index of the entry.
        index: u64,
    },
    /// A full tile of hashes, 8,192 bytes. Partial tiles are never stored.
    Tile {
        /// Which log.
        log: LogKey,
        /// Level of the tile.
        level: u8,
        /// Index of the tile in its level.
        index: u64,
    },
    /// The newest signed checkpoint, as a note.
    Checkpoint {
        /// Which log.
        log: LogKey,
    },
    /// Number of entries, as a big-endian 64-bit number.
    Size {
        /// Which log.
        log: LogKey,
    },
    /// Anything else there is one of. Names below 16 are this module's, the others are free.
    Meta {
        /// Which log.
        log: LogKey,
        /// Which value.
        name: u8,
    },
}

/// Name of [`Row::pruned`].
pub(in crate::tlog) const PRUNED: u8 = 0;

impl Row {
    /// The index of a row that there is one of per entry.
    const fn index(&self) -> Option<u64> {
        match self {
            Self::Entry { index, .. } | Self::Attachment { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// The number of entries whose bodies were pruned, as a big-endian 64-bit number.
    #[must_use]
    pub const fn pruned(log: LogKey) -> Self {
        Self::Meta { log, name: PRUNED }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { log, index } => write!(f, "entry {index} of log {}", log.0),
            Self::Attachment { log, index } => write!(f, "attachment {index} of log {}", log.0),
            Self::Tile { log, level, index } => write!(f, "tile {index} at level {level} of log {}", log.0),
            Self::Checkpoint { log } => write!(f, "checkpoint of log {}", log.0),
            Self::Size { log } => write!(f, "size of log {}", log.0),
            Self::Meta { log, name } => write!(f, "value {name} of log {}", log.0),
        }
    }
}

/// The rows that have an index per entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// [`Row::Entry`].
    Entry,
    /// [`Row::Attachment`].
    Attachment,
}

impl Series {
    /// The row at `index`.
    #[must_use]
    pub const fn row(self, log: LogKey, index: u64) -> Row {
        match self {
            Self::Entry => Row::Entry { log, index },
            Self::Attachment => Row::Attachment { log, index },
        }
    }
}

/// One change of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets a row, whether it was there or not.
    Put(Row, Vec<u8>),
    /// Removes a row, whether it was there or not.
    Delete(Row),
    /// Changes nothing, and fails the whole commit unless the row holds this before it; with `None`, unless it is not
    /// there. A writer states by this what it knows: of two that know the same, the second fails.
    Expect(Row, Option<Vec<u8>>),
}

impl Write {
    /// The row that it is about.
    #[must_use]
    pub const fn row(&self) -> Row {
        match self {
            Self::Put(row, _) | Self::Delete(row) | Self::Expect(row, _) => *row,
        }
    }
}

/// What keeps logs. One process at a time has it open.
pub trait Storage {
    /// Why the store failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reads a row; `None` where there is none.
    ///
    /// # Errors
    /// The store's own.
    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Makes all changes, in order, or none; when it returns `Ok` they are durable. Where a [`Write::Expect`] is not
    /// met, it makes none, and whatever else happens to the store happens before or after all of this.
    ///
    /// After an error the store is as before, or as if it had returned `Ok` and the machine failed
    /// just then: a caller that goes on asks it to [`recover`](Storage::recover) and opens its logs
    /// again.
    ///
    /// # Errors
    /// The store's own.
    fn commit(&mut self, writes: &[Write]) -> Result<(), Self::Error>;

    /// Whether this process may act with what it keeps here. A store fails that belongs to the process which opened
    /// it, when another one came out of that by `fork`: both would sign the same indices. Whatever signs or records
    /// asks first.
    ///
    /// # Errors
    /// The store's own: nothing is to be done, and nothing to be signed.
    fn same_process(&self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// After an error, makes the store ready again, with what is durable and nothing else. Until then
    /// a store may refuse everything. Nothing happens to a store that has not failed.
    ///
    /// # Errors
    /// The store's own: it is not ready, and may be asked again.
    fn recover(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Hands the rows of a series at `indices` to `visit`, ascending, without those that are not
    /// there, until `visit` returns `false`. Bounded memory, however long the range.
    ///
    /// # Errors
    /// The store's own.
    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), Self::Error>;
}

/// A store as it will be after some writes, which are read before what is below. They wait to be
/// committed together: nothing reaches the store below.
#[derive(Debug)]
pub(crate) struct Staged<'a, S> {
    below: &'a S,
    /// What the store below has to hold.
    expected: BTreeMap<Row, Option<Vec<u8>>>,
    /// `None` for a row that is removed.
    rows: BTreeMap<Row, Option<Vec<u8>>>,
}

impl<'a, S: Storage> Staged<'a, S> {
    pub(crate) const fn over(below: &'a S) -> Self {
        Self { below, expected: BTreeMap::new(), rows: BTreeMap::new() }
    }

    /// Adds writes, after those that are waiting.
    pub(crate) fn stage(&mut self, writes: impl IntoIterator<Item = Write>) {
        for write in writes {
            match write {
                Write::Put(row, bytes) => drop(self.rows.insert(row, Some(bytes))),
                Write::Delete(row) => drop(self.rows.insert(row, None)),
                Write::Expect(row, was) => drop(self.expected.entry(row).or_insert(was)),
            }
        }
    }

    /// All that waits, each row once, after what is expected.
    pub(crate) fn into_writes(self) -> Vec<Write> {
        let write = |(row, bytes)| match bytes {
            Some(bytes) => Write::Put(row, bytes),
            None => Write::Delete(row),
        };
        let expected = self.expected.into_iter().map(|(row, was)| Write::Expect(row, was));
        expected.chain(self.rows.into_iter().map(write)).collect()
    }
}

impl<S: Storage> Storage for Staged<'_, S> {
    type Error = S::Error;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, S::Error> {
        match self.rows.get(&row) {
            Some(staged) => Ok(staged.clone()),
            None => self.below.get(row),
        }
    }

    fn same_process(&self) -> Result<(), S::Error> {
        self.below.same_process()
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), S::Error> {
        self.stage(writes.iter().cloned());
        Ok(())
    }

    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), S::Error> {
        if indices.is_empty() {
            return Ok(());
        }
        let rows = series.row(log, indices.start)..series.row(log, indices.end);
        let mut staged = self.rows.range(rows).filter_map(|(row, bytes)| Some((row.index()?, bytes))).peekable();
        let mut more = true;
        self.below.scan(series, log, indices, &mut |index, bytes| {
            let mut hidden = false;
            while more && let Some((at, bytes)) = staged.next_if(|(at, _)| *at <= index) {
                hidden = at == index;
                more = bytes.as_ref().is_none_or(|bytes| visit(at, bytes));
            }
            more = more && (hidden || visit(index, bytes));
            more
        })?;
        while more && let Some((at, bytes)) = staged.next() {
            more = bytes.as_ref().is_none_or(|bytes| visit(at, bytes));
        }
        Ok(())
    }
}

/// A store in memory, for tests and for following logs without keeping them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    rows: BTreeMap<Row, Vec<u8>>,
    fail_after: Option<u32>,
    forked: bool,
}

/// What a store in memory refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// A commit failed because a test asked for it.
    #[error("the commit fails because a test asked for it")]
    Told,
    /// A row does not hold what the writer expected. Nothing was changed.
    #[error("{0} has changed")]
    Changed(Row),
    /// The store is a copy in another process, because a test said so.
    #[error("the store is another process's")]
    Forked,
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `commits` more commits succeed and the one after them fail, once.
    pub const fn fail_after(&mut self, commits: u32) {
        self.fail_after = Some(commits);
    }

    /// From now on it is what another process has of it after a `fork`. It cannot find that out by itself, so a
    /// test says so, and sees whether the signer asks.
    pub const fn fork(&mut self) {
        self.forked = true;
    }

    /// The rows, ascending.
    pub fn rows(&self) -> impl Iterator<Item = (Row, &[u8])> {
        self.rows.iter().map(|(row, bytes)| (*row, bytes.as_slice()))
    }
}

impl PartialEq for MemoryStorage {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl Storage for MemoryStorage {
    type Error = MemoryError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, MemoryError> {
        Ok(self.rows.get(&row).cloned())
    }

    fn same_process(&self) -> Result<(), MemoryError> {
        if self.forked { Err(MemoryError::Forked) } else { Ok(()) }
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), MemoryError> {
        match self.fail_after {
            Some(0) => {
                self.fail_after = None;
                return Err(MemoryError::Told);
            }
            Some(more) => self.fail_after = Some(more.saturating_sub(1)),
            None => {}
        }
        for write in writes {
            if let Write::Expect(row, was) = write
                && self.rows.get(row) != was.as_ref()
            {
                return Err(MemoryError::Changed(*row));
            }
        }
        for write in writes {
            match write {
                Write::Put(row, bytes) => drop(self.rows.insert(*row, bytes.clone())),
                Write::Delete(row) => drop(self.rows.remove(row)),
                Write::Expect(..) => {}
            }
        }
        Ok(())
    }

    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), MemoryError> {
        if indices.is_empty() {
            return Ok(());
        }
        let rows = series.row(log, indices.start)..series.row(log, indices.end);
        for (row, bytes) in self.rows.range(rows) {
            if let Some(index) = row.index()
                && !visit(index, bytes)
            {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests/storage.rs"]
mod tests;
