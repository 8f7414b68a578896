//! Tests of `bulk.rs`.

use super::super::claims::tests::{claims, holder, time};
use super::super::{Audience, PassClaims, flags, present, verify};
use super::*;
use crate::crypto::SigningKey;
use crate::time::UnixTime;
use crate::trust::test_federation::{list, secret};
use crate::trust::{Role, TrustError};

/// Good and bad codes in turn, more than share one inversion; each fault is found at its own code.
#[test]
fn many_are_judged_one_by_one() {
    let (trust, now) = (list(), time(20_000));
    let issuer = secret(310_101, Role::Issuer);
    let show = |pass: &[u8], holder: &SigningKey, at| present(pass, holder, "onecard.test", None, time(at)).unwrap();
    let pass = claims().issue(&issuer).unwrap();
    let paper = PassClaims { confirmation: None, flags: flags::STATIC_ALLOWED, ..claims() }.issue(&issuer).unwrap();
    let good = show(&pass, &holder(), 20_000);
    let mut forged = pass.clone();
    *forged.last_mut().unwrap() ^= 0x20;
    let mut not_reduced = good.clone();
    *not_reduced.last_mut().unwrap() |= 0x80;
    let stranger = SigningKey::from_seed(&[3; 32]);
    let unknown = TrustError::UnknownKey(stranger.verifying_key().kid());
    let faults: [(Vec<u8>, UnixTime, Option<PassError>); 10] = [
        (good.clone(), now, None),
        (paper.clone(), now, None),
        (good.clone(), time(20_061), Some(PassError::Late(61))),
        (show(&forged, &holder(), 20_000), now, Some(PassError::PassSignature)),
        (show(&pass, &stranger, 20_000), now, Some(PassError::HolderSignature)),
        (not_reduced, now, Some(PassError::HolderSignature)),
        (show(&claims().issue(&stranger).unwrap(), &holder(), 20_000), now, Some(PassError::Issuer(unknown))),
        (pass.clone(), now, Some(PassError::ProofRequired)),
        (paper, time(90_000), Some(PassError::Expired(time(90_000)))),
        (vec![0; 641], now, Some(PassError::TooLong(641))),
    ];
    for length in [0, 1, 10, 139] {
        let cases: Vec<_> = faults.iter().cycle().take(length).collect();
        let checks: Vec<Check<'_>> = cases
            .iter()
            .map(|(shown, now, _)| Check { shown, trust: &trust, audience: Audience::Federation, now: *now })
            .collect();
        let verdicts = verify_all(&checks);
        assert_eq!(verdicts.len(), length);
        for ((check, (.., error)), verdict) in checks.iter().zip(cases).zip(verdicts) {
            assert_eq!(verdict.as_ref().err(), error.as_ref());
            assert_eq!(verdict, verify(check.shown, check.trust, check.audience, check.now));
        }
    }
}
