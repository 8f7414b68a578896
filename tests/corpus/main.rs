//! Damaged days: one good day, damaged in one way at a time, each with exactly what an audit finds.
//!
//! `README.md` beside this file is the table: the name of a case, what was done, and the findings. The
//! cases are made by programs from fixed keys; nothing is stored.

use onecard::audit::{
    Counts, Depth, Files, Finding, Liable, Listing, MAX_OVER_USE, MAX_STATEMENT, MemoryFiles, Options, OverUseError,
    OverUseProof, Report, Rule, audit, prove_over_use,
};
use onecard::crypto::sha256;
use onecard::limits::MAX_NOTE;
use onecard::trust::TrustHistory;
use onecard_testkit::cases;
use onecard_testkit::day::{self, CITIES, OPEN};
use onecard_testkit::script::{Damage, H2, NIGHT, Script, damaged, good};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("README.md");

/// Published files as a disk has them: none is longer than a reader takes, and names may be no text.
struct Disk<'a>(&'a MemoryFiles);

#[derive(Debug, thiserror::Error)]
enum DiskError {
    #[error("the file is too long")]
    TooLong,
    #[error("the name is no text")]
    NoText,
}

impl Files for Disk<'_> {
    type Error = DiskError;

    fn list(&self) -> Listing<DiskError> {
        let Listing { mut paths, others, .. } = self.0.list();
        let faults = paths.extract_if(.., |path| path.contains(char::REPLACEMENT_CHARACTER));
        Listing { faults: faults.map(|path| (path, DiskError::NoText)).collect(), paths, others }
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, DiskError> {
        let content = self.0.get(path);
        if content.is_some_and(|content| content.len() > 64 << 20) {
            Err(DiskError::TooLong)
        } else {
            Ok(content.map(Cow::from))
        }
    }
}

/// Severity, log, index and rule of each finding; then each over-use, and each use of another grant, with who is
/// liable.
fn told(report: &Report) -> String {
    let index = |index: Option<u64>| index.map(|index| format!("#{index}")).unwrap_or_default();
    let found = report
        .findings
        .iter()
        .map(|found| format!("{} {}{} {}", found.severity, found.place, index(found.index), found.rule));
    let over = report.over_use.iter();
    let over = over.map(|over| format!("over-use {}#{} {}", over.used.gate, over.used.index, over.liable));
    let other = report.other_grants.iter();
    let other = other.map(|other| format!("other-grant {}#{} {}", other.used.gate, other.used.index, other.liable));
    let all: Vec<String> = found.chain(over).chain(other).collect();
    if all.is_empty() { "nothing".into() } else { all.join("; ") }
}

/// The same, read from the report as JSON.
fn told_as_json(report: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(report).unwrap();
    let all = |key: &str| report[key].as_array().unwrap().clone().into_iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let found = all("findings").map(|found| {
        let index = found["index"].as_u64().map(|index| format!("#{index}")).unwrap_or_default();
        format!("{} {}{index} {}", text(&found["severity"]), text(&found["place"]), text(&found["rule"]))
    });
    let used = |kind: &'static str| {
        move |used: serde_json::Value| {
            format!("{kind} {}#{} {}", text(&used["gate"]), used["index"], text(&used["liable"]))
        }
    };
    let used = all("over_use").map(used("over-use")).chain(all("other_grants").map(used("other-grant")));
    let all: Vec<String> = found.chain(used).collect();
    if all.is_empty() { "nothing".into() } else { all.join("; ") }
}

/// Name, what was done, and findings, of each row of the table.
fn rows() -> Vec<[&'static str; 3]> {
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>().try_into());
    rows.map(|row: Result<[&str; 3], _>| {
        row.map(|[name, done, found]| [name.trim_end_matches('`'), done, found]).unwrap()
    })
    .collect()
}

#[test]
fn the_good_day_is_what_honest_parties_publish() {
    let (mut day, mut script) = good();
    let honest = day.settle(NIGHT);
    script.settle(0);
    assert!(script.publish() == honest);
    assert_eq!(told(&audit(&honest, &Options::default())), "nothing");
}

#[test]
fn each_damage_is_found_and_nothing_else() {
    let (_, good) = good();
    let rows = rows();
    let mut wrong = String::new();
    let mut names = BTreeSet::new();
    for (name, damage) in cases::all() {
        assert!(names.insert(name), "{name} twice");
        let report = audit(&Disk(&damaged(&good, damage)), &Options::default());
        let found = told(&report);
        assert_eq!(found, told_as_json(&report.to_json()), "{name}: the JSON says something else");
        if rows.iter().all(|row| row[0] != name || row[2] != found) {
            let details: Vec<_> = report.findings.iter().map(|found| format!("    {}", found.detail)).collect();
            wrong += &format!("| `{name}` | … | {found} |\n{}\n", details.join("\n"));
        }
    }
    assert!(wrong.is_empty(), "not as the table says:\n{wrong}");
    let listed: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let count = names.len();
    assert_eq!((listed, rows.len()), (names, count), "a row for each case, and a case for each row");
}

/// Whatever else is wrong, over-use is shown as it was found, and the same is found for a part of the passes at a time.
#[test]
fn what_is_found_is_what_is_shown() {
    let (_, good) = good();
    let trust = TrustHistory::from(day::bundle().trust().clone());
    let mut shown = 0;
    for (name, damage) in cases::all() {
        let files = damaged(&good, damage);
        let whole = audit(&files, &Options::default());
        let report = audit(&files, &Options { threads: 2, uses_at_once: 1, ..Options::default() });
        assert_eq!((report.to_json(), report.anchor), (whole.to_json(), whole.anchor), "{name}: part by part");
        for (pass, proof) in prove_over_use(&files, &report) {
            let proof = proof.unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut proven = OverUseProof::decode(&proof.encode()).unwrap().verify(&trust).unwrap().over_use;
            // That a gate never said what it knew no file shows, and what none shows is not held against it.
            if name == "over-use-before-it-said-what-it-knew" {
                let liable = proven.iter_mut().map(|over| core::mem::replace(&mut over.liable, Liable::Gate));
                assert_eq!(liable.collect::<Vec<_>>(), [Liable::Issuer]);
            }
            let found = report.over_use.iter().filter(|over| over.pass == pass);
            assert!(proven.iter().eq(found), "{name}");
            shown += 1;
        }
    }
    assert_eq!(shown, 15);
}

/// The file of a pass has room for so many uses: of more, the report is all there is.
#[test]
fn a_pass_with_more_uses_than_a_file_holds_is_told() {
    let (_, mut script) = good();
    for number in 0..1_024 {
        cases::used_at(&mut script, H2, 7, 1, OPEN + number * 30);
    }
    let shown = |files: &MemoryFiles| {
        let report = audit(files, &Options::default());
        let proofs: Vec<_> = prove_over_use(files, &report).into_iter().map(|(_, proof)| proof).collect();
        (report.over_use.len(), proofs)
    };
    let mut files = damaged(&script, Damage::Said(|_| ()));
    let (found, proofs) = shown(&files);
    let lengths: Vec<_> = proofs.into_iter().map(|proof| proof.map(|proof| proof.encode().len() > 1 << 20)).collect();
    assert_eq!((found, lengths), (1_022, vec![Ok(true)]));
    // Each use has the checkpoint with it, so one that many have signed makes the file too long.
    let signed = files.get_mut("ledger/310101/checkpoint").unwrap();
    (0..50).for_each(|line| signed.extend(format!("— {}{line} AAAAAAAA\n", "z".repeat(200)).bytes()));
    assert!(signed.len() < MAX_NOTE);
    let (found, proofs) = shown(&files);
    let long = |proof: &Result<_, _>| matches!(proof, Err(OverUseError::TooLong(length)) if *length > MAX_OVER_USE);
    assert_eq!((found, proofs.iter().map(long).collect::<Vec<_>>()), (1_022, vec![true]));
    cases::used_at(&mut script, H2, 7, 1, OPEN + 1_024 * 30);
    let files = damaged(&script, Damage::Said(|_| ()));
    assert_eq!(shown(&files), (1_023, vec![Err(OverUseError::TooMany(1_025))]));
}

/// What is published and agreed to, and is not what is computed, is told once; but no file is longer than a statement
/// may be, whoever agreed to it.
#[test]
fn a_statement_longer_than_any_is_not_the_one_agreed_to() {
    const LONG: Damage = Damage::Agreed(|script| agree_to_bytes(script, MAX_STATEMENT));
    const TOO_LONG: Damage = Damage::Agreed(|script| agree_to_bytes(script, MAX_STATEMENT + 1));
    fn agree_to_bytes(script: &mut Script, length: usize) {
        let statement = vec![0; length];
        let digest = sha256(&[&statement]);
        script.agree(&CITIES, |settled| settled.digest = digest);
        script.statement = Some(statement);
    }
    let (_, good) = good();
    let other = "for the period until 2026-10-02T00:00:00+08:00, the members agreed to another statement than this audit computes";
    let not_it = "the statement published is not the one this audit computes";
    for (damage, expected) in [(LONG, &[other][..]), (TOO_LONG, &[other, not_it])] {
        let report = audit(&damaged(&good, damage), &Options::default());
        assert_eq!(report.findings.iter().map(|found| &*found.detail).collect::<Vec<_>>(), expected);
    }
}

/// Of a journal that was pruned, what is left of its evidence at an earlier size is compared.
#[test]
fn evidence_of_an_earlier_size_is_compared_after_what_was_pruned() {
    let (_, good) = good();
    let prune = cases::all().find(|(name, _)| *name == "journal-pruned").unwrap().1;
    let files = damaged(&good, prune);
    assert!(files.contains_key("evidence/310101/2/001.p/47"));
    let pruned = "notice journal/310101/2 Pruned";
    for (path, entries, found) in [
        ("evidence/310101/2/001.p/2", &[0, 0, 0, 0][..], pruned.to_owned()),
        ("evidence/310101/2/001.p/2", &[0, 1, 7, 0, 0], format!("error evidence/310101/2/001.p/2 Evidence; {pruned}")),
        ("evidence/310101/2/000.p/2", &[0, 1, 7, 0, 0], format!("{pruned}; notice journal/310101/2#0 Evidence")),
        (
            "evidence/310101/2/000.p/2",
            &[0, 1, 7, 0],
            format!("error evidence/310101/2/000.p/2 Bundle; {pruned}; notice journal/310101/2#0 Evidence"),
        ),
    ] {
        let mut files = files.clone();
        files.insert(path.into(), entries.into());
        assert_eq!(told(&audit(&files, &Options::default())), found, "{path}: {entries:?}");
    }
}

/// A tile in the place of pruned records has one length.
#[test]
fn a_tile_of_another_length_stands_in_for_nothing() {
    let (_, good) = good();
    let prune = cases::all().find(|(name, _)| *name == "journal-pruned").unwrap().1;
    let files = damaged(&good, prune);
    let tile = "journal/310101/2/tile/0/000";
    for length in [256 * 32 - 32, 256 * 32 - 1, 256 * 32 + 1, 256 * 32 + 32] {
        let mut files = files.clone();
        files.get_mut(tile).unwrap().resize(length, 0);
        let found = audit(&files, &Options::default()).findings;
        let found: Vec<_> = found.iter().map(|found| (&*found.place, found.rule, &*found.detail)).collect();
        let expected = [(tile, Rule::Tile, "it has a wrong length")];
        assert_eq!(found, expected, "{length}");
    }
}

/// How deep an audit must go to find this.
fn depth_of(found: &Finding) -> Depth {
    let detail = |start: &str| found.detail.starts_with(start);
    match found.rule {
        // What is there is seen before anything is read.
        Rule::Listing | Rule::Leftover | Rule::Stray => Depth::Integrity,
        // What was sealed, cosigned, or said of the lists is told at any depth.
        Rule::Decision if detail("the gate says that it knows less") => Depth::Integrity,
        Rule::Decision | Rule::Revoked | Rule::Annulment | Rule::Statement => Depth::Policy,
        Rule::Published if detail("the status list ") => Depth::Policy,
        Rule::Evidence | Rule::Presentation | Rule::Mismatch => Depth::Evidence,
        Rule::Pruned if detail("its evidence ") => Depth::Evidence,
        Rule::Pruned if found.place == "statement.cbor" => Depth::Policy,
        _ if found.place.starts_with("evidence/") && !detail("nothing that is known ") => Depth::Evidence,
        _ => Depth::Integrity,
    }
}

/// At each depth all that is found deeper down too, but for what was not looked at.
#[test]
fn a_shallower_audit_finds_a_part_of_it() {
    let (_, good) = good();
    let mut found = BTreeMap::new();
    for (name, damage) in cases::all() {
        let files = damaged(&good, damage);
        let deep = audit(&Disk(&files), &Options::default());
        for depth in [Depth::Integrity, Depth::Evidence] {
            let report = audit(&Disk(&files), &Options { depth, ..Options::default() });
            let expected: Vec<_> = deep.findings.iter().filter(|found| depth_of(found) <= depth).collect();
            assert_eq!(report.findings.iter().collect::<Vec<_>>(), expected, "{name}: {depth}");
            assert!(report.over_use.is_empty() && report.other_grants.is_empty() && report.statement.is_none());
            assert_eq!((report.depth, report.anchor), (depth, deep.anchor), "{name}: {depth}");
            let (evidence, pruned) =
                if depth < Depth::Evidence { (0, 0) } else { (deep.counts.evidence, deep.counts.pruned) };
            assert_eq!(report.counts, Counts { evidence, pruned, ..deep.counts }, "{name}: {depth}");
        }
        deep.findings.iter().for_each(|each| *found.entry(depth_of(each)).or_insert(0) += 1);
    }
    // Each depth finds something of its own.
    assert!(found.values().all(|count| *count > 15), "{found:?}");
}

#[test]
fn each_rule_has_a_damage() {
    let found: BTreeSet<&str> =
        rows().iter().flat_map(|row| row[2].split("; ")).filter_map(|found| found.split(' ').nth(2)).collect();
    let missing: Vec<_> = Rule::ALL.iter().map(ToString::to_string).filter(|rule| !found.contains(&**rule)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(rows().len() >= 60, "{}", rows().len());
}
