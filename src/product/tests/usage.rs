//! Tests of `usage.rs`.

use super::super::samples::{any_use, at, config, used};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn the_order_is_by_time_then_gate_then_index() {
    let (first, second) = (at(2027, 5, 1, 9, 0), at(2027, 5, 1, 9, 1));
    let uses = [used(7, 2, first), used(8, 1, first), used(7, 3, first), used(1, 1, second)];
    let usage: Usage = [uses[3], uses[1], uses[2], uses[0]].into_iter().collect();
    assert_eq!(usage.uses(), [uses[0], uses[2], uses[1], uses[3]]);
}

#[test]
fn an_annulment_wins_before_and_after_its_use() {
    let entry = used(1, 5, at(2027, 5, 1, 9, 0));
    let mut before = Usage::new();
    assert!(before.annul(entry.gate, entry.index));
    assert!(!before.insert(entry));
    let mut after = Usage::new();
    assert!(after.insert(entry));
    assert!(after.annul(entry.gate, entry.index));
    assert!(!after.annul(entry.gate, entry.index));
    assert_eq!(before, after);
    assert!(before.uses().is_empty());
    assert_eq!(before.annulled(), [entry.key()]);
    assert!(before.insert(used(1, 6, entry.time)), "the next record of the gate stands");
}

#[test]
fn of_two_uses_under_one_key_the_first_in_order_stays() {
    let (early, late) = (used(1, 5, at(2027, 5, 1, 9, 0)), used(1, 5, at(2027, 5, 1, 9, 1)));
    let mut usage = Usage::new();
    assert!(usage.insert(late));
    assert!(usage.insert(early));
    assert!(!usage.insert(late));
    assert_eq!(usage.uses(), [early]);
}

#[test]
fn a_store_cannot_bring_in_another_form() {
    let (early, late) = (used(1, 5, at(2027, 5, 1, 9, 0)), used(2, 5, at(2027, 5, 1, 9, 1)));
    let gone = used(3, 1, at(2027, 5, 1, 9, 0));
    let parts = (vec![late, gone, early, late], vec![gone.key(), gone.key()]);
    let json = serde_json::to_string(&parts).unwrap();
    let usage: Usage = serde_json::from_str(&json).unwrap();
    assert_eq!(usage.uses(), [early, late]);
    assert_eq!(serde_json::from_str::<Usage>(&serde_json::to_string(&usage).unwrap()).unwrap(), usage);
}

#[test]
fn only_ascending_lists_are_taken_as_they_are() {
    let [a, b, c] = [1, 2, 3].map(|index| used(1, index, at(2027, 5, 1, 9, 0)));
    let taken = |uses: &[Use], annulled: &[UseKey]| Usage::canonical(uses.to_vec(), annulled.to_vec());
    let keys = [b.key(), c.key()];
    let usage = taken(&[a], &keys).unwrap();
    assert_eq!((usage.uses(), usage.annulled()), (&[a][..], &keys[..]));
    assert!(taken(&[a, b, c], &[]).is_some());
    for uses in [&[b, a][..], &[a, a], &[a, Use { party: 9, ..a }]] {
        assert_eq!(taken(uses, &[]), None, "{uses:?}");
    }
    for annulled in [[c.key(), b.key()], [b.key(), b.key()]] {
        assert_eq!(taken(&[a], &annulled), None, "{annulled:?}");
    }
    assert_eq!(taken(&[a, b], &keys), None, "a use that was taken back");
}

/// A fact a party may learn.
#[derive(Clone, Copy, Debug)]
enum Fact {
    Use(Use),
    Annulled(UseKey),
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact = (any_use(), 0..4).prop_map(|(entry, kind)| match kind {
        0 => Fact::Annulled(entry.key()),
        _ => Fact::Use(entry),
    });
    vec(fact, 0..12)
}

fn learn(facts: &[Fact]) -> Usage {
    let mut usage = Usage::new();
    for fact in facts {
        match *fact {
            Fact::Use(entry) => usage.insert(entry),
            Fact::Annulled((gate, index)) => usage.annul(gate, index),
        };
    }
    usage
}

fn merged(a: &Usage, b: &Usage) -> Usage {
    let mut both = a.clone();
    both.merge(b);
    both
}

proptest! {
    #![proptest_config(config(1, 512))]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(a in facts(), b in facts(), c in facts()) {
        let (a, b, c) = (learn(&a), learn(&b), learn(&c));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        let mut all = a.clone();
        all.merge_all([&b, &c]);
        prop_assert_eq!(all, merged(&merged(&a, &b), &c));
        prop_assert_eq!(merged(&a, &a), a.clone());
        prop_assert_eq!(merged(&a, &Usage::new()), a);
    }

    #[test]
    fn the_order_and_the_way_of_learning_change_nothing(
        (facts, shuffled) in facts().prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        cut in 0usize..12,
    ) {
        let whole = learn(&facts);
        prop_assert_eq!(&learn(&shuffled), &whole);
        let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
        prop_assert_eq!(&merged(&learn(left), &learn(right)), &whole);
        prop_assert_eq!(learn(&[&shuffled[..], &facts[..]].concat()), whole);
    }

    #[test]
    fn many_uses_are_known_as_few(
        steps in vec((any::<bool>(), 1..3u32, 0..200u64, 0..9i64), 0..600),
    ) {
        let mut usage = Usage::new();
        let (mut uses, mut annulled) = (BTreeMap::new(), std::collections::BTreeSet::new());
        for (insert, gate, index, second) in steps {
            let new = used(gate, index, at(2027, 5, 1, 9, 0).saturating_add(second));
            if insert {
                let known = uses.get(&new.key());
                let changes = !annulled.contains(&new.key()) && known.is_none_or(|known| new < *known);
                prop_assert_eq!(usage.insert(new), changes);
                if changes {
                    uses.insert(new.key(), new);
                }
            } else if index % 3 == 0 {
                prop_assert_eq!(usage.annul(new.gate, index), annulled.insert(new.key()));
                uses.remove(&new.key());
            }
            prop_assert_eq!(usage.by_key.is_some(), uses.len() >= MANY);
        }
        let again = Usage::from((uses.values().copied().collect(), annulled.into_iter().collect()));
        prop_assert_eq!(usage, again);
    }

    #[test]
    fn what_is_kept_is_canonical(facts in facts()) {
        let usage = learn(&facts);
        prop_assert!(usage.uses().is_sorted_by(|a, b| a < b));
        prop_assert!(usage.annulled().is_sorted_by(|a, b| a < b));
        prop_assert!(usage.uses().iter().all(|entry| !usage.annulled().contains(&entry.key())));
    }
}
