//! Over-use: what a pass was admitted for beyond its rules, once everything is known, and who bears it.
//!
//! The uses of a pass are taken in canonical order (period, time, gate, index) and each is decided again,
//! by the same rules ([`reconsider`](crate::product::reconsider)), against those before it that stand. What they deny is the excess. Liability
//! follows from the gate's own records:
//!
//! - the gate's member, if the rules deny the use already from what the gate itself knew: its own
//!   journal, and what the ledgers held up to the sizes in its last `synced` record, but for uses of a pass
//!   whose term had ended since;
//! - the gate's member, if the gate had last synced longer ago than the federation's policy allows; that it
//!   started again since is no sync;
//! - else the issuer of the pass, which sold a pass that works offline.
//!
//! A use that the rules cover by another grant than its gate took is no excess. It counts under the grant that
//! it belongs to, or the one it was taken for could be used more often than it allows.

use super::knowledge::by_own_knowledge;
use super::uses::{Liable, PlacedUse, Redeemed, SyncedAt, visit_of};
use crate::id::PassKey;
use crate::product::{Denied, Recorded, Tally, Use, redecide};
use crate::trust::Bundle;
use std::sync::Arc;

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

/// A use that its gate took for another grant than the one it belongs to, once everything is known.
///
/// It changes no payment: the venue is paid for what it gave, less what it collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherGrant {
    /// The pass.
    pub pass: PassKey,
    /// The use, with the grant that the gate took.
    pub used: Use,
    /// The grant that it belongs to, by its place in the product.
    pub grant: u8,
    /// What the party paid less than is due, in fen.
    pub short_fen: u32,
    /// What it paid more than is due, in fen. At most one of the two is not 0.
    pub over_fen: u32,
    /// Whether the gate could have known: as for over-use.
    pub liable: Liable,
}

/// What the uses of one pass come to.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) over_use: Vec<OverUse>,
    pub(super) other_grants: Vec<OtherGrant>,
}

/// Decides the uses of one pass again, which are in canonical order and have each its own gate and index.
///
/// However many there are, little is done for each: the uses that stand are a [`Tally`], and so are those that a gate
/// knew, from one question to the next ([`by_own_knowledge`]).
pub(super) fn judge<'a>(uses: &[PlacedUse], bundle: impl Fn(usize) -> &'a Bundle) -> Judged {
    let mut standing = Tally::default();
    // The grant that each use counts under, while it stands.
    let mut counted: Vec<Option<u8>> = vec![None; uses.len()];
    let back = |(place, placed): (usize, &PlacedUse)| placed.taken_back.map(|taken_back| (taken_back, place));
    let mut back: Vec<(usize, usize)> = uses.iter().enumerate().filter_map(back).collect();
    back.sort_unstable();
    let mut back = back.into_iter().peekable();
    let (mut excess, mut places) = (Vec::new(), Vec::new());
    for (place, PlacedUse { period, redeemed, .. }) in uses.iter().enumerate() {
        while let Some((_, gone)) = back.next_if(|(taken_back, _)| taken_back <= period) {
            let grant = counted.get_mut(gone).and_then(Option::take);
            if let (Some(grant), Some(gone)) = (grant, uses.get(gone)) {
                standing.remove(&Use { grant, ..gone.redeemed.used });
            }
        }
        let bundle = bundle(*period);
        let Some(product) = bundle.product(redeemed.product) else { continue };
        let Some(visit) = visit_of(redeemed, bundle) else { continue };
        let Redeemed { used, due_fen, .. } = *redeemed;
        let recorded = Recorded { grant: used.grant, due_fen };
        let again = redecide(product, &redeemed.facts, &standing, &visit, recorded);
        let grant = match &again {
            Err(_) => None,
            // That the sum is wrong, but not the grant, is the gate's own error, and found.
            Ok(other) => Some(other.map_or(used.grant, |other| other.entitled.grant)),
        };
        if let Some((grant, counted)) = grant.zip(counted.get_mut(place)) {
            standing.insert(&Use { grant, ..used });
            *counted = Some(grant);
        }
        // That there is no such grant is found too.
        if grant.is_none_or(|grant| grant != used.grant && product.grants.get(usize::from(used.grant)).is_some()) {
            excess.push(again);
            places.push(place);
        }
    }
    let mut judged = Judged::default();
    let knew = by_own_knowledge(uses, &places, &bundle);
    for ((again, place), knew) in excess.into_iter().zip(places).zip(knew) {
        let (Some(PlacedUse { period, redeemed, .. }), Some(knew)) = (uses.get(place), knew) else { continue };
        let Redeemed { pass, used, .. } = *redeemed;
        let limit = i64::from(bundle(*period).trust().policy().sync_within);
        let since = |synced: &Arc<SyncedAt>| used.time.since(synced.time) > limit;
        let late = redeemed.synced.as_ref().map_or(!redeemed.synced_pruned, since);
        let liable = |knew: bool| if knew || late { Liable::Gate } else { Liable::Issuer };
        match again {
            Err(denied) => {
                let liable = liable(knew.is_err());
                judged.over_use.push(OverUse { pass, used, denied, liable });
            }
            Ok(Some(other)) => {
                let (grant, short_fen, over_fen) = (other.entitled.grant, other.short_fen, other.over_fen);
                let liable = liable(knew != Ok(used.grant));
                judged.other_grants.push(OtherGrant { pass, used, grant, short_fen, over_fen, liable });
            }
            Ok(None) => {}
        }
    }
    judged
}

#[cfg(test)]
#[path = "tests/overuse.rs"]
mod tests;
