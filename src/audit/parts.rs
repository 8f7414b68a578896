//! Parts of the passes, where there are more redemptions than an audit keeps at once.
//!
//! Over-use and settlement follow from all uses of a pass at all gates, and from those of no other pass. So the journals
//! are read once for each part: the first reading looks at everything, the others at what depends on the uses of
//! their own passes.

use super::files::Files;
use super::published::{follow, resource_at};
use super::standing::Sealed;
use crate::crypto::Hash;
use crate::id::PassKey;
use crate::tlog::{BundleLeaves, Frontier, Resource, TILE_WIDTH, TileId};

/// How the passes are divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    count: u32,
    key: [u64; 4],
}

impl Parts {
    /// All passes in one.
    pub(super) const ONE: Self = Self { count: 1, key: [0; 4] };

    /// Parts with `most` redemptions each, but for what chance makes of it, where there are `records` at most. What `seed`
    /// follows from has to be later than the passes are: who draws their numbers could fill one part otherwise.
    pub(super) fn of(records: u64, most: usize, seed: &Hash) -> Self {
        let count = records.div_ceil(u64::try_from(most).unwrap_or(u64::MAX).max(1)).max(1);
        let mut key = [0; 4];
        for (key, bytes) in key.iter_mut().zip(seed.0.as_chunks::<8>().0) {
            *key = u64::from_be_bytes(*bytes);
        }
        Self { count: u32::try_from(count).unwrap_or(u32::MAX), key }
    }

    pub(super) fn count(self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// The first part, and those that have a reading of their own.
    pub(super) fn split(self) -> (Part, impl Iterator<Item = Part>) {
        (Part { at: 0, parts: self }, (1..self.count).map(move |at| Part { at, parts: self }))
    }

    /// The part of a pass, by a multilinear hash: for a random key, any two passes are as good as drawn.
    fn part(&self, pass: &PassKey) -> u32 {
        let [a, b, c, d, e, f, g, h, i, j] = *pass.pass.as_bytes();
        let words = [pass.issuer.code(), word([a, b, c, d]), word([e, f, g, h]), word([0, 0, i, j])];
        let products = words.iter().zip(self.key).map(|(word, key)| u64::from(*word).wrapping_mul(key));
        let hash = products.fold(0_u64, u64::wrapping_add) >> 32;
        u32::try_from(hash.saturating_mul(self.count.into()) >> 32).unwrap_or(0)
    }
}

const fn word(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes)
}

/// One of the parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    at: u32,
    parts: Parts,
}

impl Part {
    /// Whether it is that of the first reading.
    pub(super) const fn is_first(&self) -> bool {
        self.at == 0
    }

    pub(super) fn has(&self, pass: &PassKey) -> bool {
        self.parts.count == 1 || self.parts.part(pass) == self.at
    }
}

/// Indices of one journal, in a bit each.
#[derive(Debug, Default)]
pub(super) struct Indices(Vec<u64>);

impl Indices {
    pub(super) fn insert(&mut self, index: u64) {
        let Some((at, bit)) = Self::place(index) else { return };
        if self.0.len() <= at {
            self.0.resize(at.saturating_add(1), 0);
        }
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= bit;
        }
    }

    pub(super) fn contains(&self, index: u64) -> bool {
        Self::place(index).is_some_and(|(at, bit)| self.0.get(at).is_some_and(|bits| bits & bit != 0))
    }

    fn place(index: u64) -> Option<(usize, u64)> {
        let bit = 1_u64.checked_shl(u32::try_from(index % 64).ok()?)?;
        Some((usize::try_from(index / 64).ok()?, bit))
    }
}

/// As many records as can be read of a journal whose files these are, whatever anybody signed: what a log says of its
/// size costs nothing to say.
pub(super) fn most_records(prefix: &str, paths: &[String]) -> u64 {
    let (mut full, mut rest) = (0_u64, 0);
    for path in paths {
        let Some(Resource::Entries(id)) = resource_at(prefix, path) else { continue };
        if id.is_full() {
            full = full.saturating_add(1);
        } else {
            // Of those that are not full, only the last one is read.
            rest = id.width().max(rest);
        }
    }
    full.saturating_mul(TILE_WIDTH.into()).saturating_add(rest.into())
}

/// How far a journal was read, and what it was.
#[derive(Debug)]
pub(super) struct Extent {
    /// Its size by its checkpoint, or by its bundles.
    pub(super) size: u64,
    /// How many of its first records were pruned.
    pub(super) pruned: u64,
    /// How many there are with them.
    pub(super) read: u64,
    /// The link that the first record follows which was not pruned, and that of the last one.
    pub(super) before: Hash,
    pub(super) last: Hash,
    /// Whether each follows the one before: then that link says what all of them are. Otherwise the root does.
    pub(super) chained: bool,
    pub(super) root: Hash,
    /// How much of it is what was sealed.
    pub(super) sealed: Sealed,
}

impl Extent {
    /// Reads a journal again as far as it was read, and hands the body of each record to `visit`. Files may change between
    /// two readings: `false` where they are not what they were. Of a journal whose chain is broken and whose first records
    /// were pruned, only the last record can tell.
    pub(super) fn read_again<F: Files>(&self, files: &F, prefix: &str, mut visit: impl FnMut(u64, &[u8])) -> bool {
        const WIDTH: u64 = TILE_WIDTH as u64;
        let (mut index, mut last, mut chained) = (self.pruned, self.before, true);
        let mut tree = (!self.chained && self.pruned == 0).then(Frontier::new);
        while index < self.read {
            let start = index;
            let width = u16::try_from(self.size.saturating_sub(start).min(WIDTH)).unwrap_or(TILE_WIDTH);
            let Ok(id) = TileId::new(0, start / WIDTH, width) else { return false };
            let Ok(Some(bundle)) = files.read(&format!("{prefix}/{}", Resource::Entries(id))) else { return false };
            let mut leaves = BundleLeaves::new(&bundle, width);
            leaves.truncate(usize::try_from(self.read.saturating_sub(start)).unwrap_or(usize::MAX));
            for (entry, leaf) in leaves.iter() {
                let (body, broken) = follow(&mut last, entry, leaf);
                chained &= broken.is_none();
                if let Some(body) = body {
                    visit(index, body);
                }
                index = index.saturating_add(1);
            }
            if let Some(tree) = &mut tree {
                tree.extend(&leaves.hashes);
            }
            if index == start || leaves.error.is_some() {
                return false;
            }
        }
        chained == self.chained && last == self.last && tree.is_none_or(|tree| tree.root() == self.root)
    }
}

#[cfg(test)]
#[path = "tests/parts.rs"]
mod tests;
