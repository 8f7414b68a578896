//! A ledger with its gates, for the tests of this room.

use super::*;
use crate::crypto::SigningKey;
use crate::gate::test_gate::{self as gates, NOW, code};
use crate::gate::{Decision, Gate, Scan, Segment};
use crate::id::GateId;
use crate::tlog::{MemoryError, MemoryStorage, SignedCheckpoint, Storage};
use crate::trust::test_federation::{id, list, secret, time};
use crate::trust::{GateCertificateSpec, Role};

pub(super) const CITY: u32 = 310_101;
pub(super) type TestGate = Gate<MemoryStorage>;
pub(super) type TestLedger = Ledger<MemoryStorage>;

pub(super) fn certificate(member: u32, number: u32, key: u8) -> Vec<u8> {
    let spec = GateCertificateSpec {
        gate: GateId { member: id(member), number },
        venue: 1,
        service: 0,
        key: SigningKey::from_seed(&[key; 32]).verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    spec.sign(&secret(member, Role::Registrar))
}

/// Gate 7 of the test federation, or another gate of its city.
pub(super) fn gate(number: u32) -> TestGate {
    if number == 7 {
        return gates::open(MemoryStorage::new(), NOW).unwrap();
    }
    let (key, seed) = (SigningKey::from_seed(&[number as u8; 32]), number as u8);
    let certificate = certificate(CITY, number, seed);
    Gate::open(MemoryStorage::new(), key, &certificate, gates::bundle(), time(NOW)).unwrap()
}

pub(super) fn admit(gate: &mut TestGate, pass: u8) {
    let decision = gate.admit(Scan::text(code(pass, NOW).as_bytes()), time(NOW));
    assert!(matches!(decision, Decision::Admitted(_)), "pass {pass}: {decision:?}");
}

/// Gate 7 after these passes, with a seal after them.
pub(super) fn sealed(passes: &[u8]) -> TestGate {
    let mut gate = gate(7);
    passes.iter().for_each(|&pass| admit(&mut gate, pass));
    gate.seal().unwrap().unwrap();
    gate
}

pub(super) fn segment(gate: &TestGate, first: u64) -> Segment {
    gate.segment(first).unwrap().unwrap()
}

pub(super) fn open<S: Storage>(storage: S) -> Result<Ledger<S>, OpenLedgerError<S::Error>> {
    Ledger::open(storage, id(CITY), secret(CITY, Role::Log), list(), Default::default())
}

/// An empty ledger with gate 7.
pub(super) fn ledger() -> TestLedger {
    let mut ledger = open(MemoryStorage::new()).unwrap();
    ledger.enrol(gate(7).certificate().as_bytes(), time(NOW)).unwrap();
    ledger
}

/// A ledger that took all that `gate` sealed.
pub(super) fn ledger_with(gate: &TestGate) -> TestLedger {
    let mut ledger = ledger();
    take(&mut ledger, &segment(gate, 0)).unwrap();
    ledger
}

pub(super) fn take(ledger: &mut TestLedger, segment: &Segment) -> Result<Ingested, IngestError<MemoryError>> {
    ledger.ingest(segment, time(NOW))
}

/// The refusal of a segment; that nothing changed is checked.
pub(super) fn refused(ledger: &mut TestLedger, segment: &Segment) -> IngestError<MemoryError> {
    let before = (ledger.storage.clone(), ledger.log.clone(), ledger.last);
    let error = take(ledger, segment).unwrap_err();
    assert!(before == (ledger.storage.clone(), ledger.log.clone(), ledger.last), "{error}");
    same(ledger, &open(ledger.storage.clone()).unwrap());
    error
}

pub(super) fn same<S: Storage, T: Storage>(a: &Ledger<S>, b: &Ledger<T>) {
    assert_eq!((&a.log, &a.journals, a.last), (&b.log, &b.journals, b.last));
}

pub(super) fn entry(ledger: &TestLedger, index: u64) -> Entry {
    Entry::decode(&ledger.log.body(&ledger.storage, index).unwrap()).unwrap().1
}

/// The cosignature lines of these members' witnesses.
pub(super) fn lines(signed: &SignedCheckpoint, witnesses: &[u32]) -> String {
    let line = |&code: &u32| {
        let name = witness_name(&list(), id(code)).unwrap();
        signed.checkpoint().cosign(&name, &secret(code, Role::Witness), time(NOW))
    };
    witnesses.iter().map(line).collect()
}
