//! One gate for several readers: what they scan at about the same time is durable with one commit.

use core::time::Duration;
use onecard::{
    gate::{Decision, Gate, Identity, Reason, Scan},
    time::UnixTime,
    tlog::Storage,
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

/// When a group of scans is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At the latest when it has this many; one at least.
    pub most: usize,
    /// At the latest this long after its first scan came. With zero nobody waits for others: a group is
    /// what came while the one before was committed.
    pub wait: Duration,
}

/// A gate that several threads ask, each answered when its admission is durable. Clones are the same
/// gate.
#[derive(Debug)]
pub struct SharedGate<S: Storage> {
    asked: Sender<Asked<S>>,
    worker: Arc<Mutex<Option<JoinHandle<Gate<S>>>>>,
}

impl<S: Storage> Clone for SharedGate<S> {
    fn clone(&self) -> Self {
        Self { asked: self.asked.clone(), worker: Arc::clone(&self.worker) }
    }
}

type Work<S> = Box<dyn FnOnce(&mut Gate<S>) + Send>;

enum Asked<S: Storage> {
    Scan(Waiting),
    Work(Work<S>),
    Close,
}

/// A scan whose reader waits for the answer.
struct Waiting {
    text: Vec<u8>,
    party: u8,
    compared: bool,
    now: UnixTime,
    answer: Sender<Decision>,
}

impl Waiting {
    fn scan(&self) -> Scan<'_> {
        let identity = if self.compared { Identity::Compared } else { Identity::Unknown };
        Scan { party: self.party, identity, ..Scan::text(&self.text) }
    }
}

impl<S: Storage + Send + 'static> SharedGate<S> {
    /// Shares a gate. It works in a thread of its own until it is closed, or the last clone is dropped.
    #[must_use]
    pub fn new(gate: Gate<S>, bounds: Bounds) -> Self {
        let (asked, asking) = channel();
        let worker = thread::spawn(move || serve(gate, &asking, bounds));
        Self { asked, worker: Arc::new(Mutex::new(Some(worker))) }
    }

    /// As [`Gate::admit`] of a QR code, together with what others ask for; `compared` says that a person
    /// compared the holder's document. The group is decided as of the latest `now` in it. After the gate
    /// was closed, everybody is denied. What else can be shown is for [`SharedGate::with`].
    #[must_use]
    pub fn admit(&self, text: &[u8], party: u8, compared: bool, now: UnixTime) -> Decision {
        let (answer, answered) = channel();
        let waiting = Waiting { text: text.to_vec(), party, compared, now, answer };
        // Neither fails while the gate works: the answer's sender lives until it is given.
        let asked = self.asked.send(Asked::Scan(waiting)).is_ok();
        let decision = if asked { answered.recv().ok() } else { None };
        decision.unwrap_or(Decision::Denied(Reason::Internal.into()))
    }

    /// Does anything else with the gate, between two groups: annuls, syncs, seals. `None` after the gate
    /// was closed.
    pub fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut Gate<S>) -> T + Send + 'static) -> Option<T> {
        let (answer, answered) = channel();
        let work: Work<S> = Box::new(move |gate| drop(answer.send(work(gate))));
        self.asked.send(Asked::Work(work)).ok()?;
        answered.recv().ok()
    }

    /// Ends sharing, after what was asked before, and returns the gate; `None` when it was closed before.
    #[must_use]
    pub fn close(&self) -> Option<Gate<S>> {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        drop(self.asked.send(Asked::Close));
        worker.join().ok()
    }
}

fn serve<S: Storage>(mut gate: Gate<S>, asking: &Receiver<Asked<S>>, bounds: Bounds) -> Gate<S> {
    let mut next = None;
    loop {
        let mut group = match next.take().or_else(|| asking.recv().ok()) {
            Some(Asked::Scan(first)) => vec![first],
            Some(Asked::Work(work)) => {
                work(&mut gate);
                continue;
            }
            Some(Asked::Close) | None => return gate,
        };
        let begun = Instant::now();
        while group.len() < bounds.most {
            match asking.recv_timeout(bounds.wait.saturating_sub(begun.elapsed())) {
                Ok(Asked::Scan(another)) => group.push(another),
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let Some(now) = group.iter().map(|waiting| waiting.now).max() else { continue };
        let scans: Vec<_> = group.iter().map(Waiting::scan).collect();
        for (waiting, decision) in group.iter().zip(gate.admit_all(&scans, now)) {
            // A reader that does not wait any more needs no answer.
            _ = waiting.answer.send(decision);
        }
    }
}
