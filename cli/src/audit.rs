//! Audits a directory of published files and prints the report.

use crate::document::escaped;
use crate::trust::write;
use crate::{Failure, dump};
use onecard::audit::{self, Options, Period};
use onecard::crypto::Hash;
use onecard_store::Folder;
use std::path::Path;

/// The command `audit`.
pub(crate) fn audit(
    out: &mut String,
    directory: &Path,
    anchor: Option<Hash>,
    period: Option<Period>,
    statement: Option<&Path>,
) -> Result<(), Failure> {
    if !directory.is_dir() {
        return Err(Failure::Usage(format!("{} is not a directory", directory.display())));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report = audit::audit(&Folder::new(directory), &Options { anchor, period, threads, ..Options::default() });
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
        field("over-use", &format!("{text}: {}; liable: {:?}", over.denied, over.liable));
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
    if !report.is_clean() {
        return Err(Failure::Refused("the audit found errors".into()));
    }
    if let Some(path) = statement {
        let bytes = report.statement.ok_or_else(|| Failure::Usage("there is no statement to write".into()))?.encode();
        write(path, &bytes)?;
    }
    if anchor.is_none() {
        dump::line(out, "note: the first trust list is not pinned; compare the anchor, or give --anchor HEX");
    }
    dump::line(out, "verified: no error found");
    Ok(())
}
