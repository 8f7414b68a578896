//! A gate seals its journal and hands it over to its city.

use super::error::JournalError;
use super::gate::Gate;
use super::segment::{Segment, SegmentRecord};
use crate::limits::{MAX_PRESENTATION, MAX_SEGMENT};
use crate::tlog::{Checkpoint, LogError, SignedCheckpoint, Storage};

/// What would be longer, with the longest evidence there may be, is handed over in parts: what gate and city need
/// in memory stays small, and within the cap, however long the gate was offline.
const LONG_SEGMENT: usize = MAX_SEGMENT / 4;

impl<S: Storage> Gate<S> {
    /// Signs a checkpoint over all that was recorded since the last one, and keeps it.
    ///
    /// Returns `None` when nothing was.
    ///
    /// # Errors
    /// The store's; the checkpoint then never leaves the gate.
    pub fn seal(&mut self) -> Result<Option<SignedCheckpoint>, JournalError<S::Error>> {
        self.recover()?;
        if self.log.size() == self.state.sealed {
            return Ok(None);
        }
        let signed = SignedCheckpoint::sign(self.log.checkpoint(), &self.key);
        let mut batch = self.log.begin();
        batch.seal(&signed).map_err(|_| JournalError::Stale)?;
        self.commit(batch, Vec::new())?;
        self.state.sealed = self.log.size();
        Ok(Some(signed))
    }

    /// The records from `first` on, for the city that has those before: up to the last seal, or as many as a
    /// segment should have. After days offline, ask again from where it ends until there is none.
    ///
    /// Returns `None` when there are none.
    ///
    /// # Errors
    /// The store's.
    pub fn segment(&self, first: u64) -> Result<Option<Segment>, JournalError<S::Error>> {
        self.segment_within(first, LONG_SEGMENT)
    }

    fn segment_within(&self, first: u64, most: usize) -> Result<Option<Segment>, JournalError<S::Error>> {
        // Part of it is signed here.
        self.storage.same_process().map_err(LogError::Storage)?;
        let sealed = self.state.sealed;
        let Some(note) = self.log.kept_checkpoint(&self.storage)?.filter(|_| first < sealed) else { return Ok(None) };
        let (mut records, mut length) = (Vec::new(), 0_usize);
        self.log.replay(&self.storage, first..sealed, |_, body| {
            length = length.saturating_add(body.len()).saturating_add(MAX_PRESENTATION);
            let room = length <= most || records.is_empty();
            if room {
                records.push(SegmentRecord { body: body.to_vec(), evidence: None });
            }
            room
        })?;
        for (index, record) in (first..).zip(&mut records) {
            record.evidence = self.log.attachment(&self.storage, index)?;
        }
        let end = first.saturating_add(records.len() as u64);
        let checkpoint = if end < sealed {
            // An earlier state of what was sealed, so no other history.
            let (origin, root) = (self.log.origin().clone(), self.log.root_at(&self.storage, end)?);
            Checkpoint { origin, size: end, root }.sign(&self.key)
        } else {
            String::from_utf8_lossy(&note).into_owned()
        };
        Ok(Some(Segment { certificate: self.certificate.as_bytes().to_vec(), checkpoint, first, records }))
    }
}

#[cfg(test)]
#[path = "tests/handover.rs"]
mod tests;
