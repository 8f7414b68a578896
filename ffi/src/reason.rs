//! The reasons of a gate: the same numbers and texts as in the root crate, for C.

use crate::Status;
use crate::call::run;
use crate::constant::texts;
use crate::meta::tell;
use crate::ptr::Out;
use core::ffi::c_char;
use onecard::gate;

/// Why a gate decided as it did. A number keeps its meaning for ever. Below 20 the barrier opens,
/// from 20 to 39 a person decides, from 40 on it stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Reason {
    /// Welcome.
    Ok = 0,
    /// The same code again at this venue a moment later: no second debit.
    Rescan = 1,
    /// Welcome, after a co-payment.
    CoPayment = 4,
    /// The holder's document must be compared.
    IdCheck = 20,
    /// The document is not the one that the pass was issued for.
    IdMismatch = 21,
    /// This gate's clock, or the holder's, is wrong.
    ClockSuspect = 22,
    /// A list that the decision rests on is stale.
    ListStale = 23,
    /// The code cannot be read.
    Unreadable = 40,
    /// The code is of a version this gate does not know.
    UnsupportedVersion = 41,
    /// A signature does not verify.
    BadSignature = 42,
    /// No member of the federation issued this pass.
    UnknownIssuer = 43,
    /// The issuer's key was not valid for this pass.
    IssuerKeyInvalid = 44,
    /// The code is too old: a screenshot?
    CodeExpired = 45,
    /// The code is dated in the future.
    CodeEarly = 46,
    /// A bare pass where the holder's code is required.
    ProofRequired = 47,
    /// The code is for another gate or federation, or does not answer the challenge.
    WrongAudience = 48,
    /// A list that the decision rests on is too old to decide by.
    ListTooOld = 49,
    /// The pass was revoked.
    Revoked = 50,
    /// The pass was reported lost.
    Suspended = 51,
    /// The pass was replaced by another.
    Superseded = 52,
    /// No status list that this gate has says anything of the pass.
    NotListed = 53,
    /// The pass is not valid yet.
    NotYetValid = 60,
    /// The pass is over.
    Expired = 61,
    /// The first use came too late.
    ActivationMissed = 62,
    /// The venue is not covered.
    VenueNotCovered = 70,
    /// The service is not covered.
    ServiceNotCovered = 71,
    /// The other branch of a choice was used.
    OtherBranch = 72,
    /// Not for this class of holder.
    HolderNotEligible = 73,
    /// The product is not in the catalogue this gate has.
    UnknownProduct = 74,
    /// Not on this day.
    Blackout = 80,
    /// Not at this time of day.
    OutsideHours = 81,
    /// Used up at this venue.
    VenueQuota = 90,
    /// Used up for today.
    DayQuota = 91,
    /// Used up.
    TotalQuota = 92,
    /// The same pass again too soon.
    Passback = 94,
    /// Too many people for one pass.
    PartyTooLarge = 95,
    /// The entry cannot be recorded, so it is not admitted.
    NotRecorded = 98,
    /// The gate is not fit to decide: its certificate is not in force, or a rule is not known to it.
    Internal = 99,
}

/// The three kinds of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Severity {
    /// The barrier opens.
    Admit = 0,
    /// A person decides.
    Refer = 1,
    /// The barrier stays closed.
    Deny = 2,
}

/// The text of a reason in a language (an `onecard_lang`).
///
/// Show it to the visitor only where the decision's `shows_detail` is 1, else "please see staff".
/// An unknown reason or language is ONECARD_STATUS_UNKNOWN_CONSTANT. `*text` is as in
/// onecard_version.
///
/// # Safety
/// `text` and `length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_reason_text(
    reason: u32,
    lang: u32,
    text: *mut *const c_char,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { tell(&TEXTS, |row| row as u32, reason, lang, text, length) }
}

/// Whether a reason admits, refers or denies: an `onecard_severity`.
///
/// An unknown reason is ONECARD_STATUS_UNKNOWN_CONSTANT: treat it as a denial.
///
/// # Safety
/// `severity` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_reason_severity(reason: u32, severity: *mut u32) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let severity = unsafe { Out::new(severity) }?;
        let number = u8::try_from(reason).map_err(|_| Status::UnknownConstant)?;
        let reason = gate::Reason::from_number(number).ok_or(Status::UnknownConstant)?;
        severity.set(Severity::from(reason.verdict()) as u32);
        Ok(())
    })
}

impl From<gate::Verdict> for Severity {
    fn from(verdict: gate::Verdict) -> Self {
        match verdict {
            gate::Verdict::Admit => Self::Admit,
            gate::Verdict::Refer => Self::Refer,
            gate::Verdict::Deny => Self::Deny,
        }
    }
}

/// Every reason with its texts, ascending by number.
const TEXTS: [(Reason, &str, &str); 38] = texts! { Reason, gate::Reason:
    Ok Rescan CoPayment IdCheck IdMismatch ClockSuspect ListStale Unreadable UnsupportedVersion BadSignature
    UnknownIssuer IssuerKeyInvalid CodeExpired CodeEarly ProofRequired WrongAudience ListTooOld
    Revoked Suspended Superseded NotListed NotYetValid Expired ActivationMissed VenueNotCovered
    ServiceNotCovered OtherBranch HolderNotEligible UnknownProduct Blackout OutsideHours VenueQuota
    DayQuota TotalQuota Passback PartyTooLarge NotRecorded Internal
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_are_those_of_the_root_crate() {
        let here: Vec<(u32, String)> = TEXTS.iter().map(|(r, ..)| (*r as u32, format!("{r:?}"))).collect();
        let there: Vec<(u32, String)> =
            gate::Reason::ALL.iter().map(|r| (u32::from(r.number()), format!("{r:?}"))).collect();
        assert_eq!(here, there);
    }

    #[test]
    fn every_text_ends_in_one_nul() {
        for ((reason, zh, en), root) in TEXTS.iter().zip(gate::Reason::ALL) {
            assert_eq!(zh.strip_suffix('\0'), Some(root.text_zh()), "{reason:?}");
            assert_eq!(en.strip_suffix('\0'), Some(root.text_en()), "{reason:?}");
            assert!(!root.text_zh().contains('\0') && !root.text_en().contains('\0'));
        }
    }

    #[test]
    fn the_severities_are_frozen() {
        assert_eq!((Severity::Admit as u32, Severity::Refer as u32, Severity::Deny as u32), (0, 1, 2));
    }
}
