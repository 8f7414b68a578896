//! Where a gate's store keeps what: the journal is the only log in it.

use crate::tlog::{LogKey, Row};

/// The journal is the only log in a gate's store.
pub(super) const LOG: LogKey = LogKey(0);
/// A series of rows beside the journal: no log, but what a store keeps by number.
pub(super) const LEARNT: LogKey = LogKey(1);
/// How far the rows of [`LEARNT`] go. Names 0 and 1 belong to the journal.
pub(super) const EXTENT: Row = Row::Meta { log: LOG, name: 16 };
/// The row that is written to see whether the store can be written.
pub(super) const PROBE: Row = Row::Meta { log: LOG, name: 17 };
