//! A gate through scans, clock moves, restarts and failing commits: after each step its journal
//! verifies from the store alone; what it admitted is in the journal with its evidence; what it
//! refused changed nothing; no pass is used more often than its product allows; and a restart would
//! change no decision.
//!
//! Each byte of the input is a step, with the bytes after it saying how.

use super::federation::{CITIES, KEYS_UNTIL, id, secret, time};
use super::input::Input;
use super::site::{
    BUNDLE, CERTIFICATE, DOCUMENT, LIMIT, NOW, VISITORS, answer, code, gate_key, identities, open, shown, status,
};
use onecard::crypto::{Hash, sha256};
use onecard::gate::{
    AnnulError, Decision, Fault, Gate, Identity, JournalError, OpenError, OpenOptions, OutageError, Override, Reason,
    Record, Redemption, SELF_TEST_AHEAD, Scan, Shown, SyncError, SyncInput, Trouble, UsageDigestSpec, UsageFacts,
    Verdict,
};
use onecard::id::{GateId, PassId, PassKey};
use onecard::product::PassFacts;
use onecard::time::{Date, UnixTime};
use onecard::tlog::{Log, LogKey, MemoryStorage};
use onecard::trust::{Bundle, GateCertificateSpec, Role};
use onecard_testkit::stores::{self, Failing};
use std::collections::{BTreeMap, BTreeSet};

const STEPS: usize = 24;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let fault = stores::Fault::default();
    let store = Failing { fault: fault.clone(), ..Failing::default() };
    let mut site = Site {
        gate: open(store, &BUNDLE, NOW).unwrap(),
        fault,
        now: NOW,
        revoked: 0,
        status: NOW - 100,
        ahead: false,
        elsewhere: BTreeSet::new(),
        challenge: None,
    };
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        site.step(&mut input);
        site.check();
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", vec![]),
        ("visits", vec![0, 0, 0, 0, 0, 1, 0, 0, 2, 6, 0, 0, 0, 0, 4]),
        ("rescan", vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 6, 0, 0, 0, 0]),
        ("larger-party-again", vec![0, 0, 0, 0, 0, 0, 0, 3]),
        ("too-often", vec![0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0]),
        ("annulled", vec![0, 0, 0, 0, 1, 2, 3, 1, 0, 0, 0, 0, 6, 3, 1]),
        ("failing", vec![5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0, 1, 0, 0, 0, 1, 0, 0]),
        ("revoked", vec![7, 1, 0, 0, 0, 0, 6, 0, 0, 0, 0]),
        ("clock", vec![0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0]),
        ("let-in", vec![9, 20, 2, 9, 0, 1, 4, 6, 8, 1]),
        ("outage", vec![10, 0, 0, 0, 0, 10, 40, 6, 10, 3]),
        ("left", vec![0, 0, 0, 0, 11, 0, 11, 0, 6, 11, 0, 1, 3, 11, 0, 5, 2, 11, 1]),
        ("clock-jumped", vec![13, 1, 1, 3, 13, 2, 0, 0, 0, 0, 6, 1, 7, 13, 3, 2, 0, 0, 1, 0, 0]),
        ("elsewhere", vec![12, 1, 0, 12, 1, 1, 0, 1, 0, 0, 12, 2, 3, 6, 0, 2, 0, 0, 5, 2, 12, 0, 1, 0, 0, 0, 0]),
        ("document", vec![0, 3, 0, 0, 0, 0, 3, 0, 0, 1, 0, 3, 0, 0, 2, 1, 3, 0, 3, 0, 0, 3]),
        (
            "answered",
            vec![16, 5, 17, 0, 0, 0, 17, 0, 0, 0, 16, 5, 17, 1, 1, 0, 16, 5, 17, 1, 0, 1, 16, 4, 6, 17, 0, 0, 0],
        ),
        ("self-test", vec![14, 13, 1, 1, 3, 13, 2, 10, 14, 5, 1, 14, 2, 4, 14, 1, 7, 14]),
        ("opened-otherwise", vec![0, 0, 0, 0, 15, 1, 4, 15, 1, 1, 7, 15, 0, 0, 1, 0, 0, 5, 1, 15, 0, 15, 1]),
        ("opened-by-another", vec![0, 0, 0, 0, 18, 0, 18, 1, 18, 2, 18, 3, 18, 4, 18, 5]),
        ("revoked-otherwise", vec![7, 9, 1, 0, 1, 0, 0, 7, 9, 2, 0, 2, 0, 0, 7, 9, 0, 0, 0, 0, 0]),
        ("clock-behind", vec![0, 0, 0, 0, 1, 7, 0, 1, 0, 0, 11, 1]),
        ("lists-too-old", [&[1, 5].repeat(20)[..], &[0, 0, 0, 0, 14]].concat()),
        ("lists-stale", vec![1, 5, 1, 5, 0, 0, 0, 0, 14, 1, 5, 1, 5, 1, 5, 0, 0, 0, 0, 14]),
        ("clock-back", vec![0, 0, 0, 0, 1, 4, 0, 1, 0, 0, 2, 3, 0, 0, 0, 0]),
    ]
}

struct Site {
    gate: Gate<Failing>,
    fault: stores::Fault,
    now: i64,
    revoked: u32,
    status: i64,
    /// A sync was durable though its commit failed: the journal names a list that nobody told the gate it has.
    ahead: bool,
    /// Uses at another gate that it was told of: visitor and record.
    elsewhere: BTreeSet<(u8, u64)>,
    /// What was set, and not answered yet.
    challenge: Option<[u8; 16]>,
}

/// Why a step was refused.
struct Refused {
    /// By the store.
    stored: bool,
    error: String,
}

impl<E> From<JournalError<E>> for Refused {
    fn from(error: JournalError<E>) -> Self {
        Self { stored: matches!(error, JournalError::Log(_)), error: error.to_string() }
    }
}

impl<E> From<SyncError<E>> for Refused {
    fn from(error: SyncError<E>) -> Self {
        match error {
            SyncError::Journal(error) => error.into(),
            error => Self { stored: false, error: error.to_string() },
        }
    }
}

impl<E> From<AnnulError<E>> for Refused {
    fn from(error: AnnulError<E>) -> Self {
        match error {
            AnnulError::Journal(error) => error.into(),
            error => Self { stored: false, error: error.to_string() },
        }
    }
}

impl<E> From<OutageError<E>> for Refused {
    fn from(error: OutageError<E>) -> Self {
        match error {
            OutageError::Journal(error) => error.into(),
            error => Self { stored: false, error: error.to_string() },
        }
    }
}

impl Site {
    fn step(&mut self, input: &mut Input<'_>) {
        let now = |site: &Self| UnixTime::MIN.saturating_add(site.now);
        let before = self.gate.storage().rows.clone();
        let fault = self.fault.get();
        let result: Result<(), Refused> = match input.byte() % 19 {
            0 => return self.scan(input),
            1 => {
                self.now += input.pick(&[1, 30, 60, 121, 901, 86_400, -1, -200]);
                return;
            }
            2 => {
                self.now += input.pick(&[0, 100, -10, -1_000, 700_000]);
                self.gate.set_clock(now(self)).map_err(Refused::from)
            }
            3 => {
                let (index, before) = (u64::from(input.byte() % 16), self.standing());
                let result = self.gate.annul(index, now(self));
                let known = before.contains_key(&index);
                assert!(known || result.is_err(), "annulled {index}, which does not stand");
                assert!(result.is_err() || !self.standing().contains_key(&index), "{index} still stands");
                result.map_err(Refused::from)
            }
            4 => self.gate.seal().map(drop).map_err(Refused::from),
            5 => {
                self.fault.set(input.byte() % 3);
                return;
            }
            6 => return self.restart(),
            7 => {
                self.status += 1 + i64::from(input.byte());
                let revoked = self.revoked | 1 << (input.byte() % VISITORS);
                let list: Vec<u32> = (0..VISITORS.into()).filter(|visitor| revoked >> visitor & 1 == 1).collect();
                let lists = [&status(self.status, &list)[..]];
                let result = self.gate.sync(&SyncInput { status_lists: &lists, ..SyncInput::default() }, now(self));
                match result {
                    Ok(()) => (self.revoked, self.ahead) = (revoked, false),
                    Err(SyncError::Journal(JournalError::Log(_))) if fault == 2 => self.ahead = true,
                    Err(_) => {}
                }
                result.map_err(Refused::from)
            }
            8 => self.gate.close_day(Date::from_days(input.byte().into()), now(self)).map_err(Refused::from),
            9 => {
                let refused = Reason::ALL[usize::from(input.byte()) % Reason::ALL.len()];
                let entry = Override { refused, operator: 1, why: 1, party: input.byte() % 4 };
                let result = self.gate.let_in(entry, now(self)).map(drop);
                assert!(result.is_err() || refused.verdict() != Verdict::Admit, "{refused:?} overridden");
                result.map_err(Refused::from)
            }
            10 => match self.gate.outage() {
                None => self.gate.open_outage(now(self), now(self)).map(drop).map_err(Refused::from),
                Some(_) => self.gate.close_outage(input.byte().into(), now(self)).map(drop).map_err(Refused::from),
            },
            11 => return self.leave(input),
            12 => {
                let (visitor, index) = (input.byte() % VISITORS, u64::from(input.byte() % 4));
                let digest = self.elsewhere(visitor, index);
                let result =
                    self.gate.sync(&SyncInput { usage_digests: &[&digest], ..SyncInput::default() }, now(self));
                if result.is_ok() {
                    self.elsewhere.insert((visitor, index));
                }
                result.map_err(Refused::from)
            }
            13 => self.gate.compare_clock(now(self), input.byte().into()).map(drop).map_err(Refused::from),
            14 => return self.self_test(),
            15 => return self.restart_otherwise(input),
            18 => return self.restart_wrongly(input),
            16 => {
                let nonce = [input.byte(); 16];
                self.gate.challenge(nonce);
                self.challenge = Some(nonce);
                return;
            }
            _ => return self.answer(input),
        };
        if let Err(error) = result {
            let Refused { stored, error } = error;
            assert!(!stored || fault != 0, "{error} without a failing commit");
            assert!(fault == 2 || self.gate.storage().rows == before, "{error}, but something was written");
        }
    }

    fn scan(&mut self, input: &mut Input<'_>) {
        let visitor = input.byte() % VISITORS;
        let at = input.pick(&[Some(0), Some(-1), None, Some(-60), Some(-61), Some(31), Some(601)]);
        let dated = at.map(|offset| (self.now + offset).max(0));
        let party = input.pick(&[1, 0, 4, 5]);
        let text = code(visitor, dated);
        let identity = if visitor == DOCUMENT { input.pick(&identities()) } else { Identity::Unknown };
        let scan = Scan { shown: Shown::Text(text.as_bytes()), party, identity };
        let now = UnixTime::MIN.saturating_add(self.now);
        let (before, fault) = (self.gate.storage().rows.clone(), self.fault.get());
        let twin = self.twin().map(|mut twin| twin.admit(scan, now));

        let decision = self.gate.admit(scan, now);
        assert!(!self.ahead || !matches!(decision, Decision::Admitted(_)), "by a list older than the journal's");
        match decision {
            Decision::Admitted(admitted) => {
                let log = self.gate.log();
                let body = log.body(self.gate.storage(), admitted.index).unwrap();
                let Ok(Record::Redeemed(redemption)) = Record::decode(&body) else { panic!("not a redemption") };
                let evidence = log.attachment(self.gate.storage(), admitted.index).unwrap().unwrap();
                assert_eq!(evidence, shown(visitor, dated), "another evidence");
                assert_eq!(redemption.evidence, sha256(&[&evidence]));
                assert_eq!(redemption.pass.pass.as_bytes(), &[visitor; 10]);
                assert_eq!((redemption.grant, redemption.due_fen), (admitted.grant, admitted.due_fen));
                assert_eq!(self.revoked >> visitor & 1, 0, "revoked");
                assert!((-30..=60).contains(&-at.unwrap_or(0)));
                assert!(visitor != DOCUMENT || identities()[2..].contains(&identity), "nobody saw the document");
                assert!(party <= redemption.party.min(4), "more people than were debited");
                assert!(self.standing().contains_key(&admitted.index), "annulled");
                if admitted.reason != Reason::Rescan {
                    let here = self.standing().into_values().filter(|other| *other == visitor).count();
                    let there = self.elsewhere.iter().filter(|(other, _)| *other == visitor).count();
                    assert!(here + there <= LIMIT, "{here} times here, {there} times elsewhere");
                }
            }
            Decision::Referred(refusal) | Decision::Denied(refusal) => {
                let (reason, referred) = (refusal.reason, matches!(decision, Decision::Referred(_)));
                assert_eq!(reason.verdict(), if referred { Verdict::Refer } else { Verdict::Deny });
                assert!(!reason.text_zh().is_empty() && !reason.text_en().is_empty());
                assert!(fault == 2 || self.gate.storage().rows == before, "refused, but something was written");
            }
        }
        if let Some(twin) = twin.filter(|_| fault == 0) {
            // The restart is a record of its own.
            let same = match (decision, twin) {
                (Decision::Admitted(ours), Decision::Admitted(theirs)) => {
                    (ours.reason, ours.grant, ours.due_fen, ours.uses_left)
                        == (theirs.reason, theirs.grant, theirs.due_fen, theirs.uses_left)
                }
                (ours, theirs) => ours == theirs,
            };
            assert!(same, "{decision:?}, after a restart {twin:?}");
        }
    }

    /// Shows the answer to a challenge: the right one, one to another gate or nonce, or to none.
    fn answer(&mut self, input: &mut Input<'_>) {
        let (visitor, nonce) = (input.byte() % VISITORS, input.pick(&[self.challenge.unwrap_or_default(), [9; 16]]));
        let gate = input.pick(&["310101/gate/7", "310101/gate/8"]);
        let answer = answer(visitor, gate, nonce, self.now.max(0));
        let scan = Scan { shown: Shown::Answer(&answer), party: 1, identity: Identity::Compared };
        let (before, fault) = (self.gate.storage().rows.clone(), self.fault.get());
        let decision = self.gate.admit(scan, UnixTime::MIN.saturating_add(self.now));
        let asked = self.challenge.take();
        match decision {
            Decision::Admitted(_) => {
                assert_eq!((asked, gate), (Some(nonce), "310101/gate/7"), "an answer to another question");
                assert!(matches!(self.gate.admit(scan, time(self.now)), Decision::Denied(_)), "it was answered");
            }
            _ => assert!(fault == 2 || self.gate.storage().rows == before, "refused, but something was written"),
        }
    }

    /// What fails is told in order, once for each member; a restart tells the same.
    fn self_test(&mut self) {
        let (fault, now) = (self.fault.get(), UnixTime::MIN.saturating_add(self.now));
        let faults = self.gate.self_test(now);
        assert!(faults.is_sorted_by(|a, b| a < b), "{faults:?}");
        assert_eq!(faults.iter().any(|told| told.trouble == Trouble::Store), fault != 0, "{faults:?}");
        let until = now.saturating_add(SELF_TEST_AHEAD);
        for Fault { from, trouble, .. } in faults {
            assert!((now..=until).contains(&from), "{trouble:?} from {from}");
            assert!(!trouble.text_zh().is_empty() && !trouble.text_en().is_empty());
        }
    }

    /// A digest of one use at a gate that numbers its records from 1,000.
    fn elsewhere(&self, visitor: u8, index: u64) -> Vec<u8> {
        let redemption = Redemption {
            time: UnixTime::MIN.saturating_add(self.now),
            pass: PassKey { issuer: id(CITIES[0]), pass: PassId::from_bytes([visitor; 10]) },
            product: (1, 1),
            facts: PassFacts { not_before: UnixTime::MIN, expires: time(NOW + 10_000_000), holder_class: 0 },
            grant: 0,
            party: 1,
            due_fen: 0,
            flags: 0,
            evidence: Hash([0; 32]),
        };
        let issued = UnixTime::MIN.saturating_add(self.now.min(KEYS_UNTIL));
        let mut facts = UsageFacts::new(issued.saturating_add(-86_400));
        facts.covers(id(CITIES[0]), index..index + 1);
        facts.redeemed(self.gate.certificate(), 1_000 + index, &redemption);
        let spec = UsageDigestSpec { member: id(CITIES[0]), issued, facts };
        spec.sign(&secret(CITIES[0], Role::Log)).unwrap()
    }

    /// An exit is a record or nothing, and no decision depends on it.
    fn leave(&mut self, input: &mut Input<'_>) {
        let text = code(input.byte() % VISITORS, Some(self.now.max(0)));
        let now = UnixTime::MIN.saturating_add(self.now);
        let (before, fault) = (self.gate.storage().rows.clone(), self.fault.get());
        match self.gate.leave(Scan::text(text.as_bytes()), now) {
            Ok(Some(index)) => {
                let body = self.gate.log().body(self.gate.storage(), index).unwrap();
                assert!(matches!(Record::decode(&body), Ok(Record::Exited { .. })));
            }
            Ok(None) => assert!(self.gate.storage().rows == before, "recorded twice"),
            Err(_) => assert!(fault == 2 || self.gate.storage().rows == before, "refused, but written"),
        }
    }

    /// The gate as it would be after a restart now; none where the clock forbids it, or it wants newer lists.
    fn twin(&self) -> Option<Gate<Failing>> {
        let store = Failing { rows: self.gate.storage().rows.clone(), fault: stores::Fault::default() };
        match open(store, self.gate.bundle(), self.now) {
            Ok(twin) => Some(twin),
            Err(OpenError::Journal(JournalError::Clock { .. })) => None,
            Err(OpenError::Rollback(_)) if self.ahead => None,
            Err(error) => panic!("the gate does not open again: {error}"),
        }
    }

    fn restart(&mut self) {
        let store = self.gate.storage().clone();
        let bundle: Bundle = self.gate.bundle().clone();
        let fault = self.fault.get();
        match open(store, &bundle, self.now) {
            Ok(gate) => (self.gate, self.challenge) = (gate, None),
            Err(OpenError::Journal(JournalError::Clock { .. })) => {}
            Err(OpenError::Rollback(_)) if self.ahead => {}
            // A machine that failed after the write starts again with what was written; the gate that
            // runs on here would be a second writer, so it has to start.
            Err(OpenError::Journal(JournalError::Log(_))) if fault != 0 => {}
            Err(error) => panic!("the gate does not open again: {error}"),
        }
    }

    /// Opens from a store that may be an old copy, or with the clock set.
    fn restart_otherwise(&mut self, input: &mut Input<'_>) {
        let (store, bundle) = (self.gate.storage().clone(), self.gate.bundle().clone());
        let (now, fault) = (UnixTime::MIN.saturating_add(self.now), self.fault.get());
        let kept = self.gate.log().kept_checkpoint(&store).unwrap();
        let result = match (kept, input.odd()) {
            (Some(newest), true) => {
                let old = MemoryStorage::new();
                let options = OpenOptions { newest: Some(&newest), ..now.into() };
                let copy = Gate::open(old, gate_key(), &CERTIFICATE, bundle.clone(), options);
                assert!(copy.is_err(), "it opened an old copy");
                Gate::open(store, gate_key(), &CERTIFICATE, bundle, options)
            }
            _ => {
                let options = OpenOptions { set_clock: true, ..now.into() };
                Gate::open(store, gate_key(), &CERTIFICATE, bundle, options)
            }
        };
        match result {
            Ok(gate) => (self.gate, self.challenge) = (gate, None),
            Err(OpenError::Journal(JournalError::Clock { .. })) => {}
            Err(OpenError::Certificate(_)) => {}
            Err(OpenError::Rollback(_)) if self.ahead => {}
            Err(OpenError::Journal(JournalError::Log(_))) if fault != 0 => {}
            Err(error) => panic!("the gate does not open again: {error}"),
        }
    }

    /// What is not the gate of this journal does not open it, and is told why.
    fn restart_wrongly(&self, input: &mut Input<'_>) {
        let store = Failing { rows: self.gate.storage().rows.clone(), fault: stores::Fault::default() };
        let mut bundle = self.gate.bundle().clone();
        let (mut key, mut certificate) = (gate_key(), CERTIFICATE.clone());
        let spec = GateCertificateSpec {
            gate: self.gate.id(),
            venue: 1,
            service: 0,
            key: key.verifying_key(),
            issued: time(2_000),
            not_before: time(2_000),
            expires: time(1_000_000_000),
        };
        let signed = |spec: GateCertificateSpec| spec.sign(&secret(CITIES[0], Role::Registrar));
        let wrong = input.byte() % 6;
        match wrong {
            0 => key = secret(CITIES[1], Role::Log),
            1 => certificate = signed(GateCertificateSpec { not_before: time(3_000), ..spec }),
            2 => certificate = signed(GateCertificateSpec { expires: time(2_001), ..spec }),
            3 => certificate = signed(GateCertificateSpec { venue: 9, ..spec }),
            // Nothing but the trust list: less than the journal names.
            4 => bundle = Bundle::new(bundle.trust().clone()),
            _ => certificate = signed(GateCertificateSpec { gate: GateId { number: 8, ..spec.gate }, ..spec }),
        }
        match Gate::open(store, key, &certificate, bundle, UnixTime::MIN.saturating_add(self.now)) {
            Ok(_) => panic!("it opened with {wrong} wrong"),
            Err(error) => {
                let fits = match error {
                    OpenError::OtherKey => wrong == 0,
                    OpenError::Journal(JournalError::OtherCertificate) => matches!(wrong, 1 | 2 | 5),
                    OpenError::UnknownVenue(_) => matches!(wrong, 3 | 4),
                    OpenError::Certificate(_) => wrong == 2 || self.now < 3_000 || self.now >= 1_000_000_000,
                    OpenError::Journal(JournalError::Clock { .. }) => true,
                    _ => wrong == 5,
                };
                assert!(fits, "{error} for {wrong}");
            }
        }
    }

    /// From the store alone: the journal verifies, and no pass is used more often than it may be.
    fn check(&self) {
        let store = self.gate.storage();
        let log = self.stored();
        log.verify(store).unwrap();
        assert!(log.size() >= self.gate.log().size(), "the gate knows of more than the store");
        if let Some(signed) = log.kept_checkpoint(store).unwrap() {
            assert!(!signed.is_empty());
        }
        // A machine that failed after the write knows less until it opens its journal again.
        if log.size() == self.gate.log().size()
            && let Some(twin) = self.twin()
        {
            let counted = |gate: &Gate<Failing>| (*gate.totals(), gate.inside(), gate.outage());
            assert_eq!(counted(&twin), counted(&self.gate), "after a restart");
        }
        let mut uses = BTreeMap::new();
        for visitor in self.standing().into_values() {
            *uses.entry(visitor).or_insert(0) += 1;
        }
        assert!(uses.values().all(|count| *count <= LIMIT), "{uses:?}");
        assert!(self.elsewhere.is_empty() || self.gate.learnt().has(id(CITIES[0])), "forgotten");
    }

    fn stored(&self) -> Log {
        Log::open(self.gate.storage(), LogKey(0), self.gate.log().origin().as_str()).unwrap()
    }

    /// The redemptions in the store that were not annulled, with their visitors.
    fn standing(&self) -> BTreeMap<u64, u8> {
        let (log, mut standing) = (self.stored(), BTreeMap::new());
        log.replay(self.gate.storage(), 0..log.size(), |index, body| {
            match Record::decode(body).unwrap() {
                Record::Redeemed(redemption) => drop(standing.insert(index, redemption.pass.pass.as_bytes()[0])),
                Record::Annulled { index, .. } => drop(standing.remove(&index)),
                _ => {}
            }
            true
        })
        .unwrap();
        standing
    }
}
