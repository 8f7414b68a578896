//! The header and the library as C11 and C++17 see them: compiled without a warning, linked
//! statically, run.
//!
//! `ONECARD_C_FLAGS` is given to the compilers too, such as `-fsanitize=address,undefined`, and
//! `ONECARD_C_RUNNER` runs the programs, such as `valgrind --error-exitcode=9 --leak-check=full`.

mod toolchain;

use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Record, Segment};
use onecard::id::GateId;
use onecard::ledger::{Ingested, Ledger};
use onecard::pass::{IdCommitment, IdOpening, PassClaims, flags};
use onecard::tlog::{Log, LogKey, MemoryStorage};
use onecard::trust::{GateCertificateSpec, Role};
use onecard::wire::text;
use onecard_store::RedbStorage;
use onecard_testkit::federation::{
    self, NOW, anchor, catalogue, certificate, code, gate_seed, id, pass, secret, status, time, trust, trust_list,
};
use std::path::Path;
use std::process::Command;
use toolchain::{compile, has, language, root};

/// Compiles and runs a program over the fixtures; `None` where there is no compiler.
fn compile_and_run(source: &str) -> Option<tempfile::TempDir> {
    let source = root().join("tests/c").join(source);
    if !has(language(&source).0) {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    compile(&source, &program, &[concat!("-DONECARD_TEST_VERSION=\"", env!("CARGO_PKG_VERSION"), "\"")]);
    let fixtures = tempfile::tempdir().unwrap();
    write_fixtures(fixtures.path());
    let runner = std::env::var("ONECARD_C_RUNNER").unwrap_or_default();
    let line: Vec<&str> = runner.split_whitespace().chain(program.to_str()).collect();
    let ran = Command::new(line[0]).args(&line[1..]).arg(fixtures.path()).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {}\n{told}", source.display(), ran.status);
    Some(fixtures)
}

/// The whole day of a gate and its city.
fn whole_day(source: &str) {
    if let Some(fixtures) = compile_and_run(source) {
        ingest(&std::fs::read(fixtures.path().join("segment")).unwrap());
        check_synced(&fixtures.path().join("synced"));
    }
}

fn write_fixtures(directory: &Path) {
    let document = IdOpening::new(&[9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "31010119900307123X").unwrap();
    let to_check = code(9, NOW, |claims| {
        (claims.flags, claims.id_commitment) = (flags::ID_CHECK, Some(IdCommitment::new(&document)));
    });
    let another_gate = GateCertificateSpec {
        gate: GateId { member: id(federation::CITY), number: 8 },
        venue: 2,
        service: 0,
        key: SigningKey::from_seed(&[0x58; 32]).verifying_key(),
        issued: time(NOW - 20_000),
        not_before: time(NOW - 20_000),
        expires: time(NOW + 20_000_000),
    };
    let paper = |claims: &mut PassClaims| (claims.confirmation, claims.flags) = (None, flags::STATIC_ALLOWED);
    let files: [(&str, Vec<u8>); 30] = [
        ("trust", trust(1)),
        ("anchor", anchor().0.to_vec()),
        ("trust2", trust(2)),
        ("anchor2", sha256(&[&trust(2)]).0.to_vec()),
        ("catalogue", catalogue(1, 2)),
        ("catalogue2", catalogue(2, 3)),
        ("status0", status(NOW - 500, &[13])),
        ("status", status(NOW - 100, &[13])),
        ("status2", status(NOW - 50, &[2, 13])),
        ("certificate", certificate()),
        ("seed", gate_seed().to_vec()),
        ("certificate8", another_gate.sign(&secret(federation::CITY, Role::Registrar))),
        ("seed8", vec![0x58; 32]),
        ("issuer-seed", seed(federation::CITY, Role::Issuer)),
        ("log-seed", seed(federation::CITY, Role::Log)),
        ("peer-log-seed", seed(320_100, Role::Log)),
        ("witness-seed-320100", seed(320_100, Role::Witness)),
        ("witness-seed-330100", seed(330_100, Role::Witness)),
        ("witness-seed-100000", seed(federation::AUDITOR, Role::Witness)),
        ("code1", code(1, NOW, |_| {}).into()),
        ("code2", code(2, NOW, |claims| claims.product = (2, 1)).into()),
        ("code3", code(3, NOW, |_| {}).into()),
        ("code8", code(8, NOW, |_| {}).into()),
        ("code13", code(13, NOW, |_| {}).into()),
        ("check", code(4, NOW, |claims| claims.flags = flags::ID_CHECK).into()),
        ("document", to_check.into()),
        ("pass8", pass(8, |_| {})),
        ("bare", text::encode(&pass(5, |_| {})).into()),
        ("paper", text::encode(&pass(6, paper)).into()),
        // Where an audit looks for lists.
        ("published/trust/trust-list-1.cose", trust(1)),
    ];
    let lists = [
        ("published/trust/catalogue-310101-1.cose", catalogue(1, 2)),
        ("published/trust/status-310101-1.cose", status(NOW - 100, &[13])),
    ];
    for scan in 0..24 {
        std::fs::write(directory.join(format!("scan-{scan}")), code(20 + scan, NOW, |_| {})).unwrap();
    }
    std::fs::create_dir_all(directory.join("published/trust")).unwrap();
    for (name, bytes) in files.into_iter().chain(lists) {
        std::fs::write(directory.join(name), bytes).unwrap();
    }
}

/// What `secret` makes its key of.
fn seed(member: u32, role: Role) -> Vec<u8> {
    let seed = sha256(&[format!("{member} {role:?}").as_bytes()]);
    assert_eq!(SigningKey::from_seed(&seed.0).verifying_key(), secret(member, role).verifying_key());
    seed.0.to_vec()
}

/// The segment that C took from its gate is one that the gate's city takes.
fn ingest(segment: &[u8]) {
    let city = id(federation::CITY);
    let key = secret(federation::CITY, Role::Log);
    let mut ledger = Ledger::open(MemoryStorage::new(), city, key, trust_list(), Default::default()).unwrap();
    let now = time(NOW + 60);
    ledger.enrol(&certificate(), now).unwrap();
    let ingested = ledger.ingest(&Segment::decode(segment).unwrap(), now).unwrap();
    assert_eq!(ingested, Ingested::Accepted { records: 8, entry: 1 });
}

/// What a gate that synced from C knew when it opened again.
fn check_synced(store: &Path) {
    let storage = RedbStorage::open(store).unwrap();
    let origin = trust_list().journal_origin(GateId { member: id(federation::CITY), number: 7 });
    let log = Log::open(&storage, LogKey(0), &origin).unwrap();
    let last = (0..log.size()).filter_map(|index| match Record::decode(&log.body(&storage, index).unwrap()).unwrap() {
        Record::Synced(synced) => Some(synced),
        _ => None,
    });
    let last = last.last().unwrap();
    assert_eq!((last.trust, last.ledgers), (2, vec![(id(320_100), 9)]));
}

#[test]
fn c11() {
    whole_day("abi.c");
}

#[test]
fn cxx17() {
    whole_day("abi.cpp");
}

#[test]
fn several_threads() {
    compile_and_run("threads.c");
}
