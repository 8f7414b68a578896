//! The audit of what a day left: the same function in the play and in a fresh process.

use crate::Result;
use crate::world::at;
use onecard::audit::{Options, Printed, Report, SettlementPeriod, audit};
use onecard_store::Folder;
use std::fmt::Write as _;
use std::num::NonZero;
use std::path::Path;

/// The period that is settled: the service day.
pub(crate) fn period() -> SettlementPeriod {
    SettlementPeriod { from: at(10, 1, 0, 0), until: at(10, 2, 0, 0) }
}

/// Audits a directory. The period is for ledgers that hold no statement yet.
pub(crate) fn run(dir: &Path, period: Option<SettlementPeriod>) -> Report {
    let threads = std::thread::available_parallelism().map_or(2, NonZero::get);
    audit(&Folder::new(dir), &Options { period, threads, ..Options::default() })
}

/// Audits a directory and tells what came of it. `true` when nothing is wrong.
pub(crate) fn again(dir: &Path, out: &mut String) -> Result<bool> {
    if !dir.is_dir() {
        return Err(format!("{} is no directory", dir.display()).into());
    }
    let report = run(dir, None);
    if let Some(anchor) = report.anchor {
        say!(out, "first trust list {anchor}");
    }
    for over in &report.over_use {
        say!(
            out,
            "over-use of {} at {} {}: {}, {:?} liable",
            over.pass,
            over.used.gate,
            over.used.time,
            over.denied,
            over.liable
        );
    }
    match &report.statement {
        Some(statement) => say!(out, "statement {}", statement.digest()),
        None => say!(out, "no statement"),
    }
    tell(&report, out);
    Ok(report.is_clean() && report.statement.is_some())
}

/// Prints what was read and every finding.
pub(crate) fn tell(report: &Report, out: &mut String) {
    let counts = &report.counts;
    say!(
        out,
        "audited {} ledgers ({} entries) and {} journals ({} records, {} redemptions, {} with evidence): {} {}",
        counts.ledgers,
        counts.entries,
        counts.journals,
        counts.records,
        counts.redemptions,
        counts.evidence,
        report.findings.len(),
        if report.findings.len() == 1 { "finding" } else { "findings" },
    );
    report.ledgers.iter().for_each(|ledger| say!(out, "ledger {ledger}"));
    say!(out, "statements agreed: {}", report.agreed);
    for (what, paths) in [("not given", &report.not_given), ("not read", &report.not_read)] {
        if !paths.is_empty() {
            say!(out, "{what}: {}", Printed(&paths.join(", ")));
        }
    }
    report.findings.iter().for_each(|finding| say!(out, "{finding}"));
}
