//! How far a journal was read, so that it can be read again and what changed meanwhile is seen.

use super::files::Files;
use super::published::follow;
use super::standing::Sealed;
use crate::crypto::Hash;
use crate::tlog::{BundleLeaves, Frontier, Resource, TILE_WIDTH, TileId};

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
#[path = "tests/extent.rs"]
mod tests;
