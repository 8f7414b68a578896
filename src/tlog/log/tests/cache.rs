//! Tests of `cache.rs`.

use super::*;
use crate::tlog::{Damage, MemoryStorage, Row, Series, Write, log::storage::MemoryError};
use core::{cell::Cell, ops::Range};

const KEY: LogKey = LogKey(3);

/// A store that counts the tiles it reads.
struct Counting(MemoryStorage, Cell<usize>);

impl Storage for Counting {
    type Error = MemoryError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, MemoryError> {
        self.1.set(self.1.get() + usize::from(matches!(row, Row::Tile { .. })));
        self.0.get(row)
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), MemoryError> {
        self.0.commit(writes)
    }

    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), MemoryError> {
        self.0.scan(series, log, indices, visit)
    }
}

fn grown(key: LogKey, size: u64) -> (Counting, Log) {
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, key, &format!("onecard.example/{}", key.0)).unwrap();
    let mut batch = log.begin();
    (0..size).for_each(|index| assert_eq!(batch.push(&index.to_be_bytes(), None), Ok(index)));
    storage.commit(&batch.take_writes()).unwrap();
    log.apply(batch).unwrap();
    (Counting(storage, Cell::new(0)), log)
}

#[test]
fn proves_what_the_log_proves() {
    let (storage, log) = grown(KEY, 66_200);
    let mut caches = [0, 1, 2, 300].map(TileCache::new);
    for size in [1, 255, 256, 257, 700, 65_536, 65_537, 66_048, 66_199, 66_200] {
        let some = [0, 1, 127, 128, 255, 300, 511, 512, 65_535, size / 3, size - 1];
        for at in some.into_iter().filter(|at| *at < size) {
            let included = log.inclusion_proof(&storage, at, size);
            let consistent = log.consistency_proof(&storage, at, size);
            for cache in &mut caches {
                assert_eq!(cache.inclusion_proof(&log, &storage, at, size), included, "{at} of {size}");
                assert_eq!(cache.consistency_proof(&log, &storage, at, size), consistent, "{at} to {size}");
            }
        }
    }
    assert_eq!(caches.each_ref().map(|cache| cache.len().min(3)), [1, 1, 2, 3]);
    for (at, size) in [(5, 5), (5, 66_201), (u64::MAX, u64::MAX)] {
        for cache in &mut caches {
            let proof = cache.inclusion_proof(&log, &storage, at, size);
            assert!(proof.is_err() && proof == log.inclusion_proof(&storage, at, size));
        }
    }
}

#[test]
fn each_node_of_a_tile_has_a_place_of_its_own() {
    let nodes = (0..8).flat_map(|level| (0..WIDTH >> level).map(move |index| within(level, index).unwrap()));
    let mut places: Vec<usize> = nodes.collect();
    places.sort_unstable();
    assert_eq!(places, (0..NODES).collect::<Vec<_>>());
    assert_eq!([within(0, 256), within(7, 2), within(8, 0), within(u32::MAX, 0)], [None; 4]);
}

#[test]
fn a_tile_is_read_once_while_it_is_kept() {
    let (storage, log) = grown(KEY, 2_000);
    let mut cache = TileCache::new(3);
    assert!(cache.is_empty());
    let mut read = |index: u64| {
        let before = storage.1.get();
        cache.inclusion_proof(&log, &storage, index, 2_000).unwrap();
        (storage.1.get() - before, cache.len())
    };
    assert_eq!([read(0), read(1), read(255)], [(1, 1), (0, 1), (0, 1)]);
    assert_eq!([read(256), read(512), read(3)], [(1, 2), (1, 3), (0, 3)]);
    // All were used since the hand began its round: the first goes.
    assert_eq!(read(768), (1, 3));
    // Of the two that the hand passed, the one at 256 is used again: the other goes.
    assert_eq!([read(256), read(0), read(256), read(768)], [(0, 3), (1, 3), (0, 3), (0, 3)]);
    assert_eq!(read(512), (1, 3));
    assert_eq!(read(1_999), (0, 3), "the right edge is with the log");
    let edge = |cache: &TileCache| (cache.edge.log, cache.edge.size, cache.edge.roots.len());
    let (log_key, size, roots) = edge(&cache);
    assert_eq!((log_key, size), (KEY, 2_000));
    cache.inclusion_proof(&log, &storage, 0, 2_000).unwrap();
    assert_eq!(edge(&cache), (KEY, 2_000, roots), "and is computed once");
    assert!(!cache.is_empty());
}

#[test]
fn logs_of_one_store_are_kept_apart() {
    let ((first, one), (second, two)) = (grown(LogKey(1), 600), grown(LogKey(2), 900));
    let mut storage = first.0;
    let rows: Vec<Write> = second.0.rows().map(|(row, bytes)| Write::Put(row, bytes.to_vec())).collect();
    storage.commit(&rows).unwrap();
    let mut cache = TileCache::new(8);
    for (log, size) in [(&one, 512), (&two, 512), (&one, 512), (&one, 599), (&two, 599), (&one, 599)] {
        let proof = cache.inclusion_proof(log, &storage, 9, size).unwrap();
        assert_eq!(proof, log.inclusion_proof(&storage, 9, size).unwrap());
    }
    assert_eq!(cache.len(), 3);
}

#[test]
fn what_is_damaged_is_named_and_not_kept() {
    let (mut storage, log) = grown(KEY, 600);
    let row = Row::Tile { log: KEY, level: 0, index: 0 };
    let good = storage.get(row).unwrap().unwrap();
    let mut cache = TileCache::new(8);
    for (write, why) in [(Write::Delete(row), Damage::Missing), (Write::Put(row, vec![0; 8_160]), Damage::Length)] {
        storage.commit(&[write]).unwrap();
        assert_eq!(cache.inclusion_proof(&log, &storage, 0, 600), Err(LogError::Damaged { row, why }));
        assert!(!cache.places.contains_key(&(KEY, 0, 0)));
    }
    storage.commit(&[Write::Put(row, good)]).unwrap();
    assert_eq!(cache.inclusion_proof(&log, &storage, 0, 600), log.inclusion_proof(&storage, 0, 600));
}
