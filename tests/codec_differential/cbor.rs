//! CBOR items against `ciborium`.

use ciborium::Value;
use ciborium::de::Error;
use onecard::limits::MAX_CBOR_DEPTH;
use onecard::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key};
use onecard_testkit::nearly::{Flaw, Within, encode, flawed, read};
use proptest::prelude::*;

/// The item whose deterministic encoding the input is, if it is one of ours: from what `ciborium` reads
/// and writes.
fn deterministic(input: &[u8]) -> Option<Value> {
    read(input).filter(|value| ours(value, MAX_CBOR_DEPTH) && written(sorted(value.clone())) == input)
}

/// Only what onecard uses, and not too deep.
fn ours(value: &Value, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match value {
        Value::Integer(value) => (i128::from(i64::MIN)..=u64::MAX.into()).contains(&i128::from(*value)),
        Value::Bytes(_) | Value::Text(_) | Value::Null => true,
        Value::Array(items) => items.iter().all(|item| ours(item, depth)),
        Value::Map(pairs) => pairs.iter().all(|(key, value)| ours(key, depth) && ours(value, depth)),
        Value::Tag(number, content) => ![2, 3].contains(number) && ours(content, depth),
        _ => false,
    }
}

/// The same value with its maps in order, and nothing in them twice.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Tag(number, content) => Value::Tag(number, Box::new(sorted(*content))),
        Value::Map(pairs) => {
            let mut pairs: Vec<_> = pairs.into_iter().map(|(key, value)| (sorted(key), sorted(value))).collect();
            pairs.sort_by_cached_key(|(key, _)| written(key.clone()));
            pairs.dedup_by_key(|(key, _)| written(key.clone()));
            Value::Map(pairs)
        }
        other => other,
    }
}

fn written(value: Value) -> Vec<u8> {
    let mut out = vec![];
    ciborium::into_writer(&value, &mut out).unwrap();
    out
}

/// Reads one item with the typed functions: maps have integer and text keys, tags are those of COSE and CWT.
fn typed(input: &[u8], d: &mut Decoder<'_>, depth: u8) -> Result<Value, CborError> {
    let depth = depth.checked_sub(1).ok_or(d.error(CborErrorKind::Depth))?;
    match input.get(d.offset()).ok_or(d.error(CborErrorKind::End))? >> 5 {
        0 => Ok(d.uint::<u64>()?.into()),
        1 => Ok(d.int()?.into()),
        2 => Ok(Value::Bytes(d.bytes()?.into())),
        3 => Ok(Value::Text(d.text()?.into())),
        4 => {
            let length = d.array()?;
            (0..length).map(|_| typed(input, d, depth)).collect::<Result<_, _>>().map(Value::Array)
        }
        5 => {
            let (mut map, mut pairs) = (d.map()?, vec![]);
            while let Some(key) = map.key(d)? {
                let key = match key {
                    Key::Int(key) => Value::from(key),
                    Key::Text(key) => Value::from(key),
                };
                pairs.push((key, typed(input, d, depth)?));
            }
            Ok(Value::Map(pairs))
        }
        6 => {
            let number = COSE_TAGS.into_iter().find(|&number| d.clone().tag(number).is_ok());
            let number = number.ok_or(d.error(CborErrorKind::Expected("a tag of COSE or CWT")))?;
            d.tag(number)?;
            Ok(Value::Tag(number, Box::new(typed(input, d, depth)?)))
        }
        _ if d.null() => Ok(Value::Null),
        _ => Err(d.error(CborErrorKind::Unused)),
    }
}

const COSE_TAGS: [u64; 3] = [18, 61, 98];

/// Whether [`typed`] can express it.
fn expressible(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(expressible),
        Value::Map(pairs) => pairs.iter().all(|(key, value)| {
            let key = match key {
                Value::Integer(key) => i64::try_from(*key).is_ok(),
                key => key.is_text(),
            };
            key && expressible(value)
        }),
        Value::Tag(number, content) => COSE_TAGS.contains(number) && expressible(content),
        _ => true,
    }
}

fn write(value: &Value, out: &mut Encoder) {
    match value {
        Value::Integer(value) => match i64::try_from(*value) {
            Ok(value) => drop(out.int(value)),
            Err(_) => drop(out.uint(u64::try_from(*value).unwrap())),
        },
        Value::Bytes(value) => drop(out.bytes(value)),
        Value::Text(value) => drop(out.text(value)),
        Value::Array(items) => {
            out.array(items.len());
            items.iter().for_each(|item| write(item, out));
        }
        Value::Map(pairs) => {
            out.map(pairs.len());
            pairs.iter().flat_map(|(key, value)| [key, value]).for_each(|item| write(item, out));
        }
        Value::Tag(number, content) => write(content, out.tag(*number)),
        Value::Null => drop(out.null()),
        other => panic!("not a value of ours: {other:?}"),
    }
}

fn item(input: &[u8]) -> Result<&[u8], CborError> {
    Decoder::all(input, Decoder::item)
}

/// Everything that holds of any input. Says whether it was accepted.
fn judge(input: &[u8]) -> bool {
    let (accepted, theirs) = (item(input), deterministic(input));
    assert_eq!(accepted.is_ok(), theirs.is_some(), "{accepted:?} for {input:02x?}");
    match Decoder::all(input, |d| typed(input, d, MAX_CBOR_DEPTH)) {
        Ok(value) => {
            let mut again = Encoder::new();
            write(&value, &mut again);
            assert_eq!(again.finish(), input, "accepted, but not the encoding of its value");
            assert_eq!(Some(value), theirs, "{input:02x?} has another value");
        }
        Err(error) => {
            assert!(error.offset <= input.len(), "{error} beyond {input:02x?}");
            assert!(!theirs.is_some_and(|value| expressible(&value)), "{error} for {input:02x?}");
        }
    }
    accepted.is_ok()
}

pub(crate) fn values() -> impl Strategy<Value = Value> {
    let edges = [0, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000, i64::MAX as u64, u64::MAX];
    let number = prop_oneof![0..30u64, prop::sample::select(edges.to_vec()), any::<u64>()];
    let leaf = prop_oneof![
        4 => number.clone().prop_map(Value::from),
        4 => number.prop_map(|value| Value::from(!(value & i64::MAX as u64) as i64)),
        3 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Value::Bytes),
        3 => "[a-c\u{e9}\u{5f20}]{0,10}".prop_map(Value::Text),
        1 => Just(Value::Null),
    ];
    let tag = prop_oneof![4 => prop::sample::select(COSE_TAGS.to_vec()), 1 => 4..70_000u64];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            3 => prop::collection::vec((-3..60i64, inner.clone()), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
                .prop_map(Value::Map),
            1 => prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Value::Map),
            1 => (tag.clone(), inner).prop_map(|(number, content)| Value::Tag(number, Box::new(content))),
        ]
    })
}

proptest! {
    #[test]
    fn a_deterministic_item_is_accepted(value in values()) {
        let bytes = encode(&value);
        prop_assert_eq!(item(&bytes), Ok(&bytes[..]));
        prop_assert!(judge(&bytes));
        prop_assert_eq!(read(&bytes), Some(sorted(value)));
    }

    #[test]
    fn an_item_with_one_flaw_is_refused_by_its_name(value in values(), flaw in prop::sample::select(Flaw::ALL.to_vec())) {
        for bytes in flawed(&value, flaw, Within::Opaque) {
            prop_assert_eq!(item(&bytes).unwrap_err().kind, flaw.kind(), "{:02x?}", bytes);
            prop_assert!(!judge(&bytes));
        }
    }

    #[test]
    fn what_is_cut_or_goes_on_or_lies_too_deep_is_refused(value in values(), more in any::<u8>()) {
        let bytes = encode(&value);
        for end in 0..bytes.len() {
            prop_assert_eq!(item(&bytes[..end]).unwrap_err().kind, CborErrorKind::End);
        }
        let trailing = [&bytes[..], &[more]].concat();
        prop_assert_eq!(item(&trailing), Err(CborError { offset: bytes.len(), kind: CborErrorKind::Trailing }));
        for wrap in [&[0x81][..], &[0xa1, 0x00], &[0xd2], &[0xa1]] {
            let mut deep = wrap.repeat(MAX_CBOR_DEPTH.into());
            deep.extend(&bytes);
            prop_assert_eq!(item(&deep).unwrap_err().kind, CborErrorKind::Depth);
            prop_assert!(!judge(&deep));
        }
    }

    #[test]
    fn a_changed_item_is_judged_as_by_the_other(value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        judge(&bytes);
        bytes.remove(at);
        judge(&bytes);
    }
}

/// Every string of up to three bytes. The other decoder reads forward: what it says of a start that does
/// not end inside an item, it would say of everything that goes on like that, so it is not asked again.
#[test]
fn short_inputs() {
    let bytes = || 0..=u8::MAX;
    let unfinished = |start: &[u8]| matches!(ciborium::from_reader::<Value, _>(start), Err(Error::Io(_)));
    assert!(!judge(&[]));
    let mut accepted = bytes().filter(|&a| judge(&[a])).count();
    for a in bytes() {
        accepted += bytes().filter(|&b| judge(&[a, b])).count();
        for b in bytes() {
            if unfinished(&[a, b]) {
                accepted += bytes().filter(|&c| judge(&[a, b, c])).count();
            } else {
                assert!(bytes().all(|c| item(&[a, b, c]).is_err()), "{a:02x}{b:02x}");
            }
        }
    }
    assert_eq!(accepted, 281_975, "of 16,843,008");
}
