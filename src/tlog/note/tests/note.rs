//! Tests of `note.rs`.

use super::*;
use proptest::prelude::*;

const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#[test]
fn the_example_of_the_specification() {
    let verifier: NoteVerifier = VKEY.parse().unwrap();
    assert_eq!(verifier.to_string(), VKEY);
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.verify(&verifier), Ok(Some(None)));
    let changed = NOTE.replace("example message", "Example message");
    let error = Note::parse(changed.as_bytes()).unwrap().verify(&verifier);
    assert_eq!(error, Err(NoteError::Signature(verifier.name().clone())));
    assert_eq!(format!("{:?} {:?}", verifier.name(), verifier.id()), "\"example.com/foo\" 530d903a");
    assert_eq!(AsRef::<str>::as_ref(verifier.name()), "example.com/foo");
    let other = NoteVerifier::new("example.com/foo", KeyKind::Cosignature, *verifier.key()).unwrap();
    assert_eq!(note.verify(&other), Ok(None), "the same key for another type is another key");
}

#[test]
fn hostile_verifier_keys() {
    for text in [
        "",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+Aeky",
        "example.com/foo+530d903a",
    ] {
        assert!(text.parse::<NoteVerifier>().is_err(), "{text:?}");
    }
}

#[test]
fn hostile_notes() {
    let good = "text\n\n\u{2014} a AAAAAAE=\n";
    assert!(Note::parse(good.as_bytes()).is_ok());
    let parse = |text: &str| Note::parse(text.as_bytes()).map(|_| ());
    let line = |n: usize| format!("\u{2014} a{n} AAAAAAE=\n");
    assert_eq!(parse(""), Err(NoteError::Shape));
    assert_eq!(parse("text\n"), Err(NoteError::Shape));
    assert_eq!(parse("text\n\n"), Err(NoteError::Shape));
    assert_eq!(parse("text\n\u{2014} a AAAAAAE=\n"), Err(NoteError::Shape));
    assert_eq!(parse(good.trim_end()), Err(NoteError::Shape));
    assert_eq!(parse("text\r\n\n\u{2014} a AAAAAAE=\n"), Err(NoteError::NotText));
    assert_eq!(parse("te\0xt\n\n\u{2014} a AAAAAAE=\n"), Err(NoteError::NotText));
    assert_eq!(Note::parse(b"te\xff\n\n"), Err(NoteError::NotText));
    for bad in ["- a AAAAAAE=", "\u{2014}a AAAAAAE=", "\u{2014}", "a"] {
        assert_eq!(parse(&format!("text\n\n{bad}\n")), Err(NoteError::Line(1)), "{bad:?}");
    }
    assert_eq!(parse(&format!("{good}{}", line(1).replace("\u{2014} ", ""))), Err(NoteError::Line(2)));
    let lines = |n: usize| (0..n).map(line).collect::<String>();
    assert_eq!(parse(&format!("text\n\n{}", lines(MAX_NOTE_SIGNATURES))), Ok(()));
    assert_eq!(parse(&format!("text\n\n{}", lines(MAX_NOTE_SIGNATURES + 1))), Err(NoteError::TooManySignatures));
    assert_eq!(Note::parse(&[b'a'; MAX_NOTE]), Err(NoteError::Shape));
    assert_eq!(Note::parse(&[b'a'; MAX_NOTE + 1]), Err(NoteError::TooLong(MAX_NOTE + 1)));
}

/// What lines of unknown keys may hold, beside what they mean: nothing.
#[test]
fn lines_of_unknown_keys_are_ignored() {
    let verifier: NoteVerifier = VKEY.parse().unwrap();
    let long = format!("\u{2014} {} AAAAAAE=", "n".repeat(256));
    let same_id = format!("\u{2014} example.com/bar {}", NOTE.trim_end().rsplit(' ').next().unwrap());
    for stranger in [
        "\u{2014} a AAAAAAE=\n\u{2014} a AAAAAAE=",
        "\u{2014} a AAAAAAE=\n\u{2014} a AAAAAAI=",
        &long,
        "\u{2014} a\u{7f}b AAAAAAE=",
        "\u{2014} a\u{9b}b AAAAAAE=",
        "\u{2014} a\u{2003}b AAAAAAE=",
        "\u{2014} a+b AAAAAAE=",
        "\u{2014}  AAAAAAE=",
        "\u{2014} a  AAAAAAE=",
        "\u{2014} a AAAAAAE",
        "\u{2014} a AAAAAAF=",
        "\u{2014} a AAAAAA==",
        "\u{2014} a AAAAAAE= ",
        "\u{2014} a AAAA",
        "\u{2014} a ?",
        "\u{2014} a ",
        "\u{2014} a",
        "\u{2014} ",
        "\u{2014} example.com/foo",
        "\u{2014} example.com/foo Uw2Q",
        "\u{2014} example.com/foo AAAAAAE=",
        &same_id,
    ] {
        let text = NOTE.split_once("\n\n").unwrap();
        for note in [format!("{NOTE}{stranger}\n"), format!("{}\n\n{stranger}\n{}", text.0, text.1)] {
            let note = Note::parse(note.as_bytes()).unwrap();
            assert_eq!(note.verify(&verifier), Ok(Some(None)), "{stranger:?}");
        }
    }
}

/// The name and the id are those of a known key, so its line is bad: whatever stands in the signature's place.
#[test]
fn a_bad_line_of_a_known_key() {
    let verifier: NoteVerifier = VKEY.parse().unwrap();
    let (head, signature) = NOTE.trim_end().rsplit_once(' ').unwrap();
    for bad in [
        "Uw2QOg==",
        "Uw2QOkk=",
        "Uw2QOk",
        "Uw2QOj!?",
        "Uw2QOn!",
        &format!("{signature} "),
        &format!(" {signature}").trim_start().replace('=', ""),
        &signature.replace("yaQM=", "yaQN="),
        &format!("{signature}AAAA"),
        &signature[..signature.len() - 8],
    ] {
        let note = format!("{head} {bad}\n");
        let verified = Note::parse(note.as_bytes()).unwrap().verify(&verifier);
        assert_eq!(verified, Err(NoteError::Signature(verifier.name().clone())), "{bad:?}");
    }
    let line = NOTE.split_once("\n\n").unwrap().1;
    let twice = [NOTE, line].concat();
    let verified = Note::parse(twice.as_bytes()).unwrap().verify(&verifier);
    assert_eq!(verified, Err(NoteError::TwoLines(verifier.name().clone())));
}

#[test]
fn the_length_of_a_line_is_known_before() {
    let (name, key) = (KeyName::new("\u{212a}/w").unwrap(), SigningKey::from_seed(&[3; 32]));
    assert_eq!(sign_line(&name, &key, "a\n").len(), line_length(&name, KeyKind::Ed25519));
    assert_eq!(cosign_line(&name, &key, UnixTime::MAX, "a\n").len(), line_length(&name, KeyKind::Cosignature));
}

/// The message of C2SP tlog-cosignature, written out: who signs and verifies with one function agrees with itself
/// whatever that is.
#[test]
fn a_cosignature_is_over_a_line_the_time_and_the_text() {
    let (name, key) = (KeyName::new("w").unwrap(), SigningKey::from_seed(&[3; 32]));
    let line = cosign_line(&name, &key, UnixTime::new(77).unwrap(), "a\n1\nb\n");
    let signed = base64::decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let (head, signature) = signed.split_last_chunk::<64>().unwrap();
    assert_eq!(head[4..], 77_u64.to_be_bytes());
    assert_eq!(key.verifying_key().verify(b"cosignature/v1\ntime 77\na\n1\nb\n", signature), Ok(()));
}

proptest! {
    #[test]
    fn a_note_is_its_text_and_its_lines(note in "([a\u{2014} \n=+/]|\u{2014} a[b-z] AAAA[A-D]{2}E=\n){0,12}") {
        if let Ok(parsed) = Note::parse(note.as_bytes()) {
            let lines: String = parsed.lines().iter().map(NoteLine::raw).collect();
            prop_assert_eq!([parsed.text(), "\n", &lines].concat(), note);
        }
    }

    #[test]
    fn parsing_is_total(note in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Note::parse(&note).is_err());
    }
}

#[test]
fn the_text_ends_at_the_last_empty_line() {
    let note = "a\n\nb\n\n\u{2014} a AAAAAAE=\n";
    assert_eq!(Note::parse(note.as_bytes()).unwrap().text(), "a\n\nb\n");
}
