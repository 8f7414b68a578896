//! Our log beside the published Rust crates. All of them hash the same bytes, and make the same proofs.

use crate::rounds::Entry;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::tlog::{
    Chain, Checkpoint, KeyKind, KeyName, Log, LogKey, MemoryStorage, NoteVerifier, Row, SignedCheckpoint, Storage,
    TileCache, Write, genesis, leaf_hash, verify_consistency, verify_inclusion,
};
use rs_merkle::MerkleTree;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;
use tlog_tiles::{Tile, TileHashReader, TileReader, tlog as tiles};

const ORIGIN: &str = "onecard.test/310101";
const BODY: [u8; 80] = [0x5a; 80];
/// Entries that are appended to an empty log.
const APPENDED: u64 = 10_000;
/// Entries of the logs that proofs are made from.
const SIZE: u64 = 1_000_000;
/// Tiles that cover such a log.
const ALL_TILES: usize = 4_096;

/// Every stored hash of `tlog_tiles`, by its index.
struct Stored(Vec<tiles::Hash>);

impl Stored {
    fn leaf(&self, index: u64) -> [u8; 32] {
        self.0[tiles::stored_hash_index(0, index) as usize].0
    }
}

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
pub(crate) fn append() -> Vec<Entry> {
    const RAW: &str = "sha256_append";
    let raw = || {
        let mut link = genesis(ORIGIN);
        for _ in 0..APPENDED {
            link = sha256(&[&[0], &link.0, black_box(&BODY)]);
            black_box(sha256(&[&[1], &link.0, &link.0]));
        }
        link
    };
    let ours = || {
        let mut chain = Chain::new(ORIGIN);
        chain.extend((0..APPENDED).map(|_| black_box(&BODY))).expect("no body is too long");
        chain.root()
    };
    let one_by_one = || {
        let mut chain = Chain::new(ORIGIN);
        for _ in 0..APPENDED {
            let _ = black_box(chain.push(black_box(&BODY)));
        }
        chain.root()
    };
    let theirs = |(mut stored, mut link): (Stored, Hash)| {
        for index in 0..APPENDED {
            let hashes = tiles::stored_hashes(index, black_box(&entry(&link)), &stored).expect("in order");
            link = Hash(hashes[0].0);
            stored.0.extend(hashes);
        }
        stored
    };
    let empty = || (Stored(Vec::with_capacity(2 * APPENDED as usize)), genesis(ORIGIN));
    // These do not tell the leaf hash, so the chain would cost them a hash more: they are given the entries
    // ready, or the leaf hashes.
    let mut link = genesis(ORIGIN);
    let entries: Vec<[u8; 112]> = (0..APPENDED)
        .map(|_| {
            let entry = entry(&link);
            link = leaf_hash(&entry);
            entry
        })
        .collect();
    let leaves: Vec<[u8; 112]> = entries.clone();
    let grown = |entries: Vec<[u8; 112]>| {
        let mut tree = MemoryBackedTree::<Sha256, [u8; 112]>::new();
        entries.into_iter().for_each(|entry| tree.push(black_box(entry)));
        tree
    };
    // It builds a tree of all leaves at once, and knows no domains.
    let built = move || {
        let hash = <rs_merkle::algorithms::Sha256 as rs_merkle::Hasher>::hash;
        let leaves: Vec<[u8; 32]> = leaves.iter().map(|leaf| hash(black_box(leaf))).collect();
        MerkleTree::<rs_merkle::algorithms::Sha256>::from_leaves(&leaves)
    };
    let all = [
        Entry::new(RAW, RAW, raw),
        Entry::new("log_append", RAW, ours),
        Entry::new("log_append_one_by_one", RAW, one_by_one),
        Entry::on_new("tlog_tiles_append", RAW, empty, theirs),
        Entry::on_new("ct_merkle_append", RAW, move || entries.clone(), grown),
        Entry::new("rs_merkle_build", RAW, built),
    ];
    all.into_iter().map(|entry| entry.items(APPENDED)).collect()
}

/// A log and, of the peers, what they prove from: all nodes in memory.
struct Logs {
    storage: MemoryStorage,
    log: Log,
    stored: Stored,
    tree: MemoryBackedTree<Sha256, [u8; 112]>,
    plain: MerkleTree<rs_merkle::algorithms::Sha256>,
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
        let leaves: Vec<[u8; 32]> = (0..SIZE).map(|index| stored.leaf(index)).collect();
        let plain = MerkleTree::from_leaves(&leaves);
        // Proofs need no bodies.
        let mut writes = batch.take_writes();
        writes.retain(|write| !matches!(write, Write::Put(Row::Entry { .. }, _)));
        storage.commit(&writes).expect("memory");
        log.apply(batch).expect("begun here");
        Self { storage, log, stored, tree, plain }
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

/// Proofs in a log of a million entries: made of any entry and of one of the last 10,000, from any smaller
/// size, and verified.
pub(crate) fn proofs() -> Vec<Entry> {
    let logs = Rc::new(Logs::grown());
    let as_tiles = StoredTiles::of(&logs.stored);
    let mut entries = made(&logs, as_tiles);
    entries.extend(verified(&logs));
    entries
}

fn made(logs: &Rc<Logs>, as_tiles: StoredTiles) -> Vec<Entry> {
    const MAKE: &str = "tlog_tiles_inclusion_make";
    const RECENT: &str = "tlog_tiles_inclusion_make_recent";
    const READ: &str = "tlog_tiles_inclusion_make_from_tiles";
    const CONSISTENCY: &str = "tlog_tiles_consistency_make";
    let kept = |name, baseline, tiles, within| {
        let (logs, mut next, mut cache) = (Rc::clone(logs), indices(within), TileCache::new(tiles));
        // What is measured is a cache in use, not its filling.
        (0..SIZE).step_by(256).for_each(|index| drop(cache.inclusion_proof(&logs.log, &logs.storage, index, SIZE)));
        Entry::new(name, baseline, move || cache.inclusion_proof(&logs.log, &logs.storage, next(), SIZE))
    };
    let nodes = |name, within| {
        let (logs, mut next) = (Rc::clone(logs), indices(within));
        Entry::new(name, name, move || tiles::prove_record(SIZE, next(), &logs.stored))
    };
    let ct_merkle = {
        let (logs, mut next) = (Rc::clone(logs), indices(SIZE));
        Entry::new("ct_merkle_inclusion_make", MAKE, move || logs.tree.prove_inclusion(next() as usize))
    };
    let rs_merkle = {
        let (logs, mut next) = (Rc::clone(logs), indices(SIZE));
        Entry::new("rs_merkle_inclusion_make", MAKE, move || logs.plain.proof(&[next() as usize]))
    };
    let read = {
        let (logs, mut next) = (Rc::clone(logs), indices(SIZE));
        let proof = move || logs.log.inclusion_proof(&logs.storage, next(), SIZE);
        Entry::new("inclusion_make_from_tiles", READ, proof)
    };
    let theirs_read = {
        let (root, mut next) = (tiles::Hash(logs.log.root().0), indices(SIZE));
        let proof = move || tiles::prove_record(SIZE, next(), &TileHashReader::new(SIZE, root, &as_tiles));
        Entry::new(READ, READ, proof)
    };
    let consistency = {
        let (logs, mut next, mut cache) = (Rc::clone(logs), indices(SIZE), TileCache::new(ALL_TILES));
        (0..SIZE).step_by(256).for_each(|index| drop(cache.inclusion_proof(&logs.log, &logs.storage, index, SIZE)));
        let proof = move || cache.consistency_proof(&logs.log, &logs.storage, next(), SIZE);
        Entry::new("consistency_make", CONSISTENCY, proof)
    };
    let theirs_consistency = {
        let (logs, mut next) = (Rc::clone(logs), indices(SIZE));
        Entry::new(CONSISTENCY, CONSISTENCY, move || tiles::prove_tree(SIZE, next(), &logs.stored))
    };
    vec![
        nodes(MAKE, SIZE),
        kept("inclusion_make", MAKE, ALL_TILES, SIZE),
        ct_merkle,
        rs_merkle,
        nodes(RECENT, 10_000),
        kept("inclusion_make_recent", RECENT, 256, 10_000),
        theirs_read,
        read,
        theirs_consistency,
        consistency,
    ]
}

fn verified(logs: &Logs) -> Vec<Entry> {
    const VERIFY: &str = "tlog_tiles_inclusion_verify";
    const CONSISTENCY: &str = "tlog_tiles_consistency_verify";
    let Logs { storage, log, stored, tree, plain } = logs;
    let as_theirs = |proof: &[Hash]| proof.iter().map(|hash| tiles::Hash(hash.0)).collect::<Vec<_>>();
    let (index, root) = (123_456, log.root());
    let leaf = log.link_at(storage, index).expect("in the log");
    let proof = log.inclusion_proof(storage, index, SIZE).expect("in the log");
    let theirs = as_theirs(&proof);
    assert_eq!(tiles::prove_record(SIZE, index, stored).expect("in the log"), theirs);
    let ct_proof = tree.prove_inclusion(index as usize);
    assert_eq!(ct_proof.as_bytes(), proof.iter().flat_map(|hash| hash.0).collect::<Vec<_>>());
    let (ct_root, ct_entry) = (tree.root(), *tree.get(index as usize).expect("in the tree"));
    assert!(ct_root.verify_inclusion(&ct_entry, index, &ct_proof).is_ok());
    let (rs_root, rs_proof) = (plain.root().expect("a tree"), plain.proof(&[index as usize]));
    let rs_verify = move || rs_proof.verify(rs_root, &[index as usize], &[black_box(leaf.0)], SIZE as usize);
    assert!(rs_verify());

    let old = 123_456;
    let old_root = log.root_at(storage, old).expect("in the log");
    let from_old = log.consistency_proof(storage, old, SIZE).expect("in the log");
    let theirs_from_old = as_theirs(&from_old);
    assert_eq!(tiles::prove_tree(SIZE, old, stored).expect("in the log"), theirs_from_old);
    let their_root = tiles::Hash(root.0);
    let (their_leaf, their_old_root) = (tiles::Hash(leaf.0), tiles::Hash(old_root.0));
    vec![
        Entry::new(VERIFY, VERIFY, move || {
            tiles::check_record(&theirs, SIZE, their_root, index, black_box(their_leaf))
        }),
        Entry::new("inclusion_verify", VERIFY, move || verify_inclusion(index, SIZE, black_box(&leaf), &proof, &root)),
        // With the leaf's hash.
        Entry::new("ct_merkle_inclusion_verify", VERIFY, move || {
            ct_root.verify_inclusion(black_box(&ct_entry), index, &ct_proof)
        }),
        Entry::new("rs_merkle_inclusion_verify", VERIFY, rs_verify),
        Entry::new(CONSISTENCY, CONSISTENCY, move || {
            tiles::check_tree(&theirs_from_old, SIZE, their_root, old, black_box(their_old_root))
        }),
        Entry::new("consistency_verify", CONSISTENCY, move || {
            verify_consistency(old, SIZE, black_box(&old_root), &root, &from_old)
        }),
    ]
}

/// A checkpoint's note with the log's signature: parsed and verified, by us under the strict rule, by the
/// peer as a note alone.
pub(crate) fn checkpoint() -> Vec<Entry> {
    const PEER: &str = "signed_note_verify";
    let key = SigningKey::from_seed(&[1; 32]);
    let name = KeyName::new(ORIGIN).expect("a name");
    let note = Checkpoint { origin: name.clone(), size: SIZE, root: Hash([7; 32]) }.sign(&key);
    let verifier = NoteVerifier::of(name, KeyKind::Ed25519, key.verifying_key());
    assert!(SignedCheckpoint::verify(note.as_bytes(), &verifier).is_ok());
    let other = signed_note::StandardVerifier::new(&verifier.to_string()).expect("a vkey");
    let known = signed_note::VerifierList::new(vec![Box::new(other)]);
    let theirs = note.clone();
    let peer = move || {
        let note = signed_note::Note::from_bytes(black_box(theirs.as_bytes()));
        note.and_then(|note| note.verify(&known)).is_ok()
    };
    let ours = move || SignedCheckpoint::verify(black_box(note.as_bytes()), &verifier).is_ok();
    vec![Entry::new(PEER, PEER, peer), Entry::new("checkpoint_verify", PEER, ours)]
}
