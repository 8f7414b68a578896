//! How several threads use what a handle holds: nobody is turned away, and nobody is passed by.

use crate::Status;
use core::time::Duration;
use onecard::gate::Gate;
use onecard::ledger::Ledger;
use onecard::tlog::Storage;
use onecard_store::{Bounds, Shared, SharedGate, SharedLedger};
use std::sync::{Arc, Mutex, PoisonError};

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

/// A value of which those who read keep the version they began with, while the next one is made.
pub(crate) struct Versions<T> {
    newest: Mutex<Arc<T>>,
    /// Updates come one after the other.
    update: Shared<()>,
}

impl<T> From<T> for Versions<T> {
    fn from(first: T) -> Self {
        Self { newest: Mutex::new(Arc::new(first)), update: Shared::new(()) }
    }
}

impl<T> Versions<T> {
    fn newest(&self) -> Arc<T> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Clone> Hold for Versions<T> {
    type Value = T;

    fn look<R>(&self, body: impl FnOnce(&T) -> Result<R, Status>) -> Result<R, Status> {
        body(&self.newest())
    }

    fn change<R>(&self, body: impl FnOnce(&mut T) -> Result<R, Status>) -> Result<R, Status> {
        let updated = self.update.write(|()| {
            let mut next = T::clone(&self.newest());
            let result = body(&mut next)?;
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            let old = core::mem::replace(&mut *newest, Arc::new(next));
            drop(newest);
            drop(old);
            Ok(result)
        });
        updated.unwrap_or(Err(Status::Poisoned))
    }
}

/// In turn: those who look together, everybody else alone. Nothing is ever closed, so where there is no owner a call
/// has panicked.
macro_rules! in_turn {
    ($([$($parameter:tt)*] $holder:ty, $value:ty, $write:ident;)+) => {$(
        impl<$($parameter)*> Hold for $holder {
            type Value = $value;

            fn look<R>(&self, body: impl FnOnce(&$value) -> Result<R, Status>) -> Result<R, Status> {
                self.read(body).unwrap_or(Err(Status::Poisoned))
            }

            fn change<R>(&self, body: impl FnOnce(&mut $value) -> Result<R, Status>) -> Result<R, Status> {
                self.$write(body).unwrap_or(Err(Status::Poisoned))
            }
        }
    )+};
}

in_turn! {
    [T] Shared<T>, T, write;
    [S: Storage] SharedGate<S>, Gate<S>, with;
    [S: Storage] SharedLedger<S>, Ledger<S>, with;
}
