//! A `COSE_Sign1` that is accepted is the one encoding of its parts, and its signature is judged as
//! by `verify_strict` over a `Sig_structure` written out in full.
//!
//! The input is a message as received; it is also used as the payload of a message signed here with
//! a fixed key, whose last bytes say where to damage it, so that the fuzzer gets past the signature.

use ed25519_dalek::VerifyingKey as Strict;
use onecard::crypto::SigningKey;
use onecard::wire::cbor::{Decoder, Encoder};
use onecard::wire::cose::{ALG_ED25519, Expect, Headers, Sign1, Typ, sign1};

const PASS: Typ = Typ::ContentFormat(293);
const TOKEN: Typ = Typ::MediaType("application/kb+cwt");

pub fn run(data: &[u8]) {
    for typ in [PASS, TOKEN] {
        for expect in [Expect::Kid, Expect::Kcwt] {
            judge(data, typ, expect);
        }
    }
    own(data);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let key = key();
    let kid = Headers { kid: Some(key.verifying_key().kid()), kcwt: None };
    let pass = sign1(&key, PASS, kid, b"\xa1\x01\x66310101");
    let token = sign1(&key, TOKEN, Headers { kid: None, kcwt: Some(&pass) }, b"\xa1\x06\x00");
    let mut twice = pass.clone();
    twice.insert(0, 0xd2);
    // The pass with `{4: h''}` in the place of its empty unprotected header.
    let at = 2 + pass[2..].iter().position(|&byte| byte == 0xa0).unwrap();
    let unprotected = [&pass[..at], &[0xa1, 0x04, 0x40], &pass[at + 1..]].concat();
    vec![
        ("pass", pass),
        ("token", token),
        ("empty-payload", sign1(&key, PASS, kid, b"")),
        ("long-payload", sign1(&key, PASS, kid, &[0x40; 300])),
        ("tag-twice", twice),
        ("unprotected", unprotected),
    ]
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// Decodes, and if that succeeds checks every property; says whether the fixed key verifies it.
fn judge(data: &[u8], typ: Typ, expect: Expect) -> bool {
    let Ok(message) = Sign1::decode(data, typ, expect) else { return false };
    let headers = message.headers();
    assert_eq!(headers.kid.is_some(), expect == Expect::Kid);
    assert_eq!(headers.kcwt.is_some(), expect == Expect::Kcwt);
    assert_eq!(message.kid().ok(), headers.kid);
    if let Some(kcwt) = headers.kcwt {
        assert_eq!(Decoder::all(kcwt, |d| d.item()), Ok(kcwt));
    }

    let mut protected = Encoder::new();
    protected.map(3).int(1).int(ALG_ED25519);
    if let Some(kid) = headers.kid {
        protected.int(4).bytes(&kid.0);
    }
    if let Some(kcwt) = headers.kcwt {
        protected.int(13).raw(kcwt);
    }
    match typ {
        Typ::ContentFormat(number) => protected.int(16).uint(number),
        Typ::MediaType(name) => protected.int(16).text(name),
    };
    let protected = protected.finish();
    let (_, signature) = data.split_last_chunk::<64>().unwrap();
    let mut again = Encoder::new();
    again.tag(18).array(4).bytes(&protected).map(0).bytes(message.payload()).bytes(signature);
    assert_eq!(again.finish(), data, "accepted, but not the encoding of its parts");

    let mut structure = Encoder::new();
    structure.array(4).text("Signature1").bytes(&protected).bytes(&[]).bytes(message.payload());
    let key = key().verifying_key();
    let strict = Strict::from_bytes(key.as_bytes()).unwrap();
    let theirs = strict.verify_strict(&structure.finish(), &(*signature).into()).is_ok();
    let ours = message.verify(&key).is_ok();
    assert_eq!(ours, theirs);
    ours
}

fn own(data: &[u8]) {
    let key = key();
    let headers = Headers { kid: Some(key.verifying_key().kid()), kcwt: None };
    let mut signed = sign1(&key, PASS, headers, data);
    assert!(judge(&signed, PASS, Expect::Kid), "our own message is refused");
    assert!(Sign1::decode(&signed, TOKEN, Expect::Kid).is_err());
    if let [.., high, low, change @ 1..=255] = *data {
        let at = usize::from(u16::from_be_bytes([high, low])) % signed.len();
        signed[at] ^= change;
        // Only the kid may change without the signature noticing, and it does not: it is protected.
        assert!(!judge(&signed, PASS, Expect::Kid), "byte {at} can be changed");
    }
}
