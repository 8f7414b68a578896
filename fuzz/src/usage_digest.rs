//! A usage digest that is accepted is the one encoding of its facts, which keep the rules; and whatever the
//! order and the parts that digests come in, they come to the same facts: those that a slow reader collects.
//!
//! The input is the content of a digest signed here by a city, and facts made up.

use super::federation::{CITIES, LIST, id, payload, secret, signed, time};
use super::input::Input;
use onecard::crypto::{Hash, SigningKey};
use onecard::gate::{Redemption, UsageDigest, UsageDigestSpec, UsageFacts};
use onecard::id::{GateId, PassId, PassKey};
use onecard::product::{PassFacts, Usage, Use};
use onecard::time::UnixTime;
use onecard::trust::{GateCertificate, GateCertificateSpec, Role};
use onecard::wire::cbor::Encoder;
use onecard::wire::cose::Typ;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const TYP: Typ = Typ::MediaType("application/vnd.onecard.usage+cbor");
const ISSUED: i64 = 40_000;

/// Two gates of one city, one of another.
static GATES: LazyLock<[GateCertificate; 3]> = LazyLock::new(|| {
    [(CITIES[0], 1), (CITIES[0], 2), (CITIES[1], 1)].map(|(member, number)| {
        let spec = GateCertificateSpec {
            gate: GateId { member: id(member), number },
            venue: number as u16,
            service: 0,
            key: SigningKey::from_seed(&[number as u8; 32]).verifying_key(),
            issued: time(2_000),
            not_before: time(2_000),
            expires: time(1_000_000),
        };
        GateCertificate::verify(&spec.sign(&secret(member, Role::Registrar)), &*LIST).unwrap()
    })
});

pub fn run(data: &[u8]) {
    assert!(UsageDigest::verify(data, &*LIST).is_err() || data.len() > 100, "too short for a signature");
    read(data);
    collected(&mut Input::new(data));
}

fn read(content: &[u8]) {
    let bytes = signed(Role::Log, TYP, content);
    let digest = match UsageDigest::verify(&bytes, &*LIST) {
        Ok(digest) => digest,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let facts = digest.facts();
    assert!(digest.member() == id(CITIES[0]) && facts.over() <= digest.issued());
    for (_, expires, usage) in facts.passes() {
        let (uses, annulled) = (usage.uses(), usage.annulled());
        assert!(expires > facts.over() && (!uses.is_empty() || !annulled.is_empty()));
        let gates = uses.iter().map(|used| used.gate).chain(annulled.iter().map(|(gate, _)| *gate));
        assert!(gates.into_iter().all(|gate| facts.ledgers().has(gate.member)));
        assert!(uses.iter().all(|used| used.venue.member == used.gate.member && !annulled.contains(&used.key())));
    }
    let mut twice = facts.clone();
    twice.merge(facts.clone());
    assert_eq!(twice, *facts);
    assert_eq!(sign(digest.issued(), facts.clone()), bytes, "accepted, but not the encoding of its facts");
}

fn sign(issued: UnixTime, facts: UsageFacts) -> Vec<u8> {
    UsageDigestSpec { member: id(CITIES[0]), issued, facts }.sign(&secret(CITIES[0], Role::Log)).unwrap()
}

/// One thing to tell: a use, or that it was taken back.
#[derive(Clone, Copy, Debug)]
struct Told {
    gate: usize,
    index: u64,
    redemption: Redemption,
    back: bool,
}

fn told(input: &mut Input<'_>) -> Told {
    let pass =
        PassKey { issuer: id(input.pick(&[CITIES[0], CITIES[1]])), pass: PassId::from_bytes([input.byte() % 4; 10]) };
    let facts = PassFacts {
        not_before: UnixTime::MIN,
        expires: input.time(&[ISSUED + 100, ISSUED - 100, ISSUED + 9_000]),
        holder_class: 0,
    };
    let redemption = Redemption {
        time: input.time(&[ISSUED - 1_000, ISSUED - 500]),
        pass,
        product: (1, 1),
        facts,
        grant: 0,
        party: input.byte(),
        due_fen: 0,
        flags: 0,
        evidence: Hash([0; 32]),
    };
    let gate = usize::from(input.byte() % 3);
    Told { gate, index: u64::from(input.byte() % 8), redemption, back: input.byte() % 4 == 3 }
}

fn facts(told: &[Told], over: UnixTime) -> UsageFacts {
    let mut facts = UsageFacts::new(over);
    [CITIES[0], CITIES[1]].into_iter().for_each(|member| facts.covers(id(member), 0..told.len() as u64 + 1));
    for &Told { gate, index, redemption, back } in told {
        let certificate = &GATES[gate];
        if back {
            facts.reversed(certificate.gate(), index, &redemption);
        } else {
            facts.redeemed(certificate, index, &redemption);
        }
    }
    facts
}

fn collected(input: &mut Input<'_>) {
    let parts = input.list(4, |input| {
        let over = input.time(&[2, ISSUED - 100, ISSUED - 5]);
        (input.list(8, told), over)
    });
    let carried = |part: &(Vec<Told>, UnixTime)| {
        let bytes = sign(time(ISSUED), facts(&part.0, part.1));
        UsageDigest::verify(&bytes, &*LIST).unwrap().into_facts()
    };
    let merged = |parts: &mut dyn Iterator<Item = &(Vec<Told>, UnixTime)>| {
        let mut all = UsageFacts::default();
        parts.for_each(|part| all.merge(carried(part)));
        all
    };
    let forwards = merged(&mut parts.iter());
    assert_eq!(merged(&mut parts.iter().rev()), forwards);
    assert_eq!(merged(&mut parts.iter().chain(&parts)), forwards);

    // All facts at once, slowly: of each record the first use in order, unless it was taken back.
    let over = parts.iter().map(|(_, over)| *over).max().unwrap_or_default();
    type Facts = (BTreeSet<Use>, BTreeSet<(GateId, u64)>);
    let mut passes: BTreeMap<(PassKey, UnixTime), Facts> = BTreeMap::new();
    for Told { gate, index, redemption, back } in parts.iter().flat_map(|(told, _)| told) {
        let expires = redemption.facts.expires;
        if expires > over {
            let (uses, annulled) = passes.entry((redemption.pass, expires)).or_default();
            if *back {
                annulled.insert((GATES[*gate].gate(), *index));
            } else {
                uses.insert(redemption.as_use(&GATES[*gate], *index));
            }
        }
    }
    let expected = passes.into_iter().map(|(pass, (uses, annulled))| {
        let first = |used: &&Use| !uses.iter().any(|other| other.key() == used.key() && other < used);
        let mut usage: Usage = uses.iter().filter(first).copied().collect();
        annulled.iter().for_each(|(gate, index)| _ = usage.annul(*gate, *index));
        (pass, usage)
    });
    let found: BTreeMap<_, _> =
        forwards.passes().map(|(pass, expires, usage)| ((pass, expires), usage.clone())).collect();
    assert_eq!(found, expected.collect());
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let content = |facts| payload(&sign(time(ISSUED), facts), TYP);
    let rich = [1u8, 1, 0, 0, 2, 9, 2, 3, 3, 0, 2, 1, 0, 1, 1, 1, 2, 7, 0].repeat(12);
    let input = &mut Input::new(&rich);
    let many: Vec<Told> = (0..12).map(|_| told(input)).collect();
    let mut seeds = vec![
        ("nothing", content(UsageFacts::default())),
        ("rich", content(facts(&many, time(30_000)))),
        ("parts", [&[4, 0, 0, 8][..], &rich].concat()),
        ("by-hand", by_hand(None)),
    ];
    let (one, two) = (CITIES[0], CITIES[1]);
    let of = |write: fn(&mut Encoder, u32, u32)| {
        let mut out = Encoder::new();
        write(&mut out, one, two);
        out.finish()
    };
    seeds.extend(
        [
            ("version-2", 1, of(|out, _, _| _ = out.uint(2u8))),
            ("of-another-member", 2, of(|out, _, two| _ = out.uint(two))),
            ("over-later-than-issued", 4, of(|out, _, _| _ = out.time(time(ISSUED + 1)))),
            ("over-after-the-pass", 4, of(|out, _, _| _ = out.time(time(ISSUED)))),
            ("of-no-ledger", 5, of(|out, _, _| _ = out.array(0))),
            ("runs-touch", 5, of(|out, one, _| runs(out, &[(one, 0, 4), (one, 4, 9)]))),
            ("runs-not-ascending", 5, of(|out, one, two| runs(out, &[(two, 0, 4), (one, 0, 9)]))),
            ("a-gate-not-used", 6, of(|out, one, _| gates(out, &[(one, 1), (one, 2)]))),
            ("gates-not-ascending", 6, of(|out, one, _| gates(out, &[(one, 2), (one, 1)]))),
            ("an-issuer-of-no-pass", 7, of(|out, one, _| _ = out.array(1).array(2).uint(one).array(0))),
            ("a-pass-twice", 7, of(|out, one, _| passes(out, one, 2, 1))),
            ("a-pass-of-nothing", 7, of(|out, one, _| passes(out, one, 1, 0))),
        ]
        .map(|(name, key, part)| (name, by_hand(Some((key, part))))),
    );
    seeds
}

/// A digest of one use with one part written otherwise, as whoever has a city's key would sign it.
fn by_hand(other: Option<(u8, Vec<u8>)>) -> Vec<u8> {
    let mut content = vec![0xa7];
    for key in 1..=7 {
        content.push(key);
        let mut out = Encoder::new();
        match key {
            1 => _ = out.uint(1u8),
            2 => _ = out.uint(CITIES[0]),
            3 => _ = out.time(time(ISSUED)),
            4 => _ = out.time(time(2)),
            5 => runs(&mut out, &[(CITIES[0], 0, 9)]),
            6 => gates(&mut out, &[(CITIES[0], 1)]),
            _ => passes(&mut out, CITIES[0], 1, 1),
        }
        match &other {
            Some((of, part)) if *of == key => content.extend(part),
            _ => content.extend(out.finish()),
        }
    }
    content
}

fn runs(out: &mut Encoder, runs: &[(u32, u32, u32)]) {
    out.array(runs.len());
    runs.iter().for_each(|(member, from, until)| _ = out.array(3).uint(*member).uint(*from).uint(*until));
}

fn gates(out: &mut Encoder, gates: &[(u32, u32)]) {
    out.array(gates.len());
    gates.iter().for_each(|(member, number)| _ = out.array(4).uint(*member).uint(*number).uint(1u8).uint(0u8));
}

/// So many times a pass with so many uses, at the first gate.
fn passes(out: &mut Encoder, issuer: u32, count: usize, uses: usize) {
    out.array(1).array(2).uint(issuer).array(count);
    for _ in 0..count {
        out.array(4).bytes(&[1; 10]).time(time(ISSUED));
        out.array(uses);
        (0..uses).for_each(|_| _ = out.array(5).time(time(ISSUED - 9)).uint(0u8).uint(7u8).uint(0u8).uint(1u8));
        out.array(0);
    }
}
