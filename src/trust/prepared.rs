//! Tables for those keys of a trust list that verify much: see [`KnownKey`].
//!
//! A table is found by the bytes of the key that the list names, after the list said that the key may be
//! used for what it is used for. So tables decide nothing but how long verifying takes.

use super::list::{KeyEntry, Role, TrustList};
use crate::crypto::{KnownKey, Verifier, VerifyingKey};
use crate::time::UnixTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tables that a trust list has, shared by its copies and by the lists that follow it.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    role: Option<Role>,
    tables: BTreeMap<VerifyingKey, Arc<KnownKey>>,
}

impl TrustList {
    /// Most keys of a list that have a table: 40 MiB.
    pub const MAX_PREPARED: usize = 64;

    /// Makes tables for the keys of `role` that are not past their validity at `at`, the first
    /// [`TrustList::MAX_PREPARED`] of them, in place of those made before; a table that is there is kept.
    ///
    /// Each takes 640 KiB and as long as some twenty verifications. Gates and auditors want the issuers'
    /// keys, whoever loads many gate certificates the registrars'. A list that follows by
    /// [`TrustList::update`] is prepared for the same role at its issue time. Nothing is accepted or
    /// refused for it.
    pub fn prepare(&mut self, role: Role, at: UnixTime) {
        let mut before = core::mem::take(&mut self.prepared.tables);
        let keys = self.keys(role).map(|(_, entry)| entry).filter(|entry| at <= entry.not_after);
        let tables = keys.take(Self::MAX_PREPARED).map(|KeyEntry { key, .. }| {
            let table = before.remove(key).unwrap_or_else(|| Arc::new(KnownKey::new(*key)));
            (*key, table)
        });
        let tables = tables.collect();
        self.prepared = Prepared { role: Some(role), tables };
    }

    /// The key of an entry with its table, if there is one. Role and validity are not judged here: see
    /// [`TrustList::key`].
    #[must_use]
    pub fn verifier<'a>(&'a self, entry: &'a KeyEntry) -> Verifier<'a> {
        self.prepared.tables.get(&entry.key).map_or_else(|| (&entry.key).into(), |table| (&**table).into())
    }

    /// Prepares this list as the one it follows was.
    pub(super) fn prepare_like(mut self, before: &Self) -> Self {
        if let Some(role) = before.prepared.role {
            self.prepared.tables.clone_from(&before.prepared.tables);
            self.prepare(role, self.issued());
        }
        self
    }
}

#[cfg(test)]
#[path = "tests/prepared.rs"]
mod tests;
