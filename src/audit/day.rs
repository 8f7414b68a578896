//! What the records of a journal come to between two closes of the day.

use super::cause::{Says, says};
use super::finding::{Findings, Rule};
use crate::gate::{Reason, Totals};
use std::collections::BTreeMap;

/// The records since the last day close.
pub(super) struct DayRecords {
    pub(super) totals: Totals,
    /// There are pruned records among them.
    pruned: bool,
    /// People let in by hand, by the reason that the gate had refused them for. The gate counts refusals in memory, so
    /// what was before a start is not known.
    pub(super) overridden: BTreeMap<Reason, u32>,
    /// Whether an outage is open; unknown while a record that says so may be pruned.
    outage: Option<bool>,
}

impl Default for DayRecords {
    fn default() -> Self {
        Self { totals: Totals::default(), pruned: false, overridden: BTreeMap::new(), outage: Some(false) }
    }
}

impl DayRecords {
    /// A record is gone.
    pub(super) const fn prune(&mut self) {
        (self.pruned, self.outage) = (true, None);
    }

    pub(super) fn close(&mut self, index: u64, totals: &Totals, findings: &mut Findings) {
        // Of a day whose first records were pruned, the totals can only be too low.
        let pruned = self.pruned && at_least(totals, &self.totals);
        if *totals != self.totals && !pruned {
            findings.error(index, Rule::Totals, says!("says {totals:?}, the records say {:?}", self.totals));
        }
        (self.totals, self.pruned) = (Totals::default(), false);
    }

    /// Whom a person let in, the gate had refused. Refusals are not recorded one by one, and one may have been
    /// counted the day before: so this is told, and no more.
    pub(super) fn check_refused(&mut self, index: u64, refused: &[(Reason, u32)], findings: &mut Findings) {
        for (reason, let_in) in core::mem::take(&mut self.overridden) {
            let counted = refused.iter().find(|(of, _)| *of == reason).map_or(0, |(_, count)| *count);
            if counted < let_in {
                let reason = reason.number();
                let told = says!("let in {let_in} times after refusal {reason}, of which it counts {counted}");
                findings.notice(index, Rule::Totals, told);
            }
        }
    }

    pub(super) fn outage(&mut self, index: u64, open: bool, told: Says<'_>, findings: &mut Findings) {
        if self.outage == Some(open) {
            findings.error(index, Rule::Outage, "an outage opens once, then closes once");
        } else {
            findings.notice(index, Rule::Outage, told);
        }
        self.outage = Some(open);
    }
}

fn at_least(totals: &Totals, least: &Totals) -> bool {
    totals.admitted >= least.admitted
        && totals.annulled >= least.annulled
        && totals.overridden >= least.overridden
        && totals.left >= least.left
}

#[cfg(test)]
#[path = "tests/day.rs"]
mod tests;
