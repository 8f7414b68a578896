//! Durable stores behind the traits of [`onecard`], and logs published as plain files.
//!
//! [`RedbStorage`] keeps logs in one file, for gates and city ledgers. [`publish`] writes a log in the
//! C2SP tlog-tiles layout, for others to fetch; [`Folder`] reads what was published, to be audited, and
//! [`rebuild`] makes a store of it. [`Remains`] reads what a damaged file still holds. [`SharedGate`]
//! commits at once what several readers of a gate scan, [`SharedLedger`] what several gates send; both are
//! [`Shared`] among threads.
//!
//! What is promised, and which test shows it, is in `docs/durability.md`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::too_many_lines))]

mod directory;
mod medium;
mod names;
mod process;
mod rebuild;
mod redb_storage;
mod remains;
mod shared;
mod shared_gate;
mod shared_ledger;
#[cfg(test)]
mod tests;

pub use directory::{Folder, FolderError, Lost, PublishError, publish, publish_sound};
pub use process::{Call, Calls};
pub use rebuild::{Published, RebuildError, content_digest, rebuild};
pub use redb_storage::{RedbStorage, StoreError};
pub use remains::Remains;
pub use shared::{Bounds, Shared};
pub use shared_gate::SharedGate;
pub use shared_ledger::SharedLedger;
