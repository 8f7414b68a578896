//! Input that is nearly right: deterministic CBOR with one thing wrong, at a place of choice.

use ciborium::Value;
use onecard::wire::cbor::{CborErrorKind, Encoder};

/// One thing wrong with an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// An argument in more bytes than it needs.
    Longer,
    /// A string, array or map of indefinite length.
    Indefinite,
    /// A map with its first pair twice.
    KeyTwice,
    /// A map with its last pair first.
    KeysSwapped,
    /// Text that is not UTF-8.
    Utf8,
    /// A float in the place of an item.
    Float,
    /// `undefined` in the place of an item.
    Undefined,
    /// `false` in the place of an item.
    False,
    /// A bignum in the place of an item.
    Bignum,
    /// A head with a reserved argument in the place of an item.
    Reserved,
}

impl Flaw {
    pub const ALL: [Self; 10] = [
        Self::Longer,
        Self::Indefinite,
        Self::KeyTwice,
        Self::KeysSwapped,
        Self::Utf8,
        Self::Float,
        Self::Undefined,
        Self::False,
        Self::Bignum,
        Self::Reserved,
    ];

    /// What a reader that takes any item says of it.
    pub const fn kind(self) -> CborErrorKind {
        match self {
            Self::Longer => CborErrorKind::NotMinimal,
            Self::Indefinite => CborErrorKind::Indefinite,
            Self::KeyTwice | Self::KeysSwapped => CborErrorKind::KeyOrder,
            Self::Utf8 => CborErrorKind::Utf8,
            Self::Float | Self::Undefined | Self::False | Self::Bignum | Self::Reserved => CborErrorKind::Unused,
        }
    }

    /// What stands in the place of the item, whatever that is.
    const fn instead(self) -> Option<&'static [u8]> {
        match self {
            Self::Float => Some(&[0xf9, 0x3c, 0x00]),
            Self::Undefined => Some(&[0xf7]),
            Self::False => Some(&[0xf4]),
            Self::Bignum => Some(&[0xc2, 0x41, 0x05]),
            Self::Reserved => Some(&[0x1e]),
            _ => None,
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Longer => !matches!(value, Value::Null),
            Self::Indefinite => {
                matches!(value, Value::Bytes(_) | Value::Text(_) | Value::Array(_) | Value::Map(_))
            }
            Self::KeyTwice => matches!(value, Value::Map(pairs) if !pairs.is_empty()),
            Self::KeysSwapped => matches!(value, Value::Map(pairs) if pairs.iter().any(|pair| pair.0 != pairs[0].0)),
            Self::Utf8 => matches!(value, Value::Text(_)),
            _ => true,
        }
    }
}

/// Whether a byte string that holds one array, map or tagged item is a place of items too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// No: its bytes are as they are.
    Opaque,
    /// Yes: as in COSE, where protected headers and payloads are wrapped in byte strings.
    Embedded,
}

/// The deterministic encoding of `value`.
pub fn encode(value: &Value) -> Vec<u8> {
    Writer { flaw: None, left: 0, within: Within::Opaque }.item(value)
}

/// Every encoding of `value` with this one flaw, one for each place where it can be.
pub fn flawed(value: &Value, flaw: Flaw, within: Within) -> Vec<Vec<u8>> {
    let at = |left| {
        let mut writer = Writer { flaw: Some(flaw), left, within };
        let bytes = writer.item(value);
        writer.flaw.is_none().then_some(bytes)
    };
    (0..).map_while(at).collect()
}

/// The whole of `input` as an item, as another decoder reads it.
pub fn read(input: &[u8]) -> Option<Value> {
    let mut rest = input;
    let value = ciborium::from_reader(&mut rest).ok()?;
    rest.is_empty().then_some(value)
}

struct Writer {
    /// `None` once it is made.
    flaw: Option<Flaw>,
    /// How many places to leave as they are first.
    left: usize,
    within: Within,
}

impl Writer {
    fn item(&mut self, value: &Value) -> Vec<u8> {
        let flaw = self.here(value);
        if let Some(instead) = flaw.and_then(Flaw::instead) {
            return instead.to_vec();
        }
        match value {
            Value::Integer(value) => match i128::from(*value) {
                value @ 0.. => head(0, value as u64, flaw),
                value => head(1, !value as u64, flaw),
            },
            Value::Bytes(bytes) => string(2, &self.embedded(bytes), flaw),
            Value::Text(_) if flaw == Some(Flaw::Utf8) => vec![0x61, 0xff],
            Value::Text(text) => string(3, text.as_bytes(), flaw),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.item(item)).collect();
                container(4, items.len(), &items.concat(), flaw)
            }
            Value::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (encode(key), key, value));
                let mut pairs: Vec<_> = pairs.collect();
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
                pairs.dedup_by(|a, b| a.0 == b.0);
                let pairs = pairs.into_iter().map(|(_, key, value)| [self.item(key), self.item(value)].concat());
                let mut pairs: Vec<_> = pairs.collect();
                match flaw {
                    Some(Flaw::KeyTwice) => pairs.insert(0, pairs[0].clone()),
                    Some(Flaw::KeysSwapped) => pairs[..].rotate_right(1),
                    _ => {}
                }
                container(5, pairs.len(), &pairs.concat(), flaw)
            }
            Value::Tag(number, content) => [head(6, *number, flaw), self.item(content)].concat(),
            Value::Null => vec![0xf6],
            other => panic!("not a value of ours: {other:?}"),
        }
    }

    /// The flaw, if it is to be made here.
    fn here(&mut self, value: &Value) -> Option<Flaw> {
        let flaw = self.flaw.filter(|flaw| flaw.fits(value))?;
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return None;
        }
        self.flaw.take();
        Some(flaw)
    }

    fn embedded(&mut self, bytes: &[u8]) -> Vec<u8> {
        let content = Some(bytes).filter(|_| self.within == Within::Embedded).and_then(read);
        match content {
            Some(content @ (Value::Array(_) | Value::Map(_) | Value::Tag(..))) => self.item(&content),
            _ => bytes.to_vec(),
        }
    }
}

fn string(major: u8, content: &[u8], flaw: Option<Flaw>) -> Vec<u8> {
    match flaw {
        Some(Flaw::Indefinite) => [&[major << 5 | 31], &string(major, content, None)[..], &[0xff]].concat(),
        flaw => [&head(major, content.len() as u64, flaw), content].concat(),
    }
}

fn container(major: u8, items: usize, content: &[u8], flaw: Option<Flaw>) -> Vec<u8> {
    match flaw {
        Some(Flaw::Indefinite) => [&[major << 5 | 31], content, &[0xff]].concat(),
        flaw => [&head(major, items as u64, flaw), content].concat(),
    }
}

fn head(major: u8, value: u64, flaw: Option<Flaw>) -> Vec<u8> {
    let mut out = Encoder::new();
    out.uint(value);
    let mut head = out.finish();
    if flaw == Some(Flaw::Longer) {
        // The next size, or the same where there is none: then the value is another one that needs less.
        head = match head.len() {
            1 => vec![24, value as u8],
            2 => [&[25], &(value as u16).to_be_bytes()[..]].concat(),
            3 => [&[26], &(value as u32).to_be_bytes()[..]].concat(),
            5 => [&[27], &value.to_be_bytes()[..]].concat(),
            _ => [&[27], &(value >> 32).to_be_bytes()[..]].concat(),
        };
    }
    head[0] |= major << 5;
    head
}
