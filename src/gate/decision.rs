//! What a gate answers, and why: stable reason numbers with texts for visitor and staff.

use super::coded::coded;
use crate::pass::{ClaimsError, PassError};
use crate::product::Denied as RuleDenied;
use crate::time::UnixTime;
use crate::trust::TrustError;

/// Declares the reasons: what [`coded!`] takes, and whether the visitor may be told more than "please see
/// staff".
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $verdict:ident, $detail:literal, $zh:literal, $en:literal;)*) => {
        coded! {
            /// Why a gate decided as it did. The numbers are stable: none is ever given another meaning.
            Reason, "Whether the reason admits, refers to a person, or denies.";
            $($(#[$doc])* $name = $number, $verdict, $zh, $en;)*
        }

        impl Reason {
            /// Whether the visitor may be shown this reason. Where not, the screen says "please see
            /// staff": a forger learns nothing, and a disputed hotlist entry stays private.
            #[must_use]
            pub const fn shows_detail(self) -> bool {
                match self { $(Self::$name => $detail,)* }
            }
        }
    };
}

/// The three kinds of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The barrier opens.
    Admit,
    /// A person decides.
    Refer,
    /// The barrier stays closed.
    Deny,
}

reasons! {
    /// Welcome.
    Ok = 0, Admit, true, "欢迎", "Welcome";
    /// The same code again at this gate a moment later: no second debit.
    Rescan = 1, Admit, true, "已核验,请进", "Already checked, please enter";
    /// Welcome, after a co-payment.
    CoPayment = 4, Admit, true, "请补差价后入场", "Please pay the difference and enter";
    /// The holder's document must be compared.
    IdCheck = 20, Refer, true, "请出示身份证件", "Please show your identity document";
    /// The document is not the one that the pass was issued for.
    IdMismatch = 21, Refer, true, "证件与票证不符,请联系工作人员", "The document is not that of the pass, please see staff";
    /// This gate's clock, or the holder's, is wrong.
    ClockSuspect = 22, Refer, true, "时钟异常,请联系工作人员", "A clock is wrong, please see staff";
    /// A list that the decision rests on is stale.
    ListStale = 23, Refer, false, "名单待更新,请联系工作人员", "A list must be renewed, please see staff";
    /// The code cannot be read.
    Unreadable = 40, Deny, true, "无法识别二维码", "The code cannot be read";
    /// The code is of a version this gate does not know.
    UnsupportedVersion = 41, Deny, true, "二维码版本不支持", "The code is of an unknown version";
    /// A signature does not verify.
    BadSignature = 42, Deny, false, "票证签名无效", "A signature does not verify";
    /// No member of the federation issued this pass.
    UnknownIssuer = 43, Deny, false, "发行方未知", "The issuer is unknown";
    /// The issuer's key was not valid for this pass.
    IssuerKeyInvalid = 44, Deny, false, "发行方密钥无效", "The issuer's key is not valid";
    /// The code is too old: a screenshot?
    CodeExpired = 45, Deny, true, "动态码已过期,请刷新", "The code has expired, please renew it";
    /// The code is dated in the future.
    CodeEarly = 46, Deny, true, "动态码尚未生效,请核对手机时间", "The code is not valid yet, please check your phone's clock";
    /// A bare pass where the holder's code is required.
    ProofRequired = 47, Deny, true, "请出示动态码", "Please show the code in the app";
    /// The code is for another gate or federation, or does not answer the challenge.
    WrongAudience = 48, Deny, true, "该码不适用于本闸机", "The code is not for this gate";
    /// A list that the decision rests on is too old to decide by.
    ListTooOld = 49, Deny, false, "名单过期,无法核验", "A list is too old, the pass cannot be checked";
    /// The pass was revoked.
    Revoked = 50, Deny, false, "票证已注销", "The pass was revoked";
    /// The pass was reported lost.
    Suspended = 51, Deny, false, "票证已挂失", "The pass is suspended";
    /// The pass was replaced by another.
    Superseded = 52, Deny, false, "票证已换发", "The pass was replaced by a new one";
    /// No status list that this gate has says anything of the pass.
    NotListed = 53, Deny, false, "名单未收录该票证,无法核验", "No status list covers the pass";
    /// The pass is not valid yet.
    NotYetValid = 60, Deny, true, "票证尚未生效", "The pass is not valid yet";
    /// The pass is over.
    Expired = 61, Deny, true, "票证已过期", "The pass has expired";
    /// The first use came too late.
    ActivationMissed = 62, Deny, true, "已超过激活期限", "The pass was not activated in time";
    /// The venue is not covered.
    VenueNotCovered = 70, Deny, true, "本场馆不适用", "This venue is not covered";
    /// The service is not covered.
    ServiceNotCovered = 71, Deny, true, "本服务不适用", "This service is not covered";
    /// The other branch of a choice was used.
    OtherBranch = 72, Deny, true, "已选择其他权益", "Another choice was made";
    /// Not for this class of holder.
    HolderNotEligible = 73, Deny, true, "持有人不符合条件", "Not for this class of holder";
    /// The product is not in the catalogue this gate has.
    UnknownProduct = 74, Deny, false, "产品未知", "The product is unknown";
    /// Not on this day.
    Blackout = 80, Deny, true, "今日不适用", "Not valid today";
    /// Not at this time of day.
    OutsideHours = 81, Deny, true, "不在适用时段", "Not valid at this time of day";
    /// Used up at this venue.
    VenueQuota = 90, Deny, true, "本场馆次数已用完", "Used up at this venue";
    /// Used up for today.
    DayQuota = 91, Deny, true, "今日次数已用完", "Used up for today";
    /// Used up.
    TotalQuota = 92, Deny, true, "次数已用完", "Used up";
    /// The same pass again too soon.
    Passback = 94, Deny, true, "刚刚已入场", "This pass has just entered";
    /// Too many people for one pass.
    PartyTooLarge = 95, Deny, true, "同行人数超限", "Too many people for this pass";
    /// The entry cannot be recorded, so it is not admitted.
    NotRecorded = 98, Deny, true, "系统故障,请联系工作人员", "The entry cannot be recorded, please see staff";
    /// The gate is not fit to decide: its certificate is not in force, or a rule is not known to it.
    Internal = 99, Deny, true, "系统故障,请联系工作人员", "The gate cannot decide, please see staff";
}

impl Reason {
    /// The reason with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.number() == number)
    }
}

/// What a gate answers to one scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The barrier opens; the entry is recorded.
    Admitted(Admitted),
    /// A person decides; nothing was recorded.
    Referred(Refusal),
    /// The barrier stays closed; nothing was recorded.
    Denied(Refusal),
}

impl Decision {
    /// The reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Admitted(admitted) => admitted.reason,
            Self::Referred(refusal) | Self::Denied(refusal) => refusal.reason,
        }
    }
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// [`Reason::Ok`], [`Reason::CoPayment`] or [`Reason::Rescan`].
    pub reason: Reason,
    /// The grant of the product that decided.
    pub grant: u8,
    /// What the party pays here, in fen.
    pub due_fen: u32,
    /// Index of the redemption in this gate's journal.
    pub index: u64,
    /// Uses left of the grant's tightest shared quota, where it has one and it was counted.
    pub uses_left: Option<u32>,
    /// When the grant is over, where that was computed.
    pub valid_until: Option<UnixTime>,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// When the same visit would be covered, where that is known.
    pub next: Option<UnixTime>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, next: None }
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        match refusal.reason.verdict() {
            Verdict::Refer => Self::Referred(refusal),
            Verdict::Admit | Verdict::Deny => Self::Denied(refusal),
        }
    }
}

impl From<PassError> for Refusal {
    fn from(error: PassError) -> Self {
        let next = match error {
            PassError::NotYetValid(from) => Some(from),
            _ => None,
        };
        Self { reason: pass_reason(&error), next }
    }
}

impl From<RuleDenied> for Refusal {
    fn from(denied: RuleDenied) -> Self {
        let reason = match denied {
            RuleDenied::NotYetValid { .. } => Reason::NotYetValid,
            RuleDenied::Expired { .. } => Reason::Expired,
            RuleDenied::ActivationMissed { .. } => Reason::ActivationMissed,
            RuleDenied::VenueNotCovered => Reason::VenueNotCovered,
            RuleDenied::ServiceNotCovered => Reason::ServiceNotCovered,
            RuleDenied::OtherBranch { .. } => Reason::OtherBranch,
            RuleDenied::HolderNotEligible { .. } => Reason::HolderNotEligible,
            RuleDenied::Blackout { .. } => Reason::Blackout,
            RuleDenied::OutsideHours { .. } => Reason::OutsideHours,
            RuleDenied::VenueQuota(_) => Reason::VenueQuota,
            RuleDenied::DayQuota(_) => Reason::DayQuota,
            RuleDenied::TotalQuota(_) => Reason::TotalQuota,
            RuleDenied::PartyTooLarge { .. } => Reason::PartyTooLarge,
        };
        Self { reason, next: denied.next() }
    }
}

fn pass_reason(error: &PassError) -> Reason {
    match error {
        PassError::TooLong(_) | PassError::Encoding(_) | PassError::NoHolderKey => Reason::Unreadable,
        PassError::Claims(ClaimsError::Version(_) | ClaimsError::Critical(_)) => Reason::UnsupportedVersion,
        PassError::Claims(_) => Reason::Unreadable,
        PassError::Issuer(TrustError::UnknownKey(_)) => Reason::UnknownIssuer,
        PassError::Issuer(TrustError::Expired(_)) => Reason::ListTooOld,
        PassError::Issuer(_) | PassError::KeyValidity | PassError::IssuerMismatch => Reason::IssuerKeyInvalid,
        PassError::PassSignature | PassError::HolderSignature => Reason::BadSignature,
        PassError::NotYetValid(_) => Reason::NotYetValid,
        PassError::Expired(_) | PassError::AfterPass => Reason::Expired,
        PassError::ProofRequired => Reason::ProofRequired,
        PassError::Audience | PassError::Nonce => Reason::WrongAudience,
        PassError::Early(_) => Reason::CodeEarly,
        PassError::ClockSuspect(_) => Reason::ClockSuspect,
        PassError::Late(_) | PassError::BeforePass => Reason::CodeExpired,
    }
}

#[cfg(test)]
#[path = "tests/decision.rs"]
mod tests;
