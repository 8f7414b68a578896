//! Audits a directory of published files and prints the report.

use crate::document::escaped;
use crate::trust::write;
use crate::{Failure, dump};
use onecard::audit::{self, Options, Period, Report};
use onecard::crypto::Hash;
use onecard_store::Folder;
use std::path::{Path, PathBuf};

/// What the command `audit` is told to do besides.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) anchor: Option<Hash>,
    pub(crate) period: Option<Period>,
    /// Prints JSON instead of text.
    pub(crate) json: bool,
    /// Where to write the statement, as canonical bytes and as a table.
    pub(crate) statement: Option<PathBuf>,
    pub(crate) csv: Option<PathBuf>,
}

/// The command `audit`.
pub(crate) fn audit(out: &mut String, directory: &Path, wanted: &Wanted) -> Result<(), Failure> {
    if !directory.is_dir() {
        return Err(Failure::Usage(format!("{} is not a directory", directory.display())));
    }
    let Wanted { anchor, period, json, .. } = *wanted;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report = audit::audit(&Folder::new(directory), &Options { anchor, period, threads, ..Options::default() });
    if json {
        dump::line(out, &report.to_json());
    } else {
        describe(out, &report);
    }
    if !report.is_clean() {
        return Err(Failure::Refused("the audit found errors".into()));
    }
    if wanted.statement.is_some() || wanted.csv.is_some() {
        let statement = report.statement.ok_or_else(|| Failure::Usage("there is no statement to write".into()))?;
        wanted.statement.as_deref().map_or(Ok(()), |path| write(path, &statement.encode()))?;
        wanted.csv.as_deref().map_or(Ok(()), |path| write(path, statement.to_csv().as_bytes()))?;
    }
    if json {
        return Ok(());
    }
    if anchor.is_none() {
        dump::line(out, "note: the first trust list is not pinned; compare the anchor, or give --anchor HEX");
    }
    dump::line(out, "verified: no error found");
    Ok(())
}

/// The report for people.
fn describe(out: &mut String, report: &Report) {
    let mut field = |name, value: &dyn std::fmt::Display| {
        dump::label(out, name, 0);
        dump::line(out, &value.to_string());
    };
    if let Some(anchor) = report.anchor {
        field("anchor", &anchor);
    }
    let counts = report.counts;
    field("ledgers", &counts.ledgers);
    field("ledger entries", &counts.entries);
    field("journals", &counts.journals);
    field("records", &counts.records);
    field("redemptions", &counts.redemptions);
    field("evidence verified", &counts.evidence);
    field("evidence erased", &counts.pruned);
    for over in &report.over_use {
        let used = over.used;
        let text = format!("{} at {} entry {}, {}", over.pass, used.gate, used.index, used.time);
        field("over-use", &format!("{text}: {}; liable: {}", over.denied, over.liable));
    }
    for other in &report.other_grants {
        let used = other.used;
        let text = format!("{} at {} entry {}, {}", other.pass, used.gate, used.index, used.time);
        let paid = format!("paid {} fen too little, {} too much", other.short_fen, other.over_fen);
        let grants = format!("grant {} instead of {}", used.grant, other.grant);
        field("other grant", &format!("{text}: {grants}; {paid}; liable: {}", other.liable));
    }
    if let Some(statement) = &report.statement {
        field("statement", &statement.digest());
        for payment in statement.payments() {
            field("payment", &format!("{} pays {} {} fen", payment.payer, payment.payee, payment.fen));
        }
    }
    for finding in &report.findings {
        dump::line(out, &escaped(&finding.to_string()));
    }
}
