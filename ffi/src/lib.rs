//! C ABI of onecard: the header `include/onecard.h` is its documentation.
//!
//! From top to bottom: [`Status`], the numbers every function returns; `ptr`, the only module that
//! touches a caller's memory; then one module per group of functions. A function here converts its
//! arguments, calls the root crate, and writes its outputs last: it has no rules of its own.
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
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

mod audit;
mod buffer;
mod bundle;
mod call;
mod constant;
mod desk;
mod erase;
mod error;
mod fixed;
mod gate;
mod health;
mod history;
mod hold;
mod holder;
mod issue;
mod key;
mod ledger;
mod meta;
mod pass;
mod ptr;
mod reason;
mod receipt;
mod status;
mod sync;
mod text;
mod witness;

pub use audit::{Audited, onecard_audit};
pub use buffer::{Buffer, onecard_buffer_data, onecard_buffer_free};
pub use bundle::{
    Bundle, onecard_bundle_free, onecard_bundle_load, onecard_bundle_new, onecard_bundle_prepare, onecard_bundle_save,
    onecard_bundle_update_catalogue, onecard_bundle_update_status, onecard_bundle_update_trust,
};
pub use desk::{
    Totals, onecard_gate_close_day, onecard_gate_close_outage, onecard_gate_compare_clock, onecard_gate_leave,
    onecard_gate_let_in, onecard_gate_open_outage, onecard_gate_refused, onecard_gate_set_clock, onecard_gate_totals,
};
pub use erase::onecard_gate_erase_final;
pub use gate::{
    Decision, Gate, ONECARD_ADMIT_IDENTITY_CHECKED, onecard_gate_admit, onecard_gate_admit_answer,
    onecard_gate_admit_document, onecard_gate_annul, onecard_gate_challenge, onecard_gate_checkpoint,
    onecard_gate_create, onecard_gate_free, onecard_gate_open, onecard_gate_open_after,
    onecard_gate_open_setting_clock, onecard_gate_seal, onecard_gate_segment, onecard_segment_range,
};
pub use health::{
    Certificate, Fault, Piece, PieceKind, Trouble, onecard_bundle_ages, onecard_certificate_verify, onecard_gate_ages,
    onecard_gate_self_test, onecard_trouble_text,
};
pub use history::{
    Checkpoint, History, onecard_checkpoint_verify, onecard_history_add, onecard_history_free, onecard_history_new,
};
pub use holder::{onecard_key_public, onecard_present, onecard_present_answer};
pub use issue::{NewPass, ONECARD_PASS_ID_CHECK, ONECARD_PASS_STATIC_ALLOWED, onecard_pass_issue};
pub use key::{onecard_key_check, onecard_signature_verify};
pub use ledger::{
    Ingested, Ledger, onecard_ledger_add_catalogue, onecard_ledger_add_peer, onecard_ledger_add_status,
    onecard_ledger_adopt, onecard_ledger_checkpoint, onecard_ledger_cosigned, onecard_ledger_create,
    onecard_ledger_enrol, onecard_ledger_free, onecard_ledger_ingest, onecard_ledger_journal_size, onecard_ledger_open,
    onecard_ledger_open_after, onecard_ledger_publish, onecard_ledger_receipt, onecard_ledger_recover,
    onecard_ledger_request, onecard_ledger_retire, onecard_ledger_reverse, onecard_ledger_size,
    onecard_ledger_usage_digest,
};
pub use meta::{onecard_status_text, onecard_version};
pub use pass::{Claims, ListAge, Listed, ProofKind, onecard_answer_verify, onecard_presentation_verify};
pub use reason::{Reason, Severity, onecard_reason_severity, onecard_reason_text};
pub use receipt::{Receipted, RecordKind, onecard_receipt_checkpoint, onecard_receipt_verify};
pub use status::{Lang, Status};
pub use sync::{
    Sync, Use, onecard_gate_save_bundle, onecard_gate_sync, onecard_sync_add_annulment, onecard_sync_add_catalogue,
    onecard_sync_add_digest, onecard_sync_add_ledger, onecard_sync_add_status, onecard_sync_add_trust,
    onecard_sync_add_use, onecard_sync_free, onecard_sync_new,
};
pub use text::{onecard_text_decode, onecard_text_encode};
pub use witness::{
    Witness, onecard_witness_cosign, onecard_witness_create, onecard_witness_free, onecard_witness_open,
    onecard_witness_size,
};
