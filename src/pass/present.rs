//! The presentation: a key-binding token by which the holder shows the pass.
//!
//! `COSE_Sign1` with `typ` 294 (`application/kb+cwt`), the pass in the protected `kcwt` header, and
//!
//! ```cddl
//! presentation-claims = { 3: tstr, 6: uint, ? 39: bstr .size 16 }    ; aud, iat, cnonce
//! ```
//!
//! Shown without a return channel, the audience is the federation and the code is renewed every 30
//! seconds; in answer to a gate's challenge, it is that gate, with the gate's nonce.

use crate::crypto::SigningKey;
use crate::limits::{MAX_PASS, MAX_PRESENTATION};
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, Decoder, Encoder};
use crate::wire::cose::{self, Headers, Typ};
use crate::wire::cwt::claim;
use crate::wire::shape::Shape;

/// `typ` of a presentation.
pub(super) const TYP: Typ = Typ::ContentFormat(294);

/// What the parts of a presentation's payload are called.
pub const PRESENTATION: Shape = Shape::Map(&[
    (claim::AUD, "aud", Shape::Any),
    (claim::IAT, "iat", Shape::Time),
    (claim::CNONCE, "cnonce", Shape::Any),
]);

/// A presentation cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresentError {
    /// The pass is longer than any pass, or not a single CBOR item.
    #[error("this is not an encoded pass")]
    Pass,
    /// The presentation would be longer than any may be.
    #[error("the presentation would have {0} bytes, more than {MAX_PRESENTATION}")]
    TooLong(usize),
}

/// Makes the presentation of a pass, dated `issued`.
///
/// `audience` is the federation domain, or with a `nonce` the id of the gate that sent it.
///
/// # Errors
/// [`PresentError`] for bytes that cannot be a pass, or an audience too long.
pub fn present(
    pass: &[u8],
    holder: &SigningKey,
    audience: &str,
    nonce: Option<&[u8; 16]>,
    issued: UnixTime,
) -> Result<Vec<u8>, PresentError> {
    if pass.len() > MAX_PASS || Decoder::all(pass, |d| d.item().map(drop)).is_err() {
        return Err(PresentError::Pass);
    }
    let mut payload = Encoder::new();
    payload.map(2_usize.saturating_add(usize::from(nonce.is_some())));
    payload.int(claim::AUD).text(audience).int(claim::IAT).time(issued);
    if let Some(nonce) = nonce {
        payload.int(claim::CNONCE).bytes(nonce);
    }
    let headers = Headers { kid: None, kcwt: Some(pass) };
    let presentation = cose::sign1(holder, TYP, headers, &payload.finish());
    let length = presentation.len();
    if length > MAX_PRESENTATION { Err(PresentError::TooLong(length)) } else { Ok(presentation) }
}

/// What the holder's signature covers beside the pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PresentationClaims<'a> {
    pub(super) audience: &'a str,
    pub(super) issued: UnixTime,
    pub(super) nonce: Option<&'a [u8; 16]>,
}

impl<'a> PresentationClaims<'a> {
    pub(super) fn decode(payload: &'a [u8]) -> Result<Self, CborError> {
        Decoder::all(payload, |d| {
            let mut map = d.map()?;
            map.require(d, claim::AUD)?;
            let audience = d.text()?;
            map.require(d, claim::IAT)?;
            let issued = d.time()?;
            let nonce = if map.left() > 0 {
                map.require(d, claim::CNONCE)?;
                Some(d.byte_array()?)
            } else {
                None
            };
            map.end(d)?;
            Ok(Self { audience, issued, nonce })
        })
    }
}

#[cfg(test)]
#[path = "tests/present.rs"]
mod tests;
