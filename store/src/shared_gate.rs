//! One gate for several readers: what they scan at about the same time is durable with one commit.

use crate::process::Owned;
use crate::shared::{Bounds, Shared};
use onecard::{
    gate::{Decision, Gate, Identity, Reason, Scan},
    time::UnixTime,
    tlog::Storage,
};
use std::sync::Arc;

/// A gate that several threads ask, each answered when its admission is durable. Clones are the same
/// gate.
#[derive(Debug)]
pub struct SharedGate<S: Storage> {
    gate: Owned<Arc<Shared<Gate<S>, Waiting, Decision>>>,
    bounds: Bounds,
}

impl<S: Storage> Clone for SharedGate<S> {
    fn clone(&self) -> Self {
        Self { gate: self.gate.clone(), bounds: self.bounds }
    }
}

/// A scan whose reader waits for the answer.
struct Waiting {
    text: Vec<u8>,
    party: u8,
    compared: bool,
    now: UnixTime,
}

impl Waiting {
    fn scan(&self) -> Scan<'_> {
        let identity = if self.compared { Identity::Compared } else { Identity::Unknown };
        Scan { party: self.party, identity, ..Scan::text(&self.text) }
    }
}

impl<S: Storage> SharedGate<S> {
    /// Shares a gate, until it is closed or the last clone is dropped. In a process that is forked it is closed.
    #[must_use]
    pub fn new(gate: Gate<S>, bounds: Bounds) -> Self {
        Self { gate: Owned::new(Arc::new(Shared::new(gate))), bounds }
    }

    /// As [`Gate::admit`] of a QR code, together with what others ask for; `compared` says that a person
    /// compared the holder's document. The group is decided as of the latest `now` in it. After the gate
    /// was closed, everybody is denied. What else can be shown is for [`SharedGate::with`].
    #[must_use]
    pub fn admit(&self, text: &[u8], party: u8, compared: bool, now: UnixTime) -> Decision {
        let waiting = Waiting { text: text.to_vec(), party, compared, now };
        let admit_all = |gate: &mut Gate<S>, group: Vec<Waiting>| {
            let now = group.iter().map(|waiting| waiting.now).fold(now, UnixTime::max);
            let scans: Vec<_> = group.iter().map(Waiting::scan).collect();
            gate.admit_all(&scans, now)
        };
        let decision = self.gate.get().and_then(|gate| gate.ask(waiting, self.bounds, admit_all));
        decision.unwrap_or(Decision::Denied(Reason::Internal.into()))
    }

    /// Does anything else with the gate, between two groups: annuls, syncs, seals. `None` after the gate
    /// was closed, or a call with it panicked.
    pub fn with<T>(&self, work: impl FnOnce(&mut Gate<S>) -> T) -> Option<T> {
        self.gate.get()?.write(work)
    }

    /// Looks at the gate, maybe together with others. `None` as in [`SharedGate::with`].
    pub fn read<T>(&self, look: impl FnOnce(&Gate<S>) -> T) -> Option<T> {
        self.gate.get()?.read(look)
    }

    /// Ends sharing, after what was asked before, and returns the gate; `None` when it was closed before.
    #[must_use]
    pub fn close(&self) -> Option<Gate<S>> {
        self.gate.get()?.close()
    }
}
