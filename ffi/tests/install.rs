//! What the plain build installs, found by pkg-config as a venue's program finds it, and the first program
//! of `docs/c-api.md` on it.

#[path = "../../tests/federation/mod.rs"]
mod federation;
mod toolchain;

use federation::{NOW, anchor, catalogue, certificate, code, gate_seed, status, trust};
use std::fs;
use std::path::Path;
use std::process::Command;
use toolchain::{finish, has, root, shared_library};

/// The name under which programs ask for the library: a new one is a new ABI.
const SONAME: &str = "libonecard.so.0.1";

/// The first block of C in the documentation.
fn first_program() -> String {
    let text = fs::read_to_string(root().join("../docs/c-api.md")).unwrap();
    let program = text.split("```c\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(program.lines().count() <= 30, "the first admission takes {} lines", program.lines().count());
    program.to_owned()
}

fn pkg_config(prefix: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    let told = command.args(arguments).arg("onecard").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).output();
    let told = told.unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn what_is_installed_is_found_and_runs() {
    if !cfg!(target_os = "linux") || !["pkg-config", "readelf", "cc", "bash"].into_iter().all(has) {
        println!("SKIPPED: this takes Linux, pkg-config, readelf, cc and bash");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let prefix = dir.path().join("usr");
    let libraries = shared_library();
    let libraries = libraries.parent().unwrap();
    let mut install = Command::new("bash");
    finish(install.arg(root().join("install.sh")).arg(&prefix).arg(libraries), Path::new("install.sh"));

    assert_eq!(SONAME, format!("libonecard.so.{}", env!("ONECARD_ABI")));
    assert_eq!(pkg_config(&prefix, &["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    let told = Command::new("readelf").arg("-d").arg(prefix.join("lib").join(SONAME)).output().unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).contains(&format!("Library soname: [{SONAME}]")));

    let source = dir.path().join("first.c");
    fs::write(&source, first_program()).unwrap();
    write_files(dir.path());
    for linking in [&["--cflags", "--libs"][..], &["--cflags", "--libs", "--static"]] {
        let program = dir.path().join("first");
        let mut compile = Command::new("cc");
        compile.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]).arg(&source).arg("-o").arg(&program);
        let mut flags = pkg_config(&prefix, linking);
        if linking.len() == 3 {
            // Where there are both, a linker takes the shared one.
            flags.iter_mut().filter(|flag| *flag == "-lonecard").for_each(|flag| *flag = "-l:libonecard.a".into());
        }
        finish(compile.args(flags), &source);
        let needed = Command::new("readelf").arg("-d").arg(&program).output().unwrap();
        let shared = String::from_utf8_lossy(&needed.stdout).contains(SONAME);
        assert_eq!(shared, linking.len() == 2, "linked as asked");
        let mut run = Command::new(&program);
        run.arg(NOW.to_string()).current_dir(dir.path()).env("LD_LIBRARY_PATH", prefix.join("lib"));
        let ran = run.output().unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), "open: Welcome\n");
        assert!(ran.status.success());
        fs::remove_file(dir.path().join("gate.redb")).unwrap();
    }
}

/// What the first program reads.
fn write_files(dir: &Path) {
    let files: [(&str, Vec<u8>); 7] = [
        ("trust", trust(1)),
        ("anchor", anchor().0.to_vec()),
        ("catalogue", catalogue(1, 2)),
        ("status", status(NOW - 100, &[])),
        ("seed", gate_seed().to_vec()),
        ("certificate", certificate()),
        ("code", code(1, NOW, |_| {}).into()),
    ];
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).unwrap();
    }
}
