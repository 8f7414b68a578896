//! What a pass is good for: products as plain data, the usage of a pass, and the one function that
//! puts the two together.
//!
//! A [`Product`] is an ordered list of grants; the first that covers the visit and has quota left
//! decides. [`entitle`] is pure and total, so the gate, the ledger and the auditor get the same
//! answer from the same facts. This module knows neither signatures nor catalogues: it lies below
//! both, and takes the few facts it needs of a pass and a venue as plain structs.

mod codec;
mod entitle;
mod grant;
mod hindsight;
mod tally;
mod usage;
mod validate;

#[cfg(test)]
#[path = "tests/notation.rs"]
mod notation;
#[cfg(test)]
#[path = "tests/passes.rs"]
mod passes;
#[cfg(test)]
#[path = "tests/rules.rs"]
mod rules;
#[cfg(test)]
#[path = "tests/samples.rs"]
pub(crate) mod samples;
#[cfg(test)]
#[path = "tests/stories.rs"]
mod stories;

pub use entitle::{Denied, Entitled, LastUse, PassFacts, Spent, VenueFacts, Visit, entitle};
pub(crate) use entitle::{decide, entitle_by};
pub use grant::{
    Choice, FULL_BASIS_POINTS, Grant, HourRange, Length, MAX_BLACKOUTS, MAX_DAYS, MAX_FEN, MAX_LIST, MAX_MONTHS,
    MAX_NAME, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Validity,
    WEEKDAYS_ALL, Window,
};
pub(crate) use hindsight::redecide;
pub use hindsight::{Otherwise, Recorded, reconsider};
pub(crate) use tally::Tally;
pub use usage::{Usage, Use, UseKey};
pub use validate::{GrantFault, ProductError};
