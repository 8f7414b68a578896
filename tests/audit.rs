//! The audit on a small day: what is whole is clean, and whatever byte is touched is found.

mod day;

use day::{AFTER, AUDITOR, CITIES, Day, OPEN, code, gate_secret, id, index, knows, pass, secret, status_list, time, used};
use onecard::audit::{Files, Finding, Liable, MemoryFiles, Options, Rule, Severity, audit};
use onecard::crypto::sha256;
use onecard::gate::{Decision, Override, Reason, Record, Redemption, Segment, SegmentRecord, Synced, Totals, flags};
use onecard::id::{GateId, PassId, PassKey, VenueId};
use onecard::ledger::{Entry, StatementRef, journal_verifier};
use onecard::product::{Denied, Usage, Use};
use onecard::time::UnixTime;
use onecard::tlog::{Checkpoint, Log, LogKey, MemoryStorage, Note, SignedCheckpoint, Storage};
use onecard::trust::{CatalogueSpec, GateCertificateSpec, Role, Status, StatusListSpec, TrustListSpec, Venue};
use onecard::wire::text;
use onecard_store::{Folder, publish};
use std::path::Path;

fn run(files: &MemoryFiles) -> Vec<Finding> {
    audit(files, &Options::default()).findings
}

fn errors(files: &MemoryFiles) -> Vec<(String, Rule)> {
    let errors = run(files).into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.place, finding.rule)).collect()
}

#[test]
fn a_whole_day_is_clean_and_settles_to_nothing_lost() {
    let mut day = Day::ordinary();
    let files = day.settle(OPEN + 90_000);
    let report = audit(&files, &Options::default());
    assert_eq!(report.findings, []);
    assert_eq!(report.over_use, []);
    assert_eq!((report.counts.ledgers, report.counts.journals, report.counts.redemptions), (4, 4, 5));
    assert_eq!((report.counts.evidence, report.counts.pruned), (5, 0));
    let statement = report.statement.unwrap();
    assert_eq!(statement.encode(), files["statement.cbor"]);
    assert_eq!(statement.nets().iter().map(|net| net.fen).sum::<i64>(), 0);
    // Contracted: half of 1,001 fen at each venue 1, in Shanghai and in Nanjing.
    // Equal split: 10,000 fen to Nanjing's venue 2 for Nanjing's own pass, and 10,000 fen to its
    // venue 1 for Hangzhou's printed one.
    let paid = |payer, payee| {
        let found = statement.payments().iter().find(|paid| (paid.payer, paid.payee) == (id(payer), id(payee)));
        found.map(|paid| paid.fen)
    };
    assert_eq!(paid(CITIES[0], CITIES[0]), Some(500));
    assert_eq!(paid(CITIES[0], CITIES[1]), Some(500));
    assert_eq!(paid(CITIES[1], CITIES[1]), Some(10_000));
    assert_eq!(paid(CITIES[2], CITIES[1]), Some(10_000));
    assert_eq!(statement.payments().len(), 4);
}

#[test]
fn the_report_does_not_depend_on_threads() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let one = audit(&files, &Options::default());
    let three = audit(&files, &Options { threads: 3, ..Options::default() });
    assert_eq!(one.findings, three.findings);
    assert_eq!(one.statement.unwrap().digest(), three.statement.unwrap().digest());
    assert_eq!(one.counts, three.counts);
}

#[test]
fn the_first_trust_list_can_be_pinned() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let anchor = audit(&files, &Options::default()).anchor.unwrap();
    assert!(audit(&files, &Options { anchor: Some(anchor), ..Options::default() }).is_clean());
    let mut other = anchor;
    other.0[0] ^= 1;
    assert!(!audit(&files, &Options { anchor: Some(other), ..Options::default() }).is_clean());
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let mut tried = 0;
    for (path, bytes) in &files {
        // Both ends and a spread between them, at another phase in each file.
        let step = (bytes.len() / 7).max(1);
        let places = (tried % step..bytes.len()).step_by(step).chain([0, bytes.len() - 1]);
        for (bit, at) in places.enumerate() {
            let mut damaged = files.clone();
            damaged.get_mut(path).unwrap()[at] ^= 1 << (bit % 8);
            let found = run(&damaged);
            assert!(found.iter().any(|finding| finding.severity == Severity::Error), "{path} byte {at}");
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn a_missing_or_an_extra_file_is_found() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    for path in files.keys() {
        let mut damaged = files.clone();
        damaged.remove(path);
        let found = run(&damaged);
        if path.starts_with("evidence/") {
            // Evidence may be erased: that is told, and is no fault.
            assert!(found.iter().all(|finding| finding.rule == Rule::Pruned), "{path}: {found:?}");
        } else if path == "statement.cbor" {
            assert_eq!(found, []);
        } else {
            assert!(found.iter().any(|finding| finding.severity == Severity::Error), "{path}");
        }
    }
    for path in [
        "trust/readme",
        "ledger/310101/tile/9/000",
        "journal/310101/1/x",
        "journal/310101/77/checkpoint",
        "journal/310101/01/checkpoint",
        "trust/catalogue-310101-01.cose",
        "trust/trust-list-1-1.cose",
        "evidence/1",
        "evidence/310101/1",
        "journal/310101/1",
        "ledger/310101",
    ] {
        let mut damaged = files.clone();
        damaged.insert(path.into(), vec![1]);
        assert!(!errors(&damaged).is_empty(), "{path}");
    }
}

#[test]
fn damage_is_named_by_place_and_rule() {
    let files = Day::ordinary().settle(OPEN + 90_000);
    let damaged = |path: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut damaged = files.clone();
        change(damaged.get_mut(path).unwrap());
        errors(&damaged)
    };
    let evidence = files.keys().find(|path| path.starts_with("evidence/310101/1/")).unwrap();
    let found = damaged(evidence, &|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(
        found.contains(&("journal/310101/1".into(), Rule::Evidence))
            || found.contains(&(evidence.clone(), Rule::Bundle))
    );
    let tile = "ledger/310101/tile/0/000.p/8";
    assert_eq!(damaged(tile, &|bytes| bytes[0] ^= 1), [(tile.to_owned(), Rule::Tile)]);
    let found = damaged("trust/status-310101-1.cose", &|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(found.contains(&("trust/status-310101-1.cose".into(), Rule::StatusList)));
    let found = damaged("statement.cbor", &|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert_eq!(found, [("statement.cbor".to_owned(), Rule::Statement)]);
    // A cosignature by nobody, under a name that sorts last.
    let checkpoint = "ledger/320100/checkpoint";
    let found = damaged(checkpoint, &|bytes| bytes.extend("— zzz AAAAAAAA\n".bytes()));
    assert_eq!(found, [("ledger/320100".to_owned(), Rule::UnknownSignature)]);
    // Cosignatures of two are not enough.
    let found = damaged(checkpoint, &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        *bytes = (lines[..lines.len() - 2].join("\n") + "\n").into_bytes();
    });
    assert_eq!(found, [("ledger/320100".to_owned(), Rule::Cosignature)]);
}

#[test]
fn over_use_is_found_and_charged_to_who_could_have_known() {
    let mut day = Day::open();
    let (early, late) = (pass(CITIES[0], 1, 1, |_| {}), pass(CITIES[0], 2, 1, |_| {}));
    let key = |number| PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([number; 10]) };
    // Both passes are used up in Shanghai; gates of Nanjing admit once more before they hear of it.
    for at in [OPEN, OPEN + 200] {
        for (number, pass) in [(1, &early), (2, &late)] {
            index(day.scan(0, 0, &code(pass, number, at), at));
        }
    }
    day.sync(1, 0, &[], OPEN + 1_000);
    index(day.scan(1, 0, &code(&early, 1, OPEN + 2_000), OPEN + 2_000));
    // More than four hours after its last sync, the gate answers for what it did not hear.
    let long_after = OPEN + 1_000 + 4 * 3_600 + 1;
    index(day.scan(1, 0, &code(&late, 2, long_after), long_after));
    // Told at last, it refuses.
    let used = |at: i64, index| Use {
        time: time(at),
        gate: GateId { member: id(CITIES[0]), number: 1 },
        index,
        venue: VenueId { member: id(CITIES[0]), number: 1 },
        service: 0,
        grant: 0,
        party: 1,
    };
    let usage: Usage = [used(OPEN, 2), used(OPEN + 200, 4)].into_iter().collect();
    day.deliver(0, 0, OPEN + 20_000);
    day.sync(1, 0, &[(key(1), usage)], OPEN + 20_000);
    let refused = day.scan(1, 0, &code(&early, 1, OPEN + 20_100), OPEN + 20_100);
    assert_eq!(refused.reason(), Reason::TotalQuota);
    for (city, gate) in [(0, 1), (1, 0), (1, 1)] {
        day.deliver(city, gate, OPEN + 40_000);
    }
    let files = day.settle(OPEN + 90_000);
    let report = audit(&files, &Options::default());
    assert_eq!(report.findings, []);
    let found: Vec<_> = report.over_use.iter().map(|over| (over.pass, over.used.gate.member, over.liable)).collect();
    assert_eq!(found, [(key(1), id(CITIES[1]), Liable::Issuer), (key(2), id(CITIES[1]), Liable::Gate)]);
    let statement = report.statement.unwrap();
    let line = statement.lines().iter().find(|line| line.venue.member == id(CITIES[1])).unwrap();
    assert_eq!((line.uses, line.unpaid, line.fen), (1, 1, 500));
}

#[test]
fn over_use_stays_the_same_when_the_evidence_is_erased() {
    // A pass that was over when the gate admitted it.
    let over = pass(CITIES[0], 1, 2, |claims| claims.expires = time(OPEN));
    let (mut redemption, evidence) = used(1, 2, &code(&over, 1, OPEN - 1), OPEN);
    redemption.facts.expires = time(OPEN);
    let mut day = Day::open();
    deliver(
        &mut day,
        vec![(Record::Synced(knows(OPEN - 600)), None), (Record::Redeemed(redemption), evidence)],
        OPEN + 80_000,
    );
    day.finish(OPEN + 80_000);
    let whole = audit(&day.files(), &Options::default());
    let mut files = day.files();
    files.retain(|path, _| !path.starts_with("evidence/"));
    let erased = audit(&files, &Options::default());
    assert_eq!((whole.counts.evidence, erased.counts.evidence), (1, 0));
    assert_eq!(whole.over_use.len(), 1);
    assert_eq!((&whole.over_use[0].denied, whole.over_use[0].liable), (&expired(OPEN), Liable::Gate));
    assert_eq!(erased.over_use, whole.over_use);
    // Nor does the gate get away with its decision.
    let told = |found: &Finding| (found.rule, found.detail == expired(OPEN).to_string()) == (Rule::Decision, true);
    assert!(whole.findings.iter().any(told) && erased.findings.iter().any(told));
}

fn expired(at: i64) -> Denied {
    Denied::Expired { at: time(at), next: None }
}

#[test]
fn a_reversed_redemption_is_not_settled() {
    let mut day = Day::ordinary();
    day.cities[0].ledger.record(Entry::Reversal { gate: 1, index: 2 }, time(OPEN + 50_000)).unwrap();
    let files = day.settle(OPEN + 90_000);
    let statement = audit(&files, &Options::default()).statement.unwrap();
    assert!(statement.payments().iter().all(|paid| paid.payee != id(CITIES[0])));
}

/// Gives the city a journal that no honest gate would write, with the key of its gate 2.
fn deliver(day: &mut Day, records: Vec<(Record, Option<Vec<u8>>)>, at: i64) {
    let certificate = day.cities[0].ledger.journals()[&2].certificate().digest();
    let opened = Record::Opened { time: time(OPEN - 600), certificate };
    deliver_as_it_is(day, [(opened, None)].into_iter().chain(records).collect(), at);
}

/// The same, from the first record on.
fn deliver_as_it_is(day: &mut Day, records: Vec<(Record, Option<Vec<u8>>)>, at: i64) {
    let gate = GateId { member: id(CITIES[0]), number: 2 };
    let ledger = &mut day.cities[0].ledger;
    let certificate = ledger.journals()[&2].certificate().as_bytes().to_vec();
    let record = |(record, evidence): (Record, _)| SegmentRecord { body: record.encode(), evidence };
    let records: Vec<SegmentRecord> = records.into_iter().map(record).collect();
    let log = Log::open(&MemoryStorage::new(), LogKey(0), &ledger.trust().journal_origin(gate)).unwrap();
    let mut batch = log.begin();
    for record in &records {
        batch.push(&record.body, None).unwrap();
    }
    let checkpoint = SignedCheckpoint::sign(batch.checkpoint(), &gate_secret(gate)).note().to_owned();
    ledger.ingest(&Segment { certificate, checkpoint, first: 0, records }, time(at)).unwrap();
}

/// The rules that a journal of gate 2 breaks, each with what is said of it.
fn found_in(records: Vec<(Record, Option<Vec<u8>>)>) -> Vec<(u64, Rule, String)> {
    let mut day = Day::open();
    deliver(&mut day, records, OPEN + 80_000);
    day.finish(OPEN + 80_000);
    let found = day.audit().findings;
    found.into_iter().map(|finding| (finding.index.unwrap(), finding.rule, finding.detail)).collect()
}

#[test]
fn one_code_recorded_twice_is_found() {
    let shown = code(&pass(CITIES[0], 1, 2, |_| {}), 1, OPEN);
    let record = |at| {
        let (redemption, evidence) = used(1, 2, &shown, at);
        (Record::Redeemed(redemption), evidence)
    };
    let knows = (Record::Synced(knows(OPEN - 600)), None);
    assert_eq!(found_in(vec![knows.clone(), record(OPEN)]), []);
    let found = found_in(vec![knows.clone(), record(OPEN), record(OPEN + 1), record(OPEN + 2)]);
    let at: Vec<_> = found.iter().map(|(index, rule, _)| (*index, *rule)).collect();
    assert_eq!(at, [(3, Rule::Decision), (4, Rule::Decision)]);
    // Taken back before, the second is a use of its own.
    let annulled = (Record::Annulled { time: time(OPEN + 1), index: 2 }, None);
    assert_eq!(found_in(vec![knows, record(OPEN), annulled, record(OPEN + 2)]), []);
}

#[test]
fn an_admission_by_a_list_too_old_is_found() {
    let late = OPEN + 80 * 3_600;
    let shown = code(&pass(CITIES[0], 1, 1, |_| {}), 1, late);
    let (redemption, evidence) = used(1, 1, &shown, late);
    let mut day = Day::open();
    let records = vec![(Record::Synced(knows(OPEN - 600)), None), (Record::Redeemed(redemption), evidence)];
    deliver(&mut day, records, late);
    day.finish(late);
    let found = day.audit().findings;
    assert_eq!(
        found.iter().map(|finding| (finding.index, finding.rule)).collect::<Vec<_>>(),
        [(Some(2), Rule::Decision)]
    );
    assert!(found[0].detail.contains("too old"), "{}", found[0].detail);
}

#[test]
fn a_grant_that_does_not_cover_the_use_is_found() {
    let shown = code(&pass(CITIES[0], 1, 1, |_| {}), 1, OPEN);
    let (redemption, evidence) = used(1, 1, &shown, OPEN);
    let knows = (Record::Synced(knows(OPEN - 600)), None);
    let other = Record::Redeemed(Redemption { grant: 1, ..redemption });
    let found = found_in(vec![knows, (other, evidence)]);
    assert!(
        found.iter().any(
            |(index, rule, detail)| (*index, *rule) == (2, Rule::Decision) && detail == "this venue is not covered"
        ),
        "{found:?}"
    );
}

#[test]
fn each_rule_of_a_journal_has_a_finding() {
    let shown = code(&pass(CITIES[0], 1, 2, |_| {}), 1, OPEN);
    let knows = || (Record::Synced(knows(OPEN - 600)), None);
    let with = |change: &dyn Fn(&mut Redemption)| {
        let (mut redemption, evidence) = used(1, 2, &shown, OPEN);
        change(&mut redemption);
        let found = found_in(vec![knows(), (Record::Redeemed(redemption), evidence)]);
        found.into_iter().map(|(index, rule, _)| (index, rule)).collect::<Vec<_>>()
    };
    assert_eq!(with(&|_| {}), []);
    assert_eq!(with(&|redemption| redemption.pass.pass = PassId::from_bytes([2; 10])), [(2, Rule::Mismatch)]);
    let product = with(&|redemption| (redemption.product, redemption.due_fen) = ((1, 1), 0));
    assert_eq!(product, [(2, Rule::Mismatch)]);
    assert_eq!(with(&|redemption| redemption.flags = 1), [(2, Rule::Mismatch)]);
    assert_eq!(with(&|redemption| redemption.facts.not_before = time(OPEN)), [(2, Rule::Mismatch)]);
    assert_eq!(with(&|redemption| redemption.facts.expires = time(OPEN + 1)), [(2, Rule::Mismatch)]);
    assert_eq!(with(&|redemption| redemption.facts.holder_class = 1), [(2, Rule::Mismatch)]);
    assert_eq!(with(&|redemption| redemption.due_fen += 1), [(2, Rule::Decision)]);
    assert_eq!(with(&|redemption| redemption.time = time(OPEN + 61)), [(2, Rule::Presentation)]);

    let rules = |records: Vec<Record>| {
        let records = records.into_iter().map(|record| (record, None)).collect();
        found_in(records).into_iter().map(|(index, rule, _)| (index, rule)).collect::<Vec<_>>()
    };
    let day = time(OPEN).service_day(0);
    let closed = |admitted, annulled| {
        let totals = Totals { admitted, annulled, ..Totals::default() };
        Record::DayClosed { time: time(OPEN), day, totals, refused: vec![] }
    };
    assert_eq!(rules(vec![closed(0, 0)]), []);
    assert_eq!(rules(vec![closed(1, 0)]), [(1, Rule::Totals)]);
    assert_eq!(rules(vec![closed(0, 1)]), [(1, Rule::Totals)]);
    let opened = |at: i64| Record::Opened { time: time(at), certificate: sha256(&[b"another"]) };
    assert_eq!(rules(vec![opened(OPEN)]), [(1, Rule::Opened)]);
    assert_eq!(rules(vec![closed(0, 0), Record::Synced(self::knows(OPEN - 1))]), [(2, Rule::Clock)]);
    let outside = Record::ClockSet { time: time(OPEN - 3_601), before: time(OPEN - 600) };
    assert_eq!(rules(vec![outside]), [(1, Rule::Certificate)]);
    let (redemption, evidence) = used(1, 2, &shown, OPEN);
    let annulled = |after| (Record::Annulled { time: time(OPEN + after), index: 2 }, None);
    let annulments = |times: &[i64]| {
        let mut records = vec![knows(), (Record::Redeemed(redemption), evidence.clone())];
        records.extend(times.iter().map(|after| annulled(*after)));
        found_in(records).into_iter().map(|(index, rule, _)| (index, rule)).collect::<Vec<_>>()
    };
    assert_eq!(annulments(&[900]), []);
    assert_eq!(annulments(&[901]), [(3, Rule::Annulment)]);
    assert_eq!(annulments(&[1, 2]), [(4, Rule::Annulment)]);
}

#[test]
fn what_is_done_by_hand_is_told_and_settles_nothing() {
    let told = |records: Vec<Record>| {
        let mut day = Day::open();
        deliver(&mut day, records.into_iter().map(|record| (record, None)).collect(), OPEN + 80_000);
        day.finish(OPEN + 80_000);
        let report = day.audit();
        assert!(report.statement.is_none_or(|statement| statement.payments().is_empty()));
        let found = report.findings.into_iter();
        found.map(|found| (found.index.unwrap(), found.severity, found.rule)).collect::<Vec<_>>()
    };
    use Severity::{Error, Notice};
    let entry = Override { refused: Reason::Expired, operator: 7, why: 3, party: 2 };
    let overridden = Record::Overridden { time: time(OPEN), entry };
    assert_eq!(told(vec![overridden.clone()]), [(1, Notice, Rule::Override)]);
    let opened = Record::OutageOpened { time: time(OPEN), since: time(OPEN - 60) };
    let closed = Record::OutageClosed { time: time(OPEN), let_in: 40 };
    let outage = |index, severity| (index, severity, Rule::Outage);
    assert_eq!(told(vec![opened.clone(), closed.clone()]), [outage(1, Notice), outage(2, Notice)]);
    assert_eq!(told(vec![opened.clone(), opened]), [outage(1, Notice), outage(2, Error)]);
    assert_eq!(told(vec![closed]), [outage(1, Error)]);
    let pass = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([1; 10]) };
    let left = Record::Left { time: time(OPEN), pass, party: 2 };
    assert_eq!(told(vec![left.clone()]), []);
    let day = time(OPEN).service_day(0);
    let totals = Totals { overridden: 1, left: 1, ..Totals::default() };
    let close = |totals| Record::DayClosed { time: time(OPEN), day, totals, refused: vec![] };
    let notice = (1, Notice, Rule::Override);
    assert_eq!(told(vec![overridden.clone(), left.clone(), close(totals)]), [notice]);
    for wrong in [Totals { overridden: 0, ..totals }, Totals { left: 2, ..totals }] {
        let found = told(vec![overridden.clone(), left.clone(), close(wrong)]);
        assert_eq!(found, [notice, (3, Error, Rule::Totals)]);
    }
}

#[test]
fn records_are_flagged_while_the_clock_is_in_doubt() {
    let shown = code(&pass(CITIES[0], 1, 2, |_| {}), 1, OPEN);
    let found = |records: Vec<Record>, flags| {
        let (redemption, evidence) = used(1, 2, &shown, OPEN);
        let knows = (Record::Synced(knows(OPEN - 600)), None);
        let before = records.into_iter().map(|record| (record, None));
        let record = (Record::Redeemed(Redemption { flags, ..redemption }), evidence);
        let records = [knows].into_iter().chain(before).chain([record]).collect();
        found_in(records).into_iter().map(|(index, rule, _)| (index, rule)).collect::<Vec<_>>()
    };
    let jumped = || Record::ClockJumped { time: time(OPEN), shown: time(OPEN), expected: time(OPEN - 60) };
    let set = || Record::ClockSet { time: time(OPEN), before: time(OPEN) };
    let clock = |index| (index, Rule::Clock);
    assert_eq!(found(vec![], flags::CLOCK), [clock(2)]);
    assert_eq!(found(vec![jumped()], flags::CLOCK), [clock(2)], "the jump is told");
    assert_eq!(found(vec![jumped()], 0), [clock(2), clock(3)]);
    assert_eq!(found(vec![jumped(), set()], 0), [clock(2)]);
    assert_eq!(found(vec![jumped(), set()], flags::CLOCK), [clock(2), clock(4)]);
}

#[test]
fn what_a_gate_says_it_knows_is_checked() {
    let rules = |records: Vec<Record>| {
        let found = found_in(records.into_iter().map(|record| (record, None)).collect());
        found.into_iter().map(|(index, rule, _)| (index, rule)).collect::<Vec<_>>()
    };
    let synced = |change: &dyn Fn(&mut Synced)| {
        let mut synced = knows(OPEN);
        change(&mut synced);
        Record::Synced(synced)
    };
    let full = synced(&|synced| synced.ledgers = vec![(id(CITIES[1]), 3)]);
    assert_eq!(rules(vec![full.clone(), full.clone()]), []);
    assert_eq!(rules(vec![full.clone(), synced(&|_| {})]), [(2, Rule::Decision)]);
    let less = synced(&|synced| synced.ledgers = vec![(id(CITIES[1]), 2)]);
    assert_eq!(rules(vec![full.clone(), less]), [(2, Rule::Decision)]);
    let dropped = synced(&|synced| synced.status.truncate(3));
    assert_eq!(rules(vec![synced(&|_| {}), dropped]), [(2, Rule::Decision)]);
    assert_eq!(rules(vec![synced(&|synced| synced.trust = 2)]), [(1, Rule::Published)]);
    assert_eq!(rules(vec![synced(&|synced| synced.catalogues[0].1 = 2)]), [(1, Rule::Published)]);
    let set = |time_, before| Record::ClockSet { time: time(time_), before: time(before) };
    assert_eq!(rules(vec![full.clone(), set(OPEN - 60, OPEN)]), []);
    assert_eq!(rules(vec![full.clone(), set(OPEN - 60, OPEN + 1)]), [(2, Rule::Clock)]);
    assert_eq!(rules(vec![full, set(OPEN + 60, OPEN - 1)]), [(2, Rule::Clock)]);
}

#[test]
fn an_admission_without_the_catalogue_of_its_product_is_found() {
    let shown = code(&pass(CITIES[0], 1, 1, |_| {}), 1, OPEN);
    let (redemption, evidence) = used(1, 1, &shown, OPEN);
    let found = |change: &dyn Fn(&mut Synced)| {
        let mut synced = knows(OPEN - 600);
        change(&mut synced);
        let records = vec![(Record::Synced(synced), None), (Record::Redeemed(redemption), evidence.clone())];
        found_in(records)
    };
    assert_eq!(found(&|_| {}), []);
    let without = found(&|synced| synced.catalogues.retain(|(member, _)| *member != id(CITIES[0])));
    assert_eq!(without, [(2, Rule::Decision, format!("the gate had no catalogue of {}", CITIES[0]))]);
}

/// Hefei lost its registrar and its issuer: under the list without them a gate has nothing of Hefei, and no less of
/// the others.
#[test]
fn what_a_trust_list_drops_a_gate_need_not_know() {
    let mut spec = TrustListSpec { sequence: 2, issued: time(OPEN), ..day::trust_spec() };
    let hefei = spec.members.last_mut().unwrap();
    hefei.keys.retain(|entry| ![Role::Registrar, Role::Issuer].contains(&entry.role));
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    let list = spec.sign(&roots.each_ref());
    let found = |change: &dyn Fn(&mut Synced)| {
        let mut synced = Synced { trust: 2, ..knows(OPEN + 1) };
        change(&mut synced);
        let mut day = Day::open();
        deliver(&mut day, vec![(Record::Synced(knows(OPEN)), None), (Record::Synced(synced), None)], OPEN + 80_000);
        day.finish(OPEN + 80_000);
        let mut files = day.files();
        files.insert("trust/trust-list-2.cose".into(), list.clone());
        let report = audit(&files, &Options::default());
        report.findings.iter().map(|finding| (finding.index, finding.rule)).collect::<Vec<_>>()
    };
    let less = [(Some(2), Rule::Decision)];
    assert_eq!(found(&|_| {}), []);
    let without_hefei = |synced: &mut Synced| {
        synced.catalogues.pop();
        synced.status.pop();
    };
    assert_eq!(found(&without_hefei), []);
    assert_eq!(found(&|synced| synced.catalogues.truncate(2)), less);
    assert_eq!(found(&|synced| drop(synced.status.remove(0))), less);
}

#[test]
fn a_restart_is_no_sync() {
    let mut day = Day::open();
    let twice = pass(CITIES[0], 1, 1, |_| {});
    for at in [OPEN, OPEN + 200] {
        index(day.scan(0, 0, &code(&twice, 1, at), at));
    }
    // Gate 2 last heard of the others at OPEN - 600; that it starts again later tells it nothing.
    let (again, at) = (OPEN + 5 * 3_600, OPEN + 5 * 3_600 + 60);
    let certificate = day.cities[0].ledger.journals()[&2].certificate().digest();
    let (redemption, evidence) = used(1, 1, &code(&twice, 1, at), at);
    let records = vec![
        (Record::Synced(knows(OPEN - 600)), None),
        (Record::Opened { time: time(again), certificate }, None),
        (Record::Synced(knows(again)), None),
        (Record::Redeemed(redemption), evidence),
    ];
    deliver(&mut day, records, OPEN + 80_000);
    day.deliver(0, 0, OPEN + 80_000);
    day.finish(OPEN + 80_000);
    let report = day.audit();
    assert_eq!(report.findings, []);
    assert_eq!(report.over_use.iter().map(|over| over.liable).collect::<Vec<_>>(), [Liable::Gate]);
}

#[test]
fn two_status_lists_of_one_time_are_found() {
    let mut files = Day::ordinary().settle(OPEN + 90_000);
    let spec = StatusListSpec::new(format!("oc:{}/1", CITIES[0]), time(OPEN - 3_600), time(OPEN + 86_400), 256);
    files.insert("trust/status-310101-2.cose".into(), spec.sign(&secret(CITIES[0], Role::Issuer)));
    assert_eq!(errors(&files), [("trust/status-310101-2.cose".to_owned(), Rule::StatusList)]);
}

#[test]
fn a_ledger_publishes_the_members_own_lists_as_they_are() {
    let mut day = Day::ordinary();
    let digest = sha256(&[&status_list(CITIES[1])]);
    let status = |uri: &str, issued| Entry::StatusPublished { uri: uri.into(), issued: time(issued), digest };
    let catalogue = sha256(&[&day::catalogue(CITIES[1])]);
    let entries = [
        (0, Entry::CataloguePublished { sequence: 1, digest: catalogue }),
        (1, Entry::CataloguePublished { sequence: 2, digest: catalogue }),
        (0, status("oc:320100/1", OPEN - 3_600)),
        (1, status("oc:320100/2", OPEN - 3_600)),
        (1, status("oc:320100/1", OPEN - 3_601)),
    ];
    for (city, entry) in entries {
        day.cities[city].ledger.record(entry, time(OPEN + 50_000)).unwrap();
    }
    // And one that is right.
    day.cities[1].ledger.record(status("oc:320100/1", OPEN - 3_600), time(OPEN + 50_000)).unwrap();
    day.finish(OPEN + 50_000);
    let found = day.audit().findings;
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(found.iter().all(|finding| finding.rule == Rule::Published));
}

#[test]
fn a_ledger_adopts_published_trust_lists() {
    let day = finished();
    let trust = day.cities[0].ledger.trust().digest();
    let adopted = |sequence, digest| {
        errors(&republished(&day, 0, |entries| {
            let last = entries[entries.len() - 1].0;
            entries.push((last, Entry::TrustAdopted { sequence, digest }));
        }))
    };
    assert_eq!(adopted(1, trust), []);
    let published = [(SHANGHAI.to_owned(), Rule::Published)];
    assert_eq!(adopted(2, trust), published);
    assert_eq!(adopted(1, sha256(&[b"other"])), published);
}

#[test]
fn a_price_that_rises_later_changes_no_decision_before() {
    let mut day = Day::open();
    let half = pass(CITIES[0], 1, 2, |_| {});
    index(day.scan(0, 0, &code(&half, 1, OPEN), OPEN));
    day.deliver(0, 0, OPEN + 40_000);
    day.finish(OPEN + 40_000);
    let mut files = day.files();
    let venues = (1..3).map(|number| Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: "Garden".into(),
        category: 1,
        price_fen: 9_000,
    });
    let products = day::bundle().catalogues().find(|list| list.member() == id(CITIES[0])).unwrap().products().to_vec();
    let spec = CatalogueSpec {
        member: id(CITIES[0]),
        sequence: 2,
        issued: time(OPEN + 50_000),
        venues: venues.collect(),
        products,
    };
    files.insert("trust/catalogue-310101-2.cose".into(), spec.sign(&secret(CITIES[0], Role::Registrar)));
    assert_eq!(run(&files), []);
}

/// A day at whose first gate a full bundle of records ends with the last `synced`: three redemptions
/// lie in it, and after it the annulment of one and the reversal of another.
fn long() -> Day {
    let mut day = Day::open();
    let visit = |day: &mut Day, city, number, at| {
        let pass = pass(CITIES[1], number, 1, |_| {});
        index(day.scan(city, 0, &code(&pass, number, at), at))
    };
    assert_eq!([1, 2, 3].map(|number| visit(&mut day, 0, number, OPEN + i64::from(number))), [2, 3, 4]);
    for at in 5..256 {
        day.sync(0, 0, &[], OPEN + at);
    }
    day.gate(0, 0).annul(3, time(OPEN + 300)).unwrap();
    // Used up elsewhere, which this gate was not told yet.
    for at in [OPEN, OPEN + 200] {
        visit(&mut day, 1, 4, at);
    }
    assert_eq!(visit(&mut day, 0, 4, OPEN + 400), 257);
    day.gate(0, 0).close_day(time(OPEN).service_day(0), time(OPEN + 36_000)).unwrap();
    day.deliver(0, 0, OPEN + 40_000);
    day.deliver(1, 0, OPEN + 40_000);
    day.cities[0].ledger.record(Entry::Reversal { gate: 1, index: 2 }, time(OPEN + 50_000)).unwrap();
    day
}

/// What is published after the first bundle of the first gate's journal was pruned.
fn pruned(day: &Day, whole: &MemoryFiles, name: &str) -> MemoryFiles {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&root);
    let ledger = &day.cities[0].ledger;
    let (mut storage, mut log) = (ledger.storage().clone(), ledger.journals()[&1].log().clone());
    let note = log.kept_checkpoint(&storage).unwrap().unwrap();
    let verifier = journal_verifier(day::bundle().trust(), ledger.journals()[&1].certificate()).unwrap();
    let signed = SignedCheckpoint::verify(&note, &verifier).unwrap();
    let (journal, evidence) = (root.join("journal/310101/1"), root.join("evidence/310101/1"));
    publish(&storage, &log, &signed, &journal, Some(&evidence)).unwrap();
    for change in [|log: &Log| log.prune(log.size(), 1), |log: &Log| log.erase(256, 256)] {
        let batch = change(&log);
        storage.commit(&batch.writes()).unwrap();
        log.apply(batch).unwrap();
    }
    publish(&storage, &log, &signed, &journal, Some(&evidence)).unwrap();
    let folder = Folder::new(&root);
    let of_gate = |path: &&String| path.starts_with("journal/310101/1/") || path.starts_with("evidence/310101/1/");
    let others = whole.iter().filter(|(path, _)| !of_gate(path)).map(|(path, bytes)| (path.clone(), bytes.clone()));
    let left = folder.list().unwrap().into_iter().map(|path| (path.clone(), folder.read(&path).unwrap().unwrap()));
    others.chain(left).collect()
}

#[test]
fn a_pruned_journal_is_told_and_the_rest_of_it_audited() {
    let mut day = long();
    let whole = day.settle(OPEN + 90_000);
    let files = pruned(&day, &whole, "pruned");
    assert!(!files.contains_key("journal/310101/1/tile/entries/000"));
    let report = audit(&files, &Options::default());
    let told: Vec<_> = report.findings.iter().map(|found| (found.place.as_str(), found.rule, found.severity)).collect();
    let notice = |place| (place, Rule::Pruned, Severity::Notice);
    assert_eq!(told, [notice("journal/310101/1"), notice("statement.cbor")]);
    assert!(report.findings[0].detail.starts_with("256 entries"));
    // That the gate had synced is gone with the rest, and not held against it.
    assert_eq!(report.over_use, audit(&whole, &Options::default()).over_use);
    assert_eq!(report.over_use.iter().map(|over| over.liable).collect::<Vec<_>>(), [Liable::Issuer]);
    // What the members agreed to stands.
    assert_eq!(report.statement.unwrap().encode(), whole["statement.cbor"]);
    assert_eq!((report.counts.redemptions, report.counts.evidence), (3, 3));

    // Every file of the journal still counts, and of the pruned part every tile.
    let tile = "journal/310101/1/tile/0/000";
    for at in [0, 1, 4_000, 8_160, 8_191] {
        let mut damaged = files.clone();
        damaged.get_mut(tile).unwrap()[at] ^= 4;
        assert!(errors(&damaged).contains(&("journal/310101/1".to_owned(), Rule::Root)), "byte {at}");
    }
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("journal/310101/1/")) {
        let mut damaged = files.clone();
        damaged.remove(path);
        assert!(!errors(&damaged).is_empty(), "{path} is gone");
        damaged.insert(path.clone(), bytes[..bytes.len() - 1].into());
        assert!(!errors(&damaged).is_empty(), "{path} is cut");
        *damaged.get_mut(path).unwrap() = bytes.clone();
        damaged.get_mut(path).unwrap()[bytes.len() / 2] ^= 1;
        assert!(!errors(&damaged).is_empty(), "{path} is changed");
    }

    // Without what was agreed there is no statement: what is left would say too little.
    let mut damaged = files.clone();
    damaged.remove("statement.cbor");
    let report = audit(&damaged, &Options::default());
    assert!(report.is_clean() && report.statement.is_none());
    // Evidence outlives its record: told.
    let mut kept = files.clone();
    kept.insert("evidence/310101/1/000".into(), whole["evidence/310101/1/000"].clone());
    let report = audit(&kept, &Options::default());
    assert!(report.is_clean() && report.findings.iter().any(|found| found.rule == Rule::Evidence));
}

#[test]
fn a_size_without_files_costs_nothing() {
    let mut day = Day::ordinary();
    let files = day.settle(OPEN + 90_000);
    let gate = GateId { member: id(CITIES[0]), number: 1 };
    let origin = day.gate(0, 0).log().origin().clone();
    let checkpoint = Checkpoint { origin, size: u64::MAX, root: sha256(&[]) };
    let note = SignedCheckpoint::sign(checkpoint, &gate_secret(gate)).note().into();
    for kept in ["journal/310101/1/tile/entries/000", "journal/310101/1/tile", "journal/310101/1"] {
        let mut damaged = files.clone();
        damaged.retain(|path, _| !path.starts_with("journal/310101/1/") || path.starts_with(kept));
        damaged.insert("journal/310101/1/checkpoint".into(), Vec::clone(&note));
        assert!(errors(&damaged).iter().any(|(_, rule)| *rule == Rule::Seal), "{kept}");
    }
}

#[test]
fn a_ledger_is_never_pruned() {
    let mut day = Day::open();
    for at in 0..256 {
        day.cities[0].ledger.record(Entry::GapDeclared { gate: 1, from: at, until: at + 1 }, time(OPEN)).unwrap();
    }
    day.finish(OPEN + 1);
    let mut files = day.files();
    assert_eq!(errors(&files), []);
    files.remove("ledger/310101/tile/entries/000").unwrap();
    assert!(errors(&files).contains(&("ledger/310101".to_owned(), Rule::Missing)));
}

#[test]
fn a_reversal_comes_after_the_seal_of_what_it_reverses() {
    let day = finished();
    let found = |after: usize| {
        errors(&republished(&day, 0, |entries| {
            let at = seals(entries)[0] + after;
            let time = entries[at - after].0;
            entries.insert(at, (time, Entry::Reversal { gate: 1, index: 2 }));
        }))
    };
    assert_eq!(found(1), []);
    assert_eq!(found(0), [(SHANGHAI.to_owned(), Rule::Annulment)]);
}

#[test]
fn a_gap_is_declared_after_the_last_seal_of_an_enrolled_gate() {
    let day = finished();
    let sealed = day.cities[0].ledger.journals()[&1].log().size();
    let found = |gate, from| {
        run(&republished(&day, 0, |entries| {
            let time = entries[entries.len() - 1].0;
            entries.push((time, Entry::GapDeclared { gate, from, until: from + 1 }));
        }))
    };
    let gap = |gate, from| found(gate, from).iter().map(|found| (found.severity, found.rule)).collect::<Vec<_>>();
    assert_eq!(gap(1, sealed), [(Severity::Notice, Rule::Missing)]);
    assert_eq!(gap(1, sealed - 1), [(Severity::Error, Rule::Missing)], "the record is there");
    assert_eq!(gap(9, 0), [(Severity::Error, Rule::Missing)], "no such gate");
}

#[test]
fn nothing_at_all_is_a_finding_not_a_panic() {
    let found = run(&MemoryFiles::new());
    assert!(found.iter().any(|finding| finding.rule == Rule::TrustList));
}

type Entries = Vec<(UnixTime, Entry)>;

/// What is published so far, but with a ledger of the city that no honest city would publish: its
/// entries changed, signed by the city and cosigned by all others.
fn republished(day: &Day, city: usize, change: impl FnOnce(&mut Entries)) -> MemoryFiles {
    let code = CITIES[city];
    let others = CITIES.into_iter().chain([AUDITOR]).filter(|other| *other != code);
    let witnesses: Vec<_> = others.map(|other| (other, secret(other, Role::Witness))).collect();
    let mut files = day.files();
    let ledger = &day.cities[city].ledger;
    day::publish_rewritten(&mut files, ledger, change, &secret(code, Role::Log), &witnesses, OPEN + 90_000);
    files
}

/// A day with all of it under a checkpoint.
fn finished() -> Day {
    let mut day = Day::ordinary();
    day.finish(OPEN + 80_000);
    day
}

/// The places of the seals of gate 1 in a ledger.
fn seals(entries: &Entries) -> Vec<usize> {
    let seal = |at: &usize| matches!(entries[*at].1, Entry::JournalSealed { gate: 1, .. });
    (0..entries.len()).filter(seal).collect()
}

const SHANGHAI: &str = "ledger/310101";
/// Its gate 1 sealed twice.
const NANJING: &str = "ledger/320100";

#[test]
fn a_ledger_whose_time_goes_back_is_found() {
    let day = finished();
    assert_eq!(run(&republished(&day, 0, |_| {})), []);
    let back = |seconds: i64| {
        errors(&republished(&day, 0, |entries| {
            let (last, _) = entries[entries.len() - 1];
            // An entry that is right but for its time.
            let adopted = entries[0].1.clone();
            entries.push((time(last.seconds() - seconds), adopted));
        }))
    };
    assert_eq!(back(0), []);
    assert_eq!(back(1), [(SHANGHAI.to_owned(), Rule::Clock)]);
}

#[test]
fn the_enrolment_of_another_members_gate_is_found() {
    let day = finished();
    let enrolled = |member: u32, number| {
        let gate = GateId { member: id(member), number };
        let spec = GateCertificateSpec {
            gate,
            venue: 1,
            service: 0,
            key: gate_secret(gate).verifying_key(),
            issued: time(OPEN - 3_600),
            not_before: time(OPEN - 3_600),
            expires: time(AFTER),
        };
        let certificate = spec.sign(&secret(member, Role::Registrar));
        errors(&republished(&day, 0, |entries| {
            entries.push((time(OPEN + 80_000), Entry::GateEnrolled { certificate }));
        }))
    };
    assert_eq!(enrolled(CITIES[0], 3), []);
    assert_eq!(enrolled(CITIES[1], 3), [(SHANGHAI.to_owned(), Rule::Certificate)]);
}

#[test]
fn a_gate_enrolled_twice_is_found() {
    // Gate 2 never sealed the first time: nothing else would tell.
    let mut day = Day::open();
    day.finish(OPEN);
    let files = republished(&day, 0, |entries| {
        let enrolled = entries.iter().rev().find(|(_, entry)| matches!(entry, Entry::GateEnrolled { .. }));
        let again = enrolled.unwrap().clone();
        entries.push(again);
    });
    assert_eq!(errors(&files), [(SHANGHAI.to_owned(), Rule::Certificate)]);
}

#[test]
fn a_seal_after_retirement_is_found() {
    let day = finished();
    let mut at = 0;
    let files = republished(&day, 0, |entries| {
        at = *seals(entries).last().unwrap();
        let time = entries[at].0;
        entries.insert(at, (time, Entry::GateRetired { gate: 1 }));
    });
    let at = Some(at as u64 + 1);
    let found = run(&files);
    let seal = |finding: &&Finding| (&*finding.place, finding.index, finding.rule) == (SHANGHAI, at, Rule::Seal);
    assert_eq!(found.iter().filter(seal).count(), 1, "{found:?}");
}

#[test]
fn a_seal_that_does_not_start_where_the_one_before_ended_is_found() {
    let day = finished();
    for (seal, change) in [(0, 1), (1, 1), (1, -1)] {
        let files = republished(&day, 1, |entries| {
            let at = seals(entries)[seal];
            let Entry::JournalSealed { first, .. } = &mut entries[at].1 else { unreachable!() };
            *first = first.checked_add_signed(change).unwrap();
        });
        assert_eq!(errors(&files), [(NANJING.to_owned(), Rule::Seal)]);
    }
}

#[test]
fn a_seal_of_nothing_new_is_found() {
    let files = republished(&finished(), 0, |entries| {
        let (time, mut again) = entries[*seals(entries).last().unwrap()].clone();
        let Entry::JournalSealed { first, checkpoint, .. } = &mut again else { unreachable!() };
        let note = Note::parse(checkpoint.as_bytes()).unwrap();
        *first = Checkpoint::parse(note.text()).unwrap().size;
        let time = time.max(entries[entries.len() - 1].0);
        entries.push((time, again));
    });
    assert_eq!(errors(&files), [(SHANGHAI.to_owned(), Rule::Seal)]);
}

#[test]
fn a_peers_checkpoint_of_another_history_is_a_fork() {
    let seen = |change: &dyn Fn(&mut Checkpoint)| {
        let mut day = finished();
        let mut checkpoint = day.cities[1].ledger.kept_checkpoint().unwrap().unwrap().checkpoint().clone();
        change(&mut checkpoint);
        let checkpoint = checkpoint.sign(&secret(CITIES[1], Role::Log));
        day.cities[0].ledger.record(Entry::PeerSeen { checkpoint }, time(OPEN + 85_000)).unwrap();
        day.finish(OPEN + 85_000);
        errors(&day.files())
    };
    let fork = [(SHANGHAI.to_owned(), Rule::Fork)];
    assert_eq!(seen(&|_| {}), []);
    assert_eq!(seen(&|checkpoint| checkpoint.root.0[0] ^= 1), fork);
    assert_eq!(seen(&|checkpoint| checkpoint.size -= 1), fork);
    assert_eq!(seen(&|checkpoint| checkpoint.size += 1), fork, "a history that is longer than the one published");
}

/// A day that each member settled as `change` says, and what is found.
fn found_settled(change: impl Fn(usize, &mut StatementRef) -> bool) -> Vec<(String, String)> {
    let mut day = finished();
    let statement = day.audit().statement.unwrap();
    let period = statement.period();
    let cut_offs = statement.cut_offs().to_vec();
    let settled = StatementRef { from: period.from, until: period.until, cut_offs, digest: statement.digest() };
    for (at, city) in day.cities.iter_mut().enumerate() {
        let mut settled = settled.clone();
        if change(at, &mut settled) {
            city.ledger.record(Entry::Settlement(settled), time(OPEN + 85_000)).unwrap();
        }
    }
    day.finish(OPEN + 85_000);
    let found = run(&day.files());
    assert!(found.iter().all(|finding| finding.rule == Rule::Statement), "{found:?}");
    found.into_iter().map(|finding| (finding.place, finding.detail)).collect()
}

fn told(place: &str, detail: &str) -> (String, String) {
    (place.into(), detail.into())
}

#[test]
fn members_that_agreed_to_different_statements_are_found() {
    assert_eq!(found_settled(|_, _| true), []);
    let found = found_settled(|at, settled| {
        settled.digest.0[0] ^= u8::from(at == 1);
        true
    });
    assert_eq!(found, [told("ledger/320100", "the members agreed to different statements")]);
}

#[test]
fn a_member_without_a_statement_is_found() {
    for (at, place) in [(0, "ledger/310101"), (3, "ledger/340100")] {
        let found = found_settled(|city, _| city != at);
        assert_eq!(found, [told(place, "the member agreed to no statement")]);
    }
}

#[test]
fn an_agreed_digest_that_is_not_the_computed_one_is_found() {
    let found = found_settled(|_, settled| {
        settled.digest.0[0] ^= 1;
        true
    });
    let until = "for the period until 2026-10-02T00:00:00+08:00, ";
    let detail = format!("{until}the members agreed to another statement than this audit computes");
    assert_eq!(found, [told("statement.cbor", &detail)]);
}

#[test]
fn a_cut_off_that_is_not_of_its_ledger_is_found() {
    let found = found_settled(|_, settled| {
        settled.cut_offs[2].root.0[0] ^= 1;
        true
    });
    // The statement names the roots, so it is another one as well.
    assert!(found.contains(&told("statement.cbor", "the cut-off of 330100 is not of its ledger")), "{found:?}");
}

#[test]
fn a_reversal_of_nothing_is_found() {
    let day = finished();
    let reversed = |reversals: &[(u32, u64)]| {
        errors(&republished(&day, 0, |entries| {
            let entry = |&(gate, index)| (time(OPEN + 80_000), Entry::Reversal { gate, index });
            entries.extend(reversals.iter().map(entry));
        }))
    };
    let nothing = [(SHANGHAI.to_owned(), Rule::Annulment)];
    assert_eq!(reversed(&[(1, 2)]), []);
    assert_eq!(reversed(&[(1, 2), (1, 2)]), nothing, "reversed before");
    assert_eq!(reversed(&[(1, 3)]), nothing, "annulled by the gate");
    assert_eq!(reversed(&[(1, 0)]), nothing, "no redemption");
    assert_eq!(reversed(&[(3, 2)]), nothing, "no such gate");
}

#[test]
fn an_admission_of_a_pass_that_the_gates_list_revokes_is_found() {
    let day = finished();
    let listed = |status: Option<Status>| {
        let mut spec = StatusListSpec::new(format!("oc:{}/1", CITIES[0]), time(OPEN - 3_600), time(AFTER), 256);
        assert!(status.is_none_or(|status| spec.set(1, status)));
        let list = spec.sign(&secret(CITIES[0], Role::Issuer));
        let mut files = republished(&day, 0, |entries| {
            for (_, entry) in entries {
                if let Entry::StatusPublished { digest, .. } = entry {
                    *digest = sha256(&[&list]);
                }
            }
        });
        files.insert("trust/status-310101-1.cose".into(), list);
        errors(&files)
    };
    assert_eq!(listed(None), []);
    let revoked = ["journal/310101/1", "journal/320100/1"].map(|place| (place.to_owned(), Rule::Revoked));
    for status in [Status::Revoked, Status::Suspended, Status::Superseded] {
        assert_eq!(listed(Some(status)), revoked);
    }
}

#[test]
fn an_admission_by_lists_that_were_too_old_is_found() {
    let told = |at: i64, detail: &str| {
        let shown = code(&pass(CITIES[0], 1, 1, |claims| claims.expires = time(AFTER + 3_600)), 1, at);
        let (redemption, evidence) = used(1, 1, &shown, at);
        let mut day = Day::open();
        let records = vec![(Record::Synced(knows(OPEN - 600)), None), (Record::Redeemed(redemption), evidence)];
        deliver(&mut day, records, at);
        day.finish(at);
        // The status list is too old by then, and the certificate not in force any more.
        let found = day.audit().findings;
        found.iter().any(|finding| (finding.index, finding.rule, &*finding.detail) == (Some(2), Rule::Decision, detail))
    };
    let trust = "the gate's trust list was too old";
    assert!(!told(AFTER - 1, trust) && told(AFTER, trust), "at its expiry");
    // The catalogues are of thirty days before, and fresh for ninety.
    let (stale, catalogue) = (OPEN + 60 * 86_400 + 1, "the gate's catalogue of 310101 was too old");
    assert!(!told(stale - 1, catalogue) && told(stale, catalogue));
}

#[test]
fn a_seal_of_another_journal_is_found() {
    let files = republished(&finished(), 1, |entries| {
        let at = seals(entries)[0];
        let Entry::JournalSealed { checkpoint, .. } = &mut entries[at].1 else { unreachable!() };
        let note = checkpoint.clone();
        let mut other = Checkpoint::parse(Note::parse(note.as_bytes()).unwrap().text()).unwrap();
        other.root.0[0] ^= 1;
        *checkpoint = other.sign(&gate_secret(GateId { member: id(CITIES[1]), number: 1 }));
    });
    assert_eq!(errors(&files), [("journal/320100/1".to_owned(), Rule::Seal)]);
}

#[test]
fn a_journals_checkpoint_is_the_one_sealed_last() {
    let day = finished();
    let mut files = day.files();
    // The same size and root, with a line that the ledger does not hold.
    let checkpoint = files.get_mut("journal/320100/1/checkpoint").unwrap();
    checkpoint.extend("— zzz AAAAAAAA\n".bytes());
    assert_eq!(errors(&files), [("journal/320100/1".to_owned(), Rule::Seal)]);
    // A journal that goes on after the last seal.
    let files = republished(&day, 1, |entries| {
        entries.remove(*seals(entries).last().unwrap());
    });
    let found = run(&files);
    assert!(
        found.iter().any(|finding| (&*finding.place, finding.rule) == ("journal/320100/1", Rule::Seal)),
        "{found:?}"
    );
}

#[test]
fn a_journal_starts_with_the_record_that_it_was_opened() {
    let mut day = Day::open();
    let closed = |at: i64| {
        let day = time(OPEN).service_day(0);
        (Record::DayClosed { time: time(at), day, totals: Totals::default(), refused: vec![] }, None)
    };
    deliver_as_it_is(&mut day, vec![closed(OPEN), closed(OPEN + 1)], OPEN + 80_000);
    day.finish(OPEN + 80_000);
    let found = day.audit().findings;
    let found: Vec<_> = found.iter().map(|finding| (&*finding.place, finding.index, finding.rule)).collect();
    assert_eq!(found, [("journal/310101/2", Some(0), Rule::Opened)]);
}
