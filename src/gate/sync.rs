//! A gate takes what its city has for it, and records what it knows from then on.

use super::error::SyncError;
use super::gate::Gate;
use super::learnt::LearntChange;
use super::record::Record;
use super::state::{DroppedPieces, synced_record};
use super::usage_digest::{UsageDigest, UsageDigestError};
use crate::id::{MemberId, PassKey};
use crate::product::Usage;
use crate::time::UnixTime;
use crate::tlog::Storage;
use crate::trust::{GateCertificate, TrustList};
use std::collections::BTreeMap;

/// What a gate is given when it syncs. Empty parts change nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncInput<'a> {
    /// Trust lists that follow the one in force, in order.
    pub trust_lists: &'a [&'a [u8]],
    /// Catalogues.
    pub catalogues: &'a [&'a [u8]],
    /// Status lists.
    pub status_lists: &'a [&'a [u8]],
    /// Usage digests of the gate's own city, in any order. Whoever carries them can hold them back, and
    /// nothing else.
    pub usage_digests: &'a [&'a [u8]],
    /// Usage of passes at other gates, by the word of who calls: for a process that has verified the ledgers
    /// itself. Take none from a network; that is for `usage_digests`. It is never forgotten.
    pub usage: &'a [(PassKey, Usage)],
    /// Size of each member's ledger that `usage` goes up to, by the same word.
    pub ledgers: &'a [(MemberId, u64)],
}

impl<S: Storage> Gate<S> {
    /// Takes new lists and usage from the gate's city and records what it knows from now on.
    ///
    /// A trust list without the key that signed the gate's certificate is taken, and the gate admits nobody by
    /// it: it could not open with that list either. What it has recorded can still be sealed. Nor does a list wait
    /// for new ones in the place of those that it drops: a stolen key would be good until all are there.
    ///
    /// # Errors
    /// [`SyncError`]; nothing is taken then.
    pub fn sync(&mut self, sync: &SyncInput<'_>, now: UnixTime) -> Result<(), SyncError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let mut bundle = self.bundle.clone();
        sync.trust_lists.iter().try_for_each(|bytes| bundle.update_trust(bytes, now))?;
        let dropped = DroppedPieces::between(&self.bundle, &bundle);
        sync.catalogues.iter().try_for_each(|bytes| bundle.update_catalogue(bytes, now))?;
        sync.status_lists.iter().try_for_each(|bytes| bundle.update_status(bytes, now))?;
        let enrolled = GateCertificate::verify(self.certificate.as_bytes(), bundle.trust()).is_ok();
        let venue = self.certificate.venue();
        if enrolled && bundle.venue(venue).is_none() && !dropped.catalogues.contains(&venue.member) {
            return Err(SyncError::UnknownVenue(venue));
        }
        self.state.check_rollback(&bundle, &dropped)?;
        let learnt = self.newly_learnt(sync, bundle.trust(), now)?;
        let before = self.state.synced.iter().flat_map(|synced| &synced.ledgers).copied();
        let ledgers = merge_sizes(before.chain(sync.ledgers.iter().copied()).chain(learnt.sizes()));
        let record = Record::Synced(synced_record(&bundle, ledgers, now));
        self.append(&[record], learnt.writes())?;
        self.state.learnt.apply(learnt);
        self.bundle = bundle;
        (self.behind, self.enrolled) = (false, enrolled);
        Ok(())
    }

    /// What a sync adds to what was learnt.
    fn newly_learnt(
        &self,
        sync: &SyncInput<'_>,
        trust: &TrustList,
        now: UnixTime,
    ) -> Result<LearntChange, UsageDigestError> {
        let mut more = self.state.learnt.with();
        for bytes in sync.usage_digests {
            let digest = UsageDigest::verify(bytes, trust)?;
            digest.check(self.id().member, trust.policy(), now)?;
            more.take(digest.into_facts());
        }
        sync.usage.iter().for_each(|(pass, usage)| more.learn(*pass, UnixTime::MAX, usage.clone()));
        sync.ledgers.iter().for_each(|(member, size)| more.covers(*member, *size));
        more.change()
    }
}

/// The larger size of each member's ledger; knowledge does not shrink.
fn merge_sizes(known: impl Iterator<Item = (MemberId, u64)>) -> Vec<(MemberId, u64)> {
    let mut sizes: BTreeMap<MemberId, u64> = BTreeMap::new();
    for (member, size) in known {
        let known = sizes.entry(member).or_default();
        *known = (*known).max(size);
    }
    sizes.into_iter().collect()
}

#[cfg(test)]
#[path = "tests/sync.rs"]
mod tests;
