//! Tests of `scan.rs`.

use super::*;
use crate::gate::Decision;
use crate::gate::test_gate::{NOW, code, code_of, open, pass};
use crate::pass::{self, IdCommitment};
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::time;

#[test]
fn a_document_is_compared_with_the_commitment_and_kept_nowhere() {
    let salt = [0xa5; 16];
    let number = "31010119900307123X";
    let opening = IdOpening::new(&salt, number).unwrap();
    let committed = pass(1, |claims| {
        (claims.flags, claims.id_commitment) = (pass::flags::ID_CHECK, Some(IdCommitment::new(&opening)));
    });
    let (shown, plain) = (code_of(&committed, 1, NOW), code(2, NOW));
    let flagged = code_of(&pass(3, |claims| claims.flags = pass::flags::ID_CHECK), 3, NOW);
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let mut reason = |code: &str, identity| {
        let decision = gate.admit(Scan { identity, ..Scan::text(code.as_bytes()) }, time(NOW));
        assert!(!matches!(decision, Decision::Denied(_)), "a person decides");
        decision.reason()
    };
    let other = |salt, document| Identity::Shown(IdOpening::new(salt, document).unwrap());
    assert_eq!(reason(&shown, Identity::Unknown), Reason::IdCheck);
    assert_eq!(reason(&shown, other(&salt, "310101199003071230")), Reason::IdMismatch);
    assert_eq!(reason(&shown, other(&[0; 16], number)), Reason::IdMismatch);
    assert_eq!(reason(&flagged, Identity::Shown(opening)), Reason::IdCheck, "no commitment to compare with");
    assert_eq!(reason(&shown, Identity::Shown(opening)), Reason::Ok);
    assert_eq!(reason(&plain, other(&salt, number)), Reason::Ok, "nobody asked");
    assert_eq!(reason(&flagged, Identity::Compared), Reason::Ok);
    let kept = format!("{:?}", gate.storage());
    let bytes = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    assert!(kept.contains(&bytes(&[1; 10])), "the pass id is kept, so what is kept is seen here");
    assert!(!kept.contains(&bytes(&salt)) && !kept.contains(&bytes(number.as_bytes())));
}
