//! Over-use: what a pass was admitted for beyond its rules, once everything is known, and who bears it.
//!
//! The uses of a pass are taken in canonical order (period, time, gate, index) and each is decided again,
//! by the same rules ([`reconsider`]), against those before it that stand. What they deny is the excess. Liability
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

use super::settle::Liable;
use crate::id::{MemberId, PassKey, ProductRef};
use crate::product::{Denied, PassFacts, Recorded, Usage, Use, VenueFacts, Visit, entitle, reconsider};
use crate::time::UnixTime;
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

/// A standing redemption with all that liability depends on.
#[derive(Clone, Debug)]
pub(super) struct Redeemed {
    pub(super) pass: PassKey,
    pub(super) product: ProductRef,
    pub(super) used: Use,
    pub(super) due_fen: u32,
    /// What a visit costs without a pass, by the catalogue that the gate had.
    pub(super) reference_fen: u32,
    /// Index of the ledger entry that sealed it.
    pub(super) entry: u64,
    /// Index of the ledger entry that reversed it.
    pub(super) reversed: Option<u64>,
    /// What the gate had last learnt of usage.
    pub(super) synced: Option<Arc<SyncedAt>>,
    /// Whether the record that says so was pruned. What the gate knew cannot be held against it then.
    pub(super) synced_pruned: bool,
    /// What its record says of the pass; compared with the evidence while that is kept.
    pub(super) facts: PassFacts,
}

/// What follows from a `synced` record, shared by the redemptions that follow it.
#[derive(Debug)]
pub(super) struct SyncedAt {
    /// Index of the record.
    pub(super) index: u64,
    /// When.
    pub(super) time: UnixTime,
    /// Up to which sizes the gate knew the usage in the ledgers.
    pub(super) ledgers: Vec<(MemberId, u64)>,
}

/// A redemption with the period it belongs to.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) period: usize,
    /// The later period that it was taken back in.
    pub(super) taken_back: Option<usize>,
    pub(super) redeemed: Redeemed,
}

/// Decides the uses of one pass again, which are in canonical order.
pub(super) fn judge<'a>(uses: &[Placed], bundle: impl Fn(usize) -> &'a Bundle) -> Judged {
    let mut standing = Usage::new();
    let mut judged = Judged::default();
    for Placed { period, redeemed, .. } in uses {
        for back in uses.iter().filter(|other| other.taken_back.is_some_and(|taken_back| taken_back <= *period)) {
            standing.annul(back.redeemed.used.gate, back.redeemed.used.index);
        }
        let bundle = bundle(*period);
        let Some(product) = bundle.product(redeemed.product) else { continue };
        let Some(visit) = visit_of(redeemed, bundle) else { continue };
        let Redeemed { pass, used, facts, .. } = *redeemed;
        let liable = |knew: fn(Result<u8, Denied>, u8) -> bool| {
            let others = uses.iter().map(|placed| &placed.redeemed);
            let known: Usage = others.filter(|other| knew_of(redeemed, other)).map(|other| other.used).collect();
            let limit = i64::from(bundle.trust().policy().sync_within);
            let since = |synced: &Arc<SyncedAt>| used.time.since(synced.time) > limit;
            let late = redeemed.synced.as_ref().map_or(!redeemed.synced_pruned, since);
            let decided = entitle(product, &facts, &known, &visit).map(|entitled| entitled.grant);
            if knew(decided, used.grant) || late { Liable::Gate } else { Liable::Issuer }
        };
        let recorded = Recorded { grant: used.grant, due_fen: redeemed.due_fen };
        match reconsider(product, &facts, &standing, &visit, recorded) {
            Err(denied) => {
                let liable = liable(|decided, _| decided.is_err());
                judged.over_use.push(OverUse { pass, used, denied, liable });
            }
            // That the sum is wrong, but not the grant, is the gate's own error, and found.
            Ok(Some(other)) if other.entitled.grant != used.grant => {
                let grant = other.entitled.grant;
                standing.insert(Use { grant, ..used });
                // That there is no such grant is found too.
                if product.grants.get(usize::from(used.grant)).is_none() {
                    continue;
                }
                let (short_fen, over_fen) = (other.short_fen, other.over_fen);
                let liable = liable(|decided, taken| decided != Ok(taken));
                judged.other_grants.push(OtherGrant { pass, used, grant, short_fen, over_fen, liable });
            }
            Ok(_) => _ = standing.insert(used),
        }
    }
    judged
}

/// The visit that a use was.
fn visit_of(redeemed: &Redeemed, bundle: &Bundle) -> Option<Visit> {
    let Redeemed { used, reference_fen, .. } = *redeemed;
    let category = bundle.venue(used.venue)?.category;
    let venue = VenueFacts { id: used.venue, category, reference_fen, service: used.service };
    Some(Visit { time: used.time, venue, party: used.party })
}

/// Whether the gate of `used` could know of `other`, and not that it was reversed, when it decided.
///
/// What it learns of other gates it forgets with the term that the use was made in. One id has one term: who signs
/// it again for a later one answers for the uses that nobody remembers.
fn knew_of(used: &Redeemed, other: &Redeemed) -> bool {
    let member = other.used.gate.member;
    let synced = used.synced.as_ref().and_then(|synced| synced.ledgers.iter().find(|(id, _)| *id == member));
    let size = synced.map_or(0, |(_, size)| *size);
    let same_gate = other.used.gate == used.used.gate;
    let remembered = used.used.time < other.facts.expires;
    let knew = if same_gate { other.used.index < used.used.index } else { other.entry < size && remembered };
    knew && other.reversed.is_none_or(|reversed| reversed >= size)
}
