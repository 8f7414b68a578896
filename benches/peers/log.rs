//! Our log beside the published Rust crates, in one run: ratios travel between machines, times do
//! not. See `../README.md`.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::tlog::{
    Chain, Checkpoint, KeyKind, KeyName, Log, LogKey, MemoryStorage, NoteVerifier, Row, SignedCheckpoint, Storage,
    TileCache, Write, genesis, leaf_hash, verify_consistency, verify_inclusion,
};
use sha2::Sha256;
use std::{collections::BTreeMap, hint::black_box};
use tlog_tiles::{Tile, TileHashReader, TileReader, tlog as tiles};

const ORIGIN: &str = "onecard.test/310101";
const BODY: [u8; 80] = [0x5a; 80];
/// Entries of the logs that proofs are made from.
const SIZE: u64 = 1_000_000;

/// Every stored hash of `tlog_tiles`, by its index.
struct Stored(Vec<tiles::Hash>);

impl tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tiles::Hash>, tiles::Error> {
        Ok(indexes.iter().map(|&index| self.0[index as usize]).collect())
    }
}

/// The same hashes as tiles of 256, by level and index; the last of a level is partial.
struct StoredTiles(BTreeMap<(u8, u64), Vec<u8>>);

impl StoredTiles {
    fn of(stored: &Stored) -> Self {
        let mut all = BTreeMap::new();
        for level in 0..3 {
            for index in 0..SIZE >> (8 * level) {
                let at = tiles::stored_hash_index(8 * level, index) as usize;
                all.entry((level, index >> 8)).or_insert_with(Vec::new).extend_from_slice(&stored.0[at].0);
            }
        }
        Self(all)
    }
}

impl TileReader for StoredTiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tiles::Error> {
        Ok(tiles.iter().map(|tile| self.0[&(tile.level(), tile.level_index())].clone()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// The entry after `link`: what a log of the peers is given, so that all hash the same bytes.
fn entry(link: &Hash) -> [u8; 112] {
    let mut entry = [0; 112];
    entry[..32].copy_from_slice(&link.0);
    entry[32..].copy_from_slice(&BODY);
    entry
}

/// Chain and tree of 80-byte bodies. The peers know no chain: its link is put into their entries.
fn append(c: &mut Criterion) {
    const ENTRIES: u64 = 10_000;
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("SHA-256 of link and body, and of one node, each entry", |b| {
        b.iter(|| {
            let mut link = genesis(ORIGIN);
            for _ in 0..ENTRIES {
                link = sha256(&[&[0], &link.0, black_box(&BODY)]);
                black_box(sha256(&[&[1], &link.0, &link.0]));
            }
            link
        });
    });
    group.bench_function("onecard", |b| {
        b.iter(|| {
            let mut chain = Chain::new(ORIGIN);
            for _ in 0..ENTRIES {
                let _ = black_box(chain.push(black_box(&BODY)));
            }
            chain.root()
        });
    });
    group.bench_function("tlog_tiles", |b| {
        b.iter_batched_ref(
            || (Stored(Vec::with_capacity(2 * ENTRIES as usize)), genesis(ORIGIN)),
            |(stored, link)| {
                for index in 0..ENTRIES {
                    let hashes = tiles::stored_hashes(index, black_box(&entry(link)), stored).expect("in order");
                    *link = Hash(hashes[0].0);
                    stored.0.extend(hashes);
                }
            },
            BatchSize::LargeInput,
        );
    });
    // It does not tell the leaf hash, so the chain costs it a hash more: it is given the entries ready.
    let mut link = genesis(ORIGIN);
    let entries: Vec<[u8; 112]> = (0..ENTRIES)
        .map(|_| {
            let entry = entry(&link);
            link = leaf_hash(&entry);
            entry
        })
        .collect();
    group.bench_function("ct-merkle (without the chain)", |b| {
        b.iter_batched(
            || entries.clone(),
            |entries| {
                let mut tree = MemoryBackedTree::<Sha256, [u8; 112]>::new();
                entries.into_iter().for_each(|entry| tree.push(black_box(entry)));
                tree
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A log and, of the peers, what they prove from: all nodes in memory.
struct Logs {
    storage: MemoryStorage,
    log: Log,
    stored: Stored,
    tree: MemoryBackedTree<Sha256, [u8; 112]>,
}

impl Logs {
    fn grown() -> Self {
        let mut storage = MemoryStorage::new();
        let mut log = Log::open(&storage, LogKey(0), ORIGIN).expect("an empty log");
        let (mut stored, mut tree) = (Stored(Vec::with_capacity(2 * SIZE as usize)), MemoryBackedTree::new());
        let mut batch = log.begin();
        for index in 0..SIZE {
            let entry = entry(&batch.link());
            batch.push(&BODY, None).expect("a short body");
            stored.0.extend(tiles::stored_hashes(index, &entry, &stored).expect("in order"));
            tree.push(entry);
        }
        // Proofs need no bodies.
        let mut writes = batch.take_writes();
        writes.retain(|write| !matches!(write, Write::Put(Row::Entry { .. }, _)));
        storage.commit(&writes).expect("memory");
        log.apply(batch).expect("begun here");
        Self { storage, log, stored, tree }
    }
}

/// Indices below `within` from the end of the log, always the same.
fn indices(within: u64) -> impl FnMut() -> u64 {
    let mut state = 1u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        SIZE - 1 - (state >> 33) % within
    }
}

/// Inclusion proofs in a log of a million entries: made of any entry and of one of the last 10,000,
/// and verified.
fn inclusion(c: &mut Criterion) {
    let Logs { storage, log, stored, tree } = Logs::grown();
    let as_tiles = StoredTiles::of(&stored);
    let mut group = c.benchmark_group("inclusion");
    for (which, within) in [("any", SIZE), ("recent", 10_000)] {
        group.bench_function(format!("make, {which}: onecard, from stored tiles"), |b| {
            let mut next = indices(within);
            b.iter(|| log.inclusion_proof(&storage, black_box(next()), SIZE));
        });
        for tiles in [256, 4_096] {
            group.bench_function(format!("make, {which}: onecard, from {tiles} tiles kept"), |b| {
                let (mut next, mut cache) = (indices(within), TileCache::new(tiles));
                // What is measured is a cache in use, not its filling.
                (0..SIZE).step_by(256).for_each(|index| drop(cache.inclusion_proof(&log, &storage, index, SIZE)));
                b.iter(|| cache.inclusion_proof(&log, &storage, black_box(next()), SIZE));
            });
        }
        group.bench_function(format!("make, {which}: tlog_tiles, from stored tiles"), |b| {
            let mut next = indices(within);
            let reader = TileHashReader::new(SIZE, tiles::Hash(log.root().0), &as_tiles);
            b.iter(|| tiles::prove_record(SIZE, black_box(next()), &reader));
        });
        group.bench_function(format!("make, {which}: tlog_tiles, from all nodes"), |b| {
            let mut next = indices(within);
            b.iter(|| tiles::prove_record(SIZE, black_box(next()), &stored));
        });
        group.bench_function(format!("make, {which}: ct-merkle, from all nodes"), |b| {
            let mut next = indices(within);
            b.iter(|| tree.prove_inclusion(black_box(next()) as usize));
        });
    }

    let index = 123_456;
    let (leaf, root) = (log.link_at(&storage, index).expect("in the log"), log.root());
    let proof = log.inclusion_proof(&storage, index, SIZE).expect("in the log");
    let theirs: Vec<tiles::Hash> = proof.iter().map(|hash| tiles::Hash(hash.0)).collect();
    assert_eq!(tiles::prove_record(SIZE, index, &stored).expect("in the log"), theirs);
    assert_eq!(
        tree.prove_inclusion(index as usize).as_bytes(),
        proof.iter().flat_map(|hash| hash.0).collect::<Vec<_>>()
    );
    group.bench_function("verify: onecard", |b| {
        b.iter(|| verify_inclusion(index, SIZE, black_box(&leaf), &proof, &root));
    });
    group.bench_function("verify: tlog_tiles", |b| {
        b.iter(|| tiles::check_record(&theirs, SIZE, tiles::Hash(root.0), index, black_box(tiles::Hash(leaf.0))));
    });
    let (root, proof) = (tree.root(), tree.prove_inclusion(index as usize));
    let entry = tree.get(index as usize).expect("in the tree");
    group.bench_function("verify: ct-merkle, with the leaf's hash", |b| {
        b.iter(|| root.verify_inclusion(black_box(entry), index, &proof));
    });
    group.finish();
}

/// Consistency proofs to a million entries, from any smaller size: made and verified.
fn consistency(c: &mut Criterion) {
    let Logs { storage, log, stored, .. } = Logs::grown();
    let mut group = c.benchmark_group("consistency");
    group.bench_function("make: onecard, from stored tiles", |b| {
        let mut next = indices(SIZE);
        b.iter(|| log.consistency_proof(&storage, black_box(next()), SIZE));
    });
    group.bench_function("make: onecard, from 4096 tiles kept", |b| {
        let (mut next, mut cache) = (indices(SIZE), TileCache::new(4_096));
        (0..SIZE).step_by(256).for_each(|index| drop(cache.inclusion_proof(&log, &storage, index, SIZE)));
        b.iter(|| cache.consistency_proof(&log, &storage, black_box(next()), SIZE));
    });
    group.bench_function("make: tlog_tiles, from all nodes", |b| {
        let mut next = indices(SIZE);
        b.iter(|| tiles::prove_tree(SIZE, black_box(next()), &stored));
    });

    let (old, root) = (123_456, log.root());
    let old_root = log.root_at(&storage, old).expect("in the log");
    let proof = log.consistency_proof(&storage, old, SIZE).expect("in the log");
    let theirs: Vec<tiles::Hash> = proof.iter().map(|hash| tiles::Hash(hash.0)).collect();
    assert_eq!(tiles::prove_tree(SIZE, old, &stored).expect("in the log"), theirs);
    group.bench_function("verify: onecard", |b| {
        b.iter(|| verify_consistency(old, SIZE, black_box(&old_root), &root, &proof));
    });
    group.bench_function("verify: tlog_tiles", |b| {
        b.iter(|| tiles::check_tree(&theirs, SIZE, tiles::Hash(root.0), old, black_box(tiles::Hash(old_root.0))));
    });
    group.finish();
}

/// A checkpoint's note with the log's signature: parsed and verified.
fn checkpoint(c: &mut Criterion) {
    let key = SigningKey::from_seed(&[1; 32]);
    let name = KeyName::new(ORIGIN).expect("a name");
    let checkpoint = Checkpoint { origin: name.clone(), size: SIZE, root: Hash([7; 32]) };
    let note = checkpoint.sign(&key);
    let verifier = NoteVerifier::of(name, KeyKind::Ed25519, key.verifying_key());
    assert!(SignedCheckpoint::verify(note.as_bytes(), &verifier).is_ok());
    let other = signed_note::StandardVerifier::new(&verifier.to_string()).expect("a vkey");
    let known = signed_note::VerifierList::new(vec![Box::new(other)]);

    let mut group = c.benchmark_group("checkpoint");
    group.bench_function("verify: onecard (strict)", |b| {
        b.iter(|| SignedCheckpoint::verify(black_box(note.as_bytes()), &verifier));
    });
    group.bench_function("verify: signed_note (the note alone)", |b| {
        b.iter(|| signed_note::Note::from_bytes(black_box(note.as_bytes())).and_then(|note| note.verify(&known)));
    });
    group.finish();
}

criterion_group!(benches, append, inclusion, consistency, checkpoint);
criterion_main!(benches);
