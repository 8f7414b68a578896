//! Tests of `storage.rs`.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn a_failing_commit_changes_nothing() {
    let row = Row::Size { log: LogKey(0) };
    let mut store = MemoryStorage::new();
    store.fail_after(1);
    assert_eq!(store.commit(&[Write::Put(row, vec![1])]), Ok(()));
    assert_eq!(store.commit(&[Write::Put(row, vec![2])]), Err(MemoryError::Told));
    assert_eq!(store.get(row), Ok(Some(vec![1])));
    assert_eq!(store.commit(&[Write::Delete(row)]), Ok(()));
    assert_eq!(store.get(row), Ok(None));
    let before = store.clone();
    assert_eq!(store.commit(&[Write::Put(row, vec![3])]), Ok(()));
    assert_ne!(store, before);
}

#[test]
fn a_row_says_what_it_is() {
    let log = LogKey(7);
    let rows = [
        Row::Entry { log, index: 9 },
        Row::Attachment { log, index: 9 },
        Row::Tile { log, level: 1, index: 2 },
        Row::Checkpoint { log },
        Row::Size { log },
        Row::Meta { log, name: 16 },
    ];
    let said = [
        "entry 9 of log 7",
        "attachment 9 of log 7",
        "tile 2 at level 1 of log 7",
        "checkpoint of log 7",
        "size of log 7",
        "value 16 of log 7",
    ];
    assert_eq!(rows.map(|row| row.to_string()), said);
}

#[test]
fn a_scan_stays_in_its_log_and_range() {
    let mut store = MemoryStorage::new();
    let put = |log, index| Write::Put(Row::Entry { log: LogKey(log), index }, vec![index as u8]);
    let other = Write::Put(Row::Attachment { log: LogKey(1), index: 3 }, vec![]);
    store.commit(&[put(0, 9), put(1, 2), put(1, 3), put(1, 5), put(2, 0), other]).unwrap();
    let seen = |range, most: usize| {
        let mut seen = vec![];
        let mut visit = |index, _: &[u8]| {
            seen.push(index);
            seen.len() < most
        };
        store.scan(Series::Entry, LogKey(1), range, &mut visit).unwrap();
        seen
    };
    assert_eq!(seen(0..u64::MAX, 9), [2, 3, 5]);
    assert_eq!(seen(3..5, 9), [3]);
    assert_eq!(seen(0..9, 2), [2, 3]);
    assert_eq!(seen(5..5, 9), [] as [u64; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8),
        ..ProptestConfig::default()
    })]

    /// What is read is what would be read after the commit, and the commit is what was staged.
    #[test]
    fn staged_writes_are_read_as_if_they_were_committed(
        below in vec((0u64..12, any::<u8>()), 0..12),
        groups in vec(vec((0u64..12, any::<Option<u8>>()), 0..8), 0..4),
        (start, end, most) in (0u64..13, 0u64..13, 1usize..14),
    ) {
        let row = |index| if index < 10 {
            Row::Entry { log: LogKey(1), index }
        } else {
            Row::Size { log: LogKey(index as u32) }
        };
        let write = |(index, byte): (u64, Option<u8>)| match byte {
            Some(byte) => Write::Put(row(index), vec![byte]),
            None => Write::Delete(row(index)),
        };
        let mut store = MemoryStorage::new();
        store.commit(&below.into_iter().map(|(index, byte)| write((index, Some(byte)))).collect::<Vec<_>>()).unwrap();
        let before = store.clone();
        let mut staged = Staged::over(&before);
        for group in groups {
            let writes: Vec<_> = group.into_iter().map(write).collect();
            staged.commit(&writes).unwrap();
            store.commit(&writes).unwrap();
        }
        for index in 0..12 {
            prop_assert_eq!(staged.get(row(index)), store.get(row(index)));
        }
        let [mut found, mut expected] = [(); 2].map(|()| Vec::new());
        let take = |seen: &mut Vec<(u64, Vec<u8>)>, index, bytes: &[u8]| {
            seen.push((index, bytes.to_vec()));
            seen.len() < most
        };
        staged.scan(Series::Entry, LogKey(1), start..end, &mut |at, bytes| take(&mut found, at, bytes)).unwrap();
        store.scan(Series::Entry, LogKey(1), start..end, &mut |at, bytes| take(&mut expected, at, bytes)).unwrap();
        prop_assert_eq!(found, expected);
        let writes = staged.into_writes();
        let mut after = before.clone();
        after.commit(&writes).unwrap();
        prop_assert_eq!(after, store);
    }
}
