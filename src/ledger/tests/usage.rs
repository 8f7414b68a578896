//! Tests of `usage.rs`.

use super::super::test_city::{CITY, TestLedger, admit, gate, ledger, ledger_with, open, sealed, segment, take};
use super::*;
use crate::gate::test_gate::{self as gates, NOW, code};
use crate::gate::{Decision, Scan, UsageDigestError};
use crate::ledger::{Announcement, LedgerError, RecordEntryError};
use crate::tlog::{Log, LogError, LogKey, MemoryStorage, SignedCheckpoint};
use crate::trust::Role;
use crate::trust::test_federation::{id, time};

#[test]
fn what_a_ledger_says_of_uses_reaches_its_gates() {
    let mut seven = sealed(&[1, 2, 3, 4]);
    let mut ledger = ledger_with(&seven);
    seven.annul(3, time(NOW)).unwrap();
    seven.seal().unwrap().unwrap();
    take(&mut ledger, &segment(&seven, 6)).unwrap();
    ledger.record(Announcement::Reversal { gate: 7, index: 4 }, time(NOW)).unwrap();
    let usage = |entries| ledger.usage(entries, UnixTime::MIN, |_| true).unwrap();
    let whole = usage(0..4);
    let told: Vec<_> = whole.passes().map(|(_, _, usage)| (usage.uses().len(), usage.annulled().len())).collect();
    assert_eq!(told, [(1, 0), (0, 1), (0, 1), (1, 0)]);
    assert_eq!(whole.ledgers().sizes().collect::<Vec<_>>(), [(id(CITY), 4)]);
    for order in [[0..2, 2..3, 3..4], [3..4, 0..3, 1..2], [2..4, 3..4, 0..2]] {
        let mut parts = UsageFacts::new(UnixTime::MIN);
        order.into_iter().for_each(|entries| parts.merge(usage(entries)));
        assert_eq!(parts, whole);
    }
    let (_, ends, _) = whole.passes().next().unwrap();
    assert_eq!(ledger.usage(0..4, ends, |_| true).unwrap().passes().count(), 0);
    assert_eq!(ledger.usage(0..4, ends.saturating_add(-1), |_| true).unwrap().passes().count(), 4);
    assert!(matches!(ledger.usage(0..5, UnixTime::MIN, |_| true), Err(UsageExportError::Ledger(LedgerError::Log(_)))));
    // Of the first pass and of the one that was annulled nothing is to be told.
    let some = |redemption: &Redemption| redemption.pass.pass.as_bytes()[0] > 2;
    let some = ledger.usage(0..4, UnixTime::MIN, some).unwrap();
    let told: Vec<_> = some.passes().map(|(pass, ..)| pass.pass.as_bytes()[0]).collect();
    assert_eq!((told, some.ledgers()), (vec![3, 4], whole.ledgers()));

    let digest = ledger.usage_digest(whole.clone(), time(NOW)).unwrap();
    let mut eight = gate(8);
    let sync = crate::gate::SyncInput { usage_digests: &[&digest], ..crate::gate::SyncInput::default() };
    eight.sync(&sync, time(NOW)).unwrap();
    let left = [1, 2, 3, 4].map(|pass| match eight.admit(Scan::text(code(pass, NOW).as_bytes()), time(NOW)) {
        Decision::Admitted(admitted) => admitted.uses_left,
        other => panic!("{other:?}"),
    });
    assert_eq!(left, [Some(0), Some(1), Some(1), Some(0)]);
    assert!(matches!(
        ledger.usage_digest(whole.clone(), time(NOW - 3)),
        Err(UsageExportError::Ledger(LedgerError::Clock { .. }))
    ));
    let ends = ledger.trust().keys(Role::Log).map(|(_, entry)| entry.not_after).max().unwrap();
    let late = ledger.usage_digest(whole.clone(), ends.saturating_add(1));
    assert!(matches!(late, Err(UsageExportError::OtherKey)), "{late:?}");
    let future = ledger.usage(0..4, time(NOW + 1), |_| true).unwrap();
    assert!(matches!(ledger.usage_digest(future, time(NOW)), Err(UsageExportError::Digest(UsageDigestError::Rule(_)))));
}

/// A gate that gives uses back long after, or before they are recorded, is found by the audit; nobody else
/// gives them back meanwhile.
#[test]
fn an_annulment_that_is_none_takes_no_use_back() {
    let honest = sealed(&[1, 2, 3]);
    let bodies = segment(&honest, 0).records.into_iter().map(|record| record.body);
    let annulled = |seconds, index| Record::Annulled { time: time(NOW + seconds), index }.encode();
    let set = |to, from| Record::ClockSet { time: time(NOW + to), before: time(NOW + from) }.encode();
    let mut bodies: Vec<_> = bodies.collect();
    bodies.insert(4, annulled(0, 5));
    bodies.extend([annulled(900, 2), annulled(901, 3)]);
    // Neither below zero nor by a clock that was set back is one young again.
    bodies.extend([set(-60, 901), annulled(-1, 5), set(0, -1), annulled(1, 5)]);
    let (mut storage, key) = (MemoryStorage::new(), gates::gate_key());
    let mut log = Log::open(&storage, LogKey(0), honest.log().origin().as_str()).unwrap();
    let mut batch = log.begin();
    for body in &bodies {
        batch.push(body, None).unwrap();
    }
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    let mut segment = segment(&honest, 0);
    segment.checkpoint = SignedCheckpoint::sign(log.checkpoint(), &key).note().to_owned();
    segment.records = bodies.into_iter().map(|body| crate::gate::SegmentRecord { body, evidence: None }).collect();
    let mut ledger = ledger();
    take(&mut ledger, &segment).unwrap();
    let facts = ledger.usage(0..2, UnixTime::MIN, |_| true).unwrap();
    let told: Vec<_> = facts.passes().map(|(_, _, usage)| (usage.uses().len(), usage.annulled().len())).collect();
    assert_eq!(told, [(0, 1), (1, 0), (1, 0)], "the first alone was annulled in time");
    let mut reverse = |index| ledger.record(Announcement::Reversal { gate: 7, index }, time(NOW));
    assert!(matches!(reverse(2), Err(RecordEntryError::NoRedemption { .. })));
    assert_eq!([reverse(3).unwrap(), reverse(5).unwrap()], [2, 3], "the city takes back what still counts");
}

/// Else a gate that annuls what is long gone would keep its city from telling of anything.
#[test]
fn an_annulment_of_a_pruned_record_is_not_told_and_keeps_nothing_back() {
    let mut gate = sealed(&[1, 2]);
    (0..252).for_each(|_| gate.sync(&crate::gate::SyncInput::default(), time(NOW)).unwrap());
    // The first record that is kept.
    admit(&mut gate, 5);
    gate.seal().unwrap().unwrap();
    let mut ledger = ledger_with(&gate);
    let sent = gate.log().size();
    gate.annul(3, time(NOW)).unwrap();
    gate.annul(256, time(NOW)).unwrap();
    admit(&mut gate, 4);
    gate.seal().unwrap().unwrap();
    take(&mut ledger, &segment(&gate, sent)).unwrap();
    let mut storage = ledger.storage().clone();
    storage.commit(&ledger.journals()[&7].log().prune(256, 1).writes()).unwrap();
    let mut ledger = open(storage).unwrap();
    let facts = ledger.usage(2..3, UnixTime::MIN, |_| true).unwrap();
    let told: Vec<_> = facts.passes().map(|(pass, ..)| pass.pass.as_bytes()[0]).collect();
    assert_eq!((told, facts.ledgers().has(id(CITY))), (vec![4, 5], true));
    let gone = |ledger: &TestLedger, entries| match ledger.usage(entries, UnixTime::MIN, |_| true) {
        Err(UsageExportError::Ledger(LedgerError::Log(LogError::Pruned(index)))) => index,
        other => panic!("{other:?}"),
    };
    assert_eq!(gone(&ledger, 1..2), 0);
    // What a city reversed it tells before it prunes.
    ledger.append(Entry::Announced(Announcement::Reversal { gate: 7, index: 2 }), time(NOW)).unwrap();
    assert_eq!(gone(&ledger, 3..4), 2);
}
