//! The lists that a gate had, by its own word, and what it had read of ledgers.

use super::cause::{Subject, says};
use super::finding::{Findings, Rule};
use super::lists::Lists;
use super::uses::SyncedAt;
use crate::gate::Synced;
use crate::id::MemberId;
use crate::product::{Use, VenueFacts, Visit};
use crate::time::UnixTime;
use crate::trust::{Age, Catalogue, Policy, StatusList, TrustList};
use std::sync::Arc;

/// What a gate had when it wrote a record.
pub(super) struct GateLists<'a> {
    pub(super) lists: &'a Lists,
    /// What it said last.
    pub(super) synced: Option<Synced>,
    /// What it had last learnt of usage.
    pub(super) learnt: Option<Arc<SyncedAt>>,
    /// The record before was that the gate was opened.
    pub(super) opened: bool,
}

impl<'a> GateLists<'a> {
    /// It has said nothing yet.
    pub(super) const fn of(lists: &'a Lists) -> Self {
        Self { lists, synced: None, learnt: None, opened: false }
    }

    /// What a gate says it knows is published, and never less than it said before.
    pub(super) fn check(&self, index: u64, synced: &Synced, findings: &mut Findings) {
        let known = |(member, sequence): &&(MemberId, u64)| self.lists.catalogue(*member, *sequence).is_none();
        // Of a list before the pinned one nothing is known.
        if self.lists.trust.list(synced.trust).is_none() && synced.trust >= self.lists.trust.first().sequence() {
            findings.error(
                index,
                Rule::Published,
                says!(Subject::TrustList(synced.trust) => "trust list {} is not published", synced.trust),
            );
        }
        for (member, sequence) in synced.catalogues.iter().filter(known) {
            findings.error(
                index,
                Rule::Published,
                says!(Subject::Catalogue(*member, *sequence) => "catalogue {sequence} of {member} is not published"),
            );
        }
        if self.synced.as_ref().is_some_and(|before| knows_less(synced, before, self.lists)) {
            findings.error(index, Rule::Decision, "the gate says that it knows less than before");
        }
    }

    /// Takes what the gate says now; `true` where its trust list is another than before.
    pub(super) fn learn(&mut self, index: u64, synced: Synced) -> bool {
        // A gate that starts says again what it knew: it has learnt no usage since the last sync.
        let again = |before: &Arc<SyncedAt>| self.opened && before.ledgers == synced.ledgers;
        if !self.learnt.as_ref().is_some_and(again) {
            let (time, ledgers) = (synced.time, synced.ledgers.clone());
            self.learnt = Some(Arc::new(SyncedAt { index, time, ledgers }));
        }
        let is_other = self.synced.as_ref().is_some_and(|before| before.trust != synced.trust);
        self.synced = Some(synced);
        is_other
    }

    /// The trust list that the gate had, by its own word.
    pub(super) fn trust(&self, time: UnixTime) -> &'a TrustList {
        let lists = self.lists;
        let named = self.synced.as_ref().and_then(|synced| lists.trust.list(synced.trust));
        named.unwrap_or_else(|| lists.trust.at(time))
    }

    /// How old at `time` the trust list was that the gate had; of one before the pinned list, nobody knows.
    pub(super) fn trust_age(&self, time: UnixTime) -> Option<Age> {
        let pinned = self.lists.trust.first().sequence();
        let known = self.synced.as_ref().is_none_or(|synced| synced.trust >= pinned);
        known.then(|| self.trust(time).age(time))
    }

    /// How old at `time` the catalogue was that the gate had of a member, where it said which.
    pub(super) fn catalogue_age(&self, member: MemberId, time: UnixTime) -> Option<Age> {
        let (_, sequence) = self.synced.as_ref()?.catalogues.iter().find(|(id, _)| *id == member)?;
        Some(self.lists.catalogue(member, *sequence)?.age(self.policy(time), time))
    }

    pub(super) fn policy(&self, time: UnixTime) -> &'a Policy {
        self.trust(time).policy()
    }

    /// The visit that a use was, by the catalogue that the gate had: prices change.
    pub(super) fn visit(&self, used: &Use) -> Option<Visit> {
        let member = used.venue.member;
        let named = self.synced.as_ref().and_then(|synced| synced.catalogues.iter().find(|(id, _)| *id == member));
        let had = named.and_then(|(_, sequence)| self.lists.catalogue(member, *sequence));
        let venue = match had {
            Some(catalogue) => catalogue.venue(used.venue)?,
            None => self.lists.bundle.venue(used.venue)?,
        };
        let (category, reference_fen) = (venue.category, venue.price_fen);
        let venue = VenueFacts { id: used.venue, category, reference_fen, service: used.service };
        Some(Visit { time: used.time, venue, party: used.party })
    }

    pub(super) fn heard_of_others(&self) -> bool {
        self.synced.as_ref().is_some_and(|synced| !synced.ledgers.is_empty())
    }
}

/// Whether a gate that said `before` now says that it has an older list, or has read less of a ledger. What
/// does not verify under the trust list that it has now it need not keep; something older in its place is less.
fn knows_less(now: &Synced, before: &Synced, lists: &Lists) -> bool {
    // Of a trust list before the pinned one nothing is known.
    let trust = lists.trust.list(now.trust);
    let lost = |id: &MemberId, had: u64, now: &[(MemberId, u64)], carried: &dyn Fn(&TrustList) -> bool| match now
        .iter()
        .find(|(of, _)| of == id)
    {
        Some((_, has)) => *has < had,
        None => trust.is_none_or(carried),
    };
    let catalogue = |(member, had): &(MemberId, u64)| {
        lost(member, *had, &now.catalogues, &|trust| {
            let known = lists.catalogue(*member, *had);
            trust.member(*member).is_some()
                && known.is_none_or(|list| Catalogue::verify(list.as_bytes(), trust).is_ok())
        })
    };
    let status = |(issuer, uri, had): &(MemberId, String, UnixTime)| match now
        .status
        .iter()
        .find(|has| (has.0, &has.1) == (*issuer, uri))
    {
        Some((_, _, has)) => has < had,
        None => trust.is_none_or(|trust| {
            let known = lists.status(*issuer, uri, *had);
            trust.member(*issuer).is_some()
                && known.is_none_or(|list| StatusList::verify(list.as_bytes(), trust).is_ok())
        }),
    };
    now.trust < before.trust
        || before.catalogues.iter().any(catalogue)
        || before.ledgers.iter().any(|(id, had)| lost(id, *had, &now.ledgers, &|_| true))
        || before.status.iter().any(status)
}
