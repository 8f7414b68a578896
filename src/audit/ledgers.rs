//! The cities' ledgers: each one read and replayed, entry by entry.

use super::cause::{Because, Subject, says};
use super::files::Files;
use super::finding::{Findings, Rule};
use super::lists::{ListId, Lists};
use super::paths::{below, prefix_of};
use super::published::{LogFiles, LogHead, PublishedLog, read_checkpoint, read_linked_log};
use crate::crypto::Hash;
use crate::id::MemberId;
use crate::ledger::{Announcement, Entry, LedgerCheckpoint, StatementRef, journal_verifier, log_verifiers};
use crate::time::UnixTime;
use crate::tlog::{NoteVerifier, SignedCheckpoint};
use crate::trust::{GateCertificate, Role, TrustList};
use std::collections::BTreeMap;

/// What is wrong with a reversal.
pub(super) const NO_REDEMPTION: &str = "it reverses no standing redemption";

/// A gate as its city's ledger shows it.
#[derive(Debug)]
pub(super) struct EnrolledGate {
    pub(super) certificate: GateCertificate,
    /// The key that signs its journal.
    pub(super) verifier: NoteVerifier,
    pub(super) seals: Vec<Seal>,
    pub(super) retired: bool,
    /// Entry and index of each reversal.
    pub(super) reversals: Vec<(u64, u64)>,
}

/// A gate's checkpoint in the ledger.
#[derive(Debug)]
pub(super) struct Seal {
    /// Index of the ledger's entry.
    pub(super) entry: u64,
    /// When the ledger took it.
    pub(super) time: UnixTime,
    /// The first record that it says it is over.
    pub(super) first: u64,
    pub(super) signed: SignedCheckpoint,
}

impl EnrolledGate {
    /// The seals that are over records which none before is over: the first that is over a record is in its ledger
    /// where the record is.
    pub(super) fn covering(&self) -> impl Iterator<Item = &Seal> {
        let mut covered = 0;
        self.seals.iter().filter(move |seal| {
            let further = seal.signed.size() > covered;
            covered = covered.max(seal.signed.size());
            further
        })
    }
}

/// A member's ledger, read.
pub(super) struct City {
    pub(super) member: MemberId,
    pub(super) origin: String,
    pub(super) log: PublishedLog,
    pub(super) gates: BTreeMap<u32, EnrolledGate>,
    /// Entries that reverse a record of a gate that it never enrolled.
    pub(super) strays: Vec<u64>,
    /// Entry and peer checkpoint, where a peer signed it.
    pub(super) peers: Vec<(u64, SignedCheckpoint)>,
    /// Entry and sequence of each trust list adopted.
    pub(super) adopted: Vec<(u64, u64)>,
    /// Entry and digest of each catalogue published.
    pub(super) catalogues: Vec<(u64, Hash)>,
    pub(super) settled: Vec<StatementRef>,
    /// It signed more of it than is published, or the members agreed to more.
    pub(super) behind: bool,
    /// When enough witnesses had cosigned its checkpoint.
    pub(super) final_at: Option<UnixTime>,
}

impl City {
    /// Whether there may be entries after those that were read.
    pub(super) const fn may_go_on(&self) -> bool {
        self.behind || self.log.is_cut()
    }

    /// What was never enrolled has redeemed nothing.
    pub(super) fn check_strays(&self, findings: &mut Findings) {
        let mut found = Findings::at(prefix_of(self.member));
        self.strays.iter().for_each(|entry| found.error(*entry, Rule::Annulment, NO_REDEMPTION));
        findings.append(found);
    }
}

/// The cities of the trust lists that have published no ledger.
pub(super) fn silent<'a>(lists: &Lists, cities: &'a [City]) -> impl Iterator<Item = MemberId> + use<'a> {
    lists.cities().into_iter().filter(move |member| cities.iter().all(|city| city.member != *member))
}

/// A member's ledger, if there is one to read, and what is found of it.
pub(super) fn read_city<F: Files>(
    files: &F,
    lists: &Lists,
    member: MemberId,
    paths: &[String],
) -> (Findings, Option<City>) {
    let prefix = prefix_of(member);
    let paths = below(paths, &prefix);
    let mut findings = Findings::at(prefix.clone());
    if paths.is_empty() {
        findings.error(None, Rule::Missing, "the member has published no ledger");
        return (findings, None);
    }
    let mut keys = lists.trust.lists().flat_map(|list| list.keys(Role::Log));
    if !keys.any(|(owner, _)| owner.id == member) {
        findings.error(None, Rule::Checkpoint, "the trust list has no log key for this member");
        return (findings, None);
    }
    let mut reading = LedgerReplay::new(lists, member);
    let mut checkpoint = None;
    let verify = |note: &[u8]| {
        let verified = LedgerCheckpoint::verify(note, &lists.trust, member)?;
        Ok(checkpoint.insert(verified).signed().clone())
    };
    let origin = lists.bundle.trust().ledger_origin(member);
    let place = &LogFiles { files, prefix: &prefix, paths };
    let signed = read_checkpoint(place, verify, &mut findings);
    let log = LogHead { origin: &origin, signed, prunable: false };
    let log = read_linked_log(place, log, &mut findings, |index, body, findings| {
        if let Some(body) = body {
            reading.entry(index, body, findings);
        }
    });
    if let Some(checkpoint) = &checkpoint {
        check_cosignatures(checkpoint, &mut findings);
    }
    let final_at = checkpoint.and_then(|checkpoint| checkpoint.final_at());
    let LedgerReplay { mut gates, reversals, peers, adoptions: adopted, catalogues, settled, .. } = reading;
    let mut strays = Vec::new();
    for (entry, gate, index) in reversals {
        match gates.get_mut(&gate) {
            Some(gate) => gate.reversals.push((entry, index)),
            None => strays.push(entry),
        }
    }
    let behind = false;
    let city = City { member, origin, log, gates, strays, peers, adopted, catalogues, settled, behind, final_at };
    (findings, Some(city))
}

/// Every signature on a ledger's checkpoint is by someone known and at a time when it counts, and
/// there are enough.
fn check_cosignatures(checkpoint: &LedgerCheckpoint, findings: &mut Findings) {
    let cosignatures = checkpoint.cosignatures();
    if checkpoint.final_at().is_none() {
        let counted = cosignatures.iter().filter(|cosignature| cosignature.counts).count();
        findings.error(None, Rule::Cosignature, says!("{counted} witnesses cosigned the checkpoint"));
    }
    for cosignature in cosignatures.iter().filter(|cosignature| !cosignature.counts) {
        findings.error(
            None,
            Rule::Cosignature,
            says!("{} cosigned at {}, when its key or the log's was not valid", cosignature.member, cosignature.time),
        );
    }
    for (name, _) in checkpoint.unknown_lines() {
        findings.error(
            None,
            Rule::UnknownSignature,
            says!(Subject::Name(name.to_string()) => "the checkpoint is signed by {}, whom nobody knows", name.escape_debug()),
        );
    }
}

/// An entry that seals a journal.
struct Sealing<'a> {
    index: u64,
    time: UnixTime,
    gate: u32,
    first: u64,
    note: &'a str,
}

/// The replay of one ledger.
pub(super) struct LedgerReplay<'a> {
    lists: &'a Lists,
    member: MemberId,
    last: UnixTime,
    /// The trust list adopted last.
    adopted: Option<&'a TrustList>,
    pub(super) gates: BTreeMap<u32, EnrolledGate>,
    /// Entry, gate and index of each reversal.
    reversals: Vec<(u64, u32, u64)>,
    peers: Vec<(u64, SignedCheckpoint)>,
    /// Entry and sequence of each trust list adopted.
    adoptions: Vec<(u64, u64)>,
    catalogues: Vec<(u64, Hash)>,
    settled: Vec<StatementRef>,
}

impl<'a> LedgerReplay<'a> {
    pub(super) const fn new(lists: &'a Lists, member: MemberId) -> Self {
        Self {
            lists,
            member,
            last: UnixTime::MIN,
            adopted: None,
            gates: BTreeMap::new(),
            reversals: Vec::new(),
            peers: Vec::new(),
            adoptions: Vec::new(),
            catalogues: Vec::new(),
            settled: Vec::new(),
        }
    }

    pub(super) fn entry(&mut self, index: u64, body: &[u8], findings: &mut Findings) {
        let (time, entry) = match Entry::decode(body) {
            Ok(decoded) => decoded,
            Err(error) => return findings.error(index, Rule::Entry, Because(error)),
        };
        if time < self.last {
            findings.error(index, Rule::Clock, says!("{time} is before {}", self.last));
        }
        self.last = time;
        match entry {
            Entry::GateEnrolled { certificate } => self.enrolled(index, time, &certificate, findings),
            Entry::GateRetired { gate } => match self.gates.get_mut(&gate) {
                Some(gate) if !gate.retired => gate.retired = true,
                _ => findings.error(
                    index,
                    Rule::Seal,
                    says!(Subject::Gate(gate) => "gate {} is not enrolled, or retired", gate),
                ),
            },
            Entry::Announced(Announcement::CataloguePublished { sequence, digest }) => {
                if self.published(index, digest, &ListId::Catalogue(self.member, sequence), findings) {
                    self.catalogues.push((index, digest));
                }
            }
            Entry::Announced(Announcement::TrustAdopted { sequence, digest }) => {
                self.adopted(index, time, sequence, digest, findings)
            }
            Entry::Announced(Announcement::StatusPublished { uri, issued, digest }) => {
                self.published(index, digest, &ListId::Status(self.member, uri, issued), findings);
            }
            Entry::JournalSealed { gate, first, checkpoint } => {
                let seal = Sealing { index, time, gate, first, note: &checkpoint };
                self.sealed(seal, findings);
            }
            Entry::Announced(Announcement::Reversal { gate, index: reversed }) => {
                self.reversals.push((index, gate, reversed))
            }
            Entry::Announced(Announcement::GapDeclared { gate, from, until }) => {
                self.gap(index, gate, from, until, findings)
            }
            Entry::Announced(Announcement::PeerSeen { checkpoint }) => {
                self.peer_seen(index, time, &checkpoint, findings)
            }
            Entry::Announced(Announcement::Settlement(settled)) => self.settled.push(settled),
        }
    }

    /// Whether the list that an entry names is published, and is what the entry says.
    fn published(&self, index: u64, digest: Hash, id: &ListId, findings: &mut Findings) -> bool {
        let published = self.lists.is_published(&digest, id);
        if !published {
            findings.error(
                index,
                Rule::Published,
                says!(Subject::Digest(digest) => "no such list with digest {digest} is published"),
            );
        }
        published
    }

    /// The trust list that the ledger worked under at `time`, by its own word.
    fn trust(&self, time: UnixTime) -> &'a TrustList {
        self.adopted.unwrap_or_else(|| self.lists.trust.at(time))
    }

    /// A ledger adopts published lists in their order, none of them early.
    fn adopted(&mut self, index: u64, time: UnixTime, sequence: u64, digest: Hash, findings: &mut Findings) {
        // Lists before the pinned one are not known here.
        if sequence < self.lists.trust.first().sequence()
            || !self.published(index, digest, &ListId::Trust(sequence), findings)
        {
            return;
        }
        let before = self.adopted.map(TrustList::sequence);
        if before.is_some_and(|before| sequence != before && Some(sequence) != before.checked_add(1)) {
            findings.error(
                index,
                Rule::TrustList,
                says!(Subject::TrustList(sequence) => "list {sequence} does not follow the one adopted before"),
            );
        }
        self.adopted = self.lists.trust.list(sequence);
        self.adoptions.push((index, sequence));
        if self.adopted.is_some_and(|list| time < list.issued()) {
            findings.error(
                index,
                Rule::TrustList,
                says!(Subject::TrustList(sequence) => "list {sequence} was adopted before it was issued"),
            );
        }
    }

    /// A peer's checkpoint is signed by another member's ledger, with a key that was good then.
    fn peer_seen(&mut self, index: u64, time: UnixTime, note: &str, findings: &mut Findings) {
        let trust = self.trust(time);
        let peers = trust.members().iter().filter(|member| member.id != self.member);
        let keys: Vec<NoteVerifier> = peers.flat_map(|peer| log_verifiers(trust, peer.id, time)).collect();
        match SignedCheckpoint::verify_any(note.as_bytes(), &keys) {
            Ok(signed) => self.peers.push((index, signed)),
            Err(error) => findings.error(index, Rule::Fork, Because(error)),
        }
    }

    fn enrolled(&mut self, index: u64, time: UnixTime, certificate: &[u8], findings: &mut Findings) {
        let trust = self.trust(time);
        if time >= trust.expires() {
            findings.error(index, Rule::Certificate, "the trust list in force had expired");
        }
        let certificate = match GateCertificate::verify(certificate, trust) {
            Ok(certificate) => certificate,
            Err(error) => return findings.error(index, Rule::Certificate, Because(error)),
        };
        let gate = certificate.gate();
        if gate.member != self.member || self.gates.contains_key(&gate.number) {
            return findings.error(
                index,
                Rule::Certificate,
                says!(Subject::GateOf(gate) => "{gate} is not this member's, or enrolled twice"),
            );
        }
        match journal_verifier(self.lists.bundle.trust(), &certificate) {
            Ok(verifier) => {
                let (seals, reversals) = (Vec::new(), Vec::new());
                let seen = EnrolledGate { certificate, verifier, seals, retired: false, reversals };
                self.gates.insert(gate.number, seen);
            }
            Err(error) => findings.error(index, Rule::Certificate, Because(error)),
        }
    }

    /// Lost records are those after the last seal of an enrolled gate: what was sealed is there.
    fn gap(&self, index: u64, number: u32, from: u64, until: u64, findings: &mut Findings) {
        let sealed = self.gates.get(&number).map(|gate| gate.seals.last().map_or(0, |seal| seal.signed.size()));
        if sealed.is_none_or(|sealed| from < sealed) {
            let detail = says!(Subject::Gate(number) => "records {from} to {until} of gate {number} are not lost");
            return findings.error(index, Rule::Missing, detail);
        }
        findings.notice(
            index,
            Rule::Missing,
            says!(Subject::Gate(number) => "records {from} to {until} of gate {number} are declared lost"),
        );
    }

    fn sealed(&mut self, seal: Sealing<'_>, findings: &mut Findings) {
        let Sealing { index, time, gate: number, first, note } = seal;
        let Some(gate) = self.gates.get_mut(&number).filter(|gate| !gate.retired) else {
            return findings.error(
                index,
                Rule::Seal,
                says!(Subject::Gate(number) => "gate {} is not enrolled, or retired", number),
            );
        };
        let signed = match SignedCheckpoint::verify(note.as_bytes(), &gate.verifier) {
            Ok(signed) => signed,
            Err(error) => return findings.error(index, Rule::Seal, Because(error)),
        };
        let before = gate.seals.last().map_or(0, |seal| seal.signed.size());
        if first != before || signed.size() <= before {
            findings.error(
                index,
                Rule::Seal,
                says!(Subject::Gate(number) => "it does not continue gate {number} from {before}"),
            );
        }
        gate.seals.push(Seal { entry: index, time, first, signed });
    }
}
