//! A gate of the test federation, with passes and codes: what the tests of gates and ledgers share.

use crate::crypto::SigningKey;
use crate::gate::{Decision, Gate, OpenError, Reason, Scan};
use crate::id::{GateId, PassId};
use crate::pass::{PassClaims, StatusRef, present};
use crate::product::{
    Grant, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Validity, Window,
};
use crate::tlog::{LogKey, MemoryStorage, Row, Storage, Write};
use crate::trust::test_federation::{id, list, secret, time};
use crate::trust::{Bundle, CatalogueSpec, GateCertificateSpec, Role, Status, StatusListSpec, Venue};
use crate::wire::text;

pub(crate) const NOW: i64 = 100_000;
pub(crate) const CITY: u32 = 310_101;

/// A product of the city: `entries` each day at each venue, at `price`.
pub(crate) fn product(number: u16, limit: u16, price: Price) -> Product {
    let grant = Grant {
        scope: Scope { all: true, ..Scope::default() },
        service: 0,
        quotas: vec![Quota { limit, unit: Unit::Entries, period: QuotaPeriod::Life, key: QuotaKey::Shared }],
        window: Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 },
        price,
        holders: vec![],
        choice: None,
    };
    Product {
        id: crate::id::ProductRef { issuer: id(CITY), product: number, version: 1 },
        name_zh: "通票".into(),
        name_en: "Pass".into(),
        holders: vec![],
        party_max: 4,
        settlement: Settlement { price_fen: 10_000, method: Method::Contracted(Rate::Share(5_000)) },
        grants: vec![grant],
    }
}

pub(crate) fn catalogue(sequence: u64) -> Vec<u8> {
    catalogue_by(sequence, &secret(CITY, Role::Registrar))
}

pub(crate) fn catalogue_by(sequence: u64, registrar: &SigningKey) -> Vec<u8> {
    catalogue_of(sequence, 2, registrar)
}

/// A catalogue of the venues up to that number.
pub(crate) fn catalogue_of(sequence: u64, venues: u16, registrar: &SigningKey) -> Vec<u8> {
    let venue = |number: u16| Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: "Garden".into(),
        category: 1,
        price_fen: 4_001,
    };
    let spec = CatalogueSpec {
        member: id(CITY),
        sequence,
        issued: time(2_000),
        venues: (1..=venues).map(venue).collect(),
        products: vec![product(1, 2, Price::Free), product(2, 9, Price::Off(5_000))],
    };
    spec.sign(registrar)
}

pub(crate) fn status(issued: i64, revoked: &[u32]) -> Vec<u8> {
    statuses(issued, revoked.iter().map(|&index| (index, Status::Revoked)))
}

pub(crate) fn statuses(issued: i64, all: impl IntoIterator<Item = (u32, Status)>) -> Vec<u8> {
    let mut spec = StatusListSpec::new("oc:310101/1".into(), time(issued), time(1_900_000_000), 1_000);
    all.into_iter().for_each(|(index, status)| assert!(spec.set(index, status)));
    spec.sign(&secret(CITY, Role::Issuer))
}

pub(crate) fn bundle() -> Bundle {
    let mut bundle = Bundle::new(list());
    bundle.update_catalogue(&catalogue(1), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[13]), time(NOW)).unwrap();
    bundle
}

pub(crate) fn gate_key() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

pub(crate) fn certificate() -> Vec<u8> {
    certificate_at(1)
}

pub(crate) fn certificate_at(venue: u16) -> Vec<u8> {
    let spec = GateCertificateSpec {
        gate: GateId { member: id(CITY), number: 7 },
        venue,
        service: 0,
        key: gate_key().verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    spec.sign(&secret(CITY, Role::Registrar))
}

pub(crate) fn open(
    storage: MemoryStorage,
    now: i64,
) -> Result<Gate<MemoryStorage>, OpenError<crate::tlog::MemoryError>> {
    Gate::open(storage, gate_key(), &certificate(), bundle(), time(now))
}

pub(crate) fn holder(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn pass(number: u8, change: impl FnOnce(&mut PassClaims)) -> Vec<u8> {
    let mut claims = pass_claims(number);
    change(&mut claims);
    claims.issue(&secret(CITY, Role::Issuer)).unwrap()
}

pub(crate) fn pass_claims(number: u8) -> PassClaims {
    PassClaims {
        issuer: id(CITY),
        pass: PassId::from_bytes([number; 10]),
        expires: time(NOW + 10_000_000),
        not_before: time(NOW - 1_000),
        issued: time(NOW - 2_000),
        confirmation: Some(holder(number).verifying_key()),
        status: StatusRef { index: number.into(), uri: "oc:310101/1".parse().unwrap() },
        product: (1, 1),
        holder_class: 0,
        flags: 0,
        freshness: 0,
        id_commitment: None,
    }
}

/// What the phone with this pass answers to a challenge.
pub(crate) fn answer_to(nonce: &[u8; 16], number: u8) -> Vec<u8> {
    present(&pass(number, |_| {}), &holder(number), "310101/gate/7", Some(nonce), time(NOW)).unwrap()
}

pub(crate) fn code(number: u8, at: i64) -> String {
    code_of(&pass(number, |_| {}), number, at)
}

pub(crate) fn code_of(pass: &[u8], number: u8, at: i64) -> String {
    text::encode(&present(pass, &holder(number), "onecard.test", None, time(at)).unwrap())
}

pub(crate) fn scan(gate: &mut Gate<MemoryStorage>, code: &str, at: i64) -> Decision {
    gate.admit(Scan::text(code.as_bytes()), time(at))
}

pub(crate) fn reason(gate: &mut Gate<MemoryStorage>, code: &str, at: i64) -> Reason {
    scan(gate, code, at).reason()
}

/// A store that commits and then, while told to, says that it did not, and does not recover.
#[derive(Clone, Debug)]
pub(crate) struct Late(pub(crate) MemoryStorage, pub(crate) bool);

impl Storage for Late {
    type Error = crate::tlog::MemoryError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, Self::Error> {
        self.0.get(row)
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), Self::Error> {
        self.0.commit(writes)?;
        self.recover()
    }

    fn recover(&mut self) -> Result<(), Self::Error> {
        if self.1 { Err(crate::tlog::MemoryError::Told) } else { Ok(()) }
    }

    fn scan(
        &self,
        series: crate::tlog::Series,
        log: LogKey,
        indices: core::ops::Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), Self::Error> {
        self.0.scan(series, log, indices, visit)
    }
}
