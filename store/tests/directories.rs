//! Published directories as machines have them: full, half written, with names and rights that hinder a reader.
#![cfg(unix)]
#![forbid(unsafe_code)]

use onecard::audit::{Files as _, Listing};
use onecard::crypto::SigningKey;
use onecard::tlog::{KeyKind, Log, LogKey, MemoryError, MemoryStorage, NoteVerifier, SignedCheckpoint, Storage as _};
use onecard_store::{Folder, FolderError, PublishError, Published, RedbStorage, publish, rebuild};
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

const ORIGIN: &str = "onecard.example/310101/gate/1";
/// A user without rights of its own.
const NOBODY: u32 = 65_534;

/// Names the directory to a test that runs in another process.
const PATH: &str = "ONECARD_DIRECTORIES_PATH";

fn other_process() -> Option<PathBuf> {
    std::env::var_os(PATH).map(PathBuf::from)
}

/// Runs a test of this file in a shell that does `before` first; `true` if it passed. What it prints goes into pipes: the
/// file that this process prints to may be longer than the shell lets one be.
fn in_shell(before: &str, test: &str, path: &Path) -> bool {
    let script = format!("{before}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(std::env::current_exe().unwrap()).args(["--exact", test, "--ignored"]);
    let ran = shell.env(PATH, path).output().unwrap();
    println!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    ran.status.success()
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// A journal that grows and is published.
struct World {
    storage: MemoryStorage,
    log: Log,
}

impl World {
    fn of(size: u64) -> Self {
        let storage = MemoryStorage::new();
        let log = Log::open(&storage, LogKey(0), ORIGIN).unwrap();
        let mut world = Self { storage, log };
        world.grow(size);
        world
    }

    fn grow(&mut self, size: u64) {
        let mut batch = self.log.begin();
        for index in self.log.size()..size {
            batch.push(&index.to_be_bytes(), Some(&[7; 99])).unwrap();
        }
        self.storage.commit(&batch.writes()).unwrap();
        self.log.apply(batch).unwrap();
    }

    fn erase(&mut self) {
        let batch = self.log.erase(self.log.size(), u32::MAX);
        self.storage.commit(&batch.writes()).unwrap();
        self.log.apply(batch).unwrap();
    }

    fn publish(&self, root: &Path) -> Result<(), PublishError<MemoryError>> {
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &key());
        let (log, evidence) = (root.join("journal/310101/1"), root.join("evidence/310101/1"));
        publish(&self.storage, &self.log, &signed, &log, Some(&evidence))
    }
}

fn published(size: u64) -> (TempDir, World) {
    let (directory, world) = (tempfile::tempdir().unwrap(), World::of(size));
    world.publish(directory.path()).unwrap();
    (directory, world)
}

fn list(root: &Path) -> Listing<FolderError> {
    Folder::new(root).list()
}

fn faults(listing: &Listing<FolderError>) -> Vec<&str> {
    listing.faults.iter().map(|(place, _)| place.as_str()).collect()
}

fn left_over(root: &Path) -> Vec<String> {
    list(root).paths.into_iter().filter(|path| path.ends_with(".new") || path.ends_with('/')).collect()
}

#[test]
fn each_name_that_cannot_be_listed_is_one_fault() {
    let (directory, _) = published(3);
    let root = directory.path();
    let whole = list(root);
    assert!(whole.faults.is_empty() && whole.others.is_empty() && whole.paths.len() == 4, "{whole:?}");
    let bad = |text: &[u8]| root.join("journal/310101").join(OsStr::from_bytes(text));
    File::create(bad(b"\xff")).unwrap();
    fs::create_dir(bad(b"a\xfe")).unwrap();
    File::create(bad(b"a\xfe/below")).unwrap();
    fs::create_dir(root.join("journal/310101/2")).unwrap();
    fs::create_dir(root.join("keys")).unwrap();
    File::create(root.join("statement.cbor")).unwrap();
    let listing = list(root);
    assert_eq!(faults(&listing), ["journal/310101/a\u{fffd}", "journal/310101/\u{fffd}"]);
    assert!(listing.faults.iter().all(|(_, error)| matches!(error, FolderError::NotText(_))));
    assert_eq!(listing.faults[1].1.to_string(), r#"the name "\xFF" is not UTF-8"#);
    assert_eq!(listing.others, ["keys/", "statement.cbor"]);
    let mut expected = whole.paths;
    expected.push("journal/310101/2/".into());
    expected.sort_unstable();
    assert_eq!(listing.paths, expected);
}

/// Nothing outside is listed, and nothing is hidden by it.
#[test]
fn a_link_at_the_top_is_one_fault() {
    let (directory, _) = published(3);
    let (outside, _) = published(300);
    let root = directory.path();
    symlink(outside.path().join("journal"), root.join("ledger")).unwrap();
    File::create(root.join("trust")).unwrap();
    let whole = list(root);
    assert_eq!(faults(&whole), ["ledger", "trust"]);
    assert!(whole.faults.iter().all(|(_, error)| matches!(error, FolderError::NotADirectory(_))));
    assert!(whole.paths.len() == 4 && whole.others.is_empty(), "{whole:?}");
    fs::rename(root.join("evidence"), root.join("aside")).unwrap();
    symlink("aside", root.join("evidence")).unwrap();
    let listing = list(root);
    assert_eq!(faults(&listing), ["evidence", "ledger", "trust"]);
    assert!(listing.paths.iter().all(|path| path.starts_with("journal/")), "{listing:?}");
    assert!(Folder::new(root).read("evidence/310101/1/000.p/3").is_err());
}

#[test]
fn directories_deeper_than_a_path_is_long_are_one_fault() {
    let (directory, _) = published(3);
    let whole = list(directory.path()).paths;
    let step = "d".repeat(200);
    let deep = |top: &str| {
        let mut path = directory.path().join(top);
        (0..15).for_each(|_| path.push(&step));
        fs::create_dir_all(&path).unwrap();
        path
    };
    // Put together of two that can be made.
    let (end, _) = (deep("evidence/310101"), deep("other"));
    fs::rename(directory.path().join("other"), end.join(&step)).unwrap();
    let listing = list(directory.path());
    let [(place, FolderError::Io { source, .. })] = &listing.faults[..] else { panic!("{:?}", listing.faults) };
    assert!(place.starts_with("evidence/310101/d") && source.kind() == io::ErrorKind::InvalidFilename, "{source:?}");
    assert_eq!(listing.paths, whole);
}

#[test]
#[ignore = "runs in another process, by a user who may not read everything"]
fn the_other_user() {
    let Some(root) = other_process() else { return };
    let listing = list(&root);
    assert_eq!(faults(&listing), ["evidence/310101/1"]);
    assert!(matches!(&listing.faults[0].1, FolderError::Io { source, .. }
        if source.kind() == io::ErrorKind::PermissionDenied));
    assert_eq!(listing.paths.len(), 3);
    assert!(listing.paths.iter().all(|path| path.starts_with("journal/310101/1/")), "{listing:?}");
}

#[test]
fn a_directory_without_permission_is_one_fault() {
    let (directory, _) = published(3);
    let root = directory.path();
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(root, 0o755);
    mode(&root.join("evidence/310101/1"), 0);
    let mut other = Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "the_other_user", "--ignored"]).env(PATH, root);
    // Root may read everything, and another user may not be let to this program.
    if fs::read_dir(root.join("evidence/310101/1")).is_ok() {
        other.uid(NOBODY).current_dir("/");
    }
    let ran = other.status();
    mode(&root.join("evidence/310101/1"), 0o755);
    match ran {
        Ok(status) => assert!(status.success()),
        Err(error) => println!("skipped: no other user can run this program: {error}"),
    }
}

/// What always has a name is always found, and what is gone is nobody's fault.
#[test]
fn files_that_are_renamed_meanwhile_are_no_fault() {
    let (directory, _) = published(300);
    let root = directory.path();
    let whole = list(root).paths;
    let place = root.join("journal/310101");
    fs::create_dir(place.join("2")).unwrap();
    fs::write(place.join("2/000"), b"").unwrap();
    let done = AtomicBool::new(false);
    let listed: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for (from, to) in [("2", "3"), ("3/000", "3/001"), ("3/001", "3/000"), ("3", "2")] {
                    fs::rename(place.join(from), place.join(to)).unwrap();
                }
            }
        });
        let listed = (0..500).map(|_| list(root)).collect();
        done.store(true, Ordering::Relaxed);
        listed
    });
    for listing in listed {
        assert!(listing.faults.is_empty(), "{listing:?}");
        assert!(whole.iter().all(|path| listing.paths.contains(path)), "{listing:?}");
    }
}

#[test]
#[ignore = "runs in another process, on which no file may be long"]
fn the_full_disk() {
    let Some(root) = other_process() else { return };
    let failed = World::of(97).publish(&root);
    let Err(PublishError::Io { source, path }) = failed else { panic!("{failed:?}") };
    assert_eq!(source.kind(), io::ErrorKind::FileTooLarge);
    assert!(path.ends_with("evidence/310101/1/000.p/97"), "{}", path.display());
    // A store that is made of published files is neither.
    let (log, evidence) = (root.join("other/journal/310101/1"), root.join("other/evidence/310101/1"));
    let verifier = NoteVerifier::new(ORIGIN, KeyKind::Ed25519, key().verifying_key()).unwrap();
    let published = Published { key: LogKey(0), verifier, log: &log, evidence: Some(&evidence) };
    rebuild(&root.join("store"), &[published]).unwrap_err();
}

/// The shell's limit stands for the disk: what is longer fails to be written.
#[test]
fn a_full_disk_leaves_nothing_that_is_not_whole() {
    let directory = tempfile::tempdir().unwrap();
    World::of(97).publish(&directory.path().join("other")).unwrap();
    assert!(in_shell("trap '' XFSZ; ulimit -f 8", "the_full_disk", directory.path()));
    assert_eq!(left_over(directory.path()), ["evidence/310101/1/000.p/"]);
    let at_the_top: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!at_the_top.iter().any(|name| name.to_string_lossy().starts_with("store")), "{at_the_top:?}");
    // With space again, the next call goes on at another size.
    let mut world = World::of(120);
    world.publish(directory.path()).unwrap();
    world.grow(300);
    world.publish(directory.path()).unwrap();
    assert_eq!(left_over(directory.path()), [""; 0]);
}

/// A process that was killed cannot remove what it began: the next one does, however long it is.
#[test]
fn what_a_publication_left_is_removed_by_the_next() {
    let (directory, mut world) = published(97);
    let root = directory.path();
    let outside = root.join("outside");
    fs::write(&outside, b"somebody's").unwrap();
    let plant = || {
        for name in ["journal/310101/1/tile/0/000.p/97.new", "evidence/310101/1/000.p/13.new"] {
            File::create(root.join(name)).unwrap().set_len(1 << 40).unwrap();
        }
        fs::write(root.join("journal/310101/1/checkpoint.new"), b"half").unwrap();
        fs::create_dir_all(root.join("journal/310101/1/tile/entries/x001/017.p")).unwrap();
        symlink(&outside, root.join("evidence/310101/1/000.p/120.new")).unwrap();
    };
    plant();
    assert_eq!(left_over(root).len(), 5);
    world.grow(120);
    world.publish(root).unwrap();
    assert_eq!(left_over(root), [""; 0]);
    assert_eq!(fs::read(&outside).unwrap(), b"somebody's");
    // What is not a publisher's stays.
    let others = ["evidence/310101/1/notes.new", "journal/310101/1/tile/0/000.p/97.bak"];
    others.iter().for_each(|name| fs::write(root.join(name), b"").unwrap());
    plant();
    world.erase();
    world.publish(root).unwrap();
    assert_eq!(left_over(root), [others[0]]);
    assert!(root.join(others[1]).exists());
    assert_eq!(fs::read(root.join("evidence/310101/1/000.p/120")).unwrap(), [0; 240], "120 times nothing");
    // The erased files of earlier sizes go with the directory that held them.
    world.grow(256);
    world.publish(root).unwrap();
    assert!(!root.join("evidence/310101/1/000.p").exists() && root.join("evidence/310101/1/000").exists());
    assert_eq!(left_over(root), [others[0]]);
}

#[test]
#[ignore = "runs in another process, whose files others may read"]
fn the_common_mask() {
    let Some(root) = other_process() else { return };
    World::of(3).publish(&root).unwrap();
    drop(RedbStorage::create(&root.join("store")).unwrap());
    let (log, evidence) = (root.join("journal/310101/1"), root.join("evidence/310101/1"));
    let verifier = NoteVerifier::new(ORIGIN, KeyKind::Ed25519, key().verifying_key()).unwrap();
    let published = Published { key: LogKey(0), verifier, log: &log, evidence: Some(&evidence) };
    drop(rebuild(&root.join("rebuilt"), &[published]).unwrap());
}

#[test]
fn stores_and_evidence_are_their_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    assert!(in_shell("umask 022", "the_common_mask", directory.path()));
    for (name, expected) in [
        ("store", 0o600),
        ("rebuilt", 0o600),
        ("evidence/310101/1/000.p/3", 0o600),
        ("journal/310101/1/checkpoint", 0o644),
        ("journal/310101/1/tile/entries/000.p/3", 0o644),
    ] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, expected, "{name}: {mode:o}");
    }
}
