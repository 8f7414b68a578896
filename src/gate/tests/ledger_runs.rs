//! Tests of `ledger_runs.rs`.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn member(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

#[test]
fn runs_that_touch_are_one() {
    let mut runs = LedgerRuns::new();
    for run in [5..7, 0..2, 9..9, 7..8] {
        runs.add(member(310_101), run);
    }
    runs.add(member(320_100), 3..4);
    let here = member(310_101);
    assert_eq!(runs.runs().collect::<Vec<_>>(), [(here, 0..2), (here, 5..8), (member(320_100), 3..4)]);
    assert_eq!(runs.sizes().collect::<Vec<_>>(), [(here, 2), (member(320_100), 0)]);
    runs.add(here, 2..5);
    assert_eq!(runs.sizes().collect::<Vec<_>>(), [(here, 8), (member(320_100), 0)]);
    assert!(runs.has(member(320_100)) && !runs.has(member(330_100)));
}

proptest! {
    #[test]
    fn the_entries_are_those_of_a_set(added in vec((0u64..24, 0u64..6), 0..10)) {
        let runs: LedgerRuns = added.iter().map(|&(from, length)| (member(310_101), from..from + length)).collect();
        let set = |at: u64| added.iter().any(|&(from, length)| (from..from + length).contains(&at));
        for at in 0..40 {
            prop_assert_eq!(runs.runs().any(|(_, run)| run.contains(&at)), set(at));
        }
        let ends: Vec<_> = runs.runs().flat_map(|(_, run)| [run.start, run.end]).collect();
        prop_assert!(ends.is_sorted_by(|a, b| a < b));
    }
}
