//! How time and memory grow with the number of entries, from ten thousand upwards by tens. See `benches/README.md`.
//!
//!     cargo bench -p onecard-store --bench growth [-- --most 10000000]
//!
//! Beside each row stands what SHA-256 over the chain and tree of an entry took then: the machine's own pace.
#![allow(missing_docs, reason = "a program")]
#![expect(unsafe_code, reason = "an allocator")]

use onecard::audit::{Depth, FindingSeverity, Options, SettlementPeriod, audit};
use onecard::crypto::sha256;
use onecard::gate::Gate;
use onecard::id::GateId;
use onecard::tlog::{KeyName, Log, LogKey, Replica, SignedCheckpoint, Storage, TileCache, genesis, verify_inclusion};
use onecard_store::RedbStorage;
use onecard_testkit::day::{self, CITIES, OPEN, gate_certificate, gate_secret, id, time};
use onecard_testkit::played::{body, mixed, played};
use onecard_testkit::settled;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

mod heap;

const KEY: LogKey = LogKey(0);
/// Records in one commit.
const GROUP: u64 = 4_096;
/// Proofs made and verified.
const PROOFS: u64 = 2_000;

/// A column of the table: its name, its unit, and in which decimals the number is told.
struct Cell(&'static str, u128);

fn each(took: Duration, count: u64) -> u128 {
    took.as_nanos() / u128::from(count)
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed(), done)
}

/// SHA-256 over link, entry and node, for as many entries as there are.
fn hashing(count: u64) -> u128 {
    let count = count.min(1_000_000);
    let once = || {
        let mut link = genesis("onecard.test/310101");
        for number in 0..count {
            link = sha256(&[&[0], &link.0, &[number as u8; 86]]);
            black_box(sha256(&[&[1], &link.0, &link.0]));
        }
        link
    };
    (0..5).map(|_| each(timed(once).0, count)).min().unwrap()
}

/// A gate's journal on its store: appended to, reopened, proved from, followed.
fn journal(directory: &Path, count: u64) -> Vec<Cell> {
    let gate = GateId { member: id(CITIES[0]), number: 1 };
    let bundle = day::bundle();
    let origin = bundle.trust().journal_origin(gate);
    let path = directory.join(format!("gate-{count}"));
    let mut storage = RedbStorage::create(&path).unwrap();
    let mut log = Log::open(&storage, KEY, &origin).unwrap();
    let [mut hashed, mut committed] = [Duration::ZERO; 2];
    while log.size() < count {
        let bodies: Vec<_> = (log.size()..count.min(log.size() + GROUP)).map(|number| body(number, count, 1)).collect();
        let mut batch = log.begin();
        hashed += timed(|| bodies.iter().for_each(|body| assert!(batch.push(body, None).is_ok()))).0;
        committed += timed(|| storage.commit(&batch.writes()).unwrap()).0;
        log.apply(batch).unwrap();
    }
    let signed = SignedCheckpoint::sign(log.checkpoint(), &gate_secret(gate));
    drop((log, storage));
    let (store, storage) = timed(|| RedbStorage::open(&path).unwrap());
    let (opening, gate) =
        timed(|| Gate::open(storage, gate_secret(gate), &gate_certificate(gate), bundle, time(OPEN + 40_000)).unwrap());
    let (log, storage) = (gate.log(), gate.storage());
    let mut cache = TileCache::new(256);
    let indices: Vec<u64> = (0..PROOFS).map(|number| mixed(number) % count).collect();
    let (making, proofs) = timed(|| {
        let prove = |index: &u64| cache.inclusion_proof(log, storage, *index, count).unwrap();
        indices.iter().map(prove).collect::<Vec<_>>()
    });
    // The gate recorded what it knows as it opened, so its log is longer by now.
    let root = log.root_at(storage, count).unwrap();
    let leaves: Vec<_> = indices.iter().map(|&index| log.link_at(storage, index).unwrap()).collect();
    let (verifying, ()) = timed(|| {
        for ((index, leaf), proof) in indices.iter().zip(&leaves).zip(&proofs) {
            verify_inclusion(*index, count, leaf, proof, &root).unwrap();
        }
    });
    let before = heap::live();
    let mut replica = Replica::new(KeyName::new(&origin).unwrap());
    let (peak, ()) = heap::peak(|| {
        replica.extend((0..count).map(|number| body(number, count, 1)), &signed).unwrap();
    });
    let after = heap::live() - before;
    drop((gate, replica));
    let bytes = std::fs::metadata(&path).unwrap().len();
    std::fs::remove_file(&path).unwrap();
    vec![
        Cell("hashed into chain and tree, ns each", each(hashed, count)),
        Cell("committed by 4,096, ns each", each(committed, count)),
        Cell("bytes of the file, each", u128::from(bytes / count)),
        Cell("store reopened, ns each", each(store, count)),
        Cell("gate reopened, ns each", each(opening, count)),
        Cell("inclusion proof made, ns", each(making, PROOFS)),
        Cell("inclusion proof verified, ns", each(verifying, PROOFS)),
        Cell("replica, bytes while it follows", (peak - before) as u128),
        Cell("replica, bytes after", after as u128),
    ]
}

/// A day at four gates whose records are all there and whose evidence is gone, audited and settled.
fn audited(count: u64) -> Vec<Cell> {
    let (ingesting, files) = played(count);
    let period = SettlementPeriod { from: time(OPEN - 9 * 3_600), until: time(OPEN + 15 * 3_600) };
    let mut cells = vec![Cell("ingested by a city in memory, ns each", each(ingesting, count))];
    for (depth, [took_name, peak_name]) in [
        (Depth::Integrity, ["audited for integrity, ns each", "bytes of memory for it, each"]),
        (Depth::Policy, ["audited for policy and settled, ns each", "bytes of memory for it, each"]),
    ] {
        let before = heap::live();
        let options = Options { depth, period: Some(period), ..Options::default() };
        let (peak, (took, report)) = heap::peak(|| timed(|| audit(&files, &options)));
        assert_eq!(report.counts.redemptions, count);
        let worst = report.findings.iter().max_by_key(|finding| finding.severity);
        assert!(worst.is_none_or(|worst| worst.severity == FindingSeverity::Notice), "{worst:?}");
        cells.push(Cell(took_name, each(took, count)));
        cells.push(Cell(peak_name, (peak - before) as u128 / u128::from(count)));
    }
    cells
}

fn settled(count: u64) -> Vec<Cell> {
    let uses = settled::uses(count.try_into().unwrap());
    let bundle = day::bundle();
    let before = heap::live();
    let (peak, (took, _)) = heap::peak(|| timed(|| settled::decided_and_settled(&uses, &bundle)));
    vec![
        Cell("decided and settled in memory, ns each", each(took, count)),
        Cell("bytes of memory for it, each", (peak - before) as u128 / u128::from(count)),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let most = arguments.iter().position(|argument| argument == "--most");
    let most = most.map_or(1_000_000, |at| arguments[at + 1].parse().expect("a number of records"));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let sizes: Vec<u64> = (4..).map(|power| 10_u64.pow(power)).take_while(|&size| size <= most).collect();
    let columns: Vec<Vec<Cell>> = sizes
        .iter()
        .map(|&count| {
            let mut cells = vec![Cell("SHA-256 over chain and tree, ns each", hashing(count))];
            cells.extend(journal(directory.path(), count));
            cells.extend(audited(count));
            cells.extend(settled(count));
            for Cell(what, value) in &cells {
                println!("{count:>9}  {what:<44} {value:>10}");
            }
            cells
        })
        .collect();
    println!("\n| entries | {} |", sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(sizes.len()));
    for (row, Cell(what, _)) in columns[0].iter().enumerate() {
        let values = columns.iter().map(|cells| cells[row].1.to_string());
        println!("| {what} | {} |", values.collect::<Vec<_>>().join(" | "));
    }
}
