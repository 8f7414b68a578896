//! Tests of `periods.rs`.

use super::super::settle::tests::{BUNDLE, config, cut_offs, faulty, period, used, uses};
use super::super::settle::{Earlier, settle};
use super::*;
use crate::id::{PassKey, VenueId};
use proptest::prelude::*;

const PERIODS: usize = 4;

fn periods() -> Periods {
    closed(PERIODS)
}

fn closed(count: usize) -> Periods {
    let closing = |at: usize| Closing {
        period: period(),
        cut_offs: cut_offs(),
        agreed: Some(Hash([at as u8; 32])),
        bundle: BUNDLE.clone(),
        lacking: false,
    };
    Periods { closings: (0..count).map(closing).collect(), wanted: None, open: BUNDLE.clone(), may_go_on: false }
}

/// One pass, used twice in each period, and one of those uses taken back in the next.
#[test]
fn accounts_of_changes_are_as_many_as_there_are_changes() {
    const COUNT: usize = 60;
    let periods = closed(COUNT);
    let use_ = |at: usize| Booked {
        period: at / 2,
        taken_back: (at % 2 == 1).then_some(at / 2 + 1),
        used: used(0, 1, 0, at as u64),
    };
    let mut books = Books::open(&periods);
    books.add(&(0..2 * COUNT).map(use_).collect::<Vec<_>>());
    let accounts: usize = books.books.iter().map(|book| book.changed.len()).sum();
    assert_eq!(accounts, COUNT - 1);
}

/// One period comes to more than a statement holds, which is for its own statement to say.
#[test]
fn what_does_not_change_is_not_counted_again() {
    let periods = periods();
    let use_ = |pass: u8, period, taken_back| Booked { period, taken_back, used: used(0, pass, 0, pass.into()) };
    let mut books = Books::open(&periods);
    books.add(&[use_(1, 0, None)]);
    books.add(&[use_(2, 1, Some(2))]);
    let none = periods.closings[0].account();
    let (mut other, account) = (periods.closings[0].account(), &mut books.books[0].account);
    for _ in 0..64 {
        other.change(&none, account);
        account.change(&none, &other);
    }
    assert_eq!(books.statement(0), Err(StatementError::Amount.into()));
    let back = [1, 2].map(|at| books.statement(at).unwrap().taken_back().len());
    assert_eq!(back, [0, 1]);
}

/// Uses of some periods, some of them taken back in a later one.
fn booked() -> impl Strategy<Value = Vec<Booked>> {
    placed(uses())
}

/// The same, of which some cannot be settled.
fn faulty_booked() -> impl Strategy<Value = Vec<Booked>> {
    placed(faulty()).prop_map(|mut booked| {
        // No record of a journal comes twice.
        let mut seen = BTreeSet::new();
        booked.retain(|use_| seen.insert(use_.used.used.key()));
        booked
    })
}

fn placed(uses: impl Strategy<Value = Vec<Settled>>) -> impl Strategy<Value = Vec<Booked>> {
    let places = proptest::collection::vec((0..PERIODS, proptest::option::of(1..PERIODS)), 24);
    (uses, places).prop_map(|(uses, places)| {
        let book = |(used, (period, later)): (Settled, (usize, Option<usize>))| Booked {
            period,
            taken_back: later.map(|later| period + later),
            used,
        };
        let mut booked: Vec<Booked> = uses.into_iter().zip(places).map(book).collect();
        booked.sort_by_key(|use_| use_.used.pass);
        booked
    })
}

fn add_up(sums: &mut BTreeMap<(ProductRef, VenueId), i128>, key: (ProductRef, VenueId), fen: i128) {
    *sums.entry(key).or_default() += fen;
}

/// The statements of all periods, of uses that come pass by pass.
fn statements(periods: &Periods, booked: &[Booked]) -> Vec<Result<Statement, SettleError>> {
    let mut booked = booked.to_vec();
    booked.sort_by_key(|use_| (use_.used.pass, use_.period));
    let mut books = Books::open(periods);
    booked.chunk_by(|a, b| a.used.pass == b.used.pass).for_each(|of_pass| books.add(of_pass));
    (0..PERIODS).map(|at| books.statement(at)).collect()
}

/// What [`shared`] means for all passes: whose price was shared before a period, by what is known later.
fn shared_before(booked: &[Booked], at: usize, known: usize) -> BTreeSet<(PassKey, ProductRef)> {
    let uses = booked.iter().filter(|use_| use_.period < at && use_.stands_at(known) && use_.used.is_paid());
    uses.map(|use_| (use_.used.pass, use_.used.product)).collect()
}

fn uses_of(booked: &[Booked], at: usize, known: usize) -> Vec<Settled> {
    booked.iter().filter(|use_| use_.period == at && use_.stands_at(known)).map(|use_| use_.used).collect()
}

/// What the lines of one period come to by what is known at the end of another: settled as if nothing came after.
fn earned(
    periods: &Periods,
    at: usize,
    known: usize,
    booked: &[Booked],
) -> Result<BTreeMap<(ProductRef, VenueId), i128>, SettleError> {
    let Closing { period, cut_offs, bundle, .. } = &periods.closings[at];
    let passes = shared_before(booked, at, known);
    let earlier = Earlier { statement: Some(Hash([0; 32])), passes, ..Earlier::default() };
    let statement = settle(period, cut_offs, &uses_of(booked, at, known), bundle, &earlier)?;
    Ok(statement.lines().iter().map(|line| ((line.product, line.venue), line.fen.into())).collect())
}

/// What [`Books`] means: each statement anew of all uses.
fn slowly(periods: &Periods, at: usize, booked: &[Booked]) -> Result<Statement, SettleError> {
    let back = booked.iter().filter(|use_| use_.taken_back == Some(at) && use_.used.is_paid());
    let mut taken_back: Vec<TakenBack> =
        back.map(|use_| TakenBack { gate: use_.used.used.gate, index: use_.used.used.index }).collect();
    taken_back.sort_unstable();
    let mut differences = BTreeMap::new();
    for closed in (0..at).filter(|_| !taken_back.is_empty()) {
        earned(periods, closed, at, booked)?.into_iter().for_each(|(key, fen)| add_up(&mut differences, key, fen));
        let before = earned(periods, closed, at - 1, booked)?;
        before.into_iter().for_each(|(key, fen)| add_up(&mut differences, key, -fen));
    }
    let changed = differences.into_iter().filter(|(_, fen)| *fen != 0);
    let adjustments =
        changed.map(|((product, venue), fen)| Adjustment { product, venue, fen: fen.try_into().unwrap() }).collect();
    let Closing { period, cut_offs, bundle, .. } = &periods.closings[at];
    let statement = at.checked_sub(1).and_then(|before| periods.closings[before].agreed);
    let earlier = Earlier { statement, passes: shared_before(booked, at, at), taken_back, adjustments };
    settle(period, cut_offs, &uses_of(booked, at, at), bundle, &earlier)
}

proptest! {
    #![proptest_config(config(7_003, 256))]

    #[test]
    fn the_statements_sum_to_what_is_known_at_the_end(booked in booked()) {
        let periods = periods();
        let (mut paid, mut known) = (BTreeMap::new(), BTreeMap::new());
        for (at, statement) in statements(&periods, &booked).into_iter().enumerate() {
            let statement = statement.unwrap();
            prop_assert_eq!(statement.nets().iter().map(|net| net.fen).sum::<i64>(), 0);
            prop_assert_eq!(statement.previous(), at.checked_sub(1).map(|before| Hash([before as u8; 32])));
            let back = booked.iter().filter(|use_| use_.taken_back == Some(at) && use_.used.is_paid());
            prop_assert_eq!(statement.taken_back().len(), back.count());
            for line in statement.lines() {
                add_up(&mut paid, (line.product, line.venue), line.fen.into());
            }
            for adjusted in statement.adjustments() {
                add_up(&mut paid, (adjusted.product, adjusted.venue), adjusted.fen.into());
            }
            prop_assert_eq!(Statement::decode(&statement.encode()), Ok(statement));
            for (key, fen) in earned(&periods, at, PERIODS - 1, &booked).unwrap() {
                add_up(&mut known, key, fen);
            }
        }
        for sums in [&mut paid, &mut known] {
            sums.retain(|_, fen| *fen != 0);
        }
        prop_assert_eq!(paid, known);
    }

    #[test]
    fn a_closed_period_does_not_change(booked in booked(), now in 1..PERIODS) {
        let periods = periods();
        let known_then: Vec<Booked> = booked
            .iter()
            .filter(|use_| use_.period < now)
            .map(|use_| Booked { taken_back: use_.taken_back.filter(|at| *at < now), ..*use_ })
            .collect();
        let (then, now_known) = (statements(&periods, &known_then), statements(&periods, &booked));
        prop_assert_eq!(&then[..now], &now_known[..now]);
    }

    /// Also of uses that cannot be priced.
    #[test]
    fn passes_in_any_order_say_what_all_uses_together_say(
        (booked, passes) in (prop_oneof![booked(), faulty_booked()], Just(vec![0, 1, 2, 3, 4, 5, 6, 7]).prop_shuffle()),
    ) {
        let periods = periods();
        let mut books = Books::open(&periods);
        let mut by_pass: BTreeMap<PassKey, Vec<Booked>> = BTreeMap::new();
        booked.iter().for_each(|use_| by_pass.entry(use_.used.pass).or_default().push(*use_));
        let mut by_pass: Vec<Vec<Booked>> = by_pass.into_values().collect();
        by_pass.sort_by_key(|uses| passes[usize::from(uses[0].used.pass.pass.as_bytes()[0]) % passes.len()]);
        for mut uses in by_pass {
            uses.sort_by_key(|use_| use_.period);
            books.add(&uses);
        }
        for at in 0..PERIODS {
            prop_assert_eq!(books.statement(at), slowly(&periods, at, &booked), "{}", at);
        }
    }
}
