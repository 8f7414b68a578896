//! Tests of `receipt.rs`.

use super::super::ledger::LEDGER;
use super::super::test_city::{CITY, ledger_with, lines, sealed};
use super::*;
use crate::gate::test_gate::NOW;
use crate::ledger::Ledger;
use crate::tlog::{MemoryStorage, Row, Write};
use crate::trust::test_federation::{id, time};
use crate::trust::{GateCertificateSpec, Role};

const QUORUM: [u32; 3] = [320_100, 330_100, 340_100];

fn signed(witnesses: &[u32]) -> Ledger<MemoryStorage> {
    let mut ledger = ledger_with(&sealed(&[1, 2, 3]));
    let signed = ledger.checkpoint().unwrap();
    ledger.cosigned(&lines(&signed, witnesses), time(NOW)).unwrap();
    ledger
}

fn receipt(index: u64) -> Receipt {
    signed(&QUORUM).receipt(7, index).unwrap()
}

fn history() -> TrustHistory {
    crate::trust::test_federation::list().into()
}

fn verify(receipt: &Receipt) -> Result<Receipted, ReceiptError> {
    receipt.verify(&history())
}

#[test]
fn a_receipt_verifies_with_the_trust_list_alone() {
    for index in 0..5 {
        let text = receipt(index).to_text();
        let receipted = Receipt::parse(text.as_bytes()).unwrap().verify(&history()).unwrap();
        assert_eq!((receipted.gate.to_string().as_str(), receipted.index), ("310101/gate/7", index));
        assert_eq!((receipted.entry, receipted.logged), (1, time(NOW)));
        assert_eq!(matches!(receipted.record, Record::Redeemed(_)), index > 1);
        assert_eq!(Receipt::parse(text.as_bytes()).unwrap().to_text(), text);
        let gate = sealed(&[1, 2, 3]);
        let note = receipt(index).journal_checkpoint().as_bytes().to_vec();
        assert_eq!(gate.log().kept_checkpoint(gate.storage()).unwrap(), Some(note));
    }
}

#[test]
fn there_is_no_receipt_before_the_ledger_was_signed() {
    let mut gate = sealed(&[1]);
    let mut ledger = ledger_with(&gate);
    let not_logged = |ledger: &Ledger<MemoryStorage>, index| matches!(ledger.receipt(7, index), Err(NoReceipt::NotLogged { index: at, .. }) if at == index);
    assert!(not_logged(&ledger, 1));
    ledger.checkpoint().unwrap();
    assert!(ledger.receipt(7, 2).is_ok() && not_logged(&ledger, 3) && not_logged(&ledger, u64::MAX));
    assert!(matches!(ledger.receipt(8, 0), Err(NoReceipt::Gate(_))));
    gate.annul(2, time(NOW)).unwrap();
    gate.seal().unwrap().unwrap();
    ledger.ingest(&gate.segment(3).unwrap().unwrap(), time(NOW)).unwrap();
    assert!(not_logged(&ledger, 3), "the ledger was not signed since");
    ledger.checkpoint().unwrap();
    assert!(ledger.receipt(7, 3).is_ok());
}

#[test]
fn a_receipt_counts_when_the_ledger_is_final() {
    for witnesses in [&QUORUM[..2], &[CITY, 320_100, 330_100]] {
        let receipt = signed(witnesses).receipt(7, 1).unwrap();
        assert_eq!(verify(&receipt), Err(ReceiptError::NotFinal));
    }
    assert!(verify(&receipt(1)).is_ok());
}

#[test]
fn a_receipt_is_of_one_gate_and_one_seal() {
    let good = receipt(1);
    let swapped = Receipt { record: good.seal.clone(), seal: good.record.clone() };
    assert!(verify(&swapped).is_err());
    // Another gate's certificate, and one of another key for the same gate.
    let extra = good.record.extra.clone().unwrap();
    let (_, entry) = Decoder::all(&extra, |d| {
        d.array_of(2)?;
        Ok::<_, CborError>((d.bytes()?.to_vec(), d.bytes()?.to_vec()))
    })
    .unwrap();
    for (number, seed) in [(8, 42), (7, 43)] {
        let key = crate::crypto::SigningKey::from_seed(&[seed; 32]).verifying_key();
        let spec = GateCertificateSpec {
            gate: GateId { member: id(CITY), number },
            venue: 1,
            service: 0,
            key,
            issued: time(2_000),
            not_before: time(2_000),
            expires: time(1_000_000_000),
        };
        let certificate = spec.sign(&crate::trust::test_federation::secret(CITY, Role::Registrar));
        let mut other = good.clone();
        other.record.extra =
            Some(Receipt::record_extra(&certificate, &Hash(*entry.first_chunk().unwrap()), &entry[32..]));
        assert!(matches!(verify(&other), Err(ReceiptError::Proof(TlogProofError::Note(_)))), "{number} {seed}");
    }
    // The record's proof under a checkpoint the city did not log.
    let mut gate = sealed(&[1, 2, 3]);
    gate.annul(2, time(NOW)).unwrap();
    let later = gate.seal().unwrap().unwrap();
    let mut other = good.clone();
    other.record.checkpoint = later.note().to_owned();
    other.record.hashes = gate.log().inclusion_proof(gate.storage(), 1, later.size()).unwrap();
    assert_eq!(verify(&other), Err(ReceiptError::OtherSeal));
    // An entry of the ledger that is no seal.
    let ledger = signed(&QUORUM);
    let enrolment = ledger.log().body(ledger.storage(), 0).unwrap();
    let genesis = crate::tlog::genesis(ledger.log().origin().as_str());
    let mut other = good.clone();
    other.seal.extra = Some([&genesis.0[..], &enrolment].concat());
    other.seal.index = 0;
    other.seal.hashes = ledger.log().inclusion_proof(ledger.storage(), 0, 2).unwrap();
    assert_eq!(verify(&other), Err(ReceiptError::OtherSeal));
    for proof in [|r: &mut Receipt| r.record.extra = None, |r: &mut Receipt| r.seal.extra = None] {
        let mut other = good.clone();
        proof(&mut other);
        assert_eq!(verify(&other), Err(ReceiptError::Extra));
    }
}

#[test]
fn every_byte_of_a_receipt_counts() {
    let good = receipt(1).to_text().into_bytes();
    let trust = history();
    for at in 0..good.len() {
        for flip in [1, 0x20, 0x80] {
            let mut changed = good.clone();
            changed[at] ^= flip;
            let refused = Receipt::parse(&changed).and_then(|receipt| receipt.verify(&trust));
            assert!(refused.is_err(), "byte {at}, bits {flip:#x}");
        }
        let cut = Receipt::parse(&good[..at]).and_then(|receipt| receipt.verify(&trust));
        assert!(cut.is_err(), "cut at {at}");
    }
    let long = [good, vec![b'a'; 2 * MAX_PROOF]].concat();
    assert_eq!(Receipt::parse(&long), Err(ReceiptError::Shape));
}

#[test]
fn sizes_are_bounded() {
    let half = |end: &str| format!("{HEADER}{}{end}", "a".repeat(MAX_PROOF - HEADER.len() - end.len()));
    let longest = [half("\n"), half("")].concat().into_bytes();
    assert_eq!(longest.len(), 2 * MAX_PROOF);
    let parsed = Receipt::parse(&longest);
    assert!(matches!(parsed, Err(ReceiptError::Proof(_))), "{parsed:?}");
    assert_eq!(Receipt::parse(&[&longest[..], b"a"].concat()), Err(ReceiptError::Shape));
    let entry = vec![7; MAX_ENTRY + 1];
    assert_eq!(body(&entry), Err(ReceiptError::Extra));
    assert_eq!(body(&entry[1..]), Ok(&entry[33..]));
    assert_eq!([body(&entry[..31]), body(&entry[..32])], [Err(ReceiptError::Extra), Ok(&[][..])]);
}

#[test]
fn another_entry_in_place_of_the_seal_makes_no_receipt() {
    let mut ledger = ledger_with(&sealed(&[1]));
    ledger.checkpoint().unwrap();
    ledger.receipt(7, 2).unwrap();
    let other = Entry::GateRetired { gate: 7 }.encode(time(NOW));
    ledger.storage.commit(&[Write::Put(Row::Entry { log: LEDGER, index: 1 }, other)]).unwrap();
    assert!(matches!(ledger.receipt(7, 2), Err(NoReceipt::NotLogged { index: 2, .. })));
}
