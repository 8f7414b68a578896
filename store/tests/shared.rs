//! Several readers of one gate, and several gates of one ledger.
#![forbid(unsafe_code)]

use onecard::gate::{Decision, Gate, Reason, Segment};
use onecard::id::GateId;
use onecard::ledger::{IngestError, Ingested, Ledger, LedgerError};
use onecard::tlog::{MemoryError, MemoryStorage};
use onecard::trust::Role;
use onecard_store::{Bounds, SharedGate, SharedLedger};
use onecard_testkit::day::{self, CITIES, OPEN, bundle, gate_certificate, gate_secret, id, secret, time};
use onecard_testkit::stores::Counting;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Longer than any test may take: who waits that long waits for ever.
const FOREVER: Duration = Duration::from_secs(86_400);

/// A shared gate, and how often its store committed. The first commit is that of its opening.
fn shared(bounds: Bounds, fails_at: u64) -> (SharedGate<Counting>, Arc<AtomicU64>) {
    let gate = GateId { member: id(CITIES[0]), number: 1 };
    let commits = Arc::new(AtomicU64::new(0));
    let storage = Counting { commits: Arc::clone(&commits), fails_at, ..Counting::default() };
    let gate = Gate::open(storage, gate_secret(gate), &gate_certificate(gate), bundle(), time(OPEN)).unwrap();
    (SharedGate::new(gate, bounds), commits)
}

fn admit(gate: &SharedGate<Counting>, pass: u8) -> Decision {
    let code = day::code(&day::pass(CITIES[0], pass, 2, |_| {}), pass, OPEN);
    gate.admit(code.as_bytes(), 1, false, time(OPEN))
}

/// Each pass at a reader of its own, all at once.
fn together(gate: &SharedGate<Counting>, passes: Range<u8>) -> Vec<Decision> {
    let asked: Vec<_> = passes.map(|pass| (pass, gate.clone())).collect();
    let readers: Vec<_> = asked.into_iter().map(|(pass, gate)| thread::spawn(move || admit(&gate, pass))).collect();
    readers.into_iter().map(|reader| reader.join().unwrap()).collect()
}

#[test]
fn a_group_is_committed_once_and_each_reader_gets_its_answer() {
    let (gate, commits) = shared(Bounds { most: 8, wait: FOREVER }, 0);
    let mut indices: Vec<_> = together(&gate, 1..9)
        .iter()
        .map(|decision| match decision {
            Decision::Admitted(admitted) => admitted.index,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(commits.load(Ordering::SeqCst), 2);
    indices.sort_unstable();
    assert_eq!(indices, (2..10).collect::<Vec<_>>());
    let gate = gate.close().unwrap();
    assert_eq!(gate.log().size(), 10);
    gate.log().verify(gate.storage()).unwrap();
}

#[test]
fn nobody_waits_where_nothing_is_to_be_waited_for() {
    let (gate, commits) = shared(Bounds { most: 256, wait: Duration::ZERO }, 0);
    for pass in 1..4 {
        assert!(matches!(admit(&gate, pass), Decision::Admitted(_)));
    }
    assert_eq!(commits.load(Ordering::SeqCst), 4);
    // A group of none is one of one.
    let (gate, commits) = shared(Bounds { most: 0, wait: FOREVER }, 0);
    assert!(matches!(admit(&gate, 1), Decision::Admitted(_)));
    assert_eq!(commits.load(Ordering::SeqCst), 2);
}

#[test]
fn a_failed_commit_admits_nobody_of_its_group() {
    let (gate, _) = shared(Bounds { most: 4, wait: FOREVER }, 2);
    let reasons: Vec<_> = together(&gate, 1..5).iter().map(Decision::reason).collect();
    assert_eq!(reasons, [Reason::NotRecorded; 4]);
    let reasons: Vec<_> = together(&gate, 1..5).iter().map(Decision::reason).collect();
    assert_eq!(reasons, [Reason::CoPayment; 4], "it recovered");
}

#[test]
fn other_work_comes_between_two_groups() {
    // Work ends the wait for more: a seal is not kept waiting by a reader that waits for company.
    let (gate, commits) = shared(Bounds { most: 2, wait: FOREVER }, 0);
    let reader = {
        let gate = gate.clone();
        thread::spawn(move || admit(&gate, 1))
    };
    while gate.with(|gate| gate.log().size()).unwrap() < 3 {
        thread::yield_now();
    }
    assert!(matches!(reader.join().unwrap(), Decision::Admitted(_)));
    let sealed = gate.with(|gate| gate.seal().unwrap()).unwrap().unwrap();
    assert_eq!((sealed.size(), commits.load(Ordering::SeqCst)), (3, 3));

    assert!(gate.close().is_some() && gate.close().is_none());
    assert_eq!(admit(&gate, 2).reason(), Reason::Internal);
    assert_eq!(gate.with(|gate| gate.log().size()), None);
}

#[test]
fn after_a_panic_there_is_no_gate_any_more() {
    let (gate, _) = shared(Bounds { most: 2, wait: FOREVER }, 0);
    let other = gate.clone();
    let panics = thread::spawn(move || other.with(|_| panic!("the panic of a test, printed on purpose")));
    assert!(panics.join().is_err());
    assert_eq!(admit(&gate, 1).reason(), Reason::Internal);
    assert_eq!((gate.read(|gate| gate.log().size()), gate.with(|gate| gate.log().size())), (None, None));
    assert!(gate.close().is_none());
}

type Outcome = Result<Ingested, IngestError<MemoryError>>;

/// A shared ledger with two gates enrolled by its first two commits, and a segment of each of them.
fn shared_ledger(bounds: Bounds, fails_at: u64) -> (SharedLedger<Counting>, Arc<AtomicU64>, [Segment; 2]) {
    let commits = Arc::new(AtomicU64::new(0));
    let storage = Counting { commits: Arc::clone(&commits), fails_at, ..Counting::default() };
    let city = id(CITIES[0]);
    let trust = bundle().trust().clone();
    let mut ledger = Ledger::open(storage, city, secret(CITIES[0], Role::Log), trust, Default::default()).unwrap();
    let segments = [1, 2].map(|number| {
        let gate = GateId { member: city, number };
        let certificate = gate_certificate(gate);
        ledger.enrol(&certificate, time(OPEN)).unwrap();
        let mut gate = Gate::open(MemoryStorage::new(), gate_secret(gate), &certificate, bundle(), time(OPEN)).unwrap();
        gate.seal().unwrap();
        gate.segment(0).unwrap().unwrap()
    });
    (SharedLedger::new(ledger, bounds), commits, segments)
}

/// Each segment from a thread of its own, all at once.
fn brought(ledger: &SharedLedger<Counting>, segments: &[Segment; 2]) -> Vec<Outcome> {
    let bring = |segment: &Segment| {
        let (ledger, segment) = (ledger.clone(), segment.clone());
        thread::spawn(move || ledger.ingest(segment, time(OPEN)).unwrap())
    };
    let threads = segments.each_ref().map(bring);
    threads.map(|thread| thread.join().unwrap()).into()
}

#[test]
fn segments_are_committed_once_and_each_gate_gets_its_answer() {
    let (ledger, commits, segments) = shared_ledger(Bounds { most: 2, wait: FOREVER }, 0);
    let outcomes = brought(&ledger, &segments);
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Ok(Ingested::Accepted { records: 2, .. }))),
        "{outcomes:?}"
    );
    assert_eq!(commits.load(Ordering::SeqCst), 3);
    let damaged = Segment { checkpoint: String::new(), ..segments[0].clone() };
    let outcomes = brought(&ledger, &[segments[1].clone(), damaged]);
    assert!(matches!(outcomes[..], [Ok(Ingested::Duplicate), Err(IngestError::Checkpoint(_))]), "{outcomes:?}");
    let ledger = ledger.close().unwrap();
    assert_eq!(ledger.log().size(), 4);
    ledger.log().verify(ledger.storage()).unwrap();
}

#[test]
fn a_failed_commit_takes_no_segment_of_its_group() {
    let (ledger, _, segments) = shared_ledger(Bounds { most: 2, wait: FOREVER }, 3);
    let (mut store, mut unsure) = (0, 0);
    for outcome in brought(&ledger, &segments) {
        match outcome {
            Err(IngestError::Ledger(LedgerError::Log(_))) => store += 1,
            Err(IngestError::Ledger(LedgerError::Unsure)) => unsure += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((store, unsure), (1, 1));
    ledger.with(Ledger::recover).unwrap().unwrap();
    assert!(brought(&ledger, &segments).iter().all(|outcome| matches!(outcome, Ok(Ingested::Accepted { .. }))));
    assert!(ledger.close().is_some() && ledger.close().is_none());
    assert!(ledger.ingest(segments[0].clone(), time(OPEN)).is_none());
    assert_eq!(ledger.with(|ledger| ledger.log().size()), None);
}
