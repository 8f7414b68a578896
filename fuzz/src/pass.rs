//! A pass that is accepted says what it is signed for: issued again from its claims, it is the same
//! bytes, but for the private claims that may be ignored.
//!
//! The input is what was shown, as received; it is also the claims of a pass signed here by an issuer
//! that the trust list knows, so that the fuzzer gets past the signature.

use super::federation::{CITIES, LIST, id, payload, secret, signed, time};
use onecard::crypto::{KeyError, SigningKey, VerifyingKey, sha256};
use onecard::id::PassId;
use onecard::limits::{MAX_PASS, MAX_PRESENTATION};
use onecard::pass::{
    Audience, ClaimsError, IssueError, PassClaims, PassError, Presented, Proof, StatusRef, flags, present, verify,
};
use onecard::trust::Role;
use onecard::wire::cbor::{Decoder, Key};
use onecard::wire::cose::{Expect, Sign1, Typ};

pub(super) const TYP: Typ = Typ::ContentFormat(293);

pub fn run(data: &[u8]) {
    judge(data);
    let pass = signed(Role::Issuer, TYP, data);
    if let Some(presented) = judge(&pass) {
        reissued(&presented, &pass);
    }
    let shown = present(&pass, &holder(), super::federation::NAME, None, time(20_000));
    assert!(shown.is_ok() || pass.len() > MAX_PASS, "a pass of {} bytes cannot be shown", pass.len());
    if let Some(presented) = shown.ok().and_then(|shown| judge(&shown)) {
        reissued(&presented, &pass);
        assert_eq!(presented.proof(), Proof::Holder(time(20_000)));
        assert_eq!(presented.claims().confirmation, Some(holder().verifying_key()));
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let issue = |claims: PassClaims| payload(&claims.issue(&secret(CITIES[0], Role::Issuer)).unwrap(), TYP);
    let paper = PassClaims { confirmation: None, flags: flags::STATIC_ALLOWED, ..claims() };
    let either = PassClaims { flags: flags::ALL, freshness: 45, ..claims() };
    // The private claim is the last: `a5 01 01 03 …`.
    let mut ignored = issue(paper.clone());
    let own = ignored.len() - 13;
    assert_eq!(ignored[own..own + 3], [0xa5, 1, 1]);
    let mut critical = ignored.clone();
    (ignored[own], critical[own]) = (0xa6, 0xa6);
    ignored.extend([0x0a, 0x61, b'x']);
    critical.extend([0x0b, 0x00]);
    let code = present(
        &claims().issue(&secret(CITIES[0], Role::Issuer)).unwrap(),
        &holder(),
        "onecard.test",
        None,
        time(20_000),
    );
    vec![
        ("dynamic", issue(claims())),
        ("paper", issue(paper)),
        ("either", issue(either)),
        ("ignored-claim", ignored),
        ("critical-claim", critical),
        ("shown", code.unwrap()),
    ]
}

pub(super) fn holder() -> SigningKey {
    SigningKey::from_seed(&[0x5e; 32])
}

/// A pass valid from 10,000 to 90,000, issued at 9,000.
pub(super) fn claims() -> PassClaims {
    PassClaims {
        issuer: id(CITIES[0]),
        pass: PassId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        expires: time(90_000),
        not_before: time(10_000),
        issued: time(9_000),
        confirmation: Some(holder().verifying_key()),
        status: StatusRef { index: 7, uri: "oc:310101/1".parse().unwrap() },
        product: (2, 1),
        holder_class: 0,
        flags: 0,
        freshness: 0,
        id_commitment: None,
    }
}

/// Verifies as shown without a challenge, and checks what holds of everything accepted.
fn judge(shown: &[u8]) -> Option<Presented> {
    let now = time(20_000);
    let presented = match verify(shown, &LIST, Audience::Federation, now) {
        Ok(presented) => presented,
        Err(error) => {
            let long = matches!(error, PassError::TooLong(_));
            assert!(shown.len() <= MAX_PRESENTATION || long, "{error}");
            return None;
        }
    };
    let claims = presented.claims();
    assert!(claims.not_before <= now && now < claims.expires && claims.issued < claims.expires);
    assert!(claims.flags & !flags::ALL == 0 && (1..=64).contains(&claims.status.uri.len()));
    assert!(presented.proof() != Proof::Static || claims.static_allowed());
    assert_eq!(presented.digest(), sha256(&[shown]));
    Some(presented)
}

fn reissued(presented: &Presented, pass: &[u8]) {
    let claims = presented.claims();
    match claims.issue(&secret(CITIES[0], Role::Issuer)) {
        Ok(again) => assert!(again == pass || ignored(pass), "accepted, but not the encoding of its claims"),
        // Only what gates leave to the issuer: the prime-order check.
        Err(IssueError::Claims(ClaimsError::Key(KeyError::MixedOrder))) => {
            let key = claims.confirmation.unwrap();
            assert_eq!(VerifyingKey::from_bytes(key.as_bytes()), Err(KeyError::MixedOrder));
        }
        Err(error) => panic!("accepted, but cannot be issued: {error}"),
    }
}

/// Whether the private claim has an even key.
fn ignored(pass: &[u8]) -> bool {
    let message = Sign1::decode(pass, TYP, Expect::Kid).unwrap();
    let mut d = Decoder::new(message.payload());
    let mut map = d.map().unwrap();
    while let Some(key) = map.key(&mut d).unwrap() {
        if key != Key::Int(-65_537) {
            d.item().unwrap();
            continue;
        }
        let mut own = d.map().unwrap();
        while let Some(key) = own.key(&mut d).unwrap() {
            if matches!(key, Key::Int(number) if number % 2 == 0) {
                return true;
            }
            d.item().unwrap();
        }
    }
    false
}
