//! A signed note that is accepted is its text, a blank line and its signature lines; a line counts
//! exactly when `verify_strict` accepts it over the text; a verifier key has one text.
//!
//! The input is a note as received, a verifier key as received, and the text of a note signed here,
//! whose last bytes say where to damage it.

use ed25519_dalek::VerifyingKey as Strict;
use onecard::crypto::SigningKey;
use onecard::limits::{MAX_NOTE, MAX_NOTE_SIGNATURES};
use onecard::time::UnixTime;
use onecard::tlog::{KeyKind, KeyName, Note, NoteVerifier, cosign_line, sign_line};
use std::collections::BTreeSet;

const NAME: &str = "onecard.test/310101";

pub fn run(data: &[u8]) {
    judge(data);
    if let Ok(text) = core::str::from_utf8(data) {
        let name = text.parse::<KeyName>();
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        assert_eq!(name.is_ok(), (1..=255).contains(&text.len()) && text.chars().all(plain));
        if let Ok(name) = name {
            assert!(
                name == *text && name.as_ref() == text && format!("{name:?}") == format!("{text:?}"),
                "{name} for {text:?}"
            );
        }
        if let Ok(verifier) = text.parse::<NoteVerifier>() {
            assert_eq!(verifier.to_string(), text, "a key with two texts");
            assert!(text.contains(&format!("+{:?}+", verifier.id())), "{:?} of {text}", verifier.id());
            let same = NoteVerifier::new(verifier.name().as_str(), verifier.kind(), *verifier.key());
            assert_eq!(same, Ok(verifier));
        }
        own(text);
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let text = "onecard.test/310101\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let log = sign_line(&name(), &key(1), text);
    let cosigned = cosign_line(&name(), &key(2), UnixTime::MAX, text);
    let all = |lines: &[&str]| [&[text, "\n"], lines].concat().concat().into_bytes();
    vec![
        ("signed", all(&[&log])),
        ("cosigned", all(&[&log, &cosigned])),
        ("twice", all(&[&log, &log])),
        ("no-line", all(&[])),
        ("two-blank-lines", [b"a\n\n", &all(&[&log])[..]].concat()),
        ("verifier", verifier(KeyKind::Ed25519, 1).to_string().into_bytes()),
        ("witness", verifier(KeyKind::Cosignature, 2).to_string().into_bytes()),
        ("text", text.into()),
        ("name", NAME.into()),
    ]
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn name() -> KeyName {
    KeyName::new(NAME).unwrap()
}

fn verifier(kind: KeyKind, seed: u8) -> NoteVerifier {
    NoteVerifier::new(NAME, kind, key(seed).verifying_key()).unwrap()
}

/// Parses, and if that succeeds checks every property; says whether the log and the witness signed.
fn judge(bytes: &[u8]) -> Option<[bool; 2]> {
    let note = Note::parse(bytes).ok()?;
    assert!(bytes.len() <= MAX_NOTE && (1..=MAX_NOTE_SIGNATURES).contains(&note.lines().len()));
    let again = [&[note.text(), "\n"], &note.lines().iter().map(|line| line.raw()).collect::<Vec<_>>()[..]].concat();
    assert_eq!(again.concat().as_bytes(), bytes, "accepted, but not its parts");
    assert!(note.text().ends_with('\n') && !note.text().bytes().any(|byte| byte < 0x20 && byte != b'\n'));
    let names: BTreeSet<_> = note.lines().iter().map(|line| (line.name(), line.id())).collect();
    assert_eq!(names.len(), note.lines().len(), "one key twice");
    let verifiers = [verifier(KeyKind::Ed25519, 1), verifier(KeyKind::Cosignature, 2)];
    Some(verifiers.map(|verifier| {
        let ours = note.verify(&verifier);
        let line = note.lines().iter().find(|line| line.name() == NAME && line.id() == verifier.id());
        assert_eq!(line.is_none(), matches!(ours, Ok(None)));
        let Some(line) = line else { return false };
        let theirs = strict(line.raw(), &verifier, note.text());
        assert_eq!(ours.is_ok(), theirs, "{ours:?}");
        theirs
    }))
}

/// Whether a line's signature holds, from the words of signed-note and tlog-cosignature.
fn strict(line: &str, verifier: &NoteVerifier, text: &str) -> bool {
    let bytes = base64(line.trim_end().rsplit(' ').next().unwrap());
    let (signature, head) = match verifier.kind() {
        KeyKind::Ed25519 => (&bytes[4..], String::new()),
        KeyKind::Cosignature => {
            let Some((time, signature)) = bytes[4..].split_first_chunk::<8>() else { return false };
            let time = u64::from_be_bytes(*time);
            if time > UnixTime::MAX.as_u64() {
                return false;
            }
            (signature, format!("cosignature/v1\ntime {time}\n"))
        }
    };
    let Ok(signature) = <&[u8; 64]>::try_from(signature) else { return false };
    let key = Strict::from_bytes(verifier.key().as_bytes()).unwrap();
    key.verify_strict([head.as_bytes(), text.as_bytes()].concat().as_slice(), &(*signature).into()).is_ok()
}

/// Base64 of RFC 4648 with its padding, bit by bit.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.trim_end_matches('=').chars().map(|c| ALPHABET.find(c).unwrap());
    let bits: Vec<u8> = digits.flat_map(|digit| (0..6).rev().map(move |bit| (digit >> bit & 1) as u8)).collect();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

fn own(text: &str) {
    let text = [text, "\n"].concat();
    let lines = [sign_line(&name(), &key(1), &text), cosign_line(&name(), &key(2), UnixTime::MIN, &text)];
    let mut note = [&text, "\n", &lines[0], &lines[1]].concat().into_bytes();
    let fits = note.len() <= MAX_NOTE && !text.bytes().any(|byte| byte < 0x20 && byte != b'\n');
    assert_eq!(judge(&note), fits.then_some([true, true]), "our own note");
    if let (true, [.., high, low, change @ 1..=255]) = (fits, text.trim_end().as_bytes()) {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % note.len();
        note[at] ^= change;
        // A line may become a stranger's, never another's.
        assert_ne!(judge(&note), Some([true, true]), "byte {at} can be changed");
    }
}
