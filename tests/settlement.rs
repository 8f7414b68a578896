//! The worked month of `docs/settlement.md`: every table and every amount on that page is computed here.

use onecard::audit::{Options, SettlementPeriod, Statement, audit};
use onecard::gate::Scan;
use onecard::ledger::Announcement;
use onecard::product::{Method, Rate};
use onecard_testkit::day::{self, CITIES, Day, OPEN, code, index, pass, time};

const PAGE: &str = include_str!("../docs/settlement.md");
const DAY: i64 = 86_400;
/// Midnight before the first day.
const OCTOBER: i64 = OPEN - 9 * 3_600;
const NOVEMBER: i64 = OCTOBER + 31 * DAY;
const DECEMBER: i64 = NOVEMBER + 30 * DAY;

/// A pass of this city, number and product is shown at a gate; the index of the record.
fn visit(
    day: &mut Day,
    (issuer, number, product): (u32, u8, u16),
    (city, gate): (usize, usize),
    party: u8,
    at: i64,
) -> u64 {
    let shown = code(&pass(issuer, number, product, |_| {}), number, at);
    index(day.gate(city, gate).admit(Scan { party, ..Scan::text(shown.as_bytes()) }, time(at)))
}

fn settle(day: &mut Day, from: i64, until: i64, at: i64) -> Statement {
    day.finish(at);
    let period = SettlementPeriod { from: time(from), until: time(until) };
    let report = audit(&day.files(), &Options { period: Some(period), ..Options::default() });
    assert_eq!((&report.findings[..], &report.over_use[..], &report.other_grants[..]), (&[][..], &[][..], &[][..]));
    let statement = report.statement.unwrap();
    day.agree(&statement, at);
    statement
}

/// October and November of the page.
fn months() -> [Statement; 2] {
    let mut day = Day::open();
    let [huangpu, nanjing, hangzhou, _] = CITIES;
    let (lin, mei, wu, xu, zhao) =
        ((hangzhou, 1, 1), (huangpu, 2, 2), (nanjing, 3, 3), (nanjing, 4, 3), (huangpu, 5, 4));
    // Gates by city and place: venues 1 and 2 of Huangpu, venues 1 and 2 of Nanjing.
    let (yu, bund, palace, wall) = ((0, 0), (0, 1), (1, 0), (1, 1));
    visit(&mut day, lin, yu, 3, OPEN);
    visit(&mut day, lin, bund, 1, OPEN + 600);
    visit(&mut day, mei, yu, 1, OPEN + 1_200);
    visit(&mut day, mei, palace, 1, OPEN + 1_800);
    let reversed = visit(&mut day, mei, wall, 1, OPEN + 2_400);
    visit(&mut day, wu, palace, 3, OPEN + 3_000);
    visit(&mut day, xu, wall, 2, OPEN + 3_600);
    visit(&mut day, zhao, yu, 1, OPEN + 4_200);
    visit(&mut day, zhao, yu, 1, OPEN + 14_200);
    for (city, gate) in [yu, palace, wall] {
        day.deliver(city, gate, OPEN + 40_000);
    }
    let october = settle(&mut day, OCTOBER, NOVEMBER, NOVEMBER + 600);
    // The gate at the Bund was cut off all month; and Nanjing takes a use back.
    day.deliver(0, 1, NOVEMBER + DAY);
    day.cities[1].ledger.record(Announcement::Reversal { gate: 2, index: reversed }, time(NOVEMBER + DAY)).unwrap();
    let november = settle(&mut day, NOVEMBER, DECEMBER, DECEMBER + 600);
    [october, november]
}

/// The part of the page that is computed.
fn worked() -> &'static str {
    PAGE.split_once("\n## A worked month\n").unwrap().1
}

/// Amounts of yuan as they are written: digits, a point, two digits.
fn amounts(text: &str) -> Vec<&str> {
    let words = text.split(|character: char| !character.is_ascii_digit() && character != '.');
    let words = words.map(|word| word.trim_matches('.'));
    words.filter(|word| word.split_once('.').is_some_and(|(yuan, fen)| !yuan.is_empty() && fen.len() == 2)).collect()
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

#[test]
fn the_tables_are_the_statements() {
    let tables: Vec<&str> = worked().split("```").skip(1).step_by(2).collect();
    let statements = months();
    assert_eq!(tables.len(), statements.len());
    for (table, statement) in tables.iter().zip(&statements) {
        let expected = format!("csv\n{}", statement.to_csv().replace("\r\n", "\n"));
        assert_eq!(*table, expected, "the page should say:\n{expected}");
    }
}

#[test]
fn each_amount_in_the_text_is_computed() {
    let [october, november] = months();
    let catalogue = day::catalogue_spec(CITIES[0]);
    let [small, large] = [0, 1].map(|place| i64::from(catalogue.venues[place].price_fen));
    let price = i64::from(catalogue.products[1].settlement.price_fen);
    let line = |statement: &Statement, product: (u32, u16), venue: (u32, u16)| {
        let line = statement.lines().iter().find(|line| {
            (line.product.issuer.code(), line.product.product) == product
                && (line.venue.member.code(), line.venue.number) == venue
        });
        line.map(|line| (line.fen as i64, line.due_fen as i64)).unwrap()
    };
    let [huangpu, nanjing, hangzhou, _] = CITIES;
    let (yu, bund, palace, wall) = ((huangpu, 1), (huangpu, 2), (nanjing, 1), (nanjing, 2));
    let lin = line(&october, (hangzhou, 1), yu).0;
    let mei = [yu, palace, wall].map(|venue| line(&october, (huangpu, 2), venue));
    let pool = [palace, wall].map(|venue| line(&october, (nanjing, 3), venue).0);
    let zhao = line(&october, (huangpu, 4), yu);
    let Method::Contracted(Rate::PerUse(rate)) = catalogue.products[3].settlement.method else { unreachable!() };
    let rate = i64::from(rate);
    let net = |statement: &Statement, member: u32| {
        statement.nets().iter().find(|net| net.member.code() == member).unwrap().fen
    };
    let collected =
        |member: u32| october.co_payments().iter().find(|paid| paid.member.code() == member).unwrap().fen as i64;
    let late = line(&november, (hangzhou, 1), bund).0;
    let adjusted: Vec<i64> = november.adjustments().iter().map(|adjusted| adjusted.fen).collect();
    let payment = |payer: u32, payee: u32| {
        let paid = november.payments().iter().find(|paid| (paid.payer.code(), paid.payee.code()) == (payer, payee));
        paid.unwrap().fen as i64
    };
    let half = price / 2;
    let expected = [
        // The venues.
        small,
        large,
        // Contracted, and with co-payment.
        3 * small,
        lin,
        rate,
        zhao.1,
        rate,
        zhao.0 - rate,
        zhao.0,
        // Equal split.
        price,
        mei[0].0,
        mei[1].0,
        mei[2].0,
        mei[0].1,
        mei[2].1,
        // Weighted pool.
        2 * price,
        small,
        large,
        pool[0],
        pool[1],
        // Payments and nets.
        net(&october, huangpu),
        net(&october, nanjing),
        net(&october, hangzhou),
        collected(huangpu),
        collected(nanjing),
        // November.
        large,
        late,
        price,
        half,
        half,
        adjusted[0],
        adjusted[1],
        adjusted[2],
        adjusted[1],
        adjusted[2],
        payment(nanjing, huangpu),
        payment(huangpu, huangpu),
        payment(hangzhou, huangpu),
        net(&november, huangpu),
        net(&november, nanjing),
        net(&november, hangzhou),
    ];
    let expected: Vec<String> = expected.into_iter().map(yuan).collect();
    let prose: String = worked().split("```").step_by(2).collect();
    assert_eq!(amounts(&prose), expected);
    // What the text says in words.
    assert_eq!(november.previous(), Some(october.digest()));
    assert_eq!((november.late().len(), november.taken_back().len(), october.late().len()), (1, 1, 0));
    assert_eq!(adjusted[2] + adjusted[0] + adjusted[1], 0);
    assert_eq!((mei[0].0 + mei[1].0 + mei[2].0, pool[0] + pool[1]), (price, 2 * price));
    assert_eq!(2 * large, 4 * small, "three parts and four");
    for statement in [&october, &november] {
        assert_eq!(statement.nets().iter().map(|net| net.fen).sum::<i64>(), 0);
    }
}
