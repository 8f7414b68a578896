//! Tests of `moment.rs`.

use super::*;
use crate::audit::MemoryFiles;

/// No longer than a note, no more than there is room for, and those of the ledgers first.
#[test]
fn checkpoints_are_kept_as_far_as_there_is_room() {
    let note = |path: &str, length: usize| (path.to_owned(), vec![b'a'; length]);
    let files = MemoryFiles::from([
        note("journal/310101/1/checkpoint", 100),
        note("journal/310101/1/tile/0/000", 1),
        note("ledger/310101/checkpoint", MAX_NOTE),
        note("ledger/320100/checkpoint", MAX_NOTE + 1),
    ]);
    let kept = |room| {
        let (moment, listing) = Moment::within(room, &files);
        assert!(listing.paths.iter().eq(files.keys()));
        assert!(files.keys().all(|path| moment.read(path) == files.read(path)));
        moment.checkpoints.into_keys().collect::<Vec<_>>()
    };
    let (journal, ledger) = ("journal/310101/1/checkpoint", "ledger/310101/checkpoint");
    assert_eq!(kept(MAX_NOTE + 100), [journal, ledger]);
    assert_eq!(kept(MAX_NOTE + 99), [ledger]);
    assert_eq!(kept(MAX_NOTE - 1), [journal]);
}
