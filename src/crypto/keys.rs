//! Ed25519 keys (RFC 8032) with one acceptance rule.
//!
//! The rule is that of `ed25519-dalek`'s `verify_strict`: canonical `S`, canonical `R` that is not of
//! small order, no cofactor. With a canonical key that is not of small order either, every signature
//! accepted here is accepted by cofactorless verifiers (Go, OpenSSL, libsodium) and by cofactored
//! ones (ZIP 215) alike, so no party can be made to disagree about what is in a log.
//!
//! The check is computed from the curve's public API because it takes the message in parts: a COSE
//! `Sig_structure` or a cosigned note is hashed where it lies, without a copy and without allocation.

use super::hash::sha256;
use super::signature::{Equation, PendingSignature, SignatureError};
use core::fmt;
use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use ed25519_dalek::Signer;
use zeroize::Zeroizing;

/// A public key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not a point of the curve.
    #[error("the key is not a point of the curve")]
    NotAPoint,
    /// The point has another, shorter encoding.
    #[error("the key is not encoded canonically")]
    NonCanonical,
    /// The point is of small order: it verifies signatures nobody made.
    #[error("the key is of small order")]
    SmallOrder,
    /// The point has a component of small order.
    #[error("the key is of mixed order")]
    MixedOrder,
}

/// First 8 bytes of a key's COSE Key Thumbprint (RFC 9679, SHA-256): the `kid` of onecard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(pub [u8; 8]);

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An Ed25519 public key that passed the checks of [`VerifyingKey::from_bytes`].
#[derive(Clone, Copy)]
pub struct VerifyingKey {
    bytes: [u8; 32],
    /// `-A`, so that `[S]B - [k]A` is one double multiplication.
    minus: EdwardsPoint,
}

impl VerifyingKey {
    /// Decodes a key: canonical, on the curve, of the prime-order group.
    ///
    /// # Errors
    /// [`KeyError`] says which check failed.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = decode(bytes)?;
        if !prime_order(&key.minus) {
            return Err(KeyError::MixedOrder);
        }
        Ok(key)
    }

    /// Decodes a holder's key out of a signed pass: canonical, on the curve, not of small order.
    ///
    /// The prime-order check, which costs as much as a signature, was made by the issuer. Were it
    /// left out there, a holder with a mixed-order key could only spoil their own signatures: what
    /// the cofactorless rule accepts, cofactored verifiers accept too.
    ///
    /// # Errors
    /// [`KeyError`], but never [`KeyError::MixedOrder`].
    pub fn from_signed_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        decode(bytes)
    }

    /// The 32 bytes of RFC 8032 §5.1.2.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature is not exactly right.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        self.verify_parts(&[message], signature)
    }

    /// Verifies `signature` over the concatenation of `parts`.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature is not exactly right.
    pub fn verify_parts(&self, parts: &[&[u8]], signature: &[u8; 64]) -> Result<(), SignatureError> {
        self.begin(parts, signature)?.settle()
    }

    /// Computes a signature over the concatenation of `parts` up to the last step, which many can share.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature cannot be right, whatever the message.
    pub fn begin(&self, parts: &[&[u8]], signature: &[u8; 64]) -> Result<PendingSignature, SignatureError> {
        let equation = Equation::read(&self.bytes, parts, signature)?;
        let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&equation.k, &self.minus, &equation.s);
        Ok(equation.expect(expected))
    }

    /// `-A`, for the table of a known key.
    pub(super) const fn minus(&self) -> &EdwardsPoint {
        &self.minus
    }

    /// The key id: the first 8 bytes of the RFC 9679 thumbprint.
    #[must_use]
    pub fn kid(&self) -> Kid {
        let mut kid = [0; 8];
        kid.iter_mut().zip(self.thumbprint().0).for_each(|(slot, byte)| *slot = byte);
        Kid(kid)
    }

    /// The COSE Key Thumbprint with SHA-256 (RFC 9679 §3): the hash of the deterministic `COSE_Key`
    /// with only its required members.
    #[must_use]
    pub fn thumbprint(&self) -> super::Hash {
        sha256(&[&COSE_KEY_PREFIX, &self.bytes])
    }
}

/// Deterministic `COSE_Key` of an Ed25519 key up to the 32 key bytes (RFC 9053 §7.2):
/// `{1: 1 (OKP), -1: 6 (Ed25519), -2: h'…'}`.
pub(crate) const COSE_KEY_PREFIX: [u8; 8] = [0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for VerifyingKey {}

impl PartialOrd for VerifyingKey {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VerifyingKey {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.kid())
    }
}

/// An Ed25519 secret key. It is wiped when dropped, compares in constant time and does not print.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Takes the 32-byte secret seed of RFC 8032 §5.1.5.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Draws a new key from the caller's generator.
    pub fn generate(rng: &mut impl rand_core::CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The secret seed, for the caller's own key storage.
    #[must_use]
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        let public = self.0.verifying_key();
        VerifyingKey { bytes: public.to_bytes(), minus: -public.to_edwards() }
    }

    /// Signs `message` (RFC 8032 §5.1.6, deterministic).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        // By `subtle`, in constant time.
        self.0 == other.0
    }
}

impl Eq for SigningKey {}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret of {})", self.verifying_key().kid())
    }
}

fn decode(bytes: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    let point = CompressedEdwardsY(*bytes).decompress().ok_or(KeyError::NotAPoint)?;
    // Small order first: such a key is an attack under any encoding.
    if point.is_small_order() {
        return Err(KeyError::SmallOrder);
    }
    if !reduced(bytes) {
        return Err(KeyError::NonCanonical);
    }
    Ok(VerifyingKey { bytes: *bytes, minus: -point })
}

/// Whether the encoding of a point that is not of small order is the canonical one.
///
/// It is when `y` is less than `p = 2^255 - 19` (RFC 8032 §5.1.3). The other way to spell a point twice is a sign
/// for an `x` that is zero, and the two points with such an `x` are of small order. This takes no inversion, which
/// encoding the point to compare it would.
fn reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., top] = bytes;
    *low < 0xed || middle.iter().any(|&byte| byte != 0xff) || top & 0x7f != 0x7f
}

/// Whether a point is in the group of prime order `L`: `[L - 1]P = -P`.
///
/// The point is public, so its multiple may be computed in variable time; `L - 1` has few digits that are not zero.
fn prime_order(point: &EdwardsPoint) -> bool {
    EdwardsPoint::vartime_double_scalar_mul_basepoint(&-Scalar::ONE, point, &Scalar::ZERO) == -point
}

#[cfg(test)]
pub(super) mod tests {
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
        let key = SigningKey::from_seed(&hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
            .verifying_key();
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
}
