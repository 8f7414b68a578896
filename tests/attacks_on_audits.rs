//! What one city can do to the audit of all: nothing but make its own ledger an error.

use onecard::audit::{
    Finding, FindingSeverity, MemoryFiles, Options, OverUse, Report, Rule, SettlementPeriod, Statement, audit,
    prove_over_use,
};
use onecard::crypto::{Hash, SigningKey};
use onecard::ledger::{Announcement, CutOff, StatementRef};
use onecard::trust::Role;
use onecard_testkit::day::{CITIES, Day, OPEN, code, id, index, pass, secret, time, trust_spec};

const DAY: i64 = 86_400;
const NANJING: usize = 1;

fn period(number: i64) -> SettlementPeriod {
    let from = OPEN - 9 * 3_600 + number * DAY;
    SettlementPeriod { from: time(from), until: time(from + DAY) }
}

fn audited(files: &MemoryFiles, number: Option<i64>) -> Report {
    let options = Options { period: number.map(period), ..Options::default() };
    let report = audit(files, &options);
    let again = audit(files, &Options { uses_at_once: 1, ..options });
    assert_eq!(again.to_json(), report.to_json());
    report
}

fn show(day: &mut Day, number: u8, (city, gate): (usize, usize), at: i64) {
    let pass = pass(CITIES[0], number, 1, |_| ());
    index(day.scan(city, gate, &code(&pass, number, at), at));
}

/// Place and rule of the errors.
fn errors(report: &Report) -> Vec<(String, Rule)> {
    let is_error = |found: &&Finding| found.severity == FindingSeverity::Error;
    report.findings.iter().filter(is_error).map(|found| (found.place.clone(), found.rule)).collect()
}

fn statement_of(day: &Day, number: i64) -> Statement {
    audited(&day.files(), Some(number)).statement.unwrap()
}

/// A statement of visits that never were: computed in another world.
fn invented() -> Statement {
    let mut other = Day::open();
    for number in 1..=20 {
        show(&mut other, number, (NANJING, 0), OPEN + 600 * i64::from(number));
    }
    other.deliver(NANJING, 0, OPEN + 600 * 22);
    other.finish(OPEN + 14 * 3_600);
    statement_of(&other, 0)
}

/// One visit in Huangpu.
fn one_visit() -> Day {
    let mut day = Day::open();
    show(&mut day, 1, (0, 0), OPEN);
    day.deliver(0, 0, OPEN + 3_000);
    day
}

/// Nanjing alone says that this is settled.
fn say_settled(day: &mut Day, number: i64, cut_offs: Vec<CutOff>, digest: Hash) {
    let SettlementPeriod { from, until } = period(number);
    let at = OPEN + number * DAY + 13 * 3_600;
    day.cities[NANJING]
        .ledger
        .record(Announcement::Settlement(StatementRef { from, until, cut_offs, digest }), time(at))
        .unwrap();
    day.finish(at + 3_600);
}

/// Cut-offs of these cities' ledgers beyond what anybody publishes.
fn beyond(cities: &[u32]) -> Vec<CutOff> {
    let mut cut_offs: Vec<CutOff> =
        cities.iter().map(|city| CutOff { member: id(*city), size: 1 << 40, root: Hash([7; 32]) }).collect();
    cut_offs.sort_by_key(|cut_off| cut_off.member);
    cut_offs
}

fn ledger() -> (String, Rule) {
    ("ledger/320100".into(), Rule::Statement)
}

fn published() -> (String, Rule) {
    ("statement.cbor".into(), Rule::Statement)
}

#[test]
fn cut_offs_of_one_city_make_no_statement_of_its_own() {
    let fake = invented();
    for whom in [&CITIES[..], &CITIES[..1], &CITIES[1..2], &[]] {
        let mut day = one_visit();
        day.finish(OPEN + 12 * 3_600);
        let honest = statement_of(&day, 0);
        say_settled(&mut day, 0, beyond(whom), fake.digest());
        let mut files = day.files();
        files.insert("statement.cbor".into(), fake.encode());
        let report = audited(&files, None);
        assert_eq!(errors(&report), [ledger(), published()], "{whom:?}: {:?}", report.findings);
        assert_eq!(report.findings.len(), 2, "nobody is behind by its word: {:?}", report.findings);
        assert_eq!((report.agreed, report.settled, report.statement), (0, vec![], None));
        // Nor does it keep the others from settling.
        let report = audited(&files, Some(0));
        assert_eq!(errors(&report), [ledger(), published()]);
        assert_eq!(report.statement.unwrap().payments(), honest.payments());
        // What is the same for all is what a true ledger holds after that: they agree without it.
        let report = audited(&day.files(), Some(1));
        assert_eq!((errors(&report), report.statement.unwrap().previous()), (vec![ledger()], None));
    }
}

#[test]
fn cut_offs_of_one_city_do_not_stop_the_next_period() {
    let mut day = one_visit();
    day.finish(OPEN + 14 * 3_600);
    let first = statement_of(&day, 0);
    day.agree(&first, OPEN + 14 * 3_600);
    show(&mut day, 2, (NANJING, 0), OPEN + DAY);
    day.deliver(NANJING, 0, OPEN + DAY + 3_000);
    day.finish(OPEN + DAY + 3_600);
    say_settled(&mut day, 1, beyond(&CITIES), Hash([9; 32]));
    let report = audited(&day.files(), Some(2));
    assert_eq!((errors(&report), report.findings.len()), (vec![ledger()], 1));
    assert_eq!((report.agreed, report.settled), (1, vec![period(0)]));
    let second = report.statement.unwrap();
    assert_eq!((second.previous(), second.payments().len()), (Some(first.digest()), 1));
}

/// Its own ledger is all that such a statement needs, and it publishes too little of that itself.
#[test]
fn a_journal_held_back_makes_no_statement_of_ones_own() {
    let fake = invented();
    let mut day = one_visit();
    day.deliver(NANJING, 0, OPEN + 3_000);
    day.finish(OPEN + 3_600);
    let early = day.files();
    show(&mut day, 9, (NANJING, 0), OPEN + 4_000);
    day.deliver(NANJING, 0, OPEN + 5_000);
    day.finish(OPEN + 6_000);
    let own = statement_of(&day, 0)
        .cut_offs()
        .iter()
        .filter(|cut_off| cut_off.member == id(CITIES[NANJING]))
        .copied()
        .collect();
    say_settled(&mut day, 0, own, fake.digest());
    let mut files = day.files();
    files.insert("statement.cbor".into(), fake.encode());
    hold_back(&mut files, &early);
    let report = audited(&files, None);
    assert_eq!((errors(&report), report.statement), (vec![ledger(), published()], None));
}

/// Nanjing publishes the journal of its first gate as it was.
fn hold_back(files: &mut MemoryFiles, early: &MemoryFiles) {
    let ours = |path: &str| {
        ["journal", "evidence"].iter().any(|top| path.starts_with(&format!("{top}/{}/1/", CITIES[NANJING])))
    };
    files.retain(|path, _| !ours(path));
    files.extend(early.iter().filter(|(path, _)| ours(path)).map(|(path, file)| (path.clone(), file.clone())));
}

/// Whatever all agreed to before is still compared, and still handed out.
#[test]
fn a_journal_held_back_unbinds_no_earlier_period() {
    for honest in [true, false] {
        let mut day = one_visit();
        day.deliver(NANJING, 0, OPEN + 3_000);
        let night = OPEN + 14 * 3_600;
        day.finish(night);
        let first = statement_of(&day, 0);
        let agreed = if honest { first.digest() } else { Hash([9; 32]) };
        let SettlementPeriod { from, until } = first.period();
        let settled = StatementRef { from, until, cut_offs: first.cut_offs().to_vec(), digest: agreed };
        for city in &mut day.cities {
            city.ledger.record(Announcement::Settlement(settled.clone()), time(night)).unwrap();
        }
        day.finish(night);
        let early = day.files();
        show(&mut day, 9, (NANJING, 0), OPEN + DAY);
        day.deliver(NANJING, 0, OPEN + DAY + 3_000);
        day.finish(OPEN + DAY + 14 * 3_600);
        let mut files = day.files();
        hold_back(&mut files, &early);
        let report = audited(&files, Some(0));
        let found = if honest { vec![] } else { vec![published()] };
        assert_eq!((errors(&report), report.statement), (found, Some(first)));
        // The next period needs what is held back.
        let report = audited(&files, Some(1));
        assert_eq!(report.statement, None);
        let told = "records are damaged or missing";
        let count = report.findings.iter().filter(|found| found.detail.contains(told)).count();
        assert_eq!(count, 1, "{:?}", report.findings);
    }
}

/// All ledgers are gone through once, side by side, whatever one of them says.
#[test]
fn entries_without_end_are_read_once() {
    const COUNT: i64 = 20_000;
    let mut day = Day::open();
    for at in 0..COUNT {
        let (from, until) = (time(OPEN + at), time(OPEN + at + 1));
        let entry = Announcement::Settlement(StatementRef { from, until, cut_offs: Vec::new(), digest: Hash([1; 32]) });
        day.cities[NANJING].ledger.record(entry, time(OPEN + 3_000)).unwrap();
    }
    day.finish(OPEN + 14 * 3_600);
    let report = audit(&day.files(), &Options::default());
    assert_eq!((errors(&report), report.findings.len(), report.agreed), (vec![ledger()], 1, 0));
    assert!(report.findings[0].detail.starts_with("20000 of its statements"), "{:?}", report.findings);
}

/// A gate of Nanjing publishes a shorter journal than the ledger seals, and another one, with a visit of somebody else's pass.
#[test]
fn a_shorter_journal_that_nobody_sealed_accuses_nobody() {
    let mut day = Day::open();
    show(&mut day, 1, (0, 0), OPEN + 3_600);
    show(&mut day, 1, (0, 1), OPEN + 7_200);
    for number in [5, 6] {
        show(&mut day, number, (NANJING, 0), OPEN + 100 * i64::from(number));
    }
    for (city, gate) in [(0, 0), (0, 1), (NANJING, 0)] {
        day.deliver(city, gate, OPEN + 8_000);
    }
    day.finish(OPEN + 9_000);
    let mut files = day.files();
    assert_eq!(audited(&files, Some(0)).over_use, []);
    let mut other = Day::open();
    show(&mut other, 1, (NANJING, 0), OPEN + 100);
    other.deliver(NANJING, 0, OPEN + 8_000);
    other.finish(OPEN + 9_000);
    hold_back(&mut files, &other.files());
    let report = audited(&files, Some(0));
    assert_eq!((&report.over_use[..], prove_over_use(&files, &report).len()), (&[][..], 0));
    assert!(report.findings.iter().any(|found| found.rule == Rule::Behind), "{:?}", report.findings);
    assert_eq!(report.statement, None);
}

/// One city alone adopts next month's list before the cut-offs of last month are taken.
#[test]
fn a_list_adopted_after_a_period_does_not_judge_it() {
    let judged = |adopters: usize, issued: i64| {
        let mut day = Day::over_used();
        let mut spec = trust_spec();
        (spec.sequence, spec.issued, spec.policy.sync_within) = (2, time(issued), 900);
        let roots: Vec<SigningKey> = CITIES[..3].iter().map(|&code| secret(code, Role::Root)).collect();
        let list = spec.sign(&roots.iter().collect::<Vec<_>>());
        for city in day.cities.iter_mut().take(adopters) {
            city.ledger.adopt(&list, time(OPEN + DAY + 1)).unwrap();
        }
        day.finish(OPEN + DAY + 2);
        let mut files = day.files();
        files.insert("trust/trust-list-2.cose".into(), list);
        let report = audited(&files, Some(0));
        let over: Vec<OverUse> = report.over_use;
        let statement = report.statement.unwrap();
        (over.into_iter().map(|over| over.liable).collect::<Vec<_>>(), statement.payments().to_vec())
    };
    let end = period(0).until.seconds();
    let before = judged(0, end);
    for (adopters, issued) in [(1, end), (1, OPEN + DAY), (4, end)] {
        assert_eq!(judged(adopters, issued), before, "{adopters} adopted what was issued at {issued}");
    }
    assert_ne!(judged(1, end - 1), before, "what was issued before the end of the period is adopted in it");
}

/// What comes after the last seal that the published journal reaches takes nothing back either.
#[test]
fn an_annulment_above_the_last_seal_that_is_there_counts_nowhere() {
    let used = |until: usize| {
        let mut day = Day::open();
        show(&mut day, 1, (NANJING, 0), OPEN + 100);
        day.deliver(NANJING, 0, OPEN + 200);
        day.gate(NANJING, 0).annul(2, time(OPEN + 300)).unwrap();
        for number in 5..until {
            show(&mut day, number as u8, (NANJING, 0), OPEN + 100 * number as i64);
        }
        for (at, (city, gate)) in [(3_600, (0, 0)), (7_200, (0, 1))] {
            show(&mut day, 1, (city, gate), OPEN + at);
            day.deliver(city, gate, OPEN + 8_000);
        }
        day.deliver(NANJING, 0, OPEN + 8_000);
        day.finish(OPEN + 9_000);
        day.files()
    };
    let mut files = used(6);
    assert_eq!(audited(&files, Some(0)).over_use, []);
    hold_back(&mut files, &used(5));
    let report = audited(&files, Some(0));
    let gates: Vec<_> = report.over_use.iter().map(|over| over.used.gate.member).collect();
    assert_eq!(gates, [id(CITIES[0])]);
    assert!(report.is_clean() && report.statement.is_none(), "{:?}", report.findings);
}
