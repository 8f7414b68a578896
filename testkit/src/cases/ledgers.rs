//! Ledgers that their own cities wrote and signed, and the others cosigned without looking.

use super::case::Case;
use super::journals::used_at;
use crate::day::{self, AUDITOR, BEFORE, CITIES, OPEN, gate_secret, id, secret, time};
use crate::script::Damage::{Agreed, Said};
use crate::script::{EVENING, H1, H2, HUANGPU, Line, N1, N2, NANJING, NIGHT, Script};
use onecard::crypto::{SigningKey, sha256};
use onecard::gate::Record;
use onecard::id::GateId;
use onecard::ledger::{Announcement, Entry};
use onecard::time::UnixTime;
use onecard::tlog::{Checkpoint, KeyName};
use onecard::trust::{GateCertificateSpec, Role, TrustListSpec};

pub(super) const CASES: &[Case] = &[
    ("ledger-clock-stands", Said(|script| enter_at(script, EVENING, adopted()))),
    ("ledger-clock-back", Said(|script| enter_at(script, EVENING - 1, adopted()))),
    ("ledger-entry-unreadable", Said(|script| script.ledger(HUANGPU).push(Line::Raw(vec![0x80])))),
    ("ledger-entry-too-short", Said(|script| script.ledger(HUANGPU).push(Line::Raw(Vec::new())))),
    ("gate-enrolled", Said(|script| enrol(script, HUANGPU, 3, &secret(HUANGPU, Role::Registrar)))),
    ("gate-enrolled-twice", Said(|script| enrol(script, HUANGPU, 2, &secret(HUANGPU, Role::Registrar)))),
    ("gate-of-another-member", Said(|script| enrol(script, NANJING, 3, &secret(NANJING, Role::Registrar)))),
    ("gate-enrolled-by-a-stranger", Said(|script| enrol(script, HUANGPU, 3, &secret(HUANGPU, Role::Issuer)))),
    ("gate-retired", Said(|script| script.enter(HUANGPU, Entry::GateRetired { gate: 2 }))),
    ("gate-retired-twice", Said(retired_twice)),
    ("gate-retired-that-is-none", Said(|script| script.enter(HUANGPU, Entry::GateRetired { gate: 9 }))),
    ("seal-after-retirement", Said(retired_before_the_seal)),
    ("seal-of-an-unknown-gate", Said(|script| seal(script, 9, 0, 5))),
    (
        "seals-all-dropped",
        Said(|script| script.ledger(HUANGPU).retain(|line| !matches!(line, Line::Seal { gate: 1, .. }))),
    ),
    ("seal-dropped", Said(drop_seal)),
    ("seal-of-nothing-new", Said(|script| seal(script, 1, 5, 5))),
    ("seal-after-a-gap", Said(|script| change_first(script, 4))),
    ("seal-of-what-was-sealed", Said(|script| change_first(script, 2))),
    ("seal-by-a-foreign-key", Said(|script| _ = script.keys.insert(H1, gate_secret(gate(H2))))),
    ("seal-of-another-root", Said(other_root)),
    ("over-use-and-a-seal-by-a-foreign-key", Said(over_used_and_sealed_by_another)),
    ("over-use-and-a-gate-of-another-member", Said(over_used_and_enrolled_for_another)),
    ("over-use-and-a-seal-after-retirement", Said(over_used_and_sealed_after_all)),
    ("journal-record-replaced", Agreed(|script| publish_instead(script, |_| {}, true))),
    ("journal-record-left-out", Agreed(|script| publish_instead(script, |_| {}, false))),
    ("journal-goes-on", Agreed(goes_on)),
    ("gap-declared", Said(|script| gap(script, 1, 5))),
    ("gap-of-what-is-there", Said(|script| gap(script, 1, 4))),
    ("gap-of-an-unknown-gate", Said(|script| gap(script, 9, 0))),
    ("trust-list-not-published", Said(|script| adopt(script, 2, day::bundle().trust().digest()))),
    ("trust-list-of-another-digest", Said(|script| adopt(script, 1, sha256(&[b"another"])))),
    (
        "trust-list-adopted-as-it-was-issued",
        Said(|script| script.ledger(HUANGPU)[0] = Line::At(time(BEFORE), adopted())),
    ),
    (
        "trust-list-adopted-before-it-was-issued",
        Said(|script| script.ledger(HUANGPU)[0] = Line::At(time(BEFORE - 1), adopted())),
    ),
    ("trust-lists-adopted-in-turn", Said(|script| adopt_newer(script, &[2, 3]))),
    ("trust-list-passed-over", Said(|script| adopt_newer(script, &[3]))),
    ("trust-list-adopted-again", Said(|script| adopt_newer(script, &[2, 2]))),
    ("trust-list-adopted-before-the-last", Said(|script| adopt_newer(script, &[2, 1]))),
    ("catalogue-not-published", Said(|script| catalogue(script, 2, &day::catalogue(HUANGPU)))),
    ("catalogue-of-another-member", Said(|script| catalogue(script, 1, &day::catalogue(NANJING)))),
    ("status-list-not-published", Said(|script| status(script, "oc:310101/2", OPEN - 3_600))),
    ("status-list-of-another-time", Said(|script| status(script, "oc:310101/1", OPEN - 3_601))),
    ("peer-forked", Said(|script| peer(script, 5, |checkpoint| checkpoint.root.0[0] ^= 1))),
    ("peer-goes-back", Said(|script| peer(script, 5, |checkpoint| checkpoint.size = 99))),
    ("peer-is-nobody", Said(|script| peer(script, 5, |checkpoint| checkpoint.origin = name("onecard.test/999999")))),
    ("cosigned-by-too-few", Said(|script| cosigned(script, &[(AUDITOR, NIGHT), (NANJING, NIGHT)]))),
    (
        "cosigned-by-one-twice",
        Said(|script| cosigned(script, &[(AUDITOR, NIGHT), (NANJING, NIGHT), (NANJING, NIGHT + 1)])),
    ),
    ("cosigned-by-itself", Said(|script| cosigned(script, &[(AUDITOR, NIGHT), (NANJING, NIGHT), (HUANGPU, NIGHT)]))),
    (
        "cosigned-before-its-key",
        Said(|script| {
            cosigned(script, &[(AUDITOR, NIGHT), (NANJING, NIGHT), (CITIES[2], NIGHT), (CITIES[3], BEFORE - 1)])
        }),
    ),
    ("reversed", Said(|script| reverse(script, &[(1, 2)]))),
    ("reversed-twice", Said(|script| reverse(script, &[(1, 2), (1, 2)]))),
    ("reversed-after-annulment", Said(|script| reverse(script, &[(1, 3)]))),
    ("reversed-no-redemption", Said(|script| reverse(script, &[(1, 0)]))),
    ("reversed-beyond-the-journal", Said(|script| reverse(script, &[(1, 5)]))),
    ("reversed-of-an-unknown-gate", Said(|script| reverse(script, &[(9, 2)]))),
    ("reversed-and-then-annulled", Said(|script| reversed_and_annulled(script, 900))),
    ("reversed-and-then-annulled-late", Said(|script| reversed_and_annulled(script, 901))),
    ("reversed-after-the-closing-and-then-annulled", Agreed(|script| reversed_and_annulled(script, 900))),
    ("reversed-after-a-late-annulment", Said(late_and_reversed)),
    ("reversed-and-its-journal-damaged", Agreed(reversed_and_damaged)),
    ("reversed-before-its-seal", Said(reversed_before)),
];

/// A pass is used a third time of two at gate 2 of Huangpu. Before the gate's seal, the ledger says that it sealed
/// more, by a key that is not the gate's.
fn over_used_and_sealed_by_another(script: &mut Script) {
    let origin = name(&day::bundle().trust().journal_origin(gate(H2)));
    let checkpoint = Checkpoint { origin, size: 99, root: sha256(&[b"another"]) };
    let checkpoint = checkpoint.sign(&gate_secret(gate(H1)));
    used_at(script, H2, 1, 1, OPEN + 9_000);
    let at = script.seals(H2)[0].0;
    let sealed = Entry::JournalSealed { gate: 2, first: 0, checkpoint };
    script.ledger(HUANGPU).insert(at, Line::At(time(EVENING), sealed));
}

/// It enrols the gate of the same number of another member, before its own.
fn over_used_and_enrolled_for_another(script: &mut Script) {
    used_at(script, H2, 1, 1, OPEN + 9_000);
    let certificate = script.ledger(NANJING).iter().rev().find_map(|line| match line {
        Line::At(_, Entry::GateEnrolled { certificate }) => Some(certificate.clone()),
        _ => None,
    });
    let (mut at, mut before) = (0, UnixTime::MIN);
    for (place, line) in script.ledger(HUANGPU).iter().enumerate().rev() {
        if let Line::At(time, Entry::GateEnrolled { .. }) = line {
            (at, before) = (place, *time);
        }
    }
    let enrolled = Entry::GateEnrolled { certificate: certificate.unwrap() };
    script.ledger(HUANGPU).insert(at, Line::At(before, enrolled));
}

/// After its retirement, what the gate had sealed is sealed once more.
fn over_used_and_sealed_after_all(script: &mut Script) {
    used_at(script, H2, 1, 1, OPEN + 9_000);
    let (size, at) = match script.last_seal(H2) {
        Line::Seal { size, at, .. } => (*size, *at),
        _ => unreachable!(),
    };
    script.ledger(HUANGPU).push(Line::At(at.max(time(EVENING)), Entry::GateRetired { gate: 2 }));
    script.ledger(HUANGPU).push(Line::Seal { at: at.max(time(EVENING)), gate: 2, first: 0, size });
}

fn gate((member, number): (u32, u32)) -> GateId {
    GateId { member: id(member), number }
}

fn name(origin: &str) -> KeyName {
    KeyName::new(origin).unwrap()
}

fn enter_at(script: &mut Script, at: i64, entry: Entry) {
    script.ledger(HUANGPU).push(Line::At(time(at), entry));
}

fn adopted() -> Entry {
    Entry::Announced(Announcement::TrustAdopted { sequence: 1, digest: day::bundle().trust().digest() })
}

fn adopt(script: &mut Script, sequence: u64, digest: onecard::Hash) {
    script.enter(HUANGPU, Entry::Announced(Announcement::TrustAdopted { sequence, digest }));
}

/// Two more trust lists are published, and the ledger adopts these.
fn adopt_newer(script: &mut Script, adopted: &[u64]) {
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    let mut digests = vec![day::bundle().trust().digest()];
    for sequence in 2..4 {
        let issued = time(OPEN + sequence as i64);
        let list = TrustListSpec { sequence, issued, ..day::trust_spec() }.sign(&roots.each_ref());
        digests.push(sha256(&[&list]));
        script.lists.insert(format!("trust/trust-list-{sequence}.cose"), list);
    }
    adopted.iter().for_each(|sequence| adopt(script, *sequence, digests[*sequence as usize - 1]));
}

fn catalogue(script: &mut Script, sequence: u64, list: &[u8]) {
    script.enter(HUANGPU, Entry::Announced(Announcement::CataloguePublished { sequence, digest: sha256(&[list]) }));
}

fn status(script: &mut Script, uri: &str, issued: i64) {
    let digest = sha256(&[&day::status_list(HUANGPU)]);
    script.enter(
        HUANGPU,
        Entry::Announced(Announcement::StatusPublished { uri: uri.into(), issued: time(issued), digest }),
    );
}

fn enrol(script: &mut Script, member: u32, number: u32, registrar: &SigningKey) {
    let spec = GateCertificateSpec {
        gate: gate((member, number)),
        venue: 1,
        service: 0,
        key: gate_secret(gate((member, number))).verifying_key(),
        issued: time(OPEN - 3_600),
        not_before: time(OPEN - 3_600),
        expires: time(OPEN + 86_400),
    };
    script.enter(HUANGPU, Entry::GateEnrolled { certificate: spec.sign(registrar) });
}

fn retired_twice(script: &mut Script) {
    script.enter(HUANGPU, Entry::GateRetired { gate: 2 });
    script.enter(HUANGPU, Entry::GateRetired { gate: 2 });
}

fn retired_before_the_seal(script: &mut Script) {
    let at = script.seals(N1)[1].0;
    script.ledger(NANJING).insert(at, Line::At(time(EVENING), Entry::GateRetired { gate: 1 }));
}

fn seal(script: &mut Script, gate: u32, first: u64, size: u64) {
    script.ledger(HUANGPU).push(Line::Seal { at: time(EVENING), gate, first, size });
}

/// The city leaves out the last seal, and publishes the journal up to there.
fn drop_seal(script: &mut Script) {
    let at = script.seals(N1)[1].0;
    script.ledger(NANJING).remove(at);
}

fn change_first(script: &mut Script, to: u64) {
    let Line::Seal { first, .. } = script.last_seal(N1) else { unreachable!() };
    *first = to;
}

/// The gate signed another history for its city than the one that is published.
fn other_root(script: &mut Script) {
    let at = script.seals(H1)[0].0;
    let origin = name(&day::bundle().trust().journal_origin(gate(H1)));
    let checkpoint = Checkpoint { origin, size: 5, root: sha256(&[b"another"]) }.sign(&gate_secret(gate(H1)));
    script.ledger(HUANGPU)[at] = Line::At(time(OPEN + 3_600), Entry::JournalSealed { gate: 1, first: 0, checkpoint });
}

/// A second history of the gate is published: signed by it, and as long as the first or shorter.
fn publish_instead(script: &mut Script, change: impl FnOnce(&mut Vec<crate::script::Said>), whole: bool) {
    let mut said = script.journals[&H1].clone();
    if whole {
        let Record::Redeemed(redemption) = Record::decode(&said[2].body).unwrap() else { unreachable!() };
        said[2].body = Record::Redeemed(onecard::gate::Redemption { party: 2, ..redemption }).encode();
    } else {
        said.truncate(3);
    }
    change(&mut said);
    script.instead.insert(H1, said);
}

/// The gate's last segment is published, and the ledger has no seal of it.
fn goes_on(script: &mut Script) {
    let mut said = script.journals[&H2].clone();
    said.push(said[1].clone());
    script.instead.insert(H2, said);
}

fn gap(script: &mut Script, gate: u32, from: u64) {
    script.enter(NANJING, Entry::Announced(Announcement::GapDeclared { gate, from, until: from + 2 }));
}

/// Nanjing saw a checkpoint of Huangpu's, signed by Huangpu.
fn peer(script: &mut Script, size: u64, change: impl FnOnce(&mut Checkpoint)) {
    let mut checkpoint = Checkpoint { origin: name("onecard.test/310101"), size, root: sha256(&[b"another"]) };
    change(&mut checkpoint);
    script.enter(
        NANJING,
        Entry::Announced(Announcement::PeerSeen { checkpoint: checkpoint.sign(&secret(HUANGPU, Role::Log)) }),
    );
}

fn cosigned(script: &mut Script, by: &[(u32, i64)]) {
    script.cosigned.insert(HUANGPU, by.to_vec());
}

fn reverse(script: &mut Script, reversed: &[(u32, u64)]) {
    for &(gate, index) in reversed {
        script.enter(HUANGPU, Entry::Announced(Announcement::Reversal { gate, index }));
    }
}

/// The city takes pass 1 back, and then its gate says that it had done so.
fn reversed_and_annulled(script: &mut Script, after: i64) {
    reverse(script, &[(1, 2)]);
    script.say_later(H1, &Record::Annulled { time: time(OPEN + after), index: 2 }, None);
}

/// An annulment that came too late was none, so the city may take the use back.
fn late_and_reversed(script: &mut Script) {
    script.say(H1, &Record::Annulled { time: time(OPEN + 901), index: 2 }, None);
    reverse(script, &[(1, 2)]);
}

/// A redemption is reversed after the day was settled, and its journal is cut short before it.
fn reversed_and_damaged(script: &mut Script) {
    reverse(script, &[(1, 2)]);
    script.cut = Some((H1, 2));
}

fn reversed_before(script: &mut Script) {
    let at = script.seals(N2)[0].0;
    script
        .ledger(NANJING)
        .insert(at, Line::At(time(EVENING), Entry::Announced(Announcement::Reversal { gate: 2, index: 2 })));
}
