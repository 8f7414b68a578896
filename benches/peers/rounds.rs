//! Measuring in turn: every entry of a group runs once in each round, so that whatever else the machine
//! does meets them all alike. What is told is the median of the rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long an entry runs in one round, at least.
const SLICE: Duration = Duration::from_millis(2);
/// How long a group runs, about; but never fewer rounds than these.
const GROUP: Duration = Duration::from_secs(20);
const FEWEST: usize = 7;

/// One thing measured.
pub(crate) struct Entry {
    name: &'static str,
    baseline: &'static str,
    /// Runs the work so many times, and says how long that took.
    run: Box<dyn FnMut(u64) -> Duration>,
    /// Items in one run of the work; the time told is that of one.
    items: u64,
}

impl Entry {
    /// Work whose input stays as it is.
    pub(crate) fn new<T>(name: &'static str, baseline: &'static str, mut work: impl FnMut() -> T + 'static) -> Self {
        let run = move |times| {
            let begun = Instant::now();
            for _ in 0..times {
                black_box(work());
            }
            begun.elapsed()
        };
        Self::timed(name, baseline, run)
    }

    /// Work on an input that is made anew for each run, and whose making is not measured.
    pub(crate) fn on_new<I, T>(
        name: &'static str,
        baseline: &'static str,
        mut make: impl FnMut() -> I + 'static,
        mut work: impl FnMut(I) -> T + 'static,
    ) -> Self {
        let run = move |times| {
            let once = |_| {
                let input = make();
                let begun = Instant::now();
                let output = black_box(work(input));
                let took = begun.elapsed();
                drop(output);
                took
            };
            (0..times).map(once).sum()
        };
        Self::timed(name, baseline, run)
    }

    /// Work that measures itself: it is told how often to run, and tells how long that took.
    pub(crate) fn timed(
        name: &'static str,
        baseline: &'static str,
        run: impl FnMut(u64) -> Duration + 'static,
    ) -> Self {
        Self { name, baseline, run: Box::new(run), items: 1 }
    }

    /// The time told is that of one of so many items, which each run of the work takes.
    pub(crate) fn items(mut self, items: u64) -> Self {
        self.items = items;
        self
    }
}

/// The time of one item, in picoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Picoseconds(u128);

impl Picoseconds {
    /// In nanoseconds, with three decimals.
    pub(crate) fn nanoseconds(self) -> String {
        decimal(self.0, 1_000)
    }

    /// How often `other` fits into it, with three decimals.
    pub(crate) fn ratio(self, other: Self) -> String {
        decimal(self.0 * 1_000 / other.0.max(1), 1_000)
    }
}

fn decimal(value: u128, unit: u128) -> String {
    format!("{}.{:03}", value / unit, value % unit)
}

/// What came out for one entry.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) baseline: &'static str,
    pub(crate) time: Picoseconds,
}

/// Measures the entries of a group beside each other, in at most so many rounds.
pub(crate) fn measure(mut entries: Vec<Entry>, most: usize) -> Vec<Measured> {
    let begun = Instant::now();
    let times: Vec<u64> = entries.iter_mut().map(times_in_a_slice).collect();
    // Finding out how often each fits into a slice took about two rounds.
    let round = begun.elapsed() / 2;
    let fit = GROUP.as_nanos() / round.as_nanos().max(1);
    let rounds = usize::try_from(fit).unwrap_or(most).clamp(FEWEST.min(most), most);
    let mut samples = vec![Vec::with_capacity(rounds); entries.len()];
    for _ in 0..rounds {
        for ((entry, times), samples) in entries.iter_mut().zip(&times).zip(&mut samples) {
            let took = (entry.run)(*times).as_nanos() * 1_000;
            samples.push(Picoseconds(took / u128::from(times * entry.items)));
        }
    }
    let medians = samples.iter_mut().map(|samples| {
        samples.sort_unstable();
        samples[samples.len() / 2]
    });
    let measured = entries.iter().zip(medians);
    measured.map(|(entry, time)| Measured { name: entry.name, baseline: entry.baseline, time }).collect()
}

fn times_in_a_slice(entry: &mut Entry) -> u64 {
    let mut times = 1;
    while (entry.run)(times) < SLICE {
        times *= 2;
    }
    times
}
