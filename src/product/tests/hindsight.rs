//! Tests of `hindsight.rs`.

use super::super::passes::roma_pass;
use super::super::samples::{Holder, any_product, any_visit, at, config, museum};
use super::super::{Quota, QuotaKey, QuotaPeriod, Unit, Use, entitle};
use super::*;
use crate::id::GateId;
use proptest::collection::vec;
use proptest::prelude::*;

/// A use of `grant` in the journal of one gate.
fn used(index: u64, visit: &Visit, grant: u8) -> Use {
    let gate = GateId { member: visit.venue.id.member, number: 1 };
    let (service, party) = (visit.venue.service, visit.party);
    Use { time: visit.time, gate, index, venue: visit.venue.id, service, grant, party }
}

#[test]
fn the_third_museum_free_at_a_gate_that_did_not_know() {
    let fay = Holder::of(roma_pass());
    let visit = |hour, number| Visit { time: at(2027, 5, 1, hour, 0), venue: museum(number), party: 1 };
    let visits = [visit(10, 1), visit(11, 2), visit(12, 3)];
    let free = Recorded { grant: 0, due_fen: 0 };
    let mut usage = Usage::new();
    for (index, visit) in (0..).zip(&visits) {
        let alone = entitle(&fay.product, &fay.pass, &Usage::new(), visit).unwrap();
        assert_eq!((alone.grant, alone.due_fen), (0, 0), "a gate that knows of no other lets each in for free");
        let found = reconsider(&fay.product, &fay.pass, &usage, visit, free).unwrap();
        let found = found.map(|found| (found.entitled.grant, found.short_fen, found.over_fen));
        assert_eq!(found, (index == 2).then_some((1, 5_000, 0)));
        usage.insert(used(index, visit, found.map_or(free.grant, |(grant, ..)| grant)));
    }
    let first = |recorded| {
        let found = reconsider(&fay.product, &fay.pass, &Usage::new(), &visits[0], recorded).unwrap().unwrap();
        (found.entitled.grant, found.short_fen, found.over_fen)
    };
    assert_eq!(first(Recorded { grant: 1, due_fen: 5_000 }), (0, 0, 5_000), "the gate knew uses since annulled");
    assert_eq!(first(Recorded { grant: 0, due_fen: 1 }), (0, 0, 1), "the grant is right, the sum is not");
    assert_eq!(first(Recorded { grant: 1, due_fen: 0 }), (0, 0, 0), "the sum is right, the grant is not");
    let over = Visit { time: at(2027, 5, 4, 0, 0), ..visits[0] };
    let end = at(2027, 5, 4, 0, 0);
    let denied = reconsider(&fay.product, &fay.pass, &usage, &over, free);
    assert_eq!(denied, Err(Denied::Expired { at: end, next: None }));
}

#[test]
fn a_use_counts_under_the_grant_it_belongs_to() {
    let once = vec![Quota { limit: 1, unit: Unit::Entries, period: QuotaPeriod::Life, key: QuotaKey::Shared }];
    let mut product = roma_pass();
    product.grants[0].quotas = once.clone();
    product.grants[1].quotas = once;
    let gil = Holder::of(product);
    let visits = [9, 10, 11].map(|hour| Visit { time: at(2027, 5, 1, hour, 0), venue: museum(1), party: 1 });
    let free = Recorded { grant: 0, due_fen: 0 };
    let after = |second| [used(0, &visits[0], 0), used(1, &visits[1], second)].into_iter().collect::<Usage>();
    let first = [used(0, &visits[0], 0)].into_iter().collect();
    let second = reconsider(&gil.product, &gil.pass, &first, &visits[1], free).unwrap().unwrap();
    let third = reconsider(&gil.product, &gil.pass, &after(second.entitled.grant), &visits[2], free);
    assert_eq!(third.unwrap_err().code(), 92);
    let as_recorded = reconsider(&gil.product, &gil.pass, &after(0), &visits[2], free);
    assert_eq!(as_recorded.unwrap().unwrap().entitled.grant, 1, "a third time, of two allowed");
}

proptest! {
    #![proptest_config(config(7, 256))]

    #[test]
    fn a_replay_decides_as_one_gate_that_knew_all(
        product in any_product(), visits in vec(any_visit(), 1..8), records in vec((0..4u8, 0..4_000u32), 8),
    ) {
        let mut visits = visits;
        visits.sort_by_key(|visit| visit.time);
        let Holder { product, mut pass, .. } = Holder::of(product);
        pass.not_before = at(2028, 2, 25, 0, 0);
        let (mut knowing, mut replayed) = (Usage::new(), Usage::new());
        for (index, (visit, (grant, due_fen))) in (0..).zip(visits.iter().zip(records)) {
            let recorded = Recorded { grant, due_fen };
            let found = reconsider(&product, &pass, &replayed, visit, recorded);
            match entitle(&product, &pass, &knowing, visit) {
                Err(denied) => prop_assert_eq!(found, Err(denied)),
                Ok(entitled) => {
                    let kept = found.unwrap().map_or(recorded, |found| {
                        assert_eq!(due_fen - found.over_fen + found.short_fen, found.entitled.due_fen);
                        Recorded { grant: found.entitled.grant, due_fen: found.entitled.due_fen }
                    });
                    prop_assert_eq!(kept, Recorded { grant: entitled.grant, due_fen: entitled.due_fen });
                    knowing.insert(used(index, visit, entitled.grant));
                    replayed.insert(used(index, visit, kept.grant));
                }
            }
        }
        prop_assert_eq!(replayed, knowing);
    }
}
