//! The replay of one journal: every record, its evidence, and the gate's decision on it.

use super::cause::{Because, Subject, says};
use super::counts::Counts;
use super::day::DayRecords;
use super::depth::Depth;
use super::evidence::Evidence;
use super::files::Files;
use super::finding::{Findings, Rule};
use super::gate_lists::GateLists;
use super::ledgers::{EnrolledGate, Seal};
use super::lists::Lists;
use super::parts::{Part, Selection};
use super::shown::{ShownError, check_shown};
use super::standing::{DecisionContext, StandingUses};
use crate::gate::{ClocksSet, Override, Record, Redemption, Synced, flags};
use crate::id::PassKey;
use crate::pass::PassClaims;
use crate::product::{Denied, Tally, Use, Visit, entitle_by};
use crate::time::UnixTime;
use crate::trust::{Age, Status};
use std::collections::{BTreeMap, BTreeSet};

/// The replay of one journal.
pub(super) struct JournalReplay<'a, F: Files> {
    gate: &'a EnrolledGate,
    depth: Depth,
    pub(super) selection: Selection,
    pub(super) evidence: Evidence<'a, F>,
    clock: GateClock<'a>,
    /// What the gate had, by its own word.
    had: GateLists<'a>,
    own: OwnUses<'a>,
    day: DayRecords,
    pub(super) standing: StandingUses,
    pub(super) counts: Counts,
}

/// What is known of the gate's clock.
struct GateClock<'a> {
    /// The gate's seals from the first that is over the record on.
    seals: &'a [Seal],
    last: UnixTime,
    /// What it had shown when it was set.
    sets: ClocksSet,
    /// Whether it is in doubt; unknown while a record that says so may be pruned.
    doubt: Option<bool>,
}

/// What the gate knew for certain: its own uses.
struct OwnUses<'a> {
    /// The reversals that no record so far was sealed after.
    reversals: &'a [(u64, u64)],
    /// When each pass was last redeemed, of the redemptions that stand and that the gate remembered.
    recent: BTreeMap<PassKey, (u64, UnixTime)>,
    /// Usage at this gate alone, less what its city had taken back.
    usage: BTreeMap<PassKey, Tally>,
}

impl OwnUses<'_> {
    /// What was taken back counts no more for the gate.
    fn remove(&mut self, pass: PassKey, used: &Use) {
        if let Some(usage) = self.usage.get_mut(&pass) {
            usage.remove(used);
        }
        if self.recent.get(&pass).is_some_and(|(recent, _)| *recent == used.index) {
            self.recent.remove(&pass);
        }
    }
}

impl<'a, F: Files> JournalReplay<'a, F> {
    pub(super) fn new(
        lists: &'a Lists,
        gate: &'a EnrolledGate,
        evidence: Evidence<'a, F>,
        depth: Depth,
        part: Part,
    ) -> Self {
        let (last, sets) = (UnixTime::MIN, ClocksSet::default());
        Self {
            gate,
            depth,
            selection: Selection::of(part),
            evidence,
            clock: GateClock { seals: &gate.seals, last, sets, doubt: Some(false) },
            had: GateLists::of(lists),
            own: OwnUses { reversals: &gate.reversals, recent: BTreeMap::new(), usage: BTreeMap::new() },
            day: DayRecords::default(),
            standing: StandingUses::at(gate),
            counts: Counts { journals: 1, ..Counts::default() },
        }
    }

    /// A record that is gone. Evidence of it proves nothing any more.
    pub(super) fn pruned(&mut self, index: u64, findings: &mut Findings) {
        if self.shown_with(index, findings).is_some() {
            findings.notice(index, Rule::Evidence, "evidence of a record that was pruned");
        }
        self.evidence.digest_said(index, None);
        self.standing.pruned = index.saturating_add(1);
        self.day.prune();
        self.clock.doubt = None;
    }

    /// The evidence beside an entry, where the audit looks at any.
    fn shown_with(&mut self, index: u64, findings: &mut Findings) -> Option<Vec<u8>> {
        if self.depth < Depth::Evidence { None } else { self.evidence.of(index, findings) }
    }

    pub(super) fn record(&mut self, index: u64, body: &[u8], findings: &mut Findings) {
        self.counts.records = self.counts.records.saturating_add(1);
        let shown = self.shown_with(index, findings);
        let decoded = Record::decode(body);
        let record = match &decoded {
            Ok(record) => record,
            Err(error) => {
                findings.error(index, Rule::Record, Because(error));
                self.evidence.digest_said(index, None);
                return;
            }
        };
        self.check_time(index, record, findings);
        if index == 0 && !matches!(record, Record::Opened { .. }) {
            findings.error(index, Rule::Opened, "the first record is not that the gate was opened");
        }
        if party_of(record) == Some(0) {
            findings.error(index, Rule::Record, "it is of a party of nobody");
        }
        let opened = matches!(record, Record::Opened { .. });
        self.day.totals.count(record);
        if self.depth >= Depth::Policy {
            self.clock.sets.learn(index, record);
        }
        if let Record::Redeemed(redemption) = record {
            self.evidence.digest_said(index, Some(&redemption.evidence));
            self.redemption(index, redemption, shown, findings);
        } else {
            self.evidence.digest_said(index, None);
            if shown.is_some() {
                findings.error(index, Rule::Evidence, "evidence of a record that is no redemption");
            }
            self.other(index, record, findings);
        }
        self.had.opened = opened;
    }

    /// A record once more: only what the uses of this part's passes follow from.
    pub(super) fn again(&mut self, index: u64, body: &[u8], findings: &mut Findings) {
        let Ok(record) = Record::decode(body) else { return };
        let opened = matches!(record, Record::Opened { .. });
        self.clock.sets.learn(index, &record);
        match record {
            Record::Redeemed(redemption) => self.used(index, &redemption, findings),
            Record::Annulled { time, index: annulled } => self.annulment(index, time, annulled, findings),
            Record::Synced(synced) => self.learn(index, synced),
            Record::ClockSet { .. } => self.own.recent.clear(),
            _ => {}
        }
        self.had.opened = opened;
    }

    fn check_time(&mut self, index: u64, record: &Record, findings: &mut Findings) {
        let time = record.time();
        match record {
            Record::ClockSet { before, .. } if *before != self.clock.last => {
                let last = self.clock.last;
                findings.error(index, Rule::Clock, says!("says {before}, the record before is of {last}"));
            }
            Record::ClockSet { .. } => {}
            _ if time < self.clock.last => {
                findings.error(index, Rule::Clock, says!("{time} is before {}", self.clock.last));
            }
            _ => {}
        }
        self.clock.last = time;
        self.check_sealed(index, time, findings);
        if !self.gate.certificate.covers(time) {
            findings.error(index, Rule::Certificate, says!("the gate certificate is not in force at {time}"));
        }
    }

    /// The last record that a seal is over was made before the ledger took the seal, but for what two clocks may
    /// differ by.
    fn check_sealed(&mut self, index: u64, time: UnixTime, findings: &mut Findings) {
        let size = index.saturating_add(1);
        while let Some((before, rest)) = self.clock.seals.split_first()
            && before.signed.size() < size
        {
            self.clock.seals = rest;
        }
        let Some(seal) = self.clock.seals.first().filter(|seal| seal.signed.size() == size) else { return };
        let ahead = time.since(seal.time);
        if ahead > i64::from(self.had.policy(time).code_early) {
            let told = says!("it is dated {ahead} s after ledger entry {} sealed it", seal.entry);
            findings.notice(index, Rule::Clock, told);
        }
    }

    fn other(&mut self, index: u64, record: &Record, findings: &mut Findings) {
        match *record {
            Record::Opened { certificate, .. } => {
                if certificate != self.gate.certificate.digest() {
                    findings.error(index, Rule::Opened, "opened under another certificate than the one enrolled");
                }
                self.day.overridden.clear();
            }
            // What stands is known where it is decided.
            Record::Annulled { .. } if self.depth < Depth::Policy => {}
            Record::Annulled { time, index: annulled } => self.annulment(index, time, annulled, findings),
            Record::Synced(ref synced) => {
                self.had.check(index, synced, findings);
                self.learn(index, synced.clone());
            }
            // What was redeemed before may now lie in the future: what the gate made of it is unknown.
            Record::ClockSet { .. } => {
                self.own.recent.clear();
                self.clock.doubt = Some(false);
            }
            Record::ClockJumped { shown, expected, .. } => {
                findings.notice(index, Rule::Clock, says!("the clock jumped to {shown} from {expected}"));
                self.clock.doubt = Some(true);
            }
            Record::DayClosed { time, day, totals, ref refused } => {
                self.day.close(index, &totals, findings);
                if day > time.service_day(0) {
                    findings.error(index, Rule::Totals, says!("closes {day}, which had not begun"));
                }
                self.day.check_refused(index, refused, findings);
            }
            Record::Overridden { entry, .. } => {
                let (Override { operator, why, party, .. }, refused) = (entry, entry.refused.number());
                let told = says!("operator {operator} let in {party} after refusal {refused}, by reason {why}");
                findings.notice(index, Rule::Override, told);
                let count = self.day.overridden.entry(entry.refused).or_default();
                *count = count.saturating_add(1);
            }
            Record::OutageOpened { since, .. } => {
                self.day.outage(index, true, says!("people pass unchecked since {since}"), findings);
            }
            Record::OutageClosed { let_in, .. } => {
                self.day.outage(index, false, says!("the outage is over, {let_in} people came in"), findings);
            }
            _ => {}
        }
    }

    fn learn(&mut self, index: u64, synced: Synced) {
        if self.had.learn(index, synced) {
            // Under another policy the gate may have forgotten more.
            self.own.recent.clear();
        }
    }

    fn annulment(&mut self, index: u64, time: UnixTime, annulled: u64, findings: &mut Findings) {
        if annulled < self.standing.pruned || !self.selection.decides(annulled, &self.standing) {
            return;
        }
        let Some((pass, used)) = self.standing.of(annulled) else {
            let detail = says!("entry {annulled} is no redemption that can be annulled");
            return findings.error(index, Rule::Annulment, detail);
        };
        if !self.clock.sets.may_annul(annulled, used.time, time, self.had.policy(time).annul_within) {
            let detail = says!("entry {annulled}, of {}, can no longer be annulled", used.time);
            return findings.error(index, Rule::Annulment, detail);
        }
        if !self.standing.is_reversed(annulled) {
            self.own.remove(pass, &used);
        }
        self.standing.annul(annulled, index);
    }

    /// Takes back what the city had reversed before it took this record: the gate may have been told.
    fn reversed_before(&mut self, index: u64) {
        let entry = self.standing.entry(index);
        while let Some(((at, reversed), rest)) = self.own.reversals.split_first()
            && *at < entry
        {
            self.own.reversals = rest;
            let used = self.standing.of(*reversed).filter(|_| !self.standing.is_reversed(*reversed));
            if let Some((pass, used)) = used
                && self.standing.reverse(*reversed, *at)
            {
                self.own.remove(pass, &used);
            }
        }
    }

    fn redemption(&mut self, index: u64, redemption: &Redemption, shown: Option<Vec<u8>>, findings: &mut Findings) {
        let flagged = redemption.flags & flags::CLOCK != 0;
        if self.clock.doubt.is_some_and(|doubt| doubt != flagged) {
            findings.error(index, Rule::Clock, "the record says otherwise whether the clock was in doubt");
        }
        self.counts.redemptions = self.counts.redemptions.saturating_add(1);
        match shown {
            Some(shown) => self.shown(index, redemption, &shown, findings),
            None if self.depth < Depth::Evidence => {}
            // It is reported once, for all journals.
            None if !self.evidence.is_given => {}
            None if self.evidence.miss(index) => self.counts.pruned = self.counts.pruned.saturating_add(1),
            None => {}
        }
        if self.depth >= Depth::Policy {
            self.used(index, redemption, findings);
        }
    }

    /// Decides again on a use of a pass of this part, and keeps it.
    fn used(&mut self, index: u64, redemption: &Redemption, findings: &mut Findings) {
        if !self.selection.takes(&redemption.pass, index) {
            return;
        }
        self.reversed_before(index);
        let used = redemption.as_use(&self.gate.certificate, index);
        let visit = self.had.visit(&used);
        self.decision(index, redemption, visit.as_ref(), findings);
        self.check_repeat(index, redemption, findings);
        self.own.usage.entry(redemption.pass).or_default().insert(&used);
        let said = DecisionContext {
            synced: self.had.learnt.clone(),
            synced_pruned: self.had.synced.is_none() && self.standing.pruned > 0,
            reference_fen: visit.map_or(0, |visit| visit.venue.reference_fen),
        };
        self.standing.keep(index, redemption, said);
    }

    /// Verifies what was shown as the gate had to, and that the record says what it says.
    fn shown(&mut self, index: u64, redemption: &Redemption, shown: &[u8], findings: &mut Findings) {
        self.counts.evidence = self.counts.evidence.saturating_add(1);
        // As it had to judge it: a key that was retired meanwhile it could not know of.
        let trust = self.had.trust(redemption.time);
        match check_shown(redemption, shown, self.gate.certificate.gate(), trust) {
            Ok(_) if self.depth < Depth::Policy => {}
            Ok(presented) => self.check_status(index, presented.claims(), redemption.time, findings),
            Err(error) => {
                let rule = match error {
                    ShownError::Digest => Rule::Evidence,
                    ShownError::Presentation(_) => Rule::Presentation,
                    ShownError::Mismatch => Rule::Mismatch,
                };
                findings.error(index, rule, Because(error));
            }
        }
    }

    /// Whether the status list the gate had said that the pass was good.
    fn check_status(&self, index: u64, claims: &PassClaims, time: UnixTime, findings: &mut Findings) {
        let Some(synced) = &self.had.synced else {
            // Where it may have said so in a pruned record, nothing follows.
            if self.standing.pruned == 0 {
                findings.error(index, Rule::Decision, "the gate had not said yet what it knew");
            }
            return;
        };
        let had = synced
            .status
            .iter()
            .find(|(issuer, uri, _)| (*issuer, uri.as_str()) == (claims.issuer, &*claims.status.uri));
        let Some((issuer, uri, issued)) = had else {
            findings.error(index, Rule::Decision, "the gate had no status list of the pass");
            return;
        };
        match self.had.lists.status(*issuer, uri, *issued) {
            None => findings.error(
                index,
                Rule::Published,
                says!(Subject::StatusList(uri.clone()) => "the status list {uri} of {issued} is not published"),
            ),
            Some(list) if list.status(claims.status.index) != Some(Status::Valid) => {
                findings.error(index, Rule::Revoked, "the gate's status list said that the pass is not valid");
            }
            Some(list) if list.age(self.had.policy(time), time) != Age::Fresh => {
                findings.error(
                    index,
                    Rule::Decision,
                    says!(Subject::StatusList(uri.clone()) => "the status list {uri} of {issued} was too old"),
                );
            }
            Some(_) => {}
        }
    }

    /// The same pass again so soon is a re-scan or passed back: the gate records neither.
    fn check_repeat(&mut self, index: u64, redemption: &Redemption, findings: &mut Findings) {
        let within = i64::from(self.had.policy(redemption.time).rescan_within);
        let before = self.own.recent.insert(redemption.pass, (index, redemption.time));
        if let Some((other, _)) = before.filter(|(_, time)| redemption.time.since(*time) <= within) {
            findings.error(index, Rule::Decision, says!("the pass had just entered, by entry {other}"));
        }
    }

    /// Decides again from what the gate knew by itself. More usage never turns a denial into an
    /// admission, so a denial here is one the gate had to give.
    fn decision(&self, index: u64, redemption: &Redemption, visit: Option<&Visit>, findings: &mut Findings) {
        let Some(product) = self.had.lists.bundle.product(redemption.product_ref()) else {
            findings.error(
                index,
                Rule::Decision,
                says!(Subject::Product(redemption.product_ref()) => "no product {}", redemption.product_ref()),
            );
            return;
        };
        if self.had.trust_age(redemption.time).is_some_and(|age| age != Age::Fresh) {
            findings.error(index, Rule::Decision, "the gate's trust list was too old");
        }
        let venue = self.gate.certificate.venue();
        for member in BTreeSet::from([redemption.pass.issuer, venue.member]) {
            if self.had.catalogue_age(member, redemption.time).is_some_and(|age| age != Age::Fresh) {
                findings.error(
                    index,
                    Rule::Decision,
                    says!(Subject::Member(member) => "the gate's catalogue of {member} was too old"),
                );
            }
            let had = |synced: &Synced| synced.catalogues.iter().any(|(id, _)| *id == member);
            if self.had.synced.as_ref().is_some_and(|synced| !had(synced)) {
                findings.error(
                    index,
                    Rule::Decision,
                    says!(Subject::Member(member) => "the gate had no catalogue of {member}"),
                );
            }
        }
        let Some(visit) = visit else {
            findings.error(index, Rule::Decision, says!(Subject::Venue(venue) => "no venue {venue}"));
            return;
        };
        let Some(grant) = product.grants.get(usize::from(redemption.grant)) else {
            findings.error(
                index,
                Rule::Decision,
                says!(Subject::Grant(redemption.grant) => "the product has no grant {}", redemption.grant),
            );
            return;
        };
        let due = grant.price.fen(visit.venue.reference_fen).saturating_mul(redemption.party.into());
        if due != redemption.due_fen {
            findings.error(index, Rule::Decision, "the co-payment is not that of the grant");
        }
        let none = Tally::default();
        let own = self.own.usage.get(&redemption.pass).unwrap_or(&none);
        match entitle_by(redemption.grant, product, &redemption.facts, own, visit) {
            Ok(_) => {}
            // The pass may have been activated elsewhere: over-use is decided with all that was known.
            Err(Denied::ActivationMissed { .. }) if self.had.heard_of_others() => {}
            Err(denied) => findings.error(index, Rule::Decision, Because(denied)),
        }
    }
}

/// How many people a record is of, where it is of some.
const fn party_of(record: &Record) -> Option<u8> {
    match record {
        Record::Redeemed(redemption) => Some(redemption.party),
        Record::Overridden { entry, .. } => Some(entry.party),
        Record::Exited { party, .. } => Some(*party),
        _ => None,
    }
}
