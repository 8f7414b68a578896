//! Our log beside the published Rust crates, in one run: ratios travel between machines, times do
//! not. See `../README.md`.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::tlog::{
    Chain, Checkpoint, KeyKind, KeyName, Log, LogKey, MemoryStorage, NoteVerifier, Row, SignedCheckpoint, Storage,
    TileCache, Write, genesis, leaf_hash, verify_inclusion,
};
use sha2::Sha256;
use std::hint::black_box;
use tlog_tiles::tlog as tiles;

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
    let mut group = c.benchmark_group("inclusion");
    for (which, within) in [("any", SIZE), ("recent", 10_000)] {
        group.bench_function(format!("make, {which}: onecard, from stored tiles"), |b| {
            let mut next = indices(within);
            b.iter(|| log.inclusion_proof(&storage, black_box(next()), SIZE));
        });
        group.bench_function(format!("make, {which}: onecard, from 256 tiles kept"), |b| {
            let (mut next, mut cache) = (indices(within), TileCache::new(256));
            b.iter(|| cache.inclusion_proof(&log, &storage, black_box(next()), SIZE));
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

criterion_group!(benches, append, inclusion, checkpoint);
criterion_main!(benches);
