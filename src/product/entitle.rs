//! Does this pass open this gate now? One pure function, the same at the gate, in the ledger and at
//! the auditor.

use super::grant::{Grant, Length, Product, Quota, QuotaKey, QuotaPeriod, Rest, Unit, Validity};
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
                (QuotaKey::Shared, QuotaPeriod::Day) => Denied::DayQuota(spent),
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

impl QuotaPeriod {
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
#[path = "tests/entitle.rs"]
mod tests;
