//! A log in a store that fails: appended to, sealed, pruned, erased and opened again, it has what a list of entries
//! has: the same root as the chain by itself, bodies that were not pruned, proofs that verify, by cache and without,
//! bundles and tiles that a follower reads the same history from. What it does not have it does not give, and it
//! takes no batch of an earlier state and no checkpoint of another log. A damaged row is found where a tile or a
//! checkpoint covers it; so is a row beyond the end, and a number that cannot be.
//!
//! Each byte of the input is a step, with the bytes after it saying how; what is left over says where to look and
//! what to damage.

use super::federation::{CITIES, NAME, secret};
use super::input::Input;
use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::tlog::{
    Batch, BundleEntries, Chain, Checkpoint, ForkEvidence, ForkReason, KeyKind, KeyName, Log, LogError, LogKey,
    MemoryError, MemoryStorage, NoteVerifier, PushError, Replica, ReplicaError, Resource, Row, SignedCheckpoint,
    StaleBatch, Storage, TILE_WIDTH, TileCache, TileId, Write, tiles_of, verify_consistency, verify_inclusion,
};
use onecard::trust::Role;
use onecard_testkit::stores::Failing;

const STEPS: usize = 12;
const KEY: LogKey = LogKey(3);
const MOST: usize = 1_200;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let store = Failing::default();
    let log = open(&store.rows).unwrap();
    let known = Expected::default();
    let mut owner = Owner { store, log, known, durable: None, replica: None, cache: TileCache::new(2) };
    for _ in 0..STEPS {
        if input.is_empty() || !owner.step(&mut input) {
            break;
        }
    }
    owner.check(&mut input);
    owner.damage(&mut input);
}

fn origin() -> String {
    format!("{NAME}/{}", CITIES[0])
}

fn key() -> SigningKey {
    secret(CITIES[0], Role::Log)
}

fn open(rows: &MemoryStorage) -> Result<Log, LogError<MemoryError>> {
    Log::open(rows, KEY, &origin())
}

/// Appends an entry, with something beside every third, and returns its body.
fn push(batch: &mut Batch, salt: u8, expected: usize) -> Vec<u8> {
    let body = [&[salt][..], &expected.to_be_bytes()].concat();
    let evidence = body[body.len() - 1].is_multiple_of(3).then(|| sha256(&[&body]).0);
    let index = batch.push(&body, evidence.as_ref().map(|hash| &hash[..])).unwrap();
    assert_eq!(index, expected as u64);
    body
}

#[derive(Clone, Default)]
struct Expected {
    entries: Vec<Vec<u8>>,
    pruned: usize,
    erased: usize,
    sealed: Option<u64>,
}

struct Owner {
    store: Failing,
    log: Log,
    known: Expected,
    /// What is in the store after a commit that failed when it was made.
    durable: Option<Expected>,
    /// Who follows by reading entries.
    replica: Option<Replica>,
    cache: TileCache,
}

impl Owner {
    /// `false` where that was all.
    fn step(&mut self, input: &mut Input<'_>) -> bool {
        let place = |input: &mut Input<'_>, of: usize| usize::from(u16::from_be_bytes(input.array())) % (of + 1);
        match input.byte() % 10 {
            0 => {
                let count = input.pick(&[3, 1, 17, 255, 256, 300]).min(MOST - self.known.entries.len());
                let salt = input.byte();
                let (mut batch, mut next) = (self.log.begin(), self.known.clone());
                for _ in 0..count {
                    next.entries.push(push(&mut batch, salt, next.entries.len()));
                }
                assert_eq!(batch.push(&[], Some(&[0; 1 << 16])), Err(PushError::Attachment(1 << 16)));
                assert_eq!((batch.log().root(), batch.log().link()), (batch.root(), batch.link()));
                if input.odd() {
                    let signed = SignedCheckpoint::sign(batch.checkpoint(), &key());
                    batch.seal(&signed).unwrap();
                    next.sealed = Some(batch.size());
                }
                self.commit(batch, next);
            }
            1 => {
                let size = self.log.size();
                let write =
                    self.log.checkpoint_write(&self.store.rows, &SignedCheckpoint::sign(self.log.checkpoint(), &key()));
                let next = Expected { sealed: Some(size), ..self.known.clone() };
                self.write(&[write.unwrap()], next);
            }
            2 => {
                let (below, bundles) = (place(input, self.known.entries.len()), input.byte() % 4);
                let batch = self.log.prune(below as u64, bundles.into());
                let whole = below / 256 * 256;
                let pruned = whole.min(self.known.pruned + usize::from(bundles) * 256).max(self.known.pruned);
                assert_eq!(batch.is_empty(), pruned == self.known.pruned);
                self.commit(batch, Expected { pruned, ..self.known.clone() });
            }
            3 => {
                let (below, count) = (place(input, self.known.entries.len()), usize::from(input.byte()));
                let batch = self.log.erase(below as u64, count as u32);
                let erased = below.min(self.known.erased + count).max(self.known.erased);
                self.commit(batch, Expected { erased, ..self.known.clone() });
            }
            4 => self.store.fault.set(input.byte() % 3),
            5 => self.reopen(),
            7 => self.stale(),
            8 => self.refuse(input),
            9 => return false,
            _ => self.follow(),
        }
        true
    }

    fn commit(&mut self, batch: Batch, next: Expected) {
        let writes = batch.writes();
        if self.write(&writes, next) {
            self.log.apply(batch).unwrap();
        }
    }

    fn write(&mut self, writes: &[Write], next: Expected) -> bool {
        let fault = self.store.fault.get();
        let done = self.store.commit(writes);
        assert_eq!(done.is_ok(), fault == 0);
        match fault {
            0 => self.known = next,
            fault => {
                self.durable = (fault == 2).then_some(next);
                self.reopen();
            }
        }
        fault == 0
    }

    fn reopen(&mut self) {
        if let Some(durable) = self.durable.take() {
            self.known = durable;
        }
        let again = open(&self.store.rows).unwrap();
        assert!(again.size() != self.log.size() || again.root() == self.log.root(), "another history after a restart");
        (self.log, self.cache) = (again, TileCache::new(2));
    }

    /// Of two batches begun at one state, one is taken.
    fn stale(&mut self) {
        let [mut one, mut two] = [self.log.begin(), self.log.begin()];
        let mut next = self.known.clone();
        if next.entries.len() < MOST {
            push(&mut two, 2, next.entries.len());
            next.entries.push(push(&mut one, 1, next.entries.len()));
        }
        let size = self.log.size();
        self.commit(one, next);
        if self.log.size() > size {
            let before = self.log.clone();
            assert_eq!(self.log.apply(two), Err(StaleBatch));
            assert_eq!(self.log, before, "refused, but changed");
        }
    }

    /// What is beyond its end or pruned it does not give, and what is not its own it does not keep; a follower goes
    /// neither back nor elsewhere, and evidence of a fork is of one.
    fn refuse(&mut self, input: &mut Input<'_>) {
        let (log, rows, size) = (&self.log, &self.store.rows, self.log.size());
        let beyond = size + 1 + u64::from(input.byte());
        assert!(matches!(log.replay(rows, 0..beyond, |_, _| true), Err(LogError::OutOfRange { .. })));
        if self.known.pruned > 0 {
            assert!(matches!(log.replay(rows, 0..size, |_, _| true), Err(LogError::Pruned(0))));
        }
        let tile = TileId::new(input.byte() % 8, beyond / 256 + 1, 256).unwrap();
        assert!(matches!(log.read_tile(rows, tile), Err(LogError::NoTile)));
        assert_eq!((log.chain().size(), log.chain().root()), (size, log.root()));
        let own = log.checkpoint();
        let elsewhere = Checkpoint { origin: KeyName::new("elsewhere").unwrap(), ..own.clone() };
        let other = Checkpoint { root: Hash([9; 32]), ..own.clone() };
        let long = Checkpoint { size: beyond, ..own.clone() };
        let [elsewhere, other, long, own] =
            [elsewhere, other, long, own].map(|one| SignedCheckpoint::sign(one, &key()));
        let kept = |signed: &SignedCheckpoint| log.checkpoint_write(rows, signed);
        assert!(matches!(kept(&elsewhere), Err(LogError::OtherLog(_))));
        assert!(matches!(kept(&other), Err(LogError::OtherRoot(at)) if at == size));
        assert!(matches!(kept(&long), Err(LogError::OutOfRange { .. })));
        assert_eq!(kept(&own).unwrap().row(), Row::Checkpoint { log: KEY });

        let followed = Replica::at(own.clone());
        assert_eq!((followed.size(), followed.origin()), (size, log.origin()));
        let moved = |signed: &SignedCheckpoint| {
            let mut replica = followed.clone();
            let result = replica.advance(signed, &[]);
            assert!(result.is_ok() || replica == followed, "refused, but moved");
            result
        };
        assert_eq!(moved(&own), Ok(()));
        assert!(matches!(moved(&elsewhere), Err(ReplicaError::OtherLog(_))));
        let verifier = NoteVerifier::of(log.origin().clone(), KeyKind::Ed25519, key().verifying_key());
        let claimed = |why| ForkEvidence { first: own.note().to_owned(), second: own.note().to_owned(), why };
        assert!(claimed(ForkReason::SameSize).verify(&verifier).is_err(), "one checkpoint is no fork");
        assert!(claimed(ForkReason::Prefix(vec![own.root()])).verify(&verifier).is_err(), "one checkpoint is no fork");
        match moved(&other) {
            Err(ReplicaError::Fork(evidence)) => {
                assert!(size > 0 && evidence.why == ForkReason::SameSize && evidence.verify(&verifier).is_ok());
            }
            other => assert!(size == 0 && other == Err(ReplicaError::OtherRoot(0)), "{other:?}"),
        }
        if let Some(less) = size.checked_sub(1) {
            let root = log.root_at(rows, less).unwrap();
            let back = SignedCheckpoint::sign(Checkpoint { origin: log.origin().clone(), size: less, root }, &key());
            assert!(matches!(moved(&back), Err(ReplicaError::Rollback { .. })));
        }
        let mut reader = Replica::new(log.origin().clone());
        let gap = reader.extend([&[0_u8; 0]; 0], &long);
        assert!(matches!(gap, Err(ReplicaError::Gap { have: 0, .. })), "{gap:?}");
    }

    /// A replica reads the bundles that are there, under a checkpoint.
    fn follow(&mut self) {
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &key());
        let mut replica = self.replica.take().unwrap_or_else(|| Replica::new(self.log.origin().clone()));
        let seen = replica.chain().size() as usize;
        let bodies: Vec<&Vec<u8>> = self.known.entries[seen..].iter().collect();
        replica.extend(&bodies, &signed).unwrap();
        assert_eq!((replica.size(), replica.chain().root()), (self.log.size(), self.log.root()));
        let mut late = replica.clone();
        assert!(late.extend([&[1]], &signed).is_err(), "an entry after the last");
        self.replica = Some(replica);
    }

    fn check(&mut self, input: &mut Input<'_>) {
        let (log, rows, Expected { entries, pruned, erased, sealed }) = (&self.log, &self.store.rows, &self.known);
        log.verify(rows).unwrap();
        let mut chain = Chain::new(&origin());
        let links: Vec<_> = entries.iter().map(|body| chain.push(body).unwrap()).collect();
        assert_eq!((log.size(), log.root(), log.link()), (chain.size(), chain.root(), chain.link()));
        assert_eq!((log.pruned(), log.erased()), (*pruned as u64, *erased as u64));
        let kept = log.kept_checkpoint(rows).unwrap().map(|note| String::from_utf8(note).unwrap());
        assert_eq!(kept.map(|note| note.lines().nth(1).map(str::to_owned)), sealed.map(|size| Some(size.to_string())));
        let size = entries.len();
        for place in [0, size / 2, size.saturating_sub(1), usize::from(u16::from_be_bytes(input.array())) % (size + 1)]
        {
            let (index, here) = (place as u64, place < size);
            assert_eq!(log.body(rows, index).ok(), entries.get(place).filter(|_| place >= *pruned).cloned());
            assert_eq!(log.link_at(rows, index).is_ok(), here);
            let evidence = here && place >= *erased && (place as u8).is_multiple_of(3);
            assert_eq!(log.attachment(rows, index).ok().flatten().is_some(), evidence, "beside {place}");
            let old = log.root_at(rows, index).unwrap();
            let proof = log.consistency_proof(rows, index, size as u64).unwrap();
            assert_eq!(self.cache.consistency_proof(log, rows, index, size as u64).unwrap(), proof);
            verify_consistency(index, size as u64, &old, &log.root(), &proof).unwrap();
            let proof = log.inclusion_proof(rows, index, size as u64);
            assert_eq!(self.cache.inclusion_proof(log, rows, index, size as u64).ok(), proof.as_ref().ok().cloned());
            assert_eq!(proof.is_ok(), here);
            if let Ok(proof) = proof {
                verify_inclusion(index, size as u64, &links[place], &proof, &log.root()).unwrap();
            }
        }
        assert!(self.cache.len() <= 2);
        let mut read = 0;
        log.replay(rows, *pruned as u64..size as u64, |index, body| {
            read += 1;
            body == entries[index as usize]
        })
        .unwrap();
        assert_eq!(read, size - pruned);
        let mut published = *pruned;
        for resource in tiles_of(size as u64) {
            let id = resource.id();
            let start = (id.index() * u64::from(TILE_WIDTH)) as usize;
            match resource {
                Resource::Hashes(id) => {
                    let tile = log.read_tile(rows, id).unwrap();
                    assert_eq!(tile.len(), usize::from(id.width()) * 32);
                    assert!(id.level() > 0 || tile[..32] == links[start].0);
                }
                Resource::Entries(id) => {
                    let bundle = log.read_bundle(rows, id);
                    assert_eq!(bundle.is_ok(), start >= *pruned, "bundle {start}");
                    for entry in bundle.iter().flat_map(|bundle| BundleEntries::new(bundle, id.width())) {
                        assert_eq!(entry.unwrap()[32..], entries[published]);
                        published += 1;
                    }
                    let beside = log.read_evidence(rows, id).unwrap();
                    assert!(BundleEntries::new(&beside, id.width()).all(|entry| entry.is_ok()));
                }
            }
        }
        assert_eq!(published, size);
    }

    /// One byte is changed in the store of what a tile or a checkpoint covers. Of the entries after them nobody
    /// has said anything yet.
    fn damage(&self, input: &mut Input<'_>) {
        let mut rows = self.store.rows.clone();
        let covered = self.known.sealed.unwrap_or(0).max(self.log.size() / 256 * 256);
        let hashed = |row: &Row| match row {
            Row::Entry { index, .. } => *index < covered,
            // Of pruned entries the tile is all there is: what it says is held against the checkpoint alone.
            Row::Tile { level: 0, index, .. } => {
                let end = (*index + 1) * 256;
                end > self.known.pruned as u64 || self.known.sealed.is_some_and(|sealed| sealed >= end)
            }
            Row::Tile { .. } | Row::Size { .. } => true,
            _ => false,
        };
        let found: Vec<(Row, Vec<u8>)> =
            rows.rows().filter(|(row, _)| hashed(row)).map(|(row, value)| (row, value.to_vec())).collect();
        if found.is_empty() {
            return;
        }
        let (row, mut value) = found[usize::from(u16::from_be_bytes(input.array())) % found.len()].clone();
        let at = usize::from(input.byte()) % value.len().max(1);
        let (log, size) = (KEY, self.log.size());
        let put = match input.byte() % 8 {
            0 => {
                value.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
                Write::Put(row, value)
            }
            1 => {
                value.pop();
                Write::Put(row, value)
            }
            2 => {
                value.push(0);
                Write::Put(row, value)
            }
            3 => Write::Delete(row),
            // More pruned or erased than there is, an entry that was never told, a checkpoint of what never was.
            4 => Write::Put(Row::pruned(log), (size / 256 * 256 + 256).to_be_bytes().into()),
            5 => Write::Put(Row::Meta { log, name: 1 }, (size + 1).to_be_bytes().into()),
            6 => Write::Put(Row::Entry { log, index: size }, vec![]),
            _ => {
                let (origin, root) = (self.log.origin().clone(), Hash([9; 32]));
                let never = Checkpoint { origin, size: size + u64::from(at % 2 == 1), root };
                Write::Put(Row::Checkpoint { log }, SignedCheckpoint::sign(never, &key()).note().into())
            }
        };
        rows.commit(&[put]).unwrap();
        let verified = open(&rows)
            .map_err(|error| error.to_string())
            .and_then(|log| log.verify(&rows).map_err(|error| error.to_string()));
        let error = verified.expect_err("a damaged row is not found");
        assert!(!error.is_empty() && !row.to_string().is_empty());
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // How many (of 3, 1, 17, 255, 256, 300), of what, sealed.
    let push = |count, sealed| vec![0, count, 7, sealed];
    let (prune, erase) =
        (|below: u16| [&[2][..], &below.to_be_bytes(), &[3]].concat(), |below: u8| vec![3, 0, below, 9]);
    let (seal, fails, reopen, follow) = (vec![1], |how| vec![4, how], vec![5], vec![6]);
    let join = |steps: &[Vec<u8>]| steps.concat();
    vec![
        ("empty", vec![]),
        ("few", join(&[push(0, 0), seal.clone(), push(2, 1), reopen.clone(), follow.clone()])),
        (
            "a-bundle",
            join(&[push(3, 0), push(1, 1), follow.clone(), push(4, 0), push(1, 0), reopen.clone(), follow.clone()]),
        ),
        (
            "pruned",
            join(&[push(5, 1), push(5, 0), prune(600), reopen.clone(), prune(300), push(4, 0), prune(2_000), follow]),
        ),
        ("erased", join(&[push(5, 0), erase(5), erase(3), reopen.clone(), erase(200)])),
        ("refusals", join(&[vec![8], push(0, 1), vec![8, 3, 1], vec![7], push(5, 0), prune(300), vec![8, 0, 2]])),
        ("more-tiles-than-fit", join(&[push(5, 1), push(5, 1), push(5, 1), push(5, 1), vec![9, 1, 44]])),
        ("a-row-less", join(&[push(5, 1), vec![9, 0, 0, 0, 9, 0, 3]])),
        ("pruned-beyond-the-end", join(&[push(0, 1), vec![9, 0, 0, 0, 0, 0, 4]])),
        ("erased-beyond-the-end", join(&[push(0, 1), vec![9, 0, 0, 0, 0, 0, 5]])),
        ("an-entry-beyond-the-end", join(&[push(0, 1), vec![9, 0, 0, 0, 0, 0, 6]])),
        ("a-checkpoint-of-nothing", join(&[push(0, 1), vec![9, 0, 0, 0, 0, 0, 7]])),
        ("a-checkpoint-beyond-the-end", join(&[push(0, 1), vec![9, 0, 0, 0, 0, 1, 7]])),
        ("fails-before", join(&[push(5, 0), fails(1), push(1, 1), fails(1), prune(256), push(0, 0)])),
        (
            "fails-after",
            join(&[push(5, 0), fails(2), push(1, 1), fails(2), prune(256), fails(2), seal, push(0, 0), reopen]),
        ),
    ]
}
