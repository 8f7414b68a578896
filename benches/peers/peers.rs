//! Our costs beside those of the published Rust crates that do the same work, and beside what nobody can
//! do without. See `../README.md`.
//!
//! ```text
//! cargo bench -p onecard-peers [-- GROUP...] [--rounds N]
//! ```
//!
//! Prints a table, and writes it as `peers.json` into the target directory: a list of objects with `name`,
//! `ns` (nanoseconds for one item), `baseline` (the name of the entry it is compared with) and `ratio` (to
//! that one).

mod audit;
mod durable;
mod federation;
mod log;
mod rounds;
mod settle;
mod tokens;

use rounds::{Entry, Measured, measure};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A group: its name, and what makes its entries.
type Group = (&'static str, fn() -> Vec<Entry>);

/// Entries are compared within a group only.
const GROUPS: [Group; 9] = [
    ("tokens", tokens::entries),
    ("federation", federation::entries),
    ("append", log::append),
    ("proofs", log::proofs),
    ("checkpoint", log::checkpoint),
    ("audit", audit::entries),
    ("day", audit::directory),
    ("settle", settle::entries),
    ("durable", durable::entries),
];

/// Rounds of a run that says nothing else.
const ROUNDS: usize = 101;

fn main() {
    // What cargo itself passes.
    let mut args = env::args().skip(1).filter(|arg| arg != "--bench");
    let mut rounds = ROUNDS;
    let mut only = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rounds" => rounds = args.next().and_then(|n| n.parse().ok()).expect("--rounds takes a number"),
            group => only.push(GROUPS.iter().find(|(name, _)| *name == group).expect("no such group").0),
        }
    }
    println!("{:<34} {:>16}   ratio to", "", "ns");
    let mut all = Vec::new();
    for (name, entries) in GROUPS {
        if only.is_empty() || only.contains(&name) {
            let measured = measure(entries(), rounds);
            println!("{name}");
            measured.iter().for_each(|one| println!("{}", row(one, &measured)));
            all.extend(measured.iter().map(|one| object(one, &measured)));
        }
    }
    let path = target().join("peers.json");
    fs::write(&path, format!("[\n  {}\n]\n", all.join(",\n  "))).expect("the target directory takes a file");
}

fn ratio(one: &Measured, group: &[Measured]) -> String {
    let baseline = group.iter().find(|other| other.name == one.baseline).expect("a baseline of the same group");
    one.time.ratio(baseline.time)
}

fn row(one: &Measured, group: &[Measured]) -> String {
    let Measured { name, baseline, time } = one;
    format!("  {name:<32} {:>16}  {:>7} {baseline}", time.nanoseconds(), ratio(one, group))
}

fn object(one: &Measured, group: &[Measured]) -> String {
    let Measured { name, baseline, time } = one;
    let (ns, ratio) = (time.nanoseconds(), ratio(one, group));
    format!(r#"{{"name": "{name}", "ns": {ns}, "baseline": "{baseline}", "ratio": {ratio}}}"#)
}

/// Cargo's target directory.
fn target() -> PathBuf {
    let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    env::var_os("CARGO_TARGET_DIR").map_or_else(here, PathBuf::from)
}
