//! Following logs of others, and cosigning them.

pub(super) mod replica;
pub(super) mod witness;
