//! Tests of `cbor.rs`.

use super::*;

fn kind(input: &[u8]) -> Option<CborErrorKind> {
    Decoder::all(input, |d| d.item().map(drop)).err().map(|error: CborError| error.kind)
}

#[test]
fn rfc_8949_appendix_a_integers() {
    let cases: [(i64, &[u8]); 12] = [
        (0, &[0x00]),
        (23, &[0x17]),
        (24, &[0x18, 0x18]),
        (255, &[0x18, 0xff]),
        (256, &[0x19, 1, 0]),
        (65_535, &[0x19, 0xff, 0xff]),
        (65_536, &[0x1a, 0, 1, 0, 0]),
        (1_000_000_000_000, &[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]),
        (-1, &[0x20]),
        (-24, &[0x37]),
        (-25, &[0x38, 0x18]),
        (-65_537, &[0x3a, 0, 1, 0, 0]),
    ];
    for (value, encoding) in cases {
        let mut encoder = Encoder::new();
        encoder.int(value);
        assert_eq!(encoder.finish(), encoding);
        assert_eq!(Decoder::all(encoding, Decoder::int), Ok(value));
    }
    assert_eq!(Decoder::all(&[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255], Decoder::int), Ok(i64::MIN));
    let beyond = Decoder::all(&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], Decoder::int);
    assert_eq!(beyond.unwrap_err().kind, CborErrorKind::Range);
}

#[test]
fn every_other_encoding_is_refused_by_name() {
    use CborErrorKind as K;
    let cases: [(&[u8], K); 25] = [
        (&[], K::End),
        (&[0x18, 0x17], K::NotMinimal),
        (&[0x19, 0, 0xff], K::NotMinimal),
        (&[0x1a, 0, 0, 0xff, 0xff], K::NotMinimal),
        (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], K::NotMinimal),
        (&[0x38, 0x17], K::NotMinimal),
        (&[0x58, 0x01, 0x00], K::NotMinimal),
        (&[0x5f, 0x41, 0, 0xff], K::Indefinite),
        (&[0x9f, 0xff], K::Indefinite),
        (&[0xbf, 0xff], K::Indefinite),
        (&[0x42, 0], K::End),
        (&[0x82, 0], K::End),
        (&[0xa1, 0], K::End),
        (&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255], K::End),
        (&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255], K::End),
        (&[0xa2, 1, 0, 1, 0], K::KeyOrder),
        (&[0xa2, 2, 0, 1, 0], K::KeyOrder),
        (&[0xa2, 0x20, 0, 1, 0], K::KeyOrder),
        (&[0x61, 0xff], K::Utf8),
        (&[0xf9, 0, 0], K::Unused),
        (&[0xf5], K::Unused),
        (&[0x1c], K::Unused),
        (&[0xc2, 0x41, 0x05], K::Unused),
        (&[0xc3, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0], K::Unused),
        (&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], K::Range),
    ];
    for (input, expected) in cases {
        assert_eq!(kind(input), Some(expected), "{input:02x?}");
    }
    assert_eq!(kind(&[0, 0]), Some(K::Trailing));
    assert_eq!(kind(&[0xa2, 1, 0, 0x20, 0]), None);
    assert_eq!(kind(&[0xa2, 0x18, 0x64, 0, 0x20, 0]), None);
}

#[test]
fn a_map_says_what_is_missing_and_what_is_unknown() {
    use CborErrorKind as K;
    let require = |bytes: &[u8]| {
        let read = Decoder::all(bytes, |d| {
            let mut map = d.map()?;
            map.require(d, 3)?;
            d.uint::<u8>()?;
            map.end(d)
        });
        read.map_err(|error| (error.offset, error.kind))
    };
    assert_eq!(require(&[0xa1, 3, 0]), Ok(()));
    for (bytes, why) in [
        (&[0xa0][..], (1, K::MissingKey(3))),
        (&[0xa1, 4, 0], (1, K::MissingKey(3))),
        (&[0xa1, 0x20, 0], (1, K::MissingKey(3))),
        (&[0xa1, 0x61, b'x', 0], (1, K::MissingKey(3))),
        (&[0xa1, 2, 0], (1, K::UnknownKey)),
        (&[0xa1, 0, 0], (1, K::UnknownKey)),
        (&[0xa2, 3, 0, 4, 0], (3, K::UnknownKey)),
    ] {
        assert_eq!(require(bytes), Err(why), "{bytes:02x?}");
    }
    assert_eq!(kind(&[0xa1, 3, 0xf6]), None, "null is an item");
}

#[test]
fn an_offset_is_that_of_the_next_item() {
    let mut decoder = Decoder::new(&[0x18, 0x64, 0x41, 0, 0xf6]);
    let mut offsets = vec![];
    while decoder.end().is_err() {
        offsets.push(decoder.offset());
        decoder.item().unwrap();
    }
    assert_eq!(offsets, [0, 2, 4]);
    assert_eq!(decoder.offset(), 5);
}

#[test]
fn an_encoder_prints_how_much_it_has_and_not_what() {
    let mut encoder = Encoder::new();
    encoder.bytes(&[1, 2, 3]);
    assert_eq!(format!("{encoder:?}"), "Encoder(4 bytes)");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: u8| [vec![0x81; usize::from(depth)], vec![0]].concat();
    assert_eq!(kind(&nested(MAX_CBOR_DEPTH - 1)), None);
    assert_eq!(kind(&nested(MAX_CBOR_DEPTH)), Some(CborErrorKind::Depth));
    assert_eq!(kind(&[0x81; 100_000]), Some(CborErrorKind::Depth));
    assert_eq!(kind(&[0xd2; 100_000]), Some(CborErrorKind::Depth));
}

#[test]
fn wrong_types_are_errors() {
    let expected = |result: Result<(), CborError>| matches!(result.unwrap_err().kind, CborErrorKind::Expected(_));
    assert!(expected(Decoder::all(&[0x60], |d| d.bytes().map(drop))));
    assert!(expected(Decoder::all(&[0x40], |d| d.text().map(drop))));
    assert!(expected(Decoder::all(&[0x20], |d| d.uint::<u64>().map(drop))));
    assert!(expected(Decoder::all(&[0x40], |d| d.int().map(drop))));
    assert!(expected(Decoder::all(&[0xd2, 0], |d| d.tag(98))));
    assert!(expected(Decoder::all(&[0xa0], |d| d.array().map(drop))));
    assert!(expected(Decoder::all(&[0x80], |d| d.map().map(drop))));
    let range = Decoder::all(&[0x19, 1, 0], Decoder::uint::<u8>);
    assert_eq!(range, Err(CborError { offset: 0, kind: CborErrorKind::Range }));
}
