//! Products made of the fuzzer's bytes, most of them valid: over few venues, classes and times, so
//! that grants meet.

use super::federation::{CITIES, id};
use super::input::Input;
use onecard::id::{ProductRef, VenueId};
use onecard::product::{
    Choice, Grant, HourRange, Length, Mask, Method, Period, Price, Product, Quota, QuotaKey, Rate, Scope, Settlement,
    Unit, Validity, WEEKDAYS_ALL, Window,
};
use onecard::time::{Date, UnixTime};

/// Bytes that make a product with a bit of everything.
pub const RICH: [u8; 60] = {
    let mut bytes = [1; 60];
    bytes[3] = 2;
    bytes
};

pub fn city(index: u8) -> onecard::id::MemberId {
    id(CITIES[usize::from(index % 2)])
}

pub fn venue(input: &mut Input<'_>) -> VenueId {
    VenueId { member: city(input.byte()), number: u16::from(input.byte() % 3) }
}

/// Times around a leap day, the end of a month and the start of the next.
pub fn moment(input: &mut Input<'_>) -> UnixTime {
    let start = Date::new(2028, 2, 24).unwrap().start(0);
    let days = i64::from(input.byte());
    let seconds = input.pick(&[0, 36_000, 60_000, 64_800, 18_000, 86_399, 7_200, 43_200]);
    start.saturating_add(days * 86_400 + seconds + input.pick(&[0, 1, -1]))
}

pub fn classes(input: &mut Input<'_>) -> Vec<u8> {
    input.pick(&[vec![], vec![0], vec![1], vec![0, 1], vec![1, 200]])
}

pub fn plain() -> Product {
    product(&mut Input::new(&[]))
}

pub fn product(input: &mut Input<'_>) -> Product {
    let method = match input.pick(&[0, 1, 2, 3]) {
        0 => Method::EqualSplit,
        1 => Method::WeightedPool,
        2 => Method::Contracted(Rate::Share(u16::from_be_bytes(input.array()))),
        _ => Method::Contracted(Rate::PerUse(u32::from_be_bytes(input.array()))),
    };
    let holders = classes(input);
    let party_max = input.pick(&[1, 4, 2, 0, 255]);
    let more = input.byte() % 3;
    Product {
        id: ProductRef { issuer: city(0), product: 1, version: 1 },
        name_zh: "一卡通".into(),
        name_en: input.pick(&["One card", "", "\n"]).into(),
        holders,
        party_max,
        settlement: Settlement { price_fen: input.pick(&[12_000, 0, 10_000_000, 10_000_001]), method },
        grants: (0..=more).map(|_| grant(input)).collect(),
    }
}

fn grant(input: &mut Input<'_>) -> Grant {
    let scope = match input.pick(&[0, 1, 2, 3, 4]) {
        0 => Scope { all: true, ..Scope::default() },
        1 => Scope { venues: sorted(input.list(3, venue)), ..Scope::default() },
        2 => Scope { categories: sorted(input.list(2, |i| i.byte() % 3)), ..Scope::default() },
        3 => Scope { members: sorted(input.list(2, |i| city(i.byte()))), ..Scope::default() },
        _ => Scope { all: true, except: sorted(input.list(2, venue)), ..Scope::default() },
    };
    let mut quotas = input.list(2, |input| Quota {
        limit: input.pick(&[2, 1, 3, 0, 31, 366]),
        unit: input.pick(&[Unit::Entries, Unit::Venues, Unit::Days]),
        period: input.pick(&[Period::Life, Period::Day, Period::Month, Period::Year]),
        key: input.pick(&[QuotaKey::Shared, QuotaKey::Venue]),
    });
    quotas.sort_by_key(|quota| (quota.unit, quota.period, quota.key));
    Grant {
        scope,
        service: input.pick(&[0, 0, 1]),
        quotas,
        window: Window {
            validity: validity(input),
            mask: mask(input),
            day_start: input.pick(&[0, 18_000, 86_399, 86_400]),
        },
        price: match input.pick(&[0, 1, 2]) {
            0 => Price::Free,
            1 => Price::Fixed(input.pick(&[500, 1, 10_000_000, 0])),
            _ => Price::Off(input.pick(&[5_000, 1, 9_999, 10_000])),
        },
        holders: classes(input),
        choice: input.pick(&[None, Some(0u8), Some(1)]).map(|branch| Choice { group: 1, branch }),
    }
}

fn validity(input: &mut Input<'_>) -> Validity {
    match input.pick(&[0, 1, 2, 3]) {
        0 => Validity::Pass,
        1 => Validity::Fixed { from: moment(input), until: moment(input) },
        _ => Validity::FirstUse {
            clock: input.byte() % 2,
            activate_by: input.odd().then(|| moment(input)),
            length: Length {
                hours: input.pick(&[None, Some(24), Some(1), Some(0), Some(u16::MAX)]),
                days: input.pick(&[Some(3), None, Some(1), Some(30), Some(3_661)]),
                months: input.pick(&[None, Some(1), Some(12), Some(0)]),
                until: input.odd().then(|| moment(input)),
            },
        },
    }
}

fn mask(input: &mut Input<'_>) -> Mask {
    let day = |day| Date::new(2028, 2, day).unwrap();
    Mask {
        blackout: input.pick(&[vec![], vec![(day(29), day(29))], vec![(day(25), day(26)), (day(28), day(29))]]),
        weekdays: input.pick(&[WEEKDAYS_ALL, 0x1f, 0x60, 1, 0, 0x80]),
        hours: input
            .pick(&[None, Some((36_000, 60_000)), Some((64_800, 93_600))])
            .map(|(from, until)| HourRange { from, until }),
    }
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}
