//! The uses of a pass, as over-use and settlement are decided from them.

use crate::id::{MemberId, PassKey, ProductRef};
use crate::product::{PassFacts, Use, VenueFacts, Visit};
use crate::time::UnixTime;
use crate::trust::Bundle;
use core::fmt;
use std::sync::Arc;

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
    /// Index of the record by which its gate annulled it, where a later entry of the ledger sealed that.
    pub(super) annulled: Option<u64>,
    /// Index of the first ledger entry that says it was taken back: sealed that record, or reversed it.
    pub(super) taken_back: Option<u64>,
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
pub(super) struct PlacedUse {
    pub(super) period: usize,
    /// The later period that it was taken back in.
    pub(super) taken_back: Option<usize>,
    pub(super) redeemed: Redeemed,
}

/// The visit that a use was.
pub(super) fn visit_of(redeemed: &Redeemed, bundle: &Bundle) -> Option<Visit> {
    let Redeemed { used, reference_fen, .. } = *redeemed;
    let category = bundle.venue(used.venue)?.category;
    let venue = VenueFacts { id: used.venue, category, reference_fen, service: used.service };
    Some(Visit { time: used.time, venue, party: used.party })
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

impl fmt::Display for Liable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuer => "issuer",
            Self::Gate => "gate",
        })
    }
}
