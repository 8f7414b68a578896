//! The ordinary visits of the day: who goes where when, so that the rules admit every one of them
//! at a gate that knows only what it can know.

use crate::day::{Arrival, OPENING, SYNCS, clock, window};
use crate::products::Kind;
use crate::world::{World, at};
use onecard::id::GateId;
use onecard::product::{Usage, Use, Visit, entitle};
use onecard::time::UnixTime;
use onecard_testkit::chance::Dice;

/// Nobody sees more than this many venues in a day.
const MOST: u32 = 12;
/// From this size on, visitors who come to one gate in the same half minute are decided on together.
const CROWD: u32 = 50_000;

/// Plans about `visits` visits, pass by pass. The plan is the only thing of the day that is held in
/// memory as a whole: 12 bytes for each visit.
pub(crate) fn plan(world: &World, offline: usize, visits: u32) -> Vec<Arrival> {
    let grid = if visits >= CROWD { 30 } else { 1 };
    let mut arrivals = Vec::with_capacity(visits as usize);
    for number in 0..world.passes {
        let left = visits - arrivals.len() as u32;
        let share = left.div_ceil(world.passes - number);
        let mut dice = world.seed.dice("itinerary", number.into());
        let want = (share / 2 + dice.below(share + 2)).min(MOST).min(left);
        let mut trip = Trip { world, offline, number, dice, usage: Usage::new(), grid };
        trip.go(want, &mut arrivals);
    }
    arrivals
}

/// One holder's day.
struct Trip<'w> {
    world: &'w World,
    offline: usize,
    number: u32,
    dice: Dice,
    usage: Usage,
    grid: u32,
}

impl Trip<'_> {
    fn go(&mut self, want: u32, arrivals: &mut Vec<Arrival>) {
        let kind = self.world.kind(self.number);
        let mut city = kind.city();
        let mut time = clock(8, 0) + self.dice.below(clock(9, 30) - clock(0, 0) - want * 1_800);
        let (mut done, mut tries) = (0, 0);
        while done < want && tries < want * 4 {
            tries += 1;
            if kind.everywhere() && self.dice.below(5) == 0 {
                city = self.dice.below(4) as usize;
                time += 3_600;
            }
            let place = self.dice.pick(&self.world.cities[city].gates);
            time = open(time - time % self.grid);
            if time >= clock(20, 0) {
                return;
            }
            let party = if kind == Kind::Family { 2 + self.dice.below(3) as u8 } else { 1 };
            if self.visit(place, time, party, done) {
                arrivals.push(Arrival { at: time, pass: self.number, gate: place as u16, party, step: 0 });
                done += 1;
                time += 1_200 + self.dice.below(2_400);
            }
        }
    }

    /// Whether the visit is covered, and by the same grant for one who knows every use of the pass
    /// and for the gate. Then it is remembered.
    fn visit(&mut self, place: usize, time: u32, party: u8, index: u32) -> bool {
        let (gate, venue) = (self.world.gates[place].id, self.world.gates[place].venue);
        let since = if place == self.offline { moment(OPENING) } else { moment(last_sync(time)) };
        let known: Usage =
            self.usage.uses().iter().copied().filter(|used| used.gate == gate || used.time < since).collect();
        let visit = Visit { time: moment(time), venue, party };
        let (product, facts) = (self.world.product(self.number), self.world.facts(self.number));
        let decide = |usage| entitle(product, &facts, usage, &visit).ok().map(|entitled| entitled.grant);
        match (decide(&self.usage), decide(&known)) {
            (Some(grant), Some(same)) if grant == same => {
                self.usage.insert(used(gate, index, &visit, grant));
                true
            }
            _ => false,
        }
    }
}

fn used(gate: GateId, index: u32, visit: &Visit, grant: u8) -> Use {
    let (time, venue, service) = (visit.time, visit.venue.id, visit.venue.service);
    Use { time, gate, index: index.into(), venue, service, grant, party: visit.party }
}

/// A second of the service day.
fn moment(second: u32) -> UnixTime {
    at(10, 1, 0, 0).saturating_add(second.into())
}

/// The last sync before a second of the day.
fn last_sync(second: u32) -> u32 {
    match window(second).checked_sub(1) {
        Some(before) => SYNCS[before],
        None => OPENING,
    }
}

/// The first second from `second` on at which gates are not busy with a sync, on any grid.
fn open(second: u32) -> u32 {
    match SYNCS.iter().find(|&&sync| sync <= second && second < sync + crate::day::PAUSE) {
        Some(sync) => sync + crate::day::PAUSE,
        None => second,
    }
}
