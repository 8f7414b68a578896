//! A known key accepts what the same key accepts without its table, alone and among many, and that is
//! what `ed25519-dalek`'s `verify_strict` accepts.
//!
//! The input is a key (32 bytes), a signature (64) and a message. It also says how to make a signature
//! that other verifiers may accept: with components of small order in the key and in `R`, with `R` spelled
//! otherwise, with the order added to `S`.

use super::input::Input;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::VerifyingKey as Strict;
use onecard::crypto::{KnownKey, PendingSignature, SigningKey, VerifyingKey};
use sha2::{Digest, Sha512};
use std::sync::LazyLock;

/// `[SECRET]B`, and the same with each point of small order added.
static KEYS: LazyLock<[KnownKey; 8]> = LazyLock::new(|| {
    EIGHT_TORSION.map(|torsion| {
        let key = (EdwardsPoint::mul_base(&SECRET.into()) + torsion).compress().0;
        KnownKey::new(VerifyingKey::from_signed_bytes(&key).unwrap())
    })
});
const SECRET: u64 = 0x5ec2_e75e_c2e7_5ec3;

pub fn run(data: &[u8]) {
    if let Some((key, rest)) = data.split_first_chunk::<32>()
        && let Ok(key) = VerifyingKey::from_signed_bytes(key)
    {
        let (signature, message) = rest.split_first_chunk::<64>().unwrap_or((&[0; 64], rest));
        judge(&KnownKey::new(key), signature, message, data.len() % 3);
    }
    crafted(&mut Input::new(data));
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let secret = SigningKey::from_seed(&[1; 32]);
    let key = *secret.verifying_key().as_bytes();
    let mut changed = secret.sign(b"message");
    changed[40] ^= 1;
    vec![
        ("good", [&key[..], &secret.sign(b"message"), b"message"].concat()),
        ("changed", [&key[..], &changed, b"message"].concat()),
        ("crafted", vec![]),
        ("small-order-r", vec![0, 2, 1]),
        ("small-order-r-respelled", vec![0, 0, 1, 1]),
        ("mixed-order-key", vec![1]),
        ("mixed-order-both", vec![1, 7, 0, 0, 0, 0, 3]),
        ("mixed-order-r", vec![0, 1]),
        ("above-the-order", vec![0, 0, 0, 0, 1]),
        ("many", vec![0, 0, 0, 0, 0, 130]),
        ("one-bit", vec![0, 0, 0, 0, 0, 0, 0, 0, 9, 1]),
    ]
}

fn crafted(input: &mut Input<'_>) {
    let (key_torsion, r_torsion) = (input.byte() % 8, input.byte() % 8);
    let (no_nonce, respell, above) = (input.odd(), input.odd(), input.odd());
    let others = input.byte();
    let message: [u8; 2] = input.array();
    let (at, change) = (usize::from(input.byte() % 64), input.byte());
    let nonce = if no_nonce { Scalar::ZERO } else { Scalar::from(input.number()) + Scalar::ONE };

    let key = &KEYS[usize::from(key_torsion)];
    let mut r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[usize::from(r_torsion)]).compress().0;
    // The two values of y that have another spelling and are met here: 0 and 1.
    if respell && r[0] < 2 && r[1..31] == [0; 30] && r[31] & 0x7f == 0 {
        let sign = r[31];
        r = [[0xed + r[0]].as_slice(), &[0xff; 30], &[0x7f | sign]].concat().try_into().unwrap();
    }
    let mut signature = sign(key, &r, nonce, &message);
    if above {
        // The order is -1 and one more.
        let mut carry = 1;
        for (byte, add) in signature[32..].iter_mut().zip((-Scalar::ONE).to_bytes()) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry as u8;
            carry >>= 8;
        }
    }
    signature[at] ^= change;
    let good = judge(key, &signature, &message, others.into());
    if key_torsion == 0 {
        let expected = r_torsion == 0 && !no_nonce && !above && change == 0;
        assert_eq!(good, expected);
    }
}

fn judge(known: &KnownKey, signature: &[u8; 64], message: &[u8], others: usize) -> bool {
    let key = known.key();
    let strict = Strict::from_bytes(key.as_bytes()).unwrap();
    let expected = strict.verify_strict(message, &(*signature).into()).is_ok();
    assert_eq!(known.verify(message, signature).is_ok(), expected, "known");
    assert_eq!(key.verify(message, signature).is_ok(), expected, "plain");
    assert_eq!(format!("{known:?}"), format!("KnownKey({})", key.kid()));
    let (head, tail) = message.split_at(message.len() / 2);
    let parts = [head, &[], tail];
    assert_eq!(known.verify_parts(&parts, signature).is_ok(), expected, "parts");
    let (fast, slow) = match (known.begin(&parts, signature), key.begin(&parts, signature)) {
        (Ok(fast), Ok(slow)) => (fast, slow),
        (Err(_), Err(_)) => return expected,
        _ => panic!("the table decides what can be right"),
    };
    // Among good ones, each keeps its own answer.
    let good = KEYS[0].begin(&[b"good"], &GOOD).unwrap();
    let mut many = vec![good; others];
    many.extend([fast, slow]);
    many.insert(others / 2, fast);
    let verdicts: Vec<bool> = PendingSignature::settle_all(&many).map(|verdict| verdict.is_ok()).collect();
    assert_eq!(verdicts.len(), many.len());
    for (at, verdict) in verdicts.into_iter().enumerate() {
        let judged = at == others / 2 || at > others;
        assert_eq!(verdict, if judged { expected } else { true }, "{at} of {}", many.len());
    }
    expected
}

/// A signature by the first of the keys over `good`.
static GOOD: LazyLock<[u8; 64]> = LazyLock::new(|| {
    let nonce = Scalar::from(7_u8);
    sign(&KEYS[0], &EdwardsPoint::mul_base(&nonce).compress().0, nonce, b"good")
});

/// Signs as RFC 8032 does, but for `r`, which should encode `[nonce]B`.
fn sign(key: &KnownKey, r: &[u8; 32], nonce: Scalar, message: &[u8]) -> [u8; 64] {
    let hash = Sha512::new().chain_update(r).chain_update(key.key().as_bytes()).chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    [*r, (nonce + k * Scalar::from(SECRET)).to_bytes()].concat().try_into().unwrap()
}
