//! The damages, by what is damaged.

mod files;
mod journals;
mod ledgers;
mod money;

use crate::script::Damage;

pub use journals::used_at;

/// A name of the table, and what is done.
pub type Case = (&'static str, Damage);

/// All of them.
pub fn all() -> impl Iterator<Item = Case> {
    [files::CASES, ledgers::CASES, journals::CASES, money::CASES].into_iter().flatten().copied()
}
