//! Tests of `record.rs`.

use super::*;
use crate::id::PassId;
use proptest::prelude::*;

fn time(seconds: i64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

fn member(code: u32) -> MemberId {
    MemberId::new(code).unwrap()
}

fn samples() -> Vec<Record> {
    let pass = PassKey { issuer: member(310_101), pass: PassId::from_bytes([9; 10]) };
    vec![
        Record::Opened { time: time(1), certificate: Hash([1; 32]) },
        Record::Redeemed(Redemption {
            time: time(1_800_000_000),
            pass,
            product: (u16::MAX, u16::MAX),
            facts: PassFacts { not_before: time(1_700_000_000), expires: time(u32::MAX.into()), holder_class: 255 },
            grant: 31,
            party: 255,
            due_fen: u32::MAX,
            flags: flags::ALL,
            evidence: Hash([2; 32]),
        }),
        Record::Annulled { time: time(3), index: 7 },
        Record::Synced(Synced {
            time: time(4),
            trust: 1,
            catalogues: vec![(member(310_101), 3), (member(320_100), 9)],
            status: vec![(member(310_101), "oc:310101/1".into(), time(2))],
            ledgers: vec![(member(340_100), 77)],
        }),
        Record::ClockSet { time: time(5), before: time(9) },
        Record::DayClosed {
            time: time(6),
            day: Date::new(2026, 10, 1).unwrap(),
            totals: Totals { admitted: 1_000, annulled: 2, overridden: 3, left: 900 },
            refused: vec![(Reason::CodeExpired, 3), (Reason::TotalQuota, 1)],
        },
        Record::Overridden {
            time: time(7),
            entry: Override { refused: Reason::IdCheck, operator: 4_711, why: 3, party: 2 },
        },
        Record::OutageOpened { time: time(8), since: time(7) },
        Record::OutageClosed { time: time(9), let_in: 40 },
        Record::Exited { time: time(10), pass, party: 2 },
        Record::ClockJumped { time: time(11), shown: time(10), expected: time(2) },
    ]
}

#[test]
fn every_kind_round_trips() {
    for record in samples() {
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }
}

#[test]
fn the_largest_redemption_fits_86_bytes() {
    assert!(samples()[1].encode().len() <= 86, "{}", samples()[1].encode().len());
}

#[test]
fn what_is_not_a_record_is_refused() {
    let cases: [(&[u8], &str); 6] = [
        (&[0x83, 11, 1, 1], "an unknown kind"),
        (&[0x84, 2, 1, 1, 1], "an annulment with four items"),
        (&[0x83, 2, 0x20, 1], "a negative time"),
        (&[0x83, 2, 1, 1, 0], "trailing bytes"),
        (&[0x88, 5, 6, 1, 1, 1, 0, 0, 0x81, 0x82, 0x18, 0x63, 1][..12], "a cut list"),
        (&[0x88, 5, 6, 1, 1, 1, 0, 0, 0x81, 0x82, 2, 1], "an unknown reason"),
    ];
    for (bytes, why) in cases {
        assert!(Record::decode(bytes).is_err(), "{why}");
    }
    let twice = [0x88, 5, 6, 1, 1, 1, 0, 0, 0x82, 0x82, 0x18, 0x28, 1, 0x82, 0x18, 0x28, 1];
    assert_eq!(Record::decode(&twice), Err(RecordError::Rule("a list not in ascending order")));
    let (city, peer) = (member(310_101), member(320_100));
    let synced = Synced { time: time(4), trust: 1, catalogues: vec![], status: vec![], ledgers: vec![] };
    let uri = |uri: &str| (city, uri.to_owned(), time(2));
    for unsorted in [
        Synced { catalogues: vec![(city, 1), (city, 2)], ..synced.clone() },
        Synced { catalogues: vec![(peer, 1), (city, 2)], ..synced.clone() },
        Synced { status: vec![uri("oc:310101/1"), uri("oc:310101/1")], ..synced.clone() },
        Synced { status: vec![uri("oc:310101/2"), uri("oc:310101/1")], ..synced.clone() },
        Synced { ledgers: vec![(city, 1), (city, 1)], ..synced },
    ] {
        let record = Record::Synced(unsorted);
        let refused = Err(RecordError::Rule("a list not in ascending order"));
        assert_eq!(Record::decode(&record.encode()), refused, "{record:?}");
    }
    let rules: [(&[u8], &str); 6] = [
        (&[0x86, 6, 1, 0, 1, 1, 1], "an override of an admission"),
        (&[0x86, 6, 1, 2, 1, 1, 1], "an unknown reason"),
        (&[0x83, 7, 1, 2], "an outage of the future"),
        (&[0x84, 10, 1, 2, 3], "a jump of the clock that is none"),
        (&[0x84, 10, 1, 1, 1], "a jump of the clock that is none"),
        (&[0x88, 5, 6, 1, 1, 1, 0, 0, 0x81, 0x82, 2, 1], "an unknown reason"),
    ];
    for (bytes, rule) in rules {
        assert_eq!(Record::decode(bytes), Err(RecordError::Rule(rule)));
    }
    let mut flagged = samples()[1].encode();
    let at = flagged.len() - 35;
    assert_eq!(flagged[at], flags::ALL);
    flagged[at] = 8;
    assert_eq!(Record::decode(&flagged), Err(RecordError::Rule("an unknown flag")));
}

proptest! {
    #[test]
    fn accepted_means_encoding_again_gives_the_same_bytes(which in 0usize..11, at in 0usize..90, with: u8) {
        let mut bytes = samples()[which].encode();
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok(record) = Record::decode(&bytes) {
            prop_assert_eq!(record.encode(), bytes);
        }
    }
}
