//! Work that is divided among threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Maps `items` in order, on up to so many threads; `told` is how many are done each time one is.
pub(super) fn parallel<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    told: impl Fn(usize) + Sync,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        } {
            let result = work(item);
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            done.push((at, result));
            // While no other thread can say more.
            told(done.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, 64) {
            // Where no thread can be had, this one does the work.
            let _ = std::thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
