//! What makes a product fit to be published.
//!
//! Every value has one form: lists are strictly ascending, a default is an absent part, and what
//! would say nothing, or contradict itself, is refused. A published product never changes, so a
//! mistake in it cannot be mended later: [`Product::validate`] is strict on purpose.

use super::grant::{
    Choice, FULL_BASIS_POINTS, Grant, Length, MAX_BLACKOUTS, MAX_DAYS, MAX_FEN, MAX_LIST, MAX_MONTHS, MAX_NAME, Mask,
    Method, Period, Price, Product, Quota, QuotaKey, Rate, Rest, Scope, Settlement, Unit, Validity, WEEKDAYS_ALL,
    Window, has,
};
use crate::id::VenueId;
use crate::limits::MAX_GRANTS;
use crate::time::{DAY, Date, UnixTime};
use crate::wire::cbor::CborError;

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
    /// A quota that can never be used up, or only when another one of the grant is used up as well.
    #[error("a quota that limits nothing")]
    QuotaMeaningless,
    /// The window holds no moment.
    #[error("the window is empty")]
    WindowEmpty,
    /// The activation deadline lies after the end of the window.
    #[error("the activation deadline lies after the end of the window")]
    WindowContradiction,
    /// A length is missing, zero or too long.
    #[error("the length of the window or of the time to activate it is missing, zero or too long")]
    Length,
    /// Of the hours, days and months of a length, one always ends after another.
    #[error("a part of a length never decides")]
    LengthIdle,
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
    /// An earlier grant without quotas takes every visit of this one; [`Product::validate`] says when
    /// that is found out.
    #[error("never reached: grant {by} takes every visit")]
    Unreachable {
        /// The earlier grant.
        by: usize,
    },
}

impl Product {
    /// Checks that the product says something, in the one form there is to say it.
    ///
    /// A grant that can never decide is refused where that follows from the product alone: one earlier
    /// grant without quotas has the same service, and surely holds the scope, the window, the holders and
    /// the choice of the later one. Part by part that means: the lists of the scope are among the earlier
    /// one's, as are the weekdays, hours and dates; a fixed window lies within the other; lengths on one
    /// clock are no longer than the other's; the classes that come so far are among the other's. What is
    /// called unreachable is. Not found out is what takes more than that: two earlier grants that take
    /// every visit only together, a category that one member alone has, a quota that is never used up
    /// because the window is too short, a window that no pass on sale lives to see.
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
        if !self.holders.is_empty() && !among(&grant.holders, &self.holders) {
            return Err(GrantFault::Holders);
        }
        if let Some(choice) = grant.choice {
            let other = |branch: Choice| branch.group == choice.group && branch.branch != choice.branch;
            if !self.grants.iter().filter_map(|grant| grant.choice).any(other) {
                return Err(GrantFault::ChoiceOfOne);
            }
        }
        let by = self.grants.iter().take(index).position(|earlier| earlier.takes_all_of(grant, &self.holders));
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
        let idle = |quota: &Quota| self.quotas.iter().any(|other| other != quota && other.ends_before(quota));
        if self.quotas.iter().any(idle) {
            return Err(GrantFault::QuotaMeaningless);
        }
        self.window.validate()?;
        match self.price {
            Price::Fixed(fen) if !(1..=MAX_FEN).contains(&fen) => Err(GrantFault::Price),
            Price::Off(points) if !(1..FULL_BASIS_POINTS).contains(&points) => Err(GrantFault::Price),
            _ => Ok(()),
        }
    }

    /// `true` when surely no visit that `later` matches gets past this grant, in a product that admits
    /// the classes `admitted`; see [`Product::validate`].
    fn takes_all_of(&self, later: &Self, admitted: &[u8]) -> bool {
        let come = if later.holders.is_empty() { admitted } else { &later.holders };
        self.quotas.is_empty()
            && self.service == later.service
            && self.scope.holds(&later.scope)
            && self.window.holds(&later.window)
            && (self.holders.is_empty() || !come.is_empty() && among(come, &self.holders))
            && (self.choice.is_none() || self.choice == later.choice)
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
        let listed = |venue: &VenueId| has(&self.venues, venue);
        if !self.except.is_empty() && (!(self.all || wide) || self.except.iter().any(listed)) {
            return Err(GrantFault::ScopeContradiction);
        }
        Ok(())
    }

    /// `true` when every venue of `other` is surely in this scope, whatever its category.
    fn holds(&self, other: &Self) -> bool {
        let listed = |venue: &VenueId| has(&self.venues, venue) || has(&self.members, &venue.member);
        let named = self.all
            || !other.all
                && among(&other.members, &self.members)
                && among(&other.categories, &self.categories)
                && other.venues.iter().all(listed);
        named && self.except.iter().all(|venue| other.lacks(venue))
    }

    /// `true` when `venue` is surely not in this scope, whatever its category.
    fn lacks(&self, venue: &VenueId) -> bool {
        let wide = self.all || !self.categories.is_empty();
        let named = wide || has(&self.venues, venue) || has(&self.members, &venue.member);
        !named || has(&self.except, venue)
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

    /// `true` when whatever uses up `other` has used up this one: it counts no less and allows no more.
    fn ends_before(&self, other: &Self) -> bool {
        self.limit <= other.limit
            && (self.unit == other.unit || self.unit == Unit::Entries)
            && (self.key == other.key || self.key == QuotaKey::Shared)
            && self.period.holds(other.period)
    }
}

impl Period {
    /// `true` when the other period always lies within one of these.
    const fn holds(self, other: Self) -> bool {
        match self {
            Self::Life => true,
            Self::Year => !matches!(other, Self::Life),
            Self::Month => matches!(other, Self::Month | Self::Day),
            Self::Day => matches!(other, Self::Day),
        }
    }
}

impl Window {
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
                activate_by.map_or(Ok(()), |activate_by| activate_by.validate())?;
                let by = activate_by.and_then(|activate_by| activate_by.until);
                if by.zip(length.until).is_some_and(|(by, until)| by > until) {
                    return Err(GrantFault::WindowContradiction);
                }
                self.open_before(UnixTime::MIN, by.or(length.until).unwrap_or(UnixTime::MAX))
            }
        }
    }

    /// `true` when this window is surely open whenever `other` is.
    fn holds(&self, other: &Self) -> bool {
        let days = self.day_start == other.day_start;
        let masks = self.mask == Mask::default() || days && self.mask.holds(&other.mask);
        masks
            && match (self.validity, other.validity) {
                (Validity::Pass, _) => true,
                (Validity::Fixed { from, until }, Validity::Fixed { from: start, until: end }) => {
                    from <= start && end <= until
                }
                (
                    Validity::FirstUse { clock, activate_by, length },
                    Validity::FirstUse { clock: other, activate_by: by, length: shorter },
                ) => {
                    let in_time = activate_by.is_none_or(|latest| by.is_some_and(|by| latest.holds(&by)));
                    days && clock == other && in_time && length.holds(&shorter)
                }
                _ => false,
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

impl Length {
    fn validate(&self) -> Result<(), GrantFault> {
        let hours = self.hours.is_none_or(|hours| hours > 0);
        let days = self.days.is_none_or(|days| (1..=MAX_DAYS).contains(&days));
        let months = self.months.is_none_or(|months| (1..=MAX_MONTHS).contains(&months));
        let ends = *self != Self::default();
        if !(hours && days && months && ends) {
            return Err(GrantFault::Length);
        }
        if self.spans().any(|(part, least, _)| self.spans().any(|(other, _, most)| part != other && most <= least)) {
            return Err(GrantFault::LengthIdle);
        }
        Ok(())
    }

    /// Each part that counts from the start, by its key, with the fewest and the most seconds it lasts.
    ///
    /// Of the first service day there may be one second left or all of it, and a month has 28 to 31 days.
    fn spans(&self) -> impl Iterator<Item = (u8, i64, i64)> {
        let days = |fewest: i64, most: i64| {
            (fewest.saturating_sub(1).saturating_mul(DAY).saturating_add(1), most.saturating_mul(DAY))
        };
        let hours = self.hours.map(|hours| i64::from(hours).saturating_mul(3_600)).map(|exactly| (exactly, exactly));
        let service_days = self.days.map(i64::from).map(|count| days(count, count));
        let months = self.months.map(i64::from).map(|count| days(count.saturating_mul(28), count.saturating_mul(31)));
        let parts = [(1, hours), (2, service_days), (3, months)];
        parts.into_iter().filter_map(|(key, span)| span.map(|(least, most)| (key, least, most)))
    }

    /// `true` when this length surely ends no earlier than `other`: whatever part ends it, `other` has no
    /// more of it.
    fn holds(&self, other: &Self) -> bool {
        holds_part(self.hours, other.hours)
            && holds_part(self.days, other.days)
            && holds_part(self.months, other.months)
            && holds_part(self.until, other.until)
    }
}

fn holds_part<T: PartialOrd>(part: Option<T>, other: Option<T>) -> bool {
    part.is_none_or(|part| other.is_some_and(|other| other <= part))
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

    /// `true` when this mask is open whenever `other` is, where days start at the same time.
    fn holds(&self, other: &Self) -> bool {
        let rests = |(first, last): &(Date, Date)| other.blackout.iter().any(|(from, to)| from <= first && last <= to);
        let hours = self
            .hours
            .is_none_or(|wide| other.hours.is_some_and(|hours| wide.from <= hours.from && hours.until <= wide.until));
        other.weekdays & !self.weekdays == 0 && self.blackout.iter().all(rests) && hours
    }
}

fn ascending<T: Ord>(list: &[T]) -> bool {
    list.is_sorted_by(|a, b| a < b)
}

/// Whether all of `few` are in an ascending list.
fn among<T: Ord>(few: &[T], list: &[T]) -> bool {
    few.iter().all(|item| has(list, item))
}

#[cfg(test)]
mod tests {
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
    fn a_quota_that_another_one_ends_before_is_refused() {
        use {Period as P, QuotaKey as K, Unit as U};
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
        let limited = Grant { quotas: vec![quota(1, Unit::Entries, Period::Life, QuotaKey::Shared)], ..grant() };
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
        let members =
            |members: &[u8]| Scope { members: members.iter().map(|&m| city(m)).collect(), ..Scope::default() };
        let categories = |categories: &[u8]| Scope { categories: categories.to_vec(), ..Scope::default() };
        let venues =
            |venues: &[u16]| Scope { venues: venues.iter().map(|&n| venue(0, n)).collect(), ..Scope::default() };
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
        let closed = |first, last| {
            masked(Mask { blackout: vec![(date(2027, 5, first), date(2027, 5, last))], ..Mask::default() })
        };
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
}
