//! A status list that is accepted says of each index what the bits of its inflated list say, and
//! nothing beyond it; it never inflates beyond the cap.
//!
//! The input is the claims of a list signed here by an issuer; it is also the zlib stream of one, and
//! the list of one before it is compressed.

use super::federation::{CITIES, LIST, payload, secret, signed, time};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use onecard::limits::MAX_STATUS_BYTES;
use onecard::trust::{Role, Status, StatusError, StatusList, StatusListSpec};
use onecard::wire::cbor::{Decoder, Encoder};
use onecard::wire::cose::Typ;

const TYP: Typ = Typ::MediaType("application/statuslist+cwt");

pub fn run(data: &[u8]) {
    let token = signed(Role::Issuer, TYP, data);
    if let Ok(list) = StatusList::verify(&token, &*LIST) {
        assert!(list.issued() <= list.expires() && (1..=64).contains(&list.uri().len()));
        assert_eq!((list.issuer().code(), list.as_bytes()), (CITIES[0], &token[..]));
        let (bits, zlib) = content(data);
        judge(&list, bits, &decompress_to_vec_zlib_with_limit(zlib, MAX_STATUS_BYTES + 1).unwrap());
    }
    let bits = 1 + (data.len() % 2) as u8;
    stream(data, bits);
    stream(&compress_to_vec_zlib(data, 1), bits);
    made(data);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut spec = spec(40);
    assert!(spec.set(7, Status::Revoked) && spec.set(13, Status::Suspended) && spec.set(39, Status::Superseded));
    let bomb = compress_to_vec_zlib(&vec![0; MAX_STATUS_BYTES + 1], 9);
    let largest = compress_to_vec_zlib(&vec![0; MAX_STATUS_BYTES], 9);
    let mut claims = Encoder::new();
    claims.map(5).int(2).text("u").int(4).uint(9_000u32).int(6).uint(5_000u32);
    claims.int(65_533).map(2).text("lst").bytes(&compress_to_vec_zlib(&[0xb9, 0xa3], 9)).text("bits").uint(1u8);
    claims.int(65_534).uint(43_200u32);
    vec![
        ("claims", payload(&spec.sign(&secret(CITIES[0], Role::Issuer)), TYP)),
        ("one-bit-with-ttl", claims.finish()),
        ("trailing", [&compress_to_vec_zlib(&[1, 2, 3], 9)[..], &[0]].concat()),
        ("bomb", bomb),
        ("largest", largest),
        ("changes", vec![0, 1, 0, 2, 1, 1, 0, 40, 2, 255, 255, 3]),
    ]
}

fn spec(passes: usize) -> StatusListSpec {
    StatusListSpec::new("oc:310101/1".into(), time(5_000), time(9_000), passes)
}

/// Bits and list of accepted claims, found by a plain walk.
fn content(claims: &[u8]) -> (u8, &[u8]) {
    let mut d = Decoder::new(claims);
    let mut map = d.map().unwrap();
    for _ in 0..3 {
        map.key(&mut d).unwrap();
        d.item().unwrap();
    }
    map.key(&mut d).unwrap();
    let mut inner = d.map().unwrap();
    inner.key(&mut d).unwrap();
    let zlib = d.bytes().unwrap();
    inner.key(&mut d).unwrap();
    (d.uint().unwrap(), zlib)
}

/// A list with this zlib stream is accepted exactly when the stream is whole, ends with its last byte and
/// is within the cap. A stream that ends earlier inflates without its last byte too.
fn stream(zlib: &[u8], bits: u8) {
    let mut claims = Encoder::new();
    claims.map(4).int(2).text("u").int(4).uint(9_000u32).int(6).uint(5_000u32);
    claims.int(65_533).map(2).text("lst").bytes(zlib).text("bits").uint(bits);
    let result = StatusList::verify(&signed(Role::Issuer, TYP, &claims.finish()), &*LIST);
    let inflate = |zlib| decompress_to_vec_zlib_with_limit(zlib, MAX_STATUS_BYTES + 1);
    let shorter = zlib.split_last().is_some_and(|(_, shorter)| inflate(shorter).is_ok());
    match inflate(zlib) {
        Ok(packed) if packed.len() <= MAX_STATUS_BYTES && !shorter => judge(&result.unwrap(), bits, &packed),
        _ => assert_eq!(result.unwrap_err(), StatusError::Compression),
    }
}

fn judge(list: &StatusList, bits: u8, packed: &[u8]) {
    assert!(packed.len() <= MAX_STATUS_BYTES, "inflated beyond the cap");
    let count = u32::try_from(packed.len() * 8 / usize::from(bits)).unwrap();
    // All of a short list, of a long one its ends.
    let indices = (0..count.min(2_000)).chain(count.saturating_sub(9)..count);
    for index in indices {
        let bit = |at: usize| packed[at / 8] >> (at % 8) & 1;
        let at = index as usize * usize::from(bits);
        let value: u8 = (0..usize::from(bits)).map(|offset| bit(at + offset) << offset).sum();
        let expected = [Status::Valid, Status::Revoked, Status::Suspended, Status::Superseded];
        assert_eq!(list.status(index), expected.into_iter().find(|status| status.value() == value), "{index}");
    }
    for beyond in [count, count.saturating_add(1), u32::MAX] {
        assert_eq!(list.status(beyond), None, "{beyond} is beyond a list of {count}");
    }
}

/// What is set is read back: the last one set for each index.
fn made(data: &[u8]) {
    const PASSES: u32 = 100;
    let mut spec = spec(PASSES as usize);
    let mut model = [Status::Valid; PASSES as usize];
    for change in data.chunks_exact(3) {
        let index = u32::from(u16::from_be_bytes([change[0], change[1]]));
        let status =
            [Status::Valid, Status::Revoked, Status::Suspended, Status::Superseded][usize::from(change[2] % 4)];
        assert_eq!(spec.set(index, status), index < PASSES);
        if let Some(slot) = model.get_mut(index as usize) {
            *slot = status;
        }
    }
    let list = StatusList::verify(&spec.sign(&secret(CITIES[0], Role::Issuer)), &*LIST).unwrap();
    for (index, status) in (0..).zip(model) {
        assert_eq!(list.status(index), Some(status));
    }
    assert_eq!(list.status(PASSES), None);
}
