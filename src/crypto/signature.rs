//! The acceptance rule, in the steps that every verifier here shares: read `S` and hash the message,
//! compute the point that `R` must be, compare encodings.
//!
//! Verifiers differ only in how they multiply. What they accept is decided in this file.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::{Scalar, traits::Identity as _};
use sha2::{Digest, Sha512};

/// A signature does not verify. Nothing more is said: the cause is of no use to an honest party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// A signature as scalars: it is good if `R` is the encoding of `[s]B - [k]A` and not of small order.
pub(super) struct Equation {
    r: [u8; 32],
    pub(super) s: Scalar,
    pub(super) k: Scalar,
}

impl Equation {
    /// Takes a signature over the concatenation of `parts` apart (RFC 8032 §5.1.7, steps 1 and 2).
    ///
    /// `key` are the bytes of the public key as they were received.
    pub(super) fn read(key: &[u8; 32], parts: &[&[u8]], signature: &[u8; 64]) -> Result<Self, SignatureError> {
        let (r, s) = halves(signature);
        let s: Option<Scalar> = Scalar::from_canonical_bytes(s).into();
        let s = s.ok_or(SignatureError)?;
        let mut hasher = Sha512::new_with_prefix(r);
        hasher.update(key);
        for part in parts {
            hasher.update(part);
        }
        Ok(Self { r, s, k: Scalar::from_bytes_mod_order_wide(&hasher.finalize().into()) })
    }

    /// Leaves the comparison with `expected`, which is `[s]B - [k]A`.
    pub(super) const fn expect(&self, expected: EdwardsPoint) -> PendingSignature {
        PendingSignature { r: self.r, expected }
    }
}

/// A signature that was computed up to the last step. It says nothing before it is settled.
///
/// The last step, an inversion, can be shared by many: see [`PendingSignature::settle_all`].
#[must_use = "nothing is verified before it is settled"]
#[derive(Clone, Copy, Debug)]
pub struct PendingSignature {
    r: [u8; 32],
    expected: EdwardsPoint,
}

impl PendingSignature {
    /// Says whether the signature verifies.
    ///
    /// # Errors
    /// [`SignatureError`] when it is not exactly right.
    pub fn settle(&self) -> Result<(), SignatureError> {
        self.compare(self.expected.compress())
    }

    /// Says of both signatures what [`PendingSignature::settle`] says of each, by one inversion.
    pub fn settle_with(&self, other: &Self) -> (Result<(), SignatureError>, Result<(), SignatureError>) {
        let [own, others] = EdwardsPoint::compress_batch(&[self.expected, other.expected]);
        (self.compare(own), other.compare(others))
    }

    /// Says of each signature, in order, what [`PendingSignature::settle`] says of it.
    ///
    /// Every signature has its own equation and its own answer; only the arithmetic of one inversion
    /// is shared, by up to 64 of them.
    pub fn settle_all(pending: &[Self]) -> impl Iterator<Item = Result<(), SignatureError>> {
        pending.chunks(SHARED).flat_map(|chunk| {
            let mut points = [EdwardsPoint::identity(); SHARED];
            points.iter_mut().zip(chunk).for_each(|(slot, one)| *slot = one.expected);
            let encodings = EdwardsPoint::compress_batch(&points);
            chunk.iter().zip(encodings).map(|(one, encoding)| one.compare(encoding))
        })
    }

    /// Comparing encodings makes `R` canonical; an `R` equal to the expected point is on the curve.
    fn compare(&self, expected: CompressedEdwardsY) -> Result<(), SignatureError> {
        let [head @ .., last] = &self.r;
        let small = SMALL_ORDER_Y.iter().any(|[y @ .., top]| y == head && *top == last & 0x7f);
        if expected.0 == self.r && !small { Ok(()) } else { Err(SignatureError) }
    }
}

/// How many share one inversion: it is a hundredth of a verification then.
const SHARED: usize = 64;

/// The `y` of the eight points of small order, encoded without the sign of `x`: 1, -1, 0, and the
/// two of the points of order 8.
#[rustfmt::skip]
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    *b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
       \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
       \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    *b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
       \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\
       \xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
       \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
];

fn halves(signature: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut r, mut s) = ([0; 32], [0; 32]);
    let (first, second) = signature.split_at(32);
    r.copy_from_slice(first);
    s.copy_from_slice(second);
    (r, s)
}

#[cfg(test)]
#[path = "tests/signature.rs"]
mod tests;
