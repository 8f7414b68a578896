//! The uses of passes at this gate, by its journal.
//!
//! A journal of a million records is replayed each time its gate starts, and pass ids are random: put into a tree one
//! by one, each would be looked for all over memory. So uses wait, and where many wait they are sorted at once, into
//! a list of their own. What waits is known all the same.

use crate::id::PassKey;
use crate::product::{Usage, Use, UseKey};
use std::collections::BTreeMap;

/// So many are sorted; fewer go into the tree.
const MANY: usize = 1_024;

/// Uses by pass, each in one of three places.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OwnUses {
    waiting: Vec<(PassKey, Use)>,
    /// Ascending by pass. Whether one was taken back, `passes` says.
    sorted: Vec<(PassKey, Use)>,
    passes: BTreeMap<PassKey, Usage>,
}

impl OwnUses {
    /// Learns a use, which waits.
    pub(super) fn insert(&mut self, pass: PassKey, used: Use) {
        self.waiting.push((pass, used));
    }

    /// Learns that a use of this pass was taken back.
    pub(super) fn annul(&mut self, pass: PassKey, key: UseKey) {
        self.passes.entry(pass).or_default().annul(key.0, key.1);
    }

    /// The uses of a pass.
    pub(super) fn usage(&self, pass: &PassKey) -> Usage {
        let mut usage = self.passes.get(pass).cloned().unwrap_or_default();
        let from = self.sorted.partition_point(|(of, _)| of < pass);
        let sorted = self.sorted.iter().skip(from).take_while(|(of, _)| of == pass);
        let waiting = self.waiting.iter().filter(|(of, _)| of == pass);
        for (_, used) in sorted.chain(waiting) {
            usage.insert(*used);
        }
        usage
    }

    /// A use that stands, and of which pass, by looking through all of them.
    pub(super) fn find(&self, key: UseKey) -> Option<(PassKey, Use)> {
        let passes = self.passes.iter().flat_map(|(pass, usage)| usage.uses().iter().map(|used| (*pass, *used)));
        let listed = self.sorted.iter().chain(&self.waiting).copied();
        let (pass, used) = listed.chain(passes).find(|(_, used)| used.key() == key)?;
        let annulled = self.passes.get(&pass).is_some_and(|usage| usage.annulled().binary_search(&key).is_ok());
        (!annulled).then_some((pass, used))
    }

    /// Takes in what waits.
    pub(super) fn settle(&mut self) {
        let mut waiting = core::mem::take(&mut self.waiting);
        if waiting.len() >= MANY {
            self.sorted.append(&mut waiting);
            self.sorted.sort_unstable_by_key(|(pass, _)| *pass);
            self.sorted.shrink_to_fit();
        }
        for (pass, used) in waiting {
            self.passes.entry(pass).or_default().insert(used);
        }
    }
}

#[cfg(test)]
impl OwnUses {
    /// How many uses of each pass stand.
    pub(super) fn counts(&self) -> BTreeMap<PassKey, usize> {
        let listed = self.sorted.iter().chain(&self.waiting).map(|(pass, _)| pass);
        self.passes.keys().chain(listed).map(|pass| (*pass, self.usage(pass).uses().len())).collect()
    }
}

#[cfg(test)]
#[path = "tests/own_uses.rs"]
mod tests;
