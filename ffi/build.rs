//! Names the shared library as it is installed, by the version of its ABI. cargo-c does so itself.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let number = |name: &str| var(format!("CARGO_PKG_VERSION_{name}")).unwrap_or_default();
    // What SemVer lets change: 0.2 is not 0.1, and 2 is not 1.
    let abi = match (number("MAJOR").as_str(), number("MINOR").as_str()) {
        ("0", "0") => format!("0.0.{}", number("PATCH")),
        ("0", minor) => format!("0.{minor}"),
        (major, _) => major.to_owned(),
    };
    println!("cargo::rustc-env=ONECARD_ABI={abi}");
    if var("CARGO_FEATURE_CAPI").is_ok() {
        return;
    }
    let soname = match var("CARGO_CFG_TARGET_OS").unwrap_or_default().as_str() {
        // An app's libraries are found by names that end in ".so".
        "android" => "libonecard.so".to_owned(),
        "dragonfly" | "freebsd" | "haiku" | "hurd" | "illumos" | "linux" | "netbsd" | "openbsd" => {
            format!("libonecard.so.{abi}")
        }
        _ => return,
    };
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");
}
