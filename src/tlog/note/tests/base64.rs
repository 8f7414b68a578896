//! Tests of `base64.rs`.

use super::*;
use proptest::prelude::*;

#[test]
fn rfc_4648_section_10() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(encode(bytes.as_bytes()), text);
        assert_eq!(decode(text).unwrap(), bytes.as_bytes());
    }
}

#[test]
fn other_spellings_are_refused() {
    for text in [
        "Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "=", "==", "====", "Z===", "Zm9v=", "Zm9v====", "Zm-v", "Zm_v", "Zm9v\n",
        " Zm9", "Zg==Zg==", "Z=8=", "Zm9vZ",
    ] {
        assert_eq!(decode(text), None, "{text:?}");
    }
}

#[test]
fn the_start_of_what_may_be_no_base64() {
    for text in ["Zm9vYmFy", "Zm9vYg", "Zm9vYv??"] {
        assert_eq!(decode_start(text), Some(*b"foob"), "{text}");
    }
    assert_eq!(decode_start("AAAABA"), Some([0, 0, 0, 4]));
    assert_eq!(["Zm9vY", "Zm9v==", "Zm9v Y"].map(decode_start), [None; 3]);
}

proptest! {
    #[test]
    fn round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
    }

    #[test]
    fn accepted_means_encoding_again_gives_the_same_text(text in "[A-Za-z0-9+/=]{0,12}") {
        if let Some(bytes) = decode(&text) {
            prop_assert_eq!(encode(&bytes), text);
        }
    }
}
