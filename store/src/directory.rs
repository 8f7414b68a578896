//! Logs as plain files (C2SP tlog-tiles): published for others to fetch, and read back to audit.
//!
//! ```text
//! checkpoint                      the signed note
//! tile/<level>/<index>[.p/<w>]    hashes
//! tile/entries/<index>[.p/<w>]    entries, each a link and a body
//! tile/evidence/<index>[.p/<w>]   what is kept beside entries; empty where there is nothing
//! ```
//!
//! A file appears whole or not at all, and the checkpoint appears last, so a reader never finds a
//! checkpoint whose tiles are not there. Neither side holds more than one bundle in memory. A
//! directory comes from anywhere: sizes are checked before files are read, and what is not a plain
//! file below the directory is refused.

use crate::redb_storage::sync_directory;
use onecard::{
    crypto::Hash,
    limits::{MAX_BODY, MAX_NOTE},
    tlog::{
        BundleEntries, BundleError, Chain, Log, LogError, NoteError, NoteVerifier, Resource, SignedCheckpoint, Storage,
        TileId, tiles_of,
    },
};
use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

const CHECKPOINT: &str = "checkpoint";

/// A log cannot be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError<E: std::error::Error + 'static> {
    /// The log cannot be read, or the checkpoint is not the log's.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// A file cannot be written.
    #[error("the file system failed at {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// How it failed.
        source: io::Error,
    },
}

/// A published log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// There is no such file.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// A symbolic link, a directory or a device where a file should be.
    #[error("{} is not a plain file", .0.display())]
    NotAFile(PathBuf),
    /// The file has another size than it can have.
    #[error("{} has {found} bytes, {allowed} are allowed", .path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// Its size.
        found: u64,
        /// The size it must have, or the most it may have.
        allowed: u64,
    },
    /// The file system failed.
    #[error("the file system failed at {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// How it failed.
        source: io::Error,
    },
    /// The checkpoint is refused.
    #[error("{} is not a checkpoint of the log", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        source: NoteError,
    },
    /// A bundle is malformed.
    #[error("{} is malformed", .path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// How.
        source: BundleError,
    },
    /// An entry does not start with the link of the one before.
    #[error("entry {index} in {} does not follow the one before", .path.display())]
    Link {
        /// The file.
        path: PathBuf,
        /// The entry.
        index: u64,
    },
    /// A tile is not what the entries say.
    #[error("{} does not fit the entries", .0.display())]
    Hashes(PathBuf),
    /// The entries lead to another root than the checkpoint's.
    #[error("the entries are not those of the checkpoint")]
    Root,
}

/// Writes `log` as it was at `signed` to `directory`, which may hold an earlier state of it.
///
/// Files that cannot have changed since are left alone, so each call costs what is new. Bodies that
/// were pruned and evidence that was erased are removed from the directory too.
///
/// # Errors
/// [`PublishError`]; the checkpoint there is unchanged then, and all it needs is there.
pub fn publish<S: Storage>(
    storage: &S,
    log: &Log,
    signed: &SignedCheckpoint,
    directory: &Path,
) -> Result<(), PublishError<S::Error>> {
    // Refuses a checkpoint that is not this log's.
    log.checkpoint_write(storage, signed)?;
    for resource in tiles_of(signed.size()) {
        let id = resource.id();
        let path = directory.join(resource.to_string());
        if let Resource::Entries(_) = resource {
            let evidence = Resource::Evidence(id);
            let start = id.index().saturating_mul(256);
            publish_evidence(storage, log, id, start, &directory.join(evidence.to_string()))?;
            if start < log.erased() {
                forget_partial(directory, Resource::Evidence, id.index(), Some(id.width()))?;
            }
            if start < log.pruned() {
                forget(&path)?;
                forget_partial(directory, Resource::Entries, id.index(), None)?;
                continue;
            }
        }
        // Tiles and bundles of one name never change.
        if path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            continue;
        }
        let bytes = match resource {
            Resource::Hashes(id) => log.read_tile(storage, id)?,
            Resource::Entries(id) | Resource::Evidence(id) => log.read_bundle(storage, id)?,
        };
        write(&path, &bytes)?;
    }
    write(&directory.join(CHECKPOINT), signed.note().as_bytes())
}

/// A published log, with its checkpoint verified and the rest not yet.
#[derive(Clone, Debug)]
pub struct LogDirectory {
    path: PathBuf,
    signed: SignedCheckpoint,
}

impl LogDirectory {
    /// Reads the checkpoint and verifies the log's signature on it.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn open(path: &Path, log: &NoteVerifier) -> Result<Self, DirectoryError> {
        let note = read(path, CHECKPOINT, Allowed::AtMost(MAX_NOTE))?;
        let refused = |source| DirectoryError::Checkpoint { path: path.join(CHECKPOINT), source };
        let signed = SignedCheckpoint::verify(&note, log).map_err(refused)?;
        Ok(Self { path: path.into(), signed })
    }

    /// The checkpoint.
    #[must_use]
    pub const fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// Reads a tile or bundle, of the right size but not verified. For a partial one that is gone,
    /// the start of the full one is given (tlog-tiles, "Partial Tiles").
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn read(&self, resource: Resource) -> Result<Vec<u8>, DirectoryError> {
        match (read(&self.path, &resource.to_string(), allowed(resource)), full(resource)) {
            (Err(DirectoryError::Missing(missing)), Some(full)) => {
                match read(&self.path, &full.to_string(), allowed(full)) {
                    Ok(bytes) => self.start_of(full, bytes, resource.id().width()),
                    Err(DirectoryError::Missing(_)) => Err(DirectoryError::Missing(missing)),
                    Err(error) => Err(error),
                }
            }
            (result, _) => result,
        }
    }

    /// Reads every entry and checks it against the one before, and the tree against the checkpoint.
    /// Hands each body and the evidence beside it to `visit`, in order.
    ///
    /// What `visit` saw counts only when this returns `Ok`: the root is known at the end. Evidence
    /// is not part of the tree; its hash in the entry is for the caller to check.
    ///
    /// # Errors
    /// [`DirectoryError`] with the first file that is wrong.
    pub fn replay(&self, mut visit: impl FnMut(u64, &[u8], &[u8])) -> Result<(), DirectoryError> {
        let mut chain = Chain::new(self.signed.origin().as_str());
        for resource in tiles_of(self.signed.size()) {
            let Resource::Entries(id) = resource else { break };
            let (entries, evidence) = (self.read(resource)?, self.read(Resource::Evidence(id)));
            // Who publishes without evidence publishes no such files.
            let evidence = match evidence {
                Err(DirectoryError::Missing(_)) => None,
                evidence => Some(evidence?),
            };
            let mut beside = evidence.as_ref().map(|bundle| BundleEntries::new(bundle, id.width()));
            for entry in BundleEntries::new(&entries, id.width()) {
                let entry = entry.map_err(|source| self.bundle(resource, source))?;
                let attachment = beside.as_mut().and_then(Iterator::next).unwrap_or(Ok(&[]));
                let attachment = attachment.map_err(|source| self.bundle(Resource::Evidence(id), source))?;
                let index = chain.size();
                let body = entry.strip_prefix(&chain.link().0).filter(|body| body.len() <= MAX_BODY);
                let link = || DirectoryError::Link { path: self.path.join(resource.to_string()), index };
                let body = body.ok_or_else(link)?;
                chain.push(body).map_err(|_| link())?;
                visit(index, body, attachment);
            }
            if let Some(Err(source)) = beside.as_mut().and_then(Iterator::next) {
                return Err(self.bundle(Resource::Evidence(id), source));
            }
        }
        if chain.root() == self.signed.root() { Ok(()) } else { Err(DirectoryError::Root) }
    }

    /// Checks every tile of hashes against the entries, beside what [`LogDirectory::replay`] checks.
    ///
    /// # Errors
    /// [`DirectoryError`] with the first file that is wrong.
    pub fn verify(&self) -> Result<(), DirectoryError> {
        // The hashes after the last full tile of each level, as in the log itself.
        let mut edge: [Vec<u8>; 8] = Default::default();
        let mut chain = Chain::new(self.signed.origin().as_str());
        let (mut wrong, mut counts) = (Ok(()), [0u64; 8]);
        self.replay(|_, body, _| {
            if wrong.is_err() {
                return;
            }
            let Ok(link) = chain.push(body) else { return };
            wrong = self.add_hash(&mut edge, &mut counts, link);
        })?;
        wrong?;
        for ((level, hashes), index) in (0u8..).zip(&edge).zip(counts) {
            if let Ok(id) = TileId::new(level, index, (hashes.len() / 32) as u16) {
                self.compare(Resource::Hashes(id), hashes)?;
            }
        }
        Ok(())
    }

    fn add_hash(&self, edge: &mut [Vec<u8>; 8], counts: &mut [u64; 8], leaf: Hash) -> Result<(), DirectoryError> {
        let mut hash = leaf;
        for ((level, hashes), count) in (0u8..).zip(edge).zip(counts) {
            hashes.extend_from_slice(&hash.0);
            if hashes.len() < 8_192 {
                break;
            }
            if let Ok(id) = TileId::new(level, *count, 256) {
                self.compare(Resource::Hashes(id), hashes)?;
            }
            let mut tree = onecard::tlog::Frontier::new();
            hashes.as_chunks::<32>().0.iter().for_each(|hash| tree.push(Hash(*hash)));
            hash = tree.root();
            hashes.clear();
            *count = count.saturating_add(1);
        }
        Ok(())
    }

    fn compare(&self, resource: Resource, expected: &[u8]) -> Result<(), DirectoryError> {
        if self.read(resource)? == expected {
            return Ok(());
        }
        Err(DirectoryError::Hashes(self.path.join(resource.to_string())))
    }

    /// The first `width` hashes or entries of a full tile or bundle.
    fn start_of(&self, full: Resource, mut bytes: Vec<u8>, width: u16) -> Result<Vec<u8>, DirectoryError> {
        let length = if let Resource::Hashes(_) = full {
            usize::from(width).saturating_mul(32)
        } else {
            let mut length = 0usize;
            for entry in BundleEntries::new(&bytes, full.id().width()).take(width.into()) {
                let entry = entry.map_err(|source| self.bundle(full, source))?;
                length = length.saturating_add(entry.len()).saturating_add(2);
            }
            length
        };
        bytes.truncate(length);
        Ok(bytes)
    }

    fn bundle(&self, resource: Resource, source: BundleError) -> DirectoryError {
        DirectoryError::Bundle { path: self.path.join(resource.to_string()), source }
    }
}

/// What a file's size must be.
#[derive(Clone, Copy)]
enum Allowed {
    Exactly(usize),
    AtMost(usize),
}

fn allowed(resource: Resource) -> Allowed {
    let width = resource.id().width();
    match resource {
        Resource::Hashes(_) => Allowed::Exactly(usize::from(width).saturating_mul(32)),
        Resource::Entries(_) | Resource::Evidence(_) => Allowed::AtMost(BundleEntries::max_len(width)),
    }
}

/// The full tile or bundle that a partial one grows into.
fn full(resource: Resource) -> Option<Resource> {
    let id = resource.id();
    let grown = TileId::new(id.level(), id.index(), 256).ok().filter(|_| !id.is_full())?;
    Some(match resource {
        Resource::Hashes(_) => Resource::Hashes(grown),
        Resource::Entries(_) => Resource::Entries(grown),
        Resource::Evidence(_) => Resource::Evidence(grown),
    })
}

fn read(directory: &Path, name: &str, allowed: Allowed) -> Result<Vec<u8>, DirectoryError> {
    let mut path = directory.to_path_buf();
    let failed = |path: &Path, source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => DirectoryError::Missing(directory.join(name)),
        _ => DirectoryError::Io { path: path.into(), source },
    };
    // No step of the way may be a symbolic link, or the file could be any file of this machine.
    let mut steps = name.split('/').peekable();
    while let Some(step) = steps.next() {
        path.push(step);
        let found = path.symlink_metadata().map_err(|source| failed(&path, source))?;
        let right = if steps.peek().is_some() { found.is_dir() } else { found.is_file() };
        if !right {
            return Err(DirectoryError::NotAFile(path));
        }
    }
    let file = File::open(&path).map_err(|source| failed(&path, source))?;
    let found = file.metadata().map_err(|source| failed(&path, source))?.len();
    let (right, most) = match allowed {
        Allowed::Exactly(length) => (found == length as u64, length as u64),
        Allowed::AtMost(length) => (found <= length as u64, length as u64),
    };
    let wrong = |path: PathBuf, found| DirectoryError::Size { path, found, allowed: most };
    if !right {
        return Err(wrong(path, found));
    }
    let mut bytes = Vec::with_capacity(found as usize);
    // A file that grows or shrinks meanwhile is refused too.
    file.take(found.saturating_add(1)).read_to_end(&mut bytes).map_err(|source| failed(&path, source))?;
    if bytes.len() as u64 == found { Ok(bytes) } else { Err(wrong(path, bytes.len() as u64)) }
}

fn publish_evidence<S: Storage>(
    storage: &S,
    log: &Log,
    id: TileId,
    start: u64,
    path: &Path,
) -> Result<(), PublishError<S::Error>> {
    // Only what lies below the mark may have been erased since it was written.
    let empty = u64::from(id.width()).saturating_mul(2);
    match path.symlink_metadata() {
        Ok(found) if found.is_file() && (start >= log.erased() || found.len() == empty) => Ok(()),
        _ => write(path, &log.read_evidence(storage, id)?),
    }
}

/// Writes a file so that it is there whole, and durable, or not at all.
fn write<E: std::error::Error>(path: &Path, bytes: &[u8]) -> Result<(), PublishError<E>> {
    let failed = |source| PublishError::Io { path: path.into(), source };
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = File::create(&temporary).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&temporary, path).and_then(|()| sync_directory(parent)).map_err(failed)
}

fn forget<E: std::error::Error>(path: &Path) -> Result<(), PublishError<E>> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(PublishError::Io { path: path.into(), source }),
        _ => Ok(()),
    }
}

/// Removes the partial bundles at `index`, but that of width `keep`: what was erased must not live on
/// in the file of an earlier size.
fn forget_partial<E: std::error::Error>(
    directory: &Path,
    kind: fn(TileId) -> Resource,
    index: u64,
    keep: Option<u16>,
) -> Result<(), PublishError<E>> {
    for id in (1..256).filter(|width| keep != Some(*width)).filter_map(|width| TileId::new(0, index, width).ok()) {
        let path = directory.join(kind(id).to_string());
        if id.width() == 1 && !path.parent().is_some_and(Path::exists) {
            break;
        }
        forget(&path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use onecard::{
        crypto::SigningKey,
        tlog::{KeyKind, LogKey, MemoryStorage},
    };
    use tempfile::TempDir;

    const ORIGIN: &str = "onecard.example/310101";

    fn key() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }

    fn verifier() -> NoteVerifier {
        NoteVerifier::new(ORIGIN, KeyKind::Ed25519, key().verifying_key()).unwrap()
    }

    struct Fixture {
        storage: MemoryStorage,
        log: Log,
        directory: TempDir,
    }

    impl Fixture {
        fn of(size: u64) -> Self {
            let storage = MemoryStorage::new();
            let log = Log::open(&storage, LogKey(0), ORIGIN).unwrap();
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
            publish(&self.storage, &self.log, &signed, self.directory.path()).unwrap();
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn open(&self) -> Result<LogDirectory, DirectoryError> {
            LogDirectory::open(self.directory.path(), &verifier())
        }

        fn refused(&self) -> DirectoryError {
            self.open().and_then(|directory| directory.verify()).unwrap_err()
        }
    }

    #[test]
    fn published_and_read_back() {
        for sizes in [&[0u64][..], &[1], &[256], &[100, 255, 256, 257, 600], &[513, 514]] {
            let mut fixture = Fixture::of(0);
            for &size in sizes {
                fixture.grow(size);
                let directory = fixture.open().unwrap();
                directory.verify().unwrap();
                let mut seen = 0;
                let visit = |index: u64, body: &[u8], evidence: &[u8]| {
                    assert_eq!((index, body), (seen, &index.to_be_bytes()[..]));
                    assert_eq!(evidence.is_empty(), !index.is_multiple_of(3));
                    seen += 1;
                };
                directory.replay(visit).unwrap();
                assert_eq!((seen, directory.signed().root()), (size, fixture.log.root()));
            }
        }
    }

    #[test]
    fn an_old_checkpoint_reads_from_full_tiles() {
        let mut fixture = Fixture::of(100);
        let old = fixture.open().unwrap();
        fixture.grow(300);
        for kind in ["0", "entries", "evidence"] {
            fs::remove_dir_all(fixture.path(&format!("tile/{kind}/000.p"))).unwrap();
        }
        old.verify().unwrap();
    }

    #[test]
    fn every_spoiled_file_is_named() {
        let names = ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"];
        for name in names {
            let fixture = Fixture::of(300);
            let path = fixture.path(name);
            let good = fs::read(&path).unwrap();
            let mut bad = good.clone();
            let last = bad.len() - 1;
            bad[last] ^= 1;
            fs::write(&path, &bad).unwrap();
            match fixture.refused() {
                DirectoryError::Hashes(found) => assert_eq!(found, path),
                DirectoryError::Link { path: _, index: 256 } => assert_eq!(name, "tile/entries/000"),
                DirectoryError::Root => assert_eq!(name, "tile/entries/001.p/44"),
                error => panic!("{name}: {error}"),
            }
            fs::write(&path, &good[..last]).unwrap();
            let refused = fixture.refused();
            assert!(
                matches!(&refused, DirectoryError::Size { path: p, .. } | DirectoryError::Bundle { path: p, .. } if *p == path)
            );
            fs::remove_file(&path).unwrap();
            assert!(matches!(fixture.refused(), DirectoryError::Missing(found) if found == path), "{name}");
            fs::create_dir(&path).unwrap();
            assert!(matches!(fixture.refused(), DirectoryError::NotAFile(found) if found == path), "{name}");
        }
        let fixture = Fixture::of(3);
        fs::write(fixture.path("tile/evidence/000.p/3"), [0, 0, 0, 0, 0]).unwrap();
        assert!(matches!(fixture.refused(), DirectoryError::Bundle { .. }));
        fs::remove_file(fixture.path("tile/evidence/000.p/3")).unwrap();
        fixture.open().unwrap().verify().unwrap();
    }

    #[test]
    fn hostile_checkpoints_and_sizes() {
        let fixture = Fixture::of(3);
        fs::write(fixture.path("checkpoint"), vec![b'a'; MAX_NOTE + 1]).unwrap();
        assert!(matches!(fixture.refused(), DirectoryError::Size { .. }));
        fs::write(fixture.path("checkpoint"), "?").unwrap();
        assert!(matches!(fixture.refused(), DirectoryError::Checkpoint { .. }));
        fs::remove_file(fixture.path("checkpoint")).unwrap();
        assert!(matches!(fixture.refused(), DirectoryError::Missing(_)));
        // A signed size that no directory has ends at the first bundle.
        let mut checkpoint = fixture.log.checkpoint();
        checkpoint.size = u64::MAX;
        fs::write(fixture.path("checkpoint"), checkpoint.sign(&key())).unwrap();
        assert!(matches!(fixture.refused(), DirectoryError::Missing(_)));
        // A sparse file as large as a disk is not read.
        fixture.publish();
        let bundle = File::options().write(true).open(fixture.path("tile/entries/000.p/3")).unwrap();
        bundle.set_len(1 << 40).unwrap();
        assert!(matches!(fixture.refused(), DirectoryError::Size { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_refused() {
        let (fixture, other) = (Fixture::of(3), Fixture::of(3));
        for name in ["checkpoint", "tile/0", "tile/entries/000.p/3", "tile"] {
            let path = fixture.path(name);
            let aside = fixture.path("aside");
            fs::rename(&path, &aside).unwrap();
            std::os::unix::fs::symlink(other.path(name), &path).unwrap();
            assert!(matches!(fixture.refused(), DirectoryError::NotAFile(found) if found == path), "{name}");
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
        }
        fixture.open().unwrap().verify().unwrap();
    }

    #[test]
    fn erased_and_pruned_goes_from_the_directory_too() {
        let mut fixture = Fixture::of(100);
        fixture.grow(550);
        fixture.grow(600);
        fixture.apply(fixture.log.erase(520, u32::MAX));
        fixture.publish();
        let mut with_evidence = vec![];
        let visit = |index, _: &[u8], evidence: &[u8]| {
            if !evidence.is_empty() {
                with_evidence.push(index);
            }
        };
        fixture.open().unwrap().replay(visit).unwrap();
        assert_eq!(with_evidence, (522..600).step_by(3).collect::<Vec<_>>());
        for gone in ["tile/evidence/000.p/100", "tile/evidence/002.p/38"] {
            assert!(!fixture.path(gone).exists(), "{gone}");
        }
        fixture.apply(fixture.log.prune(300, 9));
        fixture.publish();
        assert!(!fixture.path("tile/entries/000").exists() && !fixture.path("tile/entries/000.p/100").exists());
        assert!(fixture.path("tile/entries/001").exists());
        assert!(matches!(fixture.refused(), DirectoryError::Missing(_)));
    }

    #[test]
    fn another_logs_checkpoint_is_not_published() {
        let fixture = Fixture::of(3);
        let before = fs::read(fixture.path("checkpoint")).unwrap();
        let mut checkpoint = fixture.log.checkpoint();
        checkpoint.root.0[0] ^= 1;
        let signed = SignedCheckpoint::sign(checkpoint, &key());
        let refused = publish(&fixture.storage, &fixture.log, &signed, fixture.directory.path());
        assert!(matches!(refused, Err(PublishError::Log(LogError::OtherRoot(3)))));
        assert_eq!(fs::read(fixture.path("checkpoint")).unwrap(), before);
    }
}
