//! An audit beside what it cannot do without: the hashes of its entries, and the signatures of its evidence.
//!
//! The day for the hashes is larger, so that its few signatures, of lists, certificates and seals, are not what is
//! measured.

use crate::rounds::Entry;
use onecard::audit::{Depth, Files, MemoryFiles, Options, audit};
use onecard::crypto::{KnownKey, SigningKey, VerifyingKey, sha256};
use onecard::gate::{Decision, Scan};
use onecard::id::PassId;
use onecard::tlog::{BundleEntries, Resource, TILE_WIDTH, genesis, leaf_hash, node_hash};
use onecard_store::Folder;
use onecard_testkit::day::{self, CITIES, Day, OPEN};
use onecard_testkit::played::played;
use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::rc::Rc;

/// Visits of the day, by one pass each.
const VISITS: u64 = 40_000;
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
    let deeper = |name, baseline, depth, threads| {
        let files = Rc::clone(&shown);
        let run = move || {
            let report = audit(&*files, &Options { depth, threads, ..Options::default() });
            assert!(report.is_clean() && report.counts.redemptions == VISITS, "{:?}", report.findings);
        };
        Entry::new(name, baseline, run).items(VISITS)
    };
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
        integrity(INTEGRITY, HASHES, &recorded, RECORDED, 1),
        integrity("audit_integrity_two_cores", INTEGRITY, &recorded, RECORDED, 2),
        signatures(SIGNATURES),
        deeper(ONE, SIGNATURES, Depth::Evidence, 1),
        deeper("audit_evidence_two_cores", ONE, Depth::Evidence, 2),
        deeper("audit_policy", ONE, Depth::Policy, 1),
    ]
}

/// The integrity of a directory that `four_cities --out` wrote, named by `ONECARD_DAY`: nothing without one.
pub(crate) fn directory() -> Vec<Entry> {
    const HASHES: &str = "day_sha256";
    const ONE: &str = "day_integrity";
    let Some(directory) = env::var_os("ONECARD_DAY") else { return Vec::new() };
    let folder = Rc::new(Folder::new(directory));
    let names = folder.list().paths;
    assert!(!names.is_empty(), "ONECARD_DAY names a directory");
    let read = |name: &String| folder.read(name).unwrap().unwrap().into_owned();
    let without_evidence = names.iter().filter(|name| !name.starts_with("evidence/"));
    let files: Rc<MemoryFiles> = Rc::new(without_evidence.map(|name| (name.clone(), read(name))).collect());
    let entries = entries_of(&files);
    let records = entries.len() as u64;
    let hashes = move || {
        for entry in &entries {
            let link = leaf_hash(black_box(entry));
            black_box(node_hash(&link, &link));
        }
    };
    let all = Rc::clone(&folder);
    let paths: Vec<String> = files.keys().cloned().collect();
    let hashes_read = move || {
        for (path, bytes) in paths.iter().map(|path| (path, all.read(path).unwrap().unwrap())) {
            let bundle = path.find("tile/entries/").and_then(|at| path[at..].parse::<Resource>().ok());
            let entries = bundle.filter(|bundle| bundle.id().is_full()).map(|_| BundleEntries::new(&bytes, TILE_WIDTH));
            for entry in entries.into_iter().flatten() {
                let link = leaf_hash(entry.unwrap());
                black_box(node_hash(&link, &link));
            }
        }
    };
    vec![
        Entry::new(HASHES, HASHES, hashes).items(records),
        Entry::new("day_sha256_read", HASHES, hashes_read).items(records),
        integrity("day_integrity_in_memory", HASHES, &files, records, 1),
        integrity(ONE, HASHES, &folder, records, 1),
        integrity("day_integrity_two_cores", ONE, &folder, records, 2),
    ]
}

/// The entries of all journals, as they are published.
fn entries_of(files: &MemoryFiles) -> Vec<Vec<u8>> {
    // Of a bundle that was published before it was full, the widest has all.
    let mut bundles = BTreeMap::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("journal/")) {
        let Some((journal, path)) = name.find("tile/").map(|at| name.split_at(at)) else { continue };
        if let Ok(Resource::Entries(id)) = path.parse() {
            let widest = bundles.entry((journal, id.index())).or_insert((id.width(), bytes));
            *widest = (*widest).max((id.width(), bytes));
        }
    }
    let entries = |&(width, bytes): &(u16, &Vec<u8>)| {
        BundleEntries::new(bytes, width).map(|entry| entry.unwrap().to_vec()).collect::<Vec<_>>()
    };
    bundles.values().flat_map(entries).collect()
}

/// An audit for integrity of as many records as there are.
fn integrity<F: Files + 'static>(
    name: &'static str,
    baseline: &'static str,
    files: &Rc<F>,
    records: u64,
    threads: usize,
) -> Entry {
    let files = Rc::clone(files);
    let run = move || {
        let report = audit(&*files, &Options { depth: Depth::Integrity, threads, ..Options::default() });
        assert!(report.is_clean() && report.counts.records >= records, "{:?}", report.findings);
    };
    Entry::new(name, baseline, run).items(records)
}

/// The issuer's signature under a known key, then the holder's under a key that was never seen.
fn signatures(name: &'static str) -> Entry {
    let issuer = SigningKey::from_seed(&[1; 32]);
    let known = KnownKey::new(issuer.verifying_key());
    // As many as an audit reads, since memory is waited for, too.
    let sign = |number: u64| {
        let holder = SigningKey::from_seed(&[number as u8; 32]);
        let (mut pass, mut shown) = (PASS, PRESENTATION);
        pass[..8].copy_from_slice(&number.to_be_bytes());
        shown[..8].copy_from_slice(&number.to_be_bytes());
        (pass, issuer.sign(&pass), *holder.verifying_key().as_bytes(), shown, holder.sign(&shown))
    };
    let signed: Vec<_> = (0..VISITS).map(sign).collect();
    let verify = move || {
        for (pass, by_issuer, holder, shown, by_holder) in &signed {
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
