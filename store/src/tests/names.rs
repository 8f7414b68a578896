//! Directories and their names fail, are cut short, or lose power while files are published and a store is rebuilt:
//! what was told is there, nothing half is believed, and it can be done again.

use crate::{
    Folder, Published, RebuildError, RedbStorage, StoreError, content_digest,
    directory::publish_named,
    names::{Names, Readers, parent},
    rebuild::rebuild_named,
};
use onecard::{
    audit::Files as _,
    crypto::SigningKey,
    tlog::{
        Batch, KeyKind, Log, LogKey, MemoryStorage, NoteVerifier, Resource, SignedCheckpoint, Storage, TILE_WIDTH,
        tiles_of,
    },
};
use onecard_testkit::chance::{Dice, Seed};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};
use tempfile::TempDir;

const KEY: LogKey = LogKey(0);
const ORIGIN: &str = "onecard.example/310101";

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing is done; of a file, the first half is written.
    Fails,
    /// It is done, and said to have failed.
    Done,
    /// The machine stops before it, and all calls after it fail.
    Stop,
    /// The machine stops after it.
    DoneAndStop,
}

const FAULTS: [Fault; 4] = [Fault::Fails, Fault::Done, Fault::Stop, Fault::DoneAndStop];

/// How to undo what a power cut takes away.
#[derive(Debug)]
enum Undo {
    /// A name that was not there.
    Remove(PathBuf),
    /// A file that had another name, and what had its name before.
    Rename(PathBuf, PathBuf, Option<Vec<u8>>),
    /// A file that was there.
    Restore(PathBuf, Vec<u8>),
    /// An empty directory that was there.
    Make(PathBuf),
}

#[derive(Debug, Default)]
struct State {
    calls: u64,
    fault: Option<(u64, Fault)>,
    stopped: bool,
    /// By the directory that was not synced since.
    unsynced: Vec<(PathBuf, Undo)>,
}

/// Names of files in a directory for tests, of which a power cut takes away what was not synced.
#[derive(Debug, Default)]
struct Simulated(Mutex<State>);

impl Simulated {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn fail(&self, call: u64, fault: Fault) {
        self.state().fault = Some((call, fault));
    }

    fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Does `work`, which `undo` would undo; or, where it fails, `half` of it.
    fn call(
        &self,
        path: &Path,
        undo: Option<Undo>,
        half: Option<&dyn Fn() -> io::Result<()>>,
        work: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let mut state = self.state();
        state.calls += 1;
        let calls = state.calls;
        let fault = state.fault.filter(|(at, _)| *at == calls).map(|(_, fault)| fault);
        if state.stopped || fault == Some(Fault::Stop) {
            state.stopped = true;
            return Err(io::Error::other("no power"));
        }
        state.stopped = fault == Some(Fault::DoneAndStop);
        let begun = fault != Some(Fault::Fails) || half.is_some();
        let undo = undo.filter(|_| begun).map(|undo| (parent(path).to_path_buf(), undo));
        state.unsynced.extend(undo);
        match (fault, half) {
            (Some(Fault::Fails), Some(half)) => half()?,
            (Some(Fault::Fails), None) => {}
            _ => work()?,
        }
        if fault.is_some() { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    /// Power is cut and comes back. Of the names in each directory that were not synced, the first few are there.
    fn cut(&self, dice: &mut Dice) {
        let mut state = self.state();
        let mut kept: BTreeMap<PathBuf, u32> = BTreeMap::new();
        for (directory, _) in &state.unsynced {
            *kept.entry(directory.clone()).or_default() += 1;
        }
        kept.values_mut().for_each(|count| *count = dice.below(*count + 1));
        let mut lost = Vec::new();
        for (directory, undo) in state.unsynced.drain(..) {
            match kept.get_mut(&directory) {
                Some(count) if *count > 0 => *count -= 1,
                _ => lost.push(undo),
            }
        }
        // What was in a directory that is lost is lost too, so not all of these are there any more.
        for undo in lost.into_iter().rev() {
            match undo {
                Undo::Remove(path) if path.is_dir() => drop(fs::remove_dir_all(path)),
                Undo::Remove(path) => drop(fs::remove_file(path)),
                Undo::Rename(from, to, before) => {
                    drop(fs::rename(&to, from));
                    before.into_iter().for_each(|bytes| drop(fs::write(&to, bytes)));
                }
                Undo::Restore(path, bytes) => drop(fs::write(path, bytes)),
                Undo::Make(path) => drop(fs::create_dir(path)),
            }
        }
        (state.stopped, state.fault) = (false, None);
    }
}

impl Names for Simulated {
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.call(path, Some(Undo::Remove(path.into())), None, || fs::create_dir(path))
    }

    fn write(&self, path: &Path, bytes: &[u8], _readers: Readers) -> io::Result<()> {
        let undo = (!path.exists()).then(|| Undo::Remove(path.into()));
        let half = || fs::write(path, &bytes[..bytes.len() / 2]);
        self.call(path, undo, Some(&half), || fs::write(path, bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let undo = Undo::Rename(from.into(), to.into(), fs::read(to).ok());
        self.call(to, Some(undo), None, || fs::rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let Ok(bytes) = fs::read(path) else { return Ok(()) };
        self.call(path, Some(Undo::Restore(path.into(), bytes)), None, || fs::remove_file(path))
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.call(path, Some(Undo::Make(path.into())), None, || fs::remove_dir(path))
    }

    fn sync(&self, directory: &Path) -> io::Result<()> {
        self.call(directory, None, None, || fs::read_dir(directory).map(drop))?;
        self.state().unsynced.retain(|(unsynced, _)| unsynced != directory);
        Ok(())
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn verifier() -> NoteVerifier {
    NoteVerifier::new(ORIGIN, KeyKind::Ed25519, key().verifying_key()).unwrap()
}

/// A log that grows and is published, with what was told of it.
struct World {
    storage: MemoryStorage,
    log: Log,
    tree: TempDir,
    names: Simulated,
    dice: Dice,
    /// Size of the last checkpoint whose publication succeeded.
    told: u64,
}

impl World {
    fn new(dice: Dice) -> Self {
        let storage = MemoryStorage::new();
        let log = Log::open(&storage, KEY, ORIGIN).unwrap();
        let (tree, names) = (tempfile::tempdir().unwrap(), Simulated::default());
        Self { storage, log, tree, names, dice, told: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.tree.path().join("city").join(name)
    }

    fn grow(&mut self, size: u64) {
        let mut batch = self.log.begin();
        for index in self.log.size()..size {
            batch.push(&index.to_be_bytes(), Some(b"evidence")).unwrap();
        }
        self.apply(batch);
    }

    fn apply(&mut self, batch: Batch) {
        self.storage.commit(&batch.writes()).unwrap();
        self.log.apply(batch).unwrap();
    }

    /// Publishes what is there, until it succeeds.
    fn publish(&mut self) {
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &key());
        let (log, evidence) = (self.path("log"), self.path("evidence"));
        while publish_named(&self.storage, &self.log, &signed, &log, Some(&evidence), &self.names).is_err() {
            assert!(self.names.state().fault.is_some(), "without a fault it succeeds");
            if self.names.state().stopped {
                self.names.cut(&mut self.dice);
            }
            self.check();
        }
        self.told = signed.size();
        self.check();
        // What was told is durable.
        if self.dice.below(2) == 0 {
            self.names.cut(&mut self.dice);
            self.check();
        }
        for resource in tiles_of(self.told) {
            let Resource::Entries(id) = resource else { continue };
            let evidence = self.read(&format!("evidence/{id}"));
            assert_eq!(evidence, Some(self.log.read_evidence(&self.storage, id).unwrap()), "{id}");
            let pruned = id.index() * u64::from(TILE_WIDTH) < self.log.pruned();
            assert_eq!(self.read(&format!("log/{resource}")).is_none(), pruned, "{id}");
        }
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        Folder::new(self.path("")).read(name).unwrap().map(std::borrow::Cow::into_owned)
    }

    /// The checkpoint that is there is none before what was told, and all that it needs is there and whole.
    fn check(&self) {
        let Some(note) = self.read("log/checkpoint") else {
            assert_eq!(self.told, 0, "the checkpoint is gone");
            return;
        };
        let signed = SignedCheckpoint::verify(&note, &verifier()).unwrap();
        assert!(signed.size() >= self.told);
        assert_eq!(self.log.root_at(&self.storage, signed.size()).unwrap(), signed.root());
        for resource in tiles_of(signed.size()) {
            let found = self.read(&format!("log/{resource}"));
            let expected = match resource {
                Resource::Hashes(id) => self.log.read_tile(&self.storage, id).unwrap(),
                Resource::Entries(id) => {
                    let start = id.index() * u64::from(TILE_WIDTH);
                    let shown = self.read(&format!("evidence/{id}"));
                    assert!(start < self.log.erased() || shown.is_some(), "evidence of {id} at {}", signed.size());
                    match self.log.read_bundle(&self.storage, id) {
                        Ok(bundle) => bundle,
                        Err(_) if start < self.log.pruned() => continue,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            assert_eq!(found, Some(expected), "{resource} at {}", signed.size());
        }
    }

    fn play(&mut self) {
        for size in [100, 300] {
            self.grow(size);
            self.publish();
        }
        self.apply(self.log.erase(120, u32::MAX));
        self.publish();
        self.apply(self.log.prune(256, 9));
        self.grow(600);
        self.publish();
    }
}

fn published(first: usize, step: usize) {
    let mut world = World::new(Seed(0).dice("names", 0));
    world.play();
    let calls = world.names.calls();
    for (nth, fault) in (0..).zip(FAULTS) {
        for call in (1..=calls).skip(first).step_by(step) {
            let mut world = World::new(Seed(call).dice("names", nth));
            world.names.fail(call, fault);
            let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.play()));
            assert!(played.is_ok(), "call {call} of {calls}, {fault:?}");
        }
    }
    println!("{calls} calls");
}

#[test]
fn publishing_fails_or_loses_power() {
    published(2, 7);
}

#[test]
#[ignore = "long: every call, with every kind of fault"]
fn publishing_fails_or_loses_power_at_every_call() {
    published(0, 1);
}

/// The store at `path`, rebuilt or as it was left there.
fn rebuilt(path: &Path, published: &Published<'_>, names: &Simulated, dice: &mut Dice) -> RedbStorage {
    loop {
        let rebuilt = match rebuild_named(path, core::slice::from_ref(published), names) {
            Err(RebuildError::Store(StoreError::Exists(_))) => RedbStorage::open_named(path, names).map_err(Into::into),
            rebuilt => rebuilt,
        };
        match rebuilt {
            Ok(storage) => return storage,
            Err(RebuildError::Store(StoreError::Io { .. })) => {}
            Err(other) => panic!("{other:?}"),
        }
        if names.state().stopped {
            names.cut(dice);
        }
    }
}

#[test]
fn rebuilding_fails_or_loses_power() {
    let mut world = World::new(Seed(0).dice("names", 0));
    world.grow(300);
    let signed = SignedCheckpoint::sign(world.log.checkpoint(), &key());
    let write = world.log.checkpoint_write(&world.storage, &signed).unwrap();
    world.storage.commit(&[write]).unwrap();
    world.publish();
    let expected = content_digest(&world.storage, &world.log).unwrap();
    let (log, evidence) = (world.path("log"), world.path("evidence"));
    let published = Published { key: KEY, verifier: verifier(), log: &log, evidence: Some(&evidence) };
    let mut runs = 0;
    for (nth, fault) in (0..).zip(FAULTS) {
        for call in 1.. {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("store");
            let names = Simulated::default();
            let mut dice = Seed(call).dice("rebuild", nth);
            // What an attempt before left behind.
            fs::write(crate::names::unfinished(&path), b"half of a store").unwrap();
            names.fail(call, fault);
            let mut storage = rebuilt(&path, &published, &names, &mut dice);
            let reached = names.calls() >= call;
            // What is recorded from now on is there after a power cut.
            let mut log = Log::open(&storage, KEY, ORIGIN).unwrap();
            assert_eq!(content_digest(&storage, &log).unwrap(), expected, "call {call}, {fault:?}");
            let mut batch = log.begin();
            batch.push(b"recorded", None).unwrap();
            storage.commit(&batch.writes()).unwrap();
            log.apply(batch).unwrap();
            drop(storage);
            names.cut(&mut dice);
            let storage = RedbStorage::open(&path).unwrap();
            assert_eq!(Log::open(&storage, KEY, ORIGIN).unwrap(), log, "call {call}, {fault:?}");
            runs += 1;
            if !reached {
                break;
            }
        }
    }
    assert!(runs > 4 * 4, "{runs}");
}
