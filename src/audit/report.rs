//! The report: what an audit came to.

use super::case::Case;
use super::counts::Counts;
use super::depth::Depth;
use super::files::Listing;
use super::finding::{Finding, FindingSeverity};
use super::json::Json;
use super::ledgers::City;
use super::overuse::{OtherGrant, OverUse};
use super::statement::{SettlementPeriod, Statement};
use crate::crypto::Hash;
use crate::id::MemberId;
use crate::time::UnixTime;
use core::fmt;

/// What an audit came to.
#[derive(Debug)]
pub struct Report {
    /// How deep it went.
    pub depth: Depth,
    /// What was found, ordered by place and entry: each, or of each cause the first ([`Options::group`](super::Options::group)).
    pub findings: Vec<Finding>,
    /// Over-use up to the ledgers' present size, ordered by pass: not damage, but money.
    pub over_use: Vec<OverUse>,
    /// Uses that belong to another grant than their gate took, ordered by pass: nobody pays for that.
    pub other_grants: Vec<OtherGrant>,
    /// What each over-use follows from.
    pub(super) cases: Vec<Case>,
    /// The statement of the period asked for, or else of the last that the members agreed to one of.
    pub statement: Option<Statement>,
    /// That nothing of the period asked for is there, and why: nothing is wrong with that.
    pub note: Option<String>,
    /// The periods that the members agreed to statements of, in their order; none above [`Depth::Policy`].
    pub settled: Vec<SettlementPeriod>,
    /// SHA-256 of the trust list that the audit started from.
    pub anchor: Option<Hash>,
    /// What was read.
    pub counts: Counts,
    /// The ledgers that were read, ascending by member.
    pub ledgers: Vec<LedgerRead>,
    /// How many statements all have agreed to whose ledgers are part of them and whole.
    pub agreed: u64,
    /// Which of the directories that an audit reads were not there, each with a `/` at its end.
    pub not_given: Vec<String>,
    /// What is beside them that no audit reads, directories with a `/` at their end.
    pub not_read: Vec<String>,
}

/// A ledger as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRead {
    /// Whose it is.
    pub member: MemberId,
    /// Number of entries read.
    pub size: u64,
    /// When enough witnesses had cosigned its checkpoint: what came to the ledger later is not in it. No witness moves
    /// this alone, as it could the time of its own cosignature.
    pub final_at: Option<UnixTime>,
}

impl fmt::Display for LedgerRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, size, final_at } = self;
        match final_at {
            Some(time) => write!(f, "{member}: {size} entries, final {time}"),
            None => write!(f, "{member}: {size} entries, not final"),
        }
    }
}

impl LedgerRead {
    pub(super) const fn of(city: &City) -> Self {
        Self { member: city.member, size: city.log.size(), final_at: city.final_at }
    }
}

impl Report {
    /// Nothing is read yet but what there is to read.
    pub(super) fn of<E>(depth: Depth, listing: &Listing<E>) -> Self {
        Self {
            depth,
            findings: Vec::new(),
            over_use: Vec::new(),
            other_grants: Vec::new(),
            cases: Vec::new(),
            statement: None,
            note: None,
            settled: Vec::new(),
            anchor: None,
            counts: Counts::default(),
            ledgers: Vec::new(),
            agreed: 0,
            not_given: listing.missing(),
            not_read: listing.unread(),
        }
    }

    /// Whether nothing is wrong. Notices are allowed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < FindingSeverity::Error)
    }

    /// The report as JSON: one object, keys in a fixed order. Numbers are integers of up to 64 bits, an
    /// index is `null` where a finding is about no entry. The statement is [`Statement::to_json`]'s.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Json::new();
        out.object(|out| {
            out.number("clean", self.is_clean()).name("depth", self.depth);
            optional(out, "anchor", self.anchor);
            let Counts { ledgers, entries, journals, records, redemptions, evidence, pruned } = self.counts;
            out.member("counts", |out| {
                out.number("ledgers", ledgers).number("entries", entries).number("journals", journals);
                out.number("records", records).number("redemptions", redemptions);
                out.number("evidence", evidence).number("pruned", pruned);
            });
            out.list("ledgers", &self.ledgers, |out, ledger| {
                out.name("member", ledger.member).number("size", ledger.size);
                match ledger.final_at {
                    Some(time) => out.number("final_at", time.seconds()),
                    None => out.number("final_at", "null"),
                };
            });
            out.number("agreed", self.agreed);
            out.list("not_given", &self.not_given, |out, path| _ = out.text("path", path));
            out.list("not_read", &self.not_read, |out, path| _ = out.text("path", path));
            out.list("findings", &self.findings, |out, finding| {
                out.name("severity", finding.severity).name("rule", finding.rule).text("place", &finding.place);
                match finding.index {
                    Some(index) => out.number("index", index),
                    None => out.number("index", "null"),
                };
                out.text("detail", &finding.detail).number("count", finding.count);
            });
            out.list("over_use", &self.over_use, |out, over| {
                out.name("pass", over.pass).name("gate", over.used.gate).number("index", over.used.index);
                out.number("time", over.used.time.seconds()).text("denied", &over.denied.to_string());
                out.name("liable", over.liable);
            });
            out.list("other_grants", &self.other_grants, |out, other| {
                out.name("pass", other.pass).name("gate", other.used.gate).number("index", other.used.index);
                out.number("time", other.used.time.seconds()).number("taken", other.used.grant);
                out.number("grant", other.grant).number("short_fen", other.short_fen);
                out.number("over_fen", other.over_fen).name("liable", other.liable);
            });
            match self.statement.as_ref().map(Statement::period) {
                Some(SettlementPeriod { from, until }) => out.member("period", |out| {
                    out.number("from", from.seconds()).number("until", until.seconds());
                }),
                None => _ = out.number("period", "null"),
            }
            match &self.note {
                Some(note) => out.text("note", note),
                None => out.number("note", "null"),
            };
            optional(out, "statement", self.statement.as_ref().map(Statement::digest));
        });
        out.finish()
    }
}

fn optional(out: &mut Json, key: &str, value: Option<Hash>) {
    match value {
        Some(value) => out.name(key, value),
        None => out.number(key, "null"),
    };
}
