//! What the members agreed to: the statements that more than half of the cities hold, one after the other.
//!
//! An entry of one ledger is a claim of one city. It closes a period, says that a ledger is behind, or makes bytes the
//! statement only where more than half of the cities have it at that place.

use super::cause::says;
use super::finding::{Findings, Rule};
use super::ledgers::City;
use super::lists::Lists;
use super::paths::prefix_of;
use crate::id::MemberId;
use crate::ledger::StatementRef;
use crate::time::UnixTime;
use crate::trust::{MemberKind, TrustList};
use std::collections::BTreeMap;

/// The statements that the members agreed to, and how far each ledger follows them.
pub(super) struct Agreement {
    /// In their order.
    pub(super) statements: Vec<StatementRef>,
    /// How many of the first of them all ledgers hold that are part of them and whole.
    pub(super) by_all: u64,
    /// In the order of the cities.
    ledgers: Vec<Follower>,
}

/// How far one ledger follows what was agreed to.
#[derive(Clone, Copy, Debug, Default)]
struct Follower {
    /// How many of its statements are agreed to.
    held: usize,
    /// Its next statement is another than the one agreed to at that place.
    parted: bool,
    /// It ends before one that it is part of.
    short: bool,
}

impl Follower {
    /// The next statement of the ledger, as long as it follows.
    fn next<'a>(&self, city: &'a City) -> Option<&'a StatementRef> {
        city.settled.get(self.held).filter(|_| !self.parted)
    }
}

impl Agreement {
    /// Goes through all ledgers once, side by side.
    pub(super) fn of(cities: &[City], lists: &Lists) -> Self {
        let newest = lists.bundle.trust();
        let mut agreement =
            Self { statements: Vec::new(), by_all: 0, ledgers: vec![Follower::default(); cities.len()] };
        let mut by_all = true;
        while let Some(statement) = agreement.next(cities, lists).cloned() {
            for (city, ledger) in cities.iter().zip(&mut agreement.ledgers) {
                if !has_part(&statement, city.member) {
                    continue;
                }
                match ledger.next(city) {
                    Some(next) if *next == statement => ledger.held = ledger.held.saturating_add(1),
                    Some(_) => (ledger.parted, by_all) = (true, false),
                    None => {
                        ledger.short = true;
                        by_all &= !ledger.parted && (city.log.is_cut() || newest.member(city.member).is_none());
                    }
                }
            }
            agreement.by_all = agreement.by_all.saturating_add(by_all.into());
            agreement.statements.push(statement);
        }
        agreement
    }

    /// The statement that more than half of the cities have next.
    fn next<'a>(&self, cities: &'a [City], lists: &Lists) -> Option<&'a StatementRef> {
        let closed = self.statements.last().map_or(UnixTime::MIN, |last| last.until);
        let mut candidates: Vec<&StatementRef> = Vec::new();
        for next in self.ledgers.iter().zip(cities).filter_map(|(ledger, city)| ledger.next(city)) {
            if next.from >= closed && !candidates.contains(&next) {
                candidates.push(next);
            }
        }
        candidates.sort_by_key(|statement| (statement.until, statement.from));
        candidates.into_iter().find(|statement| self.votes(statement, cities, lists).agreed())
    }

    /// Who holds a statement next, of the cities of the trust list in force at the end of its period. All of them are
    /// asked, also those that it leaves out: otherwise one city could agree with itself.
    fn votes(&self, statement: &StatementRef, cities: &[City], lists: &Lists) -> Votes {
        let newest = lists.bundle.trust();
        let ledgers: BTreeMap<MemberId, (&City, &Follower)> =
            cities.iter().zip(&self.ledgers).map(|(city, ledger)| (city.member, (city, ledger))).collect();
        let mut votes = Votes::default();
        for member in cities_of(lists.trust.at(statement.until), statement.until) {
            let ledger = ledgers.get(&member);
            let holds = has_part(statement, member)
                && ledger.is_some_and(|(city, ledger)| ledger.next(city) == Some(statement));
            if holds {
                votes.hold = votes.hold.saturating_add(1);
            } else if !may_sign(newest, member) {
                // Who has left, or was suspended, need not agree.
                continue;
            } else if ledger.is_none_or(|(city, ledger)| city.may_go_on() && ledger.next(city).is_none()) {
                votes.unknown = votes.unknown.saturating_add(1);
            }
            votes.all = votes.all.saturating_add(1);
        }
        votes
    }

    /// Finds the ledgers that hold others than those agreed to, or not all of them. Who has left need not have agreed to
    /// the last of them, and of a ledger that may go on nobody knows.
    pub(super) fn check(&self, cities: &[City], lists: &Lists, findings: &mut Findings) {
        let newest = lists.bundle.trust();
        for (city, ledger) in cities.iter().zip(&self.ledgers) {
            let place = &prefix_of(city.member);
            let excused = newest.member(city.member).is_none() || city.may_go_on();
            if let Some(other) = city.settled.get(ledger.held) {
                if ledger.parted {
                    findings.error_at(place, Rule::Statement, "the members agreed to different statements");
                    continue;
                }
                let (more, until) = (city.settled.len().saturating_sub(ledger.held), other.until);
                let told = says!(
                    "{more} of its statements, the first until {until}: no more than half of the cities agreed to it"
                );
                // Others may hold it in what is not published yet.
                if self.votes(other, cities, lists).may_be_agreed() {
                    findings.notice_at(place, Rule::Behind, told);
                } else {
                    findings.error_at(place, Rule::Statement, told);
                }
            } else if ledger.short && !excused {
                let detail = if city.settled.is_empty() {
                    "the ledger, as it is published, holds no statement that the members agreed to"
                } else {
                    "the members agreed to different statements"
                };
                findings.error_at(place, Rule::Statement, detail);
            }
        }
    }
}

/// How many cities hold a statement.
#[derive(Clone, Copy, Debug, Default)]
struct Votes {
    all: usize,
    hold: usize,
    /// Those that may hold it in what is not published.
    unknown: usize,
}

impl Votes {
    const fn agreed(self) -> bool {
        self.hold.saturating_mul(2) > self.all
    }

    const fn may_be_agreed(self) -> bool {
        self.hold.saturating_add(self.unknown).saturating_mul(2) > self.all
    }
}

fn has_part(statement: &StatementRef, member: MemberId) -> bool {
    statement.cut_offs.iter().any(|cut_off| cut_off.member == member)
}

/// The cities that may sign at `time`.
fn cities_of(trust: &TrustList, time: UnixTime) -> impl Iterator<Item = MemberId> {
    let members = trust.members().iter().filter(|member| member.kind == MemberKind::City);
    members.filter(move |member| member.suspended_from.is_none_or(|from| time < from)).map(|member| member.id)
}

fn may_sign(newest: &TrustList, member: MemberId) -> bool {
    newest.member(member).is_some_and(|member| member.suspended_from.is_none())
}
