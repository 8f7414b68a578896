//! Tests of `ledger.rs`.

use super::super::test_city::{
    CITY, TestLedger, certificate, gate, ledger, ledger_with, lines, open, same, sealed, segment, take,
};
use super::*;
use crate::gate::test_gate::{self as gates, NOW};
use crate::gate::{Gate, UsageFacts};
use crate::gate::{JournalError, OpenError};
use crate::ledger::{Announcement, IngestError, Ingested, LedgerCheckpoint, RecordEntryError, witness_name};
use crate::tlog::{MemoryError, MemoryStorage, Row};
use crate::trust::Role;
use crate::trust::test_federation::{self as federation, id, list, secret, time};

fn final_at(signed: &SignedCheckpoint) -> Option<UnixTime> {
    LedgerCheckpoint::verify(signed.note().as_bytes(), &list().into(), id(CITY)).unwrap().final_at()
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
    let unsigned = |ledger: &mut TestLedger| {
        assert!(matches!(ledger.checkpoint(), Err(SignError::Ledger(LedgerError::Unsure))));
        assert!(matches!(ledger.cosigned("", time(NOW)), Err(SignError::Ledger(LedgerError::Unsure))));
    };
    let unsure = |result| matches!(result, Err(RecordEntryError::Ledger(LedgerError::Unsure)));
    unsigned(&mut ledger);
    assert!(unsure(ledger.retire(7, time(NOW))));
    assert!(unsure(ledger.enrol(&certificate(CITY, 8, 8), time(NOW))));
    assert!(unsure(ledger.record(Announcement::Reversal { gate: 7, index: 2 }, time(NOW))));
    let error = take(&mut ledger, &segment(&gate, 0)).unwrap_err();
    assert!(matches!(error, IngestError::Ledger(LedgerError::Unsure)));
    assert_eq!(ledger.storage, before);
    same(&ledger, &open(ledger.storage.clone()).unwrap());
    ledger.recover().unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
    assert_eq!(take(&mut ledger, &segment(&gate, 0)).unwrap(), Ingested::Accepted { records: 3, entry: 1 });
    ledger.storage.fail_after(0);
    assert!(ledger.checkpoint().is_err());
    unsigned(&mut ledger);
    ledger.recover().unwrap();
    assert_eq!(ledger.kept_checkpoint().unwrap(), None);
    assert_eq!(ledger.checkpoint().unwrap().size(), 2);
}

#[test]
fn in_a_forked_process_a_ledger_does_nothing_and_signs_nothing() {
    let gate7 = sealed(&[1]);
    let mut ledger = ledger_with(&gate7);
    let signed = ledger.checkpoint().unwrap();
    ledger.retire(7, time(NOW)).unwrap();
    ledger.storage.fork();
    let (storage, log, now) = (ledger.storage.clone(), ledger.log.clone(), time(NOW));
    let forked = |error: &dyn core::error::Error| {
        let told = LedgerError::Log(LogError::Storage(MemoryError::Forked));
        assert_eq!(error.source().map(ToString::to_string), Some(MemoryError::Forked.to_string()), "{error:?}");
        assert_eq!(error.to_string(), told.to_string());
    };
    forked(&ledger.checkpoint().unwrap_err());
    forked(&ledger.cosigned(&lines(&signed, &[320_100]), now).unwrap_err());
    forked(&ledger.enrol(&certificate(CITY, 8, 8), now).unwrap_err());
    forked(&ledger.record(Announcement::Reversal { gate: 7, index: 2 }, now).unwrap_err());
    forked(&ledger.usage(0..1, now, |_| true).unwrap_err());
    forked(&ledger.usage_digest(UsageFacts::new(now), now).unwrap_err());
    forked(&ledger.recover().unwrap_err());
    let IngestError::Ledger(error) = take(&mut ledger, &segment(&gate7, 0)).unwrap_err() else { panic!("taken") };
    forked(&error);
    assert_eq!((&ledger.storage, &ledger.log), (&storage, &log));
}

#[test]
fn an_old_copy_is_noticed_before_anything_is_signed() {
    let after = |newest: &[&SignedCheckpoint], storage: MemoryStorage| {
        let newest: Vec<_> = newest.iter().map(|signed| signed.note().as_bytes()).collect();
        Ledger::open(storage, id(CITY), secret(CITY, Role::Log), list(), OpenOptions { newest: &newest })
    };
    let mut ledger = ledger_with(&sealed(&[1]));
    let first = ledger.checkpoint().unwrap();
    let first = ledger.cosigned(&lines(&first, &[320_100]), time(NOW)).unwrap();
    let old = ledger.storage.clone();
    ledger.record(Announcement::CataloguePublished { sequence: 1, digest: Hash([1; 32]) }, time(NOW)).unwrap();
    let newest = ledger.checkpoint().unwrap();
    let current = ledger.storage.clone();
    // Which of the witnesses saw the newest does not matter.
    let refused = after(&[&first, &newest], old.clone());
    assert!(matches!(refused, Err(OpenLedgerError::OldCopy { here: 2, known: 3 })));
    assert!(matches!(after(&[&newest], MemoryStorage::new()), Err(OpenLedgerError::OldCopy { here: 0, known: 3 })));
    assert!(after(&[], old.clone()).is_ok() && after(&[&first], old.clone()).is_ok());
    assert!(after(&[&newest, &first], current.clone()).is_ok());
    // The old copy went on: as long, but another history.
    let mut forked = open(old).unwrap();
    forked.record(Announcement::CataloguePublished { sequence: 1, digest: Hash([2; 32]) }, time(NOW)).unwrap();
    let refused = after(&[&first, &newest], forked.storage);
    assert!(matches!(refused, Err(OpenLedgerError::Log(LogError::OtherRoot(3)))));
    let stranger = SignedCheckpoint::sign(newest.checkpoint().clone(), &secret(320_100, Role::Log));
    let refused = after(&[&stranger], current);
    assert!(matches!(refused, Err(OpenLedgerError::Newest(NoteError::NotSigned(_)))));
}

/// That a store is another's is said as such, before anything is written, whether or not anything in it was signed.
#[test]
fn a_store_of_another_log_is_refused_as_that() {
    let peer = || {
        let mut peer =
            Ledger::open(MemoryStorage::new(), id(320_100), secret(320_100, Role::Log), list(), Default::default())
                .unwrap();
        peer.enrol(&certificate(320_100, 7, 7), time(NOW)).unwrap();
        peer
    };
    let (mut signed_peer, mut signed) = (peer(), ledger());
    signed_peer.checkpoint().unwrap();
    signed.checkpoint().unwrap();
    let other =
        |member: u32| OpenLedgerError::Log(LogError::OtherLog(list().ledger_origin(id(member)).parse().unwrap()));
    let journal = || LogError::OtherLog(list().journal_origin(gate(7).id()).parse().unwrap());
    for (storage, expected) in [
        (peer().storage(), OpenLedgerError::OtherStore),
        (gate(7).storage(), OpenLedgerError::OtherStore),
        (signed_peer.storage(), other(320_100)),
        (sealed(&[1]).storage(), OpenLedgerError::Log(journal())),
    ] {
        assert_eq!(open(storage.clone()).unwrap_err().to_string(), expected.to_string());
    }
    let opened = |number: u32, storage: &MemoryStorage| {
        let key = if number == 7 { gates::gate_key() } else { SigningKey::from_seed(&[number as u8; 32]) };
        let certificate = gate(number).certificate().as_bytes().to_vec();
        match Gate::open(storage.clone(), key, &certificate, gates::bundle(), time(NOW)).unwrap_err() {
            OpenError::Journal(error) => error,
            error => panic!("{error:?}"),
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
    let clock = |result| matches!(result, Err(RecordEntryError::Ledger(LedgerError::Clock { .. })));
    assert!(clock(ledger.retire(7, time(NOW - 3))));
    assert!(clock(ledger.enrol(&certificate(CITY, 8, 8), time(NOW - 3))));
    let published = Announcement::CataloguePublished { sequence: 1, digest: Hash([1; 32]) };
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
fn a_ledger_with_an_entry_that_nobody_can_read_is_not_opened() {
    let ledger = ledger();
    let (mut storage, mut batch) = (ledger.storage.clone(), ledger.log.begin());
    batch.push(b"no entry", None).unwrap();
    storage.commit(&batch.writes()).unwrap();
    assert!(matches!(open(storage), Err(OpenLedgerError::Entry { index: 1, .. })));
}

#[test]
fn a_ledger_opens_with_its_own_key_and_its_own_journals_only() {
    let gate = sealed(&[1]);
    let ledger = ledger_with(&gate);
    let other = Ledger::open(ledger.storage.clone(), id(CITY), secret(320_100, Role::Log), list(), Default::default());
    assert!(matches!(other.unwrap_err(), OpenLedgerError::OtherKey));
    let role = Ledger::open(ledger.storage.clone(), id(CITY), secret(CITY, Role::Witness), list(), Default::default());
    assert!(matches!(role.unwrap_err(), OpenLedgerError::OtherKey));
    // A journal that went on without the ledger, and one that is gone.
    let journal = &ledger.journals[&7].log;
    let mut batch = journal.begin();
    batch.push(&[1], None).unwrap();
    let mut grown = ledger.storage.clone();
    grown.commit(&batch.writes()).unwrap();
    assert!(matches!(open(grown).unwrap_err(), OpenLedgerError::OtherJournal(gate) if gate.number == 7));
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
    assert!(matches!(open(gone).unwrap_err(), OpenLedgerError::OtherJournal(_)));
}

#[test]
fn a_checkpoint_is_signed_once_and_keeps_its_cosignatures() {
    let mut ledger = ledger_with(&sealed(&[1]));
    assert!(matches!(ledger.cosigned("", time(NOW)), Err(SignError::Cosignature(NoteError::NotSigned(_)))));
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
    assert!(matches!(late, SignError::Cosignature(NoteError::Signature(_))), "of the checkpoint before");
    assert_eq!(ledger.kept_checkpoint().unwrap(), Some(next));
}

#[test]
fn a_cosignature_of_an_impossible_time_is_not_kept_and_displaces_none() {
    let apart = 600;
    assert_eq!(list().policy().clock_suspect, apart);
    let (apart, name) = (i64::from(apart), witness_name(&list(), id(320_100)).unwrap());
    let line = |signed: &SignedCheckpoint, at| signed.checkpoint().cosign(&name, &secret(320_100, Role::Witness), at);
    // The list was issued at 1000; an empty ledger has no entry that tells more.
    let mut empty =
        Ledger::open(MemoryStorage::new(), id(CITY), secret(CITY, Role::Log), list(), Default::default()).unwrap();
    for (mut ledger, from) in [(std::mem::replace(&mut empty, ledger()), 1_000), (empty, NOW)] {
        let (signed, now) = (ledger.checkpoint().unwrap(), NOW + 5_000);
        let good = line(&signed, time(NOW + 7));
        for at in [UnixTime::MIN, time(from - apart - 1), time(999), time(now + apart + 1), UnixTime::MAX] {
            let bad = line(&signed, at);
            let before = ledger.storage.clone();
            let refused = ledger.cosigned(&bad, time(now));
            assert!(matches!(refused, Err(SignError::Cosignature(NoteError::Time(_)))), "{at}");
            assert_eq!(ledger.storage, before);
            for lines in [[&bad[..], &good].concat(), [&good[..], &bad].concat()] {
                let mut ledger =
                    Ledger::open(before.clone(), id(CITY), secret(CITY, Role::Log), list(), Default::default())
                        .unwrap();
                assert_eq!(ledger.cosigned(&lines, time(now)).unwrap().note(), [signed.note(), &good].concat());
                let bad = ledger.cosigned(&bad, time(now));
                assert!(matches!(bad, Err(SignError::Cosignature(NoteError::Time(_)))), "{at}");
            }
        }
        for at in [time((from - apart).max(1_000)), time(now + apart)] {
            let mut ledger =
                Ledger::open(ledger.storage.clone(), id(CITY), secret(CITY, Role::Log), list(), Default::default())
                    .unwrap();
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
    assert!(matches!(
        ledger.checkpoint(),
        Err(SignError::Ledger(LedgerError::Kept { log: LEDGER, error: NoteError::Shape }))
    ));
    assert_eq!(ledger.storage, before);
}

#[test]
fn after_a_change_of_key_the_ledger_signs_anew() {
    let mut spec = federation::spec();
    let fresh = SigningKey::from_seed(&[77; 32]);
    spec.members[1].keys.push(federation::key_entry(&fresh, Role::Log));
    let list = federation::genesis(&spec, &federation::CITIES[..3]).unwrap();
    let mut ledger = ledger();
    let before = ledger.checkpoint().unwrap();
    let mut ledger = Ledger::open(ledger.storage.clone(), id(CITY), fresh, list, Default::default()).unwrap();
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
