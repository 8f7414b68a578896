//! What only the process that made it may use, and how a process learns that it is another one.
//!
//! `fork` copies a process: its memory, and its open files together with their locks. A database that is used on
//! both sides gets two last commits, and one that is dropped in the copy writes that it was closed and unlocks the
//! file under the process that still uses it. Threads are not copied: whoever waits for one waits for ever.

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
