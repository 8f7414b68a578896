//! The decoder accepts exactly the deterministic encodings.
//!
//! The oracle is a slow reader that accepts any well-formed item of the types onecard uses, builds a
//! tree, sorts it and writes it out again: an input is deterministic when that gives the input.

use onecard::limits::MAX_CBOR_DEPTH;
use onecard::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key};

pub fn run(data: &[u8]) {
    let item = Decoder::all(data, |d| d.item().map(<[u8]>::len));
    if let Ok(length) = item {
        assert_eq!(length, data.len());
    }
    assert_eq!(item.is_ok(), deterministic(data), "{item:?}");
    schema(data, item.is_ok());
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut claims = Encoder::new();
    claims.map(4).int(1).text("310101").int(4).uint(1_790_000_000u32).int(6).int(-25).int(-65_537).array(3);
    claims.uint(7u8).bytes(&[1, 2, 3]).null();
    vec![
        ("claims", claims.finish()),
        ("nested", vec![0x81, 0x81, 0xa1, 0x00, 0x82, 0x20, 0x40]),
        ("tagged", vec![0xd2, 0x84, 0x40, 0xa0, 0x40, 0x40]),
        ("deepest", [vec![0x81; usize::from(MAX_CBOR_DEPTH) - 1], vec![0]].concat()),
        ("one-too-deep", [vec![0x81; usize::from(MAX_CBOR_DEPTH)], vec![0]].concat()),
        ("too-deep", vec![0x81; 40]),
        ("not-minimal", vec![0x18, 0x17]),
        ("key-twice", vec![0xa2, 0x01, 0x00, 0x01, 0x00]),
        ("unordered", vec![0xa2, 0x02, 0x00, 0x01, 0x00]),
        ("indefinite", vec![0x9f, 0x00, 0xff]),
        ("largest", vec![0x1b, 255, 255, 255, 255, 255, 255, 255, 255]),
        ("least", vec![0x3b, 127, 255, 255, 255, 255, 255, 255, 255]),
        ("less-than-least", vec![0x3b, 128, 0, 0, 0, 0, 0, 0, 0]),
        ("bignum", vec![0xc2, 0x41, 0x05]),
        ("huge-length", vec![0x9b, 255, 255, 255, 255, 255, 255, 255, 255]),
    ]
}

/// Reads through the typed functions; what they accept, `item` accepts, and writes back the same.
fn schema(data: &[u8], item: bool) {
    let mut encoder = Encoder::new();
    let result = Decoder::all(data, |d| again(data, d, &mut encoder, MAX_CBOR_DEPTH));
    match result {
        Ok(()) => {
            assert!(item, "the typed functions accept what `item` refuses");
            assert_eq!(encoder.finish(), data);
        }
        Err(CborError { offset, .. }) => assert!(offset <= data.len()),
    }
}

fn again(data: &[u8], d: &mut Decoder<'_>, out: &mut Encoder, depth: u8) -> Result<(), CborError> {
    let depth = depth.checked_sub(1).ok_or(d.error(CborErrorKind::Depth))?;
    let end = d.error(CborErrorKind::End);
    match data.get(d.offset()).ok_or(end)? >> 5 {
        0 => drop(out.uint(d.uint::<u64>()?)),
        1 => drop(out.int(d.int()?)),
        2 => drop(out.bytes(d.bytes()?)),
        3 => drop(out.text(d.text()?)),
        4 => {
            let length = d.array()?;
            out.array(length);
            for _ in 0..length {
                again(data, d, out, depth)?;
            }
        }
        5 => {
            let mut map = d.map()?;
            let (mut pairs, mut content) = (0, Encoder::new());
            while let Some(key) = map.key(d)? {
                match key {
                    Key::Int(value) => content.int(value),
                    Key::Text(value) => content.text(value),
                };
                again(data, d, &mut content, depth)?;
                pairs += 1;
            }
            out.map(pairs).raw(&content.finish());
        }
        6 => {
            let number = [18, 61, 98].into_iter().find(|&number| d.clone().tag(number).is_ok());
            let number = number.ok_or(d.error(CborErrorKind::Unused))?;
            d.tag(number)?;
            out.tag(number);
            again(data, d, out, depth)?;
        }
        _ if d.null() => drop(out.null()),
        _ => return Err(d.error(CborErrorKind::Unused)),
    }
    Ok(())
}

enum Tree {
    Scalar(u8, u64),
    String(u8, Vec<u8>),
    Array(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Tag(u64, Box<Tree>),
}

fn deterministic(data: &[u8]) -> bool {
    let mut rest = data;
    let Some(tree) = read(&mut rest, MAX_CBOR_DEPTH) else { return false };
    let Some(written) = write(&tree) else { return false };
    rest.is_empty() && written == data
}

/// Any well-formed definite item, whether or not it is in its shortest form.
fn read(rest: &mut &[u8], depth: u8) -> Option<Tree> {
    let depth = depth.checked_sub(1)?;
    let (major, value) = read_head(rest)?;
    Some(match major {
        0 => Tree::Scalar(major, value),
        1 => Tree::Scalar(major, i64::try_from(value).ok()?.unsigned_abs()),
        2 | 3 => {
            let (content, tail) = rest.split_at_checked(usize::try_from(value).ok()?)?;
            *rest = tail;
            if major == 3 {
                core::str::from_utf8(content).ok()?;
            }
            Tree::String(major, content.to_vec())
        }
        4 => Tree::Array((0..value).map(|_| read(rest, depth)).collect::<Option<_>>()?),
        5 => Tree::Map((0..value).map(|_| Some((read(rest, depth)?, read(rest, depth)?))).collect::<Option<_>>()?),
        // Bignums.
        6 if value == 2 || value == 3 => return None,
        6 => Tree::Tag(value, Box::new(read(rest, depth)?)),
        _ => Tree::Scalar(major, value),
    })
}

fn read_head(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let (&first, tail) = rest.split_first()?;
    let (major, small) = (first >> 5, first & 0x1f);
    let width = match small {
        0..=23 => 0,
        24..=27 => 1 << (small - 24),
        _ => return None,
    };
    if major == 7 && small != 22 {
        return None;
    }
    let (argument, tail) = tail.split_at_checked(width)?;
    *rest = tail;
    let value = argument.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    Some((major, if width == 0 { u64::from(small) } else { value }))
}

/// The deterministic encoding, or `None` for a map with a key twice.
fn write(tree: &Tree) -> Option<Vec<u8>> {
    Some(match tree {
        Tree::Scalar(major, value) => head(*major, *value),
        Tree::String(major, content) => [head(*major, content.len() as u64), content.clone()].concat(),
        Tree::Array(items) => {
            let items: Vec<_> = items.iter().map(write).collect::<Option<_>>()?;
            [head(4, items.len() as u64), items.concat()].concat()
        }
        Tree::Map(pairs) => {
            let mut sorted = std::collections::BTreeMap::new();
            for (key, value) in pairs {
                if sorted.insert(write(key)?, write(value)?).is_some() {
                    return None;
                }
            }
            sorted.into_iter().fold(head(5, pairs.len() as u64), |out, (key, value)| [out, key, value].concat())
        }
        Tree::Tag(number, content) => [head(6, *number), write(content)?].concat(),
    })
}

fn head(major: u8, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let (small, width) = match value {
        0..=23 => (value as u8, 0),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    [&[major << 5 | small], &bytes[8 - width..]].concat()
}
