//! The segment: the run of journal records that a gate hands to its city, with the gate's checkpoint
//! over them.
//!
//! ```cddl
//! segment = {
//!   1: bstr,                       ; gate certificate
//!   2: tstr,                       ; the gate's checkpoint, a signed note
//!   3: uint,                       ; index of the first record
//!   4: [* [bstr, bstr / null]],    ; body and evidence of each record up to the checkpoint
//! }
//! ```
//!
//! Nothing here is verified: whoever ingests a segment verifies certificate, checkpoint and chain.

use crate::limits::{MAX_BODY, MAX_GATE_CERTIFICATE, MAX_NOTE, MAX_PRESENTATION, MAX_SEGMENT};
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use crate::wire::shape::Shape;

/// A segment cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// Longer than any segment.
    #[error("the segment has {0} bytes, more than {MAX_SEGMENT}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("segment: {0}")]
    Cbor(#[from] CborError),
}

/// A run of journal records, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The certificate of the gate.
    pub certificate: Vec<u8>,
    /// The gate's checkpoint over its journal up to the last record.
    pub checkpoint: String,
    /// Index of the first record.
    pub first: u64,
    /// The records.
    pub records: Vec<SegmentRecord>,
}

impl Segment {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "certificate", Shape::Any),
        (2, "checkpoint", Shape::Any),
        (3, "first record", Shape::Any),
        (4, "records", Shape::List(&Shape::Tuple(&[("body", Shape::Any), ("evidence", Shape::Any)]))),
    ]);
}

/// One record of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRecord {
    /// The encoded record.
    pub body: Vec<u8>,
    /// What was shown, where the record is a redemption and its evidence is kept.
    pub evidence: Option<Vec<u8>>,
}

impl Segment {
    /// The encoded segment.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(4);
        out.int(1).bytes(&self.certificate);
        out.int(2).text(&self.checkpoint);
        out.int(3).uint(self.first);
        out.int(4).array(self.records.len());
        for record in &self.records {
            out.array(2).bytes(&record.body);
            match &record.evidence {
                Some(evidence) => out.bytes(evidence),
                None => out.null(),
            };
        }
        out.finish()
    }

    /// Decodes a segment.
    ///
    /// # Errors
    /// [`SegmentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SegmentError> {
        if bytes.len() > MAX_SEGMENT {
            return Err(SegmentError::TooLong(bytes.len()));
        }
        Decoder::all(bytes, |d| {
            let mut map = d.map()?;
            map.require(d, 1)?;
            let certificate = d.bytes_up_to(MAX_GATE_CERTIFICATE)?.to_vec();
            map.require(d, 2)?;
            let at = d.error(CborErrorKind::Range);
            let checkpoint = d.text()?;
            if checkpoint.len() > MAX_NOTE {
                return Err(at.into());
            }
            map.require(d, 3)?;
            let first = d.uint()?;
            map.require(d, 4)?;
            let count = d.array()?;
            let mut records = Vec::new();
            for _ in 0..count {
                d.array_of(2)?;
                let body = d.bytes_up_to(MAX_BODY)?.to_vec();
                let evidence = if d.null() { None } else { Some(d.bytes_up_to(MAX_PRESENTATION)?.to_vec()) };
                records.push(SegmentRecord { body, evidence });
            }
            map.end(d)?;
            Ok(Self { certificate, checkpoint: checkpoint.to_owned(), first, records })
        })
    }
}

#[cfg(test)]
#[path = "tests/segment.rs"]
mod tests;
