//! One owner for several threads, first come, first served. What they ask at about the same time is answered
//! together: a group shares one durable commit.
//!
//! There is no thread behind it. Whoever has the turn answers those who wait, so a call costs one owner no more than
//! without sharing. In a process that is forked meanwhile there is nobody to give a turn back, so nobody waits for one.

use crate::process::Calls;
use core::time::Duration;
use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        mpsc::{Sender, channel},
    },
    time::Instant,
};

/// When a group is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At the latest when it has this many; one at least.
    pub most: usize,
    /// At the latest this long after its first got its turn. With zero nobody waits for others: a group is
    /// what came while the one before was committed.
    pub wait: Duration,
}

/// An owner that several threads use, in the order in which they came: those who only look together, everybody else
/// alone. Nobody is passed by, however busy the others are.
///
/// `Q` is what is answered in groups and `A` an answer. Whoever asks again inside a call waits for itself for ever.
///
/// In a process that was forked while a call was under way, it is as if it had been closed, see [`Shared::cut_off`];
/// where none was, that process has a copy of its own.
pub struct Shared<T, Q = (), A = ()> {
    /// `None` once closed. Never waited for: the line says who may have it.
    owner: RwLock<Option<T>>,
    line: Mutex<Line<Q, A>>,
    /// Somebody joined the line.
    joined: Condvar,
    calls: Calls,
}

impl<T, Q, A> fmt::Debug for Shared<T, Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl<T, Q, A> Drop for Shared<T, Q, A> {
    fn drop(&mut self) {
        if self.cut_off() {
            // What was half done at the fork is left as it is.
            let owner = self.owner.get_mut().unwrap_or_else(PoisonError::into_inner);
            let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
            core::mem::forget((owner.take(), core::mem::take(&mut line.waiting)));
        }
    }
}

struct Line<Q, A> {
    looking: usize,
    alone: bool,
    waiting: VecDeque<Waiting<Q, A>>,
}

struct Waiting<Q, A> {
    wants: Wants<Q>,
    /// Dropped unused where a panic ended the group: then there is no answer.
    tell: Sender<Told<Q, A>>,
}

enum Wants<Q> {
    Look,
    Change,
    Answer(Q),
}

enum Told<Q, A> {
    Turn(Wants<Q>),
    Answer(A),
}

impl<T, Q, A> From<T> for Shared<T, Q, A> {
    fn from(owner: T) -> Self {
        Self::new(owner)
    }
}

impl<T, Q, A> Shared<T, Q, A> {
    /// Shares an owner.
    #[must_use]
    pub const fn new(owner: T) -> Self {
        let line = Line { looking: 0, alone: false, waiting: VecDeque::new() };
        Self { owner: RwLock::new(Some(owner)), line: Mutex::new(line), joined: Condvar::new(), calls: Calls::new() }
    }

    /// Whether this process was forked while a call was under way in the other one, whose change may be half done.
    pub fn cut_off(&self) -> bool {
        self.calls.cut_off()
    }

    /// Looks at the owner, maybe together with others; `None` after it was closed, or a call with it panicked, or where
    /// it is cut off.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        let _call = self.calls.begin()?;
        let _turn = self.turn(Wants::Look)?;
        self.owner.read().ok()?.as_ref().map(look)
    }

    /// Does anything with the owner, alone; `None` as in [`Shared::read`].
    pub fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let _call = self.calls.begin()?;
        let _turn = self.turn(Wants::Change)?;
        self.owner.write().ok()?.as_mut().map(change)
    }

    /// The answer to a question, together with those that came in time and before anybody who wants something
    /// else; `None` as in [`Shared::read`]. `answer` is given a group, which is not empty, and answers question by
    /// question.
    pub fn ask(&self, question: Q, bounds: Bounds, answer: impl FnOnce(&mut T, Vec<Q>) -> Vec<A>) -> Option<A> {
        let _call = self.calls.begin()?;
        let (_turn, question) = match self.join(Wants::Answer(question))? {
            Told::Answer(answer) => return Some(answer),
            Told::Turn(Wants::Answer(question)) => (Turn { shared: self, looks: false }, question),
            Told::Turn(_) => return None,
        };
        let mut owner = self.owner.write().ok()?;
        let owner = owner.as_mut()?;
        let (group, others) = self.gather(question, bounds);
        let mut answers = answer(owner, group).into_iter();
        let first = answers.next();
        for (other, answer) in others.iter().zip(answers) {
            // Whoever does not wait any more needs no answer.
            _ = other.send(Told::Answer(answer));
        }
        first
    }

    /// Ends sharing, after what was asked before, and returns the owner; `None` when it was closed before.
    pub fn close(&self) -> Option<T> {
        let _call = self.calls.begin()?;
        let _turn = self.turn(Wants::Change)?;
        self.owner.write().ok()?.take()
    }

    fn turn(&self, wants: Wants<Q>) -> Option<Turn<'_, T, Q, A>> {
        let looks = matches!(wants, Wants::Look);
        matches!(self.join(wants)?, Told::Turn(_)).then_some(Turn { shared: self, looks })
    }

    /// Waits for a turn, or for the answer that somebody else's turn brings.
    fn join(&self, wants: Wants<Q>) -> Option<Told<Q, A>> {
        let told = {
            let mut line = self.line();
            if line.waiting.is_empty() && line.lets_in(&wants) {
                line.enter(&wants);
                return Some(Told::Turn(wants));
            }
            let (tell, told) = channel();
            line.waiting.push_back(Waiting { wants, tell });
            self.joined.notify_one();
            told
        };
        told.recv().ok()
    }

    /// The question of whoever has the turn with those of others, and who those are.
    fn gather(&self, first: Q, bounds: Bounds) -> (Vec<Q>, Vec<Sender<Told<Q, A>>>) {
        let (mut group, mut others) = (vec![first], Vec::new());
        let begun = Instant::now();
        let mut line = self.line();
        loop {
            while group.len() < bounds.most
                && let Some((question, tell)) = line.next_question()
            {
                group.push(question);
                others.push(tell);
            }
            let left = bounds.wait.saturating_sub(begun.elapsed());
            // Whoever wants something else is not kept waiting for company.
            if group.len() >= bounds.most || !line.waiting.is_empty() || left.is_zero() {
                return (group, others);
            }
            line = self.joined.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn line(&self) -> MutexGuard<'_, Line<Q, A>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Line<Q, A> {
    const fn lets_in(&self, wants: &Wants<Q>) -> bool {
        !self.alone && (self.looking == 0 || matches!(wants, Wants::Look))
    }

    const fn enter(&mut self, wants: &Wants<Q>) {
        if matches!(wants, Wants::Look) {
            self.looking = self.looking.saturating_add(1);
        } else {
            self.alone = true;
        }
    }

    fn next_question(&mut self) -> Option<(Q, Sender<Told<Q, A>>)> {
        let first = self.waiting.pop_front()?;
        match first.wants {
            Wants::Answer(question) => Some((question, first.tell)),
            wants => {
                self.waiting.push_front(Waiting { wants, tell: first.tell });
                None
            }
        }
    }

    /// Gives their turn to those at the front who can have it.
    fn call(&mut self) {
        while self.waiting.front().is_some_and(|first| self.lets_in(&first.wants))
            && let Some(Waiting { wants, tell }) = self.waiting.pop_front()
        {
            self.enter(&wants);
            // It waits for this and nothing else, so it is there.
            _ = tell.send(Told::Turn(wants));
        }
    }
}

/// A turn. Whoever comes next gets theirs when it ends, also by a panic.
struct Turn<'a, T, Q, A> {
    shared: &'a Shared<T, Q, A>,
    looks: bool,
}

impl<T, Q, A> Drop for Turn<'_, T, Q, A> {
    fn drop(&mut self) {
        let mut line = self.shared.line();
        if self.looks {
            line.looking = line.looking.saturating_sub(1);
        } else {
            line.alone = false;
        }
        line.call();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    type Numbers = Shared<Vec<u32>, u32, usize>;

    const AT_ONCE: Bounds = Bounds { most: 8, wait: Duration::ZERO };

    /// Keeps the numbers of a group, and answers how many were in it.
    fn keep(owner: &mut Vec<u32>, group: Vec<u32>) -> Vec<usize> {
        let answers = vec![group.len(); group.len()];
        owner.extend(group);
        answers
    }

    /// Waits until so many wait.
    fn until(shared: &Numbers, waiting: usize) {
        while shared.line().waiting.len() < waiting {
            thread::yield_now();
        }
    }

    #[test]
    fn first_come_first_served() {
        let shared = Numbers::new(Vec::new());
        thread::scope(|scope| {
            shared.write(|owner| {
                let shared = &shared;
                for number in 1..=4 {
                    scope.spawn(move || shared.ask(number, AT_ONCE, keep));
                    until(shared, number as usize);
                }
                scope.spawn(|| shared.write(|owner| owner.push(5)));
                until(shared, 5);
                scope.spawn(|| shared.ask(6, AT_ONCE, keep));
                until(shared, 6);
                owner.push(0);
            })
        });
        assert_eq!(shared.close().unwrap(), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_group_is_what_waits_before_anybody_else() {
        let shared = Numbers::new(Vec::new());
        let answers = thread::scope(|scope| {
            let asked = shared.write(|_| {
                let shared = &shared;
                let asked: Vec<_> = (0..4)
                    .map(|number| {
                        let asked = scope.spawn(move || shared.ask(number, AT_ONCE, keep));
                        until(shared, number as usize + 1);
                        asked
                    })
                    .collect();
                scope.spawn(|| shared.read(Vec::len));
                until(shared, 5);
                let last = scope.spawn(|| shared.ask(4, AT_ONCE, keep));
                until(shared, 6);
                (asked, last)
            });
            let (asked, last) = asked.unwrap();
            asked.into_iter().chain([last]).map(|asked| asked.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(answers, [Some(4), Some(4), Some(4), Some(4), Some(1)]);
    }

    #[test]
    fn those_who_look_share_and_pass_nobody_by() {
        let shared = Numbers::new(vec![1]);
        thread::scope(|scope| {
            shared
                .read(|_| {
                    assert_eq!(shared.line().looking, 1);
                    assert_eq!(shared.read(Vec::len), Some(1), "another looks meanwhile");
                    scope.spawn(|| shared.write(|owner| owner.push(2)));
                    until(&shared, 1);
                    let late = scope.spawn(|| shared.read(Vec::len));
                    until(&shared, 2);
                    late
                })
                .map(|late| assert_eq!(late.join().unwrap(), Some(2), "after the change that came before"))
        });
    }

    #[test]
    fn a_panic_ends_it_for_all_and_keeps_nobody_waiting() {
        let shared = Numbers::new(Vec::new());
        thread::scope(|scope| {
            let asked = shared.write(|_| {
                let shared = &shared;
                let first = scope.spawn(move || {
                    let panics = |_: &mut Vec<u32>, _| panic!("the panic of a test, printed on purpose");
                    catch_unwind(AssertUnwindSafe(|| shared.ask(1, AT_ONCE, panics))).is_err()
                });
                until(shared, 1);
                let second = scope.spawn(move || shared.ask(2, AT_ONCE, keep));
                until(shared, 2);
                let third = scope.spawn(move || shared.write(|owner| owner.len()));
                until(shared, 3);
                (first, second, third)
            });
            let (first, second, third) = asked.unwrap();
            assert!(first.join().unwrap());
            assert_eq!((second.join().unwrap(), third.join().unwrap()), (None, None));
        });
        assert_eq!((shared.read(Vec::len), shared.close()), (None, None));
    }
}
