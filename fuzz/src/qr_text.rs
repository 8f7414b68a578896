//! A text is accepted exactly when it is the text of the bytes it decodes to.
//!
//! The oracle decodes as RFC 9285 is written, with big numbers and no care for speed.

use onecard::limits::{MAX_PRESENTATION, MAX_TEXT};
use onecard::wire::text::{PREFIX, decode, encode};

pub fn run(data: &[u8]) {
    let decoded = decode(data);
    match &decoded {
        Ok(bytes) => {
            assert!(data.len() <= MAX_TEXT && bytes.as_slice().len() <= MAX_PRESENTATION);
            assert_eq!(encode(bytes.as_slice()).as_bytes(), data);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let expected = oracle(data).filter(|bytes| bytes.len() <= MAX_PRESENTATION);
    assert_eq!(decoded.ok().map(|bytes| bytes.as_slice().to_vec()), expected);

    let bytes = &data[..data.len().min(MAX_PRESENTATION)];
    let text = encode(bytes);
    assert!(text.len() <= MAX_TEXT);
    assert_eq!(decode(text.as_bytes()).unwrap().as_slice(), bytes);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("hello", b"OC1:%69 VD92EX0".to_vec()),
        ("ietf", b"OC1:QED8WEX0".to_vec()),
        ("empty", b"OC1:".to_vec()),
        ("too-great", b"OC1:GGW".to_vec()),
        ("too-great-pair", b"OC1:V5".to_vec()),
        ("lone", b"OC1:BB8A".to_vec()),
        ("lower-case", b"oc1:bb8".to_vec()),
        ("percent", b"OC1:%20BB8".to_vec()),
        ("longest", encode(&[0xff; MAX_PRESENTATION]).into_bytes()),
        ("too-long", encode(&[0; MAX_PRESENTATION + 1]).into_bytes()),
    ]
}

fn oracle(data: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let text = core::str::from_utf8(data).ok()?.strip_prefix(PREFIX)?;
    let digits: Vec<u64> = text.chars().map(|c| ALPHABET.find(c).map(|at| at as u64)).collect::<Option<_>>()?;
    let mut bytes = Vec::new();
    for group in digits.chunks(3) {
        let value: u64 = group.iter().rev().fold(0, |value, digit| value * 45 + digit);
        match group.len() {
            3 => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}
