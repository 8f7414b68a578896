//! What a decision asks of the uses of a pass, and how it is answered for few uses and for many.
//!
//! A gate knows a handful of uses of a pass and looks at each: [`Usage`]. Who replays whole journals may meet a
//! pass with any number of them, and would look at all again for each: [`Tally`] keeps them in an order in which
//! every answer is found by search. Both are asked by the one function that decides.

use super::grant::QuotaPeriod;
use super::usage::{Usage, Use};
use crate::id::VenueId;
use crate::time::{Date, UnixTime};
use core::cmp::Ordering;

/// Which uses a quota counts: those by its grant, in one period of service days, at one venue or at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    /// The grant, by its place in the product.
    pub(super) grant: u8,
    /// The venue, where the quota is one for each.
    pub(super) venue: Option<VenueId>,
    /// The period of the quota.
    pub(super) period: QuotaPeriod,
    /// When the grant's days start.
    pub(super) day_start: u32,
    /// The day of the visit.
    pub(super) day: Date,
}

impl Counting {
    fn day(&self, time: UnixTime) -> Date {
        time.service_day(self.day_start)
    }

    /// Where a time lies: before the period, in it, or after it.
    fn place(&self, time: UnixTime) -> Ordering {
        self.period.number(self.day(time)).cmp(&self.period.number(self.day))
    }

    fn counts(&self, used: &Use) -> bool {
        used.grant == self.grant
            && self.venue.is_none_or(|venue| venue == used.venue)
            && self.place(used.time) == Ordering::Equal
    }
}

impl QuotaPeriod {
    /// A number for the period that `day` is in: equal within one, and ascending.
    fn number(self, day: Date) -> i64 {
        match self {
            Self::Life => 0,
            Self::Day => i64::from(day.days()),
            Self::Month => {
                let (year, month, _) = day.year_month_day();
                i64::from(year).saturating_mul(12).saturating_add(i64::from(month))
            }
            Self::Year => i64::from(day.year_month_day().0),
        }
    }
}

/// The uses of a pass, as a decision asks for them.
pub(crate) trait Uses {
    /// When a grant was first used.
    fn first(&self, grant: u8) -> Option<UnixTime>;

    /// How many uses count.
    fn entries(&self, which: &Counting) -> usize;

    /// At how many venues they were, and whether `venue` is one of them.
    fn venues(&self, which: &Counting, venue: VenueId) -> (usize, bool);

    /// On how many service days they were, and whether the day of the visit is one of them.
    fn days(&self, which: &Counting) -> (usize, bool);

    /// Time and venue of the last one, by both.
    fn last(&self, which: &Counting) -> Option<(UnixTime, VenueId)>;

    /// The first day after that of the visit that one was on.
    fn later_day(&self, which: &Counting) -> Option<Date>;
}

/// By looking at each: what the answers mean.
impl Uses for Usage {
    fn first(&self, grant: u8) -> Option<UnixTime> {
        // Uses are in order of time.
        self.uses().iter().find(|used| used.grant == grant).map(|used| used.time)
    }

    fn entries(&self, which: &Counting) -> usize {
        counted(self, which).count()
    }

    fn venues(&self, which: &Counting, venue: VenueId) -> (usize, bool) {
        distinct(counted(self, which).map(|used| used.venue).collect(), venue)
    }

    fn days(&self, which: &Counting) -> (usize, bool) {
        distinct(counted(self, which).map(|used| which.day(used.time)).collect(), which.day)
    }

    fn last(&self, which: &Counting) -> Option<(UnixTime, VenueId)> {
        counted(self, which).map(|used| (used.time, used.venue)).max()
    }

    fn later_day(&self, which: &Counting) -> Option<Date> {
        counted(self, which).map(|used| which.day(used.time)).filter(|day| *day > which.day).min()
    }
}

fn counted<'a>(usage: &'a Usage, which: &'a Counting) -> impl Iterator<Item = &'a Use> {
    usage.uses().iter().filter(|used| which.counts(used))
}

/// How many different values there are, and whether `value` is one of them.
fn distinct<T: Ord>(mut values: Vec<T>, value: T) -> (usize, bool) {
    values.sort_unstable();
    values.dedup();
    (values.len(), values.binary_search(&value).is_ok())
}

/// Uses of a pass by grant, venue and time, whoever wrote them down. Any number of them costs an answer little more
/// than a few do: a search, and for distinct venues or days one for each of these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Each use twice: among those at all venues, and among those at its own.
    uses: Runs<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    grant: u8,
    among: Option<VenueId>,
    time: UnixTime,
    venue: VenueId,
}

impl Tally {
    /// Takes in a use.
    pub(crate) fn insert(&mut self, used: &Use) {
        Key::of(used).into_iter().for_each(|key| self.uses.insert(key));
    }

    /// Gives back a use that was taken in.
    pub(crate) fn remove(&mut self, used: &Use) {
        Key::of(used).iter().for_each(|key| self.uses.remove(key));
    }

    /// How many uses come before those that count, and how many with them.
    fn range(&self, which: &Counting) -> (usize, usize) {
        let before = self.uses.count(|key| key.place(which) == Ordering::Less);
        (before, self.uses.count(|key| key.place(which) != Ordering::Greater))
    }
}

impl Key {
    fn of(used: &Use) -> [Self; 2] {
        let Use { grant, time, venue, .. } = *used;
        [None, Some(venue)].map(|among| Self { grant, among, time, venue })
    }

    /// Where it lies in the order of a tally: before what counts, in it, or after it.
    fn place(&self, which: &Counting) -> Ordering {
        (self.grant, self.among).cmp(&(which.grant, which.venue)).then_with(|| which.place(self.time))
    }
}

/// By search.
impl Uses for Tally {
    fn first(&self, grant: u8) -> Option<UnixTime> {
        self.uses.after(|key| key.grant < grant).filter(|key| key.grant == grant).map(|key| key.time)
    }

    fn entries(&self, which: &Counting) -> usize {
        let (before, with) = self.range(which);
        with.saturating_sub(before)
    }

    fn venues(&self, which: &Counting, venue: VenueId) -> (usize, bool) {
        let at = |venue| Counting { venue: Some(venue), ..*which };
        let some = |venue| self.uses.after(|key| key.place(&at(venue)) == Ordering::Less);
        let counts = |venue| some(venue).is_some_and(|key| key.place(&at(venue)) == Ordering::Equal);
        if let Some(only) = which.venue {
            let used = counts(only);
            return (usize::from(used), used && only == venue);
        }
        // From each venue to the next one at which the grant was used at all.
        let next = |venue| {
            let key = self.uses.after(|key| (key.grant, key.among) <= (which.grant, venue))?;
            key.among.filter(|_| key.grant == which.grant)
        };
        let visited = core::iter::successors(next(None), |venue| next(Some(*venue)));
        (visited.filter(|venue| counts(*venue)).count(), counts(venue))
    }

    fn days(&self, which: &Counting) -> (usize, bool) {
        let day_of = |key: Key| (key.place(which) == Ordering::Equal).then(|| which.day(key.time));
        let next = |before: Option<Date>| {
            let passed = |key: &Key| match key.place(which) {
                Ordering::Less => true,
                Ordering::Equal => before.is_some_and(|before| which.day(key.time) <= before),
                Ordering::Greater => false,
            };
            self.uses.after(passed).and_then(day_of)
        };
        let mut known = false;
        let days = core::iter::successors(next(None), |day| next(Some(*day)));
        let count = days.inspect(|day| known |= *day == which.day).count();
        (count, known)
    }

    fn last(&self, which: &Counting) -> Option<(UnixTime, VenueId)> {
        let last = self.uses.before(|key| key.place(which) != Ordering::Greater)?;
        (last.place(which) == Ordering::Equal).then_some((last.time, last.venue))
    }

    fn later_day(&self, which: &Counting) -> Option<Date> {
        let passed = |key: &Key| match key.place(which) {
            Ordering::Equal => which.day(key.time) <= which.day,
            place => place == Ordering::Less,
        };
        let later = self.uses.after(passed).filter(|key| key.place(which) == Ordering::Equal)?;
        Some(which.day(later.time))
    }
}

/// Most values in a run.
const RUN: usize = 512;

/// Values in ascending order, in runs: wherever one comes in, few have to move, and those before it are counted
/// run by run.
#[derive(Clone, Debug)]
struct Runs<T> {
    /// None of them empty.
    runs: Vec<Vec<T>>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self { runs: Vec::new() }
    }
}

impl<T: Ord + Copy> Runs<T> {
    fn insert(&mut self, value: T) {
        let at = self.run_of(&value);
        let Some(run) = self.runs.get_mut(at) else {
            self.runs.reserve_exact(1);
            return self.runs.push(vec![value]);
        };
        run.insert(run.partition_point(|known| *known <= value), value);
        if run.len() > RUN {
            let rest = run.split_off(RUN / 2);
            self.runs.insert(at.saturating_add(1), rest);
        }
    }

    fn remove(&mut self, value: &T) {
        let at = self.run_of(value);
        let Some(run) = self.runs.get_mut(at) else { return };
        if let Ok(place) = run.binary_search(value) {
            run.remove(place);
        }
        if run.is_empty() {
            self.runs.remove(at);
        }
    }

    /// The last run that begins with `value` or before it, or else the first.
    fn run_of(&self, value: &T) -> usize {
        self.runs.partition_point(|run| run.first() <= Some(value)).saturating_sub(1)
    }

    /// How many values come before what is not `passed`, which all smaller ones are.
    fn count(&self, passed: impl Fn(&T) -> bool) -> usize {
        let whole = self.runs.partition_point(|run| run.last().is_some_and(&passed));
        let (full, rest) = self.runs.split_at_checked(whole).unwrap_or_default();
        let within = rest.first().map_or(0, |run| run.partition_point(passed));
        full.iter().map(Vec::len).fold(within, usize::saturating_add)
    }

    /// The first value that is not `passed`.
    fn after(&self, passed: impl Fn(&T) -> bool) -> Option<T> {
        let run = self.runs.get(self.runs.partition_point(|run| run.last().is_some_and(&passed)))?;
        run.get(run.partition_point(passed)).copied()
    }

    /// The last value that is `passed`.
    fn before(&self, passed: impl Fn(&T) -> bool) -> Option<T> {
        let run = self.runs.partition_point(|run| run.first().is_some_and(&passed));
        let run = self.runs.get(run.checked_sub(1)?)?;
        run.get(run.partition_point(passed).checked_sub(1)?).copied()
    }
}

#[cfg(test)]
#[path = "tests/tally.rs"]
mod tests;
