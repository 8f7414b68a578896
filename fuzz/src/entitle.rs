//! `entitle` decides as a slow reading of its documentation does, and keeps its promises: a denied
//! visit is covered at the time it names, and not a use more, known or made, turns a denial into an
//! admission once the clocks run.
//!
//! The input makes a product, a pass, its uses and a visit.

use super::input::Input;
use super::products::{RICH, city, moment, product, venue};
use onecard::id::GateId;
use onecard::product::{
    Grant, PassFacts, Period, Product, QuotaKey, Unit, Usage, Use, Validity, VenueFacts, Visit, entitle,
};
use onecard::time::{Date, UnixTime};
use std::collections::BTreeSet;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let product = product(&mut input);
    let pass = PassFacts {
        not_before: moment(&mut input),
        expires: input.odd().then(|| moment(&mut input)).unwrap_or(UnixTime::MAX),
        holder_class: input.pick(&[0, 1, 200]),
    };
    let at = venue(&mut input);
    let venue = VenueFacts {
        id: at,
        category: input.byte() % 3,
        reference_fen: input.pick(&[10_000, 0, 4_001, 10_000_000]),
        service: input.pick(&[0, 0, 0, 1]),
    };
    let visit = Visit { time: moment(&mut input), venue, party: input.pick(&[1, 0, 2, 4, 255]) };
    let uses: Vec<Use> = input.list(12, used);
    let mut usage: Usage = uses.iter().copied().collect();
    if input.odd() {
        usage.annul(gate(1), 1);
    }
    assert_eq!(usage, usage_backwards(&uses, &usage), "the order of learning matters");

    let decision = entitle(&product, &pass, &usage, &visit);
    if product.validate().is_err() {
        return;
    }
    let slow = Case { product: &product, pass: &pass, usage: &usage, visit: &visit };
    let covering = slow.covering();
    assert_eq!(
        decision.map(|entitled| entitled.grant).ok(),
        covering,
        "{decision:?}\n{product:?}\n{usage:?}\n{visit:?}"
    );
    match decision {
        Ok(entitled) => {
            let price = product.grants[usize::from(entitled.grant)].price.fen(venue.reference_fen);
            assert_eq!(u64::from(entitled.due_fen), u64::from(price) * u64::from(visit.party.max(1)));
            assert!(visit.time < entitled.valid_until && entitled.valid_until <= pass.expires);
            let mut after = usage.clone();
            let (service, grant, party) = (venue.service, entitled.grant, visit.party.max(1));
            after.insert(Use { time: visit.time, gate: gate(9), index: 0, venue: at, service, grant, party });
            let later = Visit { time: entitled.valid_until, ..visit };
            let then = entitle(&product, &pass, &after, &later);
            assert!(then.is_err() || then.is_ok_and(|then| then.grant != grant), "not over at {}", later.time);
        }
        Err(denied) => {
            assert!(!denied.to_string().is_empty() && (60..=95).contains(&denied.code()));
            if let Some(next) = denied.next() {
                assert!(next > visit.time, "{denied}: next is {next}");
                let then = entitle(&product, &pass, &usage, &Visit { time: next, ..visit });
                assert!(then.is_ok(), "{denied}: not covered at {next}, but {then:?}");
            }
        }
    }

    let mut more = usage.clone();
    let one = Use { gate: gate(7), ..used(&mut input) };
    more.insert(one);
    let running = slow.clocks().all(|clock| slow.first_use(clock).is_some_and(|first| first <= one.time));
    if running && decision.is_err() {
        let then = entitle(&product, &pass, &more, &visit);
        assert!(then.is_err(), "denied, but not with {one:?} more: {then:?}\n{product:?}\n{usage:?}\n{visit:?}");
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let tail = |bytes: &[u8]| [&RICH[..], bytes].concat();
    vec![
        ("empty", vec![]),
        ("plain", vec![0; 60]),
        ("rich", tail(&[0; 40])),
        ("rich-used", tail(&[1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 0, 0, 0, 0, 3, 2, 0, 0, 1, 1, 1])),
        ("first-use", [vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], vec![1; 50]].concat()),
    ]
}

fn gate(number: u32) -> GateId {
    GateId { member: city(0), number }
}

fn used(input: &mut Input<'_>) -> Use {
    Use {
        time: moment(input),
        gate: gate(u32::from(input.byte() % 3)),
        index: u64::from(input.byte() % 6),
        venue: venue(input),
        service: 0,
        grant: input.byte() % 5,
        party: 1,
    }
}

fn usage_backwards(uses: &[Use], usage: &Usage) -> Usage {
    let mut other = Usage::new();
    usage.annulled().iter().for_each(|&(gate, index)| assert!(other.annul(gate, index)));
    for used in uses.iter().rev() {
        other.insert(*used);
    }
    other.merge(usage);
    other
}

struct Case<'a> {
    product: &'a Product,
    pass: &'a PassFacts,
    usage: &'a Usage,
    visit: &'a Visit,
}

impl Case<'_> {
    /// The first grant that passes every check.
    fn covering(&self) -> Option<u8> {
        let now = self.visit.time;
        let eligible = |classes: &[u8]| classes.is_empty() || classes.contains(&self.pass.holder_class);
        let good = self.pass.not_before <= now
            && now < self.pass.expires
            && eligible(&self.product.holders)
            && self.visit.party <= self.product.party_max;
        let covers = |(index, grant): &(u8, &Grant)| {
            self.place(grant)
                && eligible(&grant.holders)
                && self.branch(grant)
                && self.window(grant)
                && self.mask(grant)
                && self.quotas(*index, grant)
        };
        (0..).zip(&self.product.grants).find(covers).map(|(index, _)| index).filter(|_| good)
    }

    fn place(&self, grant: &Grant) -> bool {
        let (venue, scope) = (&self.visit.venue, &grant.scope);
        let listed = scope.venues.contains(&venue.id) || scope.categories.contains(&venue.category);
        (scope.all || listed || scope.members.contains(&venue.id.member))
            && !scope.except.contains(&venue.id)
            && grant.service == venue.service
    }

    fn branch(&self, grant: &Grant) -> bool {
        let chosen = |used: &Use| self.product.grants.get(usize::from(used.grant))?.choice;
        let Some(choice) = grant.choice else { return true };
        self.usage.uses().iter().filter_map(chosen).all(|other| other.group != choice.group || other == choice)
    }

    fn window(&self, grant: &Grant) -> bool {
        let now = self.visit.time;
        match grant.window.validity {
            Validity::Pass => true,
            Validity::Fixed { from, until } => from <= now && now < until,
            Validity::FirstUse { clock, activate_by, length } => {
                let first = self.first_use(clock).into_iter().chain([now]).min().unwrap();
                let start = grant.window.day_start;
                let day = first.service_day(start);
                let ends = [
                    length.hours.map(|hours| first.saturating_add(i64::from(hours) * 3_600)),
                    length.days.map(|days| day.plus_days(days.into()).start(start)),
                    length.months.map(|months| anniversary(day, months).start(start)),
                    length.until,
                ];
                activate_by.is_none_or(|by| first < by) && ends.into_iter().flatten().all(|end| now < end)
            }
        }
    }

    fn clocks(&self) -> impl Iterator<Item = u8> {
        self.product.grants.iter().filter_map(clock)
    }

    fn first_use(&self, wanted: u8) -> Option<UnixTime> {
        let starts = |used: &&Use| self.product.grants.get(usize::from(used.grant)).and_then(clock) == Some(wanted);
        self.usage.uses().iter().filter(starts).map(|used| used.time).min()
    }

    fn mask(&self, grant: &Grant) -> bool {
        let (mask, day) = (&grant.window.mask, self.visit.time.service_day(grant.window.day_start));
        let second = self.visit.time.since(day.start(0));
        !mask.blackout.iter().any(|(first, last)| (*first..=*last).contains(&day))
            && mask.weekdays >> day.weekday() & 1 == 1
            && mask.hours.is_none_or(|hours| (i64::from(hours.from)..i64::from(hours.until)).contains(&second))
    }

    fn quotas(&self, index: u8, grant: &Grant) -> bool {
        let day_of = |time: UnixTime| time.service_day(grant.window.day_start);
        let today = day_of(self.visit.time);
        let period = |period, day: Date| {
            let (year, month, _) = day.year_month_day();
            match period {
                Period::Life => (0, 0, 0),
                Period::Year => (year, 0, 0),
                Period::Month => (year, month, 0),
                Period::Day => (0, 0, day.days()),
            }
        };
        grant.quotas.iter().all(|quota| {
            let counted = |used: &&Use| {
                used.grant == index
                    && period(quota.period, day_of(used.time)) == period(quota.period, today)
                    && (quota.key == QuotaKey::Shared || used.venue == self.visit.venue.id)
            };
            let uses = || self.usage.uses().iter().filter(counted);
            let total = match quota.unit {
                Unit::Entries => uses().count() + 1,
                Unit::Venues => {
                    uses().map(|used| used.venue).chain([self.visit.venue.id]).collect::<BTreeSet<_>>().len()
                }
                Unit::Days => uses().map(|used| day_of(used.time)).chain([today]).collect::<BTreeSet<_>>().len(),
            };
            total <= usize::from(quota.limit)
        })
    }
}

fn clock(grant: &Grant) -> Option<u8> {
    match grant.window.validity {
        Validity::FirstUse { clock, .. } => Some(clock),
        _ => None,
    }
}

/// The same day of the month so many months later, or the first day of the month after where that
/// month has no such day.
fn anniversary(day: Date, months: u16) -> Date {
    let (year, month, number) = day.year_month_day();
    let month = i32::from(month) - 1 + i32::from(months);
    let of = |month: i32, number| Date::new(year + month / 12, (month % 12 + 1) as u8, number);
    of(month, number).or_else(|| of(month + 1, 1)).unwrap()
}
