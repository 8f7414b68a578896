//! A disk for tests, below the database: it counts what is done to it, fails when told to, and loses
//! power with any part of what was not synced.

use crate::medium::{Access, Medium};
use core::ops::Bound;
use onecard_testkit::chance::Dice;
use redb::{BackendError, StorageBackend};
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

/// Smallest part of a write that is there whole or not at all.
const SECTOR: usize = 512;

/// How a call of the disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// EIO; of a write, the first half is done.
    Io,
    /// ENOSPC; nothing is done.
    Full,
    /// EIO of a sync, after which the cache keeps what did not reach the disk as if it had: no later
    /// sync writes it. Another call fails as with `Io`.
    Forgotten,
    /// The machine stops: this call and all after it fail, until power is back.
    Stop,
}

/// What is left of the writes that were not synced when power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// All: only the process died.
    Process,
    /// None.
    Nothing,
    /// Those up to a point.
    Prefix,
    /// Any of their sectors.
    Sectors,
}

#[derive(Clone, Debug)]
enum Change {
    Length(usize),
    Write(usize, Vec<u8>),
}

#[derive(Debug, Default)]
struct State {
    /// What is read.
    cache: Vec<u8>,
    /// What is there when power is back.
    durable: Vec<u8>,
    /// What a sync has to make durable.
    dirty: Vec<Change>,
    /// Calls so far that change or sync.
    calls: u64,
    /// Which of them were syncs.
    syncs: Vec<u64>,
    /// Which of them fail.
    faults: Vec<(u64, Fault)>,
    /// No write fits that makes a hole smaller.
    full: bool,
    stopped: bool,
    /// What it answers to whoever wants a lock.
    lockless: Option<fn() -> BackendError>,
    /// Who has it open; nobody with an older number gets anything done.
    opened: u64,
    rewritten: u64,
}

/// A disk with one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Calls so far that change or sync.
    pub(crate) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Which calls were syncs.
    pub(crate) fn syncs(&self) -> Vec<u64> {
        self.state().syncs.clone()
    }

    /// Lets the call with this number fail; numbers go on after a power cut.
    pub(crate) fn fail(&self, call: u64, fault: Fault) {
        self.state().faults.push((call, fault));
    }

    /// Whether the machine stopped.
    pub(crate) fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// Whether a write that needs space fails.
    pub(crate) fn fill(&self, full: bool) {
        self.state().full = full;
    }

    /// Whether it grants no lock, and how it says so.
    pub(crate) fn refuse_locks(&self, answer: Option<fn() -> BackendError>) {
        self.state().lockless = answer;
    }

    /// How often bytes were written that were there already.
    pub(crate) fn rewritten(&self) -> u64 {
        self.state().rewritten
    }

    /// Ends whatever has the disk open, and with `cut` what is lost.
    pub(crate) fn cut(&self, cut: Cut, dice: &mut Dice) {
        let mut state = self.state();
        let mut left = core::mem::take(&mut state.durable);
        let dirty = core::mem::take(&mut state.dirty);
        if cut == Cut::Process {
            // The kernel lives, and syncs in its own time.
            state.durable = left;
            state.dirty = dirty;
        } else {
            let end = if cut == Cut::Prefix { dice.below(dirty.len() as u32 + 1) as usize } else { dirty.len() };
            for change in &dirty[..end] {
                match (cut, change) {
                    (Cut::Nothing, _) => {}
                    (Cut::Sectors, Change::Write(offset, bytes)) => {
                        for (at, sector) in (*offset..).step_by(SECTOR).zip(bytes.chunks(SECTOR)) {
                            if dice.below(2) == 0 {
                                put(&mut left, at, sector);
                            }
                        }
                    }
                    (Cut::Sectors, Change::Length(_)) if dice.below(2) == 0 => {}
                    (_, change) => change.apply(&mut left),
                }
            }
            state.cache.clone_from(&left);
            state.durable = left;
        }
        state.stopped = false;
        state.opened += 1;
    }

    /// The file as it is read.
    pub(crate) fn image(&self) -> Vec<u8> {
        self.state().cache.clone()
    }

    /// Changes what the file holds under whoever has it open.
    pub(crate) fn spoil(&self, change: impl FnOnce(&mut [u8])) {
        let mut state = self.state();
        change(&mut state.cache);
        state.durable = state.cache.clone();
        state.dirty.clear();
    }

    /// Another file in its place.
    pub(crate) fn replace(&self, image: Vec<u8>) {
        let mut state = self.state();
        state.cache.clone_from(&image);
        state.durable = image;
        state.dirty.clear();
        state.opened += 1;
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Write(offset, data) => put(bytes, *offset, data),
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

impl Medium for Disk {
    fn path(&self) -> &Path {
        Path::new("disk")
    }

    fn open(&self, _access: Access) -> io::Result<Box<dyn StorageBackend>> {
        let mut state = self.state();
        state.opened += 1;
        Ok(Box::new(Opened { disk: self.clone(), number: state.opened }))
    }
}

#[derive(Debug)]
struct Opened {
    disk: Disk,
    number: u64,
}

impl Opened {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.stopped || state.opened != self.number { Err(io::Error::other("no power")) } else { Ok(state) }
    }

    /// Counts a call that changes or syncs, and says how it fails.
    fn call(&self) -> io::Result<(MutexGuard<'_, State>, Option<Fault>)> {
        let mut state = self.state()?;
        state.calls += 1;
        let calls = state.calls;
        let fault = state.faults.iter().find(|(call, _)| *call == calls).map(|(_, fault)| *fault);
        state.stopped |= fault == Some(Fault::Stop);
        Ok((state, fault))
    }
}

fn failure(fault: Fault) -> io::Error {
    // EIO has no kind of its own.
    if fault == Fault::Full { io::ErrorKind::StorageFull.into() } else { io::Error::from_raw_os_error(5) }
}

impl StorageBackend for Opened {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.cache.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let bytes = state.cache.get(offset as usize..).and_then(|bytes| bytes.get(..out.len()));
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let (mut state, fault) = self.call()?;
        if let Some(fault) = fault {
            return Err(failure(fault));
        }
        let change = Change::Length(length as usize);
        change.apply(&mut state.cache);
        state.dirty.push(change);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let (mut state, fault) = self.call()?;
        let state = &mut *state;
        state.syncs.push(state.calls);
        match fault {
            Some(Fault::Forgotten) => {
                // A length is the file system's own, which its journal keeps.
                state.dirty.retain(|change| matches!(change, Change::Length(_)));
                Err(failure(Fault::Io))
            }
            Some(fault) => Err(failure(fault)),
            None => {
                state.dirty.drain(..).for_each(|change| change.apply(&mut state.durable));
                Ok(())
            }
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (mut state, fault) = self.call()?;
        let state = &mut *state;
        let offset = offset as usize;
        let before = state.cache.get(offset..offset + data.len());
        let in_hole = before.is_none_or(|before| before.iter().all(|byte| *byte == 0));
        let done = match fault {
            None if state.full && in_hole => return Err(failure(Fault::Full)),
            None => data,
            Some(Fault::Io | Fault::Forgotten) => &data[..data.len() / 2],
            Some(fault) => return Err(failure(fault)),
        };
        state.rewritten += u64::from(before == Some(data));
        let change = Change::Write(offset, done.to_vec());
        change.apply(&mut state.cache);
        state.dirty.push(change);
        fault.map_or(Ok(()), |fault| Err(failure(fault)))
    }

    // Who gets a lock is tested on files.
    fn try_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        self.disk.state().lockless.map_or(Ok(true), |answer| Err(answer()))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.try_lock_range(start, end)
    }

    fn lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }
}
