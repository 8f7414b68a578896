//! Uses at gates of one city reach the gates of another in a digest of their own city, and an audit of all
//! that was published finds nothing wrong with what they say they knew.

use onecard::audit::Options;
use onecard::gate::{Reason, Record, SyncInput, UsageFacts};
use onecard::id::{PassId, PassKey};
use onecard::ledger::Ledger;
use onecard::time::UnixTime;
use onecard::tlog::MemoryStorage;
use onecard_testkit::day::{CITIES, Day, OPEN, code, id, pass, time};

/// What a city finds in the logs that another one publishes, from this entry of its ledger on.
fn replayed(ledger: &Ledger<MemoryStorage>, from: u64) -> UsageFacts {
    let mut facts = UsageFacts::new(UnixTime::MIN);
    for journal in ledger.journals().values() {
        let log = journal.log();
        let visit = |index, body: &[u8]| {
            if let Record::Redeemed(redemption) = Record::decode(body).unwrap() {
                facts.redeemed(journal.certificate(), index, &redemption);
            }
            true
        };
        log.replay(ledger.storage(), 0..log.size(), visit).unwrap();
    }
    facts.covers(ledger.member(), from..ledger.log().size());
    facts
}

/// The sizes in the newest `synced` record of the second city's first gate.
fn said(day: &mut Day) -> Vec<(u32, u64)> {
    let gate = day.gate(1, 0);
    let bodies = (0..gate.log().size()).rev().map(|index| gate.log().body(gate.storage(), index).unwrap());
    let synced = bodies.into_iter().find_map(|body| match Record::decode(&body) {
        Ok(Record::Synced(synced)) => Some(synced.ledgers),
        _ => None,
    });
    synced.unwrap().iter().map(|(member, size)| (member.code(), *size)).collect()
}

#[test]
fn what_one_city_publishes_reaches_the_gates_of_another() {
    let mut day = Day::open();
    let used_up = pass(CITIES[0], 1, 1, |_| {});
    let show = |day: &mut Day, gate, at| day.scan(1, gate, &code(&used_up, 1, at), at).reason();
    for at in [OPEN, OPEN + 200] {
        assert_eq!(day.scan(0, 0, &code(&used_up, 1, at), at).reason(), Reason::Ok);
    }
    day.deliver(0, 0, OPEN + 300);
    let size = day.cities[0].ledger.log().size();

    // Nanjing's city tells its gate: first the newest entry, which has both uses, then the ones before it.
    let digest = |day: &mut Day, from, at| {
        let (shanghai, nanjing) = (&day.cities[0].ledger, &day.cities[1].ledger);
        let mut facts = replayed(shanghai, from);
        facts.merge(nanjing.usage(0..nanjing.log().size(), UnixTime::MIN, |_| true).unwrap());
        let bytes = nanjing.usage_digest(facts, time(at)).unwrap();
        let own = nanjing.log().size();
        day.gate(1, 0).sync(&SyncInput { usage_digests: &[&bytes], ..SyncInput::default() }, time(at)).unwrap();
        own
    };
    let own = digest(&mut day, size - 1, OPEN + 400);
    assert_eq!(said(&mut day), [(CITIES[0], 0), (CITIES[1], own)]);
    assert_eq!(show(&mut day, 0, OPEN + 500), Reason::TotalQuota);
    digest(&mut day, 0, OPEN + 600);
    assert_eq!(said(&mut day), [(CITIES[0], size), (CITIES[1], own)]);
    assert_eq!(show(&mut day, 0, OPEN + 700), Reason::TotalQuota);
    assert_eq!(show(&mut day, 1, OPEN + 700), Reason::Ok, "the gate beside it was told nothing");

    for (city, gate) in [(0, 1), (1, 0), (1, 1)] {
        day.deliver(city, gate, OPEN + 40_000);
    }
    let files = day.settle(OPEN + 90_000);
    let report = onecard::audit::audit(&files, &Options::default());
    assert_eq!(report.findings, []);
    let key = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([1; 10]) };
    let over: Vec<_> = report.over_use.iter().map(|over| (over.pass, over.used.gate.number)).collect();
    assert_eq!(over, [(key, 2)]);
}
