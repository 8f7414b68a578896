//! What a gate knows: a pure function of its journal and of what it learnt at the last sync, so a restart
//! changes no decision.

use super::annulment::ClocksSet;
use super::error::Rollback;
use super::learnt::LearntUses;
use super::own_uses::OwnUses;
use super::record::{Record, Redemption, Synced, Totals};
use crate::id::{MemberId, PassKey};
use crate::time::UnixTime;
use crate::trust::{Bundle, Catalogue, GateCertificate};
use std::collections::{BTreeMap, VecDeque};

/// What follows from the journal and the learnt usage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct GateState {
    /// By the journal.
    pub(super) own_uses: OwnUses,
    pub(super) learnt: LearntUses,
    /// Redemptions still young enough to be scanned again or annulled.
    pub(super) recent: VecDeque<RecentUse>,
    /// What the clock had shown when it was set.
    pub(super) clocks: ClocksSet,
    /// Exits still young enough to be scanned again.
    pub(super) exits: VecDeque<(UnixTime, PassKey)>,
    pub(super) last: UnixTime,
    pub(super) synced: Option<Synced>,
    pub(super) newest: NewestPieces,
    /// Since the last day close.
    pub(super) totals: Totals,
    /// People who came in since then, less those who left.
    pub(super) inside: i64,
    /// Since when an outage is open.
    pub(super) outage: Option<UnixTime>,
    /// The clock jumped and was not set since.
    pub(super) doubt: bool,
    /// Size of the journal at the last seal.
    pub(super) sealed: u64,
}

impl GateState {
    /// Takes in one record of the journal: when it was just written, and when it is replayed.
    pub(super) fn learn(&mut self, certificate: &GateCertificate, index: u64, record: &Record) {
        self.last = record.time();
        self.totals.count(record);
        self.clocks.learn(index, record);
        match record {
            Record::Redeemed(redemption) => {
                let used = redemption.as_use(certificate, index);
                self.own_uses.insert(redemption.pass, used);
                self.recent.push_back(RecentUse { index, redemption: *redemption });
                self.inside = self.inside.saturating_add(redemption.party.into());
            }
            Record::Annulled { index, .. } => {
                let key = (certificate.gate(), *index);
                let recent = self.recent.iter().position(|recent| recent.index == *index);
                let recent = recent.and_then(|at| self.recent.remove(at)).map(|recent| recent.redemption);
                let used = recent.map(|redemption| (redemption.pass, redemption.as_use(certificate, *index)));
                // Under another policy it may be forgotten here, though it was recent when annulled.
                if let Some((pass, used)) = used.or_else(|| self.own_uses.find(key)) {
                    self.own_uses.annul(pass, key);
                    self.inside = self.inside.saturating_sub(used.party.into());
                }
            }
            Record::Synced(synced) => {
                self.newest.learn(synced);
                self.synced = Some(synced.clone());
            }
            Record::DayClosed { .. } => (self.totals, self.inside) = (Totals::default(), 0),
            Record::Opened { .. } => {}
            Record::ClockSet { .. } => self.doubt = false,
            Record::ClockJumped { .. } => self.doubt = true,
            Record::Overridden { entry, .. } => self.inside = self.inside.saturating_add(entry.party.into()),
            Record::OutageOpened { since, .. } => self.outage = Some(*since),
            Record::OutageClosed { let_in, .. } => {
                self.outage = None;
                self.inside = self.inside.saturating_add((*let_in).into());
            }
            Record::Exited { time, pass, party } => {
                self.exits.push_back((*time, *pass));
                self.inside = self.inside.saturating_sub((*party).into());
            }
        }
    }

    /// Refuses a bundle with a piece older than one that any `synced` record names, or without a piece that the
    /// last one names. Of a member that is not in the trust list any more no piece must be there, and none of
    /// those that a new trust list dropped.
    pub(super) fn check_rollback(&self, bundle: &Bundle, dropped: &DroppedPieces) -> Result<(), Rollback> {
        let Some(synced) = &self.synced else { return Ok(()) };
        if bundle.trust().sequence() < synced.trust {
            return Err(Rollback::TrustList);
        }
        let gone = |member: MemberId| bundle.trust().member(member).is_none();
        let NewestPieces { catalogues, status } = &self.newest;
        let there = |member| bundle.catalogue(member).is_some() || gone(member) || dropped.catalogues.contains(&member);
        let older =
            bundle.catalogues().find(|now| catalogues.get(&now.member()).is_some_and(|had| now.sequence() < *had));
        let missing = || synced.catalogues.iter().map(|(member, _)| *member).find(|member| !there(*member));
        if let Some(member) = older.map(Catalogue::member).or_else(missing) {
            return Err(Rollback::Catalogue(member));
        }
        let there = |issuer, uri: &str| {
            let dropped = || dropped.status.iter().any(|(of, at)| (*of, at.as_str()) == (issuer, uri));
            bundle.status_list(issuer, uri).is_some() || gone(issuer) || dropped()
        };
        let had = |issuer, uri: &str| status.get(&issuer).and_then(|lists| lists.get(uri));
        let older =
            bundle.status_lists().find(|now| had(now.issuer(), now.uri()).is_some_and(|had| now.issued() < *had));
        let missing = || {
            let named = synced.status.iter().map(|(issuer, uri, _)| (*issuer, uri.as_str()));
            named.into_iter().find(|(issuer, uri)| !there(*issuer, uri))
        };
        if let Some((issuer, uri)) = older.map(|list| (list.issuer(), list.uri())).or_else(missing) {
            return Err(Rollback::StatusList { issuer, uri: uri.to_owned() });
        }
        Ok(())
    }

    /// Drops what is too old to be scanned again or annulled, as of the last record, and what is as far
    /// ahead of it, since the clock was set back.
    pub(super) fn forget(&mut self, within: u32) {
        let last = self.last;
        let far = |time: UnixTime| last.since(time).saturating_abs() > i64::from(within);
        while self.recent.front().is_some_and(|recent| far(recent.redemption.time)) {
            self.recent.pop_front();
        }
        while self.exits.front().is_some_and(|(time, _)| far(*time)) {
            self.exits.pop_front();
        }
    }
}

/// The newest of each piece that the journal ever named. What has left the bundle comes back in a newer form only.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NewestPieces {
    pub(super) catalogues: BTreeMap<MemberId, u64>,
    pub(super) status: BTreeMap<MemberId, BTreeMap<String, UnixTime>>,
}

impl NewestPieces {
    pub(super) fn learn(&mut self, synced: &Synced) {
        for (member, sequence) in &synced.catalogues {
            let newest = self.catalogues.entry(*member).or_default();
            *newest = (*newest).max(*sequence);
        }
        for (issuer, uri, issued) in &synced.status {
            let newest = self.status.entry(*issuer).or_default().entry(uri.clone()).or_insert(*issued);
            *newest = (*newest).max(*issued);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RecentUse {
    pub(super) index: u64,
    pub(super) redemption: Redemption,
}

/// What a bundle lost to the trust lists it took.
#[derive(Debug, Default)]
pub(super) struct DroppedPieces {
    pub(super) catalogues: Vec<MemberId>,
    pub(super) status: Vec<(MemberId, String)>,
}

impl DroppedPieces {
    pub(super) fn between(before: &Bundle, after: &Bundle) -> Self {
        let catalogues = before.catalogues().map(Catalogue::member);
        let status = before.status_lists().filter(|list| after.status_list(list.issuer(), list.uri()).is_none());
        Self {
            catalogues: catalogues.filter(|member| after.catalogue(*member).is_none()).collect(),
            status: status.map(|list| (list.issuer(), list.uri().to_owned())).collect(),
        }
    }
}

pub(super) fn synced_record(bundle: &Bundle, ledgers: Vec<(MemberId, u64)>, time: UnixTime) -> Synced {
    Synced {
        time,
        trust: bundle.trust().sequence(),
        catalogues: bundle.catalogues().map(|catalogue| (catalogue.member(), catalogue.sequence())).collect(),
        status: bundle.status_lists().map(|list| (list.issuer(), list.uri().to_owned(), list.issued())).collect(),
        ledgers,
    }
}
