//! The built tool on files made here.

use onecard::audit::{MemoryFiles, Statement};
use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Decision, Gate, Record, Scan, UsageFacts};
use onecard::ledger::{Ledger, witness_name};
use onecard::tlog::MemoryStorage;
use onecard::trust::{Bundle, Role};
use onecard::wire::cbor::Encoder;
use onecard::wire::cose::{Headers, Typ, sign1};
use onecard_cli::qr::Symbol;
use onecard_testkit::day;
use onecard_testkit::federation::{
    AUDITOR, CITY, NOW, anchor, catalogue, certificate, code, gate_seed, id, pass, presentation, secret, status, time,
    trust, trust_list,
};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Runs the tool in `directory`; gives its exit code, and all it said.
fn onecard(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_onecard")).args(arguments).current_dir(directory).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// A directory with every kind of document.
fn files() -> TempDir {
    let mut bundle = Bundle::new(trust_list());
    bundle.update_catalogue(&catalogue(1, 2), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[13]), time(NOW)).unwrap();
    let saved = bundle.save();
    let key = SigningKey::from_seed(&gate_seed());
    let mut gate = Gate::open(MemoryStorage::new(), key, &certificate(), bundle, time(NOW)).unwrap();
    gate.admit(Scan::text(code(1, NOW, |_| {}).as_bytes()), time(NOW));
    let sealed = gate.seal().unwrap().unwrap();
    let segment = gate.segment(0).unwrap().unwrap();

    let log = secret(CITY, Role::Log);
    let mut ledger = Ledger::open(MemoryStorage::new(), id(CITY), log, trust_list(), Default::default()).unwrap();
    ledger.enrol(&certificate(), time(NOW)).unwrap();
    ledger.ingest(&segment, time(NOW + 5)).unwrap();
    let signed = ledger.checkpoint().unwrap();
    let not_final = ledger.receipt(7, 2).unwrap();
    let lines: String = [AUDITOR, 320_100, 330_100]
        .map(|member| {
            let name = witness_name(&trust_list(), id(member)).unwrap();
            signed.checkpoint().cosign(&name, &secret(member, Role::Witness), time(NOW + 10))
        })
        .concat();
    let digest = ledger.usage_digest(UsageFacts::new(time(NOW)), time(NOW + 10)).unwrap();
    let cosigned = ledger.cosigned(&lines, time(NOW + 15)).unwrap();

    let directory = tempfile::tempdir().unwrap();
    let files: [(&str, Vec<u8>); 19] = [
        ("trust", trust(1)),
        ("trust2", trust(2)),
        ("trust3", trust(3)),
        ("catalogue", catalogue(1, 2)),
        ("status", status(NOW - 100, &[13])),
        ("certificate", certificate()),
        ("pass", pass(1, |_| {})),
        ("presentation", presentation(&pass(1, |_| {}), 1, NOW)),
        ("code", format!("{}\r\n", code(1, NOW, |_| {})).into()),
        ("journal", sealed.note().into()),
        ("checkpoint", signed.note().into()),
        ("final", cosigned.note().into()),
        ("receipt", ledger.receipt(7, 2).unwrap().to_text().into()),
        ("early", not_final.to_text().into()),
        ("segment", segment.encode()),
        ("digest", digest),
        ("bundle", saved),
        ("empty", vec![]),
        ("junk", b"\x1b[2Jhello\n".to_vec()),
    ];
    for (name, bytes) in files {
        std::fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

#[test]
fn without_trust_files_are_shown_and_said_to_be_unverified() {
    let directory = files();
    let cases = [
        ("trust", "trust list\n", "name en (3): \"Hefei\"\n"),
        ("catalogue", "catalogue\n", "name en: \"Yu Garden\"\n"),
        ("status", "status list\n", "sub (2): \"oc:310101/1\"\n"),
        ("certificate", "gate certificate\n", "sub (2): \"310101/gate/7\"\n"),
        ("pass", "pass\n", "sub (2): \"040G2081040G2081\"\n"),
        ("presentation", "presentation\n", "iat (6): 2026-10-01T09:00:00+08:00 (1790816400)\n"),
        ("code", "QR text, which encodes a\npresentation\n", "within it a\npass\n"),
        ("journal", "checkpoint\n", "origin: onecard.test/310101/gate/7\n"),
        ("final", "checkpoint\n", "signature of: onecard.test/100000/witness"),
        ("receipt", "receipt\n", "index 2\n"),
        ("segment", "segment\n", "records: 3\n"),
        ("segment", "segment\n", "first record (3): 0\n"),
        ("digest", "usage digest\n", "forgotten until (4): "),
        ("bundle", "bundle\n", "status lists (4):\n"),
        ("trust", "trust list\n", "trust fresh (13): 31536000\n"),
    ];
    for (file, first, field) in cases {
        let (code, said) = onecard(directory.path(), &["inspect", file]);
        assert_eq!(code, 0, "{file}: {said}");
        assert!(said.starts_with(first), "{file}: {said}");
        assert!(said.contains(field), "{file}: {said}");
        assert!(said.contains("\nnot verified: give ") && !said.contains("\nverified:"), "{file}: {said}");
    }
}

#[test]
fn with_trust_files_are_verified() {
    let directory = files();
    let (anchor, now) = (anchor().to_string(), (NOW + 20).to_string());
    let cases = [
        ("trust", "verified: it is the trust list given\n"),
        ("trust2", "verified: it follows the trust list given\n"),
        ("catalogue", "verified: signed by its member's registrar\n"),
        ("status", "verified: signed by an issuer, and fresh\n"),
        ("certificate", "verified: signed by its member's registrar, and in force\n"),
        ("pass", "verified: the issuer's signature and times; a gate asks for the holder's code\n"),
        ("presentation", "verified: the issuer's and the holder's signature, times, freshness\n"),
        ("code", "verified: the issuer's and the holder's signature, times, freshness\n"),
        ("checkpoint", "verified: signed by its log; too few witnesses cosigned it to be final\n"),
        ("final", "verified: signed by its log, and final since 2026-10-01T09:00:10+08:00\n"),
        ("digest", "verified: signed by its city's log\n"),
        ("bundle", "verified: every list in it, from the first trust list given\n"),
        ("receipt", "verified: the record is in its gate's journal, and that in its city's final ledger\n"),
    ];
    for (file, verdict) in cases {
        let (code, said) =
            onecard(directory.path(), &["inspect", file, "--trust", "trust", "--anchor", &anchor, "--at", &now]);
        assert_eq!(code, 0, "{file}: {said}");
        assert!(said.contains(verdict), "{file}: {said}");
        assert!(!said.contains("not verified") && !said.contains("not pinned"), "{file}: {said}");
    }
    let unpinned = onecard(directory.path(), &["inspect", "catalogue", "--trust", "trust", "--at", &now]);
    assert!(unpinned.0 == 0 && unpinned.1.contains("note: the first trust list is not pinned"), "{}", unpinned.1);
    let alone = onecard(directory.path(), &["inspect", "trust", "--anchor", &anchor]);
    assert!(alone.0 == 0 && alone.1.contains("verified: it is the pinned trust list\n"), "{}", alone.1);
    let later = ["inspect", "trust3", "--trust", "trust", "--trust", "trust2"];
    let later = onecard(directory.path(), &later);
    assert!(later.0 == 0 && later.1.contains("verified: it follows the trust list given\n"), "{}", later.1);
    let journal = ["inspect", "journal", "--trust", "trust", "--certificate", "certificate", "--at", &now];
    let journal = onecard(directory.path(), &journal);
    assert!(journal.0 == 0 && journal.1.contains("verified: signed by its gate\n"), "{}", journal.1);
}

#[test]
fn what_does_not_verify_is_refused() {
    let directory = files();
    let (right, now) = (anchor().to_string(), (NOW + 20).to_string());
    let wrong = "0".repeat(64);
    let late = (NOW + 100).to_string();
    let much_later = (NOW + 604_800).to_string();
    let early = (NOW + 9).to_string();
    let cases: [(&[&str], &str); 10] = [
        (&["inspect", "empty"], "refused: not a document of onecard\n"),
        (&["inspect", "junk"], "refused: not a document of onecard\n"),
        (&["inspect", "trust", "--anchor", &wrong], "refused: trust list: not the pinned list\n"),
        (&["inspect", "pass", "--trust", "trust", "--anchor", &wrong], "refused: trust: trust list: not the pinned"),
        (&["inspect", "trust3", "--trust", "trust"], "refused: trust list: a gap between sequence 1 and 3\n"),
        (&["inspect", "code", "--trust", "trust", "--at", &late], "refused: the code is 100 s old\n"),
        (&["inspect", "pass", "--trust", "trust", "--at", "1000"], "refused: the pass is not valid before"),
        (&["inspect", "status", "--trust", "trust", "--at", &much_later], "too old to decide by\n"),
        (
            &["verify-receipt", "--trust", "trust", "--anchor", &right, "--at", &now, "early"],
            "refused: receipt: the ledger's checkpoint is not final\n",
        ),
        (
            &["verify-receipt", "--trust", "trust", "--anchor", &right, "--at", &early, "receipt"],
            "refused: the ledger is final since 2026-10-01T09:00:10+08:00, after 2026-10-01T09:00:09+08:00\n",
        ),
    ];
    for (arguments, why) in cases {
        let (code, said) = onecard(directory.path(), arguments);
        assert_eq!(code, 1, "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(!said.contains("\nverified:"), "{arguments:?}: {said}");
        assert!(!said.contains('\x1b'), "{arguments:?}");
    }
}

#[test]
fn every_changed_byte_of_a_document_is_refused() {
    let directory = files();
    let (anchor, now) = (anchor().to_string(), (NOW + 20).to_string());
    let original = certificate();
    // A process for each: a few spread over the file.
    for at in (0..original.len()).step_by(17) {
        let mut changed = original.clone();
        changed[at] ^= 1;
        std::fs::write(directory.path().join("changed"), changed).unwrap();
        let arguments = ["inspect", "changed", "--trust", "trust", "--anchor", &anchor, "--at", &now];
        let (code, said) = onecard(directory.path(), &arguments);
        assert!(code == 1 && said.contains("refused: "), "byte {at}: {code} {said}");
    }
}

#[test]
fn a_receipt_is_verified_by_a_command_of_its_own() {
    let directory = files();
    let now = (NOW + 90).to_string();
    let arguments = ["verify-receipt", "--trust", "trust", "--at", &now, "receipt"];
    let (code, said) = onecard(directory.path(), &arguments);
    assert_eq!(code, 0, "{said}");
    for field in ["gate: 310101/gate/7\n", "record: 2\n", "pass: 040G2081040G2081\n", "party: 1\n"] {
        assert!(said.contains(field), "{said}");
    }
    assert!(said.contains("verified: the record is in its gate's journal"), "{said}");
}

#[test]
fn keys_are_printed_as_a_policy() {
    let directory = files();
    let (code, said) = onecard(directory.path(), &["vkey", "--trust", "trust"]);
    assert_eq!(code, 0, "{said}");
    let (list, now) = (trust_list(), time(NOW));
    let log = onecard::ledger::log_verifiers(&list, id(CITY), now).remove(0);
    assert!(said.contains(&format!("\nlog {log}\n")), "{said}");
    let witnesses = onecard::ledger::witness_verifiers(&list, id(CITY), now);
    for witness in &witnesses {
        assert!(
            said.lines().any(|line| line.starts_with("witness ") && line.ends_with(&witness.to_string())),
            "{said}"
        );
    }
    assert_eq!(said.lines().filter(|line| line.starts_with("log ")).count(), 4);
    assert_eq!(said.lines().filter(|line| line.starts_with("witness ")).count(), 5);
}

/// A directory with published files below `day`.
fn published(files: &MemoryFiles) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = directory.path().join("day").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    directory
}

#[test]
fn a_directory_is_audited() {
    let mut day = day::Day::open();
    let pass = day::pass(day::CITIES[0], 1, 1, |_| {});
    for (city, at) in [(0, day::OPEN), (1, day::OPEN + 600), (0, day::OPEN + 1_200)] {
        let decision = day.scan(city, 0, &day::code(&pass, 1, at), at);
        assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
    }
    for city in [0, 1] {
        day.deliver(city, 0, day::OPEN + 40_000);
    }
    let files = day.settle(day::OPEN + 90_000);
    let directory = published(&files);
    let anchor = sha256(&[&files["trust/trust-list-1.cose"]]).to_string();

    let arguments = ["audit", "day", "--anchor", &anchor, "--statement", "written"];
    let (code, said) = onecard(directory.path(), &arguments);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with(&format!("anchor: {anchor}\ndepth: policy\nledgers: 4\n")), "{said}");
    assert!(said.contains("\nredemptions: 3\n") && said.contains("\nevidence verified: 3\n"), "{said}");
    let over: Vec<&str> = said.lines().filter(|line| line.starts_with("over-use: ")).collect();
    assert!(matches!(over[..], [over] if over.contains("at 310101/gate/1 entry 3")), "{said}");
    let statement = &files["statement.cbor"];
    assert!(said.contains(&format!("\nstatement: {}\n", sha256(&[statement]))), "{said}");
    assert!(said.ends_with("\nverified: no error found\n"), "{said}");
    assert_eq!(std::fs::read(directory.path().join("written")).unwrap(), *statement);
    let (code, shown) = onecard(directory.path(), &["inspect", "written"]);
    assert!(code == 0 && shown.starts_with("statement\n") && shown.contains("\n    payments (7):\n"), "{shown}");
    let arguments = ["audit", "day", "--anchor", &anchor, "--json", "--csv", "table"];
    let (code, said) = onecard(directory.path(), &arguments);
    assert_eq!(code, 0, "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&report["clean"], &report["anchor"]), (&true.into(), &anchor.clone().into()));
    assert_eq!((&report["counts"]["redemptions"], &report["findings"]), (&3.into(), &serde_json::json!([])));
    assert_eq!((&report["over_use"][0]["index"], &report["over_use"][0]["liable"]), (&3.into(), &"issuer".into()));
    assert_eq!(report["statement"], sha256(&[statement]).to_string());
    let table = std::fs::read_to_string(directory.path().join("table")).unwrap();
    assert!(table.starts_with("kind,from,to,") && table.contains("\r\npayment,310101,"), "{table}");
    let (code, again) =
        onecard(directory.path(), &["audit", "day", "--anchor", &anchor, "--json", "--uses-at-once", "1"]);
    assert_eq!((code, again), (0, said));
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    assert!(code == 0 && said.contains("\nnote: the first trust list is not pinned; "), "{said}");
    let (code, said) = onecard(directory.path(), &["audit", "day", "--anchor", &anchor, "--depth", "evidence"]);
    assert!(code == 0 && said.contains("\ndepth: evidence\n") && said.contains("\nevidence verified: 3\n"), "{said}");
    assert!(!said.contains("over-use") && !said.contains("\nstatement: "), "{said}");
    let (code, said) = onecard(directory.path(), &["audit", "day", "--anchor", &anchor, "--depth", "integrity"]);
    assert!(code == 0 && said.contains("\nredemptions: 3\nevidence verified: 0\nevidence erased: 0\n"), "{said}");
    assert_eq!(onecard(directory.path(), &["audit", "day", "--depth", "integrity", "--statement", "none"]).0, 2);
    assert_eq!(onecard(directory.path(), &["audit", "day", "--depth", "shallow"]).0, 2);
    assert_eq!(onecard(directory.path(), &["audit", "day", "--uses-at-once", "0"]).0, 2);

    let wrong = "0".repeat(64);
    assert_eq!(onecard(directory.path(), &["audit", "day", "--anchor", &wrong]).0, 1);
    let entries = files.keys().find(|path| path.starts_with("journal/310101/1/tile/entries/")).unwrap();
    let mut damaged = files[entries].clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(directory.path().join("day").join(entries), damaged).unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day", "--anchor", &anchor]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("\nerror: journal/310101/1") && said.contains("refused: the audit found errors\n"), "{said}");
    assert!(!said.contains("verified: no error"), "{said}");
    let (code, said) = onecard(directory.path(), &["audit", "day", "--anchor", &anchor, "--json"]);
    assert_eq!(code, 1, "{said}");
    let report: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let found = &report["findings"][0];
    assert_eq!((&report["clean"], &found["severity"]), (&false.into(), &"error".into()));
    assert!(found["place"].as_str().unwrap().starts_with("journal/310101/1"), "{said}");
}

/// From the first statement to the second as operators do it, with last month's published in between.
#[test]
fn two_months_are_settled() {
    const DAY: i64 = 86_400;
    let midnight = day::OPEN - 9 * 3_600;
    let use_pass = |day: &mut day::Day, number: u8, at: i64| {
        let pass = day::pass(day::CITIES[0], number, 1, |_| {});
        let decision = day.scan(1, 0, &day::code(&pass, number, at), at);
        assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
        day.deliver(1, 0, at + 3_000);
        day.finish(at + 40_000);
    };
    let settle = |day: &day::Day, published: Option<&Vec<u8>>, (from, until): (i64, i64)| {
        let mut files = day.files();
        published.map(|statement| files.insert("statement.cbor".into(), statement.clone()));
        let directory = self::published(&files);
        let (from, until) = (from.to_string(), until.to_string());
        let arguments =
            ["audit", "day", "--from", &from, "--until", &until, "--statement", "written", "--csv", "table"];
        let (code, said) = onecard(directory.path(), &arguments);
        let written = ["written", "table"].map(|name| std::fs::read(directory.path().join(name)).ok());
        let names = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(names, 1 + written.iter().flatten().count(), "{said}");
        (code, said, written)
    };
    let (first, second) = ((midnight, midnight + DAY), (midnight + DAY, midnight + 2 * DAY));

    let mut day = day::Day::open();
    use_pass(&mut day, 1, day::OPEN);
    let (code, said, [october, table]) = settle(&day, None, first);
    assert!(code == 0 && table.is_some(), "{said}");
    let october = october.unwrap();
    day.agree(&Statement::decode(&october).unwrap(), day::OPEN + 50_000);
    use_pass(&mut day, 2, day::OPEN + DAY);
    let (code, said, [november, table]) = settle(&day, Some(&october), second);
    assert!(code == 0 && said.ends_with("\nverified: no error found\n"), "{said}");
    let (november, table) = (november.unwrap(), String::from_utf8(table.unwrap()).unwrap());
    let read = Statement::decode(&november).unwrap();
    assert_eq!(read.previous(), Some(sha256(&[&october])));
    assert_eq!((read.period().from, read.lines().len()), (time(midnight + DAY), 1));
    assert_eq!(table, read.to_csv());
    // Of a period that is settled the statement is given again, but no other one in its place.
    assert_eq!(settle(&day, Some(&october), first).2[0].as_ref(), Some(&october));
    let (from, until) = first;
    for asked in [(1, 2), (from, until + 1), (from, until - 1), (from + 1, until), (until - 1, until + DAY)] {
        let (code, said, written) = settle(&day, Some(&october), asked);
        assert_eq!((code, written), (2, [None, None]), "{asked:?}: {said}");
        let why = format!(
            "\nonecard: the period asked for overlaps one that is settled: the next begins at 2026-10-02T00:00:00+08:00, --from {until}\n"
        );
        assert!(said.ends_with(&why), "{asked:?}: {said}");
    }
    let mut changed = october.clone();
    let root = read.cut_offs()[0].root.0;
    let at = october.windows(32).position(|bytes| bytes != root).unwrap();
    changed[at] ^= 1;
    let (code, said, written) = settle(&day, Some(&changed), second);
    assert_eq!((code, written), (1, [None, None]), "{said}");

    day.agree(&read, day::OPEN + DAY + 50_000);
    for published in [&october, &november] {
        let mut files = day.files();
        files.insert("statement.cbor".into(), published.clone());
        let (code, said) = onecard(self::published(&files).path(), &["audit", "day"]);
        assert!(code == 0 && said.contains(&format!("\nstatement: {}\n", read.digest())), "{said}");
    }
}

/// A list that is missing shows at each record that needs it.
#[test]
fn findings_of_one_cause_are_printed_once_and_counted() {
    let mut day = day::Day::open();
    for number in 1..=20 {
        let (pass, at) = (day::pass(day::CITIES[0], number, 1, |_| {}), day::OPEN + i64::from(number));
        let decision = day.scan(0, 0, &day::code(&pass, number, at), at);
        assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
    }
    day.deliver(0, 0, day::OPEN + 40_000);
    let mut files = day.settle(day::OPEN + 90_000);
    files.remove("trust/catalogue-310101-1.cose").unwrap();
    let directory = published(&files);
    let found = |arguments: &[&str]| {
        let (code, said) = onecard(directory.path(), &[&["audit", "day"], arguments].concat());
        assert_eq!(code, 1, "{said}");
        let lines = said.lines().filter(|line| line.starts_with("error: ")).count();
        (lines, said)
    };
    let (each, said) = found(&["--all"]);
    assert!(each > 20 && !said.contains(" more)") && !said.contains("note: --all"), "{said}");
    let (lines, said) = found(&[]);
    assert!(lines < 8, "{said}");
    assert!(
        said.contains("\nerror: journal/310101/1 entry 2: Decision: no product 310101/1@1 (and 19 more)\n"),
        "{said}"
    );
    assert!(said.contains(&format!("\nnote: --all lists each of these {each} findings\n")), "{said}");
    for (arguments, listed) in [(&["--json"][..], lines), (&["--json", "--all"], each)] {
        let (_, said) = found(arguments);
        let report: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        let found = report["findings"].as_array().unwrap();
        let count: u64 = found.iter().map(|found| found["count"].as_u64().unwrap()).sum();
        assert_eq!((found.len(), count), (listed, each as u64));
    }
}

#[test]
fn over_use_is_exported_and_verified_without_the_published_files() {
    let files = day::Day::over_used().settle(day::OPEN + 90_000);
    let directory = published(&files);
    std::fs::write(directory.path().join("trust"), &files["trust/trust-list-1.cose"]).unwrap();
    std::fs::create_dir(directory.path().join("out")).unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day", "--export-over-use", "out"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("\nwritten: out/310101-").count(), 2, "{said}");
    #[cfg(unix)]
    assert_private(directory.path());
    let shallow = ["audit", "day", "--depth", "evidence", "--export-over-use", "out"];
    assert_eq!(onecard(directory.path(), &shallow).0, 2, "it was not looked for");
    std::fs::remove_dir_all(directory.path().join("day")).unwrap();
    let pass = onecard::PassId::from_bytes([2; 10]);
    let file = format!("out/310101-{pass}.over-use");
    let at = (day::OPEN + 90_000).to_string();
    let (code, said) = onecard(directory.path(), &["verify-over-use", &file, "--trust", "trust", "--at", &at]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("over-use: 310101/{pass} at 320100/gate/1 entry 4")), "{said}");
    assert!(said.contains("used up: 2 of 2; liable: gate\n") && said.contains("\nverified: "), "{said}");
    let (code, said) = onecard(directory.path(), &["inspect", &file]);
    assert!(code == 0 && said.starts_with("file of over-use\n"), "{said}");
    assert!(
        said.contains("\n        period: 0\n") && said.contains("\n        receipt: \"c2sp.org/tlog-proof@"),
        "{said}"
    );
    let early = (day::OPEN + 89_999).to_string();
    let (code, said) = onecard(directory.path(), &["verify-over-use", &file, "--trust", "trust", "--at", &early]);
    assert!(code == 1 && said.contains("refused: the ledger of 310101 is final since"), "{said}");
    let path = directory.path().join(&file);
    let mut damaged = std::fs::read(&path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&path, damaged).unwrap();
    let (code, said) = onecard(directory.path(), &["verify-over-use", &file, "--trust", "trust", "--at", &at]);
    assert!(code == 1 && said.starts_with("refused: over-use: "), "{said}");
    assert_eq!(onecard(directory.path(), &["verify-over-use", &file]).0, 2, "without a trust list");
}

/// Over-use is its owner's alone, also where others may read what is made, and where there was a file before.
#[cfg(unix)]
fn assert_private(directory: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let out = || std::fs::read_dir(directory.join("out")).unwrap().map(|entry| entry.unwrap().path());
    for path in out().take(1) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let script = "umask 022; exec \"$0\" audit day --export-over-use out";
    let ran = Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_onecard")]).current_dir(directory).output();
    assert!(ran.unwrap().status.success());
    for path in out() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{}: {mode:o}", path.display());
    }
}

#[test]
fn a_directory_without_a_trust_list_is_wrong_usage() {
    let files = day::Day::ordinary().settle(day::OPEN + 90_000);
    let directory = published(&files);
    let trust_list = directory.path().join("day/trust/trust-list-1.cose");
    std::fs::write(&trust_list, b"none").unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    assert!(code == 1 && said.contains("\nerror: trust/trust-list-1.cose: TrustList: "), "one that is refused: {said}");
    std::fs::rename(&trust_list, directory.path().join("day/trust/trust-list-1.cose.new")).unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    assert!(code == 2 && said.ends_with("onecard: day has no trust list in trust/\n"), "{code} {said}");
    std::fs::create_dir(directory.path().join("empty")).unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "empty", "--json"]);
    let report: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!((code, &report["clean"]), (2, &false.into()), "{said}");
    assert_eq!(report["not_given"].as_array().unwrap().len(), 4);
}

/// One bad name is one finding, and everything else is audited.
#[cfg(unix)]
#[test]
fn what_cannot_be_listed_ends_no_audit() {
    use std::os::unix::ffi::OsStrExt as _;
    let files = day::Day::ordinary().settle(day::OPEN + 90_000);
    let directory = published(&files);
    let at = |name: &str| directory.path().join("day").join(name);
    let audited = || {
        let (code, said) = onecard(directory.path(), &["audit", "day"]);
        let found: Vec<String> = said.lines().filter(|line| line.starts_with("error: ")).map(str::to_owned).collect();
        let counted = said.contains("\nledgers: 4\n") && said.contains("\njournals: 4\n");
        (code, counted && said.contains("\nstatement: "), found)
    };
    assert_eq!(audited(), (0, true, vec![]));
    // A name in another encoding, and a link that was put in place of a directory.
    let no_text = at("trust").join(std::ffi::OsStr::from_bytes(b"\xe5\xc6\xc3\xfb"));
    std::fs::write(no_text, b"").unwrap();
    std::fs::rename(at("evidence"), at("aside")).unwrap();
    std::os::unix::fs::symlink("aside", at("evidence")).unwrap();
    let (code, counted, found) = audited();
    let (listing, others): (Vec<_>, Vec<_>) = found.iter().partition(|line| line.contains(": Listing: "));
    assert!(code == 1 && counted, "{found:?}");
    let starts = [
        "error: evidence: ",
        "error: trust/\u{fffd}\u{fffd}\u{fffd}\u{fffd}: Listing: the name \"\\xE5\\xC6\\xC3\\xFB\" is not UTF-8",
    ];
    assert!(listing.len() == 2 && listing.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{found:?}");
    assert!(
        others.iter().all(|line| line.starts_with("error: evidence/") && line.contains(": Unreadable: ")),
        "{found:?}"
    );
}

const NO_EVIDENCE: &str = "evidence/: Missing: it was not given: what was shown for 5 redemptions was not checked";

/// What was not there to be audited, what nobody reads, and how far what was there goes.
#[test]
fn an_audit_says_what_it_was_given() {
    let mut day = day::Day::ordinary();
    let files = day.settle(day::OPEN + 90_000);
    let directory = published(&files);
    let at = |name: &str| directory.path().join("day").join(name);
    std::fs::remove_dir_all(at("evidence")).unwrap();
    for name in ["keys", "passes", "receipts"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    std::fs::write(at("statement.json"), b"{}").unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    assert_eq!(code, 0, "{said}");
    // It is not said to be erased, and once, not for each journal.
    assert!(said.contains("\nevidence verified: 0\nevidence erased: 0\n"), "{said}");
    assert_eq!(
        (said.matches("\nnotice: ").count(), said.contains(&format!("\nnotice: {NO_EVIDENCE}\n"))),
        (1, true),
        "{said}"
    );
    assert!(said.ends_with("\nverified: no error found; evidence was not checked (0 of 5)\n"), "{said}");
    let size = |code| day.cities.iter().find(|city| city.ledger.member().code() == code).unwrap().ledger.log().size();
    for line in [
        format!("ledger: 310101: {} entries, final 2026-10-02T", size(310_101)),
        "statements agreed: 1\nnot given: evidence/\nnot read: keys/, passes/, receipts/, statement.json\n".into(),
    ] {
        assert!(said.contains(&format!("\n{line}")), "{said}");
    }
    let (code, said) = onecard(directory.path(), &["audit", "day", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &report["agreed"]), (0, &1.into()));
    assert_eq!(report["not_given"], serde_json::json!([{"path": "evidence/"}]));
    assert_eq!(report["not_read"][3], serde_json::json!({"path": "statement.json"}));
    let ledger = serde_json::json!({"member": "310101", "size": size(310_101), "final_at": day::OPEN + 90_000});
    assert_eq!(report["ledgers"][0], ledger);
    // Before anybody agreed.
    let mut day = day::Day::ordinary();
    day.finish(day::OPEN + 90_000);
    let directory = published(&day.files());
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    assert!(code == 0 && said.contains("\nstatements agreed: none\n") && !said.contains("\nnot "), "{code} {said}");
}

/// Which period was settled, and that one was asked for of which nothing is there.
#[test]
fn an_audit_says_which_period_it_settled() {
    let files = day::Day::ordinary().settle(day::OPEN + 90_000);
    let directory = published(&files);
    let (code, said) = onecard(directory.path(), &["audit", "day", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, 0, "{said}");
    let (from, until) = (report["period"]["from"].as_i64().unwrap(), report["period"]["until"].as_i64().unwrap());
    let shown = |seconds: i64| time(seconds).to_string();
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    let line = format!("\nperiod: from {} until {}\nstatement: ", shown(from), shown(until));
    assert!(code == 0 && said.contains(&line) && !said.contains("there is no use"), "{said}");
    // No visit is that late, and no ledger goes on for a year.
    for (after, told) in
        [(0, "there is no use in the period asked for, from "), (365 * 86_400, "the period asked for begins at ")]
    {
        let (from, next) = (until + after, until + after + 600);
        let period = ["--from", &from.to_string(), "--until", &next.to_string()];
        let (code, said) = onecard(directory.path(), &[&["audit", "day"], &period[..]].concat());
        let notice = format!("\nnote: {told}");
        let line = format!("\nperiod: from {} until {}\n", shown(from), shown(next));
        assert!(code == 0 && said.contains(&notice) && said.contains(&line), "{code} {said}");
        let (_, said) = onecard(directory.path(), &[&["audit", "day", "--json"], &period[..]].concat());
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert!(report["note"].as_str().unwrap().starts_with(told), "{said}");
    }
}

#[test]
fn over_use_that_cannot_be_shown_keeps_no_other_from_being_told() {
    let mut day = day::Day::over_used();
    // More uses of one pass than a file holds.
    let shown = day::code(&day::pass(day::CITIES[0], 0, 1, |_| {}), 0, day::OPEN);
    let often = |number| {
        let (redemption, _) = day::used(0, 1, &shown, day::OPEN + 41_000 + number);
        (Record::Redeemed(redemption), None)
    };
    day.say(0, 1, (0..1_025).map(often).collect(), day::OPEN + 50_000);
    day.finish(day::OPEN + 90_000);
    let directory = published(&day.files());
    std::fs::create_dir(directory.path().join("out")).unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day", "--export-over-use", "out"]);
    let refused = "refused: 310101/0000000000000000: the pass has 1025 uses that count, and a file holds 1024";
    assert!(code == 1 && said.contains(refused), "{code} {said}");
    assert_eq!(said.matches("\nwritten: out/310101-").count(), 2, "{said}");
}

#[test]
fn passes_and_presentations_are_drawn() {
    let directory = files();
    let drawn = |bytes: &[u8]| Symbol::new(bytes).unwrap();
    let (pass, shown) = (drawn(&pass(1, |_| {})), drawn(&presentation(&pass(1, |_| {}), 1, NOW)));
    for (file, name, symbol) in [("pass", "pass", &pass), ("presentation", "presentation", &shown)] {
        let (code, said) = onecard(directory.path(), &["qr", file]);
        let line = format!("{name}, not verified; QR version {}, level M\n", symbol.version());
        assert_eq!((code, said), (0, symbol.terminal() + &line), "{file}");
    }
    // The text of a presentation with a line end gives the very same code.
    let (code, said) = onecard(directory.path(), &["qr", "code", "--png", "a.png", "--svg", "a.svg"]);
    assert!(code == 0 && said.starts_with("presentation, not verified; "), "{code} {said}");
    assert_eq!(std::fs::read(directory.path().join("a.png")).unwrap(), shown.png().unwrap());
    assert_eq!(std::fs::read_to_string(directory.path().join("a.svg")).unwrap(), shown.svg());

    let mut claims = Encoder::new();
    claims.bytes(&[0; 600]);
    let key = SigningKey::from_seed(&[1; 32]);
    let long = sign1(&key, Typ::ContentFormat(293), Headers::default(), &claims.finish());
    std::fs::write(directory.path().join("long"), long).unwrap();
    for (file, why) in [
        ("trust", "refused: not shown as a QR code: a trust list\n"),
        ("receipt", "refused: not shown as a QR code: a receipt\n"),
        ("junk", "refused: not a document of onecard\n"),
        ("long", "none has more than 512\n"),
    ] {
        let (code, said) = onecard(directory.path(), &["qr", file, "--png", "b.png"]);
        assert!(code == 1 && said.ends_with(why), "{file}: {code} {said}");
        assert!(!directory.path().join("b.png").exists(), "{file}");
    }
}

#[test]
fn wrong_usage_is_told_apart() {
    let directory = files();
    let cases: [(&[&str], &str); 25] = [
        (&["qr", "missing"], "onecard: missing: "),
        (&["qr", "pass", "--png", "."], "onecard: . is not a plain file"),
        (&["qr", "pass", "--png", "missing/a.png"], "onecard: missing/a.png: "),
        (&["qr", "pass", "--png", "a", "--svg", "a"], "onecard: two files are to be written to a\n"),
        (&["audit", "missing"], "onecard: missing is not a directory\n"),
        (&["audit", ".", "--from", "1"], "--until <SECONDS>"),
        (&["audit", ".", "--from", "2", "--until", "1"], "onecard: --until 1 is not after --from 2\n"),
        (&["audit", ".", "--from", "2", "--until", "2"], "onecard: --until 2 is not after --from 2\n"),
        (
            &["audit", ".", "--from", "1", "--until", "2", "--depth", "evidence"],
            "onecard: no period is settled in an audit",
        ),
        (&["audit", ".", "--csv", "missing/table"], "onecard: missing/table: "),
        (&["audit", ".", "--export-over-use", "missing"], "onecard: missing/over-use: "),
        (&[], "Usage: "),
        (&["frobnicate"], "error: "),
        (&["inspect"], "error: "),
        (&["inspect", "missing"], "onecard: missing: "),
        (&["inspect", "."], "onecard: . is not a plain file"),
        (&["inspect", "pass", "--anchor", "00"], "a SHA-256 value has 64 hexadecimal digits"),
        (&["inspect", "pass", "--trust", "trust", "--at", "-1"], "error: "),
        (&["inspect", "segment", "--trust", "trust"], "onecard: not verified: a segment"),
        (&["inspect", "journal", "--trust", "trust"], "give --certificate FILE"),
        (&["vkey"], "onecard: --trust FILE is needed\n"),
        // Each would change nothing.
        (&["inspect", "pass", "--at", "1"], "--trust <FILE>"),
        (&["inspect", "pass", "--certificate", "certificate"], "--trust <FILE>"),
        (&["inspect", "final", "--trust", "trust", "--certificate", "certificate"], "onecard: --certificate is for"),
        (&["vkey", "--trust", "trust", "--at", "1"], "error: unexpected argument '--at'"),
    ];
    for (arguments, why) in cases {
        let (code, said) = onecard(directory.path(), arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("\nverified"), "{arguments:?}: {said}");
    }
    let anchor = anchor().to_string();
    for file in ["pass", "catalogue", "receipt", "final", "segment", "code"] {
        let (code, said) = onecard(directory.path(), &["inspect", file, "--anchor", &anchor]);
        assert!(code == 2 && said.contains("\nonecard: --anchor pins a trust list: "), "{file}: {code} {said}");
        assert!(!said.contains("not verified"), "{file}: {said}");
    }
    assert_eq!(onecard(directory.path(), &["--help"]).0, 0);
}

/// A pass with a name that a terminal obeys, and one that is read in another order.
const HOSTILE: &str = "a\u{1b}[2J\u{202e}b";

fn is_harmless(said: &str) -> bool {
    !said.contains(|c: char| c == '\u{202e}' || c.is_control() && c != '\n')
}

#[test]
fn names_are_escaped_wherever_they_are_printed() {
    let directory = files();
    let shown = r"a\u{1b}[2J\u{202e}b";
    let missing = format!("missing/{HOSTILE}");
    let cases: [&[&str]; 9] = [
        &["inspect", HOSTILE],
        &["inspect", "pass", "--trust", HOSTILE],
        &["audit", HOSTILE],
        &["audit", ".", "--csv", &missing],
        &["audit", ".", "--export-over-use", HOSTILE],
        &["qr", "pass", "--png", &missing],
        &["qr", "pass", "--png", HOSTILE, "--svg", HOSTILE],
        &["vkey", "--trust", HOSTILE],
        &[HOSTILE],
    ];
    for arguments in cases {
        let (code, said) = onecard(directory.path(), arguments);
        assert!(code == 2 && said.contains(shown) && is_harmless(&said), "{arguments:?}: {said:?}");
    }
    std::fs::write(directory.path().join(HOSTILE), b"junk").unwrap();
    let (code, said) = onecard(directory.path(), &["inspect", "pass", "--trust", HOSTILE]);
    assert!(code == 1 && said.contains(shown) && is_harmless(&said), "{said:?}");

    let mut files = day::Day::ordinary().settle(day::OPEN + 90_000);
    files.insert(format!("ledger/{HOSTILE}"), vec![]);
    let directory = published(&files);
    let (code, said) = onecard(directory.path(), &["audit", "day"]);
    assert!(code == 0 && said.contains(shown) && is_harmless(&said), "{said:?}");
    let (code, said) = onecard(directory.path(), &["audit", "day", "--json"]);
    assert!(code == 0 && said.contains(r"ledger/a\u001b[2J\u202eb") && is_harmless(&said), "{said:?}");
    let report: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(report["findings"][0]["place"], format!("ledger/{HOSTILE}"));
}

/// Whatever is behind it, a name gives an answer at once.
#[test]
fn sizes_and_kinds_are_looked_at_before_a_file_is_read() {
    let directory = files();
    let path = |name: &str| directory.path().join(name);
    let mut list = Encoder::new();
    list.array(60_000_000);
    let payload = [list.finish(), vec![0; 60_000_000]].concat();
    let key = SigningKey::from_seed(&[1; 32]);
    let typ = Typ::MediaType("application/vnd.onecard.catalogue+cbor");
    std::fs::write(path("catalogue"), sign1(&key, typ, Headers::default(), &payload)).unwrap();
    let (code, said) = onecard(directory.path(), &["inspect", "catalogue"]);
    assert!(
        code == 1 && said.ends_with("bytes, and none has more than 1048576\n") && said.lines().count() == 1,
        "{said}"
    );
    // Holes take no room.
    for (name, size) in [("huge", 1_u64 << 40), ("segment", 268_435_457)] {
        std::fs::File::create(path(name)).unwrap().set_len(size).unwrap();
        let (code, said) = onecard(directory.path(), &["inspect", name]);
        assert_eq!((code, said), (1, format!("refused: {name}: more than 268435456 bytes\n")));
    }
    let trusted = onecard(directory.path(), &["inspect", "pass", "--trust", "huge"]);
    assert_eq!(trusted, (1, "refused: huge: more than 262144 bytes\n".into()));
}

#[cfg(unix)]
#[test]
fn nobody_is_waited_for() {
    let directory = files();
    assert!(Command::new("mkfifo").arg("pipe").current_dir(directory.path()).status().unwrap().success());
    let cases: [&[&str]; 6] = [
        &["inspect", "pipe"],
        &["inspect", "pass", "--trust", "pipe"],
        &["inspect", "/dev/zero"],
        &["verify-over-use", "pipe", "--trust", "trust"],
        &["qr", "pass", "--png", "pipe"],
        &["audit", ".", "--csv", "pipe"],
    ];
    for arguments in cases {
        let (code, said) = onecard(directory.path(), arguments);
        assert!(code == 2 && said.contains(" is not a plain file; - is the standard input or output\n"), "{said}");
    }
}

#[test]
fn the_standard_streams_stand_in_for_files() {
    let directory = files();
    let path = |name: &str| directory.path().join(name);
    let run = |arguments: &[&str], input: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onecard"));
        command.args(arguments).current_dir(directory.path()).stdin(std::fs::File::open(path(input)).unwrap());
        let ran = command.output().unwrap();
        (ran.status.code().unwrap(), ran.stdout, String::from_utf8(ran.stderr).unwrap())
    };
    let now = (NOW + 20).to_string();
    for (arguments, input) in [
        (&["inspect", "-", "--trust", "trust", "--at", &now][..], "catalogue"),
        (&["inspect", "catalogue", "--trust", "-", "--at", &now], "trust"),
    ] {
        let (code, said, errors) = run(arguments, input);
        assert!(code == 0 && errors.is_empty(), "{errors}");
        assert!(String::from_utf8(said).unwrap().contains("\nverified: signed by its member's registrar\n"));
    }
    let (code, _, errors) = run(&["inspect", "-", "--trust", "-"], "trust");
    assert_eq!((code, errors.as_str()), (2, "onecard: the standard input is read once\n"));
    // What is asked for is all there is on it: the report is elsewhere.
    let (code, drawn, report) = run(&["qr", "-", "--png", "-"], "pass");
    let symbol = Symbol::new(&pass(1, |_| {})).unwrap();
    assert_eq!((code, drawn), (0, symbol.png().unwrap()), "{report}");
    assert!(report.starts_with("pass, not verified; "), "{report}");
    let (code, drawn, report) = run(&["qr", "junk", "--png", "-"], "pass");
    assert_eq!((code, drawn, report.as_str()), (1, vec![], "refused: not a document of onecard\n"));
    let (code, _, errors) = run(&["qr", "pass", "--png", "-", "--svg", "-"], "pass");
    assert_eq!((code, errors.as_str()), (2, "onecard: two files are to be written to -\n"));
    assert!(!path("-").exists());
}

/// The code is the same where nobody reads the report; where it can not be printed, nothing is a success.
#[cfg(unix)]
#[test]
fn a_verdict_does_not_depend_on_whether_it_could_be_printed() {
    let directory = files();
    let now = (NOW + 20).to_string();
    let good = &["inspect", "catalogue", "--trust", "trust", "--at", &now][..];
    let refused = &["inspect", "pass", "--trust", "trust", "--at", "1000"];
    for (arguments, verdict, full) in [(good, 0, 2), (&["inspect", "junk"], 1, 1), (refused, 1, 1)] {
        let run = |out: std::process::Stdio| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_onecard"));
            let ran = command.args(arguments).current_dir(directory.path()).stdout(out).output().unwrap();
            (ran.status.code().unwrap(), String::from_utf8(ran.stderr).unwrap())
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run(writer.into()).0, verdict, "{arguments:?}");
        if Path::new("/dev/full").exists() {
            let (code, said) = run(std::fs::File::options().write(true).open("/dev/full").unwrap().into());
            assert_eq!((code, said.lines().count()), (full, 1), "{said}");
            let why = if verdict == 0 { "onecard: the report cannot be printed: " } else { "refused: " };
            assert!(said.starts_with(why), "{said}");
        }
    }
    if Path::new("/dev/full").exists() {
        for arguments in [&["qr", "pass", "--png", "-"][..], &["--help"]] {
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_onecard"));
            let ran = command.args(arguments).current_dir(directory.path()).stdout(full).output().unwrap();
            assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        }
    }
}

/// A link that somebody put in the place of a file, or of what becomes one, leads nowhere.
#[cfg(unix)]
#[test]
fn files_are_written_whole_or_not_at_all() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let directory = files();
    let path = |name: &str| directory.path().join(name);
    let names = || std::fs::read_dir(directory.path()).unwrap().count();
    std::fs::write(path("good"), b"a good table").unwrap();
    // Without the signal, what is beyond the limit is an error, as on a disk that is full.
    let full = "trap '' XFSZ; ulimit -f 1; exec \"$0\" qr pass --svg good";
    let before = names();
    let mut shell = Command::new("sh");
    let ran = shell.args(["-c", full, env!("CARGO_BIN_EXE_onecard")]).current_dir(directory.path()).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.code() == Some(2) && said.starts_with("onecard: good: "), "{said}");
    assert_eq!((std::fs::read(path("good")).unwrap(), names()), (b"a good table".to_vec(), before));

    symlink("good", path("link")).unwrap();
    symlink("elsewhere", path("dangling")).unwrap();
    for name in ["link", "dangling"] {
        let (code, said) = onecard(directory.path(), &["qr", "pass", "--svg", name]);
        assert_eq!(
            (code, said),
            (2, format!("onecard: {name} is not a plain file; - is the standard input or output\n"))
        );
    }
    assert_eq!((std::fs::read(path("good")).unwrap(), names()), (b"a good table".to_vec(), before + 2));
    // The shell has the number of the process that it becomes.
    let planted = "ln -s good \"drawn.$$-0.new\"; exec \"$0\" qr pass --svg drawn";
    let mut shell = Command::new("sh");
    let ran =
        shell.args(["-c", planted, env!("CARGO_BIN_EXE_onecard")]).current_dir(directory.path()).output().unwrap();
    assert_eq!((ran.status.code(), names()), (Some(0), before + 4));
    assert_eq!(std::fs::read(path("good")).unwrap(), b"a good table");
    let (code, said) = onecard(directory.path(), &["qr", "pass", "--svg", "good"]);
    assert_eq!((code, names()), (0, before + 4), "{said}");
    assert_eq!(std::fs::read(path("good")).unwrap(), std::fs::read(path("drawn")).unwrap());

    let files = day::Day::over_used().settle(day::OPEN + 90_000);
    let directory = published(&files);
    std::fs::create_dir(directory.path().join("out")).unwrap();
    assert_eq!(onecard(directory.path(), &["audit", "day", "--export-over-use", "out"]).0, 0);
    for entry in std::fs::read_dir(directory.path().join("out")).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Nothing is audited for a table that can not be written: not even what would be refused.
    std::fs::write(directory.path().join("day/trust/trust-list-1.cose"), b"junk").unwrap();
    let (code, said) = onecard(directory.path(), &["audit", "day", "--csv", "missing/table"]);
    assert!(code == 2 && said.starts_with("onecard: missing/table: "), "{said}");
    let (code, said) = onecard(directory.path(), &["audit", "day", "--csv", "table"]);
    assert!(code == 1 && !directory.path().join("table").exists(), "{said}");
}
