//! The audit as a whole: lists, ledgers, journals, over-use, statement.

use super::consistency::{agreed, check_recorded, check_seen, check_unexpected};
use super::counts::Counts;
use super::depth::Depth;
use super::files::{EVIDENCE, Files, Listing};
use super::finding::{Finding, Findings, Rule, grouped};
use super::journals::{JournalAudit, audit_again, audit_journal};
use super::ledgers::{City, GateSeen, read_city};
use super::lists::Lists;
use super::moment::Moment;
use super::options::Options;
use super::overuse::Judged;
use super::parts::{Extent, Parts, most_records};
use super::paths::{below, is_above, place_of, prefix_of};
use super::periods::{Books, Left, Periods};
use super::report::{LedgerRead, Report};
use super::standing::Standing;
use super::statement::{Period, Statement};
use super::threads::parallel;
use crate::crypto::{Hash, sha256};
use crate::id::MemberId;

/// Audits published files.
///
/// Never fails as a whole: what cannot be read or verified is a finding, and the audit goes on.
pub fn audit<F: Files>(files: &F, options: &Options<'_>) -> Report {
    let mut findings = Findings::at("");
    let (moment, mut listing) = Moment::of(files);
    listing.take_strays(&mut findings);
    let (not_given, not_read) = (listing.missing(), listing.unread());
    let Listing { paths, faults, .. } = listing;
    let (files, paths) = (&moment, &*paths);
    faults.iter().for_each(|(place, error)| findings.error_at(place, Rule::Listing, error));
    let lists = Lists::read(files, paths, options.anchor.as_ref(), options.depth, &mut findings);
    let depth = options.depth;
    let mut report = Report {
        depth,
        findings: Vec::new(),
        over_use: Vec::new(),
        other_grants: Vec::new(),
        cases: Vec::new(),
        statement: None,
        note: None,
        settled: Vec::new(),
        anchor: None,
        counts: Counts::default(),
        ledgers: Vec::new(),
        agreed: 0,
        not_given,
        not_read,
    };
    let Some(lists) = lists else {
        findings.error_at("trust/", Rule::TrustList, "there is no trust list to start from");
        report.findings = in_order(findings.into_vec(), options);
        return report;
    };
    // Log by log, so that they do not fill the memory.
    let group = |findings: &mut Findings| {
        if options.group {
            findings.group()
        }
    };
    report.anchor = Some(lists.anchor());
    // Of what cannot be listed nobody knows that it is not there.
    let is_hidden =
        |place: &str| faults.iter().any(|(fault, _)| fault == "." || fault == place || is_above(fault, place));
    let is_listed = |member: &MemberId| {
        let place = prefix_of(*member);
        !is_hidden(&place) || !below(paths, &place).is_empty()
    };
    let members: Vec<MemberId> = lists.cities().into_iter().filter(is_listed).collect();
    let read = parallel(&members, options.threads, |_| {}, |member| read_city(files, &lists, *member, paths));
    let mut cities: Vec<City> = Vec::new();
    for (of_ledger, city) in read {
        findings.append(of_ledger);
        cities.extend(city);
    }
    report.counts.ledgers = cities.len() as u64;
    report.counts.entries = cities.iter().fold(0, |entries, city| entries.saturating_add(city.log.size()));
    report.ledgers = cities.iter().map(LedgerRead::of).collect();
    check_seen(&mut cities, &mut findings);
    report.agreed = agreed(&cities, lists.bundle.trust());
    check_unexpected(paths, &lists, &cities, &mut findings);
    check_recorded(&lists, &cities, &mut findings);
    let mut found = findings.into_vec();
    let gates: Vec<(&City, &GateSeen)> =
        cities.iter().flat_map(|city| city.gates.values().map(move |gate| (city, gate))).collect();
    let parts = parts(&cities, &gates, paths, options);
    let (first, others) = parts.split();
    let again = gates.iter().filter(|(_, gate)| !gate.seals.is_empty()).count();
    let all = again.saturating_mul(parts.count().saturating_sub(1)).saturating_add(gates.len());
    let progress = |before: usize| {
        move |done: usize| options.progress.map_or((), |progress| progress(before.saturating_add(done), all))
    };
    let is_without_evidence = report.not_given.iter().any(|path| path == EVIDENCE);
    let journals = parallel(&gates, options.threads, progress(0), |(city, gate)| {
        let [journal, evidence] =
            ["journal", "evidence"].map(|top| below(paths, &place_of(top, gate.certificate.gate())));
        let evidence = (!is_without_evidence).then_some(evidence);
        let mut audited = audit_journal(files, &lists, gate, city.may_go_on(), (journal, evidence), depth, first);
        group(&mut audited.findings);
        audited
    });
    let (mut standing, mut extents) = (Vec::new(), Vec::new());
    for JournalAudit { findings, standing: of_gate, counts: read, extent } in journals {
        found.extend(findings.into_vec());
        report.counts.add(&read);
        standing.push(of_gate);
        extents.push(extent);
    }

    let mut findings = Findings::at("statement.cbor");
    let unchecked = report.counts.redemptions.saturating_sub(report.counts.evidence);
    if is_without_evidence && depth >= Depth::Evidence && unchecked > 0 {
        let told = format_args!("it was not given: what was shown for {unchecked} redemptions was not checked");
        findings.notice_at(EVIDENCE, Rule::Missing, told);
    }
    if depth < Depth::Policy {
        found.extend(findings.into_vec());
        report.findings = in_order(found, options);
        return report;
    }

    let periods = Periods::find(&cities, &lists, options, &mut findings);
    cities.iter().for_each(|city| city.check_strays(&mut findings));
    let (mut judged, mut cases, mut books) = (Judged::default(), Vec::new(), Books::open(&periods));
    let mut left = what_is_left(&cities, &standing);
    periods.decide(&standing.into_iter().collect(), &mut books, &mut judged, &mut cases);
    let mut again: Vec<(&GateSeen, Extent)> =
        gates.iter().zip(extents).filter_map(|((_, gate), extent)| Some((*gate, extent?))).collect();
    let mut done = gates.len();
    let in_a_reading = again.len();
    for part in others {
        let read = parallel(&again, options.threads, progress(done), |(gate, extent)| {
            let mut audited = audit_again(files, &lists, gate, extent, part);
            group(&mut audited.0);
            audited
        });
        done = done.saturating_add(in_a_reading);
        let (mut standing, mut same) = (Vec::new(), Vec::new());
        for (of_journal, stands, is_same) in read {
            findings.append(of_journal);
            standing.push(stands);
            same.push(is_same);
        }
        // What changed once is not read again: nothing more would follow from it.
        let mut same = same.into_iter();
        again.retain(|_| same.next() == Some(true));
        left = left.max(what_is_left(&cities, &standing));
        periods.decide(&standing.into_iter().collect(), &mut books, &mut judged, &mut cases);
    }
    let statement = periods.settle(files, books, left, &mut findings);
    let note = options.period.and_then(|asked| nothing_of(asked, &report.ledgers, statement.as_ref()));
    found.extend(findings.into_vec());
    let found = in_order(found, options);
    let Judged { mut over_use, mut other_grants } = judged;
    // The order of a pass's uses stays.
    over_use.sort_by_key(|over| over.pass);
    other_grants.sort_by_key(|other| other.pass);
    cases.sort_by_key(|case| case.pass);
    Report { findings: found, over_use, other_grants, cases, statement, note, settled: periods.settled(), ..report }
}

/// Why nothing of the period asked for is there, where nothing is.
fn nothing_of(asked: Period, ledgers: &[LedgerRead], statement: Option<&Statement>) -> Option<String> {
    let Period { from, until } = asked;
    let newest = ledgers.iter().filter_map(|ledger| ledger.final_at).max();
    if let Some(newest) = newest.filter(|newest| *newest < from) {
        return Some(format!("the period asked for begins at {from}, and the newest ledger was final at {newest}"));
    }
    let of_it = statement.filter(|statement| statement.period() == asked)?;
    let is_empty = of_it.lines().is_empty() && of_it.late().is_empty() && of_it.taken_back().is_empty();
    is_empty.then(|| format!("there is no use in the period asked for, from {from} until {until}"))
}

/// By place and entry, and of each cause the first where that is wanted.
fn in_order(found: Vec<Finding>, options: &Options<'_>) -> Vec<Finding> {
    let mut found = if options.group { grouped(found) } else { found };
    found.sort();
    found
}

/// So many parts of the passes that each has about as many redemptions as are wanted at once.
fn parts(cities: &[City], gates: &[(&City, &GateSeen)], paths: &[String], options: &Options<'_>) -> Parts {
    if options.depth < Depth::Policy {
        return Parts::ONE;
    }
    let records = gates.iter().filter(|(_, gate)| !gate.seals.is_empty()).map(|(_, gate)| {
        let prefix = place_of("journal", gate.certificate.gate());
        most_records(&prefix, below(paths, &prefix))
    });
    let roots: Vec<Hash> = cities.iter().filter_map(|city| city.log.root_at(city.log.size())).collect();
    let roots: Vec<&[u8]> = roots.iter().map(|root| &root.0[..]).collect();
    Parts::of(records.fold(0, u64::saturating_add), options.uses_at_once, &sha256(&roots))
}

/// Whether all redemptions are there to settle from.
fn what_is_left(cities: &[City], journals: &[Standing]) -> Left {
    let is_short = |standing: &Standing| standing.damaged || standing.ends.is_some();
    let damaged = cities.iter().any(|city| city.log.is_cut()) || journals.iter().any(is_short);
    if damaged {
        Left::Damaged
    } else if journals.iter().any(|standing| standing.pruned > 0) {
        Left::Pruned
    } else {
        Left::Whole
    }
}
