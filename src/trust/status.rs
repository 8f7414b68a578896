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
use super::history::Keys;
use super::list::{Policy, Role, TrustError};
use crate::crypto::{Hash, SignatureError, SigningKey, sha256};
use crate::id::MemberId;
use crate::limits::{MAX_STATUS_BYTES, MAX_STATUS_LIST, MAX_STATUS_URI};
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key};
use crate::wire::cose::{self, CoseError, Expect, Headers, Sign1, Typ};
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
mod tests {
    use super::super::list::tests::{list, secret, time};
    use super::*;

    fn spec() -> StatusListSpec {
        StatusListSpec::new("oc:310101/1".into(), time(5_000), time(9_000), 1_000)
    }

    /// Signs hand-made claims.
    fn handmade(lst: &[u8], bits: u8) -> Vec<u8> {
        handmade_as(4, "u", "lst", lst, |out| _ = out.text("bits").uint(bits))
    }

    /// The same with other words in it: so many claims, the last of them written by `rest`.
    fn handmade_as(claims: usize, uri: &str, name: &str, lst: &[u8], rest: impl FnOnce(&mut Encoder)) -> Vec<u8> {
        let key = secret(310_101, Role::Issuer);
        let mut out = Encoder::new();
        out.map(claims).int(2).text(uri).int(4).uint(9_000_u32).int(6).uint(5_000_u32);
        out.int(65_533).map(2).text(name).bytes(lst);
        rest(&mut out);
        cose::sign1(&key, TYP, Headers { kid: Some(key.verifying_key().kid()), kcwt: None }, &out.finish())
    }

    #[test]
    fn statuses_are_read_back() {
        let mut spec = spec();
        assert!(spec.set(0, Status::Revoked) && spec.set(5, Status::Suspended) && spec.set(999, Status::Superseded));
        assert!(spec.set(7, Status::Superseded) && spec.set(7, Status::Valid));
        assert!(!spec.set(1_000, Status::Revoked));
        let list = StatusList::verify(&spec.sign(&secret(310_101, Role::Issuer)), &list()).unwrap();
        assert_eq!(list.issuer().code(), 310_101);
        for (index, status) in [(0, Status::Revoked), (5, Status::Suspended), (999, Status::Superseded)] {
            assert_eq!(list.status(index), Some(status));
        }
        assert_eq!(list.status(7), Some(Status::Valid));
        assert_eq!(list.status(1_000), None, "beyond the list is not valid");
        assert_eq!(list.status(u32::MAX), None);
    }

    #[test]
    fn one_bit_lists_are_read_too() {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[0b1011_1001, 0b1010_0011], 9);
        let list = StatusList::verify(&handmade(&packed, 1), &list()).unwrap();
        let ones: Vec<u32> = (0..16).filter(|&i| list.status(i) == Some(Status::Revoked)).collect();
        assert_eq!(ones, [0, 3, 4, 5, 7, 8, 9, 13, 15], "the example of section 4.1");
        assert_eq!(
            StatusList::verify(&handmade(&packed, 4), &super::super::list::tests::list()).unwrap_err(),
            StatusError::Rule("bits is not 1 or 2")
        );
    }

    #[test]
    fn claims_have_one_form() {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[0], 9);
        let with = |claims, uri: &str, name, rest: &dyn Fn(&mut Encoder)| {
            StatusList::verify(&handmade_as(claims, uri, name, &packed, rest), &list()).map(drop)
        };
        let bits = |out: &mut Encoder| _ = out.text("bits").uint(2_u8);
        assert_eq!(with(4, &"u".repeat(MAX_STATUS_URI), "lst", &bits), Ok(()));
        let uri = Err(StatusError::Rule("the uri is empty or too long"));
        for length in [0, MAX_STATUS_URI + 1, MAX_STATUS_URI + 9] {
            assert_eq!(with(4, &"u".repeat(length), "lst", &bits), uri, "{length}");
        }
        let kind = |result| match result {
            Err(StatusError::Encoding(CoseError::Cbor(error))) => error.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind(with(4, "u", "lsu", &bits)), CborErrorKind::UnknownKey);
        assert_eq!(kind(with(4, "u", "lst", &|out| _ = out.text("bitt").uint(2_u8))), CborErrorKind::UnknownKey);
        // How long it may be cached: known, and of no use here.
        let cached =
            |key| with(5, "u", "lst", &move |out: &mut Encoder| _ = out.text("bits").uint(2_u8).int(key).uint(9_u8));
        assert_eq!(cached(claim::TTL), Ok(()));
        assert_eq!(kind(cached(claim::TTL + 1)), CborErrorKind::MissingKey(claim::TTL));
    }

    #[test]
    fn size_comes_first() {
        let bytes = vec![0xd2; MAX_STATUS_LIST + 1];
        assert_eq!(StatusList::verify(&bytes, &list()).unwrap_err(), StatusError::TooLong(bytes.len()));
        let longest = StatusList::verify(&bytes[1..], &list());
        assert!(matches!(longest, Err(StatusError::Encoding(_))), "{longest:?}");
    }

    #[test]
    fn a_bomb_does_not_inflate() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_STATUS_BYTES + 1], 9);
        assert_eq!(StatusList::verify(&handmade(&bomb, 2), &list()).unwrap_err(), StatusError::Compression);
        assert_eq!(StatusList::verify(&handmade(b"not zlib", 2), &list()).unwrap_err(), StatusError::Compression);
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[1, 2, 3], 9);
        assert!(StatusList::verify(&handmade(&packed, 2), &list()).is_ok());
        let trailing = [&packed[..], &[0]].concat();
        assert_eq!(StatusList::verify(&handmade(&trailing, 2), &list()).unwrap_err(), StatusError::Compression);
        let cut = &packed[..packed.len() - 1];
        assert_eq!(StatusList::verify(&handmade(cut, 2), &list()).unwrap_err(), StatusError::Compression);
        let largest = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_STATUS_BYTES], 9);
        assert!(StatusList::verify(&handmade(&largest, 2), &list()).is_ok());
    }

    #[test]
    fn only_an_issuer_signs_at_its_time() {
        let verify = |spec: &StatusListSpec, role| StatusList::verify(&spec.sign(&secret(310_101, role)), &list());
        assert!(verify(&spec(), Role::Issuer).is_ok());
        assert!(matches!(verify(&spec(), Role::Registrar), Err(StatusError::Trust(TrustError::WrongRole(_)))));
        let early = StatusListSpec { issued: time(10), ..spec() };
        assert!(matches!(verify(&early, Role::Issuer), Err(StatusError::Trust(TrustError::KeyTime(_)))));
        let at_once = StatusListSpec { expires: time(5_000), ..spec() };
        assert!(verify(&at_once, Role::Issuer).is_ok());
        let backwards = StatusListSpec { expires: time(10), ..spec() };
        assert!(matches!(verify(&backwards, Role::Issuer), Err(StatusError::Rule(_))));
    }

    #[test]
    fn every_byte_of_a_token_counts() {
        let bytes = spec().sign(&secret(310_101, Role::Issuer));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(StatusList::verify(&changed, &list()).is_err(), "byte {at}");
        }
    }
}
