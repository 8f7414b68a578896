//! The members of a federation, with their keys by role.

use super::error::TrustError;
use crate::crypto::{Kid, VerifyingKey};
use crate::id::MemberId;
use crate::limits::MAX_KEYS_PER_MEMBER;
use crate::time::UnixTime;
use crate::wire::cbor::{Decoder, Encoder};
use crate::wire::shape::Shape;

/// What a key may be used for. One key has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Signs trust lists.
    Root = 1,
    /// Signs passes and status lists.
    Issuer = 2,
    /// Signs catalogues and gate certificates.
    Registrar = 3,
    /// Signs the checkpoints of the member's ledger.
    Log = 4,
    /// Cosigns the checkpoints of other members' ledgers.
    Witness = 5,
}

impl Role {
    fn from_number(number: u8) -> Option<Self> {
        [Self::Root, Self::Issuer, Self::Registrar, Self::Log, Self::Witness].into_iter().find(|&r| r as u8 == number)
    }
}

/// A city, or a neutral auditor that issues nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MemberKind {
    /// Issues passes, runs gates and a ledger.
    City = 0,
    /// Witnesses and audits only: a root, issuer, registrar or log key is refused.
    Auditor = 1,
}

/// One key of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// What the key may be used for.
    pub role: Role,
    /// The key.
    pub key: VerifyingKey,
    /// First second the key is good for.
    pub not_before: UnixTime,
    /// Last second the key is good for.
    pub not_after: UnixTime,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Division code.
    pub id: MemberId,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// City or auditor.
    pub kind: MemberKind,
    /// The keys, in the order of the list.
    pub keys: Vec<KeyEntry>,
    /// From this second on, nothing the member signs is accepted; what it signed before stays valid.
    pub suspended_from: Option<UnixTime>,
}

/// What the parts of a member are called.
pub(super) const MEMBER: Shape = Shape::Map(&[
    (1, "id", Shape::Any),
    (2, "name zh", Shape::Any),
    (3, "name en", Shape::Any),
    (4, "kind", Shape::Any),
    (
        5,
        "keys",
        Shape::List(&Shape::Tuple(&[
            ("role", Shape::Any),
            ("key", Shape::Any),
            ("not before", Shape::Time),
            ("not after", Shape::Time),
        ])),
    ),
    (6, "suspended from", Shape::Time),
]);

/// Writes one member.
pub(super) fn encode_member(out: &mut Encoder, member: &Member) {
    out.map(5_usize.saturating_add(usize::from(member.suspended_from.is_some())));
    out.int(1).member(member.id);
    out.int(2).text(&member.name_zh);
    out.int(3).text(&member.name_en);
    out.int(4).uint(member.kind as u8);
    out.int(5).array(member.keys.len());
    for key in &member.keys {
        out.array(4).uint(key.role as u8).bytes(key.key.as_bytes());
        out.time(key.not_before).time(key.not_after);
    }
    if let Some(time) = member.suspended_from {
        out.int(6).time(time);
    }
}

/// Reads one member.
pub(super) fn decode_member(d: &mut Decoder<'_>) -> Result<Member, TrustError> {
    let mut map = d.map()?;
    map.require(d, 1)?;
    let id = d.member()?;
    map.require(d, 2)?;
    let name_zh = d.text()?.to_owned();
    map.require(d, 3)?;
    let name_en = d.text()?.to_owned();
    map.require(d, 4)?;
    let kind = match d.uint::<u8>()? {
        0 => MemberKind::City,
        1 => MemberKind::Auditor,
        _ => return Err(TrustError::Rule("a member is a city (0) or an auditor (1)")),
    };
    map.require(d, 5)?;
    let count = d.array_up_to(MAX_KEYS_PER_MEMBER)?;
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        d.array_of(4)?;
        let role = Role::from_number(d.uint()?).ok_or(TrustError::Rule("an unknown role"))?;
        let key = VerifyingKey::from_bytes(d.byte_array()?).map_err(|error| TrustError::Key(id, error))?;
        keys.push(KeyEntry { role, key, not_before: d.time()?, not_after: d.time()? });
    }
    let suspended_from = if map.left() > 0 {
        map.require(d, 6)?;
        Some(d.time()?)
    } else {
        None
    };
    map.end(d)?;
    Ok(Member { id, name_zh, name_en, kind, keys, suspended_from })
}

/// Two entries with one key id are one key, of one member, with one role.
pub(super) fn check_same_use(kid: Kid, one: (&Member, &KeyEntry), two: (&Member, &KeyEntry)) -> Result<(), TrustError> {
    if one.1.key != two.1.key {
        return Err(TrustError::DuplicateKid(kid));
    }
    if one.0.id != two.0.id {
        return Err(TrustError::KeyInTwoMembers(kid));
    }
    if one.1.role != two.1.role {
        return Err(TrustError::KeyInTwoRoles(kid));
    }
    Ok(())
}
