//! The federated view: whatever the order in which ledgers and journals arrive, twice or in parts, and whoever
//! told whom, who has read the same holds the same.

use onecard::gate::{Record, Redemption};
use onecard::id::{GateId, PassId, PassKey};
use onecard::ledger::{Announcement, Entry, Journal, View};
use onecard::product::{Usage, Use};
use onecard::tlog::MemoryStorage;
use onecard::trust::GateCertificate;
use onecard_testkit::day::{CITIES, Day, OPEN, id, time};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a city may read, in one piece.
#[derive(Clone, Debug)]
enum Piece {
    Record(Box<GateCertificate>, u64, Record),
    Entry(u32, Entry),
}

/// All that a day of four cities comes to: uses, over-uses, reversals.
static DAY: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let mut day = Day::over_used();
    day.cities[0].ledger.record(Announcement::Reversal { gate: 1, index: 2 }, time(OPEN + 80_000)).unwrap();
    day.cities[1].ledger.record(Announcement::Reversal { gate: 1, index: 4 }, time(OPEN + 80_000)).unwrap();
    pieces(&day)
});

/// The same with another day of the same gates, as if each had signed two histories.
static TWO_HISTORIES: LazyLock<Vec<Piece>> = LazyLock::new(|| [&DAY[..], &pieces(&Day::ordinary())].concat());

fn pieces(day: &Day) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for city in &day.cities {
        let (ledger, member) = (&city.ledger, city.ledger.member().code());
        for index in 0..ledger.log().size() {
            let body = ledger.log().body(ledger.storage(), index).unwrap();
            pieces.push(Piece::Entry(member, Entry::decode(&body).unwrap().1));
        }
        for journal in ledger.journals().values() {
            pieces.extend(records(journal, ledger.storage()));
        }
    }
    pieces
}

fn records(journal: &Journal, storage: &MemoryStorage) -> Vec<Piece> {
    let piece = |index| {
        let record = Record::decode(&journal.log().body(storage, index).unwrap()).unwrap();
        Piece::Record(Box::new(journal.certificate().clone()), index, record)
    };
    (0..journal.log().size()).map(piece).collect()
}

fn learn(view: &mut View, piece: &Piece) -> bool {
    match piece {
        Piece::Record(certificate, index, record) => view.record(certificate, *index, record),
        Piece::Entry(member, entry) => view.entry(id(*member), entry),
    }
}

fn learnt<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> View {
    let mut view = View::new();
    pieces.into_iter().for_each(|piece| _ = learn(&mut view, piece));
    view
}

fn merged(a: &View, b: &View) -> View {
    let mut both = a.clone();
    both.merge(b);
    both
}

fn pass(issuer: u32, number: u8) -> PassKey {
    PassKey { issuer: id(issuer), pass: PassId::from_bytes([number; 10]) }
}

#[test]
fn a_view_has_the_uses_that_stand() {
    let day = Day::ordinary();
    let mut view = View::new();
    let (huangpu, nanjing) = (&day.cities[0].ledger, &day.cities[1].ledger);
    for ledger in [huangpu, nanjing] {
        for journal in ledger.journals().values() {
            for piece in records(journal, ledger.storage()) {
                let told = learn(&mut view, &piece);
                let Piece::Record(_, _, record) = &piece else { unreachable!() };
                assert_eq!(told, matches!(record, Record::Redeemed(_) | Record::Annulled { .. }), "{record:?}");
                assert!(!learn(&mut view, &piece), "again: {record:?}");
            }
        }
    }
    let of = |view: &View, pass: PassKey| {
        let used = view.usage(pass);
        used.uses().iter().map(|used| (used.gate.to_string(), used.index)).collect::<Vec<_>>()
    };
    let gate = |member: u32, number| GateId { member: id(member), number }.to_string();
    let twice = [(gate(CITIES[0], 1), 2), (gate(CITIES[1], 1), 3)];
    assert_eq!(of(&view, pass(CITIES[0], 1)), twice);
    assert_eq!(of(&view, pass(CITIES[1], 2)), [(gate(CITIES[1], 2), 2)], "the first was annulled");
    let all: Vec<_> = view.passes().map(|(pass, product, usage)| (pass, product.issuer, usage.uses().len())).collect();
    let of_three = [(CITIES[0], 1, 2), (CITIES[1], 2, 1), (CITIES[2], 3, 1)];
    assert_eq!(all, of_three.map(|(issuer, number, uses)| (pass(issuer, number), id(issuer), uses)));
    // A reversal in the ledger takes a use back as an annulment does.
    let before = view.digest();
    assert!(view.entry(id(CITIES[1]), &Entry::Announced(Announcement::Reversal { gate: 1, index: 3 })));
    assert_eq!(of(&view, pass(CITIES[0], 1)), twice[..1]);
    assert_ne!(view.digest(), before);
    assert!(view.entry(id(CITIES[0]), &Entry::Announced(Announcement::Reversal { gate: 1, index: 2 })));
    assert_eq!((view.usage(pass(CITIES[0], 1)), view.passes().count()), (Usage::new(), 2));
    assert!(!view.entry(id(CITIES[0]), &Entry::GateRetired { gate: 1 }));
}

#[test]
fn the_digest_is_frozen() {
    assert_eq!(View::new().digest().to_string(), "76a11cb7991bc4caa50f12055d246d121160975f1293519a0da0283d02ffb83d");
    assert_eq!(
        learnt(DAY.iter()).digest().to_string(),
        "6e486bb86239770bfca4116657ac6221ddf41bb597c6eb9a5072312a40f77f2b"
    );
}

#[test]
fn of_two_histories_of_a_gate_one_stays_whatever_came_first() {
    let found = DAY.iter().find_map(|piece| match piece {
        Piece::Record(gate, index, Record::Redeemed(redemption)) => Some((gate.clone(), *index, *redemption)),
        _ => None,
    });
    let (gate, index, redemption) = found.unwrap();
    let early = Redemption { time: time(redemption.time.seconds() - 1), pass: pass(CITIES[3], 9), ..redemption };
    let both = [redemption, early].map(|redemption| Piece::Record(gate.clone(), index, Record::Redeemed(redemption)));
    let (one, other) = (learnt(&both), learnt(both.iter().rev()));
    assert_eq!((one.digest(), &one), (other.digest(), &other));
    assert_eq!((one.usage(early.pass).uses().len(), one.usage(redemption.pass)), (1, Usage::new()));
    assert_eq!(merged(&learnt(&both[..1]), &learnt(&both[1..])), one);
}

#[test]
fn each_fact_is_in_the_digest() {
    let facts = |piece: &&Piece| {
        matches!(
            piece,
            Piece::Record(_, _, Record::Redeemed(_) | Record::Annulled { .. })
                | Piece::Entry(_, Entry::Announced(Announcement::Reversal { .. }))
        )
    };
    let facts: Vec<&Piece> = DAY.iter().filter(facts).collect();
    let digests: BTreeSet<_> = facts.iter().map(|piece| learnt([*piece]).digest()).collect();
    assert!(!digests.contains(&View::new().digest()), "nothing is known of nothing");
    assert_eq!((digests.len(), facts.len()), (8, 8));
}

/// Pieces in any order, some of them twice, some never.
fn delivered(pieces: &'static [Piece]) -> impl Strategy<Value = Vec<Piece>> {
    let count = pieces.len();
    proptest::collection::vec(0..count, 0..count * 2)
        .prop_map(|order| order.into_iter().map(|at| pieces[at].clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(310_101),
        ..ProptestConfig::default()
    })]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(a in delivered(&TWO_HISTORIES), b in delivered(&TWO_HISTORIES), c in delivered(&TWO_HISTORIES)) {
        let (a, b, c) = (learnt(&a), learnt(&b), learnt(&c));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a.clone());
        prop_assert_eq!(merged(&a, &View::new()), a);
    }

    #[test]
    fn who_has_read_the_same_holds_the_same(
        order in Just(TWO_HISTORIES.clone()).prop_shuffle(), twice in delivered(&TWO_HISTORIES), cut in any::<prop::sample::Index>(),
    ) {
        let whole = learnt(TWO_HISTORIES.iter());
        let other = learnt(order.iter().chain(&twice));
        prop_assert_eq!(other.digest(), whole.digest());
        prop_assert_eq!(&other, &whole);
        // In two parts, read by two who then tell each other.
        let (left, right) = order.split_at(cut.index(order.len()));
        let (left, right) = (learnt(left), learnt(right));
        prop_assert_eq!(merged(&left, &right).digest(), whole.digest());
        prop_assert_eq!(merged(&right, &left), whole);
    }

    #[test]
    fn equal_digests_are_equal_views(a in delivered(&TWO_HISTORIES), b in delivered(&TWO_HISTORIES)) {
        let (a, b) = (learnt(&a), learnt(&b));
        prop_assert_eq!(a.digest() == b.digest(), a == b);
    }

    #[test]
    fn each_pass_has_the_usage_of_its_own_facts(pieces in delivered(&DAY)) {
        let view = learnt(&pieces);
        for (pass, product, usage) in view.passes() {
            prop_assert_eq!(&usage, &view.usage(pass));
            prop_assert_eq!(product.issuer, pass.issuer);
            prop_assert!(!usage.uses().is_empty());
        }
        let mut expected = Usage::new();
        for piece in &pieces {
            match piece {
                Piece::Record(gate, index, Record::Redeemed(redemption)) if redemption.pass == pass(CITIES[0], 1) => {
                    expected.insert(Use {
                        time: redemption.time,
                        gate: gate.gate(),
                        index: *index,
                        venue: gate.venue(),
                        service: gate.service(),
                        grant: redemption.grant,
                        party: redemption.party,
                    });
                }
                Piece::Record(gate, _, Record::Annulled { index, .. }) => _ = expected.annul(gate.gate(), *index),
                Piece::Entry(member, Entry::Announced(Announcement::Reversal { gate, index })) => {
                    expected.annul(GateId { member: id(*member), number: *gate }, *index);
                }
                _ => {}
            }
        }
        let found = view.usage(pass(CITIES[0], 1));
        prop_assert_eq!(found.uses(), expected.uses());
    }
}
