//! Tests of `cose.rs`.

use super::*;

const TYP: Typ = Typ::ContentFormat(293);
const MEDIA: Typ = Typ::MediaType("application/x+cbor");

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn headers(key: &SigningKey) -> Headers<'static> {
    Headers { kid: Some(key.verifying_key().kid()), kcwt: None }
}

/// A `COSE_Sign1` with hand-made protected and unprotected headers.
fn handmade(protected: &[u8], unprotected: &[u8]) -> Vec<u8> {
    let mut message = Encoder::new();
    message.raw(SIGN1_CONTEXT).bytes(protected).raw(NO_AAD).bytes(b"p");
    let signature = key(1).sign(&message.finish());
    let mut out = Encoder::new();
    out.tag(18).array(4).bytes(protected).raw(unprotected).bytes(b"p").bytes(&signature);
    out.finish()
}

#[test]
fn sign1_round_trips() {
    let bytes = sign1(&key(1), TYP, headers(&key(1)), b"payload");
    let message = Sign1::decode(&bytes, TYP, Expect::Kid).unwrap();
    assert_eq!(message.payload(), b"payload");
    assert_eq!(message.kid(), Ok(key(1).verifying_key().kid()));
    assert_eq!(message.verify(&key(1).verifying_key()), Ok(()));
    assert_eq!(message.verify(&key(2).verifying_key()), Err(SignatureError));
}

#[test]
fn every_byte_of_a_sign1_counts() {
    let bytes = sign1(&key(1), TYP, headers(&key(1)), b"payload");
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let accepted = Sign1::decode(&changed, TYP, Expect::Kid).is_ok_and(|m| {
                m.kid() == Ok(key(1).verifying_key().kid()) && m.verify(&key(1).verifying_key()).is_ok()
            });
            assert!(!accepted, "byte {at} bit {bit}");
        }
    }
    assert!(Sign1::decode(&[&bytes[..], &[0]].concat(), TYP, Expect::Kid).is_err());
}

#[test]
fn headers_are_a_closed_set() {
    let decode = |protected: &[u8]| Sign1::decode(&handmade(protected, &[0xa0]), TYP, Expect::Kid).map(drop);
    let kid = [0x04, 0x48, 1, 2, 3, 4, 5, 6, 7, 8];
    let typ = [0x10, 0x19, 0x01, 0x25];
    let parts = |parts: &[&[u8]]| parts.concat();
    assert_eq!(decode(&parts(&[&[0xa3, 1, 0x32], &kid, &typ])), Ok(()));
    assert_eq!(decode(&parts(&[&[0xa3, 1, 0x27], &kid, &typ])), Err(CoseError::Alg), "EdDSA -8");
    assert_eq!(decode(&parts(&[&[0xa2], &kid, &typ])), Err(CoseError::Alg), "no alg");
    assert_eq!(decode(&parts(&[&[0xa2, 1, 0x32], &kid])), Err(CoseError::Typ), "no typ");
    assert_eq!(decode(&parts(&[&[0xa3, 1, 0x32], &kid, &[0x10, 0x19, 1, 0x26]])), Err(CoseError::Typ));
    assert_eq!(decode(&parts(&[&[0xa2, 1, 0x32], &typ])), Err(CoseError::Header(4)), "no kid");
    assert_eq!(decode(&parts(&[&[0xa4, 1, 0x32], &kid, &[0x0d, 0x80], &typ])), Err(CoseError::Header(13)));
    let crit = decode(&parts(&[&[0xa4, 1, 0x32, 2, 0x81, 4], &kid, &typ]));
    assert!(matches!(crit, Err(CoseError::Cbor(CborError { kind: CborErrorKind::UnknownKey, .. }))));
    let text_typ = decode(&parts(&[&[0xa3, 1, 0x32], &kid, &[0x10, 0x61, b'x']]));
    assert!(matches!(text_typ, Err(CoseError::Cbor(_))), "a wrong-typed typ is an error");
    let trailing = decode(&parts(&[&[0xa3, 1, 0x32], &kid, &typ, &[0]]));
    assert!(matches!(trailing, Err(CoseError::Cbor(CborError { kind: CborErrorKind::Trailing, .. }))));
}

#[test]
fn unprotected_headers_and_other_tags_are_refused() {
    let protected = encode_headers(Some(TYP), headers(&key(1)));
    let good = handmade(&protected, &[0xa0]);
    assert!(Sign1::decode(&good, TYP, Expect::Kid).is_ok());
    assert!(Sign1::decode(&handmade(&protected, &[0xa1, 4, 0x40]), TYP, Expect::Kid).is_err());
    assert!(Sign1::decode(&good[1..], TYP, Expect::Kid).is_err(), "no tag");
    assert!(Sign1::decode(&[&[0xd2], &good[..]].concat(), TYP, Expect::Kid).is_err(), "tag twice");
    assert!(Sign1::decode(&[&[0xd8, 61], &good[..]].concat(), TYP, Expect::Kid).is_err(), "CWT tag");
    let mut other = good;
    other[0] = 0xd1;
    assert!(Sign1::decode(&other, TYP, Expect::Kid).is_err(), "tag 17");
}

#[test]
fn sign_counts_each_signer_once_and_in_order() {
    let keys = [key(1), key(2), key(3)];
    let bytes = sign(&[&keys[0], &keys[1], &keys[2], &keys[0]], MEDIA, b"list");
    let message = Sign::decode(&bytes, MEDIA, 8).unwrap();
    assert_eq!(message.signers().len(), 3);
    for signer in message.signers() {
        let key = keys.iter().find(|key| key.verifying_key().kid() == signer.kid()).unwrap();
        assert_eq!(message.verify(signer, &key.verifying_key()), Ok(()));
        assert_eq!(message.verify(signer, &self::key(9).verifying_key()), Err(SignatureError));
    }
    assert!(Sign::decode(&bytes, MEDIA, 3).is_ok(), "as many as allowed");
    assert!(Sign::decode(&bytes, MEDIA, 2).is_err(), "more signers than allowed");
    assert!(Sign::decode(&bytes, TYP, 8).is_err(), "another typ");
    // The same signer twice: duplicate the last signature and raise the count.
    let one = sign(&[&keys[0]], MEDIA, b"list");
    let count_at = one.len() - (1 + 1 + 13 + 1 + 66);
    let mut twice = one[..count_at].to_vec();
    assert_eq!(one[count_at - 1], 0x81, "an array of one signer");
    *twice.last_mut().unwrap() = 0x82;
    twice.extend_from_slice(&one[count_at..]);
    twice.extend_from_slice(&one[count_at..]);
    let refused = Sign::decode(&twice, MEDIA, 8).unwrap_err();
    assert!(matches!(refused, CoseError::Cbor(CborError { kind: CborErrorKind::KeyOrder, .. })), "{refused}");
}

#[test]
fn every_byte_of_a_sign_counts() {
    let keys = [key(1), key(2)];
    let bytes = sign(&[&keys[0], &keys[1]], MEDIA, b"list");
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let accepted = Sign::decode(&changed, MEDIA, 8).is_ok_and(|message| {
            message.signers().iter().all(|signer| {
                keys.iter().any(|key| {
                    key.verifying_key().kid() == signer.kid() && message.verify(signer, &key.verifying_key()).is_ok()
                })
            })
        });
        assert!(!accepted, "byte {at}");
    }
}
