//! The decision on a product beside a slow reading of its documentation, over many made-up products.
//!
//! The bodies are those of the fuzz targets, the library of `fuzz/`. `corpus_replay` runs them over
//! their corpora; here two of them get bytes by the thousand, the same on every run.

use std::collections::BTreeMap;

/// splitmix64.
struct Random(u64);

impl Random {
    const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Bytes of which one to six in ten are 0, the ordinary choice of every target.
    fn input(&mut self) -> Vec<u8> {
        let ordinary = 1 + self.number() % 6;
        (0..240).map(|_| if self.number() % 10 < ordinary { 0 } else { self.number() as u8 }).collect()
    }
}

#[test]
fn decisions_are_those_of_a_slow_reading() {
    let mut random = Random(1);
    let mut seen = BTreeMap::new();
    for _ in 0..60_000 {
        let decision = onecard_fuzz::entitle::decide(&random.input());
        let answer = decision.map(|decision| decision.map_or_else(|denied| denied.code(), |_| 0));
        *seen.entry(answer).or_insert(0) += 1;
    }
    println!("{seen:?}");
    for code in [0, 60, 61, 62, 70, 71, 72, 73, 80, 81, 90, 91, 92, 95] {
        assert!(seen.get(&Some(code)).is_some_and(|&times| times >= 10), "{code} is hardly ever the answer: {seen:?}");
    }
}

#[test]
fn the_fuzzer_starts_from_products_that_may_be_published() {
    for (name, seed) in onecard_fuzz::entitle::seeds() {
        assert!(onecard_fuzz::entitle::decide(&seed).is_some(), "{name}");
    }
}

#[test]
fn a_product_is_accepted_exactly_when_it_is_valid() {
    let target = onecard_fuzz::TARGETS.iter().find(|target| target.name == "product").unwrap();
    let mut random = Random(2);
    (0..20_000).for_each(|_| (target.run)(&random.input()));
    (target.seeds)().iter().for_each(|(_, seed)| (target.run)(seed));
}
