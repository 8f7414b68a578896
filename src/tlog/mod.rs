//! Transparency logs: tree, proofs, notes, checkpoints, tiles, and the logs made of them.
//!
//! A gate's journal and a city's ledger are the same thing, a [`Log`]: entries chained by hash, the
//! chain's links being the leaves of an RFC 6962 Merkle tree, its state signed as a C2SP checkpoint.
//! This module knows nothing of passes. It does no I/O: a log is stored through [`Storage`].

mod base64;
mod cache;
mod checkpoint;
mod log;
mod note;
mod policy;
mod proof;
mod replica;
mod storage;
mod tile;
mod tlog_proof;
mod tree;
mod witness;

pub use cache::TileCache;
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use log::{Batch, Damage, Log, LogError, PushError, SealError, StaleBatch};
pub use note::{KeyId, KeyKind, KeyName, Note, NoteError, NoteLine, NoteVerifier, cosign_line, sign_line};
pub use policy::{PolicyError, PolicyFault, PolicyUnmet, WitnessPolicy, Witnessed};
pub use proof::{
    Nodes, ProofError, ProveError, consistency_proof, inclusion_proof, root_of, verify_consistency, verify_inclusion,
};
pub use replica::{ForkError, ForkEvidence, ForkReason, Replica, ReplicaError};
pub(crate) use storage::Staged;
pub use storage::{LogKey, MemoryError, MemoryStorage, Row, Series, Storage, Write};
pub(crate) use tile::BundleLeaves;
pub use tile::{
    BundleEntries, EntryBundleError, Resource, TILE_WIDTH, TileError, TileId, encode_bundle_entry, tiles_of,
};
pub use tlog_proof::{Included, TlogProof, TlogProofError};
pub use tree::{BodyTooLong, Chain, Frontier, empty_root, genesis, leaf_hash, link_hash, node_hash};
pub use witness::{AddCheckpoint, Pending, Refused, Watch, Witness, WitnessError};
