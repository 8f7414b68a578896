//! Tests of `paths.rs`.

use super::*;

#[test]
fn the_paths_below_a_place_are_those_after_its_slash() {
    let paths = ["a", "a/", "a/1", "a/2/3", "a0", "b/1"].map(String::from);
    assert_eq!(below(&paths, "a"), &paths[1..4]);
    assert_eq!(below(&paths, "b"), &paths[5..]);
    assert_eq!(below(&paths, "c"), &[""; 0]);
}
