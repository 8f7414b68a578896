//! A month in which the trust list changes four times: a city changes all its keys and another
//! joins, a city loses its root, a city is suspended and then removed. What was signed before stays
//! good at its time, what the old keys sign later does not, and the whole month audits clean.

use onecard::audit::{FindingSeverity, MemoryFiles, Options, Rule, SettlementPeriod, audit};
use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::gate::{Decision, Gate, OpenError, Reason, Rollback, Scan, SyncError, SyncInput};
use onecard::id::GateId;
use onecard::ledger::{
    Announcement, Entry, Ledger, LedgerCheckpoint, OpenLedgerError, Receipt, ReceiptError, RecordEntryError, SignError,
    StatementRef, watch, witness_name,
};
use onecard::pass::{self, Audience, PassClaims, PassError};
use onecard::time::UnixTime;
use onecard::tlog::{AddCheckpoint, LogKey, MemoryStorage, Refused, SignedCheckpoint, Witness};
use onecard::trust::{
    Bundle, BundleError, GateCertificateSpec, KeyEntry, Role, StatusListSpec, TrustError, TrustHistory, TrustList,
    TrustListSpec,
};
use onecard_testkit::day::{
    self, AFTER, AUDITOR, BEFORE, CITIES, OPEN, catalogue_spec, code, gate_secret, id, secret, time,
};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const SHANGHAI: u32 = CITIES[0];
const NANJING: u32 = CITIES[1];
const HANGZHOU: u32 = CITIES[2];
const HEFEI: u32 = CITIES[3];
const SUZHOU: u32 = 320_500;
const DAY: i64 = 86_400;
/// When each trust list was issued.
const ISSUED: [i64; 5] = [BEFORE, OPEN + 10 * DAY, OPEN + 12 * DAY, OPEN + 14 * DAY, OPEN + 16 * DAY];
/// While Shanghai changes its log and witness keys, both are good.
const OVERLAP: i64 = 3_600;
/// The last pass that Shanghai's first issuer key signed ends here, and so does the key.
const PASSES_END: i64 = OPEN + 30 * DAY;
/// No cosignature is before this when Shanghai's first log key has been retired.
const LATER: i64 = OPEN + 20 * DAY;

type Dated = (UnixTime, Entry);
type Entries = Vec<Dated>;

/// The key of a role as of the list with this sequence.
fn key(member: u32, role: Role, list: usize) -> SigningKey {
    let changed = match (member, role) {
        (SHANGHAI, _) => 2,
        (HANGZHOU, Role::Root) => 3,
        _ => usize::MAX,
    };
    let fresh = || SigningKey::from_seed(&sha256(&[b"fresh", &member.to_be_bytes(), &[role as u8]]).0);
    if list < changed { secret(member, role) } else { fresh() }
}

fn spec(list: usize) -> TrustListSpec {
    let mut spec = day::trust_spec();
    (spec.sequence, spec.issued) = (list as u64, time(ISSUED[list - 1]));
    let fresh = |member: u32, role: Role| KeyEntry {
        role,
        key: key(member, role, list).verifying_key(),
        not_before: time(ISSUED[list - 1]),
        not_after: time(AFTER + DAY),
    };
    if list >= 2 {
        let shanghai = &mut spec.members[1];
        // The old root and, from the third list on, the old log and witness are gone for good.
        shanghai.keys.retain(|entry| match entry.role {
            Role::Root => false,
            Role::Log | Role::Witness => list == 2,
            Role::Issuer | Role::Registrar => true,
        });
        for entry in &mut shanghai.keys {
            match entry.role {
                Role::Issuer => entry.not_after = time(PASSES_END),
                Role::Log | Role::Witness => entry.not_after = time(ISSUED[1] + OVERLAP),
                _ => {}
            }
        }
        let roles = [Role::Root, Role::Issuer, Role::Registrar, Role::Log, Role::Witness];
        shanghai.keys.extend(roles.map(|role| KeyEntry { not_before: time(ISSUED[1]), ..fresh(SHANGHAI, role) }));
        spec.members.insert(3, day::member(SUZHOU));
    }
    if list >= 3 {
        spec.members[4].keys[0] = fresh(HANGZHOU, Role::Root);
    }
    match list {
        4 => spec.members[5].suspended_from = Some(time(ISSUED[3])),
        5 => drop(spec.members.pop()),
        _ => {}
    }
    spec
}

/// A list signed by these members' roots as of the list before it.
fn signed(list: usize, spec: &TrustListSpec, roots: &[u32]) -> Vec<u8> {
    let keys: Vec<SigningKey> = roots.iter().map(|&code| key(code, Role::Root, list - 1)).collect();
    spec.sign(&keys.iter().collect::<Vec<_>>())
}

/// The lists of the month. None is signed by the root that it replaces.
fn list(sequence: usize) -> Vec<u8> {
    let roots = match sequence {
        1 | 2 => [NANJING, HANGZHOU, HEFEI],
        3 => [SHANGHAI, NANJING, HEFEI],
        _ => [SHANGHAI, NANJING, SUZHOU],
    };
    signed(sequence, &spec(sequence), &roots)
}

fn history(lists: usize) -> TrustHistory {
    let mut history = TrustHistory::from(TrustList::genesis(&list(1), &anchor(1)).unwrap());
    (2..=lists).for_each(|sequence| history.push(&list(sequence)).unwrap());
    history
}

fn anchor(sequence: usize) -> Hash {
    sha256(&[&list(sequence)])
}

/// A pass of `issuer` by its key as of a list, good for `days`, issued at `at`.
fn pass(issuer: u32, number: u8, list: usize, at: i64, days: i64) -> Vec<u8> {
    let (issued, expires) = (time(at), time(at + days * DAY));
    let claims = PassClaims { issued, not_before: issued, expires, ..day::claims(issuer, number, 2) };
    claims.issue(&key(issuer, Role::Issuer, list)).unwrap()
}

struct City {
    ledger: Ledger<MemoryStorage>,
    gate: Gate<MemoryStorage>,
}

/// The federation as it is under the newest of `lists` lists.
struct Month {
    lists: usize,
    cities: BTreeMap<u32, City>,
    /// What each witness keeps.
    witnesses: BTreeMap<u32, MemoryStorage>,
    /// Catalogues and status lists, by path.
    files: MemoryFiles,
    /// Whose gate gets no lists.
    offline: Option<u32>,
}

static WHOLE_MONTH: LazyLock<Month> = LazyLock::new(|| rest_of(first_day()));

impl Month {
    /// The four founders, a gate in each.
    fn begin() -> Self {
        let mut month = Self {
            lists: 1,
            cities: BTreeMap::new(),
            witnesses: BTreeMap::new(),
            files: MemoryFiles::new(),
            offline: None,
        };
        for code in CITIES {
            month.files.insert(format!("trust/catalogue-{code}-1.cose"), day::catalogue(code));
            month.files.insert(format!("trust/status-{code}-1.cose"), day::status_list(code));
        }
        for code in CITIES {
            month.join(code, OPEN - 3_600);
        }
        month
    }

    fn history(&self) -> TrustHistory {
        history(self.lists)
    }

    /// What a gate that opens now is given.
    fn bundle(&self) -> Bundle {
        let mut bundle = Bundle::new(self.history().newest().clone());
        for (path, bytes) in &self.files {
            if path.starts_with("trust/catalogue") {
                bundle.update_catalogue(bytes, time(AFTER - DAY)).unwrap();
            } else {
                bundle.update_status(bytes, time(AFTER - DAY)).unwrap();
            }
        }
        bundle
    }

    /// A city opens its ledger and enrols a gate.
    fn join(&mut self, code: u32, at: i64) {
        let log = key(code, Role::Log, self.lists);
        let mut ledger = Ledger::open(MemoryStorage::new(), id(code), log, self.history(), Default::default()).unwrap();
        for sequence in 1..=self.lists {
            let digest = sha256(&[&list(sequence)]);
            ledger.record(Announcement::TrustAdopted { sequence: sequence as u64, digest }, time(at)).unwrap();
        }
        let digest = sha256(&[&self.files[&format!("trust/catalogue-{code}-1.cose")]]);
        ledger.record(Announcement::CataloguePublished { sequence: 1, digest }, time(at)).unwrap();
        let gate = GateId { member: id(code), number: 1 };
        let certificate = GateCertificateSpec {
            gate,
            venue: 1,
            service: 0,
            key: gate_secret(gate).verifying_key(),
            issued: time(at),
            not_before: time(at),
            expires: time(AFTER),
        };
        let certificate = certificate.sign(&key(code, Role::Registrar, self.lists));
        ledger.enrol(&certificate, time(at)).unwrap();
        let gate = Gate::open(MemoryStorage::new(), gate_secret(gate), &certificate, self.bundle(), time(at)).unwrap();
        self.cities.insert(code, City { ledger, gate });
    }

    fn city(&mut self, code: u32) -> &mut City {
        self.cities.get_mut(&code).unwrap()
    }

    /// Who is a member, an auditor or not, and not suspended.
    fn active(&self) -> Vec<u32> {
        let history = self.history();
        let active = history.newest().members().iter().filter(|member| member.suspended_from.is_none());
        active.map(|member| member.id.code()).collect()
    }

    /// Fresh status lists, and the next trust list: every ledger and gate takes it.
    fn next_list(&mut self, at: i64) {
        self.lists += 1;
        let lists = self.lists;
        for code in self.active().into_iter().filter(|code| *code != AUDITOR && (*code != SUZHOU || lists > 2)) {
            let uri = format!("oc:{code}/1");
            let status = StatusListSpec::new(uri, time(at), time(AFTER), 256);
            let issued = self.files.keys().filter(|path| path.starts_with(&format!("trust/status-{code}-"))).count();
            let path = format!("trust/status-{code}-{}.cose", issued + 1);
            self.files.insert(path, status.sign(&key(code, Role::Issuer, lists)));
            let City { ledger, .. } = self.city(code);
            ledger.adopt(&list(lists), time(at)).unwrap();
            ledger.use_key(key(code, Role::Log, lists)).unwrap();
        }
        let lists = list(self.lists);
        let new: Vec<&Vec<u8>> = self
            .files
            .iter()
            .filter(|(path, _)| path.ends_with(&format!("-{}.cose", self.lists)))
            .map(|(_, bytes)| bytes)
            .collect();
        let status_lists: Vec<&[u8]> = new.iter().map(|bytes| bytes.as_slice()).collect();
        for code in CITIES.into_iter().chain([SUZHOU]) {
            if let Some(City { gate, .. }) =
                self.cities.get_mut(&code).filter(|_| code != HEFEI && self.offline != Some(code))
            {
                let sync = SyncInput { trust_lists: &[&lists], status_lists: &status_lists, ..SyncInput::default() };
                gate.sync(&sync, time(at)).unwrap();
            }
        }
    }

    /// Shows a pass at a gate.
    fn scan(&mut self, city: u32, pass: &[u8], number: u8, at: i64) -> Result<u64, Reason> {
        let shown = code(pass, number, at);
        match self.city(city).gate.admit(Scan::text(shown.as_bytes()), time(at)) {
            Decision::Admitted(admitted) => Ok(admitted.index),
            Decision::Referred(refusal) | Decision::Denied(refusal) => Err(refusal.reason),
        }
    }

    /// Seals and ingests every journal, and makes every active ledger final.
    fn finish(&mut self, at: i64) {
        let active = self.active();
        for City { ledger, gate } in self.cities.values_mut() {
            if active.contains(&ledger.member().code()) && gate.seal().unwrap().is_some() {
                let known = ledger.journals()[&1].log().size();
                ledger.ingest(&gate.segment(known).unwrap().unwrap(), time(at)).unwrap();
            }
        }
        for code in active.iter().copied().filter(|code| *code != AUDITOR) {
            let signed = self.city(code).ledger.checkpoint().unwrap();
            let others = active.iter().filter(|other| **other != code);
            let lines: String = others.map(|other| self.cosign(*other, code, &signed, at).unwrap()).collect();
            let kept = self.city(code).ledger.cosigned(&lines, time(at)).unwrap();
            let checked = LedgerCheckpoint::verify(kept.note().as_bytes(), &self.history(), id(code)).unwrap();
            assert!(checked.final_at().is_some(), "{code}");
        }
    }

    /// Asks a witness, which starts again on its store with the keys of the time.
    fn cosign(&mut self, witness: u32, city: u32, signed: &SignedCheckpoint, at: i64) -> Result<String, Refused> {
        let trust = self.history();
        let store = self.witnesses.entry(witness).or_default();
        let watched = self.cities.keys().filter(|code| **code != witness);
        let logs = watched.map(|code| watch(&trust, id(*code), LogKey(*code), time(at)).unwrap());
        let name = witness_name(trust.newest(), id(witness)).unwrap();
        let mut witness =
            Witness::open(store, name, key(witness, Role::Witness, self.lists), logs, Default::default()).unwrap();
        let old = witness.latest(signed.origin().as_str()).map_or(0, SignedCheckpoint::size);
        let proof = self.cities[&city].ledger.consistency_proof(old, signed.size()).unwrap();
        let request = AddCheckpoint { old, proof, note: signed.note().as_bytes() };
        Ok(witness.consider(&request)?.commit(store, time(at)).unwrap())
    }

    fn receipt(&self, city: u32, index: u64) -> Receipt {
        self.cities[&city].ledger.receipt(1, index).unwrap()
    }

    /// All active cities but `without` agree to what an audit computes.
    fn settle(&mut self, without: u32, at: i64) {
        let period = SettlementPeriod { from: time(OPEN - DAY), until: time(at) };
        let report = audit(&self.published(), &Options { period: Some(period), ..Options::default() });
        let statement = report.statement.unwrap_or_else(|| panic!("{:?}", report.findings));
        let (cut_offs, digest) = (statement.cut_offs().to_vec(), statement.digest());
        let settled = StatementRef { from: period.from, until: period.until, cut_offs, digest };
        for code in self.active().into_iter().filter(|code| *code != AUDITOR && *code != without) {
            self.city(code).ledger.record(Announcement::Settlement(settled.clone()), time(at)).unwrap();
        }
        self.finish(at);
    }

    /// Everything published.
    fn published(&self) -> MemoryFiles {
        let mut files = self.files.clone();
        for sequence in 1..=self.lists {
            files.insert(format!("trust/trust-list-{sequence}.cose"), list(sequence));
        }
        for City { ledger, .. } in self.cities.values() {
            let (member, storage) = (ledger.member(), ledger.storage());
            let signed = ledger.kept_checkpoint().unwrap().unwrap();
            day::publish(&mut files, &format!("ledger/{member}"), None, ledger.log(), storage, signed.note());
            for (number, journal) in ledger.journals() {
                let Some(note) = journal.log().kept_checkpoint(storage).unwrap() else { continue };
                let (log, evidence) = (format!("journal/{member}/{number}"), format!("evidence/{member}/{number}"));
                let note = String::from_utf8(note).unwrap();
                day::publish(&mut files, &log, Some(&evidence), journal.log(), storage, &note);
            }
        }
        files
    }

    /// Publishes a ledger with other entries, signed and cosigned with keys of these lists.
    fn forged(
        &self,
        city: u32,
        log: usize,
        witnesses: &[(u32, usize)],
        change: impl FnOnce(&mut Entries),
    ) -> MemoryFiles {
        let keys: Vec<_> = witnesses.iter().map(|(code, list)| (*code, key(*code, Role::Witness, *list))).collect();
        let mut files = self.published();
        let ledger = &self.cities[&city].ledger;
        day::publish_rewritten(&mut files, ledger, change, &key(city, Role::Log, log), &keys, LATER);
        files
    }
}

/// The first day: two passes are used, and everything is final under the first list.
fn first_day() -> Month {
    let mut month = Month::begin();
    month.scan(SHANGHAI, &pass(SHANGHAI, 1, 1, OPEN - DAY, 25), 1, OPEN).unwrap();
    month.scan(HEFEI, &pass(HEFEI, 2, 1, OPEN - DAY, 25), 2, OPEN).unwrap();
    month.scan(NANJING, &pass(HEFEI, 2, 1, OPEN - DAY, 25), 2, OPEN + 600).unwrap();
    month.finish(OPEN + DAY);
    month
}

/// Shanghai has changed all its keys, and Suzhou has joined.
fn second_list(mut month: Month) -> Month {
    month.next_list(ISSUED[1]);
    let issued = catalogue_spec(SUZHOU);
    let catalogue = onecard::trust::CatalogueSpec { issued: time(ISSUED[1]), ..issued };
    month.files.insert(format!("trust/catalogue-{SUZHOU}-1.cose"), catalogue.sign(&secret(SUZHOU, Role::Registrar)));
    month.join(SUZHOU, ISSUED[1]);
    month
}

/// The rest of the month: each list is used, and the last one is that without Hefei.
fn rest_of(month: Month) -> Month {
    let mut month = second_list(month);
    let (old, new) = (pass(SHANGHAI, 1, 1, OPEN - DAY, 25), pass(SHANGHAI, 3, 2, ISSUED[1], 25));
    for list in 2..=5 {
        let at = ISSUED[list - 1] + DAY;
        if list > 2 {
            month.next_list(ISSUED[list - 1]);
        }
        month.scan(SHANGHAI, &old, 1, at).unwrap();
        month.scan(SUZHOU, &new, 3, at).unwrap();
        if list == 3 {
            month.scan(NANJING, &pass(HEFEI, 2, 1, OPEN - DAY, 25), 2, at).unwrap();
        }
        month.finish(at + 3_600);
    }
    month
}

fn errors(files: &MemoryFiles) -> Vec<(String, Rule)> {
    let findings = audit(files, &Options { anchor: Some(anchor(1)), ..Options::default() }).findings;
    let errors = findings.into_iter().filter(|finding| finding.severity == FindingSeverity::Error);
    errors.map(|finding| (finding.place, finding.rule)).collect()
}

#[test]
fn the_whole_month_audits_clean() {
    let files = WHOLE_MONTH.published();
    let report = audit(&files, &Options { anchor: Some(anchor(1)), ..Options::default() });
    assert_eq!(report.findings, []);
    assert_eq!((report.counts.ledgers, report.counts.redemptions), (5, 12));
    assert_eq!(report.anchor, Some(anchor(1)));
}

#[test]
fn who_joins_late_or_has_left_need_not_agree_to_a_statement() {
    let mut month = first_day();
    month.settle(0, OPEN + 2 * DAY);
    assert_eq!(errors(&rest_of(month).published()), [], "Suzhou had not joined");
    let mut month = rest_of(first_day());
    month.settle(0, LATER);
    assert_eq!(errors(&month.published()), [], "Hefei has left");
    let mut month = rest_of(first_day());
    month.settle(NANJING, LATER);
    assert_eq!(errors(&month.published()), [("ledger/320100".to_owned(), Rule::Statement)]);
}

#[test]
fn passes_of_the_old_key_are_good_to_their_end_and_no_new_ones_are() {
    let trust = history(5);
    let verify = |pass: &[u8], list: &TrustList, at: i64| {
        let shown = pass::present(pass, &day::holder(1), "onecard.test", None, time(at)).unwrap();
        pass::verify(&shown, list, Audience::Federation, time(at)).map(|_| ())
    };
    let kid = |member, list| key(member, Role::Issuer, list).verifying_key().kid();
    let old = pass(SHANGHAI, 1, 1, OPEN, 30);
    for at in [OPEN, ISSUED[1], PASSES_END - 1] {
        assert_eq!(verify(&old, trust.at(time(at)), at), Ok(()), "{at}");
    }
    assert_eq!(verify(&old, trust.newest(), PASSES_END), Err(PassError::Expired(time(PASSES_END))));
    // The retired key signs on.
    let late = pass(SHANGHAI, 1, 1, PASSES_END + 1, 5);
    assert_eq!(
        verify(&late, trust.newest(), PASSES_END + 2),
        Err(PassError::Issuer(TrustError::KeyTime(kid(SHANGHAI, 1))))
    );
    let long = pass(SHANGHAI, 1, 1, ISSUED[1], 25);
    assert_eq!(verify(&long, trust.newest(), ISSUED[1]), Err(PassError::KeyValidity));
    let before = pass(SHANGHAI, 1, 2, ISSUED[1] - 1, 5);
    let early = Err(PassError::Issuer(TrustError::KeyTime(kid(SHANGHAI, 2))));
    assert_eq!(verify(&before, trust.newest(), ISSUED[1]), early, "nor did the new key before its time");
    let unknown = |member, list| Err(PassError::Issuer(TrustError::UnknownKey(kid(member, list))));
    let new = pass(SHANGHAI, 1, 2, ISSUED[1], 25);
    assert_eq!(verify(&new, trust.list(2).unwrap(), ISSUED[1]), Ok(()));
    assert_eq!(verify(&new, trust.first(), ISSUED[1]), unknown(SHANGHAI, 2), "to a gate with the old list");
    // Suspended, Hefei signs nothing more; removed, it is nobody, but at its time it was.
    let (hefei, suspended) = (pass(HEFEI, 1, 1, OPEN, 25), pass(HEFEI, 1, 1, ISSUED[3], 5));
    let fourth = trust.list(4).unwrap();
    assert_eq!(verify(&hefei, fourth, ISSUED[3]), Ok(()));
    let refused = Err(PassError::Issuer(TrustError::KeyTime(kid(HEFEI, 1))));
    assert_eq!(verify(&suspended, fourth, ISSUED[3]), refused);
    assert_eq!(verify(&hefei, trust.newest(), ISSUED[4]), unknown(HEFEI, 1));
    assert_eq!(verify(&hefei, trust.at(time(OPEN)), OPEN), Ok(()));
}

#[test]
fn a_gate_takes_the_lists_one_by_one_and_starts_again_without_the_city_that_left() {
    let mut month = first_day();
    let at = time(ISSUED[4]);
    let gate = &mut month.city(SHANGHAI).gate;
    let mut offer = |sequences: &[usize]| {
        let lists: Vec<Vec<u8>> = sequences.iter().map(|sequence| list(*sequence)).collect();
        let lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
        match gate.sync(&SyncInput { trust_lists: &lists, ..SyncInput::default() }, at) {
            Ok(()) => Ok(gate.bundle().trust().sequence()),
            Err(SyncError::Bundle(BundleError::Trust(error))) => Err(error),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(offer(&[3]), Err(TrustError::Gap { current: 1, found: 3 }));
    assert_eq!(offer(&[2, 4]), Err(TrustError::Gap { current: 2, found: 4 }));
    assert_eq!(offer(&[2]), Ok(2), "of a sync that was refused nothing was taken");
    assert_eq!(offer(&[1]), Err(TrustError::Rollback { current: 2, found: 1 }));
    assert_eq!(offer(&[3, 4, 5]), Ok(5));
    // What it opens with next time: nothing of Hefei can be verified any more.
    let bundle = |lists: usize, without: u32| {
        let mut bundle = Bundle::new(history(lists).newest().clone());
        for code in CITIES.into_iter().filter(|code| *code != without) {
            bundle.update_catalogue(&day::catalogue(code), time(AFTER - DAY)).unwrap();
            bundle.update_status(&day::status_list(code), time(AFTER - DAY)).unwrap();
        }
        bundle
    };
    let open = |bundle: Bundle| {
        let (storage, certificate) = (gate.storage().clone(), gate.certificate().as_bytes());
        Gate::open(storage, gate_secret(gate.id()), certificate, bundle, at)
            .map(|gate| gate.bundle().trust().sequence())
    };
    assert_eq!(open(bundle(5, HEFEI)).unwrap(), 5);
    let mut incomplete = Bundle::new(history(5).newest().clone());
    for code in [SHANGHAI, NANJING] {
        incomplete.update_catalogue(&day::catalogue(code), time(AFTER - DAY)).unwrap();
    }
    assert!(
        matches!(open(incomplete), Err(OpenError::Rollback(Rollback::Catalogue(member))) if member == id(HANGZHOU)),
        "Hangzhou is still a member"
    );
    assert!(matches!(open(bundle(4, 0)), Err(OpenError::Rollback(Rollback::TrustList))));
}

#[test]
fn a_list_that_replaces_a_lost_root_needs_the_other_roots() {
    let mut trust = history(2);
    // The finder of Hangzhou's old root, with two more, cannot keep it in, nor sign once it is out.
    let short = signed(3, &spec(3), &[SHANGHAI, NANJING]);
    assert_eq!(trust.push(&short), Err(TrustError::Threshold { signed: 2, needed: 3 }));
    let found = signed(3, &spec(3), &[SHANGHAI, NANJING, HANGZHOU]);
    assert_eq!(trust.push(&found), Err(TrustError::Threshold { signed: 2, needed: 3 }), "the new list's threshold");
    trust.push(&list(3)).unwrap();
    let old = secret(HANGZHOU, Role::Root);
    let roots = [key(SHANGHAI, Role::Root, 3), key(NANJING, Role::Root, 3), key(SUZHOU, Role::Root, 3)];
    let found = spec(4).sign(&[&roots[0], &roots[1], &roots[2], &old]);
    assert_eq!(trust.push(&found), Err(TrustError::Signer(old.verifying_key().kid())));
}

#[test]
fn a_ledger_goes_on_with_its_new_key_and_opens_with_all_its_lists() {
    let mut month = first_day();
    let ledger = &mut month.city(SHANGHAI).ledger;
    let (storage, at) = (ledger.storage().clone(), time(ISSUED[1]));
    let trust = |error| match error {
        RecordEntryError::Trust(error) => error,
        other => panic!("{other}"),
    };
    assert_eq!(trust(ledger.adopt(&list(3), at).unwrap_err()), TrustError::Gap { current: 1, found: 3 });
    assert_eq!(trust(ledger.adopt(&list(1), at).unwrap_err()), TrustError::Rollback { current: 1, found: 1 });
    let early = trust(ledger.adopt(&list(2), time(ISSUED[1] - 1)).unwrap_err());
    assert_eq!(early, TrustError::NotYetIssued(at));
    let unknown = Announcement::TrustAdopted { sequence: 2, digest: anchor(2) };
    assert!(matches!(ledger.record(unknown, at), Err(RecordEntryError::OtherTrustList(2))));
    let new = || key(SHANGHAI, Role::Log, 2);
    assert!(matches!(ledger.use_key(new()), Err(SignError::OtherKey)), "before the list says so");
    assert_eq!((ledger.storage(), ledger.trust().sequence()), (&storage, 1), "nothing was written");

    ledger.adopt(&list(2), at).unwrap();
    assert_eq!(ledger.trust().sequence(), 2);
    let again = Announcement::TrustAdopted { sequence: 1, digest: anchor(1) };
    assert!(matches!(ledger.record(again, at), Err(RecordEntryError::OtherTrustList(1))));
    let by_old = ledger.checkpoint().unwrap();
    ledger.use_key(new()).unwrap();
    let by_new = ledger.checkpoint().unwrap();
    assert_eq!(by_old.checkpoint(), by_new.checkpoint());
    assert_ne!(by_old.signer(), by_new.signer());
    assert_eq!(ledger.checkpoint().unwrap(), by_new);
    ledger.use_key(key(SHANGHAI, Role::Log, 1)).unwrap();
    ledger.adopt(&list(3), time(ISSUED[2])).unwrap();
    assert!(matches!(ledger.checkpoint(), Err(SignError::OtherKey)), "the old key has been retired");
    ledger.use_key(new()).unwrap();
    ledger.checkpoint().unwrap();

    let open = |key, lists| {
        let opened = Ledger::open(ledger.storage().clone(), id(SHANGHAI), key, history(lists), Default::default());
        opened.map(|ledger| (ledger.trust().sequence(), ledger.history().newest().sequence()))
    };
    assert_eq!(open(new(), 3).unwrap(), (3, 3));
    assert_eq!(open(new(), 5).unwrap(), (3, 5), "a list that it has not adopted is not in force in it");
    assert!(matches!(open(new(), 2), Err(OpenLedgerError::OtherTrustList(3))));
    assert!(matches!(open(key(SHANGHAI, Role::Log, 1), 3), Err(OpenLedgerError::OtherKey)));
    // Opened with a pinned later list, what it adopted before is not asked for.
    let pinned = TrustList::pinned(&list(3), &anchor(3)).unwrap();
    assert!(Ledger::open(ledger.storage().clone(), id(SHANGHAI), new(), pinned, Default::default()).is_ok());
}

#[test]
fn a_key_still_good_signs_no_ledger_whose_entries_are_younger() {
    let mut month = first_day();
    let ledger = &mut month.city(SHANGHAI).ledger;
    ledger.adopt(&list(2), time(ISSUED[1])).unwrap();
    let again = || Announcement::TrustAdopted { sequence: 2, digest: anchor(2) };
    ledger.record(again(), time(ISSUED[1] + OVERLAP)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.record(again(), time(ISSUED[1] + OVERLAP + 1)).unwrap();
    assert!(matches!(ledger.checkpoint(), Err(SignError::OtherKey)));
    assert!(matches!(ledger.use_key(key(SHANGHAI, Role::Log, 1)), Err(SignError::OtherKey)));
    ledger.use_key(key(SHANGHAI, Role::Log, 2)).unwrap();
    ledger.checkpoint().unwrap();
}

#[test]
fn under_a_list_that_has_expired_a_ledger_takes_records_and_nothing_else() {
    let mut month = first_day();
    let City { ledger, gate } = month.city(SHANGHAI);
    let expired = |result: Result<u64, RecordEntryError<_>>| match result {
        Err(RecordEntryError::Trust(TrustError::Expired(at))) => at,
        other => panic!("{other:?}"),
    };
    let certificate = gate.certificate().as_bytes().to_vec();
    assert_eq!(expired(ledger.enrol(&certificate, time(AFTER))), time(AFTER));
    let peer = Announcement::PeerSeen { checkpoint: String::new() };
    assert_eq!(expired(ledger.record(peer, time(AFTER))), time(AFTER));
    gate.set_clock(time(OPEN + DAY)).unwrap();
    gate.seal().unwrap();
    let known = ledger.journals()[&1].log().size();
    ledger.ingest(&gate.segment(known).unwrap().unwrap(), time(AFTER)).unwrap();
    ledger.adopt(&list(2), time(AFTER)).unwrap();
    // All keys are good for a day more, the list is not.
    let ledger = &month.cities[&NANJING].ledger;
    let fin = |at: i64| {
        let checkpoint = ledger.kept_checkpoint().unwrap().unwrap().checkpoint().clone();
        let line = |code: u32| {
            let name = witness_name(ledger.trust(), id(code)).unwrap();
            checkpoint.cosign(&name, &secret(code, Role::Witness), time(at))
        };
        let note = [checkpoint.sign(&secret(NANJING, Role::Log)), [SHANGHAI, HANGZHOU, HEFEI].map(line).concat()];
        LedgerCheckpoint::verify(note.concat().as_bytes(), &history(1), id(NANJING)).unwrap().final_at()
    };
    assert_eq!((fin(AFTER - 1), fin(AFTER)), (Some(time(AFTER - 1)), None));
}

#[test]
fn witnesses_follow_and_cosign_nothing_of_the_old_key() {
    let mut month = second_list(first_day());
    let at = ISSUED[1] + OVERLAP + 1;
    let ledger = &mut month.city(SHANGHAI).ledger;
    let by_new = ledger.checkpoint().unwrap();
    let by_old = SignedCheckpoint::sign(by_new.checkpoint().clone(), &key(SHANGHAI, Role::Log, 1));
    for witness in [NANJING, SUZHOU, AUDITOR] {
        let refused = month.cosign(witness, SHANGHAI, &by_old, at).unwrap_err();
        assert!(matches!(refused, Refused::Signature(_)), "{refused}");
        month.cosign(witness, SHANGHAI, &by_new, at).unwrap();
    }
    let suzhou = month.city(SUZHOU).ledger.checkpoint().unwrap();
    month.cosign(SHANGHAI, SUZHOU, &suzhou, at).unwrap();
    // Within the overlap the old key will do.
    let mut month = second_list(first_day());
    month.city(SHANGHAI).ledger.checkpoint().unwrap();
    month.cosign(NANJING, SHANGHAI, &by_old, ISSUED[1] + OVERLAP).unwrap();
}

#[test]
fn while_two_keys_of_a_witness_are_good_either_counts_and_both_count_once() {
    let month = second_list(first_day());
    let checkpoint = month.cities[&NANJING].ledger.kept_checkpoint().unwrap().unwrap().checkpoint().clone();
    let final_at = |witnesses: &[(u32, usize)], at: i64| {
        let line = |(code, list): &(u32, usize)| {
            let name = witness_name(month.history().newest(), id(*code)).unwrap();
            checkpoint.cosign(&name, &key(*code, Role::Witness, *list), time(at))
        };
        let lines: String = witnesses.iter().map(line).collect();
        let note = [checkpoint.sign(&secret(NANJING, Role::Log)), lines].concat();
        LedgerCheckpoint::verify(note.as_bytes(), &month.history(), id(NANJING)).unwrap().final_at()
    };
    let (at, over) = (ISSUED[1] + OVERLAP, ISSUED[1] + OVERLAP + 1);
    let (old, new, others) = ((SHANGHAI, 1), (SHANGHAI, 2), [(HANGZHOU, 2), (SUZHOU, 2)]);
    assert_eq!(final_at(&[old, others[0], others[1]], at), Some(time(at)));
    assert_eq!(final_at(&[new, others[0], others[1]], at), Some(time(at)));
    assert_eq!(final_at(&[old, new, others[0]], at), None);
    assert_eq!(final_at(&[old, new, others[0], others[1]], at), Some(time(at)));
    assert_eq!(final_at(&[old, others[0], others[1]], over), None);
    assert_eq!(final_at(&[new, others[0], others[1]], ISSUED[1] - 1), None, "not yet, nor was Suzhou a member");
}

#[test]
fn receipts_from_before_and_after_verify() {
    let before = first_day().receipt(SHANGHAI, 2);
    let hefei = first_day().receipt(HEFEI, 2);
    let month = &WHOLE_MONTH;
    let last = month.cities[&SHANGHAI].gate.log().size() - 1;
    let after = month.receipt(SHANGHAI, last);
    let at = |receipt: &Receipt, lists: usize| receipt.verify(&history(lists)).map(|receipted| receipted.final_at);
    for lists in 1..=5 {
        assert_eq!(at(&before, lists), Ok(time(OPEN + DAY)), "{lists}");
        assert_eq!(at(&hefei, lists), Ok(time(OPEN + DAY)), "{lists}");
    }
    assert_eq!(at(&after, 5), Ok(time(ISSUED[4] + DAY + 3_600)));
    assert!(matches!(at(&after, 1), Err(ReceiptError::Note(_))), "the new keys are not in the first list");
    // Without its history, the newest list knows neither Hefei nor the old keys.
    let newest = TrustHistory::from(history(5).newest().clone());
    assert_eq!(after.verify(&newest).map(|receipted| receipted.final_at), at(&after, 5));
    assert!(matches!(before.verify(&newest), Err(ReceiptError::Note(_))));
    assert!(matches!(hefei.verify(&newest), Err(ReceiptError::Certificate(_))));
}

#[test]
fn what_old_keys_signed_later_is_found() {
    let month = &WHOLE_MONTH;
    let now = [(SHANGHAI, 5), (NANJING, 5), (HANGZHOU, 5), (SUZHOU, 5), (AUDITOR, 5)];
    let but = |city: u32| now.into_iter().filter(|(code, _)| *code != city).collect::<Vec<_>>();
    let of = |city: u32| format!("ledger/{city}");
    let cosignature = |city, count| vec![(of(city), Rule::Cosignature); count];
    let same = |_: &mut Entries| {};
    assert_eq!(errors(&month.forged(SHANGHAI, 5, &but(SHANGHAI), same)), []);
    // By Shanghai's old log key: no cosignature counts, so it is not final either.
    assert_eq!(errors(&month.forged(SHANGHAI, 1, &but(SHANGHAI), same)), cosignature(SHANGHAI, 5));
    // One cosignature by Shanghai's old witness key, or by that of Hefei, beside enough others.
    let with = |one: (u32, usize)| [vec![one], but(NANJING)[1..].to_vec()].concat();
    assert_eq!(errors(&month.forged(NANJING, 5, &with((SHANGHAI, 1)), same)), cosignature(NANJING, 1));
    assert_eq!(errors(&month.forged(NANJING, 5, &with((HEFEI, 1)), same)), cosignature(NANJING, 1));
    // Of a member both keys count as one.
    let two = [(SHANGHAI, 1), (SHANGHAI, 5), (SUZHOU, 5)];
    assert_eq!(errors(&month.forged(NANJING, 5, &two, same)), cosignature(NANJING, 2));
    // Hefei's ledger goes on after it was removed.
    assert_eq!(errors(&month.forged(HEFEI, 1, &but(HEFEI), same)), cosignature(HEFEI, 6));

    let mut files = month.published();
    let status = StatusListSpec::new("oc:310101/9".into(), time(PASSES_END + 1), time(AFTER), 8);
    files.insert("trust/status-310101-6.cose".into(), status.sign(&key(SHANGHAI, Role::Issuer, 1)));
    let status = StatusListSpec::new("oc:340100/9".into(), time(ISSUED[4]), time(AFTER), 8);
    files.insert("trust/status-340100-4.cose".into(), status.sign(&key(HEFEI, Role::Issuer, 1)));
    let refused = |path: &str| (path.to_owned(), Rule::StatusList);
    assert_eq!(errors(&files), [refused("trust/status-310101-6.cose"), refused("trust/status-340100-4.cose")]);
}

#[test]
fn a_ledger_that_adopts_out_of_turn_is_found() {
    let month = &WHOLE_MONTH;
    let witnesses = [(SHANGHAI, 5), (HANGZHOU, 5), (SUZHOU, 5)];
    let found = |change: &dyn Fn(&mut Entries)| errors(&month.forged(NANJING, 5, &witnesses, change));
    let ledger = [("ledger/320100".to_owned(), Rule::TrustList)];
    let adoption = |entries: &[Dated], list: u64| {
        let is = |(_, entry): &Dated| matches!(entry, Entry::Announced(Announcement::TrustAdopted { sequence, .. }) if *sequence == list);
        entries.iter().position(is).unwrap()
    };
    assert_eq!(found(&|_| {}), []);
    assert_eq!(found(&|entries| drop(entries.remove(adoption(entries, 3)))), ledger);
    let back = |entries: &mut Entries| {
        let (last, first) = (entries[entries.len() - 1].0, entries[0].1.clone());
        entries.push((last, first));
    };
    assert_eq!(found(&back), ledger);
    let early = |entries: &mut Entries| {
        let at = adoption(entries, 2);
        entries[at].0 = time(ISSUED[1] - 1);
    };
    assert_eq!(found(&early), ledger);
    // A peer's checkpoint by a key that the list in force does not know any more.
    let seen = |list: usize, at: i64| {
        let checkpoint = month.cities[&SHANGHAI].ledger.kept_checkpoint().unwrap().unwrap().checkpoint().clone();
        let seen =
            Entry::Announced(Announcement::PeerSeen { checkpoint: checkpoint.sign(&key(SHANGHAI, Role::Log, list)) });
        found(&|entries| entries.push((time(at), seen.clone())))
    };
    assert_eq!(seen(5, LATER), []);
    assert_eq!(seen(1, LATER), [("ledger/320100".to_owned(), Rule::Fork)]);
}

#[test]
fn a_ledger_enrols_by_the_list_it_had_adopted_and_by_none_that_has_expired() {
    let month = &WHOLE_MONTH;
    let witnesses = [(NANJING, 5), (HANGZHOU, 5), (SUZHOU, 5)];
    let enrolled = |list: usize| {
        let gate = GateId { member: id(SHANGHAI), number: 2 };
        let (venue, service, key_of_gate) = (1, 0, gate_secret(gate).verifying_key());
        let (from, expires) = (time(ISSUED[1]), time(AFTER));
        let spec =
            GateCertificateSpec { gate, venue, service, key: key_of_gate, issued: from, not_before: from, expires };
        Entry::GateEnrolled { certificate: spec.sign(&key(SHANGHAI, Role::Registrar, list)) }
    };
    let found = |list: usize, place: &dyn Fn(&[Dated]) -> (usize, i64)| {
        errors(&month.forged(SHANGHAI, 5, &witnesses, |entries| {
            let (at, seconds) = place(entries);
            entries.insert(at, (time(seconds), enrolled(list)));
        }))
    };
    let refused = [("ledger/310101".to_owned(), Rule::Certificate)];
    let adopts = |(_, entry): &Dated| matches!(entry, Entry::Announced(Announcement::TrustAdopted { sequence: 2, .. }));
    let adoption = |entries: &[Dated]| entries.iter().position(adopts).unwrap();
    assert_eq!(found(2, &|entries| (adoption(entries), ISSUED[1])), refused, "the new registrar's, too early");
    assert_eq!(found(1, &|entries| (adoption(entries), ISSUED[1])), []);
    assert_eq!(found(2, &|entries| (adoption(entries) + 1, ISSUED[1])), []);
    assert_eq!(found(2, &|entries| (entries.len(), AFTER - 1)), []);
    assert_eq!(found(2, &|entries| (entries.len(), AFTER)), refused, "the list has expired");
}

#[test]
fn a_gate_is_judged_by_the_list_it_had() {
    let mut month = second_list(first_day());
    month.next_list(ISSUED[2]);
    month.finish(ISSUED[2]);
    month.offline = Some(NANJING);
    month.next_list(ISSUED[3]);
    // Hefei is suspended and signs on; Nanjing's gate has not heard of it, Shanghai's has.
    let (hefei, at) = (pass(HEFEI, 4, 1, ISSUED[3], 5), ISSUED[3] + 3_600);
    assert_eq!(month.scan(SHANGHAI, &hefei, 4, at), Err(Reason::IssuerKeyInvalid));
    month.scan(NANJING, &hefei, 4, at).unwrap();
    month.finish(at);
    assert_eq!(errors(&month.published()), []);
}

#[test]
fn a_gate_that_starts_without_the_lists_of_who_left_knows_no_less() {
    let mut month = rest_of(first_day());
    let mut bundle = Bundle::new(history(5).newest().clone());
    for (path, bytes) in month.files.iter().filter(|(path, _)| !path.contains("340100")) {
        if path.starts_with("trust/catalogue") {
            bundle.update_catalogue(bytes, time(AFTER - DAY)).unwrap();
        } else {
            bundle.update_status(bytes, time(AFTER - DAY)).unwrap();
        }
    }
    let at = ISSUED[4] + 2 * DAY;
    let city = month.city(NANJING);
    let (storage, certificate) = (city.gate.storage().clone(), city.gate.certificate().as_bytes().to_vec());
    city.gate = Gate::open(storage, gate_secret(city.gate.id()), &certificate, bundle, time(at)).unwrap();
    month.finish(at);
    assert_eq!(errors(&month.published()), []);
}

#[test]
fn an_audit_starts_from_the_pinned_list() {
    let files = WHOLE_MONTH.published();
    let report = |sequence| audit(&files, &Options { anchor: Some(anchor(sequence)), ..Options::default() });
    let second = report(2);
    let findings: Vec<_> = second.findings.iter().map(|found| (&*found.place, found.severity, found.rule)).collect();
    assert_eq!(findings, [("trust/trust-list-1.cose", FindingSeverity::Notice, Rule::TrustList)]);
    assert_eq!((second.anchor, second.counts), (Some(anchor(2)), report(1).counts));
    let mut alone = files.clone();
    alone.remove("trust/trust-list-1.cose");
    let without = audit(&alone, &Options { anchor: Some(anchor(2)), ..Options::default() });
    assert_eq!(without.findings, []);
    let other = audit(&files, &Options { anchor: Some(sha256(&[b"other"])), ..Options::default() });
    assert!(!other.is_clean() && other.anchor.is_none());
    // A gap in what is published ends the history there.
    let mut gap = files.clone();
    gap.remove("trust/trust-list-3.cose");
    let found = errors(&gap);
    for sequence in [4, 5] {
        assert!(found.contains(&(format!("trust/trust-list-{sequence}.cose"), Rule::TrustList)), "{found:?}");
    }
}
