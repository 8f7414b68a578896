//! Verifying under a known key: one that is trusted, stays for months and signs thousands of messages.
//!
//! Two tables of multiples, of `-A` and of the base point, turn `[s]B - [k]A` into 64 additions
//! without a doubling: less than half of the work under a key that was never seen. Everything is computed
//! from the public group operations of `curve25519-dalek`. Which table entry is read depends on the
//! signature, and so does the time; nothing secret is involved in verifying.

use super::keys::VerifyingKey;
use super::signature::{Equation, PendingSignature, SignatureError};
use core::fmt;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::{EdwardsPoint, Scalar, traits::Identity as _};
use std::sync::{Arc, Mutex};

/// A public key with a table: it accepts exactly what its [`VerifyingKey`] accepts, sooner.
///
/// It takes 640 KiB of memory ([`KnownKey::MEMORY`]) and as long to make as some twenty verifications,
/// so it pays for an issuer's or a registrar's key, not for a holder's. The first one made in a process
/// also makes the table of the base point, of the same size, which all share.
pub struct KnownKey {
    key: VerifyingKey,
    minus: Table,
    base: Arc<Table>,
}

impl KnownKey {
    /// Bytes of memory that one table takes.
    pub const MEMORY: usize = ROWS * COLUMNS * size_of::<EdwardsPoint>();

    /// Makes the table of a key.
    #[must_use]
    pub fn new(key: VerifyingKey) -> Self {
        Self { key, minus: Table::new(*key.minus()), base: base() }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Verifies as [`VerifyingKey::verify`] does.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature is not exactly right.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        self.verify_parts(&[message], signature)
    }

    /// Verifies as [`VerifyingKey::verify_parts`] does.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature is not exactly right.
    pub fn verify_parts(&self, parts: &[&[u8]], signature: &[u8; 64]) -> Result<(), SignatureError> {
        self.begin(parts, signature)?.settle()
    }

    /// Computes up to the last step, as [`VerifyingKey::begin`] does.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature cannot be right, whatever the message.
    pub fn begin(&self, parts: &[&[u8]], signature: &[u8; 64]) -> Result<PendingSignature, SignatureError> {
        let equation = Equation::read(self.key.as_bytes(), parts, signature)?;
        // All entries are copied before the first is added: a table is larger than the caches near the
        // processor, and so the many waits for memory are one.
        let mut terms = [EdwardsPoint::identity(); 2 * ROWS];
        let entries = self.base.terms(&equation.s).chain(self.minus.terms(&equation.k));
        terms.iter_mut().zip(entries).for_each(|(slot, entry)| *slot = entry);
        Ok(equation.expect(terms.iter().sum()))
    }
}

impl fmt::Debug for KnownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownKey({})", self.key.kid())
    }
}

/// A key to verify under, with a table or without: the answers are the same.
#[derive(Clone, Copy, Debug)]
pub enum Verifier<'a> {
    /// Without.
    Key(&'a VerifyingKey),
    /// With.
    Known(&'a KnownKey),
}

impl Verifier<'_> {
    /// Computes a signature up to the last step, as [`VerifyingKey::begin`] does.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature cannot be right, whatever the message.
    pub fn begin(&self, parts: &[&[u8]], signature: &[u8; 64]) -> Result<PendingSignature, SignatureError> {
        match self {
            Self::Key(key) => key.begin(parts, signature),
            Self::Known(key) => key.begin(parts, signature),
        }
    }
}

impl<'a> From<&'a VerifyingKey> for Verifier<'a> {
    fn from(key: &'a VerifyingKey) -> Self {
        Self::Key(key)
    }
}

impl<'a> From<&'a KnownKey> for Verifier<'a> {
    fn from(key: &'a KnownKey) -> Self {
        Self::Known(key)
    }
}

/// A row for each byte of a scalar.
const ROWS: usize = 32;
/// A signed digit of radix 256 is at most 128 from zero, and zero needs no entry.
const COLUMNS: usize = 128;

/// Multiples 1 to 128 of `[256^i]P`, for each byte `i` of a scalar.
struct Table(Vec<EdwardsPoint>);

/// The table of the base point, which all keys share. It is made outside the lock, which is never waited for: in a process
/// that was forked meanwhile, whoever has it is not there to give it back.
fn base() -> Arc<Table> {
    static SHARED: Mutex<Option<Arc<Table>>> = Mutex::new(None);
    if let Some(made) = SHARED.try_lock().ok().and_then(|shared| shared.clone()) {
        return made;
    }
    let made = Arc::new(Table::new(ED25519_BASEPOINT_POINT));
    match SHARED.try_lock() {
        Ok(mut shared) => Arc::clone(shared.get_or_insert(made)),
        Err(_) => made,
    }
}

impl Table {
    fn new(point: EdwardsPoint) -> Self {
        let mut entries = Vec::with_capacity(ROWS.saturating_mul(COLUMNS));
        let mut unit = point;
        for _ in 0..ROWS {
            let mut multiple = EdwardsPoint::identity();
            for _ in 0..COLUMNS {
                multiple += unit;
                entries.push(multiple);
            }
            // Twice the 128-fold.
            unit = multiple + multiple;
        }
        Self(entries)
    }

    /// The points whose sum is `[scalar]P`.
    fn terms(&self, scalar: &Scalar) -> impl Iterator<Item = EdwardsPoint> {
        self.0.chunks_exact(COLUMNS).zip(digits(scalar)).filter_map(|(row, digit)| {
            let entry = usize::from(digit.size).checked_sub(1).and_then(|at| row.get(at))?;
            Some(if digit.negative { -entry } else { *entry })
        })
    }
}

/// A digit of radix 256 between -127 and 128.
#[derive(Clone, Copy)]
struct Digit {
    size: u8,
    negative: bool,
}

/// The signed digits of a scalar, from the lowest: their sum is the scalar itself, not only modulo the
/// order of the base point, so that a key of mixed order is multiplied rightly too.
///
/// A [`Scalar`] is reduced, below 2^253, so nothing is carried out of the last digit.
fn digits(scalar: &Scalar) -> impl Iterator<Item = Digit> {
    scalar.as_bytes().iter().scan(0_u8, |carry, &byte| {
        let digit = u16::from(byte).saturating_add((*carry).into());
        let negative = digit > 128;
        *carry = negative.into();
        let size = if negative { 256_u16.saturating_sub(digit) } else { digit };
        // At most 128.
        Some(Digit { size: u8::try_from(size).unwrap_or_default(), negative })
    })
}

#[cfg(test)]
#[path = "tests/known.rs"]
mod tests;
