//! Checkpoints (C2SP tlog-checkpoint) and their cosignatures (C2SP tlog-cosignature).
//!
//! One accepted form: exactly three lines. Extension lines are refused, because nobody audits them;
//! what a federation wants to say beside size and root, it says in an entry. A log's key name is its
//! origin, and its signature is plain Ed25519.

use super::{
    base64,
    note::{
        KeyId, KeyKind, KeyName, Note, NoteError, NoteLine, NoteVerifier, cosign_line, parse_decimal, parse_line,
        sign_line,
    },
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
    /// [`super::Witness`].
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
    pub(super) fn without_others(&self) -> Result<Self, NoteError> {
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
pub(crate) mod tests {
    use super::*;

    pub(crate) const ORIGIN: &str = "onecard.example/310101";

    pub(crate) fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    pub(crate) fn log_verifier(seed: u8) -> NoteVerifier {
        NoteVerifier::new(ORIGIN, KeyKind::Ed25519, key(seed).verifying_key()).unwrap()
    }

    pub(crate) fn witness(name: &str, seed: u8) -> NoteVerifier {
        NoteVerifier::new(name, KeyKind::Cosignature, key(seed).verifying_key()).unwrap()
    }

    pub(crate) fn name(name: &str) -> KeyName {
        KeyName::new(name).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: name(ORIGIN), size: 20_852_163, root: Hash([7; 32]) }
    }

    fn time(seconds: i64) -> UnixTime {
        UnixTime::new(seconds).unwrap()
    }

    /// The note of C2SP tlog-cosignature. The specification does not publish the keys, so only the
    /// shape can be checked: names, ids and the time in the cosignature.
    #[test]
    fn the_example_of_the_specification_parses() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let note = Note::parse(text.as_bytes()).unwrap();
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        assert_eq!((checkpoint.size, checkpoint.to_text().as_str()), (20_852_163, note.text()));
        assert_eq!(note.lines()[0].id().unwrap().to_string(), "033de0ae");
        assert_eq!(note.lines()[1].name(), "witness.example.com/w1");
    }

    #[test]
    fn signed_and_verified() {
        let note = checkpoint().sign(&key(1));
        let signed = SignedCheckpoint::verify(note.as_bytes(), &log_verifier(1)).unwrap();
        assert_eq!(signed.checkpoint(), &checkpoint());
        assert_eq!(signed.note(), note);
        assert_eq!(signed, SignedCheckpoint::sign(checkpoint(), &key(1)));
        let verify = |note: &str, log: &NoteVerifier| SignedCheckpoint::verify(note.as_bytes(), log).unwrap_err();
        assert_eq!(verify(&note, &log_verifier(2)), NoteError::NotSigned(name(ORIGIN)));
        let other = NoteVerifier::new("other", KeyKind::Ed25519, key(1).verifying_key()).unwrap();
        assert_eq!(verify(&note, &other), NoteError::OtherLog(name(ORIGIN)));
        assert_eq!(verify(&note, &witness(ORIGIN, 1)), NoteError::WrongKind(name(ORIGIN)));
        let larger = note.replace("20852163", "20852164");
        assert_eq!(verify(&larger, &log_verifier(1)), NoteError::Signature(name(ORIGIN)));
    }

    #[test]
    fn one_of_several_keys_of_a_log_signed() {
        let note = checkpoint().sign(&key(2));
        let verify = |note: &str, logs: &[NoteVerifier]| {
            SignedCheckpoint::verify_any(note.as_bytes(), logs).map(|signed| signed.signer())
        };
        let (one, two) = (log_verifier(1), log_verifier(2));
        let other = NoteVerifier::new("other", KeyKind::Ed25519, key(2).verifying_key()).unwrap();
        assert_eq!(verify(&note, &[one.clone(), two.clone()]), Ok(two.id()));
        assert_eq!(verify(&note, &[other.clone(), two.clone(), one.clone()]), Ok(two.id()));
        assert_eq!(verify(&note, std::slice::from_ref(&one)), Err(NoteError::NotSigned(name(ORIGIN))));
        assert_eq!(verify(&note, &[other]), Err(NoteError::OtherLog(name(ORIGIN))));
        assert_eq!(verify(&note, &[]), Err(NoteError::OtherLog(name(ORIGIN))));
        // A bad line of the one, beside a good line of the other.
        let elsewhere = Checkpoint { size: 5, ..checkpoint() }.sign(&key(1));
        let line = elsewhere.lines().last().unwrap();
        let spoilt = format!("{note}{line}\n");
        assert_eq!(verify(&spoilt, std::slice::from_ref(&two)), Ok(two.id()));
        for logs in [[one.clone(), two.clone()], [two, one]] {
            assert_eq!(verify(&spoilt, &logs), Err(NoteError::Signature(name(ORIGIN))));
        }
    }

    #[test]
    fn no_bit_of_a_signed_checkpoint_may_change() {
        let note = checkpoint().sign(&key(1)).into_bytes();
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut changed = note.clone();
                changed[at] ^= 1 << bit;
                assert!(SignedCheckpoint::verify(&changed, &log_verifier(1)).is_err(), "bit {bit} of byte {at}");
            }
            assert!(SignedCheckpoint::verify(&note[..at], &log_verifier(1)).is_err());
        }
    }

    #[test]
    fn hostile_checkpoints() {
        let good = checkpoint().to_text();
        let root = good.lines().nth(2).unwrap();
        for (text, line) in [
            (String::new(), 1),
            (format!("\n1\n{root}\n"), 1),
            (format!("a b\n1\n{root}\n"), 1),
            (format!("a+b\n1\n{root}\n"), 1),
            ("a\n".into(), 2),
            (format!("a\n01\n{root}\n"), 2),
            (format!("a\n+1\n{root}\n"), 2),
            (format!("a\n-1\n{root}\n"), 2),
            (format!("a\n\n{root}\n"), 2),
            (format!("a\n18446744073709551616\n{root}\n"), 2),
            ("a\n1\n".into(), 3),
            ("a\n1\nAAAA\n".into(), 3),
            (format!("a\n1\n{root}"), 3),
            (format!("a\n1\n{}\n", root.trim_end_matches('=')), 3),
            (format!("a\n1\n{root}\nextension\n"), 4),
            (format!("a\n1\n{root}\n\n"), 4),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(NoteError::Checkpoint(line)), "{text:?}");
        }
        assert!(Checkpoint::parse(&format!("a\n18446744073709551615\n{root}\n")).is_ok());
    }

    #[test]
    fn cosignatures_are_collected_in_one_order() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        let witnesses = [witness("w/c", 3), witness("w/a", 4), witness("w/b", 5)];
        let line = |at: usize, seconds| {
            let cosigner = &witnesses[at];
            checkpoint().cosign(cosigner.name(), &key(3 + at as u8), time(seconds))
        };
        let one = signed.with_cosignatures(&[line(0, 10), line(1, 11)].concat(), &witnesses).unwrap();
        let two = signed.with_cosignatures(&line(1, 11), &witnesses).unwrap();
        let two = two.with_cosignatures(&line(0, 10), &witnesses).unwrap();
        assert_eq!(one, two);
        assert_eq!(one.cosignatures(&witnesses), Ok(vec![(0, time(10)), (1, time(11))]));
        assert_eq!(one.with_cosignatures(&line(1, 99), &witnesses), Ok(one.clone()), "the first cosignature stays");
        let names: Vec<_> =
            Note::parse(one.note().as_bytes()).unwrap().lines().iter().map(|l| l.name().to_owned()).collect();
        assert_eq!(names, [ORIGIN, "w/a", "w/c"]);
        // The note received anew is the same.
        assert_eq!(SignedCheckpoint::verify(one.note().as_bytes(), &log_verifier(1)), Ok(one.clone()));
        assert_eq!(one.unknown_lines(&witnesses[..1]), [("w/a".to_owned(), Some(witnesses[1].id()))]);
        assert_eq!(one.unknown_lines(&witnesses), []);
    }

    #[test]
    fn the_logs_line_comes_first_whatever_a_witness_is_called() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        // A witness that has the log's name, and a key id before the log's.
        let seed = (3..).find(|seed| witness(ORIGIN, *seed).id() < signed.signer()).unwrap();
        let line = checkpoint().cosign(&name(ORIGIN), &key(seed), time(1));
        let signed = signed.with_cosignatures(&line, &[witness(ORIGIN, seed)]).unwrap();
        let ids: Vec<_> =
            Note::parse(signed.note().as_bytes()).unwrap().lines().iter().flat_map(NoteLine::id).collect();
        assert_eq!(ids, [signed.signer(), witness(ORIGIN, seed).id()]);
    }

    #[test]
    fn a_note_grows_up_to_its_caps() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        let with = |names: &[String]| {
            let witnesses: Vec<_> = names.iter().map(|name| witness(name, 3)).collect();
            let line = |witness: &NoteVerifier| checkpoint().cosign(witness.name(), &key(3), time(1));
            let lines: String = witnesses.iter().map(line).collect();
            signed.with_cosignatures(&lines, &witnesses).map(|signed| signed.note().len())
        };
        let names = |count: usize| (0..count).map(|at| format!("w{at:02}")).collect::<Vec<_>>();
        let most = with(&names(MAX_NOTE_SIGNATURES - 1));
        assert!(most.is_ok(), "and the log's own");
        assert_eq!(with(&names(MAX_NOTE_SIGNATURES)), most, "the last one has no room, the others have");
        // Long names, made longer until the note is full to the byte.
        let mut long: Vec<_> = names(50).iter().map(|name| format!("{name}{}", "x".repeat(200))).collect();
        let room = MAX_NOTE - with(&long).unwrap();
        (0..room).for_each(|at| long[at % 50].push('y'));
        assert_eq!(with(&long), Ok(MAX_NOTE));
        long[0].push('y');
        let last = checkpoint().cosign(&name(&long[49]), &key(3), time(1)).len();
        assert_eq!(with(&long), Ok(MAX_NOTE + 1 - last));
        let [full, one] = [&long[..49], &long[49..]].map(|names| {
            let witnesses: Vec<_> = names.iter().map(|name| witness(name, 3)).collect();
            let line = |witness: &NoteVerifier| checkpoint().cosign(witness.name(), &key(3), time(1));
            (witnesses.iter().map(line).collect::<String>(), witnesses)
        });
        let full = signed.with_cosignatures(&full.0, &full.1).unwrap();
        assert_eq!(full.with_cosignatures(&one.0, &one.1), Err(NoteError::TooLong(MAX_NOTE + 1)));
    }

    #[test]
    fn lines_are_no_longer_than_a_note() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        let with = |length: usize| signed.with_cosignatures(&"x".repeat(length), &[]).unwrap_err();
        assert_eq!([with(0), with(MAX_NOTE)], [NoteError::Shape, NoteError::Line(1)]);
        assert_eq!(with(MAX_NOTE + 1), NoteError::TooLong(MAX_NOTE + 1));
    }

    #[test]
    fn a_witness_counts_once() {
        let names = [witness("w/a", 3), witness("w/b", 3), witness("w/a", 3)];
        let lines = ["w/a", "w/b"].map(|w| checkpoint().cosign(&name(w), &key(3), time(1))).concat();
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1)).with_cosignatures(&lines, &names).unwrap();
        assert_eq!(signed.cosignatures(&names), Ok(vec![(0, time(1))]));
        // The log's own signature is no cosignature.
        assert_eq!(signed.cosignatures(&[log_verifier(1)]), Ok(vec![]));
        let own = checkpoint().sign(&key(1));
        let own = own.lines().last().map(|line| format!("{line}\n")).unwrap();
        let refused = signed.with_cosignatures(&own, &[log_verifier(1)]);
        assert_eq!(refused, Err(NoteError::WrongKind(name(ORIGIN))));
    }

    #[test]
    fn a_bad_cosignature_refuses_the_note() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        let witnesses = [witness("w/a", 3)];
        let other = Checkpoint { size: 1, ..checkpoint() }.cosign(&name("w/a"), &key(3), time(1));
        let error = NoteError::Signature(name("w/a"));
        assert_eq!(signed.with_cosignatures(&other, &witnesses), Err(error.clone()));
        assert_eq!(signed.with_cosignatures(&other, &[]), Ok(signed.clone()), "unknown lines are left out");
        let note = [signed.note(), &other].concat();
        let received = SignedCheckpoint::verify(note.as_bytes(), &log_verifier(1)).unwrap();
        assert_eq!(received.cosignatures(&witnesses), Err(error));
        assert_eq!(received.cosignatures(&[]), Ok(vec![]));
        assert_eq!(received.unknown_lines(&[]), [("w/a".to_owned(), Some(witnesses[0].id()))]);
        // A good line takes the place of the bad one that was there.
        let good = checkpoint().cosign(&name("w/a"), &key(3), time(1));
        let mended = received.with_cosignatures(&good, &witnesses).unwrap();
        assert_eq!(mended.note(), [signed.note(), &good].concat());
    }

    #[test]
    fn a_bad_line_refuses_that_line_alone() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        let witnesses = [witness("w/a", 3), witness("w/b", 4)];
        let good = checkpoint().cosign(&name("w/a"), &key(3), time(9));
        let expected = signed.with_cosignatures(&good, &witnesses).unwrap();
        let elsewhere = Checkpoint { size: 1, ..checkpoint() };
        let (a, b) =
            (elsewhere.cosign(&name("w/a"), &key(3), time(9)), elsewhere.cosign(&name("w/b"), &key(4), time(9)));
        let no_base64 = checkpoint().cosign(&name("w/b"), &key(4), time(9)).replace('\n', "?\n");
        for bad in [&a, &b, &no_base64, "junk\n", "\n", "\u{2014}\n"] {
            for lines in [[bad, &good].concat(), [&good, bad].concat()] {
                assert_eq!(signed.with_cosignatures(&lines, &witnesses).as_ref(), Ok(&expected), "{lines}");
            }
            assert!(signed.with_cosignatures(bad, &witnesses).is_err(), "{bad}");
        }
        let cut = signed.with_cosignatures(&[&good, b.trim_end()].concat(), &witnesses);
        assert_eq!(cut.as_ref(), Ok(&expected), "without its newline");
        let first = signed.with_cosignatures(&["junk\n", &b].concat(), &witnesses);
        assert_eq!(first, Err(NoteError::Line(1)), "the first that is bad");
    }

    #[test]
    fn a_line_of_another_time_is_bad_and_in_nobodys_way() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key(1));
        let witnesses = [witness("w/a", 3), witness("w/b", 4)];
        let line = |at: i64| checkpoint().cosign(&name("w/a"), &key(3), time(at));
        let with = |signed: &SignedCheckpoint, lines: &str| {
            signed.with_cosignatures_that(lines, &witnesses, |at, seconds| at == 0 && seconds == time(9))
        };
        let good = with(&signed, &line(9)).unwrap();
        assert_eq!(with(&signed, &line(8)), Err(NoteError::Time(name("w/a"))));
        assert_eq!(with(&signed, &[line(8), line(9), line(10)].concat()), Ok(good.clone()));
        assert_eq!(with(&signed.with_cosignatures(&line(8), &witnesses).unwrap(), &line(9)), Ok(good.clone()));
        assert_eq!(with(&good, &line(8)), Err(NoteError::Time(name("w/a"))), "and the good one stays");
        let other = checkpoint().cosign(&name("w/b"), &key(4), time(9));
        assert_eq!(with(&signed, &other), Err(NoteError::Time(name("w/b"))));
    }
}
