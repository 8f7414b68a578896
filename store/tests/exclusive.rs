//! One process at a time has a store open.
#![forbid(unsafe_code)]

use onecard::tlog::{LogKey, Row, Storage, Write};
use onecard_store::{RedbStorage, StoreError};
use std::path::{Path, PathBuf};
use std::process::Command;

const PATH: &str = "ONECARD_EXCLUSIVE_PATH";

#[test]
#[ignore = "runs in another process"]
fn the_other_process() {
    let Ok(path) = std::env::var(PATH) else { return };
    let store = match RedbStorage::open(Path::new(&path)) {
        Err(StoreError::Missing(_)) => RedbStorage::create(Path::new(&path)),
        opened => opened,
    };
    let said = match store {
        Ok(_) => "opened it".into(),
        Err(error) => error.to_string(),
    };
    println!("\nother: {said}");
}

/// What another process says when it opens the store, or makes it where there is none.
fn other_process(path: &Path) -> String {
    process_with(path, &[])
}

fn process_with(path: &Path, environment: &[(&str, &str)]) -> String {
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored", "--nocapture"])
        .env(PATH, path)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("other: ")).unwrap().to_owned()
}

#[test]
fn another_process_is_told_that_the_store_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut store = RedbStorage::create(&path).unwrap();
    assert_eq!(other_process(&path), format!("the store at {} is in use", path.display()));
    let row = Row::Size { log: LogKey(0) };
    store.commit(&[Write::Put(row, vec![1])]).unwrap();
    assert!(matches!(RedbStorage::open(&path), Err(StoreError::InUse(_))), "nor a second time here");
    drop(store);
    assert_eq!(other_process(&path), "opened it");
    assert_eq!(RedbStorage::open(&path).unwrap().get(row).unwrap(), Some(vec![1]));
}

#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_written_is_told() {
    use onecard_store::Remains;
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let row = Row::Size { log: LogKey(0) };
    RedbStorage::create(&path).unwrap().commit(&[Write::Put(row, vec![1])]).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    if std::fs::OpenOptions::new().write(true).open(&path).is_ok() {
        println!("skipped: this user may write everything");
        return;
    }
    match RedbStorage::open(&path) {
        Err(StoreError::Io { source, .. }) => assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied),
        other => panic!("{other:?}"),
    }
    assert_eq!(Remains::open(&path).unwrap().get(row).unwrap(), Some(vec![1]), "it can be read");
}

/// A library before the system's own that answers locks with an error: whole files', by `flock`, and ranges', which the
/// database locks by `syscall`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const NO_LOCKS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
static int refuse(const char *number) { errno = atoi(number); return -1; }
int flock(int file, int operation) {
  int (*next)(int, int);
  const char *number = getenv("ONECARD_FLOCK_ERRNO");
  if (number != NULL) {
    return refuse(number);
  }
  *(void **)&next = dlsym(RTLD_NEXT, "flock");
  return next(file, operation);
}
long syscall(long number, long a, long b, long c, long d, long e, long f) {
  long (*next)(long, long, long, long, long, long, long);
  const char *answer = getenv("ONECARD_RANGE_ERRNO");
  if (answer != NULL && number == SYS_fcntl && (b == F_OFD_SETLK || b == F_OFD_SETLKW || b == F_OFD_GETLK)) {
    return refuse(answer);
  }
  *(void **)&next = dlsym(RTLD_NEXT, "syscall");
  return next(number, a, b, c, d, e, f);
}
"#;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn compile_no_locks(directory: &Path) -> Option<PathBuf> {
    let (source, library) = (directory.join("no_locks.c"), directory.join("no_locks.so"));
    std::fs::write(&source, NO_LOCKS).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl").status();
    let compiled = compiled.is_ok_and(|status| status.success());
    if !compiled {
        println!("SKIPPED: there is no `cc` here");
    }
    compiled.then_some(library)
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_file_system_without_locks_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let Some(library) = compile_no_locks(directory.path()) else { return };
    let (path, fresh) = (directory.path().join("store"), directory.path().join("fresh"));
    drop(RedbStorage::create(&path).unwrap());
    let before = std::fs::read(&path).unwrap();
    // EOPNOTSUPP, ENOSYS, ENOLCK, EINVAL, EIO.
    for number in ["95", "38", "37", "22", "5"] {
        let environment = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("ONECARD_FLOCK_ERRNO", number),
            ("ONECARD_RANGE_ERRNO", number),
        ];
        for path in [&path, &fresh] {
            let said = process_with(path, &environment);
            let named = format!("the store at {} cannot be locked against other processes", path.display());
            assert!(said.starts_with(&named), "{number}: {said}");
        }
        assert!(!fresh.exists(), "nothing is left of a store that could not be made");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(other_process(&path), "opened it");
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn one_kind_of_lock_is_enough() {
    let directory = tempfile::tempdir().unwrap();
    let Some(library) = compile_no_locks(directory.path()) else { return };
    let path = directory.path().join("store");
    let library = ("LD_PRELOAD", library.to_str().unwrap());
    for number in ["95", "38", "37", "22", "5"] {
        assert_eq!(process_with(&path, &[library, ("ONECARD_FLOCK_ERRNO", number)]), "opened it", "{number}");
        let said = process_with(&path, &[library, ("ONECARD_RANGE_ERRNO", number)]);
        let refused = said.contains("cannot be locked");
        assert_eq!(refused, ["37", "5"].contains(&number), "{number}: {said}");
    }
    // EAGAIN: somebody has it.
    for kind in ["ONECARD_FLOCK_ERRNO", "ONECARD_RANGE_ERRNO"] {
        assert_eq!(process_with(&path, &[library, (kind, "11")]), format!("the store at {} is in use", path.display()));
    }
}

/// The lock is the file's and not the name's.
#[test]
#[cfg(unix)]
fn what_is_no_longer_under_its_name_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { directory.path().join(name) };
    let (row, path) = (Row::Size { log: LogKey(0) }, at("store"));
    let mut store = RedbStorage::create(&path).unwrap();
    let moved = |store: &mut RedbStorage| {
        let refused = store.commit(&[Write::Put(row, vec![2])]).unwrap_err();
        assert!(matches!(refused, StoreError::Moved(_)), "{refused:?}");
        assert_eq!(store.get(row).unwrap(), Some(vec![1]), "nothing was written");
    };
    store.commit(&[Write::Put(row, vec![1])]).unwrap();
    std::fs::rename(&path, at("old")).unwrap();
    moved(&mut store);
    // A copy in its place has a lock of its own, and is the store now.
    std::fs::copy(at("old"), &path).unwrap();
    assert_eq!(other_process(&path), "opened it");
    moved(&mut store);
    std::fs::rename(at("old"), &path).unwrap();
    store.commit(&[Write::Put(row, vec![3])]).unwrap();
    std::fs::remove_file(&path).unwrap();
    let refused = store.commit(&[Write::Put(row, vec![2])]).unwrap_err();
    assert!(matches!(refused, StoreError::Moved(_)), "{refused:?}");
    // A link to it is it.
    let linked = at("link");
    std::os::unix::fs::symlink(at("there"), &linked).unwrap();
    drop(RedbStorage::create(&at("there")).unwrap());
    let mut store = RedbStorage::open(&linked).unwrap();
    store.commit(&[Write::Put(row, vec![1])]).unwrap();
    assert!(matches!(RedbStorage::open(&at("there")), Err(StoreError::InUse(_))));
}
