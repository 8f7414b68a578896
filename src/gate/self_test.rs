//! What would fail tonight: asked in the afternoon, while somebody can still mend it.

use super::coded::coded;
use super::gate::Gate;
use super::rows::PROBE;
use crate::id::{MemberId, VenueId};
use crate::limits::{MAX_PRESENTATION, MAX_SEGMENT};
use crate::product::{Grant, Validity};
use crate::time::UnixTime;
use crate::tlog::{Storage, Write};
use crate::trust::{Age, Catalogue, Piece, Role};
use std::collections::BTreeSet;

/// How far a self-test looks ahead, in seconds.
pub const SELF_TEST_AHEAD: i64 = 86_400;

/// More than a record takes in a segment beside its evidence, in bytes.
const MAX_RECORD: usize = 128;

/// Records since the last seal that are too many to be in one place: three quarters of those of the longest segment.
const MANY_UNSEALED: u64 = (MAX_SEGMENT / (MAX_PRESENTATION + MAX_RECORD) / 4 * 3) as u64;

coded! {
    /// What is wrong with a gate. The numbers are stable: none is ever given another meaning.
    Trouble, "What visitors meet: nobody, or nobody of a member, gets in; a person decides on each; or nothing yet.";
    /// The store does not take a commit.
    Store = 1, Deny, "存储不可写", "The store cannot be written";
    /// The clock shows a time before the last record or the trust list: it was never set, or set back.
    ClockBehind = 2, Deny, "时钟落后,请校时", "The clock is behind, set it";
    /// The clock jumped and was not set since.
    ClockInDoubt = 3, Admit, "时钟跳变,请校时", "The clock jumped, set it";
    /// The gate certificate is not in force.
    Certificate = 4, Deny, "闸机证书失效", "The gate certificate is not in force";
    /// The journal names newer lists than the gate has.
    ListsBehind = 5, Deny, "名单版本落后,请同步", "The gate had newer lists before, sync it";
    /// A member that sells passes has no issuer key in force.
    IssuerKey = 6, Deny, "发行方无有效密钥", "The issuer has no key in force";
    /// A member that sells passes has no status list here.
    StatusMissing = 7, Deny, "缺少发行方状态名单", "There is no status list of the issuer";
    /// A list is stale.
    ListStale = 8, Refer, "名单待更新", "A list is stale";
    /// A list is too old.
    ListTooOld = 9, Deny, "名单过期", "A list is too old";
    /// Much is recorded that is not sealed, and that nobody else has.
    Unsealed = 10, Admit, "待封存记录过多,请上传", "Too much is not sealed, seal and deliver";
    /// An outage is open.
    Outage = 11, Admit, "故障登记未关闭", "An outage is open";
    /// The venue is in no catalogue that the gate has: its city's was dropped with the key that signed it.
    VenueMissing = 12, Deny, "缺少本场馆目录", "The venue is in no catalogue here";
    /// No product in any catalogue here is good for the venue and the gate's service.
    NoProduct = 13, Deny, "本场馆无可用产品", "No product is good at this venue";
    /// The journal says that the gate knows more uses at other gates than its store does: it was rebuilt.
    UsageMissing = 14, Admit, "缺少他处使用记录,请同步", "Uses elsewhere are missing, sync all of them";
}

/// One thing that fails now or within [`SELF_TEST_AHEAD`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The first moment it fails.
    pub from: UnixTime,
    /// What.
    pub trouble: Trouble,
    /// Whose list or key, where it is about one of a member.
    pub member: Option<MemberId>,
}

impl<S: Storage> Gate<S> {
    /// What fails at `now` or within [`SELF_TEST_AHEAD`], the first first, as far as the gate can tell; each
    /// trouble once for each member. It writes one row of its own to the store, and nothing to the journal.
    pub fn self_test(&mut self, now: UnixTime) -> Vec<Fault> {
        let probe = [Write::Put(PROBE, now.as_u64().to_be_bytes().to_vec())];
        let written = self.recover().is_ok() && self.storage.commit(&probe).is_ok();
        let mut faults = BTreeSet::new();
        let mut add = |failing: bool, trouble, member, from| {
            if failing {
                faults.insert(Fault { from, trouble, member });
            }
        };
        add(!written, Trouble::Store, None, now);
        add(now.not_before(self.earliest()).is_none(), Trouble::ClockBehind, None, now);
        add(self.state.doubt, Trouble::ClockInDoubt, None, now);
        add(self.behind, Trouble::ListsBehind, None, now);
        add(self.state.outage.is_some(), Trouble::Outage, None, now);
        let unsealed = self.log().size().saturating_sub(self.state.sealed);
        add(unsealed >= MANY_UNSEALED, Trouble::Unsealed, None, now);

        let learnt = |member| self.learnt().sizes().find(|(of, _)| *of == member).map_or(0, |(_, size)| size);
        let said = self.state.synced.iter().flat_map(|synced| &synced.ledgers);
        for (member, _) in said.filter(|(member, size)| learnt(*member) < *size) {
            add(true, Trouble::UsageMissing, Some(*member), now);
        }
        let own = self.certificate().venue();
        match self.bundle().venue(own) {
            None => add(true, Trouble::VenueMissing, Some(own.member), now),
            Some(venue) => {
                let end = self.sold_until(own, venue.category).unwrap_or(now);
                add(end <= now.saturating_add(SELF_TEST_AHEAD), Trouble::NoProduct, None, end.max(now));
            }
        }
        for catalogue in self.bundle().catalogues().filter(|catalogue| !catalogue.products().is_empty()) {
            let member = catalogue.member();
            let keys = || self.bundle().trust().keys(Role::Issuer).filter(|(of, _)| of.id == member);
            let none = |at| !keys().any(|(_, key)| key.not_before <= at && at <= key.not_after);
            let from = first(now, none);
            add(from.is_some(), Trouble::IssuerKey, Some(member), from.unwrap_or(now));
            let listed = self.bundle().status_lists().any(|list| list.issuer() == member);
            add(!listed, Trouble::StatusMissing, Some(member), now);
        }
        for (place, piece) in self.ages(now).enumerate() {
            let reached = |age| first(now, |at| self.ages(at).nth(place).is_none_or(|piece| piece.age >= age));
            let (stale, old) = (reached(Age::Stale), reached(Age::TooOld));
            let (member, trouble) = match piece.piece {
                Piece::Catalogue { member, .. } | Piece::StatusList { issuer: member, .. } => {
                    (Some(member), Trouble::ListTooOld)
                }
                Piece::GateCertificate => (None, Trouble::Certificate),
                _ => (None, Trouble::ListTooOld),
            };
            add(stale.is_some() && stale != old, Trouble::ListStale, member, stale.unwrap_or(now));
            add(old.is_some(), trouble, member, old.unwrap_or(now));
        }
        let mut known = BTreeSet::new();
        faults.into_iter().filter(|fault| known.insert((fault.trouble, fault.member))).collect()
    }
}

impl<S: Storage> Gate<S> {
    /// The end of the last grant for this venue and the gate's service; none where no product has one.
    fn sold_until(&self, venue: VenueId, category: u8) -> Option<UnixTime> {
        let products = self.bundle().catalogues().flat_map(Catalogue::products);
        let here =
            |grant: &&Grant| grant.service == self.certificate().service() && grant.scope.covers(venue, category);
        let end = |grant: &Grant| match grant.window.validity {
            Validity::Pass => UnixTime::MAX,
            Validity::Fixed { until, .. } => until,
            Validity::FirstUse { length, .. } => length.until.unwrap_or(UnixTime::MAX),
        };
        products.flat_map(|product| &product.grants).filter(here).map(end).max()
    }
}

/// The first second within the time looked ahead at which something is so that stays so.
fn first(now: UnixTime, is: impl Fn(UnixTime) -> bool) -> Option<UnixTime> {
    let (mut low, mut high) = (0, SELF_TEST_AHEAD);
    while low < high {
        let middle = low.midpoint(high);
        if is(now.saturating_add(middle)) { high = middle } else { low = middle.saturating_add(1) }
    }
    Some(now.saturating_add(low)).filter(|at| is(*at))
}

#[cfg(test)]
#[path = "tests/self_test.rs"]
mod tests;
