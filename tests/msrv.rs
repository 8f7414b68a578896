//! The stated minimum Rust version is not below what any dependency declares.

use std::process::Command;

/// "1.90" and "1.90.0" alike.
fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    [parts.next().unwrap(), parts.next().unwrap_or(0), parts.next().unwrap_or(0)]
}

#[test]
fn no_dependency_needs_a_newer_rust() {
    let cargo = || Command::new(env!("CARGO"));
    let about = cargo().arg("-vV").output().unwrap();
    let about = String::from_utf8(about.stdout).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo()
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    let packages = metadata["packages"].as_array().unwrap();
    let (mut declared, mut highest) = (0, ([0; 3], String::new()));
    for package in packages {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let Some(needs) = package["rust_version"].as_str() else { continue };
        assert!(version(needs) <= ours, "{name} needs Rust {needs}");
        declared += 1;
        if !package["source"].is_null() {
            highest = highest.max((version(needs), name));
        }
    }
    assert!(declared > 10, "cargo metadata has another form than expected");
    let ([major, minor, _], name) = highest;
    println!(
        "{declared} of {} packages declare a rust-version; the highest is {major}.{minor} ({name})",
        packages.len()
    );
}
