//! Over-use: what a pass was admitted for beyond its rules, once everything is known, and who bears it.
//!
//! The uses of a pass are taken in canonical order (time, gate, index) and each is decided again, by
//! the same [`entitle`], against those before it. What it denies is the excess. Liability follows
//! from the gate's own records:
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
    /// When the gate had last learnt usage, and up to which ledger sizes.
    pub(super) synced: Option<SyncedAt>,
    /// Whether the record that says so was pruned. What the gate knew cannot be held against it then.
    pub(super) synced_pruned: bool,
    /// What its record says of the pass; compared with the evidence while that is kept.
    pub(super) facts: PassFacts,
}

/// What follows from a `synced` record, shared by the redemptions that follow it.
pub(super) type SyncedAt = std::sync::Arc<(UnixTime, Vec<(MemberId, u64)>)>;

/// Decides the uses of one pass again, which are in canonical order.
pub(super) fn over_uses(uses: &[Redeemed], bundle: &Bundle) -> Vec<OverUse> {
    let mut standing = Usage::new();
    let mut found = Vec::new();
    for used in uses {
        let Some(product) = bundle.product(used.product) else { continue };
        let Some(visit) = visit_of(&used.used, bundle) else { continue };
        let Err(denied) = entitle(product, &used.facts, &standing, &visit) else {
            standing.insert(used.used);
            continue;
        };
        let known: Usage = uses.iter().filter(|other| knew_of(used, other)).map(|other| other.used).collect();
        let limit = i64::from(bundle.trust().policy().sync_within);
        let late = used.synced.as_ref().map_or(!used.synced_pruned, |synced| used.used.time.since(synced.0) > limit);
        let knew = entitle(product, &used.facts, &known, &visit).is_err();
        let liable = if knew || late { Liable::Gate } else { Liable::Issuer };
        found.push(OverUse { pass: used.pass, used: used.used, denied, liable });
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

/// Whether the gate of `used` could know of `other` when it decided.
fn knew_of(used: &Redeemed, other: &Redeemed) -> bool {
    if other.used.gate == used.used.gate {
        return other.used.index < used.used.index;
    }
    let member = other.used.gate.member;
    let synced = used.synced.as_ref().and_then(|synced| synced.1.iter().find(|(id, _)| *id == member));
    synced.is_some_and(|(_, size)| other.entry < *size)
}
