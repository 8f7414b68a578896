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
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod buffer;
mod bundle;
mod gate;
mod key;
mod meta;
mod pass;
mod ptr;
mod reason;
mod status;
mod text;

pub use buffer::{Buffer, onecard_buffer_data, onecard_buffer_free};
pub use bundle::{
    Bundle, onecard_bundle_free, onecard_bundle_load, onecard_bundle_new, onecard_bundle_save,
    onecard_bundle_update_catalogue, onecard_bundle_update_status, onecard_bundle_update_trust,
};
pub use gate::{
    Decision, Gate, ONECARD_ADMIT_IDENTITY_CHECKED, onecard_gate_admit, onecard_gate_annul, onecard_gate_create,
    onecard_gate_free, onecard_gate_open, onecard_gate_seal, onecard_gate_segment,
};
pub use key::{onecard_key_check, onecard_signature_verify};
pub use meta::{onecard_status_text, onecard_version};
pub use pass::{Claims, ListAge, Listed, ProofKind, onecard_presentation_verify};
pub use reason::{Reason, Severity, onecard_reason_severity, onecard_reason_text};
pub use status::{Lang, Status};
pub use text::{onecard_text_decode, onecard_text_encode};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an exported function; a panic becomes [`Status::Panic`].
///
/// What outlives a call is in a handle, which a panic poisons: see `ptr::Handle`.
fn run(body: impl FnOnce() -> Result<(), Status>) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(status)) => status,
        Err(_) => Status::Panic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        let status = run(|| panic!("the panic of a test, printed on purpose"));
        assert_eq!(status, Status::Panic);
        assert_eq!(run(|| Err(Status::Length)), Status::Length);
        assert_eq!(run(|| Ok(())), Status::Ok);
    }
}
