//! A log kept in a [`Storage`]: appended to by its owner, read by everybody.
//!
//! The state machine is pure. [`Log::begin`] gives a [`Batch`]; what the batch wants written is
//! committed by the caller, together with other logs' batches if need be; only then [`Log::apply`]
//! moves the log. Nothing derived is trusted when a log is opened: size, link and right edge are
//! computed from the rows again, and so is the root of the newest checkpoint.

use super::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    note::{KeyName, Note, NoteError},
    proof::{Nodes, ProveError, consistency_proof, inclusion_proof, root_of},
    storage::{LogKey, PRUNED, Row, Series, Storage, Write},
    tile::{EntryBundleError, TILE_WIDTH, TileId, encode_bundle_entry},
    tree::{BodyTooLong, Chain, Frontier, Subtrees, genesis, link_hash, subtree_root},
};
use crate::{crypto::Hash, limits::MAX_ENTRY};
use core::{cell::RefCell, ops::Range};

/// Bytes of a full tile of hashes.
const TILE_BYTES: usize = 8_192;
/// Name of the [`Row::Meta`] beside [`Row::pruned`].
const ERASED: u8 = 1;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It has to be there and is not.
    #[error("it is missing")]
    Missing,
    /// It must not be there.
    #[error("it lies beyond the end")]
    Beyond,
    /// It has another length than such a row has.
    #[error("it has a wrong length")]
    Length,
    /// Its content is not what the hashes say.
    #[error("its content does not fit the hashes")]
    Content,
}

/// A log cannot be opened or read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError<E> {
    /// The store failed.
    #[error("the store failed")]
    Storage(#[source] E),
    /// The store holds something else than this log wrote.
    #[error("{row} is damaged: {why}")]
    Damaged {
        /// The row.
        row: Row,
        /// What is wrong with it.
        why: Damage,
    },
    /// The origin, or the checkpoint kept, is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is of another log: where it is the one kept, so is all that the store holds.
    #[error("the checkpoint is of the log {0}")]
    OtherLog(KeyName),
    /// The checkpoint has another root than this log had at that size.
    #[error("the checkpoint of size {0} is not this log's")]
    OtherRoot(u64),
    /// The index or size is beyond the log's end.
    #[error("{at} is beyond the log's end at {size}")]
    OutOfRange {
        /// What was asked for.
        at: u64,
        /// The log's size.
        size: u64,
    },
    /// The body was pruned. Its link is still there, and so are all proofs.
    #[error("the body of entry {0} was pruned")]
    Pruned(u64),
    /// The log never had such a tile.
    #[error("the log has no such tile")]
    NoTile,
    /// A bundle cannot be encoded.
    #[error(transparent)]
    Bundle(#[from] EntryBundleError),
}

/// An entry cannot be appended; the batch is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The body is too long.
    #[error(transparent)]
    Body(#[from] BodyTooLong),
    /// The attachment is longer than a bundle can hold.
    #[error("the attachment has {0} bytes, more than {MAX_ENTRY}")]
    Attachment(usize),
}

/// A batch was begun on another log or another state of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the batch was begun at another state of the log")]
pub struct StaleBatch;

/// A checkpoint is not that of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint is not that of the batch")]
pub struct SealError;

/// The state of a log: enough to append and to know the root, whatever the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    key: LogKey,
    origin: KeyName,
    chain: Chain,
    edge: Edge,
    /// Bodies below this index are gone. A multiple of 256.
    pruned: u64,
    /// Attachments below this index are gone.
    erased: u64,
}

/// What a batch has to find unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    size: u64,
    link: Hash,
    pruned: u64,
    erased: u64,
}

/// The hashes after the last full tile of each level: always fewer than 256.
type Edge = [Subtrees; 8];

impl Log {
    /// Opens the log called `origin`; an empty store has an empty log.
    ///
    /// Reads the bodies after the last full tile and at most 255 tiles of each level.
    ///
    /// # Errors
    /// [`LogError`]; a damaged store is refused and the damaged row named.
    pub fn open<S: Storage>(storage: &S, key: LogKey, origin: &str) -> Result<Self, LogError<S::Error>> {
        let origin = KeyName::new(origin)?;
        let size = number(storage, Row::Size { log: key })?.unwrap_or(0);
        let pruned = number(storage, Row::pruned(key))?.unwrap_or(0);
        let erased = number(storage, Row::Meta { log: key, name: ERASED })?.unwrap_or(0);
        let whole = whole_tiles(size);
        if pruned > whole || !pruned.is_multiple_of(TILE_WIDTH.into()) {
            return Err(damaged(Row::pruned(key), Damage::Content));
        }
        if erased > size {
            return Err(damaged(Row::Meta { log: key, name: ERASED }, Damage::Content));
        }
        let beyond = Row::Entry { log: key, index: size };
        if storage.get(beyond).map_err(LogError::Storage)?.is_some() {
            return Err(damaged(beyond, Damage::Beyond));
        }
        let mut edge = Edge::default();
        let mut link = match whole.checked_sub(1) {
            Some(last) => *tile(storage, key, 0, last >> 8)?.last().unwrap_or(&Hash([0; 32])),
            None => genesis(origin.as_str()),
        };
        for ((level, above), below) in (1u8..).zip(edge.iter_mut().skip(1)).zip(0u8..) {
            let tiles = size.wrapping_shr(u32::from(level).saturating_mul(8));
            for index in whole_tiles(tiles)..tiles {
                above.push(subtree_root(&tile(storage, key, below, index)?));
            }
        }
        let [leaves, ..] = &mut edge;
        bodies(storage, key, whole..size, |_, body| {
            link = link_hash(&link, body);
            leaves.push(link);
            Ok(true)
        })?;
        let frontier = Frontier::from_nodes(size, |level, index| {
            edge_node(&edge, level, index).ok_or_else(|| damaged(Row::Size { log: key }, Damage::Content))
        })?;
        let log = Self { key, origin, chain: Chain::from_parts(link, frontier), edge, pruned, erased };
        log.check_kept_checkpoint(storage)?;
        Ok(log)
    }

    /// Which log inside its store.
    #[must_use]
    pub const fn key(&self) -> LogKey {
        self.key
    }

    /// The log's name.
    #[must_use]
    pub const fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.chain.size()
    }

    /// The last entry's link, or the genesis link.
    #[must_use]
    pub const fn link(&self) -> Hash {
        self.chain.link()
    }

    /// The Merkle root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.chain.root()
    }

    /// The running state, to follow the log from here in memory.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Index of the first entry whose body is still there.
    #[must_use]
    pub const fn pruned(&self) -> u64 {
        self.pruned
    }

    /// Index of the first entry whose attachment was not erased.
    #[must_use]
    pub const fn erased(&self) -> u64 {
        self.erased
    }

    /// What this log would sign now.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { origin: self.origin.clone(), size: self.size(), root: self.root() }
    }

    /// Starts to append.
    #[must_use]
    pub fn begin(&self) -> Batch {
        Batch { base: self.state(), log: self.clone(), writes: Vec::new() }
    }

    /// Takes over a batch whose writes were committed.
    ///
    /// # Errors
    /// [`StaleBatch`] when the batch was not begun at this state of this log; the log is unchanged.
    pub fn apply(&mut self, batch: Batch) -> Result<(), StaleBatch> {
        let same = batch.log.key == self.key && batch.log.origin == self.origin && batch.base == self.state();
        if !same {
            return Err(StaleBatch);
        }
        *self = batch.log;
        Ok(())
    }

    /// What makes a commit fail unless the store holds as many entries as this log. It belongs to every commit that
    /// follows from what the log knows; [`Batch::writes`] have it.
    #[must_use]
    pub fn expectation(&self) -> Write {
        expected(Row::Size { log: self.key }, self.size())
    }

    /// The write that keeps a signed checkpoint of this log, of its present or an earlier size: the
    /// newest one, or one whose cosignatures have arrived. Commit it together with [`Log::expectation`].
    ///
    /// # Errors
    /// [`LogError::OtherLog`], [`LogError::OtherRoot`] or [`LogError::OutOfRange`] when the checkpoint
    /// is not this log's; else as for reading.
    pub fn checkpoint_write<S: Storage>(
        &self,
        storage: &S,
        signed: &SignedCheckpoint,
    ) -> Result<Write, LogError<S::Error>> {
        if *signed.origin() != self.origin {
            return Err(LogError::OtherLog(signed.origin().clone()));
        }
        if self.root_at(storage, signed.size())? != signed.root() {
            return Err(LogError::OtherRoot(signed.size()));
        }
        Ok(Write::Put(Row::Checkpoint { log: self.key }, signed.note().into()))
    }

    /// The note kept with [`Log::checkpoint_write`] or [`Batch::seal`], if any. Verify it with
    /// [`SignedCheckpoint::verify`].
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn kept_checkpoint<S: Storage>(&self, storage: &S) -> Result<Option<Vec<u8>>, LogError<S::Error>> {
        storage.get(Row::Checkpoint { log: self.key }).map_err(LogError::Storage)
    }

    /// The root this log had at `size`.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn root_at<S: Storage>(&self, storage: &S, size: u64) -> Result<Hash, LogError<S::Error>> {
        self.within(size, self.size())?;
        if size == self.size() { Ok(self.root()) } else { root_of(size, &self.nodes(storage)) }
    }

    /// The link of entry `index`, which is its leaf hash; there for pruned entries too.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn link_at<S: Storage>(&self, storage: &S, index: u64) -> Result<Hash, LogError<S::Error>> {
        self.nodes(storage).node(0, index)
    }

    /// Proves that entry `index` is in this log as it was at `size` (RFC 9162 §2.1.3.1).
    ///
    /// It reads and hashes up to one tile of each level. Who makes many proofs asks
    /// [`TileCache::inclusion_proof`](super::TileCache::inclusion_proof).
    ///
    /// # Errors
    /// [`LogError`].
    pub fn inclusion_proof<S: Storage>(
        &self,
        storage: &S,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, LogError<S::Error>> {
        self.within(size, self.size())?;
        inclusion_proof(index, size, &self.nodes(storage)).map_err(flatten)
    }

    /// Proves that this log as it was at `new` extends itself as it was at `old` (RFC 9162 §2.1.4.1).
    ///
    /// # Errors
    /// [`LogError`].
    pub fn consistency_proof<S: Storage>(
        &self,
        storage: &S,
        old: u64,
        new: u64,
    ) -> Result<Vec<Hash>, LogError<S::Error>> {
        self.within(new, self.size())?;
        consistency_proof(old, new, &self.nodes(storage)).map_err(flatten)
    }

    /// The body of entry `index`.
    ///
    /// # Errors
    /// [`LogError::Pruned`] where it was pruned; otherwise a body that is not there is damage.
    pub fn body<S: Storage>(&self, storage: &S, index: u64) -> Result<Vec<u8>, LogError<S::Error>> {
        self.within(index.saturating_add(1), self.size())?;
        if index < self.pruned {
            return Err(LogError::Pruned(index));
        }
        required(storage, Row::Entry { log: self.key, index })
    }

    /// What is kept beside entry `index`, if anything was and it was not erased.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn attachment<S: Storage>(&self, storage: &S, index: u64) -> Result<Option<Vec<u8>>, LogError<S::Error>> {
        self.within(index.saturating_add(1), self.size())?;
        storage.get(Row::Attachment { log: self.key, index }).map_err(LogError::Storage)
    }

    /// Hands the bodies of the entries `indices` to `visit`, in order, until it returns `false`.
    ///
    /// # Errors
    /// [`LogError`]; a missing body is found when its turn comes.
    pub fn replay<S: Storage>(
        &self,
        storage: &S,
        indices: Range<u64>,
        mut visit: impl FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LogError<S::Error>> {
        self.within(indices.end, self.size())?;
        if indices.start < self.pruned.min(indices.end) {
            return Err(LogError::Pruned(indices.start));
        }
        bodies(storage, self.key, indices, |index, body| Ok(visit(index, body)))
    }

    /// A tile of hashes, as it is published: full, or partial as it was at an earlier size.
    ///
    /// # Errors
    /// [`LogError::NoTile`] when the log is not that large.
    pub fn read_tile<S: Storage>(&self, storage: &S, id: TileId) -> Result<Vec<u8>, LogError<S::Error>> {
        let hashes = self.tile_hashes(storage, id)?;
        Ok(hashes.iter().flat_map(|hash| hash.0).collect())
    }

    /// A bundle of entries (links and bodies), as it is published: full, or partial as it was at an
    /// earlier size. Every entry is checked against its leaf hash.
    ///
    /// # Errors
    /// [`LogError::NoTile`] when the log is not that large or `id` is not at level 0;
    /// [`LogError::Pruned`] when the bodies are gone.
    pub fn read_bundle<S: Storage>(&self, storage: &S, id: TileId) -> Result<Vec<u8>, LogError<S::Error>> {
        let range = self.bundle_range(id)?;
        if range.start < self.pruned {
            return Err(LogError::Pruned(range.start));
        }
        let links = self.tile_hashes(storage, id)?;
        let mut previous = match range.start.checked_sub(1) {
            Some(before) => self.link_at(storage, before)?,
            None => genesis(self.origin.as_str()),
        };
        let mut bundle = Vec::new();
        let mut links = links.iter();
        bodies(storage, self.key, range, |index, body| {
            let link = link_hash(&previous, body);
            if links.next() != Some(&link) {
                return Err(damaged(Row::Entry { log: self.key, index }, Damage::Content));
            }
            encode_bundle_entry(&mut bundle, &[&previous.0, body])?;
            previous = link;
            Ok(true)
        })?;
        Ok(bundle)
    }

    /// A bundle of attachments: the same format, empty where an entry has none (any longer).
    ///
    /// # Errors
    /// [`LogError::NoTile`] when the log is not that large or `id` is not at level 0.
    pub fn read_evidence<S: Storage>(&self, storage: &S, id: TileId) -> Result<Vec<u8>, LogError<S::Error>> {
        let range = self.bundle_range(id)?;
        let (mut bundle, mut next, mut result) = (Vec::new(), range.start, Ok(()));
        storage
            .scan(Series::Attachment, self.key, range.clone(), &mut |index, attachment| {
                (next..index).for_each(|_| bundle.extend([0, 0]));
                next = index.saturating_add(1);
                result = encode_bundle_entry(&mut bundle, &[attachment]);
                result.is_ok()
            })
            .map_err(LogError::Storage)?;
        result?;
        (next..range.end).for_each(|_| bundle.extend([0, 0]));
        Ok(bundle)
    }

    /// The writes that forget the bodies below `below`, in steps of at most `bundles` bundles; to be
    /// committed, then applied. Only full bundles are forgotten. Hashes stay, and with them every
    /// proof. An empty batch means that there is nothing left to do.
    #[must_use]
    pub fn prune(&self, below: u64, bundles: u16) -> Batch {
        let most = self.pruned.saturating_add(u64::from(bundles).saturating_mul(TILE_WIDTH.into()));
        let to = whole_tiles(below.min(self.size())).min(most).max(self.pruned);
        let mut batch = self.begin();
        batch.forget(Series::Entry, self.pruned..to, PRUNED);
        batch.log.pruned = to;
        batch
    }

    /// The writes that erase the attachments below `below`, at most `count` at a time; to be
    /// committed, then applied. An empty batch means that there is nothing left to do.
    #[must_use]
    pub fn erase(&self, below: u64, count: u32) -> Batch {
        let most = self.erased.saturating_add(count.into());
        let to = below.min(self.size()).min(most).max(self.erased);
        let mut batch = self.begin();
        batch.forget(Series::Attachment, self.erased..to, ERASED);
        batch.log.erased = to;
        batch
    }

    /// Reads everything and recomputes every hash: each body against its link, each tile against the
    /// tiles below it. Bounded memory.
    ///
    /// # Errors
    /// [`LogError::Damaged`] with the first row that is wrong.
    pub fn verify<S: Storage>(&self, storage: &S) -> Result<(), LogError<S::Error>> {
        let mut previous = match self.pruned.checked_sub(1) {
            Some(before) => self.link_at(storage, before)?,
            None => genesis(self.origin.as_str()),
        };
        let nodes = self.nodes(storage);
        bodies(storage, self.key, self.pruned..self.size(), |index, body| {
            previous = link_hash(&previous, body);
            if nodes.node(0, index)? == previous {
                return Ok(true);
            }
            Err(damaged(Row::Entry { log: self.key, index }, Damage::Content))
        })?;
        for (level, below) in (1u8..8).zip(0u8..) {
            let tiles = self.size().wrapping_shr(u32::from(level).saturating_mul(8));
            for index in 0..tiles {
                let root = subtree_root(&tile(storage, self.key, below, index)?);
                if nodes.node(level.saturating_mul(8), index)? != root {
                    return Err(damaged(Row::Tile { log: self.key, level: below, index }, Damage::Content));
                }
            }
        }
        Ok(())
    }

    const fn state(&self) -> State {
        State { size: self.size(), link: self.link(), pruned: self.pruned, erased: self.erased }
    }

    fn nodes<'a, S: Storage>(&'a self, storage: &'a S) -> StoredNodes<'a, S> {
        StoredNodes { log: self, storage, last: RefCell::new(None) }
    }

    pub(super) fn within<E>(&self, at: u64, size: u64) -> Result<(), LogError<E>> {
        if at <= size { Ok(()) } else { Err(LogError::OutOfRange { at, size }) }
    }

    fn check_kept_checkpoint<S: Storage>(&self, storage: &S) -> Result<(), LogError<S::Error>> {
        let row = Row::Checkpoint { log: self.key };
        let Some(note) = self.kept_checkpoint(storage)? else { return Ok(()) };
        // Whether the signature is good, the caller finds out who has the key.
        let kept = Checkpoint::parse(Note::parse(&note)?.text())?;
        if kept.origin != self.origin {
            return Err(LogError::OtherLog(kept.origin));
        }
        if kept.size > self.size() {
            return Err(damaged(row, Damage::Content));
        }
        if self.root_at(storage, kept.size)? != kept.root {
            return Err(LogError::OtherRoot(kept.size));
        }
        Ok(())
    }

    fn tile_hashes<S: Storage>(&self, storage: &S, id: TileId) -> Result<Vec<Hash>, LogError<S::Error>> {
        let width = usize::from(id.width());
        let edge = self.edge.get(usize::from(id.level())).ok_or(LogError::NoTile)?;
        let full = self.full_tiles(id.level());
        let mut hashes = match id.index().cmp(&full) {
            core::cmp::Ordering::Less => tile(storage, self.key, id.level(), id.index())?,
            core::cmp::Ordering::Equal if width <= edge.width() => edge.hashes().collect(),
            _ => return Err(LogError::NoTile),
        };
        hashes.truncate(width);
        Ok(hashes)
    }

    fn bundle_range<E>(&self, id: TileId) -> Result<Range<u64>, LogError<E>> {
        let start = id.index().checked_mul(TILE_WIDTH.into()).ok_or(LogError::NoTile)?;
        let end = start.checked_add(id.width().into()).ok_or(LogError::NoTile)?;
        if id.level() == 0 && end <= self.size() { Ok(start..end) } else { Err(LogError::NoTile) }
    }

    /// Where the node at `level` and `index` is found.
    pub(super) fn locate<E>(&self, level: u8, index: u64) -> Result<Place, LogError<E>> {
        let (tile_level, tile_index, hashes) = place(level, index).ok_or(LogError::NoTile)?;
        let full = self.full_tiles(tile_level);
        if tile_index == full
            && let Some(node) = edge_node(&self.edge, level, index)
        {
            return Ok(Place::Here(node));
        }
        if tile_index >= full {
            return Err(LogError::OutOfRange { at: index, size: self.size() });
        }
        Ok(Place::Tile(tile_level, tile_index, hashes))
    }

    /// Number of full tiles at `level`, 0 to 7.
    fn full_tiles(&self, level: u8) -> u64 {
        self.size().checked_shr(u32::from(level).saturating_add(1).saturating_mul(8)).unwrap_or(0)
    }
}

/// Entries to append, and what is to be written for them. It does not change its log; dropping it
/// forgets it.
#[derive(Clone, Debug)]
pub struct Batch {
    base: State,
    log: Log,
    writes: Vec<Write>,
}

impl Batch {
    /// Appends an entry, and beside it what may be erased later; returns its index.
    ///
    /// # Errors
    /// [`PushError`]; the batch is unchanged.
    pub fn push(&mut self, body: &[u8], attachment: Option<&[u8]>) -> Result<u64, PushError> {
        if let Some(attachment) = attachment
            && attachment.len() > MAX_ENTRY
        {
            return Err(PushError::Attachment(attachment.len()));
        }
        let (log, index) = (self.log.key, self.size());
        let link = self.log.chain.next(body)?;
        self.put(Row::Entry { log, index }, body.into());
        if let Some(attachment) = attachment {
            self.put(Row::Attachment { log, index }, attachment.into());
        }
        let root = self.push_hash(link);
        self.log.chain.complete(link, root);
        Ok(index)
    }

    /// The log after this batch. What it has that is not committed yet, no store can read.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// The log's size after this batch.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.log.size()
    }

    /// The last link after this batch.
    #[must_use]
    pub const fn link(&self) -> Hash {
        self.log.link()
    }

    /// The log's root after this batch.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.log.root()
    }

    /// What the log would sign after this batch.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.log.checkpoint()
    }

    /// Keeps a signed checkpoint of the state after this batch, in the same commit.
    ///
    /// # Errors
    /// [`SealError`] when it is a checkpoint of anything else; the batch is unchanged.
    pub fn seal(&mut self, signed: &SignedCheckpoint) -> Result<(), SealError> {
        if *signed.checkpoint() != self.checkpoint() {
            return Err(SealError);
        }
        self.put(Row::Checkpoint { log: self.log.key }, signed.note().into());
        Ok(())
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.base.size == self.size()
    }

    /// What is to be committed before [`Log::apply`].
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        let mut writes = self.writes.clone();
        self.finish(&mut writes);
        writes
    }

    /// As [`Batch::writes`], without the copy: to put the writes of several batches into one commit.
    /// Entries pushed afterwards come with the next call.
    pub fn take_writes(&mut self) -> Vec<Write> {
        let mut writes = core::mem::take(&mut self.writes);
        self.finish(&mut writes);
        writes
    }

    fn finish(&self, writes: &mut Vec<Write>) {
        if !self.is_empty() || !writes.is_empty() {
            writes.push(expected(Row::Size { log: self.log.key }, self.base.size));
        }
        if self.base.size != self.size() {
            writes.push(Write::Put(Row::Size { log: self.log.key }, self.size().to_be_bytes().into()));
        }
    }

    fn put(&mut self, row: Row, bytes: Vec<u8>) {
        self.writes.push(Write::Put(row, bytes));
    }

    /// Adds a leaf to the edge; each tile it fills is written, and its root added to the edge above. Returns the root of the
    /// largest subtree that the leaf completes.
    fn push_hash(&mut self, mut hash: Hash) -> Hash {
        let size = self.size().saturating_add(1);
        for (level, edge) in (0u8..).zip(self.log.edge.iter_mut()) {
            hash = edge.push(hash);
            if edge.width() < usize::from(TILE_WIDTH) {
                break;
            }
            let bytes = edge.hashes().flat_map(|hash| hash.0).collect();
            edge.clear();
            let tiles = size.checked_shr(u32::from(level).saturating_add(1).saturating_mul(8)).unwrap_or(0);
            let row = Row::Tile { log: self.log.key, level, index: tiles.saturating_sub(1) };
            self.writes.push(Write::Put(row, bytes));
        }
        hash
    }

    fn forget(&mut self, series: Series, indices: Range<u64>, mark: u8) {
        if indices.is_empty() {
            return;
        }
        let (start, end) = (indices.start, indices.end);
        self.writes.push(expected(Row::Meta { log: self.log.key, name: mark }, start));
        self.writes.extend(indices.map(|index| Write::Delete(series.row(self.log.key, index))));
        self.put(Row::Meta { log: self.log.key, name: mark }, end.to_be_bytes().into());
    }
}

/// Where a node is found.
pub(super) enum Place {
    /// It is known.
    Here(Hash),
    /// In the full tile of this level and index: the root over these of its hashes.
    Tile(u8, u64, Range<usize>),
}

/// The nodes of a stored log. A proof walks up within a tile, so the tile read last is kept.
struct StoredNodes<'a, S> {
    log: &'a Log,
    storage: &'a S,
    last: RefCell<Option<(u8, u64, Vec<Hash>)>>,
}

impl<S: Storage> Nodes for StoredNodes<'_, S> {
    type Error = LogError<S::Error>;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let (tile_level, tile_index, hashes) = match self.log.locate(level, index)? {
            Place::Here(node) => return Ok(node),
            Place::Tile(level, index, hashes) => (level, index, hashes),
        };
        let mut last = self.last.borrow_mut();
        let kept = match last.take() {
            Some(kept) if (kept.0, kept.1) == (tile_level, tile_index) => kept,
            _ => (tile_level, tile_index, tile(self.storage, self.log.key, tile_level, tile_index)?),
        };
        let node = kept.2.get(hashes).map(subtree_root);
        *last = Some(kept);
        node.ok_or(LogError::NoTile)
    }
}

/// In which tile the subtree at `level` and `index` lies, and over which of its hashes.
fn place(level: u8, index: u64) -> Option<(u8, u64, Range<usize>)> {
    let (tile_level, within) = (level / 8, u32::from(level % 8));
    let width = 1u64.wrapping_shl(within);
    let first = index.checked_mul(width)?;
    let start = (first & 0xff) as usize;
    Some((tile_level, first >> 8, start..start.saturating_add(width as usize)))
}

/// The node at `level` and `index`, which is known to lie in the edge.
fn edge_node(edge: &Edge, level: u8, index: u64) -> Option<Hash> {
    let (tile_level, _, hashes) = place(level, index)?;
    let within = u32::from(level % 8);
    edge.get(usize::from(tile_level))?.node(within, hashes.start.wrapping_shr(within))
}

/// `count` rounded down to full tiles.
const fn whole_tiles(count: u64) -> u64 {
    count & !0xff
}

/// That a row holds this number, or is not there where it is 0.
fn expected(row: Row, number: u64) -> Write {
    Write::Expect(row, (number > 0).then(|| number.to_be_bytes().into()))
}

const fn damaged<E>(row: Row, why: Damage) -> LogError<E> {
    LogError::Damaged { row, why }
}

pub(super) fn flatten<E>(error: ProveError<LogError<E>>) -> LogError<E> {
    match error {
        ProveError::OutOfRange { at, size } => LogError::OutOfRange { at, size },
        ProveError::Nodes(error) => error,
    }
}

fn required<S: Storage>(storage: &S, row: Row) -> Result<Vec<u8>, LogError<S::Error>> {
    storage.get(row).map_err(LogError::Storage)?.ok_or(damaged(row, Damage::Missing))
}

fn number<S: Storage>(storage: &S, row: Row) -> Result<Option<u64>, LogError<S::Error>> {
    let bytes = storage.get(row).map_err(LogError::Storage)?;
    let number = bytes.map(|bytes| bytes.try_into().map(u64::from_be_bytes)).transpose();
    number.map_err(|_| damaged(row, Damage::Length))
}

/// The 256 hashes of a full tile.
pub(super) fn tile<S: Storage>(
    storage: &S,
    log: LogKey,
    level: u8,
    index: u64,
) -> Result<Vec<Hash>, LogError<S::Error>> {
    let row = Row::Tile { log, level, index };
    let bytes = required(storage, row)?;
    if bytes.len() != TILE_BYTES {
        return Err(damaged(row, Damage::Length));
    }
    let (hashes, _) = bytes.as_chunks::<32>();
    Ok(hashes.iter().copied().map(Hash).collect())
}

/// Visits the bodies at `indices`, every one of which has to be there, until `visit` returns `false`.
fn bodies<S: Storage>(
    storage: &S,
    log: LogKey,
    indices: Range<u64>,
    mut visit: impl FnMut(u64, &[u8]) -> Result<bool, LogError<S::Error>>,
) -> Result<(), LogError<S::Error>> {
    let (mut next, end, mut more) = (indices.start, indices.end, Ok(true));
    let missing = |index| damaged(Row::Entry { log, index }, Damage::Missing);
    storage
        .scan(Series::Entry, log, indices, &mut |index, body| {
            more = if index == next { visit(index, body) } else { Err(missing(next)) };
            next = index.saturating_add(1);
            matches!(more, Ok(true))
        })
        .map_err(LogError::Storage)?;
    if more? && next < end { Err(missing(next)) } else { Ok(()) }
}

#[cfg(test)]
#[path = "tests/log.rs"]
mod tests;
