//! Verifying many passes together: the codes of a day, an auditor's evidence.
//!
//! Each is judged by itself and exactly as [`verify`](super::verify) judges it. What they share is the
//! inversion at the end of their signatures, a fifth of the work under a prepared issuer key.

use super::verify::{Check, Code, PassError, Presented};
use crate::crypto::{PendingSignature, SignatureError};

/// Says of each check, in order, what [`verify`](super::verify) says of it.
///
/// Takes about two kilobytes for each while it runs, so pass a few hundred at a time; 64 together are
/// already as fast as they get.
#[must_use]
pub fn verify_all(checks: &[Check<'_>]) -> Vec<Result<Presented, PassError>> {
    let judging: Vec<_> = checks.iter().map(Check::judging).collect();
    let decoded = judging.iter().map(|check| check.decode().map(|(code, issuer)| (code, Some(issuer))));
    let issued = settle(decoded, PassError::PassSignature);
    let proven = judging.iter().zip(issued).map(|(check, code)| check.proof(code?));
    let held = settle(proven, PassError::HolderSignature);
    judging.iter().zip(held).map(|(check, code)| check.conclude(code?)).collect()
}

/// Settles what is pending of the codes; one whose signature is not good gets `error`.
fn settle<'a>(
    codes: impl Iterator<Item = Result<(Code<'a>, Option<PendingSignature>), PassError>>,
    error: PassError,
) -> Vec<Result<Code<'a>, PassError>> {
    let mut pending = Vec::with_capacity(codes.size_hint().0);
    let codes: Vec<Result<_, PassError>> = codes
        .map(|code| {
            let (code, signature) = code?;
            pending.extend(signature);
            Ok((code, signature.is_some()))
        })
        .collect();
    let mut verdicts = PendingSignature::settle_all(&pending);
    codes
        .into_iter()
        .map(|code| match code? {
            (code, true) => verdicts.next().unwrap_or(Err(SignatureError)).map(|()| code).map_err(|_| error),
            (code, false) => Ok(code),
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
        let show =
            |pass: &[u8], holder: &SigningKey, at| present(pass, holder, "onecard.test", None, time(at)).unwrap();
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
}
