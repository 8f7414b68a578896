//! Tests of `learnt.rs`.

use super::super::test_gate::{NOW, bundle, code_of, gate_key, open, pass};
use super::super::usage_digest::tests::{any_fact, facts, signed};
use super::super::{Decision, Gate, OpenError, Reason, Record, Scan, SyncError, SyncInput, UsageDigestSpec};
use super::*;
use crate::id::{GateId, PassId, VenueId};
use crate::product::Use;
use crate::tlog::MemoryStorage;
use crate::trust::Role;
use crate::trust::test_federation::{id, secret, time};
use proptest::collection::vec;
use proptest::prelude::*;

const CITY: u32 = 310_101;
const PEER: u32 = 320_100;
type TestGate = Gate<MemoryStorage>;

fn key(number: u8) -> PassKey {
    PassKey { issuer: id(CITY), pass: PassId::from_bytes([number; 10]) }
}

fn used(index: u64) -> Use {
    let member = id(PEER);
    let venue = VenueId { member, number: 1 };
    let gate = GateId { member, number: 1 };
    Use { time: time(NOW - 500), gate, index, venue, service: 0, grant: 0, party: 1 }
}

/// These uses, by pass and end of term, and entries of the peer's ledger.
fn told(over: i64, entries: core::ops::Range<u64>, uses: &[(u8, i64, u64)]) -> UsageFacts {
    let one = |&(number, expires, index): &(u8, i64, u64)| {
        ((key(number), time(expires)), [used(index)].into_iter().collect::<Usage>())
    };
    UsageFacts::of(time(over), [(id(PEER), entries)].into_iter().collect(), uses.iter().map(one))
}

fn digest_by(member: u32, issued: i64, facts: UsageFacts) -> Vec<u8> {
    UsageDigestSpec { member: id(member), issued: time(issued), facts }.sign(&secret(member, Role::Log)).unwrap()
}

fn digest(issued: i64, facts: UsageFacts) -> Vec<u8> {
    digest_by(CITY, issued, facts)
}

fn sync(gate: &mut TestGate, digests: &[Vec<u8>], at: i64) -> Result<(), SyncError<crate::tlog::MemoryError>> {
    let digests: Vec<&[u8]> = digests.iter().map(Vec::as_slice).collect();
    gate.sync(&SyncInput { usage_digests: &digests, ..SyncInput::default() }, time(at))
}

/// What the gate says to a pass whose term ends then.
fn scan(gate: &mut TestGate, number: u8, expires: i64, at: i64) -> Decision {
    let pass = pass(number, |claims| claims.expires = time(expires));
    gate.admit(Scan::text(code_of(&pass, number, at).as_bytes()), time(at))
}

fn ledgers(gate: &TestGate) -> Vec<(u32, u64)> {
    let body = gate.log().body(gate.storage(), gate.log().size() - 1).unwrap();
    let Record::Synced(synced) = Record::decode(&body).unwrap() else { panic!("no sync") };
    synced.ledgers.iter().map(|(member, size)| (member.code(), *size)).collect()
}

const LATER: i64 = NOW + 10_000_000;

#[test]
fn a_pass_used_up_elsewhere_is_denied_and_says_so_after_a_restart() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    sync(&mut gate, &[digest(NOW, told(0, 0..5, &[(1, LATER, 1), (1, LATER, 2), (2, LATER, 3)]))], NOW).unwrap();
    assert_eq!(ledgers(&gate), [(PEER, 5)]);
    let mut again = open(gate.storage().clone(), NOW).unwrap();
    assert_eq!(ledgers(&again), [(PEER, 5)]);
    for gate in [&mut gate, &mut again] {
        assert_eq!(scan(gate, 1, LATER, NOW).reason(), Reason::TotalQuota);
        assert!(matches!(scan(gate, 2, LATER, NOW), Decision::Admitted(now) if now.uses_left == Some(0)));
        assert!(matches!(scan(gate, 3, LATER, NOW), Decision::Admitted(now) if now.uses_left == Some(1)));
    }
}

#[test]
fn only_what_is_known_without_a_gap_is_said_to_be_known() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    sync(&mut gate, &[digest(NOW, told(0, 5..9, &[(1, LATER, 1), (1, LATER, 2)]))], NOW).unwrap();
    assert_eq!(ledgers(&gate), [(PEER, 0)], "something was learnt, but entries 0 to 4 may say anything");
    assert_eq!(scan(&mut gate, 1, LATER, NOW).reason(), Reason::TotalQuota, "but what is known counts");
    let mut gate = open(gate.storage().clone(), NOW).unwrap();
    sync(&mut gate, &[digest(NOW, told(0, 0..3, &[]))], NOW).unwrap();
    assert_eq!(ledgers(&gate), [(PEER, 3)]);
    sync(&mut gate, &[digest(NOW, told(0, 2..5, &[]))], NOW).unwrap();
    assert_eq!(ledgers(&gate), [(PEER, 9)]);
    sync(&mut gate, &[digest(NOW, told(0, 0..3, &[]))], NOW).unwrap();
    assert_eq!(ledgers(&gate), [(PEER, 9)], "an old digest takes nothing away");
    let again = open(gate.storage().clone(), NOW).unwrap();
    assert_eq!(again.learnt().runs().collect::<Vec<_>>(), [(id(PEER), 0..9)]);
}

#[test]
fn a_refused_digest_changes_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    sync(&mut gate, &[digest(NOW, told(0, 0..5, &[(1, LATER, 1)]))], NOW).unwrap();
    let (before, known) = (gate.storage().clone(), gate.state.clone());
    let good = digest(NOW, told(NOW, 0..9, &[(2, LATER, 2), (2, LATER, 3)]));
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut pieces = told(0, 20..21, &[]);
    (11..75).for_each(|at| pieces.covers(id(PEER), 2 * at..2 * at + 1));
    let suspect = i64::from(gate.bundle().trust().policy().clock_suspect);
    let cases: [(Vec<u8>, UsageDigestError); 5] = [
        (digest_by(PEER, NOW, told(0, 0..9, &[])), UsageDigestError::OtherMember(id(PEER))),
        (digest(NOW + suspect + 1, told(0, 0..9, &[])), UsageDigestError::Future),
        (digest(NOW, pieces), UsageDigestError::Gaps),
        (damaged, UsageDigestError::Signature(crate::crypto::SignatureError)),
        (vec![0; crate::limits::MAX_USAGE_DIGEST + 1], UsageDigestError::TooLong(crate::limits::MAX_USAGE_DIGEST + 1)),
    ];
    for (bad, why) in cases {
        match sync(&mut gate, &[good.clone(), bad], NOW) {
            Err(SyncError::Usage(error)) => assert_eq!(error, why),
            other => panic!("{why}: {other:?}"),
        }
        assert_eq!((gate.storage(), &gate.state), (&before, &known), "{why}");
    }
    sync(&mut gate, &[good, digest(NOW + suspect, told(0, 0..9, &[]))], NOW).unwrap();
    assert_eq!(scan(&mut gate, 2, LATER, NOW).reason(), Reason::TotalQuota);
}

#[test]
fn as_many_runs_as_the_cap_are_kept() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let mut pieces = told(0, 2..3, &[]);
    (2..=MAX_RUNS as u64).for_each(|at| pieces.covers(id(PEER), 2 * at..2 * at + 1));
    sync(&mut gate, &[digest(NOW, pieces)], NOW).unwrap();
    assert_eq!(gate.learnt().runs().count(), MAX_RUNS);
}

/// One row for one pass, none for what was known, and nothing where the commit fails.
#[test]
fn a_sync_writes_what_it_changes() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let many: Vec<_> = (0..200).map(|number| (number, LATER, u64::from(number))).collect();
    sync(&mut gate, &[digest(NOW, told(0, 0..5, &many))], NOW).unwrap();
    let changed = |facts| {
        let mut news = gate.state.learnt.with();
        news.take(facts);
        let writes = news.change().unwrap().writes();
        writes.iter().map(Write::row).collect::<Vec<_>>()
    };
    let row = |number| Row::Entry { log: LEARNT, index: number };
    assert_eq!(changed(told(0, 0..5, &many)), []);
    assert_eq!(changed(told(0, 0..5, &[(7, LATER, 900)])), [row(0x0707_0707_0707_0707 >> 1)]);
    assert_eq!(changed(told(0, 5..6, &[])), [EXTENT]);
    assert_eq!(changed(told(LATER, 0..5, &[])).len(), 201, "all are over");
    let known = gate.state.clone();
    let size = gate.log().size();
    let mut storage = gate.storage().clone();
    storage.fail_after(0);
    gate.storage = storage;
    assert!(sync(&mut gate, &[digest(NOW, told(0, 0..6, &[(1, LATER, 901)]))], NOW).is_err());
    assert_eq!(gate.state, known);
    sync(&mut gate, &[], NOW).unwrap();
    assert_eq!((gate.log().size(), ledgers(&gate)), (size + 1, vec![(PEER, 5)]));
}

#[test]
fn passes_with_nearly_the_same_id_share_a_row() {
    let id_of = |end: [u8; 3]| PassId::from_bytes([255, 255, 255, 255, 255, 255, 255, end[0], end[1], end[2]]);
    let pass = |issuer, end| PassKey { issuer: id(issuer), pass: id_of(end) };
    let passes = [pass(PEER, [255, 1, 1]), pass(CITY, [254, 0, 0]), pass(CITY, [255, 255, 255])];
    let mut learnt = LearntUses::default();
    for (index, &pass) in (0..).zip(&passes) {
        let mut news = learnt.with();
        news.learn(pass, time(LATER), [used(index)].into_iter().collect());
        let change = news.change().unwrap();
        learnt.apply(change);
    }
    assert_eq!(learnt.rows.keys().collect::<Vec<_>>(), [&(u64::MAX >> 1)]);
    let mut at_once = LearntUses::default();
    let mut news = at_once.with();
    for (index, &pass) in (0..).zip(&passes).chain((0..).zip(&passes)) {
        news.learn(pass, time(LATER), [used(index)].into_iter().collect());
    }
    let change = news.change().unwrap();
    at_once.apply(change);
    assert_eq!(at_once, learnt, "in any order, any number of times");
    for (index, &pass) in (0..).zip(&passes) {
        let uses: Vec<u64> = learnt.usage(pass).flat_map(Usage::uses).map(|used| used.index).collect();
        assert_eq!(uses, [index]);
    }
    let mut store = MemoryStorage::new();
    let mut all = LearntUses::default();
    std::mem::swap(&mut all.rows, &mut learnt.rows);
    let change = LearntChange { rows: all.rows.clone(), over: all.over, ledgers: LedgerRuns::new(), farther: true };
    store.commit(&change.writes()).unwrap();
    assert_eq!(LearntUses::load(&store).unwrap(), all);
}

/// The second scan would be for nothing: no use is left that it repeats.
#[test]
fn a_redemption_that_the_city_took_back_is_not_scanned_again() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let Decision::Admitted(first) = scan(&mut gate, 1, LATER, NOW) else { panic!("admitted") };
    assert_eq!(scan(&mut gate, 1, LATER, NOW).reason(), Reason::Rescan);
    let mut back = Usage::new();
    back.annul(gate.id(), first.index);
    let runs = [(id(CITY), 0..5)].into_iter().collect();
    let facts = UsageFacts::of(time(0), runs, core::iter::once(((key(1), time(LATER)), back)));
    sync(&mut gate, &[digest(NOW, facts)], NOW).unwrap();
    let mut again = open(gate.storage().clone(), NOW).unwrap();
    for gate in [&mut gate, &mut again] {
        assert_eq!(scan(gate, 1, LATER, NOW).reason(), Reason::Passback);
    }
}

#[test]
fn damaged_rows_keep_the_gate_closed() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    sync(&mut gate, &[digest(NOW, told(0, 0..5, &[(1, LATER, 1), (2, LATER, 2)]))], NOW).unwrap();
    let row = |number: u8| Row::Entry { log: LEARNT, index: super::number(key(number)) };
    let first = gate.storage().get(row(1)).unwrap().unwrap();
    let with = |row, bytes: &[u8]| {
        let mut storage = gate.storage().clone();
        storage.commit(&[Write::Put(row, bytes.to_vec())]).unwrap();
        match open(storage, NOW) {
            Err(OpenError::Journal(JournalError::Snapshot(error))) => Some(error),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(with(row(1), &first), None);
    assert_eq!(with(row(2), &first), Some(SnapshotError::Damaged), "of another pass");
    assert_eq!(with(row(1), &first[..first.len() - 1]), Some(SnapshotError::Damaged));
    assert_eq!(with(row(1), &snapshot::encode_learnt(&[])), Some(SnapshotError::Damaged));
    let twice = [snapshot::decode_learnt(&first).unwrap(), snapshot::decode_learnt(&first).unwrap()].concat();
    assert_eq!(with(row(1), &snapshot::encode_learnt(&twice)), Some(SnapshotError::Damaged), "one pass twice");
    assert_eq!(with(EXTENT, &[1, 0]), Some(SnapshotError::Format(Some(1))), "of a version before");
}

#[test]
fn before_the_time_that_it_forgot_up_to_a_gate_decides_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let ends = NOW + 500;
    sync(&mut gate, &[digest(NOW, told(0, 0..5, &[(1, ends, 1), (1, ends, 2), (2, ends + 1, 3)]))], NOW).unwrap();
    assert_eq!(scan(&mut gate, 1, ends, NOW).reason(), Reason::TotalQuota);
    sync(&mut gate, &[digest(NOW + 600, told(ends, 0..6, &[]))], NOW + 600).unwrap();
    assert_eq!(gate.state.learnt.rows.len(), 1);
    assert_eq!(gate.storage().rows().filter(|(row, _)| matches!(row, Row::Entry { log: LEARNT, .. })).count(), 1);
    assert_eq!(scan(&mut gate, 1, ends, NOW + 600).reason(), Reason::Expired);
    gate.set_clock(time(ends - 3)).unwrap();
    let mut again = open(gate.storage().clone(), ends - 3).unwrap();
    for gate in [&mut gate, &mut again] {
        assert_eq!(scan(gate, 1, ends, ends - 3).reason(), Reason::ClockSuspect, "once more it would be admitted");
        assert!(gate.self_test(time(ends - 3)).iter().any(|f| f.trouble == super::super::Trouble::ClockBehind));
        assert_eq!(scan(gate, 1, ends, ends - 2).reason(), Reason::Expired, "a step of the clock");
        assert_eq!(scan(gate, 2, ends + 1, ends).reason(), Reason::Ok);
    }
}

#[test]
fn a_digest_is_verified_by_the_trust_list_that_comes_with_it() {
    let log = crate::crypto::SigningKey::from_seed(&[78; 32]);
    let mut next =
        crate::trust::TrustListSpec { sequence: 2, issued: time(3_000), ..crate::trust::test_federation::spec() };
    let city = next.members.iter_mut().find(|member| member.id == id(CITY)).unwrap();
    city.keys.iter_mut().find(|entry| entry.role == Role::Log).unwrap().key = log.verifying_key();
    let next = crate::trust::test_federation::sign(&next, &crate::trust::test_federation::CITIES[..3]);
    let facts = told(0, 0..5, &[(1, LATER, 1), (1, LATER, 2)]);
    let old = digest(NOW, facts.clone());
    let new = UsageDigestSpec { member: id(CITY), issued: time(NOW), facts }.sign(&log).unwrap();
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let mut with = |digest: &[u8]| {
        gate.sync(&SyncInput { trust_lists: &[&next], usage_digests: &[digest], ..SyncInput::default() }, time(NOW))
    };
    assert!(matches!(with(&old), Err(SyncError::Usage(UsageDigestError::Trust(_)))));
    with(&new).unwrap();
    assert_eq!(scan(&mut gate, 1, LATER, NOW).reason(), Reason::TotalQuota);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// In any order, one or several at once, some twice: what is known, what is kept and what the journal
    /// says of it is the same, and so it is after a restart.
    #[test]
    fn digests_in_any_order_come_to_the_same(
        (parts, shuffled) in vec((vec(any_fact(1..12), 0..8), 1u8..4), 1..6).prop_flat_map(|parts| {
            let several: Vec<_> = parts.iter().flat_map(|(part, times)| vec![part.clone(); (*times).into()]).collect();
            (Just(parts), Just(several).prop_shuffle())
        }),
        at_once in 1usize..4,
    ) {
        let mut gates = [open(MemoryStorage::new(), NOW).unwrap(), open(MemoryStorage::new(), NOW).unwrap()];
        for (part, _) in &parts {
            sync(&mut gates[0], &[signed(facts(part))], NOW).unwrap();
        }
        for digests in shuffled.chunks(at_once) {
            let digests: Vec<_> = digests.iter().map(|part| signed(facts(part))).collect();
            sync(&mut gates[1], &digests, NOW).unwrap();
        }
        let kept = |gate: &TestGate| {
            let learnt = |row: &Row| *row == EXTENT || matches!(row, Row::Entry { log: LEARNT, .. });
            let rows = gate.storage().rows().filter(|(row, _)| learnt(row));
            rows.map(|(row, bytes)| (row, bytes.to_vec())).collect::<Vec<_>>()
        };
        let [first, second] = &gates;
        prop_assert_eq!(&first.state.learnt, &second.state.learnt);
        prop_assert_eq!(kept(first), kept(second));
        prop_assert_eq!(ledgers(first), ledgers(second));
        let again = open(second.storage().clone(), NOW).unwrap();
        prop_assert_eq!(&again.state.learnt, &first.state.learnt);
        prop_assert_eq!(ledgers(&again), ledgers(first));
    }

    /// Two gates learn the same, but one is never told that a term is over. Pass `n` ends `100 n` seconds on; what is
    /// scanned and told of is mostly the pass that ends next.
    #[test]
    fn forgetting_changes_no_decision(
        steps in vec((0u8..8, 0u8..4, 0i64..70, 0i64..120, 1u64..40), 1..24),
    ) {
        let ends = |number: u8| NOW + 100 * i64::from(number);
        let mut gates = [open(MemoryStorage::new(), NOW).unwrap(), open(MemoryStorage::new(), NOW).unwrap()];
        let mut now = NOW;
        for (far, what, later, before, index) in steps {
            now += later;
            let next = u8::try_from((now - NOW) / 100 + 1).unwrap();
            let number = if far < 3 { next + far } else { next };
            if what < 2 {
                let uses = [(number, ends(number), index), (next, ends(next), index)];
                for (gate, over) in gates.iter_mut().zip([now - before, 0]) {
                    sync(gate, &[digest(now, told(over, 0..index, &uses))], now).unwrap();
                }
            }
            let [first, second] = gates.each_mut().map(|gate| scan(gate, number, ends(number), now));
            prop_assert_eq!(first, second);
            if what == 2 {
                gates = gates.map(|gate| open(gate.storage().clone(), now).unwrap());
            }
            let over = gates[0].state.learnt.over;
            let left = gates[0].state.learnt.rows.values().flatten();
            prop_assert!(left.into_iter().all(|learnt| learnt.expires > over));
        }
    }
}

#[test]
fn the_bundle_of_a_gate_is_not_copied_for_a_sync() {
    let certificate = open(MemoryStorage::new(), NOW).unwrap().certificate().as_bytes().to_vec();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate, bundle(), time(NOW)).unwrap();
    let list: *const _ = gate.bundle().status_lists().next().unwrap();
    sync(&mut gate, &[digest(NOW, told(0, 0..5, &[(1, LATER, 1)]))], NOW).unwrap();
    assert!(std::ptr::eq(list, gate.bundle().status_lists().next().unwrap()));
}
