//! `docs/durability.md` names a test for each promise: each of them exists.

use std::fs;
use std::path::{Path, PathBuf};

/// The sources that hold such tests.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left = ["src", "tests", "../src", "../ffi/tests"].map(|directory| root.join(directory)).to_vec();
    let mut found = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The file and the name of each test.
fn tests() -> Vec<(String, String)> {
    let mut tests = Vec::new();
    for path in sources() {
        let source = fs::read_to_string(&path).unwrap();
        for after in source.split("#[test]").skip(1) {
            let line = after.lines().map(str::trim_start).find_map(|line| line.strip_prefix("fn "));
            let name = line.and_then(|line| line.split_once('(')).map_or("", |(name, _)| name);
            tests.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), name.to_owned()));
        }
    }
    tests
}

#[test]
fn every_promise_is_shown_by_a_test_that_exists() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/durability.md")).unwrap();
    let tests = tests();
    let mut named = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let lowercase = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let exists = match word.split_once("::") {
            Some(("file", _)) => continue,
            Some((file, name)) if lowercase(file) => tests.iter().any(|test| test.0 == file && test.1 == name),
            Some(_) => continue,
            None => match word.strip_prefix('…') {
                Some(end) => tests.iter().any(|test| test.1.ends_with(end)),
                // Shorter names are those of functions.
                None if lowercase(word) && word.split('_').count() > 3 => tests.iter().any(|test| test.1 == word),
                None => continue,
            },
        };
        assert!(exists, "there is no {word}");
        named += 1;
    }
    assert!(named > 30, "{named} tests");
}
