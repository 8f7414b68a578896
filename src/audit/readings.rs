//! The journals of all gates, read once for each part of the passes.

use super::counts::Counts;
use super::depth::Depth;
use super::extent::Extent;
use super::files::Files;
use super::finding::Findings;
use super::journals::{Journal, JournalAudit};
use super::ledgers::City;
use super::lists::Lists;
use super::options::Options;
use super::parts::{Division, Part, most_records};
use super::paths::{below, place_of};
use super::standing::{Lost, StandingByPass, StandingUses};
use super::threads::parallel;
use crate::crypto::{Hash, sha256};

/// The journals, and how far they were read.
pub(super) struct Readings<'a, F> {
    journals: Vec<Journal<'a, F>>,
    options: &'a Options<'a>,
    division: Division,
    /// The places of the journals that are read again, and how they were read first.
    again: Vec<(usize, Extent)>,
    /// How many journals were read, each counted once for each time.
    done: usize,
    all: usize,
}

/// What one reading comes to, for its part of the passes.
pub(super) struct PartRead {
    pub(super) findings: Findings,
    pub(super) counts: Counts,
    pub(super) uses: StandingByPass,
    pub(super) lost: Lost,
}

impl<'a, F: Files> Readings<'a, F> {
    pub(super) fn of(
        files: &'a F,
        lists: &'a Lists,
        cities: &'a [City],
        paths: &'a [String],
        evidence_given: bool,
        options: &'a Options<'a>,
    ) -> Self {
        let journals: Vec<Journal<'a, F>> = cities
            .iter()
            .flat_map(|city| city.gates.values().map(move |gate| (city.may_go_on(), gate)))
            .map(|(cut, gate)| Journal { files, lists, gate, paths, evidence_given, cut })
            .collect();
        let sealed = || journals.iter().filter(|journal| !journal.gate.seals.is_empty());
        let division = if options.depth < Depth::Policy {
            Division::ONE
        } else {
            let records = sealed().map(|journal| {
                let prefix = place_of("journal", journal.gate.certificate.gate());
                most_records(&prefix, below(paths, &prefix))
            });
            let roots: Vec<Hash> = cities.iter().filter_map(|city| city.log.root_at(city.log.size())).collect();
            let roots: Vec<&[u8]> = roots.iter().map(|root| &root.0[..]).collect();
            Division::of(records.fold(0, u64::saturating_add), options.uses_at_once, &sha256(&roots))
        };
        let all = sealed().count().saturating_mul(division.count().saturating_sub(1)).saturating_add(journals.len());
        Self { journals, options, division, again: Vec::new(), done: 0, all }
    }

    /// The parts to read, in this order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> + use<F> {
        self.division.parts()
    }

    /// Reads the journals for one part. With the first part all of them are audited; for another one, what depends on the
    /// uses of its passes.
    pub(super) fn read(&mut self, part: Part) -> PartRead {
        if part.is_first() { self.read_first(part) } else { self.read_again(part) }
    }

    fn read_first(&mut self, part: Part) -> PartRead {
        let Options { depth, threads, .. } = *self.options;
        let read = parallel(&self.journals, threads, self.progress(), |journal| {
            let mut audited = journal.audit(depth, part);
            self.group(&mut audited.findings);
            audited
        });
        self.done = self.journals.len();
        let (mut findings, mut counts, mut standing) = (Findings::at(""), Counts::default(), Vec::new());
        for (at, JournalAudit { findings: found, standing: of_gate, counts: read, extent }) in
            read.into_iter().enumerate()
        {
            findings.append(found);
            counts.add(&read);
            standing.push(of_gate);
            self.again.extend(extent.map(|extent| (at, extent)));
        }
        Self::part_read(findings, counts, standing)
    }

    fn read_again(&mut self, part: Part) -> PartRead {
        let read = parallel(&self.again, self.options.threads, self.progress(), |(at, extent)| {
            let (mut findings, standing, same) = self.journals.get(*at)?.audit_again(extent, part);
            self.group(&mut findings);
            Some((findings, standing, same))
        });
        self.done = self.done.saturating_add(self.in_a_reading());
        let (mut findings, mut standing, mut same) = (Findings::at(""), Vec::new(), Vec::new());
        for (of_journal, stands, is_same) in read.into_iter().flatten() {
            findings.append(of_journal);
            standing.push(stands);
            same.push(is_same);
        }
        // What changed once is not read again: nothing more would follow from it.
        let mut same = same.into_iter();
        self.again.retain(|_| same.next() == Some(true));
        Self::part_read(findings, Counts::default(), standing)
    }

    /// How many journals are read in each reading after the first, if none changes.
    fn in_a_reading(&self) -> usize {
        self.journals.iter().filter(|journal| !journal.gate.seals.is_empty()).count()
    }

    fn part_read(findings: Findings, counts: Counts, standing: Vec<StandingUses>) -> PartRead {
        let mut lost = Lost::default();
        standing.iter().for_each(|journal| lost.note(journal));
        PartRead { findings, counts, uses: standing.into_iter().collect(), lost }
    }

    /// Journal by journal, so that findings do not fill the memory.
    fn group(&self, findings: &mut Findings) {
        if self.options.group {
            findings.group();
        }
    }

    fn progress(&self) -> impl Fn(usize) + Sync + use<'a, F> {
        let (progress, before, all) = (self.options.progress, self.done, self.all);
        move |done| {
            if let Some(progress) = progress {
                progress(before.saturating_add(done), all);
            }
        }
    }
}
