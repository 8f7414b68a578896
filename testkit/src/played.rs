//! A day of as many redemptions as are wanted, recorded without deciding anything: for what does not depend on the
//! signatures of visitors.

use crate::day::{CITIES, Day, OPEN, gate_certificate, gate_secret, id, time};
use onecard::audit::MemoryFiles;
use onecard::crypto::sha256;
use onecard::gate::{Record, Redemption, Segment, SegmentRecord};
use onecard::id::{GateId, PassId, PassKey};
use onecard::product::PassFacts;
use onecard::tlog::{Log, LogKey, MemoryStorage, SignedCheckpoint};
use std::time::{Duration, Instant};

/// Records in one segment.
const SEGMENT: u64 = 100_000;
/// Redemptions of one pass.
const VISITS: u64 = 5;
/// The gates of the day: city and gate.
const GATES: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

/// The day as it is published, with its records and without evidence, and how long it took the cities to ingest it.
pub fn played(count: u64) -> (Duration, MemoryFiles) {
    let mut day = Day::open();
    GATES.iter().for_each(|&(city, gate)| day.deliver(city, gate, OPEN));
    let mut ingesting = Duration::ZERO;
    for (number, (city, gate)) in (0..).zip(GATES) {
        ingesting += play(&mut day, city, gate, |at| at * GATES.len() as u64 + number, count);
    }
    day.finish(OPEN + 50_000);
    (ingesting, day.files())
}

pub fn body(number: u64, count: u64, venue: u32) -> Vec<u8> {
    Record::Redeemed(redemption(number, count, venue)).encode()
}

/// Continues a gate's journal as the gate would, without deciding anything, and hands it to the city: tells how long
/// the city took.
fn play(day: &mut Day, city: usize, gate: usize, number: impl Fn(u64) -> u64, count: u64) -> Duration {
    let ledger = &mut day.cities[city].ledger;
    let gate = GateId { member: ledger.member(), number: gate as u32 + 1 };
    let key = gate_secret(gate);
    let copy = ledger.journals()[&gate.number].log();
    let (mut log, mut batch) = (Log::open(&MemoryStorage::new(), LogKey(0), copy.origin().as_str()).unwrap(), None);
    copy.replay(ledger.storage(), 0..copy.size(), |_, body| {
        batch.get_or_insert_with(|| log.begin()).push(body, None).is_ok()
    })
    .unwrap();
    log.apply(batch.expect("what a gate records when it opens")).unwrap();
    let mut ingesting = Duration::ZERO;
    let own = count / GATES.len() as u64;
    for first in (0..own).step_by(SEGMENT as usize) {
        let known = log.size();
        let mut batch = log.begin();
        let record = |at| {
            let body = body(number(at), count, gate.number);
            batch.push(&body, None).unwrap();
            SegmentRecord { body, evidence: None }
        };
        let records = (first..own.min(first + SEGMENT)).map(record).collect();
        log.apply(batch).unwrap();
        let checkpoint = SignedCheckpoint::sign(log.checkpoint(), &key).note().to_owned();
        let certificate = gate_certificate(gate);
        let segment = Segment { certificate, checkpoint, first: known, records };
        let begun = Instant::now();
        ledger.ingest(&segment, time(OPEN + 50_000)).unwrap();
        ingesting += begun.elapsed();
    }
    ingesting
}

/// Spreads numbers as if at random: SplitMix64.
pub fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// One of `count` redemptions of a day, in the order of time, at half of `venue`'s price: each pass returns at equal
/// intervals.
fn redemption(number: u64, count: u64, venue: u32) -> Redemption {
    let mut pass = [7; 10];
    pass[2..].copy_from_slice(&mixed(number % (count / VISITS)).to_be_bytes());
    Redemption {
        time: time(OPEN + i64::try_from(number * 40_000 / count).unwrap()),
        pass: PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes(pass) },
        product: (2, 1),
        grant: 0,
        party: 1,
        due_fen: 1_001 * venue / 2,
        flags: 0,
        facts: PassFacts { not_before: time(OPEN - 86_400), expires: time(OPEN + 30 * 86_400), holder_class: 0 },
        evidence: sha256(&[&number.to_be_bytes()]),
    }
}
