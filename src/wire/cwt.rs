//! What CWTs (RFC 8392) of this crate have in common: claim keys and the `cnf` claim.

use super::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use super::shape::Shape;
use crate::crypto::VerifyingKey;

/// Claim keys (RFC 8392 §4; RFC 8747; draft-ietf-spice-sd-cwt; draft-ietf-oauth-status-list).
pub mod claim {
    /// Issuer.
    pub const ISS: i64 = 1;
    /// Subject.
    pub const SUB: i64 = 2;
    /// Audience.
    pub const AUD: i64 = 3;
    /// Expiration time.
    pub const EXP: i64 = 4;
    /// Not before.
    pub const NBF: i64 = 5;
    /// Issued at.
    pub const IAT: i64 = 6;
    /// Confirmation: the holder's key (RFC 8747).
    pub const CNF: i64 = 8;
    /// Client nonce: the gate's challenge.
    pub const CNONCE: i64 = 39;
    /// Where the status of this token is listed.
    pub const STATUS: i64 = 65_535;
    /// Everything that is onecard's own, in one map.
    pub const ONECARD: i64 = -65_537;
}

/// `{1: COSE_Key}` up to the 32 bytes of an Ed25519 key: the one accepted form of `cnf`.
const CONFIRMATION_PREFIX: [u8; 10] = [0xa1, 0x01, 0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];

/// What the parts of a `cnf` value are called.
pub const CONFIRMATION: Shape = Shape::Map(&[(
    1,
    "COSE_Key",
    Shape::Map(&[(1, "kty", Shape::Any), (-1, "crv", Shape::Any), (-2, "x", Shape::Any)]),
)]);

/// Writes a `cnf` value with an Ed25519 key (RFC 8747 §3.2, RFC 9053 §7.2).
pub fn encode_confirmation(out: &mut Encoder, key: &VerifyingKey) {
    out.raw(&CONFIRMATION_PREFIX).raw(key.as_bytes());
}

/// Reads a `cnf` value with an Ed25519 key and returns the key's bytes, not yet checked.
///
/// # Errors
/// [`CborError`] for any other form.
pub fn decode_confirmation<'a>(d: &mut Decoder<'a>) -> Result<&'a [u8; 32], CborError> {
    let expected = d.error(CborErrorKind::Expected("{1: {1: 1, -1: 6, -2: 32 bytes}}"));
    let item = d.item()?;
    let key = item.strip_prefix(&CONFIRMATION_PREFIX).ok_or(expected)?;
    key.try_into().map_err(|_| expected)
}

#[cfg(test)]
#[path = "tests/cwt.rs"]
mod tests;
