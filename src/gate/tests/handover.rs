//! Tests of `handover.rs`.

use super::*;
use crate::gate::test_gate::{NOW, code, open, reason, scan};
use crate::gate::{Reason, SyncInput};
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::{id, time};

#[test]
fn segments_carry_all_that_was_sealed() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert!(gate.segment(0).unwrap().is_none(), "nothing sealed yet");
    scan(&mut gate, &code(1, NOW), NOW);
    let sealed = gate.seal().unwrap().unwrap();
    assert!(gate.seal().unwrap().is_none());
    scan(&mut gate, &code(2, NOW), NOW);
    let segment = gate.segment(0).unwrap().unwrap();
    assert_eq!(segment.checkpoint, sealed.note());
    assert_eq!(segment.records.len(), 3);
    assert!(segment.records[0].evidence.is_none() && segment.records[2].evidence.is_some());
    assert_eq!(gate.segment(1).unwrap().unwrap().first, 1);
    assert!(gate.segment(3).unwrap().is_none());
}

#[test]
fn a_long_segment_comes_in_parts_that_follow_one_another() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    (1..=4).for_each(|number| assert_eq!(reason(&mut gate, &code(number, NOW), NOW), Reason::Ok));
    let sealed = gate.seal().unwrap().unwrap();
    scan(&mut gate, &code(5, NOW), NOW);
    let whole = gate.segment(0).unwrap().unwrap();
    assert_eq!((whole.records.len(), whole.checkpoint.as_str()), (6, sealed.note()));
    let body = whole.records[2].body.len() + MAX_PRESENTATION;
    for (most, sizes) in [(0, &[1, 2, 3, 4, 5, 6][..]), (2 * body, &[2, 4, 6]), (6 * body, &[6])] {
        let mut records = Vec::new();
        for &size in sizes {
            let part = gate.segment_within(records.len() as u64, most).unwrap().unwrap();
            assert_eq!(part.first, records.len() as u64);
            let signed = gate.verify_seal(part.checkpoint.as_bytes()).unwrap();
            assert_eq!((signed.size(), signed.root()), (size, gate.log().root_at(gate.storage(), size).unwrap()));
            records.extend(part.records);
        }
        assert_eq!(records, whole.records);
        assert!(gate.segment_within(6, most).unwrap().is_none());
    }
}

/// What no segment could hold, 72 hours of a large gate: the city takes it all the same.
#[test]
fn a_journal_longer_than_any_segment_is_handed_over() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let ledgers: Vec<_> = (0..1_024).map(|at| (id(100_000 + at), 1_u64 << 40)).collect();
    let note = SyncInput { ledgers: &ledgers, ..SyncInput::default() };
    while gate.log().size() < 1_200 {
        gate.sync(&note, time(NOW)).unwrap();
    }
    gate.seal().unwrap().unwrap();
    let (mut at, mut parts) = (0, 0);
    while let Some(part) = gate.segment(at).unwrap() {
        assert!(part.encode().len() <= LONG_SEGMENT);
        (at, parts) = (at + part.records.len() as u64, parts + 1);
    }
    assert_eq!((at, parts), (gate.log().size(), 2));
}
