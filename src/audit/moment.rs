//! Published files as they are when their checkpoints are read.
//!
//! Cities go on publishing while an audit reads. Whatever a checkpoint signs is published before it, and the journals before
//! the ledger that seals them. So the audit reads the checkpoints first, those of the ledgers before those of the journals,
//! and asks only then which files there are: all that these checkpoints need is there. It audits up to them.

use super::files::{Files, Listing};
use crate::limits::MAX_NOTE;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bytes of checkpoints that are kept: those of a hundred thousand logs. Any more are read when their logs are.
const MOST: usize = 1 << 26;

/// The files, with the checkpoints as they were.
#[derive(Debug)]
pub(super) struct Moment<'a, F> {
    files: &'a F,
    /// By path.
    checkpoints: BTreeMap<String, Vec<u8>>,
}

impl<'a, F: Files> Moment<'a, F> {
    /// Reads the checkpoints, and then lists the files: what was there after the checkpoints were read, ascending.
    pub(super) fn of(files: &'a F) -> (Self, Listing<F::Error>) {
        Self::within(MOST, files)
    }

    fn within(mut room: usize, files: &'a F) -> (Self, Listing<F::Error>) {
        // What cannot be listed is found when they are listed again.
        let before = files.list().paths;
        let mut checkpoints = BTreeMap::new();
        for top in ["ledger/", "journal/"] {
            let of_logs = before.iter().filter(|path| path.starts_with(top) && path.ends_with("/checkpoint"));
            for path in of_logs {
                // What is wrong with one is found when its log is read.
                let Ok(Some(note)) = files.read(path) else { continue };
                if note.len() > MAX_NOTE {
                    continue;
                }
                let Some(rest) = room.checked_sub(note.len()) else { break };
                room = rest;
                checkpoints.insert(path.clone(), note.into_owned());
            }
        }
        let mut listing = files.list();
        listing.paths.sort_unstable();
        listing.paths.dedup();
        (Self { files, checkpoints }, listing)
    }
}

impl<F: Files> Files for Moment<'_, F> {
    type Error = F::Error;

    fn list(&self) -> Listing<F::Error> {
        self.files.list()
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, F::Error> {
        match self.checkpoints.get(path) {
            Some(note) => Ok(Some(Cow::from(note))),
            None => self.files.read(path),
        }
    }
}

#[cfg(test)]
#[path = "tests/moment.rs"]
mod tests;
