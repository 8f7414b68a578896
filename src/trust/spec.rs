//! The content of a trust list: how it is written and read, and what holds of every one, whoever signs it.
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

use super::error::TrustError;
use super::member::{MEMBER, Member, MemberKind, Role, check_same_use, decode_member, encode_member};
use super::policy::{POLICY, Policy, decode_policy, encode_policy};
use crate::crypto::{Kid, SigningKey};
use crate::limits::{MAX_MEMBERS, MAX_NOTE_SIGNATURES};
use crate::time::UnixTime;
use crate::wire::cbor::{Decoder, Encoder};
use crate::wire::cose::{self, Typ};
use crate::wire::shape::Shape;

pub(super) const TYP: Typ = Typ::MediaType("application/vnd.onecard.trust-list+cbor");
/// Longest federation domain: it is the audience of a code shown without a challenge.
pub(super) const MAX_FEDERATION: usize = 63;
const MAX_NAME: usize = 64;

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
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "federation", Shape::Any),
        (2, "sequence", Shape::Any),
        (3, "issued", Shape::Time),
        (4, "expires", Shape::Time),
        (5, "policy", Shape::Map(&POLICY)),
        (6, "members", Shape::List(&MEMBER)),
    ]);
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
    /// Whether they are enough is for [`TrustList::genesis`](super::TrustList::genesis) and [`TrustList::update`](super::TrustList::update) to say, and whether the
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
            encode_member(&mut out, member);
        }
        out.finish()
    }
}

/// What a list says of itself before it names members.
pub(super) struct Head<'a> {
    pub(super) federation: &'a str,
    pub(super) sequence: u64,
    pub(super) issued: UnixTime,
}

pub(super) fn decode_spec(
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

/// The rules a list must keep whoever signed it. Returns the index of its keys.
pub(super) fn check(spec: &TrustListSpec) -> Result<Vec<(Kid, usize, usize)>, TrustError> {
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
pub(super) fn check_kids(spec: &TrustListSpec, by_kid: &[(Kid, usize, usize)]) -> Result<(), TrustError> {
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
