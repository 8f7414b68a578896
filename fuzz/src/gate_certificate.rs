//! A gate certificate that is accepted is signed for what it says: signed again from its parts, it is
//! the same bytes; it is in force from its first second to just before its last. Among many, each is judged as it
//! is alone.
//!
//! The input is a certificate as received, and the claims of one signed here by a registrar.

use super::federation::{CITIES, KEYS_FROM, LIST, id, payload, secret, signed, time};
use onecard::crypto::{SigningKey, VerifyingKey, sha256};
use onecard::id::GateId;
use onecard::limits::MAX_GATE_CERTIFICATE;
use onecard::time::UnixTime;
use onecard::trust::{CertificateError, GateCertificate, GateCertificateSpec, Role, SignedGateCertificate};
use onecard::wire::cbor::Decoder;
use onecard::wire::cose::Typ;

const TYP: Typ = Typ::MediaType("application/vnd.onecard.gate+cwt");

pub fn run(data: &[u8]) {
    let received = GateCertificate::verify(data, &*LIST);
    let long = matches!(received, Err(CertificateError::TooLong(_)));
    assert_eq!(long, data.len() > MAX_GATE_CERTIFICATE);
    let bytes = signed(Role::Registrar, TYP, data);
    for role in [Role::Issuer, Role::Root, Role::Log] {
        assert!(GateCertificate::verify(&signed(role, TYP, data), &*LIST).is_err(), "signed by {role:?}");
    }
    together(&[&bytes, data, &signed(Role::Issuer, TYP, data), &bytes]);
    let certificate = match GateCertificate::verify(&bytes, &*LIST) {
        Ok(certificate) => certificate,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(certificate.gate().member, id(CITIES[0]), "of another member");
    assert!(certificate.gate().number > 0 && certificate.venue().member == certificate.gate().member);
    assert!(certificate.issued() >= time(KEYS_FROM));
    assert_eq!(VerifyingKey::from_bytes(certificate.key().as_bytes()).as_ref(), Ok(certificate.key()));
    let (expires, not_before) = times(data);
    assert!(not_before < expires && certificate.covers(not_before) && !certificate.covers(expires));
    assert!(certificate.covers(expires.saturating_add(-1)));
    assert!(not_before == UnixTime::MIN || !certificate.covers(not_before.saturating_add(-1)));
    let spec = GateCertificateSpec {
        gate: certificate.gate(),
        venue: certificate.venue().number,
        service: certificate.service(),
        key: *certificate.key(),
        issued: certificate.issued(),
        not_before,
        expires,
    };
    assert_eq!(spec.sign(&secret(CITIES[0], Role::Registrar)), bytes, "accepted, but not the encoding of its parts");
}

/// Each is judged as alone, whatever the others are.
fn together(certificates: &[&[u8]]) {
    let judged: Vec<_> = SignedGateCertificate::verify_all(certificates, &*LIST).collect();
    assert_eq!(judged.len(), certificates.len());
    for (bytes, judged) in certificates.iter().zip(judged) {
        let alone = GateCertificate::verify(bytes, &*LIST);
        if let (Ok(alone), Ok(judged)) = (&alone, &judged) {
            assert_eq!((judged.gate(), judged.digest()), (alone.gate(), sha256(&[bytes])));
        }
        assert_eq!(judged.and_then(SignedGateCertificate::decode_key), alone, "among others");
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let good = GateCertificateSpec {
        gate: GateId { member: id(CITIES[0]), number: 7 },
        venue: 1,
        service: 0,
        key: SigningKey::from_seed(&[42; 32]).verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    let of = |spec: GateCertificateSpec| payload(&spec.sign(&secret(CITIES[0], Role::Registrar)), TYP);
    vec![
        ("good", of(good)),
        ("from-the-start", of(GateCertificateSpec { not_before: time(0), ..good })),
        ("gate-0", of(GateCertificateSpec { gate: GateId { number: 0, ..good.gate }, ..good })),
        ("never-valid", of(GateCertificateSpec { expires: good.not_before, ..good })),
        ("another-member", of(GateCertificateSpec { gate: GateId { member: id(CITIES[1]), ..good.gate }, ..good })),
        ("early", of(GateCertificateSpec { issued: time(999), ..good })),
    ]
}

/// The third and the fourth claim: expiry and start.
fn times(claims: &[u8]) -> (UnixTime, UnixTime) {
    let mut d = Decoder::new(claims);
    let mut map = d.map().unwrap();
    let mut claim = |wanted| {
        map.require(&mut d, wanted).unwrap();
        if wanted < 4 { d.text().map(|_| UnixTime::MIN).unwrap() } else { d.time().unwrap() }
    };
    let [_, _, expires, not_before] = [1, 2, 4, 5].map(&mut claim);
    (expires, not_before)
}
