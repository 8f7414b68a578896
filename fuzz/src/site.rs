//! A gate of the first city with its bundle, and visitors with passes.

use super::federation::{CITIES, LIST, NAME, id, secret, time};
use super::pass::claims;
use super::products::plain;
use onecard::crypto::SigningKey;
use onecard::gate::{Gate, Identity, OpenError};
use onecard::id::{GateId, PassId};
use onecard::pass::{IdCommitment, IdOpening, PassClaims, StatusRef, flags, present};
use onecard::product::{Price, Product, Quota, QuotaKey, QuotaPeriod, Unit};
use onecard::tlog::Storage;
use onecard::trust::{Bundle, CatalogueSpec, GateCertificateSpec, Role, Status, StatusListSpec, Venue};
use onecard::wire::text;
use std::sync::LazyLock;

pub const NOW: i64 = 20_000;
/// Entries that a pass of [`PASSES`] has for its life.
pub const LIMIT: usize = 2;
pub const VISITORS: u8 = 4;
/// The visitor whose pass may be shown bare as well, and the one whose document is asked for.
const PAPER: u8 = 2;
pub const DOCUMENT: u8 = 3;

pub fn gate_key() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

pub static CERTIFICATE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let spec = GateCertificateSpec {
        gate: GateId { member: id(CITIES[0]), number: 7 },
        venue: 1,
        service: 0,
        key: gate_key().verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    spec.sign(&secret(CITIES[0], Role::Registrar))
});

pub static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let mut bundle = Bundle::new(LIST.clone());
    let mut product = Product { party_max: 4, ..plain() };
    let limit = Quota { limit: LIMIT as u16, unit: Unit::Entries, period: QuotaPeriod::Life, key: QuotaKey::Shared };
    (product.grants[0].quotas, product.grants[0].price) = (vec![limit], Price::Off(5_000));
    let venue = Venue {
        number: 1,
        code: "V1".into(),
        name_zh: "园".into(),
        name_en: "Garden".into(),
        category: 1,
        price_fen: 4_001,
    };
    let (venues, products) = (vec![venue], vec![product]);
    let spec = CatalogueSpec { member: id(CITIES[0]), sequence: 1, issued: time(2_000), venues, products };
    bundle.update_catalogue(&spec.sign(&secret(CITIES[0], Role::Registrar)), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[]), time(NOW)).unwrap();
    bundle
});

/// A list by which the passes at these indices are good for nothing, for one reason or another.
pub fn status(issued: i64, revoked: &[u32]) -> Vec<u8> {
    let mut spec = StatusListSpec::new("oc:310101/1".into(), time(issued), time(1_900_000_000), 100);
    for index in revoked {
        let why = [Status::Revoked, Status::Suspended, Status::Superseded][*index as usize % 3];
        assert!(spec.set(*index, why));
    }
    spec.sign(&secret(CITIES[0], Role::Issuer))
}

pub fn open<S: Storage>(storage: S, bundle: &Bundle, now: i64) -> Result<Gate<S>, OpenError<S::Error>> {
    Gate::open(storage, gate_key(), &CERTIFICATE, bundle.clone(), time(now))
}

fn holder(visitor: u8) -> SigningKey {
    SigningKey::from_seed(&[visitor + 1; 32])
}

/// What staff says of the document: nothing, or of another one; then what lets the holder in.
pub fn identities() -> [Identity<'static>; 4] {
    let other = Identity::Shown(opening("310101199003071238"));
    [Identity::Unknown, other, Identity::Compared, Identity::Shown(opening(NUMBER))]
}

const NUMBER: &str = "31010119900307123X";

fn opening(document: &'static str) -> IdOpening<'static> {
    IdOpening::new(&[9; 16], document).unwrap()
}

/// One pass for each visitor.
static PASSES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let pass = |visitor: u8| {
        let claims = PassClaims {
            pass: PassId::from_bytes([visitor; 10]),
            expires: time(NOW + 10_000_000),
            confirmation: Some(holder(visitor).verifying_key()),
            status: StatusRef { index: visitor.into(), uri: "oc:310101/1".parse().unwrap() },
            product: (1, 1),
            flags: match visitor {
                PAPER => flags::STATIC_ALLOWED,
                DOCUMENT => flags::ID_CHECK,
                _ => 0,
            },
            id_commitment: (visitor == DOCUMENT).then(|| IdCommitment::new(&opening(NUMBER))),
            ..claims()
        };
        claims.issue(&secret(CITIES[0], Role::Issuer)).unwrap()
    };
    (0..VISITORS).map(pass).collect()
});

/// What a visitor shows: a code dated `at`, or the bare pass.
pub fn shown(visitor: u8, at: Option<i64>) -> Vec<u8> {
    let visitor = visitor % VISITORS;
    let pass = &PASSES[usize::from(visitor)];
    at.map_or_else(|| pass.clone(), |at| present(pass, &holder(visitor), NAME, None, time(at)).unwrap())
}

pub fn code(visitor: u8, at: Option<i64>) -> String {
    text::encode(&shown(visitor, at))
}

/// The answer to a challenge.
pub fn answer(visitor: u8, gate: &str, nonce: [u8; 16], at: i64) -> Vec<u8> {
    let visitor = visitor % VISITORS;
    present(&PASSES[usize::from(visitor)], &holder(visitor), gate, Some(&nonce), time(at)).unwrap()
}
