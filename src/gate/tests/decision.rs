//! Tests of `decision.rs`.

use super::*;
use crate::crypto::Kid;
use crate::product::Spent;
use crate::wire::cose::CoseError;

#[test]
fn numbers_are_frozen() {
    let numbers: Vec<u8> = Reason::ALL.iter().map(|reason| reason.number()).collect();
    assert_eq!(
        numbers,
        [
            0, 1, 4, 20, 21, 22, 23, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 60, 61, 62, 70, 71, 72,
            73, 74, 80, 81, 90, 91, 92, 94, 95, 98, 99
        ]
    );
    assert!(Reason::ALL.iter().all(|&reason| Reason::from_number(reason.number()) == Some(reason)));
    assert_eq!(Reason::from_number(2), None);
}

#[test]
fn the_verdict_follows_the_number() {
    for reason in Reason::ALL {
        let expected = match reason.number() {
            0..20 => Verdict::Admit,
            20..40 => Verdict::Refer,
            _ => Verdict::Deny,
        };
        assert_eq!(reason.verdict(), expected, "{reason:?}");
        assert!(!reason.text_zh().is_empty() && reason.text_en().is_ascii());
    }
}

#[test]
fn each_error_of_what_was_shown_has_its_reason() {
    let (kid, at) = (Kid([1; 8]), UnixTime::MIN);
    let cases = [
        (PassError::TooLong(9), Reason::Unreadable),
        (CoseError::Alg.into(), Reason::Unreadable),
        (PassError::NoHolderKey, Reason::Unreadable),
        (ClaimsError::Rule("").into(), Reason::Unreadable),
        (ClaimsError::Version(2).into(), Reason::UnsupportedVersion),
        (ClaimsError::Critical(-70_009).into(), Reason::UnsupportedVersion),
        (TrustError::UnknownKey(kid).into(), Reason::UnknownIssuer),
        (TrustError::Expired(at).into(), Reason::ListTooOld),
        (TrustError::WrongRole(kid).into(), Reason::IssuerKeyInvalid),
        (TrustError::KeyTime(kid).into(), Reason::IssuerKeyInvalid),
        (PassError::KeyValidity, Reason::IssuerKeyInvalid),
        (PassError::IssuerMismatch, Reason::IssuerKeyInvalid),
        (PassError::PassSignature, Reason::BadSignature),
        (PassError::HolderSignature, Reason::BadSignature),
        (PassError::NotYetValid(at), Reason::NotYetValid),
        (PassError::Expired(at), Reason::Expired),
        (PassError::AfterPass, Reason::Expired),
        (PassError::ProofRequired, Reason::ProofRequired),
        (PassError::Audience, Reason::WrongAudience),
        (PassError::Nonce, Reason::WrongAudience),
        (PassError::Early(1), Reason::CodeEarly),
        (PassError::ClockSuspect(999), Reason::ClockSuspect),
        (PassError::Late(61), Reason::CodeExpired),
        (PassError::BeforePass, Reason::CodeExpired),
    ];
    for (error, reason) in cases {
        assert_eq!(Refusal::from(error).reason, reason, "{error}");
    }
}

#[test]
fn rule_reasons_have_the_numbers_of_the_product_layer() {
    let spent = Spent { limit: 1, used: 1, last: None, next: None };
    let cases = [
        RuleDenied::VenueQuota(spent),
        RuleDenied::DayQuota(spent),
        RuleDenied::TotalQuota(spent),
        RuleDenied::VenueNotCovered,
        RuleDenied::ServiceNotCovered,
        RuleDenied::Blackout { next: None },
        RuleDenied::OutsideHours { next: None },
        RuleDenied::HolderNotEligible { class: 0 },
        RuleDenied::PartyTooLarge { max: 1 },
        RuleDenied::OtherBranch { grant: 0, next: None },
        RuleDenied::NotYetValid { from: UnixTime::MIN, next: None },
        RuleDenied::Expired { at: UnixTime::MIN, next: None },
        RuleDenied::ActivationMissed { by: UnixTime::MIN, next: None },
    ];
    for denied in cases {
        assert_eq!(Refusal::from(denied).reason.number(), denied.code(), "{denied}");
    }
}
