//! Values that one process keeps for itself, in bincode. The only user of that crate.
//!
//! bincode 2 has no maintainer (RUSTSEC-2025-0141), so its version is pinned, the bytes it makes are
//! frozen by the golden files of this module's tests, and nothing that another party reads goes
//! through here. A snapshot starts with a format number; another number is refused, never guessed.

use crate::id::{MemberId, PassKey};
use crate::product::Usage;
use crate::time::UnixTime;
use serde::{Serialize, de::DeserializeOwned};

/// Format of every snapshot this version writes and reads.
const FORMAT: u8 = 2;

/// A snapshot cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Of another format, or none.
    #[error("snapshot format {0:?}, not {FORMAT}")]
    Format(Option<u8>),
    /// Damaged.
    #[error("the snapshot is damaged")]
    Damaged,
}

/// Uses of one pass that a gate learnt of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LearntUsage {
    /// The pass.
    pub pass: PassKey,
    /// The end of the term they were made in.
    pub expires: UnixTime,
    /// The uses.
    pub usage: Usage,
}

/// How far a gate's learnt usage goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LearntExtent {
    /// Passes whose term ended until then were forgotten.
    pub over: UnixTime,
    /// Entries of ledgers whose uses are all among them: from, up to.
    pub ledgers: Vec<(MemberId, u64, u64)>,
}

/// Encodes some of what a gate learnt.
#[must_use]
pub fn encode_learnt(learnt: &[LearntUsage]) -> Vec<u8> {
    encode(&learnt)
}

/// Decodes some of what a gate learnt.
///
/// # Errors
/// [`SnapshotError`].
pub fn decode_learnt(bytes: &[u8]) -> Result<Vec<LearntUsage>, SnapshotError> {
    decode(bytes)
}

/// Encodes how far a gate's learnt usage goes.
#[must_use]
pub fn encode_extent(extent: &LearntExtent) -> Vec<u8> {
    encode(extent)
}

/// Decodes how far a gate's learnt usage goes.
///
/// # Errors
/// [`SnapshotError`].
pub fn decode_extent(bytes: &[u8]) -> Result<LearntExtent, SnapshotError> {
    decode(bytes)
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut out = vec![FORMAT];
    // Encoding into memory fails on no value of these types; if it did, reading would report damage.
    if let Ok(encoded) = bincode::serde::encode_to_vec(value, config()) {
        out.extend_from_slice(&encoded);
    }
    out
}

/// bincode reads a number of any width, and a set in any order: only what it writes itself is accepted.
fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, SnapshotError> {
    let (format, body) = bytes.split_first().ok_or(SnapshotError::Format(None))?;
    if *format != FORMAT {
        return Err(SnapshotError::Format(Some(*format)));
    }
    match bincode::serde::decode_from_slice(body, config()) {
        Ok((value, _)) if encode(&value) == bytes => Ok(value),
        _ => Err(SnapshotError::Damaged),
    }
}

const fn config() -> impl bincode::config::Config {
    bincode::config::standard()
}

#[cfg(test)]
#[path = "tests/snapshot.rs"]
mod tests;
