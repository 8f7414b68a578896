//! The periods that the members settled, and the one to settle next.
//!
//! A use belongs to the first period whose cut-off the ledger entry that sealed it is before, and so does what takes
//! it back: the entry that sealed its annulment, or the city's reversal, whichever came first. A closed period never
//! changes:
//!
//! - its uses are decided before those of later periods, whatever their times: what reaches a ledger late
//!   can be over-use itself, but makes no over-use of what was paid;
//! - what takes a use back and reached a ledger after the cut-off is booked in the period that it reached: as what
//!   the closed periods would have paid without the use, less what they paid.
//!
//! So the statements up to any period sum to what one would pay who settled them all on its last day.

use super::agreement::Agreement;
use super::case::Case;
use super::cause::{Because, Subject, says};
use super::files::{Files, STATEMENT};
use super::finding::{Findings, Rule};
use super::ledgers::{City, silent};
use super::lists::Lists;
use super::overuse::{Judged, judge};
use super::published::Comparison;
use super::settle::{Account, Amounts, Fault, SettleError, Settled, keep_first};
use super::standing::{Completeness, Lost, StandingByPass};
use super::statement::{Adjustment, MAX_STATEMENT, SettlementPeriod, Statement, StatementError, TakenBack};
use super::uses::{PlacedUse, Redeemed};
use crate::crypto::{Hash, sha256};
use crate::id::{MemberId, ProductRef};
use crate::ledger::{CutOff, StatementRef};
use crate::trust::{Bundle, MemberKind, TrustList};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The periods in their order.
pub(super) struct Periods {
    closings: Vec<Closing>,
    /// The period whose statement is wanted: the one asked for, if it is there, or else the last.
    wanted: Option<usize>,
    /// Prices and rules of what no cut-off has reached.
    open: Bundle,
    /// A ledger is not there, or may go on after what is there of it: so there may be statements that nobody reads here.
    may_go_on: bool,
}

/// What was decided so far, part by part of the passes.
pub(super) struct Decided<'a> {
    periods: &'a Periods,
    books: Books<'a>,
    judged: Judged,
    /// What the over-use follows from.
    cases: Vec<Case>,
    lost: Lost,
}

impl<'a> Decided<'a> {
    /// Nothing yet.
    pub(super) fn none(periods: &'a Periods) -> Self {
        let (judged, cases, lost) = (Judged::default(), Vec::new(), Lost::default());
        Self { periods, books: Books::open(periods), judged, cases, lost }
    }

    /// Decides all uses of the passes of one part.
    pub(super) fn add(&mut self, uses: &StandingByPass, lost: &Lost) {
        self.lost.add(lost);
        self.periods.decide(uses, self);
    }

    /// Settles, and compares the statements with what the members agreed to and with what is published. The statement is
    /// the one that is wanted.
    pub(super) fn settle<F: Files>(self, files: &F, findings: &mut Findings) -> (Judged, Vec<Case>, Option<Statement>) {
        let Self { periods, books, judged, mut cases, lost } = self;
        let statement = periods.settle(files, books, &lost, findings);
        let Judged { mut over_use, mut other_grants } = judged;
        // The order of a pass's uses stays.
        over_use.sort_by_key(|over| over.pass);
        other_grants.sort_by_key(|other| other.pass);
        cases.sort_by_key(|case| case.pass);
        (Judged { over_use, other_grants }, cases, statement)
    }
}

/// One period, and the ledgers' sizes at its end.
struct Closing {
    period: SettlementPeriod,
    cut_offs: Vec<CutOff>,
    /// Digest of the statement that the members agreed to, if they have.
    agreed: Option<Hash>,
    /// The trust list and the catalogues in force at its end, by entries before the cut-offs.
    bundle: Bundle,
    /// It has the ledger of a city that publishes none any more, or too little of it.
    lacking: bool,
}

/// A redemption as it is settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Booked {
    period: usize,
    /// The later period that it was taken back in.
    taken_back: Option<usize>,
    used: Settled,
}

impl Booked {
    /// Whether it still counts for who knows everything up to the end of a period.
    fn stands_at(&self, period: usize) -> bool {
        self.taken_back.is_none_or(|taken_back| taken_back > period)
    }
}

impl From<Booked> for Settled {
    fn from(booked: Booked) -> Self {
        booked.used
    }
}

impl Periods {
    /// The periods that the members agreed to statements of, and after them that of `options`, up to the
    /// ledgers' present sizes.
    pub(super) fn find(
        cities: &[City],
        lists: &Lists,
        agreement: Agreement,
        asked: Option<SettlementPeriod>,
        findings: &mut Findings,
    ) -> Self {
        agreement.check(cities, lists, findings);
        let may_go_on = silent(lists, cities).next().is_some() || cities.iter().any(City::may_go_on);
        let open = published_before(None, cities, lists);
        let mut periods = Self { closings: Vec::new(), wanted: None, open, may_go_on };
        for StatementRef { from, until, cut_offs, digest } in agreement.statements {
            periods.close(SettlementPeriod { from, until }, cut_offs, Some(digest), cities, lists);
        }
        periods.check(cities, lists, findings);
        let settled_until = periods.closings.last().map(|last| last.period.until);
        if let Some(period) = asked.filter(|period| settled_until.is_none_or(|until| period.from >= until)) {
            let cut_off = |city: &City| {
                let size = city.log.size();
                city.log.root_at(size).map(|root| CutOff { member: city.member, size, root })
            };
            periods.close(period, cities.iter().filter_map(cut_off).collect(), None, cities, lists);
        }
        let place_of = |period| periods.closings.iter().rposition(|closing| closing.period == period);
        periods.wanted = asked.map_or_else(|| periods.closings.len().checked_sub(1), place_of);
        periods
    }

    /// Those that the members agreed to statements of.
    pub(super) fn settled(&self) -> Vec<SettlementPeriod> {
        self.closings.iter().filter(|closing| closing.agreed.is_some()).map(|closing| closing.period).collect()
    }

    fn close(
        &mut self,
        period: SettlementPeriod,
        cut_offs: Vec<CutOff>,
        agreed: Option<Hash>,
        cities: &[City],
        lists: &Lists,
    ) {
        let bundle = published_before(Some((&period, &cut_offs)), cities, lists);
        let is_silent = |member| silent(lists, cities).any(|silent| silent == member);
        let is_behind =
            |cut_off: &CutOff| of_member(cities, cut_off.member).is_some_and(|city| is_behind(city, cut_off));
        let mut lacking = cut_offs.iter().any(|cut_off| is_silent(cut_off.member) || is_behind(cut_off));
        // Up to which size a ledger that is cut will be known is not known before the members agree to it.
        lacking |= agreed.is_none() && cities.iter().any(|city| city.log.is_cut());
        // What comes after a period that cannot be settled cannot be either.
        lacking |= self.closings.last().is_some_and(|closing| closing.lacking);
        self.closings.push(Closing { period, cut_offs, agreed, bundle, lacking });
    }

    /// The cut-offs are of the published ledgers, never go back, and leave nobody out.
    fn check(&self, cities: &[City], lists: &Lists, findings: &mut Findings) {
        let mut before: BTreeMap<MemberId, u64> = BTreeMap::new();
        for closing in &self.closings {
            for cut_off in &closing.cut_offs {
                let member = cut_off.member;
                let wrong = of_member(cities, member).map_or_else(
                    || !silent(lists, cities).any(|silent| silent == member),
                    |city| city.log.beside(cut_off.size, cut_off.root) == Comparison::Another,
                );
                if wrong {
                    let detail = says!(Subject::Member(member) => "the cut-off of {member} is not of its ledger");
                    findings.error(None, Rule::Statement, detail);
                }
                if before.insert(member, cut_off.size).is_some_and(|size| cut_off.size < size) {
                    let detail =
                        says!(Subject::Member(member) => "the cut-off of {member} is before that of the period before");
                    findings.error(None, Rule::Statement, detail);
                }
            }
            let trust = lists.trust.at(closing.period.until);
            let left_out = |city: &&City| {
                let member = trust.member(city.member).is_some_and(|member| member.kind == MemberKind::City);
                member && closing.cut_offs.iter().all(|cut_off| cut_off.member != city.member)
            };
            for city in cities.iter().filter(left_out) {
                let detail = says!("the period until {} leaves out {}", closing.period.until, city.member);
                findings.notice(None, Rule::Statement, detail);
            }
        }
    }

    /// The period that an entry of a member's ledger belongs to; their number where none has reached it.
    fn of(&self, member: MemberId, entry: u64) -> usize {
        let reached = |closing: &Closing| is_before(&closing.cut_offs, member, entry);
        self.closings.iter().position(reached).unwrap_or(self.closings.len())
    }

    fn bundle(&self, period: usize) -> &Bundle {
        self.closings.get(period).map_or(&self.open, |closing| &closing.bundle)
    }

    /// Decides all uses again, pass by pass, notes what was over-use, and books them.
    fn decide(&self, all: &StandingByPass, decided: &mut Decided<'_>) {
        let Decided { books, judged: found, cases, .. } = decided;
        let mut from = 0;
        while let Some(of_pass) = all.pass_at(from) {
            from = of_pass.end;
            let place = |at| {
                // What no ledger has sealed yet is in none.
                let redeemed = all.redeemed(at).filter(|redeemed| redeemed.entry < u64::MAX)?;
                let (period, taken_back) =
                    self.places(redeemed.used.gate.member, redeemed.entry, redeemed.taken_back)?;
                Some(PlacedUse { period, taken_back, redeemed })
            };
            let mut uses: Vec<PlacedUse> = of_pass.filter_map(place).collect();
            uses.sort_by_key(|placed| (placed.period, placed.redeemed.used));
            let judged = judge(&uses, |period| self.bundle(period));
            cases.extend(Case::of(&uses, &judged.over_use, |period| self.bundle(period)));
            // Both are in the same order.
            let mut over_use = judged.over_use.iter().peekable();
            let booked = uses.iter().map(|placed| {
                let Redeemed { pass, product, used, due_fen, .. } = placed.redeemed;
                let liable = over_use.next_if(|over| over.used == used).map(|over| over.liable);
                let used = Settled { pass, product, used, due_fen, liable };
                Booked { period: placed.period, taken_back: placed.taken_back, used }
            });
            books.add(&booked.collect::<Vec<_>>());
            found.over_use.extend(judged.over_use);
            found.other_grants.extend(judged.other_grants);
        }
    }

    /// The period of a use and the later one that it was taken back in. What was taken back before its period was closed
    /// was never used.
    fn places(&self, member: MemberId, entry: u64, taken_back: Option<u64>) -> Option<(usize, Option<usize>)> {
        let period = self.of(member, entry);
        let taken_back = taken_back.map(|entry| self.of(member, entry));
        (taken_back != Some(period)).then_some((period, taken_back))
    }

    /// Settles every period, compares it with what the members agreed to, and returns the statement that is wanted.
    ///
    /// Where redemptions are gone, only a statement that the members agreed to counts, and it may say more than
    /// what is left can show.
    fn settle<F: Files>(
        &self,
        files: &F,
        mut books: Books<'_>,
        lost: &Lost,
        findings: &mut Findings,
    ) -> Option<Statement> {
        let published = PublishedStatement::read(files, self, findings);
        let mut wanted = None;
        let mut left = Completeness::Whole;
        for (at, closing) in self.closings.iter().enumerate() {
            let is_wanted = self.wanted == Some(at);
            // What is published counts for its own period alone: it stays there while the next one is settled.
            let published = published.as_ref().filter(|published| published.of == Some(at));
            let until = closing.period.until;
            // A period follows from those before it, and from nothing that comes after its cut-offs.
            left = left.max(if closing.lacking { Completeness::Damaged } else { lost.left(&closing.cut_offs) });
            let computed = books.statement(at).map(|statement| (statement.encode(), statement));
            // Where nobody agreed yet, what is computed counts if nothing is gone.
            let agreed = |bytes: &Vec<u8>| {
                closing.agreed.map_or(left == Completeness::Whole, |agreed| agreed == sha256(&[bytes]))
            };
            let told = match left {
                Completeness::Whole => None,
                Completeness::Pruned => Some((Rule::Pruned, "records were pruned")),
                Completeness::Damaged => Some((Rule::Statement, "records are damaged or missing")),
            };
            if let Some((rule, why)) = told
                && !computed.as_ref().is_ok_and(|(bytes, _)| agreed(bytes))
            {
                let detail = "so that the statement cannot be computed again";
                findings.notice(
                    None,
                    rule,
                    says!(Subject::Name(why.to_owned()) => "for the period until {until}, {why}, {detail}"),
                );
                if published.is_some_and(|published| closing.agreed.is_some() && !published.agreed) {
                    let detail = "the statement published is not the one the members agreed to";
                    findings.error(None, Rule::Statement, detail);
                }
                if is_wanted {
                    wanted = published.filter(|published| published.agreed).and_then(PublishedStatement::decode);
                }
                continue;
            }
            let (bytes, statement) = match computed {
                Ok(computed) => computed,
                Err(error) => {
                    findings.error(None, Rule::Statement, Because(format_args!("the period until {until}: {error}")));
                    continue;
                }
            };
            if !agreed(&bytes) {
                let detail = says!(
                    "for the period until {until}, the members agreed to another statement than this audit computes"
                );
                findings.error(None, Rule::Statement, detail);
            }
            // That what was agreed to is another one is found already.
            if published.is_some_and(|published| !published.agreed && *published.bytes != *bytes) {
                let detail = "the statement published is not the one this audit computes";
                findings.error(None, Rule::Statement, detail);
            }
            if is_wanted {
                wanted = Some(statement);
            }
        }
        wanted
    }
}

/// The statement published.
struct PublishedStatement<'a> {
    bytes: Cow<'a, [u8]>,
    /// The place of its period.
    of: Option<usize>,
    /// It is the one that the members agreed to.
    agreed: bool,
}

impl<'a> PublishedStatement<'a> {
    /// What is published, if anything is, and which period it is of. What cannot be read as a statement is taken for that
    /// of the last period.
    fn read<F: Files>(files: &'a F, periods: &Periods, findings: &mut Findings) -> Option<Self> {
        let closings = &periods.closings;
        let bytes = match files.read(STATEMENT) {
            Ok(bytes) => bytes?,
            Err(error) => {
                findings.error(None, Rule::Unreadable, Because(error));
                return None;
            }
        };
        let whole = bytes.len() <= MAX_STATEMENT;
        let digest = sha256(&[&bytes]);
        let agreed = |closing: &Closing| whole && closing.agreed == Some(digest);
        if let Some(of) = closings.iter().rposition(agreed) {
            return Some(Self { bytes, of: Some(of), agreed: true });
        }
        let of = match Statement::decode(&bytes) {
            Ok(statement) => closings.iter().rposition(|closing| closing.period == statement.period()),
            Err(_) => closings.len().checked_sub(1),
        };
        let detail =
            "the statement published is of a period that no ledger has a statement of, and that was not asked for";
        match of {
            Some(_) => {}
            None if periods.may_go_on => findings.notice(None, Rule::Behind, detail),
            None => findings.error(None, Rule::Statement, detail),
        }
        Some(Self { bytes, of, agreed: false })
    }

    fn decode(&self) -> Option<Statement> {
        Statement::decode(&self.bytes).ok()
    }
}

/// The accounts of all periods, and what their statements follow from besides.
struct Books<'a> {
    periods: &'a Periods,
    books: Vec<Book<'a>>,
}

/// What is booked in one period.
struct Book<'a> {
    /// Its uses, by what is known at its end; in the end by what is known at the end of a later one.
    account: Account<'a>,
    /// The first use that cannot be priced, of those taken back in one later period, or never: that is the last.
    faults: BTreeMap<usize, Option<Fault>>,
    /// The paid uses of earlier periods that were taken back in this one.
    taken_back: Vec<TakenBack>,
    /// What the passes of those uses come to in each earlier period, by what was known before and what is known now.
    changed: BTreeMap<usize, [Account<'a>; 2]>,
}

impl<'a> Books<'a> {
    /// Nothing is booked yet.
    fn open(periods: &'a Periods) -> Self {
        let book = |closing: &'a Closing| Book {
            account: closing.account(),
            faults: BTreeMap::new(),
            taken_back: Vec::new(),
            changed: BTreeMap::new(),
        };
        Self { periods, books: periods.closings.iter().map(book).collect() }
    }

    /// Books all uses of one pass, which ascend by period.
    fn add(&mut self, uses: &[Booked]) {
        for (at, before, of_period) in by_period(uses) {
            let Some(Book { account, faults, .. }) = self.books.get_mut(at) else { break };
            let shared = shared(before, at);
            account.add(
                standing(of_period, at),
                |product| shared.contains(&product),
                |use_, error| {
                    let until = faults.entry(use_.taken_back.unwrap_or(usize::MAX)).or_default();
                    keep_first(until, use_.used.used.key(), error);
                },
            );
        }
        let mut changes = BTreeSet::new();
        for Booked { taken_back, used, .. } in uses.iter().filter(|use_| use_.used.is_paid()) {
            let Some((now, book)) = taken_back.and_then(|now| Some((now, self.books.get_mut(now)?))) else { continue };
            book.taken_back.push(TakenBack { gate: used.used.gate, index: used.used.index });
            changes.insert(now);
        }
        for now in changes {
            self.change(now, uses);
        }
    }

    /// Notes what a pass comes to in earlier periods without its uses that were taken back in this one.
    fn change(&mut self, now: usize, uses: &[Booked]) {
        let Some(Book { changed, .. }) = self.books.get_mut(now) else { return };
        for (at, earlier, of_period) in by_period(uses).take_while(|(at, ..)| *at < now) {
            let Some(closing) = self.periods.closings.get(at) else { return };
            let known = [now.saturating_sub(1), now];
            let shared = known.map(|known| shared(earlier, known));
            // As many accounts as there are changes: whoever closes many periods would fill the memory otherwise.
            if shared[0] == shared[1] && of_period.iter().all(|use_| use_.taken_back != Some(now)) {
                continue;
            }
            let accounts = changed.entry(at).or_insert_with(|| [closing.account(), closing.account()]);
            for ((account, known), shared) in accounts.iter_mut().zip(known).zip(&shared) {
                account.add(standing(of_period, known), |product| shared.contains(&product), |_, _| {});
            }
        }
    }

    /// The statement of a period; asked for one after the other.
    fn statement(&mut self, at: usize) -> Result<Statement, SettleError> {
        let adjustments = self.adjustments(at)?;
        let before = at.checked_sub(1).and_then(|before| self.periods.closings.get(before));
        let previous = before.and_then(|closing| closing.agreed);
        let Some(book) = self.books.get_mut(at) else {
            return Err(StatementError::Rule("there is no such period").into());
        };
        book.fault(at).map_or(Ok(()), Err)?;
        let mut taken_back = core::mem::take(&mut book.taken_back);
        taken_back.sort_unstable();
        book.account.settle(previous, taken_back, adjustments)
    }

    /// What all closed periods pay by what is known at the end of this one, less what they pay by what was known at the
    /// end of the one before.
    fn adjustments(&mut self, now: usize) -> Result<Vec<Adjustment>, SettleError> {
        let (closed, rest) = self.books.split_at_mut_checked(now).unwrap_or_default();
        let changed = rest.first_mut().map(|book| core::mem::take(&mut book.changed)).unwrap_or_default();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        // All of them change, also where one cannot be priced.
        let mut amounts = Vec::new();
        for (at, book) in closed.iter_mut().enumerate() {
            let earned = |book: &Book<'_>, known| match book.fault(known) {
                Some(error) => Err(error),
                // Nothing, where nothing changes; its own statement says whether it holds what the period comes to.
                None if !changed.contains_key(&at) => Ok(Amounts::new()),
                None => book.account.amounts(),
            };
            let before = earned(book, now.saturating_sub(1));
            if let Some([gone, come]) = changed.get(&at) {
                book.account.change(gone, come);
            }
            amounts.push((earned(book, now), before));
        }
        // An i128 holds the sum of any list of u64.
        let mut differences: BTreeMap<_, i128> = BTreeMap::new();
        for (after, before) in amounts {
            for (key, fen) in after? {
                let sum = differences.entry(key).or_default();
                *sum = sum.saturating_add(fen.into());
            }
            for (key, fen) in before? {
                let sum = differences.entry(key).or_default();
                *sum = sum.saturating_sub(fen.into());
            }
        }
        let changed = differences.into_iter().filter(|(_, fen)| *fen != 0);
        let adjustment = |((product, venue), fen)| {
            let fen = i64::try_from(fen).map_err(|_| StatementError::Amount)?;
            Ok(Adjustment { product, venue, fen })
        };
        changed.map(adjustment).collect()
    }
}

impl Book<'_> {
    /// Why there is no pricing of what stands by what is known at the end of a period.
    fn fault(&self, known: usize) -> Option<SettleError> {
        let standing = self.faults.range(known.saturating_add(1)..).filter_map(|(_, first)| first.as_ref());
        standing.min_by_key(|(key, _)| *key).map(|(_, error)| error.clone())
    }
}

impl Closing {
    const fn account(&self) -> Account<'_> {
        Account::new(self.period, self.cut_offs.as_slice(), &self.bundle)
    }
}

/// The periods that a pass was used in, each with the uses before and those in it.
fn by_period(uses: &[Booked]) -> impl Iterator<Item = (usize, &[Booked], &[Booked])> {
    uses.chunk_by(|a, b| a.period == b.period).scan(0_usize, |from, of_period| {
        let before = uses.get(..*from)?;
        *from = from.saturating_add(of_period.len());
        Some((of_period.first()?.period, before, of_period))
    })
}

/// The uses that count by what is known at the end of a period.
fn standing(uses: &[Booked], known: usize) -> impl Iterator<Item = Booked> {
    uses.iter().filter(move |use_| use_.stands_at(known)).copied()
}

/// The products that a pass had its price shared as, by its uses up to there and what is known at the end of a period.
fn shared(before: &[Booked], known: usize) -> BTreeSet<ProductRef> {
    standing(before, known).filter(|use_| use_.used.is_paid()).map(|use_| use_.used.product).collect()
}

fn of_member(cities: &[City], member: MemberId) -> Option<&City> {
    cities.iter().find(|city| city.member == member)
}

/// Whether too little of a ledger is there for this cut-off; that is found already.
fn is_behind(city: &City, cut_off: &CutOff) -> bool {
    match city.log.beside(cut_off.size, cut_off.root) {
        Comparison::Behind => true,
        Comparison::Same | Comparison::Another => false,
        // Of a ledger that is damaged, what is left may be all that the cut-off is of.
        Comparison::Unknown => city.log.root_at(cut_off.size) != Some(cut_off.root),
    }
}

/// Whether an entry of a member's ledger is before the given cut-offs.
fn is_before(cut_offs: &[CutOff], member: MemberId, entry: u64) -> bool {
    cut_offs.iter().any(|cut_off| cut_off.member == member && entry < cut_off.size)
}

/// What was in force at the end of a period: the newest trust list that was issued before it and that a ledger had adopted
/// before the cut-offs, and the newest catalogues published before them.
fn published_before(closed: Option<(&SettlementPeriod, &[CutOff])>, cities: &[City], lists: &Lists) -> Bundle {
    let Some((period, cut_offs)) = closed else { return bundle_of(lists.trust.newest(), |_, _| true, cities, lists) };
    let before = |member, entry| is_before(cut_offs, member, entry);
    let adopted = |city: &City| {
        let adopted = city.adopted.iter().filter(|(entry, _)| before(city.member, *entry));
        adopted.filter_map(|(_, sequence)| lists.trust.list(*sequence)).collect::<Vec<_>>()
    };
    // One city adopts alone, after the period is over, and must not change by which rules that was.
    let issued = cities.iter().flat_map(adopted).filter(|list| list.issued() < period.until);
    let adopted = issued.max_by_key(|list| list.sequence());
    bundle_of(adopted.unwrap_or_else(|| lists.trust.at(period.until)), before, cities, lists)
}

/// A trust list with the newest catalogues of these entries.
fn bundle_of(trust: &TrustList, before: impl Fn(MemberId, u64) -> bool, cities: &[City], lists: &Lists) -> Bundle {
    let of = |city: &City| {
        let published = city.catalogues.iter().filter(|(entry, _)| before(city.member, *entry));
        published.map(|(_, digest)| *digest).collect::<Vec<_>>()
    };
    lists.bundle_of(trust, &cities.iter().flat_map(of).collect::<Vec<_>>())
}

#[cfg(test)]
#[path = "tests/periods.rs"]
mod tests;
