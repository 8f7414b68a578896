//! Tests of `operator.rs`.

use super::*;
use crate::gate::record::flags;
use crate::gate::test_gate::{CITY, NOW, answer_to, bundle, certificate, code, gate_key, open, pass, reason};
use crate::gate::{Identity, OpenError, OpenOptions, RecordError, SyncInput, Trouble};
use crate::id::{GateId, PassId, PassKey};
use crate::product::Use;
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::{self, id, time};
use crate::trust::{Policy, TrustListSpec};
use crate::wire::text;

fn gate() -> Gate<MemoryStorage> {
    open(MemoryStorage::new(), NOW).unwrap()
}

fn admit(gate: &mut Gate<MemoryStorage>, number: u8, at: i64) -> Reason {
    gate.admit(Scan::text(code(number, at).as_bytes()), time(at)).reason()
}

fn leave(gate: &mut Gate<MemoryStorage>, number: u8, at: i64) -> Result<Option<u64>, Reason> {
    gate.leave(Scan::text(code(number, at).as_bytes()), time(at)).map_err(|refusal| refusal.reason)
}

fn record(gate: &Gate<MemoryStorage>, index: u64) -> Record {
    Record::decode(&gate.log().body(gate.storage(), index).unwrap()).unwrap()
}

fn flags(gate: &Gate<MemoryStorage>) -> u8 {
    let Record::Redeemed(redemption) = record(gate, gate.log().size() - 1) else { panic!("no redemption") };
    redemption.flags
}

/// A gate that starts again knows the same.
fn unchanged(gate: &Gate<MemoryStorage>, at: i64) {
    let again = open(gate.storage().clone(), at).unwrap();
    let known = |gate: &Gate<MemoryStorage>| {
        (gate.state.totals, gate.state.inside, gate.state.outage, gate.state.doubt, gate.state.exits.clone())
    };
    assert_eq!(known(&again), known(gate));
}

#[test]
fn an_override_is_recorded_with_who_and_why_and_debits_nothing() {
    let mut gate = gate();
    assert_eq!(admit(&mut gate, 13, NOW), Reason::Revoked);
    let entry = Override { refused: Reason::Revoked, operator: 4_711, why: 3, party: 0 };
    let index = gate.let_in(entry, time(NOW + 1)).unwrap();
    let entry = Override { party: 1, ..entry };
    assert_eq!(record(&gate, index), Record::Overridden { time: time(NOW + 1), entry });
    assert_eq!(*gate.totals(), Totals { overridden: 1, ..Totals::default() });
    assert_eq!(gate.inside(), 1);
    assert_eq!(admit(&mut gate, 13, NOW + 2), Reason::Revoked, "the gate says what it said");
    unchanged(&gate, NOW + 2);
    let size = gate.log().size();
    let admitted = gate.let_in(Override { refused: Reason::Ok, ..entry }, time(NOW + 2));
    let rule = RecordError::Rule("an override of an admission");
    assert!(matches!(admitted, Err(JournalError::Refused(refused)) if refused == rule), "{admitted:?}");
    assert!(matches!(gate.let_in(entry, time(NOW - 2)), Err(JournalError::Clock { .. })));
    assert_eq!(gate.log().size(), size);
}

#[test]
fn an_override_that_cannot_be_recorded_is_an_error() {
    let mut storage = MemoryStorage::new();
    storage.fail_after(1);
    let mut gate = open(storage, NOW).unwrap();
    let entry = Override { refused: Reason::IdCheck, operator: 1, why: 1, party: 1 };
    assert!(matches!(gate.let_in(entry, time(NOW)), Err(JournalError::Log(_))));
    assert_eq!(gate.let_in(entry, time(NOW)).unwrap(), 2);
    assert_eq!(gate.totals().overridden, 1);
}

#[test]
fn an_outage_opens_once_and_closes_once() {
    let mut gate = gate();
    assert!(matches!(gate.close_outage(1, time(NOW)), Err(OutageError::NotOpen)));
    let rule = RecordError::Rule("an outage of the future");
    let future = gate.open_outage(time(NOW + 1), time(NOW));
    assert!(
        matches!(future, Err(OutageError::Journal(JournalError::Refused(refused))) if refused == rule),
        "{future:?}"
    );
    gate.open_outage(time(NOW - 3_600), time(NOW)).unwrap();
    let again = gate.open_outage(time(NOW), time(NOW));
    assert!(matches!(again, Err(OutageError::Open(since)) if since == time(NOW - 3_600)));
    assert_eq!(gate.outage(), Some(time(NOW - 3_600)));
    assert_eq!(admit(&mut gate, 1, NOW), Reason::Ok, "it decides as ever");
    unchanged(&gate, NOW);
    let index = gate.close_outage(40, time(NOW + 60)).unwrap();
    assert_eq!(record(&gate, index), Record::OutageClosed { time: time(NOW + 60), let_in: 40 });
    assert_eq!((gate.outage(), gate.inside()), (None, 41));
    unchanged(&gate, NOW + 60);
}

#[test]
fn an_exit_counts_and_debits_nothing() {
    let mut gate = gate();
    assert_eq!(admit(&mut gate, 1, NOW), Reason::Ok);
    assert_eq!(leave(&mut gate, 1, NOW + 30), Ok(Some(3)));
    assert_eq!((leave(&mut gate, 1, NOW + 150), gate.log().size()), (Ok(None), 4), "the reader saw it twice");
    assert_eq!((gate.inside(), gate.totals().left), (0, 1));
    unchanged(&gate, NOW + 150);
    assert_eq!(leave(&mut gate, 1, NOW + 151), Ok(Some(4)));
    assert_eq!(gate.inside(), -1);
    assert_eq!(leave(&mut gate, 13, NOW + 151), Ok(Some(5)), "the lists keep nobody in");
    unchanged(&gate, NOW + 151);
    assert_eq!(admit(&mut gate, 1, NOW + 151), Reason::Ok, "the second of its two uses is there");
    let size = gate.log().size();
    assert_eq!(gate.leave(Scan::text(b"junk"), time(NOW + 200)).unwrap_err().reason, Reason::Unreadable);
    let bare = text::encode(&pass(1, |_| {}));
    let bare = gate.leave(Scan::text(bare.as_bytes()), time(NOW + 200));
    assert_eq!(bare.unwrap_err().reason, Reason::ProofRequired);
    assert_eq!(leave(&mut gate, 2, NOW), Err(Reason::ClockSuspect));
    assert_eq!(gate.log().size(), size);
}

#[test]
fn an_exit_takes_one_answer_to_its_challenge() {
    let (mut gate, nonce) = (gate(), [9; 16]);
    let leave = |gate: &mut Gate<MemoryStorage>, number| {
        let shown = answer_to(&nonce, number);
        let scan = Scan { shown: Shown::Answer(&shown), party: 1, identity: Identity::Unknown };
        gate.leave(scan, time(NOW)).map_err(|refusal| refusal.reason)
    };
    assert_eq!(leave(&mut gate, 1), Err(Reason::WrongAudience), "no challenge was sent");
    gate.challenge(nonce);
    assert_eq!(leave(&mut gate, 1), Ok(Some(2)));
    assert_eq!(leave(&mut gate, 2), Err(Reason::WrongAudience), "that one is used up");
}

#[test]
fn a_day_close_has_the_totals_and_starts_anew() {
    let mut gate = gate();
    assert_eq!(admit(&mut gate, 1, NOW), Reason::Ok);
    assert_eq!(admit(&mut gate, 2, NOW), Reason::Ok);
    gate.annul(2, time(NOW + 1)).unwrap();
    assert_eq!(gate.inside(), 1);
    leave(&mut gate, 2, NOW + 2).unwrap();
    gate.let_in(Override { refused: Reason::Expired, operator: 1, why: 1, party: 3 }, time(NOW + 3)).unwrap();
    let totals = Totals { admitted: 2, annulled: 1, overridden: 1, left: 1 };
    assert_eq!((*gate.totals(), gate.inside()), (totals, 3));
    let day = time(NOW).service_day(0);
    gate.close_day(day, time(NOW + 4)).unwrap();
    let closed = record(&gate, gate.log().size() - 1);
    assert_eq!(closed, Record::DayClosed { time: time(NOW + 4), day, totals, refused: vec![] });
    assert_eq!((*gate.totals(), gate.inside()), (Totals::default(), 0));
    unchanged(&gate, NOW + 4);
}

#[test]
fn a_clock_that_jumped_is_told_and_its_records_are_flagged_until_it_is_set() {
    for jump in [31, -31] {
        let mut gate = gate();
        assert!(gate.compare_clock(time(NOW + 100), 1_000).unwrap());
        assert!(gate.compare_clock(time(NOW + 190), 1_060).unwrap(), "30 s are no jump");
        assert_eq!(admit(&mut gate, 1, NOW + 200), Reason::Ok);
        assert_eq!((gate.log().size(), flags(&gate)), (3, 0));
        // Steps that are each too small to see add up.
        assert!(!gate.compare_clock(time(NOW + 160 + 200 + jump), 1_260).unwrap());
        let jumped = Record::ClockJumped {
            time: time(NOW + 360 + jump),
            shown: time(NOW + 360 + jump),
            expected: time(NOW + 360),
        };
        assert_eq!(record(&gate, 3), jumped);
        assert!(!gate.compare_clock(time(NOW + 360 + jump), 1_260).unwrap(), "still in doubt");
        assert_eq!(gate.log().size(), 4, "told once");
        assert_eq!(admit(&mut gate, 2, NOW + 400), Reason::Ok);
        assert_eq!(flags(&gate), flags::CLOCK);
        unchanged(&gate, NOW + 400);
        gate.set_clock(time(NOW + 380)).unwrap();
        assert_eq!(admit(&mut gate, 3, NOW + 400), Reason::Ok);
        assert_eq!(flags(&gate), 0);
        assert!(gate.compare_clock(time(NOW + 9_000), 1_261).unwrap(), "compared with what was set");
        assert!(gate.compare_clock(time(NOW + 99_000), 5).unwrap(), "the machine started again");
        unchanged(&gate, NOW + 99_000);
    }
}

#[test]
fn drift_is_no_jump() {
    let gate_after = |per_million: i64, days: i64, every: i64| {
        let mut gate = gate();
        let mut trusted = true;
        for passed in (0..=days * 86_400).step_by(usize::try_from(every).unwrap()) {
            let shown = NOW + passed + passed * per_million / 1_000_000;
            trusted &= gate.compare_clock(time(shown), u64::try_from(5 + passed).unwrap()).unwrap();
        }
        (gate, trusted)
    };
    // 31 seconds in 18 days; as much as may be, for a season; compared every minute or seldom.
    for (per_million, days) in [(20, 18), (-20, 18), (DRIFT_PER_MILLION, 90), (-DRIFT_PER_MILLION, 90)] {
        for every in [600, 4_999, 9_999, 86_400, days * 86_400] {
            let (gate, trusted) = gate_after(per_million, days, every);
            assert!(trusted && gate.log().size() == 2, "{per_million} every {every}");
        }
    }
    assert!(gate_after(20, 18, 60).1);
    // Three times as much is more than drift, and found within the day.
    for per_million in [600, -600] {
        assert!(!gate_after(per_million, 1, 60).1);
    }
    // A jump after months of drift is as large as one on the first day.
    for jump in [31, -31] {
        let (mut gate, _) = gate_after(20, 90, 600);
        let (passed, drifted) = (90 * 86_400, 90 * 86_400 * 20 / 1_000_000);
        let at = |jump| time(NOW + passed + drifted + 60 + jump);
        assert!(gate.compare_clock(at(0), u64::try_from(5 + passed + 60).unwrap()).unwrap());
        assert!(!gate.compare_clock(at(jump), u64::try_from(5 + passed + 60).unwrap()).unwrap(), "{jump}");
    }
}

/// The counter goes on while it sleeps, as the documentation asks.
#[test]
fn a_machine_that_slept_is_trusted() {
    let mut gate = gate();
    assert!(gate.compare_clock(time(NOW), 100).unwrap());
    assert_eq!(admit(&mut gate, 1, NOW), Reason::Ok);
    assert!(gate.compare_clock(time(NOW + 40_001), 40_100).unwrap());
    assert_eq!(admit(&mut gate, 2, NOW + 40_001), Reason::Ok);
    assert_eq!(flags(&gate), 0);
}

#[test]
fn a_step_back_of_the_clock_refuses_nothing() {
    let mut gate = gate();
    assert_eq!(admit(&mut gate, 1, NOW + 10), Reason::Ok);
    for back in [1, 2] {
        let at = NOW + 10 - back;
        assert_eq!(admit(&mut gate, 1 + back as u8, at), Reason::Ok, "{back}");
        gate.annul(gate.log().size() - 1, time(at)).unwrap();
        let entry = Override { refused: Reason::Expired, operator: 1, why: 1, party: 1 };
        gate.let_in(entry, time(at)).unwrap();
        gate.open_outage(time(at), time(at)).unwrap();
        gate.close_outage(0, time(at)).unwrap();
        assert!(matches!(leave(&mut gate, 4 + back as u8, at), Ok(Some(_))));
        gate.sync(&SyncInput::default(), time(at)).unwrap();
        gate.close_day(time(at).service_day(0), time(at)).unwrap();
        assert!(gate.self_test(time(at)).iter().all(|fault| fault.trouble != Trouble::ClockBehind));
        unchanged(&gate, at);
    }
    // Time does not go back in a journal.
    let times = (2..gate.log().size()).map(|index| record(&gate, index).time());
    assert!(times.into_iter().all(|at| at == time(NOW + 10)));
    gate.log().verify(gate.storage()).unwrap();
    // Further back it is no step.
    assert_eq!(admit(&mut gate, 7, NOW + 7), Reason::ClockSuspect);
    let entry = Override { refused: Reason::Expired, operator: 1, why: 1, party: 1 };
    assert!(matches!(gate.let_in(entry, time(NOW + 7)), Err(JournalError::Clock { .. })));
    assert!(matches!(open(gate.storage().clone(), NOW + 7), Err(OpenError::Journal(JournalError::Clock { .. }))));
    assert!(gate.self_test(time(NOW + 7)).iter().any(|fault| fault.trouble == Trouble::ClockBehind));
}

#[test]
fn a_clock_that_runs_backwards_is_told_and_decides_nothing() {
    let mut gate = gate();
    assert!(gate.compare_clock(time(NOW), 10).unwrap());
    assert_eq!(admit(&mut gate, 1, NOW), Reason::Ok);
    assert!(!gate.compare_clock(time(NOW - 500), 20).unwrap());
    let jumped = Record::ClockJumped { time: time(NOW), shown: time(NOW - 500), expected: time(NOW + 10) };
    assert_eq!(record(&gate, 3), jumped);
    assert_eq!(admit(&mut gate, 2, NOW - 499), Reason::ClockSuspect);
    gate.set_clock(time(NOW + 20)).unwrap();
    assert_eq!(admit(&mut gate, 2, NOW + 20), Reason::Ok);
}

#[test]
fn a_clock_once_far_ahead_does_not_lock_the_gate() {
    let year = 365 * 86_400;
    let mut gate = gate();
    gate.close_day(time(NOW).service_day(0), time(NOW + year)).unwrap();
    let certificate = gate.certificate().as_bytes().to_vec();
    assert!(matches!(open(gate.storage().clone(), NOW + 60), Err(OpenError::Journal(JournalError::Clock { .. }))));
    let mut gate = Gate::open(
        gate.storage().clone(),
        gate_key(),
        &certificate,
        bundle(),
        OpenOptions { set_clock: true, ..time(NOW + 60).into() },
    )
    .unwrap();
    assert_eq!(record(&gate, 3), Record::ClockSet { time: time(NOW + 60), before: time(NOW + year) });
    assert!(matches!(record(&gate, 4), Record::Opened { .. }));
    assert_eq!(admit(&mut gate, 1, NOW + 60), Reason::Ok);
    assert!(open(gate.storage().clone(), NOW + 61).is_ok(), "and it opens as ever");
    // A journal starts with the record that it was opened.
    let first = Gate::open(
        MemoryStorage::new(),
        gate_key(),
        &certificate,
        bundle(),
        OpenOptions { set_clock: true, ..time(NOW).into() },
    )
    .unwrap();
    assert!(matches!(record(&first, 0), Record::Opened { .. }));
}

#[test]
fn an_entry_dated_ahead_locks_its_pass_for_the_re_scan_window_only() {
    let mut gate = gate();
    assert_eq!(admit(&mut gate, 1, NOW + 86_400 / 2), Reason::Ok);
    gate.set_clock(time(NOW + 60)).unwrap();
    assert_eq!(admit(&mut gate, 1, NOW + 60), Reason::Ok, "not passed back");
    assert_eq!(admit(&mut gate, 1, NOW + 600), Reason::TotalQuota, "and counted");
}

#[test]
fn gates_whose_clocks_are_90_seconds_apart_take_the_same_code() {
    // The holder's phone is right; one gate is a minute ahead, the other half a minute behind.
    let shown = code(1, NOW + 200);
    for offset in [60, -30] {
        let mut gate = gate();
        let decision = gate.admit(Scan::text(shown.as_bytes()), time(NOW + 200 + offset));
        assert_eq!(decision.reason(), Reason::Ok, "{offset}");
    }
    let beyond = [(61, Reason::CodeExpired), (-31, Reason::CodeEarly)];
    for (offset, reason) in beyond {
        let mut gate = gate();
        let decision = gate.admit(Scan::text(shown.as_bytes()), time(NOW + 200 + offset));
        assert_eq!(decision.reason(), reason);
    }
}

#[test]
fn a_use_learnt_from_a_gate_that_is_ahead_counts() {
    let mut gate = gate();
    let key = PassKey { issuer: gate.id().member, pass: PassId::from_bytes([1; 10]) };
    let used = |index| Use {
        time: time(NOW + 90),
        gate: GateId { number: 8, ..gate.id() },
        index,
        venue: gate.certificate().venue(),
        service: 0,
        grant: 0,
        party: 1,
    };
    let usage = [(key, [used(1), used(2)].into_iter().collect())];
    gate.sync(&SyncInput { usage: &usage, ..SyncInput::default() }, time(NOW)).unwrap();
    assert_eq!(admit(&mut gate, 1, NOW), Reason::TotalQuota);
}

#[test]
fn an_annulled_entry_gives_the_use_back() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for at in [NOW, NOW + 200] {
        assert_eq!(reason(&mut gate, &code(1, at), at), Reason::Ok);
    }
    gate.annul(3, time(NOW + 300)).unwrap();
    assert!(matches!(gate.annul(3, time(NOW + 300)), Err(AnnulError::NoRedemption(3))), "once only");
    assert!(matches!(gate.annul(0, time(NOW + 300)), Err(AnnulError::NoRedemption(0))), "the gate opened then");
    assert!(matches!(gate.annul(99, time(NOW + 300)), Err(AnnulError::NoRedemption(99))));
    assert!(matches!(gate.annul(2, time(NOW + 901)), Err(AnnulError::TooLate(2))), "within 900 s only");
    assert_eq!(reason(&mut gate, &code(1, NOW + 1_000), NOW + 1_000), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(1, NOW + 1_200), NOW + 1_200), Reason::TotalQuota);
}

#[test]
fn what_can_be_annulled_is_at_hand_and_nothing_older() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let last = NOW + i64::from(gate.bundle().trust().policy().annul_within);
    let at_hand = |gate: &Gate<MemoryStorage>| gate.state.recent.iter().map(|recent| recent.index).collect::<Vec<_>>();
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, last), last), Reason::Ok);
    assert_eq!(at_hand(&gate), [2, 3]);
    let mut again = open(gate.storage().clone(), last).unwrap();
    assert_eq!(at_hand(&again), [2, 3]);
    again.annul(2, time(last)).unwrap();
    assert_eq!(reason(&mut gate, &code(3, last + 1), last + 1), Reason::Ok);
    assert_eq!(at_hand(&gate), [3, 4]);
    assert!(matches!(gate.annul(2, time(last + 1)), Err(AnnulError::TooLate(2))), "a redemption, but an old one");
    gate.annul(3, time(last + 1)).unwrap();
    assert_eq!(reason(&mut gate, &code(5, last + 5_000), last + 5_000), Reason::Ok);
    assert!(matches!(gate.annul(3, time(last + 5_000)), Err(AnnulError::NoRedemption(3))), "annulled long ago");
}

#[test]
fn a_clock_that_is_set_back_makes_no_entry_young_again() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for number in [1, 2] {
        assert_eq!(reason(&mut gate, &code(number, NOW), NOW), Reason::Ok);
    }
    gate.set_clock(time(NOW - 1)).unwrap();
    assert!(matches!(gate.annul(2, time(NOW - 1)), Err(AnnulError::TooLate(2))), "an age below zero");
    gate.annul(2, time(NOW)).unwrap();
    gate.close_day(time(NOW).service_day(0), time(NOW + 901)).unwrap();
    gate.set_clock(time(NOW + 60)).unwrap();
    for mut gate in [open(gate.storage().clone(), NOW + 60).unwrap(), gate] {
        assert!(matches!(gate.annul(3, time(NOW + 60)), Err(AnnulError::TooLate(3))), "the clock had shown more");
        assert_eq!(reason(&mut gate, &code(3, NOW + 60), NOW + 60), Reason::Ok);
        let last = gate.log().size() - 1;
        gate.annul(last, time(NOW + 61)).unwrap();
    }
}

#[test]
fn an_annulment_counts_also_where_a_new_policy_would_have_refused_it() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for (number, at) in [(2, NOW), (2, NOW + 200), (1, NOW + 800)] {
        assert_eq!(reason(&mut gate, &code(number, at), at), Reason::Ok);
    }
    gate.annul(3, time(NOW + 800)).unwrap();
    let policy = Policy { annul_within: 100, ..Policy::default() };
    let next = TrustListSpec { sequence: 2, issued: time(2_000), policy, ..test_federation::spec() };
    let mut bundle = bundle();
    let next = test_federation::sign(&next, &test_federation::CITIES[..3]);
    bundle.update_trust(&next, time(NOW)).unwrap();
    let now = NOW + 900;
    let mut gate = Gate::open(gate.storage().clone(), gate_key(), &certificate(), bundle, time(now)).unwrap();
    assert_eq!(gate.inside(), 2);
    assert_eq!(reason(&mut gate, &code(2, now), now), Reason::Ok);
    let left = gate.usage_with(&PassKey { issuer: id(CITY), pass: PassId::from_bytes([1; 10]) }, &[]);
    assert_eq!(left.uses().len(), 1, "and it is the use of no other pass");
}
