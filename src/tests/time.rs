//! Tests of `time.rs`.

use super::*;

#[test]
fn known_dates() {
    assert_eq!(Date::new(1970, 1, 1).unwrap().days(), 0);
    assert_eq!(Date::new(2000, 2, 29).unwrap().days(), 11_016);
    assert_eq!(Date::new(2026, 10, 1).unwrap().weekday(), 3);
    assert_eq!(Date::new(1900, 1, 1), None);
    assert_eq!(Date::new(2026, 2, 29), None);
    assert_eq!(Date::new(2100, 2, 29), None);
    assert_eq!(Date::new(2026, 13, 1), None);
}

#[test]
fn every_day_of_the_range_round_trips() {
    let last = Date::new(9999, 12, 31).unwrap().days();
    let mut before = (1969, 12, 31);
    for days in 0..=last {
        let date = Date::from_days(days);
        let (year, month, day) = date.year_month_day();
        assert_eq!(Date::new(year, month, day), Some(date));
        assert!((year, month, day) > before);
        before = (year, month, day);
    }
}

#[test]
fn months_stop_at_the_last_day() {
    let date = |y, m, d| Date::new(y, m, d).unwrap();
    assert_eq!(date(2027, 1, 31).plus_months(1), date(2027, 2, 28));
    assert_eq!(date(2028, 1, 31).plus_months(1), date(2028, 2, 29));
    assert_eq!(date(2026, 11, 30).plus_months(14), date(2028, 1, 30));
    assert_eq!(date(2026, 12, 15).plus_months(12), date(2027, 12, 15));
}

#[test]
fn a_service_day_starts_when_it_says() {
    // 2026-10-01T00:00+08:00 is 2026-09-30T16:00Z.
    let midnight = Date::new(2026, 10, 1).unwrap().start(0);
    assert_eq!(midnight.seconds(), 1_790_784_000);
    assert_eq!(midnight.to_string(), "2026-10-01T00:00:00+08:00");
    assert_eq!(midnight.service_day(0).to_string(), "2026-10-01");
    assert_eq!(midnight.saturating_add(-1).service_day(0).to_string(), "2026-09-30");
    assert_eq!(midnight.service_day(5 * 3_600).to_string(), "2026-09-30");
    assert_eq!(midnight.saturating_add(5 * 3_600).service_day(5 * 3_600).to_string(), "2026-10-01");
}

#[test]
fn the_range_is_closed() {
    assert!(UnixTime::new(-1).is_err());
    assert!(UnixTime::new(UnixTime::MAX.seconds() + 1).is_err());
    assert!(UnixTime::try_from(u64::MAX).is_err());
    assert_eq!(UnixTime::MAX.saturating_add(i64::MAX), UnixTime::MAX);
    assert_eq!(UnixTime::MIN.saturating_add(i64::MIN), UnixTime::MIN);
}
