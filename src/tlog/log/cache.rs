//! Proofs from tiles that are kept with their inner nodes.
//!
//! A proof needs up to seven nodes inside each tile it passes, which is nearly all of the tile's
//! hashing. A caller that makes many proofs keeps the tiles it read.

use super::super::tree::proof::{Nodes, consistency_proof, inclusion_proof, range};
use super::super::tree::tile::TILE_WIDTH;
use super::super::tree::tree::parents;
use super::log::{Log, LogError, NodePlace, flatten, tile};
use super::storage::{LogKey, Storage};
use crate::crypto::Hash;
use core::cell::RefCell;
use std::collections::HashMap;

/// Full tiles of the logs of one store, with their inner nodes: a bounded number of them.
///
/// Full tiles never change, so nothing here grows old. What a log proves with it is what it proves
/// without, as long as one store has one cache: a proof made from another store's tiles does not
/// verify.
///
/// A log of `n` entries has about `n / 255` full tiles: a cache of that many holds the whole log, at
/// 64 bytes an entry. Of a full cache, a tile goes that was not used since the last round (CLOCK).
#[derive(Clone, Debug)]
pub struct TileCache {
    /// Which tiles are kept, each in its place.
    keys: Vec<TileKey>,
    /// Since the hand passed.
    used: Vec<bool>,
    /// Those of all of them, [`NODES`] each: a proof waits for memory, so it goes to them at once.
    nodes: Vec<Hash>,
    places: HashMap<TileKey, usize>,
    most: usize,
    hand: usize,
    edge: ProvedEdge,
}

/// Roots along the right edge of the tree that was proved from last: `size` leaves from `begin` on.
#[derive(Clone, Debug, Default)]
struct ProvedEdge {
    log: LogKey,
    size: u64,
    roots: Vec<(u64, Hash)>,
}

type TileKey = (LogKey, u8, u64);

const WIDTH: usize = TILE_WIDTH as usize;
/// Four levels of nodes: sixteen, and those over them without the one over all.
const BLOCK: usize = 16 + 8 + 4 + 2;
/// Hashes of a full tile and the inner nodes over them, without the root, which is in the tile above.
const NODES: usize = 17 * BLOCK;

impl TileCache {
    /// A cache of at most `tiles` tiles, of 16 KiB each; of one at least. While it grows, half as much again is needed
    /// for a moment.
    #[must_use]
    pub fn new(tiles: usize) -> Self {
        let (keys, used, nodes, places) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
        Self { keys, used, nodes, places, most: tiles.max(1), hand: 0, edge: ProvedEdge::default() }
    }

    /// Number of tiles kept.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no tile is kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// As [`Log::inclusion_proof`].
    ///
    /// # Errors
    /// [`LogError`]; the tile that was damaged or could not be read is not kept.
    pub fn inclusion_proof<S: Storage>(
        &mut self,
        log: &Log,
        storage: &S,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, LogError<S::Error>> {
        log.within(size, log.size())?;
        inclusion_proof(index, size, &self.nodes(log, storage)).map_err(flatten)
    }

    /// As [`Log::consistency_proof`].
    ///
    /// # Errors
    /// [`LogError`]; the tile that was damaged or could not be read is not kept.
    pub fn consistency_proof<S: Storage>(
        &mut self,
        log: &Log,
        storage: &S,
        old: u64,
        new: u64,
    ) -> Result<Vec<Hash>, LogError<S::Error>> {
        log.within(new, log.size())?;
        consistency_proof(old, new, &self.nodes(log, storage)).map_err(flatten)
    }

    const fn nodes<'a, S>(&'a mut self, log: &'a Log, storage: &'a S) -> CachedNodes<'a, S> {
        CachedNodes { log, storage, cache: RefCell::new((self, None)) }
    }

    /// Where a full tile is kept; it is read if it is not there.
    fn place<S: Storage>(&mut self, storage: &S, key: TileKey) -> Result<usize, LogError<S::Error>> {
        if let Some(place) = self.places.get(&key) {
            if let Some(used) = self.used.get_mut(*place) {
                *used = true;
            }
            return Ok(*place);
        }
        let (log, level, index) = key;
        let nodes = nodes_of(tile(storage, log, level, index)?);
        let place = if self.keys.len() < self.most {
            // As many more as there are, and no more than may be.
            if self.nodes.len() == self.nodes.capacity() {
                let more = self.most.saturating_sub(self.keys.len()).min(self.keys.len().max(1));
                self.nodes.reserve_exact(more.saturating_mul(NODES));
            }
            self.keys.push(key);
            self.used.push(true);
            self.nodes.extend_from_slice(&nodes);
            self.keys.len().saturating_sub(1)
        } else {
            let place = self.unused();
            if let (Some(kept), Some(used)) = (self.keys.get_mut(place), self.used.get_mut(place))
                && let Some(there) =
                    self.nodes.get_mut(place.saturating_mul(NODES)..).and_then(|from| from.get_mut(..NODES))
            {
                self.places.remove(kept);
                (*kept, *used) = (key, true);
                there.copy_from_slice(&nodes);
            }
            place
        };
        self.places.insert(key, place);
        Ok(place)
    }

    /// The root over the `2^level` hashes from `index * 2^level` of the tile in a place.
    fn node(&self, place: usize, level: u32, index: usize) -> Option<Hash> {
        let within = within(level, index)?;
        self.nodes.get(place.checked_mul(NODES)?.checked_add(within)?).copied()
    }

    /// The next place whose tile was not used since the hand passed it; at most one round.
    fn unused(&mut self) -> usize {
        loop {
            let place = self.hand;
            self.hand = if place.saturating_add(1) < self.used.len() { place.saturating_add(1) } else { 0 };
            match self.used.get_mut(place) {
                Some(used) if *used => *used = false,
                _ => return place,
            }
        }
    }
}

/// Where a node of a full tile is among all of them.
///
/// A path goes through two blocks, of which the first is above the sixteen others. So it mostly waits for two pages of
/// memory; it would wait for eight if each level were by itself.
fn within(level: u32, index: usize) -> Option<usize> {
    if level > 7 || index >= WIDTH.wrapping_shr(level) {
        return None;
    }
    let (block, level, index) = match 4_u32.checked_sub(level) {
        Some(up @ 1..) => (index.wrapping_shr(up).saturating_add(1), level, index & 15_usize.wrapping_shr(level)),
        _ => (0, level.saturating_sub(4), index),
    };
    let before = 32_usize.saturating_sub(32_usize.wrapping_shr(level));
    block.checked_mul(BLOCK)?.checked_add(before)?.checked_add(index)
}

fn nodes_of(mut hashes: Vec<Hash>) -> Vec<Hash> {
    let mut nodes = vec![Hash([0; 32]); NODES];
    for level in 0..8 {
        if level > 0 {
            hashes = parents(&hashes);
        }
        for (index, hash) in hashes.iter().enumerate() {
            if let Some(node) = within(level, index).and_then(|place| nodes.get_mut(place)) {
                *node = *hash;
            }
        }
    }
    nodes
}

struct CachedNodes<'a, S> {
    log: &'a Log,
    storage: &'a S,
    /// With the tile used last: a proof walks up within a tile.
    cache: RefCell<(&'a mut TileCache, Option<(TileKey, usize)>)>,
}

impl<S: Storage> Nodes for CachedNodes<'_, S> {
    type Error = LogError<S::Error>;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let (key, hashes) = match self.log.locate(level, index)? {
            NodePlace::InMemory(node) => return Ok(node),
            NodePlace::Tile(level, index, hashes) => ((self.log.key(), level, index), hashes),
        };
        let (cache, last) = &mut *self.cache.borrow_mut();
        let place = match *last {
            Some((of, place)) if of == key => place,
            _ => cache.place(self.storage, key)?,
        };
        *last = Some((key, place));
        let within = u32::from(level % 8);
        cache.node(place, within, hashes.start.wrapping_shr(within)).ok_or(LogError::NoTile)
    }

    fn edge(&self, begin: u64, size: u64) -> Result<Hash, Self::Error> {
        let log = self.log.key();
        if let (cache, _) = &*self.cache.borrow()
            && (cache.edge.log, cache.edge.size) == (log, size)
            && let Some((_, root)) = cache.edge.roots.iter().find(|(from, _)| *from == begin)
        {
            return Ok(*root);
        }
        let root = range(begin, size, self)?;
        let edge = &mut self.cache.borrow_mut().0.edge;
        if (edge.log, edge.size) != (log, size) {
            *edge = ProvedEdge { log, size, roots: Vec::new() };
        }
        // One for each level at most.
        edge.roots.push((begin, root));
        Ok(root)
    }
}

#[cfg(test)]
#[path = "tests/cache.rs"]
mod tests;
