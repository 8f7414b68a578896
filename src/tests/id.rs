//! Tests of `id.rs`.

use super::*;

#[test]
fn member_ids_are_six_digits() {
    assert_eq!(MemberId::new(310_101).unwrap().to_string(), "310101");
    assert_eq!(&MemberId::new(320_500).unwrap().digits(), b"320500");
    for bad in ["31010", "3101011", "31010a", "+31010", "031010", ""] {
        assert_eq!(bad.parse::<MemberId>(), Err(IdError::Member), "{bad}");
    }
    assert_eq!(MemberId::new(99_999), Err(IdError::Member));
    assert_eq!(MemberId::new(1_000_000), Err(IdError::Member));
}

#[test]
fn pass_ids_have_one_text() {
    let id = PassId::from_bytes([0xff, 0, 1, 2, 3, 4, 5, 6, 7, 0x1f]);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(PassId::from_bytes([0; 10]).to_string(), "0000000000000000");
    assert_eq!(PassId::from_bytes([0xff; 10]).to_string(), "ZZZZZZZZZZZZZZZZ");
    for bad in ["zzzzzzzzzzzzzzzz", "IIIIIIIIIIIIIIII", "000000000000000", "00000000000000000", "0000-0000-0000-0"] {
        assert_eq!(bad.parse::<PassId>(), Err(IdError::Pass), "{bad}");
    }
}

#[test]
fn founders_are_listed_in_order() {
    assert!(FOUNDERS.windows(2).all(|pair| pair[0].id < pair[1].id));
}
