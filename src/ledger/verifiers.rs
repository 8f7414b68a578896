//! Which note keys the trust list gives to whom.
//!
//! A log's key name is its origin; a witness's is `<federation>/<member>/witness`. A member's own
//! witness does not count for its own ledger: it would vouch for itself. While a member changes a
//! key it may have two of a role at once, and either will do.

use crate::crypto::SigningKey;
use crate::id::MemberId;
use crate::time::UnixTime;
use crate::tlog::{KeyKind, KeyName, LogKey, NoteError, NoteVerifier, Watch};
use crate::trust::{GateCertificate, KeyEntry, Member, Role, TrustHistory, TrustList};

/// The keys that may sign a member's ledger at `at`, in the order of the list.
#[must_use]
pub fn log_verifiers(trust: &TrustList, member: MemberId, at: UnixTime) -> Vec<NoteVerifier> {
    let own = trust.keys(Role::Log).filter(|(owner, entry)| owner.id == member && covers(owner, entry, at));
    own.filter_map(|(_, entry)| ledger_key(trust, member, entry)).collect()
}

/// The keys whose cosignatures may count for `member`'s ledger at `at`, those of one member together.
#[must_use]
pub fn witness_verifiers(trust: &TrustList, member: MemberId, at: UnixTime) -> Vec<NoteVerifier> {
    let others = trust.keys(Role::Witness).filter(|(owner, entry)| owner.id != member && covers(owner, entry, at));
    others.filter_map(|(owner, entry)| witness_key(trust, owner, entry)).collect()
}

/// Every key that any of the lists gives to a member's ledger. What one of them signed is verified
/// by it; whether it could sign then is another question.
pub(super) fn every_log_key(trust: &TrustHistory, member: MemberId) -> Vec<NoteVerifier> {
    let mut keys: Vec<NoteVerifier> = Vec::new();
    for list in trust.lists() {
        let own = list.keys(Role::Log).filter(|(owner, _)| owner.id == member);
        for key in own.filter_map(|(_, entry)| ledger_key(list, member, entry)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

/// Every witness key that any of the lists gives to a member other than `member`, with that member.
pub(super) fn every_witness_key(trust: &TrustHistory, member: MemberId) -> (Vec<MemberId>, Vec<NoteVerifier>) {
    let (mut owners, mut keys) = (Vec::new(), Vec::new());
    for list in trust.lists() {
        for (owner, entry) in list.keys(Role::Witness).filter(|(owner, _)| owner.id != member) {
            if let Some(key) = witness_key(list, owner, entry)
                && !keys.contains(&key)
            {
                owners.push(owner.id);
                keys.push(key);
            }
        }
    }
    (owners, keys)
}

/// What a witness needs to follow a member's ledger from `at` on, and to read what it kept of it.
///
/// # Errors
/// None for verified trust lists, whose domain is a key name.
pub fn watch(trust: &TrustHistory, member: MemberId, log: LogKey, at: UnixTime) -> Result<Watch, NoteError> {
    let keys = log_verifiers(trust.at(at), member, at);
    let origin = KeyName::new(&trust.newest().ledger_origin(member))?;
    let mut retired = every_log_key(trust, member);
    retired.retain(|key| !keys.contains(key));
    Ok(Watch { log, origin, keys, retired })
}

/// The key name of a member's witness.
///
/// # Errors
/// None for a verified trust list, whose domain is a key name.
pub fn witness_name(trust: &TrustList, member: MemberId) -> Result<KeyName, NoteError> {
    KeyName::new(&format!("{}/{member}/witness", trust.federation()))
}

/// The key that signs a gate's journal.
///
/// # Errors
/// None for a verified trust list, whose domain is a key name.
pub fn journal_verifier(trust: &TrustList, certificate: &GateCertificate) -> Result<NoteVerifier, NoteError> {
    NoteVerifier::new(&trust.journal_origin(certificate.gate()), KeyKind::Ed25519, *certificate.key())
}

/// Whether `trust` gives `member` this log key, at `last` or later.
pub(super) fn gives(trust: &TrustList, member: MemberId, key: &SigningKey, last: Option<UnixTime>) -> bool {
    let public = key.verifying_key();
    let in_time = |owner: &Member, entry: &KeyEntry| {
        last.is_none_or(|last| last <= entry.not_after && owner.suspended_from.is_none_or(|from| last < from))
    };
    let own = |(owner, entry): (&Member, &KeyEntry)| owner.id == member && entry.key == public && in_time(owner, entry);
    trust.keys(Role::Log).any(own)
}

fn ledger_key(trust: &TrustList, member: MemberId, entry: &KeyEntry) -> Option<NoteVerifier> {
    NoteVerifier::new(&trust.ledger_origin(member), KeyKind::Ed25519, entry.key).ok()
}

fn witness_key(trust: &TrustList, owner: &Member, entry: &KeyEntry) -> Option<NoteVerifier> {
    let name = witness_name(trust, owner.id).ok()?;
    NoteVerifier::new(name.as_str(), KeyKind::Cosignature, entry.key).ok()
}

/// As [`TrustList::key`] has it: nothing counts of a member that is suspended.
fn covers(owner: &Member, entry: &KeyEntry, at: UnixTime) -> bool {
    entry.not_before <= at && at <= entry.not_after && owner.suspended_from.is_none_or(|from| at < from)
}

#[cfg(test)]
#[path = "tests/verifiers.rs"]
mod tests;
