//! Findings: one thing an audit found wrong, where, and by which rule.

use core::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Notice,
    /// A rule is broken: what was published cannot be relied on as it is.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Error => "error",
        })
    }
}

/// Declares the rules and the list of them all.
macro_rules! rules {
    ($(#[$what:meta])* $type:ident; $($(#[$doc:meta])* $name:ident,)*) => {
        $(#[$what])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type { $($(#[$doc])* $name,)* }

        impl $type {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

rules! {
    /// The rule that is broken. The names are stable.
    Rule;
    /// A file cannot be read.
    Unreadable,
    /// A file that has to be there is not.
    Missing,
    /// A file that no rule puts there.
    Unexpected,
    /// The trust lists do not follow one another from a pinned one, or a ledger does not adopt them in turn.
    TrustList,
    /// A catalogue is refused.
    Catalogue,
    /// A status list is refused.
    StatusList,
    /// A checkpoint is malformed or not signed by its log.
    Checkpoint,
    /// Too few witnesses cosigned, or a cosignature does not verify.
    Cosignature,
    /// A signature line of a key nobody knows.
    UnknownSignature,
    /// A bundle of entries or evidence is malformed.
    Bundle,
    /// An entry does not follow the one before.
    Chain,
    /// The entries do not hash to the checkpoint's root.
    Root,
    /// A tile of hashes, or an older partial file, is not what the entries say.
    Tile,
    /// An entry of a ledger cannot be read.
    Entry,
    /// Time goes back.
    Clock,
    /// A gate certificate is refused, or does not cover the record.
    Certificate,
    /// A seal is not the gate's, or not of the journal that is published.
    Seal,
    /// What a ledger says was published is not what is published.
    Published,
    /// A peer's checkpoint contradicts the peer's ledger.
    Fork,
    /// A journal record cannot be read.
    Record,
    /// A journal does not start with the record that it was opened.
    Opened,
    /// An annulment or reversal of what is no standing redemption.
    Annulment,
    /// Totals of a day that are not those of its records.
    Totals,
    /// Evidence is not what the record's digest says, or there is none to be.
    Evidence,
    /// What was shown does not verify at the time it was shown.
    Presentation,
    /// The record says another pass or product than what was shown.
    Mismatch,
    /// The gate knew that the pass was revoked.
    Revoked,
    /// The gate admitted what the rules deny, from what it knew itself, or at another price.
    Decision,
    /// The statements of the members, or the one published, are not what is computed.
    Statement,
    /// A person let in whom the gate had refused: told, and paid for by nobody.
    Override,
    /// People passed a gate unchecked.
    Outage,
    /// Evidence was erased, or records of a journal were pruned: allowed, and then nothing can be said
    /// of them.
    Pruned,
    /// A directory or a name cannot be listed.
    Listing,
    /// What a publication that failed left behind.
    Leftover,
    /// A file or an empty directory by a name of no part in the format. It is not read.
    Stray,
}

/// The stable name.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One thing an audit found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file or log, as its path.
    pub place: String,
    /// The entry, where it is about one.
    pub index: Option<u64>,
    /// How bad it is.
    pub severity: Severity,
    /// Which rule.
    pub rule: Rule,
    /// What exactly.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.place)?;
        if let Some(index) = self.index {
            write!(f, " entry {index}")?;
        }
        write!(f, ": {}: {}", self.rule, self.detail)
    }
}

/// Collects findings about one place.
#[derive(Debug)]
pub(super) struct Findings {
    place: String,
    found: Vec<Finding>,
}

impl Findings {
    pub(super) fn at(place: impl Into<String>) -> Self {
        Self { place: place.into(), found: Vec::new() }
    }

    pub(super) fn error(&mut self, index: impl Into<Option<u64>>, rule: Rule, detail: impl fmt::Display) {
        self.push(index.into(), Severity::Error, rule, &detail);
    }

    pub(super) fn notice(&mut self, index: impl Into<Option<u64>>, rule: Rule, detail: impl fmt::Display) {
        self.push(index.into(), Severity::Notice, rule, &detail);
    }

    /// An error about another place.
    pub(super) fn error_at(&mut self, place: &str, rule: Rule, detail: impl fmt::Display) {
        self.push_at(place, Severity::Error, rule, &detail);
    }

    /// A notice about another place.
    pub(super) fn notice_at(&mut self, place: &str, rule: Rule, detail: impl fmt::Display) {
        self.push_at(place, Severity::Notice, rule, &detail);
    }

    /// Takes over what was found elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Whether any is by this rule.
    pub(super) fn any(&self, rule: Rule) -> bool {
        self.found.iter().any(|finding| finding.rule == rule)
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    fn push_at(&mut self, place: &str, severity: Severity, rule: Rule, detail: &dyn fmt::Display) {
        self.found.push(Finding { place: place.to_owned(), index: None, severity, rule, detail: detail.to_string() });
    }

    fn push(&mut self, index: Option<u64>, severity: Severity, rule: Rule, detail: &dyn fmt::Display) {
        self.found.push(Finding { place: self.place.clone(), index, severity, rule, detail: detail.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_how_bad_it_is_where_and_by_which_rule() {
        let mut findings = Findings::at("journal/310101/1");
        findings.error(7, Rule::Clock, "late");
        findings.notice(None, Rule::Pruned, "gone");
        let mut others = Findings::at("elsewhere");
        others.error_at("ledger/310101", Rule::Root, "other");
        others.notice_at("trust/", Rule::TrustList, "before");
        findings.append(others);
        let told: Vec<String> = findings.into_vec().iter().map(ToString::to_string).collect();
        let expected = [
            "error: journal/310101/1 entry 7: Clock: late",
            "notice: journal/310101/1: Pruned: gone",
            "error: ledger/310101: Root: other",
            "notice: trust/: TrustList: before",
        ];
        assert_eq!(told, expected);
    }
}
