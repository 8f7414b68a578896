//! A log as it is kept: its rows, the state that is appended to, and proofs from what is stored.

pub(super) mod cache;
pub(super) mod log;
pub(super) mod options;
pub(super) mod storage;
pub(super) mod writer;
