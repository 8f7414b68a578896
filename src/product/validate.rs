//! What makes a product fit to be published.
//!
//! Every value has one form: lists are strictly ascending, a default is an absent part, and what
//! would say nothing, or contradict itself, is refused. A published product never changes, so a
//! mistake in it cannot be mended later: [`Product::validate`] is strict on purpose.

use super::grant::{
    Choice, FULL_BASIS_POINTS, Grant, Length, MAX_BLACKOUTS, MAX_DAYS, MAX_FEN, MAX_LIST, MAX_MONTHS, MAX_NAME, Mask,
    Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Rest, Scope, Settlement, Unit, Validity, WEEKDAYS_ALL,
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
            (Unit::Venues, _, QuotaKey::Venue) | (Unit::Days, QuotaPeriod::Day, _) => true,
            (Unit::Days, QuotaPeriod::Month, _) => self.limit >= 31,
            (Unit::Days, QuotaPeriod::Year, _) => self.limit >= 366,
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

impl QuotaPeriod {
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
#[path = "tests/validate.rs"]
mod tests;
