//! Real passes, told as what happens to their holders.

use super::samples::*;
use super::*;
use crate::time::UnixTime;

use Period::{Day, Life, Month};
use QuotaKey::{Shared, Venue};

fn once_per_venue() -> Vec<Quota> {
    vec![quota(1, Unit::Entries, Life, Venue)]
}

#[test]
fn paris_museum_pass_of_48_hours() {
    let mut ann =
        Holder::of(product(vec![Grant { quotas: once_per_venue(), window: first_use(0, hours(48)), ..grant() }]));
    let first = ann.visit(at(2027, 5, 1, 16, 0), museum(1)).unwrap();
    assert_eq!((first.due_fen, first.uses_left, first.valid_until), (0, None, at(2027, 5, 3, 16, 0)));
    let again = ann.ask(at(2027, 5, 1, 17, 0), museum(1)).unwrap_err();
    let last = Some(LastUse { time: at(2027, 5, 1, 16, 0), venue: museum(1).id });
    assert_eq!(again, Denied::VenueQuota(Spent { limit: 1, used: 1, last, next: None }));
    let last_second = at(2027, 5, 3, 16, 0).saturating_add(-1);
    assert_eq!(ann.code(last_second, museum(2)), 0);
    let over = ann.ask(at(2027, 5, 3, 16, 0), museum(2)).unwrap_err();
    assert_eq!(over, Denied::Expired { at: at(2027, 5, 3, 16, 0), next: None });
}

#[test]
fn paris_museum_pass_of_two_days() {
    let mut ann =
        Holder::of(product(vec![Grant { quotas: once_per_venue(), window: first_use(0, days(2)), ..grant() }]));
    let first = ann.visit(at(2028, 2, 28, 23, 59), museum(1)).unwrap();
    assert_eq!(first.valid_until, at(2028, 3, 1, 0, 0), "a leap day is a day");
    assert_eq!(ann.code(at(2028, 2, 29, 23, 59), museum(2)), 0);
    assert_eq!(ann.code(at(2028, 3, 1, 0, 0), museum(2)), 61);
}

#[test]
fn i_amsterdam_has_a_clock_for_each_part() {
    let part = |clock, category, quotas| Grant {
        scope: Scope { categories: vec![category], ..Scope::default() },
        quotas,
        window: first_use(clock, hours(24)),
        ..grant()
    };
    let mut bea = Holder::of(product(vec![
        part(0, 1, once_per_venue()),
        part(1, 2, vec![]),
        part(2, 3, vec![quota(1, Unit::Entries, Life, Shared)]),
    ]));
    let tram = VenueFacts { category: 2, ..museum(20) };
    let (cruise, other_cruise) = (VenueFacts { category: 3, ..museum(30) }, VenueFacts { category: 3, ..museum(31) });
    bea.visit(at(2027, 5, 1, 10, 0), museum(1)).unwrap();
    let ride = bea.visit(at(2027, 5, 2, 9, 0), tram).unwrap();
    assert_eq!((ride.grant, ride.valid_until), (1, at(2027, 5, 3, 9, 0)));
    assert_eq!(bea.code(at(2027, 5, 2, 11, 0), museum(2)), 61, "the museums are over");
    assert_eq!(bea.code(at(2027, 5, 3, 8, 0), tram), 0, "the tram is not");
    assert_eq!(bea.visit(at(2027, 6, 1, 9, 0), cruise).unwrap().uses_left, Some(0), "nor is the cruise");
    assert_eq!(bea.code(at(2027, 6, 1, 10, 0), other_cruise), 92, "one cruise, at whichever quay");
}

#[test]
fn museumkaart_for_good_and_for_five_visits() {
    let mut cas = Holder::of(product(vec![grant()]));
    for day in 1..29 {
        assert_eq!(cas.visit(at(2027, 2, day, 10, 0), museum(1)).unwrap().uses_left, None);
    }
    assert_eq!(cas.visit(at(2028, 12, 31, 23, 59), museum(1)).unwrap().valid_until, cas.pass.expires);
    assert_eq!(cas.code(at(2029, 1, 1, 0, 0), museum(1)), 61);
    assert_eq!(cas.code(at(2026, 12, 31, 23, 59), museum(1)), 60);

    let five = quota(5, Unit::Entries, Life, Shared);
    let mut tim = Holder::of(product(vec![Grant { quotas: vec![five], window: first_use(0, days(31)), ..grant() }]));
    for (visit, left) in (1..=5).zip([4, 3, 2, 1, 0]) {
        assert_eq!(tim.visit(at(2027, 5, visit, 10, 0), museum(1)).unwrap().uses_left, Some(left));
    }
    assert_eq!(tim.code(at(2027, 5, 6, 10, 0), museum(2)), 92);
}

#[test]
fn go_city_explorer_is_n_of_m_within_sixty_days() {
    let scope = Scope { venues: (1..=6).map(|n| venue(0, n)).collect(), ..Scope::default() };
    let quotas = vec![quota(1, Unit::Entries, Life, Venue), quota(3, Unit::Venues, Life, Shared)];
    let mut dan = Holder::of(product(vec![Grant { scope, quotas, window: first_use(0, days(60)), ..grant() }]));
    assert_eq!(dan.visit(at(2027, 3, 1, 10, 0), museum(6)).unwrap().uses_left, Some(2));
    assert_eq!(dan.visit(at(2027, 3, 9, 10, 0), museum(2)).unwrap().uses_left, Some(1));
    assert_eq!(dan.code(at(2027, 3, 9, 11, 0), museum(2)), 90);
    assert_eq!(dan.code(at(2027, 3, 9, 11, 0), museum(7)), 70);
    assert_eq!(dan.code(at(2027, 4, 30, 0, 0), museum(1)), 61, "1 March is day 1, 29 April day 60");
    assert_eq!(dan.visit(at(2027, 4, 29, 23, 59), museum(1)).unwrap().uses_left, Some(0));
    assert_eq!(dan.code(at(2027, 4, 29, 23, 59), museum(4)), 92);
}

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
fn roma_pass_has_two_free_and_the_rest_at_half_price() {
    let three_days = first_use(0, days(3));
    let free = vec![quota(1, Unit::Entries, Life, Venue), quota(2, Unit::Venues, Life, Shared)];
    let mut fay = Holder::of(product(vec![
        Grant { quotas: free, window: three_days.clone(), ..grant() },
        Grant { price: Price::Off(5_000), window: three_days, ..grant() },
    ]));
    let odd = VenueFacts { reference_fen: 1_501, ..museum(3) };
    let prices = [(museum(1), 0, 0), (museum(1), 1, 5_000), (museum(2), 0, 0), (odd, 1, 750)];
    for (hour, (museum, grant, due_fen)) in (10..).zip(prices) {
        let entitled = fay.visit(at(2027, 5, 1, hour, 0), museum).unwrap();
        assert_eq!((entitled.grant, entitled.due_fen), (grant, due_fen), "half of 15.01 yuan is 7.50");
    }
    let last = fay.visit(at(2027, 5, 3, 23, 0), museum(4)).unwrap();
    assert_eq!((last.grant, last.valid_until), (1, at(2027, 5, 4, 0, 0)), "both tiers run on one clock");
    assert_eq!(fay.code(at(2027, 5, 4, 0, 0), museum(4)), 61);
}

#[test]
fn suzhou_garden_card_shares_a_hundred_visits() {
    let half_year = Validity::Fixed { from: at(2027, 1, 1, 0, 0), until: at(2027, 7, 1, 0, 0) };
    let quotas = vec![quota(100, Unit::Entries, Life, Shared)];
    let mut gao = Holder::of(product(vec![Grant { quotas, window: window(half_year), ..grant() }]));
    for visit in 0..100u16 {
        let time = at(2027, 1, 1, 9, 0).saturating_add(i64::from(visit) * 86_400);
        assert_eq!(gao.visit(time, museum(visit % 7)).unwrap().uses_left, Some(99 - u32::from(visit)));
    }
    assert_eq!(gao.code(at(2027, 6, 30, 23, 59), museum(1)), 92);
    assert_eq!(gao.code(at(2027, 7, 1, 0, 0), museum(1)), 61, "being over comes before being used up");
}

#[test]
fn hangzhou_park_card_is_not_for_leifeng() {
    let leifeng = venue(2, 9);
    let scope = Scope { members: vec![city(2)], except: vec![leifeng], ..Scope::default() };
    let hui = Holder::of(product(vec![Grant { scope, ..grant() }]));
    let park = |id| VenueFacts { id, ..museum(0) };
    assert_eq!(hui.code(at(2027, 5, 1, 9, 0), park(venue(2, 8))), 0);
    assert_eq!(hui.ask(at(2027, 5, 1, 9, 0), park(leifeng)), Err(Denied::VenueNotCovered));
    assert_eq!(hui.code(at(2027, 5, 1, 9, 0), park(venue(1, 8))), 70);
    let tour = VenueFacts { service: 3, ..park(venue(2, 8)) };
    assert_eq!(hui.ask(at(2027, 5, 1, 9, 0), tour), Err(Denied::ServiceNotCovered));
}

#[test]
fn a_residents_card_is_for_residents() {
    let mut card = product(vec![
        Grant { holders: vec![2], ..grant() },
        Grant { price: Price::Fixed(1_000), scope: Scope { categories: vec![1], ..Scope::default() }, ..grant() },
    ]);
    card.holders = vec![1, 2];
    let mut ida = Holder::of(card);
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::HolderNotEligible { class: 0 }));
    ida.pass.holder_class = 1;
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), museum(1)).unwrap().due_fen, 1_000);
    let garden = VenueFacts { category: 5, ..museum(1) };
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), garden), Err(Denied::HolderNotEligible { class: 1 }));
    ida.pass.holder_class = 2;
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), garden).unwrap().due_fen, 0);
}

#[test]
fn a_family_card_admits_four() {
    let quotas = vec![quota(10, Unit::Entries, Life, Shared)];
    let mut card = product(vec![Grant { quotas, price: Price::Fixed(500), ..grant() }]);
    card.party_max = 4;
    let mut family = Holder::of(card);
    family.party = 5;
    assert_eq!(family.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::PartyTooLarge { max: 4 }));
    family.party = 4;
    let all = family.visit(at(2027, 5, 1, 9, 0), museum(1)).unwrap();
    assert_eq!((all.due_fen, all.uses_left), (2_000, Some(9)), "four pay, one entry is used");
    family.party = 0;
    assert_eq!(family.ask(at(2027, 5, 1, 9, 0), museum(1)).unwrap().due_fen, 500, "nobody pays as one");
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
fn two_months_or_until_the_end_of_march() {
    let length = Length { months: Some(2), until: Some(at(2028, 4, 1, 0, 0)), ..Length::default() };
    let grutto = || Holder::of(product(vec![Grant { window: first_use(0, length), ..grant() }]));
    let end = |first: UnixTime| grutto().ask(first, museum(1)).unwrap().valid_until;
    assert_eq!(end(at(2027, 6, 15, 12, 0)), at(2027, 8, 15, 0, 0));
    assert_eq!(end(at(2027, 12, 31, 12, 0)), at(2028, 3, 1, 0, 0), "to the last of February, a leap year's too");
    assert_eq!(end(at(2027, 12, 29, 12, 0)), at(2028, 2, 29, 0, 0), "there is a 29 February: to its eve");
    assert_eq!(end(at(2028, 2, 1, 0, 0)), at(2028, 4, 1, 0, 0));
    assert_eq!(end(at(2028, 3, 30, 12, 0)), at(2028, 4, 1, 0, 0));
    assert_eq!(grutto().code(at(2028, 4, 1, 0, 0), museum(1)), 61);
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

    let quotas = vec![quota(1, Unit::Entries, Day, Shared), quota(1, Unit::Entries, Period::Year, Venue)];
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
