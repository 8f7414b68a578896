//! Durable stores behind the traits of [`onecard`], and logs published as plain files.
//!
//! [`RedbStorage`] keeps logs in one file, for gates and city ledgers. [`directory`] writes a log in
//! the C2SP tlog-tiles layout, for others to fetch and audit, and reads such a directory back.
#![forbid(unsafe_code)]

pub mod directory;
mod redb_storage;

pub use redb_storage::{RedbStorage, StoreError};
