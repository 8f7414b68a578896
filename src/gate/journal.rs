//! The gate as one object: decides on a scan, records it durably, then answers.
//!
//! What the gate knows is a pure function of its journal and of what it learnt at the last sync, so
//! a restart changes no decision. `&mut self` makes two admissions from one gate at once impossible;
//! two lanes with keys of their own are two gates.

use super::annulment::ClocksSet;
use super::decision::{Admitted, Decision, Reason, Refusal};
use super::learnt::{Change, Learnt};
use super::ledger_runs::LedgerRuns;
use super::own::Own;
use super::record::{Record, RecordError, Redemption, Synced, Totals, flags};
use super::segment::{Segment, SegmentRecord};
use super::usage_digest::{UsageDigest, UsageDigestError};
use crate::crypto::SigningKey;
use crate::id::{GateId, MemberId, PassKey, VenueId};
use crate::limits::{MAX_PRESENTATION, MAX_SEGMENT};
use crate::pass::{self, Audience, Challenge, IdOpening, PassClaims, Presented, Proof};
use crate::product::{Entitled, Usage, VenueFacts, Visit, entitle};
use crate::snapshot::SnapshotError;
use crate::time::{Date, UnixTime};
use crate::tlog::{
    Batch, Checkpoint, KeyKind, Log, LogError, LogKey, NoteVerifier, PushError, SignedCheckpoint, Storage, Write,
};
use crate::trust::{
    Age, Bundle, BundleError, Catalogue, CertificateError, GateCertificate, Piece, PieceAge, Status, TrustList,
};
use crate::wire::text;
use std::collections::{BTreeMap, VecDeque};

/// The journal is the only log in a gate's store.
pub(super) const LOG: LogKey = LogKey(0);

/// What would be longer, with the longest evidence there may be, is handed over in parts: what gate and city need
/// in memory stays small, and within the cap, however long the gate was offline.
const LONG_SEGMENT: usize = MAX_SEGMENT / 4;

/// What was scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// The text of a QR code, as the scanner gave it.
    Text(&'a [u8]),
    /// A presentation in answer to the gate's challenge, over a return channel: see [`Gate::challenge`].
    Answer(&'a [u8]),
}

/// One visitor at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// What was scanned.
    pub shown: Shown<'a>,
    /// How many people want to come in; nobody counts as one.
    pub party: u8,
    /// What is known of the holder's identity; matters for a pass flagged [`pass::flags::ID_CHECK`].
    pub identity: Identity<'a>,
}

/// What is known of the identity of who shows a pass. It is recorded nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// Nothing.
    Unknown,
    /// A person compared the holder's document.
    Compared,
    /// The holder showed the salt of the commitment in the pass, and the document was read.
    Shown(IdOpening<'a>),
}

impl<'a> Scan<'a> {
    /// A QR code shown by one person.
    #[must_use]
    pub const fn text(text: &'a [u8]) -> Self {
        Self { shown: Shown::Text(text), party: 1, identity: Identity::Unknown }
    }
}

/// What a gate is given when it syncs. Empty parts change nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sync<'a> {
    /// Trust lists that follow the one in force, in order.
    pub trust_lists: &'a [&'a [u8]],
    /// Catalogues.
    pub catalogues: &'a [&'a [u8]],
    /// Status lists.
    pub status_lists: &'a [&'a [u8]],
    /// Usage digests of the gate's own city, in any order. Whoever carries them can hold them back, and
    /// nothing else.
    pub usage_digests: &'a [&'a [u8]],
    /// Usage of passes at other gates, by the word of who calls: for a process that has verified the ledgers
    /// itself. Take none from a network; that is for `usage_digests`. It is never forgotten.
    pub usage: &'a [(PassKey, Usage)],
    /// Size of each member's ledger that `usage` goes up to, by the same word.
    pub ledgers: &'a [(MemberId, u64)],
}

/// A gate cannot be opened, or what was asked of it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError<E> {
    /// The journal cannot be opened, read or written.
    #[error(transparent)]
    Log(#[from] LogError<E>),
    /// The certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The journal was opened under another certificate. A gate has one for its life.
    #[error("the journal was opened under another gate certificate")]
    OtherCertificate,
    /// The store holds a log that is no gate's journal.
    #[error("the store holds no journal of a gate, but another log")]
    OtherStore,
    /// The certificate names another key than the gate has.
    #[error("the gate certificate is for another key")]
    OtherKey,
    /// The venue of the certificate is not in the catalogue.
    #[error("venue {0} is not in the catalogue")]
    UnknownVenue(VenueId),
    /// A record of the journal cannot be read.
    #[error("journal entry {index}: {error}")]
    Record {
        /// Index of the entry.
        index: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// What the gate learnt cannot be read.
    #[error("learnt usage: {0}")]
    Snapshot(#[from] SnapshotError),
    /// A usage digest is refused.
    #[error(transparent)]
    Usage(#[from] UsageDigestError),
    /// A piece of the bundle is refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The bundle is older than the one the journal says this gate had.
    #[error("rollback: the gate already had a newer {0}")]
    Rollback(&'static str),
    /// The clock shows a time before the last record, by more than a step of the clock.
    #[error("the clock shows {now}, the last record is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last record.
        last: UnixTime,
    },
    /// An outage is open already.
    #[error("an outage is open already, since {0}")]
    OutageOpen(UnixTime),
    /// No outage is open.
    #[error("no outage is open")]
    NoOutage,
    /// There is no such redemption to annul, or it is annulled already.
    #[error("entry {0} is not a redemption that stands")]
    NoRedemption(u64),
    /// The time to annul has passed.
    #[error("entry {0} can no longer be annulled")]
    TooLate(u64),
    /// A record is too long: it lists too much.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The record is none that the journal could be opened with again.
    #[error("not recorded, because it could not be read again: {0}")]
    Refused(RecordError),
    /// The store holds less of the journal than the gate has sealed.
    #[error(
        "the store is an old copy: it has {here} records of the journal, {known} were sealed; record nothing with it: \
         use the newer store, or retire this gate and enrol a new one"
    )]
    OldCopy {
        /// Size of the journal here.
        here: u64,
        /// Size of the journal as it was sealed.
        known: u64,
    },
    /// The journal moved on under a batch: never, while the gate alone writes it.
    #[error("the journal changed under the gate")]
    Stale,
}

/// A gate with its journal, its keys and what it knows.
#[derive(Debug)]
pub struct Gate<S: Storage> {
    pub(super) storage: S,
    key: SigningKey,
    certificate: GateCertificate,
    bundle: Bundle,
    log: Log,
    pub(super) known: Known,
    /// The challenge that nobody answered yet.
    pub(super) challenge: Option<Challenge>,
    /// Refusals since the last day close. A refused scan changes nothing else.
    refused: BTreeMap<Reason, u32>,
    /// A commit failed: what the store holds is not known until the journal is opened again.
    unsure: bool,
    /// A sync was durable although its commit failed: the journal names newer lists than the bundle has.
    pub(super) behind: bool,
    /// What the clock showed at some time of the machine's running.
    pub(super) anchor: Option<(UnixTime, u64)>,
    /// The certificate verifies under the trust list in force: its registrar's key may have left that.
    enrolled: bool,
}

/// What follows from the journal and the learnt usage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    /// By the journal.
    own: Own,
    pub(super) learnt: Learnt,
    /// Redemptions still young enough to be scanned again or annulled.
    recent: VecDeque<Recent>,
    /// What the clock had shown when it was set.
    clocks: ClocksSet,
    /// Exits still young enough to be scanned again.
    pub(super) exits: VecDeque<(UnixTime, PassKey)>,
    pub(super) last: UnixTime,
    pub(super) synced: Option<Synced>,
    newest: Newest,
    /// Since the last day close.
    pub(super) totals: Totals,
    /// People who came in since then, less those who left.
    pub(super) inside: i64,
    /// Since when an outage is open.
    pub(super) outage: Option<UnixTime>,
    /// The clock jumped and was not set since.
    pub(super) doubt: bool,
    /// Size of the journal at the last seal.
    pub(super) sealed: u64,
}

/// The newest of each piece that the journal ever named. What has left the bundle comes back in a newer form only.
#[derive(Clone, Debug, Default, PartialEq)]
struct Newest {
    catalogues: BTreeMap<MemberId, u64>,
    status: BTreeMap<MemberId, BTreeMap<String, UnixTime>>,
}

impl Newest {
    fn learn(&mut self, synced: &Synced) {
        for (member, sequence) in &synced.catalogues {
            let newest = self.catalogues.entry(*member).or_default();
            *newest = (*newest).max(*sequence);
        }
        for (issuer, uri, issued) in &synced.status {
            let newest = self.status.entry(*issuer).or_default().entry(uri.clone()).or_insert(*issued);
            *newest = (*newest).max(*issued);
        }
    }
}

/// What a bundle lost to the trust lists it took.
#[derive(Debug, Default)]
struct Dropped {
    catalogues: Vec<MemberId>,
    status: Vec<(MemberId, String)>,
}

impl Dropped {
    fn between(before: &Bundle, after: &Bundle) -> Self {
        let catalogues = before.catalogues().map(Catalogue::member);
        let status = before.status_lists().filter(|list| after.status_list(list.issuer(), list.uri()).is_none());
        Self {
            catalogues: catalogues.filter(|member| after.catalogue(*member).is_none()).collect(),
            status: status.map(|list| (list.issuer(), list.uri().to_owned())).collect(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Recent {
    index: u64,
    redemption: Redemption,
}

/// What a scan comes to, before it is recorded.
enum Outcome {
    Rescan(Recent),
    Redeem(Redemption, Entitled),
}

impl<S: Storage> Gate<S> {
    /// Opens a gate on its store, replays its journal, and records that it opened and what it knows.
    ///
    /// The bundle must not be older than what the journal says the gate had.
    ///
    /// # Errors
    /// [`GateError`]; a gate that cannot vouch for its journal does not open. One whose journal was written by
    /// a clock ahead of `now` is [`GateError::Clock`]: see [`Gate::open_setting_clock`].
    pub fn open(
        storage: S,
        key: SigningKey,
        certificate: &[u8],
        bundle: Bundle,
        now: UnixTime,
    ) -> Result<Self, GateError<S::Error>> {
        Self::replayed(storage, key, certificate, bundle, None, now)?.opened(now)
    }

    /// As [`Gate::open`], for a store that may be an old copy: restored from a backup, or a card that
    /// was swapped. `newest` is the newest checkpoint of this gate that its city has, which is in the
    /// ledger's last seal of it and in its receipts. A gate that went on from less would sign a second
    /// history, for which it is retired; so it opens only if all that was sealed is here, and writes
    /// nothing otherwise.
    ///
    /// # Errors
    /// [`GateError::OldCopy`]; [`LogError::OtherRoot`] when another history is here; [`LogError::Note`]
    /// when `newest` is not signed by this gate; else as [`Gate::open`].
    pub fn open_after(
        newest: &[u8],
        storage: S,
        key: SigningKey,
        certificate: &[u8],
        bundle: Bundle,
        now: UnixTime,
    ) -> Result<Self, GateError<S::Error>> {
        Self::replayed(storage, key, certificate, bundle, Some(newest), now)?.opened(now)
    }

    /// Opens a gate whose clock was once ahead, and puts on record that it is `now`: the way back where
    /// [`Gate::open`] says [`GateError::Clock`]. A person who knows the time has to ask for it. Everything
    /// else is as there.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn open_setting_clock(
        storage: S,
        key: SigningKey,
        certificate: &[u8],
        bundle: Bundle,
        now: UnixTime,
    ) -> Result<Self, GateError<S::Error>> {
        let mut gate = Self::replayed(storage, key, certificate, bundle, None, now)?;
        // A journal starts with the record that it was opened.
        let set = (gate.log.size() > 0).then_some(Record::ClockSet { time: now, before: gate.known.last });
        gate.record_opening(now, set)?;
        Ok(gate)
    }

    /// A gate with what its store says, before it says anything itself.
    fn replayed(
        storage: S,
        key: SigningKey,
        certificate: &[u8],
        bundle: Bundle,
        newest: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<Self, GateError<S::Error>> {
        let certificate = GateCertificate::verify(certificate, bundle.trust())?;
        if *certificate.key() != key.verifying_key() {
            return Err(GateError::OtherKey);
        }
        // Whatever such a gate recorded, an audit would call wrong.
        if !certificate.covers(now) {
            return Err(CertificateError::NotInForce.into());
        }
        if bundle.venue(certificate.venue()).is_none() {
            return Err(GateError::UnknownVenue(certificate.venue()));
        }
        let origin = bundle.trust().journal_origin(certificate.gate());
        let log = Log::open(&storage, LOG, &origin)?;
        let known = Known::default();
        let refused = BTreeMap::new();
        let (challenge, anchor, unsure, behind, enrolled) = (None, None, false, false, true);
        let mut gate = Self {
            storage,
            key,
            certificate,
            bundle,
            log,
            known,
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
        gate.known = gate.replay()?;
        gate.check_rollback(&gate.bundle, &Dropped::default())?;
        Ok(gate)
    }

    fn opened(mut self, now: UnixTime) -> Result<Self, GateError<S::Error>> {
        let now = self.check_clock(now)?;
        self.record_opening(now, None)?;
        Ok(self)
    }

    fn record_opening(&mut self, now: UnixTime, set: Option<Record>) -> Result<(), GateError<S::Error>> {
        let opened = Record::Opened { time: now, certificate: self.certificate.digest() };
        let ledgers = self.known.synced.take().map(|synced| synced.ledgers).unwrap_or_default();
        let synced = Record::Synced(synced_record(&self.bundle, ledgers, now));
        let records: Vec<Record> = set.into_iter().chain([opened, synced]).collect();
        self.append(&records, Vec::new())
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
        self.known.learnt.ledgers()
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

    /// Sets the challenge that the next answer must be to: 16 bytes that the caller draws at random, each time
    /// anew, and sends to the holder with the gate's id. One is good for one answer, accepted or not, and
    /// a new one replaces it.
    pub const fn challenge(&mut self, nonce: [u8; 16]) {
        self.challenge = Some(Challenge::new(self.id(), nonce));
    }

    /// Decides on one scan. An admission is durable in the journal before this returns.
    pub fn admit(&mut self, scan: Scan<'_>, now: UnixTime) -> Decision {
        let decision = self.admit_all(&[scan], now).pop();
        decision.unwrap_or(Decision::Denied(Reason::Internal.into()))
    }

    /// Decides on several scans, one after the other, with one durable commit for all of them.
    pub fn admit_all(&mut self, scans: &[Scan<'_>], now: UnixTime) -> Vec<Decision> {
        let mut staged: Vec<Recent> = Vec::new();
        let decisions = match self.recover() {
            Err(_) => scans.iter().map(|_| Decision::Denied(Reason::NotRecorded.into())).collect(),
            Ok(()) => self.decide_and_record(scans, now, &mut staged),
        };
        for decision in &decisions {
            if let Decision::Referred(refusal) | Decision::Denied(refusal) = decision {
                let count = self.refused.entry(refusal.reason).or_default();
                *count = count.saturating_add(1);
            }
        }
        decisions
    }

    /// Takes back a redemption of this gate, shortly after it was recorded: the visitor turned round.
    ///
    /// # Errors
    /// [`GateError::NoRedemption`], [`GateError::TooLate`], [`GateError::Clock`], or the store's.
    pub fn annul(&mut self, index: u64, now: UnixTime) -> Result<(), GateError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let recent = self.known.recent.iter().find(|recent| recent.index == index);
        let within = self.bundle.trust().policy().annul_within;
        let young = |recent: &Recent| self.known.clocks.may_annul(index, recent.redemption.time, now, within);
        match recent {
            None if self.redeemed_long_ago(index) => Err(GateError::TooLate(index)),
            None => Err(GateError::NoRedemption(index)),
            Some(recent) if young(recent) => self.append(&[Record::Annulled { time: now, index }], Vec::new()),
            Some(_) => Err(GateError::TooLate(index)),
        }
    }

    /// Takes new lists and usage from the gate's city and records what it knows from now on.
    ///
    /// A trust list without the key that signed the gate's certificate is taken, and the gate admits nobody by
    /// it: it could not open with that list either. What it has recorded can still be sealed. Nor does a list wait
    /// for new ones in the place of those that it drops: a stolen key would be good until all are there.
    ///
    /// # Errors
    /// [`GateError`]; nothing is taken then.
    pub fn sync(&mut self, sync: &Sync<'_>, now: UnixTime) -> Result<(), GateError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let mut bundle = self.bundle.clone();
        sync.trust_lists.iter().try_for_each(|bytes| bundle.update_trust(bytes, now))?;
        let dropped = Dropped::between(&self.bundle, &bundle);
        sync.catalogues.iter().try_for_each(|bytes| bundle.update_catalogue(bytes, now))?;
        sync.status_lists.iter().try_for_each(|bytes| bundle.update_status(bytes, now))?;
        let enrolled = GateCertificate::verify(self.certificate.as_bytes(), bundle.trust()).is_ok();
        let venue = self.certificate.venue();
        if enrolled && bundle.venue(venue).is_none() && !dropped.catalogues.contains(&venue.member) {
            return Err(GateError::UnknownVenue(venue));
        }
        self.check_rollback(&bundle, &dropped)?;
        let learnt = self.news(sync, bundle.trust(), now)?;
        let before = self.known.synced.iter().flat_map(|synced| &synced.ledgers).copied();
        let ledgers = merge_sizes(before.chain(sync.ledgers.iter().copied()).chain(learnt.sizes()));
        let record = Record::Synced(synced_record(&bundle, ledgers, now));
        self.append(&[record], learnt.writes())?;
        self.known.learnt.apply(learnt);
        self.bundle = bundle;
        (self.behind, self.enrolled) = (false, enrolled);
        Ok(())
    }

    /// What a sync adds to what was learnt.
    fn news(&self, sync: &Sync<'_>, trust: &TrustList, now: UnixTime) -> Result<Change, UsageDigestError> {
        let mut news = self.known.learnt.with();
        for bytes in sync.usage_digests {
            let digest = UsageDigest::verify(bytes, trust)?;
            digest.check(self.id().member, trust.policy(), now)?;
            news.take(digest.into_facts());
        }
        sync.usage.iter().for_each(|(pass, usage)| news.learn(*pass, UnixTime::MAX, usage.clone()));
        sync.ledgers.iter().for_each(|(member, size)| news.covers(*member, *size));
        news.change()
    }

    /// Sets the clock: the only way time goes back in a journal, and it is on record.
    ///
    /// # Errors
    /// The store's.
    pub fn set_clock(&mut self, now: UnixTime) -> Result<(), GateError<S::Error>> {
        self.recover()?;
        let before = self.known.last;
        self.append(&[Record::ClockSet { time: now, before }], Vec::new())?;
        self.anchor = None;
        Ok(())
    }

    /// Records the totals since the last day close.
    ///
    /// # Errors
    /// [`GateError::Clock`], or the store's.
    pub fn close_day(&mut self, day: Date, now: UnixTime) -> Result<(), GateError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let totals = self.known.totals;
        let refused = self.refused.iter().map(|(reason, count)| (*reason, *count)).collect();
        self.append(&[Record::DayClosed { time: now, day, totals, refused }], Vec::new())?;
        self.refused.clear();
        Ok(())
    }

    /// Signs a checkpoint over all that was recorded since the last one, and keeps it.
    ///
    /// Returns `None` when nothing was.
    ///
    /// # Errors
    /// The store's; the checkpoint then never leaves the gate.
    pub fn seal(&mut self) -> Result<Option<SignedCheckpoint>, GateError<S::Error>> {
        self.recover()?;
        if self.log.size() == self.known.sealed {
            return Ok(None);
        }
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &self.key);
        let mut batch = self.log.begin();
        batch.seal(&signed).map_err(|_| GateError::Stale)?;
        self.commit(batch, Vec::new())?;
        self.known.sealed = self.log.size();
        Ok(Some(signed))
    }

    /// The records from `first` on, for the city that has those before: up to the last seal, or as many as a
    /// segment should have. After days offline, ask again from where it ends until there is none.
    ///
    /// Returns `None` when there are none.
    ///
    /// # Errors
    /// The store's.
    pub fn segment(&self, first: u64) -> Result<Option<Segment>, GateError<S::Error>> {
        self.segment_within(first, LONG_SEGMENT)
    }

    fn segment_within(&self, first: u64, most: usize) -> Result<Option<Segment>, GateError<S::Error>> {
        // Part of it is signed here.
        self.storage.same_process().map_err(LogError::Storage)?;
        let sealed = self.known.sealed;
        let Some(note) = self.log.kept_checkpoint(&self.storage)?.filter(|_| first < sealed) else { return Ok(None) };
        let (mut records, mut length) = (Vec::new(), 0_usize);
        self.log.replay(&self.storage, first..sealed, |_, body| {
            length = length.saturating_add(body.len()).saturating_add(MAX_PRESENTATION);
            let room = length <= most || records.is_empty();
            if room {
                records.push(SegmentRecord { body: body.to_vec(), evidence: None });
            }
            room
        })?;
        for (index, record) in (first..).zip(&mut records) {
            record.evidence = self.log.attachment(&self.storage, index)?;
        }
        let end = first.saturating_add(records.len() as u64);
        let checkpoint = if end < sealed {
            // An earlier state of what was sealed, so no other history.
            let (origin, root) = (self.log.origin().clone(), self.log.root_at(&self.storage, end)?);
            Checkpoint { origin, size: end, root }.sign(&self.key)
        } else {
            String::from_utf8_lossy(&note).into_owned()
        };
        Ok(Some(Segment { certificate: self.certificate.as_bytes().to_vec(), checkpoint, first, records }))
    }

    /// Decides on each scan and commits what is to be recorded.
    fn decide_and_record(&mut self, scans: &[Scan<'_>], now: UnixTime, staged: &mut Vec<Recent>) -> Vec<Decision> {
        let base = self.log.size();
        let mut batch = self.log.begin();
        let mut decisions: Vec<Decision> = Vec::with_capacity(scans.len());
        for scan in scans {
            let challenge = match scan.shown {
                Shown::Answer(_) => self.challenge.take(),
                Shown::Text(_) => None,
            };
            let decision = self.stage(&mut batch, scan, challenge, now, staged).unwrap_or_else(Decision::from);
            decisions.push(decision);
        }
        if staged.is_empty() {
            return decisions;
        }
        if self.commit(batch, Vec::new()).is_err() {
            // What was to be recorded in this commit is refused, and so is a re-scan of it.
            for decision in &mut decisions {
                if matches!(decision, Decision::Admitted(admitted) if admitted.index >= base) {
                    *decision = Decision::Denied(Reason::NotRecorded.into());
                }
            }
            return decisions;
        }
        for recent in staged.iter() {
            self.known.learn(&self.certificate, recent.index, &Record::Redeemed(recent.redemption));
        }
        self.known.own.settle();
        self.forget();
        decisions
    }

    /// Decides on one scan and, for an admission, adds its record to the batch.
    fn stage(
        &self,
        batch: &mut Batch,
        scan: &Scan<'_>,
        challenge: Option<Challenge>,
        now: UnixTime,
        staged: &mut Vec<Recent>,
    ) -> Result<Decision, Refusal> {
        let evidence = evidence(&scan.shown)?;
        let (recent, admitted) = match self.decide(scan, evidence.as_ref(), challenge, now, staged)? {
            Outcome::Rescan(recent) => (recent, (Reason::Rescan, None, None)),
            Outcome::Redeem(redemption, entitled) => {
                let body = Record::Redeemed(redemption).encode();
                let index = batch.push(&body, Some(evidence.as_ref())).map_err(|_| Reason::NotRecorded)?;
                let recent = Recent { index, redemption };
                staged.push(recent);
                let reason = if entitled.due_fen > 0 { Reason::CoPayment } else { Reason::Ok };
                (recent, (reason, entitled.uses_left, Some(entitled.valid_until)))
            }
        };
        let (reason, uses_left, valid_until) = admitted;
        let Redemption { grant, due_fen, .. } = recent.redemption;
        Ok(Decision::Admitted(Admitted { reason, grant, due_fen, index: recent.index, uses_left, valid_until }))
    }

    /// The fixed order of checks (design §5), after size and text: fitness of the gate, what was
    /// shown, status, product, entitlement, passback. "Invalid" always beats "used up".
    fn decide(
        &self,
        scan: &Scan<'_>,
        evidence: &[u8],
        challenge: Option<Challenge>,
        now: UnixTime,
        staged: &[Recent],
    ) -> Result<Outcome, Refusal> {
        let (venue, now) = self.fit(now)?;
        let presented = self.verify(&scan.shown, evidence, challenge, now)?;
        self.check_status(&presented, now)?;
        let claims = presented.claims();
        let product = self.bundle.product(claims.product_ref()).ok_or(Reason::UnknownProduct)?;
        let policy = self.bundle.trust().policy();
        let rescan = i64::from(policy.rescan_within);
        let key = claims.key();
        let mut recent = self.known.recent.iter().chain(staged);
        // Either way: after the clock was set back, an entry of before may be dated a moment later.
        let just_now = |time: UnixTime| now.since(time).saturating_abs() <= rescan;
        let same_pass = |recent: &&Recent| recent.redemption.pass == key && just_now(recent.redemption.time);
        let last = recent.by_ref().filter(same_pass).last().copied();
        if let Some(last) = last
            && last.redemption.evidence == presented.digest()
            && scan.party.max(1) <= last.redemption.party
            && matches!(presented.proof(), Proof::Holder(_))
            && !self.was_reversed(key, last.index)
        {
            // Who holds a copy of the code is not who was looked at a minute ago.
            check_identity(claims, scan.identity)?;
            return Ok(Outcome::Rescan(last));
        }
        let facts = claims.facts();
        let visit = Visit { time: now, venue, party: scan.party };
        let usage = self.usage_with(&key, staged);
        let entitled = entitle(product, &facts, &usage, &visit)?;
        if let Some(last) = last {
            let next = last.redemption.time.saturating_add(rescan.saturating_add(1));
            return Err(Refusal { reason: Reason::Passback, next: Some(next) });
        }
        check_identity(claims, scan.identity)?;
        let doubt = if self.known.doubt { flags::CLOCK } else { 0 };
        let proof = match (presented.proof(), scan.shown) {
            (Proof::Static, _) => flags::STATIC,
            (Proof::Holder(_), Shown::Answer(_)) => flags::CHALLENGE,
            (Proof::Holder(_), Shown::Text(_)) => 0,
        };
        let redemption = Redemption {
            time: now,
            pass: key,
            product: claims.product,
            facts,
            grant: entitled.grant,
            party: scan.party.max(1),
            due_fen: entitled.due_fen,
            flags: proof | doubt,
            evidence: presented.digest(),
        };
        Ok(Outcome::Redeem(redemption, entitled))
    }

    /// Before this time the gate decides nothing: its clock is wrong, for it knows of later things.
    pub(super) fn earliest(&self) -> UnixTime {
        self.known.last.max(self.bundle.trust().issued()).max(self.known.learnt.over())
    }

    /// Whether this gate may decide at all: clock, certificate, trust list, venue.
    /// With the time of what it decides now.
    pub(super) fn fit(&self, now: UnixTime) -> Result<(VenueFacts, UnixTime), Refusal> {
        let now = now.not_before(self.earliest()).ok_or(Reason::ClockSuspect)?;
        if !self.enrolled || !self.certificate.covers(now) {
            return Err(Reason::Internal.into());
        }
        if self.behind || self.bundle.trust().has_expired(now) {
            return Err(Reason::ListTooOld.into());
        }
        let id = self.certificate.venue();
        let venue = self.bundle.venue(id).ok_or(Reason::Internal)?;
        let service = self.certificate.service();
        Ok((VenueFacts { id, category: venue.category, reference_fen: venue.price_fen, service }, now))
    }

    pub(super) fn verify(
        &self,
        shown: &Shown<'_>,
        bytes: &[u8],
        challenge: Option<Challenge>,
        now: UnixTime,
    ) -> Result<Presented, Refusal> {
        let trust = self.bundle.trust();
        Ok(match (shown, challenge) {
            (Shown::Text(_), _) => pass::verify(bytes, trust, Audience::Federation, now)?,
            (Shown::Answer(_), Some(challenge)) => challenge.verify(bytes, trust, now)?,
            // The challenge was answered already, or there was none.
            (Shown::Answer(_), None) => return Err(Reason::WrongAudience.into()),
        })
    }

    fn check_status(&self, presented: &Presented, now: UnixTime) -> Result<(), Refusal> {
        let claims = presented.claims();
        let list = self.bundle.status_list(claims.issuer, &claims.status.uri).ok_or(Reason::NotListed)?;
        // A list of any age can say that a pass was revoked.
        match list.status(claims.status.index).ok_or(Reason::NotListed)? {
            Status::Revoked => return Err(Reason::Revoked.into()),
            Status::Suspended => return Err(Reason::Suspended.into()),
            Status::Superseded => return Err(Reason::Superseded.into()),
            Status::Valid => {}
        }
        match self.bundle.oldest(list, claims.issuer, self.certificate.venue().member, now) {
            Age::Fresh => Ok(()),
            Age::Stale => Err(Reason::ListStale.into()),
            Age::TooOld => Err(Reason::ListTooOld.into()),
        }
    }

    /// Whether the gate was told that its city took back a redemption of its own.
    fn was_reversed(&self, pass: PassKey, index: u64) -> bool {
        let own = (self.id(), index);
        self.known.learnt.usage(pass).any(|usage| usage.annulled().binary_search(&own).is_ok())
    }

    /// The usage of a pass, with what this commit is about to add.
    fn usage_with(&self, key: &PassKey, staged: &[Recent]) -> Usage {
        let mut usage = self.known.own.usage(key);
        usage.merge_all(self.known.learnt.usage(*key));
        for recent in staged.iter().filter(|recent| recent.redemption.pass == *key) {
            usage.insert(recent.redemption.as_use(&self.certificate, recent.index));
        }
        usage
    }

    /// The time of what is recorded now: see [`UnixTime::not_before`].
    pub(super) fn check_clock(&self, now: UnixTime) -> Result<UnixTime, GateError<S::Error>> {
        let last = self.known.last;
        now.not_before(last).ok_or(GateError::Clock { now, last })
    }

    /// Whether an entry is a redemption that stands, among those that are no longer kept at hand.
    fn redeemed_long_ago(&self, index: u64) -> bool {
        let Ok(body) = self.log.body(&self.storage, index) else { return false };
        let Ok(Record::Redeemed(redemption)) = Record::decode(&body) else { return false };
        self.usage_with(&redemption.pass, &[]).uses().iter().any(|used| used.key() == (self.id(), index))
    }

    /// Refuses a bundle with a piece older than one that any `synced` record names, or without a piece that the
    /// last one names. Of a member that is not in the trust list any more no piece must be there, and none of
    /// those that a new trust list dropped.
    fn check_rollback(&self, bundle: &Bundle, dropped: &Dropped) -> Result<(), GateError<S::Error>> {
        let Some(synced) = &self.known.synced else { return Ok(()) };
        if bundle.trust().sequence() < synced.trust {
            return Err(GateError::Rollback("trust list"));
        }
        let gone = |member: MemberId| bundle.trust().member(member).is_none();
        let Newest { catalogues, status } = &self.known.newest;
        let there = |member| bundle.catalogue(member).is_some() || gone(member) || dropped.catalogues.contains(&member);
        let older =
            bundle.catalogues().any(|now| catalogues.get(&now.member()).is_some_and(|had| now.sequence() < *had));
        if older || !synced.catalogues.iter().all(|(member, _)| there(*member)) {
            return Err(GateError::Rollback("catalogue"));
        }
        let there = |issuer, uri: &str| {
            let dropped = || dropped.status.iter().any(|(of, at)| (*of, at.as_str()) == (issuer, uri));
            bundle.status_list(issuer, uri).is_some() || gone(issuer) || dropped()
        };
        let had = |issuer, uri: &str| status.get(&issuer).and_then(|lists| lists.get(uri));
        let older =
            bundle.status_lists().any(|now| had(now.issuer(), now.uri()).is_some_and(|had| now.issued() < *had));
        if older || !synced.status.iter().all(|(issuer, uri, _)| there(*issuer, uri)) {
            return Err(GateError::Rollback("status list"));
        }
        Ok(())
    }

    /// Appends records, with other writes of the same commit, and learns them.
    pub(super) fn append(&mut self, records: &[Record], writes: Vec<Write>) -> Result<(), GateError<S::Error>> {
        let mut batch = self.log.begin();
        let first = batch.size();
        for record in records {
            let body = record.encode();
            // What could not be read again would lock the gate for good.
            match Record::decode(&body) {
                Ok(read) if read == *record => {}
                Ok(_) => return Err(GateError::Refused(RecordError::Rule("a value that has no encoding"))),
                Err(error) => return Err(GateError::Refused(error)),
            }
            batch.push(&body, None)?;
        }
        self.commit(batch, writes)?;
        for (index, record) in (first..).zip(records) {
            self.known.learn(&self.certificate, index, record);
        }
        self.known.own.settle();
        Ok(())
    }

    /// Makes a batch durable. After a failure nobody knows what the store holds, so nothing more is
    /// written until the journal was opened again.
    fn commit(&mut self, mut batch: Batch, mut writes: Vec<Write>) -> Result<(), GateError<S::Error>> {
        writes.extend(batch.take_writes());
        if let Err(error) = self.storage.commit(&writes) {
            self.unsure = true;
            return Err(LogError::Storage(error).into());
        }
        // Of records that are durable but not in the log, an index would be used again.
        self.unsure = self.log.apply(batch).is_err();
        if self.unsure { Err(GateError::Stale) } else { Ok(()) }
    }

    /// Refuses another process than the one that opened the store. After a failed commit, opens the journal again
    /// and replays it.
    pub(super) fn recover(&mut self) -> Result<(), GateError<S::Error>> {
        self.storage.same_process().map_err(LogError::Storage)?;
        if self.unsure {
            self.storage.recover().map_err(LogError::Storage)?;
            self.log = Log::open(&self.storage, LOG, self.log.origin().as_str())?;
            self.known = self.replay()?;
            self.behind = self.check_rollback(&self.bundle, &Dropped::default()).is_err();
            self.unsure = false;
        }
        Ok(())
    }

    /// Builds what the gate knows from its journal and from what it learnt. All of the journal: without
    /// the records before a point, passes that are used up would be admitted again.
    fn replay(&self) -> Result<Known, GateError<S::Error>> {
        let mut known = Known { learnt: Learnt::load(&self.storage)?, ..Known::default() };
        let mut broken = None;
        let policy = self.bundle.trust().policy();
        let within = policy.rescan_within.max(policy.annul_within);
        self.log.replay(&self.storage, 0..self.log.size(), |index, body| {
            match Record::decode(body) {
                // Where nothing was sealed yet, only the first record says whose journal it is.
                Ok(Record::Opened { certificate, .. }) if certificate != self.certificate.digest() => {
                    broken = Some(GateError::OtherCertificate);
                }
                record if index == 0 && !matches!(record, Ok(Record::Opened { .. })) => {
                    broken = Some(GateError::OtherStore);
                }
                Ok(record) => {
                    known.learn(&self.certificate, index, &record);
                    // As when it was written: a clock set back later brings nothing back.
                    if matches!(record, Record::Redeemed(_) | Record::Left { .. }) {
                        known.forget(within);
                    }
                }
                Err(error) => broken = Some(GateError::Record { index, error }),
            }
            broken.is_none()
        })?;
        if let Some(broken) = broken {
            return Err(broken);
        }
        known.own.settle();
        if let Some(note) = self.log.kept_checkpoint(&self.storage)? {
            known.sealed = self.verify_seal(&note)?.size();
        }
        Ok(known)
    }

    /// A checkpoint of this gate, whoever has it.
    fn verify_seal(&self, note: &[u8]) -> Result<SignedCheckpoint, LogError<S::Error>> {
        let origin = self.log.origin().as_str();
        let verifier = NoteVerifier::new(origin, KeyKind::Ed25519, *self.certificate.key())?;
        Ok(SignedCheckpoint::verify(note, &verifier)?)
    }

    /// Refuses a journal that is not the one this checkpoint was signed over, or an earlier state of it.
    fn check_holds(&self, newest: &[u8]) -> Result<(), GateError<S::Error>> {
        let newest = self.verify_seal(newest)?;
        let (here, known) = (self.log.size(), newest.size());
        if here < known {
            return Err(GateError::OldCopy { here, known });
        }
        if self.log.root_at(&self.storage, known)? != newest.root() {
            return Err(LogError::OtherRoot(known).into());
        }
        Ok(())
    }

    pub(super) fn forget(&mut self) {
        let policy = self.bundle.trust().policy();
        self.known.forget(policy.rescan_within.max(policy.annul_within));
    }
}

impl Known {
    /// Takes in one record of the journal: when it was just written, and when it is replayed.
    fn learn(&mut self, certificate: &GateCertificate, index: u64, record: &Record) {
        self.last = record.time();
        self.totals.count(record);
        self.clocks.learn(index, record);
        match record {
            Record::Redeemed(redemption) => {
                let used = redemption.as_use(certificate, index);
                self.own.insert(redemption.pass, used);
                self.recent.push_back(Recent { index, redemption: *redemption });
                self.inside = self.inside.saturating_add(redemption.party.into());
            }
            Record::Annulled { index, .. } => {
                let key = (certificate.gate(), *index);
                let recent = self.recent.iter().position(|recent| recent.index == *index);
                let recent = recent.and_then(|at| self.recent.remove(at)).map(|recent| recent.redemption);
                let used = recent.map(|redemption| (redemption.pass, redemption.as_use(certificate, *index)));
                // Under another policy it may be forgotten here, though it was recent when annulled.
                if let Some((pass, used)) = used.or_else(|| self.own.find(key)) {
                    self.own.annul(pass, key);
                    self.inside = self.inside.saturating_sub(used.party.into());
                }
            }
            Record::Synced(synced) => {
                self.newest.learn(synced);
                self.synced = Some(synced.clone());
            }
            Record::DayClosed { .. } => (self.totals, self.inside) = (Totals::default(), 0),
            Record::Opened { .. } => {}
            Record::ClockSet { .. } => self.doubt = false,
            Record::ClockJumped { .. } => self.doubt = true,
            Record::Overridden { entry, .. } => self.inside = self.inside.saturating_add(entry.party.into()),
            Record::OutageOpened { since, .. } => self.outage = Some(*since),
            Record::OutageClosed { let_in, .. } => {
                self.outage = None;
                self.inside = self.inside.saturating_add((*let_in).into());
            }
            Record::Left { time, pass, party } => {
                self.exits.push_back((*time, *pass));
                self.inside = self.inside.saturating_sub((*party).into());
            }
        }
    }

    /// Drops what is too old to be scanned again or annulled, as of the last record, and what is as far
    /// ahead of it, since the clock was set back.
    fn forget(&mut self, within: u32) {
        let last = self.last;
        let far = |time: UnixTime| last.since(time).saturating_abs() > i64::from(within);
        while self.recent.front().is_some_and(|recent| far(recent.redemption.time)) {
            self.recent.pop_front();
        }
        while self.exits.front().is_some_and(|(time, _)| far(*time)) {
            self.exits.pop_front();
        }
    }
}

/// The holder's document, where the pass asks for it: compared by a person, or against the commitment.
fn check_identity(claims: &PassClaims, identity: Identity<'_>) -> Result<(), Reason> {
    if claims.flags & pass::flags::ID_CHECK == 0 {
        return Ok(());
    }
    match (identity, &claims.id_commitment) {
        (Identity::Compared, _) => Ok(()),
        (Identity::Shown(opening), Some(commitment)) if commitment.opens(&opening) => Ok(()),
        (Identity::Shown(_), Some(_)) => Err(Reason::IdMismatch),
        (Identity::Unknown, _) | (Identity::Shown(_), None) => Err(Reason::IdCheck),
    }
}

/// The bytes of what was shown: the size, then the text.
pub(super) fn evidence<'a>(shown: &Shown<'a>) -> Result<Evidence<'a>, Refusal> {
    match shown {
        Shown::Text(scanned) => match text::decode(scanned) {
            Ok(bytes) => Ok(Evidence::Decoded(bytes)),
            Err(text::TextError::Prefix) if scanned.starts_with(b"OC") => Err(Reason::UnsupportedVersion.into()),
            Err(_) => Err(Reason::Unreadable.into()),
        },
        Shown::Answer(presentation) => Ok(Evidence::Borrowed(presentation)),
    }
}

#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack, so that a scan allocates nothing")]
pub(super) enum Evidence<'a> {
    Decoded(text::TextBytes),
    Borrowed(&'a [u8]),
}

impl AsRef<[u8]> for Evidence<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Decoded(bytes) => bytes.as_slice(),
            Self::Borrowed(bytes) => bytes,
        }
    }
}

fn synced_record(bundle: &Bundle, ledgers: Vec<(MemberId, u64)>, time: UnixTime) -> Synced {
    Synced {
        time,
        trust: bundle.trust().sequence(),
        catalogues: bundle.catalogues().map(|catalogue| (catalogue.member(), catalogue.sequence())).collect(),
        status: bundle.status_lists().map(|list| (list.issuer(), list.uri().to_owned(), list.issued())).collect(),
        ledgers,
    }
}

/// The larger size of each member's ledger; knowledge does not shrink.
fn merge_sizes(known: impl Iterator<Item = (MemberId, u64)>) -> Vec<(MemberId, u64)> {
    let mut sizes: BTreeMap<MemberId, u64> = BTreeMap::new();
    for (member, size) in known {
        let known = sizes.entry(member).or_default();
        *known = (*known).max(size);
    }
    sizes.into_iter().collect()
}

#[cfg(test)]
#[path = "tests/journal.rs"]
pub(crate) mod tests;
