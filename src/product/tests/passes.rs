//! Real passes as products. `docs/products.md` shows them, and [`stories`](super::stories) tells of their
//! holders; both are held to this file.
//!
//! Places are stand-ins: a category for each kind of place, numbers in the four cities for single ones.

use super::samples::*;
use super::*;
use crate::id::VenueId;

use QuotaKey::{Shared, Venue};
use QuotaPeriod::{Day, Life};

/// Museums, by category.
pub(super) const MUSEUMS: u8 = 1;
/// Trams and buses, by category.
pub(super) const TRANSPORT: u8 = 2;
/// Boats, by category.
pub(super) const BOATS: u8 = 3;
/// Gardens, parks and sights, by category.
pub(super) const GARDENS: u8 = 4;
/// Mountain railways, by category.
pub(super) const RAILWAYS: u8 = 5;
/// Shops and houses that give a discount, by category.
pub(super) const PARTNERS: u8 = 6;
/// Bars and clubs, by category.
pub(super) const CLUBS: u8 = 7;

pub(super) fn paris_museum_pass_48_hours() -> Product {
    let window = first_use(0, hours(48));
    pass("巴黎博物馆通票四十八小时", vec![Grant { quotas: once_per_venue(), window, ..kind(MUSEUMS) }])
}

pub(super) fn paris_museum_pass_4_days() -> Product {
    let window = first_use(0, days(4));
    pass("巴黎博物馆通票四日", vec![Grant { quotas: once_per_venue(), window, ..kind(MUSEUMS) }])
}

pub(super) fn paris_passlib_mini() -> Product {
    let end = at(2028, 1, 1, 0, 0);
    let activate_by = Some(Length { until: Some(end), ..months(12) });
    let length = Length { until: Some(end), ..hours(120) };
    let once = |category| Grant {
        quotas: vec![quota(1, Unit::Entries, Life, Shared)],
        window: window(Validity::FirstUse { clock: 0, activate_by, length }),
        ..kind(category)
    };
    pass("巴黎迷你通票", vec![once(BOATS), once(TRANSPORT)])
}

pub(super) fn i_amsterdam_24_hours() -> Product {
    let part = |clock, category, quotas| Grant { quotas, window: first_use(clock, hours(24)), ..kind(category) };
    let cruise = vec![quota(1, Unit::Entries, Life, Shared)];
    let grants = vec![part(0, MUSEUMS, once_per_venue()), part(1, TRANSPORT, vec![]), part(2, BOATS, cruise)];
    pass("阿姆斯特丹城市卡", grants)
}

pub(super) fn museumkaart() -> Product {
    pass("荷兰博物馆年卡", vec![kind(MUSEUMS)])
}

pub(super) fn museumkaart_temporary() -> Product {
    let quotas = vec![quota(5, Unit::Entries, Life, Shared)];
    pass("荷兰博物馆临时卡", vec![Grant { quotas, window: first_use(0, days(31)), ..kind(MUSEUMS) }])
}

pub(super) fn museumpass_belgium() -> Product {
    pass("比利时博物馆通票", vec![Grant { window: first_use(0, months(12)), ..kind(MUSEUMS) }])
}

pub(super) fn city_pass() -> Product {
    let validity = Validity::FirstUse { clock: 0, activate_by: Some(months(12)), length: days(9) };
    let scope = at_venues(&[1, 2, 3, 4, 5]);
    pass("城市通票", vec![Grant { scope, quotas: once_per_venue(), window: window(validity), ..grant() }])
}

pub(super) fn go_city_explorer() -> Product {
    let validity = Validity::FirstUse { clock: 0, activate_by: Some(months(12)), length: days(30) };
    let quotas = vec![quota(1, Unit::Entries, Life, Venue), quota(3, Unit::Venues, Life, Shared)];
    let scope = at_venues(&[1, 2, 3, 4, 5, 6]);
    pass("任选三处通票", vec![Grant { scope, quotas, window: window(validity), ..grant() }])
}

pub(super) fn go_city_all_inclusive() -> Product {
    let validity = Validity::FirstUse { clock: 0, activate_by: Some(months(24)), length: days(3) };
    pass("全包通票", vec![Grant { quotas: once_per_venue(), window: window(validity), ..grant() }])
}

pub(super) fn roma_pass() -> Product {
    let free = vec![quota(1, Unit::Entries, Life, Venue), quota(2, Unit::Venues, Life, Shared)];
    let (window, half) = (first_use(0, days(3)), Price::Off(5_000));
    let museums = || Grant { window: window.clone(), ..kind(MUSEUMS) };
    let transport = Grant { window: window.clone(), ..kind(TRANSPORT) };
    pass("罗马通票", vec![Grant { quotas: free, ..museums() }, Grant { price: half, ..museums() }, transport])
}

pub(super) fn swiss_travel_pass_3_days() -> Product {
    let window = Window { day_start: 5 * 3_600, ..first_use(0, days(3)) };
    let part = |category, price| Grant { window: window.clone(), price, ..kind(category) };
    let parts = [(TRANSPORT, Price::Free), (MUSEUMS, Price::Free), (RAILWAYS, Price::Off(5_000))];
    let grants = parts.map(|(category, price)| part(category, price)).to_vec();
    Product { holders: vec![3], ..pass("瑞士旅行通票", grants) }
}

pub(super) fn swiss_travel_pass_flex() -> Product {
    let window = Window { day_start: 5 * 3_600, ..first_use(0, months(1)) };
    let quotas = vec![quota(3, Unit::Days, Life, Shared)];
    let scope = Scope { categories: vec![MUSEUMS, TRANSPORT], ..Scope::default() };
    Product { holders: vec![3], ..pass("瑞士灵活通票", vec![Grant { scope, quotas, window, ..grant() }]) }
}

pub(super) fn tokyo_grutto() -> Product {
    let length = Length { until: Some(at(2028, 4, 1, 0, 0)), ..months(2) };
    let part =
        |category, price| Grant { quotas: once_per_venue(), window: first_use(0, length), price, ..kind(category) };
    pass("东京美术馆巡游券", vec![part(MUSEUMS, Price::Free), part(PARTNERS, Price::Off(2_000))])
}

pub(super) fn amsterdam_nightlife_two_nights() -> Product {
    let mut window = Window { day_start: 6 * 3_600, ..first_use(0, days(2)) };
    window.mask.hours = Some(HourRange { from: 12 * 3_600, until: 30 * 3_600 });
    pass("阿姆斯特丹夜生活票", vec![Grant { window, ..kind(CLUBS) }])
}

pub(super) fn suzhou_garden_card() -> Product {
    let year = Validity::Fixed { from: at(2027, 1, 1, 0, 0), until: at(2028, 1, 1, 0, 0) };
    let quotas = vec![quota(100, Unit::Entries, Life, Shared)];
    let card = pass("苏州园林年卡", vec![Grant { quotas, window: window(year), ..kind(GARDENS) }]);
    Product { holders: vec![1], ..card }
}

pub(super) fn suzhou_leisure_card() -> Product {
    let daily = quota(1, Unit::Entries, Day, Venue);
    let limited = |venues: &[u16], limit| Grant {
        scope: at_venues(venues),
        quotas: vec![quota(limit, Unit::Entries, Life, Shared), daily],
        ..grant()
    };
    let single = |number| Grant { scope: at_venues(&[number]), ..grant() };
    let afternoon = Mask { hours: Some(HourRange { from: 12 * 3_600, until: 86_400 }), ..Mask::default() };
    let forest = Grant {
        quotas: vec![quota(5, Unit::Entries, Life, Shared)],
        window: Window { mask: afternoon, ..window(Validity::Pass) },
        choice: Some(Choice { group: 1, branch: 0 }),
        ..single(14)
    };
    let film_park = Grant {
        quotas: vec![quota(1, Unit::Entries, Life, Shared)],
        choice: Some(Choice { group: 1, branch: 1 }),
        ..single(15)
    };
    let sights = Grant { quotas: vec![daily], ..kind(GARDENS) };
    pass("苏州休闲年卡", vec![limited(&[11, 12], 48), limited(&[13], 10), forest, film_park, sights])
}

pub(super) fn suzhou_huiyou_card() -> Product {
    let mask = Mask { hours: Some(HourRange { from: 0, until: 16 * 3_600 }), ..Mask::default() };
    let window = Window { mask, ..window(Validity::Pass) };
    pass("苏州惠游卡", vec![Grant { quotas: once_per_venue(), window, ..kind(GARDENS) }])
}

pub(super) fn hangzhou_park_card() -> Product {
    let scope = Scope { members: vec![city(2)], except: vec![LEIFENG], ..Scope::default() };
    let year = Validity::Fixed { from: at(2027, 1, 1, 0, 0), until: at(2028, 1, 21, 0, 0) };
    Product { holders: vec![1], ..pass("杭州公园年卡", vec![Grant { scope, window: window(year), ..grant() }]) }
}

/// Leifeng Pagoda, by a stand-in number.
pub(super) const LEIFENG: VenueId = VenueId { member: crate::id::FOUNDERS[2].id, number: 9 };

pub(super) fn hubei_card() -> Product {
    let year = first_use(0, days(365));
    let docks =
        Grant { scope: at_venues(&[21, 22, 23]), quotas: vec![quota(6, Unit::Entries, Life, Shared)], ..grant() };
    let holidays = vec![(date(2027, 5, 1), date(2027, 5, 5)), (date(2027, 10, 1), date(2027, 10, 7))];
    let crowded = Grant { scope: at_venues(&[24]), ..grant() };
    let closed = Window { mask: Mask { blackout: holidays, ..Mask::default() }, ..year.clone() };
    let grants = vec![
        Grant { window: year.clone(), ..docks },
        Grant { window: closed, ..crowded },
        Grant { window: year, ..kind(GARDENS) },
    ];
    pass("湖北旅游年卡", grants)
}

pub(super) fn jurong_card() -> Product {
    let daily = quota(1, Unit::Entries, Day, Venue);
    let springs = vec![quota(20, Unit::Entries, Life, Shared), daily];
    let year = || first_use(0, months(12));
    let springs = Grant { scope: at_venues(&[31]), quotas: springs, window: year(), ..grant() };
    pass("句容旅游年卡", vec![springs, Grant { quotas: vec![daily], window: year(), ..kind(GARDENS) }])
}

pub(super) fn hengyang_card() -> Product {
    let blackout = vec![
        (date(2027, 2, 5), date(2027, 2, 10)),
        (date(2027, 2, 20), date(2027, 2, 20)),
        (date(2027, 10, 1), date(2027, 10, 5)),
    ];
    let mask = Mask { blackout, ..Mask::default() };
    let mountain = Grant { scope: at_venues(&[41, 42]), window: Window { mask, ..window(Validity::Pass) }, ..grant() };
    let elsewhere = Scope { except: at_venues(&[41, 42]).venues, ..kind(GARDENS).scope };
    pass("衡阳旅游年票", vec![mountain, Grant { scope: elsewhere, ..grant() }])
}

pub(super) fn xiangyang_card() -> Product {
    pass("襄阳旅游年卡", vec![Grant { quotas: vec![quota(1, Unit::Entries, Day, Venue)], ..kind(GARDENS) }])
}

pub(super) fn kunshan_card() -> Product {
    pass("昆山旅游年卡", vec![kind(GARDENS), Grant { price: Price::Off(1_000), ..kind(PARTNERS) }])
}

pub(super) fn hong_kong_museum_pass_for_a_family() -> Product {
    Product { party_max: 4, ..pass("香港博物馆通行证家庭", vec![kind(MUSEUMS)]) }
}

pub(super) fn macau_museums() -> Product {
    // Open on the 15th is closed from the 16th to the 14th.
    let first = |month| (date(2027, month, 16), date(2027, month + 1, 14));
    let mut blackout = vec![(date(2027, 1, 1), date(2027, 1, 14))];
    blackout.extend((1..12).map(first));
    blackout.push((date(2027, 12, 16), date(2027, 12, 31)));
    let year = Validity::Fixed { from: at(2027, 1, 1, 0, 0), until: at(2028, 1, 1, 0, 0) };
    let fifteenths = Window { mask: Mask { blackout, ..Mask::default() }, ..window(year) };
    let everyone = Grant { window: fifteenths, ..kind(MUSEUMS) };
    pass("澳门博物馆", vec![Grant { holders: vec![1], ..kind(MUSEUMS) }, everyone])
}

pub(super) fn residents_card() -> Product {
    let grants = vec![
        Grant { holders: vec![2], ..grant() },
        Grant { price: Price::Fixed(1_000), ..kind(MUSEUMS) },
        Grant {
            price: Price::Off(5_000),
            quotas: vec![quota(12, Unit::Entries, QuotaPeriod::Year, Shared)],
            ..grant()
        },
    ];
    Product { holders: vec![1, 2], ..pass("居民卡", grants) }
}

pub(super) fn family_card() -> Product {
    let quotas = vec![quota(10, Unit::Entries, Life, Shared), quota(1, Unit::Entries, Day, Venue)];
    Product { party_max: 5, ..pass("家庭卡", vec![Grant { quotas, price: Price::Fixed(500), ..grant() }]) }
}

fn pass(name_zh: &str, grants: Vec<Grant>) -> Product {
    Product { name_zh: name_zh.to_owned(), ..product(grants) }
}

fn once_per_venue() -> Vec<Quota> {
    vec![quota(1, Unit::Entries, Life, Venue)]
}

/// A free grant of everything of one kind.
fn kind(category: u8) -> Grant {
    Grant { scope: Scope { categories: vec![category], ..Scope::default() }, ..grant() }
}

fn at_venues(numbers: &[u16]) -> Scope {
    Scope { venues: numbers.iter().map(|&number| venue(0, number)).collect(), ..Scope::default() }
}
