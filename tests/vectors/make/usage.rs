//! Usage digests: what a city tells its gates of uses at other gates.

use super::super::schema::{File, Stage, Typ};
use super::value::{Item, Map, array, bytes, int, text};
use super::world::*;
use super::{Maker, sign1_stage, stage};
use core::slice::from_ref;

const TYP: &str = "application/vnd.onecard.usage+cbor";
const PEER: i64 = CITIES[1];
const ENDS: i64 = NOW + 1_000;
const LEFT_OUT: i64 = NOW - 86_400;

fn numbers(numbers: &[i64]) -> Item {
    array(&numbers.iter().map(|number| int(*number)).collect::<Vec<_>>())
}

/// One use of a pass: at the place with this number in the list of gates.
fn used(place: i64, index: i64) -> Item {
    numbers(&[NOW - 500, place, index, 0, 2])
}

fn annulled(index: i64) -> Item {
    numbers(&[PEER, 3, index])
}

fn pass(number: u8, ends: i64, uses: &[Item], annulled: &[Item]) -> Item {
    array(&[bytes(&[number; 10]), int(ends), array(uses), array(annulled)])
}

fn of_issuer(issuer: i64, passes: &[Item]) -> Item {
    array(&[int(issuer), array(passes)])
}

fn runs() -> [Item; 2] {
    [numbers(&[CITY, 0, 70]), numbers(&[PEER, 100, 250])]
}

/// Gates 1 and 2 of the city, gate 3 of the peer.
fn gates() -> [Item; 3] {
    [numbers(&[CITY, 1, 10, 0]), numbers(&[CITY, 2, 10, 4]), numbers(&[PEER, 3, 7, 0])]
}

/// Three passes, each of the first two used once or more, one use of the third taken back.
fn passes() -> Item {
    let first = pass(1, ENDS, &[used(0, 300), used(2, 17)], &[annulled(16)]);
    let second = pass(2, ENDS, &[used(1, 5)], &[]);
    array(&[of_issuer(CITY, &[first, second]), of_issuer(PEER, &[pass(1, ENDS, &[], &[annulled(9)])])])
}

fn content() -> Map {
    Map::of(&[
        (1, int(1)),
        (2, int(CITY)),
        (3, int(NOW)),
        (4, int(LEFT_OUT)),
        (5, array(&runs())),
        (6, array(&gates())),
        (7, passes()),
    ])
}

fn sign(content: &Map) -> Vec<u8> {
    let key = key(CITY, LOG);
    sign1(&key, &kid_header(&key, text(TYP)).item(), &content.item())
}

fn judged(message: &[u8], verdict: &str) -> Stage {
    Stage { gate: Some("310101/gate/7".into()), ..trusting(stage("usage_digest", message, verdict)) }
}

fn says(message: &[u8], gives: &str) -> Vec<Stage> {
    vec![Stage { gives: Some(gives.into()), ..judged(message, "accept") }]
}

fn refused(message: &[u8], verdict: &str) -> Vec<Stage> {
    vec![judged(message, verdict)]
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Usage digests, as a gate takes them of its own city.");
    introduce(&mut make, &[LOG, REGISTRAR]);
    with_trust(&mut make);
    make.section("1.3");
    let log = key(CITY, LOG);
    let header = kid_header(&log, text(TYP));
    let payload = content().item();
    let good = sign(&content());
    let [first, second] = ["01", "02"].map(|byte| byte.repeat(10));
    let told = format!(
        "310101 0-70, 320100 100-250; 310101 {first} {ENDS} 2 1, 310101 {second} {ENDS} 1 0, 320100 {first} {ENDS} 0 1"
    );
    let envelope =
        |message: &[u8], verdict: Result<&[u8], &str>| sign1_stage(message, Typ::MediaType(TYP.into()), "kid", verdict);
    make.good("usage_digest", "uses and annulments of three passes", {
        [vec![envelope(&good, Ok(&payload))], says(&good, &told)].concat()
    });
    for (name, rule, bytes, verdict) in bad_envelopes(&log, &header, &payload) {
        let stages = [vec![envelope(&bytes, Err(verdict))], refused(&bytes, verdict)].concat();
        make.bad(&format!("usage_digest_{name}"), rule, stages);
    }

    make.section("3");
    let by = |key: &onecard::crypto::SigningKey| sign1(key, &kid_header(key, text(TYP)).item(), &payload);
    make.bad("usage_digest_stranger", "the key is in the trust list", refused(&by(&stranger()), "trust.unknown_key"));
    make.bad("usage_digest_registrar_key", "a log key signs", refused(&by(&key(CITY, REGISTRAR)), "trust.wrong_role"));
    make.bad("usage_digest_other_signer", "the member named is the signer's", {
        refused(&by(&key(PEER, LOG)), "issuer_mismatch")
    });
    make.bad("usage_digest_signature", "the key that kid names signed", {
        refused(&sign1(&stranger(), &header.item(), &payload), "signature")
    });
    let with = |key, value| sign(&content().with(key, value));
    make.bad("usage_digest_key_time", "the key is valid when the digest is issued", {
        refused(&with(3, int(KEY_FROM - 1)), "trust.key_time")
    });

    make.section("5.6");
    let peer = key(PEER, LOG);
    let of_peer = content().with(2, int(PEER)).item();
    let of_peer = sign1(&peer, &kid_header(&peer, text(TYP)).item(), &of_peer);
    make.bad("usage_digest_other_city", "a gate takes those of its own city", refused(&of_peer, "usage.other_city"));
    make.good("usage_digest_ahead_limit", "a clock 600 s behind", says(&with(3, int(NOW + 600)), &told));
    make.bad("usage_digest_ahead", "dated further in the future than policy key 5", {
        refused(&with(3, int(NOW + 601)), "usage.future")
    });
    let nothing = |content: Map| content.with(6, array(&[])).with(7, array(&[]));
    let none = sign(&nothing(content()));
    make.good("usage_digest_of_nothing", "nothing was used there", says(&none, "310101 0-70, 320100 100-250; "));
    let empty = sign(&nothing(content()).with(5, array(&[])));
    make.good("usage_digest_empty", "no entries at all", says(&empty, "; "));
    let now = content().with(4, int(NOW));
    make.good("usage_digest_over_limit", "left out may be what is over when it is issued", {
        says(&sign(&nothing(now.clone())), "310101 0-70, 320100 100-250; ")
    });
    make.bad("usage_digest_over", "what is not over yet is not left out", {
        refused(&sign(&nothing(now.with(3, int(NOW - 1)))), "usage.over")
    });

    make.base("usage_digest");
    let mut bad = |name: &str, rule: &str, verdict: &str, message: Vec<u8>| {
        make.bad(&format!("usage_digest_{name}"), rule, refused(&message, verdict));
    };
    bad("version", "the version is 1", "cbor.range", with(1, int(2)));
    bad("unknown_key", "maps are closed", "cbor.keys", with(8, int(0)));
    bad("missing_key", "every key of the schema is there", "cbor.keys", sign(&content().without(4)));
    bad("time_text", "a value of the wrong type is an error", "cbor.type", with(3, text("now")));
    let runs_are = |runs: &[Item]| with(5, array(runs));
    let [city, peer] = runs();
    let run = |from, to| numbers(&[CITY, from, to]);
    bad("runs_order", "runs ascend by member", "not_ascending", runs_are(&[peer.clone(), city.clone()]));
    bad("run_twice", "runs ascend", "not_ascending", runs_are(&[city.clone(), city.clone(), peer.clone()]));
    bad("runs_touch", "runs that touch are one", "not_ascending", runs_are(&[run(0, 70), run(70, 71), peer.clone()]));
    bad("run_empty", "a run is not empty", "not_ascending", runs_are(&[run(70, 70), peer.clone()]));
    bad("run_of_three", "a run is a member and two places", "cbor.range", runs_are(&[numbers(&[CITY, 0, 1, 2])]));
    let many: Vec<Item> = (0..257).map(|at| run(2 * at, 2 * at + 1)).collect();
    bad("runs_257", "at most 256 runs", "usage.runs", sign(&nothing(content()).with(5, array(&many))));
    bad("ledger_untold", "a fact is of a ledger that is told of", "usage.ledger", runs_are(from_ref(&city)));
    let [first, second, third] = gates();
    let gates_are = |gates: &[Item]| with(6, array(gates));
    bad("gates_order", "gates ascend", "not_ascending", gates_are(&[second.clone(), first.clone(), third.clone()]));
    bad("gate_twice", "gates ascend", "not_ascending", gates_are(&[first.clone(), first.clone(), third.clone()]));
    bad("gate_unused", "each gate has a use", "usage.gate", {
        gates_are(&[first.clone(), second.clone(), third.clone(), numbers(&[PEER, 4, 7, 0])])
    });
    bad("gate_beyond", "a use names a gate of the list", "cbor.range", gates_are(&[first, second]));
    let passes_are = |passes: &[Item]| with(7, array(passes));
    // All three gates are used by each of these.
    let all = [used(0, 300), used(1, 5), used(2, 17)];
    let told = |uses: &[Item], annulled: &[Item]| pass(1, ENDS, uses, annulled);
    let one = told(&all, &[]);
    let of = |passes: &[Item]| passes_are(&[of_issuer(CITY, passes)]);
    let two = pass(2, ENDS, &[used(1, 6)], &[]);
    bad("passes_order", "passes ascend", "not_ascending", of(&[two.clone(), one.clone()]));
    bad("pass_twice", "passes ascend", "not_ascending", of(&[one.clone(), one.clone()]));
    bad(
        "terms_order",
        "terms of a pass ascend",
        "not_ascending",
        of(&[one.clone(), pass(1, ENDS - 1, &[used(1, 6)], &[])]),
    );
    bad("issuers_order", "issuers ascend", "not_ascending", {
        passes_are(&[of_issuer(PEER, from_ref(&two)), of_issuer(CITY, from_ref(&one))])
    });
    bad("issuer_of_nothing", "an issuer has a pass", "usage.nothing", {
        passes_are(&[of_issuer(CITY, from_ref(&one)), of_issuer(PEER, &[])])
    });
    bad("pass_of_nothing", "a pass has a use or an annulment", "usage.nothing", of(&[one, pass(2, ENDS, &[], &[])]));
    bad("pass_over", "a pass whose term is over is left out", "usage.pass_over", of(&[pass(1, LEFT_OUT, &all, &[])]));
    let swapped = [used(1, 5), used(0, 300), used(2, 17)];
    bad("uses_order", "uses ascend by time, gate and index", "not_ascending", of(&[told(&swapped, &[])]));
    let twice = [used(0, 300), used(0, 300), used(1, 5), used(2, 17)];
    bad("use_twice", "uses ascend", "not_ascending", of(&[told(&twice, &[])]));
    let later = [&all[..], &[numbers(&[NOW - 400, 0, 300, 0, 2])]].concat();
    bad("record_twice", "a record is one use", "not_ascending", of(&[told(&later, &[])]));
    bad("annulled_use", "a use that was annulled is none", "not_ascending", of(&[told(&all, &[annulled(17)])]));
    bad("annulled_order", "annulments ascend", "not_ascending", of(&[told(&all, &[annulled(19), annulled(18)])]));
    bad("annulled_twice", "annulments ascend", "not_ascending", of(&[told(&all, &[annulled(18), annulled(18)])]));
    let payload_trailing = [&payload[..], &[0]].concat();
    bad(
        "content_trailing",
        "nothing follows the content",
        "cbor.trailing",
        sign1(&log, &header.item(), &payload_trailing),
    );
    let zeros = Some(8_388_609 - good.len());
    make.bad("usage_digest_too_long", "at most 8,388,608 bytes, looked at first", {
        vec![Stage { zeros, ..judged(&good, "too_long") }]
    });
    make.file
}
