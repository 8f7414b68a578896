//! What is left in a damaged store: read, and never changed.

use crate::{
    medium::{Access, Medium, Unchanged},
    process::Owned,
    redb_storage::{StoreError, caught, failure, get, in_file, opening, scan},
};
use onecard::tlog::{LogKey, Row, Series, Storage, Write};
use redb::{ConcurrencyMode, Database, ReadOnlyDatabase, ReadTransaction, ReadableDatabase};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};

/// A damaged store, to find out what of it is sound and to export that.
///
/// Nothing it returns is known to be right. [`Log::open`](onecard::tlog::Log::open) and
/// [`Log::verify`](onecard::tlog::Log::verify) name the first row that is wrong, and
/// [`publish_sound`](crate::publish_sound) exports every part of a log whose hashes fit. Where a page
/// cannot be read at all, the row is reported as damaged, never a panic.
pub struct Remains {
    path: PathBuf,
    database: Owned<ReadOnlyDatabase>,
}

impl Remains {
    /// Opens what [`RedbStorage::open`](crate::RedbStorage::open) refuses as damaged. The file is not
    /// written to, not even where it was not closed properly: its last commit is read as it is.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where not even the header can be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_in(&in_file(path)?)
    }

    pub(crate) fn open_in(medium: &dyn Medium) -> Result<Self, StoreError> {
        let path = medium.path().to_path_buf();
        let bytes = medium.open(Access::Read).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        let mut builder = Database::builder();
        // In this mode a reader needs no list of free pages, which a damaged file may not have.
        builder.set_concurrency_mode(ConcurrencyMode::SingleWriter);
        let opened = caught(&path, || {
            let opened = builder.open_read_only_with_backend(Unchanged::new(bytes));
            opened.map_err(|error| opening(&path, error))
        });
        opened.map(|database| Self { path: path.clone(), database: Owned::new(database) })
    }

    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let database = self.database.get().ok_or_else(|| StoreError::Forked(self.path.clone()))?;
        caught(&self.path, || {
            let transaction = database.begin_read().map_err(redb::Error::from);
            transaction.and_then(|transaction| read(&transaction)).map_err(|error| failure(&self.path, error))
        })
    }
}

impl core::fmt::Debug for Remains {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Remains").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Storage for Remains {
    type Error = StoreError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|read| get(read, row))
    }

    fn same_process(&self) -> Result<(), StoreError> {
        if self.database.is_here() { Ok(()) } else { Err(StoreError::Forked(self.path.clone())) }
    }

    /// Never.
    fn commit(&mut self, _writes: &[Write]) -> Result<(), StoreError> {
        Err(StoreError::Damaged { path: self.path.clone(), what: "it is only read".into() })
    }

    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.read(|read| scan(read, series, log, indices, visit))
    }
}
