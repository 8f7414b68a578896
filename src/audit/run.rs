//! The audit as a whole: it runs the floors below, from the paths up to the report.

use super::agreement::Agreement;
use super::cause::Because;
use super::consistency::{check_recorded, check_seen, check_unexpected};
use super::depth::Depth;
use super::files::{Files, Listing};
use super::finding::{Finding, Findings, Rule, grouped};
use super::ledgers::{City, read_city};
use super::lists::Lists;
use super::moment::Moment;
use super::options::Options;
use super::overuse::Judged;
use super::paths::{below, is_above, prefix_of};
use super::periods::{Decided, Periods};
use super::readings::Readings;
use super::report::{LedgerRead, Report};
use super::threads::parallel;
use crate::id::MemberId;

/// Audits published files.
///
/// Never fails as a whole: what cannot be read or verified is a finding, and the audit goes on.
pub fn audit<F: Files>(files: &F, options: &Options<'_>) -> Report {
    let mut findings = Findings::at("");
    let (moment, mut listing) = Moment::of(files);
    listing.take_strays(&mut findings);
    let mut report = Report::of(options.depth, &listing);
    listing.faults.iter().for_each(|(place, error)| findings.error_at(place, Rule::Listing, Because(error)));
    match Lists::read(&moment, &listing.paths, options.anchor.as_ref(), options.depth, &mut findings) {
        Some(lists) => audit_by(&lists, &moment, &listing, options, &mut report, &mut findings),
        None => findings.error_at("trust/", Rule::TrustList, "there is no trust list to start from"),
    }
    report.findings = in_order(findings.into_vec(), options);
    report
}

/// Audits by these lists: the ledgers, the journals, and at the last depth what the uses come to.
fn audit_by<F: Files>(
    lists: &Lists,
    files: &F,
    listing: &Listing<F::Error>,
    options: &Options<'_>,
    report: &mut Report,
    findings: &mut Findings,
) {
    report.anchor = Some(lists.anchor());
    let mut cities = read_ledgers(lists, files, listing, options.threads, findings);
    report.counts.ledgers = cities.len() as u64;
    report.counts.entries = cities.iter().fold(0, |entries, city| entries.saturating_add(city.log.size()));
    report.ledgers = cities.iter().map(LedgerRead::of).collect();
    let agreement = Agreement::of(&cities, lists);
    report.agreed = agreement.by_all;
    check_seen(&mut cities, &agreement.statements, findings);
    check_unexpected(&listing.paths, lists, &cities, findings);
    check_recorded(lists, &cities, findings);
    let mut of_statement = Findings::at("statement.cbor");
    let periods = (options.depth >= Depth::Policy)
        .then(|| Periods::find(&cities, lists, agreement, options.period, &mut of_statement));
    let mut decided = periods.as_ref().map(Decided::none);
    let mut readings = Readings::of(files, lists, &cities, &listing.paths, options);
    for part in readings.parts() {
        let read = readings.read(part);
        findings.append(read.findings);
        report.counts.add(&read.counts);
        if let Some(decided) = &mut decided {
            decided.add(&read.uses, &read.lost);
        }
    }
    if let (Some(periods), Some(decided)) = (&periods, decided) {
        cities.iter().for_each(|city| city.check_strays(&mut of_statement));
        let (Judged { over_use, other_grants }, cases, statement) = decided.settle(files, &mut of_statement);
        (report.over_use, report.other_grants, report.cases) = (over_use, other_grants, cases);
        (report.statement, report.settled) = (statement, periods.settled());
    }
    findings.append(of_statement);
}

/// The ledgers of the members that have published one.
fn read_ledgers<F: Files>(
    lists: &Lists,
    files: &F,
    Listing { paths, faults, .. }: &Listing<F::Error>,
    threads: usize,
    findings: &mut Findings,
) -> Vec<City> {
    // Of what cannot be listed nobody knows that it is not there.
    let is_hidden =
        |place: &str| faults.iter().any(|(fault, _)| fault == "." || fault == place || is_above(fault, place));
    let is_listed = |member: &MemberId| {
        let place = prefix_of(*member);
        !is_hidden(&place) || !below(paths, &place).is_empty()
    };
    let members: Vec<MemberId> = lists.cities().into_iter().filter(is_listed).collect();
    let mut cities = Vec::new();
    for (of_ledger, city) in parallel(&members, threads, |_| {}, |member| read_city(files, lists, *member, paths)) {
        findings.append(of_ledger);
        cities.extend(city);
    }
    cities
}

/// By place and entry, and of each cause the first where that is wanted.
fn in_order(found: Vec<Finding>, options: &Options<'_>) -> Vec<Finding> {
    let mut found = if options.group { grouped(found) } else { found };
    found.sort();
    found
}
