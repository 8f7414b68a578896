//! A product that is accepted is valid and the one encoding of itself; a product made up is accepted
//! exactly when it is valid.

use super::input::Input;
use super::products::{RICH, city, plain, product};
use onecard::id::VenueId;
use onecard::product::{
    Choice, Grant, HourRange, Length, MAX_BLACKOUTS, Mask, Price, Product, ProductError, Quota, QuotaKey, QuotaPeriod,
    Scope, Unit, Validity,
};
use onecard::time::{Date, UnixTime};
use onecard::wire::cbor::{Decoder, Encoder};

/// Inputs drawn from these numbers are in the corpus: products of one to five grants, good ones and refused ones.
pub const DRAWN: [u64; 64] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 6,
    20, 98, 39, 65, 76, 90, 123, 150, 132, 141, 159, 200, 262, 332, 377, 579, 660, 1011, 1019, 1446, 124, 174, 197,
    495, 559, 2503, 1314, 1686, 2501, 2675, 4348, 7308, 51,
];

pub fn run(data: &[u8]) {
    match Decoder::all(data, Product::decode) {
        Ok(product) => {
            assert_eq!(product.validate(), Ok(()));
            assert_eq!(encode(&product), data, "accepted, but not the encoding of {product:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let made = product(&mut Input::new(data));
    let decoded = Decoder::all(&encode(&made), Product::decode);
    match made.validate() {
        Ok(()) => assert_eq!(decoded, Ok(made)),
        // A default that is written out is refused by the codec, whatever is wrong with it beside.
        Err(error) => assert!(decoded == Err(error) || matches!(decoded, Err(ProductError::Cbor(_))), "{decoded:?}"),
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", vec![]),
        ("plain", encode(&plain())),
        ("rich", encode(&product(&mut Input::new(&RICH)))),
        ("made-rich", RICH.to_vec()),
        ("made-first-use", vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]),
        // Of a method, a window and a price, one that there is not.
        ("method-of-no-kind", instead(|_| {}, &[0x82, 0x19, 0x2e, 0xe0, 3], 4)),
        (
            "window-of-no-kind",
            instead(|product| product.grants[0].window.validity = first_use(None, days(1)), &[0x84, 2], 3),
        ),
        ("price-of-no-kind", instead(|product| product.grants[0].price = Price::Fixed(500), &[0x82, 1], 3)),
    ]
    .into_iter()
    .chain(WRONG.iter().map(|(name, change)| {
        let mut wrong = plain();
        change(&mut wrong);
        (*name, encode(&wrong))
    }))
    .chain(LATER.iter().map(|(name, change)| {
        let mut two = plain();
        let grant = Grant { price: Price::Fixed(1), ..two.grants[0].clone() };
        two.grants.push(grant);
        let (earlier, later) = two.grants.split_at_mut(1);
        change(&mut earlier[0], &mut later[0]);
        (*name, encode(&two))
    }))
    .collect()
}

/// A product with one thing wrong.
type Wrong = (&'static str, fn(&mut Product));

/// One of each kind that [`Product::validate`] refuses, as whoever does not ask it would publish it.
const WRONG: &[Wrong] = &[
    ("no-name", |product| product.name_zh.clear()),
    ("holders-not-ascending", |product| product.holders = vec![1, 0]),
    ("no-grants", |product| product.grants.clear()),
    ("grants-too-many", |product| product.grants = vec![product.grants[0].clone(); 33]),
    ("scope-of-nothing", |product| product.grants[0].scope.all = false),
    ("scope-of-all-and-more", |product| product.grants[0].scope.categories = vec![1]),
    ("scope-not-ascending", |product| product.grants[0].scope = Scope { categories: vec![2, 1], ..Scope::default() }),
    ("exception-of-venues-alone", |product| {
        product.grants[0].scope = Scope { venues: vec![venue(0, 1)], except: vec![venue(0, 2)], ..Scope::default() };
    }),
    ("quota-of-nothing", |product| product.grants[0].quotas = vec![quota(0, Unit::Entries, QuotaPeriod::Life)]),
    ("quota-of-days-a-day", |product| product.grants[0].quotas = vec![quota(1, Unit::Days, QuotaPeriod::Day)]),
    ("quota-of-days-of-all-months", |product| {
        product.grants[0].quotas = vec![quota(31, Unit::Days, QuotaPeriod::Month)]
    }),
    ("quota-of-days-of-all-years", |product| {
        product.grants[0].quotas = vec![quota(366, Unit::Days, QuotaPeriod::Year)]
    }),
    ("quotas-not-ascending", |product| {
        product.grants[0].quotas =
            vec![quota(9, Unit::Days, QuotaPeriod::Life), quota(1, Unit::Entries, QuotaPeriod::Life)];
    }),
    ("quota-idle", |product| {
        product.grants[0].quotas =
            vec![quota(5, Unit::Entries, QuotaPeriod::Life), quota(5, Unit::Entries, QuotaPeriod::Day)];
    }),
    ("quota-of-a-year-idle", |product| {
        product.grants[0].quotas =
            vec![quota(3, Unit::Days, QuotaPeriod::Month), quota(3, Unit::Days, QuotaPeriod::Year)];
    }),
    ("quota-of-a-year-before-a-month", |product| {
        product.grants[0].quotas =
            vec![quota(4, Unit::Days, QuotaPeriod::Month), quota(4, Unit::Venues, QuotaPeriod::Year)];
    }),
    ("day-of-no-start", |product| product.grants[0].window.day_start = 86_400),
    ("window-backwards", |product| product.grants[0].window.validity = fixed(5, 4)),
    ("window-all-closed", |product| {
        product.grants[0].window.validity = fixed(4, 5);
        product.grants[0].window.mask.blackout = vec![(day(3), day(6))];
    }),
    ("window-of-a-weekend", |product| {
        // 5 and 6 February 2028 are a weekend.
        product.grants[0].window.validity = fixed(5, 7);
        product.grants[0].window.mask.weekdays = 0x1f;
    }),
    ("begun-after-it-is-over", |product| {
        product.grants[0].window.validity = first_use(Some(until(6)), until(5));
    }),
    ("begun-before-all-time", |product| {
        let never = Length { until: Some(UnixTime::MIN), ..Length::default() };
        product.grants[0].window.validity = first_use(Some(never), days(1));
    }),
    ("length-of-nothing", |product| product.grants[0].window.validity = first_use(None, Length::default())),
    ("length-to-begin-of-nothing", |product| product.grants[0].window.validity = first_use(Some(days(0)), days(1))),
    ("length-idle", |product| {
        product.grants[0].window.validity = first_use(None, Length { hours: Some(48), ..days(2) });
    }),
    ("lengths-of-months-and-days", |product| {
        product.grants[0].window.validity = first_use(None, Length { months: Some(1), ..days(30) });
    }),
    ("no-weekday", |product| product.grants[0].window.mask.weekdays = 0),
    ("hours-of-nothing", |product| product.grants[0].window.mask.hours = Some(HourRange { from: 9, until: 9 })),
    ("blackouts-touch", |product| product.grants[0].window.mask.blackout = vec![(day(1), day(2)), (day(3), day(3))]),
    ("blackouts-too-many", |product| {
        let every_other = (0..=MAX_BLACKOUTS as i32).map(|at| day(1).plus_days(2 * at));
        product.grants[0].window.mask.blackout = every_other.map(|day| (day, day)).collect();
    }),
    ("price-of-nothing", |product| product.grants[0].price = Price::Fixed(0)),
    ("price-off-all", |product| product.grants[0].price = Price::Off(10_000)),
    ("holders-of-another-product", |product| {
        product.holders = vec![1];
        product.grants[0].holders = vec![2];
    }),
    ("choice-of-one", |product| product.grants[0].choice = Some(Choice { group: 1, branch: 0 })),
];

/// Two grants, made so that the later is reached or is not.
type Later = (&'static str, fn(&mut Grant, &mut Grant));

/// The rules by which one grant is within another, each side of each.
const LATER: &[Later] = &[
    ("never-reached", |_, _| {}),
    ("reached-by-a-quota", |earlier, _| earlier.quotas = vec![quota(1, Unit::Entries, QuotaPeriod::Life)]),
    ("reached-at-another-service", |_, later| later.service = 1),
    ("reached-by-another-class", |earlier, _| earlier.holders = vec![1]),
    ("class-within-classes", |earlier, later| (earlier.holders, later.holders) = (vec![1, 2], vec![2])),
    ("scope-within-members", |earlier, later| {
        earlier.scope = members(&[0, 1]);
        later.scope = Scope { members: vec![city(1)], venues: vec![venue(0, 1)], ..Scope::default() };
    }),
    ("scope-beyond-categories", |earlier, later| {
        earlier.scope = Scope { categories: vec![1], ..Scope::default() };
        later.scope = Scope { categories: vec![1, 2], ..Scope::default() };
    }),
    ("scope-of-an-exception", |earlier, _| earlier.scope.except = vec![venue(0, 1)]),
    ("scope-within-an-exception", |earlier, later| {
        earlier.scope.except = vec![venue(0, 1)];
        later.scope = members(&[1]);
    }),
    ("window-within", |earlier, later| (earlier.window.validity, later.window.validity) = (fixed(3, 9), fixed(4, 5))),
    ("window-beyond", |earlier, later| (earlier.window.validity, later.window.validity) = (fixed(3, 9), fixed(4, 10))),
    ("window-of-another-kind", |earlier, _| earlier.window.validity = fixed(3, 9)),
    ("length-within", |earlier, later| {
        earlier.window.validity = first_use(None, days(3));
        later.window.validity = first_use(Some(days(9)), Length { hours: Some(60), ..days(3) });
    }),
    ("length-beyond", |earlier, later| {
        earlier.window.validity = first_use(Some(days(9)), days(3));
        later.window.validity = first_use(Some(days(8)), days(4));
    }),
    ("length-to-begin-beyond", |earlier, later| {
        earlier.window.validity = first_use(Some(days(9)), days(3));
        later.window.validity = first_use(None, days(3));
    }),
    ("mask-within", |earlier, later| {
        earlier.window.mask = Mask { weekdays: 0x1f, hours: hours(9, 17), blackout: vec![(day(4), day(5))] };
        later.window.mask = Mask { weekdays: 0x03, hours: hours(10, 17), blackout: vec![(day(3), day(5))] };
    }),
    ("mask-of-more-days", |earlier, later| {
        (earlier.window.mask.weekdays, later.window.mask.weekdays) = (0x1f, 0x21);
    }),
    ("mask-of-more-hours", |earlier, later| {
        (earlier.window.mask.hours, later.window.mask.hours) = (hours(9, 17), hours(8, 17));
    }),
    ("mask-of-another-day-start", |earlier, later| {
        (earlier.window.mask.weekdays, later.window.mask.weekdays) = (0x1f, 0x03);
        later.window.day_start = 1;
    }),
];

/// A product with the last byte of the one place that reads `found` replaced.
fn instead(change: impl FnOnce(&mut Product), found: &[u8], by: u8) -> Vec<u8> {
    let mut product = plain();
    change(&mut product);
    let mut bytes = encode(&product);
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(found)).collect();
    let [at] = places[..] else { panic!("{places:?}") };
    bytes[at + found.len() - 1] = by;
    bytes
}

fn venue(member: u8, number: u16) -> VenueId {
    VenueId { member: city(member), number }
}

fn members(cities: &[u8]) -> Scope {
    Scope { members: cities.iter().map(|at| city(*at)).collect(), ..Scope::default() }
}

const fn quota(limit: u16, unit: Unit, period: QuotaPeriod) -> Quota {
    Quota { limit, unit, period, key: QuotaKey::Shared }
}

/// A day of February 2028.
fn day(day: u8) -> Date {
    Date::new(2028, 2, day).unwrap()
}

fn fixed(from: u8, until: u8) -> Validity {
    Validity::Fixed { from: day(from).start(0), until: day(until).start(0) }
}

const fn first_use(activate_by: Option<Length>, length: Length) -> Validity {
    Validity::FirstUse { clock: 0, activate_by, length }
}

fn days(days: u16) -> Length {
    Length { days: Some(days), ..Length::default() }
}

fn until(at: u8) -> Length {
    Length { until: Some(day(at).start(0)), ..Length::default() }
}

const fn hours(from: u32, until: u32) -> Option<HourRange> {
    Some(HourRange { from: from * 3_600, until: until * 3_600 })
}

fn encode(product: &Product) -> Vec<u8> {
    let mut out = Encoder::new();
    product.encode(&mut out);
    out.finish()
}
