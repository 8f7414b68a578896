//! The evidence of one gate: what was shown at it, beside the records of its journal.

use super::cause::{Because, says};
use super::files::{Files, read_if_there};
use super::finding::{Findings, Rule};
use super::standing::StandingUses;
use crate::crypto::{Hash, sha256};
use crate::tlog::{BundleEntries, TILE_WIDTH, TileId};
use std::collections::{BTreeMap, BTreeSet};

/// Entries in a full bundle.
const WIDTH: u64 = TILE_WIDTH as u64;

/// The evidence of one gate, a bundle at a time.
pub(super) struct Evidence<'a, F: Files> {
    files: &'a F,
    prefix: String,
    size: u64,
    /// Paths of the gate's evidence, ascending.
    paths: &'a [String],
    /// Whether any evidence was given to the audit, of whatever gate.
    pub(super) is_given: bool,
    /// Where the newest of it ends; 0 where there is none.
    ends: u64,
    /// The bundles of which there are only files of other sizes, and the widest of those.
    instead: BTreeMap<u64, TileId>,
    /// The bundles of which there are also files of other sizes.
    older: BTreeSet<u64>,
    /// What each record in those says of its evidence.
    expected: BTreeMap<u64, Option<Hash>>,
    current: Vec<Option<Vec<u8>>>,
    /// The first redemption whose evidence is gone, and how many more there are: there may be millions.
    erased: Option<u64>,
    more_erased: u64,
    /// How many redemptions come after the end of the evidence that is published.
    unpublished: u64,
}

impl<'a, F: Files> Evidence<'a, F> {
    /// The evidence of a journal of this size; no paths where the audit was given no evidence at all.
    pub(super) fn new(files: &'a F, prefix: String, size: u64, paths: Option<&'a [String]>) -> Self {
        let (is_given, paths) = (paths.is_some(), paths.unwrap_or_default());
        let (older, expected, current) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let instead = BTreeMap::new();
        let mut evidence = Self {
            files,
            prefix,
            size,
            paths,
            is_given,
            ends: 0,
            instead,
            older,
            expected,
            current,
            erased: None,
            more_erased: 0,
            unpublished: 0,
        };
        let (mut widest, mut ends) = (BTreeMap::new(), 0_u64);
        for id in paths.iter().filter_map(|path| evidence.id(path)) {
            let of_bundle = widest.entry(id.index()).or_insert(id);
            let is_better = evidence.is_whole(id) || (!evidence.is_whole(*of_bundle) && id.width() > of_bundle.width());
            if is_better {
                *of_bundle = id;
            }
            let end = id.index().saturating_mul(WIDTH).saturating_add(id.width().into());
            ends = ends.max(end);
        }
        widest.retain(|_, id| !evidence.is_whole(*id));
        (evidence.instead, evidence.ends) = (widest, ends);
        let ids = paths.iter().filter_map(|path| evidence.id(path));
        evidence.older = ids.filter(|id| !evidence.is_read(*id)).map(TileId::index).collect();
        evidence
    }

    fn id(&self, path: &str) -> Option<TileId> {
        TileId::parse(0, path.strip_prefix(&self.prefix)?.strip_prefix('/')?)
    }

    /// Whether the replay reads this file.
    fn is_read(&self, id: TileId) -> bool {
        self.is_whole(id) || self.instead.get(&id.index()) == Some(&id)
    }

    /// Whether what is published ends before this entry: it may come yet.
    const fn is_behind(&self, index: u64) -> bool {
        self.ends > 0 && index >= self.ends
    }

    /// Notes that a redemption has no evidence; `true` where it was erased, `false` where it may come yet.
    pub(super) const fn miss(&mut self, index: u64) -> bool {
        if self.is_behind(index) {
            self.unpublished = self.unpublished.saturating_add(1);
            return false;
        }
        match self.erased {
            Some(_) => self.more_erased = self.more_erased.saturating_add(1),
            None => self.erased = Some(index),
        }
        true
    }

    /// Reports what was missing.
    pub(super) fn report_missing(&self, findings: &mut Findings) {
        match (self.erased, self.more_erased) {
            (None, _) => {}
            (Some(only), 0) => findings.notice(only, Rule::Pruned, "its evidence was erased"),
            (Some(first), more) => {
                let detail = says!("its evidence was erased, and that of {more} more");
                findings.notice(first, Rule::Pruned, detail);
            }
        }
        if self.unpublished > 0 {
            let (ends, unpublished) = (self.ends, self.unpublished);
            let detail = says!("it is published up to entry {ends}, and {unpublished} redemptions come after that");
            findings.notice_at(&self.prefix, Rule::Behind, detail);
        }
    }

    /// Whether this file is as wide as the journal has it.
    fn is_whole(&self, id: TileId) -> bool {
        let start = id.index().saturating_mul(WIDTH);
        u64::from(id.width()) == self.size.saturating_sub(start).min(WIDTH)
    }

    /// The evidence beside entry `index`; entries are asked for in order.
    pub(super) fn of(&mut self, index: u64, findings: &mut Findings) -> Option<Vec<u8>> {
        let at = usize::try_from(index % WIDTH).unwrap_or(0);
        if at == 0 {
            self.current = self.load(index, findings);
        }
        self.current.get_mut(at).and_then(Option::take)
    }

    /// The evidence beside one entry, whatever was asked for before.
    pub(super) fn beside(&self, index: u64) -> Option<Vec<u8>> {
        let at = index % WIDTH;
        let bundle = self.load(index.saturating_sub(at), &mut Findings::at(""));
        bundle.into_iter().nth(usize::try_from(at).ok()?).flatten()
    }

    /// Notes what a record says of its evidence, where a file is to be compared with it later.
    pub(super) fn digest_said(&mut self, index: u64, evidence: Option<&Hash>) {
        if self.older.contains(&(index / WIDTH)) {
            self.expected.insert(index, evidence.copied());
        }
    }

    /// The bundle that starts at entry `start`, as it is for a journal of this size.
    fn load(&self, start: u64, findings: &mut Findings) -> Vec<Option<Vec<u8>>> {
        let width = u16::try_from(self.size.saturating_sub(start)).unwrap_or(TILE_WIDTH).min(TILE_WIDTH);
        let Ok(mut id) = TileId::new(0, start / WIDTH, width) else { return Vec::new() };
        let mut found = self.files.read(&self.path(id));
        if let (Ok(None), Some(instead)) = (&found, self.instead.get(&id.index())) {
            id = *instead;
            found = self.files.read(&self.path(id));
        }
        let (path, width) = (self.path(id), id.width());
        let bundle = match found {
            Ok(Some(bundle)) => bundle,
            // Erased as a whole: each redemption says so.
            Ok(None) => return Vec::new(),
            Err(error) => {
                findings.error_at(&path, Rule::Unreadable, Because(error));
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for entry in BundleEntries::new(&bundle, width) {
            match entry {
                Ok(entry) => entries.push((!entry.is_empty()).then(|| entry.to_vec())),
                Err(error) => {
                    findings.error_at(&path, Rule::Bundle, Because(error));
                    break;
                }
            }
        }
        entries
    }

    fn path(&self, id: TileId) -> String {
        format!("{}/{id}", self.prefix)
    }

    /// Compares the evidence files that the replay did not read: those of other sizes. What lies
    /// beside records that were pruned, or are damaged or not there yet, cannot be compared with anything.
    pub(super) fn check_files(&self, standing: &StandingUses, findings: &mut Findings) {
        let mut goes_on = false;
        // The bundle that the journal ends in, and the widest file of it.
        let last = self.size / WIDTH;
        let ids = self.paths.iter().filter_map(|path| self.id(path));
        let widest = ids.filter(|id| id.index() == last).map(TileId::width).max();
        for path in self.paths {
            let Some(id) = self.id(path) else {
                findings.error_at(path, Rule::Unexpected, "no such file belongs to evidence");
                continue;
            };
            let start = id.index().saturating_mul(WIDTH);
            let is_beyond = start.saturating_add(id.width().into()) > self.size;
            if self.is_read(id) {
                goes_on |= is_beyond;
                continue;
            }
            // What starts after the journal is not read, nor is more than one file that only goes on after it.
            if is_beyond && (start >= self.size || Some(id.width()) != widest) {
                goes_on = true;
                continue;
            }
            // What was left from an earlier size is not needed.
            let Some(bundle) = read_if_there(self.files, path, findings) else { continue };
            if start < standing.pruned || standing.damaged {
                if BundleEntries::new(&bundle, id.width()).any(|entry| entry.is_err()) {
                    findings.error_at(path, Rule::Bundle, "it is malformed");
                }
                continue;
            }
            let mut indices = start..start.saturating_add(WIDTH);
            let good = |entry: Result<&[u8], _>| {
                let index = indices.next();
                match (entry, index.and_then(|index| self.expected.get(&index))) {
                    (Ok([]), Some(_)) => true,
                    (Ok(shown), Some(Some(digest))) => sha256(&[shown]) == *digest,
                    // The journal is published up to there.
                    (Ok(_), None) => index.is_some_and(|index| index >= self.size),
                    _ => false,
                }
            };
            if !BundleEntries::new(&bundle, id.width()).all(good) {
                findings.error_at(path, Rule::Evidence, "it is not what the records' digests say");
            } else {
                goes_on |= is_beyond;
            }
        }
        if goes_on && !standing.damaged {
            let told = says!("it goes on after the journal, which is published up to size {}", self.size);
            findings.notice_at(&self.prefix, Rule::Behind, told);
        }
    }
}
