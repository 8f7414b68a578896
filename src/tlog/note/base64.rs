//! Standard Base64 with padding (RFC 4648 §4), one text per value.
//!
//! Padding must be there, the bits that padding leaves over must be zero, and nothing is skipped.

use crate::crypto::Hash;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value of each byte, or 255.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut at = 0;
    while at < ALPHABET.len() {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values
};

pub(in crate::tlog) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let (bits, symbols) = match *group {
            [a, b, c] => (u32::from_be_bytes([0, a, b, c]), 4),
            [a, b] => (u32::from_be_bytes([0, a, b, 0]), 3),
            [a] => (u32::from_be_bytes([0, a, 0, 0]), 2),
            _ => (0, 0),
        };
        let sextets = [bits >> 18, bits >> 12 & 63, bits >> 6 & 63, bits & 63];
        for (sextet, at) in sextets.into_iter().zip(0..) {
            let symbol = if at < symbols { ALPHABET.get(sextet as usize).copied().unwrap_or(b'=') } else { b'=' };
            text.push(char::from(symbol));
        }
    }
    text
}

/// The bytes of `text`, or `None` when it is not the one Base64 text of any bytes.
pub(in crate::tlog) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let symbols = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len().div_ceil(4).saturating_mul(3));
    for group in symbols.chunks(4) {
        let mut bits = 0u32;
        for symbol in group.iter().map(Some).chain([None; 4]).take(4) {
            let value = match symbol {
                Some(&symbol) => VALUES.get(usize::from(symbol)).copied().filter(|&value| value != 255)?,
                None => 0,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, a, b, c] = bits.to_be_bytes();
        match (group.len(), b, c) {
            (4, _, _) => bytes.extend([a, b, c]),
            (3, _, 0) => bytes.extend([a, b]),
            (2, 0, 0) => bytes.push(a),
            _ => return None,
        }
    }
    Some(bytes)
}

/// The first four bytes of what `text` starts with, whatever follows its first six symbols.
pub(in crate::tlog) fn decode_start(text: &str) -> Option<[u8; 4]> {
    let symbols = text.as_bytes().get(..6)?.iter();
    let mut bits = symbols.map(|&symbol| VALUES.get(usize::from(symbol)).copied().filter(|&value| value != 255));
    let bits = bits.try_fold(0u64, |bits, value| Some(bits << 6 | u64::from(value?)))?;
    // Six symbols have 36 bits.
    let [_, _, _, _, start @ ..] = (bits >> 4).to_be_bytes();
    Some(start)
}

pub(in crate::tlog) fn decode_hash(text: &str) -> Option<Hash> {
    decode(text)?.try_into().ok().map(Hash)
}

#[cfg(test)]
#[path = "tests/base64.rs"]
mod tests;
