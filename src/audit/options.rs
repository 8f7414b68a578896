//! How to audit.

use super::depth::Depth;
use super::statement::SettlementPeriod;
use crate::crypto::Hash;
use core::fmt;

/// What [`Options::uses_at_once`] is if nothing else is said: 1 GiB, and as much again while journals are put together.
const USES_AT_ONCE: usize = 1 << 24;

/// How to audit.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// How deep to go. What was not looked for was not found: no over-use and no statement above
    /// [`Depth::Policy`].
    pub depth: Depth,
    /// SHA-256 of the trust list to start from: the first, or a later one, and then those before it
    /// are not looked at. Without it, the first list published is taken as it is: then compare
    /// [`Report::anchor`](super::Report::anchor) with what you know.
    pub anchor: Option<Hash>,
    /// The period to settle: one that the members agreed to a statement of, or the next, up to their present size. There is
    /// no statement of another that begins before the end of the last one settled, see [`Report::settled`](super::Report::settled).
    pub period: Option<SettlementPeriod>,
    /// How many threads to use; the report does not depend on it.
    pub threads: usize,
    /// How many redemptions to keep at once, at least one; the report does not depend on it. Each takes 64 bytes, and as
    /// much again while those of all journals are put together. Where there are more, the journals are read several
    /// times, each time for a part of the passes. Parts are of that size but for what chance makes of them, and all uses
    /// of one pass are in one.
    pub uses_at_once: usize,
    /// Whether of findings of one cause of one member only the first is kept, with how many there are ([`Finding::count`](super::Finding::count)):
    /// a list that is missing shows at every record that names it.
    pub group: bool,
    /// Called now and then with the number of journals done and how many there are, which counts them once for each time
    /// they are read. Neither goes back.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        let (depth, uses_at_once) = (Depth::Policy, USES_AT_ONCE);
        Self { depth, anchor: None, period: None, threads: 1, uses_at_once, group: false, progress: None }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, anchor, period, threads, uses_at_once, group, .. } = self;
        write!(f, "Options {{ depth: {depth:?}, anchor: {anchor:?}, period: {period:?}, threads: {threads}, ")?;
        write!(f, "uses_at_once: {uses_at_once}, group: {group} }}")
    }
}

#[cfg(test)]
#[path = "tests/options.rs"]
mod tests;
