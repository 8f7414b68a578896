//! The text in the QR code: `OC1:` and Base45 (RFC 9285), for QR alphanumeric mode.
//!
//! Nothing is trimmed, folded or percent-decoded: one presentation has one text. The decoder is our
//! own because the published ones accept a last pair above 255 (RFC 9285 §4.1 forbids it) or
//! allocate before they know the size.

use crate::limits::{MAX_PRESENTATION, MAX_TEXT};

/// The prefix of every onecard text, with the version of the format.
pub const PREFIX: &str = "OC1:";

/// A scanned text is not the text of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Longer than any presentation.
    #[error("the text has {0} bytes, more than {MAX_TEXT}")]
    TooLong(usize),
    /// Does not start with the prefix of a version this crate knows.
    #[error("the text does not start with {PREFIX}")]
    Prefix,
    /// A character outside the alphabet.
    #[error("character {0} is not in the Base45 alphabet")]
    Alphabet(usize),
    /// A group of characters that encodes no bytes, or a lone last character.
    #[error("the group at character {0} encodes no bytes")]
    Group(usize),
}

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Digit of each ASCII byte, or 255.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const DIGITS: [u8; 128] = {
    let mut digits = [255; 128];
    let mut at = 0;
    while at < ALPHABET.len() {
        digits[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    digits
};

/// The bytes of a decoded text, on the stack.
#[derive(Clone, Debug)]
pub struct TextBytes {
    bytes: [u8; MAX_PRESENTATION],
    length: usize,
}

impl TextBytes {
    /// The decoded bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Encodes `bytes` as the text of a QR code.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(PREFIX.len().saturating_add(bytes.len().div_ceil(2).saturating_mul(3)));
    text.push_str(PREFIX);
    let mut push = |digit: u32| text.push(char::from(ALPHABET.get(digit as usize).copied().unwrap_or(b'0')));
    for pair in bytes.chunks(2) {
        match *pair {
            [high, low] => {
                let value = u32::from(high) << 8 | u32::from(low);
                push(value % 45);
                push(value / 45 % 45);
                push(value / 2_025);
            }
            [single] => {
                push(u32::from(single) % 45);
                push(u32::from(single) / 45);
            }
            _ => {}
        }
    }
    text
}

/// Decodes a scanned text.
///
/// # Errors
/// [`TextError`]; the size is checked before anything else is looked at.
pub fn decode(text: &[u8]) -> Result<TextBytes, TextError> {
    if text.len() > MAX_TEXT {
        return Err(TextError::TooLong(text.len()));
    }
    let digits = text.strip_prefix(PREFIX.as_bytes()).ok_or(TextError::Prefix)?;
    let mut out = TextBytes { bytes: [0; MAX_PRESENTATION], length: 0 };
    let mut slots = out.bytes.iter_mut();
    let mut at = PREFIX.len();
    for group in digits.chunks(3) {
        let digit = |offset: usize| {
            let at = at.saturating_add(offset);
            let byte = group.get(offset).copied().ok_or(TextError::Group(at))?;
            match DIGITS.get(usize::from(byte)) {
                Some(&digit) if digit != 255 => Ok(u32::from(digit)),
                _ => Err(TextError::Alphabet(at)),
            }
        };
        let low = digit(0)?.saturating_add(digit(1)?.saturating_mul(45));
        let (value, width) =
            if group.len() == 3 { (low.saturating_add(digit(2)?.saturating_mul(2_025)), 2) } else { (low, 1) };
        let [zero, one, high, low] = value.to_be_bytes();
        let bytes = if width == 2 { [high, low] } else { [low, 0] };
        if (zero, one) != (0, 0) || (width == 1 && high != 0) {
            return Err(TextError::Group(at));
        }
        for byte in bytes.into_iter().take(width) {
            *slots.next().ok_or(TextError::TooLong(text.len()))? = byte;
            out.length = out.length.saturating_add(1);
        }
        at = at.saturating_add(group.len());
    }
    Ok(out)
}

#[cfg(test)]
#[path = "tests/text.rs"]
mod tests;
