//! A trust list that is accepted is signed for what it says: signed again from its parts, it is the
//! same bytes; and its parts keep every rule of a list.
//!
//! The input is a list as received, and the content of one signed here by two roots of three.

use super::federation::{AUDITOR, CITIES, LIST, SPEC, secret, time};
use onecard::crypto::{SigningKey, sha256};
use onecard::trust::{MemberKind, Role, TrustError, TrustList, TrustListSpec};
use onecard::wire::cose::{Sign, Typ, sign};
use std::collections::BTreeSet;

const TYP: Typ = Typ::MediaType("application/vnd.onecard.trust-list+cbor");

pub fn run(data: &[u8]) {
    judge(data, TrustList::genesis(data, &sha256(&[data])));
    let roots = roots();
    let bytes = sign(&[&roots[0], &roots[1]], TYP, data);
    judge(&bytes, TrustList::genesis(&bytes, &sha256(&[&bytes])));
    judge(&bytes, LIST.update(&bytes));
    assert!(TrustList::genesis(&bytes, &sha256(&[])).is_err(), "not the pinned list");
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let of = |change: fn(&mut TrustListSpec)| {
        let mut spec = SPEC.clone();
        change(&mut spec);
        let bytes = spec.sign(&[&roots()[0]]);
        Sign::decode(&bytes, TYP, 1).unwrap().payload().to_vec()
    };
    vec![
        ("first", of(|_| {})),
        ("second", of(|spec| spec.sequence = 2)),
        ("small", of(|spec| (spec.members[2].keys, spec.members[3].keys) = (vec![], vec![]))),
        ("twice", of(|spec| spec.members[2] = spec.members[1].clone())),
        ("a-key-twice", of(|spec| spec.members[2].keys[0] = spec.members[1].keys[0])),
        ("auditor-root", of(|spec| spec.members[0].keys[0].role = Role::Root)),
        ("never-valid", of(|spec| spec.members[1].keys[0].not_after = time(1))),
        ("no-threshold", of(|spec| spec.policy.root_threshold = 0)),
        ("domain", of(|spec| spec.federation = "Onecard test".into())),
    ]
}

fn roots() -> [SigningKey; 2] {
    [secret(CITIES[0], Role::Root), secret(CITIES[1], Role::Root)]
}

fn judge(bytes: &[u8], result: Result<TrustList, TrustError>) {
    let list = match result {
        Ok(list) => list,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!((list.as_bytes(), list.digest()), (bytes, sha256(&[bytes])));
    let spec = TrustListSpec {
        federation: list.federation().to_owned(),
        sequence: list.sequence(),
        issued: list.issued(),
        expires: list.expires(),
        policy: *list.policy(),
        members: list.members().to_vec(),
    };
    rules(&spec);
    for (member, entry) in spec.members.iter().flat_map(|member| member.keys.iter().map(move |key| (member, key))) {
        let found = list.key(entry.key.kid(), entry.role, entry.not_before);
        let suspended = member.suspended_from.is_some_and(|from| from <= entry.not_before);
        assert_eq!(found.is_ok(), !suspended);
        assert!(suspended || found.unwrap() == (member, entry), "another key is found");
        assert!(list.key(entry.key.kid(), entry.role, entry.not_after.saturating_add(1)).is_err());
    }
    // The signers are roots of the list, so the fixed keys or nobody's that the fuzzer has.
    let by: Vec<SigningKey> = [CITIES[0], CITIES[1], CITIES[2], AUDITOR].map(|code| secret(code, Role::Root)).into();
    let message = Sign::decode(bytes, TYP, 256).unwrap();
    let signed = |key: &&SigningKey| message.signers().iter().any(|signer| signer.kid() == key.verifying_key().kid());
    let by: Vec<&SigningKey> = by.iter().filter(signed).collect();
    assert_eq!(spec.sign(&by), bytes, "accepted, but not the encoding of its parts");
}

/// What must hold of every list, whoever signed it.
fn rules(spec: &TrustListSpec) {
    assert!((1..=63).contains(&spec.federation.len()) && spec.issued <= spec.expires);
    assert!(spec.federation.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '.' | '-')));
    let ids: BTreeSet<_> = spec.members.iter().map(|member| member.id).collect();
    assert!(ids.len() == spec.members.len() && spec.members.is_sorted_by_key(|member| member.id));
    let keys = || spec.members.iter().flat_map(|member| &member.keys);
    let kids: BTreeSet<_> = keys().map(|entry| entry.key.kid()).collect();
    assert_eq!(kids.len(), keys().count(), "a key id twice");
    assert!(keys().all(|entry| entry.not_before <= entry.not_after));
    for member in &spec.members {
        let witness = member.keys.iter().all(|entry| entry.role == Role::Witness);
        assert!(member.kind == MemberKind::City || witness);
        assert!(member.keys.len() <= 32 && member.name_zh.len() <= 64 && member.name_en.len() <= 64);
    }
    let with = |role| spec.members.iter().filter(|member| member.keys.iter().any(|entry| entry.role == role)).count();
    let policy = &spec.policy;
    assert!((1..=with(Role::Root)).contains(&policy.root_threshold.into()));
    assert!((1..=with(Role::Witness).min(63)).contains(&policy.witness_quorum.into()));
    assert!(policy.status_fresh <= policy.status_max_age && policy.code_early <= policy.clock_suspect);
    assert!(policy.catalogue_fresh <= policy.catalogue_max_age);
    assert!(u64::from(policy.code_early) + u64::from(policy.code_late) <= policy.rescan_within.into());
}
