//! Tests of `policy.rs`.

use super::*;
use crate::crypto::Hash;
use crate::tlog::Checkpoint;
use crate::tlog::checkpoint::tests::{ORIGIN, key, log_verifier, name, witness};
use proptest::prelude::*;

const NOW: UnixTime = UnixTime::MIN;

/// The policy that the specification shows, with keys; witness `n` has the key of seed `n`.
fn example() -> String {
    let mut text = format!("log {}\n\n", log_verifier(1));
    for (label, seed) in [("X1", 11), ("X2", 12), ("X3", 13)] {
        text += &format!("witness {label} {}\n", witness(label, seed));
    }
    text += "group X-witnesses 2 X1 X2 X3\n\n";
    for (label, seed) in [("Y1", 21), ("Y2", 22), ("Y3", 23)] {
        text += &format!("witness {label} {}\n", witness(label, seed));
    }
    text + "group Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
}

fn parse(text: &str) -> Result<WitnessPolicy, PolicyError> {
    WitnessPolicy::parse(text.as_bytes())
}

/// A checkpoint of the log with seed 1, cosigned under these names with the keys of these seeds.
fn cosigned(by: &[(&str, u8)]) -> SignedCheckpoint {
    let checkpoint = Checkpoint { origin: name(ORIGIN), size: 7, root: Hash([7; 32]) };
    let signed = SignedCheckpoint::sign(checkpoint, &key(1));
    by.iter().fold(signed, |signed, &(label, seed)| {
        let line = signed.checkpoint().cosign(&name(label), &key(seed), NOW);
        signed.with_cosignatures(&line, &[witness(label, seed)]).unwrap()
    })
}

#[test]
fn the_example_of_the_specification() {
    let policy = parse(&example()).unwrap();
    let count = |by: &[(&str, u8)]| policy.verify(cosigned(by).note().as_bytes()).map(|w| w.cosigned().to_vec());
    let (x1, x2, x3, y1, y3) = (("X1", 11), ("X2", 12), ("X3", 13), ("Y1", 21), ("Y3", 23));
    assert_eq!(count(&[x3, y3, x1]), Ok(vec![(0, NOW), (2, NOW), (5, NOW)]));
    assert_eq!(count(&[]), Err(PolicyUnmet::Quorum(0)));
    assert_eq!(count(&[x1, x2, x3]), Err(PolicyUnmet::Quorum(3)));
    assert_eq!(count(&[x1, y1, y3]), Err(PolicyUnmet::Quorum(3)));
    // A stranger, and a known key under a name that the policy does not give it, count for nobody.
    assert_eq!(count(&[x1, y1, ("Z", 31)]), Err(PolicyUnmet::Quorum(2)));
    assert_eq!(count(&[x1, y1, ("X2", 31)]), Err(PolicyUnmet::Quorum(2)));
    assert_eq!(count(&[x1, y1, ("X4", 12)]), Err(PolicyUnmet::Quorum(2)));
}

#[test]
fn printed_in_one_form() {
    let policy = parse(&example()).unwrap();
    let lines: Vec<_> = example().lines().map(|line| format!("{line}\n")).filter(|line| line != "\n").collect();
    let sorted = ["log", "witness", "group", "quorum"]
        .map(|word| lines.iter().filter(|line| line.starts_with(word)).map(String::as_str).collect::<String>());
    assert_eq!(policy.to_text(), sorted.concat().into_bytes());
    assert_eq!(WitnessPolicy::parse(&policy.to_text()), Ok(policy));
    // The same policy, written otherwise; octets above 0x7f are opaque, and more than UTF-8.
    let (l, w) = (log_verifier(1), witness("w", 11));
    let free = format!(" # \u{20ac}\n\tlog  {l}\thttps://log \n\nwitness \u{212a} {w} w\u{e9}\ngroup g 1 \u{212a}\n");
    let free = [free.as_bytes(), b"#\xff\nquorum g"].concat();
    assert_eq!(WitnessPolicy::parse(&free), Err(PolicyError::Line { line: 7, why: PolicyFault::Unterminated }));
    let policy = WitnessPolicy::parse(&[&free[..], b"\n"].concat()).unwrap();
    let one = format!("log {l} https://log\nwitness \u{212a} {w} w\u{e9}\ngroup g all \u{212a}\nquorum g\n");
    assert_eq!(policy.to_text(), one.as_bytes());
    assert_eq!((policy.log_url(0), policy.witness_url(0)), (Some(&b"https://log"[..]), Some("w\u{e9}".as_bytes())));
    assert_eq!(policy.witness_name(0), Some("\u{212a}".as_bytes()));
    assert_eq!((policy.log_url(1), policy.witness_url(1), policy.witness_name(1)), (None, None, None));
    assert_eq!((policy.logs(), policy.witnesses()), (&[l][..], &[w][..]));
    let bytes = b"witness \x80\xff KEY\nquorum \x80\xff\n";
    let bytes = String::from_utf8_lossy(bytes).replace("KEY", &witness("w", 11).to_string());
    assert!(parse(&bytes).is_ok());
}

#[test]
fn hostile_lines() {
    use PolicyFault as F;
    let (log, other) = (log_verifier(1), log_verifier(2));
    let (a, b, same) = (witness("a", 11), witness("b", 12), witness("c", 11));
    let bad_key = || F::Key(NoteError::VerifierKey);
    let wrong = |key: &NoteVerifier| F::Key(NoteError::WrongKind(key.name().clone()));
    let renamed = NoteVerifier::new("else", KeyKind::Ed25519, *log.key()).unwrap();
    for (line, why) in [
        ("quorum a".to_owned(), F::SecondQuorum),
        ("quorum none".to_owned(), F::SecondQuorum),
        ("quorum".to_owned(), F::Words),
        ("quorum a b".to_owned(), F::Words),
        ("quorum a # why".to_owned(), F::Words),
        ("Quorum a".to_owned(), F::Keyword),
        ("\u{a0}quorum a".to_owned(), F::Keyword),
        ("logs".to_owned(), F::Keyword),
        ("log".to_owned(), F::Words),
        (format!("log {other} url more"), F::Words),
        ("log x".to_owned(), bad_key()),
        (format!("log {}", other.to_string().replace('+', "-")), bad_key()),
        (format!("log {log}"), F::DuplicateKey),
        (format!("log {renamed}"), F::DuplicateKey),
        (format!("log {}", witness(ORIGIN, 5)), wrong(&witness(ORIGIN, 5))),
        ("witness".to_owned(), F::Words),
        ("witness c".to_owned(), F::Words),
        (format!("witness c {} url more", witness("c", 13)), F::Words),
        (format!("witness c {}", log_verifier(13)), wrong(&log_verifier(13))),
        (format!("witness c {same}"), F::DuplicateKey),
        (format!("witness a {}", witness("c", 13)), F::DuplicateName),
        (format!("witness g {}", witness("c", 13)), F::DuplicateName),
        (format!("witness none {}", witness("c", 13)), F::Reserved),
        ("group h".to_owned(), F::Words),
        ("group h all".to_owned(), F::Words),
        ("group none any b".to_owned(), F::Reserved),
        ("group a any b".to_owned(), F::DuplicateName),
        ("group g any b".to_owned(), F::DuplicateName),
        ("group h any none".to_owned(), F::UnknownName),
        ("group h any h".to_owned(), F::UnknownName),
        ("group h any later".to_owned(), F::UnknownName),
        ("group h any B".to_owned(), F::UnknownName),
        ("group h any a".to_owned(), F::MemberTwice),
        ("group h any b b".to_owned(), F::MemberTwice),
        ("group h any g g".to_owned(), F::MemberTwice),
        ("group h 0 b g".to_owned(), F::Threshold),
        ("group h 3 b g".to_owned(), F::Threshold),
        ("group h 01 b g".to_owned(), F::Threshold),
        ("group h +1 b g".to_owned(), F::Threshold),
        ("group h -1 b g".to_owned(), F::Threshold),
        ("group h some b g".to_owned(), F::Threshold),
        ("group h All b g".to_owned(), F::Threshold),
        ("group h 18446744073709551617 b g".to_owned(), F::Threshold),
        ("# \r".to_owned(), F::Control(b'\r')),
        ("#\0".to_owned(), F::Control(0)),
        ("\x0b".to_owned(), F::Control(0x0b)),
        ("#\x7f".to_owned(), F::Control(0x7f)),
    ] {
        let text = format!("log {log}\nwitness a {a}\nwitness b {b}\ngroup g all a\nquorum b\n{line}\nlog x\n");
        assert_eq!(parse(&text), Err(PolicyError::Line { line: 6, why }), "{line:?}");
    }
    assert_eq!(parse(""), Err(PolicyError::NoQuorum));
    assert_eq!(parse(&example().replace("quorum", "# quorum")), Err(PolicyError::NoQuorum));
    let forward = format!("quorum a\nwitness a {a}\n");
    assert_eq!(parse(&forward), Err(PolicyError::Line { line: 1, why: F::UnknownName }));
    // A cycle cannot be written: one of its groups comes first.
    let cycle = "group g any h\ngroup h any g\nquorum g\n";
    assert_eq!(parse(cycle), Err(PolicyError::Line { line: 1, why: F::UnknownName }));
}

#[test]
fn bounded_in_every_way() {
    assert_eq!(parse(&"\n".repeat(MAX_POLICY + 1)), Err(PolicyError::TooLong(MAX_POLICY + 1)));
    assert_eq!(parse(&"\n".repeat(MAX_POLICY)), Err(PolicyError::TooManyLines));
    let lines = "\n".repeat(MAX_POLICY_LINES - 1);
    assert!(parse(&format!("{lines}quorum none\n")).is_ok());
    // As many as may be, groups nested as deep as can be; the deepest witness alone is the quorum.
    let most = MAX_POLICY_NAMES as u8;
    let of = |count: u8| {
        let mut text = String::new();
        for at in 0..count {
            let log = NoteVerifier::new(&format!("log/{at}"), KeyKind::Ed25519, key(at).verifying_key()).unwrap();
            text += &format!("log {log}\nwitness w{at} {}\n", witness(&format!("w{at}"), at));
        }
        text
    };
    let nested: String = (0..most)
        .map(|at| format!("group g{at} any {}\n", if at == 0 { "w9".into() } else { format!("g{}", at - 1) }))
        .collect();
    let policy = format!("{}{nested}quorum g{}\n", of(most), most - 1);
    let parsed = parse(&policy).unwrap();
    assert_eq!(WitnessPolicy::parse(&parsed.to_text()).as_ref(), Ok(&parsed));
    let bare = parse(
        &policy.lines().filter(|line| !line.starts_with("log")).map(|line| format!("{line}\n")).collect::<String>(),
    );
    let bare = bare.unwrap();
    assert_eq!(bare.check(&cosigned(&[("w9", 9)])).unwrap().cosigned(), [(9, NOW)]);
    assert_eq!(bare.check(&cosigned(&[("w8", 8)])), Err(PolicyUnmet::Quorum(1)));
    let too_many = |text: String, line: usize| {
        assert_eq!(parse(&text), Err(PolicyError::Line { line, why: PolicyFault::TooMany }));
    };
    too_many(of(most + 1), 2 * MAX_POLICY_NAMES + 1);
    too_many(format!("{}{nested}group more any w8\n", of(most)), 3 * MAX_POLICY_NAMES + 1);
    let witnesses: String = of(most + 1).lines().filter(|l| l.starts_with("w")).map(|l| format!("{l}\n")).collect();
    too_many(witnesses, MAX_POLICY_NAMES + 1);
}

#[test]
fn a_quorum_fits_into_a_note() {
    let label = |at: u8, length: usize| format!("{at:02}{}", "w".repeat(length - 2));
    let policy = |lengths: &[usize], group: &str| {
        let mut text = format!("log {}\n", log_verifier(1));
        let mut names = String::new();
        for (at, &length) in (0u8..).zip(lengths) {
            text += &format!("witness {at} {}\n", witness(&label(at, length), 10 + at));
            names += &format!(" {at}");
        }
        parse(&format!("{text}group g {group}{names}\nquorum g\n"))
    };
    let cosigned = |lengths: &[usize]| {
        let labels: Vec<String> = (0u8..).zip(lengths).map(|(at, &length)| label(at, length)).collect();
        let checkpoint = Checkpoint { origin: name(ORIGIN), size: 0, root: Hash([7; 32]) };
        let signed = SignedCheckpoint::sign(checkpoint, &key(1));
        let line = |(at, label): (u8, &String)| signed.checkpoint().cosign(&name(label), &key(10 + at), NOW);
        let lines: String = (0u8..).zip(&labels).map(line).collect();
        [signed.note(), &lines].concat()
    };
    // Forty-five names, the last as long as there is room for.
    let mut lengths = vec![255; 44];
    lengths.push(2);
    let room = MAX_NOTE - cosigned(&lengths).len();
    lengths[44] += room;
    assert!(room < 253);
    let fits = policy(&lengths, "all").unwrap();
    let note = cosigned(&lengths);
    assert_eq!((note.len(), fits.verify(note.as_bytes()).map(|w| w.cosigned().len())), (MAX_NOTE, Ok(45)));
    lengths[44] += 1;
    assert_eq!(policy(&lengths, "all"), Err(PolicyError::QuorumTooLong(MAX_NOTE + 1)));
    // A smaller quorum takes those with the shortest names.
    assert!(policy(&lengths, "44").is_ok());
    lengths.extend([255; 10]);
    assert!(policy(&lengths, "44").is_ok());
    assert_eq!(policy(&lengths, "45"), Err(PolicyError::QuorumTooLong(MAX_NOTE + 1)));
}

#[test]
fn the_log_is_one_of_those_listed() {
    let policy = |logs: &[NoteVerifier]| {
        let logs: String = logs.iter().map(|log| format!("log {log}\n")).collect();
        parse(&format!("{logs}quorum none\n")).unwrap()
    };
    let signed = cosigned(&[]);
    let verify = |logs: &[NoteVerifier]| policy(logs).verify(signed.note().as_bytes()).map(|w| w.checkpoint().clone());
    let check = |logs: &[NoteVerifier]| policy(logs).check(&signed).map(|w| w.checkpoint().clone());
    let elsewhere = NoteVerifier::new("else", KeyKind::Ed25519, key(1).verifying_key()).unwrap();
    let not_signed = Err(PolicyUnmet::Note(NoteError::NotSigned(name(ORIGIN))));
    for logs in [vec![log_verifier(1)], vec![log_verifier(1), log_verifier(2)], vec![log_verifier(2), log_verifier(1)]]
    {
        assert_eq!((verify(&logs), check(&logs)), (Ok(signed.clone()), Ok(signed.clone())));
    }
    for (logs, refused) in
        [(vec![log_verifier(2)], not_signed), (vec![elsewhere], Err(PolicyUnmet::UnknownLog(name(ORIGIN))))]
    {
        assert_eq!((verify(&logs), check(&logs)), (refused.clone(), refused));
    }
    // Without logs, only who knows the log from elsewhere can check.
    assert_eq!(verify(&[]), Err(PolicyUnmet::UnknownLog(name(ORIGIN))));
    assert_eq!(check(&[]), Ok(signed.clone()));
    assert_eq!(policy(&[log_verifier(1)]).verify(b"x"), Err(PolicyUnmet::Note(NoteError::Shape)));
}

#[test]
fn a_bad_line_of_a_listed_key_refuses_the_note() {
    let text = format!("log {}\nwitness a {}\nquorum none\n", log_verifier(1), witness("a", 11));
    let policy = parse(&text).unwrap();
    let signed = cosigned(&[]);
    let other = Checkpoint { size: 8, ..signed.checkpoint().clone() };
    let forged = [signed.note(), &other.cosign(&name("a"), &key(11), NOW)].concat();
    assert_eq!(policy.verify(forged.as_bytes()), Err(PolicyUnmet::Note(NoteError::Signature(name("a")))));
    let stranger = [signed.note(), &other.cosign(&name("b"), &key(11), NOW)].concat();
    assert!(policy.verify(stranger.as_bytes()).is_ok());
    // Of two keys of one log, one signed well and one badly, in either order of the lines.
    let second = other.sign(&key(2));
    let (_, second) = second.split_once("\n\n").unwrap();
    let both = [signed.note(), second].concat();
    for (one, two) in [(1, 2), (2, 1)] {
        let policy = parse(&format!("log {}\nlog {}\nquorum none\n", log_verifier(one), log_verifier(two))).unwrap();
        assert_eq!(policy.verify(both.as_bytes()), Err(PolicyUnmet::Note(NoteError::Signature(name(ORIGIN)))));
    }
}

proptest! {
    #[test]
    fn parsing_is_total(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(WitnessPolicy::parse(&text).is_err());
    }

    /// No flipped bit makes a policy that is printed otherwise than it is parsed.
    #[test]
    fn damaged_policies_still_have_one_form(at in 0usize..1_000, bit in 0u8..8) {
        let mut text = example().into_bytes();
        let at = at % text.len();
        text[at] ^= 1 << bit;
        if let Ok(policy) = WitnessPolicy::parse(&text) {
            prop_assert_eq!(WitnessPolicy::parse(&policy.to_text()), Ok(policy));
        }
    }
}
