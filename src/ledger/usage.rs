//! What a ledger says of the uses of passes, for the gates of its member.

use super::entry::{Announcement, Entry};
use super::error::UsageExportError;
use super::journal::Journal;
use super::ledger::Ledger;
use super::verifiers::gives;
use crate::gate::{ClocksSet, Record, Redemption, UsageDigestSpec, UsageFacts};
use crate::time::UnixTime;
use crate::tlog::Storage;
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

impl<S: Storage> Ledger<S> {
    /// What these entries say of the uses of passes: the records of the journals sealed there, and the
    /// redemptions reversed. Of passes whose term ended at `over` or before, nothing; see [`UsageFacts::new`].
    ///
    /// `concerns` says whether a use can change a decision of the gates that get the digest: that of a product which
    /// is not good at their venues cannot, and what is left out takes none of their memory.
    ///
    /// Keep the digests that are made of it: of records that were pruned nothing can be reported any more, and a
    /// new gate needs all that was ever reported. Nor is the annulment of a record reported that is pruned itself.
    ///
    /// # Errors
    /// [`LedgerError::Log`](super::LedgerError::Log) for entries that are not here, or records or what was reversed that were pruned; or the
    /// store's.
    pub fn usage(
        &self,
        entries: Range<u64>,
        over: UnixTime,
        concerns: impl Fn(&Redemption) -> bool,
    ) -> Result<UsageFacts, UsageExportError<S::Error>> {
        self.sure()?;
        let (mut sealed, mut reversed) = (Vec::new(), Vec::new());
        self.log.replay(&self.storage, entries.clone(), |index, body| {
            match Entry::decode(body) {
                Ok((_, Entry::JournalSealed { gate, first, .. })) => sealed.push((gate, first, index)),
                Ok((_, Entry::Announced(Announcement::Reversal { gate, index }))) => reversed.push((gate, index)),
                _ => {}
            }
            true
        })?;
        let mut facts = UsageFacts::new(over);
        let mut annulments: BTreeMap<u32, BTreeSet<(u64, u64)>> = BTreeMap::new();
        for (gate, first, entry) in sealed {
            let journal = self.journal(gate).map_err(UsageExportError::Gate)?;
            let seal = journal.seals.binary_search_by_key(&entry, |(_, entry)| *entry);
            let end = seal.ok().and_then(|at| journal.seals.get(at)).map_or(first, |(size, _)| *size);
            journal.log.replay(&self.storage, first..end, |index, body| {
                match Record::decode(body) {
                    Ok(Record::Redeemed(redemption)) if concerns(&redemption) => {
                        facts.redeemed(&journal.certificate, index, &redemption);
                    }
                    // Whether one of what was pruned was in time nobody can say, and an audit does not ask.
                    Ok(Record::Annulled { index: earlier, .. }) if (journal.log.pruned()..index).contains(&earlier) => {
                        annulments.entry(gate).or_default().insert((earlier, index));
                    }
                    // What cannot be read the audit reports.
                    _ => {}
                }
                true
            })?;
        }
        for (gate, annulments) in annulments {
            self.annulled(&mut facts, self.journal(gate).map_err(UsageExportError::Gate)?, &annulments, &concerns)?;
        }
        for (gate, index) in reversed {
            let journal = self.journal(gate).map_err(UsageExportError::Gate)?;
            let body = journal.log.body(&self.storage, index)?;
            if let Ok(Record::Redeemed(redemption)) = Record::decode(&body)
                && concerns(&redemption)
            {
                facts.reversed(journal.certificate.gate(), index, &redemption);
            }
        }
        facts.covers(self.member, entries);
        Ok(facts)
    }

    /// Reports what a gate annulled in time: each of these is the index of a redemption, and that of the annulment.
    fn annulled(
        &self,
        facts: &mut UsageFacts,
        journal: &Journal,
        annulments: &BTreeSet<(u64, u64)>,
        concerns: &impl Fn(&Redemption) -> bool,
    ) -> Result<(), UsageExportError<S::Error>> {
        // Between the two the clock may have been set; no record is read twice for it, whoever wrote them.
        let mut runs: Vec<Range<u64>> = Vec::new();
        for (index, by) in annulments {
            let end = by.saturating_add(1);
            match runs.last_mut() {
                Some(run) if *index < run.end => run.end = run.end.max(end),
                _ => runs.push(*index..end),
            }
        }
        let gate = journal.certificate.gate();
        for run in runs {
            let (mut clocks, mut redeemed) = (ClocksSet::default(), BTreeMap::new());
            journal.log.replay(&self.storage, run, |index, body| {
                match Record::decode(body) {
                    Ok(Record::Redeemed(redemption)) if concerns(&redemption) => {
                        if annulments.range((index, 0)..=(index, u64::MAX)).next().is_some() {
                            redeemed.insert(index, redemption);
                        }
                    }
                    Ok(Record::Annulled { time, index: earlier }) if annulments.contains(&(earlier, index)) => {
                        let policy = self.trust.at(time).policy();
                        if let Some(redemption) = redeemed.get(&earlier)
                            && clocks.may_annul(earlier, redemption.time, time, policy.annul_within)
                        {
                            facts.annulled(gate, earlier, redemption, time, policy);
                        }
                    }
                    Ok(record) => clocks.learn(index, &record),
                    Err(_) => {}
                }
                true
            })?;
        }
        Ok(())
    }

    /// Signs a usage digest for the member's own gates: what [`Ledger::usage`] says, and whatever was merged into
    /// it from other members' ledgers. Those one replays oneself, for each gate is held to what its city
    /// says that it knows.
    ///
    /// # Errors
    /// [`UsageExportError::Digest`], [`UsageExportError::OtherKey`], [`LedgerError::Clock`](super::LedgerError::Clock).
    pub fn usage_digest(&self, facts: UsageFacts, now: UnixTime) -> Result<Vec<u8>, UsageExportError<S::Error>> {
        let now = self.check(now)?;
        if !gives(self.trust(), self.member, &self.key, Some(now)) {
            return Err(UsageExportError::OtherKey);
        }
        Ok(UsageDigestSpec { member: self.member, issued: now, facts }.sign(&self.key)?)
    }
}

#[cfg(test)]
#[path = "tests/usage.rs"]
mod tests;
