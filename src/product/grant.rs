//! The product language, as plain data, and its validation.
//!
//! Every value has one form: lists are strictly ascending, a default is an absent part, and what
//! would say nothing, or contradict itself, is refused. A published product never changes, so a
//! mistake in it cannot be mended later: [`Product::validate`] is strict on purpose.

use crate::id::{MemberId, ProductRef, VenueId};
use crate::limits::MAX_GRANTS;
use crate::time::{DAY, Date, UnixTime};
use crate::wire::cbor::CborError;

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
    /// 1 to [`MAX_GRANTS`] grants; the first that matches and has quota left decides.
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
        let named = self.all
            || self.venues.binary_search(&id).is_ok()
            || self.categories.binary_search(&category).is_ok()
            || self.members.binary_search(&id.member).is_ok();
        named && self.except.binary_search(&id).is_err()
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
    pub period: Period,
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
pub enum Period {
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
        /// The first use must come before this moment.
        activate_by: Option<UnixTime>,
        /// How long from there.
        length: Length,
    },
}

/// How long a window lasts from the first use: the earliest end of the parts given, at least one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// So many hours from the second of the first use.
    pub hours: Option<u16>,
    /// So many service days, that of the first use being the first.
    pub days: Option<u16>,
    /// So many months from the service day of the first use, to the eve of the same day of the month;
    /// where the last month has no such day, to its last day. From 15 January, one month is to 14
    /// February; from 31 January, to the last of February.
    pub months: Option<u16>,
    /// Just before this moment.
    pub until: Option<UnixTime>,
}

impl Length {
    /// The first moment after the window that the first use `first` starts.
    #[must_use]
    pub fn end(&self, first: UnixTime, day_start: u32) -> UnixTime {
        let day = first.service_day(day_start);
        let hours = self.hours.map(|hours| first.saturating_add(i64::from(hours).saturating_mul(3_600)));
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

/// A product is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProductError {
    /// The encoding is wrong.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// A name is empty, too long, or holds a control character.
    #[error("a product name is 1 to {MAX_NAME} bytes without control characters")]
    Name,
    /// No grant, or too many.
    #[error("a product has 1 to {MAX_GRANTS} grants")]
    GrantCount,
    /// The holder classes are not strictly ascending.
    #[error("holder classes not in strictly ascending order")]
    Holders,
    /// A party of nobody.
    #[error("a party is at least one person")]
    PartyMax,
    /// The price or the rate is out of range.
    #[error("the price of the pass or the rate of settlement is out of range")]
    Settlement,
    /// One of the grants is wrong.
    #[error("grant {grant}: {fault}")]
    Grant {
        /// The grant, by its place in the product.
        grant: usize,
        /// What is wrong with it.
        fault: GrantFault,
    },
}

/// What is wrong with a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantFault {
    /// The scope holds no venue.
    #[error("the scope is empty")]
    ScopeEmpty,
    /// The scope lists what it holds already, or takes out what it never held or names itself.
    #[error("the scope contradicts or repeats itself")]
    ScopeContradiction,
    /// A list is not strictly ascending.
    #[error("a list is not in strictly ascending order")]
    Order,
    /// A list is too long.
    #[error("a list is too long")]
    TooLong,
    /// A quota of nothing.
    #[error("a quota of zero")]
    QuotaZero,
    /// A quota that can never be used up.
    #[error("a quota that limits nothing")]
    QuotaMeaningless,
    /// The window holds no moment.
    #[error("the window is empty")]
    WindowEmpty,
    /// The activation deadline lies after the end of the window.
    #[error("the activation deadline lies after the end of the window")]
    WindowContradiction,
    /// The length is missing, zero or too long.
    #[error("the length of the window is missing, zero or too long")]
    Length,
    /// A service day starts within 24 hours of midnight.
    #[error("the start of the day is out of range")]
    DayStart,
    /// No weekday, or more than seven.
    #[error("the weekdays are none or unknown")]
    Weekdays,
    /// The time of day is empty or leaves the service day.
    #[error("the time of day is empty or leaves the service day")]
    Hours,
    /// A blackout range ends before it starts, or touches the one before it, or lies outside 1970 to 9999.
    #[error("the blackout ranges are not ascending and apart")]
    Blackout,
    /// The price is out of range, or has a simpler form.
    #[error("the price is out of range")]
    Price,
    /// A holder class that the product does not admit.
    #[error("a holder class that the product does not admit")]
    Holders,
    /// A choice with one branch.
    #[error("a choice with one branch")]
    ChoiceOfOne,
    /// An earlier grant without quotas takes every visit of this one.
    #[error("never reached: grant {by} takes every visit")]
    Unreachable {
        /// The earlier grant.
        by: usize,
    },
}

impl Product {
    /// Checks that the product says something, in the one form there is to say it.
    ///
    /// # Errors
    /// The first thing wrong, in the order of the fields and of the grants.
    pub fn validate(&self) -> Result<(), ProductError> {
        for name in [&self.name_zh, &self.name_en] {
            if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
                return Err(ProductError::Name);
            }
        }
        if !ascending(&self.holders) {
            return Err(ProductError::Holders);
        }
        if self.party_max == 0 {
            return Err(ProductError::PartyMax);
        }
        self.settlement.validate()?;
        if self.grants.is_empty() || self.grants.len() > MAX_GRANTS {
            return Err(ProductError::GrantCount);
        }
        for (index, grant) in self.grants.iter().enumerate() {
            let checked = grant.validate().and_then(|()| self.validate_among(index, grant));
            checked.map_err(|fault| ProductError::Grant { grant: index, fault })?;
        }
        Ok(())
    }

    /// What only shows beside the rest of the product.
    fn validate_among(&self, index: usize, grant: &Grant) -> Result<(), GrantFault> {
        if !self.holders.is_empty() && grant.holders.iter().any(|class| self.holders.binary_search(class).is_err()) {
            return Err(GrantFault::Holders);
        }
        if let Some(choice) = grant.choice {
            let other = |branch: Choice| branch.group == choice.group && branch.branch != choice.branch;
            if !self.grants.iter().filter_map(|grant| grant.choice).any(other) {
                return Err(GrantFault::ChoiceOfOne);
            }
        }
        let by = self.grants.iter().take(index).position(|earlier| earlier.takes_all_of(grant));
        by.map_or(Ok(()), |by| Err(GrantFault::Unreachable { by }))
    }
}

impl Settlement {
    fn validate(&self) -> Result<(), ProductError> {
        let rate = match self.method {
            Method::Contracted(Rate::Share(points)) => (1..=FULL_BASIS_POINTS).contains(&points),
            Method::Contracted(Rate::PerUse(fen)) => (1..=MAX_FEN).contains(&fen),
            Method::WeightedPool | Method::EqualSplit => true,
        };
        if rate && self.price_fen <= MAX_FEN { Ok(()) } else { Err(ProductError::Settlement) }
    }
}

impl Grant {
    fn validate(&self) -> Result<(), GrantFault> {
        self.scope.validate()?;
        self.quotas.iter().try_for_each(Quota::validate)?;
        if !self.quotas.is_sorted_by(|a, b| a.order() < b.order()) || !ascending(&self.holders) {
            return Err(GrantFault::Order);
        }
        self.window.validate()?;
        match self.price {
            Price::Fixed(fen) if !(1..=MAX_FEN).contains(&fen) => Err(GrantFault::Price),
            Price::Off(points) if !(1..FULL_BASIS_POINTS).contains(&points) => Err(GrantFault::Price),
            _ => Ok(()),
        }
    }

    /// `true` when no visit that `later` matches can get past this grant. Plain cases only: it finds the
    /// forgotten duplicate, not every product that could be written shorter.
    fn takes_all_of(&self, later: &Self) -> bool {
        let everywhere = Scope { all: true, ..Scope::default() };
        let always = self.window.validity == Validity::Pass && self.window.mask == Mask::default();
        self.quotas.is_empty()
            && self.service == later.service
            && (self.scope == later.scope || self.scope == everywhere)
            && (self.window == later.window || always)
            && (self.holders == later.holders || self.holders.is_empty())
            && (self.choice == later.choice || self.choice.is_none())
    }
}

impl Scope {
    fn validate(&self) -> Result<(), GrantFault> {
        let lists = [self.members.len(), self.categories.len(), self.venues.len(), self.except.len()];
        if lists.into_iter().any(|length| length > MAX_LIST) {
            return Err(GrantFault::TooLong);
        }
        if !(ascending(&self.members)
            && ascending(&self.categories)
            && ascending(&self.venues)
            && ascending(&self.except))
        {
            return Err(GrantFault::Order);
        }
        let wide = !self.members.is_empty() || !self.categories.is_empty();
        if self.all && (wide || !self.venues.is_empty()) {
            return Err(GrantFault::ScopeContradiction);
        }
        if !self.all && !wide && self.venues.is_empty() {
            return Err(GrantFault::ScopeEmpty);
        }
        // An exception needs something wide to be taken from, and must not be listed as well.
        let listed = |venue: &VenueId| self.venues.binary_search(venue).is_ok();
        if !self.except.is_empty() && (!(self.all || wide) || self.except.iter().any(listed)) {
            return Err(GrantFault::ScopeContradiction);
        }
        Ok(())
    }
}

impl Quota {
    const fn order(&self) -> (u8, u8, u8) {
        (self.unit as u8, self.period as u8, self.key as u8)
    }

    fn validate(&self) -> Result<(), GrantFault> {
        if self.limit == 0 {
            return Err(GrantFault::QuotaZero);
        }
        let meaningless = match (self.unit, self.period, self.key) {
            (Unit::Venues, _, QuotaKey::Venue) | (Unit::Days, Period::Day, _) => true,
            (Unit::Days, Period::Month, _) => self.limit >= 31,
            (Unit::Days, Period::Year, _) => self.limit >= 366,
            _ => false,
        };
        if meaningless { Err(GrantFault::QuotaMeaningless) } else { Ok(()) }
    }
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

    fn validate(&self) -> Result<(), GrantFault> {
        if i64::from(self.day_start) >= DAY {
            return Err(GrantFault::DayStart);
        }
        self.mask.validate(self.day_start)?;
        match self.validity {
            Validity::Pass => Ok(()),
            Validity::Fixed { from, until } => self.open_before(from, until),
            Validity::FirstUse { activate_by, length, .. } => {
                length.validate()?;
                if activate_by.zip(length.until).is_some_and(|(by, until)| by > until) {
                    return Err(GrantFault::WindowContradiction);
                }
                self.open_before(UnixTime::MIN, activate_by.or(length.until).unwrap_or(UnixTime::MAX))
            }
        }
    }

    /// Refuses a window from which the mask takes every moment.
    fn open_before(&self, from: UnixTime, until: UnixTime) -> Result<(), GrantFault> {
        let mut time = from;
        // A rest ends a blackout or a day, and seven days in a row are all the weekdays there are.
        let rests = self.mask.blackout.len().saturating_add(1).saturating_mul(9);
        for _ in 0..rests {
            if time >= until {
                return Err(GrantFault::WindowEmpty);
            }
            match self.rests_until(time) {
                None => return Ok(()),
                Some(Rest::Day(next) | Rest::Hours(next)) if next > time => time = next,
                Some(_) => return Err(GrantFault::WindowEmpty),
            }
        }
        Err(GrantFault::WindowEmpty)
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

impl Length {
    fn validate(&self) -> Result<(), GrantFault> {
        let hours = self.hours.is_none_or(|hours| hours > 0);
        let days = self.days.is_none_or(|days| (1..=MAX_DAYS).contains(&days));
        let months = self.months.is_none_or(|months| (1..=MAX_MONTHS).contains(&months));
        let ends = *self != Self::default();
        if hours && days && months && ends { Ok(()) } else { Err(GrantFault::Length) }
    }
}

impl Mask {
    fn validate(&self, day_start: u32) -> Result<(), GrantFault> {
        if self.weekdays == 0 || self.weekdays > WEEKDAYS_ALL {
            return Err(GrantFault::Weekdays);
        }
        if let Some(hours) = self.hours {
            let end = i64::from(day_start).saturating_add(DAY);
            if hours.from < day_start || hours.from >= hours.until || i64::from(hours.until) > end {
                return Err(GrantFault::Hours);
            }
        }
        if self.blackout.len() > MAX_BLACKOUTS {
            return Err(GrantFault::TooLong);
        }
        let calendar = Date::from_days(0)..=UnixTime::MAX.service_day(0);
        let inside = |(first, last): &(Date, Date)| calendar.contains(first) && calendar.contains(last);
        let ordered = self.blackout.iter().all(|(first, last)| first <= last);
        let apart = self.blackout.is_sorted_by(|(_, last), (first, _)| last.plus_days(1) < *first);
        if self.blackout.iter().all(inside) && ordered && apart { Ok(()) } else { Err(GrantFault::Blackout) }
    }
}

fn ascending<T: Ord>(list: &[T]) -> bool {
    list.is_sorted_by(|a, b| a < b)
}

/// The day after the last of `months` months that start with `day`; see [`Length::months`].
fn months_later(day: Date, months: u16) -> Date {
    let later = day.plus_months(months);
    let shortened = later.year_month_day().2 < day.year_month_day().2;
    later.plus_days(i32::from(shortened))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{at, city, date, days, first_use, grant, hours, product, quota, venue, window};
    use super::*;

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
    }

    #[test]
    fn quotas_limit_something() {
        use {Period as P, QuotaKey as K, Unit as U};
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

        let until = |until| Length { until: Some(until), ..Length::default() };
        let by = |activate_by, length| window(Validity::FirstUse { clock: 0, activate_by, length });
        assert_eq!(of(by(Some(june), until(may))), Some(GrantFault::WindowContradiction));
        assert_eq!(of(by(Some(may), until(june))), None);
        assert_eq!(of(by(Some(UnixTime::MIN), days(1))), Some(GrantFault::WindowEmpty));
        for length in [Length::default(), hours(0), days(0), days(MAX_DAYS + 1)] {
            assert_eq!(of(first_use(0, length)), Some(GrantFault::Length), "{length:?}");
        }
        let months = |months| Length { months: Some(months), ..Length::default() };
        assert_eq!(of(first_use(0, months(MAX_MONTHS + 1))), Some(GrantFault::Length));
        assert_eq!(of(Window { day_start: 86_400, ..window(Validity::Pass) }), Some(GrantFault::DayStart));
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
        let unlimited = grant();
        let unreachable = |later: Grant| product(vec![unlimited.clone(), later]).validate();
        let error = Err(ProductError::Grant { grant: 1, fault: GrantFault::Unreachable { by: 0 } });
        assert_eq!(unreachable(unlimited.clone()), error);
        assert_eq!(unreachable(Grant { price: Price::Fixed(1), ..unlimited.clone() }), error);
        assert_eq!(unreachable(Grant { window: first_use(0, days(1)), ..unlimited.clone() }), error);
        assert_eq!(unreachable(Grant { service: 1, ..unlimited.clone() }), Ok(()));
        let limited = Grant { quotas: vec![quota(1, Unit::Entries, Period::Life, QuotaKey::Shared)], ..grant() };
        assert_eq!(product(vec![limited, unlimited.clone()]).validate(), Ok(()));
        let mut narrow = product(vec![Grant { holders: vec![2], ..grant() }]);
        narrow.holders = vec![1];
        assert_eq!(narrow.validate(), Err(ProductError::Grant { grant: 0, fault: GrantFault::Holders }));
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
        assert_eq!(wrong(|product| product.party_max = 0), ProductError::PartyMax);
        assert_eq!(wrong(|product| product.holders = vec![2, 1]), ProductError::Holders);
        assert_eq!(wrong(|product| product.settlement.price_fen = MAX_FEN + 1), ProductError::Settlement);
        for rate in [Rate::Share(0), Rate::Share(10_001), Rate::PerUse(0), Rate::PerUse(MAX_FEN + 1)] {
            let settlement = Settlement { price_fen: 0, method: Method::Contracted(rate) };
            assert_eq!(settlement.validate(), Err(ProductError::Settlement), "{rate:?}");
        }
    }

    #[test]
    fn a_month_runs_to_the_eve_of_its_day() {
        let end = |y, m, d, months| months_later(date(y, m, d), months);
        assert_eq!(end(2027, 1, 15, 1), date(2027, 2, 15));
        assert_eq!(end(2027, 1, 31, 1), date(2027, 3, 1));
        assert_eq!(end(2028, 1, 29, 1), date(2028, 2, 29));
        assert_eq!(end(2027, 1, 29, 1), date(2027, 3, 1));
        assert_eq!(end(2028, 2, 29, 12), date(2029, 3, 1));
        assert_eq!(end(2027, 12, 1, 1), date(2028, 1, 1));
    }
}
