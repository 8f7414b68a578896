//! A small federation for tests of every package: four cities, an auditor, two venues and a gate.
//! Every key is made from its name; nothing here is random.

use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::id::{FOUNDERS, GateId, MemberId, PassId, ProductRef};
use onecard::pass::{PassClaims, StatusRef, present};
use onecard::product::{
    Grant, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Validity, Window,
};
use onecard::time::UnixTime;
use onecard::trust::{
    CatalogueSpec, GateCertificateSpec, KeyEntry, Member, MemberKind, Policy, Role, Status, StatusListSpec, TrustList,
    TrustListSpec, Venue,
};
use onecard::wire::text;

/// 2026-10-01 09:00 at UTC+8.
pub const NOW: i64 = 1_790_816_400;
pub const FEDERATION: &str = "onecard.test";
pub const CITY: u32 = 310_101;
pub const AUDITOR: u32 = 100_000;
pub const LIST: &str = "oc:310101/1";

pub fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

pub fn id(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

pub fn secret(member: u32, role: Role) -> SigningKey {
    SigningKey::from_seed(&sha256(&[format!("{member} {role:?}").as_bytes()]).0)
}

pub fn gate_seed() -> [u8; 32] {
    sha256(&[b"gate 7"]).0
}

pub fn holder(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn member(code: u32, names: (&str, &str), kind: MemberKind, roles: &[Role]) -> Member {
    let entry = |role: &Role| KeyEntry {
        role: *role,
        key: secret(code, *role).verifying_key(),
        not_before: time(NOW - 1_000_000),
        not_after: time(NOW + 100_000_000),
    };
    let keys = roles.iter().map(entry).collect();
    Member { id: id(code), name_zh: names.0.into(), name_en: names.1.into(), kind, keys, suspended_from: None }
}

/// The trust list with this sequence: 1, or one that follows.
pub fn trust(sequence: u64) -> Vec<u8> {
    let roles = [Role::Root, Role::Issuer, Role::Registrar, Role::Log, Role::Witness];
    let auditor = member(AUDITOR, ("审计方", "Auditor"), MemberKind::Auditor, &[Role::Witness]);
    let cities = FOUNDERS.map(|city| member(city.id.code(), (city.name_zh, city.name_en), MemberKind::City, &roles));
    let spec = TrustListSpec {
        federation: FEDERATION.into(),
        sequence,
        issued: time(NOW - 500_000 + sequence as i64),
        expires: time(NOW + 50_000_000),
        policy: Policy::default(),
        members: [vec![auditor], cities.to_vec()].concat(),
    };
    let roots = FOUNDERS.map(|city| secret(city.id.code(), Role::Root));
    spec.sign(&roots.iter().take(3).collect::<Vec<_>>())
}

pub fn anchor() -> Hash {
    sha256(&[&trust(1)])
}

pub fn trust_list() -> TrustList {
    TrustList::genesis(&trust(1), &anchor()).unwrap()
}

/// Product 1: `limit` uses, free. Product 2: nine uses at half price.
pub fn catalogue(sequence: u64, limit: u16) -> Vec<u8> {
    let product = |number: u16, limit: u16, price: Price| Product {
        id: ProductRef { issuer: id(CITY), product: number, version: 1 },
        name_zh: "通票".into(),
        name_en: "City pass".into(),
        holders: vec![],
        party_max: 4,
        settlement: Settlement { price_fen: 10_000, method: Method::Contracted(Rate::Share(5_000)) },
        grants: vec![Grant {
            scope: Scope { all: true, ..Scope::default() },
            service: 0,
            quotas: vec![Quota { limit, unit: Unit::Entries, period: QuotaPeriod::Life, key: QuotaKey::Shared }],
            window: Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 },
            price,
            holders: vec![],
            choice: None,
        }],
    };
    let venue = |number: u16, name_zh: &str, name_en: &str| Venue {
        number,
        code: format!("HP{number}"),
        name_zh: name_zh.into(),
        name_en: name_en.into(),
        category: 1,
        price_fen: 4_001,
    };
    let spec = CatalogueSpec {
        member: id(CITY),
        sequence,
        issued: time(NOW - 10_000),
        venues: vec![venue(1, "豫园", "Yu Garden"), venue(2, "外滩", "The Bund")],
        products: vec![product(1, limit, Price::Free), product(2, 9, Price::Off(5_000))],
    };
    spec.sign(&secret(CITY, Role::Registrar))
}

pub fn status(issued: i64, revoked: &[u32]) -> Vec<u8> {
    let mut spec = StatusListSpec::new(LIST.into(), time(issued), time(NOW + 10_000_000), 1_000);
    revoked.iter().for_each(|&index| assert!(spec.set(index, Status::Revoked)));
    spec.sign(&secret(CITY, Role::Issuer))
}

pub fn certificate() -> Vec<u8> {
    let spec = GateCertificateSpec {
        gate: GateId { member: id(CITY), number: 7 },
        venue: 1,
        service: 0,
        key: SigningKey::from_seed(&gate_seed()).verifying_key(),
        issued: time(NOW - 20_000),
        not_before: time(NOW - 20_000),
        expires: time(NOW + 20_000_000),
    };
    spec.sign(&secret(CITY, Role::Registrar))
}

/// Pass `number`, with status index `number` and that holder's key.
pub fn pass(number: u8, change: impl FnOnce(&mut PassClaims)) -> Vec<u8> {
    let mut claims = PassClaims {
        issuer: id(CITY),
        pass: PassId::from_bytes([number; 10]),
        expires: time(NOW + 1_000_000),
        not_before: time(NOW - 1_000),
        issued: time(NOW - 2_000),
        confirmation: Some(holder(number).verifying_key()),
        status: StatusRef { index: number.into(), uri: LIST.parse().unwrap() },
        product: (1, 1),
        holder_class: 0,
        flags: 0,
        freshness: 0,
        id_commitment: None,
    };
    change(&mut claims);
    claims.issue(&secret(CITY, Role::Issuer)).unwrap()
}

pub fn presentation(pass: &[u8], number: u8, at: i64) -> Vec<u8> {
    present(pass, &holder(number), FEDERATION, None, time(at)).unwrap()
}

/// The text that the phone of pass `number` shows.
pub fn code(number: u8, at: i64, change: impl FnOnce(&mut PassClaims)) -> String {
    text::encode(&presentation(&pass(number, change), number, at))
}
