//! Tests of `admit.rs`.

use super::*;
use crate::crypto::{SigningKey, sha256};
use crate::gate::test_gate::{
    CITY, NOW, answer_to, catalogue, certificate, code, code_of, gate_key, open, pass, pass_claims, reason, scan,
    status, statuses,
};
use crate::gate::{Identity, OpenError, SyncInput};
use crate::pass::{self, PassClaims};
use crate::tlog::MemoryStorage;
use crate::trust::test_federation::{self, list, secret, time};
use crate::trust::{Bundle, CertificateError, Piece, Policy, Role, TrustListSpec};
use crate::wire::text;

#[test]
fn an_admission_is_in_the_journal_with_its_evidence() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code(1, NOW);
    let Decision::Admitted(admitted) = scan(&mut gate, &shown, NOW) else { panic!("refused") };
    assert_eq!((admitted.reason, admitted.index, admitted.uses_left), (Reason::Ok, 2, Some(1)));
    let body = gate.log().body(gate.storage(), 2).unwrap();
    let Record::Redeemed(redemption) = Record::decode(&body).unwrap() else { panic!("not a redemption") };
    let evidence = gate.log().attachment(gate.storage(), 2).unwrap().unwrap();
    assert_eq!(redemption.evidence, sha256(&[&evidence]));
    assert_eq!(evidence, text::decode(shown.as_bytes()).unwrap().as_slice());
}

#[test]
fn a_refused_scan_changes_nothing_but_its_counter() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let before = gate.storage().clone();
    let known = gate.state.clone();
    let shown = code(1, NOW);
    let cases: Vec<(String, i64, Reason)> = vec![
        (String::new(), NOW, Reason::Unreadable),
        ("hello".into(), NOW, Reason::Unreadable),
        ("OC2:ABC".into(), NOW, Reason::UnsupportedVersion),
        (shown[..shown.len() - 3].into(), NOW, Reason::Unreadable),
        (shown.clone(), NOW + 61, Reason::CodeExpired),
        (shown.clone(), NOW, Reason::Ok),
    ];
    for (text, at, expected) in &cases[..5] {
        assert_eq!(reason(&mut gate, text, *at), *expected, "{text}");
    }
    assert_eq!(gate.storage(), &before);
    assert_eq!(gate.state, known);
    assert_eq!(gate.refused().values().sum::<u32>(), 5);
    assert_eq!(reason(&mut gate, &cases[5].0, cases[5].1), Reason::Ok, "the next scan is not blocked");
}

#[test]
fn each_reason_is_reached() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let with = |change: fn(&mut PassClaims)| code_of(&pass(1, change), 1, NOW);
    let cases: [(String, Reason); 10] = [
        (code(13, NOW), Reason::Revoked),
        (with(|claims| claims.status.index = 1_000), Reason::NotListed),
        (with(|claims| claims.status.uri = "oc:310101/2".parse().unwrap()), Reason::NotListed),
        (with(|claims| claims.product = (9, 1)), Reason::UnknownProduct),
        (with(|claims| claims.not_before = time(NOW + 1)), Reason::NotYetValid),
        (with(|claims| claims.expires = time(NOW)), Reason::Expired),
        (with(|claims| claims.flags = pass::flags::ID_CHECK), Reason::IdCheck),
        (text::encode(&pass(1, |_| {})), Reason::ProofRequired),
        (code(1, NOW + 31), Reason::CodeEarly),
        (code(1, NOW + 601), Reason::ClockSuspect),
    ];
    for (code, expected) in cases {
        assert_eq!(reason(&mut gate, &code, NOW), expected);
    }
    let early = with(|claims| claims.not_before = time(NOW + 1));
    let from = Refusal { reason: Reason::NotYetValid, next: Some(time(NOW + 1)) };
    assert_eq!(scan(&mut gate, &early, NOW), Decision::Denied(from));
    let crowd = Scan { party: 5, ..Scan::text(&[]) };
    let shown = code(1, NOW);
    let crowd = Scan { shown: Shown::Text(shown.as_bytes()), ..crowd };
    assert_eq!(gate.admit(crowd, time(NOW)).reason(), Reason::PartyTooLarge);
    let checked = with(|claims| claims.flags = pass::flags::ID_CHECK);
    let checked = Scan { identity: Identity::Compared, ..Scan::text(checked.as_bytes()) };
    assert_eq!(gate.admit(checked, time(NOW)).reason(), Reason::Ok);
    let half = code_of(&pass(2, |claims| claims.product = (2, 1)), 2, NOW);
    let Decision::Admitted(admitted) = scan(&mut gate, &half, NOW) else { panic!("refused") };
    assert_eq!((admitted.reason, admitted.due_fen), (Reason::CoPayment, 2_000));
}

#[test]
fn a_pass_is_refused_as_what_the_status_list_says_it_is() {
    let mut bundle = Bundle::new(list());
    bundle.update_catalogue(&catalogue(1), time(NOW)).unwrap();
    let said = [(13, Status::Revoked), (14, Status::Suspended), (15, Status::Superseded), (16, Status::Valid)];
    bundle.update_status(&statuses(NOW - 100, said), time(NOW)).unwrap();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    let found = [13, 14, 15, 16].map(|number| reason(&mut gate, &code(number, NOW), NOW));
    assert_eq!(found, [Reason::Revoked, Reason::Suspended, Reason::Superseded, Reason::Ok]);
}

#[test]
fn a_pass_is_refused_for_what_is_wrong_with_its_signatures() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let mut claims = pass_claims(1);
    let by = |claims: &PassClaims, key: &SigningKey| code_of(&claims.issue(key).unwrap(), 1, NOW);
    let stranger = by(&claims, &SigningKey::from_seed(&[77; 32]));
    assert_eq!(reason(&mut gate, &stranger, NOW), Reason::UnknownIssuer);
    let registrar = by(&claims, &secret(CITY, Role::Registrar));
    assert_eq!(reason(&mut gate, &registrar, NOW), Reason::IssuerKeyInvalid);
    let another = by(&claims, &secret(test_federation::CITIES[1], Role::Issuer));
    assert_eq!(reason(&mut gate, &another, NOW), Reason::IssuerKeyInvalid);
    claims.expires = time(2_000_000_001);
    let outlives = by(&claims, &secret(CITY, Role::Issuer));
    assert_eq!(reason(&mut gate, &outlives, NOW), Reason::IssuerKeyInvalid);
    let mut forged = pass(1, |_| {});
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(reason(&mut gate, &code_of(&forged, 1, NOW), NOW), Reason::BadSignature);
    let not_its_holder = code_of(&pass(1, |_| {}), 2, NOW);
    assert_eq!(reason(&mut gate, &not_its_holder, NOW), Reason::BadSignature);
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn invalid_beats_used_up() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    for at in [NOW, NOW + 200] {
        assert_eq!(reason(&mut gate, &code(1, at), at), Reason::Ok);
    }
    assert_eq!(reason(&mut gate, &code(1, NOW + 400), NOW + 400), Reason::TotalQuota);
    gate.sync(&SyncInput { status_lists: &[&status(NOW + 500, &[1])], ..SyncInput::default() }, time(NOW + 500))
        .unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW + 500), NOW + 500), Reason::Revoked);
    assert_eq!(reason(&mut gate, &code(1, NOW + 400), NOW + 500), Reason::CodeExpired);
}

#[test]
fn the_same_code_again_is_a_rescan_another_code_a_passback() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code(1, NOW);
    assert_eq!(reason(&mut gate, &shown, NOW), Reason::Ok);
    let size = gate.log().size();
    let Decision::Admitted(again) = scan(&mut gate, &shown, NOW + 60) else { panic!("refused") };
    assert_eq!((again.reason, again.index), (Reason::Rescan, 2));
    assert_eq!(gate.log().size(), size, "no second debit");
    let Decision::Denied(refusal) = scan(&mut gate, &code(1, NOW + 60), NOW + 60) else { panic!("admitted") };
    assert_eq!((refusal.reason, refusal.next), (Reason::Passback, Some(time(NOW + 121))));
    assert_eq!(reason(&mut gate, &code(1, NOW + 121), NOW + 121), Reason::Ok);
    // A printed pass has one code for ever: showing it again is passing it back.
    let paper = pass(2, |claims| (claims.confirmation, claims.flags) = (None, pass::flags::STATIC_ALLOWED));
    let paper = text::encode(&paper);
    assert_eq!(reason(&mut gate, &paper, NOW + 200), Reason::Ok);
    assert_eq!(reason(&mut gate, &paper, NOW + 210), Reason::Passback);
}

#[test]
fn a_rescan_asks_for_the_document_again() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code_of(&pass(3, |claims| claims.flags = pass::flags::ID_CHECK), 3, NOW);
    let mut with = |identity| {
        let scan = Scan { identity, ..Scan::text(shown.as_bytes()) };
        gate.admit(scan, time(NOW)).reason()
    };
    assert_eq!([Identity::Compared, Identity::Compared].map(&mut with), [Reason::Ok, Reason::Rescan]);
    assert_eq!(with(Identity::Unknown), Reason::IdCheck);
    assert_eq!(gate.log().size(), 3, "one debit");
}

#[test]
fn a_rescan_lets_no_more_people_in_than_were_debited() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let shown = code(1, NOW);
    let mut party = |party| {
        let scan = Scan { party, ..Scan::text(shown.as_bytes()) };
        gate.admit(scan, time(NOW)).reason()
    };
    assert_eq!([2, 2, 1, 0].map(&mut party), [Reason::Ok, Reason::Rescan, Reason::Rescan, Reason::Rescan]);
    assert_eq!([3, 5].map(&mut party), [Reason::Passback, Reason::PartyTooLarge]);
}

#[test]
fn a_group_is_committed_at_once() {
    let mut storage = MemoryStorage::new();
    storage.fail_after(2);
    let mut gate = open(storage, NOW).unwrap();
    let codes: Vec<String> = (1..=3).map(|number| code(number, NOW)).collect();
    let mut scans: Vec<Scan<'_>> = codes.iter().map(|code| Scan::text(code.as_bytes())).collect();
    scans.push(Scan::text(codes[0].as_bytes()));
    scans.push(Scan::text(b"junk"));
    let reasons = |decisions: Vec<Decision>| decisions.iter().map(Decision::reason).collect::<Vec<_>>();
    use Reason::{NotRecorded, Ok, Rescan, Unreadable};
    assert_eq!(reasons(gate.admit_all(&scans, time(NOW))), [Ok, Ok, Ok, Rescan, Unreadable]);
    let second: Vec<String> = (4..=5).map(|number| code(number, NOW)).collect();
    let mut scans: Vec<Scan<'_>> = second.iter().map(|code| Scan::text(code.as_bytes())).collect();
    scans.push(Scan::text(codes[0].as_bytes()));
    scans.push(Scan::text(second[0].as_bytes()));
    let failed = reasons(gate.admit_all(&scans, time(NOW)));
    assert_eq!(failed, [NotRecorded, NotRecorded, Rescan, NotRecorded], "what was durable before stays admitted");
}

#[test]
fn within_one_group_uses_count() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let paper = |number| {
        let paper = |claims: &mut PassClaims| (claims.confirmation, claims.flags) = (None, pass::flags::STATIC_ALLOWED);
        text::encode(&pass(number, paper))
    };
    let codes = [paper(1), paper(1), paper(2)];
    let scans = [0, 1, 2].map(|at| Scan::text(codes[at].as_bytes()));
    let reasons: Vec<Reason> = gate.admit_all(&scans, time(NOW)).iter().map(Decision::reason).collect();
    assert_eq!(reasons, [Reason::Ok, Reason::Passback, Reason::Ok]);
}

#[test]
fn a_gate_outside_its_certificate_or_trust_list_decides_nothing() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    assert_eq!(reason(&mut gate, &code(1, 1_000_000_000), 1_000_000_000), Reason::Internal);
    let not_in_force =
        |at| matches!(open(MemoryStorage::new(), at), Err(OpenError::Certificate(CertificateError::NotInForce)));
    assert!(not_in_force(1_999) && not_in_force(1_000_000_000), "nor does it open");
    assert_eq!(reason(&mut gate, &code(1, NOW), NOW), Reason::Ok);
}

#[test]
fn stale_and_too_old_lists_are_verdicts_of_their_own() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let policy = *gate.bundle().trust().policy();
    let at = NOW - 100 + i64::from(policy.status_fresh);
    assert_eq!(reason(&mut gate, &code(1, at), at), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, at + 1), at + 1), Reason::ListStale);
    assert!(matches!(scan(&mut gate, &code(2, at + 1), at + 1), Decision::Referred(_)));
    let at = NOW - 100 + i64::from(policy.status_max_age) + 1;
    assert_eq!(reason(&mut gate, &code(2, at), at), Reason::ListTooOld);
    assert_eq!(reason(&mut gate, &code(13, at), at), Reason::Revoked, "an old list still revokes");
}

#[test]
fn a_stale_trust_list_or_catalogue_refers_and_a_revoked_pass_is_still_denied() {
    let long = |claims: &mut PassClaims| claims.expires = time(1_000_000_000);
    let revoked = pass(13, long);
    let pass = pass(1, long);
    let judged = |policy: Policy, at: i64| {
        let spec = TrustListSpec { policy, ..test_federation::spec() };
        let trust = test_federation::genesis(&spec, &test_federation::CITIES[..3]).unwrap();
        let mut bundle = Bundle::new(trust);
        bundle.update_catalogue(&catalogue(1), time(at)).unwrap();
        bundle.update_status(&status(at, &[13]), time(at)).unwrap();
        let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(at)).unwrap();
        let mut reason = |pass: &[u8], number| reason(&mut gate, &code_of(pass, number, at), at);
        let reasons = [reason(&revoked, 13), reason(&pass, 1)];
        let oldest = gate.ages(time(at)).map(|piece| piece.age).max().unwrap();
        assert_eq!(gate.ages(time(at)).last().unwrap().piece, Piece::GateCertificate);
        (reasons, oldest)
    };
    let policy = Policy { catalogue_fresh: 98_000, catalogue_max_age: 99_000, ..Policy::default() };
    assert_eq!(judged(policy, NOW), ([Reason::Revoked, Reason::Ok], Age::Fresh));
    assert_eq!(judged(policy, NOW + 1), ([Reason::Revoked, Reason::ListStale], Age::Stale));
    assert_eq!(judged(policy, NOW + 1_000), ([Reason::Revoked, Reason::ListStale], Age::Stale));
    assert_eq!(judged(policy, NOW + 1_001), ([Reason::Revoked, Reason::ListTooOld], Age::TooOld));
    let policy = Policy { trust_fresh: 99_000, ..Policy::default() };
    assert_eq!(judged(policy, NOW), ([Reason::Revoked, Reason::Ok], Age::Fresh));
    assert_eq!(judged(policy, NOW + 1), ([Reason::Revoked, Reason::ListStale], Age::Stale));
}

#[test]
fn an_expired_trust_list_admits_nobody() {
    let spec = TrustListSpec { expires: time(NOW + 1_000), ..test_federation::spec() };
    let mut bundle = Bundle::new(test_federation::genesis(&spec, &test_federation::CITIES[..3]).unwrap());
    bundle.update_catalogue(&catalogue(1), time(NOW)).unwrap();
    bundle.update_status(&status(NOW - 100, &[]), time(NOW)).unwrap();
    let mut gate = Gate::open(MemoryStorage::new(), gate_key(), &certificate(), bundle, time(NOW)).unwrap();
    assert_eq!(reason(&mut gate, &code(1, NOW + 999), NOW + 999), Reason::Ok);
    assert_eq!(reason(&mut gate, &code(2, NOW + 1_000), NOW + 1_000), Reason::ListTooOld);
}

#[test]
fn a_challenge_is_answered_to_this_gate() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let nonce = [9; 16];
    let answer = answer_to(&nonce, 1);
    let scan = Scan { shown: Shown::Answer(&answer), party: 1, identity: Identity::Unknown };
    assert_eq!(gate.admit(scan, time(NOW)).reason(), Reason::WrongAudience, "no challenge was sent");
    gate.challenge([8; 16]);
    assert_eq!(gate.admit(scan, time(NOW)).reason(), Reason::WrongAudience, "another challenge was sent");
    gate.challenge(nonce);
    let Decision::Admitted(admitted) = gate.admit(scan, time(NOW)) else { panic!("refused") };
    let body = gate.log().body(gate.storage(), admitted.index).unwrap();
    assert!(matches!(Record::decode(&body), Ok(Record::Redeemed(r)) if r.flags == flags::CHALLENGE));
}

#[test]
fn a_challenge_is_good_for_one_answer() {
    let mut gate = open(MemoryStorage::new(), NOW).unwrap();
    let nonce = [9; 16];
    let (first, second) = (answer_to(&nonce, 1), answer_to(&nonce, 2));
    let scan = |shown| Scan { shown, party: 1, identity: Identity::Unknown };
    gate.challenge(nonce);
    let other = code(3, NOW);
    let scans = [Shown::Text(other.as_bytes()), Shown::Answer(&first), Shown::Answer(&first), Shown::Answer(&second)];
    let reasons: Vec<Reason> = gate.admit_all(&scans.map(scan), time(NOW)).iter().map(Decision::reason).collect();
    let used = Reason::WrongAudience;
    assert_eq!(reasons, [Reason::Ok, Reason::Ok, used, used], "not even as a re-scan");
    // A bad answer uses it up as well.
    gate.challenge(nonce);
    assert_eq!(gate.admit(scan(Shown::Answer(b"junk")), time(NOW)).reason(), Reason::Unreadable);
    assert_eq!(gate.admit(scan(Shown::Answer(&second)), time(NOW)).reason(), used);
    // A gate that started again has sent none.
    gate.challenge(nonce);
    let mut again = open(gate.storage().clone(), NOW).unwrap();
    assert_eq!(again.admit(scan(Shown::Answer(&second)), time(NOW)).reason(), used);
    assert_eq!(gate.admit(scan(Shown::Answer(&second)), time(NOW)).reason(), Reason::Ok);
}
