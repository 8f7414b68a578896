//! Makes the files that show over-use, from what is published.

use super::files::Files;
use super::finding::Findings;
use super::journals::Evidence;
use super::lists::Lists;
use super::overuse::{OverUse, Placed};
use super::proof::{Cited, MAX_OVER_USE, MAX_OVER_USE_USES, OverUseError, OverUseProof};
use super::published::{Place, PublishedLog, read_checkpoint, read_log, size_of};
use super::replay::{Report, below, prefix_of};
use crate::crypto::sha256;
use crate::gate::Record;
use crate::id::{GateId, MemberId, PassKey};
use crate::ledger::{Entry, LedgerCheckpoint, Receipt, journal_verifier};
use crate::tlog::{Checkpoint, Note, SignedCheckpoint, TlogProof};
use crate::trust::{Bundle, GateCertificate};
use std::collections::{BTreeMap, BTreeSet};

/// What the over-use of one pass follows from.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pass: PassKey,
    /// Member and sequence of each catalogue that it was judged by.
    catalogues: Vec<(MemberId, u64)>,
    uses: Vec<Told>,
}

/// One use, as an audit found it.
#[derive(Clone, Copy, Debug)]
struct Told {
    period: u64,
    gate: GateId,
    index: u64,
    /// Index of the record by which the gate had last said what it knew.
    synced: Option<u64>,
}

impl Case {
    /// The case of a pass with over-use: all uses that were not taken back up to the last of it.
    pub(super) fn of<'a>(uses: &[Placed], found: &[OverUse], bundle: impl Fn(usize) -> &'a Bundle) -> Option<Self> {
        // Both are in the same order.
        let mut found = found.iter().peekable();
        let beyond = |placed: &&Placed| found.next_if(|over| over.used == placed.redeemed.used).is_some();
        let last = uses.iter().filter(beyond).map(|placed| placed.period).max()?;
        let stood =
            |placed: &&Placed| placed.period <= last && placed.taken_back.is_none_or(|taken_back| taken_back > last);
        let (mut members, mut told) = (BTreeSet::new(), Vec::new());
        for Placed { period, redeemed, .. } in uses.iter().filter(stood) {
            let synced = redeemed.synced.as_ref().map(|synced| synced.index);
            let (gate, index) = redeemed.used.key();
            members.extend([redeemed.pass.issuer, redeemed.used.venue.member]);
            told.push(Told { period: *period as u64, gate, index, synced });
        }
        let sequence = |member| bundle(last).catalogue(member).map(|catalogue| (member, catalogue.sequence()));
        let pass = uses.first()?.redeemed.pass;
        Some(Self { pass, catalogues: members.into_iter().filter_map(sequence).collect(), uses: told })
    }
}

/// Makes a file for each pass with over-use that `report`, an audit of these files, found.
///
/// Each is verified before it is returned, and an error where the files do not show it: a ledger that is not
/// final, a log that is damaged. Ascending by pass.
pub fn prove_over_use<F: Files>(files: &F, report: &Report) -> Vec<(PassKey, Result<OverUseProof, OverUseError>)> {
    let mut ignored = Findings::at("");
    let paths = files.list().unwrap_or_default();
    let Some(lists) = Lists::read(files, &paths, report.anchor.as_ref(), report.depth, &mut ignored) else {
        return Vec::new();
    };
    let mut wanted = Wanted::new();
    for Told { gate, index, synced, .. } in report.cases.iter().flat_map(|case| &case.uses) {
        wanted.entry(gate.member).or_default().entry(gate.number).or_default().extend([*index].iter().chain(synced));
    }
    let ledgers: BTreeMap<MemberId, Ledger> = wanted
        .into_iter()
        .filter_map(|(member, gates)| Some((member, Ledger::read(files, &lists, &paths, member, &gates)?)))
        .collect();
    let proof = |case: &Case| {
        let proof = prove(case, &lists, &ledgers)?;
        let length = proof.encode().len();
        if length > MAX_OVER_USE || proof.uses.len() > MAX_OVER_USE_USES {
            return Err(OverUseError::TooLong(length));
        }
        proof.verify(&lists.trust).map(|_| proof)
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
    journals: BTreeMap<u32, Journal>,
}

/// A gate as its ledger shows it, and what is wanted of its journal.
struct Journal {
    certificate: Vec<u8>,
    seals: Vec<Seal>,
    log: Option<PublishedLog>,
    origin: String,
    /// The bodies of the records wanted, and what was shown.
    records: BTreeMap<u64, (Vec<u8>, Option<Vec<u8>>)>,
}

/// An entry of the ledger that seals a journal up to a size.
struct Seal {
    entry: u64,
    body: Vec<u8>,
    size: u64,
    checkpoint: String,
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
        let place = Place { files, prefix: &prefix, paths: below(paths, &prefix) };
        let verify = |note: &[u8]| Ok(LedgerCheckpoint::verify(note, &lists.trust, member)?.signed().clone());
        let signed = read_checkpoint(&place, verify, &mut ignored)?;
        let (note, origin) = (signed.note().to_owned(), signed.origin().as_str().to_owned());
        let mut journals: BTreeMap<u32, Journal> = BTreeMap::new();
        let log = read_log(&place, &origin, Some(signed), false, &[], &mut ignored, |index, body, _| {
            if let Some(body) = body {
                learn(&mut journals, index, body, lists, wanted);
            }
        });
        for (number, journal) in &mut journals {
            if let Some(indices) = wanted.get(number) {
                journal.read(files, lists, paths, GateId { member, number: *number }, indices);
            }
        }
        Some(Self { log, origin, note, journals })
    }

    fn cite(&self, told: &Told) -> Option<Cited> {
        let journal = self.journals.get(&told.gate.number)?;
        let (_, shown) = journal.records.get(&told.index)?;
        let receipt = self.receipt(journal, told.index)?;
        let synced = match told.synced {
            Some(index) => Some(self.receipt(journal, index)?),
            None => None,
        };
        Some(Cited { period: told.period, receipt, shown: shown.clone(), synced })
    }

    fn receipt(&self, journal: &Journal, index: u64) -> Option<Receipt> {
        let log = journal.log.as_ref()?;
        let (body, _) = journal.records.get(&index)?;
        let seal = journal.seals.get(journal.seals.partition_point(|seal| seal.size <= index))?;
        let previous = log.previous(&journal.origin, index)?;
        let record = TlogProof {
            extra: Some(Receipt::record_extra(&journal.certificate, &previous, body)),
            index,
            hashes: log.inclusion_proof(index, seal.size)?,
            checkpoint: seal.checkpoint.clone(),
        };
        let previous = self.log.previous(&self.origin, seal.entry)?;
        let sealed = TlogProof {
            extra: Some([&previous.0[..], &seal.body].concat()),
            index: seal.entry,
            hashes: self.log.inclusion_proof(seal.entry, self.log.size())?,
            checkpoint: self.note.clone(),
        };
        Some(Receipt::new(record, sealed))
    }
}

impl Journal {
    fn read<F: Files>(
        &mut self,
        files: &F,
        lists: &Lists,
        paths: &[String],
        gate: GateId,
        wanted: &BTreeSet<u64>,
    ) -> Option<()> {
        let mut ignored = Findings::at("");
        let certificate = GateCertificate::verify(&self.certificate, &lists.trust).ok()?;
        let verifier = journal_verifier(lists.trust.newest(), &certificate).ok()?;
        let name = format!("{}/{}", gate.member, gate.number);
        let prefix = format!("journal/{name}");
        let place = Place { files, prefix: &prefix, paths: below(paths, &prefix) };
        let signed = read_checkpoint(&place, |note| SignedCheckpoint::verify(note, &verifier), &mut ignored);
        let evidence = Evidence::new(files, format!("evidence/{name}"), size_of(&place, signed.as_ref()), &[]);
        verifier.name().as_str().clone_into(&mut self.origin);
        let log = read_log(&place, &self.origin, signed, true, &[], &mut ignored, |index, body, _| {
            if let Some(body) = body.filter(|_| wanted.contains(&index)) {
                let shown = evidence.beside(index).filter(|shown| is_shown(body, shown));
                self.records.insert(index, (body.to_vec(), shown));
            }
        });
        self.log = Some(log);
        Some(())
    }
}

/// Whether this is what a redemption's record says was shown.
fn is_shown(body: &[u8], shown: &[u8]) -> bool {
    matches!(Record::decode(body), Ok(Record::Redeemed(redemption)) if redemption.evidence == sha256(&[shown]))
}

/// Takes in an entry of a ledger: certificates, and the seals of the gates wanted.
fn learn(
    journals: &mut BTreeMap<u32, Journal>,
    entry: u64,
    body: &[u8],
    lists: &Lists,
    wanted: &BTreeMap<u32, BTreeSet<u64>>,
) -> Option<()> {
    match Entry::decode(body).ok()?.1 {
        Entry::GateEnrolled { certificate } => {
            let number = GateCertificate::verify(&certificate, &lists.trust).ok()?.gate().number;
            let (seals, log, origin, records) = (Vec::new(), None, String::new(), BTreeMap::new());
            journals.entry(number).or_insert(Journal { certificate, seals, log, origin, records });
        }
        Entry::JournalSealed { gate, checkpoint, .. } if wanted.contains_key(&gate) => {
            let size = Checkpoint::parse(Note::parse(checkpoint.as_bytes()).ok()?.text()).ok()?.size;
            journals.get_mut(&gate)?.seals.push(Seal { entry, body: body.to_vec(), size, checkpoint });
        }
        _ => {}
    }
    Some(())
}
