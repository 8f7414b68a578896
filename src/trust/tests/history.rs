//! Tests of `history.rs`.

use super::super::list::tests::{CITIES, id, list, secret, sign, spec, time};
use super::super::spec::TrustListSpec;
use super::*;

/// Hefei is removed at 5000, and the list after it was issued in the same second.
fn history() -> TrustHistory {
    let mut history = TrustHistory::from(list());
    let mut next = TrustListSpec { sequence: 2, issued: time(5_000), ..spec() };
    next.members.pop();
    history.push(&sign(&next, &CITIES[..3])).unwrap();
    let last = TrustListSpec { sequence: 3, ..next };
    history.push(&sign(&last, &CITIES[..3])).unwrap();
    history
}

#[test]
fn a_removed_members_keys_are_those_of_their_time() {
    let history = history();
    let issuer = secret(340_100, Role::Issuer).verifying_key().kid();
    let key = |at| history.key(issuer, Role::Issuer, time(at)).map(|(member, _)| member.id);
    assert_eq!(key(4_999), Ok(id(340_100)));
    assert_eq!(key(5_000), Err(TrustError::UnknownKey(issuer)));
    assert_eq!(key(999), Err(TrustError::KeyTime(issuer)), "before the first list its keys' validity counts");
    assert_eq!(history.newest().key(issuer, Role::Issuer, time(4_999)), Err(TrustError::UnknownKey(issuer)));
}

#[test]
fn the_list_in_force_is_the_newest_that_was_issued() {
    let history = history();
    for (at, sequence) in [(0, 1), (4_999, 1), (5_000, 3), (i64::from(u32::MAX), 3)] {
        assert_eq!(history.at(time(at)).sequence(), sequence, "{at}");
    }
    assert_eq!((history.first().sequence(), history.newest().sequence()), (1, 3));
    assert!(history.lists().map(TrustList::sequence).eq(1..4));
    assert_eq!(history.list(2).map(TrustList::sequence), Some(2));
    assert!(history.list(4).is_none());
}

#[test]
fn only_the_next_list_is_taken() {
    let mut history = history();
    let again = sign(&TrustListSpec { sequence: 3, issued: time(5_000), ..spec() }, &CITIES[..3]);
    assert_eq!(history.push(&again), Err(TrustError::Rollback { current: 3, found: 3 }));
    let far = sign(&TrustListSpec { sequence: 5, issued: time(5_000), ..spec() }, &CITIES[..3]);
    assert_eq!(history.push(&far), Err(TrustError::Gap { current: 3, found: 5 }));
    assert_eq!(history.newest().sequence(), 3);
}
