//! A small day at a gate, in its city's ledger and at a witness, each on a disk of its own, one of
//! which fails or loses power at every call in turn. Afterwards all that was acknowledged is there, and
//! an audit of what is published finds nothing.

use crate::{
    RedbStorage, StoreError,
    tests::simulated::{Cut, Disk, Fault},
};
use onecard::{
    audit::{MemoryFiles, Options, audit},
    crypto::sha256,
    gate::{AnnulError, Decision, Gate, Record, Scan, Segment, SyncInput},
    id::{GateId, PassId, PassKey},
    ledger::{Announcement, Entry, Ledger, log_verifiers, witness_name},
    product::{Usage, Use},
    time::Date,
    tlog::{AddCheckpoint, LogKey, Refused, SignedCheckpoint, Witness},
    trust::{Role, TrustList},
};
use onecard_testkit::chance::{Dice, Seed};
use onecard_testkit::day::{self, CITIES, Day, OPEN, id, secret, time};
use std::sync::OnceLock;

const CITY: u32 = CITIES[0];
const GATE: u32 = 0;
const LEDGER: u32 = 1;
const WITNESS: u32 = 2;
/// Most attempts of a step: after as many, no fault of a test is left.
const ATTEMPTS: usize = 6;

/// What never changes from one run to the next.
struct Fixed {
    trust: TrustList,
    certificate: Vec<u8>,
    /// QR texts of passes 1 to 12, shown at the opening.
    codes: Vec<String>,
    /// What the other cities publish.
    others: MemoryFiles,
}

fn fixed() -> &'static Fixed {
    static FIXED: OnceLock<Fixed> = OnceLock::new();
    FIXED.get_or_init(|| {
        let mut day = Day::open();
        day.finish(OPEN);
        let mut others = day.files();
        let own = [format!("ledger/{CITY}/"), format!("journal/{CITY}/"), format!("evidence/{CITY}/")];
        others.retain(|path, _| !own.iter().any(|own| path.starts_with(own)));
        let code = |number| day::code(&day::pass(CITY, number, 2, |_| {}), number, OPEN);
        Fixed {
            trust: day::bundle().trust().clone(),
            certificate: day::gate_certificate(gate_id()),
            codes: (1..=12).map(code).collect(),
            others,
        }
    })
}

fn gate_id() -> GateId {
    GateId { member: id(CITY), number: 1 }
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Index of the record, and the pass.
    admitted: Vec<(u64, u8)>,
    annulled: Vec<u64>,
    sealed: Vec<SignedCheckpoint>,
    ingested: u64,
    entries: Vec<(u64, Entry)>,
    signed: Vec<SignedCheckpoint>,
    witnessed: Vec<SignedCheckpoint>,
    synced: bool,
}

/// The three disks, what runs on them, and what it acknowledged.
struct World {
    disks: [Disk; 3],
    cut: Cut,
    dice: Dice,
    gate: Option<Gate<RedbStorage>>,
    ledger: Option<Ledger<RedbStorage>>,
    witness: Option<(Witness, RedbStorage)>,
    /// Segments that wait to be given to the city with the next.
    kept: Vec<Segment>,
    told: Acknowledged,
}

type Step = fn(&mut World) -> Result<(), String>;

fn said(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

/// The store on a disk, made if there is none.
fn store(disk: &Disk) -> Result<RedbStorage, String> {
    match RedbStorage::open_in(Box::new(disk.clone())) {
        Err(StoreError::Missing(_)) => RedbStorage::create_in(Box::new(disk.clone())).map_err(said),
        opened => opened.map_err(said),
    }
}

impl World {
    fn new(cut: Cut, dice: Dice) -> Self {
        let disks = [Disk::new(), Disk::new(), Disk::new()];
        Self {
            disks,
            cut,
            dice,
            gate: None,
            ledger: None,
            witness: None,
            kept: Vec::new(),
            told: Acknowledged::default(),
        }
    }

    /// The day, each step until it succeeds.
    fn play(&mut self) {
        let steps: [Step; 15] = [
            |world| world.record_lists(),
            |world| world.admit(&[1]),
            |world| world.admit(&[2, 3, 2, 4]),
            |world| world.annul(0),
            |world| world.sync(),
            |world| world.deliver(),
            |world| world.witness(),
            |world| world.admit(&[5]),
            |world| world.keep(),
            |world| world.admit(&[6, 7, 8]),
            |world| world.close(),
            |world| world.deliver(),
            |world| world.admit(&[9]),
            |world| world.deliver(),
            |world| world.witness(),
        ];
        for step in steps {
            self.until_done(step);
        }
    }

    fn until_done(&mut self, step: Step) {
        let mut errors = Vec::new();
        while let Err(error) = self.open().and_then(|()| step(self)) {
            errors.push(error);
            assert!(errors.len() < ATTEMPTS, "it never succeeds: {errors:#?}");
            self.power_on();
        }
    }

    /// Where a machine stopped, what ran on it is gone and so is what was not synced.
    fn power_on(&mut self) {
        let stopped = [GATE, LEDGER, WITNESS].map(|at| self.disks[at as usize].stopped());
        if stopped[GATE as usize] {
            self.gate = None;
        }
        if stopped[LEDGER as usize] {
            self.ledger = None;
        }
        if stopped[WITNESS as usize] {
            self.witness = None;
        }
        for (disk, _) in self.disks.iter().zip(stopped).filter(|(_, stopped)| *stopped) {
            disk.cut(self.cut, &mut self.dice);
        }
    }

    /// Ends everything, and opens it again.
    fn restart(&mut self) {
        for disk in &self.disks {
            disk.cut(self.cut, &mut self.dice);
        }
        (self.gate, self.ledger, self.witness) = (None, None, None);
        self.until_done(|_| Ok(()));
    }

    fn open(&mut self) -> Result<(), String> {
        let Fixed { trust, certificate, .. } = fixed();
        if self.gate.is_none() {
            let store = store(&self.disks[GATE as usize])?;
            let key = day::gate_secret(gate_id());
            self.gate = Some(Gate::open(store, key, certificate, day::bundle(), time(OPEN)).map_err(said)?);
        }
        match &mut self.ledger {
            Some(ledger) => ledger.recover().map_err(said)?,
            none => {
                let store = store(&self.disks[LEDGER as usize])?;
                let opened = Ledger::open(store, id(CITY), secret(CITY, Role::Log), trust.clone(), Default::default());
                *none = Some(opened.map_err(said)?);
            }
        }
        if self.witness.is_none() {
            let store = store(&self.disks[WITNESS as usize])?;
            let logs = [(LogKey(1), log_verifiers(trust, id(CITY), time(OPEN)).remove(0))];
            let name = witness_name(trust, id(day::AUDITOR)).unwrap();
            let opened = Witness::open(&store, name, secret(day::AUDITOR, Role::Witness), logs, Default::default());
            self.witness = Some((opened.map_err(said)?, store));
        }
        Ok(())
    }

    fn gate(&mut self) -> &mut Gate<RedbStorage> {
        self.gate.as_mut().unwrap()
    }

    fn ledger(&mut self) -> &mut Ledger<RedbStorage> {
        self.ledger.as_mut().unwrap()
    }

    fn record_lists(&mut self) -> Result<(), String> {
        let digest = |bytes: &[u8]| sha256(&[bytes]);
        let entries = [
            Entry::Announced(Announcement::TrustAdopted { sequence: 1, digest: digest(&day::trust_list()) }),
            Entry::Announced(Announcement::CataloguePublished { sequence: 1, digest: digest(&day::catalogue(CITY)) }),
            Entry::Announced(Announcement::StatusPublished {
                uri: format!("oc:{CITY}/1"),
                issued: time(OPEN - 3_600),
                digest: digest(&day::status_list(CITY)),
            }),
            Entry::GateEnrolled { certificate: fixed().certificate.clone() },
        ];
        for (index, entry) in (0..).zip(entries) {
            // An entry that was durable although nobody was told is not recorded twice.
            if self.ledger().log().size() == index {
                let (ledger, now) = (self.ledger(), time(OPEN - 1_800));
                let at = match &entry {
                    Entry::Announced(announced) => ledger.record(announced.clone(), now),
                    _ => ledger.enrol(&fixed().certificate, now),
                };
                let at = at.map_err(said)?;
                assert_eq!(at, index, "an index was used again");
            }
            if !self.told.entries.iter().any(|(at, _)| *at == index) {
                self.told.entries.push((index, entry));
            }
        }
        Ok(())
    }

    fn admit(&mut self, passes: &[u8]) -> Result<(), String> {
        let codes = passes.iter().map(|pass| &fixed().codes[usize::from(*pass) - 1]);
        let scans: Vec<_> = codes.map(|code| Scan::text(code.as_bytes())).collect();
        let decisions = self.gate().admit_all(&scans, time(OPEN));
        let mut refused = Ok(());
        for (pass, decision) in passes.iter().zip(decisions) {
            match decision {
                Decision::Admitted(admitted) => {
                    let held = self.told.admitted.iter().find(|(index, _)| *index == admitted.index);
                    assert!(held.is_none_or(|(_, other)| other == pass), "index {} was used again", admitted.index);
                    self.told.admitted.push((admitted.index, *pass));
                }
                other => refused = Err(said(other)),
            }
        }
        refused
    }

    fn annul(&mut self, nth: usize) -> Result<(), String> {
        let (index, _) = self.told.admitted[nth];
        match self.gate().annul(index, time(OPEN)) {
            // It was durable although nobody was told.
            Ok(()) | Err(AnnulError::NoRedemption(_)) => self.told.annulled.push(index),
            Err(error) => return Err(said(error)),
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), String> {
        let elsewhere = GateId { member: id(CITIES[1]), number: 1 };
        let venue = onecard::id::VenueId { member: id(CITIES[1]), number: 1 };
        let used = |index| Use { time: time(OPEN - 9), gate: elsewhere, index, venue, service: 0, grant: 0, party: 1 };
        let usage: Usage = (0..9).map(used).collect();
        let usage = [(key(12), usage)];
        let ledgers = [(id(CITIES[1]), 3)];
        let sync = SyncInput { usage: &usage, ledgers: &ledgers, ..SyncInput::default() };
        self.gate().sync(&sync, time(OPEN)).map_err(said)?;
        self.told.synced = true;
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        self.gate().close_day(Date::from_days(20_727), time(OPEN)).map_err(said)
    }

    /// Seals the journal, and keeps what the city has not, to be given to it later.
    fn keep(&mut self) -> Result<(), String> {
        if let Some(sealed) = self.gate().seal().map_err(said)? {
            self.told.sealed.push(sealed);
        }
        let had = self.ledger().journals()[&1].log().size();
        let first = self.kept.last().map_or(had, |kept| kept.first + kept.records.len() as u64);
        let segment = self.gate().segment(first).map_err(said)?;
        self.kept.extend(segment);
        Ok(())
    }

    /// Gives all that was sealed to the city, in one commit.
    fn deliver(&mut self) -> Result<(), String> {
        self.keep()?;
        let segments = core::mem::take(&mut self.kept);
        for (segment, taken) in segments.iter().zip(self.ledger().ingest_all(&segments, time(OPEN))) {
            taken.map_err(said)?;
            self.told.ingested = segment.first + segment.records.len() as u64;
        }
        Ok(())
    }

    /// Signs the ledger, and makes it final.
    fn witness(&mut self) -> Result<(), String> {
        let signed = self.ledger().checkpoint().map_err(said)?;
        self.told.signed.push(signed.clone());
        let (ledger, (witness, store)) = (self.ledger.as_ref().unwrap(), self.witness.as_mut().unwrap());
        let old = witness.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
        let proof = ledger.consistency_proof(old, signed.size()).map_err(said)?;
        let request = AddCheckpoint { old, proof, note: signed.note().as_bytes() };
        let pending = witness.consider(&request).map_err(|refused: Refused| said(refused))?;
        let mut lines = pending.commit(store, time(OPEN)).map_err(said)?;
        self.told.witnessed.push(signed.clone());
        for member in &CITIES[1..] {
            let name = witness_name(ledger.trust(), id(*member)).unwrap();
            lines += &signed.checkpoint().cosign(&name, &secret(*member, Role::Witness), time(OPEN));
        }
        self.ledger().cosigned(&lines, time(OPEN)).map_err(said)?;
        Ok(())
    }

    /// All that was acknowledged is there, and nothing signed is contradicted.
    fn check(&mut self) {
        let gate = self.gate.as_ref().unwrap();
        let (log, storage) = (gate.log(), gate.storage());
        log.verify(storage).unwrap();
        for (index, pass) in &self.told.admitted {
            let record = Record::decode(&log.body(storage, *index).unwrap());
            assert!(matches!(record, Ok(Record::Redeemed(redemption)) if redemption.pass == key(*pass)), "{index}");
        }
        let records: Vec<_> =
            (0..log.size()).map(|at| Record::decode(&log.body(storage, at).unwrap()).unwrap()).collect();
        for annulled in &self.told.annulled {
            let taken_back = |record: &&Record| matches!(record, Record::Annulled { index, .. } if index == annulled);
            assert_eq!(records.iter().filter(taken_back).count(), 1, "{annulled}");
        }
        for sealed in &self.told.sealed {
            assert_eq!(log.root_at(storage, sealed.size()).unwrap(), sealed.root());
        }

        let ledger = self.ledger.as_ref().unwrap();
        let (log, storage) = (ledger.log(), ledger.storage());
        log.verify(storage).unwrap();
        for (index, entry) in &self.told.entries {
            assert_eq!(Entry::decode(&log.body(storage, *index).unwrap()).unwrap().1, *entry);
        }
        if let Some(journal) = ledger.journals().get(&1) {
            journal.log().verify(storage).unwrap();
            assert!(journal.log().size() >= self.told.ingested);
            assert_eq!(gate.log().root_at(gate.storage(), journal.log().size()).unwrap(), journal.log().root());
        }
        for signed in &self.told.signed {
            assert_eq!(log.root_at(storage, signed.size()).unwrap(), signed.root());
        }

        let (witness, _) = self.witness.as_ref().unwrap();
        let seen = witness.latest(log.origin().as_str()).map_or(0, SignedCheckpoint::size);
        assert!(seen >= self.told.witnessed.last().map_or(0, SignedCheckpoint::size));
        if self.told.synced {
            let shown = Scan::text(fixed().codes[11].as_bytes());
            let decision = self.gate().admit(shown, time(OPEN));
            assert!(matches!(decision, Decision::Denied(_)), "what was learnt is forgotten: {decision:?}");
        }
    }

    /// Goes on after what happened, and audits all that is published.
    fn finish(&mut self) {
        self.restart();
        self.check();
        self.until_done(|world| world.admit(&[10]));
        self.until_done(|world| world.deliver());
        self.until_done(|world| world.witness());
        self.check();
        let mut files = fixed().others.clone();
        let ledger = self.ledger();
        let signed = ledger.kept_checkpoint().unwrap().unwrap();
        let path = format!("ledger/{CITY}");
        day::publish(&mut files, &path, None, ledger.log(), ledger.storage(), signed.note());
        let journal = ledger.journals()[&1].log();
        let note = String::from_utf8(journal.kept_checkpoint(ledger.storage()).unwrap().unwrap()).unwrap();
        let (path, evidence) = (format!("journal/{CITY}/1"), format!("evidence/{CITY}/1"));
        day::publish(&mut files, &path, Some(&evidence), journal, ledger.storage(), &note);
        let report = audit(&files, &Options::default());
        assert_eq!(report.findings, []);
    }
}

fn key(pass: u8) -> PassKey {
    PassKey { issuer: id(CITY), pass: PassId::from_bytes([pass; 10]) }
}

/// The disks after a day without faults.
fn disks() -> [Disk; 3] {
    let mut world = World::new(Cut::Nothing, Seed(0).dice("day", 0));
    world.play();
    world.disks
}

/// Plays the day with every `step`th of these calls of each disk failing, from the `first`.
fn each(
    calls: impl Fn(&Disk) -> Vec<u64>,
    first: usize,
    step: usize,
    mut faults: impl FnMut(u64, &mut Dice) -> (Cut, Vec<(u64, Fault)>),
) {
    let mut runs = 0;
    for (at, disk) in disks().iter().enumerate() {
        for call in calls(disk).into_iter().skip(first).step_by(step) {
            let mut dice = Seed(call).dice("fault", at as u64);
            let (cut, faults) = faults(call, &mut dice);
            let told = format!("disk {at}, {faults:?}, {cut:?}");
            let mut world = World::new(cut, dice);
            faults.iter().for_each(|(call, fault)| world.disks[at].fail(*call, *fault));
            let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                world.play();
                world.finish();
            }));
            assert!(played.is_ok(), "{told}");
            runs += 1;
        }
    }
    println!("{runs} days");
}

fn every_call(disk: &Disk) -> Vec<u64> {
    (1..=disk.calls()).collect()
}

const CUTS: [Cut; 4] = [Cut::Process, Cut::Nothing, Cut::Prefix, Cut::Sectors];

fn once(first: usize, step: usize, fault: Fault) {
    each(every_call, first, step, |call, dice| (dice.pick(&CUTS), vec![(call, fault)]));
}

/// A second fault soon after the first: while the store recovers, or is opened again.
fn twice(first: usize, step: usize) {
    const FAULTS: [Fault; 4] = [Fault::Io, Fault::Full, Fault::Forgotten, Fault::Stop];
    each(every_call, first, step, |call, dice| {
        let again = call + 1 + u64::from(dice.below(30));
        let faults = vec![(call, dice.pick(&FAULTS)), (again, dice.pick(&FAULTS))];
        (dice.pick(&CUTS), faults)
    });
}

#[test]
fn a_day_without_faults() {
    let mut world = World::new(Cut::Nothing, Seed(0).dice("day", 0));
    world.play();
    world.finish();
    println!("calls of the disks: {:?}", disks().map(|disk| (disk.calls(), disk.syncs().len())));
}

#[test]
fn a_call_fails_once() {
    once(0, 40, Fault::Io);
    once(13, 40, Fault::Full);
}

#[test]
fn a_sync_fails_and_the_cache_forgets() {
    each(Disk::syncs, 1, 4, |call, _| (Cut::Nothing, vec![(call, Fault::Forgotten)]));
}

#[test]
fn power_fails() {
    once(5, 25, Fault::Stop);
}

#[test]
fn a_second_fault_during_recovery() {
    twice(3, 40);
}

#[test]
#[ignore = "long: every call of the day, with every kind of fault"]
fn every_call_fails_once() {
    for fault in [Fault::Io, Fault::Full, Fault::Forgotten] {
        once(0, 1, fault);
    }
    for cut in CUTS {
        each(Disk::syncs, 0, 1, |call, _| (cut, vec![(call, Fault::Forgotten)]));
    }
}

#[test]
#[ignore = "long: power fails at every call of the day"]
fn power_fails_at_every_call() {
    for cut in CUTS {
        each(every_call, 0, 1, |call, _| (cut, vec![(call, Fault::Stop)]));
    }
}

#[test]
#[ignore = "long: a second fault after every call of the day"]
fn a_second_fault_after_every_call() {
    for _ in 0..2 {
        twice(0, 1);
    }
}
