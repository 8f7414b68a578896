//! The audit on a small day: what is whole is clean, and whatever byte is touched is found. What exactly
//! is found of each damage is in `tests/corpus`.

use onecard::audit::{
    Depth, Files, Finding, FindingSeverity, Liable, Listing, MemoryFiles, Options, Report, Rule, audit, prove_over_use,
};
use onecard::crypto::sha256;
use onecard::gate::{Override, Reason, Record, Redemption, Synced, Totals};
use onecard::id::{GateId, PassId, PassKey};
use onecard::ledger::{Announcement, journal_verifier, log_verifiers, witness_name};
use onecard::limits::MAX_NOTE;
use onecard::product::Denied;
use onecard::tlog::{BundleEntries, Checkpoint, Log, SignedCheckpoint, Storage, leaf_hash};
use onecard::trust::{CatalogueSpec, Role, TrustListSpec, Venue};
use onecard_store::{Folder, publish};
use onecard_testkit::day::{self, CITIES, Day, OPEN, code, gate_secret, id, index, knows, pass, secret, time, used};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn run(files: &MemoryFiles) -> Vec<Finding> {
    audit(files, &Options::default()).findings
}

fn errors(files: &MemoryFiles) -> Vec<(String, Rule)> {
    let errors = run(files).into_iter().filter(|finding| finding.severity == FindingSeverity::Error);
    errors.map(|finding| (finding.place, finding.rule)).collect()
}

#[test]
fn a_whole_day_is_clean_and_settles_to_nothing_lost() {
    let mut day = Day::ordinary();
    let files = day.settle(OPEN + 90_000);
    let report = audit(&files, &Options::default());
    assert_eq!(report.findings, []);
    assert_eq!(report.over_use, []);
    assert_eq!((report.counts.ledgers, report.counts.journals, report.counts.redemptions), (4, 4, 5));
    assert_eq!((report.counts.evidence, report.counts.pruned), (5, 0));
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let statement = report.statement.unwrap();
    assert_eq!(json["anchor"], report.anchor.unwrap().to_string());
    assert_eq!((&json["depth"], &json["statement"]), (&"policy".into(), &statement.digest().to_string().into()));
    assert_eq!(statement.encode(), files["statement.cbor"]);
    assert_eq!(statement.nets().iter().map(|net| net.fen).sum::<i64>(), 0);
    // Contracted: half of 1,001 fen at each venue 1, in Shanghai and in Nanjing.
    // Equal split: 10,000 fen to Nanjing's venue 2 for Nanjing's own pass, and 10,000 fen to its
    // venue 1 for Hangzhou's printed one.
    let paid = |payer, payee| {
        let found = statement.payments().iter().find(|paid| (paid.payer, paid.payee) == (id(payer), id(payee)));
        found.map(|paid| paid.fen)
    };
    assert_eq!(paid(CITIES[0], CITIES[0]), Some(500));
    assert_eq!(paid(CITIES[0], CITIES[1]), Some(500));
    assert_eq!(paid(CITIES[1], CITIES[1]), Some(10_000));
    assert_eq!(paid(CITIES[2], CITIES[1]), Some(10_000));
    assert_eq!(statement.payments().len(), 4);
}

#[test]
fn the_report_does_not_depend_on_threads() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let one = audit(&files, &Options::default());
    let three = audit(&files, &Options { threads: 3, ..Options::default() });
    assert_eq!(one.findings, three.findings);
    assert_eq!(one.statement.unwrap().digest(), three.statement.unwrap().digest());
    assert_eq!(one.counts, three.counts);
}

/// The report, and what was said of the progress.
fn followed(files: &MemoryFiles, options: &Options<'_>) -> (Report, Vec<(usize, usize)>) {
    let said = Mutex::new(Vec::new());
    let progress = |done, all| said.lock().unwrap().push((done, all));
    let report = audit(files, &Options { progress: Some(&progress), ..*options });
    (report, said.into_inner().unwrap())
}

/// The readings of a day, by a bound: the report with one thread, and what it said of its progress with two.
fn part_by_part(files: &MemoryFiles, uses_at_once: usize) -> (String, Vec<(usize, usize)>) {
    let (report, said) = followed(files, &Options { threads: 2, uses_at_once, ..Options::default() });
    let report = report.to_json();
    assert_eq!(audit(files, &Options { uses_at_once, ..Options::default() }).to_json(), report);
    (report, said)
}

#[test]
fn the_report_does_not_depend_on_how_many_uses_are_kept_at_once() {
    let mut long = long();
    let whole = long.settle(OPEN + 90_000);
    for files in [
        Day::ordinary().settle(OPEN + 90_000),
        Day::over_used().settle(OPEN + 90_000),
        pruned(&long, &whole, "parts"),
        whole,
    ] {
        let report = audit(&files, &Options::default());
        let records = report.counts.records as usize;
        for (uses_at_once, readings) in [(0, records), (1, records), (5, records.div_ceil(5)), (records, 1)] {
            let (again, said) = part_by_part(&files, uses_at_once);
            assert_eq!(again, report.to_json(), "{uses_at_once}");
            // Two of the four cities have two gates each, and in these days all of them are used or none of theirs.
            let (done, all): (Vec<usize>, BTreeSet<usize>) = said.into_iter().unzip();
            assert!(done.iter().copied().eq(1..=done.len()), "{done:?}");
            assert_eq!(all, BTreeSet::from([done.len()]));
            let read =
                files.keys().filter(|path| path.starts_with("journal/") && path.ends_with("/checkpoint")).count();
            assert_eq!(done.len(), 4 + (readings - 1) * read, "{uses_at_once}");
        }
    }
}

/// Nothing is decided from the uses there.
#[test]
fn a_shallower_audit_reads_each_journal_once() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    for depth in [Depth::Integrity, Depth::Evidence] {
        let (report, said) = followed(&files, &Options { depth, uses_at_once: 1, ..Options::default() });
        assert!(report.counts.records > 4);
        assert_eq!(said, [1, 2, 3, 4].map(|done| (done, 4)), "{depth}");
    }
}

/// Published files of which one is another one when it is read again.
struct Changing<'a> {
    files: &'a MemoryFiles,
    path: &'a str,
    then: Vec<u8>,
    read: AtomicBool,
}

impl Files for Changing<'_> {
    type Error = Infallible;

    fn list(&self) -> Listing<Infallible> {
        self.files.list()
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        if path == self.path && self.read.swap(true, Ordering::Relaxed) {
            return Ok(Some(Cow::from(&self.then)));
        }
        self.files.read(path)
    }
}

/// What somebody does to the entries of a bundle.
type Change = fn(&mut Vec<Vec<u8>>);

fn flip(entry: &mut [u8]) {
    *entry.last_mut().unwrap() ^= 1;
}

/// As who has the whole journal would: each entry follows the one before.
fn rewrite(entries: &mut [Vec<u8>]) {
    flip(&mut entries[1]);
    for at in 2..entries.len() {
        let link = leaf_hash(&entries[at - 1]);
        entries[at][..32].copy_from_slice(&link.0);
    }
}

#[test]
fn a_journal_that_changes_between_two_readings_is_found() {
    let files = Day::over_used().settle(OPEN + 90_000);
    // A bundle is read when the journal is, and if it is of an earlier size once more; the last one only then.
    let checkpoint = String::from_utf8(files["journal/310101/1/checkpoint"].clone()).unwrap();
    let size: u16 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    let path = &*format!("journal/310101/1/tile/entries/000.p/{size}");
    let entries: Vec<&[u8]> = BundleEntries::new(&files[path], size).map(Result::unwrap).collect();
    let bundle = |entries: &[Vec<u8>]| -> Vec<u8> {
        entries.iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes(), &entry[..]].concat()).collect()
    };
    let changed = |change: Change, uses_at_once| {
        let mut entries: Vec<Vec<u8>> = entries.iter().map(|entry| entry.to_vec()).collect();
        change(&mut entries);
        let files = Changing { files: &files, path, then: bundle(&entries), read: AtomicBool::new(false) };
        audit(&files, &Options { uses_at_once, ..Options::default() })
    };
    let same = changed(|_| (), 2);
    assert_eq!((same.findings.len(), same.over_use.len()), (0, 2));
    let changes: [Change; 5] = [
        |entries| flip(&mut entries[2]),
        |entries| flip(entries.last_mut().unwrap()),
        |entries| rewrite(entries),
        |entries| drop(entries.pop()),
        |entries| entries.clear(),
    ];
    // The second pass is decided in the reading that changed, or in a later one.
    let cases = changes.into_iter().enumerate().flat_map(|case| [(case, 8), (case, 2)]);
    for ((number, change), uses_at_once) in cases {
        let report = changed(change, uses_at_once);
        let found = report.findings.iter().filter(|found| found.severity == FindingSeverity::Error);
        let found: Vec<_> = found.map(|found| (found.place.as_str(), found.rule)).collect();
        assert_eq!(found, [("journal/310101/1", Rule::Root)], "{number}, {uses_at_once}");
        assert_eq!(report.statement.unwrap().encode(), files["statement.cbor"], "what was agreed to stands");
        // Nor is anybody accused by what nobody signed: one of the two passes is decided after the first reading.
        assert_eq!(report.over_use, same.over_use[..1], "{number}, {uses_at_once}");
    }
}

#[test]
fn the_first_trust_list_can_be_pinned() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let anchor = audit(&files, &Options::default()).anchor.unwrap();
    assert!(audit(&files, &Options { anchor: Some(anchor), ..Options::default() }).is_clean());
    let mut other = anchor;
    other.0[0] ^= 1;
    assert!(!audit(&files, &Options { anchor: Some(other), ..Options::default() }).is_clean());
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let mut tried = 0;
    for (path, bytes) in &files {
        // Both ends and a spread between them, at another phase in each file.
        let step = (bytes.len() / 7).max(1);
        let places = (tried % step..bytes.len()).step_by(step).chain([0, bytes.len() - 1]);
        for (bit, at) in places.enumerate() {
            let mut damaged = files.clone();
            damaged.get_mut(path).unwrap()[at] ^= 1 << (bit % 8);
            let found = run(&damaged);
            assert!(found.iter().any(|finding| finding.severity == FindingSeverity::Error), "{path} byte {at}");
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn a_missing_or_an_extra_file_is_found() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    for path in files.keys() {
        let mut damaged = files.clone();
        damaged.remove(path);
        let found = run(&damaged);
        if path.starts_with("evidence/") {
            // Evidence may be erased: that is told, and is no fault.
            assert!(found.iter().all(|finding| finding.rule == Rule::Pruned), "{path}: {found:?}");
        } else if path == "statement.cbor" {
            assert_eq!(found, []);
        } else {
            assert!(found.iter().any(|finding| finding.severity == FindingSeverity::Error), "{path}");
        }
    }
    for path in [
        "ledger/310101/tile/9/000",
        "journal/310101/01/checkpoint",
        "trust/catalogue-310101-01.cose",
        "trust/trust-list-1-1.cose",
        "evidence/1",
        "evidence/310101/1",
        "journal/310101/1",
        "ledger/310101",
    ] {
        let mut damaged = files.clone();
        damaged.insert(path.into(), vec![1]);
        assert!(!errors(&damaged).is_empty(), "{path}");
    }
    // What lies about is no fault, and hides none.
    for (path, rule) in [
        ("trust/readme", Rule::Stray),
        ("trust/.DS_Store", Rule::Stray),
        ("journal/310101/1/x", Rule::Stray),
        ("journal/310101/1/", Rule::Stray),
        ("ledger/310101/checkpoint.bak", Rule::Stray),
        ("evidence/310101/1/.nfs0000000000000012", Rule::Stray),
        ("trust/trust-list-2.cose.new", Rule::Leftover),
        ("ledger/310101/checkpoint.new", Rule::Leftover),
        ("evidence/310101/1/000.p/97.new", Rule::Leftover),
    ] {
        let mut damaged = files.clone();
        damaged.insert(path.into(), vec![1]);
        let told: Vec<_> = run(&damaged).into_iter().map(|told| (told.place, told.rule, told.severity)).collect();
        assert_eq!(told, [(path.into(), rule, FindingSeverity::Notice)]);
    }
}

/// A day, and the next: what is published of each log at the end of one of them, beside all else of the other.
#[test]
fn what_is_published_late_accuses_nobody() {
    let mut day = Day::ordinary();
    let before = day.settle(OPEN + 90_000);
    let next = OPEN + 86_400;
    for (city, gate, number) in [(0, 0, 4), (0, 1, 5), (1, 0, 6), (1, 1, 7)] {
        let pass = pass(CITIES[1], number, 1, |_| {});
        index(day.scan(city, gate, &code(&pass, number, next), next));
        day.deliver(city, gate, next + 3_600);
    }
    let saw = |day: &mut Day, by: usize, of: usize| {
        let key = secret(CITIES[of], Role::Log);
        let checkpoint = day.cities[of].ledger.log().checkpoint().sign(&key);
        day.cities[by].ledger.record(Announcement::PeerSeen { checkpoint }, time(next + 5_000)).unwrap();
    };
    (0..4).for_each(|of| saw(&mut day, (of + 1) % 4, of));
    day.finish(next + 90_000);
    let mut after = day.files();
    after.insert("statement.cbor".into(), before["statement.cbor"].clone());
    assert_eq!([&before, &after].map(run), [[], []]);
    let log = |path: &String| match path.split('/').collect::<Vec<_>>()[..] {
        ["ledger", member, ..] => Some(format!("ledger/{member}")),
        [top @ ("journal" | "evidence"), member, gate, ..] => Some(format!("{top}/{member}/{gate}")),
        _ => None,
    };
    let logs: BTreeSet<String> = after.keys().filter_map(log).collect();
    assert_eq!(logs.len(), 12);
    let statement = audit(&before, &Options::default()).statement.unwrap();
    for log in logs {
        let is_of = |path: &String| path.starts_with(&format!("{log}/"));
        let mix = |of: &MemoryFiles, others: &MemoryFiles| -> MemoryFiles {
            let of = of.iter().filter(|(path, _)| is_of(path));
            let others = others.iter().filter(|(path, _)| !is_of(path));
            of.chain(others).map(|(path, file)| (path.clone(), file.clone())).collect()
        };
        for (mixed, which) in [(mix(&before, &after), "late"), (mix(&after, &before), "early")] {
            let report = audit(&mixed, &Options::default());
            let found = &report.findings;
            assert!(found.iter().all(|found| found.severity == FindingSeverity::Notice), "{log} {which}: {found:?}");
            let rules: BTreeSet<Rule> = found.iter().map(|found| found.rule).collect();
            assert!(rules.contains(&Rule::Behind) && !rules.contains(&Rule::Pruned), "{log} {which}: {found:?}");
            assert_eq!(report.statement.as_ref(), Some(&statement), "{log} {which}: {found:?}");
        }
    }
}

/// A use that is not sealed yet is in no ledger: that its journal goes on is told, and no more.
#[test]
fn over_use_is_found_when_its_seal_is_published() {
    let mut day = Day::open();
    let twice = pass(CITIES[0], 1, 1, |_| {});
    for at in [OPEN, OPEN + 200] {
        index(day.scan(0, 0, &code(&twice, 1, at), at));
    }
    (0..2).for_each(|city| day.deliver(city, 0, OPEN + 500));
    day.finish(OPEN + 600);
    let before = day.files();
    index(day.scan(1, 0, &code(&twice, 1, OPEN + 1_000), OPEN + 1_000));
    day.deliver(1, 0, OPEN + 2_000);
    day.finish(OPEN + 3_000);
    let after = day.files();
    let mut unsealed = before;
    let of_gate = |path: &str| path.starts_with("journal/320100/1/") || path.starts_with("evidence/320100/1/");
    unsealed.retain(|path, _| !of_gate(path));
    unsealed.extend(after.clone().into_iter().filter(|(path, _)| of_gate(path)));
    for (files, found, over_use) in [(after, 0, 1), (unsealed, 1, 0)] {
        let report = audit(&files, &Options::default());
        assert!(report.findings.iter().all(|found| found.rule == Rule::Behind), "{:?}", report.findings);
        assert_eq!((report.findings.len(), report.over_use.len(), report.counts.redemptions), (found, over_use, 3));
        assert!(prove_over_use(&files, &report).iter().all(|(_, proof)| proof.is_ok()));
    }
}

/// Published files while somebody publishes: between any two questions, some more of these files are there.
struct Growing<'a> {
    steps: &'a [(String, Vec<u8>)],
    /// What is there, how many steps were taken, and what the next number of steps is drawn from.
    now: Mutex<(MemoryFiles, usize, u64)>,
    /// No more steps than this between two questions.
    pace: u64,
}

impl<'a> Growing<'a> {
    fn new(before: &MemoryFiles, steps: &'a [(String, Vec<u8>)], (seed, pace): (u64, u64)) -> Self {
        Self { steps, now: Mutex::new((before.clone(), 0, seed)), pace }
    }

    fn asked<T>(&self, is_still: bool, answer: impl FnOnce(&MemoryFiles) -> T) -> T {
        let mut now = self.now.lock().unwrap();
        let (files, taken, drawn) = &mut *now;
        let answer = answer(files);
        if is_still {
            return answer;
        }
        *drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let more = (*drawn >> 33) % (self.pace + 1);
        let next = self.steps.iter().skip(*taken).take(more as usize);
        *taken += next.len();
        files.extend(next.cloned());
        answer
    }
}

impl Files for Growing<'_> {
    type Error = Infallible;

    fn list(&self) -> Listing<Infallible> {
        self.asked(false, |files| files.list())
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        // Nothing is published while junk is read.
        Ok(self.asked(path.contains("/9"), |files| files.get(path).cloned()).map(Cow::from))
    }
}

/// What a publisher writes to get from one state to the next: lists, then logs, and of each log the checkpoint last.
fn publishing(before: &MemoryFiles, after: &MemoryFiles, tops: [&str; 4]) -> Vec<(String, Vec<u8>)> {
    let log =
        |path: &str| path.split('/').take_while(|part| *part != "tile" && *part != "checkpoint").collect::<String>();
    let is_new = |(path, file): &(&String, &Vec<u8>)| before.get(*path) != Some(file);
    let mut steps: Vec<(String, Vec<u8>)> =
        after.iter().filter(is_new).map(|(path, file)| (path.clone(), file.clone())).collect();
    steps.sort_by_key(|(path, _)| {
        let top = tops.iter().position(|top| path.starts_with(top)).unwrap();
        (top, log(path), path.ends_with("/checkpoint"), path.clone())
    });
    steps
}

/// Three evenings, each with a new catalogue of one city; between the last two one of its gates records more than a bundle
/// holds.
fn evenings(of: usize) -> Vec<MemoryFiles> {
    let by = (of + 1) % 4;
    let mut day = Day::ordinary();
    day.finish(OPEN + 50_000);
    let mut states = vec![day.files()];
    for (evening, more) in [(1, 3), (2, 300)] {
        let next = OPEN + evening * 86_400;
        for (city, gate) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let number = (evening * 4) as u8 + city as u8 * 2 + gate as u8;
            let pass = pass(CITIES[1], number, 1, |_| {});
            index(day.scan(city, gate, &code(&pass, number, next), next));
        }
        (0..more).for_each(|at| day.sync(of, 0, &[], next + 1_000 + at));
        for (city, gate) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            day.deliver(city, gate, next + 3_600);
        }
        let checkpoint = day.cities[of].ledger.log().checkpoint().sign(&secret(CITIES[of], Role::Log));
        day.cities[by].ledger.record(Announcement::PeerSeen { checkpoint }, time(next + 5_000)).unwrap();
        let sequence = evening as u64 + 1;
        let spec = CatalogueSpec { sequence, issued: time(next), ..day::catalogue_spec(CITIES[of]) };
        let catalogue = spec.sign(&secret(CITIES[of], Role::Registrar));
        let digest = sha256(&[&catalogue]);
        day.cities[of]
            .ledger
            .record(Announcement::CataloguePublished { sequence, digest }, time(next + 6_000))
            .unwrap();
        day.finish(next + 10_000);
        let mut files = states.last().unwrap().clone();
        files.extend(day.files());
        files.insert(format!("trust/catalogue-{}-{sequence}.cose", CITIES[of]), catalogue);
        states.push(files);
    }
    states
}

#[test]
fn an_audit_of_what_is_being_published_finds_no_fault() {
    let states = evenings(0);
    let done = run(states.last().unwrap());
    assert_eq!(done, []);
    let (mut behind, mut in_between) = (0, 0);
    let journals_first = ["trust/", "evidence/", "journal/", "ledger/"];
    let ledgers_first = ["trust/", "ledger/", "journal/", "evidence/"];
    for tops in [journals_first, ledgers_first] {
        let steps: Vec<_> = states.windows(2).flat_map(|two| publishing(&two[0], &two[1], tops)).collect();
        assert!(steps.len() > 40, "{}", steps.len());
        for number in 0..16 {
            let files = Growing::new(&states[0], &steps, (number, 1 + number % 6));
            let report = audit(&files, &Options { uses_at_once: 100, ..Options::default() });
            let told = &report.findings;
            assert!(report.is_clean(), "{number} {tops:?}: {told:?}");
            // A new catalogue is there before the ledger's entry that records it.
            let is_late = |found: &Finding| matches!(found.rule, Rule::Behind | Rule::Published);
            assert!(told.iter().all(is_late), "{number} {tops:?}: {told:?}");
            behind += usize::from(!told.is_empty());
            in_between += usize::from(files.now.into_inner().unwrap().1 > 0);
        }
    }
    assert!(behind > 8 && in_between == 32, "{behind}, {in_between}");
}

/// 64 MiB of what one city calls checkpoints take from another nothing that it publishes meanwhile.
#[test]
fn junk_checkpoints_of_one_city_accuse_no_other() {
    let states = evenings(1);
    let tops = ["trust/", "evidence/", "journal/", "ledger/"];
    let steps: Vec<_> = states.windows(2).flat_map(|two| publishing(&two[0], &two[1], tops)).collect();
    for top in ["ledger", "journal"] {
        let mut junk = states[0].clone();
        for at in 0..4_096 {
            junk.insert(format!("{top}/{}/9{at:04}/checkpoint", CITIES[0]), vec![b'a'; MAX_NOTE]);
        }
        for number in 0..6 {
            let files = Growing::new(&junk, &steps, (number, 1 + number % 6));
            let report = audit(&files, &Options { group: true, ..Options::default() });
            let is_of_others = |found: &&Finding| {
                found.severity == FindingSeverity::Error && !found.place.contains(&CITIES[0].to_string())
            };
            let accused: Vec<&Finding> = report.findings.iter().filter(is_of_others).collect();
            assert!(accused.is_empty(), "{top} {number}: {accused:?}");
        }
    }
}

/// One witness dates its cosignature months ahead.
#[test]
fn no_witness_alone_moves_the_time_of_a_ledger() {
    let mut day = Day::ordinary();
    day.finish(OPEN + 50_000);
    let mut files = day.files();
    let before = audit(&files, &Options::default()).ledgers;
    assert_eq!(before[1].final_at, Some(time(OPEN + 50_000)));
    let trust = day::bundle().trust().clone();
    let path = format!("ledger/{}/checkpoint", CITIES[1]);
    let logs = log_verifiers(&trust, id(CITIES[1]), time(OPEN));
    let signed = SignedCheckpoint::verify_any(&files[&path], &logs).unwrap();
    let name = witness_name(&trust, id(CITIES[2])).unwrap();
    let line = signed.checkpoint().cosign(&name, &secret(CITIES[2], Role::Witness), time(day::AFTER - 1));
    let others = signed.note().split_inclusive('\n').filter(|line| !line.starts_with(&format!("\u{2014} {name} ")));
    files.insert(path, (others.collect::<String>() + &line).into_bytes());
    let report = audit(&files, &Options::default());
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.ledgers, before);
    assert!(report.ledgers[1].to_string().contains(" entries, final 2026-"), "{}", report.ledgers[1]);
    // Not even enough of them.
    let own: String = signed.note().split_inclusive('\n').take_while(|line| !line.contains("witness")).collect();
    files.insert(format!("ledger/{}/checkpoint", CITIES[1]), own.into_bytes());
    let ledger = audit(&files, &Options::default()).ledgers[1];
    assert!(ledger.final_at.is_none() && ledger.to_string().ends_with(" entries, not final"), "{ledger}");
}

/// Published files, and how many bytes of them were read.
struct Counting<'a>(&'a MemoryFiles, AtomicU64);

impl Files for Counting<'_> {
    type Error = Infallible;

    fn list(&self) -> Listing<Infallible> {
        self.0.list()
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        let found = self.0.read(path)?;
        self.1.fetch_add(found.as_ref().map_or(0, |found| found.len() as u64), Ordering::Relaxed);
        Ok(found)
    }
}

/// Tiles and bundles that nobody signed cost their names, and of those that only go on after the log, one file.
#[test]
fn what_goes_on_after_a_log_is_counted_and_not_read() {
    let mut day = Day::ordinary();
    day.finish(OPEN + 50_000);
    let mut files = day.files();
    let read = |files: &MemoryFiles| {
        let counting = Counting(files, AtomicU64::new(0));
        let findings = audit(&counting, &Options::default()).findings;
        (counting.1.into_inner(), findings.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let (whole, none) = read(&files);
    assert_eq!(none, <[String; 0]>::default());
    let bundle: Vec<u8> = (0..256).flat_map(|_| [&1000_u16.to_be_bytes()[..], &[7; 1000]].concat()).collect();
    for at in 1..20 {
        for top in ["ledger/320100", "journal/320100/1"] {
            files.insert(format!("{top}/tile/entries/{at:03}"), bundle.clone());
            files.insert(format!("{top}/tile/0/{at:03}"), vec![7; 32 * 256]);
            files.insert(format!("{top}/tile/1/{at:03}"), vec![7; 32 * 256]);
        }
        files.insert(format!("evidence/320100/1/{at:03}"), bundle.clone());
    }
    let (more, told) = read(&files);
    assert_eq!(more, whole);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|told| told.starts_with("notice: ") && told.contains(": Behind: ")), "{told:?}");
    // Files of every width that start with what is signed: the widest one is read of each kind.
    let long = |path: &str, width: usize| {
        let at = day.files().into_iter().find(|(own, _)| own.starts_with(path)).unwrap();
        let entries: usize = at.0.rsplit('/').next().unwrap().parse().unwrap();
        let one =
            if path.contains("/tile/0/") { vec![7; 32] } else { [&1000_u16.to_be_bytes()[..], &[7; 1000]].concat() };
        (entries, at.1.into_iter().chain(one.repeat(width.saturating_sub(entries))).collect::<Vec<u8>>())
    };
    let mut files = day.files();
    let mut widest = 0;
    for path in ["ledger/320100/tile/0/000.p/", "ledger/320100/tile/entries/000.p/", "evidence/320100/1/000.p/"] {
        let from = long(path, 0).0 + 1;
        for width in from..from + 40 {
            let file = long(path, width).1;
            widest += if width == from + 39 { file.len() as u64 } else { 0 };
            files.insert(format!("{path}{width}"), file);
        }
    }
    let (more, told) = read(&files);
    assert_eq!(more, whole + widest, "{told:?}");
    assert!(told.len() == 2 && told.iter().all(|told| told.contains(": Behind: ")), "{told:?}");
    // And that one is held against what is signed.
    for path in ["ledger/320100/tile/0/000.p/", "ledger/320100/tile/entries/000.p/"] {
        let mut files = files.clone();
        let wide = format!("{path}{}", long(path, 0).0 + 40);
        *files.get_mut(&wide).unwrap().get_mut(20).unwrap() ^= 1;
        assert_eq!(errors(&files), [(wide, Rule::Tile)]);
    }
}

/// One slip of one city, and what another invents.
#[test]
fn no_citys_findings_hide_behind_anothers() {
    let mut day = Day::open();
    let nobody = |number: u8| Redemption {
        time: time(OPEN + i64::from(number)),
        pass: PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([number; 10]) },
        product: (1, 1),
        facts: day::claims(CITIES[0], 1, 1).facts(),
        grant: 0,
        party: 1,
        due_fen: 77,
        flags: 0,
        evidence: sha256(&[b"nothing"]),
    };
    for (city, numbers) in [(0, 1..2), (1, 2..100)] {
        let certificate = day.cities[city].ledger.journals()[&1].certificate().digest();
        let opened = [Record::Opened { time: time(OPEN), certificate }, Record::Synced(knows(OPEN))];
        let redeemed = numbers.map(|number| Record::Redeemed(nobody(number)));
        let records = opened.into_iter().chain(redeemed).map(|record| (record, None)).collect();
        day.say(city, 0, records, OPEN + 3_000);
    }
    day.finish(OPEN + 14 * 3_600);
    let report = audit(&day.files(), &Options { group: true, ..Options::default() });
    let errors = report.findings.iter().filter(|found| found.severity == FindingSeverity::Error);
    let told: Vec<_> = errors.map(|found| (&*found.place, found.rule, found.count)).collect();
    for (place, count) in [("journal/310101/1", 1), ("journal/320100/1", 98)] {
        assert!(told.contains(&(place, Rule::Decision, count)), "{told:?}");
    }
}

/// Published files of which one cannot be read; where it is the directory itself, they cannot be listed.
struct Unreadable<'a> {
    files: &'a MemoryFiles,
    path: &'a str,
}

impl Files for Unreadable<'_> {
    type Error = io::Error;

    fn list(&self) -> Listing<io::Error> {
        if self.path == "." {
            let faults = vec![(self.path.to_owned(), io::Error::other("a bad sector"))];
            return Listing { faults, ..Listing::default() };
        }
        let Listing { paths, others, .. } = self.files.list();
        Listing { paths, others, faults: Vec::new() }
    }

    fn read(&self, path: &str) -> io::Result<Option<Cow<'_, [u8]>>> {
        if path == self.path { Err(io::Error::other("a bad sector")) } else { Ok(self.files.read(path).unwrap()) }
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_audited() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    for path in files.keys().map(String::as_str).chain(["."]) {
        let report = audit(&Unreadable { files: &files, path }, &Options::default());
        let rule = if path == "." { Rule::Listing } else { Rule::Unreadable };
        let told = |finding: &&Finding| finding.rule == rule && finding.place == path;
        let told: Vec<&Finding> = report.findings.iter().filter(told).collect();
        assert!(told.len() == 1 && told[0].severity == FindingSeverity::Error, "{path}: {:?}", report.findings);
        assert!(told[0].detail.contains("a bad sector"));
        if !path.starts_with("trust/trust-list") && path != "." {
            assert_eq!(report.counts.ledgers, 4, "{path}");
        }
    }
}

/// Published files of which one directory cannot be listed.
struct Unlisted<'a> {
    files: &'a MemoryFiles,
    path: &'a str,
}

impl Files for Unlisted<'_> {
    type Error = io::Error;

    fn list(&self) -> Listing<io::Error> {
        let Listing { mut paths, others, .. } = self.files.list();
        let is_hidden = |path: &str| self.path == "." || path.starts_with(&format!("{}/", self.path));
        paths.retain(|path| !is_hidden(path));
        Listing { paths, others, faults: vec![(self.path.to_owned(), io::Error::other("no permission"))] }
    }

    fn read(&self, path: &str) -> io::Result<Option<Cow<'_, [u8]>>> {
        let is_hidden = path.starts_with(&format!("{}/", self.path));
        if is_hidden { Err(io::Error::other("no permission")) } else { Ok(self.files.read(path).unwrap()) }
    }
}

/// It may be there: that it is missing is said of nobody.
#[test]
fn what_cannot_be_listed_is_told_once_and_the_rest_audited() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    for (path, ledgers) in [("ledger/310101", 3), ("ledger", 0), ("journal/310101/1", 4), ("evidence", 4)] {
        let report = audit(&Unlisted { files: &files, path }, &Options::default());
        let errors = report.findings.iter().filter(|found| found.severity == FindingSeverity::Error);
        let (listing, others): (Vec<&Finding>, Vec<_>) = errors.partition(|found| found.rule == Rule::Listing);
        assert!(matches!(listing[..], [Finding { place, .. }] if place == path), "{path}: {listing:?}");
        let unreadable = |found: &&Finding| found.rule == Rule::Unreadable && found.place.starts_with(path);
        assert!(others.iter().all(unreadable), "{path}: {others:?}");
        assert_eq!(report.counts.ledgers, ledgers, "{path}");
    }
    let report = audit(&Unlisted { files: &files, path: "." }, &Options::default());
    let told: Vec<_> = report.findings.iter().map(|found| (found.place.as_str(), found.rule)).collect();
    assert_eq!(told, [(".", Rule::Listing), ("trust/", Rule::TrustList)]);
}

#[test]
fn over_use_is_found_and_charged_to_who_could_have_known() {
    let mut day = Day::over_used();
    let key = |number| PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([number; 10]) };
    let files = day.settle(OPEN + 90_000);
    let report = audit(&files, &Options::default());
    assert_eq!(report.findings, []);
    let found: Vec<_> = report.over_use.iter().map(|over| (over.pass, over.used.gate.member, over.liable)).collect();
    assert_eq!(found, [(key(1), id(CITIES[1]), Liable::Issuer), (key(2), id(CITIES[1]), Liable::Gate)]);
    let statement = report.statement.unwrap();
    let line = statement.lines().iter().find(|line| line.venue.member == id(CITIES[1])).unwrap();
    assert_eq!((line.uses, line.unpaid, line.fen), (1, 1, 500));
}

/// Uses at other gates are forgotten with the term they were made in, and a city's digests leave them out.
#[test]
fn who_signs_a_pass_id_again_answers_for_the_uses_of_its_first_term() {
    for (term, liable) in [(1_601, Liable::Gate), (1_600, Liable::Issuer)] {
        let mut day = Day::open();
        let first = pass(CITIES[0], 1, 1, |claims| claims.expires = time(OPEN + term));
        for at in [OPEN, OPEN + 200] {
            index(day.scan(0, 0, &code(&first, 1, at), at));
        }
        day.deliver(0, 0, OPEN + 500);
        day.sync(1, 0, &[], OPEN + 1_000);
        let again = pass(CITIES[0], 1, 1, |_| {});
        index(day.scan(1, 0, &code(&again, 1, OPEN + 1_600), OPEN + 1_600));
        day.deliver(1, 0, OPEN + 2_000);
        let report = audit(&day.settle(OPEN + 90_000), &Options::default());
        assert_eq!(report.findings, []);
        let found: Vec<_> = report.over_use.iter().map(|over| (over.used.time, over.liable)).collect();
        assert_eq!(found, [(time(OPEN + 1_600), liable)], "{term}");
    }
}

#[test]
fn over_use_stays_the_same_when_the_evidence_is_erased() {
    // A pass that was over when the gate admitted it.
    let over = pass(CITIES[0], 1, 2, |claims| claims.expires = time(OPEN));
    let (mut redemption, evidence) = used(1, 2, &code(&over, 1, OPEN - 1), OPEN);
    redemption.facts.expires = time(OPEN);
    let mut day = Day::open();
    deliver(
        &mut day,
        vec![(Record::Synced(knows(OPEN - 600)), None), (Record::Redeemed(redemption), evidence)],
        OPEN + 80_000,
    );
    day.finish(OPEN + 80_000);
    let whole = audit(&day.files(), &Options::default());
    let mut files = day.files();
    files.retain(|path, _| !path.starts_with("evidence/"));
    let erased = audit(&files, &Options::default());
    assert_eq!((whole.counts.evidence, erased.counts.evidence), (1, 0));
    assert_eq!(whole.over_use.len(), 1);
    assert_eq!((&whole.over_use[0].denied, whole.over_use[0].liable), (&expired(OPEN), Liable::Gate));
    assert_eq!(erased.over_use, whole.over_use);
    // Nor does the gate get away with its decision.
    let told = |found: &Finding| (found.rule, found.detail == expired(OPEN).to_string()) == (Rule::Decision, true);
    assert!(whole.findings.iter().any(told) && erased.findings.iter().any(told));
}

/// However much is gone, an audit says so once for each journal.
#[test]
fn evidence_that_was_erased_is_told_once_and_counted() {
    let mut day = Day::ordinary();
    day.finish(OPEN + 40_000);
    let mut files = day.files();
    // That of a gate where nobody was is still there: where there is none at all, it was not given.
    files.retain(|path, _| !path.starts_with("evidence/") || path.starts_with("evidence/310101/2/"));
    let report = audit(&files, &Options::default());
    assert_eq!((report.counts.evidence, report.counts.pruned), (0, 5));
    let told = report.findings.iter().map(|found| {
        assert_eq!((found.rule, found.severity), (Rule::Pruned, FindingSeverity::Notice), "{found:?}");
        (found.place.as_str(), found.index, found.detail.as_str())
    });
    let and_one_more = "its evidence was erased, and that of 1 more";
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("journal/310101/1", Some(2), and_one_more),
            ("journal/320100/1", Some(2), and_one_more),
            ("journal/320100/2", Some(2), "its evidence was erased"),
        ]
    );
}

fn expired(at: i64) -> Denied {
    Denied::Expired { at: time(at), next: None }
}

#[test]
fn a_reversed_redemption_is_not_settled() {
    let mut day = Day::ordinary();
    day.cities[0].ledger.record(Announcement::Reversal { gate: 1, index: 2 }, time(OPEN + 50_000)).unwrap();
    let files = day.settle(OPEN + 90_000);
    let statement = audit(&files, &Options::default()).statement.unwrap();
    assert!(statement.payments().iter().all(|paid| paid.payee != id(CITIES[0])));
}

/// Gives the city a journal that no honest gate would write, with the key of its gate 2.
fn deliver(day: &mut Day, records: Vec<(Record, Option<Vec<u8>>)>, at: i64) {
    let certificate = day.cities[0].ledger.journals()[&2].certificate().digest();
    let opened = Record::Opened { time: time(OPEN - 600), certificate };
    day.say(0, 1, [(opened, None)].into_iter().chain(records).collect(), at);
}

#[test]
fn what_is_done_by_hand_settles_nothing() {
    let found = |totals: Totals| {
        let entry = Override { refused: Reason::Expired, operator: 7, why: 3, party: 2 };
        let pass = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([1; 10]) };
        let (day, refused) = (time(OPEN).service_day(0), vec![(Reason::Expired, 1)]);
        let records = [
            Record::Overridden { time: time(OPEN), entry },
            Record::Exited { time: time(OPEN), pass, party: 2 },
            Record::DayClosed { time: time(OPEN), day, totals, refused },
        ];
        let mut day = Day::open();
        deliver(&mut day, records.map(|record| (record, None)).into(), OPEN + 80_000);
        day.finish(OPEN + 80_000);
        let report = day.audit();
        assert_eq!(report.statement.unwrap().payments(), []);
        let found = report.findings.into_iter();
        found.map(|found| (found.index.unwrap(), found.severity, found.rule)).collect::<Vec<_>>()
    };
    let totals = Totals { overridden: 1, left: 1, ..Totals::default() };
    let notice = (1, FindingSeverity::Notice, Rule::Override);
    assert_eq!(found(totals), [notice]);
    for wrong in [Totals { overridden: 0, ..totals }, Totals { left: 2, ..totals }] {
        assert_eq!(found(wrong), [notice, (3, FindingSeverity::Error, Rule::Totals)]);
    }
}

/// Hefei lost its registrar and its issuer: under the list without them a gate has nothing of Hefei, and no less of
/// the others.
#[test]
fn what_a_trust_list_drops_a_gate_need_not_know() {
    let mut spec = TrustListSpec { sequence: 2, issued: time(OPEN), ..day::trust_spec() };
    let hefei = spec.members.last_mut().unwrap();
    hefei.keys.retain(|entry| ![Role::Registrar, Role::Issuer].contains(&entry.role));
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    let list = spec.sign(&roots.each_ref());
    let found = |change: &dyn Fn(&mut Synced)| {
        let mut synced = Synced { trust: 2, ..knows(OPEN + 1) };
        change(&mut synced);
        let mut day = Day::open();
        deliver(&mut day, vec![(Record::Synced(knows(OPEN)), None), (Record::Synced(synced), None)], OPEN + 80_000);
        day.finish(OPEN + 80_000);
        let mut files = day.files();
        files.insert("trust/trust-list-2.cose".into(), list.clone());
        let report = audit(&files, &Options::default());
        report.findings.iter().map(|finding| (finding.index, finding.rule)).collect::<Vec<_>>()
    };
    let less = [(Some(2), Rule::Decision)];
    assert_eq!(found(&|_| {}), []);
    let without_hefei = |synced: &mut Synced| {
        synced.catalogues.pop();
        synced.status.pop();
    };
    assert_eq!(found(&without_hefei), []);
    assert_eq!(found(&|synced| synced.catalogues.truncate(2)), less);
    assert_eq!(found(&|synced| drop(synced.status.remove(0))), less);
}

#[test]
fn a_restart_is_no_sync() {
    let mut day = Day::open();
    let twice = pass(CITIES[0], 1, 1, |_| {});
    for at in [OPEN, OPEN + 200] {
        index(day.scan(0, 0, &code(&twice, 1, at), at));
    }
    // Gate 2 last heard of the others at OPEN - 600; that it starts again later tells it nothing.
    let (again, at) = (OPEN + 5 * 3_600, OPEN + 5 * 3_600 + 60);
    let certificate = day.cities[0].ledger.journals()[&2].certificate().digest();
    let (redemption, evidence) = used(1, 1, &code(&twice, 1, at), at);
    let records = vec![
        (Record::Synced(knows(OPEN - 600)), None),
        (Record::Opened { time: time(again), certificate }, None),
        (Record::Synced(knows(again)), None),
        (Record::Redeemed(redemption), evidence),
    ];
    deliver(&mut day, records, OPEN + 80_000);
    day.deliver(0, 0, OPEN + 80_000);
    day.finish(OPEN + 80_000);
    let report = day.audit();
    assert_eq!(report.findings, []);
    assert_eq!(report.over_use.iter().map(|over| over.liable).collect::<Vec<_>>(), [Liable::Gate]);
    let again = audit(&day.files(), &Options { uses_at_once: 1, ..Options::default() });
    assert_eq!(again.over_use, report.over_use);
}

#[test]
fn a_price_that_rises_later_changes_no_decision_before() {
    let mut day = Day::open();
    let half = pass(CITIES[0], 1, 2, |_| {});
    index(day.scan(0, 0, &code(&half, 1, OPEN), OPEN));
    day.deliver(0, 0, OPEN + 40_000);
    day.finish(OPEN + 40_000);
    let mut files = day.files();
    let venues = (1..3).map(|number| Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: "Garden".into(),
        category: 1,
        price_fen: 9_000,
    });
    let products = day::bundle().catalogues().find(|list| list.member() == id(CITIES[0])).unwrap().products().to_vec();
    let spec = CatalogueSpec {
        member: id(CITIES[0]),
        sequence: 2,
        issued: time(OPEN + 50_000),
        venues: venues.collect(),
        products,
    };
    files.insert("trust/catalogue-310101-2.cose".into(), spec.sign(&secret(CITIES[0], Role::Registrar)));
    let found = run(&files);
    // No statement is computed by it before the ledger records it.
    let told: Vec<_> = found.iter().map(|told| (told.place.as_str(), told.rule, told.severity)).collect();
    assert_eq!(told, [("trust/catalogue-310101-2.cose", Rule::Published, FindingSeverity::Notice)]);
}

/// A day at whose first gate a full bundle of records ends with the last `synced`: three redemptions
/// lie in it, and after it the annulment of one and the reversal of another.
fn long() -> Day {
    let mut day = Day::open();
    let visit = |day: &mut Day, city, number, at| {
        let pass = pass(CITIES[1], number, 1, |_| {});
        index(day.scan(city, 0, &code(&pass, number, at), at))
    };
    assert_eq!([1, 2, 3].map(|number| visit(&mut day, 0, number, OPEN + i64::from(number))), [2, 3, 4]);
    for at in 5..256 {
        day.sync(0, 0, &[], OPEN + at);
    }
    day.gate(0, 0).annul(3, time(OPEN + 300)).unwrap();
    // Used up elsewhere, which this gate was not told yet.
    for at in [OPEN, OPEN + 200] {
        visit(&mut day, 1, 4, at);
    }
    assert_eq!(visit(&mut day, 0, 4, OPEN + 400), 257);
    day.gate(0, 0).close_day(time(OPEN).service_day(0), time(OPEN + 36_000)).unwrap();
    day.deliver(0, 0, OPEN + 40_000);
    day.deliver(1, 0, OPEN + 40_000);
    day.cities[0].ledger.record(Announcement::Reversal { gate: 1, index: 2 }, time(OPEN + 50_000)).unwrap();
    day
}

/// What is published after the first bundle of the first gate's journal was pruned.
fn pruned(day: &Day, whole: &MemoryFiles, name: &str) -> MemoryFiles {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&root);
    let ledger = &day.cities[0].ledger;
    let (mut storage, mut log) = (ledger.storage().clone(), ledger.journals()[&1].log().clone());
    let note = log.kept_checkpoint(&storage).unwrap().unwrap();
    let verifier = journal_verifier(day::bundle().trust(), ledger.journals()[&1].certificate()).unwrap();
    let signed = SignedCheckpoint::verify(&note, &verifier).unwrap();
    let (journal, evidence) = (root.join("journal/310101/1"), root.join("evidence/310101/1"));
    publish(&storage, &log, &signed, &journal, Some(&evidence)).unwrap();
    for change in [|log: &Log| log.prune(log.size(), 1), |log: &Log| log.erase(256, 256)] {
        let batch = change(&log);
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
    }
    publish(&storage, &log, &signed, &journal, Some(&evidence)).unwrap();
    let folder = Folder::new(&root);
    let of_gate = |path: &&String| path.starts_with("journal/310101/1/") || path.starts_with("evidence/310101/1/");
    let others = whole.iter().filter(|(path, _)| !of_gate(path)).map(|(path, bytes)| (path.clone(), bytes.clone()));
    let left =
        folder.list().paths.into_iter().map(|path| (path.clone(), folder.read(&path).unwrap().unwrap().into_owned()));
    others.chain(left).collect()
}

#[test]
fn a_pruned_journal_is_told_and_the_rest_of_it_audited() {
    let mut day = long();
    let whole = day.settle(OPEN + 90_000);
    let files = pruned(&day, &whole, "pruned");
    assert!(!files.contains_key("journal/310101/1/tile/entries/000"));
    let report = audit(&files, &Options::default());
    let told: Vec<_> = report.findings.iter().map(|found| (found.place.as_str(), found.rule, found.severity)).collect();
    let notice = |place| (place, Rule::Pruned, FindingSeverity::Notice);
    assert_eq!(told, [notice("journal/310101/1"), notice("statement.cbor")]);
    assert!(report.findings[0].detail.starts_with("256 entries"));
    // That the gate had synced is gone with the rest, and not held against it.
    assert_eq!(report.over_use, audit(&whole, &Options::default()).over_use);
    assert_eq!(report.over_use.iter().map(|over| over.liable).collect::<Vec<_>>(), [Liable::Issuer]);
    // What the members agreed to stands.
    assert_eq!(report.statement.unwrap().encode(), whole["statement.cbor"]);
    assert_eq!((report.counts.redemptions, report.counts.evidence), (3, 3));

    // Every file of the journal still counts, and of the pruned part every tile.
    let tile = "journal/310101/1/tile/0/000";
    for at in [0, 1, 4_000, 8_160, 8_191] {
        let mut damaged = files.clone();
        damaged.get_mut(tile).unwrap()[at] ^= 4;
        assert!(errors(&damaged).contains(&("journal/310101/1".to_owned(), Rule::Root)), "byte {at}");
    }
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("journal/310101/1/")) {
        let mut damaged = files.clone();
        damaged.remove(path);
        assert!(!errors(&damaged).is_empty(), "{path} is gone");
        damaged.insert(path.clone(), bytes[..bytes.len() - 1].into());
        assert!(!errors(&damaged).is_empty(), "{path} is cut");
        *damaged.get_mut(path).unwrap() = bytes.clone();
        damaged.get_mut(path).unwrap()[bytes.len() / 2] ^= 1;
        assert!(!errors(&damaged).is_empty(), "{path} is changed");
    }

    // Without what was agreed there is no statement: what is left would say too little.
    let report = audit(&Unreadable { files: &files, path: "statement.cbor" }, &Options::default());
    let unread = |found: &Finding| (found.place.as_str(), found.rule) == ("statement.cbor", Rule::Unreadable);
    assert!(report.findings.iter().any(unread) && report.statement.is_none(), "{:?}", report.findings);
    let mut damaged = files.clone();
    damaged.remove("statement.cbor");
    let report = audit(&damaged, &Options::default());
    assert!(report.is_clean() && report.statement.is_none());
    // Evidence outlives its record: told.
    let mut kept = files.clone();
    kept.insert("evidence/310101/1/000".into(), whole["evidence/310101/1/000"].clone());
    let report = audit(&kept, &Options::default());
    assert!(report.is_clean() && report.findings.iter().any(|found| found.rule == Rule::Evidence));
}

#[test]
fn a_size_without_files_costs_nothing() {
    let mut day = Day::ordinary();
    let files = day.settle(OPEN + 90_000);
    let gate = GateId { member: id(CITIES[0]), number: 1 };
    let origin = day.gate(0, 0).log().origin().clone();
    let checkpoint = Checkpoint { origin, size: u64::MAX, root: sha256(&[]) };
    let note = SignedCheckpoint::sign(checkpoint, &gate_secret(gate)).note().into();
    for kept in ["journal/310101/1/tile/entries/000", "journal/310101/1/tile", "journal/310101/1"] {
        let mut damaged = files.clone();
        damaged.retain(|path, _| !path.starts_with("journal/310101/1/") || path.starts_with(kept));
        damaged.insert("journal/310101/1/checkpoint".into(), Vec::clone(&note));
        assert!(errors(&damaged).iter().any(|(_, rule)| *rule == Rule::Missing), "{kept}");
    }
}

#[test]
fn a_ledger_is_never_pruned() {
    let mut day = Day::open();
    for at in 0..256 {
        day.cities[0]
            .ledger
            .record(Announcement::GapDeclared { gate: 1, from: at, until: at + 1 }, time(OPEN))
            .unwrap();
    }
    day.finish(OPEN + 1);
    let mut files = day.files();
    assert_eq!(errors(&files), []);
    files.remove("ledger/310101/tile/entries/000").unwrap();
    assert!(errors(&files).contains(&("ledger/310101".to_owned(), Rule::Missing)));
}

#[test]
fn nothing_at_all_is_a_finding_not_a_panic() {
    let found = run(&MemoryFiles::new());
    assert!(found.iter().any(|finding| finding.rule == Rule::TrustList));
}

/// A trust list that names no log key of a city makes nothing of its ledger.
#[test]
fn a_ledger_of_who_has_no_log_key_is_not_read() {
    let mut files = Day::ordinary().settle(OPEN + 90_000);
    let mut spec = day::trust_spec();
    spec.members.last_mut().unwrap().keys.retain(|entry| entry.role != Role::Log);
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    files.insert("trust/trust-list-1.cose".into(), spec.sign(&roots.each_ref()));
    let report = audit(&files, &Options::default());
    let found = report.findings.iter().filter(|found| found.rule == Rule::Checkpoint);
    let found: Vec<_> = found.map(|found| (&*found.place, &*found.detail)).collect();
    assert_eq!(found, [("ledger/340100", "the trust list has no log key for this member")]);
    assert_eq!(report.counts.ledgers, 3);
}

/// What is longer than any note is not looked at.
#[test]
fn a_checkpoint_longer_than_any_is_told() {
    let mut files = Day::ordinary().settle(OPEN + 90_000);
    for (length, too_long) in [(MAX_NOTE, false), (MAX_NOTE + 1, true)] {
        files.get_mut("ledger/310101/checkpoint").unwrap().resize(length, b'\n');
        let found = run(&files);
        let found: Vec<_> = found.iter().filter(|found| found.place == "ledger/310101/checkpoint").collect();
        assert_eq!((found.len(), found[0].rule), (1, Rule::Checkpoint));
        assert_eq!(found[0].detail == "it is too long", too_long, "{length}: {found:?}");
    }
}

/// Where a ledger ends nobody knows without its checkpoint: what it lacks is held against nobody.
#[test]
fn a_ledger_without_checkpoint_says_nothing_of_what_comes_after_it() {
    let mut day = Day::ordinary();
    let files = day.settle(OPEN + 90_000);
    let statement = audit(&files, &Options::default()).statement.unwrap().digest();
    let mut unsigned = files.clone();
    unsigned.remove("ledger/310101/checkpoint");
    let missing = || ("ledger/310101/checkpoint".to_owned(), Rule::Missing);
    assert_eq!(errors(&unsigned), [missing()]);
    assert_eq!(audit(&unsigned, &Options::default()).statement.unwrap().digest(), statement);
    let bundle = unsigned.remove("ledger/310101/tile/entries/000.p/8").unwrap();
    let entries: Vec<&[u8]> = BundleEntries::new(&bundle, 8).map(Result::unwrap).collect();
    unsigned.remove("ledger/310101/tile/0/000.p/8");
    // Without the settlement, and without the seal of the second gate.
    for kept in [7, 6] {
        let mut files = unsigned.clone();
        let cut = entries[..kept].iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes(), *entry].concat());
        files.insert(format!("ledger/310101/tile/entries/000.p/{kept}"), cut.collect());
        let hashes = entries[..kept].iter().flat_map(|entry| leaf_hash(entry).0);
        files.insert(format!("ledger/310101/tile/0/000.p/{kept}"), hashes.collect());
        assert_eq!(errors(&files), [missing()], "{kept}");
    }
}
