//! The embedded store: one redb file, one table per kind of row.
//!
//! redb is copy-on-write with checksums: after a crash at any moment the file opens at the last
//! commit that returned, or at the one that was under way. Every commit is made durable before it
//! returns. What is promised, and which test shows it, is in `docs/durability.md`.

use crate::{
    medium::{Access, InFile, Medium, Moved, NoLock, Settled, Unfinished},
    names::{InFileSystem, Names, parent, shown},
    process::Owned,
};
use core::{
    ops::Bound,
    sync::atomic::{AtomicBool, Ordering},
};
use onecard::tlog::{LogKey, Row, Series, Storage, Write};
use redb::{
    CursorError, Database, DatabaseError, Durability, ReadTransaction, ReadableDatabase, StorageError, TableDefinition,
    TableError, WriteTransaction,
};
use std::{
    fs, io,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

/// Version of the tables below. A store of another version is refused, never guessed at.
const FORMAT: u32 = 1;

const FORMATS: TableDefinition<'_, &str, u32> = TableDefinition::new("onecard");
const ENTRIES: TableDefinition<'_, (u32, u64), &[u8]> = TableDefinition::new("entry");
const ATTACHMENTS: TableDefinition<'_, (u32, u64), &[u8]> = TableDefinition::new("attachment");
const TILES: TableDefinition<'_, (u32, u8, u64), &[u8]> = TableDefinition::new("tile");
const CHECKPOINTS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("checkpoint");
const SIZES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("size");
const METAS: TableDefinition<'_, (u32, u8), &[u8]> = TableDefinition::new("meta");

/// A store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no file, or only what a creation left that was cut short.
    #[error("there is no store at {}", shown(.0))]
    Missing(PathBuf),
    /// There is a store already.
    #[error("there is a store at {} already", shown(.0))]
    Exists(PathBuf),
    /// Another process, or this one, has the store open.
    #[error("the store at {} is in use", shown(.0))]
    InUse(PathBuf),
    /// The file is not a store of onecard.
    #[error("the file {} is not a store of onecard", shown(.0))]
    NotAStore(PathBuf),
    /// The store was written by another version of onecard.
    #[error("the store at {} has format {found}, this program has format {FORMAT}", shown(.path))]
    Format {
        /// The store.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The file is damaged: its checksums do not fit. Nothing it says is used.
    #[error("the store at {} is damaged: {what}", shown(.path))]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What the database found.
        what: String,
    },
    /// The file system failed.
    #[error("the file system failed at {}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// How it failed.
        source: io::Error,
    },
    /// An earlier read or commit failed, so nothing is known of what the store holds.
    #[error("the store at {} failed before and was not recovered; recover or reopen it", shown(.0))]
    Failed(PathBuf),
    /// The file system does not lock the file, so nothing would keep another process from writing to it too. Keep the
    /// store on one that does.
    #[error("the store at {} cannot be locked against other processes: {source}", shown(.path))]
    NoLocks {
        /// The store.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file was renamed, removed or replaced since it was opened. Nothing was written: others find another file, or
    /// none, under its name.
    #[error("the store at {} was renamed, removed or replaced while it was open", shown(.0))]
    Moved(PathBuf),
    /// A row is not what whoever writes expected: something else writes to the same store. Nothing was changed.
    #[error("{row} has changed in the store at {}", shown(.path))]
    Changed {
        /// The store.
        path: PathBuf,
        /// The row.
        row: Row,
    },
    /// This process is not the one that opened the store, but came out of it by `fork`. Nothing was done; what the
    /// store holds is the other process's.
    #[error("the store at {} was opened by another process, which was forked since; open it anew in this one", shown(.0))]
    Forked(PathBuf),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<redb::Error>),
}

/// Most bytes of a store that are kept in memory. redb's own default is a gigabyte for each open store;
/// a gate's board has less in all, and a log is written at its end and read from its start, so more
/// would not help it.
const CACHE: usize = 1024 * 1024;

/// A store in one file, which nobody else can open meanwhile.
///
/// After an error everything is refused with [`StoreError::Failed`] until [`Storage::recover`], which
/// closes the file and opens it again: what a database has in memory after an I/O error is not what
/// is on the disk. Dropping the store and opening it again does the same.
///
/// It belongs to the process that opened it. In one that was forked since, everything is refused with
/// [`StoreError::Forked`], and dropping it neither writes nor unlocks.
#[derive(Debug)]
pub struct RedbStorage {
    medium: Box<dyn Medium>,
    /// Empty where it could not be opened again.
    database: Owned<Database>,
    failed: AtomicBool,
}

impl RedbStorage {
    /// Makes a new store. A creation that was cut short is begun again. Where it fails, the file that it made is removed,
    /// if nobody else has opened that meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is one, [`StoreError::NotAStore`] when there is another
    /// file; neither is changed.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        Self::create_named(path, &InFileSystem)
    }

    /// Opens a store. All of its checksums are verified: a damaged file is refused whole. One that was
    /// not closed properly is settled and repaired to its last commit.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none: a mistyped path must not start an empty log. What a creation left that
    /// was cut short, such as an empty file, is none either.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_named(path, &InFileSystem)
    }

    /// Gives space that was freed, by pruning or erasing, back to the file system. It takes as long as
    /// copying the store, so nothing does it unasked. Returns whether anything was moved.
    ///
    /// # Errors
    /// [`StoreError`]; after one, recover the store.
    pub fn compact(&mut self) -> Result<bool, StoreError> {
        self.ready()?;
        let path = self.medium.path();
        let database = self.database.get_mut();
        let compacted = caught(path, || {
            let compacted = database.map(Database::compact).unwrap_or(Ok(false));
            compacted.map_err(|error| failure(path, error))
        });
        self.note(compacted)
    }

    pub(crate) fn create_named(path: &Path, names: &dyn Names) -> Result<Self, StoreError> {
        let storage = Self::create_in(Box::new(in_file(path)?))?;
        // It is locked still, so nobody else has begun to use it.
        sync_name(path, names).inspect_err(|_| storage.medium.take_back())?;
        Ok(storage)
    }

    pub(crate) fn open_named(path: &Path, names: &dyn Names) -> Result<Self, StoreError> {
        let found = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(path.into()),
            _ => StoreError::Io { path: path.into(), source },
        })?;
        if !found.is_file() {
            return Err(StoreError::NotAStore(path.into()));
        }
        let storage = Self::open_in(Box::new(in_file(path)?))?;
        // Whoever made it may not have lived to do so.
        sync_name(path, names)?;
        Ok(storage)
    }

    pub(crate) fn create_in(medium: Box<dyn Medium>) -> Result<Self, StoreError> {
        let database = new_database(&*medium).inspect_err(|error| match error {
            // Somebody else has opened it by now, and it is theirs.
            StoreError::InUse(_) | StoreError::Exists(_) => {}
            _ => medium.take_back(),
        })?;
        Ok(Self { medium, database: Owned::new(database), failed: AtomicBool::new(false) })
    }

    pub(crate) fn open_in(medium: Box<dyn Medium>) -> Result<Self, StoreError> {
        let (database, path) = (database(&*medium, Access::Write)?, medium.path());
        if !has_tables(&database, path)? {
            return Err(StoreError::Missing(path.into()));
        }
        format(&database, path)?;
        Ok(Self { medium, database: Owned::new(database), failed: AtomicBool::new(false) })
    }

    fn ready(&self) -> Result<&Database, StoreError> {
        self.same_process()?;
        match self.database.get() {
            Some(database) if !self.failed.load(Ordering::Acquire) => Ok(database),
            _ => Err(StoreError::Failed(self.medium.path().into())),
        }
    }

    /// After an error, nothing more is done before [`Storage::recover`].
    fn note<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        result
    }

    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let database = self.ready()?;
        let path = self.medium.path();
        self.note(caught(path, || {
            let transaction = database.begin_read().map_err(redb::Error::from);
            transaction.and_then(|transaction| read(&transaction)).map_err(|error| failure(path, error))
        }))
    }
}

impl Storage for RedbStorage {
    type Error = StoreError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|read| get(read, row))
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let (database, path) = (self.ready()?, self.medium.path());
        self.medium.check_name().map_err(|error| io_failure(path.into(), error))?;
        match self.note(caught(path, || write(database, writes).map_err(|error| failure(path, error))))? {
            None => Ok(()),
            Some(row) => Err(StoreError::Changed { path: path.into(), row }),
        }
    }

    fn same_process(&self) -> Result<(), StoreError> {
        if self.database.is_here() { Ok(()) } else { Err(StoreError::Forked(self.medium.path().into())) }
    }

    fn recover(&mut self) -> Result<(), StoreError> {
        self.same_process()?;
        if self.ready().is_ok() {
            return Ok(());
        }
        // Closed before it is opened again, or it would be in use. How that fails no longer matters.
        let failed = self.database.take();
        drop(caught(self.medium.path(), || {
            drop(failed);
            Ok(())
        }));
        let database = database(&*self.medium, Access::Write)?;
        format(&database, self.medium.path())?;
        self.database = Owned::new(database);
        self.failed.store(false, Ordering::Release);
        Ok(())
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

pub(crate) fn in_file(path: &Path) -> Result<InFile, StoreError> {
    InFile::new(path).map_err(|source| StoreError::Io { path: path.into(), source })
}

/// Makes the name of a store durable: what is recorded in a file without one is lost.
fn sync_name(path: &Path, names: &dyn Names) -> Result<(), StoreError> {
    let parent = parent(path);
    names.sync(parent).map_err(|source| StoreError::Io { path: parent.into(), source })
}

/// Opens the database in `medium`, settled and verified.
fn database(medium: &dyn Medium, access: Access) -> Result<Database, StoreError> {
    let path = medium.path();
    let bytes = medium.open(access).map_err(|error| io_failure(path.into(), error))?;
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    caught(path, || builder.create_with_backend(Settled::new(bytes, access)).map_err(|error| opening(path, error)))
}

/// Makes a database where there is none, or one whose creation was cut short.
fn new_database(medium: &dyn Medium) -> Result<Database, StoreError> {
    let (database, path) = (database(medium, Access::Create)?, medium.path());
    if has_tables(&database, path)? {
        return match format(&database, path) {
            Ok(()) | Err(StoreError::Format { .. }) => Err(StoreError::Exists(path.into())),
            Err(error) => Err(error),
        };
    }
    make_tables(&database).map_err(|error| failure(path, error))?;
    Ok(database)
}

/// A database without tables is a creation that was cut short.
fn has_tables(database: &Database, path: &Path) -> Result<bool, StoreError> {
    let read = database.begin_read().map_err(|error| failure(path, error))?;
    Ok(read.list_tables().map_err(|error| failure(path, error))?.next().is_some())
}

fn make_tables(database: &Database) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write.open_table(FORMATS)?.insert("format", FORMAT)?;
    write.open_table(ENTRIES)?;
    write.open_table(ATTACHMENTS)?;
    write.open_table(TILES)?;
    write.open_table(CHECKPOINTS)?;
    write.open_table(SIZES)?;
    write.open_table(METAS)?;
    Ok(write.commit()?)
}

pub(crate) fn get(read: &ReadTransaction, row: Row) -> Result<Option<Vec<u8>>, redb::Error> {
    let bytes = match row {
        Row::Entry { log, index } => read.open_table(ENTRIES)?.get((log.0, index)),
        Row::Attachment { log, index } => read.open_table(ATTACHMENTS)?.get((log.0, index)),
        Row::Tile { log, level, index } => read.open_table(TILES)?.get((log.0, level, index)),
        Row::Checkpoint { log } => read.open_table(CHECKPOINTS)?.get(log.0),
        Row::Size { log } => read.open_table(SIZES)?.get(log.0),
        Row::Meta { log, name } => read.open_table(METAS)?.get((log.0, name)),
    };
    Ok(bytes?.map(|bytes| bytes.value().to_vec()))
}

pub(crate) fn scan(
    read: &ReadTransaction,
    series: Series,
    log: LogKey,
    indices: Range<u64>,
    visit: &mut dyn FnMut(u64, &[u8]) -> bool,
) -> Result<(), redb::Error> {
    if indices.is_empty() {
        return Ok(());
    }
    let table = match series {
        Series::Entry => read.open_table(ENTRIES),
        Series::Attachment => read.open_table(ATTACHMENTS),
    };
    let rows = (log.0, indices.start)..(log.0, indices.end);
    for row in table?.range(rows)? {
        let (key, bytes) = row?;
        if !visit(key.value().1, bytes.value()) {
            break;
        }
    }
    Ok(())
}

/// Makes all changes, or none: then it returns the row that is not as expected.
fn write(database: &Database, writes: &[Write]) -> Result<Option<Row>, redb::Error> {
    let mut write = database.begin_write()?;
    write.set_durability(Durability::Immediate)?;
    // While this transaction writes, no other one does.
    if let Some(row) = unexpected(&database.begin_read()?, writes)? {
        write.abort()?;
        return Ok(Some(row));
    }
    let entries = changes(writes, |row| match row {
        Row::Entry { log, index } => Some((log.0, index)),
        _ => None,
    });
    let attachments = changes(writes, |row| match row {
        Row::Attachment { log, index } => Some((log.0, index)),
        _ => None,
    });
    let tiles = changes(writes, |row| match row {
        Row::Tile { log, level, index } => Some((log.0, level, index)),
        _ => None,
    });
    let checkpoints = changes(writes, |row| match row {
        Row::Checkpoint { log } => Some(log.0),
        _ => None,
    });
    let sizes = changes(writes, |row| match row {
        Row::Size { log } => Some(log.0),
        _ => None,
    });
    let metas = changes(writes, |row| match row {
        Row::Meta { log, name } => Some((log.0, name)),
        _ => None,
    });
    // What is not touched is not opened.
    if !entries.is_empty() {
        set_all(&mut write.open_table(ENTRIES)?, &entries)?;
    }
    if !attachments.is_empty() {
        set_all(&mut write.open_table(ATTACHMENTS)?, &attachments)?;
    }
    set_each(&write, TILES, tiles)?;
    set_each(&write, CHECKPOINTS, checkpoints)?;
    set_each(&write, SIZES, sizes)?;
    set_each(&write, METAS, metas)?;
    write.commit()?;
    Ok(None)
}

/// The first row that is not what is expected of it.
fn unexpected(read: &ReadTransaction, writes: &[Write]) -> Result<Option<Row>, redb::Error> {
    for write in writes {
        if let Write::Expect(row, was) = write
            && get(read, *row)? != *was
        {
            return Ok(Some(*row));
        }
    }
    Ok(None)
}

/// The changes of the rows that have a key in one table, in order.
fn changes<'w, K>(writes: &'w [Write], key: impl Fn(Row) -> Option<K>) -> Vec<(K, Option<&'w [u8]>)> {
    let change = |write: &'w Write| match write {
        Write::Put(row, bytes) => Some((key(*row)?, Some(bytes.as_slice()))),
        Write::Delete(row) => Some((key(*row)?, None)),
        Write::Expect(..) => None,
    };
    writes.iter().filter_map(change).collect()
}

fn set_each<K: for<'k> redb::Key<SelfType<'k> = K> + 'static>(
    write: &WriteTransaction,
    table: TableDefinition<'_, K, &'static [u8]>,
    changes: Vec<(K, Option<&[u8]>)>,
) -> Result<(), redb::Error> {
    if !changes.is_empty() {
        let mut table = write.open_table(table)?;
        changes.into_iter().try_for_each(|(key, bytes)| set(&mut table, key, bytes))?;
    }
    Ok(())
}

fn set<'k, K: redb::Key + 'static>(
    table: &mut redb::Table<'_, K, &'static [u8]>,
    key: K::SelfType<'k>,
    bytes: Option<&[u8]>,
) -> Result<(), StorageError> {
    match bytes {
        Some(bytes) => table.insert(key, bytes).map(drop),
        None => table.remove(key).map(drop),
    }
}

/// A change of a row that there is one of per entry.
type Change<'a> = ((u32, u64), Option<&'a [u8]>);
type Rows<'t> = redb::Table<'t, (u32, u64), &'static [u8]>;

/// Makes changes of one table, in order. Mostly they append, which through one cursor takes a third of the time.
fn set_all(table: &mut Rows<'_>, changes: &[Change<'_>]) -> Result<(), redb::Error> {
    let mut left = changes;
    while let Some(((key, bytes), after)) = left.split_first() {
        let ascending = after.first().is_some_and(|(next, _)| next > key);
        if bytes.is_some() && ascending {
            left = append(table, *key, left)?;
        } else {
            set(table, *key, *bytes)?;
            left = after;
        }
    }
    Ok(())
}

/// Puts the first of these rows, and those after it up to one that does not come next in the table; returns those that
/// are left.
fn append<'c, 'b>(
    table: &mut Rows<'_>,
    first: (u32, u64),
    changes: &'c [Change<'b>],
) -> Result<&'c [Change<'b>], redb::Error> {
    let mut left = changes;
    let mut cursor = table.lower_bound_mut(Bound::Included(first))?;
    while let Some(((key, Some(bytes)), after)) = left.split_first() {
        match cursor.insert_before(*key, *bytes) {
            Ok(()) => left = after,
            Err(CursorError::UnorderedKey) => break,
            Err(error) => return Err(error.into()),
        }
    }
    cursor.close()?;
    if let Some(((key, bytes), after)) = left.split_first() {
        set(table, *key, *bytes)?;
        left = after;
    }
    Ok(left)
}

fn format(database: &Database, path: &Path) -> Result<(), StoreError> {
    let read = database.begin_read().map_err(|error| failure(path, error))?;
    let table = match read.open_table(FORMATS) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => {
            return Err(StoreError::NotAStore(path.into()));
        }
        Err(error) => return Err(failure(path, error)),
    };
    match table.get("format").map_err(|error| failure(path, error))?.map(|format| format.value()) {
        Some(FORMAT) => Ok(()),
        Some(found) => Err(StoreError::Format { path: path.into(), found }),
        None => Err(StoreError::NotAStore(path.into())),
    }
}

/// The database may panic over a page that changed since its checksum was verified.
pub(crate) fn caught<T>(path: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(StoreError::Damaged { path: path.into(), what: "a page is not what the database wrote".into() })
    })
}

pub(crate) fn opening(path: &Path, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(path.into()),
        DatabaseError::Storage(StorageError::Io(source)) if source.kind() == io::ErrorKind::InvalidData => {
            StoreError::NotAStore(path.into())
        }
        error => failure(path, error),
    }
}

pub(crate) fn failure(path: &Path, error: impl Into<redb::Error>) -> StoreError {
    let path = path.to_path_buf();
    match error.into() {
        redb::Error::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            StoreError::Damaged { path, what: "it ends too early".into() }
        }
        redb::Error::Io(error) => io_failure(path, error),
        redb::Error::Unsupported => StoreError::NoLocks { path, source: io::ErrorKind::Unsupported.into() },
        redb::Error::Corrupted(what) => StoreError::Damaged { path, what },
        redb::Error::PreviousIo => StoreError::Failed(path),
        error => StoreError::Database(Box::new(error)),
    }
}

fn io_failure(path: PathBuf, error: io::Error) -> StoreError {
    let is = |kind: fn(&(dyn std::error::Error + Send + Sync + 'static)) -> bool| error.get_ref().is_some_and(kind);
    if is(|inner| inner.is::<Moved>()) {
        StoreError::Moved(path)
    } else if is(|inner| inner.is::<Unfinished>()) {
        StoreError::Missing(path)
    } else if is(|inner| inner.is::<NoLock>()) {
        StoreError::NoLocks { path, source: error }
    } else {
        StoreError::Io { path, source: error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Remains, tests::simulated::Disk};
    use onecard::tlog::{Log, MemoryStorage};
    use onecard_testkit::chance::Seed;
    use redb::BackendError;

    fn put(row: Row, byte: u8) -> Write {
        Write::Put(row, vec![byte])
    }

    #[test]
    fn every_kind_of_row_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let log = LogKey(7);
        let rows = [
            Row::Entry { log, index: u64::MAX },
            Row::Attachment { log, index: 3 },
            Row::Tile { log, level: 7, index: 1 },
            Row::Checkpoint { log },
            Row::Size { log },
            Row::Meta { log, name: 255 },
        ];
        let mut store = RedbStorage::create(&path).unwrap();
        store.commit(&rows.map(|row| put(row, 1))).unwrap();
        store.commit(&[Write::Delete(rows[1]), put(rows[2], 2), put(rows[3], 3), Write::Delete(rows[3])]).unwrap();
        drop(store);
        let store = RedbStorage::open(&path).unwrap();
        let kept = rows.map(|row| store.get(row).unwrap());
        assert_eq!(kept, [Some(vec![1]), None, Some(vec![2]), None, Some(vec![1]), Some(vec![1])]);
        assert_eq!(store.get(Row::Size { log: LogKey(8) }).unwrap(), None);
    }

    /// Rows that append, that are there already, that go to several logs, out of order or twice: as in memory.
    #[test]
    fn many_rows_in_one_commit_are_as_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = RedbStorage::create(&directory.path().join("store")).unwrap();
        let mut memory = MemoryStorage::new();
        let mut dice = Seed(3).dice("rows", 0);
        for round in 0..60 {
            let (mut writes, mut index) = (Vec::new(), dice.below(40));
            for _ in 0..dice.below(40) {
                let log = LogKey(dice.below(3) / 2 + 1);
                // Mostly the next one.
                index = if dice.below(8) == 0 { dice.below(60) } else { index + 1 };
                let series = if dice.below(4) == 0 { Series::Attachment } else { Series::Entry };
                let row = series.row(log, index.into());
                let length = if dice.below(20) == 0 { 5_000 } else { dice.below(200) };
                let delete = dice.below(9) == 0;
                writes.push(if delete { Write::Delete(row) } else { Write::Put(row, vec![round; length as usize]) });
            }
            store.commit(&writes).unwrap();
            memory.commit(&writes).unwrap();
            for series in [Series::Entry, Series::Attachment] {
                for log in [1, 2] {
                    let [mut found, mut expected] = [Vec::new(), Vec::new()];
                    let take = |rows: &mut Vec<_>, index, bytes: &[u8]| rows.push((index, bytes.to_vec()));
                    let (log, all) = (LogKey(log), 0..u64::MAX);
                    store
                        .scan(series, log, all.clone(), &mut |at, bytes| (take(&mut found, at, bytes), true).1)
                        .unwrap();
                    memory.scan(series, log, all, &mut |at, bytes| (take(&mut expected, at, bytes), true).1).unwrap();
                    assert_eq!(found, expected, "round {round}");
                }
            }
        }
    }

    #[test]
    fn a_log_opens_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut store = RedbStorage::create(&path).unwrap();
        let mut log = Log::open(&store, LogKey(1), "onecard.example/a").unwrap();
        for size in [1u64, 255, 3, 300] {
            let mut batch = log.begin();
            for index in 0..size {
                batch.push(&index.to_be_bytes(), Some(&[1])).unwrap();
            }
            store.commit(&batch.writes()).unwrap();
            log.apply(batch).unwrap();
            drop(store);
            store = RedbStorage::open(&path).unwrap();
            assert_eq!(Log::open(&store, LogKey(1), "onecard.example/a").unwrap(), log);
        }
        log.verify(&store).unwrap();
        let mut seen = vec![];
        let mut visit = |index, _: &[u8]| {
            seen.push(index);
            seen.len() < 3
        };
        store.scan(Series::Attachment, LogKey(1), 250..400, &mut visit).unwrap();
        assert_eq!(seen, [250, 251, 252]);
    }

    #[test]
    fn a_second_opener_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let _first = RedbStorage::create(&path).unwrap();
        assert!(matches!(RedbStorage::open(&path), Err(StoreError::InUse(_))));
        assert!(matches!(RedbStorage::create(&path), Err(StoreError::InUse(_))));
    }

    #[test]
    fn where_no_lock_is_granted_nothing_is_opened() {
        let disk = Disk::new();
        let answers: [fn() -> BackendError; 3] = [
            || BackendError::Unsupported,
            || BackendError::Io(io::ErrorKind::Unsupported.into()),
            // ENOLCK has no kind of its own.
            || BackendError::Io(io::Error::from_raw_os_error(37)),
        ];
        let refused =
            |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::NoLocks { .. })), "{result:?}");
        for answer in answers {
            disk.refuse_locks(Some(answer));
            refused(RedbStorage::create_in(Box::new(disk.clone())).map(drop));
            assert_eq!(disk.image(), [], "nothing was written");
        }
        disk.refuse_locks(None);
        drop(RedbStorage::create_in(Box::new(disk.clone())).unwrap());
        let image = disk.image();
        for answer in answers {
            disk.refuse_locks(Some(answer));
            refused(RedbStorage::open_in(Box::new(disk.clone())).map(drop));
            refused(Remains::open_in(&disk).map(drop));
        }
        assert_eq!(disk.image(), image);
        disk.refuse_locks(None);
        RedbStorage::open_in(Box::new(disk)).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn recovery_opens_the_file_that_was_open_and_no_copy_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let (path, old) = (directory.path().join("store"), directory.path().join("old"));
        let mut store = RedbStorage::create(&path).unwrap();
        fs::rename(&path, &old).unwrap();
        fs::copy(&old, &path).unwrap();
        store.failed.store(true, Ordering::Release);
        assert!(matches!(store.recover(), Err(StoreError::Moved(_))));
        assert!(matches!(store.commit(&[]), Err(StoreError::Failed(_))));
        fs::rename(&old, &path).unwrap();
        store.recover().unwrap();
        store.commit(&[]).unwrap();
    }

    #[test]
    fn what_is_not_a_store_is_refused_and_unchanged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        assert!(matches!(RedbStorage::open(&path), Err(StoreError::Missing(_))));
        assert!(!path.exists());
        assert!(matches!(RedbStorage::open(directory.path()), Err(StoreError::NotAStore(_))));
        let text = "not a database\n".repeat(9_000);
        fs::write(&path, &text).unwrap();
        let refused = RedbStorage::open(&path).unwrap_err();
        assert!(matches!(refused, StoreError::NotAStore(_)), "{refused:?}");
        let refused = RedbStorage::create(&path).unwrap_err();
        assert!(matches!(refused, StoreError::NotAStore(_)), "{refused:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        // Somebody else's redb file.
        fs::remove_file(&path).unwrap();
        let other = Database::create(&path).unwrap();
        let write = other.begin_write().unwrap();
        write.open_table(SIZES).unwrap();
        write.commit().unwrap();
        drop(other);
        assert!(matches!(RedbStorage::open(&path), Err(StoreError::NotAStore(_))));
        assert!(matches!(RedbStorage::create(&path), Err(StoreError::NotAStore(_))));
    }

    #[test]
    fn another_format_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let store = RedbStorage::create(&path).unwrap();
        let write = store.database.get().unwrap().begin_write().unwrap();
        write.open_table(FORMATS).unwrap().insert("format", 2).unwrap();
        write.commit().unwrap();
        drop(store);
        assert!(matches!(RedbStorage::open(&path), Err(StoreError::Format { found: 2, .. })));
        assert!(matches!(RedbStorage::create(&path), Err(StoreError::Exists(_))));
    }

    #[test]
    fn a_creation_cut_short_can_be_repeated() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let cut_short: [fn(&Path); 3] = [
            |path| fs::write(path, []).unwrap(),
            |path| fs::write(path, [0; 9_000]).unwrap(),
            |path| drop(Database::create(path).unwrap()),
        ];
        for leave in cut_short {
            leave(&path);
            assert!(matches!(RedbStorage::open(&path), Err(StoreError::Missing(_))));
            assert!(path.exists(), "left as it was");
            drop(RedbStorage::create(&path).unwrap());
            RedbStorage::open(&path).unwrap();
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_creation_that_fails_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let gone = directory.path().join("gone").join("store");
        assert!(matches!(RedbStorage::create(&gone), Err(StoreError::Io { .. })));
        // What was there before is left, also where nothing was in it.
        let medium = in_file(&path).unwrap();
        drop(medium.open(Access::Create).unwrap());
        medium.take_back();
        assert!(!path.exists());
        fs::write(&path, []).unwrap();
        let medium = in_file(&path).unwrap();
        drop(medium.open(Access::Create).unwrap());
        medium.take_back();
        assert!(path.exists());
    }
}
