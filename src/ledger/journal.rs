//! What a ledger knows of a gate's journal.

use crate::crypto::Hash;
use crate::tlog::Log;
use crate::trust::GateCertificate;
use std::collections::BTreeSet;

/// A gate's journal as its city has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Journal {
    pub(super) certificate: GateCertificate,
    pub(super) log: Log,
    pub(super) retired: bool,
    /// For each seal: size of the journal after it, and index of the ledger's entry. Both ascend.
    pub(super) seals: Vec<(u64, u64)>,
    /// Root of the journal at the last seal.
    pub(super) root: Hash,
    /// Indices of the redemptions that the city took back.
    pub(super) reversed: BTreeSet<u64>,
}

impl Journal {
    /// The gate's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &GateCertificate {
        &self.certificate
    }

    /// The journal.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Whether the gate is retired.
    #[must_use]
    pub const fn retired(&self) -> bool {
        self.retired
    }

    /// Indices of the redemptions that the city took back.
    #[must_use]
    pub const fn reversed(&self) -> &BTreeSet<u64> {
        &self.reversed
    }
}
