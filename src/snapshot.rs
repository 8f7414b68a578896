//! Values that one process keeps for itself, in bincode. The only user of that crate.
//!
//! bincode 2 has no maintainer (RUSTSEC-2025-0141), so its version is pinned, the bytes it makes are
//! frozen by the golden files of this module's tests, and nothing that another party reads goes
//! through here. A snapshot starts with a format number; another number is refused, never guessed.

use crate::id::PassKey;
use crate::product::Usage;
use std::collections::BTreeMap;

/// Format of every snapshot this version writes and reads.
const FORMAT: u8 = 1;

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

/// The usage a gate learnt from others, by pass.
pub type LearntUsage = BTreeMap<PassKey, Usage>;

/// Encodes what a gate learnt.
#[must_use]
pub fn encode_usage(usage: &LearntUsage) -> Vec<u8> {
    let mut out = vec![FORMAT];
    // Encoding into memory fails on no value of this type; if it did, reading would report damage.
    if let Ok(encoded) = bincode::serde::encode_to_vec(usage, config()) {
        out.extend_from_slice(&encoded);
    }
    out
}

/// Decodes what a gate learnt.
///
/// # Errors
/// [`SnapshotError`].
pub fn decode_usage(bytes: &[u8]) -> Result<LearntUsage, SnapshotError> {
    let (format, body) = bytes.split_first().ok_or(SnapshotError::Format(None))?;
    if *format != FORMAT {
        return Err(SnapshotError::Format(Some(*format)));
    }
    match bincode::serde::decode_from_slice(body, config()) {
        Ok((usage, read)) if read == body.len() => Ok(usage),
        _ => Err(SnapshotError::Damaged),
    }
}

const fn config() -> impl bincode::config::Config {
    bincode::config::standard()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{GateId, MemberId, PassId, VenueId};
    use crate::product::Use;
    use crate::time::UnixTime;

    fn sample() -> LearntUsage {
        let member = |code| MemberId::new(code).unwrap();
        let used = |index, time| Use {
            time: UnixTime::new(time).unwrap(),
            gate: GateId { member: member(320_100), number: 7 },
            index,
            venue: VenueId { member: member(320_100), number: 3 },
            service: 0,
            grant: 1,
            party: 2,
        };
        let mut usage: Usage = [used(300, 1_790_784_000), used(17, 1_790_780_000)].into_iter().collect();
        usage.annul(GateId { member: member(310_101), number: 1 }, 5);
        let pass = |byte| PassKey { issuer: member(310_101), pass: PassId::from_bytes([byte; 10]) };
        [(pass(1), usage), (pass(2), Usage::new())].into_iter().collect()
    }

    #[test]
    fn the_format_is_frozen() {
        let golden = include_bytes!("../tests/golden/usage.v1.bin");
        assert_eq!(encode_usage(&sample()), golden, "a new format needs a new number");
        assert_eq!(decode_usage(golden), Ok(sample()));
    }

    #[test]
    fn what_is_not_a_snapshot_is_refused() {
        let good = encode_usage(&sample());
        assert_eq!(decode_usage(&[]), Err(SnapshotError::Format(None)));
        assert_eq!(decode_usage(&[2, 0]), Err(SnapshotError::Format(Some(2))));
        for length in 1..good.len() {
            assert_eq!(decode_usage(&good[..length]), Err(SnapshotError::Damaged), "cut to {length}");
        }
        assert_eq!(decode_usage(&[&good[..], &[0]].concat()), Err(SnapshotError::Damaged));
        // A length of 2^64 - 1 must not be allocated.
        assert_eq!(decode_usage(&[1, 253, 255, 255, 255, 255, 255, 255, 255, 255]), Err(SnapshotError::Damaged));
    }

    /// Writes the golden file anew: `cargo test -- --ignored write_golden`.
    #[test]
    #[ignore = "writes tests/golden/usage.v1.bin"]
    fn write_golden() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/usage.v1.bin");
        std::fs::write(path, encode_usage(&sample())).unwrap();
    }
}
