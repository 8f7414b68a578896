//! Tests of `keys.rs`.

use super::super::known::KnownKey;
use super::*;
use curve25519_dalek::constants::EIGHT_TORSION;
use proptest::prelude::*;
use sha2::{Digest, Sha512};

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    assert_eq!(text.len(), 2 * N);
    for (slot, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *slot = u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    }
    out
}

/// Adds the order of the base point to a little-endian scalar: the same scalar, not reduced.
pub(in super::super) fn add_order(scalar: &mut [u8]) {
    let order: [u8; 32] = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, add) in scalar.iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }
}

/// Bytes that count up.
struct Counting(u8);

impl rand_core::TryRng for Counting {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.iter_mut().for_each(|byte| (*byte, self.0) = (self.0, self.0.wrapping_add(1)));
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

#[test]
fn a_new_key_is_all_of_what_is_drawn() {
    let [first, second] = [0, 32].map(|from| core::array::from_fn(|at| from + at as u8));
    let mut drawn = Counting(0);
    assert_eq!(*SigningKey::generate(&mut drawn).to_seed(), first);
    assert_eq!(*SigningKey::generate(&mut drawn).to_seed(), second);
}

#[test]
fn rfc_8032_section_7_1() {
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &b""[..],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ];
    for (seed, public, message, signature) in cases {
        let secret = SigningKey::from_seed(&hex(seed));
        let key = VerifyingKey::from_bytes(&hex(public)).unwrap();
        assert_eq!(secret.verifying_key(), key);
        assert_eq!(secret.sign(message), hex(signature));
        let known = KnownKey::new(key);
        assert_eq!(known.key(), &key);
        assert_eq!(key.verify(message, &hex(signature)), Ok(()));
        assert_eq!(known.verify(message, &hex(signature)), Ok(()));
        assert_eq!(key.verify(b"another", &hex(signature)), Err(SignatureError));
        assert_eq!(known.verify(b"another", &hex(signature)), Err(SignatureError));
    }
}

#[test]
fn bad_keys_are_refused_by_name() {
    let identity = hex("0100000000000000000000000000000000000000000000000000000000000000");
    assert_eq!(VerifyingKey::from_bytes(&identity), Err(KeyError::SmallOrder));
    // y = p + 3: the point of y = 3 in another spelling.
    let spelled = hex("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    assert_eq!(VerifyingKey::from_bytes(&spelled), Err(KeyError::NonCanonical));
    let off_curve = hex("0200000000000000000000000000000000000000000000000000000000000000");
    assert_eq!(VerifyingKey::from_bytes(&off_curve), Err(KeyError::NotAPoint));
    let good = SigningKey::from_seed(&[7; 32]).verifying_key();
    for torsion in &EIGHT_TORSION[1..] {
        let mixed = (-good.minus + torsion).compress().0;
        assert_eq!(VerifyingKey::from_bytes(&mixed), Err(KeyError::MixedOrder));
        assert!(VerifyingKey::from_signed_bytes(&mixed).is_ok());
    }
    assert_eq!(VerifyingKey::from_signed_bytes(&identity), Err(KeyError::SmallOrder));
    assert_eq!(VerifyingKey::from_signed_bytes(&spelled), Err(KeyError::NonCanonical));
}

/// Every `y` near zero, near `p` and at the end of 255 bits, with both signs: a key is taken exactly when encoding
/// its point again gives the same bytes.
#[test]
fn a_key_has_one_encoding() {
    let p: [u8; 32] = hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let mut canonical = [0; 2];
    for (low, sign) in (0..=u8::MAX).flat_map(|low| [(low, 0), (low, 0x80)]) {
        for mut bytes in [[0; 32], p] {
            bytes[0] = low;
            bytes[31] |= sign;
            let point = CompressedEdwardsY(bytes).decompress();
            let expected = match point {
                None => Err(KeyError::NotAPoint),
                Some(point) if point.is_small_order() => Err(KeyError::SmallOrder),
                Some(point) if point.compress().0 != bytes => Err(KeyError::NonCanonical),
                Some(_) => Ok(()),
            };
            assert_eq!(VerifyingKey::from_signed_bytes(&bytes).map(|_| ()), expected, "{bytes:02x?}");
            canonical[0] += u32::from(expected == Ok(()));
            canonical[1] += u32::from(expected == Err(KeyError::NonCanonical));
        }
    }
    // Half of all `y` are of points; of the 19 from `p` on, without those of small order.
    assert!(canonical[0] > 400 && canonical[1] >= 12, "{canonical:?}");
}

#[test]
fn a_signature_with_small_order_r_is_refused() {
    // With R the identity, S = k * a satisfies the equation for every key whose secret is known.
    let secret = SigningKey::from_seed(&[9; 32]);
    let key = secret.verifying_key();
    let mut r = [0; 32];
    r[0] = 1;
    let k = Scalar::from_bytes_mod_order_wide(
        &Sha512::new().chain_update(r).chain_update(key.bytes).chain_update(b"m").finalize().into(),
    );
    let s = k * secret.0.to_scalar();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(s.as_bytes());
    assert_eq!(key.verify(b"m", &signature), Err(SignatureError));
    assert_eq!(KnownKey::new(key).verify(b"m", &signature), Err(SignatureError));
    let lenient = ed25519_dalek::VerifyingKey::from_bytes(&key.bytes).unwrap();
    assert!(ed25519_dalek::Verifier::verify(&lenient, b"m", &signature.into()).is_ok());
}

#[test]
fn a_signature_with_s_plus_l_is_refused() {
    let secret = SigningKey::from_seed(&[9; 32]);
    let mut signature = secret.sign(b"m");
    add_order(&mut signature[32..]);
    let key = secret.verifying_key();
    assert_eq!(key.verify(b"m", &signature), Err(SignatureError));
    assert_eq!(KnownKey::new(key).verify(b"m", &signature), Err(SignatureError));
}

#[test]
fn keys_print_their_key_id() {
    let key =
        SigningKey::from_seed(&hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")).verifying_key();
    let kid = "866eefbd6718c884";
    assert_eq!([format!("{}", key.kid()), format!("{:?}", key.kid())], [kid, kid]);
    assert_eq!(format!("{key:?}"), format!("VerifyingKey({kid})"));
    assert_eq!(format!("{:?}", KnownKey::new(key)), format!("KnownKey({kid})"));
}

#[test]
fn keys_sort_as_their_bytes() {
    let [a, b] = [1, 2].map(|seed| SigningKey::from_seed(&[seed; 32]).verifying_key());
    let order = a.as_bytes().cmp(b.as_bytes());
    assert_eq!([a.cmp(&b), b.cmp(&a), a.cmp(&a)], [order, order.reverse(), core::cmp::Ordering::Equal]);
    assert_eq!(a.partial_cmp(&b), Some(order));
}

#[test]
fn a_stored_seed_is_the_same_key() {
    let secret = SigningKey::from_seed(&[0xa5; 32]);
    assert_eq!(*secret.to_seed(), [0xa5; 32]);
}

#[test]
fn secrets_do_not_print() {
    let secret = SigningKey::from_seed(&[0xa5; 32]);
    let name = format!("SigningKey(secret of {})", secret.verifying_key().kid());
    assert_eq!([format!("{secret:?}"), format!("{secret:#?}")], [&*name, &*name]);
}

#[test]
fn secrets_are_equal_only_in_every_byte() {
    let seed = [0xa5; 32];
    let secret = SigningKey::from_seed(&seed);
    assert_eq!(secret, SigningKey::from_seed(&seed));
    for at in 0..32 {
        let mut other = seed;
        other[at] ^= 1;
        assert_ne!(secret, SigningKey::from_seed(&other), "byte {at}");
    }
}

#[test]
fn the_thumbprint_is_the_hash_of_the_cose_key() {
    let key = SigningKey::from_seed(&[1; 32]).verifying_key();
    let mut cose = vec![0xa3, 1, 1, 0x20, 6, 0x21, 0x58, 32];
    cose.extend_from_slice(key.as_bytes());
    assert_eq!(key.kid().0, sha256(&[&cose]).0[..8]);
}

proptest! {
    /// Our check of the order and dalek's agree, with and without a component of small order.
    #[test]
    fn agrees_with_is_torsion_free(seed: [u8; 32], torsion in 0usize..8) {
        let point = -SigningKey::from_seed(&seed).verifying_key().minus + EIGHT_TORSION[torsion];
        prop_assert_eq!(prime_order(&point), point.is_torsion_free());
        prop_assert_eq!(prime_order(&point), torsion == 0);
    }

    /// Ours and dalek's `verify_strict` agree on signatures with one byte changed anywhere.
    #[test]
    fn agrees_with_verify_strict(
        seed: [u8; 32], message in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0usize..96, change: u8, cut in 0usize..200,
    ) {
        let secret = SigningKey::from_seed(&seed);
        let mut key = *secret.verifying_key().as_bytes();
        let mut signature = secret.sign(&message);
        if at < 64 { signature[at] ^= change } else { key[at - 64] ^= change }
        let theirs = ed25519_dalek::VerifyingKey::from_bytes(&key)
            .is_ok_and(|key| key.verify_strict(&message, &signature.into()).is_ok());
        let (head, tail) = message.split_at(cut.min(message.len()));
        let ours = VerifyingKey::from_signed_bytes(&key)
            .is_ok_and(|key| key.verify_parts(&[head, tail], &signature).is_ok());
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!(ours, change == 0);
    }
}
