//! The receipt: proof that one journal record is in its gate's journal, and that the gate's
//! checkpoint over it is in the city's final ledger.
//!
//! Two C2SP `tlog-proof`s in one file, the record's first. Its `extra` is
//! `[gate certificate: bstr, entry: bstr]` in CBOR, that of the second the ledger's entry itself. So
//! the file verifies offline with the trust list alone.

use super::entry::{Entry, EntryError};
use super::error::NoReceipt;
use super::finality::LedgerCheckpoint;
use super::ledger::Ledger;
use super::verifiers::journal_verifier;
use crate::crypto::Hash;
use crate::gate::{Record, RecordError};
use crate::id::GateId;
use crate::limits::{MAX_ENTRY, MAX_PROOF};
use crate::time::UnixTime;
use crate::tlog::{Log, LogError, NoteError, Storage, TlogProof, TlogProofError, leaf_hash, verify_inclusion};
use crate::trust::{CertificateError, GateCertificate, TrustHistory};
use crate::wire::cbor::{CborError, Decoder, Encoder};

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";

/// A receipt is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Longer than any receipt, or not two proofs.
    #[error("receipt: not two tlog-proofs")]
    Shape,
    /// One of the proofs is refused.
    #[error("receipt: {0}")]
    Proof(#[from] TlogProofError),
    /// The extra data of a proof is missing or malformed.
    #[error("receipt: the extra data of a proof is missing or malformed")]
    Extra,
    /// The gate's certificate is refused.
    #[error("receipt: {0}")]
    Certificate(#[from] CertificateError),
    /// The gate's certificate was not in force when the record was made.
    #[error("receipt: the gate's certificate was not in force when the record was made")]
    NotInForce,
    /// The record cannot be read.
    #[error("receipt: {0}")]
    Record(#[from] RecordError),
    /// The ledger's entry cannot be read.
    #[error("receipt: {0}")]
    Entry(#[from] EntryError),
    /// A key name is refused.
    #[error("receipt: {0}")]
    Note(#[from] NoteError),
    /// Too few witnesses cosigned the ledger's checkpoint while their keys and the log's were valid.
    #[error("receipt: the ledger's checkpoint is not final")]
    NotFinal,
    /// The ledger's entry is not the seal of this gate's checkpoint.
    #[error("receipt: the ledger's entry is not the seal of the gate's checkpoint")]
    OtherSeal,
}

impl From<CborError> for ReceiptError {
    fn from(_: CborError) -> Self {
        Self::Extra
    }
}

/// Two proofs, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    record: TlogProof,
    seal: TlogProof,
}

/// What a verified receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipted {
    /// The gate.
    pub gate: GateId,
    /// Its certificate, which says at which venue it is and for what.
    pub certificate: GateCertificate,
    /// Index of the record in its journal.
    pub index: u64,
    /// The record.
    pub record: Record,
    /// When the city logged the gate's checkpoint.
    pub logged: UnixTime,
    /// When the ledger's checkpoint over that became final.
    pub final_at: UnixTime,
    /// Index of the city's entry.
    pub entry: u64,
}

impl Receipt {
    /// Puts the two proofs together.
    pub(crate) const fn new(record: TlogProof, seal: TlogProof) -> Self {
        Self { record, seal }
    }

    /// The extra data of the record's proof.
    pub(crate) fn record_extra(certificate: &[u8], previous: &Hash, body: &[u8]) -> Vec<u8> {
        let mut out = Encoder::new();
        out.array(2).bytes(certificate).bytes(&[&previous.0, body].concat());
        out.finish()
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        [self.record.to_text(), self.seal.to_text()].concat()
    }

    /// The gate's checkpoint, as its city sealed it, unverified here: what
    /// [`OpenOptions::newest`](crate::gate::OpenOptions::newest) notices an old copy by.
    #[must_use]
    pub fn journal_checkpoint(&self) -> &str {
        &self.record.checkpoint
    }

    /// Parses a receipt.
    ///
    /// # Errors
    /// [`ReceiptError::Shape`], [`ReceiptError::Proof`].
    pub fn parse(text: &[u8]) -> Result<Self, ReceiptError> {
        if text.len() > 2 * MAX_PROOF {
            return Err(ReceiptError::Shape);
        }
        let text = core::str::from_utf8(text).map_err(|_| ReceiptError::Shape)?;
        let rest = text.strip_prefix(HEADER).ok_or(ReceiptError::Shape)?;
        // A signature line starts with an em dash, so no note can hold this line.
        let at = rest.find(&format!("\n{HEADER}")).ok_or(ReceiptError::Shape)?;
        let (first, second) =
            text.split_at_checked(at.saturating_add(HEADER.len()).saturating_add(1)).ok_or(ReceiptError::Shape)?;
        Ok(Self { record: TlogProof::parse(first.as_bytes())?, seal: TlogProof::parse(second.as_bytes())? })
    }

    /// Verifies the receipt with the trust lists alone: each signature by the list in force when it was
    /// made, so that a receipt stays good when keys change and members leave.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self, trust: &TrustHistory) -> Result<Receipted, ReceiptError> {
        let extra = self.record.extra.as_deref().ok_or(ReceiptError::Extra)?;
        let (certificate, entry) = Decoder::all(extra, |d| {
            d.array_of(2)?;
            Ok::<_, CborError>((d.bytes()?, d.bytes()?))
        })?;
        let certificate = GateCertificate::verify(certificate, trust)?;
        let gate = certificate.gate();
        let verifier = journal_verifier(trust.newest(), &certificate)?;
        self.record.verify(&leaf_hash(entry), &verifier, &[], 0)?;
        let record = Record::decode(body(entry)?)?;
        if !certificate.covers(record.time()) {
            return Err(ReceiptError::NotInForce);
        }

        let seal = self.seal.extra.as_deref().ok_or(ReceiptError::Extra)?;
        let ledger = LedgerCheckpoint::verify(self.seal.checkpoint.as_bytes(), trust, gate.member)?;
        let final_at = ledger.final_at().ok_or(ReceiptError::NotFinal)?;
        let (size, root) = (ledger.signed().size(), ledger.signed().root());
        verify_inclusion(self.seal.index, size, &leaf_hash(seal), &self.seal.hashes, &root)
            .map_err(TlogProofError::from)?;
        match Entry::decode(body(seal)?)? {
            (logged, Entry::JournalSealed { gate: number, checkpoint, .. })
                if number == gate.number && checkpoint == self.record.checkpoint =>
            {
                let (index, entry) = (self.record.index, self.seal.index);
                Ok(Receipted { gate, certificate, index, record, logged, final_at, entry })
            }
            _ => Err(ReceiptError::OtherSeal),
        }
    }
}

impl<S: Storage> Ledger<S> {
    /// Makes the receipt of one journal record: proof that it is in its gate's journal, and that the
    /// gate's checkpoint is in this ledger under its newest checkpoint.
    ///
    /// # Errors
    /// [`NoReceipt::NotLogged`] before the record was ingested and the ledger signed since.
    pub fn receipt(&self, gate: u32, index: u64) -> Result<Receipt, NoReceipt<S::Error>> {
        let journal = self.journal(gate).map_err(NoReceipt::Gate)?;
        let not_logged = NoReceipt::NotLogged { gate: self.gate_id(gate), index };
        let seal = journal.seals.get(journal.seals.partition_point(|(size, _)| *size <= index));
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
}

/// The body of a log entry: what follows its link.
fn body(entry: &[u8]) -> Result<&[u8], ReceiptError> {
    if entry.len() > MAX_ENTRY {
        return Err(ReceiptError::Extra);
    }
    entry.get(32..).ok_or(ReceiptError::Extra)
}

/// The link before entry `index`.
fn previous_link<S: Storage>(log: &Log, storage: &S, index: u64) -> Result<Hash, LogError<S::Error>> {
    match index.checked_sub(1) {
        Some(before) => log.link_at(storage, before),
        None => Ok(crate::tlog::genesis(log.origin().as_str())),
    }
}

#[cfg(test)]
#[path = "tests/receipt.rs"]
mod tests;
