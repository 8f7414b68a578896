//! A process with a gate, a ledger and a witness, killed at any moment, again and again: all that it
//! told is there afterwards, and it goes on.
#![cfg(unix)]
#![forbid(unsafe_code)]

use onecard::crypto::Hash;
use onecard::gate::{Decision, Gate, Record, Scan, Segment};
use onecard::id::{GateId, PassId};
use onecard::ledger::{Ledger, log_verifiers, witness_name};
use onecard::tlog::{AddCheckpoint, Log, LogKey, SignedCheckpoint, Witness};
use onecard::trust::Role;
use onecard_store::{RedbStorage, StoreError};
use onecard_testkit::chance::{Dice, Seed};
use onecard_testkit::day::{self, AUDITOR, CITIES, OPEN, bundle, gate_certificate, gate_secret, id, secret, time};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

const DIRECTORY: &str = "ONECARD_KILLED_DIRECTORY";
const FIRST_PASS: &str = "ONECARD_KILLED_FIRST_PASS";
/// Rounds before a new federation is begun, to keep each of them small.
const ROUNDS: u64 = 25;
/// Passes each process may use: more than it lives to see.
const PASSES: u64 = 10_000;

fn gate_id() -> GateId {
    GateId { member: id(CITIES[0]), number: 1 }
}

fn store(directory: &Path, name: &str) -> RedbStorage {
    let path = directory.join(name);
    match RedbStorage::open(&path) {
        Err(StoreError::Missing(_)) => RedbStorage::create(&path).unwrap(),
        opened => opened.unwrap(),
    }
}

fn pass_id(number: u64) -> PassId {
    let mut bytes = [7; 10];
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    PassId::from_bytes(bytes)
}

/// What the process tells, one line each, after it was told itself.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("told {line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

fn tell_checkpoint(what: &str, signed: &SignedCheckpoint) {
    let root: String = signed.root().0.iter().map(|byte| format!("{byte:02x}")).collect();
    tell(&format!("{what} {} {root}", signed.size()));
}

#[test]
#[ignore = "runs in the process that is killed"]
fn the_one_that_is_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let first: u64 = std::env::var(FIRST_PASS).unwrap().parse().unwrap();
    let (bundle, certificate) = (bundle(), gate_certificate(gate_id()));
    let trust = bundle.trust().clone();
    let city = gate_id().member;

    let mut ledger =
        Ledger::open(store(directory, "ledger"), city, secret(city.code(), Role::Log), trust, Default::default())
            .unwrap();
    if ledger.log().size() == 0 {
        ledger.enrol(&certificate, time(OPEN)).unwrap();
    }
    tell(&format!("entries {}", ledger.log().size()));
    let mut witness_store = store(directory, "witness");
    let logs = [(LogKey(1), log_verifiers(ledger.trust(), city, time(OPEN)).remove(0))];
    let name = witness_name(ledger.trust(), id(AUDITOR)).unwrap();
    let mut witness =
        Witness::open(&witness_store, name, secret(AUDITOR, Role::Witness), logs, Default::default()).unwrap();
    let key = gate_secret(gate_id());
    let mut gate = Gate::open(store(directory, "gate"), key, &certificate, bundle, time(OPEN)).unwrap();

    // What waits for the next group.
    let mut segments: Vec<Segment> = Vec::new();
    for number in first.. {
        let pass = day::pass(CITIES[0], 1, 2, |claims| claims.pass = pass_id(number));
        let code = day::code(&pass, 1, OPEN);
        match gate.admit(Scan::text(code.as_bytes()), time(OPEN)) {
            Decision::Admitted(admitted) => tell(&format!("admitted {} {number}", admitted.index)),
            refused => panic!("{refused:?}"),
        }
        if number % 3 == 0 {
            if let Some(sealed) = gate.seal().unwrap() {
                tell_checkpoint("sealed", &sealed);
            }
            let end = |segment: &Segment| segment.first + segment.records.len() as u64;
            let first = segments.last().map_or_else(|| ledger.journals()[&1].log().size(), end);
            segments.extend(gate.segment(first).unwrap());
            if number % 2 == 0 {
                let group = core::mem::take(&mut segments);
                for (segment, taken) in group.iter().zip(ledger.ingest_all(&group, time(OPEN))) {
                    taken.unwrap();
                    tell(&format!("ingested {}", end(segment)));
                }
            }
        }
        if number % 6 == 0 {
            let signed = ledger.checkpoint().unwrap();
            tell_checkpoint("signed", &signed);
            let old = witness.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
            let proof = ledger.consistency_proof(old, signed.size()).unwrap();
            let request = AddCheckpoint { old, proof, note: signed.note().as_bytes() };
            let line = witness.consider(&request).unwrap().commit(&mut witness_store, time(OPEN)).unwrap();
            tell_checkpoint("witnessed", &signed);
            ledger.cosigned(&line, time(OPEN)).unwrap();
            tell(&format!("cosigned {}", signed.size()));
        }
    }
}

/// All that was told by the processes of one federation.
#[derive(Default)]
struct Told {
    /// Pass by index of its record.
    admitted: BTreeMap<u64, u64>,
    /// Roots by size.
    sealed: BTreeMap<u64, Hash>,
    signed: BTreeMap<u64, Hash>,
    entries: u64,
    ingested: u64,
    witnessed: u64,
    cosigned: u64,
}

impl Told {
    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| -> u64 { words[at].parse().unwrap() };
        let root = |at: usize| {
            let bytes = words[at].as_bytes().chunks(2).map(|hex| u8::from_str_radix(str::from_utf8(hex).unwrap(), 16));
            Hash(bytes.collect::<Result<Vec<_>, _>>().unwrap().try_into().unwrap())
        };
        let (size, what) = (number(1), words[0]);
        let wrong = match what {
            "admitted" => self.admitted.insert(size, number(2)).is_some(),
            "sealed" => self.sealed.insert(size, root(2)).is_some_and(|before| before != root(2)),
            "signed" => self.signed.insert(size, root(2)).is_some_and(|before| before != root(2)),
            "entries" => goes_back(&mut self.entries, size),
            "ingested" => goes_back(&mut self.ingested, size),
            "witnessed" => goes_back(&mut self.witnessed, size),
            "cosigned" => goes_back(&mut self.cosigned, size),
            other => panic!("{other}"),
        };
        assert!(!wrong, "it told something else before: {line}");
    }

    /// Opens the stores and looks for everything.
    fn check(&self, directory: &Path) {
        let trust = bundle().trust().clone();
        let gate = store(directory, "gate");
        let log = Log::open(&gate, LogKey(0), &trust.journal_origin(gate_id())).unwrap();
        log.verify(&gate).unwrap();
        for (index, number) in &self.admitted {
            let Ok(Record::Redeemed(redemption)) = Record::decode(&log.body(&gate, *index).unwrap()) else {
                panic!("record {index} is no redemption");
            };
            assert_eq!(redemption.pass.pass, pass_id(*number), "record {index}");
        }
        for (size, root) in &self.sealed {
            assert_eq!(log.root_at(&gate, *size).unwrap(), *root, "sealed at {size}");
        }

        let city = gate_id().member;
        let key = secret(city.code(), Role::Log);
        let ledger = Ledger::open(store(directory, "ledger"), city, key, trust.clone(), Default::default()).unwrap();
        ledger.log().verify(ledger.storage()).unwrap();
        assert!(ledger.log().size() >= self.entries);
        if let Some(journal) = ledger.journals().get(&1) {
            journal.log().verify(ledger.storage()).unwrap();
            assert!(journal.log().size() >= self.ingested);
            assert_eq!(log.root_at(&gate, journal.log().size()).unwrap(), journal.log().root());
        }
        for (size, root) in &self.signed {
            assert_eq!(ledger.log().root_at(ledger.storage(), *size).unwrap(), *root, "signed at {size}");
        }
        let kept = ledger.kept_checkpoint().unwrap();
        assert!(kept.as_ref().map_or(0, SignedCheckpoint::size) >= self.signed.keys().last().copied().unwrap_or(0));
        if self.cosigned > 0 && kept.as_ref().is_some_and(|kept| kept.size() == self.cosigned) {
            assert_eq!(kept.unwrap().note().lines().count(), 6, "its own line and the witness's");
        }

        let logs = [(LogKey(1), log_verifiers(&trust, city, time(OPEN)).remove(0))];
        let name = witness_name(&trust, id(AUDITOR)).unwrap();
        let storage = store(directory, "witness");
        let witness = Witness::open(&storage, name, secret(AUDITOR, Role::Witness), logs, Default::default()).unwrap();
        let seen = witness.latest(ledger.log().origin().as_str());
        assert!(seen.map_or(0, SignedCheckpoint::size) >= self.witnessed);
        if let Some(seen) = seen {
            assert_eq!(ledger.log().root_at(ledger.storage(), seen.size()).unwrap(), seen.root());
        }
    }
}

fn goes_back(newest: &mut u64, size: u64) -> bool {
    let before = core::mem::replace(newest, size);
    size < before
}

/// Runs the process until some lines after its start, kills it, and returns all it told.
fn run_and_kill(directory: &Path, first: u64, dice: &mut Dice) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_one_that_is_killed", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(FIRST_PASS, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut told, mut line) = (Vec::new(), Vec::new());
    // Nothing told yet is a moment too: while it opens its stores.
    let wait_for = dice.below(30);
    let mut killed = false;
    loop {
        if told.len() >= wait_for as usize && !killed {
            for _ in 0..dice.below(400_000) {
                std::hint::spin_loop();
            }
            child.kill().unwrap();
            killed = true;
        }
        line.clear();
        out.read_until(b'\n', &mut line).unwrap();
        if line.is_empty() {
            break;
        }
        // A line without its end was not told.
        let text = str::from_utf8(&line).unwrap().strip_prefix("told ");
        if let Some(text) = text.and_then(|text| text.strip_suffix('\n')) {
            told.push(text.to_owned());
        }
    }
    assert_eq!(child.wait().unwrap().signal(), Some(9), "it ended by itself, after {told:?}");
    told
}

fn rounds(rounds: u64, seed: u64) {
    let mut dice = Seed(seed).dice("kill", 0);
    let mut all = 0;
    let mut begun = None;
    for round in 0..rounds {
        let (directory, told) = begun.get_or_insert_with(|| (tempfile::tempdir().unwrap(), Told::default()));
        for line in run_and_kill(directory.path(), round * PASSES, &mut dice) {
            told.take(&line);
            all += 1;
        }
        let last = (round + 1) % ROUNDS == 0 || round + 1 == rounds;
        // In the other rounds the next process is the first to open what this one left.
        if last || dice.below(2) == 0 {
            told.check(directory.path());
        }
        if last {
            begun = None;
        }
    }
    println!("{all} acknowledgements in {rounds} rounds");
    assert!(all > rounds);
}

#[test]
fn what_was_told_survives_a_kill() {
    rounds(12, 1);
}

#[test]
#[ignore = "long: a thousand rounds"]
fn what_was_told_survives_a_thousand_kills() {
    rounds(1_000, 2);
}
