//! What the over-use of one pass follows from: which uses, and by which lists they were judged.

use super::overuse::OverUse;
use super::uses::PlacedUse;
use crate::id::{GateId, MemberId, PassKey};
use crate::trust::Bundle;
use std::collections::BTreeSet;

/// What the over-use of one pass follows from.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) pass: PassKey,
    /// Member and sequence of each catalogue that it was judged by.
    pub(super) catalogues: Vec<(MemberId, u64)>,
    pub(super) uses: Vec<CitedUse>,
}

/// One use, as an audit found it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CitedUse {
    pub(super) period: u64,
    pub(super) gate: GateId,
    pub(super) index: u64,
    /// Index of the record by which the gate had last said what it knew.
    pub(super) synced: Option<u64>,
}

impl Case {
    /// The case of a pass with over-use: all uses that were not taken back up to the last of it.
    pub(super) fn of<'a>(uses: &[PlacedUse], found: &[OverUse], bundle: impl Fn(usize) -> &'a Bundle) -> Option<Self> {
        // Both are in the same order.
        let mut found = found.iter().peekable();
        let beyond = |placed: &&PlacedUse| found.next_if(|over| over.used == placed.redeemed.used).is_some();
        let last = uses.iter().filter(beyond).map(|placed| placed.period).max()?;
        let stood =
            |placed: &&PlacedUse| placed.period <= last && placed.taken_back.is_none_or(|taken_back| taken_back > last);
        let (mut members, mut told) = (BTreeSet::new(), Vec::new());
        for PlacedUse { period, redeemed, .. } in uses.iter().filter(stood) {
            let synced = redeemed.synced.as_ref().map(|synced| synced.index);
            let (gate, index) = redeemed.used.key();
            members.extend([redeemed.pass.issuer, redeemed.used.venue.member]);
            told.push(CitedUse { period: *period as u64, gate, index, synced });
        }
        let sequence = |member| bundle(last).catalogue(member).map(|catalogue| (member, catalogue.sequence()));
        let pass = uses.first()?.redeemed.pass;
        Some(Self { pass, catalogues: members.into_iter().filter_map(sequence).collect(), uses: told })
    }
}
