//! A small day of the federation, in memory: four cities and an auditor, gates in the first two,
//! a few visits, sealed, ingested, cosigned and published. For tests of the upper layers.

use onecard::audit::{MemoryFiles, Options, Report, SettlementPeriod, Statement, audit};
use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Decision, Gate, Reason, Record, Redemption, Scan, Segment, SegmentRecord, SyncInput, Synced};
use onecard::id::{GateId, MemberId, PassId, PassKey, ProductRef, VenueId};
use onecard::ledger::{Announcement, Entry, Ledger, StatementRef, witness_name};
use onecard::pass::{PassClaims, StatusRef, flags, present};
use onecard::product::{
    Grant, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope, Settlement, Unit, Usage, Use,
    Validity, Window,
};
use onecard::time::UnixTime;
use onecard::tlog::{
    AddCheckpoint, Log, LogKey, MemoryStorage, Resource, SignedCheckpoint, Storage, TILE_WIDTH, Witness, tiles_of,
};
use onecard::trust::{
    Bundle, CatalogueSpec, GateCertificateSpec, KeyEntry, Member, MemberKind, Policy, Role, StatusListSpec, TrustList,
    TrustListSpec, Venue,
};
use onecard::wire::text;

pub const CITIES: [u32; 4] = [310_101, 320_100, 330_100, 340_100];
pub const AUDITOR: u32 = 100_000;
/// 09:00 of the service day, 2026-10-01.
pub const OPEN: i64 = 1_790_784_000 + 9 * 3_600;
pub const BEFORE: i64 = OPEN - 30 * 86_400;
pub const AFTER: i64 = OPEN + 300 * 86_400;

pub fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

pub fn id(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

pub fn secret(member: u32, role: Role) -> SigningKey {
    SigningKey::from_seed(&sha256(&[b"test", &member.to_be_bytes(), &[role as u8]]).0)
}

pub fn gate_secret(gate: GateId) -> SigningKey {
    SigningKey::from_seed(&sha256(&[b"gate", &gate.member.code().to_be_bytes(), &gate.number.to_be_bytes()]).0)
}

pub fn holder(number: u8) -> SigningKey {
    SigningKey::from_seed(&sha256(&[b"holder", &[number]]).0)
}

pub fn member(code: u32) -> Member {
    let kind = if code == AUDITOR { MemberKind::Auditor } else { MemberKind::City };
    let roles: &[Role] = match kind {
        MemberKind::Auditor => &[Role::Witness],
        MemberKind::City => &[Role::Root, Role::Issuer, Role::Registrar, Role::Log, Role::Witness],
    };
    let key = |role: &Role| KeyEntry {
        role: *role,
        key: secret(code, *role).verifying_key(),
        not_before: time(BEFORE),
        not_after: time(AFTER + 86_400),
    };
    let keys = roles.iter().map(key).collect();
    Member { id: id(code), name_zh: "城".into(), name_en: format!("City {code}"), kind, keys, suspended_from: None }
}

pub fn trust_spec() -> TrustListSpec {
    TrustListSpec {
        federation: "onecard.test".into(),
        sequence: 1,
        issued: time(BEFORE),
        expires: time(AFTER),
        policy: Policy::default(),
        members: [AUDITOR].into_iter().chain(CITIES).map(member).collect(),
    }
}

pub fn trust_list() -> Vec<u8> {
    let roots: Vec<SigningKey> = CITIES[..3].iter().map(|&code| secret(code, Role::Root)).collect();
    trust_spec().sign(&roots.iter().collect::<Vec<_>>())
}

/// Each city sells a pass of two entries (contracted), one of nine (equal split), one of an entry a day (weighted
/// pool), and one of a free entry and another at half price (contracted), good everywhere.
pub fn catalogue(code: u32) -> Vec<u8> {
    catalogue_spec(code).sign(&secret(code, Role::Registrar))
}

pub fn catalogue_spec(code: u32) -> CatalogueSpec {
    let venue = |number: u16| Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: "Garden".into(),
        category: 1,
        price_fen: 1_001 * u32::from(number),
    };
    let product = |number: u16, limit: u16, period, price, method| Product {
        id: ProductRef { issuer: id(code), product: number, version: 1 },
        name_zh: "通票".into(),
        name_en: "Pass".into(),
        holders: vec![],
        party_max: 4,
        settlement: Settlement { price_fen: 10_000, method },
        grants: vec![Grant {
            scope: Scope { all: true, ..Scope::default() },
            service: 0,
            quotas: vec![Quota { limit, unit: Unit::Entries, period, key: QuotaKey::Shared }],
            window: Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 },
            price,
            holders: vec![],
            choice: None,
        }],
    };
    let mut reduced = product(4, 1, QuotaPeriod::Life, Price::Free, Method::Contracted(Rate::PerUse(700)));
    reduced.grants.push(Grant { price: Price::Off(5_000), ..reduced.grants[0].clone() });
    let products = vec![
        product(1, 2, QuotaPeriod::Life, Price::Free, Method::Contracted(Rate::Share(5_000))),
        product(2, 9, QuotaPeriod::Life, Price::Off(5_000), Method::EqualSplit),
        product(3, 1, QuotaPeriod::Day, Price::Free, Method::WeightedPool),
        reduced,
    ];
    let (member, sequence, issued) = (id(code), 1, time(BEFORE));
    CatalogueSpec { member, sequence, issued, venues: vec![venue(1), venue(2)], products }
}

pub fn status_list(code: u32) -> Vec<u8> {
    StatusListSpec::new(format!("oc:{code}/1"), time(OPEN - 3_600), time(AFTER), 256).sign(&secret(code, Role::Issuer))
}

pub fn bundle() -> Bundle {
    let trust = trust_list();
    let mut bundle = Bundle::new(TrustList::genesis(&trust, &sha256(&[&trust])).unwrap());
    for code in CITIES {
        bundle.update_catalogue(&catalogue(code), time(OPEN)).unwrap();
        bundle.update_status(&status_list(code), time(OPEN)).unwrap();
    }
    bundle
}

pub fn pass(issuer: u32, number: u8, product: u16, change: impl FnOnce(&mut PassClaims)) -> Vec<u8> {
    let mut claims = claims(issuer, number, product);
    change(&mut claims);
    claims.issue(&secret(issuer, Role::Issuer)).unwrap()
}

pub fn claims(issuer: u32, number: u8, product: u16) -> PassClaims {
    PassClaims {
        issuer: id(issuer),
        pass: PassId::from_bytes([number; 10]),
        expires: time(OPEN + 30 * 86_400),
        not_before: time(OPEN - 86_400),
        issued: time(OPEN - 86_400),
        confirmation: Some(holder(number).verifying_key()),
        status: StatusRef { index: number.into(), uri: format!("oc:{issuer}/1").parse().unwrap() },
        product: (product, 1),
        holder_class: 0,
        flags: 0,
        freshness: 0,
        id_commitment: None,
    }
}

pub fn paper(issuer: u32, number: u8) -> Vec<u8> {
    pass(issuer, number, 2, |claims| (claims.confirmation, claims.flags) = (None, flags::STATIC_ALLOWED))
}

/// The QR text of a pass shown by its holder.
pub fn code(pass: &[u8], number: u8, at: i64) -> String {
    text::encode(&present(pass, &holder(number), "onecard.test", None, time(at)).unwrap())
}

pub struct City {
    pub ledger: Ledger<MemoryStorage>,
    pub gates: Vec<Gate<MemoryStorage>>,
}

pub struct Day {
    pub cities: Vec<City>,
    witnesses: Vec<(Witness, MemoryStorage)>,
}

impl Day {
    /// The morning: lists recorded, two gates enrolled and open in each of the first two cities.
    pub fn open() -> Self {
        let trust = bundle().trust().clone();
        let cities = CITIES.map(|code| {
            let key = secret(code, Role::Log);
            let mut ledger =
                Ledger::open(MemoryStorage::new(), id(code), key, trust.clone(), Default::default()).unwrap();
            let now = time(OPEN - 1_800);
            let digest = trust.digest();
            ledger.record(Announcement::TrustAdopted { sequence: 1, digest }, now).unwrap();
            let digest = sha256(&[&catalogue(code)]);
            ledger.record(Announcement::CataloguePublished { sequence: 1, digest }, now).unwrap();
            let (uri, issued) = (format!("oc:{code}/1"), time(OPEN - 3_600));
            let digest = sha256(&[&status_list(code)]);
            ledger.record(Announcement::StatusPublished { uri, issued, digest }, now).unwrap();
            let numbers = if code == CITIES[0] || code == CITIES[1] { 1..3 } else { 1..1 };
            let gates = numbers.map(|number| open_gate(&mut ledger, number)).collect();
            City { ledger, gates }
        });
        let logs = |own: u32| {
            let others = (1..).zip(CITIES).filter(move |(_, code)| *code != own);
            let trust = trust.clone();
            others.map(move |(at, code)| {
                (LogKey(at), onecard::ledger::log_verifiers(&trust, id(code), time(OPEN)).remove(0))
            })
        };
        let witness = |code: u32| {
            let storage = MemoryStorage::new();
            let name = witness_name(&trust, id(code)).unwrap();
            (
                Witness::open(&storage, name, secret(code, Role::Witness), logs(code), Default::default()).unwrap(),
                storage,
            )
        };
        let witnesses = CITIES.into_iter().chain([AUDITOR]).map(witness).collect();
        Self { cities: cities.into_iter().collect(), witnesses }
    }

    /// A day with a few of everything and no over-use.
    pub fn ordinary() -> Self {
        let mut day = Self::open();
        let (shanghai, nanjing) = (pass(CITIES[0], 1, 1, |_| {}), pass(CITIES[1], 2, 2, |_| {}));
        index(day.scan(0, 0, &code(&shanghai, 1, OPEN), OPEN));
        let annulled = index(day.scan(0, 0, &code(&nanjing, 2, OPEN + 30), OPEN + 30));
        day.gate(0, 0).annul(annulled, time(OPEN + 60)).unwrap();
        index(day.scan(1, 1, &code(&nanjing, 2, OPEN + 600), OPEN + 600));
        let printed = text::encode(&paper(CITIES[2], 3));
        index(day.scan(1, 0, &printed, OPEN + 700));
        for (city, gate) in [(0, 0), (1, 0)] {
            day.deliver(city, gate, OPEN + 3_600);
        }
        day.finish(OPEN + 3_600);
        index(day.scan(1, 0, &code(&shanghai, 1, OPEN + 7_200), OPEN + 7_200));
        let service_day = time(OPEN).service_day(0);
        day.gate(1, 0).close_day(service_day, time(OPEN + 36_000)).unwrap();
        for (city, gate) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            day.deliver(city, gate, OPEN + 40_000);
        }
        day
    }

    /// Two passes of two entries are used three times: pass 1 a third time at a gate that could not know, pass 2
    /// at one that had not synced for too long.
    pub fn over_used() -> Self {
        let mut day = Self::open();
        let (early, late) = (pass(CITIES[0], 1, 1, |_| {}), pass(CITIES[0], 2, 1, |_| {}));
        let key = |number| PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([number; 10]) };
        // Both passes are used up in Shanghai; gates of Nanjing admit once more before they hear of it.
        for at in [OPEN, OPEN + 200] {
            for (number, pass) in [(1, &early), (2, &late)] {
                index(day.scan(0, 0, &code(pass, number, at), at));
            }
        }
        day.sync(1, 0, &[], OPEN + 1_000);
        index(day.scan(1, 0, &code(&early, 1, OPEN + 2_000), OPEN + 2_000));
        // More than four hours after its last sync, the gate answers for what it did not hear.
        let long_after = OPEN + 1_000 + 4 * 3_600 + 1;
        index(day.scan(1, 0, &code(&late, 2, long_after), long_after));
        // Told at last, it refuses.
        let used = |at: i64, index| Use {
            time: time(at),
            gate: GateId { member: id(CITIES[0]), number: 1 },
            index,
            venue: VenueId { member: id(CITIES[0]), number: 1 },
            service: 0,
            grant: 0,
            party: 1,
        };
        let usage: Usage = [used(OPEN, 2), used(OPEN + 200, 4)].into_iter().collect();
        day.deliver(0, 0, OPEN + 20_000);
        day.sync(1, 0, &[(key(1), usage)], OPEN + 20_000);
        let refused = day.scan(1, 0, &code(&early, 1, OPEN + 20_100), OPEN + 20_100);
        assert_eq!(refused.reason(), Reason::TotalQuota);
        for (city, gate) in [(0, 1), (1, 0), (1, 1)] {
            day.deliver(city, gate, OPEN + 40_000);
        }
        day
    }

    pub fn gate(&mut self, city: usize, gate: usize) -> &mut Gate<MemoryStorage> {
        &mut self.cities[city].gates[gate]
    }

    /// Shows a code and returns the decision.
    pub fn scan(&mut self, city: usize, gate: usize, code: &str, at: i64) -> Decision {
        self.gate(city, gate).admit(Scan::text(code.as_bytes()), time(at))
    }

    /// Seals a gate's journal and gives it to its city.
    pub fn deliver(&mut self, city: usize, gate: usize, at: i64) {
        let City { ledger, gates } = &mut self.cities[city];
        if gates[gate].seal().unwrap().is_some() {
            let known = ledger.journals()[&gates[gate].id().number].log().size();
            let segment = gates[gate].segment(known).unwrap().unwrap();
            ledger.ingest(&segment, time(at)).unwrap();
        }
    }

    /// A gate hands over these records after those it handed over before, whatever its software would have recorded.
    pub fn say(&mut self, city: usize, gate: usize, records: Vec<(Record, Option<Vec<u8>>)>, at: i64) {
        let ledger = &mut self.cities[city].ledger;
        let gate = GateId { member: ledger.member(), number: gate as u32 + 1 };
        let journal = &ledger.journals()[&gate.number];
        let (copy, certificate) = (journal.log(), journal.certificate().as_bytes().to_vec());
        let mut batch = Log::open(&MemoryStorage::new(), LogKey(0), copy.origin().as_str()).unwrap().begin();
        copy.replay(ledger.storage(), 0..copy.size(), |_, body| batch.push(body, None).is_ok()).unwrap();
        let first = batch.size();
        let record = |(record, evidence): (Record, _)| SegmentRecord { body: record.encode(), evidence };
        let records: Vec<SegmentRecord> = records.into_iter().map(record).collect();
        for record in &records {
            batch.push(&record.body, None).unwrap();
        }
        let checkpoint = SignedCheckpoint::sign(batch.checkpoint(), &gate_secret(gate)).note().to_owned();
        ledger.ingest(&Segment { certificate, checkpoint, first, records }, time(at)).unwrap();
    }

    /// Tells a gate what the ledgers know of these passes.
    pub fn sync(&mut self, city: usize, gate: usize, usage: &[(PassKey, Usage)], at: i64) {
        let ledgers: Vec<_> = self.cities.iter().map(|city| (city.ledger.member(), city.ledger.log().size())).collect();
        self.gate(city, gate).sync(&SyncInput { usage, ledgers: &ledgers, ..SyncInput::default() }, time(at)).unwrap();
    }

    /// Checkpoints of all ledgers, cosigned by all witnesses.
    pub fn finish(&mut self, at: i64) {
        for city in &mut self.cities {
            let signed = city.ledger.checkpoint().unwrap();
            let mut lines = String::new();
            for (witness, storage) in &mut self.witnesses {
                let old = witness.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
                let proof = city.ledger.consistency_proof(old, signed.size()).unwrap();
                let request = AddCheckpoint { old, proof, note: signed.note().as_bytes() };
                if let Ok(pending) = witness.consider(&request) {
                    lines.push_str(&pending.commit(storage, time(at)).unwrap());
                }
            }
            city.ledger.cosigned(&lines, time(at)).unwrap();
        }
    }

    /// Everything published so far.
    pub fn files(&self) -> MemoryFiles {
        let mut files = MemoryFiles::new();
        files.insert("trust/trust-list-1.cose".into(), trust_list());
        for code in CITIES {
            files.insert(format!("trust/catalogue-{code}-1.cose"), catalogue(code));
            files.insert(format!("trust/status-{code}-1.cose"), status_list(code));
        }
        for City { ledger, .. } in &self.cities {
            let member = ledger.member();
            let signed = ledger.kept_checkpoint().unwrap().unwrap();
            publish(&mut files, &format!("ledger/{member}"), None, ledger.log(), ledger.storage(), signed.note());
            for (number, journal) in ledger.journals() {
                let Some(note) = journal.log().kept_checkpoint(ledger.storage()).unwrap() else { continue };
                let (log, evidence) = (format!("journal/{member}/{number}"), format!("evidence/{member}/{number}"));
                let note = String::from_utf8(note).unwrap();
                publish(&mut files, &log, Some(&evidence), journal.log(), ledger.storage(), &note);
            }
        }
        files
    }

    /// Settles the day: all cities record the statement, and all is final and published.
    pub fn settle(&mut self, at: i64) -> MemoryFiles {
        self.finish(at);
        let report = self.audit();
        assert_eq!(report.findings, []);
        let statement = report.statement.unwrap();
        self.agree(&statement, at);
        let mut files = self.files();
        files.insert("statement.cbor".into(), statement.encode());
        files
    }

    /// All members that are part of a statement record it.
    pub fn agree(&mut self, statement: &Statement, at: i64) {
        let SettlementPeriod { from, until } = statement.period();
        let settled = StatementRef { from, until, cut_offs: statement.cut_offs().to_vec(), digest: statement.digest() };
        let part = |city: &&mut City| settled.cut_offs.iter().any(|cut_off| cut_off.member == city.ledger.member());
        for city in self.cities.iter_mut().filter(part) {
            city.ledger.record(Announcement::Settlement(settled.clone()), time(at)).unwrap();
        }
        self.finish(at);
    }

    /// Audits what is published so far, settling the service day.
    pub fn audit(&self) -> Report {
        let period = SettlementPeriod { from: time(OPEN - 9 * 3_600), until: time(OPEN + 15 * 3_600) };
        audit(&self.files(), &Options { period: Some(period), ..Options::default() })
    }
}

/// Index of the record of an admission.
pub fn index(decision: Decision) -> u64 {
    match decision {
        Decision::Admitted(admitted) => admitted.index,
        refused => panic!("refused: {refused:?}"),
    }
}

/// What gate 2 of the first city knows as it opens.
pub fn knows(at: i64) -> Synced {
    let status = CITIES.map(|code| (id(code), format!("oc:{code}/1"), time(OPEN - 3_600)));
    let catalogues = CITIES.map(|code| (id(code), 1)).into();
    Synced { time: time(at), trust: 1, catalogues, status: status.into(), ledgers: vec![] }
}

/// A record that the pass in `shown` was used at `at`, and the evidence.
pub fn used(number: u8, product: u16, shown: &str, at: i64) -> (Redemption, Option<Vec<u8>>) {
    let evidence = text::decode(shown.as_bytes()).unwrap().as_slice().to_vec();
    let redemption = Redemption {
        time: time(at),
        pass: PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([number; 10]) },
        product: (product, 1),
        facts: claims(CITIES[0], number, product).facts(),
        grant: 0,
        party: 1,
        due_fen: if product == 2 { 1_001 } else { 0 }, // half of 2,002
        flags: 0,
        evidence: sha256(&[&evidence]),
    };
    (redemption, Some(evidence))
}

fn open_gate(ledger: &mut Ledger<MemoryStorage>, number: u32) -> Gate<MemoryStorage> {
    let gate = GateId { member: ledger.member(), number };
    let certificate = gate_certificate(gate);
    ledger.enrol(&certificate, time(OPEN - 1_800)).unwrap();
    Gate::open(MemoryStorage::new(), gate_secret(gate), &certificate, bundle(), time(OPEN - 600)).unwrap()
}

/// Of a gate at the venue with its number.
pub fn gate_certificate(gate: GateId) -> Vec<u8> {
    let spec = GateCertificateSpec {
        gate,
        venue: gate.number as u16,
        service: 0,
        key: gate_secret(gate).verifying_key(),
        issued: time(OPEN - 3_600),
        not_before: time(OPEN - 3_600),
        expires: time(AFTER),
    };
    spec.sign(&secret(gate.member.code(), Role::Registrar))
}

/// Publishes a ledger as no honest city would: with its entries changed, signed by `key` and cosigned
/// by `witnesses`.
pub fn publish_rewritten(
    files: &mut MemoryFiles,
    ledger: &Ledger<MemoryStorage>,
    change: impl FnOnce(&mut Vec<(UnixTime, Entry)>),
    key: &SigningKey,
    witnesses: &[(u32, SigningKey)],
    at: i64,
) {
    let entry = |index| Entry::decode(&ledger.log().body(ledger.storage(), index).unwrap()).unwrap();
    let mut entries = (0..ledger.log().size()).map(entry).collect();
    change(&mut entries);
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, LogKey(0), ledger.log().origin().as_str()).unwrap();
    let mut batch = log.begin();
    for (time, entry) in &entries {
        batch.push(&entry.encode(*time), None).unwrap();
    }
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    let name = |member: u32| witness_name(ledger.trust(), id(member)).unwrap();
    let lines = witnesses.iter().map(|(member, key)| log.checkpoint().cosign(&name(*member), key, time(at)));
    let note = [SignedCheckpoint::sign(log.checkpoint(), key).note(), &lines.collect::<String>()].concat();
    let place = format!("ledger/{}", ledger.member());
    files.retain(|path, _| !path.starts_with(&format!("{place}/")));
    publish(files, &place, None, &log, &storage, &note);
}

pub fn publish<S: Storage>(
    files: &mut MemoryFiles,
    log_path: &str,
    evidence: Option<&str>,
    log: &Log,
    storage: &S,
    note: &str,
) {
    files.insert(format!("{log_path}/checkpoint"), note.into());
    for resource in tiles_of(log.size()) {
        let bytes = match resource {
            Resource::Hashes(id) => log.read_tile(storage, id).unwrap(),
            Resource::Entries(id) => log.read_bundle(storage, id).unwrap(),
        };
        files.insert(format!("{log_path}/{resource}"), bytes);
        if let (Resource::Entries(id), Some(evidence)) = (resource, evidence) {
            assert!(id.width() <= TILE_WIDTH);
            files.insert(format!("{evidence}/{id}"), log.read_evidence(storage, id).unwrap());
        }
    }
}
