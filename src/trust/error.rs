//! Why a trust list, or a use of one of its keys, is refused.

use crate::crypto::{KeyError, Kid};
use crate::id::MemberId;
use crate::limits::MAX_TRUST_LIST;
use crate::time::UnixTime;
use crate::wire::cbor::CborError;
use crate::wire::cose::CoseError;

/// A trust list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Longer than any trust list.
    #[error("the trust list has {0} bytes, more than {MAX_TRUST_LIST}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("trust list: {0}")]
    Encoding(#[from] CoseError),
    /// A key in the list is unusable.
    #[error("trust list: a key of member {0}: {1}")]
    Key(MemberId, KeyError),
    /// The list contradicts itself.
    #[error("trust list: {0}")]
    Rule(&'static str),
    /// A member lists a key twice for one role.
    #[error("trust list: key {0} is listed twice")]
    KeyTwice(Kid),
    /// A member gives a key two roles, or an update gives it another than it had.
    #[error("trust list: key {0} has two roles")]
    KeyInTwoRoles(Kid),
    /// Two members have the same key, or an update gives it to another than had it.
    #[error("trust list: key {0} is of two members")]
    KeyInTwoMembers(Kid),
    /// Two different keys of the list have the same key id.
    #[error("trust list: two keys have the id {0}")]
    DuplicateKid(Kid),
    /// A signer that is no root of the list that counts it, or whose signature does not verify.
    #[error("trust list: signer {0} is unknown or its signature does not verify")]
    Signer(Kid),
    /// Too few distinct members signed.
    #[error("trust list: {signed} distinct members signed, {needed} needed")]
    Threshold {
        /// Distinct members whose root signed.
        signed: u8,
        /// The threshold.
        needed: u8,
    },
    /// The list to start from is not the pinned one.
    #[error("trust list: not the pinned list")]
    Anchor,
    /// The first list of a federation has another sequence than 1.
    #[error("trust list: sequence {0} is not that of a first list")]
    NotFirst(u64),
    /// The list offered as an update is the one in force, or older.
    #[error("trust list: rollback from sequence {current} to {found}")]
    Rollback {
        /// Sequence of the list in force.
        current: u64,
        /// Sequence of the refused list.
        found: u64,
    },
    /// Lists between the one in force and the one offered are missing.
    #[error("trust list: a gap between sequence {current} and {found}")]
    Gap {
        /// Sequence of the list in force.
        current: u64,
        /// Sequence of the refused list.
        found: u64,
    },
    /// The list offered as an update is of another federation.
    #[error("trust list: of another federation")]
    OtherFederation,
    /// The list offered as an update was issued before the one in force.
    #[error("trust list: issued at {issued}, before the list it follows, of {current}")]
    IssuedBefore {
        /// When the list in force was issued.
        current: UnixTime,
        /// When the refused list was issued.
        issued: UnixTime,
    },
    /// The list has expired: it decides nothing any more, but the list that follows it can be taken.
    #[error("trust list: expired at {0}")]
    Expired(UnixTime),
    /// The list is of the future: either it came too early, or the clock is wrong.
    #[error("trust list: not issued before {0}")]
    NotYetIssued(UnixTime),
    /// A key that is not in the list.
    #[error("no key {0} in the trust list")]
    UnknownKey(Kid),
    /// The key has another role.
    #[error("key {0} has another role")]
    WrongRole(Kid),
    /// The key is used outside its validity, or its member was suspended.
    #[error("key {0} is not valid at that time")]
    KeyTime(Kid),
}

impl From<CborError> for TrustError {
    fn from(error: CborError) -> Self {
        Self::Encoding(error.into())
    }
}
