//! Tests of `grant.rs`.

use super::super::samples::date;
use super::*;

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
