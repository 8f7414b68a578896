//! Tests of `certificate.rs`.

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
