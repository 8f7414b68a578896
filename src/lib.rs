//! onecard: the verification core of an interoperable culture-tourism pass.
//!
//! Cities issue signed passes; gates of any city check them offline and write each redemption into
//! an append-only, hash-chained journal; the cities witness each other's ledgers, find over-use, and
//! settle money from them. This crate is the pure core of that: bytes, times and keys come in,
//! values come out. It does no I/O, reads no clock and draws no randomness; storage is a trait.
//!
//! The modules are floors, each using only those before it:
//!
//! | module | what it is |
//! |---|---|
//! | [`limits`], [`time`], [`id`] | size caps; time and service days; the names of things |
//! | [`crypto`] | hashes and Ed25519 keys, one acceptance rule |
//! | [`wire`] | deterministic CBOR, COSE, CWT, the QR text |
//! | [`tlog`] | Merkle tree, signed notes, checkpoints, logs, replicas, witnesses |
//! | [`product`] | what a pass is good for: grants, usage, [`product::entitle`] |
//! | [`trust`] | trust list, catalogues, status lists, gate certificates, the bundle of them |
//! | [`pass`] | issue, present, verify |
//! | [`gate`] | one decision for each scan, recorded before it is told |
//! | [`ledger`] | a city's ledger: ingest, checkpoints, receipts; the view of all passes |
//! | [`audit`] | replay of everything, findings, over-use, settlement |
//! | [`snapshot`] | what one process keeps for itself; the only user of bincode |
//!
//! `pass` and `tlog` know nothing of each other; `gate` is the first to know both.
//!
//! Every verified type has private fields and is made by verification alone. Every decoder checks
//! size before content and accepts exactly one encoding. Nothing here panics on any input.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::too_many_lines,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod audit;
pub mod crypto;
pub mod gate;
pub mod id;
pub mod ledger;
pub mod limits;
pub mod pass;
pub mod product;
pub mod snapshot;
pub mod time;
pub mod tlog;
pub mod trust;
pub mod wire;

pub use crypto::{Hash, SigningKey, VerifyingKey, sha256};
pub use gate::{Decision, Gate, Reason, Scan};
pub use id::{GateId, MemberId, PassId, PassKey, ProductRef, VenueId};
pub use ledger::{Ledger, Receipt};
pub use time::UnixTime;
pub use trust::{Bundle, TrustList};

/// The README's Rust examples, compiled and run as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
