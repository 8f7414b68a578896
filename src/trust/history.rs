//! The trust lists one after the other: which was in force when.
//!
//! A key that is gone from the newest list has signed things while it was in an older one. Whoever
//! has to verify what is old, an auditor, a ledger that opens, the holder of a receipt, keeps the
//! lists and asks the one that was in force then.

use super::error::TrustError;
use super::list::TrustList;
use super::member::{KeyEntry, Member, Role};
use crate::crypto::{Kid, Verifier};
use crate::time::UnixTime;

/// Where the key of a signature is looked up: one trust list, or the one of several that was in
/// force.
pub trait Keys {
    /// The key with this id, if it had `role` at `at`.
    ///
    /// # Errors
    /// [`TrustError::UnknownKey`], [`TrustError::WrongRole`], [`TrustError::KeyTime`].
    fn key(&self, kid: Kid, role: Role, at: UnixTime) -> Result<(&Member, &KeyEntry), TrustError>;

    /// The key of an entry, with its table if there is one: see [`TrustList::prepare`].
    fn verifier<'a>(&'a self, entry: &'a KeyEntry) -> Verifier<'a>;
}

impl Keys for TrustList {
    fn key(&self, kid: Kid, role: Role, at: UnixTime) -> Result<(&Member, &KeyEntry), TrustError> {
        self.key(kid, role, at)
    }

    fn verifier<'a>(&'a self, entry: &'a KeyEntry) -> Verifier<'a> {
        self.verifier(entry)
    }
}

/// Verified trust lists, each following the one before.
#[derive(Clone, Debug)]
pub struct TrustHistory {
    /// Ascending by sequence, without gaps.
    earlier: Vec<TrustList>,
    newest: TrustList,
}

impl From<TrustList> for TrustHistory {
    /// A history that starts with a list: the first of a federation, or a later one that was pinned.
    fn from(first: TrustList) -> Self {
        Self { earlier: Vec::new(), newest: first }
    }
}

impl TrustHistory {
    /// Takes the list that follows the newest one.
    ///
    /// # Errors
    /// [`TrustError`], as [`TrustList::update`]; nothing changes then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TrustError> {
        let next = self.newest.update(bytes)?;
        self.earlier.push(core::mem::replace(&mut self.newest, next));
        Ok(())
    }

    /// The list that this history starts with.
    #[must_use]
    pub fn first(&self) -> &TrustList {
        self.earlier.first().unwrap_or(&self.newest)
    }

    /// The newest list.
    #[must_use]
    pub const fn newest(&self) -> &TrustList {
        &self.newest
    }

    /// The lists, ascending by sequence.
    pub fn lists(&self) -> impl DoubleEndedIterator<Item = &TrustList> {
        self.earlier.iter().chain([&self.newest])
    }

    /// The list of this sequence.
    #[must_use]
    pub fn list(&self, sequence: u64) -> Option<&TrustList> {
        self.lists().find(|list| list.sequence() == sequence)
    }

    /// The list in force at `time`: the newest that was issued by then. Before the first one the first
    /// speaks, for what its keys' validity reaches back to.
    #[must_use]
    pub fn at(&self, time: UnixTime) -> &TrustList {
        self.lists().rev().find(|list| list.issued() <= time).unwrap_or_else(|| self.first())
    }
}

impl Keys for TrustHistory {
    /// As the list in force at `at` has it.
    fn key(&self, kid: Kid, role: Role, at: UnixTime) -> Result<(&Member, &KeyEntry), TrustError> {
        self.at(at).key(kid, role, at)
    }

    fn verifier<'a>(&'a self, entry: &'a KeyEntry) -> Verifier<'a> {
        // A key may have left with its table, so the list that has one is asked.
        let mut verifiers = self.lists().rev().map(|list| list.verifier(entry));
        verifiers.find(|verifier| matches!(verifier, Verifier::Known(_))).unwrap_or_else(|| (&entry.key).into())
    }
}

#[cfg(test)]
#[path = "tests/history.rs"]
mod tests;
