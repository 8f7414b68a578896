//! Tests of `verifiers.rs`.

use super::super::test_city::CITY;
use super::*;
use crate::gate::test_gate::NOW;
use crate::ledger::log_verifiers;
use crate::ledger::verifiers::witness_verifiers;
use crate::trust::test_federation::{self as federation, id, list, secret, time};

#[test]
fn keys_of_a_suspended_member_do_not_count() {
    let mut spec = federation::spec();
    spec.members[2].suspended_from = Some(time(NOW));
    let list = federation::genesis(&spec, &federation::CITIES[..3]).unwrap();
    let witnesses = |at| witness_verifiers(&list, id(CITY), time(at)).len();
    assert_eq!((witnesses(NOW - 1), witnesses(NOW)), (4, 3));
    let log = |at| log_verifiers(&list, id(320_100), time(at)).len();
    assert_eq!((log(NOW - 1), log(NOW)), (1, 0));
    let gives = |at| gives(&list, id(320_100), &secret(320_100, Role::Log), at);
    assert_eq!(
        [None, Some(time(NOW - 1)), Some(time(NOW)), Some(time(NOW + 1))].map(gives),
        [true, true, false, false]
    );
}

#[test]
fn a_key_verifies_from_its_first_second_to_its_last() {
    let list = list();
    let at = |seconds| {
        let seconds = time(seconds);
        (witness_verifiers(&list, id(CITY), seconds).len(), log_verifiers(&list, id(CITY), seconds).len())
    };
    assert_eq!([999, 1_000, 2_000_000_000, 2_000_000_001].map(at), [(0, 0), (4, 1), (4, 1), (0, 0)]);
    let watch = watch(&list.clone().into(), id(CITY), LogKey(1), time(NOW)).unwrap();
    assert_eq!((watch.keys, watch.retired), (log_verifiers(&list, id(CITY), time(NOW)), vec![]));
}
