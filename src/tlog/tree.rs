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
pub(super) fn leaf_hashes(entries: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(entries.len());
    sha256_each(entries.iter().map(|entry| [&[0x00][..], entry]), |hash| hashes.push(hash));
    hashes
}

/// The nodes over each two of these; of an odd one at the end, none.
pub(super) fn parents(nodes: &[Hash]) -> Vec<Hash> {
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
    pub(super) fn next(&self, body: &[u8]) -> Result<Hash, BodyTooLong> {
        if body.len() > MAX_BODY { Err(BodyTooLong(body.len())) } else { Ok(link_hash(&self.link, body)) }
    }

    /// Appends an entry by its link, and by the root of the largest subtree that it completes.
    pub(super) fn complete(&mut self, link: Hash, root: Hash) {
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
pub(super) struct Subtrees {
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
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Adds a hash, and returns the root of the largest subtree that it completes.
    pub(super) fn push(&mut self, hash: Hash) -> Hash {
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
    pub(super) fn node(&self, level: u32, index: usize) -> Option<Hash> {
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
    pub(super) fn hashes(&self) -> impl Iterator<Item = Hash> {
        (0..self.width).filter_map(|index| self.node(0, index))
    }

    pub(super) fn clear(&mut self) {
        self.width = 0;
        self.nodes.clear();
    }
}

/// Root over the leaves of a complete subtree: a power of two of them.
pub(super) fn subtree_root(leaves: &[Hash]) -> Hash {
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
pub(crate) mod tests {
    use super::*;

    /// The definition of RFC 6962 §2.1, word for word.
    pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    pub(crate) fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|i| leaf_hash(&(i as u64).to_be_bytes())).collect()
    }

    /// The eight inputs and roots that certificate-transparency implementations share.
    #[test]
    fn rfc_6962_known_roots() {
        let inputs: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(frontier.root().to_string(), roots[0]);
        for (input, root) in inputs.iter().zip(&roots[1..]) {
            frontier.push(leaf_hash(input));
            assert_eq!(frontier.root().to_string(), *root);
        }
    }

    #[test]
    fn the_frontier_is_the_definition() {
        let leaves = leaves(300);
        let mut frontier = Frontier::new();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!((frontier.size(), frontier.root()), (size as u64, naive_root(&leaves[..size])));
            let again = Frontier::from_nodes(size as u64, |level, _| frontier.node(level).ok_or(()));
            assert_eq!(again, Ok(frontier.clone()));
            frontier.push(*leaf);
        }
    }

    #[test]
    fn leaves_appended_together_are_those_appended_one_by_one() {
        let leaves = leaves(600);
        for from in [0, 1, 3, 4, 7, 96, 255, 256, 257] {
            for to in (from..from + 20).chain([250, 255, 256, 257, 300, 512, 513, 600]).filter(|to| *to >= from) {
                let [mut one_by_one, mut together] = [(); 2].map(|()| Frontier::new());
                leaves[..to].iter().for_each(|leaf| one_by_one.push(*leaf));
                together.extend(&leaves[..from]);
                together.extend(&leaves[from..to]);
                assert_eq!(together, one_by_one, "from {from} to {to}");
            }
        }
    }

    #[test]
    fn subtrees_are_the_definition() {
        let leaves = leaves(256);
        let mut subtrees = Subtrees::default();
        for size in 0..=leaves.len() {
            assert_eq!((subtrees.width(), subtrees.hashes().collect::<Vec<_>>()), (size, leaves[..size].to_vec()));
            for level in 0..=9 {
                let all: Vec<_> = leaves[..size].chunks_exact(1 << level).map(naive_root).collect();
                let found: Vec<_> = (0..=all.len()).map_while(|index| subtrees.node(level, index)).collect();
                assert_eq!(found, all, "level {level} of {size}");
            }
            if let Some(leaf) = leaves.get(size) {
                let largest = 1 << (size + 1).trailing_zeros();
                assert_eq!(subtrees.push(*leaf), naive_root(&leaves[size + 1 - largest..=size]));
            }
        }
        assert_eq!(subtrees.node(u32::MAX, 0), None);
        assert_eq!(subtrees.node(7, usize::MAX), None);
        subtrees.clear();
        assert_eq!(subtrees, Subtrees::default());
    }

    #[test]
    fn the_root_of_a_subtree_is_the_definition() {
        let leaves = leaves(256);
        for width in [0, 1, 2, 4, 256] {
            assert_eq!(subtree_root(&leaves[..width]), naive_root(&leaves[..width]), "{width} leaves");
        }
    }

    #[test]
    fn a_chain_commits_to_origin_order_and_content() {
        let run = |origin: &str, bodies: &[&[u8]]| {
            let mut chain = Chain::new(origin);
            bodies.iter().for_each(|body| assert_eq!(chain.push(body), Ok(chain.link())));
            (chain.link(), chain.root())
        };
        let (link, root) = run("a", &[b"1", b"2"]);
        let first = link_hash(&genesis("a"), b"1");
        assert_eq!(link, leaf_hash(&[&first.0[..], b"2"].concat()));
        assert_eq!(root, node_hash(&first, &link));
        assert_ne!(run("b", &[b"1", b"2"]), (link, root));
        assert_ne!(run("a", &[b"2", b"1"]), (link, root));
        assert_ne!(run("a", &[b"12"]), (link, root));
    }

    #[test]
    fn entries_appended_together_are_those_appended_one_by_one() {
        let body = |at: u64| at.to_be_bytes();
        for (from, to) in [(0, 0), (0, 1), (0, 255), (0, 256), (1, 257), (5, 258), (300, 1_100)] {
            let [mut one_by_one, mut together] = [(); 2].map(|()| Chain::new("a"));
            (0..to).for_each(|at| assert!(one_by_one.push(&body(at)).is_ok()));
            together.extend((0..from).map(body)).unwrap();
            together.extend((from..to).map(body)).unwrap();
            assert_eq!(together, one_by_one, "from {from} to {to}");
        }
    }

    #[test]
    fn a_body_too_long_changes_nothing() {
        let mut chain = Chain::new("a");
        chain.push(b"1").unwrap();
        let before = chain.clone();
        assert_eq!(chain.push(&vec![0; MAX_BODY + 1]), Err(BodyTooLong(MAX_BODY + 1)));
        assert_eq!(chain, before);
        assert_eq!(chain.extend([&[2][..], &vec![0; MAX_BODY + 1], &[3]]), Err(BodyTooLong(MAX_BODY + 1)));
        assert_eq!(chain, before);
        assert!(chain.push(&vec![0; MAX_BODY]).is_ok());
    }
}
