//! The audit as a whole: it runs the floors below, from the paths up to the report.

use super::agreement::Agreement;
use super::cause::{Because, says};
use super::consistency::{check_recorded, check_seen, check_unexpected};
use super::depth::Depth;
use super::files::{EVIDENCE, Files, Listing};
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
use super::statement::{SettlementPeriod, Statement};
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
    let evidence_given = report.not_given.iter().all(|path| path != EVIDENCE);
    let mut readings = Readings::of(files, lists, &cities, &listing.paths, evidence_given, options);
    for part in readings.parts() {
        let read = readings.read(part);
        findings.append(read.findings);
        report.counts.add(&read.counts);
        if let Some(decided) = &mut decided {
            decided.add(&read.uses, &read.lost);
        }
    }
    let unchecked = report.counts.redemptions.saturating_sub(report.counts.evidence);
    if !evidence_given && options.depth >= Depth::Evidence && unchecked > 0 {
        let detail = says!("it was not given: what was shown for {unchecked} redemptions was not checked");
        findings.notice_at(EVIDENCE, Rule::Missing, detail);
    }
    if let (Some(periods), Some(decided)) = (&periods, decided) {
        cities.iter().for_each(|city| city.check_strays(&mut of_statement));
        let (Judged { over_use, other_grants }, cases, statement) = decided.settle(files, &mut of_statement);
        report.note = options.period.and_then(|asked| nothing_of(asked, &report.ledgers, statement.as_ref()));
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

/// Why nothing of the period asked for is there, where nothing is.
fn nothing_of(asked: SettlementPeriod, ledgers: &[LedgerRead], statement: Option<&Statement>) -> Option<String> {
    let SettlementPeriod { from, until } = asked;
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
