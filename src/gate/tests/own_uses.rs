//! Tests of `own_uses.rs`.

use super::*;
use crate::id::{GateId, PassId, VenueId};
use crate::trust::test_federation::{id, time};
use proptest::collection::vec;
use proptest::prelude::*;

const CITY: u32 = 310_101;

fn gate() -> GateId {
    GateId { member: id(CITY), number: 7 }
}

fn pass(number: u8) -> PassKey {
    PassKey { issuer: id(CITY), pass: PassId::from_bytes([number; 10]) }
}

fn used(index: u64, party: u8) -> Use {
    let venue = VenueId { member: id(CITY), number: 1 };
    Use { time: time(1_000), gate: gate(), index, venue, service: 0, grant: 0, party }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u8),
    /// Uses of another pass, enough of them to be sorted.
    Many,
    Annul(u64),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..6, 1u8..9).prop_map(|(number, party)| Step::Insert(number, party)),
        1 => Just(Step::Many),
        2 => (0u64..40).prop_map(Step::Annul),
        2 => Just(Step::Settle),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    /// What waits is known as what does not, whenever it is asked for.
    #[test]
    fn waiting_changes_nothing_that_is_known(steps in vec(step(), 1..40)) {
        let mut own = OwnUses::default();
        let mut expected: BTreeMap<PassKey, Usage> = BTreeMap::new();
        for (index, step) in (0..).zip(steps) {
            match step {
                Step::Insert(number, party) => {
                    own.insert(pass(number), used(index, party));
                    expected.entry(pass(number)).or_default().insert(used(index, party));
                }
                Step::Many => {
                    let others = (0..MANY as u64).map(|at| used(1_000 * (index + 1) + at, 1));
                    for used in others {
                        own.insert(pass(99), used);
                        expected.entry(pass(99)).or_default().insert(used);
                    }
                }
                Step::Annul(at) => {
                    let has = |usage: &Usage| usage.uses().iter().find(|used| used.index == at).copied();
                    let known = expected.iter().find_map(|(pass, usage)| Some((*pass, has(usage)?)));
                    prop_assert_eq!(own.find((gate(), at)), known);
                    if let Some((pass, _)) = known {
                        own.annul(pass, (gate(), at));
                        prop_assert!(expected.get_mut(&pass).unwrap().annul(gate(), at));
                        prop_assert_eq!(own.find((gate(), at)), None);
                    }
                }
                Step::Settle => own.settle(),
            }
            for number in 0..6 {
                let expected = expected.get(&pass(number)).cloned().unwrap_or_default();
                prop_assert_eq!(own.usage(&pass(number)), expected);
            }
        }
        own.settle();
        prop_assert!(own.waiting.is_empty() && own.sorted.is_sorted_by_key(|(pass, _)| *pass));
        prop_assert_eq!(own.usage(&pass(99)), expected.get(&pass(99)).cloned().unwrap_or_default());
    }
}
