//! Tests of `claims.rs`.

use super::super::holder_id::IdOpening;
use super::super::present::present;
use super::*;
use crate::wire::cbor::CborErrorKind as K;
use proptest::prelude::*;

pub(crate) fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

pub(crate) fn holder() -> SigningKey {
    SigningKey::from_seed(&[0x5e; 32])
}

/// A pass valid from 10,000 to 90,000, issued at 9,000.
pub(crate) fn claims() -> PassClaims {
    PassClaims {
        issuer: MemberId::new(310_101).unwrap(),
        pass: PassId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        expires: time(90_000),
        not_before: time(10_000),
        issued: time(9_000),
        confirmation: Some(holder().verifying_key()),
        status: StatusRef { index: 77, uri: "oc:310101/1".parse().unwrap() },
        product: (2, 1),
        holder_class: 0,
        flags: 0,
        freshness: 0,
        id_commitment: None,
    }
}

#[test]
fn round_trips_with_and_without_a_key() {
    let dynamic = claims();
    assert_eq!(PassClaims::decode(&dynamic.encode()), Ok(dynamic));
    let paper = PassClaims { confirmation: None, flags: flags::STATIC_ALLOWED, ..claims() };
    assert_eq!(PassClaims::decode(&paper.encode()), Ok(paper));
}

#[test]
fn a_realistic_pass_fits_its_budget() {
    let late = time(1_800_000_000);
    let largest = PassClaims {
        expires: late.saturating_add(1),
        not_before: late,
        issued: late,
        status: StatusRef { index: 9_999_999, uri: "oc:310101/12".parse().unwrap() },
        product: (200, 30),
        freshness: 120,
        ..claims()
    };
    let size = |claims: &PassClaims| {
        let pass = claims.issue(&SigningKey::from_seed(&[1; 32])).unwrap();
        let shown = present(&pass, &holder(), "onecard.test", None, late).unwrap();
        (pass.len(), shown.len())
    };
    let (pass, shown) = size(&largest);
    assert!(pass <= 245 && shown <= 349, "{pass} and {shown}");
    let (pass, shown) = size(&committed(largest));
    assert!(pass <= 245 + 35 && shown <= 349 + 36, "with a commitment {pass} and {shown}");
}

/// The same with a commitment to a document.
fn committed(claims: PassClaims) -> PassClaims {
    let opening = IdOpening::new(&[0xa5; 16], "31010119900307123X").unwrap();
    PassClaims { flags: flags::ID_CHECK, id_commitment: Some(IdCommitment::new(&opening)), ..claims }
}

#[test]
fn a_commitment_is_known_by_its_type_and_its_flag() {
    let good = committed(claims());
    assert_eq!(PassClaims::decode(&good.encode()), Ok(good.clone()));
    let commitment = [&[4, 0x58, 32][..], &good.id_commitment.unwrap().0].concat();
    let own = |commitment: &[u8], flags| {
        with_own(&[&[0xa6, 1, 1, 3, 0x82, 2, 1][..], commitment, &[5, 0, 7, flags, 9, 0]].concat())
    };
    assert_eq!(own(&commitment, 2), Ok(good));
    assert!(matches!(own(&commitment, 0), Err(ClaimsError::Rule(_))));
    for wrong in [&[4, 0][..], &[4, 0xf6], &[4, 0x40], &[4, 0x61, b'x']] {
        assert!(matches!(own(wrong, 2), Err(ClaimsError::Cbor(_))), "a known key of another type is no unknown one");
    }
    let short = [&[4, 0x58, 31][..], &[0; 31]].concat();
    assert!(matches!(own(&short, 2), Err(ClaimsError::Cbor(CborError { kind: K::Range, .. }))));
}

#[test]
fn contradictions_are_refused_when_issued_and_when_read() {
    let issuer = SigningKey::from_seed(&[1; 32]);
    let refused = |claims: PassClaims| {
        let read = PassClaims::decode(&claims.encode());
        let issued = claims.issue(&issuer);
        matches!(read, Err(ClaimsError::Rule(_))) && matches!(issued, Err(IssueError::Claims(ClaimsError::Rule(_))))
    };
    assert!(refused(PassClaims { expires: time(10_000), ..claims() }));
    assert!(refused(PassClaims { issued: time(90_000), ..claims() }));
    assert!(refused(PassClaims { confirmation: None, ..claims() }));
    assert!(refused(PassClaims { flags: 4, ..claims() }));
    assert!(refused(PassClaims { flags: 0x80, ..claims() }));
    assert!(!refused(claims()));
}

#[test]
fn a_status_uri_is_short_and_not_empty() {
    let too_long = Err(ClaimsError::Rule("the status uri is empty or too long"));
    let good = claims();
    let with = |uri: &str| {
        let (mut before, mut after) = (Encoder::new(), Encoder::new());
        before.text("uri").text(&good.status.uri);
        after.text("uri").text(uri);
        let (bytes, before) = (good.encode(), before.finish());
        let at = bytes.windows(before.len()).position(|window| window == before).unwrap();
        PassClaims::decode(&[&bytes[..at], &after.finish(), &bytes[at + before.len()..]].concat())
    };
    for (uri, refused) in [(String::new(), true), ("u".repeat(65), true), ("é".repeat(32), false), ("u".into(), false)]
    {
        let read = with(&uri);
        if refused {
            assert_eq!(read.map(drop), too_long, "{uri}");
            assert_eq!(uri.parse::<StatusUri>().map(drop), too_long, "{uri}");
        } else {
            let read = read.unwrap().status.uri;
            assert_eq!(*read, *uri);
            assert_eq!(format!("{read:?}"), format!("{uri:?}"));
        }
    }
}

/// Claims with the private claim replaced.
fn with_own(own: &[u8]) -> Result<PassClaims, ClaimsError> {
    let bytes = claims().encode();
    let mut own_key = Encoder::new();
    own_key.int(claim::ONECARD);
    let own_key = own_key.finish();
    let at = bytes.windows(own_key.len()).position(|window| window == own_key).unwrap() + own_key.len();
    PassClaims::decode(&[&bytes[..at], own].concat())
}

#[test]
fn even_unknown_private_claims_are_ignored_odd_ones_refused() {
    assert!(with_own(&[0xa5, 1, 1, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0]).is_ok());
    assert!(with_own(&[0xa6, 1, 1, 2, 0x81, 0, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0]).is_ok());
    assert!(with_own(&[0xa6, 1, 1, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0, 10, 0x61, b'x']).is_ok());
    let odd = with_own(&[0xa6, 1, 1, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0, 11, 0]);
    assert_eq!(odd, Err(ClaimsError::Critical(11)));
    let negative_odd = with_own(&[0xa6, 1, 1, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0, 0x20, 0]);
    assert_eq!(negative_odd, Err(ClaimsError::Critical(-1)));
    assert_eq!(with_own(&[0xa5, 1, 2, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0]), Err(ClaimsError::Version(2)));
    for (own, key) in [(&[0xa1, 1, 1][..], 3), (&[0xa1, 3, 0x82, 2, 1], 1), (&[0xa2, 1, 1, 3, 0x82, 2, 1], 5)] {
        assert!(matches!(with_own(own), Err(ClaimsError::Cbor(CborError { kind: K::MissingKey(k), .. })) if k == key));
    }
    let even_but_broken = with_own(&[0xa6, 1, 1, 2, 0x18, 3, 3, 0x82, 2, 1, 5, 0, 7, 0, 9, 0]);
    assert!(matches!(even_but_broken, Err(ClaimsError::Cbor(_))), "ignored is not unchecked");
}

#[test]
fn a_wrong_typed_claim_is_an_error_never_absent() {
    // cnf as a text, exp as a text, status as null: each in the place of the good value.
    let good = claims().encode();
    let replace = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|window| window == from).unwrap();
        PassClaims::decode(&[&good[..at], to, &good[at + from.len()..]].concat())
    };
    assert!(matches!(replace(&[4, 0x1a, 0, 1, 0x5f, 0x90], &[4, 0x61, b'x']), Err(ClaimsError::Cbor(_))));
    assert!(matches!(replace(&[4, 0x1a, 0, 1, 0x5f, 0x90], &[4, 0x24]), Err(ClaimsError::Cbor(_))));
    assert!(matches!(replace(&[8, 0xa1, 1, 0xa3], &[8, 0xa1, 2, 0xa3]), Err(ClaimsError::Cbor(_))));
}

#[test]
fn an_unknown_claim_is_no_missing_one() {
    // Before the place of the status claim, which has its key in three bytes.
    let good = claims().encode();
    let status = good.windows(3).position(|window| window == [0x19, 0xff, 0xff]).unwrap();
    let with = |key: &[u8]| {
        let bytes = [&good[..status], key, &good[status + 3..]].concat();
        match PassClaims::decode(&bytes) {
            Err(ClaimsError::Cbor(error)) => error.kind,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with(&[9]), K::UnknownKey);
    assert_eq!(with(&[0x19, 0xff, 0xfe]), K::UnknownKey);
    let missing = K::MissingKey(claim::STATUS);
    assert_eq!([with(&[0x1a, 0, 1, 0, 0]), with(&[0x20]), with(&[0x61, b'x'])], [missing; 3]);
}

proptest! {
    #[test]
    fn accepted_means_encoding_again_gives_the_same_bytes(at in 0usize..200, with: u8) {
        let mut bytes = claims().encode();
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok(claims) = PassClaims::decode(&bytes) {
            prop_assert_eq!(claims.encode(), bytes);
        }
    }
}
