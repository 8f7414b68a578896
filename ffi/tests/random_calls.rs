//! The calls of a caller that draws them from fixed seeds. The fuzz target `c_abi` draws them from the fuzzer.

use onecard_fuzz::calls::World;
use std::collections::BTreeMap;

/// SplitMix64.
fn draws(mut state: u64) -> impl FnMut(usize) -> usize {
    move |end| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 33) as usize % end
    }
}

#[test]
fn no_call_panics_and_none_writes_on_an_error() {
    let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
    for seed in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        let mut world = World::new(directory.path(), draws(seed));
        (0..1_700).for_each(|_| world.call());
        world.close();
        world.seen.iter().for_each(|(status, count)| *seen.entry(*status).or_default() += count);
    }
    println!("{seen:?}");
    // The deep calls were reached, not only the checks of arguments.
    assert!(seen[&0] > 3_000, "too few calls went well");
    assert!(seen.len() >= 35, "too few kinds of refusal");
}
