//! A path is accepted exactly when it is the path of what it names, by the grammar of C2SP
//! tlog-tiles written out; a bundle read to its end is written back the same.

use super::input::Input;
use onecard::tlog::{BundleEntries, Resource, TILE_WIDTH, TileId, encode_bundle_entry};

pub fn run(data: &[u8]) {
    if let Ok(path) = core::str::from_utf8(data) {
        let parsed = path.parse::<Resource>();
        assert_eq!(parsed.is_ok(), grammar(path).is_some(), "{path}: {parsed:?}");
        if let Ok(resource) = parsed {
            assert_eq!(resource.to_string(), path);
            let id = resource.id();
            assert!(id.level() < 64 && (1..=TILE_WIDTH).contains(&id.width()));
            assert_eq!(grammar(path), Some((id.index(), id.width())));
        }
    }
    let mut input = Input::new(data);
    let (level, index, width) = (input.byte(), input.number(), u16::from_be_bytes(input.array()));
    let id = TileId::new(level, index, width);
    assert_eq!(id.is_ok(), level < 64 && (1..=256).contains(&width));
    for resource in id.into_iter().flat_map(|id| [Resource::Hashes(id), Resource::Entries(id)]) {
        // Bundles are of level 0 whatever their id says.
        let same = matches!(resource, Resource::Hashes(_)) || level == 0;
        assert!(!same || resource.to_string().parse() == Ok(resource), "{resource}");
    }
    bundle(data);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let paths = [
        ("full", "tile/0/x001/x234/067"),
        ("partial", "tile/3/000.p/255"),
        ("entries", "tile/entries/x018/446"),
        ("evidence", "tile/evidence/007.p/1"),
        ("leading-zero", "tile/00/000"),
        ("zero-group", "tile/0/x000/001"),
        ("full-partial", "tile/0/000.p/256"),
        ("largest", "tile/63/x018/x446/x744/x073/x709/x551/615"),
        ("too-large", "tile/63/x018/x446/x744/x073/x709/x551/616"),
        ("too-long", "tile/63/x000/x018/x446/x744/x073/x709/x551/x615/x000/x000/x000/x000/000"),
    ];
    let mut bundle = vec![2];
    encode_bundle_entry(&mut bundle, &[b"one"]).unwrap();
    encode_bundle_entry(&mut bundle, &[b"", b"two"]).unwrap();
    let paths = paths.map(|(name, path)| (name, path.as_bytes().to_vec()));
    paths.into_iter().chain([("bundle", bundle)]).collect()
}

/// Index and width of a path, from the words of the specification.
fn grammar(path: &str) -> Option<(u64, u16)> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    if kind != "entries" {
        let level: u8 = kind.parse().ok().filter(|level| *level < 64)?;
        (level.to_string() == kind).then_some(())?;
    }
    let (index, width) = match rest.split_once(".p/") {
        None => (rest, 256),
        Some((index, width)) => (index, width.parse::<u16>().ok().filter(|w| w.to_string() == width)?),
    };
    (width > 0 && (width < 256 || !rest.contains(".p/"))).then_some(())?;
    let (last, groups) = index.split('/').rev().collect::<Vec<_>>().split_first().map(|(l, g)| (*l, g.to_vec()))?;
    let digits = |group: &str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let groups: Vec<&str> = groups.into_iter().rev().map(|group| group.strip_prefix('x')).collect::<Option<_>>()?;
    let ordered = digits(last) && groups.iter().all(|group| digits(group)) && groups.first() != Some(&"000");
    ordered.then_some(())?;
    let number = groups
        .iter()
        .chain([&last])
        .try_fold(0u64, |number, group| number.checked_mul(1_000)?.checked_add(group.parse().ok()?))?;
    Some((number, width))
}

fn bundle(data: &[u8]) {
    let Some((&width, rest)) = data.split_first() else { return };
    let entries: Vec<_> = BundleEntries::new(rest, width.into()).collect();
    let bad = entries.iter().position(Result::is_err);
    assert!(bad.is_some() || rest.len() <= BundleEntries::max_len(width.into()), "longer than a reader allows");
    assert!(bad.is_none_or(|at| at + 1 == entries.len()), "goes on after an error");
    if bad.is_none() {
        assert_eq!(entries.len(), usize::from(width));
        let mut again = Vec::new();
        entries.iter().for_each(|entry| encode_bundle_entry(&mut again, &[entry.unwrap()]).unwrap());
        assert_eq!(again, rest, "accepted, but not the encoding of its entries");
    }
}
