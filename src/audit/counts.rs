//! What an audit has read, in numbers.

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ledgers.
    pub ledgers: u64,
    /// Entries of ledgers.
    pub entries: u64,
    /// Journals.
    pub journals: u64,
    /// Records of journals.
    pub records: u64,
    /// Redemptions among them.
    pub redemptions: u64,
    /// Evidence verified.
    pub evidence: u64,
    /// Redemptions whose evidence was erased; none where no evidence was given at all.
    pub pruned: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.ledgers = self.ledgers.saturating_add(other.ledgers);
        self.entries = self.entries.saturating_add(other.entries);
        self.journals = self.journals.saturating_add(other.journals);
        self.records = self.records.saturating_add(other.records);
        self.redemptions = self.redemptions.saturating_add(other.redemptions);
        self.evidence = self.evidence.saturating_add(other.evidence);
        self.pruned = self.pruned.saturating_add(other.pruned);
    }
}
