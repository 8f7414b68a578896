//! The list of all targets.

use super::{
    audit, bundle, c_abi, catalogue, cbor, checkpoint, cose_sign, cose_sign1, entitle, gate, gate_certificate, ingest,
    known_key, ledger_entry, log, merkle, note, over_use, pass, pass_rules, policy, presentation, product, qr_text,
    receipt, record, segment, snapshot, statement, status_list, tile_path, tlog_proof, trust_list, trust_rules,
    usage_digest, verify_key, view, witness,
};

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
pub const TARGETS: [Target; 38] = [
    Target { name: "audit", run: audit::run, seeds: audit::seeds },
    Target { name: "bundle", run: bundle::run, seeds: bundle::seeds },
    Target { name: "c_abi", run: c_abi::run, seeds: c_abi::seeds },
    Target { name: "catalogue", run: catalogue::run, seeds: catalogue::seeds },
    Target { name: "cbor", run: cbor::run, seeds: cbor::seeds },
    Target { name: "checkpoint", run: checkpoint::run, seeds: checkpoint::seeds },
    Target { name: "cose_sign", run: cose_sign::run, seeds: cose_sign::seeds },
    Target { name: "cose_sign1", run: cose_sign1::run, seeds: cose_sign1::seeds },
    Target { name: "entitle", run: entitle::run, seeds: entitle::seeds },
    Target { name: "gate", run: gate::run, seeds: gate::seeds },
    Target { name: "gate_certificate", run: gate_certificate::run, seeds: gate_certificate::seeds },
    Target { name: "ingest", run: ingest::run, seeds: ingest::seeds },
    Target { name: "known_key", run: known_key::run, seeds: known_key::seeds },
    Target { name: "ledger_entry", run: ledger_entry::run, seeds: ledger_entry::seeds },
    Target { name: "log", run: log::run, seeds: log::seeds },
    Target { name: "merkle", run: merkle::run, seeds: merkle::seeds },
    Target { name: "note", run: note::run, seeds: note::seeds },
    Target { name: "over_use", run: over_use::run, seeds: over_use::seeds },
    Target { name: "pass", run: pass::run, seeds: pass::seeds },
    Target { name: "pass_rules", run: pass_rules::run, seeds: pass_rules::seeds },
    Target { name: "policy", run: policy::run, seeds: policy::seeds },
    Target { name: "presentation", run: presentation::run, seeds: presentation::seeds },
    Target { name: "product", run: product::run, seeds: product::seeds },
    Target { name: "qr_text", run: qr_text::run, seeds: qr_text::seeds },
    Target { name: "receipt", run: receipt::run, seeds: receipt::seeds },
    Target { name: "record", run: record::run, seeds: record::seeds },
    Target { name: "segment", run: segment::run, seeds: segment::seeds },
    Target { name: "snapshot", run: snapshot::run, seeds: snapshot::seeds },
    Target { name: "statement", run: statement::run, seeds: statement::seeds },
    Target { name: "status_list", run: status_list::run, seeds: status_list::seeds },
    Target { name: "tile_path", run: tile_path::run, seeds: tile_path::seeds },
    Target { name: "tlog_proof", run: tlog_proof::run, seeds: tlog_proof::seeds },
    Target { name: "trust_list", run: trust_list::run, seeds: trust_list::seeds },
    Target { name: "trust_rules", run: trust_rules::run, seeds: trust_rules::seeds },
    Target { name: "usage_digest", run: usage_digest::run, seeds: usage_digest::seeds },
    Target { name: "verify_key", run: verify_key::run, seeds: verify_key::seeds },
    Target { name: "view", run: view::run, seeds: view::seeds },
    Target { name: "witness", run: witness::run, seeds: witness::seeds },
];
