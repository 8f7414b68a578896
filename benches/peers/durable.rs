//! A durable commit beside the least that durability takes: an append and an `fdatasync` of the same bytes.

use crate::rounds::Entry;
use onecard::tlog::{Log, LogKey, Storage};
use onecard_store::RedbStorage;
use onecard_testkit::day;
use std::fs::OpenOptions;
use std::io::Write as _;

/// A record and what was shown with it, in bytes.
const BODY: [u8; 86] = [0x5a; 86];
const SHOWN: [u8; 349] = [0xa5; 349];
/// Records in a group.
const GROUP: u64 = 256;

pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (append, commit, records) in
        [("append_fdatasync", "log_commit_durable", 1), ("append_fdatasync_256", "log_commit_durable_256", GROUP)]
    {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut file = OpenOptions::new();
        let mut file = file.create(true).append(true).open(directory.path().join("file")).expect("a file");
        let mut storage = RedbStorage::create(&directory.path().join("store")).expect("a store");
        let mut log = Log::open(&storage, LogKey(0), &day::bundle().trust().ledger_origin(day::id(day::CITIES[0])))
            .expect("an empty log");
        let bytes = [&BODY[..], &SHOWN].concat().repeat(records as usize);
        entries.push(Entry::new(append, append, move || {
            file.write_all(&bytes).expect("room on the disk");
            file.sync_data().expect("a disk");
        }));
        entries.push(Entry::new(commit, append, move || {
            let _kept = &directory;
            let mut batch = log.begin();
            for _ in 0..records {
                batch.push(&BODY, Some(&SHOWN)).expect("a short body");
            }
            storage.commit(&batch.take_writes()).expect("a disk");
            log.apply(batch).expect("begun here");
        }));
    }
    entries
}
