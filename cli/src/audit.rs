//! Audits a directory of published files and prints the report; verifies the over-use that it found.

use crate::dump;
use crate::failure::Failure;
use crate::files::{For, Output, read};
use crate::trust::Trust;
use onecard::audit::{
    self, Depth, Finding, FindingSeverity, MAX_OVER_USE, Options, OverUse, OverUseError, OverUseProof, ProvenUse,
    Report, SettlementPeriod, prove_over_use,
};
use onecard::crypto::Hash;
use onecard_store::Folder;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// What the command `audit` is told to do besides.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) depth: Depth,
    pub(crate) anchor: Option<Hash>,
    pub(crate) period: Option<SettlementPeriod>,
    /// How many redemptions to keep in memory.
    pub(crate) uses_at_once: Option<NonZeroUsize>,
    /// Lists each finding, and not each cause once.
    pub(crate) all: bool,
    /// Prints JSON instead of text.
    pub(crate) json: bool,
    /// Where to write the statement, as canonical bytes and as a table.
    pub(crate) statement: Option<PathBuf>,
    pub(crate) csv: Option<PathBuf>,
    /// The directory to write what shows over-use to, a file for each pass.
    pub(crate) export_over_use: Option<PathBuf>,
}

/// The depth of this name.
pub(crate) fn depth(name: &str) -> Result<Depth, String> {
    let all = [Depth::Integrity, Depth::Evidence, Depth::Policy];
    let found = all.into_iter().find(|depth| depth.to_string() == name);
    found.ok_or_else(|| "not integrity, evidence or policy".to_owned())
}

impl Wanted {
    /// What cannot be had of any audit is refused before one begins.
    fn check(&self) -> Result<(), Failure> {
        if let Some(SettlementPeriod { from, until }) = self.period
            && from >= until
        {
            return Err(Failure::Usage(format!("--until {} is not after --from {}", until.seconds(), from.seconds())));
        }
        let of_policy = [
            ("no period is settled", self.period.is_some()),
            ("there is no statement", self.statement.is_some() || self.csv.is_some()),
            ("no over-use is looked for", self.export_over_use.is_some()),
        ];
        match of_policy.iter().find(|(_, asked)| *asked && self.depth < Depth::Policy) {
            Some((why, _)) => Err(Failure::Usage(format!("{why} in an audit of depth {}", self.depth))),
            None => Ok(()),
        }
    }
}

/// The command `audit`.
pub(crate) fn audit(out: &mut String, directory: &Path, wanted: &Wanted) -> Result<(), Failure> {
    wanted.check()?;
    if !directory.is_dir() {
        return Err(Failure::Usage(format!("{} is not a directory", directory.display())));
    }
    let create = |path: &Option<PathBuf>| path.as_deref().map(|path| Output::create(path, For::All)).transpose();
    let (statement, csv) = (create(&wanted.statement)?, create(&wanted.csv)?);
    // What is found is not known yet; that it can be written is.
    let probe = wanted.export_over_use.as_ref().map(|to| Output::create(&to.join("over-use"), For::Owner));
    drop(probe.transpose()?);
    let Wanted { depth, anchor, period, json, .. } = *wanted;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let uses_at_once = wanted.uses_at_once.map_or(Options::default().uses_at_once, NonZeroUsize::get);
    let folder = Folder::new(directory);
    let options = Options { depth, anchor, period, threads, uses_at_once, group: !wanted.all, ..Options::default() };
    let report = audit::audit(&folder, &options);
    if json {
        dump::line(out, &report.to_json());
    } else {
        describe(out, &report);
    }
    if let Some(to) = &wanted.export_over_use {
        export_over_use(out, &folder, &report, to, json)?;
    }
    let is_trust_list = |finding: &Finding| {
        finding.severity == FindingSeverity::Error && finding.place.starts_with("trust/trust-list-")
    };
    if report.anchor.is_none() && !report.findings.iter().any(is_trust_list) {
        return Err(Failure::Usage(format!("{} has no trust list in trust/", directory.display())));
    }
    if !report.is_clean() {
        return Err(Failure::Refused("the audit found errors".into()));
    }
    let wants_statement = period.is_some() || statement.is_some() || csv.is_some();
    if let Some(found) = &report.statement {
        statement.map_or(Ok(()), |output| output.write(&found.encode()))?;
        csv.map_or(Ok(()), |output| output.write(found.to_csv().as_bytes()))?;
    } else if wants_statement {
        return Err(no_statement(&report, period));
    }
    if json {
        return Ok(());
    }
    if anchor.is_none() {
        dump::line(out, "note: the first trust list is not pinned; compare the anchor, or give --anchor HEX");
    }
    let redemptions = report.counts.redemptions;
    let is_without_evidence = report.not_given.iter().any(|path| path == "evidence/");
    if is_without_evidence && depth >= Depth::Evidence && report.counts.evidence == 0 && redemptions > 0 {
        dump::line(out, &format!("verified: no error found; evidence was not checked (0 of {redemptions})"));
    } else {
        dump::line(out, "verified: no error found");
    }
    Ok(())
}

/// Why there is none.
fn no_statement(report: &Report, asked: Option<SettlementPeriod>) -> Failure {
    let Some(period) = asked else { return Failure::Usage("there is no statement: give --from and --until".into()) };
    let bound = report.settled.last().map(|last| last.until).filter(|bound| period.from < *bound);
    Failure::Usage(bound.map_or_else(
        || "there is no statement of the period asked for".into(),
        |bound| {
            let seconds = bound.seconds();
            format!("the period asked for overlaps one that is settled: the next begins at {bound}, --from {seconds}")
        },
    ))
}

/// Writes a file for each pass with over-use. Of an audit that found errors too: they may be about something else.
/// So that no pass keeps another from being told, all that can be shown is written before the first refusal is.
fn export_over_use(out: &mut String, folder: &Folder, report: &Report, to: &Path, json: bool) -> Result<(), Failure> {
    let mut refused = Ok(());
    for (pass, proof) in prove_over_use(folder, report) {
        match proof {
            Ok(proof) => {
                let path = to.join(format!("{}-{}.over-use", pass.issuer, pass.pass));
                Output::create(&path, For::Owner)?.write(&proof.encode())?;
                if !json {
                    field(out, "written", &path.display());
                }
            }
            Err(error) => refused = refused.and_then(|()| Err(Failure::Refused(format!("{pass}: {error}")))),
        }
    }
    refused
}

/// The command `verify-over-use`.
pub(crate) fn verify_over_use(out: &mut String, file: &Path, trust: &Trust) -> Result<(), Failure> {
    let refused = |error: OverUseError| Failure::Refused(error.to_string());
    let proof = OverUseProof::decode(&read(file, MAX_OVER_USE)?).map_err(refused)?;
    let proven = proof.verify(&trust.lists.required()?).map_err(refused)?;
    let at = trust.time()?;
    if let Some(early) = proven.uses.iter().find(|proven| proven.final_at > at) {
        let why = format!("the ledger of {} is final since {}, after {at}", early.used.gate.member, early.final_at);
        return Err(Failure::Refused(why));
    }
    field(out, "pass", &proven.pass);
    field(out, "product", &proven.product);
    for ProvenUse { used, period, entry, final_at, shown, synced } in &proven.uses {
        field(out, "use", &format!("{} entry {}, {}", used.gate, used.index, used.time));
        let shown = if *shown { "verified" } else { "not there" };
        let sealed = format!("period {period}, ledger entry {entry}, final {final_at}, evidence {shown}");
        dump::line(out, &format!("  {sealed}"));
        if let Some(synced) = synced {
            let sizes: Vec<String> = synced.ledgers.iter().map(|(member, size)| format!("{member}: {size}")).collect();
            dump::line(out, &format!("  knew at {} the ledgers up to {}", synced.time, sizes.join(", ")));
        }
    }
    over_uses(out, &proven.over_use);
    dump::line(out, "verified: all this was recorded, and goes beyond the rules of the product");
    dump::line(out, "not looked at: what was taken back since, and what the gate learnt besides");
    Ok(())
}

fn over_uses(out: &mut String, found: &[OverUse]) {
    for OverUse { pass, used, denied, liable } in found {
        let text = format!("{pass} at {} entry {}, {}", used.gate, used.index, used.time);
        field(out, "over-use", &format!("{text}: {denied}; liable: {liable}"));
    }
}

fn field(out: &mut String, name: &str, value: &dyn std::fmt::Display) {
    dump::label(out, name, 0);
    dump::line(out, &value.to_string());
}

/// The report for people.
fn describe(out: &mut String, report: &Report) {
    if let Some(anchor) = report.anchor {
        field(out, "anchor", &anchor);
    }
    let counts = report.counts;
    field(out, "depth", &report.depth);
    field(out, "ledgers", &counts.ledgers);
    field(out, "ledger entries", &counts.entries);
    field(out, "journals", &counts.journals);
    field(out, "records", &counts.records);
    field(out, "redemptions", &counts.redemptions);
    field(out, "evidence verified", &counts.evidence);
    field(out, "evidence erased", &counts.pruned);
    for ledger in &report.ledgers {
        field(out, "ledger", ledger);
    }
    let agreed = if report.agreed == 0 { "none".to_owned() } else { report.agreed.to_string() };
    field(out, "statements agreed", &agreed);
    for (name, paths) in [("not given", &report.not_given), ("not read", &report.not_read)] {
        if !paths.is_empty() {
            field(out, name, &paths.join(", "));
        }
    }
    over_uses(out, &report.over_use);
    for other in &report.other_grants {
        let used = other.used;
        let text = format!("{} at {} entry {}, {}", other.pass, used.gate, used.index, used.time);
        let paid = format!("paid {} fen too little, {} too much", other.short_fen, other.over_fen);
        let grants = format!("grant {} instead of {}", used.grant, other.grant);
        field(out, "other grant", &format!("{text}: {grants}; {paid}; liable: {}", other.liable));
    }
    if let Some(statement) = &report.statement {
        let SettlementPeriod { from, until } = statement.period();
        field(out, "period", &format!("from {from} until {until}"));
        field(out, "statement", &statement.digest());
        for payment in statement.payments() {
            field(out, "payment", &format!("{} pays {} {} fen", payment.payer, payment.payee, payment.fen));
        }
    }
    for finding in &report.findings {
        dump::line(out, &finding.to_string());
    }
    if let Some(note) = &report.note {
        dump::line(out, &format!("note: {note}"));
    }
    let count = report.findings.iter().fold(0_u64, |count, finding| count.saturating_add(finding.count));
    if count > report.findings.len() as u64 {
        dump::line(out, &format!("note: --all lists each of these {count} findings"));
    }
}
