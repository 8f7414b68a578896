//! What an audit reads: published files, by path.
//!
//! ```text
//! trust/trust-list-<sequence>.cose
//! trust/catalogue-<member>-<sequence>.cose
//! trust/status-<member>-<n>.cose                      n from 1, in order of issue
//! ledger/<member>/checkpoint, tile/...                C2SP tlog-tiles
//! journal/<member>/<gate>/checkpoint, tile/...        the same
//! evidence/<member>/<gate>/<index>[.p/<w>]            as entry bundles, empty where there is none
//! statement.cbor                                      optional: compared with what is computed
//! ```

use super::cause::Because;
use super::finding::{Findings, Rule};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// What an audit reads, beside the statement.
const AUDITED: [&str; 4] = ["evidence", "journal", "ledger", "trust"];
/// Where evidence is, as it is called where it is not given.
pub(super) const EVIDENCE: &str = "evidence/";
/// The one file at the top that an audit reads.
pub(super) const STATEMENT: &str = "statement.cbor";
/// How the name of a file ends that is not whole yet.
const UNFINISHED: &str = ".new";

/// Published files, wherever they come from. Nothing about them is trusted.
pub trait Files: Sync {
    /// How reading fails.
    type Error: std::error::Error;

    /// What is there. What cannot be listed hides nothing else. An audit asks twice, before and after it reads the
    /// checkpoints: what is published meanwhile does not disturb it.
    fn list(&self) -> Listing<Self::Error>;

    /// The content of a file, or `None` when there is no such file. A file longer than any the
    /// formats allow may be an error instead.
    ///
    /// # Errors
    /// The storage's own.
    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Self::Error>;
}

/// What is published, by path, with `/` between its parts.
#[derive(Clone, Debug)]
pub struct Listing<E> {
    /// Every path below `evidence/`, `journal/`, `ledger/` and `trust/`, in ascending order. An empty directory is one
    /// too, with a `/` at its end.
    pub paths: Vec<String>,
    /// What else is at the top, in ascending order; a directory with a `/` at its end.
    pub others: Vec<String>,
    /// Each directory or name that cannot be listed, `.` being the top, and why.
    pub faults: Vec<(String, E)>,
}

impl<E> Default for Listing<E> {
    fn default() -> Self {
        Self { paths: Vec::new(), others: Vec::new(), faults: Vec::new() }
    }
}

impl<E> Listing<E> {
    /// Takes away what is of no part in the format. Nothing is read of it, and it harms nobody.
    pub(super) fn take_strays(&mut self, findings: &mut Findings) {
        self.paths.retain(|path| {
            let whole = path.strip_suffix(UNFINISHED);
            let (rule, detail) = if is_named(path) {
                return true;
            } else if whole.is_some_and(is_named) {
                (
                    Rule::Leftover,
                    "a publication that failed left it, with what may be erased meanwhile; the next removes it",
                )
            } else if path.ends_with('/') {
                (Rule::Stray, "an empty directory")
            } else {
                (Rule::Stray, "no file of the format has such a name")
            };
            findings.notice_at(path, rule, detail);
            false
        });
    }

    /// The directories that an audit reads of which nothing is there.
    pub(super) fn missing(&self) -> Vec<String> {
        let is_there = |top: &str| {
            let is_below = |path: &str| path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
            self.paths.iter().any(|path| is_below(path))
                || self.faults.iter().any(|(path, _)| path == top || path == ".")
        };
        AUDITED.into_iter().filter(|top| !is_there(top)).map(|top| format!("{top}/")).collect()
    }

    /// What is at the top that no audit reads.
    pub(super) fn unread(&self) -> Vec<String> {
        self.others.iter().filter(|path| *path != STATEMENT).cloned().collect()
    }
}

/// Whether each step of a path is one that the format has, wherever it belongs.
fn is_named(path: &str) -> bool {
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let is_of_a_log = |step: &str| match step {
        "checkpoint" | "tile" | "entries" => true,
        _ => is_number(step.strip_prefix('x').unwrap_or_else(|| step.strip_suffix(".p").unwrap_or(step))),
    };
    match path.split_once('/') {
        Some(("trust", list)) => list.ends_with(".cose") && !list.contains('/'),
        Some((_, steps)) => steps.split('/').all(is_of_a_log),
        None => false,
    }
}

/// Reads a file, or says that it cannot be read.
pub(super) fn read<'f, F: Files>(files: &'f F, path: &str, findings: &mut Findings) -> Option<Cow<'f, [u8]>> {
    match files.read(path) {
        Ok(Some(bytes)) => Some(bytes),
        Ok(None) => {
            findings.error_at(path, Rule::Missing, "there is no such file");
            None
        }
        Err(error) => {
            findings.error_at(path, Rule::Unreadable, Because(error));
            None
        }
    }
}

/// Reads a file that need not be there, or says that it cannot be read.
pub(super) fn read_if_there<'f, F: Files>(files: &'f F, path: &str, findings: &mut Findings) -> Option<Cow<'f, [u8]>> {
    files.read(path).unwrap_or_else(|error| {
        findings.error_at(path, Rule::Unreadable, Because(error));
        None
    })
}

/// Published files in memory.
pub type MemoryFiles = BTreeMap<String, Vec<u8>>;

impl Files for MemoryFiles {
    type Error = Infallible;

    fn list(&self) -> Listing<Infallible> {
        let mut listing = Listing::default();
        let mut others = BTreeSet::new();
        for path in self.keys() {
            match path.split_once('/') {
                Some((top, _)) if AUDITED.contains(&top) => listing.paths.push(path.clone()),
                Some((top, _)) => _ = others.insert(format!("{top}/")),
                None => _ = others.insert(path.clone()),
            }
        }
        listing.others = others.into_iter().collect();
        listing
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        Ok(self.get(path).map(Cow::from))
    }
}

#[cfg(test)]
#[path = "tests/files.rs"]
mod tests;
