//! Bodies of the fuzz targets: plain functions over bytes that assert properties.
//!
//! They know nothing of the fuzzer. `fuzz_targets/` runs them under libFuzzer, and `tests/corpus_replay.rs` of the root
//! package runs them over the committed corpora on stable.

pub mod audit;
pub mod bundle;
pub mod c_abi;
pub mod calls;
pub mod catalogue;
pub mod cbor;
pub mod checkpoint;
pub mod cose_sign;
pub mod cose_sign1;
pub mod entitle;
mod federation;
pub mod gate;
pub mod gate_certificate;
pub mod ingest;
mod input;
pub mod known_key;
pub mod ledger_entry;
pub mod log;
pub mod merkle;
pub mod note;
pub mod over_use;
pub mod pass;
pub mod pass_rules;
pub mod policy;
pub mod presentation;
pub mod product;
mod products;
pub mod qr_text;
pub mod receipt;
pub mod record;
pub mod segment;
mod site;
pub mod snapshot;
pub mod statement;
pub mod status_list;
mod targets;
pub mod tile_path;
pub mod tlog_proof;
pub mod trust_list;
pub mod trust_rules;
pub mod usage_digest;
pub mod verify_key;
pub mod view;
pub mod witness;

pub use input::drawn;
pub use targets::TARGETS;
