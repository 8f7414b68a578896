//! The settlement: who pays whom for the uses of a period.
//!
//! A pure function of verified facts: the same cut-offs, uses and catalogues give the same
//! [`Statement`], in whatever order they come. What counts is decided by the cut-offs, not by the
//! clock: a use that reached a ledger late is paid in the period whose cut-off it reached.
//!
//! The price of a pass is shared once, in the first period in which it has a paid use; see
//! [`Earlier`]. The price of a pass that was never used stays with its issuer.

use super::statement::{
    Adjustment, LateUse, MAX_STATEMENT, OverUseLine, Pool, SettlementPeriod, Statement, StatementError, StatementFacts,
    StatementLine, TakenBack,
};
use super::uses::Liable;
use crate::crypto::Hash;
use crate::id::{GateId, MemberId, PassKey, ProductRef, VenueId};
use crate::ledger::CutOff;
use crate::product::{FULL_BASIS_POINTS, Method, Product, Rate, Use, UseKey};
use crate::trust::{Bundle, Venue};
use core::cmp::Reverse;
use core::mem;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// One redemption that stands (neither annulled nor reversed) and reached the cut-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The pass.
    pub pass: PassKey,
    /// Its product.
    pub product: ProductRef,
    /// The use.
    pub used: Use,
    /// The co-payment that the venue collected, in fen.
    pub due_fen: u32,
    /// Who is liable, where the use went beyond the rules of the product.
    pub liable: Option<Liable>,
}

impl Settled {
    /// Whether the venue is paid for this use.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        !matches!(self.liable, Some(Liable::Gate))
    }
}

/// What earlier periods settled; the default is a first period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Digest of the statement before this one: its cut-offs are where this period begins.
    pub statement: Option<Hash>,
    /// The passes, each with its product, that had a paid use up to there: their price was shared.
    pub passes: BTreeSet<(PassKey, ProductRef)>,
    /// Uses they paid that were taken back since, ascending.
    pub taken_back: Vec<TakenBack>,
    /// What that changes of their payments, ascending.
    pub adjustments: Vec<Adjustment>,
}

impl Earlier {
    /// Learns uses of earlier periods; the unpaid ones change nothing.
    pub fn learn(&mut self, uses: &[Settled]) {
        self.passes.extend(uses.iter().filter(|used| used.is_paid()).map(|used| (used.pass, used.product)));
    }
}

/// There is no settlement of these inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// Two cut-offs of one ledger.
    #[error("two cut-offs of member {0}")]
    CutOffTwice(MemberId),
    /// A gate's member has no cut-off, so none of its uses can have reached one.
    #[error("no cut-off of member {0}, whose gates were used")]
    NoCutOff(MemberId),
    /// One record of a journal comes twice.
    #[error("record {index} of {gate} comes twice")]
    UseTwice {
        /// The gate.
        gate: GateId,
        /// The index in its journal.
        index: u64,
    },
    /// A pass of one issuer with a product of another.
    #[error("pass {pass} has product {product} of another issuer")]
    Issuer {
        /// The pass.
        pass: PassKey,
        /// The product.
        product: ProductRef,
    },
    /// No catalogue of the bundle lists the product.
    #[error("unknown product {0}")]
    UnknownProduct(ProductRef),
    /// No catalogue of the bundle lists the venue.
    #[error("unknown venue {0}")]
    UnknownVenue(VenueId),
    /// The outcome is no statement: the period is empty, an amount or the whole is too large.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// Settles a period: `uses` are those of this period alone, `cut_offs` those at its end.
///
/// Per product, by its [`Method`]:
/// - contracted: a share of the venue's reference price, or an agreed rate, for each person, rounded
///   down to whole fen per use, less the co-payment, never below 0;
/// - weighted pool: the prices of all passes first used in this period, shared among the venues by
///   reference price and persons; by number of uses where every weight is 0;
/// - equal split: the price of each pass first used in this period, shared equally among the
///   distinct venues it visited in it.
///
/// Shares are cut to whole fen; what is left over goes to the largest remainders, one fen each, ties by
/// ascending venue.
///
/// # Errors
/// [`SettleError`]. A use that cannot be priced is an error, never skipped.
pub fn settle(
    period: &SettlementPeriod,
    cut_offs: &[CutOff],
    uses: &[Settled],
    bundle: &Bundle,
    earlier: &Earlier,
) -> Result<Statement, SettleError> {
    check_once(uses)?;
    let cut_offs = ordered_cut_offs(cut_offs)?;
    let mut account = Account::new(*period, &cut_offs, bundle);
    let mut first = None;
    let fault = |used: Settled, error| keep_first(&mut first, used.used.key(), error);
    if uses.is_sorted_by_key(|used| used.pass) {
        account.add_all(uses.chunk_by(|a, b| a.pass == b.pass).map(|of_pass| of_pass.iter()), earlier, fault);
    } else {
        let mut by_pass: Vec<&Settled> = uses.iter().collect();
        by_pass.sort_unstable_by_key(|used| used.pass);
        let of_passes = by_pass.chunk_by(|a, b| a.pass == b.pass);
        account.add_all(of_passes.map(|of_pass| of_pass.iter().copied()), earlier, fault);
    }
    match first {
        Some((_, error)) => Err(error),
        None => account.settle(earlier.statement, earlier.taken_back.clone(), earlier.adjustments.clone()),
    }
}

/// A use that cannot be priced, and why.
pub(super) type Fault = (UseKey, SettleError);

/// Of several uses that cannot be priced, what is told is the first by gate and index: the uses come in any order.
pub(super) fn keep_first(first: &mut Option<Fault>, key: UseKey, error: SettleError) {
    if first.as_ref().is_none_or(|(before, _)| key < *before) {
        *first = Some((key, error));
    }
}

/// What lines come to, by product and venue.
pub(super) type Amounts = BTreeMap<(ProductRef, VenueId), u64>;

/// The shortest line of a late use, in bytes, and how many of them no statement holds more of.
const LEAST_LATE: usize = 9;
const MAX_LATE: usize = MAX_STATEMENT / LEAST_LATE;

/// The account of one period: takes all uses of a pass at a time, in whatever order the passes come, and keeps sums of them.
pub(super) struct Account<'a> {
    period: SettlementPeriod,
    /// Ascending, none twice.
    cut_offs: &'a [CutOff],
    bundle: &'a Bundle,
    products: BTreeMap<ProductRef, Sold<'a>>,
    over_uses: Vec<OverUseLine>,
    late: Late,
    /// What the pass that is added visited; empty between passes.
    visits: Vec<(ProductRef, VenueId)>,
}

/// Late uses, as many as a statement can hold: a member may close a period that all uses are late for.
#[derive(Default)]
struct Late {
    kept: Vec<LateUse>,
    /// How many more there are.
    more: usize,
}

impl Late {
    fn keep(&mut self, late: LateUse, most: usize) {
        if self.kept.len() < most {
            self.kept.push(late);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn all(self) -> Result<Vec<LateUse>, StatementError> {
        if self.more == 0 {
            return Ok(self.kept);
        }
        let count = self.kept.len().saturating_add(self.more);
        Err(StatementError::TooLong(count.saturating_mul(LEAST_LATE)))
    }
}

/// What is settled of a product.
struct Sold<'a> {
    product: &'a Product,
    lines: BTreeMap<VenueId, Sums<'a>>,
    /// What is shared of the prices of its passes, where any paid visit has a share in it.
    pool: Option<Shared>,
}

/// The sums of a line, with the venue it is of. A `u128` holds the sum of any list of amounts; whether a statement
/// holds it is asked at the end.
struct Sums<'a> {
    venue: &'a Venue,
    uses: u128,
    persons: u128,
    unpaid: u128,
    due_fen: u128,
    /// But for what is shared by the weights of all.
    fen: u128,
}

#[derive(Default)]
struct Shared {
    passes: u128,
    fen: u128,
}

impl<'a> Account<'a> {
    /// Nothing yet. The cut-offs ascend by member, none of them twice.
    pub(super) const fn new(period: SettlementPeriod, cut_offs: &'a [CutOff], bundle: &'a Bundle) -> Self {
        Self {
            period,
            cut_offs,
            bundle,
            products: BTreeMap::new(),
            over_uses: Vec::new(),
            late: Late { kept: Vec::new(), more: 0 },
            visits: Vec::new(),
        }
    }

    /// Adds pass by pass.
    fn add_all<'u>(
        &mut self,
        of_passes: impl Iterator<Item = impl Iterator<Item = &'u Settled>>,
        earlier: &Earlier,
        mut fault: impl FnMut(Settled, SettleError),
    ) {
        for of_pass in of_passes {
            let mut of_pass = of_pass.copied().peekable();
            let Some(pass) = of_pass.peek().map(|used| used.pass) else { continue };
            self.add(of_pass, |product| earlier.passes.contains(&(pass, product)), &mut fault);
        }
    }

    /// Adds all uses of one pass in this period. `shared` says of which of its products the price was shared before,
    /// `fault` is told of each use that cannot be priced.
    pub(super) fn add<T: Copy + Into<Settled>>(
        &mut self,
        uses: impl Iterator<Item = T>,
        shared: impl Fn(ProductRef) -> bool,
        mut fault: impl FnMut(T, SettleError),
    ) {
        for use_ in uses {
            let used: Settled = use_.into();
            match self.count(&used) {
                Ok(()) if used.is_paid() => self.visits.push((used.product, used.used.venue)),
                Ok(()) => {}
                Err(error) => fault(use_, error),
            }
        }
        self.share(shared);
    }

    /// Counts a use, and pays it where its price depends on nothing else.
    fn count(&mut self, used: &Settled) -> Result<(), SettleError> {
        let Settled { pass, product: id, used: Use { gate, index, time, venue: at, party, .. }, due_fen, liable } =
            *used;
        if self.cut_offs.binary_search_by_key(&gate.member, |cut_off| cut_off.member).is_err() {
            return Err(SettleError::NoCutOff(gate.member));
        }
        if pass.issuer != id.issuer {
            return Err(SettleError::Issuer { pass, product: id });
        }
        let sold = match self.products.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let product = self.bundle.product(id).ok_or(SettleError::UnknownProduct(id))?;
                new.insert(Sold { product, lines: BTreeMap::new(), pool: None })
            }
        };
        let line = match sold.lines.entry(at) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Sums::none(self.bundle.venue(at).ok_or(SettleError::UnknownVenue(at))?)),
        };
        self.over_uses.extend(liable.map(|liable| OverUseLine { pass, gate, index, liable }));
        if time < self.period.from {
            self.late.keep(LateUse { gate, index, time }, MAX_LATE);
        }
        sum(&mut line.due_fen, due_fen);
        if !used.is_paid() {
            sum(&mut line.unpaid, 1u8);
            return Ok(());
        }
        sum(&mut line.uses, 1u8);
        sum(&mut line.persons, party);
        if let Method::Contracted(rate) = sold.product.settlement.method {
            sum(&mut line.fen, contracted(rate, line.venue.price_fen, party).saturating_sub(u64::from(due_fen)));
        }
        Ok(())
    }

    /// Shares the price of the pass whose paid visits are noted, where it has a share to give.
    fn share(&mut self, shared: impl Fn(ProductRef) -> bool) {
        self.visits.sort_unstable();
        self.visits.dedup();
        for visits in self.visits.chunk_by(|a, b| a.0 == b.0) {
            let Some((id, Sold { product, lines, pool })) =
                visits.first().and_then(|(id, _)| Some((*id, self.products.get_mut(id)?)))
            else {
                continue;
            };
            let settlement = product.settlement;
            if matches!(settlement.method, Method::Contracted(_)) {
                continue;
            }
            let pool = pool.get_or_insert_default();
            if shared(id) {
                continue;
            }
            let price = u64::from(settlement.price_fen);
            sum(&mut pool.passes, 1u8);
            sum(&mut pool.fen, price);
            if settlement.method == Method::EqualSplit {
                for ((_, venue), fen) in visits.iter().zip(split(price, visits.len() as u64)) {
                    if let Some(line) = lines.get_mut(venue) {
                        sum(&mut line.fen, fen);
                    }
                }
            }
        }
        self.visits.clear();
    }

    /// Puts what some passes came to, which was added, as `before`, in its place as `after`.
    pub(super) fn change(&mut self, before: &Self, after: &Self) {
        self.combine(after, u128::saturating_add);
        self.combine(before, u128::saturating_sub);
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u128, u128) -> u128) {
        for (id, Sold { product, lines, pool }) in &other.products {
            let sold = self.products.entry(*id).or_insert_with(|| Sold { product, lines: BTreeMap::new(), pool: None });
            for (at, sums) in lines {
                sold.lines.entry(*at).or_insert_with(|| Sums::none(sums.venue)).combine(sums, &with);
            }
            if let Some(pool) = pool {
                let Shared { passes, fen } = sold.pool.get_or_insert_default();
                (*passes, *fen) = (with(*passes, pool.passes), with(*fen, pool.fen));
            }
        }
    }

    /// What the lines come to.
    pub(super) fn amounts(&self) -> Result<Amounts, SettleError> {
        let (lines, _) = self.lines()?;
        Ok(lines.into_iter().map(|line| ((line.product, line.venue), line.fen)).collect())
    }

    /// The lines and pools of the statement.
    fn lines(&self) -> Result<(Vec<StatementLine>, Vec<Pool>), StatementError> {
        let (mut all, mut pools) = (Vec::new(), Vec::new());
        for (id, sold) in &self.products {
            let from = all.len();
            for (venue, sums) in &sold.lines {
                all.push(sums.line(*id, *venue)?);
            }
            let Some(Shared { passes, fen }) = sold.pool else { continue };
            let pool = Pool { product: *id, passes: amount(passes)?, fen: amount(fen)? };
            pools.push(pool);
            if sold.product.settlement.method == Method::WeightedPool {
                let lines = all.get_mut(from..).unwrap_or_default();
                let parts = apportion(pool.fen, &weights(sold.lines.values(), lines)?);
                lines.iter_mut().zip(parts).for_each(|(line, fen)| line.fen = fen);
            }
        }
        Ok((all, pools))
    }

    /// The statement, with what follows from earlier periods. The sums stay.
    pub(super) fn settle(
        &mut self,
        previous: Option<Hash>,
        taken_back: Vec<TakenBack>,
        adjustments: Vec<Adjustment>,
    ) -> Result<Statement, SettleError> {
        let (lines, pools) = self.lines()?;
        let (mut over_uses, mut late) = (mem::take(&mut self.over_uses), mem::take(&mut self.late).all()?);
        over_uses.sort_unstable();
        late.sort_unstable_by_key(|late| (late.gate, late.index));
        let (period, cut_offs) = (self.period, self.cut_offs.to_vec());
        let statement = Statement::assemble(StatementFacts {
            period,
            previous,
            cut_offs,
            lines,
            pools,
            over_uses,
            late,
            taken_back,
            adjustments,
        })?;
        let length = statement.encode().len();
        if length > MAX_STATEMENT { Err(StatementError::TooLong(length).into()) } else { Ok(statement) }
    }
}

impl<'a> Sums<'a> {
    const fn none(venue: &'a Venue) -> Self {
        Self { venue, uses: 0, persons: 0, unpaid: 0, due_fen: 0, fen: 0 }
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u128, u128) -> u128) {
        self.uses = with(self.uses, other.uses);
        self.persons = with(self.persons, other.persons);
        self.unpaid = with(self.unpaid, other.unpaid);
        self.due_fen = with(self.due_fen, other.due_fen);
        self.fen = with(self.fen, other.fen);
    }

    fn line(&self, product: ProductRef, venue: VenueId) -> Result<StatementLine, StatementError> {
        let (uses, persons, unpaid) = (amount(self.uses)?, amount(self.persons)?, amount(self.unpaid)?);
        Ok(StatementLine {
            product,
            venue,
            uses,
            persons,
            unpaid,
            due_fen: amount(self.due_fen)?,
            fen: amount(self.fen)?,
        })
    }
}

fn sum(sum: &mut u128, more: impl Into<u128>) {
    *sum = sum.saturating_add(more.into());
}

/// An amount or count as a statement has it.
fn amount(sum: u128) -> Result<u64, StatementError> {
    i64::try_from(sum).ok().and_then(|sum| u64::try_from(sum).ok()).ok_or(StatementError::Amount)
}

fn ordered_cut_offs(cut_offs: &[CutOff]) -> Result<Vec<CutOff>, SettleError> {
    let mut ordered = cut_offs.to_vec();
    ordered.sort_unstable();
    for pair in ordered.windows(2) {
        if let [a, b] = pair
            && a.member == b.member
        {
            return Err(SettleError::CutOffTwice(a.member));
        }
    }
    Ok(ordered)
}

/// No record of a journal comes twice. The keys are packed, so that a million of them are sorted in no time.
fn check_once(uses: &[Settled]) -> Result<(), SettleError> {
    let key = |used: &Settled| {
        let GateId { member, number } = used.used.gate;
        u128::from(member.code()) << 96 | u128::from(number) << 64 | u128::from(used.used.index)
    };
    let mut keys: Vec<u128> = uses.iter().map(key).collect();
    keys.sort_unstable();
    let Some(twice) = keys.windows(2).find(|pair| pair.first() == pair.last()) else { return Ok(()) };
    match uses.iter().find(|used| twice.contains(&key(used))) {
        Some(used) => Err(SettleError::UseTwice { gate: used.used.gate, index: used.used.index }),
        None => Ok(()),
    }
}

/// What a party's use is worth at an agreed rate, before the co-payment. A `u64` holds every product of
/// a price, a party and basis points.
fn contracted(rate: Rate, reference_fen: u32, party: u8) -> u64 {
    const WHOLE: u64 = FULL_BASIS_POINTS as u64;
    match rate {
        Rate::Share(points) => {
            let whole = u64::from(reference_fen).saturating_mul(u64::from(party));
            whole.saturating_mul(u64::from(points)) / WHOLE
        }
        Rate::PerUse(fen) => u64::from(fen).saturating_mul(u64::from(party)),
    }
}

/// The weight of each line in a pool, in the order of the lines.
fn weights<'a>(sums: impl Iterator<Item = &'a Sums<'a>>, lines: &[StatementLine]) -> Result<Vec<u64>, StatementError> {
    let mut weights = Vec::with_capacity(lines.len());
    for (line, sums) in lines.iter().zip(sums) {
        weights.push(u64::from(sums.venue.price_fen).checked_mul(line.persons).ok_or(StatementError::Amount)?);
    }
    if weights.iter().all(|&weight| weight == 0) {
        weights = lines.iter().map(|line| line.uses).collect();
    }
    Ok(weights)
}

/// Splits `whole` into `parts` that differ by one at most, the larger ones first: what [`apportion`] makes of equal
/// weights.
fn split(whole: u64, parts: u64) -> impl Iterator<Item = u64> {
    let (part, left) = (whole.checked_div(parts).unwrap_or(0), whole.checked_rem(parts).unwrap_or(0));
    (0..parts).map(move |place| part.saturating_add(u64::from(place < left)))
}

/// Splits `whole` by `weights`, the largest remainders first, ties by place. The parts sum to the whole
/// where any weight is positive, and a weight of 0 gets nothing.
fn apportion(whole: u64, weights: &[u64]) -> Vec<u64> {
    // A u128 holds a product of two u64, and the sum of any list of u64.
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (place, &weight) in weights.iter().enumerate() {
        let product = u128::from(whole).saturating_mul(u128::from(weight));
        parts.push(product.checked_div(total).and_then(|part| u64::try_from(part).ok()).unwrap_or(0));
        remainders.push((Reverse(product.checked_rem(total).unwrap_or(0)), place));
    }
    if total == 0 {
        return parts;
    }
    // Fewer than there are remainders above 0: what is left is their sum, and each is below the total.
    let left = parts.iter().fold(whole, |left, &part| left.saturating_sub(part));
    remainders.sort_unstable();
    for (_, place) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(part) = parts.get_mut(place) {
            *part = part.saturating_add(1);
        }
    }
    parts
}

#[cfg(test)]
#[path = "tests/settle.rs"]
pub(super) mod tests;
