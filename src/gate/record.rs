//! Journal records: what a gate's log says, in deterministic CBOR.
//!
//! ```cddl
//! record = opened / redeemed / annulled / synced / clock-set / day-closed /
//!          overridden / outage-opened / outage-closed / left / clock-jumped
//! opened     = [0, time, bstr .size 32]       ; SHA-256 of the gate certificate
//! redeemed   = [1, time, member, bstr .size 10, uint, uint, time, time, uint, uint, uint, uint, uint, bstr .size 32]
//!              ; issuer, pass id, product, version, of the pass: valid from, expires, holder class;
//!              ; grant, party, co-payment due (fen), flags, SHA-256 of what was shown
//! annulled   = [2, time, uint]                ; index of the redemption
//! synced     = [3, time, uint, [* [member, uint]], [* [member, tstr, time]], [* [member, uint]]]
//!              ; trust list sequence; catalogues by member and sequence; status lists by issuer,
//!              ; uri and issue time; ledgers whose usage is known here, by member and size
//! clock-set  = [4, time, time]                ; the time of the last record before
//! day-closed = [5, time, uint, uint, uint, uint, uint, [* [uint, uint]]]
//!              ; day (since 1970-01-01), admitted, annulled, overridden, left, refusals by reason number
//! overridden = [6, time, uint, uint, uint, uint]  ; refusal's reason number, operator, why, party
//! outage-opened = [7, time, time]             ; since when
//! outage-closed = [8, time, uint]             ; people let in meanwhile, as staff counted them
//! left       = [9, time, member, bstr .size 10, uint]  ; issuer, pass id, party
//! clock-jumped = [10, time, time, time]       ; what the clock showed, and what it had to show
//! ```
//!
//! `time` is the gate's clock. It never goes back within a journal but at a `clock-set` record; the one of
//! `clock-jumped` is that of the record before, where the clock showed an earlier one.

use super::decision::{Reason, Verdict};
use crate::crypto::Hash;
use crate::id::{MemberId, PassKey, ProductRef};
use crate::product::{PassFacts, Use};
use crate::time::{Date, UnixTime};
use crate::trust::GateCertificate;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};

/// Most items in one list of a `synced` record.
const MAX_SYNCED: usize = 1_024;

/// Bits of a redemption's `flags`.
pub mod flags {
    /// The bare pass was shown.
    pub const STATIC: u8 = 1;
    /// The code answered a challenge of this gate.
    pub const CHALLENGE: u8 = 2;
    /// The gate's clock had jumped, and nobody had set it since.
    pub const CLOCK: u8 = 4;
    /// All flags there are.
    pub const ALL: u8 = STATIC | CHALLENGE | CLOCK;
}

/// A record is not one of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Not the one accepted encoding.
    #[error("record: {0}")]
    Cbor(#[from] CborError),
    /// A kind of record this version does not know.
    #[error("record: unknown kind {0}")]
    Kind(u64),
    /// The record contradicts itself.
    #[error("record: {0}")]
    Rule(&'static str),
}

/// One record of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// The gate started, under this certificate.
    Opened {
        /// When.
        time: UnixTime,
        /// SHA-256 of the certificate.
        certificate: Hash,
    },
    /// A pass was used.
    Redeemed(Redemption),
    /// A redemption of this journal was taken back.
    Annulled {
        /// When.
        time: UnixTime,
        /// Index of the redemption.
        index: u64,
    },
    /// The gate learnt what others published.
    Synced(Synced),
    /// The clock was set.
    ClockSet {
        /// The time it was set to.
        time: UnixTime,
        /// The time of the last record before.
        before: UnixTime,
    },
    /// The totals of a service day.
    DayClosed {
        /// When.
        time: UnixTime,
        /// The day.
        day: Date,
        /// What was recorded since the last day close.
        totals: Totals,
        /// Refusals and how many of each, ascending by reason.
        refused: Vec<(Reason, u32)>,
    },
    /// A person let in whom the gate had refused. It is no use of any pass, and nothing is paid for it.
    Overridden {
        /// When.
        time: UnixTime,
        /// Who, why, and against which refusal.
        entry: Override,
    },
    /// People pass unchecked from here on: the gate was down, or it was opened by hand.
    OutageOpened {
        /// When it was recorded.
        time: UnixTime,
        /// Since when it was so: not after `time`.
        since: UnixTime,
    },
    /// The outage is over.
    OutageClosed {
        /// When.
        time: UnixTime,
        /// People who came in meanwhile, as staff counted them.
        let_in: u32,
    },
    /// A pass was shown at the exit. It debits nothing.
    Exited {
        /// When.
        time: UnixTime,
        /// The pass.
        pass: PassKey,
        /// How many people left.
        party: u8,
    },
    /// The clock jumped: what follows is flagged until it is set.
    ClockJumped {
        /// When: what the clock showed, but not before the last record.
        time: UnixTime,
        /// What the clock showed.
        shown: UnixTime,
        /// What it had to show, by the time the machine had been running.
        expected: UnixTime,
    },
}

/// A person lets in whom the gate refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// What the gate had said: a reason that refers or denies.
    pub refused: Reason,
    /// Who decided: a number that the venue's operator gives its staff, never a name.
    pub operator: u32,
    /// Why: a number of the operator's own list.
    pub why: u16,
    /// How many people came in; nobody counts as one.
    pub party: u8,
}

/// How many records of each kind there were since the last day close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Redemptions.
    pub admitted: u32,
    /// Annulments.
    pub annulled: u32,
    /// Overrides.
    pub overridden: u32,
    /// Exits.
    pub left: u32,
}

impl Totals {
    /// Counts a record: when it is written, replayed or audited.
    pub(crate) const fn count(&mut self, record: &Record) {
        let total = match record {
            Record::Redeemed(_) => &mut self.admitted,
            Record::Annulled { .. } => &mut self.annulled,
            Record::Overridden { .. } => &mut self.overridden,
            Record::Exited { .. } => &mut self.left,
            _ => return,
        };
        *total = total.saturating_add(1);
    }
}

/// One use of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// When, by the gate's clock.
    pub time: UnixTime,
    /// The pass.
    pub pass: PassKey,
    /// Product number and version; the issuer is the pass's.
    pub product: (u16, u16),
    /// What the decision rests on of the pass, so that it can be made again without the evidence.
    pub facts: PassFacts,
    /// The grant that decided.
    pub grant: u8,
    /// How many people came in.
    pub party: u8,
    /// What they paid at the gate, in fen.
    pub due_fen: u32,
    /// See [`flags`].
    pub flags: u8,
    /// SHA-256 of what was shown.
    pub evidence: Hash,
}

impl Redemption {
    /// The product in the whole federation.
    #[must_use]
    pub const fn product_ref(&self) -> ProductRef {
        ProductRef { issuer: self.pass.issuer, product: self.product.0, version: self.product.1 }
    }

    /// The use of the pass that record `index` of the gate with this certificate is.
    #[must_use]
    pub const fn as_use(&self, certificate: &GateCertificate, index: u64) -> Use {
        Use {
            time: self.time,
            gate: certificate.gate(),
            index,
            venue: certificate.venue(),
            service: certificate.service(),
            grant: self.grant,
            party: self.party,
        }
    }
}

/// What a gate knew from a moment on: the measure of what it could have known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// When.
    pub time: UnixTime,
    /// Sequence of the trust list.
    pub trust: u64,
    /// Sequence of each catalogue, ascending by member.
    pub catalogues: Vec<(MemberId, u64)>,
    /// Issue time of each status list, ascending by issuer and URI.
    pub status: Vec<(MemberId, String, UnixTime)>,
    /// Size of each member's ledger up to which usage is known here, ascending by member.
    pub ledgers: Vec<(MemberId, u64)>,
}

mod kind {
    pub(super) const OPENED: u64 = 0;
    pub(super) const REDEEMED: u64 = 1;
    pub(super) const ANNULLED: u64 = 2;
    pub(super) const SYNCED: u64 = 3;
    pub(super) const CLOCK_SET: u64 = 4;
    pub(super) const DAY_CLOSED: u64 = 5;
    pub(super) const OVERRIDDEN: u64 = 6;
    pub(super) const OUTAGE_OPENED: u64 = 7;
    pub(super) const OUTAGE_CLOSED: u64 = 8;
    pub(super) const EXITED: u64 = 9;
    pub(super) const CLOCK_JUMPED: u64 = 10;
}

impl Record {
    /// When the record was made, by the gate's clock.
    #[must_use]
    pub const fn time(&self) -> UnixTime {
        match self {
            Self::Opened { time, .. }
            | Self::Redeemed(Redemption { time, .. })
            | Self::Annulled { time, .. }
            | Self::Synced(Synced { time, .. })
            | Self::ClockSet { time, .. }
            | Self::DayClosed { time, .. }
            | Self::Overridden { time, .. }
            | Self::OutageOpened { time, .. }
            | Self::OutageClosed { time, .. }
            | Self::Exited { time, .. }
            | Self::ClockJumped { time, .. } => *time,
        }
    }

    /// The encoded record: the body of a journal entry.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        match self {
            Self::Opened { time, certificate } => {
                out.array(3).uint(kind::OPENED).time(*time).bytes(certificate.as_bytes());
            }
            Self::Redeemed(redemption) => encode_redemption(&mut out, redemption),
            Self::Annulled { time, index } => {
                out.array(3).uint(kind::ANNULLED).time(*time).uint(*index);
            }
            Self::Synced(synced) => {
                out.array(6).uint(kind::SYNCED).time(synced.time).uint(synced.trust);
                encode_pairs(&mut out, &synced.catalogues);
                out.array(synced.status.len());
                for (member, uri, issued) in &synced.status {
                    out.array(3).member(*member).text(uri).time(*issued);
                }
                encode_pairs(&mut out, &synced.ledgers);
            }
            Self::ClockSet { time, before } => {
                out.array(3).uint(kind::CLOCK_SET).time(*time).time(*before);
            }
            Self::DayClosed { time, day, totals, refused } => {
                out.array(8).uint(kind::DAY_CLOSED).time(*time).uint(day.days().unsigned_abs());
                out.uint(totals.admitted).uint(totals.annulled).uint(totals.overridden).uint(totals.left);
                out.array(refused.len());
                for (reason, count) in refused {
                    out.array(2).uint(reason.number()).uint(*count);
                }
            }
            Self::Overridden { time, entry } => {
                out.array(6).uint(kind::OVERRIDDEN).time(*time).uint(entry.refused.number());
                out.uint(entry.operator).uint(entry.why).uint(entry.party);
            }
            Self::OutageOpened { time, since } => {
                out.array(3).uint(kind::OUTAGE_OPENED).time(*time).time(*since);
            }
            Self::OutageClosed { time, let_in } => {
                out.array(3).uint(kind::OUTAGE_CLOSED).time(*time).uint(*let_in);
            }
            Self::Exited { time, pass, party } => {
                out.array(5).uint(kind::EXITED).time(*time).pass(*pass);
                out.uint(*party);
            }
            Self::ClockJumped { time, shown, expected } => {
                out.array(4).uint(kind::CLOCK_JUMPED).time(*time).time(*shown).time(*expected);
            }
        }
        out.finish()
    }

    /// Decodes the body of a journal entry.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(body: &[u8]) -> Result<Self, RecordError> {
        let d = &mut Decoder::new(body);
        let at = d.error(CborErrorKind::Range);
        let items = d.array()?;
        let kind = d.uint()?;
        let expected = match kind {
            kind::OPENED | kind::ANNULLED | kind::CLOCK_SET | kind::OUTAGE_OPENED | kind::OUTAGE_CLOSED => 3,
            kind::CLOCK_JUMPED => 4,
            kind::EXITED => 5,
            kind::SYNCED | kind::OVERRIDDEN => 6,
            kind::DAY_CLOSED => 8,
            kind::REDEEMED => 14,
            other => return Err(RecordError::Kind(other)),
        };
        if items != expected {
            return Err(at.into());
        }
        let time = d.time()?;
        let record = match kind {
            kind::OPENED => Self::Opened { time, certificate: Hash(*d.byte_array()?) },
            // It ends itself: nearly all records are redemptions, and moving one costs as much as reading it.
            kind::REDEEMED => return decode_redemption(d, time),
            kind::ANNULLED => Self::Annulled { time, index: d.uint()? },
            kind::SYNCED => decode_synced(d, time)?,
            kind::CLOCK_SET => Self::ClockSet { time, before: d.time()? },
            kind::DAY_CLOSED => decode_day(d, time)?,
            kind::OVERRIDDEN => decode_override(d, time)?,
            kind::OUTAGE_OPENED => decode_outage(d, time)?,
            kind::OUTAGE_CLOSED => Self::OutageClosed { time, let_in: d.uint()? },
            kind::EXITED => Self::Exited { time, pass: d.pass()?, party: d.uint()? },
            _ => decode_jump(d, time)?,
        };
        d.end()?;
        Ok(record)
    }
}

fn encode_redemption(out: &mut Encoder, redemption: &Redemption) {
    let Redemption { pass, product, facts, .. } = redemption;
    out.array(14).uint(kind::REDEEMED).time(redemption.time);
    out.pass(*pass).uint(product.0).uint(product.1);
    out.time(facts.not_before).time(facts.expires).uint(facts.holder_class);
    out.uint(redemption.grant).uint(redemption.party).uint(redemption.due_fen);
    out.uint(redemption.flags).bytes(redemption.evidence.as_bytes());
}

fn decode_redemption(d: &mut Decoder<'_>, time: UnixTime) -> Result<Record, RecordError> {
    let pass = d.pass()?;
    let product = (d.uint()?, d.uint()?);
    let facts = PassFacts { not_before: d.time()?, expires: d.time()?, holder_class: d.uint()? };
    let (grant, party, due_fen, flags) = (d.uint()?, d.uint()?, d.uint()?, d.uint()?);
    let evidence = Hash(*d.byte_array()?);
    if flags & !flags::ALL != 0 {
        return Err(RecordError::Rule("an unknown flag"));
    }
    d.end()?;
    Ok(Record::Redeemed(Redemption { time, pass, product, facts, grant, party, due_fen, flags, evidence }))
}

fn decode_reason(d: &mut Decoder<'_>) -> Result<Reason, RecordError> {
    Reason::from_number(d.uint()?).ok_or(RecordError::Rule("an unknown reason"))
}

fn decode_override(d: &mut Decoder<'_>, time: UnixTime) -> Result<Record, RecordError> {
    let refused = decode_reason(d)?;
    if refused.verdict() == Verdict::Admit {
        return Err(RecordError::Rule("an override of an admission"));
    }
    let entry = Override { refused, operator: d.uint()?, why: d.uint()?, party: d.uint()? };
    Ok(Record::Overridden { time, entry })
}

fn decode_outage(d: &mut Decoder<'_>, time: UnixTime) -> Result<Record, RecordError> {
    let since = d.time()?;
    if since > time {
        return Err(RecordError::Rule("an outage of the future"));
    }
    Ok(Record::OutageOpened { time, since })
}

fn decode_jump(d: &mut Decoder<'_>, time: UnixTime) -> Result<Record, RecordError> {
    let (shown, expected) = (d.time()?, d.time()?);
    if shown > time || shown == expected {
        return Err(RecordError::Rule("a jump of the clock that is none"));
    }
    Ok(Record::ClockJumped { time, shown, expected })
}

fn encode_pairs(out: &mut Encoder, pairs: &[(MemberId, u64)]) {
    out.array(pairs.len());
    for (member, value) in pairs {
        out.array(2).member(*member).uint(*value);
    }
}

fn decode_pairs(d: &mut Decoder<'_>) -> Result<Vec<(MemberId, u64)>, RecordError> {
    let count = d.array_up_to(MAX_SYNCED)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        d.array_of(2)?;
        pairs.push((d.member()?, d.uint()?));
    }
    ascending(pairs, |a, b| a.0 < b.0)
}

fn decode_synced(d: &mut Decoder<'_>, time: UnixTime) -> Result<Record, RecordError> {
    let trust = d.uint()?;
    let catalogues = decode_pairs(d)?;
    let count = d.array_up_to(MAX_SYNCED)?;
    let mut status = Vec::with_capacity(count);
    for _ in 0..count {
        d.array_of(3)?;
        status.push((d.member()?, d.text()?.to_owned(), d.time()?));
    }
    let status = ascending(status, |a, b| (a.0, &a.1) < (b.0, &b.1))?;
    let ledgers = decode_pairs(d)?;
    Ok(Record::Synced(Synced { time, trust, catalogues, status, ledgers }))
}

fn decode_day(d: &mut Decoder<'_>, time: UnixTime) -> Result<Record, RecordError> {
    let at = d.error(CborErrorKind::Range);
    let day = i32::try_from(d.uint::<u32>()?).map_err(|_| at).map(Date::from_days)?;
    let totals = Totals { admitted: d.uint()?, annulled: d.uint()?, overridden: d.uint()?, left: d.uint()? };
    let count = d.array_up_to(Reason::ALL.len())?;
    let mut refused = Vec::with_capacity(count);
    for _ in 0..count {
        d.array_of(2)?;
        refused.push((decode_reason(d)?, d.uint()?));
    }
    let refused = ascending(refused, |a, b| a.0 < b.0)?;
    Ok(Record::DayClosed { time, day, totals, refused })
}

fn ascending<T>(list: Vec<T>, less: impl Fn(&T, &T) -> bool) -> Result<Vec<T>, RecordError> {
    if list.is_sorted_by(less) { Ok(list) } else { Err(RecordError::Rule("a list not in ascending order")) }
}

#[cfg(test)]
#[path = "tests/record.rs"]
mod tests;
