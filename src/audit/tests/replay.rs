//! Tests of `replay.rs`.

use super::*;

#[test]
fn depths_and_options_are_told() {
    let told = [Depth::Integrity, Depth::Evidence, Depth::Policy].map(|depth| depth.to_string());
    assert_eq!(told, ["integrity", "evidence", "policy"]);
    let told = format!("{:?}", Options { threads: 3, ..Options::default() });
    assert_eq!(
        told,
        "Options { depth: Policy, anchor: None, period: None, threads: 3, uses_at_once: 16777216, group: false }"
    );
}

#[test]
fn the_paths_below_a_place_are_those_after_its_slash() {
    let paths = ["a", "a/", "a/1", "a/2/3", "a0", "b/1"].map(String::from);
    assert_eq!(below(&paths, "a"), &paths[1..4]);
    assert_eq!(below(&paths, "b"), &paths[5..]);
    assert_eq!(below(&paths, "c"), &[""; 0]);
}
