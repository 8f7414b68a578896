//! Tests of `tally.rs`.

use super::super::entitle::decide;
use super::super::samples::{any_product, any_time, any_uses, any_visit, at, config, venue};
use super::super::{PassFacts, Visit};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn any_venue() -> impl Strategy<Value = VenueId> {
    (0..2u8, 0..3u16).prop_map(|(member, number)| venue(member, number))
}

fn any_counting() -> impl Strategy<Value = Counting> {
    let periods = select(vec![QuotaPeriod::Life, QuotaPeriod::Day, QuotaPeriod::Month, QuotaPeriod::Year]);
    (0..4u8, proptest::option::of(any_venue()), periods, select(vec![0, 5 * 3_600]), any_time()).prop_map(
        |(grant, venue, period, day_start, time)| Counting {
            grant,
            venue,
            period,
            day_start,
            day: time.service_day(day_start),
        },
    )
}

proptest! {
    #![proptest_config(config(11, 512))]

    /// Also what no valid product asks, as at how many venues the uses at one were.
    #[test]
    fn each_question_is_answered_as_by_looking(uses in any_uses(48), which in any_counting(), at in any_venue()) {
        let usage: Usage = uses.into_iter().collect();
        let mut tally = Tally::default();
        usage.uses().iter().for_each(|used| tally.insert(used));
        prop_assert_eq!(tally.first(which.grant), Uses::first(&usage, which.grant));
        prop_assert_eq!(tally.entries(&which), usage.entries(&which));
        prop_assert_eq!(tally.venues(&which, at), usage.venues(&which, at));
        prop_assert_eq!(tally.days(&which), usage.days(&which));
        prop_assert_eq!(tally.last(&which), usage.last(&which));
        prop_assert_eq!(tally.later_day(&which), usage.later_day(&which));
    }

    #[test]
    fn many_uses_are_decided_as_few(
        product in any_product(), uses in any_uses(24), gone in vec(any::<bool>(), 24), visit in any_visit(),
    ) {
        let pass = PassFacts { not_before: at(2028, 2, 25, 0, 0), expires: at(2029, 1, 1, 0, 0), holder_class: 0 };
        let usage: Usage = uses.into_iter().collect();
        let (mut usage, all) = (usage.clone(), usage);
        let mut tally = Tally::default();
        all.uses().iter().for_each(|used| tally.insert(used));
        for (used, _) in all.uses().iter().zip(gone).filter(|(_, gone)| *gone) {
            tally.remove(used);
            usage.annul(used.gate, used.index);
        }
        for party in [1, visit.party] {
            let visit = Visit { party, ..visit };
            prop_assert_eq!(decide(&product, &pass, &tally, &visit), decide(&product, &pass, &usage, &visit));
        }
    }

    #[test]
    fn runs_are_a_sorted_list(steps in vec((any::<bool>(), 0..600u16), 0..3_000)) {
        let (mut runs, mut list) = (Runs::default(), Vec::new());
        for (insert, value) in steps {
            if insert {
                runs.insert(value);
                list.push(value);
            } else if let Some(place) = list.iter().position(|known| *known == value) {
                runs.remove(&value);
                list.swap_remove(place);
            }
        }
        list.sort_unstable();
        prop_assert!(runs.runs.iter().all(|run| (1..=RUN).contains(&run.len())));
        prop_assert_eq!(runs.runs.concat(), list.clone());
        for limit in (0..=600).step_by(7) {
            let (before, after) = list.split_at(list.partition_point(|value| *value < limit));
            prop_assert_eq!(runs.count(|value| *value < limit), before.len());
            prop_assert_eq!(runs.after(|value| *value < limit), after.first().copied());
            prop_assert_eq!(runs.before(|value| *value < limit), before.last().copied());
        }
    }
}
