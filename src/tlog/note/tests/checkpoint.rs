//! Tests of `checkpoint.rs`.

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
    let ids: Vec<_> = Note::parse(signed.note().as_bytes()).unwrap().lines().iter().flat_map(NoteLine::id).collect();
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
    let (a, b) = (elsewhere.cosign(&name("w/a"), &key(3), time(9)), elsewhere.cosign(&name("w/b"), &key(4), time(9)));
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
