//! Durable stores behind the traits of [`onecard`], and logs published as plain files.
//!
//! [`RedbStorage`] keeps logs in one file, for gates and city ledgers. [`publish`] writes a log in the
//! C2SP tlog-tiles layout, for others to fetch; [`Folder`] reads what was published, to be audited.
#![forbid(unsafe_code)]

#[cfg(test)]
#[path = "../../examples/four_cities/chance.rs"]
#[allow(dead_code, reason = "the example uses all of it")]
mod chance;
mod directory;
#[cfg(test)]
mod fault_tests;
mod medium;
mod redb_storage;
#[cfg(test)]
mod simulated;

pub use directory::{Folder, FolderError, PublishError, publish};
pub use redb_storage::{RedbStorage, StoreError};
