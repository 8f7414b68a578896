//! A segment that is accepted is the one encoding of its parts, none of which is beyond its cap.

use onecard::gate::{Segment, SegmentRecord};
use onecard::limits::{MAX_BODY, MAX_GATE_CERTIFICATE, MAX_NOTE, MAX_PRESENTATION};

pub fn run(data: &[u8]) {
    match Segment::decode(data) {
        Ok(segment) => {
            assert_eq!(segment.encode(), data, "accepted, but not the encoding of its parts");
            assert!(segment.certificate.len() <= MAX_GATE_CERTIFICATE && segment.checkpoint.len() <= MAX_NOTE);
            for record in &segment.records {
                let evidence = record.evidence.as_ref().map_or(0, Vec::len);
                assert!(record.body.len() <= MAX_BODY && evidence <= MAX_PRESENTATION);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let small = Segment { certificate: vec![1], checkpoint: "a\n1\n".into(), first: 300, records: vec![] };
    let records = vec![
        SegmentRecord { body: vec![9; 70], evidence: Some(vec![8; 30]) },
        SegmentRecord { body: vec![7], evidence: None },
    ];
    let long = SegmentRecord { body: vec![], evidence: Some(vec![0; MAX_PRESENTATION + 1]) };
    vec![
        ("none", small.encode()),
        ("two", Segment { records, ..small.clone() }.encode()),
        ("long-evidence", Segment { records: vec![long], ..small.clone() }.encode()),
        ("long-certificate", Segment { certificate: vec![0; MAX_GATE_CERTIFICATE + 1], ..small }.encode()),
    ]
}
