//! COSE messages and claims against `coset`, signatures against `ed25519-dalek`.

use crate::cbor::values;
use ciborium::Value;
use coset::cwt::{ClaimName, ClaimsSet, Timestamp};
use coset::iana::{Algorithm, CoapContentFormat, CwtClaimName, EllipticCurve, HeaderParameter};
use coset::{
    AsCborValue, CborSerializable, CoseKey, CoseSign, CoseSign1, CoseSign1Builder, CoseSignBuilder, CoseSignature,
    CoseSignatureBuilder, Header, HeaderBuilder, KeyType, Label, TaggedCborSerializable, iana,
};
use ed25519_dalek::Signer as _;
use onecard::crypto::{Kid, SigningKey, sha256};
use onecard::pass::{Audience, Proof, present, verify};
use onecard::trust::Role;
use onecard::wire::cbor::CborErrorKind;
use onecard::wire::cose::{CoseError, Expect, Headers, Sign, Sign1, Typ, public_key, sign, sign1};
use onecard_testkit::federation;
use onecard_testkit::nearly::{Flaw, Within, encode, flawed, read};
use proptest::prelude::*;

const PASS: Typ = Typ::ContentFormat(293);
const TOKEN: Typ = Typ::ContentFormat(294);
const LIST: Typ = Typ::MediaType("application/x-test+cbor");

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// The same key, at the other implementation.
fn dalek(seed: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
}

fn kid(seed: u8) -> Kid {
    secret(seed).verifying_key().kid()
}

fn by_kid(seed: u8) -> Headers<'static> {
    Headers { kid: Some(kid(seed)), kcwt: None }
}

/// The headers of our profile, in `coset`'s words; `alg` is in all but the body of a `COSE_Sign`.
fn profile(typ: Option<Typ>, kid: Option<Kid>, kcwt: Option<Value>) -> Header {
    let mut header = HeaderBuilder::new();
    if kid.is_some() || kcwt.is_some() {
        header = header.algorithm(Algorithm::Ed25519);
    }
    let typ = typ.map(|typ| match typ {
        Typ::ContentFormat(number) => Value::from(number),
        Typ::MediaType(name) => Value::from(name),
    });
    for (label, value) in [(13, kcwt), (16, typ)] {
        if let Some(value) = value {
            header = header.value(label, value);
        }
    }
    Header { key_id: kid.map_or(vec![], |kid| kid.0.into()), ..header.build() }
}

/// Signed by `coset` and `ed25519-dalek`, with key 1.
fn their_sign1(protected: Header, unprotected: Header, payload: &[u8]) -> Vec<u8> {
    let message = CoseSign1Builder::new().protected(protected).unprotected(unprotected).payload(payload.into());
    theirs_by(&dalek(1), message)
}

fn theirs_by(key: &ed25519_dalek::SigningKey, message: CoseSign1Builder) -> Vec<u8> {
    let message = message.create_signature(b"", |signed| key.sign(signed).to_bytes().into());
    message.build().to_tagged_vec().unwrap()
}

/// The same of a `COSE_Sign` by these signers, in this order.
fn their_sign(seeds: &[u8], protected: Header, payload: &[u8]) -> Vec<u8> {
    let mut message = CoseSignBuilder::new().protected(protected).payload(payload.into());
    for &seed in seeds {
        let by = CoseSignatureBuilder::new().protected(profile(None, Some(kid(seed)), None)).build();
        message = message.add_created_signature(by, b"", |signed| dalek(seed).sign(signed).to_bytes().into());
    }
    message.build().to_tagged_vec().unwrap()
}

/// Says whether we accept it. If so, `coset` does too, reads the same, would write the same, and our
/// verification is `verify_strict` of what `coset` says was signed.
fn judge(input: &[u8], typ: Typ, expect: Expect) -> bool {
    let Ok(message) = Sign1::decode(input, typ, expect) else { return false };
    let mut theirs = CoseSign1::from_tagged_slice(input).unwrap();
    assert_eq!(theirs.payload.as_deref(), Some(message.payload()));
    assert!(theirs.unprotected.is_empty());
    let kcwt = message.headers().kcwt.map(|kcwt| read(kcwt).unwrap());
    assert_eq!(theirs.protected.header, profile(Some(typ), message.headers().kid, kcwt));
    let signature: [u8; 64] = theirs.signature[..].try_into().unwrap();
    let strict = dalek(1).verifying_key().verify_strict(&theirs.tbs_data(b""), &signature.into());
    assert_eq!(message.verify(&secret(1).verifying_key()).is_ok(), strict.is_ok());
    theirs.protected.original_data = None;
    assert_eq!(theirs.to_tagged_vec().unwrap(), input, "coset would write it in another way");
    true
}

/// The same of a `COSE_Sign`.
fn judge_sign(input: &[u8]) -> bool {
    let Ok(message) = Sign::decode(input, LIST, 3) else { return false };
    let mut theirs = CoseSign::from_tagged_slice(input).unwrap();
    assert_eq!(theirs.payload.as_deref(), Some(message.payload()));
    assert!(theirs.unprotected.is_empty());
    assert_eq!(theirs.protected.header, profile(Some(LIST), None, None));
    assert_eq!(theirs.signatures.len(), message.signers().len());
    for (signer, by) in message.signers().iter().zip(&theirs.signatures) {
        assert!(by.unprotected.is_empty());
        assert_eq!(by.protected.header, profile(None, Some(signer.kid()), None));
        let signature: [u8; 64] = by.signature[..].try_into().unwrap();
        let signed = theirs.tbs_data(b"", by);
        for seed in 1..=3 {
            let strict = dalek(seed).verifying_key().verify_strict(&signed, &signature.into());
            assert_eq!(message.verify(signer, &secret(seed).verifying_key()).is_ok(), strict.is_ok());
        }
    }
    theirs.protected.original_data = None;
    theirs.signatures.iter_mut().for_each(|by| by.protected.original_data = None);
    assert_eq!(theirs.to_tagged_vec().unwrap(), input, "coset would write it in another way");
    true
}

/// Why a pass is refused, if it is.
fn refusal(message: &[u8]) -> Option<CoseError> {
    let refused = Sign1::decode(message, PASS, Expect::Kid).err();
    assert_eq!(judge(message, PASS, Expect::Kid), refused.is_none());
    refused
}

fn sign_refusal(message: &[u8]) -> Option<CoseError> {
    let refused = Sign::decode(message, LIST, 3).err();
    assert_eq!(judge_sign(message), refused.is_none());
    refused
}

/// The kind of a refusal of the encoding.
fn kind(refused: Option<CoseError>) -> Option<CborErrorKind> {
    match refused? {
        CoseError::Cbor(error) => Some(error.kind),
        _ => None,
    }
}

#[test]
fn their_sign1_is_refused_by_name_outside_our_profile() {
    use CborErrorKind as K;
    let good = || profile(Some(PASS), Some(kid(1)), None);
    let with = |protected: Header| refusal(&their_sign1(protected, Header::default(), b"claims"));
    assert_eq!(with(good()), None);

    for alg in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::Ed448] {
        assert_eq!(with(Header { alg: Some(coset::Algorithm::Assigned(alg)), ..good() }), Some(CoseError::Alg));
    }
    let text = Some(coset::Algorithm::Text("Ed25519".into()));
    assert_eq!(kind(with(Header { alg: text, ..good() })), Some(K::Expected("an integer")));
    assert_eq!(with(Header { alg: None, ..good() }), Some(CoseError::Alg));
    assert_eq!(with(profile(Some(TOKEN), Some(kid(1)), None)), Some(CoseError::Typ));
    assert_eq!(kind(with(profile(Some(LIST), Some(kid(1)), None))), Some(K::Expected("an unsigned integer")));
    assert_eq!(with(profile(None, Some(kid(1)), None)), Some(CoseError::Typ));
    assert_eq!(with(Header { key_id: vec![], ..good() }), Some(CoseError::Header(4)));
    assert_eq!(with(profile(Some(PASS), Some(kid(1)), Some(Value::Null))), Some(CoseError::Header(13)));
    for length in [1, 7, 9] {
        assert_eq!(kind(with(Header { key_id: vec![1; length], ..good() })), Some(K::Range));
    }
    assert_eq!(kind(with(Header::default())), Some(K::End), "a protected header of no bytes");
    let unknown = [
        HeaderBuilder::new().content_format(CoapContentFormat::Cbor).build(),
        HeaderBuilder::new().add_critical(HeaderParameter::Kid).build(),
        HeaderBuilder::new().iv(vec![1]).build(),
        HeaderBuilder::new().value(33, Value::Bytes(vec![])).build(),
        HeaderBuilder::new().text_value("x".into(), Value::Null).build(),
    ];
    for extra in unknown {
        assert_eq!(kind(with(Header { alg: good().alg, ..extra.clone() })), Some(K::UnknownKey), "{extra:?}");
        let message = their_sign1(good(), extra, b"claims");
        assert_eq!(kind(refusal(&message)), Some(K::UnknownKey), "unprotected");
    }
    let mut unordered = good();
    unordered.rest.push((Label::Int(13), Value::Null));
    assert_eq!(kind(with(unordered)), Some(K::KeyOrder));

    let parsed = || CoseSign1::from_tagged_slice(&their_sign1(good(), Header::default(), b"claims")).unwrap();
    assert_eq!(kind(refusal(&parsed().to_vec().unwrap())), Some(K::Expected("a tag")));
    let detached = CoseSign1 { payload: None, ..parsed() };
    assert_eq!(kind(refusal(&detached.to_tagged_vec().unwrap())), Some(K::Expected("a byte string")));
    for length in [0, 63, 65] {
        let message = CoseSign1 { signature: vec![1; length], ..parsed() };
        assert_eq!(kind(refusal(&message.to_tagged_vec().unwrap())), Some(K::Range));
    }
    // There is no external data.
    let message = CoseSign1Builder::new().protected(good()).payload(b"claims".into());
    let message = message.create_signature(b"external", |signed| dalek(1).sign(signed).to_bytes().into());
    let message = message.build().to_tagged_vec().unwrap();
    let message = Sign1::decode(&message, PASS, Expect::Kid).unwrap();
    assert!(message.verify(&secret(1).verifying_key()).is_err());
}

#[test]
fn their_sign_is_refused_by_name_outside_our_profile() {
    use CborErrorKind as K;
    let mut order = [1, 2, 3];
    order.sort_by_key(|&seed| kid(seed));
    let [a, b, c] = order;
    let good = || profile(Some(LIST), None, None);
    for seeds in [&[a][..], &[a, c], &[a, b, c]] {
        let message = their_sign(seeds, good(), b"list");
        assert_eq!(sign_refusal(&message), None);
        let message = Sign::decode(&message, LIST, 3).unwrap();
        for (signer, &seed) in message.signers().iter().zip(seeds) {
            assert_eq!(message.verify(signer, &secret(seed).verifying_key()), Ok(()));
        }
    }
    for seeds in [&[b, a][..], &[a, a], &[a, c, b], &[a, b, b]] {
        assert_eq!(kind(sign_refusal(&their_sign(seeds, good(), b"list"))), Some(K::KeyOrder), "{seeds:?}");
    }
    for seeds in [&[][..], &[a, b, c, c]] {
        assert_eq!(kind(sign_refusal(&their_sign(seeds, good(), b"list"))), Some(K::Range), "{seeds:?}");
    }

    let body = |protected: Header| sign_refusal(&their_sign(&[a], protected, b"list"));
    assert_eq!(kind(body(profile(Some(PASS), None, None))), Some(K::Expected("a text string")));
    assert_eq!(body(profile(Some(Typ::MediaType("application/y-test+cbor")), None, None)), Some(CoseError::Typ));
    assert_eq!(kind(body(Header::default())), Some(K::End), "a protected header of no bytes");
    assert_eq!(body(profile(Some(LIST), Some(kid(a)), None)), Some(CoseError::Typ), "alg and kid in the body");
    let mut more = good();
    more.rest.push((Label::Int(17), Value::Null));
    assert_eq!(kind(body(more)), Some(K::UnknownKey));

    let parsed = || CoseSign::from_tagged_slice(&their_sign(&[a], good(), b"list")).unwrap();
    let signer = |change: fn(&mut CoseSignature)| {
        let mut message = parsed();
        message.signatures[0].protected.original_data = None;
        change(&mut message.signatures[0]);
        sign_refusal(&message.to_tagged_vec().unwrap())
    };
    assert_eq!(signer(|_| {}), None);
    assert_eq!(signer(|by| by.protected.header.alg = None), Some(CoseError::Alg));
    assert_eq!(signer(|by| by.protected.header.key_id.clear()), Some(CoseError::Header(4)));
    assert_eq!(signer(|by| by.protected.header.rest.push((Label::Int(13), Value::Null))), Some(CoseError::Header(13)));
    assert_eq!(signer(|by| by.protected.header.rest.push((Label::Int(16), 293.into()))), Some(CoseError::Header(16)));
    assert_eq!(kind(signer(|by| by.unprotected.key_id = vec![1; 8])), Some(K::UnknownKey));
    assert_eq!(kind(signer(|by| by.signature.truncate(63))), Some(K::Range));
    let detached = CoseSign { payload: None, ..parsed() };
    assert_eq!(kind(sign_refusal(&detached.to_tagged_vec().unwrap())), Some(K::Expected("a byte string")));
    assert_eq!(kind(sign_refusal(&parsed().to_vec().unwrap())), Some(K::Expected("a tag")));
}

/// Messages of ours with one flaw at each place, headers and payload included, and with each bit flipped.
/// What is still accepted differs in what the envelope carries, which has decoders of its own.
#[test]
fn our_messages_with_one_flaw_are_judged_as_by_the_other() {
    let pass = federation::pass(1, |_| {});
    let token = federation::presentation(&pass, 1, federation::NOW);
    let list = sign(&[&secret(1), &secret(2)], LIST, &encode(&Value::Array(vec![1.into(), "x".into()])));
    let carried = |message: &[u8]| {
        for (typ, expect) in [(PASS, Expect::Kid), (TOKEN, Expect::Kcwt)] {
            if judge(message, typ, expect) {
                let message = Sign1::decode(message, typ, expect).unwrap();
                return Some([message.payload(), message.headers().kcwt.unwrap_or_default()].concat());
            }
        }
        judge_sign(message).then(|| Sign::decode(message, LIST, 3).unwrap().payload().to_vec())
    };
    for message in [&pass, &token, &list] {
        let content = carried(message).unwrap();
        let value = read(message).unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for bytes in Flaw::ALL.into_iter().flat_map(|flaw| flawed(&value, flaw, Within::Embedded)) {
            match carried(&bytes) {
                Some(changed) => {
                    assert_ne!(changed, content, "{bytes:02x?}");
                    accepted += 1;
                }
                None => refused += 1,
            }
        }
        assert!(accepted > 5 && refused > 30, "{accepted} and {refused}");
        for at in 0..message.len() * 8 {
            let mut changed = message.clone();
            changed[at / 8] ^= 1 << (at % 8);
            carried(&changed);
        }
    }
}

#[test]
fn our_claims_are_read_by_the_other() {
    let payload = |message: &[u8]| read(&CoseSign1::from_tagged_slice(message).unwrap().payload.unwrap()).unwrap();
    let seconds = |time: onecard::UnixTime| Some(Timestamp::WholeSeconds(time.as_u64() as i64));
    let rest = |claims: &ClaimsSet, name| {
        claims.rest.iter().find(|claim| claim.0 == ClaimName::Assigned(name)).unwrap().1.clone()
    };
    let key = |claims: &ClaimsSet| {
        let cnf = rest(claims, CwtClaimName::Cnf).into_map().unwrap();
        let [(name, key)] = &cnf[..] else { panic!("{cnf:?}") };
        let key = CoseKey::from_cbor_value(key.clone()).unwrap();
        assert_eq!((name, key.kty), (&1.into(), KeyType::Assigned(iana::KeyType::OKP)));
        let [(Label::Int(-1), curve), (Label::Int(-2), x)] = &key.params[..] else { panic!("{:?}", key.params) };
        assert_eq!(*curve, Value::from(EllipticCurve::Ed25519 as u64));
        x.as_bytes().unwrap().clone()
    };

    let mut ours = None;
    let pass = federation::pass(1, |claims| ours = Some(claims.clone()));
    let ours = ours.unwrap();
    let mut claims = payload(&pass).into_map().unwrap();
    // coset does not know the claim yet.
    let status = claims.remove(claims.iter().position(|(name, _)| *name == 65_535.into()).unwrap());
    let uri: &str = &ours.status.uri;
    let list = vec![("idx".into(), ours.status.index.into()), ("uri".into(), uri.into())];
    assert_eq!(status.1, Value::Map(vec![("status_list".into(), Value::Map(list))]));
    let claims = ClaimsSet::from_cbor_value(Value::Map(claims)).unwrap();
    assert_eq!(claims.issuer, Some(ours.issuer.to_string()));
    assert_eq!(claims.subject, Some(ours.pass.to_string()));
    assert_eq!(claims.expiration_time, seconds(ours.expires));
    assert_eq!(claims.not_before, seconds(ours.not_before));
    assert_eq!(claims.issued_at, seconds(ours.issued));
    assert_eq!(key(&claims), ours.confirmation.unwrap().as_bytes());

    let now = federation::time(federation::NOW);
    let claims = ClaimsSet::from_cbor_value(payload(&federation::presentation(&pass, 1, federation::NOW))).unwrap();
    let audience = Some(federation::FEDERATION.into());
    assert_eq!(claims, ClaimsSet { audience, issued_at: seconds(now), ..ClaimsSet::default() });
    let nonce = [7; 16];
    let shown = present(&pass, &federation::holder(1), "310101/gate/7", Some(&nonce), now).unwrap();
    let claims = ClaimsSet::from_cbor_value(payload(&shown)).unwrap();
    assert_eq!(claims.audience.as_deref(), Some("310101/gate/7"));
    assert_eq!(rest(&claims, CwtClaimName::CNonce), Value::Bytes(nonce.into()));

    let claims = ClaimsSet::from_cbor_value(payload(&federation::certificate())).unwrap();
    assert_eq!(claims.issuer.as_deref(), Some("310101"));
    assert_eq!(claims.subject.as_deref(), Some("310101/gate/7"));
    assert_eq!(key(&claims), SigningKey::from_seed(&federation::gate_seed()).verifying_key().as_bytes());
}

/// A pass and its presentation, made without this crate, are the very bytes that it makes.
#[test]
fn both_make_the_same_pass_and_presentation() {
    let value = |pairs: Vec<(i64, Value)>| {
        Value::Map(pairs.into_iter().map(|(name, value)| (Value::from(name), value)).collect())
    };
    let key = value(vec![(1, 1.into()), (-1, 6.into()), (-2, dalek(1).verifying_key().to_bytes().to_vec().into())]);
    let list = vec![("idx".into(), 1.into()), ("uri".into(), federation::LIST.into())];
    let product = Value::Array(vec![1.into(), 1.into()]);
    let own = vec![(1, 1.into()), (3, product), (5, 0.into()), (7, 0.into()), (9, 0.into())];
    let claims = ClaimsSet {
        issuer: Some("310101".into()),
        subject: Some("040G2081040G2081".into()),
        expiration_time: Some(Timestamp::WholeSeconds(federation::NOW + 1_000_000)),
        not_before: Some(Timestamp::WholeSeconds(federation::NOW - 1_000)),
        issued_at: Some(Timestamp::WholeSeconds(federation::NOW - 2_000)),
        rest: vec![
            (ClaimName::Assigned(CwtClaimName::Cnf), value(vec![(1, key)])),
            (ClaimName::PrivateUse(65_535), Value::Map(vec![("status_list".into(), Value::Map(list))])),
            (ClaimName::PrivateUse(-65_537), value(own)),
        ],
        ..ClaimsSet::default()
    };
    let issuer = ed25519_dalek::SigningKey::from_bytes(&sha256(&[b"310101 Issuer"]).0);
    let issuer_kid = federation::secret(federation::CITY, Role::Issuer).verifying_key().kid();
    let message = CoseSign1Builder::new().protected(profile(Some(PASS), Some(issuer_kid), None));
    let pass = theirs_by(&issuer, message.payload(claims.to_vec().unwrap()));
    assert_eq!(pass, federation::pass(1, |_| {}));

    let claims = ClaimsSet {
        audience: Some(federation::FEDERATION.into()),
        issued_at: Some(Timestamp::WholeSeconds(federation::NOW)),
        ..ClaimsSet::default()
    };
    let protected = profile(Some(TOKEN), None, read(&pass));
    let shown = their_sign1(protected, Header::default(), &claims.to_vec().unwrap());
    let now = federation::time(federation::NOW + 10);
    let verified = verify(&shown, &federation::trust_list(), Audience::Federation, now).unwrap();
    assert_eq!(verified.proof(), Proof::Holder(federation::time(federation::NOW)));
    assert_eq!(shown, federation::presentation(&pass, 1, federation::NOW));
}

proptest! {
    #[test]
    fn both_write_the_same_messages(payload in prop::collection::vec(any::<u8>(), 0..400), kcwt in values()) {
        let message = sign1(&secret(1), PASS, by_kid(1), &payload);
        prop_assert!(judge(&message, PASS, Expect::Kid));
        let protected = profile(Some(PASS), Some(kid(1)), None);
        prop_assert_eq!(message, their_sign1(protected, Header::default(), &payload));

        let kcwt = encode(&kcwt);
        let message = sign1(&secret(1), TOKEN, Headers { kid: None, kcwt: Some(&kcwt) }, &payload);
        prop_assert!(judge(&message, TOKEN, Expect::Kcwt));
        let protected = profile(Some(TOKEN), None, read(&kcwt));
        prop_assert_eq!(message, their_sign1(protected, Header::default(), &payload));

        let mut order = [1, 2, 3];
        order.sort_by_key(|&seed| kid(seed));
        let message = sign(&[&secret(1), &secret(2), &secret(3)], LIST, &payload);
        prop_assert!(judge_sign(&message));
        prop_assert_eq!(message, their_sign(&order, profile(Some(LIST), None, None), &payload));
    }

    /// Any mixture of headers is accepted exactly when it is our profile, and then the signature is good.
    #[test]
    fn their_headers_are_accepted_in_our_profile_alone(
        alg in prop::option::weighted(0.9, prop::sample::select(vec![-19, -19, -19, -8, 6, -65_537])),
        key_id in prop::sample::select(vec![0, 0, 8, 8, 7]),
        kcwt in prop::option::of(values()),
        typ in prop::option::weighted(0.9, prop::sample::select(vec![PASS, PASS, TOKEN, TOKEN, LIST])),
        extra in prop::option::weighted(0.2, prop::sample::select(vec![-70_000, 12, 14, 15, 17, 33])),
        payload in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let kcwt = kcwt.map(|kcwt| read(&encode(&kcwt)).unwrap());
        let enclosed = kcwt.is_some();
        let mut protected = Header { key_id: vec![9; key_id], ..profile(typ, None, kcwt) };
        protected.alg = alg.map(|alg| coset::Algorithm::from_cbor_value(alg.into()).unwrap());
        protected.rest.extend(extra.map(|label| (Label::Int(label), Value::Null)));
        let message = their_sign1(protected, Header::default(), &payload);
        for (wanted, expect) in [(PASS, Expect::Kid), (PASS, Expect::Kcwt), (TOKEN, Expect::Kid), (TOKEN, Expect::Kcwt)] {
            let named = match expect {
                Expect::Kid => key_id == 8 && !enclosed,
                Expect::Kcwt => key_id == 0 && enclosed,
            };
            let expected = named && alg == Some(-19) && typ == Some(wanted) && extra.is_none();
            prop_assert_eq!(judge(&message, wanted, expect), expected);
            if expected {
                let message = Sign1::decode(&message, wanted, expect).unwrap();
                prop_assert_eq!(message.verify(&secret(1).verifying_key()), Ok(()));
            }
        }
    }
}

/// The issuer's key of `docs/format.md` §9, as it is published: `coset` reads it, with its `kid` and `alg`.
#[test]
fn a_published_key_is_found_by_its_id() {
    let key = secret(1).verifying_key();
    let bytes = public_key(&key);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let published = "a501010248dd2fb4e18b5e1ce303322006215820\
        8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
    assert_eq!(text, published);
    let read = CoseKey::from_slice(&bytes).unwrap();
    assert_eq!(read.key_id, key.kid().0);
    assert_eq!(read.alg, Some(coset::RegisteredLabelWithPrivate::Assigned(Algorithm::Ed25519)));
    assert_eq!(read.kty, KeyType::Assigned(iana::KeyType::OKP));
    assert_eq!(read.to_vec().unwrap(), bytes);
}
