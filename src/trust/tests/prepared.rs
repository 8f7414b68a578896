//! Tests of `prepared.rs`.

use super::super::list::TrustList;
use super::super::list::tests::{CITIES, genesis, key_entry, list, secret, sign, spec, time};
use super::super::member::KeyEntry;
use super::super::spec::TrustListSpec;
use super::*;
use crate::crypto::SigningKey;

/// The keys that have a table, and only those: whatever has one is asked for by its entry.
fn tables(list: &TrustList) -> Vec<VerifyingKey> {
    let entries = list.members().iter().flat_map(|member| &member.keys);
    let known = entries.filter_map(|entry| match list.verifier(entry) {
        Verifier::Known(known) => Some((known.key(), &entry.key)),
        Verifier::Key(key) => {
            assert_eq!(key, &entry.key);
            None
        }
    });
    let known: Vec<_> = known.inspect(|(known, key)| assert_eq!(known, key)).map(|(known, _)| *known).collect();
    assert_eq!(known.len(), list.prepared.tables.len(), "a table for no key of the list");
    known
}

fn issuers(cities: &[u32]) -> Vec<VerifyingKey> {
    cities.iter().map(|&city| secret(city, Role::Issuer).verifying_key()).collect()
}

#[test]
fn the_keys_of_one_role_that_are_not_past_their_time() {
    let mut spec = spec();
    for entry in &mut spec.members[2].keys {
        if entry.role == Role::Issuer {
            entry.not_after = time(5_000);
        }
    }
    let mut list = genesis(&spec, &CITIES).unwrap();
    assert_eq!(tables(&list), []);
    list.prepare(Role::Issuer, time(5_000));
    assert_eq!(tables(&list), issuers(&CITIES));
    list.prepare(Role::Issuer, time(5_001));
    assert_eq!(tables(&list), issuers(&[310_101, 330_100, 340_100]));
    list.prepare(Role::Registrar, time(5_001));
    assert_eq!(tables(&list), CITIES.map(|city| secret(city, Role::Registrar).verifying_key()));
}

#[test]
fn no_more_tables_than_the_cap() {
    let mut spec = spec();
    let more = (0..TrustList::MAX_PREPARED as u8).map(|n| key_entry(&SigningKey::from_seed(&[n; 32]), Role::Issuer));
    let more: Vec<KeyEntry> = more.collect();
    let (first, second) = more.split_at(20);
    let (second, third) = second.split_at(20);
    for (city, keys) in [first, second, third].into_iter().enumerate() {
        spec.members[city + 1].keys.extend_from_slice(keys);
    }
    let mut list = genesis(&spec, &CITIES).unwrap();
    assert!(list.keys(Role::Issuer).count() > TrustList::MAX_PREPARED);
    list.prepare(Role::Issuer, time(2_000));
    let first: Vec<_> = list.keys(Role::Issuer).map(|(_, entry)| entry.key).take(TrustList::MAX_PREPARED).collect();
    assert_eq!(tables(&list), first);
}

#[test]
fn the_list_that_follows_is_prepared_alike() {
    let rotated = SigningKey::from_seed(&[77; 32]);
    let mut next = TrustListSpec { sequence: 2, ..spec() };
    for city in [1, 2] {
        next.members[city].keys.retain(|entry| entry.role != Role::Issuer);
    }
    next.members[1].keys.push(key_entry(&rotated, Role::Issuer));
    let bytes = sign(&next, &CITIES);
    assert_eq!(tables(&list().update(&bytes).unwrap()), [], "the list before had none");

    let mut list = list();
    list.prepare(Role::Issuer, list.issued());
    let updated = list.update(&bytes).unwrap();
    let kept = issuers(&[330_100, 340_100]);
    assert_eq!(tables(&updated), [vec![rotated.verifying_key()], kept.clone()].concat());
    assert_eq!(tables(&list), issuers(&CITIES), "the list before stays as it was");
    for key in kept {
        assert!(Arc::ptr_eq(&list.prepared.tables[&key], &updated.prepared.tables[&key]), "made anew");
    }
}
