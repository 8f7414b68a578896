//! One damage of the table.

use crate::script::Damage;

/// A name of the table, and what is done.
pub type Case = (&'static str, Damage);
