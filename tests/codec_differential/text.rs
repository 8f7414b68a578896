//! The text against `base45`.

use onecard::limits::MAX_PRESENTATION;
use onecard::wire::text::{PREFIX, decode, encode};
use proptest::prelude::*;

/// Accepted exactly when the other reads it and writes what it read in the same way.
fn judge(input: &[u8]) -> bool {
    let theirs = input.strip_prefix(PREFIX.as_bytes()).and_then(|digits| {
        let bytes = base45::decode(digits).ok()?;
        (base45::encode(&bytes).as_bytes() == digits && bytes.len() <= MAX_PRESENTATION).then_some(bytes)
    });
    let ours = decode(input).ok().map(|bytes| bytes.as_slice().to_vec());
    assert_eq!(ours, theirs, "{}", input.escape_ascii());
    ours.is_some()
}

/// How many of the texts with `length` bytes of `alphabet` after the prefix are accepted.
fn accepted(alphabet: &[u8], length: u32) -> usize {
    let base = alphabet.len();
    let digits = |number| (0..length).map(move |at| alphabet[number / base.pow(at) % base]);
    (0..base.pow(length)).filter(|&number| judge(&PREFIX.bytes().chain(digits(number)).collect::<Vec<_>>())).count()
}

/// Every text of up to two bytes, and of three characters of the alphabet.
#[test]
fn short_texts() {
    let any: Vec<u8> = (0..=255).collect();
    assert_eq!([0, 1, 2].map(|length| accepted(&any, length)), [1, 0, 1 << 8]);
    assert_eq!(accepted(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", 3), 1 << 16);
}

proptest! {
    #[test]
    fn texts_as_they_are_and_changed(
        bytes in prop::collection::vec(any::<u8>(), 0..MAX_PRESENTATION + 4),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let text = encode(&bytes);
        prop_assert_eq!(&text, &format!("{PREFIX}{}", base45::encode(&bytes)));
        let mut text = text.into_bytes();
        prop_assert_eq!(judge(&text), bytes.len() <= MAX_PRESENTATION);
        let at = at.index(text.len());
        text[at] = byte;
        judge(&text);
        text.remove(at);
        judge(&text);
    }
}
