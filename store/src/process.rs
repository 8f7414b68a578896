//! What only the process that made it may use, and how a process learns that it is another one.
//!
//! `fork` copies a process: its memory, and its open files together with their locks. A database that is used on
//! both sides gets two last commits, and one that is dropped in the copy writes that it was closed and unlocks the
//! file under the process that still uses it. Threads are not copied: whoever waits for one waits for ever.

use core::sync::atomic::{AtomicU64, Ordering};

/// A value of one process. Another process, which has a copy of its memory, neither reads nor drops it.
#[derive(Debug)]
pub(crate) struct Owned<T> {
    /// `None` where there is none, or none any more.
    value: Option<T>,
    process: u32,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), process: std::process::id() }
    }

    /// Whether this is the process that made it.
    pub(crate) fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// The value, in its own process.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_here())
    }

    /// The value, in its own process.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        if self.is_here() { self.value.as_mut() } else { None }
    }

    /// Takes the value out, in its own process.
    pub(crate) fn take(&mut self) -> Option<T> {
        if self.is_here() { self.value.take() } else { None }
    }
}

impl<T: Clone> Clone for Owned<T> {
    fn clone(&self) -> Self {
        Self { value: self.get().cloned(), process: self.process }
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.is_here() {
            core::mem::forget(self.value.take());
        }
    }
}

/// The calls that are under way with something that threads share, and whose they are. Both are in one word, so a
/// `fork` finds it as it was before a call or as it is during one, and nothing in between.
#[derive(Debug, Default)]
pub struct Calls(AtomicU64);

/// A call with something shared; it ends when this is dropped.
#[derive(Debug)]
pub struct Call<'a>(&'a Calls);

impl Calls {
    /// None are under way.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Begins a call. `None` in a process that was forked while another call was under way: whoever made that one is not
    /// there to end it, so what it had locked stays locked.
    pub fn begin(&self) -> Option<Call<'_>> {
        let here = std::process::id();
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let (process, calls) = halves(word);
            if calls != 0 && process != here {
                return None;
            }
            // Where none are under way, a process takes it over from the one that it was forked from.
            let next = u64::from(here) << 32 | u64::from(calls.saturating_add(1));
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(Call(self)),
                Err(found) => word = found,
            }
        }
    }

    /// Whether any is under way in this process.
    #[must_use]
    pub fn any(&self) -> bool {
        let (process, calls) = halves(self.0.load(Ordering::Acquire));
        calls != 0 && process == std::process::id()
    }

    /// Whether one was under way when this process was forked.
    #[must_use]
    pub fn cut_off(&self) -> bool {
        let (process, calls) = halves(self.0.load(Ordering::Acquire));
        calls != 0 && process != std::process::id()
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The process, and how many calls it has under way.
const fn halves(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a `fork` leaves them in the process with the next number.
    fn of_another(calls: u32) -> Calls {
        Calls(AtomicU64::new(u64::from(std::process::id() + 1) << 32 | u64::from(calls)))
    }

    #[test]
    fn calls_are_counted_for_one_process() {
        let calls = Calls::new();
        let first = calls.begin().unwrap();
        drop(calls.begin().unwrap());
        assert!(calls.any() && !calls.cut_off());
        drop(first);
        assert!(!calls.any() && !calls.cut_off());
    }

    #[test]
    fn what_was_in_use_at_a_fork_stays_so_and_nothing_else() {
        let calls = of_another(2);
        assert!(calls.begin().is_none() && calls.cut_off() && !calls.any());
        let calls = of_another(0);
        assert!(!calls.cut_off() && !calls.any());
        let _call = calls.begin().unwrap();
        assert!(calls.any() && !calls.cut_off());
    }
}
