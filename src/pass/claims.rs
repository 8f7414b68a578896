//! The claims of a pass, and issuing it.
//!
//! Only immutable facts are signed: the rules live in the catalogue under (issuer, product,
//! version). Everything that is onecard's own is in one private claim.
//!
//! ```cddl
//! pass-claims = {
//!   1: tstr, 2: tstr,                ; iss: six digits; sub: 16 Crockford characters
//!   4: uint, 5: uint, 6: uint,       ; exp, nbf, iat
//!   ? 8: { 1: COSE_Key },            ; cnf: the holder's key
//!   65535: { "status_list": { "idx": uint, "uri": tstr } },
//!   -65537: {
//!     1: 1,                          ; version
//!     3: [uint, uint],               ; product number and version
//!     ? 4: bstr .size 32,            ; commitment to the holder's document
//!     5: uint, 7: uint, 9: uint,     ; holder class, flags, freshness in seconds
//!     * even-int => any              ; ignored; an odd unknown key refuses the pass
//!   }
//! }
//! ```

use super::holder_id::IdCommitment;
use crate::crypto::{KeyError, SigningKey, VerifyingKey};
use crate::id::{IdError, MemberId, PassId, PassKey, ProductRef};
use crate::limits::{MAX_PASS, MAX_STATUS_URI};
use crate::product::PassFacts;
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key};
use crate::wire::cose::{self, Headers, Typ};
use crate::wire::cwt::{self, CONFIRMATION, claim};
use crate::wire::shape::Shape;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

/// `typ` of a pass: `application/sd-cwt`.
pub(super) const TYP: Typ = Typ::ContentFormat(293);
const VERSION: u64 = 1;

/// Bits of the `flags` value.
pub mod flags {
    /// The bare pass, without a holder's proof, may be admitted: a printed pass.
    pub const STATIC_ALLOWED: u8 = 1;
    /// The holder's identity document is compared: by a person, or by the gate where the pass carries a
    /// commitment to it.
    pub const ID_CHECK: u8 = 2;
    /// All flags there are. A pass with another one is refused: it may restrict the pass.
    pub const ALL: u8 = STATIC_ALLOWED | ID_CHECK;
}

/// Where the status of a pass is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRef {
    /// Index in the list.
    pub index: u32,
    /// URI of the list.
    pub uri: StatusUri,
}

/// URI of a status list, 1 to 64 bytes. It is kept in place, so that claims own no other memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StatusUri {
    /// The text, and zeros after it.
    bytes: [u8; MAX_STATUS_URI],
    length: usize,
}

impl FromStr for StatusUri {
    type Err = ClaimsError;

    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        let mut bytes = [0; MAX_STATUS_URI];
        match bytes.get_mut(..text.len()) {
            Some(slot) if !text.is_empty() => slot.copy_from_slice(text.as_bytes()),
            _ => return Err(ClaimsError::Rule("the status uri is empty or too long")),
        }
        Ok(Self { bytes, length: text.len() })
    }
}

impl Deref for StatusUri {
    type Target = str;

    fn deref(&self) -> &str {
        // It was made from a text of this length.
        self.bytes.get(..self.length).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for StatusUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// What an issuer says of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassClaims {
    /// The member that issues it.
    pub issuer: MemberId,
    /// 80 random bits.
    pub pass: PassId,
    /// First second it is not good for any more.
    pub expires: UnixTime,
    /// First second it is good for.
    pub not_before: UnixTime,
    /// When it was issued.
    pub issued: UnixTime,
    /// The holder's key; a pass without one must be flagged [`flags::STATIC_ALLOWED`].
    pub confirmation: Option<VerifyingKey>,
    /// Where its status is listed.
    pub status: StatusRef,
    /// Number and version of the product in the issuer's catalogue.
    pub product: (u16, u16),
    /// Class of the holder, as products name it.
    pub holder_class: u8,
    /// See [`flags`].
    pub flags: u8,
    /// A shown code is good for at most this many seconds; 0 leaves it to the federation's policy.
    pub freshness: u16,
    /// Commitment to the holder's document, in a pass flagged [`flags::ID_CHECK`]. A gate that does not
    /// know it refers the visitor to a person.
    pub id_commitment: Option<IdCommitment>,
}

impl PassClaims {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (claim::ISS, "iss", Shape::Any),
        (claim::SUB, "sub", Shape::Any),
        (claim::EXP, "exp", Shape::Time),
        (claim::NBF, "nbf", Shape::Time),
        (claim::IAT, "iat", Shape::Time),
        (claim::CNF, "cnf", CONFIRMATION),
        (claim::STATUS, "status", Shape::Any),
        (
            claim::ONECARD,
            "onecard",
            Shape::Map(&[
                (1, "version", Shape::Any),
                (3, "product", Shape::Tuple(&[("number", Shape::Any), ("version", Shape::Any)])),
                (4, "commitment to the document", Shape::Any),
                (5, "holder class", Shape::Any),
                (7, "flags", Shape::Any),
                (9, "freshness", Shape::Any),
            ]),
        ),
    ]);
}

/// Claims are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// Not the one accepted encoding of a pass's claims.
    #[error("claims: {0}")]
    Cbor(#[from] CborError),
    /// `iss` or `sub` is not a name.
    #[error("claims: {0}")]
    Id(#[from] IdError),
    /// The holder's key is unusable.
    #[error("claims: {0}")]
    Key(#[from] KeyError),
    /// A critical private claim this version does not know.
    #[error("claims: unknown critical private claim {0}")]
    Critical(i64),
    /// A private claim of another version.
    #[error("claims: version {0}")]
    Version(u64),
    /// The claims contradict each other.
    #[error("claims: {0}")]
    Rule(&'static str),
}

/// A pass cannot be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A verifier would refuse these claims.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The pass would be longer than any pass may be.
    #[error("the pass would have {0} bytes, more than {MAX_PASS}")]
    TooLong(usize),
}

impl PassClaims {
    /// Signs these claims with an issuer key and returns the encoded pass.
    ///
    /// # Errors
    /// [`IssueError`] for claims that every gate would refuse.
    pub fn issue(&self, issuer: &SigningKey) -> Result<Vec<u8>, IssueError> {
        self.check()?;
        if let Some(key) = &self.confirmation {
            // The prime-order check that gates leave to the issuer.
            VerifyingKey::from_bytes(key.as_bytes()).map_err(ClaimsError::from)?;
        }
        let headers = Headers { kid: Some(issuer.verifying_key().kid()), kcwt: None };
        let pass = cose::sign1(issuer, TYP, headers, &self.encode());
        if pass.len() > MAX_PASS { Err(IssueError::TooLong(pass.len())) } else { Ok(pass) }
    }

    /// Issuer and id.
    #[must_use]
    pub const fn key(&self) -> PassKey {
        PassKey { issuer: self.issuer, pass: self.pass }
    }

    /// What the rules of the product need to know of the pass.
    #[must_use]
    pub const fn facts(&self) -> PassFacts {
        PassFacts { not_before: self.not_before, expires: self.expires, holder_class: self.holder_class }
    }

    /// The product in the whole federation.
    #[must_use]
    pub const fn product_ref(&self) -> ProductRef {
        ProductRef { issuer: self.issuer, product: self.product.0, version: self.product.1 }
    }

    /// Whether the issuer allows the bare pass to be shown.
    #[must_use]
    pub const fn static_allowed(&self) -> bool {
        self.flags & flags::STATIC_ALLOWED != 0
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(7_usize.saturating_add(usize::from(self.confirmation.is_some())));
        out.int(claim::ISS).text(&self.issuer.to_string());
        out.int(claim::SUB).text(&self.pass.to_string());
        out.int(claim::EXP).time(self.expires);
        out.int(claim::NBF).time(self.not_before);
        out.int(claim::IAT).time(self.issued);
        if let Some(key) = &self.confirmation {
            out.int(claim::CNF);
            cwt::encode_confirmation(&mut out, key);
        }
        out.int(claim::STATUS).map(1).text("status_list").map(2);
        out.text("idx").uint(self.status.index).text("uri").text(&self.status.uri);
        out.int(claim::ONECARD).map(5_usize.saturating_add(usize::from(self.id_commitment.is_some())));
        out.int(1).uint(VERSION);
        out.int(3).array(2).uint(self.product.0).uint(self.product.1);
        if let Some(commitment) = &self.id_commitment {
            out.int(4).bytes(&commitment.0);
        }
        out.int(5).uint(self.holder_class);
        out.int(7).uint(self.flags);
        out.int(9).uint(self.freshness);
        out.finish()
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, ClaimsError> {
        let claims = Decoder::all(payload, decode)?;
        claims.check()?;
        Ok(claims)
    }

    fn check(&self) -> Result<(), ClaimsError> {
        let rule = |holds: bool, text| if holds { Ok(()) } else { Err(ClaimsError::Rule(text)) };
        rule(self.not_before < self.expires, "exp is not after nbf")?;
        rule(self.issued < self.expires, "exp is not after iat")?;
        rule(
            self.confirmation.is_some() || self.static_allowed(),
            "no holder key, and not allowed to be shown without",
        )?;
        rule(self.flags & !flags::ALL == 0, "an unknown flag")?;
        rule(
            self.id_commitment.is_none() || self.flags & flags::ID_CHECK != 0,
            "a commitment to a document that nobody has to compare",
        )
    }
}

fn decode(d: &mut Decoder<'_>) -> Result<PassClaims, ClaimsError> {
    let mut map = d.map()?;
    map.require(d, claim::ISS)?;
    let issuer = d.text()?.parse()?;
    map.require(d, claim::SUB)?;
    let pass = d.text()?.parse()?;
    map.require(d, claim::EXP)?;
    let expires = d.time()?;
    map.require(d, claim::NBF)?;
    let not_before = d.time()?;
    map.require(d, claim::IAT)?;
    let issued = d.time()?;
    let at = d.error(CborErrorKind::UnknownKey);
    let (confirmation, status_key) = match map.key(d)? {
        Some(Key::Int(claim::CNF)) => {
            let key = VerifyingKey::from_signed_bytes(cwt::decode_confirmation(d)?)?;
            (Some(key), map.key(d)?)
        }
        other => (None, other),
    };
    match status_key {
        Some(Key::Int(claim::STATUS)) => {}
        Some(Key::Int(key)) if (0..claim::STATUS).contains(&key) => return Err(at.into()),
        _ => return Err(CborError { kind: CborErrorKind::MissingKey(claim::STATUS), ..at }.into()),
    }
    let status = decode_status(d)?;
    map.require(d, claim::ONECARD)?;
    let own = decode_own(d)?;
    map.end(d)?;
    let OwnClaims { product, id_commitment, holder_class, flags, freshness } = own;
    Ok(PassClaims {
        issuer,
        pass,
        expires,
        not_before,
        issued,
        confirmation,
        status,
        product,
        holder_class,
        flags,
        freshness,
        id_commitment,
    })
}

fn decode_status(d: &mut Decoder<'_>) -> Result<StatusRef, ClaimsError> {
    let text_key = |found, name, d: &Decoder<'_>| match found {
        Some(Key::Text(text)) if text == name => Ok(()),
        _ => Err(d.error(CborErrorKind::UnknownKey)),
    };
    let mut outer = d.map()?;
    text_key(outer.key(d)?, "status_list", d)?;
    let mut inner = d.map()?;
    text_key(inner.key(d)?, "idx", d)?;
    let index = d.uint()?;
    text_key(inner.key(d)?, "uri", d)?;
    let uri = d.text()?.parse()?;
    inner.end(d)?;
    outer.end(d)?;
    Ok(StatusRef { index, uri })
}

struct OwnClaims {
    product: (u16, u16),
    id_commitment: Option<IdCommitment>,
    holder_class: u8,
    flags: u8,
    freshness: u16,
}

/// Reads the private claim: odd keys are critical, even ones may be ignored (but must be CBOR).
fn decode_own(d: &mut Decoder<'_>) -> Result<OwnClaims, ClaimsError> {
    let (mut product, mut holder_class, mut flags, mut freshness) = (None, None, None, None);
    let (mut version, mut id_commitment) = (None, None);
    let start = d.error(CborErrorKind::MissingKey(0));
    let mut map = d.map()?;
    while let Some(key) = map.key(d)? {
        let unknown = d.error(CborErrorKind::UnknownKey);
        let Key::Int(key) = key else { return Err(unknown.into()) };
        match key {
            1 => version = Some(d.uint::<u64>()?),
            3 => {
                d.array_of(2)?;
                product = Some((d.uint()?, d.uint()?));
            }
            4 => id_commitment = Some(IdCommitment(*d.byte_array()?)),
            5 => holder_class = Some(d.uint()?),
            7 => flags = Some(d.uint()?),
            9 => freshness = Some(d.uint()?),
            even if even & 1 == 0 => drop(d.item()?),
            odd => return Err(ClaimsError::Critical(odd)),
        }
    }
    let missing = |key| CborError { kind: CborErrorKind::MissingKey(key), ..start };
    match version.ok_or(missing(1))? {
        VERSION => {}
        other => return Err(ClaimsError::Version(other)),
    }
    Ok(OwnClaims {
        product: product.ok_or(missing(3))?,
        id_commitment,
        holder_class: holder_class.ok_or(missing(5))?,
        flags: flags.ok_or(missing(7))?,
        freshness: freshness.ok_or(missing(9))?,
    })
}

#[cfg(test)]
#[path = "tests/claims.rs"]
pub(crate) mod tests;
