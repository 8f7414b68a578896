//! What a member says in its ledger: gates enrolled and retired, lists, peers, reversals, gaps, statements.

use super::entry::{Announcement, Entry};
use super::error::RecordEntryError;
use super::ledger::Ledger;
use super::verifiers::log_verifiers;
use crate::crypto::Hash;
use crate::gate::{ClocksSet, Record};
use crate::time::UnixTime;
use crate::tlog::{NoteVerifier, SignedCheckpoint, Storage};
use crate::trust::{GateCertificate, TrustError};

impl<S: Storage> Ledger<S> {
    /// Adopts the trust list that follows the one in force. From its entry on, the ledger works under
    /// it. One that has expired meanwhile is adopted too, on the way to the one that has not.
    ///
    /// # Errors
    /// [`RecordEntryError::Trust`] for a list that does not follow or is not issued yet,
    /// [`RecordEntryError::OtherTrustList`] where the ledger was opened with another one of that sequence,
    /// [`LedgerError::Clock`](super::LedgerError::Clock), or the store's.
    pub fn adopt(&mut self, list: &[u8], now: UnixTime) -> Result<u64, RecordEntryError<S::Error>> {
        let now = self.check(now)?;
        let next = self.trust().update(list)?;
        let (sequence, digest) = (next.sequence(), next.digest());
        if now < next.issued() {
            return Err(TrustError::NotYetIssued(next.issued()).into());
        }
        if self.trust.list(sequence).is_none() {
            self.trust.push(list)?;
        }
        self.record(Announcement::TrustAdopted { sequence, digest }, now)
    }

    /// Enrols a gate.
    ///
    /// # Errors
    /// [`RecordEntryError::Certificate`], [`RecordEntryError::Gate`], [`RecordEntryError::Trust`] under a trust list
    /// that has expired, [`LedgerError::Clock`](super::LedgerError::Clock), or the store's.
    pub fn enrol(&mut self, certificate: &[u8], now: UnixTime) -> Result<u64, RecordEntryError<S::Error>> {
        self.trust().check_time(now)?;
        let verified = GateCertificate::verify(certificate, self.trust())?;
        let gate = verified.gate();
        if gate.member != self.member || self.journals.contains_key(&gate.number) {
            return Err(RecordEntryError::Gate(gate));
        }
        Ok(self.append(Entry::GateEnrolled { certificate: certificate.to_vec() }, now)?)
    }

    /// Retires a gate: nothing new of it is taken from now on, not even what it sealed before. A
    /// checkpoint bears no time and the key may be in other hands, so nobody could know which came
    /// first. Fetch the last segment before, or declare a gap after.
    ///
    /// # Errors
    /// [`RecordEntryError::Gate`], [`RecordEntryError::Retired`], [`LedgerError::Clock`](super::LedgerError::Clock), or the store's.
    pub fn retire(&mut self, gate: u32, now: UnixTime) -> Result<u64, RecordEntryError<S::Error>> {
        if self.journal(gate).map_err(RecordEntryError::Gate)?.retired {
            return Err(RecordEntryError::Retired(self.gate_id(gate)));
        }
        Ok(self.append(Entry::GateRetired { gate }, now)?)
    }

    /// Records that a list was adopted or published, a peer's checkpoint seen, a redemption reversed,
    /// a gap declared, or a statement agreed to.
    ///
    /// Refused is what this ledger itself shows to be wrong: a trust list other than the one in force
    /// and the next of its history, a reversal of anything but a redemption that stands, the loss of a
    /// record that is here, a checkpoint that no peer signed. Whether a digest is that of a catalogue,
    /// a status list or a statement is for the caller to know.
    ///
    /// # Errors
    /// [`RecordEntryError::Gate`], [`RecordEntryError::Retired`],
    /// [`RecordEntryError::OtherTrustList`], [`RecordEntryError::Trust`], [`RecordEntryError::NoRedemption`],
    /// [`RecordEntryError::NotLost`], [`RecordEntryError::Peer`], [`LedgerError::Refused`](super::LedgerError::Refused),
    /// [`LedgerError::Clock`](super::LedgerError::Clock), or the store's.
    pub fn record(&mut self, announced: Announcement, now: UnixTime) -> Result<u64, RecordEntryError<S::Error>> {
        let now = self.check(now)?;
        match &announced {
            Announcement::Reversal { gate, index } => self.check_reversal(*gate, *index)?,
            Announcement::GapDeclared { gate, from, .. } => {
                let size = self.journal(*gate).map_err(RecordEntryError::Gate)?.log.size();
                if *from < size {
                    return Err(RecordEntryError::NotLost { gate: self.gate_id(*gate), size });
                }
            }
            Announcement::PeerSeen { checkpoint } => self.check_peer(checkpoint, now)?,
            Announcement::TrustAdopted { sequence, digest } => self.check_adoption(*sequence, *digest, now)?,
            _ => {}
        }
        Ok(self.append(Entry::Announced(announced), now)?)
    }

    /// A redemption can be reversed once, and only where it stands.
    fn check_reversal(&self, gate: u32, index: u64) -> Result<(), RecordEntryError<S::Error>> {
        let journal = self.journal(gate).map_err(RecordEntryError::Gate)?;
        let refused = RecordEntryError::NoRedemption { gate: self.gate_id(gate), index };
        if index >= journal.log.size() || journal.reversed.contains(&index) {
            return Err(refused);
        }
        let body = journal.log.body(&self.storage, index)?;
        let Ok(Record::Redeemed(redemption)) = Record::decode(&body) else { return Err(refused) };
        let (mut stands, mut clocks) = (true, ClocksSet::default());
        // Which list the gate had, only an audit asks: what was in time by any of them may be annulled.
        let within = self.trust.lists().map(|list| list.policy().annul_within).max().unwrap_or(0);
        journal.log.replay(&self.storage, index..journal.log.size(), |at, body| {
            match Record::decode(body) {
                Ok(Record::Annulled { time, index: annulled }) if annulled == index => {
                    stands = !clocks.may_annul(index, redemption.time, time, within);
                }
                Ok(record) => clocks.learn(at, &record),
                Err(_) => {}
            }
            stands
        })?;
        if stands { Ok(()) } else { Err(refused) }
    }

    /// A peer's checkpoint is signed by the ledger of another member, with a key that is good now.
    fn check_peer(&self, note: &str, now: UnixTime) -> Result<(), RecordEntryError<S::Error>> {
        let trust = self.trust();
        trust.check_time(now)?;
        let peers = trust.members().iter().filter(|member| member.id != self.member);
        let keys: Vec<NoteVerifier> = peers.flat_map(|member| log_verifiers(trust, member.id, now)).collect();
        SignedCheckpoint::verify_any(note.as_bytes(), &keys).map(drop).map_err(RecordEntryError::Peer)
    }

    /// A trust list is adopted again, or the one after it, and not before it is issued.
    fn check_adoption(&self, sequence: u64, digest: Hash, now: UnixTime) -> Result<(), RecordEntryError<S::Error>> {
        let list = self.trust.list(sequence).filter(|list| list.digest() == digest);
        let next = sequence == self.adopted || Some(sequence) == self.adopted.checked_add(1);
        let list = list.filter(|_| next).ok_or(RecordEntryError::OtherTrustList(sequence))?;
        if now < list.issued() {
            return Err(TrustError::NotYetIssued(list.issued()).into());
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests/record.rs"]
mod tests;
