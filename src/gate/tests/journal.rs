//! Tests of `journal.rs`.

use super::*;
use crate::crypto::{Hash, sha256};
use crate::gate::{Override, Trouble, UsageDigestSpec, UsageFacts};
use crate::id::PassId;
use crate::pass::{IdCommitment, StatusRef, present};
use crate::product::{
    Grant, Mask, Method, PassFacts, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Use,
    Validity, Window,
};
use crate::tlog::{MemoryStorage, Row, Write};
use crate::trust::test_federation::{self, id, list, secret, time};
use crate::trust::{
    CatalogueSpec, GateCertificateSpec, KeyEntry, Policy, Role, StatusListSpec, TrustError, TrustListSpec, Venue,
};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const NOW: i64 = 100_000;
const CITY: u32 = 310_101;

/// A product of the city: `entries` each day at each venue, at `price`.
fn product(number: u16, limit: u16, price: Price) -> Product {
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

fn catalogue(sequence: u64) -> Vec<u8> {
    catalogue_by(sequence, &secret(CITY, Role::Registrar))
}

fn catalogue_by(sequence: u64, registrar: &SigningKey) -> Vec<u8> {
    catalogue_of(sequence, 2, registrar)
}

/// A catalogue of the venues up to that number.
fn catalogue_of(sequence: u64, venues: u16, registrar: &SigningKey) -> Vec<u8> {
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

fn status(issued: i64, revoked: &[u32]) -> Vec<u8> {
    statuses(issued, revoked.iter().map(|&index| (index, Status::Revoked)))
}

fn statuses(issued: i64, all: impl IntoIterator<Item = (u32, Status)>) -> Vec<u8> {
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

fn certificate() -> Vec<u8> {
    certificate_at(1)
}

fn certificate_at(venue: u16) -> Vec<u8> {
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
) -> Result<Gate<MemoryStorage>, GateError<crate::tlog::MemoryError>> {
    Gate::open(storage, gate_key(), &certificate(), bundle(), time(now))
}

fn holder(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn pass(number: u8, change: impl FnOnce(&mut PassClaims)) -> Vec<u8> {
    let mut claims = pass_claims(number);
    change(&mut claims);
    claims.issue(&secret(CITY, Role::Issuer)).unwrap()
}

fn pass_claims(number: u8) -> PassClaims {
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

fn scan(gate: &mut Gate<MemoryStorage>, code: &str, at: i64) -> Decision {
    gate.admit(Scan::text(code.as_bytes()), time(at))
}

fn reason(gate: &mut Gate<MemoryStorage>, code: &str, at: i64) -> Reason {
    scan(gate, code, at).reason()
}

#[test]
fn an_admission_is_in_the_journal_with_its_evidence() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code(1, NOW);
    let Decision::Admitted(admitted) = scan(&mut gate, &shown, NOW) else { panic!("refused") };
    assert_eq!((admitted.reason, admitted.index, admitted.uses_left), (Reason::Ok, 2, Some(1)));
    let body = gate.log().body(gate.storage(), 2).unwrap();
    let Record::Redeemed(redemption) = Record::decode(&body).unwrap() else { panic!("not a redemption") };
    let evidence = gate.log().attachment(gate.storage(), 2).unwrap().unwrap();
    assert_eq!(redemption.evidence, sha256(&[&evidence]));
    assert_eq!(evidence, text::decode(shown.as_bytes()).unwrap().as_slice());
}

#[test]
fn a_refused_scan_changes_nothing_but_its_counter() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    let known = gate.known.clone();
    let shown = code(1, NOW);
    let cases: Vec<(String, i64, Reason)> = vec![
        (String::new(), NOW, Reason::Unreadable),
        ("hello".into(), NOW, Reason::Unreadable),
        ("OC2:ABC".into(), NOW, Reason::UnsupportedVersion),
        (shown[..shown.len() - 3].into(), NOW, Reason::Unreadable),
        (shown.clone(), NOW + 61, Reason::CodeExpired),
        (shown.clone(), NOW, Reason::Ok),
    ];
    for (text, at, expected) in &cases[..5] {
        assert_eq!(reason(&mut gate, text, *at), *expected, "{text}");
    }
    assert_eq!(gate.storage(), &before);
    assert_eq!(gate.known, known);
    assert_eq!(gate.refused().values().sum::<u32>(), 5);
    assert_eq!(reason(&mut gate, &cases[5].0, cases[5].1), Reason::Ok, "the next scan is not blocked");
}

#[test]
fn each_reason_is_reached() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let with = |change: fn(&mut PassClaims)| code_of(&pass(1, change), 1, NOW);
    let cases: [(String, Reason); 10] = [
        (code(13, NOW), Reason::Revoked),
        (with(|claims| claims.status.index = 1_000), Reason::NotListed),
        (with(|claims| claims.status.uri = "oc:310101/2".parse().unwrap()), Reason::NotListed),
        (with(|claims| claims.product = (9, 1)), Reason::UnknownProduct),
        (with(|claims| claims.not_before = time(NOW + 1)), Reason::NotYetValid),
        (with(|claims| claims.expires = time(NOW)), Reason::Expired),
        (with(|claims| claims.flags = pass::flags::ID_CHECK), Reason::IdCheck),
        (text::encode(&pass(1, |_| {})), Reason::ProofRequired),
        (code(1, NOW + 31), Reason::CodeEarly),
        (code(1, NOW + 601), Reason::ClockSuspect),
    ];
    for (code, expected) in cases {
        assert_eq!(reason(&mut gate, &code, NOW), expected);
    }
    let early = with(|claims| claims.not_before = time(NOW + 1));
    let from = Refusal { reason: Reason::NotYetValid, next: Some(time(NOW + 1)) };
    assert_eq!(scan(&mut gate, &early, NOW), Decision::Denied(from));
    let crowd = Scan { party: 5, ..Scan::text(&[]) };
    let shown = code(1, NOW);
    let crowd = Scan { shown: Shown::Text(shown.as_bytes()), ..crowd };
    assert_eq!(gate.admit(crowd, time(NOW)).reason(), Reason::PartyTooLarge);
    let checked = with(|claims| claims.flags = pass::flags::ID_CHECK);
    let checked = Scan { identity: Identity::Compared, ..Scan::text(checked.as_bytes()) };
    assert_eq!(gate.admit(checked, time(NOW)).reason(), Reason::Ok);
    let half = code_of(&pass(2, |claims| claims.product = (2, 1)), 2, NOW);
    let Decision::Admitted(admitted) = scan(&mut gate, &half, NOW) else { panic!("refused") };
    assert_eq!((admitted.reason, admitted.due_fen), (Reason::CoPayment, 2_000));
}

#[test]
fn a_pass_is_refused_as_what_the_status_list_says_it_is() {
    let mut bundle = Bundle::new(list());
    bundle.update_catalogue(&catalogue(1), time(NOW)).unwrap();
    let said = [(13, Status::Revoked), (14, Status::Suspended), (15, Status::Superseded), (16, Status::Valid)];
    bundle.update_status(&statuses(NOW - 100, said), time(NOW)).unwrap();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    let found = [13, 14, 15, 16].map(|number| reason(&mut gate, &code(number, NOW), NOW));
    assert_eq!(found, [Reason::Revoked, Reason::Suspended, Reason::Superseded, Reason::Ok]);
}

#[test]
fn a_pass_is_refused_for_what_is_wrong_with_its_signatures() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let mut claims = pass_claims(1);
    let by = |claims: &PassClaims, key: &SigningKey| code_of(&claims.issue(key).unwrap(), 1, NOW);
    let stranger = by(&claims, &SigningKey::from_seed(&[77; 32]));
    assert_eq!(reason(&mut gate, &stranger, NOW), Reason::UnknownIssuer);
    let registrar = by(&claims, &secret(CITY, Role::Registrar));
    assert_eq!(reason(&mut gate, &registrar, NOW), Reason::IssuerKeyInvalid);
    let another = by(&claims, &secret(test_federation::CITIES[1], Role::Issuer));
    assert_eq!(reason(&mut gate, &another, NOW), Reason::IssuerKeyInvalid);
    claims.expires = time(2_000_000_001);
    let outlives = by(&claims, &secret(CITY, Role::Issuer));
    assert_eq!(reason(&mut gate, &outlives, NOW), Reason::IssuerKeyInvalid);
    let mut forged = pass(1, |_| {});
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(reason(&mut gate, &code_of(&forged, 1, NOW), NOW), Reason::BadSignature);
    let not_its_holder = code_of(&pass(1, |_| {}), 2, NOW);
    assert_eq!(reason(&mut gate, &not_its_holder, NOW), Reason::BadSignature);
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn a_gate_stands_at_a_venue_that_its_lists_have() {
    let nowhere = certificate_at(3);
    let opened = Gate::open(MemoryStorage::new(), gate_key(), &nowhere, bundle(), time(NOW));
    assert!(matches!(opened, Err(GateError::UnknownVenue(venue)) if venue.number == 3));
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate_at(2), bundle(), time(NOW)).unwrap();
    let before = gate.storage().clone();
    let closed = catalogue_of(2, 1, &secret(CITY, Role::Registrar));
    let synced = gate.sync(&Sync { catalogues: &[&closed], ..Sync::default() }, time(NOW));
    assert!(matches!(synced, Err(GateError::UnknownVenue(venue)) if venue.number == 2));
    assert_eq!(gate.storage(), &before);
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok, "by the catalogue before");
}

#[test]
fn a_journal_with_a_record_that_nobody_can_read_is_not_opened() {
    let gate = open(MemoryStorage::new(), NOW).unwrap();
    let (mut storage, mut log) = (gate.storage().clone(), gate.log().clone());
    let index = log.size();
    let mut batch = log.begin();
    batch.push(b"no record", None).unwrap();
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    let opened = open(storage, NOW);
    assert!(matches!(opened, Err(GateError::Record { index: found, .. }) if found == index));
}

#[test]
fn invalid_beats_used_up() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for at in [NOW, NOW + 200] {
        assert_eq!(reason(&mut gate, &code(1, at), at), Reason::Ok);
    }
    assert_eq!(reason(&mut gate, &code(1, NOW + 400), NOW + 400), Reason::TotalQuota);
    gate.sync(&Sync { status_lists: &[&status(NOW + 500, &[1])], ..Sync::default() }, time(NOW + 500)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW + 500), NOW + 500), Reason::Revoked);
    assert_eq!(reason(&mut gate, &code(1, NOW + 400), NOW + 500), Reason::CodeExpired);
}

#[test]
fn the_same_code_again_is_a_rescan_another_code_a_passback() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code(1, NOW);
    assert_eq!(reason(&mut gate, &shown, NOW), Reason::Ok);
    let size = gate.log().size();
    let Decision::Admitted(again) = scan(&mut gate, &shown, NOW + 60) else { panic!("refused") };
    assert_eq!((again.reason, again.index), (Reason::Rescan, 2));
    assert_eq!(gate.log().size(), size, "no second debit");
    let Decision::Denied(refusal) = scan(&mut gate, &code(1, NOW + 60), NOW + 60) else { panic!("admitted") };
    assert_eq!((refusal.reason, refusal.next), (Reason::Passback, Some(time(NOW + 121))));
    assert_eq!(reason(&mut gate, &code(1, NOW + 121), NOW + 121), Reason::Ok);
    // A printed pass has one code for ever: showing it again is passing it back.
    let paper = pass(2, |claims| (claims.confirmation, claims.flags) = (None, pass::flags::STATIC_ALLOWED));
    let paper = text::encode(&paper);
    assert_eq!(reason(&mut gate, &paper, NOW + 200), Reason::Ok);
    assert_eq!(reason(&mut gate, &paper, NOW + 210), Reason::Passback);
}

#[test]
fn a_rescan_asks_for_the_document_again() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code_of(&pass(3, |claims| claims.flags = pass::flags::ID_CHECK), 3, NOW);
    let mut with = |identity| {
        let scan = Scan { identity, ..Scan::text(shown.as_bytes()) };
        gate.admit(scan, time(NOW)).reason()
    };
    assert_eq!([Identity::Compared, Identity::Compared].map(&mut with), [Reason::Ok, Reason::Rescan]);
    assert_eq!(with(Identity::Unknown), Reason::IdCheck);
    assert_eq!(gate.log().size(), 3, "one debit");
}

#[test]
fn a_rescan_lets_no_more_people_in_than_were_debited() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code(1, NOW);
    let mut party = |party| {
        let scan = Scan { party, ..Scan::text(shown.as_bytes()) };
        gate.admit(scan, time(NOW)).reason()
    };
    assert_eq!([2, 2, 1, 0].map(&mut party), [Reason::Ok, Reason::Rescan, Reason::Rescan, Reason::Rescan]);
    assert_eq!([3, 5].map(&mut party), [Reason::Passback, Reason::PartyTooLarge]);
}

#[test]
fn an_annulled_entry_gives_the_use_back() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for at in [NOW, NOW + 200] {
        assert_eq!(reason(&mut gate, &code(1, at), at), Reason::Ok);
    }
    gate.annul(3, time(NOW + 300)).unwrap();
    assert!(matches!(gate.annul(3, time(NOW + 300)), Err(GateError::NoRedemption(3))), "once only");
    assert!(matches!(gate.annul(0, time(NOW + 300)), Err(GateError::NoRedemption(0))), "the gate opened then");
    assert!(matches!(gate.annul(99, time(NOW + 300)), Err(GateError::NoRedemption(99))));
    assert!(matches!(gate.annul(2, time(NOW + 901)), Err(GateError::TooLate(2))), "within 900 s only");
    assert_eq!(reason(&mut gate, &code(1, NOW + 1_000), NOW + 1_000), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(1, NOW + 1_200), NOW + 1_200), Reason::TotalQuota);
}

#[test]
fn what_can_be_annulled_is_at_hand_and_nothing_older() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let last = NOW + i64::from(gate.bundle().trust().policy().annul_within);
    let at_hand = |gate: &Gate<MemoryStorage>| gate.known.recent.iter().map(|recent| recent.index).collect::<Vec<_>>();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, last), last), Reason::Ok);
    assert_eq!(at_hand(&gate), [2, 3]);
    let mut again = open(gate.storage().clone(), last).unwrap();
    assert_eq!(at_hand(&again), [2, 3]);
    again.annul(2, time(last)).unwrap();
    assert_eq!(reason(&mut gate, &code(3, last + 1), last + 1), Reason::Ok);
    assert_eq!(at_hand(&gate), [3, 4]);
    assert!(matches!(gate.annul(2, time(last + 1)), Err(GateError::TooLate(2))), "a redemption, but an old one");
    gate.annul(3, time(last + 1)).unwrap();
    assert_eq!(reason(&mut gate, &code(5, last + 5_000), last + 5_000), Reason::Ok);
    assert!(matches!(gate.annul(3, time(last + 5_000)), Err(GateError::NoRedemption(3))), "annulled long ago");
}

#[test]
fn a_clock_that_is_set_back_makes_no_entry_young_again() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for number in [1, 2] {
        assert_eq!(reason(&mut gate, &code(number, NOW), NOW), Reason::Ok);
    }
    gate.set_clock(time(NOW - 1)).unwrap();
    assert!(matches!(gate.annul(2, time(NOW - 1)), Err(GateError::TooLate(2))), "an age below zero");
    gate.annul(2, time(NOW)).unwrap();
    gate.close_day(time(NOW).service_day(0), time(NOW + 901)).unwrap();
    gate.set_clock(time(NOW + 60)).unwrap();
    for mut gate in [open(gate.storage().clone(), NOW + 60).unwrap(), gate] {
        assert!(matches!(gate.annul(3, time(NOW + 60)), Err(GateError::TooLate(3))), "the clock had shown more");
        assert_eq!(reason(&mut gate, &code(3, NOW + 60), NOW + 60), Reason::Ok);
        let last = gate.log().size() - 1;
        gate.annul(last, time(NOW + 61)).unwrap();
    }
}

#[test]
fn an_annulment_counts_also_where_a_new_policy_would_have_refused_it() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for (number, at) in [(2, NOW), (2, NOW + 200), (1, NOW + 800)] {
        assert_eq!(reason(&mut gate, &code(number, at), at), Reason::Ok);
    }
    gate.annul(3, time(NOW + 800)).unwrap();
    let policy = Policy { annul_within: 100, ..Policy::default() };
    let next = TrustListSpec { sequence: 2, issued: time(2_000), policy, ..test_federation::spec() };
    let mut bundle = bundle();
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    bundle.update_trust(&next, time(NOW)).unwrap();
    let now = NOW + 900;
    let mut gate = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(now)).unwrap();
    assert_eq!(gate.inside(), 2);
    assert_eq!(reason(&mut gate, &code(2, now), now), Reason::Ok);
    let left = gate.usage_with(&PassKey { issuer: id(CITY), pass: PassId::from_bytes([1; 10]) }, &[]);
    assert_eq!(left.uses().len(), 1, "and it is the use of no other pass");
}

#[test]
fn what_could_not_be_read_again_is_not_recorded() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    let ledgers: Vec<_> = (0..1_025).map(|at| (id(100_000 + at), 1)).collect();
    let sync = gate.sync(&Sync { ledgers: &ledgers, ..Sync::default() }, time(NOW));
    assert!(matches!(sync, Err(GateError::Refused(_))), "{sync:?}");
    let closed = gate.close_day(Date::from_days(-1), time(NOW));
    assert!(matches!(closed, Err(GateError::Refused(_))), "{closed:?}");
    assert_eq!(gate.storage(), &before);
    gate.sync(&Sync { ledgers: &ledgers[..1_024], ..Sync::default() }, time(NOW)).unwrap();
    let mut again = open(gate.storage().clone(), NOW).unwrap();
    assert_eq!(reason(&mut again, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn a_gate_without_all_of_its_journal_does_not_open() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for _ in 0..260 {
        gate.sync(&Sync::default(), time(NOW)).unwrap();
    }
    let mut storage = gate.storage().clone();
    assert!(open(storage.clone(), NOW).is_ok());
    let pruned = gate.log().prune(256, 1).writes();
    storage.commit(&pruned).unwrap();
    assert!(matches!(open(storage, NOW), Err(GateError::Log(LogError::Pruned(0)))));
}

#[test]
fn a_gate_that_is_not_fit_decides_nothing() {
    let other = Gate::open(MemoryStorage::new(), holder(1), &certificate(), bundle(), time(NOW));
    assert!(matches!(other, Err(GateError::OtherKey)));
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    assert!(matches!(gate.sync(&Sync::default(), time(NOW - 3)), Err(GateError::Clock { .. })));
    assert!(matches!(gate.close_day(Date::from_days(1), time(NOW - 3)), Err(GateError::Clock { .. })));
    assert_eq!(gate.storage(), &before);
    gate.sync(&Sync { catalogues: &[&catalogue(2)], ..Sync::default() }, time(NOW)).unwrap();
    assert!(matches!(open(gate.storage().clone(), NOW), Err(GateError::Rollback("catalogue"))));
    // Before its trust list was issued, whatever the journal says of the time.
    let early = time(gate.bundle().trust().issued().seconds() - 3);
    gate.set_clock(early).unwrap();
    assert_eq!(gate.fit(early).unwrap_err().reason, Reason::ClockSuspect);
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

#[test]
fn in_a_forked_process_a_gate_does_nothing_and_signs_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    scan(&mut gate, &code(1, NOW), NOW);
    gate.seal().unwrap().unwrap();
    scan(&mut gate, &code(2, NOW), NOW);
    gate.storage.fork();
    let (storage, log, known) = (gate.storage.clone(), gate.log.clone(), gate.known.clone());
    for shown in [code(3, NOW), code(1, NOW), "no code".into()] {
        assert_eq!(reason(&mut gate, &shown, NOW), Reason::NotRecorded);
    }
    assert_eq!(gate.leave(Scan::text(code(1, NOW).as_bytes()), time(NOW)).unwrap_err().reason, Reason::NotRecorded);
    let (now, forked) = (time(NOW), |error: GateError<_>| {
        assert!(matches!(error, GateError::Log(LogError::Storage(crate::tlog::MemoryError::Forked))), "{error:?}");
    });
    forked(gate.seal().unwrap_err());
    forked(gate.segment(0).unwrap_err());
    forked(gate.annul(2, now).unwrap_err());
    forked(gate.sync(&Sync::default(), now).unwrap_err());
    forked(gate.set_clock(now).unwrap_err());
    forked(gate.compare_clock(now, 1).unwrap_err());
    forked(gate.close_day(now.civil().0, now).unwrap_err());
    forked(gate.open_outage(now, now).unwrap_err());
    assert!(gate.self_test(now).iter().any(|fault| fault.trouble == Trouble::Store));
    assert_eq!((&gate.storage, &gate.log, &gate.known), (&storage, &log, &known));
}

#[test]
fn what_was_durable_although_the_commit_failed_is_known() {
    let storage = Late(MemoryStorage::new(), false);
    let mut gate = Gate::open(storage, gate_key(), &certificate(), bundle(), time(NOW)).unwrap();
    let reason =
        |gate: &mut Gate<Late>, number, at| gate.admit(Scan::text(code(number, at).as_bytes()), time(at)).reason();
    // An admission: it was refused, its index is not used again, and the pass is debited.
    gate.storage.1 = true;
    assert_eq!(reason(&mut gate, 1, NOW), Reason::NotRecorded);
    let (one, other) = (code(2, NOW), code(3, NOW));
    let group = [&one, &other].map(|code| Scan::text(code.as_bytes()));
    let unsure = gate.admit_all(&group, time(NOW));
    assert!(unsure.iter().all(|decision| decision.reason() == Reason::NotRecorded) && unsure.len() == 2);
    gate.storage.1 = false;
    let size = gate.log().size();
    assert_eq!(reason(&mut gate, 2, NOW), Reason::Ok);
    assert_eq!(gate.log().size(), size + 2);
    assert_eq!(reason(&mut gate, 1, NOW + 1), Reason::Passback);
    // A sync: the journal says that the gate has the list by which pass 3 is revoked.
    let list = status(NOW + 1, &[3]);
    let news = Sync { status_lists: &[&list], ..Sync::default() };
    gate.storage.1 = true;
    assert!(gate.sync(&news, time(NOW + 1)).is_err());
    gate.storage.1 = false;
    assert_eq!(reason(&mut gate, 3, NOW + 1), Reason::ListTooOld, "not by the list before");
    assert!(matches!(gate.sync(&Sync::default(), time(NOW + 1)), Err(GateError::Rollback("status list"))));
    gate.sync(&news, time(NOW + 1)).unwrap();
    assert_eq!(reason(&mut gate, 3, NOW + 1), Reason::Revoked);
    assert_eq!(reason(&mut gate, 4, NOW + 1), Reason::Ok);
}

#[test]
fn an_old_copy_is_noticed_before_anything_is_written() {
    let after = |newest: &str, storage: MemoryStorage| {
        Gate::open_after(newest.as_bytes(), storage, gate_key(), &certificate(), bundle(), time(NOW))
    };
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    let first = gate.seal().unwrap().unwrap();
    let old = gate.storage().clone();
    assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::Ok);
    let unsealed = gate.storage().clone();
    let newest = gate.seal().unwrap().unwrap();
    let current = gate.storage().clone();
    // Without it, the same indices would be signed twice.
    assert!(matches!(after(newest.note(), old.clone()), Err(GateError::OldCopy { here: 3, known: 4 })));
    assert!(matches!(after(newest.note(), MemoryStorage::new()), Err(GateError::OldCopy { here: 0, known: 4 })));
    for (newest, storage) in [(&first, &old), (&newest, &unsealed), (&first, &current), (&newest, &current)] {
        assert!(after(newest.note(), storage.clone()).is_ok(), "{} in a store of its size", newest.size());
    }
    // The old copy went on: as long, but another history.
    let mut forked = open(old, NOW).unwrap();
    assert_eq!(reason(&mut forked, &code(3, NOW), NOW), Reason::Ok);
    let refused = after(newest.note(), forked.storage().clone());
    assert!(matches!(refused, Err(GateError::Log(LogError::OtherRoot(4)))));
    // What this gate did not sign says nothing of it.
    let stranger = SignedCheckpoint::sign(newest.checkpoint().clone(), &holder(1));
    assert!(matches!(after(stranger.note(), current), Err(GateError::Log(LogError::Note(_)))));
}

#[test]
fn a_restart_after_the_clock_was_set_back_changes_no_decision() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    // The first entry is forgotten at the second, and stays so.
    assert_eq!(reason(&mut gate, &code(2, NOW + 901), NOW + 901), Reason::Ok);
    gate.set_clock(time(NOW + 10)).unwrap();
    let mut again = open(gate.storage().clone(), NOW + 10).unwrap();
    assert_eq!(gate.known.recent, again.known.recent);
    let shown = code(1, NOW + 10);
    assert_eq!(reason(&mut again, &shown, NOW + 10), reason(&mut gate, &shown, NOW + 10));
}

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
    gate.sync(&Sync { usage: &usage, ledgers: &ledgers, ..Sync::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::TotalQuota);
    let storage = gate.storage().clone();
    let mut again = open(storage, NOW + 1).unwrap();
    assert_eq!(reason(&mut again, &code(1, NOW), NOW + 1), Reason::TotalQuota, "after a restart too");
    assert_eq!(again.known.synced.as_ref().unwrap().ledgers, ledgers);
}

#[test]
fn a_restart_knows_what_the_gate_knew() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for (number, at) in [(1, NOW), (2, NOW + 10), (1, NOW + 500), (3, NOW + 2_000), (2, NOW + 2_100)] {
        assert_eq!(reason(&mut gate, &code(number, at), at), Reason::Ok);
    }
    gate.annul(6, time(NOW + 2_150)).unwrap();
    gate.seal().unwrap().unwrap();
    gate.close_day(Date::from_days(1), time(NOW + 2_200)).unwrap();
    let again = open(gate.storage().clone(), NOW + 2_200).unwrap();
    let synced = again.known.synced.clone();
    assert_eq!(again.known, Known { synced, ..gate.known.clone() });
    assert_eq!(again.log().size(), gate.log().size() + 2, "and says that it opened and what it knows");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_at_any_time_changes_no_answer(steps in vec((0u8..16, 0u8..4, 0usize..6), 1..24)) {
        let mut gate = open(MemoryStorage::new(), NOW).unwrap();
        let mut now = NOW;
        let mut shown = code(1, now);
        for (what, who, how) in steps {
            let (key, bundle) = (gate_key(), gate.bundle().clone());
            let mut twin = Gate::open(gate.storage().clone(), key, &certificate(), bundle, time(now)).unwrap();
            let index = gate.log().size().saturating_sub(how as u64 + 1);
            now += [0, 1, 60, 121, 130, 901][how];
            let answers = [&mut gate, &mut twin].map(|gate| match what {
                0..4 => {
                    shown = code(who, now);
                    let scan = Scan { party: how as u8, ..Scan::text(shown.as_bytes()) };
                    answer(gate.admit(scan, time(now)))
                }
                4 => answer(scan(gate, &shown, now)),
                5 => format!("{:?}", gate.annul(index, time(now))),
                6 => format!("{:?}", gate.leave(Scan::text(code(who, now).as_bytes()), time(now)).map(|i| i.is_some())),
                7 => format!("{:?}", gate.close_day(Date::from_days(1), time(now))),
                8 => format!("{:?}", gate.set_clock(time(now - 200))),
                9 | 10 => {
                    let digest = elsewhere(gate, who, how, what == 10, now);
                    let sync = Sync { usage_digests: &[&digest], ..Sync::default() };
                    format!("{:?}", gate.sync(&sync, time(now)))
                }
                11 => {
                    let entry = Override { refused: Reason::Expired, operator: 1, why: 2, party: who };
                    format!("{:?}", gate.let_in(entry, time(now)).is_ok())
                }
                12 => {
                    // The machine's counter says 100 s where the clock says none.
                    let then = gate.compare_clock(time(now), 0);
                    format!("{then:?} {:?}", gate.compare_clock(time(now), 100))
                }
                13 => format!("{:?}", gate.open_outage(time(now), time(now)).is_ok()),
                14 => format!("{:?}", gate.close_outage(3, time(now)).is_ok()),
                _ => {
                    let list = status(now, &[13, who.into()]);
                    format!("{:?}", gate.sync(&Sync { status_lists: &[&list], ..Sync::default() }, time(now)))
                }
            });
            prop_assert_eq!(&answers[0], &answers[1]);
            prop_assert_eq!(remembered(&gate), remembered(&twin));
            if what == 8 {
                now -= 200;
            }
        }
    }
}

/// A digest of two uses of a pass at another gate of the city, or that one of them was taken back. It leaves out
/// what was over a day before, and the pass ends soon.
fn elsewhere(gate: &Gate<MemoryStorage>, who: u8, how: usize, back: bool, now: i64) -> Vec<u8> {
    let other = GateCertificateSpec {
        gate: GateId { number: 8, ..gate.id() },
        venue: 1,
        service: 0,
        key: holder(1).verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    let other = other.sign(&secret(CITY, Role::Registrar));
    let other = GateCertificate::verify(&other, gate.bundle().trust()).unwrap();
    let pass = PassKey { issuer: id(CITY), pass: PassId::from_bytes([who; 10]) };
    let not_before = time(NOW - 1_000);
    let mut facts = UsageFacts::new(time(now - 1_000));
    facts.covers(id(CITY), how as u64..how as u64 + 2);
    for index in [how as u64, 9] {
        let redemption = Redemption {
            time: time(NOW - 100),
            pass,
            product: (1, 1),
            facts: PassFacts { not_before, expires: time(NOW + 500), holder_class: 0 },
            grant: 0,
            party: 1,
            due_fen: 0,
            flags: 0,
            evidence: Hash([0; 32]),
        };
        facts.redeemed(&other, index, &redemption);
        if back {
            facts.reversed(other.gate(), index, &redemption);
            break;
        }
    }
    UsageDigestSpec { member: id(CITY), issued: time(now), facts }.sign(&secret(CITY, Role::Log)).unwrap()
}

/// What decisions and totals rest on, without the indices, which a restart shifts.
fn remembered(gate: &Gate<MemoryStorage>) -> impl PartialEq + std::fmt::Debug {
    let known = &gate.known;
    let used = known.own.counts();
    let recent: Vec<_> = known.recent.iter().map(|recent| recent.redemption).collect();
    let times = (known.doubt, known.outage, known.totals, known.inside, known.exits.clone());
    (used, recent, times, known.learnt.clone(), known.newest.clone())
}

/// A decision without the index, which a restart shifts.
fn answer(decision: Decision) -> String {
    match decision {
        Decision::Admitted(admitted) => format!("{:?}", Admitted { index: 0, ..admitted }),
        refused => format!("{refused:?}"),
    }
}

#[test]
fn a_failed_commit_refuses_the_visitor_and_loses_nothing() {
    let mut storage = MemoryStorage::new();
    storage.fail_after(2);
    let mut gate = open(storage, NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    let known = gate.known.clone();
    assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::NotRecorded);
    assert_eq!(gate.known, known);
    assert_eq!(reason(&mut gate, &code(2, NOW + 1), NOW + 1), Reason::Ok, "it opened its journal again");
    assert_eq!(gate.log().size(), 4);
    assert!(gate.log().verify(gate.storage()).is_ok());
    assert_eq!(gate.refused().get(&Reason::NotRecorded), Some(&1));
}

#[test]
fn a_group_is_committed_at_once() {
    let mut storage = MemoryStorage::new();
    storage.fail_after(2);
    let mut gate = open(storage, NOW).unwrap();
    let codes: Vec<String> = (1..=3).map(|number| code(number, NOW)).collect();
    let mut scans: Vec<Scan<'_>> = codes.iter().map(|code| Scan::text(code.as_bytes())).collect();
    scans.push(Scan::text(codes[0].as_bytes()));
    scans.push(Scan::text(b"junk"));
    let reasons = |decisions: Vec<Decision>| decisions.iter().map(Decision::reason).collect::<Vec<_>>();
    use Reason::{NotRecorded, Ok, Rescan, Unreadable};
    assert_eq!(reasons(gate.admit_all(&scans, time(NOW))), [Ok, Ok, Ok, Rescan, Unreadable]);
    let second: Vec<String> = (4..=5).map(|number| code(number, NOW)).collect();
    let mut scans: Vec<Scan<'_>> = second.iter().map(|code| Scan::text(code.as_bytes())).collect();
    scans.push(Scan::text(codes[0].as_bytes()));
    scans.push(Scan::text(second[0].as_bytes()));
    let failed = reasons(gate.admit_all(&scans, time(NOW)));
    assert_eq!(failed, [NotRecorded, NotRecorded, Rescan, NotRecorded], "what was durable before stays admitted");
}

#[test]
fn within_one_group_uses_count() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let paper = |number| {
        let paper = |claims: &mut PassClaims| (claims.confirmation, claims.flags) = (None, pass::flags::STATIC_ALLOWED);
        text::encode(&pass(number, paper))
    };
    let codes = [paper(1), paper(1), paper(2)];
    let scans = [0, 1, 2].map(|at| Scan::text(codes[at].as_bytes()));
    let reasons: Vec<Reason> = gate.admit_all(&scans, time(NOW)).iter().map(Decision::reason).collect();
    assert_eq!(reasons, [Reason::Ok, Reason::Passback, Reason::Ok]);
}

#[test]
fn a_clock_that_goes_back_decides_nothing_until_it_is_set() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, NOW - 3), NOW - 3), Reason::ClockSuspect);
    assert!(matches!(gate.annul(2, time(NOW - 3)), Err(GateError::Clock { .. })));
    assert!(matches!(open(gate.storage().clone(), NOW - 3), Err(GateError::Clock { .. })));
    gate.set_clock(time(NOW - 500)).unwrap();
    assert_eq!(reason(&mut gate, &code(2, NOW - 500), NOW - 500), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(3, 500), 500), Reason::ClockSuspect, "before its trust list was issued");
}

#[test]
fn a_gate_outside_its_certificate_or_trust_list_decides_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, 1_000_000_000), 1_000_000_000), Reason::Internal);
    let not_in_force =
        |at| matches!(open(MemoryStorage::new(), at), Err(GateError::Certificate(CertificateError::NotInForce)));
    assert!(not_in_force(1_999) && not_in_force(1_000_000_000), "nor does it open");
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn stale_and_too_old_lists_are_verdicts_of_their_own() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let policy = *gate.bundle().trust().policy();
    let at = NOW - 100 + i64::from(policy.status_fresh);
    assert_eq!(reason(&mut gate, &code(1, at), at), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, at + 1), at + 1), Reason::ListStale);
    assert!(matches!(scan(&mut gate, &code(2, at + 1), at + 1), Decision::Referred(_)));
    let at = NOW - 100 + i64::from(policy.status_max_age) + 1;
    assert_eq!(reason(&mut gate, &code(2, at), at), Reason::ListTooOld);
    assert_eq!(reason(&mut gate, &code(13, at), at), Reason::Revoked, "an old list still revokes");
}

#[test]
fn a_stale_trust_list_or_catalogue_refers_and_a_revoked_pass_is_still_denied() {
    let long = |claims: &mut PassClaims| claims.expires = time(1_000_000_000);
    let revoked = pass(13, long);
    let pass = pass(1, long);
    let judged = |policy: Policy, at: i64| {
        let spec = TrustListSpec { policy, ..test_federation::spec() };
        let trust = test_federation::genesis(&spec, &test_federation::CITIES[..3]).unwrap();
        let mut bundle = Bundle::new(trust);
        bundle.update_catalogue(&catalogue(1), time(at)).unwrap();
        bundle.update_status(&status(at, &[13]), time(at)).unwrap();
        let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(at)).unwrap();
        let mut reason = |pass: &[u8], number| reason(&mut gate, &code_of(pass, number, at), at);
        let reasons = [reason(&revoked, 13), reason(&pass, 1)];
        let oldest = gate.ages(time(at)).map(|piece| piece.age).max().unwrap();
        assert_eq!(gate.ages(time(at)).last().unwrap().piece, Piece::GateCertificate);
        (reasons, oldest)
    };
    let policy = Policy { catalogue_fresh: 98_000, catalogue_max_age: 99_000, ..Policy::default() };
    assert_eq!(judged(policy, NOW), ([Reason::Revoked, Reason::Ok], Age::Fresh));
    assert_eq!(judged(policy, NOW + 1), ([Reason::Revoked, Reason::ListStale], Age::Stale));
    assert_eq!(judged(policy, NOW + 1_000), ([Reason::Revoked, Reason::ListStale], Age::Stale));
    assert_eq!(judged(policy, NOW + 1_001), ([Reason::Revoked, Reason::ListTooOld], Age::TooOld));
    let policy = Policy { trust_fresh: 99_000, ..Policy::default() };
    assert_eq!(judged(policy, NOW), ([Reason::Revoked, Reason::Ok], Age::Fresh));
    assert_eq!(judged(policy, NOW + 1), ([Reason::Revoked, Reason::ListStale], Age::Stale));
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
    let sync = Sync { catalogues: &[&hefei(1)], status_lists: &[&list], ..Sync::default() };
    gate.sync(&sync, time(NOW)).unwrap();
    gate.sync(&Sync { trust_lists: &[&next], ..Sync::default() }, time(NOW)).unwrap();
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
        gate.sync(&Sync { trust_lists: &[&next], catalogues, ..Sync::default() }, time(NOW)).unwrap();
        assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::Internal);
        assert_eq!(gate.ages(time(NOW)).last().unwrap().age, Age::TooOld);
        gate.sync(&Sync::default(), time(NOW)).unwrap();
        assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::Internal);
        assert!(gate.seal().unwrap().is_some(), "what it recorded before is not lost");
        let bundle = gate.bundle().clone();
        let again = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW));
        assert!(matches!(again, Err(GateError::Certificate(CertificateError::Trust(TrustError::UnknownKey(_))))));
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
    gate.sync(&Sync { trust_lists: &[&next], ..Sync::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert!(gate.bundle().catalogue(id(hefei)).is_none() && gate.bundle().status_lists().count() == 1);
    let bundle = gate.bundle().clone();
    let mut again = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    for gate in [&mut gate, &mut again] {
        let mut sync = |catalogues: &[&[u8]], status_lists: &[&[u8]]| match gate
            .sync(&Sync { catalogues, status_lists, ..Sync::default() }, time(NOW))
        {
            Ok(()) => "taken",
            Err(GateError::Rollback(piece)) => piece,
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
    gate.sync(&Sync { trust_lists: &[&next], ..Sync::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Internal);
    assert!(missing(&mut gate));
    gate.sync(&Sync { catalogues: &[&catalogue(2)], ..Sync::default() }, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert!(!missing(&mut gate));
}

#[test]
fn a_sync_takes_nothing_from_the_future() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let future = gate.sync(&Sync { status_lists: &[&status(NOW + 601, &[])], ..Sync::default() }, time(NOW));
    assert!(matches!(future, Err(GateError::Bundle(BundleError::Future("status list")))));
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn an_older_bundle_is_noticed_at_the_start() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let newer = [&status(NOW + 5, &[])[..]];
    gate.sync(&Sync { status_lists: &newer, ..Sync::default() }, time(NOW + 5)).unwrap();
    assert!(matches!(open(gate.storage().clone(), NOW + 5), Err(GateError::Rollback("status list"))));
    let mut bundle = bundle();
    bundle.update_status(newer[0], time(NOW + 5)).unwrap();
    assert!(Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW + 5)).is_ok());
}

#[test]
fn an_expired_trust_list_admits_nobody() {
    let spec = TrustListSpec { expires: time(NOW + 1_000), ..test_federation::spec() };
    let mut bundle = Bundle::new(test_federation::genesis(&spec, &test_federation::CITIES[..3]).unwrap());
    bundle.update_catalogue(&catalogue(1), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[]), time(NOW)).unwrap();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW + 999), NOW + 999), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, NOW + 1_000), NOW + 1_000), Reason::ListTooOld);
}

#[test]
fn an_older_trust_list_is_noticed_at_the_start() {
    let next = TrustListSpec { sequence: 2, issued: time(2_000), ..test_federation::spec() };
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    gate.sync(&Sync { trust_lists: &[&next], ..Sync::default() }, time(NOW)).unwrap();
    assert!(matches!(open(gate.storage().clone(), NOW), Err(GateError::Rollback("trust list"))));
    let mut bundle = bundle();
    bundle.update_trust(&next, time(NOW)).unwrap();
    assert!(Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW)).is_ok());
}

#[test]
fn a_refused_sync_changes_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    let good = catalogue(2);
    let old = status(NOW - 500, &[]);
    let refused = gate.sync(&Sync { catalogues: &[&good], status_lists: &[&old], ..Sync::default() }, time(NOW));
    assert!(matches!(refused, Err(GateError::Bundle(BundleError::Rollback(_)))));
    assert_eq!(gate.storage(), &before);
    assert_eq!(gate.bundle().catalogues().next().unwrap().sequence(), 1);
}

#[test]
fn a_challenge_is_answered_to_this_gate() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let nonce = [9; 16];
    let answer = answer_to(&nonce, 1);
    let scan = Scan { shown: Shown::Answer(&answer), party: 1, identity: Identity::Unknown };
    assert_eq!(gate.admit(scan, time(NOW)).reason(), Reason::WrongAudience, "no challenge was sent");
    gate.challenge([8; 16]);
    assert_eq!(gate.admit(scan, time(NOW)).reason(), Reason::WrongAudience, "another challenge was sent");
    gate.challenge(nonce);
    let Decision::Admitted(admitted) = gate.admit(scan, time(NOW)) else { panic!("refused") };
    let body = gate.log().body(gate.storage(), admitted.index).unwrap();
    assert!(matches!(Record::decode(&body), Ok(Record::Redeemed(r)) if r.flags == flags::CHALLENGE));
}

#[test]
fn a_challenge_is_good_for_one_answer() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let nonce = [9; 16];
    let (first, second) = (answer_to(&nonce, 1), answer_to(&nonce, 2));
    let scan = |shown| Scan { shown, party: 1, identity: Identity::Unknown };
    gate.challenge(nonce);
    let other = code(3, NOW);
    let scans = [Shown::Text(other.as_bytes()), Shown::Answer(&first), Shown::Answer(&first), Shown::Answer(&second)];
    let reasons: Vec<Reason> = gate.admit_all(&scans.map(scan), time(NOW)).iter().map(Decision::reason).collect();
    let used = Reason::WrongAudience;
    assert_eq!(reasons, [Reason::Ok, Reason::Ok, used, used], "not even as a re-scan");
    // A bad answer uses it up as well.
    gate.challenge(nonce);
    assert_eq!(gate.admit(scan(Shown::Answer(b"junk")), time(NOW)).reason(), Reason::Unreadable);
    assert_eq!(gate.admit(scan(Shown::Answer(&second)), time(NOW)).reason(), used);
    // A gate that started again has sent none.
    gate.challenge(nonce);
    let mut again = open(gate.storage().clone(), NOW).unwrap();
    assert_eq!(again.admit(scan(Shown::Answer(&second)), time(NOW)).reason(), used);
    assert_eq!(gate.admit(scan(Shown::Answer(&second)), time(NOW)).reason(), Reason::Ok);
}

#[test]
fn a_document_is_compared_with_the_commitment_and_kept_nowhere() {
    let salt = [0xa5; 16];
    let number = "31010119900307123X";
    let opening = IdOpening::new(&salt, number).unwrap();
    let committed = pass(1, |claims| {
        (claims.flags, claims.id_commitment) = (pass::flags::ID_CHECK, Some(IdCommitment::new(&opening)));
    });
    let (shown, plain) = (code_of(&committed, 1, NOW), code(2, NOW));
    let flagged = code_of(&pass(3, |claims| claims.flags = pass::flags::ID_CHECK), 3, NOW);
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let mut reason = |code: &str, identity| {
        let decision = gate.admit(Scan { identity, ..Scan::text(code.as_bytes()) }, time(NOW));
        assert!(!matches!(decision, Decision::Denied(_)), "a person decides");
        decision.reason()
    };
    let other = |salt, document| Identity::Shown(IdOpening::new(salt, document).unwrap());
    assert_eq!(reason(&shown, Identity::Unknown), Reason::IdCheck);
    assert_eq!(reason(&shown, other(&salt, "310101199003071230")), Reason::IdMismatch);
    assert_eq!(reason(&shown, other(&[0; 16], number)), Reason::IdMismatch);
    assert_eq!(reason(&flagged, Identity::Shown(opening)), Reason::IdCheck, "no commitment to compare with");
    assert_eq!(reason(&shown, Identity::Shown(opening)), Reason::Ok);
    assert_eq!(reason(&plain, other(&salt, number)), Reason::Ok, "nobody asked");
    assert_eq!(reason(&flagged, Identity::Compared), Reason::Ok);
    let kept = format!("{:?}", gate.storage());
    let bytes = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    assert!(kept.contains(&bytes(&[1; 10])), "the pass id is kept, so what is kept is seen here");
    assert!(!kept.contains(&bytes(&salt)) && !kept.contains(&bytes(number.as_bytes())));
}

#[test]
fn a_gate_has_one_certificate_for_its_life() {
    let gate = open(MemoryStorage::new(), NOW).unwrap();
    let spec = GateCertificateSpec {
        gate: gate.id(),
        venue: 1,
        service: 0,
        key: gate_key().verifying_key(),
        issued: time(2_001),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    let other = spec.sign(&secret(CITY, Role::Registrar));
    let opened = |certificate: &[u8]| {
        Gate::open(gate.storage().clone(), gate_key(), certificate, bundle(), time(NOW)).map(|gate| gate.id())
    };
    assert!(matches!(opened(&other), Err(GateError::OtherCertificate)));
    assert_eq!(opened(&certificate()).unwrap(), gate.id());
}

#[test]
fn segments_carry_all_that_was_sealed() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert!(gate.segment(0).unwrap().is_none(), "nothing sealed yet");
    scan(&mut gate, &code(1, NOW), NOW);
    let sealed = gate.seal().unwrap().unwrap();
    assert!(gate.seal().unwrap().is_none());
    scan(&mut gate, &code(2, NOW), NOW);
    let segment = gate.segment(0).unwrap().unwrap();
    assert_eq!(segment.checkpoint, sealed.note());
    assert_eq!(segment.records.len(), 3);
    assert!(segment.records[0].evidence.is_none() && segment.records[2].evidence.is_some());
    assert_eq!(gate.segment(1).unwrap().unwrap().first, 1);
    assert!(gate.segment(3).unwrap().is_none());
}

#[test]
fn a_long_segment_comes_in_parts_that_follow_one_another() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    (1..=4).for_each(|number| assert_eq!(reason(&mut gate, &code(number, NOW), NOW), Reason::Ok));
    let sealed = gate.seal().unwrap().unwrap();
    scan(&mut gate, &code(5, NOW), NOW);
    let whole = gate.segment(0).unwrap().unwrap();
    assert_eq!((whole.records.len(), whole.checkpoint.as_str()), (6, sealed.note()));
    let body = whole.records[2].body.len() + MAX_PRESENTATION;
    for (most, sizes) in [(0, &[1, 2, 3, 4, 5, 6][..]), (2 * body, &[2, 4, 6]), (6 * body, &[6])] {
        let mut records = Vec::new();
        for &size in sizes {
            let part = gate.segment_within(records.len() as u64, most).unwrap().unwrap();
            assert_eq!(part.first, records.len() as u64);
            let signed = gate.verify_seal(part.checkpoint.as_bytes()).unwrap();
            assert_eq!((signed.size(), signed.root()), (size, gate.log().root_at(gate.storage(), size).unwrap()));
            records.extend(part.records);
        }
        assert_eq!(records, whole.records);
        assert!(gate.segment_within(6, most).unwrap().is_none());
    }
}

/// What no segment could hold, 72 hours of a large gate: the city takes it all the same.
#[test]
fn a_journal_longer_than_any_segment_is_handed_over() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let ledgers: Vec<_> = (0..1_024).map(|at| (id(100_000 + at), 1_u64 << 40)).collect();
    let note = Sync { ledgers: &ledgers, ..Sync::default() };
    while gate.log().size() < 1_200 {
        gate.sync(&note, time(NOW)).unwrap();
    }
    gate.seal().unwrap().unwrap();
    let (mut at, mut parts) = (0, 0);
    while let Some(part) = gate.segment(at).unwrap() {
        assert!(part.encode().len() <= LONG_SEGMENT);
        (at, parts) = (at + part.records.len() as u64, parts + 1);
    }
    assert_eq!((at, parts), (gate.log().size(), 2));
}
