//! Receipts: proof, offline, that one record is in a gate's journal and that in a city's final ledger.

use crate::call::run;
use crate::history::History;
use crate::ptr::{Buffer, Out, borrow, bytes};
use crate::{Status, fixed};
use core::ffi::c_char;
use onecard::gate::{Record, Redemption};
use onecard::ledger::{Receipt, Receipted as Inner};

/// The kinds of record in a gate's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum RecordKind {
    /// The gate started.
    Opened = 0,
    /// A pass was used.
    Redeemed = 1,
    /// A redemption was taken back.
    Annulled = 2,
    /// The gate learnt what others published.
    Synced = 3,
    /// The clock was set.
    ClockSet = 4,
    /// The totals of a service day.
    DayClosed = 5,
    /// A person let in whom the gate had refused.
    Overridden = 6,
    /// People pass unchecked from here on.
    OutageOpened = 7,
    /// The outage is over.
    OutageClosed = 8,
    /// A pass was shown at the exit.
    Left = 9,
    /// The clock jumped.
    ClockJumped = 10,
    /// One that this version has no number for.
    Other = 255,
}

/// What a verified receipt says. Times are Unix seconds. What only a redemption has is 0 for any other
/// record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Receipted {
    /// Index of the record in the gate's journal.
    pub index: u64,
    /// Index of the entry in the city's ledger.
    pub entry: u64,
    /// When the record was made, by the gate's clock.
    pub time: i64,
    /// When the city logged it.
    pub logged: i64,
    /// When the ledger's checkpoint over it became final.
    pub final_at: i64,
    /// The member that enrolled the gate.
    pub member: u32,
    /// Number of the gate.
    pub gate: u32,
    /// What was recorded: an `onecard_record_kind`.
    pub kind: u32,
    /// Of a redemption: the issuer of the pass.
    pub issuer: u32,
    /// Number of the product.
    pub product: u32,
    /// Version of the product.
    pub product_version: u32,
    /// The grant that decided.
    pub grant: u32,
    /// How many people came in.
    pub party: u32,
    /// What they paid at the gate, in fen.
    pub due_fen: u32,
    /// Bits: 1 the bare pass was shown, 2 the code answered a challenge, 4 the clock was in doubt.
    pub flags: u32,
    /// Id of the pass: 16 characters, then NUL.
    pub pass: [c_char; 20],
    /// SHA-256 of what was shown.
    pub digest: [u8; 32],
    /// 0; for later versions.
    pub reserved: u32,
}

/// Verifies a receipt with the trust lists alone.
///
/// # Safety
/// `history` is NULL or a live handle; `receipt` is valid for its length; `receipted` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_receipt_verify(
    history: *const History,
    receipt: *const u8,
    receipt_length: usize,
    receipted: *mut Receipted,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (history, receipt, out) =
            unsafe { (borrow(history)?, bytes(receipt, receipt_length)?, Out::new(receipted)?) };
        let receipt = Receipt::parse(receipt)?;
        out.set(history.read(|history| Ok(Receipted::from(&receipt.verify(history)?)))?);
        Ok(())
    })
}

/// The gate's checkpoint in a receipt, a signed note, unverified here: what onecard_gate_open_after
/// notices an old copy of the gate's store by.
///
/// # Safety
/// `receipt` and `checkpoint` are valid for their lengths; `checkpoint_length` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_receipt_checkpoint(
    receipt: *const u8,
    receipt_length: usize,
    checkpoint: *mut c_char,
    checkpoint_capacity: usize,
    checkpoint_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (receipt, out) = unsafe {
            (bytes(receipt, receipt_length)?, Buffer::new(checkpoint.cast(), checkpoint_capacity, checkpoint_length)?)
        };
        out.fill(Receipt::parse(receipt)?.journal_checkpoint().as_bytes())
    })
}

impl From<&Inner> for Receipted {
    fn from(receipted: &Inner) -> Self {
        let kind = match &receipted.record {
            Record::Opened { .. } => RecordKind::Opened,
            Record::Redeemed(_) => RecordKind::Redeemed,
            Record::Annulled { .. } => RecordKind::Annulled,
            Record::Synced(_) => RecordKind::Synced,
            Record::ClockSet { .. } => RecordKind::ClockSet,
            Record::DayClosed { .. } => RecordKind::DayClosed,
            Record::Overridden { .. } => RecordKind::Overridden,
            Record::OutageOpened { .. } => RecordKind::OutageOpened,
            Record::OutageClosed { .. } => RecordKind::OutageClosed,
            Record::Exited { .. } => RecordKind::Left,
            Record::ClockJumped { .. } => RecordKind::ClockJumped,
            _ => RecordKind::Other,
        };
        let bare = Self {
            index: receipted.index,
            entry: receipted.entry,
            time: receipted.record.time().seconds(),
            logged: receipted.logged.seconds(),
            final_at: receipted.final_at.seconds(),
            member: receipted.gate.member.code(),
            gate: receipted.gate.number,
            kind: kind as u32,
            issuer: 0,
            product: 0,
            product_version: 0,
            grant: 0,
            party: 0,
            due_fen: 0,
            flags: 0,
            pass: [0; 20],
            digest: [0; 32],
            reserved: 0,
        };
        let Record::Redeemed(redemption) = &receipted.record else { return bare };
        let Redemption { pass, product, grant, party, due_fen, flags, evidence, .. } = redemption;
        Self {
            issuer: pass.issuer.code(),
            product: product.0.into(),
            product_version: product.1.into(),
            grant: (*grant).into(),
            party: (*party).into(),
            due_fen: *due_fen,
            flags: (*flags).into(),
            pass: fixed::write(&pass.pass.to_string()),
            digest: evidence.0,
            ..bare
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Receipted>(), align_of::<Receipted>()), (136, 8));
        let offsets = [
            offset_of!(Receipted, index),
            offset_of!(Receipted, entry),
            offset_of!(Receipted, time),
            offset_of!(Receipted, logged),
            offset_of!(Receipted, final_at),
            offset_of!(Receipted, member),
            offset_of!(Receipted, gate),
            offset_of!(Receipted, kind),
            offset_of!(Receipted, issuer),
            offset_of!(Receipted, product),
            offset_of!(Receipted, product_version),
            offset_of!(Receipted, grant),
            offset_of!(Receipted, party),
            offset_of!(Receipted, due_fen),
            offset_of!(Receipted, flags),
            offset_of!(Receipted, pass),
            offset_of!(Receipted, digest),
            offset_of!(Receipted, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 32, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 100, 132]);
    }

    #[test]
    fn the_kinds_are_frozen() {
        let kinds = [
            RecordKind::Opened,
            RecordKind::Redeemed,
            RecordKind::Annulled,
            RecordKind::Synced,
            RecordKind::ClockSet,
            RecordKind::DayClosed,
            RecordKind::Overridden,
            RecordKind::OutageOpened,
            RecordKind::OutageClosed,
            RecordKind::Left,
            RecordKind::ClockJumped,
            RecordKind::Other,
        ];
        assert_eq!(kinds.map(|kind| kind as u32), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
    }
}
