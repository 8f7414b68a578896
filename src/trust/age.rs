//! How old a piece of what a gate knows is, judged by the federation's policy.

use super::policy::Policy;
use crate::id::MemberId;
use crate::time::UnixTime;

/// What an age means for a decision. The older, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// Young enough to decide by.
    Fresh,
    /// Too old to admit by without a person looking.
    Stale,
    /// Too old, past its expiry, or dated further in the future than clocks differ: decides nothing.
    TooOld,
}

/// The limits by which one kind of piece ages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Fresh up to this age, in seconds since it was issued.
    pub(super) fresh: u32,
    /// Too old beyond this age, in seconds since it was issued.
    pub(super) most: Option<u32>,
    /// First second at which it is too old, whatever its age.
    pub(super) expires: Option<UnixTime>,
}

impl Age {
    pub(super) fn judge(issued: UnixTime, limits: Limits, policy: &Policy, now: UnixTime) -> Self {
        let age = now.since(issued);
        let old = limits.most.is_some_and(|most| age > i64::from(most));
        let expired = limits.expires.is_some_and(|expires| now >= expires);
        if from_the_future(issued, policy, now) || old || expired {
            Self::TooOld
        } else if age > i64::from(limits.fresh) {
            Self::Stale
        } else {
            Self::Fresh
        }
    }
}

/// Whether something is dated further in the future than the clocks of two parties differ.
pub(super) fn from_the_future(issued: UnixTime, policy: &Policy, now: UnixTime) -> bool {
    issued.since(now) > i64::from(policy.clock_suspect)
}

/// One piece of what a gate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece<'a> {
    /// The trust list.
    TrustList {
        /// Its sequence.
        sequence: u64,
    },
    /// A member's catalogue.
    Catalogue {
        /// The member.
        member: MemberId,
        /// Its sequence.
        sequence: u64,
    },
    /// An issuer's status list.
    StatusList {
        /// The member that issued it.
        issuer: MemberId,
        /// Its URI.
        uri: &'a str,
    },
    /// The certificate a gate works under.
    GateCertificate,
}

/// How old one piece is: for the people who keep a gate supplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceAge<'a> {
    /// Which.
    pub piece: Piece<'a>,
    /// When it was issued.
    pub issued: UnixTime,
    /// First second it is no longer good for, where it says.
    pub expires: Option<UnixTime>,
    /// What the policy says of it.
    pub age: Age,
}
