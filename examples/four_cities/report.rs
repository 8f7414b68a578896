//! What the day came to, as tables on the terminal.

use crate::day::Tally;
use crate::planted::Planted;
use crate::world::World;
use onecard::audit::{Liable, OverUse, Statement};
use onecard::gate::Reason;
use onecard::id::{GateId, MemberId};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How long each part took. Only for the terminal: no file has the machine's time in it.
pub(crate) struct Timings {
    last: Instant,
    parts: Vec<(&'static str, Duration)>,
}

impl Timings {
    pub(crate) fn start() -> Self {
        Self { last: Instant::now(), parts: Vec::new() }
    }

    pub(crate) fn done(&mut self, part: &'static str) {
        self.parts.push((part, self.last.elapsed()));
        self.last = Instant::now();
    }

    pub(crate) fn print(&self, out: &mut String) {
        say!(out, "\nTimings");
        self.parts.iter().for_each(|(part, took)| say!(out, "  {part:<30} {took:>10.1?}"));
        let all: Duration = self.parts.iter().map(|(_, took)| took).sum();
        say!(out, "  {:<30} {all:>10.1?}", "all");
    }
}

/// One line for each city, and why its gates refused.
pub(crate) fn cities(
    out: &mut String,
    world: &World,
    tallies: &[(GateId, Tally)],
    sealed: &[u64],
    sizes: &[(MemberId, u64)],
) {
    say!(
        out,
        "\n{:<20} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10}",
        "City",
        "admitted",
        "re-scans",
        "annulled",
        "refused",
        "sealed",
        "checkpoint"
    );
    let mut by_reason: BTreeMap<Reason, Vec<(&str, u64)>> = BTreeMap::new();
    for ((city, sealed), (_, size)) in world.cities.iter().zip(sealed).zip(sizes) {
        let mut sum = Tally::default();
        for (_, tally) in tallies.iter().filter(|(gate, _)| gate.member == city.id) {
            sum.admitted += tally.admitted;
            sum.rescans += tally.rescans;
            sum.annulled += tally.annulled;
            for (reason, count) in &tally.refused {
                *sum.refused.entry(*reason).or_default() += count;
            }
        }
        let refused: u64 = sum.refused.values().sum();
        say!(
            out,
            "{:<20} {:>8} {:>8} {:>8} {refused:>8} {sealed:>8} {size:>10}",
            city.name,
            sum.admitted,
            sum.rescans,
            sum.annulled
        );
        for (reason, count) in sum.refused {
            by_reason.entry(reason).or_default().push((city.name, count));
        }
    }
    say!(out, "\nRefused, by reason");
    for (reason, counts) in by_reason {
        let cities: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        say!(out, "  {:>2} {:<42} {}", reason.number(), reason.text_en(), cities.join(", "));
    }
}

/// Each incident and the answer its gate gave. `false` when any answer was another than planned.
pub(crate) fn incidents(out: &mut String, world: &World, planted: &Planted, tallies: &[(GateId, Tally)]) -> bool {
    say!(out, "\nIncidents ({} was offline all day)", world.gates[planted.offline].id);
    let mut as_planned = true;
    for (number, step) in (1_u8..).zip(&planted.steps) {
        let mut answers =
            tallies.iter().flat_map(|(gate, tally)| tally.planted.iter().map(move |answer| (gate, answer)));
        let Some((gate, (_, reason, _))) = answers.find(|(_, (of, ..))| *of == number) else {
            say!(out, "  {:<54} never happened", step.story.text());
            as_planned = false;
            continue;
        };
        let good = *reason == step.expect;
        as_planned &= good;
        if step.point || !good {
            let answer = format!("{} {}", reason.number(), reason.text_en());
            let gate = gate.to_string();
            say!(out, "  {:<54} {gate:<15} {answer}{}", step.story.text(), if good { "" } else { ": NOT AS PLANNED" });
        }
    }
    let surprises: u64 = tallies.iter().map(|(_, tally)| tally.surprises).sum();
    if surprises > 0 {
        say!(out, "  {surprises} ordinary visits were NOT admitted as planned");
    }
    as_planned && surprises == 0
}

/// The uses beyond the rules, and who bears them.
pub(crate) fn over_use(out: &mut String, world: &World, found: &[OverUse]) {
    say!(out, "\nOver-use found by the audit: {}", found.len());
    for over in found {
        let (liable, why) = match over.liable {
            Liable::Issuer => (over.pass.issuer, "the issuer: the gate could not have known"),
            Liable::Gate => (over.used.gate.member, "the gate's member: it could have known, or did not sync in time"),
        };
        say!(out, "  {} at {} on {}: {}", over.pass, over.used.gate, over.used.time, over.denied);
        say!(out, "    {} is liable, as {why}", name(world, liable));
    }
}

/// Who owes whom, and the nets.
pub(crate) fn settlement(out: &mut String, world: &World, statement: &Statement) {
    say!(out, "\nSettlement in yuan: a row pays a column");
    _ = write!(out, "{:<20}", "");
    world.cities.iter().for_each(|city| _ = write!(out, " {:>18}", city.name));
    say!(out);
    for payer in &world.cities {
        _ = write!(out, "{:<20}", payer.name);
        for payee in &world.cities {
            let payments = statement.payments().iter();
            let fen: u64 = payments.filter(|p| (p.payer, p.payee) == (payer.id, payee.id)).map(|p| p.fen).sum();
            _ = write!(out, " {:>18}", yuan(i64::try_from(fen).unwrap_or(i64::MAX)));
        }
        say!(out);
    }
    _ = write!(out, "{:<20}", "net");
    for city in &world.cities {
        let net = statement.nets().iter().find(|net| net.member == city.id).map_or(0, |net| net.fen);
        _ = write!(out, " {:>18}", yuan(net));
    }
    say!(out, "\n{:<20} {:>18}", "sum of the nets", yuan(statement.nets().iter().map(|net| net.fen).sum()));
    for collected in statement.co_payments() {
        let fen = i64::try_from(collected.fen).unwrap_or(i64::MAX);
        say!(out, "co-payments collected in {}: {}", name(world, collected.member), yuan(fen));
    }
}

fn name(world: &World, member: MemberId) -> &'static str {
    world.cities.iter().find(|city| city.id == member).map_or("a stranger", |city| city.name)
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}
