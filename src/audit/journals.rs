//! One gate's published journal: read, replayed, and held against the seals in its city's ledger.

use super::cause::says;
use super::counts::Counts;
use super::depth::Depth;
use super::evidence::Evidence;
use super::extent::Extent;
use super::files::Files;
use super::finding::{Findings, Rule};
use super::ledgers::{EnrolledGate, NO_REDEMPTION};
use super::lists::Lists;
use super::parts::{Part, Selection};
use super::paths::{below, place_of, prefix_of};
use super::published::{LogFiles, LogHead, ReadLog, read_checkpoint, read_log, size_of};
use super::records::JournalReplay;
use super::standing::{Sealed, StandingUses};
use crate::tlog::SignedCheckpoint;

/// What an audit of one journal comes to.
#[derive(Debug)]
pub(super) struct JournalAudit {
    pub(super) findings: Findings,
    pub(super) standing: StandingUses,
    pub(super) counts: Counts,
    /// To read it again; none where nothing was read.
    pub(super) extent: Option<Extent>,
}

/// The published journal of a gate that its city enrolled.
pub(super) struct Journal<'a, F> {
    pub(super) files: &'a F,
    pub(super) lists: &'a Lists,
    pub(super) gate: &'a EnrolledGate,
    /// All paths that are published, ascending.
    pub(super) paths: &'a [String],
    /// Whether the audit was given any evidence, of whatever gate.
    pub(super) evidence_given: bool,
    /// The city's ledger may have had more seals of the gate than were read.
    pub(super) cut: bool,
}

impl<F: Files> Journal<'_, F> {
    /// Where it is, or what is beside it.
    fn place(&self, top: &str) -> String {
        place_of(top, self.gate.certificate.gate())
    }

    /// Audits it: all of it, except what depends on the uses of passes that are not of this part.
    pub(super) fn audit(&self, depth: Depth, part: Part) -> JournalAudit {
        let Self { files, lists, gate, paths, evidence_given, cut } = *self;
        let [prefix, beside] = ["journal", "evidence"].map(|top| self.place(top));
        let evidence_paths = evidence_given.then(|| below(paths, &beside));
        let mut findings = Findings::at(prefix.clone());
        let log_files = &LogFiles { files, prefix: &prefix, paths: below(paths, &prefix) };
        if gate.seals.is_empty() {
            self.check_unsealed(log_files, evidence_paths.map_or(0, <[String]>::len), &mut findings);
            let mut standing = StandingUses::default();
            if depth >= Depth::Policy {
                take_back(gate, &mut standing, &Selection::of(part), &mut findings);
            }
            return JournalAudit { findings, standing, counts: Counts::default(), extent: None };
        }
        // What the ledger sealed last is verified already.
        let sealed = gate.seals.last().map(|seal| &seal.signed);
        let verify = |note: &[u8]| match sealed.filter(|sealed| sealed.note().as_bytes() == note) {
            Some(sealed) => Ok(sealed.clone()),
            None => SignedCheckpoint::verify(note, &gate.verifier),
        };
        let signed = read_checkpoint(log_files, verify, &mut findings);
        let size = size_of(log_files, signed.as_ref());
        let evidence = Evidence::new(files, beside, size, evidence_paths);
        let mut replay = JournalReplay::new(lists, gate, evidence, depth, part);
        let mut sizes: Vec<u64> = gate.seals.iter().map(|seal| seal.signed.size()).collect();
        sizes.sort_unstable();
        let log = LogHead { origin: gate.verifier.name().as_str(), signed, prunable: true };
        let mut log = read_log(log_files, log, &sizes, &mut findings, |index, body, findings| match body {
            Some(body) => replay.record(index, body, findings),
            None => replay.pruned(index, findings),
        });
        // Without a checkpoint to go by, it is as long as the ledger says.
        log.damaged |= log.signed.is_none() && gate.seals.last().is_some_and(|seal| log.size < seal.signed.size());
        check_seals(gate, cut, &log, &mut findings);
        let JournalReplay { evidence, mut standing, selection, counts, .. } = replay;
        evidence.report_missing(&mut findings);
        let sealed = log.sealed(gate);
        standing.finish(sealed);
        if depth >= Depth::Evidence {
            evidence.check_files(&standing, &mut findings);
        }
        let extent = Extent {
            size,
            pruned: standing.pruned,
            read: log.size,
            before: log.before,
            last: log.last,
            chained: !findings.any(Rule::Chain),
            root: log.root,
            sealed,
        };
        if depth >= Depth::Policy {
            take_back(gate, &mut standing, &selection, &mut findings);
        }
        JournalAudit { findings, standing, counts, extent: Some(extent) }
    }

    /// What is there of a journal that nothing seals.
    fn check_unsealed(&self, log_files: &LogFiles<'_, F>, evidence: usize, findings: &mut Findings) {
        let count = log_files.paths.len().saturating_add(evidence);
        if count == 0 || self.cut {
            return;
        }
        let verify = |note: &[u8]| SignedCheckpoint::verify(note, &self.gate.verifier);
        if read_checkpoint(log_files, verify, &mut Findings::at("")).is_some() {
            findings.notice(None, Rule::Behind, "the ledger, as it is published, has no seal of this gate yet");
        } else {
            let detail = says!("the ledger has no good seal of this gate, and {count} files are here");
            findings.error(None, Rule::Unexpected, detail);
        }
    }

    /// Reads it again, for what depends on the uses of the passes of another part, and says whether it is what it was.
    pub(super) fn audit_again(&self, extent: &Extent, part: Part) -> (Findings, StandingUses, bool) {
        let Self { files, lists, gate, .. } = *self;
        let prefix = self.place("journal");
        let mut findings = Findings::at(prefix.clone());
        let evidence = Evidence::new(files, String::new(), 0, None);
        let mut replay = JournalReplay::new(lists, gate, evidence, Depth::Policy, part);
        replay.standing.pruned = extent.pruned;
        let same = extent.read_again(files, &prefix, |index, body| replay.again(index, body, &mut findings));
        let JournalReplay { mut standing, selection, .. } = replay;
        let mut sealed = extent.sealed;
        if !same {
            // What nobody signed says nothing about anybody.
            (findings, standing) = (Findings::at(prefix), StandingUses::at(gate));
            findings.error(None, Rule::Root, "it changed while it was audited");
            sealed = Sealed { same: 0, size: 0, damaged: true };
        }
        standing.finish(sealed);
        take_back(gate, &mut standing, &selection, &mut findings);
        (findings, standing, same)
    }
}

/// Takes back what the ledger reversed. What is a redemption of no pass is reported in the first reading.
fn take_back(gate: &EnrolledGate, standing: &mut StandingUses, selection: &Selection, findings: &mut Findings) {
    let mut found = Findings::at(prefix_of(gate.certificate.gate().member));
    for (entry, index) in &gate.reversals {
        let unknown = standing.is_lost(*index);
        if selection.decides(*index, standing) && !standing.reverse(*index, *entry) && !unknown {
            found.error(*entry, Rule::Annulment, NO_REDEMPTION);
        }
    }
    findings.append(found);
}

fn check_seals(gate: &EnrolledGate, cut: bool, log: &ReadLog, findings: &mut Findings) {
    let ends = log.ends_early(gate);
    for seal in gate.seals.iter().filter(|_| !log.damaged) {
        let size = seal.signed.size();
        if ends.is_none_or(|ends| size <= ends) && log.roots.get(&size) != Some(&seal.signed.root()) {
            findings.error(None, Rule::Seal, says!("not the journal that ledger entry {} seals at {size}", seal.entry));
        }
    }
    let (Some(last), Some(signed)) = (gate.seals.last(), &log.signed) else { return };
    if let Some(ends) = ends {
        let (entry, size) = (last.entry, last.signed.size());
        let told = says!("it is published up to size {ends}, and ledger entry {entry} seals it at {size}");
        findings.notice(None, Rule::Behind, told);
    } else if signed.size() > last.signed.size() {
        if !cut {
            let (size, sealed) = (signed.size(), last.signed.size());
            let told = says!("it is published up to size {size}, and sealed only up to {sealed}");
            findings.notice(None, Rule::Behind, told);
        }
    } else if signed.note() != last.signed.note() && !cut {
        findings.error(None, Rule::Seal, "the checkpoint is not the one the ledger sealed last");
    }
}

impl ReadLog {
    /// How much of a journal is what its city's ledger sealed.
    fn sealed(&self, gate: &EnrolledGate) -> Sealed {
        let seals = gate.seals.iter().map(|seal| &seal.signed);
        let same = seals.filter(|signed| self.roots.get(&signed.size()) == Some(&signed.root()));
        let same = same.map(SignedCheckpoint::size).max().unwrap_or(0);
        Sealed { same, size: self.size, damaged: self.damaged }
    }

    /// The size up to which a journal is published, where that is before the last seal of it. Nothing is wrong with it.
    fn ends_early(&self, gate: &EnrolledGate) -> Option<u64> {
        let signed = self.signed.as_ref().filter(|_| !self.damaged)?;
        gate.seals.iter().any(|seal| seal.signed.size() > signed.size()).then(|| signed.size())
    }
}
