//! One process at a time has a store open.
#![forbid(unsafe_code)]

use onecard::tlog::{LogKey, Row, Storage, Write};
use onecard_store::{RedbStorage, StoreError};
use std::path::Path;
use std::process::Command;

const PATH: &str = "ONECARD_EXCLUSIVE_PATH";

#[test]
#[ignore = "runs in another process"]
fn the_other_process() {
    let Ok(path) = std::env::var(PATH) else { return };
    let said = match RedbStorage::open(Path::new(&path)) {
        Ok(_) => "opened it".into(),
        Err(error) => error.to_string(),
    };
    println!("\nother: {said}");
}

/// What another process says when it opens the store.
fn other_process(path: &Path) -> String {
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored", "--nocapture"])
        .env(PATH, path)
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
