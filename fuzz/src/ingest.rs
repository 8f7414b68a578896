//! A ledger given segments of two gates, one of which may sign two histories: what it takes, refuses, or proves is
//! what a model written from `docs/format.md` (§5.2, §5.3) says, with the reason; a record is in it exactly once; a
//! refusal changes nothing; a failed commit leaves it unsure, and what it knows after is what its store holds.
//!
//! A history is a list of records. Each byte of the input is a step, with the bytes after it saying how.

use super::federation::{CITIES, LIST, NAME, SPEC, entry, id, secret, time};
use super::input::Input;
use onecard::crypto::{Hash, SigningKey, VerifyingKey, sha256};
use onecard::gate::{Record, Redemption, Segment, SegmentRecord};
use onecard::id::{GateId, PassId, PassKey};
use onecard::ledger::{
    Announcement, Entry, IngestError, Ingested, Ledger, LedgerCheckpoint, LedgerError, OpenLedgerError, SignError,
    journal_verifier, watch, witness_name,
};
use onecard::product::PassFacts;
use onecard::time::UnixTime;
use onecard::tlog::{Checkpoint, KeyName, Log, LogKey, MemoryStorage, OpenOptions, SignedCheckpoint, Storage};
use onecard::trust::{GateCertificate, GateCertificateSpec, KeyEntry, Role, TrustHistory, TrustList, TrustListSpec};
use onecard_testkit::stores::Failing;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const STEPS: usize = 24;
const CITY: u32 = CITIES[0];
/// Gate 7 is enrolled from the start.
const GATES: [u32; 2] = [7, 8];
/// Most histories of one gate, and most records of one history.
const HISTORIES: usize = 3;
const RECORDS: usize = 12;
const START: i64 = 20_000;

type History = Vec<SegmentRecord>;

fn gate_key(number: u32) -> SigningKey {
    SigningKey::from_seed(&[number as u8; 32])
}

fn certificate(member: u32, number: u32, key: &SigningKey) -> Vec<u8> {
    let spec = GateCertificateSpec {
        gate: GateId { member: id(member), number },
        venue: 1,
        service: 0,
        key: key.verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    spec.sign(&secret(member, Role::Registrar))
}

static CERTIFICATES: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| GATES.map(|number| certificate(CITY, number, &gate_key(number))));
/// The list that follows: the city has another log key beside the one before.
static NEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut spec = TrustListSpec { sequence: 2, ..SPEC.clone() };
    let city = spec.members.iter_mut().find(|member| member.id == id(CITY)).unwrap();
    city.keys.push(KeyEntry { key: other_key().verifying_key(), ..entry(CITY, Role::Log) });
    spec.sign(&[&secret(CITIES[0], Role::Root), &secret(CITIES[1], Role::Root)])
});
/// Both lists: a ledger opens with all that it may have adopted.
static LISTS: LazyLock<TrustHistory> = LazyLock::new(|| {
    let mut lists = TrustHistory::from(LIST.clone());
    lists.push(&NEXT).unwrap();
    lists
});

fn other_key() -> SigningKey {
    SigningKey::from_seed(&[77; 32])
}

fn gate_id(number: u32) -> GateId {
    GateId { member: id(CITY), number }
}

fn open(store: Failing) -> Ledger<Failing> {
    Ledger::open(store, id(CITY), secret(CITY, Role::Log), LISTS.clone(), Default::default()).unwrap()
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut ledger = open(Failing::default());
    ledger.enrol(&CERTIFICATES[0], time(START)).unwrap();
    let mut city = City {
        ledger,
        histories: GATES.map(|gate| vec![vec![opened(gate)]]),
        known: Expected {
            entries: 1,
            gates: BTreeMap::from([(7, Taken::default())]),
            last: START,
            signed: None,
            adopted: 1,
        },
        durable: None,
        unsure: false,
        now: START,
        key: secret(CITY, Role::Log),
    };
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        city.step(&mut input);
        city.check();
    }
}

/// What the ledger is expected to know.
#[derive(Clone)]
struct Expected {
    entries: u64,
    gates: BTreeMap<u32, Taken>,
    last: i64,
    /// Size of the checkpoint signed last, and its key.
    signed: Option<(u64, VerifyingKey)>,
    /// Sequence of the trust list in force.
    adopted: u64,
}

/// What it took of a gate.
#[derive(Clone, Default)]
struct Taken {
    records: History,
    retired: bool,
    reversed: BTreeSet<u64>,
    /// Size of the journal after each seal, and the entry it is in.
    seals: Vec<(u64, u64)>,
}

struct City {
    ledger: Ledger<Failing>,
    histories: [Vec<History>; 2],
    known: Expected,
    /// What is in the store after a commit that failed when it was made.
    durable: Option<Expected>,
    unsure: bool,
    now: i64,
    /// What it signs with.
    key: SigningKey,
}

/// What is to come of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted(u64),
    Duplicate,
    Unsure,
    Clock,
    Certificate,
    UnknownGate,
    OtherCertificate,
    Checkpoint,
    Retired,
    Gap,
    Truncated,
    Evidence(u64),
    Root,
    Equivocation,
}

/// A segment, with what is known of how it was made.
struct Offer<'a> {
    segment: Segment,
    /// Whose certificate it is; `None` is a stranger's, of whom the outcome is given.
    gate: Result<u32, Outcome>,
    /// The history that the checkpoint is over; `None` where it is not the gate's or not alone.
    signed: Option<&'a [SegmentRecord]>,
    /// It is over nothing, with a root.
    hollow: bool,
}

fn opened(gate: u32) -> SegmentRecord {
    let certificate = sha256(&[&CERTIFICATES[usize::from(gate == GATES[1])]]);
    SegmentRecord { body: Record::Opened { time: time(START), certificate }.encode(), evidence: None }
}

fn redeemed(visitor: u8, at: i64) -> SegmentRecord {
    let shown = vec![visitor; 40];
    let redemption = Redemption {
        time: time(at),
        pass: PassKey { issuer: id(CITY), pass: PassId::from_bytes([visitor; 10]) },
        product: (1, 1),
        facts: PassFacts { not_before: UnixTime::MIN, expires: time(START + 10_000_000), holder_class: 0 },
        grant: 0,
        party: 1,
        due_fen: 0,
        flags: 0,
        evidence: sha256(&[&shown]),
    };
    SegmentRecord { body: Record::Redeemed(redemption).encode(), evidence: Some(shown) }
}

/// The log of a gate that says this.
fn log_of(gate: u32, said: &[SegmentRecord]) -> Log {
    let origin = format!("{NAME}/{CITY}/gate/{gate}");
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, LogKey(0), &origin).unwrap();
    let mut batch = log.begin();
    said.iter().for_each(|record| _ = batch.push(&record.body, None).unwrap());
    storage.commit(&batch.take_writes()).unwrap();
    log.apply(batch).unwrap();
    log
}

fn bodies(said: &[SegmentRecord]) -> Vec<&[u8]> {
    said.iter().map(|record| &record.body[..]).collect()
}

impl City {
    fn step(&mut self, input: &mut Input<'_>) {
        let gate = usize::from(input.odd());
        let now = time(self.now);
        match input.byte() % 17 {
            0..5 => self.deliver(gate, input),
            5 | 6 => {
                let histories = &mut self.histories[gate];
                let at = usize::from(input.byte()) % histories.len();
                let said = &mut histories[at];
                for _ in 0..=input.byte() % 3 {
                    let record = match input.byte() {
                        visitor @ 0..128 => redeemed(visitor, self.now),
                        index @ 128..250 => {
                            let record = Record::Annulled { time: now, index: u64::from(index % 8) };
                            SegmentRecord { body: record.encode(), evidence: None }
                        }
                        // What no version can read has been signed all the same.
                        other => SegmentRecord { body: vec![other; 3], evidence: None },
                    };
                    if said.len() < RECORDS {
                        said.push(record);
                    }
                }
            }
            7 => {
                let histories = &mut self.histories[gate];
                let from = &histories[usize::from(input.byte()) % histories.len()];
                let fork = from[..usize::from(input.byte()) % (from.len() + 1)].to_vec();
                if histories.len() < HISTORIES {
                    histories.push(fork);
                }
            }
            8 => self.ledger.storage().fault.set(input.byte() % 3),
            9 => {
                self.ledger.recover().unwrap();
                self.settle();
            }
            10 => self.reopen(input.odd()),
            11 => self.now += input.pick(&[1, 60, 3_600, -1, -3]),
            12 => self.enter(gate, input),
            13 => self.sign(input),
            14 => self.receipt(gate, input.byte().into()),
            15 => self.tell(input),
            _ => self.use_other_key(),
        }
    }

    /// Opens from its store; or, first, from one that may be an old copy.
    fn reopen(&mut self, after: bool) {
        let store = self.ledger.storage().clone();
        self.key = secret(CITY, Role::Log);
        self.ledger = match self.ledger.kept_checkpoint() {
            Ok(Some(newest)) if after => {
                let options = OpenOptions { newest: &[newest.note().as_bytes()] };
                let key = || secret(CITY, Role::Log);
                let again = |store| Ledger::open(store, id(CITY), key(), LISTS.clone(), options);
                assert!(matches!(again(Failing::default()), Err(OpenLedgerError::OldCopy { here: 0, .. })));
                again(store).unwrap()
            }
            _ => open(store),
        };
        self.settle();
    }

    /// Signs with the other key from now on, where the list in force gives it.
    fn use_other_key(&mut self) {
        let given = self.known.adopted == 2;
        assert_eq!(self.ledger.use_key(other_key()).is_ok(), given);
        assert!(self.ledger.use_key(gate_key(7)).is_err(), "the key of a gate");
        if given {
            self.key = other_key();
        }
        let watch = watch(self.ledger.history(), id(CITY), LogKey(0), time(self.now)).unwrap();
        assert!(watch.keys.iter().any(|key| *key.key() == self.key.verifying_key()), "no witness knows its key");
    }

    /// The store says what is so.
    fn settle(&mut self) {
        if let Some(durable) = self.durable.take() {
            self.known = durable;
        }
        self.unsure = false;
    }

    /// Judges what is told of a step that commits when it is done; `next` is what it leads to.
    fn committed<T, E: std::fmt::Display>(&mut self, fault: u8, result: Result<T, E>, next: Expected) -> Option<T> {
        match (fault, result) {
            (0, Ok(done)) => {
                self.known = next;
                Some(done)
            }
            (0, Err(error)) => panic!("{error}, but it had to be done"),
            (_, Ok(_)) => panic!("done, but the commit failed"),
            (_, Err(error)) => {
                assert!(error.to_string().contains("stor"), "{error} for a failed commit");
                self.unsure = true;
                self.durable = (fault == 2).then_some(next);
                None
            }
        }
    }

    fn deliver(&mut self, gate: usize, input: &mut Input<'_>) {
        let number = GATES[gate];
        let history = &self.histories[gate][usize::from(input.byte()) % self.histories[gate].len()];
        let end = history.len() - usize::from(input.byte()).min(history.len());
        let known = self.known.gates.get(&number).map_or(0, |taken| taken.records.len());
        let from = input.pick(&[known, 0, known + 1, known.saturating_sub(1), usize::MAX]);
        let mut records = history[from.min(end)..end].to_vec();
        let mut checkpoint = Checkpoint { size: end as u64, ..log_of(number, &history[..end]).checkpoint() };
        let (mut key, mut hollow, mut lines) = (gate_key(number), false, String::new());
        let (mut signed, mut whose) = (Some(&history[..end]), Ok(number));
        let mut certificate = CERTIFICATES[gate].clone();
        let (damage, place) = (input.byte() % 17, usize::from(input.byte()));
        let at = place % records.len().max(1);
        match damage {
            1 => drop(records.pop()),
            2 => records.extend(records.last().cloned()),
            3 => records.reverse(),
            4 => records.get_mut(at).into_iter().for_each(|record| record.body[0] ^= 1),
            5 => records.get_mut(at).and_then(|record| record.evidence.as_mut()).into_iter().for_each(|e| e[0] ^= 1),
            6 => records.get_mut(at).into_iter().for_each(|record| record.evidence = None),
            7 => records.get_mut(at).into_iter().for_each(|record| record.evidence = Some(vec![1])),
            8 => (key, signed) = (gate_key(9), None),
            9 => (checkpoint.origin, signed) = (KeyName::new(&format!("{NAME}/{CITY}/gate/9")).unwrap(), None),
            10 => {
                let name = witness_name(&LIST, id(CITIES[1])).unwrap();
                lines = checkpoint.cosign(&name, &secret(CITIES[1], Role::Witness), time(START));
                signed = None;
            }
            11 => (checkpoint.size, checkpoint.root, hollow) = (0, Hash([1; 32]), true),
            12 => {
                certificate = self::certificate(CITIES[1], number, &key);
                whose = Err(Outcome::UnknownGate);
            }
            13 => {
                certificate = self::certificate(CITY, number, &gate_key(9));
                let enrolled = self.known.gates.contains_key(&number);
                whose = Err(if enrolled { Outcome::OtherCertificate } else { Outcome::UnknownGate });
            }
            14 => {
                certificate.pop();
                whose = Err(Outcome::Certificate);
            }
            15 => (certificate, whose, signed) = (CERTIFICATES[1 - gate].clone(), Ok(GATES[1 - gate]), None),
            // A checkpoint over less than the records that come with it.
            16 => {
                let less = place % (end + 1);
                checkpoint = log_of(number, &history[..less]).checkpoint();
                signed = Some(&history[..less]);
            }
            _ => {}
        }
        let checkpoint = checkpoint.sign(&key) + &lines;
        let segment = Segment { certificate, checkpoint, first: from as u64, records };
        assert_eq!(Segment::decode(&segment.encode()).as_ref(), Ok(&segment));
        let expected = self.expected(&Offer { segment: segment.clone(), gate: whose, signed, hollow });
        let signed: Vec<SegmentRecord> = signed.unwrap_or_default().to_vec();
        self.ingest(&segment, &expected, signed);
    }

    /// The time of an entry made now: a clock that is two seconds back has stepped, one further back is wrong.
    fn dated(&self) -> Option<i64> {
        (self.now >= self.known.last - 2).then_some(self.now.max(self.known.last))
    }

    /// What is to come of it, by the order of the checks.
    fn expected(&self, offer: &Offer<'_>) -> Outcome {
        let Offer { segment, gate, signed, hollow } = offer;
        if self.unsure {
            return Outcome::Unsure;
        }
        if self.dated().is_none() {
            return Outcome::Clock;
        }
        let gate = match gate {
            Ok(gate) => gate,
            Err(outcome) => return outcome.clone(),
        };
        let Some(taken) = self.known.gates.get(gate) else { return Outcome::UnknownGate };
        let Some(signed) = signed else { return Outcome::Checkpoint };
        let have = bodies(&taken.records);
        let says = if *hollow { vec![] } else { bodies(signed) };
        if says.len() <= have.len() {
            return match (hollow, have.starts_with(&says)) {
                (true, _) => Outcome::Root,
                (_, true) => Outcome::Duplicate,
                _ => Outcome::Equivocation,
            };
        }
        if taken.retired {
            return Outcome::Retired;
        }
        if segment.first > have.len() as u64 {
            return Outcome::Gap;
        }
        let first = segment.first as usize;
        if first + segment.records.len() != says.len() {
            return Outcome::Truncated;
        }
        let fresh = &segment.records[have.len() - first..];
        for (index, record) in (have.len() as u64..).zip(fresh) {
            let right = match (Record::decode(&record.body), &record.evidence) {
                (_, None) => true,
                (Ok(Record::Redeemed(redemption)), Some(shown)) => redemption.evidence == sha256(&[shown]),
                _ => false,
            };
            if !right {
                return Outcome::Evidence(index);
            }
        }
        let grown = [&have[..], &bodies(fresh)].concat();
        if grown == says {
            Outcome::Accepted(fresh.len() as u64)
        } else if first == 0 && !have.is_empty() && bodies(&segment.records) == says {
            Outcome::Equivocation
        } else {
            Outcome::Root
        }
    }

    fn ingest(&mut self, segment: &Segment, expected: &Outcome, signed: History) {
        let (before, fault) = (self.ledger.storage().rows.clone(), self.ledger.storage().fault.get());
        let result = self.ledger.ingest(segment, time(self.now));
        if let Outcome::Accepted(records) = *expected {
            let gate = GATES[usize::from(segment.certificate == CERTIFICATES[1])];
            let (mut next, entry) = (self.known.clone(), self.known.entries);
            let taken = next.gates.get_mut(&gate).unwrap();
            let fresh = &segment.records[segment.records.len() - records as usize..];
            taken.records.extend_from_slice(fresh);
            assert_eq!(bodies(&taken.records), bodies(&signed));
            taken.seals.push((taken.records.len() as u64, entry));
            (next.entries, next.last) = (entry + 1, self.dated().unwrap());
            if let Some(done) = self.committed(fault, result, next) {
                assert_eq!(done, Ingested::Accepted { records, entry });
            }
            return;
        }
        let outcome = match result {
            Ok(Ingested::Accepted { records, .. }) => Outcome::Accepted(records),
            Ok(Ingested::Duplicate) => Outcome::Duplicate,
            Err(IngestError::Certificate(_)) => Outcome::Certificate,
            Err(IngestError::UnknownGate) => Outcome::UnknownGate,
            Err(IngestError::OtherCertificate(_)) => Outcome::OtherCertificate,
            Err(IngestError::Retired(_)) => Outcome::Retired,
            Err(IngestError::Checkpoint(_)) => Outcome::Checkpoint,
            Err(IngestError::Gap { expected, found }) => {
                assert!(expected < found && found == segment.first);
                Outcome::Gap
            }
            Err(IngestError::Truncated { .. }) => Outcome::Truncated,
            Err(IngestError::Root) => Outcome::Root,
            Err(IngestError::Evidence(index)) => Outcome::Evidence(index),
            Err(IngestError::Equivocation(evidence)) => {
                let certificate = GateCertificate::verify(&segment.certificate, &*LIST).unwrap();
                let verifier = journal_verifier(&LIST, &certificate).unwrap();
                assert_eq!(evidence.verify(&verifier), Ok(()), "evidence of nothing");
                Outcome::Equivocation
            }
            Err(IngestError::Ledger(LedgerError::Unsure)) => Outcome::Unsure,
            Err(IngestError::Ledger(LedgerError::Clock { .. })) => Outcome::Clock,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(outcome, *expected);
        assert!(self.ledger.storage().rows == before, "{outcome:?}, but something was written");
    }

    /// The city enrols, retires, reverses, or declares a gap.
    fn enter(&mut self, gate: usize, input: &mut Input<'_>) {
        let (number, kind, index) = (GATES[gate], input.byte() % 8, u64::from(input.byte() % 16));
        let (dated, now, mut next) = (self.dated().filter(|_| !self.unsure), time(self.now), self.known.clone());
        let (before, fault) = (self.ledger.storage().rows.clone(), self.ledger.storage().fault.get());
        let taken = next.gates.get_mut(&number);
        let (allowed, entry) = match kind {
            0 => {
                let allowed = taken.is_none();
                next.gates.entry(number).or_default();
                (allowed, Entry::GateEnrolled { certificate: CERTIFICATES[gate].clone() })
            }
            1 => {
                let allowed = taken.as_ref().is_some_and(|taken| !taken.retired);
                taken.into_iter().for_each(|taken| taken.retired = true);
                (allowed, Entry::GateRetired { gate: number })
            }
            2 => {
                let allowed = taken.is_some_and(|taken| {
                    let body = |at: usize| Record::decode(&taken.records[at].body);
                    let later = |at| matches!(body(at), Ok(Record::Annulled { index: gone, .. }) if gone == index);
                    let here = (index as usize) < taken.records.len();
                    let stands = here && matches!(body(index as usize), Ok(Record::Redeemed(_)));
                    stands && !(index as usize..taken.records.len()).any(later) && taken.reversed.insert(index)
                });
                (allowed, Entry::Announced(Announcement::Reversal { gate: number, index }))
            }
            3 => {
                let until = index + u64::from(input.byte() % 3);
                let size = taken.as_ref().map(|taken| taken.records.len() as u64);
                let allowed = size.is_some_and(|size| index >= size) && until > index;
                (allowed, Entry::Announced(Announcement::GapDeclared { gate: number, from: index, until }))
            }
            5 => {
                // By a peer, by this city itself, or by nobody.
                let (member, signer) = input.pick(&[(CITIES[1], CITIES[1]), (CITY, CITY), (CITIES[1], CITY)]);
                let origin = KeyName::new(&format!("{NAME}/{member}")).unwrap();
                let checkpoint = Checkpoint { origin, size: index, root: Hash([1; 32]) };
                let checkpoint = checkpoint.sign(&secret(signer, Role::Log));
                (member != CITY && signer == member, Entry::Announced(Announcement::PeerSeen { checkpoint }))
            }
            6 => {
                let sequence = 1 + index % 3;
                let list = LISTS.list(sequence);
                let allowed = list.is_some() && sequence >= self.known.adopted;
                next.adopted = sequence.max(next.adopted);
                let digest = list.map_or(Hash([0; 32]), TrustList::digest);
                (allowed, Entry::Announced(Announcement::TrustAdopted { sequence, digest }))
            }
            7 => return self.adopt(),
            _ => return,
        };
        (next.entries, next.last) = (next.entries + 1, dated.unwrap_or(next.last));
        let result = match &entry {
            Entry::GateEnrolled { certificate } => self.ledger.enrol(certificate, now),
            Entry::GateRetired { gate } => self.ledger.retire(*gate, now),
            Entry::Announced(announced) => self.ledger.record(announced.clone(), now),
            _ => unreachable!("ingest alone seals"),
        };
        if let (true, Some(dated)) = (allowed, dated) {
            if let Some(index) = self.committed(fault, result, next) {
                let body = self.ledger.log().body(self.ledger.storage(), index).unwrap();
                assert_eq!(Entry::decode(&body), Ok((time(dated), entry)));
            }
        } else {
            assert!(result.is_err(), "{entry:?}");
            assert!(self.ledger.storage().rows == before, "refused, but something was written");
        }
    }

    /// Takes the list that follows the one in force.
    fn adopt(&mut self) {
        let fault = self.ledger.storage().fault.get();
        let dated = self.dated().filter(|_| !self.unsure && self.known.adopted == 1);
        let result = self.ledger.adopt(&NEXT, time(self.now));
        if let Some(last) = dated {
            let next = Expected { entries: self.known.entries + 1, last, adopted: 2, ..self.known.clone() };
            self.committed(fault, result, next);
        } else {
            assert!(result.is_err(), "adopted");
        }
    }

    /// Signs a checkpoint, and takes cosignatures of some witnesses.
    fn sign(&mut self, input: &mut Input<'_>) {
        let fault = self.ledger.storage().fault.get();
        let result = self.ledger.checkpoint();
        if self.unsure {
            return assert!(matches!(result, Err(SignError::Ledger(LedgerError::Unsure))));
        }
        let signed = Some((self.known.entries, self.key.verifying_key()));
        let again = self.known.signed == signed;
        let next = Expected { signed, ..self.known.clone() };
        let Some(signed) = self.committed(if again { 0 } else { fault }, result, next) else { return };
        assert_eq!((signed.size(), signed.root()), (self.known.entries, self.ledger.log().root()));
        let witnesses = input.byte();
        let cosigners: Vec<u32> = (0..3).filter(|at| witnesses >> at & 1 == 1).map(|at| CITIES[at]).collect();
        if cosigners.is_empty() {
            return;
        }
        let at = time(self.known.last);
        let line = |code: &u32| {
            let name = witness_name(&LIST, id(*code)).unwrap();
            signed.checkpoint().cosign(&name, &secret(*code, Role::Witness), at)
        };
        let lines: String = cosigners.iter().map(line).collect();
        let fault = self.ledger.storage().fault.get();
        let result = self.ledger.cosigned(&lines, at);
        let next = self.known.clone();
        if let Some(cosigned) = self.committed(fault, result, next) {
            let seen = LedgerCheckpoint::verify(cosigned.note().as_bytes(), &LISTS, id(CITY)).unwrap();
            // Nobody vouches for itself, and two make a quorum.
            let others = cosigners.iter().filter(|code| **code != CITY).count();
            assert!(others < 2 || seen.final_at() == Some(at), "{cosigners:?} make it final");
            assert!(seen.cosignatures().len() <= 2 && seen.unknown_lines().is_empty());
        }
    }

    /// A record has a receipt exactly when a signed checkpoint covers its seal.
    fn receipt(&self, gate: usize, index: u64) {
        let Some(taken) = self.known.gates.get(&GATES[gate]).filter(|_| !self.unsure) else { return };
        let index = index % (RECORDS as u64 + 1);
        let seal = taken.seals.iter().find(|(size, _)| *size > index);
        let covered = seal.is_some_and(|(_, entry)| self.known.signed.is_some_and(|(signed, _)| *entry < signed));
        let receipt = self.ledger.receipt(GATES[gate], index);
        assert_eq!(receipt.is_ok(), covered, "record {index}");
        let Ok(receipt) = receipt else { return };
        let kept = self.ledger.kept_checkpoint().unwrap().unwrap();
        let is_final = LedgerCheckpoint::verify(kept.note().as_bytes(), &LISTS, id(CITY)).unwrap().final_at().is_some();
        let readable = Record::decode(&taken.records[index as usize].body);
        match receipt.verify(&LISTS) {
            Ok(receipted) => {
                assert!(is_final, "of a checkpoint that is not final");
                assert_eq!((receipted.gate, receipted.index), (gate_id(GATES[gate]), index));
                assert_eq!(Ok(receipted.record), readable);
            }
            Err(error) => assert!(!is_final || readable.is_err(), "{error} of record {index}"),
        }
    }

    /// What it tells other gates is what it took: the uses that stand.
    fn tell(&self, input: &mut Input<'_>) {
        let (from, to) = (u64::from(input.byte()) % self.known.entries, self.known.entries);
        let Ok(facts) = self.ledger.usage(from..to, UnixTime::MIN, |_| true) else {
            return assert!(self.unsure, "it tells nothing");
        };
        let mut told = BTreeSet::new();
        for (pass, _, usage) in facts.passes() {
            told.extend(usage.uses().iter().map(|used| (used.gate.number, used.index, pass)));
        }
        for (number, taken) in &self.known.gates {
            for (index, record) in (0..).zip(&taken.records) {
                let Ok(Record::Redeemed(redemption)) = Record::decode(&record.body) else { continue };
                let annulled = |record: &SegmentRecord| matches!(Record::decode(&record.body), Ok(Record::Annulled { index: gone, .. }) if gone == index);
                let gone = taken.reversed.contains(&index) || taken.records[index as usize..].iter().any(annulled);
                let sealed = taken.seals.iter().find(|(size, _)| *size > index).unwrap().1;
                let here = told.remove(&(*number, index, redemption.pass));
                assert!(sealed >= from || !here, "it was sealed before");
                assert!(here || gone || sealed < from, "record {index} of gate {number} is not told");
            }
        }
        assert!(told.is_empty(), "uses that nobody recorded: {told:?}");
    }

    /// The ledger knows what it is expected to, and would after a restart.
    fn check(&self) {
        if self.unsure {
            return;
        }
        let store = self.ledger.storage();
        let twin = open(Failing { rows: store.rows.clone(), ..Failing::default() });
        assert!((twin.log(), twin.journals()) == (self.ledger.log(), self.ledger.journals()), "after a restart");
        self.ledger.log().verify(store).unwrap();
        assert_eq!(self.ledger.log().size(), self.known.entries);
        let kept = self.ledger.kept_checkpoint().unwrap();
        assert_eq!(kept.as_ref().map(SignedCheckpoint::size), self.known.signed.map(|(size, _)| size));
        assert_eq!(self.ledger.trust().sequence(), self.known.adopted);
        let numbers: Vec<&u32> = self.ledger.journals().keys().collect();
        assert_eq!(numbers, self.known.gates.keys().collect::<Vec<_>>());
        for (number, taken) in &self.known.gates {
            let journal = &self.ledger.journals()[number];
            assert_eq!((journal.retired(), journal.reversed()), (taken.retired, &taken.reversed));
            journal.log().verify(store).unwrap();
            assert_eq!(journal.log().size(), taken.records.len() as u64);
            for (index, record) in (0..).zip(&taken.records) {
                assert_eq!(journal.log().body(store, index).unwrap(), record.body);
                assert_eq!(journal.log().attachment(store, index).unwrap(), record.evidence);
            }
        }
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // Gate, history, records: one of this visitor, the annulment of a record (128 and more), or noise (250).
    let say = |gate: u8, history: u8, said: &[u8]| [&[gate, 5, history, said.len() as u8 - 1], said].concat();
    let fork = |gate, at| vec![gate, 7, 0, at];
    // History, how much less of it, where it starts (0 where the ledger ends, 1 at the beginning), damage, place.
    let send = |gate: u8, how: [u8; 5]| [&[gate, 0][..], &how].concat();
    let all = |gate| send(gate, [0; 5]);
    let (enrol, retire) = (|gate| vec![gate, 12, 0, 0], |gate| vec![gate, 12, 1, 0]);
    let (reverse, sign, receipt) = (|index| vec![0, 12, 2, index], |by| vec![0, 13, by], |index| vec![0, 14, index]);
    let (fails, recover, reopen, tell) = (|how| vec![0, 8, how], vec![0, 9], vec![0, 10, 0], vec![0, 15, 0]);
    let start = [say(0, 0, &[1, 2]), all(0)].concat();
    let after = |steps: &[Vec<u8>]| [&start[..], &steps.concat()].concat();
    let damaged = |how| after(&[say(0, 0, &[3, 4]), send(0, [0, 0, 0, how, 1]), all(0)]);
    let mut seeds = vec![
        ("nothing", vec![]),
        (
            "once-and-again",
            after(&[all(0), send(0, [0, 0, 1, 0, 0]), say(0, 0, &[3]), send(0, [0, 0, 1, 0, 0]), all(0)]),
        ),
        ("in-parts", [say(0, 0, &[1, 2, 3]), send(0, [0, 2, 0, 0, 0]), send(0, [0, 1, 3, 0, 0]), all(0)].concat()),
        ("gap", after(&[say(0, 0, &[3, 4]), send(0, [0, 0, 2, 0, 0]), send(0, [0, 0, 4, 0, 0])])),
        ("two-gates", after(&[all(1), enrol(1), enrol(1), say(1, 0, &[1, 1]), all(1), tell.clone()])),
        ("retired", after(&[say(0, 0, &[3]), retire(0), retire(0), all(0), send(0, [0, 1, 1, 0, 0]), enrol(0)])),
        ("two-histories", after(&[fork(0, 2), say(0, 1, &[9]), send(0, [1, 0, 1, 0, 0])])),
        ("two-histories-longer", after(&[fork(0, 2), say(0, 1, &[9, 8, 7]), send(0, [1, 0, 1, 0, 0]), all(0)])),
        (
            "two-histories-shorter",
            after(&[fork(0, 1), say(0, 1, &[9]), send(0, [1, 0, 1, 0, 0]), send(0, [1, 0, 0, 0, 0])]),
        ),
        (
            "two-histories-in-part",
            after(&[fork(0, 2), say(0, 1, &[9, 8]), send(0, [1, 0, 0, 0, 0]), send(0, [1, 0, 1, 0, 0])]),
        ),
        ("noise", after(&[say(0, 0, &[250, 200]), all(0), send(0, [0, 0, 1, 7, 3])])),
        (
            "taken-back",
            after(&[say(0, 0, &[3, 129]), all(0), reverse(2), reverse(2), reverse(1), reverse(0), tell.clone()]),
        ),
        ("gap-declared", after(&[vec![0, 12, 3, 2, 1, 0, 12, 3, 3, 0, 0, 12, 3, 3, 2, 0, 12, 4, 0]])),
        ("signed", after(&[receipt(1), sign(1), receipt(1), sign(6), receipt(1), receipt(0), receipt(9), sign(7)])),
        ("noise-signed", after(&[say(0, 0, &[250]), all(0), sign(6), receipt(3)])),
        (
            "fails-before",
            after(&[say(0, 0, &[3]), fails(1), all(0), all(0), sign(0), recover.clone(), all(0), sign(0)]),
        ),
        ("fails-after", after(&[say(0, 0, &[3]), fails(2), all(0), retire(0), tell.clone(), recover, all(0), sign(0)])),
        (
            "fails-and-reopens",
            after(&[say(0, 0, &[3]), fails(2), all(0), reopen.clone(), all(0), fails(1), sign(6), reopen]),
        ),
        ("peers", after(&[vec![0, 12, 5, 3, 0, 0, 12, 5, 3, 1, 0, 12, 5, 3, 2]])),
        (
            "adopted",
            after(&[vec![0, 16, 0, 12, 6, 0, 0, 12, 6, 2, 0, 12, 6, 1, 0, 16], sign(6), vec![0, 12, 6, 0], sign(6)]),
        ),
        (
            "another-key",
            after(&[sign(6), vec![0, 12, 7, 0, 0, 12, 7, 0, 0, 16], sign(6), receipt(1), vec![0, 10, 1], sign(6)]),
        ),
        (
            "clock",
            after(&[vec![0, 11, 1], say(0, 0, &[3]), all(0), vec![0, 11, 4], say(0, 0, &[4]), all(0), retire(0)]),
        ),
        (
            "clock-steps",
            after(&[vec![0, 11, 1], say(0, 0, &[3]), all(0), vec![0, 11, 3], say(0, 0, &[4]), all(0), retire(0)]),
        ),
    ];
    const DAMAGES: [&str; 16] = [
        "dropped",
        "twice",
        "reversed",
        "body",
        "evidence",
        "erased",
        "surplus",
        "other-key",
        "other-origin",
        "stuffed",
        "hollow",
        "other-member",
        "other-certificate",
        "cut-certificate",
        "swapped-gates",
        "signed-less",
    ];
    seeds.extend((1..).zip(DAMAGES).map(|(how, name)| (name, damaged(how))));
    seeds
}
