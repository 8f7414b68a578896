//! Tests of `entry.rs`.

use super::*;
use proptest::prelude::*;

fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

fn samples() -> Vec<Entry> {
    let digest = Hash([5; 32]);
    let cut_off = |code| CutOff { member: MemberId::new(code).unwrap(), size: 300, root: digest };
    vec![
        Entry::GateEnrolled { certificate: vec![1, 2, 3] },
        Entry::GateRetired { gate: 7 },
        Entry::Announced(Announcement::TrustAdopted { sequence: 1, digest }),
        Entry::Announced(Announcement::CataloguePublished { sequence: 2, digest }),
        Entry::Announced(Announcement::StatusPublished { uri: "oc:310101/1".into(), issued: time(5), digest }),
        Entry::JournalSealed { gate: 7, first: 300, checkpoint: "a\n".into() },
        Entry::Announced(Announcement::Reversal { gate: 7, index: 299 }),
        Entry::Announced(Announcement::GapDeclared { gate: 7, from: 3, until: 9 }),
        Entry::Announced(Announcement::PeerSeen { checkpoint: "b\n".into() }),
        Entry::Announced(Announcement::Settlement(StatementRef {
            from: time(1),
            until: time(2),
            cut_offs: vec![cut_off(310_101), cut_off(320_100)],
            digest,
        })),
    ]
}

#[test]
fn every_kind_round_trips() {
    for entry in samples() {
        assert_eq!(Entry::decode(&entry.encode(time(77))), Ok((time(77), entry)));
    }
}

#[test]
fn contradictions_are_refused() {
    let rule = |entry: Entry| matches!(Entry::decode(&entry.encode(time(1))), Err(EntryError::Rule(_)));
    assert!(rule(Entry::Announced(Announcement::GapDeclared { gate: 1, from: 3, until: 3 })));
    let Entry::Announced(Announcement::Settlement(settled)) = samples().remove(9) else { panic!("the last sample") };
    assert!(rule(Entry::Announced(Announcement::Settlement(StatementRef { until: settled.from, ..settled.clone() }))));
    let swapped = settled.cut_offs.iter().rev().copied().collect();
    assert!(rule(Entry::Announced(Announcement::Settlement(StatementRef { cut_offs: swapped, ..settled }))));
    assert_eq!(Entry::decode(&[0x83, 10, 1, 1]), Err(EntryError::Kind(10)));
    assert!(Entry::decode(&[0x84, 1, 1, 1, 1]).is_err(), "an item too many");
    let long = Entry::GateEnrolled { certificate: vec![0; MAX_GATE_CERTIFICATE + 1] };
    assert!(Entry::decode(&long.encode(time(1))).is_err());
    let longest = Entry::GateEnrolled { certificate: vec![0; MAX_GATE_CERTIFICATE] };
    assert_eq!(Entry::decode(&longest.encode(time(1))), Ok((time(1), longest)));
}

proptest! {
    #[test]
    fn accepted_means_encoding_again_gives_the_same_bytes(which in 0usize..10, at in 0usize..200, with: u8) {
        let mut bytes = samples()[which].encode(time(77));
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok((time, entry)) = Entry::decode(&bytes) {
            prop_assert_eq!(entry.encode(time), bytes);
        }
    }
}

#[test]
fn only_ingest_seals_a_journal() {
    // By its kind, which is the second byte. What may be recorded is another type.
    let own = |entry: &Entry| [0, 1, 5].contains(&entry.encode(time(1))[1]);
    assert!(samples().iter().all(|entry| own(entry) != matches!(entry, Entry::Announced(_))));
    assert_eq!(samples().iter().filter(|entry| own(entry)).count(), 3);
}
