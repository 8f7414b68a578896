//! A `COSE_Sign` that is accepted is the one encoding of its parts, with its signers in order and
//! each there once; each signature is judged as by `verify_strict` over a `Sig_structure` written out
//! in full.
//!
//! The input is a message as received; it is also the payload of a message signed here with fixed
//! keys, whose last bytes say where to damage it.

use ed25519_dalek::VerifyingKey as Strict;
use onecard::crypto::SigningKey;
use onecard::wire::cbor::{Decoder, Encoder};
use onecard::wire::cose::{ALG_ED25519, Sign, Typ, sign};

const TYP: Typ = Typ::MediaType("application/x-test+cbor");
const MAX_SIGNERS: usize = 4;

pub fn run(data: &[u8]) {
    judge(data);
    own(data);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let keys = keys();
    let [a, b, c] = &keys;
    let one = sign(&[a], TYP, b"list");
    let (start, signer) = one.split_at(one.len() - (1 + 1 + 13 + 1 + 66));
    let count = |byte: u8| [&start[..start.len() - 1], &[byte]].concat();
    let (none, twice) = (count(0x80), [&count(0x82), signer, signer].concat());
    vec![
        ("one", one.clone()),
        ("three", sign(&[a, b, c], TYP, b"list")),
        ("none", none),
        ("twice", twice),
        ("another-typ", sign(&[a], Typ::ContentFormat(293), b"list")),
    ]
}

fn keys() -> [SigningKey; 3] {
    [1, 2, 3].map(|seed| SigningKey::from_seed(&[seed; 32]))
}

/// Decodes, and if that succeeds checks every property; says how many signers verify.
fn judge(data: &[u8]) -> Option<usize> {
    let message = Sign::decode(data, TYP, MAX_SIGNERS).ok()?;
    assert!((1..=MAX_SIGNERS).contains(&message.signers().len()));
    assert!(message.signers().is_sorted_by(|a, b| a.kid() < b.kid()), "not in order, or one twice");

    let mut body = Encoder::new();
    body.map(1).int(16).text("application/x-test+cbor");
    let body = body.finish();
    let mut again = Encoder::new();
    again.tag(98).array(4).bytes(&body).map(0).bytes(message.payload()).array(message.signers().len());
    let mut verified = 0;
    for (signer, signature) in message.signers().iter().zip(signatures(data)) {
        let mut protected = Encoder::new();
        protected.map(2).int(1).int(ALG_ED25519).int(4).bytes(&signer.kid().0);
        let protected = protected.finish();
        again.array(3).bytes(&protected).map(0).bytes(signature);

        let mut structure = Encoder::new();
        structure.array(5).text("Signature").bytes(&body).bytes(&protected).bytes(&[]).bytes(message.payload());
        let structure = structure.finish();
        for key in keys().map(|key| key.verifying_key()) {
            let strict = Strict::from_bytes(key.as_bytes()).unwrap();
            let ours = message.verify(signer, &key).is_ok();
            assert_eq!(ours, strict.verify_strict(&structure, &(*signature).into()).is_ok());
            verified += usize::from(ours && key.kid() == signer.kid());
        }
    }
    assert_eq!(again.finish(), data, "accepted, but not the encoding of its parts");
    Some(verified)
}

/// The signatures of an accepted message, found by a plain walk.
fn signatures(data: &[u8]) -> Vec<&[u8; 64]> {
    let mut d = Decoder::new(data);
    d.tag(98).unwrap();
    d.array_of(4).unwrap();
    for _ in 0..3 {
        d.item().unwrap();
    }
    let count = d.array().unwrap();
    let signature = |d: &mut Decoder<'_>| -> usize {
        d.array_of(3).unwrap();
        d.item().unwrap();
        d.item().unwrap();
        d.item().unwrap();
        d.offset()
    };
    let ends: Vec<usize> = (0..count).map(|_| signature(&mut d)).collect();
    ends.into_iter().map(|end| data[..end].last_chunk().unwrap()).collect()
}

fn own(data: &[u8]) {
    let keys = keys();
    let mut signed = sign(&[&keys[2], &keys[0], &keys[1], &keys[0]], TYP, data);
    assert_eq!(judge(&signed), Some(3), "our own message is refused");
    if let [.., high, low, change @ 1..=255] = *data {
        let at = usize::from(u16::from_be_bytes([high, low])) % signed.len();
        signed[at] ^= change;
        assert!(judge(&signed).is_none_or(|verified| verified < 3), "byte {at} can be changed");
    }
}
