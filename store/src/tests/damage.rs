//! Files that are damaged, cut, full or not closed: told by name, never trusted, and what is sound is
//! exported.

use crate::{
    Folder, RedbStorage, Remains, StoreError, publish_sound,
    tests::simulated::{Cut, Disk, Fault},
};
use onecard::{
    audit::Files as _,
    crypto::SigningKey,
    tlog::{Log, LogError, LogKey, Resource, Row, SignedCheckpoint, Storage, Write, tiles_of},
};
use onecard_testkit::chance::{Dice, Seed};

const KEY: LogKey = LogKey(0);
const ORIGIN: &str = "onecard.example/310101";
/// Sizes of the log after each commit.
const SIZES: [u64; 4] = [1, 300, 520, 600];

/// A log in a store.
struct Fixture {
    disk: Disk,
    storage: Option<RedbStorage>,
    log: Log,
}

impl Fixture {
    fn new() -> Self {
        let disk = Disk::new();
        let storage = RedbStorage::create_in(Box::new(disk.clone())).unwrap();
        let log = Log::open(&storage, KEY, ORIGIN).unwrap();
        let mut fixture = Self { disk, storage: Some(storage), log };
        SIZES.iter().for_each(|size| fixture.grow(*size));
        fixture
    }

    fn grow(&mut self, size: u64) {
        let mut batch = self.log.begin();
        for index in self.log.size()..size {
            let evidence = index.to_le_bytes().repeat(20);
            batch.push(&body(index), Some(&evidence)).unwrap();
        }
        batch.seal(&SignedCheckpoint::sign(batch.checkpoint(), &SigningKey::from_seed(&[1; 32]))).unwrap();
        self.storage.as_mut().unwrap().commit(&batch.writes()).unwrap();
        self.log.apply(batch).unwrap();
    }

    /// The file when it was closed, and when it was not.
    fn images() -> [(Vec<u8>, Log); 2] {
        let mut fixture = Self::new();
        let open = fixture.disk.image();
        fixture.storage = None;
        [(open, fixture.log.clone()), (fixture.disk.image(), fixture.log)]
    }
}

fn body(index: u64) -> Vec<u8> {
    index.to_be_bytes().repeat(10)
}

fn open(image: Vec<u8>) -> Result<RedbStorage, StoreError> {
    let disk = Disk::new();
    disk.replace(image);
    RedbStorage::open_in(Box::new(disk))
}

/// Everything in the log, and how large it is.
fn content(storage: &impl Storage) -> Option<(u64, Vec<Option<Vec<u8>>>)> {
    let log = Log::open(storage, KEY, ORIGIN).ok()?;
    log.verify(storage).ok()?;
    let rows = (0..log.size()).flat_map(|index| {
        [Row::Entry { log: KEY, index }, Row::Attachment { log: KEY, index }, Row::Checkpoint { log: KEY }]
    });
    Some((log.size(), rows.map(|row| storage.get(row).ok().flatten()).collect()))
}

fn damage(image: &mut [u8], dice: &mut Dice) -> String {
    let at = dice.below(image.len() as u32) as usize;
    match dice.below(3) {
        0 => {
            let bit = 1 << dice.below(8);
            image[at] ^= bit;
            format!("bit {bit} of byte {at}")
        }
        1 => {
            let at = at & !511;
            image[at..at + 512].fill(0);
            format!("sector {at} zeroed")
        }
        _ => {
            let from = dice.below(image.len() as u32) as usize & !4_095;
            let at = at & !4_095;
            image.copy_within(from..from + 4_096, at);
            format!("page {from} written to {at}")
        }
    }
}

/// What the store holds is as it was, or the store is refused.
fn damaged_at_random(times: u64) {
    let images = Fixture::images().map(|(image, log)| {
        let content = content(&open(image.clone()).unwrap()).unwrap();
        assert_eq!(content.0, log.size());
        (image, content)
    });
    let [mut refused, mut unchanged, mut earlier] = [0; 3];
    for round in 0..times {
        let mut dice = Seed(round).dice("damage", times);
        let closed = dice.below(2) == 1;
        let (image, before) = &images[usize::from(closed)];
        let mut image = image.clone();
        let what = damage(&mut image, &mut dice);
        match open(image) {
            Ok(storage) => match content(&storage) {
                Some(after) if after == *before => unchanged += 1,
                // As after a power cut: a commit that is torn did not happen, whoever tore it.
                Some((size, _)) if !closed && size == SIZES[2] => earlier += 1,
                other => panic!("{what}, closed: {closed}: {:?}", other.map(|(size, _)| size)),
            },
            Err(StoreError::Damaged { .. } | StoreError::NotAStore(_)) => refused += 1,
            Err(error) => panic!("{what}, closed: {closed}: {error:?}"),
        }
    }
    println!("{refused} refused, {unchanged} hit nothing, {earlier} were torn commits");
    assert!(refused > times / 20 && unchanged > 0);
}

#[test]
fn damage_is_refused_by_name() {
    damaged_at_random(150);
}

#[test]
#[ignore = "long: 20,000 damaged files"]
fn damage_is_refused_by_name_many_times() {
    damaged_at_random(20_000);
}

#[test]
fn a_file_that_was_cut_is_refused_by_name() {
    for (closed, (image, _)) in [false, true].into_iter().zip(Fixture::images()) {
        let mut dice = Seed(1).dice("cut", 0);
        let anywhere = (0..40).map(|_| 1 + dice.below(image.len() as u32 - 1) as usize);
        for length in [1, 8, 9, 10, 63, 64, 319, 320, 4_095, 4_096].into_iter().chain(anywhere) {
            match open(image[..length].to_vec()) {
                Err(StoreError::Damaged { .. } | StoreError::NotAStore(_)) => {}
                other => panic!("cut to {length}, closed: {closed}: {other:?}"),
            }
        }
        // Only what no commit refers to may be cut off.
        let longer = [&image[..], &[0; 4_096]].concat();
        assert!(matches!(open(longer), Err(StoreError::Damaged { .. }) | Ok(_)), "closed: {closed}");
    }
}

#[test]
fn damage_is_named_and_what_is_sound_is_exported() {
    Fixture::images().into_iter().for_each(|(image, whole)| named_and_exported(image, &whole));
}

fn named_and_exported(mut image: Vec<u8>, whole: &Log) {
    // Three bodies, far from each other: two in the first bundle, one in the second.
    for index in [7, 200, 300] {
        let body = body(index);
        let found: Vec<_> = image.windows(body.len()).enumerate().filter(|(_, bytes)| *bytes == body).collect();
        let places: Vec<usize> = found.iter().map(|(at, _)| *at).collect();
        assert!(!places.is_empty());
        places.iter().for_each(|at| image[*at] ^= 1);
    }
    assert!(matches!(open(image.clone()), Err(StoreError::Damaged { .. })));

    let disk = Disk::new();
    disk.replace(image.clone());
    let mut remains = Remains::open_in(&disk).unwrap();
    assert!(matches!(remains.commit(&[]), Err(StoreError::Damaged { .. })));
    let log = Log::open(&remains, KEY, ORIGIN).unwrap();
    assert_eq!(log.root(), whole.root());
    let row = Row::Entry { log: KEY, index: 7 };
    assert!(matches!(log.verify(&remains), Err(LogError::Damaged { row: at, .. }) if at == row));

    let directory = tempfile::tempdir().unwrap();
    let evidence = directory.path().join("evidence");
    let lost = publish_sound(&remains, &log, &directory.path().join("ledger"), Some(&evidence)).unwrap();
    let lost: Vec<String> = lost.iter().map(|(resource, error)| format!("{resource}: {error}")).collect();
    let said = |bundle: &str, index: u64| {
        format!("tile/entries/{bundle}: entry {index} of log 0 is damaged: its content does not fit the hashes")
    };
    assert_eq!(lost, [said("000", 7), said("001", 300)]);
    let folder = Folder::new(directory.path());
    for resource in tiles_of(whole.size()) {
        let file = folder.read(&format!("ledger/{resource}")).unwrap();
        let bundle = format!("{resource}");
        assert_eq!(file.is_none(), ["tile/entries/000", "tile/entries/001"].contains(&bundle.as_str()), "{bundle}");
        if let Resource::Entries(id) = resource {
            assert!(folder.read(&format!("evidence/{id}")).unwrap().is_some());
        }
    }
    assert!(folder.read("ledger/checkpoint").unwrap().is_some());
    assert_eq!(disk.image(), image, "nothing was written to it");
}

#[test]
fn reading_what_is_left_never_panics() {
    let images = Fixture::images();
    let mut read = 0;
    for round in 0..60 {
        let mut dice = Seed(round).dice("remains", 0);
        let mut image = images[dice.below(2) as usize].0.clone();
        (0..1 + dice.below(20)).for_each(|_| drop(damage(&mut image, &mut dice)));
        let disk = Disk::new();
        disk.replace(image);
        let Ok(remains) = Remains::open_in(&disk) else { continue };
        for index in 0..SIZES[3] {
            if let Ok(Some(found)) = remains.get(Row::Entry { log: KEY, index }) {
                read += u64::from(found == body(index));
            }
        }
        if let Ok(log) = Log::open(&remains, KEY, ORIGIN) {
            drop(log.verify(&remains));
        }
    }
    assert!(read > 5_000, "{read}");
}

#[test]
fn damage_under_an_open_store_is_an_error() {
    let mut told = 0;
    for round in 0..30 {
        let Fixture { disk, storage, .. } = Fixture::new();
        let mut storage = storage.unwrap();
        let mut dice = Seed(round).dice("spoil", 0);
        disk.spoil(|image| (0..200).for_each(|_| drop(damage(image, &mut dice))));
        // Pages that are kept in memory are still good, and rows that are wrong the log notices.
        if let Some((size, _)) = content(&storage) {
            assert_eq!(size, SIZES[3]);
        }
        let row = Row::Attachment { log: LogKey(9), index: 0 };
        let written = storage.commit(&[Write::Put(row, vec![1])]);
        told += u64::from(written.is_err());
        if written.is_err() {
            assert!(matches!(storage.recover(), Ok(()) | Err(StoreError::Damaged { .. } | StoreError::NotAStore(_))));
        }
    }
    println!("{told} commits found it");
}

#[test]
fn a_full_disk_loses_nothing_and_goes_on_with_space() {
    let Fixture { disk, storage, log } = Fixture::new();
    let mut storage = storage.unwrap();
    let before = content(&storage);
    let large = |byte: u8| {
        let rows = (0..400).map(|index| Row::Attachment { log: LogKey(9), index });
        rows.map(|row| Write::Put(row, vec![byte; 4_000])).collect::<Vec<_>>()
    };
    disk.fill(true);
    assert!(matches!(
        storage.commit(&large(1)),
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::StorageFull
    ));
    assert!(matches!(storage.get(Row::Size { log: KEY }), Err(StoreError::Failed(_))), "it says so until it recovered");
    assert!(matches!(storage.commit(&[]), Err(StoreError::Failed(_))));
    // Still full: what is there can be read, and given to the city.
    storage.recover().unwrap();
    assert_eq!(content(&storage), before);
    assert_eq!(log.read_bundle(&storage, tiles_of(256).find_map(entries).unwrap()).unwrap().len(), 256 * 114);
    storage.commit(&large(2)).unwrap_err();
    disk.fill(false);
    storage.recover().unwrap();
    storage.commit(&large(3)).unwrap();
    assert_eq!(content(&storage), before);
    assert_eq!(storage.get(Row::Attachment { log: LogKey(9), index: 399 }).unwrap(), Some(vec![3; 4_000]));
}

fn entries(resource: Resource) -> Option<onecard::tlog::TileId> {
    match resource {
        Resource::Entries(id) => Some(id),
        Resource::Hashes(_) => None,
    }
}

#[test]
fn what_was_not_closed_is_written_again_before_it_is_believed() {
    let Fixture { disk, storage, .. } = Fixture::new();
    drop(storage);
    let before = disk.rewritten();
    let storage = RedbStorage::open_in(Box::new(disk.clone())).unwrap();
    let cost = disk.rewritten() - before;
    assert!(cost < 20, "it was closed: {cost}");
    core::mem::forget(storage);
    let pages = disk.image().len() as u64 / 4_096;
    disk.cut(Cut::Process, &mut Seed(0).dice("cut", 0));
    let before = disk.rewritten();
    RedbStorage::open_in(Box::new(disk.clone())).unwrap();
    assert!(disk.rewritten() - before >= pages, "every page");
}

#[test]
fn a_failed_read_is_told_and_recovered_from() {
    let Fixture { disk, storage, .. } = Fixture::new();
    let mut storage = storage.unwrap();
    let before = content(&storage);
    // The machine stops, and comes back with all it had.
    disk.fail(disk.calls() + 1, Fault::Stop);
    let row = Row::Size { log: KEY };
    let failed = storage.commit(&[Write::Put(row, vec![1])]);
    assert!(matches!(failed, Err(StoreError::Io { .. })), "{failed:?}");
    assert!(matches!(storage.recover(), Err(StoreError::Io { .. })), "there is no power");
    assert!(matches!(storage.get(row), Err(StoreError::Failed(_))));
    disk.cut(Cut::Nothing, &mut Seed(0).dice("cut", 0));
    storage.recover().unwrap();
    assert_eq!(content(&storage), before);
}
