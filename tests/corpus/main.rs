//! Damaged days: one good day, damaged in one way at a time, each with exactly what an audit finds.
//!
//! `README.md` beside this file is the table: the name of a case, what was done, and the findings. The
//! cases are made by programs from fixed keys; nothing is stored.

mod cases;
#[path = "../day/mod.rs"]
mod day;
mod script;

use day::OPEN;
use onecard::audit::{
    Depth, Files, MemoryFiles, Options, OverUseError, OverUseProof, Report, Rule, audit, prove_over_use,
};
use onecard::trust::TrustHistory;
use script::{Damage, H2, NIGHT, damaged, good};
use std::borrow::Cow;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("README.md");

/// Published files as a disk has them: none is longer than a reader takes.
struct Disk<'a>(&'a MemoryFiles);

#[derive(Debug, thiserror::Error)]
#[error("the file is too long")]
struct TooLong;

impl Files for Disk<'_> {
    type Error = TooLong;

    fn list(&self) -> Result<Vec<String>, TooLong> {
        self.0.list().map_err(|never| match never {})
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, TooLong> {
        let content = self.0.get(path);
        if content.is_some_and(|content| content.len() > 64 << 20) { Err(TooLong) } else { Ok(content.map(Cow::from)) }
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
            let proven = OverUseProof::decode(&proof.encode()).unwrap().verify(&trust).unwrap();
            let found = report.over_use.iter().filter(|over| over.pass == pass);
            assert!(proven.over_use.iter().eq(found), "{name}");
            shown += 1;
        }
    }
    assert_eq!(shown, 11);
}

/// The file of a pass has room for so many uses: of more, the report is all there is.
#[test]
fn a_pass_with_more_uses_than_a_file_holds_is_told() {
    let (_, mut script) = good();
    for number in 0..1_025 {
        cases::used_at(&mut script, H2, 7, 1, OPEN + number * 30);
    }
    let files = damaged(&script, Damage::Said(|_| ()));
    let report = audit(&files, &Options::default());
    assert_eq!(report.over_use.len(), 1_023);
    let told: Vec<_> = prove_over_use(&files, &report).into_iter().map(|(_, proof)| proof).collect();
    assert_eq!(told, [Err(OverUseError::TooMany(1_025))]);
}

/// At each depth all that is found deeper down too, but for what was not looked at.
#[test]
fn a_shallower_audit_finds_a_part_of_it() {
    let (_, good) = good();
    let (mut integrity, mut evidence) = (0, 0);
    for (name, damage) in cases::all() {
        let files = damaged(&good, damage);
        let [shallow, middle, deep] = [Depth::Integrity, Depth::Evidence, Depth::Policy]
            .map(|depth| audit(&Disk(&files), &Options { depth, ..Options::default() }));
        for (report, deeper) in [(&shallow, &middle), (&middle, &deep)] {
            let more = report.findings.iter().find(|found| !deeper.findings.contains(found));
            assert_eq!(more, None, "{name}: deeper than {}", report.depth);
            assert!(report.over_use.is_empty() && report.other_grants.is_empty() && report.statement.is_none());
        }
        assert_eq!((shallow.counts.evidence, shallow.counts.pruned), (0, 0));
        integrity += shallow.findings.len();
        evidence += middle.findings.len() - shallow.findings.len();
    }
    // Each depth finds something of its own.
    assert!(integrity > 100 && evidence > 20, "{integrity}, {evidence}");
}

#[test]
fn each_rule_has_a_damage() {
    let found: BTreeSet<&str> =
        rows().iter().flat_map(|row| row[2].split("; ")).filter_map(|found| found.split(' ').nth(2)).collect();
    let missing: Vec<_> = Rule::ALL.iter().map(ToString::to_string).filter(|rule| !found.contains(&**rule)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(rows().len() >= 60, "{}", rows().len());
}
