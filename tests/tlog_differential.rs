//! Our logs against the published Rust implementations of the same formats.

use onecard::{
    crypto::{Hash, SigningKey},
    tlog::{
        Checkpoint, KeyKind, KeyName, Log, LogKey, MemoryStorage, NoteVerifier, Resource, SignedCheckpoint, Storage,
        tiles_of,
    },
};
use tlog_tiles::tlog as other;

/// Every stored hash of the other implementation, by its index.
struct Stored(Vec<other::Hash>);

impl other::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<other::Hash>, other::Error> {
        Ok(indexes.iter().map(|&index| self.0[index as usize]).collect())
    }
}

fn ours(hashes: &[other::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

#[test]
fn trees_proofs_and_tiles() {
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, LogKey(0), "onecard.example/a").unwrap();
    let mut batch = log.begin();
    let mut stored = Stored(vec![]);
    for index in 0..700u64 {
        let entry = [&batch.link().0[..], &index.to_be_bytes()].concat();
        batch.push(&index.to_be_bytes(), None).unwrap();
        let more = other::stored_hashes(index, &entry, &stored).unwrap();
        stored.0.extend(more);
    }
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    for size in (1..20).chain([255, 256, 257, 511, 512, 513, 700]) {
        let root = log.root_at(&storage, size).unwrap();
        assert_eq!(other::tree_hash(size, &stored).unwrap().0, root.0);
        for at in [0, 1, size / 3, size / 2, size - 1].into_iter().filter(|&at| at < size) {
            let proof = other::prove_record(size, at, &stored).unwrap();
            assert_eq!(log.inclusion_proof(&storage, at, size).unwrap(), ours(&proof), "{at} of {size}");
            let proof = other::prove_tree(size, at + 1, &stored).unwrap();
            assert_eq!(log.consistency_proof(&storage, at + 1, size).unwrap(), ours(&proof), "{at} to {size}");
        }
        let mut paths = vec![];
        for resource in tiles_of(size) {
            let Resource::Hashes(id) = resource else { continue };
            let tile = tlog_tiles::Tile::new(8, id.level(), id.index(), id.width().into(), false);
            assert_eq!(tile.read_data(&stored).unwrap(), log.read_tile(&storage, id).unwrap(), "{resource}");
            // Theirs names the tile height, as the Go checksum database does; C2SP does not.
            assert_eq!(tile.path().replacen("tile/8/", "tile/", 1), resource.to_string());
            paths.push(tile);
        }
        let mut theirs = tlog_tiles::Tile::new_tiles(8, 0, size);
        let order = |tile: &tlog_tiles::Tile| (tile.level(), tile.level_index());
        theirs.sort_by_key(order);
        assert_eq!(
            theirs.iter().map(tlog_tiles::Tile::path).collect::<Vec<_>>(),
            paths.iter().map(tlog_tiles::Tile::path).collect::<Vec<_>>()
        );
    }
}

#[test]
fn notes() {
    let key = SigningKey::from_seed(&[1; 32]);
    let name = "onecard.example/310101";
    let checkpoint = Checkpoint { origin: KeyName::new(name).unwrap(), size: 9, root: Hash([3; 32]) };
    let signed = SignedCheckpoint::sign(checkpoint, &key);
    let vkey = NoteVerifier::new(name, KeyKind::Ed25519, key.verifying_key()).unwrap().to_string();
    let verifier = signed_note::StandardVerifier::new(&vkey).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    let note = signed_note::Note::from_bytes(signed.note().as_bytes()).unwrap();
    let (verified, unknown) = note.verify(&known).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    assert_eq!(note.to_bytes(), signed.note().as_bytes());
    // Lines of strangers mean nothing to either.
    let line = |name: &str, end: &str| format!("\u{2014} {name} AAAA{end}\n");
    let long = line(&"n".repeat(300), "AAE=");
    for lines in [
        [line("a", "AAE="), line("a", "AAE=")].concat(),
        [line("a", "AAE="), line("a", "AAI=")].concat(),
        long,
        line("a\u{7f}\u{9b}", "AAE="),
        line(name, "AAE="),
    ] {
        let text = [signed.note(), &lines].concat();
        let note = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
        assert_eq!(note.verify(&known).unwrap().0.len(), 1, "{lines:?}");
        assert_eq!(SignedCheckpoint::verify(text.as_bytes(), &vkey.parse().unwrap()).unwrap().note(), text);
    }
    // And a known key's line that does not verify refuses the note.
    let bad = signed.note().replacen("\n9\n", "\n8\n", 1);
    assert!(signed_note::Note::from_bytes(bad.as_bytes()).unwrap().verify(&known).is_err());
    assert!(SignedCheckpoint::verify(bad.as_bytes(), &vkey.parse().unwrap()).is_err());
}
