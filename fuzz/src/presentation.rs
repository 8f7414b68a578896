//! A presentation that is accepted is the one that its holder's key makes of what it says, at the
//! audience and time it says; nothing of it can be changed.
//!
//! The input is the claims of a presentation, signed here by the holder of a good pass; its last
//! bytes say where to damage the result.

use super::federation::{CITIES, LIST, NAME, id, payload, secret, time};
use super::pass::{claims, holder};
use onecard::id::GateId;
use onecard::pass::{Audience, Challenge, PassError, Proof, present, verify};
use onecard::trust::Role;
use onecard::wire::cose::{Expect, Headers, Sign1, Typ, sign1};
use std::sync::LazyLock;

const TYP: Typ = Typ::ContentFormat(294);
const GATE: &str = "310101/gate/7";
const NONCE: [u8; 16] = [7; 16];

static PASS: LazyLock<Vec<u8>> = LazyLock::new(|| claims().issue(&secret(CITIES[0], Role::Issuer)).unwrap());

pub fn run(data: &[u8]) {
    let shown = sign1(&holder(), TYP, Headers { kid: None, kcwt: Some(&PASS) }, data);
    let now = time(20_000);
    let gate = GateId { member: id(CITIES[0]), number: 7 };
    let results = [
        (verify(&shown, &LIST, Audience::Federation, now), NAME, None),
        (Challenge::new(gate, NONCE).verify(&shown, &LIST, now), GATE, Some(&NONCE)),
    ];
    for (result, name, nonce) in results {
        match result {
            Ok(presented) => {
                let Proof::Holder(at) = presented.proof() else { panic!("a code taken for a bare pass") };
                assert!((-30..=60).contains(&now.since(at)), "a code of {at} at {now}");
                assert_eq!(present(&PASS, &holder(), name, nonce, at).as_ref(), Ok(&shown), "another encoding");
            }
            Err(error) => {
                // All but the claims of the presentation is good.
                let own = [PassError::Audience, PassError::Nonce, PassError::BeforePass, PassError::AfterPass]
                    .contains(&error);
                let dated = matches!(error, PassError::Early(_) | PassError::ClockSuspect(_) | PassError::Late(_));
                let form = matches!(error, PassError::Encoding(_) | PassError::TooLong(_));
                assert!(own || dated || form, "{error}");
            }
        }
    }
    if let [.., high, low, change @ 1..=255] = *data {
        let mut good = present(&PASS, &holder(), NAME, None, now).unwrap();
        let at = usize::from(u16::from_be_bytes([high, low])) % good.len();
        good[at] ^= change;
        assert!(verify(&good, &LIST, Audience::Federation, now).is_err(), "byte {at} can be changed");
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let of = |audience, nonce, at| {
        let shown = present(&PASS, &holder(), audience, nonce, time(at)).unwrap();
        Sign1::decode(&shown, TYP, Expect::Kcwt).unwrap().payload().to_vec()
    };
    vec![
        ("federation", of(NAME, None, 20_000)),
        ("challenge", of(GATE, Some(&NONCE), 20_000)),
        ("early", of(NAME, None, 20_031)),
        ("suspect", of(NAME, None, 20_601)),
        ("late", of(NAME, None, 19_939)),
        ("before-the-pass", of(NAME, None, 9_999)),
        ("not-a-presentation", payload(&PASS, super::pass::TYP)),
    ]
}
