//! Inclusion and consistency proofs (RFC 9162 §2.1.3 and §2.1.4), made and verified.
//!
//! Verification is total: sizes and indices may be any `u64`, proofs any length.

use super::tree::{empty_root, node_hash};
use crate::crypto::Hash;

/// Where a prover gets the tree's nodes from.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;

    /// The root of the complete subtree of `2^level` leaves that starts at leaf `index * 2^level`.
    ///
    /// # Errors
    /// The source's own.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;

    /// The root over the leaves `begin..size`, the right edge of the tree of `size` leaves, where that
    /// is no complete subtree. Proofs of one tree ask for the same few again and again.
    ///
    /// # Errors
    /// The source's own.
    fn edge(&self, begin: u64, size: u64) -> Result<Hash, Self::Error>
    where
        Self: Sized,
    {
        range(begin, size, self)
    }
}

/// A proof cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// The index is not in the tree, or the old tree is larger than the new one.
    #[error("the tree of {size} leaves has no such proof for {at}")]
    OutOfRange {
        /// The index or the old size asked for.
        at: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The source of nodes failed.
    #[error("a node of the tree cannot be read")]
    Nodes(#[source] E),
}

/// A proof does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The index is not in the tree, or the old tree is larger than the new one.
    #[error("the proof is about a leaf or a tree beyond the tree's end")]
    OutOfRange,
    /// The proof has more or fewer hashes than these sizes need.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Makes the proof that leaf `index` is in the tree of `size` leaves (RFC 9162 §2.1.3.1).
///
/// # Errors
/// [`ProveError`].
pub fn inclusion_proof<N: Nodes>(index: u64, size: u64, nodes: &N) -> Result<Vec<Hash>, ProveError<N::Error>> {
    if index >= size {
        return Err(ProveError::OutOfRange { at: index, size });
    }
    let mut path = Vec::with_capacity(path_length(size));
    siblings(index, 0, size, nodes, &mut path)?;
    Ok(path)
}

/// Makes the proof that the tree of `old` leaves is a prefix of the tree of `new` (RFC 9162
/// §2.1.4.1). It is empty where there is nothing to prove: `old` is zero or equals `new`.
///
/// # Errors
/// [`ProveError`].
pub fn consistency_proof<N: Nodes>(old: u64, new: u64, nodes: &N) -> Result<Vec<Hash>, ProveError<N::Error>> {
    if old > new {
        return Err(ProveError::OutOfRange { at: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    // The last of the complete subtrees that the old tree is made of, and what lies beside the way up
    // from it. Where it is the whole old tree, its root is the verifier's own old root.
    let mut path = Vec::with_capacity(path_length(new).saturating_add(1));
    let level = old.trailing_zeros() as u8;
    let last = old.saturating_sub(1);
    if !old.is_power_of_two() {
        path.push(nodes.node(level, last.wrapping_shr(level.into())).map_err(ProveError::Nodes)?);
    }
    siblings(last, level, new, nodes, &mut path)?;
    Ok(path)
}

/// Verifies that `leaf` is leaf `index` of the tree of `size` leaves and root `root` (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError`].
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut at, mut last) = (index, size.saturating_sub(1));
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            // A right edge without sibling on these levels: skip them.
            (at, last) = skip(at, last, at.trailing_zeros());
        } else {
            hash = node_hash(&hash, sibling);
        }
        (at, last) = skip(at, last, 1);
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(ProofError::Length),
        (true, false) => Err(ProofError::Root),
        (true, true) => Ok(()),
    }
}

/// Verifies that the tree of `old` leaves and root `old_root` is a prefix of the tree of `new` leaves
/// and root `new_root` (RFC 9162 §2.1.4.2). The empty tree is a prefix of every tree, by an empty
/// proof; every tree is a prefix of itself, by an empty proof.
///
/// # Errors
/// [`ProofError`].
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange);
    }
    if old == 0 || old == new {
        let empty_is_empty = old != 0 || *old_root == empty_root();
        let same_is_same = old != new || old_root == new_root;
        return match (proof.is_empty(), empty_is_empty && same_is_same) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    let (first, rest) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(ProofError::Length)? };
    if prefix_and_whole(old, new, first, rest)? != (*old_root, *new_root) {
        return Err(ProofError::Root);
    }
    Ok(())
}

/// Root of the tree of the first `size` leaves.
///
/// # Errors
/// Those of `nodes`.
pub fn root_of<N: Nodes>(size: u64, nodes: &N) -> Result<Hash, N::Error> {
    if size == 0 { Ok(empty_root()) } else { range(0, size, nodes) }
}

/// The roots of the tree of `old` leaves and of the tree of `new` leaves that a consistency proof
/// leads to, with its first hash given apart: where `old` is a power of two, RFC 9162 leaves that
/// hash out. `old` is neither zero nor `new`.
pub(crate) fn prefix_and_whole(old: u64, new: u64, first: &Hash, rest: &[Hash]) -> Result<(Hash, Hash), ProofError> {
    let (at, last) = (old.saturating_sub(1), new.saturating_sub(1));
    let (mut at, mut last) = skip(at, last, at.trailing_ones());
    let (mut prefix, mut whole) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            prefix = node_hash(sibling, &prefix);
            whole = node_hash(sibling, &whole);
            (at, last) = skip(at, last, at.trailing_zeros());
        } else {
            whole = node_hash(&whole, sibling);
        }
        (at, last) = skip(at, last, 1);
    }
    if last == 0 { Ok((prefix, whole)) } else { Err(ProofError::Length) }
}

/// Moves both positions up by `levels`; beyond the 64th, nothing is left.
fn skip(at: u64, last: u64, levels: u32) -> (u64, u64) {
    (at.checked_shr(levels).unwrap_or(0), last.checked_shr(levels).unwrap_or(0))
}

/// Most hashes in the inclusion proof of a leaf of the tree of `size` leaves.
const fn path_length(size: u64) -> usize {
    u64::BITS.saturating_sub(size.saturating_sub(1).leading_zeros()) as usize
}

/// The siblings of the subtrees that leaf `index` of the tree of `size` leaves lies in, from the one
/// of `2^bottom` leaves up.
fn siblings<N: Nodes>(
    index: u64,
    bottom: u8,
    size: u64,
    nodes: &N,
    path: &mut Vec<Hash>,
) -> Result<(), ProveError<N::Error>> {
    for level in (bottom..64).take_while(|level| 1u64.wrapping_shl((*level).into()) < size) {
        let (sibling, width) = (index.wrapping_shr(level.into()) ^ 1, 1u64.wrapping_shl(level.into()));
        // Where the right edge has no sibling on a level, the subtree is the same one level up.
        let Some(begin) = sibling.checked_mul(width).filter(|begin| *begin < size) else { continue };
        let complete = size.saturating_sub(begin) >= width;
        let node = if complete { nodes.node(level, sibling) } else { nodes.edge(begin, size) };
        path.push(node.map_err(ProveError::Nodes)?);
    }
    Ok(())
}

/// Root of the subtree over the leaves `begin..end`, which is not empty and starts at a multiple of
/// the smallest power of two that holds it.
pub(in crate::tlog) fn range<N: Nodes>(begin: u64, end: u64, nodes: &N) -> Result<Hash, N::Error> {
    // Its complete subtrees, from the smallest at the right to the largest at the left.
    let mut rest = end.saturating_sub(begin);
    let mut root = None;
    while rest != 0 {
        let level = rest.trailing_zeros();
        rest &= rest.saturating_sub(1);
        let node = nodes.node(level as u8, begin.saturating_add(rest).wrapping_shr(level))?;
        root = Some(match root {
            None => node,
            Some(right) => node_hash(&node, &right),
        });
    }
    Ok(root.unwrap_or_else(empty_root))
}

#[cfg(test)]
#[path = "tests/proof.rs"]
mod tests;
