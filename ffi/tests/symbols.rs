//! The shared library exports exactly the functions of the header.

mod toolchain;

use std::collections::BTreeSet;
use std::process::Command;
use toolchain::shared_library;

/// Every name before a parenthesis in the header's declarations.
fn declared() -> BTreeSet<String> {
    let header = include_str!("../include/onecard.h");
    let code: String = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let before =
        code.split('(').filter_map(|part| part.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next());
    before.filter(|name| name.starts_with("onecard_")).map(str::to_owned).collect()
}

#[test]
fn exported_is_what_is_declared() {
    if !cfg!(target_os = "linux") {
        println!("skipped: the options of `nm` are known here for Linux alone");
        return;
    }
    let Ok(listed) = Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(shared_library()).output()
    else {
        println!("skipped: there is no `nm` here");
        return;
    };
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).unwrap();
    let exported: BTreeSet<String> =
        listed.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(exported, declared());
    assert!(exported.contains("onecard_gate_admit"));
}
