//! Status lists: which passes were revoked, as a Token Status List in CWT form
//! (draft-ietf-oauth-status-list, §4 and §5.2).
//!
//! The token is a `COSE_Sign1` by an issuer key with `typ` `application/statuslist+cwt`:
//!
//! ```cddl
//! status-list = { 2: tstr, 4: uint, 6: uint, 65533: { "lst": bstr, "bits": 1 / 2 }, ? 65534: uint }
//!               ; uri, expires, issued, the list (zlib), time to live in seconds
//! ```
//!
//! The inner map is in deterministic order, so `lst` comes first. The compressed list is bounded
//! before and after it is inflated, and the inflated length is what says how many passes it covers:
//! an index beyond it is an error, never "valid".

use super::age::{Age, Limits};
use super::error::TrustError;
use super::history::Keys;
use super::member::Role;
use super::policy::Policy;
use crate::crypto::{Hash, SignatureError, SigningKey, sha256};
use crate::id::MemberId;
use crate::limits::{MAX_STATUS_BYTES, MAX_STATUS_LIST, MAX_STATUS_URI};
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key};
use crate::wire::cose::{self, CoseError, Expect, Headers, Sign1, Typ};
use crate::wire::shape::Shape;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

const TYP: Typ = Typ::MediaType("application/statuslist+cwt");

mod claim {
    pub(super) const SUB: i64 = 2;
    pub(super) const EXP: i64 = 4;
    pub(super) const IAT: i64 = 6;
    pub(super) const STATUS_LIST: i64 = 65_533;
    pub(super) const TTL: i64 = 65_534;
}

/// What a status list says of one pass (§7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: valid.
    Valid,
    /// 1: revoked for good.
    Revoked,
    /// 2: suspended; it may come back.
    Suspended,
    /// 3: superseded by a new issue of the same entitlement (application-specific value).
    Superseded,
}

impl Status {
    /// The value in the list.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
            Self::Superseded => 3,
        }
    }

    const fn from_value(value: u8) -> Self {
        match value & 3 {
            0 => Self::Valid,
            1 => Self::Revoked,
            2 => Self::Suspended,
            _ => Self::Superseded,
        }
    }
}

/// The content of a status list, before it is signed. Two bits for each pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListSpec {
    /// URI that the passes name, at most 64 bytes.
    pub uri: String,
    /// When it was issued; each list of one URI is issued later than the one before.
    pub issued: UnixTime,
    /// When it stops being current.
    pub expires: UnixTime,
    packed: Vec<u8>,
}

impl StatusListSpec {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (2, "sub", Shape::Any),
        (4, "exp", Shape::Time),
        (6, "iat", Shape::Time),
        (65533, "status_list", Shape::Any),
        (65534, "ttl", Shape::Any),
    ]);
}

impl StatusListSpec {
    /// A list of `passes` valid passes (rounded up to a whole byte).
    #[must_use]
    pub fn new(uri: String, issued: UnixTime, expires: UnixTime, passes: usize) -> Self {
        Self { uri, issued, expires, packed: vec![0; passes.div_ceil(4)] }
    }

    /// Sets the status of the pass at `index`. Returns `false`, and changes nothing, beyond the list.
    pub fn set(&mut self, index: u32, status: Status) -> bool {
        let (at, shift) = position(index, 2);
        let Some(byte) = self.packed.get_mut(at) else { return false };
        *byte = *byte & !(3 << shift) | status.value() << shift;
        true
    }

    /// Signs this content with an issuer key.
    #[must_use]
    pub fn sign(&self, issuer: &SigningKey) -> Vec<u8> {
        let list = miniz_oxide::deflate::compress_to_vec_zlib(&self.packed, 9);
        let mut out = Encoder::new();
        out.map(4);
        out.int(claim::SUB).text(&self.uri);
        out.int(claim::EXP).time(self.expires);
        out.int(claim::IAT).time(self.issued);
        out.int(claim::STATUS_LIST).map(2).text("lst").bytes(&list).text("bits").uint(2_u8);
        let headers = Headers { kid: Some(issuer.verifying_key().kid()), kcwt: None };
        cose::sign1(issuer, TYP, headers, &out.finish())
    }
}

/// A status list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// Longer than any status list token.
    #[error("the status list has {0} bytes, more than {MAX_STATUS_LIST}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("status list: {0}")]
    Encoding(#[from] CoseError),
    /// No issuer key of the trust list signed it.
    #[error("status list: {0}")]
    Trust(#[from] TrustError),
    /// The signature does not verify.
    #[error("status list: {0}")]
    Signature(#[from] SignatureError),
    /// The URI is empty or too long, or times contradict each other.
    #[error("status list: {0}")]
    Rule(&'static str),
    /// The list does not inflate to at most the cap.
    #[error("status list: the compressed list is damaged or inflates beyond {MAX_STATUS_BYTES} bytes")]
    Compression,
}

impl From<CborError> for StatusError {
    fn from(error: CborError) -> Self {
        Self::Encoding(error.into())
    }
}

/// A verified status list.
#[derive(Clone, Debug)]
pub struct StatusList {
    issuer: MemberId,
    uri: String,
    issued: UnixTime,
    expires: UnixTime,
    bits: u8,
    packed: Vec<u8>,
    digest: Hash,
    bytes: Vec<u8>,
}

impl StatusList {
    /// Verifies a status list token against the trust list.
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn verify(bytes: &[u8], trust: &impl Keys) -> Result<Self, StatusError> {
        if bytes.len() > MAX_STATUS_LIST {
            return Err(StatusError::TooLong(bytes.len()));
        }
        let message = Sign1::decode(bytes, TYP, Expect::Kid)?;
        let claims = Decoder::all(message.payload(), decode_claims)?;
        let (member, entry) = trust.key(message.kid()?, Role::Issuer, claims.issued)?;
        message.verify(trust.verifier(entry))?;
        let packed = inflate(claims.list).ok_or(StatusError::Compression)?;
        Ok(Self {
            issuer: member.id,
            uri: claims.uri.to_owned(),
            issued: claims.issued,
            expires: claims.expires,
            bits: claims.bits,
            packed,
            digest: sha256(&[bytes]),
            bytes: bytes.to_vec(),
        })
    }

    /// The member whose issuer key signed: the list says nothing of other issuers' passes.
    #[must_use]
    pub const fn issuer(&self) -> MemberId {
        self.issuer
    }

    /// The URI that passes name.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> UnixTime {
        self.issued
    }

    /// When it stops being current.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.expires
    }

    /// SHA-256 of the signed bytes.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// The signed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How old this list is at `now`, judged by the federation's policy.
    #[must_use]
    pub fn age(&self, policy: &Policy, now: UnixTime) -> Age {
        let limits =
            Limits { fresh: policy.status_fresh, most: Some(policy.status_max_age), expires: Some(self.expires) };
        Age::judge(self.issued, limits, policy, now)
    }

    /// What the list says of the pass at `index`; `None` beyond the list.
    #[must_use]
    pub fn status(&self, index: u32) -> Option<Status> {
        let (at, shift) = position(index, self.bits);
        let mask = if self.bits == 1 { 1 } else { 3 };
        self.packed.get(at).map(|byte| Status::from_value(byte >> shift & mask))
    }
}

/// Inflates a zlib stream that ends with the input, to at most [`MAX_STATUS_BYTES`].
fn inflate(list: &[u8]) -> Option<Vec<u8>> {
    const FLAGS: u32 = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![0; list.len().saturating_mul(4).clamp(64, MAX_STATUS_BYTES)];
    let (mut read, mut written) = (0_usize, 0_usize);
    loop {
        let (status, took, gave) = decompress(&mut state, list.get(read..)?, &mut out, written, FLAGS);
        read = read.checked_add(took)?;
        written = written.checked_add(gave)?;
        match status {
            TINFLStatus::Done if read == list.len() => {
                out.truncate(written);
                return Some(out);
            }
            TINFLStatus::HasMoreOutput if out.len() < MAX_STATUS_BYTES => {
                out.resize(out.len().saturating_mul(2).min(MAX_STATUS_BYTES), 0);
            }
            _ => return None,
        }
    }
}

/// Byte and shift of an index in a list of 1 or 2 bits each (§4.1: from the least significant bit).
const fn position(index: u32, bits: u8) -> (usize, u32) {
    if bits == 1 { ((index / 8) as usize, index % 8) } else { ((index / 4) as usize, (index % 4) << 1) }
}

struct Claims<'a> {
    uri: &'a str,
    expires: UnixTime,
    issued: UnixTime,
    bits: u8,
    list: &'a [u8],
}

fn decode_claims<'a>(d: &mut Decoder<'a>) -> Result<Claims<'a>, StatusError> {
    let mut map = d.map()?;
    map.require(d, claim::SUB)?;
    let uri = d.text()?;
    map.require(d, claim::EXP)?;
    let expires = d.time()?;
    map.require(d, claim::IAT)?;
    let issued = d.time()?;
    map.require(d, claim::STATUS_LIST)?;
    let mut inner = d.map()?;
    let text_key = |found, name, d: &Decoder<'_>| match found {
        Some(Key::Text(text)) if text == name => Ok(()),
        _ => Err(d.error(CborErrorKind::UnknownKey)),
    };
    text_key(inner.key(d)?, "lst", d)?;
    let list = d.bytes()?;
    text_key(inner.key(d)?, "bits", d)?;
    let bits = d.uint()?;
    inner.end(d)?;
    if map.left() > 0 {
        map.require(d, claim::TTL)?;
        d.uint::<u64>()?;
    }
    map.end(d)?;
    if uri.is_empty() || uri.len() > MAX_STATUS_URI {
        return Err(StatusError::Rule("the uri is empty or too long"));
    }
    if expires < issued {
        return Err(StatusError::Rule("expires before it is issued"));
    }
    if bits != 1 && bits != 2 {
        return Err(StatusError::Rule("bits is not 1 or 2"));
    }
    Ok(Claims { uri, expires, issued, bits, list })
}

#[cfg(test)]
#[path = "tests/status.rs"]
mod tests;
