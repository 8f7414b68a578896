//! A witness (C2SP tlog-witness): it cosigns a checkpoint when it extends the last one it cosigned.
//!
//! The rule that matters is that the new state is durable before the cosignature exists. So
//! [`Witness::consider`] gives no cosignature but a [`Pending`], and only [`Pending::commit`], which
//! writes first, makes one.

use super::{
    base64,
    checkpoint::{Checkpoint, SignedCheckpoint},
    note::{KeyKind, KeyName, Note, NoteError, NoteLine, NoteVerifier, parse_decimal},
    proof::ProofError,
    replica::{ForkEvidence, Replica, ReplicaError},
    storage::{LogKey, Row, Storage, Write},
    tree::empty_root,
};
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
#[non_exhaustive]
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
#[non_exhaustive]
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
    logs: Vec<Watched>,
    /// The time of its last cosignature, of whatever log; [`UnixTime::MIN`] for none.
    last: UnixTime,
}

#[derive(Debug)]
struct Watched {
    watch: Watch,
    seen: Replica,
    /// A commit failed: the store may hold another checkpoint than was seen.
    unsure: bool,
}

impl Witness {
    /// Opens a witness that keeps the last checkpoint of each log as [`Row::Checkpoint`] under the
    /// given [`LogKey`]. Where a log or this witness changes its key, open it again on its store.
    ///
    /// # Errors
    /// [`WitnessError`]; a witness that does not know what it cosigned must not start.
    pub fn open<S: Storage>(
        storage: &S,
        name: KeyName,
        key: SigningKey,
        logs: impl IntoIterator<Item = impl Into<Watch>>,
    ) -> Result<Self, WitnessError<S::Error>> {
        let mut watched: Vec<Watched> = Vec::new();
        let own = NoteVerifier::of(name.clone(), KeyKind::Cosignature, key.verifying_key());
        let mut last = UnixTime::MIN;
        for watch in logs {
            let watch: Watch = watch.into();
            let origin = &watch.origin;
            let twice = |other: &Watched| other.watch.log == watch.log || other.watch.origin == *origin;
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
                // None under another key: who gives the witness a new one starts its time anew.
                let times = signed.cosignatures(core::slice::from_ref(&own)).map_err(damaged)?;
                last = times.into_iter().map(|(_, time)| time).fold(last, UnixTime::max);
            }
            watched.push(Watched { watch, seen, unsure: false });
        }
        Ok(Self { name, key, logs: watched, last })
    }

    /// As [`Witness::open`], for a store that may be an old copy. `newest` are checkpoints with this witness's
    /// cosignature that others have, of any of its logs. A witness that went on from less could cosign a second
    /// history; so it opens only if it knows of all that it is shown.
    ///
    /// A log that wants a second history cosigned shows the witness an old checkpoint. Ask those whom it showed the
    /// newer one: monitors, auditors, other logs that recorded it, holders of receipts.
    ///
    /// # Errors
    /// [`WitnessError::OldCopy`], [`WitnessError::OtherHistory`]; [`WitnessError::Note`] for a checkpoint that tells
    /// nothing, since this witness did not cosign it; else as [`Witness::open`].
    pub fn open_after<'a, S: Storage>(
        newest: impl IntoIterator<Item = &'a [u8]>,
        storage: &S,
        name: KeyName,
        key: SigningKey,
        logs: impl IntoIterator<Item = impl Into<Watch>>,
    ) -> Result<Self, WitnessError<S::Error>> {
        let mut witness = Self::open(storage, name, key, logs)?;
        newest.into_iter().try_for_each(|note| witness.check_knows(note))?;
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
    pub fn consider(&mut self, request: &AddCheckpoint<'_>) -> Result<Pending<'_>, Refused> {
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
        Ok(Pending { name: &self.name, key: &self.key, log, last: &mut self.last, signed })
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
pub struct Pending<'w> {
    name: &'w KeyName,
    key: &'w SigningKey,
    log: &'w mut Watched,
    last: &'w mut UnixTime,
    signed: SignedCheckpoint,
}

impl Pending<'_> {
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
        storage.same_process().map_err(WitnessError::Storage)?;
        storage.recover().map_err(WitnessError::Storage)?;
        let witness = NoteVerifier::of(self.name.clone(), KeyKind::Cosignature, self.key.verifying_key());
        let row = Row::Checkpoint { log: self.log.watch.log };
        let mut replaced = self.log.seen.latest().map(|last| last.note().into());
        // What is durable counts as cosigned, by whomever: had it been, and were it overwritten, there would be a fork.
        if self.log.unsure
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
        self.log.unsure = true;
        let writes = [Write::Expect(row, replaced), Write::Put(row, kept.note().into())];
        storage.commit(&writes).map_err(WitnessError::Storage)?;
        (self.log.seen, self.log.unsure) = (Replica::at(kept), false);
        *self.last = time;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::{
        Chain, MemoryStorage,
        checkpoint::tests::{ORIGIN, key, log_verifier, name, witness},
        storage::MemoryError,
    };

    const NOW: UnixTime = UnixTime::MAX;

    /// Checkpoints of sizes 0 to `size`, of entries that are all `salt`.
    fn history(size: u64, salt: u8) -> Vec<SignedCheckpoint> {
        let mut chain = Chain::new(ORIGIN);
        let sign = |chain: &Chain| {
            let checkpoint = Checkpoint { origin: name(ORIGIN), size: chain.size(), root: chain.root() };
            SignedCheckpoint::sign(checkpoint, &key(1))
        };
        let mut all = vec![sign(&chain)];
        for _ in 0..size {
            chain.push(&[salt]).unwrap();
            all.push(sign(&chain));
        }
        all
    }

    /// The leaf of an entry of the first history.
    fn leaf(index: usize) -> Hash {
        let mut chain = Chain::new(ORIGIN);
        let mut links = core::iter::repeat_with(|| chain.push(&[0]).unwrap());
        links.nth(index).unwrap()
    }

    fn open(storage: &MemoryStorage) -> Witness {
        Witness::open(storage, name("w"), key(3), [(LogKey(4), log_verifier(1))]).unwrap()
    }

    fn request(old: u64, proof: &[Hash], signed: &SignedCheckpoint) -> Vec<u8> {
        AddCheckpoint { old, proof: proof.to_vec(), note: signed.note().as_bytes() }.to_body()
    }

    fn add(witness: &mut Witness, storage: &mut MemoryStorage, body: &[u8]) -> Result<String, Refused> {
        Ok(witness.consider(&AddCheckpoint::parse(body)?)?.commit(storage, NOW).unwrap())
    }

    #[test]
    fn cosigns_what_extends_and_survives_a_restart() {
        let (mut storage, log) = (MemoryStorage::new(), history(3, 0));
        let mut w = open(&storage);
        // Lines of others, a forged one of this witness among them, are not taken over.
        let mut body = request(0, &[], &log[2]);
        body.extend(log[1].checkpoint().cosign(&name("w"), &key(3), NOW).bytes());
        body.extend(log[2].checkpoint().cosign(&name("v"), &key(4), NOW).bytes());
        let line = add(&mut w, &mut storage, &body).unwrap();
        let cosigned = log[2].with_cosignatures(&line, &[witness("w", 3)]).unwrap();
        assert_eq!(cosigned.cosignatures(&[w.verifier()]), Ok(vec![(0, NOW)]));
        let mut w = open(&storage);
        assert_eq!(w.latest(ORIGIN), Some(&cosigned));
        // From 2 to 3, the proof is the third leaf: the old root is the verifier's own.
        let mut chain = Chain::new(ORIGIN);
        let links: Vec<_> = (0..3).map(|_| chain.push(&[0]).unwrap()).collect();
        let good = request(2, &[links[2]], &log[3]);
        assert_eq!(w.consider(&AddCheckpoint::parse(&good).unwrap()).unwrap().signed(), &log[3]);
        add(&mut w, &mut storage, &good).unwrap();
        assert_eq!(add(&mut w, &mut storage, &good), Err(Refused::Stale { size: 3 }));
        add(&mut w, &mut storage, &request(3, &[], &log[3])).unwrap();
    }

    #[test]
    fn a_store_of_another_witness_or_log_is_refused_as_that() {
        let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
        add(&mut open(&storage), &mut storage, &request(0, &[], &log[1])).unwrap();
        let other = |of: &str, kept: &str| WitnessError::OtherStore { origin: name(of), kept: name(kept) };
        let opened = |by: &str, watch: (LogKey, NoteVerifier)| Witness::open(&storage, name(by), key(3), [watch]);
        assert_eq!(opened("v", (LogKey(4), log_verifier(1))).unwrap_err(), other(ORIGIN, "w"));
        let elsewhere = NoteVerifier::of(name("else"), KeyKind::Ed25519, key(1).verifying_key());
        assert_eq!(opened("w", (LogKey(4), elsewhere)).unwrap_err(), other("else", ORIGIN));
        // With another key it is the same witness.
        assert!(Witness::open(&storage, name("w"), key(5), [(LogKey(4), log_verifier(1))]).is_ok());
        // What only the log signed is nobody's.
        let mut bare = MemoryStorage::new();
        bare.commit(&[Write::Put(Row::Checkpoint { log: LogKey(4) }, log[1].note().into())]).unwrap();
        assert!(Witness::open(&bare, name("v"), key(3), [(LogKey(4), log_verifier(1))]).is_ok());
    }

    #[test]
    fn refusals_have_their_status() {
        let (mut storage, log, other) = (MemoryStorage::new(), history(3, 0), history(3, 1));
        let mut w = open(&storage);
        add(&mut w, &mut storage, &request(0, &[], &log[2])).unwrap();
        let before = storage.clone();
        let mut refuse = |body: &[u8]| {
            let refused = add(&mut w, &mut storage, body).unwrap_err();
            (refused.status(), refused)
        };
        let elsewhere = Checkpoint { origin: name("else"), ..log[3].checkpoint().clone() };
        let elsewhere = SignedCheckpoint::sign(elsewhere, &key(1));
        assert_eq!(refuse(&request(2, &[], &elsewhere)), (404, Refused::UnknownOrigin(name("else"))));
        let forged = SignedCheckpoint::sign(log[3].checkpoint().clone(), &key(2));
        assert_eq!(refuse(&request(2, &[], &forged)).0, 403);
        // The log's name and key id, and in the signature's place what is none.
        let own = log[3].note().rsplit_once(' ').unwrap().1.trim_end();
        for bad in [&own[..8], &own[..7], "", "Uw2QO"] {
            let body = request(2, &[], &log[3]);
            let body = String::from_utf8(body).unwrap().replace(own, bad).into_bytes();
            // Without its id it is a stranger's line, and the log's is missing.
            assert!(matches!(refuse(&body), (403, Refused::Signature(_))), "{bad:?}");
        }
        let twice = [request(2, &[], &log[3]), log[3].note().rsplit_once("\n\n").unwrap().1.into()].concat();
        assert_eq!(refuse(&twice), (403, Refused::Signature(NoteError::TwoLines(name(ORIGIN)))));
        let broken = request(2, &[], &log[3]).iter().map(|&b| if b == b'3' { b'4' } else { b }).collect::<Vec<_>>();
        assert!(matches!(refuse(&broken).0, 400 | 403 | 404));
        assert_eq!(refuse(&request(4, &[], &log[3])), (400, Refused::OldSize));
        assert_eq!(refuse(&request(1, &[], &log[3])), (409, Refused::Stale { size: 2 }));
        assert_eq!(refuse(&request(0, &[], &log[3])), (409, Refused::Stale { size: 2 }));
        assert_eq!(refuse(&request(2, &[], &log[3])), (422, Refused::Proof(ProofError::Length)));
        assert_eq!(refuse(&request(2, &[Hash([1; 32])], &log[3])), (422, Refused::Proof(ProofError::Root)));
        let (status, Refused::Fork(evidence)) = refuse(&request(2, &[], &other[2])) else { panic!("no fork") };
        assert_eq!((status, evidence.verify(&log_verifier(1))), (422, Ok(())));
        assert_eq!(storage, before);
    }

    #[test]
    fn the_first_checkpoint_needs_no_proof_and_has_none() {
        let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
        let mut w = open(&storage);
        let surplus = add(&mut w, &mut storage, &request(0, &[Hash([1; 32])], &log[1])).unwrap_err();
        assert_eq!(surplus, Refused::Proof(ProofError::Length));
        let hollow = Checkpoint { root: Hash([1; 32]), ..log[0].checkpoint().clone() };
        let hollow = SignedCheckpoint::sign(hollow, &key(1));
        let refused = add(&mut w, &mut storage, &request(0, &[], &hollow)).unwrap_err();
        assert_eq!((refused.status(), refused), (422, Refused::EmptyRoot));
        add(&mut w, &mut storage, &request(0, &[], &log[0])).unwrap();
        add(&mut w, &mut storage, &request(0, &[], &log[1])).unwrap();
    }

    #[test]
    fn without_a_commit_there_is_no_cosignature_and_no_change() {
        let (mut storage, log, other) = (MemoryStorage::new(), history(1, 0), history(1, 1));
        let mut w = open(&storage);
        storage.fail_after(0);
        let body = request(0, &[], &log[1]);
        let pending = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
        assert_eq!(pending.commit(&mut storage, NOW), Err(WitnessError::Storage(MemoryError::Told)));
        assert_eq!(w.latest(ORIGIN), None);
        let _ = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
        assert_eq!(w.latest(ORIGIN), None);
        // Nothing was cosigned, so the other history may still come first.
        add(&mut w, &mut storage, &request(0, &[], &other[1])).unwrap();
    }

    /// A commit that failed and is durable all the same, or another witness that came first: none can tell which.
    #[test]
    fn after_a_failed_commit_a_witness_goes_on_from_what_is_durable() {
        let (log, other) = (history(2, 0), history(1, 1));
        let asked = [&log[1], &other[1], &log[2]].map(|signed| request(0, &[], signed));
        let row = Row::Checkpoint { log: LogKey(4) };
        let mut done = MemoryStorage::new();
        add(&mut open(&done), &mut done, &asked[0]).unwrap();
        for (index, body) in asked.iter().enumerate() {
            let mut storage = MemoryStorage::new();
            let mut w = open(&storage);
            let mut commit = |storage: &mut MemoryStorage, body: &[u8]| {
                Ok::<_, Refused>(w.consider(&AddCheckpoint::parse(body)?)?.commit(storage, NOW).map(drop))
            };
            storage.fail_after(0);
            assert_eq!(commit(&mut storage, &asked[0]), Ok(Err(WitnessError::Storage(MemoryError::Told))));
            storage.commit(&[Write::Put(row, done.get(row).unwrap().unwrap())]).unwrap();
            if index == 0 {
                assert_eq!(commit(&mut storage, body), Ok(Ok(())), "the same again");
                continue;
            }
            assert_eq!(commit(&mut storage, body), Ok(Err(WitnessError::Storage(MemoryError::Changed(row)))));
            assert_eq!(storage, done);
            assert_eq!(commit(&mut storage, body), Err(Refused::Stale { size: 1 }));
            assert!(matches!(commit(&mut storage, &request(1, &[], &other[1])), Err(Refused::Fork(_))));
            assert_eq!(commit(&mut storage, &request(1, &[leaf(1)], &log[2])), Ok(Ok(())));
        }
    }

    #[test]
    fn in_a_forked_process_a_witness_cosigns_nothing() {
        let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
        let mut w = open(&storage);
        storage.fork();
        let body = request(0, &[], &log[1]);
        let pending = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
        assert_eq!(pending.commit(&mut storage, NOW), Err(WitnessError::Storage(MemoryError::Forked)));
        assert_eq!(w.latest(ORIGIN), None);
        assert_eq!(storage, MemoryStorage::new());
    }

    #[test]
    fn lines_of_strangers_keep_nothing_from_being_cosigned() {
        let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
        let mut body = request(0, &[], &log[1]);
        body.extend("\u{2014} a AAAAAAE=\n\u{2014} a AAAAAAE=\n\u{2014} \u{7f} ?\n".bytes());
        add(&mut open(&storage), &mut storage, &body).unwrap();
    }

    #[test]
    fn no_cosignature_is_dated_before_the_last_or_at_no_time() {
        let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
        let at = |seconds: i64| UnixTime::new(seconds).unwrap();
        let other = NoteVerifier::new("other", KeyKind::Ed25519, key(2).verifying_key()).unwrap();
        let others =
            SignedCheckpoint::sign(Checkpoint { origin: name("other"), ..log[1].checkpoint().clone() }, &key(2));
        let open = |storage: &MemoryStorage, seed: u8| {
            Witness::open(storage, name("w"), key(seed), [(LogKey(4), log_verifier(1)), (LogKey(5), other.clone())])
        };
        let cosign = |w: &mut Witness, storage: &mut MemoryStorage, signed: &SignedCheckpoint, now: i64| {
            let old = w.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
            let body = request(old, &[], signed);
            let line = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap().commit(storage, at(now))?;
            let cosigned = [signed.note(), &line].concat();
            let cosigned = SignedCheckpoint::verify_any(cosigned.as_bytes(), [&log_verifier(1), &other]).unwrap();
            Ok(cosigned.cosignatures(&[w.verifier()]).unwrap()[0].1.seconds())
        };
        let clock = |now, last| Err(WitnessError::Clock { now: at(now), last: at(last) });
        let mut w = open(&storage, 3).unwrap();
        assert_eq!(cosign(&mut w, &mut storage, &log[1], 0), clock(0, 0));
        assert_eq!((w.latest(ORIGIN), &storage), (None, &MemoryStorage::new()));
        assert_eq!(cosign(&mut w, &mut storage, &log[1], 100), Ok(100));
        // Opened again, and of whatever log.
        for _ in 0..2 {
            for signed in [&log[1], &others] {
                let before = storage.clone();
                assert_eq!(cosign(&mut w, &mut storage, signed, 97), clock(97, 100));
                assert_eq!(storage, before);
                assert_eq!(cosign(&mut w, &mut storage, signed, 98), Ok(100), "a step back of two seconds");
                assert_eq!(cosign(&mut w, &mut storage, signed, 100), Ok(100));
            }
            w = open(&storage, 3).unwrap();
        }
        // Others have a later one, of the same checkpoint.
        let line = log[1].checkpoint().cosign(&name("w"), &key(3), at(300));
        let newest = log[1].with_cosignatures(&line, &[witness("w", 3)]).unwrap();
        let logs = [(LogKey(4), log_verifier(1)), (LogKey(5), other.clone())];
        let after = Witness::open_after([newest.note().as_bytes()], &storage, name("w"), key(3), logs);
        assert_eq!(cosign(&mut after.unwrap(), &mut storage, &log[1], 200), clock(200, 300));
        // What was dated far ahead is left behind with the key.
        assert_eq!(cosign(&mut open(&storage, 3).unwrap(), &mut storage, &others, 9_000), Ok(9_000));
        assert_eq!(cosign(&mut open(&storage, 3).unwrap(), &mut storage, &log[1], 200), clock(200, 9_000));
        let mut w = open(&storage, 4).unwrap();
        assert_eq!(cosign(&mut w, &mut storage, &log[1], 200), Ok(200));
        assert_eq!(cosign(&mut open(&storage, 4).unwrap(), &mut storage, &log[1], 150), clock(150, 200));
    }

    #[test]
    fn hostile_requests() {
        let hash = base64::encode(&[0; 32]);
        let many = format!("old 1\n{}\nnote", format!("{hash}\n").repeat(64));
        for body in [
            "",
            "old 1",
            "old 1\n",
            "old 01\n\n",
            "old -1\n\n",
            "Old 1\n\n",
            "old 1 \n\n",
            "old 1\nAAAA\n\n",
            "\n\n",
            &many,
        ] {
            assert_eq!(AddCheckpoint::parse(body.as_bytes()), Err(Refused::Malformed), "{body:?}");
        }
        assert!(AddCheckpoint::parse(many.replacen(&format!("{hash}\n"), "", 1).as_bytes()).is_ok());
        let note_of = |length: usize| format!("old 1\n\n{}", "a".repeat(length - 7)).into_bytes();
        assert!(AddCheckpoint::parse(&note_of(MAX_PROOF)).is_ok());
        for longer in [MAX_PROOF + 1, MAX_PROOF + 2] {
            assert_eq!(AddCheckpoint::parse(&note_of(longer)), Err(Refused::Malformed));
        }
    }

    #[test]
    fn a_log_that_changes_its_key_is_followed() {
        let (mut storage, log) = (MemoryStorage::new(), history(3, 0));
        add(&mut open(&storage), &mut storage, &request(0, &[], &log[1])).unwrap();
        let (old, new) = (log_verifier(1), log_verifier(2));
        let watch = |keys: &[&NoteVerifier], retired: &[&NoteVerifier]| {
            let all = |keys: &[&NoteVerifier]| keys.iter().copied().cloned().collect();
            Watch { log: LogKey(4), origin: name(ORIGIN), keys: all(keys), retired: all(retired) }
        };
        let open = |storage: &MemoryStorage, watch| Witness::open(storage, name("w"), key(3), [watch]);
        let unread = open(&storage, watch(&[&new], &[])).unwrap_err();
        let source = NoteError::NotSigned(name(ORIGIN));
        assert_eq!(unread, WitnessError::Damaged { origin: name(ORIGIN), source: source.clone() });
        let mut w = open(&storage, watch(&[&new], &[&old])).unwrap();
        assert_eq!(w.latest(ORIGIN).map(SignedCheckpoint::size), Some(1));
        // What the retired key signs is not cosigned, be it as good as it may.
        let again = |signed: &SignedCheckpoint| SignedCheckpoint::sign(signed.checkpoint().clone(), &key(2));
        let refused = add(&mut w, &mut storage, &request(1, &[], &log[1])).unwrap_err();
        assert_eq!((refused.status(), refused), (403, Refused::Signature(source)));
        add(&mut w, &mut storage, &request(1, &[], &again(&log[1]))).unwrap();
        // While both are good, either signs.
        let mut w = open(&storage, watch(&[&old, &new], &[])).unwrap();
        add(&mut w, &mut storage, &request(1, &[], &log[1])).unwrap();
        add(&mut w, &mut storage, &request(1, &[], &again(&log[1]))).unwrap();
        // Without a key nothing is cosigned, and nothing forgotten.
        let mut w = open(&storage, watch(&[], &[&old, &new])).unwrap();
        assert_eq!(w.latest(ORIGIN).map(SignedCheckpoint::size), Some(1));
        assert_eq!(add(&mut w, &mut storage, &request(1, &[], &log[1])).unwrap_err().status(), 403);
        let elsewhere = NoteVerifier::new("else", KeyKind::Ed25519, key(1).verifying_key()).unwrap();
        for bad in [&elsewhere, &witness(ORIGIN, 1)] {
            let refused = open(&storage, watch(&[&new], &[&old, bad])).unwrap_err();
            assert_eq!(refused, WitnessError::Logs(name(ORIGIN)));
        }
    }

    #[test]
    fn a_witness_does_not_start_on_a_damaged_or_foreign_state() {
        let mut storage = MemoryStorage::new();
        let foreign = SignedCheckpoint::sign(history(1, 0)[1].checkpoint().clone(), &key(2));
        storage.commit(&[Write::Put(Row::Checkpoint { log: LogKey(4) }, foreign.note().into())]).unwrap();
        let open = |logs: Vec<_>| Witness::open(&storage, name("w"), key(3), logs).unwrap_err();
        assert!(matches!(open(vec![(LogKey(4), log_verifier(1))]), WitnessError::Damaged { .. }));
        let twice = vec![(LogKey(1), log_verifier(1)), (LogKey(2), log_verifier(1))];
        assert_eq!(open(twice), WitnessError::Logs(name(ORIGIN)));
        assert_eq!(open(vec![(LogKey(1), witness(ORIGIN, 1))]), WitnessError::Logs(name(ORIGIN)));
        let other = NoteVerifier::new("other", KeyKind::Ed25519, key(2).verifying_key()).unwrap();
        let rows = |second| vec![(LogKey(1), log_verifier(1)), (LogKey(second), other.clone())];
        assert_eq!(open(rows(1)), WitnessError::Logs(name("other")), "two logs in one row");
        assert!(Witness::open(&storage, name("w"), key(3), rows(2)).is_ok());
    }

    #[test]
    fn an_old_copy_is_noticed_before_anything_is_cosigned() {
        let (mut storage, log, other) = (MemoryStorage::new(), history(3, 0), history(3, 1));
        let cosigned = |signed: &SignedCheckpoint| {
            let line = signed.checkpoint().cosign(&name("w"), &key(3), NOW);
            signed.with_cosignatures(&line, &[witness("w", 3)]).unwrap()
        };
        let mut w = open(&storage);
        add(&mut w, &mut storage, &request(0, &[], &log[1])).unwrap();
        let old = storage.clone();
        add(&mut w, &mut storage, &request(1, &[leaf(1)], &log[2])).unwrap();
        let after = |notes: &[&SignedCheckpoint], storage: &MemoryStorage| {
            let newest = notes.iter().map(|signed| signed.note().as_bytes());
            Witness::open_after(newest, storage, name("w"), key(3), [(LogKey(4), log_verifier(1))]).map(drop)
        };
        let (first, second) = (cosigned(&log[1]), cosigned(&log[2]));
        let origin = name(ORIGIN);
        assert_eq!(after(&[&first, &second], &storage), Ok(()));
        assert_eq!(after(&[&first], &old), Ok(()));
        let refused = |here| Err(WitnessError::OldCopy { origin: name(ORIGIN), here, known: 2 });
        assert_eq!(after(&[&first, &second], &old), refused(1));
        assert_eq!(after(&[&second], &MemoryStorage::new()), refused(0));
        // The old copy went on, and cosigned as many of another history.
        let other_history = Err(WitnessError::OtherHistory { origin, size: 2 });
        assert_eq!(after(&[&cosigned(&other[2])], &storage), other_history);
        // What it did not cosign, or nobody signed, tells nothing.
        let not_signed = |by: &str| Err(WitnessError::Note(NoteError::NotSigned(name(by))));
        assert_eq!(after(&[&log[3]], &storage), not_signed("w"));
        let strange = cosigned(&SignedCheckpoint::sign(log[2].checkpoint().clone(), &key(2)));
        assert_eq!(after(&[&strange], &storage), not_signed(ORIGIN));
        let elsewhere = Checkpoint { origin: name("else"), ..log[2].checkpoint().clone() };
        let elsewhere = cosigned(&SignedCheckpoint::sign(elsewhere, &key(1)));
        assert_eq!(after(&[&elsewhere], &storage), Err(WitnessError::Note(NoteError::OtherLog(name("else")))));
    }
}
