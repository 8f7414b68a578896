//! The audit of a damaged day. A good day is made once, in memory and with fixed keys; the input is what a party
//! with its own keys says otherwise, signed, cosigned and settled as everything else, and what somebody without
//! keys does to the files.
//!
//! The audit never panics. What is whole has no finding; a byte changed without a key is found, or it was evidence
//! and is told as erased, and what is not found changes no statement. The report is the same from one thread and
//! from two, and for all passes at once and a part of them at a time; and a shallower audit finds a part of it. Findings name places that are there or should be, and
//! entries that are there. Over-use that is found is proven by a file that says the same, or cannot be shown.
//! Pinned to a later trust list, it starts there and finds nothing new. What is taken back of a closed period is paid
//! back in the next one, so that both come to what the first would have come to without it.

use super::input::Input;
use super::products;
use onecard::audit::{
    Depth, Finding, FindingSeverity, MemoryFiles, Options, OverUseProof, Report, Rule, Statement, TakenBack, audit,
    prove_over_use,
};
use onecard::crypto::sha256;
use onecard::gate::Record;
use onecard::id::{ProductRef, VenueId};
use onecard::ledger::{Announcement, Entry};
use onecard::tlog::Resource;
use onecard::trust::{Role, TrustHistory, TrustList, TrustListSpec};
use onecard_testkit::cases;
use onecard_testkit::day::{self, AUDITOR, CITIES, Day, OPEN, time};
use onecard_testkit::script::{self, Damage, Key, Line, NIGHT, Script, Unchained};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// More than any file of these days has.
const MOST: usize = 1 << 20;

/// The good day, the day with over-use, a day whose gates were opened and did nothing, and the good day with a trust
/// list that all adopt in the evening.
static DAYS: LazyLock<Vec<Script>> = LazyLock::new(|| {
    let mut over_used = Day::over_used();
    over_used.finish(NIGHT);
    let mut quiet = Day::open();
    for (city, gate) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        quiet.deliver(city, gate, OPEN + 3_600);
    }
    quiet.finish(NIGHT);
    let mut adopted = script::good().1;
    let next = TrustListSpec { sequence: 2, issued: time(OPEN + 60_000), ..day::trust_spec() };
    let roots = [0, 1, 2].map(|city| day::secret(CITIES[city], Role::Root));
    let next = next.sign(&roots.each_ref());
    for city in CITIES {
        adopted.enter(city, Entry::Announced(Announcement::TrustAdopted { sequence: 2, digest: sha256(&[&next]) }));
    }
    adopted.lists.insert(trust_list(2), next);
    vec![script::good().1, Script::of(&over_used), Script::of(&quiet), adopted]
});

/// What is published of the good day, and the statement.
static GOOD: LazyLock<(MemoryFiles, Statement)> = LazyLock::new(|| {
    let mut good = DAYS[0].clone();
    good.settle(0);
    let files = good.publish();
    let report = audit(&files, &Options::default());
    assert_eq!(report.findings, [], "the good day");
    (files, report.statement.unwrap())
});

/// The cases of `tests/corpus`, by a number that is that of their name.
static CASES: LazyLock<BTreeMap<[u8; 3], Damage>> =
    LazyLock::new(|| cases::all().map(|(name, damage)| (number(name), damage)).collect());

fn trust_list(sequence: u64) -> String {
    format!("trust/trust-list-{sequence}.cose")
}

fn number(name: &str) -> [u8; 3] {
    let [a, b, c, ..] = sha256(&[name.as_bytes()]).0;
    [a, b, c]
}

/// The input by which a case of `tests/corpus` is done.
pub fn case(name: &str) -> Vec<u8> {
    [&[1], &number(name)[..]].concat()
}

/// The names of these cases.
pub fn cases() -> impl Iterator<Item = &'static str> {
    cases::all().map(|(name, _)| name)
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let signed = signed(&mut input);
    let Some(files) = damaged(&signed, &mut input) else { return };
    let report = check(&files);
    pinned(&files, &report);
    if signed == GOOD.0 {
        without_a_key(&files, &report);
    }
    prove(&files, &report);
}

/// Audits a damaged day with one thread and with two, keeping 1, 4 and all uses at once: one answer.
pub fn agree(data: &[u8]) {
    let mut input = Input::new(data);
    let signed = signed(&mut input);
    let Some(files) = damaged(&signed, &mut input) else { return };
    let report = audit(&files, &Options::default());
    for uses_at_once in [1, 4, usize::MAX] {
        for threads in [1, 2] {
            let again = audit(&files, &Options { threads, uses_at_once, ..Options::default() });
            assert_same(&report, &again, &format!("{threads} threads, {uses_at_once} uses at once"));
        }
    }
    // And so do findings that are put together by their causes.
    let grouped = Options { group: true, ..Options::default() };
    let (whole, parts) = (audit(&files, &grouped), audit(&files, &Options { threads: 2, uses_at_once: 1, ..grouped }));
    assert_same(&whole, &parts, "grouped");
    let count: u64 = whole.findings.iter().map(|found| found.count).sum();
    assert_eq!(count, report.findings.len() as u64, "grouped");
}

fn assert_same(report: &Report, other: &Report, how: &str) {
    assert_eq!(report.to_json(), other.to_json(), "{how}");
    assert_eq!(report.findings, other.findings, "{how}");
    assert_eq!((&report.over_use, &report.other_grants), (&other.over_use, &other.other_grants), "{how}");
    let [encoded, again] = [report, other].map(|report| report.statement.as_ref().map(Statement::encode));
    assert_eq!((encoded, report.anchor), (again, other.anchor), "{how}");
}

/// What the parties publish.
fn signed(input: &mut Input<'_>) -> MemoryFiles {
    match input.byte() % 5 {
        // By who has no key.
        0 => GOOD.0.clone(),
        // One of the known damages.
        1 => {
            let wanted: [u8; 3] = input.array();
            let (_, damage) = CASES.range(wanted..).chain(CASES.iter()).next().unwrap();
            script::damaged(&DAYS[0], *damage)
        }
        // A day after the one that was settled, and settled too.
        4 => day_after(input).publish(),
        // Whatever the parties say, before or after they settle.
        more => {
            let mut script = DAYS[usize::from(input.byte()) % DAYS.len()].clone();
            (0..1 + input.byte() % 4).for_each(|_| say(&mut script, input));
            script.settle(0);
            if more == 3 {
                (0..1 + input.byte() % 4).for_each(|_| say(&mut script, input));
            }
            script.publish()
        }
    }
}

/// What is left of it, where no file of it becomes too long.
fn damaged(signed: &MemoryFiles, input: &mut Input<'_>) -> Option<MemoryFiles> {
    let mut files = signed.clone();
    (0..input.byte() % 4).for_each(|_| damage(&mut files, input));
    files.values().all(|content| content.len() <= MOST).then_some(files)
}

/// Uses are reversed after their day was settled, and passes are used again; then that is settled.
fn day_after(input: &mut Input<'_>) -> Script {
    let mut script = DAYS[usize::from(input.byte()) % DAYS.len()].clone();
    let again = input.byte() % 3;
    if input.odd() {
        sell(&mut script, CITIES[usize::from(input.byte()) % CITIES.len()], input);
    }
    let mut without = script.clone();
    script.settle(0);
    let first = Statement::decode(script.statement.as_ref().unwrap()).unwrap();
    let journals: Vec<Key> = script.journals.keys().copied().collect();
    let gate = |input: &mut Input<'_>| journals[usize::from(input.byte()) % journals.len()];
    for _ in 0..1 + input.byte() % 3 {
        let ((member, gate), index) = (gate(input), u64::from(input.byte() % 8));
        let entry = Entry::Announced(Announcement::Reversal { gate, index });
        without.enter(member, entry.clone());
        script.enter(member, entry);
    }
    for _ in 0..again {
        let (gate, number, at) = (gate(input), 1 + input.byte() % 3, OPEN + 86_400 + i64::from(input.byte()) * 60);
        let size = script.journals[&gate].len() as u64;
        script.ledger(gate.0).push(Line::Seal { at: time(at), gate: gate.1, first: size, size });
        cases::used_at(&mut script, gate, number, 1, at);
    }
    script.settle(1);
    let second = Statement::decode(script.statement.as_ref().unwrap()).unwrap();
    assert_eq!(second.previous(), Some(first.digest()));
    let known = |taken: &TakenBack| {
        let reversal = Entry::Announced(Announcement::Reversal { gate: taken.gate.number, index: taken.index });
        let entered = |line: &Line| matches!(line, Line::At(_, entry) if *entry == reversal);
        script.ledgers[&taken.gate.member.code()].iter().any(entered)
    };
    assert!(second.taken_back().iter().all(known), "taken back by nobody: {:?}", second.taken_back());
    // Over-use is judged by what was known then, so without the use it would be another one.
    without.settle(0);
    let without = Statement::decode(&without.statement.unwrap()).unwrap();
    if again == 0 && first.over_uses().is_empty() && without.over_uses().is_empty() {
        let mut sums = amounts(&first);
        for ((product, venue), fen) in amounts(&second) {
            *sums.entry((product, venue)).or_default() += fen;
        }
        sums.retain(|_, fen| *fen != 0);
        assert_eq!(sums, amounts(&without), "not paid back");
        let uses = |statement: &Statement| statement.lines().iter().map(|line| line.uses).sum::<u64>();
        assert_eq!(uses(&first) - second.taken_back().len() as u64, uses(&without));
    }
    script
}

/// What is due to each venue for each product, above or below nothing.
fn amounts(statement: &Statement) -> BTreeMap<(ProductRef, VenueId), i64> {
    let lines = statement.lines().iter().map(|line| ((line.product, line.venue), line.fen as i64));
    let adjusted = statement.adjustments().iter().map(|adjusted| ((adjusted.product, adjusted.venue), adjusted.fen));
    let mut amounts = BTreeMap::new();
    lines.chain(adjusted).for_each(|(key, fen)| *amounts.entry(key).or_default() += fen);
    amounts.retain(|_, fen| *fen != 0);
    amounts
}

/// A party says something else.
fn say(script: &mut Script, input: &mut Input<'_>) {
    let journals: Vec<Key> = script.journals.keys().copied().collect();
    let key = journals[usize::from(input.byte()) % journals.len()];
    let member = CITIES[usize::from(input.byte()) % CITIES.len()];
    let place = usize::from(input.byte());
    match input.byte() % 12 {
        // A record with a byte changed.
        0 => {
            let said = script.journals.get_mut(&key).unwrap();
            let count = said.len();
            flip(&mut said[place % count].body, input);
        }
        // The same with the time that a record is of, all else as it was.
        1 => {
            let said = script.journals.get_mut(&key).unwrap();
            let count = said.len();
            let said = &mut said[place % count];
            let at = time(OPEN + i64::from(input.byte()) * 600 - 3_600);
            said.body = match Record::decode(&said.body) {
                Ok(Record::Redeemed(redemption)) => {
                    Record::Redeemed(onecard::gate::Redemption { time: at, ..redemption }).encode()
                }
                Ok(Record::Synced(synced)) => Record::Synced(onecard::gate::Synced { time: at, ..synced }).encode(),
                Ok(Record::Annulled { index, .. }) => Record::Annulled { time: at, index }.encode(),
                _ => return,
            };
        }
        // A record of another gate, or of the same again.
        2 => {
            let from = journals[place % journals.len()];
            let said = &script.journals[&from];
            let again = said[usize::from(input.byte()) % said.len()].clone();
            script.say_bytes(key, again.body, again.evidence);
        }
        3 => {
            let body = Record::Annulled { time: time(OPEN + 30_000), index: u64::from(input.byte() % 8) }.encode();
            script.say_bytes(key, body, None);
        }
        // An entry that nobody can read, or a known one at another place.
        4 => {
            let lines = script.ledger(member);
            let at = place % (lines.len() + 1);
            lines.insert(at, Line::Raw(vec![input.byte(); 3]));
        }
        5 => {
            let lines = script.ledger(member);
            let (at, with) = (place % lines.len(), usize::from(input.byte()) % lines.len());
            if [at, with].iter().all(|at| matches!(lines[*at], Line::At(..))) {
                lines.swap(at, with);
            }
        }
        6 => {
            let entry = match input.byte() % 4 {
                0 => Entry::Announced(Announcement::Reversal { gate: key.1, index: u64::from(input.byte() % 8) }),
                1 => Entry::Announced(Announcement::GapDeclared {
                    gate: key.1,
                    from: 3,
                    until: 4 + u64::from(input.byte()),
                }),
                2 => Entry::GateRetired { gate: key.1 },
                _ => Entry::Announced(Announcement::CataloguePublished { sequence: 1, digest: sha256(&[]) }),
            };
            script.enter(key.0, entry);
        }
        // Fewer cosign, or at another time.
        7 => {
            let by = script.cosigned.get_mut(&member).unwrap();
            let at = place % by.len().max(1);
            match input.byte() % 3 {
                0 if at < by.len() => drop(by.remove(at)),
                1 if at < by.len() => by[at].1 = OPEN + i64::from(input.byte()) * 10_000,
                _ => by.push((AUDITOR, NIGHT)),
            }
            by.dedup_by_key(|(member, _)| *member);
        }
        8 => {
            let seals = script.seals(key);
            let line = seals.get(place % seals.len().max(1)).map(|(at, _)| *at);
            if let Some(Line::Seal { at, first, .. }) = line.map(|line| &mut script.ledger(key.0)[line]) {
                match input.byte() % 2 {
                    0 => *first = u64::from(input.byte() % 8),
                    _ => *at = time(OPEN + i64::from(input.byte()) * 600),
                }
            }
        }
        // A journal whose entries do not follow one another.
        11 => {
            let broken =
                if input.odd() { Unchained::Short(place % script.journals[&key].len()) } else { Unchained::First };
            script.unchained.insert(key, broken);
        }
        // A city sold other grants.
        10 => sell(script, member, input),
        // Evidence with a byte changed, or none.
        _ => {
            let said = script.journals.get_mut(&key).unwrap();
            let count = said.len();
            let evidence = &mut said[place % count].evidence;
            match input.byte() % 2 {
                0 => *evidence = None,
                _ => evidence.iter_mut().for_each(|shown| flip(shown, input)),
            }
        }
    }
}

/// A city sells one of its products with other grants.
fn sell(script: &mut Script, city: u32, input: &mut Input<'_>) {
    let mut spec = day::catalogue_spec(city);
    let at = usize::from(input.byte()) % spec.products.len();
    let (product, made) = (&mut spec.products[at], products::product(input));
    (product.holders, product.grants) = (made.holders, made.grants);
    let path = format!("trust/catalogue-{city}-1.cose");
    if product.validate().is_ok() && script.lists[&path] == day::catalogue(city) {
        script.publish_instead(city, &path, spec.sign(&day::secret(city, Role::Registrar)));
    }
}

/// Somebody without a key changes a file.
fn damage(files: &mut MemoryFiles, input: &mut Input<'_>) {
    let paths: Vec<String> = files.keys().cloned().collect();
    let path = |input: &mut Input<'_>| paths[usize::from(u16::from_be_bytes(input.array())) % paths.len()].clone();
    let one = path(input);
    match input.byte() % 8 {
        0..3 => flip(files.get_mut(&one).unwrap(), input),
        3 => files.get_mut(&one).unwrap().truncate(u16::from_be_bytes(input.array()).into()),
        4 => drop(files.remove(&one)),
        5 => {
            let other = path(input);
            let [a, b] = [&one, &other].map(|path| files[path].clone());
            files.extend([(one, b), (other, a)]);
        }
        // A part of one file in another.
        6 => {
            let other = files[&path(input)].clone();
            let content = files.get_mut(&one).unwrap();
            let at = usize::from(u16::from_be_bytes(input.array())) % (content.len() + 1);
            content.splice(at.., other.into_iter().skip(at)).for_each(drop);
        }
        _ => {
            let content = files[&one].clone();
            let name = match input.byte() % 4 {
                0 => one + ".p/1",
                1 => one.replace("310101", "320100"),
                2 => one + "x",
                _ => one.replace("/1", "/2"),
            };
            files.insert(name, content);
        }
    }
}

fn flip(bytes: &mut [u8], input: &mut Input<'_>) {
    let (at, bit) = (usize::from(u16::from_be_bytes(input.array())), input.byte() % 8);
    if !bytes.is_empty() {
        bytes[at % bytes.len()] ^= 1 << bit;
    }
}

/// Audits to each depth, with one thread and all at once, and with two and a part of the passes at a time.
fn check(files: &MemoryFiles) -> Report {
    let report = audit(files, &Options::default());
    let parallel = audit(files, &Options { threads: 2, uses_at_once: 2, ..Options::default() });
    assert_same(&report, &parallel, "from two threads, part by part");
    if let Some(statement) = &report.statement {
        assert_eq!(Statement::decode(&statement.encode()).as_ref(), Ok(statement));
        assert!(statement.to_json().contains(&statement.digest().to_string()));
        assert_eq!(statement.nets().iter().map(|net| net.fen).sum::<i64>(), 0);
    }
    for depth in [Depth::Integrity, Depth::Evidence] {
        let options = Options { depth, ..Options::default() };
        assert!(format!("{options:?}").to_lowercase().contains(&depth.to_string()), "{options:?}");
        let shallow = audit(files, &options);
        let more = shallow.findings.iter().find(|found| !report.findings.contains(found));
        assert_eq!(more, None, "found by {depth} alone");
    }
    report.findings.iter().for_each(|found| check_place(files, found));
    report
}

/// Pinned to the first trust list, an audit finds what it finds without; pinned to a later one, it takes that list as
/// it is and looks at none before it.
fn pinned(files: &MemoryFiles, report: &Report) {
    let Some(later) = files.get(&trust_list(2)) else { return };
    let anchored = |list: &[u8]| audit(files, &Options { anchor: Some(sha256(&[list])), ..Options::default() });
    if let Some(first) = files.get(&trust_list(1)) {
        let again = anchored(first);
        assert!(again.anchor.is_none() || again.to_json() == report.to_json(), "pinned to the first");
    }
    let again = anchored(later);
    let Some(anchor) = again.anchor else { return assert!(!again.is_clean(), "it started from nothing") };
    assert_eq!(anchor, sha256(&[later]));
    let of_first = again.findings.iter().filter(|found| found.place == trust_list(1));
    let told: Vec<_> = of_first.map(|found| (found.severity, found.rule)).collect();
    let there = usize::from(files.contains_key(&trust_list(1)));
    assert_eq!(told, vec![(FindingSeverity::Notice, Rule::TrustList); there], "of a list before the pinned one");
    if report.is_clean() {
        assert!(again.is_clean() && again.counts == report.counts, "{:?}", again.findings);
        assert_eq!(again.statement, report.statement);
    }
}

/// A finding is about a file or log that is there or should be, and an entry that is there.
fn check_place(files: &MemoryFiles, found: &Finding) {
    let Finding { place, index, detail, .. } = found;
    let told = found.to_string();
    assert!(told.contains(&**place) && told.ends_with(&**detail), "{told}");
    let known = |path: &String| path == place || path.strip_prefix(&**place).is_some_and(|rest| rest.starts_with('/'));
    let log = || {
        let mut parts = place.split('/');
        let top = parts.next().is_some_and(|top| ["ledger", "journal", "evidence", "trust"].contains(&top));
        let member = parts.next().is_some_and(|member| CITIES.iter().any(|city| member == city.to_string()));
        top && member
    };
    let named = [".", "trust/", "statement.cbor"].contains(&&**place) || place.starts_with("trust/");
    assert!(named || log() || files.keys().chain(GOOD.0.keys()).any(known), "nothing is at {place}: {found}");
    if let Some(index) = index {
        let width = |path: &String| match path.strip_prefix(&**place)?.strip_prefix('/')?.parse() {
            Ok(Resource::Entries(id)) => Some(id.index() * 256 + u64::from(id.width())),
            _ => None,
        };
        let entries = files.keys().filter_map(width).max().unwrap_or(0);
        assert!(*index < entries, "there is no entry {index} in {place}: {found}");
    }
}

/// What is done to the files of the good day without a key is found, or has no effect.
fn without_a_key(files: &MemoryFiles, report: &Report) {
    let (good, statement) = &*GOOD;
    if files == good {
        assert_eq!(report.findings, [], "nothing was done");
    }
    if report.is_clean() {
        assert_eq!(report.statement.as_ref(), Some(statement), "another statement, and nothing was found");
        let is_lack = |found: &Finding| [Rule::Pruned, Rule::Behind].contains(&found.rule);
        assert!(report.findings.iter().all(is_lack), "{:?}", report.findings);
        let changed = |path: &&String| good.get(*path).is_some_and(|content| *content != files[*path]);
        let silent = files.keys().filter(changed).find(|path| !path.starts_with("evidence/"));
        assert_eq!(silent, None, "it was changed, and nothing was found");
        let told = report.findings.iter().any(|found| found.severity == FindingSeverity::Notice);
        assert!(told || !files.keys().any(|path| changed(&path)), "evidence was changed, and nothing was told");
    }
}

/// What an over-use file says is what the audit found.
fn prove(files: &MemoryFiles, report: &Report) {
    let proofs = prove_over_use(files, report);
    let Some(list) = files.get("trust/trust-list-1.cose") else { return };
    let Ok(list) = TrustList::genesis(list, &sha256(&[list])) else { return };
    let lists = TrustHistory::from(list);
    for (pass, proof) in proofs {
        let Ok(proof) = proof else {
            assert!(!report.is_clean(), "over-use of {pass} cannot be shown from files with nothing wrong");
            continue;
        };
        assert_eq!(OverUseProof::decode(&proof.encode()).as_ref(), Ok(&proof));
        let proven = proof.verify(&lists).unwrap();
        let found =
            report.over_use.iter().filter(|over| over.pass == pass).map(|over| (over.used.gate, over.used.index));
        let shown = proven.over_use.iter().map(|over| (over.used.gate, over.used.index));
        assert_eq!(shown.collect::<Vec<_>>(), found.collect::<Vec<_>>(), "{pass}");
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // A day before it is settled: who, whose ledger, where, and what.
    let said = |day: u8, what: &[u8]| [&[2, day, 0][..], what].concat();
    let file = |what: &[u8]| [&[0, 1][..], what].concat();
    // Pass 1 with these quotas, used on the day and twice the day after at another venue.
    let sold = |quotas: &[u8]| {
        let product = [&[0; 7][..], quotas, &[0; 10]].concat();
        [&[4, 0, 2, 1, 0, 0][..], &product, &[0, 0, 7], &[0, 0, 0, 2, 0, 90]].concat()
    };
    vec![
        ("whole", vec![]),
        ("over-use", said(1, &[0, 0, 0, 9, 0])),
        ("quiet", said(2, &[0, 0, 0, 9, 0])),
        ("flipped", file(&[0, 3, 0, 0, 40, 1])),
        ("cut", file(&[0, 9, 3, 0, 30])),
        ("removed", file(&[0, 12, 4])),
        ("swapped", file(&[0, 2, 5, 0, 20])),
        ("spliced", file(&[0, 5, 6, 0, 17, 0, 50])),
        ("copied", file(&[0, 5, 7, 0])),
        ("three-files", vec![0, 3, 0, 1, 0, 0, 5, 1, 0, 2, 4, 0, 30, 7, 1]),
        ("record-flipped", said(0, &[0, 0, 2, 0, 0, 9, 1])),
        ("record-later", said(0, &[0, 0, 2, 1, 40])),
        ("record-again", said(0, &[0, 0, 0, 2, 2])),
        ("annulled", said(1, &[0, 0, 0, 3, 2])),
        ("entry-of-noise", said(0, &[0, 0, 3, 4, 9])),
        ("entries-swapped", said(0, &[0, 1, 1, 5, 2])),
        ("reversed", said(1, &[0, 0, 0, 6, 0, 2])),
        ("fewer-witnesses", said(0, &[0, 2, 1, 7, 0])),
        ("sealed-elsewhere", said(0, &[2, 0, 0, 8, 0, 3])),
        ("said-after-the-settlement", vec![3, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 2, 1]),
        ("adopted", said(3, &[0, 0, 0, 9, 0])),
        ("adopted-and-the-first-list-damaged", vec![2, 3, 0, 0, 0, 0, 9, 0, 0, 0]),
        // The day, uses after it, whether other grants were sold, and the reversals: gate and index of each.
        ("taken-back", vec![4, 0, 0, 0, 0, 0, 2]),
        ("taken-back-of-all-kinds", vec![4, 0, 0, 0, 2, 0, 2, 2, 3, 3, 2]),
        ("taken-back-of-nothing", vec![4, 0, 0, 0, 1, 0, 1, 2, 7]),
        ("taken-back-of-over-use", vec![4, 1, 0, 0, 1, 0, 2, 2, 2]),
        ("taken-back-and-used-again", vec![4, 1, 1, 0, 0, 0, 2, 2, 0, 9]),
        ("used-again-and-again", vec![4, 0, 2, 0, 0, 0, 2, 1, 0, 0, 3, 0, 3]),
        ("taken-back-and-used-elsewhere", vec![4, 1, 2, 0, 1, 0, 2, 0, 3, 2, 0, 9, 3, 1, 99]),
        ("sold-for-two-days-at-one-venue", sold(&[2, 0, 1, 0, 0, 1, 2, 0, 0])),
        ("sold-for-a-day-a-month", sold(&[2, 1, 0, 2, 0, 1, 1, 1, 0])),
        ("sold-for-a-day-a-year", sold(&[2, 1, 1, 4, 0, 2, 2, 0, 0])),
        ("sold-for-once-at-each-venue", sold(&[1, 1, 0, 0, 1])),
        ("sold-for-two-days-a-month-at-each-venue", sold(&[1, 0, 1, 1, 1])),
        ("sold-for-a-venue-a-day", sold(&[2, 1, 2, 2, 0, 2, 1, 0, 0])),
    ]
}
