//! Taking in what gates sealed.
//!
//! Ingesting a segment is one commit: the records, the gate's checkpoint and the ledger's entry are
//! durable together or not at all, so a record is in the ledger exactly once however often a gate
//! sends it.

use super::entry::Entry;
use super::error::{IngestError, LedgerError};
use super::journal::Journal;
use super::ledger::Ledger;
use super::pending::PendingCommit;
use super::verifiers::journal_verifier;
use crate::crypto::sha256;
use crate::gate::{Record, Segment};
use crate::time::UnixTime;
use crate::tlog::{
    ForkEvidence, ForkReason, Log, NoteError, NoteVerifier, Replica, ReplicaError, SignedCheckpoint, Storage,
};
use crate::trust::GateCertificate;

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

impl<S: Storage> Ledger<S> {
    /// Takes a segment of a gate's journal: verifies certificate, checkpoint, chain, root and
    /// evidence, and logs the gate's checkpoint, all in one commit.
    ///
    /// Records that are here already are not looked at again: the new ones are verified as the
    /// continuation of those here. Of a retired gate, what is here is a duplicate, and nothing new is taken.
    ///
    /// # Errors
    /// [`IngestError`]; nothing changed then.
    pub fn ingest(&mut self, segment: &Segment, now: UnixTime) -> Result<Ingested, IngestError<S::Error>> {
        let result = self.ingest_all(core::slice::from_ref(segment), now).pop();
        result.unwrap_or(Err(LedgerError::Unsure.into()))
    }

    /// Takes several segments, one after the other as [`Ledger::ingest`] does, with one durable commit for
    /// all of them. They may be of one gate or of several. Each has its own result, in their order, and one that
    /// is refused keeps back no other. All that is new is in memory until then: a group of as many as that
    /// allows.
    ///
    /// Where the commit fails, nothing of the group was taken: the first segment that was to be taken has the
    /// store's error, and those after it have [`LedgerError::Unsure`].
    pub fn ingest_all(&mut self, segments: &[Segment], now: UnixTime) -> Vec<Result<Ingested, IngestError<S::Error>>> {
        // Each segment is refused where the clock is wrong.
        let now = self.check(now).unwrap_or(now);
        let mut pending = self.begin();
        let mut results: Vec<_> = segments.iter().map(|segment| self.stage(&mut pending, segment, now)).collect();
        let ready = pending.end();
        if !ready.entries.is_empty()
            && let Err(error) = self.commit_entries(ready, now)
        {
            let taken = |result: &&mut Result<Ingested, _>| matches!(result, Ok(Ingested::Accepted { .. }));
            let mut void = results.iter_mut().skip_while(|result| !taken(result));
            if let Some(first) = void.next() {
                *first = Err(error.into());
            }
            void.for_each(|result| *result = Err(LedgerError::Unsure.into()));
        }
        results
    }

    /// What is wrong with a certificate that no gate is enrolled with.
    fn stranger(&self, certificate: &[u8]) -> IngestError<S::Error> {
        match GateCertificate::verify(certificate, self.trust()) {
            Ok(other) if other.gate().member == self.member && self.journals.contains_key(&other.gate().number) => {
                IngestError::OtherCertificate(other.gate())
            }
            Ok(_) => IngestError::UnknownGate,
            Err(error) => error.into(),
        }
    }

    /// What becomes of a segment after those of its group before it.
    fn stage(
        &self,
        pending: &mut PendingCommit<'_, S>,
        segment: &Segment,
        now: UnixTime,
    ) -> Result<Ingested, IngestError<S::Error>> {
        let now = self.check(now)?;
        let enrolled = |journal: &&Journal| journal.certificate.as_bytes() == segment.certificate;
        let Some(journal) = self.journals.values().find(enrolled) else {
            return Err(self.stranger(&segment.certificate));
        };
        let gate = journal.certificate.gate();
        let verifier = journal_verifier(self.trust(), &journal.certificate)?;
        let signed = SignedCheckpoint::verify(segment.checkpoint.as_bytes(), &verifier)?;
        // Any line beside the gate's own would stay in the ledger for good, and in every receipt.
        if !signed.unknown_lines(&[]).is_empty() {
            return Err(NoteError::TooManySignatures.into());
        }
        let mut batch = match pending.ready.journals.get(&gate.number) {
            Some(batch) => batch.clone(),
            None => journal.log.begin(),
        };
        let here = StagedJournal { store: &pending.store, log: batch.log().clone(), verifier };
        let known = here.log.size();
        let count = segment.records.len() as u64;
        let end = segment.first.saturating_add(count);
        if signed.size() <= known {
            return here.old_checkpoint(&signed);
        }
        if journal.retired {
            return Err(IngestError::Retired(gate));
        }
        if segment.first > known {
            return Err(IngestError::Gap { expected: known, found: segment.first });
        }
        if end != signed.size() {
            return Err(IngestError::Truncated { end, size: signed.size() });
        }
        let fresh = usize::try_from(known.saturating_sub(segment.first)).unwrap_or(usize::MAX);
        for (index, record) in (segment.first..).zip(&segment.records).skip(fresh) {
            check_evidence(index, &record.body, record.evidence.as_deref())?;
            batch.push(&record.body, record.evidence.as_deref()).map_err(LedgerError::from)?;
        }
        if batch.seal(&signed).is_err() {
            return Err(here.other_history(segment, &signed));
        }
        let (first, checkpoint) = (known, signed.note().to_owned());
        let entry = pending.enter(Entry::JournalSealed { gate: gate.number, first, checkpoint }, now)?;
        pending.grow(gate.number, batch);
        Ok(Ingested::Accepted { records: signed.size().saturating_sub(known), entry })
    }
}

/// A gate's journal as the ledger has it, with what is staged.
struct StagedJournal<'a, S> {
    store: &'a S,
    log: Log,
    verifier: NoteVerifier,
}

impl<S: Storage> StagedJournal<'_, S> {
    /// A checkpoint that is not new: the same history, or another one.
    fn old_checkpoint(&self, signed: &SignedCheckpoint) -> Result<Ingested, IngestError<S::Error>> {
        let (old, new) = (signed.size(), self.log.size());
        let root = self.log.root_at(self.store, old)?;
        if root == signed.root() {
            return Ok(Ingested::Duplicate);
        }
        // No tree of nothing has another root: that is no history at all.
        if old == 0 {
            return Err(IngestError::Root);
        }
        let why = if old == new {
            ForkReason::SameSize
        } else {
            let proof = self.log.consistency_proof(self.store, old, new)?;
            ForkReason::Prefix(old.is_power_of_two().then_some(root).into_iter().chain(proof).collect())
        };
        let ours = self.sealed_checkpoint()?;
        let evidence = ForkEvidence { first: signed.note().to_owned(), second: ours.note().to_owned(), why };
        Err(IngestError::Equivocation(Box::new(evidence)))
    }

    /// The new records do not lead from the journal here to the signed root: either they were damaged
    /// on the way, or, if they are a whole history of their own, the gate signed two.
    fn other_history(&self, segment: &Segment, signed: &SignedCheckpoint) -> IngestError<S::Error> {
        if segment.first > 0 || self.log.size() == 0 {
            return IngestError::Root;
        }
        let ours = match self.sealed_checkpoint() {
            Ok(ours) => ours,
            Err(error) => return error.into(),
        };
        let bodies = segment.records.iter().map(|record| &record.body);
        match Replica::at(ours).extend(bodies, signed) {
            Err(ReplicaError::Fork(evidence)) => IngestError::Equivocation(evidence),
            _ => IngestError::Root,
        }
    }

    /// The gate's checkpoint over its journal as it is here.
    fn sealed_checkpoint(&self) -> Result<SignedCheckpoint, LedgerError<S::Error>> {
        let note = self.log.kept_checkpoint(self.store)?.unwrap_or_default();
        SignedCheckpoint::verify(&note, &self.verifier)
            .map_err(|error| LedgerError::Kept { log: self.log.key(), error })
    }
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

#[cfg(test)]
#[path = "tests/ingest.rs"]
mod tests;
