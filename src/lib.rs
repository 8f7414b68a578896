//! onecard.
#![forbid(unsafe_code)]
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
