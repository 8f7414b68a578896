//! The holder's identity document, checked without a person: a salted commitment in the pass.
//!
//! ```text
//! commitment = SHA-256("onecard/holder-id/v1\n" || salt || document)
//! ```
//!
//! The salt is 16 random bytes, drawn for this pass alone and given to the holder apart from it; SD-CWT
//! asks for as much. Document numbers can be guessed, the salt cannot: the pass, wherever it is kept,
//! says nothing of the document. At the gate the holder shows the salt, and the document is read. Neither
//! is part of what a gate records, and neither prints.

use crate::crypto::sha256;
use core::fmt;

const DOMAIN: &[u8] = b"onecard/holder-id/v1\n";
const MIN_DOCUMENT: usize = 4;
const MAX_DOCUMENT: usize = 32;

/// The number of a document is not in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document number is {MIN_DOCUMENT} to {MAX_DOCUMENT} characters A-Z and 0-9")]
pub struct DocumentError;

/// The commitment to a holder's document, as the pass carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdCommitment(pub(super) [u8; 32]);

impl IdCommitment {
    /// Commits to what `opening` says.
    #[must_use]
    pub fn new(opening: &IdOpening<'_>) -> Self {
        Self(sha256(&[DOMAIN, opening.salt, opening.document.as_bytes()]).0)
    }

    /// Whether this is the commitment to what `opening` says. Takes the same time wherever they differ.
    #[must_use]
    pub fn opens(&self, opening: &IdOpening<'_>) -> bool {
        let Self(computed) = Self::new(opening);
        let differ = self.0.iter().zip(computed).fold(0, |differ, (a, b)| core::hint::black_box(differ | (a ^ b)));
        differ == 0
    }
}

/// What opens a commitment: the holder's salt, and the number of the document that was read. It is personal
/// data; it does not print, and is kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdOpening<'a> {
    salt: &'a [u8; 16],
    document: &'a str,
}

impl<'a> IdOpening<'a> {
    /// Takes the salt and the number in its one form: 4 to 32 characters `A` to `Z` and `0` to `9`, without
    /// spaces or hyphens. Nothing is folded.
    ///
    /// # Errors
    /// [`DocumentError`] for another form.
    pub fn new(salt: &'a [u8; 16], document: &'a str) -> Result<Self, DocumentError> {
        let form = document.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let size = (MIN_DOCUMENT..=MAX_DOCUMENT).contains(&document.len());
        if form && size { Ok(Self { salt, document }) } else { Err(DocumentError) }
    }
}

impl fmt::Debug for IdOpening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdOpening(..)")
    }
}

#[cfg(test)]
#[path = "tests/holder_id.rs"]
mod tests;
