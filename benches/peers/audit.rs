//! An audit beside what it cannot do without: the hashes of its entries, and the signatures of its evidence.
//!
//! The day for the hashes is larger, so that its few signatures, of lists, certificates and seals, are not what is
//! measured.

use crate::day::{self, CITIES, Day, OPEN};
use crate::played::played;
use crate::rounds::Entry;
use onecard::audit::{Depth, MemoryFiles, Options, audit};
use onecard::crypto::{KnownKey, SigningKey, VerifyingKey, sha256};
use onecard::gate::{Decision, Scan};
use onecard::id::PassId;
use onecard::tlog::genesis;
use std::hint::black_box;
use std::rc::Rc;

/// Visits of the day, by one pass each.
const VISITS: u64 = 20_000;
/// Redemptions of the day of which only what was recorded is there.
const RECORDED: u64 = 400_000;
/// Bytes of a record, and of what is signed in a pass and in a presentation.
const RECORD: [u8; 86] = [0x5a; 86];
const PASS: [u8; 200] = [0x5b; 200];
const PRESENTATION: [u8; 330] = [0x5c; 330];

pub(crate) fn entries() -> Vec<Entry> {
    const HASHES: &str = "sha256_entries";
    const SIGNATURES: &str = "evidence_signatures";
    const ONE: &str = "audit_evidence";
    const INTEGRITY: &str = "audit_integrity";
    let (recorded, shown) = (Rc::new(played(RECORDED).1), Rc::new(published()));
    let audited = |name, baseline, files: &Rc<MemoryFiles>, visits, depth, threads| {
        let files = Rc::clone(files);
        let run = move || {
            let report = audit(&*files, &Options { depth, threads, ..Options::default() });
            assert!(report.is_clean() && report.counts.redemptions == visits, "{:?}", report.findings);
        };
        Entry::new(name, baseline, run).items(visits)
    };
    let integrity = |name, baseline, threads| audited(name, baseline, &recorded, RECORDED, Depth::Integrity, threads);
    let deeper = |name, baseline, depth, threads| audited(name, baseline, &shown, VISITS, depth, threads);
    let hashes = || {
        let mut link = genesis("onecard.test/310101");
        for _ in 0..RECORDED {
            link = sha256(&[&[0], &link.0, black_box(&RECORD)]);
            black_box(sha256(&[&[1], &link.0, &link.0]));
        }
        link
    };
    vec![
        Entry::new(HASHES, HASHES, hashes).items(RECORDED),
        integrity(INTEGRITY, HASHES, 1),
        integrity("audit_integrity_two_cores", INTEGRITY, 2),
        signatures(SIGNATURES),
        deeper(ONE, SIGNATURES, Depth::Evidence, 1),
        deeper("audit_evidence_two_cores", ONE, Depth::Evidence, 2),
        deeper("audit_policy", ONE, Depth::Policy, 1),
    ]
}

/// The issuer's signature under a known key, then the holder's under a key that was never seen.
fn signatures(name: &'static str) -> Entry {
    let issuer = SigningKey::from_seed(&[1; 32]);
    let known = KnownKey::new(issuer.verifying_key());
    let sign = |number: u8| {
        let holder = SigningKey::from_seed(&[number; 32]);
        let (mut pass, mut shown) = (PASS, PRESENTATION);
        (pass[0], shown[0]) = (number, number);
        (pass, issuer.sign(&pass), *holder.verifying_key().as_bytes(), shown, holder.sign(&shown))
    };
    let signed: Vec<_> = (0..=u8::MAX).map(sign).collect();
    let verify = move || {
        for (pass, by_issuer, holder, shown, by_holder) in signed.iter().cycle().take(VISITS as usize) {
            assert!(known.verify(pass, by_issuer).is_ok());
            assert!(VerifyingKey::from_signed_bytes(holder).is_ok_and(|key| key.verify(shown, by_holder).is_ok()));
        }
    };
    Entry::new(name, name, verify).items(VISITS)
}

/// A day at four gates of two cities, final and published with all its evidence.
fn published() -> MemoryFiles {
    let mut day = Day::open();
    for number in 0..VISITS {
        let mut id = [7; 10];
        id[2..].copy_from_slice(&number.to_be_bytes());
        let pass = day::pass(CITIES[0], number as u8, 1, |claims| claims.pass = PassId::from_bytes(id));
        let at = OPEN + number as i64;
        let code = day::code(&pass, number as u8, at);
        let gate = day.gate(number as usize % 2, number as usize / 2 % 2);
        let decision = gate.admit(Scan::text(code.as_bytes()), day::time(at));
        assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
    }
    for (city, gate) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        day.deliver(city, gate, OPEN + VISITS as i64);
    }
    day.finish(OPEN + VISITS as i64 + 1);
    day.files()
}
