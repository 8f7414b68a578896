//! Tests of `tile.rs`.

use super::*;
use crate::tlog::leaf_hash;
use proptest::prelude::*;

fn id(level: u8, index: u64, width: u16) -> TileId {
    TileId::new(level, index, width).unwrap()
}

#[test]
fn paths() {
    for (resource, path) in [
        (Resource::Hashes(id(0, 0, 256)), "tile/0/000"),
        (Resource::Hashes(id(0, 1_234_067, 256)), "tile/0/x001/x234/067"),
        (Resource::Hashes(id(0, 1_234, 17)), "tile/0/x001/234.p/17"),
        (Resource::Hashes(id(63, 1_000_000, 255)), "tile/63/x001/x000/000.p/255"),
        (Resource::Entries(id(0, 999, 256)), "tile/entries/999"),
        (Resource::Entries(id(0, 1_000, 1)), "tile/entries/x001/000.p/1"),
        (Resource::Hashes(id(0, u64::MAX, 1)), "tile/0/x018/x446/x744/x073/x709/x551/615.p/1"),
    ] {
        assert_eq!(resource.to_string(), path);
        assert_eq!(path.parse(), Ok(resource));
    }
}

#[test]
fn hostile_paths() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x001/x000",
        "tile/0/x1/000",
        "tile/00/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/0/+00",
        "tile/0/x+01/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "/tile/0/000",
        "tile/0/000/",
        "tile//000",
        "tile/0/../000",
        "tile/Entries/000",
        "tile/entries/0/000",
        "Tile/0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x001/x018/x446/x744/x073/x709/x551/615",
        "tile/0/000.p/1.p/1",
    ] {
        assert_eq!(path.parse::<Resource>(), Err(TileError::Path), "{path}");
    }
}

#[test]
fn the_tiles_of_the_specification() {
    let tiles: Vec<_> = tiles_of(70_000).collect();
    let count = |level: u8, full: bool| {
        let of_level = |r: &&Resource| matches!(r, Resource::Hashes(id) if id.level() == level && id.is_full() == full);
        tiles.iter().filter(of_level).count()
    };
    assert_eq!([count(0, true), count(0, false), count(1, true), count(1, false)], [273, 1, 1, 1]);
    assert_eq!([count(2, true), count(2, false)], [0, 1]);
    for path in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"] {
        assert!(tiles.contains(&path.parse().unwrap()), "{path}");
    }
    let of_256: Vec<_> = tiles_of(256).map(|r| r.to_string()).collect();
    assert_eq!(of_256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_of(0).count(), 0);
    assert!(tiles_of(u64::MAX).take(10).count() == 10);
}

#[test]
fn bundles_yield_their_width_or_an_error() {
    let mut bundle = vec![];
    for entry in [&b"one"[..], b"", &[7; MAX_ENTRY]] {
        encode_bundle_entry(&mut bundle, &[entry]).unwrap();
    }
    assert!(encode_bundle_entry(&mut bundle, &[&[0; MAX_ENTRY], &[0]]).is_err());
    let read = |bundle: &[u8], width| {
        BundleEntries::new(bundle, width).map(|e| e.map(<[u8]>::len)).collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(read(&bundle, 3), Ok(vec![3, 0, MAX_ENTRY]));
    assert_eq!(BundleEntries::max_len(2), 2 * bundle[7..].len(), "two of the longest entry");
    assert_eq!(read(&bundle, 2), Err(EntryBundleError::Width { expected: 2 }));
    assert_eq!(read(&bundle, 4), Err(EntryBundleError::Width { expected: 4 }));
    assert_eq!(read(&bundle[..bundle.len() - 1], 3), Err(EntryBundleError::Truncated(2)));
    assert_eq!(read(&bundle[..6], 2), Err(EntryBundleError::Truncated(1)));
    assert_eq!(read(&[], 0), Ok(vec![]));
    // After an error the iterator is at its end.
    assert_eq!(BundleEntries::new(&[1], 9).count(), 1);
}

#[test]
fn the_leaves_of_a_bundle_are_those_of_its_entries_up_to_what_is_wrong() {
    let entries: [&[u8]; 4] = [b"a", b"", &[0x5a; 300], b"d"];
    let mut bundle = Vec::new();
    entries.iter().for_each(|entry| encode_bundle_entry(&mut bundle, &[entry]).unwrap());
    let expected = entries.map(|entry| (entry, leaf_hash(entry)));
    let read = |bundle: &'_ [u8], width, most| {
        let mut leaves = BundleLeaves::new(bundle, width);
        leaves.truncate(most);
        assert_eq!(leaves.entries.len(), leaves.hashes.len());
        let count = leaves.iter().zip(expected).filter(|(found, expected)| found == expected).count();
        assert_eq!(count, leaves.entries.len());
        (count, leaves.error)
    };
    assert_eq!(read(&bundle, 4, 9), (4, None));
    assert_eq!(read(&bundle, 4, 2), (2, None));
    assert_eq!(read(&bundle, 4, 0), (0, None));
    let wider = Some(EntryBundleError::Width { expected: 5 });
    assert_eq!(read(&bundle, 5, 9), (4, wider));
    assert_eq!(read(&bundle, 5, 5), (4, wider));
    assert_eq!(read(&bundle, 5, 4), (4, None), "what is wrong comes after them");
    let cut = &bundle[..bundle.len() - 1];
    assert_eq!(read(cut, 4, 9), (3, Some(EntryBundleError::Truncated(3))));
    assert_eq!(read(cut, 4, 3), (3, None));
    assert_eq!(read(&[], 0, 9), (0, None));
}

proptest! {
    #[test]
    fn every_path_round_trips(level in 0u8..64, index: u64, shift in 0u32..64, width in 1u16..=256) {
        let resource = Resource::Hashes(id(level, index >> shift, width));
        prop_assert_eq!(resource.to_string().parse(), Ok(resource));
    }
}
