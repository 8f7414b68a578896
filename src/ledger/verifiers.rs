//! Which note keys the trust list gives to whom.
//!
//! A log's key name is its origin; a witness's is `<federation>/<member>/witness`. A member's own
//! witness does not count for its own ledger: it would vouch for itself.

use crate::id::MemberId;
use crate::time::UnixTime;
use crate::tlog::{KeyKind, KeyName, NoteError, NoteVerifier};
use crate::trust::{GateCertificate, KeyEntry, Member, Role, TrustList};

/// The key that signs a member's ledger at `at`, if the member has one then.
#[must_use]
pub fn log_verifier(trust: &TrustList, member: MemberId, at: UnixTime) -> Option<NoteVerifier> {
    let (_, entry) = trust.keys(Role::Log).find(|(owner, entry)| owner.id == member && covers(owner, entry, at))?;
    NoteVerifier::new(&trust.ledger_origin(member), KeyKind::Ed25519, entry.key).ok()
}

/// The witnesses whose cosignatures count for `member`'s ledger at `at`, one for each other member.
#[must_use]
pub fn witness_verifiers(trust: &TrustList, member: MemberId, at: UnixTime) -> Vec<NoteVerifier> {
    let mut owners: Vec<MemberId> = Vec::new();
    let mut verifiers = Vec::new();
    for (owner, entry) in trust.keys(Role::Witness) {
        let counts = owner.id != member && covers(owner, entry, at) && !owners.contains(&owner.id);
        let name = witness_name(trust, owner.id);
        if counts
            && let Ok(name) = name
            && let Ok(verifier) = NoteVerifier::new(name.as_str(), KeyKind::Cosignature, entry.key)
        {
            owners.push(owner.id);
            verifiers.push(verifier);
        }
    }
    verifiers
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

/// As [`TrustList::key`] has it: nothing counts of a member that is suspended.
fn covers(owner: &Member, entry: &KeyEntry, at: UnixTime) -> bool {
    entry.not_before <= at && at <= entry.not_after && owner.suspended_from.is_none_or(|from| at < from)
}
