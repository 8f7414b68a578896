//! A statement that is accepted is the one encoding of itself, and its payments, nets and co-payments follow from its
//! lines and adjustments as a slow reader derives them; settled from uses made up, it says what a slow reading of the
//! documentation comes to, in whatever order the uses come, or is refused exactly where that reading refuses.
//!
//! The input is a statement as received. Its bytes also make up uses, cut-offs and what earlier periods settled, and
//! say where the statement of these is damaged.

use super::federation::{CITIES, LIST, id, secret, time};
use super::input::Input;
use super::products::plain;
use onecard::audit::{
    Adjustment, Earlier, LateUse, Liable, OverUseLine, SettleError, Settled, SettlementPeriod, Statement, TakenBack,
    settle,
};
use onecard::crypto::{Hash, sha256};
use onecard::id::{GateId, PassId, PassKey, ProductRef, VenueId};
use onecard::ledger::CutOff;
use onecard::product::{Method, Product, Rate, Settlement, Use};
use onecard::trust::{Bundle, CatalogueSpec, Role, Venue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const FROM: i64 = 20_000;
const UNTIL: i64 = 30_000;
/// Reference prices of the venues of each city, by number.
const PRICES: [u32; 3] = [4_001, 0, 10_000];
const METHODS: [Method; 4] = [
    Method::EqualSplit,
    Method::WeightedPool,
    Method::Contracted(Rate::Share(3_333)),
    Method::Contracted(Rate::PerUse(700)),
];
/// What a pass of each product costs.
const PRICE: u32 = 10_001;

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let mut bundle = Bundle::new(LIST.clone());
    for city in &CITIES[..2] {
        let venues = (1..).zip(PRICES).map(|(number, price_fen)| Venue {
            number,
            code: format!("V{number}"),
            name_zh: "园".into(),
            name_en: "Garden".into(),
            category: 1,
            price_fen,
        });
        let products = (1..).zip(METHODS).map(|(product, method)| Product {
            id: ProductRef { issuer: id(*city), product, version: 1 },
            settlement: Settlement { price_fen: PRICE, method },
            ..plain()
        });
        let (member, sequence, issued) = (id(*city), 1, time(2_000));
        let (venues, products) = (venues.collect(), products.collect());
        let spec = CatalogueSpec { member, sequence, issued, venues, products };
        bundle.update_catalogue(&spec.sign(&secret(*city, Role::Registrar)), time(FROM)).unwrap();
    }
    bundle
});

pub fn run(data: &[u8]) {
    judge(data);
    let mut input = Input::new(data);
    let case = case(&mut input);
    let settled = case.settle(&case.uses);
    let mut backwards = case.uses.clone();
    backwards.reverse();
    assert_eq!(case.settle(&backwards).ok(), settled.as_ref().ok().cloned(), "the order counts");
    match (case.slowly(), settled) {
        (Some(slow), Ok(statement)) => {
            slow.check(&statement, &case);
            let mut bytes = statement.encode();
            assert_eq!(judge(&bytes).as_ref(), Some(&statement));
            let at = usize::from(u16::from_be_bytes(input.array())) % bytes.len();
            bytes[at] ^= input.pick(&[1, 2, 4, 8, 16, 32, 64, 128]);
            assert_ne!(judge(&bytes), Some(statement), "another text for the same");
        }
        (None, Err(error)) => assert!(!error.to_string().is_empty()),
        (slow, settled) => panic!("{settled:?}, but by the documentation {:?}", slow.map(|slow| slow.lines)),
    }
}

/// What holds of every statement that is accepted.
fn judge(bytes: &[u8]) -> Option<Statement> {
    let statement = match Statement::decode(bytes) {
        Ok(statement) => statement,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    assert_eq!(statement.encode(), bytes, "accepted, but not the encoding of {statement:?}");
    assert_eq!((statement.digest(), statement.rules()), (sha256(&[bytes]), 1));
    let lines = statement.lines().iter().map(|line| (line.product, line.venue, i128::from(line.fen)));
    let (matrix, nets) = derived(lines, statement.adjustments());
    let payments = statement.payments().iter();
    let payments = payments.map(|paid| ((paid.payer.code(), paid.payee.code()), i128::from(paid.fen)));
    assert!(payments.eq(matrix), "{statement:?}");
    assert_eq!(nets.values().sum::<i128>(), 0);
    let told = statement.nets().iter().map(|net| (net.member.code(), i128::from(net.fen)));
    assert!(told.eq(nets), "{statement:?}");
    let mut collected: BTreeMap<u32, u64> = BTreeMap::new();
    for line in statement.lines() {
        *collected.entry(line.venue.member.code()).or_default() += line.due_fen;
    }
    collected.retain(|_, fen| *fen > 0);
    assert!(statement.co_payments().iter().map(|paid| (paid.member.code(), paid.fen)).eq(collected), "{statement:?}");

    let json = statement.to_json();
    assert!(json.starts_with("{\"rules\":1,") && json.contains(&statement.digest().to_string()), "{json}");
    let balanced = |open, close| json.matches(open).count() == json.matches(close).count();
    assert!(balanced('{', '}') && balanced('[', ']'), "{json}");
    let rows = [statement.lines().len(), statement.adjustments().len(), statement.payments().len()];
    let rows = rows.iter().sum::<usize>() + statement.nets().len() + statement.co_payments().len();
    let csv = statement.to_csv();
    assert_eq!(csv.lines().count(), 1 + rows);
    assert!(csv.lines().all(|row| row.matches(',').count() == 9), "{csv}");
    Some(statement)
}

/// What each member owes each other one, above nothing, by payer and payee; and what that comes to for each.
fn derived(
    lines: impl Iterator<Item = (ProductRef, VenueId, i128)>,
    adjustments: &[Adjustment],
) -> (BTreeMap<(u32, u32), i128>, BTreeMap<u32, i128>) {
    let adjusted = adjustments.iter().map(|adjusted| (adjusted.product, adjusted.venue, i128::from(adjusted.fen)));
    let mut owed: BTreeMap<(u32, u32), i128> = BTreeMap::new();
    for (product, venue, fen) in lines.chain(adjusted) {
        *owed.entry((product.issuer.code(), venue.member.code())).or_default() += fen;
    }
    let mut matrix: BTreeMap<(u32, u32), i128> = BTreeMap::new();
    for ((issuer, member), fen) in owed {
        match fen {
            0 => {}
            1.. => *matrix.entry((issuer, member)).or_default() += fen,
            // The other one pays back; nobody pays itself back.
            _ if issuer != member => *matrix.entry((member, issuer)).or_default() -= fen,
            _ => {}
        }
    }
    let mut nets: BTreeMap<u32, i128> = BTreeMap::new();
    for ((payer, payee), fen) in &matrix {
        *nets.entry(*payer).or_default() -= fen;
        *nets.entry(*payee).or_default() += fen;
    }
    (matrix, nets)
}

/// What is settled.
#[derive(Debug)]
struct Case {
    period: SettlementPeriod,
    cut_offs: Vec<CutOff>,
    uses: Vec<Settled>,
    earlier: Earlier,
}

fn case(input: &mut Input<'_>) -> Case {
    let uses = input.list(12, used);
    let mut earlier = Earlier::default();
    earlier.learn(&input.list(3, used));
    if input.odd() {
        earlier.statement = Some(Hash([input.byte(); 32]));
        let back = |input: &mut Input<'_>| TakenBack { gate: gate(input), index: u64::from(input.byte() % 8) };
        earlier.taken_back = ordered(input.list(3, back), input.byte());
        let adjustment = |input: &mut Input<'_>| Adjustment {
            product: product(input),
            venue: VenueId {
                member: id(CITIES[usize::from(input.byte() % 2)]),
                number: 1 + u16::from(input.byte() % 3),
            },
            fen: input.pick(&[-500, 1, 700, -20_000, 0, i64::MAX, i64::MIN]),
        };
        let mut adjustments = input.list(3, adjustment);
        adjustments.sort_by_key(|adjusted| (adjusted.product, adjusted.venue));
        adjustments.dedup_by_key(|adjusted| (adjusted.product, adjusted.venue));
        earlier.adjustments = adjustments;
    } else if input.byte() == 9 {
        earlier.taken_back = vec![TakenBack { gate: gate(input), index: 1 }];
    }
    let cut_off = |city: u32| CutOff { member: id(city), size: 9, root: Hash([city as u8; 32]) };
    let mut cut_offs = vec![cut_off(CITIES[0]), cut_off(CITIES[1])];
    match input.byte() % 8 {
        1 => cut_offs.reverse(),
        2 => drop(cut_offs.pop()),
        3 => cut_offs.push(cut_offs[0]),
        4 => cut_offs.push(cut_off(CITIES[2])),
        _ => {}
    }
    let until = input.pick(&[UNTIL, UNTIL, FROM, FROM - 1]);
    Case { period: SettlementPeriod { from: time(FROM), until: time(until) }, cut_offs, uses, earlier }
}

/// Ascending and each once, or as they come.
fn ordered<T: Ord>(mut list: Vec<T>, how: u8) -> Vec<T> {
    if how < 200 {
        list.sort();
        list.dedup();
    }
    list
}

fn gate(input: &mut Input<'_>) -> GateId {
    GateId { member: id(CITIES[usize::from(input.byte() % 2)]), number: 1 + u32::from(input.byte() % 2) }
}

fn product(input: &mut Input<'_>) -> ProductRef {
    let (issuer, product) = (id(CITIES[usize::from(input.byte() % 2)]), 1 + u16::from(input.byte() % 4));
    ProductRef { issuer, product, version: 1 }
}

fn used(input: &mut Input<'_>) -> Settled {
    let (mut product, gate) = (product(input), gate(input));
    let pass = PassKey { issuer: product.issuer, pass: PassId::from_bytes([input.byte() % 4; 10]) };
    let mut venue = VenueId { member: gate.member, number: 1 + u16::from(input.byte() % 3) };
    match input.byte() {
        250 => product.version = 2,
        251 => venue.number = 9,
        252 => product.issuer = id(CITIES[2]),
        _ => {}
    }
    let (at, index) = (input.pick(&[FROM + 1, FROM - 1, FROM, UNTIL + 9]), u64::from(input.byte() % 16));
    let (party, due_fen) = (input.pick(&[1, 2, 255]), input.pick(&[0, 500, 4_001, 2_550_000_000]));
    let liable = input.pick(&[None, None, Some(Liable::Issuer), Some(Liable::Gate)]);
    let used = Use { time: time(at), gate, index, venue, service: 0, grant: 0, party };
    Settled { pass, product, used, due_fen, liable }
}

/// What a slow reader comes to.
struct Slow {
    /// Uses, persons, unpaid uses, co-payments and what is due to the venue.
    lines: BTreeMap<(ProductRef, VenueId), [u64; 5]>,
    pools: BTreeMap<ProductRef, (u64, u64)>,
}

impl Case {
    fn settle(&self, uses: &[Settled]) -> Result<Statement, SettleError> {
        settle(&self.period, &self.cut_offs, uses, &BUNDLE, &self.earlier)
    }

    /// The documentation of `settle`, sentence by sentence; `None` where there is no statement of this.
    fn slowly(&self) -> Option<Slow> {
        let members: BTreeSet<_> = self.cut_offs.iter().map(|cut_off| cut_off.member).collect();
        let keys: BTreeSet<_> = self.uses.iter().map(|used| used.used.key()).collect();
        let Earlier { statement, taken_back, adjustments, .. } = &self.earlier;
        let good = self.period.from < self.period.until
            && members.len() == self.cut_offs.len()
            && keys.len() == self.uses.len()
            && taken_back.windows(2).all(|pair| pair[0] < pair[1])
            && taken_back.iter().all(|taken| members.contains(&taken.gate.member))
            && (taken_back.is_empty() || statement.is_some())
            && (adjustments.is_empty() || !taken_back.is_empty())
            && adjustments.iter().all(|adjusted| adjusted.fen != 0)
            && self.uses.iter().all(|used| {
                members.contains(&used.used.gate.member)
                    && used.pass.issuer == used.product.issuer
                    && used.product.version == 1
                    && used.used.venue.number <= 3
            });
        if !good {
            return None;
        }
        let mut slow = Slow { lines: BTreeMap::new(), pools: BTreeMap::new() };
        let mut visits: BTreeMap<(ProductRef, PassKey), BTreeSet<VenueId>> = BTreeMap::new();
        for Settled { pass, product, used, due_fen, liable } in &self.uses {
            let [uses, persons, unpaid, due, fen] = slow.lines.entry((*product, used.venue)).or_default();
            *due += u64::from(*due_fen);
            if *liable == Some(Liable::Gate) {
                *unpaid += 1;
                continue;
            }
            (*uses, *persons) = (*uses + 1, *persons + u64::from(used.party));
            let reference = u64::from(PRICES[usize::from(used.venue.number - 1)]);
            let agreed = match METHODS[usize::from(product.product - 1)] {
                Method::Contracted(Rate::Share(points)) => {
                    reference * u64::from(used.party) * u64::from(points) / 10_000
                }
                Method::Contracted(Rate::PerUse(fen)) => fen as u64 * u64::from(used.party),
                _ => {
                    visits.entry((*product, *pass)).or_default().insert(used.venue);
                    continue;
                }
            };
            *fen += agreed.saturating_sub(u64::from(*due_fen));
        }
        for ((product, pass), venues) in &visits {
            let pool = slow.pools.entry(*product).or_default();
            if self.earlier.passes.contains(&(*pass, *product)) {
                continue;
            }
            *pool = (pool.0 + 1, pool.1 + u64::from(PRICE));
            if METHODS[usize::from(product.product - 1)] == Method::EqualSplit {
                // Fen by fen to the venues in turn.
                for (venue, _) in venues.iter().cycle().zip(0..PRICE) {
                    slow.lines.get_mut(&(*product, *venue)).unwrap()[4] += 1;
                }
            }
        }
        let pools =
            slow.pools.iter().filter(|(product, _)| METHODS[usize::from(product.product - 1)] == Method::WeightedPool);
        for (product, (_, whole)) in pools {
            let mut lines: Vec<_> = slow.lines.iter_mut().filter(|((of, _), _)| of == product).collect();
            let by_price: Vec<u64> =
                lines.iter().map(|((_, at), line)| u64::from(PRICES[usize::from(at.number - 1)]) * line[1]).collect();
            let by_use: Vec<u64> = lines.iter().map(|(_, line)| line[0]).collect();
            let weights = if by_price.iter().any(|weight| *weight > 0) { by_price } else { by_use };
            let total: u64 = weights.iter().sum();
            let mut left = *whole;
            for ((_, line), weight) in lines.iter_mut().zip(&weights) {
                line[4] = whole * weight / total;
                left -= line[4];
            }
            // One fen each, to the largest remainder not served yet; the first of equal ones.
            let mut remainders: Vec<u64> = weights.iter().map(|weight| whole * weight % total).collect();
            for _ in 0..left {
                let largest = *remainders.iter().max().unwrap();
                let at = remainders.iter().position(|remainder| *remainder == largest).unwrap();
                (lines[at].1[4], remainders[at]) = (lines[at].1[4] + 1, 0);
            }
        }
        let lines = slow.lines.iter().map(|((product, venue), line)| (*product, *venue, i128::from(line[4])));
        let (matrix, nets) = derived(lines, adjustments);
        matrix.values().chain(nets.values()).all(|fen| i64::try_from(*fen).is_ok()).then_some(slow)
    }
}

impl Slow {
    fn check(&self, statement: &Statement, case: &Case) {
        let lines = statement.lines().iter();
        let lines =
            lines.map(|l| ((l.product, l.venue), [l.uses, l.persons, l.unpaid, l.due_fen, l.fen])).collect::<Vec<_>>();
        assert_eq!(lines, self.lines.iter().map(|(of, line)| (*of, *line)).collect::<Vec<_>>(), "{case:?}");
        let pools: Vec<_> = statement.pools().iter().map(|pool| (pool.product, (pool.passes, pool.fen))).collect();
        assert_eq!(pools, self.pools.iter().map(|(of, pool)| (*of, *pool)).collect::<Vec<_>>(), "{case:?}");
        let over = |used: &Settled| {
            let (gate, index) = used.used.key();
            Some(OverUseLine { pass: used.pass, gate, index, liable: used.liable? })
        };
        let over: BTreeSet<_> = case.uses.iter().filter_map(over).collect();
        assert!(statement.over_uses().iter().eq(&over), "{case:?}");
        let late = case.uses.iter().filter(|used| used.used.time < case.period.from);
        let late: BTreeSet<_> =
            late.map(|Settled { used, .. }| LateUse { gate: used.gate, index: used.index, time: used.time }).collect();
        assert!(statement.late().iter().eq(&late), "{case:?}");
        assert!(statement.cut_offs().is_sorted() && statement.cut_offs().len() == case.cut_offs.len());
        let Earlier { statement: before, taken_back, adjustments, .. } = &case.earlier;
        assert_eq!((statement.period(), statement.previous()), (case.period, *before));
        assert_eq!((statement.taken_back(), statement.adjustments()), (&taken_back[..], &adjustments[..]));
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // Issuer, product, city and number of the gate, pass, venue, what is wrong, time, index, party, co-payment, liable.
    let few: [[u8; 12]; 12] = [
        [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 1, 2, 0, 0, 0, 0, 1, 0],
        [0, 0, 1, 1, 2, 1, 0, 1, 1, 1, 0, 2],
        [0, 1, 0, 1, 1, 0, 0, 0, 2, 1, 0, 0],
        [0, 1, 0, 1, 2, 2, 0, 0, 3, 0, 2, 0],
        [0, 1, 1, 0, 3, 1, 0, 0, 4, 2, 0, 3],
        [0, 2, 1, 1, 1, 0, 0, 0, 5, 1, 1, 0],
        [0, 2, 0, 0, 2, 2, 0, 1, 6, 0, 0, 3],
        [0, 3, 1, 0, 3, 1, 0, 0, 7, 1, 1, 2],
        [1, 1, 0, 0, 0, 1, 0, 0, 8, 0, 0, 0],
        [1, 3, 0, 1, 0, 0, 0, 2, 9, 2, 3, 0],
        [1, 0, 1, 1, 0, 0, 0, 3, 10, 0, 0, 0],
    ];
    let uses = |list: &[[u8; 12]]| [&[list.len() as u8][..], &list.concat()].concat();
    let (all, one) = (uses(&few), uses(&few[..1]));
    let join = |parts: &[&[u8]]| parts.concat();
    let with = |at: usize, byte: u8| {
        let mut wrong = few[0];
        wrong[at] = byte;
        join(&[&uses(&[wrong]), &[0]])
    };
    // Known of before: the first use. The statement before, two uses of it taken back, what that changes.
    let later = join(&[&all, &one, &[1, 7], &[2, 0, 0, 1, 1, 0, 2, 0], &[2, 0, 2, 1, 0, 3, 0, 1, 0, 1, 2]]);
    let settled = |input: &[u8]| {
        let case = case(&mut Input::new(input));
        case.settle(&case.uses).unwrap().encode()
    };
    vec![
        ("nothing", vec![]),
        ("uses", all.clone()),
        ("later", later.clone()),
        ("settled-nothing", settled(&[])),
        ("settled", settled(&all)),
        ("settled-later", settled(&later)),
        ("price-shared-before", join(&[&one, &one])),
        ("use-twice", uses(&[few[0], few[1], few[0]])),
        ("no-such-product", with(6, 250)),
        ("no-such-venue", with(6, 251)),
        ("another-issuer", with(6, 252)),
        ("no-cut-off", join(&[&uses(&few[1..2]), &[0, 0, 0, 2]])),
        ("cut-off-twice", join(&[&one, &[0, 0, 0, 3]])),
        ("cut-offs-in-another-order", join(&[&all, &[0, 0, 0, 1]])),
        ("a-period-of-nothing", join(&[&one, &[0, 0, 0, 0, 2]])),
        ("taken-back-from-nothing", join(&[&one, &[0, 0, 9]])),
        ("taken-back-twice", join(&[&one, &[0, 1, 7], &[2, 0, 0, 1, 0, 0, 1, 200]])),
        ("adjusted-by-nothing", join(&[&one, &[0, 1, 7], &[1, 0, 0, 1, 0], &[1, 0, 2, 1, 0, 4]])),
        ("adjusted-without-a-reason", join(&[&one, &[0, 1, 7], &[0, 0], &[1, 0, 2, 1, 0, 0]])),
        ("adjusted-beyond-all-amounts", join(&[&one, &[0, 1, 7], &[1, 0, 0, 1, 0], &[1, 0, 2, 1, 0, 6]])),
    ]
}
