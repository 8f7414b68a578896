//! Until when a gate may annul a redemption, by the times in its own journal.
//!
//! Between two settings of its clock a journal's times never go back. So how much time has passed since a record is
//! told by the record at hand and by what the clock had shown each time that it was set.

use super::record::Record;
use crate::time::UnixTime;

/// What a gate's clock had shown when it was set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ClocksSet {
    /// By index, ascending. An earlier one is kept where no later one had shown as much, so the times descend.
    before: Vec<(u64, UnixTime)>,
}

impl ClocksSet {
    /// Takes in a record of the journal; the indices ascend.
    pub(crate) fn learn(&mut self, index: u64, record: &Record) {
        if let Record::ClockSet { before, .. } = *record {
            while self.before.pop_if(|(_, shown)| *shown <= before).is_some() {}
            self.before.push((index, before));
        }
    }

    /// Whether record `index`, a redemption of the time `redeemed`, may be annulled at `now` by a gate that has `within`
    /// seconds for it. A clock that was set back makes no redemption young again, and of one that lies ahead of the clock
    /// nobody knows how old it is.
    pub(crate) fn may_annul(&self, index: u64, redeemed: UnixTime, now: UnixTime, within: u32) -> bool {
        let since = self.before.partition_point(|(at, _)| *at < index);
        let latest = self.before.get(since).map_or(now, |(_, shown)| now.max(*shown));
        redeemed <= now && latest.since(redeemed) <= i64::from(within)
    }
}

#[cfg(test)]
#[path = "tests/annulment.rs"]
mod tests;
