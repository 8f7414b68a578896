//! Tests of `entitle.rs`.

use super::super::samples::{
    any_product, any_relatives, any_time, any_uses, any_visit, at, config, date, days, first_use, grant, product,
    quota, used, window,
};
use super::super::{Choice, GrantFault, HourRange, Mask, Price, ProductError, Use, Window};
use super::*;
use crate::wire::cbor::{Decoder, Encoder};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn pass() -> PassFacts {
    PassFacts { not_before: at(2028, 2, 25, 0, 0), expires: at(2029, 1, 1, 0, 0), holder_class: 0 }
}

fn clock(product: &Product, grant: u8) -> Option<(u8, Option<Length>)> {
    match product.grants[usize::from(grant)].window.validity {
        Validity::FirstUse { clock, activate_by, .. } => Some((clock, activate_by)),
        _ => None,
    }
}

#[test]
fn the_ends_of_the_range_are_decided_too() {
    let length = Length { hours: Some(u16::MAX), days: Some(u16::MAX), months: Some(u16::MAX), until: None };
    let wild = Grant { window: first_use(0, length), price: Price::Off(u16::MAX), ..grant() };
    let mut wild = product(vec![wild; 300]);
    wild.grants[0].window.day_start = u32::MAX;
    wild.grants[0].window.mask.weekdays = 0xff;
    wild.party_max = u8::MAX;
    let facts = VenueFacts { id: super::super::samples::venue(0, 0), category: 0, reference_fen: u32::MAX, service: 0 };
    for time in [UnixTime::MIN, UnixTime::MAX, UnixTime::MAX.saturating_add(-1)] {
        let pass = PassFacts { not_before: UnixTime::MIN, expires: UnixTime::MAX, holder_class: 0 };
        let visit = Visit { time, venue: facts, party: u8::MAX };
        assert_eq!(entitle(&wild, &pass, &Usage::new(), &visit).is_ok(), time < UnixTime::MAX);
        wild.grants[0].price = Price::Free;
    }
    let dear = product(vec![Grant { price: Price::Fixed(u32::MAX), window: first_use(0, days(1)), ..grant() }]);
    let visit = Visit { time: at(2028, 3, 1, 0, 0), venue: facts, party: 1 };
    assert_eq!(entitle(&dear, &pass(), &Usage::new(), &visit).map(|entitled| entitled.due_fen), Ok(u32::MAX));
}

fn denied(grants: Vec<Grant>, uses: &[Use], now: UnixTime) -> Denied {
    let facts = VenueFacts { id: super::super::samples::venue(0, 1), category: 0, reference_fen: 4_000, service: 0 };
    let visit = Visit { time: now, venue: facts, party: 1 };
    entitle(&product(grants), &pass(), &uses.iter().copied().collect(), &visit).unwrap_err()
}

#[test]
fn what_is_told_is_when_nothing_stands_against_it_any_more() {
    let now = at(2028, 3, 1, 12, 0);
    let closed = Mask { blackout: vec![(date(2028, 3, 2), date(2028, 3, 3))], ..Mask::default() };
    for (key, period) in [(QuotaKey::Shared, QuotaPeriod::Day), (QuotaKey::Venue, QuotaPeriod::Day)] {
        let window = Window { mask: closed.clone(), ..grant().window };
        let once = Grant { quotas: vec![quota(1, Unit::Entries, period, key)], window, ..grant() };
        let next = denied(vec![once], &[used(1, 1, at(2028, 3, 1, 9, 0))], now).next();
        assert_eq!(next, Some(at(2028, 3, 4, 0, 0)), "{key:?}: on the two days before it is closed");
    }
}

#[test]
fn of_two_that_came_as_far_the_first_is_told() {
    let now = at(2028, 3, 1, 12, 0);
    let uses = [used(1, 1, at(2028, 3, 1, 9, 0)), used(1, 2, at(2028, 3, 1, 10, 0))];
    let limit = |denied: Denied| match denied {
        Denied::VenueQuota(spent) | Denied::TotalQuota(spent) | Denied::DayQuota(spent) => spent.limit,
        other => panic!("{other:?}"),
    };
    let of = |limit, period| quota(limit, Unit::Entries, period, QuotaKey::Venue);
    let both = |quotas: Vec<Quota>| limit(denied(vec![Grant { quotas, ..grant() }], &uses, now));
    assert_eq!(both(vec![of(1, QuotaPeriod::Day), of(2, QuotaPeriod::Month)]), 1);
    assert_eq!(both(vec![of(2, QuotaPeriod::Day), of(1, QuotaPeriod::Month)]), 2);
    let until = |day| Grant { window: window(Validity::Fixed { from: pass().not_before, until: day }), ..grant() };
    let days = [at(2028, 2, 27, 0, 0), at(2028, 2, 28, 0, 0)];
    for [first, second] in [days, [days[1], days[0]]] {
        assert_eq!(denied(vec![until(first), until(second)], &[], now), Denied::Expired { at: first, next: None });
    }
}

/// Visits by times that matter, to meet few times often.
fn any_visits() -> impl Strategy<Value = Vec<Visit>> {
    vec(any_visit(), 24)
}

/// An unlimited grant and a later one that validation finds within it.
fn any_shadowed() -> impl Strategy<Value = Product> {
    any_relatives().prop_filter_map("must be unreachable", |(earlier, later)| {
        let branch = |branch| Grant { service: 9, choice: Some(Choice { group: 1, branch }), ..grant() };
        let earlier = Grant { quotas: Vec::new(), ..earlier };
        let shadowed = product(vec![branch(0), branch(1), earlier, later]);
        let fault = GrantFault::Unreachable { by: 2 };
        (shadowed.validate() == Err(ProductError::Grant { grant: 3, fault })).then_some(shadowed)
    })
}

/// A grant that nobody validated, made of the ends of every range.
fn any_wild_grant() -> impl Strategy<Value = Grant> {
    let number = || select(vec![0u16, 1, u16::MAX - 1, u16::MAX]);
    let time = || select(vec![UnixTime::MIN, UnixTime::MAX, at(2028, 2, 29, 23, 59)]);
    let second = || select(vec![0u32, 86_399, 86_400, u32::MAX]);
    let date = || select(vec![i32::MIN, -1, 0, 21_244, 2_932_897, i32::MAX]).prop_map(Date::from_days);
    let length = move || {
        (option::of(number()), option::of(number()), option::of(number()), option::of(time()))
            .prop_map(|(hours, days, months, until)| Length { hours, days, months, until })
    };
    let validity = prop_oneof![
        Just(Validity::Pass),
        (time(), time()).prop_map(|(from, until)| Validity::Fixed { from, until }),
        (any::<u8>(), option::of(length()), length()).prop_map(|(clock, activate_by, length)| Validity::FirstUse {
            clock,
            activate_by,
            length
        }),
    ];
    let hours = option::of((second(), second()).prop_map(|(from, until)| HourRange { from, until }));
    let mask = (vec((date(), date()), 0..3), any::<u8>(), hours);
    let window = (validity, mask, second()).prop_map(|(validity, (blackout, weekdays, hours), day_start)| Window {
        validity,
        mask: Mask { blackout, weekdays, hours },
        day_start,
    });
    let price = prop_oneof![number().prop_map(Price::Off), second().prop_map(Price::Fixed), Just(Price::Free)];
    let limits = vec(number(), 0..2);
    (any_relatives(), window, price, limits).prop_map(|((_, wild), window, price, limits)| {
        let quota = |limit| Quota { limit, unit: Unit::Days, period: QuotaPeriod::Year, key: QuotaKey::Shared };
        let quotas = limits.into_iter().map(quota).chain(wild.quotas).collect();
        Grant { quotas, window, price, ..wild }
    })
}

proptest! {
    #![proptest_config(config(5, 256))]

    #[test]
    fn a_grant_called_unreachable_never_decides(
        product in any_shadowed(), uses in any_uses(6), visits in any_visits(), holder_class in 0..2u8,
    ) {
        let pass = PassFacts { holder_class, ..pass() };
        let usage: Usage = uses.into_iter().collect();
        for visit in visits {
            let visit = Visit { party: 1, ..visit };
            let decision = entitle(&product, &pass, &usage, &visit);
            prop_assert!(decision.is_err() || decision.is_ok_and(|entitled| entitled.grant < 3), "{decision:?}");
        }
    }

    #[test]
    fn a_quota_called_meaningless_limits_nothing(
        (one, other) in any_relatives(), uses in any_uses(8), visits in any_visits(),
    ) {
        let mut quotas = [&one.quotas[..], &other.quotas[..]].concat();
        quotas.sort_by_key(|quota| (quota.unit, quota.period, quota.key));
        quotas.dedup_by_key(|quota| (quota.unit, quota.period, quota.key));
        let usage: Usage = uses.into_iter().collect();
        let with = |quotas: &[Quota]| product(vec![Grant { quotas: quotas.to_vec(), ..grant() }]);
        let meaningless = ProductError::Grant { grant: 0, fault: GrantFault::QuotaMeaningless };
        match with(&quotas).validate() {
            Ok(()) => return Ok(()),
            refused => prop_assert_eq!(refused, Err(meaningless)),
        }
        let answers = |quotas: &[Quota]| {
            let product = with(quotas);
            let of = |visit: &Visit| Visit { venue: VenueFacts { service: 0, ..visit.venue }, party: 1, ..*visit };
            visits.iter().map(|visit| entitle(&product, &pass(), &usage, &of(visit)).is_ok()).collect::<Vec<_>>()
        };
        let without = |index| [&quotas[..index], &quotas[index + 1..]].concat();
        prop_assert!((0..quotas.len()).any(|index| answers(&without(index)) == answers(&quotas)));
    }
}

proptest! {
    #![proptest_config(config(2, 512))]

    #[test]
    fn more_usage_never_opens_a_gate(
        product in any_product(), uses in any_uses(10), known in 0usize..10, visit in any_visit(),
    ) {
        let all: Usage = uses.iter().copied().collect();
        let some: Usage = uses.iter().take(known).copied().collect();
        if let (Err(_), Ok(entitled)) =
            (entitle(&product, &pass(), &some, &visit), entitle(&product, &pass(), &all, &visit))
        {
            // Only one thing can be learnt in a holder's favour: that a clock was started in time.
            let started = clock(&product, entitled.grant).filter(|(_, activate_by)| activate_by.is_some());
            let (number, _) = started.expect("a grant with an activation deadline");
            let case = Case { product: &product, pass: &pass(), usage: &some, visit: &visit };
            let before = case.first_use(number).filter(|first| *first <= visit.time);
            prop_assert_eq!(before, None);
        }
    }

    #[test]
    fn what_is_next_is_covered_and_nothing_before_it_is(
        product in any_product(), uses in any_uses(10), visit in any_visit(), part in 0..1_000i64,
    ) {
        let usage: Usage = uses.into_iter().collect();
        let later = |time| entitle(&product, &pass(), &usage, &Visit { time, ..visit });
        if let Err(denied) = later(visit.time) {
            let end = denied.next().unwrap_or(pass().expires);
            prop_assert!(denied.next().is_none_or(|next| next > visit.time && later(next).is_ok()));
            let between = visit.time.saturating_add(end.since(visit.time) * part / 1_000);
            prop_assert!(between >= end || later(between).is_err());
            prop_assert!(end <= visit.time || later(end.saturating_add(-1)).is_err());
        }
    }

    #[test]
    fn a_recorded_visit_takes_what_was_told(product in any_product(), uses in any_uses(6), visit in any_visit()) {
        let mut usage: Usage = uses.into_iter().collect();
        if let Ok(first) = entitle(&product, &pass(), &usage, &visit) {
            prop_assert!(visit.time < first.valid_until);
            usage.insert(Use {
                time: visit.time,
                gate: crate::id::GateId { member: visit.venue.id.member, number: 99 },
                index: 99,
                venue: visit.venue.id,
                service: visit.venue.service,
                grant: first.grant,
                party: visit.party,
            });
            if let Ok(second) = entitle(&product, &pass(), &usage, &visit) {
                prop_assert!(second.grant >= first.grant);
                if second.grant == first.grant {
                    prop_assert!(second.uses_left <= first.uses_left);
                    prop_assert_eq!(second.valid_until, first.valid_until);
                }
            }
            let after = Visit { time: first.valid_until, ..visit };
            let grant = &product.grants[usize::from(first.grant)];
            let case = Case { product: &product, pass: &pass(), usage: &usage, visit: &after };
            let over = case.pass(after.time).and_then(|()| case.grant(first.grant, grant, after.time));
            prop_assert!(over.is_err(), "not over at {:?}", after.time);
        }
    }

    #[test]
    fn who_wrote_down_a_use_does_not_matter(
        product in any_product(), visit in any_visit(), uses in any_uses(8), time in any_time(), turn in 1usize..8,
    ) {
        // Half of the uses at one moment; among these the gates and indices go round.
        let mut uses = uses;
        uses.iter_mut().step_by(2).for_each(|used| used.time = time);
        let names: Vec<_> = uses.iter().step_by(2).map(Use::key).collect();
        let mut renamed = uses.clone();
        for (used, (gate, index)) in renamed.iter_mut().step_by(2).zip(names.iter().cycle().skip(turn)) {
            (used.gate, used.index) = (*gate, *index);
        }
        let decide = |uses: Vec<Use>| entitle(&product, &pass(), &uses.into_iter().collect(), &visit);
        prop_assert_eq!(decide(renamed), decide(uses));
    }

    #[test]
    fn whatever_is_asked_is_answered(
        grants in vec(any_wild_grant(), 1..4), uses in any_uses(4), ends in any::<[u8; 8]>(),
    ) {
        let time = |end: u8| [UnixTime::MIN, UnixTime::MAX, at(2028, 2, 29, 23, 59)][usize::from(end) % 3];
        let wild = Product { party_max: ends[0], holders: vec![ends[1]], ..product(grants) };
        let uses = uses.into_iter().map(|used| Use { time: time(ends[2]), party: ends[3], ..used });
        let usage: Usage = uses.collect();
        let facts = PassFacts { not_before: time(ends[4]), expires: time(ends[5]), holder_class: ends[1] };
        let number = [0, u16::MAX][usize::from(ends[6] % 2)];
        let id = super::super::samples::venue(0, number);
        let venue = VenueFacts { id, category: ends[6], reference_fen: u32::MAX, service: 0 };
        let visit = Visit { time: time(ends[7]), venue, party: ends[3] };
        if let Err(denied) = entitle(&wild, &facts, &usage, &visit) {
            prop_assert!(denied.next().is_none_or(|next| next > visit.time));
        }
        for index in 0..=u8::MAX {
            let _ = entitle_by(index, &wild, &facts, &usage, &visit);
        }
        let mut encoder = Encoder::new();
        wild.encode(&mut encoder);
        if let Ok(decoded) = Decoder::all(&encoder.finish(), Product::decode) {
            prop_assert_eq!(decoded.validate(), Ok(()));
            prop_assert_eq!(decoded, wild);
        }
    }

    #[test]
    fn the_order_of_learning_does_not_matter(
        product in any_product(), visit in any_visit(), time in any_time(),
        (uses, shuffled) in any_uses(8).prop_flat_map(|uses| (Just(uses.clone()), Just(uses).prop_shuffle())),
    ) {
        let mut one = Usage::new();
        for used in shuffled {
            one.insert(used);
        }
        let other: Usage = uses.into_iter().collect();
        let visit = Visit { time, ..visit };
        prop_assert_eq!(entitle(&product, &pass(), &one, &visit), entitle(&product, &pass(), &other, &visit));
    }
}
