//! Tests of `bundle.rs`.

use super::super::catalogue::CatalogueSpec;
use super::super::list::tests::{CITIES, city, genesis, id, list, secret, sign, spec, time};
use super::super::spec::TrustListSpec;
use super::super::status::StatusListSpec;
use super::*;
use crate::crypto::Verifier;
use crate::product::{
    Grant, Mask, Method, Price, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Validity, Window,
};
use proptest::prelude::*;
use std::sync::LazyLock;

/// By then, everything in these tests is issued.
const NOW: i64 = 10_000;

pub(in super::super) fn venue(number: u16, name: &str) -> Venue {
    Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: name.into(),
        category: 1,
        price_fen: 4_000,
    }
}

fn catalogue_of(member: u32, sequence: u64, issued: i64, venues: Vec<Venue>) -> Vec<u8> {
    let spec = CatalogueSpec { member: id(member), sequence, issued: time(issued), venues, products: vec![] };
    spec.sign(&secret(member, Role::Registrar))
}

fn catalogue(sequence: u64, names: &[&str]) -> Vec<u8> {
    let venues = (1..).zip(names).map(|(number, name)| venue(number, name)).collect();
    catalogue_of(310_101, sequence, 2_000, venues)
}

fn status(issued: i64, passes: usize) -> Vec<u8> {
    status_of(310_101, "oc:310101/1", issued, passes)
}

fn status_of(member: u32, uri: &str, issued: i64, passes: usize) -> Vec<u8> {
    StatusListSpec::new(uri.into(), time(issued), time(1_000_000), passes).sign(&secret(member, Role::Issuer))
}

/// The second trust list, with a change.
fn second(change: impl FnOnce(&mut TrustListSpec)) -> Vec<u8> {
    let mut next = TrustListSpec { sequence: 2, issued: time(3_000), ..spec() };
    change(&mut next);
    sign(&next, &CITIES[..3])
}

impl Bundle {
    fn catalogue_now(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.update_catalogue(bytes, time(NOW))
    }

    fn status_now(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.update_status(bytes, time(NOW))
    }
}

#[test]
fn a_status_list_that_is_there_changes_nothing() {
    let mut bundle = Bundle::new(list());
    let list = status(2_000, 10);
    assert_eq!([bundle.status_now(&list), bundle.status_now(&list)], [Ok(()), Ok(())]);
    assert_eq!(bundle.status_now(&status(2_000, 20)), Err(BundleError::Rollback("status list")));
}

#[test]
fn as_many_trust_lists_as_the_cap_are_kept() {
    let mut bundle = Bundle::new(list());
    let filler = bundle.trust().as_bytes().into();
    bundle.earlier = vec![filler; MAX_BUNDLE_LISTS - 2];
    assert_eq!(bundle.update_trust(&second(|_| {}), time(NOW)), Ok(()));
    let third = second(|next| (next.sequence, next.issued) = (3, time(4_000)));
    assert_eq!(bundle.update_trust(&third, time(NOW)), Err(BundleError::TooMany("trust lists")));
    bundle.earlier.push(third.into());
    let fourth = second(|next| (next.sequence, next.issued) = (3, time(5_000)));
    assert_eq!(bundle.update_trust(&fourth, time(NOW)), Err(BundleError::TooMany("trust lists")));
}

#[test]
fn the_size_of_a_saved_bundle_comes_first() {
    let bytes = vec![0; MAX_BUNDLE + 1];
    assert_eq!(Bundle::load(&bytes, &Hash([0; 32])).unwrap_err(), BundleError::TooLong(MAX_BUNDLE + 1));
    let longest = Bundle::load(&bytes[1..], &Hash([0; 32]));
    assert!(matches!(longest, Err(BundleError::Encoding(_))), "{longest:?}");
}

#[test]
fn its_trust_list_is_the_one_prepared() {
    let mut bundle = Bundle::new(list());
    let known = |bundle: &Bundle| {
        let (_, entry) = bundle.trust().keys(Role::Issuer).next().unwrap();
        matches!(bundle.trust().verifier(entry), Verifier::Known(_))
    };
    assert!(!known(&bundle));
    bundle.prepare(Role::Issuer, time(NOW));
    assert!(known(&bundle));
}

#[test]
fn pieces_never_go_back() {
    let mut bundle = Bundle::new(list());
    bundle.catalogue_now(&catalogue(2, &["Yu Garden"])).unwrap();
    bundle.catalogue_now(&catalogue(2, &["Yu Garden"])).unwrap();
    assert_eq!(bundle.catalogue_now(&catalogue(2, &["Other"])), Err(BundleError::Rollback("catalogue")));
    assert_eq!(bundle.catalogue_now(&catalogue(1, &["Yu Garden"])), Err(BundleError::Rollback("catalogue")));
    bundle.catalogue_now(&catalogue(3, &["Yu Garden", "Bund"])).unwrap();
    assert_eq!(bundle.venue(VenueId { member: id(310_101), number: 2 }).unwrap().name_en, "Bund");
    bundle.status_now(&status(5_000, 8)).unwrap();
    bundle.status_now(&status(5_000, 8)).unwrap();
    assert_eq!(bundle.status_now(&status(5_000, 16)), Err(BundleError::Rollback("status list")));
    assert_eq!(bundle.status_now(&status(4_999, 8)), Err(BundleError::Rollback("status list")));
    bundle.status_now(&status(5_001, 8)).unwrap();
    assert!(bundle.status_list(id(310_101), "oc:310101/1").is_some());
    assert!(bundle.status_list(id(320_100), "oc:310101/1").is_none(), "another issuer's list says nothing");
    bundle.update_trust(&second(|_| {}), time(NOW)).unwrap();
    bundle.update_trust(&second(|_| {}), time(NOW)).unwrap();
    let back = bundle.update_trust(&sign(&spec(), &CITIES[..3]), time(NOW));
    assert_eq!(back, Err(BundleError::Trust(TrustError::Rollback { current: 2, found: 1 })));
}

/// A gate that took more could not start again.
#[test]
fn a_bundle_never_grows_longer_than_one_that_can_be_loaded() {
    let mut bundle = Bundle::new(list());
    bundle.catalogue_now(&catalogue(1, &[])).unwrap();
    let list = status(5_000, 8);
    // What it carries of the past is not looked at again, so any bytes will do.
    let filler: Arc<[u8]> = vec![0; 1 << 20].into();
    bundle.earlier = vec![filler.clone(); 255];
    bundle.earlier.push(filler[..1 << 17].into());
    let room = MAX_BUNDLE - bundle.saved_length() - list.len() - 2;
    let fill = |bundle: &mut Bundle, length| *bundle.earlier.last_mut().unwrap() = vec![0; length].into();
    fill(&mut bundle, (1 << 17) + room + 1);
    assert_eq!(bundle.status_now(&list), Err(BundleError::TooLong(MAX_BUNDLE + 1)));
    assert_eq!(bundle.status_lists().count(), 0);
    fill(&mut bundle, (1 << 17) + room);
    bundle.status_now(&list).unwrap();
    assert_eq!(bundle.save().len(), MAX_BUNDLE);
    let refused = [bundle.catalogue_now(&catalogue(2, &["Bund"])), bundle.update_trust(&second(|_| {}), time(NOW))];
    for refused in refused {
        assert!(matches!(refused, Err(BundleError::TooLong(length)) if length > MAX_BUNDLE), "{refused:?}");
    }
    bundle.catalogue_now(&catalogue(2, &[])).unwrap();
}

#[test]
fn what_is_dated_in_the_future_displaces_nothing() {
    let mut bundle = Bundle::new(list());
    let ahead = i64::from(bundle.trust().policy().clock_suspect);
    bundle.status_now(&status(5_000, 8)).unwrap();
    let future = status(NOW + ahead + 1, 8);
    assert_eq!(bundle.status_now(&future), Err(BundleError::Future("status list")));
    assert_eq!(bundle.status_lists().next().unwrap().issued(), time(5_000), "the one before stays in force");
    bundle.status_now(&status(NOW + ahead, 8)).unwrap();
    let venues = || vec![venue(1, "Yu Garden")];
    let future = catalogue_of(310_101, 1, NOW + ahead + 1, venues());
    assert_eq!(bundle.catalogue_now(&future), Err(BundleError::Future("catalogue")));
    bundle.catalogue_now(&catalogue_of(310_101, 1, NOW + ahead, venues())).unwrap();
    let next = second(|_| {});
    assert_eq!(bundle.update_trust(&next, time(2_999)), Err(BundleError::Future("trust list")));
    assert_eq!(bundle.trust().sequence(), 1);
    bundle.update_trust(&next, time(3_000)).unwrap();
}

#[test]
fn a_status_list_that_expired_displaces_nothing() {
    let mut bundle = Bundle::new(list());
    let ends = |issued, expires| {
        let spec = StatusListSpec::new("oc:310101/1".into(), time(issued), time(expires), 8);
        spec.sign(&secret(310_101, Role::Issuer))
    };
    bundle.status_now(&ends(5_000, NOW + 1)).unwrap();
    assert_eq!(bundle.status_now(&ends(5_001, NOW)), Err(BundleError::Expired("status list")));
    assert_eq!(bundle.status_lists().next().unwrap().issued(), time(5_000));
    bundle.update_status(&ends(5_000, NOW + 1), time(NOW + 1)).unwrap();
}

#[test]
fn an_expired_trust_list_is_taken_since_another_may_follow_it() {
    let mut bundle = Bundle::new(list());
    bundle.update_trust(&second(|next| next.expires = time(4_000)), time(NOW)).unwrap();
    assert_eq!(bundle.ages(time(NOW)).next().unwrap().age, Age::TooOld);
}

#[test]
fn pieces_that_a_new_trust_list_does_not_carry_are_dropped() {
    let mut bundle = Bundle::new(list());
    for member in [310_101, 340_100] {
        bundle.catalogue_now(&catalogue_of(member, 1, 2_000, vec![])).unwrap();
        bundle.status_now(&status_of(member, "u", 2_500, 8)).unwrap();
    }
    bundle.update_trust(&second(|next| drop(next.members.pop())), time(NOW)).unwrap();
    let left: Vec<MemberId> = bundle.catalogues().map(Catalogue::member).collect();
    assert_eq!(left, [id(310_101)]);
    assert_eq!(bundle.status_lists().map(StatusList::issuer).collect::<Vec<_>>(), left);
}

pub(in super::super) fn product(number: u16, version: u16, limit: u16) -> Product {
    Product {
        id: ProductRef { issuer: id(310_101), product: number, version },
        name_zh: "通票".into(),
        name_en: "Pass".into(),
        holders: vec![],
        party_max: 4,
        settlement: Settlement { price_fen: 10_000, method: Method::Contracted(Rate::Share(5_000)) },
        grants: vec![Grant {
            scope: Scope { all: true, ..Scope::default() },
            service: 0,
            quotas: vec![Quota { limit, unit: Unit::Entries, period: QuotaPeriod::Life, key: QuotaKey::Shared }],
            window: Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 },
            price: Price::Free,
            holders: vec![],
            choice: None,
        }],
    }
}

#[test]
fn a_catalogue_keeps_every_published_product() {
    let selling = |sequence, products: &[Product]| {
        let (member, issued, products) = (id(310_101), time(2_000), products.to_vec());
        CatalogueSpec { member, sequence, issued, venues: vec![], products }.sign(&secret(310_101, Role::Registrar))
    };
    let (one, two) = (product(1, 1, 2), product(2, 1, 2));
    let mut bundle = Bundle::new(list());
    bundle.catalogue_now(&selling(1, &[one.clone(), two.clone()])).unwrap();
    let changed = Err(BundleError::ProductChanged(id(310_101)));
    assert_eq!(bundle.catalogue_now(&selling(2, std::slice::from_ref(&one))), changed, "dropped");
    assert_eq!(bundle.catalogue_now(&selling(2, &[one.clone(), product(2, 1, 3)])), changed, "changed");
    assert_eq!(bundle.catalogue_now(&selling(2, &[one.clone(), product(2, 2, 2)])), changed, "replaced");
    assert_eq!(bundle.product(two.id), Some(&two), "the catalogue before stays in force");
    bundle.catalogue_now(&selling(2, &[one, two, product(2, 2, 3)])).unwrap();
}

/// The age of the piece at `place` in the report, by the time since 5,000.
fn age(bundle: &Bundle, place: usize, since: i64) -> Age {
    bundle.ages(time(5_000 + since)).nth(place).unwrap().age
}

#[test]
fn every_piece_ages_by_policy() {
    let trust = TrustListSpec { issued: time(5_000), ..spec() };
    let mut bundle = Bundle::new(genesis(&trust, &CITIES[..3]).unwrap());
    bundle.catalogue_now(&catalogue_of(310_101, 7, 5_000, vec![])).unwrap();
    bundle.status_now(&status(5_000, 8)).unwrap();
    let report: Vec<(Piece<'_>, i64)> = bundle.ages(time(NOW)).map(|age| (age.piece, age.issued.seconds())).collect();
    let pieces = [
        (Piece::TrustList { sequence: 1 }, 5_000),
        (Piece::Catalogue { member: id(310_101), sequence: 7 }, 5_000),
        (Piece::StatusList { issuer: id(310_101), uri: "oc:310101/1" }, 5_000),
    ];
    assert_eq!(report, pieces);
    let policy = *bundle.trust().policy();
    let ahead = -i64::from(policy.clock_suspect);
    let catalogue = (policy.catalogue_fresh, Some(policy.catalogue_max_age));
    let limits = [(policy.trust_fresh, None), catalogue, (policy.status_fresh, Some(policy.status_max_age))];
    for (place, (fresh, most)) in limits.into_iter().enumerate() {
        let age = |since| age(&bundle, place, since);
        assert_eq!([age(ahead - 1), age(ahead)], [Age::TooOld, Age::Fresh], "dated in the future: {place}");
        assert_eq!([age(fresh.into()), age(i64::from(fresh) + 1)], [Age::Fresh, Age::Stale], "{place}");
        if let Some(most) = most {
            assert_eq!([age(most.into()), age(i64::from(most) + 1)], [Age::Stale, Age::TooOld], "{place}");
        }
    }
    let end = trust.expires.seconds() - 5_000;
    assert_eq!([age(&bundle, 0, end - 1), age(&bundle, 0, end)], [Age::Stale, Age::TooOld]);
    let short = StatusListSpec::new("s".into(), time(5_000), time(5_010), 8).sign(&secret(310_101, Role::Issuer));
    bundle.update_status(&short, time(5_009)).unwrap();
    assert_eq!([age(&bundle, 3, 9), age(&bundle, 3, 10)], [Age::Fresh, Age::TooOld], "past its expiry");
}

#[test]
fn a_decision_is_as_old_as_the_oldest_piece_it_rests_on() {
    let mut bundle = Bundle::new(list());
    let day = 86_400;
    let now = time(2_000 + 91 * day);
    for (member, issued) in [(310_101, 2_000), (320_100, 2_000 + 90 * day), (330_100, 2_000 - 90 * day)] {
        let issued = issued.max(1_500);
        bundle.update_catalogue(&catalogue_of(member, 1, issued, vec![]), now).unwrap();
    }
    let fresh = StatusListSpec::new("u".into(), now, time(1_000_000_000), 8).sign(&secret(320_100, Role::Issuer));
    bundle.update_status(&fresh, now).unwrap();
    let status = bundle.status_list(id(320_100), "u").unwrap();
    let oldest = |issuer, host, now| bundle.oldest(status, id(issuer), id(host), now);
    assert_eq!(oldest(320_100, 320_100, now), Age::Fresh);
    assert_eq!(oldest(310_101, 320_100, now), Age::Stale, "the catalogue of the product");
    assert_eq!(oldest(320_100, 310_101, now), Age::Stale, "the catalogue of the venue");
    let later = now.saturating_add(3 * day);
    assert_eq!(oldest(320_100, 320_100, later), Age::Fresh);
    assert_eq!(oldest(320_100, 320_100, later.saturating_add(1)), Age::Stale, "the status list");
    assert_eq!(oldest(310_101, 320_100, now.saturating_add(90 * day)), Age::TooOld);
}

/// A bundle with two of everything, and the digest of its first trust list.
fn full() -> (Bundle, Hash) {
    let mut bundle = Bundle::new(list());
    let pin = bundle.trust().digest();
    bundle.update_trust(&second(|_| {}), time(NOW)).unwrap();
    for member in [310_101, 340_100] {
        bundle.catalogue_now(&catalogue_of(member, 1, 2_000, vec![venue(1, "Yu Garden")])).unwrap();
        bundle.status_now(&status_of(member, "u", 5_000, 8)).unwrap();
    }
    (bundle, pin)
}

/// A saved bundle from parts.
fn saved(version: u8, parts: [&[&[u8]]; 3]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.map(4).int(1).uint(version);
    for (key, pieces) in (2..).zip(parts) {
        out.int(key).array(pieces.len());
        for piece in pieces {
            out.bytes(piece);
        }
    }
    out.finish()
}

#[test]
fn a_saved_bundle_is_verified_again() {
    let (bundle, pin) = full();
    let bytes = bundle.save();
    let mut again = Bundle::load(&bytes, &pin).unwrap();
    assert_eq!(again.save(), bytes);
    assert_eq!(again.ages(time(NOW)).collect::<Vec<_>>(), bundle.ages(time(NOW)).collect::<Vec<_>>());
    assert_eq!(again.status_now(&status_of(310_101, "u", 4_999, 8)), Err(BundleError::Rollback("status list")));
    let other = Bundle::load(&bytes, &bundle.trust().digest()).unwrap_err();
    assert_eq!(other, BundleError::Trust(TrustError::Anchor), "not the list it starts from");
    // A bundle made of a later list starts from that one.
    let later = Bundle::new(bundle.trust().clone());
    assert_eq!(Bundle::load(&later.save(), &bundle.trust().digest()).unwrap().trust().sequence(), 2);
    let forged = Bundle::load(&later.save(), &pin).unwrap_err();
    assert_eq!(forged, BundleError::Trust(TrustError::Anchor));
}

#[test]
fn a_changed_saved_bundle_is_refused() {
    let (bundle, pin) = full();
    let bytes = bundle.save();
    // Every byte of the pieces is changed where they are tested.
    for at in (0..8).chain((8..bytes.len()).step_by(13)) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Bundle::load(&changed, &pin).is_err(), "byte {at}");
    }
    for length in (0..bytes.len()).step_by(7) {
        assert!(matches!(Bundle::load(&bytes[..length], &pin), Err(BundleError::Encoding(_))), "cut to {length}");
    }
}

#[test]
fn the_pieces_of_a_saved_bundle_have_one_order_and_one_meaning() {
    let (bundle, pin) = full();
    let first = sign(&spec(), &CITIES[..3]);
    let trust = [&first[..], bundle.trust().as_bytes()];
    let catalogues: Vec<&[u8]> = bundle.catalogues().map(Catalogue::as_bytes).collect();
    let status: Vec<&[u8]> = bundle.status_lists().map(StatusList::as_bytes).collect();
    let load = |parts: [&[&[u8]]; 3]| Bundle::load(&saved(1, parts), &pin).map(|bundle| bundle.save());
    assert_eq!(load([&trust, &catalogues, &status]), Ok(bundle.save()));
    let back: Vec<&[u8]> = catalogues.iter().rev().copied().collect();
    assert_eq!(load([&trust, &back, &status]), Err(BundleError::Order));
    let back: Vec<&[u8]> = status.iter().rev().copied().collect();
    assert_eq!(load([&trust, &catalogues, &back]), Err(BundleError::Order));
    assert_eq!(load([&trust, &[catalogues[0], catalogues[0]], &[]]), Err(BundleError::Order), "one twice");
    let older = status_of(310_101, "u", 4_000, 8);
    assert_eq!(load([&trust, &[], &[status[0], &older]]), Err(BundleError::Rollback("status list")));
    assert_eq!(load([&trust, &[], &[&older, status[0]]]), Err(BundleError::Order), "one that was replaced");
    assert_eq!(load([&[], &[], &[]]), Err(BundleError::Order), "no trust list");
    let gap = load([&[&first, &first], &[], &[]]);
    assert_eq!(gap, Err(BundleError::Trust(TrustError::Rollback { current: 1, found: 1 })));
    assert!(matches!(load([&trust, &status, &[]]), Err(BundleError::Catalogue(CatalogueError::Encoding(_)))));
    let version = Bundle::load(&saved(2, [&trust, &[], &[]]), &pin).unwrap_err();
    assert!(matches!(version, BundleError::Encoding(CborError { kind: CborErrorKind::Range, .. })));
    // What the new trust list does not carry is not brought back by the file.
    let without = second(|next| drop(next.members.pop()));
    let gone = load([&[&first, &without], &catalogues, &[]]);
    assert!(matches!(gone, Err(BundleError::Catalogue(CatalogueError::Trust(TrustError::UnknownKey(_))))));
}

#[test]
fn a_bundle_has_caps() {
    let pin = list().digest();
    let long = vec![0; MAX_BUNDLE + 1];
    assert_eq!(Bundle::load(&long, &pin).unwrap_err(), BundleError::TooLong(MAX_BUNDLE + 1));
    let range = |parts: [&[&[u8]]; 3]| {
        let error = Bundle::load(&saved(1, parts), &pin).unwrap_err();
        matches!(error, BundleError::Encoding(CborError { kind: CborErrorKind::Range, .. }))
    };
    let empty = &[][..];
    assert!(range([&vec![empty; MAX_BUNDLE_LISTS + 1], &[], &[]]));
    assert!(range([&[], &vec![empty; MAX_MEMBERS + 1], &[]]));
    assert!(range([&[], &[], &vec![empty; MAX_BUNDLE_LISTS + 1]]));
    let mut bundle = Bundle::new(list());
    for number in 0..MAX_STATUS_LISTS {
        bundle.status_now(&status_of(310_101, &number.to_string(), 5_000, 8)).unwrap();
    }
    let more = bundle.status_now(&status_of(310_101, "more", 5_000, 8));
    assert_eq!(more, Err(BundleError::TooMany("status lists of one issuer")));
    bundle.status_now(&status_of(320_100, "0", 5_000, 8)).unwrap();
    bundle.status_now(&status_of(310_101, "0", 5_001, 8)).unwrap();
}

#[test]
fn many_issuers_have_no_more_than_a_bundle_holds() {
    const ISSUERS: u32 = (MAX_BUNDLE_LISTS / MAX_STATUS_LISTS) as u32;
    let issuers = 400_000..400_000 + ISSUERS;
    let mut spec = spec();
    spec.members.extend(issuers.clone().map(city));
    let mut bundle = Bundle::new(genesis(&spec, &CITIES).unwrap());
    for issuer in issuers {
        for number in 0..MAX_STATUS_LISTS {
            bundle.status_now(&status_of(issuer, &number.to_string(), 5_000, 8)).unwrap();
        }
    }
    let more = bundle.status_now(&status_of(310_101, "0", 5_000, 8));
    assert_eq!(more, Err(BundleError::TooMany("status lists")));
    bundle.status_now(&status_of(400_000, "0", 5_001, 8)).unwrap();
}

proptest! {
    #[test]
    fn accepted_means_saving_again_gives_the_same_bytes(at: prop::sample::Index, with: u8) {
        static SAVED: LazyLock<(Vec<u8>, Hash)> = LazyLock::new(|| (full().0.save(), full().1));
        let (mut bytes, pin) = SAVED.clone();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(bundle) = Bundle::load(&bytes, &pin) {
            prop_assert_eq!(bundle.save(), bytes);
        }
    }
}
