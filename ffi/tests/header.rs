//! The committed header is what the sources say ("header drift").
//!
//! `ONECARD_WRITE_HEADER=1 cargo test -p onecard-ffi --test header` writes it anew.

use std::path::Path;

#[test]
fn the_header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    // The modules are found from their declarations in lib.rs.
    let builder = cbindgen::Builder::new().with_config(config).with_src(root.join("src/lib.rs"));
    let mut generated = Vec::new();
    builder.generate().unwrap().write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();

    let header = root.join("include/onecard.h");
    if std::env::var_os("ONECARD_WRITE_HEADER").is_some() {
        std::fs::write(&header, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    assert!(
        committed == generated,
        "ffi/include/onecard.h is not what ffi/src says; write it anew with \
         `ONECARD_WRITE_HEADER=1 cargo test -p onecard-ffi --test header`"
    );
}
