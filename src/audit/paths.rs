//! Where the published files of a log are.

use crate::id::{GateId, MemberId};

pub(super) fn prefix_of(member: MemberId) -> String {
    format!("ledger/{member}")
}

/// Where the files of a gate's journal or evidence are.
pub(super) fn place_of(top: &str, gate: GateId) -> String {
    let GateId { member, number } = gate;
    format!("{top}/{member}/{number}")
}

/// Whether a path is below another.
pub(super) fn is_above(above: &str, path: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// The paths below `prefix`, of a sorted list.
pub(super) fn below<'a>(paths: &'a [String], prefix: &str) -> &'a [String] {
    let start = format!("{prefix}/");
    let from = paths.partition_point(|path| *path < start);
    let rest = paths.get(from..).unwrap_or_default();
    let count = rest.iter().take_while(|path| path.starts_with(&start)).count();
    rest.get(..count).unwrap_or_default()
}

#[cfg(test)]
#[path = "tests/paths.rs"]
mod tests;
