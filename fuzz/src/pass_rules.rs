//! What is shown is accepted exactly when a slow reading of the rules in `onecard::pass` accepts it.
//!
//! The input says which claims to make, who signs them, how the pass is shown and to whom. They are
//! encoded here, not by `PassClaims`, so that what no issuer would issue is tried as well.

use super::federation::{AUDITOR, CITIES, KEYS_FROM, KEYS_UNTIL, LIST, NAME, PREPARED, SUSPENDED, id, secret};
use super::input::Input;
use super::pass::holder;
use onecard::crypto::SigningKey;
use onecard::gate::{Refusal, Verdict};
use onecard::id::GateId;
use onecard::pass::{Audience, Challenge, Check, PassError, Proof, verify, verify_all};
use onecard::time::UnixTime;
use onecard::trust::Role;
use onecard::wire::cbor::Encoder;
use onecard::wire::cose::{Headers, Typ, sign1};
use onecard::wire::cwt::encode_confirmation;

const GATE: &str = "310101/gate/7";

#[derive(Debug)]
struct Case {
    issuer: u32,
    signer: (u32, Role),
    issued: UnixTime,
    not_before: UnixTime,
    expires: UnixTime,
    confirmation: bool,
    uri: usize,
    version: u8,
    flags: u8,
    freshness: u16,
    /// One more private claim.
    extra: Option<u8>,
    bare: bool,
    by_holder: bool,
    shown_to: &'static str,
    answers: Option<[u8; 16]>,
    shown_at: UnixTime,
    challenge: bool,
    now: UnixTime,
    /// A bit of the issuer's or the holder's signature to change.
    damage: Option<(bool, u8)>,
}

pub fn run(data: &[u8]) {
    let case = read(&mut Input::new(data));
    let pass = pass(&case);
    let shown = if case.bare { pass.clone() } else { shown(&case, &pass) };
    let challenge = || Challenge::new(GateId { member: id(CITIES[0]), number: 7 }, [7; 16]);
    let result = if case.challenge {
        let result = challenge().verify(&shown, &LIST, case.now);
        assert_eq!(challenge().verify(&shown, &PREPARED, case.now), result, "tables change nothing");
        result
    } else {
        let audience = Audience::Federation;
        let result = verify(&shown, &LIST, audience, case.now);
        let check = |trust| Check { shown: &shown, trust, audience, now: case.now };
        let together = verify_all(&[check(&LIST), check(&PREPARED)]);
        assert_eq!(together, [result.clone(), result.clone()], "tables and company change nothing");
        result
    };
    let short = pass.len() <= 512 && shown.len() <= 640;
    assert_eq!(result.is_ok(), short && good(&case), "{result:?} for {case:?}");
    if let Err(error) = &result {
        let refusal = Refusal::from(*error);
        assert_ne!(refusal.reason.verdict(), Verdict::Admit, "{error}");
        assert_eq!(refusal.next.is_some(), matches!(error, PassError::NotYetValid(_)), "{error}");
    }
    if let Ok(presented) = result {
        let claims = presented.claims();
        assert_eq!(presented.proof(), if case.bare { Proof::Static } else { Proof::Holder(case.shown_at) });
        assert_eq!((claims.issuer.code(), claims.issued), (case.issuer, case.issued));
        assert_eq!((claims.not_before, claims.expires), (case.not_before, case.expires));
        assert_eq!((claims.flags, claims.freshness), (case.flags, case.freshness));
        assert_eq!(claims.confirmation.is_some(), case.confirmation);
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let at = |spoiled: &[(usize, u8)]| {
        let mut bytes = vec![0; 30];
        spoiled.iter().for_each(|&(at, byte)| bytes[at] = byte);
        bytes
    };
    vec![
        ("good", at(&[])),
        ("suspended", at(&[(0, 2), (3, 4)])),
        ("auditor", at(&[(0, 3)])),
        ("unknown", at(&[(0, 4)])),
        ("another-member", at(&[(1, 1)])),
        ("another-role", at(&[(2, 1)])),
        ("no-key", at(&[(9, 1)])),
        ("fresh", at(&[(13, 1)])),
        ("critical", at(&[(14, 2)])),
        ("bare", at(&[(12, 1), (15, 1)])),
        ("challenge", at(&[(17, 1), (18, 1), (21, 1)])),
        ("version", at(&[(11, 1)])),
        ("uri-empty", at(&[(10, 1)])),
        ("uri-too-long", at(&[(10, 4)])),
        ("beyond-the-key", at(&[(7, 5)])),
        ("not-yet", at(&[(22, 1), (23, 2)])),
        ("over", at(&[(22, 2)])),
        ("to-somebody-else", at(&[(17, 1)])),
        ("early", at(&[(19, 1), (20, 1)])),
        ("clock-suspect", at(&[(19, 2)])),
        ("clock-suspect-by-a-second", at(&[(19, 2), (20, 1)])),
        ("bare-and-not-allowed", at(&[(15, 1)])),
        ("late", at(&[(19, 3), (20, 2)])),
        ("before-the-pass", at(&[(19, 5), (20, 2), (22, 1)])),
        ("after-the-pass", at(&[(7, 1), (23, 2)])),
        ("bare-before-the-pass", at(&[(3, 3), (12, 1), (15, 1), (22, 5)])),
        ("by-another-holder", at(&[(16, 1)])),
        ("pass-damaged", at(&[(24, 1), (25, 1)])),
        ("code-damaged", at(&[(24, 1)])),
    ]
}

fn read(input: &mut Input<'_>) -> Case {
    let issuer = input.pick(&[CITIES[0], CITIES[1], CITIES[2], AUDITOR, 999_999]);
    let signer = match input.pick(&[0, 1, 2]) {
        0 => issuer,
        1 => CITIES[1],
        _ => 999_998,
    };
    let role = input.pick(&[Role::Issuer, Role::Registrar, Role::Root, Role::Log]);
    Case {
        issuer,
        signer: (signer, role),
        issued: input.time(&[9_000, KEYS_FROM, 10_000, 20_000, SUSPENDED, 90_000, KEYS_UNTIL]),
        not_before: input.time(&[10_000, KEYS_FROM, 9_000, 20_000, 90_000, KEYS_UNTIL]),
        expires: input.time(&[90_000, 20_000, 10_000, 9_000, KEYS_UNTIL, KEYS_UNTIL + 100]),
        confirmation: !input.odd(),
        uri: input.pick(&[11, 0, 1, 64, 65, 200]),
        version: input.pick(&[1, 2, 0]),
        flags: input.pick(&[0, 1, 2, 3, 4, 128]),
        freshness: input.pick(&[0, 30, 60, 61, 900, u16::MAX]),
        extra: input.pick(&[None, Some(10), Some(11), Some(23)]),
        bare: input.odd(),
        by_holder: !input.odd(),
        shown_to: input.pick(&[NAME, GATE, "310101/gate/8", ""]),
        answers: input.pick(&[None, Some([7; 16]), Some([8; 16])]),
        shown_at: input.time(&[20_000, 20_030, 20_600, 19_940, 19_970, 10_000, 9_000]),
        challenge: input.odd(),
        now: input.time(&[20_000, 10_000, 90_000, SUSPENDED, 20_060, 19_400]),
        damage: input.odd().then(|| (input.odd(), input.byte())),
    }
}

/// The rules, one after the other.
fn good(case: &Case) -> bool {
    let claims = case.not_before < case.expires
        && case.issued < case.expires
        && (case.confirmation || case.flags & 1 == 1)
        && case.flags <= 3
        && (1..=64).contains(&case.uri)
        && case.version == 1
        && case.extra.is_none_or(|key| key % 2 == 0);
    let suspended = case.issuer == CITIES[2] && case.issued.seconds() >= SUSPENDED;
    let inside = |time: UnixTime| (KEYS_FROM..=KEYS_UNTIL).contains(&time.seconds());
    let issuer = CITIES.contains(&case.issuer)
        && case.signer == (case.issuer, Role::Issuer)
        && !suspended
        && inside(case.issued)
        && inside(case.not_before)
        && inside(case.expires);
    let current = case.not_before <= case.now && case.now < case.expires;
    let intact = |issuers| case.damage.is_none_or(|(of, _)| of != issuers);
    let held = if case.bare {
        case.flags & 1 == 1 && !case.challenge && case.issued.seconds() <= case.now.seconds() + 30
    } else {
        let (audience, nonce) = if case.challenge { (GATE, Some([7; 16])) } else { (NAME, None) };
        let late = if case.freshness == 0 { 60 } else { case.freshness.min(60).into() };
        let age = case.now.seconds() - case.shown_at.seconds();
        case.confirmation
            && case.by_holder
            && intact(false)
            && (case.shown_to, case.answers) == (audience, nonce)
            && case.shown_at >= case.issued.max(case.not_before)
            && case.shown_at < case.expires
            && (-30..=late).contains(&age)
    };
    claims && issuer && intact(true) && current && held
}

fn pass(case: &Case) -> Vec<u8> {
    let mut out = Encoder::new();
    out.map(7 + usize::from(case.confirmation));
    out.int(1).text(&case.issuer.to_string()).int(2).text("0123456789ABCDEF");
    out.int(4).time(case.expires).int(5).time(case.not_before).int(6).time(case.issued);
    if case.confirmation {
        out.int(8);
        encode_confirmation(&mut out, &holder().verifying_key());
    }
    out.int(65_535).map(1).text("status_list").map(2).text("idx").uint(7u8).text("uri").text(&"u".repeat(case.uri));
    out.int(-65_537).map(5 + usize::from(case.extra.is_some()));
    out.int(1).uint(case.version).int(3).array(2).uint(2u8).uint(1u8).int(5).uint(0u8);
    out.int(7).uint(case.flags).int(9).uint(case.freshness);
    if let Some(key) = case.extra {
        out.uint(key).text("?");
    }
    let key = secret(case.signer.0, case.signer.1);
    let headers = Headers { kid: Some(key.verifying_key().kid()), kcwt: None };
    let mut pass = sign1(&key, Typ::ContentFormat(293), headers, &out.finish());
    if let Some((true, bit)) = case.damage {
        flip(&mut pass, bit);
    }
    pass
}

fn shown(case: &Case, pass: &[u8]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.map(2 + usize::from(case.answers.is_some())).int(3).text(case.shown_to).int(6).time(case.shown_at);
    if let Some(nonce) = &case.answers {
        out.int(39).bytes(nonce);
    }
    let key = if case.by_holder { holder() } else { SigningKey::from_seed(&[4; 32]) };
    let mut shown = sign1(&key, Typ::ContentFormat(294), Headers { kid: None, kcwt: Some(pass) }, &out.finish());
    if let Some((false, bit)) = case.damage {
        flip(&mut shown, bit);
    }
    shown
}

/// Changes a bit of the signature, which comes last.
fn flip(message: &mut [u8], bit: u8) {
    let at = message.len() - 1 - usize::from(bit / 8);
    message[at] ^= 1 << (bit % 8);
}
