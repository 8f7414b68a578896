//! A ledger entry that is accepted is the one encoding of itself and its time.

use super::federation::{CITIES, id, time};
use onecard::crypto::Hash;
use onecard::ledger::{Announcement, CutOff, Entry, StatementRef};
use onecard::limits::{MAX_GATE_CERTIFICATE, MAX_NOTE, MAX_STATUS_URI};

pub fn run(data: &[u8]) {
    match Entry::decode(data) {
        Ok((time, entry)) => {
            assert_eq!(entry.encode(time), data, "accepted, but not the encoding of {entry:?}");
            match entry {
                Entry::GateEnrolled { certificate } => assert!(certificate.len() <= MAX_GATE_CERTIFICATE),
                Entry::Announced(Announcement::StatusPublished { uri, .. }) => assert!(uri.len() <= MAX_STATUS_URI),
                Entry::JournalSealed { checkpoint, .. } | Entry::Announced(Announcement::PeerSeen { checkpoint }) => {
                    assert!(checkpoint.len() <= MAX_NOTE);
                }
                Entry::Announced(Announcement::GapDeclared { from, until, .. }) => assert!(from < until),
                Entry::Announced(Announcement::Settlement(settled)) => {
                    assert!(settled.from < settled.until);
                    assert!(settled.cut_offs.is_sorted_by(|a, b| a.member < b.member));
                }
                _ => {}
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let digest = Hash([7; 32]);
    let cut_offs: Vec<CutOff> = CITIES.map(|code| CutOff { member: id(code), size: 300, root: Hash([8; 32]) }).into();
    let mut backwards: Vec<CutOff> = Vec::clone(&cut_offs);
    backwards.reverse();
    let settled = StatementRef { from: time(1), until: time(2), cut_offs, digest };
    let entries = [
        ("enrolled", Entry::GateEnrolled { certificate: vec![1; 30] }),
        ("retired", Entry::GateRetired { gate: 7 }),
        ("trust", Entry::Announced(Announcement::TrustAdopted { sequence: 2, digest })),
        ("catalogue", Entry::Announced(Announcement::CataloguePublished { sequence: 2, digest })),
        (
            "status",
            Entry::Announced(Announcement::StatusPublished { uri: "oc:310101/1".into(), issued: time(5), digest }),
        ),
        ("sealed", Entry::JournalSealed { gate: 7, first: 0, checkpoint: "a\n1\n".into() }),
        ("reversal", Entry::Announced(Announcement::Reversal { gate: 7, index: 300 })),
        ("gap", Entry::Announced(Announcement::GapDeclared { gate: 7, from: 3, until: 4 })),
        ("gap-of-nothing", Entry::Announced(Announcement::GapDeclared { gate: 7, from: 4, until: 4 })),
        ("peer", Entry::Announced(Announcement::PeerSeen { checkpoint: "a\n1\n".into() })),
        ("certificate-too-long", Entry::GateEnrolled { certificate: vec![1; MAX_GATE_CERTIFICATE + 1] }),
        (
            "settlement-of-nothing",
            Entry::Announced(Announcement::Settlement(StatementRef { until: time(1), ..settled.clone() })),
        ),
        (
            "settlement-not-ascending",
            Entry::Announced(Announcement::Settlement(StatementRef { cut_offs: backwards, ..settled.clone() })),
        ),
        ("settlement", Entry::Announced(Announcement::Settlement(settled))),
    ];
    let entries = entries.map(|(name, entry)| (name, entry.encode(time(1_800_000_000))));
    // Of no kind, and with an item more than its kind has.
    let written = [("kind-99", vec![0x82, 0x18, 99, 0]), ("retired-with-more", vec![0x84, 1, 0, 7, 7])];
    entries.into_iter().chain(written).collect()
}
