//! Tests of `verify.rs`.

use super::super::claims::tests::{claims, holder, time};
use super::super::present::present;
use super::super::{flags, verify_all};
use super::*;
use crate::crypto::SigningKey;
use crate::trust::TrustListSpec;
use crate::trust::test_federation::{CITIES, genesis, list, secret, spec};
use crate::wire::cbor::{CborError, CborErrorKind, Encoder};
use crate::wire::cose::{Headers, sign1};
use crate::wire::cwt::claim;
use std::sync::LazyLock;

const NOW: i64 = 20_000;
const FEDERATION: &str = "onecard.test";

fn issue(claims: &PassClaims) -> Vec<u8> {
    claims.issue(&secret(310_101, Role::Issuer)).unwrap()
}

fn shown(claims: &PassClaims, at: i64) -> Vec<u8> {
    present(&issue(claims), &holder(), FEDERATION, None, time(at)).unwrap()
}

fn at(shown: &[u8], now: i64) -> Result<Presented, PassError> {
    judge(shown, Audience::Federation, now)
}

/// By a list as it is; by one with tables and among many, which must say the same.
fn judge(shown: &[u8], audience: Audience<'_>, now: i64) -> Result<Presented, PassError> {
    static PREPARED: LazyLock<TrustList> = LazyLock::new(|| {
        let mut list = list();
        list.prepare(Role::Issuer, list.issued());
        list
    });
    let (trust, now) = (&*PREPARED, time(now));
    let alone = verify(shown, &list(), audience, now);
    assert_eq!(verify(shown, trust, audience, now), alone, "with tables");
    assert_eq!(verify_all(&[Check { shown, trust, audience, now }]), std::slice::from_ref(&alone), "among many");
    alone
}

#[test]
fn a_shown_code_is_verified() {
    let code = shown(&claims(), NOW);
    let presented = at(&code, NOW).unwrap();
    assert_eq!(*presented.claims(), claims());
    assert_eq!(presented.proof(), Proof::Holder(time(NOW)));
    assert_eq!(presented.digest(), sha256(&[&code]));
}

#[test]
fn a_realistic_code_fits_qr_version_14() {
    let text = crate::wire::text::encode(&shown(&claims(), 20_000));
    assert!(text.len() <= 528, "{} characters, version 14-M holds 528", text.len());
}

#[test]
fn every_byte_counts() {
    let code = shown(&claims(), NOW);
    for position in 0..code.len() {
        let mut changed = code.clone();
        changed[position] ^= 1;
        assert!(at(&changed, NOW).is_err(), "byte {position}");
    }
    assert!(at(&[&code[..], &[0]].concat(), NOW).is_err());
    for length in 0..code.len() {
        assert!(at(&code[..length], NOW).is_err(), "cut to {length}");
    }
}

#[test]
fn a_stripped_pass_is_refused_unless_its_issuer_allows_it() {
    assert_eq!(at(&issue(&claims()), NOW), Err(PassError::ProofRequired));
    let paper = PassClaims { confirmation: None, flags: flags::STATIC_ALLOWED, ..claims() };
    assert_eq!(at(&issue(&paper), NOW).unwrap().proof(), Proof::Static);
    assert_eq!(at(&shown(&paper, NOW), NOW), Err(PassError::NoHolderKey));
    let either = PassClaims { flags: flags::STATIC_ALLOWED, ..claims() };
    assert_eq!(at(&issue(&either), NOW).unwrap().proof(), Proof::Static);
}

#[test]
fn a_bare_pass_is_not_shown_before_it_is_issued() {
    let issued = |seconds| {
        let paper = PassClaims { confirmation: None, flags: flags::STATIC_ALLOWED, ..claims() };
        at(&issue(&PassClaims { issued: time(NOW + seconds), ..paper }), NOW).map(|shown| shown.proof())
    };
    assert_eq!([0, 30].map(issued), [Ok(Proof::Static); 2], "clocks differ");
    assert_eq!(issued(31), Err(PassError::BeforePass));
}

#[test]
fn forged_by_a_stranger_by_another_role_and_by_another_member() {
    let wrap = |pass: Vec<u8>| present(&pass, &holder(), FEDERATION, None, time(NOW)).unwrap();
    let by = |key: &SigningKey| at(&wrap(claims().issue(key).unwrap()), NOW).unwrap_err();
    assert!(matches!(by(&SigningKey::from_seed(&[3; 32])), PassError::Issuer(TrustError::UnknownKey(_))));
    assert!(matches!(by(&secret(310_101, Role::Log)), PassError::Issuer(TrustError::WrongRole(_))));
    assert_eq!(by(&secret(320_100, Role::Issuer)), PassError::IssuerMismatch);
    let other_holder = present(&issue(&claims()), &SigningKey::from_seed(&[4; 32]), FEDERATION, None, time(NOW));
    assert_eq!(at(&other_holder.unwrap(), NOW), Err(PassError::HolderSignature));
    // The right key id over a signature by another key.
    let mut forged = issue(&claims());
    let length = forged.len();
    forged[length - 1] ^= 0x20;
    assert_eq!(at(&wrap(forged), NOW), Err(PassError::PassSignature));
}

#[test]
fn of_a_pass_that_its_issuer_did_not_sign_nothing_else_is_said() {
    let stranger = SigningKey::from_seed(&[4; 32]);
    let bare = PassClaims { confirmation: None, flags: flags::STATIC_ALLOWED, ..claims() };
    for (claims, by, now, otherwise) in [
        (claims(), &holder(), 9_999, PassError::NotYetValid(time(10_000))),
        (claims(), &holder(), 90_000, PassError::Expired(time(90_000))),
        (bare, &holder(), NOW, PassError::NoHolderKey),
        (claims(), &stranger, NOW, PassError::HolderSignature),
    ] {
        let mut pass = issue(&claims);
        let shown = |pass: &[u8]| present(pass, by, FEDERATION, None, time(now)).unwrap();
        assert_eq!(at(&shown(&pass), now), Err(otherwise));
        // In R, so that it shows at the last step only.
        let first = pass.len() - 64;
        pass[first] ^= 1;
        assert_eq!(at(&shown(&pass), now), Err(PassError::PassSignature), "{otherwise}");
    }
}

#[test]
fn a_pass_lies_within_its_keys_validity() {
    let early = PassClaims { issued: time(999), ..claims() };
    assert!(matches!(at(&shown(&early, NOW), NOW), Err(PassError::Issuer(TrustError::KeyTime(_)))));
    let long = PassClaims { expires: time(2_000_000_001), ..claims() };
    assert_eq!(at(&shown(&long, NOW), NOW), Err(PassError::KeyValidity));
    let before = PassClaims { not_before: time(999), ..claims() };
    assert_eq!(at(&shown(&before, NOW), NOW), Err(PassError::KeyValidity));
    let all_of_it =
        PassClaims { issued: time(1_000), not_before: time(1_000), expires: time(2_000_000_000), ..claims() };
    assert!(at(&shown(&all_of_it, NOW), NOW).is_ok());
}

#[test]
fn times_of_the_pass() {
    assert!(at(&shown(&claims(), 10_000), 10_000).is_ok());
    assert_eq!(at(&shown(&claims(), 10_000), 9_999), Err(PassError::NotYetValid(time(10_000))));
    assert!(at(&shown(&claims(), 89_999), 89_999).is_ok());
    assert_eq!(at(&shown(&claims(), 90_000), 90_000), Err(PassError::Expired(time(90_000))));
}

#[test]
fn a_trust_list_that_expired_vouches_for_nobody() {
    let spec = TrustListSpec { expires: time(NOW + 1), ..spec() };
    let trust = genesis(&spec, &CITIES[..3]).unwrap();
    let at = |now| verify(&shown(&claims(), NOW), &trust, Audience::Federation, time(now)).map(|shown| shown.proof());
    assert_eq!(at(NOW), Ok(Proof::Holder(time(NOW))));
    assert_eq!(at(NOW + 1), Err(PassError::Issuer(TrustError::Expired(time(NOW + 1)))));
}

#[test]
fn early_late_and_suspect_are_different_verdicts() {
    let code = shown(&claims(), NOW);
    assert!(at(&code, NOW + 60).is_ok());
    assert_eq!(at(&code, NOW + 61), Err(PassError::Late(61)));
    assert!(at(&code, NOW - 30).is_ok());
    assert_eq!(at(&code, NOW - 31), Err(PassError::Early(31)));
    assert_eq!(at(&code, NOW - 600), Err(PassError::Early(600)));
    assert_eq!(at(&code, NOW - 601), Err(PassError::ClockSuspect(601)));
    let stricter = shown(&PassClaims { freshness: 45, ..claims() }, NOW);
    assert!(at(&stricter, NOW + 45).is_ok());
    assert_eq!(at(&stricter, NOW + 46), Err(PassError::Late(46)));
    let laxer = shown(&PassClaims { freshness: 900, ..claims() }, NOW);
    assert_eq!(at(&laxer, NOW + 61), Err(PassError::Late(61)), "an issuer cannot loosen the policy");
}

#[test]
fn a_code_is_not_older_than_its_pass() {
    let code = shown(&claims(), 9_990);
    assert_eq!(at(&code, 10_000), Err(PassError::BeforePass));
    let issued_later = PassClaims { issued: time(20_010), ..claims() };
    assert_eq!(at(&shown(&issued_later, NOW), NOW), Err(PassError::BeforePass));
    let issued_now = PassClaims { issued: time(NOW), ..claims() };
    assert!(at(&shown(&issued_now, NOW), NOW).is_ok());
}

#[test]
fn a_code_does_not_outlast_its_pass() {
    assert!(at(&shown(&claims(), 89_999), 89_990).is_ok());
    assert_eq!(at(&shown(&claims(), 90_000), 89_990), Err(PassError::AfterPass));
}

#[test]
fn a_code_says_nothing_of_its_own_end() {
    // Of exp and nbf in a token, their relations to those of the pass would have to hold.
    let pass = issue(&claims());
    for (key, said) in [(claim::EXP, NOW + 30), (claim::NBF, NOW)] {
        let mut payload = Encoder::new();
        payload.map(3).int(claim::AUD).text(FEDERATION);
        payload.int(key).time(time(said)).int(claim::IAT).time(time(NOW));
        let code = sign1(&holder(), present::TYP, Headers { kid: None, kcwt: Some(&pass) }, &payload.finish());
        let error = at(&code, NOW).unwrap_err();
        let unknown = |error: CborError| error.kind == CborErrorKind::UnknownKey;
        assert!(matches!(error, PassError::Encoding(CoseError::Cbor(error)) if unknown(error)), "{error}");
    }
}

#[test]
fn a_challenge_is_answered_once_by_its_own_gate() {
    let nonce = [7; 16];
    let answer = |audience, nonce| present(&issue(&claims()), &holder(), audience, nonce, time(NOW)).unwrap();
    let challenged = |code: &[u8], number| {
        let gate = GateId { member: claims().issuer, number };
        Challenge::new(gate, nonce).verify(code, &list(), time(NOW))
    };
    let good = answer("310101/gate/7", Some(&nonce));
    assert!(challenged(&good, 7).is_ok());
    assert_eq!(challenged(&good, 8), Err(PassError::Audience));
    assert_eq!(challenged(&answer("310101/gate/7", Some(&[8; 16])), 7), Err(PassError::Nonce));
    assert_eq!(challenged(&answer("310101/gate/7", None), 7), Err(PassError::Nonce));
    let any = |code: &[u8], gate| judge(code, Audience::AnyChallenge { gate }, NOW);
    assert!(any(&good, "310101/gate/7").is_ok());
    assert_eq!(any(&good, "310101/gate/8"), Err(PassError::Audience));
    assert_eq!(any(&answer("310101/gate/7", None), "310101/gate/7"), Err(PassError::Nonce));
    let paper = issue(&PassClaims { flags: flags::STATIC_ALLOWED, ..claims() });
    assert!(at(&paper, NOW).is_ok());
    assert_eq!(challenged(&paper, 7), Err(PassError::ProofRequired), "a bare pass answers nothing");
    assert_eq!(any(&paper, "310101/gate/7"), Err(PassError::ProofRequired));
    assert_eq!(at(&good, NOW), Err(PassError::Nonce), "an answer is no code to show elsewhere");
    assert_eq!(at(&answer("other.test", None), NOW), Err(PassError::Audience));
}

/// A pass with one more private claim, whose value is `item`.
fn with_extra(item: &[u8]) -> Vec<u8> {
    let own = [&[0xa6, 1, 1, 2][..], item, &[3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0]].concat();
    let good = issue(&claims());
    let message = Sign1::decode(&good, claims::TYP, Expect::Kid).unwrap();
    let payload = message.payload();
    let payload = [&payload[..payload.len() - 13], &own].concat();
    sign1(&secret(310_101, Role::Issuer), claims::TYP, message.headers(), &payload)
}

#[test]
fn nesting_is_bounded_wherever_any_item_may_stand() {
    let nested = |depth: usize| [&vec![0x81; depth - 1][..], &[0]].concat();
    let wrap = |pass: &[u8]| present(pass, &holder(), FEDERATION, None, time(NOW)).unwrap();
    let depth = usize::from(crate::limits::MAX_CBOR_DEPTH);
    assert!(at(&wrap(&with_extra(&nested(depth))), NOW).is_ok());
    let too_deep = |result: Result<Presented, PassError>| {
        let deep = |error: CborError| error.kind == CborErrorKind::Depth;
        matches!(result.unwrap_err(), PassError::Claims(ClaimsError::Cbor(error)) if deep(error))
    };
    assert!(too_deep(at(&wrap(&with_extra(&nested(depth + 1))), NOW)));
    assert!(too_deep(at(&wrap(&with_extra(&nested(200))), NOW)), "as many as fit in a pass");
    // The pass stands in a header as an item: there it may be anything, of any depth that fits.
    for open in [0x81, 0xa1, 0xd2] {
        let pass = [&vec![open; 400][..], &[0]].concat();
        let error = at(&present_any(&pass), NOW).unwrap_err();
        let deep = |error: CborError| error.kind == CborErrorKind::Depth;
        assert!(matches!(error, PassError::Encoding(CoseError::Cbor(error)) if deep(error)), "{open:x}: {error}");
    }
}

#[test]
fn lengths_that_promise_more_than_there_is_are_refused_at_sight() {
    for huge in [0x5b_u8, 0x7b, 0x9b, 0xbb] {
        let item = [&[huge][..], &u64::MAX.to_be_bytes()].concat();
        let ends = |error: CborError| error.kind == CborErrorKind::End;
        let error = at(&present_any(&with_extra(&item)), NOW).unwrap_err();
        assert!(matches!(error, PassError::Claims(ClaimsError::Cbor(error)) if ends(error)), "{huge:x}: {error}");
        let error = at(&present_any(&item), NOW).unwrap_err();
        assert!(matches!(error, PassError::Encoding(CoseError::Cbor(error)) if ends(error)), "{huge:x}: {error}");
    }
}

/// A code around any bytes.
fn present_any(pass: &[u8]) -> Vec<u8> {
    let mut payload = Encoder::new();
    payload.map(2).int(claim::AUD).text(FEDERATION).int(claim::IAT).time(time(NOW));
    sign1(&holder(), present::TYP, Headers { kid: None, kcwt: Some(pass) }, &payload.finish())
}

#[test]
fn size_comes_first() {
    assert_eq!(at(&[0xd2; MAX_PRESENTATION + 1], NOW), Err(PassError::TooLong(MAX_PRESENTATION + 1)));
    let long = [issue(&claims()), vec![0; 300]].concat();
    assert_eq!(at(&long, NOW), Err(PassError::TooLong(long.len())), "a pass has a cap of its own");
    assert!(matches!(at(&[0xd2; MAX_PRESENTATION], NOW), Err(PassError::Encoding(_))));
    let extra = |length: u16| with_extra(&[&[0x59][..], &length.to_be_bytes(), &vec![7; length.into()]].concat());
    let room = (MAX_PASS - extra(256).len()) as u16;
    let (longest, longer) = (extra(256 + room), extra(256 + room + 1));
    assert_eq!((longest.len(), longer.len()), (MAX_PASS, MAX_PASS + 1));
    assert!(at(&present_any(&longest), NOW).is_ok());
    assert_eq!(at(&present_any(&longer), NOW), Err(PassError::TooLong(MAX_PASS + 1)));
}
