//! When a ledger's checkpoint became final.
//!
//! A log's signature bears no time, a cosignature does: it says that the checkpoint was there, signed,
//! at that second. So the keys are judged as of each cosignature, by the trust list in force then:
//! the witness's, and the log's that it vouches for. What a retired key signs later finds no witness
//! any more, and what was final stays final whatever becomes of the keys.

use super::verifiers::{every_log_key, every_witness_key};
use crate::id::MemberId;
use crate::time::UnixTime;
use crate::tlog::{KeyId, NoteError, NoteVerifier, SignedCheckpoint};
use crate::trust::{Role, TrustHistory};

/// One cosignature on a ledger's checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Whose witness made it.
    pub member: MemberId,
    /// When, by its own word.
    pub time: UnixTime,
    /// Whether it counts: its key and the log's key were valid then, by a list that had not expired.
    pub counts: bool,
}

/// A ledger's checkpoint that the ledger signed, with what its cosignatures come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerCheckpoint {
    signed: SignedCheckpoint,
    cosignatures: Vec<Cosignature>,
    final_at: Option<UnixTime>,
    unknown: Vec<(String, Option<KeyId>)>,
}

impl LedgerCheckpoint {
    /// Verifies a note as a checkpoint of `member`'s ledger, under any key that the ledger had.
    ///
    /// # Errors
    /// [`NoteError`]: malformed, of another log, not signed by it, or with a line of a known witness
    /// that does not verify.
    pub fn verify(note: &[u8], trust: &TrustHistory, member: MemberId) -> Result<Self, NoteError> {
        let logs = every_log_key(trust, member);
        let signed = SignedCheckpoint::verify_any(note, &logs)?;
        let witnesses = Witnesses::of(trust, member, &logs, &signed);
        let mut cosignatures = Vec::new();
        for (at, time) in signed.cosignatures(&witnesses.keys)? {
            let Some(&member) = witnesses.owners.get(at) else { continue };
            cosignatures.push(Cosignature { member, time, counts: witnesses.counts(at, time) });
        }
        cosignatures.sort_by_key(|cosignature| (cosignature.time, cosignature.member));
        let final_at = final_at(&cosignatures, trust);
        let unknown = signed.unknown_lines(&witnesses.keys);
        Ok(Self { signed, cosignatures, final_at, unknown })
    }

    /// The checkpoint.
    #[must_use]
    pub const fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// The cosignatures of witnesses that are or were in the trust list, in order of time.
    #[must_use]
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }

    /// When it became final: the time of the cosignature that made the quorum full.
    #[must_use]
    pub const fn final_at(&self) -> Option<UnixTime> {
        self.final_at
    }

    /// Signature lines of keys that were never in the trust list: name and key id. The member's own
    /// witness is among them, since it says nothing about its own ledger.
    #[must_use]
    pub fn unknown_lines(&self) -> &[(String, Option<KeyId>)] {
        &self.unknown
    }
}

/// Whose cosignatures a checkpoint of one ledger may have: every witness key of any list.
pub(super) struct Witnesses<'a> {
    pub(super) keys: Vec<NoteVerifier>,
    owners: Vec<MemberId>,
    trust: &'a TrustHistory,
    member: MemberId,
    /// The log's key that signed the checkpoint.
    log: Option<NoteVerifier>,
}

impl<'a> Witnesses<'a> {
    /// Those of a checkpoint of `member`'s ledger that one of `logs`, every key it had, signed.
    pub(super) fn of(
        trust: &'a TrustHistory,
        member: MemberId,
        logs: &[NoteVerifier],
        signed: &SignedCheckpoint,
    ) -> Self {
        let (owners, keys) = every_witness_key(trust, member);
        let log = logs.iter().find(|log| log.id() == signed.signer()).cloned();
        Self { keys, owners, trust, member, log }
    }

    /// Whether a cosignature of the key at this place counts when it is of this time.
    pub(super) fn counts(&self, at: usize, time: UnixTime) -> bool {
        let list = self.trust.at(time);
        let valid = |owner: MemberId, key: &NoteVerifier, role: Role| {
            list.key(key.key().kid(), role, time).is_ok_and(|(member, _)| member.id == owner)
        };
        let witness = self.owners.get(at).zip(self.keys.get(at));
        !list.has_expired(time)
            && witness.is_some_and(|(owner, key)| valid(*owner, key, Role::Witness))
            && self.log.as_ref().is_some_and(|log| valid(self.member, log, Role::Log))
    }
}

/// The first time by which as many distinct members had cosigned as the list in force then asks for.
fn final_at(cosignatures: &[Cosignature], trust: &TrustHistory) -> Option<UnixTime> {
    let mut members: Vec<MemberId> = Vec::new();
    for Cosignature { member, time, .. } in cosignatures.iter().filter(|cosignature| cosignature.counts) {
        if !members.contains(member) {
            members.push(*member);
        }
        if members.len() >= usize::from(trust.at(*time).policy().witness_quorum) {
            return Some(*time);
        }
    }
    None
}
