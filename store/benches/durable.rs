//! What durability costs, beside `append` and `fdatasync` of the same bytes in the same run, and how
//! much space and time a store of many records takes. See `benches/README.md`.
//!
//!     cargo bench -p onecard-store --bench durable [-- --records 1000000] [commits] [space] [reopening]
#![allow(missing_docs, reason = "a program")]

use onecard::crypto::sha256;
use onecard::gate::{Decision, Gate, Record, Redemption, Scan};
use onecard::id::{GateId, PassId, PassKey};
use onecard::product::PassFacts;
use onecard::tlog::{Log, LogKey, Series, Storage};
use onecard_store::RedbStorage;
use onecard_testkit::day::{self, CITIES, OPEN, bundle, gate_certificate, gate_secret, id, time};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const KEY: LogKey = LogKey(0);
/// Bytes of a presentation at the budget of the format.
const EVIDENCE: usize = 349;
/// Records in one commit while a store is filled.
const FILL: u64 = 4_096;
/// How often a store is reopened.
const REOPENED: u32 = 5;
/// Seconds from one visitor to the next in a journal that is filled.
const APART: u64 = 3;

fn gate_id() -> GateId {
    GateId { member: id(CITIES[0]), number: 1 }
}

fn origin() -> String {
    bundle().trust().journal_origin(gate_id())
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed(), done)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn tell(what: &str, time: Duration, reference: Duration) {
    let hundredths = time.as_nanos() * 100 / reference.as_nanos().max(1);
    println!("{what:<58} {:>9} us   {}.{:02}", time.as_micros(), hundredths / 100, hundredths % 100);
}

/// As issuers draw them: at random.
fn pass_id(number: u64) -> PassId {
    let drawn = sha256(&[&number.to_be_bytes()]);
    PassId::from_bytes(*drawn.0.first_chunk().unwrap())
}

fn codes(first: u64, count: u64) -> Vec<String> {
    let code = |number| day::code(&day::pass(CITIES[0], 1, 2, |claims| claims.pass = pass_id(number)), 1, OPEN);
    (first..first + count).map(code).collect()
}

/// The record of an admission, as a gate writes it, and what was shown. The `last` was shown at the opening, those
/// before it earlier.
fn record(number: u64, last: u64) -> (Vec<u8>, Vec<u8>) {
    let shown_at = OPEN - (last.saturating_sub(number) * APART) as i64;
    let evidence: Vec<u8> = (0..EVIDENCE.div_ceil(32) as u64)
        .flat_map(|part| sha256(&[&number.to_be_bytes(), &part.to_be_bytes()]).0)
        .take(EVIDENCE)
        .collect();
    let redemption = Redemption {
        time: time(shown_at),
        pass: PassKey { issuer: id(CITIES[0]), pass: pass_id(number) },
        product: (2, 1),
        grant: 0,
        party: 1,
        due_fen: 500,
        flags: 0,
        facts: PassFacts { not_before: time(OPEN - 86_400), expires: time(OPEN + 30 * 86_400), holder_class: 0 },
        evidence: sha256(&[&evidence]),
    };
    (Record::Redeemed(redemption).encode(), evidence)
}

/// A file that is appended to and synced: what every promise of durability is built of.
struct Appended(File);

impl Appended {
    fn new(path: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.sync_data().unwrap();
    }
}

/// Single admissions and groups of 256, each beside the file in turn.
fn commits(directory: &Path) {
    let storage = RedbStorage::create(&directory.join("gate")).unwrap();
    let certificate = gate_certificate(gate_id());
    let mut gate = Gate::open(storage, gate_secret(gate_id()), &certificate, bundle(), time(OPEN)).unwrap();
    let mut storage = RedbStorage::create(&directory.join("rows")).unwrap();
    let mut log = Log::open(&storage, KEY, &origin()).unwrap();
    let mut file = Appended::new(&directory.join("file"));
    println!("\n{:<58} {:>12}   ratio", "durable when it returns", "median");
    for (group, rounds) in [(1, 200), (256, 30)] {
        let [mut appends, mut admissions, mut records] = [(); 3].map(|()| Vec::new());
        for round in 0..rounds {
            let first = 1_000_000 * group + round * group;
            let codes = codes(first, group);
            let scans: Vec<_> = codes.iter().map(|code| Scan::text(code.as_bytes())).collect();
            let rows: Vec<_> = (first..first + group).map(|number| record(number, number)).collect();
            let bytes: Vec<u8> = rows.iter().flat_map(|(body, shown)| body.iter().chain(shown)).copied().collect();
            appends.push(timed(|| file.take(&bytes)).0);
            let (took, decisions) = timed(|| gate.admit_all(&scans, time(OPEN)));
            assert!(decisions.iter().all(|decision| matches!(decision, Decision::Admitted(_))));
            admissions.push(took);
            let (took, ()) = timed(|| {
                let mut batch = log.begin();
                for (body, shown) in &rows {
                    batch.push(body, Some(shown)).unwrap();
                }
                storage.commit(&batch.take_writes()).unwrap();
                log.apply(batch).unwrap();
            });
            records.push(took);
        }
        let reference = median(appends);
        tell(&format!("{group}: append and fdatasync"), reference, reference);
        tell(&format!("{group}: appended to the log and committed"), median(records), reference);
        tell(&format!("{group}: verified, decided and admitted"), median(admissions), reference);
    }
}

fn fill(storage: &mut RedbStorage, records: u64, with_evidence: bool) -> Log {
    let mut log = Log::open(storage, KEY, &origin()).unwrap();
    while log.size() < records {
        let mut batch = log.begin();
        for number in log.size()..records.min(log.size() + FILL) {
            let (body, shown) = record(number, records);
            batch.push(&body, with_evidence.then_some(&shown)).unwrap();
        }
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
    }
    log
}

fn apply(storage: &mut RedbStorage, log: &mut Log, step: impl Fn(&Log) -> onecard::tlog::Batch) {
    loop {
        let batch = step(log);
        let writes = batch.writes();
        if writes.is_empty() {
            return;
        }
        storage.commit(&writes).unwrap();
        log.apply(batch).unwrap();
    }
}

fn space(directory: &Path, records: u64) {
    println!("\n{records} records{:<44} {:>12}   a record", "", "bytes");
    let (body, shown) = record(0, 0);
    let size = |what: &str, bytes: u64| println!("{what:<58} {bytes:>12}   {}", bytes / records);
    size("record and link", records * (body.len() as u64 + 32));
    size("record, link and evidence", records * ((body.len() + shown.len()) as u64 + 32));
    for with_evidence in [false, true] {
        let path = directory.join(format!("space-{with_evidence}"));
        let mut storage = RedbStorage::create(&path).unwrap();
        let mut log = fill(&mut storage, records, with_evidence);
        let what = if with_evidence { "with evidence" } else { "without evidence" };
        let file = || fs::metadata(&path).unwrap().len();
        size(&format!("{what}: the file"), file());
        while storage.compact().unwrap() {}
        size(&format!("{what}: compacted"), file());
        if with_evidence {
            apply(&mut storage, &mut log, |log| log.erase(log.size(), 50_000));
            size("evidence erased: the file", file());
            while storage.compact().unwrap() {}
            size("evidence erased: compacted", file());
            apply(&mut storage, &mut log, |log| log.prune(log.size(), 200));
            while storage.compact().unwrap() {}
            size("and bodies pruned: compacted", file());
        }
    }
}

fn reopening(directory: &Path, records: u64) {
    let path = directory.join("large");
    let mut storage = RedbStorage::create(&path).unwrap();
    fill(&mut storage, records, true);
    // As a process leaves it that was killed.
    let killed = directory.join("killed");
    fs::copy(&path, &killed).unwrap();
    drop(storage);
    println!("\n{records} records with evidence, reopened{:<22} {:>12}   ratio", "", "median");
    let rows: Vec<_> = (0..records.min(100_000)).map(|number| record(number, records)).collect();
    let times = u32::try_from(records / rows.len() as u64).unwrap();
    // Each in turn, so that noise meets all alike.
    let mut took = [(); 6].map(|()| Vec::new());
    for _ in 0..REOPENED {
        let (alone, _) =
            timed(|| rows.iter().map(|(body, shown)| sha256(&[body, shown]).0[0]).fold(0, u8::wrapping_add));
        let (opening, storage) = timed(|| RedbStorage::open(&path).unwrap());
        let (log, _) = timed(|| Log::open(&storage, KEY, &origin()).unwrap());
        let (reading, _) = timed(|| read_and_hash(&storage, records));
        let key = gate_secret(gate_id());
        let (gate, _) = timed(|| Gate::open(storage, key, &gate_certificate(gate_id()), bundle(), time(OPEN)).unwrap());
        let round = [alone * times, reading, opening, log, gate, opening + gate];
        took.iter_mut().zip(round).for_each(|(took, now)| took.push(now));
    }
    let [alone, reading, opening, log, gate, both] = took.map(median);
    tell("hashing its content, each record once", alone, alone);
    tell("the same, read from the store", reading, alone);
    tell("the store opened, all its checksums verified", opening, alone);
    tell("the log opened", log, alone);
    tell("the gate opened, its journal replayed", gate, alone);
    tell("store and gate together", both, alone);
    let (opening, storage) = timed(|| RedbStorage::open(&killed).unwrap());
    tell("the store opened after a kill: written again, repaired", opening, alone);
    drop(storage);
    println!("the file has {} MB", fs::metadata(&path).unwrap().len() / 1_000_000);
}

fn read_and_hash(storage: &RedbStorage, records: u64) -> u8 {
    let mut digest = 0;
    for series in [Series::Entry, Series::Attachment] {
        let mut take = |_, bytes: &[u8]| {
            digest ^= sha256(&[bytes]).0[0];
            true
        };
        storage.scan(series, KEY, 0..records, &mut take).unwrap();
    }
    digest
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let records = arguments.iter().position(|argument| argument == "--records");
    let records = records.map_or(1_000_000, |at| arguments[at + 1].parse().expect("a number of records"));
    // Beside the sources, since what a system keeps temporary files in may be no disk.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let parts = ["commits", "space", "reopening"].map(|part| arguments.iter().any(|argument| argument == part));
    let [with_commits, with_space, with_reopening] = if parts == [false; 3] { [true; 3] } else { parts };
    if with_commits {
        commits(directory.path());
    }
    if with_space {
        space(directory.path(), 100_000.min(records));
    }
    if with_reopening {
        reopening(directory.path(), records);
    }
}
