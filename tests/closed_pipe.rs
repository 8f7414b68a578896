//! The examples where nobody reads what they print, as in `four_cities --audit DIR | head -1`.
#![cfg(unix)]

use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An example that was built with this test, as `cargo test` does where no single test is asked for.
fn example(name: &str) -> Option<PathBuf> {
    let built = std::env::current_exe().unwrap().parent()?.parent()?.join("examples").join(name);
    built.exists().then_some(built)
}

/// Code and standard error, with the standard output `out`.
fn run(program: &Path, arguments: &[&str], out: impl Into<Stdio>) -> (Option<i32>, String) {
    let ran = Command::new(program).args(arguments).stdout(out).output().unwrap();
    (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn no_example_panics_where_nobody_reads() {
    let empty = tempfile::tempdir().unwrap();
    let audited = ["--audit", empty.path().to_str().unwrap()];
    // The audit says the same as to a reader: there is no trust list.
    let cases: [(&str, &[&str], &str); 2] = [("four_cities", &audited, ""), ("log", &[], "Error: Os {")];
    for (name, arguments, error) in cases {
        let Some(program) = example(name) else { continue };
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let (code, said) = run(&program, arguments, writer);
        assert!(code == Some(1) && said.starts_with(error) && !said.contains("panicked"), "{name}: {code:?} {said}");
        // Not even an error can be printed.
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut unread = Command::new(&program);
        let ran = unread.args(["--audit", "missing"]).stderr(writer).stdout(Stdio::null()).status().unwrap();
        assert_ne!(ran.code(), Some(101), "{name}");
    }
}
