//! What was opened before a `fork` does nothing in the process that was forked, and the process that opened it goes
//! on as if nothing had happened: in Rust, in C, and in Python, whose programs fork most.
#![cfg(unix)]

mod toolchain;

use onecard::crypto::{SigningKey, sha256};
use onecard::gate::{Gate, JournalError, Reason, Scan};
use onecard::tlog::{LogError, LogKey, Row, Storage as _, Write};
use onecard::trust::{Bundle, Role};
use onecard_store::{Bounds, RedbStorage, Remains, Shared, SharedGate, StoreError};
use onecard_testkit::federation::{
    self, NOW, anchor, catalogue, certificate, code, gate_seed, status, time, trust, trust_list,
};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use toolchain::{compile, has, root, shared_library};

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
}

/// Does `work` in a child, which has to end by itself and without a panic.
fn in_child(work: impl FnOnce()) {
    // SAFETY: the child runs `work` and ends. It takes no lock that another thread of the test may have held.
    let child = unsafe { fork() };
    assert!(child >= 0);
    if child == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_ok();
        // SAFETY: nothing of the test harness is to run in the child.
        unsafe { _exit(i32::from(!done)) }
    }
    let mut status = -1;
    // SAFETY: `status` can be written.
    assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child failed");
}

fn gate(storage: RedbStorage) -> Gate<RedbStorage> {
    let mut bundle = Bundle::new(trust_list());
    bundle.update_catalogue(&catalogue(1, 2), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[13]), time(NOW)).unwrap();
    Gate::open(storage, SigningKey::from_seed(&gate_seed()), &certificate(), bundle, time(NOW)).unwrap()
}

const ROW: Row = Row::Size { log: LogKey(9) };

#[test]
fn a_store_is_of_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut store = Some(RedbStorage::create(&path).unwrap());
    in_child(|| {
        let mut store = store.take().unwrap();
        let forked = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::Forked(_))));
        forked(store.same_process());
        forked(store.get(ROW).map(drop));
        forked(store.commit(&[Write::Put(ROW, vec![7])]));
        forked(store.recover());
        forked(store.compact().map(drop));
        drop(store);
    });
    let mut store = store.unwrap();
    in_child(|| assert!(matches!(RedbStorage::open(&path), Err(StoreError::InUse(_))), "it was unlocked"));
    store.commit(&[Write::Put(ROW, vec![1])]).unwrap();
    drop(store);
    in_child(|| assert_eq!(RedbStorage::open(&path).unwrap().get(ROW).unwrap(), Some(vec![1])));
    let mut remains = Some(Remains::open(&path).unwrap());
    in_child(|| {
        assert!(matches!(remains.as_ref().unwrap().get(ROW), Err(StoreError::Forked(_))));
        drop(remains.take());
    });
    in_child(|| assert!(matches!(RedbStorage::open(&path), Err(StoreError::InUse(_))), "it was unlocked"));
    assert_eq!(remains.unwrap().get(ROW).unwrap(), Some(vec![1]));
}

#[test]
fn a_gate_is_of_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut gate = Some(gate(RedbStorage::create(&path).unwrap()));
    let admit = |gate: &mut Gate<RedbStorage>, number| {
        gate.admit(Scan::text(code(number, NOW, |_| {}).as_bytes()), time(NOW)).reason()
    };
    in_child(|| {
        let mut gate = gate.take().unwrap();
        assert_eq!(admit(&mut gate, 1), Reason::NotRecorded);
        let forked = gate.seal().unwrap_err();
        assert!(matches!(forked, JournalError::Log(LogError::Storage(StoreError::Forked(_)))), "{forked:?}");
        drop(gate);
    });
    let mut gate = gate.unwrap();
    assert_eq!(admit(&mut gate, 1), Reason::Ok);
    // Nobody answers in the child, where the thread of the gate is not.
    let mut shared = Some(SharedGate::new(gate, Bounds { most: 4, wait: Duration::ZERO }));
    in_child(|| {
        let shared = shared.take().unwrap();
        let decision = shared.clone().admit(code(2, NOW, |_| {}).as_bytes(), 1, false, time(NOW));
        assert_eq!(decision.reason(), Reason::Internal);
        assert!(shared.with(|_| ()).is_none() && shared.close().is_none());
    });
    let shared = shared.unwrap();
    assert_eq!(shared.admit(code(2, NOW, |_| {}).as_bytes(), 1, false, time(NOW)).reason(), Reason::Ok);
    assert_eq!(shared.close().unwrap().log().size(), 4);
}

#[test]
fn a_shared_owner_in_use_is_gone_in_a_child() {
    let shared: Shared<u32> = Shared::new(1);
    // Nobody was using it, so the child has one of its own.
    in_child(|| assert_eq!((shared.write(|value| *value += 1), shared.read(|value| *value)), (Some(()), Some(2))));
    shared.write(|_| {
        in_child(|| {
            assert!(shared.cut_off());
            assert_eq!((shared.read(|value| *value), shared.write(|_| ()), shared.close()), (None, None, None));
        });
    });
    assert!(!shared.cut_off());
    assert_eq!(shared.close(), Some(1));
}

fn write_fixtures(directory: &Path) {
    let seed = |member: u32, role: Role| sha256(&[format!("{member} {role:?}").as_bytes()]).0.to_vec();
    let files: [(&str, Vec<u8>); 11] = [
        ("trust", trust(1)),
        ("anchor", anchor().0.to_vec()),
        ("catalogue", catalogue(1, 2)),
        ("status", status(NOW - 100, &[13])),
        ("certificate", certificate()),
        ("seed", gate_seed().to_vec()),
        ("log-seed", seed(federation::CITY, Role::Log)),
        ("witness-seed", seed(320_100, Role::Witness)),
        ("code1", code(1, NOW, |_| {}).into()),
        ("code2", code(2, NOW, |_| {}).into()),
        ("code3", code(3, NOW, |_| {}).into()),
    ];
    for (name, bytes) in files {
        std::fs::write(directory.join(name), bytes).unwrap();
    }
}

fn run(command: &mut Command) {
    let fixtures = tempfile::tempdir().unwrap();
    write_fixtures(fixtures.path());
    let ran = command.arg(fixtures.path()).output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}\n{}", ran.status, String::from_utf8_lossy(&ran.stderr));
}

/// A program in C with the fixtures.
fn run_c(source: &str, more: &[&str]) {
    if !has("cc") {
        return;
    }
    let programs = tempfile::tempdir().unwrap();
    let program = programs.path().join("program");
    let flags = [&["-DONECARD_TEST_VERSION=\"\""], more].concat();
    compile(&root().join("tests/c").join(source), &program, &flags);
    run(&mut Command::new(program));
}

#[test]
fn handles_are_of_one_process() {
    run_c("forked.c", &[]);
}

#[test]
fn what_is_memory_is_used_in_a_child_whatever_other_threads_were_doing() {
    run_c("busy.c", &["-pthread"]);
}

#[test]
fn a_pool_that_python_forks_ahead_is_refused() {
    if !has("python3") {
        return;
    }
    let mut command = Command::new("python3");
    command.arg(root().join("tests/python/forked.py"));
    command.env("PYTHONPATH", root().join("examples")).env("PYTHONDONTWRITEBYTECODE", "1");
    run(command.env("ONECARD_LIBRARY", shared_library()));
}
