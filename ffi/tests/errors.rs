//! Every variant of an error of the crates below is given its status by name.
//!
//! Most of these enums may grow, so the compiler asks for a wildcard where another crate matches on them, and would
//! not report a new variant. This test does.

use std::collections::BTreeMap;
use std::path::Path;

/// The enums of a source file, those of one name together, each with the names of its variants. Formatted code has variants, and nothing else that begins
/// with a capital letter, at an indentation of four.
fn enums(source: &str, found: &mut BTreeMap<String, Vec<String>>) {
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("pub enum ") else { continue };
        let variants = lines.by_ref().take_while(|line| *line != "}").filter_map(|line| {
            let line = line.strip_prefix("    ").filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))?;
            line.split(|c: char| !c.is_ascii_alphanumeric()).next().map(str::to_owned)
        });
        let name = head.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
        found.entry(name.to_owned()).or_default().extend(variants);
    }
}

fn read(folder: &Path, found: &mut BTreeMap<String, Vec<String>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else {
            enums(&std::fs::read_to_string(path).unwrap(), found);
        }
    }
}

#[test]
fn every_variant_has_its_status_by_name() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    for folder in ["../src", "../store/src"] {
        read(&here.join(folder), &mut found);
    }
    let source = std::fs::read_to_string(here.join("src/error.rs")).unwrap();
    let mut checked = 0;
    let mut missing = Vec::new();
    for body in source.split("\nimpl").skip(1) {
        let (Some((_, error)), Some((body, _))) = (body.split_once("From<"), body.split_once("\n}\n")) else {
            continue;
        };
        // Of some, every variant is one status.
        if !body.contains("match ") {
            continue;
        }
        let name = error.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
        for variant in &found[name] {
            checked += 1;
            let pattern = format!("{name}::{variant}");
            let is_named = |(at, _)| !body[at + pattern.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
            if !body.match_indices(&pattern).any(is_named) {
                missing.push(pattern);
            }
        }
    }
    assert!(checked > 100, "only {checked} variants were read");
    assert!(missing.is_empty(), "no status by name: {missing:?}");
}
