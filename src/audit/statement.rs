//! The settlement statement: one period's money as canonical bytes.
//!
//! ```cddl
//! statement = {
//!   1: 1,                                ; version of the rules
//!   2: [from: time, until: time],        ; the period, from < until
//!   3: bstr .size 32 / null,             ; digest of the statement before; null for the first
//!   4: [* [member, size: uint, root: bstr .size 32]],   ; cut-offs
//!   5: [* [product, venue, uses: uint, persons: uint, unpaid: uint, due: fen, fen]],   ; lines
//!   6: [* [product, passes: uint, fen]], ; prices shared, of weighted pools and equal splits
//!   7: [* [payer: member, payee: member, fen]],         ; above 0; a member may pay itself
//!   8: [* [member, int]],                ; nets of who is in 7: received less paid
//!   9: [* [member, fen]],                ; co-payments collected by a member's venues, above 0
//!   10: [* [pass, gate, index: uint, liable]],          ; over-uses
//!   11: [* [gate, index: uint, time]],   ; late uses: before the period began
//!   12: [* [gate, index: uint]],         ; uses of closed periods, taken back in this one
//!   13: [* [product, venue, fen: int]],  ; what closed periods would now have paid more, or less; never 0
//! }
//! product = (member, number: uint16, version: uint16)
//! venue = (member, number: uint16)
//! pass = (member, bstr .size 10)
//! gate = (member, number: uint32)
//! member = 100000..999999
//! liable = 0 / 1                         ; the issuer, who pays; the gate, whose venue is not paid
//! fen = 0..9223372036854775807
//! time = 0..253402300799                 ; seconds since 1970-01-01T00:00:00Z
//! ```
//!
//! A group in parentheses stands for its items. Every list is strictly ascending by what comes before
//! its amounts. Payments and nets follow from the lines and adjustments, co-payments from the lines; they
//! are written for the reader, and a statement in which they do not follow is refused.

use super::json::Json;
use super::uses::Liable;
use crate::crypto::{Hash, sha256};
use crate::id::{GateId, MemberId, PassKey, ProductRef, VenueId};
use crate::ledger::CutOff;
use crate::product::MAX_FEN;
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, Decoder, Encoder};
use crate::wire::shape::Shape;
use core::fmt::Write as _;
use std::collections::BTreeMap;

/// Version of the settlement rules.
pub const RULES: u64 = 1;
/// Longest statement, in bytes.
pub const MAX_STATEMENT: usize = 64 * 1024 * 1024;

/// The name of a period. Not what is in it: that is for the cut-offs to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettlementPeriod {
    /// The first moment.
    pub from: UnixTime,
    /// The first moment after.
    pub until: UnixTime,
}

/// Uses of one product at one venue, and what its member gets for them from the product's issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The product.
    pub product: ProductRef,
    /// The venue.
    pub venue: VenueId,
    /// Uses that are paid.
    pub uses: u64,
    /// Persons who came in on them.
    pub persons: u64,
    /// Over-uses that are not paid.
    pub unpaid: u64,
    /// Co-payments the venue collected, also on uses that are not paid, in fen.
    pub due_fen: u64,
    /// What is due to the venue, in fen.
    pub fen: u64,
}

/// The prices of one product's passes, shared among the lines of that product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The product.
    pub product: ProductRef,
    /// Passes whose price is shared in this period.
    pub passes: u64,
    /// Their prices, in fen: the sum of the product's lines.
    pub fen: u64,
}

/// What one member owes another, before netting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The issuer of the passes.
    pub payer: MemberId,
    /// The member of the venues; perhaps the payer itself.
    pub payee: MemberId,
    /// The amount, in fen; above 0.
    pub fen: u64,
}

/// What one member gets when all payments are netted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    /// The member.
    pub member: MemberId,
    /// Received less paid, in fen. All nets sum to zero.
    pub fen: i64,
}

/// What the venues of one member collected from visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoPayment {
    /// The member.
    pub member: MemberId,
    /// The amount, in fen; above 0.
    pub fen: u64,
}

/// A use beyond the rules of its product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OverUseLine {
    /// The pass.
    pub pass: PassKey,
    /// The gate that admitted.
    pub gate: GateId,
    /// Index of the record in that gate's journal.
    pub index: u64,
    /// Who bears it.
    pub liable: Liable,
}

/// A use from before the period that reached a ledger within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LateUse {
    /// The gate that admitted.
    pub gate: GateId,
    /// Index of the record in that gate's journal.
    pub index: u64,
    /// When, by the gate's clock.
    pub time: UnixTime,
}

/// A paid use of a closed period that was annulled or reversed since, before this period's cut-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TakenBack {
    /// The gate that admitted.
    pub gate: GateId,
    /// Index of the record in that gate's journal.
    pub index: u64,
}

/// What the closed periods would have paid for one product at one venue without the uses taken back
/// in this period, less what they paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The product.
    pub product: ProductRef,
    /// The venue.
    pub venue: VenueId,
    /// The difference, in fen; not 0.
    pub fen: i64,
}

/// A statement is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Longer than any statement: at least so many bytes.
    #[error("the statement has {0} bytes, more than {MAX_STATEMENT}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("statement: {0}")]
    Cbor(#[from] CborError),
    /// Settled by rules this version does not know.
    #[error("statement: unknown version of the rules {0}")]
    Rules(u64),
    /// An amount or a count is beyond a signed 64-bit integer.
    #[error("statement: an amount is too large")]
    Amount,
    /// The statement contradicts itself.
    #[error("statement: {0}")]
    Rule(&'static str),
}

/// What a settlement finds out; the rest of a statement follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatementFacts {
    pub(super) period: SettlementPeriod,
    pub(super) previous: Option<Hash>,
    pub(super) cut_offs: Vec<CutOff>,
    pub(super) lines: Vec<StatementLine>,
    pub(super) pools: Vec<Pool>,
    pub(super) over_uses: Vec<OverUseLine>,
    pub(super) late: Vec<LateUse>,
    pub(super) taken_back: Vec<TakenBack>,
    pub(super) adjustments: Vec<Adjustment>,
}

/// Who owes whom what for one period, and from which facts. Consistent in itself: whether the facts are
/// right, one sees by settling the same cut-offs and comparing the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    parts: StatementFacts,
    payments: Vec<Payment>,
    nets: Vec<Net>,
    co_payments: Vec<CoPayment>,
}

impl Statement {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "rules", Shape::Any),
        (2, "period", Shape::Tuple(&[("from", Shape::Time), ("until", Shape::Time)])),
        (3, "previous", Shape::Any),
        (
            4,
            "cut-offs",
            Shape::List(&Shape::Tuple(&[("member", Shape::Any), ("size", Shape::Any), ("root", Shape::Any)])),
        ),
        (
            5,
            "lines",
            Shape::List(&Shape::Tuple(&[
                ("issuer", Shape::Any),
                ("product", Shape::Any),
                ("version", Shape::Any),
                ("venue member", Shape::Any),
                ("venue", Shape::Any),
                ("uses", Shape::Any),
                ("persons", Shape::Any),
                ("unpaid", Shape::Any),
                ("due in fen", Shape::Any),
                ("fen", Shape::Any),
            ])),
        ),
        (
            6,
            "pools",
            Shape::List(&Shape::Tuple(&[
                ("issuer", Shape::Any),
                ("product", Shape::Any),
                ("version", Shape::Any),
                ("passes", Shape::Any),
                ("fen", Shape::Any),
            ])),
        ),
        (
            7,
            "payments",
            Shape::List(&Shape::Tuple(&[("payer", Shape::Any), ("payee", Shape::Any), ("fen", Shape::Any)])),
        ),
        (8, "nets", Shape::List(&Shape::Tuple(&[("member", Shape::Any), ("fen", Shape::Any)]))),
        (9, "co-payments", Shape::List(&Shape::Tuple(&[("member", Shape::Any), ("fen", Shape::Any)]))),
        (
            10,
            "over-uses",
            Shape::List(&Shape::Tuple(&[
                ("pass issuer", Shape::Any),
                ("pass", Shape::Any),
                ("gate member", Shape::Any),
                ("gate", Shape::Any),
                ("record", Shape::Any),
                ("liable", Shape::Any),
            ])),
        ),
        (
            11,
            "late uses",
            Shape::List(&Shape::Tuple(&[
                ("gate member", Shape::Any),
                ("gate", Shape::Any),
                ("record", Shape::Any),
                ("time", Shape::Time),
            ])),
        ),
        (
            12,
            "taken back",
            Shape::List(&Shape::Tuple(&[("gate member", Shape::Any), ("gate", Shape::Any), ("record", Shape::Any)])),
        ),
        (
            13,
            "adjustments",
            Shape::List(&Shape::Tuple(&[
                ("issuer", Shape::Any),
                ("product", Shape::Any),
                ("version", Shape::Any),
                ("venue member", Shape::Any),
                ("venue", Shape::Any),
                ("fen", Shape::Any),
            ])),
        ),
    ]);
}

impl Statement {
    /// Decodes a statement.
    ///
    /// # Errors
    /// [`StatementError`], also when the statement contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > MAX_STATEMENT {
            return Err(StatementError::TooLong(bytes.len()));
        }
        Decoder::all(bytes, decode)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        let parts = &self.parts;
        out.map(13).uint(1u8).uint(RULES);
        out.uint(2u8).array(2).time(parts.period.from).time(parts.period.until);
        match &parts.previous {
            Some(digest) => out.uint(3u8).bytes(digest.as_bytes()),
            None => out.uint(3u8).null(),
        };
        list(&mut out, 4, &parts.cut_offs, |out, cut_off| {
            out.array(3).member(cut_off.member).uint(cut_off.size).bytes(cut_off.root.as_bytes());
        });
        list(&mut out, 5, &parts.lines, |out, line| {
            out.array(10).product(line.product).venue(line.venue);
            out.uint(line.uses).uint(line.persons).uint(line.unpaid).uint(line.due_fen).uint(line.fen);
        });
        list(&mut out, 6, &parts.pools, |out, pool| {
            out.array(5).product(pool.product).uint(pool.passes).uint(pool.fen);
        });
        list(&mut out, 7, &self.payments, |out, payment| {
            out.array(3).member(payment.payer).member(payment.payee).uint(payment.fen);
        });
        list(&mut out, 8, &self.nets, |out, net| {
            out.array(2).member(net.member).int(net.fen);
        });
        list(&mut out, 9, &self.co_payments, |out, collected| {
            out.array(2).member(collected.member).uint(collected.fen);
        });
        list(&mut out, 10, &parts.over_uses, |out, over| {
            out.array(6).pass(over.pass);
            out.gate(over.gate).uint(over.index).uint(over.liable.number());
        });
        list(&mut out, 11, &parts.late, |out, late| {
            out.array(4).gate(late.gate).uint(late.index).time(late.time);
        });
        list(&mut out, 12, &parts.taken_back, |out, taken| {
            out.array(3).gate(taken.gate).uint(taken.index);
        });
        list(&mut out, 13, &parts.adjustments, |out, adjusted| {
            out.array(6).product(adjusted.product).venue(adjusted.venue);
            out.int(adjusted.fen);
        });
        out.finish()
    }

    /// SHA-256 of the canonical bytes: equal for all who settle the same cut-offs.
    #[must_use]
    pub fn digest(&self) -> Hash {
        sha256(&[&self.encode()])
    }

    /// The statement as JSON, for people and other programs: one object, keys in a fixed order, amounts
    /// and counts as integers (up to 64 bits), names as text. The digest is of the canonical bytes, not
    /// of this text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let parts = &self.parts;
        let mut out = Json::new();
        out.object(|out| {
            out.number("rules", RULES);
            out.number("from", parts.period.from.seconds()).number("until", parts.period.until.seconds());
            match &parts.previous {
                Some(digest) => out.name("previous", digest),
                None => out.number("previous", "null"),
            };
            out.list("cut_offs", &parts.cut_offs, |out, cut_off| {
                out.name("member", cut_off.member).number("size", cut_off.size).name("root", cut_off.root);
            });
            out.list("lines", &parts.lines, |out, line| {
                out.name("product", line.product).name("venue", line.venue).number("uses", line.uses);
                out.number("persons", line.persons).number("unpaid", line.unpaid);
                out.number("due_fen", line.due_fen).number("fen", line.fen);
            });
            out.list("pools", &parts.pools, |out, pool| {
                out.name("product", pool.product).number("passes", pool.passes).number("fen", pool.fen);
            });
            out.list("payments", &self.payments, |out, payment| {
                out.name("payer", payment.payer).name("payee", payment.payee).number("fen", payment.fen);
            });
            out.list("nets", &self.nets, |out, net| {
                out.name("member", net.member).number("fen", net.fen);
            });
            out.list("co_payments", &self.co_payments, |out, collected| {
                out.name("member", collected.member).number("fen", collected.fen);
            });
            out.list("over_uses", &parts.over_uses, |out, over| {
                out.name("pass", over.pass).name("gate", over.gate).number("index", over.index);
                out.name("liable", over.liable);
            });
            out.list("late", &parts.late, |out, late| {
                out.name("gate", late.gate).number("index", late.index).number("time", late.time.seconds());
            });
            out.list("taken_back", &parts.taken_back, |out, taken| {
                out.name("gate", taken.gate).number("index", taken.index);
            });
            out.list("adjustments", &parts.adjustments, |out, adjusted| {
                out.name("product", adjusted.product).name("venue", adjusted.venue).number("fen", adjusted.fen);
            });
            out.name("digest", self.digest());
        });
        out.finish()
    }

    /// The amounts as a table (RFC 4180) with one header, for spreadsheets: a row for each line,
    /// adjustment, payment, net and co-payment, the first column says which. `from` pays `to` in a
    /// payment; a net has its member in `to`, a co-payment who collected it. Amounts are in fen.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = String::from("kind,from,to,product,venue,uses,persons,unpaid,due_fen,fen\r\n");
        // Writing to a string cannot fail.
        let mut row = |row: core::fmt::Arguments<'_>| _ = write!(out, "{row}\r\n");
        for StatementLine { product, venue, uses, persons, unpaid, due_fen, fen } in self.lines() {
            let (from, to) = (product.issuer, venue.member);
            row(format_args!("line,{from},{to},{product},{venue},{uses},{persons},{unpaid},{due_fen},{fen}"));
        }
        for Adjustment { product, venue, fen } in self.adjustments() {
            row(format_args!("adjustment,{},{},{product},{venue},,,,,{fen}", product.issuer, venue.member));
        }
        for Payment { payer, payee, fen } in self.payments() {
            row(format_args!("payment,{payer},{payee},,,,,,,{fen}"));
        }
        for Net { member, fen } in self.nets() {
            row(format_args!("net,,{member},,,,,,,{fen}"));
        }
        for CoPayment { member, fen } in self.co_payments() {
            row(format_args!("co_payment,,{member},,,,,,,{fen}"));
        }
        out
    }

    /// Version of the rules it was settled by.
    #[must_use]
    pub const fn rules(&self) -> u64 {
        RULES
    }

    /// The period.
    #[must_use]
    pub const fn period(&self) -> SettlementPeriod {
        self.parts.period
    }

    /// Digest of the statement before this one; `None` for the first.
    #[must_use]
    pub const fn previous(&self) -> Option<Hash> {
        self.parts.previous
    }

    /// The ledger checkpoints up to which everything counts, ascending by member.
    #[must_use]
    pub fn cut_offs(&self) -> &[CutOff] {
        &self.parts.cut_offs
    }

    /// Uses and what they earn, ascending by product (its issuer first) and venue.
    #[must_use]
    pub fn lines(&self) -> &[StatementLine] {
        &self.parts.lines
    }

    /// The prices that were shared, ascending by product.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.parts.pools
    }

    /// The gross bilateral matrix without its zeros, ascending by payer and payee.
    #[must_use]
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// The multilateral nets of every member of the matrix, ascending by member.
    #[must_use]
    pub fn nets(&self) -> &[Net] {
        &self.nets
    }

    /// The co-payments collected, ascending by the venues' member.
    #[must_use]
    pub fn co_payments(&self) -> &[CoPayment] {
        &self.co_payments
    }

    /// The over-uses, ascending by pass, gate and index.
    #[must_use]
    pub fn over_uses(&self) -> &[OverUseLine] {
        &self.parts.over_uses
    }

    /// The uses from before the period, ascending by gate and index.
    #[must_use]
    pub fn late(&self) -> &[LateUse] {
        &self.parts.late
    }

    /// The uses of closed periods that were annulled or reversed since, ascending by gate and index.
    #[must_use]
    pub fn taken_back(&self) -> &[TakenBack] {
        &self.parts.taken_back
    }

    /// What that changes of the closed periods' payments, ascending by product and venue.
    #[must_use]
    pub fn adjustments(&self) -> &[Adjustment] {
        &self.parts.adjustments
    }

    /// Derives what follows from the parts, and checks the parts against one another.
    pub(super) fn assemble(parts: StatementFacts) -> Result<Self, StatementError> {
        check(&parts)?;
        // An i128 holds the sum of any list of i64.
        let (mut owed, mut collected) = (BTreeMap::<_, i128>::new(), BTreeMap::new());
        let lines = parts.lines.iter().map(|line| (line.product.issuer, line.venue.member, i128::from(line.fen)));
        let adjusted = parts.adjustments.iter().map(|a| (a.product.issuer, a.venue.member, i128::from(a.fen)));
        for (issuer, member, fen) in lines.chain(adjusted) {
            let sum = owed.entry((issuer, member)).or_default();
            *sum = sum.saturating_add(fen);
        }
        for line in &parts.lines {
            increase(&mut collected, line.venue.member, line.due_fen)?;
        }
        let mut matrix = BTreeMap::new();
        for ((issuer, member), fen) in owed {
            // Where more is taken back than earned, the venues' member pays.
            let pair = if fen < 0 { (member, issuer) } else { (issuer, member) };
            if fen >= 0 || issuer != member {
                increase(&mut matrix, pair, u64::try_from(fen.unsigned_abs()).map_err(|_| StatementError::Amount)?)?;
            }
        }
        let mut nets = BTreeMap::new();
        let payment = |((payer, payee), fen)| Payment { payer, payee, fen };
        let payments: Vec<Payment> = matrix.into_iter().map(payment).collect();
        for payment in &payments {
            let net: &mut i128 = nets.entry(payment.payer).or_default();
            *net = net.saturating_sub(i128::from(payment.fen));
            let net = nets.entry(payment.payee).or_default();
            *net = net.saturating_add(i128::from(payment.fen));
        }
        let net = |(member, fen)| i64::try_from(fen).map(|fen| Net { member, fen }).map_err(|_| StatementError::Amount);
        let nets = nets.into_iter().map(net).collect::<Result<_, _>>()?;
        let co_payments = collected.into_iter().map(|(member, fen)| CoPayment { member, fen }).collect();
        Ok(Self { parts, payments, nets, co_payments })
    }
}

/// The sum of two amounts or counts, as long as a signed 64-bit integer holds it.
fn add(a: u64, b: u64) -> Result<u64, StatementError> {
    a.checked_add(b).filter(|&sum| i64::try_from(sum).is_ok()).ok_or(StatementError::Amount)
}

/// Adds to an amount under a key; 0 makes no entry.
fn increase<K: Ord>(amounts: &mut BTreeMap<K, u64>, key: K, by: u64) -> Result<(), StatementError> {
    if by > 0 {
        let amount = amounts.entry(key).or_default();
        *amount = add(*amount, by)?;
    }
    Ok(())
}

fn check(parts: &StatementFacts) -> Result<(), StatementError> {
    let rule = |holds: bool, text| if holds { Ok(()) } else { Err(StatementError::Rule(text)) };
    rule(parts.period.from < parts.period.until, "the period is empty")?;
    rule(ascending(&parts.cut_offs, |cut_off| cut_off.member), "cut-offs not in ascending order")?;
    rule(ascending(&parts.lines, |line| (line.product, line.venue)), "lines not in ascending order")?;
    rule(ascending(&parts.pools, |pool| pool.product), "pools not in ascending order")?;
    rule(ascending(&parts.over_uses, |over| (over.pass, over.gate, over.index)), "over-uses not in ascending order")?;
    rule(ascending(&parts.late, |late| (late.gate, late.index)), "late uses not in ascending order")?;
    rule(parts.late.iter().all(|late| late.time < parts.period.from), "a late use of the period itself")?;
    rule(ascending(&parts.taken_back, |taken| *taken), "uses taken back not in ascending order")?;
    rule(ascending(&parts.adjustments, |a| (a.product, a.venue)), "adjustments not in ascending order")?;
    rule(parts.adjustments.iter().all(|adjusted| adjusted.fen != 0), "an adjustment of nothing")?;
    rule(parts.adjustments.is_empty() || !parts.taken_back.is_empty(), "adjustments without a use taken back")?;
    rule(parts.taken_back.is_empty() || parts.previous.is_some(), "a use taken back without a period before")?;
    let counted = |gate: GateId| parts.cut_offs.binary_search_by_key(&gate.member, |cut_off| cut_off.member).is_ok();
    let gates = parts.over_uses.iter().map(|over| over.gate).chain(parts.late.iter().map(|late| late.gate));
    let gates = gates.chain(parts.taken_back.iter().map(|taken| taken.gate));
    rule(gates.into_iter().all(counted), "a use without a cut-off")?;
    // Per product: paid uses and amount. Per issuer: unpaid over-uses.
    let mut earned: BTreeMap<ProductRef, (u64, u64)> = BTreeMap::new();
    let (mut unpaid, mut listed) = (BTreeMap::new(), BTreeMap::new());
    for line in &parts.lines {
        rule(line.uses > 0 || line.unpaid > 0, "a line without uses")?;
        rule(line.uses > 0 || line.fen == 0, "a payment without a use")?;
        let most = line.uses.saturating_mul(u64::from(u8::MAX));
        rule(line.persons <= most, "more persons than its uses admit")?;
        let (uses, fen) = earned.entry(line.product).or_default();
        (*uses, *fen) = (add(*uses, line.uses)?, add(*fen, line.fen)?);
        increase(&mut unpaid, line.product.issuer, line.unpaid)?;
    }
    for over in parts.over_uses.iter().filter(|over| over.liable == Liable::Gate) {
        increase(&mut listed, over.pass.issuer, 1)?;
    }
    rule(unpaid == listed, "the unpaid over-uses are not those listed")?;
    for pool in &parts.pools {
        let &(uses, fen) = earned.get(&pool.product).unwrap_or(&(0, 0));
        rule(uses > 0 && pool.passes <= uses, "a pool with fewer uses than passes")?;
        rule(fen == pool.fen, "the lines of a pool do not sum to it")?;
        let most = u128::from(pool.passes).saturating_mul(u128::from(MAX_FEN));
        let priced = pool.fen.checked_rem(pool.passes).is_none_or(|rest| rest == 0);
        rule(priced && u128::from(pool.fen) <= most, "a pool that no price makes")?;
    }
    Ok(())
}

fn ascending<T, K: Ord>(list: &[T], key: impl Fn(&T) -> K) -> bool {
    list.is_sorted_by(|a, b| key(a) < key(b))
}

fn list<T>(out: &mut Encoder, key: u64, items: &[T], mut item: impl FnMut(&mut Encoder, &T)) {
    out.uint(key).array(items.len());
    items.iter().for_each(|each| item(out, each));
}

fn decode(d: &mut Decoder<'_>) -> Result<Statement, StatementError> {
    let mut map = d.map()?;
    map.require(d, 1)?;
    let rules = d.uint()?;
    if rules != RULES {
        return Err(StatementError::Rules(rules));
    }
    map.require(d, 2)?;
    d.array_of(2)?;
    let period = SettlementPeriod { from: d.time()?, until: d.time()? };
    map.require(d, 3)?;
    let previous = if d.null() { None } else { Some(Hash(*d.byte_array()?)) };
    map.require(d, 4)?;
    let cut_offs = read(d, 3, |d| Ok(CutOff { member: d.member()?, size: d.uint()?, root: Hash(*d.byte_array()?) }))?;
    map.require(d, 5)?;
    let lines = read(d, 10, read_line)?;
    map.require(d, 6)?;
    let pools = read(d, 5, |d| Ok(Pool { product: d.product()?, passes: d.uint()?, fen: d.uint()? }))?;
    map.require(d, 7)?;
    let payments = read(d, 3, |d| Ok(Payment { payer: d.member()?, payee: d.member()?, fen: d.uint()? }))?;
    map.require(d, 8)?;
    let nets = read(d, 2, |d| Ok(Net { member: d.member()?, fen: d.int()? }))?;
    map.require(d, 9)?;
    let co_payments = read(d, 2, |d| Ok(CoPayment { member: d.member()?, fen: d.uint()? }))?;
    map.require(d, 10)?;
    let over_uses = read(d, 6, read_over_use)?;
    map.require(d, 11)?;
    let late = read(d, 4, |d| Ok(LateUse { gate: d.gate()?, index: d.uint()?, time: d.time()? }))?;
    map.require(d, 12)?;
    let taken_back = read(d, 3, |d| Ok(TakenBack { gate: d.gate()?, index: d.uint()? }))?;
    map.require(d, 13)?;
    let adjustments = read(d, 6, |d| {
        let (product, venue) = (d.product()?, d.venue()?);
        Ok(Adjustment { product, venue, fen: d.int()? })
    })?;
    map.end(d)?;
    let parts = StatementFacts { period, previous, cut_offs, lines, pools, over_uses, late, taken_back, adjustments };
    let statement = Statement::assemble(parts)?;
    let rule = |holds: bool, text| if holds { Ok(()) } else { Err(StatementError::Rule(text)) };
    rule(statement.payments == payments, "the payments do not follow from the lines and adjustments")?;
    rule(statement.nets == nets, "the nets do not follow from the payments")?;
    rule(statement.co_payments == co_payments, "the co-payments do not follow from the lines")?;
    Ok(statement)
}

/// An array of arrays of `items` items each.
fn read<'a, T>(
    d: &mut Decoder<'a>,
    items: usize,
    mut item: impl FnMut(&mut Decoder<'a>) -> Result<T, StatementError>,
) -> Result<Vec<T>, StatementError> {
    let count = d.array()?;
    (0..count).map(|_| d.array_of(items).map_err(StatementError::from).and_then(|()| item(d))).collect()
}

fn read_line(d: &mut Decoder<'_>) -> Result<StatementLine, StatementError> {
    Ok(StatementLine {
        product: d.product()?,
        venue: d.venue()?,
        uses: d.uint()?,
        persons: d.uint()?,
        unpaid: d.uint()?,
        due_fen: d.uint()?,
        fen: d.uint()?,
    })
}

fn read_over_use(d: &mut Decoder<'_>) -> Result<OverUseLine, StatementError> {
    let pass = d.pass()?;
    let (gate, index) = (d.gate()?, d.uint()?);
    let liable = Liable::from_number(d.uint()?).ok_or(StatementError::Rule("an unknown liability"))?;
    Ok(OverUseLine { pass, gate, index, liable })
}

#[cfg(test)]
#[path = "tests/statement.rs"]
mod tests;
