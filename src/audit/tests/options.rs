//! Tests of `options.rs`.

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
