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
mod tests {
    use super::*;

    const SALT: [u8; 16] = [0xa5; 16];
    const DOCUMENT: &str = "31010119900307123X";

    #[test]
    fn only_the_same_salt_and_document_open_it() {
        let opening = IdOpening::new(&SALT, DOCUMENT).unwrap();
        let commitment = IdCommitment::new(&opening);
        assert!(commitment.opens(&opening));
        for bit in 0..128 {
            let mut salt = SALT;
            salt[bit / 8] ^= 1 << (bit % 8);
            assert!(!commitment.opens(&IdOpening::new(&salt, DOCUMENT).unwrap()), "bit {bit} of the salt");
        }
        for document in ["310101199003071230", "31010119900307123", "31010119900307123XX"] {
            assert!(!commitment.opens(&IdOpening::new(&SALT, document).unwrap()), "{document}");
        }
        for bit in 0..256 {
            let mut other = commitment;
            other.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!other.opens(&opening), "bit {bit}");
            other.0[(bit / 8 + 1) % 32] ^= 1 << (bit % 8);
            assert!(!other.opens(&opening), "bit {bit}, and the same of the next byte");
        }
    }

    #[test]
    fn the_commitment_is_frozen() {
        // Computed apart from this code: printf and sha256sum.
        let commitment = IdCommitment::new(&IdOpening::new(&SALT, DOCUMENT).unwrap());
        assert_eq!(
            crate::crypto::Hash(commitment.0).to_string(),
            "2ae138348f89a143547a5b73fd56db9d68d873f6c0053db84cf3853ca1e4c1f6"
        );
    }

    #[test]
    fn a_document_number_has_one_form() {
        let form = |document: &str| IdOpening::new(&SALT, document).map(|_| ());
        assert_eq!(form("E123"), Ok(()));
        assert_eq!(form(&"9".repeat(32)), Ok(()));
        let long = "9".repeat(33);
        for bad in ["", "E12", &long, "31010119900307123x", "E12 345", "E-12345", "Ｅ12345", "E1234\n"] {
            assert_eq!(form(bad), Err(DocumentError), "{bad:?}");
        }
    }

    #[test]
    fn an_opening_does_not_print() {
        let opening = IdOpening::new(&SALT, DOCUMENT).unwrap();
        assert_eq!(format!("{opening:?}"), "IdOpening(..)");
    }
}
