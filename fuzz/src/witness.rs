//! A witness of two logs whose owners lie: whatever it is asked, it cosigns no two checkpoints that contradict
//! each other, and never an older one; it answers as a slow reading of tlog-witness; a refusal changes nothing;
//! and after a restart it is where it was. Knowing what others have of it, it does not start from an old copy of its
//! store.
//!
//! A log is a set of histories, a history a list of numbers; one contradicts another where neither begins with it.
//! Each byte of the input is a step, with the bytes after it saying how.

use super::federation::{CITIES, NAME, secret, time};
use super::input::Input;
use onecard::crypto::{Hash, SigningKey};
use onecard::tlog::{
    AddCheckpoint, Checkpoint, ForkReason, KeyKind, KeyName, Log, LogKey, MemoryError, MemoryStorage, NoteError,
    NoteVerifier, OpenOptions, Refused, SignedCheckpoint, Storage, Watch, Witness, WitnessError, empty_root,
};
use onecard::trust::Role;
use onecard_testkit::stores::{Failing, Fault};

const STEPS: usize = 24;
/// Most histories of one log, and most entries of one history.
const HISTORIES: usize = 4;
const ENTRIES: usize = 40;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let store = Failing::default();
    let mut world = World {
        witness: open(&store),
        fault: store.fault.clone(),
        store,
        logs: [0, 1].map(|_| Owner { histories: vec![vec![]], ..Owner::default() }),
        now: 20_000,
    };
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
        world.check();
    }
}

/// The owner of a log, and what the witness did for it.
#[derive(Default)]
struct Owner {
    histories: Vec<Vec<u8>>,
    /// What it cosigned, in order.
    cosigned: Vec<Vec<u8>>,
    /// The notes of these, with its line, as others have them.
    notes: Vec<String>,
    /// What it goes on from, and what is in its store: they differ after a commit that failed when it was made.
    seen: Vec<u8>,
    kept: Option<Vec<u8>>,
    /// Since such a commit, the witness has not looked.
    behind: bool,
}

struct World {
    witness: Witness,
    store: Failing,
    fault: Fault,
    logs: [Owner; 2],
    now: i64,
}

fn origin(log: usize) -> KeyName {
    KeyName::new(&format!("{NAME}/{}", CITIES[log])).unwrap()
}

fn key(log: usize) -> SigningKey {
    secret(CITIES[log], Role::Log)
}

/// The key that a log had before: it still verifies what is kept, and nothing new.
fn retired(log: usize) -> SigningKey {
    secret(CITIES[log], Role::Registrar)
}

fn verifier(log: usize, key: &SigningKey) -> NoteVerifier {
    NoteVerifier::of(origin(log), KeyKind::Ed25519, key.verifying_key())
}

fn name() -> KeyName {
    KeyName::new(&format!("{NAME}/{}/witness", CITIES[2])).unwrap()
}

fn open(store: &Failing) -> Witness {
    open_after(&[], store).unwrap()
}

fn open_after(newest: &[&[u8]], store: &Failing) -> Result<Witness, WitnessError<MemoryError>> {
    let watch = |log: usize| Watch {
        log: LogKey(log as u32),
        origin: origin(log),
        keys: vec![verifier(log, &key(log))],
        retired: vec![verifier(log, &retired(log))],
    };
    let (key, watch) = (secret(CITIES[2], Role::Witness), [watch(0), watch(1)]);
    Witness::open(store, name(), key, watch, OpenOptions { newest })
}

/// The history as a log.
fn log_of(log: usize, entries: &[u8]) -> (Log, MemoryStorage) {
    let mut storage = MemoryStorage::new();
    let mut owner = Log::open(&storage, LogKey(0), origin(log).as_str()).unwrap();
    let mut batch = owner.begin();
    entries.iter().for_each(|entry| _ = batch.push(&[*entry], None).unwrap());
    storage.commit(&batch.take_writes()).unwrap();
    owner.apply(batch).unwrap();
    (owner, storage)
}

impl World {
    fn step(&mut self, input: &mut Input<'_>) {
        let log = usize::from(input.odd());
        match input.byte() % 9 {
            0..4 => self.ask(log, input),
            4 => {
                let histories = &mut self.logs[log].histories;
                let at = usize::from(input.byte()) % histories.len();
                let more = usize::from(input.byte() % 9).min(ENTRIES - histories[at].len());
                // A log that lies says the same number where it forks, or another one.
                let number = input.byte();
                histories[at].extend(std::iter::repeat_n(number, more));
            }
            5 => {
                let histories = &mut self.logs[log].histories;
                let from = &histories[usize::from(input.byte()) % histories.len()];
                let fork = from[..usize::from(input.byte()) % (from.len() + 1)].to_vec();
                if histories.len() < HISTORIES {
                    histories.push(fork);
                }
            }
            6 => self.fault.set(input.byte() % 3),
            7 => self.witness = self.restarted(open(&self.store)),
            _ => self.restart_after(log, input),
        }
    }

    fn restarted(&mut self, witness: Witness) -> Witness {
        for owner in &mut self.logs {
            (owner.seen, owner.behind) = (owner.kept.clone().unwrap_or_default(), false);
        }
        witness
    }

    /// Starts from its store, or from one that was emptied, knowing of a checkpoint that it cosigned; or that it is
    /// said to have cosigned.
    fn restart_after(&mut self, log: usize, input: &mut Input<'_>) {
        let (emptied, which, how) = (input.odd(), usize::from(input.byte()), input.byte() % 4);
        let Owner { cosigned, notes, kept, .. } = &self.logs[log];
        let Some(note) = notes.get(which % notes.len().max(1)) else { return };
        let known = cosigned[which % notes.len()].len() as u64;
        let forged = how == 3 && known > 0;
        let newest = match how {
            // The log's line alone.
            1 => note.split_inclusive('\n').take(5).collect(),
            2 => Checkpoint { origin: KeyName::new("nobody").unwrap(), size: 1, root: Hash([8; 32]) }.sign(&key(log)),
            3 if forged => {
                let other = Checkpoint { origin: origin(log), size: known, root: Hash([8; 32]) };
                let line = other.cosign(&name(), &secret(CITIES[2], Role::Witness), time(self.now));
                [other.sign(&key(log)), line].concat()
            }
            _ => note.clone(),
        };
        let here = kept.as_ref().filter(|_| !emptied).map_or(0, |kept| kept.len() as u64);
        let store = if emptied { Failing::default() } else { self.store.clone() };
        match (how, open_after(&[newest.as_bytes()], &store)) {
            (1, result) => assert!(matches!(result, Err(WitnessError::Note(NoteError::NotSigned(_)))), "not cosigned"),
            (2, result) => assert!(matches!(result, Err(WitnessError::Note(NoteError::OtherLog(_)))), "of nobody"),
            (_, Ok(witness)) => {
                assert!(here > known || (here == known && !forged), "at {here}, cosigned {known}");
                if !emptied {
                    self.witness = self.restarted(witness);
                }
            }
            (_, Err(error)) => {
                let old = matches!(error, WitnessError::OldCopy { here: at, known: cosigned, .. }
                    if (at, cosigned) == (here, known) && here < known);
                let other = matches!(error, WitnessError::OtherHistory { size, .. } if size == known);
                assert!(old || other && forged && here == known, "{error}: at {here}, cosigned {known}");
            }
        }
    }

    /// Shows the witness a checkpoint, with right or wrong proofs, sizes and signatures.
    fn ask(&mut self, log: usize, input: &mut Input<'_>) {
        let histories = &self.logs[log].histories;
        let history = histories[usize::from(input.byte()) % histories.len()].clone();
        let size = history.len() - usize::from(input.byte()).min(history.len());
        let shown = &history[..size];
        let (owner, storage) = log_of(log, &history);
        let seen = self.logs[log].seen.clone();
        let old = input.pick(&[seen.len() as u64, 0, size as u64, size as u64 + 1, u64::MAX]);
        let honest = owner.consistency_proof(&storage, (seen.len() as u64).min(size as u64), size as u64).unwrap();
        let (mut proof, spoilt) = (honest.clone(), input.byte() % 6);
        match spoilt {
            1 => proof.push(Hash([1; 32])),
            2 => drop(proof.pop()),
            3 if !proof.is_empty() => proof[0].0[0] ^= 1,
            4 => proof.reverse(),
            // What the proof leaves out where the old size is a power of two.
            5 => proof.insert(0, Hash([7; 32])),
            _ => {}
        }
        let root = owner.root_at(&storage, size as u64).unwrap();
        let origin = if input.byte() == 9 { KeyName::new("nobody").unwrap() } else { origin(log) };
        let known = origin.as_str() != "nobody";
        // A log may start with any root: of a tree that nobody saw, a witness knows nothing.
        let signer = input.byte() % if seen.is_empty() && size > 0 { 3 } else { 4 };
        let root = if signer == 3 { Hash([3; 32]) } else { root };
        let checkpoint = Checkpoint { origin, size: size as u64, root };
        let note = checkpoint.sign(&match signer {
            1 => retired(log),
            2 => key(1 - log),
            _ => key(log),
        });
        let mut body = AddCheckpoint { old, proof: proof.clone(), note: note.as_bytes() }.to_body();
        let damaged = input.byte();
        if damaged > 200 {
            let (at, length) = (usize::from(input.byte()) * usize::from(damaged - 200), body.len());
            body[at % length] ^= 1 << (input.byte() % 8);
        }
        let now = time(self.now);
        let (before, latest) = (self.store.rows.clone(), self.latest(log));
        let request = match AddCheckpoint::parse(&body) {
            Ok(request) => request,
            Err(refused) => return assert!(damaged > 200 && refused.status() == 400, "{refused} of an honest body"),
        };
        assert_eq!(request.to_body(), body, "parsed, but not the body of its parts");
        let (fault, drops) = (self.fault.get(), input.byte() == 7);
        match self.witness.consider(&request) {
            Ok(pending) if drops => drop(pending),
            Ok(pending) => {
                assert_eq!(pending.signed().checkpoint(), &checkpoint);
                let result = pending.commit(&mut self.store, now);
                self.now += 1;
                let owner = &mut self.logs[log];
                let kept = owner.kept.clone().unwrap_or_default();
                // What was asked for has to continue what is durable.
                let fits = !owner.behind || kept == seen || kept == shown;
                let Ok(line) = result else {
                    assert!(fault != 0 || !fits, "it failed without a failing commit");
                    let written = fault == 2 && fits;
                    assert!(written || self.store.rows == before, "failed, but something was written");
                    let looked = std::mem::replace(&mut owner.behind, written);
                    if looked {
                        owner.seen = kept;
                    }
                    if written {
                        owner.kept = Some(shown.to_vec());
                    }
                    assert!(looked || self.latest(log) == latest, "not cosigned, but seen");
                    return;
                };
                assert!(fits, "cosigned what does not continue what is durable");
                // The signature must be over this text, and at this time.
                let signed =
                    SignedCheckpoint::verify(&[note.as_bytes(), line.as_bytes()].concat(), &verifier(log, &key(log)));
                assert_eq!(signed.unwrap().cosignatures(&[self.witness.verifier()]), Ok(vec![(0, now)]));
                assert!(damaged > 200 || (signer == 0 && proof == honest), "cosigned a bad request");
                assert_eq!(request.old, seen.len() as u64, "from another size");
                let owner = &mut self.logs[log];
                (owner.seen, owner.kept, owner.behind) = (shown.to_vec(), Some(shown.to_vec()), false);
                owner.cosigned.push(shown.to_vec());
                owner.notes.push([&note, &line[..]].concat());
            }
            Err(refused) => {
                assert!(self.store.rows == before, "refused, but something was written");
                if damaged <= 200 {
                    let ask = Asked { log, old, size, signer, known, proof, honest };
                    self.judge(&refused, &ask, &seen, shown);
                }
            }
        }
    }

    /// Whether a refusal is the one that the order of checks asks for.
    fn judge(&self, refused: &Refused, asked: &Asked, seen: &[u8], shown: &[u8]) {
        let Asked { log, old, size, signer, known, proof, honest } = asked;
        let fork = shown.len() >= seen.len() && !shown.starts_with(seen);
        let fits = match refused {
            Refused::UnknownOrigin(_) => !known,
            _ if !known => false,
            Refused::Signature(_) => matches!(signer, 1 | 2),
            _ if matches!(signer, 1 | 2) => false,
            Refused::OldSize => *old > *size as u64,
            _ if *old > *size as u64 => false,
            Refused::Stale { size } => *size == seen.len() as u64 && *old != *size,
            _ if *old != seen.len() as u64 => false,
            Refused::EmptyRoot => *size == 0 && *signer == 3,
            Refused::Fork(evidence) => {
                assert_eq!(evidence.verify(&verifier(*log, &key(*log))), Ok(()), "evidence of nothing");
                let same_size = evidence.why == ForkReason::SameSize;
                assert_eq!(same_size, seen.len() == *size);
                fork || *signer == 3
            }
            // A fork at a power of two: the proof leaves out the one hash that would tell.
            Refused::Proof(_) => proof != honest || *signer == 3 || (fork && seen.len().is_power_of_two()),
            _ => false,
        };
        assert!((400..500).contains(&refused.status()));
        assert!(fits, "{refused}: {asked:?} after {seen:?}, shown {shown:?}");
    }

    fn latest(&self, log: usize) -> Option<SignedCheckpoint> {
        self.witness.latest(origin(log).as_str()).cloned()
    }

    fn check(&self) {
        let again = open(&self.store);
        for (log, owner) in self.logs.iter().enumerate() {
            for pair in owner.cosigned.windows(2) {
                assert!(pair[1].starts_with(&pair[0]), "it cosigned two histories, or went back");
            }
            let state = |witness: &Witness| {
                let latest = witness.latest(origin(log).as_str());
                latest.map_or((0, empty_root()), |latest| (latest.size(), latest.root()))
            };
            let expected = |entries: &[u8]| (entries.len() as u64, log_of(log, entries).0.root());
            assert_eq!(state(&self.witness), expected(&owner.seen), "it goes on from elsewhere");
            let kept = owner.kept.as_deref().unwrap_or_default();
            assert_eq!(state(&again), expected(kept), "after a restart it is elsewhere");
            let told = owner.cosigned.last().map_or(&[][..], |entries| entries);
            assert!(owner.seen.starts_with(told), "it forgot what it cosigned");
        }
    }
}

#[derive(Debug)]
struct Asked {
    log: usize,
    old: u64,
    size: usize,
    signer: u8,
    known: bool,
    proof: Vec<Hash>,
    honest: Vec<Hash>,
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let grow = |log, count, number| vec![log, 4, 0, count, number];
    // A fork of the first history at that size, and as the second one three entries more.
    let fork = |log, at| vec![log, 5, 0, at, log, 4, 1, 3, 9];
    // History, how much less of it, old size, proof, origin, signer, damage, dropped.
    let ask = |log: u8, rest: [u8; 8]| [&[log, 0][..], &rest].concat();
    let whole = |log| ask(log, [0; 8]);
    let forked = ask(0, [1, 0, 0, 0, 0, 0, 0, 0]);
    let (restart, fails) = (vec![0, 7], |how| vec![0, 6, how]);
    let start = [grow(0, 5, 1), whole(0)].concat();
    let after = |steps: &[Vec<u8>]| [&start[..], &steps.concat()].concat();
    vec![
        ("nothing", vec![]),
        ("of-nothing", [whole(0), ask(0, [0, 0, 0, 0, 0, 3, 0, 0])].concat()),
        (
            "honest",
            after(&[whole(0), grow(0, 8, 2), ask(0, [0, 3, 0, 0, 0, 0, 0, 0]), whole(0), restart.clone(), whole(0)]),
        ),
        ("two-logs", after(&[whole(1), grow(1, 3, 3), whole(1), restart.clone(), whole(0)])),
        ("fork-of-one-size", after(&[fork(0, 2), forked.clone(), whole(0)])),
        ("fork-by-proof", after(&[fork(0, 3), forked.clone(), restart.clone(), forked.clone(), whole(0)])),
        ("fork-at-a-power-of-two", [grow(0, 4, 1), whole(0), fork(0, 3), forked.clone()].concat()),
        ("back", after(&[ask(0, [0, 2, 0, 0, 0, 0, 0, 0]), ask(0, [0, 2, 2, 0, 0, 0, 0, 0])])),
        ("stale", after(&[ask(0, [0, 0, 1, 0, 0, 0, 0, 0]), ask(0, [0, 0, 3, 0, 0, 0, 0, 0])])),
        ("signed-otherwise", after(&[1, 2, 3].map(|signer| ask(0, [0, 0, 0, 0, 0, signer, 0, 0])))),
        (
            "proofs",
            after(&[&[grow(0, 8, 2)][..], &[1, 2, 3, 4, 5].map(|how| ask(0, [0, 0, 0, how, 0, 0, 0, 0]))].concat()),
        ),
        ("unknown-log", after(&[ask(0, [0, 0, 0, 0, 9, 0, 0, 0])])),
        ("dropped", after(&[grow(0, 2, 2), ask(0, [0, 0, 0, 0, 0, 0, 0, 7]), whole(0)])),
        ("fails-before", after(&[grow(0, 2, 2), fails(1), whole(0), restart.clone(), whole(0)])),
        ("fails-after", after(&[fork(0, 5), grow(0, 2, 2), fails(2), whole(0), forked, restart, whole(0)])),
        (
            "old-copy",
            after(
                &[
                    &[grow(0, 2, 2), whole(0)].concat()[..],
                    &[0, 8, 0, 1, 0, 0, 8, 0, 0, 0, 0, 8, 1, 1, 0, 0, 8, 0, 1, 1, 0, 8, 0, 1, 2],
                    &[0, 8, 0, 0, 3, 0, 8, 0, 1, 3, 0, 8, 1, 1, 3, 1, 8, 0, 0, 0],
                ]
                .map(<[u8]>::to_vec),
            ),
        ),
        ("damaged", after(&[grow(0, 8, 2), [&[0, 0, 0, 0, 0, 0, 0, 0, 201, 100, 1][..], &[0]].concat()])),
    ]
}
