//! Files changed by who has no key: on the way, on a disk, or by a mirror that lies.

use super::case::Case;
use crate::day::{self, AFTER, OPEN, secret, time};
use crate::script::Damage::{Files, Said};
use crate::script::HUANGPU;
use onecard::audit::MemoryFiles;
use onecard::product::Price;
use onecard::tlog::{BundleEntries, encode_bundle_entry};
use onecard::trust::{CatalogueSpec, Role, Status, StatusListSpec};

const TRUST: &str = "trust/trust-list-1.cose";
const CATALOGUE: &str = "trust/catalogue-310101-1.cose";
const NEXT_CATALOGUE: &str = "trust/catalogue-310101-2.cose";
const STATUS: &str = "trust/status-310101-1.cose";
const LEDGER: &str = "ledger/310101/checkpoint";
const LEDGER_TILE: &str = "ledger/310101/tile/0/000.p/8";
const LEDGER_ENTRIES: &str = "ledger/310101/tile/entries/000.p/8";
const JOURNAL: &str = "journal/310101/1/checkpoint";
const JOURNAL_TILE: &str = "journal/310101/1/tile/0/000.p/5";
const JOURNAL_ENTRIES: &str = "journal/310101/1/tile/entries/000.p/5";
const EVIDENCE: &str = "evidence/310101/1/000.p/5";
const OLDER_EVIDENCE: &str = "evidence/310101/1/000.p/3";
const STATEMENT: &str = "statement.cbor";

pub(super) const CASES: &[Case] = &[
    ("nothing", Files(|_| {})),
    ("trust-list-flipped", Files(|files| flip_last(files, TRUST))),
    ("trust-list-missing", Files(|files| remove(files, TRUST))),
    ("trust-list-misnamed", Files(|files| rename(files, TRUST, "trust/trust-list-2.cose"))),
    ("catalogue-flipped", Files(|files| flip_last(files, CATALOGUE))),
    ("catalogue-missing", Files(|files| remove(files, CATALOGUE))),
    ("catalogue-misnamed", Files(|files| rename(files, CATALOGUE, NEXT_CATALOGUE))),
    ("catalogue-replaced", Files(|files| _ = files.insert(CATALOGUE.into(), other_catalogue(1)))),
    ("catalogue-cheaper", Said(|script| script.publish_instead(HUANGPU, CATALOGUE, other_catalogue(1)))),
    ("catalogue-changes-a-product", Files(|files| _ = files.insert(NEXT_CATALOGUE.into(), other_catalogue(2)))),
    ("status-list-flipped", Files(|files| flip_last(files, STATUS))),
    ("status-list-missing", Files(|files| remove(files, STATUS))),
    ("status-list-misnamed", Files(|files| rename(files, STATUS, "trust/status-320100-2.cose"))),
    ("status-list-replaced", Files(|files| _ = files.insert(STATUS.into(), revoking(2)))),
    ("status-list-revokes", Said(|script| script.publish_instead(HUANGPU, STATUS, revoking(1)))),
    ("status-list-twice", Files(|files| _ = files.insert("trust/status-310101-2.cose".into(), revoking(2)))),
    (
        "status-list-numbered-with-a-gap",
        Files(|files| _ = files.insert("trust/status-310101-3.cose".into(), issued(0))),
    ),
    ("status-list-numbered-from-nothing", Files(|files| rename(files, STATUS, "trust/status-310101-2.cose"))),
    (
        "status-list-before-an-earlier-one",
        Files(|files| _ = files.insert("trust/status-310101-2.cose".into(), issued(-3_601))),
    ),
    ("catalogue-not-recorded", Files(|files| _ = files.insert(NEXT_CATALOGUE.into(), next_catalogue()))),
    ("ledger-missing", Files(|files| files.retain(|path, _| !path.starts_with("ledger/310101/")))),
    ("ledger-checkpoint-flipped", Files(|files| flip(files, LEDGER, 30))),
    ("ledger-checkpoint-missing", Files(|files| remove(files, LEDGER))),
    ("ledger-checkpoint-of-another-log", Files(another_log)),
    ("ledger-checkpoint-oversize", Files(|files| files.get_mut(LEDGER).unwrap().resize(16_385, b'\n'))),
    ("ledger-cosignature-flipped", Files(|files| flip(files, LEDGER, 300))),
    ("ledger-signed-by-nobody", Files(|files| files.get_mut(LEDGER).unwrap().extend("— zzz AAAAAAAA\n".bytes()))),
    ("ledger-tile-flipped", Files(|files| flip(files, LEDGER_TILE, 0))),
    ("ledger-tile-truncated", Files(|files| truncate(files, LEDGER_TILE, 1))),
    ("ledger-tile-missing", Files(|files| remove(files, LEDGER_TILE))),
    ("ledger-entry-flipped", Files(|files| flip_entry(files, LEDGER_ENTRIES, 0))),
    ("ledger-entries-truncated", Files(|files| truncate(files, LEDGER_ENTRIES, 1))),
    (
        "ledger-cut-before-the-seals",
        Files(|files| change_entries(files, LEDGER_ENTRIES, |entries| entries.truncate(5))),
    ),
    (
        "ledger-cut-before-the-last-seal",
        Files(|files| change_entries(files, "ledger/320100/tile/entries/000.p/10", |entries| entries.truncate(6))),
    ),
    ("ledger-entries-missing", Files(|files| remove(files, LEDGER_ENTRIES))),
    ("journal-missing", Files(|files| files.retain(|path, _| !path.starts_with("journal/310101/1/")))),
    ("journal-checkpoint-flipped", Files(|files| flip(files, JOURNAL, 30))),
    (
        "journal-checkpoint-with-another-line",
        Files(|files| files.get_mut(JOURNAL).unwrap().extend("— zzz AAAAAAAA\n".bytes())),
    ),
    ("journal-tile-flipped", Files(|files| flip(files, JOURNAL_TILE, 159))),
    ("journal-tile-truncated", Files(|files| truncate(files, JOURNAL_TILE, 32))),
    ("journal-tile-missing", Files(|files| remove(files, JOURNAL_TILE))),
    ("journal-record-flipped", Files(|files| flip_entry(files, JOURNAL_ENTRIES, 2))),
    ("journal-record-dropped", Files(|files| change_entries(files, JOURNAL_ENTRIES, |entries| _ = entries.remove(3)))),
    ("journal-records-swapped", Files(|files| change_entries(files, JOURNAL_ENTRIES, |entries| entries.swap(2, 3)))),
    ("journal-entries-truncated", Files(|files| truncate(files, JOURNAL_ENTRIES, 1))),
    ("journal-entries-missing", Files(|files| remove(files, JOURNAL_ENTRIES))),
    ("journal-entries-oversize", Files(|files| files.get_mut(JOURNAL_ENTRIES).unwrap().resize((64 << 20) + 1, 0))),
    ("journal-older-tile-flipped", Files(older_tile)),
    ("journal-older-entries", Files(|files| older_entries(files, |_| {}))),
    (
        "journal-older-entries-flipped",
        Files(|files| older_entries(files, |entries| *entries[2].last_mut().unwrap() ^= 1)),
    ),
    (
        "journal-missing-and-its-statement-flipped",
        Files(|files| {
            files.retain(|path, _| !path.starts_with("journal/310101/1/"));
            flip_last(files, STATEMENT);
        }),
    ),
    ("evidence-flipped", Files(|files| flip_entry(files, EVIDENCE, 2))),
    ("evidence-of-another-pass", Files(|files| change_entries(files, EVIDENCE, |entries| entries.swap(2, 3)))),
    ("evidence-of-no-redemption", Files(|files| change_entries(files, EVIDENCE, |entries| entries[0] = vec![1]))),
    ("evidence-malformed", Files(|files| truncate(files, EVIDENCE, 1))),
    ("evidence-erased", Files(|files| change_entries(files, EVIDENCE, |entries| entries[2].clear()))),
    ("evidence-pruned", Files(|files| remove(files, EVIDENCE))),
    ("evidence-of-an-earlier-size", Files(|files| older_evidence(files, |_| {}))),
    ("evidence-of-an-earlier-size-erased", Files(|files| older_evidence(files, |entries| entries[2].clear()))),
    (
        "evidence-of-an-earlier-size-flipped",
        Files(|files| older_evidence(files, |entries| *entries[2].last_mut().unwrap() ^= 1)),
    ),
    (
        "evidence-of-an-earlier-size-and-no-redemption",
        Files(|files| older_evidence(files, |entries| entries[1] = vec![1])),
    ),
    ("evidence-of-an-earlier-size-truncated", Files(truncated_evidence)),
    (
        "evidence-of-an-earlier-size-flipped-and-a-checkpoint-too",
        Files(|files| {
            older_evidence(files, |entries| *entries[2].last_mut().unwrap() ^= 1);
            flip(files, JOURNAL, 30);
        }),
    ),
    (
        "evidence-of-an-earlier-size-of-a-damaged-journal",
        Files(|files| {
            older_evidence(files, |entries| *entries[2].last_mut().unwrap() ^= 1);
            truncate(files, JOURNAL_ENTRIES, 1);
        }),
    ),
    (
        "evidence-of-an-earlier-size-truncated-and-a-damaged-journal",
        Files(|files| {
            truncated_evidence(files);
            truncate(files, JOURNAL_ENTRIES, 1);
        }),
    ),
    ("statement-flipped", Files(|files| flip_last(files, STATEMENT))),
    ("statement-missing", Files(|files| remove(files, STATEMENT))),
    ("ledger-tile-of-a-later-size", Files(|files| later_tile(files, 0))),
    ("ledger-tile-of-a-later-size-flipped", Files(|files| later_tile(files, 1))),
    ("evidence-of-an-earlier-size-only", Files(|files| earlier_evidence(files, |_| {}))),
    (
        "evidence-of-an-earlier-size-only-flipped",
        Files(|files| earlier_evidence(files, |entries| *entries[2].last_mut().unwrap() ^= 1)),
    ),
    (
        "evidence-of-a-later-size",
        Files(|files| {
            let later = [&files[EVIDENCE][..], &[0, 1, 7]].concat();
            files.insert("evidence/310101/1/000.p/6".into(), later);
        }),
    ),
    ("extra-list", Files(|files| add(files, "trust/catalogue-310101-01.cose"))),
    ("extra-tile", Files(|files| add(files, "ledger/310101/tile/9/000"))),
    ("extra-file-in-a-journal", Files(|files| add(files, "journal/310101/1/readme"))),
    ("extra-evidence", Files(|files| add(files, "evidence/310101/1/000.p/6"))),
    ("extra-evidence-of-another-name", Files(|files| add(files, "evidence/310101/1/readme"))),
    ("stray-of-a-finder", Files(|files| add(files, "trust/.DS_Store"))),
    ("stray-copy", Files(|files| add(files, "ledger/310101/checkpoint.bak"))),
    ("stray-empty-directory", Files(|files| add(files, "ledger/310101/tile/1/"))),
    ("leftover-of-a-ledger", Files(|files| add(files, "ledger/310101/tile/entries/000.p/97.new"))),
    ("leftover-of-evidence", Files(|files| add(files, "evidence/310101/1/000.p/97.new"))),
    ("name-that-is-no-text", Files(|files| add(files, "journal/310101/1/\u{fffd}"))),
    ("extra-gate", Files(|files| add(files, "journal/310101/77/checkpoint"))),
    ("extra-member", Files(|files| add(files, "ledger/999999/checkpoint"))),
    ("file-in-place-of-a-directory", Files(|files| add(files, "evidence/310101/1"))),
];

fn flip(files: &mut MemoryFiles, path: &str, at: usize) {
    files.get_mut(path).unwrap()[at] ^= 1;
}

fn flip_last(files: &mut MemoryFiles, path: &str) {
    *files.get_mut(path).unwrap().last_mut().unwrap() ^= 1;
}

fn truncate(files: &mut MemoryFiles, path: &str, by: usize) {
    let bytes = files.get_mut(path).unwrap();
    bytes.truncate(bytes.len() - by);
}

fn remove(files: &mut MemoryFiles, path: &str) {
    files.remove(path).unwrap();
}

fn rename(files: &mut MemoryFiles, from: &str, to: &str) {
    let bytes = files.remove(from).unwrap();
    files.insert(to.into(), bytes);
}

fn add(files: &mut MemoryFiles, path: &str) {
    assert!(files.insert(path.into(), vec![1]).is_none());
}

fn change_entries(files: &mut MemoryFiles, path: &str, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let bundle = files.get_mut(path).unwrap();
    let width = path.rsplit('/').next().unwrap().parse().unwrap();
    let mut entries: Vec<Vec<u8>> = BundleEntries::new(bundle, width).map(|entry| entry.unwrap().to_vec()).collect();
    change(&mut entries);
    bundle.clear();
    entries.iter().for_each(|entry| encode_bundle_entry(bundle, &[entry]).unwrap());
}

/// Flips the last bit of an entry.
fn flip_entry(files: &mut MemoryFiles, path: &str, at: usize) {
    change_entries(files, path, |entries| *entries[at].last_mut().unwrap() ^= 1);
}

fn another_log(files: &mut MemoryFiles) {
    let other = files["ledger/320100/checkpoint"].clone();
    files.insert(LEDGER.into(), other);
}

/// A tile of an earlier size, as publishers may leave behind, but not what it was.
fn older_tile(files: &mut MemoryFiles) {
    let older = files[JOURNAL_TILE][..64].to_vec();
    files.insert("journal/310101/1/tile/0/000.p/2".into(), older.clone());
    files.insert("journal/310101/1/tile/0/000.p/1".into(), older[32..].to_vec());
}

/// What a bundle was at an earlier size, when it had three entries, as publishers may leave behind; then it is changed.
fn older(files: &mut MemoryFiles, (path, older): (&str, &str), change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut before = MemoryFiles::from([(path.to_owned(), files[path].clone())]);
    change_entries(&mut before, path, |entries| {
        entries.truncate(3);
        change(entries);
    });
    files.extend(before.into_values().map(|bundle| (older.to_owned(), bundle)));
}

fn older_entries(files: &mut MemoryFiles, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    older(files, (JOURNAL_ENTRIES, "journal/310101/1/tile/entries/000.p/3"), change);
}

fn older_evidence(files: &mut MemoryFiles, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    older(files, (EVIDENCE, OLDER_EVIDENCE), change);
}

/// The tile with one more link, published before its checkpoint; what it starts with is changed by `bits`.
fn later_tile(files: &mut MemoryFiles, bits: u8) {
    let mut later = [&files[LEDGER_TILE][..], &[7; 32]].concat();
    later[0] ^= bits;
    files.insert("ledger/310101/tile/0/000.p/9".into(), later);
}

/// The evidence of the first three records, changed, and not that of the others.
fn earlier_evidence(files: &mut MemoryFiles, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    older_evidence(files, change);
    remove(files, EVIDENCE);
}

fn truncated_evidence(files: &mut MemoryFiles) {
    older_evidence(files, |_| {});
    truncate(files, OLDER_EVIDENCE, 1);
}

/// Huangpu's catalogue with another price of the passes of product 2, by its registrar.
fn other_catalogue(sequence: u64) -> Vec<u8> {
    let mut spec = CatalogueSpec { sequence, ..day::catalogue_spec(HUANGPU) };
    spec.products[1].grants[0].price = Price::Off(4_000);
    spec.products[0].settlement.price_fen = 1;
    spec.venues[0].price_fen = 900;
    spec.sign(&secret(HUANGPU, Role::Registrar))
}

/// Huangpu's next catalogue, with a dearer venue.
fn next_catalogue() -> Vec<u8> {
    let mut spec = CatalogueSpec { sequence: 2, ..day::catalogue_spec(HUANGPU) };
    spec.venues[0].price_fen += 1;
    spec.sign(&secret(HUANGPU, Role::Registrar))
}

/// A status list of Huangpu that was issued so long after the day began.
fn issued(after: i64) -> Vec<u8> {
    let spec = StatusListSpec::new(format!("oc:{HUANGPU}/1"), time(OPEN + after), time(AFTER), 256);
    spec.sign(&secret(HUANGPU, Role::Issuer))
}

/// Huangpu's status list, by its issuer, with one of its passes revoked.
fn revoking(index: u32) -> Vec<u8> {
    let mut spec = StatusListSpec::new(format!("oc:{HUANGPU}/1"), time(OPEN - 3_600), time(AFTER), 256);
    assert!(spec.set(index, Status::Revoked));
    spec.sign(&secret(HUANGPU, Role::Issuer))
}
