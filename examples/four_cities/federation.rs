//! The four cities as operators: their ledgers, their witnesses, and the neutral auditor's witness.

use crate::Result;
use crate::day::{Station, parallel};
use crate::world::{World, at};
use onecard::crypto::{SigningKey, sha256};
use onecard::gate::Record;
use onecard::id::{MemberId, PassKey, ProductRef};
use onecard::ledger::{Announcement, Ledger, LedgerCheckpoint, StatementRef, watch, witness_name};
use onecard::product::{Usage, Use};
use onecard::time::UnixTime;
use onecard::tlog::{AddCheckpoint, LogKey, SignedCheckpoint, Witness};
use onecard::trust::TrustHistory;
use onecard_store::RedbStorage;
use std::collections::BTreeMap;
use std::path::Path;

/// What was learnt of passes in one round, from records that are in a ledger.
pub(crate) type Learnt = BTreeMap<PassKey, (ProductRef, Usage)>;

/// One city's platform.
pub(crate) struct Platform {
    pub(crate) ledger: Ledger<RedbStorage>,
    /// Status lists in order of issue.
    pub(crate) status_lists: Vec<Vec<u8>>,
    /// Journals ingested, one for each seal.
    pub(crate) sealed: u64,
    /// What this round's segments say, until it is shared.
    learnt: Learnt,
}

/// A witness with what it remembers.
struct Observer {
    member: MemberId,
    witness: Witness,
    store: RedbStorage,
}

/// All of them.
pub(crate) struct Federation {
    pub(crate) platforms: Vec<Platform>,
    /// The newest final checkpoint of each city.
    pub(crate) checkpoints: Vec<SignedCheckpoint>,
    /// Cosignatures made.
    pub(crate) cosignatures: u64,
    trust: TrustHistory,
    observers: Vec<Observer>,
    rounds: usize,
}

impl Federation {
    /// Opens the ledgers, publishes the lists in them and enrols the gates.
    pub(crate) fn open(world: &World, work: &Path) -> Result<Self> {
        let now = at(10, 1, 6, 30);
        let mut platforms = Vec::new();
        for city in &world.cities {
            let store = RedbStorage::create(&work.join(format!("ledger-{}.redb", city.id)))?;
            let mut ledger = Ledger::open(store, city.id, city.log.clone(), world.trust.clone(), Default::default())?;
            let status = city.status.sign(&city.issuer);
            ledger.record(Announcement::TrustAdopted { sequence: 1, digest: world.trust.digest() }, now)?;
            ledger.record(Announcement::CataloguePublished { sequence: 1, digest: sha256(&[&city.catalogue]) }, now)?;
            let (uri, issued) = (city.status.uri.clone(), city.status.issued);
            ledger.record(Announcement::StatusPublished { uri, issued, digest: sha256(&[&status]) }, now)?;
            for &gate in &city.gates {
                ledger.enrol(&world.gates[gate].certificate, now)?;
            }
            platforms.push(Platform { ledger, status_lists: vec![status], sealed: 0, learnt: Learnt::new() });
        }
        let keys = world.cities.iter().map(|city| (city.id, &city.witness));
        let observers = keys.chain([(world.auditor, &world.auditor_witness)]);
        let observers =
            observers.map(|(member, key)| Observer::open(world, member, key, work)).collect::<Result<_>>()?;
        let trust = world.trust.clone().into();
        let mut federation = Self { platforms, checkpoints: Vec::new(), cosignatures: 0, trust, observers, rounds: 0 };
        federation.finish_round(now)?;
        Ok(federation)
    }

    /// Sizes of the final ledgers.
    pub(crate) fn sizes(&self) -> Vec<(MemberId, u64)> {
        let sizes = self.platforms.iter().zip(&self.checkpoints);
        sizes.map(|(platform, checkpoint)| (platform.ledger.member(), checkpoint.size())).collect()
    }

    /// Seals the journals of the gates that `reach` their city and ingests what is new in them.
    /// Returns what the records say, of all cities.
    pub(crate) fn collect(
        &mut self,
        stations: &mut [Station],
        reach: impl Fn(&Station) -> bool + Sync,
        now: UnixTime,
    ) -> Result<Learnt> {
        // Stations are in the order of their cities, so each city gets its own to work on alone.
        let mut rest = stations;
        let mut work = Vec::new();
        for platform in &mut self.platforms {
            let member = platform.ledger.member();
            let count = rest.partition_point(|station| station.gate.id().member <= member);
            let (own, others) = rest.split_at_mut(count);
            rest = others;
            work.push((platform, own));
        }
        parallel(&mut work, |_, (platform, stations)| {
            stations.iter_mut().filter(|station| reach(station)).try_for_each(|station| platform.take(station, now))
        })?;
        let mut all = Learnt::new();
        for platform in &mut self.platforms {
            for (pass, (product, usage)) in std::mem::take(&mut platform.learnt) {
                all.entry(pass).or_insert((product, Usage::new())).1.merge(&usage);
            }
        }
        Ok(all)
    }

    /// Logs a newer status list of the city that issued a pass.
    pub(crate) fn publish_status(&mut self, world: &World, pass: u32, list: Vec<u8>, now: UnixTime) -> Result {
        let city = world.kind(pass).city();
        let digest = sha256(&[&list]);
        let platform = &mut self.platforms[city];
        let uri = world.cities[city].status.uri.clone();
        platform.ledger.record(Announcement::StatusPublished { uri, issued: now, digest }, now)?;
        platform.status_lists.push(list);
        Ok(())
    }

    /// Every city logs the peers' checkpoints it saw last, signs its own, and has it cosigned until
    /// it is final. Returns the sizes of the ledgers.
    pub(crate) fn finish_round(&mut self, now: UnixTime) -> Result<Vec<(MemberId, u64)>> {
        let seen: Vec<String> = self.checkpoints.iter().map(|signed| signed.note().to_owned()).collect();
        for (city, platform) in self.platforms.iter_mut().enumerate() {
            for (_, note) in seen.iter().enumerate().filter(|(peer, _)| *peer != city) {
                platform.ledger.record(Announcement::PeerSeen { checkpoint: note.clone() }, now)?;
            }
        }
        self.cosign(now)
    }

    /// Every city agrees to a statement and publishes that it did.
    pub(crate) fn agree(&mut self, settled: &StatementRef, now: UnixTime) -> Result {
        for platform in &mut self.platforms {
            platform.ledger.record(Announcement::Settlement(settled.clone()), now)?;
        }
        self.cosign(now)?;
        Ok(())
    }

    fn cosign(&mut self, now: UnixTime) -> Result<Vec<(MemberId, u64)>> {
        self.checkpoints.clear();
        for platform in &mut self.platforms {
            let member = platform.ledger.member();
            let mut signed = platform.ledger.checkpoint()?;
            // Not always the same three: the one that was left out catches up by its own proof.
            let (before, after) = self.observers.split_at_mut(self.rounds % 5);
            for observer in after.iter_mut().chain(before).filter(|observer| observer.member != member) {
                if is_final(&signed, &self.trust, member)? {
                    break;
                }
                let line = observer.cosign(&platform.ledger, &signed, now)?;
                signed = platform.ledger.cosigned(&line, now)?;
                self.cosignatures += 1;
            }
            if !is_final(&signed, &self.trust, member)? {
                return Err(format!("the ledger of {member} is not final").into());
            }
            self.checkpoints.push(signed);
        }
        self.rounds += 1;
        Ok(self.sizes())
    }
}

fn is_final(signed: &SignedCheckpoint, trust: &TrustHistory, member: MemberId) -> Result<bool> {
    Ok(LedgerCheckpoint::verify(signed.note().as_bytes(), trust, member)?.final_at().is_some())
}

impl Platform {
    /// Takes what one gate sealed since the last time.
    fn take(&mut self, station: &mut Station, now: UnixTime) -> Result {
        station.gate.seal()?;
        let Some(segment) = station.gate.segment(station.sent)? else { return Ok(()) };
        self.ledger.ingest(&segment, now)?;
        self.sealed += 1;
        let (certificate, number) = (station.gate.certificate(), station.gate.id().number);
        for (index, record) in (segment.first..).zip(&segment.records) {
            match Record::decode(&record.body)? {
                Record::Redeemed(redemption) => {
                    let used = Use {
                        time: redemption.time,
                        gate: certificate.gate(),
                        index,
                        venue: certificate.venue(),
                        service: certificate.service(),
                        grant: redemption.grant,
                        party: redemption.party,
                    };
                    let known = self.learnt.entry(redemption.pass);
                    known.or_insert((redemption.product_ref(), Usage::new())).1.insert(used);
                }
                Record::Annulled { index, .. } => {
                    let journal = self.ledger.journals().get(&number).ok_or("no journal of this gate")?;
                    let body = journal.log().body(self.ledger.storage(), index)?;
                    if let Record::Redeemed(redemption) = Record::decode(&body)? {
                        let known = self.learnt.entry(redemption.pass);
                        let known = known.or_insert((redemption.product_ref(), Usage::new()));
                        known.1.annul(certificate.gate(), index);
                    }
                }
                _ => {}
            }
        }
        station.sent = segment.first + segment.records.len() as u64;
        Ok(())
    }
}

impl Observer {
    fn open(world: &World, member: MemberId, key: &SigningKey, work: &Path) -> Result<Self> {
        let store = RedbStorage::create(&work.join(format!("witness-{member}.redb")))?;
        let now = at(10, 1, 6, 0);
        let peers = world.cities.iter().filter(|city| city.id != member);
        let trust = world.trust.clone().into();
        let logs = peers.map(|city| watch(&trust, city.id, LogKey(city.id.code()), now));
        let logs = logs.collect::<core::result::Result<Vec<_>, _>>()?;
        let witness =
            Witness::open(&store, witness_name(&world.trust, member)?, key.clone(), logs, Default::default())?;
        Ok(Self { member, witness, store })
    }

    /// What passes between a city and a witness: the request over the wire, the line back.
    fn cosign(&mut self, ledger: &Ledger<RedbStorage>, signed: &SignedCheckpoint, now: UnixTime) -> Result<String> {
        let old = self.witness.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
        let proof = ledger.consistency_proof(old, signed.size())?;
        let body = AddCheckpoint { old, proof, note: signed.note().as_bytes() }.to_body();
        let request = AddCheckpoint::parse(&body)?;
        Ok(self.witness.consider(&request)?.commit(&mut self.store, now)?)
    }
}
