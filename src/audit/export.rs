//! Makes the files that show over-use, from what is published.

use super::case::{Case, CitedUse};
use super::evidence::Evidence;
use super::files::Files;
use super::finding::Findings;
use super::ledgers::{EnrolledGate, LedgerReplay, Seal};
use super::lists::Lists;
use super::overuse::OverUse;
use super::paths::{below, prefix_of};
use super::proof::{MAX_OVER_USE, MAX_OVER_USE_USES, OverUseError, OverUseProof, UseProof};
use super::published::{LogFiles, LogHead, PublishedLog, read_checkpoint, read_linked_log, size_of};
use super::report::Report;
use crate::crypto::sha256;
use crate::gate::Record;
use crate::id::{MemberId, PassKey};
use crate::ledger::{Entry, LedgerCheckpoint, Receipt};
use crate::tlog::{SignedCheckpoint, TlogProof};
use std::collections::{BTreeMap, BTreeSet};

/// Makes a file for each pass with over-use that `report`, an audit of these files, found.
///
/// Each is verified before it is returned, and an error where the files do not show it: a ledger that is not
/// final, a log that is damaged. Ascending by pass.
pub fn prove_over_use<F: Files>(files: &F, report: &Report) -> Vec<(PassKey, Result<OverUseProof, OverUseError>)> {
    let mut ignored = Findings::at("");
    let paths = files.list().paths;
    let Some(lists) = Lists::read(files, &paths, report.anchor.as_ref(), report.depth, &mut ignored) else {
        return Vec::new();
    };
    let mut wanted = Wanted::new();
    let shown = report.cases.iter().filter(|case| case.uses.len() <= MAX_OVER_USE_USES);
    for CitedUse { gate, index, synced, .. } in shown.flat_map(|case| &case.uses) {
        wanted.entry(gate.member).or_default().entry(gate.number).or_default().extend([*index].iter().chain(synced));
    }
    let ledgers: BTreeMap<MemberId, Ledger> = wanted
        .into_iter()
        .filter_map(|(member, gates)| Some((member, Ledger::read(files, &lists, &paths, member, &gates)?)))
        .collect();
    let proof = |case: &Case| {
        if case.uses.len() > MAX_OVER_USE_USES {
            return Err(OverUseError::TooMany(case.uses.len()));
        }
        let mut proof = prove(case, &lists, &ledgers)?;
        let length = proof.encode().len();
        if length > MAX_OVER_USE {
            return Err(OverUseError::TooLong(length));
        }
        let mut verified = proof.verify(&lists.trust);
        if matches!(verified, Err(OverUseError::Shown { .. })) {
            proof.drop_unfit(&lists.trust)?;
            verified = proof.verify(&lists.trust);
        }
        let proven = match verified {
            Ok(proven) => proven.over_use,
            Err(OverUseError::Covered) => Vec::new(),
            Err(error) => return Err(error),
        };
        // Who is liable is another question: a file may show less of what a gate knew.
        let what = |over: &OverUse| (over.used, over.denied);
        let from = report.over_use.partition_point(|over| over.pass < case.pass);
        let found = report.over_use.iter().skip(from).take_while(|over| over.pass == case.pass);
        if proven.iter().map(what).eq(found.map(what)) { Ok(proof) } else { Err(OverUseError::Changed) }
    };
    report.cases.iter().map(|case| (case.pass, proof(case))).collect()
}

/// The records wanted, by member and gate.
type Wanted = BTreeMap<MemberId, BTreeMap<u32, BTreeSet<u64>>>;

fn prove(case: &Case, lists: &Lists, ledgers: &BTreeMap<MemberId, Ledger>) -> Result<OverUseProof, OverUseError> {
    let catalogues = case.catalogues.iter().filter_map(|(member, sequence)| lists.catalogue(*member, *sequence));
    let mut uses = Vec::new();
    for (place, told) in case.uses.iter().enumerate() {
        let cited = ledgers.get(&told.gate.member).and_then(|ledger| ledger.cite(told));
        uses.push(cited.ok_or(OverUseError::NotPublished(place))?);
    }
    let catalogues = catalogues.map(|catalogue| catalogue.as_bytes().to_vec()).collect();
    Ok(OverUseProof { pass: case.pass, catalogues, uses })
}

/// A ledger, with what is wanted of its gates' journals.
struct Ledger {
    log: PublishedLog,
    origin: String,
    /// The checkpoint as it is published, with its cosignatures.
    note: String,
    /// Its gates, as an audit has them.
    gates: BTreeMap<u32, EnrolledGate>,
    journals: BTreeMap<u32, Journal>,
}

/// What is wanted of a gate's journal.
struct Journal {
    log: PublishedLog,
    /// The bodies of the records wanted, and what was shown.
    records: BTreeMap<u64, (Vec<u8>, Option<Vec<u8>>)>,
}

impl Ledger {
    fn read<F: Files>(
        files: &F,
        lists: &Lists,
        paths: &[String],
        member: MemberId,
        wanted: &BTreeMap<u32, BTreeSet<u64>>,
    ) -> Option<Self> {
        let mut ignored = Findings::at("");
        let prefix = prefix_of(member);
        let place = LogFiles { files, prefix: &prefix, paths: below(paths, &prefix) };
        let verify = |note: &[u8]| Ok(LedgerCheckpoint::verify(note, &lists.trust, member)?.signed().clone());
        let signed = read_checkpoint(&place, verify, &mut ignored)?;
        let (note, origin) = (signed.note().to_owned(), signed.origin().as_str().to_owned());
        let mut reading = LedgerReplay::new(lists, member);
        let log = LogHead { origin: &origin, signed: Some(signed), prunable: false };
        let log = read_linked_log(&place, log, &mut ignored, |index, body, findings| {
            if let Some(body) = body {
                reading.entry(index, body, findings);
            }
        });
        let LedgerReplay { gates, .. } = reading;
        let journal = |(number, gate): (&u32, &EnrolledGate)| {
            Some((*number, Journal::read(files, paths, gate, wanted.get(number)?)))
        };
        let journals = gates.iter().filter_map(journal).collect();
        Some(Self { log, origin, note, gates, journals })
    }

    fn cite(&self, told: &CitedUse) -> Option<UseProof> {
        let number = told.gate.number;
        let (_, shown) = self.journals.get(&number)?.records.get(&told.index)?;
        let receipt = self.receipt(number, told.index)?;
        let synced = match told.synced {
            Some(index) => Some(self.receipt(number, index)?),
            None => None,
        };
        Some(UseProof { period: told.period, receipt, shown: shown.clone(), synced })
    }

    fn receipt(&self, number: u32, index: u64) -> Option<Receipt> {
        let (gate, Journal { log, records }) = (self.gates.get(&number)?, self.journals.get(&number)?);
        let (body, _) = records.get(&index)?;
        // One over another history than the published one, which is found, shows nothing.
        let seals = |seal: &&Seal| {
            let (size, root) = (seal.signed.size(), seal.signed.root());
            size > index && log.root_at(size) == Some(root)
        };
        let seal = gate.seals.iter().find(seals)?;
        let previous = log.previous(gate.verifier.name().as_str(), index)?;
        let checkpoint = seal.signed.note().to_owned();
        let record = TlogProof {
            extra: Some(Receipt::record_extra(gate.certificate.as_bytes(), &previous, body)),
            index,
            hashes: log.inclusion_proof(index, seal.signed.size())?,
            checkpoint: checkpoint.clone(),
        };
        // An entry has one encoding.
        let entry = Entry::JournalSealed { gate: number, first: seal.first, checkpoint }.encode(seal.time);
        let previous = self.log.previous(&self.origin, seal.entry)?;
        let sealed = TlogProof {
            extra: Some([&previous.0[..], &entry].concat()),
            index: seal.entry,
            hashes: self.log.inclusion_proof(seal.entry, self.log.size())?,
            checkpoint: self.note.clone(),
        };
        Some(Receipt::new(record, sealed))
    }
}

impl Journal {
    fn read<F: Files>(files: &F, paths: &[String], gate: &EnrolledGate, wanted: &BTreeSet<u64>) -> Self {
        let mut ignored = Findings::at("");
        let id = gate.certificate.gate();
        let name = format!("{}/{}", id.member, id.number);
        let prefix = format!("journal/{name}");
        let place = LogFiles { files, prefix: &prefix, paths: below(paths, &prefix) };
        let verify = |note: &[u8]| SignedCheckpoint::verify(note, &gate.verifier);
        let signed = read_checkpoint(&place, verify, &mut ignored);
        let beside = format!("evidence/{name}");
        let of_gate = below(paths, &beside);
        let evidence = Evidence::new(files, beside, size_of(&place, signed.as_ref()), Some(of_gate));
        let log = LogHead { origin: gate.verifier.name().as_str(), signed, prunable: true };
        let mut records = BTreeMap::new();
        let log = read_linked_log(&place, log, &mut ignored, |index, body, _| {
            if let Some(body) = body.filter(|_| wanted.contains(&index)) {
                let shown = evidence.beside(index).filter(|shown| is_shown(body, shown));
                records.insert(index, (body.to_vec(), shown));
            }
        });
        Self { log, records }
    }
}

/// Whether this is what a redemption's record says was shown.
fn is_shown(body: &[u8], shown: &[u8]) -> bool {
    matches!(Record::decode(body), Ok(Record::Redeemed(redemption)) if redemption.evidence == sha256(&[shown]))
}
