//! The C ABI under calls in any order, with any handles, lengths and numbers that its contract allows: no call
//! panics or returns a status that means a bug, and none writes anything but on success.
//!
//! Each call reads its choices off the input, the ordinary one being zero. The caller is in `calls.rs`; `ffi/tests/random_calls.rs` has it, too.

use super::calls::World;
use super::input::Input;

use std::cell::RefCell;

const CALLS: usize = 48;
/// Bytes for the choices of one call; those it does not read are left.
const BLOCK: usize = 16;

pub fn run(data: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let choices = RefCell::new(Input::new(&[]));
    let mut world = World::new(directory.path(), |end| usize::from(choices.borrow_mut().byte()) % end);
    for block in data.chunks(BLOCK).take(CALLS) {
        choices.replace(Input::new(block));
        world.call();
    }
    world.close();
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // Calls by their numbers, with the ordinary choices.
    let calls = |names: &[u8]| names.iter().flat_map(|name| [&[*name][..], &[0; BLOCK - 1]].concat()).collect();
    vec![
        ("bundle", calls(&[1, 5, 7, 8, 9, 10, 60, 62, 83, 0])),
        ("gate", calls(&[14, 17, 18, 24, 25, 26, 27, 34, 35, 36, 37, 38, 44, 45])),
        ("desk", calls(&[14, 21, 22, 23, 28, 29, 30, 31, 32, 33, 34])),
        ("lists", calls(&[14, 46, 47, 39, 40, 41, 42, 43, 71, 44])),
        ("ledger", calls(&[49, 50, 65, 66, 52, 53, 63, 64, 67, 68, 69, 72, 73, 74])),
        ("segment", calls(&[14, 17, 25, 49, 50, 27, 51, 52, 54, 75, 55, 70, 61])),
        ("witness", calls(&[49, 50, 52, 53, 56, 57, 76, 77])),
        ("texts", calls(&[58, 59, 61, 78, 79, 80, 81, 82])),
    ]
}
