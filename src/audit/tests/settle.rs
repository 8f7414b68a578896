//! Tests of `settle.rs`.

use super::*;
use crate::id::PassId;
use crate::product::{Grant, Mask, Price, Scope, Settlement, Validity, Window};
use crate::time::UnixTime;
use crate::trust::test_federation::{id, list, secret, time};
use crate::trust::{CatalogueSpec, Role};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::LazyLock;

const HUANGPU: u32 = 310_101;
const NANJING: u32 = 320_100;
const HANGZHOU: u32 = 330_100;
/// Venues and their reference prices, ascending.
const VENUES: [(u32, u16, u32); 6] = [
    (HUANGPU, 1, 4_000),
    (HUANGPU, 2, 3_001),
    (NANJING, 1, 7_000),
    (NANJING, 2, 0),
    (HANGZHOU, 1, 0),
    (HANGZHOU, 2, 0),
];
const GARDEN: usize = 0;
const TOWER: usize = 1;
const PALACE: usize = 2;
const LAKE: usize = 3;
const PARK: usize = 4;
const WELL: usize = 5;
/// Products: issuer, price of the pass, method. The number is the place here.
const PRODUCTS: [(u32, u32, Method); 6] = [
    (HUANGPU, 10_000, Method::Contracted(Rate::Share(8_333))),
    (HUANGPU, 10_000, Method::Contracted(Rate::PerUse(500))),
    (HUANGPU, 10_000, Method::WeightedPool),
    (HUANGPU, 10_000, Method::EqualSplit),
    (NANJING, 9_999, Method::WeightedPool),
    (NANJING, 10_001, Method::EqualSplit),
];
const SHARE: usize = 0;
const PER_USE: usize = 1;
const POOL: usize = 2;
const SPLIT: usize = 3;
const PERIOD_START: i64 = 1_790_784_000;

pub(in crate::audit) fn config(seed: u64, cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..ProptestConfig::default() }
}

fn product_ref(at: usize) -> ProductRef {
    ProductRef { issuer: id(PRODUCTS[at].0), product: u16::try_from(at).unwrap(), version: 1 }
}

fn venue_id(at: usize) -> VenueId {
    VenueId { member: id(VENUES[at].0), number: VENUES[at].1 }
}

fn product(at: usize) -> Product {
    let (_, price_fen, method) = PRODUCTS[at];
    let grant = Grant {
        scope: Scope { all: true, ..Scope::default() },
        service: 0,
        quotas: vec![],
        window: Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 },
        price: Price::Free,
        holders: vec![],
        choice: None,
    };
    Product {
        id: product_ref(at),
        name_zh: "卡".into(),
        name_en: "Card".into(),
        holders: vec![],
        party_max: 9,
        settlement: Settlement { price_fen, method },
        grants: vec![grant],
    }
}

fn catalogue(member: u32) -> Vec<u8> {
    let venue = |&(_, number, price_fen): &(u32, u16, u32)| Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: "Venue".into(),
        category: 1,
        price_fen,
    };
    let spec = CatalogueSpec {
        member: id(member),
        sequence: 1,
        issued: time(2_000),
        venues: VENUES.iter().filter(|venue| venue.0 == member).map(venue).collect(),
        products: (0..PRODUCTS.len()).filter(|&at| PRODUCTS[at].0 == member).map(product).collect(),
    };
    spec.sign(&secret(member, Role::Registrar))
}

pub(in crate::audit) static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let mut bundle = Bundle::new(list());
    [HUANGPU, NANJING, HANGZHOU]
        .iter()
        .for_each(|&member| bundle.update_catalogue(&catalogue(member), UnixTime::MAX).unwrap());
    bundle
});

pub(in crate::audit) fn period() -> SettlementPeriod {
    SettlementPeriod { from: time(PERIOD_START), until: time(PERIOD_START + 31 * 86_400) }
}

pub(in crate::audit) fn cut_offs() -> Vec<CutOff> {
    let cut_off = |(size, member)| CutOff { member: id(member), size, root: Hash([7; 32]) };
    (10..).zip([HUANGPU, NANJING, HANGZHOU]).map(cut_off).collect()
}

pub(in crate::audit) fn used(product: usize, pass: u8, venue: usize, index: u64) -> Settled {
    let pass = PassKey { issuer: id(PRODUCTS[product].0), pass: PassId::from_bytes([pass; 10]) };
    let used = Use {
        time: time(PERIOD_START + 1_000),
        gate: GateId { member: id(VENUES[venue].0), number: 1 },
        index,
        venue: venue_id(venue),
        service: 0,
        grant: 0,
        party: 1,
    };
    Settled { pass, product: product_ref(product), used, due_fen: 0, liable: None }
}

fn party(party: u8, of: Settled) -> Settled {
    Settled { used: Use { party, ..of.used }, ..of }
}

pub(in crate::audit) fn settled(uses: &[Settled]) -> Statement {
    settle(&period(), &cut_offs(), uses, &BUNDLE, &Earlier::default()).unwrap()
}

fn fen(statement: &Statement) -> Vec<(usize, u64)> {
    let place = |line: &StatementLine| (0..VENUES.len()).find(|&at| venue_id(at) == line.venue).unwrap();
    statement.lines().iter().map(|line| (place(line), line.fen)).collect()
}

fn payments(statement: &Statement) -> Vec<(u32, u32, u64)> {
    statement.payments().iter().map(|payment| (payment.payer.code(), payment.payee.code(), payment.fen)).collect()
}

fn nets(statement: &Statement) -> Vec<(u32, i64)> {
    statement.nets().iter().map(|net| (net.member.code(), net.fen)).collect()
}

/// A small statement with something in every list.
pub(in crate::audit) fn sample() -> Statement {
    let uses = [
        Settled { due_fen: 1_000, ..party(2, used(SHARE, 1, TOWER, 1)) },
        Settled { liable: Some(Liable::Issuer), ..used(SHARE, 1, PALACE, 2) },
        Settled { liable: Some(Liable::Gate), due_fen: 5, ..used(SHARE, 1, PARK, 3) },
        used(POOL, 2, GARDEN, 4),
        Settled {
            used: Use { time: time(PERIOD_START - 1), ..used(POOL, 2, PALACE, 5).used },
            ..used(POOL, 2, PALACE, 5)
        },
        used(5, 3, GARDEN, 6),
        used(5, 3, PARK, 7),
    ];
    let adjustment = |product, venue, fen| Adjustment { product: product_ref(product), venue: venue_id(venue), fen };
    let earlier = Earlier {
        statement: Some(Hash([9; 32])),
        passes: BTreeSet::new(),
        taken_back: vec![TakenBack { gate: GateId { member: id(NANJING), number: 1 }, index: 90 }],
        adjustments: vec![adjustment(SHARE, PALACE, -6_000), adjustment(5, PALACE, -1), adjustment(5, PARK, 600)],
    };
    settle(&period(), &cut_offs(), &uses, &BUNDLE, &earlier).unwrap()
}

#[test]
fn a_use_is_told_by_member_gate_and_index_together() {
    let (first, elsewhere) = (used(SHARE, 1, TOWER, 5), used(SHARE, 2, LAKE, 5));
    let gate = GateId { number: 2, ..first.used.gate };
    let beside = Settled { used: Use { gate, ..first.used }, ..used(SHARE, 3, TOWER, 5) };
    let next = used(SHARE, 4, TOWER, 6);
    let uses = [first, elsewhere, beside, next];
    assert_eq!(settled(&uses).lines().iter().map(|line| line.uses).sum::<u64>(), 4);
    for twice in uses {
        let again = settle(&period(), &cut_offs(), &[&uses[..], &[twice]].concat(), &BUNDLE, &Earlier::default());
        let Use { gate, index, .. } = twice.used;
        assert_eq!(again, Err(SettleError::UseTwice { gate, index }));
    }
}

#[test]
fn a_contracted_share_is_rounded_down_once_per_use() {
    // 2 * 30.01 * 83.33 % = 50.014666; person by person it would be 50.00.
    let two = party(2, used(SHARE, 1, TOWER, 1));
    assert_eq!(fen(&settled(&[two])), [(TOWER, 5_001)]);
    // Twice that is 100.02, and not the 100.029332 of the sum.
    let again = party(2, used(SHARE, 2, TOWER, 2));
    assert_eq!(fen(&settled(&[two, again])), [(TOWER, 10_002)]);
}

#[test]
fn a_co_payment_is_taken_off_each_use_but_never_below_zero() {
    let all = [
        Settled { due_fen: 1_000, ..party(2, used(SHARE, 1, TOWER, 1)) },
        Settled { due_fen: 5_002, ..party(2, used(SHARE, 2, TOWER, 2)) },
        Settled { due_fen: 501, ..party(3, used(PER_USE, 3, TOWER, 3)) },
        Settled { due_fen: 600, ..used(PER_USE, 3, LAKE, 4) },
    ];
    let statement = settled(&all);
    assert_eq!(fen(&statement), [(TOWER, 4_001), (TOWER, 999), (LAKE, 0)]);
    let collected: Vec<_> = statement.co_payments().iter().map(|paid| (paid.member.code(), paid.fen)).collect();
    assert_eq!(collected, [(HUANGPU, 6_503), (NANJING, 600)]);
    assert_eq!(payments(&statement), [(HUANGPU, HUANGPU, 5_000)], "a payment of nothing is none");
    assert_eq!(nets(&statement), [(HUANGPU, 0)], "to itself");
}

#[test]
fn a_weighted_pool_gives_what_is_left_over_to_the_largest_remainders() {
    let all = [
        used(POOL, 1, GARDEN, 1),
        used(POOL, 1, PALACE, 2),
        used(POOL, 2, PALACE, 3),
        used(POOL, 2, TOWER, 4),
        used(POOL, 2, PARK, 5),
    ];
    // 20,000 by 4000 : 3001 : 14000 : 0 of 21,001 is 3809 + 7191/21001, 2857 + 20143/21001,
    // 13332 + 14668/21001 and 0.
    let statement = settled(&all);
    assert_eq!(fen(&statement), [(GARDEN, 3_809), (TOWER, 2_858), (PALACE, 13_333), (PARK, 0)]);
    assert_eq!(statement.pools(), [Pool { product: product_ref(POOL), passes: 2, fen: 20_000 }]);
    assert_eq!(payments(&statement), [(HUANGPU, HUANGPU, 6_667), (HUANGPU, NANJING, 13_333)]);
    assert_eq!(nets(&statement), [(HUANGPU, -13_333), (NANJING, 13_333)]);
}

#[test]
fn a_pool_weighs_persons() {
    // 10,000 by 4000 : 3 * 7000 of 25,000.
    let all = [used(POOL, 1, GARDEN, 1), party(3, used(POOL, 1, PALACE, 2))];
    assert_eq!(fen(&settled(&all)), [(GARDEN, 1_600), (PALACE, 8_400)]);
}

#[test]
fn a_pool_without_weights_goes_by_uses() {
    // 10,000 by 1 : 2 is 3333 + 1/3 and 6666 + 2/3; nine persons are one use.
    let all = [party(9, used(POOL, 1, LAKE, 1)), used(POOL, 1, PARK, 2), used(POOL, 1, PARK, 3)];
    assert_eq!(fen(&settled(&all)), [(LAKE, 3_333), (PARK, 6_667)]);
    // A tie: the first venue gets the fen.
    let all = [used(POOL, 1, WELL, 1), used(POOL, 1, PARK, 2), used(POOL, 1, LAKE, 3)];
    assert_eq!(fen(&settled(&all)), [(LAKE, 3_334), (PARK, 3_333), (WELL, 3_333)]);
}

#[test]
fn an_equal_split_is_by_distinct_venues_of_each_pass() {
    let all = [
        used(SPLIT, 1, PALACE, 1),
        used(SPLIT, 1, TOWER, 2),
        used(SPLIT, 1, GARDEN, 3),
        used(SPLIT, 1, GARDEN, 4),
        used(SPLIT, 2, PALACE, 5),
        used(SPLIT, 2, PARK, 6),
        used(SPLIT, 3, PALACE, 7),
        used(SPLIT, 3, PALACE, 8),
    ];
    let statement = settled(&all);
    assert_eq!(fen(&statement), [(GARDEN, 3_334), (TOWER, 3_333), (PALACE, 18_333), (PARK, 5_000)]);
    assert_eq!(statement.pools(), [Pool { product: product_ref(SPLIT), passes: 3, fen: 30_000 }]);
}

#[test]
fn nets_are_multilateral() {
    // Huangpu owes Nanjing 2 * 5.00, Nanjing owes Huangpu 100.01 and Hangzhou nothing.
    let all =
        [used(PER_USE, 1, PALACE, 1), used(PER_USE, 1, LAKE, 2), used(PER_USE, 1, PARK, 3), used(5, 3, GARDEN, 4)];
    let statement = settled(&all);
    let matrix = [(HUANGPU, NANJING, 1_000), (HUANGPU, HANGZHOU, 500), (NANJING, HUANGPU, 10_001)];
    assert_eq!(payments(&statement), matrix);
    assert_eq!(nets(&statement), [(HUANGPU, 8_501), (NANJING, -9_001), (HANGZHOU, 500)]);
}

#[test]
fn who_was_paid_more_than_they_now_earn_pays_back() {
    let adjustment = |product, venue, fen| Adjustment { product: product_ref(product), venue: venue_id(venue), fen };
    let earlier = Earlier {
        statement: Some(Hash([9; 32])),
        taken_back: vec![TakenBack { gate: GateId { member: id(NANJING), number: 1 }, index: 90 }],
        adjustments: vec![
            adjustment(PER_USE, GARDEN, -700),
            adjustment(PER_USE, PALACE, -1_500),
            adjustment(PER_USE, PARK, -400),
        ],
        ..Earlier::default()
    };
    let uses = [used(PER_USE, 1, PALACE, 1), used(PER_USE, 1, PARK, 2), used(5, 3, GARDEN, 3)];
    let statement = settle(&period(), &cut_offs(), &uses, &BUNDLE, &earlier).unwrap();
    // Nanjing owes Huangpu 100.01 for its own pass and 10.00 back; Huangpu owes itself nothing back.
    assert_eq!(payments(&statement), [(HUANGPU, HANGZHOU, 100), (NANJING, HUANGPU, 11_001)]);
    assert_eq!(nets(&statement), [(HUANGPU, 10_901), (NANJING, -11_001), (HANGZHOU, 100)]);
    assert_eq!(Statement::decode(&statement.encode()), Ok(statement));
}

#[test]
fn an_over_use_is_paid_or_not_by_who_is_liable() {
    let over = |liable, index| Settled { liable: Some(liable), due_fen: 7, ..used(PER_USE, 9, PARK, index) };
    let statement = settled(&[over(Liable::Gate, 2), over(Liable::Issuer, 1)]);
    let lines = statement.lines();
    assert_eq!((lines[0].uses, lines[0].persons, lines[0].unpaid, lines[0].due_fen, lines[0].fen), (1, 1, 1, 14, 493));
    let listed: Vec<_> = statement.over_uses().iter().map(|over| (over.index, over.liable)).collect();
    assert_eq!(listed, [(1, Liable::Issuer), (2, Liable::Gate)]);
    // The price of a pass with nothing but unpaid uses is not shared.
    let unpaid = Settled { liable: Some(Liable::Gate), ..used(SPLIT, 9, PARK, 1) };
    assert_eq!(settled(&[unpaid]).pools(), []);
    assert_eq!(fen(&settled(&[unpaid])), [(PARK, 0)]);
}

#[test]
fn a_price_is_shared_in_one_period_only() {
    let first = [used(POOL, 1, PALACE, 1), used(SPLIT, 2, PALACE, 2)];
    let unpaid = Settled { liable: Some(Liable::Gate), ..used(SPLIT, 3, PALACE, 3) };
    let mut earlier = Earlier::default();
    earlier.learn(&first);
    earlier.learn(&[unpaid]);
    let then = [used(POOL, 1, PARK, 4), used(SPLIT, 2, PARK, 5), used(SPLIT, 3, PARK, 6)];
    let statement = settle(&period(), &cut_offs(), &then, &BUNDLE, &earlier).unwrap();
    assert_eq!(fen(&statement), [(PARK, 0), (PARK, 10_000)]);
    assert_eq!(statement.pools()[0], Pool { product: product_ref(POOL), passes: 0, fen: 0 });
    assert_eq!(Statement::decode(&statement.encode()), Ok(statement));
}

#[test]
fn no_more_late_uses_are_kept_than_a_statement_holds() {
    let mut late = Late::default();
    let gate = GateId { member: MemberId::new(310_101).unwrap(), number: 1 };
    for index in 0..5 {
        late.keep(LateUse { gate, index, time: time(0) }, 3);
    }
    assert_eq!(late.kept.iter().map(|late| late.index).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(late.all(), Err(StatementError::TooLong(5 * LEAST_LATE)));
    let mut all = Late::default();
    all.keep(LateUse { gate, index: 7, time: time(0) }, 1);
    assert_eq!(all.all().unwrap().len(), 1);
}

#[test]
fn what_no_statement_holds_is_not_settled() {
    let gate = GateId { member: id(HUANGPU), number: u32::MAX };
    let taken_back = (u64::MAX - 3_400_000..u64::MAX).map(|index| TakenBack { gate, index }).collect();
    let all = cut_offs();
    let settled = Account::new(period(), &all, &BUNDLE).settle(Some(Hash([1; 32])), taken_back, Vec::new());
    let too_long = |error: &SettleError| matches!(error, SettleError::Statement(StatementError::TooLong(_)));
    assert!(settled.is_err_and(|error| too_long(&error)));
}

#[test]
fn late_uses_are_paid_and_cited() {
    let late = |seconds| {
        let used = used(PER_USE, 1, PARK, 1);
        Settled { used: Use { time: time(PERIOD_START + seconds), ..used.used }, ..used }
    };
    assert_eq!(settled(&[late(0)]).late(), []);
    let statement = settled(&[late(-1)]);
    assert_eq!(fen(&statement), [(PARK, 500)]);
    assert_eq!(statement.late()[0].time, time(PERIOD_START - 1));
}

#[test]
fn what_cannot_be_settled_is_named() {
    let refused = |cut_offs: &[CutOff], uses: &[Settled]| {
        settle(&period(), cut_offs, uses, &BUNDLE, &Earlier::default()).unwrap_err()
    };
    let all = cut_offs();
    let good = used(POOL, 1, PARK, 1);
    let product = ProductRef { version: 2, ..good.product };
    assert_eq!(
        refused(&all, &[good, Settled { product, ..used(POOL, 1, PARK, 2) }]),
        SettleError::UnknownProduct(product)
    );
    let venue = VenueId { member: id(HANGZHOU), number: 9 };
    let elsewhere = Settled { used: Use { venue, ..good.used }, ..good };
    assert_eq!(refused(&all, &[elsewhere]), SettleError::UnknownVenue(venue));
    let foreign = Settled { product: product_ref(5), ..good };
    assert_eq!(refused(&all, &[foreign]), SettleError::Issuer { pass: good.pass, product: product_ref(5) });
    let twice = SettleError::UseTwice { gate: good.used.gate, index: 1 };
    assert_eq!(refused(&all, &[good, used(SPLIT, 2, WELL, 1)]), twice);
    assert_eq!(refused(&all[..2], &[good]), SettleError::NoCutOff(id(HANGZHOU)));
    let other = CutOff { size: 99, ..all[1] };
    assert_eq!(refused(&[&all[..], &[other]].concat(), &[]), SettleError::CutOffTwice(id(NANJING)));
    let empty = SettlementPeriod { from: period().until, ..period() };
    let empty = settle(&empty, &all, &[], &BUNDLE, &Earlier::default());
    assert!(matches!(empty, Err(SettleError::Statement(StatementError::Rule(_)))), "{empty:?}");
}

#[test]
fn the_whole_is_apportioned_at_every_size() {
    assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
    assert_eq!(apportion(11, &[1, 1, 1]), [4, 4, 3]);
    assert_eq!(apportion(1, &[0, 1, 1]), [0, 1, 0]);
    assert_eq!(apportion(7, &[0, 0]), [0, 0]);
    assert_eq!(apportion(0, &[3, 4]), [0, 0]);
    assert_eq!(apportion(5, &[]), [0; 0]);
    assert_eq!(apportion(u64::MAX, &[u64::MAX, u64::MAX]), [u64::MAX / 2 + 1, u64::MAX / 2]);
}

/// Uses of which some cannot be settled, each in its own way.
pub(in crate::audit) fn faulty() -> impl Strategy<Value = Vec<Settled>> {
    let faults = proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..5), 0..4);
    (uses(), faults).prop_map(|(mut uses, faults)| {
        for (at, fault) in faults {
            let Some(last) = uses.len().checked_sub(1) else { break };
            let other = uses[at.index(last + 1)].used;
            let used = &mut uses[at.index(last + 1)];
            match fault {
                0 => used.product.version += 1,
                1 => used.used.venue.number += 100,
                2 => used.used.gate.member = id(440_100),
                3 => used.pass.issuer = id(440_100),
                _ => uses[last].used = other,
            }
        }
        uses
    })
}

/// Uses of few passes at few venues, so that they meet.
pub(in crate::audit) fn uses() -> impl Strategy<Value = Vec<Settled>> {
    let liable = prop_oneof![6 => Just(None), 1 => Just(Some(Liable::Issuer)), 2 => Just(Some(Liable::Gate))];
    let one = (0..PRODUCTS.len(), 0u8..4, 0..VENUES.len(), 0u8..5, 0u32..3_000, liable, -50i64..500);
    proptest::collection::vec(one, 0..24).prop_map(|list| {
        let one = |(index, (product, pass, venue, people, due_fen, liable, at))| {
            let base = party(people, used(product, pass, venue, index));
            let used = Use { time: time(PERIOD_START + at), ..base.used };
            Settled { used, due_fen, liable, ..base }
        };
        (0..).zip(list).map(one).collect()
    })
}

proptest! {
    #![proptest_config(config(7_001, 256))]

    #[test]
    fn parts_sum_to_the_whole(uses in uses()) {
        let statement = settled(&uses);
        prop_assert_eq!(statement.nets().iter().map(|net| net.fen).sum::<i64>(), 0);
        let lines: u64 = statement.lines().iter().map(|line| line.fen).sum();
        prop_assert_eq!(statement.payments().iter().map(|payment| payment.fen).sum::<u64>(), lines);
        let counted: u64 = statement.lines().iter().map(|line| line.uses + line.unpaid).sum();
        prop_assert_eq!(counted, uses.len() as u64);
        for (at, &(_, price, method)) in PRODUCTS.iter().enumerate() {
            let of_it = || uses.iter().filter(|used| used.is_paid() && used.product == product_ref(at));
            let paid: u64 = statement.lines().iter().filter(|line| line.product == product_ref(at)).map(|line| line.fen).sum();
            let passes = of_it().map(|used| used.pass).collect::<BTreeSet<_>>().len() as u64;
            let expected = match method {
                Method::Contracted(Rate::Share(points)) => of_it().map(|used| {
                    let price = VENUES.iter().find(|venue| venue.1 == used.used.venue.number && id(venue.0) == used.used.venue.member).unwrap().2;
                    (u64::from(price) * u64::from(used.used.party) * u64::from(points) / 10_000).saturating_sub(used.due_fen.into())
                }).sum(),
                Method::Contracted(Rate::PerUse(rate)) => of_it().map(|used| {
                    (u64::from(rate) * u64::from(used.used.party)).saturating_sub(used.due_fen.into())
                }).sum(),
                Method::WeightedPool | Method::EqualSplit => passes * u64::from(price),
            };
            prop_assert_eq!(paid, expected, "product {}", at);
        }
    }

    #[test]
    fn no_part_is_a_fen_away_from_its_exact_share(whole in any::<u64>(), weights in proptest::collection::vec(0u64..u64::MAX, 1..9)) {
        prop_assume!(weights.iter().any(|&weight| weight > 0));
        let parts = apportion(whole, &weights);
        let sum: u128 = parts.iter().map(|&part| u128::from(part)).sum();
        prop_assert_eq!(sum, u128::from(whole));
        let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
        for (&part, &weight) in parts.iter().zip(&weights) {
            let exact = u128::from(whole) * u128::from(weight);
            let floor = exact / total;
            prop_assert!(u128::from(part) == floor || (u128::from(part) == floor + 1 && exact % total != 0));
        }
    }

    #[test]
    fn the_order_of_the_input_says_nothing(
        (uses, shuffled) in uses().prop_flat_map(|uses| (Just(uses.clone()), Just(uses).prop_shuffle())),
        cut_offs in Just(cut_offs()).prop_shuffle(),
    ) {
        let other = settle(&period(), &cut_offs, &shuffled, &BUNDLE, &Earlier::default()).unwrap();
        prop_assert_eq!(settled(&uses).encode(), other.encode());
    }

    /// Also not of what is wrong with it: the first fault by gate and index is told.
    #[test]
    fn the_order_of_the_input_says_nothing_of_faults(
        (uses, shuffled) in faulty().prop_flat_map(|uses| (Just(uses.clone()), Just(uses).prop_shuffle())),
    ) {
        let refused = |uses: &[Settled]| settle(&period(), &cut_offs(), uses, &BUNDLE, &Earlier::default()).map(|_| ());
        prop_assert_eq!(refused(&shuffled), refused(&uses));
    }

    #[test]
    fn an_equal_split_is_an_apportionment_by_equal_weights(whole in any::<u64>(), parts in 1usize..50) {
        let split: Vec<u64> = split(whole, parts as u64).collect();
        prop_assert_eq!(split, apportion(whole, &vec![1; parts]));
    }

    #[test]
    fn unpaid_over_uses_change_no_payment(uses in uses()) {
        let paid: Vec<Settled> = uses.iter().copied().filter(Settled::is_paid).collect();
        let (with, without) = (settled(&uses), settled(&paid));
        prop_assert_eq!(with.payments(), without.payments());
        prop_assert_eq!(with.nets(), without.nets());
        prop_assert_eq!(with.pools(), without.pools());
        let lines = |statement: &Statement| -> Vec<_> {
            let paid = statement.lines().iter().filter(|line| line.uses > 0);
            paid.map(|line| (line.product, line.venue, line.uses, line.persons, line.fen)).collect()
        };
        prop_assert_eq!(lines(&with), lines(&without));
    }

    #[test]
    fn two_periods_share_what_one_would(uses in uses(), at in 0usize..24) {
        let (before, after) = uses.split_at(at.min(uses.len()));
        let mut earlier = Earlier::default();
        earlier.learn(before);
        let second = settle(&period(), &cut_offs(), after, &BUNDLE, &earlier).unwrap();
        let sum = |statement: &Statement| -> u64 { statement.lines().iter().map(|line| line.fen).sum() };
        prop_assert_eq!(sum(&settled(before)) + sum(&second), sum(&settled(&uses)));
    }
}
