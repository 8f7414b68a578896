//! Tests of `present.rs`.

use super::super::claims::tests::{holder, time};
use super::*;

/// A byte string whose encoding has this many bytes.
fn item(length: usize) -> Vec<u8> {
    let content = u16::try_from(length - 3).unwrap();
    [&[0x59][..], &content.to_be_bytes(), &vec![7; content.into()]].concat()
}

fn shown(pass: &[u8], audience: &str) -> Result<Vec<u8>, PresentError> {
    present(pass, &holder(), audience, None, time(20_000))
}

#[test]
fn what_cannot_be_a_pass_is_not_presented() {
    assert!(shown(&item(MAX_PASS), "a").is_ok());
    assert_eq!(shown(&item(MAX_PASS + 1), "a"), Err(PresentError::Pass));
    for bytes in [&[][..], &[0x42, 0], &[0, 0]] {
        assert_eq!(shown(bytes, "a"), Err(PresentError::Pass), "{bytes:?}");
    }
}

#[test]
fn no_presentation_is_longer_than_any_may_be() {
    let with = |pass: usize| shown(&item(pass), &"a".repeat(100)).map(|shown| shown.len());
    let longest = 300 + MAX_PRESENTATION - with(300).unwrap();
    assert_eq!(with(longest), Ok(MAX_PRESENTATION));
    assert_eq!(with(longest + 1), Err(PresentError::TooLong(MAX_PRESENTATION + 1)));
}
