//! Tests of `city.rs`.

use super::super::verifiers::witness_verifiers;
use super::*;
use crate::gate::test_gate::{self as gates, Late, NOW, code};
use crate::gate::{Decision, Gate, JournalError, OpenError, Override, Reason, Scan};
use crate::ledger::{CutOff, LedgerCheckpoint, StatementRef, witness_name};
use crate::tlog::{Checkpoint, Damage, MemoryError, MemoryStorage, Row};
use crate::trust::GateCertificateSpec;
use crate::trust::test_federation::{self as federation, id, list, secret, time};
use proptest::prelude::*;

pub(crate) const CITY: u32 = 310_101;
type TestGate = Gate<MemoryStorage>;
type TestLedger = Ledger<MemoryStorage>;

fn certificate(member: u32, number: u32, key: u8) -> Vec<u8> {
    let spec = GateCertificateSpec {
        gate: GateId { member: id(member), number },
        venue: 1,
        service: 0,
        key: SigningKey::from_seed(&[key; 32]).verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    spec.sign(&secret(member, Role::Registrar))
}

/// Gate 7 of the test federation, or another gate of its city.
fn gate(number: u32) -> TestGate {
    if number == 7 {
        return gates::open(MemoryStorage::new(), NOW).unwrap();
    }
    let (key, seed) = (SigningKey::from_seed(&[number as u8; 32]), number as u8);
    let certificate = certificate(CITY, number, seed);
    Gate::open(MemoryStorage::new(), key, &certificate, gates::bundle(), time(NOW)).unwrap()
}

fn admit(gate: &mut TestGate, pass: u8) {
    let decision = gate.admit(Scan::text(code(pass, NOW).as_bytes()), time(NOW));
    assert!(matches!(decision, Decision::Admitted(_)), "pass {pass}: {decision:?}");
}

/// Gate 7 after these passes, with a seal after them.
pub(crate) fn sealed(passes: &[u8]) -> TestGate {
    let mut gate = gate(7);
    passes.iter().for_each(|&pass| admit(&mut gate, pass));
    gate.seal().unwrap().unwrap();
    gate
}

fn segment(gate: &TestGate, first: u64) -> Segment {
    gate.segment(first).unwrap().unwrap()
}

fn open<S: Storage>(storage: S) -> Result<Ledger<S>, LedgerError<S::Error>> {
    Ledger::open(storage, id(CITY), secret(CITY, Role::Log), list())
}

/// An empty ledger with gate 7.
pub(crate) fn ledger() -> TestLedger {
    let mut ledger = open(MemoryStorage::new()).unwrap();
    ledger.enrol(gate(7).certificate().as_bytes(), time(NOW)).unwrap();
    ledger
}

/// A ledger that took all that `gate` sealed.
pub(crate) fn ledger_with(gate: &TestGate) -> TestLedger {
    let mut ledger = ledger();
    take(&mut ledger, &segment(gate, 0)).unwrap();
    ledger
}

fn final_at(signed: &SignedCheckpoint) -> Option<UnixTime> {
    LedgerCheckpoint::verify(signed.note().as_bytes(), &list().into(), id(CITY)).unwrap().final_at()
}

fn take(ledger: &mut TestLedger, segment: &Segment) -> Result<Ingested, IngestError<MemoryError>> {
    ledger.ingest(segment, time(NOW))
}

/// The refusal of a segment; that nothing changed is checked.
fn refused(ledger: &mut TestLedger, segment: &Segment) -> IngestError<MemoryError> {
    let before = (ledger.storage.clone(), ledger.log.clone(), ledger.last);
    let error = take(ledger, segment).unwrap_err();
    assert!(before == (ledger.storage.clone(), ledger.log.clone(), ledger.last), "{error}");
    same(ledger, &open(ledger.storage.clone()).unwrap());
    error
}

fn same<S: Storage, T: Storage>(a: &Ledger<S>, b: &Ledger<T>) {
    assert_eq!((&a.log, &a.journals, a.last), (&b.log, &b.journals, b.last));
}

fn entry(ledger: &TestLedger, index: u64) -> Entry {
    Entry::decode(&ledger.log.body(&ledger.storage, index).unwrap()).unwrap().1
}

/// The cosignature lines of these members' witnesses.
pub(crate) fn lines(signed: &SignedCheckpoint, witnesses: &[u32]) -> String {
    let line = |&code: &u32| {
        let name = witness_name(&list(), id(code)).unwrap();
        signed.checkpoint().cosign(&name, &secret(code, Role::Witness), time(NOW))
    };
    witnesses.iter().map(line).collect()
}

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
    assert!(matches!(unread, Err(IngestError::Ledger(LedgerError::Note(NoteError::Shape)))), "{unread:?}");
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
    assert!(matches!(ledger.retire(7, time(NOW)), Err(LedgerError::Retired(_))));
    assert!(matches!(ledger.record(Entry::GateRetired { gate: 7 }, time(NOW)), Err(LedgerError::Retired(_))));
    let again = ledger.enrol(&known.certificate, time(NOW));
    assert!(matches!(again, Err(LedgerError::Gate(_))), "a number is used once");
    assert!(matches!(refused(&mut ledger, &segment(&gate, 0)), IngestError::Retired(_)), "sealed before or not");
    assert_eq!(take(&mut ledger, &known).unwrap(), Ingested::Duplicate);
    let other = refused(&mut ledger, &segment(&sealed(&[3]), 0));
    assert!(matches!(other, IngestError::Equivocation(_)), "its two histories are still proven");
    // What it did not hand over can be declared lost, and what it did can be reversed.
    ledger.record(Entry::GapDeclared { gate: 7, from: 3, until: 4 }, time(NOW)).unwrap();
    ledger.record(Entry::Reversal { gate: 7, index: 2 }, time(NOW)).unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
}

#[test]
fn a_failed_commit_changes_nothing_and_the_ledger_is_unsure() {
    let gate = sealed(&[1]);
    let mut ledger = ledger();
    ledger.storage.fail_after(0);
    let before = ledger.storage.clone();
    let error = take(&mut ledger, &segment(&gate, 0)).unwrap_err();
    assert!(matches!(error, IngestError::Ledger(LedgerError::Log(LogError::Storage(MemoryError::Told)))));
    assert_eq!(ledger.storage, before);
    let unsure = |result| matches!(result, Err(LedgerError::Unsure));
    assert!(unsure(ledger.checkpoint().map(|_| 0)));
    assert!(unsure(ledger.cosigned("", time(NOW)).map(|_| 0)));
    assert!(unsure(ledger.retire(7, time(NOW))));
    assert!(unsure(ledger.enrol(&certificate(CITY, 8, 8), time(NOW))));
    assert!(unsure(ledger.record(Entry::GateRetired { gate: 7 }, time(NOW))));
    let error = take(&mut ledger, &segment(&gate, 0)).unwrap_err();
    assert!(matches!(error, IngestError::Ledger(LedgerError::Unsure)));
    assert_eq!(ledger.storage, before);
    same(&ledger, &open(ledger.storage.clone()).unwrap());
    ledger.recover().unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
    assert_eq!(take(&mut ledger, &segment(&gate, 0)).unwrap(), Ingested::Accepted { records: 3, entry: 1 });
    ledger.storage.fail_after(0);
    assert!(ledger.checkpoint().is_err() && unsure(ledger.checkpoint().map(|_| 0)));
    ledger.recover().unwrap();
    assert_eq!(ledger.kept_checkpoint().unwrap(), None);
    assert_eq!(ledger.checkpoint().unwrap().size(), 2);
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
fn in_a_forked_process_a_ledger_does_nothing_and_signs_nothing() {
    let gate7 = sealed(&[1]);
    let mut ledger = ledger_with(&gate7);
    let signed = ledger.checkpoint().unwrap();
    ledger.retire(7, time(NOW)).unwrap();
    ledger.storage.fork();
    let (storage, log, now) = (ledger.storage.clone(), ledger.log.clone(), time(NOW));
    let forked = |error: LedgerError<_>| {
        assert!(matches!(error, LedgerError::Log(LogError::Storage(MemoryError::Forked))), "{error:?}");
    };
    forked(ledger.checkpoint().unwrap_err());
    forked(ledger.cosigned(&lines(&signed, &[320_100]), now).unwrap_err());
    forked(ledger.enrol(&certificate(CITY, 8, 8), now).unwrap_err());
    forked(ledger.record(Entry::Reversal { gate: 7, index: 2 }, now).unwrap_err());
    forked(ledger.usage(0..1, now, |_| true).unwrap_err());
    forked(ledger.usage_digest(UsageFacts::new(now), now).unwrap_err());
    forked(ledger.recover().unwrap_err());
    let IngestError::Ledger(error) = take(&mut ledger, &segment(&gate7, 0)).unwrap_err() else { panic!("taken") };
    forked(error);
    assert_eq!((&ledger.storage, &ledger.log), (&storage, &log));
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
fn an_old_copy_is_noticed_before_anything_is_signed() {
    let after = |newest: &[&SignedCheckpoint], storage: MemoryStorage| {
        let newest = newest.iter().map(|signed| signed.note().as_bytes());
        Ledger::open_after(newest, storage, id(CITY), secret(CITY, Role::Log), list())
    };
    let mut ledger = ledger_with(&sealed(&[1]));
    let first = ledger.checkpoint().unwrap();
    let first = ledger.cosigned(&lines(&first, &[320_100]), time(NOW)).unwrap();
    let old = ledger.storage.clone();
    ledger.record(Entry::CataloguePublished { sequence: 1, digest: Hash([1; 32]) }, time(NOW)).unwrap();
    let newest = ledger.checkpoint().unwrap();
    let current = ledger.storage.clone();
    // Which of the witnesses saw the newest does not matter.
    let refused = after(&[&first, &newest], old.clone());
    assert!(matches!(refused, Err(LedgerError::OldCopy { here: 2, known: 3 })));
    assert!(matches!(after(&[&newest], MemoryStorage::new()), Err(LedgerError::OldCopy { here: 0, known: 3 })));
    assert!(after(&[], old.clone()).is_ok() && after(&[&first], old.clone()).is_ok());
    assert!(after(&[&newest, &first], current.clone()).is_ok());
    // The old copy went on: as long, but another history.
    let mut forked = open(old).unwrap();
    forked.record(Entry::CataloguePublished { sequence: 1, digest: Hash([2; 32]) }, time(NOW)).unwrap();
    let refused = after(&[&first, &newest], forked.storage);
    assert!(matches!(refused, Err(LedgerError::Log(LogError::OtherRoot(3)))));
    let stranger = SignedCheckpoint::sign(newest.checkpoint().clone(), &secret(320_100, Role::Log));
    let refused = after(&[&stranger], current);
    assert!(matches!(refused, Err(LedgerError::Note(NoteError::NotSigned(_)))));
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

#[test]
fn what_a_ledger_says_of_uses_reaches_its_gates() {
    let mut seven = sealed(&[1, 2, 3, 4]);
    let mut ledger = ledger_with(&seven);
    seven.annul(3, time(NOW)).unwrap();
    seven.seal().unwrap().unwrap();
    take(&mut ledger, &segment(&seven, 6)).unwrap();
    ledger.record(Entry::Reversal { gate: 7, index: 4 }, time(NOW)).unwrap();
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
    assert!(matches!(ledger.usage(0..5, UnixTime::MIN, |_| true), Err(LedgerError::Log(_))));
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
    assert!(matches!(ledger.usage_digest(whole.clone(), time(NOW - 3)), Err(LedgerError::Clock { .. })));
    let ends = ledger.trust().keys(Role::Log).map(|(_, entry)| entry.not_after).max().unwrap();
    let late = ledger.usage_digest(whole.clone(), ends.saturating_add(1));
    assert!(matches!(late, Err(LedgerError::OtherKey)), "{late:?}");
    let future = ledger.usage(0..4, time(NOW + 1), |_| true).unwrap();
    assert!(matches!(ledger.usage_digest(future, time(NOW)), Err(LedgerError::Usage(UsageDigestError::Rule(_)))));
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
    let mut reverse = |index| ledger.record(Entry::Reversal { gate: 7, index }, time(NOW));
    assert!(matches!(reverse(2), Err(LedgerError::NoRedemption { .. })));
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
        Err(LedgerError::Log(LogError::Pruned(index))) => index,
        other => panic!("{other:?}"),
    };
    assert_eq!(gone(&ledger, 1..2), 0);
    // What a city reversed it tells before it prunes.
    ledger.append(Entry::Reversal { gate: 7, index: 2 }, time(NOW)).unwrap();
    assert_eq!(gone(&ledger, 3..4), 2);
}

/// That a store is another's is said as such, before anything is written, whether or not anything in it was signed.
#[test]
fn a_store_of_another_log_is_refused_as_that() {
    let peer = || {
        let mut peer = Ledger::open(MemoryStorage::new(), id(320_100), secret(320_100, Role::Log), list()).unwrap();
        peer.enrol(&certificate(320_100, 7, 7), time(NOW)).unwrap();
        peer
    };
    let (mut signed_peer, mut signed) = (peer(), ledger());
    signed_peer.checkpoint().unwrap();
    signed.checkpoint().unwrap();
    let other = |member: u32| LedgerError::Log(LogError::OtherLog(list().ledger_origin(id(member)).parse().unwrap()));
    let journal = || LogError::OtherLog(list().journal_origin(gate(7).id()).parse().unwrap());
    for (storage, expected) in [
        (peer().storage(), LedgerError::OtherStore),
        (gate(7).storage(), LedgerError::OtherStore),
        (signed_peer.storage(), other(320_100)),
        (sealed(&[1]).storage(), LedgerError::Log(journal())),
    ] {
        assert_eq!(open(storage.clone()).unwrap_err().to_string(), expected.to_string());
    }
    let opened = |number: u32, storage: &MemoryStorage| {
        let key = if number == 7 { gates::gate_key() } else { SigningKey::from_seed(&[number as u8; 32]) };
        let certificate = gate(number).certificate().as_bytes().to_vec();
        match Gate::open(storage.clone(), key, &certificate, gates::bundle(), time(NOW)) {
            Err(OpenError::Journal(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(opened(8, gate(7).storage()), JournalError::OtherCertificate));
    assert!(matches!(opened(8, sealed(&[1]).storage()), JournalError::Log(other) if other == journal()));
    assert!(matches!(opened(7, ledger().storage()), JournalError::OtherStore));
    assert!(matches!(opened(7, signed.storage()), JournalError::Log(LogError::OtherLog(_))));
}

#[test]
fn the_ledgers_clock_never_goes_back() {
    let gate = sealed(&[1]);
    let mut ledger = ledger();
    let back = ledger.ingest(&segment(&gate, 0), time(NOW - 3)).unwrap_err();
    assert!(
        matches!(back, IngestError::Ledger(LedgerError::Clock { now, last }) if (now, last) == (time(NOW - 3), time(NOW)))
    );
    let clock = |result| matches!(result, Err(LedgerError::Clock { .. }));
    assert!(clock(ledger.retire(7, time(NOW - 3))));
    assert!(clock(ledger.enrol(&certificate(CITY, 8, 8), time(NOW - 3))));
    let published = Entry::CataloguePublished { sequence: 1, digest: Hash([1; 32]) };
    assert!(clock(ledger.record(published, time(NOW - 3))));
    let mut again = open(ledger.storage.clone()).unwrap();
    assert!(clock(again.retire(7, time(NOW - 3))), "after a restart too");
    // A step back of the clock is dated as the entry before.
    let mut stepped = open(again.storage.clone()).unwrap();
    assert!(stepped.ingest(&segment(&gate, 0), time(NOW - 2)).is_ok());
    stepped.retire(7, time(NOW - 1)).unwrap();
    let dated = |index| Entry::decode(&stepped.log.body(&stepped.storage, index).unwrap()).unwrap().0;
    assert_eq!([1, 2].map(dated), [time(NOW); 2]);
    same(&stepped, &open(stepped.storage.clone()).unwrap());
    assert!(again.retire(7, time(NOW)).is_ok());
}

#[test]
fn a_gate_is_enrolled_once_by_its_own_member() {
    let mut ledger = ledger();
    let gate_error = |result| matches!(result, Err(LedgerError::Gate(_)));
    assert!(gate_error(ledger.enrol(gate(7).certificate().as_bytes(), time(NOW))));
    assert!(gate_error(ledger.enrol(&certificate(CITY, 7, 43), time(NOW))), "nor with another key");
    assert!(gate_error(ledger.enrol(&certificate(320_100, 8, 8), time(NOW))));
    assert!(matches!(ledger.enrol(&[1], time(NOW)), Err(LedgerError::Certificate(_))));
    let foreign = Entry::GateEnrolled { certificate: certificate(320_100, 8, 8) };
    assert!(gate_error(ledger.record(foreign, time(NOW))), "nor by the other door");
    assert!(gate_error(ledger.retire(9, time(NOW))));
    assert_eq!(ledger.log.size(), 1);
    ledger.record(Entry::GateEnrolled { certificate: certificate(CITY, 8, 8) }, time(NOW)).unwrap();
    assert_eq!(ledger.journals.len(), 2);
}

#[test]
fn only_ingest_seals_a_journal() {
    let gate = sealed(&[1]);
    let mut ledger = ledger();
    let forged = Entry::JournalSealed { gate: 7, first: 0, checkpoint: segment(&gate, 0).checkpoint };
    assert!(matches!(ledger.record(forged, time(NOW)), Err(LedgerError::Sealed)));
    assert_eq!(ledger.log.size(), 1);
}

#[test]
fn only_a_redemption_that_stands_is_reversed_and_once() {
    let mut gate = sealed(&[1, 2, 3]);
    gate.annul(4, time(NOW)).unwrap();
    gate.seal().unwrap().unwrap();
    let mut ledger = ledger_with(&gate);
    let reverse = |gate, index| Entry::Reversal { gate, index };
    let refused = |result, index| matches!(result, Err(LedgerError::NoRedemption { index: at, .. }) if at == index);
    let none = [0, 1, 4, 5, 6, u64::MAX];
    for index in none {
        assert!(refused(ledger.record(reverse(7, index), time(NOW)), index), "{index}");
    }
    assert!(matches!(ledger.record(reverse(8, 1), time(NOW)), Err(LedgerError::Gate(_))));
    assert_eq!(ledger.log.size(), 2);
    ledger.record(reverse(7, 2), time(NOW)).unwrap();
    assert!(refused(ledger.record(reverse(7, 2), time(NOW)), 2), "once");
    let mut again = open(ledger.storage.clone()).unwrap();
    assert!(refused(again.record(reverse(7, 2), time(NOW)), 2), "after a restart too");
    again.record(reverse(7, 3), time(NOW)).unwrap();
    assert!(again.journals[&7].reversed().iter().eq(&[2, 3]));
}

#[test]
fn what_is_here_is_not_lost() {
    let mut ledger = ledger_with(&sealed(&[1]));
    let gap = |from, until| Entry::GapDeclared { gate: 7, from, until };
    assert!(matches!(ledger.record(gap(2, 4), time(NOW)), Err(LedgerError::NotLost { size: 3, .. })));
    assert!(matches!(ledger.record(gap(3, 3), time(NOW)), Err(LedgerError::Refused(EntryError::Rule(_)))));
    ledger.record(gap(3, 4), time(NOW)).unwrap();
    assert!(matches!(ledger.record(gap(4, 3), time(NOW)), Err(LedgerError::Refused(_))));
}

#[test]
fn an_entry_that_could_not_be_read_again_is_not_written() {
    let mut ledger = ledger();
    let digest = Hash([1; 32]);
    let cut_off = CutOff { member: id(CITY), size: 1, root: digest };
    let settled = StatementRef { from: time(1), until: time(2), cut_offs: vec![cut_off], digest };
    let uri = "u".repeat(crate::limits::MAX_STATUS_URI + 1);
    let bad = [
        Entry::Settlement(StatementRef { until: time(1), ..settled.clone() }),
        Entry::Settlement(StatementRef { cut_offs: vec![cut_off; 2], ..settled.clone() }),
        Entry::StatusPublished { uri, issued: time(1), digest },
    ];
    for entry in bad {
        assert!(matches!(ledger.record(entry, time(NOW)), Err(LedgerError::Refused(_))));
    }
    ledger.record(Entry::Settlement(settled), time(NOW)).unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
    assert_eq!(ledger.log.size(), 2);
}

#[test]
fn a_ledger_with_an_entry_that_nobody_can_read_is_not_opened() {
    let ledger = ledger();
    let (mut storage, mut batch) = (ledger.storage.clone(), ledger.log.begin());
    batch.push(b"no entry", None).unwrap();
    storage.commit(&batch.writes()).unwrap();
    assert!(matches!(open(storage), Err(LedgerError::Entry { index: 1, .. })));
}

#[test]
fn a_trust_list_is_not_adopted_before_it_is_issued() {
    let mut ledger = open(MemoryStorage::new()).unwrap();
    let list = list();
    let adopted = Entry::TrustAdopted { sequence: 1, digest: list.digest() };
    let before = list.issued().seconds() - 1;
    let early = ledger.record(adopted.clone(), time(before));
    assert!(matches!(early, Err(LedgerError::Trust(TrustError::NotYetIssued(from))) if from == list.issued()));
    assert_eq!(ledger.log.size(), 0);
    ledger.record(adopted, list.issued()).unwrap();
}

#[test]
fn only_a_peers_signed_checkpoint_is_seen() {
    let mut ledger = ledger();
    let peer = |origin: u32, signer: u32| {
        let origin = crate::tlog::KeyName::new(&list().ledger_origin(id(origin))).unwrap();
        let checkpoint = Checkpoint { origin, size: 5, root: Hash([3; 32]) }.sign(&secret(signer, Role::Log));
        Entry::PeerSeen { checkpoint }
    };
    assert!(ledger.record(peer(320_100, 320_100), time(NOW)).is_ok());
    let refused = |result| matches!(result, Err(LedgerError::Note(_)));
    assert!(refused(ledger.record(peer(320_100, 330_100), time(NOW))));
    assert!(refused(ledger.record(peer(CITY, CITY), time(NOW))), "its own is no peer's");
    assert!(refused(ledger.record(peer(999_999, 320_100), time(NOW))));
    assert!(refused(ledger.record(Entry::PeerSeen { checkpoint: "junk".into() }, time(NOW))));
}

#[test]
fn a_ledger_opens_with_its_own_key_and_its_own_journals_only() {
    let gate = sealed(&[1]);
    let ledger = ledger_with(&gate);
    let other = Ledger::open(ledger.storage.clone(), id(CITY), secret(320_100, Role::Log), list());
    assert!(matches!(other.unwrap_err(), LedgerError::OtherKey));
    let role = Ledger::open(ledger.storage.clone(), id(CITY), secret(CITY, Role::Witness), list());
    assert!(matches!(role.unwrap_err(), LedgerError::OtherKey));
    // A journal that went on without the ledger, and one that is gone.
    let journal = &ledger.journals[&7].log;
    let mut batch = journal.begin();
    batch.push(&[1], None).unwrap();
    let mut grown = ledger.storage.clone();
    grown.commit(&batch.writes()).unwrap();
    assert!(matches!(open(grown).unwrap_err(), LedgerError::OtherJournal(gate) if gate.number == 7));
    let mut gone = ledger.storage.clone();
    let rows: Vec<Write> = ledger
        .storage
        .rows()
        .map(|(row, _)| row)
        .filter(|row| {
            matches!(
                row,
                Row::Entry { log: LogKey(7), .. } | Row::Size { log: LogKey(7) } | Row::Checkpoint { log: LogKey(7) }
            )
        })
        .map(Write::Delete)
        .collect();
    gone.commit(&rows).unwrap();
    assert!(matches!(open(gone).unwrap_err(), LedgerError::OtherJournal(_)));
}

#[test]
fn a_checkpoint_is_signed_once_and_keeps_its_cosignatures() {
    let mut ledger = ledger_with(&sealed(&[1]));
    assert!(matches!(ledger.cosigned("", time(NOW)), Err(LedgerError::Note(NoteError::NotSigned(_)))));
    let signed = ledger.checkpoint().unwrap();
    let before = ledger.storage.clone();
    assert_eq!(ledger.checkpoint().unwrap(), signed);
    assert_eq!(ledger.storage, before);
    let two = ledger.cosigned(&lines(&signed, &[320_100, 330_100]), time(NOW)).unwrap();
    assert_eq!(ledger.checkpoint().unwrap(), two);
    // The ledger grows while the third cosignature is on its way.
    ledger.retire(7, time(NOW)).unwrap();
    let three = ledger.cosigned(&lines(&signed, &[340_100]), time(NOW)).unwrap();
    assert_eq!(three.size(), signed.size());
    assert_eq!(final_at(&three), Some(time(NOW)));
    let again = open(ledger.storage.clone()).unwrap();
    assert_eq!(again.kept_checkpoint().unwrap(), Some(three));
    let next = ledger.checkpoint().unwrap();
    assert_eq!((next.size(), next.root()), (ledger.log.size(), ledger.log.root()));
    let late = ledger.cosigned(&lines(&signed, &[320_100]), time(NOW)).unwrap_err();
    assert!(matches!(late, LedgerError::Note(NoteError::Signature(_))), "of the checkpoint before");
    assert_eq!(ledger.kept_checkpoint().unwrap(), Some(next));
}

#[test]
fn a_cosignature_of_an_impossible_time_is_not_kept_and_displaces_none() {
    let apart = 600;
    assert_eq!(list().policy().clock_suspect, apart);
    let (apart, name) = (i64::from(apart), witness_name(&list(), id(320_100)).unwrap());
    let line = |signed: &SignedCheckpoint, at| signed.checkpoint().cosign(&name, &secret(320_100, Role::Witness), at);
    // The list was issued at 1000; an empty ledger has no entry that tells more.
    let mut empty = Ledger::open(MemoryStorage::new(), id(CITY), secret(CITY, Role::Log), list()).unwrap();
    for (mut ledger, from) in [(std::mem::replace(&mut empty, ledger()), 1_000), (empty, NOW)] {
        let (signed, now) = (ledger.checkpoint().unwrap(), NOW + 5_000);
        let good = line(&signed, time(NOW + 7));
        for at in [UnixTime::MIN, time(from - apart - 1), time(999), time(now + apart + 1), UnixTime::MAX] {
            let bad = line(&signed, at);
            let before = ledger.storage.clone();
            let refused = ledger.cosigned(&bad, time(now));
            assert!(matches!(refused, Err(LedgerError::Note(NoteError::Time(_)))), "{at}");
            assert_eq!(ledger.storage, before);
            for lines in [[&bad[..], &good].concat(), [&good[..], &bad].concat()] {
                let mut ledger = Ledger::open(before.clone(), id(CITY), secret(CITY, Role::Log), list()).unwrap();
                assert_eq!(ledger.cosigned(&lines, time(now)).unwrap().note(), [signed.note(), &good].concat());
                let bad = ledger.cosigned(&bad, time(now));
                assert!(matches!(bad, Err(LedgerError::Note(NoteError::Time(_)))), "{at}");
            }
        }
        for at in [time((from - apart).max(1_000)), time(now + apart)] {
            let mut ledger = Ledger::open(ledger.storage.clone(), id(CITY), secret(CITY, Role::Log), list()).unwrap();
            let taken = ledger.cosigned(&line(&signed, at), time(now)).unwrap();
            assert_eq!(taken.note(), [signed.note(), &line(&signed, at)].concat());
        }
        // One that an earlier version kept gives way.
        let kept = [signed.note(), &line(&signed, UnixTime::MAX)].concat();
        ledger.storage.commit(&[Write::Put(Row::Checkpoint { log: LEDGER }, kept.into())]).unwrap();
        assert_eq!(ledger.cosigned(&good, time(now)).unwrap().note(), [signed.note(), &good].concat());
    }
}

#[test]
fn nothing_is_signed_over_a_checkpoint_that_cannot_be_read() {
    let mut ledger = ledger_with(&sealed(&[1]));
    ledger.checkpoint().unwrap();
    ledger.storage.commit(&[Write::Put(Row::Checkpoint { log: LEDGER }, b"?".into())]).unwrap();
    let before = ledger.storage.clone();
    assert!(matches!(ledger.checkpoint(), Err(LedgerError::Note(NoteError::Shape))));
    assert_eq!(ledger.storage, before);
}

#[test]
fn another_entry_in_place_of_the_seal_makes_no_receipt() {
    let mut ledger = ledger_with(&sealed(&[1]));
    ledger.checkpoint().unwrap();
    ledger.receipt(7, 2).unwrap();
    let other = Entry::GateRetired { gate: 7 }.encode(time(NOW));
    ledger.storage.commit(&[Write::Put(Row::Entry { log: LEDGER, index: 1 }, other)]).unwrap();
    assert!(matches!(ledger.receipt(7, 2), Err(LedgerError::NotLogged { index: 2, .. })));
}

#[test]
fn after_a_change_of_key_the_ledger_signs_anew() {
    let mut spec = federation::spec();
    let fresh = SigningKey::from_seed(&[77; 32]);
    spec.members[1].keys.push(federation::key_entry(&fresh, Role::Log));
    let list = federation::genesis(&spec, &federation::CITIES[..3]).unwrap();
    let mut ledger = ledger();
    let before = ledger.checkpoint().unwrap();
    let mut ledger = Ledger::open(ledger.storage.clone(), id(CITY), fresh, list).unwrap();
    let after = ledger.checkpoint().unwrap();
    assert_eq!(before.checkpoint(), after.checkpoint());
    assert_ne!(before, after);
    assert_eq!(ledger.checkpoint().unwrap(), after);
}

#[test]
fn a_checkpoint_is_final_by_a_quorum_of_other_members() {
    let mut ledger = ledger();
    let signed = ledger.checkpoint().unwrap();
    let at = |seconds| time(seconds);
    let trust = list();
    let with = |witnesses: &[u32]| {
        let known: Vec<NoteVerifier> = federation::CITIES
            .iter()
            .chain(&[100_000])
            .map(|&code| {
                let name = witness_name(&trust, id(code)).unwrap();
                let key = secret(code, Role::Witness).verifying_key();
                NoteVerifier::new(name.as_str(), KeyKind::Cosignature, key).unwrap()
            })
            .collect();
        signed.with_cosignatures(&lines(&signed, witnesses), &known).unwrap()
    };
    let fin = |signed: &SignedCheckpoint| final_at(signed).is_some();
    assert_eq!(trust.policy().witness_quorum, 3);
    assert!(!fin(&with(&[320_100, 330_100])));
    assert!(!fin(&with(&[CITY, 320_100, 330_100])), "its own witness does not count");
    assert!(fin(&with(&[320_100, 330_100, 340_100])));
    assert!(fin(&with(&[320_100, 330_100, 100_000])), "the auditor's counts");
    // A stranger's line, under a name of its own or of a member, is left out.
    let stranger = SigningKey::from_seed(&[99; 32]);
    let two = lines(&signed, &[320_100, 330_100]);
    for name in ["stranger".into(), witness_name(&trust, id(340_100)).unwrap().as_str().to_owned()] {
        let name = crate::tlog::KeyName::new(&name).unwrap();
        let line = signed.checkpoint().cosign(&name, &stranger, at(NOW));
        let kept = ledger.cosigned(&[two.clone(), line].concat(), at(NOW)).unwrap();
        assert!(!fin(&kept));
        assert_eq!(kept.note().matches('\u{2014}').count(), 3);
    }
    assert!(ledger.cosigned(&lines(&signed, &[CITY]), at(NOW)).unwrap().note().matches('\u{2014}').count() == 3);
    let note = with(&[320_100]).note().to_owned();
    let refused = LedgerCheckpoint::verify(note.as_bytes(), &trust.clone().into(), id(320_100));
    assert!(matches!(refused, Err(NoteError::OtherLog(_))), "it is another member's");
    let note = with(&[CITY, 320_100]).note().to_owned();
    let read = LedgerCheckpoint::verify(note.as_bytes(), &trust.clone().into(), id(CITY)).unwrap();
    assert_eq!(read.cosignatures().iter().map(|one| one.member).collect::<Vec<_>>(), [id(320_100)]);
    let own = witness_name(&trust, id(CITY)).unwrap();
    assert_eq!(read.unknown_lines().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [own.as_str()]);
}

#[test]
fn keys_of_a_suspended_member_do_not_count() {
    let mut spec = federation::spec();
    spec.members[2].suspended_from = Some(time(NOW));
    let list = federation::genesis(&spec, &federation::CITIES[..3]).unwrap();
    let witnesses = |at| witness_verifiers(&list, id(CITY), time(at)).len();
    assert_eq!((witnesses(NOW - 1), witnesses(NOW)), (4, 3));
    let log = |at| log_verifiers(&list, id(320_100), time(at)).len();
    assert_eq!((log(NOW - 1), log(NOW)), (1, 0));
    let gives = |at| gives(&list, id(320_100), &secret(320_100, Role::Log), at);
    assert_eq!(
        [None, Some(time(NOW - 1)), Some(time(NOW)), Some(time(NOW + 1))].map(gives),
        [true, true, false, false]
    );
}

#[test]
fn another_list_under_the_first_lists_number_is_not_read_over() {
    let other = Entry::TrustAdopted { sequence: 1, digest: Hash([9; 32]) };
    assert!(matches!(ledger().append(other, time(NOW)), Err(LedgerError::OtherTrustList(1))));
}

#[test]
fn a_key_verifies_from_its_first_second_to_its_last() {
    let list = list();
    let at = |seconds| {
        let seconds = time(seconds);
        (witness_verifiers(&list, id(CITY), seconds).len(), log_verifiers(&list, id(CITY), seconds).len())
    };
    assert_eq!([999, 1_000, 2_000_000_000, 2_000_000_001].map(at), [(0, 0), (4, 1), (4, 1), (0, 0)]);
    let watch = crate::ledger::watch(&list.clone().into(), id(CITY), LogKey(1), time(NOW)).unwrap();
    assert_eq!((watch.keys, watch.retired), (log_verifiers(&list, id(CITY), time(NOW)), vec![]));
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
