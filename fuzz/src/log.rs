//! A log in a store that fails: appended to, sealed, pruned, erased and opened again, it has what a list of entries
//! has: the same root as the chain by itself, bodies that were not pruned, proofs that verify, by cache and without,
//! bundles and tiles that a follower reads the same history from. A damaged row is found where a tile or a
//! checkpoint covers it.
//!
//! Each byte of the input is a step, with the bytes after it saying how.

use super::federation::{CITIES, NAME, secret};
use super::input::Input;
use super::store::Store;
use onecard::crypto::{SigningKey, sha256};
use onecard::tlog::{
    Batch, BundleEntries, Chain, Log, LogKey, MemoryStorage, Replica, Resource, Row, SignedCheckpoint, Storage,
    TILE_WIDTH, TileCache, Write, tiles_of, verify_consistency, verify_inclusion,
};
use onecard::trust::Role;

const STEPS: usize = 12;
const KEY: LogKey = LogKey(3);
const MOST: usize = 1_200;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let store = Store::default();
    let log = open(&store.rows).unwrap();
    let known = Known::default();
    let mut owner = Owner { store, log, known, durable: None, replica: None, cache: TileCache::new(2) };
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        owner.step(&mut input);
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

fn open(rows: &MemoryStorage) -> Result<Log, onecard::tlog::LogError<onecard::tlog::MemoryError>> {
    Log::open(rows, KEY, &origin())
}

#[derive(Clone, Default)]
struct Known {
    entries: Vec<Vec<u8>>,
    pruned: usize,
    erased: usize,
    sealed: Option<u64>,
}

struct Owner {
    store: Store,
    log: Log,
    known: Known,
    /// What is in the store after a commit that failed when it was made.
    durable: Option<Known>,
    /// Who follows by reading entries.
    replica: Option<Replica>,
    cache: TileCache,
}

impl Owner {
    fn step(&mut self, input: &mut Input<'_>) {
        let place = |input: &mut Input<'_>, of: usize| usize::from(u16::from_be_bytes(input.array())) % (of + 1);
        match input.byte() % 7 {
            0 => {
                let count = input.pick(&[3, 1, 17, 255, 256, 300]).min(MOST - self.known.entries.len());
                let salt = input.byte();
                let (mut batch, mut next) = (self.log.begin(), self.known.clone());
                for _ in 0..count {
                    let body = [&[salt][..], &next.entries.len().to_be_bytes()].concat();
                    let evidence = body[body.len() - 1].is_multiple_of(3).then(|| sha256(&[&body]).0);
                    let index = batch.push(&body, evidence.as_ref().map(|hash| &hash[..])).unwrap();
                    assert_eq!(index, next.entries.len() as u64);
                    next.entries.push(body);
                }
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
                let next = Known { sealed: Some(size), ..self.known.clone() };
                self.write(&[write.unwrap()], next);
            }
            2 => {
                let (below, bundles) = (place(input, self.known.entries.len()), input.byte() % 4);
                let batch = self.log.prune(below as u64, bundles.into());
                let whole = below / 256 * 256;
                let pruned = whole.min(self.known.pruned + usize::from(bundles) * 256).max(self.known.pruned);
                assert_eq!(batch.is_empty(), pruned == self.known.pruned);
                self.commit(batch, Known { pruned, ..self.known.clone() });
            }
            3 => {
                let (below, count) = (place(input, self.known.entries.len()), usize::from(input.byte()));
                let batch = self.log.erase(below as u64, count as u32);
                let erased = below.min(self.known.erased + count).max(self.known.erased);
                self.commit(batch, Known { erased, ..self.known.clone() });
            }
            4 => self.store.fault.set(input.byte() % 3),
            5 => self.reopen(),
            _ => self.follow(),
        }
    }

    fn commit(&mut self, batch: Batch, next: Known) {
        let writes = batch.writes();
        if self.write(&writes, next) {
            self.log.apply(batch).unwrap();
        }
    }

    fn write(&mut self, writes: &[Write], next: Known) -> bool {
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
        let (log, rows, Known { entries, pruned, erased, sealed }) = (&self.log, &self.store.rows, &self.known);
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
        match input.byte() % 3 {
            0 => value.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1),
            1 => drop(value.pop()),
            _ => value.push(0),
        }
        rows.commit(&[Write::Put(row, value)]).unwrap();
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
        ("fails-before", join(&[push(5, 0), fails(1), push(1, 1), fails(1), prune(256), push(0, 0)])),
        (
            "fails-after",
            join(&[push(5, 0), fails(2), push(1, 1), fails(2), prune(256), fails(2), seal, push(0, 0), reopen]),
        ),
    ]
}
