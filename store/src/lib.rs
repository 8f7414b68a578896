//! Durable stores behind the traits of [`onecard`], and logs published as plain files.
//!
//! [`RedbStorage`] keeps logs in one file, for gates and city ledgers. [`publish`] writes a log in the
//! C2SP tlog-tiles layout, for others to fetch; [`Folder`] reads what was published, to be audited.
#![forbid(unsafe_code)]

mod directory;
mod medium;
mod redb_storage;

pub use directory::{Folder, FolderError, PublishError, publish};
pub use redb_storage::{RedbStorage, StoreError};
