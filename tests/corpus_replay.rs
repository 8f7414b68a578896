//! Every fuzz target over its committed corpus, on stable and without the fuzzer; and over its seeds with
//! one flaw at each place, where they are CBOR.
//!
//! The bodies are the fuzzer's own, the library of `fuzz/`. `cargo test --test corpus_replay --
//! --ignored` writes the seeds anew: each target's own, and those made of published vectors.

use ciborium::Value;
use onecard_fuzz::TARGETS;
use onecard_testkit::nearly::{self, Flaw, Within, flawed};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Days that are drawn, of which each is audited nine times.
const DAYS: u64 = 100;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_target_has_a_corpus_a_binary_and_a_line_in_the_manifest() {
    let expected: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(expected.len(), TARGETS.len(), "a name twice");
    assert_eq!(names(&fuzz().join("corpus")), expected, "fuzz/corpus");
    let binaries: BTreeSet<String> = expected.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), binaries, "fuzz/fuzz_targets");
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in &expected {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "fuzz/Cargo.toml lacks {name}");
        let binary = std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(binary.contains(&format!("onecard_fuzz::{name}::run(data)")), "{name}.rs runs another target");
    }
}

#[test]
fn every_corpus_replays() {
    for target in TARGETS {
        let corpus = fuzz().join("corpus").join(target.name);
        let files = names(&corpus);
        assert!(!files.is_empty(), "{} is empty", corpus.display());
        for file in &files {
            let input = std::fs::read(corpus.join(file)).unwrap();
            let held = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(held.is_ok(), "fuzz/corpus/{}/{file} breaks a property, see above", target.name);
        }
        println!("{}: {} inputs", target.name, files.len());
    }
}

/// Whoever audits a directory comes to the same answer, however much of it is kept at once.
#[test]
fn damaged_days_agree() {
    for number in 0..DAYS {
        let held = std::panic::catch_unwind(|| onecard_fuzz::audit::agree(&onecard_fuzz::drawn(number)));
        assert!(held.is_ok(), "two audits of day {number} differ, see above");
    }
}

/// Claims, lists, records and entries of every kind with another encoding somewhere in them: what a target
/// accepts, it has to find to be the one encoding.
#[test]
fn seeds_with_one_flaw_keep_every_property() {
    let mut tried = BTreeSet::new();
    for target in TARGETS {
        for (name, seed) in (target.seeds)() {
            let Some(value @ (Value::Array(_) | Value::Map(_) | Value::Tag(..))) = nearly::read(&seed) else {
                continue;
            };
            for flaw in Flaw::ALL {
                for (place, input) in flawed(&value, flaw, Within::Embedded).iter().enumerate() {
                    let held = std::panic::catch_unwind(|| (target.run)(input));
                    assert!(
                        held.is_ok(),
                        "{} {name}: {flaw:?} at place {place} breaks a property, see above",
                        target.name
                    );
                    tried.insert(target.name);
                }
            }
        }
    }
    assert!(tried.len() >= 13, "only {tried:?} have seeds of CBOR");
}

#[test]
fn committed_seeds_are_what_the_program_writes() {
    for target in TARGETS {
        for (name, content) in (target.seeds)() {
            let path = fuzz().join("corpus").join(target.name).join(format!("seed-{name}"));
            let committed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(committed == content, "{} is not what the target's seeds() gives", path.display());
        }
    }
}

#[test]
#[ignore = "writes fuzz/corpus"]
fn write_seeds() {
    for target in TARGETS {
        let corpus = fuzz().join("corpus").join(target.name);
        std::fs::create_dir_all(&corpus).unwrap();
        for (name, content) in (target.seeds)() {
            std::fs::write(corpus.join(format!("seed-{name}")), content).unwrap();
        }
    }
    for name in onecard_fuzz::audit::cases() {
        std::fs::write(fuzz().join(format!("corpus/audit/case-{name}")), onecard_fuzz::audit::case(name)).unwrap();
    }
    for (target, numbers) in
        [("product", &onecard_fuzz::product::DRAWN[..]), ("entitle", &onecard_fuzz::entitle::DRAWN)]
    {
        for number in numbers {
            std::fs::write(fuzz().join(format!("corpus/{target}/drawn-{number}")), onecard_fuzz::drawn(*number))
                .unwrap();
        }
    }
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    write_speccheck(&vectors.join("ed25519/speccheck.json"));
    write_cose(&vectors.join("cose"));
}

/// The 12 cases of "Taming the many EdDSAs", as inputs of `verify_key` and `known_key`.
fn write_speccheck(path: &Path) {
    let Ok(text) = std::fs::read(path) else { return println!("no {}", path.display()) };
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    for (number, case) in cases.iter().enumerate() {
        let input = ["pub_key", "signature", "message"].map(|field| hex(case[field].as_str().unwrap())).concat();
        for target in ["verify_key", "known_key"] {
            std::fs::write(fuzz().join(format!("corpus/{target}/speccheck-{number:02}")), &input).unwrap();
        }
    }
}

/// The COSE working group's examples, as inputs of `cose_sign1` and `cbor`.
fn write_cose(directory: &Path) {
    if !directory.is_dir() {
        return println!("no {}", directory.display());
    }
    for name in names(directory) {
        let case: serde_json::Value = serde_json::from_slice(&std::fs::read(directory.join(&name)).unwrap()).unwrap();
        let input = hex(case["output"]["cbor"].as_str().unwrap());
        let name = name.trim_end_matches(".json");
        for target in ["cose_sign1", "cbor"] {
            std::fs::write(fuzz().join(format!("corpus/{target}/cose-{name}")), &input).unwrap();
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
