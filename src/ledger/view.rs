//! What a city knows of all passes: the uses in the journals of all members, less what was taken back.
//!
//! Ledgers and journals of other cities arrive late, twice, in parts and in any order. [`View`] is therefore a
//! join-semilattice like [`Usage`]: learning and merging are commutative, associative and idempotent, so two
//! cities that have read the same entries and records hold equal views, whatever the order they came in, and
//! [`View::digest`] says so in 32 bytes.

use super::entry::{Announcement, Entry};
use crate::crypto::{Hash, sha256};
use crate::gate::Record;
use crate::id::{GateId, MemberId, PassKey, ProductRef};
use crate::product::{Usage, Use, UseKey};
use crate::trust::GateCertificate;
use crate::wire::cbor::Encoder;
use std::collections::{BTreeMap, BTreeSet};

const CONTEXT: &[u8] = b"onecard/view/v1\n";

/// The uses of all passes, by who knows some ledgers and journals.
///
/// What is learnt must be verified: records that lead to a gate's checkpoint, which is in a ledger whose
/// checkpoint is final. Of two uses under one key, the mark of a gate that signed two histories, the one that sorts
/// first stays, so that the outcome has no history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The uses that stand.
    uses: BTreeMap<UseKey, KnownUse>,
    /// What was annulled or reversed. Kept for ever: the use may still be on its way.
    taken_back: BTreeSet<UseKey>,
    /// The keys of the uses of each pass.
    passes: BTreeMap<PassKey, BTreeSet<UseKey>>,
}

/// A use of a pass. The order decides between two under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct KnownUse {
    used: Use,
    pass: PassKey,
    product: ProductRef,
}

impl View {
    /// Nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { uses: BTreeMap::new(), taken_back: BTreeSet::new(), passes: BTreeMap::new() }
    }

    /// Learns a record of a gate's journal; `true` when that changed anything.
    pub fn record(&mut self, gate: &GateCertificate, index: u64, record: &Record) -> bool {
        match record {
            Record::Redeemed(redemption) => {
                let used = redemption.as_use(gate, index);
                self.insert(KnownUse { used, pass: redemption.pass, product: redemption.product_ref() })
            }
            Record::Annulled { index, .. } => self.take_back((gate.gate(), *index)),
            _ => false,
        }
    }

    /// Learns an entry of a member's ledger; `true` when that changed anything.
    pub fn entry(&mut self, member: MemberId, entry: &Entry) -> bool {
        match entry {
            Entry::Announced(Announcement::Reversal { gate, index }) => {
                self.take_back((GateId { member, number: *gate }, *index))
            }
            _ => false,
        }
    }

    /// Learns all that `other` knows.
    pub fn merge(&mut self, other: &Self) {
        for key in &other.taken_back {
            self.take_back(*key);
        }
        for known in other.uses.values() {
            self.insert(*known);
        }
    }

    /// The passes with a use that stands, ascending, each with its product and its uses.
    pub fn passes(&self) -> impl Iterator<Item = (PassKey, ProductRef, Usage)> {
        self.passes.iter().filter_map(|(pass, keys)| {
            let known = || keys.iter().filter_map(|key| self.uses.get(key));
            Some((*pass, known().next()?.product, known().map(|known| known.used).collect()))
        })
    }

    /// The uses of a pass that stand.
    #[must_use]
    pub fn usage(&self, pass: PassKey) -> Usage {
        let keys = self.passes.get(&pass).into_iter().flatten();
        keys.filter_map(|key| self.uses.get(key)).map(|known| known.used).collect()
    }

    /// SHA-256 of all that is known, in one form: equal views have equal digests.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut out = Encoder::new();
        out.array(2).array(self.uses.len());
        for KnownUse { used, pass, product } in self.uses.values() {
            out.array(13).gate(used.gate).uint(used.index).time(used.time);
            out.venue(used.venue).uint(used.service).uint(used.grant);
            out.uint(used.party).pass(*pass);
            out.uint(product.product).uint(product.version);
        }
        out.array(self.taken_back.len());
        for (gate, index) in &self.taken_back {
            out.array(3).gate(*gate).uint(*index);
        }
        sha256(&[CONTEXT, &out.finish()])
    }

    fn insert(&mut self, new: KnownUse) -> bool {
        let key = new.used.key();
        if self.taken_back.contains(&key) || self.uses.get(&key).is_some_and(|known| *known <= new) {
            return false;
        }
        self.forget(key);
        self.uses.insert(key, new);
        self.passes.entry(new.pass).or_default().insert(key);
        true
    }

    fn take_back(&mut self, key: UseKey) -> bool {
        self.forget(key);
        self.taken_back.insert(key)
    }

    /// Drops a use, and its pass where that was the last one.
    fn forget(&mut self, key: UseKey) {
        let Some(known) = self.uses.remove(&key) else { return };
        if let Some(keys) = self.passes.get_mut(&known.pass) {
            keys.remove(&key);
            if keys.is_empty() {
                self.passes.remove(&known.pass);
            }
        }
    }
}
