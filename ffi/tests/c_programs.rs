//! The header and the library as C11 and C++17 see them: compiled without a warning, linked
//! statically, run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Cargo builds the library before its integration tests and leaves it beside them.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.parent().unwrap().join("libonecard_ffi.a");
    assert!(library.is_file(), "no {}: was the test started by cargo?", library.display());
    library
}

fn compile_and_run(compiler: &str, standard: &str, source: &str) {
    if Command::new(compiler).arg("--version").output().is_err() {
        println!("skipped: there is no `{compiler}` here");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    let compiled = Command::new(compiler)
        .args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(format!("-DONECARD_TEST_VERSION=\"{}\"", env!("CARGO_PKG_VERSION")))
        .arg("-I")
        .arg(root.join("include"))
        .arg(root.join("tests/c").join(source))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm"])
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{compiler} {source}:\n{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&program).output().unwrap();
    assert!(ran.status.success(), "{source}: {}\n{}", ran.status, String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn c11() {
    compile_and_run("cc", "-std=c11", "abi.c");
}

#[test]
fn cxx17() {
    compile_and_run("c++", "-std=c++17", "abi.cpp");
}
