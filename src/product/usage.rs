//! The uses of one pass, as a set that learns in any order.
//!
//! Gates learn of each other's redemptions late and in different orders. [`Usage`] is therefore a
//! join-semilattice: inserting, annulling and merging are commutative, associative and idempotent,
//! so two parties that know the same facts hold equal values, whatever the order they came in.

use crate::id::{GateId, VenueId};
use crate::time::UnixTime;
use std::collections::BTreeMap;

/// Up to so many uses take no more room than they need.
const FEW: usize = 4;
/// From so many uses on, they are found by their keys without looking at each.
const MANY: usize = 64;

/// One redemption of the pass. The order of the fields is the canonical order of uses: by time, then
/// by gate, then by place in the gate's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Use {
    /// When the pass was used, by the gate's clock.
    pub time: UnixTime,
    /// The gate that admitted.
    pub gate: GateId,
    /// Index of the record in that gate's journal.
    pub index: u64,
    /// The venue entered.
    pub venue: VenueId,
    /// The service used there.
    pub service: u8,
    /// The grant that decided, by its place in the product.
    pub grant: u8,
    /// How many people came in.
    pub party: u8,
}

impl Use {
    /// What names this use: a gate writes one record per index.
    #[must_use]
    pub const fn key(&self) -> UseKey {
        (self.gate, self.index)
    }
}

/// A gate and an index in its journal: the name of a use.
pub type UseKey = (GateId, u64);

/// The uses of one pass and the annulments of such uses.
///
/// A use is known by its gate and index. An annulment always wins, also when it is learnt before the
/// use it takes back. Two different uses under one key are the mark of a gate that equivocates, which
/// its log proves; here the one that sorts first stays, so that the outcome has no history.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Usage {
    /// In canonical order, one per key, none of them annulled.
    uses: Vec<Use>,
    /// Strictly ascending. Kept for ever: the use may still be on its way.
    annulled: Vec<UseKey>,
    /// The uses by their keys, if and only if there are [`MANY`].
    #[expect(clippy::box_collection, reason = "a word in each of the many passes that are used less")]
    by_key: Option<Box<BTreeMap<UseKey, Use>>>,
}

impl Usage {
    /// A pass that was never used.
    #[must_use]
    pub const fn new() -> Self {
        Self { uses: Vec::new(), annulled: Vec::new(), by_key: None }
    }

    /// The uses that stand, in canonical order.
    #[must_use]
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// The keys annulled, ascending, whether or not their uses are known.
    #[must_use]
    pub fn annulled(&self) -> &[UseKey] {
        &self.annulled
    }

    /// Learns a use; `true` when that changed anything.
    pub fn insert(&mut self, new: Use) -> bool {
        if self.annulled.binary_search(&new.key()).is_ok() {
            return false;
        }
        if let Some(known) = self.of_key(new.key()) {
            if known <= new {
                return false;
            }
            self.remove(&known);
        }
        // Most passes are used once or twice, and a gate knows many.
        if self.uses.len() < FEW {
            self.uses.reserve_exact(1);
        }
        let place = self.uses.partition_point(|known| *known < new);
        self.uses.insert(place, new);
        if let Some(by_key) = &mut self.by_key {
            by_key.insert(new.key(), new);
        }
        self.index();
        true
    }

    /// Learns that a use was taken back; `true` when that changed anything.
    pub fn annul(&mut self, gate: GateId, index: u64) -> bool {
        let key = (gate, index);
        let Err(place) = self.annulled.binary_search(&key) else { return false };
        self.annulled.insert(place, key);
        if let Some(known) = self.of_key(key) {
            self.remove(&known);
            self.index();
        }
        true
    }

    /// Learns all that `other` knows.
    pub fn merge(&mut self, other: &Self) {
        self.merge_all([other]);
    }

    /// Learns all that each of `others` knows, in canonical form once: there may be many of them.
    pub fn merge_all<'a>(&mut self, others: impl IntoIterator<Item = &'a Self>) {
        for other in others {
            self.uses.extend_from_slice(&other.uses);
            self.annulled.extend_from_slice(&other.annulled);
        }
        self.settle();
    }

    /// Takes lists that are in canonical form already: both ascending, no use twice or annulled.
    pub(crate) fn canonical(uses: Vec<Use>, annulled: Vec<UseKey>) -> Option<Self> {
        let ascending = uses.is_sorted_by(|a, b| a < b) && annulled.is_sorted_by(|a, b| a < b);
        let count = uses.len();
        let usage = Self::from((uses, annulled));
        (ascending && usage.uses.len() == count).then_some(usage)
    }

    fn of_key(&self, key: UseKey) -> Option<Use> {
        match &self.by_key {
            Some(by_key) => by_key.get(&key).copied(),
            None => self.uses.iter().find(|known| known.key() == key).copied(),
        }
    }

    fn remove(&mut self, known: &Use) {
        if let Ok(place) = self.uses.binary_search(known) {
            self.uses.remove(place);
        }
        if let Some(by_key) = &mut self.by_key {
            by_key.remove(&known.key());
        }
    }

    /// Begins or ends to keep the uses by their keys too.
    fn index(&mut self) {
        if self.uses.len() < MANY {
            self.by_key = None;
        } else if self.by_key.is_none() {
            self.by_key = Some(Box::new(self.uses.iter().map(|known| (known.key(), *known)).collect()));
        }
    }

    /// Brings lists in any order, with anything twice, into canonical form.
    fn settle(&mut self) {
        self.annulled.sort_unstable();
        self.annulled.dedup();
        self.uses.sort_unstable_by_key(|known| (known.key(), *known));
        self.uses.dedup_by_key(|known| known.key());
        self.uses.retain(|known| self.annulled.binary_search(&known.key()).is_err());
        self.uses.sort_unstable();
        self.by_key = None;
        self.index();
    }
}

impl FromIterator<Use> for Usage {
    fn from_iter<I: IntoIterator<Item = Use>>(uses: I) -> Self {
        Self::from((uses.into_iter().collect(), Vec::new()))
    }
}

/// What a store keeps of a [`Usage`]: reading it back restores the canonical form.
type Kept = (Vec<Use>, Vec<UseKey>);

impl From<Kept> for Usage {
    fn from((uses, annulled): Kept) -> Self {
        let mut usage = Self { uses, annulled, by_key: None };
        usage.settle();
        usage
    }
}

impl From<Usage> for Kept {
    fn from(usage: Usage) -> Self {
        (usage.uses, usage.annulled)
    }
}

#[cfg(test)]
#[path = "tests/usage.rs"]
mod tests;
