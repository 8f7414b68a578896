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

use super::history::Keys;
use super::list::{KeyEntry, Role, TrustError};
use crate::crypto::{Hash, KeyError, PendingSignature, SignatureError, SigningKey, VerifyingKey, sha256};
use crate::id::{GateId, MemberId, VenueId};
use crate::limits::MAX_GATE_CERTIFICATE;
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use crate::wire::cose::{self, CoseError, Expect, Headers, Sign1, Typ};
use crate::wire::cwt::{self, claim};

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
pub(crate) mod tests {
    use super::super::list::tests::{id, list, secret, time};
    use super::*;

    fn gate(number: u32) -> GateId {
        GateId { member: id(310_101), number }
    }

    fn gate_key() -> SigningKey {
        SigningKey::from_seed(&[42; 32])
    }

    fn sign(registrar: &SigningKey) -> Vec<u8> {
        sign_for(registrar, 7)
    }

    fn sign_for(registrar: &SigningKey, number: u32) -> Vec<u8> {
        spec(number).sign(registrar)
    }

    fn spec(number: u32) -> GateCertificateSpec {
        GateCertificateSpec {
            gate: gate(number),
            venue: 3,
            service: 1,
            key: gate_key().verifying_key(),
            issued: time(1_500),
            not_before: time(2_000),
            expires: time(9_000),
        }
    }

    #[test]
    fn a_registrar_enrols_a_gate() {
        let certificate = GateCertificate::verify(&sign(&secret(310_101, Role::Registrar)), &list()).unwrap();
        assert_eq!(certificate.gate(), gate(7));
        assert_eq!(certificate.venue(), VenueId { member: id(310_101), number: 3 });
        assert_eq!((certificate.service(), certificate.issued()), (1, time(1_500)));
        assert_eq!(*certificate.key(), gate_key().verifying_key());
        assert!(certificate.covers(time(2_000)) && certificate.covers(time(8_999)));
        assert!(!certificate.covers(time(1_999)) && !certificate.covers(time(9_000)));
    }

    #[test]
    fn only_the_gates_own_registrar() {
        let other_role = GateCertificate::verify(&sign(&secret(310_101, Role::Issuer)), &list());
        assert!(matches!(other_role, Err(CertificateError::Trust(TrustError::WrongRole(_)))));
        let other_member = GateCertificate::verify(&sign(&secret(320_100, Role::Registrar)), &list());
        assert_eq!(other_member, Err(CertificateError::Rule("issued by another member")));
        let long = GateCertificateSpec { expires: time(2_000_000_001), ..spec(7) };
        let long = GateCertificate::verify(&long.sign(&secret(310_101, Role::Registrar)), &list());
        assert_eq!(long, Err(CertificateError::Rule("not within the validity of its registrar's key")));
        let whole = GateCertificateSpec { expires: time(2_000_000_000), ..spec(7) };
        assert!(GateCertificate::verify(&whole.sign(&secret(310_101, Role::Registrar)), &list()).is_ok());
        let nought = GateCertificate::verify(&sign_for(&secret(310_101, Role::Registrar), 0), &list());
        assert_eq!(nought, Err(CertificateError::Rule("a gate is numbered from 1")));
    }

    fn verify(spec: &GateCertificateSpec) -> Result<GateId, CertificateError> {
        let bytes = spec.sign(&secret(310_101, Role::Registrar));
        GateCertificate::verify(&bytes, &list()).map(|certificate| certificate.gate())
    }

    #[test]
    fn a_certificate_is_not_in_force_before_its_registrars_key() {
        let from = |not_before| verify(&GateCertificateSpec { not_before: time(not_before), ..spec(7) });
        assert_eq!(from(1_000), Ok(gate(7)));
        assert_eq!(from(999), Err(CertificateError::Rule("not within the validity of its registrar's key")));
    }

    #[test]
    fn a_certificate_that_is_never_valid_is_refused() {
        let until = |expires| verify(&GateCertificateSpec { expires: time(expires), ..spec(7) });
        assert_eq!(until(2_001), Ok(gate(7)));
        for expires in [2_000, 1_999] {
            assert_eq!(until(expires), Err(CertificateError::Rule("never valid")));
        }
    }

    fn mixed_order_key() -> VerifyingKey {
        let point = curve25519_dalek::edwards::CompressedEdwardsY(*gate_key().verifying_key().as_bytes());
        let torsion = curve25519_dalek::constants::EIGHT_TORSION[1];
        let mixed = (point.decompress().unwrap() + torsion).compress().0;
        VerifyingKey::from_signed_bytes(&mixed).unwrap()
    }

    #[test]
    fn a_gate_key_of_mixed_order_is_refused() {
        let key = mixed_order_key();
        assert_eq!(verify(&GateCertificateSpec { key, ..spec(7) }), Err(CertificateError::Key(KeyError::MixedOrder)));
    }

    /// Good and bad certificates in turn, more than share one inversion: each gets the answer it gets alone.
    #[test]
    fn many_are_judged_one_by_one() {
        let registrar = secret(310_101, Role::Registrar);
        let good = sign(&registrar);
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 0x20;
        let mut not_reduced = good.clone();
        *not_reduced.last_mut().unwrap() |= 0x80;
        let never = GateCertificateSpec { expires: time(2_000), ..spec(7) }.sign(&registrar);
        let cases = [
            (good.clone(), None),
            (forged, Some(CertificateError::Signature(SignatureError))),
            (sign_for(&registrar, 8), None),
            (not_reduced, Some(CertificateError::Signature(SignatureError))),
            (sign(&secret(320_100, Role::Registrar)), Some(CertificateError::Rule("issued by another member"))),
            (vec![0; MAX_GATE_CERTIFICATE + 1], Some(CertificateError::TooLong(MAX_GATE_CERTIFICATE + 1))),
            (never, Some(CertificateError::Rule("never valid"))),
        ];
        for length in [0, 1, 7, 64, 139] {
            let cases: Vec<_> = cases.iter().cycle().take(length).collect();
            let bytes: Vec<&[u8]> = cases.iter().map(|(bytes, _)| &**bytes).collect();
            let mut list = list();
            for prepared in [false, true] {
                if prepared {
                    list.prepare(Role::Registrar, list.issued());
                }
                let verdicts: Vec<_> = SignedGateCertificate::verify_all(&bytes, &list).collect();
                assert_eq!(verdicts.len(), length);
                for ((bytes, error), verdict) in cases.iter().zip(verdicts) {
                    assert_eq!(verdict.as_ref().err(), error.as_ref());
                    let alone = GateCertificate::verify(bytes, &list);
                    assert_eq!(verdict.and_then(SignedGateCertificate::decode_key), alone);
                }
            }
        }
    }

    /// Its registrar may sign any 32 bytes: nothing is verified with them before they are checked.
    #[test]
    fn a_key_is_checked_before_it_is_used() {
        let registrar = secret(310_101, Role::Registrar);
        let key = mixed_order_key();
        let certificates = [GateCertificateSpec { key, ..spec(7) }.sign(&registrar)];
        let trust = list();
        let mut signed = SignedGateCertificate::verify_all(&certificates, &trust);
        let signed = signed.next().unwrap().unwrap();
        assert_eq!((signed.gate(), signed.digest()), (gate(7), sha256(&[&certificates[0]])));
        assert_eq!(signed.decode_key(), Err(CertificateError::Key(KeyError::MixedOrder)));
    }

    #[test]
    fn every_byte_counts() {
        let bytes = sign(&secret(310_101, Role::Registrar));
        assert!(bytes.len() <= MAX_GATE_CERTIFICATE);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(GateCertificate::verify(&changed, &list()).is_err(), "byte {at}");
        }
        let long = [bytes, vec![0; MAX_GATE_CERTIFICATE]].concat();
        assert_eq!(GateCertificate::verify(&long, &list()), Err(CertificateError::TooLong(long.len())));
        let at = |length: usize| GateCertificate::verify(&long[..length], &list());
        assert!(matches!(at(MAX_GATE_CERTIFICATE), Err(CertificateError::Encoding(_))));
        assert_eq!(at(MAX_GATE_CERTIFICATE + 1), Err(CertificateError::TooLong(MAX_GATE_CERTIFICATE + 1)));
    }

    #[test]
    fn a_gate_has_one_name() {
        assert_eq!(decode_gate("310101/gate/7", id(310_101)), Some(gate(7)));
        for bad in ["310101/gate/07", "310101/gate/+7", "320100/gate/7", "310101/gate/", "310101/gate/7/"] {
            assert_eq!(decode_gate(bad, id(310_101)), None, "{bad}");
        }
    }
}
