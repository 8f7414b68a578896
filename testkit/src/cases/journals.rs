//! Journals that a gate wrote and sealed with its own key: an operator who cheats, or software that errs.

use super::case::Case;
use crate::day::{self, AFTER, CITIES, OPEN, claims, code, holder, id, knows, pass, secret, time, used};
use crate::script::Damage::{Agreed, Said};
use crate::script::{EVENING, H1, H2, HUANGPU, Line, N1, N2, NANJING, NOTHING, Script, Unchained};
use onecard::crypto::sha256;
use onecard::gate::{Override, Reason, Record, Redemption, Synced, Totals, flags};
use onecard::id::PassId;
use onecard::ledger::{Announcement, Entry};
use onecard::product::{Length, Validity};
use onecard::trust::{Policy, Role, TrustListSpec};
use onecard::wire::text;

/// When gate 2 of Huangpu opened and last heard of the others.
const SYNCED: i64 = OPEN - 600;
/// Ten minutes to the midnight after the good day.
const LATE: i64 = OPEN + 15 * 3_600 - 600;

pub(super) const CASES: &[Case] = &[
    ("used", Said(|script| used_at(script, H2, 7, 2, OPEN))),
    ("used-twice-within-the-window", Said(|script| again(script, 30))),
    ("used-twice-after-the-window", Said(|script| again(script, 1_000))),
    ("used-twice-within-the-window-and-synced-between", Said(again_synced)),
    ("used-twice-within-another-window", Said(again_by_another_policy)),
    ("code-recorded-twice", Said(code_twice)),
    ("annulled-and-used-again", Said(annulled_and_again)),
    ("record-unreadable", Said(|script| script.say_bytes(H2, vec![0x80], None))),
    ("record-of-an-unknown-kind", Said(|script| script.say_bytes(H2, vec![0x82, 0x18, 99, 0], None))),
    ("not-opened-first", Said(not_opened)),
    ("opened-by-another-certificate", Said(|script| script.change(H2, 0, |record| opened_by(record, b"another")))),
    ("journal-clock-back", Said(|script| script.say(H2, &closed(SYNCED - 1, NOTHING), None))),
    ("journal-clock-set-back", Said(|script| script.say(H2, &set(SYNCED - 60, SYNCED), None))),
    ("journal-clock-set-from-elsewhere", Said(|script| script.say(H2, &set(SYNCED + 60, SYNCED - 1), None))),
    ("journal-clock-jumped", Said(|script| jumped(script, true, false))),
    ("journal-clock-jumped-and-not-flagged", Said(|script| jumped(script, false, false))),
    ("journal-clock-set-and-still-flagged", Said(|script| jumped(script, true, true))),
    ("journal-of-another-beginning", Said(|script| unchained(script, Unchained::First))),
    ("journal-entry-shorter-than-a-link", Said(|script| unchained(script, Unchained::Short(1)))),
    ("certificate-not-yet", Said(|script| script.say(H2, &set(OPEN - 3_601, SYNCED), None))),
    ("certificate-expired", Said(|script| script.say(H2, &closed(AFTER, NOTHING), None))),
    ("annulled-late", Said(|script| annul(script, &[901]))),
    ("annulled-in-time", Said(|script| annul(script, &[900]))),
    ("annulled-twice", Said(|script| annul(script, &[1, 2]))),
    ("annulled-before-its-redemption", Said(|script| annul_by(script, OPEN, OPEN - 1, OPEN - 1))),
    ("annulled-by-a-clock-set-back", Said(|script| annul_by(script, OPEN + 901, OPEN + 60, OPEN + 61))),
    ("annulled-after-its-clock-was-set", Said(|script| annul_by(script, OPEN + 100, OPEN + 60, OPEN + 61))),
    ("annulled-after-the-closing", Agreed(|script| annul_later(script, OPEN + 900))),
    ("annulled-late-and-after-the-closing", Agreed(|script| annul_later(script, OPEN + 901))),
    ("annulled-by-two-seals", Said(annul_by_two_seals)),
    ("annulled-no-redemption", Said(|script| script.say(H2, &annulled(OPEN, 1), None))),
    ("totals-too-high", Said(|script| script.say(H2, &closed(OPEN, Totals { admitted: 1, ..NOTHING }), None))),
    (
        "totals-too-low",
        Said(|script| script.change(N1, 4, |record| close_with(record, Totals { admitted: 1, ..NOTHING }))),
    ),
    ("totals-of-annulments", Said(|script| script.say(H2, &closed(OPEN, Totals { annulled: 1, ..NOTHING }), None))),
    ("synced-to-no-trust-list", Said(|script| sync(script, |synced| synced.trust = 2))),
    ("synced-to-no-catalogue", Said(|script| sync(script, |synced| synced.catalogues[0].1 = 2))),
    ("synced-to-less-of-a-ledger", Said(|script| synced_less(script, |synced| synced.ledgers[0].1 = 2))),
    ("synced-to-no-ledger", Said(|script| synced_less(script, |synced| synced.ledgers.clear()))),
    ("synced-to-fewer-lists", Said(|script| sync(script, |synced| synced.status.truncate(3)))),
    ("synced-to-fewer-catalogues", Said(|script| sync(script, |synced| synced.catalogues.truncate(3)))),
    ("synced-to-an-older-status-list", Said(|script| sync(script, |synced| synced.status[0].2 = time(OPEN - 7_200)))),
    (
        "synced-to-an-older-catalogue",
        Said(|script| {
            sync(script, |synced| synced.catalogues[0].1 = 2);
            sync(script, |_| {});
        }),
    ),
    (
        "synced-to-an-older-trust-list",
        Said(|script| {
            sync(script, |synced| synced.trust = 2);
            sync(script, |_| {});
        }),
    ),
    ("grant-of-no-such-place", Said(|script| record(script, |redemption| redemption.grant = 1))),
    ("product-not-sold", Said(|script| record(script, |redemption| redemption.product = (2, 9)))),
    (
        "product-of-another-pass",
        Said(|script| record(script, |redemption| (redemption.product, redemption.due_fen) = ((1, 1), 0))),
    ),
    ("due-too-little", Said(|script| record(script, |redemption| redemption.due_fen -= 1))),
    (
        "party-too-large",
        Said(|script| record(script, |redemption| (redemption.party, redemption.due_fen) = (5, 5_005))),
    ),
    (
        "pass-of-another-number",
        Said(|script| record(script, |redemption| redemption.pass.pass = PassId::from_bytes([8; 10]))),
    ),
    ("pass-said-to-be-bare", Said(|script| record(script, |redemption| redemption.flags = flags::STATIC))),
    ("pass-said-to-start-later", Said(|script| record(script, |redemption| redemption.facts.not_before = time(OPEN)))),
    ("pass-said-to-end-later", Said(|script| record(script, |redemption| redemption.facts.expires = time(AFTER)))),
    ("pass-said-to-be-of-a-class", Said(|script| record(script, |redemption| redemption.facts.holder_class = 1))),
    ("code-shown-long-before", Said(|script| record(script, |redemption| redemption.time = time(OPEN + 61)))),
    ("code-said-to-be-an-answer", Said(|script| record(script, |redemption| redemption.flags = flags::CHALLENGE))),
    ("code-of-a-stranger", Said(|script| shown(script, &stranger()))),
    ("code-forged", Said(|script| shown(script, &forged()))),
    ("pass-not-of-the-issuer", Said(|script| shown(script, &self_issued()))),
    ("pass-expired", Said(expired)),
    ("lists-too-old", Said(|script| used_at(script, H2, 7, 2, OPEN + 80 * 3_600))),
    ("catalogue-nearly-too-old", Said(|script| used_long(script, OPEN + 60 * 86_400))),
    ("trust-list-nearly-too-old", Said(|script| used_long(script, AFTER - 1))),
    ("catalogue-too-old", Said(|script| used_long(script, OPEN + 60 * 86_400 + 1))),
    ("catalogue-too-old-and-newer-ones-published", Said(by_an_older_catalogue)),
    ("trust-list-too-old", Said(|script| used_long(script, AFTER))),
    ("used-before-synced", Said(unsynced)),
    ("activated-too-late", Said(|script| activated_late(script, false))),
    ("activated-too-late-or-elsewhere-before", Said(|script| activated_late(script, true))),
    ("used-without-the-status-list", Said(|script| knew(script, |synced| drop(synced.status.remove(0))))),
    ("used-by-no-status-list", Said(|script| knew(script, |synced| synced.status[0].2 = time(OPEN - 7_200)))),
    ("used-without-the-catalogue", Said(|script| knew(script, |synced| _ = synced.catalogues.remove(0)))),
    ("nobody-in", Said(|script| record(script, |redemption| (redemption.party, redemption.due_fen) = (0, 0)))),
    ("nobody-overridden", Said(|script| script.say(H2, &let_in(0), None))),
    ("nobody-out", Said(nobody_out)),
    ("overridden", Said(|script| overridden(script, 1))),
    ("overridden-and-not-refused", Said(|script| overridden(script, 0))),
    ("outage", Said(|script| outage(script, &[true, false]))),
    ("outage-opened-twice", Said(|script| outage(script, &[true, true]))),
    ("outage-closed-only", Said(|script| outage(script, &[false]))),
    ("over-use-unknowing", Said(|script| used_at(script, H2, 1, 1, OPEN + 9_000))),
    (
        "over-use-before-it-said-what-it-knew",
        Said(|script| {
            not_synced(script);
            used_at(script, H2, 1, 1, OPEN + 9_000);
        }),
    ),
    ("over-use-at-the-end-of-what-a-sync-is-good-for", Said(|script| used_at(script, H2, 1, 1, SYNCED + 4 * 3_600))),
    ("over-use-long-after-the-last-sync", Said(|script| used_at(script, H2, 1, 1, SYNCED + 4 * 3_600 + 1))),
    ("over-use-of-what-it-knew", Said(known_elsewhere)),
    ("over-use-by-its-own-journal", Said(known_itself)),
    ("over-use-before-midnight", Said(|script| midnight(script, LATE + 300))),
    ("no-over-use-across-midnight", Said(|script| midnight(script, LATE + 900))),
    ("over-use-that-a-reversal-heals", Said(reversed)),
    ("used-again-after-its-city-took-a-use-back", Said(|script| reversed_and_used(script, 1_000, true))),
    ("used-again-at-once-after-its-city-took-a-use-back", Said(|script| reversed_and_used(script, 50, true))),
    ("used-again-before-its-city-took-a-use-back", Said(|script| reversed_and_used(script, 1_000, false))),
    ("grant-used-up-elsewhere", Said(|script| free_entries(script, &[(N2, OPEN + 1_000)]))),
    (
        "grant-used-up-elsewhere-and-known",
        Said(|script| {
            read_up_to(script, OPEN + 44_000);
            free_entries(script, &[(N2, OPEN + 45_000)]);
        }),
    ),
    (
        "over-use-of-the-grants-that-uses-belong-to",
        Said(|script| free_entries(script, &[(N2, OPEN + 1_000), (N1, OPEN + 46_000)])),
    ),
    (
        "grant-dearer-than-needed",
        Said(|script| {
            let (record, evidence) =
                record_of(free(OPEN), |redemption| (redemption.grant, redemption.due_fen) = (1, 1_001));
            script.say(H2, &record, evidence);
        }),
    ),
    ("journal-pruned", Said(|script| prune(script, true))),
    ("journal-pruned-and-its-tile-flipped", Said(|script| prune(script, false))),
    ("journal-pruned-up-to-an-annulled-use", Agreed(prune_up_to_use)),
    ("journal-pruned-up-to-no-redemption-that-is-reversed", Said(prune_up_to_reversed)),
    ("day-closed-before-it-began", Said(|script| script.say(H2, &closed_day(OPEN, LATE + 600), None))),
    ("dated-after-its-seal", Said(|script| dated_late(script, H2, 60))),
    ("dated-after-its-second-seal", Said(|script| dated_late(script, N1, 60))),
    ("dated-after-its-seal-by-what-clocks-differ", Said(|script| dated_late(script, H2, 30))),
    ("dated-after-its-seal-by-a-second-more", Said(|script| dated_late(script, H2, 31))),
];

fn record_of(
    (redemption, evidence): (Redemption, Option<Vec<u8>>),
    change: impl FnOnce(&mut Redemption),
) -> (Record, Option<Vec<u8>>) {
    let mut redemption = redemption;
    change(&mut redemption);
    (Record::Redeemed(redemption), evidence)
}

/// A gate admits a pass of Huangpu's as it should.
pub fn used_at(script: &mut Script, gate: (u32, u32), number: u8, product: u16, at: i64) {
    let shown = code(&pass(HUANGPU, number, product, |_| {}), number, at);
    let (record, evidence) = record_of(used(number, product, &shown, at), |_| {});
    script.say(gate, &record, evidence);
}

fn again(script: &mut Script, after: i64) {
    used_at(script, H2, 7, 2, OPEN);
    used_at(script, H2, 7, 2, OPEN + after);
}

fn again_synced(script: &mut Script) {
    used_at(script, H2, 7, 2, OPEN);
    script.say(H2, &Record::Synced(knows(OPEN + 10)), None);
    used_at(script, H2, 7, 2, OPEN + 30);
}

/// By the trust list that the gate had, a pass may not enter again for ten minutes.
fn again_by_another_policy(script: &mut Script) {
    let policy = Policy { rescan_within: 600, ..Policy::default() };
    let list = TrustListSpec { sequence: 2, issued: time(OPEN - 60), policy, ..day::trust_spec() };
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    script.lists.insert("trust/trust-list-2.cose".into(), list.sign(&roots.each_ref()));
    sync(script, |synced| synced.trust = 2);
    again(script, 300);
}

fn code_twice(script: &mut Script) {
    let shown = code(&pass(HUANGPU, 7, 2, |_| {}), 7, OPEN);
    for at in [OPEN, OPEN + 1, OPEN + 2] {
        let (record, evidence) = record_of(used(7, 2, &shown, at), |_| {});
        script.say(H2, &record, evidence);
    }
}

fn annulled(at: i64, index: u64) -> Record {
    Record::Annulled { time: time(at), index }
}

fn annulled_and_again(script: &mut Script) {
    used_at(script, H2, 7, 2, OPEN);
    script.say(H2, &annulled(OPEN + 1, 2), None);
    used_at(script, H2, 7, 2, OPEN + 2);
}

fn annul(script: &mut Script, after: &[i64]) {
    used_at(script, H2, 7, 2, OPEN);
    after.iter().for_each(|after| script.say(H2, &annulled(OPEN + after, 2), None));
}

/// The clock showed one time and is set to another between a redemption and its annulment.
fn annul_by(script: &mut Script, shown: i64, to: i64, at: i64) {
    used_at(script, H2, 7, 2, OPEN);
    script.say(H2, &Record::Synced(knows(shown)), None);
    script.say(H2, &set(to, shown), None);
    script.say(H2, &annulled(at, 2), None);
}

/// Gate 1 of Huangpu took pass 1 back, and hands that over once the day is settled.
fn annul_later(script: &mut Script, at: i64) {
    script.say_later(H1, &annulled(at, 2), None);
}

fn annul_by_two_seals(script: &mut Script) {
    annul(script, &[1]);
    script.say_later(H2, &annulled(OPEN + 2, 2), None);
}

/// Pass 7 of two entries is used twice, and so long after it a third time. The city takes the second use back, before it
/// takes the third or after.
fn reversed_and_used(script: &mut Script, after: i64, before: bool) {
    [OPEN, OPEN + 1_000].iter().for_each(|at| used_at(script, H2, 7, 1, *at));
    let back = Entry::Announced(Announcement::Reversal { gate: 2, index: 3 });
    let at = OPEN + 1_000 + after;
    let (record, evidence) = record_of(used(7, 1, &code(&pass(HUANGPU, 7, 1, |_| {}), 7, at), at), |_| {});
    if before {
        script.enter(HUANGPU, back);
        script.say_later(H2, &record, evidence);
    } else {
        script.say_later(H2, &record, evidence);
        script.enter(HUANGPU, back);
    }
}

fn not_opened(script: &mut Script) {
    let synced = script.said(H2, 1).clone();
    *script.said(H2, 0) = synced;
}

fn opened_by(record: &mut Record, other: &[u8]) {
    let Record::Opened { certificate, .. } = record else { unreachable!() };
    *certificate = sha256(&[other]);
}

fn closed(at: i64, totals: Totals) -> Record {
    Record::DayClosed { time: time(at), day: time(OPEN).service_day(0), totals, refused: vec![] }
}

fn closed_day(at: i64, of: i64) -> Record {
    Record::DayClosed { time: time(at), day: time(of).service_day(0), totals: NOTHING, refused: vec![] }
}

/// The city took the seal so long before the record that is under it was made.
fn dated_late(script: &mut Script, gate: (u32, u32), by: i64) {
    script.say(gate, &closed(EVENING + by, NOTHING), None);
    let Line::Seal { at, .. } = script.last_seal(gate) else { unreachable!() };
    *at = time(EVENING);
}

/// Gate 2 of Huangpu learns something 300 times, and a pass is used; the first bundle is then pruned.
fn prune(script: &mut Script, whole: bool) {
    (0..300).for_each(|after| script.say(H2, &Record::Synced(knows(SYNCED + after)), None));
    used_at(script, H2, 7, 2, OPEN);
    script.pruned = Some((H2, whole));
}

/// The first record that is left is a redemption, and annulled. It is pruned after the day was settled.
fn prune_up_to_use(script: &mut Script) {
    CITIES.iter().for_each(|city| drop(script.ledger(*city).pop()));
    (0..254).for_each(|after| script.say(H2, &Record::Synced(knows(SYNCED + after)), None));
    used_at(script, H2, 7, 2, OPEN);
    script.say(H2, &annulled(OPEN + 1, 256), None);
    script.settle(0);
    script.pruned = Some((H2, true));
}

/// The first record that is left is reversed, and is no redemption.
fn prune_up_to_reversed(script: &mut Script) {
    prune(script, true);
    script.enter(HUANGPU, Entry::Announced(Announcement::Reversal { gate: 2, index: 256 }));
}

fn close_with(record: &mut Record, said: Totals) {
    let Record::DayClosed { totals, .. } = record else { unreachable!() };
    *totals = said;
}

fn set(to: i64, from: i64) -> Record {
    Record::ClockSet { time: time(to), before: time(from) }
}

/// The clock jumped, and perhaps was set; then a pass was used.
fn jumped(script: &mut Script, flagged: bool, set_again: bool) {
    script.say(H2, &Record::ClockJumped { time: time(OPEN), shown: time(OPEN), expected: time(OPEN - 60) }, None);
    if set_again {
        script.say(H2, &set(OPEN, OPEN), None);
    }
    record(script, |redemption| redemption.flags = if flagged { flags::CLOCK } else { 0 });
}

fn sync(script: &mut Script, change: impl FnOnce(&mut Synced)) {
    let mut synced = knows(OPEN);
    change(&mut synced);
    script.say(H2, &Record::Synced(synced), None);
}

fn synced_less(script: &mut Script, change: impl FnOnce(&mut Synced)) {
    let ledgers = vec![(id(NANJING), 3)];
    sync(script, |synced| synced.ledgers = ledgers.clone());
    sync(script, |synced| {
        synced.ledgers = ledgers;
        change(synced);
    });
}

/// Gate 2 of Huangpu admits a pass of product 2, and says otherwise.
fn record(script: &mut Script, change: impl FnOnce(&mut Redemption)) {
    let shown = code(&pass(HUANGPU, 7, 2, |_| {}), 7, OPEN);
    let (record, evidence) = record_of(used(7, 2, &shown, OPEN), change);
    script.say(H2, &record, evidence);
}

/// The same with whatever was shown.
fn shown(script: &mut Script, shown: &str) {
    let (record, evidence) = record_of(used(7, 2, shown, OPEN), |_| {});
    script.say(H2, &record, evidence);
}

/// The pass of somebody else, shown with a key of one's own.
fn stranger() -> String {
    code(&pass(HUANGPU, 7, 2, |_| {}), 8, OPEN)
}

fn forged() -> String {
    let mut shown = text::decode(code(&pass(HUANGPU, 7, 2, |_| {}), 7, OPEN).as_bytes()).unwrap().as_slice().to_vec();
    *shown.last_mut().unwrap() ^= 1;
    text::encode(&shown)
}

fn self_issued() -> String {
    code(&claims(HUANGPU, 7, 2).issue(&holder(7)).unwrap(), 7, OPEN)
}

fn expired(script: &mut Script) {
    let over = pass(HUANGPU, 7, 2, |claims| claims.expires = time(OPEN));
    let (record, evidence) =
        record_of(used(7, 2, &code(&over, 7, OPEN - 1), OPEN), |redemption| redemption.facts.expires = time(OPEN));
    script.say(H2, &record, evidence);
}

/// A pass that is good for a year is used at a gate that never heard anything again.
fn used_long(script: &mut Script, at: i64) {
    let long = pass(HUANGPU, 7, 2, |claims| claims.expires = time(AFTER + 3_600));
    let (record, evidence) =
        record_of(used(7, 2, &code(&long, 7, at), at), |redemption| redemption.facts.expires = time(AFTER + 3_600));
    script.say(H2, &record, evidence);
}

/// Huangpu and Nanjing have newer catalogues, that of Huangpu with other prices. The gate has Nanjing's alone.
fn by_an_older_catalogue(script: &mut Script) {
    for member in [HUANGPU, NANJING] {
        let mut spec = day::catalogue_spec(member);
        (spec.sequence, spec.issued) = (2, time(OPEN - 3_600));
        spec.venues.iter_mut().filter(|_| member == HUANGPU).for_each(|venue| venue.price_fen = 9_000);
        let list = spec.sign(&secret(member, Role::Registrar));
        script.lists.insert(format!("trust/catalogue-{member}-2.cose"), list);
    }
    script.change(H2, 1, |record| match record {
        Record::Synced(synced) => synced.catalogues[1].1 = 2,
        other => panic!("{other:?}"),
    });
    used_long(script, OPEN + 60 * 86_400 + 1);
}

/// A pass that is to be used within an hour of its start is used a day after it. The gate may have heard that it was
/// used before.
fn activated_late(script: &mut Script, heard: bool) {
    let mut spec = day::catalogue_spec(HUANGPU);
    let (hour, month) =
        (Length { hours: Some(1), ..Length::default() }, Length { months: Some(1), ..Length::default() });
    spec.products[1].grants[0].window.validity =
        Validity::FirstUse { clock: 0, activate_by: Some(hour), length: month };
    let list = spec.sign(&secret(HUANGPU, Role::Registrar));
    script.publish_instead(HUANGPU, "trust/catalogue-310101-1.cose", list);
    if heard {
        sync(script, |synced| synced.ledgers = vec![(id(NANJING), 3)]);
    }
    used_at(script, H2, 7, 2, OPEN);
}

/// The gate never said what it knew.
fn not_synced(script: &mut Script) {
    let opened = script.said(H2, 0).clone();
    *script.said(H2, 1) = opened;
}

fn unsynced(script: &mut Script) {
    not_synced(script);
    used_at(script, H2, 7, 2, OPEN);
}

fn knew(script: &mut Script, change: impl FnOnce(&mut Synced)) {
    script.change(H2, 1, |record| match record {
        Record::Synced(synced) => change(synced),
        other => panic!("{other:?}"),
    });
    used_at(script, H2, 7, 2, OPEN);
}

/// A person lets in two who were refused; the day's totals say how often that reason was given.
fn let_in(party: u8) -> Record {
    let entry = Override { refused: Reason::Expired, operator: 7, why: 3, party };
    Record::Overridden { time: time(OPEN), entry }
}

fn nobody_out(script: &mut Script) {
    let (Redemption { time, pass, .. }, _) = free(OPEN);
    script.say(H2, &Record::Exited { time, pass, party: 0 }, None);
}

fn overridden(script: &mut Script, refused: u32) {
    script.say(H2, &let_in(2), None);
    let totals = Totals { overridden: 1, ..NOTHING };
    let refused = (refused > 0).then_some((Reason::Expired, refused)).into_iter().collect();
    let day = time(OPEN).service_day(0);
    script.say(H2, &Record::DayClosed { time: time(OPEN), day, totals, refused }, None);
}

fn outage(script: &mut Script, opened: &[bool]) {
    for opened in opened {
        let record = if *opened {
            Record::OutageOpened { time: time(OPEN), since: time(OPEN - 60) }
        } else {
            Record::OutageClosed { time: time(OPEN), let_in: 40 }
        };
        script.say(H2, &record, None);
    }
}

/// Pass 1 is used up, and the gate had read that in both ledgers.
fn known_elsewhere(script: &mut Script) {
    sync(script, |synced| {
        synced.time = time(OPEN + 45_000);
        synced.ledgers = vec![(id(HUANGPU), 6), (id(NANJING), 7)];
    });
    used_at(script, H2, 1, 1, OPEN + 46_000);
}

fn known_itself(script: &mut Script) {
    for at in [OPEN, OPEN + 1_000, OPEN + 2_000] {
        used_at(script, H2, 7, 1, at);
    }
}

/// A pass that is good for one entry a day is used in two cities.
fn midnight(script: &mut Script, at: i64) {
    for gate in [H2, N2] {
        let synced = Synced { time: time(LATE - 60), ..knows(0) };
        script.say(gate, &Record::Synced(synced), None);
    }
    used_at(script, H2, 7, 3, LATE);
    used_at(script, N2, 7, 3, at);
}

/// A free entry on a pass that has one, and another at half price.
fn free(at: i64) -> (Redemption, Option<Vec<u8>>) {
    used(7, 4, &code(&pass(HUANGPU, 7, 4, |_| {}), 7, at), at)
}

/// The pass is let in free at gate 2 of Huangpu, and free again at each of these.
fn free_entries(script: &mut Script, gates: &[((u32, u32), i64)]) {
    for (gate, at) in [(H2, OPEN)].iter().chain(gates) {
        let (record, evidence) = record_of(free(*at), |_| {});
        script.say(*gate, &record, evidence);
    }
}

/// Gate 2 of Nanjing read the ledger of Huangpu up to the last seal.
fn read_up_to(script: &mut Script, at: i64) {
    let ledgers = vec![(id(HUANGPU), 7)];
    script.say(N2, &Record::Synced(Synced { ledgers, ..knows(at) }), None);
}

/// The third use of pass 1 is none too many once the second was taken back.
fn reversed(script: &mut Script) {
    used_at(script, H2, 1, 1, OPEN + 9_000);
    script.enter(NANJING, Entry::Announced(Announcement::Reversal { gate: 1, index: 3 }));
}

/// The first gate seals a journal whose entries do not follow one another; nothing else is wrong with it.
fn unchained(script: &mut Script, broken: Unchained) {
    script.unchained.insert(H1, broken);
}
