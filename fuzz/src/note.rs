//! A signed note that is accepted is its text, a blank line and its signature lines; a line counts
//! exactly when `verify_strict` accepts it over the text; a verifier key has one text.
//!
//! The input is a note as received, a verifier key as received, and the text of a note signed here,
//! whose last bytes say where to damage it.

use ed25519_dalek::VerifyingKey as Strict;
use onecard::crypto::SigningKey;
use onecard::limits::{MAX_NOTE, MAX_NOTE_SIGNATURES};
use onecard::time::UnixTime;
use onecard::tlog::{KeyKind, KeyName, Note, NoteError, NoteVerifier, cosign_line, sign_line};

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
        ("strangers", all(&["\u{2014} a AAAAAAE=\n", "\u{2014} a AAAAAAE=\n", "\u{2014} \u{7f}\n", &log])),
        ("no-base64", all(&[&log.replace('=', "")])),
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
    assert!(note.lines().iter().all(|line| line.raw().starts_with("\u{2014} ") && line.raw().ends_with('\n')));
    let verifiers = [verifier(KeyKind::Ed25519, 1), verifier(KeyKind::Cosignature, 2)];
    Some(verifiers.map(|verifier| {
        let ours = note.verify(&verifier);
        let lines: Vec<_> = note.lines().iter().map(|line| line.raw()).filter(|line| is_of(line, &verifier)).collect();
        assert_eq!(lines.is_empty(), matches!(ours, Ok(None)));
        assert_eq!(lines.len() > 1, matches!(ours, Err(NoteError::TwoLines(_))));
        let [line] = lines[..] else { return false };
        let theirs = strict(line, &verifier, note.text());
        assert_eq!(ours.is_ok(), theirs, "{ours:?}");
        theirs
    }))
}

/// Whether a line has this name and this key id, whatever follows: its first 32 bits are in six symbols of Base64.
fn is_of(line: &str, verifier: &NoteVerifier) -> bool {
    let Some(text) = line.strip_prefix(&format!("\u{2014} {} ", verifier.name())) else { return false };
    let id = text.as_bytes().get(..6).and_then(|id| str::from_utf8(id).ok()).and_then(base64);
    id.is_some_and(|id| id == verifier.id().0)
}

/// Whether a line's signature holds, from the words of signed-note and tlog-cosignature.
fn strict(line: &str, verifier: &NoteVerifier, text: &str) -> bool {
    let signature = line.strip_suffix('\n').unwrap().splitn(3, ' ').nth(2).unwrap();
    let length = if verifier.kind() == KeyKind::Ed25519 { 68 } else { 76 };
    let padding = "=".repeat(2 - (length + 2) % 3);
    let symbols = signature.strip_suffix(&padding).unwrap_or("=");
    let Some(bytes) = base64(symbols).filter(|bytes| bytes.len() == length) else { return false };
    // Another last symbol has the same bits and some that mean nothing.
    let last = ALPHABET.find(symbols.chars().last().unwrap()).unwrap();
    if !last.is_multiple_of([1, 4, 16][padding.len()]) {
        return false;
    }
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

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The whole bytes of Base64 of RFC 4648 without its padding, bit by bit.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<usize>> = text.chars().map(|c| ALPHABET.find(c)).collect();
    let bits = digits?.into_iter().flat_map(|digit| (0..6).rev().map(move |bit| (digit >> bit & 1) as u8));
    let bits: Vec<u8> = bits.collect();
    Some(bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
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
