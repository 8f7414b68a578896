//! The walk-through for venue developers runs, is short, and meets every kind of answer.

#[path = "../examples/gate.rs"]
mod example;

#[test]
fn the_example_runs() {
    example::main().unwrap();
}

#[test]
fn the_example_is_short() {
    assert!(include_str!("../examples/gate.rs").lines().count() < 80);
}
