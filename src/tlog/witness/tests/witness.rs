//! Tests of `witness.rs`.

use super::*;
use crate::tlog::{
    Chain, MemoryStorage,
    log::storage::MemoryError,
    note::checkpoint::tests::{ORIGIN, key, log_verifier, name, witness},
};

const NOW: UnixTime = UnixTime::MAX;

/// Checkpoints of sizes 0 to `size`, of entries that are all `salt`.
fn history(size: u64, salt: u8) -> Vec<SignedCheckpoint> {
    let mut chain = Chain::new(ORIGIN);
    let sign = |chain: &Chain| {
        let checkpoint = Checkpoint { origin: name(ORIGIN), size: chain.size(), root: chain.root() };
        SignedCheckpoint::sign(checkpoint, &key(1))
    };
    let mut all = vec![sign(&chain)];
    for _ in 0..size {
        chain.push(&[salt]).unwrap();
        all.push(sign(&chain));
    }
    all
}

/// The leaf of an entry of the first history.
fn leaf(index: usize) -> Hash {
    let mut chain = Chain::new(ORIGIN);
    let mut links = core::iter::repeat_with(|| chain.push(&[0]).unwrap());
    links.nth(index).unwrap()
}

fn open(storage: &MemoryStorage) -> Witness {
    Witness::open(storage, name("w"), key(3), [(LogKey(4), log_verifier(1))], Default::default()).unwrap()
}

fn request(old: u64, proof: &[Hash], signed: &SignedCheckpoint) -> Vec<u8> {
    AddCheckpoint { old, proof: proof.to_vec(), note: signed.note().as_bytes() }.to_body()
}

fn add(witness: &mut Witness, storage: &mut MemoryStorage, body: &[u8]) -> Result<String, Refused> {
    Ok(witness.consider(&AddCheckpoint::parse(body)?)?.commit(storage, NOW).unwrap())
}

#[test]
fn cosigns_what_extends_and_survives_a_restart() {
    let (mut storage, log) = (MemoryStorage::new(), history(3, 0));
    let mut w = open(&storage);
    // Lines of others, a forged one of this witness among them, are not taken over.
    let mut body = request(0, &[], &log[2]);
    body.extend(log[1].checkpoint().cosign(&name("w"), &key(3), NOW).bytes());
    body.extend(log[2].checkpoint().cosign(&name("v"), &key(4), NOW).bytes());
    let line = add(&mut w, &mut storage, &body).unwrap();
    let cosigned = log[2].with_cosignatures(&line, &[witness("w", 3)]).unwrap();
    assert_eq!(cosigned.cosignatures(&[w.verifier()]), Ok(vec![(0, NOW)]));
    let mut w = open(&storage);
    assert_eq!(w.latest(ORIGIN), Some(&cosigned));
    // From 2 to 3, the proof is the third leaf: the old root is the verifier's own.
    let mut chain = Chain::new(ORIGIN);
    let links: Vec<_> = (0..3).map(|_| chain.push(&[0]).unwrap()).collect();
    let good = request(2, &[links[2]], &log[3]);
    assert_eq!(w.consider(&AddCheckpoint::parse(&good).unwrap()).unwrap().signed(), &log[3]);
    add(&mut w, &mut storage, &good).unwrap();
    assert_eq!(add(&mut w, &mut storage, &good), Err(Refused::Stale { size: 3 }));
    add(&mut w, &mut storage, &request(3, &[], &log[3])).unwrap();
}

#[test]
fn a_store_of_another_witness_or_log_is_refused_as_that() {
    let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
    add(&mut open(&storage), &mut storage, &request(0, &[], &log[1])).unwrap();
    let other = |of: &str, kept: &str| WitnessError::OtherStore { origin: name(of), kept: name(kept) };
    let opened = |by: &str, watch: (LogKey, NoteVerifier)| {
        Witness::open(&storage, name(by), key(3), [watch], Default::default())
    };
    assert_eq!(opened("v", (LogKey(4), log_verifier(1))).unwrap_err(), other(ORIGIN, "w"));
    let elsewhere = NoteVerifier::of(name("else"), KeyKind::Ed25519, key(1).verifying_key());
    assert_eq!(opened("w", (LogKey(4), elsewhere)).unwrap_err(), other("else", ORIGIN));
    // With another key it is the same witness.
    assert!(Witness::open(&storage, name("w"), key(5), [(LogKey(4), log_verifier(1))], Default::default()).is_ok());
    // What only the log signed is nobody's.
    let mut bare = MemoryStorage::new();
    bare.commit(&[Write::Put(Row::Checkpoint { log: LogKey(4) }, log[1].note().into())]).unwrap();
    assert!(Witness::open(&bare, name("v"), key(3), [(LogKey(4), log_verifier(1))], Default::default()).is_ok());
}

#[test]
fn refusals_have_their_status() {
    let (mut storage, log, other) = (MemoryStorage::new(), history(3, 0), history(3, 1));
    let mut w = open(&storage);
    add(&mut w, &mut storage, &request(0, &[], &log[2])).unwrap();
    let before = storage.clone();
    let mut refuse = |body: &[u8]| {
        let refused = add(&mut w, &mut storage, body).unwrap_err();
        (refused.status(), refused)
    };
    let elsewhere = Checkpoint { origin: name("else"), ..log[3].checkpoint().clone() };
    let elsewhere = SignedCheckpoint::sign(elsewhere, &key(1));
    assert_eq!(refuse(&request(2, &[], &elsewhere)), (404, Refused::UnknownOrigin(name("else"))));
    let forged = SignedCheckpoint::sign(log[3].checkpoint().clone(), &key(2));
    assert_eq!(refuse(&request(2, &[], &forged)).0, 403);
    // The log's name and key id, and in the signature's place what is none.
    let own = log[3].note().rsplit_once(' ').unwrap().1.trim_end();
    for bad in [&own[..8], &own[..7], "", "Uw2QO"] {
        let body = request(2, &[], &log[3]);
        let body = String::from_utf8(body).unwrap().replace(own, bad).into_bytes();
        // Without its id it is a stranger's line, and the log's is missing.
        assert!(matches!(refuse(&body), (403, Refused::Signature(_))), "{bad:?}");
    }
    let twice = [request(2, &[], &log[3]), log[3].note().rsplit_once("\n\n").unwrap().1.into()].concat();
    assert_eq!(refuse(&twice), (403, Refused::Signature(NoteError::TwoLines(name(ORIGIN)))));
    let broken = request(2, &[], &log[3]).iter().map(|&b| if b == b'3' { b'4' } else { b }).collect::<Vec<_>>();
    assert!(matches!(refuse(&broken).0, 400 | 403 | 404));
    assert_eq!(refuse(&request(4, &[], &log[3])), (400, Refused::OldSize));
    assert_eq!(refuse(&request(1, &[], &log[3])), (409, Refused::Stale { size: 2 }));
    assert_eq!(refuse(&request(0, &[], &log[3])), (409, Refused::Stale { size: 2 }));
    assert_eq!(refuse(&request(2, &[], &log[3])), (422, Refused::Proof(ProofError::Length)));
    assert_eq!(refuse(&request(2, &[Hash([1; 32])], &log[3])), (422, Refused::Proof(ProofError::Root)));
    let (status, Refused::Fork(evidence)) = refuse(&request(2, &[], &other[2])) else { panic!("no fork") };
    assert_eq!((status, evidence.verify(&log_verifier(1))), (422, Ok(())));
    assert_eq!(storage, before);
}

#[test]
fn the_first_checkpoint_needs_no_proof_and_has_none() {
    let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
    let mut w = open(&storage);
    let surplus = add(&mut w, &mut storage, &request(0, &[Hash([1; 32])], &log[1])).unwrap_err();
    assert_eq!(surplus, Refused::Proof(ProofError::Length));
    let hollow = Checkpoint { root: Hash([1; 32]), ..log[0].checkpoint().clone() };
    let hollow = SignedCheckpoint::sign(hollow, &key(1));
    let refused = add(&mut w, &mut storage, &request(0, &[], &hollow)).unwrap_err();
    assert_eq!((refused.status(), refused), (422, Refused::EmptyRoot));
    add(&mut w, &mut storage, &request(0, &[], &log[0])).unwrap();
    add(&mut w, &mut storage, &request(0, &[], &log[1])).unwrap();
}

#[test]
fn without_a_commit_there_is_no_cosignature_and_no_change() {
    let (mut storage, log, other) = (MemoryStorage::new(), history(1, 0), history(1, 1));
    let mut w = open(&storage);
    storage.fail_after(0);
    let body = request(0, &[], &log[1]);
    let pending = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
    assert_eq!(pending.commit(&mut storage, NOW), Err(WitnessError::Storage(MemoryError::Told)));
    assert_eq!(w.latest(ORIGIN), None);
    let _ = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
    assert_eq!(w.latest(ORIGIN), None);
    // Nothing was cosigned, so the other history may still come first.
    add(&mut w, &mut storage, &request(0, &[], &other[1])).unwrap();
}

/// A commit that failed and is durable all the same, or another witness that came first: none can tell which.
#[test]
fn after_a_failed_commit_a_witness_goes_on_from_what_is_durable() {
    let (log, other) = (history(2, 0), history(1, 1));
    let asked = [&log[1], &other[1], &log[2]].map(|signed| request(0, &[], signed));
    let row = Row::Checkpoint { log: LogKey(4) };
    let mut done = MemoryStorage::new();
    add(&mut open(&done), &mut done, &asked[0]).unwrap();
    for (index, body) in asked.iter().enumerate() {
        let mut storage = MemoryStorage::new();
        let mut w = open(&storage);
        let mut commit = |storage: &mut MemoryStorage, body: &[u8]| {
            Ok::<_, Refused>(w.consider(&AddCheckpoint::parse(body)?)?.commit(storage, NOW).map(drop))
        };
        storage.fail_after(0);
        assert_eq!(commit(&mut storage, &asked[0]), Ok(Err(WitnessError::Storage(MemoryError::Told))));
        storage.commit(&[Write::Put(row, done.get(row).unwrap().unwrap())]).unwrap();
        if index == 0 {
            assert_eq!(commit(&mut storage, body), Ok(Ok(())), "the same again");
            continue;
        }
        assert_eq!(commit(&mut storage, body), Ok(Err(WitnessError::Storage(MemoryError::Changed(row)))));
        assert_eq!(storage, done);
        assert_eq!(commit(&mut storage, body), Err(Refused::Stale { size: 1 }));
        assert!(matches!(commit(&mut storage, &request(1, &[], &other[1])), Err(Refused::Fork(_))));
        assert_eq!(commit(&mut storage, &request(1, &[leaf(1)], &log[2])), Ok(Ok(())));
    }
}

#[test]
fn in_a_forked_process_a_witness_cosigns_nothing() {
    let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
    let mut w = open(&storage);
    storage.fork();
    let body = request(0, &[], &log[1]);
    let pending = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap();
    assert_eq!(pending.commit(&mut storage, NOW), Err(WitnessError::Storage(MemoryError::Forked)));
    assert_eq!(w.latest(ORIGIN), None);
    assert_eq!(storage, MemoryStorage::new());
}

#[test]
fn lines_of_strangers_keep_nothing_from_being_cosigned() {
    let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
    let mut body = request(0, &[], &log[1]);
    body.extend("\u{2014} a AAAAAAE=\n\u{2014} a AAAAAAE=\n\u{2014} \u{7f} ?\n".bytes());
    add(&mut open(&storage), &mut storage, &body).unwrap();
}

#[test]
fn no_cosignature_is_dated_before_the_last_or_at_no_time() {
    let (mut storage, log) = (MemoryStorage::new(), history(1, 0));
    let at = |seconds: i64| UnixTime::new(seconds).unwrap();
    let other = NoteVerifier::new("other", KeyKind::Ed25519, key(2).verifying_key()).unwrap();
    let others = SignedCheckpoint::sign(Checkpoint { origin: name("other"), ..log[1].checkpoint().clone() }, &key(2));
    let open = |storage: &MemoryStorage, seed: u8| {
        Witness::open(
            storage,
            name("w"),
            key(seed),
            [(LogKey(4), log_verifier(1)), (LogKey(5), other.clone())],
            Default::default(),
        )
    };
    let cosign = |w: &mut Witness, storage: &mut MemoryStorage, signed: &SignedCheckpoint, now: i64| {
        let old = w.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
        let body = request(old, &[], signed);
        let line = w.consider(&AddCheckpoint::parse(&body).unwrap()).unwrap().commit(storage, at(now))?;
        let cosigned = [signed.note(), &line].concat();
        let cosigned = SignedCheckpoint::verify_any(cosigned.as_bytes(), [&log_verifier(1), &other]).unwrap();
        Ok(cosigned.cosignatures(&[w.verifier()]).unwrap()[0].1.seconds())
    };
    let clock = |now, last| Err(WitnessError::Clock { now: at(now), last: at(last) });
    let mut w = open(&storage, 3).unwrap();
    assert_eq!(cosign(&mut w, &mut storage, &log[1], 0), clock(0, 0));
    assert_eq!((w.latest(ORIGIN), &storage), (None, &MemoryStorage::new()));
    assert_eq!(cosign(&mut w, &mut storage, &log[1], 100), Ok(100));
    // Opened again, and of whatever log.
    for _ in 0..2 {
        for signed in [&log[1], &others] {
            let before = storage.clone();
            assert_eq!(cosign(&mut w, &mut storage, signed, 97), clock(97, 100));
            assert_eq!(storage, before);
            assert_eq!(cosign(&mut w, &mut storage, signed, 98), Ok(100), "a step back of two seconds");
            assert_eq!(cosign(&mut w, &mut storage, signed, 100), Ok(100));
        }
        w = open(&storage, 3).unwrap();
    }
    // Others have a later one, of the same checkpoint.
    let line = log[1].checkpoint().cosign(&name("w"), &key(3), at(300));
    let newest = log[1].with_cosignatures(&line, &[witness("w", 3)]).unwrap();
    let logs = [(LogKey(4), log_verifier(1)), (LogKey(5), other.clone())];
    let options = OpenOptions { newest: &[newest.note().as_bytes()] };
    let after = Witness::open(&storage, name("w"), key(3), logs, options);
    assert_eq!(cosign(&mut after.unwrap(), &mut storage, &log[1], 200), clock(200, 300));
    // What was dated far ahead is left behind with the key.
    assert_eq!(cosign(&mut open(&storage, 3).unwrap(), &mut storage, &others, 9_000), Ok(9_000));
    assert_eq!(cosign(&mut open(&storage, 3).unwrap(), &mut storage, &log[1], 200), clock(200, 9_000));
    let mut w = open(&storage, 4).unwrap();
    assert_eq!(cosign(&mut w, &mut storage, &log[1], 200), Ok(200));
    assert_eq!(cosign(&mut open(&storage, 4).unwrap(), &mut storage, &log[1], 150), clock(150, 200));
}

#[test]
fn hostile_requests() {
    let hash = base64::encode(&[0; 32]);
    let many = format!("old 1\n{}\nnote", format!("{hash}\n").repeat(64));
    for body in [
        "",
        "old 1",
        "old 1\n",
        "old 01\n\n",
        "old -1\n\n",
        "Old 1\n\n",
        "old 1 \n\n",
        "old 1\nAAAA\n\n",
        "\n\n",
        &many,
    ] {
        assert_eq!(AddCheckpoint::parse(body.as_bytes()), Err(Refused::Malformed), "{body:?}");
    }
    assert!(AddCheckpoint::parse(many.replacen(&format!("{hash}\n"), "", 1).as_bytes()).is_ok());
    let note_of = |length: usize| format!("old 1\n\n{}", "a".repeat(length - 7)).into_bytes();
    assert!(AddCheckpoint::parse(&note_of(MAX_PROOF)).is_ok());
    for longer in [MAX_PROOF + 1, MAX_PROOF + 2] {
        assert_eq!(AddCheckpoint::parse(&note_of(longer)), Err(Refused::Malformed));
    }
}

#[test]
fn a_log_that_changes_its_key_is_followed() {
    let (mut storage, log) = (MemoryStorage::new(), history(3, 0));
    add(&mut open(&storage), &mut storage, &request(0, &[], &log[1])).unwrap();
    let (old, new) = (log_verifier(1), log_verifier(2));
    let watch = |keys: &[&NoteVerifier], retired: &[&NoteVerifier]| {
        let all = |keys: &[&NoteVerifier]| keys.iter().copied().cloned().collect();
        Watch { log: LogKey(4), origin: name(ORIGIN), keys: all(keys), retired: all(retired) }
    };
    let open = |storage: &MemoryStorage, watch| Witness::open(storage, name("w"), key(3), [watch], Default::default());
    let unread = open(&storage, watch(&[&new], &[])).unwrap_err();
    let source = NoteError::NotSigned(name(ORIGIN));
    assert_eq!(unread, WitnessError::Damaged { origin: name(ORIGIN), source: source.clone() });
    let mut w = open(&storage, watch(&[&new], &[&old])).unwrap();
    assert_eq!(w.latest(ORIGIN).map(SignedCheckpoint::size), Some(1));
    // What the retired key signs is not cosigned, be it as good as it may.
    let again = |signed: &SignedCheckpoint| SignedCheckpoint::sign(signed.checkpoint().clone(), &key(2));
    let refused = add(&mut w, &mut storage, &request(1, &[], &log[1])).unwrap_err();
    assert_eq!((refused.status(), refused), (403, Refused::Signature(source)));
    add(&mut w, &mut storage, &request(1, &[], &again(&log[1]))).unwrap();
    // While both are good, either signs.
    let mut w = open(&storage, watch(&[&old, &new], &[])).unwrap();
    add(&mut w, &mut storage, &request(1, &[], &log[1])).unwrap();
    add(&mut w, &mut storage, &request(1, &[], &again(&log[1]))).unwrap();
    // Without a key nothing is cosigned, and nothing forgotten.
    let mut w = open(&storage, watch(&[], &[&old, &new])).unwrap();
    assert_eq!(w.latest(ORIGIN).map(SignedCheckpoint::size), Some(1));
    assert_eq!(add(&mut w, &mut storage, &request(1, &[], &log[1])).unwrap_err().status(), 403);
    let elsewhere = NoteVerifier::new("else", KeyKind::Ed25519, key(1).verifying_key()).unwrap();
    for bad in [&elsewhere, &witness(ORIGIN, 1)] {
        let refused = open(&storage, watch(&[&new], &[&old, bad])).unwrap_err();
        assert_eq!(refused, WitnessError::Logs(name(ORIGIN)));
    }
}

#[test]
fn a_witness_does_not_start_on_a_damaged_or_foreign_state() {
    let mut storage = MemoryStorage::new();
    let foreign = SignedCheckpoint::sign(history(1, 0)[1].checkpoint().clone(), &key(2));
    storage.commit(&[Write::Put(Row::Checkpoint { log: LogKey(4) }, foreign.note().into())]).unwrap();
    let open = |logs: Vec<_>| Witness::open(&storage, name("w"), key(3), logs, Default::default()).unwrap_err();
    assert!(matches!(open(vec![(LogKey(4), log_verifier(1))]), WitnessError::Damaged { .. }));
    let twice = vec![(LogKey(1), log_verifier(1)), (LogKey(2), log_verifier(1))];
    assert_eq!(open(twice), WitnessError::Logs(name(ORIGIN)));
    assert_eq!(open(vec![(LogKey(1), witness(ORIGIN, 1))]), WitnessError::Logs(name(ORIGIN)));
    let other = NoteVerifier::new("other", KeyKind::Ed25519, key(2).verifying_key()).unwrap();
    let rows = |second| vec![(LogKey(1), log_verifier(1)), (LogKey(second), other.clone())];
    assert_eq!(open(rows(1)), WitnessError::Logs(name("other")), "two logs in one row");
    assert!(Witness::open(&storage, name("w"), key(3), rows(2), Default::default()).is_ok());
}

#[test]
fn an_old_copy_is_noticed_before_anything_is_cosigned() {
    let (mut storage, log, other) = (MemoryStorage::new(), history(3, 0), history(3, 1));
    let cosigned = |signed: &SignedCheckpoint| {
        let line = signed.checkpoint().cosign(&name("w"), &key(3), NOW);
        signed.with_cosignatures(&line, &[witness("w", 3)]).unwrap()
    };
    let mut w = open(&storage);
    add(&mut w, &mut storage, &request(0, &[], &log[1])).unwrap();
    let old = storage.clone();
    add(&mut w, &mut storage, &request(1, &[leaf(1)], &log[2])).unwrap();
    let after = |notes: &[&SignedCheckpoint], storage: &MemoryStorage| {
        let newest: Vec<_> = notes.iter().map(|signed| signed.note().as_bytes()).collect();
        let options = OpenOptions { newest: &newest };
        Witness::open(storage, name("w"), key(3), [(LogKey(4), log_verifier(1))], options).map(drop)
    };
    let (first, second) = (cosigned(&log[1]), cosigned(&log[2]));
    let origin = name(ORIGIN);
    assert_eq!(after(&[&first, &second], &storage), Ok(()));
    assert_eq!(after(&[&first], &old), Ok(()));
    let refused = |here| Err(WitnessError::OldCopy { origin: name(ORIGIN), here, known: 2 });
    assert_eq!(after(&[&first, &second], &old), refused(1));
    assert_eq!(after(&[&second], &MemoryStorage::new()), refused(0));
    // The old copy went on, and cosigned as many of another history.
    let other_history = Err(WitnessError::OtherHistory { origin, size: 2 });
    assert_eq!(after(&[&cosigned(&other[2])], &storage), other_history);
    // What it did not cosign, or nobody signed, tells nothing.
    let not_signed = |by: &str| Err(WitnessError::Note(NoteError::NotSigned(name(by))));
    assert_eq!(after(&[&log[3]], &storage), not_signed("w"));
    let strange = cosigned(&SignedCheckpoint::sign(log[2].checkpoint().clone(), &key(2)));
    assert_eq!(after(&[&strange], &storage), not_signed(ORIGIN));
    let elsewhere = Checkpoint { origin: name("else"), ..log[2].checkpoint().clone() };
    let elsewhere = cosigned(&SignedCheckpoint::sign(elsewhere, &key(1)));
    assert_eq!(after(&[&elsewhere], &storage), Err(WitnessError::Note(NoteError::OtherLog(name("else")))));
}
