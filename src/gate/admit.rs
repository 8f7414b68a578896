//! A scan is decided, recorded durably, and then answered.

use super::decision::{Admitted, Decision, Reason, Refusal};
use super::gate::Gate;
use super::record::{Record, Redemption, flags};
use super::scan::{Scan, Shown, check_identity, evidence};
use super::state::RecentUse;
use crate::id::PassKey;
use crate::pass::{self, Audience, Challenge, Presented, Proof};
use crate::product::{Entitled, Usage, VenueFacts, Visit, entitle};
use crate::time::UnixTime;
use crate::tlog::{Batch, Storage};
use crate::trust::{Age, Status};

/// What a scan comes to, before it is recorded.
enum ScanOutcome {
    Rescan(RecentUse),
    Redeem(Redemption, Entitled),
}

impl<S: Storage> Gate<S> {
    /// Sets the challenge that the next answer must be to: 16 bytes that the caller draws at random, each time
    /// anew, and sends to the holder with the gate's id. One is good for one answer, accepted or not, and
    /// a new one replaces it.
    pub const fn challenge(&mut self, nonce: [u8; 16]) {
        self.challenge = Some(Challenge::new(self.id(), nonce));
    }

    /// Decides on one scan. An admission is durable in the journal before this returns.
    pub fn admit(&mut self, scan: Scan<'_>, now: UnixTime) -> Decision {
        let decision = self.admit_all(&[scan], now).pop();
        decision.unwrap_or(Decision::Denied(Reason::Internal.into()))
    }

    /// Decides on several scans, one after the other, with one durable commit for all of them.
    pub fn admit_all(&mut self, scans: &[Scan<'_>], now: UnixTime) -> Vec<Decision> {
        let mut staged: Vec<RecentUse> = Vec::new();
        let decisions = match self.recover() {
            Err(_) => scans.iter().map(|_| Decision::Denied(Reason::NotRecorded.into())).collect(),
            Ok(()) => self.decide_and_record(scans, now, &mut staged),
        };
        for decision in &decisions {
            if let Decision::Referred(refusal) | Decision::Denied(refusal) = decision {
                let count = self.refused.entry(refusal.reason).or_default();
                *count = count.saturating_add(1);
            }
        }
        decisions
    }

    /// Decides on each scan and commits what is to be recorded.
    fn decide_and_record(&mut self, scans: &[Scan<'_>], now: UnixTime, staged: &mut Vec<RecentUse>) -> Vec<Decision> {
        let base = self.log.size();
        let mut batch = self.log.begin();
        let mut decisions: Vec<Decision> = Vec::with_capacity(scans.len());
        for scan in scans {
            let challenge = match scan.shown {
                Shown::Answer(_) => self.challenge.take(),
                Shown::Text(_) => None,
            };
            let decision = self.stage(&mut batch, scan, challenge, now, staged).unwrap_or_else(Decision::from);
            decisions.push(decision);
        }
        if staged.is_empty() {
            return decisions;
        }
        if self.commit(batch, Vec::new()).is_err() {
            // What was to be recorded in this commit is refused, and so is a re-scan of it.
            for decision in &mut decisions {
                if matches!(decision, Decision::Admitted(admitted) if admitted.index >= base) {
                    *decision = Decision::Denied(Reason::NotRecorded.into());
                }
            }
            return decisions;
        }
        for recent in staged.iter() {
            self.state.learn(&self.certificate, recent.index, &Record::Redeemed(recent.redemption));
        }
        self.state.own_uses.settle();
        self.forget();
        decisions
    }

    /// Decides on one scan and, for an admission, adds its record to the batch.
    fn stage(
        &self,
        batch: &mut Batch,
        scan: &Scan<'_>,
        challenge: Option<Challenge>,
        now: UnixTime,
        staged: &mut Vec<RecentUse>,
    ) -> Result<Decision, Refusal> {
        let evidence = evidence(&scan.shown)?;
        let (recent, admitted) = match self.decide(scan, evidence.as_ref(), challenge, now, staged)? {
            ScanOutcome::Rescan(recent) => (recent, (Reason::Rescan, None, None)),
            ScanOutcome::Redeem(redemption, entitled) => {
                let body = Record::Redeemed(redemption).encode();
                let index = batch.push(&body, Some(evidence.as_ref())).map_err(|_| Reason::NotRecorded)?;
                let recent = RecentUse { index, redemption };
                staged.push(recent);
                let reason = if entitled.due_fen > 0 { Reason::CoPayment } else { Reason::Ok };
                (recent, (reason, entitled.uses_left, Some(entitled.valid_until)))
            }
        };
        let (reason, uses_left, valid_until) = admitted;
        let Redemption { grant, due_fen, .. } = recent.redemption;
        Ok(Decision::Admitted(Admitted { reason, grant, due_fen, index: recent.index, uses_left, valid_until }))
    }

    /// The fixed order of checks, after size and text: fitness of the gate, what was
    /// shown, status, product, entitlement, passback. "Invalid" always beats "used up".
    fn decide(
        &self,
        scan: &Scan<'_>,
        evidence: &[u8],
        challenge: Option<Challenge>,
        now: UnixTime,
        staged: &[RecentUse],
    ) -> Result<ScanOutcome, Refusal> {
        let (venue, now) = self.fit(now)?;
        let presented = self.verify(&scan.shown, evidence, challenge, now)?;
        self.check_status(&presented, now)?;
        let claims = presented.claims();
        let product = self.bundle.product(claims.product_ref()).ok_or(Reason::UnknownProduct)?;
        let policy = self.bundle.trust().policy();
        let rescan = i64::from(policy.rescan_within);
        let key = claims.key();
        let mut recent = self.state.recent.iter().chain(staged);
        // Either way: after the clock was set back, an entry of before may be dated a moment later.
        let just_now = |time: UnixTime| now.since(time).saturating_abs() <= rescan;
        let same_pass = |recent: &&RecentUse| recent.redemption.pass == key && just_now(recent.redemption.time);
        let last = recent.by_ref().filter(same_pass).last().copied();
        if let Some(last) = last
            && last.redemption.evidence == presented.digest()
            && scan.party.max(1) <= last.redemption.party
            && matches!(presented.proof(), Proof::Holder(_))
            && !self.was_reversed(key, last.index)
        {
            // Who holds a copy of the code is not who was looked at a minute ago.
            check_identity(claims, scan.identity)?;
            return Ok(ScanOutcome::Rescan(last));
        }
        let facts = claims.facts();
        let visit = Visit { time: now, venue, party: scan.party };
        let usage = self.usage_with(&key, staged);
        let entitled = entitle(product, &facts, &usage, &visit)?;
        if let Some(last) = last {
            let next = last.redemption.time.saturating_add(rescan.saturating_add(1));
            return Err(Refusal { reason: Reason::Passback, next: Some(next) });
        }
        check_identity(claims, scan.identity)?;
        let doubt = if self.state.doubt { flags::CLOCK } else { 0 };
        let proof = match (presented.proof(), scan.shown) {
            (Proof::Static, _) => flags::STATIC,
            (Proof::Holder(_), Shown::Answer(_)) => flags::CHALLENGE,
            (Proof::Holder(_), Shown::Text(_)) => 0,
        };
        let redemption = Redemption {
            time: now,
            pass: key,
            product: claims.product,
            facts,
            grant: entitled.grant,
            party: scan.party.max(1),
            due_fen: entitled.due_fen,
            flags: proof | doubt,
            evidence: presented.digest(),
        };
        Ok(ScanOutcome::Redeem(redemption, entitled))
    }

    /// Whether this gate may decide at all: clock, certificate, trust list, venue.
    /// With the time of what it decides now.
    pub(super) fn fit(&self, now: UnixTime) -> Result<(VenueFacts, UnixTime), Refusal> {
        let now = now.not_before(self.earliest()).ok_or(Reason::ClockSuspect)?;
        if !self.enrolled || !self.certificate.covers(now) {
            return Err(Reason::Internal.into());
        }
        if self.behind || self.bundle.trust().has_expired(now) {
            return Err(Reason::ListTooOld.into());
        }
        let id = self.certificate.venue();
        let venue = self.bundle.venue(id).ok_or(Reason::Internal)?;
        let service = self.certificate.service();
        Ok((VenueFacts { id, category: venue.category, reference_fen: venue.price_fen, service }, now))
    }

    pub(super) fn verify(
        &self,
        shown: &Shown<'_>,
        bytes: &[u8],
        challenge: Option<Challenge>,
        now: UnixTime,
    ) -> Result<Presented, Refusal> {
        let trust = self.bundle.trust();
        Ok(match (shown, challenge) {
            (Shown::Text(_), _) => pass::verify(bytes, trust, Audience::Federation, now)?,
            (Shown::Answer(_), Some(challenge)) => challenge.verify(bytes, trust, now)?,
            // The challenge was answered already, or there was none.
            (Shown::Answer(_), None) => return Err(Reason::WrongAudience.into()),
        })
    }

    fn check_status(&self, presented: &Presented, now: UnixTime) -> Result<(), Refusal> {
        let claims = presented.claims();
        let list = self.bundle.status_list(claims.issuer, &claims.status.uri).ok_or(Reason::NotListed)?;
        // A list of any age can say that a pass was revoked.
        match list.status(claims.status.index).ok_or(Reason::NotListed)? {
            Status::Revoked => return Err(Reason::Revoked.into()),
            Status::Suspended => return Err(Reason::Suspended.into()),
            Status::Superseded => return Err(Reason::Superseded.into()),
            Status::Valid => {}
        }
        match self.bundle.oldest(list, claims.issuer, self.certificate.venue().member, now) {
            Age::Fresh => Ok(()),
            Age::Stale => Err(Reason::ListStale.into()),
            Age::TooOld => Err(Reason::ListTooOld.into()),
        }
    }

    /// Whether the gate was told that its city took back a redemption of its own.
    fn was_reversed(&self, pass: PassKey, index: u64) -> bool {
        let own = (self.id(), index);
        self.state.learnt.usage(pass).any(|usage| usage.annulled().binary_search(&own).is_ok())
    }

    /// The usage of a pass, with what this commit is about to add.
    pub(super) fn usage_with(&self, key: &PassKey, staged: &[RecentUse]) -> Usage {
        let mut usage = self.state.own_uses.usage(key);
        usage.merge_all(self.state.learnt.usage(*key));
        for recent in staged.iter().filter(|recent| recent.redemption.pass == *key) {
            usage.insert(recent.redemption.as_use(&self.certificate, recent.index));
        }
        usage
    }
}

#[cfg(test)]
#[path = "tests/admit.rs"]
mod tests;
