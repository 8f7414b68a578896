//! Tests of `annulment.rs`.

use super::*;
use crate::trust::test_federation::time;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(18),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_time_since_the_redemption_is_later_than_policy_allows(
        sets in vec((0..20u64, 0..2_000i64), 0..12), index in 0..20u64, redeemed in 0..2_000i64, now in 0..2_000i64,
    ) {
        let mut sets = sets;
        sets.sort_by_key(|(at, _)| *at);
        let mut clocks = ClocksSet::default();
        for (at, before) in &sets {
            clocks.learn(*at, &Record::ClockSet { time: time(0), before: time(*before) });
        }
        let shown = sets.iter().filter(|(at, _)| *at >= index).map(|(_, before)| *before).chain([now]);
        let expected = now >= redeemed && shown.max().unwrap() - redeemed <= 900;
        prop_assert_eq!(clocks.may_annul(index, time(redeemed), time(now), 900), expected);
    }
}
