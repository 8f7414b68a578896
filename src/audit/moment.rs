//! Published files as they are when their checkpoints are read.
//!
//! Cities go on publishing while an audit reads. Whatever a checkpoint signs is published before it, and the journals before
//! the ledger that seals them. So the audit reads the checkpoints first, those of the ledgers before those of the journals,
//! and asks only then which files there are: all that these checkpoints need is there. It audits up to them.

use super::files::{Files, Listing};
use super::paths::{place_of, prefix_of};
use crate::id::{GateId, MemberId};
use crate::limits::MAX_NOTE;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bytes of checkpoints that are kept: those of a hundred thousand logs, with a share for each city. Any more are read when
/// their logs are.
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
        let mut kept = BTreeMap::new();
        let of_ledgers = before.iter().filter(|path| matches!(owner(path), Some((Top::Ledger, _))));
        keep(files, of_ledgers, &mut room, &mut kept);
        // What a city publishes takes no room from the others: of what is left each has an equal share, and what it does
        // not need is for those that publish more.
        let mut of_members: BTreeMap<MemberId, Vec<&String>> = BTreeMap::new();
        for path in &before {
            if let Some((Top::Journal, member)) = owner(path) {
                of_members.entry(member).or_default().push(path);
            }
        }
        let mut of_members: Vec<Vec<&String>> = of_members.into_values().collect();
        of_members.sort_by_key(Vec::len);
        let members = of_members.len();
        for (done, journals) in of_members.into_iter().enumerate() {
            let share = room.checked_div(members.saturating_sub(done)).unwrap_or(0);
            let mut left = share;
            keep(files, journals, &mut left, &mut kept);
            room = room.saturating_sub(share.saturating_sub(left));
        }
        let mut listing = files.list();
        listing.paths.sort_unstable();
        listing.paths.dedup();
        (Self { files, checkpoints: kept }, listing)
    }
}

/// Keeps these checkpoints, as far as there is room.
fn keep<'p, F: Files>(
    files: &F,
    paths: impl IntoIterator<Item = &'p String>,
    room: &mut usize,
    kept: &mut BTreeMap<String, Vec<u8>>,
) {
    for path in paths {
        // What is wrong with one is found when its log is read.
        let Ok(Some(note)) = files.read(path) else { continue };
        if note.len() > MAX_NOTE {
            continue;
        }
        let Some(rest) = room.checked_sub(note.len()) else { break };
        *room = rest;
        kept.insert(path.clone(), note.into_owned());
    }
}

/// Which logs a checkpoint is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Top {
    Ledger,
    Journal,
}

/// Of which logs of whom a path is a checkpoint, by the exact names that the format gives them: no other is ever asked for.
fn owner(path: &str) -> Option<(Top, MemberId)> {
    let (top, rest) = path.strip_suffix("/checkpoint")?.split_once('/')?;
    match (top, rest.split_once('/')) {
        ("ledger", None) => {
            let member = rest.parse().ok()?;
            (prefix_of(member) == format!("{top}/{rest}")).then_some((Top::Ledger, member))
        }
        ("journal", Some((member, number))) => {
            let gate = GateId { member: member.parse().ok()?, number: number.parse().ok()? };
            (place_of(top, gate) == format!("{top}/{rest}")).then_some((Top::Journal, gate.member))
        }
        _ => None,
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
