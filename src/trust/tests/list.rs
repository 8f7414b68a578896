//! Tests of `list.rs`.

use super::super::member::MemberKind;
use super::super::spec::{MAX_FEDERATION, check_kids};
use super::*;
use crate::crypto::{KeyError, SigningKey, VerifyingKey};

pub(crate) fn id(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

pub(crate) fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

/// The secret key of a member's role in the test federation.
pub(crate) fn secret(member: u32, role: Role) -> SigningKey {
    let mut seed = [role as u8; 32];
    seed[..4].copy_from_slice(&member.to_be_bytes());
    SigningKey::from_seed(&seed)
}

pub(crate) fn key_entry(key: &SigningKey, role: Role) -> KeyEntry {
    KeyEntry { role, key: key.verifying_key(), not_before: time(1_000), not_after: time(2_000_000_000) }
}

pub(crate) fn city(code: u32) -> Member {
    let roles = [Role::Root, Role::Issuer, Role::Registrar, Role::Log, Role::Witness];
    Member {
        id: id(code),
        name_zh: "城".into(),
        name_en: format!("City {code}"),
        kind: MemberKind::City,
        keys: roles.into_iter().map(|role| key_entry(&secret(code, role), role)).collect(),
        suspended_from: None,
    }
}

pub(crate) const CITIES: [u32; 4] = [310_101, 320_100, 330_100, 340_100];

/// Four cities and an auditor, issued at 1000.
pub(crate) fn spec() -> TrustListSpec {
    let auditor = Member {
        keys: vec![key_entry(&secret(100_000, Role::Witness), Role::Witness)],
        kind: MemberKind::Auditor,
        ..city(100_000)
    };
    TrustListSpec {
        federation: "onecard.test".into(),
        sequence: 1,
        issued: time(1_000),
        expires: time(2_000_000_000),
        policy: Policy::default(),
        members: [vec![auditor], CITIES.into_iter().map(city).collect()].concat(),
    }
}

pub(crate) fn sign(spec: &TrustListSpec, roots: &[u32]) -> Vec<u8> {
    let keys: Vec<SigningKey> = roots.iter().map(|&code| secret(code, Role::Root)).collect();
    spec.sign(&keys.iter().collect::<Vec<_>>())
}

pub(crate) fn genesis(spec: &TrustListSpec, roots: &[u32]) -> Result<TrustList, TrustError> {
    let bytes = sign(spec, roots);
    TrustList::genesis(&bytes, &sha256(&[&bytes]))
}

/// The verified list of the test federation.
pub(crate) fn list() -> TrustList {
    genesis(&spec(), &CITIES[..3]).unwrap()
}

#[test]
fn three_of_four_roots_make_a_list() {
    let list = list();
    assert_eq!(list.spec, spec());
    assert_eq!(list.ledger_origin(id(310_101)), "onecard.test/310101");
    let two = genesis(&spec(), &CITIES[..2]).unwrap_err();
    assert_eq!(two, TrustError::Threshold { signed: 2, needed: 3 });
}

#[test]
fn members_are_counted_not_signatures() {
    let mut spec = spec();
    let second = SigningKey::from_seed(&[77; 32]);
    spec.members[1].keys.push(key_entry(&second, Role::Root));
    let keys = [secret(310_101, Role::Root), second, secret(320_100, Role::Root)];
    let bytes = spec.sign(&keys.iter().collect::<Vec<_>>());
    let error = TrustList::genesis(&bytes, &sha256(&[&bytes])).unwrap_err();
    assert_eq!(error, TrustError::Threshold { signed: 2, needed: 3 });
}

#[test]
fn a_signer_that_is_no_root_refuses_the_list() {
    let keys = [310_101, 320_100, 330_100].map(|code| secret(code, Role::Root));
    let issuer = secret(340_100, Role::Issuer);
    let bytes = spec().sign(&[&keys[0], &keys[1], &keys[2], &issuer]);
    let error = TrustList::genesis(&bytes, &sha256(&[&bytes])).unwrap_err();
    assert_eq!(error, TrustError::Signer(issuer.verifying_key().kid()));
}

#[test]
fn every_byte_of_a_list_counts() {
    let bytes = sign(&spec(), &CITIES[..3]);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(TrustList::genesis(&changed, &sha256(&[&changed])).is_err(), "byte {at}");
        assert!(TrustList::genesis(&changed, &sha256(&[&bytes])).is_err(), "byte {at}");
    }
}

#[test]
fn the_first_list_is_pinned() {
    let bytes = sign(&spec(), &CITIES[..3]);
    assert_eq!(TrustList::genesis(&bytes, &sha256(&[b"other"])).unwrap_err(), TrustError::Anchor);
    let later = TrustListSpec { sequence: 2, ..spec() };
    assert_eq!(genesis(&later, &CITIES[..3]).unwrap_err(), TrustError::NotFirst(2));
    let none = TrustListSpec { sequence: 0, ..spec() };
    assert_eq!(genesis(&none, &CITIES[..3]).unwrap_err(), TrustError::NotFirst(0));
}

#[test]
fn contradictions_are_refused() {
    let refused = |change: fn(&mut TrustListSpec)| {
        let mut spec = spec();
        change(&mut spec);
        genesis(&spec, &CITIES).unwrap_err()
    };
    let rule = |change| match refused(change) {
        TrustError::Rule(text) => text,
        other => panic!("{other}"),
    };
    assert_eq!(rule(|spec| spec.members.swap(1, 2)), "members not in ascending order, or one twice");
    let twice = |spec: &mut TrustListSpec| {
        spec.members.insert(1, Member { keys: vec![], ..spec.members[1].clone() });
    };
    assert_eq!(rule(twice), "members not in ascending order, or one twice");
    let issuer = |spec: &mut TrustListSpec| {
        spec.members[0].keys.push(key_entry(&SigningKey::from_seed(&[5; 32]), Role::Issuer));
    };
    assert_eq!(rule(issuer), "an auditor with a key that is not a witness key");
    assert_eq!(rule(|spec| spec.policy.root_threshold = 0), "a root threshold that cannot be met");
    assert_eq!(rule(|spec| spec.policy.root_threshold = 5), "a root threshold that cannot be met");
    assert_eq!(rule(|spec| spec.policy.witness_quorum = 0), "a witness quorum that cannot be met");
    assert_eq!(rule(|spec| spec.policy.witness_quorum = 6), "a witness quorum that cannot be met");
    assert_eq!(rule(|spec| spec.policy.status_fresh = u32::MAX), "a fresh status list that is too old");
    assert_eq!(rule(|spec| spec.policy.catalogue_fresh = u32::MAX), "a fresh catalogue that is too old");
    assert_eq!(rule(|spec| spec.policy.code_early = 601), "a code that is early and suspect at once");
    assert_eq!(rule(|spec| spec.policy.rescan_within = 89), "a code that outlives its re-scan");
    assert_eq!(rule(|spec| spec.policy.code_late = u32::MAX), "a code that outlives its re-scan");
    assert_eq!(rule(|spec| spec.expires = time(999)), "expires before it is issued");
    let domain = "the federation domain has other characters than a-z, 0-9, dot and hyphen";
    assert_eq!(rule(|spec| spec.federation = "One Card".into()), domain);
    assert_eq!(rule(|spec| spec.federation.clear()), "the federation domain is empty or too long");
    assert_eq!(rule(|spec| spec.members[2].name_en = "n".repeat(65)), "a member's name is too long");
    assert_eq!(rule(|spec| spec.members[1].keys[1].not_after = time(1)), "a key that is never valid");
}

/// A list whose auditors could all be asked for.
fn with_auditors(quorum: u8) -> TrustListSpec {
    let auditor = |at: u8| Member {
        keys: vec![key_entry(&SigningKey::from_seed(&[100 + at; 32]), Role::Witness)],
        ..Member { id: id(100_001 + u32::from(at)), ..spec().members[0].clone() }
    };
    let mut spec = spec();
    spec.members.splice(1..1, (0..80).map(auditor));
    spec.policy.witness_quorum = quorum;
    spec
}

#[test]
fn a_quorum_fits_into_a_note() {
    let most = with_auditors(63);
    assert_eq!(most.check(), Ok(()));
    genesis(&most, &CITIES).unwrap();
    let refused = TrustError::Rule("a witness quorum that no note holds");
    assert_eq!(with_auditors(64).check(), Err(refused));
    assert_eq!(genesis(&with_auditors(64), &CITIES).unwrap_err(), refused);
    // Names as long as they can be: the lines are the limit, not the bytes.
    use crate::tlog::{Checkpoint, KeyName, SignedCheckpoint};
    let name = |end: &str| KeyName::new(&format!("{}/310101{end}", "f".repeat(MAX_FEDERATION))).unwrap();
    let checkpoint = Checkpoint { origin: name(""), size: u64::MAX, root: Hash([255; 32]) };
    let key = SigningKey::from_seed(&[1; 32]);
    let line = checkpoint.cosign(&name("/witness"), &key, UnixTime::MAX);
    let note = SignedCheckpoint::sign(checkpoint, &key).note().len() + 63 * line.len();
    assert!(note <= crate::limits::MAX_NOTE, "{note}");
}

#[test]
fn a_key_has_one_member_and_one_role() {
    let refused = |change: fn(&mut TrustListSpec)| {
        let mut spec = spec();
        change(&mut spec);
        genesis(&spec, &CITIES).unwrap_err()
    };
    let kid = |code, role| secret(code, role).verifying_key().kid();
    assert_eq!(
        refused(|spec| spec.members[1].keys[1].key = spec.members[1].keys[2].key),
        TrustError::KeyInTwoRoles(kid(310_101, Role::Registrar))
    );
    assert_eq!(
        refused(|spec| spec.members[1].keys[1].key = spec.members[2].keys[1].key),
        TrustError::KeyInTwoMembers(kid(320_100, Role::Issuer))
    );
    let twice = refused(|spec| {
        let entry = KeyEntry { not_after: time(5_000), ..spec.members[1].keys[1] };
        spec.members[1].keys.push(entry);
    });
    assert_eq!(twice, TrustError::KeyTwice(kid(310_101, Role::Issuer)), "whatever its validity");
    // Two keys with one id cannot be made here, so the index says so.
    let spec = spec();
    let same = [(kid(310_101, Role::Root), 1, 0), (kid(310_101, Role::Root), 1, 1)];
    assert_eq!(check_kids(&spec, &same), Err(TrustError::DuplicateKid(kid(310_101, Role::Root))));
}

#[test]
fn an_update_moves_no_key_to_another_role_or_member() {
    let list = list();
    let refused = |change: fn(&mut TrustListSpec)| {
        let mut next = TrustListSpec { sequence: 2, ..spec() };
        change(&mut next);
        list.update(&sign(&next, &CITIES[..3])).unwrap_err()
    };
    let witness = secret(340_100, Role::Witness).verifying_key().kid();
    let moved = refused(|spec| {
        spec.members[4].keys.pop();
        spec.members[3].keys.push(key_entry(&secret(340_100, Role::Witness), Role::Witness));
    });
    assert_eq!(moved, TrustError::KeyInTwoMembers(witness));
    assert_eq!(refused(|spec| spec.members[4].keys[4].role = Role::Log), TrustError::KeyInTwoRoles(witness));
}

/// A list of nothing but keys makes a reader check thousands of them.
#[test]
fn no_key_is_read_before_the_list_is_pinned_or_signed() {
    let mut next = TrustListSpec { sequence: 2, ..spec() };
    next.members[1].keys[1].key = mixed_order_key();
    let refused = |signers: &[u32]| list().update(&sign(&next, signers)).unwrap_err();
    assert_eq!(refused(&CITIES[..3]), TrustError::Key(id(310_101), KeyError::MixedOrder));
    assert_eq!(refused(&CITIES[..2]), TrustError::Threshold { signed: 2, needed: 3 });
    let mut forged = sign(&next, &CITIES[..3]);
    *forged.last_mut().unwrap() ^= 1;
    assert!(matches!(list().update(&forged).unwrap_err(), TrustError::Signer(_)));
    let stranger = next.sign(&[&SigningKey::from_seed(&[1; 32])]);
    assert_eq!(list().update(&stranger).unwrap_err(), TrustError::Threshold { signed: 0, needed: 3 });
    assert_eq!(TrustList::pinned(&forged, &list().digest()).unwrap_err(), TrustError::Anchor);
    assert_eq!(TrustList::pinned(b"", &list().digest()).unwrap_err(), TrustError::Anchor);
}

/// A key that a gate would take from a signed pass, with a component of small order.
fn mixed_order_key() -> VerifyingKey {
    let torsion = curve25519_dalek::constants::EIGHT_TORSION[1];
    let point = curve25519_dalek::EdwardsPoint::mul_base(&curve25519_dalek::Scalar::from(7_u8)) + torsion;
    VerifyingKey::from_signed_bytes(&point.compress().0).unwrap()
}

#[test]
fn a_later_list_can_be_pinned() {
    let later = sign(&TrustListSpec { sequence: 7, ..spec() }, &CITIES[..3]);
    let digest = sha256(&[&later]);
    assert_eq!(TrustList::pinned(&later, &digest).unwrap().sequence(), 7);
    assert_eq!(TrustList::genesis(&later, &digest).unwrap_err(), TrustError::NotFirst(7));
    assert_eq!(TrustList::pinned(&later, &sha256(&[b"other"])).unwrap_err(), TrustError::Anchor);
    let short = sign(&TrustListSpec { sequence: 7, ..spec() }, &CITIES[..2]);
    let refused = TrustList::pinned(&short, &sha256(&[&short])).unwrap_err();
    assert_eq!(refused, TrustError::Threshold { signed: 2, needed: 3 });
}

#[test]
fn a_list_decides_from_its_issue_until_it_expires() {
    let list = list();
    assert_eq!(list.check_time(time(999)), Err(TrustError::NotYetIssued(time(1_000))));
    assert_eq!(list.check_time(time(1_000)), Ok(()));
    assert_eq!(list.check_time(time(1_999_999_999)), Ok(()));
    assert_eq!(list.check_time(time(2_000_000_000)), Err(TrustError::Expired(time(2_000_000_000))));
}

#[test]
fn an_expired_list_is_followed_by_the_next_one() {
    let list = genesis(&TrustListSpec { expires: time(3_000), ..spec() }, &CITIES[..3]).unwrap();
    let next = |issued| sign(&TrustListSpec { sequence: 2, issued: time(issued), ..spec() }, &CITIES[..3]);
    for issued in [2_999, 3_000, 9_000] {
        assert_eq!(list.update(&next(issued)).unwrap().check_time(time(9_000)), Ok(()));
    }
}

#[test]
fn an_update_needs_both_thresholds_and_the_next_sequence() {
    let list = list();
    // Hefei's root is replaced; the three others and the new root sign.
    let mut next = TrustListSpec { sequence: 2, issued: time(2_000), ..spec() };
    let new_root = SigningKey::from_seed(&[99; 32]);
    next.members[4].keys[0] = key_entry(&new_root, Role::Root);
    let old = CITIES.map(|code| secret(code, Role::Root));
    assert_eq!(list.update(&next.sign(&[&old[0], &old[1], &old[2]])).unwrap().sequence(), 2);
    assert_eq!(list.update(&next.sign(&[&old[0], &old[1], &old[3], &new_root])).unwrap().sequence(), 2);
    let short = list.update(&next.sign(&[&old[0], &old[1], &new_root])).unwrap_err();
    assert_eq!(short, TrustError::Threshold { signed: 2, needed: 3 }, "the old list's threshold");
    let short = list.update(&next.sign(&[&old[0], &old[1], &old[3]])).unwrap_err();
    assert_eq!(short, TrustError::Threshold { signed: 2, needed: 3 }, "the new list's threshold");
    let refused = |other: TrustListSpec| list.update(&other.sign(&[&old[0], &old[1], &old[2]])).unwrap_err();
    for found in [0, 1] {
        let other = TrustListSpec { sequence: found, ..next.clone() };
        assert_eq!(refused(other), TrustError::Rollback { current: 1, found });
    }
    for found in [3, u64::MAX] {
        let other = TrustListSpec { sequence: found, ..next.clone() };
        assert_eq!(refused(other), TrustError::Gap { current: 1, found });
    }
    let elsewhere = TrustListSpec { federation: "other.test".into(), ..next };
    assert_eq!(refused(elsewhere), TrustError::OtherFederation);
}

#[test]
fn an_update_is_not_issued_before_the_list_it_follows() {
    // All keys are valid at both times: nothing but the order is wrong.
    let list = genesis(&TrustListSpec { issued: time(2_000), ..spec() }, &CITIES[..3]).unwrap();
    let update = |issued| {
        let next = TrustListSpec { sequence: 2, issued: time(issued), ..spec() };
        list.update(&sign(&next, &CITIES[..3])).map(|list| list.sequence())
    };
    assert_eq!(update(2_000), Ok(2));
    assert_eq!(update(1_999), Err(TrustError::IssuedBefore { current: time(2_000), issued: time(1_999) }));
}

#[test]
fn keys_are_found_by_role_and_time() {
    let mut spec = spec();
    spec.members[2].suspended_from = Some(time(5_000));
    let list = genesis(&spec, &CITIES[..3]).unwrap();
    let kid = |code, role| secret(code, role).verifying_key().kid();
    let issuer = kid(310_101, Role::Issuer);
    assert_eq!(list.key(issuer, Role::Issuer, time(1_000)).unwrap().0.id, id(310_101));
    assert_eq!(list.key(issuer, Role::Root, time(1_000)).unwrap_err(), TrustError::WrongRole(issuer));
    assert_eq!(list.key(issuer, Role::Issuer, time(999)).unwrap_err(), TrustError::KeyTime(issuer));
    assert!(list.key(issuer, Role::Issuer, time(2_000_000_000)).is_ok());
    assert_eq!(list.key(issuer, Role::Issuer, time(2_000_000_001)).unwrap_err(), TrustError::KeyTime(issuer));
    let suspended = kid(320_100, Role::Issuer);
    assert!(list.key(suspended, Role::Issuer, time(4_999)).is_ok());
    assert_eq!(list.key(suspended, Role::Issuer, time(5_000)).unwrap_err(), TrustError::KeyTime(suspended));
    let unknown = SigningKey::from_seed(&[1; 32]).verifying_key().kid();
    assert_eq!(list.key(unknown, Role::Issuer, time(1_000)).unwrap_err(), TrustError::UnknownKey(unknown));
}

#[test]
fn members_and_logs_are_found_by_name() {
    let list = list();
    for member in list.members() {
        assert_eq!(list.member(member.id), Some(member));
    }
    assert_eq!(list.member(id(310_102)), None);
    assert_eq!(list.ledger_origin(id(310_101)), "onecard.test/310101");
    assert_eq!(list.journal_origin(GateId { member: id(310_101), number: 7 }), "onecard.test/310101/gate/7");
}

#[test]
fn size_comes_first() {
    let bytes = vec![0xd8; MAX_TRUST_LIST + 1];
    let first = |bytes: &[u8]| TrustList::genesis(bytes, &sha256(&[bytes])).unwrap_err();
    assert_eq!(first(&bytes), TrustError::TooLong(bytes.len()));
    assert!(matches!(first(&bytes[1..]), TrustError::Encoding(_)));
}
