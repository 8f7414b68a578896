//! Transparency logs: tree, proofs, notes, checkpoints, tiles, and the logs made of them.
//!
//! A gate's journal and a city's ledger are the same thing, a [`Log`]: entries chained by hash, the
//! chain's links being the leaves of an RFC 6962 Merkle tree, its state signed as a C2SP checkpoint.
//! This module knows nothing of passes. It does no I/O: a log is stored through [`Storage`].

mod log;
mod note;
mod tree;
mod witness;

pub use log::cache::TileCache;
pub use log::log::{Batch, Damage, Log, LogError, PushError, SealError, StaleBatch};
pub use log::options::OpenOptions;
pub(crate) use log::storage::Staged;
pub use log::storage::{LogKey, MemoryError, MemoryStorage, Row, Series, Storage, Write};
pub(crate) use log::writer::{NotReady, Writer};
pub use note::checkpoint::{Checkpoint, SignedCheckpoint};
pub use note::note::{KeyId, KeyKind, KeyName, Note, NoteError, NoteLine, NoteVerifier, cosign_line, sign_line};
pub use note::policy::{PolicyError, PolicyFault, PolicyUnmet, WitnessPolicy, Witnessed};
pub use note::tlog_proof::{Included, TlogProof, TlogProofError};
pub use tree::proof::{
    Nodes, ProofError, ProveError, consistency_proof, inclusion_proof, root_of, verify_consistency, verify_inclusion,
};
pub(crate) use tree::tile::BundleLeaves;
pub use tree::tile::{
    BundleEntries, EntryBundleError, Resource, TILE_WIDTH, TileError, TileId, encode_bundle_entry, tiles_of,
};
pub use tree::tree::{BodyTooLong, Chain, Frontier, empty_root, genesis, leaf_hash, link_hash, node_hash};
pub use witness::replica::{ForkError, ForkEvidence, ForkReason, Replica, ReplicaError};
pub use witness::witness::{AddCheckpoint, PendingCosignature, Refused, Watch, Witness, WitnessError};
