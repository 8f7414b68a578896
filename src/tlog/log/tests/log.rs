//! Tests of `log.rs`.

use super::*;
use crate::tlog::{
    BundleEntries, MemoryStorage, Resource, leaf_hash,
    log::storage::MemoryError,
    note::checkpoint::tests::{ORIGIN, key},
    tiles_of, verify_consistency, verify_inclusion,
};

const KEY: LogKey = LogKey(3);

fn body(index: u64) -> Vec<u8> {
    [&index.to_be_bytes()[..], b"body"].concat()
}

/// Appends up to `size` entries in one commit; every seventh has an attachment.
fn grow(storage: &mut MemoryStorage, log: &mut Log, size: u64) {
    let mut batch = log.begin();
    for index in log.size()..size {
        let attachment = index.is_multiple_of(7).then(|| vec![index as u8; 3]);
        assert_eq!(batch.push(&body(index), attachment.as_deref()), Ok(index));
    }
    storage.commit(&batch.take_writes()).unwrap();
    log.apply(batch).unwrap();
}

fn open(storage: &MemoryStorage) -> Result<Log, LogError<MemoryError>> {
    Log::open(storage, KEY, ORIGIN)
}

fn at(size: u64) -> (MemoryStorage, Log) {
    let mut storage = MemoryStorage::new();
    let mut log = open(&storage).unwrap();
    grow(&mut storage, &mut log, size);
    (storage, log)
}

fn chain(size: u64) -> Chain {
    let mut chain = Chain::new(ORIGIN);
    (0..size).for_each(|index| assert!(chain.push(&body(index)).is_ok()));
    chain
}

fn damage(storage: &MemoryStorage, write: Write) -> LogError<MemoryError> {
    let mut storage = storage.clone();
    storage.commit(&[write]).unwrap();
    open(&storage).and_then(|log| log.verify(&storage)).unwrap_err()
}

#[test]
fn reopened_is_what_it_was() {
    for size in (0..4).chain(254..=260).chain([511, 512, 513, 1_000]) {
        let (storage, log) = at(size);
        assert_eq!(open(&storage).as_ref(), Ok(&log), "{size}");
        assert_eq!(*log.chain(), chain(size));
        log.verify(&storage).unwrap();
        let rows = |wanted: fn(&Row) -> bool| storage.rows().filter(|(row, _)| wanted(row)).count() as u64;
        assert_eq!(rows(|row| matches!(row, Row::Entry { .. })), size);
        assert_eq!(rows(|row| matches!(row, Row::Tile { .. })), size / 256);
    }
}

#[test]
fn the_second_level_of_tiles() {
    let (mut storage, mut log) = at(65_535);
    for size in [65_535, 65_536, 65_537, 65_800] {
        grow(&mut storage, &mut log, size);
        assert_eq!(open(&storage).as_ref(), Ok(&log), "{size}");
        assert_eq!(log.root(), chain(size).root());
    }
    assert!(storage.get(Row::Tile { log: KEY, level: 1, index: 0 }).unwrap().is_some());
    log.verify(&storage).unwrap();
    let above = Row::Tile { log: KEY, level: 1, index: 0 };
    let mut forged = storage.get(above).unwrap().unwrap();
    forged[3 * 32] ^= 1;
    let below = Row::Tile { log: KEY, level: 0, index: 3 };
    assert_eq!(damage(&storage, Write::Put(above, forged)), damaged(below, Damage::Content));
    for (old, new) in [(1, 65_800), (65_535, 65_536), (65_536, 65_537), (300, 65_536), (65_537, 65_800)] {
        let proof = log.consistency_proof(&storage, old, new).unwrap();
        let root = |size| log.root_at(&storage, size).unwrap();
        assert_eq!(root(old), chain(old).root());
        verify_consistency(old, new, &root(old), &root(new), &proof).unwrap();
    }
    for (index, size) in [(0, 65_800), (65_535, 65_536), (65_536, 65_800), (256, 65_537), (65_799, 65_800)] {
        let proof = log.inclusion_proof(&storage, index, size).unwrap();
        let (leaf, root) = (log.link_at(&storage, index).unwrap(), log.root_at(&storage, size).unwrap());
        verify_inclusion(index, size, &leaf, &proof, &root).unwrap();
    }
}

#[test]
fn every_published_file_of_every_size() {
    let (storage, log) = at(600);
    for size in [0, 1, 255, 256, 257, 512, 599, 600] {
        let (then_storage, then) = at(size);
        for resource in tiles_of(size) {
            let id = resource.id();
            let read = |log: &Log, storage: &MemoryStorage| match resource {
                Resource::Hashes(_) => log.read_tile(storage, id).unwrap(),
                _ => [log.read_bundle(storage, id).unwrap(), log.read_evidence(storage, id).unwrap()].concat(),
            };
            assert_eq!(read(&log, &storage), read(&then, &then_storage), "{resource} at {size}");
            if let Resource::Entries(id) = resource {
                let (bundle, hashes) = (log.read_bundle(&storage, id).unwrap(), log.read_tile(&storage, id).unwrap());
                let leaves: Vec<u8> =
                    BundleEntries::new(&bundle, id.width()).flat_map(|entry| leaf_hash(entry.unwrap()).0).collect();
                assert_eq!(leaves, hashes);
                let evidence = log.read_evidence(&storage, id).unwrap();
                for (entry, index) in BundleEntries::new(&evidence, id.width()).zip(id.index() * 256..) {
                    assert_eq!(entry.unwrap().len(), if index % 7 == 0 { 3 } else { 0 });
                }
            }
        }
    }
    let tile = |level, index, width| log.read_tile(&storage, TileId::new(level, index, width).unwrap());
    assert_eq!(tile(0, 2, 89), Err(LogError::NoTile));
    assert_eq!(tile(0, 3, 1), Err(LogError::NoTile));
    assert_eq!(tile(1, 0, 3), Err(LogError::NoTile));
    assert_eq!(tile(63, u64::MAX, 1), Err(LogError::NoTile));
    let bundle = |index, width| log.read_bundle(&storage, TileId::new(0, index, width).unwrap());
    assert_eq!(bundle(2, 89), Err(LogError::NoTile));
    assert_eq!(bundle(u64::MAX, 1), Err(LogError::NoTile));
    assert_eq!(log.read_bundle(&storage, TileId::new(1, 0, 1).unwrap()), Err(LogError::NoTile));
}

#[test]
fn a_kept_checkpoint_is_of_this_log() {
    let row = Row::Checkpoint { log: KEY };
    let (storage, log) = (MemoryStorage::new(), open(&MemoryStorage::new()).unwrap());
    let kept = |checkpoint: Checkpoint| damage(&storage, Write::Put(row, checkpoint.sign(&key(1)).into_bytes()));
    let elsewhere = Checkpoint { origin: "else".parse().unwrap(), ..log.checkpoint() };
    assert_eq!(kept(elsewhere), LogError::OtherLog("else".parse().unwrap()));
    assert_eq!(kept(Checkpoint { size: 1, ..log.checkpoint() }), damaged(row, Damage::Content));
}

#[test]
fn what_is_beyond_the_end_is_an_error() {
    let (storage, log) = at(3);
    let beyond = |at| LogError::OutOfRange { at, size: 3 };
    assert_eq!(log.body(&storage, 3), Err(beyond(4)));
    assert_eq!(log.body(&storage, u64::MAX), Err(beyond(u64::MAX)));
    assert_eq!(log.link_at(&storage, 3), Err(beyond(3)));
    assert_eq!(log.link_at(&storage, u64::MAX), Err(beyond(u64::MAX)));
    assert_eq!(log.root_at(&storage, u64::MAX), Err(beyond(u64::MAX)));
    assert_eq!(log.inclusion_proof(&storage, 3, 3), Err(beyond(3)));
    assert_eq!(log.inclusion_proof(&storage, 0, 4), Err(beyond(4)));
    assert_eq!(log.consistency_proof(&storage, 3, 2), Err(LogError::OutOfRange { at: 3, size: 2 }));
    assert_eq!(log.replay(&storage, 0..4, |_, _| true), Err(beyond(4)));
}

#[test]
fn a_failed_commit_changes_nothing() {
    let (mut storage, mut log) = at(255);
    let before = (storage.clone(), log.clone());
    let mut batch = log.begin();
    batch.push(b"lost", Some(b"evidence")).unwrap();
    storage.fail_after(0);
    assert_eq!(storage.commit(&batch.writes()), Err(MemoryError::Told));
    drop(batch);
    assert_eq!((&storage, &log), (&before.0, &before.1));
    grow(&mut storage, &mut log, 256);
    assert_eq!((storage, log), at(256));
}

#[test]
fn a_batch_of_another_state_is_refused() {
    let (_, mut log) = at(3);
    let (mut first, mut second) = (log.begin(), log.begin());
    first.push(b"a", None).unwrap();
    second.push(b"b", None).unwrap();
    log.apply(first).unwrap();
    assert_eq!(log.apply(second), Err(StaleBatch));
    let (_, other) = at(4);
    assert_eq!(log.apply(other.begin()), Err(StaleBatch));
    // Nothing is in them yet, so they differ in their names alone.
    let named = |key, origin| Log::open(&MemoryStorage::new(), key, origin).unwrap();
    let mut empty = named(KEY, ORIGIN);
    for other in [named(LogKey(9), ORIGIN), named(KEY, "other")] {
        assert_eq!(empty.apply(other.begin()), Err(StaleBatch));
    }
    assert_eq!(empty.apply(named(KEY, ORIGIN).begin()), Ok(()));
    assert_eq!(log.apply(log.begin()), Ok(()));
}

#[test]
fn too_long_is_refused_and_the_batch_goes_on() {
    let (_, log) = at(1);
    let mut batch = log.begin();
    let long = vec![0; MAX_ENTRY + 1];
    assert_eq!(batch.push(&long, None), Err(PushError::Body(BodyTooLong(MAX_ENTRY + 1))));
    assert_eq!(batch.push(b"a", Some(&long)), Err(PushError::Attachment(MAX_ENTRY + 1)));
    assert!(batch.clone().push(b"a", Some(&long[1..])).is_ok());
    assert!(batch.is_empty() && batch.root() == log.root());
}

#[test]
fn two_logs_in_one_commit() {
    let mut storage = MemoryStorage::new();
    let mut logs = [1, 2].map(|log| Log::open(&storage, LogKey(log), ORIGIN).unwrap());
    let mut batches = logs.each_ref().map(Log::begin);
    batches[0].push(b"a", None).unwrap();
    batches[1].push(b"b", None).unwrap();
    let writes: Vec<Write> = batches.iter_mut().flat_map(Batch::take_writes).collect();
    storage.commit(&writes).unwrap();
    for (log, batch) in logs.iter_mut().zip(batches) {
        log.apply(batch).unwrap();
        assert_eq!(Log::open(&storage, log.key(), ORIGIN).as_ref(), Ok(&*log));
    }
}

#[test]
fn sealed_with_its_checkpoint() {
    let (mut storage, mut log) = at(300);
    let mut batch = log.begin();
    batch.push(b"last", None).unwrap();
    let signed = SignedCheckpoint::sign(batch.checkpoint(), &key(1));
    batch.seal(&signed).unwrap();
    assert_eq!(batch.seal(&SignedCheckpoint::sign(log.checkpoint(), &key(1))), Err(SealError));
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    assert_eq!(log.kept_checkpoint(&storage).unwrap().unwrap(), signed.note().as_bytes());
    grow(&mut storage, &mut log, 310);
    assert_eq!(open(&storage).as_ref(), Ok(&log));
    assert!(log.checkpoint_write(&storage, &signed).is_ok(), "an earlier size");
    let mut other = signed.checkpoint().clone();
    other.root.0[0] ^= 1;
    let other = SignedCheckpoint::sign(other, &key(1));
    assert_eq!(log.checkpoint_write(&storage, &other), Err(LogError::OtherRoot(301)));
    let origin: KeyName = "else".parse().unwrap();
    let elsewhere = Checkpoint { origin: origin.clone(), ..signed.checkpoint().clone() };
    let elsewhere = SignedCheckpoint::sign(elsewhere, &key(1));
    assert_eq!(log.checkpoint_write(&storage, &elsewhere), Err(LogError::OtherLog(origin)));
    let kept = Write::Put(Row::Checkpoint { log: KEY }, other.note().into());
    assert_eq!(damage(&storage, kept), LogError::OtherRoot(301));
    let kept = Write::Put(Row::Checkpoint { log: KEY }, b"?".into());
    assert!(matches!(damage(&storage, kept), LogError::Note(_)));
}

#[test]
fn damage_is_found_and_named() {
    let (storage, _) = at(600);
    let entry = |index| Row::Entry { log: KEY, index };
    let tile = |index| Row::Tile { log: KEY, level: 0, index };
    let named = |write: Write, why| {
        let row = write.row();
        assert_eq!(damage(&storage, write), LogError::Damaged { row, why }, "{row}");
    };
    for index in [0, 100, 511, 512, 599] {
        named(Write::Delete(entry(index)), Damage::Missing);
    }
    for index in [0, 100, 511] {
        named(Write::Put(entry(index), b"forged".into()), Damage::Content);
    }
    named(Write::Put(entry(600), vec![]), Damage::Beyond);
    named(Write::Delete(tile(1)), Damage::Missing);
    named(Write::Put(tile(1), vec![0; 8_191]), Damage::Length);
    named(Write::Put(Row::Size { log: KEY }, vec![0; 7]), Damage::Length);
    let meta = Row::Meta { log: KEY, name: PRUNED };
    named(Write::Put(meta, 768u64.to_be_bytes().into()), Damage::Content);
    named(Write::Put(meta, 1u64.to_be_bytes().into()), Damage::Content);
    let erased = Row::Meta { log: KEY, name: ERASED };
    named(Write::Put(erased, 601u64.to_be_bytes().into()), Damage::Content);
    let mut forged = storage.clone();
    forged.commit(&[Write::Put(entry(100), b"forged".into())]).unwrap();
    let bundle = open(&forged).unwrap().read_bundle(&forged, TileId::new(0, 0, 256).unwrap());
    assert_eq!(bundle, Err(damaged(entry(100), Damage::Content)), "nor is it published");
    // A forged tile is told from the bodies, wherever it lies.
    for at in [0, 4_000, 8_191] {
        let mut bytes = storage.get(tile(0)).unwrap().unwrap();
        bytes[at] ^= 1;
        assert!(matches!(damage(&storage, Write::Put(tile(0), bytes)), LogError::Damaged { .. }));
    }
    // A size too small leaves an entry beyond it; one too large misses one.
    let size = |size: u64| Write::Put(Row::Size { log: KEY }, size.to_be_bytes().into());
    let row = entry(599);
    assert_eq!(damage(&storage, size(599)), LogError::Damaged { row, why: Damage::Beyond });
    let row = entry(600);
    assert_eq!(damage(&storage, size(601)), LogError::Damaged { row, why: Damage::Missing });
    assert!(matches!(damage(&storage, size(u64::MAX)), LogError::Damaged { .. }));
    assert!(matches!(Log::open(&storage, KEY, "a b"), Err(LogError::Note(NoteError::KeyName))));
}

#[test]
fn after_the_tail_a_forged_body_shows_at_the_checkpoint() {
    let (mut storage, log) = at(600);
    let signed = SignedCheckpoint::sign(log.checkpoint(), &key(1));
    storage.commit(&[log.checkpoint_write(&storage, &signed).unwrap()]).unwrap();
    let forged = Write::Put(Row::Entry { log: KEY, index: 550 }, b"forged".into());
    assert_eq!(damage(&storage, forged), LogError::OtherRoot(600));
}

#[test]
fn pruned_bodies_are_not_missing_and_proofs_stay() {
    let (mut storage, mut log) = at(1_000);
    let root = log.root();
    while let batch = log.prune(600, 1)
        && !batch.is_empty()
    {
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
        assert_eq!(open(&storage).as_ref(), Ok(&log));
        log.verify(&storage).unwrap();
    }
    assert_eq!((log.pruned(), log.root()), (512, root));
    assert_eq!(log.body(&storage, 511), Err(LogError::Pruned(511)));
    assert_eq!(log.body(&storage, 512), Ok(body(512)));
    assert_eq!(log.replay(&storage, 0..1_000, |_, _| true), Err(LogError::Pruned(0)));
    let mut seen = 0;
    log.replay(&storage, 512..1_000, |index, bytes| {
        assert_eq!(bytes, body(index));
        seen += 1;
        seen < 9
    })
    .unwrap();
    assert_eq!(seen, 9);
    let bundle = |index| log.read_bundle(&storage, TileId::new(0, index, 256).unwrap());
    assert_eq!(bundle(1), Err(LogError::Pruned(256)));
    assert!(bundle(2).is_ok());
    let proof = log.inclusion_proof(&storage, 5, 1_000).unwrap();
    verify_inclusion(5, 1_000, &log.link_at(&storage, 5).unwrap(), &proof, &root).unwrap();
    // Attachments are erased on their own.
    assert_eq!(log.attachment(&storage, 0), Ok(Some(vec![0; 3])));
    let batch = log.erase(8, u32::MAX);
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    assert_eq!(
        (log.erased(), log.attachment(&storage, 7), log.attachment(&storage, 14)),
        (8, Ok(None), Ok(Some(vec![14; 3])))
    );
    assert!(log.erase(8, 9).is_empty());
    assert_eq!(open(&storage), Ok(log));
}
