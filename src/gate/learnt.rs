//! What a gate learnt of uses at other gates, in memory row by row as its store keeps it, so that a sync
//! writes the rows that it changes and no others.
//!
//! A pass whose term is over is refused before anyone asks how it was used, so its uses are forgotten. When that
//! is, the city says and signs, never the gate's clock, which may be set back; a gate whose clock shows
//! an earlier time than that decides nothing.

use super::error::JournalError;
use super::ledger_runs::LedgerRuns;
use super::rows::{EXTENT, LEARNT};
use super::usage_digest::{UsageDigestError, UsageFacts};
use crate::id::{MemberId, PassKey};
use crate::product::Usage;
use crate::snapshot::{self, LearntExtent, LearntUsage, SnapshotError};
use crate::time::UnixTime;
use crate::tlog::{LogError, Row, Series, Storage, Write};
use std::collections::BTreeMap;

/// Most runs of entries that are known of one ledger.
const MAX_RUNS: usize = 64;
/// Up to so many passes in a row take no more room than they need.
const FEW: usize = 4;

/// What was learnt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LearntUses {
    /// By number of the row; in a row ascending by pass and end of term, and never nothing.
    rows: BTreeMap<u64, Vec<LearntUsage>>,
    over: UnixTime,
    ledgers: LedgerRuns,
}

impl LearntUses {
    /// Reads what a store keeps.
    pub(super) fn load<S: Storage>(storage: &S) -> Result<Self, JournalError<S::Error>> {
        let mut learnt = Self::default();
        if let Some(bytes) = storage.get(EXTENT).map_err(LogError::Storage)? {
            let extent = snapshot::decode_extent(&bytes)?;
            learnt.over = extent.over;
            learnt.ledgers = extent.ledgers.into_iter().map(|(member, from, to)| (member, from..to)).collect();
        }
        let mut broken = None;
        let mut take = |number: u64, bytes: &[u8]| {
            let row = snapshot::decode_learnt(bytes);
            match row.and_then(|row| if fits(number, &row) { Ok(row) } else { Err(SnapshotError::Damaged) }) {
                Ok(row) => drop(learnt.rows.insert(number, row)),
                Err(error) => broken = Some(error),
            }
            broken.is_none()
        };
        storage.scan(Series::Entry, LEARNT, 0..u64::MAX, &mut take).map_err(LogError::Storage)?;
        broken.map_or(Ok(learnt), |error| Err(error.into()))
    }

    /// The uses of a pass, by the terms they were made in.
    pub(super) fn usage(&self, pass: PassKey) -> impl Iterator<Item = &Usage> {
        let row = self.rows.get(&number(pass)).map_or(&[][..], Vec::as_slice);
        let from = row.partition_point(|learnt| learnt.pass < pass);
        row.iter().skip(from).take_while(move |learnt| learnt.pass == pass).map(|learnt| &learnt.usage)
    }

    /// Uses of passes whose term ended until then were forgotten: before it, nothing can be decided.
    pub(super) const fn over(&self) -> UnixTime {
        self.over
    }

    /// The entries of ledgers that it goes up to.
    pub(super) const fn ledgers(&self) -> &LedgerRuns {
        &self.ledgers
    }

    /// What would be known with more, which changes nothing yet.
    pub(super) fn with(&self) -> NewlyLearnt<'_> {
        NewlyLearnt { before: self, rows: BTreeMap::new(), over: self.over, ledgers: self.ledgers.clone() }
    }

    /// Takes in what became durable.
    pub(super) fn apply(&mut self, change: LearntChange) {
        for (number, row) in change.rows {
            if row.is_empty() {
                self.rows.remove(&number);
            } else {
                self.rows.insert(number, row);
            }
        }
        (self.over, self.ledgers) = (change.over, change.ledgers);
    }
}

/// What would be known.
pub(super) struct NewlyLearnt<'a> {
    before: &'a LearntUses,
    /// The rows that are touched, whole, with what is new at the end.
    rows: BTreeMap<u64, Vec<LearntUsage>>,
    over: UnixTime,
    ledgers: LedgerRuns,
}

impl NewlyLearnt<'_> {
    /// Adds what a digest tells.
    pub(super) fn take(&mut self, facts: UsageFacts) {
        let (over, ledgers, passes) = facts.into_parts();
        self.over = self.over.max(over);
        self.ledgers.merge(&ledgers);
        passes.into_iter().for_each(|((pass, expires), usage)| self.learn(pass, expires, usage));
    }

    /// Adds uses of a pass, made in a term that ends then.
    pub(super) fn learn(&mut self, pass: PassKey, expires: UnixTime, usage: Usage) {
        let number = number(pass);
        let had = || self.before.rows.get(&number).cloned().unwrap_or_default();
        let row = self.rows.entry(number).or_insert_with(had);
        // There is one in nearly every row, and there are many rows.
        if row.len() < FEW {
            row.reserve_exact(1);
        }
        row.push(LearntUsage { pass, expires, usage });
    }

    /// Adds that a ledger is known up to this size.
    pub(super) fn covers(&mut self, member: MemberId, size: u64) {
        self.ledgers.add(member, 0..size);
    }

    /// Forgets what is over, and leaves what changes.
    pub(super) fn change(mut self) -> Result<LearntChange, UsageDigestError> {
        if self.ledgers.most() > MAX_RUNS {
            return Err(UsageDigestError::Gaps);
        }
        let (before, over) = (self.before, self.over);
        let ended = |row: &[LearntUsage]| row.iter().any(|learnt| learnt.expires <= over);
        if over > before.over {
            for (number, row) in before.rows.iter().filter(|(_, row)| ended(row)) {
                self.rows.entry(*number).or_insert_with(|| row.clone());
            }
        }
        for row in self.rows.values_mut() {
            settle(row);
            row.retain(|learnt| learnt.expires > over);
            row.shrink_to_fit();
        }
        self.rows.retain(|number, row| before.rows.get(number).map_or(&[][..], Vec::as_slice) != row);
        let farther = over != before.over || self.ledgers != before.ledgers;
        Ok(LearntChange { rows: self.rows, over, ledgers: self.ledgers, farther })
    }
}

/// What changes, once it is durable.
pub(super) struct LearntChange {
    rows: BTreeMap<u64, Vec<LearntUsage>>,
    over: UnixTime,
    ledgers: LedgerRuns,
    farther: bool,
}

impl LearntChange {
    /// What makes it durable.
    pub(super) fn writes(&self) -> Vec<Write> {
        let row = |(&number, learnt): (&u64, &Vec<LearntUsage>)| {
            let row = Row::Entry { log: LEARNT, index: number };
            if learnt.is_empty() { Write::Delete(row) } else { Write::Put(row, snapshot::encode_learnt(learnt)) }
        };
        let ledgers = self.ledgers.runs().map(|(member, run)| (member, run.start, run.end));
        let extent = LearntExtent { over: self.over, ledgers: ledgers.collect() };
        let extent = self.farther.then(|| Write::Put(EXTENT, snapshot::encode_extent(&extent)));
        self.rows.iter().map(row).chain(extent).collect()
    }

    /// Up to which size each ledger will be known.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (MemberId, u64)> {
        self.ledgers.sizes()
    }
}

/// The row of a pass: its id is random, so nearly each has one of its own. Rows are numbered below 2^63, since
/// no range that is scanned has the last number of all in it.
fn number(pass: PassKey) -> u64 {
    let first = pass.pass.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first) >> 1
}

/// Brings a row into the form that is kept, once: whoever chooses the ids of passes can put many into one row.
fn settle(row: &mut Vec<LearntUsage>) {
    row.sort_by_key(|learnt| (learnt.pass, learnt.expires));
    row.dedup_by(|more, kept| {
        let same = (more.pass, more.expires) == (kept.pass, kept.expires);
        if same {
            kept.usage.merge(&more.usage);
        }
        same
    });
}

/// Whether a row is one that was written under this number.
fn fits(number: u64, row: &[LearntUsage]) -> bool {
    let ascending = row.is_sorted_by(|a, b| (a.pass, a.expires) < (b.pass, b.expires));
    !row.is_empty() && ascending && row.iter().all(|learnt| self::number(learnt.pass) == number)
}

#[cfg(test)]
#[path = "tests/learnt.rs"]
mod tests;
