//! The service day: gates decide offline, seal their journals, cities ingest and cosign, gates sync.
//!
//! Between two syncs every gate is on its own, and so is every city at a sync: both run on several
//! threads, without a thread ever seeing what another does. So the bytes do not depend on who was
//! faster.

use crate::Result;
use crate::federation::{Federation, Learnt};
use crate::planted::{Act, Planted, Step};
use crate::products::Memory;
use crate::world::{World, at};
use indicatif::ProgressBar;
use onecard::gate::{Decision, Gate, Identity, Reason, Scan, Shown, SyncInput};
use onecard::id::{MemberId, PassKey};
use onecard::product::Usage;
use onecard::time::{Date, UnixTime};
use onecard_store::RedbStorage;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// When the gates start, in seconds of the day.
pub(crate) const OPENING: u32 = clock(7, 30);
/// When the gates that are online sync with their city.
pub(crate) const SYNCS: [u32; 5] = [clock(10, 0), clock(12, 0), clock(14, 0), clock(16, 0), clock(18, 0)];
/// How long a sync takes, from the seal to what the gate learnt. Nobody is admitted meanwhile.
pub(crate) const PAUSE: u32 = 180;
/// When the gates close.
const CLOSING: u32 = clock(20, 30);
/// The sync at which the city learns of a pass to revoke.
const NOON: usize = 1;
/// Most scans that are decided in one commit.
const GROUP: usize = 256;
/// More than most machines have processors: a gate waits for its disk longer than it computes.
const THREADS: usize = 8;

/// Seconds of the day.
pub(crate) const fn clock(hour: u32, minute: u32) -> u32 {
    hour * 3_600 + minute * 60
}

/// How many syncs there were before this second of the day.
pub(crate) fn window(second: u32) -> usize {
    SYNCS.partition_point(|&sync| sync <= second)
}

/// Someone at a gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Second of the day.
    pub(crate) at: u32,
    /// Number of the pass.
    pub(crate) pass: u32,
    /// Place in [`World::gates`].
    pub(crate) gate: u16,
    pub(crate) party: u8,
    /// Step of an incident, from 1; 0 for an ordinary visit.
    pub(crate) step: u8,
}

impl Arrival {
    fn order(&self) -> (usize, u16, u32, u8, u32) {
        (window(self.at), self.gate, self.at, self.step, self.pass)
    }
}

/// A gate with what happened at it.
pub(crate) struct Station {
    pub(crate) gate: Gate<RedbStorage>,
    /// Size of the journal as far as the city has it.
    pub(crate) sent: u64,
    pub(crate) tally: Tally,
    /// Place in [`World::gates`].
    place: usize,
    /// The journal entry of the last planted step here.
    last: Option<u64>,
}

/// What a gate answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) admitted: u64,
    pub(crate) rescans: u64,
    pub(crate) annulled: u64,
    pub(crate) refused: BTreeMap<Reason, u64>,
    /// Ordinary visits that were not admitted: none, if the plan is right.
    pub(crate) surprises: u64,
    /// Planted steps, by number, and the answers they got.
    pub(crate) planted: Vec<(u8, Reason, Option<u64>)>,
}

/// Opens every gate on a store of its own, and lets it learn what its city knows in the morning.
pub(crate) fn open(world: &World, federation: &Federation, work: &Path) -> Result<Vec<Station>> {
    let bundle = world.bundle()?;
    let ledgers = federation.sizes();
    let mut stations: Vec<Option<Station>> = world.gates.iter().map(|_| None).collect();
    parallel(&mut stations, |place, slot| {
        let site = &world.gates[place];
        let path = work.join(format!("gate-{}-{}.redb", site.id.member, site.id.number));
        let store = RedbStorage::create(&path)?;
        let mut gate = Gate::open(store, site.key.clone(), &site.certificate, bundle.clone(), moment(OPENING))?;
        gate.sync(&SyncInput { ledgers: &ledgers, ..SyncInput::default() }, moment(OPENING))?;
        *slot = Some(Station { gate, sent: 0, tally: Tally::default(), place, last: None });
        Ok(())
    })?;
    Ok(stations.into_iter().flatten().collect())
}

/// Plays the day from the first visitor to the seal in the evening. What the gate that was offline
/// sealed stays with it.
pub(crate) fn play(
    world: &World,
    federation: &mut Federation,
    stations: &mut [Station],
    planted: &Planted,
    mut arrivals: Vec<Arrival>,
    bar: &ProgressBar,
) -> Result {
    arrivals.sort_unstable_by_key(Arrival::order);
    for now in 0..=SYNCS.len() {
        let arrivals = {
            let from = arrivals.partition_point(|arrival| window(arrival.at) < now);
            let until = arrivals.partition_point(|arrival| window(arrival.at) <= now);
            &arrivals[from..until]
        };
        parallel(stations, |place, station| {
            let from = arrivals.partition_point(|arrival| usize::from(arrival.gate) < place);
            let until = arrivals.partition_point(|arrival| usize::from(arrival.gate) <= place);
            station.serve(world, &planted.steps, &arrivals[from..until], bar)
        })?;
        let online = |station: &Station| station.place != planted.offline;
        if let Some(&sync) = SYNCS.get(now) {
            let learnt = federation.collect(stations, online, moment(sync))?;
            let revoked = (now == NOON).then(|| world.revoked(planted.revoked, moment(sync)));
            if let Some(list) = &revoked {
                federation.publish_status(world, planted.revoked, list.clone(), moment(sync))?;
            }
            let ledgers = federation.finish_round(moment(sync + 90))?;
            let status = revoked.as_ref().map(|list| vec![list.as_slice()]).unwrap_or_default();
            parallel(stations, |_, station| {
                if online(station) {
                    station.sync(world, &learnt, &ledgers, &status, moment(sync + 120))
                } else {
                    Ok(())
                }
            })?;
        }
    }
    parallel(stations, |_, station| {
        let day = Date::new(2026, 10, 1).ok_or("no such day")?;
        Ok(station.gate.close_day(day, moment(CLOSING))?)
    })?;
    federation.collect(stations, |station| station.place != planted.offline, moment(CLOSING))?;
    federation.finish_round(moment(CLOSING + 90))?;
    Ok(())
}

/// Runs `work` on every item, on several threads.
pub(crate) fn parallel<T: Send>(items: &mut [T], work: impl Fn(usize, &mut T) -> Result + Sync) -> Result {
    let (queue, failure) = (Mutex::new(items.iter_mut().enumerate()), Mutex::new(None));
    let next = || queue.lock().ok()?.next();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((place, item)) = next() {
                    if let Err(error) = work(place, item)
                        && let Ok(mut failure) = failure.lock()
                    {
                        *failure = Some(error);
                        return;
                    }
                }
            });
        }
    });
    match failure.into_inner() {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(_) => Err("a thread panicked".into()),
    }
}

impl Station {
    /// Decides on the visitors of one stretch, those who come at the same second together.
    fn serve(&mut self, world: &World, steps: &[Step], arrivals: &[Arrival], bar: &ProgressBar) -> Result {
        let together = |a: &Arrival, b: &Arrival| a.at == b.at && a.step == 0 && b.step == 0;
        for group in arrivals.chunk_by(together).flat_map(|group| group.chunks(GROUP)) {
            let now = moment(group[0].at);
            let step = group[0].step.checked_sub(1).map(|step| &steps[usize::from(step)]);
            if let (Some(Step { act: Act::Annul, .. }), Some(index)) = (step, self.last) {
                self.gate.annul(index, now)?;
                self.tally.annulled += 1;
                self.tally.planted.push((group[0].step, Reason::Ok, Some(index)));
                continue;
            }
            let codes: Vec<String> = group.iter().map(|arrival| code(world, step, arrival.pass, now)).collect();
            let scans = codes.iter().zip(group).map(|(code, arrival)| Scan {
                shown: Shown::Text(code.as_bytes()),
                party: arrival.party,
                identity: Identity::Unknown,
            });
            let decisions = self.gate.admit_all(&scans.collect::<Vec<_>>(), now);
            for (arrival, decision) in group.iter().zip(decisions) {
                self.count(arrival.step, &decision);
            }
            bar.inc(group.len() as u64);
        }
        Ok(())
    }

    fn count(&mut self, step: u8, decision: &Decision) {
        let (reason, index) = match decision {
            Decision::Admitted(admitted) => (admitted.reason, Some(admitted.index)),
            Decision::Referred(refusal) | Decision::Denied(refusal) => (refusal.reason, None),
        };
        match (reason, index) {
            (Reason::Rescan, _) => self.tally.rescans += 1,
            (_, Some(_)) => self.tally.admitted += 1,
            (_, None) => *self.tally.refused.entry(reason).or_default() += 1,
        }
        if step > 0 {
            self.last = index;
            self.tally.planted.push((step, reason, index));
        } else if index.is_none() || reason == Reason::Rescan {
            self.tally.surprises += 1;
        }
    }

    /// Takes from the city what can change a decision of this gate, and no more: memory at a gate
    /// is for the passes it may see, not for the day of four cities.
    fn sync(
        &mut self,
        world: &World,
        learnt: &Learnt,
        ledgers: &[(MemberId, u64)],
        status_lists: &[&[u8]],
        now: UnixTime,
    ) -> Result {
        let venue = world.gates[self.place].venue;
        let usage: Vec<(PassKey, Usage)> = learnt
            .iter()
            .filter_map(|(pass, (product, usage))| {
                let (product, memory) = world.products.get(product)?;
                if !product.grants.iter().any(|grant| grant.scope.covers(venue.id, venue.category)) {
                    return None;
                }
                let wanted = match memory {
                    Memory::Everywhere => true,
                    Memory::SameVenue => {
                        usage.uses().iter().any(|used| used.venue == venue.id) || !usage.annulled().is_empty()
                    }
                    Memory::Nothing => false,
                };
                wanted.then(|| (*pass, usage.clone()))
            })
            .collect();
        let sync = SyncInput { usage: &usage, ledgers, status_lists, ..SyncInput::default() };
        Ok(self.gate.sync(&sync, now)?)
    }
}

/// The text that a visitor shows.
fn code(world: &World, step: Option<&Step>, number: u32, now: UnixTime) -> String {
    let pass = world.pass(number);
    match step.map(|step| step.act) {
        None | Some(Act::Show | Act::Annul) => world.code(number, pass, now),
        Some(Act::Dated(second)) => world.code(number, pass, moment(second)),
        Some(Act::Stranger) => world.code(number, &world.stranger(number), now),
        Some(Act::Forge) => {
            let mut forged = pass.to_vec();
            if let Some(last) = forged.last_mut() {
                *last ^= 0x20;
            }
            world.code(number, &forged, now)
        }
    }
}

/// A second of the service day.
fn moment(second: u32) -> UnixTime {
    at(10, 1, 0, 0).saturating_add(second.into())
}
