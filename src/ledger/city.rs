//! A member's ledger with the journals of its gates, in one store.
//!
//! Ingesting a segment is one commit: the records, the gate's checkpoint and the ledger's entry are
//! durable together or not at all, so a record is in the ledger exactly once however often a gate
//! sends it.

use super::entry::{Entry, EntryError};
use super::finality::Witnesses;
use super::receipt::Receipt;
use super::verifiers::{every_log_key, journal_verifier, log_verifiers};
use crate::crypto::{Hash, SigningKey, sha256};
use crate::gate::{ClocksSet, Record, Redemption, Segment, UsageDigestError, UsageDigestSpec, UsageFacts};
use crate::id::{GateId, MemberId};
use crate::time::UnixTime;
use crate::tlog::{
    Batch, ForkEvidence, ForkReason, KeyKind, Log, LogError, LogKey, NoteError, NoteVerifier, PushError, Replica,
    ReplicaError, SignedCheckpoint, Staged, Storage, TlogProof, Write, empty_root,
};
use crate::trust::{CertificateError, GateCertificate, KeyEntry, Member, Role, TrustError, TrustHistory, TrustList};
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

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
    /// A trust list is refused, or the one in force does not speak for this time.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The ledger adopted a trust list that it was not opened with, or is asked to adopt one that is
    /// neither the one in force nor the next.
    #[error("trust list {0} is not among those the ledger has, or not the next one")]
    OtherTrustList(u64),
    /// The trust list does not give this member this log key, or not any more.
    #[error("the trust list does not give the member this log key, or not any more")]
    OtherKey,
    /// The gate is of another member, is enrolled already, or is unknown.
    #[error("gate {0} is of another member, enrolled already, or unknown")]
    Gate(GateId),
    /// The gate is retired already.
    #[error("gate {0} is retired")]
    Retired(GateId),
    /// The journal in the store is not the one the ledger sealed.
    #[error("the journal of {0} in the store is not the one the ledger sealed")]
    OtherJournal(GateId),
    /// The store holds another member's ledger, or a gate's journal.
    #[error("the store holds another member's ledger, or a gate's journal")]
    OtherStore,
    /// Ingest alone writes that a journal was sealed.
    #[error("a journal is sealed by ingest alone")]
    Sealed,
    /// There is no such redemption to reverse: no such record, no redemption, or it is annulled or
    /// reversed already.
    #[error("record {index} of {gate} is not a redemption that stands")]
    NoRedemption {
        /// The gate.
        gate: GateId,
        /// Index of the record.
        index: u64,
    },
    /// Records that are here are not lost.
    #[error("{gate} has lost nothing before record {size}: it is here")]
    NotLost {
        /// The gate.
        gate: GateId,
        /// Size of its journal here.
        size: u64,
    },
    /// The entry is none that a ledger could be opened with again.
    #[error(transparent)]
    Refused(#[from] EntryError),
    /// The clock shows a time before the last entry, by more than a step of the clock.
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
    /// The store holds less of the ledger than was signed and seen.
    #[error(
        "the store is an old copy: it has {here} entries of the ledger, {known} were signed; sign nothing with it: \
         use the newer store, or rebuild one from the published files"
    )]
    OldCopy {
        /// Size of the ledger here.
        here: u64,
        /// Size of the ledger as it was signed.
        known: u64,
    },
    /// There is no such usage digest.
    #[error(transparent)]
    Usage(#[from] UsageDigestError),
    /// A commit failed; what the store holds is not known until [`Ledger::recover`].
    #[error("the store failed before; recover the ledger first")]
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
    /// The segment's certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate is good, but its gate is not enrolled in this ledger.
    #[error("the gate is not enrolled here")]
    UnknownGate,
    /// The gate is enrolled with another certificate.
    #[error("gate {0} is enrolled with another certificate")]
    OtherCertificate(GateId),
    /// The gate is retired, and the segment has records that are not here.
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
    /// The records are not what the checkpoint signs: damaged on the way, or another history. Ask the
    /// gate for its whole journal: if it signed two histories, that proves it.
    #[error("the records do not hash to the checkpoint's root")]
    Root,
    /// The evidence of a record is not what the record's digest says: damaged on the way.
    #[error("the evidence of record {0} is not what was shown")]
    Evidence(u64),
    /// The gate signed two histories. The evidence convinces everybody who has the gate's certificate.
    #[error("the gate signed two histories")]
    Equivocation(Box<ForkEvidence>),
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
#[derive(Debug, PartialEq, Eq)]
pub struct Journal {
    certificate: GateCertificate,
    log: Log,
    retired: bool,
    /// For each seal: size of the journal after it, and index of the ledger's entry. Both ascend.
    seals: Vec<(u64, u64)>,
    /// Root of the journal at the last seal.
    root: Hash,
    /// Indices of the redemptions that the city took back.
    reversed: BTreeSet<u64>,
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

    /// Whether the gate is retired.
    #[must_use]
    pub const fn retired(&self) -> bool {
        self.retired
    }

    /// Indices of the redemptions that the city took back.
    #[must_use]
    pub const fn reversed(&self) -> &BTreeSet<u64> {
        &self.reversed
    }
}

/// A member's ledger.
#[derive(Debug)]
pub struct Ledger<S: Storage> {
    storage: S,
    member: MemberId,
    key: SigningKey,
    trust: TrustHistory,
    /// Sequence of the list in force here: the one adopted last.
    adopted: u64,
    log: Log,
    journals: BTreeMap<u32, Journal>,
    last: UnixTime,
    unsure: bool,
}

impl<S: Storage> Ledger<S> {
    /// Opens a member's ledger and the journals of its gates.
    ///
    /// `trust` is the one trust list there has been, or the history of them: with every list that this
    /// ledger adopted, since each entry is read by the list in force when it was made. Until the
    /// ledger adopts one, that is the first of them.
    ///
    /// # Errors
    /// [`LedgerError`]; a ledger that cannot vouch for what it holds does not open.
    pub fn open(
        storage: S,
        member: MemberId,
        key: SigningKey,
        trust: impl Into<TrustHistory>,
    ) -> Result<Self, LedgerError<S::Error>> {
        let trust = trust.into();
        let log = Log::open(&storage, LEDGER, &trust.first().ledger_origin(member))?;
        let journals = BTreeMap::new();
        let (adopted, last) = (trust.first().sequence(), UnixTime::MIN);
        let mut ledger = Self { storage, member, key, trust, adopted, log, journals, last, unsure: true };
        ledger.replay()?;
        // The key may be that of a list still to be adopted.
        let lists = ledger.trust.lists().filter(|list| list.sequence() >= ledger.adopted);
        if !lists.into_iter().any(|list| gives(list, member, &ledger.key, None)) {
            return Err(LedgerError::OtherKey);
        }
        Ok(ledger)
    }

    /// As [`Ledger::open`], for a store that may be an old copy: restored from a backup, or rebuilt.
    /// `newest` are checkpoints of this ledger that others have: what witnesses cosigned last, what
    /// peers and receipts show. A ledger that went on from less would sign a second history, which
    /// every witness refuses for good; so it opens only if all that was signed is here.
    ///
    /// # Errors
    /// [`LedgerError::OldCopy`]; [`LogError::OtherRoot`] when another history is here;
    /// [`LedgerError::Note`] for a checkpoint that no key of this member signed; else as
    /// [`Ledger::open`].
    pub fn open_after<'a>(
        newest: impl IntoIterator<Item = &'a [u8]>,
        storage: S,
        member: MemberId,
        key: SigningKey,
        trust: impl Into<TrustHistory>,
    ) -> Result<Self, LedgerError<S::Error>> {
        let ledger = Self::open(storage, member, key, trust)?;
        newest.into_iter().try_for_each(|note| ledger.check_holds(note))?;
        Ok(ledger)
    }

    /// Refuses a ledger that is not the one this checkpoint was signed over, or an earlier state of it.
    fn check_holds(&self, newest: &[u8]) -> Result<(), LedgerError<S::Error>> {
        let newest = SignedCheckpoint::verify_any(newest, &every_log_key(&self.trust, self.member))?;
        let (here, known) = (self.log.size(), newest.size());
        if here < known {
            return Err(LedgerError::OldCopy { here, known });
        }
        if self.log.root_at(&self.storage, known)? != newest.root() {
            return Err(LogError::OtherRoot(known).into());
        }
        Ok(())
    }

    /// After a failed commit, opens the logs again and learns what the store holds. Does nothing
    /// where no commit failed.
    ///
    /// # Errors
    /// As [`Ledger::open`]; the ledger is as unsure as before then.
    pub fn recover(&mut self) -> Result<(), LedgerError<S::Error>> {
        self.storage.same_process().map_err(LogError::Storage)?;
        if self.unsure {
            self.storage.recover().map_err(LogError::Storage)?;
            self.log = Log::open(&self.storage, LEDGER, self.log.origin().as_str())?;
            self.replay()?;
        }
        Ok(())
    }

    /// Learns all that the log holds, and checks that the journals are those it sealed.
    fn replay(&mut self) -> Result<(), LedgerError<S::Error>> {
        let mut entries = Vec::new();
        let mut broken = None;
        self.log.replay(&self.storage, 0..self.log.size(), |index, body| {
            match Entry::decode(body) {
                // What reads as a certificate of 32 bytes is a gate's first record.
                _ if index == 0 && matches!(Record::decode(body), Ok(Record::Opened { .. })) => {
                    broken = Some(LedgerError::OtherStore);
                }
                Ok((time, entry)) => entries.push((index, time, entry)),
                Err(error) => broken = Some(LedgerError::Entry { index, error }),
            }
            broken.is_none()
        })?;
        if let Some(broken) = broken {
            return Err(broken);
        }
        self.unsure = true;
        self.journals.clear();
        self.last = UnixTime::MIN;
        self.adopted = self.trust.first().sequence();
        for (index, time, entry) in entries {
            self.learn(index, time, &entry)?;
        }
        for journal in self.journals.values() {
            if journal.log.root() != journal.root {
                return Err(LedgerError::OtherJournal(journal.certificate.gate()));
            }
        }
        self.unsure = false;
        Ok(())
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

    /// The trust list in force here: the one adopted last.
    #[must_use]
    pub fn trust(&self) -> &TrustList {
        // It was in the history when it was adopted, and nothing leaves that.
        self.trust.list(self.adopted).unwrap_or(self.trust.newest())
    }

    /// All trust lists it knows. Keep them beside the store: it opens with them alone.
    #[must_use]
    pub const fn history(&self) -> &TrustHistory {
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

    /// Adopts the trust list that follows the one in force. From its entry on, the ledger works under
    /// it. One that has expired meanwhile is adopted too, on the way to the one that has not.
    ///
    /// # Errors
    /// [`LedgerError::Trust`] for a list that does not follow or is not issued yet,
    /// [`LedgerError::OtherTrustList`] where the ledger was opened with another one of that sequence,
    /// [`LedgerError::Clock`], or the store's.
    pub fn adopt(&mut self, list: &[u8], now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let now = self.check(now)?;
        let next = self.trust().update(list)?;
        let (sequence, digest) = (next.sequence(), next.digest());
        if now < next.issued() {
            return Err(TrustError::NotYetIssued(next.issued()).into());
        }
        if self.trust.list(sequence).is_none() {
            self.trust.push(list)?;
        }
        self.record(Entry::TrustAdopted { sequence, digest }, now)
    }

    /// Signs with another log key from now on: the list in force must give it to this member.
    ///
    /// # Errors
    /// [`LedgerError::OtherKey`]; the key stays the one before then.
    pub fn use_key(&mut self, key: SigningKey) -> Result<(), LedgerError<S::Error>> {
        if !gives(self.trust(), self.member, &key, Some(self.last)) {
            return Err(LedgerError::OtherKey);
        }
        self.key = key;
        Ok(())
    }

    /// Enrols a gate.
    ///
    /// # Errors
    /// [`LedgerError::Certificate`], [`LedgerError::Gate`], [`LedgerError::Trust`] under a trust list
    /// that has expired, [`LedgerError::Clock`], or the store's.
    pub fn enrol(&mut self, certificate: &[u8], now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        self.trust().check_time(now)?;
        let verified = GateCertificate::verify(certificate, self.trust())?;
        let gate = verified.gate();
        if gate.member != self.member || self.journals.contains_key(&gate.number) {
            return Err(LedgerError::Gate(gate));
        }
        self.append(Entry::GateEnrolled { certificate: certificate.to_vec() }, now)
    }

    /// Retires a gate: nothing new of it is taken from now on, not even what it sealed before. A
    /// checkpoint bears no time and the key may be in other hands, so nobody could tell which came
    /// first. Fetch the last segment before, or declare a gap after.
    ///
    /// # Errors
    /// [`LedgerError::Gate`], [`LedgerError::Retired`], [`LedgerError::Clock`], or the store's.
    pub fn retire(&mut self, gate: u32, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        if self.journal(gate)?.retired {
            return Err(LedgerError::Retired(self.gate_id(gate)));
        }
        self.append(Entry::GateRetired { gate }, now)
    }

    /// Records that a list was adopted or published, a peer's checkpoint seen, a redemption reversed,
    /// a gap declared, or a statement agreed to.
    ///
    /// Refused is what this ledger itself shows to be wrong: a trust list other than the one in force
    /// and the next of its history, a reversal of anything but a redemption that stands, the loss of a
    /// record that is here, a checkpoint that no peer signed. Whether a digest is that of a catalogue,
    /// a status list or a statement is for the caller to know.
    ///
    /// # Errors
    /// [`LedgerError::Sealed`], [`LedgerError::Gate`], [`LedgerError::Retired`],
    /// [`LedgerError::OtherTrustList`], [`LedgerError::Trust`], [`LedgerError::NoRedemption`],
    /// [`LedgerError::NotLost`], [`LedgerError::Note`], [`LedgerError::Refused`],
    /// [`LedgerError::Clock`], or the store's.
    pub fn record(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let now = self.check(now)?;
        match &entry {
            Entry::GateEnrolled { certificate } => return self.enrol(&certificate.clone(), now),
            Entry::GateRetired { gate } => return self.retire(*gate, now),
            Entry::JournalSealed { .. } => return Err(LedgerError::Sealed),
            Entry::Reversal { gate, index } => self.check_reversal(*gate, *index)?,
            Entry::GapDeclared { gate, from, .. } => {
                let size = self.journal(*gate)?.log.size();
                if *from < size {
                    return Err(LedgerError::NotLost { gate: self.gate_id(*gate), size });
                }
            }
            Entry::PeerSeen { checkpoint } => self.check_peer(checkpoint, now)?,
            Entry::TrustAdopted { sequence, digest } => self.check_adoption(*sequence, *digest, now)?,
            _ => {}
        }
        self.append(entry, now)
    }

    /// Takes a segment of a gate's journal: verifies certificate, checkpoint, chain, root and
    /// evidence, and logs the gate's checkpoint, all in one commit.
    ///
    /// Records that are here already are not looked at again: the new ones are verified as the
    /// continuation of those here. A retired gate is told what is here, and nothing new is taken.
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
    /// Where the commit fails, nothing of the group was taken: the first segment that was to be is told how the
    /// store failed, and those after it [`LedgerError::Unsure`].
    pub fn ingest_all(&mut self, segments: &[Segment], now: UnixTime) -> Vec<Result<Ingested, IngestError<S::Error>>> {
        // Each segment is refused where the clock is wrong.
        let now = self.check(now).unwrap_or(now);
        let mut group = self.group();
        let mut results: Vec<_> = segments.iter().map(|segment| self.stage(&mut group, segment, now)).collect();
        let grown = group.end();
        if !grown.entries.is_empty()
            && let Err(error) = self.commit_grown(grown, now)
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

    /// Signs a checkpoint over the ledger and keeps it. Where the ledger has not grown since the last
    /// one, that one is returned as it is kept, with its cosignatures; but not where the key before
    /// this one signed it.
    ///
    /// # Errors
    /// [`LedgerError::OtherKey`] when the trust list in force does not give the key for the newest
    /// entry's time or later, or the store's; the checkpoint then never leaves the city.
    pub fn checkpoint(&mut self) -> Result<SignedCheckpoint, LedgerError<S::Error>> {
        self.sure()?;
        // No witness would cosign it.
        if !gives(self.trust(), self.member, &self.key, Some(self.last)) {
            return Err(LedgerError::OtherKey);
        }
        let replaced = self.log.kept_checkpoint(&self.storage)?;
        match self.verify_kept(replaced.as_deref()) {
            Ok(Some(kept)) if kept.size() == self.log.size() && kept.signer() == self.verifier()?.id() => {
                return Ok(kept);
            }
            Ok(_) | Err(LedgerError::Note(NoteError::NotSigned(_))) => {}
            Err(error) => return Err(error),
        }
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &self.key);
        self.keep(&signed, replaced)?;
        Ok(signed)
    }

    /// The newest checkpoint signed, with the cosignatures that arrived.
    ///
    /// # Errors
    /// The store's, or [`LedgerError::Note`] when the note kept is damaged.
    pub fn kept_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LedgerError<S::Error>> {
        self.verify_kept(self.log.kept_checkpoint(&self.storage)?.as_deref())
    }

    /// Takes cosignature lines of witnesses for the newest checkpoint signed, keeps them, and returns
    /// the checkpoint with all it has. The ledger may have grown since: what witnesses cosign is what
    /// was signed.
    ///
    /// Each line is judged by itself: lines of strangers are left out, and so is a bad one. Bad is what does not
    /// verify, what would not count towards finality, and what is dated when it cannot have been made: earlier than
    /// the newest entry below the checkpoint, or later than `now`, by more than the policy's
    /// [`clock_suspect`](crate::trust::Policy::clock_suspect). Who cosigned, the checkpoint returned says.
    ///
    /// # Errors
    /// [`LedgerError::Note`] for the first bad line when none is good, or when no checkpoint was signed yet.
    pub fn cosigned(&mut self, lines: &str, now: UnixTime) -> Result<SignedCheckpoint, LedgerError<S::Error>> {
        self.sure()?;
        let replaced = self.log.kept_checkpoint(&self.storage)?;
        let signed = self.verify_kept(replaced.as_deref())?;
        let signed = signed.ok_or_else(|| NoteError::NotSigned(self.log.origin().clone()))?;
        let grown = self.time_before(signed.size())?;
        let apart = i64::from(self.trust().policy().clock_suspect);
        let witnesses = Witnesses::of(&self.trust, self.member, &every_log_key(&self.trust, self.member), &signed);
        let signed = signed.with_cosignatures_that(lines, &witnesses.keys, |at, time| {
            grown.since(time) <= apart && time.since(now) <= apart && witnesses.counts(at, time)
        })?;
        self.keep(&signed, replaced)?;
        Ok(signed)
    }

    /// The time of the newest entry below `size`; where there is none, that of the list the ledger began under.
    fn time_before(&self, size: u64) -> Result<UnixTime, LedgerError<S::Error>> {
        let Some(index) = size.checked_sub(1) else { return Ok(self.trust.first().issued()) };
        let body = self.log.body(&self.storage, index)?;
        Entry::decode(&body).map(|(time, _)| time).map_err(|error| LedgerError::Entry { index, error })
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

    /// What these entries say of the uses of passes: the records of the journals sealed there, and the
    /// redemptions reversed. Of passes whose term ended at `over` or before, nothing; see [`UsageFacts::new`].
    ///
    /// `concerns` says whether a use can change a decision of the gates that are to be told: that of a product which
    /// is not good at their venues cannot, and what is left out takes none of their memory.
    ///
    /// Keep the digests that are made of it: of records that were pruned it can tell nothing any more, and a new
    /// gate wants all that was ever told. Nor does it tell that a record was annulled which is pruned itself.
    ///
    /// # Errors
    /// [`LedgerError::Log`] for entries that are not here, or records or what was reversed that were pruned; or the
    /// store's.
    pub fn usage(
        &self,
        entries: Range<u64>,
        over: UnixTime,
        concerns: impl Fn(&Redemption) -> bool,
    ) -> Result<UsageFacts, LedgerError<S::Error>> {
        self.sure()?;
        let (mut sealed, mut reversed) = (Vec::new(), Vec::new());
        self.log.replay(&self.storage, entries.clone(), |index, body| {
            match Entry::decode(body) {
                Ok((_, Entry::JournalSealed { gate, first, .. })) => sealed.push((gate, first, index)),
                Ok((_, Entry::Reversal { gate, index })) => reversed.push((gate, index)),
                _ => {}
            }
            true
        })?;
        let mut facts = UsageFacts::new(over);
        let mut annulments: BTreeMap<u32, BTreeSet<(u64, u64)>> = BTreeMap::new();
        for (gate, first, entry) in sealed {
            let journal = self.journal(gate)?;
            let seal = journal.seals.binary_search_by_key(&entry, |(_, entry)| *entry);
            let end = seal.ok().and_then(|at| journal.seals.get(at)).map_or(first, |(size, _)| *size);
            journal.log.replay(&self.storage, first..end, |index, body| {
                match Record::decode(body) {
                    Ok(Record::Redeemed(redemption)) if concerns(&redemption) => {
                        facts.redeemed(&journal.certificate, index, &redemption);
                    }
                    // Whether one of what was pruned was in time nobody can say, and an audit does not ask.
                    Ok(Record::Annulled { index: earlier, .. }) if (journal.log.pruned()..index).contains(&earlier) => {
                        annulments.entry(gate).or_default().insert((earlier, index));
                    }
                    // What cannot be read the audit reports.
                    _ => {}
                }
                true
            })?;
        }
        for (gate, annulments) in annulments {
            self.annulled(&mut facts, self.journal(gate)?, &annulments, &concerns)?;
        }
        for (gate, index) in reversed {
            let journal = self.journal(gate)?;
            let body = journal.log.body(&self.storage, index)?;
            if let Ok(Record::Redeemed(redemption)) = Record::decode(&body)
                && concerns(&redemption)
            {
                facts.reversed(journal.certificate.gate(), index, &redemption);
            }
        }
        facts.covers(self.member, entries);
        Ok(facts)
    }

    /// Tells what a gate annulled in time: each of these is the index of a redemption, and that of the annulment.
    fn annulled(
        &self,
        facts: &mut UsageFacts,
        journal: &Journal,
        annulments: &BTreeSet<(u64, u64)>,
        concerns: &impl Fn(&Redemption) -> bool,
    ) -> Result<(), LedgerError<S::Error>> {
        // Between the two the clock may have been set; no record is read twice for it, whoever wrote them.
        let mut runs: Vec<Range<u64>> = Vec::new();
        for (index, by) in annulments {
            let end = by.saturating_add(1);
            match runs.last_mut() {
                Some(run) if *index < run.end => run.end = run.end.max(end),
                _ => runs.push(*index..end),
            }
        }
        let gate = journal.certificate.gate();
        for run in runs {
            let (mut clocks, mut redeemed) = (ClocksSet::default(), BTreeMap::new());
            journal.log.replay(&self.storage, run, |index, body| {
                match Record::decode(body) {
                    Ok(Record::Redeemed(redemption)) if concerns(&redemption) => {
                        if annulments.range((index, 0)..=(index, u64::MAX)).next().is_some() {
                            redeemed.insert(index, redemption);
                        }
                    }
                    Ok(Record::Annulled { time, index: earlier }) if annulments.contains(&(earlier, index)) => {
                        let policy = self.trust.at(time).policy();
                        if let Some(redemption) = redeemed.get(&earlier)
                            && clocks.may_annul(earlier, redemption.time, time, policy.annul_within)
                        {
                            facts.annulled(gate, earlier, redemption, time, policy);
                        }
                    }
                    Ok(record) => clocks.learn(index, &record),
                    Err(_) => {}
                }
                true
            })?;
        }
        Ok(())
    }

    /// Signs a usage digest for the member's own gates: what [`Ledger::usage`] says, and whatever was merged into
    /// it from other members' ledgers. Those one replays oneself, for each gate is held to what its city
    /// says that it knows.
    ///
    /// # Errors
    /// [`LedgerError::Usage`], [`LedgerError::OtherKey`], [`LedgerError::Clock`].
    pub fn usage_digest(&self, facts: UsageFacts, now: UnixTime) -> Result<Vec<u8>, LedgerError<S::Error>> {
        let now = self.check(now)?;
        if !gives(self.trust(), self.member, &self.key, Some(now)) {
            return Err(LedgerError::OtherKey);
        }
        Ok(UsageDigestSpec { member: self.member, issued: now, facts }.sign(&self.key)?)
    }

    fn gate_id(&self, number: u32) -> GateId {
        GateId { member: self.member, number }
    }

    fn journal(&self, gate: u32) -> Result<&Journal, LedgerError<S::Error>> {
        self.journals.get(&gate).ok_or(LedgerError::Gate(self.gate_id(gate)))
    }

    fn journal_mut(&mut self, gate: u32) -> Result<&mut Journal, LedgerError<S::Error>> {
        let id = self.gate_id(gate);
        self.journals.get_mut(&gate).ok_or(LedgerError::Gate(id))
    }

    fn sure(&self) -> Result<(), LedgerError<S::Error>> {
        self.storage.same_process().map_err(LogError::Storage)?;
        if self.unsure { Err(LedgerError::Unsure) } else { Ok(()) }
    }

    /// The time of what is done now: see [`UnixTime::not_before`].
    fn check(&self, now: UnixTime) -> Result<UnixTime, LedgerError<S::Error>> {
        self.sure()?;
        now.not_before(self.last).ok_or(LedgerError::Clock { now, last: self.last })
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

    /// A redemption can be reversed once, and only where it stands.
    fn check_reversal(&self, gate: u32, index: u64) -> Result<(), LedgerError<S::Error>> {
        let journal = self.journal(gate)?;
        let refused = LedgerError::NoRedemption { gate: self.gate_id(gate), index };
        if index >= journal.log.size() || journal.reversed.contains(&index) {
            return Err(refused);
        }
        let body = journal.log.body(&self.storage, index)?;
        let Ok(Record::Redeemed(redemption)) = Record::decode(&body) else { return Err(refused) };
        let (mut stands, mut clocks) = (true, ClocksSet::default());
        // Which list the gate had, only an audit asks: what was in time by any of them may be annulled.
        let within = self.trust.lists().map(|list| list.policy().annul_within).max().unwrap_or(0);
        journal.log.replay(&self.storage, index..journal.log.size(), |at, body| {
            match Record::decode(body) {
                Ok(Record::Annulled { time, index: annulled }) if annulled == index => {
                    stands = !clocks.may_annul(index, redemption.time, time, within);
                }
                Ok(record) => clocks.learn(at, &record),
                Err(_) => {}
            }
            stands
        })?;
        if stands { Ok(()) } else { Err(refused) }
    }

    /// A peer's checkpoint is signed by the ledger of another member, with a key that is good now.
    fn check_peer(&self, note: &str, now: UnixTime) -> Result<(), LedgerError<S::Error>> {
        let trust = self.trust();
        trust.check_time(now)?;
        let peers = trust.members().iter().filter(|member| member.id != self.member);
        let keys: Vec<NoteVerifier> = peers.flat_map(|member| log_verifiers(trust, member.id, now)).collect();
        SignedCheckpoint::verify_any(note.as_bytes(), &keys)?;
        Ok(())
    }

    /// A trust list is adopted again, or the one after it, and not before it is issued.
    fn check_adoption(&self, sequence: u64, digest: Hash, now: UnixTime) -> Result<(), LedgerError<S::Error>> {
        let list = self.trust.list(sequence).filter(|list| list.digest() == digest);
        let next = sequence == self.adopted || Some(sequence) == self.adopted.checked_add(1);
        let list = list.filter(|_| next).ok_or(LedgerError::OtherTrustList(sequence))?;
        if now < list.issued() {
            return Err(TrustError::NotYetIssued(list.issued()).into());
        }
        Ok(())
    }

    /// What becomes of a segment after those of its group before it.
    fn stage(
        &self,
        group: &mut Group<'_, S>,
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
        let mut batch = match group.grown.journals.get(&gate.number) {
            Some(grown) => grown.clone(),
            None => journal.log.begin(),
        };
        let here = Here { store: &group.store, log: batch.log().clone(), verifier };
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
        let entry = group.enter(Entry::JournalSealed { gate: gate.number, first, checkpoint }, now)?;
        group.grow(gate.number, batch);
        Ok(Ingested::Accepted { records: signed.size().saturating_sub(known), entry })
    }

    fn group(&self) -> Group<'_, S> {
        let (ledger, journals) = (self.log.begin(), BTreeMap::new());
        let grown = Grown { writes: Vec::new(), ledger, journals, entries: Vec::new() };
        Group { store: Staged::over(&self.storage), grown }
    }

    fn append(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let now = self.check(now)?;
        let mut group = self.group();
        let index = group.enter(entry, now)?;
        let grown = group.end();
        self.commit_grown(grown, now).map(|()| index)
    }

    /// Commits entries, and with them what journals grow by.
    fn commit_grown(&mut self, grown: Grown, now: UnixTime) -> Result<(), LedgerError<S::Error>> {
        self.commit(grown.writes)?;
        // The batches were begun on these logs a moment ago, and nothing else was done meanwhile.
        self.unsure = self.log.apply(grown.ledger).is_err();
        for (gate, batch) in grown.journals {
            if let Some(journal) = self.journals.get_mut(&gate) {
                self.unsure |= journal.log.apply(batch).is_err();
            }
        }
        self.sure()?;
        let learnt = grown.entries.iter().try_for_each(|(index, entry)| self.learn(*index, now, entry));
        self.unsure = learnt.is_err();
        learnt
    }

    fn verify_kept(&self, note: Option<&[u8]>) -> Result<Option<SignedCheckpoint>, LedgerError<S::Error>> {
        let keys = || every_log_key(&self.trust, self.member);
        Ok(note.map(|note| SignedCheckpoint::verify_any(note, &keys())).transpose()?)
    }

    /// Keeps a checkpoint in the place of the one that was there.
    fn keep(&mut self, signed: &SignedCheckpoint, replaced: Option<Vec<u8>>) -> Result<(), LedgerError<S::Error>> {
        let write = self.log.checkpoint_write(&self.storage, signed)?;
        self.commit(vec![self.log.expectation(), Write::Expect(write.row(), replaced), write])
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
                let certificate = GateCertificate::verify(certificate, self.trust())?;
                let gate = certificate.gate();
                if gate.member != self.member {
                    return Err(LedgerError::OtherStore);
                }
                let log = Log::open(&self.storage, LogKey(gate.number), &self.trust().journal_origin(gate))?;
                let (seals, reversed) = (Vec::new(), BTreeSet::new());
                let journal = Journal { certificate, log, retired: false, seals, root: empty_root(), reversed };
                self.journals.insert(gate.number, journal);
            }
            Entry::GateRetired { gate } => self.journal_mut(*gate)?.retired = true,
            // Where the history starts with a later list, those before it are not known here.
            Entry::TrustAdopted { sequence, .. } if *sequence < self.trust.first().sequence() => {}
            Entry::TrustAdopted { sequence, digest } => {
                let list = self.trust.list(*sequence).filter(|list| list.digest() == *digest);
                self.adopted = list.ok_or(LedgerError::OtherTrustList(*sequence))?.sequence();
            }
            Entry::JournalSealed { gate, checkpoint, .. } => {
                let verifier = journal_verifier(self.trust(), &self.journal(*gate)?.certificate)?;
                let signed = SignedCheckpoint::verify(checkpoint.as_bytes(), &verifier)?;
                let journal = self.journal_mut(*gate)?;
                journal.seals.push((signed.size(), index));
                journal.root = signed.root();
            }
            Entry::Reversal { gate, index } => {
                self.journal_mut(*gate)?.reversed.insert(*index);
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is to be committed together.
struct Group<'a, S> {
    /// The store with what is staged, but for the entries.
    store: Staged<'a, S>,
    grown: Grown,
}

/// What the ledger and the journals of its gates grow by, and what makes it durable.
struct Grown {
    writes: Vec<Write>,
    ledger: Batch,
    /// By gate number; what is to be written for them is staged.
    journals: BTreeMap<u32, Batch>,
    entries: Vec<(u64, Entry)>,
}

impl<S: Storage> Group<'_, S> {
    /// Adds an entry, and returns its index.
    fn enter(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let body = entry.encode(now);
        // What could not be read again would lock the ledger for good.
        Entry::decode(&body)?;
        let index = self.grown.ledger.push(&body, None)?;
        self.grown.entries.push((index, entry));
        Ok(index)
    }

    /// Lets a journal be as after this batch.
    fn grow(&mut self, gate: u32, mut batch: Batch) {
        self.store.stage(batch.take_writes());
        self.grown.journals.insert(gate, batch);
    }

    fn end(mut self) -> Grown {
        self.store.stage(self.grown.ledger.take_writes());
        self.grown.writes = self.store.into_writes();
        self.grown
    }
}

/// A gate's journal as the ledger has it, with what is staged.
struct Here<'a, S> {
    store: &'a S,
    log: Log,
    verifier: NoteVerifier,
}

impl<S: Storage> Here<'_, S> {
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
        Ok(SignedCheckpoint::verify(&note, &self.verifier)?)
    }
}

/// Whether `trust` gives `member` this log key, at `last` or later.
fn gives(trust: &TrustList, member: MemberId, key: &SigningKey, last: Option<UnixTime>) -> bool {
    let public = key.verifying_key();
    let in_time = |owner: &Member, entry: &KeyEntry| {
        last.is_none_or(|last| last <= entry.not_after && owner.suspended_from.is_none_or(|from| last < from))
    };
    let own = |(owner, entry): (&Member, &KeyEntry)| owner.id == member && entry.key == public && in_time(owner, entry);
    trust.keys(Role::Log).any(own)
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

#[cfg(test)]
#[path = "tests/city.rs"]
pub(super) mod tests;
