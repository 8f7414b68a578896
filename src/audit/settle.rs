//! The settlement: who pays whom for the uses of a period.
//!
//! A pure function of verified facts: the same cut-offs, uses and catalogues give the same
//! [`Statement`], in whatever order they come. What counts is decided by the cut-offs, not by the
//! clock: a use that reached a ledger late is paid in the period whose cut-off it reached.
//!
//! The price of a pass is shared once, in the first period in which it has a paid use; see
//! [`Earlier`]. The price of a pass that was never used stays with its issuer.

use super::statement::{LateUse, Line, MAX_STATEMENT, OverUseLine, Parts, Pool, Statement, StatementError, add};
use crate::crypto::Hash;
use crate::id::{GateId, MemberId, PassKey, ProductRef, VenueId};
use crate::ledger::CutOff;
use crate::product::{FULL_BASIS_POINTS, Method, Product, Rate, Use};
use crate::time::UnixTime;
use crate::trust::{Bundle, Venue};
use core::cmp::Reverse;
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

/// Who bears an over-use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Liable {
    /// The gate could not have known: the issuer of the pass pays as for any other use.
    Issuer = 0,
    /// The gate could have known, or did not report in time: its venue gets nothing.
    Gate = 1,
}

impl Liable {
    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The one with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Issuer),
            1 => Some(Self::Gate),
            _ => None,
        }
    }
}

/// The name of a period. Not what is in it: that is for the cut-offs to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The first moment.
    pub from: UnixTime,
    /// The first moment after.
    pub until: UnixTime,
}

/// What earlier periods settled; the default is a first period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Digest of the statement before this one: its cut-offs are where this period begins.
    pub statement: Option<Hash>,
    /// The passes, each with its product, that had a paid use up to there: their price was shared.
    pub passes: BTreeSet<(PassKey, ProductRef)>,
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
    period: &Period,
    cut_offs: &[CutOff],
    uses: &[Settled],
    bundle: &Bundle,
    earlier: &Earlier,
) -> Result<Statement, SettleError> {
    let cut_offs = ordered_cut_offs(cut_offs)?;
    let uses = ordered_uses(uses)?;
    let mut lines = Lines::new();
    let mut visits = Vec::new();
    for used in &uses {
        let (product, venue) = priced(used, &cut_offs, bundle)?;
        tally(&mut lines, used, product, venue)?;
        if used.is_paid() && !matches!(product.settlement.method, Method::Contracted(_)) {
            visits.push((used.product, used.pass, used.used.venue));
        }
    }
    visits.sort_unstable();
    visits.dedup();
    let mut pools = Vec::new();
    for visits in visits.chunk_by(|a, b| a.0 == b.0) {
        pools.extend(share(visits, &mut lines, bundle, earlier)?);
    }
    let over_use = |used: &&Settled| {
        let (pass, gate, index) = (used.pass, used.used.gate, used.used.index);
        used.liable.map(|liable| OverUseLine { pass, gate, index, liable })
    };
    let mut over_uses: Vec<OverUseLine> = uses.iter().filter_map(over_use).collect();
    over_uses.sort_unstable();
    let late = uses.iter().filter(|used| used.used.time < period.from);
    let late = late.map(|used| LateUse { gate: used.used.gate, index: used.used.index, time: used.used.time });
    let statement = Statement::assemble(Parts {
        period: *period,
        previous: earlier.statement,
        cut_offs,
        lines: lines.into_values().flat_map(BTreeMap::into_values).collect(),
        pools,
        over_uses,
        late: late.collect(),
    })?;
    let length = statement.encode().len();
    if length > MAX_STATEMENT { Err(StatementError::TooLong(length).into()) } else { Ok(statement) }
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

/// The uses by gate and index. From here on no order of the input is left, not even in the errors.
fn ordered_uses(uses: &[Settled]) -> Result<Vec<&Settled>, SettleError> {
    let mut ordered: Vec<&Settled> = uses.iter().collect();
    ordered.sort_unstable_by_key(|used| used.used.key());
    for pair in ordered.windows(2) {
        if let [a, b] = pair
            && a.used.key() == b.used.key()
        {
            return Err(SettleError::UseTwice { gate: a.used.gate, index: a.used.index });
        }
    }
    Ok(ordered)
}

/// The product and the venue of a use that may be settled.
fn priced<'a>(
    used: &Settled,
    cut_offs: &[CutOff],
    bundle: &'a Bundle,
) -> Result<(&'a Product, &'a Venue), SettleError> {
    let member = used.used.gate.member;
    if cut_offs.binary_search_by_key(&member, |cut_off| cut_off.member).is_err() {
        return Err(SettleError::NoCutOff(member));
    }
    if used.pass.issuer != used.product.issuer {
        return Err(SettleError::Issuer { pass: used.pass, product: used.product });
    }
    let product = bundle.product(used.product).ok_or(SettleError::UnknownProduct(used.product))?;
    let venue = bundle.venue(used.used.venue).ok_or(SettleError::UnknownVenue(used.used.venue))?;
    Ok((product, venue))
}

/// The lines of the statement, by product and venue.
type Lines = BTreeMap<ProductRef, BTreeMap<VenueId, Line>>;

/// Counts a use, and pays it where its price depends on nothing else.
fn tally(lines: &mut Lines, used: &Settled, product: &Product, venue: &Venue) -> Result<(), StatementError> {
    let line = line(lines.entry(used.product).or_default(), used.product, used.used.venue);
    line.due_fen = add(line.due_fen, u64::from(used.due_fen))?;
    if !used.is_paid() {
        line.unpaid = add(line.unpaid, 1)?;
        return Ok(());
    }
    line.uses = add(line.uses, 1)?;
    line.persons = add(line.persons, u64::from(used.used.party))?;
    if let Method::Contracted(rate) = product.settlement.method {
        let earned = contracted(rate, venue.price_fen, used.used.party);
        line.fen = add(line.fen, earned.saturating_sub(u64::from(used.due_fen)))?;
    }
    Ok(())
}

fn line(of_product: &mut BTreeMap<VenueId, Line>, product: ProductRef, venue: VenueId) -> &mut Line {
    let empty = Line { product, venue, uses: 0, persons: 0, unpaid: 0, due_fen: 0, fen: 0 };
    of_product.entry(venue).or_insert(empty)
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

/// A paid visit that has a share in a price: the product, the pass, the venue. In this order, each once,
/// they are grouped by product and then by pass.
type Visit = (ProductRef, PassKey, VenueId);

/// Shares the prices of one product's passes among its lines.
fn share(visits: &[Visit], lines: &mut Lines, bundle: &Bundle, earlier: &Earlier) -> Result<Option<Pool>, SettleError> {
    let Some(&(id, ..)) = visits.first() else { return Ok(None) };
    let settlement = bundle.product(id).ok_or(SettleError::UnknownProduct(id))?.settlement;
    let price = u64::from(settlement.price_fen);
    let lines = lines.entry(id).or_default();
    let mut pool = Pool { product: id, passes: 0, fen: 0 };
    for pass in visits.chunk_by(|a, b| a.1 == b.1) {
        if pass.first().is_some_and(|visit| earlier.passes.contains(&(visit.1, id))) {
            continue;
        }
        pool.passes = add(pool.passes, 1)?;
        pool.fen = add(pool.fen, price)?;
        if settlement.method == Method::EqualSplit {
            for (visit, fen) in pass.iter().zip(apportion(price, &vec![1; pass.len()])) {
                let line = line(lines, id, visit.2);
                line.fen = add(line.fen, fen)?;
            }
        }
    }
    if settlement.method == Method::WeightedPool {
        let weights = weights(lines, bundle)?;
        lines.values_mut().zip(apportion(pool.fen, &weights)).for_each(|(line, fen)| line.fen = fen);
    }
    Ok(Some(pool))
}

/// The weight of each line in a pool, in the order of the lines.
fn weights(lines: &BTreeMap<VenueId, Line>, bundle: &Bundle) -> Result<Vec<u64>, SettleError> {
    let mut weights = Vec::with_capacity(lines.len());
    for (&id, line) in lines {
        let price = bundle.venue(id).ok_or(SettleError::UnknownVenue(id))?.price_fen;
        weights.push(u64::from(price).checked_mul(line.persons).ok_or(StatementError::Amount)?);
    }
    if weights.iter().all(|&weight| weight == 0) {
        weights = lines.values().map(|line| line.uses).collect();
    }
    Ok(weights)
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
