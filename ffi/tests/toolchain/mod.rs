//! What the tests that leave Rust share: where the libraries are, and how a program is compiled.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of this package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cargo builds the libraries before the integration tests and leaves them beside those.
fn beside_the_test(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.parent().unwrap().join(name);
    assert!(library.is_file(), "no {}: was the test started by cargo?", library.display());
    library
}

pub(crate) fn static_library() -> PathBuf {
    beside_the_test("libonecard_ffi.a")
}

pub(crate) fn shared_library() -> PathBuf {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    beside_the_test(&format!("{prefix}onecard_ffi{suffix}"))
}

/// Whether a program of this name can be started. Says so where it cannot.
pub(crate) fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|told| told.status.success());
    if !there {
        println!("SKIPPED: there is no `{program}` here");
    }
    there
}

/// The compiler and language of a source file.
pub(crate) fn language(source: &Path) -> (&'static str, &'static str) {
    match source.extension().and_then(OsStr::to_str) {
        Some("c") => ("cc", "-std=c11"),
        _ => ("c++", "-std=c++17"),
    }
}

/// A compiler's command for a source file, with every warning an error. `ONECARD_C_FLAGS` is added.
pub(crate) fn compiler(source: &Path, program: &Path) -> Command {
    let (compiler, standard) = language(source);
    let mut command = Command::new(compiler);
    command.args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
    command.args(std::env::var("ONECARD_C_FLAGS").unwrap_or_default().split_whitespace());
    command.arg("-I").arg(root().join("include")).arg(source).arg("-o").arg(program);
    command
}

/// Compiles a source file against the static library.
pub(crate) fn compile(source: &Path, program: &Path, more: &[&str]) {
    let mut command = compiler(source, program);
    finish(command.args(more).arg(static_library()).args(["-lpthread", "-ldl", "-lm"]), source);
}

/// Runs a compiler's command, which has to succeed.
pub(crate) fn finish(command: &mut Command, source: &Path) {
    let compiled = command.output().unwrap();
    assert!(compiled.status.success(), "{}:\n{}", source.display(), String::from_utf8_lossy(&compiled.stderr));
}
