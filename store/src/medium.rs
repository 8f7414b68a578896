//! The bytes under a store, and what is done to them before anything they say is believed.
//!
//! After a failed `fsync` the kernel may keep what did not reach the disk in its cache, marked as
//! written: it can be read, no later `fsync` writes it, and a power cut takes it away. Whoever reads
//! it, be it after recovering in the same process or in the next one, would build on records that are
//! not there. So a file that was not closed properly is written again, as it is read, and synced,
//! before the database looks at it ([Rebello and others, 2020]).
//!
//! [Rebello and others, 2020]: https://www.usenix.org/conference/atc20/presentation/rebello

use crate::names::owner_alone;
use core::{
    fmt::Debug,
    ops::Bound,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use redb::{BackendError, StorageBackend, backends::FileBackend};
use std::{
    fs::{self, Metadata, OpenOptions},
    io,
    path::{self, Path, PathBuf},
    sync::OnceLock,
};

/// Unit in which a file is written again: the page of the database, whose first holds its header.
const PAGE: u64 = 4_096;
/// How the file of a database starts, and the byte and bit after it that say that it was not closed
/// properly (redb's `docs/design.md`, "Super-header").
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
const FLAGS: usize = MAGIC.len();
const NOT_CLOSED: u8 = 2;

/// What the bytes are opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    /// To write, and made empty where there are none.
    Create,
}

/// Where the bytes of a store are: they can be opened again and again.
pub(crate) trait Medium: Debug + Send + Sync {
    /// Its name in messages.
    fn path(&self) -> &Path;

    fn open(&self, access: Access) -> io::Result<Box<dyn StorageBackend>>;

    /// Removes it, if opening it made it.
    fn take_back(&self) {}

    /// Fails with [`Moved`] where its name does not lead to what was opened first: what is written there now is lost
    /// with a file that was removed, and is not what others find who open it by its name.
    fn check_name(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Another file, or none, has the name of the one that was opened.
#[derive(Debug, thiserror::Error)]
#[error("another file, or none, has its name")]
pub(crate) struct Moved;

/// There is nothing in it but what a creation leaves that was cut short.
#[derive(Debug, thiserror::Error)]
#[error("its creation was cut short")]
pub(crate) struct Unfinished;

/// A lock was not granted, for another reason than that somebody has it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoLock(io::Error);

impl NoLock {
    /// The error of a lock. That one kind is not supported is not the end: the database asks for another.
    fn of(error: BackendError) -> BackendError {
        match error {
            BackendError::Unsupported => error,
            error => BackendError::Io(io::Error::other(Self(error.into()))),
        }
    }
}

/// A file.
#[derive(Debug)]
pub(crate) struct InFile {
    path: PathBuf,
    /// The same, whatever becomes of the current directory.
    absolute: PathBuf,
    /// Which file it is, since it was opened first.
    opened: OnceLock<FileId>,
    /// It was not there before.
    made: AtomicBool,
}

impl InFile {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.into(),
            absolute: path::absolute(path)?,
            opened: OnceLock::new(),
            made: AtomicBool::new(false),
        })
    }

    fn is_opened(&self, found: &Metadata) -> io::Result<()> {
        let found = file_id(found);
        if *self.opened.get_or_init(|| found) == found { Ok(()) } else { Err(io::Error::other(Moved)) }
    }
}

/// What tells a file from its copy: device and number on Unix, elsewhere nothing.
type FileId = Option<(u64, u64)>;

#[cfg(unix)]
fn file_id(found: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn file_id(_found: &Metadata) -> FileId {
    None
}

impl Medium for InFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self, access: Access) -> io::Result<Box<dyn StorageBackend>> {
        let mut options = OpenOptions::new();
        options.read(true).write(access != Access::Read);
        owner_alone(&mut options);
        let file = match options.clone().create_new(access == Access::Create).open(&self.absolute) {
            // What a link leads to may still have to be made, so it is not asked for as new.
            Err(error) if access == Access::Create && error.kind() == io::ErrorKind::AlreadyExists => {
                options.create(true).open(&self.absolute)?
            }
            opened => {
                self.made.fetch_or(access == Access::Create && opened.is_ok(), Ordering::AcqRel);
                opened?
            }
        };
        self.is_opened(&file.metadata()?)?;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }

    fn take_back(&self) {
        if self.made.load(Ordering::Acquire) && self.check_name().is_ok() {
            // Where that fails, it is as after a creation that was cut short.
            let _ = fs::remove_file(&self.absolute);
        }
    }

    fn check_name(&self) -> io::Result<()> {
        match fs::metadata(&self.absolute) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::Error::other(Moved)),
            found => self.is_opened(&found?),
        }
    }
}

/// The bytes of a store as the database is given them: settled when it first asks for their length,
/// which is after it has locked them and before it reads any. Where it got no lock, for the database goes on where the
/// file system has none, that is an error.
#[derive(Debug)]
pub(crate) struct Settled {
    bytes: Box<dyn StorageBackend>,
    access: Access,
    settled: AtomicBool,
    /// Locks that it has.
    locks: AtomicU32,
}

impl Settled {
    pub(crate) fn new(bytes: Box<dyn StorageBackend>, access: Access) -> Self {
        Self { bytes, access, settled: AtomicBool::new(false), locks: AtomicU32::new(0) }
    }

    fn locked(&self, answer: Result<bool, BackendError>) -> Result<bool, BackendError> {
        let locked = answer.map_err(NoLock::of)?;
        self.locks.fetch_add(locked.into(), Ordering::AcqRel);
        Ok(locked)
    }

    fn settle(&self) -> io::Result<()> {
        if self.locks.load(Ordering::Acquire) == 0 {
            return Err(io::Error::other(NoLock(io::ErrorKind::Unsupported.into())));
        }
        let length = self.bytes.len()?;
        let mut head = [0; FLAGS + 1];
        let (known, _) = head.split_at_mut(usize::try_from(length).unwrap_or(usize::MAX).min(FLAGS + 1));
        self.bytes.read(0, known)?;
        let [magic @ .., flags] = head;
        if magic == *MAGIC {
            return if flags & NOT_CLOSED == 0 { Ok(()) } else { self.write_again(length) };
        }
        // A creation that was cut short wrote nothing beyond the header, whose magic comes last.
        let unfinished = magic == [0; FLAGS] && self.is_blank(length)?;
        match self.access {
            Access::Create if unfinished && length > 0 => self.bytes.set_len(0),
            Access::Create => Ok(()),
            _ if unfinished => Err(io::Error::other(Unfinished)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "not a database")),
        }
    }

    /// Makes durable what is read: the pages first, then the header that refers to them.
    fn write_again(&self, length: u64) -> io::Result<()> {
        self.pages(length, |offset, page| match self.bytes.write(offset, page) {
            // What does not fit lies in a hole, where nothing but zeros can be lost.
            Err(full) if full.kind() == io::ErrorKind::StorageFull && is_zero(page) => Ok(true),
            written => written.map(|()| true),
        })?;
        self.bytes.sync_data()?;
        let mut header = [0; PAGE as usize];
        let (header, _) = header.split_at_mut(usize::try_from(length.min(PAGE)).unwrap_or(0));
        self.bytes.read(0, header)?;
        self.bytes.write(0, header)?;
        self.bytes.sync_data()
    }

    fn is_blank(&self, length: u64) -> io::Result<bool> {
        self.pages(length, |_, page| Ok(is_zero(page)))
    }

    /// Hands the pages after the first to `visit`, until it returns `false`; returns what it did last.
    fn pages(&self, length: u64, mut visit: impl FnMut(u64, &[u8]) -> io::Result<bool>) -> io::Result<bool> {
        let mut page = [0; PAGE as usize];
        let mut offset = PAGE;
        while offset < length {
            let width = usize::try_from(length.saturating_sub(offset).min(PAGE)).unwrap_or(0);
            let (page, _) = page.split_at_mut(width);
            self.bytes.read(offset, page)?;
            if !visit(offset, page)? {
                return Ok(false);
            }
            offset = offset.saturating_add(PAGE);
        }
        Ok(true)
    }
}

impl StorageBackend for Settled {
    fn len(&self) -> io::Result<u64> {
        if !self.settled.load(Ordering::Acquire) {
            self.settle()?;
            self.settled.store(true, Ordering::Release);
        }
        self.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.bytes.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.bytes.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.bytes.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.bytes.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.bytes.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locked(self.bytes.try_lock_range(start, end))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locked(self.bytes.try_lock_shared_range(start, end))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.bytes.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.bytes.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.bytes.unlock_range(start, end)?;
        self.locks.fetch_sub(1, Ordering::AcqRel);
        Ok(())
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.bytes.query_lock_range(start, end)
    }
}

/// The bytes of a damaged store: nothing is written, and that it was not closed properly is not told,
/// so that the database reads its last commit as it is.
#[derive(Debug)]
pub(crate) struct Unchanged(Box<dyn StorageBackend>);

impl Unchanged {
    pub(crate) fn new(bytes: Box<dyn StorageBackend>) -> Self {
        Self(bytes)
    }
}

impl StorageBackend for Unchanged {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)?;
        if offset == 0
            && let Some(flags) = out.get_mut(FLAGS)
        {
            *flags &= !NOT_CLOSED;
        }
        Ok(())
    }

    fn set_len(&self, _length: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end).map_err(NoLock::of)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end).map_err(NoLock::of)
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
