//! The trust list: the members, their keys by role, and the federation's policy.
//!
//! Signed as `COSE_Sign` (tag 98) by the roots of its members. The first list is pinned by its
//! digest; each later one must be accepted by the threshold of the list before it and by its own.
//!
//! ```cddl
//! trust-list = {
//!   1: tstr,            ; federation domain, the first part of every log origin
//!   2: uint,            ; sequence, 1 for the first list
//!   3: uint, 4: uint,   ; issued, expires (Unix seconds)
//!   5: policy,
//!   6: [+ member],      ; ascending by id
//! }
//! member = { 1: uint, 2: tstr, 3: tstr, 4: 0 / 1, 5: [* key], ? 6: uint }
//!                       ; id, name zh, name en, city / auditor, keys, suspended from
//! key = [1..5, bstr .size 32, uint, uint]    ; role, public key, not before, not after
//! policy = { 1: uint, 2: uint, 3: uint, ... 13: uint }    ; the fields of Policy, in order
//! ```

use super::age::{Age, Limits};
use super::prepared::Prepared;
use crate::crypto::{Hash, KeyError, Kid, SigningKey, VerifyingKey, sha256};
use crate::id::{GateId, MemberId};
use crate::limits::{MAX_KEYS_PER_MEMBER, MAX_MEMBERS, MAX_NOTE_SIGNATURES, MAX_TRUST_LIST};
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, Decoder, Encoder};
use crate::wire::cose::{self, CoseError, Sign, Typ};

const TYP: Typ = Typ::MediaType("application/vnd.onecard.trust-list+cbor");
/// Longest federation domain: it is the audience of a code shown without a challenge.
const MAX_FEDERATION: usize = 63;
const MAX_NAME: usize = 64;

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

/// The rules all members agreed on. Durations are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Distinct members whose roots must sign a trust list.
    pub root_threshold: u8,
    /// Distinct witnesses that make a checkpoint final: at most as many as a note holds beside its log's line.
    pub witness_quorum: u8,
    /// How far in the future a shown code may be dated, for clocks that differ.
    pub code_early: u32,
    /// How old a shown code may be.
    pub code_late: u32,
    /// A code dated further in the future than this means that a clock is wrong, not that it is early.
    pub clock_suspect: u32,
    /// A status list up to this age is fresh.
    pub status_fresh: u32,
    /// A status list older than this decides nothing.
    pub status_max_age: u32,
    /// How long after the entry a gate may annul it.
    pub annul_within: u32,
    /// How long the same code at the same gate is a re-scan, without a second debit.
    pub rescan_within: u32,
    /// A gate that last synced longer ago than this answers for what it could have known.
    pub sync_within: u32,
    /// A catalogue up to this age is fresh.
    pub catalogue_fresh: u32,
    /// A catalogue older than this decides nothing.
    pub catalogue_max_age: u32,
    /// A trust list up to this age is fresh; later it is stale until it expires.
    pub trust_fresh: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            root_threshold: 3,
            witness_quorum: 3,
            code_early: 30,
            code_late: 60,
            clock_suspect: 600,
            status_fresh: 72 * 3_600,
            status_max_age: 168 * 3_600,
            annul_within: 900,
            rescan_within: 120,
            sync_within: 4 * 3_600,
            catalogue_fresh: 90 * 86_400,
            catalogue_max_age: 180 * 86_400,
            trust_fresh: 365 * 86_400,
        }
    }
}

/// The content of a trust list, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustListSpec {
    /// Federation domain, at most 63 bytes.
    pub federation: String,
    /// 1 for the first list, one more for each after it.
    pub sequence: u64,
    /// When it was issued.
    pub issued: UnixTime,
    /// When it stops being current.
    pub expires: UnixTime,
    /// The rules.
    pub policy: Policy,
    /// The members, ascending by id.
    pub members: Vec<Member>,
}

impl TrustListSpec {
    /// Checks what holds of every trust list, whoever signs it: for who makes one, before the roots are asked.
    ///
    /// # Errors
    /// [`TrustError`], as the list would be refused later.
    pub fn check(&self) -> Result<(), TrustError> {
        check(self).map(drop)
    }

    /// Signs this content with the given root keys.
    ///
    /// Whether they are enough is for [`TrustList::genesis`] and [`TrustList::update`] to say, and whether the
    /// content can be good for [`TrustListSpec::check`].
    #[must_use]
    pub fn sign(&self, roots: &[&SigningKey]) -> Vec<u8> {
        cose::sign(roots, TYP, &self.encode())
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(6);
        out.int(1).text(&self.federation);
        out.int(2).uint(self.sequence);
        out.int(3).time(self.issued);
        out.int(4).time(self.expires);
        out.int(5);
        encode_policy(&mut out, &self.policy);
        out.int(6).array(self.members.len());
        for member in &self.members {
            out.map(5_usize.saturating_add(usize::from(member.suspended_from.is_some())));
            out.int(1).uint(member.id.code());
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
        out.finish()
    }
}

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

/// A verified trust list.
#[derive(Clone, Debug)]
pub struct TrustList {
    spec: TrustListSpec,
    /// Every key by its id, ascending: member and key position.
    by_kid: Vec<(Kid, usize, usize)>,
    digest: Hash,
    bytes: Vec<u8>,
    pub(super) prepared: Prepared,
}

impl TrustList {
    /// Verifies the first list of a federation against its pinned digest (SHA-256 of the signed
    /// bytes), then as any other list: its own threshold of distinct members must have signed.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn genesis(bytes: &[u8], anchor: &Hash) -> Result<Self, TrustError> {
        let list = Self::pinned(bytes, anchor)?;
        if list.spec.sequence != 1 {
            return Err(TrustError::NotFirst(list.spec.sequence));
        }
        Ok(list)
    }

    /// Verifies a list to start from, the first or a later one, against its pinned digest. Its own
    /// threshold must have signed; whether it followed the lists before it, the pin vouches for.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn pinned(bytes: &[u8], digest: &Hash) -> Result<Self, TrustError> {
        // Before anything is decoded: checking the keys of a list takes longer than some thousand signatures.
        if sized(bytes)? != *digest {
            return Err(TrustError::Anchor);
        }
        let (list, message) = Self::decode(bytes, *digest, |_, _| Ok(()))?;
        list.count(&message, &list, list.spec.issued)?;
        Ok(list)
    }

    /// Verifies the list that follows this one: the sequence rises by one, time does not go back, no
    /// key changes hands, and both this list's threshold and the new one's signed.
    ///
    /// All keys are judged as of the new list's time of issue, and expiry not at all: whoever was away
    /// for long catches up list by list, over lists that expired meanwhile. Whether the last one is in
    /// force is for [`TrustList::check_time`].
    ///
    /// # Errors
    /// [`TrustError`]; this list stays in force.
    pub fn update(&self, bytes: &[u8]) -> Result<Self, TrustError> {
        let (list, message) = Self::decode(bytes, sized(bytes)?, |head, message| {
            self.precedes(head)?;
            // Before the keys in it are read, see `pinned`. Whose signature counts, and when, is judged below.
            self.threshold(&self.signed_by(message)?)
        })?;
        for (kid, ..) in &list.by_kid {
            if let (Some(before), Some(after)) = (self.find(*kid), list.find(*kid)) {
                check_same_use(*kid, before, after)?;
            }
        }
        self.count(&message, &list, list.spec.issued)?;
        list.count(&message, self, list.spec.issued)?;
        Ok(list.prepare_like(self))
    }

    /// Whether this list may decide anything at `now`: from its issue until just before it expires.
    ///
    /// # Errors
    /// [`TrustError::NotYetIssued`], [`TrustError::Expired`].
    pub fn check_time(&self, now: UnixTime) -> Result<(), TrustError> {
        if now < self.spec.issued {
            return Err(TrustError::NotYetIssued(self.spec.issued));
        }
        if self.has_expired(now) {
            return Err(TrustError::Expired(self.spec.expires));
        }
        Ok(())
    }

    /// Whether it decides nothing any more at `now`.
    #[must_use]
    pub fn has_expired(&self, now: UnixTime) -> bool {
        now >= self.spec.expires
    }

    /// The federation domain.
    #[must_use]
    pub fn federation(&self) -> &str {
        &self.spec.federation
    }

    /// Sequence number.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.spec.sequence
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> UnixTime {
        self.spec.issued
    }

    /// First second it decides nothing any more.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.spec.expires
    }

    /// How old this list is at `now`, judged by its own policy.
    #[must_use]
    pub fn age(&self, now: UnixTime) -> Age {
        let policy = self.policy();
        let limits = Limits { fresh: policy.trust_fresh, most: None, expires: Some(self.expires()) };
        Age::judge(self.issued(), limits, policy, now)
    }

    /// The federation's rules.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.spec.policy
    }

    /// The members, ascending by id.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.spec.members
    }

    /// One member.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.spec.members.binary_search_by_key(&id, |member| member.id).ok().and_then(|at| self.spec.members.get(at))
    }

    /// SHA-256 of the signed bytes.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// The signed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key with this id, if it had `role` at `at`.
    ///
    /// # Errors
    /// [`TrustError::UnknownKey`], [`TrustError::WrongRole`], [`TrustError::KeyTime`].
    pub fn key(&self, kid: Kid, role: Role, at: UnixTime) -> Result<(&Member, &KeyEntry), TrustError> {
        let (member, entry) = self.find(kid).ok_or(TrustError::UnknownKey(kid))?;
        if entry.role != role {
            return Err(TrustError::WrongRole(kid));
        }
        let suspended = member.suspended_from.is_some_and(|from| at >= from);
        if at < entry.not_before || at > entry.not_after || suspended {
            return Err(TrustError::KeyTime(kid));
        }
        Ok((member, entry))
    }

    /// The keys of one role, of all members, in order.
    pub fn keys(&self, role: Role) -> impl Iterator<Item = (&Member, &KeyEntry)> {
        self.spec.members.iter().flat_map(move |member| {
            member.keys.iter().filter(move |entry| entry.role == role).map(move |entry| (member, entry))
        })
    }

    /// Origin and key name of a member's ledger: `<federation>/<member>`.
    #[must_use]
    pub fn ledger_origin(&self, member: MemberId) -> String {
        format!("{}/{member}", self.spec.federation)
    }

    /// Origin and key name of a gate's journal: `<federation>/<member>/gate/<number>`.
    #[must_use]
    pub fn journal_origin(&self, gate: GateId) -> String {
        format!("{}/{gate}", self.spec.federation)
    }

    fn find(&self, kid: Kid) -> Option<(&Member, &KeyEntry)> {
        let at = self.by_kid.binary_search_by_key(&kid, |(kid, ..)| *kid).ok()?;
        let (_, member, key) = self.by_kid.get(at)?;
        let member = self.spec.members.get(*member)?;
        Some((member, member.keys.get(*key)?))
    }

    /// Whether a list with this head is the next one.
    fn precedes(&self, head: &Head<'_>) -> Result<(), TrustError> {
        if head.federation != self.spec.federation {
            return Err(TrustError::OtherFederation);
        }
        let (current, found) = (self.spec.sequence, head.sequence);
        if found <= current {
            return Err(TrustError::Rollback { current, found });
        }
        if current.checked_add(1) != Some(found) {
            return Err(TrustError::Gap { current, found });
        }
        if head.issued < self.spec.issued {
            return Err(TrustError::IssuedBefore { current: self.spec.issued, issued: head.issued });
        }
        Ok(())
    }

    /// The distinct members of this list whose roots signed `message`, whenever those are good.
    fn signed_by(&self, message: &Sign<'_>) -> Result<Vec<MemberId>, TrustError> {
        let mut signed: Vec<MemberId> = Vec::new();
        for signer in message.signers() {
            let kid = signer.kid();
            if let Some((member, entry)) = self.find(kid).filter(|(_, entry)| entry.role == Role::Root) {
                message.verify(signer, &entry.key).map_err(|_| TrustError::Signer(kid))?;
                if !signed.contains(&member.id) {
                    signed.push(member.id);
                }
            }
        }
        Ok(signed)
    }

    /// Counts the distinct members of this list whose roots signed `message`. A signer must be a
    /// root of this list or of `other`; a signature that does not verify refuses the message.
    fn count(&self, message: &Sign<'_>, other: &Self, at: UnixTime) -> Result<(), TrustError> {
        let mut signed: Vec<MemberId> = Vec::new();
        for signer in message.signers() {
            let kid = signer.kid();
            match self.key(kid, Role::Root, at) {
                Ok((member, entry)) => {
                    message.verify(signer, &entry.key).map_err(|_| TrustError::Signer(kid))?;
                    if !signed.contains(&member.id) {
                        signed.push(member.id);
                    }
                }
                // Verified when the other list counts.
                Err(_) if other.key(kid, Role::Root, at).is_ok() => {}
                Err(_) => return Err(TrustError::Signer(kid)),
            }
        }
        self.threshold(&signed)
    }

    fn threshold(&self, signed: &[MemberId]) -> Result<(), TrustError> {
        let needed = self.spec.policy.root_threshold;
        let signed = u8::try_from(signed.len()).unwrap_or(u8::MAX);
        if signed < needed { Err(TrustError::Threshold { signed, needed }) } else { Ok(()) }
    }

    /// Decodes a list; `first` judges its head and its signatures before the rest is read.
    fn decode<'a>(
        bytes: &'a [u8],
        digest: Hash,
        first: impl FnOnce(&Head<'_>, &Sign<'a>) -> Result<(), TrustError>,
    ) -> Result<(Self, Sign<'a>), TrustError> {
        let message = Sign::decode(bytes, TYP, MAX_MEMBERS)?;
        let spec = Decoder::all(message.payload(), |d| decode_spec(d, |head| first(head, &message)))?;
        let by_kid = check(&spec)?;
        let (bytes, prepared) = (bytes.to_vec(), Prepared::default());
        Ok((Self { spec, by_kid, digest, bytes, prepared }, message))
    }
}

/// The digest of bytes that are no longer than any trust list.
fn sized(bytes: &[u8]) -> Result<Hash, TrustError> {
    if bytes.len() > MAX_TRUST_LIST { Err(TrustError::TooLong(bytes.len())) } else { Ok(sha256(&[bytes])) }
}

/// What a list says of itself before it names members.
struct Head<'a> {
    federation: &'a str,
    sequence: u64,
    issued: UnixTime,
}

fn decode_spec(
    d: &mut Decoder<'_>,
    first: impl FnOnce(&Head<'_>) -> Result<(), TrustError>,
) -> Result<TrustListSpec, TrustError> {
    let mut map = d.map()?;
    map.require(d, 1)?;
    let federation = d.text()?;
    map.require(d, 2)?;
    let sequence = d.uint()?;
    map.require(d, 3)?;
    let issued = d.time()?;
    first(&Head { federation, sequence, issued })?;
    let federation = federation.to_owned();
    map.require(d, 4)?;
    let expires = d.time()?;
    map.require(d, 5)?;
    let policy = decode_policy(d)?;
    map.require(d, 6)?;
    let count = d.array_up_to(MAX_MEMBERS)?;
    let members = (0..count).map(|_| decode_member(d)).collect::<Result<_, _>>()?;
    map.end(d)?;
    Ok(TrustListSpec { federation, sequence, issued, expires, policy, members })
}

fn decode_member(d: &mut Decoder<'_>) -> Result<Member, TrustError> {
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

fn policy_values(policy: &Policy) -> [u32; 13] {
    [
        policy.root_threshold.into(),
        policy.witness_quorum.into(),
        policy.code_early,
        policy.code_late,
        policy.clock_suspect,
        policy.status_fresh,
        policy.status_max_age,
        policy.annul_within,
        policy.rescan_within,
        policy.sync_within,
        policy.catalogue_fresh,
        policy.catalogue_max_age,
        policy.trust_fresh,
    ]
}

fn encode_policy(out: &mut Encoder, policy: &Policy) {
    let values = policy_values(policy);
    out.map(values.len());
    for (key, value) in (1_u8..).zip(values) {
        out.uint(key).uint(value);
    }
}

fn decode_policy(d: &mut Decoder<'_>) -> Result<Policy, TrustError> {
    let mut map = d.map()?;
    let mut values = [0_u32; 13];
    for (key, value) in (1_i64..).zip(&mut values) {
        map.require(d, key)?;
        *value = d.uint()?;
    }
    map.end(d)?;
    let [roots, quorum, code_early, code_late, clock_suspect, status_fresh, status_max_age, rest @ ..] = values;
    let [annul_within, rescan_within, sync_within, catalogue_fresh, catalogue_max_age, trust_fresh] = rest;
    let small = |value: u32| u8::try_from(value).map_err(|_| TrustError::Rule("a threshold above 255"));
    Ok(Policy {
        root_threshold: small(roots)?,
        witness_quorum: small(quorum)?,
        code_early,
        code_late,
        clock_suspect,
        status_fresh,
        status_max_age,
        annul_within,
        rescan_within,
        sync_within,
        catalogue_fresh,
        catalogue_max_age,
        trust_fresh,
    })
}

/// The rules a list must keep whoever signed it. Returns the index of its keys.
fn check(spec: &TrustListSpec) -> Result<Vec<(Kid, usize, usize)>, TrustError> {
    let rule = |holds: bool, text| if holds { Ok(()) } else { Err(TrustError::Rule(text)) };
    let domain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'.' || c == b'-';
    rule((1..=MAX_FEDERATION).contains(&spec.federation.len()), "the federation domain is empty or too long")?;
    rule(
        spec.federation.bytes().all(domain),
        "the federation domain has other characters than a-z, 0-9, dot and hyphen",
    )?;
    rule(spec.issued <= spec.expires, "expires before it is issued")?;
    rule(spec.members.is_sorted_by(|a, b| a.id < b.id), "members not in ascending order, or one twice")?;
    let mut by_kid = Vec::new();
    let (mut roots, mut witnesses) = (0_usize, 0_usize);
    for (m, member) in spec.members.iter().enumerate() {
        rule(member.name_zh.len() <= MAX_NAME && member.name_en.len() <= MAX_NAME, "a member's name is too long")?;
        for (k, entry) in member.keys.iter().enumerate() {
            rule(entry.not_before <= entry.not_after, "a key that is never valid")?;
            let neutral = matches!(entry.role, Role::Witness);
            rule(member.kind == MemberKind::City || neutral, "an auditor with a key that is not a witness key")?;
            by_kid.push((entry.key.kid(), m, k));
        }
        let has = |role| usize::from(member.keys.iter().any(|entry| entry.role == role));
        roots = roots.saturating_add(has(Role::Root));
        witnesses = witnesses.saturating_add(has(Role::Witness));
    }
    let policy = &spec.policy;
    rule(
        policy.root_threshold >= 1 && usize::from(policy.root_threshold) <= roots,
        "a root threshold that cannot be met",
    )?;
    rule(
        policy.witness_quorum >= 1 && usize::from(policy.witness_quorum) <= witnesses,
        "a witness quorum that cannot be met",
    )?;
    // Else no checkpoint is ever final.
    rule(usize::from(policy.witness_quorum) < MAX_NOTE_SIGNATURES, "a witness quorum that no note holds")?;
    rule(policy.status_fresh <= policy.status_max_age, "a fresh status list that is too old")?;
    rule(policy.catalogue_fresh <= policy.catalogue_max_age, "a fresh catalogue that is too old")?;
    rule(policy.code_early <= policy.clock_suspect, "a code that is early and suspect at once")?;
    // Else one gate debits the same code twice.
    let life = u64::from(policy.code_early).saturating_add(policy.code_late.into());
    rule(life <= policy.rescan_within.into(), "a code that outlives its re-scan")?;
    by_kid.sort_unstable();
    check_kids(spec, &by_kid)?;
    Ok(by_kid)
}

/// No key id is there twice. `by_kid` ascends.
fn check_kids(spec: &TrustListSpec, by_kid: &[(Kid, usize, usize)]) -> Result<(), TrustError> {
    let entry = |member: usize, key: usize| {
        let member = spec.members.get(member)?;
        Some((member, member.keys.get(key)?))
    };
    for pair in by_kid.windows(2) {
        if let [(kid, member, key), (other, other_member, other_key)] = pair
            && kid == other
        {
            if let (Some(one), Some(two)) = (entry(*member, *key), entry(*other_member, *other_key)) {
                check_same_use(*kid, one, two)?;
            }
            return Err(TrustError::KeyTwice(*kid));
        }
    }
    Ok(())
}

/// Two entries with one key id are one key, of one member, with one role.
fn check_same_use(kid: Kid, one: (&Member, &KeyEntry), two: (&Member, &KeyEntry)) -> Result<(), TrustError> {
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

#[cfg(test)]
#[path = "tests/list.rs"]
pub(crate) mod tests;
