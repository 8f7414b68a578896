//! Logs, those who follow them and those who witness them, against a simple model: a history is a list
//! of numbers, an entry's body follows from its number, and one history is true to another when it
//! begins with it.
//!
//! The log's owner is anything but honest: there are several histories under one name and key, by
//! restoring old copies of the store and by plain forking, and each follower may be shown any of them.

use onecard::{
    crypto::{Hash, SigningKey, sha256},
    time::UnixTime,
    tlog::{
        AddCheckpoint, Batch, Checkpoint, ForkEvidence, ForkReason, KeyKind, KeyName, Log, LogError, LogKey,
        MemoryStorage, NoteVerifier, ProofError, Refused, Replica, ReplicaError, SignedCheckpoint, StaleBatch, Storage,
        TileId, Witness, genesis, leaf_hash, node_hash, verify_consistency, verify_inclusion,
    },
};
use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

const ORIGIN: &str = "onecard.example/310101";
const KEY: LogKey = LogKey(3);
/// Most histories, and most old copies of stores.
const MOST: usize = 4;
const FOLLOWERS: usize = 3;

/// What one store of the log holds.
#[derive(Clone, Debug, Default)]
struct History {
    entries: Vec<u32>,
    pruned: u64,
    erased: u64,
    kept: Option<u64>,
}

/// What a replica or a witness accepted last, and how far a replica saw the entries themselves.
#[derive(Clone, Debug, Default)]
struct Follower {
    accepted: Vec<u32>,
    seen: usize,
}

#[derive(Clone, Debug)]
struct Model {
    histories: Vec<History>,
    copies: Vec<History>,
    replicas: Vec<Follower>,
    witnesses: Vec<Follower>,
    /// The next number that no history has.
    next: u32,
    /// What the last transition has to come to.
    expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Accepted,
    /// Refused, because the follower is further already.
    Back,
    /// Refused, with evidence of the fork.
    Fork,
    /// Refused, because it does not fit; what was sent is no evidence.
    Unfit,
    /// The bodies that it takes are gone.
    Pruned,
}

/// How a commit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    FailsBefore,
    FailsAfter,
}

#[derive(Clone, Debug)]
enum Transition {
    Append { history: Index, count: u32, sealed: bool, fate: Fate },
    Seal { history: Index, size: Option<Index> },
    Crash { history: Index },
    Copy { history: Index },
    Restore { history: Index, copy: Index },
    Fork { history: Index, at: Index },
    Prune { history: Index, below: Index, bundles: u16 },
    Erase { history: Index, below: Index, count: u32 },
    Follow { replica: usize, history: Index, size: Option<Index>, entries: bool },
    Witness { witness: usize, history: Index, size: Option<Index>, stale: Option<Index>, fate: Fate },
}
use Transition::{Append, Copy, Crash, Erase, Follow, Fork, Prune, Restore, Seal, Witness as Cosign};

/// The size to show of a history that has `entries`: mostly all of it.
fn size_of(size: Option<Index>, entries: &[u32]) -> usize {
    size.map_or(entries.len(), |size| size.index(entries.len() + 1))
}

fn contradict(one: &[u32], other: &[u32]) -> bool {
    let common = one.len().min(other.len());
    one[..common] != other[..common]
}

impl Follower {
    /// What comes of `offered`, with a proof from the size accepted.
    fn by_proof(&self, offered: &[u32]) -> Expected {
        let old = self.accepted.len();
        if offered.len() < old {
            Expected::Back
        } else if !contradict(&self.accepted, offered) {
            Expected::Accepted
        } else if offered.len() > old && old.is_power_of_two() {
            // The proof leaves out the one hash that would tell.
            Expected::Unfit
        } else {
            Expected::Fork
        }
    }

    /// What comes of `offered`, with its entries from those seen on.
    fn by_entries(&self, offered: &[u32], pruned: usize) -> Expected {
        if self.seen < pruned.min(offered.len()) {
            Expected::Pruned
        } else if offered.len() < self.accepted.len() {
            Expected::Back
        } else if !contradict(&self.accepted, offered) {
            Expected::Accepted
        } else if offered.len() > self.accepted.len() && contradict(&self.accepted[..self.seen], offered) {
            Expected::Unfit
        } else {
            Expected::Fork
        }
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Self> {
        let (histories, followers) = (vec![History::default()], vec![Follower::default(); FOLLOWERS]);
        Just(Self {
            histories,
            copies: vec![],
            replicas: followers.clone(),
            witnesses: followers,
            next: 0,
            expected: Expected::Accepted,
        })
        .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Transition> {
        let index = any::<Index>;
        let size = || prop_oneof![3 => Just(None), 1 => index().prop_map(Some)];
        let fate = || prop_oneof![4 => Just(Fate::Done), 1 => Just(Fate::FailsBefore), 1 => Just(Fate::FailsAfter)];
        let count = prop_oneof![4 => 0u32..9, 1 => 240u32..300];
        prop_oneof![
            6 => (index(), count, any::<bool>(), fate())
                .prop_map(|(history, count, sealed, fate)| Append { history, count, sealed, fate }),
            1 => (index(), size()).prop_map(|(history, size)| Seal { history, size }),
            1 => index().prop_map(|history| Crash { history }),
            1 => index().prop_map(|history| Copy { history }),
            1 => (index(), index()).prop_map(|(history, copy)| Restore { history, copy }),
            1 => (index(), index()).prop_map(|(history, at)| Fork { history, at }),
            1 => (index(), index(), 1u16..3).prop_map(|(history, below, bundles)| Prune { history, below, bundles }),
            1 => (index(), index(), 1u32..400).prop_map(|(history, below, count)| Erase { history, below, count }),
            6 => (0..FOLLOWERS, index(), size(), any::<bool>())
                .prop_map(|(replica, history, size, entries)| Follow { replica, history, size, entries }),
            6 => (0..FOLLOWERS, index(), size(), proptest::option::of(index()), fate())
                .prop_map(|(witness, history, size, stale, fate)| Cosign { witness, history, size, stale, fate }),
        ]
        .boxed()
    }

    fn apply(mut model: Self, transition: &Transition) -> Self {
        let Self { histories, copies, replicas, witnesses, next, expected } = &mut model;
        *expected = Expected::Accepted;
        match transition {
            Append { history, count, sealed, fate } => {
                let history = history.get_mut(histories);
                if *fate != Fate::FailsBefore {
                    history.entries.extend(*next..*next + count);
                    if *sealed {
                        history.kept = Some(history.entries.len() as u64);
                    }
                }
                *next += count;
            }
            Seal { history, size } => {
                let history = history.get_mut(histories);
                history.kept = Some(size_of(*size, &history.entries) as u64);
            }
            Crash { .. } => {}
            Copy { history } => {
                copies.truncate(MOST - 1);
                copies.push(history.get(histories).clone());
            }
            Restore { history, copy } => {
                if !copies.is_empty() {
                    *history.get_mut(histories) = copy.get(copies).clone();
                }
            }
            Fork { history, at } => {
                let entries = &history.get(histories).entries;
                let mut entries = entries[..at.index(entries.len() + 1)].to_vec();
                entries.push(*next);
                *next += 1;
                histories.truncate(MOST - 1);
                histories.push(History { entries, ..History::default() });
            }
            Prune { history, below, bundles } => {
                let history = history.get_mut(histories);
                let whole = below.index(history.entries.len() + 1) as u64 / 256 * 256;
                history.pruned = whole.min(history.pruned + u64::from(*bundles) * 256).max(history.pruned);
            }
            Erase { history, below, count } => {
                let history = history.get_mut(histories);
                let below = below.index(history.entries.len() + 1) as u64;
                history.erased = below.min(history.erased + u64::from(*count)).max(history.erased);
            }
            Follow { replica, history, size, entries } => {
                let (replica, history) = (&mut replicas[*replica], history.get(histories));
                let offered = &history.entries[..size_of(*size, &history.entries)];
                *expected = if *entries {
                    replica.by_entries(offered, history.pruned as usize)
                } else {
                    replica.by_proof(offered)
                };
                if *expected == Expected::Accepted {
                    replica.accepted = offered.to_vec();
                    if *entries {
                        replica.seen = offered.len();
                    }
                }
            }
            Cosign { witness, history, size, fate, .. } => {
                let (witness, history) = (&mut witnesses[*witness], history.get(histories));
                let offered = &history.entries[..size_of(*size, &history.entries)];
                *expected = witness.by_proof(offered);
                if *expected == Expected::Accepted && *fate != Fate::FailsBefore {
                    witness.accepted = offered.to_vec();
                }
            }
        }
        model
    }
}

fn name(name: &str) -> KeyName {
    KeyName::new(name).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn verifier() -> NoteVerifier {
    NoteVerifier::new(ORIGIN, KeyKind::Ed25519, key(1).verifying_key()).unwrap()
}

fn body(entry: u32) -> Vec<u8> {
    entry.to_be_bytes().repeat(1 + entry as usize % 30)
}

fn attachment(entry: u32) -> Option<Vec<u8>> {
    entry.is_multiple_of(3).then(|| entry.to_le_bytes().into())
}

/// The links of a history, by definition.
fn links(entries: &[u32]) -> Vec<Hash> {
    let mut previous = genesis(ORIGIN);
    let link = |&entry: &u32| {
        previous = leaf_hash(&[&previous.0[..], &body(entry)].concat());
        previous
    };
    entries.iter().map(link).collect()
}

/// The Merkle tree hash, by definition.
fn root(links: &[Hash]) -> Hash {
    match links {
        [] => sha256(&[]),
        [link] => *link,
        _ => {
            let (left, right) = links.split_at(links.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

fn sign(entries: &[u32]) -> SignedCheckpoint {
    let checkpoint = Checkpoint { origin: name(ORIGIN), size: entries.len() as u64, root: root(&links(entries)) };
    SignedCheckpoint::sign(checkpoint, &key(1))
}

/// Whoever has both checkpoints and the entries of the larger one knows whether the log forked, and
/// can show it to anybody.
fn judge(one: &[u32], other: &[u32]) {
    let (first, second) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let mut replica = Replica::at(sign(first));
    match replica.extend(second.iter().map(|entry| body(*entry)), &sign(second)) {
        Ok(()) => assert!(!contradict(first, second), "a fork went unseen"),
        Err(ReplicaError::Fork(evidence)) => {
            assert!(contradict(first, second), "an honest log is blamed");
            assert_eq!(evidence.verify(&verifier()), Ok(()));
        }
        Err(error) => panic!("{error}"),
    }
}

/// One store of the log, open.
#[derive(Clone)]
struct Owner {
    storage: MemoryStorage,
    log: Log,
}

impl Owner {
    fn open(storage: MemoryStorage) -> Self {
        let log = Log::open(&storage, KEY, ORIGIN).unwrap();
        Self { storage, log }
    }

    fn commit(&mut self, batch: Batch, fate: Fate) {
        let (before, empty) = (self.clone(), batch.is_empty());
        match fate {
            Fate::Done => {
                self.storage.commit(&batch.writes()).unwrap();
                self.log.apply(batch).unwrap();
            }
            Fate::FailsBefore => {
                self.storage.fail_after(0);
                assert!(self.storage.commit(&batch.writes()).is_err());
                assert_eq!(Log::open(&self.storage, KEY, ORIGIN).as_ref(), Ok(&before.log));
                assert_eq!(self.storage, before.storage);
            }
            Fate::FailsAfter => {
                self.storage.commit(&batch.writes()).unwrap();
                *self = Self::open(self.storage.clone());
                if !empty && self.log.size() != before.log.size() {
                    assert_eq!(self.log.apply(batch), Err(StaleBatch));
                }
            }
        }
    }

    fn append(&mut self, entries: &[u32], sealed: bool, fate: Fate) {
        let mut batch = self.log.begin();
        for (at, entry) in (self.log.size()..).zip(entries) {
            assert_eq!(batch.push(&body(*entry), attachment(*entry).as_deref()), Ok(at));
        }
        if sealed {
            batch.seal(&SignedCheckpoint::sign(batch.checkpoint(), &key(1))).unwrap();
        }
        self.commit(batch, fate);
    }

    /// The first `size` entries, signed.
    fn sign(&self, size: usize) -> SignedCheckpoint {
        let root = self.log.root_at(&self.storage, size as u64).unwrap();
        SignedCheckpoint::sign(Checkpoint { origin: name(ORIGIN), size: size as u64, root }, &key(1))
    }

    fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        if old > new { vec![] } else { self.log.consistency_proof(&self.storage, old, new).unwrap() }
    }

    /// What this store says, sampled at the edges and by `salt`, is what the model says.
    fn check(&self, model: &History, salt: u32) {
        let Self { storage, log } = self;
        let (links, size) = (links(&model.entries), model.entries.len() as u64);
        let whole = root(&links);
        assert_eq!((log.size(), log.root(), log.pruned(), log.erased()), (size, whole, model.pruned, model.erased));
        assert_eq!(log.link(), links.last().copied().unwrap_or_else(|| genesis(ORIGIN)));
        let kept = log.kept_checkpoint(storage).unwrap();
        let kept = kept.map(|note| SignedCheckpoint::verify(&note, &verifier()).unwrap());
        assert_eq!(kept.as_ref().map(SignedCheckpoint::size), model.kept);
        if let Some(kept) = kept {
            assert_eq!(kept.root(), root(&links[..kept.size() as usize]));
        }
        let old = salt as usize % (links.len() + 1);
        assert_eq!(log.root_at(storage, old as u64), Ok(root(&links[..old])));
        let edges = [model.pruned, model.erased, size].into_iter().flat_map(|edge| [edge.wrapping_sub(1), edge]);
        let salted = [0, u64::from(salt).wrapping_mul(0x9e37_79b9) % size.max(1)];
        for index in edges.chain(salted).filter(|index| *index < size) {
            let entry = model.entries[index as usize];
            let expected = if index < model.pruned { Err(LogError::Pruned(index)) } else { Ok(body(entry)) };
            assert_eq!(log.body(storage, index), expected);
            let expected = if index < model.erased { None } else { attachment(entry) };
            assert_eq!(log.attachment(storage, index), Ok(expected));
            let link = log.link_at(storage, index).unwrap();
            assert_eq!(link, links[index as usize]);
            let proof = log.inclusion_proof(storage, index, size).unwrap();
            assert_eq!(verify_inclusion(index, size, &link, &proof, &whole), Ok(()));
            let old = index + 1;
            let (before, proof) = (log.root_at(storage, old).unwrap(), self.proof(old, size));
            assert_eq!(verify_consistency(old, size, &before, &whole, &proof), Ok(()));
            let id = TileId::new(0, index / 256, (size - index / 256 * 256).min(256) as u16).unwrap();
            match log.read_bundle(storage, id) {
                Err(error) => assert_eq!(error, LogError::Pruned(index / 256 * 256)),
                Ok(_) => assert!(index >= model.pruned),
            }
            assert!(log.read_tile(storage, id).is_ok());
        }
    }

    /// Evidence that the log signed `first` and this history, put together by hand from its proofs.
    fn confess(&self, first: &SignedCheckpoint, second: &SignedCheckpoint) -> ForkEvidence {
        let start = first.size().is_power_of_two().then(|| self.log.root_at(&self.storage, first.size()).unwrap());
        let hashes = start.into_iter().chain(self.proof(first.size(), second.size())).collect();
        let (first, second) = (first.note().into(), second.note().into());
        ForkEvidence { first, second, why: ForkReason::Prefix(hashes) }
    }
}

/// A witness and its store, and the histories it cosigned.
struct Cosigner {
    witness: Witness,
    storage: MemoryStorage,
    cosigned: Vec<Vec<u32>>,
}

impl Cosigner {
    fn open(storage: MemoryStorage, cosigned: Vec<Vec<u32>>) -> Self {
        let witness = Witness::open(&storage, name("w/a"), key(3), [(KEY, verifier())], Default::default()).unwrap();
        Self { witness, storage, cosigned }
    }

    fn size(&self) -> u64 {
        self.witness.latest(ORIGIN).map_or(0, SignedCheckpoint::size)
    }

    /// Asks for a cosignature as a client does that thinks the witness is at `old`.
    fn ask(&mut self, owner: &Owner, offered: &[u32], old: u64, fate: Fate) -> Result<(), Refused> {
        let signed = owner.sign(offered.len());
        let proof = owner.proof(old, signed.size());
        let request = AddCheckpoint { old, proof, note: signed.note().as_bytes() }.to_body();
        let request = AddCheckpoint::parse(&request).unwrap();
        let Self { witness, storage, cosigned } = self;
        let pending = witness.consider(&request)?;
        match fate {
            Fate::Done => {
                let line = pending.commit(storage, UnixTime::MAX).unwrap();
                let cosigner = [witness.verifier()];
                let signed = signed.with_cosignatures(&line, &cosigner).unwrap();
                assert_eq!(signed.cosignatures(&cosigner), Ok(vec![(0, UnixTime::MAX)]));
                let contradicted = cosigned.iter().find(|earlier| contradict(earlier, offered));
                assert_eq!(contradicted, None, "the witness cosigned two histories");
                assert!(cosigned.last().is_none_or(|last| last.len() <= offered.len()), "the witness went back");
                cosigned.push(offered.to_vec());
            }
            Fate::FailsBefore => {
                storage.fail_after(0);
                assert!(pending.commit(storage, UnixTime::MAX).is_err());
            }
            Fate::FailsAfter => {
                // Written, and nobody ever sees the line: the machine failed.
                let _ = pending.commit(storage, UnixTime::MAX).unwrap();
                *self = Self::open(self.storage.clone(), core::mem::take(&mut self.cosigned));
            }
        }
        Ok(())
    }
}

struct System {
    owners: Vec<Owner>,
    copies: Vec<MemoryStorage>,
    replicas: Vec<Replica>,
    /// Every history each replica accepted.
    accepted: Vec<Vec<Vec<u32>>>,
    witnesses: Vec<Cosigner>,
}

impl System {
    fn follow(&mut self, model: &Model, replica: usize, owner: &Owner, offered: &[u32], entries: bool) {
        let before = self.replicas[replica].clone();
        let signed = owner.sign(offered.len());
        let follower = &mut self.replicas[replica];
        let result = if entries {
            let (mut bodies, from) = (vec![], follower.chain().size().min(signed.size()));
            let mut keep = |_, body: &[u8]| {
                bodies.push(body.to_vec());
                true
            };
            if let Err(error) = owner.log.replay(&owner.storage, from..signed.size(), &mut keep) {
                assert_eq!((error, model.expected), (LogError::Pruned(from), Expected::Pruned));
                return;
            }
            follower.extend(&bodies, &signed)
        } else {
            follower.advance(&signed, &owner.proof(follower.size(), signed.size()))
        };
        match (&result, model.expected) {
            (Ok(()), Expected::Accepted) => {
                let accepted = &mut self.accepted[replica];
                assert!(!accepted.iter().any(|earlier| contradict(earlier, offered)), "two histories were accepted");
                accepted.push(offered.to_vec());
                return;
            }
            (Err(ReplicaError::Rollback { .. }), Expected::Back) => {}
            (Err(ReplicaError::Fork(evidence)), Expected::Fork) => assert_eq!(evidence.verify(&verifier()), Ok(())),
            (Err(ReplicaError::OtherRoot(_)), Expected::Unfit) if entries => {}
            (Err(ReplicaError::Proof(ProofError::Root)), Expected::Unfit) if !entries => {}
            _ => panic!("{result:?} instead of {:?}", model.expected),
        }
        assert_eq!(*follower, before, "refused means unchanged");
        // Now both sides were shown.
        judge(&model.replicas[replica].accepted, offered);
        let latest = before.latest().filter(|latest| latest.size() < signed.size());
        if let Some(latest) = latest {
            assert_eq!(owner.confess(latest, &signed).verify(&verifier()), Ok(()));
        }
    }

    fn cosign(
        &mut self,
        model: &Model,
        witness: usize,
        owner: &Owner,
        offered: &[u32],
        stale: Option<Index>,
        fate: Fate,
    ) {
        let cosigner = &mut self.witnesses[witness];
        let (known, size) = (cosigner.size(), offered.len() as u64);
        let before = cosigner.witness.latest(ORIGIN).cloned();
        // Another was faster, or the client has an old size in mind: it is told the size to retry from.
        let stale = stale.map(|stale| stale.index(2 + known.max(size) as usize) as u64);
        if let Some(old) = stale.filter(|old| *old != known) {
            let refused = if old > size { Refused::OldSize } else { Refused::Stale { size: known } };
            assert_eq!(cosigner.ask(owner, offered, old, fate), Err(refused));
        }
        match (cosigner.ask(owner, offered, known, fate), model.expected) {
            (Ok(()), Expected::Accepted) => return,
            (Err(Refused::OldSize), Expected::Back) => {}
            (Err(Refused::Fork(evidence)), Expected::Fork) => assert_eq!(evidence.verify(&verifier()), Ok(())),
            (Err(Refused::Proof(ProofError::Root)), Expected::Unfit) => {}
            (result, expected) => panic!("{result:?} instead of {expected:?}"),
        }
        assert_eq!(cosigner.witness.latest(ORIGIN), before.as_ref(), "refused means unchanged");
        judge(&model.witnesses[witness].accepted, offered);
    }
}

impl StateMachineTest for System {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        Self {
            owners: vec![Owner::open(MemoryStorage::new())],
            copies: vec![],
            replicas: vec![Replica::new(name(ORIGIN)); FOLLOWERS],
            accepted: vec![vec![]; FOLLOWERS],
            witnesses: (0..FOLLOWERS).map(|_| Cosigner::open(MemoryStorage::new(), vec![])).collect(),
        }
    }

    fn apply(mut system: Self, model: &Model, transition: Transition) -> Self {
        let count = model.histories.len();
        // A fork adds a history; everything else concerns one that is there.
        let at = |history: Index| history.index(count);
        let touched = match transition {
            Append { history, count, sealed, fate } => {
                let entries: Vec<u32> = (model.next - count..model.next).collect();
                system.owners[at(history)].append(&entries, sealed, fate);
                at(history)
            }
            Seal { history, size } => {
                let owner = &mut system.owners[at(history)];
                let signed = owner.sign(size_of(size, &model.histories[at(history)].entries));
                let write = owner.log.checkpoint_write(&owner.storage, &signed).unwrap();
                owner.storage.commit(&[write]).unwrap();
                at(history)
            }
            Crash { history } => {
                let owner = &mut system.owners[at(history)];
                let again = Owner::open(owner.storage.clone());
                assert_eq!(again.log, owner.log);
                assert_eq!(again.log.verify(&again.storage), Ok(()));
                *owner = again;
                at(history)
            }
            Copy { history } => {
                system.copies.truncate(MOST - 1);
                system.copies.push(system.owners[at(history)].storage.clone());
                at(history)
            }
            Restore { history, copy } => {
                if !system.copies.is_empty() {
                    system.owners[at(history)] = Owner::open(copy.get(&system.copies).clone());
                }
                at(history)
            }
            Fork { .. } => {
                system.owners.truncate(MOST - 1);
                let mut owner = Owner::open(MemoryStorage::new());
                owner.append(&model.histories[count - 1].entries, false, Fate::Done);
                system.owners.push(owner);
                count - 1
            }
            Prune { history, below, bundles } => {
                let owner = &mut system.owners[at(history)];
                let batch = owner.log.prune(below.index(owner.log.size() as usize + 1) as u64, bundles);
                owner.commit(batch, Fate::Done);
                at(history)
            }
            Erase { history, below, count } => {
                let owner = &mut system.owners[at(history)];
                let batch = owner.log.erase(below.index(owner.log.size() as usize + 1) as u64, count);
                owner.commit(batch, Fate::Done);
                at(history)
            }
            Follow { replica, history, size, entries } => {
                let (owner, shown) = (system.owners[at(history)].clone(), &model.histories[at(history)].entries);
                system.follow(model, replica, &owner, &shown[..size_of(size, shown)], entries);
                return system;
            }
            Cosign { witness, history, size, stale, fate } => {
                let (owner, shown) = (system.owners[at(history)].clone(), &model.histories[at(history)].entries);
                system.cosign(model, witness, &owner, &shown[..size_of(size, shown)], stale, fate);
                return system;
            }
        };
        system.owners[touched].check(&model.histories[touched], model.next);
        system
    }

    fn check_invariants(system: &Self, model: &Model) {
        let same = |size: u64, follower: &Follower| assert_eq!(size, follower.accepted.len() as u64);
        for (replica, follower) in system.replicas.iter().zip(&model.replicas) {
            same(replica.size(), follower);
            assert_eq!(replica.chain().size(), follower.seen as u64);
        }
        for (cosigner, follower) in system.witnesses.iter().zip(&model.witnesses) {
            same(cosigner.size(), follower);
        }
    }

    /// In the end all followers meet and compare: whoever was shown another history finds out.
    fn teardown(system: Self, model: Model) {
        let followers: Vec<_> = model.replicas.iter().chain(&model.witnesses).collect();
        for (at, one) in followers.iter().enumerate() {
            followers[..at].iter().for_each(|other| judge(&one.accepted, &other.accepted));
        }
        for (owner, history) in system.owners.iter().zip(&model.histories) {
            assert_eq!(owner.log.verify(&owner.storage), Ok(()));
            owner.check(history, 1);
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        rng_seed: RngSeed::Fixed(310_101),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_follower_has_one_history(sequential 1..60 => System);
}
