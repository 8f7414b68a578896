//! Deterministic CBOR (RFC 8949 §4.2.1), read by schema and written in order.
//!
//! The [`Decoder`] borrows its input, allocates nothing, and refuses on sight what has a shorter or
//! another encoding: non-minimal integers and lengths, indefinite lengths, map keys out of order or
//! twice, bignums, floats, simple values other than null, invalid UTF-8, and trailing bytes.

use crate::limits::MAX_CBOR_DEPTH;
use crate::time::UnixTime;
use core::fmt;

/// What is wrong with an encoding, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {kind}")]
pub struct CborError {
    /// Offset of the item that is wrong, in bytes from the start of the decoded slice.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: CborErrorKind,
}

/// What is wrong with an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborErrorKind {
    /// The input ends inside an item.
    #[error("the input ends inside an item")]
    End,
    /// An integer or length is not in its shortest form.
    #[error("not the shortest form of this value")]
    NotMinimal,
    /// An item of indefinite length.
    #[error("an item of indefinite length")]
    Indefinite,
    /// Another type was expected.
    #[error("{0} expected")]
    Expected(&'static str),
    /// A value outside its range, or an array or byte string of the wrong length.
    #[error("value or length out of range")]
    Range,
    /// Map keys are not in ascending order, or one comes twice.
    #[error("map keys not in strictly ascending order")]
    KeyOrder,
    /// A map key this schema does not know.
    #[error("unknown map key")]
    UnknownKey,
    /// A required map key is missing.
    #[error("map key {0} is missing")]
    MissingKey(i64),
    /// A text string is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// Items nested deeper than allowed.
    #[error("nested too deeply")]
    Depth,
    /// A float, a simple value, a bignum or a reserved head: onecard uses none.
    #[error("an item of a type that is not used")]
    Unused,
    /// Bytes after the last item.
    #[error("bytes after the last item")]
    Trailing,
}

/// Major types of RFC 8949 §3.1.
mod major {
    pub(super) const UINT: u8 = 0;
    pub(super) const NINT: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
    pub(super) const MAP: u8 = 5;
    pub(super) const TAG: u8 = 6;
}

/// Reads deterministic CBOR items from a slice, one after the other.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    input: &'a [u8],
    offset: usize,
}

/// A map key as onecard uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// An integer key.
    Int(i64),
    /// A text key.
    Text(&'a str),
}

/// A map being read: how many pairs are left, and the last key, to check the order.
#[derive(Debug)]
pub struct MapReader<'a> {
    left: usize,
    last: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Reads from the start of `input`.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input, offset: 0 }
    }

    /// Decodes the whole of `input` with `schema`.
    ///
    /// # Errors
    /// The schema's error, or [`CborErrorKind::Trailing`].
    #[inline]
    pub fn all<T, E: From<CborError>>(input: &'a [u8], schema: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let mut decoder = Self::new(input);
        let value = schema(&mut decoder)?;
        decoder.end()?;
        Ok(value)
    }

    /// Offset of the next item.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// An error at the next item, for a schema's own checks.
    #[must_use]
    pub const fn error(&self, kind: CborErrorKind) -> CborError {
        CborError { offset: self.offset, kind }
    }

    /// Succeeds when nothing is left.
    ///
    /// # Errors
    /// [`CborErrorKind::Trailing`].
    #[inline]
    pub fn end(&self) -> Result<(), CborError> {
        if self.offset == self.input.len() { Ok(()) } else { Err(self.error(CborErrorKind::Trailing)) }
    }

    /// An unsigned integer that fits `T`.
    ///
    /// # Errors
    /// [`CborErrorKind::Expected`], [`CborErrorKind::Range`], or a malformed head.
    #[inline]
    pub fn uint<T: TryFrom<u64>>(&mut self) -> Result<T, CborError> {
        let start = self.offset;
        let value = self.head(major::UINT, "an unsigned integer")?;
        T::try_from(value).map_err(|_| CborError { offset: start, kind: CborErrorKind::Range })
    }

    /// An integer.
    ///
    /// # Errors
    /// [`CborErrorKind::Expected`], [`CborErrorKind::Range`] beyond an `i64`, or a malformed head.
    pub fn int(&mut self) -> Result<i64, CborError> {
        let start = self.offset;
        let range = CborError { offset: start, kind: CborErrorKind::Range };
        match self.peek_major()? {
            major::NINT => {
                let value = self.head(major::NINT, "an integer")?;
                i64::try_from(value).map(|value| !value).map_err(|_| range)
            }
            major::UINT => self.uint(),
            _ => Err(self.error(CborErrorKind::Expected("an integer"))),
        }
    }

    /// A byte string.
    ///
    /// # Errors
    /// [`CborErrorKind::Expected`], [`CborErrorKind::End`], or a malformed head.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let length = self.head(major::BYTES, "a byte string")?;
        self.take(length)
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// As [`Decoder::bytes`], and [`CborErrorKind::Range`] for another length.
    #[inline]
    pub fn byte_array<const N: usize>(&mut self) -> Result<&'a [u8; N], CborError> {
        let start = self.offset;
        self.bytes()?.try_into().map_err(|_| CborError { offset: start, kind: CborErrorKind::Range })
    }

    /// A byte string of at most `most` bytes.
    ///
    /// # Errors
    /// As [`Decoder::bytes`], and [`CborErrorKind::Range`] for a longer one.
    pub fn bytes_up_to(&mut self, most: usize) -> Result<&'a [u8], CborError> {
        let range = self.error(CborErrorKind::Range);
        let bytes = self.bytes()?;
        if bytes.len() <= most { Ok(bytes) } else { Err(range) }
    }

    /// A text string.
    ///
    /// # Errors
    /// As [`Decoder::bytes`], and [`CborErrorKind::Utf8`].
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        let start = self.offset;
        let length = self.head(major::TEXT, "a text string")?;
        core::str::from_utf8(self.take(length)?).map_err(|_| CborError { offset: start, kind: CborErrorKind::Utf8 })
    }

    /// The head of an array; its items follow.
    ///
    /// The length is bounded by the bytes that are left, since an item takes at least one: a caller
    /// may reserve room for it.
    ///
    /// # Errors
    /// [`CborErrorKind::Expected`], [`CborErrorKind::End`], or a malformed head.
    #[inline]
    pub fn array(&mut self) -> Result<usize, CborError> {
        let length = self.head(major::ARRAY, "an array")?;
        self.fits(length)
    }

    /// The head of an array of exactly `length` items.
    ///
    /// # Errors
    /// As [`Decoder::array`], and [`CborErrorKind::Range`] for another length.
    pub fn array_of(&mut self, length: usize) -> Result<(), CborError> {
        let start = self.offset;
        if self.array()? == length { Ok(()) } else { Err(CborError { offset: start, kind: CborErrorKind::Range }) }
    }

    /// The head of a map; read its keys with [`MapReader::key`].
    ///
    /// # Errors
    /// [`CborErrorKind::Expected`], [`CborErrorKind::End`], or a malformed head.
    pub fn map(&mut self) -> Result<MapReader<'a>, CborError> {
        let pairs = self.head(major::MAP, "a map")?;
        let left = self.fits(pairs)?;
        Ok(MapReader { left, last: &[] })
    }

    /// The given tag; its content follows.
    ///
    /// # Errors
    /// [`CborErrorKind::Expected`] for anything else.
    pub fn tag(&mut self, number: u64) -> Result<(), CborError> {
        let start = self.offset;
        if self.head(major::TAG, "a tag")? == number {
            return Ok(());
        }
        Err(CborError { offset: start, kind: CborErrorKind::Expected("another tag") })
    }

    /// A time: an unsigned integer of Unix seconds.
    ///
    /// # Errors
    /// As [`Decoder::uint`], and [`CborErrorKind::Range`] after year 9999.
    #[inline]
    pub fn time(&mut self) -> Result<UnixTime, CborError> {
        let range = self.error(CborErrorKind::Range);
        UnixTime::try_from(self.uint::<u64>()?).map_err(|_| range)
    }

    /// The head of an array of at most `most` items.
    ///
    /// # Errors
    /// As [`Decoder::array`], and [`CborErrorKind::Range`] for a longer one.
    pub fn array_up_to(&mut self, most: usize) -> Result<usize, CborError> {
        let range = self.error(CborErrorKind::Range);
        let length = self.array()?;
        if length <= most { Ok(length) } else { Err(range) }
    }

    /// `true` when the next item is null, which is then read.
    #[must_use]
    pub fn null(&mut self) -> bool {
        let null = self.input.get(self.offset) == Some(&NULL);
        self.offset = self.offset.saturating_add(usize::from(null));
        null
    }

    /// Any single item, checked to be deterministic, as its bytes.
    ///
    /// # Errors
    /// Any [`CborErrorKind`] but those of a schema; [`CborErrorKind::Range`] for an integer below -2^63.
    pub fn item(&mut self) -> Result<&'a [u8], CborError> {
        let start = self.offset;
        self.skip(MAX_CBOR_DEPTH)?;
        self.input.get(start..self.offset).ok_or(self.error(CborErrorKind::End))
    }

    fn skip(&mut self, depth: u8) -> Result<(), CborError> {
        let depth = depth.checked_sub(1).ok_or(self.error(CborErrorKind::Depth))?;
        match self.peek_major()? {
            major::UINT => self.head(major::UINT, "").map(drop),
            major::NINT => self.int().map(drop),
            major::BYTES => self.bytes().map(drop),
            major::TEXT => self.text().map(drop),
            major::ARRAY => {
                let length = self.array()?;
                (0..length).try_for_each(|_| self.skip(depth))
            }
            major::MAP => {
                let mut map = self.map()?;
                while map.skip_key(self, depth)? {
                    self.skip(depth)?;
                }
                Ok(())
            }
            major::TAG => {
                let unused = self.error(CborErrorKind::Unused);
                // A bignum (RFC 8949 §3.4.3) is a second encoding of an integer, with or without zeros before it.
                if let 2 | 3 = self.head(major::TAG, "")? {
                    return Err(unused);
                }
                self.skip(depth)
            }
            _ if self.null() => Ok(()),
            _ => Err(self.error(CborErrorKind::Unused)),
        }
    }

    fn peek_major(&self) -> Result<u8, CborError> {
        self.input.get(self.offset).map(|byte| byte >> 5).ok_or(self.error(CborErrorKind::End))
    }

    /// Reads a head of the given major type and returns its argument, which must be minimal.
    #[inline]
    fn head(&mut self, wanted: u8, name: &'static str) -> Result<u64, CborError> {
        // Most heads are one byte: inlined, they cost no call.
        match self.input.get(self.offset).map(|first| first ^ wanted << 5) {
            Some(small @ 0..=23) => {
                self.offset = self.offset.saturating_add(1);
                Ok(u64::from(small))
            }
            _ => self.long_head(wanted, name),
        }
    }

    fn long_head(&mut self, wanted: u8, name: &'static str) -> Result<u64, CborError> {
        let start = self.offset;
        let error = |kind| CborError { offset: start, kind };
        let (first, rest) = self.input.get(start..).and_then(<[u8]>::split_first).ok_or(error(CborErrorKind::End))?;
        if first >> 5 != wanted {
            return Err(error(CborErrorKind::Expected(name)));
        }
        let (argument, width, least) = match first & 0x1f {
            24 => (rest.first_chunk().map(|argument| u64::from(u8::from_be_bytes(*argument))), 1, 24),
            25 => (rest.first_chunk().map(|argument| u64::from(u16::from_be_bytes(*argument))), 2, 1 << 8),
            26 => (rest.first_chunk().map(|argument| u64::from(u32::from_be_bytes(*argument))), 4, 1 << 16),
            27 => (rest.first_chunk().map(|argument| u64::from_be_bytes(*argument)), 8, 1 << 32),
            31 => return Err(error(CborErrorKind::Indefinite)),
            _ => return Err(error(CborErrorKind::Unused)),
        };
        let value = argument.ok_or(error(CborErrorKind::End))?;
        if value < least {
            return Err(error(CborErrorKind::NotMinimal));
        }
        self.offset = start.saturating_add(1).saturating_add(width);
        Ok(value)
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], CborError> {
        let end = usize::try_from(length).ok().and_then(|length| self.offset.checked_add(length));
        let taken = end.and_then(|end| self.input.get(self.offset..end)).ok_or(self.error(CborErrorKind::End))?;
        self.offset = self.offset.saturating_add(taken.len());
        Ok(taken)
    }

    fn fits(&self, items: u64) -> Result<usize, CborError> {
        let left = self.input.len().saturating_sub(self.offset);
        usize::try_from(items).ok().filter(|&items| items <= left).ok_or(self.error(CborErrorKind::End))
    }
}

impl<'a> MapReader<'a> {
    /// The next key, or `None` after the last pair. Its value follows in the decoder.
    ///
    /// # Errors
    /// [`CborErrorKind::KeyOrder`], or the errors of an integer or text item.
    pub fn key(&mut self, decoder: &mut Decoder<'a>) -> Result<Option<Key<'a>>, CborError> {
        if self.left == 0 {
            return Ok(None);
        }
        let start = decoder.offset;
        let key = match decoder.peek_major()? {
            major::TEXT => Key::Text(decoder.text()?),
            _ => Key::Int(decoder.int()?),
        };
        self.ascending(decoder, start)?;
        Ok(Some(key))
    }

    /// The next key, which must be the integer `wanted`.
    ///
    /// # Errors
    /// [`CborErrorKind::MissingKey`], [`CborErrorKind::UnknownKey`], or those of [`MapReader::key`].
    pub fn require(&mut self, decoder: &mut Decoder<'a>, wanted: i64) -> Result<(), CborError> {
        let unknown = decoder.error(CborErrorKind::UnknownKey);
        match self.key(decoder)? {
            Some(Key::Int(key)) if key == wanted => Ok(()),
            Some(Key::Int(key)) if key >= 0 && key < wanted => Err(unknown),
            _ => Err(CborError { offset: unknown.offset, kind: CborErrorKind::MissingKey(wanted) }),
        }
    }

    /// Succeeds when no pair is left.
    ///
    /// # Errors
    /// [`CborErrorKind::UnknownKey`].
    pub const fn end(&self, decoder: &Decoder<'_>) -> Result<(), CborError> {
        if self.left == 0 { Ok(()) } else { Err(decoder.error(CborErrorKind::UnknownKey)) }
    }

    /// Pairs that are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    fn skip_key(&mut self, decoder: &mut Decoder<'a>, depth: u8) -> Result<bool, CborError> {
        if self.left == 0 {
            return Ok(false);
        }
        let start = decoder.offset;
        decoder.skip(depth)?;
        self.ascending(decoder, start)?;
        Ok(true)
    }

    /// Checks that the key read since `start` sorts after the one before it, byte by byte.
    fn ascending(&mut self, decoder: &Decoder<'a>, start: usize) -> Result<(), CborError> {
        let key = decoder.input.get(start..decoder.offset).unwrap_or_default();
        let after = match (key, self.last) {
            // Most keys are one byte: compared here, they cost no call.
            ([key], [last]) => key > last,
            (key, last) => key > last,
        };
        if !after {
            return Err(CborError { offset: start, kind: CborErrorKind::KeyOrder });
        }
        self.last = key;
        self.left = self.left.saturating_sub(1);
        Ok(())
    }
}

const NULL: u8 = 0xf6;

/// Writes deterministic CBOR. The caller writes map keys in ascending order; debug builds check.
#[derive(Clone)]
pub struct Encoder {
    out: Vec<u8>,
}

/// Most of what is encoded is not longer: a record, the claims of a code.
const USUAL: usize = 128;

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An empty encoder.
    #[must_use]
    pub fn new() -> Self {
        Self { out: Vec::with_capacity(USUAL) }
    }

    /// The encoded bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: impl Into<u64>) -> &mut Self {
        self.head(major::UINT, value.into())
    }

    /// An integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.head(major::UINT, value),
            Err(_) => self.head(major::NINT, (!value).unsigned_abs()),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(major::BYTES, value.len() as u64).raw(value)
    }

    /// A text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.head(major::TEXT, value.len() as u64).raw(value.as_bytes())
    }

    /// The head of an array of `length` items.
    pub fn array(&mut self, length: usize) -> &mut Self {
        self.head(major::ARRAY, length as u64)
    }

    /// The head of a map of `pairs` pairs.
    pub fn map(&mut self, pairs: usize) -> &mut Self {
        self.head(major::MAP, pairs as u64)
    }

    /// A tag.
    pub fn tag(&mut self, number: u64) -> &mut Self {
        self.head(major::TAG, number)
    }

    /// A time, as Unix seconds.
    pub fn time(&mut self, time: UnixTime) -> &mut Self {
        self.uint(time.as_u64())
    }

    /// Null.
    pub fn null(&mut self) -> &mut Self {
        self.raw(&[NULL])
    }

    /// Bytes that are an encoded item already.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.out.extend_from_slice(item);
        self
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let (bytes, length) = head(major, value);
        self.raw(bytes.get(..length).unwrap_or_default())
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoder({} bytes)", self.out.len())
    }
}

/// The head of a byte string of `length` bytes, in a fixed array, and how much of it is used.
pub(crate) fn bytes_head(length: usize) -> ([u8; 9], usize) {
    head(major::BYTES, length as u64)
}

fn head(major: u8, value: u64) -> ([u8; 9], usize) {
    let [_, _, _, _, v4, v5, v6, v7] = value.to_be_bytes();
    let major = major << 5;
    match value {
        0..24 => ([major | v7, 0, 0, 0, 0, 0, 0, 0, 0], 1),
        24..0x100 => ([major | 24, v7, 0, 0, 0, 0, 0, 0, 0], 2),
        0x100..0x1_0000 => ([major | 25, v6, v7, 0, 0, 0, 0, 0, 0], 3),
        0x1_0000..0x1_0000_0000 => ([major | 26, v4, v5, v6, v7, 0, 0, 0, 0], 5),
        _ => {
            let [v0, v1, v2, v3, ..] = value.to_be_bytes();
            ([major | 27, v0, v1, v2, v3, v4, v5, v6, v7], 9)
        }
    }
}

#[cfg(test)]
#[path = "tests/cbor.rs"]
mod tests;
