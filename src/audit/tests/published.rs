//! Tests of `published.rs`.

use super::*;
use crate::audit::MemoryFiles;
use crate::crypto::{SigningKey, sha256};
use crate::tlog::{
    Checkpoint, KeyName, Log, LogKey, MemoryStorage, Storage, encode_bundle_entry, leaf_hash, verify_inclusion,
};

/// A log is held to what it signed, and to what it publishes as far as that goes. That there is no more of it says
/// that it is behind, where nothing may be missing from it, and never that it is another one.
#[test]
fn a_log_contradicts_what_was_never_its_root() {
    use Comparison::{Another, Behind, Same, Unknown};
    let links: Vec<Hash> = (0..3u8).map(|at| leaf_hash(&[at])).collect();
    let (good, other) = (frontier(&links).root(), sha256(&[b"other"]));
    let log = |root: Option<Hash>, damaged| {
        let origin = KeyName::new("a.test/1").unwrap();
        let sign =
            |root| SignedCheckpoint::sign(Checkpoint { origin, size: 3, root }, &SigningKey::from_seed(&[1; 32]));
        let links = links.clone();
        let (signed, size) = (root.map(sign), links.len() as u64);
        let (before, tiles, roots) = (empty_root(), Vec::new(), BTreeMap::new());
        let (last, root) = (before, before);
        PublishedLog { read: ReadLog { signed, size, before, last, root, tiles, roots, damaged }, links }
    };
    let beside = |log: PublishedLog| {
        let asked = [(3, good), (3, other), (2, frontier(&log.links[..2]).root()), (2, other), (4, other)];
        asked.map(|(size, root)| log.beside(size, root))
    };
    assert_eq!(beside(log(Some(good), false)), [Same, Another, Same, Another, Behind]);
    assert_eq!(beside(log(Some(good), true)), [Same, Another, Unknown, Unknown, Unknown]);
    assert_eq!(beside(log(Some(other), true)), [Another, Same, Unknown, Unknown, Unknown]);
    assert_eq!(beside(log(None, false)), [Same, Another, Same, Another, Unknown]);
    assert_eq!(beside(log(None, true)), [Unknown; 5]);
    let cut = [log(Some(good), false), log(Some(good), true), log(None, false), log(None, true)];
    assert_eq!(cut.map(|log| log.is_cut()), [false, true, true, true]);
}

#[test]
fn roots_and_proofs_are_those_of_the_links_alone() {
    let links: Vec<Hash> = (0..1_300u32).map(|at| leaf_hash(&at.to_be_bytes())).collect();
    let mut tree = Tree::default();
    let mut left = &links[..];
    while !left.is_empty() {
        left = &left[tree.fill(left)..];
    }
    let (size, tiles, roots) = (tree.size, tree.tiles, BTreeMap::new());
    let log = PublishedLog {
        read: ReadLog {
            signed: None,
            size,
            before: empty_root(),
            last: empty_root(),
            root: empty_root(),
            tiles,
            roots,
            damaged: false,
        },
        links,
    };
    for size in [0, 1, 255, 256, 257, 511, 512, 513, 768, 1_024, 1_025, 1_300] {
        let root = frontier(&log.links[..size]).root();
        assert_eq!(log.root_at(size as u64), Some(root), "{size}");
        for index in [0, 1, 255, 256, 700, 1_023, 1_024, 1_299].into_iter().filter(|index| *index < size) {
            let proof = log.inclusion_proof(index as u64, size as u64).unwrap();
            let verified = verify_inclusion(index as u64, size as u64, &log.links[index], &proof, &root);
            assert!(verified.is_ok(), "{index} of {size}");
        }
    }
    assert_eq!(log.root_at(1_301), None);
    assert_eq!(log.inclusion_proof(0, 1_301), None);
}

const ORIGIN: &str = "a.test/1";

/// A log as it is published, with the files of its earlier sizes, and its checkpoint.
fn published(sizes: &[u64]) -> (MemoryFiles, SignedCheckpoint) {
    let (mut storage, mut files) = (MemoryStorage::new(), MemoryFiles::new());
    let mut log = Log::open(&storage, LogKey(0), ORIGIN).unwrap();
    for &size in sizes {
        let mut batch = log.begin();
        (log.size()..size).for_each(|at| assert!(batch.push(&at.to_be_bytes(), None).is_ok()));
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
        for resource in tiles_of(size) {
            let file = match resource {
                Resource::Hashes(id) => log.read_tile(&storage, id),
                Resource::Entries(id) => log.read_bundle(&storage, id),
            };
            files.insert(format!("log/{resource}"), file.unwrap());
        }
    }
    (files, SignedCheckpoint::sign(log.checkpoint(), &SigningKey::from_seed(&[1; 32])))
}

fn found(files: &MemoryFiles, signed: &SignedCheckpoint) -> Vec<(String, Rule)> {
    let paths: Vec<String> = files.keys().cloned().collect();
    let place = LogFiles { files, prefix: "log", paths: &paths };
    let mut findings = Findings::at("log");
    let log = LogHead { origin: ORIGIN, signed: Some(signed.clone()), prunable: true };
    read_log(&place, log, &[], &mut findings, |_, _, _| ());
    findings.into_vec().into_iter().map(|found| (found.place, found.rule)).collect()
}

#[test]
fn an_entry_shorter_than_a_link_follows_nothing() {
    let (mut bundle, entry) = (Vec::new(), [7; 31]);
    encode_bundle_entry(&mut bundle, &[&entry]).unwrap();
    let (origin, root) = (KeyName::new(ORIGIN).unwrap(), leaf_hash(&entry));
    let signed = SignedCheckpoint::sign(Checkpoint { origin, size: 1, root }, &SigningKey::from_seed(&[1; 32]));
    let tile = ("log/tile/0/000.p/1".to_owned(), root.0.to_vec());
    let files = MemoryFiles::from([tile, ("log/tile/entries/000.p/1".to_owned(), bundle)]);
    assert_eq!(found(&files, &signed), [("log".to_owned(), Rule::Chain)]);
}

#[test]
fn every_file_of_every_size_is_compared() {
    for sizes in [
        &[0][..],
        &[1],
        &[3, 255],
        &[3, 255, 256],
        &[256, 257],
        &[258, 511, 512],
        &[3, 258, 513, 600],
        &[65_535, 65_536],
        &[65_536, 65_537],
    ] {
        let size = *sizes.last().unwrap();
        let (files, signed) = published(sizes);
        assert_eq!(found(&files, &signed), [], "{sizes:?}");
        let with = |path: &str, file: &[u8]| {
            let mut changed = files.clone();
            changed.insert(path.to_owned(), file.to_vec());
            found(&changed, &signed)
        };
        // Of the largest, its right edge and what is above.
        let edges = ["/255", "/256", "tile/1/"];
        let edge = |path: &&String| size < 60_000 || edges.iter().any(|edge| path.contains(edge));
        for path in files.keys().filter(edge) {
            let resource: Resource = path.strip_prefix("log/").unwrap().parse().unwrap();
            let is_part = tiles_of(size).any(|part| part == resource);
            let is_read = is_part && matches!(resource, Resource::Entries(_));
            let file = &files[path];
            let mut flipped = file.clone();
            *flipped.last_mut().unwrap() ^= 1;
            for changed in [&flipped[..], &file[..file.len() - 1], &[&file[..], &[0]].concat()] {
                let told = with(path, changed);
                if is_read {
                    assert!(!told.is_empty(), "{path} of {sizes:?}");
                } else {
                    assert_eq!(told, [(path.clone(), Rule::Tile)], "{sizes:?}");
                }
            }
            let mut missing = files.clone();
            missing.remove(path);
            let told = found(&missing, &signed);
            match is_part {
                // It may have been pruned.
                true if is_read && resource.id().is_full() => assert!(!told.is_empty(), "{path} of {sizes:?}"),
                true => assert_eq!(told, [(path.clone(), Rule::Missing)], "{sizes:?}"),
                false => assert_eq!(told, [], "{path} of {sizes:?}"),
            }
        }
        // What goes on after the last entry says that the checkpoint is behind, if it can be what comes next.
        let next = size / 256 + 1;
        for (kind, name) in [
            ("0", format!("{next:03}")),
            ("0", format!("{next:03}.p/1")),
            ("0", "x001/000".to_owned()),
            ("entries", format!("{next:03}")),
            ("entries", "x001/000.p/1".to_owned()),
            ("1", "001".to_owned()),
            ("1", format!("000.p/{}", (size / 256 + 1).min(255))),
            ("2", "000".to_owned()),
            ("2", "001.p/1".to_owned()),
        ] {
            let path = format!("log/tile/{kind}/{name}");
            if files.contains_key(&path) || (size > 60_000 && name.starts_with("000.p")) {
                continue;
            }
            let resource: Resource = path.strip_prefix("log/").unwrap().parse().unwrap();
            let width = usize::from(resource.id().width());
            let of_tile = |path: &&String| path.starts_with(&format!("log/tile/{kind}/{}", &name[..3]));
            let known = files.keys().filter(of_tile).map(|path| &files[path][..]).max_by_key(|file| file.len());
            let known = known.filter(|_| kind != "entries" && name.starts_with("000")).unwrap_or_default();
            let content = match kind {
                "entries" => [0, 1, 7].repeat(width),
                _ => [known, &vec![7; 32 * width - known.len()]].concat(),
            };
            let behind = [("log".to_owned(), Rule::Behind)];
            assert_eq!(with(&path, &content), behind, "{sizes:?}: {path}");
            let wrong = [(path.clone(), Rule::Tile)];
            // What starts after the last entry is not read.
            let shorter = if known.is_empty() { &behind } else { &wrong };
            assert_eq!(with(&path, &content[1..]), *shorter, "{sizes:?}: {path}");
            if !known.is_empty() {
                let other = [&[known[0] ^ 1], &content[1..]].concat();
                assert_eq!(with(&path, &other), wrong, "{sizes:?}: {path}");
            }
        }
        if size < 60_000 {
            let path = "log/tile/8/000.p/1".to_owned();
            assert_eq!(with(&path, &[7; 32]), [(path, Rule::Tile)], "no log is so long");
        }
    }
}
