//! Tests of `record.rs`.

use super::super::test_city::{CITY, certificate, gate, ledger, ledger_with, open, same, sealed};
use super::*;
use crate::gate::test_gate::NOW;
use crate::ledger::{CutOff, EntryError, LedgerError, OpenLedgerError, StatementRef};
use crate::tlog::{Checkpoint, MemoryStorage};
use crate::trust::Role;
use crate::trust::test_federation::{id, list, secret, time};

#[test]
fn a_gate_is_enrolled_once_by_its_own_member() {
    let mut ledger = ledger();
    let gate_error = |result| matches!(result, Err(RecordEntryError::Gate(_)));
    assert!(gate_error(ledger.enrol(gate(7).certificate().as_bytes(), time(NOW))));
    assert!(gate_error(ledger.enrol(&certificate(CITY, 7, 43), time(NOW))), "nor with another key");
    assert!(gate_error(ledger.enrol(&certificate(320_100, 8, 8), time(NOW))));
    assert!(matches!(ledger.enrol(&[1], time(NOW)), Err(RecordEntryError::Certificate(_))));
    assert!(gate_error(ledger.retire(9, time(NOW))));
    assert_eq!(ledger.log.size(), 1);
    ledger.enrol(&certificate(CITY, 8, 8), time(NOW)).unwrap();
    assert_eq!(ledger.journals.len(), 2);
}

#[test]
fn only_a_redemption_that_stands_is_reversed_and_once() {
    let mut gate = sealed(&[1, 2, 3]);
    gate.annul(4, time(NOW)).unwrap();
    gate.seal().unwrap().unwrap();
    let mut ledger = ledger_with(&gate);
    let reverse = |gate, index| Announcement::Reversal { gate, index };
    let refused =
        |result, index| matches!(result, Err(RecordEntryError::NoRedemption { index: at, .. }) if at == index);
    let none = [0, 1, 4, 5, 6, u64::MAX];
    for index in none {
        assert!(refused(ledger.record(reverse(7, index), time(NOW)), index), "{index}");
    }
    assert!(matches!(ledger.record(reverse(8, 1), time(NOW)), Err(RecordEntryError::Gate(_))));
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
    let gap = |from, until| Announcement::GapDeclared { gate: 7, from, until };
    assert!(matches!(ledger.record(gap(2, 4), time(NOW)), Err(RecordEntryError::NotLost { size: 3, .. })));
    assert!(matches!(
        ledger.record(gap(3, 3), time(NOW)),
        Err(RecordEntryError::Ledger(LedgerError::Refused(EntryError::Rule(_))))
    ));
    ledger.record(gap(3, 4), time(NOW)).unwrap();
    assert!(matches!(ledger.record(gap(4, 3), time(NOW)), Err(RecordEntryError::Ledger(LedgerError::Refused(_)))));
}

#[test]
fn an_entry_that_could_not_be_read_again_is_not_written() {
    let mut ledger = ledger();
    let digest = Hash([1; 32]);
    let cut_off = CutOff { member: id(CITY), size: 1, root: digest };
    let settled = StatementRef { from: time(1), until: time(2), cut_offs: vec![cut_off], digest };
    let uri = "u".repeat(crate::limits::MAX_STATUS_URI + 1);
    let bad = [
        Announcement::Settlement(StatementRef { until: time(1), ..settled.clone() }),
        Announcement::Settlement(StatementRef { cut_offs: vec![cut_off; 2], ..settled.clone() }),
        Announcement::StatusPublished { uri, issued: time(1), digest },
    ];
    for entry in bad {
        assert!(matches!(ledger.record(entry, time(NOW)), Err(RecordEntryError::Ledger(LedgerError::Refused(_)))));
    }
    ledger.record(Announcement::Settlement(settled), time(NOW)).unwrap();
    same(&ledger, &open(ledger.storage.clone()).unwrap());
    assert_eq!(ledger.log.size(), 2);
}

#[test]
fn a_trust_list_is_not_adopted_before_it_is_issued() {
    let mut ledger = open(MemoryStorage::new()).unwrap();
    let list = list();
    let adopted = Announcement::TrustAdopted { sequence: 1, digest: list.digest() };
    let before = list.issued().seconds() - 1;
    let early = ledger.record(adopted.clone(), time(before));
    assert!(matches!(early, Err(RecordEntryError::Trust(TrustError::NotYetIssued(from))) if from == list.issued()));
    assert_eq!(ledger.log.size(), 0);
    ledger.record(adopted, list.issued()).unwrap();
}

#[test]
fn only_a_peers_signed_checkpoint_is_seen() {
    let mut ledger = ledger();
    let peer = |origin: u32, signer: u32| {
        let origin = crate::tlog::KeyName::new(&list().ledger_origin(id(origin))).unwrap();
        let checkpoint = Checkpoint { origin, size: 5, root: Hash([3; 32]) }.sign(&secret(signer, Role::Log));
        Announcement::PeerSeen { checkpoint }
    };
    assert!(ledger.record(peer(320_100, 320_100), time(NOW)).is_ok());
    let refused = |result| matches!(result, Err(RecordEntryError::Peer(_)));
    assert!(refused(ledger.record(peer(320_100, 330_100), time(NOW))));
    assert!(refused(ledger.record(peer(CITY, CITY), time(NOW))), "its own is no peer's");
    assert!(refused(ledger.record(peer(999_999, 320_100), time(NOW))));
    assert!(refused(ledger.record(Announcement::PeerSeen { checkpoint: "junk".into() }, time(NOW))));
}

#[test]
fn another_list_under_the_first_lists_number_is_not_read_over() {
    let other = Announcement::TrustAdopted { sequence: 1, digest: Hash([9; 32]) };
    let mut ledger = ledger();
    assert!(matches!(ledger.append(Entry::Announced(other), time(NOW)), Err(LedgerError::Unsure)));
    assert!(matches!(open(ledger.storage), Err(OpenLedgerError::OtherTrustList(1))));
}
