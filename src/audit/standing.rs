//! The redemptions that an audit keeps until it has read all journals once, which over-use and settlement follow from: those
//! of one part of the passes.
//!
//! What is over-use depends on all uses of a pass at all gates, and which of them count depends on entries that come
//! last; so of each as little is kept as can be: what its record says, in one list for each journal. What it shares with others of its gate is there once, and is put
//! together again for one pass at a time.

use super::ledgers::EnrolledGate;
use super::uses::{Redeemed, SyncedAt};
use crate::gate::Redemption;
use crate::id::{GateId, MemberId, PassKey, ProductRef, VenueId};
use crate::ledger::CutOff;
use crate::product::{PassFacts, Use, UseKey};
use crate::time::UnixTime;
use core::ops::Range;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is left of the records to settle from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Completeness {
    /// All of them.
    Whole,
    /// The first of some journal were pruned, which is allowed.
    Pruned,
    /// A log is missing, ends too early, or is not what was signed.
    Damaged,
}

/// What stands at a gate.
#[derive(Debug, Default)]
pub(super) struct StandingUses {
    /// Records below this index were pruned: whether they are redemptions that stand, nobody can tell.
    pub(super) pruned: u64,
    /// The journal is not all there, or not what was signed.
    pub(super) damaged: bool,
    /// The largest sealed size at which the journal is what was sealed. Records from there on count nowhere.
    sealed: u64,
    /// The first entry of the ledger that seals records which are missing, or not those that were sealed.
    pub(super) missing: Option<u64>,
    place: Option<GateFacts>,
    /// In the order of their records.
    kept: Vec<KeptUse>,
    said: Vec<DecisionContext>,
    /// The records that annulled some and that a later entry of the ledger sealed, by index.
    annulled: BTreeMap<u64, u64>,
    /// The ledger's entries that reversed some, by index.
    reversed: BTreeMap<u64, u64>,
}

/// How much of a journal is what was sealed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed {
    /// The largest sealed size at which it has the root that was sealed.
    pub(super) same: u64,
    /// Up to where it is published.
    pub(super) size: u64,
    /// It is not all there, or not what was signed.
    pub(super) damaged: bool,
}

/// The first entry of each ledger that seals records which are gone.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pruned: BTreeMap<MemberId, u64>,
    /// They are missing, or not what was sealed.
    missing: BTreeMap<MemberId, u64>,
}

impl Lost {
    /// Takes over what is lost of a journal.
    pub(super) fn note(&mut self, journal: &StandingUses) {
        let Some(member) = journal.member() else { return };
        for (first, entry) in [(&mut self.pruned, journal.pruned_from()), (&mut self.missing, journal.missing)] {
            let Some(entry) = entry else { continue };
            first.entry(member).and_modify(|first| *first = entry.min(*first)).or_insert(entry);
        }
    }

    /// What is left of what was sealed before the cut-offs.
    pub(super) fn left(&self, cut_offs: &[CutOff]) -> Completeness {
        let needs = |first: &BTreeMap<MemberId, u64>| {
            cut_offs.iter().any(|cut_off| first.get(&cut_off.member).is_some_and(|entry| *entry < cut_off.size))
        };
        if needs(&self.missing) {
            Completeness::Damaged
        } else if needs(&self.pruned) {
            Completeness::Pruned
        } else {
            Completeness::Whole
        }
    }

    /// Takes over what is lost by another reading.
    pub(super) fn add(&mut self, other: &Self) {
        for (first, others) in [(&mut self.pruned, &other.pruned), (&mut self.missing, &other.missing)] {
            for (member, entry) in others {
                first.entry(*member).and_modify(|first| *first = (*entry).min(*first)).or_insert(*entry);
            }
        }
    }
}

/// What all redemptions of a gate share.
#[derive(Clone, Debug)]
struct GateFacts {
    gate: GateId,
    venue: VenueId,
    service: u8,
    /// Up to which size the ledger's entries seal the journal, both ascending.
    sealed: Vec<(u64, u64)>,
}

/// What the gate had said when it decided, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct DecisionContext {
    /// What it had last learnt of usage.
    pub(super) synced: Option<Arc<SyncedAt>>,
    /// Whether the record that says so was pruned.
    pub(super) synced_pruned: bool,
    /// What a visit costs without a pass, by the catalogue that the gate had.
    pub(super) reference_fen: u32,
}

impl DecisionContext {
    fn is(&self, other: &Self) -> bool {
        let index = |said: &Self| said.synced.as_ref().map(|synced| synced.index);
        (index(self), self.synced_pruned, self.reference_fen)
            == (index(other), other.synced_pruned, other.reference_fen)
    }
}

/// One redemption.
#[derive(Clone, Copy, Debug)]
struct KeptUse {
    pass: PassKey,
    time: UnixTime,
    index: u64,
    not_before: UnixTime,
    expires: UnixTime,
    due_fen: u32,
    /// Place in [`StandingUses::said`].
    said: u32,
    product: (u16, u16),
    holder_class: u8,
    grant: u8,
    party: u8,
    annulled: bool,
}

impl StandingUses {
    /// Nothing yet of the gate that the ledger shows.
    pub(super) fn at(gate: &EnrolledGate) -> Self {
        let certificate = &gate.certificate;
        let sealed = gate.covering().map(|seal| (seal.signed.size(), seal.entry)).collect();
        let (gate, venue, service) = (certificate.gate(), certificate.venue(), certificate.service());
        Self { place: Some(GateFacts { gate, venue, service, sealed }), ..Self::default() }
    }

    /// Whose gate it is of, where any of it was read.
    pub(super) fn member(&self) -> Option<MemberId> {
        self.place.as_ref().map(|place| place.gate.member)
    }

    /// The entry of the ledger that sealed the first record, if that was pruned.
    pub(super) fn pruned_from(&self) -> Option<u64> {
        (self.pruned > 0).then(|| self.entry(0))
    }

    /// Whether a record was sealed, and is not there as it was.
    pub(super) fn is_lost(&self, index: u64) -> bool {
        index < self.pruned || self.damaged || (index >= self.sealed && self.entry(index) < u64::MAX)
    }

    /// Keeps a redemption; indices ascend.
    pub(super) fn keep(&mut self, index: u64, redemption: &Redemption, said: DecisionContext) {
        let Redemption { time, pass, product, facts, grant, party, due_fen, .. } = *redemption;
        if !self.said.last().is_some_and(|last| last.is(&said)) {
            self.said.push(said);
        }
        let PassFacts { not_before, expires, holder_class } = facts;
        let said = u32::try_from(self.said.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.kept.push(KeptUse {
            pass,
            time,
            index,
            not_before,
            expires,
            due_fen,
            said,
            product,
            holder_class,
            grant,
            party,
            annulled: false,
        });
    }

    /// Whether this is a redemption that is kept, though it may have been taken back.
    pub(super) fn keeps(&self, index: u64) -> bool {
        self.place_of(index).is_some()
    }

    /// Pass and use of a redemption that its gate has not annulled.
    pub(super) fn of(&self, index: u64) -> Option<(PassKey, Use)> {
        let kept = self.kept.get(self.find(index)?)?;
        Some((kept.pass, self.used(kept)?))
    }

    /// Takes back a redemption by a later record of its gate. Until the ledger takes that record, nobody else knows: so
    /// where it came with the redemption, there was no use at all.
    pub(super) fn annul(&mut self, index: u64, by: u64) {
        let Some(kept) = self.find(index).and_then(|at| self.kept.get_mut(at)) else { return };
        kept.annulled = true;
        if self.entry(index) != self.entry(by) {
            self.annulled.insert(index, by);
        }
    }

    /// Takes back a redemption by an entry of the ledger after the one that sealed it; `false` where there is none, or it
    /// was taken back before, by another entry or by a record that an earlier one sealed.
    pub(super) fn reverse(&mut self, index: u64, entry: u64) -> bool {
        let Some(kept) = self.place_of(index).and_then(|at| self.kept.get(at)) else { return false };
        let annulled = kept.annulled.then(|| self.annulled.get(&index).map_or(0, |by| self.entry(*by)));
        if self.entry(index) >= entry || annulled.is_some_and(|annulled| annulled < entry) {
            return false;
        }
        *self.reversed.entry(index).or_insert(entry) == entry
    }

    /// Whether the ledger has reversed a redemption, by the entries so far.
    pub(super) fn is_reversed(&self, index: u64) -> bool {
        self.reversed.contains_key(&index)
    }

    /// The ledger's entry that sealed a record.
    pub(super) fn entry(&self, index: u64) -> u64 {
        self.place.as_ref().map_or(u64::MAX, |place| place.entry(index))
    }

    /// All that is kept, in no more room than it needs: nothing of what was said in records that are not those sealed, be it
    /// of a redemption or of what takes one back.
    pub(super) fn finish(&mut self, Sealed { same, size, damaged }: Sealed) {
        (self.sealed, self.damaged) = (same, damaged);
        let sealed = self.place.as_ref().map_or(&[][..], |place| &place.sealed);
        let there = if damaged { same } else { size };
        self.missing = sealed.iter().find(|(size, _)| *size > there).map(|(_, entry)| *entry);
        self.kept.truncate(self.kept.partition_point(|kept| kept.index < same));
        let mut unsaid = Vec::new();
        self.annulled.retain(|index, by| {
            let said = *by < same;
            if !said {
                unsaid.push(*index);
            }
            said
        });
        for index in unsaid {
            if let Some(kept) = self.place_of(index).and_then(|at| self.kept.get_mut(at)) {
                kept.annulled = false;
            }
        }
        self.kept.shrink_to_fit();
    }

    fn find(&self, index: u64) -> Option<usize> {
        let at = self.place_of(index)?;
        self.kept.get(at).filter(|kept| !kept.annulled).map(|_| at)
    }

    fn place_of(&self, index: u64) -> Option<usize> {
        self.kept.binary_search_by_key(&index, |kept| kept.index).ok()
    }

    fn used(&self, kept: &KeptUse) -> Option<Use> {
        self.place.as_ref().map(|place| place.used(kept))
    }
}

impl GateFacts {
    fn used(&self, kept: &KeptUse) -> Use {
        let Self { gate, venue, service, .. } = *self;
        let KeptUse { time, index, grant, party, .. } = *kept;
        Use { time, gate, index, venue, service, grant, party }
    }

    /// The ledger's entry that sealed a record.
    fn entry(&self, index: u64) -> u64 {
        let seal = self.sealed.get(self.sealed.partition_point(|(size, _)| *size <= index));
        seal.map_or(u64::MAX, |(_, entry)| *entry)
    }
}

/// The redemptions of all gates that reached a ledger before they were annulled, or never were, by pass.
#[derive(Debug, Default)]
pub(super) struct StandingByPass {
    places: Vec<GateFacts>,
    /// Each with its place in `places`.
    said: Vec<(usize, DecisionContext)>,
    kept: Vec<KeptUse>,
    /// The records of their gates that annulled some.
    annulled: BTreeMap<UseKey, u64>,
    /// The entries of their ledgers that reversed some.
    reversed: BTreeMap<UseKey, u64>,
}

impl FromIterator<StandingUses> for StandingByPass {
    fn from_iter<I: IntoIterator<Item = StandingUses>>(journals: I) -> Self {
        let journals: Vec<StandingUses> = journals.into_iter().collect();
        let mut all = Self::default();
        // Their pages come one by one, as those of the journals go.
        all.kept.reserve_exact(journals.iter().map(|journal| journal.kept.len()).sum());
        for StandingUses { place, kept, said, annulled, reversed, .. } in journals {
            let Some(place) = place else { continue };
            let first = u32::try_from(all.said.len()).unwrap_or(u32::MAX);
            let stand = kept.into_iter().filter(|kept| !kept.annulled || annulled.contains_key(&kept.index));
            all.kept.extend(stand.map(|kept| KeptUse { said: kept.said.saturating_add(first), ..kept }));
            all.said.extend(said.into_iter().map(|said| (all.places.len(), said)));
            all.annulled.extend(annulled.into_iter().map(|(index, by)| ((place.gate, index), by)));
            all.reversed.extend(reversed.into_iter().map(|(index, entry)| ((place.gate, index), entry)));
            all.places.push(place);
        }
        all.kept.sort_unstable_by_key(|kept| kept.pass);
        all
    }
}

impl StandingByPass {
    /// The places of the redemptions of the pass that comes at place `from`, of which there are none before.
    pub(super) fn pass_at(&self, from: usize) -> Option<Range<usize>> {
        let rest = self.kept.get(from..)?;
        let pass = rest.first()?.pass;
        let length = rest.iter().take_while(|kept| kept.pass == pass).count();
        Some(from..from.saturating_add(length))
    }

    /// A redemption with all that liability depends on.
    pub(super) fn redeemed(&self, at: usize) -> Option<Redeemed> {
        let kept = self.kept.get(at)?;
        let (place, said) = self.said_of(kept)?;
        let KeptUse { pass, not_before, expires, holder_class, due_fen, index, .. } = *kept;
        let annulled = self.annulled.get(&(place.gate, index)).copied();
        let reversed = self.reversed.get(&(place.gate, index)).copied();
        Some(Redeemed {
            pass,
            product: kept.product(),
            used: place.used(kept),
            due_fen,
            reference_fen: said.reference_fen,
            entry: place.entry(index),
            annulled,
            taken_back: annulled.map(|by| place.entry(by)).into_iter().chain(reversed).min(),
            synced: said.synced.clone(),
            synced_pruned: said.synced_pruned,
            facts: PassFacts { not_before, expires, holder_class },
        })
    }

    fn said_of(&self, kept: &KeptUse) -> Option<(&GateFacts, &DecisionContext)> {
        let (place, said) = self.said.get(usize::try_from(kept.said).ok()?)?;
        Some((self.places.get(*place)?, said))
    }
}

impl KeptUse {
    const fn product(&self) -> ProductRef {
        ProductRef { issuer: self.pass.issuer, product: self.product.0, version: self.product.1 }
    }
}

#[cfg(test)]
#[path = "tests/standing.rs"]
mod tests;
