//! What several threads ask of one owner, answered in groups: a group shares one durable commit.

use crate::process::Owned;
use core::time::Duration;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

/// When a group is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At the latest when it has this many; one at least.
    pub most: usize,
    /// At the latest this long after the first of it came. With zero nobody waits for others: a group is
    /// what came while the one before was committed.
    pub wait: Duration,
}

/// Who answers groups.
pub(crate) trait Serve: Send + 'static {
    type Question: Send + 'static;
    type Answer: Send + 'static;

    /// Answers a group, which is not empty, question by question.
    fn answer(&mut self, group: Vec<Self::Question>) -> Vec<Self::Answer>;
}

/// An owner that several threads ask. Clones share it. It works in a thread of its own until it is closed,
/// or the last clone is dropped. A process that is forked has no such thread: to it, the owner is closed.
pub(crate) struct Shared<T: Serve>(Owned<Link<T>>);

struct Link<T: Serve> {
    asked: Sender<Asked<T>>,
    worker: Arc<Mutex<Option<JoinHandle<T>>>>,
}

impl<T: Serve> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl<T: Serve> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Serve> Clone for Link<T> {
    fn clone(&self) -> Self {
        Self { asked: self.asked.clone(), worker: Arc::clone(&self.worker) }
    }
}

type Work<T> = Box<dyn FnOnce(&mut T) + Send>;

enum Asked<T: Serve> {
    Question(T::Question, Sender<T::Answer>),
    Work(Work<T>),
    Close,
}

impl<T: Serve> Shared<T> {
    pub(crate) fn new(owner: T, bounds: Bounds) -> Self {
        let (asked, asking) = channel();
        let worker = thread::spawn(move || serve(owner, &asking, bounds));
        Self(Owned::new(Link { asked, worker: Arc::new(Mutex::new(Some(worker))) }))
    }

    /// The answer to a question, with those of others; `None` after it was closed.
    pub(crate) fn ask(&self, question: T::Question) -> Option<T::Answer> {
        let (answer, answered) = channel();
        // Neither fails while the owner works: the answer's sender lives until it is given.
        self.0.get()?.asked.send(Asked::Question(question, answer)).ok()?;
        answered.recv().ok()
    }

    /// Does anything else with the owner, between two groups; `None` after it was closed.
    pub(crate) fn with<A: Send + 'static>(&self, work: impl FnOnce(&mut T) -> A + Send + 'static) -> Option<A> {
        let (answer, answered) = channel();
        let work: Work<T> = Box::new(move |owner| drop(answer.send(work(owner))));
        self.0.get()?.asked.send(Asked::Work(work)).ok()?;
        answered.recv().ok()
    }

    /// Ends sharing, after what was asked before, and returns the owner; `None` when it was closed before.
    pub(crate) fn close(&self) -> Option<T> {
        let link = self.0.get()?;
        let worker = link.worker.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        drop(link.asked.send(Asked::Close));
        worker.join().ok()
    }
}

fn serve<T: Serve>(mut owner: T, asking: &Receiver<Asked<T>>, bounds: Bounds) -> T {
    let mut next = None;
    loop {
        let (mut group, mut waiting) = match next.take().or_else(|| asking.recv().ok()) {
            Some(Asked::Question(first, answer)) => (vec![first], vec![answer]),
            Some(Asked::Work(work)) => {
                work(&mut owner);
                continue;
            }
            Some(Asked::Close) | None => return owner,
        };
        let begun = Instant::now();
        while group.len() < bounds.most {
            match asking.recv_timeout(bounds.wait.saturating_sub(begun.elapsed())) {
                Ok(Asked::Question(another, answer)) => {
                    group.push(another);
                    waiting.push(answer);
                }
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        for (waiting, answer) in waiting.iter().zip(owner.answer(group)) {
            // Who does not wait any more needs no answer.
            _ = waiting.send(answer);
        }
    }
}
