//! Products, uses and visits for the tests of this module.

use super::*;
use crate::id::{GateId, MemberId, ProductRef, VenueId};
use crate::time::{Date, UnixTime};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;

/// The same cases on every run and every machine.
pub(super) fn config(seed: u64, cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..ProptestConfig::default() }
}

pub(super) fn date(year: i32, month: u8, day: u8) -> Date {
    Date::new(year, month, day).unwrap()
}

/// A civil time at UTC+8.
pub(super) fn at(year: i32, month: u8, day: u8, hour: u32, minute: u32) -> UnixTime {
    date(year, month, day).start(hour * 3_600 + minute * 60)
}

pub(crate) fn city(index: u8) -> MemberId {
    crate::id::FOUNDERS[usize::from(index)].id
}

pub(crate) fn venue(member: u8, number: u16) -> VenueId {
    VenueId { member: city(member), number }
}

/// A use of grant 0 at venue 0/1.
pub(super) fn used(gate: u32, index: u64, time: UnixTime) -> Use {
    let gate = GateId { member: city(0), number: gate };
    Use { time, gate, index, venue: venue(0, 1), service: 0, grant: 0, party: 1 }
}

pub(super) fn window(validity: Validity) -> Window {
    Window { validity, mask: Mask::default(), day_start: 0 }
}

pub(super) fn first_use(clock: u8, length: Length) -> Window {
    window(Validity::FirstUse { clock, activate_by: None, length })
}

pub(super) fn hours(hours: u16) -> Length {
    Length { hours: Some(hours), ..Length::default() }
}

pub(super) fn days(days: u16) -> Length {
    Length { days: Some(days), ..Length::default() }
}

pub(super) fn months(months: u16) -> Length {
    Length { months: Some(months), ..Length::default() }
}

/// Just before this moment.
pub(super) fn until(moment: UnixTime) -> Length {
    Length { until: Some(moment), ..Length::default() }
}

pub(super) fn quota(limit: u16, unit: Unit, period: QuotaPeriod, key: QuotaKey) -> Quota {
    Quota { limit, unit, period, key }
}

pub(super) fn everywhere() -> Scope {
    Scope { all: true, ..Scope::default() }
}

/// A free grant of everything, to be narrowed.
pub(super) fn grant() -> Grant {
    Grant {
        scope: everywhere(),
        service: 0,
        quotas: Vec::new(),
        window: window(Validity::Pass),
        price: Price::Free,
        holders: Vec::new(),
        choice: None,
    }
}

pub(super) fn product(grants: Vec<Grant>) -> Product {
    Product {
        id: ProductRef { issuer: city(0), product: 1, version: 1 },
        name_zh: "一卡通".to_owned(),
        name_en: "One card".to_owned(),
        holders: Vec::new(),
        party_max: 1,
        settlement: Settlement { price_fen: 12_000, method: Method::EqualSplit },
        grants,
    }
}

/// Someone with a pass who goes from gate to gate; every gate knows every use.
pub(super) struct Holder {
    pub(super) product: Product,
    pub(super) pass: PassFacts,
    pub(super) usage: Usage,
    pub(super) party: u8,
}

impl Holder {
    /// A pass for all of 2027 and 2028, with a product that must be valid and survive its encoding.
    pub(super) fn of(product: Product) -> Self {
        let mut encoder = crate::wire::cbor::Encoder::new();
        product.encode(&mut encoder);
        let decoded = crate::wire::cbor::Decoder::all(&encoder.finish(), Product::decode);
        assert_eq!(decoded.as_ref(), Ok(&product));
        let pass = PassFacts { not_before: at(2027, 1, 1, 0, 0), expires: at(2029, 1, 1, 0, 0), holder_class: 0 };
        Self { product, pass, usage: Usage::new(), party: 1 }
    }

    /// Asks only.
    pub(super) fn ask(&self, time: UnixTime, venue: VenueFacts) -> Result<Entitled, Denied> {
        entitle(&self.product, &self.pass, &self.usage, &Visit { time, venue, party: self.party })
    }

    /// Asks, and goes in if the gate opens.
    pub(super) fn visit(&mut self, time: UnixTime, venue: VenueFacts) -> Result<Entitled, Denied> {
        let entitled = self.ask(time, venue)?;
        let index = self.usage.uses().len() as u64;
        let gate = GateId { member: venue.id.member, number: u32::from(venue.id.number) };
        let (service, grant, party) = (venue.service, entitled.grant, self.party);
        self.usage.insert(Use { time, gate, index, venue: venue.id, service, grant, party });
        Ok(entitled)
    }

    /// Asks, and gives the reason code: 0 when the gate opens.
    pub(super) fn code(&self, time: UnixTime, venue: VenueFacts) -> u8 {
        self.ask(time, venue).map_or_else(|denied| denied.code(), |_| 0)
    }
}

/// A venue of category 1 with a reference price of 100 yuan.
pub(super) fn museum(number: u16) -> VenueFacts {
    place(1, number)
}

/// A venue with a reference price of 100 yuan.
pub(super) fn place(category: u8, number: u16) -> VenueFacts {
    VenueFacts { id: venue(0, number), category, reference_fen: 10_000, service: 0 }
}

/// Times around a leap day, the end of a month and the start of the next.
pub(crate) fn any_time() -> impl Strategy<Value = UnixTime> {
    let start = at(2028, 2, 24, 0, 0);
    prop_oneof![
        (0..8 * 86_400i64).prop_map(move |second| start.saturating_add(second)),
        (0..90 * 24i64).prop_map(move |hour| start.saturating_add(hour * 3_600 - 1)),
        (0..400i64).prop_map(move |day| start.saturating_add(day * 86_400)),
    ]
}

pub(super) fn any_use() -> impl Strategy<Value = Use> {
    (any_time(), (0..3u32, 0..4u64), (0..2u8, 0..3u16), 0..4u8).prop_map(
        |(time, (gate, index), (member, number), grant)| Use {
            venue: venue(member, number),
            grant,
            ..used(gate, index, time)
        },
    )
}

/// Uses that never meet under one key.
pub(crate) fn any_uses(most: usize) -> impl Strategy<Value = Vec<Use>> {
    vec(any_use(), 0..most).prop_map(|mut uses| {
        uses.iter_mut().zip(0..).for_each(|(entry, index)| entry.index = index);
        uses
    })
}

pub(super) fn any_visit() -> impl Strategy<Value = Visit> {
    (any_time(), (0..2u8, 0..3u16), 0..2u8, 0..3u8).prop_map(|(time, (member, number), service, party)| {
        let service = u8::from(service == 1 && number == 0);
        let facts = VenueFacts { id: venue(member, number), category: number as u8, reference_fen: 3_333, service };
        Visit { time, venue: facts, party }
    })
}

/// Any product that passes validation, over the venues and times above.
pub(crate) fn any_product() -> impl Strategy<Value = Product> {
    let settlement = prop_oneof![
        Just(Method::EqualSplit),
        Just(Method::WeightedPool),
        (1..=10_000u16).prop_map(|points| Method::Contracted(Rate::Share(points))),
        (1..=MAX_FEN).prop_map(|fen| Method::Contracted(Rate::PerUse(fen))),
    ];
    let guards = (subsequence(vec![0u8, 1, 200], 0..3), 1..5u8, settlement, 0..=MAX_FEN);
    (vec(any_grant(), 1..4), guards).prop_filter_map("must be valid", |(grants, guards)| {
        let (holders, party_max, method, price_fen) = guards;
        let valid = Product { holders, party_max, settlement: Settlement { price_fen, method }, ..product(grants) };
        valid.validate().is_ok().then_some(valid)
    })
}

fn any_grant() -> impl Strategy<Value = Grant> {
    let price = prop_oneof![
        2 => Just(Price::Free),
        1 => (1..5_000u32).prop_map(Price::Fixed),
        1 => (1..10_000u16).prop_map(Price::Off),
    ];
    let choice = option::weighted(0.6, (0..2u8).prop_map(|branch| Choice { group: 1, branch }));
    let service = prop_oneof![5 => Just(0u8), 1 => Just(1)];
    let holders = prop_oneof![4 => Just(vec![]), 1 => Just(vec![0u8])];
    (any_scope(), service, any_quotas(), any_window(), price, holders, choice).prop_map(
        |(scope, service, quotas, window, price, holders, choice)| Grant {
            scope,
            service,
            quotas,
            window,
            price,
            holders,
            choice,
        },
    )
}

/// Two grants, the second with any of its parts from the first.
pub(super) fn any_relatives() -> impl Strategy<Value = (Grant, Grant)> {
    (any_grant(), any_grant(), any::<[bool; 9]>()).prop_map(|(one, other, same)| {
        let [scope, service, quotas, validity, mask, day_start, price, holders, choice] =
            same.map(|same| if same { one.clone() } else { other.clone() });
        let window = Window {
            validity: validity.window.validity,
            mask: mask.window.mask,
            day_start: day_start.window.day_start,
        };
        let relative = Grant {
            scope: scope.scope,
            service: service.service,
            quotas: quotas.quotas,
            window,
            price: price.price,
            holders: holders.holders,
            choice: choice.choice,
        };
        (one, relative)
    })
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let venues = vec![venue(0, 0), venue(0, 1), venue(0, 2), venue(1, 0), venue(1, 1)];
    let except = subsequence(venues.clone(), 0..2);
    prop_oneof![
        2 => except.clone().prop_map(|except| Scope { except, ..everywhere() }),
        2 => subsequence(venues, 1..4).prop_map(|venues| Scope { venues, ..Scope::default() }),
        1 => (subsequence(vec![0u8, 1, 2], 1..3), except)
            .prop_map(|(categories, except)| Scope { categories, except, ..Scope::default() }),
        1 => Just(Scope { members: vec![city(0)], ..Scope::default() }),
    ]
}

fn any_quotas() -> impl Strategy<Value = Vec<Quota>> {
    let units = select(vec![Unit::Entries, Unit::Venues, Unit::Days]);
    let periods = select(vec![QuotaPeriod::Life, QuotaPeriod::Day, QuotaPeriod::Month, QuotaPeriod::Year]);
    let keys = select(vec![QuotaKey::Shared, QuotaKey::Venue]);
    vec((1..4u16, units, periods, keys), 0..3).prop_map(|quotas| {
        let mut quotas: Vec<_> = quotas.into_iter().map(|(n, unit, period, key)| quota(n, unit, period, key)).collect();
        quotas.sort_by_key(|quota| (quota.unit, quota.period, quota.key));
        quotas.dedup_by_key(|quota| (quota.unit, quota.period, quota.key));
        quotas
    })
}

/// Lengths of which each part can be the first to end.
fn any_length() -> impl Strategy<Value = Length> {
    let parts = prop_oneof![
        (1..100u16).prop_map(hours),
        (1..5u16).prop_map(days),
        (1..3u16).prop_map(months),
        (1..5u16, 1..24u16).prop_map(|(most, part)| Length { hours: Some((most - 1) * 24 + part), ..days(most) }),
        (1..3u16, 29..31u16).prop_map(|(most, each)| Length { days: Some(most * each), ..months(most) }),
        Just(Length::default()),
    ];
    (parts, option::of(any_time()))
        .prop_map(|(length, until)| Length { until, ..length })
        .prop_filter("something ends", |length| *length != Length::default())
}

fn any_window() -> impl Strategy<Value = Window> {
    let validity = prop_oneof![
        1 => Just(Validity::Pass),
        1 => (any_time(), any_time()).prop_map(|(from, until)| Validity::Fixed { from, until }),
        3 => (0..3u8, option::of(any_length()), any_length())
            .prop_map(|(clock, activate_by, length)| Validity::FirstUse { clock, activate_by, length }),
    ];
    let blackout = select(vec![
        vec![],
        vec![(date(2028, 2, 29), date(2028, 2, 29))],
        vec![(date(2028, 2, 25), date(2028, 2, 27)), (date(2028, 3, 1), date(2028, 3, 8))],
    ]);
    let weekdays = select(vec![WEEKDAYS_ALL, WEEKDAYS_ALL, 0x1f, 0x60, 0x01]);
    let hours = select(vec![None, None, Some((36_000, 60_000)), Some((64_800, 93_600))]);
    (validity, blackout, weekdays, hours, select(vec![0u32, 5 * 3_600])).prop_map(
        |(validity, blackout, weekdays, hours, day_start)| {
            let hours = hours.map(|(from, until)| HourRange { from, until });
            Window { validity, mask: Mask { blackout, weekdays, hours }, day_start }
        },
    )
}
