//! Ed25519 keys and signatures.

use super::super::schema::{File, Hex, Stage};
use super::world::named;
use super::{Maker, stage};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar};
use onecard::crypto::{SigningKey, VerifyingKey, sha256};
use sha2::{Digest, Sha512};

fn key(bytes: &[u8; 32], purpose: &str, verdict: &str) -> Vec<Stage> {
    let cose_key = [&[0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20], &bytes[..]].concat();
    let kid = Hex(sha256(&[&cose_key]).0[..8].to_vec()).text();
    let gives = (verdict == "accept").then_some(kid);
    vec![Stage { purpose: Some(purpose.into()), gives, ..stage("key", bytes, verdict) }]
}

fn signature(by: &[u8], message: &[u8], signature: &[u8], verdict: &str) -> Vec<Stage> {
    let (key, message) = (Some(Hex(by.to_vec())), Some(Hex(message.to_vec())));
    vec![Stage { key, message, ..stage("signature", signature, verdict) }]
}

/// 32 bytes, from the hex digits of the first and of the last and one byte for all between.
fn spelled(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    (bytes[0], bytes[31]) = (first, last);
    bytes
}

fn challenge(r: &[u8], key: &[u8], message: &[u8]) -> Scalar {
    Scalar::from_hash(Sha512::new().chain_update(r).chain_update(key).chain_update(message))
}

/// The scalar of a secret key (RFC 8032 section 5.1.5).
fn scalar(key: &SigningKey) -> Scalar {
    let hash = Sha512::digest(*key.to_seed());
    let mut bytes: [u8; 32] = hash[..32].try_into().unwrap();
    bytes[0] &= 248;
    bytes[31] = bytes[31] & 127 | 64;
    Scalar::from_bytes_mod_order(bytes)
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Ed25519 (RFC 8032): which keys are taken, and which signatures.");
    make.section("1.4");
    let secret = named("signer");
    make.key("signer", &secret);
    make.key("other", &named("other"));
    let public = *secret.verifying_key().as_bytes();
    let point = CompressedEdwardsY(public).decompress().unwrap();
    let mixed: Vec<EdwardsPoint> = (1..8).map(|at| point + EIGHT_TORSION[at]).collect();
    let mixed_bytes = mixed[0].compress().0;

    make.good(
        "key_of_a_holder_mixed_order",
        "of a holder's key the prime-order check is the issuer's",
        key(&mixed_bytes, "holder", "accept"),
    );
    make.good("key_of_a_holder", "a holder's key", key(&public, "holder", "accept"));
    make.bad(
        "key_of_a_holder_small_order",
        "a holder's key is not of small order",
        key(&spelled(1, 0, 0), "holder", "key.small_order"),
    );
    make.bad(
        "key_of_a_holder_non_canonical",
        "a holder's key is encoded canonically",
        key(&spelled(0xf0, 0xff, 0x7f), "holder", "key.non_canonical"),
    );
    make.bad(
        "key_of_a_holder_off_curve",
        "a holder's key is a point",
        key(&spelled(2, 0, 0), "holder", "key.not_a_point"),
    );
    make.good("key_registered", "a registered key", key(&public, "registered", "accept"));
    for (at, point) in EIGHT_TORSION.iter().enumerate() {
        let rule = format!("the point {at} of order 1, 2, 4 or 8 is no key");
        make.bad(&format!("key_small_order_{at}"), &rule, key(&point.compress().0, "registered", "key.small_order"));
    }
    make.bad(
        "key_identity_non_canonical",
        "small order is refused in any spelling: y = p + 1",
        key(&spelled(0xee, 0xff, 0x7f), "registered", "key.small_order"),
    );
    make.bad(
        "key_zero_non_canonical",
        "small order is refused in any spelling: y = p",
        key(&spelled(0xed, 0xff, 0x7f), "registered", "key.small_order"),
    );
    make.bad(
        "key_non_canonical",
        "y is below p: this is y = 3 as p + 3",
        key(&spelled(0xf0, 0xff, 0x7f), "registered", "key.non_canonical"),
    );
    make.bad("key_off_curve", "no point has y = 2", key(&spelled(2, 0, 0), "registered", "key.not_a_point"));
    for (at, point) in mixed.iter().enumerate() {
        let rule = "a registered key has no component of small order";
        make.bad(&format!("key_mixed_order_{at}"), rule, key(&point.compress().0, "registered", "key.mixed_order"));
    }

    let message = b"onecard";
    let good = secret.sign(message);
    make.good(
        "signature_of_nothing",
        "a signature over the empty message",
        signature(&public, b"", &secret.sign(b""), "accept"),
    );
    make.good("signature", "a signature", signature(&public, message, &good, "accept"));
    make.bad(
        "signature_other_message",
        "the message is what was signed",
        signature(&public, b"onecards", &good, "signature"),
    );
    make.bad(
        "signature_other_key",
        "the key is the one that signed",
        signature(named("other").verifying_key().as_bytes(), message, &good, "signature"),
    );
    for (name, at) in [("r", 0), ("s", 32)] {
        let mut changed = good;
        changed[at] ^= 1;
        make.bad(
            &format!("signature_{name}_changed"),
            "every bit counts",
            signature(&public, message, &changed, "signature"),
        );
    }
    make.bad("signature_zero", "R and S of zero sign nothing", signature(&public, message, &[0; 64], "signature"));
    let halves_swapped = [&good[32..], &good[..32]].concat();
    make.bad("signature_halves_swapped", "R comes before S", signature(&public, message, &halves_swapped, "signature"));
    // The group order, little-endian: -1 and one more.
    let mut order = (-Scalar::ONE).to_bytes();
    order[0] += 1;
    for times in [1, 2, 7, 14] {
        let mut malleable = good;
        for _ in 0..times {
            let mut carry = 0;
            for (byte, add) in malleable[32..].iter_mut().zip(order) {
                let sum = u16::from(*byte) + u16::from(add) + carry;
                (*byte, carry) = (sum as u8, sum >> 8);
            }
        }
        let rule = "S is below the group order";
        make.bad(&format!("signature_s_plus_{times}_l"), rule, signature(&public, message, &malleable, "signature"));
    }
    let mut high = good;
    high[63] |= 0x80;
    make.bad("signature_s_high_bit", "S is below the group order", signature(&public, message, &high, "signature"));
    for (name, r) in [
        ("identity", spelled(1, 0, 0)),
        ("identity_sign_bit", spelled(1, 0, 0x80)),
        ("identity_non_canonical", spelled(0xee, 0xff, 0x7f)),
    ] {
        // S = ka satisfies the equation for whoever has the secret.
        let s = challenge(&r, &public, message) * scalar(&secret);
        let forged = [&r[..], s.as_bytes()].concat();
        let rule = "R is encoded canonically and not of small order, though the equation holds";
        make.bad(&format!("signature_r_{name}"), rule, signature(&public, message, &forged, "signature"));
    }
    let nonce = Scalar::from_bytes_mod_order([7; 32]);
    let r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[1]).compress().0;
    let s = nonce + challenge(&r, &public, message) * scalar(&secret);
    let rule = "the equation has no cofactor: this R has a component of small order";
    make.bad(
        "signature_r_mixed_order",
        rule,
        signature(&public, message, &[&r[..], s.as_bytes()].concat(), "signature"),
    );

    // Under a mixed-order key the equation holds without cofactor where k is a multiple of 8.
    let r = EdwardsPoint::mul_base(&nonce).compress().0;
    let under_mixed = |wanted: bool| {
        let fits = |message: &[u8; 1]| challenge(&r, &mixed_bytes, message).as_bytes()[0].is_multiple_of(8) == wanted;
        let message = (0..=255).map(|byte| [byte]).find(fits).unwrap();
        let s = nonce + challenge(&r, &mixed_bytes, &message) * scalar(&secret);
        (message, [&r[..], s.as_bytes()].concat())
    };
    assert!(VerifyingKey::from_bytes(&mixed_bytes).is_err());
    let (message, both) = under_mixed(true);
    make.good(
        "signature_by_a_mixed_order_key",
        "of a holder, where the equation holds without cofactor",
        signature(&mixed_bytes, &message, &both, "accept"),
    );
    let (message, cofactored) = under_mixed(false);
    make.bad(
        "signature_cofactored_only",
        "the equation has no cofactor",
        signature(&mixed_bytes, &message, &cofactored, "signature"),
    );
    make.file
}
