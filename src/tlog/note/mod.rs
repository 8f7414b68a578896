//! What is signed: notes, checkpoints, cosignatures, and the proofs and policies that are made of them.

pub(super) mod base64;
pub(super) mod checkpoint;
pub(super) mod note;
pub(super) mod policy;
pub(super) mod tlog_proof;
