//! What a gate is shown: a code or an answer, how many people, and what is known of who holds the pass.

use super::decision::{Reason, Refusal};
use crate::pass::{self, IdOpening, PassClaims};
use crate::wire::text;

/// What was scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// The text of a QR code, as the scanner gave it.
    Text(&'a [u8]),
    /// A presentation in answer to the gate's challenge, over a return channel: see [`Gate::challenge`](super::Gate::challenge).
    Answer(&'a [u8]),
}

/// One visitor at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// What was scanned.
    pub shown: Shown<'a>,
    /// How many people want to come in; nobody counts as one.
    pub party: u8,
    /// What is known of the holder's identity; matters for a pass flagged [`pass::flags::ID_CHECK`].
    pub identity: Identity<'a>,
}

/// What is known of the identity of who shows a pass. It is recorded nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// Nothing.
    Unknown,
    /// A person compared the holder's document.
    Compared,
    /// The holder showed the salt of the commitment in the pass, and the document was read.
    Shown(IdOpening<'a>),
}

impl<'a> Scan<'a> {
    /// A QR code shown by one person.
    #[must_use]
    pub const fn text(text: &'a [u8]) -> Self {
        Self { shown: Shown::Text(text), party: 1, identity: Identity::Unknown }
    }
}

/// The holder's document, where the pass asks for it: compared by a person, or against the commitment.
pub(super) fn check_identity(claims: &PassClaims, identity: Identity<'_>) -> Result<(), Reason> {
    if claims.flags & pass::flags::ID_CHECK == 0 {
        return Ok(());
    }
    match (identity, &claims.id_commitment) {
        (Identity::Compared, _) => Ok(()),
        (Identity::Shown(opening), Some(commitment)) if commitment.opens(&opening) => Ok(()),
        (Identity::Shown(_), Some(_)) => Err(Reason::IdMismatch),
        (Identity::Unknown, _) | (Identity::Shown(_), None) => Err(Reason::IdCheck),
    }
}

/// The bytes of what was shown: the size, then the text.
pub(super) fn evidence<'a>(shown: &Shown<'a>) -> Result<Evidence<'a>, Refusal> {
    match shown {
        Shown::Text(scanned) => match text::decode(scanned) {
            Ok(bytes) => Ok(Evidence::Decoded(bytes)),
            Err(text::TextError::Prefix) if scanned.starts_with(b"OC") => Err(Reason::UnsupportedVersion.into()),
            Err(_) => Err(Reason::Unreadable.into()),
        },
        Shown::Answer(presentation) => Ok(Evidence::Borrowed(presentation)),
    }
}

#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack, so that a scan allocates nothing")]
pub(super) enum Evidence<'a> {
    Decoded(text::TextBytes),
    Borrowed(&'a [u8]),
}

impl AsRef<[u8]> for Evidence<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Decoded(bytes) => bytes.as_slice(),
            Self::Borrowed(bytes) => bytes,
        }
    }
}

#[cfg(test)]
#[path = "tests/scan.rs"]
mod tests;
