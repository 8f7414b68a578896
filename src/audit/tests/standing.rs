//! Tests of `standing.rs`.

use super::*;

/// The number that `docs/design.md` and `benches/README.md` tell.
#[test]
fn a_redemption_takes_64_bytes() {
    assert_eq!(size_of::<KeptUse>(), 64);
}
