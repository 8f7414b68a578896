//! `examples/venue.rs`: what it answered is kept, however often it is killed. That it answers as the other turnstiles do
//! is shown by `ffi/tests/clients.rs`.
#![cfg(unix)]

use onecard::gate::{Record, Segment};
use onecard::id::PassId;
use onecard::ledger::{Ingested, Ledger};
use onecard::tlog::MemoryStorage;
use onecard::trust::Role;
use onecard_testkit::chance::Seed;
use onecard_testkit::federation::{
    CITY, NOW, anchor, catalogue, certificate, code, gate_seed, id, secret, status, time, trust, trust_list,
};
use onecard_testkit::programs::example;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _, pipe};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Visitors, each with a pass of two entries.
const VISITORS: u8 = 120;
const SIGKILL: i32 = 9;

/// The files that a venue starts from.
fn files() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let files = [
        ("seed", gate_seed().to_vec()),
        ("certificate", certificate()),
        ("trust-list-1", trust(1)),
        ("catalogue-1", catalogue(1, 2)),
        ("status-1", status(NOW - 100, &[])),
    ];
    files.iter().for_each(|(name, bytes)| fs::write(place.path().join(name), bytes).unwrap());
    place
}

fn venue(program: &Path, place: &TempDir) -> Command {
    let mut command = Command::new(program);
    command.args([
        "gate.redb",
        "seed",
        "certificate",
        &anchor().to_string(),
        "trust-list-1",
        "catalogue-1",
        "status-1",
    ]);
    command.current_dir(place).env("ONECARD_NOW", NOW.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Lets it answer so many of these codes and kills it while it goes on with the next; gives all that it answered.
fn answers_until_killed(venue: &mut Command, codes: &[String], answers: usize) -> Vec<String> {
    let mut running = venue.spawn().unwrap();
    let typed: String = codes.iter().take(answers + 4).map(|code| format!("{code}\n")).collect();
    // Where the end of the input would be: a venue that reaches it hands over.
    let mut input = running.stdin.take().unwrap();
    input.write_all(typed.as_bytes()).unwrap();
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let mut answered = String::new();
    (0..answers).for_each(|_| assert_ne!(output.read_line(&mut answered).unwrap(), 0, "{answered}"));
    running.kill().unwrap();
    output.read_to_string(&mut answered).unwrap();
    assert_eq!(running.wait().unwrap().signal(), Some(SIGKILL), "{answered}");
    drop(input);
    answered.lines().map(str::to_owned).collect()
}

/// Lets it answer these codes and hand over; gives what it answered.
fn run(venue: &mut Command, codes: &[String]) -> String {
    let mut running = venue.stderr(Stdio::piped()).spawn().unwrap();
    let typed: String = codes.iter().map(|code| format!("{code}\n")).collect();
    running.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn what_was_answered_before_a_kill_is_handed_over_once() {
    let (program, place) = (example("venue"), files());
    let codes: Vec<String> = (1..=VISITORS).map(|visitor| code(visitor, NOW, |_| {})).collect();
    let mut dice = Seed(9).dice("kills", 0);
    let (mut answered, mut kills) = (0, 0);
    while answered + 10 < codes.len() {
        let answers = dice.below(6) as usize;
        let answers = answers_until_killed(&mut venue(&program, &place), &codes[answered..], answers);
        let opened = answers.iter().all(|answer| answer.starts_with("open\t"));
        assert!(opened, "{answers:?}");
        answered += answers.len();
        kills += 1;
        assert!(!place.path().join("gate.redb.segment").exists(), "handed over before the end of the input");
    }
    assert!(kills >= 15, "{kills} kills");

    let last = run(&mut venue(&program, &place), &codes[answered..]);
    assert_eq!(last.lines().filter(|line| line.starts_with("open\t")).count(), codes.len() - answered, "{last}");

    let segment = Segment::decode(&fs::read(place.path().join("gate.redb.segment")).unwrap()).unwrap();
    assert!(last.ends_with(&format!("\nsealed\t{}\n", segment.records.len())), "{last}");
    let used = segment.records.iter().filter_map(|record| match Record::decode(&record.body).unwrap() {
        Record::Redeemed(redemption) => Some(redemption.pass.pass),
        _ => None,
    });
    let visitors = (1..=VISITORS).map(|visitor| PassId::from_bytes([visitor; 10]));
    assert!(used.eq(visitors), "each visitor once, in the order of the answers");
    let mut ledger =
        Ledger::open(MemoryStorage::new(), id(CITY), secret(CITY, Role::Log), trust_list(), Default::default())
            .unwrap();
    ledger.enrol(&certificate(), time(NOW)).unwrap();
    let ingested = ledger.ingest(&segment, time(NOW)).unwrap();
    assert!(matches!(ingested, Ingested::Accepted { .. }), "{ingested:?}");
}

#[test]
fn a_store_whose_creation_a_kill_cut_short_is_made_again() {
    let program = example("venue");
    for _ in 0..8 {
        let place = files();
        let mut running = venue(&program, &place).spawn().unwrap();
        while !place.path().join("gate.redb").exists() {
            assert_eq!(running.try_wait().unwrap(), None, "it ended by itself");
            std::thread::yield_now();
        }
        running.kill().unwrap();
        running.wait().unwrap();
        let answers = run(&mut venue(&program, &place), &[code(1, NOW, |_| {})]);
        assert!(answers.starts_with("open\t0\t") && answers.contains("\nsealed\t"), "{answers}");
    }
}

#[test]
fn where_nobody_reads_its_answers_it_stops() {
    let (program, place) = (example("venue"), files());
    let codes = format!("{}\n", code(1, NOW, |_| {}));
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut running = venue(&program, &place).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(codes.as_bytes()).unwrap();
    let ended = running.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(1) && said.starts_with("venue: ") && !said.contains("panicked"), "{said}");
    // Not even an error can be printed.
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    assert_eq!(Command::new(&program).stderr(writer).status().unwrap().code(), Some(2));
}

#[test]
fn the_example_is_short() {
    assert!(include_str!("../examples/venue.rs").lines().count() <= 150);
}
