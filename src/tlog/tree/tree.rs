//! The Merkle tree of RFC 6962 §2.1 and the hash chain that runs through its leaves.
//!
//! ```text
//! link(-1) = SHA-256("onecard/log/v1\n" || origin)
//! leaf(i)  = link(i-1) || body(i)
//! link(i)  = SHA-256(0x00 || leaf(i))
//! ```
//!
//! A link is the leaf hash of its entry, so one hash per entry serves the chain and the tree.

use crate::{
    crypto::{Hash, sha256, sha256_each},
    limits::MAX_BODY,
};

/// Hash of a leaf (RFC 6962 §2.1): SHA-256 of a zero byte and the entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0x00], entry])
}

/// Link of the entry with this `body` after the link `previous`: the leaf hash of both.
#[must_use]
#[inline]
pub fn link_hash(previous: &Hash, body: &[u8]) -> Hash {
    sha256(&[&[0x00], &previous.0, body])
}

/// Hash of an inner node (RFC 6962 §2.1): SHA-256 of a one byte and both children.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[0x01], &left.0, &right.0])
}

/// As [`leaf_hash`] of each entry.
pub(in crate::tlog) fn leaf_hashes(entries: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(entries.len());
    sha256_each(entries.iter().map(|entry| [&[0x00][..], entry]), |hash| hashes.push(hash));
    hashes
}

/// The nodes over each two of these; of an odd one at the end, none.
pub(in crate::tlog) fn parents(nodes: &[Hash]) -> Vec<Hash> {
    let mut parents = Vec::with_capacity(nodes.len() / 2);
    let (pairs, _) = nodes.as_chunks::<2>();
    sha256_each(pairs.iter().map(|[left, right]| [&[0x01][..], &left.0, &right.0]), |hash| parents.push(hash));
    parents
}

/// Root of the tree without leaves (RFC 6962 §2.1): SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The link before the first entry of the log called `origin`. It makes every entry belong to one
/// log: an entry moved to another log's same place has another hash.
#[must_use]
pub fn genesis(origin: &str) -> Hash {
    sha256(&[b"onecard/log/v1\n", origin.as_bytes()])
}

/// A body longer than [`MAX_BODY`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entry body has {0} bytes, more than {MAX_BODY}")]
pub struct BodyTooLong(pub usize);

/// The right edge of a tree: the roots of the complete subtrees it is made of, largest first. It is
/// all that is needed to append and to know the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// `nodes[level]` is the subtree of `2^level` leaves where bit `level` of `size` is set, and
    /// zero elsewhere.
    nodes: [Hash; 64],
}

const ABSENT: Hash = Hash([0; 32]);

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, nodes: [ABSENT; 64] }
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash; one node hash on average.
    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(leaf, 0);
    }

    /// Appends leaves by their hashes: many are faster together than one by one.
    pub fn extend(&mut self, mut leaves: &[Hash]) {
        while let Some(height) = leaves.len().checked_ilog2() {
            // As large as they are, and as the place where they come allows.
            let height = height.min(self.size.trailing_zeros());
            let Some((subtree, rest)) = leaves.split_at_checked(1_usize.wrapping_shl(height)) else { return };
            self.push_subtree(subtree_root(subtree), height);
            leaves = rest;
        }
    }

    /// Appends the root of `2^height` leaves; the size is a multiple of that.
    fn push_subtree(&mut self, root: Hash, height: u32) {
        let merged = self.nodes.iter().skip(height as usize).take(self.merges(height));
        let root = merged.fold(root, |hash, node| node_hash(node, &hash));
        self.complete(root, height);
    }

    /// Appends `2^height` leaves by the root of the largest subtree that they complete.
    fn complete(&mut self, root: Hash, height: u32) {
        let merges = self.merges(height);
        let mut nodes = self.nodes.iter_mut().skip(height as usize);
        nodes.by_ref().take(merges).for_each(|node| *node = ABSENT);
        if let Some(node) = nodes.next() {
            *node = root;
        }
        // 2^64 leaves cannot be pushed, so this never saturates.
        self.size = self.size.saturating_add(1_u64.wrapping_shl(height));
    }

    /// How many subtrees here become one with the next of `2^height` leaves.
    const fn merges(&self, height: u32) -> usize {
        self.size.wrapping_shr(height).trailing_ones() as usize
    }

    /// The Merkle tree hash of all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_before(None).unwrap_or_else(empty_root)
    }

    /// The Merkle tree hash of all leaves and, after them, of those that `right` is the hash of: fewer than any
    /// subtree here has, counted in leaves of the same tree.
    pub(crate) fn root_before(&self, right: Option<Hash>) -> Option<Hash> {
        let present = self.nodes.iter().zip(0u32..).filter(|&(_, level)| bit(self.size, level));
        present.fold(right, |right, (node, _)| match right {
            None => Some(*node),
            Some(right) => Some(node_hash(node, &right)),
        })
    }

    /// The complete subtree at `level`, where this frontier has one.
    pub(crate) fn node(&self, level: u8) -> Option<Hash> {
        if bit(self.size, level.into()) { self.nodes.get(usize::from(level)).copied() } else { None }
    }

    /// Builds the frontier of `size` leaves from its nodes, asked for by level and index.
    pub(crate) fn from_nodes<E>(size: u64, mut node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Self, E> {
        let mut nodes = [ABSENT; 64];
        for (slot, level) in nodes.iter_mut().zip(0u8..) {
            if bit(size, level.into()) {
                *slot = node(level, size.wrapping_shr(level.into()).saturating_sub(1))?;
            }
        }
        Ok(Self { size, nodes })
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

/// How many links [`Chain::extend`] keeps before their tree is hashed.
const AT_ONCE: usize = 256;

/// A log's running state: the last link and the tree's right edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    link: Hash,
    frontier: Frontier,
}

impl Chain {
    /// The chain of the empty log called `origin`.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self { link: genesis(origin), frontier: Frontier::new() }
    }

    /// Appends an entry by its body and returns its link, which is also its leaf hash.
    ///
    /// # Errors
    /// [`BodyTooLong`]; nothing has changed then.
    pub fn push(&mut self, body: &[u8]) -> Result<Hash, BodyTooLong> {
        self.link = self.next(body)?;
        self.frontier.push(self.link);
        Ok(self.link)
    }

    /// Appends entries by their bodies: many are faster together than one by one.
    ///
    /// # Errors
    /// [`BodyTooLong`]; nothing has changed then.
    pub fn extend<B: AsRef<[u8]>>(&mut self, bodies: impl IntoIterator<Item = B>) -> Result<(), BodyTooLong> {
        let (mut chain, mut links) = (self.clone(), Vec::new());
        for body in bodies {
            chain.link = chain.next(body.as_ref())?;
            links.push(chain.link);
            if links.len() == AT_ONCE {
                chain.frontier.extend(&links);
                links.clear();
            }
        }
        chain.frontier.extend(&links);
        *self = chain;
        Ok(())
    }

    /// The link of the next entry.
    #[inline]
    pub(in crate::tlog) fn next(&self, body: &[u8]) -> Result<Hash, BodyTooLong> {
        if body.len() > MAX_BODY { Err(BodyTooLong(body.len())) } else { Ok(link_hash(&self.link, body)) }
    }

    /// Appends an entry by its link, and by the root of the largest subtree that it completes.
    pub(in crate::tlog) fn complete(&mut self, link: Hash, root: Hash) {
        self.link = link;
        self.frontier.complete(root, 0);
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The last entry's link, or [`genesis`].
    #[must_use]
    pub const fn link(&self) -> Hash {
        self.link
    }

    /// The Merkle tree hash of all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The tree's right edge.
    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(crate) const fn from_parts(link: Hash, frontier: Frontier) -> Self {
        Self { link, frontier }
    }
}

/// Hashes of one tile, at most 256, with the complete subtrees over them: each hash is followed by the
/// inner nodes that it completes. It is hashed once, whatever is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::tlog) struct Subtrees {
    width: usize,
    nodes: Vec<Hash>,
}

impl Clone for Subtrees {
    /// With room for what a hash and its inner nodes add: that is what they are cloned for.
    fn clone(&self) -> Self {
        let mut nodes = Vec::new();
        if !self.nodes.is_empty() {
            nodes.reserve(self.nodes.len().saturating_add(u8::BITS as usize).saturating_add(1));
            nodes.extend_from_slice(&self.nodes);
        }
        Self { width: self.width, nodes }
    }
}

impl Subtrees {
    /// Number of hashes.
    pub(in crate::tlog) const fn width(&self) -> usize {
        self.width
    }

    /// Adds a hash, and returns the root of the largest subtree that it completes.
    pub(in crate::tlog) fn push(&mut self, hash: Hash) -> Hash {
        self.nodes.push(hash);
        let mut root = hash;
        for level in 0..self.width.trailing_ones() {
            // The left neighbour of a subtree that was just completed is there.
            let left = self.width.wrapping_shr(level).checked_sub(1).and_then(|index| self.node(level, index));
            root = node_hash(&left.unwrap_or(ABSENT), &root);
            self.nodes.push(root);
        }
        self.width = self.width.saturating_add(1);
        root
    }

    /// The root over the `2^level` hashes from `index * 2^level`, if they are all there.
    pub(in crate::tlog) fn node(&self, level: u32, index: usize) -> Option<Hash> {
        let last = index.checked_add(1)?.checked_mul(1usize.checked_shl(level)?)?.checked_sub(1)?;
        if last >= self.width {
            return None;
        }
        // Before the hash at `last` there are that many hashes, and an inner node for each but those
        // that the bits of `last` count.
        let before = last.checked_mul(2)?.checked_sub(last.count_ones() as usize)?;
        self.nodes.get(before.checked_add(level as usize)?).copied()
    }

    /// The hashes without what is over them.
    pub(in crate::tlog) fn hashes(&self) -> impl Iterator<Item = Hash> {
        (0..self.width).filter_map(|index| self.node(0, index))
    }

    pub(in crate::tlog) fn clear(&mut self) {
        self.width = 0;
        self.nodes.clear();
    }
}

/// Root over the leaves of a complete subtree: a power of two of them.
pub(in crate::tlog) fn subtree_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        [left, right] => node_hash(left, right),
        _ => {
            debug_assert!(leaves.len().is_power_of_two());
            let mut nodes = parents(leaves);
            while nodes.len() > 1 {
                nodes = parents(&nodes);
            }
            nodes.first().copied().unwrap_or(ABSENT)
        }
    }
}

const fn bit(size: u64, level: u32) -> bool {
    size.wrapping_shr(level) & 1 == 1
}

#[cfg(test)]
#[path = "tests/tree.rs"]
pub(crate) mod tests;
