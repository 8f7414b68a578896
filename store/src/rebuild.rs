//! A store made again from published files, to move it or after its file was lost.

use crate::{
    Folder, FolderError, RedbStorage, StoreError,
    names::{InFileSystem, Names, shown, unfinished},
};
use onecard::{
    audit::Files as _,
    crypto::{Hash, sha256},
    tlog::{
        BundleEntries, EntryBundleError, Log, LogError, LogKey, NoteError, NoteVerifier, PushError, Resource, Row,
        Series, SignedCheckpoint, Storage, TILE_WIDTH, TileId, Write, tiles_of,
    },
};
use std::path::{Path, PathBuf};

/// Tiles written in one commit.
const AT_ONCE: usize = 256;

/// A log as [`publish`](crate::publish) wrote it.
#[derive(Clone, Debug)]
pub struct Published<'a> {
    /// Which log of the store it becomes.
    pub key: LogKey,
    /// The key that signed its checkpoint.
    pub verifier: NoteVerifier,
    /// Its directory.
    pub log: &'a Path,
    /// What was kept beside its entries, if that is to be there again.
    pub evidence: Option<&'a Path>,
}

/// A store cannot be rebuilt; there is none then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The store cannot be made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FolderError),
    /// A file is missing.
    #[error("{} is missing", shown(.0))]
    Missing(PathBuf),
    /// The checkpoint is refused.
    #[error("{}: {error}", shown(.path))]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        error: NoteError,
    },
    /// A bundle is not one.
    #[error("{}: {error}", shown(.path))]
    Bundle {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with it.
        error: EntryBundleError,
    },
    /// A file does not fit the others: the hashes differ.
    #[error("{} does not fit the hashes", shown(.0))]
    Content(PathBuf),
    /// An entry is none.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The log is not the one that was signed.
    #[error(transparent)]
    Log(#[from] LogError<StoreError>),
}

/// Makes a store at `path` of published logs: a city's is its ledger and the journals of its gates, a
/// gate's its journal alone. Every entry is hashed again, and the result is the tree that was signed.
/// Bodies that were pruned stay away.
///
/// What was recorded after the checkpoint is not in the files, so open the result with
/// [`Ledger::open_after`](onecard::ledger::Ledger::open_after) or
/// [`Gate::open_after`](onecard::gate::Gate::open_after).
///
/// # Errors
/// [`RebuildError`]; [`StoreError::Exists`] where there is a store. After an error it can be done again, or is
/// done: whatever is at `path` is whole.
pub fn rebuild(path: &Path, logs: &[Published<'_>]) -> Result<RedbStorage, RebuildError> {
    rebuild_named(path, logs, &InFileSystem)
}

pub(crate) fn rebuild_named(
    path: &Path,
    logs: &[Published<'_>],
    names: &dyn Names,
) -> Result<RedbStorage, RebuildError> {
    if path.symlink_metadata().is_ok() {
        return Err(StoreError::Exists(path.into()).into());
    }
    let unfinished = unfinished(path);
    let failed = |source| StoreError::Io { path: path.into(), source };
    names.remove(&unfinished).map_err(failed)?;
    let restored = RedbStorage::create_named(&unfinished, names).map_err(RebuildError::from).and_then(|mut storage| {
        // A part of a ledger would open as a ledger. The store is closed before it gets its name.
        logs.iter().try_for_each(|log| restore(&mut storage, log))
    });
    let named = restored.and_then(|()| Ok(names.rename(&unfinished, path).map_err(failed)?));
    if let Err(error) = named {
        // Where that fails too, the next call does it.
        let _ = names.remove(&unfinished);
        return Err(error);
    }
    Ok(RedbStorage::open_named(path, names)?)
}

/// SHA-256 over all that a log holds: two stores with the same digest of a log have the same entries,
/// the same evidence and the same checkpoint of it. Everything is verified on the way.
///
/// What was erased is not told apart from what never was.
///
/// # Errors
/// As [`Log::verify`].
pub fn content_digest<S: Storage>(storage: &S, log: &Log) -> Result<Hash, LogError<S::Error>> {
    log.verify(storage)?;
    let (size, pruned) = (log.size().to_be_bytes(), log.pruned().to_be_bytes());
    let note = log.kept_checkpoint(storage)?.unwrap_or_default();
    let mut digest = sha256(&[log.origin().as_str().as_bytes(), b"\n", &size, &pruned, &log.root().0, &note]);
    let mut take = |index: u64, evidence: &[u8]| {
        digest = sha256(&[&digest.0, &index.to_be_bytes(), evidence]);
        true
    };
    storage.scan(Series::Attachment, log.key(), 0..log.size(), &mut take).map_err(LogError::Storage)?;
    Ok(digest)
}

fn restore(storage: &mut RedbStorage, published: &Published<'_>) -> Result<(), RebuildError> {
    let (key, origin) = (published.key, published.verifier.name().as_str());
    let note = read(published.log, "checkpoint")?;
    let signed = SignedCheckpoint::verify(&note, &published.verifier)
        .map_err(|error| RebuildError::Checkpoint { path: published.log.join("checkpoint"), error })?;
    let bundles = tiles_of(signed.size()).filter_map(|resource| match resource {
        Resource::Entries(id) => Some(id),
        Resource::Hashes(_) => None,
    });
    let is_gone = |id: &TileId| {
        let path = published.log.join(Resource::Entries(*id).to_string());
        id.width() == TILE_WIDTH && path.symlink_metadata().is_err()
    };
    let gone = bundles.clone().take_while(is_gone).count();
    restore_tiles(storage, published, (gone as u64).saturating_mul(TILE_WIDTH.into()))?;
    let mut log = Log::open(storage, key, origin)?;
    for id in bundles.skip(gone) {
        let name = Resource::Entries(id).to_string();
        let bundle = read(published.log, &name)?;
        let evidence = published.evidence.map(|evidence| read(evidence, &id.to_string())).transpose()?;
        let wrong = |error| RebuildError::Bundle { path: published.log.join(&name), error };
        let mut evidence = evidence.as_deref().map(|bundle| BundleEntries::new(bundle, id.width()));
        let mut batch = log.begin();
        for entry in BundleEntries::new(&bundle, id.width()) {
            // The link comes before the body, and follows from what is before the entry.
            let body =
                entry.map_err(wrong)?.get(32..).ok_or_else(|| RebuildError::Content(published.log.join(&name)))?;
            let shown = evidence.as_mut().and_then(Iterator::next).transpose().map_err(wrong)?;
            batch.push(body, shown.filter(|shown| !shown.is_empty()))?;
        }
        storage.commit(&batch.writes())?;
        log.apply(batch).map_err(|_| RebuildError::Content(published.log.join(&name)))?;
        let tile = Resource::Hashes(id).to_string();
        if read(published.log, &tile)? != log.read_tile(storage, id)? || bundle != log.read_bundle(storage, id)? {
            return Err(RebuildError::Content(published.log.join(name)));
        }
    }
    let write = log.checkpoint_write(storage, &signed)?;
    Ok(storage.commit(&[log.expectation(), write])?)
}

/// What is left of the entries that were pruned: their tiles.
fn restore_tiles(storage: &mut RedbStorage, published: &Published<'_>, pruned: u64) -> Result<(), RebuildError> {
    if pruned == 0 {
        return Ok(());
    }
    let log = published.key;
    let tiles = tiles_of(pruned).filter_map(|resource| match resource {
        Resource::Hashes(id) if id.width() == TILE_WIDTH => Some(id),
        _ => None,
    });
    let mut writes = Vec::new();
    for id in tiles {
        let bytes = read(published.log, &Resource::Hashes(id).to_string())?;
        writes.push(Write::Put(Row::Tile { log, level: id.level(), index: id.index() }, bytes));
        if writes.len() == AT_ONCE {
            storage.commit(&writes)?;
            writes.clear();
        }
    }
    let count = pruned.to_be_bytes().to_vec();
    writes.extend([Write::Put(Row::Size { log }, count.clone()), Write::Put(Row::pruned(log), count)]);
    Ok(storage.commit(&writes)?)
}

fn read(directory: &Path, name: &str) -> Result<Vec<u8>, RebuildError> {
    let folder = Folder::new(directory);
    let bytes = folder.read(name)?.ok_or_else(|| RebuildError::Missing(directory.join(name)))?;
    Ok(bytes.into_owned())
}
