//! What one scan costs through the C ABI, beside the same scan in Rust, in one run: see `benches/README.md`.
//!
//! Both gates are on the embedded store, and their scans alternate, so that whatever else the machine does meets both
//! alike. Only their own half is counted.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{Criterion, criterion_group, criterion_main};
use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Decision as Answer, Gate as RustGate, Scan};
use onecard::id::PassId;
use onecard::trust::{Bundle as RustBundle, Role};
use onecard::wire::text;
use onecard_ffi::*;
use onecard_store::RedbStorage;
use std::cell::RefCell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use onecard_testkit::federation::{
    self, NOW, anchor, catalogue, certificate, code, gate_seed, pass, presentation, status, time, trust,
};

/// The same gate twice, and codes of passes that neither has seen.
struct Pair {
    rust: RustGate<RedbStorage>,
    c: *mut Gate,
    next: u32,
}

impl Pair {
    fn open(directory: &Path) -> Self {
        let list = trust(1);
        let mut bundle = RustBundle::new(federation::trust_list());
        bundle.update_catalogue(&catalogue(1, 9), time(NOW)).unwrap();
        bundle.update_status(&status(NOW - 100, &[13]), time(NOW)).unwrap();
        bundle.prepare(Role::Issuer, time(NOW));
        let store = RedbStorage::create(&directory.join("rust.redb")).unwrap();
        let key = SigningKey::from_seed(&gate_seed());
        let rust = RustGate::open(store, key, &certificate(), bundle, time(NOW)).unwrap();

        let (anchor, catalogue, status) = (anchor(), catalogue(1, 9), status(NOW - 100, &[13]));
        let (seed, certificate) = (gate_seed(), certificate());
        let path = directory.join("c.redb").to_str().unwrap().to_owned();
        let (mut bundle, mut c) = (null_mut(), null_mut());
        // SAFETY: every slice and slot is good, and the bundle lives until it is freed.
        let done = unsafe {
            [
                onecard_bundle_new(list.as_ptr(), list.len(), anchor.0.as_ptr(), 32, &raw mut bundle),
                onecard_bundle_update_catalogue(bundle, catalogue.as_ptr(), catalogue.len(), NOW),
                onecard_bundle_update_status(bundle, status.as_ptr(), status.len(), NOW),
                onecard_bundle_prepare(bundle, NOW),
                onecard_gate_create(
                    path.as_ptr().cast(),
                    path.len(),
                    seed.as_ptr(),
                    32,
                    certificate.as_ptr(),
                    certificate.len(),
                    bundle,
                    NOW,
                    &raw mut c,
                ),
                onecard_bundle_free(&raw mut bundle),
            ]
        };
        assert_eq!(done, [Status::Ok; 6]);
        Self { rust, c, next: 0 }
    }

    /// A code of a pass that was never shown.
    fn fresh(&mut self) -> String {
        self.next += 1;
        let id = sha256(&[&self.next.to_be_bytes()]);
        let pass = pass(1, |claims| claims.pass = PassId::from_bytes(*id.0.first_chunk().unwrap()));
        text::encode(&presentation(&pass, 1, NOW))
    }

    /// One scan at both, and what each took. Who comes first alternates.
    fn scan(&mut self, code: &str, rust_first: bool) -> (Duration, Duration) {
        let in_rust = |gate: &mut RustGate<RedbStorage>| {
            let begun = Instant::now();
            let decision = gate.admit(Scan::text(black_box(code).as_bytes()), time(NOW));
            (begun.elapsed(), decision)
        };
        let in_c = |gate: *mut Gate| {
            let mut decision = MaybeUninit::<Decision>::uninit();
            let (text, length) = (code.as_ptr().cast(), code.len());
            let begun = Instant::now();
            // SAFETY: the gate is alive, the text and the slot are good.
            let status = unsafe { onecard_gate_admit(black_box(gate), text, length, 1, 0, NOW, decision.as_mut_ptr()) };
            let took = begun.elapsed();
            assert_eq!(status, Status::Ok);
            // SAFETY: written, as the status says.
            (took, unsafe { decision.assume_init() })
        };
        let ((rust, here), (c, there)) = if rust_first {
            let rust = in_rust(&mut self.rust);
            (rust, in_c(self.c))
        } else {
            let c = in_c(self.c);
            (in_rust(&mut self.rust), c)
        };
        assert_eq!(there.reason, u32::from(here.reason().number()), "both decide the same");
        assert_eq!(there.kind == 0, matches!(here, Answer::Admitted(_)));
        (rust, c)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // SAFETY: the gate is alive, and only this frees it.
        assert_eq!(unsafe { onecard_gate_free(&raw mut self.c) }, Status::Ok);
    }
}

fn scans(c: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let pair = RefCell::new(Pair::open(directory.path()));
    let shown_before = pair.borrow_mut().fresh();
    pair.borrow_mut().scan(&shown_before, true);
    let revoked = code(13, NOW, |_| {});
    let kinds: [(&str, &dyn Fn() -> String); 3] = [
        ("refused, revoked", &|| revoked.clone()),
        ("admitted again, nothing to record", &|| shown_before.clone()),
        ("admitted, durable", &|| pair.borrow_mut().fresh()),
    ];
    for (kind, code) in kinds {
        // Of each pair of scans, what they took.
        let took = RefCell::new(Vec::new());
        let run = |count: u64| {
            (0..count)
                .map(|round| {
                    let code = code();
                    let both = pair.borrow_mut().scan(&code, round % 2 == 0);
                    took.borrow_mut().push(both);
                    both
                })
                .fold((Duration::ZERO, Duration::ZERO), |sum, both| (sum.0 + both.0, sum.1 + both.1))
        };
        let mut group = c.benchmark_group(kind);
        group.bench_function("Rust", |b| b.iter_custom(|count| run(count).0));
        group.bench_function("C", |b| b.iter_custom(|count| run(count).1));
        group.finish();
        tell(kind, &took.into_inner());
    }
}

/// The ratio of the medians, over all scans of both halves.
fn tell(kind: &str, took: &[(Duration, Duration)]) {
    let median = |of: fn(&(Duration, Duration)) -> Duration| {
        let mut all: Vec<u128> = took.iter().map(|both| of(both).as_nanos()).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(1)
    };
    let (rust, c) = (median(|both| both.0), median(|both| both.1));
    let count = took.len();
    println!("{kind}: C takes {} per mille of Rust, {c} ns and {rust} ns, {count} scans of each", c * 1_000 / rust);
}

criterion_group!(benches, scans);
criterion_main!(benches);
