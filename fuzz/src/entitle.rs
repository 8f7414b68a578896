//! `entitle` decides as a slow reading of its documentation does, and keeps its promises: a denied
//! visit is covered at the time it names, and not a use more, known or made, turns a denial into an
//! admission once the clocks run. A grant that validation calls unreachable never decides; and what a gate recorded
//! is reconsidered to what is decided, and to the difference.
//!
//! The input makes a product, a pass, its uses and a visit.

use super::input::Input;
use super::products::{RICH, city, moment, product, venue};
use onecard::gate::{Refusal, Verdict};
use onecard::id::GateId;
use onecard::product::{
    Denied, Entitled, Grant, GrantFault, HourRange, Length, PassFacts, Product, ProductError, QuotaKey, QuotaPeriod,
    Recorded, Unit, Usage, Use, Validity, VenueFacts, Visit, entitle, reconsider,
};
use onecard::time::{Date, UnixTime};
use std::collections::BTreeSet;

/// Inputs drawn from these numbers are in the corpus: every denial, with a next time and without, and admissions by
/// each grant.
pub const DRAWN: [u64; 60] = [
    76, 174, 362, 1_011, 90, 333, 901, 1_311, 124, 179, 253, 255, 559, 1_019, 141, 150, 132, 1_388, 123, 235, 262,
    5_267, 8_929, 300, 454, 33_214, 34_036, 41_556, 54_145, 2_386, 37_285, 1_959, 12_543, 525, 1_067, 39, 65, 598, 662,
    2_001, 4_218, 1_410, 3_616, 6_320, 11_892, 7_825, 24_213, 13_851, 31_038, 495, 1_314, 14_557, 22_342, 197, 375,
    1_370, 200, 1_105, 41_408, 12_786,
];

pub fn run(data: &[u8]) {
    let _ = decide(data);
}

/// What was decided; `None` for a product that must not be published.
pub fn decide(data: &[u8]) -> Option<Result<Entitled, Denied>> {
    let mut input = Input::new(data);
    let product = product(&mut input);
    let pass = PassFacts {
        not_before: match input.byte() % 4 {
            0 | 1 => Date::new(2028, 2, 20).unwrap().start(0),
            2 => UnixTime::MIN,
            _ => moment(&mut input),
        },
        expires: if input.byte() % 4 == 3 { moment(&mut input) } else { UnixTime::MAX },
        holder_class: input.pick(&[0, 1, 200]),
    };
    let at = venue(&mut input);
    let venue = VenueFacts {
        id: at,
        category: input.byte() % 3,
        reference_fen: input.pick(&[10_000, 0, 4_001, 10_000_000]),
        service: input.pick(&[0, 0, 0, 1]),
    };
    let visit = Visit { time: moment(&mut input), venue, party: input.pick(&[1, 0, 1, 1, 2, 4, 255]) };
    let uses: Vec<Use> = input.list(12, |input| used(input, &visit, &product));
    let mut usage: Usage = uses.iter().copied().collect();
    if input.odd() {
        usage.annul(gate(1), 1);
    }
    assert_eq!(usage, usage_backwards(&uses, &usage), "the order of learning matters");

    let decision = entitle(&product, &pass, &usage, &visit);
    if let Err(error) = product.validate() {
        if let ProductError::Grant { grant, fault: GrantFault::Unreachable { by } } = error {
            let decided = decision.is_ok_and(|entitled| usize::from(entitled.grant) == grant);
            assert!(!decided, "by grant {grant}, which {by} takes every visit of: {product:?}\n{pass:?}\n{visit:?}");
        }
        return None;
    }
    let slow = Case { product: &product, pass: &pass, usage: &usage, visit: &visit };
    let decided = decision.map(|entitled| (entitled.grant, entitled.uses_left, entitled.valid_until));
    assert_eq!(
        decided.map_err(|denied| denied.code()),
        slow.decide(),
        "{decision:?}\n{product:?}\n{pass:?}\n{usage:?}\n{visit:?}"
    );
    match decision {
        Ok(entitled) => {
            let price = product.grants[usize::from(entitled.grant)].price.fen(venue.reference_fen);
            assert_eq!(u64::from(entitled.due_fen), u64::from(price) * u64::from(visit.party.max(1)));
            let mut after = usage.clone();
            let (service, grant, party) = (venue.service, entitled.grant, visit.party.max(1));
            after.insert(Use { time: visit.time, gate: gate(9), index: 0, venue: at, service, grant, party });
            let later = Visit { time: entitled.valid_until, ..visit };
            let then = entitle(&product, &pass, &after, &later);
            assert!(then.is_err() || then.is_ok_and(|then| then.grant != grant), "not over at {}", later.time);
        }
        Err(denied) => {
            assert!(!denied.to_string().is_empty());
            let refusal = Refusal::from(denied);
            assert_eq!((refusal.reason.verdict(), refusal.next), (Verdict::Deny, denied.next()), "{denied}");
            if let Some(next) = denied.next() {
                assert!(next > visit.time, "{denied}: next is {next}");
                let at = |time| entitle(&product, &pass, &usage, &Visit { time, ..visit });
                assert!(at(next).is_ok(), "{denied}: not covered at {next}, but {:?}", at(next));
                assert!(at(next.saturating_add(-1)).is_err(), "{denied}: covered before {next} already");
            }
        }
    }

    let recorded = Recorded { grant: input.byte() % 4, due_fen: input.pick(&[0, 500, 5_000, 10_000]) };
    match (reconsider(&product, &pass, &usage, &visit, recorded), decision) {
        (Err(again), Err(denied)) => assert_eq!(again, denied),
        (Ok(None), Ok(entitled)) => {
            assert_eq!(recorded, Recorded { grant: entitled.grant, due_fen: entitled.due_fen });
        }
        (Ok(Some(other)), Ok(entitled)) => {
            assert_eq!(other.entitled, entitled);
            assert_ne!(recorded, Recorded { grant: entitled.grant, due_fen: entitled.due_fen });
            let more = i64::from(entitled.due_fen) - i64::from(recorded.due_fen);
            assert_eq!((i64::from(other.short_fen), i64::from(other.over_fen)), (more.max(0), (-more).max(0)));
        }
        (again, decided) => panic!("{decided:?}, and again {again:?}"),
    }

    let mut more = usage.clone();
    let one = Use { gate: gate(7), ..used(&mut input, &visit, &product) };
    more.insert(one);
    let running = slow.clocks().all(|clock| slow.first_use(clock).is_some_and(|first| first <= one.time));
    if running && decision.is_err() {
        let then = entitle(&product, &pass, &more, &visit);
        assert!(then.is_err(), "denied, but not with {one:?} more: {then:?}\n{product:?}\n{usage:?}\n{visit:?}");
    }
    Some(decision)
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let tail = |bytes: &[u8]| [&RICH[..], bytes].concat();
    vec![
        ("empty", vec![]),
        ("plain", vec![0; 60]),
        ("rich", tail(&[0; 40])),
        ("rich-used", tail(&[0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0])),
        ("not-yet", [&[0; 10][..], &[3, 7, 0, 0, 230, 0, 0], &[0; 30]].concat()),
        ("first-use", [vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], vec![1; 50]].concat()),
    ]
}

fn gate(number: u32) -> GateId {
    GateId { member: city(0), number }
}

fn used(input: &mut Input<'_>, visit: &Visit, product: &Product) -> Use {
    let grants = product.grants.len() as u8;
    Use {
        time: if input.odd() { moment(input) } else { visit.time.saturating_add(input.pick(&[-1, 0, -3_600, 90_000])) },
        gate: gate(u32::from(input.byte() % 3)),
        index: u64::from(input.byte() % 6),
        venue: if input.odd() { venue(input) } else { visit.venue.id },
        service: 0,
        grant: input.byte() % (grants + 1),
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

/// A check that a grant fails: its place in the documented order, and the code of the reason.
type Failure = (usize, u8);

/// The codes of a grant's checks, in the documented order.
const ORDER: [u8; 12] = [70, 71, 73, 72, 61, 62, 60, 80, 81, 92, 90, 91];

const fn fails(code: u8) -> Failure {
    let mut place = 0;
    while ORDER[place] != code {
        place += 1;
    }
    (place, code)
}

impl Case<'_> {
    /// The grant that covers the visit, what is left of it, and when it is over; or the code of the reason.
    fn decide(&self) -> Result<(u8, Option<u32>, UnixTime), u8> {
        let (now, pass) = (self.visit.time, self.pass);
        let checks = [
            (now < pass.not_before, 60),
            (pass.expires <= now, 61),
            (!self.eligible(&self.product.holders), 73),
            (self.product.party_max < self.visit.party, 95),
        ];
        if let Some((_, code)) = checks.into_iter().find(|(failed, _)| *failed) {
            return Err(code);
        }
        let mut furthest = fails(70);
        for (index, grant) in (0..).zip(&self.product.grants) {
            match self.grant(index, grant) {
                Ok((left, end)) => return Ok((index, left, end.min(pass.expires))),
                Err(failure) if failure.0 > furthest.0 => furthest = failure,
                Err(_) => {}
            }
        }
        Err(furthest.1)
    }

    fn grant(&self, index: u8, grant: &Grant) -> Result<(Option<u32>, UnixTime), Failure> {
        let (inside, service) = (self.place(grant), grant.service == self.visit.venue.service);
        let end = self.window(grant);
        let (quotas, left) = self.quotas(index, grant);
        let checks = [
            (!inside).then_some(70),
            (!service).then_some(71),
            (!self.eligible(&grant.holders)).then_some(73),
            (!self.branch(grant)).then_some(72),
            end.err(),
            (!self.day(grant)).then_some(80),
            (!self.hours(grant)).then_some(81),
            quotas,
        ];
        match checks.into_iter().flatten().next() {
            Some(code) => Err(fails(code)),
            None => Ok((left, end.unwrap())),
        }
    }

    fn eligible(&self, classes: &[u8]) -> bool {
        classes.is_empty() || classes.contains(&self.pass.holder_class)
    }

    fn place(&self, grant: &Grant) -> bool {
        let (venue, scope) = (&self.visit.venue, &grant.scope);
        let listed = scope.venues.contains(&venue.id) || scope.categories.contains(&venue.category);
        (scope.all || listed || scope.members.contains(&venue.id.member)) && !scope.except.contains(&venue.id)
    }

    fn branch(&self, grant: &Grant) -> bool {
        let chosen = |used: &Use| self.product.grants.get(usize::from(used.grant))?.choice;
        let Some(choice) = grant.choice else { return true };
        self.usage.uses().iter().filter_map(chosen).all(|other| other.group != choice.group || other == choice)
    }

    /// The end of the window, or the code of the reason.
    fn window(&self, grant: &Grant) -> Result<UnixTime, u8> {
        let (now, start) = (self.visit.time, grant.window.day_start);
        let (from, end, in_time) = match grant.window.validity {
            Validity::Pass => (UnixTime::MIN, self.pass.expires, true),
            Validity::Fixed { from, until } => (from, until, true),
            Validity::FirstUse { clock, activate_by, length } => {
                let first = self.first_use(clock).into_iter().chain([now]).min().unwrap();
                let by = activate_by.and_then(|by| match self.pass.not_before {
                    UnixTime::MIN => by.until,
                    sold => Some(end(by, sold, start)),
                });
                (UnixTime::MIN, end(length, first, start), by.is_none_or(|by| first < by))
            }
        };
        match (now < end, in_time, from <= now) {
            (false, _, _) => Err(61),
            (_, false, _) => Err(62),
            (_, _, false) => Err(60),
            _ => Ok(end),
        }
    }

    fn clocks(&self) -> impl Iterator<Item = u8> {
        self.product.grants.iter().filter_map(clock)
    }

    fn first_use(&self, wanted: u8) -> Option<UnixTime> {
        let starts = |used: &&Use| self.product.grants.get(usize::from(used.grant)).and_then(clock) == Some(wanted);
        self.usage.uses().iter().filter(starts).map(|used| used.time).min()
    }

    fn day(&self, grant: &Grant) -> bool {
        let (mask, day) = (&grant.window.mask, self.visit.time.service_day(grant.window.day_start));
        !mask.blackout.iter().any(|(first, last)| (*first..=*last).contains(&day))
            && mask.weekdays >> day.weekday() & 1 == 1
    }

    fn hours(&self, grant: &Grant) -> bool {
        let day = self.visit.time.service_day(grant.window.day_start);
        let second = self.visit.time.since(day.start(0));
        let open = |hours: HourRange| (i64::from(hours.from)..i64::from(hours.until)).contains(&second);
        grant.window.mask.hours.is_none_or(open)
    }

    /// The code of the most lasting quota that is used up, and what the tightest shared one leaves.
    fn quotas(&self, index: u8, grant: &Grant) -> (Option<u8>, Option<u32>) {
        let day_of = |time: UnixTime| time.service_day(grant.window.day_start);
        let today = day_of(self.visit.time);
        let period = |period, day: Date| {
            let (year, month, _) = day.year_month_day();
            match period {
                QuotaPeriod::Life => (0, 0, 0),
                QuotaPeriod::Year => (year, 0, 0),
                QuotaPeriod::Month => (year, month, 0),
                QuotaPeriod::Day => (0, 0, day.days()),
            }
        };
        let (mut spent, mut left) = (Vec::new(), Vec::new());
        for quota in &grant.quotas {
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
            let limit = usize::from(quota.limit);
            match (quota.key, quota.period) {
                (QuotaKey::Venue, _) if total > limit => spent.push(90),
                (QuotaKey::Shared, QuotaPeriod::Day) if total > limit => spent.push(91),
                (QuotaKey::Shared, _) if total > limit => spent.push(92),
                (QuotaKey::Shared, _) => left.push((limit - total) as u32),
                (QuotaKey::Venue, _) => {}
            }
        }
        (spent.into_iter().min_by_key(|&code| fails(code)), left.into_iter().min())
    }
}

/// The earliest end of the parts of a length.
fn end(length: Length, from: UnixTime, day_start: u32) -> UnixTime {
    let day = from.service_day(day_start);
    let ends = [
        length.hours.map(|hours| from.saturating_add(i64::from(hours) * 3_600)),
        length.days.map(|days| day.plus_days(days.into()).start(day_start)),
        length.months.map(|months| anniversary(day, months).start(day_start)),
        length.until,
    ];
    ends.into_iter().flatten().min().unwrap()
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
