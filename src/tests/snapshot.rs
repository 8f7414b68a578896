//! Tests of `snapshot.rs`.

use super::*;
use crate::id::{GateId, PassId, VenueId};
use crate::product::Use;

fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

fn member(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

fn learnt() -> Vec<LearntUsage> {
    let used = |index, seconds| Use {
        time: time(seconds),
        gate: GateId { member: member(320_100), number: 7 },
        index,
        venue: VenueId { member: member(320_100), number: 3 },
        service: 0,
        grant: 1,
        party: 2,
    };
    let mut usage: Usage = [used(300, 1_790_784_000), used(17, 1_790_780_000)].into_iter().collect();
    usage.annul(GateId { member: member(310_101), number: 1 }, 5);
    let learnt = |expires, usage| LearntUsage {
        pass: PassKey { issuer: member(310_101), pass: PassId::from_bytes([1; 10]) },
        expires: time(expires),
        usage,
    };
    vec![learnt(1_800_000_000, usage), learnt(1_900_000_000, Usage::new())]
}

fn extent() -> LearntExtent {
    let ledgers = vec![(member(310_101), 0, 70_000), (member(320_100), 3, 250)];
    LearntExtent { over: time(1_790_000_000), ledgers }
}

#[test]
fn the_format_is_frozen() {
    let golden = include_bytes!("../../tests/golden/learnt.v2.bin");
    assert_eq!(encode_learnt(&learnt()), golden, "a new format needs a new number");
    assert_eq!(decode_learnt(golden), Ok(learnt()));
    let golden = include_bytes!("../../tests/golden/extent.v2.bin");
    assert_eq!(encode_extent(&extent()), golden, "a new format needs a new number");
    assert_eq!(decode_extent(golden), Ok(extent()));
}

#[test]
fn what_is_not_a_snapshot_is_refused() {
    let good = encode_learnt(&learnt());
    assert_eq!(decode_learnt(&[]), Err(SnapshotError::Format(None)));
    assert_eq!(decode_learnt(&[1, 0]), Err(SnapshotError::Format(Some(1))));
    for length in 1..good.len() {
        assert_eq!(decode_learnt(&good[..length]), Err(SnapshotError::Damaged), "cut to {length}");
    }
    assert_eq!(decode_learnt(&[&good[..], &[0]].concat()), Err(SnapshotError::Damaged));
    // A length of 2^64 - 1 must not be allocated.
    let long = [2, 253, 255, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(decode_learnt(&long), Err(SnapshotError::Damaged));
    assert_eq!(decode_extent(&long), Err(SnapshotError::Damaged));
}

#[test]
fn each_value_has_one_encoding() {
    let good = encode_extent(&LearntExtent::default());
    assert_eq!(good, [2, 0, 0]);
    // The time, and the number of ledgers, in three bytes where one does.
    for other in [[2, 251, 0, 0, 0], [2, 0, 251, 0, 0]] {
        assert_eq!(decode_extent(&other), Err(SnapshotError::Damaged), "{other:?}");
    }
    // Two uses, in both orders: a set of them has one.
    let LearntUsage { pass, expires, usage } = learnt().swap_remove(0);
    let kept = |uses: &[Use]| encode(&vec![(pass, expires, (uses, usage.annulled()))]);
    let [first, second] = [usage.uses()[0], usage.uses()[1]];
    assert_eq!(decode_learnt(&kept(&[first, second])), Ok(learnt()[..1].to_vec()));
    for other in [&[second, first][..], &[first, first, second]] {
        assert_eq!(decode_learnt(&kept(other)), Err(SnapshotError::Damaged));
    }
}

/// Writes the golden files anew: `cargo test -- --ignored write_golden`.
#[test]
#[ignore = "writes tests/golden/*.v2.bin"]
fn write_golden() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    std::fs::write(format!("{directory}/learnt.v2.bin"), encode_learnt(&learnt())).unwrap();
    std::fs::write(format!("{directory}/extent.v2.bin"), encode_extent(&extent())).unwrap();
}
