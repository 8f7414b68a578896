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
pub(super) mod tests {
    use super::super::verifiers::witness_verifiers;
    use super::*;
    use crate::gate::journal_tests::{self as gates, Late, NOW, code};
    use crate::gate::{Decision, Gate, Override, Reason, Scan};
    use crate::ledger::{CutOff, LedgerCheckpoint, StatementRef, witness_name};
    use crate::tlog::{Checkpoint, Damage, MemoryError, MemoryStorage, Row};
    use crate::trust::GateCertificateSpec;
    use crate::trust::test_federation::{self as federation, id, list, secret, time};
    use proptest::prelude::*;

    pub(crate) const CITY: u32 = 310_101;
    type TestGate = Gate<MemoryStorage>;
    type TestLedger = Ledger<MemoryStorage>;

    fn certificate(member: u32, number: u32, key: u8) -> Vec<u8> {
        let spec = GateCertificateSpec {
            gate: GateId { member: id(member), number },
            venue: 1,
            service: 0,
            key: SigningKey::from_seed(&[key; 32]).verifying_key(),
            issued: time(2_000),
            not_before: time(2_000),
            expires: time(1_000_000_000),
        };
        spec.sign(&secret(member, Role::Registrar))
    }

    /// Gate 7 of the test federation, or another gate of its city.
    fn gate(number: u32) -> TestGate {
        if number == 7 {
            return gates::open(MemoryStorage::new(), NOW).unwrap();
        }
        let (key, seed) = (SigningKey::from_seed(&[number as u8; 32]), number as u8);
        let certificate = certificate(CITY, number, seed);
        Gate::open(MemoryStorage::new(), key, &certificate, gates::bundle(), time(NOW)).unwrap()
    }

    fn admit(gate: &mut TestGate, pass: u8) {
        let decision = gate.admit(Scan::text(code(pass, NOW).as_bytes()), time(NOW));
        assert!(matches!(decision, Decision::Admitted(_)), "pass {pass}: {decision:?}");
    }

    /// Gate 7 after these passes, with a seal after them.
    pub(crate) fn sealed(passes: &[u8]) -> TestGate {
        let mut gate = gate(7);
        passes.iter().for_each(|&pass| admit(&mut gate, pass));
        gate.seal().unwrap().unwrap();
        gate
    }

    fn segment(gate: &TestGate, first: u64) -> Segment {
        gate.segment(first).unwrap().unwrap()
    }

    fn open<S: Storage>(storage: S) -> Result<Ledger<S>, LedgerError<S::Error>> {
        Ledger::open(storage, id(CITY), secret(CITY, Role::Log), list())
    }

    /// An empty ledger with gate 7.
    pub(crate) fn ledger() -> TestLedger {
        let mut ledger = open(MemoryStorage::new()).unwrap();
        ledger.enrol(gate(7).certificate().as_bytes(), time(NOW)).unwrap();
        ledger
    }

    /// A ledger that took all that `gate` sealed.
    pub(crate) fn ledger_with(gate: &TestGate) -> TestLedger {
        let mut ledger = ledger();
        take(&mut ledger, &segment(gate, 0)).unwrap();
        ledger
    }

    fn final_at(signed: &SignedCheckpoint) -> Option<UnixTime> {
        LedgerCheckpoint::verify(signed.note().as_bytes(), &list().into(), id(CITY)).unwrap().final_at()
    }

    fn take(ledger: &mut TestLedger, segment: &Segment) -> Result<Ingested, IngestError<MemoryError>> {
        ledger.ingest(segment, time(NOW))
    }

    /// The refusal of a segment; that nothing changed is checked.
    fn refused(ledger: &mut TestLedger, segment: &Segment) -> IngestError<MemoryError> {
        let before = (ledger.storage.clone(), ledger.log.clone(), ledger.last);
        let error = take(ledger, segment).unwrap_err();
        assert!(before == (ledger.storage.clone(), ledger.log.clone(), ledger.last), "{error}");
        same(ledger, &open(ledger.storage.clone()).unwrap());
        error
    }

    fn same<S: Storage, T: Storage>(a: &Ledger<S>, b: &Ledger<T>) {
        assert_eq!((&a.log, &a.journals, a.last), (&b.log, &b.journals, b.last));
    }

    fn entry(ledger: &TestLedger, index: u64) -> Entry {
        Entry::decode(&ledger.log.body(&ledger.storage, index).unwrap()).unwrap().1
    }

    /// The cosignature lines of these members' witnesses.
    pub(crate) fn lines(signed: &SignedCheckpoint, witnesses: &[u32]) -> String {
        let line = |&code: &u32| {
            let name = witness_name(&list(), id(code)).unwrap();
            signed.checkpoint().cosign(&name, &secret(code, Role::Witness), time(NOW))
        };
        witnesses.iter().map(line).collect()
    }

    #[test]
    fn a_segment_is_taken_once() {
        let mut gate = sealed(&[1, 2]);
        let mut ledger = ledger();
        let first = segment(&gate, 0);
        assert_eq!(take(&mut ledger, &first).unwrap(), Ingested::Accepted { records: 4, entry: 1 });
        let before = ledger.storage.clone();
        assert_eq!(take(&mut ledger, &first).unwrap(), Ingested::Duplicate);
        assert_eq!(ledger.storage, before);
        let journal = &ledger.journals[&7];
        assert_eq!((journal.log.size(), journal.log.root()), (4, gate.log().root()));
        assert_eq!(journal.log.attachment(&ledger.storage, 2).unwrap(), first.records[2].evidence);
        let sealed = Entry::JournalSealed { gate: 7, first: 0, checkpoint: first.checkpoint.clone() };
        assert_eq!(entry(&ledger, 1), sealed);
        // Old and new records in one segment: the new ones are taken, the old ones are left alone.
        admit(&mut gate, 3);
        gate.seal().unwrap().unwrap();
        let mut overlap = segment(&gate, 1);
        overlap.records[0].body = vec![0];
        assert_eq!(take(&mut ledger, &overlap).unwrap(), Ingested::Accepted { records: 1, entry: 2 });
        assert_eq!(ledger.journals[&7].log.root(), gate.log().root());
        assert!(matches!(entry(&ledger, 2), Entry::JournalSealed { first: 4, .. }));
        ledger.journals[&7].log.verify(&ledger.storage).unwrap();
        same(&ledger, &open(ledger.storage.clone()).unwrap());
    }

    #[test]
    fn a_segment_that_does_not_fit_is_refused() {
        let gate = sealed(&[1, 2]);
        let mut ledger = ledger();
        let late = segment(&gate, 1);
        assert!(matches!(refused(&mut ledger, &late), IngestError::Gap { expected: 0, found: 1 }));
        let mut cut = segment(&gate, 0);
        cut.records.pop();
        assert!(matches!(refused(&mut ledger, &cut), IngestError::Truncated { end: 3, size: 4 }));
        let mut long = segment(&gate, 0);
        long.records.push(long.records[1].clone());
        assert!(matches!(refused(&mut ledger, &long), IngestError::Truncated { end: 5, size: 4 }));
        let far = Segment { first: u64::MAX, ..segment(&gate, 0) };
        assert!(matches!(refused(&mut ledger, &far), IngestError::Gap { expected: 0, found: u64::MAX }));
    }

    #[test]
    fn only_an_enrolled_gate_with_its_certificate() {
        let gate7 = sealed(&[1]);
        let mut ledger = ledger();
        let with = |certificate: Vec<u8>| Segment { certificate, ..segment(&gate7, 0) };
        assert!(matches!(refused(&mut ledger, &with(certificate(CITY, 8, 8))), IngestError::UnknownGate));
        assert!(matches!(refused(&mut ledger, &with(certificate(320_100, 7, 42))), IngestError::UnknownGate));
        let other = refused(&mut ledger, &with(certificate(CITY, 7, 43)));
        assert!(matches!(other, IngestError::OtherCertificate(gate) if gate.number == 7));
        assert!(matches!(refused(&mut ledger, &with(vec![1])), IngestError::Certificate(_)));
    }

    #[test]
    fn only_the_gates_own_checkpoint_and_nothing_beside_its_line() {
        let gate7 = sealed(&[1]);
        let mut ledger = ledger();
        let with = |checkpoint: String| Segment { checkpoint, ..segment(&gate7, 0) };
        let note = |error| match error {
            IngestError::Checkpoint(error) => error,
            other => panic!("{other}"),
        };
        let mut gate8 = gate(8);
        let other_log = gate8.seal().unwrap().unwrap().note().to_owned();
        assert!(matches!(note(refused(&mut ledger, &with(other_log))), NoteError::OtherLog(_)));
        let forged = gate7.log().checkpoint().sign(&SigningKey::from_seed(&[9; 32]));
        assert!(matches!(note(refused(&mut ledger, &with(forged))), NoteError::NotSigned(_)));
        let good = segment(&gate7, 0).checkpoint;
        let other_text = good.replacen("\n3\n", "\n4\n", 1);
        assert!(matches!(note(refused(&mut ledger, &with(other_text))), NoteError::Signature(_)));
        let name = crate::tlog::KeyName::new("stuffing").unwrap();
        let stuffed = good + &gate7.log().checkpoint().cosign(&name, &secret(CITY, Role::Witness), time(NOW));
        assert_eq!(note(refused(&mut ledger, &with(stuffed))), NoteError::TooManySignatures);
    }

    #[test]
    fn damaged_records_and_evidence_are_refused() {
        let mut gate = sealed(&[1, 2]);
        let mut ledger = ledger();
        let good = segment(&gate, 0);
        let mut bad = good.clone();
        let Ok(Record::Redeemed(redemption)) = Record::decode(&bad.records[2].body) else { panic!("a redemption") };
        bad.records[2].body = Record::Redeemed(Redemption { party: 2, ..redemption }).encode();
        assert!(matches!(refused(&mut ledger, &bad), IngestError::Root));
        let mut swapped = good.clone();
        swapped.records.swap(2, 3);
        assert!(matches!(refused(&mut ledger, &swapped), IngestError::Root));
        let mut shown = good.clone();
        shown.records[3].evidence.as_mut().unwrap()[5] ^= 1;
        assert!(matches!(refused(&mut ledger, &shown), IngestError::Evidence(3)));
        let mut surplus = good.clone();
        surplus.records[0].evidence = Some(vec![1]);
        assert!(matches!(refused(&mut ledger, &surplus), IngestError::Evidence(0)), "an opening shows nothing");
        let mut erased = good;
        erased.records[2].evidence = None;
        assert!(matches!(take(&mut ledger, &erased), Ok(Ingested::Accepted { records: 4, .. })), "it may be erased");
        // What is damaged is behind the history that is here, so the gate signed no other one.
        admit(&mut gate, 3);
        gate.seal().unwrap().unwrap();
        let mut bad = segment(&gate, 0);
        bad.records[4] = bad.records[3].clone();
        assert!(matches!(refused(&mut ledger, &bad), IngestError::Root));
    }

    #[test]
    fn a_gate_that_signs_two_histories_is_proven() {
        let verifier = journal_verifier(&list(), gate(7).certificate()).unwrap();
        // Ours, theirs, and whether the two have one size.
        let cases: [(&[u8], &[u8], bool); 6] = [
            (&[1], &[2], true),
            (&[1, 2], &[1, 3], true),
            (&[1], &[2, 3], false),
            (&[1, 2], &[3, 2, 1, 4], false),
            (&[1, 2, 3], &[4], false),
            (&[1, 2, 3, 4], &[1, 5], false),
        ];
        for (ours, theirs, same_size) in cases {
            let mut ledger = ledger_with(&sealed(ours));
            let error = refused(&mut ledger, &segment(&sealed(theirs), 0));
            let IngestError::Equivocation(evidence) = error else { panic!("{ours:?} {theirs:?}: {error}") };
            assert_eq!(evidence.verify(&verifier), Ok(()), "{ours:?} {theirs:?}");
            assert_eq!(evidence.why == ForkReason::SameSize, same_size);
        }
        // The checkpoint tells, whatever comes with it.
        let mut ledger = ledger_with(&sealed(&[1]));
        let bare = Segment { first: 99, records: vec![], ..segment(&sealed(&[2]), 0) };
        assert!(matches!(refused(&mut ledger, &bare), IngestError::Equivocation(_)));
        // A part of another history may as well be damaged.
        assert!(matches!(refused(&mut ledger, &segment(&sealed(&[2, 3]), 3)), IngestError::Root));
        // A prefix of our own history is none.
        let mut ledger = ledger_with(&sealed(&[1, 2, 3]));
        assert_eq!(take(&mut ledger, &segment(&sealed(&[1, 2]), 0)).unwrap(), Ingested::Duplicate);
    }

    #[test]
    fn no_history_is_compared_with_a_store_that_cannot_be_read() {
        let mut gate = sealed(&[1]);
        let old = segment(&gate, 0);
        let entry = Override { refused: Reason::IdCheck, operator: 1, why: 1, party: 1 };
        (0..256).for_each(|_| _ = gate.let_in(entry, time(NOW)).unwrap());
        gate.seal().unwrap().unwrap();
        let mut ledger = ledger_with(&gate);
        assert_eq!(take(&mut ledger, &old).unwrap(), Ingested::Duplicate);
        let journal = LogKey(7);
        // The links of fewer than a tile are in memory.
        let first = Row::Tile { log: journal, level: 0, index: 0 };
        ledger.storage.commit(&[Write::Delete(first)]).unwrap();
        let missing = LogError::Damaged { row: first, why: Damage::Missing };
        let unread = take(&mut ledger, &old);
        assert!(
            matches!(&unread, Err(IngestError::Ledger(LedgerError::Log(error))) if *error == missing),
            "{unread:?}"
        );

        let mut ledger = ledger_with(&sealed(&[1]));
        ledger.storage.commit(&[Write::Put(Row::Checkpoint { log: journal }, b"?".into())]).unwrap();
        let unread = take(&mut ledger, &segment(&sealed(&[2, 3]), 0));
        assert!(matches!(unread, Err(IngestError::Ledger(LedgerError::Note(NoteError::Shape)))), "{unread:?}");
    }

    #[test]
    fn a_tree_of_nothing_with_a_root_is_no_history() {
        let mut ledger = ledger_with(&sealed(&[1]));
        let hollow = Checkpoint { size: 0, root: Hash([1; 32]), ..gate(7).log().checkpoint() };
        let hollow = hollow.sign(&SigningKey::from_seed(&[42; 32]));
        let hollow = Segment { checkpoint: hollow, records: vec![], ..segment(&sealed(&[1]), 0) };
        assert!(matches!(refused(&mut ledger, &hollow), IngestError::Root));
    }

    #[test]
    fn of_a_retired_gate_nothing_new_is_taken() {
        let mut gate = sealed(&[1]);
        let mut ledger = ledger_with(&gate);
        let known = segment(&gate, 0);
        admit(&mut gate, 2);
        gate.seal().unwrap().unwrap();
        assert!(!ledger.journals[&7].retired());
        ledger.retire(7, time(NOW)).unwrap();
        assert!(ledger.journals[&7].retired());
        assert!(matches!(ledger.retire(7, time(NOW)), Err(LedgerError::Retired(_))));
        assert!(matches!(ledger.record(Entry::GateRetired { gate: 7 }, time(NOW)), Err(LedgerError::Retired(_))));
        let again = ledger.enrol(&known.certificate, time(NOW));
        assert!(matches!(again, Err(LedgerError::Gate(_))), "a number is used once");
        assert!(matches!(refused(&mut ledger, &segment(&gate, 0)), IngestError::Retired(_)), "sealed before or not");
        assert_eq!(take(&mut ledger, &known).unwrap(), Ingested::Duplicate);
        let other = refused(&mut ledger, &segment(&sealed(&[3]), 0));
        assert!(matches!(other, IngestError::Equivocation(_)), "its two histories are still proven");
        // What it did not hand over can be declared lost, and what it did can be reversed.
        ledger.record(Entry::GapDeclared { gate: 7, from: 3, until: 4 }, time(NOW)).unwrap();
        ledger.record(Entry::Reversal { gate: 7, index: 2 }, time(NOW)).unwrap();
        same(&ledger, &open(ledger.storage.clone()).unwrap());
    }

    #[test]
    fn a_failed_commit_changes_nothing_and_the_ledger_is_unsure() {
        let gate = sealed(&[1]);
        let mut ledger = ledger();
        ledger.storage.fail_after(0);
        let before = ledger.storage.clone();
        let error = take(&mut ledger, &segment(&gate, 0)).unwrap_err();
        assert!(matches!(error, IngestError::Ledger(LedgerError::Log(LogError::Storage(MemoryError::Told)))));
        assert_eq!(ledger.storage, before);
        let unsure = |result| matches!(result, Err(LedgerError::Unsure));
        assert!(unsure(ledger.checkpoint().map(|_| 0)));
        assert!(unsure(ledger.cosigned("", time(NOW)).map(|_| 0)));
        assert!(unsure(ledger.retire(7, time(NOW))));
        assert!(unsure(ledger.enrol(&certificate(CITY, 8, 8), time(NOW))));
        assert!(unsure(ledger.record(Entry::GateRetired { gate: 7 }, time(NOW))));
        let error = take(&mut ledger, &segment(&gate, 0)).unwrap_err();
        assert!(matches!(error, IngestError::Ledger(LedgerError::Unsure)));
        assert_eq!(ledger.storage, before);
        same(&ledger, &open(ledger.storage.clone()).unwrap());
        ledger.recover().unwrap();
        same(&ledger, &open(ledger.storage.clone()).unwrap());
        assert_eq!(take(&mut ledger, &segment(&gate, 0)).unwrap(), Ingested::Accepted { records: 3, entry: 1 });
        ledger.storage.fail_after(0);
        assert!(ledger.checkpoint().is_err() && unsure(ledger.checkpoint().map(|_| 0)));
        ledger.recover().unwrap();
        assert_eq!(ledger.kept_checkpoint().unwrap(), None);
        assert_eq!(ledger.checkpoint().unwrap().size(), 2);
    }

    /// A segment for each of these passes, each sealed after the one before.
    fn parts(gate: &mut TestGate, passes: &[u8]) -> Vec<Segment> {
        let mut first = 0;
        let part = |pass: &u8| {
            admit(gate, *pass);
            gate.seal().unwrap().unwrap();
            let part = segment(gate, first);
            first += part.records.len() as u64;
            part
        };
        passes.iter().map(part).collect()
    }

    #[test]
    fn a_group_is_one_commit_and_a_bad_segment_refuses_itself_alone() {
        let (mut seven, mut eight) = (gate(7), gate(8));
        let mut ledger = ledger();
        ledger.enrol(eight.certificate().as_bytes(), time(NOW)).unwrap();
        let sevens = parts(&mut seven, &[1, 2, 3]);
        let eights = parts(&mut eight, &[4, 5]);
        let mut damaged = sevens[1].clone();
        damaged.records[0].body[0] ^= 1;
        damaged.records[0].evidence = None;
        let strange = Segment { certificate: certificate(CITY, 9, 9), ..eights[0].clone() };
        let group = [&strange, &eights[1], &sevens[0], &damaged, &sevens[1], &sevens[0], &eights[0], &sevens[2]];
        let group = group.map(Segment::clone);
        // Two commits would fail.
        ledger.storage.fail_after(1);
        let results = ledger.ingest_all(&group, time(NOW));
        assert!(matches!(
            &results[..],
            [
                Err(IngestError::UnknownGate),
                Err(IngestError::Gap { expected: 0, found: 3 }),
                Ok(Ingested::Accepted { records: 3, entry: 2 }),
                Err(IngestError::Root),
                Ok(Ingested::Accepted { records: 1, entry: 3 }),
                Ok(Ingested::Duplicate),
                Ok(Ingested::Accepted { records: 3, entry: 4 }),
                Ok(Ingested::Accepted { records: 1, entry: 5 }),
            ]
        ));
        assert_eq!(ledger.storage.commit(&[]), Err(MemoryError::Told), "one commit was made");
        ledger.journals.values().for_each(|journal| journal.log.verify(&ledger.storage).unwrap());
        same(&ledger, &open(ledger.storage.clone()).unwrap());
    }

    #[test]
    fn in_a_forked_process_a_ledger_does_nothing_and_signs_nothing() {
        let gate7 = sealed(&[1]);
        let mut ledger = ledger_with(&gate7);
        let signed = ledger.checkpoint().unwrap();
        ledger.retire(7, time(NOW)).unwrap();
        ledger.storage.fork();
        let (storage, log, now) = (ledger.storage.clone(), ledger.log.clone(), time(NOW));
        let forked = |error: LedgerError<_>| {
            assert!(matches!(error, LedgerError::Log(LogError::Storage(MemoryError::Forked))), "{error:?}");
        };
        forked(ledger.checkpoint().unwrap_err());
        forked(ledger.cosigned(&lines(&signed, &[320_100]), now).unwrap_err());
        forked(ledger.enrol(&certificate(CITY, 8, 8), now).unwrap_err());
        forked(ledger.record(Entry::Reversal { gate: 7, index: 2 }, now).unwrap_err());
        forked(ledger.usage(0..1, now, |_| true).unwrap_err());
        forked(ledger.usage_digest(UsageFacts::new(now), now).unwrap_err());
        forked(ledger.recover().unwrap_err());
        let IngestError::Ledger(error) = take(&mut ledger, &segment(&gate7, 0)).unwrap_err() else { panic!("taken") };
        forked(error);
        assert_eq!((&ledger.storage, &ledger.log), (&storage, &log));
    }

    #[test]
    fn a_group_whose_commit_fails_was_not_taken() {
        let mut seven = gate(7);
        let group = parts(&mut seven, &[1, 2, 3]);
        let mut ledger = ledger();
        take(&mut ledger, &group[0]).unwrap();
        let (before, log) = (ledger.storage.clone(), ledger.log.clone());
        ledger.storage.fail_after(0);
        let results = ledger.ingest_all(&group, time(NOW));
        assert!(matches!(
            &results[..],
            [
                // It was durable before.
                Ok(Ingested::Duplicate),
                Err(IngestError::Ledger(LedgerError::Log(LogError::Storage(MemoryError::Told)))),
                Err(IngestError::Ledger(LedgerError::Unsure)),
            ]
        ));
        assert_eq!((&ledger.storage, &ledger.log), (&before, &log));
        ledger.recover().unwrap();
        assert!(ledger.ingest_all(&group, time(NOW)).iter().all(Result::is_ok));
        // Nothing new is no commit.
        ledger.storage.fail_after(0);
        assert!(ledger.ingest_all(&group, time(NOW)).iter().all(|result| matches!(result, Ok(Ingested::Duplicate))));
        assert!(ledger.ingest_all(&[], time(NOW)).is_empty());
    }

    #[test]
    fn two_histories_in_one_group_are_proven() {
        let verifier = journal_verifier(&list(), gate(7).certificate()).unwrap();
        let mut ledger = ledger();
        let mut long = gate(7);
        (0..300).for_each(|_| long.set_clock(time(NOW)).unwrap());
        let parts = parts(&mut long, &[1, 2]);
        let cases = [sealed(&[1, 9]), sealed(&[9])].map(|gate| segment(&gate, 0));
        // What it contradicts is not yet durable: neither its tile nor its checkpoint.
        let group: Vec<_> = parts.into_iter().chain(cases).collect();
        let results = ledger.ingest_all(&group, time(NOW));
        assert!(ledger.journals[&7].log.size() >= 256);
        let (forks, taken) = results.split_last_chunk::<2>().map(|(taken, forks)| (forks, taken)).unwrap();
        assert!(taken.iter().all(|result| matches!(result, Ok(Ingested::Accepted { .. }))));
        for fork in forks {
            let Err(IngestError::Equivocation(evidence)) = fork else { panic!("{fork:?}") };
            assert_eq!(evidence.verify(&verifier), Ok(()));
        }
    }

    #[test]
    fn an_old_copy_is_noticed_before_anything_is_signed() {
        let after = |newest: &[&SignedCheckpoint], storage: MemoryStorage| {
            let newest = newest.iter().map(|signed| signed.note().as_bytes());
            Ledger::open_after(newest, storage, id(CITY), secret(CITY, Role::Log), list())
        };
        let mut ledger = ledger_with(&sealed(&[1]));
        let first = ledger.checkpoint().unwrap();
        let first = ledger.cosigned(&lines(&first, &[320_100]), time(NOW)).unwrap();
        let old = ledger.storage.clone();
        ledger.record(Entry::CataloguePublished { sequence: 1, digest: Hash([1; 32]) }, time(NOW)).unwrap();
        let newest = ledger.checkpoint().unwrap();
        let current = ledger.storage.clone();
        // Which of the witnesses saw the newest does not matter.
        let refused = after(&[&first, &newest], old.clone());
        assert!(matches!(refused, Err(LedgerError::OldCopy { here: 2, known: 3 })));
        assert!(matches!(after(&[&newest], MemoryStorage::new()), Err(LedgerError::OldCopy { here: 0, known: 3 })));
        assert!(after(&[], old.clone()).is_ok() && after(&[&first], old.clone()).is_ok());
        assert!(after(&[&newest, &first], current.clone()).is_ok());
        // The old copy went on: as long, but another history.
        let mut forked = open(old).unwrap();
        forked.record(Entry::CataloguePublished { sequence: 1, digest: Hash([2; 32]) }, time(NOW)).unwrap();
        let refused = after(&[&first, &newest], forked.storage);
        assert!(matches!(refused, Err(LedgerError::Log(LogError::OtherRoot(3)))));
        let stranger = SignedCheckpoint::sign(newest.checkpoint().clone(), &secret(320_100, Role::Log));
        let refused = after(&[&stranger], current);
        assert!(matches!(refused, Err(LedgerError::Note(NoteError::NotSigned(_)))));
    }

    #[test]
    fn what_was_durable_although_the_commit_failed_is_found_by_recover() {
        let gate = sealed(&[1]);
        let mut ledger = open(Late(ledger().storage, true)).unwrap();
        assert!(ledger.ingest(&segment(&gate, 0), time(NOW)).is_err());
        assert_eq!(ledger.log.size(), 1);
        ledger.storage.1 = false;
        ledger.recover().unwrap();
        assert_eq!(ledger.log.size(), 2);
        assert_eq!(ledger.ingest(&segment(&gate, 0), time(NOW)).unwrap(), Ingested::Duplicate);
    }

    #[test]
    fn what_a_ledger_says_of_uses_reaches_its_gates() {
        let mut seven = sealed(&[1, 2, 3, 4]);
        let mut ledger = ledger_with(&seven);
        seven.annul(3, time(NOW)).unwrap();
        seven.seal().unwrap().unwrap();
        take(&mut ledger, &segment(&seven, 6)).unwrap();
        ledger.record(Entry::Reversal { gate: 7, index: 4 }, time(NOW)).unwrap();
        let usage = |entries| ledger.usage(entries, UnixTime::MIN, |_| true).unwrap();
        let whole = usage(0..4);
        let told: Vec<_> = whole.passes().map(|(_, _, usage)| (usage.uses().len(), usage.annulled().len())).collect();
        assert_eq!(told, [(1, 0), (0, 1), (0, 1), (1, 0)]);
        assert_eq!(whole.ledgers().sizes().collect::<Vec<_>>(), [(id(CITY), 4)]);
        for order in [[0..2, 2..3, 3..4], [3..4, 0..3, 1..2], [2..4, 3..4, 0..2]] {
            let mut parts = UsageFacts::new(UnixTime::MIN);
            order.into_iter().for_each(|entries| parts.merge(usage(entries)));
            assert_eq!(parts, whole);
        }
        let (_, ends, _) = whole.passes().next().unwrap();
        assert_eq!(ledger.usage(0..4, ends, |_| true).unwrap().passes().count(), 0);
        assert_eq!(ledger.usage(0..4, ends.saturating_add(-1), |_| true).unwrap().passes().count(), 4);
        assert!(matches!(ledger.usage(0..5, UnixTime::MIN, |_| true), Err(LedgerError::Log(_))));
        // Of the first pass and of the one that was annulled nothing is to be told.
        let some = |redemption: &Redemption| redemption.pass.pass.as_bytes()[0] > 2;
        let some = ledger.usage(0..4, UnixTime::MIN, some).unwrap();
        let told: Vec<_> = some.passes().map(|(pass, ..)| pass.pass.as_bytes()[0]).collect();
        assert_eq!((told, some.ledgers()), (vec![3, 4], whole.ledgers()));

        let digest = ledger.usage_digest(whole.clone(), time(NOW)).unwrap();
        let mut eight = gate(8);
        let sync = crate::gate::Sync { usage_digests: &[&digest], ..crate::gate::Sync::default() };
        eight.sync(&sync, time(NOW)).unwrap();
        let left = [1, 2, 3, 4].map(|pass| match eight.admit(Scan::text(code(pass, NOW).as_bytes()), time(NOW)) {
            Decision::Admitted(admitted) => admitted.uses_left,
            other => panic!("{other:?}"),
        });
        assert_eq!(left, [Some(0), Some(1), Some(1), Some(0)]);
        assert!(matches!(ledger.usage_digest(whole.clone(), time(NOW - 3)), Err(LedgerError::Clock { .. })));
        let ends = ledger.trust().keys(Role::Log).map(|(_, entry)| entry.not_after).max().unwrap();
        let late = ledger.usage_digest(whole.clone(), ends.saturating_add(1));
        assert!(matches!(late, Err(LedgerError::OtherKey)), "{late:?}");
        let future = ledger.usage(0..4, time(NOW + 1), |_| true).unwrap();
        assert!(matches!(ledger.usage_digest(future, time(NOW)), Err(LedgerError::Usage(UsageDigestError::Rule(_)))));
    }

    /// A gate that gives uses back long after, or before they are recorded, is found by the audit; nobody else
    /// gives them back meanwhile.
    #[test]
    fn an_annulment_that_is_none_takes_no_use_back() {
        let honest = sealed(&[1, 2, 3]);
        let bodies = segment(&honest, 0).records.into_iter().map(|record| record.body);
        let annulled = |seconds, index| Record::Annulled { time: time(NOW + seconds), index }.encode();
        let set = |to, from| Record::ClockSet { time: time(NOW + to), before: time(NOW + from) }.encode();
        let mut bodies: Vec<_> = bodies.collect();
        bodies.insert(4, annulled(0, 5));
        bodies.extend([annulled(900, 2), annulled(901, 3)]);
        // Neither below zero nor by a clock that was set back is one young again.
        bodies.extend([set(-60, 901), annulled(-1, 5), set(0, -1), annulled(1, 5)]);
        let (mut storage, key) = (MemoryStorage::new(), gates::gate_key());
        let mut log = Log::open(&storage, LogKey(0), honest.log().origin().as_str()).unwrap();
        let mut batch = log.begin();
        for body in &bodies {
            batch.push(body, None).unwrap();
        }
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
        let mut segment = segment(&honest, 0);
        segment.checkpoint = SignedCheckpoint::sign(log.checkpoint(), &key).note().to_owned();
        segment.records = bodies.into_iter().map(|body| crate::gate::SegmentRecord { body, evidence: None }).collect();
        let mut ledger = ledger();
        take(&mut ledger, &segment).unwrap();
        let facts = ledger.usage(0..2, UnixTime::MIN, |_| true).unwrap();
        let told: Vec<_> = facts.passes().map(|(_, _, usage)| (usage.uses().len(), usage.annulled().len())).collect();
        assert_eq!(told, [(0, 1), (1, 0), (1, 0)], "the first alone was annulled in time");
        let mut reverse = |index| ledger.record(Entry::Reversal { gate: 7, index }, time(NOW));
        assert!(matches!(reverse(2), Err(LedgerError::NoRedemption { .. })));
        assert_eq!([reverse(3).unwrap(), reverse(5).unwrap()], [2, 3], "the city takes back what still counts");
    }

    /// Else a gate that annuls what is long gone would keep its city from telling of anything.
    #[test]
    fn an_annulment_of_a_pruned_record_is_not_told_and_keeps_nothing_back() {
        let mut gate = sealed(&[1, 2]);
        (0..252).for_each(|_| gate.sync(&crate::gate::Sync::default(), time(NOW)).unwrap());
        // The first record that is kept.
        admit(&mut gate, 5);
        gate.seal().unwrap().unwrap();
        let mut ledger = ledger_with(&gate);
        let sent = gate.log().size();
        gate.annul(3, time(NOW)).unwrap();
        gate.annul(256, time(NOW)).unwrap();
        admit(&mut gate, 4);
        gate.seal().unwrap().unwrap();
        take(&mut ledger, &segment(&gate, sent)).unwrap();
        let mut storage = ledger.storage().clone();
        storage.commit(&ledger.journals()[&7].log().prune(256, 1).writes()).unwrap();
        let mut ledger = open(storage).unwrap();
        let facts = ledger.usage(2..3, UnixTime::MIN, |_| true).unwrap();
        let told: Vec<_> = facts.passes().map(|(pass, ..)| pass.pass.as_bytes()[0]).collect();
        assert_eq!((told, facts.ledgers().has(id(CITY))), (vec![4, 5], true));
        let gone = |ledger: &TestLedger, entries| match ledger.usage(entries, UnixTime::MIN, |_| true) {
            Err(LedgerError::Log(LogError::Pruned(index))) => index,
            other => panic!("{other:?}"),
        };
        assert_eq!(gone(&ledger, 1..2), 0);
        // What a city reversed it tells before it prunes.
        ledger.append(Entry::Reversal { gate: 7, index: 2 }, time(NOW)).unwrap();
        assert_eq!(gone(&ledger, 3..4), 2);
    }

    /// That a store is another's is said as such, before anything is written, whether or not anything in it was signed.
    #[test]
    fn a_store_of_another_log_is_refused_as_that() {
        let peer = || {
            let mut peer = Ledger::open(MemoryStorage::new(), id(320_100), secret(320_100, Role::Log), list()).unwrap();
            peer.enrol(&certificate(320_100, 7, 7), time(NOW)).unwrap();
            peer
        };
        let (mut signed_peer, mut signed) = (peer(), ledger());
        signed_peer.checkpoint().unwrap();
        signed.checkpoint().unwrap();
        let other =
            |member: u32| LedgerError::Log(LogError::OtherLog(list().ledger_origin(id(member)).parse().unwrap()));
        let journal = || LogError::OtherLog(list().journal_origin(gate(7).id()).parse().unwrap());
        for (storage, expected) in [
            (peer().storage(), LedgerError::OtherStore),
            (gate(7).storage(), LedgerError::OtherStore),
            (signed_peer.storage(), other(320_100)),
            (sealed(&[1]).storage(), LedgerError::Log(journal())),
        ] {
            assert_eq!(open(storage.clone()).unwrap_err().to_string(), expected.to_string());
        }
        let opened = |number: u32, storage: &MemoryStorage| {
            let key = if number == 7 { gates::gate_key() } else { SigningKey::from_seed(&[number as u8; 32]) };
            let certificate = gate(number).certificate().as_bytes().to_vec();
            Gate::open(storage.clone(), key, &certificate, gates::bundle(), time(NOW)).unwrap_err()
        };
        use crate::gate::GateError;
        assert!(matches!(opened(8, gate(7).storage()), GateError::OtherCertificate));
        assert!(matches!(opened(8, sealed(&[1]).storage()), GateError::Log(other) if other == journal()));
        assert!(matches!(opened(7, ledger().storage()), GateError::OtherStore));
        assert!(matches!(opened(7, signed.storage()), GateError::Log(LogError::OtherLog(_))));
    }

    #[test]
    fn the_ledgers_clock_never_goes_back() {
        let gate = sealed(&[1]);
        let mut ledger = ledger();
        let back = ledger.ingest(&segment(&gate, 0), time(NOW - 3)).unwrap_err();
        assert!(
            matches!(back, IngestError::Ledger(LedgerError::Clock { now, last }) if (now, last) == (time(NOW - 3), time(NOW)))
        );
        let clock = |result| matches!(result, Err(LedgerError::Clock { .. }));
        assert!(clock(ledger.retire(7, time(NOW - 3))));
        assert!(clock(ledger.enrol(&certificate(CITY, 8, 8), time(NOW - 3))));
        let published = Entry::CataloguePublished { sequence: 1, digest: Hash([1; 32]) };
        assert!(clock(ledger.record(published, time(NOW - 3))));
        let mut again = open(ledger.storage.clone()).unwrap();
        assert!(clock(again.retire(7, time(NOW - 3))), "after a restart too");
        // A step back of the clock is dated as the entry before.
        let mut stepped = open(again.storage.clone()).unwrap();
        assert!(stepped.ingest(&segment(&gate, 0), time(NOW - 2)).is_ok());
        stepped.retire(7, time(NOW - 1)).unwrap();
        let dated = |index| Entry::decode(&stepped.log.body(&stepped.storage, index).unwrap()).unwrap().0;
        assert_eq!([1, 2].map(dated), [time(NOW); 2]);
        same(&stepped, &open(stepped.storage.clone()).unwrap());
        assert!(again.retire(7, time(NOW)).is_ok());
    }

    #[test]
    fn a_gate_is_enrolled_once_by_its_own_member() {
        let mut ledger = ledger();
        let gate_error = |result| matches!(result, Err(LedgerError::Gate(_)));
        assert!(gate_error(ledger.enrol(gate(7).certificate().as_bytes(), time(NOW))));
        assert!(gate_error(ledger.enrol(&certificate(CITY, 7, 43), time(NOW))), "nor with another key");
        assert!(gate_error(ledger.enrol(&certificate(320_100, 8, 8), time(NOW))));
        assert!(matches!(ledger.enrol(&[1], time(NOW)), Err(LedgerError::Certificate(_))));
        let foreign = Entry::GateEnrolled { certificate: certificate(320_100, 8, 8) };
        assert!(gate_error(ledger.record(foreign, time(NOW))), "nor by the other door");
        assert!(gate_error(ledger.retire(9, time(NOW))));
        assert_eq!(ledger.log.size(), 1);
        ledger.record(Entry::GateEnrolled { certificate: certificate(CITY, 8, 8) }, time(NOW)).unwrap();
        assert_eq!(ledger.journals.len(), 2);
    }

    #[test]
    fn only_ingest_seals_a_journal() {
        let gate = sealed(&[1]);
        let mut ledger = ledger();
        let forged = Entry::JournalSealed { gate: 7, first: 0, checkpoint: segment(&gate, 0).checkpoint };
        assert!(matches!(ledger.record(forged, time(NOW)), Err(LedgerError::Sealed)));
        assert_eq!(ledger.log.size(), 1);
    }

    #[test]
    fn only_a_redemption_that_stands_is_reversed_and_once() {
        let mut gate = sealed(&[1, 2, 3]);
        gate.annul(4, time(NOW)).unwrap();
        gate.seal().unwrap().unwrap();
        let mut ledger = ledger_with(&gate);
        let reverse = |gate, index| Entry::Reversal { gate, index };
        let refused = |result, index| matches!(result, Err(LedgerError::NoRedemption { index: at, .. }) if at == index);
        let none = [0, 1, 4, 5, 6, u64::MAX];
        for index in none {
            assert!(refused(ledger.record(reverse(7, index), time(NOW)), index), "{index}");
        }
        assert!(matches!(ledger.record(reverse(8, 1), time(NOW)), Err(LedgerError::Gate(_))));
        assert_eq!(ledger.log.size(), 2);
        ledger.record(reverse(7, 2), time(NOW)).unwrap();
        assert!(refused(ledger.record(reverse(7, 2), time(NOW)), 2), "once");
        let mut again = open(ledger.storage.clone()).unwrap();
        assert!(refused(again.record(reverse(7, 2), time(NOW)), 2), "after a restart too");
        again.record(reverse(7, 3), time(NOW)).unwrap();
        assert!(again.journals[&7].reversed().iter().eq(&[2, 3]));
    }

    #[test]
    fn what_is_here_is_not_lost() {
        let mut ledger = ledger_with(&sealed(&[1]));
        let gap = |from, until| Entry::GapDeclared { gate: 7, from, until };
        assert!(matches!(ledger.record(gap(2, 4), time(NOW)), Err(LedgerError::NotLost { size: 3, .. })));
        assert!(matches!(ledger.record(gap(3, 3), time(NOW)), Err(LedgerError::Refused(EntryError::Rule(_)))));
        ledger.record(gap(3, 4), time(NOW)).unwrap();
        assert!(matches!(ledger.record(gap(4, 3), time(NOW)), Err(LedgerError::Refused(_))));
    }

    #[test]
    fn an_entry_that_could_not_be_read_again_is_not_written() {
        let mut ledger = ledger();
        let digest = Hash([1; 32]);
        let cut_off = CutOff { member: id(CITY), size: 1, root: digest };
        let settled = StatementRef { from: time(1), until: time(2), cut_offs: vec![cut_off], digest };
        let uri = "u".repeat(crate::limits::MAX_STATUS_URI + 1);
        let bad = [
            Entry::Settlement(StatementRef { until: time(1), ..settled.clone() }),
            Entry::Settlement(StatementRef { cut_offs: vec![cut_off; 2], ..settled.clone() }),
            Entry::StatusPublished { uri, issued: time(1), digest },
        ];
        for entry in bad {
            assert!(matches!(ledger.record(entry, time(NOW)), Err(LedgerError::Refused(_))));
        }
        ledger.record(Entry::Settlement(settled), time(NOW)).unwrap();
        same(&ledger, &open(ledger.storage.clone()).unwrap());
        assert_eq!(ledger.log.size(), 2);
    }

    #[test]
    fn a_ledger_with_an_entry_that_nobody_can_read_is_not_opened() {
        let ledger = ledger();
        let (mut storage, mut batch) = (ledger.storage.clone(), ledger.log.begin());
        batch.push(b"no entry", None).unwrap();
        storage.commit(&batch.writes()).unwrap();
        assert!(matches!(open(storage), Err(LedgerError::Entry { index: 1, .. })));
    }

    #[test]
    fn a_trust_list_is_not_adopted_before_it_is_issued() {
        let mut ledger = open(MemoryStorage::new()).unwrap();
        let list = list();
        let adopted = Entry::TrustAdopted { sequence: 1, digest: list.digest() };
        let before = list.issued().seconds() - 1;
        let early = ledger.record(adopted.clone(), time(before));
        assert!(matches!(early, Err(LedgerError::Trust(TrustError::NotYetIssued(from))) if from == list.issued()));
        assert_eq!(ledger.log.size(), 0);
        ledger.record(adopted, list.issued()).unwrap();
    }

    #[test]
    fn only_a_peers_signed_checkpoint_is_seen() {
        let mut ledger = ledger();
        let peer = |origin: u32, signer: u32| {
            let origin = crate::tlog::KeyName::new(&list().ledger_origin(id(origin))).unwrap();
            let checkpoint = Checkpoint { origin, size: 5, root: Hash([3; 32]) }.sign(&secret(signer, Role::Log));
            Entry::PeerSeen { checkpoint }
        };
        assert!(ledger.record(peer(320_100, 320_100), time(NOW)).is_ok());
        let refused = |result| matches!(result, Err(LedgerError::Note(_)));
        assert!(refused(ledger.record(peer(320_100, 330_100), time(NOW))));
        assert!(refused(ledger.record(peer(CITY, CITY), time(NOW))), "its own is no peer's");
        assert!(refused(ledger.record(peer(999_999, 320_100), time(NOW))));
        assert!(refused(ledger.record(Entry::PeerSeen { checkpoint: "junk".into() }, time(NOW))));
    }

    #[test]
    fn a_ledger_opens_with_its_own_key_and_its_own_journals_only() {
        let gate = sealed(&[1]);
        let ledger = ledger_with(&gate);
        let other = Ledger::open(ledger.storage.clone(), id(CITY), secret(320_100, Role::Log), list());
        assert!(matches!(other.unwrap_err(), LedgerError::OtherKey));
        let role = Ledger::open(ledger.storage.clone(), id(CITY), secret(CITY, Role::Witness), list());
        assert!(matches!(role.unwrap_err(), LedgerError::OtherKey));
        // A journal that went on without the ledger, and one that is gone.
        let journal = &ledger.journals[&7].log;
        let mut batch = journal.begin();
        batch.push(&[1], None).unwrap();
        let mut grown = ledger.storage.clone();
        grown.commit(&batch.writes()).unwrap();
        assert!(matches!(open(grown).unwrap_err(), LedgerError::OtherJournal(gate) if gate.number == 7));
        let mut gone = ledger.storage.clone();
        let rows: Vec<Write> = ledger
            .storage
            .rows()
            .map(|(row, _)| row)
            .filter(|row| {
                matches!(
                    row,
                    Row::Entry { log: LogKey(7), .. }
                        | Row::Size { log: LogKey(7) }
                        | Row::Checkpoint { log: LogKey(7) }
                )
            })
            .map(Write::Delete)
            .collect();
        gone.commit(&rows).unwrap();
        assert!(matches!(open(gone).unwrap_err(), LedgerError::OtherJournal(_)));
    }

    #[test]
    fn a_checkpoint_is_signed_once_and_keeps_its_cosignatures() {
        let mut ledger = ledger_with(&sealed(&[1]));
        assert!(matches!(ledger.cosigned("", time(NOW)), Err(LedgerError::Note(NoteError::NotSigned(_)))));
        let signed = ledger.checkpoint().unwrap();
        let before = ledger.storage.clone();
        assert_eq!(ledger.checkpoint().unwrap(), signed);
        assert_eq!(ledger.storage, before);
        let two = ledger.cosigned(&lines(&signed, &[320_100, 330_100]), time(NOW)).unwrap();
        assert_eq!(ledger.checkpoint().unwrap(), two);
        // The ledger grows while the third cosignature is on its way.
        ledger.retire(7, time(NOW)).unwrap();
        let three = ledger.cosigned(&lines(&signed, &[340_100]), time(NOW)).unwrap();
        assert_eq!(three.size(), signed.size());
        assert_eq!(final_at(&three), Some(time(NOW)));
        let again = open(ledger.storage.clone()).unwrap();
        assert_eq!(again.kept_checkpoint().unwrap(), Some(three));
        let next = ledger.checkpoint().unwrap();
        assert_eq!((next.size(), next.root()), (ledger.log.size(), ledger.log.root()));
        let late = ledger.cosigned(&lines(&signed, &[320_100]), time(NOW)).unwrap_err();
        assert!(matches!(late, LedgerError::Note(NoteError::Signature(_))), "of the checkpoint before");
        assert_eq!(ledger.kept_checkpoint().unwrap(), Some(next));
    }

    #[test]
    fn a_cosignature_of_an_impossible_time_is_not_kept_and_displaces_none() {
        let apart = 600;
        assert_eq!(list().policy().clock_suspect, apart);
        let (apart, name) = (i64::from(apart), witness_name(&list(), id(320_100)).unwrap());
        let line =
            |signed: &SignedCheckpoint, at| signed.checkpoint().cosign(&name, &secret(320_100, Role::Witness), at);
        // The list was issued at 1000; an empty ledger has no entry that tells more.
        let mut empty = Ledger::open(MemoryStorage::new(), id(CITY), secret(CITY, Role::Log), list()).unwrap();
        for (mut ledger, from) in [(std::mem::replace(&mut empty, ledger()), 1_000), (empty, NOW)] {
            let (signed, now) = (ledger.checkpoint().unwrap(), NOW + 5_000);
            let good = line(&signed, time(NOW + 7));
            for at in [UnixTime::MIN, time(from - apart - 1), time(999), time(now + apart + 1), UnixTime::MAX] {
                let bad = line(&signed, at);
                let before = ledger.storage.clone();
                let refused = ledger.cosigned(&bad, time(now));
                assert!(matches!(refused, Err(LedgerError::Note(NoteError::Time(_)))), "{at}");
                assert_eq!(ledger.storage, before);
                for lines in [[&bad[..], &good].concat(), [&good[..], &bad].concat()] {
                    let mut ledger = Ledger::open(before.clone(), id(CITY), secret(CITY, Role::Log), list()).unwrap();
                    assert_eq!(ledger.cosigned(&lines, time(now)).unwrap().note(), [signed.note(), &good].concat());
                    let bad = ledger.cosigned(&bad, time(now));
                    assert!(matches!(bad, Err(LedgerError::Note(NoteError::Time(_)))), "{at}");
                }
            }
            for at in [time((from - apart).max(1_000)), time(now + apart)] {
                let mut ledger =
                    Ledger::open(ledger.storage.clone(), id(CITY), secret(CITY, Role::Log), list()).unwrap();
                let taken = ledger.cosigned(&line(&signed, at), time(now)).unwrap();
                assert_eq!(taken.note(), [signed.note(), &line(&signed, at)].concat());
            }
            // One that an earlier version kept gives way.
            let kept = [signed.note(), &line(&signed, UnixTime::MAX)].concat();
            ledger.storage.commit(&[Write::Put(Row::Checkpoint { log: LEDGER }, kept.into())]).unwrap();
            assert_eq!(ledger.cosigned(&good, time(now)).unwrap().note(), [signed.note(), &good].concat());
        }
    }

    #[test]
    fn nothing_is_signed_over_a_checkpoint_that_cannot_be_read() {
        let mut ledger = ledger_with(&sealed(&[1]));
        ledger.checkpoint().unwrap();
        ledger.storage.commit(&[Write::Put(Row::Checkpoint { log: LEDGER }, b"?".into())]).unwrap();
        let before = ledger.storage.clone();
        assert!(matches!(ledger.checkpoint(), Err(LedgerError::Note(NoteError::Shape))));
        assert_eq!(ledger.storage, before);
    }

    #[test]
    fn another_entry_in_place_of_the_seal_makes_no_receipt() {
        let mut ledger = ledger_with(&sealed(&[1]));
        ledger.checkpoint().unwrap();
        ledger.receipt(7, 2).unwrap();
        let other = Entry::GateRetired { gate: 7 }.encode(time(NOW));
        ledger.storage.commit(&[Write::Put(Row::Entry { log: LEDGER, index: 1 }, other)]).unwrap();
        assert!(matches!(ledger.receipt(7, 2), Err(LedgerError::NotLogged { index: 2, .. })));
    }

    #[test]
    fn after_a_change_of_key_the_ledger_signs_anew() {
        let mut spec = federation::spec();
        let fresh = SigningKey::from_seed(&[77; 32]);
        spec.members[1].keys.push(federation::key_entry(&fresh, Role::Log));
        let list = federation::genesis(&spec, &federation::CITIES[..3]).unwrap();
        let mut ledger = ledger();
        let before = ledger.checkpoint().unwrap();
        let mut ledger = Ledger::open(ledger.storage.clone(), id(CITY), fresh, list).unwrap();
        let after = ledger.checkpoint().unwrap();
        assert_eq!(before.checkpoint(), after.checkpoint());
        assert_ne!(before, after);
        assert_eq!(ledger.checkpoint().unwrap(), after);
    }

    #[test]
    fn a_checkpoint_is_final_by_a_quorum_of_other_members() {
        let mut ledger = ledger();
        let signed = ledger.checkpoint().unwrap();
        let at = |seconds| time(seconds);
        let trust = list();
        let with = |witnesses: &[u32]| {
            let known: Vec<NoteVerifier> = federation::CITIES
                .iter()
                .chain(&[100_000])
                .map(|&code| {
                    let name = witness_name(&trust, id(code)).unwrap();
                    let key = secret(code, Role::Witness).verifying_key();
                    NoteVerifier::new(name.as_str(), KeyKind::Cosignature, key).unwrap()
                })
                .collect();
            signed.with_cosignatures(&lines(&signed, witnesses), &known).unwrap()
        };
        let fin = |signed: &SignedCheckpoint| final_at(signed).is_some();
        assert_eq!(trust.policy().witness_quorum, 3);
        assert!(!fin(&with(&[320_100, 330_100])));
        assert!(!fin(&with(&[CITY, 320_100, 330_100])), "its own witness does not count");
        assert!(fin(&with(&[320_100, 330_100, 340_100])));
        assert!(fin(&with(&[320_100, 330_100, 100_000])), "the auditor's counts");
        // A stranger's line, under a name of its own or of a member, is left out.
        let stranger = SigningKey::from_seed(&[99; 32]);
        let two = lines(&signed, &[320_100, 330_100]);
        for name in ["stranger".into(), witness_name(&trust, id(340_100)).unwrap().as_str().to_owned()] {
            let name = crate::tlog::KeyName::new(&name).unwrap();
            let line = signed.checkpoint().cosign(&name, &stranger, at(NOW));
            let kept = ledger.cosigned(&[two.clone(), line].concat(), at(NOW)).unwrap();
            assert!(!fin(&kept));
            assert_eq!(kept.note().matches('\u{2014}').count(), 3);
        }
        assert!(ledger.cosigned(&lines(&signed, &[CITY]), at(NOW)).unwrap().note().matches('\u{2014}').count() == 3);
        let note = with(&[320_100]).note().to_owned();
        let refused = LedgerCheckpoint::verify(note.as_bytes(), &trust.clone().into(), id(320_100));
        assert!(matches!(refused, Err(NoteError::OtherLog(_))), "it is another member's");
        let note = with(&[CITY, 320_100]).note().to_owned();
        let read = LedgerCheckpoint::verify(note.as_bytes(), &trust.clone().into(), id(CITY)).unwrap();
        assert_eq!(read.cosignatures().iter().map(|one| one.member).collect::<Vec<_>>(), [id(320_100)]);
        let own = witness_name(&trust, id(CITY)).unwrap();
        assert_eq!(read.unknown_lines().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [own.as_str()]);
    }

    #[test]
    fn keys_of_a_suspended_member_do_not_count() {
        let mut spec = federation::spec();
        spec.members[2].suspended_from = Some(time(NOW));
        let list = federation::genesis(&spec, &federation::CITIES[..3]).unwrap();
        let witnesses = |at| witness_verifiers(&list, id(CITY), time(at)).len();
        assert_eq!((witnesses(NOW - 1), witnesses(NOW)), (4, 3));
        let log = |at| log_verifiers(&list, id(320_100), time(at)).len();
        assert_eq!((log(NOW - 1), log(NOW)), (1, 0));
        let gives = |at| gives(&list, id(320_100), &secret(320_100, Role::Log), at);
        assert_eq!(
            [None, Some(time(NOW - 1)), Some(time(NOW)), Some(time(NOW + 1))].map(gives),
            [true, true, false, false]
        );
    }

    #[test]
    fn another_list_under_the_first_lists_number_is_not_read_over() {
        let other = Entry::TrustAdopted { sequence: 1, digest: Hash([9; 32]) };
        assert!(matches!(ledger().append(other, time(NOW)), Err(LedgerError::OtherTrustList(1))));
    }

    #[test]
    fn a_key_verifies_from_its_first_second_to_its_last() {
        let list = list();
        let at = |seconds| {
            let seconds = time(seconds);
            (witness_verifiers(&list, id(CITY), seconds).len(), log_verifiers(&list, id(CITY), seconds).len())
        };
        assert_eq!([999, 1_000, 2_000_000_000, 2_000_000_001].map(at), [(0, 0), (4, 1), (4, 1), (0, 0)]);
        let watch = crate::ledger::watch(&list.clone().into(), id(CITY), LogKey(1), time(NOW)).unwrap();
        assert_eq!((watch.keys, watch.retired), (log_verifiers(&list, id(CITY), time(NOW)), vec![]));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Admit(usize),
        Seal(usize),
        /// Takes a segment of a gate from somewhere before its end, to be delivered at any time.
        Send(usize, prop::sample::Index),
        /// Delivers one of the segments sent, maybe once more, maybe cut.
        Deliver(prop::sample::Index, usize),
        /// Delivers it to a ledger whose commit fails.
        Fail(prop::sample::Index),
        Reopen,
        Checkpoint,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let (which, at) = (0usize..2, any::<prop::sample::Index>());
        let step = prop_oneof![
            3 => which.clone().prop_map(Step::Admit),
            3 => which.clone().prop_map(Step::Seal),
            4 => (which, at.clone()).prop_map(|(gate, at)| Step::Send(gate, at)),
            6 => (at.clone(), prop_oneof![3 => Just(0usize), 1 => 1usize..4]).prop_map(|(at, cut)| Step::Deliver(at, cut)),
            1 => at.prop_map(Step::Fail),
            1 => Just(Step::Reopen),
            1 => Just(Step::Checkpoint),
        ];
        prop::collection::vec(step, 1..60)
    }

    /// What becomes of a segment, by sizes alone; `had` is what the ledger has of that gate.
    fn expected(segment: &Segment, size: u64, had: u64) -> &'static str {
        match segment.first + segment.records.len() as u64 {
            _ if size <= had => "duplicate",
            _ if segment.first > had => "gap",
            end if end < size => "truncated",
            _ => "accepted",
        }
    }

    fn found(result: &Result<Ingested, IngestError<MemoryError>>) -> &'static str {
        match result {
            Ok(Ingested::Accepted { .. }) => "accepted",
            Ok(Ingested::Duplicate) => "duplicate",
            Err(IngestError::Gap { .. }) => "gap",
            Err(IngestError::Truncated { .. }) => "truncated",
            Err(IngestError::Ledger(LedgerError::Log(LogError::Storage(_)))) => "store",
            Err(_) => "other",
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 48,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(310_101),
            ..ProptestConfig::default()
        })]

        #[test]
        fn every_sealed_record_is_in_the_ledger_exactly_once(steps in steps()) {
            let mut gates = [gate(7), gate(8)];
            let mut ledger = ledger();
            ledger.enrol(gates[1].certificate().as_bytes(), time(NOW)).unwrap();
            let (mut passes, mut had, mut seals) = ([100u8; 2], [0u64; 2], 0);
            let mut sent: Vec<(usize, u64, Segment)> = Vec::new();
            let sealed_size = |gate: &TestGate| gate.segment(0).unwrap().map_or(0, |segment| segment.records.len() as u64);
            for step in steps {
                match step {
                    Step::Admit(which) => {
                        passes[which] += 1;
                        admit(&mut gates[which], passes[which]);
                    }
                    Step::Seal(which) => drop(gates[which].seal().unwrap()),
                    Step::Send(which, at) => {
                        let size = sealed_size(&gates[which]);
                        if size > 0 {
                            let first = at.index(size as usize) as u64;
                            sent.push((which, size, segment(&gates[which], first)));
                        }
                    }
                    Step::Deliver(at, cut) if !sent.is_empty() => {
                        let (which, size, mut segment) = at.get(&sent).clone();
                        segment.records.truncate(segment.records.len().saturating_sub(cut));
                        let result = take(&mut ledger, &segment);
                        prop_assert_eq!(found(&result), expected(&segment, size, had[which]));
                        if let Ok(Ingested::Accepted { records, entry }) = result {
                            prop_assert_eq!((records, entry + 1), (size - had[which], ledger.log.size()));
                            had[which] = size;
                            seals += 1;
                        }
                    }
                    Step::Fail(at) if !sent.is_empty() => {
                        let (which, size, segment) = at.get(&sent);
                        let before = ledger.storage.clone();
                        let accepted = expected(segment, *size, had[*which]) == "accepted";
                        if accepted {
                            ledger.storage.fail_after(0);
                            let result = take(&mut ledger, segment);
                            prop_assert_eq!(found(&result), "store");
                            ledger.recover().unwrap();
                        }
                        prop_assert_eq!(&ledger.storage, &before);
                    }
                    Step::Reopen => {
                        let again = open(ledger.storage.clone()).unwrap();
                        same(&ledger, &again);
                        ledger = again;
                    }
                    Step::Checkpoint => prop_assert_eq!(ledger.checkpoint().unwrap().root(), ledger.log.root()),
                    Step::Deliver(..) | Step::Fail(_) => {}
                }
            }
            // The last delivery: what each gate sealed and the ledger has not.
            for (which, gate) in gates.iter().enumerate() {
                if let Some(rest) = gate.segment(had[which]).unwrap() {
                    prop_assert_eq!(found(&take(&mut ledger, &rest)), "accepted");
                    seals += 1;
                }
            }
            for gate in &gates {
                let (journal, size) = (&ledger.journals[&gate.id().number].log, sealed_size(gate));
                prop_assert_eq!((journal.size(), journal.root()), (size, gate.log().root_at(gate.storage(), size).unwrap()));
                for index in 0..size {
                    let here = journal.body(&ledger.storage, index).unwrap();
                    prop_assert_eq!(here, gate.log().body(gate.storage(), index).unwrap());
                    let here = journal.attachment(&ledger.storage, index).unwrap();
                    prop_assert_eq!(here, gate.log().attachment(gate.storage(), index).unwrap());
                }
                journal.verify(&ledger.storage).unwrap();
            }
            prop_assert_eq!(ledger.log.size(), 2 + seals, "an entry for each enrolment and each seal, no more");
            same(&ledger, &open(ledger.storage.clone()).unwrap());
        }

        /// In groups of any size, each segment has the result that it has one after the other, and the store holds
        /// the same; so it is where a commit fails.
        #[test]
        fn a_group_comes_to_the_same_as_one_after_the_other(
            order in prop::collection::vec((any::<prop::sample::Index>(), 0u8..12), 1..24),
            sizes in prop::collection::vec(1usize..8, 24),
            fails in prop::option::of(0u32..6),
        ) {
            let mut sent = parts(&mut gate(7), &[1, 2, 3, 4]);
            sent.extend(parts(&mut gate(8), &[5, 6, 7]));
            sent.push(segment(&sealed(&[1, 2, 9]), 0));
            sent.push(segment(&sealed(&[1, 2, 3, 4]), 2));
            let mut ledger = ledger();
            ledger.enrol(gate(8).certificate().as_bytes(), time(NOW)).unwrap();
            let damaged = |(at, damage): (prop::sample::Index, u8)| {
                let mut segment = at.get(&sent).clone();
                match damage {
                    0 => drop(segment.records.pop()),
                    1 => segment.records.swap_remove(0).body.clear(),
                    2 => segment.records.iter_mut().for_each(|record| record.evidence = Some(vec![1])),
                    3 => segment.checkpoint = segment.checkpoint.replacen('\n', "\n\n", 1),
                    _ => {}
                }
                segment
            };
            // Mostly in order, or nearly all would be gaps.
            let mut at_random: Vec<_> = order.into_iter().map(damaged).collect();
            let in_order: Vec<Segment> = sent.clone();
            at_random.splice(at_random.len() / 2..at_random.len() / 2, in_order);
            let mut single = open(ledger.storage.clone()).unwrap();
            let (mut rest, mut sizes, mut commits) = (&at_random[..], sizes.into_iter().cycle(), fails);
            while !rest.is_empty() {
                let (group, after) = rest.split_at(sizes.next().unwrap().min(rest.len()));
                rest = after;
                let failing = commits == Some(0);
                commits = commits.and_then(|left| left.checked_sub(1));
                if failing {
                    ledger.storage.fail_after(0);
                    single.storage.fail_after(0);
                }
                let together = format!("{:?}", ledger.ingest_all(group, time(NOW)));
                let one_by_one: Vec<_> = group.iter().map(|segment| take(&mut single, segment)).collect();
                prop_assert_eq!(together, format!("{one_by_one:?}"));
                ledger.recover().unwrap();
                single.recover().unwrap();
                prop_assert_eq!(&ledger.storage, &single.storage);
                same(&ledger, &single);
            }
            same(&ledger, &open(ledger.storage.clone()).unwrap());
        }
    }
}
