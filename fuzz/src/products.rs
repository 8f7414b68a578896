//! Products made of the fuzzer's bytes, most of them valid: over few venues, classes and times, so
//! that grants meet.

use super::federation::{CITIES, id};
use super::input::Input;
use onecard::id::{ProductRef, VenueId};
use onecard::product::{
    Choice, Grant, HourRange, Length, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope,
    Settlement, Unit, Validity, WEEKDAYS_ALL, Window,
};
use onecard::time::{Date, UnixTime};
use std::collections::BTreeSet;

/// Bytes that make a product with a bit of everything, and no byte more.
pub const RICH: [u8; 112] = {
    let mut bytes = [1; 112];
    bytes[3] = 2;
    bytes
};

pub fn city(index: u8) -> onecard::id::MemberId {
    id(CITIES[usize::from(index % 2)])
}

pub fn venue(input: &mut Input<'_>) -> VenueId {
    VenueId { member: city(input.byte()), number: u16::from(input.byte() % 3) }
}

/// Times around a leap day, the end of a month and the start of the next; some until the next year.
pub fn moment(input: &mut Input<'_>) -> UnixTime {
    let start = Date::new(2028, 2, 24).unwrap().start(0);
    let days = match input.byte() {
        near @ ..224 => i64::from(near % 8),
        far => i64::from(far - 224) * 10 + 42,
    };
    let seconds = input.pick(&[0, 36_000, 60_000, 64_800, 18_000, 86_399, 7_200, 43_200]);
    start.saturating_add(days * 86_400 + seconds + input.pick(&[0, 1, -1]))
}

pub fn plain() -> Product {
    product(&mut Input::new(&[]))
}

pub fn product(input: &mut Input<'_>) -> Product {
    let method = match input.pick(&[0, 1, 2, 3]) {
        0 => Method::EqualSplit,
        1 => Method::WeightedPool,
        2 => Method::Contracted(Rate::Share(seldom(input, &[7_000, 1, 10_000], &[0, 10_001]))),
        _ => Method::Contracted(Rate::PerUse(seldom(input, &[500, 1, 10_000_000], &[0, 10_000_001]))),
    };
    let holders = input.pick(&[vec![], vec![], vec![0], vec![0, 1], vec![1, 200], vec![0, 1, 200]]);
    let party_max = seldom(input, &[1, 4, 2, 255], &[0]);
    let more = input.byte() % 5;
    let mut product = Product {
        id: ProductRef { issuer: city(0), product: 1, version: 1 },
        name_zh: "一卡通".into(),
        name_en: seldom(input, &["One card"], &["", "\n"]).into(),
        holders,
        party_max,
        settlement: Settlement { price_fen: seldom(input, &[12_000, 0, 10_000_000], &[10_000_001]), method },
        grants: (0..=more).map(|_| grant(input)).collect(),
    };
    if seldom(input, &[true], &[false]) {
        let branches: BTreeSet<_> = product.grants.iter().filter_map(|grant| grant.choice).map(pair).collect();
        for grant in &mut product.grants {
            let other = |choice: &Choice| branches.contains(&(choice.group, 1 - choice.branch));
            grant.choice = grant.choice.filter(other);
        }
    }
    product
}

const fn pair(choice: Choice) -> (u8, u8) {
    (choice.group, choice.branch)
}

fn grant(input: &mut Input<'_>) -> Grant {
    let scope = match input.pick(&[0, 1, 2, 3, 4, 5]) {
        0 => Scope { all: true, ..Scope::default() },
        1 => Scope { venues: sorted(some(input, 2, venue)), ..Scope::default() },
        2 => Scope { categories: sorted(some(input, 1, |i| i.byte() % 3)), ..Scope::default() },
        3 => Scope { members: sorted(some(input, 1, |i| city(i.byte()))), ..Scope::default() },
        4 => Scope { all: true, except: sorted(input.list(2, venue)), ..Scope::default() },
        _ => Scope {
            all: false,
            members: sorted(input.list(1, |i| city(i.byte()))),
            categories: sorted(input.list(1, |i| i.byte() % 3)),
            venues: sorted(input.list(2, venue)),
            except: sorted(input.list(1, venue)),
        },
    };
    let mut quotas = input.list(2, |input| Quota {
        limit: seldom(input, &[2, 1, 3], &[0, 31, 366]),
        unit: input.pick(&[Unit::Entries, Unit::Days, Unit::Venues]),
        period: input.pick(&[
            QuotaPeriod::Life,
            QuotaPeriod::Month,
            QuotaPeriod::Day,
            QuotaPeriod::Day,
            QuotaPeriod::Year,
        ]),
        key: input.pick(&[QuotaKey::Shared, QuotaKey::Venue]),
    });
    quotas.sort_by_key(|quota| (quota.unit, quota.period, quota.key));
    let day_start = seldom(input, &[0, 18_000, 36_000], &[86_399, 86_400]);
    Grant {
        scope,
        service: input.pick(&[0, 0, 1]),
        quotas,
        window: Window { validity: validity(input), mask: mask(input, day_start), day_start },
        price: match input.pick(&[0, 1, 2]) {
            0 => Price::Free,
            1 => Price::Fixed(seldom(input, &[500, 1, 10_000_000], &[0, 10_000_001])),
            _ => Price::Off(seldom(input, &[5_000, 1, 9_999], &[0, 10_000])),
        },
        holders: input.pick(&[vec![], vec![], vec![], vec![0], vec![1], vec![0, 1]]),
        choice: input
            .pick(&[None, Some((1u8, 0u8)), Some((1, 1)), None, Some((2, 0)), Some((2, 1))])
            .map(|(group, branch)| Choice { group, branch }),
    }
}

fn validity(input: &mut Input<'_>) -> Validity {
    match input.pick(&[0, 1, 2, 3]) {
        0 => Validity::Pass,
        3 => Validity::Fixed { from: moment(input), until: moment(input) },
        _ => Validity::FirstUse {
            clock: input.byte() % 2,
            activate_by: input.odd().then(|| length(input)),
            length: length(input),
        },
    }
}

fn length(input: &mut Input<'_>) -> Length {
    let (days, hours) = (|days| Length { days: Some(days), ..Length::default() }, input.pick(&[24, 1, 49, u16::MAX]));
    let length = match input.pick(&[0, 1, 2, 3, 4, 5]) {
        0 => days(input.pick(&[3, 1, 2])),
        1 => Length { hours: Some(hours), ..Length::default() },
        2 => Length { months: Some(input.pick(&[1, 12])), ..Length::default() },
        3 => Length { hours: Some(49), ..days(3) },
        4 => Length { until: Some(moment(input)), ..Length::default() },
        _ => Length {
            hours: input.pick(&[None, Some(hours), Some(0)]),
            months: input.pick(&[None, Some(1), Some(0)]),
            ..days(input.pick(&[30, 29, 3_661]))
        },
    };
    if input.odd() { Length { until: Some(moment(input)), ..length } } else { length }
}

fn mask(input: &mut Input<'_>, day_start: u32) -> Mask {
    let day = |day| Date::new(2028, 2, day).unwrap();
    Mask {
        blackout: input.pick(&[vec![], vec![(day(29), day(29))], vec![(day(25), day(26)), (day(28), day(29))]]),
        weekdays: seldom(input, &[WEEKDAYS_ALL, 0x1f, 0x60, 1], &[0, 0x80]),
        hours: seldom(input, &[None, Some((36_000, 60_000)), Some((64_800, 86_400 + day_start))], &[Some((9, 9))])
            .map(|(from, until)| HourRange { from, until }),
    }
}

/// One of `ordinary`, and now and then one of `wrong`.
fn seldom<T: Clone>(input: &mut Input<'_>, ordinary: &[T], wrong: &[T]) -> T {
    let byte = input.byte();
    let choices = if byte < 240 { ordinary } else { wrong };
    choices[usize::from(byte) % choices.len()].clone()
}

/// One to `most + 1` values.
fn some<T>(input: &mut Input<'_>, most: u8, mut read: impl FnMut(&mut Input<'_>) -> T) -> Vec<T> {
    let mut values = vec![read(input)];
    values.extend(input.list(most, read));
    values
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}
