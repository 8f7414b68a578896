//! What is allocated and what is left in freed memory, seen from the allocator.
//!
//! Verifying allocates nothing, so that its cost does not depend on the allocator and no input can make
//! it take memory; a secret key leaves no trace on the heap.
#![expect(unsafe_code, reason = "an allocator")]

use onecard::crypto::{KnownKey, PendingSignature, SigningKey};
use onecard::gate::{Decision, Gate, Reason, Scan};
use onecard::id::{GateId, PassId};
use onecard::pass::{self, Audience, Check, PassError};
use onecard::tlog::{Chain, Log, LogKey, MemoryStorage, Storage as _, link_hash, verify_inclusion};
use onecard::trust::{Bundle, Role};
use onecard::wire::text;
use onecard_testkit::day;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::mem::ManuallyDrop;

const SEED: [u8; 32] = *b"the seed that nobody should find";

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Blocks of this size are searched for [`SEED`] when they are freed.
    static SEARCHED: Cell<Option<usize>> = const { Cell::new(None) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

struct Watching;

#[global_allocator]
static WATCHING: Watching = Watching;

// SAFETY: every block comes from `System` and goes back to it with its layout.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if SEARCHED.get() == Some(layout.size()) {
            // SAFETY: the block is still ours, and the tests only search types without padding.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            let found = bytes.windows(SEED.len()).filter(|window| *window == SEED).count();
            FOUND.set(FOUND.get() + found);
        }
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

fn allocations<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.get();
    let result = run();
    (ALLOCATIONS.get() - before, result)
}

/// How often the seed is in the memory of `value` when that is freed.
fn left_by<T>(value: T) -> usize {
    let boxed = Box::new(value);
    FOUND.set(0);
    SEARCHED.set(Some(size_of::<T>()));
    drop(boxed);
    SEARCHED.set(None);
    FOUND.get()
}

#[test]
fn the_watch_works() {
    assert_eq!(allocations(|| black_box(vec![1_u8; 100])).0, 1);
    assert_eq!(allocations(|| black_box([1_u8; 100])).0, 0);
    assert_eq!(left_by(SEED), 1);
    assert_eq!(left_by([0_u8; 32]), 0);
}

#[test]
fn secret_keys_are_wiped_when_they_are_dropped() {
    let key = SigningKey::from_seed(&SEED);
    assert_eq!(left_by(ManuallyDrop::new(key.clone())), 1, "not dropped, it is found");
    assert_eq!(left_by(ManuallyDrop::new(key.to_seed())), 1, "not dropped, it is found");
    assert_eq!(left_by(key.to_seed()), 0);
    assert_eq!(left_by(key.clone()), 0);
    assert_eq!(left_by(key), 0);
}

fn prepared() -> Bundle {
    let mut bundle = day::bundle();
    bundle.prepare(Role::Issuer, day::time(day::OPEN));
    bundle
}

/// From the text of a code to the verdict, good or bad, with a prepared key or without: nothing.
#[test]
fn verifying_a_pass_allocates_nothing() {
    let pass = day::pass(day::CITIES[0], 1, 1, |_| {});
    let paper = text::encode(&day::paper(day::CITIES[0], 2));
    let code = day::code(&pass, 1, day::OPEN);
    let mut forged = text::decode(code.as_bytes()).unwrap().as_slice().to_vec();
    *forged.last_mut().unwrap() ^= 0x08;
    let forged = text::encode(&forged);
    let now = day::time(day::OPEN);
    for bundle in [day::bundle(), prepared()] {
        let verify = |code: &str, now| {
            allocations(|| {
                let shown = text::decode(code.as_bytes()).unwrap();
                let presented = pass::verify(shown.as_slice(), bundle.trust(), Audience::Federation, now);
                presented.map(|presented| presented.claims().pass)
            })
        };
        let id = |number| Ok(PassId::from_bytes([number; 10]));
        assert_eq!(verify(&code, now), (0, id(1)));
        assert_eq!(verify(&paper, now), (0, id(2)));
        assert_eq!(verify(&forged, now), (0, Err(PassError::HolderSignature)));
        assert_eq!(verify(&code, day::time(day::OPEN + 61)), (0, Err(PassError::Late(61))));
    }
}

/// Many at once need room for their verdicts, but not more often for more of them.
#[test]
fn verifying_many_passes_allocates_a_few_times() {
    let bundle = prepared();
    let codes: Vec<_> = (0..100).map(|number| day::paper(day::CITIES[0], number)).collect();
    let checks: Vec<Check<'_>> = codes
        .iter()
        .map(|shown| Check { shown, trust: bundle.trust(), audience: Audience::Federation, now: day::time(day::OPEN) })
        .collect();
    let (few, verdicts) = allocations(|| pass::verify_all(&checks[..10]));
    assert!(verdicts.iter().all(Result::is_ok));
    let (many, verdicts) = allocations(|| pass::verify_all(&checks));
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(few, many);
    assert!(many <= 8, "{many}");
}

#[test]
fn verifying_signatures_allocates_nothing() {
    let secret = SigningKey::from_seed(&[1; 32]);
    let known = KnownKey::new(secret.verifying_key());
    let signature = secret.sign(b"message");
    assert_eq!(allocations(|| known.verify(b"message", &signature)), (0, Ok(())));
    assert_eq!(allocations(|| known.key().verify(b"message", &signature)), (0, Ok(())));
    let pending = [known.begin(&[b"message"], &signature).unwrap(); 100];
    assert_eq!(allocations(|| PendingSignature::settle_all(&pending).all(|verdict| verdict.is_ok())), (0, true));
}

/// An entry replayed, and an entry proved.
#[test]
fn verifying_an_entry_of_a_log_allocates_nothing() {
    let origin = "onecard.test/310101";
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, LogKey(0), origin).unwrap();
    let mut chain = Chain::new(origin);
    let mut batch = log.begin();
    let (mut previous, mut proved) = (chain.link(), chain.link());
    for number in 0..1_000_u16 {
        let body = number.to_be_bytes();
        batch.push(&body, None).unwrap();
        if number == 700 {
            previous = chain.link();
        }
        let (replaying, link) = allocations(|| chain.push(&body).unwrap());
        assert_eq!(replaying, 0, "entry {number}");
        if number == 700 {
            proved = link;
        }
    }
    storage.commit(&batch.take_writes()).unwrap();
    log.apply(batch).unwrap();
    let proof = log.inclusion_proof(&storage, 700, 1_000).unwrap();
    let (proving, verdict) = allocations(|| {
        let link = link_hash(&previous, &700_u16.to_be_bytes());
        assert_eq!(link, proved);
        verify_inclusion(700, 1_000, &link, &proof, &chain.root())
    });
    assert_eq!((proving, verdict), (0, Ok(())));
    assert_eq!(log.root(), chain.root());
}

/// A decision takes what its record and the commit need, and no more for a longer journal. Measured: 14 to 25 times for
/// an entry, nine of ten at most 16; 3 or 4 for a refusal.
#[test]
fn a_gate_decision_allocates_a_few_times() {
    let gate = GateId { member: day::id(day::CITIES[0]), number: 1 };
    let (key, certificate) = (day::gate_secret(gate), day::gate_certificate(gate));
    let storage = MemoryStorage::new();
    let mut gate = Gate::open(storage, key, &certificate, prepared(), day::time(day::OPEN)).unwrap();
    for number in 0..600_i64 {
        let at = day::OPEN + 3 * number;
        let mut pass = [7; 10];
        pass[2..].copy_from_slice(&number.to_be_bytes());
        let pass = day::pass(day::CITIES[0], 1, 1, |claims| claims.pass = PassId::from_bytes(pass));
        let code = day::code(&pass, 1, at);
        let (count, decision) = allocations(|| gate.admit(Scan::text(code.as_bytes()), day::time(at)));
        assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
        assert!(count <= 32, "{count} for entry {number}");
        let (count, decision) = allocations(|| gate.admit(Scan::text(code.as_bytes()), day::time(at + 61)));
        assert_eq!(decision.reason(), Reason::CodeExpired);
        assert!(count <= 8, "{count} for a refusal after entry {number}");
    }
}
