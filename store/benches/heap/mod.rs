//! What is on the heap, by an allocator that counts. For benches of memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every block comes from `System` and goes back to it with its layout.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        BLOCKS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        BLOCKS.fetch_sub(1, Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Bytes handed out now.
pub(crate) fn live() -> usize {
    LIVE.load(Relaxed)
}

/// Blocks handed out now.
#[allow(dead_code, reason = "each bench uses a part of it")]
pub(crate) fn blocks() -> usize {
    BLOCKS.load(Relaxed)
}

/// Runs something and says how many bytes were handed out at most.
pub(crate) fn peak<T>(run: impl FnOnce() -> T) -> (usize, T) {
    PEAK.store(live(), Relaxed);
    let result = run();
    (PEAK.load(Relaxed), result)
}
