//! The clients of `examples/`, run as a venue would: each turnstile gives Rust's own answers, also after it was killed
//! while it made its store, and its city takes what it hands over.
//!
//! With `ONECARD_FOUR_CITIES` naming what `four_cities --out DIR --seed 7` left, they run over that too.

mod toolchain;

use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Decision, Gate, Scan, Segment};
use onecard::id::{GateId, MemberId};
use onecard::ledger::{Ingested, Ledger};
use onecard::pass::flags;
use onecard::time::UnixTime;
use onecard::tlog::MemoryStorage;
use onecard::trust::{Bundle, GateCertificateSpec, Role, StatusList, TrustList};
use onecard::wire::text;
use onecard_testkit::chance;
use onecard_testkit::federation::{self, NOW, certificate, code, gate_seed, pass, secret, status, time};
use onecard_testkit::programs::example;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use toolchain::{compile, has, language, root, shared_library};

/// A gate at a venue, and who comes.
struct Venue {
    /// Has `trust/*.cose`.
    published: PathBuf,
    seed: [u8; 32],
    certificate: Vec<u8>,
    now: UnixTime,
    codes: Vec<String>,
    /// Key of the city's ledger.
    log: SigningKey,
    city: MemberId,
}

impl Venue {
    /// The lists in the order that a shell gives them.
    fn lists(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.published.join("trust")).unwrap();
        let mut lists: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        lists.sort();
        lists
    }

    fn of_kind(&self, kind: &str) -> Vec<Vec<u8>> {
        let named = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(kind);
        self.lists().iter().filter(named).map(|path| fs::read(path).unwrap()).collect()
    }

    fn trust(&self) -> TrustList {
        let lists = self.of_kind("trust-list-");
        TrustList::genesis(&lists[0], &sha256(&[&lists[0]])).unwrap()
    }

    fn anchor(&self) -> String {
        self.trust().digest().to_string()
    }

    /// What Rust answers, as the turnstiles print it, and the size of the journal in the end.
    fn expected(&self) -> String {
        let mut bundle = Bundle::new(self.trust());
        self.of_kind("trust-list-")[1..].iter().for_each(|list| bundle.update_trust(list, self.now).unwrap());
        self.of_kind("catalogue-").iter().for_each(|list| bundle.update_catalogue(list, self.now).unwrap());
        self.of_kind("status-").iter().for_each(|list| bundle.update_status(list, self.now).unwrap());
        let key = SigningKey::from_seed(&self.seed);
        let mut gate = Gate::open(MemoryStorage::new(), key, &self.certificate, bundle, self.now).unwrap();
        let mut lines = String::new();
        for code in &self.codes {
            let decision = gate.admit(Scan::text(code.as_bytes()), self.now);
            let (barrier, due) = match decision {
                Decision::Admitted(admitted) => ("open", admitted.due_fen),
                Decision::Referred(_) => ("staff", 0),
                Decision::Denied(_) => ("closed", 0),
            };
            let reason = decision.reason();
            let screen = if reason.shows_detail() { reason.text_en() } else { "please see staff" };
            lines += &format!("{barrier}\t{}\t{due}\t{screen}\n", reason.number());
        }
        lines + &format!("sealed\t{}\n", gate.log().size())
    }

    /// Runs a turnstile in a place of its own.
    fn run(&self, program: &[&str]) {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let start = |seed: &[u8], certificate: &[u8]| {
            fs::write(at("seed"), seed).unwrap();
            fs::write(at("certificate"), certificate).unwrap();
            let mut command = Command::new(program[0]);
            command.args(&program[1..]);
            command.args([at("gate.redb"), at("seed"), at("certificate")]).arg(self.anchor()).args(self.lists());
            command.env("ONECARD_NOW", self.now.seconds().to_string()).env("ONECARD_LIBRARY", shared_library());
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        // A start that fails leaves no store behind where none was, and an empty file stands in nobody's way.
        for (seed, certificate) in
            [(&[7; 32][..], &self.certificate[..]), (&[7; 31], &self.certificate), (&self.seed, b"")]
        {
            let refused = start(seed, certificate).wait_with_output().unwrap();
            assert!(!refused.status.success() && !at("gate.redb").exists(), "{program:?}");
        }
        fs::write(at("gate.redb"), []).unwrap();
        // A first run is cut short as soon as there is a store.
        let mut first = start(&self.seed, &self.certificate);
        while fs::metadata(at("gate.redb")).is_ok_and(|found| found.len() == 0) {
            assert_eq!(first.try_wait().unwrap(), None, "{program:?} ended by itself");
            std::thread::yield_now();
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let mut running = start(&self.seed, &self.certificate);
        // A scanner ends a line as it likes.
        let typed = self.codes.join("\r\n") + "\n";
        running.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let ran = running.wait_with_output().unwrap();
        assert!(ran.status.success(), "{program:?}: {}\n{}", ran.status, String::from_utf8_lossy(&ran.stderr));
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), self.expected(), "{program:?}");
        self.ingest(&fs::read(at("gate.redb.segment")).unwrap());
    }

    /// The gate's city takes what a turnstile handed over.
    fn ingest(&self, segment: &[u8]) {
        let mut ledger =
            Ledger::open(MemoryStorage::new(), self.city, self.log.clone(), self.trust(), Default::default()).unwrap();
        ledger.enrol(&self.certificate, self.now).unwrap();
        let ingested = ledger.ingest(&Segment::decode(segment).unwrap(), self.now).unwrap();
        assert!(matches!(ingested, Ingested::Accepted { entry: 1, .. }), "{ingested:?}");
    }
}

/// All the turnstiles there are.
fn run_all(venue: &Venue) {
    let admitted = venue.expected().lines().filter(|line| line.starts_with("open")).count();
    assert!(admitted >= 2, "a day without visitors shows nothing");
    let programs = tempfile::tempdir().unwrap();
    for name in ["turnstile.c", "turnstile.cpp"] {
        let source = root().join("examples").join(name);
        if has(language(&source).0) {
            let program = programs.path().join(name).with_extension("program");
            compile(&source, &program, &[]);
            venue.run(&[program.to_str().unwrap()]);
        }
    }
    venue.run(&[example("venue").to_str().unwrap()]);
    if has("python3") {
        venue.run(&["python3", root().join("examples/turnstile.py").to_str().unwrap()]);
    }
}

#[test]
fn every_turnstile_answers_as_rust_does() {
    let published = tempfile::tempdir().unwrap();
    let lists = [
        ("trust-list-1.cose", federation::trust(1)),
        ("trust-list-2.cose", federation::trust(2)),
        ("catalogue-310101-1.cose", federation::catalogue(1, 2)),
        ("status-310101-1.cose", status(NOW - 500, &[13])),
        ("status-310101-2.cose", status(NOW - 100, &[13, 14])),
    ];
    fs::create_dir(published.path().join("trust")).unwrap();
    for (name, bytes) in lists {
        fs::write(published.path().join("trust").join(name), bytes).unwrap();
    }
    let good = code(1, NOW, |_| {});
    let venue = Venue {
        published: published.path().into(),
        seed: gate_seed(),
        certificate: certificate(),
        now: time(NOW),
        codes: vec![
            good.clone(),
            good.clone(),
            code(2, NOW, |claims| claims.product = (2, 1)),
            code(13, NOW, |_| {}),
            code(14, NOW, |_| {}),
            code(4, NOW, |claims| claims.flags = flags::ID_CHECK),
            code(3, NOW - 900, |_| {}),
            text::encode(&pass(5, |_| {})),
            String::new(),
            "not a code".to_owned(),
            format!(" {good}"),
            "OC1:".repeat(2_000),
        ],
        log: secret(federation::CITY, Role::Log),
        city: federation::id(federation::CITY),
    };
    run_all(&venue);
}

#[test]
fn cxx_refuses_what_does_not_fit() {
    let source = root().join("tests/c/integers.cpp");
    if !has(language(&source).0) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("program");
    compile(&source, &program, &[]);
    let ran = Command::new(program).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn python_refuses_what_does_not_fit() {
    if !has("python3") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let files: [(&str, Vec<u8>); 7] = [
        ("seed", gate_seed().to_vec()),
        ("certificate", certificate()),
        ("anchor", federation::anchor().0.to_vec()),
        ("trust", federation::trust(1)),
        ("catalogue", federation::catalogue(1, 2)),
        ("status", status(NOW - 100, &[13])),
        ("code", code(1, NOW, |_| {}).into()),
    ];
    let mut command = Command::new("python3");
    command.arg(root().join("tests/integers.py")).arg(place.path().join("gate.redb"));
    for (name, bytes) in files {
        fs::write(place.path().join(name), bytes).unwrap();
        command.arg(place.path().join(name));
    }
    command.arg(NOW.to_string()).env("PYTHONPATH", root().join("examples")).env("PYTHONDONTWRITEBYTECODE", "1");
    let ran = command.env("ONECARD_LIBRARY", shared_library()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// The example's output has no secret of a gate. Its keys follow from its seed, so a gate that is not in its
/// journals is enrolled here.
#[test]
fn every_client_runs_over_the_four_cities() {
    let Some(published) = std::env::var_os("ONECARD_FOUR_CITIES").map(PathBuf::from) else {
        println!("SKIPPED: ONECARD_FOUR_CITIES names no output of the example; .ci/run does");
        return;
    };
    let seed = chance::Seed(7);
    let city = federation::id(federation::CITY);
    let key = |what: &str| seed.key(what, city.code().into());
    let gate = [0x5c; 32];
    // 2026-10-01, 09:00 at UTC+8, when the passes were shown.
    let now = time(1_790_816_400);
    let certificate = GateCertificateSpec {
        gate: GateId { member: city, number: 9_001 },
        venue: 1,
        service: 0,
        key: SigningKey::from_seed(&gate).verifying_key(),
        issued: now,
        not_before: now,
        expires: now.saturating_add(86_400),
    };
    let shown = fs::read_dir(published.join("passes")).unwrap().map(|file| file.unwrap().path());
    let mut shown: Vec<PathBuf> = shown.filter(|path| path.extension().is_some_and(|kind| kind == "txt")).collect();
    shown.sort();
    let morning = tempfile::tempdir().unwrap();
    copy_lists(&published, morning.path(), now);
    let venue = Venue {
        published: morning.path().into(),
        seed: gate,
        certificate: certificate.sign(&key("registrar")),
        now,
        codes: shown.iter().map(|path| fs::read_to_string(path).unwrap()).collect(),
        log: key("log"),
        city,
    };
    run_all(&venue);
    if has("python3") {
        verify(&published, &venue.anchor());
    }
}

/// Copies the lists that there were at `now`: later in the day a pass was revoked.
fn copy_lists(from: &Path, to: &Path, now: UnixTime) {
    let (from, to) = (from.join("trust"), to.join("trust"));
    fs::create_dir(&to).unwrap();
    let first = fs::read(from.join("trust-list-1.cose")).unwrap();
    let trust = TrustList::genesis(&first, &sha256(&[&first])).unwrap();
    for file in fs::read_dir(&from).unwrap() {
        let (path, name) = file.map(|file| (file.path(), file.file_name())).unwrap();
        let bytes = fs::read(path).unwrap();
        if StatusList::verify(&bytes, &trust).is_ok_and(|list| list.issued() > now) {
            continue;
        }
        fs::write(to.join(name), bytes).unwrap();
    }
}

/// Anybody audits, and verifies each receipt.
fn verify(published: &Path, anchor: &str) {
    let program = root().join("examples/verify.py");
    let run = |anchor: &str| {
        let mut command = Command::new("python3");
        command.arg(&program).arg(published).arg(anchor).env("ONECARD_LIBRARY", shared_library());
        command.output().unwrap()
    };
    let ran = run(anchor);
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{told}\n{}", String::from_utf8_lossy(&ran.stderr));
    let statement = sha256(&[&fs::read(published.join("statement.cbor")).unwrap()]);
    assert!(told.starts_with("0 errors, ") && told.contains(&format!("\nstatement {statement}\n")), "{told}");
    let receipts = fs::read_dir(published.join("receipts")).unwrap().count();
    assert!(receipts > 0 && told.matches("\nreceipt ").count() == receipts, "{told}");
    assert!(!run(&"00".repeat(32)).status.success(), "another anchor");
}
