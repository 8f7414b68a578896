//! Tests of `finding.rs`.

use super::super::cause::{Because, Subject, says};
use super::*;
use crate::id::{MemberId, ProductRef};

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

/// An error, with what it says.
fn found(place: &str, index: Option<u64>, rule: Rule, detail: impl Detail) -> Finding {
    let mut findings = Findings::at(place);
    findings.error(index, rule, detail);
    findings.into_vec().remove(0)
}

#[test]
fn findings_of_one_cause_are_told_once_and_counted() {
    let (missing, city) = ("there is no such file", |code| MemberId::new(code).unwrap());
    let unpublished = |gate: u32, index, sequence, code| {
        let detail = says!(
            Subject::Catalogue(city(code), sequence) => "catalogue {sequence} of {} is not published", code
        );
        found(&format!("journal/310101/{gate}"), Some(index), Rule::Published, detail)
    };
    let unknown = |index, product| {
        let id = ProductRef { issuer: city(310_101), product, version: 1 };
        let detail = says!(Subject::Product(id) => "no product {id}");
        found("journal/310101/1", Some(index), Rule::Decision, detail)
    };
    let early = |index, time: &str| {
        let before = "2026-10-01T08:00:00+08:00";
        found("journal/310101/1", Some(index), Rule::Clock, says!("{before} is before {time}"))
    };
    let annulled = |place: &str, index, entry: u64| {
        let detail = says!("entry {entry} is no redemption that can be annulled");
        found(place, Some(index), Rule::Annulment, detail)
    };
    let file = |place: &str, rule, detail: &'static str| found(place, None, rule, detail);
    let all = vec![
        // By member and what they name, in whatever log.
        unpublished(1, 7, 1, 310_101),
        unpublished(2, 1, 1, 310_101),
        unpublished(1, 3, 1, 310_101),
        unpublished(1, 4, 2, 310_101),
        unpublished(1, 5, 1, 320_100),
        unknown(2, 1),
        unknown(3, 2),
        // Whatever their times and numbers are.
        early(8, "2026-10-01T08:00:01+08:00"),
        early(9, "2026-10-01T09:00:01+08:00"),
        annulled("journal/310101/1", 8, 3),
        annulled("journal/320100/1", 2, 12),
        // Of files within a log, and of others one by one.
        file("ledger/310101/tile/0/000", Rule::Missing, missing),
        file("ledger/310101/tile/0/001", Rule::Missing, missing),
        file("ledger/320100/tile/0/001", Rule::Missing, missing),
        file("journal/310101/1/tile/0/000", Rule::Missing, missing),
        file("journal/310101/2/tile/0/000", Rule::Missing, missing),
        file("trust/a", Rule::Catalogue, "it is damaged"),
        file("trust/b", Rule::Catalogue, "it is damaged"),
        file("trust/a", Rule::Unexpected, "what is it"),
        file("trust/b", Rule::Unexpected, "what is it"),
    ];
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

/// Errors of other rooms have no sentence of their own: their words stand for it.
#[test]
fn errors_are_of_one_cause_whatever_their_numbers_are() {
    let all: Vec<Finding> =
        ["bad at byte 7", "bad at byte 12", "closed by the use of grant 1", "no grant 1", "no grant 2"]
            .iter()
            .zip(0..)
            .map(|(error, index)| found("journal/310101/1", Some(index), Rule::Record, Because(error)))
            .collect();
    let counts: Vec<u64> = grouped(all).iter().map(|found| found.count).collect();
    assert_eq!(counts, [2, 1, 1, 1]);
}
