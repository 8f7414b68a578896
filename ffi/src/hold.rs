//! How several threads use what a handle holds: nobody is turned away, and nobody is passed by.

use crate::Status;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use onecard::gate::Gate;
use onecard::ledger::Ledger;
use onecard::tlog::Storage;
use onecard_store::{Bounds, Calls, Shared, SharedGate, SharedLedger};
use std::sync::{Arc, RwLock, TryLockError, TryLockResult};

/// A group is what came while the one before was committed, so nobody waits for company.
pub(crate) const GROUP: Bounds = Bounds { most: 64, wait: Duration::ZERO };

/// What a handle holds, and how calls share it.
pub(crate) trait Hold {
    type Value;

    /// Looks at the value.
    fn look<R>(&self, body: impl FnOnce(&Self::Value) -> Result<R, Status>) -> Result<R, Status>;

    /// Changes the value, one call after the other.
    fn change<R>(&self, body: impl FnOnce(&mut Self::Value) -> Result<R, Status>) -> Result<R, Status>;
}

/// A value of which those who read keep the version they began with, while the next one is made. In a process that is
/// forked it can always be read, for the newest version is where nobody writes.
pub(crate) struct Versions<T> {
    /// One has the newest version, the other one is for the next.
    places: [RwLock<Option<Arc<T>>>; 2],
    /// Whether the newest is in the second place.
    second: AtomicBool,
    /// Those who are in a place to read it, for a moment.
    reading: Calls,
    /// Updates come one after the other.
    update: Shared<()>,
}

impl<T> From<T> for Versions<T> {
    fn from(first: T) -> Self {
        let places = [RwLock::new(Some(Arc::new(first))), RwLock::new(None)];
        Self { places, second: AtomicBool::new(false), reading: Calls::new(), update: Shared::new(()) }
    }
}

impl<T> Versions<T> {
    fn newest(&self) -> Arc<T> {
        let _reading = self.reading.begin();
        loop {
            let place = self.place(self.second.load(Ordering::Acquire)).try_read();
            if let Some(newest) = granted(place).and_then(|place| place.clone()) {
                return newest;
            }
            // Since it was looked where the newest is, another one became it.
            core::hint::spin_loop();
        }
    }

    /// Only ever called in turn.
    fn replace(&self, next: T) {
        let second = self.second.load(Ordering::Acquire);
        let _none = self.put(!second, Some(Arc::new(next)));
        self.second.store(!second, Ordering::Release);
        let _old = self.put(second, None);
    }

    /// Puts a version in the place that is not that of the newest, and returns what was there.
    fn put(&self, second: bool, version: Option<Arc<T>>) -> Option<Arc<T>> {
        loop {
            if let Some(mut place) = granted(self.place(second).try_write()) {
                return core::mem::replace(&mut *place, version);
            }
            // Somebody who found the newest there takes hold of it: a moment's work.
            std::thread::yield_now();
        }
    }

    const fn place(&self, second: bool) -> &RwLock<Option<Arc<T>>> {
        let [one, other] = &self.places;
        if second { other } else { one }
    }
}

/// A lock that was granted. Nobody panics who has it.
fn granted<G>(asked: TryLockResult<G>) -> Option<G> {
    match asked {
        Ok(lock) => Some(lock),
        Err(TryLockError::Poisoned(lock)) => Some(lock.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T: Clone> Hold for Versions<T> {
    type Value = T;

    fn look<R>(&self, body: impl FnOnce(&T) -> Result<R, Status>) -> Result<R, Status> {
        body(&self.newest())
    }

    fn change<R>(&self, body: impl FnOnce(&mut T) -> Result<R, Status>) -> Result<R, Status> {
        // A place that was being read at the fork stays locked.
        if self.reading.cut_off() {
            return Err(Status::Forked);
        }
        let updated = self.update.write(|()| {
            let mut next = T::clone(&self.newest());
            let result = body(&mut next)?;
            self.replace(next);
            Ok(result)
        });
        updated.unwrap_or_else(|| Err(ended(&self.update)))
    }
}

/// Why there is no owner. Nothing is ever closed, so where the process is not another one, a call has panicked.
fn ended<T>(shared: &Shared<T>) -> Status {
    if shared.cut_off() { Status::Forked } else { Status::Poisoned }
}

/// In turn: those who look together, everybody else alone.
macro_rules! in_turn {
    ($([$($parameter:tt)*] $holder:ty, $value:ty, $write:ident, $ended:expr;)+) => {$(
        impl<$($parameter)*> Hold for $holder {
            type Value = $value;

            fn look<R>(&self, body: impl FnOnce(&$value) -> Result<R, Status>) -> Result<R, Status> {
                self.read(body).unwrap_or_else(|| Err($ended(self)))
            }

            fn change<R>(&self, body: impl FnOnce(&mut $value) -> Result<R, Status>) -> Result<R, Status> {
                self.$write(body).unwrap_or_else(|| Err($ended(self)))
            }
        }
    )+};
}

in_turn! {
    [T] Shared<T>, T, write, ended;
    [S: Storage] SharedGate<S>, Gate<S>, with, |_| Status::Poisoned;
    [S: Storage] SharedLedger<S>, Ledger<S>, with, |_| Status::Poisoned;
}
