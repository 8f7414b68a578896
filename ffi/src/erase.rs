//! Forgetting at a gate what is final elsewhere.

use crate::Status;
use crate::call::run;
use crate::history::History;
use crate::ptr::{Out, borrow, bytes, utf8};
use core::ffi::c_char;
use onecard::ledger::Receipt;
use onecard::tlog::{Checkpoint, Log, LogError, LogKey, Note, Storage};
use onecard::trust::TrustHistory;
use onecard_store::RedbStorage;
use std::path::Path;

/// Evidence erased with one commit.
const STEP: u32 = 4_096;

/// Erases the evidence, what visitors showed, of all records that a receipt shows to be final in the
/// city's ledger, from the store of a gate that is closed. `below` is the index below which a gate's store
/// has none any more.
///
/// The records themselves stay: a gate needs all of them to decide. Nothing is erased for a receipt that
/// does not verify, of another gate, or of another history. Mind the dispute window: it is the operator's.
///
/// # Safety
/// `path` and `receipt` are valid for their lengths; `history` is NULL or a live handle; `below` is NULL or
/// can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_erase_final(
    path: *const c_char,
    path_length: usize,
    history: *const History,
    receipt: *const u8,
    receipt_length: usize,
    below: *mut u64,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (path, history, receipt, out) =
            unsafe { (utf8(path, path_length)?, borrow(history)?, bytes(receipt, receipt_length)?, Out::new(below)?) };
        let receipt = Receipt::parse(receipt)?;
        out.set(history.read(|history| erase(Path::new(path), history, &receipt))?);
        Ok(())
    })
}

fn erase(path: &Path, history: &TrustHistory, receipt: &Receipt) -> Result<u64, Status> {
    let receipted = receipt.verify(history)?;
    // Its signature was verified with the receipt.
    let sealed = Checkpoint::parse(Note::parse(receipt.journal_checkpoint().as_bytes())?.text())?;
    let mut storage = RedbStorage::open(path)?;
    // The journal is the only log in a gate's store.
    let origin = history.newest().journal_origin(receipted.gate);
    let mut log = Log::open(&storage, LogKey(0), &origin).map_err(|error| match error {
        LogError::OtherLog(_) => Status::GateOtherJournal,
        error => error.into(),
    })?;
    if log.size() < sealed.size {
        return Err(Status::StoreOldCopy);
    }
    if log.root_at(&storage, sealed.size)? != sealed.root {
        return Err(Status::StoreOtherHistory);
    }
    loop {
        let mut batch = log.erase(sealed.size, STEP);
        if batch.is_empty() {
            return Ok(log.erased());
        }
        storage.commit(&batch.take_writes())?;
        log.apply(batch).map_err(|_| Status::Unclassified)?;
    }
}
