//! A journal record that is accepted is the one encoding of itself, and its body fits a log entry.

use onecard::crypto::Hash;
use onecard::gate::{Override, Reason, Record, Redemption, Synced, Totals, flags};
use onecard::id::{PassId, PassKey};
use onecard::product::PassFacts;
use onecard::time::Date;

use super::federation::{CITIES, id, time};

pub fn run(data: &[u8]) {
    match Record::decode(data) {
        Ok(record) => {
            assert_eq!(record.encode(), data, "accepted, but not the encoding of {record:?}");
            if let Record::Redeemed(redemption) = &record {
                assert_eq!(redemption.flags & !flags::ALL, 0);
            }
            if let Record::DayClosed { refused, .. } = &record {
                assert!(refused.is_sorted_by(|a, b| a.0.number() < b.0.number()));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // The same with a byte more is refused: a record ends where it ends.
    if Record::decode(data).is_ok() {
        assert!(Record::decode(&[data, &[0]].concat()).is_err());
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let pass = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([9; 10]) };
    let redemption = Redemption {
        time: time(1_800_000_000),
        pass,
        product: (2, 1),
        facts: PassFacts { not_before: time(1_790_000_000), expires: time(1_900_000_000), holder_class: 3 },
        grant: 31,
        party: 255,
        due_fen: u32::MAX,
        flags: flags::ALL,
        evidence: Hash([2; 32]),
    };
    let synced = Synced {
        time: time(4),
        trust: 1,
        catalogues: vec![(id(CITIES[0]), 3), (id(CITIES[1]), 9)],
        status: vec![(id(CITIES[0]), "oc:310101/1".into(), time(2))],
        ledgers: vec![(id(CITIES[1]), 77)],
    };
    let day = Date::new(2026, 10, 1).unwrap();
    let refused = vec![(Reason::CodeExpired, 3), (Reason::TotalQuota, 1)];
    let totals = Totals { admitted: 1_000, annulled: 2, overridden: 3, left: 900 };
    let entry = Override { refused: Reason::IdCheck, operator: 4_711, why: 3, party: 2 };
    let records = [
        ("opened", Record::Opened { time: time(1), certificate: Hash([1; 32]) }),
        ("redeemed", Record::Redeemed(redemption)),
        ("annulled", Record::Annulled { time: time(3), index: 7 }),
        ("synced", Record::Synced(synced)),
        ("clock-set", Record::ClockSet { time: time(5), before: time(9) }),
        ("day-closed", Record::DayClosed { time: time(6), day, totals, refused }),
        ("overridden", Record::Overridden { time: time(7), entry }),
        ("outage-opened", Record::OutageOpened { time: time(8), since: time(7) }),
        ("outage-closed", Record::OutageClosed { time: time(9), let_in: 40 }),
        ("left", Record::Exited { time: time(10), pass, party: 2 }),
        ("clock-jumped", Record::ClockJumped { time: time(11), shown: time(10), expected: time(2) }),
        ("unknown-flag", Record::Redeemed(Redemption { flags: flags::ALL + 1, ..redemption })),
        (
            "admission-overridden",
            Record::Overridden { time: time(7), entry: Override { refused: Reason::Ok, ..entry } },
        ),
        ("outage-of-the-future", Record::OutageOpened { time: time(8), since: time(9) }),
        ("clock-jumped-nowhere", Record::ClockJumped { time: time(11), shown: time(10), expected: time(10) }),
    ];
    records.into_iter().map(|(name, record)| (name, record.encode())).collect()
}
