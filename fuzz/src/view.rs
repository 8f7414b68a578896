//! The view of all uses does not depend on the order in which records and entries are learnt, on learning them
//! twice, or on who tells whom; it holds what a slow collector does, and equal views alone have equal digests.
//!
//! The input is a list of facts of three gates: uses of few passes at few indices, annulments and reversals; two
//! uses at one index are those of a gate that signed two histories.

use super::federation::{CITIES, LIST, id, secret, time};
use super::input::Input;
use onecard::crypto::{Hash, SigningKey};
use onecard::gate::{Record, Redemption};
use onecard::id::{GateId, PassId, PassKey, ProductRef};
use onecard::ledger::{Announcement, Entry, View};
use onecard::product::{PassFacts, Use};
use onecard::time::UnixTime;
use onecard::trust::{GateCertificate, GateCertificateSpec, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const PASSES: u8 = 4;

static GATES: LazyLock<Vec<GateCertificate>> = LazyLock::new(|| {
    let certificate = |(city, number)| {
        let key = SigningKey::from_seed(&[number as u8; 32]).verifying_key();
        let (gate, until) = (GateId { member: id(city), number }, time(1_000_000_000));
        let (issued, not_before) = (time(2_000), time(2_000));
        let spec = GateCertificateSpec { gate, venue: 1, service: 0, key, issued, not_before, expires: until };
        GateCertificate::verify(&spec.sign(&secret(city, Role::Registrar)), &*LIST).unwrap()
    };
    [(CITIES[0], 7), (CITIES[0], 8), (CITIES[1], 7)].map(certificate).into()
});

#[derive(Clone, Debug)]
enum Fact {
    Record(usize, u64, Record),
    Entry(u32, Entry),
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let facts = input.list(24, fact);
    let whole = learnt(&facts);
    check(&whole, &facts);

    // In another order, and some of it twice.
    let mut other = facts.clone();
    for at in (1..other.len()).rev() {
        other.swap(at, usize::from(input.byte()) % (at + 1));
    }
    other.extend_from_slice(&facts[..facts.len() / 2]);
    assert_eq!(learnt(&other), whole, "the order counts");

    // Told in three parts, in either direction.
    let cut = |by: u8| usize::from(by) % (facts.len() + 1);
    let (one, two) = (cut(input.byte()), cut(input.byte()));
    let [a, b, c] = [&facts[..one.min(two)], &facts[one.min(two)..one.max(two)], &facts[one.max(two)..]].map(learnt);
    let merged = |a: &View, b: &View| {
        let mut both = a.clone();
        both.merge(b);
        both
    };
    assert_eq!(merged(&a, &b), merged(&b, &a), "merging is not commutative");
    assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)), "merging is not associative");
    assert_eq!(merged(&merged(&a, &b), &c), whole, "merging is not learning");
    assert_eq!(merged(&whole, &whole), whole, "merging is not idempotent");
    assert_eq!(merged(&whole, &a), whole, "what is known changed it");
    for part in [a, b, c] {
        assert_eq!(part == whole, part.digest() == whole.digest(), "one digest for two views, or two for one");
    }
}

fn learnt<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> View {
    let mut view = View::new();
    for fact in facts {
        let before = view.clone();
        let changed = learn(&mut view, fact);
        assert_eq!(changed, view != before, "{fact:?}");
        assert!(!learn(&mut view, fact), "changed twice by {fact:?}");
    }
    view
}

fn learn(view: &mut View, fact: &Fact) -> bool {
    match fact {
        Fact::Record(gate, index, record) => view.record(&GATES[*gate], *index, record),
        Fact::Entry(member, entry) => view.entry(id(*member), entry),
    }
}

/// What a slow collector comes to: of each key that nobody took back, the least use.
fn check(view: &View, facts: &[Fact]) {
    let gone: BTreeSet<(GateId, u64)> = facts.iter().filter_map(taken_back).collect();
    let mut uses: BTreeMap<(GateId, u64), (Use, PassKey, ProductRef)> = BTreeMap::new();
    for fact in facts {
        if let Fact::Record(gate, index, Record::Redeemed(redemption)) = fact {
            let used = redemption.as_use(&GATES[*gate], *index);
            let new = (used, redemption.pass, redemption.product_ref());
            if !gone.contains(&used.key()) {
                let known = uses.entry(used.key()).or_insert(new);
                *known = (*known).min(new);
            }
        }
    }
    let mut passes: BTreeMap<PassKey, BTreeSet<Use>> = BTreeMap::new();
    uses.values().for_each(|(used, pass, _)| _ = passes.entry(*pass).or_default().insert(*used));
    let told: Vec<_> = view.passes().map(|(pass, _, usage)| (pass, usage.uses().to_vec())).collect();
    let expected: Vec<_> =
        passes.iter().map(|(pass, uses)| (*pass, uses.iter().copied().collect::<Vec<_>>())).collect();
    assert_eq!(told, expected);
    for (pass, product, usage) in view.passes() {
        assert_eq!(view.usage(pass), usage);
        assert!(uses.values().any(|(_, other, named)| (*other, *named) == (pass, product)), "a product of nobody");
    }
}

fn taken_back(fact: &Fact) -> Option<(GateId, u64)> {
    match fact {
        Fact::Record(gate, _, Record::Annulled { index, .. }) => Some((GATES[*gate].gate(), *index)),
        Fact::Entry(member, Entry::Announced(Announcement::Reversal { gate, index })) => {
            Some((GateId { member: id(*member), number: *gate }, *index))
        }
        _ => None,
    }
}

fn fact(input: &mut Input<'_>) -> Fact {
    let (kind, gate, index) = (input.byte() % 6, input.byte(), u64::from(input.byte() % 5));
    let gate = usize::from(gate) % GATES.len();
    let GateId { member, number } = GATES[gate].gate();
    let at = UnixTime::MIN.saturating_add(20_000 + i64::from(input.byte() % 3));
    match kind {
        0..3 => Fact::Record(gate, index, Record::Redeemed(redemption(input, at))),
        3 => Fact::Record(gate, 9, Record::Annulled { time: at, index }),
        4 => Fact::Entry(member.code(), Entry::Announced(Announcement::Reversal { gate: number, index })),
        _ => match input.odd() {
            false => Fact::Entry(member.code(), Entry::GateRetired { gate: number }),
            true => Fact::Record(gate, index, Record::ClockSet { time: at, before: at }),
        },
    }
}

fn redemption(input: &mut Input<'_>, time: UnixTime) -> Redemption {
    let pass = PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([input.byte() % PASSES; 10]) };
    Redemption {
        time,
        pass,
        product: (1 + u16::from(input.byte() % 2), 1),
        facts: PassFacts { not_before: UnixTime::MIN, expires: UnixTime::MAX, holder_class: 0 },
        grant: input.byte() % 2,
        party: 1 + input.byte() % 2,
        due_fen: 0,
        flags: 0,
        evidence: Hash([0; 32]),
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let used = |gate, index, pass| [0, gate, index, 0, pass, 0, 0, 0];
    let facts = |facts: &[&[u8]]| [&[facts.len() as u8], &facts.concat()[..]].concat();
    vec![
        ("nothing", vec![]),
        ("uses", facts(&[&used(0, 1, 1), &used(1, 1, 1), &used(2, 1, 2)])),
        ("annulled-first", facts(&[&[3, 0, 1, 0], &used(0, 1, 1), &used(0, 2, 1)])),
        ("reversed", facts(&[&used(0, 1, 1), &[4, 0, 1, 0], &used(0, 1, 1), &[5, 0, 0, 0, 0], &[5, 0, 0, 0, 1]])),
        ("two-histories", facts(&[&used(0, 1, 1), &used(0, 1, 2), &[0, 0, 1, 1, 1, 1, 1, 1], &used(0, 1, 3)])),
    ]
}
