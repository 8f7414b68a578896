//! Hashes and Ed25519 keys: the only module that touches cryptographic primitives.
//!
//! One signature rule for the whole crate, that of [`VerifyingKey::verify`]; a [`KnownKey`] applies it
//! faster. Nothing above this module names a curve or a digest crate.

mod hash;
mod keys;
mod known;
mod signature;

pub(crate) use hash::sha256_each;
pub use hash::{Hash, HashError, sha256};
pub use keys::{KeyError, Kid, SigningKey, VerifyingKey};
pub use known::{KnownKey, Verifier};
pub use signature::{PendingSignature, SignatureError};
