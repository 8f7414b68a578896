//! Tests of `files.rs`.

use super::*;

#[test]
fn what_the_format_names_is_told_from_what_lies_about() {
    for path in [
        "trust/trust-list-1.cose",
        "trust/catalogue-310101-01.cose",
        "ledger/310101/checkpoint",
        "ledger/310101/tile/0/000.p/8",
        "ledger/310101/tile/entries/x001/234.p/8",
        "journal/310101/1",
        "evidence/310101/1/000.p/5",
        "evidence/310101/1/x001/x234/067",
    ] {
        assert!(is_named(path), "{path}");
        assert!(!is_named(&format!("{path}/")) && !is_named(&format!("{path}.bak")), "{path}");
    }
    for path in [
        "trust/.DS_Store",
        "trust/old/trust-list-1.cose",
        "ledger/Thumbs.db",
        "ledger/310101/.nfs000000000000001200000001",
        "ledger/310101/.git/checkpoint",
        "ledger/310101/tile/0/000.p/8.new",
        "journal/310101/1/x/000",
        "journal/310101/1/.p/1",
        "journal/310101/1/",
        "journal/",
        "journal",
        "",
    ] {
        assert!(!is_named(path), "{path}");
    }
}
