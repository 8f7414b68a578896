//! A federation with fixed keys, by which the targets sign what the fuzzer makes up.

use onecard::crypto::{SigningKey, sha256};
use onecard::id::MemberId;
use onecard::time::UnixTime;
use onecard::trust::{KeyEntry, Member, MemberKind, Policy, Role, TrustList, TrustListSpec};
use onecard::wire::cose::{Headers, Typ, sign1};
use std::sync::LazyLock;

pub const NAME: &str = "onecard.test";
/// Three cities, the last of them suspended from [`SUSPENDED`] on.
pub const CITIES: [u32; 3] = [310_101, 320_100, 330_100];
pub const AUDITOR: u32 = 100_000;
pub const KEYS_FROM: i64 = 1_000;
pub const KEYS_UNTIL: i64 = 2_000_000_000;
pub const SUSPENDED: i64 = 50_000;

pub fn id(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

pub fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

pub fn secret(member: u32, role: Role) -> SigningKey {
    let mut seed = [role as u8; 32];
    seed[..4].copy_from_slice(&member.to_be_bytes());
    SigningKey::from_seed(&seed)
}

pub fn entry(member: u32, role: Role) -> KeyEntry {
    let key = secret(member, role).verifying_key();
    KeyEntry { role, key, not_before: time(KEYS_FROM), not_after: time(KEYS_UNTIL) }
}

pub fn member(code: u32) -> Member {
    let all = [Role::Root, Role::Issuer, Role::Registrar, Role::Log, Role::Witness];
    let (kind, roles) = if code == AUDITOR { (MemberKind::Auditor, &all[4..]) } else { (MemberKind::City, &all[..]) };
    Member {
        id: id(code),
        name_zh: "城".into(),
        name_en: format!("City {code}"),
        kind,
        keys: roles.iter().map(|&role| entry(code, role)).collect(),
        suspended_from: (code == CITIES[2]).then_some(time(SUSPENDED)),
    }
}

pub static SPEC: LazyLock<TrustListSpec> = LazyLock::new(|| TrustListSpec {
    federation: NAME.into(),
    sequence: 1,
    issued: time(KEYS_FROM),
    expires: time(KEYS_UNTIL),
    policy: Policy { root_threshold: 2, witness_quorum: 2, ..Policy::default() },
    members: [AUDITOR, CITIES[0], CITIES[1], CITIES[2]].map(member).into(),
});

pub static LIST: LazyLock<TrustList> = LazyLock::new(|| {
    let bytes = SPEC.sign(&[&secret(CITIES[0], Role::Root), &secret(CITIES[1], Role::Root)]);
    TrustList::genesis(&bytes, &sha256(&[&bytes])).unwrap()
});

/// The same, with tables for the issuers' keys.
pub static PREPARED: LazyLock<TrustList> = LazyLock::new(|| {
    let mut list = LIST.clone();
    list.prepare(Role::Issuer, list.issued());
    list
});

/// `payload` as a `COSE_Sign1` by the first city's key of a role.
pub fn signed(role: Role, typ: Typ, payload: &[u8]) -> Vec<u8> {
    let key = secret(CITIES[0], role);
    sign1(&key, typ, Headers { kid: Some(key.verifying_key().kid()), kcwt: None }, payload)
}

/// The payload of a message of ours.
pub fn payload(signed: &[u8], typ: Typ) -> Vec<u8> {
    use onecard::wire::cose::{Expect, Sign1};
    Sign1::decode(signed, typ, Expect::Kid).unwrap().payload().to_vec()
}
