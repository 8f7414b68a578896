//! Entries of a city ledger, in deterministic CBOR.
//!
//! ```cddl
//! entry = [0, time, bstr]                     ; gate enrolled: its certificate
//!       / [1, time, uint]                     ; gate retired: its number
//!       / [2, time, uint, digest]             ; trust list adopted: sequence, SHA-256
//!       / [3, time, uint, digest]             ; catalogue published: sequence, SHA-256
//!       / [4, time, tstr, time, digest]       ; status list published: uri, issued, SHA-256
//!       / [5, time, uint, uint, tstr]         ; journal sealed: gate, index of the first new
//!                                             ; record, the gate's checkpoint (a signed note)
//!       / [6, time, uint, uint]               ; reversal: gate, index of the redemption
//!       / [7, time, uint, uint, uint]         ; gap declared: gate, from, until (indices)
//!       / [8, time, tstr]                     ; peer checkpoint seen: its note
//!       / [9, time, time, time, [* cut-off], digest]
//!                                             ; settlement statement: period, cut-offs, SHA-256
//! digest = bstr .size 32
//! cut-off = [member, uint, digest]            ; ledger, size, root
//! ```
//!
//! `time` is the city's clock and never goes back within a ledger.

use crate::crypto::Hash;
use crate::id::MemberId;
use crate::limits::{MAX_GATE_CERTIFICATE, MAX_MEMBERS, MAX_NOTE, MAX_STATUS_URI};
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};

/// An entry is not one of a city ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Not the one accepted encoding.
    #[error("entry: {0}")]
    Cbor(#[from] CborError),
    /// A kind of entry this version does not know.
    #[error("entry: unknown kind {0}")]
    Kind(u64),
    /// The entry contradicts itself.
    #[error("entry: {0}")]
    Rule(&'static str),
}

/// One entry of a city ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// A gate may write to this ledger from now on.
    GateEnrolled {
        /// Its certificate.
        certificate: Vec<u8>,
    },
    /// A gate writes no more.
    GateRetired {
        /// Its number.
        gate: u32,
    },
    /// A segment of a gate's journal was ingested.
    JournalSealed {
        /// Number of the gate.
        gate: u32,
        /// Index of the first record that was new.
        first: u64,
        /// The gate's checkpoint.
        checkpoint: String,
    },
    /// What the member says.
    Announced(Announcement),
}

/// What a member says in its ledger by [`Ledger::record`](super::Ledger::record). The other entries the ledger writes
/// by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Announcement {
    /// The member works under this trust list from now on.
    TrustAdopted {
        /// Sequence of the list.
        sequence: u64,
        /// SHA-256 of the list.
        digest: Hash,
    },
    /// The member published a catalogue.
    CataloguePublished {
        /// Sequence of the catalogue.
        sequence: u64,
        /// SHA-256 of the catalogue.
        digest: Hash,
    },
    /// The member published a status list.
    StatusPublished {
        /// URI of the list.
        uri: String,
        /// Issue time of the list.
        issued: UnixTime,
        /// SHA-256 of the list.
        digest: Hash,
    },
    /// A redemption does not count: the city takes it back.
    Reversal {
        /// Number of the gate.
        gate: u32,
        /// Index of the redemption in that gate's journal.
        index: u64,
    },
    /// Records of a gate are lost for good.
    GapDeclared {
        /// Number of the gate.
        gate: u32,
        /// Index of the first one lost.
        from: u64,
        /// Index after the last one lost.
        until: u64,
    },
    /// A peer's checkpoint was seen.
    PeerSeen {
        /// Its note.
        checkpoint: String,
    },
    /// The member agrees to a settlement statement.
    Settlement(StatementRef),
}

/// The statement that a settlement entry agrees to, by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRef {
    /// First second of the period.
    pub from: UnixTime,
    /// First second after it.
    pub until: UnixTime,
    /// The ledgers it was computed from, ascending by member.
    pub cut_offs: Vec<CutOff>,
    /// SHA-256 of the statement.
    pub digest: Hash,
}

/// A ledger at a size: what a statement is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CutOff {
    /// Whose ledger.
    pub member: MemberId,
    /// Its size.
    pub size: u64,
    /// Its root at that size.
    pub root: Hash,
}

mod kind {
    pub(super) const ENROLLED: u64 = 0;
    pub(super) const RETIRED: u64 = 1;
    pub(super) const TRUST: u64 = 2;
    pub(super) const CATALOGUE: u64 = 3;
    pub(super) const STATUS: u64 = 4;
    pub(super) const SEALED: u64 = 5;
    pub(super) const REVERSAL: u64 = 6;
    pub(super) const GAP: u64 = 7;
    pub(super) const PEER: u64 = 8;
    pub(super) const SETTLEMENT: u64 = 9;
}

impl Entry {
    /// The encoded entry, made at `time`.
    #[must_use]
    pub fn encode(&self, time: UnixTime) -> Vec<u8> {
        let mut out = Encoder::new();
        let mut head = |items, kind: u64| {
            out.array(items).uint(kind).time(time);
        };
        match self {
            Self::GateEnrolled { certificate } => {
                head(3, kind::ENROLLED);
                out.bytes(certificate);
            }
            Self::GateRetired { gate } => {
                head(3, kind::RETIRED);
                out.uint(*gate);
            }
            Self::Announced(Announcement::TrustAdopted { sequence, digest }) => {
                head(4, kind::TRUST);
                out.uint(*sequence).bytes(digest.as_bytes());
            }
            Self::Announced(Announcement::CataloguePublished { sequence, digest }) => {
                head(4, kind::CATALOGUE);
                out.uint(*sequence).bytes(digest.as_bytes());
            }
            Self::Announced(Announcement::StatusPublished { uri, issued, digest }) => {
                head(5, kind::STATUS);
                out.text(uri).time(*issued).bytes(digest.as_bytes());
            }
            Self::JournalSealed { gate, first, checkpoint } => {
                head(5, kind::SEALED);
                out.uint(*gate).uint(*first).text(checkpoint);
            }
            Self::Announced(Announcement::Reversal { gate, index }) => {
                head(4, kind::REVERSAL);
                out.uint(*gate).uint(*index);
            }
            Self::Announced(Announcement::GapDeclared { gate, from, until }) => {
                head(5, kind::GAP);
                out.uint(*gate).uint(*from).uint(*until);
            }
            Self::Announced(Announcement::PeerSeen { checkpoint }) => {
                head(3, kind::PEER);
                out.text(checkpoint);
            }
            Self::Announced(Announcement::Settlement(settled)) => {
                head(6, kind::SETTLEMENT);
                out.time(settled.from).time(settled.until).array(settled.cut_offs.len());
                for cut_off in &settled.cut_offs {
                    out.array(3).member(cut_off.member).uint(cut_off.size).bytes(cut_off.root.as_bytes());
                }
                out.bytes(settled.digest.as_bytes());
            }
        }
        out.finish()
    }

    /// Decodes an entry and when it was made.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn decode(body: &[u8]) -> Result<(UnixTime, Self), EntryError> {
        Decoder::all(body, |d| {
            let at = d.error(CborErrorKind::Range);
            let items = d.array()?;
            let kind = d.uint()?;
            let expected = match kind {
                kind::ENROLLED | kind::RETIRED | kind::PEER => 3,
                kind::TRUST | kind::CATALOGUE | kind::REVERSAL => 4,
                kind::STATUS | kind::SEALED | kind::GAP => 5,
                kind::SETTLEMENT => 6,
                other => return Err(EntryError::Kind(other)),
            };
            if items != expected {
                return Err(at.into());
            }
            let time = d.time()?;
            Ok((time, decode_rest(d, kind)?))
        })
    }
}

fn decode_rest(d: &mut Decoder<'_>, kind: u64) -> Result<Entry, EntryError> {
    let at = d.error(CborErrorKind::Range);
    let bounded = |text: &str, most: usize| if text.len() <= most { Ok(text.to_owned()) } else { Err(at) };
    Ok(match kind {
        kind::ENROLLED => {
            let certificate = d.bytes()?.to_vec();
            if certificate.len() > MAX_GATE_CERTIFICATE {
                return Err(at.into());
            }
            Entry::GateEnrolled { certificate }
        }
        kind::RETIRED => Entry::GateRetired { gate: d.uint()? },
        kind::TRUST => {
            Entry::Announced(Announcement::TrustAdopted { sequence: d.uint()?, digest: Hash(*d.byte_array()?) })
        }
        kind::CATALOGUE => {
            Entry::Announced(Announcement::CataloguePublished { sequence: d.uint()?, digest: Hash(*d.byte_array()?) })
        }
        kind::STATUS => {
            let uri = bounded(d.text()?, MAX_STATUS_URI)?;
            Entry::Announced(Announcement::StatusPublished { uri, issued: d.time()?, digest: Hash(*d.byte_array()?) })
        }
        kind::SEALED => {
            let (gate, first) = (d.uint()?, d.uint()?);
            Entry::JournalSealed { gate, first, checkpoint: bounded(d.text()?, MAX_NOTE)? }
        }
        kind::REVERSAL => Entry::Announced(Announcement::Reversal { gate: d.uint()?, index: d.uint()? }),
        kind::GAP => {
            let (gate, from, until) = (d.uint()?, d.uint()?, d.uint()?);
            if from >= until {
                return Err(EntryError::Rule("a gap of nothing"));
            }
            Entry::Announced(Announcement::GapDeclared { gate, from, until })
        }
        kind::PEER => Entry::Announced(Announcement::PeerSeen { checkpoint: bounded(d.text()?, MAX_NOTE)? }),
        _ => Entry::Announced(Announcement::Settlement(decode_settled(d)?)),
    })
}

fn decode_settled(d: &mut Decoder<'_>) -> Result<StatementRef, EntryError> {
    let (from, until) = (d.time()?, d.time()?);
    let count = d.array_up_to(MAX_MEMBERS)?;
    let mut cut_offs = Vec::with_capacity(count);
    for _ in 0..count {
        d.array_of(3)?;
        cut_offs.push(CutOff { member: d.member()?, size: d.uint()?, root: Hash(*d.byte_array()?) });
    }
    if from >= until {
        return Err(EntryError::Rule("a period of nothing"));
    }
    if !cut_offs.is_sorted_by(|a, b| a.member < b.member) {
        return Err(EntryError::Rule("cut-offs not in ascending order"));
    }
    Ok(StatementRef { from, until, cut_offs, digest: Hash(*d.byte_array()?) })
}

#[cfg(test)]
#[path = "tests/entry.rs"]
mod tests;
