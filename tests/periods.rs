//! Periods that follow one another: what is closed stays closed, and what comes late is settled late.

use onecard::audit::{
    FindingSeverity, Liable, MemoryFiles, Options, OverUseError, OverUseProof, Report, Rule, SettlementPeriod,
    Statement, audit, prove_over_use,
};
use onecard::gate::{Decision, Record, SyncInput};
use onecard::id::{GateId, PassId, PassKey, VenueId};
use onecard::ledger::{Announcement, Entry, RecordEntryError, StatementRef};
use onecard::product::Use;
use onecard::time::UnixTime;
use onecard_testkit::day::{self, CITIES, Day, OPEN, code, id, pass, time};

const DAY: i64 = 86_400;
/// Half of the 1,001 fen of each city's venue 1.
const SHARE: u64 = 500;
/// What a pass that is split among venues cost.
const PRICE: i64 = 10_000;
/// Index of a gate's first redemption: after that it was opened and what it knew.
const FIRST_USE: u64 = 2;

/// The service days from the first, one after the other.
fn period(number: i64) -> SettlementPeriod {
    let from = OPEN - 9 * 3_600 + number * DAY;
    SettlementPeriod { from: time(from), until: time(from + DAY) }
}

/// Audited with all uses at once, and the same for a part of the passes at a time.
fn audited(files: &MemoryFiles, number: Option<i64>) -> Report {
    let options = Options { period: number.map(period), ..Options::default() };
    let report = audit(files, &options);
    for uses_at_once in [1, 4] {
        let again = audit(files, &Options { uses_at_once, ..options });
        assert_eq!(again.to_json(), report.to_json(), "{uses_at_once} at once");
    }
    report
}

/// Settles one of the days in its night, and returns the statement.
fn settle(day: &mut Day, number: i64) -> Statement {
    let at = OPEN + 14 * 3_600 + number * DAY;
    day.finish(at);
    let report = audited(&day.files(), Some(number));
    assert_eq!(report.findings, []);
    let statement = report.statement.unwrap();
    assert_eq!(statement.period(), period(number));
    day.agree(&statement, at);
    statement
}

/// The audit years later: of the published files alone.
fn later(day: &Day, last: &Statement) -> Report {
    let mut files = day.files();
    files.insert("statement.cbor".into(), last.encode());
    let report = audited(&files, None);
    assert_eq!(report.findings, []);
    assert_eq!(report.statement.as_ref(), Some(last));
    report
}

/// Pass 1 of the first city, of product 1 with two entries or of product 2 that is split among venues.
fn show(day: &mut Day, product: u16, city: usize, gate: usize, at: i64) {
    let pass = pass(CITIES[0], 1, product, |_| ());
    let decision = day.scan(city, gate, &code(&pass, 1, at), at);
    assert!(matches!(decision, Decision::Admitted { .. }), "{decision:?}");
}

/// Both entries of a pass used at the gates of Nanjing, delivered and settled.
fn used_up_at_nanjing() -> Day {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    show(&mut day, 1, 1, 1, OPEN + 1_000);
    day.deliver(1, 0, OPEN + 3_000);
    day.deliver(1, 1, OPEN + 3_000);
    settle(&mut day, 0);
    day
}

fn reverse(day: &mut Day, city: usize, at: i64) {
    day.cities[city].ledger.record(Announcement::Reversal { gate: 1, index: FIRST_USE }, time(at)).unwrap();
}

fn gate(city: usize) -> GateId {
    GateId { member: id(CITIES[city]), number: 1 }
}

/// Payer, payee and fen of all payments.
fn paid(statement: &Statement) -> Vec<(u32, u32, u64)> {
    statement.payments().iter().map(|paid| (paid.payer.code(), paid.payee.code(), paid.fen)).collect()
}

#[test]
fn a_use_that_comes_late_makes_no_over_use_of_what_was_paid() {
    let mut day = Day::open();
    // The first of three uses, each at a gate that knows of none of the others, comes a day late.
    show(&mut day, 1, 0, 0, OPEN);
    show(&mut day, 1, 1, 0, OPEN + 1_000);
    show(&mut day, 1, 1, 1, OPEN + 2_000);
    day.deliver(1, 0, OPEN + 3_000);
    day.deliver(1, 1, OPEN + 3_000);
    let first = settle(&mut day, 0);
    assert_eq!((first.over_uses(), paid(&first)), (&[][..], vec![(CITIES[0], CITIES[1], SHARE + 1_001)]));
    day.deliver(0, 0, OPEN + DAY);
    let second = settle(&mut day, 1);
    assert_eq!(second.previous(), Some(first.digest()));
    // It is the excess, and it is paid: its gate could not know.
    let over: Vec<_> = second.over_uses().iter().map(|over| (over.gate, over.liable)).collect();
    assert_eq!(over, [(gate(0), Liable::Issuer)]);
    assert_eq!(second.late().len(), 1);
    assert_eq!(paid(&second), [(CITIES[0], CITIES[0], SHARE)]);
    let report = later(&day, &second);
    let pass = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([1; 10]) };
    assert_eq!(report.over_use.iter().map(|over| (over.pass, over.used.gate)).collect::<Vec<_>>(), [(pass, gate(0))]);
}

/// The file that shows the over-use of the one pass there is, which must show it as the audit found it.
fn shown(day: &Day) -> Result<OverUseProof, OverUseError> {
    let files = day.files();
    let report = audited(&files, None);
    let [(_, proof)] = prove_over_use(&files, &report).try_into().unwrap();
    if let Ok(proof) = &proof {
        let proven = proof.verify(&day::bundle().trust().clone().into()).unwrap();
        assert_eq!(proven.over_use, report.over_use);
    }
    proof
}

#[test]
fn over_use_is_shown_as_it_was_found_or_not_at_all() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    show(&mut day, 1, 1, 1, OPEN + 1_000);
    show(&mut day, 1, 0, 0, OPEN + 2_000);
    for (city, gate) in [(1, 0), (1, 1), (0, 0)] {
        day.deliver(city, gate, OPEN + 3_000);
    }
    settle(&mut day, 0);
    assert!(shown(&day).is_ok());
    // What is taken back later was there then.
    reverse(&mut day, 1, OPEN + DAY);
    settle(&mut day, 1);
    assert!(shown(&day).is_ok());
    // Of the first period two of three stood, of the third one of three: one file cannot show both.
    for after in [0, 1_000] {
        show(&mut day, 1, 0, 1, OPEN + 2 * DAY + after);
    }
    day.deliver(0, 1, OPEN + 2 * DAY + 3_000);
    settle(&mut day, 2);
    assert_eq!(audited(&day.files(), None).over_use.len(), 2);
    assert_eq!(shown(&day), Err(OverUseError::Changed));
}

/// A file has the uses that the over-use follows from: none that was taken back by then, none that came later.
#[test]
fn what_was_taken_back_and_what_came_later_is_no_part_of_over_use() {
    let mut day = used_up_at_nanjing();
    reverse(&mut day, 1, OPEN + DAY);
    // One entry is left, and two gates let the pass in that know of nothing.
    for (gate, after) in [(0, 1_000), (1, 2_000)] {
        show(&mut day, 1, 0, gate, OPEN + DAY + after);
        day.deliver(0, gate, OPEN + DAY + 3_000);
    }
    settle(&mut day, 1);
    let proven = shown(&day).unwrap().verify(&day::bundle().trust().clone().into()).unwrap();
    assert_eq!((proven.uses.len(), proven.over_use.len()), (3, 1));
    // A day is over-used, the day after is not.
    let mut day = Day::open();
    for (city, gate, at) in [(0, 0, OPEN), (1, 0, OPEN + 1_000)] {
        show(&mut day, 3, city, gate, at);
        day.deliver(city, gate, OPEN + 3_000);
    }
    settle(&mut day, 0);
    show(&mut day, 3, 0, 1, OPEN + DAY);
    day.deliver(0, 1, OPEN + DAY + 3_000);
    settle(&mut day, 1);
    let proven = shown(&day).unwrap().verify(&day::bundle().trust().clone().into()).unwrap();
    assert_eq!((proven.uses.len(), proven.over_use.len()), (2, 1));
}

/// The first entry after a cut-off is of the next period, be it a seal or a catalogue.
#[test]
fn what_comes_right_after_the_cut_off_is_of_the_next_period() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    let at = OPEN + 14 * 3_600;
    day.finish(at);
    let first = audited(&day.files(), Some(0)).statement.unwrap();
    day.deliver(1, 0, at);
    day.agree(&first, at);
    let second = settle(&mut day, 1);
    assert_eq!((first.lines(), paid(&second)), (&[][..], vec![(CITIES[0], CITIES[1], SHARE)]));
    later(&day, &second);
}

#[test]
fn one_id_as_two_products_is_shown_too() {
    for (first, second) in [(1, 2), (2, 1)] {
        let mut day = Day::open();
        show(&mut day, first, 1, 0, OPEN);
        show(&mut day, second, 1, 1, OPEN + 1_000);
        show(&mut day, 1, 0, 0, OPEN + 2_000);
        for (city, gate) in [(1, 0), (1, 1), (0, 0)] {
            day.deliver(city, gate, OPEN + 3_000);
        }
        settle(&mut day, 0);
        let proof = shown(&day).unwrap();
        let proven = proof.verify(&day::bundle().trust().clone().into()).unwrap();
        assert_eq!((proven.uses.len(), proven.over_use.len(), proven.product.product), (3, 1, 1), "{first}");
    }
}

#[test]
fn what_is_reversed_after_the_period_is_paid_back_in_the_next() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 3_000);
    let first = settle(&mut day, 0);
    assert_eq!(paid(&first), [(CITIES[0], CITIES[1], SHARE)]);
    reverse(&mut day, 1, OPEN + DAY);
    let second = settle(&mut day, 1);
    let taken: Vec<_> = second.taken_back().iter().map(|taken| (taken.gate, taken.index)).collect();
    assert_eq!(taken, [(gate(1), FIRST_USE)]);
    assert_eq!(second.adjustments().iter().map(|adjusted| adjusted.fen).collect::<Vec<_>>(), [-(SHARE as i64)]);
    assert_eq!(second.lines(), []);
    assert_eq!(paid(&second), [(CITIES[1], CITIES[0], SHARE)], "Nanjing pays back");
    later(&day, &second);
    // Once is enough.
    let third = settle(&mut day, 2);
    assert_eq!((third.taken_back(), third.payments()), (&[][..], &[][..]));
    later(&day, &third);
}

/// Ten minutes before the first day is closed: what is used then may be annulled after it.
const LAST: i64 = OPEN + 14 * 3_600 - 600;

#[test]
fn what_is_annulled_after_the_period_is_paid_back_in_the_one_that_it_reaches() {
    for product in [1, 2, 3] {
        let mut day = Day::open();
        show(&mut day, product, 1, 0, LAST);
        day.deliver(1, 0, LAST + 10);
        let first = settle(&mut day, 0);
        let [(payer, payee, fen)] = paid(&first)[..] else { panic!("{product}: one payment") };
        day.gate(1, 0).annul(FIRST_USE, time(LAST + 700)).unwrap();
        later(&day, &first);
        // The gate is offline for a day: nothing of it is known in the second period.
        let second = settle(&mut day, 1);
        assert_eq!((second.taken_back(), second.payments()), (&[][..], &[][..]));
        day.deliver(1, 0, OPEN + 2 * DAY);
        day.finish(OPEN + 2 * DAY);
        later(&day, &second);
        let third = settle(&mut day, 2);
        let taken: Vec<_> = third.taken_back().iter().map(|taken| (taken.gate, taken.index)).collect();
        assert_eq!((taken, paid(&third)), (vec![(gate(1), FIRST_USE)], vec![(payee, payer, fen)]), "{product}");
        later(&day, &third);
        let fourth = settle(&mut day, 3);
        assert_eq!((fourth.taken_back(), fourth.payments()), (&[][..], &[][..]), "once is enough");
        later(&day, &fourth);
    }
}

/// Whatever reaches the ledger first takes the use back, and neither is held against who did not know of the other.
#[test]
fn a_use_that_its_gate_and_its_city_take_back_is_taken_back_once() {
    for (reversed, annulled, period) in [(0, 1, 0), (1, 1, 1), (1, 2, 1), (2, 1, 1)] {
        let mut day = Day::open();
        show(&mut day, 1, 1, 0, LAST);
        day.deliver(1, 0, LAST + 10);
        day.gate(1, 0).annul(FIRST_USE, time(LAST + 300)).unwrap();
        let mut statements = Vec::new();
        for number in 0..3 {
            if number > 0 {
                statements.push(settle(&mut day, number - 1));
            }
            let at = LAST + 400 + number * DAY;
            if reversed == number && annulled >= number {
                reverse(&mut day, 1, at);
            }
            if annulled == number {
                day.deliver(1, 0, at);
            }
            if reversed == number && annulled < number {
                let again = day.cities[1].ledger.record(Announcement::Reversal { gate: 1, index: FIRST_USE }, time(at));
                assert!(matches!(again, Err(RecordEntryError::NoRedemption { .. })), "it was annulled: {again:?}");
            }
        }
        statements.push(settle(&mut day, 2));
        let found: Vec<_> =
            statements.iter().map(|statement| (statement.taken_back().len(), paid(statement))).collect();
        let nothing = || (0, vec![]);
        let mut expected = vec![nothing(), nothing(), nothing()];
        if period == 1 {
            expected[0] = (0, vec![(CITIES[0], CITIES[1], SHARE)]);
            expected[1] = (1, vec![(CITIES[1], CITIES[0], SHARE)]);
        }
        assert_eq!(found, expected, "reversed in {reversed}, annulled in {annulled}");
        later(&day, &statements[2]);
    }
}

/// A gate knows at once what it annulled, before its city's ledger says so.
#[test]
fn a_gate_does_not_answer_for_the_use_that_it_annulled() {
    let mut day = Day::open();
    for at in [LAST, LAST + 200] {
        show(&mut day, 1, 1, 0, at);
    }
    day.deliver(1, 0, LAST + 210);
    let first = settle(&mut day, 0);
    let closed = OPEN + 14 * 3_600;
    day.sync(1, 0, &[], closed);
    day.gate(1, 0).annul(FIRST_USE, time(closed + 100)).unwrap();
    // One entry is left, and a gate that knows of nothing is first.
    show(&mut day, 1, 0, 0, closed + 110);
    show(&mut day, 1, 1, 0, closed + 120);
    day.deliver(0, 0, closed + 130);
    day.deliver(1, 0, closed + 130);
    let second = settle(&mut day, 1);
    let over: Vec<_> = second.over_uses().iter().map(|over| (over.gate, over.liable)).collect();
    assert_eq!((first.over_uses().len(), over), (0, vec![(gate(1), Liable::Issuer)]));
    later(&day, &second);
}

/// What is annulled too late stays used, and does not keep the city from taking it back.
#[test]
fn a_city_takes_back_what_its_gate_annulled_too_late() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 10);
    day.say(1, 0, vec![(Record::Annulled { time: time(OPEN + 901), index: FIRST_USE }, None)], OPEN + 1_000);
    reverse(&mut day, 1, OPEN + 2_000);
    day.finish(OPEN + 3_000);
    let report = audited(&day.files(), Some(0));
    let found: Vec<_> = report.findings.iter().map(|found| (&*found.place, found.index, found.rule)).collect();
    assert_eq!(found, [("journal/320100/1", Some(3), Rule::Annulment)]);
    assert_eq!(paid(&report.statement.unwrap()), []);
}

#[test]
fn a_use_that_is_taken_back_gives_its_entry_back() {
    let uses = |reversed: bool| {
        let mut day = used_up_at_nanjing();
        if reversed {
            reverse(&mut day, 1, OPEN + DAY);
        }
        show(&mut day, 1, 0, 0, OPEN + DAY + 1_000);
        day.deliver(0, 0, OPEN + DAY + 3_000);
        let second = settle(&mut day, 1);
        later(&day, &second);
        second.over_uses().len()
    };
    assert_eq!((uses(false), uses(true)), (1, 0));
}

#[test]
fn a_price_whose_only_use_is_taken_back_is_shared_again() {
    let mut day = Day::open();
    show(&mut day, 2, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 3_000);
    let first = settle(&mut day, 0);
    assert_eq!(paid(&first), [(CITIES[0], CITIES[1], PRICE as u64)]);
    reverse(&mut day, 1, OPEN + DAY);
    show(&mut day, 2, 0, 0, OPEN + DAY);
    day.deliver(0, 0, OPEN + DAY + 3_000);
    let second = settle(&mut day, 1);
    assert_eq!(second.adjustments().iter().map(|adjusted| adjusted.fen).collect::<Vec<_>>(), [-PRICE]);
    assert_eq!(paid(&second), [(CITIES[0], CITIES[0], PRICE as u64), (CITIES[1], CITIES[0], PRICE as u64)]);
    later(&day, &second);
}

#[test]
fn a_price_once_shared_moves_to_the_venue_that_is_left() {
    let mut day = Day::open();
    show(&mut day, 2, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 3_000);
    settle(&mut day, 0);
    // Used again in the second period, where the price is shared already, and taken back in the third.
    show(&mut day, 2, 0, 0, OPEN + DAY);
    day.deliver(0, 0, OPEN + DAY + 3_000);
    let second = settle(&mut day, 1);
    assert_eq!(
        second.lines().iter().map(|line| (line.venue.member, line.fen)).collect::<Vec<_>>(),
        [(id(CITIES[0]), 0)]
    );
    reverse(&mut day, 1, OPEN + 2 * DAY);
    let third = settle(&mut day, 2);
    let adjusted: Vec<_> = third.adjustments().iter().map(|adjusted| (adjusted.venue.member, adjusted.fen)).collect();
    assert_eq!(adjusted, [(id(CITIES[0]), PRICE), (id(CITIES[1]), -PRICE)]);
    assert_eq!(paid(&third), [(CITIES[0], CITIES[0], PRICE as u64), (CITIES[1], CITIES[0], PRICE as u64)]);
    later(&day, &third);
}

#[test]
fn a_gate_that_knew_of_the_reversal_does_not_answer_for_the_use() {
    let mut day = used_up_at_nanjing();
    reverse(&mut day, 1, OPEN + DAY);
    // One gate learns all that, another nothing. Both let the pass in, which is once too often.
    let second = Use {
        time: time(OPEN + 1_000),
        gate: GateId { member: id(CITIES[1]), number: 2 },
        index: FIRST_USE,
        venue: VenueId { member: id(CITIES[1]), number: 2 },
        service: 0,
        grant: 0,
        party: 1,
    };
    let pass = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([1; 10]) };
    day.sync(0, 0, &[(pass, [second].into_iter().collect())], OPEN + DAY + 100);
    show(&mut day, 1, 0, 1, OPEN + DAY + 200);
    show(&mut day, 1, 0, 0, OPEN + DAY + 300);
    day.deliver(0, 0, OPEN + DAY + 3_000);
    day.deliver(0, 1, OPEN + DAY + 3_000);
    let second = settle(&mut day, 1);
    let over: Vec<_> = second.over_uses().iter().map(|over| (over.gate, over.liable)).collect();
    assert_eq!(over, [(gate(0), Liable::Issuer)]);
}

#[test]
fn a_second_reversal_takes_nothing_back() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 3_000);
    settle(&mut day, 0);
    reverse(&mut day, 1, OPEN + DAY);
    assert!(
        day.cities[1].ledger.record(Announcement::Reversal { gate: 1, index: FIRST_USE }, time(OPEN + DAY)).is_err()
    );
    // As no honest city would.
    let mut files = day.files();
    let witnesses: Vec<_> = CITIES.map(|code| (code, day::secret(code, onecard::trust::Role::Witness))).into();
    // Nor has the other gate, of which nothing was sealed.
    let again = |entries: &mut Vec<_>| {
        entries.extend(
            [1, 2].map(|gate| (time(OPEN + DAY), Entry::Announced(Announcement::Reversal { gate, index: FIRST_USE }))),
        );
    };
    let key = day::secret(CITIES[1], onecard::trust::Role::Log);
    day::publish_rewritten(&mut files, &day.cities[1].ledger, again, &key, &witnesses[2..], OPEN + DAY);
    let found = audited(&files, Some(1)).findings;
    let rules: Vec<_> = found.iter().map(|finding| (finding.place.as_str(), finding.rule)).collect();
    let annulments = rules.iter().filter(|found| **found == ("ledger/320100", Rule::Annulment)).count();
    assert_eq!(annulments, 2, "{found:?}");
    // Where the journal is not what was signed, that is found, and not what may follow from it.
    let path = files.keys().rfind(|path| path.starts_with("journal/320100/1/tile/entries/")).unwrap().clone();
    *files.get_mut(&path).unwrap().last_mut().unwrap() ^= 1;
    let found = audited(&files, Some(1)).findings;
    let annulments = found.iter().filter(|finding| finding.rule == Rule::Annulment).count();
    assert_eq!(annulments, 1, "{found:?}");
}

/// A period is another one by its first second or its last.
#[test]
fn there_is_no_statement_of_a_period_that_overlaps_a_settled_one() {
    let mut day = Day::open();
    let first = settle(&mut day, 0);
    let SettlementPeriod { from, until } = period(0);
    let bound = until.seconds();
    let cases = [(bound - 1, bound + DAY), (from.seconds(), bound + 1), (from.seconds() + 1, bound), (1, 2)];
    for (from, until) in cases {
        let asked = SettlementPeriod { from: time(from), until: time(until) };
        let report = audit(&day.files(), &Options { period: Some(asked), ..Options::default() });
        assert_eq!((report.statement, report.settled, report.findings), (None, vec![period(0)], vec![]), "{asked:?}");
    }
    let second = settle(&mut day, 1);
    for (number, statement) in [(0, &first), (1, &second)] {
        let report = audited(&day.files(), Some(number));
        assert_eq!((report.statement.as_ref(), report.settled), (Some(statement), vec![period(0), period(1)]));
    }
}

/// It stays where it is while the next period is settled, and is compared with that one only after it was replaced.
#[test]
fn a_published_statement_is_compared_with_its_own_period() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 3_000);
    let first = settle(&mut day, 0);
    show(&mut day, 2, 1, 0, OPEN + DAY);
    day.deliver(1, 0, OPEN + DAY + 3_000);
    day.finish(OPEN + DAY + 14 * 3_600);
    let with = |day: &Day, bytes: &[u8], number: Option<i64>| {
        let mut files = day.files();
        files.insert("statement.cbor".into(), bytes.into());
        let Report { findings, statement, .. } = audited(&files, number);
        (findings.into_iter().map(|found| found.detail).collect::<Vec<_>>(), statement)
    };
    let (found, second) = with(&day, &first.encode(), Some(1));
    let second = second.unwrap();
    assert_eq!((found, second.period()), (vec![], period(1)));
    let mut changed = first.encode();
    let root = first.cut_offs()[0].root.0;
    let at = changed.windows(32).position(|bytes| bytes == root).unwrap();
    changed[at] ^= 1;
    let not_it = "the statement published is not the one this audit computes";
    for number in [None, Some(0), Some(1)] {
        assert_eq!(with(&day, &changed, number).0, [not_it], "{number:?}");
    }
    // Nobody agreed to the second yet.
    assert_eq!(with(&day, &second.encode(), Some(1)), (vec![], Some(second.clone())));
    let strange =
        "the statement published is of a period that no ledger has a statement of, and that was not asked for";
    assert_eq!(with(&day, &second.encode(), None), (vec![strange.into()], Some(first.clone())));
    day.agree(&second, OPEN + DAY + 14 * 3_600);
    for statement in [&first, &second] {
        assert_eq!(with(&day, &statement.encode(), None), (vec![], Some(second.clone())));
    }
}

#[test]
fn cut_offs_that_go_back_are_found() {
    let mut day = Day::open();
    settle(&mut day, 0);
    day.finish(OPEN + DAY);
    let statement = audited(&day.files(), Some(1)).statement.unwrap();
    let size = day.cities[2].ledger.log().size();
    assert!(statement.cut_offs()[2].size == size && size > 2);
    let mut settled = StatementRef {
        from: period(1).from,
        until: period(1).until,
        cut_offs: statement.cut_offs().to_vec(),
        digest: statement.digest(),
    };
    settled.cut_offs[2].size = 1;
    settled.cut_offs[2].root = day.cities[2].ledger.log().root_at(day.cities[2].ledger.storage(), 1).unwrap();
    for city in &mut day.cities {
        city.ledger.record(Announcement::Settlement(settled.clone()), time(OPEN + DAY)).unwrap();
    }
    day.finish(OPEN + DAY);
    let found = audited(&day.files(), None).findings;
    let details: Vec<_> = found.iter().map(|finding| finding.detail.as_str()).collect();
    assert!(details.contains(&"the cut-off of 330100 is before that of the period before"), "{details:?}");
}

#[test]
fn a_city_that_a_period_leaves_out_is_told_and_settled_in_the_next() {
    let mut day = Day::open();
    show(&mut day, 1, 1, 0, OPEN);
    day.deliver(1, 0, OPEN + 3_000);
    day.finish(OPEN + 14 * 3_600);
    // Settled as if Nanjing had published nothing.
    let mut files = day.files();
    files.retain(|path, _| !path.contains("320100/") || path.starts_with("trust/"));
    let statement = audited(&files, Some(0)).statement.unwrap();
    assert_eq!((statement.cut_offs().len(), statement.payments()), (3, &[][..]));
    day.agree(&statement, OPEN + 14 * 3_600);
    let report = audited(&day.files(), Some(1));
    let found: Vec<_> = report.findings.iter().map(|found| (found.severity, found.rule)).collect();
    assert_eq!(found, [(FindingSeverity::Notice, Rule::Statement)]);
    assert_eq!(paid(&report.statement.unwrap()), [(CITIES[0], CITIES[1], SHARE)]);
}

/// Passes that are in different parts, with over-use, annulments, lies about them, and reversals of one period in the next.
#[test]
fn parts_do_not_meet() {
    let mut day = Day::open();
    let product = |number| if number < 10 { 1 } else { 4 };
    let passes: Vec<Vec<u8>> = (1..=13).map(|number| pass(CITIES[0], number, product(number), |_| ())).collect();
    let show = |day: &mut Day, (city, gate), number: u8, at| {
        let code = code(&passes[usize::from(number) - 1], number, at);
        day::index(day.scan(city, gate, &code, at))
    };
    for (place, after) in [((1, 0), 0), ((1, 1), 1_000), ((0, 0), 2_000)] {
        for number in 1..=9 {
            let at = OPEN + after + i64::from(number) * 60;
            let index = show(&mut day, place, number, at);
            if place == (0, 0) && number % 3 == 0 {
                day.gate(0, 0).annul(index, time(at + 30)).unwrap();
            }
        }
    }
    // Let in free at two gates.
    for (place, after) in [((1, 0), 2_700), ((0, 0), 2_800)] {
        for number in 10..=13 {
            show(&mut day, place, number, OPEN + after + i64::from(number));
        }
    }
    // Lies of the other gate, which knows of none of this: what is there to annul, and what is not.
    let said = |number: u8, at| {
        let (redemption, evidence) = day::used(number, 1, &code(&passes[usize::from(number) - 1], number, at), at);
        (Record::Redeemed(redemption), evidence)
    };
    let annulled = |index, at| (Record::Annulled { time: time(at), index }, None);
    let certificate = day.cities[0].ledger.journals()[&2].certificate().digest();
    let mut lies =
        vec![(Record::Opened { time: time(OPEN), certificate }, None), (Record::Synced(day::knows(OPEN)), None)];
    for number in 1..=9 {
        lies.push(said(number, OPEN + 3_000 + i64::from(number)));
    }
    for index in [2, 5, 5, 8, 0, 1, 11, 12, 100] {
        lies.push(annulled(index, OPEN + 3_020));
    }
    // At once again, where it was annulled and where it was not.
    for number in 1..=9 {
        lies.push(said(number, OPEN + 3_030));
    }
    // What came before the clock was set, nobody knows.
    lies.push((Record::ClockSet { time: time(OPEN + 3_040), before: time(OPEN + 3_030) }, None));
    for number in 1..=9 {
        lies.push(said(number, OPEN + 3_041));
    }
    lies.push(annulled(3, OPEN + 9_000));
    day.say(0, 1, lies, OPEN + 10_000);
    for (city, gate) in [(0, 0), (1, 0), (1, 1)] {
        day.deliver(city, gate, OPEN + 10_000);
    }
    day.finish(OPEN + 14 * 3_600);
    let files = day.files();
    let report = audited(&files, Some(0));
    let annulments = report.findings.iter().filter(|found| found.rule == Rule::Annulment).map(|found| found.index);
    assert_eq!(annulments.collect::<Vec<_>>(), [13, 15, 16, 17, 18, 19, 39].map(Some));
    let again = report.findings.iter().filter(|found| found.rule == Rule::Decision).count();
    assert!(again >= 6, "{again}");
    assert!(report.over_use.len() > 9, "{}", report.over_use.len());
    assert_eq!(report.other_grants.len(), 4);
    let again = audit(&files, &Options { period: Some(period(0)), uses_at_once: 1, ..Options::default() });
    assert_eq!(prove_over_use(&files, &again), prove_over_use(&files, &report));
    let first = report.statement.unwrap();
    day.agree(&first, OPEN + 14 * 3_600);
    // In the next period some of it is taken back, and more comes.
    for index in [FIRST_USE, 4, 7] {
        day.cities[1].ledger.record(Announcement::Reversal { gate: 1, index }, time(OPEN + DAY)).unwrap();
    }
    for number in 1..=9 {
        show(&mut day, (1, 1), number, OPEN + DAY + i64::from(number) * 60);
    }
    day.deliver(1, 1, OPEN + DAY + 3_000);
    day.finish(OPEN + DAY + 14 * 3_600);
    let second = audited(&day.files(), Some(1)).statement.unwrap();
    assert_eq!((second.previous(), second.taken_back().len()), (Some(first.digest()), 3));
    assert_ne!((second.adjustments(), second.over_uses()), (&[][..], &[][..]));
}

/// A gate is told of the newest entries of its city's ledger, or of all of them, and the same of the other city's.
fn tell(day: &mut Day, (city, gate): (usize, usize), now: i64, chance: &mut impl FnMut(u64) -> u64) -> bool {
    let mut facts = |city: usize| {
        let ledger = &day.cities[city].ledger;
        let end = ledger.log().size();
        let from = if chance(2) == 0 { 0 } else { end - 1 - chance(4) };
        ledger.usage(from..end, UnixTime::MIN, |_| true).unwrap()
    };
    let mut known = facts(city);
    known.merge(facts(1 - city));
    let digest = day.cities[city].ledger.usage_digest(known, time(now)).unwrap();
    day.gate(city, gate).sync(&SyncInput { usage_digests: &[&digest], ..SyncInput::default() }, time(now)).is_ok()
}

/// Honest parties at random: gates admit, annul and hand over when they can, cities take back and tell their gates a part
/// of what they know. Nobody is blamed for what they could not know, and no closed period changes.
#[test]
fn honest_days_are_clean_and_what_is_closed_stays_closed() {
    let gates = [(0, 0), (0, 1), (1, 0), (1, 1)];
    let (mut annulled, mut reversed, mut told, mut taken_back) = (0, 0, 0, 0);
    for seed in 1..17_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut chance = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut day = Day::open();
        for number in 0..3 {
            let mut now = OPEN + number * DAY;
            for _ in 0..40 {
                now += 1 + chance(300) as i64;
                let (city, gate) = gates[chance(4) as usize];
                match chance(10) {
                    0..4 => {
                        let product = [1, 1, 2, 3][chance(4) as usize];
                        let number = 10 * product as u8 + chance(2) as u8;
                        let pass = pass(CITIES[0], number, product, |_| ());
                        day.scan(city, gate, &code(&pass, number, now), now);
                    }
                    4 | 5 => {
                        let size = day.gate(city, gate).log().size();
                        let index = size - 1 - chance(size.min(4));
                        annulled += u32::from(day.gate(city, gate).annul(index, time(now)).is_ok());
                    }
                    6 => {
                        let index = chance(day.gate(city, gate).log().size());
                        let back = Announcement::Reversal { gate: gate as u32 + 1, index };
                        if day.cities[city].ledger.record(back, time(now)).is_ok() {
                            reversed += 1;
                            told += u32::from(tell(&mut day, (city, gate), now, &mut chance));
                        }
                    }
                    7 => told += u32::from(tell(&mut day, (city, gate), now, &mut chance)),
                    _ => day.deliver(city, gate, now),
                }
            }
            let settled = settle(&mut day, number);
            taken_back += settled.taken_back().len();
            later(&day, &settled);
        }
    }
    assert!(
        annulled > 20 && reversed > 20 && told > 100 && taken_back > 15,
        "{annulled} {reversed} {told} {taken_back}"
    );
}
