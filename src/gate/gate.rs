//! The gate as one object: its keys, its store, its journal and what it knows.
//!
//! `&mut self` makes two admissions from one gate at once impossible; two lanes with keys of their own are
//! two gates.

use super::decision::Reason;
use super::error::{JournalError, OpenError};
use super::learnt::LearntUses;
use super::ledger_runs::LedgerRuns;
use super::record::{Record, RecordError};
use super::rows::LOG;
use super::state::{DroppedPieces, GateState, synced_record};
use crate::crypto::SigningKey;
use crate::id::GateId;
use crate::pass::Challenge;
use crate::time::UnixTime;
use crate::tlog::{Batch, KeyKind, Log, LogError, NoteError, NoteVerifier, SignedCheckpoint, Storage, Write};
use crate::trust::{Age, Bundle, CertificateError, GateCertificate, Piece, PieceAge};
use std::collections::BTreeMap;

/// A gate with its journal, its keys and what it knows.
#[derive(Debug)]
pub struct Gate<S: Storage> {
    pub(super) storage: S,
    pub(super) key: SigningKey,
    pub(super) certificate: GateCertificate,
    pub(super) bundle: Bundle,
    pub(super) log: Log,
    pub(super) state: GateState,
    /// The challenge that nobody answered yet.
    pub(super) challenge: Option<Challenge>,
    /// Refusals since the last day close. A refused scan changes nothing else.
    pub(super) refused: BTreeMap<Reason, u32>,
    /// A commit failed: what the store holds is not known until the journal is opened again.
    unsure: bool,
    /// A sync was durable although its commit failed: the journal names newer lists than the bundle has.
    pub(super) behind: bool,
    /// What the clock showed at some time of the machine's running.
    pub(super) anchor: Option<(UnixTime, u64)>,
    /// The certificate verifies under the trust list in force: its registrar's key may have left that.
    pub(super) enrolled: bool,
}

/// How a gate is opened. A [`UnixTime`] alone is the usual way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions<'a> {
    /// The time of day.
    pub now: UnixTime,
    /// For a store that may be an old copy, restored from a backup or on a card that was swapped: the newest
    /// checkpoint of this gate that its city has, which is in the ledger's last seal of it and in its receipts.
    /// A gate that went on from less would sign a second history, for which it is retired; so it opens only if all
    /// that was sealed is here.
    ///
    /// Where it is not, [`OpenError::OldCopy`]; where another history is here,
    /// [`LogError::OtherRoot`]; where this gate did not sign it, [`OpenError::Newest`].
    pub newest: Option<&'a [u8]>,
    /// Puts on record that it is `now`, whatever the clock showed before: the way back where a gate says
    /// [`JournalError::Clock`]. A person who knows the time has to ask for it.
    pub set_clock: bool,
}

impl From<UnixTime> for OpenOptions<'_> {
    fn from(now: UnixTime) -> Self {
        Self { now, newest: None, set_clock: false }
    }
}

impl<S: Storage> Gate<S> {
    /// Opens a gate on its store, replays its journal, and records that it opened and what it knows: at a time, or
    /// by [`OpenOptions`].
    ///
    /// The bundle must not be older than what the journal says the gate had.
    ///
    /// # Errors
    /// [`OpenError`]; a gate that cannot vouch for its journal does not open, and has written nothing. One whose
    /// journal was written by a clock ahead is [`JournalError::Clock`]: see [`OpenOptions::set_clock`].
    pub fn open<'a>(
        storage: S,
        key: SigningKey,
        certificate: &[u8],
        bundle: Bundle,
        options: impl Into<OpenOptions<'a>>,
    ) -> Result<Self, OpenError<S::Error>> {
        let OpenOptions { now, newest, set_clock } = options.into();
        let mut gate = Self::replayed(storage, key, certificate, bundle, newest, now)?;
        if set_clock {
            // A journal starts with the record that it was opened.
            let set = (gate.log.size() > 0).then_some(Record::ClockSet { time: now, before: gate.state.last });
            gate.record_opening(now, set)?;
        } else {
            let now = gate.check_clock(now)?;
            gate.record_opening(now, None)?;
        }
        Ok(gate)
    }

    /// Which gate this is.
    #[must_use]
    pub const fn id(&self) -> GateId {
        self.certificate.gate()
    }

    /// The certificate it works under.
    #[must_use]
    pub const fn certificate(&self) -> &GateCertificate {
        &self.certificate
    }

    /// What it trusts.
    #[must_use]
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// How old each piece of what it knows is at `now`, judged by the federation's policy; its own
    /// certificate comes last.
    pub fn ages(&self, now: UnixTime) -> impl Iterator<Item = PieceAge<'_>> {
        let certificate = PieceAge {
            piece: Piece::GateCertificate,
            issued: self.certificate.issued(),
            expires: Some(self.certificate.expires()),
            age: if self.enrolled && self.certificate.covers(now) { Age::Fresh } else { Age::TooOld },
        };
        self.bundle.ages(now).chain(core::iter::once(certificate))
    }

    /// The entries of ledgers whose uses it was told of: ask the city for those that are not among them. After a store
    /// was rebuilt from published files these are none, whatever the journal said before.
    #[must_use]
    pub const fn learnt(&self) -> &LedgerRuns {
        self.state.learnt.ledgers()
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

    /// Refusals since the last day close, by reason. They are not recorded one by one.
    #[must_use]
    pub const fn refused(&self) -> &BTreeMap<Reason, u32> {
        &self.refused
    }

    /// A gate with what its store says, before it says anything itself.
    fn replayed(
        storage: S,
        key: SigningKey,
        certificate: &[u8],
        bundle: Bundle,
        newest: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<Self, OpenError<S::Error>> {
        let certificate = GateCertificate::verify(certificate, bundle.trust())?;
        if *certificate.key() != key.verifying_key() {
            return Err(OpenError::OtherKey);
        }
        // Whatever such a gate recorded, an audit would call wrong.
        if !certificate.covers(now) {
            return Err(CertificateError::NotInForce.into());
        }
        if bundle.venue(certificate.venue()).is_none() {
            return Err(OpenError::UnknownVenue(certificate.venue()));
        }
        let origin = bundle.trust().journal_origin(certificate.gate());
        let log = Log::open(&storage, LOG, &origin).map_err(JournalError::Log)?;
        let state = GateState::default();
        let refused = BTreeMap::new();
        let (challenge, anchor, unsure, behind, enrolled) = (None, None, false, false, true);
        let mut gate = Self {
            storage,
            key,
            certificate,
            bundle,
            log,
            state,
            challenge,
            refused,
            unsure,
            behind,
            enrolled,
            anchor,
        };
        if let Some(newest) = newest {
            gate.check_holds(newest)?;
        }
        gate.state = gate.replay()?;
        gate.state.check_rollback(&gate.bundle, &DroppedPieces::default())?;
        Ok(gate)
    }

    fn record_opening(&mut self, now: UnixTime, set: Option<Record>) -> Result<(), JournalError<S::Error>> {
        let opened = Record::Opened { time: now, certificate: self.certificate.digest() };
        let ledgers = self.state.synced.take().map(|synced| synced.ledgers).unwrap_or_default();
        let synced = Record::Synced(synced_record(&self.bundle, ledgers, now));
        let records: Vec<Record> = set.into_iter().chain([opened, synced]).collect();
        self.append(&records, Vec::new())
    }

    /// Refuses a journal that is not the one this checkpoint was signed over, or an earlier state of it.
    fn check_holds(&self, newest: &[u8]) -> Result<(), OpenError<S::Error>> {
        let newest = self.verify_seal(newest).map_err(OpenError::Newest)?;
        let (here, known) = (self.log.size(), newest.size());
        if here < known {
            return Err(OpenError::OldCopy { here, known });
        }
        if self.log.root_at(&self.storage, known).map_err(JournalError::Log)? != newest.root() {
            return Err(JournalError::Log(LogError::OtherRoot(known)).into());
        }
        Ok(())
    }

    /// A checkpoint of this gate, whoever has it.
    pub(super) fn verify_seal(&self, note: &[u8]) -> Result<SignedCheckpoint, NoteError> {
        let origin = self.log.origin().as_str();
        let verifier = NoteVerifier::new(origin, KeyKind::Ed25519, *self.certificate.key())?;
        SignedCheckpoint::verify(note, &verifier)
    }

    /// Before this time the gate decides nothing: its clock is wrong, for it knows of later things.
    pub(super) fn earliest(&self) -> UnixTime {
        self.state.last.max(self.bundle.trust().issued()).max(self.state.learnt.over())
    }

    /// The time of what is recorded now: see [`UnixTime::not_before`].
    pub(super) fn check_clock(&self, now: UnixTime) -> Result<UnixTime, JournalError<S::Error>> {
        let last = self.state.last;
        now.not_before(last).ok_or(JournalError::Clock { now, last })
    }
}

/// The journal in its store: what is appended is durable before it is known.
impl<S: Storage> Gate<S> {
    /// Appends records, with other writes of the same commit, and learns them.
    pub(super) fn append(&mut self, records: &[Record], writes: Vec<Write>) -> Result<(), JournalError<S::Error>> {
        let mut batch = self.log.begin();
        let first = batch.size();
        for record in records {
            let body = record.encode();
            // What could not be read again would lock the gate for good.
            match Record::decode(&body) {
                Ok(read) if read == *record => {}
                Ok(_) => return Err(JournalError::Refused(RecordError::Rule("a value that has no encoding"))),
                Err(error) => return Err(JournalError::Refused(error)),
            }
            batch.push(&body, None)?;
        }
        self.commit(batch, writes)?;
        for (index, record) in (first..).zip(records) {
            self.state.learn(&self.certificate, index, record);
        }
        self.state.own_uses.settle();
        Ok(())
    }

    /// Makes a batch durable. After a failure nobody knows what the store holds, so nothing more is
    /// written until the journal was opened again.
    pub(super) fn commit(&mut self, mut batch: Batch, mut writes: Vec<Write>) -> Result<(), JournalError<S::Error>> {
        writes.extend(batch.take_writes());
        if let Err(error) = self.storage.commit(&writes) {
            self.unsure = true;
            return Err(LogError::Storage(error).into());
        }
        // Of records that are durable but not in the log, an index would be used again.
        self.unsure = self.log.apply(batch).is_err();
        if self.unsure { Err(JournalError::Stale) } else { Ok(()) }
    }

    /// Refuses another process than the one that opened the store. After a failed commit, opens the journal again
    /// and replays it.
    pub(super) fn recover(&mut self) -> Result<(), JournalError<S::Error>> {
        self.storage.same_process().map_err(LogError::Storage)?;
        if self.unsure {
            self.storage.recover().map_err(LogError::Storage)?;
            self.log = Log::open(&self.storage, LOG, self.log.origin().as_str())?;
            self.state = self.replay()?;
            self.behind = self.state.check_rollback(&self.bundle, &DroppedPieces::default()).is_err();
            self.unsure = false;
        }
        Ok(())
    }

    /// Builds what the gate knows from its journal and from what it learnt. All of the journal: without
    /// the records before a point, passes that are used up would be admitted again.
    fn replay(&self) -> Result<GateState, JournalError<S::Error>> {
        let mut state = GateState { learnt: LearntUses::load(&self.storage)?, ..GateState::default() };
        let mut broken = None;
        let policy = self.bundle.trust().policy();
        let within = policy.rescan_within.max(policy.annul_within);
        self.log.replay(&self.storage, 0..self.log.size(), |index, body| {
            match Record::decode(body) {
                // Where nothing was sealed yet, only the first record says whose journal it is.
                Ok(Record::Opened { certificate, .. }) if certificate != self.certificate.digest() => {
                    broken = Some(JournalError::OtherCertificate);
                }
                record if index == 0 && !matches!(record, Ok(Record::Opened { .. })) => {
                    broken = Some(JournalError::OtherStore);
                }
                Ok(record) => {
                    state.learn(&self.certificate, index, &record);
                    // As when it was written: a clock set back later brings nothing back.
                    if matches!(record, Record::Redeemed(_) | Record::Exited { .. }) {
                        state.forget(within);
                    }
                }
                Err(error) => broken = Some(JournalError::Record { index, error }),
            }
            broken.is_none()
        })?;
        if let Some(broken) = broken {
            return Err(broken);
        }
        state.own_uses.settle();
        if let Some(note) = self.log.kept_checkpoint(&self.storage)? {
            state.sealed = self.verify_seal(&note).map_err(LogError::Note)?.size();
        }
        Ok(state)
    }

    pub(super) fn forget(&mut self) {
        let policy = self.bundle.trust().policy();
        self.state.forget(policy.rescan_within.max(policy.annul_within));
    }
}

#[cfg(test)]
#[path = "tests/gate.rs"]
mod tests;
