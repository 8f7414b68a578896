//! What a gate could know of a pass when it decided, and what follows from that.
//!
//! A gate knows its own journal up to the record it writes, and of each ledger what it last said: the uses sealed
//! below that size, but for those of a term that was over. Of either it does not count what it annulled itself, what
//! was taken back below that size, or what its own city took back before it took the record: the gate may have been
//! told of that entry and not of all before it, which no size says. Each of these is a mark on a line that the gate
//! has passed or not, so from one question to the next only the uses between the marks change.

use super::uses::{PlacedUse, Redeemed, visit_of};
use crate::id::{GateId, MemberId};
use crate::product::{Denied, Tally, decide};
use crate::trust::Bundle;
use std::collections::BTreeMap;

/// The gate has written it.
const WRITTEN: u8 = 1;
/// It was sealed in what the gate knew of the ledger.
const SEALED: u8 = 2;
/// It was taken back in what the gate knew of the ledger.
const TAKEN_BACK: u8 = 4;
/// Its term was over.
const OVER: u8 = 8;
/// All in all, it is known.
const KNOWN: u8 = 16;
/// The gate has written that it annulled it.
const ANNULLED: u8 = 32;

/// By which grant each of the uses at `places` is covered, each decided by what its own gate knew; in the order of
/// `places`.
pub(super) fn by_own_knowledge<'a>(
    uses: &[PlacedUse],
    places: &[usize],
    bundle: impl Fn(usize) -> &'a Bundle,
) -> Vec<Option<Result<u8, Denied>>> {
    let mut known = GateKnowledge::new(uses);
    let mut answers = vec![None; places.len()];
    for at in order(uses, places) {
        let asked = places.get(at).and_then(|place| uses.get(*place));
        let (Some(asked), Some(answer)) = (asked, answers.get_mut(at)) else { continue };
        let (redeemed, bundle) = (&asked.redeemed, bundle(asked.period));
        let Some((product, visit)) = bundle.product(redeemed.product).zip(visit_of(redeemed, bundle)) else { continue };
        known.go_to(redeemed);
        *answer = Some(decide(product, &redeemed.facts, &known.uses.tally, &visit).map(|entitled| entitled.grant));
    }
    answers
}

/// The order in which to ask, so that little changes from one question to the next: gate by gate, and as each wrote
/// its journal. What a gate says of ledgers only grows; one that says otherwise is found, and must not make an audit
/// slow: so within a stretch of its journal, by how much it says that it knows.
fn order(uses: &[PlacedUse], places: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    let stretch = places.len().isqrt().max(1);
    let redeemed = |at: &usize| places.get(*at).and_then(|place| uses.get(*place)).map(|placed| &placed.redeemed);
    order.sort_unstable_by_key(|at| redeemed(at).map(|redeemed| redeemed.used.key()));
    let said = |at: &usize| {
        let synced = redeemed(at).and_then(|redeemed| redeemed.synced.as_ref());
        synced.map_or(0, |synced| synced.ledgers.iter().map(|(_, size)| u128::from(*size)).sum())
    };
    for of_gate in order.chunk_by_mut(|a, b| redeemed(a).map(|a| a.used.gate) == redeemed(b).map(|b| b.used.gate)) {
        of_gate.chunks_mut(stretch).for_each(|stretch| stretch.sort_by_key(said));
    }
    order
}

/// What one gate knows of the uses of a pass, and how it came to know it.
struct GateKnowledge<'a> {
    uses: Marked<'a>,
    written: BTreeMap<GateId, MarkOrder>,
    annulled: BTreeMap<GateId, MarkOrder>,
    sealed: BTreeMap<MemberId, MarkOrder>,
    taken_back: BTreeMap<MemberId, MarkOrder>,
    over: MarkOrder,
}

impl<'a> GateKnowledge<'a> {
    fn new(uses: &'a [PlacedUse]) -> Self {
        let (mut written, mut annulled) = (BTreeMap::new(), BTreeMap::new());
        let (mut sealed, mut taken_back) = (BTreeMap::new(), BTreeMap::new());
        let mut over = MarkOrder::default();
        for (place, PlacedUse { redeemed, .. }) in uses.iter().enumerate() {
            let (gate, index) = redeemed.used.key();
            MarkOrder::of(&mut written, gate).uses.push((index, place));
            MarkOrder::of(&mut sealed, gate.member).uses.push((redeemed.entry, place));
            if let Some(by) = redeemed.annulled {
                MarkOrder::of(&mut annulled, gate).uses.push((by, place));
            }
            if let Some(entry) = redeemed.taken_back {
                MarkOrder::of(&mut taken_back, gate.member).uses.push((entry, place));
            }
            over.uses.push((redeemed.facts.expires.as_u64(), place));
        }
        let by_member = sealed.values_mut().chain(taken_back.values_mut());
        let by_gate = written.values_mut().chain(annulled.values_mut());
        by_gate.chain(by_member).chain([&mut over]).for_each(|line| line.uses.sort_unstable());
        let uses = Marked { uses, marks: vec![0; uses.len()], tally: Tally::default(), gate: None };
        Self { uses, written, annulled, sealed, taken_back, over }
    }

    /// Knows what the gate of `redeemed` knew when it decided, and no more.
    fn go_to(&mut self, redeemed: &Redeemed) {
        let (gate, index) = redeemed.used.key();
        if self.uses.gate != Some(gate) {
            self.change_gate(gate);
        }
        for (lines, mark) in [(&mut self.written, WRITTEN), (&mut self.annulled, ANNULLED)] {
            if let Some(line) = lines.get_mut(&gate) {
                line.go_to(index, mark, &mut self.uses);
            }
        }
        let size = |member| {
            let synced =
                redeemed.synced.as_ref().and_then(|synced| synced.ledgers.iter().find(|(id, _)| *id == member));
            synced.map_or(0, |(_, size)| *size)
        };
        for (member, line) in &mut self.sealed {
            line.go_to(size(*member), SEALED, &mut self.uses);
        }
        for (member, line) in &mut self.taken_back {
            let own = if *member == gate.member { redeemed.entry } else { 0 };
            line.go_to(size(*member).max(own), TAKEN_BACK, &mut self.uses);
        }
        self.over.go_to(redeemed.used.time.as_u64().saturating_add(1), OVER, &mut self.uses);
    }

    fn change_gate(&mut self, gate: GateId) {
        let before = self.uses.gate.replace(gate);
        // A gate knows by other rules what it wrote itself.
        for gate in before.into_iter().chain([gate]) {
            let own = self.written.get(&gate).map_or(&[][..], |line| &line.uses);
            own.iter().for_each(|(_, place)| self.uses.change(*place, 0, 0));
        }
    }
}

/// Uses by what decides whether they have a mark.
#[derive(Default)]
struct MarkOrder {
    /// In ascending order.
    uses: Vec<(u64, usize)>,
    /// How many have the mark.
    passed: usize,
}

impl MarkOrder {
    fn of<K: Ord>(lines: &mut BTreeMap<K, Self>, key: K) -> &mut Self {
        lines.entry(key).or_default()
    }

    /// Marks the uses below `limit`, and no others.
    fn go_to(&mut self, limit: u64, mark: u8, marked: &mut Marked<'_>) {
        let passed = self.uses.partition_point(|(at, _)| *at < limit);
        let (from, until) = (self.passed.min(passed), self.passed.max(passed));
        let (set, clear) = if passed > self.passed { (mark, 0) } else { (0, mark) };
        let between = self.uses.get(from..until).unwrap_or_default();
        between.iter().for_each(|(_, place)| marked.change(*place, set, clear));
        self.passed = passed;
    }
}

/// The uses of a pass with their marks.
struct Marked<'a> {
    uses: &'a [PlacedUse],
    marks: Vec<u8>,
    /// The gate that knows.
    gate: Option<GateId>,
    /// What it knows.
    tally: Tally,
}

impl Marked<'_> {
    fn change(&mut self, place: usize, set: u8, clear: u8) {
        let (Some(placed), Some(marks)) = (self.uses.get(place), self.marks.get_mut(place)) else { return };
        let used = &placed.redeemed.used;
        *marks = (*marks | set) & !clear;
        let learnt =
            if Some(used.gate) == self.gate { *marks & WRITTEN != 0 } else { *marks & (SEALED | OVER) == SEALED };
        let annulled = Some(used.gate) == self.gate && *marks & ANNULLED != 0;
        let knows = learnt && !annulled && *marks & TAKEN_BACK == 0;
        if knows == (*marks & KNOWN != 0) {
            return;
        }
        *marks ^= KNOWN;
        if knows { self.tally.insert(used) } else { self.tally.remove(used) }
    }
}
