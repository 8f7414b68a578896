//! Which entries of which ledgers something is known of.

use crate::id::MemberId;
use core::ops::Range;
use std::collections::BTreeMap;

/// Runs of entries, by ledger. However they were learnt, the same entries are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerRuns {
    /// Ascending; none is empty, and none touches the next.
    runs: BTreeMap<MemberId, Vec<Range<u64>>>,
}

impl LedgerRuns {
    /// No entry of any ledger.
    #[must_use]
    pub const fn new() -> Self {
        Self { runs: BTreeMap::new() }
    }

    /// Adds entries of a member's ledger.
    pub fn add(&mut self, member: MemberId, entries: Range<u64>) {
        if entries.is_empty() {
            return;
        }
        let runs = self.runs.entry(member).or_default();
        let touches = |run: &Range<u64>| run.start <= entries.end && entries.start <= run.end;
        let (touching, mut apart): (Vec<_>, Vec<_>) = runs.drain(..).partition(touches);
        let whole = touching.into_iter().fold(entries.clone(), |a, b| a.start.min(b.start)..a.end.max(b.end));
        apart.insert(apart.partition_point(|run| run.start < whole.start), whole);
        *runs = apart;
    }

    /// Adds all entries of `other`.
    pub fn merge(&mut self, other: &Self) {
        other.runs().for_each(|(member, run)| self.add(member, run));
    }

    /// The runs, ascending by member and place.
    pub fn runs(&self) -> impl Iterator<Item = (MemberId, Range<u64>)> {
        self.runs.iter().flat_map(|(member, runs)| runs.iter().map(|run| (*member, run.clone())))
    }

    /// Up to which size each ledger is known whole, ascending by member: 0 for those whose start is not known.
    pub fn sizes(&self) -> impl Iterator<Item = (MemberId, u64)> {
        let whole = |runs: &Vec<Range<u64>>| runs.first().filter(|run| run.start == 0).map_or(0, |run| run.end);
        self.runs.iter().map(move |(member, runs)| (*member, whole(runs)))
    }

    /// Whether anything of this member's ledger is known.
    #[must_use]
    pub fn has(&self, member: MemberId) -> bool {
        self.runs.contains_key(&member)
    }

    /// How many runs the ledger with the most has.
    pub(super) fn most(&self) -> usize {
        self.runs.values().map(Vec::len).max().unwrap_or_default()
    }
}

impl FromIterator<(MemberId, Range<u64>)> for LedgerRuns {
    fn from_iter<I: IntoIterator<Item = (MemberId, Range<u64>)>>(runs: I) -> Self {
        let mut all = Self::new();
        runs.into_iter().for_each(|(member, run)| all.add(member, run));
        all
    }
}

#[cfg(test)]
#[path = "tests/ledger_runs.rs"]
mod tests;
