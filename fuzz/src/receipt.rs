//! A receipt that is parsed is its own text; one that verifies says what was logged, and no damage
//! makes it say anything else.
//!
//! The input is a receipt as received; its first bytes also say where to damage a good one.

use super::federation::{CITIES, LIST, id, secret, time};
use super::site::{BUNDLE, CERTIFICATE, NOW, code, open};
use onecard::gate::{Record, Scan};
use onecard::ledger::{Ledger, Receipt, witness_name};
use onecard::tlog::MemoryStorage;
use onecard::trust::{Role, TrustHistory};
use std::sync::LazyLock;

/// A receipt of the second redemption at the gate, cosigned by both other cities.
pub static GOOD: LazyLock<Receipt> = LazyLock::new(|| receipt(&CITIES[1..]));

static LISTS: LazyLock<TrustHistory> = LazyLock::new(|| LIST.clone().into());

pub fn run(data: &[u8]) {
    if let Ok(receipt) = Receipt::parse(data) {
        assert_eq!(receipt.to_text().as_bytes(), data, "parsed, but another text");
        let sealed = data.windows(receipt.journal_checkpoint().len());
        assert!(sealed.into_iter().any(|part| part == receipt.journal_checkpoint().as_bytes()), "not of its text");
        if let Ok(receipted) = receipt.verify(&LISTS) {
            assert_eq!(Ok(receipted), GOOD.verify(&LISTS), "a receipt of what was never logged");
        }
    }
    let expected = GOOD.verify(&LISTS).unwrap();
    let Record::Redeemed(redemption) = &expected.record else { panic!("not a redemption") };
    assert_eq!((expected.gate.number, expected.index, redemption.time), (7, 3, time(NOW + 1)));
    let mut text = GOOD.to_text().into_bytes();
    for damage in data.chunks_exact(4).take(3) {
        let at = usize::from(u16::from_be_bytes([damage[0], damage[1]])) % text.len();
        match damage[2] % 3 {
            0 => text[at] ^= damage[3],
            1 => text.insert(at, damage[3]),
            _ => drop(text.drain(at..(at + usize::from(damage[3])).min(text.len() - 1))),
        }
    }
    if let Ok(receipt) = Receipt::parse(&text) {
        assert_eq!(receipt.to_text().as_bytes(), text, "parsed, but another text");
        if let Ok(receipted) = receipt.verify(&LISTS) {
            assert_eq!(receipted, expected, "damage makes it say something else");
        }
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let good = GOOD.to_text();
    let (first, second) = good.split_at(good.rfind("c2sp.org/tlog-proof").unwrap());
    vec![
        ("good", good.clone().into_bytes()),
        ("one-witness", receipt(&CITIES[1..2]).to_text().into_bytes()),
        ("swapped", [second, first].concat().into_bytes()),
        ("half", first.into()),
        ("damage", vec![1, 0, 0, 1, 3, 0, 1, b'x', 5, 0, 2, 9]),
    ]
}

fn receipt(witnesses: &[u32]) -> Receipt {
    let mut gate = open(MemoryStorage::new(), &BUNDLE, NOW).unwrap();
    for visitor in 0..2 {
        let at = NOW + i64::from(visitor);
        gate.admit(Scan::text(code(visitor, Some(at)).as_bytes()), time(at));
    }
    gate.seal().unwrap();
    let segment = gate.segment(0).unwrap().unwrap();
    let member = id(CITIES[0]);
    let mut ledger =
        Ledger::open(MemoryStorage::new(), member, secret(CITIES[0], Role::Log), LIST.clone(), Default::default())
            .unwrap();
    ledger.enrol(&CERTIFICATE, time(NOW)).unwrap();
    ledger.ingest(&segment, time(NOW + 5)).unwrap();
    let checkpoint = ledger.checkpoint().unwrap();
    let cosign = |code: &u32| {
        let name = witness_name(&LIST, id(*code)).unwrap();
        checkpoint.checkpoint().cosign(&name, &secret(*code, Role::Witness), time(NOW + 6))
    };
    let lines: String = witnesses.iter().map(cosign).collect();
    ledger.cosigned(&lines, time(NOW + 7)).unwrap();
    ledger.receipt(7, 3).unwrap()
}
