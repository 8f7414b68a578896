//! What is shown: codes, answers to a challenge, and bare passes.

use super::super::schema::File;
use super::value::{Item, Map, array, bytes, int, replace, text};
use super::world::*;
use super::{Maker, stage};

const NONCE: [u8; 16] = [7; 16];
const GATE: &str = "310101/gate/7";

/// Claims of a pass that may be shown bare.
fn paper() -> Map {
    pass_claims().with(-65_537, own_claims().with(7, int(1)).item())
}

fn pass() -> Shown {
    Shown::bare(&pass_claims().item())
}

/// The pass in a code with these claims.
fn code(claims: &Map) -> Shown {
    pass().with(&claims.item())
}

fn dated(at: i64) -> Shown {
    code(&shown_claims(FEDERATION, at))
}

/// The pass in a presentation of another form.
fn of(presentation: Vec<u8>, claims: &[u8]) -> Shown {
    Shown { binding: Some((presentation, claims.to_vec())), ..pass() }
}

pub(super) fn file() -> File {
    let mut make = Maker::new("What is shown at a gate: a code, an answer to a challenge, or the bare pass.");
    introduce(&mut make, &[ISSUER]);
    make.key("holder", &holder());
    with_trust(&mut make);
    envelopes(&mut make);
    claims(&mut make);
    holders(&mut make);
    audiences(&mut make);
    freshness(&mut make);
    make.file
}

fn envelopes(make: &mut Maker) {
    make.section("1.3");
    let claims = shown_claims(FEDERATION, NOW).item();
    let header = shown_header(&pass().pass);
    make.good("shown", "a code, shown to any gate", dated(NOW).accepted());
    for (name, rule, bytes, verdict) in bad_envelopes(&holder(), &header, &claims) {
        let shown = of(bytes, &claims);
        make.bad(&format!("shown_{name}"), rule, shown.refused(At::Presentation, verdict));
    }
    let with = |label, value| sign1(&holder(), &header.clone().with(label, value).item(), &claims);
    let mut bad = |name: &str, rule: &str, verdict: &str, presentation: Vec<u8>| {
        make.bad(&format!("shown_{name}"), rule, of(presentation, &claims).refused(At::Presentation, verdict));
    };
    bad("kid", "a presentation has no kid", "cose.header", with(4, bytes(&[0; 8])));
    bad(
        "kcwt_missing",
        "a presentation has kcwt",
        "cose.header",
        sign1(&holder(), &header.clone().without(13).item(), &claims),
    );
    let pass = pass().pass;
    bad("typ_other", "typ of a presentation is 294", "cose.typ", with(16, int(295)));
    bad("pass_cut", "kcwt is one whole item", "cbor.end", {
        sign1(&holder(), &[&[0xa3, 1, 0x32, 13][..], &pass[..pass.len() - 20]].concat(), &claims)
    });
    bad(
        "pass_not_minimal",
        "kcwt is deterministic CBOR",
        "cbor.not_minimal",
        with(13, [&[0xd8, 18], &pass[1..]].concat()),
    );
    bad(
        "pass_indefinite",
        "kcwt is deterministic CBOR",
        "cbor.indefinite",
        with(13, [&[0xd2, 0x9f], &pass[2..], &[0xff]].concat()),
    );
    let mut bad = |name: &str, rule: &str, verdict: &str, presentation: Vec<u8>| {
        let shown = Shown { pass: bytes(&pass), ..of(presentation, &claims) };
        make.bad(&format!("shown_{name}"), rule, shown.refused(At::Pass, verdict));
    };
    bad(
        "pass_in_a_byte_string",
        "kcwt is the pass as an item, not in a byte string",
        "cbor.type",
        with(13, bytes(&pass)),
    );
    let twice = code(&shown_claims(FEDERATION, NOW)).binding.unwrap().0;
    let shown = Shown { pass: twice.clone(), ..of(with(13, twice), &claims) };
    make.bad("shown_twice", "a presentation holds a pass, not a presentation", shown.refused(At::Pass, "cose.typ"));
}

fn claims(make: &mut Maker) {
    make.section("3.7");
    let base = shown_claims(FEDERATION, NOW);
    let mut bad = |name: &str, rule: &str, verdict: &str, claims: Item| {
        make.bad(&format!("shown_{name}"), rule, pass().with(&claims).refused(At::PresentationClaims, verdict));
    };
    let with = |key, value| base.clone().with(key, value).item();
    bad("aud_missing", "there is an audience", "cbor.keys", base.clone().without(3).item());
    bad("iat_missing", "there is a date", "cbor.keys", base.clone().without(6).item());
    bad("aud_bytes", "aud is text", "cbor.type", with(3, bytes(b"onecard.test")));
    bad("aud_array", "there is one audience", "cbor.type", with(3, array(&[text(FEDERATION)])));
    bad("iat_text", "iat is a number", "cbor.type", with(6, text("now")));
    bad("iat_float", "iat is a whole number", "cbor.type", with(6, vec![0xf9, 0x3c, 0]));
    bad("iat_not_minimal", "integers are in their shortest form", "cbor.not_minimal", {
        let iat = int(NOW);
        replace(&base.item(), &iat, &[&[0x1b, 0, 0, 0, 0], &iat[1..]].concat())
    });
    bad("unknown_claim", "the claims are closed", "cbor.keys", with(40, int(0)));
    bad("exp", "a code has no exp", "cbor.keys", with(4, int(NOW + 60)));
    bad(
        "two_more_claims",
        "the claims are closed",
        "cbor.keys",
        base.clone().with(39, bytes(&NONCE)).with(40, int(0)).item(),
    );
    bad("nonce_15", "a nonce has 16 bytes", "cbor.range", with(39, bytes(&[7; 15])));
    bad("nonce_text", "a nonce is bytes", "cbor.type", with(39, text("7777777777777777")));
    bad("nonce_null", "null is not absent", "cbor.type", with(39, vec![0xf6]));
    bad("claims_order", "claims are ascending", "cbor.keys", {
        let mut order = base.clone();
        order.0.swap(0, 1);
        order.unsorted()
    });
    bad("claims_trailing", "nothing follows the claims", "cbor.trailing", [base.item(), int(0)].concat());
    let long = code(&shown_claims(&"f".repeat(400), NOW)).binding.unwrap().0;
    make.bad("shown_641", "a presentation has at most 640 bytes, looked at first", {
        vec![trusting(stage("shown", &long, "too_long"))]
    });
}

fn holders(make: &mut Maker) {
    make.section("3.7");
    let claims = shown_claims(FEDERATION, NOW).item();
    let bare = paper().without(8).item();
    make.good("bare_without_key", "a printed pass", Shown::bare(&bare).accepted());
    make.bad("shown_no_holder_key", "a pass without a key is not shown by one", {
        Shown::bare(&bare).with(&claims).refused(At::Rules, "pass.no_holder_key")
    });
    make.good(
        "bare_with_key",
        "its issuer allows to show it bare, though it has a key",
        Shown::bare(&paper().item()).accepted(),
    );
    make.bad("stripped", "a pass with a key is shown by it, unless its issuer allows otherwise", {
        pass().refused(At::Rules, "pass.proof_required")
    });
    let issued = |at| Shown::bare(&paper().with(6, int(at)).item());
    make.good("bare_issued_limit", "by clocks 30 s apart, a bare pass issued just now", issued(NOW + 30).accepted());
    make.bad("bare_before_issue", "a bare pass is not shown before it is issued", {
        issued(NOW + 31).refused(At::Rules, "pass.code_before_pass")
    });
    make.base("shown");
    let header = shown_header(&pass().pass).item();
    let mut bad = |name: &str, rule: &str, presentation: Vec<u8>, claims: &[u8]| {
        make.bad(name, rule, of(presentation, claims).refused(At::Rules, "pass.holder_signature"));
    };
    bad("shown_by_a_stranger", "the key in cnf signed", sign1(&stranger(), &header, &claims), &claims);
    bad("shown_by_the_issuer", "the key in cnf signed", sign1(&key(CITY, ISSUER), &header, &claims), &claims);
    let later = shown_claims(FEDERATION, NOW + 1).item();
    let code = code(&shown_claims(FEDERATION, NOW)).binding.unwrap().0;
    bad("shown_redated", "the date is signed", replace(&code, &claims, &later), &later);
    let other = Shown::bare(&pass_claims().with(2, text("041061050R3GG28B")).item());
    make.bad("shown_other_pass", "the pass is signed by the holder as well: a code is not moved to another", {
        let moved = replace(&code, &pass().pass, &other.pass);
        Shown { binding: Some((moved, claims.clone())), ..other }.refused(At::Rules, "pass.holder_signature")
    });
}

fn audiences(make: &mut Maker) {
    make.section("3.7");
    let answer = |audience: &str, nonce: &[u8]| code(&shown_claims(audience, NOW).with(39, bytes(nonce)));
    let at_gate = |shown: Shown| Shown { gate: Some(GATE), nonce: Some(NONCE), ..shown };
    make.base("shown");
    make.bad("shown_to_another_federation", "aud is this federation", {
        code(&shown_claims("other.test", NOW)).refused(At::Rules, "pass.audience")
    });
    make.bad("shown_to_upper_case", "aud is compared byte for byte", {
        code(&shown_claims("Onecard.test", NOW)).refused(At::Rules, "pass.audience")
    });
    make.bad("shown_answer_without_challenge", "an answer is no code to show elsewhere", {
        answer(FEDERATION, &NONCE).refused(At::Rules, "pass.nonce")
    });
    make.bad("shown_answer_elsewhere", "an answer is no code to show elsewhere", {
        answer(GATE, &NONCE).refused(At::Rules, "pass.nonce")
    });
    let any = Shown { gate: Some(GATE), ..answer(GATE, &NONCE) };
    make.good("answer_to_some_challenge", "as an auditor reads it, who was not there", any.accepted());
    make.bad("answer_without_nonce_later", "an answer has a nonce", {
        Shown { gate: Some(GATE), ..code(&shown_claims(GATE, NOW)) }.refused(At::Rules, "pass.nonce")
    });
    make.good("answer", "an answer to this gate's challenge", at_gate(answer(GATE, &NONCE)).accepted());
    let mut bad = |name: &str, rule: &str, verdict: &str, shown: Shown| {
        make.bad(&format!("answer_{name}"), rule, at_gate(shown).refused(At::Rules, verdict));
    };
    bad(
        "other_nonce",
        "the nonce is the one this gate sent: an answer is not shown twice",
        "pass.nonce",
        answer(GATE, &[8; 16]),
    );
    bad("no_nonce", "a code is no answer", "pass.nonce", dated(NOW));
    bad("no_nonce_to_the_gate", "an answer has the nonce", "pass.nonce", code(&shown_claims(GATE, NOW)));
    bad("other_gate", "aud is this gate: an answer is not relayed", "pass.audience", answer("310101/gate/8", &NONCE));
    bad("to_the_federation", "aud is this gate", "pass.audience", answer(FEDERATION, &NONCE));
    bad(
        "bare",
        "a bare pass answers nothing, whatever its issuer allows",
        "pass.proof_required",
        Shown::bare(&paper().item()),
    );
}

fn freshness(make: &mut Maker) {
    make.section("3.7");
    let asking =
        |seconds: i64| Shown::bare(&pass_claims().with(-65_537, own_claims().with(9, int(seconds)).item()).item());
    let shown = |pass: Shown, at| pass.with(&shown_claims(FEDERATION, at).item());
    make.good("shown_early_limit", "30 s ahead", dated(NOW + 30).accepted());
    make.bad("shown_early", "more than 30 s ahead", dated(NOW + 31).refused(At::Rules, "pass.early"));
    make.bad("shown_early_most", "600 s ahead are early", dated(NOW + 600).refused(At::Rules, "pass.early"));
    make.bad(
        "shown_suspect",
        "more than 600 s ahead: a clock is wrong",
        dated(NOW + 601).refused(At::Rules, "pass.clock_suspect"),
    );
    make.good("shown_late_limit", "60 s old", dated(NOW - 60).accepted());
    make.bad("shown_late", "more than 60 s old", dated(NOW - 61).refused(At::Rules, "pass.late"));
    make.good("shown_fresher_limit", "the issuer asks for 45 s", shown(asking(45), NOW - 45).accepted());
    make.bad("shown_fresher", "the issuer asks for 45 s", shown(asking(45), NOW - 46).refused(At::Rules, "pass.late"));
    make.good("shown_laxer_limit", "the issuer asks for 900 s", shown(asking(900), NOW - 60).accepted());
    make.bad(
        "shown_laxer",
        "an issuer does not loosen the policy",
        shown(asking(900), NOW - 61).refused(At::Rules, "pass.late"),
    );
    let from = |key, time| Shown::bare(&pass_claims().with(key, int(time)).item());
    make.good("shown_when_issued", "a code as old as its pass", shown(from(6, NOW - 10), NOW - 10).accepted());
    make.bad("shown_before_issue", "a code is not older than its pass", {
        shown(from(6, NOW - 10), NOW - 11).refused(At::Rules, "pass.code_before_pass")
    });
    make.good("shown_when_valid", "a code as old as its pass is good", shown(from(5, NOW - 10), NOW - 10).accepted());
    make.bad("shown_before_nbf", "a code is not dated before its pass is good", {
        shown(from(5, NOW - 10), NOW - 11).refused(At::Rules, "pass.code_before_pass")
    });
    make.bad("shown_expired_pass", "an expired pass is refused, however fresh the code", {
        shown(from(4, NOW), NOW).refused(At::Rules, "pass.expired")
    });
    make.good(
        "shown_ahead_of_the_end",
        "a code dated in the last second of its pass",
        shown(from(4, NOW + 2), NOW + 1).accepted(),
    );
    make.bad("shown_after_the_end", "a code is not dated when its pass is over", {
        shown(from(4, NOW + 2), NOW + 2).refused(At::Rules, "pass.code_after_pass")
    });
}
