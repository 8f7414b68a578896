//! The gate certificate: a CWT (RFC 8392) by which a member's registrar enrols a gate's key for one
//! venue.
//!
//! ```cddl
//! gate-certificate = {
//!   1: tstr, 2: tstr,            ; iss: member; sub: "<member>/gate/<number>"
//!   4: uint, 5: uint, 6: uint,   ; exp, nbf, iat
//!   8: { 1: COSE_Key },          ; cnf (RFC 8747): the gate's key
//!   -65537: { 1: 1, 3: uint, 5: uint },   ; version, venue number in the member's catalogue, service
//! }
//! ```

use super::error::TrustError;
use super::history::Keys;
use super::member::{KeyEntry, Role};
use crate::crypto::{Hash, KeyError, PendingSignature, SignatureError, SigningKey, VerifyingKey, sha256};
use crate::id::{GateId, MemberId, VenueId};
use crate::limits::MAX_GATE_CERTIFICATE;
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use crate::wire::cose::{self, CoseError, Expect, Headers, Sign1, Typ};
use crate::wire::cwt::{self, CONFIRMATION, claim};
use crate::wire::shape::Shape;

const TYP: Typ = Typ::MediaType("application/vnd.onecard.gate+cwt");
const VERSION: u64 = 1;

/// The content of a gate certificate, before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateCertificateSpec {
    /// The gate.
    pub gate: GateId,
    /// Number of the venue in the catalogue of the gate's member.
    pub venue: u16,
    /// The service the gate is for; 0 is entry.
    pub service: u8,
    /// The gate's key.
    pub key: VerifyingKey,
    /// When it is issued.
    pub issued: UnixTime,
    /// First second it is in force.
    pub not_before: UnixTime,
    /// First second it is not in force any more.
    pub expires: UnixTime,
}

impl GateCertificateSpec {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (claim::ISS, "iss", Shape::Any),
        (claim::SUB, "sub", Shape::Any),
        (claim::EXP, "exp", Shape::Time),
        (claim::NBF, "nbf", Shape::Time),
        (claim::IAT, "iat", Shape::Time),
        (claim::CNF, "cnf", CONFIRMATION),
        (
            claim::ONECARD,
            "onecard",
            Shape::Map(&[(1, "version", Shape::Any), (3, "venue", Shape::Any), (5, "service", Shape::Any)]),
        ),
    ]);
}

impl GateCertificateSpec {
    /// Signs this content with a registrar key.
    #[must_use]
    pub fn sign(&self, registrar: &SigningKey) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(7);
        out.int(claim::ISS).text(&self.gate.member.to_string());
        out.int(claim::SUB).text(&self.gate.to_string());
        out.int(claim::EXP).time(self.expires);
        out.int(claim::NBF).time(self.not_before);
        out.int(claim::IAT).time(self.issued);
        out.int(claim::CNF);
        cwt::encode_confirmation(&mut out, &self.key);
        out.int(claim::ONECARD).map(3).int(1).uint(VERSION).int(3).uint(self.venue).int(5).uint(self.service);
        let headers = Headers { kid: Some(registrar.verifying_key().kid()), kcwt: None };
        cose::sign1(registrar, TYP, headers, &out.finish())
    }
}

/// A gate certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Longer than any gate certificate.
    #[error("the gate certificate has {0} bytes, more than {MAX_GATE_CERTIFICATE}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("gate certificate: {0}")]
    Encoding(#[from] CoseError),
    /// No registrar key of the trust list signed it.
    #[error("gate certificate: {0}")]
    Trust(#[from] TrustError),
    /// The signature does not verify.
    #[error("gate certificate: {0}")]
    Signature(#[from] SignatureError),
    /// The gate's key is unusable.
    #[error("gate certificate: {0}")]
    Key(#[from] KeyError),
    /// The certificate is not in force now.
    #[error("gate certificate: not in force")]
    NotInForce,
    /// The certificate contradicts itself.
    #[error("gate certificate: {0}")]
    Rule(&'static str),
}

impl From<CborError> for CertificateError {
    fn from(error: CborError) -> Self {
        Self::Encoding(error.into())
    }
}

/// A verified gate certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateCertificate {
    enrolment: Enrolment,
    key: VerifyingKey,
}

impl GateCertificate {
    /// Verifies a certificate against the trust list, at the time it was issued.
    ///
    /// Whether it is in force at another time is for [`GateCertificate::covers`].
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn verify(bytes: &[u8], trust: &impl Keys) -> Result<Self, CertificateError> {
        let unsettled = Unsettled::begin(bytes, trust)?;
        let settled = unsettled.signature.settle();
        unsettled.conclude(settled)?.decode_key()
    }

    /// The gate.
    #[must_use]
    pub const fn gate(&self) -> GateId {
        self.enrolment.gate
    }

    /// The venue it stands at.
    #[must_use]
    pub const fn venue(&self) -> VenueId {
        self.enrolment.venue
    }

    /// The service it is for; 0 is entry.
    #[must_use]
    pub const fn service(&self) -> u8 {
        self.enrolment.service
    }

    /// The gate's key.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> UnixTime {
        self.enrolment.issued
    }

    /// First second it is not in force any more.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.enrolment.expires
    }

    /// Whether the certificate is in force at `time`.
    #[must_use]
    pub fn covers(&self, time: UnixTime) -> bool {
        self.enrolment.not_before <= time && time < self.enrolment.expires
    }

    /// The signed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.enrolment.bytes
    }

    /// The SHA-256 of the signed bytes, by which a gate's journal names its certificate.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.enrolment.digest
    }
}

/// A gate certificate that its registrar signed, whose key was not looked at yet.
///
/// Checking a key costs more than the signature over it. Who loads the certificates of a whole federation, and asks a
/// few of them to verify something, decodes the keys of those few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedGateCertificate(Enrolment);

impl SignedGateCertificate {
    /// Verifies each certificate as [`GateCertificate::verify`] does, but for the gate's key, and says in their order
    /// what it says of them.
    ///
    /// They share the inversion at the end of their signatures, by 64. Quickest where the registrars' keys are
    /// [prepared](super::TrustList::prepare).
    pub fn verify_all<'a>(
        certificates: &'a [impl AsRef<[u8]>],
        trust: &'a impl Keys,
    ) -> impl Iterator<Item = Result<Self, CertificateError>> + 'a {
        certificates.chunks(64).flat_map(|chunk| {
            let begun: Vec<_> = chunk.iter().map(|bytes| Unsettled::begin(bytes.as_ref(), trust)).collect();
            let pending: Vec<_> = begun.iter().flatten().map(|unsettled| unsettled.signature).collect();
            let mut settled: Vec<_> = PendingSignature::settle_all(&pending).collect();
            settled.reverse();
            begun.into_iter().map(move |unsettled| {
                let unsettled = unsettled?;
                unsettled.conclude(settled.pop().unwrap_or(Err(SignatureError)))
            })
        })
    }

    /// The gate.
    #[must_use]
    pub const fn gate(&self) -> GateId {
        self.0.gate
    }

    /// The SHA-256 of the signed bytes, by which a gate's journal names its certificate.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.0.digest
    }

    /// Decodes the gate's key with all of its checks.
    ///
    /// # Errors
    /// [`CertificateError::Key`].
    pub fn decode_key(self) -> Result<GateCertificate, CertificateError> {
        let key = VerifyingKey::from_bytes(&self.0.key)?;
        Ok(GateCertificate { enrolment: self.0, key })
    }
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Enrolment {
    gate: GateId,
    venue: VenueId,
    service: u8,
    key: [u8; 32],
    issued: UnixTime,
    not_before: UnixTime,
    expires: UnixTime,
    digest: Hash,
    bytes: Vec<u8>,
}

/// A certificate whose signature waits for its last step.
struct Unsettled {
    enrolment: Enrolment,
    signature: PendingSignature,
    registrar: MemberId,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl Unsettled {
    fn begin(bytes: &[u8], trust: &impl Keys) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_GATE_CERTIFICATE {
            return Err(CertificateError::TooLong(bytes.len()));
        }
        let message = Sign1::decode(bytes, TYP, Expect::Kid)?;
        let enrolment = Decoder::all(message.payload(), |d| decode_claims(d, bytes))?;
        let (member, entry) = trust.key(message.kid()?, Role::Registrar, enrolment.issued)?;
        let signature = message.begin(trust.verifier(entry))?;
        let KeyEntry { not_before, not_after, .. } = *entry;
        Ok(Self { enrolment, signature, registrar: member.id, not_before, not_after })
    }

    fn conclude(self, settled: Result<(), SignatureError>) -> Result<SignedGateCertificate, CertificateError> {
        settled?;
        let Self { enrolment, registrar, not_before, not_after, .. } = self;
        if registrar != enrolment.gate.member {
            return Err(CertificateError::Rule("issued by another member"));
        }
        if enrolment.not_before < not_before || enrolment.expires > not_after {
            return Err(CertificateError::Rule("not within the validity of its registrar's key"));
        }
        if enrolment.gate.number == 0 {
            return Err(CertificateError::Rule("a gate is numbered from 1"));
        }
        if enrolment.expires <= enrolment.not_before {
            return Err(CertificateError::Rule("never valid"));
        }
        Ok(SignedGateCertificate(enrolment))
    }
}

fn decode_claims(d: &mut Decoder<'_>, bytes: &[u8]) -> Result<Enrolment, CertificateError> {
    let mut map = d.map()?;
    map.require(d, claim::ISS)?;
    let member: MemberId = d.text()?.parse().map_err(|_| CertificateError::Rule("iss is not a member id"))?;
    map.require(d, claim::SUB)?;
    let gate = decode_gate(d.text()?, member).ok_or(CertificateError::Rule("sub is not a gate of iss"))?;
    map.require(d, claim::EXP)?;
    let expires = d.time()?;
    map.require(d, claim::NBF)?;
    let not_before = d.time()?;
    map.require(d, claim::IAT)?;
    let issued = d.time()?;
    map.require(d, claim::CNF)?;
    let key = *cwt::decode_confirmation(d)?;
    map.require(d, claim::ONECARD)?;
    let mut private = d.map()?;
    private.require(d, 1)?;
    let at = d.error(CborErrorKind::Range);
    if d.uint::<u64>()? != VERSION {
        return Err(at.into());
    }
    private.require(d, 3)?;
    let venue = VenueId { member, number: d.uint()? };
    private.require(d, 5)?;
    let service = d.uint()?;
    private.end(d)?;
    map.end(d)?;
    let digest = sha256(&[bytes]);
    Ok(Enrolment { gate, venue, service, key, issued, not_before, expires, digest, bytes: bytes.to_vec() })
}

/// Reads `<member>/gate/<number>`, with the number in its only decimal form.
fn decode_gate(text: &str, member: MemberId) -> Option<GateId> {
    let number = text.strip_prefix(&format!("{member}/gate/"))?.parse().ok()?;
    let gate = GateId { member, number };
    (gate.to_string() == text).then_some(gate)
}

#[cfg(test)]
#[path = "tests/certificate.rs"]
pub(crate) mod tests;
