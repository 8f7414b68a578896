//! Logs as plain files (C2SP tlog-tiles): published for others to fetch, and read to be audited.
//!
//! ```text
//! <log>/checkpoint                      the signed note
//! <log>/tile/<level>/<index>[.p/<w>]    hashes
//! <log>/tile/entries/<index>[.p/<w>]    entries, each a link and a body
//! <evidence>/<index>[.p/<w>]            what is kept beside entries; empty where there is nothing
//! ```
//!
//! A file appears whole or not at all, and the checkpoint appears last, once all other names are durable, so a
//! reader never finds a checkpoint whose tiles are not there. Neither side holds more than one bundle in memory. What is
//! read comes from anywhere: sizes are checked first, and what is not a plain file below the
//! directory is refused. What cannot be listed keeps nothing else from being read. Whether it is right is for [`onecard::audit`] to say.

use crate::names::{InFileSystem, Names, Readers, UNFINISHED, parent, shown, unfinished};
use onecard::{
    audit::{Files, Listing, MAX_STATEMENT},
    tlog::{Log, LogError, Resource, SignedCheckpoint, Storage, TILE_WIDTH, TileId, tiles_of},
};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    ffi::OsString,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

const CHECKPOINT: &str = "checkpoint";
/// Longest file of any format, in bytes.
const MAX_FILE: u64 = MAX_STATEMENT as u64;
/// What an audit reads.
const AUDITED: [&str; 4] = ["evidence", "journal", "ledger", "trust"];

/// A log cannot be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError<E: std::error::Error + 'static> {
    /// The log cannot be read, or the checkpoint is not the log's.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// A file cannot be written.
    #[error("the file system failed at {}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// How it failed.
        source: io::Error,
    },
}

/// Published files cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A symbolic link, a directory or a device where a file should be.
    #[error("{} is not a plain file", shown(.0))]
    NotAFile(PathBuf),
    /// A name in another encoding: no path of the format has it, whatever is there.
    #[error("the name {0:?} is not UTF-8")]
    NotText(OsString),
    /// A symbolic link, a file or a device where a directory should be. It is not followed.
    #[error("{} is not a directory", shown(.0))]
    NotADirectory(PathBuf),
    /// The file is longer than any format allows.
    #[error("{} has {found} bytes, more than {MAX_FILE}", shown(.path))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its size.
        found: u64,
    },
    /// The file system failed.
    #[error("the file system failed at {}: {source}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// How it failed.
        source: io::Error,
    },
}

/// Writes `log` as it was at `signed` to `directory`, and what is kept beside its entries to
/// `evidence`, if that is to be published. Both may hold an earlier state of the same log.
///
/// Files that cannot have changed since are left alone, so each call costs what is new. Bodies that
/// were pruned and evidence that was erased are removed from the directories too, and so is what any earlier call
/// left that failed: one call at a time writes to a directory. Files of evidence are made readable by their owner alone.
///
/// # Errors
/// [`PublishError`]; the checkpoint there is that of before or the new one, and all it needs is there. It can be
/// done again.
pub fn publish<S: Storage>(
    storage: &S,
    log: &Log,
    signed: &SignedCheckpoint,
    directory: &Path,
    evidence: Option<&Path>,
) -> Result<(), PublishError<S::Error>> {
    publish_named(storage, log, signed, directory, evidence, &InFileSystem)
}

pub(crate) fn publish_named<S: Storage>(
    storage: &S,
    log: &Log,
    signed: &SignedCheckpoint,
    directory: &Path,
    evidence: Option<&Path>,
    names: &dyn Names,
) -> Result<(), PublishError<S::Error>> {
    let mut tree = Tree::new(names, directory, evidence);
    // Refuses a checkpoint that is not this log's.
    log.checkpoint_write(storage, signed)?;
    tree.clear()?;
    for resource in tiles_of(signed.size()) {
        let path = directory.join(resource.to_string());
        if let Resource::Entries(id) = resource {
            let start = id.index().saturating_mul(TILE_WIDTH.into());
            if let Some(evidence) = evidence {
                publish_evidence(storage, log, id, start, evidence, &mut tree)?;
            }
            if start < log.pruned() {
                tree.forget(&path)?;
                tree.forget_partial(&directory.join("tile/entries"), id.index(), None)?;
                continue;
            }
        }
        // Tiles and bundles of one name never change. Whoever wrote it may not have made its name durable.
        if path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            tree.holds(&path);
            continue;
        }
        let bytes = match resource {
            Resource::Hashes(id) => log.read_tile(storage, id)?,
            Resource::Entries(id) => log.read_bundle(storage, id)?,
        };
        tree.write(&path, &bytes, Readers::ByMask)?;
    }
    tree.finish(Some(signed.note().as_bytes()))
}

/// What of a log cannot be published, and why.
pub type Lost<E> = Vec<(Resource, LogError<E>)>;

/// Writes what is sound of a log in a damaged store: each tile and bundle whose hashes fit, what is
/// kept beside the entries, and the checkpoint as it was kept. Returns what is not sound, and why.
/// Nothing signs it anew; an audit of the directories tells how far they can be trusted.
///
/// # Errors
/// [`PublishError::Io`]: a file cannot be written.
pub fn publish_sound<S: Storage>(
    storage: &S,
    log: &Log,
    directory: &Path,
    evidence: Option<&Path>,
) -> Result<Lost<S::Error>, PublishError<S::Error>> {
    let mut lost = Vec::new();
    let mut tree = Tree::new(&InFileSystem, directory, evidence);
    tree.clear()?;
    for resource in tiles_of(log.size()) {
        let read = match resource {
            Resource::Hashes(id) => log.read_tile(storage, id),
            Resource::Entries(id) => log.read_bundle(storage, id),
        };
        match read {
            Ok(bytes) => tree.write(&directory.join(resource.to_string()), &bytes, Readers::ByMask)?,
            Err(error) => lost.push((resource, error)),
        }
        if let (Resource::Entries(id), Some(evidence)) = (resource, evidence) {
            match log.read_evidence(storage, id) {
                Ok(bytes) => tree.write(&evidence.join(id.to_string()), &bytes, Readers::Owner)?,
                Err(error) => lost.push((resource, error)),
            }
        }
    }
    let note = log.kept_checkpoint(storage).ok().flatten();
    tree.finish(note.as_deref())?;
    Ok(lost)
}

/// A directory of published files, as [`Files`] of an audit.
///
/// No step of the way to a file may be a symbolic link. The directories are looked at once: make a new one for
/// files that somebody else may have moved since.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// The directories below `root` that are known to be some, and on whose way there is no link.
    directories: RwLock<HashSet<String>>,
}

impl Folder {
    /// The files below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), directories: RwLock::default() }
    }

    fn knows(&self, directory: &str) -> bool {
        self.directories.read().unwrap_or_else(PoisonError::into_inner).contains(directory)
    }

    /// Whether there is such a directory. No step of the way may be a symbolic link, or a file in it could be any file of
    /// this machine.
    fn finds(&self, directory: &str) -> Result<bool, FolderError> {
        if self.knows(directory) {
            return Ok(true);
        }
        for (end, _) in directory.match_indices('/').chain([(directory.len(), "")]) {
            let way = directory.get(..end).unwrap_or_default();
            if self.knows(way) {
                continue;
            }
            let path = self.root.join(way);
            checked(way.rsplit('/').next().unwrap_or_default(), &path)?;
            match path.symlink_metadata() {
                Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(source) => return Err(FolderError::Io { path, source }),
                Ok(found) if !found.is_dir() => return Err(FolderError::NotAFile(path)),
                Ok(_) => {}
            }
            self.directories.write().unwrap_or_else(PoisonError::into_inner).insert(way.to_owned());
        }
        Ok(true)
    }

    /// What is at the top. A link in place of a directory is not followed: what it leads to is not published.
    fn list_top(&self, found: &mut Listing<FolderError>) -> Vec<String> {
        let mut tops = Vec::new();
        for top in AUDITED {
            let path = self.root.join(top);
            match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => tops.push(top.to_owned()),
                Ok(_) => found.faults.push((top.into(), FolderError::NotADirectory(path))),
                Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                Err(source) => found.faults.push((top.into(), FolderError::Io { path, source })),
            }
        }
        match fs::read_dir(&self.root) {
            Ok(entries) => {
                for entry in entries.filter_map(Result::ok) {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let end = if entry.file_type().is_ok_and(|kind| kind.is_dir()) { "/" } else { "" };
                    if !AUDITED.contains(&name.as_str()) {
                        found.others.push(name + end);
                    }
                }
            }
            Err(source) => found.faults.push((".".into(), FolderError::Io { path: self.root.clone(), source })),
        }
        tops
    }

    /// What is in a directory; those in it are still to be listed. What is gone meanwhile is not there.
    fn list_directory(&self, directory: &str, found: &mut Listing<FolderError>, pending: &mut Vec<String>) {
        let path = self.root.join(directory);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return,
            Err(source) => return found.faults.push((directory.into(), FolderError::Io { path, source })),
        };
        let mut is_empty = true;
        for entry in entries {
            is_empty = false;
            let entry = match entry {
                Ok(entry) => entry,
                Err(source) => {
                    found.faults.push((directory.into(), FolderError::Io { path: path.clone(), source }));
                    continue;
                }
            };
            let below = format!("{directory}/{}", entry.file_name().to_string_lossy());
            if entry.file_name().to_str().is_none() {
                found.faults.push((below, FolderError::NotText(entry.file_name())));
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => pending.push(below),
                // Links and devices are listed, and refused when they are read.
                Ok(_) => found.paths.push(below),
                Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                Err(source) => found.faults.push((below, FolderError::Io { path: entry.path(), source })),
            }
        }
        if is_empty && directory.contains('/') {
            found.paths.push(format!("{directory}/"));
        }
    }
}

impl Files for Folder {
    type Error = FolderError;

    fn list(&self) -> Listing<FolderError> {
        let mut found = Listing::default();
        let mut pending = self.list_top(&mut found);
        // One directory is open at a time, however deep they go.
        while let Some(directory) = pending.pop() {
            self.list_directory(&directory, &mut found, &mut pending);
        }
        found.paths.sort_unstable();
        found.others.sort_unstable();
        found.faults.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, FolderError> {
        let (above, file) = match name.rsplit_once('/') {
            Some((directory, file)) if self.finds(directory)? => (directory, file),
            Some(_) => return Ok(None),
            None => ("", name),
        };
        let path = self.root.join(above).join(file);
        checked(file, &path)?;
        let failed = |source| FolderError::Io { path: path.clone(), source };
        let mut found = match open_unless_link(&path) {
            Ok(found) => found,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(_) if path.symlink_metadata().is_ok_and(|found| !found.is_file()) => {
                return Err(FolderError::NotAFile(path));
            }
            Err(source) => return Err(failed(source)),
        };
        let metadata = found.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(FolderError::NotAFile(path));
        }
        if metadata.len() > MAX_FILE {
            return Err(FolderError::TooLong { path, found: metadata.len() });
        }
        // As long as it was found to be: that takes one call, and what was added to it since is not read.
        let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or(0)];
        found.read_exact(&mut bytes).map_err(failed)?;
        Ok(Some(Cow::Owned(bytes)))
    }
}

/// Opens a file to be read. A link is refused; a pipe or a device is opened, without waiting for anything.
#[cfg(unix)]
fn open_unless_link(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

#[cfg(not(unix))]
fn open_unless_link(path: &Path) -> io::Result<File> {
    if path.symlink_metadata()?.is_file() { File::open(path) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// That the last step to `path` leads into the directory above it, and nowhere else.
fn checked(step: &str, path: &Path) -> Result<(), FolderError> {
    if matches!(step, "" | "." | "..") { Err(FolderError::NotAFile(path.into())) } else { Ok(()) }
}

fn publish_evidence<S: Storage>(
    storage: &S,
    log: &Log,
    id: TileId,
    start: u64,
    directory: &Path,
    tree: &mut Tree<'_>,
) -> Result<(), PublishError<S::Error>> {
    let path = directory.join(id.to_string());
    // Only what lies below the mark may have been erased since it was written.
    let erased = start < log.erased();
    let empty = u64::from(id.width()).saturating_mul(2);
    match path.symlink_metadata() {
        Ok(found) if found.is_file() && (!erased || found.len() == empty) => tree.holds(&path),
        _ => tree.write(&path, &log.read_evidence(storage, id)?, Readers::Owner)?,
    }
    if erased { tree.forget_partial(directory, id.index(), Some(id.width())) } else { Ok(()) }
}

/// The directories of a log while it is published.
struct Tree<'a> {
    names: &'a dyn Names,
    log: &'a Path,
    evidence: Option<&'a Path>,
    /// Those in which names are to become durable.
    touched: BTreeSet<PathBuf>,
    /// Something was removed, which may have left a directory empty.
    removed: bool,
}

impl<'a> Tree<'a> {
    const fn new(names: &'a dyn Names, log: &'a Path, evidence: Option<&'a Path>) -> Self {
        Self { names, log, evidence, touched: BTreeSet::new(), removed: false }
    }

    /// Writes a file so that it is there whole or not at all.
    fn write<E: std::error::Error>(
        &mut self,
        path: &Path,
        bytes: &[u8],
        readers: Readers,
    ) -> Result<(), PublishError<E>> {
        let failed = |source| PublishError::Io { path: path.into(), source };
        let missing = path.ancestors().skip(1).take_while(|above| !above.as_os_str().is_empty() && !above.is_dir());
        let missing: Vec<&Path> = missing.collect();
        missing.into_iter().rev().try_for_each(|above| self.names.make_directory(above)).map_err(failed)?;
        let unfinished = unfinished(path);
        let written = self.names.write(&unfinished, bytes, readers);
        if let Err(error) = written.and_then(|()| self.names.rename(&unfinished, path)) {
            // It would take room on a full disk. Where that fails too, the next call does it.
            let _ = self.names.remove(&unfinished);
            return Err(failed(error));
        }
        self.holds(path);
        Ok(())
    }

    /// Removes what earlier calls left that was not whole, whatever size the log had then, and directories that
    /// nothing is in.
    fn clear<E: std::error::Error>(&mut self) -> Result<(), PublishError<E>> {
        self.forget(&unfinished(&self.log.join(CHECKPOINT)))?;
        self.clear_below(&self.log.join("tile"))?;
        self.evidence.map_or(Ok(()), |evidence| self.clear_below(evidence))
    }

    fn clear_below<E: std::error::Error>(&mut self, top: &Path) -> Result<(), PublishError<E>> {
        let mut directories = vec![top.to_path_buf()];
        let mut next = 0;
        while let Some(directory) = directories.get(next).cloned() {
            next = next.saturating_add(1);
            let failed = |source| PublishError::Io { path: directory.clone(), source };
            let entries = match fs::read_dir(&directory) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(failed)?,
            };
            for entry in entries {
                let entry = entry.map_err(failed)?;
                let (name, is_directory) = (entry.file_name(), entry.file_type().map_err(failed)?.is_dir());
                let Some(name) = name.to_str() else { continue };
                if is_directory && is_step(name) {
                    directories.push(entry.path());
                } else if !is_directory && name.strip_suffix(UNFINISHED).is_some_and(is_number) {
                    self.forget(&entry.path())?;
                }
            }
        }
        // What is in a directory comes after it.
        for directory in directories.iter().skip(1).rev() {
            let failed = |source| PublishError::Io { path: directory.clone(), source };
            if fs::read_dir(directory).map_err(failed)?.next().is_none() {
                self.names.remove_directory(directory).map_err(failed)?;
                self.touched.remove(directory);
                self.touch(parent(directory));
            }
        }
        Ok(())
    }

    /// The name of this file is to be durable, and so are those of the directories on the way: each may have been
    /// made by a call before that failed.
    fn holds(&mut self, path: &Path) {
        self.touch(parent(path));
    }

    fn touch(&mut self, directory: &Path) {
        let named = |above: &Path| if above.as_os_str().is_empty() { ".".into() } else { above.into() };
        self.touched.extend(directory.ancestors().map(named));
    }

    /// Whether a directory is that of the log or of its evidence, within one of them, or right above.
    fn is_ours(&self, directory: &Path) -> bool {
        let within = |top: &Path| directory.starts_with(top) || parent(top) == directory;
        within(self.log) || self.evidence.is_some_and(within)
    }

    fn forget<E: std::error::Error>(&mut self, path: &Path) -> Result<(), PublishError<E>> {
        let failed = |source| PublishError::Io { path: path.into(), source };
        self.removed |= path.symlink_metadata().is_ok();
        self.names.remove(path).map_err(failed)?;
        // A call that failed may have removed it, and its directory.
        if let Some(above) = path.ancestors().skip(1).find(|above| above.is_dir()) {
            self.touch(above);
        }
        Ok(())
    }

    /// Removes the partial bundles at `index` below `directory`, but that of width `keep`: what was
    /// erased must not live on in the file of an earlier size.
    fn forget_partial<E: std::error::Error>(
        &mut self,
        directory: &Path,
        index: u64,
        keep: Option<u16>,
    ) -> Result<(), PublishError<E>> {
        let widths = (1..TILE_WIDTH).filter(|width| keep != Some(*width));
        for id in widths.filter_map(|width| TileId::new(0, index, width).ok()) {
            let path = directory.join(id.to_string());
            if id.width() == 1 && !parent(&path).exists() {
                break;
            }
            self.forget(&path)?;
        }
        Ok(())
    }

    /// Makes all names durable, then those of the checkpoint.
    fn finish<E: std::error::Error>(mut self, checkpoint: Option<&[u8]>) -> Result<(), PublishError<E>> {
        if self.removed {
            self.clear()?;
        }
        self.sync()?;
        match checkpoint {
            Some(note) => {
                self.write(&self.log.join(CHECKPOINT), note, Readers::ByMask)?;
                self.sync()
            }
            None => Ok(()),
        }
    }

    fn sync<E: std::error::Error>(&mut self) -> Result<(), PublishError<E>> {
        for path in core::mem::take(&mut self.touched) {
            match self.names.sync(&path) {
                // Above, it may not be ours to read, or on a file system that syncs no directories.
                Err(error) if !self.is_ours(&path) && cannot_be_synced(&error) => {}
                synced => synced.map_err(|source| PublishError::Io { path, source })?,
            }
        }
        Ok(())
    }
}

/// Whether a directory below the tiles or the evidence of a log is one of theirs.
fn is_step(name: &str) -> bool {
    name == "entries" || is_number(name.strip_suffix(".p").or(name.strip_prefix('x')).unwrap_or(name))
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it never can be, however often it is tried.
fn cannot_be_synced(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use onecard::{
        crypto::SigningKey,
        tlog::{BundleEntries, LogKey, MemoryStorage},
    };
    use tempfile::TempDir;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }

    struct Fixture {
        storage: MemoryStorage,
        log: Log,
        directory: TempDir,
    }

    impl Fixture {
        fn of(size: u64) -> Self {
            let storage = MemoryStorage::new();
            let log = Log::open(&storage, LogKey(0), "onecard.example/310101").unwrap();
            let mut fixture = Self { storage, log, directory: tempfile::tempdir().unwrap() };
            fixture.grow(size);
            fixture
        }

        fn grow(&mut self, size: u64) {
            let mut batch = self.log.begin();
            for index in self.log.size()..size {
                let evidence = (index % 3 == 0).then_some(&b"evidence"[..]);
                batch.push(&index.to_be_bytes(), evidence).unwrap();
            }
            self.apply(batch);
            self.publish();
        }

        fn apply(&mut self, batch: onecard::tlog::Batch) {
            self.storage.commit(&batch.writes()).unwrap();
            self.log.apply(batch).unwrap();
        }

        fn publish(&self) {
            let signed = SignedCheckpoint::sign(self.log.checkpoint(), &key());
            let (log, evidence) = (self.path("ledger"), self.path("evidence"));
            publish(&self.storage, &self.log, &signed, &log, Some(&evidence)).unwrap();
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn folder(&self) -> Folder {
            Folder::new(self.directory.path())
        }

        fn read(&self, name: &str) -> Vec<u8> {
            self.folder().read(name).unwrap().unwrap().into_owned()
        }
    }

    #[test]
    fn what_is_published_is_what_the_log_holds() {
        let mut fixture = Fixture::of(0);
        for size in [1, 255, 256, 257, 600] {
            fixture.grow(size);
            let checkpoint = SignedCheckpoint::sign(fixture.log.checkpoint(), &key());
            assert_eq!(fixture.read("ledger/checkpoint"), checkpoint.note().as_bytes());
            for resource in tiles_of(size) {
                let expected = match resource {
                    Resource::Hashes(id) => fixture.log.read_tile(&fixture.storage, id).unwrap(),
                    Resource::Entries(id) => fixture.log.read_bundle(&fixture.storage, id).unwrap(),
                };
                assert_eq!(fixture.read(&format!("ledger/{resource}")), expected, "{resource} at {size}");
            }
        }
        // Names that end where a directory's goes on, and that sort before and after what follows there.
        for name in ["tile/entries/000.p-x", "tile/entries/000.p0", "tile.x", "tile-x"] {
            fs::write(fixture.path("ledger").join(name), b"").unwrap();
        }
        let listed = fixture.folder().list().paths;
        assert!(listed.is_sorted() && listed.contains(&"evidence/002.p/88".to_owned()));
        // Partial files of earlier checkpoints stay, as tlog-tiles asks.
        assert!(listed.contains(&"ledger/tile/entries/000.p/255".to_owned()));
        let evidence = fixture.read("evidence/002.p/88");
        let kept = BundleEntries::new(&evidence, 88).map(|entry| entry.unwrap().len()).collect::<Vec<_>>();
        assert_eq!(kept.iter().filter(|&&length| length == 8).count(), 29, "of 512 to 599, every third");
    }

    #[test]
    fn publishing_again_changes_no_file_but_the_checkpoint() {
        let fixture = Fixture::of(300);
        let spoiled = fixture.path("ledger/tile/0/000");
        fs::write(&spoiled, b"left alone").unwrap();
        fixture.publish();
        assert_eq!(fs::read(&spoiled).unwrap(), b"left alone");
        fs::remove_file(&spoiled).unwrap();
        fixture.publish();
        assert_eq!(fs::read(&spoiled).unwrap().len(), 8_192);
    }

    /// Who may make names in a published directory may not have other files written so.
    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_planted_link() {
        let mut fixture = Fixture::of(1);
        let victim = fixture.path("victim");
        fs::write(&victim, b"left alone").unwrap();
        for name in ["ledger/checkpoint", "ledger/tile/entries/000.p/2"] {
            let unfinished = unfinished(&fixture.path(name));
            fs::create_dir_all(parent(&unfinished)).unwrap();
            std::os::unix::fs::symlink(&victim, unfinished).unwrap();
        }
        fixture.grow(2);
        assert_eq!(fs::read(&victim).unwrap(), b"left alone");
        assert!(fixture.read("ledger/checkpoint").starts_with(b"onecard.example/310101\n2\n"));
        assert!(!fixture.read("ledger/tile/entries/000.p/2").is_empty());
    }

    #[test]
    fn erased_and_pruned_goes_from_the_directories_too() {
        let mut fixture = Fixture::of(100);
        fixture.grow(550);
        fixture.grow(600);
        fixture.apply(fixture.log.erase(520, u32::MAX));
        fixture.publish();
        for gone in ["evidence/000.p/100", "evidence/002.p/38"] {
            assert!(!fixture.path(gone).exists(), "{gone}");
        }
        assert_eq!(fixture.read("evidence/000"), [0; 512], "256 times nothing");
        fixture.apply(fixture.log.prune(300, 9));
        fixture.publish();
        let entries = |name: &str| fixture.path(&format!("ledger/tile/entries/{name}")).exists();
        assert!(!entries("000") && !entries("000.p/100") && entries("001"));
    }

    #[test]
    fn another_logs_checkpoint_is_not_published() {
        let fixture = Fixture::of(3);
        let before = fixture.read("ledger/checkpoint");
        let mut checkpoint = fixture.log.checkpoint();
        checkpoint.root.0[0] ^= 1;
        let signed = SignedCheckpoint::sign(checkpoint, &key());
        let refused = publish(&fixture.storage, &fixture.log, &signed, &fixture.path("ledger"), None);
        assert!(matches!(refused, Err(PublishError::Log(LogError::OtherRoot(3)))));
        assert_eq!(fixture.read("ledger/checkpoint"), before);
    }

    #[test]
    fn hostile_names_and_sizes() {
        let fixture = Fixture::of(3);
        let folder = fixture.folder();
        assert!(folder.read("ledger/nothing").unwrap().is_none());
        assert!(folder.read("nothing/at/all").unwrap().is_none());
        fs::write(fixture.path("statement.cbor"), b"1").unwrap();
        assert_eq!(fixture.read("statement.cbor"), b"1");
        for name in [
            "",
            "..",
            "ledger/..",
            "ledger/../ledger/checkpoint",
            "ledger//checkpoint",
            "ledger/checkpoint/",
            "/etc/hostname",
            "/statement.cbor",
            "ledger",
            "./ledger",
        ] {
            assert!(matches!(folder.read(name), Err(FolderError::NotAFile(_))), "{name}");
        }
        // A sparse file as large as a disk is not read.
        let bundle = File::options().write(true).open(fixture.path("ledger/tile/entries/000.p/3")).unwrap();
        bundle.set_len(1 << 40).unwrap();
        assert!(matches!(folder.read("ledger/tile/entries/000.p/3"), Err(FolderError::TooLong { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn what_would_be_waited_for_is_refused() {
        let fixture = Fixture::of(3);
        let _listener = std::os::unix::net::UnixListener::bind(fixture.path("ledger/socket")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(fixture.path("ledger/pipe")).status().unwrap();
        assert!(made.success());
        for name in ["ledger/socket", "ledger/pipe"] {
            assert!(matches!(fixture.folder().read(name), Err(FolderError::NotAFile(_))), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_refused() {
        let (fixture, other) = (Fixture::of(3), Fixture::of(3));
        for name in ["ledger/checkpoint", "ledger/tile/0", "ledger/tile/entries/000.p/3"] {
            let path = fixture.path(name);
            let aside = fixture.path("aside");
            let below = if name == "ledger/tile/0" { "ledger/tile/0/000.p/3" } else { name };
            let knowing = fixture.folder();
            assert!(knowing.read(below).unwrap().is_some());
            fs::rename(&path, &aside).unwrap();
            std::os::unix::fs::symlink(other.path(name), &path).unwrap();
            if below == name {
                assert!(matches!(knowing.read(below), Err(FolderError::NotAFile(found)) if found == path), "{name}");
            }
            assert!(
                matches!(fixture.folder().read(below), Err(FolderError::NotAFile(found)) if found == path),
                "{name}"
            );
            assert!(fixture.folder().list().paths.iter().any(|found| found == name), "an audit sees that it is there");
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
        }
    }
}
