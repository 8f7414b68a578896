//! The core's costs, each beside `ed25519-dalek`'s `verify` in the same run: ratios travel between
//! machines, times do not. See `benches/README.md`.
//!
//! An entry is one function here and one line in the groups at the bottom.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ed25519_dalek::Verifier as _;
use onecard::crypto::{Hash, KnownKey, PendingSignature, SigningKey, VerifyingKey, sha256};
use onecard::gate::Scan;
use onecard::pass::{self, Audience, Check};
use onecard::tlog::{Chain, Log, LogKey, MemoryStorage, Storage};
use onecard::trust::Role;
use onecard::wire::cose::{Expect, Headers, Sign1, Typ, sign1};
use onecard::wire::text;
use onecard_testkit::day;
use std::hint::black_box;

const TYP: Typ = Typ::ContentFormat(293);

/// As long as the claims of a pass: with its envelope 245 bytes.
const PAYLOAD: [u8; 156] = [0x40; 156];

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// One message, one signature: the reference of every ratio, and our rule beside the peer's.
fn verify(c: &mut Criterion) {
    let message = [0x5a; 200];
    let signature = key().sign(&message);
    let key = key().verifying_key();
    let peer = ed25519_dalek::VerifyingKey::from_bytes(key.as_bytes()).expect("a good key");
    let peer_signature = signature.into();

    let mut group = c.benchmark_group("verify");
    group.bench_function("ed25519-dalek verify", |b| b.iter(|| peer.verify(black_box(&message), &peer_signature)));
    group.bench_function("ed25519-dalek verify_strict", |b| {
        b.iter(|| peer.verify_strict(black_box(&message), &peer_signature));
    });
    group.bench_function("onecard verify", |b| b.iter(|| key.verify(black_box(&message), &signature)));
    // Another signature each time: one alone would find its table entries in the nearest cache.
    let known = KnownKey::new(key);
    let many: Vec<_> = (0..=u8::MAX).map(|n| ([n; 200], self::key().sign(&[n; 200]))).collect();
    let mut next = many.iter().cycle();
    group.bench_function("onecard verify under a known key", |b| {
        b.iter(|| next.next().map(|(message, signature)| known.verify(black_box(message), signature)));
    });
    group.throughput(Throughput::Elements(64));
    group.bench_function("onecard verify under a known key, 64 at once", |b| {
        b.iter(|| {
            let begun = next.by_ref().take(64).map(|(message, signature)| known.begin(&[message], signature));
            let pending: Vec<PendingSignature> = begun.flatten().collect();
            PendingSignature::settle_all(black_box(&pending)).all(|verdict| verdict.is_ok())
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("onecard table of a known key", |b| b.iter(|| KnownKey::new(black_box(key))));
    group.bench_function("onecard holder's key decode and verify", |b| {
        b.iter(|| {
            VerifyingKey::from_signed_bytes(black_box(key.as_bytes())).map(|key| key.verify(&message, &signature))
        });
    });
    group.bench_function("onecard registered key decode", |b| {
        b.iter(|| VerifyingKey::from_bytes(black_box(key.as_bytes())));
    });
    group.finish();
}

/// What comes before the signature.
fn wire(c: &mut Criterion) {
    let headers = Headers { kid: Some(key().verifying_key().kid()), kcwt: None };
    let pass = sign1(&key(), TYP, headers, &PAYLOAD);
    assert_eq!(pass.len(), 245, "the benchmark's pass is not as long as the budget");
    let qr = text::encode(&pass);

    let mut group = c.benchmark_group("wire");
    group.bench_function("Sign1 decode, 245 bytes", |b| b.iter(|| Sign1::decode(black_box(&pass), TYP, Expect::Kid)));
    group.bench_function("QR text decode, 245 bytes", |b| b.iter(|| text::decode(black_box(qr.as_bytes()))));
    group.finish();
}

/// What a gate and an auditor verify: the whole of what was shown, one or two signatures.
fn pass(c: &mut Criterion) {
    let bundle = day::bundle();
    let (trust, now) = (bundle.trust(), day::time(day::OPEN));
    let pass = day::pass(day::CITIES[0], 1, 1, |_| {});
    let paper = day::paper(day::CITIES[0], 2);
    let shown = text::decode(day::code(&pass, 1, day::OPEN).as_bytes()).expect("a text");
    let verify = |shown: &[u8]| pass::verify(shown, trust, Audience::Federation, now);
    assert!(verify(shown.as_slice()).is_ok() && verify(&paper).is_ok());

    let mut prepared = trust.clone();
    prepared.prepare(Role::Issuer, now);
    let check = |shown| Check { shown, trust: &prepared, audience: Audience::Federation, now };
    let papers: Vec<Vec<u8>> = (0..=u8::MAX).map(|number| day::paper(day::CITIES[0], number)).collect();
    let papers: Vec<Check<'_>> = papers.iter().map(|paper| check(paper.as_slice())).collect();
    let shown_by = |number| {
        let pass = day::pass(day::CITIES[0], number, 1, |_| {});
        text::decode(day::code(&pass, number, day::OPEN).as_bytes()).expect("a text")
    };
    let codes: Vec<_> = (0..=u8::MAX).map(shown_by).collect();
    let codes: Vec<Check<'_>> = codes.iter().map(|code| check(code.as_slice())).collect();
    let alone = |check: &Check<'_>| pass::verify(check.shown, check.trust, check.audience, check.now);
    assert!(papers.iter().chain(&codes).all(|check| alone(check).is_ok()));

    let mut group = c.benchmark_group("pass");
    group.bench_function("pass verify (paper, one signature)", |b| b.iter(|| verify(black_box(&paper))));
    group.bench_function("pass verify (presentation, two signatures)", |b| {
        b.iter(|| verify(black_box(shown.as_slice())));
    });
    for (what, checks) in [("paper, one signature", &papers), ("presentation, two signatures", &codes)] {
        let mut next = checks.iter().cycle();
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("pass verify ({what}, issuer's key known)"), |b| {
            b.iter(|| next.next().map(|check| alone(black_box(check))));
        });
        let mut next = checks.chunks_exact(64).cycle();
        group.throughput(Throughput::Elements(64));
        group.bench_function(format!("pass verify ({what}, issuer's key known, 64 at once)"), |b| {
            b.iter(|| next.next().map(|checks| pass::verify_all(black_box(checks))));
        });
    }
    group.finish();
}

/// From the scanned text to the recorded answer, on a store in memory.
fn gate(c: &mut Criterion) {
    let pass = day::pass(day::CITIES[0], 1, 1, |_| {});
    let code = day::code(&pass, 1, day::OPEN);
    let now = day::time(day::OPEN);
    let open = || day::Day::open().cities.swap_remove(0).gates.swap_remove(0);

    let mut group = c.benchmark_group("gate");
    group.bench_function("gate decide (admitted, recorded in memory)", |b| {
        b.iter_batched_ref(open, |gate| gate.admit(Scan::text(code.as_bytes()), now), BatchSize::LargeInput);
    });
    let mut gate = open();
    group.bench_function("gate decide (refused: a code too old)", |b| {
        let later = day::time(day::OPEN + 900);
        b.iter(|| gate.admit(Scan::text(black_box(code.as_bytes())), later));
    });
    group.finish();
}

/// Chain and tree of 80-byte bodies, beside the hashing they cannot do without.
fn log(c: &mut Criterion) {
    const ENTRIES: u64 = 1_000;
    let body = [0x5a; 80];
    let mut group = c.benchmark_group("log");
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("SHA-256 of link and body, and of one node, each entry", |b| {
        b.iter(|| {
            let mut link = Hash([0; 32]);
            for _ in 0..ENTRIES {
                link = sha256(&[&[0], &link.0, black_box(&body)]);
                black_box(sha256(&[&[1], &link.0, &link.0]));
            }
            link
        });
    });
    group.bench_function("log append (chain and tree)", |b| {
        b.iter(|| {
            let mut chain = Chain::new("onecard.test/310101");
            for _ in 0..ENTRIES {
                let _ = black_box(chain.push(black_box(&body)));
            }
            chain.root()
        });
    });
    group.bench_function("log append (with the rows of a store, groups of 100)", |b| {
        b.iter_batched_ref(
            || {
                let storage = MemoryStorage::new();
                let log = Log::open(&storage, LogKey(0), "onecard.test/310101").expect("an empty log");
                (storage, log)
            },
            |(storage, log)| {
                for _ in 0..ENTRIES / 100 {
                    let mut batch = log.begin();
                    for _ in 0..100 {
                        batch.push(black_box(&body), None).expect("a short body");
                    }
                    storage.commit(&batch.take_writes()).expect("memory");
                    log.apply(batch).expect("begun here");
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, verify, wire, pass, gate, log);
criterion_main!(benches);
