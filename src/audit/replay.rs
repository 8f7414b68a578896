//! The audit as a whole: lists, ledgers, journals, over-use, statement.

use super::export::Case;
use super::files::{Files, Listing};
use super::finding::{Finding, Findings, Rule, Severity, grouped};
use super::journals::{GateSeen, JournalAudit, NO_REDEMPTION, Seal, audit_again, audit_journal};
use super::json::Json;
use super::lists::{ListId, Lists, is_list};
use super::moment::Moment;
use super::overuse::{Judged, OtherGrant, OverUse};
use super::parts::{Extent, Parts, most_records};
use super::periods::{Books, Left, Periods};
use super::published::{Beside, Place, PublishedLog, read_checkpoint, read_linked_log};
use super::settle::Period;
use super::standing::Standing;
use super::statement::Statement;
use crate::crypto::{Hash, sha256};
use crate::id::{GateId, MemberId};
use crate::ledger::{Announcement, Entry, LedgerCheckpoint, StatementRef, journal_verifier, log_verifiers};
use crate::time::UnixTime;
use crate::tlog::{NoteVerifier, SignedCheckpoint};
use crate::trust::{GateCertificate, Role, TrustList};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How deep an audit goes; each depth does all that the ones before it do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Chains, trees, checkpoints, cosignatures, certificates, sequences, times, totals: that the bytes are those that
    /// were signed. Evidence is not read.
    Integrity,
    /// What was shown at the gates too, where it is kept: both signatures, for this gate, at that time.
    Evidence,
    /// Every admission decided again, over-use found, and the settlement computed.
    #[default]
    Policy,
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integrity => "integrity",
            Self::Evidence => "evidence",
            Self::Policy => "policy",
        })
    }
}

/// What [`Options::uses_at_once`] is if nothing else is said: 1 GiB, and as much again while journals are put together.
const USES_AT_ONCE: usize = 1 << 24;

/// How to audit.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// How deep to go. What was not looked for was not found: no over-use and no statement above
    /// [`Depth::Policy`].
    pub depth: Depth,
    /// SHA-256 of the trust list to start from: the first, or a later one, and then those before it
    /// are not looked at. Without it, the first list published is taken as it is: then compare
    /// [`Report::anchor`] with what you know.
    pub anchor: Option<Hash>,
    /// The period to settle: one that the ledgers hold a statement of, or the next, up to their present size. There is
    /// no statement of another that begins before the end of the last one settled, see [`Report::settled`].
    pub period: Option<Period>,
    /// How many threads to use; the report does not depend on it.
    pub threads: usize,
    /// How many redemptions to keep at once, at least one; the report does not depend on it. Each takes 64 bytes, and as
    /// much again while those of all journals are put together. Where there are more, the journals are read several
    /// times, each time for a part of the passes. Parts are of that size but for what chance makes of them, and all uses
    /// of one pass are in one.
    pub uses_at_once: usize,
    /// Whether of findings of one cause only the first is kept, with how many there are ([`Finding::count`]): a list that
    /// is missing shows at every record that names it.
    pub group: bool,
    /// Called now and then with the number of journals done and how many there are, which counts them once for each time
    /// they are read. Neither goes back.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        let (depth, uses_at_once) = (Depth::Policy, USES_AT_ONCE);
        Self { depth, anchor: None, period: None, threads: 1, uses_at_once, group: false, progress: None }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, anchor, period, threads, uses_at_once, group, .. } = self;
        write!(f, "Options {{ depth: {depth:?}, anchor: {anchor:?}, period: {period:?}, threads: {threads}, ")?;
        write!(f, "uses_at_once: {uses_at_once}, group: {group} }}")
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ledgers.
    pub ledgers: u64,
    /// Entries of ledgers.
    pub entries: u64,
    /// Journals.
    pub journals: u64,
    /// Records of journals.
    pub records: u64,
    /// Redemptions among them.
    pub redemptions: u64,
    /// Evidence verified.
    pub evidence: u64,
    /// Redemptions whose evidence was erased.
    pub pruned: u64,
}

/// What an audit came to.
#[derive(Debug)]
pub struct Report {
    /// How deep it went.
    pub depth: Depth,
    /// What was found, ordered by place and entry: each, or of each cause the first ([`Options::group`]).
    pub findings: Vec<Finding>,
    /// Over-use up to the ledgers' present size, ordered by pass: not damage, but money.
    pub over_use: Vec<OverUse>,
    /// Uses that belong to another grant than their gate took, ordered by pass: nobody pays for that.
    pub other_grants: Vec<OtherGrant>,
    /// What each over-use follows from.
    pub(super) cases: Vec<Case>,
    /// The statement of the period asked for, or else of the last that the ledgers hold a statement of.
    pub statement: Option<Statement>,
    /// The periods that the ledgers hold statements of, in their order; none above [`Depth::Policy`].
    pub settled: Vec<Period>,
    /// SHA-256 of the trust list that the audit started from.
    pub anchor: Option<Hash>,
    /// What was read.
    pub counts: Counts,
    /// The ledgers that were read, ascending by member.
    pub ledgers: Vec<LedgerRead>,
    /// How many statements the members agreed to.
    pub agreed: u64,
    /// Which of the directories that an audit reads were not there, each with a `/` at its end.
    pub not_given: Vec<String>,
    /// What is beside them that no audit reads, directories with a `/` at their end.
    pub not_read: Vec<String>,
}

/// A ledger as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRead {
    /// Whose it is.
    pub member: MemberId,
    /// Number of entries read.
    pub size: u64,
    /// Time of the newest cosignature on its checkpoint that counts: what came to the ledger later is not in it.
    pub cosigned: Option<UnixTime>,
}

impl fmt::Display for LedgerRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, size, cosigned } = self;
        match cosigned {
            Some(time) => write!(f, "{member}: {size} entries, cosigned {time}"),
            None => write!(f, "{member}: {size} entries, not cosigned"),
        }
    }
}

impl Report {
    /// Whether nothing is wrong. Notices are allowed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }

    /// The report as JSON: one object, keys in a fixed order. Numbers are integers of up to 64 bits, an
    /// index is `null` where a finding is about no entry. The statement is [`Statement::to_json`]'s.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Json::new();
        out.object(|out| {
            out.number("clean", self.is_clean()).name("depth", self.depth);
            optional(out, "anchor", self.anchor);
            let Counts { ledgers, entries, journals, records, redemptions, evidence, pruned } = self.counts;
            out.member("counts", |out| {
                out.number("ledgers", ledgers).number("entries", entries).number("journals", journals);
                out.number("records", records).number("redemptions", redemptions);
                out.number("evidence", evidence).number("pruned", pruned);
            });
            out.list("ledgers", &self.ledgers, |out, ledger| {
                out.name("member", ledger.member).number("size", ledger.size);
                match ledger.cosigned {
                    Some(time) => out.number("cosigned", time.seconds()),
                    None => out.number("cosigned", "null"),
                };
            });
            out.number("agreed", self.agreed);
            out.list("not_given", &self.not_given, |out, path| _ = out.text("path", path));
            out.list("not_read", &self.not_read, |out, path| _ = out.text("path", path));
            out.list("findings", &self.findings, |out, finding| {
                out.name("severity", finding.severity).name("rule", finding.rule).text("place", &finding.place);
                match finding.index {
                    Some(index) => out.number("index", index),
                    None => out.number("index", "null"),
                };
                out.text("detail", &finding.detail).number("count", finding.count);
            });
            out.list("over_use", &self.over_use, |out, over| {
                out.name("pass", over.pass).name("gate", over.used.gate).number("index", over.used.index);
                out.number("time", over.used.time.seconds()).text("denied", &over.denied.to_string());
                out.name("liable", over.liable);
            });
            out.list("other_grants", &self.other_grants, |out, other| {
                out.name("pass", other.pass).name("gate", other.used.gate).number("index", other.used.index);
                out.number("time", other.used.time.seconds()).number("taken", other.used.grant);
                out.number("grant", other.grant).number("short_fen", other.short_fen);
                out.number("over_fen", other.over_fen).name("liable", other.liable);
            });
            optional(out, "statement", self.statement.as_ref().map(Statement::digest));
        });
        out.finish()
    }
}

fn optional(out: &mut Json, key: &str, value: Option<Hash>) {
    match value {
        Some(value) => out.name(key, value),
        None => out.number(key, "null"),
    };
}

/// Audits published files.
///
/// Never fails as a whole: what cannot be read or verified is a finding, and the audit goes on.
pub fn audit<F: Files>(files: &F, options: &Options<'_>) -> Report {
    let mut findings = Findings::at("");
    let (moment, mut listing) = Moment::of(files);
    listing.take_strays(&mut findings);
    let (not_given, not_read) = (listing.missing(), listing.unread());
    let Listing { paths, faults, .. } = listing;
    let (files, paths) = (&moment, &*paths);
    faults.iter().for_each(|(place, error)| findings.error_at(place, Rule::Listing, error));
    let lists = Lists::read(files, paths, options.anchor.as_ref(), options.depth, &mut findings);
    let depth = options.depth;
    let mut report = Report {
        depth,
        findings: Vec::new(),
        over_use: Vec::new(),
        other_grants: Vec::new(),
        cases: Vec::new(),
        statement: None,
        settled: Vec::new(),
        anchor: None,
        counts: Counts::default(),
        ledgers: Vec::new(),
        agreed: 0,
        not_given,
        not_read,
    };
    let Some(lists) = lists else {
        findings.error_at("trust/", Rule::TrustList, "there is no trust list to start from");
        report.findings = in_order(findings.into_vec(), options);
        return report;
    };
    // Log by log, so that they do not fill the memory.
    let group = |findings: &mut Findings| {
        if options.group {
            findings.group()
        }
    };
    report.anchor = Some(lists.anchor());
    // Of what cannot be listed nobody knows that it is not there.
    let is_hidden =
        |place: &str| faults.iter().any(|(fault, _)| fault == "." || fault == place || is_above(fault, place));
    let is_listed = |member: &MemberId| {
        let place = prefix_of(*member);
        !is_hidden(&place) || !below(paths, &place).is_empty()
    };
    let members: Vec<MemberId> = lists.cities().into_iter().filter(is_listed).collect();
    let read = parallel(&members, options.threads, |_| {}, |member| read_city(files, &lists, *member, paths));
    let mut cities: Vec<City> = Vec::new();
    for (of_ledger, city) in read {
        findings.append(of_ledger);
        cities.extend(city);
    }
    report.counts.ledgers = cities.len() as u64;
    report.counts.entries = cities.iter().fold(0, |entries, city| entries.saturating_add(city.log.size()));
    report.ledgers = cities.iter().map(City::as_read).collect();
    check_seen(&mut cities, &mut findings);
    report.agreed = agreed(&cities, lists.bundle.trust());
    check_unexpected(paths, &lists, &cities, &mut findings);
    check_recorded(&lists, &cities, &mut findings);
    let mut found = findings.into_vec();
    let gates: Vec<(&City, &GateSeen)> =
        cities.iter().flat_map(|city| city.gates.values().map(move |gate| (city, gate))).collect();
    let parts = parts(&cities, &gates, paths, options);
    let (first, others) = parts.split();
    let again = gates.iter().filter(|(_, gate)| !gate.seals.is_empty()).count();
    let all = again.saturating_mul(parts.count().saturating_sub(1)).saturating_add(gates.len());
    let progress = |before: usize| {
        move |done: usize| options.progress.map_or((), |progress| progress(before.saturating_add(done), all))
    };
    let journals = parallel(&gates, options.threads, progress(0), |(city, gate)| {
        let [journal, evidence] = ["journal", "evidence"].map(|top| below(paths, &place_of(top, gate)));
        let mut audited = audit_journal(files, &lists, gate, city.may_go_on(), (journal, evidence), depth, first);
        group(&mut audited.findings);
        audited
    });
    let (mut standing, mut extents) = (Vec::new(), Vec::new());
    for JournalAudit { findings, standing: of_gate, counts: read, extent } in journals {
        found.extend(findings.into_vec());
        report.counts.add(&read);
        standing.push(of_gate);
        extents.push(extent);
    }

    if depth < Depth::Policy {
        report.findings = in_order(found, options);
        return report;
    }

    let mut findings = Findings::at("statement.cbor");
    let periods = Periods::find(&cities, &lists, options, &mut findings);
    cities.iter().for_each(|city| city.check_strays(&mut findings));
    let (mut judged, mut cases, mut books) = (Judged::default(), Vec::new(), Books::open(&periods));
    let mut left = what_is_left(&cities, &standing);
    periods.decide(&standing.into_iter().collect(), &mut books, &mut judged, &mut cases);
    let mut again: Vec<(&GateSeen, Extent)> =
        gates.iter().zip(extents).filter_map(|((_, gate), extent)| Some((*gate, extent?))).collect();
    let mut done = gates.len();
    let in_a_reading = again.len();
    for part in others {
        let read = parallel(&again, options.threads, progress(done), |(gate, extent)| {
            let mut audited = audit_again(files, &lists, gate, extent, part);
            group(&mut audited.0);
            audited
        });
        done = done.saturating_add(in_a_reading);
        let (mut standing, mut same) = (Vec::new(), Vec::new());
        for (of_journal, stands, is_same) in read {
            findings.append(of_journal);
            standing.push(stands);
            same.push(is_same);
        }
        // What changed once is not read again: nothing more would follow from it.
        let mut same = same.into_iter();
        again.retain(|_| same.next() == Some(true));
        left = left.max(what_is_left(&cities, &standing));
        periods.decide(&standing.into_iter().collect(), &mut books, &mut judged, &mut cases);
    }
    let statement = periods.settle(files, books, left, &mut findings);
    found.extend(findings.into_vec());
    let found = in_order(found, options);
    let Judged { mut over_use, mut other_grants } = judged;
    // The order of a pass's uses stays.
    over_use.sort_by_key(|over| over.pass);
    other_grants.sort_by_key(|other| other.pass);
    cases.sort_by_key(Case::pass);
    Report { findings: found, over_use, other_grants, cases, statement, settled: periods.settled(), ..report }
}

/// By place and entry, and of each cause the first where that is wanted.
fn in_order(found: Vec<Finding>, options: &Options<'_>) -> Vec<Finding> {
    let mut found = if options.group { grouped(found) } else { found };
    found.sort();
    found
}

/// So many parts of the passes that each has about as many redemptions as are wanted at once.
fn parts(cities: &[City], gates: &[(&City, &GateSeen)], paths: &[String], options: &Options<'_>) -> Parts {
    if options.depth < Depth::Policy {
        return Parts::ONE;
    }
    let records = gates.iter().filter(|(_, gate)| !gate.seals.is_empty()).map(|(_, gate)| {
        let prefix = place_of("journal", gate);
        most_records(&prefix, below(paths, &prefix))
    });
    let roots: Vec<Hash> = cities.iter().filter_map(|city| city.log.root_at(city.log.size())).collect();
    let roots: Vec<&[u8]> = roots.iter().map(|root| &root.0[..]).collect();
    Parts::of(records.fold(0, u64::saturating_add), options.uses_at_once, &sha256(&roots))
}

/// Where the files of a gate's journal or evidence are.
fn place_of(top: &str, gate: &GateSeen) -> String {
    let GateId { member, number } = gate.certificate.gate();
    format!("{top}/{member}/{number}")
}

/// Whether all redemptions are there to settle from.
fn what_is_left(cities: &[City], journals: &[Standing]) -> Left {
    let is_short = |standing: &Standing| standing.damaged || standing.ends.is_some();
    let damaged = cities.iter().any(|city| city.log.is_cut()) || journals.iter().any(is_short);
    if damaged {
        Left::Damaged
    } else if journals.iter().any(|standing| standing.pruned > 0) {
        Left::Pruned
    } else {
        Left::Whole
    }
}

/// A member's ledger, read.
pub(super) struct City {
    pub(super) member: MemberId,
    origin: String,
    pub(super) log: PublishedLog,
    gates: BTreeMap<u32, GateSeen>,
    /// Entries that reverse a record of a gate that it never enrolled.
    strays: Vec<u64>,
    /// Entry and peer checkpoint, where a peer signed it.
    peers: Vec<(u64, SignedCheckpoint)>,
    /// Entry and sequence of each trust list adopted.
    pub(super) adopted: Vec<(u64, u64)>,
    /// Entry and digest of each catalogue published.
    pub(super) catalogues: Vec<(u64, Hash)>,
    pub(super) settled: Vec<StatementRef>,
    /// Others have seen or settled more of it than is published.
    pub(super) behind: bool,
    /// The newest cosignature that counts.
    cosigned: Option<UnixTime>,
}

impl City {
    /// Whether there may be entries after those that were read.
    pub(super) const fn may_go_on(&self) -> bool {
        self.behind || self.log.is_cut()
    }

    const fn as_read(&self) -> LedgerRead {
        LedgerRead { member: self.member, size: self.log.size(), cosigned: self.cosigned }
    }

    /// What was never enrolled has redeemed nothing.
    fn check_strays(&self, findings: &mut Findings) {
        let mut found = Findings::at(prefix_of(self.member));
        self.strays.iter().for_each(|entry| found.error(*entry, Rule::Annulment, NO_REDEMPTION));
        findings.append(found);
    }

    /// Whether it agreed to those of the first statements that it is part of, or need not have.
    fn agrees_to(&self, first: &[StatementRef], newest: &TrustList) -> bool {
        let part = |statement: &&StatementRef| statement.cut_offs.iter().any(|cut_off| cut_off.member == self.member);
        let need_not = self.log.is_cut() || newest.member(self.member).is_none();
        let mut own = self.settled.iter();
        first.iter().filter(part).all(|statement| own.next().map_or(need_not, |settled| settled == statement))
    }

    /// Whether it agreed to the statements that it is part of. Who has left need not have agreed to the
    /// last of them, and of a ledger that may go on nobody knows.
    pub(super) fn agrees(&self, agreed: &[StatementRef], newest: &TrustList) -> bool {
        let part = |statement: &&StatementRef| statement.cut_offs.iter().any(|cut_off| cut_off.member == self.member);
        let mut expected = agreed.iter().filter(part);
        let so_far = self.settled.iter().all(|settled| expected.next() == Some(settled));
        so_far && (expected.next().is_none() || newest.member(self.member).is_none() || self.may_go_on())
    }
}

pub(super) fn prefix_of(member: MemberId) -> String {
    format!("ledger/{member}")
}

/// The cities of the trust lists that have published no ledger.
pub(super) fn silent<'a>(lists: &Lists, cities: &'a [City]) -> impl Iterator<Item = MemberId> + use<'a> {
    lists.cities().into_iter().filter(move |member| cities.iter().all(|city| city.member != *member))
}

/// Whether a path is below another.
fn is_above(above: &str, path: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// The paths below `prefix`, of a sorted list.
pub(super) fn below<'a>(paths: &'a [String], prefix: &str) -> &'a [String] {
    let start = format!("{prefix}/");
    let from = paths.partition_point(|path| *path < start);
    let rest = paths.get(from..).unwrap_or_default();
    let count = rest.iter().take_while(|path| path.starts_with(&start)).count();
    rest.get(..count).unwrap_or_default()
}

/// A member's ledger, if there is one to read, and what is found of it.
fn read_city<F: Files>(files: &F, lists: &Lists, member: MemberId, paths: &[String]) -> (Findings, Option<City>) {
    let prefix = prefix_of(member);
    let paths = below(paths, &prefix);
    let mut findings = Findings::at(prefix.clone());
    if paths.is_empty() {
        findings.error(None, Rule::Missing, "the member has published no ledger");
        return (findings, None);
    }
    let mut keys = lists.trust.lists().flat_map(|list| list.keys(Role::Log));
    if !keys.any(|(owner, _)| owner.id == member) {
        findings.error(None, Rule::Checkpoint, "the trust list has no log key for this member");
        return (findings, None);
    }
    let mut reading = Reading::new(lists, member);
    let mut checkpoint = None;
    let verify = |note: &[u8]| {
        let verified = LedgerCheckpoint::verify(note, &lists.trust, member)?;
        Ok(checkpoint.insert(verified).signed().clone())
    };
    let origin = lists.bundle.trust().ledger_origin(member);
    let place = &Place { files, prefix: &prefix, paths };
    let signed = read_checkpoint(place, verify, &mut findings);
    let log = read_linked_log(place, &origin, signed, false, &mut findings, |index, body, findings| {
        if let Some(body) = body {
            reading.entry(index, body, findings);
        }
    });
    if let Some(checkpoint) = &checkpoint {
        check_cosignatures(checkpoint, &mut findings);
    }
    let cosignatures = checkpoint.iter().flat_map(LedgerCheckpoint::cosignatures);
    let cosigned = cosignatures.filter(|cosignature| cosignature.counts).map(|cosignature| cosignature.time).max();
    let Reading { mut gates, reversals, peers, adoptions: adopted, catalogues, settled, .. } = reading;
    let mut strays = Vec::new();
    for (entry, gate, index) in reversals {
        match gates.get_mut(&gate) {
            Some(gate) => gate.reversals.push((entry, index)),
            None => strays.push(entry),
        }
    }
    let behind = false;
    let city = City { member, origin, log, gates, strays, peers, adopted, catalogues, settled, behind, cosigned };
    (findings, Some(city))
}

/// Every signature on a ledger's checkpoint is by someone known and at a time when it counts, and
/// there are enough.
fn check_cosignatures(checkpoint: &LedgerCheckpoint, findings: &mut Findings) {
    let cosignatures = checkpoint.cosignatures();
    if checkpoint.final_at().is_none() {
        let counted = cosignatures.iter().filter(|cosignature| cosignature.counts).count();
        findings.error(None, Rule::Cosignature, format_args!("{counted} witnesses cosigned the checkpoint"));
    }
    for cosignature in cosignatures.iter().filter(|cosignature| !cosignature.counts) {
        findings.error(
            None,
            Rule::Cosignature,
            format_args!(
                "{} cosigned at {}, when its key or the log's was not valid",
                cosignature.member, cosignature.time
            ),
        );
    }
    for (name, _) in checkpoint.unknown_lines() {
        findings.error(
            None,
            Rule::UnknownSignature,
            format_args!("the checkpoint is signed by {}, whom nobody knows", name.escape_debug()),
        );
    }
}

/// The replay of one ledger.
pub(super) struct Reading<'a> {
    lists: &'a Lists,
    member: MemberId,
    last: UnixTime,
    /// The trust list adopted last.
    adopted: Option<&'a TrustList>,
    pub(super) gates: BTreeMap<u32, GateSeen>,
    /// Entry, gate and index of each reversal.
    reversals: Vec<(u64, u32, u64)>,
    peers: Vec<(u64, SignedCheckpoint)>,
    /// Entry and sequence of each trust list adopted.
    adoptions: Vec<(u64, u64)>,
    catalogues: Vec<(u64, Hash)>,
    settled: Vec<StatementRef>,
}

impl<'a> Reading<'a> {
    pub(super) const fn new(lists: &'a Lists, member: MemberId) -> Self {
        Self {
            lists,
            member,
            last: UnixTime::MIN,
            adopted: None,
            gates: BTreeMap::new(),
            reversals: Vec::new(),
            peers: Vec::new(),
            adoptions: Vec::new(),
            catalogues: Vec::new(),
            settled: Vec::new(),
        }
    }

    pub(super) fn entry(&mut self, index: u64, body: &[u8], findings: &mut Findings) {
        let (time, entry) = match Entry::decode(body) {
            Ok(decoded) => decoded,
            Err(error) => return findings.error(index, Rule::Entry, error),
        };
        if time < self.last {
            findings.error(index, Rule::Clock, format_args!("{time} is before {}", self.last));
        }
        self.last = time;
        match entry {
            Entry::GateEnrolled { certificate } => self.enrolled(index, time, &certificate, findings),
            Entry::GateRetired { gate } => match self.gates.get_mut(&gate) {
                Some(gate) if !gate.retired => gate.retired = true,
                _ => findings.error(index, Rule::Seal, format_args!("gate {gate} is not enrolled, or retired")),
            },
            Entry::Announced(Announcement::CataloguePublished { sequence, digest }) => {
                if self.published(index, digest, &ListId::Catalogue(self.member, sequence), findings) {
                    self.catalogues.push((index, digest));
                }
            }
            Entry::Announced(Announcement::TrustAdopted { sequence, digest }) => {
                self.adopted(index, time, sequence, digest, findings)
            }
            Entry::Announced(Announcement::StatusPublished { uri, issued, digest }) => {
                self.published(index, digest, &ListId::Status(self.member, uri, issued), findings);
            }
            Entry::JournalSealed { gate, first, checkpoint } => {
                self.sealed(index, time, (gate, first, &checkpoint), findings);
            }
            Entry::Announced(Announcement::Reversal { gate, index: reversed }) => {
                self.reversals.push((index, gate, reversed))
            }
            Entry::Announced(Announcement::GapDeclared { gate, from, until }) => {
                self.gap(index, gate, from, until, findings)
            }
            Entry::Announced(Announcement::PeerSeen { checkpoint }) => {
                self.peer_seen(index, time, &checkpoint, findings)
            }
            Entry::Announced(Announcement::Settlement(settled)) => self.settled.push(settled),
        }
    }

    /// Whether the list that an entry names is published, and is what the entry says.
    fn published(&self, index: u64, digest: Hash, id: &ListId, findings: &mut Findings) -> bool {
        let published = self.lists.is_published(&digest, id);
        if !published {
            findings.error(index, Rule::Published, format_args!("no such list with digest {digest} is published"));
        }
        published
    }

    /// The trust list that the ledger worked under at `time`, by its own word.
    fn trust(&self, time: UnixTime) -> &'a TrustList {
        self.adopted.unwrap_or_else(|| self.lists.trust.at(time))
    }

    /// A ledger adopts published lists in their order, none of them early.
    fn adopted(&mut self, index: u64, time: UnixTime, sequence: u64, digest: Hash, findings: &mut Findings) {
        // Lists before the pinned one are not known here.
        if sequence < self.lists.trust.first().sequence()
            || !self.published(index, digest, &ListId::Trust(sequence), findings)
        {
            return;
        }
        let before = self.adopted.map(TrustList::sequence);
        if before.is_some_and(|before| sequence != before && Some(sequence) != before.checked_add(1)) {
            findings.error(
                index,
                Rule::TrustList,
                format_args!("list {sequence} does not follow the one adopted before"),
            );
        }
        self.adopted = self.lists.trust.list(sequence);
        self.adoptions.push((index, sequence));
        if self.adopted.is_some_and(|list| time < list.issued()) {
            findings.error(index, Rule::TrustList, format_args!("list {sequence} was adopted before it was issued"));
        }
    }

    /// A peer's checkpoint is signed by another member's ledger, with a key that was good then.
    fn peer_seen(&mut self, index: u64, time: UnixTime, note: &str, findings: &mut Findings) {
        let trust = self.trust(time);
        let peers = trust.members().iter().filter(|member| member.id != self.member);
        let keys: Vec<NoteVerifier> = peers.flat_map(|peer| log_verifiers(trust, peer.id, time)).collect();
        match SignedCheckpoint::verify_any(note.as_bytes(), &keys) {
            Ok(signed) => self.peers.push((index, signed)),
            Err(error) => findings.error(index, Rule::Fork, error),
        }
    }

    fn enrolled(&mut self, index: u64, time: UnixTime, certificate: &[u8], findings: &mut Findings) {
        let trust = self.trust(time);
        if time >= trust.expires() {
            findings.error(index, Rule::Certificate, "the trust list in force had expired");
        }
        let certificate = match GateCertificate::verify(certificate, trust) {
            Ok(certificate) => certificate,
            Err(error) => return findings.error(index, Rule::Certificate, error),
        };
        let gate = certificate.gate();
        if gate.member != self.member || self.gates.contains_key(&gate.number) {
            return findings.error(
                index,
                Rule::Certificate,
                format_args!("{gate} is not this member's, or enrolled twice"),
            );
        }
        match journal_verifier(self.lists.bundle.trust(), &certificate) {
            Ok(verifier) => {
                let (seals, reversals) = (Vec::new(), Vec::new());
                let seen = GateSeen { certificate, verifier, seals, retired: false, reversals };
                self.gates.insert(gate.number, seen);
            }
            Err(error) => findings.error(index, Rule::Certificate, error),
        }
    }

    /// Lost records are those after the last seal of an enrolled gate: what was sealed is there.
    fn gap(&self, index: u64, number: u32, from: u64, until: u64, findings: &mut Findings) {
        let sealed = self.gates.get(&number).map(|gate| gate.seals.last().map_or(0, |seal| seal.signed.size()));
        if sealed.is_none_or(|sealed| from < sealed) {
            let detail = format_args!("records {from} to {until} of gate {number} are not lost");
            return findings.error(index, Rule::Missing, detail);
        }
        findings.notice(
            index,
            Rule::Missing,
            format_args!("records {from} to {until} of gate {number} are declared lost"),
        );
    }

    fn sealed(&mut self, index: u64, time: UnixTime, (number, first, note): (u32, u64, &str), findings: &mut Findings) {
        let Some(gate) = self.gates.get_mut(&number).filter(|gate| !gate.retired) else {
            return findings.error(index, Rule::Seal, format_args!("gate {number} is not enrolled, or retired"));
        };
        let signed = match SignedCheckpoint::verify(note.as_bytes(), &gate.verifier) {
            Ok(signed) => signed,
            Err(error) => return findings.error(index, Rule::Seal, error),
        };
        let before = gate.seals.last().map_or(0, |seal| seal.signed.size());
        if first != before || signed.size() <= before {
            findings.error(index, Rule::Seal, format_args!("it does not continue gate {number} from {before}"));
        }
        gate.seals.push(Seal { entry: index, time, first, signed });
    }
}

/// Paths that belong to nothing the trust list and the ledgers know.
fn check_unexpected(paths: &[String], lists: &Lists, cities: &[City], findings: &mut Findings) {
    // Without its whole ledger nobody knows a city's gates, and that it is not there is found.
    let cut = cities.iter().filter(|city| city.may_go_on()).map(|city| city.member);
    let of_gates = ["journal", "evidence"];
    let mut places: BTreeSet<String> = silent(lists, cities)
        .chain(cut)
        .flat_map(|member| of_gates.map(|top| format!("{top}/{member}")))
        .chain(cities.iter().map(|city| prefix_of(city.member)))
        .collect();
    let gates = cities.iter().flat_map(|city| city.gates.values());
    places.extend(gates.flat_map(|gate| of_gates.map(|top| place_of(top, gate))));
    let known = |path: &str| {
        let mut ends = path.match_indices('/').skip(1).map(|(end, _)| end);
        let [of_member, of_gate] = [ends.next(), ends.next()];
        let is_place = |end| path.get(..end).is_some_and(|place| places.contains(place));
        // A file in place of a directory is nobody's.
        match path.split_once('/') {
            Some(("trust", _)) => is_list(path),
            Some(("ledger", _)) => of_member.is_some_and(is_place),
            Some(("journal" | "evidence", _)) => {
                of_gate.is_some() && [of_member, of_gate].into_iter().flatten().any(is_place)
            }
            _ => false,
        }
    };
    // Gates that may be enrolled in what is not published yet.
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    for path in paths.iter().filter(|path| !known(path)) {
        match gate_place(path, cities) {
            Some(place) => _ = unknown.insert(place),
            None => findings.error_at(path, Rule::Unexpected, "nothing that is known puts such a file here"),
        }
    }
    for place in unknown {
        findings.notice_at(place, Rule::Behind, "the ledger, as it is published, enrols no such gate");
    }
}

/// A catalogue counts for statements from the entry on that records it, which may still come: so this is no error.
fn check_recorded(lists: &Lists, cities: &[City], findings: &mut Findings) {
    let recorded = |member, digest: &Hash| {
        let city = cities.iter().find(|city| city.member == member);
        // Where the ledger is not whole, nobody knows.
        city.is_none_or(|city| city.may_go_on() || city.catalogues.iter().any(|(_, recorded)| recorded == digest))
    };
    for path in lists.unrecorded(recorded) {
        findings.notice_at(
            path,
            Rule::Published,
            "its member's ledger does not record it, and no statement is computed by it",
        );
    }
}

/// How many statements all have agreed to whose ledgers are part of them.
fn agreed(cities: &[City], newest: &TrustList) -> u64 {
    let all = cities.iter().map(|city| city.settled.as_slice()).max_by_key(|settled| settled.len()).unwrap_or_default();
    let count = (1..=all.len()).take_while(|count| {
        let first = all.get(..*count).unwrap_or_default();
        cities.iter().all(|city| city.agrees_to(first, newest))
    });
    count.count() as u64
}

/// The directory of a gate's journal or evidence that a file is in, whether or not the gate is known.
fn gate_place<'p>(path: &'p str, cities: &[City]) -> Option<&'p str> {
    let (end, _) = path.match_indices('/').nth(2)?;
    let (place, rest) = path.split_at_checked(end)?;
    let number: u32 = place.rsplit('/').next()?.parse().ok()?;
    let is_place = |city: &City, top| place == format!("{top}/{}/{number}", city.member);
    let of_city = |city: &City| ["journal", "evidence"].iter().any(|top| is_place(city, top));
    (number > 0 && rest.len() > 1 && cities.iter().any(of_city)).then_some(place)
}

/// A peer's checkpoint that a member saw must be of the history the peer publishes, as far as it is published. Where
/// somebody saw or settled more of a ledger, what is published of it is behind.
fn check_seen(cities: &mut [City], findings: &mut Findings) {
    // The largest size of each ledger that is behind, and who knows it.
    let mut larger: BTreeMap<MemberId, (u64, String)> = BTreeMap::new();
    let mut seen = |city: &City, size, by: &dyn fmt::Display| {
        if larger.get(&city.member).is_none_or(|(largest, _)| *largest < size) {
            larger.insert(city.member, (size, by.to_string()));
        }
    };
    for city in &*cities {
        let mut found = Findings::at(prefix_of(city.member));
        for (index, signed) in &city.peers {
            let (origin, size) = (signed.origin(), signed.size());
            // Where the peer publishes no ledger, that is found already.
            let Some(peer) = cities.iter().find(|peer| *origin == *peer.origin) else { continue };
            match peer.log.beside(size, signed.root()) {
                Beside::Another => {
                    found.error(*index, Rule::Fork, format_args!("{origin} publishes another history at size {size}"));
                }
                Beside::Behind => seen(peer, size, &format_args!("{} entry {index} saw", prefix_of(city.member))),
                Beside::Same | Beside::Unknown => {}
            }
        }
        findings.append(found);
        for cut_off in city.settled.iter().flat_map(|settled| &settled.cut_offs) {
            let Some(of) = cities.iter().find(|of| of.member == cut_off.member) else { continue };
            if of.log.beside(cut_off.size, cut_off.root) == Beside::Behind {
                seen(of, cut_off.size, &format_args!("a statement in {} settles", prefix_of(city.member)));
            }
        }
    }
    for city in cities {
        let Some((size, by)) = larger.get(&city.member) else { continue };
        city.behind = true;
        let own = city.log.size();
        let told = format_args!("it is published up to size {own}, and {by} it at size {size}");
        findings.notice_at(&prefix_of(city.member), Rule::Behind, told);
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.ledgers = self.ledgers.saturating_add(other.ledgers);
        self.entries = self.entries.saturating_add(other.entries);
        self.journals = self.journals.saturating_add(other.journals);
        self.records = self.records.saturating_add(other.records);
        self.redemptions = self.redemptions.saturating_add(other.redemptions);
        self.evidence = self.evidence.saturating_add(other.evidence);
        self.pruned = self.pruned.saturating_add(other.pruned);
    }
}

/// Maps `items` in order, on up to so many threads; `told` is how many are done each time one is.
fn parallel<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    told: impl Fn(usize) + Sync,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        } {
            let result = work(item);
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            done.push((at, result));
            // While no other thread can say more.
            told(done.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, 64) {
            // Where no thread can be had, this one does the work.
            let _ = std::thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
#[path = "tests/replay.rs"]
mod tests;
