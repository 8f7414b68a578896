//! The Merkle tree: hashes, proofs, and the tiles that it is published in.

pub(super) mod proof;
pub(super) mod tile;
pub(super) mod tree;
