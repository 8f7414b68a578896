//! Stores exported as plain files and rebuilt from them hold the same, and go on.
#![forbid(unsafe_code)]

use onecard::gate::{self, Decision, Gate, OpenError, Scan};
use onecard::id::GateId;
use onecard::ledger::{Ledger, OpenLedgerError, journal_verifier, log_verifiers};
use onecard::tlog::{KeyKind, Log, LogKey, MemoryStorage, NoteVerifier, OpenOptions, SignedCheckpoint, Storage};
use onecard::trust::Role;
use onecard_store::{Published, RebuildError, StoreError, content_digest, publish, rebuild};
use onecard_testkit::day::{CITIES, Day, OPEN, bundle, code, gate_certificate, gate_secret, id, pass, secret, time};
use std::fs;
use std::path::{Path, PathBuf};

/// A day with visits at two gates of the first city, delivered and final.
fn played() -> Day {
    let mut day = Day::open();
    for number in 1..=9u8 {
        let code = code(&pass(CITIES[0], number, 2, |_| {}), number, OPEN);
        day.scan(0, usize::from(number % 2), &code, OPEN);
    }
    day.deliver(0, 0, OPEN);
    day.deliver(0, 1, OPEN);
    day.finish(OPEN);
    day
}

fn export<S: Storage>(storage: &S, log: &Log, verifier: &NoteVerifier, directory: &Path) -> SignedCheckpoint {
    let note = log.kept_checkpoint(storage).unwrap().unwrap();
    let signed = SignedCheckpoint::verify(&note, verifier).unwrap();
    publish(storage, log, &signed, &directory.join("log"), Some(&directory.join("evidence"))).unwrap();
    signed
}

#[test]
fn a_ledger_is_moved_with_the_journals_of_its_gates() {
    let mut day = played();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let ledger = &day.cities[0].ledger;
    let city = ledger.member();
    let verifier = log_verifiers(ledger.trust(), city, time(OPEN)).remove(0);
    let newest = export(ledger.storage(), ledger.log(), &verifier, &path("ledger"));
    let mut logs = vec![(LogKey(0), verifier, path("ledger/log"), path("ledger/evidence"))];
    let mut digests = vec![content_digest(ledger.storage(), ledger.log()).unwrap()];
    for (number, journal) in ledger.journals() {
        let verifier = journal_verifier(ledger.trust(), journal.certificate()).unwrap();
        let place = path(&format!("gate-{number}"));
        export(ledger.storage(), journal.log(), &verifier, &place);
        logs.push((LogKey(*number), verifier, place.join("log"), place.join("evidence")));
        digests.push(content_digest(ledger.storage(), journal.log()).unwrap());
    }
    let published: Vec<_> = logs
        .iter()
        .map(|(key, verifier, log, evidence)| Published {
            key: *key,
            verifier: verifier.clone(),
            log,
            evidence: Some(evidence),
        })
        .collect();
    let storage = rebuild(&path("store"), &published).unwrap();
    let (key, trust) = (secret(city.code(), Role::Log), ledger.trust().clone());
    let options = OpenOptions { newest: &[newest.note().as_bytes()] };
    let again = Ledger::open(storage, city, key, trust.clone(), options).unwrap();
    let mut found = vec![content_digest(again.storage(), again.log()).unwrap()];
    found.extend(again.journals().values().map(|journal| content_digest(again.storage(), journal.log()).unwrap()));
    assert_eq!(found, digests);
    assert_eq!(again.kept_checkpoint().unwrap().unwrap().note(), newest.note(), "with its cosignatures");

    // It goes on: the gates deliver to it what came since.
    let mut again = again;
    let shown = code(&pass(CITIES[0], 20, 2, |_| {}), 20, OPEN);
    assert!(matches!(day.scan(0, 0, &shown, OPEN), Decision::Admitted(_)));
    let gate = day.gate(0, 0);
    gate.seal().unwrap().unwrap();
    let known = again.journals()[&1].log().size();
    again.ingest(&gate.segment(known).unwrap().unwrap(), time(OPEN)).unwrap();
    assert!(again.checkpoint().unwrap().size() > newest.size());

    // Nothing is overwritten, and a ledger without its journals is none.
    assert!(matches!(rebuild(&path("store"), &[]), Err(RebuildError::Store(StoreError::Exists(_)))));
    let storage = rebuild(&path("alone"), &published[..1]).unwrap();
    let alone = Ledger::open(storage, city, secret(city.code(), Role::Log), trust, Default::default());
    assert!(matches!(alone, Err(OpenLedgerError::OtherJournal(_))));
}

#[test]
fn a_gate_is_moved_and_remembers_its_visitors() {
    let mut day = played();
    let directory = tempfile::tempdir().unwrap();
    let gate_id = GateId { member: id(CITIES[0]), number: 2 };
    let certificate = gate_certificate(gate_id);
    let origin = bundle().trust().journal_origin(gate_id);
    let verifier = NoteVerifier::new(&origin, KeyKind::Ed25519, gate_secret(gate_id).verifying_key()).unwrap();
    let gate = day.gate(0, 1);
    export(gate.storage(), gate.log(), &verifier, directory.path());
    let digest = content_digest(gate.storage(), gate.log()).unwrap();
    let (log, evidence) = (directory.path().join("log"), directory.path().join("evidence"));
    let published = Published { key: LogKey(0), verifier: verifier.clone(), log: &log, evidence: Some(&evidence) };
    let open = |name: &str, newest: &SignedCheckpoint| {
        let storage = rebuild(&directory.path().join(name), std::slice::from_ref(&published)).unwrap();
        let log = Log::open(&storage, LogKey(0), &origin).unwrap();
        assert_eq!(content_digest(&storage, &log).unwrap(), digest);
        let (key, newest) = (gate_secret(gate_id), newest.note().as_bytes());
        let options = gate::OpenOptions { newest: Some(newest), ..time(OPEN).into() };
        Gate::open(storage, key, &certificate, bundle(), options)
    };
    let sealed = SignedCheckpoint::verify(&gate.log().kept_checkpoint(gate.storage()).unwrap().unwrap(), &verifier);
    let mut again = open("store", &sealed.unwrap()).unwrap();
    let shown = code(&pass(CITIES[0], 1, 2, |_| {}), 1, OPEN);
    let before = gate.admit(Scan::text(shown.as_bytes()), time(OPEN));
    assert_eq!(again.admit(Scan::text(shown.as_bytes()), time(OPEN)), before, "a re-scan here and there");
    // The gate had gone on since it was exported.
    let shown = code(&pass(CITIES[0], 21, 2, |_| {}), 21, OPEN);
    assert!(matches!(gate.admit(Scan::text(shown.as_bytes()), time(OPEN)), Decision::Admitted(_)));
    let newest = gate.seal().unwrap().unwrap();
    assert!(matches!(open("late", &newest), Err(OpenError::OldCopy { .. })));
}

/// A log of 700 entries, of which the first bundle was pruned.
fn pruned(directory: &Path) -> (MemoryStorage, Log, NoteVerifier) {
    let key = onecard::crypto::SigningKey::from_seed(&[1; 32]);
    let mut storage = MemoryStorage::new();
    let mut log = Log::open(&storage, LogKey(3), "onecard.example/a").unwrap();
    let mut batch = log.begin();
    for index in 0..700u32 {
        batch.push(&index.to_be_bytes(), (index % 3 == 0).then_some(&b"shown"[..])).unwrap();
    }
    batch.seal(&SignedCheckpoint::sign(batch.checkpoint(), &key)).unwrap();
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    for step in [|log: &Log| log.prune(300, 9), |log: &Log| log.erase(256, 1_000)] {
        let batch = step(&log);
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
    }
    let verifier = NoteVerifier::new("onecard.example/a", KeyKind::Ed25519, key.verifying_key()).unwrap();
    export(&storage, &log, &verifier, directory);
    (storage, log, verifier)
}

#[test]
fn what_was_pruned_stays_away_and_damage_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (storage, log, verifier) = pruned(directory.path());
    assert_eq!((log.pruned(), log.erased()), (256, 256));
    let (place, evidence) = (directory.path().join("log"), directory.path().join("evidence"));
    let published = Published { key: LogKey(3), verifier, log: &place, evidence: Some(&evidence) };
    let path = directory.path().join("store");
    let again = rebuild(&path, std::slice::from_ref(&published)).unwrap();
    let opened = Log::open(&again, LogKey(3), "onecard.example/a").unwrap();
    assert_eq!(opened.pruned(), 256);
    assert_eq!(content_digest(&again, &opened).unwrap(), content_digest(&storage, &log).unwrap());
    assert_eq!(opened.inclusion_proof(&again, 5, 700).unwrap(), log.inclusion_proof(&storage, 5, 700).unwrap());
    drop(again);
    fs::remove_file(&path).unwrap();

    let files = ["log/tile/0/000", "log/tile/entries/001", "log/tile/entries/002.p/188", "log/tile/0/002.p/188"];
    let refused = |file: &PathBuf| match rebuild(&path, std::slice::from_ref(&published)) {
        Err(error) => error,
        Ok(_) => panic!("{}", file.display()),
    };
    for file in files.map(|file| directory.path().join(file)) {
        let good = fs::read(&file).unwrap();
        let mut spoiled = good.clone();
        spoiled[100] ^= 1;
        fs::write(&file, spoiled).unwrap();
        let error = refused(&file);
        let told = matches!(&error, RebuildError::Content(_) | RebuildError::Log(_) | RebuildError::Bundle { .. });
        assert!(told, "{}: {error:?}", file.display());
        // The first bundles that are not there were pruned.
        if !file.ends_with("entries/001") {
            fs::remove_file(&file).unwrap();
            let error = refused(&file);
            assert!(matches!(&error, RebuildError::Missing(missing) if *missing == file), "{error:?}");
        }
        fs::write(&file, good).unwrap();
        assert!(!path.exists(), "no part of a store is left");
    }
    // Evidence that is not there is not made up.
    fs::remove_file(evidence.join("001")).unwrap();
    assert!(matches!(refused(&evidence), RebuildError::Missing(missing) if missing == evidence.join("001")));
    let without = Published { evidence: None, ..published.clone() };
    let again = rebuild(&path, &[without]).unwrap();
    let opened = Log::open(&again, LogKey(3), "onecard.example/a").unwrap();
    assert_ne!(content_digest(&again, &opened).unwrap(), content_digest(&storage, &log).unwrap());
    assert_eq!(opened.root(), log.root());
}
