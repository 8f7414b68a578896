//! Tests of `known.rs`.

use super::super::keys::{SigningKey, tests::add_order};
use super::*;
use curve25519_dalek::constants::EIGHT_TORSION;
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

/// What `verify_strict`, the plain key, the known one and many at once say; they have to agree.
fn verdict(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let strict = ed25519_dalek::VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(message, &(*signature).into()).is_ok());
    let Ok(plain) = VerifyingKey::from_signed_bytes(key) else { return false };
    let known = KnownKey::new(plain);
    let (head, tail) = message.split_at(message.len() / 2);
    let alone = known.verify_parts(&[head, tail], signature);
    assert_eq!(alone.is_ok(), strict, "verify_strict");
    assert_eq!(alone, plain.verify(message, signature), "the key without its table");
    assert_eq!(alone, known.verify(message, signature), "parts");
    if let Ok(pending) = known.begin(&[message], signature) {
        let other = plain.begin(&[message, b"!"], signature).unwrap();
        let verdicts: Vec<_> = PendingSignature::settle_all(&[other, pending, other]).collect();
        assert_eq!(verdicts[1], alone, "many at once");
    }
    strict
}

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// The encoding of the same point with `y + p`, if there is one.
fn respelled(encoding: [u8; 32]) -> [u8; 32] {
    let [low @ 0..19, rest @ .., 0 | 0x80] = encoding else { return encoding };
    if rest != [0; 30] {
        return encoding;
    }
    let mut other = [0xff; 32];
    (other[0], other[31]) = (low + 0xed, encoding[31] | 0x7f);
    other
}

#[test]
fn digits_add_up_to_the_scalar() {
    let value = |scalar: &Scalar| {
        digits(scalar).collect::<Vec<_>>().into_iter().rev().fold(Scalar::ZERO, |sum, digit| {
            assert!(digit.size <= if digit.negative { 127 } else { 128 });
            let size = Scalar::from(digit.size);
            sum * Scalar::from(256_u16) + if digit.negative { -size } else { size }
        })
    };
    let mut edges: Vec<[u8; 32]> = [0, 1, 0x7f, 0x80, 0x81, 0xfe, 0xff].map(|byte| [byte; 32]).to_vec();
    edges.push(*(-Scalar::ONE).as_bytes());
    for mut bytes in edges {
        bytes[31] &= 0x0f;
        let scalar = Scalar::from_canonical_bytes(bytes).into_option().unwrap_or(-Scalar::ONE);
        assert_eq!(digits(&scalar).count(), ROWS);
        assert_eq!(value(&scalar), scalar, "{bytes:02x?}");
    }
}

#[test]
fn a_table_has_the_size_it_says() {
    let known = KnownKey::new(SigningKey::from_seed(&[1; 32]).verifying_key());
    assert_eq!(size_of_val(known.minus.0.as_slice()), KnownKey::MEMORY);
    assert_eq!(known.minus.0.capacity(), known.minus.0.len());
    assert_eq!(KnownKey::MEMORY, 640 * 1024);
}

#[test]
fn a_key_of_mixed_order_is_multiplied_as_an_integer() {
    // The cofactorless equation holds for one in eight messages; both verifiers find the same ones.
    let secret = Scalar::from(77_u8);
    let key = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[1]).compress().0;
    let nonce = Scalar::from(99_u8);
    let r = EdwardsPoint::mul_base(&nonce).compress().0;
    let held = (0..64_u8).filter(|message| {
        let s = nonce + challenge(&r, &key, &[*message]) * secret;
        let signature = [r, *s.as_bytes()].concat().try_into().unwrap();
        verdict(&key, &[*message], &signature)
    });
    assert!((1..=20).contains(&held.count()));
}

proptest! {
    /// Good signatures, and the same spoilt in one byte.
    #[test]
    fn agrees_on_what_was_changed(
        seed: [u8; 32], message in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..96, change: u8,
    ) {
        let secret = SigningKey::from_seed(&seed);
        let mut key = *secret.verifying_key().as_bytes();
        let mut signature = secret.sign(&message);
        prop_assert!(verdict(&key, &message, &signature));
        if at < 64 { signature[at] ^= change } else { key[at - 64] ^= change }
        prop_assert_eq!(verdict(&key, &message, &signature), change == 0);
    }

    /// Keys and `R` with components of small order, `R` of small order or spelled otherwise, and `S`
    /// with the order added: all satisfy the cofactored equation.
    #[test]
    fn agrees_on_what_other_verifiers_accept(
        secret in 1_u64.., nonce in prop_oneof![Just(0_u64), any::<u64>()], key_torsion in 0usize..8,
        r_torsion in 0usize..8, respell: bool, above: bool, message: [u8; 4],
    ) {
        let (secret, nonce) = (Scalar::from(secret), Scalar::from(nonce));
        let key = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[key_torsion]).compress().0;
        let mut r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[r_torsion]).compress().0;
        if respell { r = respelled(r) }
        let k = challenge(&r, &key, &message);
        let mut s = (nonce + k * secret).to_bytes();
        if above { add_order(&mut s) }
        let signature = [r, s].concat().try_into().unwrap();
        let accepted = verdict(&key, &message, &signature);
        if above || nonce == Scalar::ZERO { prop_assert!(!accepted) }
        if key_torsion == 0 && r_torsion != 0 { prop_assert!(!accepted) }
        if key_torsion == 0 && r_torsion == 0 && !above && nonce != Scalar::ZERO { prop_assert!(accepted) }
    }
}
