//! Tests of `sync.rs`.

use super::*;
use crate::crypto::SigningKey;
use crate::gate::test_gate::{CITY, NOW, catalogue, catalogue_by, certificate, code, gate_key, open, reason, status};
use crate::gate::{OpenError, Reason, Rollback, Trouble};
use crate::id::{GateId, PassId, VenueId};
use crate::product::Use;
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::{self, id, secret, time};
use crate::trust::{
    Age, Bundle, BundleError, CatalogueSpec, CertificateError, KeyEntry, Role, StatusListSpec, TrustError,
    TrustListSpec,
};

#[test]
fn usage_learnt_from_others_counts() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let elsewhere = |index| Use {
        time: time(NOW - 10),
        gate: GateId { member: id(320_100), number: 1 },
        index,
        venue: VenueId { member: id(320_100), number: 1 },
        service: 0,
        grant: 0,
        party: 1,
    };
    let key = PassKey { issuer: id(CITY), pass: PassId::from_bytes([1; 10]) };
    let usage = [(key, [elsewhere(1), elsewhere(2)].into_iter().collect())];
    let ledgers = [(id(320_100), 5)];
    gate.sync(&SyncInput { usage: &usage, ledgers: &ledgers, ..SyncInput::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::TotalQuota);
    let storage = gate.storage().clone();
    let mut again = open(storage, NOW + 1).unwrap();
    assert_eq!(reason(&mut again, &code(1, NOW), NOW + 1), Reason::TotalQuota, "after a restart too");
    assert_eq!(again.state.synced.as_ref().unwrap().ledgers, ledgers);
}

#[test]
fn a_gate_takes_a_trust_list_without_a_member_and_opens_again() {
    let hefei = |sequence| {
        let spec =
            CatalogueSpec { member: id(340_100), sequence, issued: time(2_000), venues: vec![], products: vec![] };
        spec.sign(&secret(340_100, Role::Registrar))
    };
    let list = StatusListSpec::new("u".into(), time(NOW), time(1_900_000_000), 8);
    let list = list.sign(&secret(340_100, Role::Issuer));
    let mut next = TrustListSpec { sequence: 2, issued: time(2_000), ..test_federation::spec() };
    next.members.pop();
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let sync = SyncInput { catalogues: &[&hefei(1)], status_lists: &[&list], ..SyncInput::default() };
    gate.sync(&sync, time(NOW)).unwrap();
    gate.sync(&SyncInput { trust_lists: &[&next], ..SyncInput::default() }, time(NOW)).unwrap();
    let carried = gate.bundle().save();
    let pin = test_federation::list().digest();
    let bundle = Bundle::load(&carried, &pin).unwrap();
    let mut again = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    assert_eq!(reason(&mut again, &code(1, NOW), NOW), Reason::Ok);
}

/// Its registrar's key is lost, or its city leaves: the list is taken, and running on says what starting
/// again says.
#[test]
fn a_gate_whose_certificate_a_new_trust_list_does_not_carry_admits_nobody() {
    let registrar = SigningKey::from_seed(&[77; 32]);
    let rotated = |spec: &mut TrustListSpec| {
        let keys = &mut spec.members.iter_mut().find(|member| member.id == id(CITY)).unwrap().keys;
        keys.iter_mut().find(|entry| entry.role == Role::Registrar).unwrap().key = registrar.verifying_key();
    };
    let removed = |spec: &mut TrustListSpec| spec.members.retain(|member| member.id != id(CITY));
    let signed = catalogue_by(2, &registrar);
    let changes: [&dyn Fn(&mut TrustListSpec); 2] = [&rotated, &removed];
    for (change, catalogues) in changes.into_iter().zip([&[&signed[..]][..], &[]]) {
        let mut next = TrustListSpec { sequence: 2, issued: time(3_000), ..test_federation::spec() };
        change(&mut next);
        let next = test_federation::sign(&next, &[320_100, 330_100, 340_100]);
        let mut gate = open(MemoryStorage::new(), NOW).unwrap();
        assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
        gate.sync(&SyncInput { trust_lists: &[&next], catalogues, ..SyncInput::default() }, time(NOW)).unwrap();
        assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::Internal);
        assert_eq!(gate.ages(time(NOW)).last().unwrap().age, Age::TooOld);
        gate.sync(&SyncInput::default(), time(NOW)).unwrap();
        assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::Internal);
        assert!(gate.seal().unwrap().is_some(), "what it recorded before is not lost");
        let bundle = gate.bundle().clone();
        let again = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW));
        assert!(matches!(again, Err(OpenError::Certificate(CertificateError::Trust(TrustError::UnknownKey(_))))));
    }
}

/// Hefei's registrar and one of its two issuers are lost: the list does not wait for what they had signed to
/// be signed anew, and nothing older takes its place, now or after a start.
#[test]
fn a_trust_list_that_drops_pieces_is_taken_and_nothing_older_comes_back() {
    let hefei = 340_100;
    let (second, registrar) = (SigningKey::from_seed(&[78; 32]), SigningKey::from_seed(&[79; 32]));
    let mut first = test_federation::spec();
    let keys = |spec: &mut TrustListSpec, change: &dyn Fn(&mut Vec<KeyEntry>)| {
        change(&mut spec.members.iter_mut().find(|member| member.id == id(hefei)).unwrap().keys);
    };
    keys(&mut first, &|keys| keys.push(test_federation::key_entry(&second, Role::Issuer)));
    let mut next = TrustListSpec { sequence: 2, issued: time(3_000), ..first.clone() };
    keys(&mut next, &|keys| {
        let lost = [Role::Registrar, Role::Issuer].map(|role| secret(hefei, role).verifying_key());
        keys.retain(|entry| !lost.contains(&entry.key));
        keys.push(test_federation::key_entry(&registrar, Role::Registrar));
    });
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    let catalogue_of = |sequence, registrar: &SigningKey| {
        let (member, issued) = (id(hefei), time(2_000));
        CatalogueSpec { member, sequence, issued, venues: vec![], products: vec![] }.sign(registrar)
    };
    let status_of = |issued, issuer: &SigningKey| {
        StatusListSpec::new("u".into(), time(issued), time(1_900_000_000), 8).sign(issuer)
    };
    let mut bundle = Bundle::new(test_federation::genesis(&first, &test_federation::CITIES[..3]).unwrap());
    bundle.update_catalogue(&catalogue(1), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[]), time(NOW)).unwrap();
    bundle.update_catalogue(&catalogue_of(5, &secret(hefei, Role::Registrar)), time(NOW)).unwrap();
    bundle.update_status(&status_of(NOW - 50, &secret(hefei, Role::Issuer)), time(NOW)).unwrap();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    gate.sync(&SyncInput { trust_lists: &[&next], ..SyncInput::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert!(gate.bundle().catalogue(id(hefei)).is_none() && gate.bundle().status_lists().count() == 1);
    let bundle = gate.bundle().clone();
    let mut again = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    for gate in [&mut gate, &mut again] {
        let mut sync = |catalogues: &[&[u8]], status_lists: &[&[u8]]| match gate
            .sync(&SyncInput { catalogues, status_lists, ..SyncInput::default() }, time(NOW))
        {
            Ok(()) => "taken",
            Err(SyncError::Rollback(Rollback::Catalogue(member))) if member == id(hefei) => "catalogue",
            Err(SyncError::Rollback(Rollback::StatusList { issuer, uri })) if (issuer, &*uri) == (id(hefei), "u") => {
                "status list"
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(sync(&[], &[&status_of(NOW - 51, &second)]), "status list");
        assert_eq!(sync(&[&catalogue_of(4, &registrar)], &[]), "catalogue");
        assert_eq!(sync(&[&catalogue_of(6, &registrar)], &[&status_of(NOW - 49, &second)]), "taken");
    }
}

#[test]
fn a_gate_whose_citys_catalogue_was_dropped_admits_nobody_until_it_has_another() {
    let lost = SigningKey::from_seed(&[78; 32]);
    let mut first = test_federation::spec();
    let next = TrustListSpec { sequence: 2, issued: time(3_000), ..first.clone() };
    let city = first.members.iter_mut().find(|member| member.id == id(CITY)).unwrap();
    city.keys.push(test_federation::key_entry(&lost, Role::Registrar));
    let mut bundle = Bundle::new(test_federation::genesis(&first, &test_federation::CITIES[..3]).unwrap());
    bundle.update_catalogue(&catalogue_by(1, &lost), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[]), time(NOW)).unwrap();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    let missing =
        |gate: &mut Gate<_>| gate.self_test(time(NOW)).iter().any(|fault| fault.trouble == Trouble::VenueMissing);
    assert!(!missing(&mut gate));
    gate.sync(&SyncInput { trust_lists: &[&next], ..SyncInput::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Internal);
    assert!(missing(&mut gate));
    gate.sync(&SyncInput { catalogues: &[&catalogue(2)], ..SyncInput::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert!(!missing(&mut gate));
}

#[test]
fn a_sync_takes_nothing_from_the_future() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let future = gate.sync(&SyncInput { status_lists: &[&status(NOW + 601, &[])], ..SyncInput::default() }, time(NOW));
    assert!(matches!(future, Err(SyncError::Bundle(BundleError::Future("status list")))));
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn a_refused_sync_changes_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    let good = catalogue(2);
    let old = status(NOW - 500, &[]);
    let refused =
        gate.sync(&SyncInput { catalogues: &[&good], status_lists: &[&old], ..SyncInput::default() }, time(NOW));
    assert!(matches!(refused, Err(SyncError::Bundle(BundleError::Rollback(_)))));
    assert_eq!(gate.storage(), &before);
    assert_eq!(gate.bundle().catalogues().next().unwrap().sequence(), 1);
}
