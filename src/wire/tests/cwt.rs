//! Tests of `cwt.rs`.

use super::*;
use crate::crypto::SigningKey;

#[test]
fn one_form_of_confirmation() {
    let key = SigningKey::from_seed(&[3; 32]).verifying_key();
    let mut out = Encoder::new();
    encode_confirmation(&mut out, &key);
    let bytes = out.finish();
    assert_eq!(Decoder::all(&bytes, decode_confirmation), Ok(key.as_bytes()));
    for at in 0..CONFIRMATION_PREFIX.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Decoder::all(&changed, decode_confirmation).is_err(), "byte {at}");
    }
    assert!(Decoder::all(&bytes[..bytes.len() - 1], decode_confirmation).is_err());
}
