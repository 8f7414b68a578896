//! The federation's policy: the rules all members agreed on.

use super::error::TrustError;
use crate::wire::cbor::{Decoder, Encoder};
use crate::wire::shape::Shape;

/// The rules all members agreed on. Durations are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Distinct members whose roots must sign a trust list.
    pub root_threshold: u8,
    /// Distinct witnesses that make a checkpoint final: at most as many as a note holds beside its log's line.
    pub witness_quorum: u8,
    /// How far in the future a shown code may be dated, for clocks that differ.
    pub code_early: u32,
    /// How old a shown code may be.
    pub code_late: u32,
    /// A code dated further in the future than this means that a clock is wrong, not that it is early.
    pub clock_suspect: u32,
    /// A status list up to this age is fresh.
    pub status_fresh: u32,
    /// A status list older than this decides nothing.
    pub status_max_age: u32,
    /// How long after the entry a gate may annul it.
    pub annul_within: u32,
    /// How long the same code at the same gate is a re-scan, without a second debit.
    pub rescan_within: u32,
    /// A gate that last synced longer ago than this answers for what it could have known.
    pub sync_within: u32,
    /// A catalogue up to this age is fresh.
    pub catalogue_fresh: u32,
    /// A catalogue older than this decides nothing.
    pub catalogue_max_age: u32,
    /// A trust list up to this age is fresh; later it is stale until it expires.
    pub trust_fresh: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            root_threshold: 3,
            witness_quorum: 3,
            code_early: 30,
            code_late: 60,
            clock_suspect: 600,
            status_fresh: 72 * 3_600,
            status_max_age: 168 * 3_600,
            annul_within: 900,
            rescan_within: 120,
            sync_within: 4 * 3_600,
            catalogue_fresh: 90 * 86_400,
            catalogue_max_age: 180 * 86_400,
            trust_fresh: 365 * 86_400,
        }
    }
}

/// The keys of the encoding, with their names: one for each field, in the order of [`policy_values`].
pub(super) const POLICY: [(i64, &str, Shape); 13] = [
    (1, "root threshold", Shape::Any),
    (2, "witness quorum", Shape::Any),
    (3, "code early", Shape::Any),
    (4, "code late", Shape::Any),
    (5, "clock suspect", Shape::Any),
    (6, "status fresh", Shape::Any),
    (7, "status max age", Shape::Any),
    (8, "annul within", Shape::Any),
    (9, "rescan within", Shape::Any),
    (10, "sync within", Shape::Any),
    (11, "catalogue fresh", Shape::Any),
    (12, "catalogue max age", Shape::Any),
    (13, "trust fresh", Shape::Any),
];

fn policy_values(policy: &Policy) -> [u32; POLICY.len()] {
    [
        policy.root_threshold.into(),
        policy.witness_quorum.into(),
        policy.code_early,
        policy.code_late,
        policy.clock_suspect,
        policy.status_fresh,
        policy.status_max_age,
        policy.annul_within,
        policy.rescan_within,
        policy.sync_within,
        policy.catalogue_fresh,
        policy.catalogue_max_age,
        policy.trust_fresh,
    ]
}

pub(super) fn encode_policy(out: &mut Encoder, policy: &Policy) {
    out.map(POLICY.len());
    for ((key, ..), value) in POLICY.into_iter().zip(policy_values(policy)) {
        out.int(key).uint(value);
    }
}

pub(super) fn decode_policy(d: &mut Decoder<'_>) -> Result<Policy, TrustError> {
    let mut map = d.map()?;
    let mut values = [0_u32; POLICY.len()];
    for ((key, ..), value) in POLICY.into_iter().zip(&mut values) {
        map.require(d, key)?;
        *value = d.uint()?;
    }
    map.end(d)?;
    let [roots, quorum, code_early, code_late, clock_suspect, status_fresh, status_max_age, rest @ ..] = values;
    let [annul_within, rescan_within, sync_within, catalogue_fresh, catalogue_max_age, trust_fresh] = rest;
    let small = |value: u32| u8::try_from(value).map_err(|_| TrustError::Rule("a threshold above 255"));
    Ok(Policy {
        root_threshold: small(roots)?,
        witness_quorum: small(quorum)?,
        code_early,
        code_late,
        clock_suspect,
        status_fresh,
        status_max_age,
        annul_within,
        rescan_within,
        sync_within,
        catalogue_fresh,
        catalogue_max_age,
        trust_fresh,
    })
}
