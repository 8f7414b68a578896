//! Tests of `self_test.rs`.

use super::super::test_gate::{Late, NOW, bundle, gate_key, open};
use super::*;
use crate::gate::rows::EXTENT;
use crate::product::{Length, Product, Scope};
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::{id, secret, time};
use crate::trust::{Bundle, CatalogueSpec};

const CITY: u32 = 310_101;

fn gate() -> Gate<MemoryStorage> {
    open(MemoryStorage::new(), NOW).unwrap()
}

fn troubles(gate: &mut Gate<MemoryStorage>, at: i64) -> Vec<(Trouble, Option<u32>, i64)> {
    let faults = gate.self_test(time(at)).into_iter();
    faults.map(|fault| (fault.trouble, fault.member.map(MemberId::code), fault.from.seconds())).collect()
}

#[test]
fn the_numbers_are_frozen() {
    let numbers: Vec<u8> = Trouble::ALL.iter().map(|trouble| trouble.number()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
}

#[test]
fn many_are_three_quarters_of_what_one_segment_holds() {
    // 64 MiB, at 640 bytes of evidence and 128 of record each.
    assert_eq!(MANY_UNSEALED, 65_535);
}

#[test]
fn lists_are_named_with_the_second_they_fail() {
    let mut gate = gate();
    let policy = *gate.bundle().trust().policy();
    let issued = NOW - 100;
    let (stale, old) = (issued + i64::from(policy.status_fresh) + 1, issued + i64::from(policy.status_max_age) + 1);
    let lists = |faults: Vec<(Trouble, Option<u32>, i64)>| {
        let of = |(trouble, ..): &(Trouble, _, _)| matches!(trouble, Trouble::ListStale | Trouble::ListTooOld);
        faults.into_iter().filter(of).collect::<Vec<_>>()
    };
    assert_eq!(lists(troubles(&mut gate, stale - SELF_TEST_AHEAD - 1)), []);
    let told = [(Trouble::ListStale, Some(CITY), stale)];
    assert_eq!(lists(troubles(&mut gate, stale - SELF_TEST_AHEAD)), told);
    let both = [(Trouble::ListStale, Some(CITY), old - 10), (Trouble::ListTooOld, Some(CITY), old)];
    assert_eq!(lists(troubles(&mut gate, old - 10)), both);
    assert_eq!(lists(troubles(&mut gate, old)), [(Trouble::ListTooOld, Some(CITY), old)]);
}

#[test]
fn the_certificate_is_named_before_it_ends() {
    let mut gate = gate();
    let ends = gate.certificate().expires().seconds();
    let certificate = |at| {
        let faults = troubles(&mut gate, at);
        faults.into_iter().filter(|fault| fault.0 == Trouble::Certificate).collect::<Vec<_>>()
    };
    assert_eq!(
        [ends - SELF_TEST_AHEAD - 1, ends - SELF_TEST_AHEAD, ends].map(certificate),
        [vec![], vec![(Trouble::Certificate, None, ends)], vec![(Trouble::Certificate, None, ends)],]
    );
}

#[test]
fn a_clock_behind_or_in_doubt_and_an_open_outage_are_told() {
    let mut gate = gate();
    assert!(troubles(&mut gate, NOW - 3).contains(&(Trouble::ClockBehind, None, NOW - 3)));
    let told = |gate: &mut Gate<MemoryStorage>, trouble| troubles(gate, NOW).contains(&(trouble, None, NOW));
    assert!(!told(&mut gate, Trouble::ClockBehind));
    assert_eq!(troubles(&mut gate, NOW), [], "nothing else is wrong with it");
    gate.compare_clock(time(NOW), 0).unwrap();
    gate.compare_clock(time(NOW), 100).unwrap();
    gate.open_outage(time(NOW), time(NOW)).unwrap();
    assert!(told(&mut gate, Trouble::ClockInDoubt) && told(&mut gate, Trouble::Outage));
}

#[test]
fn a_store_that_takes_no_commit_is_told() {
    let certificate = gate().certificate().as_bytes().to_vec();
    let storage = Late(MemoryStorage::new(), false);
    let mut gate = Gate::open(storage, gate_key(), &certificate, bundle(), time(NOW)).unwrap();
    let told = |gate: &mut Gate<Late>| gate.self_test(time(NOW)).iter().any(|f| f.trouble == Trouble::Store);
    assert!(!told(&mut gate));
    gate.storage.1 = true;
    assert!(told(&mut gate));
    gate.storage.1 = false;
    assert!(!told(&mut gate));
}

#[test]
fn an_issuer_without_a_key_or_a_status_list_is_named() {
    let mut gate = gate();
    let member = Some(id(CITY));
    let ends = gate.bundle().trust().keys(Role::Issuer).find(|(of, _)| Some(of.id) == member).unwrap().1.not_after;
    let ends = ends.saturating_add(1);
    let named = |faults: Vec<Fault>| faults.iter().find(|f| f.trouble == Trouble::IssuerKey).copied();
    let expected = Fault { from: ends, trouble: Trouble::IssuerKey, member };
    assert_eq!(named(gate.self_test(ends.saturating_add(-SELF_TEST_AHEAD))), Some(expected));
    assert_eq!(named(gate.self_test(ends.saturating_add(-SELF_TEST_AHEAD - 1))), None);
    assert!(!gate.self_test(time(NOW)).iter().any(|fault| fault.trouble == Trouble::StatusMissing));
    let mut bare = Bundle::new(gate.bundle().trust().clone());
    let catalogue = gate.bundle().catalogues().next().unwrap().as_bytes().to_vec();
    bare.update_catalogue(&catalogue, time(NOW)).unwrap();
    let certificate = gate.certificate().as_bytes().to_vec();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate, bare, time(NOW)).unwrap();
    let missing = Fault { from: time(NOW), trouble: Trouble::StatusMissing, member };
    assert!(gate.self_test(time(NOW)).contains(&missing));
}

#[test]
fn the_keys_of_another_issuer_help_nobody() {
    let ends = NOW + 5_000;
    let mut spec = crate::trust::test_federation::spec();
    let city = spec.members.iter_mut().find(|member| member.id == id(CITY)).unwrap();
    let keys = city.keys.iter_mut().filter(|entry| entry.role == Role::Issuer);
    keys.for_each(|entry| entry.not_after = time(ends));
    let list = crate::trust::test_federation::genesis(&spec, &crate::trust::test_federation::CITIES[..3]).unwrap();
    let gate = gate();
    let mut bundle = Bundle::new(list);
    let catalogue = gate.bundle().catalogues().next().unwrap().as_bytes();
    bundle.update_catalogue(catalogue, time(NOW)).unwrap();
    let certificate = gate.certificate().as_bytes();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), certificate, bundle, time(NOW)).unwrap();
    assert!(troubles(&mut gate, NOW).contains(&(Trouble::IssuerKey, Some(CITY), ends + 1)));
}

#[test]
fn a_venue_without_a_catalogue_or_a_product_is_told() {
    let told = |gate: &mut Gate<MemoryStorage>, at| {
        let here = |fault: &&Fault| matches!(fault.trouble, Trouble::VenueMissing | Trouble::NoProduct);
        gate.self_test(time(at)).iter().filter(here).copied().collect::<Vec<_>>()
    };
    let mut gate = gate();
    assert_eq!(told(&mut gate, NOW), []);
    let of = |change: &dyn Fn(&mut Product)| {
        let catalogue = gate.bundle().catalogues().next().unwrap();
        let mut products = catalogue.products().to_vec();
        products.iter_mut().for_each(change);
        let (venues, issued) = (catalogue.venues().to_vec(), catalogue.issued());
        let spec = CatalogueSpec { member: id(CITY), sequence: 1, issued, venues, products };
        let mut bundle = Bundle::new(gate.bundle().trust().clone());
        bundle.update_catalogue(&spec.sign(&secret(CITY, Role::Registrar)), time(NOW)).unwrap();
        let certificate = gate.certificate().as_bytes();
        Gate::open(MemoryStorage::new(), gate_key(), certificate, bundle, time(NOW)).unwrap()
    };
    let none = |from| Fault { from: time(from), trouble: Trouble::NoProduct, member: None };
    let elsewhere = |product: &mut Product| {
        let venue = VenueId { member: id(CITY), number: 2 };
        product.grants[0].scope = Scope { venues: vec![venue], ..Scope::default() };
    };
    assert_eq!(told(&mut of(&elsewhere), NOW), [none(NOW)]);
    assert_eq!(told(&mut of(&|product| product.grants[0].service = 1), NOW), [none(NOW)]);
    let until = NOW + 100_000;
    let ends = |product: &mut Product| {
        // One product ends a second before the other.
        let until = time(until - i64::from(product.id.product == 1));
        product.grants[0].window.validity = Validity::Fixed { from: time(NOW), until };
    };
    let from_first_use = |until| {
        move |product: &mut Product| {
            let length = Length { days: Some(2), until, ..Length::default() };
            product.grants[0].window.validity = Validity::FirstUse { clock: 0, activate_by: None, length };
        }
    };
    for mut gate in [of(&ends), of(&from_first_use(Some(time(until))))] {
        assert_eq!(told(&mut gate, until - SELF_TEST_AHEAD - 1), []);
        assert_eq!(told(&mut gate, until - SELF_TEST_AHEAD), [none(until)]);
        assert_eq!(told(&mut gate, until + 5), [none(until + 5)]);
    }
    assert_eq!(told(&mut of(&from_first_use(None)), until + 5), [], "who starts later ends later");
}

#[test]
fn uses_elsewhere_that_a_rebuilt_store_lacks_are_told() {
    let mut gate = gate();
    let sync = crate::gate::SyncInput { ledgers: &[(id(CITY), 9)], ..crate::gate::SyncInput::default() };
    gate.sync(&sync, time(NOW)).unwrap();
    let missing = Fault { from: time(NOW), trouble: Trouble::UsageMissing, member: Some(id(CITY)) };
    assert!(!gate.self_test(time(NOW)).contains(&missing));
    let mut rebuilt = gate.storage().clone();
    rebuilt.commit(&[Write::Delete(EXTENT)]).unwrap();
    let mut gate = open(rebuilt, NOW).unwrap();
    assert!(gate.self_test(time(NOW)).contains(&missing));
    gate.sync(&sync, time(NOW)).unwrap();
    assert!(!gate.self_test(time(NOW)).contains(&missing));
}

#[test]
fn a_self_test_changes_no_journal() {
    let mut gate = gate();
    let size = gate.log().size();
    gate.self_test(time(NOW));
    assert_eq!(gate.log().size(), size);
    assert!(open(gate.storage().clone(), NOW).is_ok());
}
