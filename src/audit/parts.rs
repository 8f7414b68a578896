//! Division of the passes, where there are more redemptions than an audit keeps at once.
//!
//! Over-use and settlement follow from all uses of a pass at all gates, and from those of no other pass. So the journals
//! are read once for each part: the first reading looks at everything, the others at what depends on the uses of
//! their own passes.

use super::published::resource_at;
use super::standing::StandingUses;
use crate::crypto::Hash;
use crate::id::PassKey;
use crate::tlog::{Resource, TILE_WIDTH};

/// How the passes are divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division {
    count: u32,
    key: [u64; 4],
}

impl Division {
    /// All passes in one.
    pub(super) const ONE: Self = Self { count: 1, key: [0; 4] };

    /// Division with `most` redemptions each, but for what chance makes of it, where there are `records` at most. What `seed`
    /// follows from has to be later than the passes are: who draws their numbers could fill one part otherwise.
    pub(super) fn of(records: u64, most: usize, seed: &Hash) -> Self {
        let count = records.div_ceil(u64::try_from(most).unwrap_or(u64::MAX).max(1)).max(1);
        let mut key = [0; 4];
        for (key, bytes) in key.iter_mut().zip(seed.0.as_chunks::<8>().0) {
            *key = u64::from_be_bytes(*bytes);
        }
        Self { count: u32::try_from(count).unwrap_or(u32::MAX), key }
    }

    pub(super) fn count(self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// Each part, that of the first reading first.
    pub(super) fn parts(self) -> impl Iterator<Item = Part> {
        (0..self.count).map(move |at| Part { at, of: self })
    }

    /// The part of a pass, by a multilinear hash: for a random key, any two passes are as good as drawn.
    fn part(&self, pass: &PassKey) -> u32 {
        let [a, b, c, d, e, f, g, h, i, j] = *pass.pass.as_bytes();
        let words = [pass.issuer.code(), word([a, b, c, d]), word([e, f, g, h]), word([0, 0, i, j])];
        let products = words.iter().zip(self.key).map(|(word, key)| u64::from(*word).wrapping_mul(key));
        let hash = products.fold(0_u64, u64::wrapping_add) >> 32;
        u32::try_from(hash.saturating_mul(self.count.into()) >> 32).unwrap_or(0)
    }
}

const fn word(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes)
}

/// Part `at` of so many, from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    at: u32,
    of: Division,
}

impl Part {
    /// Whether it is that of the first reading.
    pub(super) const fn is_first(&self) -> bool {
        self.at == 0
    }

    fn has(&self, pass: &PassKey) -> bool {
        self.of.count == 1 || self.of.part(pass) == self.at
    }
}

/// What of a journal is decided in one reading of it: what depends on the uses of the passes of one part, and in the first
/// all else.
#[derive(Debug)]
pub(super) struct Selection {
    part: Part,
    /// The redemptions so far of passes that are of other parts; in the first reading only.
    elsewhere: Indices,
}

impl Selection {
    pub(super) fn of(part: Part) -> Self {
        Self { part, elsewhere: Indices::default() }
    }

    /// Whether a redemption of this pass, which is the record at `index`, is decided in this reading.
    pub(super) fn takes(&mut self, pass: &PassKey, index: u64) -> bool {
        let has = self.part.has(pass);
        if !has && self.part.is_first() {
            self.elsewhere.insert(index);
        }
        has
    }

    /// Whether what takes back this record is decided in this reading: where the uses of its pass are, and in the first
    /// if it is no redemption. Until the journal is read, what is known is of the records so far, which are all that
    /// matter.
    pub(super) fn decides(&self, index: u64, standing: &StandingUses) -> bool {
        standing.keeps(index) || (self.part.is_first() && !self.elsewhere.contains(index))
    }
}

/// Indices of one journal, in a bit each.
#[derive(Debug, Default)]
struct Indices(Vec<u64>);

impl Indices {
    fn insert(&mut self, index: u64) {
        let Some((at, bit)) = Self::place(index) else { return };
        if self.0.len() <= at {
            self.0.resize(at.saturating_add(1), 0);
        }
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= bit;
        }
    }

    fn contains(&self, index: u64) -> bool {
        Self::place(index).is_some_and(|(at, bit)| self.0.get(at).is_some_and(|bits| bits & bit != 0))
    }

    fn place(index: u64) -> Option<(usize, u64)> {
        let bit = 1_u64.checked_shl(u32::try_from(index % 64).ok()?)?;
        Some((usize::try_from(index / 64).ok()?, bit))
    }
}

/// As many records as can be read of a journal whose files these are, whatever anybody signed: what a log says of its
/// size costs nothing to say.
pub(super) fn most_records(prefix: &str, paths: &[String]) -> u64 {
    let (mut full, mut rest) = (0_u64, 0);
    for path in paths {
        let Some(Resource::Entries(id)) = resource_at(prefix, path) else { continue };
        if id.is_full() {
            full = full.saturating_add(1);
        } else {
            // Of those that are not full, only the last one is read.
            rest = id.width().max(rest);
        }
    }
    full.saturating_mul(TILE_WIDTH.into()).saturating_add(rest.into())
}

#[cfg(test)]
#[path = "tests/parts.rs"]
mod tests;
