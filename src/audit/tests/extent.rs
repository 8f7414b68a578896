//! Tests of `extent.rs`.

use super::*;
use crate::audit::MemoryFiles;
use crate::crypto::sha256;
use crate::tlog::{encode_bundle_entry, leaf_hash};

fn entry(at: u8) -> Vec<u8> {
    [[at; 32].as_slice(), &[at]].concat()
}

/// No reading looks at it.
const SEALED: Sealed = Sealed { same: 0, size: 0, damaged: false };

/// Whether the journal of these entries, which are in one bundle, is as it was when it was read.
fn is_same(extent: &Extent, bundle: &str, entries: &[Vec<u8>]) -> bool {
    let mut bytes = Vec::new();
    entries.iter().for_each(|entry| encode_bundle_entry(&mut bytes, &[entry]).unwrap());
    let files = MemoryFiles::from([(format!("journal/1/1/tile/entries/{bundle}"), bytes)]);
    extent.read_again(&files, "journal/1/1", |_, _| ())
}

/// Its last link does not say what the others are.
#[test]
fn a_journal_whose_chain_is_broken_is_told_by_its_root() {
    let entries = [entry(1), entry(2), entry(3)];
    let mut tree = Frontier::new();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    let (last, root) = (leaf_hash(&entries[2]), tree.root());
    let before = sha256(&[b"elsewhere"]);
    let extent = Extent { size: 3, pruned: 0, read: 3, before, last, chained: false, root, sealed: SEALED };
    let same = |entries: &[Vec<u8>]| is_same(&extent, "000.p/3", entries);
    assert!(same(&entries));
    for other in 0..3 {
        let mut changed = entries.clone();
        changed[other][32] ^= 1;
        assert!(!same(&changed), "{other}");
        assert!(!same(&entries[..other]), "{other} of them are left");
    }
}

/// What the first record follows counts as what any other does, and so does a record that is shorter than a link.
#[test]
fn every_reading_checks_the_first_link_and_the_length_of_each_entry() {
    let first = entry(1);
    let second = [&leaf_hash(&first).0[..], &[2]].concat();
    let is_same = |before: u8, entries: &[Vec<u8>], chained| {
        let mut tree = Frontier::new();
        entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        let (read, last, root) = (entries.len() as u64, leaf_hash(entries.last().unwrap()), tree.root());
        let before = Hash([before; 32]);
        let extent = Extent { size: read, pruned: 0, read, before, last, chained, root, sealed: SEALED };
        is_same(&extent, &format!("000.p/{read}"), entries)
    };
    let good = [first.clone(), second];
    assert_eq!([true, false].map(|chained| is_same(1, &good, chained)), [true, false]);
    assert_eq!([true, false].map(|chained| is_same(2, &good, chained)), [false, true], "of another beginning");
    let short = [first.clone(), first[..31].to_vec()];
    assert_eq!([true, false].map(|chained| is_same(1, &short, chained)), [false, true], "shorter than a link");
}

/// Its root follows from the pruned ones, too.
#[test]
fn a_pruned_journal_whose_chain_is_broken_is_told_by_its_last_record() {
    let entries = [entry(1), entry(2), entry(3)];
    let (last, root) = (leaf_hash(&entries[2]), sha256(&[b"the root of all"]));
    let before = Hash([1; 32]);
    let extent = Extent { size: 259, pruned: 256, read: 259, before, last, chained: false, root, sealed: SEALED };
    let same = |entries: &[Vec<u8>]| is_same(&extent, "001.p/3", entries);
    assert!(same(&entries));
    assert!(!same(&[entry(1), entry(2), entry(4)]));
}

/// It ends with the same record, which is not read twice in place of the one that is gone.
#[test]
fn a_pruned_journal_that_has_lost_a_record_is_not_the_same() {
    let entries = [entry(1), entry(2)];
    let (last, root) = (leaf_hash(&entries[1]), sha256(&[b"the root of all"]));
    let before = Hash([1; 32]);
    let extent = Extent { size: 600, pruned: 256, read: 258, before, last, chained: false, root, sealed: SEALED };
    let same = |entries: &[Vec<u8>]| is_same(&extent, "001", entries);
    assert!(same(&entries));
    assert!(!same(&entries[1..]));
}
