//! Tests of `validate.rs`.

use super::super::HourRange;
use super::super::samples::{
    any_time, at, city, config, date, days, first_use, grant, hours, months, product, quota, until, venue, window,
};
use super::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn fault(edit: impl FnOnce(&mut Grant)) -> Option<GrantFault> {
    let mut wrong = Grant { scope: Scope { categories: vec![9], ..Scope::default() }, ..grant() };
    edit(&mut wrong);
    match product(vec![grant_of_another_service(), wrong]).validate() {
        Err(ProductError::Grant { grant: 1, fault }) => Some(fault),
        other => other.map_or_else(|error| panic!("{error}"), |()| None),
    }
}

fn grant_of_another_service() -> Grant {
    Grant { service: 9, ..grant() }
}

#[test]
fn scopes_say_something_and_say_it_once() {
    let scope = |scope: Scope| fault(|grant| grant.scope = scope);
    let (none, named) = (Scope::default, || Scope { venues: vec![venue(0, 1)], ..Scope::default() });
    assert_eq!(scope(named()), None);
    assert_eq!(scope(none()), Some(GrantFault::ScopeEmpty));
    assert_eq!(scope(Scope { except: vec![venue(0, 1)], ..none() }), Some(GrantFault::ScopeEmpty));
    assert_eq!(scope(Scope { all: true, ..named() }), Some(GrantFault::ScopeContradiction));
    assert_eq!(scope(Scope { except: vec![venue(0, 2)], ..named() }), Some(GrantFault::ScopeContradiction));
    let both = Scope { categories: vec![1], except: vec![venue(0, 1)], ..named() };
    assert_eq!(scope(both), Some(GrantFault::ScopeContradiction));
    assert_eq!(scope(Scope { categories: vec![2, 1], ..none() }), Some(GrantFault::Order));
    assert_eq!(scope(Scope { members: vec![city(1), city(1)], ..none() }), Some(GrantFault::Order));
    let long = (0..=MAX_LIST as u16).map(|number| venue(0, number)).collect();
    assert_eq!(scope(Scope { venues: long, ..none() }), Some(GrantFault::TooLong));
    let longest = (0..MAX_LIST as u16).map(|number| venue(0, number)).collect();
    assert_eq!(scope(Scope { venues: longest, ..none() }), None);
}

#[test]
fn quotas_limit_something() {
    use {QuotaKey as K, QuotaPeriod as P, Unit as U};
    let of = |quotas: &[Quota]| fault(|grant| grant.quotas = quotas.to_vec());
    let one = |limit, unit, period, key| of(&[quota(limit, unit, period, key)]);
    assert_eq!(one(0, U::Entries, P::Life, K::Shared), Some(GrantFault::QuotaZero));
    assert_eq!(one(1, U::Venues, P::Life, K::Venue), Some(GrantFault::QuotaMeaningless));
    assert_eq!(one(1, U::Days, P::Day, K::Shared), Some(GrantFault::QuotaMeaningless));
    assert_eq!(one(31, U::Days, P::Month, K::Shared), Some(GrantFault::QuotaMeaningless));
    assert_eq!(one(30, U::Days, P::Month, K::Venue), None);
    assert_eq!(one(366, U::Days, P::Year, K::Shared), Some(GrantFault::QuotaMeaningless));
    assert_eq!(one(3, U::Venues, P::Day, K::Shared), None);
    let (a, b) = (quota(1, U::Entries, P::Life, K::Shared), quota(2, U::Entries, P::Life, K::Shared));
    assert_eq!(of(&[a, b]), Some(GrantFault::Order), "two limits of one kind contradict each other");
}

#[test]
fn a_quota_that_another_one_ends_before_is_refused() {
    use {QuotaKey as K, QuotaPeriod as P, Unit as U};
    let of = |a: Quota, b: Quota| fault(|grant| grant.quotas = vec![a, b]);
    let life = |limit| quota(limit, U::Entries, P::Life, K::Shared);
    let meaningless = Some(GrantFault::QuotaMeaningless);
    for later in [
        quota(5, U::Entries, P::Life, K::Venue),
        quota(5, U::Entries, P::Day, K::Shared),
        quota(6, U::Entries, P::Year, K::Venue),
        quota(5, U::Venues, P::Life, K::Shared),
        quota(5, U::Days, P::Month, K::Venue),
    ] {
        assert_eq!(of(life(5), later), meaningless, "five in all: {later:?}");
        assert_eq!(of(life(7), later), None, "seven in all: {later:?}");
    }
    let (month, year) = (quota(3, U::Days, P::Month, K::Shared), quota(3, U::Days, P::Year, K::Shared));
    assert_eq!(of(month, year), meaningless, "three days of a year are three of its months too");
    assert_eq!(of(month, Quota { limit: 4, ..year }), None);
    let day = quota(3, U::Entries, P::Day, K::Shared);
    assert_eq!(of(day, quota(3, U::Venues, P::Life, K::Shared)), None, "a day is not a life");
    assert_eq!(of(quota(1, U::Entries, P::Life, K::Venue), quota(3, U::Venues, P::Life, K::Shared)), None);
}

#[test]
fn windows_hold_some_moment() {
    let of = |window: Window| fault(|grant| grant.window = window);
    let fixed = |from, until| window(Validity::Fixed { from, until });
    let (may, june) = (at(2027, 5, 1, 0, 0), at(2027, 6, 1, 0, 0));
    assert_eq!(of(fixed(may, june)), None);
    assert_eq!(of(fixed(may, may)), Some(GrantFault::WindowEmpty));
    assert_eq!(of(fixed(june, may)), Some(GrantFault::WindowEmpty));
    let rests = |blackout| Window { mask: Mask { blackout, ..Mask::default() }, ..fixed(may, june) };
    assert_eq!(of(rests(vec![(date(2027, 4, 1), date(2027, 5, 31))])), Some(GrantFault::WindowEmpty));
    assert_eq!(of(rests(vec![(date(2027, 4, 1), date(2027, 5, 30))])), None);
    // 1 and 2 May 2027 are a weekend.
    let mut workdays = fixed(may, at(2027, 5, 3, 0, 0));
    workdays.mask.weekdays = 0x1f;
    assert_eq!(of(workdays.clone()), Some(GrantFault::WindowEmpty));
    workdays.mask.weekdays = 0x20;
    assert_eq!(of(workdays), None);

    let by = |activate_by, length| window(Validity::FirstUse { clock: 0, activate_by: Some(activate_by), length });
    assert_eq!(of(by(until(june), until(may))), Some(GrantFault::WindowContradiction));
    assert_eq!(of(by(until(may), until(june))), None);
    assert_eq!(of(by(months(12), until(may))), None, "the year runs from a sale that may be long ago");
    assert_eq!(of(by(until(UnixTime::MIN), days(1))), Some(GrantFault::WindowEmpty));
    assert_eq!(of(Window { day_start: 86_400, ..window(Validity::Pass) }), Some(GrantFault::DayStart));
}

#[test]
fn each_part_of_a_length_can_end_it() {
    let of = |length| fault(|grant| grant.window = first_use(0, length));
    for length in [Length::default(), hours(0), days(0), days(MAX_DAYS + 1), months(0), months(MAX_MONTHS + 1)] {
        assert_eq!(of(length), Some(GrantFault::Length), "{length:?}");
        let validity = Validity::FirstUse { clock: 0, activate_by: Some(length), length: days(1) };
        assert_eq!(fault(|grant| grant.window = window(validity)), Some(GrantFault::Length), "{length:?}");
    }
    let both = |hours, days| of(Length { hours: Some(hours), days: Some(days), ..Length::default() });
    assert_eq!(both(48, 2), Some(GrantFault::LengthIdle), "the second day is never longer than 48 hours");
    assert_eq!((both(47, 2), both(25, 2)), (None, None));
    assert_eq!(both(24, 2), Some(GrantFault::LengthIdle), "24 hours are always over on the second day");
    let both = |days, months| of(Length { days: Some(days), months: Some(months), ..Length::default() });
    assert_eq!(both(27, 1), Some(GrantFault::LengthIdle));
    assert_eq!((both(29, 1), both(30, 1)), (None, None));
    assert_eq!(both(32, 1), Some(GrantFault::LengthIdle));
    assert_eq!(of(Length { hours: Some(24), ..months(1) }), Some(GrantFault::LengthIdle));
}

#[test]
fn masks_are_in_order() {
    let of = |mask: Mask| fault(|grant| grant.window.mask = mask);
    let (one, two, three) = (date(2027, 5, 1), date(2027, 5, 2), date(2027, 5, 3));
    let blackout = |blackout| of(Mask { blackout, ..Mask::default() });
    assert_eq!(blackout(vec![(one, one), (three, three)]), None);
    assert_eq!(blackout(vec![(one, one), (two, three)]), Some(GrantFault::Blackout), "one range in two parts");
    assert_eq!(blackout(vec![(two, one)]), Some(GrantFault::Blackout));
    assert_eq!(blackout(vec![(Date::from_days(-1), one)]), Some(GrantFault::Blackout));
    assert_eq!(blackout(vec![(one, Date::from_days(i32::MAX))]), Some(GrantFault::Blackout));
    let every_other = |count: i32| (0..count).map(|at| one.plus_days(2 * at)).map(|day| (day, day)).collect();
    let most = MAX_BLACKOUTS as i32;
    assert_eq!(blackout(every_other(most)), None);
    assert_eq!([most + 1, most + 2].map(|count| blackout(every_other(count))), [Some(GrantFault::TooLong); 2]);
    assert_eq!(of(Mask { weekdays: 0, ..Mask::default() }), Some(GrantFault::Weekdays));
    assert_eq!(of(Mask { weekdays: 0x80, ..Mask::default() }), Some(GrantFault::Weekdays));
    let hours = |from, until| of(Mask { hours: Some(HourRange { from, until }), ..Mask::default() });
    assert_eq!(hours(0, 86_400), None);
    assert_eq!(hours(0, 86_401), Some(GrantFault::Hours), "past the end of the service day");
    assert_eq!(hours(64_800, 7_200), Some(GrantFault::Hours));
    assert_eq!(hours(9, 9), Some(GrantFault::Hours));
}

#[test]
fn prices_have_one_form() {
    let of = |price| fault(|grant| grant.price = price);
    for price in [Price::Fixed(0), Price::Fixed(MAX_FEN + 1), Price::Off(0), Price::Off(10_000)] {
        assert_eq!(of(price), Some(GrantFault::Price), "{price:?}");
    }
    assert_eq!(of(Price::Fixed(MAX_FEN)), None);
    assert_eq!((Price::Off(1_000).fen(999), Price::Off(9_999).fen(9_999), Price::Off(1).fen(1)), (899, 0, 0));
    assert!(MAX_FEN.checked_mul(u32::from(u8::MAX)).is_some());
}

#[test]
fn a_grant_fits_its_product() {
    let choice = |branch| Some(Choice { group: 1, branch });
    assert_eq!(fault(|grant| grant.choice = choice(0)), Some(GrantFault::ChoiceOfOne));
    let mut narrow = product(vec![Grant { holders: vec![2], ..grant() }]);
    narrow.holders = vec![1];
    assert_eq!(narrow.validate(), Err(ProductError::Grant { grant: 0, fault: GrantFault::Holders }));
}

/// Whether the second grant is called unreachable because of the first, and the first one beside it.
fn shadowed(earlier: Grant, later: Grant, holders: &[u8]) -> bool {
    let service = [grant_of_another_service(), earlier, later];
    let product = Product { holders: holders.to_vec(), ..product(service.to_vec()) };
    match product.validate() {
        Ok(()) => false,
        Err(ProductError::Grant { grant: 2, fault: GrantFault::Unreachable { by: 1 } }) => true,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_grant_is_reached_by_some_visit() {
    let reached = |earlier, later| !shadowed(earlier, later, &[]);
    let limited = Grant { quotas: vec![quota(1, Unit::Entries, QuotaPeriod::Life, QuotaKey::Shared)], ..grant() };
    assert!(!reached(grant(), grant()));
    assert!(!reached(grant(), Grant { price: Price::Fixed(1), ..limited.clone() }));
    assert!(reached(limited, grant()));
    assert!(reached(grant(), Grant { service: 1, ..grant() }));
    let classes = |holders: &[u8]| Grant { holders: holders.to_vec(), ..grant() };
    assert!(!reached(classes(&[1, 2]), classes(&[2])));
    assert!(reached(classes(&[1]), classes(&[1, 2])));
    assert!(reached(classes(&[1]), grant()));
    assert!(shadowed(classes(&[1, 2]), grant(), &[1, 2]), "nobody else comes so far");
    assert!(!shadowed(classes(&[1, 2]), grant(), &[1, 2, 3]));
}

#[test]
fn a_scope_within_another_is_not_reached() {
    let reached = |wide: &Scope, narrow: &Scope| {
        let scope = |scope: &Scope| Grant { scope: scope.clone(), ..grant() };
        !shadowed(scope(wide), scope(narrow), &[])
    };
    let all = Scope { all: true, ..Scope::default() };
    let members = |members: &[u8]| Scope { members: members.iter().map(|&m| city(m)).collect(), ..Scope::default() };
    let categories = |categories: &[u8]| Scope { categories: categories.to_vec(), ..Scope::default() };
    let venues = |venues: &[u16]| Scope { venues: venues.iter().map(|&n| venue(0, n)).collect(), ..Scope::default() };
    let but = |scope: Scope, number| Scope { except: vec![venue(0, number)], ..scope };
    for narrow in [all.clone(), members(&[0]), categories(&[1]), venues(&[1]), but(all.clone(), 1)] {
        assert!(!reached(&all, &narrow), "{narrow:?}");
        assert_eq!(reached(&but(all.clone(), 1), &narrow), narrow.except.is_empty(), "{narrow:?}");
    }
    assert!(!reached(&members(&[0, 1]), &members(&[1])));
    assert!(reached(&members(&[0]), &members(&[0, 1])));
    assert!(!reached(&members(&[0]), &venues(&[1, 2])), "they are venues of the member");
    assert!(reached(&members(&[1]), &venues(&[1])));
    assert!(reached(&categories(&[1]), &venues(&[1])), "the catalogue says whether it is of the category");
    assert!(!reached(&categories(&[1, 2]), &categories(&[2])));
    assert!(reached(&categories(&[1]), &categories(&[1, 2])));
    assert!(!reached(&venues(&[1, 2]), &venues(&[2])));
    assert!(reached(&venues(&[1]), &venues(&[1, 2])));
    assert!(reached(&but(members(&[0]), 1), &venues(&[1, 2])));
    assert!(!reached(&but(members(&[0]), 1), &venues(&[2, 3])));
    assert!(!reached(&but(members(&[0, 1]), 1), &members(&[1])), "the exception is of the other member");
    assert!(reached(&but(all.clone(), 1), &categories(&[2])), "the exception may be of the category");
    assert!(!reached(&but(all.clone(), 1), &but(categories(&[2]), 1)));
}

#[test]
fn a_window_within_another_is_not_reached() {
    let reached = |wide: &Window, narrow: &Window| {
        let during = |window: &Window| Grant { window: window.clone(), ..grant() };
        !shadowed(during(wide), during(narrow), &[])
    };
    let pass = window(Validity::Pass);
    let fixed =
        |from, until| window(Validity::Fixed { from: at(2027, from, 1, 0, 0), until: at(2027, until, 1, 0, 0) });
    let within = |activate_by, length| window(Validity::FirstUse { clock: 0, activate_by, length });
    for narrow in [&pass, &fixed(1, 2), &first_use(0, days(1)), &Window { day_start: 1, ..pass.clone() }] {
        assert!(!reached(&pass, narrow), "{narrow:?}");
    }
    assert!(reached(&fixed(1, 2), &pass));
    assert!(reached(&first_use(0, days(9)), &pass));
    assert!(!reached(&fixed(1, 4), &fixed(2, 3)));
    assert!(reached(&fixed(2, 4), &fixed(1, 3)) && reached(&fixed(1, 2), &fixed(1, 3)));
    assert!(!reached(&first_use(0, days(3)), &first_use(0, days(3))));
    assert!(!reached(&first_use(0, days(3)), &first_use(0, Length { hours: Some(60), ..days(3) })));
    assert!(reached(&first_use(0, days(3)), &first_use(0, days(4))));
    assert!(reached(&first_use(0, days(3)), &first_use(1, days(3))), "another clock");
    assert!(reached(&first_use(0, days(3)), &first_use(0, hours(3))), "shorter, but by another measure");
    assert!(reached(&first_use(0, days(3)), &Window { day_start: 18_000, ..first_use(0, days(3)) }));
    assert!(reached(&within(Some(months(1)), days(3)), &within(None, days(3))));
    assert!(!reached(&within(Some(months(2)), days(3)), &within(Some(months(1)), days(3))));
    assert!(reached(&within(Some(months(1)), days(3)), &within(Some(months(2)), days(3))));

    let masked = |mask: Mask| Window { mask, ..pass.clone() };
    let weekdays = |weekdays| masked(Mask { weekdays, ..Mask::default() });
    assert!(!reached(&weekdays(0x1f), &weekdays(0x03)));
    assert!(reached(&weekdays(0x1f), &weekdays(0x21)) && reached(&weekdays(0x1f), &pass));
    let open = |from, until| masked(Mask { hours: Some(HourRange { from, until }), ..Mask::default() });
    assert!(!reached(&open(9, 17), &open(10, 17)));
    assert!(reached(&open(9, 17), &open(8, 17)) && reached(&open(9, 17), &open(9, 18)));
    assert!(reached(&open(9, 17), &pass));
    let closed =
        |first, last| masked(Mask { blackout: vec![(date(2027, 5, first), date(2027, 5, last))], ..Mask::default() });
    assert!(!reached(&closed(2, 3), &closed(1, 3)));
    assert!(reached(&closed(1, 3), &closed(2, 3)) && reached(&closed(1, 3), &pass));
    assert!(reached(&weekdays(0x1f), &Window { day_start: 1, ..weekdays(0x1f) }), "its days are others");
}

#[test]
fn a_branch_shadows_its_own_only() {
    let branch = |branch, number| Grant {
        choice: Some(Choice { group: 1, branch }),
        scope: Scope { venues: vec![venue(0, number)], ..Scope::default() },
        ..grant()
    };
    let of = |grants: [Grant; 3]| product(grants.to_vec()).validate();
    let unreachable = |by| Err(ProductError::Grant { grant: 2, fault: GrantFault::Unreachable { by } });
    assert_eq!(of([branch(0, 1), branch(1, 2), branch(0, 1)]), unreachable(0));
    assert_eq!(of([branch(0, 1), branch(1, 2), branch(1, 1)]), Ok(()));
    assert_eq!(of([branch(0, 1), branch(1, 2), Grant { choice: None, ..branch(0, 1) }]), Ok(()));
    assert_eq!(of([branch(0, 1), Grant { choice: None, ..branch(0, 2) }, branch(1, 2)]), unreachable(1));
}

#[test]
fn products_are_named_and_bounded() {
    let wrong = |edit: fn(&mut Product)| {
        let mut wrong = product(vec![grant()]);
        edit(&mut wrong);
        wrong.validate().unwrap_err()
    };
    assert_eq!(wrong(|product| product.name_zh = String::new()), ProductError::Name);
    assert_eq!(wrong(|product| product.name_zh = "卡".repeat(22)), ProductError::Name);
    assert_eq!(wrong(|product| product.name_en = "a\u{1b}b".to_owned()), ProductError::Name);
    assert_eq!(wrong(|product| product.grants.clear()), ProductError::GrantCount);
    assert_eq!(wrong(|product| product.grants = vec![grant(); MAX_GRANTS + 1]), ProductError::GrantCount);
    let services = (0..MAX_GRANTS as u8).map(|service| Grant { service, ..grant() }).collect();
    let longest = Product { name_zh: "卡".repeat(21) + "1", ..product(services) };
    assert_eq!((longest.name_zh.len(), longest.validate()), (MAX_NAME, Ok(())));
    assert_eq!(wrong(|product| product.party_max = 0), ProductError::PartyMax);
    assert_eq!(wrong(|product| product.holders = vec![2, 1]), ProductError::Holders);
    assert_eq!(wrong(|product| product.settlement.price_fen = MAX_FEN + 1), ProductError::Settlement);
    for rate in [Rate::Share(0), Rate::Share(10_001), Rate::PerUse(0), Rate::PerUse(MAX_FEN + 1)] {
        let settlement = Settlement { price_fen: 0, method: Method::Contracted(rate) };
        assert_eq!(settlement.validate(), Err(ProductError::Settlement), "{rate:?}");
    }
}

proptest! {
    #![proptest_config(config(6, 1_024))]

    #[test]
    fn a_part_called_idle_never_ends_a_length(
        hours in option::of(1..800u16), days in option::of(1..70u16), months in option::of(1..3u16),
        starts in vec(any_time(), 40), day_start in select(vec![0u32, 18_000, 86_399]),
    ) {
        let whole = Length { hours, days, months, until: None };
        let ends = |length: Length| starts.iter().map(|start| length.end(*start, day_start)).collect::<Vec<_>>();
        let without =
            [Length { hours: None, ..whole }, Length { days: None, ..whole }, Length { months: None, ..whole }];
        match whole.validate() {
            Err(GrantFault::LengthIdle) => {
                let idle = |part: &Length| *part != whole && ends(*part) == ends(whole);
                prop_assert!(without.iter().any(idle));
            }
            other => prop_assert_eq!(other.is_err(), whole == Length::default()),
        }
    }
}
