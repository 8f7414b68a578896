//! The damages, by what is damaged.

mod case;
mod files;
mod journals;
mod ledgers;
mod money;

pub use case::Case;
pub use journals::used_at;

/// All of them.
pub fn all() -> impl Iterator<Item = Case> {
    [files::CASES, ledgers::CASES, journals::CASES, money::CASES].into_iter().flatten().copied()
}
