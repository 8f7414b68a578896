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

/// SHA-256 of the concatenation of `parts`.
#[must_use]
#[inline]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let length = parts.iter().fold(0_usize, |length, part| length.saturating_add(part.len()));
    if length <= SHORT {
        return short(parts, length);
    }
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// Longest input that is two blocks with its padding: one bit, and the length in 64.
const SHORT: usize = 2 * 64 - 1 - 8;

/// Initial hash value (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 of at most [`SHORT`] bytes, padded here (FIPS 180-4 §5.1.1) and compressed in one call.
///
/// A tree hashes two short inputs for each entry and one for each level of a proof: the buffer of a
/// streaming hasher costs a fifth of that. Inlined, since the parts' lengths are mostly constants.
#[inline(always)]
fn short(parts: &[&[u8]], length: usize) -> Hash {
    let mut blocks = [[0; 64]; 2];
    let (bytes, mut at) = (blocks.as_flattened_mut(), 0_usize);
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
    let used = if length > 64 - 1 - 8 { &mut blocks[..] } else { &mut blocks[..1] };
    if let Some(end) = used.last_mut().and_then(|block| block.last_chunk_mut()) {
        *end = (length as u64).wrapping_mul(8).to_be_bytes();
    }
    let mut state = INITIAL;
    compress256(&mut state, used);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fips_180_4_examples() {
        assert_eq!(sha256(&[]).to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&[b"abc"]).to_string(), abc);
        assert_eq!(sha256(&[b"a", b"", b"bc"]).to_string(), abc);
        assert_eq!(format!("{:?}", sha256(&[b"abc"])), abc);
        assert_eq!(sha256(&[b"abc"]).as_ref()[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn every_length_and_split_is_the_streaming_hash() {
        let bytes: Vec<u8> = (0..3 * 64).map(|at| at as u8 ^ 0x5a).collect();
        for length in 0..=bytes.len() {
            let expected = Hash(Sha256::digest(&bytes[..length]).into());
            assert_eq!(sha256(&[&bytes[..length]]), expected, "{length} bytes");
            for split in [0, 1, 32, 33, 64, length] {
                let (a, b) = bytes[..length].split_at(split.min(length));
                assert_eq!(sha256(&[a, b]), expected, "{length} bytes split at {split}");
                assert_eq!(sha256(&[&[], a, &[], b, &[]]), expected, "{length} bytes split at {split}");
            }
        }
    }
}
