//! The product language, as plain data, and what its parts mean on their own.

use crate::id::{MemberId, ProductRef, VenueId};
use crate::time::{Date, UnixTime};

/// Longest product name, in bytes of UTF-8.
pub const MAX_NAME: usize = 64;
/// Most venues, categories, members or exceptions in one list of a scope.
pub const MAX_LIST: usize = 4_096;
/// Most blackout ranges in one mask.
pub const MAX_BLACKOUTS: usize = 64;
/// Highest price, in fen: 100,000 yuan. A full party at this price still fits a `u32`.
pub const MAX_FEN: u32 = 10_000_000;
/// Longest window from first use, in days: ten years.
pub const MAX_DAYS: u16 = 3_660;
/// Longest window from first use, in months: ten years.
pub const MAX_MONTHS: u16 = 120;
/// The whole, in basis points.
pub const FULL_BASIS_POINTS: u16 = 10_000;
/// Every day of the week, as a [`Mask::weekdays`].
pub const WEEKDAYS_ALL: u8 = 0x7f;

/// One product at one version: what its passes are good for and how the money is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Issuer, number and version.
    pub id: ProductRef,
    /// Name in Chinese, 1 to [`MAX_NAME`] bytes.
    pub name_zh: String,
    /// Name in English, 1 to [`MAX_NAME`] bytes.
    pub name_en: String,
    /// Holder classes that may use the product, ascending; empty for anyone.
    pub holders: Vec<u8>,
    /// Most people on one redemption, the holder among them; at least 1.
    pub party_max: u8,
    /// How the pass's price is shared.
    pub settlement: Settlement,
    /// 1 to [`MAX_GRANTS`](crate::limits::MAX_GRANTS) grants; the first that matches and has quota left decides.
    pub grants: Vec<Grant>,
}

/// One right: where, how often, when and at what price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The venues.
    pub scope: Scope,
    /// The service at those venues; 0 is entry.
    pub service: u8,
    /// Limits, all of which must hold; none means unlimited. Ascending by unit, period and key.
    pub quotas: Vec<Quota>,
    /// When.
    pub window: Window,
    /// What each person pays at the gate.
    pub price: Price,
    /// Holder classes among the product's that have this grant, ascending; empty for all of them.
    pub holders: Vec<u8>,
    /// The branch of a choice that this grant belongs to.
    pub choice: Option<Choice>,
}

/// A set of venues: the union of what is listed, less the exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Every venue of every member; the other lists are then empty.
    pub all: bool,
    /// Every venue of these members.
    pub members: Vec<MemberId>,
    /// Every venue of these categories.
    pub categories: Vec<u8>,
    /// These venues.
    pub venues: Vec<VenueId>,
    /// Not these venues, whatever else says so.
    pub except: Vec<VenueId>,
}

impl Scope {
    /// `true` when the scope holds the venue `id`, which is of `category`.
    #[must_use]
    pub fn covers(&self, id: VenueId, category: u8) -> bool {
        let named =
            self.all || has(&self.venues, &id) || has(&self.categories, &category) || has(&self.members, &id.member);
        named && !has(&self.except, &id)
    }
}

/// At most `limit` of a unit in a period, counted over the uses of the grant it belongs to.
///
/// Two combinations say nothing and are refused: distinct venues per venue (always one) and days of
/// use per day (at most one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many, at least 1.
    pub limit: u16,
    /// Of what.
    pub unit: Unit,
    /// In which period. Days, months and years are service days and the months and years they are in.
    pub period: QuotaPeriod,
    /// At each venue, or over all of them.
    pub key: QuotaKey,
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Unit {
    /// Redemptions. A party is one: it came in on one pass.
    Entries = 0,
    /// Different venues; coming back to one costs nothing.
    Venues = 1,
    /// Service days with at least one use; a second use on such a day costs nothing.
    Days = 2,
}

/// Over what time a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum QuotaPeriod {
    /// The life of the pass.
    Life = 0,
    /// A service day.
    Day = 1,
    /// A calendar month.
    Month = 2,
    /// A calendar year.
    Year = 3,
}

/// Over which venues a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum QuotaKey {
    /// All venues of the scope together.
    Shared = 0,
    /// Each venue on its own.
    Venue = 1,
}

/// When a grant may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// From when until when.
    pub validity: Validity,
    /// At which times in between.
    pub mask: Mask,
    /// When a service day starts, in seconds after midnight at UTC+8; below 86,400.
    pub day_start: u32,
}

/// From when until when. All ends are exclusive, and the pass's own validity always holds as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// As long as the pass itself.
    Pass,
    /// From `from` until just before `until`.
    Fixed {
        /// The first moment.
        from: UnixTime,
        /// The first moment after.
        until: UnixTime,
    },
    /// From the first use for some length.
    FirstUse {
        /// Which clock: the first use of any grant with this number starts it. Give each grant its own
        /// number for a clock of its own, or one number to grants that are tiers of one right.
        clock: u8,
        /// The first use must come before the end of this length, counted from the start of the pass's
        /// validity: one year from the sale, say, or with `until` alone a date that is the same for all.
        activate_by: Option<Length>,
        /// How long from the first use.
        length: Length,
    },
}

/// How long something lasts from its start: the earliest end of the parts given, at least one.
///
/// A window starts at the first use, and the time to come for a first use at the start of the pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// So many hours from the second of the start.
    pub hours: Option<u16>,
    /// So many service days, that of the start being the first.
    pub days: Option<u16>,
    /// So many months from the service day of the start, to the eve of the same day of the month;
    /// where the last month has no such day, to its last day. From 15 January, one month is to 14
    /// February; from 31 January, to the last of February.
    pub months: Option<u16>,
    /// Just before this moment.
    pub until: Option<UnixTime>,
}

impl Length {
    /// The first moment after what starts at `start`.
    #[must_use]
    pub fn end(&self, start: UnixTime, day_start: u32) -> UnixTime {
        let day = start.service_day(day_start);
        let hours = self.hours.map(|hours| start.saturating_add(i64::from(hours).saturating_mul(3_600)));
        let days = self.days.map(|days| day.plus_days(i32::from(days)).start(day_start));
        let months = self.months.map(|months| months_later(day, months).start(day_start));
        [hours, days, months, self.until].into_iter().flatten().min().unwrap_or(UnixTime::MAX)
    }
}

/// Times at which a grant rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Service days without the grant: first and last day of each range, ascending, with at least a
    /// day between ranges.
    pub blackout: Vec<(Date, Date)>,
    /// Weekdays of the service day with the grant: bit 0 is Monday, bit 6 is Sunday.
    pub weekdays: u8,
    /// Time of day with the grant.
    pub hours: Option<HourRange>,
}

impl Default for Mask {
    fn default() -> Self {
        Self { blackout: Vec::new(), weekdays: WEEKDAYS_ALL, hours: None }
    }
}

/// A time of day, in seconds after the midnight that the service day's date begins with.
///
/// As in timetables, it may pass 24:00: with days that start at 05:00, 18:00 to 26:00 is an evening
/// until 02:00. It lies within one service day: `day_start <= from < until <= day_start + 86,400`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourRange {
    /// The first second.
    pub from: u32,
    /// The first second after.
    pub until: u32,
}

/// What each person of the party pays at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// Nothing.
    Free,
    /// This many fen, 1 to [`MAX_FEN`].
    Fixed(u32),
    /// The venue's reference price less this many basis points, 1 to 9,999. What is left to pay is
    /// rounded down to whole fen, person by person.
    Off(u16),
}

impl Price {
    /// What one person pays where the venue's reference price is `reference_fen`.
    #[must_use]
    pub fn fen(self, reference_fen: u32) -> u32 {
        match self {
            Self::Free => 0,
            Self::Fixed(fen) => fen,
            Self::Off(points) => {
                const WHOLE: u64 = FULL_BASIS_POINTS as u64;
                let paid = u64::from(FULL_BASIS_POINTS.saturating_sub(points));
                u32::try_from(u64::from(reference_fen).saturating_mul(paid) / WHOLE).unwrap_or(reference_fen)
            }
        }
    }
}

/// A branch of a choice: once a grant of one branch was used, the other branches of the group are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Choice {
    /// The choice.
    pub group: u8,
    /// The branch; a group has at least two.
    pub branch: u8,
}

/// How the price of a pass is shared among the venues it was used at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The price of the pass, at most [`MAX_FEN`]; 0 for a pass given away.
    pub price_fen: u32,
    /// How it is shared.
    pub method: Method,
}

/// How the price of a pass is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The venue gets an agreed rate for each use.
    Contracted(Rate),
    /// The prices of all passes form a pool, shared by visits weighted with reference prices.
    WeightedPool,
    /// The price of each pass is shared equally among the venues it visited.
    EqualSplit,
}

/// An agreed rate for one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Basis points of the venue's reference price, 1 to 10,000.
    Share(u16),
    /// Fen, 1 to [`MAX_FEN`].
    PerUse(u32),
}

impl Window {
    /// When the mask is next open, from `time` on; `None` when it is open now.
    pub(super) fn rests_until(&self, time: UnixTime) -> Option<Rest> {
        let day = time.service_day(self.day_start);
        let range = self.mask.blackout.iter().find(|(first, last)| *first <= day && day <= *last);
        if let Some((_, last)) = range {
            return Some(Rest::Day(last.plus_days(1).start(self.day_start)));
        }
        let tomorrow = day.plus_days(1);
        if self.mask.weekdays >> day.weekday() & 1 == 0 {
            return Some(Rest::Day(tomorrow.start(self.day_start)));
        }
        let hours = self.mask.hours?;
        let second = time.since(day.start(0));
        if second < i64::from(hours.from) {
            return Some(Rest::Hours(day.start(0).saturating_add(i64::from(hours.from))));
        }
        if second >= i64::from(hours.until) {
            return Some(Rest::Hours(tomorrow.start(0).saturating_add(i64::from(hours.from))));
        }
        None
    }
}

/// Why a mask is closed, and the first moment at which that reason is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// The day is blacked out, or has the wrong weekday.
    Day(UnixTime),
    /// The day is right, the time of day is not.
    Hours(UnixTime),
}

/// Whether `item` is in an ascending list.
pub(super) fn has<T: Ord>(list: &[T], item: &T) -> bool {
    list.binary_search(item).is_ok()
}

/// The day after the last of `months` months that start with `day`; see [`Length::months`].
fn months_later(day: Date, months: u16) -> Date {
    let later = day.plus_months(months);
    let shortened = later.year_month_day().2 < day.year_month_day().2;
    later.plus_days(i32::from(shortened))
}

#[cfg(test)]
#[path = "tests/grant.rs"]
mod tests;
