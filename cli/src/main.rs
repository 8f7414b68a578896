//! `onecard`: arguments, files and the clock around the library. It has no rules of its own.
//!
//! Exit codes: 0 verified (or shown, where nothing was asked to be verified), 1 refused, 2 wrong
//! usage, a file that cannot be read or written, or a report that cannot be printed.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::too_many_lines,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod audit;
mod document;
mod draw;
mod dump;
mod failure;
mod files;
mod inspect;
mod trust;

use audit::Wanted;
use clap::{Parser, Subcommand};
use failure::Failure;
use onecard::audit::{Depth, Printed, SettlementPeriod};
use onecard::crypto::Hash;
use onecard::time::UnixTime;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trust::{Lists, Trust};

/// Inspects, verifies and draws the documents of city tourism passes.
///
/// Exit codes: 0 verified (or shown, where nothing was asked to be verified), 1 refused, 2 wrong usage,
/// a file that cannot be read or written, or a report that cannot be printed. In the place of a file, - is the
/// standard input or output; where a file is written to the standard output, the report goes to standard error.
#[derive(Debug, Parser)]
#[command(name = "onecard", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what a file is and prints its fields; verifies it where --trust is given.
    Inspect {
        /// Pass, presentation, QR text, trust list, catalogue, status list, gate certificate, checkpoint, receipt,
        /// usage digest, bundle, segment, statement or file of over-use.
        file: PathBuf,
        /// For the checkpoint of a gate's journal: the gate's certificate.
        #[arg(long, value_name = "FILE", requires = "lists")]
        certificate: Option<PathBuf>,
        #[command(flatten)]
        trust: Trust,
    },
    /// Verifies that a redemption is in a gate's journal and that in its city's final ledger.
    VerifyReceipt {
        /// The receipt.
        receipt: PathBuf,
        #[command(flatten)]
        trust: Trust,
    },
    /// Audits published files: replays every ledger and journal, says who used a pass beyond its rules
    /// and who is liable, and computes the settlement.
    Audit {
        /// The directory that the members published to.
        directory: PathBuf,
        /// How deep to go: the bytes that were signed, also what was shown at the gates, or all, with decisions,
        /// over-use and settlement.
        #[arg(long, value_name = "integrity|evidence|policy", default_value = "policy", value_parser = audit::depth)]
        depth: Depth,
        /// SHA-256 of the trust list to start from in hexadecimal: the first, or a later one. Without it
        /// the first one published is taken at its word: compare the anchor printed with what you know.
        #[arg(long, value_name = "HEX")]
        anchor: Option<Hash>,
        /// First second of the period to settle: one that the ledgers hold a statement of, or the next, up to what they
        /// hold now; that begins at the end of the last one or later.
        #[arg(long, value_name = "SECONDS", requires = "until", value_parser = trust::time)]
        from: Option<UnixTime>,
        /// First second after that period.
        #[arg(long, value_name = "SECONDS", requires = "from", value_parser = trust::time)]
        until: Option<UnixTime>,
        /// How many redemptions to keep in memory at once, of 64 to 128 bytes each: 16,777,216 if nothing is said. Where
        /// there are more, the journals are read several times. The report does not depend on it.
        #[arg(long, value_name = "NUMBER")]
        uses_at_once: Option<NonZeroUsize>,
        /// Where to write the statement, as canonical bytes.
        #[arg(long, value_name = "FILE")]
        statement: Option<PathBuf>,
        /// Where to write the statement's amounts as a table.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Where to write a file for each pass with over-use, which verify-over-use verifies: a directory that
        /// is there.
        #[arg(long, value_name = "DIRECTORY")]
        export_over_use: Option<PathBuf>,
        /// Lists each finding. Otherwise those of one cause are put together: the first, and how many there are.
        #[arg(long)]
        all: bool,
        /// Prints the report as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Verifies that a pass was used beyond its rules, by a file that an audit wrote and the trust lists alone.
    VerifyOverUse {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        trust: Trust,
    },
    /// Draws a pass or a presentation as a QR code, on the terminal if no file is asked for.
    Qr {
        /// Pass, presentation or QR text.
        file: PathBuf,
        /// Where to write it as PNG.
        #[arg(long, value_name = "FILE")]
        png: Option<PathBuf>,
        /// Where to write it as SVG.
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Prints the keys of ledgers and witnesses as lines of a C2SP tlog-policy.
    Vkey {
        #[command(flatten)]
        lists: Lists,
    },
}

impl Command {
    /// The files that are written.
    fn outputs(&self) -> Vec<&Path> {
        let files = match self {
            Self::Audit { statement, csv, .. } => [statement, csv],
            Self::Qr { png, svg, .. } => [png, svg],
            Self::Inspect { .. } | Self::VerifyReceipt { .. } | Self::VerifyOverUse { .. } | Self::Vkey { .. } => {
                [&None, &None]
            }
        };
        files.into_iter().flatten().map(PathBuf::as_path).collect()
    }

    fn run(self, out: &mut String) -> Result<(), Failure> {
        if let [one, other] = *self.outputs()
            && one == other
        {
            return Err(Failure::Usage(format!("two files are to be written to {}", one.display())));
        }
        match self {
            Self::Inspect { file, certificate, trust } => inspect::inspect(out, &file, certificate.as_deref(), &trust),
            Self::VerifyReceipt { receipt, trust } => inspect::verify_receipt(out, &receipt, &trust),
            Self::Audit {
                directory,
                depth,
                anchor,
                from,
                until,
                uses_at_once,
                statement,
                csv,
                export_over_use,
                all,
                json,
            } => {
                let period = from.zip(until).map(|(from, until)| SettlementPeriod { from, until });
                let wanted = Wanted { depth, anchor, period, uses_at_once, all, json, statement, csv, export_over_use };
                audit::audit(out, &directory, &wanted)
            }
            Self::VerifyOverUse { file, trust } => audit::verify_over_use(out, &file, &trust),
            Self::Qr { file, png, svg } => draw::qr(out, &file, png.as_deref(), svg.as_deref()),
            Self::Vkey { lists } => vkey(out, &lists),
        }
    }
}

fn main() -> ExitCode {
    let mut out = String::new();
    let (result, to_stdout) = match Arguments::try_parse() {
        Ok(Arguments { command }) => {
            let to_stdout = !command.outputs().into_iter().any(files::is_standard);
            (command.run(&mut out), to_stdout)
        }
        Err(error) => {
            // What was typed is in it.
            error.render().to_string().lines().for_each(|line| dump::line(&mut out, line));
            if error.use_stderr() { (Err(Failure::Said), false) } else { (Ok(()), true) }
        }
    };
    let printed = if to_stdout {
        files::print(std::io::stdout().lock(), out.as_bytes())
    } else {
        files::print(std::io::stderr().lock(), out.as_bytes())
    };
    let (text, code) = match (result, printed) {
        (Ok(()), Ok(())) => return ExitCode::SUCCESS,
        // A verdict stands, printed or not.
        (Ok(()), Err(error)) => (format!("onecard: the report cannot be printed: {error}"), 2),
        (Err(Failure::Refused(why)), _) => (format!("refused: {why}"), 1),
        (Err(Failure::Usage(why)), _) => (format!("onecard: {why}"), 2),
        (Err(Failure::Said), _) => return ExitCode::from(2),
    };
    // Where nobody listens, the code still tells.
    drop(files::print(std::io::stderr().lock(), format!("{}\n", Printed(&text)).as_bytes()));
    ExitCode::from(code)
}

fn vkey(out: &mut String, lists: &Lists) -> Result<(), Failure> {
    for line in trust::vkeys(lists.required()?.newest()) {
        dump::line(out, &line);
    }
    Ok(())
}
