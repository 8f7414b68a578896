//! Tests of `text.rs`.

use super::*;
use proptest::prelude::*;

fn plain(text: &str) -> Result<Vec<u8>, TextError> {
    decode(format!("{PREFIX}{text}").as_bytes()).map(|bytes| bytes.as_slice().to_vec())
}

#[test]
fn rfc_9285_examples() {
    for (bytes, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]
    {
        assert_eq!(encode(bytes.as_bytes()), format!("{PREFIX}{text}"));
        assert_eq!(plain(text), Ok(bytes.as_bytes().to_vec()));
    }
    assert_eq!(plain(""), Ok(vec![]));
}

#[test]
fn every_other_text_is_refused_by_name() {
    assert_eq!(plain("GGW"), Err(TextError::Group(4)), "65536 (RFC 9285 section 6)");
    assert_eq!(plain("FGW"), Ok(vec![255, 255]));
    assert_eq!(plain(":::"), Err(TextError::Group(4)));
    assert_eq!(plain("V5"), Err(TextError::Group(4)), "256 in a pair");
    assert_eq!(plain("U5"), Ok(vec![255]));
    assert_eq!(plain("BB8A"), Err(TextError::Group(8)), "a lone last character");
    assert_eq!(plain("BBa"), Err(TextError::Alphabet(6)));
    assert_eq!(plain("BB8\n"), Err(TextError::Alphabet(7)));
    assert_eq!(plain("BB\u{e9}"), Err(TextError::Alphabet(6)));
    assert!(matches!(decode(b"oc1:BB8"), Err(TextError::Prefix)));
    assert!(matches!(decode(b" OC1:BB8"), Err(TextError::Prefix)));
    assert!(matches!(decode(b"OC2:BB8"), Err(TextError::Prefix)));
    assert!(matches!(decode(b"HC1:BB8"), Err(TextError::Prefix)));
    let longest = encode(&[0; MAX_PRESENTATION]);
    assert_eq!(longest.len(), MAX_TEXT);
    assert_eq!(decode(longest.as_bytes()).unwrap().as_slice().len(), MAX_PRESENTATION);
    assert!(matches!(decode(&[b'0'; MAX_TEXT + 1]), Err(TextError::TooLong(_))));
}

proptest! {
    #[test]
    fn round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..=MAX_PRESENTATION)) {
        let text = encode(&bytes);
        let decoded = decode(text.as_bytes()).unwrap();
        prop_assert_eq!(decoded.as_slice(), &bytes[..]);
    }

    #[test]
    fn accepted_means_encoding_again_gives_the_same_text(text in "OC1:[0-9A-Z $%*+./:a-]{0,40}") {
        if let Ok(bytes) = decode(text.as_bytes()) {
            prop_assert_eq!(encode(bytes.as_slice()), text);
        }
    }
}
