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
#[path = "tests/bulk.rs"]
mod tests;
