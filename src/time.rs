//! Time as data: seconds since the epoch, civil dates, and the service day.
//!
//! The core reads no clock. Every function that needs the time takes an [`UnixTime`]. The cities
//! share one civil time, UTC+8 without daylight saving, so a date is plain integer arithmetic.

use core::fmt;

/// Seconds in a day; no leap seconds, as in POSIX.
pub const DAY: i64 = 86_400;
/// How far a clock may step back without being wrong, in seconds: those that are set by a network do so now and then.
pub const STEP_BACK: i64 = 2;
/// The civil time of the federation: UTC+8, in seconds.
pub const CIVIL_OFFSET: i64 = 8 * 3_600;

/// A point in time: seconds since 1970-01-01T00:00:00Z, from year 1970 to year 9999.
///
/// The range leaves room for every sum of a time and a 32-bit duration, so arithmetic on it cannot
/// overflow; sums saturate at the ends of the range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct UnixTime(i64);

/// A time outside 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time {0} is outside 1970 to 9999")]
pub struct TimeOutOfRange(pub i64);

impl UnixTime {
    /// The last second of year 9999.
    pub const MAX: Self = Self(253_402_300_799);
    /// The first second of 1970.
    pub const MIN: Self = Self(0);

    /// Takes seconds since the epoch.
    ///
    /// # Errors
    /// [`TimeOutOfRange`] before 1970 or after 9999.
    pub const fn new(seconds: i64) -> Result<Self, TimeOutOfRange> {
        if seconds < Self::MIN.0 || seconds > Self::MAX.0 {
            return Err(TimeOutOfRange(seconds));
        }
        Ok(Self(seconds))
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch; a time is never negative.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// This time moved by `seconds`, stopping at the ends of the range.
    #[must_use]
    pub fn saturating_add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Seconds from `earlier` to this time; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time of what happens now and after `last`, where time does not go back: `last`, when the clock that shows
    /// this time has stepped back by at most [`STEP_BACK`], and none when it is wrong.
    #[must_use]
    pub fn not_before(self, last: Self) -> Option<Self> {
        (self.saturating_add(STEP_BACK) >= last).then(|| self.max(last))
    }

    /// The civil date and the second of the day at UTC+8.
    #[must_use]
    pub const fn civil(self) -> (Date, u32) {
        let local = self.0.saturating_add(CIVIL_OFFSET);
        (Date(local.div_euclid(DAY) as i32), local.rem_euclid(DAY) as u32)
    }

    /// The service day this time belongs to, when a day starts `day_start` seconds after midnight.
    ///
    /// Before `day_start`, it is still the day before: a bar that closes at 02:00 with a day start
    /// of 05:00 counts a 01:30 visit to the evening it belongs to.
    #[must_use]
    pub const fn service_day(self, day_start: u32) -> Date {
        let local = self.0.saturating_add(CIVIL_OFFSET).saturating_sub(day_start as i64);
        Date(local.div_euclid(DAY) as i32)
    }
}

impl TryFrom<i64> for UnixTime {
    type Error = TimeOutOfRange;
    fn try_from(seconds: i64) -> Result<Self, TimeOutOfRange> {
        Self::new(seconds)
    }
}

impl From<UnixTime> for i64 {
    fn from(time: UnixTime) -> i64 {
        time.0
    }
}

impl TryFrom<u64> for UnixTime {
    type Error = TimeOutOfRange;
    fn try_from(seconds: u64) -> Result<Self, TimeOutOfRange> {
        Self::new(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// RFC 3339 at UTC+8: `2026-10-01T09:30:00+08:00`.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, second) = self.civil();
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}+08:00")
    }
}

/// A civil date: days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Date(i32);

impl Date {
    /// The date `days` days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The date of `year`-`month`-`day`, or `None` where there is no such date in 1970 to 9999.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "year, month and day are range-checked first")]
    pub const fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // Days from civil: years start in March, so that the leap day is the year's last.
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let month_of_year = (month as i32 + 9) % 12;
        let day_of_year = (153 * month_of_year + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self(era * 146_097 + day_of_era - 719_468))
    }

    /// Year, month (1 to 12) and day (1 to 31).
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "i64 holds every product of an i32 day number")]
    pub const fn year_month_day(self) -> (i32, u8, u8) {
        let shifted = self.0 as i64 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_of_year = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
        let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year as i32, month as u8, day as u8)
    }

    /// Day of the week, 0 for Monday to 6 for Sunday.
    #[must_use]
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        self.0.saturating_add(3).rem_euclid(7) as u8
    }

    /// The date `days` later (earlier when negative).
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The date `months` months later: the same day of the month, or the month's last day where the
    /// month is shorter (31 January plus one month is 28 or 29 February).
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "a month count is at most 12 * 5_900_000 + u16::MAX")]
    pub const fn plus_months(self, months: u16) -> Self {
        let (year, month, day) = self.year_month_day();
        let total = year as i64 * 12 + month as i64 - 1 + months as i64;
        let (year, month) = (total.div_euclid(12) as i32, (total.rem_euclid(12) + 1) as u8);
        let last = days_in_month(year, month);
        match Self::new(year, month, if day < last { day } else { last }) {
            Some(date) => date,
            None => Self(i32::MAX),
        }
    }

    /// The moment this date starts as a service day, `day_start` seconds after its midnight at UTC+8.
    #[must_use]
    pub fn start(self, day_start: u32) -> UnixTime {
        let midnight = i64::from(self.0).saturating_mul(DAY).saturating_sub(CIVIL_OFFSET);
        UnixTime::MIN.saturating_add(midnight.saturating_add(i64::from(day_start)))
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

const fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
#[path = "tests/time.rs"]
mod tests;
