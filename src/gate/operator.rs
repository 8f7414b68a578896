//! What else happens at a gate and goes on record: people let in by hand, entries taken back, outages, exits, a
//! clock that jumped or was set, and the end of the day. None of it is a use of a pass.

use super::decision::{Reason, Refusal};
use super::error::{AnnulError, JournalError, OutageError};
use super::gate::Gate;
use super::record::{Override, Record, Totals};
use super::scan::{Scan, Shown, evidence};
use super::state::RecentUse;
use crate::time::{Date, UnixTime};
use crate::tlog::Storage;

/// How fast a clock and a counter may drift apart, in seconds for a million: what good quartz, a cold morning, and a
/// clock that is being set right slowly come to together.
pub const DRIFT_PER_MILLION: i64 = 200;
/// So many seconds may be one second of drift.
const DRIFT_SECOND: i64 = 1_000_000 / DRIFT_PER_MILLION;

impl<S: Storage> Gate<S> {
    /// Records that a person lets in whom the gate refused, and returns the index of the record.
    ///
    /// It debits no pass and nothing is paid for it; totals and audit tell it. It is durable before this
    /// returns. Where that fails, the person decides all the same, but nobody can tell it from fraud.
    ///
    /// # Errors
    /// [`JournalError::Refused`] where the reason is none of a refusal, [`JournalError::Clock`], or the store's.
    pub fn let_in(&mut self, entry: Override, now: UnixTime) -> Result<u64, JournalError<S::Error>> {
        let entry = Override { party: entry.party.max(1), ..entry };
        self.note(now, |time| Record::Overridden { time, entry })
    }

    /// Takes back a redemption of this gate, shortly after it was recorded: the visitor turned round.
    ///
    /// # Errors
    /// [`AnnulError::NoRedemption`], [`AnnulError::TooLate`], [`JournalError::Clock`], or the store's.
    pub fn annul(&mut self, index: u64, now: UnixTime) -> Result<(), AnnulError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let recent = self.state.recent.iter().find(|recent| recent.index == index);
        let within = self.bundle.trust().policy().annul_within;
        let young = |recent: &RecentUse| self.state.clocks.may_annul(index, recent.redemption.time, now, within);
        match recent {
            None if self.redeemed_long_ago(index) => Err(AnnulError::TooLate(index)),
            None => Err(AnnulError::NoRedemption(index)),
            Some(recent) if young(recent) => Ok(self.append(&[Record::Annulled { time: now, index }], Vec::new())?),
            Some(_) => Err(AnnulError::TooLate(index)),
        }
    }

    /// Records that people pass unchecked since `since`: the gate was down, or was opened by hand.
    /// Scans are decided as ever.
    ///
    /// # Errors
    /// [`OutageError::Open`], [`JournalError::Refused`] where it starts after `now`, [`JournalError::Clock`], or
    /// the store's.
    pub fn open_outage(&mut self, since: UnixTime, now: UnixTime) -> Result<u64, OutageError<S::Error>> {
        self.recover()?;
        match self.state.outage {
            Some(since) => Err(OutageError::Open(since)),
            None => Ok(self.note(now, |time| Record::OutageOpened { time, since })?),
        }
    }

    /// Records that the outage is over, and how many people came in meanwhile, as staff counted them.
    ///
    /// # Errors
    /// [`OutageError::NotOpen`], [`JournalError::Clock`], or the store's.
    pub fn close_outage(&mut self, let_in: u32, now: UnixTime) -> Result<u64, OutageError<S::Error>> {
        self.recover()?;
        self.state.outage.ok_or(OutageError::NotOpen)?;
        Ok(self.note(now, |time| Record::OutageClosed { time, let_in })?)
    }

    /// Since when an outage is open.
    #[must_use]
    pub const fn outage(&self) -> Option<UnixTime> {
        self.state.outage
    }

    /// Records that a pass was shown at the exit, and returns the index of the record: none where it was
    /// recorded a moment ago, within the re-scan window.
    ///
    /// The code is verified as at the entrance; rules and status lists have no say, and nothing is debited.
    /// **Whatever the answer, the exit opens**: nobody is kept in.
    ///
    /// # Errors
    /// Why it was not recorded.
    pub fn leave(&mut self, scan: Scan<'_>, now: UnixTime) -> Result<Option<u64>, Refusal> {
        let challenge = match scan.shown {
            Shown::Answer(_) => self.challenge.take(),
            Shown::Text(_) => None,
        };
        self.recover().map_err(|_| Reason::NotRecorded)?;
        let shown = evidence(&scan.shown)?;
        let (_, now) = self.fit(now)?;
        let pass = self.verify(&scan.shown, shown.as_ref(), challenge, now)?.claims().key();
        let within = i64::from(self.bundle().trust().policy().rescan_within);
        let again = |(time, left): &(UnixTime, _)| *left == pass && now.since(*time).saturating_abs() <= within;
        if self.state.exits.iter().any(again) {
            return Ok(None);
        }
        let party = scan.party.max(1);
        let index = self.note(now, |time| Record::Exited { time, pass, party }).map_err(|_| Reason::NotRecorded)?;
        self.forget();
        Ok(Some(index))
    }

    /// People who came in by this gate since the last day close, less those who left by it. A venue adds up
    /// its gates; one that people only leave by is below zero.
    #[must_use]
    pub const fn inside(&self) -> i64 {
        self.state.inside
    }

    /// What was recorded since the last day close.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.state.totals
    }

    /// Compares the clock with `uptime`, the seconds that the machine has been running by a counter that
    /// nobody can set. Call it every minute or so.
    ///
    /// Pass a counter that goes on while the machine is suspended: `CLOCK_BOOTTIME` on Linux and Android,
    /// `mach_continuous_time` on Apple's systems, `GetTickCount64` on Windows. By one that stands still,
    /// `CLOCK_MONOTONIC` on Linux or [`Instant`](std::time::Instant) there, a machine that slept has a clock that
    /// jumped. `now` is the time of day, `CLOCK_REALTIME`.
    ///
    /// Returns whether the clock is to be trusted. Two clocks drift apart, by 20 seconds or so in a million; that is
    /// no jump, up to [`DRIFT_PER_MILLION`]. Where it is further off than that and than the codes that are shown may
    /// be early, it jumped: that is recorded, and every redemption is flagged until [`Gate::set_clock`].
    ///
    /// # Errors
    /// The store's.
    pub fn compare_clock(&mut self, now: UnixTime, uptime: u64) -> Result<bool, JournalError<S::Error>> {
        self.recover()?;
        // A counter that starts again is a machine that did.
        let (then, since) = self.anchor.filter(|(_, since)| uptime >= *since).unwrap_or((now, uptime));
        let passed = i64::try_from(uptime.saturating_sub(since)).unwrap_or(i64::MAX);
        let expected = then.saturating_add(passed);
        let off = now.since(expected);
        let drift = passed / DRIFT_SECOND;
        if off.saturating_abs() > i64::from(self.bundle().trust().policy().code_early).saturating_add(drift) {
            let time = now.max(self.state.last);
            self.append(&[Record::ClockJumped { time, shown: now, expected }], Vec::new())?;
            self.anchor = Some((now, uptime));
        } else {
            // What may be drift is forgotten, a second at a time: only what comes faster adds up to a jump.
            let gone = drift.saturating_mul(DRIFT_SECOND);
            let then = then.saturating_add(gone).saturating_add(off.clamp(drift.saturating_neg(), drift));
            self.anchor = Some((then, since.saturating_add(gone.unsigned_abs())));
        }
        Ok(!self.state.doubt)
    }

    /// Sets the clock: the only way time goes back in a journal, and it is on record.
    ///
    /// # Errors
    /// The store's.
    pub fn set_clock(&mut self, now: UnixTime) -> Result<(), JournalError<S::Error>> {
        self.recover()?;
        let before = self.state.last;
        self.append(&[Record::ClockSet { time: now, before }], Vec::new())?;
        self.anchor = None;
        Ok(())
    }

    /// Records the totals since the last day close.
    ///
    /// # Errors
    /// [`JournalError::Clock`], or the store's.
    pub fn close_day(&mut self, day: Date, now: UnixTime) -> Result<(), JournalError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let totals = self.state.totals;
        let refused = self.refused.iter().map(|(reason, count)| (*reason, *count)).collect();
        self.append(&[Record::DayClosed { time: now, day, totals, refused }], Vec::new())?;
        self.refused.clear();
        Ok(())
    }

    /// Appends one record of the time `now`.
    fn note(&mut self, now: UnixTime, record: impl FnOnce(UnixTime) -> Record) -> Result<u64, JournalError<S::Error>> {
        self.recover()?;
        let now = self.check_clock(now)?;
        let index = self.log().size();
        self.append(&[record(now)], Vec::new())?;
        Ok(index)
    }

    /// Whether an entry is a redemption that stands, among those that are no longer kept at hand.
    fn redeemed_long_ago(&self, index: u64) -> bool {
        let Ok(body) = self.log.body(&self.storage, index) else { return false };
        let Ok(Record::Redeemed(redemption)) = Record::decode(&body) else { return false };
        self.usage_with(&redemption.pass, &[]).uses().iter().any(|used| used.key() == (self.id(), index))
    }
}

#[cfg(test)]
#[path = "tests/operator.rs"]
mod tests;
