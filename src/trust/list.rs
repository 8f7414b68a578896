//! The trust list: the members, their keys by role, and the federation's policy.
//!
//! Signed as `COSE_Sign` (tag 98) by the roots of its members. The first list is pinned by its
//! digest; each later one must be accepted by the threshold of the list before it and by its own.

use super::age::{Age, Limits};
use super::error::TrustError;
use super::member::{KeyEntry, Member, Role};
use super::policy::Policy;
use super::prepared::Prepared;
use super::spec::{Head, TYP, TrustListSpec, check, decode_spec};
use crate::crypto::{Hash, Kid, Verifier, sha256};
use crate::id::{GateId, MemberId};
use crate::limits::{MAX_MEMBERS, MAX_TRUST_LIST};
use crate::time::UnixTime;
use crate::wire::cbor::Decoder;
use crate::wire::cose::Sign;

/// A verified trust list.
#[derive(Clone, Debug)]
pub struct TrustList {
    pub(super) spec: TrustListSpec,
    /// Every key by its id, ascending: member and key position.
    pub(super) by_kid: Vec<(Kid, usize, usize)>,
    digest: Hash,
    bytes: Vec<u8>,
    pub(super) prepared: Prepared,
}

impl TrustList {
    /// Most keys of a list that have a table: 40 MiB.
    pub const MAX_PREPARED: usize = 64;

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

    /// Makes tables for the keys of `role` that are not past their validity at `at`, the first
    /// [`TrustList::MAX_PREPARED`] of them, in place of those made before; a table that is there is kept.
    ///
    /// Each takes 640 KiB and as long as some twenty verifications. Gates and auditors want the issuers'
    /// keys, whoever loads many gate certificates the registrars'. A list that follows by
    /// [`TrustList::update`] is prepared for the same role at its issue time. Nothing is accepted or
    /// refused for it.
    pub fn prepare(&mut self, role: Role, at: UnixTime) {
        let mut prepared = core::mem::take(&mut self.prepared);
        let keys = self.keys(role).map(|(_, entry)| entry).filter(|entry| at <= entry.not_after);
        prepared.make(role, keys.take(Self::MAX_PREPARED).map(|entry| entry.key));
        self.prepared = prepared;
    }

    /// The key of an entry with its table, if there is one. Role and validity are not judged here: see
    /// [`TrustList::key`].
    #[must_use]
    pub fn verifier<'a>(&'a self, entry: &'a KeyEntry) -> Verifier<'a> {
        self.prepared.verifier(&entry.key)
    }

    /// Prepares this list as the one it follows was.
    pub(super) fn prepare_like(mut self, before: &Self) -> Self {
        if let Some(role) = before.prepared.role() {
            self.prepared = before.prepared.clone();
            self.prepare(role, self.issued());
        }
        self
    }

    pub(super) fn find(&self, kid: Kid) -> Option<(&Member, &KeyEntry)> {
        let at = self.by_kid.binary_search_by_key(&kid, |(kid, ..)| *kid).ok()?;
        let (_, member, key) = self.by_kid.get(at)?;
        let member = self.spec.members.get(*member)?;
        Some((member, member.keys.get(*key)?))
    }

    /// Counts the distinct members of this list whose roots signed `message`. A signer must be a
    /// root of this list or of `other`; a signature that does not verify refuses the message.
    pub(super) fn count(&self, message: &Sign<'_>, other: &Self, at: UnixTime) -> Result<(), TrustError> {
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

    pub(super) fn threshold(&self, signed: &[MemberId]) -> Result<(), TrustError> {
        let needed = self.spec.policy.root_threshold;
        let signed = u8::try_from(signed.len()).unwrap_or(u8::MAX);
        if signed < needed { Err(TrustError::Threshold { signed, needed }) } else { Ok(()) }
    }

    /// Decodes a list; `first` judges its head and its signatures before the rest is read.
    pub(super) fn decode<'a>(
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
pub(super) fn sized(bytes: &[u8]) -> Result<Hash, TrustError> {
    if bytes.len() > MAX_TRUST_LIST { Err(TrustError::TooLong(bytes.len())) } else { Ok(sha256(&[bytes])) }
}

#[cfg(test)]
#[path = "tests/list.rs"]
pub(crate) mod tests;
