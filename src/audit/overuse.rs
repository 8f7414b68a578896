//! Over-use: what a pass was admitted for beyond its rules, once everything is known, and who bears it.
//!
//! The uses of a pass are taken in canonical order (period, time, gate, index) and each is decided again,
//! by the same [`entitle`], against those before it that stand. What it denies is the excess. Liability
//! follows from the gate's own records:
//!
//! - the gate's member, if the rules deny the use already from what the gate itself knew: its own
//!   journal, and what the ledgers held up to the sizes in its last `synced` record;
//! - the gate's member, if the gate had last synced longer ago than the federation's policy allows; that it
//!   started again since is no sync;
//! - else the issuer of the pass, which sold a pass that works offline.

use super::settle::Liable;
use crate::id::{MemberId, PassKey, ProductRef};
use crate::product::{Denied, PassFacts, Usage, Use, VenueFacts, Visit, entitle};
use crate::time::UnixTime;
use crate::trust::Bundle;

/// A use beyond the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverUse {
    /// The pass.
    pub pass: PassKey,
    /// The use.
    pub used: Use,
    /// What the rules say.
    pub denied: Denied,
    /// Who bears it.
    pub liable: Liable,
}

/// A standing redemption with all that liability depends on.
#[derive(Clone, Debug)]
pub(super) struct Redeemed {
    pub(super) pass: PassKey,
    pub(super) product: ProductRef,
    pub(super) used: Use,
    pub(super) due_fen: u32,
    /// Index of the ledger entry that sealed it.
    pub(super) entry: u64,
    /// Index of the ledger entry that reversed it.
    pub(super) reversed: Option<u64>,
    /// When the gate had last learnt usage, and up to which ledger sizes.
    pub(super) synced: Option<SyncedAt>,
    /// Whether the record that says so was pruned. What the gate knew cannot be held against it then.
    pub(super) synced_pruned: bool,
    /// What its record says of the pass; compared with the evidence while that is kept.
    pub(super) facts: PassFacts,
}

/// What follows from a `synced` record, shared by the redemptions that follow it.
pub(super) type SyncedAt = std::sync::Arc<(UnixTime, Vec<(MemberId, u64)>)>;

/// A redemption with the period it belongs to.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) period: usize,
    /// The later period that it was taken back in.
    pub(super) taken_back: Option<usize>,
    pub(super) redeemed: Redeemed,
}

/// Decides the uses of one pass again, which are in canonical order.
pub(super) fn over_uses<'a>(uses: &[Placed], bundle: impl Fn(usize) -> &'a Bundle) -> Vec<OverUse> {
    let mut standing = Usage::new();
    let mut found = Vec::new();
    for Placed { period, redeemed, .. } in uses {
        for back in uses.iter().filter(|other| other.taken_back.is_some_and(|taken_back| taken_back <= *period)) {
            standing.annul(back.redeemed.used.gate, back.redeemed.used.index);
        }
        let bundle = bundle(*period);
        let Some(product) = bundle.product(redeemed.product) else { continue };
        let Some(visit) = visit_of(&redeemed.used, bundle) else { continue };
        let Err(denied) = entitle(product, &redeemed.facts, &standing, &visit) else {
            standing.insert(redeemed.used);
            continue;
        };
        let others = uses.iter().map(|placed| &placed.redeemed);
        let known: Usage = others.filter(|other| knew_of(redeemed, other)).map(|other| other.used).collect();
        let limit = i64::from(bundle.trust().policy().sync_within);
        let since = |synced: &SyncedAt| redeemed.used.time.since(synced.0) > limit;
        let late = redeemed.synced.as_ref().map_or(!redeemed.synced_pruned, since);
        let knew = entitle(product, &redeemed.facts, &known, &visit).is_err();
        let liable = if knew || late { Liable::Gate } else { Liable::Issuer };
        found.push(OverUse { pass: redeemed.pass, used: redeemed.used, denied, liable });
    }
    found
}

/// The visit that a use was.
fn visit_of(used: &Use, bundle: &Bundle) -> Option<Visit> {
    let venue = bundle.venue(used.venue)?;
    let facts =
        VenueFacts { id: used.venue, category: venue.category, reference_fen: venue.price_fen, service: used.service };
    Some(Visit { time: used.time, venue: facts, party: used.party })
}

/// Whether the gate of `used` could know of `other`, and not that it was reversed, when it decided.
fn knew_of(used: &Redeemed, other: &Redeemed) -> bool {
    let member = other.used.gate.member;
    let synced = used.synced.as_ref().and_then(|synced| synced.1.iter().find(|(id, _)| *id == member));
    let size = synced.map_or(0, |(_, size)| *size);
    let same_gate = other.used.gate == used.used.gate;
    let knew = if same_gate { other.used.index < used.used.index } else { other.entry < size };
    knew && other.reversed.is_none_or(|reversed| reversed >= size)
}
