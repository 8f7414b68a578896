//! The published vectors, `v1/*.json`: made here, and read here as another implementation reads them.
//!
//! `cargo test --test vectors -- --ignored write` writes them anew.

mod c;
mod make;
mod names;
mod run;
mod schema;

use names::{RULES, Seen};
use run::{ACCEPT, run};
use schema::File;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn directory() -> PathBuf {
    root().join("tests/vectors/v1")
}

fn text(file: &File) -> String {
    serde_json::to_string_pretty(file).unwrap() + "\n"
}

/// What is committed, by file name, without `.json`.
fn committed() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().strip_suffix(".json").unwrap().to_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

fn read() -> Vec<File> {
    committed().values().map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn committed_vectors_are_what_the_generator_makes() {
    let made: BTreeMap<String, String> =
        make::files().into_iter().map(|(name, file)| (name.to_owned(), text(&file))).collect();
    let committed = committed();
    assert_eq!(committed.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>(), "files in tests/vectors/v1");
    for (name, text) in made {
        assert!(committed[&name] == text, "v1/{name}.json is stale: cargo test --test vectors -- --ignored write");
    }
}

#[test]
#[ignore = "writes tests/vectors/v1"]
fn write() {
    for (name, file) in make::files() {
        std::fs::write(directory().join(name).with_extension("json"), text(&file)).unwrap();
    }
}

#[test]
fn every_stage_of_every_case_has_its_verdict() {
    let mut seen = Seen::default();
    let mut wrong = vec![];
    for file in read() {
        for case in &file.cases {
            for (number, stage) in case.stages.iter().enumerate() {
                let (verdict, gives) = run(&file, case, stage, &mut seen);
                if (&verdict, &gives) != (&stage.verdict, &stage.gives) {
                    let expected = (&stage.verdict, &stage.gives);
                    wrong.push(format!(
                        "{}, {number} {}: {verdict} {gives:?}, not {expected:?}",
                        case.name, stage.stage
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    every_refusal_is_met(&seen);
}

/// The error types that the vectors cover, by the file that defines them, and the variants that no
/// input can reach here, with the reason.
const COVERED: [(&str, &str, &[&str]); 20] = [
    ("src/crypto/keys.rs", "KeyError", &[]),
    ("src/id.rs", "IdError", &[]),
    ("src/wire/cbor.rs", "CborErrorKind", &[]),
    ("src/wire/cose.rs", "CoseError", &[]),
    ("src/wire/text.rs", "TextError", &[]),
    // Two keys with one kid are two SHA-256 with the same first 64 bits.
    ("src/trust/error.rs", "TrustError", &["DuplicateKid"]),
    ("src/trust/catalogue.rs", "CatalogueError", &[]),
    ("src/trust/certificate.rs", "CertificateError", &[]),
    ("src/trust/status.rs", "StatusError", &[]),
    // 1,024 lists, and 268,435,456 bytes, are too much for a file of vectors.
    ("src/trust/bundle.rs", "BundleError", &["TooMany", "TooLong"]),
    ("src/pass/claims.rs", "ClaimsError", &[]),
    ("src/pass/verify.rs", "PassError", &[]),
    ("src/tlog/note/note.rs", "NoteError", &[]),
    ("src/tlog/tree/proof.rs", "ProofError", &[]),
    ("src/tlog/note/tlog_proof.rs", "TlogProofError", &[]),
    ("src/gate/record.rs", "RecordError", &[]),
    ("src/gate/segment.rs", "SegmentError", &[]),
    // What a gate knew before is no matter of one digest.
    ("src/gate/usage_digest.rs", "UsageDigestError", &["Gaps"]),
    ("src/ledger/entry.rs", "EntryError", &[]),
    ("src/ledger/receipt.rs", "ReceiptError", &[]),
];

/// A new variant or a new rule without a vector fails here.
fn every_refusal_is_met(seen: &Seen) {
    let mut missing = vec![];
    for (path, name, unreachable) in COVERED {
        let source = std::fs::read_to_string(root().join(path)).unwrap();
        let variants = variants(&source, name);
        assert!(!variants.is_empty(), "no {name} in {path}");
        for variant in variants {
            let met = seen.0.contains(&format!("{name}::{variant}"));
            let excepted = unreachable.contains(&variant.as_str());
            assert!(!(met && excepted), "{name}::{variant} is met after all");
            if !met && !excepted {
                missing.push(format!("{name}::{variant}"));
            }
        }
    }
    missing.extend(RULES.iter().filter(|(rule, _)| !seen.0.contains(*rule)).map(|(rule, _)| (*rule).to_owned()));
    assert!(missing.is_empty(), "no vector for: {missing:#?}");
}

/// The variants of `pub enum name` in this source, which rustfmt wrote.
fn variants(source: &str, name: &str) -> Vec<String> {
    let lines = source.lines().skip_while(|line| *line != format!("pub enum {name} {{")).skip(1);
    let lines = lines.take_while(|line| *line != "}").filter_map(|line| line.strip_prefix("    "));
    let variants = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    variants.map(|line| line.chars().take_while(|c| c.is_alphanumeric()).collect()).collect()
}

#[test]
fn every_rule_that_is_told_by_its_text_has_a_name() {
    for name in ["list", "member", "policy", "spec", "update", "catalogue", "certificate", "status"] {
        check_rules(&format!("src/trust/{name}.rs"));
    }
    check_rules("src/pass/claims.rs");
    check_rules("src/gate/record.rs");
    check_rules("src/gate/usage_digest.rs");
    check_rules("src/ledger/entry.rs");
}

/// The texts of the rules in a file: in its code, the string literals of several words.
fn check_rules(path: &str) {
    let source = std::fs::read_to_string(root().join(path)).unwrap();
    let code = source.split("mod tests {").next().unwrap();
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//") && !line.contains("#[error("));
    // What the parts of a document are called is no rule.
    let mut is_shape = false;
    let code = code.filter(|line| {
        is_shape |= line.contains("const ") && line.contains("Shape");
        let keeps = !is_shape;
        is_shape &= !line.ends_with(';');
        keeps
    });
    let texts = code.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|text| text.contains(' '));
    for text in texts {
        assert!(RULES.iter().any(|(rule, _)| *rule == text), "{path}: {text:?} has no name");
    }
}

#[test]
fn the_cases_keep_the_schema() {
    let format = std::fs::read_to_string(root().join("docs/format.md")).unwrap();
    let readme = std::fs::read_to_string(root().join("tests/vectors/README.md")).unwrap();
    let mut names = BTreeSet::new();
    let (mut good, mut bad) = (0, 0);
    for file in read() {
        assert_eq!(file.version, 1);
        for case in &file.cases {
            let name = &case.name;
            assert!(names.insert(name.clone()), "{name} twice");
            let heading = |line: &str| {
                let title = line.trim_start_matches('#').trim_start();
                line.starts_with("##")
                    && title.split(' ').next().map(|number| number.trim_end_matches('.')) == Some(&case.section)
            };
            assert!(format.lines().any(heading), "{name}: docs/format.md has no section {}", case.section);
            assert!(!case.rule.is_empty() && !case.stages.is_empty(), "{name} says nothing");
            assert!(case.keys.iter().all(|key| file.keys.contains_key(key)), "{name} names an unknown key");
            for word in case.stages.iter().flat_map(|stage| [&stage.stage, &stage.verdict]) {
                assert!(readme.contains(&format!("`{word}`")), "README.md does not explain {word}");
            }
            let refused = case.stages.iter().filter(|stage| stage.verdict != ACCEPT);
            let verdicts: BTreeSet<&str> = refused.map(|stage| stage.verdict.as_str()).collect();
            assert_eq!(name.starts_with("bad_"), !verdicts.is_empty(), "{name}");
            let Some(base) = &case.base else {
                assert!(verdicts.is_empty(), "{name} is refused and has no base");
                good += 1;
                continue;
            };
            bad += 1;
            assert_eq!(verdicts.len(), 1, "{name} breaks one rule, by one name");
            let last = case.stages.last().unwrap();
            assert_ne!(last.verdict, ACCEPT, "{name}: what a stage refuses is refused in the end");
            let base = file.cases.iter().find(|case| case.name == *base).expect("a base of the same file");
            assert!(base.base.is_none(), "{name} is made of a bad case");
            let of_base = base.stages.last().unwrap();
            assert_eq!(last.stage, of_base.stage, "{name} is judged as its base");
            let mut accepted = last.clone();
            (accepted.verdict, accepted.gives) = (of_base.verdict.clone(), of_base.gives.clone());
            assert!(accepted != *of_base, "{name} is its base");
        }
    }
    println!("{good} good cases, {bad} bad");
    assert!(good >= 40, "{good} good cases");
    assert!(bad >= 150, "{bad} bad cases");
}
