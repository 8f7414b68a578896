//! Single rules of the language, told as what happens to a holder.

use super::samples::*;
use super::*;
use crate::time::UnixTime;

use QuotaKey::{Shared, Venue};
use QuotaPeriod::{Day, Life, Month};

#[test]
fn a_distinct_venue_quota_lets_one_come_back() {
    let quotas = vec![quota(2, Unit::Venues, Life, Shared)];
    let mut eva = Holder::of(product(vec![Grant { quotas, ..grant() }]));
    for (number, left) in [(1, 1), (1, 1), (2, 0), (1, 0)] {
        assert_eq!(eva.visit(at(2027, 3, 1, 10, 0), museum(number)).unwrap().uses_left, Some(left));
    }
    assert_eq!(eva.code(at(2027, 3, 1, 11, 0), museum(3)), 92);
}

#[test]
fn before_four_on_workdays_and_not_on_national_day() {
    let mask = Mask {
        blackout: vec![(date(2027, 10, 1), date(2027, 10, 7))],
        weekdays: 0b001_1111,
        hours: Some(HourRange { from: 9 * 3_600, until: 16 * 3_600 }),
    };
    let jin = Holder::of(product(vec![Grant { window: Window { mask, ..window(Validity::Pass) }, ..grant() }]));
    let thursday = |hour, minute| at(2027, 9, 30, hour, minute);
    assert_eq!(jin.code(thursday(9, 0), museum(1)), 0);
    assert_eq!(jin.code(thursday(15, 59), museum(1)), 0);
    let early = jin.ask(thursday(8, 59), museum(1)).unwrap_err();
    assert_eq!(early, Denied::OutsideHours { next: Some(thursday(9, 0)) });
    // The next day is 1 October, and 8 October is a Friday.
    let late = jin.ask(thursday(16, 0), museum(1)).unwrap_err();
    assert_eq!(late, Denied::OutsideHours { next: Some(at(2027, 10, 8, 9, 0)) });
    let holiday = jin.ask(at(2027, 10, 7, 23, 59), museum(1)).unwrap_err();
    assert_eq!(holiday, Denied::Blackout { next: Some(at(2027, 10, 8, 9, 0)) });
    let saturday = jin.ask(at(2027, 10, 9, 10, 0), museum(1)).unwrap_err();
    assert_eq!(saturday, Denied::Blackout { next: Some(at(2027, 10, 11, 9, 0)) });
    let last_day = jin.ask(at(2028, 12, 29, 16, 0), museum(1)).unwrap_err();
    assert_eq!(last_day.next(), None, "Friday 29 December is the last workday of the pass");
}

#[test]
fn one_choice_leaves_another_open() {
    let branch = |group, branch, number| Grant {
        scope: Scope { venues: vec![venue(0, number)], ..Scope::default() },
        choice: Some(Choice { group, branch }),
        ..grant()
    };
    let mut zoe = Holder::of(product(vec![branch(1, 0, 1), branch(1, 1, 2), branch(2, 0, 3), branch(2, 1, 4)]));
    zoe.visit(at(2027, 5, 1, 9, 0), museum(1)).unwrap();
    let closed = |grant| Err(Denied::OtherBranch { grant, next: None });
    assert_eq!(zoe.ask(at(2027, 5, 1, 10, 0), museum(2)), closed(0));
    assert_eq!(zoe.visit(at(2027, 5, 1, 10, 0), museum(4)).unwrap().grant, 3);
    assert_eq!(zoe.ask(at(2027, 5, 1, 11, 0), museum(3)), closed(3));
    assert_eq!(zoe.visit(at(2027, 5, 1, 11, 0), museum(1)).unwrap().grant, 0);
}

#[test]
fn a_pass_is_activated_in_time_or_not_at_all() {
    let deadline = at(2027, 7, 1, 0, 0);
    let validity = Validity::FirstUse { clock: 0, activate_by: Some(until(deadline)), length: days(3) };
    let mut mei = Holder::of(product(vec![Grant { window: window(validity), ..grant() }]));
    let missed = Denied::ActivationMissed { by: deadline, next: None };
    assert_eq!(mei.ask(deadline, museum(1)), Err(missed));
    mei.visit(deadline.saturating_add(-1), museum(1)).unwrap();
    assert_eq!(mei.code(at(2027, 7, 2, 23, 59), museum(1)), 0, "the deadline is for the first use alone");
    assert_eq!(mei.code(at(2027, 7, 3, 0, 0), museum(1)), 61);
}

#[test]
fn a_deadline_counts_from_the_start_of_the_pass() {
    let within = |length| Validity::FirstUse { clock: 0, activate_by: Some(length), length: days(3) };
    let sold = |time, validity| {
        let mut holder = Holder::of(product(vec![Grant { window: window(validity), ..grant() }]));
        holder.pass.not_before = time;
        holder.pass.expires = at(2030, 1, 1, 0, 0);
        holder
    };
    let by = |holder: &Holder, by: UnixTime| {
        assert_eq!(holder.code(by.saturating_add(-1), museum(1)), 0);
        assert_eq!(holder.ask(by, museum(1)), Err(Denied::ActivationMissed { by, next: None }));
    };
    by(&sold(at(2027, 3, 15, 11, 0), within(months(12))), at(2028, 3, 15, 0, 0));
    by(&sold(at(2028, 2, 29, 11, 0), within(months(12))), at(2029, 3, 1, 0, 0));
    by(&sold(at(2027, 12, 31, 23, 58), within(days(1))), at(2028, 1, 1, 0, 0));
    by(&sold(at(2028, 2, 28, 11, 0), within(hours(48))), at(2028, 3, 1, 11, 0));
    let first_of_two = Length { until: Some(at(2027, 4, 1, 0, 0)), ..months(12) };
    by(&sold(at(2027, 3, 15, 11, 0), within(first_of_two)), at(2027, 4, 1, 0, 0));
    let mut night = sold(at(2027, 3, 15, 4, 58), within(days(1)));
    night.product.grants[0].window.day_start = 5 * 3_600;
    by(&night, at(2027, 3, 15, 5, 0));

    // Nothing is known of the pass: nothing is counted from its start, a date for all still holds.
    let unknown = sold(UnixTime::MIN, within(months(12)));
    assert_eq!(unknown.code(at(2029, 12, 31, 0, 0), museum(1)), 0);
    by(&sold(UnixTime::MIN, within(first_of_two)), at(2027, 4, 1, 0, 0));
}

#[test]
fn being_over_is_told_before_a_missed_activation() {
    let validity = Validity::FirstUse { clock: 0, activate_by: Some(months(1)), length: days(3) };
    let mut ivy = Holder::of(product(vec![Grant { window: window(validity), ..grant() }]));
    ivy.usage.insert(used(9, 1, at(2027, 5, 1, 9, 0)));
    let by = at(2027, 2, 1, 0, 0);
    assert_eq!(ivy.ask(at(2027, 5, 3, 9, 0), museum(1)), Err(Denied::ActivationMissed { by, next: None }));
    let over = at(2027, 5, 4, 0, 0);
    assert_eq!(ivy.ask(over, museum(1)), Err(Denied::Expired { at: over, next: None }));
}

#[test]
fn months_and_years_begin_with_their_first_service_day() {
    for (period, last, first) in
        [(Month, (2028, 2, 29), (2028, 3, 1)), (QuotaPeriod::Year, (2027, 12, 31), (2028, 1, 1))]
    {
        let window = Window { day_start: 5 * 3_600, ..window(Validity::Pass) };
        let quotas = vec![quota(1, Unit::Entries, period, Shared)];
        let mut ned = Holder::of(product(vec![Grant { quotas, window, ..grant() }]));
        ned.visit(at(last.0, last.1, last.2, 5, 0), museum(1)).unwrap();
        let begins = at(first.0, first.1, first.2, 5, 0);
        let night = ned.ask(begins.saturating_add(-1), museum(1)).unwrap_err();
        assert_eq!((night.code(), night.next()), (92, Some(begins)), "{period:?}");
        assert_eq!(ned.code(begins, museum(1)), 0, "{period:?}");
    }
}

#[test]
fn quotas_start_anew_at_midnight_and_on_the_first() {
    let quotas = vec![quota(1, Unit::Entries, Day, Venue), quota(2, Unit::Days, Month, Shared)];
    let mut noa = Holder::of(product(vec![Grant { quotas, ..grant() }]));
    noa.visit(at(2028, 2, 28, 10, 0), museum(1)).unwrap();
    let again = noa.ask(at(2028, 2, 28, 23, 59), museum(1)).unwrap_err();
    assert_eq!((again.code(), again.next()), (90, Some(at(2028, 2, 29, 0, 0))));
    noa.visit(at(2028, 2, 29, 0, 0), museum(1)).unwrap();
    let both = noa.ask(at(2028, 2, 29, 10, 0), museum(1)).unwrap_err();
    assert_eq!((both.code(), both.next()), (90, Some(at(2028, 3, 1, 0, 0))));
    assert_eq!(noa.code(at(2028, 3, 1, 0, 0), museum(1)), 0);

    let quotas = vec![quota(1, Unit::Entries, Day, Shared), quota(2, Unit::Entries, Month, Shared)];
    let mut ola = Holder::of(product(vec![Grant { quotas, ..grant() }]));
    ola.visit(at(2027, 1, 30, 10, 0), museum(1)).unwrap();
    let today = ola.ask(at(2027, 1, 30, 11, 0), museum(2)).unwrap_err();
    assert_eq!((today.code(), today.next()), (91, Some(at(2027, 1, 31, 0, 0))));
    ola.visit(at(2027, 1, 31, 10, 0), museum(1)).unwrap();
    let month = ola.ask(at(2027, 1, 31, 11, 0), museum(2)).unwrap_err();
    assert_eq!((month.code(), month.next()), (92, Some(at(2027, 2, 1, 0, 0))), "not: come back tomorrow");

    let quotas = vec![quota(1, Unit::Entries, Day, Shared), quota(1, Unit::Entries, QuotaPeriod::Year, Venue)];
    let mut pru = Holder::of(product(vec![Grant { quotas, ..grant() }]));
    pru.visit(at(2027, 1, 1, 10, 0), museum(1)).unwrap();
    let year = pru.ask(at(2027, 1, 1, 11, 0), museum(1)).unwrap_err();
    assert_eq!((year.code(), year.next()), (90, Some(at(2028, 1, 1, 0, 0))));
}

#[test]
fn a_use_learnt_later_counts_whenever_it_was() {
    let quotas = vec![quota(1, Unit::Entries, Life, Shared)];
    let mut pia = Holder::of(product(vec![Grant { quotas, ..grant() }]));
    pia.usage.insert(used(9, 1, at(2027, 6, 1, 9, 0)));
    let denied = pia.ask(at(2027, 5, 1, 9, 0), museum(1)).unwrap_err();
    assert_eq!(denied.code(), 92);

    let mut quy = Holder::of(product(vec![Grant { window: first_use(0, hours(24)), ..grant() }]));
    quy.usage.insert(used(9, 1, at(2027, 6, 1, 9, 0)));
    let earlier = quy.ask(at(2027, 5, 1, 9, 0), museum(1)).unwrap();
    assert_eq!(earlier.valid_until, at(2027, 5, 2, 9, 0), "then this visit is the first use");
}

#[test]
fn of_uses_at_one_moment_the_same_one_is_told_whoever_wrote_it() {
    let moment = at(2027, 5, 1, 9, 0);
    let branch = |branch| Grant {
        quotas: vec![quota(1, Unit::Entries, Life, Shared)],
        choice: Some(Choice { group: 1, branch }),
        ..grant()
    };
    let ask = |number: u16, uses: [Use; 2]| {
        let mut ren = Holder::of(product(vec![branch(0), branch(1), branch(2)]));
        ren.usage = uses.into_iter().collect();
        ren.ask(at(2027, 5, 2, 9, 0), museum(number)).unwrap_err()
    };
    let of = |gate, grant, number| Use { grant, venue: venue(0, number), ..used(gate, 1, moment) };
    let other = Denied::OtherBranch { grant: 1, next: None };
    assert_eq!(ask(1, [of(1, 1, 1), of(2, 2, 2)]), other);
    assert_eq!(ask(1, [of(2, 1, 1), of(1, 2, 2)]), other);
    let last = Some(LastUse { time: moment, venue: venue(0, 2) });
    let spent = Denied::TotalQuota(Spent { limit: 1, used: 2, last, next: None });
    assert_eq!(ask(1, [of(1, 0, 1), of(2, 0, 2)]), spent);
    assert_eq!(ask(1, [of(2, 0, 1), of(1, 0, 2)]), spent);
}

#[test]
fn the_failure_that_came_furthest_is_told() {
    let soon = Validity::Fixed { from: at(2027, 8, 1, 0, 0), until: at(2027, 9, 1, 0, 0) };
    let over = Validity::Fixed { from: at(2027, 1, 1, 0, 0), until: at(2027, 2, 1, 0, 0) };
    let ria = Holder::of(product(vec![
        Grant { scope: Scope { categories: vec![9], ..Scope::default() }, ..grant() },
        Grant { window: window(over), ..grant() },
        Grant { window: window(soon), ..grant() },
    ]));
    let from = at(2027, 8, 1, 0, 0);
    assert_eq!(ria.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::NotYetValid { from, next: Some(from) }));
    assert_eq!(ria.code(at(2027, 10, 1, 9, 0), museum(1)), 61);
}

#[test]
fn until_five_in_the_morning_after_the_last_day() {
    let window = Window { day_start: 5 * 3_600, ..first_use(0, days(3)) };
    let quotas = vec![quota(2, Unit::Days, Life, Shared)];
    let mut kim = Holder::of(product(vec![Grant { quotas, window, ..grant() }]));
    let first = kim.visit(at(2027, 5, 1, 22, 0), museum(1)).unwrap();
    assert_eq!((first.uses_left, first.valid_until), (Some(1), at(2027, 5, 4, 5, 0)));
    let night = kim.visit(at(2027, 5, 2, 4, 59), museum(2)).unwrap();
    assert_eq!(night.uses_left, Some(1), "the night is still the first day");
    assert_eq!(kim.visit(at(2027, 5, 4, 4, 59), museum(1)).unwrap().uses_left, Some(0));
    assert_eq!(kim.code(at(2027, 5, 4, 5, 0), museum(1)), 61);
    assert_eq!(kim.code(at(2027, 5, 2, 12, 0), museum(1)), 92, "two days of three");
    let evening = HourRange { from: 18 * 3_600, until: 26 * 3_600 };
    kim.product.grants[0].window.mask.hours = Some(evening);
    kim.usage = Usage::new();
    assert_eq!(kim.code(at(2027, 5, 2, 1, 59), museum(1)), 0);
    let closed = kim.ask(at(2027, 5, 2, 2, 0), museum(1)).unwrap_err();
    assert_eq!(closed, Denied::OutsideHours { next: Some(at(2027, 5, 2, 18, 0)) });
}

#[test]
fn a_day_that_another_clock_counted_already_is_the_next_one() {
    let quotas = vec![quota(2, Unit::Days, Month, Shared)];
    let mut liv = Holder::of(product(vec![Grant { quotas, ..grant() }]));
    liv.visit(at(2028, 2, 10, 10, 0), museum(1)).unwrap();
    liv.visit(at(2028, 2, 20, 10, 0), museum(1)).unwrap();
    let before = liv.ask(at(2028, 2, 15, 10, 0), museum(2)).unwrap_err();
    assert_eq!((before.code(), before.next()), (92, Some(at(2028, 2, 20, 0, 0))));
    let after = liv.ask(at(2028, 2, 21, 10, 0), museum(2)).unwrap_err();
    assert_eq!((after.code(), after.next()), (92, Some(at(2028, 3, 1, 0, 0))));
    // One day more than the limit counts: none of them lets anybody in again.
    liv.usage.insert(used(1, 9, at(2028, 2, 25, 10, 0)));
    let over = liv.ask(at(2028, 2, 15, 10, 0), museum(2)).unwrap_err();
    assert_eq!((over.code(), over.next()), (92, Some(at(2028, 3, 1, 0, 0))));
}

#[test]
fn the_forest_or_the_studio() {
    let branch = |branch, number, limit| Grant {
        scope: Scope { venues: vec![venue(0, number)], ..Scope::default() },
        quotas: vec![quota(limit, Unit::Entries, Life, Shared)],
        choice: Some(Choice { group: 1, branch }),
        ..grant()
    };
    let mut lin = Holder::of(product(vec![branch(0, 1, 5), branch(1, 2, 1)]));
    assert_eq!(lin.code(at(2027, 5, 1, 9, 0), museum(2)), 0);
    lin.visit(at(2027, 5, 1, 9, 0), museum(1)).unwrap();
    assert_eq!(lin.ask(at(2027, 5, 1, 10, 0), museum(2)), Err(Denied::OtherBranch { grant: 0, next: None }));
    assert_eq!(lin.visit(at(2027, 5, 1, 10, 0), museum(1)).unwrap().uses_left, Some(3));
    let gate = lin.usage.uses()[0].gate;
    lin.usage.annul(gate, 0);
    assert_eq!(lin.code(at(2027, 5, 1, 11, 0), museum(2)), 72, "the second entry stands");
    lin.usage.annul(gate, 1);
    assert_eq!(lin.code(at(2027, 5, 1, 11, 0), museum(2)), 0, "nothing was used after all");
    // Two gates that did not know of each other admitted to both: neither branch is given again.
    lin.usage.insert(used(8, 1, at(2027, 5, 2, 9, 0)));
    lin.usage.insert(Use { grant: 1, venue: venue(0, 2), ..used(9, 1, at(2027, 5, 2, 9, 1)) });
    assert_eq!(lin.code(at(2027, 5, 2, 10, 0), museum(1)), 72);
    assert_eq!(lin.code(at(2027, 5, 2, 10, 0), museum(2)), 72);
}
