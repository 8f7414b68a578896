//! One gate's published journal: read, replayed, and held against the seals in its city's ledger.

use super::counts::Counts;
use super::depth::Depth;
use super::evidence::Evidence;
use super::files::Files;
use super::finding::{Findings, Rule};
use super::ledgers::{GateSeen, NO_REDEMPTION};
use super::lists::Lists;
use super::parts::{Extent, Indices, Part};
use super::paths::prefix_of;
use super::published::{Place, ReadLog, read_checkpoint, read_log, size_of};
use super::records::{Replay, is_here};
use super::standing::Standing;
use crate::tlog::SignedCheckpoint;

/// What an audit of one journal comes to.
#[derive(Debug)]
pub(super) struct JournalAudit {
    pub(super) findings: Findings,
    pub(super) standing: Standing,
    pub(super) counts: Counts,
    /// To read it again; none where nothing was read.
    pub(super) extent: Option<Extent>,
}

/// Audits the journal of a gate that its city enrolled: all of it, but for what depends on the uses of passes that are
/// not of this part. The paths are those below `journal/` and `evidence/` of this gate, of evidence none where none was given at
/// all. `cut`: the city's ledger may have
/// had more seals of the gate than were read.
pub(super) fn audit_journal<F: Files>(
    files: &F,
    lists: &Lists,
    gate: &GateSeen,
    cut: bool,
    (journal_paths, evidence_paths): (&[String], Option<&[String]>),
    depth: Depth,
    part: Part,
) -> JournalAudit {
    let id = gate.certificate.gate();
    let prefix = format!("journal/{}/{}", id.member, id.number);
    let mut findings = Findings::at(prefix.clone());
    let place = &Place { files, prefix: &prefix, paths: journal_paths };
    if gate.seals.is_empty() {
        let count = journal_paths.len().saturating_add(evidence_paths.map_or(0, <[String]>::len));
        if count > 0 && !cut {
            let verify = |note: &[u8]| SignedCheckpoint::verify(note, &gate.verifier);
            if read_checkpoint(place, verify, &mut Findings::at("")).is_some() {
                findings.notice(None, Rule::Behind, "the ledger, as it is published, has no seal of this gate yet");
            } else {
                let detail = format_args!("the ledger has no good seal of this gate, and {count} files are here");
                findings.error(None, Rule::Unexpected, detail);
            }
        }
        let mut standing = Standing::default();
        if depth >= Depth::Policy {
            take_back(gate, &mut standing, part, &Indices::default(), &mut findings);
        }
        return JournalAudit { findings, standing, counts: Counts::default(), extent: None };
    }
    // What the ledger sealed last is verified already.
    let sealed = gate.seals.last().map(|seal| &seal.signed);
    let verify = |note: &[u8]| match sealed.filter(|sealed| sealed.note().as_bytes() == note) {
        Some(sealed) => Ok(sealed.clone()),
        None => SignedCheckpoint::verify(note, &gate.verifier),
    };
    let signed = read_checkpoint(place, verify, &mut findings);
    let size = size_of(place, signed.as_ref());
    let evidence = Evidence::new(files, format!("evidence/{}/{}", id.member, id.number), size, evidence_paths);
    let mut replay = Replay::new(lists, gate, evidence, depth, part);
    let origin = gate.verifier.name().as_str();
    let mut sizes: Vec<u64> = gate.seals.iter().map(|seal| seal.signed.size()).collect();
    sizes.sort_unstable();
    let mut log = read_log(place, origin, signed, true, &sizes, &mut findings, |index, body, findings| match body {
        Some(body) => replay.record(index, body, findings),
        None => replay.pruned(index, findings),
    });
    // Without a checkpoint to go by, it is as long as the ledger says.
    log.damaged |= log.signed.is_none() && gate.seals.last().is_some_and(|seal| log.size < seal.signed.size());
    check_seals(gate, cut, &log, &mut findings);
    let Replay { evidence, mut standing, elsewhere, erased, unpublished, counts, .. } = replay;
    match (erased, counts.pruned.saturating_sub(1)) {
        (None, _) => {}
        (Some(only), 0) => findings.notice(only, Rule::Pruned, "its evidence was erased"),
        (Some(first), more) => {
            let detail = format_args!("its evidence was erased, and that of {more} more");
            findings.notice(first, Rule::Pruned, detail);
        }
    }
    if unpublished > 0 {
        let (ends, prefix) = (evidence.ends, &evidence.prefix);
        let told = format_args!("it is published up to entry {ends}, and {unpublished} redemptions come after that");
        findings.notice_at(prefix, Rule::Behind, told);
    }
    (standing.damaged, standing.ends) = (log.damaged, log.ends_early(gate));
    standing.finish();
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
        damaged: log.damaged,
        ends: standing.ends,
    };
    if depth >= Depth::Policy {
        take_back(gate, &mut standing, part, &elsewhere, &mut findings);
    }
    JournalAudit { findings, standing, counts, extent: Some(extent) }
}

/// Reads a journal again, for what depends on the uses of the passes of another part, and says whether it is what it was.
pub(super) fn audit_again<F: Files>(
    files: &F,
    lists: &Lists,
    gate: &GateSeen,
    extent: &Extent,
    part: Part,
) -> (Findings, Standing, bool) {
    let id = gate.certificate.gate();
    let prefix = format!("journal/{}/{}", id.member, id.number);
    let mut findings = Findings::at(prefix.clone());
    let evidence = Evidence::new(files, String::new(), 0, None);
    let mut replay = Replay::new(lists, gate, evidence, Depth::Policy, part);
    replay.standing.pruned = extent.pruned;
    let same = extent.read_again(files, &prefix, |index, body| replay.again(index, body, &mut findings));
    let Replay { mut standing, elsewhere, .. } = replay;
    (standing.damaged, standing.ends) = (extent.damaged, extent.ends);
    if !same {
        // What nobody signed says nothing about anybody.
        (findings, standing) = (Findings::at(prefix), Standing::at(gate));
        findings.error(None, Rule::Root, "it changed while it was audited");
        standing.damaged = true;
    }
    standing.finish();
    take_back(gate, &mut standing, part, &elsewhere, &mut findings);
    (findings, standing, same)
}

/// Takes back what the ledger reversed. What is a redemption of no pass is told in the first reading.
fn take_back(gate: &GateSeen, standing: &mut Standing, part: Part, elsewhere: &Indices, findings: &mut Findings) {
    let mut found = Findings::at(prefix_of(gate.certificate.gate().member));
    for (entry, index) in &gate.reversals {
        let unknown = *index < standing.pruned || standing.damaged || standing.ends.is_some_and(|ends| *index >= ends);
        if is_here(*index, standing, part, elsewhere) && !standing.reverse(*index, *entry) && !unknown {
            found.error(*entry, Rule::Annulment, NO_REDEMPTION);
        }
    }
    findings.append(found);
}

fn check_seals(gate: &GateSeen, cut: bool, log: &ReadLog, findings: &mut Findings) {
    let ends = log.ends_early(gate);
    for seal in gate.seals.iter().filter(|_| !log.damaged) {
        let size = seal.signed.size();
        if ends.is_none_or(|ends| size <= ends) && log.roots.get(&size) != Some(&seal.signed.root()) {
            findings.error(
                None,
                Rule::Seal,
                format_args!("not the journal that ledger entry {} seals at {size}", seal.entry),
            );
        }
    }
    let (Some(last), Some(signed)) = (gate.seals.last(), &log.signed) else { return };
    if let Some(ends) = ends {
        let (entry, size) = (last.entry, last.signed.size());
        let told = format_args!("it is published up to size {ends}, and ledger entry {entry} seals it at {size}");
        findings.notice(None, Rule::Behind, told);
    } else if signed.size() > last.signed.size() {
        if !cut {
            let (size, sealed) = (signed.size(), last.signed.size());
            let told = format_args!("it is published up to size {size}, and sealed only up to {sealed}");
            findings.notice(None, Rule::Behind, told);
        }
    } else if signed.note() != last.signed.note() && !cut {
        findings.error(None, Rule::Seal, "the checkpoint is not the one the ledger sealed last");
    }
}

impl ReadLog {
    /// The size up to which a journal is published, where that is before the last seal of it. Nothing is wrong with it.
    fn ends_early(&self, gate: &GateSeen) -> Option<u64> {
        let signed = self.signed.as_ref().filter(|_| !self.damaged)?;
        gate.seals.iter().any(|seal| seal.signed.size() > signed.size()).then(|| signed.size())
    }
}
