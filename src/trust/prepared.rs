//! Tables for those keys of a trust list that verify much: see [`KnownKey`].
//!
//! A table is found by the bytes of the key that the list names, after the list said that the key may be
//! used for what it is used for. So tables decide nothing but how long verifying takes.

use super::member::Role;
use crate::crypto::{KnownKey, Verifier, VerifyingKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tables that a trust list has, shared by its copies and by the lists that follow it.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    role: Option<Role>,
    tables: BTreeMap<VerifyingKey, Arc<KnownKey>>,
}

impl Prepared {
    /// Makes tables for these keys of one role, in place of those there are; one that is there is kept.
    pub(super) fn make(&mut self, role: Role, keys: impl Iterator<Item = VerifyingKey>) {
        let mut before = core::mem::take(&mut self.tables);
        let table = |key| (key, before.remove(&key).unwrap_or_else(|| Arc::new(KnownKey::new(key))));
        self.tables = keys.map(table).collect();
        self.role = Some(role);
    }

    /// Whose keys have tables.
    pub(super) const fn role(&self) -> Option<Role> {
        self.role
    }

    /// The key, with its table if there is one.
    pub(super) fn verifier<'a>(&'a self, key: &'a VerifyingKey) -> Verifier<'a> {
        self.tables.get(key).map_or_else(|| key.into(), |table| (&**table).into())
    }
}

#[cfg(test)]
#[path = "tests/prepared.rs"]
mod tests;
