//! Bodies of the fuzz targets: plain functions over bytes that assert properties.
//!
//! They know nothing of the fuzzer. `fuzz_targets/` runs them under libFuzzer, and
//! `tests/corpus_replay.rs` of the root package includes this very file and runs them over the
//! committed corpora on stable.

pub mod cbor;
pub mod cose_sign;
pub mod cose_sign1;
pub mod qr_text;
pub mod verify_key;

/// A target: its name is that of its module, its binary and its corpus directory.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Panics when a property does not hold for this input.
    pub run: fn(&[u8]),
    /// Inputs to start from, each with a name for its file.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
}

/// Every target.
pub const TARGETS: [Target; 5] = [
    Target { name: "cbor", run: cbor::run, seeds: cbor::seeds },
    Target { name: "cose_sign", run: cose_sign::run, seeds: cose_sign::seeds },
    Target { name: "cose_sign1", run: cose_sign1::run, seeds: cose_sign1::seeds },
    Target { name: "qr_text", run: qr_text::run, seeds: qr_text::seeds },
    Target { name: "verify_key", run: verify_key::run, seeds: verify_key::seeds },
];
