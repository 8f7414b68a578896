//! The replay of one journal: every record, its evidence, and the gate's decision on it.

use super::counts::Counts;
use super::depth::Depth;
use super::evidence::Evidence;
use super::files::Files;
use super::finding::{Findings, Rule};
use super::ledgers::{GateSeen, Seal};
use super::lists::Lists;
use super::parts::{Indices, Part};
use super::shown::{ShownError, check_shown};
use super::standing::{Said, Standing};
use super::uses::SyncedAt;
use crate::gate::{ClocksSet, Override, Reason, Record, Redemption, Synced, Totals, flags};
use crate::id::{MemberId, PassKey};
use crate::pass::PassClaims;
use crate::product::{Denied, Tally, Use, VenueFacts, Visit, entitle_by};
use crate::time::UnixTime;
use crate::trust::{Age, Catalogue, Policy, Status, StatusList, TrustList};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The replay of one journal.
pub(super) struct Replay<'a, F: Files> {
    lists: &'a Lists,
    gate: &'a GateSeen,
    /// The gate's seals from the first that is over the record on.
    seals: &'a [Seal],
    pub(super) evidence: Evidence<'a, F>,
    depth: Depth,
    part: Part,
    /// The redemptions so far of passes that are of other parts; in the first reading only.
    pub(super) elsewhere: Indices,
    last: UnixTime,
    synced: Option<Synced>,
    synced_at: Option<Arc<SyncedAt>>,
    /// The record before was that the gate was opened.
    opened: bool,
    /// What the gate's clock had shown when it was set.
    clocks: ClocksSet,
    /// The reversals that no record so far was sealed after.
    reversals: &'a [(u64, u64)],
    /// When each pass was last redeemed, of the redemptions that stand and that the gate remembered.
    recent: BTreeMap<PassKey, (u64, UnixTime)>,
    /// Usage at this gate alone, less what its city had taken back: what it knew for certain.
    usage: BTreeMap<PassKey, Tally>,
    pub(super) standing: Standing,
    /// Since the last day close, and whether there are pruned records among them.
    totals: Totals,
    totals_pruned: bool,
    /// People let in by hand since the last day close, by the reason that the gate had refused them for. The gate
    /// counts refusals in memory, so what was before a start is not known.
    overridden: BTreeMap<Reason, u32>,
    /// Whether an outage is open, and whether the clock is in doubt; unknown while a record that says so may
    /// be pruned.
    outage: Option<bool>,
    doubt: Option<bool>,
    /// The first redemption whose evidence is gone. Of the others, only their number is kept: there may be millions.
    pub(super) erased: Option<u64>,
    /// How many redemptions come after the end of the evidence that is published.
    pub(super) unpublished: u64,
    pub(super) counts: Counts,
}

impl<'a, F: Files> Replay<'a, F> {
    pub(super) fn new(
        lists: &'a Lists,
        gate: &'a GateSeen,
        evidence: Evidence<'a, F>,
        depth: Depth,
        part: Part,
    ) -> Self {
        Self {
            lists,
            gate,
            seals: &gate.seals,
            evidence,
            depth,
            part,
            elsewhere: Indices::default(),
            last: UnixTime::MIN,
            synced: None,
            synced_at: None,
            opened: false,
            clocks: ClocksSet::default(),
            reversals: &gate.reversals,
            recent: BTreeMap::new(),
            usage: BTreeMap::new(),
            standing: Standing::at(gate),
            totals: Totals::default(),
            totals_pruned: false,
            overridden: BTreeMap::new(),
            outage: Some(false),
            doubt: Some(false),
            erased: None,
            unpublished: 0,
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
        self.totals_pruned = true;
        (self.outage, self.doubt) = (None, None);
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
                findings.error(index, Rule::Record, error);
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
        self.totals.count(record);
        if self.depth >= Depth::Policy {
            self.clocks.learn(index, record);
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
        self.opened = opened;
    }

    /// A record once more: only what the uses of this part's passes follow from.
    pub(super) fn again(&mut self, index: u64, body: &[u8], findings: &mut Findings) {
        let Ok(record) = Record::decode(body) else { return };
        let opened = matches!(record, Record::Opened { .. });
        self.clocks.learn(index, &record);
        match record {
            Record::Redeemed(redemption) => self.used(index, &redemption, findings),
            Record::Annulled { time, index: annulled } => self.annulment(index, time, annulled, findings),
            Record::Synced(synced) => self.learn(index, synced),
            Record::ClockSet { .. } => self.recent.clear(),
            _ => {}
        }
        self.opened = opened;
    }

    fn check_time(&mut self, index: u64, record: &Record, findings: &mut Findings) {
        let time = record.time();
        match record {
            Record::ClockSet { before, .. } if *before != self.last => {
                let last = self.last;
                findings.error(index, Rule::Clock, format_args!("says {before}, the record before is of {last}"));
            }
            Record::ClockSet { .. } => {}
            _ if time < self.last => findings.error(index, Rule::Clock, format_args!("{time} is before {}", self.last)),
            _ => {}
        }
        self.last = time;
        self.check_sealed(index, time, findings);
        if !self.gate.certificate.covers(time) {
            findings.error(index, Rule::Certificate, format_args!("the gate certificate is not in force at {time}"));
        }
    }

    /// The last record that a seal is over was made before the ledger took the seal, but for what two clocks may
    /// differ by.
    fn check_sealed(&mut self, index: u64, time: UnixTime, findings: &mut Findings) {
        let size = index.saturating_add(1);
        while let Some((before, rest)) = self.seals.split_first()
            && before.signed.size() < size
        {
            self.seals = rest;
        }
        let Some(seal) = self.seals.first().filter(|seal| seal.signed.size() == size) else { return };
        let ahead = time.since(seal.time);
        if ahead > i64::from(self.policy(time).code_early) {
            let told = format_args!("it is dated {ahead} s after ledger entry {} sealed it", seal.entry);
            findings.notice(index, Rule::Clock, told);
        }
    }

    fn other(&mut self, index: u64, record: &Record, findings: &mut Findings) {
        match *record {
            Record::Opened { certificate, .. } => {
                if certificate != self.gate.certificate.digest() {
                    findings.error(index, Rule::Opened, "opened under another certificate than the one enrolled");
                }
                self.overridden.clear();
            }
            // What stands is known where it is decided.
            Record::Annulled { .. } if self.depth < Depth::Policy => {}
            Record::Annulled { time, index: annulled } => self.annulment(index, time, annulled, findings),
            Record::Synced(ref synced) => self.synced(index, synced, findings),
            // What was redeemed before may now lie in the future: what the gate made of it is unknown.
            Record::ClockSet { .. } => {
                self.recent.clear();
                self.doubt = Some(false);
            }
            Record::ClockJumped { shown, expected, .. } => {
                findings.notice(index, Rule::Clock, format_args!("the clock jumped to {shown} from {expected}"));
                self.doubt = Some(true);
            }
            Record::DayClosed { time, day, totals, ref refused } => {
                self.closed(index, &totals, findings);
                if day > time.service_day(0) {
                    findings.error(index, Rule::Totals, format_args!("closes {day}, which had not begun"));
                }
                self.refused(index, refused, findings);
            }
            Record::Overridden { entry, .. } => {
                let (Override { operator, why, party, .. }, refused) = (entry, entry.refused.number());
                let told = format_args!("operator {operator} let in {party} after refusal {refused}, by reason {why}");
                findings.notice(index, Rule::Override, told);
                let count = self.overridden.entry(entry.refused).or_default();
                *count = count.saturating_add(1);
            }
            Record::OutageOpened { since, .. } => {
                self.outage(index, true, format_args!("people pass unchecked since {since}"), findings);
            }
            Record::OutageClosed { let_in, .. } => {
                self.outage(index, false, format_args!("the outage is over, {let_in} people came in"), findings);
            }
            _ => {}
        }
    }

    fn closed(&mut self, index: u64, totals: &Totals, findings: &mut Findings) {
        // Of a day whose first records were pruned, the totals can only be too low.
        let pruned = self.totals_pruned && at_least(totals, &self.totals);
        if *totals != self.totals && !pruned {
            findings.error(index, Rule::Totals, format_args!("says {totals:?}, the records say {:?}", self.totals));
        }
        (self.totals, self.totals_pruned) = (Totals::default(), false);
    }

    /// Whom a person let in, the gate had refused. Refusals are not recorded one by one, and one may have been
    /// counted the day before: so this is told, and no more.
    fn refused(&mut self, index: u64, refused: &[(Reason, u32)], findings: &mut Findings) {
        for (reason, let_in) in core::mem::take(&mut self.overridden) {
            let counted = refused.iter().find(|(of, _)| *of == reason).map_or(0, |(_, count)| *count);
            if counted < let_in {
                let reason = reason.number();
                let told = format_args!("let in {let_in} times after refusal {reason}, of which it counts {counted}");
                findings.notice(index, Rule::Totals, told);
            }
        }
    }

    fn outage(&mut self, index: u64, open: bool, told: fmt::Arguments<'_>, findings: &mut Findings) {
        if self.outage == Some(open) {
            findings.error(index, Rule::Outage, "an outage opens once, then closes once");
        } else {
            findings.notice(index, Rule::Outage, told);
        }
        self.outage = Some(open);
    }

    /// What a gate says it knows is published, and never less than it said before.
    fn synced(&mut self, index: u64, synced: &Synced, findings: &mut Findings) {
        let known = |(member, sequence): &&(MemberId, u64)| self.lists.catalogue(*member, *sequence).is_none();
        // Of a list before the pinned one nothing is known.
        if self.lists.trust.list(synced.trust).is_none() && synced.trust >= self.lists.trust.first().sequence() {
            findings.error(index, Rule::Published, format_args!("trust list {} is not published", synced.trust));
        }
        for (member, sequence) in synced.catalogues.iter().filter(known) {
            findings.error(index, Rule::Published, format_args!("catalogue {sequence} of {member} is not published"));
        }
        if self.synced.as_ref().is_some_and(|before| knows_less(synced, before, self.lists)) {
            findings.error(index, Rule::Decision, "the gate says that it knows less than before");
        }
        self.learn(index, synced.clone());
    }

    fn learn(&mut self, index: u64, synced: Synced) {
        // A gate that starts says again what it knew: it has learnt no usage since the last sync.
        let again = |before: &Arc<SyncedAt>| self.opened && before.ledgers == synced.ledgers;
        if !self.synced_at.as_ref().is_some_and(again) {
            let (time, ledgers) = (synced.time, synced.ledgers.clone());
            self.synced_at = Some(Arc::new(SyncedAt { index, time, ledgers }));
        }
        if self.synced.as_ref().is_some_and(|before| before.trust != synced.trust) {
            // Under another policy the gate may have forgotten more.
            self.recent.clear();
        }
        self.synced = Some(synced);
    }

    /// The trust list that the gate had, by its own word.
    fn trust(&self, time: UnixTime) -> &'a TrustList {
        let lists = self.lists;
        let named = self.synced.as_ref().and_then(|synced| lists.trust.list(synced.trust));
        named.unwrap_or_else(|| lists.trust.at(time))
    }

    /// How old at `time` the trust list was that the gate had; of one before the pinned list, nobody knows.
    fn trust_age(&self, time: UnixTime) -> Option<Age> {
        let pinned = self.lists.trust.first().sequence();
        let known = self.synced.as_ref().is_none_or(|synced| synced.trust >= pinned);
        known.then(|| self.trust(time).age(time))
    }

    /// How old at `time` the catalogue was that the gate had of a member, where it said which.
    fn catalogue_age(&self, member: MemberId, time: UnixTime) -> Option<Age> {
        let (_, sequence) = self.synced.as_ref()?.catalogues.iter().find(|(id, _)| *id == member)?;
        Some(self.lists.catalogue(member, *sequence)?.age(self.policy(time), time))
    }

    fn policy(&self, time: UnixTime) -> &'a Policy {
        self.trust(time).policy()
    }

    fn annulment(&mut self, index: u64, time: UnixTime, annulled: u64, findings: &mut Findings) {
        if annulled < self.standing.pruned || !is_here(annulled, &self.standing, self.part, &self.elsewhere) {
            return;
        }
        let Some((pass, used)) = self.standing.of(annulled) else {
            let detail = format_args!("entry {annulled} is no redemption that can be annulled");
            return findings.error(index, Rule::Annulment, detail);
        };
        if !self.clocks.may_annul(annulled, used.time, time, self.policy(time).annul_within) {
            let detail = format_args!("entry {annulled}, of {}, can no longer be annulled", used.time);
            return findings.error(index, Rule::Annulment, detail);
        }
        if !self.standing.is_reversed(annulled) {
            self.not_used(pass, &used);
        }
        self.standing.annul(annulled, index);
    }

    /// What was taken back counts no more for the gate.
    fn not_used(&mut self, pass: PassKey, used: &Use) {
        if let Some(usage) = self.usage.get_mut(&pass) {
            usage.remove(used);
        }
        if self.recent.get(&pass).is_some_and(|(recent, _)| *recent == used.index) {
            self.recent.remove(&pass);
        }
    }

    /// Takes back what the city had reversed before it took this record: the gate may have been told.
    fn reversed_before(&mut self, index: u64) {
        let entry = self.standing.entry(index);
        while let Some(((at, reversed), rest)) = self.reversals.split_first()
            && *at < entry
        {
            self.reversals = rest;
            let used = self.standing.of(*reversed).filter(|_| !self.standing.is_reversed(*reversed));
            if let Some((pass, used)) = used
                && self.standing.reverse(*reversed, *at)
            {
                self.not_used(pass, &used);
            }
        }
    }

    fn redemption(&mut self, index: u64, redemption: &Redemption, shown: Option<Vec<u8>>, findings: &mut Findings) {
        let flagged = redemption.flags & flags::CLOCK != 0;
        if self.doubt.is_some_and(|doubt| doubt != flagged) {
            findings.error(index, Rule::Clock, "the record says otherwise whether the clock was in doubt");
        }
        self.counts.redemptions = self.counts.redemptions.saturating_add(1);
        match shown {
            Some(shown) => self.shown(index, redemption, &shown, findings),
            None if self.depth < Depth::Evidence => {}
            // It is reported once, for all journals.
            None if !self.evidence.is_given => {}
            None if self.evidence.is_behind(index) => self.unpublished = self.unpublished.saturating_add(1),
            None => {
                self.counts.pruned = self.counts.pruned.saturating_add(1);
                self.erased.get_or_insert(index);
            }
        }
        if self.depth >= Depth::Policy {
            self.used(index, redemption, findings);
        }
    }

    /// Decides again on a use of a pass of this part, and keeps it.
    fn used(&mut self, index: u64, redemption: &Redemption, findings: &mut Findings) {
        if !self.part.has(&redemption.pass) {
            if self.part.is_first() {
                self.elsewhere.insert(index);
            }
            return;
        }
        self.reversed_before(index);
        let used = redemption.as_use(&self.gate.certificate, index);
        let visit = self.visit(&used);
        self.decision(index, redemption, visit.as_ref(), findings);
        self.check_repeat(index, redemption, findings);
        self.usage.entry(redemption.pass).or_default().insert(&used);
        let said = Said {
            synced: self.synced_at.clone(),
            synced_pruned: self.synced.is_none() && self.standing.pruned > 0,
            reference_fen: visit.map_or(0, |visit| visit.venue.reference_fen),
        };
        self.standing.keep(index, redemption, said);
    }

    /// Verifies what was shown as the gate had to, and that the record says what it says.
    fn shown(&mut self, index: u64, redemption: &Redemption, shown: &[u8], findings: &mut Findings) {
        self.counts.evidence = self.counts.evidence.saturating_add(1);
        // As it had to judge it: a key that was retired meanwhile it could not know of.
        let trust = self.trust(redemption.time);
        match check_shown(redemption, shown, self.gate.certificate.gate(), trust) {
            Ok(_) if self.depth < Depth::Policy => {}
            Ok(presented) => self.check_status(index, presented.claims(), redemption.time, findings),
            Err(error) => {
                let rule = match error {
                    ShownError::Digest => Rule::Evidence,
                    ShownError::Presentation(_) => Rule::Presentation,
                    ShownError::Mismatch => Rule::Mismatch,
                };
                findings.error(index, rule, error);
            }
        }
    }

    /// Whether the status list the gate had said that the pass was good.
    fn check_status(&self, index: u64, claims: &PassClaims, time: UnixTime, findings: &mut Findings) {
        let Some(synced) = &self.synced else {
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
        match self.lists.status(*issuer, uri, *issued) {
            None => findings.error(
                index,
                Rule::Published,
                format_args!("the status list {uri} of {issued} is not published"),
            ),
            Some(list) if list.status(claims.status.index) != Some(Status::Valid) => {
                findings.error(index, Rule::Revoked, "the gate's status list said that the pass is not valid");
            }
            Some(list) if list.age(self.policy(time), time) != Age::Fresh => {
                findings.error(index, Rule::Decision, format_args!("the status list {uri} of {issued} was too old"));
            }
            Some(_) => {}
        }
    }

    /// The same pass again so soon is a re-scan or passed back: the gate records neither.
    fn check_repeat(&mut self, index: u64, redemption: &Redemption, findings: &mut Findings) {
        let within = i64::from(self.policy(redemption.time).rescan_within);
        let before = self.recent.insert(redemption.pass, (index, redemption.time));
        if let Some((other, _)) = before.filter(|(_, time)| redemption.time.since(*time) <= within) {
            findings.error(index, Rule::Decision, format_args!("the pass had just entered, by entry {other}"));
        }
    }

    /// Decides again from what the gate knew by itself. More usage never turns a denial into an
    /// admission, so a denial here is one the gate had to give.
    fn decision(&self, index: u64, redemption: &Redemption, visit: Option<&Visit>, findings: &mut Findings) {
        let Some(product) = self.lists.bundle.product(redemption.product_ref()) else {
            findings.error(index, Rule::Decision, format_args!("no product {}", redemption.product_ref()));
            return;
        };
        if self.trust_age(redemption.time).is_some_and(|age| age != Age::Fresh) {
            findings.error(index, Rule::Decision, "the gate's trust list was too old");
        }
        let venue = self.gate.certificate.venue();
        for member in BTreeSet::from([redemption.pass.issuer, venue.member]) {
            if self.catalogue_age(member, redemption.time).is_some_and(|age| age != Age::Fresh) {
                findings.error(index, Rule::Decision, format_args!("the gate's catalogue of {member} was too old"));
            }
            let had = |synced: &Synced| synced.catalogues.iter().any(|(id, _)| *id == member);
            if self.synced.as_ref().is_some_and(|synced| !had(synced)) {
                findings.error(index, Rule::Decision, format_args!("the gate had no catalogue of {member}"));
            }
        }
        let Some(visit) = visit else {
            findings.error(index, Rule::Decision, format_args!("no venue {venue}"));
            return;
        };
        let Some(grant) = product.grants.get(usize::from(redemption.grant)) else {
            findings.error(index, Rule::Decision, format_args!("the product has no grant {}", redemption.grant));
            return;
        };
        let due = grant.price.fen(visit.venue.reference_fen).saturating_mul(redemption.party.into());
        if due != redemption.due_fen {
            findings.error(index, Rule::Decision, "the co-payment is not that of the grant");
        }
        let none = Tally::default();
        let own = self.usage.get(&redemption.pass).unwrap_or(&none);
        match entitle_by(redemption.grant, product, &redemption.facts, own, visit) {
            Ok(_) => {}
            // The pass may have been activated elsewhere: over-use is decided with all that was known.
            Err(Denied::ActivationMissed { .. }) if self.heard_of_others() => {}
            Err(denied) => findings.error(index, Rule::Decision, denied),
        }
    }

    /// The visit that a use was, by the catalogue that the gate had: prices change.
    fn visit(&self, used: &Use) -> Option<Visit> {
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

    fn heard_of_others(&self) -> bool {
        self.synced.as_ref().is_some_and(|synced| !synced.ledgers.is_empty())
    }
}

/// Whether what takes back this record is decided in this reading: where the uses of its pass are, and in the first if
/// it is no redemption. Until the journal is read, what is known is of the records so far, which are all that matter.
pub(super) fn is_here(index: u64, standing: &Standing, part: Part, elsewhere: &Indices) -> bool {
    standing.keeps(index) || (part.is_first() && !elsewhere.contains(index))
}

/// How many people a record is of, where it is of some.
const fn party_of(record: &Record) -> Option<u8> {
    match record {
        Record::Redeemed(redemption) => Some(redemption.party),
        Record::Overridden { entry, .. } => Some(entry.party),
        Record::Left { party, .. } => Some(*party),
        _ => None,
    }
}

fn at_least(totals: &Totals, least: &Totals) -> bool {
    totals.admitted >= least.admitted
        && totals.annulled >= least.annulled
        && totals.overridden >= least.overridden
        && totals.left >= least.left
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

#[cfg(test)]
#[path = "tests/records.rs"]
mod tests;
