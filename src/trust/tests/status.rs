//! Tests of `status.rs`.

use super::super::list::tests::{list, secret, time};
use super::*;

fn spec() -> StatusListSpec {
    StatusListSpec::new("oc:310101/1".into(), time(5_000), time(9_000), 1_000)
}

/// Signs hand-made claims.
fn handmade(lst: &[u8], bits: u8) -> Vec<u8> {
    handmade_as(4, "u", "lst", lst, |out| _ = out.text("bits").uint(bits))
}

/// The same with other words in it: so many claims, the last of them written by `rest`.
fn handmade_as(claims: usize, uri: &str, name: &str, lst: &[u8], rest: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let key = secret(310_101, Role::Issuer);
    let mut out = Encoder::new();
    out.map(claims).int(2).text(uri).int(4).uint(9_000_u32).int(6).uint(5_000_u32);
    out.int(65_533).map(2).text(name).bytes(lst);
    rest(&mut out);
    cose::sign1(&key, TYP, Headers { kid: Some(key.verifying_key().kid()), kcwt: None }, &out.finish())
}

#[test]
fn statuses_are_read_back() {
    let mut spec = spec();
    assert!(spec.set(0, Status::Revoked) && spec.set(5, Status::Suspended) && spec.set(999, Status::Superseded));
    assert!(spec.set(7, Status::Superseded) && spec.set(7, Status::Valid));
    assert!(!spec.set(1_000, Status::Revoked));
    let list = StatusList::verify(&spec.sign(&secret(310_101, Role::Issuer)), &list()).unwrap();
    assert_eq!(list.issuer().code(), 310_101);
    for (index, status) in [(0, Status::Revoked), (5, Status::Suspended), (999, Status::Superseded)] {
        assert_eq!(list.status(index), Some(status));
    }
    assert_eq!(list.status(7), Some(Status::Valid));
    assert_eq!(list.status(1_000), None, "beyond the list is not valid");
    assert_eq!(list.status(u32::MAX), None);
}

#[test]
fn one_bit_lists_are_read_too() {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[0b1011_1001, 0b1010_0011], 9);
    let list = StatusList::verify(&handmade(&packed, 1), &list()).unwrap();
    let ones: Vec<u32> = (0..16).filter(|&i| list.status(i) == Some(Status::Revoked)).collect();
    assert_eq!(ones, [0, 3, 4, 5, 7, 8, 9, 13, 15], "the example of section 4.1");
    assert_eq!(
        StatusList::verify(&handmade(&packed, 4), &super::super::list::tests::list()).unwrap_err(),
        StatusError::Rule("bits is not 1 or 2")
    );
}

#[test]
fn claims_have_one_form() {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[0], 9);
    let with = |claims, uri: &str, name, rest: &dyn Fn(&mut Encoder)| {
        StatusList::verify(&handmade_as(claims, uri, name, &packed, rest), &list()).map(drop)
    };
    let bits = |out: &mut Encoder| _ = out.text("bits").uint(2_u8);
    assert_eq!(with(4, &"u".repeat(MAX_STATUS_URI), "lst", &bits), Ok(()));
    let uri = Err(StatusError::Rule("the uri is empty or too long"));
    for length in [0, MAX_STATUS_URI + 1, MAX_STATUS_URI + 9] {
        assert_eq!(with(4, &"u".repeat(length), "lst", &bits), uri, "{length}");
    }
    let kind = |result| match result {
        Err(StatusError::Encoding(CoseError::Cbor(error))) => error.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(with(4, "u", "lsu", &bits)), CborErrorKind::UnknownKey);
    assert_eq!(kind(with(4, "u", "lst", &|out| _ = out.text("bitt").uint(2_u8))), CborErrorKind::UnknownKey);
    // How long it may be cached: known, and of no use here.
    let cached =
        |key| with(5, "u", "lst", &move |out: &mut Encoder| _ = out.text("bits").uint(2_u8).int(key).uint(9_u8));
    assert_eq!(cached(claim::TTL), Ok(()));
    assert_eq!(kind(cached(claim::TTL + 1)), CborErrorKind::MissingKey(claim::TTL));
}

#[test]
fn size_comes_first() {
    let bytes = vec![0xd2; MAX_STATUS_LIST + 1];
    assert_eq!(StatusList::verify(&bytes, &list()).unwrap_err(), StatusError::TooLong(bytes.len()));
    let longest = StatusList::verify(&bytes[1..], &list());
    assert!(matches!(longest, Err(StatusError::Encoding(_))), "{longest:?}");
}

#[test]
fn a_bomb_does_not_inflate() {
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_STATUS_BYTES + 1], 9);
    assert_eq!(StatusList::verify(&handmade(&bomb, 2), &list()).unwrap_err(), StatusError::Compression);
    assert_eq!(StatusList::verify(&handmade(b"not zlib", 2), &list()).unwrap_err(), StatusError::Compression);
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[1, 2, 3], 9);
    assert!(StatusList::verify(&handmade(&packed, 2), &list()).is_ok());
    let trailing = [&packed[..], &[0]].concat();
    assert_eq!(StatusList::verify(&handmade(&trailing, 2), &list()).unwrap_err(), StatusError::Compression);
    let cut = &packed[..packed.len() - 1];
    assert_eq!(StatusList::verify(&handmade(cut, 2), &list()).unwrap_err(), StatusError::Compression);
    let largest = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_STATUS_BYTES], 9);
    assert!(StatusList::verify(&handmade(&largest, 2), &list()).is_ok());
}

#[test]
fn only_an_issuer_signs_at_its_time() {
    let verify = |spec: &StatusListSpec, role| StatusList::verify(&spec.sign(&secret(310_101, role)), &list());
    assert!(verify(&spec(), Role::Issuer).is_ok());
    assert!(matches!(verify(&spec(), Role::Registrar), Err(StatusError::Trust(TrustError::WrongRole(_)))));
    let early = StatusListSpec { issued: time(10), ..spec() };
    assert!(matches!(verify(&early, Role::Issuer), Err(StatusError::Trust(TrustError::KeyTime(_)))));
    let at_once = StatusListSpec { expires: time(5_000), ..spec() };
    assert!(verify(&at_once, Role::Issuer).is_ok());
    let backwards = StatusListSpec { expires: time(10), ..spec() };
    assert!(matches!(verify(&backwards, Role::Issuer), Err(StatusError::Rule(_))));
}

#[test]
fn every_byte_of_a_token_counts() {
    let bytes = spec().sign(&secret(310_101, Role::Issuer));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(StatusList::verify(&changed, &list()).is_err(), "byte {at}");
    }
}
