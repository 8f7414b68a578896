//! A member's ledger with the journals of its gates, in one store: opened, read and signed.

use super::entry::{Announcement, Entry};
use super::error::{LedgerError, OpenLedgerError, SignError};
use super::finality::Witnesses;
use super::journal::Journal;
use super::pending::{PendingCommit, ReadyCommit};
use super::verifiers::{every_log_key, gives, journal_verifier};
use crate::crypto::{Hash, SigningKey};
use crate::gate::Record;
use crate::id::{GateId, MemberId};
use crate::time::UnixTime;
use crate::tlog::{
    KeyKind, Log, LogError, LogKey, NoteError, NoteVerifier, OpenOptions, SignedCheckpoint, Staged, Storage, Write,
    Writer, empty_root,
};
use crate::trust::{GateCertificate, TrustHistory, TrustList};
use std::collections::{BTreeMap, BTreeSet};

/// The ledger itself; the journal of gate `n` is log `n`, and gates are numbered from 1.
pub(super) const LEDGER: LogKey = LogKey(0);

/// A member's ledger.
#[derive(Debug)]
pub struct Ledger<S: Storage> {
    pub(super) storage: S,
    pub(super) member: MemberId,
    pub(super) key: SigningKey,
    pub(super) trust: TrustHistory,
    /// Sequence of the list in force here: the one adopted last.
    pub(super) adopted: u64,
    pub(super) log: Log,
    pub(super) journals: BTreeMap<u32, Journal>,
    pub(super) last: UnixTime,
    pub(super) writer: Writer,
}

impl<S: Storage> Ledger<S> {
    /// Opens a member's ledger and the journals of its gates.
    ///
    /// `trust` is the one trust list there has been, or the history of them: with every list that this
    /// ledger adopted, since each entry is read by the list in force when it was made. Until the
    /// ledger adopts one, that is the first of them.
    ///
    /// [`OpenOptions::newest`] are checkpoints of this ledger that others have: what witnesses cosigned last, what
    /// peers and receipts show.
    ///
    /// # Errors
    /// [`OpenLedgerError`]; a ledger that cannot vouch for what it holds does not open. Of one that is not as new as
    /// others have seen it, that is [`OpenLedgerError::OldCopy`], and [`LogError::OtherRoot`] where another history is
    /// here.
    pub fn open(
        storage: S,
        member: MemberId,
        key: SigningKey,
        trust: impl Into<TrustHistory>,
        options: OpenOptions<'_>,
    ) -> Result<Self, OpenLedgerError<S::Error>> {
        let trust = trust.into();
        let log = Log::open(&storage, LEDGER, &trust.first().ledger_origin(member))?;
        let journals = BTreeMap::new();
        let (adopted, last) = (trust.first().sequence(), UnixTime::MIN);
        let mut ledger = Self { storage, member, key, trust, adopted, log, journals, last, writer: Writer::default() };
        ledger.replay()?;
        // The key may be that of a list still to be adopted.
        let lists = ledger.trust.lists().filter(|list| list.sequence() >= ledger.adopted);
        if !lists.into_iter().any(|list| gives(list, member, &ledger.key, None)) {
            return Err(OpenLedgerError::OtherKey);
        }
        options.newest.iter().try_for_each(|note| ledger.check_holds(note))?;
        Ok(ledger)
    }

    /// Refuses a ledger that is not the one this checkpoint was signed over, or an earlier state of it.
    fn check_holds(&self, newest: &[u8]) -> Result<(), OpenLedgerError<S::Error>> {
        let newest = SignedCheckpoint::verify_any(newest, &every_log_key(&self.trust, self.member))
            .map_err(OpenLedgerError::Newest)?;
        let (here, known) = (self.log.size(), newest.size());
        if here < known {
            return Err(OpenLedgerError::OldCopy { here, known });
        }
        if self.log.root_at(&self.storage, known)? != newest.root() {
            return Err(LogError::OtherRoot(known).into());
        }
        Ok(())
    }

    /// Makes the store ready again, whatever failed. After a failed commit it also opens the logs again and learns
    /// what the store holds.
    ///
    /// # Errors
    /// As [`Ledger::open`]; the ledger is as unsure as before then.
    pub fn recover(&mut self) -> Result<(), OpenLedgerError<S::Error>> {
        if self.writer.recover(&mut self.storage).map_err(LogError::Storage)? {
            self.log = Log::open(&self.storage, LEDGER, self.log.origin().as_str())?;
            self.replay()?;
        }
        Ok(())
    }

    /// Learns all that the log holds, and checks that the journals are those it sealed.
    fn replay(&mut self) -> Result<(), OpenLedgerError<S::Error>> {
        let mut entries = Vec::new();
        let mut broken = None;
        self.log.replay(&self.storage, 0..self.log.size(), |index, body| {
            match Entry::decode(body) {
                // What reads as a certificate of 32 bytes is a gate's first record.
                _ if index == 0 && matches!(Record::decode(body), Ok(Record::Opened { .. })) => {
                    broken = Some(OpenLedgerError::OtherStore);
                }
                Ok((time, entry)) => entries.push((index, time, entry)),
                Err(error) => broken = Some(OpenLedgerError::Entry { index, error }),
            }
            broken.is_none()
        })?;
        if let Some(broken) = broken {
            return Err(broken);
        }
        self.journals.clear();
        self.last = UnixTime::MIN;
        self.adopted = self.trust.first().sequence();
        for (index, time, entry) in entries {
            self.learn(index, time, &entry)?;
        }
        for journal in self.journals.values() {
            if journal.log.root() != journal.root {
                return Err(OpenLedgerError::OtherJournal(journal.certificate.gate()));
            }
        }
        self.writer.settled();
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

    /// The journal.
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

    /// Signs with another log key from now on: the list in force must give it to this member.
    ///
    /// # Errors
    /// [`SignError::OtherKey`]; the key stays the one before then.
    pub fn use_key(&mut self, key: SigningKey) -> Result<(), SignError<S::Error>> {
        if !gives(self.trust(), self.member, &key, Some(self.last)) {
            return Err(SignError::OtherKey);
        }
        self.key = key;
        Ok(())
    }

    /// Signs a checkpoint over the ledger and keeps it. Where the ledger has not grown since the last
    /// one, that one is returned as it is kept, with its cosignatures; but not where the key before
    /// this one signed it.
    ///
    /// # Errors
    /// [`SignError::OtherKey`] when the trust list in force does not give the key for the newest
    /// entry's time or later, or the store's; the checkpoint then never leaves the city.
    pub fn checkpoint(&mut self) -> Result<SignedCheckpoint, SignError<S::Error>> {
        self.sure()?;
        // No witness would cosign it.
        if !gives(self.trust(), self.member, &self.key, Some(self.last)) {
            return Err(SignError::OtherKey);
        }
        let replaced = self.log.kept_checkpoint(&self.storage)?;
        match self.verify_kept(replaced.as_deref()) {
            Ok(Some(kept))
                if kept.size() == self.log.size() && self.verifier().is_ok_and(|own| own.id() == kept.signer()) =>
            {
                return Ok(kept);
            }
            Ok(_) | Err(LedgerError::Kept { error: NoteError::NotSigned(_), .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &self.key);
        self.keep(&signed, replaced)?;
        Ok(signed)
    }

    /// The newest checkpoint signed, with the cosignatures that arrived.
    ///
    /// # Errors
    /// The store's, or [`LedgerError::Kept`] when the note kept is damaged.
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
    /// [`clock_suspect`](crate::trust::Policy::clock_suspect). The checkpoint returned says which witnesses cosigned.
    ///
    /// # Errors
    /// [`SignError::Cosignature`] for the first bad line when none is good, or when no checkpoint was signed yet.
    pub fn cosigned(&mut self, lines: &str, now: UnixTime) -> Result<SignedCheckpoint, SignError<S::Error>> {
        self.sure()?;
        let replaced = self.log.kept_checkpoint(&self.storage)?;
        let signed = self.verify_kept(replaced.as_deref())?;
        let signed = signed.ok_or_else(|| SignError::Cosignature(NoteError::NotSigned(self.log.origin().clone())))?;
        let newest = self.time_before(signed.size())?;
        let apart = i64::from(self.trust().policy().clock_suspect);
        let witnesses = Witnesses::of(&self.trust, self.member, &every_log_key(&self.trust, self.member), &signed);
        let possible =
            |at, time: UnixTime| newest.since(time) <= apart && time.since(now) <= apart && witnesses.counts(at, time);
        let signed = signed.with_cosignatures_that(lines, &witnesses.keys, possible).map_err(SignError::Cosignature)?;
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
    /// [`LogError`] for sizes this ledger does not have.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError<S::Error>> {
        self.log.consistency_proof(&self.storage, old, new)
    }

    pub(super) fn gate_id(&self, number: u32) -> GateId {
        GateId { member: self.member, number }
    }

    /// The journal of a gate, or who that gate is.
    pub(super) fn journal(&self, gate: u32) -> Result<&Journal, GateId> {
        self.journals.get(&gate).ok_or(self.gate_id(gate))
    }

    pub(super) fn sure(&self) -> Result<(), LedgerError<S::Error>> {
        Ok(self.writer.begin(&self.storage)?)
    }

    /// The time of what is done now: see [`UnixTime::not_before`].
    pub(super) fn check(&self, now: UnixTime) -> Result<UnixTime, LedgerError<S::Error>> {
        self.sure()?;
        now.not_before(self.last).ok_or(LedgerError::Clock { now, last: self.last })
    }

    pub(super) fn begin(&self) -> PendingCommit<'_, S> {
        let (ledger, journals) = (self.log.begin(), BTreeMap::new());
        let ready = ReadyCommit { writes: Vec::new(), ledger, journals, entries: Vec::new() };
        PendingCommit { store: Staged::over(&self.storage), ready }
    }

    pub(super) fn append(&mut self, entry: Entry, now: UnixTime) -> Result<u64, LedgerError<S::Error>> {
        let now = self.check(now)?;
        let mut pending = self.begin();
        let index = pending.enter(entry, now)?;
        let ready = pending.end();
        self.commit_entries(ready, now).map(|()| index)
    }

    /// Commits entries, and with them what journals grow by.
    pub(super) fn commit_entries(&mut self, ready: ReadyCommit, now: UnixTime) -> Result<(), LedgerError<S::Error>> {
        self.writer.commit(&mut self.storage, &ready.writes).map_err(LogError::Storage)?;
        // The batches were begun on these logs a moment ago, and nothing else was done meanwhile.
        self.log.apply(ready.ledger).map_err(|_| LedgerError::Unsure)?;
        for (gate, batch) in ready.journals {
            let journal = self.journals.get_mut(&gate).ok_or(LedgerError::Unsure)?;
            journal.log.apply(batch).map_err(|_| LedgerError::Unsure)?;
        }
        for (index, entry) in &ready.entries {
            self.learn(*index, now, entry).map_err(|error| match error {
                OpenLedgerError::Log(error) => LedgerError::Log(error),
                _ => LedgerError::Unsure,
            })?;
        }
        self.writer.settled();
        Ok(())
    }

    fn verify_kept(&self, note: Option<&[u8]>) -> Result<Option<SignedCheckpoint>, LedgerError<S::Error>> {
        let keys = || every_log_key(&self.trust, self.member);
        let kept = note.map(|note| SignedCheckpoint::verify_any(note, &keys())).transpose();
        kept.map_err(|error| LedgerError::Kept { log: LEDGER, error })
    }

    /// Keeps a checkpoint in the place of the one that was there.
    fn keep(&mut self, signed: &SignedCheckpoint, replaced: Option<Vec<u8>>) -> Result<(), SignError<S::Error>> {
        let write = self.log.checkpoint_write(&self.storage, signed)?;
        let writes = [self.log.expectation(), Write::Expect(write.row(), replaced), write];
        self.writer.commit(&mut self.storage, &writes).map_err(LogError::Storage)?;
        self.writer.settled();
        Ok(())
    }

    /// Takes in one entry: when it was just written, and when the ledger is opened.
    fn learn(&mut self, index: u64, time: UnixTime, entry: &Entry) -> Result<(), OpenLedgerError<S::Error>> {
        self.last = time;
        match entry {
            Entry::GateEnrolled { certificate } => {
                let certificate = GateCertificate::verify(certificate, self.trust())
                    .map_err(|error| OpenLedgerError::Certificate { index, error })?;
                let gate = certificate.gate();
                if gate.member != self.member {
                    return Err(OpenLedgerError::OtherStore);
                }
                let log = Log::open(&self.storage, LogKey(gate.number), &self.trust().journal_origin(gate))?;
                let (seals, reversed) = (Vec::new(), BTreeSet::new());
                let journal = Journal { certificate, log, retired: false, seals, root: empty_root(), reversed };
                self.journals.insert(gate.number, journal);
            }
            Entry::GateRetired { gate } => self.learnt(index, *gate)?.retired = true,
            // Where the history starts with a later list, those before it are not known here.
            Entry::Announced(Announcement::TrustAdopted { sequence, .. })
                if *sequence < self.trust.first().sequence() => {}
            Entry::Announced(Announcement::TrustAdopted { sequence, digest }) => {
                let list = self.trust.list(*sequence).filter(|list| list.digest() == *digest);
                self.adopted = list.ok_or(OpenLedgerError::OtherTrustList(*sequence))?.sequence();
            }
            Entry::JournalSealed { gate, checkpoint, .. } => {
                let unknown = |gate| OpenLedgerError::UnknownGate { index, gate };
                let certificate = &self.journal(*gate).map_err(unknown)?.certificate;
                let signed = journal_verifier(self.trust(), certificate)
                    .and_then(|verifier| SignedCheckpoint::verify(checkpoint.as_bytes(), &verifier))
                    .map_err(|error| OpenLedgerError::Seal { index, error })?;
                let journal = self.learnt(index, *gate)?;
                journal.seals.push((signed.size(), index));
                journal.root = signed.root();
            }
            Entry::Announced(Announcement::Reversal { gate, index: reversed }) => {
                self.learnt(index, *gate)?.reversed.insert(*reversed);
            }
            _ => {}
        }
        Ok(())
    }
    /// The journal that an entry is about.
    fn learnt(&mut self, index: u64, gate: u32) -> Result<&mut Journal, OpenLedgerError<S::Error>> {
        let unknown = OpenLedgerError::UnknownGate { index, gate: self.gate_id(gate) };
        self.journals.get_mut(&gate).ok_or(unknown)
    }
}

#[cfg(test)]
#[path = "tests/ledger.rs"]
mod tests;
