//! Offline proofs that an entry is in a log (C2SP tlog-proof).

use super::super::tree::proof::{ProofError, verify_inclusion};
use super::base64;
use super::checkpoint::SignedCheckpoint;
use super::note::{NoteError, NoteVerifier, parse_decimal};
use crate::{crypto::Hash, limits::MAX_PROOF, time::UnixTime};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A `tlog-proof` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Longer than any proof.
    #[error("the proof has {0} bytes, more than {MAX_PROOF}")]
    TooLong(usize),
    /// A line is not what it has to be.
    #[error("line {0} of the proof is malformed")]
    Line(usize),
    /// The checkpoint or a cosignature is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The inclusion proof does not verify.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Too few known witnesses cosigned the checkpoint.
    #[error("{have} witnesses cosigned, {need} have to")]
    Quorum {
        /// How many did.
        have: usize,
        /// How many have to.
        need: usize,
    },
}

/// A proof taken apart, or to be written. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Opaque data beside the proof; never empty once parsed. It is not authenticated.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry.
    pub index: u64,
    /// Inclusion proof, from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The checkpoint's note, byte for byte.
    pub checkpoint: String,
}

/// What a verified proof says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    checkpoint: SignedCheckpoint,
    index: u64,
    cosigned: Vec<(usize, UnixTime)>,
}

impl TlogProof {
    /// Parses the text in the one accepted form.
    ///
    /// # Errors
    /// [`TlogProofError`]; the size is checked before anything else is looked at.
    pub fn parse(proof: &[u8]) -> Result<Self, TlogProofError> {
        if proof.len() > MAX_PROOF {
            return Err(TlogProofError::TooLong(proof.len()));
        }
        let text = core::str::from_utf8(proof).map_err(|_| TlogProofError::Line(1))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(TlogProofError::Line(1))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        if lines.next().is_none_or(|(line, _)| line != HEADER) {
            return Err(TlogProofError::Line(1));
        }
        let mut extra = None;
        if let Some((text, at)) = lines.peek().and_then(|&(line, at)| Some((line.strip_prefix("extra ")?, at))) {
            let bytes = base64::decode(text).filter(|bytes| !bytes.is_empty());
            extra = Some(bytes.ok_or(TlogProofError::Line(at))?);
            lines.next();
        }
        let index = lines.next().and_then(|(line, _)| parse_decimal(line.strip_prefix("index ")?));
        let index = index.ok_or(TlogProofError::Line(if extra.is_some() { 3 } else { 2 }))?;
        let mut hashes = Vec::new();
        for (line, at) in lines {
            // No tree is higher.
            if hashes.len() == 64 {
                return Err(TlogProofError::Line(at));
            }
            hashes.push(base64::decode_hash(line).ok_or(TlogProofError::Line(at))?);
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// The text. Empty extra data is left out.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = self.extra.as_ref().filter(|extra| !extra.is_empty()) {
            text.push_str(&format!("extra {}\n", base64::encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.hashes {
            text.push_str(&base64::encode(&hash.0));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Verifies that `leaf` is in `log`, at a checkpoint that at least `quorum` of `witnesses`
    /// cosigned. A witness counts once, whatever the number of its names.
    ///
    /// # Errors
    /// [`TlogProofError`].
    pub fn verify(
        &self,
        leaf: &Hash,
        log: &NoteVerifier,
        witnesses: &[NoteVerifier],
        quorum: usize,
    ) -> Result<Included, TlogProofError> {
        let checkpoint = SignedCheckpoint::verify(self.checkpoint.as_bytes(), log)?;
        let cosigned = checkpoint.cosignatures(witnesses)?;
        if cosigned.len() < quorum {
            return Err(TlogProofError::Quorum { have: cosigned.len(), need: quorum });
        }
        verify_inclusion(self.index, checkpoint.size(), leaf, &self.hashes, &checkpoint.root())?;
        Ok(Included { checkpoint, index: self.index, cosigned })
    }
}

impl Included {
    /// The checkpoint the entry is under.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Index of the entry.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Which of the witnesses cosigned, and when.
    #[must_use]
    pub fn cosigned(&self) -> &[(usize, UnixTime)] {
        &self.cosigned
    }
}

#[cfg(test)]
#[path = "tests/tlog_proof.rs"]
mod tests;
