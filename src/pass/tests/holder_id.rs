//! Tests of `holder_id.rs`.

use super::*;

const SALT: [u8; 16] = [0xa5; 16];
const DOCUMENT: &str = "31010119900307123X";

#[test]
fn only_the_same_salt_and_document_open_it() {
    let opening = IdOpening::new(&SALT, DOCUMENT).unwrap();
    let commitment = IdCommitment::new(&opening);
    assert!(commitment.opens(&opening));
    for bit in 0..128 {
        let mut salt = SALT;
        salt[bit / 8] ^= 1 << (bit % 8);
        assert!(!commitment.opens(&IdOpening::new(&salt, DOCUMENT).unwrap()), "bit {bit} of the salt");
    }
    for document in ["310101199003071230", "31010119900307123", "31010119900307123XX"] {
        assert!(!commitment.opens(&IdOpening::new(&SALT, document).unwrap()), "{document}");
    }
    for bit in 0..256 {
        let mut other = commitment;
        other.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!other.opens(&opening), "bit {bit}");
        other.0[(bit / 8 + 1) % 32] ^= 1 << (bit % 8);
        assert!(!other.opens(&opening), "bit {bit}, and the same of the next byte");
    }
}

#[test]
fn the_commitment_is_frozen() {
    // Computed apart from this code: printf and sha256sum.
    let commitment = IdCommitment::new(&IdOpening::new(&SALT, DOCUMENT).unwrap());
    assert_eq!(
        crate::crypto::Hash(commitment.0).to_string(),
        "2ae138348f89a143547a5b73fd56db9d68d873f6c0053db84cf3853ca1e4c1f6"
    );
}

#[test]
fn a_document_number_has_one_form() {
    let form = |document: &str| IdOpening::new(&SALT, document).map(|_| ());
    assert_eq!(form("E123"), Ok(()));
    assert_eq!(form(&"9".repeat(32)), Ok(()));
    let long = "9".repeat(33);
    for bad in ["", "E12", &long, "31010119900307123x", "E12 345", "E-12345", "Ｅ12345", "E1234\n"] {
        assert_eq!(form(bad), Err(DocumentError), "{bad:?}");
    }
}

#[test]
fn an_opening_does_not_print() {
    let opening = IdOpening::new(&SALT, DOCUMENT).unwrap();
    assert_eq!(format!("{opening:?}"), "IdOpening(..)");
}
