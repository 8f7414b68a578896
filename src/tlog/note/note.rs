//! Signed notes (C2SP signed-note): text, a blank line, and signature lines.
//!
//! Two signature types are known: plain Ed25519 (0x01), by which a log signs its checkpoints, and
//! timestamped Ed25519 cosignatures (0x04, C2SP tlog-cosignature), by which witnesses do.

use super::base64;
use crate::{
    crypto::{KeyError, SigningKey, VerifyingKey, sha256},
    limits::{MAX_NOTE, MAX_NOTE_SIGNATURES},
    time::UnixTime,
};
use core::{fmt, str::FromStr};

/// A key name, and so an origin: the origin of a log is its key's name.
///
/// Not empty, at most 255 bytes, without Unicode spaces, control characters and plus signs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn new(name: &str) -> Result<Self, NoteError> {
        if is_key_name(name) { Ok(Self(name.into())) } else { Err(NoteError::KeyName) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = NoteError;
    fn from_str(name: &str) -> Result<Self, NoteError> {
        Self::new(name)
    }
}

impl AsRef<str> for KeyName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for KeyName {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The signature types this crate verifies (signed-note, "Signature types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// 0x01: Ed25519 over the note text.
    Ed25519,
    /// 0x04: timestamped Ed25519 checkpoint cosignature.
    Cosignature,
}

impl KeyKind {
    /// The signature type identifier byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A key id (signed-note): the first four bytes of a hash over name, type and key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key that may have signed a note, with its name and type. As text it is a `vkey`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: KeyName,
    id: KeyId,
    kind: KeyKind,
    key: VerifyingKey,
}

impl NoteVerifier {
    /// Names a key and says what it signs.
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn new(name: &str, kind: KeyKind, key: VerifyingKey) -> Result<Self, NoteError> {
        Ok(Self::of(KeyName::new(name)?, kind, key))
    }

    /// As [`NoteVerifier::new`], of a name that was checked before.
    #[must_use]
    pub fn of(name: KeyName, kind: KeyKind, key: VerifyingKey) -> Self {
        let id = key_id(&name, kind, &key);
        Self { name, id, kind, key }
    }

    /// The key name.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The signature type.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }
}

/// The `vkey` text: `<name>+<key id in hex>+base64(type || key)`.
impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.kind.byte()], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{}+{}", self.name, self.id, base64::encode(&material))
    }
}

/// Strict: lower-case hex, canonical Base64, and the key id that name, type and key give.
impl FromStr for NoteVerifier {
    type Err = NoteError;
    fn from_str(text: &str) -> Result<Self, NoteError> {
        // The material may contain plus signs, name and id may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::VerifierKey);
        };
        let material = if material.len() <= 64 { base64::decode(material) } else { None };
        let material: [u8; 33] = material.and_then(|bytes| bytes.try_into().ok()).ok_or(NoteError::VerifierKey)?;
        let [kind, key @ ..] = material;
        let kind = match kind {
            0x01 => KeyKind::Ed25519,
            0x04 => KeyKind::Cosignature,
            _ => return Err(NoteError::VerifierKey),
        };
        let verifier = Self::new(name, kind, VerifyingKey::from_bytes(&key).map_err(NoteError::Key)?)?;
        if verifier.id.to_string() == id { Ok(verifier) } else { Err(NoteError::VerifierKey) }
    }
}

/// A note, a signature line or a key of one is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than any note.
    #[error("the note has {0} bytes, more than {MAX_NOTE}")]
    TooLong(usize),
    /// Not UTF-8, or with a control character other than newline.
    #[error("the note is not text")]
    NotText,
    /// No blank line between text and signatures, no signature line, or no newline at the end.
    #[error("the note is not a text, a blank line and signature lines")]
    Shape,
    /// A signature line that does not begin with an em dash and a space.
    #[error("signature line {0} is malformed")]
    Line(usize),
    /// More signature lines than [`MAX_NOTE_SIGNATURES`].
    #[error("the note has more than {MAX_NOTE_SIGNATURES} signature lines")]
    TooManySignatures,
    /// Two signature lines of one known key.
    #[error("{0} signed the note twice")]
    TwoLines(KeyName),
    /// There is no signature line of the key that has to be there.
    #[error("the note is not signed by {0}")]
    NotSigned(KeyName),
    /// The signature line of a known key does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(KeyName),
    /// A cosignature's time is outside 1970 to 9999, or one at which it cannot have been made.
    #[error("the cosignature of {0} has a time at which it cannot have been made")]
    Time(KeyName),
    /// A name that no key may have.
    #[error("not a key name: empty, too long, or with a space, a control character or a plus sign")]
    KeyName,
    /// Not the text of a verifier key of a known type.
    #[error("not a verifier key of a known type")]
    VerifierKey,
    /// The key itself is refused.
    #[error("the key is refused")]
    Key(#[source] KeyError),
    /// The key is of a type that does not sign this.
    #[error("{0} is a key of the wrong type")]
    WrongKind(KeyName),
    /// The text is not a checkpoint in the one accepted form.
    #[error("the text is not a checkpoint: line {0}")]
    Checkpoint(u8),
    /// The checkpoint is of another log than the key's.
    #[error("the checkpoint is of the log {0}")]
    OtherLog(KeyName),
}

/// One signature line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLine<'a> {
    raw: &'a str,
    name: &'a str,
    id: Option<KeyId>,
    /// `None` where it is no Base64.
    signature: Option<Vec<u8>>,
}

impl<'a> NoteLine<'a> {
    /// The line, with its newline.
    #[must_use]
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// The key name the line claims. Of an unknown key it can be anything, even what no key may be called.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The key id the line claims, if it claims one.
    #[must_use]
    pub const fn id(&self) -> Option<KeyId> {
        self.id
    }

    pub(in crate::tlog) fn is_of(&self, verifier: &NoteVerifier) -> bool {
        self.id == Some(verifier.id) && verifier.name == *self.name
    }

    /// Verifies this line over `text`; the time for a cosignature.
    pub(in crate::tlog) fn verify(&self, verifier: &NoteVerifier, text: &str) -> Result<Option<UnixTime>, NoteError> {
        let bad = || NoteError::Signature(verifier.name.clone());
        let signature = self.signature.as_deref().ok_or_else(bad)?;
        match verifier.kind {
            KeyKind::Ed25519 => {
                let signature = signature.try_into().map_err(|_| bad())?;
                verifier.key.verify(text.as_bytes(), signature).map_err(|_| bad())?;
                Ok(None)
            }
            KeyKind::Cosignature => {
                let (time, signature) = signature.split_first_chunk::<8>().ok_or_else(bad)?;
                let time = u64::from_be_bytes(*time);
                let signature = signature.try_into().map_err(|_| bad())?;
                let head = cosignature_head(time);
                verifier.key.verify_parts(&[head.as_bytes(), text.as_bytes()], signature).map_err(|_| bad())?;
                let time = UnixTime::try_from(time).map_err(|_| NoteError::Time(verifier.name.clone()))?;
                Ok(Some(time))
            }
        }
    }
}

/// A note taken apart, not verified.
///
/// Lines of unknown keys are kept and mean nothing, whatever they hold (C2SP signed-note): which keys are known, only
/// who verifies can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    lines: Vec<NoteLine<'a>>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`NoteError`]; the size is checked before anything else is looked at.
    pub fn parse(note: &'a [u8]) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::TooLong(note.len()));
        }
        let note = core::str::from_utf8(note).map_err(|_| NoteError::NotText)?;
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::NotText);
        }
        // Signature lines are never empty, so the last empty line is where the text ends.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let text = note.get(..text.len().saturating_add(1)).ok_or(NoteError::Shape)?;
        Ok(Self { text, lines: parse_lines(lines)? })
    }

    /// The text, with its last newline. It says nothing until a signature is verified.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The signature lines.
    #[must_use]
    pub fn lines(&self) -> &[NoteLine<'a>] {
        &self.lines
    }

    /// Verifies the signature of one key, if the note has a line of it. Gives the time for a
    /// cosignature, `None` inside for a plain signature.
    ///
    /// # Errors
    /// [`NoteError::Signature`], [`NoteError::Time`] or [`NoteError::TwoLines`] when the key's line is bad: such a
    /// note is to be refused whole.
    pub fn verify(&self, verifier: &NoteVerifier) -> Result<Option<Option<UnixTime>>, NoteError> {
        let mut own = self.lines.iter().filter(|line| line.is_of(verifier));
        match (own.next(), own.next()) {
            (_, Some(_)) => Err(NoteError::TwoLines(verifier.name.clone())),
            (line, None) => line.map(|line| line.verify(verifier, self.text)).transpose(),
        }
    }
}

/// Signs `text` as a plain Ed25519 note (type 0x01) and returns the signature line. The text must end
/// in a newline and have no control characters for the note to parse.
#[must_use]
pub fn sign_line(name: &KeyName, key: &SigningKey, text: &str) -> String {
    let id = key_id(name, KeyKind::Ed25519, &key.verifying_key());
    line(name, id, &[&key.sign(text.as_bytes())])
}

/// Cosigns a checkpoint's note text (type 0x04) as of `time` and returns the signature line.
#[must_use]
pub fn cosign_line(name: &KeyName, key: &SigningKey, time: UnixTime, text: &str) -> String {
    let id = key_id(name, KeyKind::Cosignature, &key.verifying_key());
    let signature = key.sign([&cosignature_head(time.as_u64()), text].concat().as_bytes());
    line(name, id, &[&time.as_u64().to_be_bytes(), &signature])
}

/// Parses signature lines, each with its newline: at least one, at most [`MAX_NOTE_SIGNATURES`].
fn parse_lines(text: &str) -> Result<Vec<NoteLine<'_>>, NoteError> {
    if text.is_empty() || !text.ends_with('\n') {
        return Err(NoteError::Shape);
    }
    let mut lines: Vec<NoteLine<'_>> = Vec::new();
    for (raw, at) in text.split_inclusive('\n').zip(1..) {
        if at > MAX_NOTE_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        lines.push(parse_line(raw).ok_or(NoteError::Line(at))?);
    }
    Ok(lines)
}

/// A number in decimal without leading zeros, as in checkpoints and proofs.
pub(in crate::tlog) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// A signature line with its newline, whoever's it is.
pub(in crate::tlog) fn parse_line(raw: &str) -> Option<NoteLine<'_>> {
    let line = raw.strip_suffix('\n')?.strip_prefix("\u{2014} ")?;
    let (name, text) = line.split_once(' ').unwrap_or((line, ""));
    // The id alone says whose line it is: one of a known key whose signature is no Base64 is a bad line of that key.
    let id = base64::decode_start(text).map(KeyId);
    let signature = base64::decode(text).and_then(|bytes| Some(bytes.get(4..)?.to_vec()));
    Some(NoteLine { raw, name, id, signature })
}

fn is_key_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.len() <= 255 && name.chars().all(allowed)
}

fn key_id(name: &KeyName, kind: KeyKind, key: &VerifyingKey) -> KeyId {
    let [a, b, c, d, ..] = sha256(&[name.0.as_bytes(), b"\n", &[kind.byte()], key.as_bytes()]).0;
    KeyId([a, b, c, d])
}

/// The bytes of a signature line of such a key: an em dash, two spaces, the Base64, a newline.
pub(in crate::tlog) fn line_length(name: &KeyName, kind: KeyKind) -> usize {
    let base64 = match kind {
        KeyKind::Ed25519 => 92,
        KeyKind::Cosignature => 104,
    };
    name.0.len().saturating_add(base64).saturating_add(6)
}

fn cosignature_head(time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n")
}

fn line(name: &KeyName, id: KeyId, signature: &[&[u8]]) -> String {
    let bytes = [&id.0, signature.concat().as_slice()].concat();
    format!("\u{2014} {name} {}\n", base64::encode(&bytes))
}

#[cfg(test)]
#[path = "tests/note.rs"]
mod tests;
