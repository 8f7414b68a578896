//! A use decided again with more known than the gate had.
//!
//! A gate that has not yet heard of other gates may let a visitor in under a grant that is used up: the
//! third museum as one of "the first two free". No rule denies the visit, a later grant covers it, but at
//! another price. [`reconsider`] finds such a use, which a second [`entitle`](super::entitle()) alone calls covered.

use super::entitle::{Denied, Entitled, PassFacts, Visit, decide};
use super::grant::Product;
use super::tally::Uses;
use super::usage::Usage;

/// What a gate decided, as its record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The grant, by its place in the product.
    pub grant: u8,
    /// Co-payment of the whole party, in fen.
    pub due_fen: u32,
}

/// How a use that is covered differs from what its gate recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Otherwise {
    /// The decision with all that is known. The use belongs to this grant: a replay that counts it under
    /// the grant recorded instead lets the holder use that one more often than it allows.
    pub entitled: Entitled,
    /// What the party paid less than is due, in fen.
    pub short_fen: u32,
    /// What it paid more than is due, in fen. At most one of the two is not 0.
    pub over_fen: u32,
}

/// Decides a recorded visit again, with the uses `usage` known of the pass; the visit's own use is not
/// among them. `None` when grant and co-payment are as recorded.
///
/// As in [`entitle`](super::entitle()), all of `usage` counts. Whoever replays a pass decides its uses in canonical order,
/// each with those before it, and counts each under the grant decided here.
///
/// # Errors
/// [`Denied`], when no grant covers the visit.
pub fn reconsider(
    product: &Product,
    pass: &PassFacts,
    usage: &Usage,
    visit: &Visit,
    recorded: Recorded,
) -> Result<Option<Otherwise>, Denied> {
    redecide(product, pass, usage, visit, recorded)
}

/// [`reconsider`], however the uses are kept.
pub(crate) fn redecide(
    product: &Product,
    pass: &PassFacts,
    usage: &impl Uses,
    visit: &Visit,
    recorded: Recorded,
) -> Result<Option<Otherwise>, Denied> {
    let entitled = decide(product, pass, usage, visit)?;
    if recorded == (Recorded { grant: entitled.grant, due_fen: entitled.due_fen }) {
        return Ok(None);
    }
    let short_fen = entitled.due_fen.saturating_sub(recorded.due_fen);
    let over_fen = recorded.due_fen.saturating_sub(entitled.due_fen);
    Ok(Some(Otherwise { entitled, short_fen, over_fen }))
}

#[cfg(test)]
#[path = "tests/hindsight.rs"]
mod tests;
