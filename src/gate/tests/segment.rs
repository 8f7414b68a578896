//! Tests of `segment.rs`.

use super::*;
use proptest::prelude::*;

fn sample() -> Segment {
    Segment {
        certificate: vec![1, 2, 3],
        checkpoint: "onecard.test/310101/gate/1\n2\n".into(),
        first: 300,
        records: vec![
            SegmentRecord { body: vec![9; 70], evidence: Some(vec![8; 300]) },
            SegmentRecord { body: vec![7], evidence: None },
        ],
    }
}

#[test]
fn round_trips() {
    assert_eq!(Segment::decode(&sample().encode()), Ok(sample()));
}

#[test]
fn parts_are_bounded() {
    let refused = |segment: Segment| Segment::decode(&segment.encode()).is_err();
    assert!(refused(Segment { certificate: vec![0; MAX_GATE_CERTIFICATE + 1], ..sample() }));
    assert!(refused(Segment { checkpoint: "x".repeat(MAX_NOTE + 1), ..sample() }));
    let record = |body, evidence: usize| SegmentRecord { body: vec![0; body], evidence: Some(vec![0; evidence]) };
    assert!(refused(Segment { records: vec![record(MAX_BODY + 1, 0)], ..sample() }));
    assert!(refused(Segment { records: vec![record(0, MAX_PRESENTATION + 1)], ..sample() }));
    assert!(!refused(Segment { records: vec![record(MAX_BODY, MAX_PRESENTATION)], ..sample() }));
    assert!(!refused(Segment { checkpoint: "x".repeat(MAX_NOTE), ..sample() }));
    let long = vec![0; MAX_SEGMENT + 1];
    assert_eq!(Segment::decode(&long), Err(SegmentError::TooLong(MAX_SEGMENT + 1)));
    assert!(!matches!(Segment::decode(&long[1..]), Ok(_) | Err(SegmentError::TooLong(_))));
}

proptest! {
    #[test]
    fn accepted_means_encoding_again_gives_the_same_bytes(at in 0usize..500, with: u8) {
        let mut bytes = sample().encode();
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok(segment) = Segment::decode(&bytes) {
            prop_assert_eq!(segment.encode(), bytes);
        }
    }
}
