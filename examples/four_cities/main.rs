//! One service day in four cities, from the first pass to the settlement, with everything real:
//! keys, codes, gates that decide offline and record before they open, ledgers, witnesses, audit.
//!
//! ```text
//! cargo run --release --example four_cities -- --out DIR [--seed N] [--visits N] [--passes N]
//! cargo run --release --example four_cities -- --audit DIR
//! ```
//!
//! The first plays the day and leaves in DIR what the cities published. The second is anyone: it
//! audits those files in a fresh process and comes to the same statement, or names what is wrong.

/// Writes a line of the report.
macro_rules! say {
    ($out:expr $(, $($text:tt)+)?) => {
        // Writing to a string does not fail.
        _ = writeln!($out $(, $($text)+)?)
    };
}

mod args;
mod audit;
mod day;
mod federation;
mod plan;
mod planted;
mod products;
mod publish;
mod report;
mod world;

use args::Args;
use clap::Parser;
use federation::Federation;
use indicatif::{ProgressBar, ProgressStyle};
use onecard::audit::Printed;
use onecard::ledger::StatementRef;
use onecard_testkit::chance::Seed;
use planted::Act;
use report::Timings;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};
use world::{World, at};

/// A failure of the example is told and ends it.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let (args, mut out) = (Args::parse(), String::new());
    let done = match (&args.out, &args.audit) {
        (Some(dir), _) => play(&args, dir, &mut out),
        (None, Some(dir)) => audit::again(dir, &mut out),
        (None, None) => Ok(false),
    };
    let printed = print(io::stdout().lock(), &out);
    match done.and_then(|good| Ok(printed.map(|()| good)?)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Where nobody listens, the code still tells.
            _ = print(io::stderr().lock(), &format!("error: {}\n", Printed(&error.to_string())));
            ExitCode::FAILURE
        }
    }
}

/// Prints all of it. That nobody reads to the end is nobody's fault.
fn print(mut to: impl io::Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Plays the day. `true` when it went as planned and its audit found nothing wrong.
fn play(args: &Args, dir: &Path, out: &mut String) -> Result<bool> {
    if fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some()) {
        return Err(format!("{} is not empty", dir.display()).into());
    }
    // What is private to gates, cities and witnesses, and gone in the end.
    let work = dir.join(".work");
    fs::create_dir_all(&work)?;
    let mut timings = Timings::start();

    let world = World::found(Seed(args.seed), args.passes())?;
    let planted = planted::plant(&world)?;
    let mut arrivals = plan::plan(&world, planted.offline, args.visits);
    let visits = arrivals.len();
    arrivals.extend_from_slice(&planted.arrivals);
    timings.done("plan");

    let mut federation = Federation::open(&world, &work)?;
    let mut stations = day::open(&world, &federation, &work)?;
    timings.done("open ledgers and gates");

    let bar = ProgressBar::new(arrivals.len() as u64);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} visitors, {eta} left")?);
    day::play(&world, &mut federation, &mut stations, &planted, arrivals, &bar)?;
    // The journal of the gate that was offline arrives the next morning, before the cut-off at noon.
    federation.collect(&mut stations, |_| true, at(10, 2, 9, 0))?;
    federation.finish_round(at(10, 2, 9, 5))?;
    federation.finish_round(at(10, 2, 12, 0))?;
    bar.finish_and_clear();
    timings.done("the day at gates and ledgers");

    publish::lists(&world, &federation, dir)?;
    publish::passes(&world, dir)?;
    publish::kit(&world, dir)?;
    day::parallel(&mut federation.platforms, |_, platform| publish::journals(platform, dir))?;
    let publish_ledgers = |federation: &Federation| {
        let ledgers = federation.platforms.iter().zip(&federation.checkpoints);
        ledgers.into_iter().try_for_each(|(platform, signed)| publish::ledger(platform, signed, dir))
    };
    publish_ledgers(&federation)?;
    let tallies: Vec<_> = stations.iter().map(|station| (station.gate.id(), station.tally.clone())).collect();
    let mut receipts = 0_u32;
    for (gate, tally) in &tallies {
        for (step, _, index) in &tally.planted {
            let city = federation.platforms.iter().find(|platform| platform.ledger.member() == gate.member);
            let shown = planted.steps[usize::from(*step) - 1].act == Act::Show;
            if let (Some(platform), Some(index), true) = (city, index, shown) {
                publish::receipt(&world, platform, gate.number, *index, dir)?;
                receipts += 1;
            }
        }
    }
    timings.done("publish");

    // Every city settles from what all of them published, and says so in its own ledger.
    let audited = audit::run(dir, Some(audit::period()));
    let Some(statement) = &audited.statement else {
        audit::tell(&audited, out);
        return Err("there is no statement".into());
    };
    timings.done("audit and settle");
    let settled = StatementRef {
        from: audit::period().from,
        until: audit::period().until,
        cut_offs: statement.cut_offs().to_vec(),
        digest: statement.digest(),
    };
    federation.agree(&settled, at(10, 2, 14, 0))?;
    publish_ledgers(&federation)?;
    publish::write(dir, "statement.cbor", &statement.encode())?;
    publish::write(dir, "statement.json", statement.to_json().as_bytes())?;
    let sizes = federation.sizes();
    let sealed: Vec<u64> = federation.platforms.iter().map(|platform| platform.sealed).collect();
    let cosignatures = federation.cosignatures;
    // The stores close before they are removed.
    drop((federation, stations));
    fs::remove_dir_all(&work)?;
    timings.done("agree, publish, tidy up");

    say!(out, "{visits} ordinary visits by {} passes, {receipts} receipts, {cosignatures} cosignatures", args.passes());
    report::cities(out, &world, &tallies, &sealed, &sizes);
    let as_planned = report::incidents(out, &world, &planted, &tallies);
    report::over_use(out, &world, &audited.over_use);
    report::settlement(out, &world, statement);
    timings.print(out);
    say!(out, "\nstatement {}", statement.digest());
    audit::tell(&audited, out);
    Ok(as_planned && audited.is_clean())
}
