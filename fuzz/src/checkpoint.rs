//! A checkpoint that is accepted has one text; signed by its log it verifies, by no other key; and
//! cosignatures are taken over exactly when they are of known witnesses and good.
//!
//! The input is a checkpoint's text as received, or signature lines that a witness returned; it also
//! says who cosigns, and where to damage their lines.

use super::input::Input;
use onecard::crypto::{SigningKey, sha256};
use onecard::time::UnixTime;
use onecard::tlog::{Checkpoint, KeyKind, KeyName, NoteVerifier, SignedCheckpoint};
use std::sync::LazyLock;

const NAMES: [&str; 4] = ["w/a", "w/b", "w/c", "w/stranger"];

pub fn run(data: &[u8]) {
    let signed = signed();
    if let Ok(text) = core::str::from_utf8(data) {
        if let Ok(checkpoint) = Checkpoint::parse(text) {
            assert_eq!(checkpoint.to_text(), text, "accepted, but another text");
            let note = checkpoint.sign(&key(1));
            let log = |seed| NoteVerifier::of(checkpoint.origin.clone(), KeyKind::Ed25519, key(seed).verifying_key());
            let verified = SignedCheckpoint::verify(note.as_bytes(), &log(1)).unwrap();
            assert_eq!((verified.checkpoint(), verified.note()), (&checkpoint, note.as_str()));
            assert_eq!(verified, SignedCheckpoint::sign(checkpoint.clone(), &key(1)));
            assert!(SignedCheckpoint::verify(note.as_bytes(), &log(2)).is_err(), "by another key");
            let witness = NoteVerifier::of(checkpoint.origin.clone(), KeyKind::Cosignature, key(1).verifying_key());
            assert!(SignedCheckpoint::verify(note.as_bytes(), &witness).is_err(), "by a witness");
        }
        if let Ok(grown) = signed.with_cosignatures(text, &witnesses()) {
            let found = check(&signed, &grown);
            assert!(found.is_empty() || text.len() > 80, "a cosignature of nothing");
        }
    }
    cosigned(&signed, &mut Input::new(data));
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let line = |at: usize| signed().checkpoint().cosign(&name(NAMES[at]), &key(10 + at as u8), UnixTime::MIN);
    vec![
        ("checkpoint", signed().checkpoint().to_text().into_bytes()),
        ("extension", [&signed().checkpoint().to_text(), "more\n"].concat().into_bytes()),
        ("leading-zero", signed().checkpoint().to_text().replace("\n77\n", "\n077\n").into_bytes()),
        ("one-line", line(0).into_bytes()),
        ("lines", [line(1), line(0), line(3)].concat().into_bytes()),
        ("who", vec![0b0111, 0, 1]),
        ("damaged", vec![0b1111, 0, 1, 1, 70, 4]),
    ]
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn name(name: &str) -> KeyName {
    KeyName::new(name).unwrap()
}

fn signed() -> SignedCheckpoint {
    SIGNED.clone()
}

static SIGNED: LazyLock<SignedCheckpoint> = LazyLock::new(|| {
    let checkpoint = Checkpoint { origin: name("onecard.test/310101"), size: 77, root: sha256(&[b"root"]) };
    SignedCheckpoint::sign(checkpoint, &key(1))
});

/// All but the stranger.
fn witnesses() -> [NoteVerifier; 3] {
    WITNESSES.clone()
}

static WITNESSES: LazyLock<[NoteVerifier; 3]> = LazyLock::new(|| {
    core::array::from_fn(|at| {
        NoteVerifier::new(NAMES[at], KeyKind::Cosignature, key(10 + at as u8).verifying_key()).unwrap()
    })
});

/// What holds of every checkpoint that took cosignatures over; who cosigned it.
fn check(signed: &SignedCheckpoint, grown: &SignedCheckpoint) -> Vec<(usize, UnixTime)> {
    let log = NoteVerifier::of(signed.origin().clone(), KeyKind::Ed25519, key(1).verifying_key());
    assert_eq!(SignedCheckpoint::verify(grown.note().as_bytes(), &log).as_ref(), Ok(grown));
    assert_eq!(grown.checkpoint(), signed.checkpoint());
    assert!(grown.unknown_lines(&witnesses()).is_empty(), "a stranger's line was taken over");
    grown.cosignatures(&witnesses()).unwrap()
}

fn cosigned(signed: &SignedCheckpoint, input: &mut Input<'_>) {
    let (who, seconds) = (input.byte() % 16, i64::from(input.byte()));
    let by = |at: usize| who >> at & 1 == 1;
    let mut lines: Vec<String> = (0..NAMES.len())
        .filter(|at| by(*at))
        .map(|at| {
            let time = UnixTime::MIN.saturating_add(seconds + at as i64);
            signed.checkpoint().cosign(&name(NAMES[at]), &key(10 + at as u8), time)
        })
        .collect();
    if input.odd() {
        lines.reverse();
    }
    let result = signed.with_cosignatures(&lines.concat(), &witnesses());
    assert_eq!(result.is_ok(), who != 0, "{result:?}");
    let Ok(grown) = result else { return };
    let expected: Vec<_> = (0..3).filter(|at| by(*at)).map(|at| (at, time(seconds + at as i64))).collect();
    assert_eq!(check(signed, &grown), expected);
    assert_eq!(grown.with_cosignatures(&lines.concat(), &witnesses()).as_ref(), Ok(&grown), "taken over twice");

    // One line damaged: refused, or somebody else's line now. The others are taken over all the same.
    let (at, change) = (usize::from(input.byte()), input.byte());
    if change != 0 && change < 0x80 {
        let mut bytes = lines.concat().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= change;
        let Ok(text) = String::from_utf8(bytes) else { return };
        match signed.with_cosignatures(&text, &witnesses()) {
            Ok(grown) => {
                let found = check(signed, &grown);
                assert!(found.iter().all(|one| expected.contains(one)), "byte {at} makes a cosignature");
                assert!(found.len() < expected.len() || by(3), "byte {at} can be changed");
                // A newline that is gone takes the line after with it.
                assert!(found.len() + 2 >= expected.len(), "byte {at} refuses the others");
            }
            Err(_) => assert!(expected.len() <= 2, "byte {at} refuses the others"),
        }
    }
}

fn time(seconds: i64) -> UnixTime {
    UnixTime::MIN.saturating_add(seconds)
}
