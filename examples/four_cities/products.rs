//! What the four cities sell: their products, and which of them a pass number buys.

use onecard::id::{FOUNDERS, MemberId, ProductRef, VenueId};
use onecard::product::{
    Grant, Length, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Validity,
    Window,
};

/// What a pass is of. The order is that in which the first passes are sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    DayPass,
    HuangpuResident,
    ThreeVisits,
    Family,
    NanjingParks,
    HangzhouResident,
    TwoFree,
    Paper,
    ThreeVenues,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::DayPass,
        Self::HuangpuResident,
        Self::ThreeVisits,
        Self::Family,
        Self::NanjingParks,
        Self::HangzhouResident,
        Self::TwoFree,
        Self::Paper,
        Self::ThreeVenues,
    ];
    /// What needs no memory across cities, so that any number of it can be sold.
    const BULK: [Self; 4] = [Self::HuangpuResident, Self::NanjingParks, Self::HangzhouResident, Self::Paper];
    /// How many passes are sold of all kinds alike. A gate keeps in memory what it learnt of the uses
    /// elsewhere of passes that are counted everywhere: a large day sells more annual cards, not
    /// more of these.
    const LIMITED: u32 = 3_600;

    /// What the pass with this number is of.
    pub(crate) fn of(number: u32) -> Self {
        if number < Self::LIMITED {
            Self::ALL[number as usize % Self::ALL.len()]
        } else {
            Self::BULK[number as usize % Self::BULK.len()]
        }
    }

    /// The city that issues it, by its place among the four.
    pub(crate) const fn city(self) -> usize {
        match self {
            Self::DayPass | Self::HuangpuResident => 0,
            Self::ThreeVisits | Self::Family | Self::NanjingParks => 1,
            Self::HangzhouResident | Self::TwoFree => 2,
            Self::Paper | Self::ThreeVenues => 3,
        }
    }

    /// Its number in that city's catalogue.
    const fn number(self) -> u16 {
        match self {
            Self::DayPass | Self::ThreeVisits | Self::HangzhouResident | Self::Paper => 1,
            Self::HuangpuResident | Self::Family | Self::TwoFree | Self::ThreeVenues => 2,
            Self::NanjingParks => 3,
        }
    }

    /// The product.
    pub(crate) const fn id(self) -> ProductRef {
        ProductRef { issuer: FOUNDERS[self.city()].id, product: self.number(), version: 1 }
    }

    /// Whether it is good in all four cities.
    pub(crate) const fn everywhere(self) -> bool {
        matches!(self, Self::DayPass | Self::ThreeVisits | Self::TwoFree | Self::ThreeVenues)
    }

    /// Whether it is a card for a year.
    pub(crate) const fn annual(self) -> bool {
        matches!(self, Self::HuangpuResident | Self::NanjingParks | Self::HangzhouResident)
    }

    /// Class of the holder: 1 for residents.
    pub(crate) const fn holder_class(self) -> u8 {
        matches!(self, Self::HuangpuResident | Self::HangzhouResident) as u8
    }
}

/// The products of one city. `venue` finds a venue by its code.
pub(crate) fn products(city: usize, venue: impl Fn(&str) -> VenueId) -> Vec<Product> {
    let of = |kind: Kind, name_zh: &str, name_en: &str, price_fen, method, grants| Product {
        id: kind.id(),
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        holders: if kind.holder_class() == 1 { vec![1] } else { Vec::new() },
        party_max: if kind == Kind::Family { 4 } else { 1 },
        settlement: Settlement { price_fen, method },
        grants,
    };
    let once_a_day = quota(1, Unit::Entries, QuotaPeriod::Day, QuotaKey::Venue);
    let here = |except| members(FOUNDERS[city].id, except);
    match city {
        0 => vec![
            of(
                Kind::DayPass,
                "四城一日通",
                "Four-city day pass",
                16_800,
                Method::WeightedPool,
                vec![Grant {
                    window: first_use(Length { days: Some(1), ..Length::default() }),
                    ..grant(everywhere(), vec![once_a_day])
                }],
            ),
            of(
                Kind::HuangpuResident,
                "黄浦居民年卡",
                "Huangpu residents' annual card",
                10_000,
                Method::Contracted(Rate::Share(6_000)),
                vec![grant(here(vec![venue("HP-GTHEATRE")]), vec![once_a_day])],
            ),
        ],
        1 => vec![
            of(
                Kind::ThreeVisits,
                "四城三次卡",
                "Three-visit card",
                9_900,
                Method::Contracted(Rate::PerUse(2_500)),
                vec![grant(everywhere(), vec![quota(3, Unit::Entries, QuotaPeriod::Life, QuotaKey::Shared)])],
            ),
            of(
                Kind::Family,
                "南京家庭卡",
                "Nanjing family card",
                29_800,
                Method::EqualSplit,
                vec![grant(here(Vec::new()), vec![quota(3, Unit::Entries, QuotaPeriod::Day, QuotaKey::Shared)])],
            ),
            of(
                Kind::NanjingParks,
                "南京公园年卡",
                "Nanjing parks annual card",
                12_000,
                Method::Contracted(Rate::PerUse(800)),
                vec![grant(
                    venues(
                        ["NJ-XIAOLING", "NJ-LINGGU", "NJ-MEILING", "NJ-CONFUC", "NJ-ZHANYUAN", "NJ-CITYWALL"]
                            .map(venue),
                    ),
                    vec![once_a_day],
                )],
            ),
        ],
        2 => vec![
            of(
                Kind::HangzhouResident,
                "杭州居民公园年卡",
                "Hangzhou residents' annual card",
                4_000,
                Method::Contracted(Rate::Share(5_000)),
                vec![grant(here(vec![venue("HZ-LEIFENG")]), vec![once_a_day])],
            ),
            of(
                Kind::TwoFree,
                "前两次免费卡",
                "First two free, then half price",
                8_800,
                Method::EqualSplit,
                vec![
                    Grant {
                        window: first_use(Length { hours: Some(72), ..Length::default() }),
                        ..grant(everywhere(), vec![quota(2, Unit::Entries, QuotaPeriod::Life, QuotaKey::Shared)])
                    },
                    Grant {
                        window: first_use(Length { hours: Some(72), ..Length::default() }),
                        price: Price::Off(5_000),
                        ..grant(everywhere(), Vec::new())
                    },
                ],
            ),
        ],
        _ => vec![
            of(
                Kind::Paper,
                "合肥纸质联票",
                "Hefei paper ticket",
                6_000,
                Method::Contracted(Rate::Share(8_000)),
                vec![grant(here(Vec::new()), vec![quota(1, Unit::Entries, QuotaPeriod::Life, QuotaKey::Venue)])],
            ),
            of(
                Kind::ThreeVenues,
                "四城三馆通",
                "Three venues of four cities",
                12_800,
                Method::WeightedPool,
                vec![grant(everywhere(), vec![quota(3, Unit::Venues, QuotaPeriod::Life, QuotaKey::Shared)])],
            ),
        ],
    }
}

/// What a gate must know of a pass's uses at other gates to decide on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Of all of them: the product counts over venues, starts a clock, or offers a choice.
    Everywhere,
    /// Of those at the same venue.
    SameVenue,
    /// Of none.
    Nothing,
}

impl Memory {
    /// What `product` asks for.
    pub(crate) fn of(product: &Product) -> Self {
        let shared = |grant: &Grant| grant.quotas.iter().any(|quota| quota.key == QuotaKey::Shared);
        let clock = |grant: &Grant| matches!(grant.window.validity, Validity::FirstUse { .. });
        if product.grants.iter().any(|grant| shared(grant) || clock(grant) || grant.choice.is_some()) {
            Self::Everywhere
        } else if product.grants.iter().any(|grant| !grant.quotas.is_empty()) {
            Self::SameVenue
        } else {
            Self::Nothing
        }
    }
}

fn grant(scope: Scope, quotas: Vec<Quota>) -> Grant {
    let window = Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 };
    Grant { scope, service: 0, quotas, window, price: Price::Free, holders: Vec::new(), choice: None }
}

fn first_use(length: Length) -> Window {
    let validity = Validity::FirstUse { clock: 0, activate_by: None, length };
    Window { validity, mask: Mask::default(), day_start: 0 }
}

const fn quota(limit: u16, unit: Unit, period: QuotaPeriod, key: QuotaKey) -> Quota {
    Quota { limit, unit, period, key }
}

fn everywhere() -> Scope {
    Scope { all: true, ..Scope::default() }
}

fn members(member: MemberId, except: Vec<VenueId>) -> Scope {
    Scope { members: vec![member], except, ..Scope::default() }
}

fn venues<const N: usize>(mut venues: [VenueId; N]) -> Scope {
    venues.sort_unstable();
    Scope { venues: venues.to_vec(), ..Scope::default() }
}
