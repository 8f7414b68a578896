//! The core's costs, each beside `ed25519-dalek`'s `verify` in the same run: ratios travel between
//! machines, times do not. See `benches/README.md`.
//!
//! An entry is one function here and one line in the groups at the bottom.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::Verifier as _;
use onecard::crypto::{SigningKey, VerifyingKey};
use onecard::wire::cose::{Expect, Headers, Sign1, Typ, sign1};
use onecard::wire::text;
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

// Next, as their modules come: pass verify, gate decide, log append.
criterion_group!(benches, verify, wire);
criterion_main!(benches);
