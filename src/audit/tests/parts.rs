//! Tests of `parts.rs`.

use super::*;
use crate::crypto::sha256;
use crate::id::{MemberId, PassId};

fn pass(number: u64) -> PassKey {
    let mut id = [0; 10];
    id[2..].copy_from_slice(&number.to_be_bytes());
    PassKey { issuer: MemberId::new(310_101).unwrap(), pass: PassId::from_bytes(id) }
}

#[test]
fn each_pass_has_one_part_and_the_parts_are_of_like_size() {
    for (number, seed) in (0..8_u8).map(|seed| (seed, sha256(&[&[seed]]))) {
        let parts = Division::of(70_000, 10_000, &seed);
        assert_eq!(parts.count(), 7);
        let all: Vec<Part> = parts.parts().collect();
        assert_eq!(all.len(), 7);
        // Numbers that somebody drew one after the other.
        let mut sizes = [0; 7];
        for pass in (0..7_000).map(pass) {
            let of: Vec<usize> = (0..7).filter(|at| all[*at].has(&pass)).collect();
            assert_eq!(of.len(), 1);
            sizes[of[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (800..1_200).contains(size)), "{number}: {sizes:?}");
    }
}

#[test]
fn there_is_always_a_part() {
    let seed = Hash([7; 32]);
    let count = |records, most| Division::of(records, most, &seed).count();
    assert_eq!([count(0, 5), count(5, 5), count(6, 5), count(0, 0), count(3, 0)], [1, 1, 2, 1, 3]);
    assert_eq!(count(u64::MAX, 1), u32::MAX as usize);
    assert!(Division::ONE.parts().all(|part| part.has(&pass(9))));
}

#[test]
fn indices_are_those_that_were_put_in() {
    let mut indices = Indices::default();
    let some = [0, 1, 63, 64, 127, 1_000];
    some.into_iter().for_each(|index| indices.insert(index));
    assert_eq!((0..2_000).filter(|index| indices.contains(*index)).collect::<Vec<u64>>(), some);
    assert!(!indices.contains(u64::MAX));
}

#[test]
fn records_are_counted_by_the_files_they_are_in() {
    let most = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| format!("journal/310101/1/{path}")).collect();
        most_records("journal/310101/1", &paths)
    };
    assert_eq!(most(&["checkpoint", "tile/0/000", "tile/0/001.p/9"]), 0);
    let far = "tile/entries/x999/x999/x999/999";
    assert_eq!(most(&["tile/entries/000", "tile/entries/001.p/3", "tile/entries/001.p/9", far]), 521);
}
