//! The trust lists one after the other, for whoever looks back: receipts, ledgers, witnesses.

use crate::Status;
use crate::call::run;
use crate::hold::Versions;
use crate::ptr::{Opaque, Out, array, borrow, bytes, free, handle};
use onecard::crypto::Hash;
use onecard::id::MemberId;
use onecard::ledger::LedgerCheckpoint;
use onecard::time::UnixTime;
use onecard::trust::{TrustHistory, TrustList};

/// Verified trust lists, each following the one before.
///
/// Thread-safe, as a bundle.
pub struct History(());

impl Opaque for History {
    type Inner = Versions<TrustHistory>;
    const TAG: u32 = 0x4f43_0005;
    const ONE_PROCESS: bool = false;
}

/// What a checkpoint of a ledger says, and whether it is final. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Checkpoint {
    /// Entries it covers.
    pub size: u64,
    /// When enough witnesses had cosigned it; 0 where they have not.
    pub final_at: i64,
    /// Cosignatures that count.
    pub cosignatures: u32,
    /// 0; for later versions.
    pub reserved: u32,
    /// Root of the ledger's tree.
    pub root: [u8; 32],
}

/// Makes a history from a trust list and its pinned SHA-256 of 32 bytes: the first of a federation, or a
/// later one.
///
/// # Safety
/// `trust` and `anchor` are valid for their lengths; `history` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_history_new(
    trust: *const u8,
    trust_length: usize,
    anchor: *const u8,
    anchor_length: usize,
    history: *mut *mut History,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (trust, anchor, out) =
            unsafe { (bytes(trust, trust_length)?, array(anchor, anchor_length)?, Out::new(history)?) };
        let first = TrustList::pinned(trust, &Hash(*anchor))?;
        out.set(handle::<History>(TrustHistory::from(first)));
        Ok(())
    })
}

/// Adds the trust list that follows the newest one.
///
/// # Safety
/// `history` is NULL or a live handle; `trust` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_history_add(history: *mut History, trust: *const u8, trust_length: usize) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (history, trust) = unsafe { (borrow(history.cast_const())?, bytes(trust, trust_length)?) };
        history.write(|history| Ok(history.push(trust)?))
    })
}

/// Frees a history and writes NULL to `*history`; NULL there is freed already.
///
/// # Safety
/// `history` is NULL or can be read and written; `*history` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_history_free(history: *mut *mut History) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(history) })
}

/// Verifies a checkpoint of a member's ledger, a signed note, and tells what its cosignatures come to.
///
/// ONECARD_STATUS_OK says that the ledger signed it; `final_at` whether enough witnesses did.
///
/// # Safety
/// `history` is NULL or a live handle; `note` is valid for its length; `checkpoint` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_checkpoint_verify(
    history: *const History,
    member: u32,
    note: *const u8,
    note_length: usize,
    checkpoint: *mut Checkpoint,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (history, note, out) = unsafe { (borrow(history)?, bytes(note, note_length)?, Out::new(checkpoint)?) };
        let member = MemberId::new(member)?;
        out.set(history.read(|history| {
            let verified = LedgerCheckpoint::verify(note, history, member)?;
            let counted = verified.cosignatures().iter().filter(|cosignature| cosignature.counts).count();
            Ok(Checkpoint {
                size: verified.signed().size(),
                final_at: verified.final_at().map_or(0, UnixTime::seconds),
                cosignatures: u32::try_from(counted).unwrap_or(u32::MAX),
                reserved: 0,
                root: verified.signed().root().0,
            })
        })?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Checkpoint>(), align_of::<Checkpoint>()), (56, 8));
        let offsets = [
            offset_of!(Checkpoint, size),
            offset_of!(Checkpoint, final_at),
            offset_of!(Checkpoint, cosignatures),
            offset_of!(Checkpoint, reserved),
            offset_of!(Checkpoint, root),
        ];
        assert_eq!(offsets, [0, 8, 16, 20, 24]);
    }
}
