//! SHA-256 (FIPS 180-4) and its 32-byte value.

use core::fmt;
use sha2::{Digest, Sha256, block_api::compress256};

/// A SHA-256 value: a chain link, a tree node, a digest of evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not the 64 hexadecimal digits of a SHA-256 value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 value has 64 hexadecimal digits")]
pub struct HashError;

/// From hexadecimal, upper or lower case, as a person copies it from a page.
impl core::str::FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(HashError);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = (hex_digit(*high)? << 4) | hex_digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn hex_digit(digit: u8) -> Result<u8, HashError> {
    let value = char::from(digit).to_digit(16).ok_or(HashError)?;
    u8::try_from(value).map_err(|_| HashError)
}

/// SHA-256 of the concatenation of `parts`.
#[must_use]
#[inline]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut blocks = Padded::NOTHING;
    if blocks.fill(parts) { blocks.hash() } else { streamed(parts) }
}

/// SHA-256 of each input, of which the parts are concatenated, in order.
///
/// Of short inputs it takes two thirds of the time that [`sha256`] takes of one after the other: a processor with instructions
/// for SHA-256 works on the next input before it has finished one, if nothing that was just written has to be
/// read in between. So the inputs of a few are written first, and then hashed.
pub(crate) fn sha256_each<'a, const PARTS: usize>(
    inputs: impl IntoIterator<Item = [&'a [u8]; PARTS]>,
    mut each: impl FnMut(Hash),
) {
    let (mut inputs, mut all) = (inputs.into_iter(), [Padded::NOTHING; AT_ONCE]);
    loop {
        let mut longer = None;
        let fill = |blocks: &mut Padded| {
            let parts = inputs.next()?;
            let is_short = blocks.fill(&parts);
            if !is_short {
                longer = Some(parts);
            }
            is_short.then_some(())
        };
        let filled = all.iter_mut().map_while(fill).count();
        let mut states = [INITIAL; AT_ONCE];
        for (blocks, state) in all.iter().take(filled).zip(&mut states) {
            blocks.compress(state);
        }
        states.into_iter().take(filled).for_each(|state| each(hash_of(state)));
        match longer {
            Some(parts) => each(streamed(&parts)),
            None if filled < AT_ONCE => return,
            None => (),
        }
    }
}

/// How many inputs are written before they are hashed. From 16 on, more of them gain nothing.
const AT_ONCE: usize = 16;

fn streamed(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    Hash(hasher.finalize().into())
}

/// Longest input that is two blocks with its padding: one bit, and the length in 64.
const SHORT: usize = 2 * 64 - 1 - 8;

/// Initial hash value (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// An input of at most [`SHORT`] bytes, padded (FIPS 180-4 §5.1.1) to be compressed in one call.
///
/// A tree hashes two short inputs for each entry and one for each level of a proof: the buffer of a
/// streaming hasher costs a fifth of that. Inlined, since the parts' lengths are mostly constants.
#[derive(Clone, Copy)]
struct Padded {
    blocks: [[u8; 64]; 2],
    /// The second is not used.
    one: bool,
}

impl Padded {
    const NOTHING: Self = Self { blocks: [[0; 64]; 2], one: true };

    /// Takes these parts, unless they are too long.
    #[inline(always)]
    fn fill(&mut self, parts: &[&[u8]]) -> bool {
        let length = parts.iter().fold(0_usize, |length, part| length.saturating_add(part.len()));
        if length > SHORT {
            return false;
        }
        *self = Self { one: length <= 64 - 1 - 8, ..Self::NOTHING };
        let (bytes, mut at) = (self.blocks.as_flattened_mut(), 0_usize);
        for part in parts {
            let end = at.saturating_add(part.len());
            // `length` is their sum, so each part has its place.
            if let Some(place) = bytes.get_mut(at..end) {
                place.copy_from_slice(part);
            }
            at = end;
        }
        if let Some(end) = bytes.get_mut(at) {
            *end = 0x80;
        }
        let [first, second] = &mut self.blocks;
        let last = if self.one { first } else { second };
        if let Some(end) = last.last_chunk_mut() {
            *end = (length as u64).wrapping_mul(8).to_be_bytes();
        }
        true
    }

    #[inline(always)]
    fn compress(&self, state: &mut [u32; 8]) {
        let [first, _] = &self.blocks;
        compress256(state, if self.one { core::slice::from_ref(first) } else { &self.blocks });
    }

    #[inline(always)]
    fn hash(&self) -> Hash {
        let mut state = INITIAL;
        self.compress(&mut state);
        hash_of(state)
    }
}

#[inline(always)]
fn hash_of(state: [u32; 8]) -> Hash {
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash(hash)
}

#[cfg(test)]
#[path = "tests/hash.rs"]
mod tests;
