//! Does this pass open this gate now? One pure function, the same at the gate, in the ledger and at
//! the auditor.

use super::grant::{Grant, Length, Period, Product, Quota, QuotaKey, Rest, Unit, Validity};
use super::tally::{Counting, Uses};
use super::usage::Usage;
use crate::id::VenueId;
use crate::time::{Date, UnixTime};

/// What the decision needs to know of a verified pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassFacts {
    /// The first moment the pass is valid; [`UnixTime::MIN`] where there is none or it is not known, and
    /// then no deadline is counted from it.
    pub not_before: UnixTime,
    /// The first moment it is not valid any more.
    pub expires: UnixTime,
    /// The holder's class, as the issuer signed it.
    pub holder_class: u8,
}

/// What the decision needs to know of the venue, from its member's catalogue and the gate's setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueFacts {
    /// The venue.
    pub id: VenueId,
    /// Its category.
    pub category: u8,
    /// What a visit costs without a pass, per person; at most [`MAX_FEN`](super::MAX_FEN).
    pub reference_fen: u32,
    /// The service the gate is for; 0 is entry.
    pub service: u8,
}

/// Someone at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Now.
    pub time: UnixTime,
    /// Where.
    pub venue: VenueFacts,
    /// How many people want to come in on this pass. Nobody counts as one.
    pub party: u8,
}

/// The visit is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitled {
    /// The grant that covers it, by its place in the product.
    pub grant: u8,
    /// Co-payment of the whole party, in fen: the price per person times the people.
    pub due_fen: u32,
    /// What is left after this visit of the grant's tightest shared quota; `None` when it has none.
    pub uses_left: Option<u32>,
    /// The first moment at which the grant, once this visit is recorded, is over.
    pub valid_until: UnixTime,
}

/// The visit is not covered, and why.
///
/// The variants are the deny-by-rule reasons of the reason code table, [`Denied::code`] their
/// numbers. `next` is always the earliest time known at which this very visit would be covered, given
/// the usage known now; `None` when there is none or none was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The pass, or the grant, starts later.
    #[error("not valid before {from}")]
    NotYetValid {
        /// When it starts.
        from: UnixTime,
        /// When the visit would be covered.
        next: Option<UnixTime>,
    },
    /// The pass, or the grant, is over.
    #[error("expired at {at}")]
    Expired {
        /// Since when.
        at: UnixTime,
        /// When another grant would cover the visit.
        next: Option<UnixTime>,
    },
    /// The first use had to come earlier.
    #[error("not used before {by}, as it had to be")]
    ActivationMissed {
        /// The deadline.
        by: UnixTime,
        /// When another grant would cover the visit.
        next: Option<UnixTime>,
    },
    /// No grant covers the venue.
    #[error("this venue is not covered")]
    VenueNotCovered,
    /// The venue is covered, but not this service.
    #[error("this service is not covered")]
    ServiceNotCovered,
    /// Another branch of the choice was used.
    #[error("closed by the use of grant {grant}")]
    OtherBranch {
        /// The grant of the other branch that was used first.
        grant: u8,
        /// When another grant would cover the visit.
        next: Option<UnixTime>,
    },
    /// The product or grant is for other holders.
    #[error("not for holders of class {class}")]
    HolderNotEligible {
        /// The holder's class.
        class: u8,
    },
    /// Not on this day.
    #[error("not on this day")]
    Blackout {
        /// When the visit would be covered.
        next: Option<UnixTime>,
    },
    /// Not at this time of day.
    #[error("not at this time of day")]
    OutsideHours {
        /// When the visit would be covered.
        next: Option<UnixTime>,
    },
    /// Used up at this venue: a quota per venue, of any period.
    #[error("used up at this venue: {} of {}", .0.used, .0.limit)]
    VenueQuota(Spent),
    /// Used up for today: a shared quota per day.
    #[error("used up today: {} of {}", .0.used, .0.limit)]
    DayQuota(Spent),
    /// Used up: a shared quota for the month, the year or the life of the pass.
    #[error("used up: {} of {}", .0.used, .0.limit)]
    TotalQuota(Spent),
    /// More people than the product admits on one redemption.
    #[error("at most {max} people")]
    PartyTooLarge {
        /// How many it admits.
        max: u8,
    },
}

/// A quota with nothing left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The quota's limit.
    pub limit: u16,
    /// How many were used. More than the limit when gates did not know of each other.
    pub used: u32,
    /// The last use that counted.
    pub last: Option<LastUse>,
    /// When the visit would be covered.
    pub next: Option<UnixTime>,
}

/// When and where a pass was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub time: UnixTime,
    /// Where.
    pub venue: VenueId,
}

impl Denied {
    /// The stable number of the reason.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::NotYetValid { .. } => 60,
            Self::Expired { .. } => 61,
            Self::ActivationMissed { .. } => 62,
            Self::VenueNotCovered => 70,
            Self::ServiceNotCovered => 71,
            Self::OtherBranch { .. } => 72,
            Self::HolderNotEligible { .. } => 73,
            Self::Blackout { .. } => 80,
            Self::OutsideHours { .. } => 81,
            Self::VenueQuota(_) => 90,
            Self::DayQuota(_) => 91,
            Self::TotalQuota(_) => 92,
            Self::PartyTooLarge { .. } => 95,
        }
    }

    /// When this very visit would be covered, where that can be told.
    #[must_use]
    pub const fn next(&self) -> Option<UnixTime> {
        match self {
            Self::NotYetValid { next, .. }
            | Self::Expired { next, .. }
            | Self::ActivationMissed { next, .. }
            | Self::OtherBranch { next, .. }
            | Self::Blackout { next }
            | Self::OutsideHours { next } => *next,
            Self::VenueQuota(spent) | Self::DayQuota(spent) | Self::TotalQuota(spent) => spent.next,
            Self::VenueNotCovered
            | Self::ServiceNotCovered
            | Self::HolderNotEligible { .. }
            | Self::PartyTooLarge { .. } => None,
        }
    }
}

/// Decides whether `product` covers `visit` by a pass with the facts `pass` and the uses `usage`.
///
/// The pass comes first: its validity, the holder's class, the size of the party. Then the grants, in
/// order; the first that passes every check decides. A grant's checks are, in this order: venue,
/// service, holder, choice, window ([expired](Denied::Expired), [activation
/// missed](Denied::ActivationMissed), [not yet](Denied::NotYetValid)), [day](Denied::Blackout), [time of
/// day](Denied::OutsideHours), quotas ([total](Denied::TotalQuota), [venue](Denied::VenueQuota),
/// [day](Denied::DayQuota)). When all fail, the failure furthest down this list is reported, and among
/// equals that of the first grant. Within one grant the more lasting quota comes first, so that nobody
/// is told to come back tomorrow in vain.
///
/// All known uses count, also those later than the visit: they were learnt from elsewhere, and the
/// order of learning must not matter. So the first use, where a clock starts, is the earliest of the
/// known uses and this visit; and a branch of a choice is closed by any use of another branch. Once the
/// clocks have started, more usage can therefore only take away.
///
/// A redemption counts as one entry, whatever the size of the party.
///
/// # Errors
/// [`Denied`] says why not.
pub fn entitle(product: &Product, pass: &PassFacts, usage: &Usage, visit: &Visit) -> Result<Entitled, Denied> {
    decide(product, pass, usage, visit)
}

/// [`entitle`], however the uses are kept.
pub(crate) fn decide(
    product: &Product,
    pass: &PassFacts,
    usage: &impl Uses,
    visit: &Visit,
) -> Result<Entitled, Denied> {
    let case = Case { product, pass, usage, visit };
    case.decide().map_err(|denied| denied.with_next(case.next()))
}

/// Decides as [`entitle`] does, but by the grant with this index alone: whether a record that names the
/// grant can stand.
pub(crate) fn entitle_by(
    grant: u8,
    product: &Product,
    pass: &PassFacts,
    usage: &impl Uses,
    visit: &Visit,
) -> Result<Entitled, Denied> {
    let case = Case { product, pass, usage, visit };
    case.pass(visit.time)?;
    case.grants()
        .find(|(index, _)| *index == grant)
        .map_or(Err(Denied::VenueNotCovered), |(index, grant)| case.grant(index, grant, visit.time))
}

/// Rounds of looking for the next time a grant would cover the visit. Each round passes a blackout, a
/// day or a period of a quota; whatever needs more is answered with "not known".
const ROUNDS: u32 = 128;

impl Denied {
    const fn with_next(self, next: Option<UnixTime>) -> Self {
        match self {
            Self::NotYetValid { from, .. } => Self::NotYetValid { from, next },
            Self::Expired { at, .. } => Self::Expired { at, next },
            Self::ActivationMissed { by, .. } => Self::ActivationMissed { by, next },
            Self::OtherBranch { grant, .. } => Self::OtherBranch { grant, next },
            Self::Blackout { .. } => Self::Blackout { next },
            Self::OutsideHours { .. } => Self::OutsideHours { next },
            Self::VenueQuota(spent) => Self::VenueQuota(Spent { next, ..spent }),
            Self::DayQuota(spent) => Self::DayQuota(Spent { next, ..spent }),
            Self::TotalQuota(spent) => Self::TotalQuota(Spent { next, ..spent }),
            other => other,
        }
    }

    /// How far a grant came; the order documented at [`entitle`].
    const fn progress(&self) -> u8 {
        match self {
            Self::VenueNotCovered => 0,
            Self::ServiceNotCovered => 1,
            Self::HolderNotEligible { .. } => 2,
            Self::OtherBranch { .. } => 3,
            Self::Expired { .. } => 4,
            Self::ActivationMissed { .. } => 5,
            Self::NotYetValid { .. } => 6,
            Self::Blackout { .. } => 7,
            Self::OutsideHours { .. } => 8,
            Self::TotalQuota(_) => 9,
            Self::VenueQuota(_) => 10,
            Self::DayQuota(_) => 11,
            Self::PartyTooLarge { .. } => 12,
        }
    }
}

/// All the facts of one decision.
///
/// Inside, the `next` of a [`Denied`] is the first time at which this one reason is gone; another may
/// hold then. [`Case::next`] follows these from reason to reason until none is left.
struct Case<'a, U> {
    product: &'a Product,
    pass: &'a PassFacts,
    usage: &'a U,
    visit: &'a Visit,
}

impl<U: Uses> Case<'_, U> {
    fn decide(&self) -> Result<Entitled, Denied> {
        self.pass(self.visit.time)?;
        let mut furthest = Denied::VenueNotCovered;
        for (index, grant) in self.grants() {
            match self.grant(index, grant, self.visit.time) {
                Ok(entitled) => return Ok(entitled),
                Err(denied) if denied.progress() > furthest.progress() => furthest = denied,
                Err(_) => {}
            }
        }
        Err(furthest)
    }

    /// The earliest time at which some grant covers the visit.
    fn next(&self) -> Option<UnixTime> {
        self.grants().filter_map(|(index, grant)| self.next_of(index, grant)).min()
    }

    fn next_of(&self, index: u8, grant: &Grant) -> Option<UnixTime> {
        let mut time = self.visit.time;
        for _ in 0..ROUNDS {
            let decision = self.pass(time).and_then(|()| self.grant(index, grant, time));
            let Err(denied) = decision else { return Some(time) };
            time = denied.next().filter(|next| *next > time)?;
        }
        None
    }

    fn grants(&self) -> impl Iterator<Item = (u8, &Grant)> {
        (0..=u8::MAX).zip(&self.product.grants)
    }

    fn pass(&self, time: UnixTime) -> Result<(), Denied> {
        if time < self.pass.not_before {
            return Err(Denied::NotYetValid { from: self.pass.not_before, next: Some(self.pass.not_before) });
        }
        if time >= self.pass.expires {
            return Err(Denied::Expired { at: self.pass.expires, next: None });
        }
        self.holder(&self.product.holders)?;
        if self.visit.party > self.product.party_max {
            return Err(Denied::PartyTooLarge { max: self.product.party_max });
        }
        Ok(())
    }

    fn holder(&self, classes: &[u8]) -> Result<(), Denied> {
        let class = self.pass.holder_class;
        if classes.is_empty() || classes.binary_search(&class).is_ok() {
            return Ok(());
        }
        Err(Denied::HolderNotEligible { class })
    }

    fn grant(&self, index: u8, grant: &Grant, time: UnixTime) -> Result<Entitled, Denied> {
        let venue = &self.visit.venue;
        if !grant.scope.covers(venue.id, venue.category) {
            return Err(Denied::VenueNotCovered);
        }
        if grant.service != venue.service {
            return Err(Denied::ServiceNotCovered);
        }
        self.holder(&grant.holders)?;
        self.choice(grant)?;
        let end = self.window(grant, time)?;
        match grant.window.rests_until(time) {
            None => {}
            Some(Rest::Day(next)) => return Err(Denied::Blackout { next: Some(next) }),
            Some(Rest::Hours(next)) => return Err(Denied::OutsideHours { next: Some(next) }),
        }
        let uses_left = self.quotas(index, grant, time)?;
        let people = u32::from(self.visit.party.max(1));
        Ok(Entitled {
            grant: index,
            due_fen: grant.price.fen(venue.reference_fen).saturating_mul(people),
            uses_left,
            valid_until: end.min(self.pass.expires),
        })
    }

    fn choice(&self, grant: &Grant) -> Result<(), Denied> {
        let Some(choice) = grant.choice else { return Ok(()) };
        let closes = |(_, grant): &(u8, &Grant)| {
            grant.choice.is_some_and(|other| other.group == choice.group && other.branch != choice.branch)
        };
        let closed = self.grants().filter(closes);
        // Of uses at one moment by what they are, not by who wrote them down.
        match closed.filter_map(|(grant, _)| Some((self.usage.first(grant)?, grant))).min() {
            Some((_, grant)) => Err(Denied::OtherBranch { grant, next: None }),
            None => Ok(()),
        }
    }

    /// The end of the grant's window, once `time` is inside it.
    fn window(&self, grant: &Grant, time: UnixTime) -> Result<UnixTime, Denied> {
        let end = match grant.window.validity {
            Validity::Pass => self.pass.expires,
            Validity::Fixed { from, .. } if time < from => {
                return Err(Denied::NotYetValid { from, next: Some(from) });
            }
            Validity::Fixed { until, .. } => until,
            Validity::FirstUse { clock, activate_by, length } => {
                let first = self.first_use(clock).map_or(time, |first| first.min(time));
                let by = activate_by.map(|length| self.deadline(length, grant.window.day_start));
                let end = length.end(first, grant.window.day_start);
                // What is over stays so, whatever is learnt; an earlier first use may still be learnt of.
                if let Some(by) = by.filter(|by| time < end && *by <= first) {
                    return Err(Denied::ActivationMissed { by, next: None });
                }
                end
            }
        };
        if time < end { Ok(end) } else { Err(Denied::Expired { at: end, next: None }) }
    }

    /// The end of the time to activate; never, where it is counted from the start of a pass that has none.
    fn deadline(&self, length: Length, day_start: u32) -> UnixTime {
        if self.pass.not_before == UnixTime::MIN {
            return length.until.unwrap_or(UnixTime::MAX);
        }
        length.end(self.pass.not_before, day_start)
    }

    fn first_use(&self, clock: u8) -> Option<UnixTime> {
        let starts = |grant: &Grant| matches!(grant.window.validity, Validity::FirstUse { clock: started, .. } if started == clock);
        let started = self.grants().filter(|(_, grant)| starts(grant));
        started.filter_map(|(grant, _)| self.usage.first(grant)).min()
    }

    /// What the tightest shared quota leaves after the visit; or the most lasting quota that is used up,
    /// with the time at which all that are used up have started anew.
    fn quotas(&self, index: u8, grant: &Grant, time: UnixTime) -> Result<Option<u32>, Denied> {
        let day = time.service_day(grant.window.day_start);
        let mut left = None;
        let mut lasting: Option<Denied> = None;
        for quota in &grant.quotas {
            let which = self.counting(index, grant, quota, day);
            let Counted { used, with_visit } = self.count(&which, quota.unit);
            let limit = u32::from(quota.limit);
            if let Some(rest) = limit.checked_sub(with_visit) {
                if quota.key == QuotaKey::Shared {
                    left = Some(left.map_or(rest, |left: u32| left.min(rest)));
                }
                continue;
            }
            let last = self.usage.last(&which).map(|(time, venue)| LastUse { time, venue });
            // On a later day that counts already, as another clock wrote it down, the visit costs no more.
            let later = if quota.unit == Unit::Days { self.usage.later_day(&which) } else { None };
            let later = later.filter(|_| used <= limit);
            let next = [quota.period.next(day), later].into_iter().flatten().min();
            let next = next.map(|day| day.start(grant.window.day_start));
            let spent = Spent { limit: quota.limit, used, last, next };
            let denied = match (quota.key, quota.period) {
                (QuotaKey::Venue, _) => Denied::VenueQuota(spent),
                (QuotaKey::Shared, Period::Day) => Denied::DayQuota(spent),
                (QuotaKey::Shared, _) => Denied::TotalQuota(spent),
            };
            lasting = Some(match lasting {
                None => denied,
                Some(other) => {
                    let next = other.next().zip(next).map(|(a, b)| a.max(b));
                    let first = if denied.progress() < other.progress() { denied } else { other };
                    first.with_next(next)
                }
            });
        }
        lasting.map_or(Ok(left), Err)
    }

    fn counting(&self, index: u8, grant: &Grant, quota: &Quota, day: Date) -> Counting {
        let venue = (quota.key == QuotaKey::Venue).then_some(self.visit.venue.id);
        Counting { grant: index, venue, period: quota.period, day_start: grant.window.day_start, day }
    }

    fn count(&self, which: &Counting, unit: Unit) -> Counted {
        let (used, known) = match unit {
            Unit::Entries => (self.usage.entries(which), false),
            Unit::Venues => self.usage.venues(which, self.visit.venue.id),
            Unit::Days => self.usage.days(which),
        };
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        Counted { used, with_visit: used.saturating_add(u32::from(!known)) }
    }
}

/// What a quota counts without and with the visit.
struct Counted {
    used: u32,
    with_visit: u32,
}

impl Period {
    /// The first day of the period after the one `day` is in.
    fn next(self, day: Date) -> Option<Date> {
        let (year, month, _) = day.year_month_day();
        match self {
            Self::Life => None,
            Self::Day => Some(day.plus_days(1)),
            Self::Month => Date::new(year, month, 1).map(|first| first.plus_months(1)),
            Self::Year => Date::new(year.saturating_add(1), 1, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        any_product, any_relatives, any_time, any_uses, any_visit, at, config, date, days, first_use, grant, product,
        quota, used, window,
    };
    use super::super::{Choice, GrantFault, HourRange, Mask, Price, ProductError, Use, Window};
    use super::*;
    use crate::wire::cbor::{Decoder, Encoder};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn pass() -> PassFacts {
        PassFacts { not_before: at(2028, 2, 25, 0, 0), expires: at(2029, 1, 1, 0, 0), holder_class: 0 }
    }

    fn clock(product: &Product, grant: u8) -> Option<(u8, Option<Length>)> {
        match product.grants[usize::from(grant)].window.validity {
            Validity::FirstUse { clock, activate_by, .. } => Some((clock, activate_by)),
            _ => None,
        }
    }

    #[test]
    fn the_ends_of_the_range_are_decided_too() {
        let length = Length { hours: Some(u16::MAX), days: Some(u16::MAX), months: Some(u16::MAX), until: None };
        let wild = Grant { window: first_use(0, length), price: Price::Off(u16::MAX), ..grant() };
        let mut wild = product(vec![wild; 300]);
        wild.grants[0].window.day_start = u32::MAX;
        wild.grants[0].window.mask.weekdays = 0xff;
        wild.party_max = u8::MAX;
        let facts =
            VenueFacts { id: super::super::samples::venue(0, 0), category: 0, reference_fen: u32::MAX, service: 0 };
        for time in [UnixTime::MIN, UnixTime::MAX, UnixTime::MAX.saturating_add(-1)] {
            let pass = PassFacts { not_before: UnixTime::MIN, expires: UnixTime::MAX, holder_class: 0 };
            let visit = Visit { time, venue: facts, party: u8::MAX };
            assert_eq!(entitle(&wild, &pass, &Usage::new(), &visit).is_ok(), time < UnixTime::MAX);
            wild.grants[0].price = Price::Free;
        }
        let dear = product(vec![Grant { price: Price::Fixed(u32::MAX), window: first_use(0, days(1)), ..grant() }]);
        let visit = Visit { time: at(2028, 3, 1, 0, 0), venue: facts, party: 1 };
        assert_eq!(entitle(&dear, &pass(), &Usage::new(), &visit).map(|entitled| entitled.due_fen), Ok(u32::MAX));
    }

    fn denied(grants: Vec<Grant>, uses: &[Use], now: UnixTime) -> Denied {
        let facts =
            VenueFacts { id: super::super::samples::venue(0, 1), category: 0, reference_fen: 4_000, service: 0 };
        let visit = Visit { time: now, venue: facts, party: 1 };
        entitle(&product(grants), &pass(), &uses.iter().copied().collect(), &visit).unwrap_err()
    }

    #[test]
    fn what_is_told_is_when_nothing_stands_against_it_any_more() {
        let now = at(2028, 3, 1, 12, 0);
        let closed = Mask { blackout: vec![(date(2028, 3, 2), date(2028, 3, 3))], ..Mask::default() };
        for (key, period) in [(QuotaKey::Shared, Period::Day), (QuotaKey::Venue, Period::Day)] {
            let window = Window { mask: closed.clone(), ..grant().window };
            let once = Grant { quotas: vec![quota(1, Unit::Entries, period, key)], window, ..grant() };
            let next = denied(vec![once], &[used(1, 1, at(2028, 3, 1, 9, 0))], now).next();
            assert_eq!(next, Some(at(2028, 3, 4, 0, 0)), "{key:?}: on the two days before it is closed");
        }
    }

    #[test]
    fn of_two_that_came_as_far_the_first_is_told() {
        let now = at(2028, 3, 1, 12, 0);
        let uses = [used(1, 1, at(2028, 3, 1, 9, 0)), used(1, 2, at(2028, 3, 1, 10, 0))];
        let limit = |denied: Denied| match denied {
            Denied::VenueQuota(spent) | Denied::TotalQuota(spent) | Denied::DayQuota(spent) => spent.limit,
            other => panic!("{other:?}"),
        };
        let of = |limit, period| quota(limit, Unit::Entries, period, QuotaKey::Venue);
        let both = |quotas: Vec<Quota>| limit(denied(vec![Grant { quotas, ..grant() }], &uses, now));
        assert_eq!(both(vec![of(1, Period::Day), of(2, Period::Month)]), 1);
        assert_eq!(both(vec![of(2, Period::Day), of(1, Period::Month)]), 2);
        let until = |day| Grant { window: window(Validity::Fixed { from: pass().not_before, until: day }), ..grant() };
        let days = [at(2028, 2, 27, 0, 0), at(2028, 2, 28, 0, 0)];
        for [first, second] in [days, [days[1], days[0]]] {
            assert_eq!(denied(vec![until(first), until(second)], &[], now), Denied::Expired { at: first, next: None });
        }
    }

    /// Visits by times that matter, to meet few times often.
    fn any_visits() -> impl Strategy<Value = Vec<Visit>> {
        vec(any_visit(), 24)
    }

    /// An unlimited grant and a later one that validation finds within it.
    fn any_shadowed() -> impl Strategy<Value = Product> {
        any_relatives().prop_filter_map("must be unreachable", |(earlier, later)| {
            let branch = |branch| Grant { service: 9, choice: Some(Choice { group: 1, branch }), ..grant() };
            let earlier = Grant { quotas: Vec::new(), ..earlier };
            let shadowed = product(vec![branch(0), branch(1), earlier, later]);
            let fault = GrantFault::Unreachable { by: 2 };
            (shadowed.validate() == Err(ProductError::Grant { grant: 3, fault })).then_some(shadowed)
        })
    }

    /// A grant that nobody validated, made of the ends of every range.
    fn any_wild_grant() -> impl Strategy<Value = Grant> {
        let number = || select(vec![0u16, 1, u16::MAX - 1, u16::MAX]);
        let time = || select(vec![UnixTime::MIN, UnixTime::MAX, at(2028, 2, 29, 23, 59)]);
        let second = || select(vec![0u32, 86_399, 86_400, u32::MAX]);
        let date = || select(vec![i32::MIN, -1, 0, 21_244, 2_932_897, i32::MAX]).prop_map(Date::from_days);
        let length = move || {
            (option::of(number()), option::of(number()), option::of(number()), option::of(time()))
                .prop_map(|(hours, days, months, until)| Length { hours, days, months, until })
        };
        let validity =
            prop_oneof![
                Just(Validity::Pass),
                (time(), time()).prop_map(|(from, until)| Validity::Fixed { from, until }),
                (any::<u8>(), option::of(length()), length())
                    .prop_map(|(clock, activate_by, length)| Validity::FirstUse { clock, activate_by, length }),
            ];
        let hours = option::of((second(), second()).prop_map(|(from, until)| HourRange { from, until }));
        let mask = (vec((date(), date()), 0..3), any::<u8>(), hours);
        let window = (validity, mask, second()).prop_map(|(validity, (blackout, weekdays, hours), day_start)| Window {
            validity,
            mask: Mask { blackout, weekdays, hours },
            day_start,
        });
        let price = prop_oneof![number().prop_map(Price::Off), second().prop_map(Price::Fixed), Just(Price::Free)];
        let limits = vec(number(), 0..2);
        (any_relatives(), window, price, limits).prop_map(|((_, wild), window, price, limits)| {
            let quota = |limit| Quota { limit, unit: Unit::Days, period: Period::Year, key: QuotaKey::Shared };
            let quotas = limits.into_iter().map(quota).chain(wild.quotas).collect();
            Grant { quotas, window, price, ..wild }
        })
    }

    proptest! {
        #![proptest_config(config(5, 256))]

        #[test]
        fn a_grant_called_unreachable_never_decides(
            product in any_shadowed(), uses in any_uses(6), visits in any_visits(), holder_class in 0..2u8,
        ) {
            let pass = PassFacts { holder_class, ..pass() };
            let usage: Usage = uses.into_iter().collect();
            for visit in visits {
                let visit = Visit { party: 1, ..visit };
                let decision = entitle(&product, &pass, &usage, &visit);
                prop_assert!(decision.is_err() || decision.is_ok_and(|entitled| entitled.grant < 3), "{decision:?}");
            }
        }

        #[test]
        fn a_quota_called_meaningless_limits_nothing(
            (one, other) in any_relatives(), uses in any_uses(8), visits in any_visits(),
        ) {
            let mut quotas = [&one.quotas[..], &other.quotas[..]].concat();
            quotas.sort_by_key(|quota| (quota.unit, quota.period, quota.key));
            quotas.dedup_by_key(|quota| (quota.unit, quota.period, quota.key));
            let usage: Usage = uses.into_iter().collect();
            let with = |quotas: &[Quota]| product(vec![Grant { quotas: quotas.to_vec(), ..grant() }]);
            let meaningless = ProductError::Grant { grant: 0, fault: GrantFault::QuotaMeaningless };
            match with(&quotas).validate() {
                Ok(()) => return Ok(()),
                refused => prop_assert_eq!(refused, Err(meaningless)),
            }
            let answers = |quotas: &[Quota]| {
                let product = with(quotas);
                let of = |visit: &Visit| Visit { venue: VenueFacts { service: 0, ..visit.venue }, party: 1, ..*visit };
                visits.iter().map(|visit| entitle(&product, &pass(), &usage, &of(visit)).is_ok()).collect::<Vec<_>>()
            };
            let without = |index| [&quotas[..index], &quotas[index + 1..]].concat();
            prop_assert!((0..quotas.len()).any(|index| answers(&without(index)) == answers(&quotas)));
        }
    }

    proptest! {
        #![proptest_config(config(2, 512))]

        #[test]
        fn more_usage_never_opens_a_gate(
            product in any_product(), uses in any_uses(10), known in 0usize..10, visit in any_visit(),
        ) {
            let all: Usage = uses.iter().copied().collect();
            let some: Usage = uses.iter().take(known).copied().collect();
            if let (Err(_), Ok(entitled)) =
                (entitle(&product, &pass(), &some, &visit), entitle(&product, &pass(), &all, &visit))
            {
                // Only one thing can be learnt in a holder's favour: that a clock was started in time.
                let started = clock(&product, entitled.grant).filter(|(_, activate_by)| activate_by.is_some());
                let (number, _) = started.expect("a grant with an activation deadline");
                let case = Case { product: &product, pass: &pass(), usage: &some, visit: &visit };
                let before = case.first_use(number).filter(|first| *first <= visit.time);
                prop_assert_eq!(before, None);
            }
        }

        #[test]
        fn what_is_next_is_covered_and_nothing_before_it_is(
            product in any_product(), uses in any_uses(10), visit in any_visit(), part in 0..1_000i64,
        ) {
            let usage: Usage = uses.into_iter().collect();
            let later = |time| entitle(&product, &pass(), &usage, &Visit { time, ..visit });
            if let Err(denied) = later(visit.time) {
                let end = denied.next().unwrap_or(pass().expires);
                prop_assert!(denied.next().is_none_or(|next| next > visit.time && later(next).is_ok()));
                let between = visit.time.saturating_add(end.since(visit.time) * part / 1_000);
                prop_assert!(between >= end || later(between).is_err());
                prop_assert!(end <= visit.time || later(end.saturating_add(-1)).is_err());
            }
        }

        #[test]
        fn a_recorded_visit_takes_what_was_told(product in any_product(), uses in any_uses(6), visit in any_visit()) {
            let mut usage: Usage = uses.into_iter().collect();
            if let Ok(first) = entitle(&product, &pass(), &usage, &visit) {
                prop_assert!(visit.time < first.valid_until);
                usage.insert(Use {
                    time: visit.time,
                    gate: crate::id::GateId { member: visit.venue.id.member, number: 99 },
                    index: 99,
                    venue: visit.venue.id,
                    service: visit.venue.service,
                    grant: first.grant,
                    party: visit.party,
                });
                if let Ok(second) = entitle(&product, &pass(), &usage, &visit) {
                    prop_assert!(second.grant >= first.grant);
                    if second.grant == first.grant {
                        prop_assert!(second.uses_left <= first.uses_left);
                        prop_assert_eq!(second.valid_until, first.valid_until);
                    }
                }
                let after = Visit { time: first.valid_until, ..visit };
                let grant = &product.grants[usize::from(first.grant)];
                let case = Case { product: &product, pass: &pass(), usage: &usage, visit: &after };
                let over = case.pass(after.time).and_then(|()| case.grant(first.grant, grant, after.time));
                prop_assert!(over.is_err(), "not over at {:?}", after.time);
            }
        }

        #[test]
        fn who_wrote_down_a_use_does_not_matter(
            product in any_product(), visit in any_visit(), uses in any_uses(8), time in any_time(), turn in 1usize..8,
        ) {
            // Half of the uses at one moment; among these the gates and indices go round.
            let mut uses = uses;
            uses.iter_mut().step_by(2).for_each(|used| used.time = time);
            let names: Vec<_> = uses.iter().step_by(2).map(Use::key).collect();
            let mut renamed = uses.clone();
            for (used, (gate, index)) in renamed.iter_mut().step_by(2).zip(names.iter().cycle().skip(turn)) {
                (used.gate, used.index) = (*gate, *index);
            }
            let decide = |uses: Vec<Use>| entitle(&product, &pass(), &uses.into_iter().collect(), &visit);
            prop_assert_eq!(decide(renamed), decide(uses));
        }

        #[test]
        fn whatever_is_asked_is_answered(
            grants in vec(any_wild_grant(), 1..4), uses in any_uses(4), ends in any::<[u8; 8]>(),
        ) {
            let time = |end: u8| [UnixTime::MIN, UnixTime::MAX, at(2028, 2, 29, 23, 59)][usize::from(end) % 3];
            let wild = Product { party_max: ends[0], holders: vec![ends[1]], ..product(grants) };
            let uses = uses.into_iter().map(|used| Use { time: time(ends[2]), party: ends[3], ..used });
            let usage: Usage = uses.collect();
            let facts = PassFacts { not_before: time(ends[4]), expires: time(ends[5]), holder_class: ends[1] };
            let number = [0, u16::MAX][usize::from(ends[6] % 2)];
            let id = super::super::samples::venue(0, number);
            let venue = VenueFacts { id, category: ends[6], reference_fen: u32::MAX, service: 0 };
            let visit = Visit { time: time(ends[7]), venue, party: ends[3] };
            if let Err(denied) = entitle(&wild, &facts, &usage, &visit) {
                prop_assert!(denied.next().is_none_or(|next| next > visit.time));
            }
            for index in 0..=u8::MAX {
                let _ = entitle_by(index, &wild, &facts, &usage, &visit);
            }
            let mut encoder = Encoder::new();
            wild.encode(&mut encoder);
            if let Ok(decoded) = Decoder::all(&encoder.finish(), Product::decode) {
                prop_assert_eq!(decoded.validate(), Ok(()));
                prop_assert_eq!(decoded, wild);
            }
        }

        #[test]
        fn the_order_of_learning_does_not_matter(
            product in any_product(), visit in any_visit(), time in any_time(),
            (uses, shuffled) in any_uses(8).prop_flat_map(|uses| (Just(uses.clone()), Just(uses).prop_shuffle())),
        ) {
            let mut one = Usage::new();
            for used in shuffled {
                one.insert(used);
            }
            let other: Usage = uses.into_iter().collect();
            let visit = Visit { time, ..visit };
            prop_assert_eq!(entitle(&product, &pass(), &one, &visit), entitle(&product, &pass(), &other, &visit));
        }
    }
}
