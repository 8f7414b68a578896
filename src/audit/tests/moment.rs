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

/// By exact name only, and no city takes the room of another: what one leaves is for those that need more.
#[test]
fn no_city_takes_the_room_of_another() {
    let note = |path: String, length: usize| (path, vec![b'a'; length]);
    let mut files = MemoryFiles::from([
        note("ledger/310101/checkpoint".into(), 100),
        note("ledger/320100/checkpoint".into(), 100),
        note("journal/320100/1/checkpoint".into(), 100),
        note("journal/320100/2/checkpoint".into(), 100),
    ]);
    for at in 0..100 {
        for path in [
            format!("ledger/310101/9{at:04}/checkpoint"),
            format!("ledger/310101{at}/checkpoint"),
            format!("journal/310101/0{at}/checkpoint"),
            format!("journal/310101/+{at}/checkpoint"),
            format!("journal/310101/1/{at}/checkpoint"),
            format!("journal/9{at:04}/checkpoint"),
            format!("journal/310101/9{at:04}/checkpoint"),
        ] {
            files.extend([note(path, 100)]);
        }
    }
    let kept = |room| Moment::within(room, &files).0.checkpoints.into_keys().collect::<Vec<_>>();
    let of = |kept: &[String], start: &str| kept.iter().filter(|path| path.starts_with(start)).count();
    for (room, ledgers, own, junk) in
        [(100, 1, 0, 0), (400, 2, 1, 1), (600, 2, 2, 2), (1_200, 2, 2, 8), (1 << 20, 2, 2, 100)]
    {
        let kept = kept(room);
        assert_eq!(of(&kept, "ledger/"), ledgers, "{room}");
        assert_eq!(of(&kept, "journal/320100/"), own, "{room}");
        assert_eq!(of(&kept, "journal/310101/9"), junk, "{room}");
        assert_eq!(kept.len(), ledgers + own + junk, "{room}");
    }
}
