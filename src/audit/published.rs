//! One published log, read and checked byte by byte.
//!
//! The entries are the truth: they must chain, and hash to the root the log signed. Every other file
//! of the log, tiles and older partial files, is computed from them and compared, tile by tile. Where the first
//! bundles of a log were pruned, the tiles stand in for them: their links must hash to the same root,
//! and the first entry that is left must follow the last of them.

use super::cause::{Because, says};
use super::files::{Files, read, read_if_there};
use super::finding::{Findings, Rule};
use crate::crypto::Hash;
use crate::limits::MAX_NOTE;
use crate::tlog::{
    BundleLeaves, Frontier, Nodes, NoteError, Resource, SignedCheckpoint, TILE_WIDTH, TileId, empty_root, genesis,
    inclusion_proof, tiles_of,
};
use core::iter::Peekable;
use core::ops::RangeInclusive;
use core::slice;
use std::collections::BTreeMap;

/// Hashes in a full tile, and the levels of the tree in it.
const WIDTH: usize = TILE_WIDTH as usize;
const HEIGHT: u8 = 8;
/// No log is so long that it has tiles at this level.
const LEVELS: u8 = 8;

/// What is known of a log after reading it.
#[derive(Debug)]
pub(super) struct ReadLog {
    /// Its checkpoint, if the log signed it.
    pub(super) signed: Option<SignedCheckpoint>,
    /// Number of entries read.
    pub(super) size: u64,
    /// The link that the first of them follows which was not pruned.
    pub(super) before: Hash,
    /// The link of the last of them, which the next would follow.
    pub(super) last: Hash,
    /// The root of all of them.
    pub(super) root: Hash,
    /// The roots of its full tiles of links.
    tiles: Vec<Hash>,
    /// Its roots at the sizes that were asked for, as far as it goes.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// The entries end before the log does, or are not those that it signed. That is found, and what else does
    /// not fit follows from it: it says nothing about anybody.
    pub(super) damaged: bool,
}

/// A log that was read and of which something is to be proven: its links are there too.
#[derive(Debug)]
pub(super) struct PublishedLog {
    read: ReadLog,
    links: Vec<Hash>,
}

impl PublishedLog {
    /// Number of entries read.
    pub(super) const fn size(&self) -> u64 {
        self.read.size
    }

    /// The root of the first `size` entries.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        let (full, rest) = self.links.get(..usize::try_from(size).ok()?)?.as_chunks::<WIDTH>();
        let within = frontier(rest).root_before(None);
        Some(frontier(self.read.tiles.get(..full.len())?).root_before(within).unwrap_or_else(empty_root))
    }

    /// The link before entry `index`.
    pub(super) fn previous(&self, origin: &str, index: u64) -> Option<Hash> {
        match index.checked_sub(1) {
            Some(before) => self.links.get(usize::try_from(before).ok()?).copied(),
            None => Some(genesis(origin)),
        }
    }

    /// The proof that entry `index` is in the log as it was at `size`.
    pub(super) fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        inclusion_proof(index, size, self).ok()
    }

    /// Whether there may have been entries after those that were read.
    pub(super) const fn is_cut(&self) -> bool {
        self.read.damaged || self.read.signed.is_none()
    }

    /// What this log says of a checkpoint that somebody has of it.
    pub(super) fn beside(&self, size: u64, root: Hash) -> Comparison {
        let same = |own| if own == root { Comparison::Same } else { Comparison::Another };
        match &self.read.signed {
            Some(signed) if signed.size() == size => same(signed.root()),
            _ if self.read.damaged => Comparison::Unknown,
            _ => match self.root_at(size) {
                Some(own) => same(own),
                None if self.is_cut() => Comparison::Unknown,
                None => Comparison::Behind,
            },
        }
    }
}

/// A published log beside a checkpoint that somebody has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// It has this root at this size.
    Same,
    /// It has another one: that was never its root.
    Another,
    /// It is published up to an earlier size.
    Behind,
    /// Too little of it is left.
    Unknown,
}

/// The log has not so many entries.
#[derive(Debug)]
pub(super) struct Beyond;

impl Nodes for PublishedLog {
    type Error = Beyond;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Beyond> {
        let (hashes, level) = match level.checked_sub(HEIGHT) {
            Some(above) => (&self.read.tiles, above),
            None => (&self.links, level),
        };
        let width = 1_usize.checked_shl(level.into()).ok_or(Beyond)?;
        let start = usize::try_from(index).ok().and_then(|index| index.checked_mul(width)).ok_or(Beyond)?;
        let below = hashes.get(start..start.saturating_add(width)).ok_or(Beyond)?;
        Ok(frontier(below).root())
    }
}

/// The tree over a log's links, as far as they have come: each node is hashed once, whatever is asked for.
#[derive(Default)]
struct Tree {
    size: u64,
    /// The links of the newest tile.
    tile: Vec<Hash>,
    /// Of the newest tile, while it is not full.
    within: Frontier,
    /// Of the full ones, their roots being the leaves.
    above: Frontier,
    tiles: Vec<Hash>,
}

impl Tree {
    /// Takes as many of these links as the newest tile has room for, one at least, and tells how many.
    fn fill(&mut self, links: &[Hash]) -> usize {
        if self.is_full() {
            self.tile.clear();
        }
        let room = WIDTH.saturating_sub(self.tile.len());
        let links = links.get(..room).unwrap_or(links);
        self.tile.extend_from_slice(links);
        self.within.extend(links);
        self.size = self.size.saturating_add(links.len() as u64);
        if self.is_full() {
            let root = self.within.root();
            self.above.push(root);
            self.tiles.push(root);
            self.within = Frontier::new();
        }
        links.len()
    }

    fn is_full(&self) -> bool {
        self.tile.len() == WIDTH
    }

    fn root(&self) -> Hash {
        self.above.root_before(self.within.root_before(None)).unwrap_or_else(empty_root)
    }
}

/// Where a log is published.
#[derive(Debug)]
pub(super) struct LogFiles<'a, F> {
    pub(super) files: &'a F,
    pub(super) prefix: &'a str,
    /// All paths below `prefix`, ascending.
    pub(super) paths: &'a [String],
}

/// Reads a log's checkpoint; `verify` verifies it.
pub(super) fn read_checkpoint<F: Files>(
    LogFiles { files, prefix, .. }: &LogFiles<'_, F>,
    verify: impl FnOnce(&[u8]) -> Result<SignedCheckpoint, NoteError>,
    findings: &mut Findings,
) -> Option<SignedCheckpoint> {
    let path = format!("{prefix}/checkpoint");
    let note = read(*files, &path, findings)?;
    if note.len() > MAX_NOTE {
        findings.error_at(&path, Rule::Checkpoint, "it is too long");
        return None;
    }
    match verify(&note) {
        Ok(signed) => Some(signed),
        Err(error) => {
            findings.error_at(&path, Rule::Checkpoint, Because(error));
            None
        }
    }
}

/// The size of a log: what its checkpoint says, or else as far as there are bundles.
pub(super) fn size_of<F: Files>(
    LogFiles { prefix, paths, .. }: &LogFiles<'_, F>,
    signed: Option<&SignedCheckpoint>,
) -> u64 {
    let end = |id: TileId| id.index().saturating_mul(TILE_WIDTH.into()).saturating_add(id.width().into());
    let bundles = || {
        paths.iter().filter_map(|path| match resource_at(prefix, path)? {
            Resource::Entries(id) => Some(end(id)),
            Resource::Hashes(_) => None,
        })
    };
    signed.map_or_else(|| bundles().max().unwrap_or(0), SignedCheckpoint::size)
}

/// What a log is known to be before its entries are read.
pub(super) struct LogHead<'a> {
    pub(super) origin: &'a str,
    pub(super) signed: Option<SignedCheckpoint>,
    /// Whether entries of it may be pruned at all.
    pub(super) prunable: bool,
}

/// Reads a published log under its checkpoint and hands each entry's body to `visit`, in order; of a pruned
/// entry there is none.
///
/// Bundle by bundle, so one bundle and the links of one tile are in memory at a time. The roots at `sizes`, which ascend,
/// are kept.
pub(super) fn read_log<F: Files>(
    place: &LogFiles<'_, F>,
    log: LogHead<'_>,
    sizes: &[u64],
    findings: &mut Findings,
    visit: impl FnMut(u64, Option<&[u8]>, &mut Findings),
) -> ReadLog {
    read_entries(place, log, Growing::new(sizes, |_: &[Hash]| {}), findings, visit)
}

/// As [`read_log`], with the links: 32 bytes for each entry.
pub(super) fn read_linked_log<F: Files>(
    place: &LogFiles<'_, F>,
    log: LogHead<'_>,
    findings: &mut Findings,
    visit: impl FnMut(u64, Option<&[u8]>, &mut Findings),
) -> PublishedLog {
    let mut links = Vec::new();
    let growing = Growing::new(&[], |new: &[Hash]| links.extend_from_slice(new));
    let read = read_entries(place, log, growing, findings, visit);
    PublishedLog { read, links }
}

/// A tree as it grows, with its roots at the sizes that were asked for.
struct Growing<'a, K> {
    tree: Tree,
    roots: BTreeMap<u64, Hash>,
    /// Those not reached yet, which ascend.
    sizes: Peekable<slice::Iter<'a, u64>>,
    /// Is handed all links.
    keep: K,
}

impl<'a, K: FnMut(&[Hash])> Growing<'a, K> {
    fn new(sizes: &'a [u64], keep: K) -> Self {
        Self { tree: Tree::default(), roots: BTreeMap::new(), sizes: sizes.iter().peekable(), keep }
    }

    /// Takes these links, and hands each tile to `full` as soon as it is.
    fn grow(&mut self, mut links: &[Hash], mut full: impl FnMut(&[Hash])) {
        let Self { tree, roots, sizes, keep } = self;
        keep(links);
        loop {
            while let Some(size) = sizes.next_if(|size| **size <= tree.size) {
                if *size == tree.size {
                    roots.insert(*size, tree.root());
                }
            }
            if links.is_empty() {
                break;
            }
            // Up to the next size of which the root is wanted.
            let most = sizes.peek().and_then(|size| usize::try_from(size.saturating_sub(tree.size)).ok());
            let taken = tree.fill(most.and_then(|most| links.get(..most)).unwrap_or(links));
            links = links.get(taken..).unwrap_or_default();
            if tree.is_full() {
                full(&tree.tile);
            }
        }
    }
}

fn read_entries<F: Files>(
    place: &LogFiles<'_, F>,
    LogHead { origin, signed, prunable }: LogHead<'_>,
    mut growing: Growing<'_, impl FnMut(&[Hash])>,
    findings: &mut Findings,
    mut visit: impl FnMut(u64, Option<&[u8]>, &mut Findings),
) -> ReadLog {
    let LogFiles { files, prefix, .. } = *place;
    let size = size_of(place, signed.as_ref());
    let mut previous = genesis(origin);
    let mut listed = ListedFiles::new(place, size, findings);
    let bundles = tiles_of(size).filter(|resource| matches!(resource, Resource::Entries(_)));
    // Counted by the tiles that stand in, so that a size without files costs nothing. A bundle that is listed may be
    // gone by now, and one that is not may have come.
    let is_gone = |bundle: &Resource| matches!(files.read(&format!("{prefix}/{bundle}")), Ok(None));
    let stands_in =
        |bundle: &Resource| bundle.id().is_full() && listed.has(Resource::Hashes(bundle.id())) && is_gone(bundle);
    let gone = bundles.clone().take_while(stands_in).count();
    if gone > 0 && !prunable {
        findings.error(None, Rule::Missing, "its first entries are gone, and a ledger is never pruned");
    }
    let gone = if prunable { gone } else { 0 };
    for resource in bundles.clone().take(gone) {
        let Some(tile) = pruned_links(files, prefix, resource.id(), findings) else { break };
        (growing.tree.size..).zip(&tile).for_each(|(index, _)| visit(index, None, findings));
        previous = tile.last().copied().unwrap_or(previous);
        growing.grow(&tile, |tile| listed.check_links(tile));
    }
    let (pruned, before) = (growing.tree.size, previous);
    if pruned > 0 {
        findings.notice(None, Rule::Pruned, says!("{pruned} entries were pruned: nothing can be said of them"));
    }
    // Where a tile is missing too, nothing that comes after it can be checked.
    let mut damaged = pruned != (gone as u64).saturating_mul(TILE_WIDTH.into());
    for resource in bundles.skip(gone) {
        if damaged {
            break;
        }
        let path = format!("{prefix}/{resource}");
        let Some(bundle) = read(files, &path, findings) else {
            damaged = true;
            break;
        };
        let leaves = BundleLeaves::new(&bundle, resource.id().width());
        for (index, (entry, leaf)) in (growing.tree.size..).zip(leaves.iter()) {
            let (body, broken) = follow(&mut previous, entry, leaf);
            if let Some(broken) = broken {
                findings.error(index, Rule::Chain, broken);
            }
            if let Some(body) = body {
                visit(index, Some(body), findings);
            }
        }
        growing.grow(&leaves.hashes, |tile| listed.check_links(tile));
        if let Some(error) = leaves.error {
            findings.error_at(&path, Rule::Bundle, Because(error));
            damaged = true;
        }
    }
    growing.grow(&[], |_| {});
    let Growing { tree, roots, .. } = growing;
    let root = tree.root();
    if let Some(signed) = &signed
        && !damaged
        && (tree.size, root) != (signed.size(), signed.root())
    {
        damaged = true;
        findings.error(None, Rule::Root, says!("the entries do not have the root signed at size {}", signed.size()));
    }
    // Of the files of a damaged log nothing is said.
    if !damaged {
        findings.append(listed.finish(&tree));
    }
    ReadLog { signed, size: tree.size, before, last: previous, root, tiles: tree.tiles, roots, damaged }
}

/// The body of an entry, and what is wrong with how it follows the one before, whose link is `previous`. For every reading of
/// a log, so that all say the same of it.
pub(super) fn follow<'e>(previous: &mut Hash, entry: &'e [u8], leaf: Hash) -> (Option<&'e [u8]>, Option<&'static str>) {
    let before = core::mem::replace(previous, leaf);
    match entry.split_at_checked(32) {
        Some((link, body)) => (Some(body), (link != before.0).then_some("it does not follow the entry before")),
        None => (None, Some("it is shorter than a link")),
    }
}

/// The links of a full bundle that was pruned, from the tile of hashes over it.
fn pruned_links<F: Files>(files: &F, prefix: &str, id: TileId, findings: &mut Findings) -> Option<Vec<Hash>> {
    let path = format!("{prefix}/{}", Resource::Hashes(id));
    let tile = read(files, &path, findings)?;
    let (hashes, rest) = tile.as_chunks::<32>();
    if hashes.len() != usize::from(id.width()) || !rest.is_empty() {
        findings.error_at(&path, Rule::Tile, "it has a wrong length");
        return None;
    }
    Some(hashes.iter().map(|hash| Hash(*hash)).collect())
}

pub(super) fn resource_at(prefix: &str, path: &str) -> Option<Resource> {
    path.strip_prefix(prefix)?.strip_prefix('/')?.parse().ok()
}

/// The files of a log but for its checkpoint. Each is compared with what the entries say it must be, as soon as they say.
struct ListedFiles<'a, F> {
    files: &'a F,
    prefix: &'a str,
    /// How many entries the log is to have.
    size: u64,
    /// Ascending.
    paths: Vec<(Resource, &'a String)>,
    /// The next tile of links.
    next: u64,
    /// How many go on after the last entry.
    beyond: u64,
    findings: Findings,
}

impl<'a, F: Files> ListedFiles<'a, F> {
    /// What is listed that no log has is found at once.
    fn new(&LogFiles { files, prefix, paths }: &LogFiles<'a, F>, size: u64, findings: &mut Findings) -> Self {
        let mut listed = Vec::with_capacity(paths.len());
        for path in paths.iter().filter(|path| path.strip_prefix(prefix) != Some("/checkpoint")) {
            match resource_at(prefix, path) {
                Some(resource) => listed.push((resource, path)),
                None => findings.error_at(path, Rule::Unexpected, "no such file belongs to a log"),
            }
        }
        listed.sort_unstable();
        Self { files, prefix, size, paths: listed, next: 0, beyond: 0, findings: Findings::at(prefix) }
    }

    fn has(&self, resource: Resource) -> bool {
        self.paths.binary_search_by_key(&resource, |(resource, _)| *resource).is_ok()
    }

    /// Compares the files that the next tile of links speaks of: it, and the bundle of its entries, also as they were
    /// published before they were full.
    fn check_links(&mut self, links: &[Hash]) {
        let index = self.next;
        self.next = index.saturating_add(1);
        let known = |id: TileId| links.get(..id.width().into()).unwrap_or(links);
        self.check((HASHES, 0, index)..=(HASHES, 0, index), known);
        self.check((ENTRIES, 0, index)..=(ENTRIES, 0, index), known);
        if let Some(id) = u16::try_from(links.len()).ok().and_then(|width| TileId::new(0, index, width).ok()) {
            self.ask(id, links);
        }
    }

    /// What is found of the files, once all links are there.
    fn finish(mut self, tree: &Tree) -> Findings {
        if tree.tile.len() < WIDTH {
            self.check_links(&tree.tile);
        }
        // What comes after the last link nobody has signed yet.
        self.check((HASHES, 0, self.next)..=(HASHES, 0, u64::MAX), |_| &[]);
        self.check((ENTRIES, 0, self.next)..=(ENTRIES, 0, u64::MAX), |_| &[]);
        let levels = levels(&tree.tiles);
        self.check((HASHES, 1, 0)..=(HASHES, u8::MAX, u64::MAX), |id| tile_above(&levels, id));
        for resource in tiles_of(self.size) {
            if let Resource::Hashes(id) = resource
                && id.level() > 0
            {
                self.ask(id, tile_above(&levels, id));
            }
        }
        if self.beyond > 0 {
            let (beyond, size) = (self.beyond, self.size);
            let told = says!("it is signed up to size {size}, and {beyond} of its files go on after that");
            self.findings.notice(None, Rule::Behind, told);
        }
        self.findings
    }

    /// Compares the files at these places with what is known of their hashes, or of those of their entries.
    fn check<'h>(&mut self, places: RangeInclusive<FilePlace>, known: impl Fn(TileId) -> &'h [Hash]) {
        let from = self.paths.partition_point(|(resource, _)| file_place(*resource) < *places.start());
        let after = self.paths.get(from..).unwrap_or_default();
        let mut listed = after.iter().take_while(|(resource, _)| places.contains(&file_place(*resource))).peekable();
        while let Some(&(resource, path)) = listed.next() {
            let id = resource.id();
            let is_entries = matches!(resource, Resource::Entries(_));
            // What the entries were read from is what they say.
            if is_entries && is_part(id, self.size) {
                continue;
            }
            let known = known(id);
            let is_beyond = known.len() < usize::from(id.width());
            let is_widest = listed.peek().is_none_or(|(next, _)| file_place(*next) != file_place(resource));
            // Of what nobody signed one file says something: the widest that starts within the log. All others are counted,
            // so that no number of them costs more than its names.
            if is_beyond && id.level() < LEVELS && (known.is_empty() || !is_widest) {
                self.beyond = self.beyond.saturating_add(1);
                continue;
            }
            // What was left from an earlier size, or is of a later one, is not needed.
            let read = if is_part(id, self.size) { read } else { read_if_there };
            let found = read(self.files, path, &mut self.findings);
            let Some(found) = found else { continue };
            let good = if is_entries { starts_with_leaves(&found, id, known) } else { starts_with(&found, id, known) };
            if !good {
                let said =
                    if is_entries { "it is not what the log's entries are" } else { "it is not what the entries say" };
                self.findings.error_at(path, Rule::Tile, said);
            } else if is_beyond {
                self.beyond = self.beyond.saturating_add(1);
            }
        }
    }

    /// Asks for a tile that has to be there and is not listed: it may have come since.
    fn ask(&mut self, id: TileId, hashes: &[Hash]) {
        let resource = Resource::Hashes(id);
        if self.has(resource) {
            return;
        }
        let path = format!("{}/{resource}", self.prefix);
        let Some(found) = read(self.files, &path, &mut self.findings) else { return };
        if !starts_with(&found, id, hashes) {
            self.findings.error_at(&path, Rule::Tile, "it is not what the entries say");
        }
    }
}

/// Whether a tile or bundle is one of those that a log of this size has.
fn is_part(id: TileId, size: u64) -> bool {
    let hashes = size.checked_shr(u32::from(id.level()).saturating_mul(HEIGHT.into())).unwrap_or(0);
    let start = id.index().saturating_mul(TILE_WIDTH.into());
    u64::from(id.width()) == hashes.saturating_sub(start).min(TILE_WIDTH.into())
}

/// Where a file comes among those of a log, whatever its width: kind, level and index.
type FilePlace = (u8, u8, u64);

const HASHES: u8 = 0;
const ENTRIES: u8 = 1;

/// In the order of the resources themselves.
const fn file_place(resource: Resource) -> FilePlace {
    match resource {
        Resource::Hashes(id) => (HASHES, id.level(), id.index()),
        Resource::Entries(id) => (ENTRIES, id.level(), id.index()),
    }
}

/// Whether this is a tile of this width that starts with these hashes.
fn starts_with(tile: &[u8], id: TileId, hashes: &[Hash]) -> bool {
    let (own, rest) = tile.as_chunks::<32>();
    let whole = rest.is_empty() && own.len() == usize::from(id.width()) && id.level() < LEVELS;
    whole && own.iter().zip(hashes).all(|(own, hash)| *own == hash.0)
}

/// Whether this is a bundle of this width whose first entries have these leaf hashes.
fn starts_with_leaves(bundle: &[u8], id: TileId, hashes: &[Hash]) -> bool {
    let leaves = BundleLeaves::new(bundle, id.width());
    leaves.error.is_none() && leaves.hashes.starts_with(hashes)
}

/// The hashes of every tile level above the links, which are level 0; `tiles` are those of level 1.
fn levels(tiles: &[Hash]) -> Vec<Vec<Hash>> {
    let mut levels = vec![tiles.to_vec()];
    while let Some(below) = levels.last()
        && below.len() >= WIDTH
    {
        levels.push(below.chunks_exact(WIDTH).map(|tile| frontier(tile).root()).collect());
    }
    levels
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    frontier.extend(leaves);
    frontier
}

/// What is known of a tile above the links.
fn tile_above(levels: &[Vec<Hash>], id: TileId) -> &[Hash] {
    let hashes = || {
        let level = levels.get(usize::from(id.level().checked_sub(1)?))?;
        let after = level.get(usize::try_from(id.index()).ok()?.checked_mul(WIDTH)?..)?;
        Some(after.get(..id.width().into()).unwrap_or(after))
    };
    hashes().unwrap_or_default()
}

#[cfg(test)]
#[path = "tests/published.rs"]
mod tests;
