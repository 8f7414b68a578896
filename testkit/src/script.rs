//! What everybody says on one good day, before it is signed; and what is published of it.
//!
//! A party that lies has its own key: so what it says is changed first, and then signed, sealed,
//! cosigned and settled as everything else.

use crate::day::{self, AUDITOR, CITIES, Day, OPEN, gate_secret, id, secret, time};
use onecard::audit::{MemoryFiles, Options, SettlementPeriod, audit};
use onecard::crypto::SigningKey;
use onecard::gate::{Record, Redemption, Totals};
use onecard::id::GateId;
use onecard::ledger::{Announcement, CutOff, Entry, StatementRef, witness_name};
use onecard::time::UnixTime;
use onecard::tlog::{
    Checkpoint, Frontier, KeyName, Log, LogKey, MemoryStorage, Note, SignedCheckpoint, Storage, encode_bundle_entry,
    genesis, leaf_hash,
};
use onecard::trust::{Role, TrustList};
use std::collections::BTreeMap;

pub const HUANGPU: u32 = CITIES[0];
pub const NANJING: u32 = CITIES[1];
/// A gate by its member and number. This one admitted pass 1, and pass 2 that it took back.
pub type Key = (u32, u32);
pub const H1: Key = (HUANGPU, 1);
/// Opened, and nothing after that: what a damage makes of it is all there is.
pub const H2: Key = (HUANGPU, 2);
/// Sealed twice: a printed pass before, pass 1 and the day's close after.
pub const N1: Key = (NANJING, 1);
/// Admitted pass 2.
pub const N2: Key = (NANJING, 2);

const DAY: i64 = 86_400;
/// When the last seals reached their ledgers.
pub const EVENING: i64 = OPEN + 40_000;
/// When the first period is settled.
pub const NIGHT: i64 = OPEN + 90_000;

/// One record of a journal and what lies beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub body: Vec<u8>,
    pub evidence: Option<Vec<u8>>,
}

/// One entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    At(UnixTime, Entry),
    /// The seal of what a gate then says, by the size of its journal.
    Seal {
        at: UnixTime,
        gate: u32,
        first: u64,
        size: u64,
    },
    /// What a peer then publishes, by the size of its ledger. The peer comes before this member.
    Peer {
        at: UnixTime,
        of: u32,
        size: u64,
    },
    /// Whatever bytes.
    Raw(Vec<u8>),
}

/// At which stage of the day a damage is done.
#[derive(Clone, Copy)]
pub enum Damage {
    /// Somebody says something else, before the day is settled.
    Said(fn(&mut Script)),
    /// Somebody says something else after it was settled.
    Agreed(fn(&mut Script)),
    /// What is published is changed, by whoever has no key.
    Files(fn(&mut MemoryFiles)),
}

/// Where the chain of a journal is broken.
#[derive(Clone, Copy, Debug)]
pub enum Unchained {
    /// Before its first entry, which follows the beginning of another log.
    First,
    /// At this entry, which ends before its link does.
    Short(usize),
}

/// Everything that is said.
#[derive(Clone, Debug)]
pub struct Script {
    pub lists: MemoryFiles,
    pub journals: BTreeMap<Key, Vec<Said>>,
    /// Journals that are published in place of those sealed.
    pub instead: BTreeMap<Key, Vec<Said>>,
    pub ledgers: BTreeMap<u32, Vec<Line>>,
    /// Whose witnesses cosign a member's ledger, and when.
    pub cosigned: BTreeMap<u32, Vec<(u32, i64)>>,
    /// Gates that sign with another key than theirs.
    pub keys: BTreeMap<Key, SigningKey>,
    /// A gate whose first bundle of records is not published any more, and whether the tile in its place is good.
    pub pruned: Option<(Key, bool)>,
    /// A gate whose only bundle of records ends after so many.
    pub cut: Option<(Key, usize)>,
    /// Gates that sealed a journal of which an entry does not follow the one before.
    pub unchained: BTreeMap<Key, Unchained>,
    pub statement: Option<Vec<u8>>,
}

impl Script {
    /// What was said on the good day, up to the evening.
    pub fn of(day: &Day) -> Self {
        let mut script = Self {
            lists: day.files().into_iter().filter(|(path, _)| path.starts_with("trust/")).collect(),
            journals: BTreeMap::new(),
            instead: BTreeMap::new(),
            ledgers: BTreeMap::new(),
            cosigned: BTreeMap::new(),
            keys: BTreeMap::new(),
            pruned: None,
            cut: None,
            unchained: BTreeMap::new(),
            statement: None,
        };
        for city in &day.cities {
            let (ledger, member) = (&city.ledger, city.ledger.member().code());
            let lines = (0..ledger.log().size()).map(|index| {
                let (at, entry) = Entry::decode(&ledger.log().body(ledger.storage(), index).unwrap()).unwrap();
                match entry {
                    Entry::JournalSealed { gate, first, checkpoint } => {
                        Line::Seal { at, gate, first, size: parsed(&checkpoint).size }
                    }
                    Entry::Announced(Announcement::PeerSeen { checkpoint }) => {
                        let Checkpoint { origin, size, .. } = parsed(&checkpoint);
                        let of = origin.as_str().rsplit('/').next().unwrap().parse().unwrap();
                        Line::Peer { at, of, size }
                    }
                    entry => Line::At(at, entry),
                }
            });
            script.ledgers.insert(member, lines.collect());
            let others = [AUDITOR].into_iter().chain(CITIES).filter(|other| *other != member);
            script.cosigned.insert(member, others.map(|other| (other, NIGHT)).collect());
            for (&number, journal) in ledger.journals() {
                let log = journal.log();
                let said = |index| Said {
                    body: log.body(ledger.storage(), index).unwrap(),
                    evidence: log.attachment(ledger.storage(), index).unwrap(),
                };
                script.journals.insert((member, number), (0..log.size()).map(said).collect());
            }
        }
        script
    }

    /// All that is published, signed by whoever says it.
    pub fn publish(&self) -> MemoryFiles {
        let trust = day::bundle().trust().clone();
        let mut files = self.lists.clone();
        files.extend(self.statement.clone().map(|statement| ("statement.cbor".into(), statement)));
        let mut sealed: BTreeMap<(Key, u64), String> = BTreeMap::new();
        for (&key, said) in &self.journals {
            let sizes: Vec<u64> = self.seals(key).into_iter().map(|(_, size)| size).collect();
            let last = sizes.last().copied().unwrap_or(said.len() as u64);
            let gate = GateId { member: id(key.0), number: key.1 };
            let secret = self.keys.get(&key).cloned().unwrap_or_else(|| gate_secret(gate));
            let origin = trust.journal_origin(gate);
            let mut journal = journal(&origin, said.get(..last as usize).unwrap(), |size, checkpoint| {
                if size == last || sizes.contains(&size) {
                    sealed.insert((key, size), checkpoint.sign(&secret));
                }
            });
            let unchained = self.unchained.get(&key).map(|broken| unchained(&origin, said, *broken));
            let mut tree = Frontier::new();
            for (size, entry) in (1..=last).zip(unchained.iter().flatten()) {
                tree.push(leaf_hash(entry));
                if let Some(note) = sealed.get_mut(&(key, size)) {
                    *note =
                        Checkpoint { origin: KeyName::new(&origin).unwrap(), size, root: tree.root() }.sign(&secret);
                }
            }
            let mut note = sealed.get(&(key, last)).cloned().unwrap_or_default();
            if let Some(other) = self.instead.get(&key) {
                journal = self::journal(&origin, other, |_, checkpoint| note = checkpoint.sign(&secret));
            }
            let place = format!("{}/{}", key.0, key.1);
            let (path, evidence) = (format!("journal/{place}"), format!("evidence/{place}"));
            day::publish(&mut files, &path, Some(&evidence), &journal.0, &journal.1, &note);
            if let Some(entries) = unchained {
                let (mut tile, mut bundle) = (Vec::new(), Vec::new());
                for entry in entries.iter().take(last as usize) {
                    tile.extend(leaf_hash(entry).0);
                    encode_bundle_entry(&mut bundle, &[entry]).unwrap();
                }
                for (kind, file) in [("0", tile), ("entries", bundle)] {
                    *files.get_mut(&format!("{path}/tile/{kind}/000.p/{last}")).unwrap() = file;
                }
            }
            if let Some((_, count)) = self.cut.filter(|(cut, _)| *cut == key) {
                let bundle = files.get_mut(&format!("{path}/tile/entries/000.p/{last}")).unwrap();
                let kept: usize = said.iter().take(count).map(|said| 2 + 32 + said.body.len()).sum();
                bundle.truncate(kept);
            }
            if let Some((_, whole)) = self.pruned.filter(|(pruned, _)| *pruned == key) {
                files.remove(&format!("{path}/tile/entries/000")).unwrap();
                files.remove(&format!("{evidence}/000")).unwrap();
                files.get_mut(&format!("{path}/tile/0/000")).unwrap()[0] ^= u8::from(!whole);
            }
        }
        let mut seen: BTreeMap<(u32, u64), String> = BTreeMap::new();
        for (&member, lines) in &self.ledgers {
            let body = |line: &Line| match line {
                Line::At(at, entry) => entry.encode(*at),
                Line::Seal { at, gate, first, size } => {
                    let checkpoint = sealed.get(&((member, *gate), *size)).cloned().unwrap_or_default();
                    Entry::JournalSealed { gate: *gate, first: *first, checkpoint }.encode(*at)
                }
                Line::Peer { at, of, size } => {
                    Entry::Announced(Announcement::PeerSeen { checkpoint: seen[&(*of, *size)].clone() }).encode(*at)
                }
                Line::Raw(bytes) => bytes.clone(),
            };
            let bodies: Vec<Vec<u8>> = lines.iter().map(body).collect();
            let key = secret(member, Role::Log);
            let bodies = bodies.iter().map(|body| (&body[..], None));
            let (log, storage) = log(&trust.ledger_origin(id(member)), bodies, |size, checkpoint| {
                seen.insert((member, size), checkpoint.sign(&key));
            });
            let note = cosign(&trust, log.checkpoint(), &key, &self.cosigned[&member]);
            day::publish(&mut files, &format!("ledger/{member}"), None, &log, &storage, &note);
        }
        files
    }

    /// Settles the service day of this number as everybody would who read all that is published, and
    /// writes it into every ledger. Where there is nothing to agree to, nobody does.
    pub fn settle(&mut self, number: i64) {
        let published = self.publish();
        if let Some(settled) = self.settlement(number, &published) {
            let members: Vec<u32> = self.ledgers.keys().copied().collect();
            self.all_agree(&members, number, &settled);
        }
    }

    /// The same by those who read nothing of one city: without it.
    pub fn settle_without(&mut self, city: u32) {
        let mut published = self.publish();
        published.retain(|path, _| path.starts_with("trust/") || !path.contains(&city.to_string()));
        let settled = self.settlement(0, &published).unwrap();
        let others: Vec<u32> = self.ledgers.keys().copied().filter(|member| *member != city).collect();
        self.all_agree(&others, 0, &settled);
    }

    fn all_agree(&mut self, members: &[u32], number: i64, settled: &StatementRef) {
        for member in members {
            self.enter_at(*member, NIGHT + number * DAY, Entry::Announced(Announcement::Settlement(settled.clone())));
        }
    }

    /// What everybody would agree to for that day who reads these files; it is published.
    fn settlement(&mut self, number: i64, published: &MemoryFiles) -> Option<StatementRef> {
        let from = OPEN - 9 * 3_600 + number * DAY;
        let period = SettlementPeriod { from: time(from), until: time(from + DAY) };
        let report = audit(published, &Options { period: Some(period), ..Options::default() });
        let statement = report.statement?;
        self.statement = Some(statement.encode());
        let SettlementPeriod { from, until } = statement.period();
        let (cut_offs, digest): (Vec<CutOff>, _) = (statement.cut_offs().to_vec(), statement.digest());
        Some(StatementRef { from, until, cut_offs, digest })
    }

    /// What these members agreed to last is another statement.
    pub fn agree(&mut self, members: &[u32], change: impl Fn(&mut StatementRef)) {
        for member in members {
            let Some(Line::At(_, Entry::Announced(Announcement::Settlement(settled)))) =
                self.ledger(*member).last_mut()
            else {
                unreachable!()
            };
            change(settled);
        }
    }

    pub fn ledger(&mut self, member: u32) -> &mut Vec<Line> {
        self.ledgers.get_mut(&member).unwrap()
    }

    /// The member writes an entry at the end of its ledger.
    pub fn enter(&mut self, member: u32, entry: Entry) {
        self.enter_at(member, OPEN + 80_000, entry);
    }

    /// The same, at this time or when its last entry is of.
    fn enter_at(&mut self, member: u32, at: i64, entry: Entry) {
        let at = self.after_last(member, at);
        self.ledger(member).push(Line::At(at, entry));
    }

    fn after_last(&self, member: u32, at: i64) -> UnixTime {
        let last = self.ledgers[&member].last().and_then(|line| match line {
            Line::At(at, _) | Line::Seal { at, .. } | Line::Peer { at, .. } => Some(*at),
            Line::Raw(_) => None,
        });
        last.map_or(time(at), |last| last.max(time(at)))
    }

    /// The places of a gate's seals in its ledger, and the sizes sealed.
    pub fn seals(&self, key: Key) -> Vec<(usize, u64)> {
        let seal = |(at, line): (usize, &Line)| match line {
            Line::Seal { gate, size, .. } if *gate == key.1 => Some((at, *size)),
            _ => None,
        };
        self.ledgers[&key.0].iter().enumerate().filter_map(seal).collect()
    }

    /// The last seal of a gate.
    pub fn last_seal(&mut self, key: Key) -> &mut Line {
        let at = self.seals(key).last().unwrap().0;
        &mut self.ledger(key.0)[at]
    }

    /// The gate goes on before its last seal.
    pub fn say(&mut self, key: Key, record: &Record, evidence: Option<Vec<u8>>) {
        self.say_bytes(key, record.encode(), evidence);
    }

    pub fn say_bytes(&mut self, key: Key, body: Vec<u8>, evidence: Option<Vec<u8>>) {
        let said = Record::decode(&body).map_or(UnixTime::MIN, |record| record.time());
        self.journals.get_mut(&key).unwrap().push(Said { body, evidence });
        let Line::Seal { at, size, .. } = self.last_seal(key) else { unreachable!() };
        *size += 1;
        // The ledger takes it then or later, and what comes after it no earlier.
        let mut last = said.max(*at);
        *at = last;
        let from = self.seals(key).last().unwrap().0;
        for line in &mut self.ledger(key.0)[from..] {
            if let Line::At(at, _) | Line::Seal { at, .. } | Line::Peer { at, .. } = line {
                last = last.max(*at);
                *at = last;
            }
        }
    }

    /// The gate goes on after its last seal, and its city seals that.
    pub fn say_later(&mut self, key: Key, record: &Record, evidence: Option<Vec<u8>>) {
        let first = self.seals(key).last().unwrap().1;
        let at = self.after_last(key.0, EVENING);
        self.ledger(key.0).push(Line::Seal { at, gate: key.1, first, size: first });
        self.say(key, record, evidence);
    }

    pub fn said(&mut self, key: Key, index: usize) -> &mut Said {
        &mut self.journals.get_mut(&key).unwrap()[index]
    }

    /// The gate wrote another record in place of this one.
    pub fn change(&mut self, key: Key, index: usize, change: impl FnOnce(&mut Record)) {
        let said = self.said(key, index);
        let mut record = Record::decode(&said.body).unwrap();
        change(&mut record);
        said.body = record.encode();
    }

    /// The same of a redemption.
    pub fn redeemed(&mut self, key: Key, index: usize, change: impl FnOnce(&mut Redemption)) {
        self.change(key, index, |record| match record {
            Record::Redeemed(redemption) => change(redemption),
            other => panic!("{other:?}"),
        });
    }

    /// Replaces a list by another that its publisher signed, in the files and in its ledger.
    pub fn publish_instead(&mut self, member: u32, path: &str, list: Vec<u8>) {
        let digest = onecard::sha256(&[&list]);
        let old = onecard::sha256(&[&self.lists.insert(path.into(), list).unwrap()]);
        for line in self.ledger(member) {
            if let Line::At(
                _,
                Entry::Announced(Announcement::CataloguePublished { digest: named, .. })
                | Entry::Announced(Announcement::StatusPublished { digest: named, .. }),
            ) = line
                && *named == old
            {
                *named = digest;
            }
        }
    }
}

/// The good day, up to its settlement.
pub fn good() -> (Day, Script) {
    let mut day = Day::ordinary();
    let seen = day.cities[0].ledger.kept_checkpoint().unwrap().unwrap().checkpoint().clone();
    let checkpoint = seen.sign(&secret(HUANGPU, Role::Log));
    day.cities[1].ledger.record(Announcement::PeerSeen { checkpoint }, time(OPEN + 50_000)).unwrap();
    day.finish(NIGHT);
    let script = Script::of(&day);
    (day, script)
}

/// What is published of a day that was damaged so.
pub fn damaged(good: &Script, damage: Damage) -> MemoryFiles {
    let mut script = good.clone();
    if let Damage::Said(change) = damage {
        change(&mut script);
    }
    script.settle(0);
    if let Damage::Agreed(change) = damage {
        change(&mut script);
    }
    let mut files = script.publish();
    if let Damage::Files(change) = damage {
        change(&mut files);
    }
    files
}

/// Totals of nothing.
pub const NOTHING: Totals = Totals { admitted: 0, annulled: 0, overridden: 0, left: 0 };

/// A ledger's checkpoint with its cosignatures.
pub fn cosign(trust: &TrustList, checkpoint: Checkpoint, key: &SigningKey, by: &[(u32, i64)]) -> String {
    let line = |&(member, at): &(u32, i64)| {
        checkpoint.cosign(&witness_name(trust, id(member)).unwrap(), &secret(member, Role::Witness), time(at))
    };
    let lines: String = by.iter().map(line).collect();
    SignedCheckpoint::sign(checkpoint, key).note().to_owned() + &lines
}

fn journal(origin: &str, said: &[Said], at: impl FnMut(u64, Checkpoint)) -> (Log, MemoryStorage) {
    log(origin, said.iter().map(|said| (&*said.body, said.evidence.as_deref())), at)
}

/// The entries of a log of fewer than 256, with its chain broken.
fn unchained(origin: &str, said: &[Said], broken: Unchained) -> Vec<Vec<u8>> {
    let mut link = match broken {
        Unchained::First => genesis("elsewhere.example/1"),
        Unchained::Short(_) => genesis(origin),
    };
    let entry = |(at, said): (usize, &Said)| {
        let mut entry = [&link.0[..], &said.body].concat();
        if matches!(broken, Unchained::Short(short) if short == at) {
            entry.truncate(31);
        }
        link = leaf_hash(&entry);
        entry
    };
    said.iter().enumerate().map(entry).collect()
}

/// A log of these entries; `at` is shown the checkpoint at each size.
fn log<'a>(
    origin: &str,
    bodies: impl IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    mut at: impl FnMut(u64, Checkpoint),
) -> (Log, MemoryStorage) {
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, LogKey(0), origin).unwrap();
    let mut batch = log.begin();
    for (body, evidence) in bodies {
        batch.push(body, evidence).unwrap();
        at(batch.size(), batch.checkpoint());
    }
    storage.commit(&batch.take_writes()).unwrap();
    log.apply(batch).unwrap();
    (log, storage)
}

fn parsed(note: &str) -> Checkpoint {
    Checkpoint::parse(Note::parse(note.as_bytes()).unwrap().text()).unwrap()
}
