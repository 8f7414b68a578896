//! Findings: one thing an audit found wrong, where, and by which rule.

use super::cause::{Cause, Detail};
use super::printed::Printed;
use core::fmt;
use std::collections::BTreeMap;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingSeverity {
    /// Worth knowing; nothing is wrong.
    Notice,
    /// A rule is broken: what was published cannot be relied on as it is.
    Error,
}

impl fmt::Display for FindingSeverity {
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
    /// A journal record cannot be read, or is of a party of nobody.
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
    /// Something is published up to an earlier size than what others saw, sealed or published of it: files that come
    /// late, not another history.
    Behind,
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
    pub severity: FindingSeverity,
    /// Which rule.
    pub rule: Rule,
    /// What exactly.
    pub detail: String,
    /// How many there are of the same cause, of which this is the first; 1 where each is listed.
    pub count: u64,
    /// What it is of, beside the rule and the log.
    pub(super) cause: Cause,
}

/// One line, whatever the place and the detail hold.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, Printed(&self.place))?;
        if let Some(index) = self.index {
            write!(f, " entry {index}")?;
        }
        write!(f, ": {}: {}", self.rule, Printed(&self.detail))?;
        match self.count.saturating_sub(1) {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

/// Of each cause the first finding, with how many there are.
///
/// What is found of entries is of one cause where the member and the rule are the same, and the [`Cause`]; their times,
/// indices and sums may differ. What is found of files is of one cause within a log. In whatever order findings are grouped,
/// and however often, the outcome is the same.
pub(super) fn grouped(found: Vec<Finding>) -> Vec<Finding> {
    let mut groups: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in found {
        let cause = (finding.severity, finding.rule, scope(&finding), finding.cause.clone());
        let Some(first) = groups.get_mut(&cause) else {
            groups.insert(cause, finding);
            continue;
        };
        let count = first.count.saturating_add(finding.count);
        let at = |finding: &Finding| (finding.place.clone(), finding.index, finding.detail.clone());
        if at(&finding) < at(first) {
            *first = finding;
        }
        first.count = count;
    }
    groups.into_values().collect()
}

/// Where findings of one cause are: what is found of entries, in the logs of one kind of one member, so that no member's hide
/// behind another's; of files, in one log, or about one file.
fn scope(finding: &Finding) -> String {
    let place = &*finding.place;
    let depth = match place.split('/').next() {
        _ if finding.index.is_some() => 2,
        Some("ledger") => 2,
        Some("journal" | "evidence") => 3,
        _ if finding.rule == Rule::Unexpected => 1,
        _ => return place.to_owned(),
    };
    place.split('/').take(depth).collect::<Vec<_>>().join("/")
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

    pub(super) fn error(&mut self, index: impl Into<Option<u64>>, rule: Rule, detail: impl Detail) {
        self.push(index.into(), FindingSeverity::Error, rule, &detail);
    }

    pub(super) fn notice(&mut self, index: impl Into<Option<u64>>, rule: Rule, detail: impl Detail) {
        self.push(index.into(), FindingSeverity::Notice, rule, &detail);
    }

    /// An error about another place.
    pub(super) fn error_at(&mut self, place: &str, rule: Rule, detail: impl Detail) {
        self.push_at(place, FindingSeverity::Error, rule, &detail);
    }

    /// A notice about another place.
    pub(super) fn notice_at(&mut self, place: &str, rule: Rule, detail: impl Detail) {
        self.push_at(place, FindingSeverity::Notice, rule, &detail);
    }

    /// Takes over what was found elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Whether any is by this rule.
    pub(super) fn any(&self, rule: Rule) -> bool {
        self.found.iter().any(|finding| finding.rule == rule)
    }

    /// Of each cause the first only.
    pub(super) fn group(&mut self) {
        self.found = grouped(core::mem::take(&mut self.found));
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    fn push_at(&mut self, place: &str, severity: FindingSeverity, rule: Rule, detail: &impl Detail) {
        let (place, detail, cause) = (place.to_owned(), detail.text(), detail.cause());
        self.found.push(Finding { place, index: None, severity, rule, detail, count: 1, cause });
    }

    fn push(&mut self, index: Option<u64>, severity: FindingSeverity, rule: Rule, detail: &impl Detail) {
        let (place, detail, cause) = (self.place.clone(), detail.text(), detail.cause());
        self.found.push(Finding { place, index, severity, rule, detail, count: 1, cause });
    }
}

#[cfg(test)]
#[path = "tests/finding.rs"]
mod tests;
