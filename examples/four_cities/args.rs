//! What may be asked for on the command line.

use clap::{ArgGroup, Parser};
use std::path::PathBuf;

/// One service day of four cities that share one card, or the audit of such a day.
#[derive(Debug, Parser)]
#[command(name = "four_cities", group = ArgGroup::new("what").required(true).args(["out", "audit"]))]
pub(crate) struct Args {
    /// Play the day and leave what it published in this directory, which must be empty or absent
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Audit what such a day left, from its files alone
    #[arg(long, value_name = "DIR")]
    pub(crate) audit: Option<PathBuf>,
    /// Everything random follows from this number: the same seed leaves the same bytes
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "audit")]
    pub(crate) seed: u64,
    /// Ordinary visits to plan; the incidents come on top
    #[arg(long, value_name = "N", default_value_t = 4_000, conflicts_with = "audit")]
    pub(crate) visits: u32,
    /// Ordinary passes that make them; a third of the visits unless given
    #[arg(long, value_name = "N", conflicts_with = "audit", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) passes: Option<u32>,
}

impl Args {
    /// Passes to issue.
    pub(crate) fn passes(&self) -> u32 {
        self.passes.unwrap_or_else(|| self.visits.div_ceil(3).max(9))
    }
}
