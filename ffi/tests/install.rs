//! What the plain build installs, found by pkg-config as a venue's program finds it, and the first program
//! of `docs/c-api.md` on it.

mod toolchain;

use onecard_testkit::federation::{NOW, anchor, catalogue, certificate, code, gate_seed, status, trust};
use std::fs;
use std::path::Path;
use std::process::Command;
use toolchain::{finish, has, root, shared_library, static_library};

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

/// The soname that the build gives the library of a system.
fn soname_on(program: &Path, system: &str, more: &[(&str, &str)]) -> Option<String> {
    let mut build = Command::new(program);
    build.env("CARGO_PKG_VERSION_MAJOR", "0").env("CARGO_PKG_VERSION_MINOR", "1").env("CARGO_CFG_TARGET_OS", system);
    let told = build.env_remove("CARGO_FEATURE_CAPI").envs(more.iter().copied()).output().unwrap();
    assert!(told.status.success());
    let told = String::from_utf8(told.stdout).unwrap();
    told.lines().find_map(|line| line.strip_prefix("cargo::rustc-cdylib-link-arg=-Wl,-soname,")).map(str::to_owned)
}

#[test]
fn each_system_gets_the_name_that_it_finds() {
    if !has("rustc") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("build");
    let mut compile = Command::new("rustc");
    finish(compile.arg("--edition=2024").arg(root().join("build.rs")).arg("-o").arg(&program), Path::new("build.rs"));
    let named = |system| soname_on(&program, system, &[]);
    assert_eq!(named("linux").as_deref(), Some(SONAME));
    assert_eq!(named("freebsd").as_deref(), Some(SONAME));
    assert_eq!(named("android").as_deref(), Some("libonecard.so"), "an app has no versions of a library");
    assert_eq!((named("macos"), named("windows")), (None, None));
    assert_eq!(soname_on(&program, "linux", &[("CARGO_FEATURE_CAPI", "1")]), None, "cargo-c does it itself");
}

/// Whether there is what it takes to install, and to look at it.
fn can_install() -> bool {
    let can = cfg!(target_os = "linux") && ["pkg-config", "readelf", "strip", "cc", "bash"].into_iter().all(has);
    if !can {
        println!("SKIPPED: this takes Linux, pkg-config, readelf, strip, cc and bash");
    }
    can
}

/// `install.sh`, with nothing of the environment that it looks at.
fn install() -> Command {
    let mut command = Command::new("bash");
    command.arg(root().join("install.sh"));
    for variable in ["DESTDIR", "LIBDIR", "CARGO_TARGET_DIR", "STRIP"] {
        command.env_remove(variable);
    }
    command
}

/// What the program says on standard output, or that it failed and says on standard error.
fn run_in(directory: &Path, program: &Path, libraries: &Path) -> Result<String, String> {
    let mut run = Command::new(program);
    run.arg(NOW.to_string()).current_dir(directory).env("LD_LIBRARY_PATH", libraries);
    let ran = run.output().unwrap();
    let [told, error] = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    if ran.status.success() { Ok(told) } else { Err(told + &error) }
}

#[test]
fn what_is_installed_is_found_and_runs() {
    if !can_install() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let prefix = dir.path().join("usr");
    let libraries = shared_library();
    let libraries = libraries.parent().unwrap();
    finish(install().arg(&prefix).arg(libraries), Path::new("install.sh"));

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
        let run = || run_in(dir.path(), &program, &prefix.join("lib"));
        assert_eq!(run(), Ok("open: Welcome\n".to_owned()));
        // The same code a moment later, by a program that was started again.
        assert_eq!(run(), Ok("open: Already checked, please enter\n".to_owned()));
        fs::remove_file(dir.path().join("gate.redb")).unwrap();

        // Whatever it cannot do, it says so.
        fs::write(dir.path().join("status"), b"no list").unwrap();
        assert_eq!(run(), Err("a document is not in the one accepted encoding (400)\n".to_owned()));
        fs::remove_file(dir.path().join("status")).unwrap();
        assert_eq!(run(), Err("status: No such file or directory\n".to_owned()));
        write_files(dir.path());
    }
}

#[test]
fn a_package_is_made_below_a_directory_that_nothing_names() {
    if !can_install() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (stage, target) = (dir.path().join("stage"), dir.path().join("target"));
    // Where cargo would have left a release.
    fs::create_dir_all(target.join("release")).unwrap();
    for (library, name) in [(shared_library(), "libonecard_ffi.so"), (static_library(), "libonecard_ffi.a")] {
        fs::copy(library, target.join("release").join(name)).unwrap();
    }
    let mut command = install();
    command.arg("/usr").env("DESTDIR", &stage).env("LIBDIR", "/usr/lib/here").env("CARGO_TARGET_DIR", &target);
    finish(&mut command, Path::new("install.sh"));

    let libraries = stage.join("usr/lib/here");
    let shared = libraries.join(SONAME);
    assert!(stage.join("usr/include/onecard.h").is_file() && stage.join("usr/include/onecard.hpp").is_file());
    assert!(libraries.join("libonecard.so").is_file() && !stage.join("usr/lib/libonecard.a").exists());
    let described = fs::read_to_string(libraries.join("pkgconfig/onecard.pc")).unwrap();
    assert!(
        described.starts_with("prefix=/usr\nlibdir=${prefix}/lib/here\nincludedir=${prefix}/include\n"),
        "{described}"
    );
    // Stripped of all but what programs are linked by.
    let sections = |file: &Path| Command::new("readelf").args(["-S", "-W"]).arg(file).output().unwrap().stdout;
    for file in [&shared, &libraries.join("libonecard.a")] {
        // A list of scripts for a debugger is loaded, so it is kept.
        let sections = String::from_utf8_lossy(&sections(file)).replace(" .debug_gdb_scripts", "");
        assert!(!sections.contains(" .debug_"), "{}", file.display());
    }
    assert!(!String::from_utf8_lossy(&sections(&shared)).contains(" .symtab"));
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
