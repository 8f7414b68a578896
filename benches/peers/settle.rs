//! Over-use and settlement of a million redemptions in memory, beside one hash over their records.

use crate::rounds::Entry;
use onecard::crypto::sha256;
use onecard_testkit::day;
use onecard_testkit::settled::{decided_and_settled, record, uses};
use std::hint::black_box;

const REDEMPTIONS: u32 = 1_000_000;

pub(crate) fn entries() -> Vec<Entry> {
    const RAW: &str = "sha256_records";
    let uses = uses(REDEMPTIONS);
    let records: Vec<u8> = uses.iter().flat_map(record).collect();
    let bundle = day::bundle();
    let items = REDEMPTIONS.into();
    vec![
        Entry::new(RAW, RAW, move || sha256(&[black_box(&records)])).items(items),
        Entry::new("settle_1m", RAW, move || decided_and_settled(black_box(&uses), &bundle)).items(items),
    ]
}
