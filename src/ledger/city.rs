//! A member's ledger with the journals of its gates, in one store.
//!
//! Ingesting a segment is one commit: the records, the gate's checkpoint and the ledger's entry are
//! durable together or not at all, so a record is in the ledger exactly once however often a gate
//! sends it.

use super::entry::{Entry, EntryError};
use super::receipt::Receipt;
use super::verifiers::{journal_verifier, witness_verifiers};
use crate::crypto::{Hash, SigningKey, sha256};
use crate::gate::{Record, Segment};
use crate::id::{GateId, MemberId};
use crate::time::UnixTime;
use crate::tlog::{
    Batch, Chain, KeyKind, Log, LogError, LogKey, NoteError, NoteVerifier, PushError, SignedCheckpoint, Storage,
    TlogProof, Write,
};
use crate::trust::{CertificateError, GateCertificate, TrustList};
use std::collections::BTreeMap;

/// The ledger itself; the journal of gate `n` is log `n`, and gates are numbered from 1.
const LEDGER: LogKey = LogKey(0);

/// A ledger cannot be opened, or what was asked of it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError<E> {
    /// A log cannot be opened, read or written.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// An entry of the ledger cannot be read.
    #[error("ledger entry {index}: {error}")]
    Entry {
        /// Index of the entry.
        index: u64,
        /// What is wrong with it.
        error: EntryError,
    },
    /// A gate certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A note is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The gate is of another member, is enrolled already, or is unknown.
    #[error("gate {0} is of another member, enrolled already, or unknown")]
    Gate(GateId),
    /// The clock shows a time before the last entry.
    #[error("the clock shows {now}, the last entry is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last entry.
        last: UnixTime,
    },
    /// An entry is too long.
    #[error(transparent)]
    Push(#[from] PushError),
    /// No entry of this ledger covers that record yet, or no checkpoint covers that entry.
    #[error("record {index} of {gate} is not in a signed ledger yet")]
    NotLogged {
        /// The gate.
        gate: GateId,
        /// Index of the record.
        index: u64,
    },
    /// A commit failed; what the store holds is not known until the ledger is opened again.
    #[error("the store failed before; open the ledger again")]
    Unsure,
}

/// What became of a segment that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingested {
    /// Its new records are in the ledger.
    Accepted {
        /// How many records were new.
        records: u64,
        /// Index of the ledger's entry.
        entry: u64,
    },
    /// All of it was there before.
    Duplicate,
}

/// A segment is not taken, and nothing changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError<E> {
    /// The gate is not enrolled in this ledger, or with another certificate.
    #[error("the gate is not enrolled here with this certificate")]
    UnknownGate,
    /// The gate is retired.
    #[error("gate {0} is retired")]
    Retired(GateId),
    /// The gate's checkpoint is refused.
    #[error("the gate's checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// Records before this segment are missing. Ask the gate for them.
    #[error("the segment starts at {found}, the journal here ends at {expected}")]
    Gap {
        /// Size of the journal here.
        expected: u64,
        /// First index of the segment.
        found: u64,
    },
    /// The segment does not reach up to its checkpoint.
    #[error("the segment ends at {end}, its checkpoint at {size}")]
    Truncated {
        /// Index after the last record.
        end: u64,
        /// Size the checkpoint signs.
        size: u64,
    },
    /// The records are not what the checkpoint signs: damaged on the way.
    #[error("the records do not hash to the checkpoint's root")]
    Root,
    /// The evidence of a record is not what the record's digest says: damaged on the way.
    #[error("the evidence of record {0} is not what was shown")]
    Evidence(u64),
    /// The gate signed two histories. Keep both checkpoints: together they prove it.
    #[error("the gate signed two histories")]
    Equivocation {
        /// The note of the checkpoint this ledger has.
        ours: String,
        /// The note of the checkpoint that contradicts it.
        theirs: String,
    },
    /// The ledger cannot take anything now.
    #[error(transparent)]
    Ledger(#[from] LedgerError<E>),
}

impl<E> From<LogError<E>> for IngestError<E> {
    fn from(error: LogError<E>) -> Self {
        Self::Ledger(error.into())
    }
}

/// A gate's journal as its city has it.
#[derive(Debug)]
pub struct Journal {
    certificate: GateCertificate,
    log: Log,
    retired: bool,
    /// For each seal: size of the journal after it, and index of the ledger's entry.
    seals: Vec<(u64, u64)>,
}

impl Journal {
    /// The gate's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &GateCertificate {
        &self.certificate
    }

    /// The journal.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }
}

/// A member's ledger.
#[derive(Debug)]
pub struct Ledger<S: Storage> {
    storage: S,
    member: MemberId,
    key: SigningKey,
    trust: TrustList,
    log: Log,
    journals: BTreeMap<u32, Journal>,
    last: UnixTime,
    unsure: bool,
}

impl<S: Storage> Ledger<S> {
    /// Opens a member's ledger and the journals of its gates.
    ///
    /// # Errors
    /// [`LedgerError`]; a ledger that cannot vouch for what it holds does not open.
    pub fn open(
        storage: S,
        member: MemberId,
        key: SigningKey,
        trust: TrustList,
    ) -> Result<Self, LedgerError<S::Error>> {
        let log = Log::open(&storage, LEDGER, &trust.ledger_origin(member))?;
        let mut entries = Vec::new();
        let mut broken = None;
        log.replay(&storage, 0..log.size(), |index, body| {
            match Entry::decode(body) {
                Ok((time, entry)) => entries.push((index, time, entry)),
                Err(error) => broken = Some(LedgerError::Entry { index, error }),
            }
            broken.is_none()
        })?;
        if let Some(broken) = broken {
            return Err(broken);
        }
        let journals = BTreeMap::new();
        let mut ledger = Self { storage, member, key, trust, log, journals, last: UnixTime::MIN, unsure: false };
        for (index, time, entry) in entries {
            ledger.learn(index, time, &entry)?;
        }
        Ok(ledger)
    }

    /// Whose ledger this is.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// The store.
    #[must_use]
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// The ledger's own log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// The trust list it works under.
    #[must_use]
    pub const fn trust(&self) -> &TrustList {
        &self.trust
    }

    /// The journals of its gates, by gate number.
    #[must_use]
    pub const fn journals(&self) -> &BTreeMap<u32, Journal> {
        &self.journals
    }

    /// The key that verifies this ledger's checkpoints.
    ///
    /// # Errors
    /// None for a verified trust list, whose domain is a key name.
    pub fn verifier(&self) -> Result<NoteVerifier, NoteError> {
        NoteVerifier::new(self.log.origin().as_str(), KeyKind::Ed25519, self.key.verifying_key())
    }

    /// Enrols a gate.
    ///
    /// # Errors
    /// [`LedgerError::Certificate`], [`LedgerError::Gate`], [`LedgerError::Clock`], or the store's.
    pub fn enrol(&mut self, certificate: &[u8], now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let verified = GateCertificate::verify(certificate, &self.trust)?;
        let gate = verified.gate();
        if gate.member != self.member || self.journals.contains_key(&gate.number) {
            return Err(LedgerError::Gate(gate));
        }
        self.append(Entry::GateEnrolled { certificate: certificate.to_vec() }, now)
    }

    /// Retires a gate: its segments are refused from now on.
    ///
    /// # Errors
    /// [`LedgerError::Gate`], [`LedgerError::Clock`], or the store's.
    pub fn retire(&mut self, gate: u32, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        self.journal(gate)?;
        self.append(Entry::GateRetired { gate }, now)
    }

    /// Records that a list was adopted or published, a peer's checkpoint seen, a redemption reversed,
    /// a gap declared, or a statement agreed to. What the entry claims is for the caller to know.
    ///
    /// # Errors
    /// [`LedgerError::Gate`] for an unknown gate, [`LedgerError::Clock`], or the store's.
    pub fn record(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        match &entry {
            Entry::GateEnrolled { certificate } => return self.enrol(&certificate.clone(), now),
            Entry::JournalSealed { gate, .. } => return Err(LedgerError::Gate(self.gate_id(*gate))),
            Entry::GateRetired { gate } | Entry::Reversal { gate, .. } | Entry::GapDeclared { gate, .. } => {
                self.journal(*gate)?;
            }
            _ => {}
        }
        self.append(entry, now)
    }

    /// Takes a segment of a gate's journal: verifies certificate, checkpoint, chain, root and
    /// evidence, and logs the gate's checkpoint, all in one commit.
    ///
    /// # Errors
    /// [`IngestError`]; nothing changed then.
    pub fn ingest(&mut self, segment: &Segment, now: UnixTime) -> Result<Ingested, IngestError<S::Error>> {
        self.check(now)?;
        let journal = self
            .journals
            .values()
            .find(|journal| journal.certificate.as_bytes() == segment.certificate)
            .ok_or(IngestError::UnknownGate)?;
        let gate = journal.certificate.gate();
        if journal.retired {
            return Err(IngestError::Retired(gate));
        }
        let verifier = journal_verifier(&self.trust, &journal.certificate)?;
        let signed = SignedCheckpoint::verify(segment.checkpoint.as_bytes(), &verifier)?;
        let known = journal.log.size();
        let count = segment.records.len() as u64;
        let end = segment.first.saturating_add(count);
        if segment.first > known {
            return Err(IngestError::Gap { expected: known, found: segment.first });
        }
        if signed.size() <= known {
            return self.old_checkpoint(journal, &signed);
        }
        if end != signed.size() {
            return Err(IngestError::Truncated { end, size: signed.size() });
        }
        let fresh = usize::try_from(known.saturating_sub(segment.first)).unwrap_or(usize::MAX);
        let mut batch = journal.log.begin();
        for (index, record) in (segment.first..).zip(&segment.records).skip(fresh) {
            check_evidence(index, &record.body, record.evidence.as_deref())?;
            batch.push(&record.body, record.evidence.as_deref()).map_err(LedgerError::from)?;
        }
        if batch.seal(&signed).is_err() {
            return Err(self.other_history(journal, segment, &signed));
        }
        let first = known;
        let entry = Entry::JournalSealed { gate: gate.number, first, checkpoint: signed.note().to_owned() };
        let records = signed.size().saturating_sub(known);
        let index = self.commit_entry(entry, now, Some((gate.number, batch)))?;
        Ok(Ingested::Accepted { records, entry: index })
    }

    /// Signs a checkpoint over the ledger and keeps it. Where the ledger has not grown since the last
    /// one, that one is returned as it is kept, with its cosignatures.
    ///
    /// # Errors
    /// The store's; the checkpoint then never leaves the city.
    pub fn checkpoint(&mut self) -> Result<SignedCheckpoint, LedgerError<S::Error>> {
        self.sure()?;
        if let Some(kept) = self.kept_checkpoint()?
            && kept.size() == self.log.size()
        {
            return Ok(kept);
        }
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &self.key);
        let write = self.log.checkpoint_write(&self.storage, &signed)?;
        self.commit(vec![write])?;
        Ok(signed)
    }

    /// The newest checkpoint signed, with the cosignatures that arrived.
    ///
    /// # Errors
    /// The store's, or [`LedgerError::Note`] when the note kept is damaged.
    pub fn kept_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LedgerError<S::Error>> {
        let Some(note) = self.log.kept_checkpoint(&self.storage)? else { return Ok(None) };
        Ok(Some(SignedCheckpoint::verify(&note, &self.verifier()?)?))
    }

    /// Takes cosignature lines of witnesses for the newest checkpoint, keeps them, and returns the
    /// checkpoint with all it has.
    ///
    /// # Errors
    /// [`LedgerError::Note`] for a line that does not verify; lines of strangers are left out.
    pub fn cosigned(&mut self, lines: &str, now: UnixTime) -> Result<SignedCheckpoint, LedgerError<S::Error>> {
        let signed = self.checkpoint()?;
        let witnesses = witness_verifiers(&self.trust, self.member, now);
        let signed = signed.with_cosignatures(lines, &witnesses)?;
        let write = self.log.checkpoint_write(&self.storage, &signed)?;
        self.commit(vec![write])?;
        Ok(signed)
    }

    /// What a witness that last saw this ledger at size `old` needs beside a checkpoint.
    ///
    /// # Errors
    /// [`LedgerError::Log`] for sizes this ledger does not have.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError<S::Error>> {
        Ok(self.log.consistency_proof(&self.storage, old, new)?)
    }

    /// Makes the receipt of one journal record: proof that it is in its gate's journal, and that the
    /// gate's checkpoint is in this ledger under its newest checkpoint.
    ///
    /// # Errors
    /// [`LedgerError::NotLogged`] before the record was ingested and the ledger signed since.
    pub fn receipt(&self, gate: u32, index: u64) -> Result<Receipt, LedgerError<S::Error>> {
        let journal = self.journal(gate)?;
        let not_logged = LedgerError::NotLogged { gate: self.gate_id(gate), index };
        let seal = journal.seals.iter().find(|(size, _)| index < *size);
        let (Some((size, entry)), Some(checkpoint)) = (seal, self.kept_checkpoint()?) else { return Err(not_logged) };
        if *entry >= checkpoint.size() {
            return Err(not_logged);
        }
        let body = self.log.body(&self.storage, *entry)?;
        let Ok((_, Entry::JournalSealed { checkpoint: sealed, .. })) = Entry::decode(&body) else {
            return Err(not_logged);
        };
        let record = TlogProof {
            extra: Some(Receipt::record_extra(
                journal.certificate.as_bytes(),
                &previous_link(&journal.log, &self.storage, index)?,
                &journal.log.body(&self.storage, index)?,
            )),
            index,
            hashes: journal.log.inclusion_proof(&self.storage, index, *size)?,
            checkpoint: sealed,
        };
        let previous = previous_link(&self.log, &self.storage, *entry)?;
        let seal = TlogProof {
            extra: Some([&previous.0[..], &body].concat()),
            index: *entry,
            hashes: self.log.inclusion_proof(&self.storage, *entry, checkpoint.size())?,
            checkpoint: checkpoint.note().to_owned(),
        };
        Ok(Receipt::new(record, seal))
    }

    fn gate_id(&self, number: u32) -> GateId {
        GateId { member: self.member, number }
    }

    fn journal(&self, gate: u32) -> Result<&Journal, LedgerError<S::Error>> {
        self.journals.get(&gate).ok_or(LedgerError::Gate(self.gate_id(gate)))
    }

    fn sure(&self) -> Result<(), LedgerError<S::Error>> {
        if self.unsure { Err(LedgerError::Unsure) } else { Ok(()) }
    }

    fn check(&self, now: UnixTime) -> Result<(), LedgerError<S::Error>> {
        self.sure()?;
        if now < self.last { Err(LedgerError::Clock { now, last: self.last }) } else { Ok(()) }
    }

    /// A checkpoint that is not new: the same history, or another one.
    fn old_checkpoint(&self, journal: &Journal, signed: &SignedCheckpoint) -> Result<Ingested, IngestError<S::Error>> {
        if journal.log.root_at(&self.storage, signed.size())? == signed.root() {
            return Ok(Ingested::Duplicate);
        }
        Err(self.equivocation(journal, signed))
    }

    /// The new records do not lead from the journal here to the signed root: either they were damaged
    /// on the way, or, if they are a whole history of their own, the gate signed two.
    fn other_history(&self, journal: &Journal, segment: &Segment, signed: &SignedCheckpoint) -> IngestError<S::Error> {
        let mut chain = Chain::new(journal.log.origin().as_str());
        let whole = segment.first == 0 && segment.records.iter().all(|record| chain.push(&record.body).is_ok());
        if whole && chain.root() == signed.root() && journal.log.size() > 0 {
            return self.equivocation(journal, signed);
        }
        IngestError::Root
    }

    fn equivocation(&self, journal: &Journal, signed: &SignedCheckpoint) -> IngestError<S::Error> {
        match journal.log.kept_checkpoint(&self.storage) {
            Ok(ours) => IngestError::Equivocation {
                ours: String::from_utf8_lossy(&ours.unwrap_or_default()).into_owned(),
                theirs: signed.note().to_owned(),
            },
            Err(error) => error.into(),
        }
    }

    fn append(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        self.check(now)?;
        self.commit_entry(entry, now, None)
    }

    /// Commits an entry, and with it what a gate's journal grows by.
    fn commit_entry(
        &mut self,
        entry: Entry,
        now: UnixTime,
        journal: Option<(u32, Batch)>,
    ) -> Result<u64, LedgerError<S::Error>> {
        let mut batch = self.log.begin();
        let index = batch.push(&entry.encode(now), None)?;
        let mut writes = batch.take_writes();
        let mut journal = journal;
        if let Some((_, grown)) = &mut journal {
            writes.extend(grown.take_writes());
        }
        self.commit(writes)?;
        // The batches were begun on these logs a few lines above, under `&mut self`.
        self.unsure = self.log.apply(batch).is_err();
        if let Some((gate, grown)) = journal
            && let Some(journal) = self.journals.get_mut(&gate)
        {
            self.unsure |= journal.log.apply(grown).is_err();
        }
        self.sure()?;
        self.learn(index, now, &entry)?;
        Ok(index)
    }

    fn commit(&mut self, writes: Vec<Write>) -> Result<(), LedgerError<S::Error>> {
        if let Err(error) = self.storage.commit(&writes) {
            self.unsure = true;
            return Err(LogError::Storage(error).into());
        }
        Ok(())
    }

    /// Takes in one entry: when it was just written, and when the ledger is opened.
    fn learn(&mut self, index: u64, time: UnixTime, entry: &Entry) -> Result<(), LedgerError<S::Error>> {
        self.last = time;
        match entry {
            Entry::GateEnrolled { certificate } => {
                let certificate = GateCertificate::verify(certificate, &self.trust)?;
                let gate = certificate.gate();
                let log = Log::open(&self.storage, LogKey(gate.number), &self.trust.journal_origin(gate))?;
                let journal = Journal { certificate, log, retired: false, seals: Vec::new() };
                self.journals.insert(gate.number, journal);
            }
            Entry::GateRetired { gate } => {
                if let Some(journal) = self.journals.get_mut(gate) {
                    journal.retired = true;
                }
            }
            Entry::JournalSealed { gate, checkpoint, .. } => {
                if let Some(journal) = self.journals.get_mut(gate) {
                    let verifier = journal_verifier(&self.trust, &journal.certificate)?;
                    let signed = SignedCheckpoint::verify(checkpoint.as_bytes(), &verifier)?;
                    journal.seals.push((signed.size(), index));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether enough distinct witnesses cosigned a ledger's checkpoint: the trust list's quorum of the
/// other members and the auditor.
///
/// # Errors
/// [`NoteError`] when the line of a known witness does not verify.
pub fn is_final(
    signed: &SignedCheckpoint,
    trust: &TrustList,
    member: MemberId,
    at: UnixTime,
) -> Result<bool, NoteError> {
    let witnesses = witness_verifiers(trust, member, at);
    Ok(signed.cosignatures(&witnesses)?.len() >= usize::from(trust.policy().witness_quorum))
}

/// Checks that the evidence sent with a record is what the record says was shown. A record that
/// cannot be read has been signed all the same: it is taken, and the audit reports it.
fn check_evidence<E>(index: u64, body: &[u8], evidence: Option<&[u8]>) -> Result<(), IngestError<E>> {
    match (Record::decode(body), evidence) {
        (Ok(Record::Redeemed(redemption)), Some(shown)) if sha256(&[shown]) != redemption.evidence => {
            Err(IngestError::Evidence(index))
        }
        (Ok(Record::Redeemed(_)), _) | (_, None) => Ok(()),
        (_, Some(_)) => Err(IngestError::Evidence(index)),
    }
}

/// The link before entry `index`.
fn previous_link<S: Storage>(log: &Log, storage: &S, index: u64) -> Result<Hash, LogError<S::Error>> {
    match index.checked_sub(1) {
        Some(before) => log.link_at(storage, before),
        None => Ok(crate::tlog::genesis(log.origin().as_str())),
    }
}
