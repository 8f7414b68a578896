//! Tests of `finding.rs`.

use super::*;

#[test]
fn a_finding_says_how_bad_it_is_where_and_by_which_rule() {
    let mut findings = Findings::at("journal/310101/1");
    findings.error(7, Rule::Clock, "late");
    findings.notice(None, Rule::Pruned, "gone");
    let mut others = Findings::at("elsewhere");
    others.error_at("ledger/310101", Rule::Root, "other");
    others.notice_at("trust/a\nverified: \u{202e}b", Rule::TrustList, "before");
    findings.append(others);
    let told: Vec<String> = findings.into_vec().iter().map(ToString::to_string).collect();
    let expected = [
        "error: journal/310101/1 entry 7: Clock: late",
        "notice: journal/310101/1: Pruned: gone",
        "error: ledger/310101: Root: other",
        r"notice: trust/a\nverified: \u{202e}b: TrustList: before",
    ];
    assert_eq!(told, expected);
}

fn found(findings: &[(&str, Option<u64>, Rule, &str)]) -> Vec<Finding> {
    let finding = |(place, index, rule, detail): &(&str, Option<u64>, Rule, &str)| Finding {
        place: (*place).to_owned(),
        index: *index,
        severity: Severity::Error,
        rule: *rule,
        detail: (*detail).to_owned(),
        count: 1,
    };
    findings.iter().map(finding).collect()
}

#[test]
fn findings_of_one_cause_are_told_once_and_counted() {
    let (missing, early) = ("there is no such file", "2026-10-01T08:00:00+08:00 is before");
    let all = found(&[
        // By member and what they name, in whatever log.
        ("journal/310101/1", Some(7), Rule::Published, "catalogue 1 of 310101 is not published"),
        ("journal/310101/2", Some(1), Rule::Published, "catalogue 1 of 310101 is not published"),
        ("journal/310101/1", Some(3), Rule::Published, "catalogue 1 of 310101 is not published"),
        ("journal/310101/1", Some(4), Rule::Published, "catalogue 2 of 310101 is not published"),
        ("journal/310101/1", Some(5), Rule::Published, "catalogue 1 of 320100 is not published"),
        ("journal/310101/1", Some(2), Rule::Decision, "no product 310101/1/1"),
        ("journal/310101/1", Some(3), Rule::Decision, "no product 310101/2/1"),
        // Whatever their times and numbers are.
        ("journal/310101/1", Some(8), Rule::Clock, &format!("{early} 2026-10-01T08:00:01+08:00")),
        ("journal/310101/1", Some(9), Rule::Clock, &format!("{early} 2026-10-01T09:00:01+08:00")),
        ("journal/310101/1", Some(8), Rule::Annulment, "entry 3 is no redemption that can be annulled"),
        ("journal/320100/1", Some(2), Rule::Annulment, "entry 12 is no redemption that can be annulled"),
        // Of files within a log, and of others one by one.
        ("ledger/310101/tile/0/000", None, Rule::Missing, missing),
        ("ledger/310101/tile/0/001", None, Rule::Missing, missing),
        ("ledger/320100/tile/0/001", None, Rule::Missing, missing),
        ("journal/310101/1/tile/0/000", None, Rule::Missing, missing),
        ("journal/310101/2/tile/0/000", None, Rule::Missing, missing),
        ("trust/a", None, Rule::Catalogue, "it is damaged"),
        ("trust/b", None, Rule::Catalogue, "it is damaged"),
        ("trust/a", None, Rule::Unexpected, "what is it"),
        ("trust/b", None, Rule::Unexpected, "what is it"),
    ]);
    let told = |found: &[Finding]| {
        let one = |found: &Finding| (found.place.clone(), found.index, found.count);
        let mut told: Vec<_> = found.iter().map(one).collect();
        told.sort();
        told
    };
    let expected = [
        ("journal/310101/1", Some(2), 1),
        ("journal/310101/1", Some(3), 1),
        ("journal/310101/1", Some(3), 3),
        ("journal/310101/1", Some(4), 1),
        ("journal/310101/1", Some(5), 1),
        ("journal/310101/1", Some(8), 1),
        ("journal/310101/1", Some(8), 2),
        ("journal/310101/1/tile/0/000", None, 1),
        ("journal/310101/2/tile/0/000", None, 1),
        ("journal/320100/1", Some(2), 1),
        ("ledger/310101/tile/0/000", None, 2),
        ("ledger/320100/tile/0/001", None, 1),
        ("trust/a", None, 1),
        ("trust/a", None, 2),
        ("trust/b", None, 1),
    ]
    .map(|(place, index, count): (&str, Option<u64>, u64)| (place.to_owned(), index, count));
    let whole = grouped(all.clone());
    assert_eq!(told(&whole), expected);
    // Backwards, and in parts that were grouped before.
    assert_eq!(grouped(all.iter().rev().cloned().collect()), whole);
    for at in 0..all.len() {
        let (one, other) = all.split_at(at);
        assert_eq!(grouped([grouped(other.to_vec()), grouped(one.to_vec())].concat()), whole, "{at}");
    }
    let first = whole.iter().find(|found| found.count == 3).unwrap();
    let text = "error: journal/310101/1 entry 3: Published: catalogue 1 of 310101 is not published (and 2 more)";
    assert_eq!(first.to_string(), text);
}
