//! One signature rule: ours and `ed25519-dalek`'s `verify_strict` agree, and a registered key is
//! canonical and of the prime-order group. A secret key is its seed, and printed it does not say it.
//!
//! The input is a key (32 bytes), a signature (64) and a message; it is also a message signed here
//! with a fixed key and damaged where its first bytes say.

use ed25519_dalek::VerifyingKey as Strict;
use onecard::crypto::{KeyError, SigningKey, VerifyingKey, sha256};
use sha2::{Digest, Sha256};

pub fn run(data: &[u8]) {
    if let Some((key, rest)) = data.split_first_chunk::<32>() {
        let (signature, message) = rest.split_first_chunk::<64>().unwrap_or((&[0; 64], rest));
        judge(key, signature, message);
    }
    own(data);
    secrets(data);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let secret = SigningKey::from_seed(&[1; 32]);
    let key = *secret.verifying_key().as_bytes();
    let (mut identity, mut spelled) = ([0; 32], [0xff; 32]);
    identity[0] = 1;
    (spelled[0], spelled[31]) = (0xf0, 0x7f);
    vec![
        ("good", [&key[..], &secret.sign(b"message"), b"message"].concat()),
        ("good-empty", [&key[..], &secret.sign(b"")].concat()),
        ("another-message", [&key[..], &secret.sign(b"message"), b"massage"].concat()),
        ("small-order", [&identity[..], &identity, &[0; 32], b"anything"].concat()),
        ("not-canonical", [&spelled[..], &secret.sign(b"message"), b"message"].concat()),
        ("not-a-point", [&[2], &[0; 95][..]].concat()),
    ]
}

fn judge(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    let registered = VerifyingKey::from_bytes(key);
    let holder = VerifyingKey::from_signed_bytes(key);
    let strict = Strict::from_bytes(key);
    match holder {
        Err(KeyError::NotAPoint) => assert!(strict.is_err()),
        Err(KeyError::SmallOrder) => assert!(strict.as_ref().unwrap().is_weak()),
        Err(KeyError::NonCanonical) => assert!(strict.as_ref().unwrap().to_edwards().compress().0 != *key),
        Err(other) => panic!("a holder's key is refused for {other}"),
        Ok(_) => assert!(!strict.as_ref().unwrap().is_weak()),
    }
    let Ok(holder) = holder else {
        assert_eq!(registered, holder);
        return false;
    };
    assert_eq!(holder.as_bytes(), key);
    match registered {
        Ok(registered) => assert!(registered == holder && registered.kid() == holder.kid()),
        Err(error) => assert_eq!(error, KeyError::MixedOrder),
    }
    let strict = strict.unwrap();
    assert_eq!(strict.to_edwards().is_torsion_free(), registered.is_ok());

    let ours = holder.verify(message, signature).is_ok();
    assert_eq!(ours, strict.verify_strict(message, &(*signature).into()).is_ok());
    let (head, tail) = message.split_at(message.len() / 2);
    assert_eq!(ours, holder.verify_parts(&[head, &[], tail], signature).is_ok(), "parts");
    ours
}

fn own(data: &[u8]) {
    let secret = SigningKey::from_seed(&[1; 32]);
    let mut key = *secret.verifying_key().as_bytes();
    let mut signature = secret.sign(data);
    assert!(judge(&key, &signature, data), "our own signature is refused");
    if let [at, change @ 1..=255, ..] = *data {
        match usize::from(at) % 96 {
            at @ 0..64 => signature[at] ^= change,
            at => key[at - 64] ^= change,
        }
        assert!(!judge(&key, &signature, data), "byte {} can be changed", usize::from(at) % 96);
    }
}

/// Two secret keys are one where their seeds are; public ones are in the order of their bytes. What is printed of a
/// secret key, somebody may read.
fn secrets(data: &[u8]) {
    let seed = |at: usize| core::array::from_fn(|byte| data.get(at + byte).copied().unwrap_or_default());
    let seeds: [[u8; 32]; 2] = [seed(0), seed(32)];
    let keys = seeds.map(|seed| SigningKey::from_seed(&seed));
    for (key, seed) in keys.iter().zip(seeds) {
        assert_eq!(*key.to_seed(), seed);
        let public = key.verifying_key();
        assert_eq!(public, VerifyingKey::from_bytes(public.as_bytes()).unwrap());
        assert_eq!(format!("{key:?}"), format!("SigningKey(secret of {})", public.kid()), "more than its public key");
        assert_eq!(format!("{public:?}"), format!("VerifyingKey({:?})", public.kid()));
    }
    assert_eq!(keys[0] == keys[1], seeds[0] == seeds[1]);
    let [one, two] = keys.each_ref().map(SigningKey::verifying_key);
    assert_eq!(one.partial_cmp(&two), Some(one.as_bytes().cmp(two.as_bytes())));
    let (hash, expected) = (sha256(&[&seeds[0], data]), Sha256::digest([&seeds[0], data].concat()));
    assert_eq!(hash.as_ref(), &expected[..]);
    let digits: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(format!("{hash:?}"), digits);
}
