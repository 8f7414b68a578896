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
//! policy = { 1: uint, 2: uint, 3: uint, 4: uint, 5: uint, 6: uint, 7: uint, 8: uint, 9: uint, 10: uint }
//! ```

use super::prepared::Prepared;
use crate::crypto::{Hash, KeyError, Kid, SigningKey, VerifyingKey, sha256};
use crate::id::{GateId, MemberId};
use crate::limits::{MAX_KEYS_PER_MEMBER, MAX_MEMBERS, MAX_TRUST_LIST};
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
    /// Distinct witnesses that make a checkpoint final.
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
    /// Signs this content with the given root keys.
    ///
    /// Whether they are enough is for [`TrustList::genesis`] and [`TrustList::update`] to say.
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
    /// Two keys of the list are the same or have the same key id.
    #[error("trust list: key id {0} twice")]
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
    /// The first list is not the pinned one.
    #[error("trust list: not the pinned first list")]
    Anchor,
    /// An update that does not follow the list it updates.
    #[error("trust list: sequence {found} does not follow {current}")]
    Sequence {
        /// Sequence of the list in force.
        current: u64,
        /// Sequence of the refused list.
        found: u64,
    },
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
        let (list, message) = Self::decode(bytes)?;
        if list.digest != *anchor {
            return Err(TrustError::Anchor);
        }
        if list.spec.sequence != 1 {
            return Err(TrustError::Sequence { current: 0, found: list.spec.sequence });
        }
        list.count(&message, &list, list.spec.issued)?;
        Ok(list)
    }

    /// Verifies the list that follows this one: the sequence rises by one, time does not go back,
    /// and both this list's threshold and the new one's signed.
    ///
    /// # Errors
    /// [`TrustError`]; this list stays in force.
    pub fn update(&self, bytes: &[u8]) -> Result<Self, TrustError> {
        let (list, message) = Self::decode(bytes)?;
        if list.spec.federation != self.spec.federation {
            return Err(TrustError::Rule("another federation"));
        }
        if self.spec.sequence.checked_add(1) != Some(list.spec.sequence) {
            return Err(TrustError::Sequence { current: self.spec.sequence, found: list.spec.sequence });
        }
        if list.spec.issued < self.spec.issued {
            return Err(TrustError::Rule("issued before the list it follows"));
        }
        self.count(&message, &list, list.spec.issued)?;
        list.count(&message, self, list.spec.issued)?;
        Ok(list.prepare_like(self))
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

    /// When it stops being current.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.spec.expires
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
        let needed = self.spec.policy.root_threshold;
        let signed = u8::try_from(signed.len()).unwrap_or(u8::MAX);
        if signed < needed { Err(TrustError::Threshold { signed, needed }) } else { Ok(()) }
    }

    fn decode(bytes: &[u8]) -> Result<(Self, Sign<'_>), TrustError> {
        if bytes.len() > MAX_TRUST_LIST {
            return Err(TrustError::TooLong(bytes.len()));
        }
        let message = Sign::decode(bytes, TYP, MAX_MEMBERS)?;
        let spec = Decoder::all(message.payload(), decode_spec)?;
        let by_kid = check(&spec)?;
        let (digest, bytes, prepared) = (sha256(&[bytes]), bytes.to_vec(), Prepared::default());
        Ok((Self { spec, by_kid, digest, bytes, prepared }, message))
    }
}

fn decode_spec(d: &mut Decoder<'_>) -> Result<TrustListSpec, TrustError> {
    let mut map = d.map()?;
    map.require(d, 1)?;
    let federation = d.text()?.to_owned();
    map.require(d, 2)?;
    let sequence = d.uint()?;
    map.require(d, 3)?;
    let issued = d.time()?;
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

fn policy_values(policy: &Policy) -> [u32; 10] {
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
    let mut values = [0_u32; 10];
    for (key, value) in (1_i64..).zip(&mut values) {
        map.require(d, key)?;
        *value = d.uint()?;
    }
    map.end(d)?;
    let [roots, quorum, code_early, code_late, clock_suspect, status_fresh, status_max_age, rest @ ..] = values;
    let [annul_within, rescan_within, sync_within] = rest;
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
    rule(policy.status_fresh <= policy.status_max_age, "a fresh status list that is too old")?;
    rule(policy.code_early <= policy.clock_suspect, "a code that is early and suspect at once")?;
    by_kid.sort_unstable();
    for pair in by_kid.windows(2) {
        if let [(a, ..), (b, ..)] = pair
            && a == b
        {
            return Err(TrustError::DuplicateKid(*a));
        }
    }
    Ok(by_kid)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn id(code: u32) -> MemberId {
        MemberId::new(code).unwrap()
    }

    pub(crate) fn time(seconds: i64) -> UnixTime {
        UnixTime::new(seconds).unwrap()
    }

    /// The secret key of a member's role in the test federation.
    pub(crate) fn secret(member: u32, role: Role) -> SigningKey {
        let mut seed = [role as u8; 32];
        seed[..4].copy_from_slice(&member.to_be_bytes());
        SigningKey::from_seed(&seed)
    }

    pub(crate) fn key_entry(key: &SigningKey, role: Role) -> KeyEntry {
        KeyEntry { role, key: key.verifying_key(), not_before: time(1_000), not_after: time(2_000_000_000) }
    }

    pub(crate) fn city(code: u32) -> Member {
        let roles = [Role::Root, Role::Issuer, Role::Registrar, Role::Log, Role::Witness];
        Member {
            id: id(code),
            name_zh: "城".into(),
            name_en: format!("City {code}"),
            kind: MemberKind::City,
            keys: roles.into_iter().map(|role| key_entry(&secret(code, role), role)).collect(),
            suspended_from: None,
        }
    }

    pub(crate) const CITIES: [u32; 4] = [310_101, 320_100, 330_100, 340_100];

    /// Four cities and an auditor, issued at 1000.
    pub(crate) fn spec() -> TrustListSpec {
        let auditor = Member {
            keys: vec![key_entry(&secret(100_000, Role::Witness), Role::Witness)],
            kind: MemberKind::Auditor,
            ..city(100_000)
        };
        TrustListSpec {
            federation: "onecard.test".into(),
            sequence: 1,
            issued: time(1_000),
            expires: time(2_000_000_000),
            policy: Policy::default(),
            members: [vec![auditor], CITIES.into_iter().map(city).collect()].concat(),
        }
    }

    pub(crate) fn sign(spec: &TrustListSpec, roots: &[u32]) -> Vec<u8> {
        let keys: Vec<SigningKey> = roots.iter().map(|&code| secret(code, Role::Root)).collect();
        spec.sign(&keys.iter().collect::<Vec<_>>())
    }

    pub(crate) fn genesis(spec: &TrustListSpec, roots: &[u32]) -> Result<TrustList, TrustError> {
        let bytes = sign(spec, roots);
        TrustList::genesis(&bytes, &sha256(&[&bytes]))
    }

    /// The verified list of the test federation.
    pub(crate) fn list() -> TrustList {
        genesis(&spec(), &CITIES[..3]).unwrap()
    }

    #[test]
    fn three_of_four_roots_make_a_list() {
        let list = list();
        assert_eq!(list.spec, spec());
        assert_eq!(list.ledger_origin(id(310_101)), "onecard.test/310101");
        let two = genesis(&spec(), &CITIES[..2]).unwrap_err();
        assert_eq!(two, TrustError::Threshold { signed: 2, needed: 3 });
    }

    #[test]
    fn members_are_counted_not_signatures() {
        let mut spec = spec();
        let second = SigningKey::from_seed(&[77; 32]);
        spec.members[1].keys.push(key_entry(&second, Role::Root));
        let keys = [secret(310_101, Role::Root), second, secret(320_100, Role::Root)];
        let bytes = spec.sign(&keys.iter().collect::<Vec<_>>());
        let error = TrustList::genesis(&bytes, &sha256(&[&bytes])).unwrap_err();
        assert_eq!(error, TrustError::Threshold { signed: 2, needed: 3 });
    }

    #[test]
    fn a_signer_that_is_no_root_refuses_the_list() {
        let keys = [310_101, 320_100, 330_100].map(|code| secret(code, Role::Root));
        let issuer = secret(340_100, Role::Issuer);
        let bytes = spec().sign(&[&keys[0], &keys[1], &keys[2], &issuer]);
        let error = TrustList::genesis(&bytes, &sha256(&[&bytes])).unwrap_err();
        assert_eq!(error, TrustError::Signer(issuer.verifying_key().kid()));
    }

    #[test]
    fn every_byte_of_a_list_counts() {
        let bytes = sign(&spec(), &CITIES[..3]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(TrustList::genesis(&changed, &sha256(&[&changed])).is_err(), "byte {at}");
            assert!(TrustList::genesis(&changed, &sha256(&[&bytes])).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_first_list_is_pinned() {
        let bytes = sign(&spec(), &CITIES[..3]);
        assert_eq!(TrustList::genesis(&bytes, &sha256(&[b"other"])).unwrap_err(), TrustError::Anchor);
        let later = TrustListSpec { sequence: 2, ..spec() };
        assert_eq!(genesis(&later, &CITIES[..3]).unwrap_err(), TrustError::Sequence { current: 0, found: 2 });
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |change: fn(&mut TrustListSpec)| {
            let mut spec = spec();
            change(&mut spec);
            genesis(&spec, &CITIES).unwrap_err()
        };
        let rule = |change| matches!(refused(change), TrustError::Rule(_));
        assert!(rule(|spec| spec.members.swap(1, 2)));
        assert!(rule(|spec| spec.members[0].keys.push(key_entry(&SigningKey::from_seed(&[5; 32]), Role::Issuer))));
        assert!(rule(|spec| spec.policy.root_threshold = 0));
        assert!(rule(|spec| spec.policy.root_threshold = 5));
        assert!(rule(|spec| spec.policy.witness_quorum = 6));
        assert!(rule(|spec| spec.policy.status_fresh = u32::MAX));
        assert!(rule(|spec| spec.expires = time(1)));
        assert!(rule(|spec| spec.federation = "One Card".into()));
        assert!(rule(|spec| spec.federation.clear()));
        assert!(rule(|spec| spec.members[1].keys[1].not_after = time(1)));
        let twice = |change| matches!(refused(change), TrustError::DuplicateKid(_));
        assert!(twice(|spec| spec.members[1].keys[1].key = spec.members[1].keys[2].key), "a key in two roles");
        assert!(twice(|spec| spec.members[1].keys[1].key = spec.members[2].keys[1].key), "a key in two members");
    }

    #[test]
    fn an_update_needs_both_thresholds_and_the_next_sequence() {
        let list = list();
        // Hefei's root is replaced; the three others and the new root sign.
        let mut next = TrustListSpec { sequence: 2, issued: time(2_000), ..spec() };
        let new_root = SigningKey::from_seed(&[99; 32]);
        next.members[4].keys[0] = key_entry(&new_root, Role::Root);
        let old = CITIES.map(|code| secret(code, Role::Root));
        assert_eq!(list.update(&next.sign(&[&old[0], &old[1], &old[2]])).unwrap().sequence(), 2);
        assert_eq!(list.update(&next.sign(&[&old[0], &old[1], &old[3], &new_root])).unwrap().sequence(), 2);
        let short = list.update(&next.sign(&[&old[0], &old[1], &new_root])).unwrap_err();
        assert_eq!(short, TrustError::Threshold { signed: 2, needed: 3 }, "the old list's threshold");
        let short = list.update(&next.sign(&[&old[0], &old[1], &old[3]])).unwrap_err();
        assert_eq!(short, TrustError::Threshold { signed: 2, needed: 3 }, "the new list's threshold");
        for sequence in [1, 3, u64::MAX] {
            let other = TrustListSpec { sequence, ..next.clone() };
            let error = list.update(&other.sign(&[&old[0], &old[1], &old[2]])).unwrap_err();
            assert_eq!(error, TrustError::Sequence { current: 1, found: sequence });
        }
        let earlier = TrustListSpec { issued: time(999), ..next.clone() };
        assert!(list.update(&earlier.sign(&[&old[0], &old[1], &old[2]])).is_err());
        let elsewhere = TrustListSpec { federation: "other.test".into(), ..next };
        assert!(list.update(&elsewhere.sign(&[&old[0], &old[1], &old[2]])).is_err());
    }

    #[test]
    fn an_update_is_not_issued_before_the_list_it_follows() {
        // All keys are valid at both times: nothing but the order is wrong.
        let list = genesis(&TrustListSpec { issued: time(2_000), ..spec() }, &CITIES[..3]).unwrap();
        let update = |issued| {
            let next = TrustListSpec { sequence: 2, issued: time(issued), ..spec() };
            list.update(&sign(&next, &CITIES[..3])).map(|list| list.sequence())
        };
        assert_eq!(update(2_000), Ok(2));
        assert_eq!(update(1_999), Err(TrustError::Rule("issued before the list it follows")));
    }

    #[test]
    fn keys_are_found_by_role_and_time() {
        let mut spec = spec();
        spec.members[2].suspended_from = Some(time(5_000));
        let list = genesis(&spec, &CITIES[..3]).unwrap();
        let kid = |code, role| secret(code, role).verifying_key().kid();
        let issuer = kid(310_101, Role::Issuer);
        assert_eq!(list.key(issuer, Role::Issuer, time(1_000)).unwrap().0.id, id(310_101));
        assert_eq!(list.key(issuer, Role::Root, time(1_000)).unwrap_err(), TrustError::WrongRole(issuer));
        assert_eq!(list.key(issuer, Role::Issuer, time(999)).unwrap_err(), TrustError::KeyTime(issuer));
        assert_eq!(list.key(issuer, Role::Issuer, time(2_000_000_001)).unwrap_err(), TrustError::KeyTime(issuer));
        let suspended = kid(320_100, Role::Issuer);
        assert!(list.key(suspended, Role::Issuer, time(4_999)).is_ok());
        assert_eq!(list.key(suspended, Role::Issuer, time(5_000)).unwrap_err(), TrustError::KeyTime(suspended));
        let unknown = SigningKey::from_seed(&[1; 32]).verifying_key().kid();
        assert_eq!(list.key(unknown, Role::Issuer, time(1_000)).unwrap_err(), TrustError::UnknownKey(unknown));
    }
}
