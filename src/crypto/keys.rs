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
#[path = "tests/keys.rs"]
pub(super) mod tests;
