//! One gate for several readers: what they scan at about the same time is durable with one commit.

use crate::shared::{Bounds, Serve, Shared};
use onecard::{
    gate::{Decision, Gate, Identity, Reason, Scan},
    time::UnixTime,
    tlog::Storage,
};

/// A gate that several threads ask, each answered when its admission is durable. Clones are the same
/// gate.
#[derive(Debug)]
pub struct SharedGate<S: Storage + Send + 'static>(Shared<Gate<S>>);

impl<S: Storage + Send + 'static> Clone for SharedGate<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A scan whose reader waits for the answer.
pub(crate) struct Waiting {
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

impl<S: Storage + Send + 'static> Serve for Gate<S> {
    type Question = Waiting;
    type Answer = Decision;

    fn answer(&mut self, group: Vec<Waiting>) -> Vec<Decision> {
        let Some(now) = group.iter().map(|waiting| waiting.now).max() else { return Vec::new() };
        let scans: Vec<_> = group.iter().map(Waiting::scan).collect();
        self.admit_all(&scans, now)
    }
}

impl<S: Storage + Send + 'static> SharedGate<S> {
    /// Shares a gate. It works in a thread of its own until it is closed, or the last clone is dropped.
    /// In a process that is forked it is closed.
    #[must_use]
    pub fn new(gate: Gate<S>, bounds: Bounds) -> Self {
        Self(Shared::new(gate, bounds))
    }

    /// As [`Gate::admit`] of a QR code, together with what others ask for; `compared` says that a person
    /// compared the holder's document. The group is decided as of the latest `now` in it. After the gate
    /// was closed, everybody is denied. What else can be shown is for [`SharedGate::with`].
    #[must_use]
    pub fn admit(&self, text: &[u8], party: u8, compared: bool, now: UnixTime) -> Decision {
        let decision = self.0.ask(Waiting { text: text.to_vec(), party, compared, now });
        decision.unwrap_or(Decision::Denied(Reason::Internal.into()))
    }

    /// Does anything else with the gate, between two groups: annuls, syncs, seals. `None` after the gate
    /// was closed.
    pub fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut Gate<S>) -> T + Send + 'static) -> Option<T> {
        self.0.with(work)
    }

    /// Ends sharing, after what was asked before, and returns the gate; `None` when it was closed before.
    #[must_use]
    pub fn close(&self) -> Option<Gate<S>> {
        self.0.close()
    }
}
