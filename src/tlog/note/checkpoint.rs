//! Checkpoints (C2SP tlog-checkpoint) and their cosignatures (C2SP tlog-cosignature).
//!
//! One accepted form: exactly three lines. Extension lines are refused, because nobody audits them;
//! what a federation wants to say beside size and root, it says in an entry. A log's key name is its
//! origin, and its signature is plain Ed25519.

use super::base64;
use super::note::{
    KeyId, KeyKind, KeyName, Note, NoteError, NoteLine, NoteVerifier, cosign_line, parse_decimal, parse_line, sign_line,
};
use crate::{
    crypto::{Hash, SigningKey},
    limits::{MAX_NOTE, MAX_NOTE_SIGNATURES},
    time::UnixTime,
};

/// What a log says it contains: its name, its size and its Merkle root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: KeyName,
    /// Number of entries.
    pub size: u64,
    /// Merkle tree hash of the entries.
    pub root: Hash,
}

impl Checkpoint {
    /// The note text: origin, size and root, each on its line.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64::encode(&self.root.0))
    }

    /// Parses a note text in the one accepted form. The result is not verified.
    ///
    /// # Errors
    /// [`NoteError::Checkpoint`] with the line that is wrong; line 4 is a line too many.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split_inclusive('\n').map(|line| line.strip_suffix('\n'));
        let mut line = |at| lines.next().flatten().ok_or(NoteError::Checkpoint(at));
        let origin = KeyName::new(line(1)?).map_err(|_| NoteError::Checkpoint(1))?;
        let size = parse_decimal(line(2)?).ok_or(NoteError::Checkpoint(2))?;
        let root = base64::decode_hash(line(3)?).ok_or(NoteError::Checkpoint(3))?;
        if lines.next().is_some() {
            return Err(NoteError::Checkpoint(4));
        }
        Ok(Self { origin, size, root })
    }

    /// Signs this checkpoint as its log, and returns the note.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = self.to_text();
        let line = sign_line(&self.origin, key, &text);
        [&text, "\n", &line].concat()
    }

    /// Cosigns this checkpoint as of `time`, and returns the signature line.
    ///
    /// This is the bare operation. A witness that must never cosign two histories uses
    /// [`crate::tlog::Witness`].
    #[must_use]
    pub fn cosign(&self, name: &KeyName, key: &SigningKey, time: UnixTime) -> String {
        cosign_line(name, key, time, &self.to_text())
    }
}

/// A checkpoint whose log's signature was verified, with its note as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    signer: KeyId,
    note: String,
}

impl SignedCheckpoint {
    /// Verifies the log's signature on a note.
    ///
    /// # Errors
    /// [`NoteError`]: malformed, of another log, not signed by it, or badly.
    pub fn verify(note: &[u8], log: &NoteVerifier) -> Result<Self, NoteError> {
        if log.kind() != KeyKind::Ed25519 {
            return Err(NoteError::WrongKind(log.name().clone()));
        }
        let parsed = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(parsed.text())?;
        if checkpoint.origin != *log.name() {
            return Err(NoteError::OtherLog(checkpoint.origin));
        }
        if parsed.verify(log)?.is_none() {
            return Err(NoteError::NotSigned(log.name().clone()));
        }
        let note = core::str::from_utf8(note).map_err(|_| NoteError::NotText)?.to_owned();
        Ok(Self { checkpoint, signer: log.id(), note })
    }

    /// Verifies a note that one of several keys of its log signed: a log that changed its key has
    /// several. The first that signed is its [`SignedCheckpoint::signer`].
    ///
    /// # Errors
    /// As [`SignedCheckpoint::verify`]; a bad line of any of them refuses the note.
    pub fn verify_any<'k>(note: &[u8], logs: impl IntoIterator<Item = &'k NoteVerifier>) -> Result<Self, NoteError> {
        let origin = Checkpoint::parse(Note::parse(note)?.text())?.origin;
        let mut found = Err(NoteError::OtherLog(origin.clone()));
        for log in logs.into_iter().filter(|log| *log.name() == origin) {
            match Self::verify(note, log) {
                Ok(signed) => found = found.or(Ok(signed)),
                // Perhaps another key of this log signed.
                Err(error @ NoteError::NotSigned(_)) => found = found.or(Err(error)),
                Err(error) => return Err(error),
            }
        }
        found
    }

    /// Signs `checkpoint` with its log's key.
    #[must_use]
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Self {
        let note = checkpoint.sign(key);
        let verifier = NoteVerifier::of(checkpoint.origin.clone(), KeyKind::Ed25519, key.verifying_key());
        Self { checkpoint, signer: verifier.id(), note }
    }

    /// What the log signed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log's name.
    #[must_use]
    pub const fn origin(&self) -> &KeyName {
        &self.checkpoint.origin
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// Merkle tree hash of the entries.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.checkpoint.root
    }

    /// Id of the log's key whose signature was verified.
    #[must_use]
    pub const fn signer(&self) -> KeyId {
        self.signer
    }

    /// The note, byte for byte, with every signature line it has.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Verifies the cosignatures of `witnesses`: which of them cosigned, and when.
    ///
    /// A verifier that is not a cosignature key never counts. A key that is listed under several
    /// names counts once, where it first cosigned, so that nobody stands for two.
    ///
    /// # Errors
    /// [`NoteError`] when the line of any of `witnesses` is bad: such a note is refused whole.
    pub fn cosignatures(&self, witnesses: &[NoteVerifier]) -> Result<Vec<(usize, UnixTime)>, NoteError> {
        let note = Note::parse(self.note.as_bytes())?;
        let mut found: Vec<(usize, UnixTime)> = Vec::new();
        for (at, witness) in witnesses.iter().enumerate() {
            if let Some(Some(time)) = note.verify(witness)? {
                let counted =
                    |&(other, _): &(usize, _)| witnesses.get(other).map(NoteVerifier::key) == Some(witness.key());
                if !found.iter().any(counted) {
                    found.push((at, time));
                }
            }
        }
        Ok(found)
    }

    /// Signature lines that are neither the log's nor of one of `known`: they mean nothing, but an
    /// auditor reports them.
    #[must_use]
    pub fn unknown_lines(&self, known: &[NoteVerifier]) -> Vec<(String, Option<KeyId>)> {
        // The note parsed before, so this default is never taken.
        let Ok(note) = Note::parse(self.note.as_bytes()) else { return Vec::new() };
        note.lines()
            .iter()
            .filter(|line| !self.is_logs(line) && !known.iter().any(|verifier| line.is_of(verifier)))
            .map(|line| (line.name().to_owned(), line.id()))
            .collect()
    }

    /// This checkpoint with its log's signature line alone.
    pub(in crate::tlog) fn without_others(&self) -> Result<Self, NoteError> {
        let note = Note::parse(self.note.as_bytes())?;
        let line = note.lines().iter().find(|line| self.is_logs(line));
        let line = line.ok_or_else(|| NoteError::NotSigned(self.checkpoint.origin.clone()))?;
        Ok(Self { note: [note.text(), "\n", line.raw()].concat(), ..self.clone() })
    }

    /// This checkpoint with the cosignatures in `lines`, which witnesses returned: signature lines,
    /// each with its newline.
    ///
    /// Each line is judged by itself. Lines of keys that are not in `witnesses` are left out (C2SP
    /// tlog-witness), and so is a bad one, where another is good. A key that has already cosigned keeps the
    /// line it has, unless that is bad. The order becomes the canonical one: the log's line, then the others
    /// by name and key id.
    ///
    /// # Errors
    /// [`NoteError`] of the first bad line when none of a witness is good: it is malformed, or does not
    /// verify, or the note would grow beyond its limits.
    pub fn with_cosignatures(&self, lines: &str, witnesses: &[NoteVerifier]) -> Result<Self, NoteError> {
        self.with_cosignatures_that(lines, witnesses, |_, _| true)
    }

    /// As [`SignedCheckpoint::with_cosignatures`], of those that may be of their time: `dated` is asked with the
    /// place of the witness and the time in its line, and any other line is bad ([`NoteError::Time`]).
    pub(crate) fn with_cosignatures_that(
        &self,
        lines: &str,
        witnesses: &[NoteVerifier],
        dated: impl Fn(usize, UnixTime) -> bool,
    ) -> Result<Self, NoteError> {
        if lines.len() > MAX_NOTE {
            return Err(NoteError::TooLong(lines.len()));
        }
        let note = Note::parse(self.note.as_bytes())?;
        let mut all: Vec<NoteLine<'_>> = note.lines().to_vec();
        let cosigns = |at: usize, witness: &NoteVerifier, line: &NoteLine<'_>| {
            if witness.kind() != KeyKind::Cosignature {
                return Err(NoteError::WrongKind(witness.name().clone()));
            }
            match line.verify(witness, note.text())? {
                Some(time) if dated(at, time) => Ok(()),
                _ => Err(NoteError::Time(witness.name().clone())),
            }
        };
        let (mut good, mut bad) = (false, if lines.is_empty() { Some(NoteError::Shape) } else { None });
        for (raw, number) in lines.split_inclusive('\n').zip(1..) {
            let added = parse_line(raw).ok_or(NoteError::Line(number)).and_then(|line| {
                let known = witnesses.iter().enumerate().find(|(_, witness)| line.is_of(witness));
                let Some((at, witness)) = known else { return Ok(false) };
                cosigns(at, witness, &line)?;
                if !all.iter().any(|other| other.is_of(witness) && cosigns(at, witness, other).is_ok()) {
                    let others = all.iter().filter(|other| !other.is_of(witness));
                    all = fitting(note.text(), others.cloned().chain([line]).collect())?;
                }
                Ok(true)
            });
            match added {
                Ok(added) => good |= added,
                Err(error) => bad = bad.or(Some(error)),
            }
        }
        if let (false, Some(bad)) = (good, bad) {
            return Err(bad);
        }
        all.sort_by_key(|line| (!self.is_logs(line), line.name(), line.id()));
        let mut text = [note.text(), "\n"].concat();
        all.iter().for_each(|line| text.push_str(line.raw()));
        Ok(Self { checkpoint: self.checkpoint.clone(), signer: self.signer, note: text })
    }

    fn is_logs(&self, line: &NoteLine<'_>) -> bool {
        self.checkpoint.origin == *line.name() && line.id() == Some(self.signer)
    }
}

/// These lines, where a note of this text has room for them.
fn fitting<'a>(text: &str, lines: Vec<NoteLine<'a>>) -> Result<Vec<NoteLine<'a>>, NoteError> {
    if lines.len() > MAX_NOTE_SIGNATURES {
        return Err(NoteError::TooManySignatures);
    }
    let length = lines.iter().fold(text.len().saturating_add(1), |sum, line| sum.saturating_add(line.raw().len()));
    if length > MAX_NOTE { Err(NoteError::TooLong(length)) } else { Ok(lines) }
}

#[cfg(test)]
#[path = "tests/checkpoint.rs"]
pub(crate) mod tests;
