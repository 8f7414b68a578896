//! Tiles and entry bundles (C2SP tlog-tiles): how a log is published as plain files.

use super::tree::leaf_hashes;
use crate::crypto::Hash;
use crate::limits::MAX_ENTRY;
use core::{fmt, str::FromStr};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// A tile's level, index or path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// A level above 63.
    #[error("there is no tile level {0}")]
    Level(u8),
    /// A width of zero or above 256.
    #[error("there is no tile of width {0}")]
    Width(u16),
    /// Not a path of the one accepted form.
    #[error("not the path of a tile or bundle")]
    Path,
}

/// Which tile of a tree: level, index in the level, and how many of its hashes.
///
/// Entry bundles are addressed the same way, at level 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

impl TileId {
    /// Names a tile. `width` is 256 for a full tile, less for a partial one.
    ///
    /// # Errors
    /// [`TileError`] for a level above 63 or a width that is zero or above 256.
    pub const fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        if level > 63 {
            return Err(TileError::Level(level));
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(TileError::Width(width));
        }
        Ok(Self { level, index, width })
    }

    /// Parses the path of a tile of `level` among those of its level, in its one form.
    #[must_use]
    pub fn parse(level: u8, path: &str) -> Option<Self> {
        let (number, width) = match path.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (path, TILE_WIDTH),
        };
        let mut index = 0u64;
        for group in number.split('/') {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            index = index.checked_mul(1_000)?.checked_add(digits)?;
        }
        // What the grammar leaves open (leading zero groups and digits, a full width said), printing
        // again closes.
        Self::new(level, index, width).ok().filter(|id| id.to_string() == path)
    }

    /// Level 0 holds leaf hashes; each hash of level l + 1 is the root of a full tile of level l.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Index within the level.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether the tile has all its hashes, so that it will never change.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }
}

/// A published file beside the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A tile of hashes: `tile/<level>/<index>`.
    Hashes(TileId),
    /// A bundle of entries: `tile/entries/<index>`.
    Entries(TileId),
}

impl Resource {
    /// The tile or bundle it holds.
    #[must_use]
    pub const fn id(self) -> TileId {
        match self {
            Self::Hashes(id) | Self::Entries(id) => id,
        }
    }
}

/// Where a tile or bundle lies among those of its level: `x001/x234/067`, `000.p/17`.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, width, .. } = *self;
        for power in
            [1_000_000_000_000_000_000u64, 1_000_000_000_000_000, 1_000_000_000_000, 1_000_000_000, 1_000_000, 1_000]
        {
            let group = index.checked_div(power).unwrap_or(0);
            if group != 0 {
                write!(f, "x{:03}/", group % 1_000)?;
            }
        }
        write!(f, "{:03}", index % 1_000)?;
        if width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
    }
}

/// The path below the log's prefix, without a slash at its start.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(id) => write!(f, "tile/{}/{id}", id.level),
            Self::Entries(id) => write!(f, "tile/entries/{id}"),
        }
    }
}

/// Strict: accepted means that printing gives the same path.
impl FromStr for Resource {
    type Err = TileError;
    fn from_str(path: &str) -> Result<Self, TileError> {
        let resource = parse_path(path).ok_or(TileError::Path)?;
        // Closes what the level leaves open: leading zeros.
        if resource.to_string() == path { Ok(resource) } else { Err(TileError::Path) }
    }
}

/// Every tile of hashes and bundle of entries that a log of `size` entries publishes, full and
/// partial: the bundles first, then the tiles from level 0 up.
pub fn tiles_of(size: u64) -> impl Iterator<Item = Resource> + Clone {
    let bundles = level_tiles(0, size).map(Resource::Entries);
    let tiles = (0..8u8).flat_map(move |level| {
        let hashes = size.wrapping_shr(u32::from(level).saturating_mul(8));
        level_tiles(level, hashes).map(Resource::Hashes)
    });
    bundles.chain(tiles)
}

/// A bundle is not a sequence of length-prefixed entries, as many as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryBundleError {
    /// The bytes end within an entry.
    #[error("the bundle ends within entry {0}")]
    Truncated(u16),
    /// An entry longer than its length prefix can say.
    #[error("an entry of {0} bytes does not fit into a bundle")]
    TooLong(usize),
    /// Fewer or more entries than the bundle is wide.
    #[error("the bundle has not {expected} entries")]
    Width {
        /// The width in the bundle's name.
        expected: u16,
    },
}

/// Appends an entry to a bundle: its length as a big-endian 16-bit number, and its bytes.
///
/// # Errors
/// [`EntryBundleError::TooLong`] for an entry longer than [`MAX_ENTRY`]; the bundle is unchanged.
pub fn encode_bundle_entry(bundle: &mut Vec<u8>, parts: &[&[u8]]) -> Result<(), EntryBundleError> {
    let length = parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.len()));
    let length = u16::try_from(length).map_err(|_| EntryBundleError::TooLong(length))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    parts.iter().for_each(|part| bundle.extend_from_slice(part));
    Ok(())
}

/// The entries of a bundle, borrowed, one after the other. It yields exactly `width` entries or one
/// error, after which it ends.
#[derive(Clone, Debug)]
pub struct BundleEntries<'a> {
    rest: &'a [u8],
    at: u16,
    width: u16,
    ended: bool,
}

impl<'a> BundleEntries<'a> {
    /// Longest bundle of `width` entries, in bytes: what a reader allows before it reads.
    #[must_use]
    pub fn max_len(width: u16) -> usize {
        usize::from(width).saturating_mul(MAX_ENTRY.saturating_add(2))
    }

    /// Reads a bundle of `width` entries.
    #[must_use]
    pub const fn new(bundle: &'a [u8], width: u16) -> Self {
        Self { rest: bundle, at: 0, width, ended: false }
    }

    fn entry(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.rest = rest;
        Some(entry)
    }
}

impl<'a> Iterator for BundleEntries<'a> {
    type Item = Result<&'a [u8], EntryBundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = match (self.rest.is_empty(), self.at == self.width) {
            (true, true) => None,
            (true, false) | (false, true) => Some(Err(EntryBundleError::Width { expected: self.width })),
            (false, false) => Some(self.entry().ok_or(EntryBundleError::Truncated(self.at))),
        };
        self.ended = !matches!(item, Some(Ok(_)));
        self.at = self.at.saturating_add(1);
        item
    }
}

/// The entries of a bundle with their leaf hashes, in order.
#[derive(Debug)]
pub(crate) struct BundleLeaves<'a> {
    pub(crate) entries: Vec<&'a [u8]>,
    /// One for each of them.
    pub(crate) hashes: Vec<Hash>,
    /// What is wrong with the bundle after them.
    pub(crate) error: Option<EntryBundleError>,
}

impl<'a> BundleLeaves<'a> {
    /// Reads a bundle of `width` entries.
    pub(crate) fn new(bundle: &'a [u8], width: u16) -> Self {
        let (mut entries, mut error) = (Vec::with_capacity(width.into()), None);
        for entry in BundleEntries::new(bundle, width) {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(found) => error = Some(found),
            }
        }
        Self { hashes: leaf_hashes(&entries), entries, error }
    }

    /// Forgets what comes after the first `count` entries, if there are so many.
    pub(crate) fn truncate(&mut self, count: usize) {
        if self.entries.len() >= count {
            self.entries.truncate(count);
            self.hashes.truncate(count);
            self.error = None;
        }
    }

    /// Each entry and its leaf hash.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a [u8], Hash)> {
        self.entries.iter().copied().zip(self.hashes.iter().copied())
    }
}

/// The tiles over the first `hashes` hashes of `level`.
fn level_tiles(level: u8, hashes: u64) -> impl Iterator<Item = TileId> + Clone {
    let full = hashes >> 8;
    let partial = (hashes & 0xff) as u16;
    let tiles = (0..full).map(move |index| TileId { level, index, width: TILE_WIDTH });
    tiles.chain((partial != 0).then_some(TileId { level, index: full, width: partial }))
}

fn parse_path(path: &str) -> Option<Resource> {
    // The longest path: 7 groups of the index and a width.
    if path.len() > 64 {
        return None;
    }
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    if kind == "entries" {
        return TileId::parse(0, rest).map(Resource::Entries);
    }
    TileId::parse(kind.parse().ok()?, rest).map(Resource::Hashes)
}

#[cfg(test)]
#[path = "tests/tile.rs"]
mod tests;
