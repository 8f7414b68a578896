//! Tests of `usage_digest.rs`.

use super::*;
use crate::id::PassId;
use crate::trust::test_federation::{id, list, secret, time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

const CITY: u32 = 310_101;
const PEER: u32 = 320_100;
const ISSUED: i64 = 50_000;

fn pass(number: u8) -> PassKey {
    PassKey { issuer: id(if number < 8 { CITY } else { PEER }), pass: PassId::from_bytes([number; 10]) }
}

fn used(member: u32, gate: u32, index: u64) -> Use {
    let member = id(member);
    Use {
        time: time(40_000 + index as i64),
        gate: GateId { member, number: gate },
        index,
        venue: VenueId { member, number: gate as u16 },
        service: 0,
        grant: 1,
        party: 2,
    }
}

/// One thing a city tells.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    Used(PassKey, UnixTime, Use),
    TakenBack(PassKey, UnixTime, UseKey),
    Covers(MemberId, Range<u64>),
    Over(UnixTime),
}

pub(crate) fn facts(told: &[Fact]) -> UsageFacts {
    let mut all = UsageFacts::new(UnixTime::MIN);
    for fact in told {
        let mut one = UsageFacts::new(UnixTime::MIN);
        match fact.clone() {
            Fact::Used(pass, expires, used) => {
                one.covers(used.gate.member, 0..1);
                one.passes.entry((pass, expires)).or_default().insert(used);
            }
            Fact::TakenBack(pass, expires, key) => {
                one.covers(key.0.member, 0..1);
                one.passes.entry((pass, expires)).or_default().annul(key.0, key.1);
            }
            Fact::Covers(member, entries) => one.covers(member, entries),
            Fact::Over(over) => one.over = over,
        }
        all.merge(one);
    }
    all
}

/// Terms end between 40,000 and 90,000, in steps of 10,000.
pub(crate) fn any_fact(numbers: Range<u8>) -> impl Strategy<Value = Fact> {
    let what = (numbers, 4i64..10, prop_oneof![Just(CITY), Just(PEER)], 1u32..4, 0u64..6, 0u8..12);
    what.prop_map(|(number, expires, member, gate, index, kind)| {
        let (used, expires) = (used(member, gate, index), time(expires * 10_000));
        match kind {
            0 => Fact::TakenBack(pass(number), expires, used.key()),
            1 => Fact::Covers(id(member), index..index + u64::from(gate)),
            2 => Fact::Over(expires.min(time(ISSUED))),
            _ => Fact::Used(pass(number), expires, used),
        }
    })
}

fn spec(facts: UsageFacts) -> UsageDigestSpec {
    UsageDigestSpec { member: id(CITY), issued: time(ISSUED), facts }
}

pub(crate) fn signed(facts: UsageFacts) -> Vec<u8> {
    spec(facts).sign(&secret(CITY, Role::Log)).unwrap()
}

fn sample() -> UsageFacts {
    let later = time(90_000);
    facts(&[
        Fact::Used(pass(1), later, used(CITY, 1, 300)),
        Fact::Used(pass(1), later, used(PEER, 2, 17)),
        Fact::Used(pass(1), time(80_000), used(PEER, 2, 16)),
        Fact::TakenBack(pass(2), later, (GateId { member: id(PEER), number: 2 }, 5)),
        Fact::Used(pass(9), later, used(PEER, 3, 1)),
        Fact::Covers(id(CITY), 0..70),
        Fact::Covers(id(PEER), 100..250),
        Fact::Over(time(30_000)),
    ])
}

#[test]
fn what_is_signed_is_what_is_read() {
    let digest = UsageDigest::verify(&signed(sample()), &list()).unwrap();
    assert_eq!((digest.member(), digest.issued()), (id(CITY), time(ISSUED)));
    assert_eq!(*digest.facts(), sample());
    let runs: Vec<_> = digest.facts().ledgers().runs().collect();
    assert_eq!(runs, [(id(CITY), 0..70), (id(PEER), 0..1), (id(PEER), 100..250)]);
    assert_eq!(digest.facts().passes().count(), 4);
}

#[test]
fn facts_say_up_to_when_passes_are_left_out() {
    assert_eq!([sample().over(), UsageFacts::new(UnixTime::MIN).over()], [time(30_000), UnixTime::MIN]);
}

#[test]
fn a_use_takes_few_bytes() {
    let digest = |uses: u64| {
        let told: Vec<_> = (0..uses).map(|at| Fact::Used(pass(1), time(90_000), used(PEER, 2, 60_000 + at))).collect();
        signed(facts(&told)).len()
    };
    assert!(digest(21) - digest(20) <= 12, "{}", digest(21) - digest(20));
}

#[test]
fn only_a_log_key_of_the_member_signs() {
    let verify = |key: &SigningKey, spec: &UsageDigestSpec| UsageDigest::verify(&spec.sign(key).unwrap(), &list());
    for role in [Role::Registrar, Role::Issuer, Role::Witness] {
        let refused = verify(&secret(CITY, role), &spec(sample()));
        assert!(matches!(refused, Err(UsageDigestError::Trust(TrustError::WrongRole(_)))), "{refused:?}");
    }
    let peer = verify(&secret(PEER, Role::Log), &spec(sample()));
    assert_eq!(peer, Err(UsageDigestError::Rule("issued by another member")));
    let stranger = verify(&SigningKey::from_seed(&[7; 32]), &spec(sample()));
    assert!(matches!(stranger, Err(UsageDigestError::Trust(TrustError::UnknownKey(_)))));
    let early = UsageDigestSpec { issued: time(10), facts: UsageFacts::default(), ..spec(sample()) };
    let early = verify(&secret(CITY, Role::Log), &early);
    assert!(matches!(early, Err(UsageDigestError::Trust(TrustError::KeyTime(_)))));
}

#[test]
fn every_byte_counts_and_the_size_comes_first() {
    let bytes = signed(sample());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(UsageDigest::verify(&changed, &list()).is_err(), "byte {at}");
    }
    let long = vec![0; MAX_USAGE_DIGEST + 1];
    assert_eq!(UsageDigest::verify(&long, &list()), Err(UsageDigestError::TooLong(long.len())));
}

#[test]
fn what_contradicts_itself_is_not_signed() {
    let refused = |change: &dyn Fn(&mut UsageDigestSpec)| {
        let told = Fact::Used(pass(1), time(45_000), used(PEER, 2, 17));
        let mut spec = spec(facts(&[told]));
        assert!(spec.sign(&secret(CITY, Role::Log)).is_ok());
        change(&mut spec);
        match spec.sign(&secret(CITY, Role::Log)) {
            Err(UsageDigestError::Rule(rule)) => rule,
            other => panic!("{other:?}"),
        }
    };
    let told = |change: &dyn Fn(&mut Usage)| refused(&|spec| spec.facts.passes.values_mut().for_each(change));
    let future = refused(&|spec| (spec.facts.over, spec.issued) = (time(44_000), time(43_999)));
    assert_eq!(future, "leaves out passes that are not over yet");
    assert_eq!(refused(&|spec| spec.facts.over = time(45_000)), "a pass whose term is over");
    let unknown = refused(&|spec| spec.facts.ledgers = LedgerRuns::new());
    assert_eq!(unknown, "a fact of a ledger that it tells nothing of");
    let unknown = told(&|usage| _ = usage.annul(GateId { member: id(CITY), number: 1 }, 1));
    assert_eq!(unknown, "a fact of a ledger that it tells nothing of");
    assert_eq!(told(&|usage| *usage = Usage::new()), "a pass of which nothing is told");
    let pieces = |spec: &mut UsageDigestSpec| (0..257).for_each(|at| spec.facts.covers(id(PEER), 2 * at..2 * at + 1));
    assert_eq!(refused(&pieces), "too many runs of entries");
    let mut most = spec(facts(&[Fact::Used(pass(1), time(45_000), used(PEER, 2, 0))]));
    most.facts.ledgers = (0..256).map(|at| (id(PEER), 2 * at..2 * at + 1)).collect();
    let read = UsageDigest::verify(&most.sign(&secret(CITY, Role::Log)).unwrap(), &list()).unwrap();
    assert_eq!(read.facts().ledgers().runs().count(), 256);
}

#[test]
fn a_digest_longer_than_the_cap_is_not_signed() {
    let mut facts = UsageFacts::new(UnixTime::MIN);
    facts.covers(id(PEER), 0..1);
    let usage = (0..750_000).map(|index| used(PEER, 2, index)).collect();
    facts.passes.insert((pass(1), time(90_000)), usage);
    let long = spec(facts).sign(&secret(CITY, Role::Log));
    assert!(matches!(long, Err(UsageDigestError::TooLong(length)) if length > MAX_USAGE_DIGEST), "{long:?}");
    let read = UsageDigest::verify(&vec![0; MAX_USAGE_DIGEST], &list());
    assert!(matches!(read, Err(UsageDigestError::Encoding(_))), "{read:?}");
}

/// A digest by hand: its runs, gates and passes, each a list.
fn handmade(runs: &[&[u8]], gates: &[&[u8]], passes: &[&[u8]]) -> Result<UsageFacts, UsageDigestError> {
    let mut out = Encoder::new();
    out.map(7).int(1).uint(VERSION).int(2).uint(CITY).int(3).time(time(ISSUED)).int(4).time(UnixTime::MIN);
    for (key, items) in (5..).zip([runs, gates, passes]) {
        out.int(key).array(items.len());
        for item in items {
            out.raw(item);
        }
    }
    let key = secret(CITY, Role::Log);
    let headers = Headers { kid: Some(key.verifying_key().kid()), kcwt: None };
    let bytes = cose::sign1(&key, TYP, headers, &out.finish());
    UsageDigest::verify(&bytes, &list()).map(UsageDigest::into_facts)
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.array(numbers.len());
    for number in numbers {
        out.uint(*number);
    }
    out.finish()
}

/// A pass of the city that ends at 90,000.
fn told(number: u8, uses: &[&[u64]], annulled: &[&[u64]]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.array(4).bytes(&[number; 10]).time(time(90_000));
    for list in [uses, annulled] {
        out.array(list.len());
        for item in list {
            out.raw(&numbers(item));
        }
    }
    out.finish()
}

fn of_city(passes: &[&[u8]]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.array(2).uint(CITY).array(passes.len());
    for pass in passes {
        out.raw(pass);
    }
    out.finish()
}

#[test]
fn only_the_one_encoding_is_read() {
    let (city, peer) = (u64::from(CITY), u64::from(PEER));
    let [runs, peers] = [city, peer].map(|member| numbers(&[member, 0, 9]));
    let [first, second] = [1, 2].map(|number| numbers(&[peer, number, number, 0]));
    let use_at = |time, gate| [time, gate, 300, 1, 2];
    let once = |passes: &[&[u8]]| handmade(&[&runs, &peers], &[&first], &[&of_city(passes)]);
    let (one, two) = (told(1, &[&use_at(40_000, 0)], &[]), told(2, &[&use_at(40_000, 0)], &[]));
    assert_eq!(once(&[&one, &two]).unwrap().passes().count(), 2);
    let rule = |rule| Err(UsageDigestError::Rule(rule));

    let order = rule("runs of entries not ascending and apart");
    let apart = |from, to| numbers(&[city, from, to]);
    for (a, b) in [(peers.clone(), runs.clone()), (apart(0, 9), apart(0, 9)), (apart(0, 9), apart(9, 10))] {
        assert_eq!(handmade(&[&a, &b], &[], &[]), order);
    }
    assert_eq!(handmade(&[&apart(3, 3)], &[], &[]), order);
    // Counted before they are put in order, which takes as long as they are many.
    assert_eq!(handmade(&[&apart(3, 3)[..]; 256], &[], &[]), order);
    assert_eq!(handmade(&[&apart(3, 3)[..]; 257], &[], &[]), rule("too many runs of entries"));
    assert_eq!(handmade(&[&apart(4, 3)], &[], &[]), order);
    assert!(handmade(&[&apart(0, 9), &apart(10, 11)], &[], &[]).is_ok());

    let gates = |gates: &[&[u8]]| handmade(&[&runs, &peers], gates, &[&of_city(&[&one])]);
    assert_eq!(gates(&[&second, &first]), rule("gates not ascending"));
    assert_eq!(gates(&[&first, &first]), rule("gates not ascending"));
    assert_eq!(gates(&[&first, &second]), rule("a gate where nothing was used"));

    assert_eq!(once(&[]), rule("an issuer of no pass"));
    for passes in [[&two[..], &one[..]], [&one, &one]] {
        assert_eq!(once(&passes), rule("passes not ascending"));
    }
    let twice = of_city(&[&one]);
    assert_eq!(handmade(&[&peers], &[&first], &[&twice, &twice]), rule("passes not ascending"));

    let order = rule("uses or annulments not ascending, or one twice");
    let (early, late) = (use_at(40_000, 0), use_at(40_001, 0));
    assert_eq!(once(&[&told(1, &[&late, &early], &[])]), order);
    assert_eq!(once(&[&told(1, &[&early, &early], &[])]), order);
    assert_eq!(once(&[&told(1, &[&early, &late], &[])]), order, "one record is one use");
    assert_eq!(once(&[&told(1, &[&early], &[&[peer, 1, 300]])]), order, "a use that was annulled");
    assert_eq!(once(&[&told(1, &[&early], &[&[peer, 1, 2], &[peer, 1, 1]])]), order);
    let range = once(&[&told(1, &[&use_at(40_000, 1)], &[])]);
    let kind = CborErrorKind::Range;
    assert!(matches!(range, Err(UsageDigestError::Encoding(CoseError::Cbor(error))) if error.kind == kind));
}

impl UsageFacts {
    pub(crate) fn of(
        over: UnixTime,
        ledgers: LedgerRuns,
        passes: impl Iterator<Item = ((PassKey, UnixTime), Usage)>,
    ) -> Self {
        let mut all = Self::new(over);
        all.ledgers = ledgers;
        passes.for_each(|(pass, usage)| {
            all.merge(Self { passes: BTreeMap::from([(pass, usage)]), ..Self::new(over) });
        });
        all
    }
}

fn verified(bytes: &[u8]) -> UsageFacts {
    UsageDigest::verify(bytes, &list()).unwrap().into_facts()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Digests in any order, some of them twice, some with parts of others: the same is known.
    #[test]
    fn the_order_and_the_cut_change_nothing(
        (told, shuffled) in vec(any_fact(1..12), 1..24).prop_flat_map(|told| {
            (Just(told.clone()), Just(told).prop_shuffle())
        }),
        cut in 0usize..24,
        again in subsequence((0..24).collect::<Vec<usize>>(), 0..6),
    ) {
        let whole = facts(&told);
        prop_assert_eq!(&verified(&signed(whole.clone())), &whole);
        let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
        let twice: Vec<Fact> = again.iter().filter_map(|&at| told.get(at).cloned()).collect();
        let mut known = UsageFacts::default();
        for part in [right, &twice, left] {
            known.merge(verified(&signed(facts(part))));
        }
        prop_assert_eq!(known, whole);
    }
}
