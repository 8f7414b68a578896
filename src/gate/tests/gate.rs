//! Tests of `gate.rs`.

use super::*;
use crate::crypto::Hash;
use crate::gate::test_gate::{
    CITY, Late, NOW, bundle, catalogue, catalogue_of, certificate, certificate_at, code, gate_key, holder, open,
    reason, scan, status,
};
use crate::gate::{
    Admitted, AnnulError, Decision, OutageError, Override, Redemption, Rollback, Scan, SyncError, SyncInput, Trouble,
    UsageDigestSpec, UsageFacts,
};
use crate::id::{PassId, PassKey};
use crate::product::PassFacts;
use crate::time::Date;
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::{self, id, secret, time};
use crate::trust::{GateCertificateSpec, Role, TrustListSpec};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn a_gate_stands_at_a_venue_that_its_lists_have() {
    let nowhere = certificate_at(3);
    let opened = Gate::open(MemoryStorage::new(), gate_key(), &nowhere, bundle(), time(NOW));
    assert!(matches!(opened, Err(OpenError::UnknownVenue(venue)) if venue.number == 3));
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate_at(2), bundle(), time(NOW)).unwrap();
    let before = gate.storage().clone();
    let closed = catalogue_of(2, 1, &secret(CITY, Role::Registrar));
    let synced = gate.sync(&SyncInput { catalogues: &[&closed], ..SyncInput::default() }, time(NOW));
    assert!(matches!(synced, Err(SyncError::UnknownVenue(venue)) if venue.number == 2));
    assert_eq!(gate.storage(), &before);
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok, "by the catalogue before");
}

#[test]
fn a_journal_with_a_record_that_nobody_can_read_is_not_opened() {
    let gate = open(MemoryStorage::new(), NOW).unwrap();
    let (mut storage, mut log) = (gate.storage().clone(), gate.log().clone());
    let index = log.size();
    let mut batch = log.begin();
    batch.push(b"no record", None).unwrap();
    storage.commit(&batch.writes()).unwrap();
    log.apply(batch).unwrap();
    let opened = open(storage, NOW);
    assert!(matches!(opened, Err(OpenError::Journal(JournalError::Record { index: found, .. })) if found == index));
}

#[test]
fn what_could_not_be_read_again_is_not_recorded() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    let ledgers: Vec<_> = (0..1_025).map(|at| (id(100_000 + at), 1)).collect();
    let sync = gate.sync(&SyncInput { ledgers: &ledgers, ..SyncInput::default() }, time(NOW));
    assert!(matches!(sync, Err(SyncError::Journal(JournalError::Refused(_)))), "{sync:?}");
    let closed = gate.close_day(Date::from_days(-1), time(NOW));
    assert!(matches!(closed, Err(JournalError::Refused(_))), "{closed:?}");
    assert_eq!(gate.storage(), &before);
    gate.sync(&SyncInput { ledgers: &ledgers[..1_024], ..SyncInput::default() }, time(NOW)).unwrap();
    let mut again = open(gate.storage().clone(), NOW).unwrap();
    assert_eq!(reason(&mut again, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn a_gate_without_all_of_its_journal_does_not_open() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for _ in 0..260 {
        gate.sync(&SyncInput::default(), time(NOW)).unwrap();
    }
    let mut storage = gate.storage().clone();
    assert!(open(storage.clone(), NOW).is_ok());
    let pruned = gate.log().prune(256, 1).writes();
    storage.commit(&pruned).unwrap();
    assert!(matches!(open(storage, NOW), Err(OpenError::Journal(JournalError::Log(LogError::Pruned(0))))));
}

#[test]
fn a_gate_that_is_not_fit_decides_nothing() {
    let other = Gate::open(MemoryStorage::new(), holder(1), &certificate(), bundle(), time(NOW));
    assert!(matches!(other, Err(OpenError::OtherKey)));
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    assert!(matches!(
        gate.sync(&SyncInput::default(), time(NOW - 3)),
        Err(SyncError::Journal(JournalError::Clock { .. }))
    ));
    assert!(matches!(gate.close_day(Date::from_days(1), time(NOW - 3)), Err(JournalError::Clock { .. })));
    assert_eq!(gate.storage(), &before);
    gate.sync(&SyncInput { catalogues: &[&catalogue(2)], ..SyncInput::default() }, time(NOW)).unwrap();
    assert!(
        matches!(open(gate.storage().clone(), NOW), Err(OpenError::Rollback(Rollback::Catalogue(member))) if member == id(CITY))
    );
    // Before its trust list was issued, whatever the journal says of the time.
    let early = time(gate.bundle().trust().issued().seconds() - 3);
    gate.set_clock(early).unwrap();
    assert_eq!(gate.fit(early).unwrap_err().reason, Reason::ClockSuspect);
}

#[test]
fn in_a_forked_process_a_gate_does_nothing_and_signs_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    scan(&mut gate, &code(1, NOW), NOW);
    gate.seal().unwrap().unwrap();
    scan(&mut gate, &code(2, NOW), NOW);
    gate.storage.fork();
    let (storage, log, known) = (gate.storage.clone(), gate.log.clone(), gate.state.clone());
    for shown in [code(3, NOW), code(1, NOW), "no code".into()] {
        assert_eq!(reason(&mut gate, &shown, NOW), Reason::NotRecorded);
    }
    assert_eq!(gate.leave(Scan::text(code(1, NOW).as_bytes()), time(NOW)).unwrap_err().reason, Reason::NotRecorded);
    let (now, forked) = (time(NOW), |error: JournalError<_>| {
        assert!(matches!(error, JournalError::Log(LogError::Storage(crate::tlog::MemoryError::Forked))), "{error:?}");
    });
    forked(gate.seal().unwrap_err());
    forked(gate.segment(0).unwrap_err());
    let Err(AnnulError::Journal(error)) = gate.annul(2, now) else { panic!("annulled") };
    forked(error);
    let Err(SyncError::Journal(error)) = gate.sync(&SyncInput::default(), now) else { panic!("synced") };
    forked(error);
    forked(gate.set_clock(now).unwrap_err());
    forked(gate.compare_clock(now, 1).unwrap_err());
    forked(gate.close_day(now.civil().0, now).unwrap_err());
    let Err(OutageError::Journal(error)) = gate.open_outage(now, now) else { panic!("opened") };
    forked(error);
    assert!(gate.self_test(now).iter().any(|fault| fault.trouble == Trouble::Store));
    assert_eq!((&gate.storage, &gate.log, &gate.state), (&storage, &log, &known));
}

#[test]
fn what_was_durable_although_the_commit_failed_is_known() {
    let storage = Late(MemoryStorage::new(), false);
    let mut gate = Gate::open(storage, gate_key(), &certificate(), bundle(), time(NOW)).unwrap();
    let reason =
        |gate: &mut Gate<Late>, number, at| gate.admit(Scan::text(code(number, at).as_bytes()), time(at)).reason();
    // An admission: it was refused, its index is not used again, and the pass is debited.
    gate.storage.1 = true;
    assert_eq!(reason(&mut gate, 1, NOW), Reason::NotRecorded);
    let (one, other) = (code(2, NOW), code(3, NOW));
    let group = [&one, &other].map(|code| Scan::text(code.as_bytes()));
    let unsure = gate.admit_all(&group, time(NOW));
    assert!(unsure.iter().all(|decision| decision.reason() == Reason::NotRecorded) && unsure.len() == 2);
    gate.storage.1 = false;
    let size = gate.log().size();
    assert_eq!(reason(&mut gate, 2, NOW), Reason::Ok);
    assert_eq!(gate.log().size(), size + 2);
    assert_eq!(reason(&mut gate, 1, NOW + 1), Reason::Passback);
    // A sync: the journal says that the gate has the list by which pass 3 is revoked.
    let list = status(NOW + 1, &[3]);
    let news = SyncInput { status_lists: &[&list], ..SyncInput::default() };
    gate.storage.1 = true;
    assert!(gate.sync(&news, time(NOW + 1)).is_err());
    gate.storage.1 = false;
    assert_eq!(reason(&mut gate, 3, NOW + 1), Reason::ListTooOld, "not by the list before");
    let status_list = Rollback::StatusList { issuer: id(CITY), uri: "oc:310101/1".into() };
    let without = gate.sync(&SyncInput::default(), time(NOW + 1));
    assert!(matches!(without, Err(SyncError::Rollback(missing)) if missing == status_list));
    gate.sync(&news, time(NOW + 1)).unwrap();
    assert_eq!(reason(&mut gate, 3, NOW + 1), Reason::Revoked);
    assert_eq!(reason(&mut gate, 4, NOW + 1), Reason::Ok);
}

#[test]
fn an_old_copy_is_noticed_before_anything_is_written() {
    let after = |newest: &str, storage: MemoryStorage| {
        let options = OpenOptions { newest: Some(newest.as_bytes()), ..time(NOW).into() };
        Gate::open(storage, gate_key(), &certificate(), bundle(), options)
    };
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    let first = gate.seal().unwrap().unwrap();
    let old = gate.storage().clone();
    assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::Ok);
    let unsealed = gate.storage().clone();
    let newest = gate.seal().unwrap().unwrap();
    let current = gate.storage().clone();
    // Without it, the same indices would be signed twice.
    assert!(matches!(after(newest.note(), old.clone()), Err(OpenError::OldCopy { here: 3, known: 4 })));
    assert!(matches!(after(newest.note(), MemoryStorage::new()), Err(OpenError::OldCopy { here: 0, known: 4 })));
    for (newest, storage) in [(&first, &old), (&newest, &unsealed), (&first, &current), (&newest, &current)] {
        assert!(after(newest.note(), storage.clone()).is_ok(), "{} in a store of its size", newest.size());
    }
    // The old copy went on: as long, but another history.
    let mut forked = open(old, NOW).unwrap();
    assert_eq!(reason(&mut forked, &code(3, NOW), NOW), Reason::Ok);
    let refused = after(newest.note(), forked.storage().clone());
    assert!(matches!(refused, Err(OpenError::Journal(JournalError::Log(LogError::OtherRoot(4))))));
    // What this gate did not sign says nothing of it.
    let stranger = SignedCheckpoint::sign(newest.checkpoint().clone(), &holder(1));
    assert!(matches!(after(stranger.note(), current), Err(OpenError::Newest(_))));
}

#[test]
fn a_restart_after_the_clock_was_set_back_changes_no_decision() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    // The first entry is forgotten at the second, and stays so.
    assert_eq!(reason(&mut gate, &code(2, NOW + 901), NOW + 901), Reason::Ok);
    gate.set_clock(time(NOW + 10)).unwrap();
    let mut again = open(gate.storage().clone(), NOW + 10).unwrap();
    assert_eq!(gate.state.recent, again.state.recent);
    let shown = code(1, NOW + 10);
    assert_eq!(reason(&mut again, &shown, NOW + 10), reason(&mut gate, &shown, NOW + 10));
}

#[test]
fn a_restart_knows_what_the_gate_knew() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for (number, at) in [(1, NOW), (2, NOW + 10), (1, NOW + 500), (3, NOW + 2_000), (2, NOW + 2_100)] {
        assert_eq!(reason(&mut gate, &code(number, at), at), Reason::Ok);
    }
    gate.annul(6, time(NOW + 2_150)).unwrap();
    gate.seal().unwrap().unwrap();
    gate.close_day(Date::from_days(1), time(NOW + 2_200)).unwrap();
    let again = open(gate.storage().clone(), NOW + 2_200).unwrap();
    let synced = again.state.synced.clone();
    assert_eq!(again.state, GateState { synced, ..gate.state.clone() });
    assert_eq!(again.log().size(), gate.log().size() + 2, "and says that it opened and what it knows");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_at_any_time_changes_no_answer(steps in vec((0u8..16, 0u8..4, 0usize..6), 1..24)) {
        let mut gate = open(MemoryStorage::new(), NOW).unwrap();
        let mut now = NOW;
        let mut shown = code(1, now);
        for (what, who, how) in steps {
            let (key, bundle) = (gate_key(), gate.bundle().clone());
            let mut twin = Gate::open(gate.storage().clone(), key, &certificate(), bundle, time(now)).unwrap();
            let index = gate.log().size().saturating_sub(how as u64 + 1);
            now += [0, 1, 60, 121, 130, 901][how];
            let answers = [&mut gate, &mut twin].map(|gate| match what {
                0..4 => {
                    shown = code(who, now);
                    let scan = Scan { party: how as u8, ..Scan::text(shown.as_bytes()) };
                    answer(gate.admit(scan, time(now)))
                }
                4 => answer(scan(gate, &shown, now)),
                5 => format!("{:?}", gate.annul(index, time(now))),
                6 => format!("{:?}", gate.leave(Scan::text(code(who, now).as_bytes()), time(now)).map(|i| i.is_some())),
                7 => format!("{:?}", gate.close_day(Date::from_days(1), time(now))),
                8 => format!("{:?}", gate.set_clock(time(now - 200))),
                9 | 10 => {
                    let digest = elsewhere(gate, who, how, what == 10, now);
                    let sync = SyncInput { usage_digests: &[&digest], ..SyncInput::default() };
                    format!("{:?}", gate.sync(&sync, time(now)))
                }
                11 => {
                    let entry = Override { refused: Reason::Expired, operator: 1, why: 2, party: who };
                    format!("{:?}", gate.let_in(entry, time(now)).is_ok())
                }
                12 => {
                    // The machine's counter says 100 s where the clock says none.
                    let then = gate.compare_clock(time(now), 0);
                    format!("{then:?} {:?}", gate.compare_clock(time(now), 100))
                }
                13 => format!("{:?}", gate.open_outage(time(now), time(now)).is_ok()),
                14 => format!("{:?}", gate.close_outage(3, time(now)).is_ok()),
                _ => {
                    let list = status(now, &[13, who.into()]);
                    format!("{:?}", gate.sync(&SyncInput { status_lists: &[&list], ..SyncInput::default() }, time(now)))
                }
            });
            prop_assert_eq!(&answers[0], &answers[1]);
            prop_assert_eq!(remembered(&gate), remembered(&twin));
            if what == 8 {
                now -= 200;
            }
        }
    }
}

/// A digest of two uses of a pass at another gate of the city, or that one of them was taken back. It leaves out
/// what was over a day before, and the pass ends soon.
fn elsewhere(gate: &Gate<MemoryStorage>, who: u8, how: usize, back: bool, now: i64) -> Vec<u8> {
    let other = GateCertificateSpec {
        gate: GateId { number: 8, ..gate.id() },
        venue: 1,
        service: 0,
        key: holder(1).verifying_key(),
        issued: time(2_000),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    let other = other.sign(&secret(CITY, Role::Registrar));
    let other = GateCertificate::verify(&other, gate.bundle().trust()).unwrap();
    let pass = PassKey { issuer: id(CITY), pass: PassId::from_bytes([who; 10]) };
    let not_before = time(NOW - 1_000);
    let mut facts = UsageFacts::new(time(now - 1_000));
    facts.covers(id(CITY), how as u64..how as u64 + 2);
    for index in [how as u64, 9] {
        let redemption = Redemption {
            time: time(NOW - 100),
            pass,
            product: (1, 1),
            facts: PassFacts { not_before, expires: time(NOW + 500), holder_class: 0 },
            grant: 0,
            party: 1,
            due_fen: 0,
            flags: 0,
            evidence: Hash([0; 32]),
        };
        facts.redeemed(&other, index, &redemption);
        if back {
            facts.reversed(other.gate(), index, &redemption);
            break;
        }
    }
    UsageDigestSpec { member: id(CITY), issued: time(now), facts }.sign(&secret(CITY, Role::Log)).unwrap()
}

/// What decisions and totals rest on, without the indices, which a restart shifts.
fn remembered(gate: &Gate<MemoryStorage>) -> impl PartialEq + std::fmt::Debug {
    let known = &gate.state;
    let used = known.own_uses.counts();
    let recent: Vec<_> = known.recent.iter().map(|recent| recent.redemption).collect();
    let times = (known.doubt, known.outage, known.totals, known.inside, known.exits.clone());
    (used, recent, times, known.learnt.clone(), known.newest.clone())
}

/// A decision without the index, which a restart shifts.
fn answer(decision: Decision) -> String {
    match decision {
        Decision::Admitted(admitted) => format!("{:?}", Admitted { index: 0, ..admitted }),
        refused => format!("{refused:?}"),
    }
}

#[test]
fn a_failed_commit_refuses_the_visitor_and_loses_nothing() {
    let mut storage = MemoryStorage::new();
    storage.fail_after(2);
    let mut gate = open(storage, NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    let known = gate.state.clone();
    assert_eq!(reason(&mut gate, &code(2, NOW), NOW), Reason::NotRecorded);
    assert_eq!(gate.state, known);
    assert_eq!(reason(&mut gate, &code(2, NOW + 1), NOW + 1), Reason::Ok, "it opened its journal again");
    assert_eq!(gate.log().size(), 4);
    assert!(gate.log().verify(gate.storage()).is_ok());
    assert_eq!(gate.refused().get(&Reason::NotRecorded), Some(&1));
}

#[test]
fn a_clock_that_goes_back_decides_nothing_until_it_is_set() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, NOW - 3), NOW - 3), Reason::ClockSuspect);
    assert!(matches!(gate.annul(2, time(NOW - 3)), Err(AnnulError::Journal(JournalError::Clock { .. }))));
    assert!(matches!(open(gate.storage().clone(), NOW - 3), Err(OpenError::Journal(JournalError::Clock { .. }))));
    gate.set_clock(time(NOW - 500)).unwrap();
    assert_eq!(reason(&mut gate, &code(2, NOW - 500), NOW - 500), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(3, 500), 500), Reason::ClockSuspect, "before its trust list was issued");
}

#[test]
fn an_older_bundle_is_noticed_at_the_start() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let newer = [&status(NOW + 5, &[])[..]];
    gate.sync(&SyncInput { status_lists: &newer, ..SyncInput::default() }, time(NOW + 5)).unwrap();
    let status_list = Rollback::StatusList { issuer: id(CITY), uri: "oc:310101/1".into() };
    assert!(matches!(open(gate.storage().clone(), NOW + 5), Err(OpenError::Rollback(older)) if older == status_list));
    let mut bundle = bundle();
    bundle.update_status(newer[0], time(NOW + 5)).unwrap();
    assert!(Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW + 5)).is_ok());
}

#[test]
fn an_older_trust_list_is_noticed_at_the_start() {
    let next = TrustListSpec { sequence: 2, issued: time(2_000), ..test_federation::spec() };
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    gate.sync(&SyncInput { trust_lists: &[&next], ..SyncInput::default() }, time(NOW)).unwrap();
    assert!(matches!(open(gate.storage().clone(), NOW), Err(OpenError::Rollback(Rollback::TrustList))));
    let mut bundle = bundle();
    bundle.update_trust(&next, time(NOW)).unwrap();
    assert!(Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(NOW)).is_ok());
}

#[test]
fn a_gate_has_one_certificate_for_its_life() {
    let gate = open(MemoryStorage::new(), NOW).unwrap();
    let spec = GateCertificateSpec {
        gate: gate.id(),
        venue: 1,
        service: 0,
        key: gate_key().verifying_key(),
        issued: time(2_001),
        not_before: time(2_000),
        expires: time(1_000_000_000),
    };
    let other = spec.sign(&secret(CITY, Role::Registrar));
    let opened = |certificate: &[u8]| {
        Gate::open(gate.storage().clone(), gate_key(), certificate, bundle(), time(NOW)).map(|gate| gate.id())
    };
    assert!(matches!(opened(&other), Err(OpenError::Journal(JournalError::OtherCertificate))));
    assert_eq!(opened(&certificate()).unwrap(), gate.id());
}
