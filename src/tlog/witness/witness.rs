//! A witness (C2SP tlog-witness): it cosigns a checkpoint when it extends the last one it cosigned.
//!
//! The rule that matters is that the new state is durable before the cosignature exists. So
//! [`Witness::consider`] gives no cosignature but a [`PendingCosignature`], and only [`PendingCosignature::commit`], which
//! writes first, makes one.

use super::super::log::{
    options::OpenOptions,
    storage::{LogKey, Row, Storage, Write},
    writer::Writer,
};
use super::super::note::base64;
use super::super::note::checkpoint::{Checkpoint, SignedCheckpoint};
use super::super::note::note::{KeyKind, KeyName, Note, NoteError, NoteLine, NoteVerifier, parse_decimal};
use super::super::tree::proof::ProofError;
use super::super::tree::tree::empty_root;
use super::replica::{ForkEvidence, Replica, ReplicaError};
use crate::{
    crypto::{Hash, SigningKey},
    limits::MAX_PROOF,
    time::UnixTime,
};

/// Most lines of a consistency proof in a request (tlog-witness).
const MAX_PROOF_LINES: usize = 63;

/// An `add-checkpoint` request taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint<'a> {
    /// The size that the proof starts from: that of the last checkpoint this witness cosigned.
    pub old: u64,
    /// Consistency proof.
    pub proof: Vec<Hash>,
    /// The checkpoint's note.
    pub note: &'a [u8],
}

impl<'a> AddCheckpoint<'a> {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn parse(body: &'a [u8]) -> Result<Self, Refused> {
        if body.len() > MAX_PROOF {
            return Err(Refused::Malformed);
        }
        let text = core::str::from_utf8(body).map_err(|_| Refused::Malformed)?;
        let (head, note) = text.split_once("\n\n").ok_or(Refused::Malformed)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| parse_decimal(line.strip_prefix("old ")?)).ok_or(Refused::Malformed)?;
        let proof: Option<Vec<_>> = lines.map(base64::decode_hash).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF_LINES).ok_or(Refused::Malformed)?;
        Ok(Self { old, proof, note: note.as_bytes() })
    }

    /// The body of the request.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        let mut body = format!("old {}\n", self.old);
        for hash in &self.proof {
            body.push_str(&base64::encode(&hash.0));
            body.push('\n');
        }
        body.push('\n');
        [body.as_bytes(), self.note].concat()
    }
}

/// A witness does not cosign. [`Refused::status`] is the answer of the HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request cannot be parsed.
    #[error("the request is malformed")]
    Malformed,
    /// The note or its checkpoint cannot be parsed.
    #[error("the checkpoint is malformed")]
    Checkpoint(#[source] NoteError),
    /// No log of this origin is witnessed here.
    #[error("the log {0} is not witnessed here")]
    UnknownOrigin(KeyName),
    /// The log's signature is missing or bad.
    #[error("the log's signature is missing or bad")]
    Signature(#[source] NoteError),
    /// The old size is larger than the checkpoint's.
    #[error("the old size is larger than the checkpoint's")]
    OldSize,
    /// The old size is not that of the last checkpoint cosigned. Try again from `size`.
    #[error("the last checkpoint cosigned has size {size}")]
    Stale {
        /// Size of the last checkpoint cosigned.
        size: u64,
    },
    /// A checkpoint of size zero with another root than the empty tree's.
    #[error("the root is not that of the empty tree")]
    EmptyRoot,
    /// The consistency proof does not verify.
    #[error("the consistency proof does not verify")]
    Proof(#[source] ProofError),
    /// The log signed two histories.
    #[error("the log signed two histories")]
    Fork(Box<ForkEvidence>),
}

impl Refused {
    /// The HTTP status code that tlog-witness asks for. With 409, the body is the size to retry from.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::Checkpoint(_) | Self::OldSize => 400,
            Self::Signature(_) => 403,
            Self::UnknownOrigin(_) => 404,
            Self::Stale { .. } => 409,
            Self::EmptyRoot | Self::Proof(_) | Self::Fork(_) => 422,
        }
    }
}

/// A witness cannot be opened, or does not cosign what it might.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError<E> {
    /// The store failed.
    #[error("the store failed")]
    Storage(#[source] E),
    /// The checkpoint kept of a log is not one of that log.
    #[error("the checkpoint kept of {origin} is damaged")]
    Damaged {
        /// The log.
        origin: KeyName,
        /// What is wrong with the note.
        source: NoteError,
    },
    /// The store keeps what another witness cosigned, or has this log's place for another log.
    #[error("where the checkpoint of {origin} should be, the store keeps one of {kept}: it is another witness's store")]
    OtherStore {
        /// The log.
        origin: KeyName,
        /// The log, or the witness, whose checkpoint is kept.
        kept: KeyName,
    },
    /// Two logs have one origin or one place in the store, or a log's key has another name or is of
    /// the wrong type.
    #[error("the log {0} is listed twice, or with a key that does not sign its checkpoints")]
    Logs(KeyName),
    /// What others have is no checkpoint of a log watched here, or this witness did not cosign it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The witness cosigned more of a log than its store knows of.
    #[error(
        "the store is an old copy: it knows {origin} up to {here} entries, {known} were cosigned; cosign nothing with \
         it: use the newer store, or give this witness a new key"
    )]
    OldCopy {
        /// The log.
        origin: KeyName,
        /// Size of the last checkpoint kept here.
        here: u64,
        /// Size of one that was cosigned.
        known: u64,
    },
    /// The witness cosigned another checkpoint of that size than its store knows of.
    #[error("of {origin}, another checkpoint of size {size} was cosigned than is kept here; cosign nothing any more")]
    OtherHistory {
        /// The log.
        origin: KeyName,
        /// The size.
        size: u64,
    },
    /// The clock shows a time before the last cosignature, or the very first second of 1970, at which nothing is
    /// cosigned (C2SP tlog-witness).
    #[error("the clock shows {now}, the last cosignature is of {last}")]
    Clock {
        /// What it shows.
        now: UnixTime,
        /// The time of the last cosignature; the first second of 1970 for none.
        last: UnixTime,
    },
}

/// A log that a witness is to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Where its last checkpoint is kept.
    pub log: LogKey,
    /// Its name.
    pub origin: KeyName,
    /// The keys that may sign what is to be cosigned.
    pub keys: Vec<NoteVerifier>,
    /// Keys that may not any more: they only verify what was cosigned before and is kept.
    pub retired: Vec<NoteVerifier>,
}

impl Watch {
    /// The keys that verify what is kept.
    fn known(&self) -> impl Iterator<Item = &NoteVerifier> {
        self.keys.iter().chain(&self.retired)
    }
}

impl From<(LogKey, NoteVerifier)> for Watch {
    /// A log that has had one key all the time.
    fn from((log, key): (LogKey, NoteVerifier)) -> Self {
        Self { log, origin: key.name().clone(), keys: vec![key], retired: Vec::new() }
    }
}

/// A witness of some logs, with the last checkpoint it cosigned of each.
#[derive(Debug)]
pub struct Witness {
    name: KeyName,
    key: SigningKey,
    logs: Vec<WatchedLog>,
    /// The time of its last cosignature, of whatever log; [`UnixTime::MIN`] for none.
    last: UnixTime,
}

#[derive(Debug)]
struct WatchedLog {
    watch: Watch,
    seen: Replica,
    writer: Writer,
}

impl Witness {
    /// Opens a witness that keeps the last checkpoint of each log as [`Row::Checkpoint`] under the
    /// given [`LogKey`]. Where a log or this witness changes its key, open it again on its store.
    ///
    /// [`OpenOptions::newest`] are checkpoints with this witness's cosignature that others have, of any of its logs.
    /// A log that wants a second history cosigned shows the witness an old checkpoint. Ask those that have the
    /// newer one: monitors, auditors, other logs that recorded it, holders of receipts.
    ///
    /// # Errors
    /// [`WitnessError`]; a witness that does not know what it cosigned must not start. Where others have what it does
    /// not know of, that is [`WitnessError::OldCopy`] or [`WitnessError::OtherHistory`]; a checkpoint that this witness
    /// did not cosign says nothing and is [`WitnessError::Note`].
    pub fn open<S: Storage>(
        storage: &S,
        name: KeyName,
        key: SigningKey,
        logs: impl IntoIterator<Item = impl Into<Watch>>,
        options: OpenOptions<'_>,
    ) -> Result<Self, WitnessError<S::Error>> {
        let mut watched: Vec<WatchedLog> = Vec::new();
        let own = NoteVerifier::of(name.clone(), KeyKind::Cosignature, key.verifying_key());
        let mut last = UnixTime::MIN;
        for watch in logs {
            let watch: Watch = watch.into();
            let origin = &watch.origin;
            let twice = |other: &WatchedLog| other.watch.log == watch.log || other.watch.origin == *origin;
            let signs = |key: &NoteVerifier| key.kind() == KeyKind::Ed25519 && key.name() == origin;
            if !watch.known().all(signs) || watched.iter().any(twice) {
                return Err(WitnessError::Logs(origin.clone()));
            }
            let mut seen = Replica::new(origin.clone());
            if let Some(note) = storage.get(Row::Checkpoint { log: watch.log }).map_err(WitnessError::Storage)? {
                let damaged = |source| WitnessError::Damaged { origin: origin.clone(), source };
                let signed = SignedCheckpoint::verify_any(&note, watch.known()).map_err(|error| match error {
                    NoteError::OtherLog(kept) => WitnessError::OtherStore { origin: origin.clone(), kept },
                    error => damaged(error),
                })?;
                if let Some(kept) = cosigner(&signed, &name) {
                    return Err(WitnessError::OtherStore { origin: origin.clone(), kept });
                }
                // From nothing to any checkpoint, the empty proof is right.
                seen.advance(&signed, &[]).map_err(|_| damaged(NoteError::Checkpoint(3)))?;
                // Under another key there is none: a witness with a new key starts from no time.
                let times = signed.cosignatures(core::slice::from_ref(&own)).map_err(damaged)?;
                last = times.into_iter().map(|(_, time)| time).fold(last, UnixTime::max);
            }
            let mut writer = Writer::default();
            writer.settled();
            watched.push(WatchedLog { watch, seen, writer });
        }
        let mut witness = Self { name, key, logs: watched, last };
        options.newest.iter().try_for_each(|note| witness.check_knows(note))?;
        Ok(witness)
    }

    /// Refuses a checkpoint that this witness cosigned and does not know of. Of the others it learns their time.
    fn check_knows<E>(&mut self, note: &[u8]) -> Result<(), WitnessError<E>> {
        let claimed = Checkpoint::parse(Note::parse(note)?.text())?.origin;
        let log = self.logs.iter().find(|log| log.watch.origin == claimed).ok_or(NoteError::OtherLog(claimed))?;
        let signed = SignedCheckpoint::verify_any(note, log.watch.known())?;
        let cosigned = signed.cosignatures(&[self.verifier()])?;
        let &(_, time) = cosigned.first().ok_or_else(|| NoteError::NotSigned(self.name.clone()))?;
        let (origin, here, known) = (log.watch.origin.clone(), log.seen.size(), signed.size());
        if here < known {
            return Err(WitnessError::OldCopy { origin, here, known });
        }
        // Of earlier ones nothing is kept.
        if here == known && log.seen.latest().is_some_and(|latest| latest.root() != signed.root()) {
            return Err(WitnessError::OtherHistory { origin, size: known });
        }
        self.last = self.last.max(time);
        Ok(())
    }

    /// The last checkpoint cosigned of the log called `origin`, with the cosignature.
    #[must_use]
    pub fn latest(&self, origin: &str) -> Option<&SignedCheckpoint> {
        self.logs.iter().find(|log| log.watch.origin == *origin)?.seen.latest()
    }

    /// The key that verifies this witness's cosignatures.
    #[must_use]
    pub fn verifier(&self) -> NoteVerifier {
        NoteVerifier::of(self.name.clone(), KeyKind::Cosignature, self.key.verifying_key())
    }

    /// Decides whether a checkpoint may be cosigned, in the order of tlog-witness. While the result
    /// lives, nothing else can be considered.
    ///
    /// # Errors
    /// [`Refused`]; nothing has changed.
    pub fn consider(&mut self, request: &AddCheckpoint<'_>) -> Result<PendingCosignature<'_>, Refused> {
        let note = Note::parse(request.note).map_err(Refused::Checkpoint)?;
        let claimed = Checkpoint::parse(note.text()).map_err(Refused::Checkpoint)?;
        let known = self.logs.iter_mut().find(|log| log.watch.origin == claimed.origin);
        let log = known.ok_or(Refused::UnknownOrigin(claimed.origin))?;
        let signed = SignedCheckpoint::verify_any(request.note, &log.watch.keys).map_err(Refused::Signature)?;
        if request.old > signed.size() {
            return Err(Refused::OldSize);
        }
        if request.old != log.seen.size() {
            return Err(Refused::Stale { size: log.seen.size() });
        }
        if signed.size() == 0 && signed.root() != empty_root() {
            return Err(Refused::EmptyRoot);
        }
        let mut next = log.seen.clone();
        next.advance(&signed, &request.proof).map_err(|error| match error {
            ReplicaError::Fork(evidence) => Refused::Fork(evidence),
            ReplicaError::Proof(error) => Refused::Proof(error),
            _ => Refused::Proof(ProofError::Root),
        })?;
        Ok(PendingCosignature { name: &self.name, key: &self.key, log, last: &mut self.last, signed })
    }
}

/// Who cosigned what is kept, where `name` did not: whatever key it had, a witness keeps its own line.
fn cosigner(kept: &SignedCheckpoint, name: &KeyName) -> Option<KeyName> {
    let note = Note::parse(kept.note().as_bytes()).ok()?;
    let mut others = note.lines().iter().map(NoteLine::name).filter(|other| *other != kept.origin().as_str());
    let other = others.clone().next()?;
    if others.any(|other| other == name.as_str()) { None } else { KeyName::new(other).ok() }
}

/// A checkpoint that may be cosigned, once that is durable.
#[must_use = "nothing is cosigned before commit"]
#[derive(Debug)]
pub struct PendingCosignature<'w> {
    name: &'w KeyName,
    key: &'w SigningKey,
    log: &'w mut WatchedLog,
    last: &'w mut UnixTime,
    signed: SignedCheckpoint,
}

impl PendingCosignature<'_> {
    /// The checkpoint.
    #[must_use]
    pub const fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// Makes the new state durable, then returns the cosignature line as of `now`. The commit fails where the store
    /// holds another checkpoint of the log than this witness knows: another one uses the same store.
    ///
    /// A cosignature says what was the newest at its time, so none is dated before another of this witness. Where the
    /// clock stepped back by [`STEP_BACK`](crate::time::STEP_BACK) at most, it is dated as the last one; where it is
    /// further behind, one of the two times was wrong. If that was the last one, give the witness a new key.
    ///
    /// # Errors
    /// [`WitnessError::Clock`], or the store's; there is no cosignature then. The same request may be made again. Before the
    /// next commit the witness looks what is durable and goes on from there, so that a request which does not continue that
    /// is refused.
    pub fn commit<S: Storage>(self, storage: &mut S, now: UnixTime) -> Result<String, WitnessError<S::Error>> {
        let unsure = self.log.writer.recover(storage).map_err(WitnessError::Storage)?;
        let witness = NoteVerifier::of(self.name.clone(), KeyKind::Cosignature, self.key.verifying_key());
        let row = Row::Checkpoint { log: self.log.watch.log };
        let mut replaced = self.log.seen.latest().map(|last| last.note().into());
        // What is durable counts as cosigned, by whomever: had it been, and were it overwritten, there would be a fork.
        if unsure
            && let Some(note) = storage.get(row).map_err(WitnessError::Storage)?
            && let Ok(here) = SignedCheckpoint::verify_any(&note, self.log.watch.known())
        {
            let times = here.cosignatures(core::slice::from_ref(&witness)).unwrap_or_default();
            *self.last = times.into_iter().map(|(_, time)| time).fold(*self.last, UnixTime::max);
            let state = |signed: &SignedCheckpoint| (signed.size(), signed.root());
            let (seen, durable) = (self.log.seen.latest().map_or((0, empty_root()), state), state(&here));
            if seen == durable || seen.0 < durable.0 {
                self.log.seen = Replica::at(here);
            }
            if seen == durable || state(&self.signed) == durable {
                replaced = Some(note);
            }
        }
        let clock = || WitnessError::Clock { now, last: *self.last };
        let time = now.not_before(*self.last).filter(|_| now != UnixTime::MIN).ok_or_else(clock)?;
        let line = self.signed.checkpoint().cosign(self.name, self.key, time);
        // What monitors are served: the log's signature and ours, and nobody else's. None of these
        // steps fails for a checkpoint that was verified; if one did, the note as it came would do.
        let bare = self.signed.without_others();
        let kept = bare.and_then(|bare| bare.with_cosignatures(&line, &[witness]));
        let kept = kept.unwrap_or(self.signed);
        let writes = [Write::Expect(row, replaced), Write::Put(row, kept.note().into())];
        self.log.writer.commit(storage, &writes).map_err(WitnessError::Storage)?;
        self.log.seen = Replica::at(kept);
        self.log.writer.settled();
        *self.last = time;
        Ok(line)
    }
}

#[cfg(test)]
#[path = "tests/witness.rs"]
mod tests;
