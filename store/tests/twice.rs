//! Two that work on one store without knowing of each other: what follows from the same state succeeds once.
#![forbid(unsafe_code)]

use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Decision, Gate, Reason, Scan};
use onecard::id::GateId;
use onecard::ledger::{Ledger, LedgerError, RecordEntryError, SignError};
use onecard::tlog::{
    AddCheckpoint, Chain, Checkpoint, KeyKind, KeyName, Log, LogError, LogKey, MemoryError, MemoryStorage,
    NoteVerifier, Row, SignedCheckpoint, Storage, Witness, WitnessError, Write,
};
use onecard::trust::{Role, TrustList};
use onecard_store::{RedbStorage, StoreError};
use onecard_testkit::day::{self, CITIES, OPEN, bundle, gate_certificate, gate_secret, id, secret, time};
use onecard_testkit::stores::Common;
use std::sync::{Arc, Mutex};

const ORIGIN: &str = "onecard.test/310101";
const KEY: LogKey = LogKey(1);

/// Which row was not as expected, in the words of each store.
trait Changed {
    fn changed(&self) -> Option<Row>;
}

impl Changed for MemoryError {
    fn changed(&self) -> Option<Row> {
        if let Self::Changed(row) = self { Some(*row) } else { None }
    }
}

impl Changed for StoreError {
    fn changed(&self) -> Option<Row> {
        if let Self::Changed { row, .. } = self { Some(*row) } else { None }
    }
}

/// Does a check with each kind of store.
macro_rules! in_every_store {
    ($check:ident) => {
        $check(&Common(Arc::new(Mutex::new(MemoryStorage::new()))));
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStorage::create(&directory.path().join("store")).unwrap();
        $check(&Common(Arc::new(Mutex::new(store))));
    };
}

#[test]
fn a_row_that_changed_fails_the_whole_commit() {
    in_every_store!(rows);
}

#[test]
fn two_witnesses_do_not_cosign_both_forks() {
    in_every_store!(witnesses);
}

#[test]
fn two_writers_do_not_append_to_one_log() {
    in_every_store!(logs);
}

#[test]
fn two_gates_do_not_use_one_index() {
    in_every_store!(gates);
}

#[test]
fn two_ledgers_do_not_sign_two_histories() {
    in_every_store!(ledgers);
}

fn rows<S: Storage<Error: Changed>>(store: &Common<S>) {
    let mut store = store.clone();
    let (row, other) = (Row::Checkpoint { log: KEY }, Row::Size { log: KEY });
    let mut swap = |was: Option<&[u8]>, now: u8| {
        // What is expected holds before the commit, wherever it stands in it.
        let writes =
            [Write::Put(row, vec![now]), Write::Put(other, vec![now]), Write::Expect(row, was.map(Into::into))];
        store.commit(&writes).map_err(|error| error.changed())
    };
    assert_eq!(swap(Some(&[0]), 1), Err(Some(row)));
    assert_eq!(swap(None, 1), Ok(()));
    assert_eq!(swap(None, 2), Err(Some(row)));
    assert_eq!(swap(Some(&[2]), 2), Err(Some(row)));
    assert_eq!(swap(Some(&[1]), 3), Ok(()));
    assert_eq!((store.get(row).ok(), store.get(other).ok()), (Some(Some(vec![3])), Some(Some(vec![3]))));
}

/// A checkpoint of one entry.
fn history(salt: u8) -> SignedCheckpoint {
    let mut chain = Chain::new(ORIGIN);
    chain.push(&[salt]).unwrap();
    let origin = KeyName::new(ORIGIN).unwrap();
    SignedCheckpoint::sign(Checkpoint { origin, size: 1, root: chain.root() }, &SigningKey::from_seed(&[1; 32]))
}

fn witnesses<S: Storage<Error: Changed>>(store: &Common<S>) {
    let log = NoteVerifier::new(ORIGIN, KeyKind::Ed25519, SigningKey::from_seed(&[1; 32]).verifying_key()).unwrap();
    let name = || KeyName::new("witness.example").unwrap();
    let open = || {
        Witness::open(store, name(), SigningKey::from_seed(&[2; 32]), [(KEY, log.clone())], Default::default()).unwrap()
    };
    let cosign = |witness: &mut Witness, signed: &SignedCheckpoint| {
        let body = AddCheckpoint { old: 0, proof: Vec::new(), note: signed.note().as_bytes() }.to_body();
        let pending = witness.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
        pending.commit(&mut store.clone(), time(OPEN)).map_err(|error| match error {
            WitnessError::Storage(error) => error.changed(),
            error => panic!("{error:?}"),
        })
    };
    let (mut first, mut second) = (open(), open());
    let changed = Err(Some(Row::Checkpoint { log: KEY }));
    cosign(&mut first, &history(0)).unwrap();
    assert_eq!(cosign(&mut second, &history(1)), changed);
    assert_eq!(cosign(&mut second, &history(1)), changed, "nor when it is asked again");
    assert_eq!(second.latest(ORIGIN).unwrap().root(), history(0).root(), "now it knows");
    assert_eq!(open().latest(ORIGIN).unwrap().root(), history(0).root());
}

fn logs<S: Storage<Error: Changed>>(store: &Common<S>) {
    let mut store = store.clone();
    let open = |store: &Common<S>| Log::open(store, KEY, ORIGIN).unwrap();
    let (mut first, second) = (open(&store), open(&store));
    let of = |log: &Log, body: u8| {
        let mut batch = log.begin();
        (0..300).for_each(|_| assert!(batch.push(&[body], Some(&[body])).is_ok()));
        batch
    };
    let changed =
        |result: Result<(), S::Error>, row| assert_eq!(result.map_err(|error| error.changed()), Err(Some(row)));
    let size = Row::Size { log: KEY };
    let batch = of(&first, 1);
    store.commit(&batch.writes()).map_err(|error| error.changed()).unwrap();
    first.apply(batch).unwrap();
    changed(store.commit(&of(&second, 2).writes()), size);
    // What does not make it longer follows from its length all the same.
    let signed = SignedCheckpoint::sign(second.checkpoint(), &SigningKey::from_seed(&[1; 32]));
    let mut seal = second.begin();
    seal.seal(&signed).unwrap();
    changed(store.commit(&seal.writes()), size);
    // Of two that prune or erase, the second knows the first one's state no more.
    let (stale, batches) = (first.clone(), [first.prune(256, 1), first.erase(7, 7)]);
    for batch in batches {
        let name = if batch.log().pruned() > 0 { 0 } else { 1 };
        store.commit(&batch.writes()).map_err(|error| error.changed()).unwrap();
        let again = if name == 0 { stale.prune(256, 1) } else { stale.erase(9, 9) };
        changed(store.commit(&again.writes()), Row::Meta { log: KEY, name });
    }
    open(&store).verify(&store).unwrap_or_else(|_| panic!("damaged"));
}

fn gates<S: Storage<Error: Changed>>(store: &Common<S>) {
    let number = GateId { member: id(CITIES[0]), number: 1 };
    let open = || {
        let gate = Gate::open(store.clone(), gate_secret(number), &gate_certificate(number), bundle(), time(OPEN));
        gate.unwrap_or_else(|_| panic!("not opened"))
    };
    let admit = |gate: &mut Gate<Common<S>>, pass: u8| {
        let code = day::code(&day::pass(CITIES[0], pass, 2, |_| {}), pass, OPEN);
        gate.admit(Scan::text(code.as_bytes()), time(OPEN))
    };
    let (mut first, mut second) = (open(), open());
    // The second one's opening is in the journal; the first does not know that.
    assert_eq!(admit(&mut first, 1).reason(), Reason::NotRecorded);
    assert!(matches!(admit(&mut first, 1), Decision::Admitted(admitted) if admitted.index == 4), "it has read it");
    assert_eq!(admit(&mut second, 2).reason(), Reason::NotRecorded);
    assert!(matches!(admit(&mut second, 2), Decision::Admitted(admitted) if admitted.index == 5));
    assert!(first.seal().is_err(), "not over a journal that has grown");
    assert_eq!(first.seal().ok().flatten().unwrap().size(), 6);
    first.log().verify(first.storage()).unwrap_or_else(|_| panic!("damaged"));
}

fn ledgers<S: Storage<Error: Changed>>(store: &Common<S>) {
    let bytes = day::trust_list();
    let list = TrustList::genesis(&bytes, &sha256(&[&bytes])).unwrap();
    let member = id(CITIES[0]);
    let open = || {
        let ledger =
            Ledger::open(store.clone(), member, secret(CITIES[0], Role::Log), list.clone(), Default::default());
        ledger.unwrap_or_else(|_| panic!("not opened"))
    };
    let changed = |error: LedgerError<S::Error>| match error {
        LedgerError::Log(LogError::Storage(error)) => error.changed(),
        _ => None,
    };
    let unrecorded = |error| if let RecordEntryError::Ledger(error) = error { changed(error) } else { None };
    let unsigned = |error| if let SignError::Ledger(error) = error { changed(error) } else { None };
    let certificate = |number| gate_certificate(GateId { member, number });
    let (mut first, mut second) = (open(), open());
    first.enrol(&certificate(1), time(OPEN)).unwrap_or_else(|_| panic!("not enrolled"));
    let size = Row::Size { log: LogKey(0) };
    assert_eq!(unrecorded(second.enrol(&certificate(2), time(OPEN)).unwrap_err()), Some(size));
    assert!(matches!(second.checkpoint(), Err(SignError::Ledger(LedgerError::Unsure))));
    let mut third = open();
    let signed = first.checkpoint().ok().unwrap();
    first.enrol(&certificate(3), time(OPEN)).unwrap_or_else(|_| panic!("not enrolled"));
    first.checkpoint().ok().unwrap();
    // An older checkpoint does not come back.
    assert_eq!(unsigned(third.checkpoint().unwrap_err()), Some(size));
    second.recover().unwrap_or_else(|_| panic!("not recovered"));
    assert_eq!(second.enrol(&certificate(2), time(OPEN)).ok(), Some(2));
    assert_eq!((signed.size(), second.checkpoint().ok().unwrap().size()), (1, 3));
}
