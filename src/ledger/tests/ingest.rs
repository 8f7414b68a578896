//! Tests of `ingest.rs`.

use super::super::test_city::{
    CITY, TestGate, admit, certificate, entry, gate, ledger, ledger_with, open, refused, same, sealed, segment, take,
};
use super::*;
use crate::crypto::{Hash, SigningKey};
use crate::gate::test_gate::{Late, NOW};
use crate::gate::{Override, Reason, Redemption};
use crate::ledger::{Announcement, RecordEntryError};
use crate::tlog::{Checkpoint, Damage, LogError, LogKey, MemoryError, Row, Write};
use crate::trust::Role;
use crate::trust::test_federation::{list, secret, time};
use proptest::prelude::*;

#[test]
fn a_segment_is_taken_once() {
    let mut gate = sealed(&[1, 2]);
    let mut ledger = ledger();
    let first = segment(&gate, 0);
    assert_eq!(take(&mut ledger, &first).unwrap(), Ingested::Accepted { records: 4, entry: 1 });
    let before = ledger.storage.clone();
    assert_eq!(take(&mut ledger, &first).unwrap(), Ingested::Duplicate);
    assert_eq!(ledger.storage, before);
    let journal = &ledger.journals[&7];
    assert_eq!((journal.log.size(), journal.log.root()), (4, gate.log().root()));
    assert_eq!(journal.log.attachment(&ledger.storage, 2).unwrap(), first.records[2].evidence);
    let sealed = Entry::JournalSealed { gate: 7, first: 0, checkpoint: first.checkpoint.clone() };
    assert_eq!(entry(&ledger, 1), sealed);
    // Old and new records in one segment: the new ones are taken, the old ones are left alone.
    admit(&mut gate, 3);
    gate.seal().unwrap().unwrap();
    let mut overlap = segment(&gate, 1);
    overlap.records[0].body = vec![0];
    assert_eq!(take(&mut ledger, &overlap).unwrap(), Ingested::Accepted { records: 1, entry: 2 });
    assert_eq!(ledger.journals[&7].log.root(), gate.log().root());
    assert!(matches!(entry(&ledger, 2), Entry::JournalSealed { first: 4, .. }));
    ledger.journals[&7].log.verify(&ledger.storage).unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
}

#[test]
fn a_segment_that_does_not_fit_is_refused() {
    let gate = sealed(&[1, 2]);
    let mut ledger = ledger();
    let late = segment(&gate, 1);
    assert!(matches!(refused(&mut ledger, &late), IngestError::Gap { expected: 0, found: 1 }));
    let mut cut = segment(&gate, 0);
    cut.records.pop();
    assert!(matches!(refused(&mut ledger, &cut), IngestError::Truncated { end: 3, size: 4 }));
    let mut long = segment(&gate, 0);
    long.records.push(long.records[1].clone());
    assert!(matches!(refused(&mut ledger, &long), IngestError::Truncated { end: 5, size: 4 }));
    let far = Segment { first: u64::MAX, ..segment(&gate, 0) };
    assert!(matches!(refused(&mut ledger, &far), IngestError::Gap { expected: 0, found: u64::MAX }));
}

#[test]
fn only_an_enrolled_gate_with_its_certificate() {
    let gate7 = sealed(&[1]);
    let mut ledger = ledger();
    let with = |certificate: Vec<u8>| Segment { certificate, ..segment(&gate7, 0) };
    assert!(matches!(refused(&mut ledger, &with(certificate(CITY, 8, 8))), IngestError::UnknownGate));
    assert!(matches!(refused(&mut ledger, &with(certificate(320_100, 7, 42))), IngestError::UnknownGate));
    let other = refused(&mut ledger, &with(certificate(CITY, 7, 43)));
    assert!(matches!(other, IngestError::OtherCertificate(gate) if gate.number == 7));
    assert!(matches!(refused(&mut ledger, &with(vec![1])), IngestError::Certificate(_)));
}

#[test]
fn only_the_gates_own_checkpoint_and_nothing_beside_its_line() {
    let gate7 = sealed(&[1]);
    let mut ledger = ledger();
    let with = |checkpoint: String| Segment { checkpoint, ..segment(&gate7, 0) };
    let note = |error| match error {
        IngestError::Checkpoint(error) => error,
        other => panic!("{other}"),
    };
    let mut gate8 = gate(8);
    let other_log = gate8.seal().unwrap().unwrap().note().to_owned();
    assert!(matches!(note(refused(&mut ledger, &with(other_log))), NoteError::OtherLog(_)));
    let forged = gate7.log().checkpoint().sign(&SigningKey::from_seed(&[9; 32]));
    assert!(matches!(note(refused(&mut ledger, &with(forged))), NoteError::NotSigned(_)));
    let good = segment(&gate7, 0).checkpoint;
    let other_text = good.replacen("\n3\n", "\n4\n", 1);
    assert!(matches!(note(refused(&mut ledger, &with(other_text))), NoteError::Signature(_)));
    let name = crate::tlog::KeyName::new("stuffing").unwrap();
    let stuffed = good + &gate7.log().checkpoint().cosign(&name, &secret(CITY, Role::Witness), time(NOW));
    assert_eq!(note(refused(&mut ledger, &with(stuffed))), NoteError::TooManySignatures);
}

#[test]
fn damaged_records_and_evidence_are_refused() {
    let mut gate = sealed(&[1, 2]);
    let mut ledger = ledger();
    let good = segment(&gate, 0);
    let mut bad = good.clone();
    let Ok(Record::Redeemed(redemption)) = Record::decode(&bad.records[2].body) else { panic!("a redemption") };
    bad.records[2].body = Record::Redeemed(Redemption { party: 2, ..redemption }).encode();
    assert!(matches!(refused(&mut ledger, &bad), IngestError::Root));
    let mut swapped = good.clone();
    swapped.records.swap(2, 3);
    assert!(matches!(refused(&mut ledger, &swapped), IngestError::Root));
    let mut shown = good.clone();
    shown.records[3].evidence.as_mut().unwrap()[5] ^= 1;
    assert!(matches!(refused(&mut ledger, &shown), IngestError::Evidence(3)));
    let mut surplus = good.clone();
    surplus.records[0].evidence = Some(vec![1]);
    assert!(matches!(refused(&mut ledger, &surplus), IngestError::Evidence(0)), "an opening shows nothing");
    let mut erased = good;
    erased.records[2].evidence = None;
    assert!(matches!(take(&mut ledger, &erased), Ok(Ingested::Accepted { records: 4, .. })), "it may be erased");
    // What is damaged is behind the history that is here, so the gate signed no other one.
    admit(&mut gate, 3);
    gate.seal().unwrap().unwrap();
    let mut bad = segment(&gate, 0);
    bad.records[4] = bad.records[3].clone();
    assert!(matches!(refused(&mut ledger, &bad), IngestError::Root));
}

#[test]
fn a_gate_that_signs_two_histories_is_proven() {
    let verifier = journal_verifier(&list(), gate(7).certificate()).unwrap();
    // Ours, theirs, and whether the two have one size.
    let cases: [(&[u8], &[u8], bool); 6] = [
        (&[1], &[2], true),
        (&[1, 2], &[1, 3], true),
        (&[1], &[2, 3], false),
        (&[1, 2], &[3, 2, 1, 4], false),
        (&[1, 2, 3], &[4], false),
        (&[1, 2, 3, 4], &[1, 5], false),
    ];
    for (ours, theirs, same_size) in cases {
        let mut ledger = ledger_with(&sealed(ours));
        let error = refused(&mut ledger, &segment(&sealed(theirs), 0));
        let IngestError::Equivocation(evidence) = error else { panic!("{ours:?} {theirs:?}: {error}") };
        assert_eq!(evidence.verify(&verifier), Ok(()), "{ours:?} {theirs:?}");
        assert_eq!(evidence.why == ForkReason::SameSize, same_size);
    }
    // The checkpoint tells, whatever comes with it.
    let mut ledger = ledger_with(&sealed(&[1]));
    let bare = Segment { first: 99, records: vec![], ..segment(&sealed(&[2]), 0) };
    assert!(matches!(refused(&mut ledger, &bare), IngestError::Equivocation(_)));
    // A part of another history may as well be damaged.
    assert!(matches!(refused(&mut ledger, &segment(&sealed(&[2, 3]), 3)), IngestError::Root));
    // A prefix of our own history is none.
    let mut ledger = ledger_with(&sealed(&[1, 2, 3]));
    assert_eq!(take(&mut ledger, &segment(&sealed(&[1, 2]), 0)).unwrap(), Ingested::Duplicate);
}

#[test]
fn no_history_is_compared_with_a_store_that_cannot_be_read() {
    let mut gate = sealed(&[1]);
    let old = segment(&gate, 0);
    let entry = Override { refused: Reason::IdCheck, operator: 1, why: 1, party: 1 };
    (0..256).for_each(|_| _ = gate.let_in(entry, time(NOW)).unwrap());
    gate.seal().unwrap().unwrap();
    let mut ledger = ledger_with(&gate);
    assert_eq!(take(&mut ledger, &old).unwrap(), Ingested::Duplicate);
    let journal = LogKey(7);
    // The links of fewer than a tile are in memory.
    let first = Row::Tile { log: journal, level: 0, index: 0 };
    ledger.storage.commit(&[Write::Delete(first)]).unwrap();
    let missing = LogError::Damaged { row: first, why: Damage::Missing };
    let unread = take(&mut ledger, &old);
    assert!(matches!(&unread, Err(IngestError::Ledger(LedgerError::Log(error))) if *error == missing), "{unread:?}");

    let mut ledger = ledger_with(&sealed(&[1]));
    ledger.storage.commit(&[Write::Put(Row::Checkpoint { log: journal }, b"?".into())]).unwrap();
    let unread = take(&mut ledger, &segment(&sealed(&[2, 3]), 0));
    assert!(
        matches!(unread, Err(IngestError::Ledger(LedgerError::Kept { log: LogKey(7), error: NoteError::Shape }))),
        "{unread:?}"
    );
}

#[test]
fn a_tree_of_nothing_with_a_root_is_no_history() {
    let mut ledger = ledger_with(&sealed(&[1]));
    let hollow = Checkpoint { size: 0, root: Hash([1; 32]), ..gate(7).log().checkpoint() };
    let hollow = hollow.sign(&SigningKey::from_seed(&[42; 32]));
    let hollow = Segment { checkpoint: hollow, records: vec![], ..segment(&sealed(&[1]), 0) };
    assert!(matches!(refused(&mut ledger, &hollow), IngestError::Root));
}

#[test]
fn of_a_retired_gate_nothing_new_is_taken() {
    let mut gate = sealed(&[1]);
    let mut ledger = ledger_with(&gate);
    let known = segment(&gate, 0);
    admit(&mut gate, 2);
    gate.seal().unwrap().unwrap();
    assert!(!ledger.journals[&7].retired());
    ledger.retire(7, time(NOW)).unwrap();
    assert!(ledger.journals[&7].retired());
    assert!(matches!(ledger.retire(7, time(NOW)), Err(RecordEntryError::Retired(_))));
    let again = ledger.enrol(&known.certificate, time(NOW));
    assert!(matches!(again, Err(RecordEntryError::Gate(_))), "a number is used once");
    assert!(matches!(refused(&mut ledger, &segment(&gate, 0)), IngestError::Retired(_)), "sealed before or not");
    assert_eq!(take(&mut ledger, &known).unwrap(), Ingested::Duplicate);
    let other = refused(&mut ledger, &segment(&sealed(&[3]), 0));
    assert!(matches!(other, IngestError::Equivocation(_)), "its two histories are still proven");
    // What it did not hand over can be declared lost, and what it did can be reversed.
    ledger.record(Announcement::GapDeclared { gate: 7, from: 3, until: 4 }, time(NOW)).unwrap();
    ledger.record(Announcement::Reversal { gate: 7, index: 2 }, time(NOW)).unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
}

/// A segment for each of these passes, each sealed after the one before.
fn parts(gate: &mut TestGate, passes: &[u8]) -> Vec<Segment> {
    let mut first = 0;
    let part = |pass: &u8| {
        admit(gate, *pass);
        gate.seal().unwrap().unwrap();
        let part = segment(gate, first);
        first += part.records.len() as u64;
        part
    };
    passes.iter().map(part).collect()
}

#[test]
fn a_group_is_one_commit_and_a_bad_segment_refuses_itself_alone() {
    let (mut seven, mut eight) = (gate(7), gate(8));
    let mut ledger = ledger();
    ledger.enrol(eight.certificate().as_bytes(), time(NOW)).unwrap();
    let sevens = parts(&mut seven, &[1, 2, 3]);
    let eights = parts(&mut eight, &[4, 5]);
    let mut damaged = sevens[1].clone();
    damaged.records[0].body[0] ^= 1;
    damaged.records[0].evidence = None;
    let strange = Segment { certificate: certificate(CITY, 9, 9), ..eights[0].clone() };
    let group = [&strange, &eights[1], &sevens[0], &damaged, &sevens[1], &sevens[0], &eights[0], &sevens[2]];
    let group = group.map(Segment::clone);
    // Two commits would fail.
    ledger.storage.fail_after(1);
    let results = ledger.ingest_all(&group, time(NOW));
    assert!(matches!(
        &results[..],
        [
            Err(IngestError::UnknownGate),
            Err(IngestError::Gap { expected: 0, found: 3 }),
            Ok(Ingested::Accepted { records: 3, entry: 2 }),
            Err(IngestError::Root),
            Ok(Ingested::Accepted { records: 1, entry: 3 }),
            Ok(Ingested::Duplicate),
            Ok(Ingested::Accepted { records: 3, entry: 4 }),
            Ok(Ingested::Accepted { records: 1, entry: 5 }),
        ]
    ));
    assert_eq!(ledger.storage.commit(&[]), Err(MemoryError::Told), "one commit was made");
    ledger.journals.values().for_each(|journal| journal.log.verify(&ledger.storage).unwrap());
    same(&ledger, &open(ledger.storage.clone()).unwrap());
}

#[test]
fn a_group_whose_commit_fails_was_not_taken() {
    let mut seven = gate(7);
    let group = parts(&mut seven, &[1, 2, 3]);
    let mut ledger = ledger();
    take(&mut ledger, &group[0]).unwrap();
    let (before, log) = (ledger.storage.clone(), ledger.log.clone());
    ledger.storage.fail_after(0);
    let results = ledger.ingest_all(&group, time(NOW));
    assert!(matches!(
        &results[..],
        [
            // It was durable before.
            Ok(Ingested::Duplicate),
            Err(IngestError::Ledger(LedgerError::Log(LogError::Storage(MemoryError::Told)))),
            Err(IngestError::Ledger(LedgerError::Unsure)),
        ]
    ));
    assert_eq!((&ledger.storage, &ledger.log), (&before, &log));
    ledger.recover().unwrap();
    assert!(ledger.ingest_all(&group, time(NOW)).iter().all(Result::is_ok));
    // Nothing new is no commit.
    ledger.storage.fail_after(0);
    assert!(ledger.ingest_all(&group, time(NOW)).iter().all(|result| matches!(result, Ok(Ingested::Duplicate))));
    assert!(ledger.ingest_all(&[], time(NOW)).is_empty());
}

#[test]
fn two_histories_in_one_group_are_proven() {
    let verifier = journal_verifier(&list(), gate(7).certificate()).unwrap();
    let mut ledger = ledger();
    let mut long = gate(7);
    (0..300).for_each(|_| long.set_clock(time(NOW)).unwrap());
    let parts = parts(&mut long, &[1, 2]);
    let cases = [sealed(&[1, 9]), sealed(&[9])].map(|gate| segment(&gate, 0));
    // What it contradicts is not yet durable: neither its tile nor its checkpoint.
    let group: Vec<_> = parts.into_iter().chain(cases).collect();
    let results = ledger.ingest_all(&group, time(NOW));
    assert!(ledger.journals[&7].log.size() >= 256);
    let (forks, taken) = results.split_last_chunk::<2>().map(|(taken, forks)| (forks, taken)).unwrap();
    assert!(taken.iter().all(|result| matches!(result, Ok(Ingested::Accepted { .. }))));
    for fork in forks {
        let Err(IngestError::Equivocation(evidence)) = fork else { panic!("{fork:?}") };
        assert_eq!(evidence.verify(&verifier), Ok(()));
    }
}

#[test]
fn what_was_durable_although_the_commit_failed_is_found_by_recover() {
    let gate = sealed(&[1]);
    let mut ledger = open(Late(ledger().storage, true)).unwrap();
    assert!(ledger.ingest(&segment(&gate, 0), time(NOW)).is_err());
    assert_eq!(ledger.log.size(), 1);
    ledger.storage.1 = false;
    ledger.recover().unwrap();
    assert_eq!(ledger.log.size(), 2);
    assert_eq!(ledger.ingest(&segment(&gate, 0), time(NOW)).unwrap(), Ingested::Duplicate);
}

#[derive(Clone, Debug)]
enum Step {
    Admit(usize),
    Seal(usize),
    /// Takes a segment of a gate from somewhere before its end, to be delivered at any time.
    Send(usize, prop::sample::Index),
    /// Delivers one of the segments sent, maybe once more, maybe cut.
    Deliver(prop::sample::Index, usize),
    /// Delivers it to a ledger whose commit fails.
    Fail(prop::sample::Index),
    Reopen,
    Checkpoint,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (which, at) = (0usize..2, any::<prop::sample::Index>());
    let step = prop_oneof![
        3 => which.clone().prop_map(Step::Admit),
        3 => which.clone().prop_map(Step::Seal),
        4 => (which, at.clone()).prop_map(|(gate, at)| Step::Send(gate, at)),
        6 => (at.clone(), prop_oneof![3 => Just(0usize), 1 => 1usize..4]).prop_map(|(at, cut)| Step::Deliver(at, cut)),
        1 => at.prop_map(Step::Fail),
        1 => Just(Step::Reopen),
        1 => Just(Step::Checkpoint),
    ];
    prop::collection::vec(step, 1..60)
}

/// What becomes of a segment, by sizes alone; `had` is what the ledger has of that gate.
fn expected(segment: &Segment, size: u64, had: u64) -> &'static str {
    match segment.first + segment.records.len() as u64 {
        _ if size <= had => "duplicate",
        _ if segment.first > had => "gap",
        end if end < size => "truncated",
        _ => "accepted",
    }
}

fn found(result: &Result<Ingested, IngestError<MemoryError>>) -> &'static str {
    match result {
        Ok(Ingested::Accepted { .. }) => "accepted",
        Ok(Ingested::Duplicate) => "duplicate",
        Err(IngestError::Gap { .. }) => "gap",
        Err(IngestError::Truncated { .. }) => "truncated",
        Err(IngestError::Ledger(LedgerError::Log(LogError::Storage(_)))) => "store",
        Err(_) => "other",
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(310_101),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_sealed_record_is_in_the_ledger_exactly_once(steps in steps()) {
        let mut gates = [gate(7), gate(8)];
        let mut ledger = ledger();
        ledger.enrol(gates[1].certificate().as_bytes(), time(NOW)).unwrap();
        let (mut passes, mut had, mut seals) = ([100u8; 2], [0u64; 2], 0);
        let mut sent: Vec<(usize, u64, Segment)> = Vec::new();
        let sealed_size = |gate: &TestGate| gate.segment(0).unwrap().map_or(0, |segment| segment.records.len() as u64);
        for step in steps {
            match step {
                Step::Admit(which) => {
                    passes[which] += 1;
                    admit(&mut gates[which], passes[which]);
                }
                Step::Seal(which) => drop(gates[which].seal().unwrap()),
                Step::Send(which, at) => {
                    let size = sealed_size(&gates[which]);
                    if size > 0 {
                        let first = at.index(size as usize) as u64;
                        sent.push((which, size, segment(&gates[which], first)));
                    }
                }
                Step::Deliver(at, cut) if !sent.is_empty() => {
                    let (which, size, mut segment) = at.get(&sent).clone();
                    segment.records.truncate(segment.records.len().saturating_sub(cut));
                    let result = take(&mut ledger, &segment);
                    prop_assert_eq!(found(&result), expected(&segment, size, had[which]));
                    if let Ok(Ingested::Accepted { records, entry }) = result {
                        prop_assert_eq!((records, entry + 1), (size - had[which], ledger.log.size()));
                        had[which] = size;
                        seals += 1;
                    }
                }
                Step::Fail(at) if !sent.is_empty() => {
                    let (which, size, segment) = at.get(&sent);
                    let before = ledger.storage.clone();
                    let accepted = expected(segment, *size, had[*which]) == "accepted";
                    if accepted {
                        ledger.storage.fail_after(0);
                        let result = take(&mut ledger, segment);
                        prop_assert_eq!(found(&result), "store");
                        ledger.recover().unwrap();
                    }
                    prop_assert_eq!(&ledger.storage, &before);
                }
                Step::Reopen => {
                    let again = open(ledger.storage.clone()).unwrap();
                    same(&ledger, &again);
                    ledger = again;
                }
                Step::Checkpoint => prop_assert_eq!(ledger.checkpoint().unwrap().root(), ledger.log.root()),
                Step::Deliver(..) | Step::Fail(_) => {}
            }
        }
        // The last delivery: what each gate sealed and the ledger has not.
        for (which, gate) in gates.iter().enumerate() {
            if let Some(rest) = gate.segment(had[which]).unwrap() {
                prop_assert_eq!(found(&take(&mut ledger, &rest)), "accepted");
                seals += 1;
            }
        }
        for gate in &gates {
            let (journal, size) = (&ledger.journals[&gate.id().number].log, sealed_size(gate));
            prop_assert_eq!((journal.size(), journal.root()), (size, gate.log().root_at(gate.storage(), size).unwrap()));
            for index in 0..size {
                let here = journal.body(&ledger.storage, index).unwrap();
                prop_assert_eq!(here, gate.log().body(gate.storage(), index).unwrap());
                let here = journal.attachment(&ledger.storage, index).unwrap();
                prop_assert_eq!(here, gate.log().attachment(gate.storage(), index).unwrap());
            }
            journal.verify(&ledger.storage).unwrap();
        }
        prop_assert_eq!(ledger.log.size(), 2 + seals, "an entry for each enrolment and each seal, no more");
        same(&ledger, &open(ledger.storage.clone()).unwrap());
    }

    /// In groups of any size, each segment has the result that it has one after the other, and the store holds
    /// the same; so it is where a commit fails.
    #[test]
    fn a_group_comes_to_the_same_as_one_after_the_other(
        order in prop::collection::vec((any::<prop::sample::Index>(), 0u8..12), 1..24),
        sizes in prop::collection::vec(1usize..8, 24),
        fails in prop::option::of(0u32..6),
    ) {
        let mut sent = parts(&mut gate(7), &[1, 2, 3, 4]);
        sent.extend(parts(&mut gate(8), &[5, 6, 7]));
        sent.push(segment(&sealed(&[1, 2, 9]), 0));
        sent.push(segment(&sealed(&[1, 2, 3, 4]), 2));
        let mut ledger = ledger();
        ledger.enrol(gate(8).certificate().as_bytes(), time(NOW)).unwrap();
        let damaged = |(at, damage): (prop::sample::Index, u8)| {
            let mut segment = at.get(&sent).clone();
            match damage {
                0 => drop(segment.records.pop()),
                1 => segment.records.swap_remove(0).body.clear(),
                2 => segment.records.iter_mut().for_each(|record| record.evidence = Some(vec![1])),
                3 => segment.checkpoint = segment.checkpoint.replacen('\n', "\n\n", 1),
                _ => {}
            }
            segment
        };
        // Mostly in order, or nearly all would be gaps.
        let mut at_random: Vec<_> = order.into_iter().map(damaged).collect();
        let in_order: Vec<Segment> = sent.clone();
        at_random.splice(at_random.len() / 2..at_random.len() / 2, in_order);
        let mut single = open(ledger.storage.clone()).unwrap();
        let (mut rest, mut sizes, mut commits) = (&at_random[..], sizes.into_iter().cycle(), fails);
        while !rest.is_empty() {
            let (group, after) = rest.split_at(sizes.next().unwrap().min(rest.len()));
            rest = after;
            let failing = commits == Some(0);
            commits = commits.and_then(|left| left.checked_sub(1));
            if failing {
                ledger.storage.fail_after(0);
                single.storage.fail_after(0);
            }
            let together = format!("{:?}", ledger.ingest_all(group, time(NOW)));
            let one_by_one: Vec<_> = group.iter().map(|segment| take(&mut single, segment)).collect();
            prop_assert_eq!(together, format!("{one_by_one:?}"));
            ledger.recover().unwrap();
            single.recover().unwrap();
            prop_assert_eq!(&ledger.storage, &single.storage);
            same(&ledger, &single);
        }
        same(&ledger, &open(ledger.storage.clone()).unwrap());
    }
}
