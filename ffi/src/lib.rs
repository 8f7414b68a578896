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

mod key;
mod meta;
mod ptr;
mod status;
mod text;

pub use key::{onecard_key_check, onecard_signature_verify};
pub use meta::{onecard_status_text, onecard_version};
pub use status::{Lang, Status};
pub use text::{onecard_text_decode, onecard_text_encode};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an exported function; a panic becomes [`Status::Panic`].
///
/// No state outlives a call, so there is nothing a panic could leave half changed.
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
