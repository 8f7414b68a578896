//! Which status an error of the crates below is.
//!
//! Most of these errors may grow, so a match on one has a wildcard. No variant that exists is left to it:
//! `tests/errors.rs` reads the sources and says which is.

use crate::Status;
use crate::status::TABLE;
use onecard::crypto::{KeyError, SignatureError};
use onecard::gate::{
    AnnulError, JournalError, OpenError, OutageError, Refusal, SegmentError, SyncError, UsageDigestError,
};
use onecard::id::IdError;
use onecard::ledger::{
    IngestError, LedgerError, NoReceipt, OpenLedgerError, ReceiptError, RecordEntryError, SignError, UsageExportError,
};
use onecard::pass::{DocumentError, IssueError, PassError, PresentError};
use onecard::time::TimeOutOfRange;
use onecard::tlog::{LogError, MemoryError, NoteError, Refused, TlogProofError, WitnessError};
use onecard::trust::{BundleError, CatalogueError, CertificateError, StatusError, TrustError};
use onecard::wire::text::TextError;
use onecard_store::StoreError;

impl From<TextError> for Status {
    fn from(error: TextError) -> Self {
        match error {
            TextError::TooLong(_) => Self::TextTooLong,
            TextError::Prefix => Self::TextPrefix,
            TextError::Alphabet(_) => Self::TextAlphabet,
            TextError::Group(_) => Self::TextGroup,
            _ => Self::Unclassified,
        }
    }
}

impl From<KeyError> for Status {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotAPoint => Self::KeyNotAPoint,
            KeyError::NonCanonical => Self::KeyNonCanonical,
            KeyError::SmallOrder => Self::KeySmallOrder,
            KeyError::MixedOrder => Self::KeyMixedOrder,
            _ => Self::Unclassified,
        }
    }
}

impl From<SignatureError> for Status {
    fn from(_: SignatureError) -> Self {
        Self::Signature
    }
}

impl From<TimeOutOfRange> for Status {
    fn from(_: TimeOutOfRange) -> Self {
        Self::Time
    }
}

impl From<PassError> for Status {
    fn from(error: PassError) -> Self {
        let number = u32::from(Refusal::from(error).reason.number()).saturating_add(300);
        TABLE.iter().find(|row| row.0 as u32 == number).map_or(Self::Unclassified, |row| row.0)
    }
}

impl From<TrustError> for Status {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::TooLong(_) | TrustError::Encoding(_) => Self::Encoding,
            TrustError::Key(..)
            | TrustError::Rule(_)
            | TrustError::KeyTwice(_)
            | TrustError::KeyInTwoRoles(_)
            | TrustError::KeyInTwoMembers(_)
            | TrustError::DuplicateKid(_) => Self::Contradiction,
            TrustError::Signer(_) => Self::TrustSigner,
            TrustError::Threshold { .. } => Self::TrustThreshold,
            TrustError::Anchor => Self::TrustAnchor,
            TrustError::NotFirst(_)
            | TrustError::Rollback { .. }
            | TrustError::Gap { .. }
            | TrustError::OtherFederation
            | TrustError::IssuedBefore { .. } => Self::TrustSequence,
            TrustError::UnknownKey(_) | TrustError::WrongRole(_) | TrustError::KeyTime(_) => Self::TrustKey,
            TrustError::Expired(_) => Self::DocumentExpired,
            TrustError::NotYetIssued(_) => Self::Future,
            _ => Self::Unclassified,
        }
    }
}

impl From<CatalogueError> for Status {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::TooLong(_) | CatalogueError::Encoding(_) => Self::Encoding,
            CatalogueError::Trust(error) => error.into(),
            CatalogueError::Signature(error) => error.into(),
            CatalogueError::Product(_) | CatalogueError::Rule(_) => Self::Contradiction,
            _ => Self::Unclassified,
        }
    }
}

impl From<StatusError> for Status {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::TooLong(_) | StatusError::Encoding(_) => Self::Encoding,
            StatusError::Trust(error) => error.into(),
            StatusError::Signature(error) => error.into(),
            StatusError::Rule(_) => Self::Contradiction,
            StatusError::Compression => Self::Compression,
            _ => Self::Unclassified,
        }
    }
}

impl From<BundleError> for Status {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Trust(error) => error.into(),
            BundleError::Catalogue(error) => error.into(),
            BundleError::Status(error) => error.into(),
            BundleError::Rollback(_) => Self::Rollback,
            BundleError::ProductChanged(_) => Self::ProductChanged,
            BundleError::Future(_) => Self::Future,
            BundleError::Expired(_) => Self::DocumentExpired,
            BundleError::TooLong(_) | BundleError::Encoding(_) => Self::Encoding,
            BundleError::TooMany(_) | BundleError::Order => Self::Contradiction,
            _ => Self::Unclassified,
        }
    }
}

impl From<CertificateError> for Status {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::TooLong(_) | CertificateError::Encoding(_) => Self::Encoding,
            CertificateError::Trust(error) => error.into(),
            CertificateError::Signature(error) => error.into(),
            CertificateError::Key(error) => error.into(),
            CertificateError::Rule(_) => Self::Contradiction,
            CertificateError::NotInForce => Self::CertificateTime,
            _ => Self::Unclassified,
        }
    }
}

impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(_) => Self::StoreMissing,
            StoreError::Exists(_) => Self::StoreExists,
            StoreError::InUse(_) | StoreError::Changed { .. } => Self::StoreInUse,
            StoreError::NotAStore(_) => Self::StoreForeign,
            StoreError::Format { .. } => Self::StoreFormat,
            StoreError::Damaged { .. } => Self::StoreDamaged,
            StoreError::Forked(_) => Self::Forked,
            StoreError::NoLocks { .. } => Self::StoreNoLocks,
            StoreError::Moved(_) => Self::StoreMoved,
            StoreError::Io { .. } | StoreError::Failed(_) | StoreError::Database(_) => Self::StoreFailed,
            _ => Self::Unclassified,
        }
    }
}

/// The store in which a gate is tried fails never.
impl From<MemoryError> for Status {
    fn from(_: MemoryError) -> Self {
        Self::Unclassified
    }
}

impl From<NoteError> for Status {
    fn from(_: NoteError) -> Self {
        Self::Note
    }
}

impl From<IdError> for Status {
    fn from(_: IdError) -> Self {
        Self::Name
    }
}

impl<E> From<LogError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: LogError<E>) -> Self {
        match error {
            LogError::Storage(error) => error.into(),
            LogError::OtherRoot(_) | LogError::OtherLog(_) => Self::StoreOtherHistory,
            LogError::OutOfRange { .. } => Self::OutOfRange,
            LogError::Pruned(_) | LogError::NoTile => Self::Nothing,
            LogError::Damaged { .. } | LogError::Note(_) | LogError::Bundle(_) => Self::StoreDamaged,
        }
    }
}

impl<E> From<JournalError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: JournalError<E>) -> Self {
        match error {
            JournalError::Log(LogError::OtherLog(_)) | JournalError::OtherStore => Self::GateOtherJournal,
            JournalError::Log(error) => error.into(),
            JournalError::Record { .. } | JournalError::Snapshot(_) => Self::StoreDamaged,
            JournalError::OtherCertificate => Self::GateOtherCertificate,
            JournalError::Clock { .. } => Self::GateClock,
            JournalError::Push(_) | JournalError::Refused(_) => Self::GateRecord,
            JournalError::Stale => Self::Unclassified,
        }
    }
}

impl<E> From<OpenError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: OpenError<E>) -> Self {
        match error {
            OpenError::Journal(error) => error.into(),
            OpenError::Certificate(error) => error.into(),
            OpenError::OtherKey => Self::GateOtherKey,
            OpenError::UnknownVenue(_) => Self::GateUnknownVenue,
            OpenError::Rollback(_) => Self::Rollback,
            OpenError::Newest(error) => error.into(),
            OpenError::OldCopy { .. } => Self::StoreOldCopy,
        }
    }
}

impl<E> From<SyncError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: SyncError<E>) -> Self {
        match error {
            SyncError::Journal(error) => error.into(),
            SyncError::Bundle(error) => error.into(),
            SyncError::Usage(error) => error.into(),
            SyncError::UnknownVenue(_) => Self::GateUnknownVenue,
            SyncError::Rollback(_) => Self::Rollback,
        }
    }
}

impl<E> From<AnnulError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: AnnulError<E>) -> Self {
        match error {
            AnnulError::Journal(error) => error.into(),
            AnnulError::NoRedemption(_) => Self::GateNoRedemption,
            AnnulError::TooLate(_) => Self::GateTooLate,
        }
    }
}

impl<E> From<OutageError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: OutageError<E>) -> Self {
        match error {
            OutageError::Journal(error) => error.into(),
            OutageError::Open(_) => Self::GateOutageOpen,
            OutageError::NotOpen => Self::GateNoOutage,
        }
    }
}

impl From<UsageDigestError> for Status {
    fn from(error: UsageDigestError) -> Self {
        match error {
            UsageDigestError::TooLong(_) | UsageDigestError::Encoding(_) => Self::Encoding,
            UsageDigestError::Trust(error) => error.into(),
            UsageDigestError::Signature(error) => error.into(),
            UsageDigestError::Rule(_) => Self::Contradiction,
            UsageDigestError::OtherMember(_) => Self::UsageMember,
            UsageDigestError::Future => Self::Future,
            UsageDigestError::Gaps => Self::UsageGaps,
        }
    }
}

impl From<IssueError> for Status {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Claims(_) => Self::Claims,
            IssueError::TooLong(_) => Self::NotAPass,
            _ => Self::Unclassified,
        }
    }
}

impl From<PresentError> for Status {
    fn from(error: PresentError) -> Self {
        match error {
            PresentError::Pass | PresentError::TooLong(_) => Self::NotAPass,
            _ => Self::Unclassified,
        }
    }
}

impl From<DocumentError> for Status {
    fn from(_: DocumentError) -> Self {
        Self::Document
    }
}

impl From<SegmentError> for Status {
    fn from(_: SegmentError) -> Self {
        Self::Encoding
    }
}

impl From<ReceiptError> for Status {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::Shape
            | ReceiptError::Extra
            | ReceiptError::Record(_)
            | ReceiptError::Entry(_)
            | ReceiptError::Proof(TlogProofError::TooLong(_) | TlogProofError::Line(_)) => Self::ReceiptShape,
            ReceiptError::Proof(TlogProofError::Note(error)) | ReceiptError::Note(error) => error.into(),
            ReceiptError::Proof(_) => Self::ReceiptProof,
            ReceiptError::Certificate(error) => error.into(),
            ReceiptError::NotInForce => Self::CertificateTime,
            ReceiptError::NotFinal => Self::ReceiptNotFinal,
            ReceiptError::OtherSeal => Self::ReceiptSeal,
        }
    }
}

impl<E> From<OpenLedgerError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: OpenLedgerError<E>) -> Self {
        match error {
            OpenLedgerError::Log(LogError::OtherLog(_))
            | OpenLedgerError::OtherJournal(_)
            | OpenLedgerError::OtherStore => Self::LedgerOtherJournal,
            OpenLedgerError::Log(error) => error.into(),
            OpenLedgerError::Entry { .. } => Self::StoreDamaged,
            OpenLedgerError::Certificate { error, .. } => error.into(),
            OpenLedgerError::Seal { error, .. } | OpenLedgerError::Newest(error) => error.into(),
            OpenLedgerError::UnknownGate { .. } => Self::LedgerGate,
            OpenLedgerError::OtherTrustList(_) => Self::LedgerTrustList,
            OpenLedgerError::OtherKey => Self::LedgerOtherKey,
            OpenLedgerError::OldCopy { .. } => Self::StoreOldCopy,
        }
    }
}

impl<E> From<LedgerError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: LedgerError<E>) -> Self {
        match error {
            LedgerError::Log(LogError::OtherLog(_)) => Self::LedgerOtherJournal,
            LedgerError::Log(error) => error.into(),
            LedgerError::Entry { .. } => Self::StoreDamaged,
            LedgerError::Kept { error, .. } => error.into(),
            LedgerError::Refused(_) | LedgerError::Push(_) => Self::LedgerEntry,
            LedgerError::Clock { .. } => Self::LedgerClock,
            LedgerError::Unsure => Self::LedgerUnsure,
        }
    }
}

impl<E> From<RecordEntryError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: RecordEntryError<E>) -> Self {
        match error {
            RecordEntryError::Ledger(error) => error.into(),
            RecordEntryError::Certificate(error) => error.into(),
            RecordEntryError::Trust(error) => error.into(),
            RecordEntryError::OtherTrustList(_) => Self::LedgerTrustList,
            RecordEntryError::Gate(_) => Self::LedgerGate,
            RecordEntryError::Retired(_) => Self::LedgerRetired,
            RecordEntryError::NoRedemption { .. } => Self::GateNoRedemption,
            RecordEntryError::NotLost { .. } => Self::LedgerEntry,
            RecordEntryError::Peer(error) => error.into(),
        }
    }
}

impl<E> From<SignError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: SignError<E>) -> Self {
        match error {
            SignError::Ledger(error) => error.into(),
            SignError::OtherKey => Self::LedgerOtherKey,
            SignError::Cosignature(error) => error.into(),
        }
    }
}

impl<E> From<UsageExportError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: UsageExportError<E>) -> Self {
        match error {
            UsageExportError::Ledger(error) => error.into(),
            UsageExportError::Gate(_) => Self::LedgerGate,
            UsageExportError::OtherKey => Self::LedgerOtherKey,
            UsageExportError::Digest(error) => error.into(),
        }
    }
}

impl<E> From<NoReceipt<E>> for Status
where
    Self: From<E>,
{
    fn from(error: NoReceipt<E>) -> Self {
        match error {
            NoReceipt::Ledger(error) => error.into(),
            NoReceipt::Gate(_) => Self::LedgerGate,
            NoReceipt::NotLogged { .. } => Self::LedgerNotLogged,
        }
    }
}

impl<E> From<IngestError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: IngestError<E>) -> Self {
        match error {
            IngestError::Certificate(error) => error.into(),
            IngestError::UnknownGate | IngestError::OtherCertificate(_) => Self::SegmentGate,
            IngestError::Retired(_) => Self::LedgerRetired,
            IngestError::Checkpoint(error) => error.into(),
            IngestError::Gap { .. } => Self::SegmentGap,
            IngestError::Truncated { .. } => Self::SegmentTruncated,
            IngestError::Root => Self::SegmentRoot,
            IngestError::Evidence(_) => Self::SegmentEvidence,
            IngestError::Equivocation(_) => Self::SegmentEquivocation,
            IngestError::Ledger(error) => error.into(),
        }
    }
}

impl<E> From<WitnessError<E>> for Status
where
    Self: From<E>,
{
    fn from(error: WitnessError<E>) -> Self {
        match error {
            WitnessError::Storage(error) => error.into(),
            WitnessError::Damaged { .. } => Self::StoreDamaged,
            WitnessError::OtherStore { .. } => Self::WitnessOtherStore,
            WitnessError::Logs(_) => Self::Contradiction,
            WitnessError::Clock { .. } => Self::WitnessClock,
            WitnessError::Note(error) => error.into(),
            WitnessError::OldCopy { .. } => Self::StoreOldCopy,
            WitnessError::OtherHistory { .. } => Self::StoreOtherHistory,
        }
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed => Self::WitnessRequest,
            Refused::Checkpoint(error) => error.into(),
            Refused::UnknownOrigin(_) => Self::WitnessUnknownLog,
            Refused::Signature(_) => Self::WitnessSignature,
            Refused::OldSize | Refused::Stale { .. } => Self::WitnessStale,
            Refused::EmptyRoot | Refused::Proof(_) => Self::WitnessProof,
            Refused::Fork(_) => Self::WitnessFork,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an operator would try to repair is sound, and another's.
    #[test]
    fn a_store_of_another_is_not_said_to_be_damaged() {
        let name = || onecard::tlog::KeyName::new("onecard.test/310101/gate/7").unwrap();
        let other = LogError::<MemoryError>::OtherLog;
        assert_eq!(Status::from(other(name())), Status::StoreOtherHistory);
        for error in [JournalError::Log(other(name())), JournalError::OtherStore] {
            assert_eq!(Status::from(error), Status::GateOtherJournal);
        }
        for error in [OpenLedgerError::Log(other(name())), OpenLedgerError::OtherStore] {
            assert_eq!(Status::from(error), Status::LedgerOtherJournal);
        }
        let witness = WitnessError::<MemoryError>::OtherStore { origin: name(), kept: name() };
        assert_eq!(Status::from(witness), Status::WitnessOtherStore);
    }
}
