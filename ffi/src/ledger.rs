//! A city's ledger with the journals of its gates, on the embedded store.

use crate::Status;
use crate::buffer::Buffer;
use crate::call::run;
use crate::history::History;
use crate::hold::GROUP;
use crate::ptr::{Opaque, Out, array, borrow, bytes, free, handle, utf8};
use core::ffi::c_char;
use onecard::crypto::{SigningKey, sha256};
use onecard::gate::Segment;
use onecard::id::MemberId;
use onecard::ledger::{Announcement, Ingested as Taken, Ledger as Inner, journal_verifier};
use onecard::time::UnixTime;
use onecard::tlog::{AddCheckpoint, MemoryStorage, OpenOptions, SignedCheckpoint};
use onecard::trust::{Catalogue, StatusList, TrustHistory};
use onecard_store::{PublishError, RedbStorage, SharedLedger, StoreError, publish};
use std::path::Path;

/// A member's ledger.
///
/// Thread-safe: calls take their turn, as those of a gate, and segments that come while another is made durable share
/// one durable commit. After ONECARD_STATUS_STORE_FAILED it says ONECARD_STATUS_LEDGER_UNSURE until
/// onecard_ledger_recover.
pub struct Ledger(());

impl Opaque for Ledger {
    type Inner = SharedLedger<RedbStorage>;
    const TAG: u32 = 0x4f43_0006;
}

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Ingested {
    /// How many of its records were new.
    pub records: u64,
    /// Index of the ledger's entry; 0 where nothing was new.
    pub entry: u64,
    /// 1 where all of it was there before, else 0.
    pub duplicate: u32,
    /// 0; for later versions.
    pub reserved: u32,
}

/// Opens a member's ledger and the journals of its gates.
///
/// `history` has every trust list that this ledger adopted, and is copied; `seed` is that of the log key,
/// 32 bytes. The store must be there: onecard_ledger_create makes one.
///
/// # Safety
/// `path` and `seed` are valid for their lengths; `history` is NULL or a live handle; `ledger` is NULL or
/// can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_open(
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    ledger: *mut *mut Ledger,
) -> Status {
    let open = |path: &Path, member, key, history: &TrustHistory| {
        Ok(Inner::open(RedbStorage::open(path)?, member, key, history.clone(), Default::default())?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, member, seed, seed_length, history, ledger, open) }
}

/// Makes a new store and opens a ledger on it. Everything else is as in onecard_ledger_open.
///
/// No file is made where the ledger would not open.
///
/// # Safety
/// As onecard_ledger_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_create(
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    ledger: *mut *mut Ledger,
) -> Status {
    let create = |path: &Path, member, key: SigningKey, history: &TrustHistory| {
        // Everything but the store is tried first, in memory.
        Inner::open(MemoryStorage::new(), member, key.clone(), history.clone(), Default::default())?;
        Ok(Inner::open(RedbStorage::create(path)?, member, key, history.clone(), Default::default())?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, member, seed, seed_length, history, ledger, create) }
}

/// As onecard_ledger_open, for a store that may be an old copy. `newest` is the newest checkpoint of this
/// ledger that anybody else has, such as a witness.
///
/// ONECARD_STATUS_STORE_OLD_COPY where less than that is in the store, and
/// ONECARD_STATUS_STORE_OTHER_HISTORY where something else is.
///
/// # Safety
/// As onecard_ledger_open; `newest` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_open_after(
    newest: *const u8,
    newest_length: usize,
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    ledger: *mut *mut Ledger,
) -> Status {
    let open = |path: &Path, member, key, history: &TrustHistory| {
        // SAFETY: the caller's promise is the same.
        let newest = unsafe { bytes(newest, newest_length) }?;
        let options = OpenOptions { newest: &[newest] };
        Ok(Inner::open(RedbStorage::open(path)?, member, key, history.clone(), options)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, member, seed, seed_length, history, ledger, open) }
}

/// After ONECARD_STATUS_STORE_FAILED, opens the logs again and learns what the store holds.
///
/// # Safety
/// `ledger` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_recover(ledger: *mut Ledger) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let ledger = unsafe { borrow(ledger.cast_const()) }?;
        ledger.write(|ledger| Ok(ledger.recover()?))
    })
}

/// How many entries the ledger has.
///
/// # Safety
/// `ledger` is NULL or a live handle; `size` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_size(ledger: *const Ledger, size: *mut u64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, out) = unsafe { (borrow(ledger)?, Out::new(size)?) };
        out.set(ledger.read(|ledger| Ok(ledger.log().size()))?);
        Ok(())
    })
}

/// How many records of a gate's journal are here: the index from which its next segment is wanted.
///
/// # Safety
/// `ledger` is NULL or a live handle; `size` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_journal_size(ledger: *const Ledger, gate: u32, size: *mut u64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, out) = unsafe { (borrow(ledger)?, Out::new(size)?) };
        out.set(ledger.read(|ledger| Ok(ledger.journals().get(&gate).ok_or(Status::LedgerGate)?.log().size()))?);
        Ok(())
    })
}

/// Works under a trust list from now on: the one in force, which puts that on record, or the next.
/// `entry` is the index of the ledger's entry.
///
/// # Safety
/// `ledger` is NULL or a live handle; `trust` is valid for its length; `entry` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_adopt(
    ledger: *mut Ledger,
    trust: *const u8,
    trust_length: usize,
    now: i64,
    entry: *mut u64,
) -> Status {
    let adopt = |ledger: &mut Inner<RedbStorage>, trust: &[u8], now| {
        let known = ledger.trust();
        if known.as_bytes() == trust {
            let (sequence, digest) = (known.sequence(), known.digest());
            return Ok(ledger.record(Announcement::TrustAdopted { sequence, digest }, now)?);
        }
        Ok(ledger.adopt(trust, now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { log(ledger, trust, trust_length, now, entry, adopt) }
}

/// Enrols a gate by its certificate. `entry` is the index of the ledger's entry.
///
/// # Safety
/// `ledger` is NULL or a live handle; `certificate` is valid for its length; `entry` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_enrol(
    ledger: *mut Ledger,
    certificate: *const u8,
    certificate_length: usize,
    now: i64,
    entry: *mut u64,
) -> Status {
    let enrol = |ledger: &mut Inner<RedbStorage>, certificate: &[u8], now| Ok(ledger.enrol(certificate, now)?);
    // SAFETY: the caller's promise is the same.
    unsafe { log(ledger, certificate, certificate_length, now, entry, enrol) }
}

/// Retires a gate: nothing new of it is taken from now on, not even what it sealed before.
///
/// # Safety
/// `ledger` is NULL or a live handle; `entry` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_retire(ledger: *mut Ledger, gate: u32, now: i64, entry: *mut u64) -> Status {
    let retire = |ledger: &mut Inner<RedbStorage>, _: &[u8], now| Ok(ledger.retire(gate, now)?);
    // SAFETY: the caller's promise is the same; no bytes are read.
    unsafe { log(ledger, core::ptr::null(), 0, now, entry, retire) }
}

/// Records that the member published a catalogue, which is verified before.
///
/// # Safety
/// As onecard_ledger_enrol.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_add_catalogue(
    ledger: *mut Ledger,
    catalogue: *const u8,
    catalogue_length: usize,
    now: i64,
    entry: *mut u64,
) -> Status {
    let record = |ledger: &mut Inner<RedbStorage>, bytes: &[u8], now| {
        let catalogue = Catalogue::verify(bytes, ledger.trust())?;
        if catalogue.member() != ledger.member() {
            return Err(Status::LedgerEntry);
        }
        let (sequence, digest) = (catalogue.sequence(), sha256(&[bytes]));
        Ok(ledger.record(Announcement::CataloguePublished { sequence, digest }, now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { log(ledger, catalogue, catalogue_length, now, entry, record) }
}

/// Records that the member published a status list, which is verified before.
///
/// # Safety
/// As onecard_ledger_enrol.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_add_status(
    ledger: *mut Ledger,
    list: *const u8,
    list_length: usize,
    now: i64,
    entry: *mut u64,
) -> Status {
    let record = |ledger: &mut Inner<RedbStorage>, bytes: &[u8], now| {
        let list = StatusList::verify(bytes, ledger.trust())?;
        if list.issuer() != ledger.member() {
            return Err(Status::LedgerEntry);
        }
        let (uri, issued, digest) = (list.uri().to_owned(), list.issued(), sha256(&[bytes]));
        Ok(ledger.record(Announcement::StatusPublished { uri, issued, digest }, now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { log(ledger, list, list_length, now, entry, record) }
}

/// Records a peer's checkpoint, which a peer must have signed.
///
/// # Safety
/// As onecard_ledger_enrol.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_add_peer(
    ledger: *mut Ledger,
    checkpoint: *const u8,
    checkpoint_length: usize,
    now: i64,
    entry: *mut u64,
) -> Status {
    let record = |ledger: &mut Inner<RedbStorage>, bytes: &[u8], now| {
        let checkpoint = core::str::from_utf8(bytes).map_err(|_| Status::Utf8)?.to_owned();
        Ok(ledger.record(Announcement::PeerSeen { checkpoint }, now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { log(ledger, checkpoint, checkpoint_length, now, entry, record) }
}

/// Takes back, by the city's hand, the redemption at `index` of a gate's journal.
///
/// # Safety
/// `ledger` is NULL or a live handle; `entry` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_reverse(
    ledger: *mut Ledger,
    gate: u32,
    index: u64,
    now: i64,
    entry: *mut u64,
) -> Status {
    let record = |ledger: &mut Inner<RedbStorage>, _: &[u8], now| {
        Ok(ledger.record(Announcement::Reversal { gate, index }, now)?)
    };
    // SAFETY: the caller's promise is the same; no bytes are read.
    unsafe { log(ledger, core::ptr::null(), 0, now, entry, record) }
}

/// Takes a gate's segment, as onecard_gate_segment made it: verifies certificate, checkpoint, chain, root
/// and evidence, and logs the gate's checkpoint, all in one commit. The same segment may come again. Those that
/// several threads bring at once are taken together, as of the latest `now` among them.
///
/// # Safety
/// `ledger` is NULL or a live handle; `segment` is valid for its length; `ingested` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_ingest(
    ledger: *mut Ledger,
    segment: *const u8,
    segment_length: usize,
    now: i64,
    ingested: *mut Ingested,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, segment, out) =
            unsafe { (borrow(ledger.cast_const())?, bytes(segment, segment_length)?, Out::new(ingested)?) };
        let now = UnixTime::new(now)?;
        let segment = Segment::decode(segment)?;
        let taken = ledger.share(|ledger| Ok(ledger.ingest(segment, now).ok_or(Status::Poisoned)??))?;
        out.set(match taken {
            Taken::Accepted { records, entry } => Ingested { records, entry, duplicate: 0, reserved: 0 },
            Taken::Duplicate => Ingested { records: 0, entry: 0, duplicate: 1, reserved: 0 },
        });
        Ok(())
    })
}

/// Signs a checkpoint over the ledger, durably, and hands it out as a signed note: with the cosignatures
/// it has where the ledger has not grown since the last one. Free it with onecard_buffer_free.
///
/// # Safety
/// `ledger` is NULL or a live handle; `checkpoint` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_checkpoint(ledger: *mut Ledger, checkpoint: *mut *mut Buffer) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, out) = unsafe { (borrow(ledger.cast_const())?, Out::new(checkpoint)?) };
        let signed = ledger.write(|ledger| Ok(ledger.checkpoint()?))?;
        out.set(handle::<Buffer>(signed.note().as_bytes()));
        Ok(())
    })
}

/// The request for a witness that last saw this ledger at `old` entries (C2SP tlog-witness): proof that
/// the newest checkpoint signed continues that, and the checkpoint. Free it with onecard_buffer_free.
///
/// ONECARD_STATUS_NOTHING before the first checkpoint.
///
/// # Safety
/// `ledger` is NULL or a live handle; `request` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_request(ledger: *const Ledger, old: u64, request: *mut *mut Buffer) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, out) = unsafe { (borrow(ledger)?, Out::new(request)?) };
        let body = ledger.read(|ledger| {
            let signed = ledger.kept_checkpoint()?.ok_or(Status::Nothing)?;
            if old > signed.size() {
                return Err(Status::OutOfRange);
            }
            let proof = ledger.consistency_proof(old, signed.size())?;
            Ok(AddCheckpoint { old, proof, note: signed.note().as_bytes() }.to_body())
        })?;
        out.set(handle::<Buffer>(body.into_boxed_slice()));
        Ok(())
    })
}

/// Takes cosignature lines of witnesses for the newest checkpoint signed, and hands that out with all it
/// has. Each line is judged by itself: those of strangers are left out, and so are bad ones, where another
/// is good. Bad is also one whose time is impossible. Free it with onecard_buffer_free.
///
/// # Safety
/// `ledger` is NULL or a live handle; `lines` is valid for its length; `checkpoint` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_cosigned(
    ledger: *mut Ledger,
    lines: *const c_char,
    lines_length: usize,
    now: i64,
    checkpoint: *mut *mut Buffer,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, lines, out) =
            unsafe { (borrow(ledger.cast_const())?, utf8(lines, lines_length)?, Out::new(checkpoint)?) };
        let now = UnixTime::new(now)?;
        let signed = ledger.write(|ledger| Ok(ledger.cosigned(lines, now)?))?;
        out.set(handle::<Buffer>(signed.note().as_bytes()));
        Ok(())
    })
}

/// Makes the receipt of one record of a gate: for its holder, to be verified by onecard_receipt_verify.
/// Free it with onecard_buffer_free.
///
/// ONECARD_STATUS_LEDGER_NOT_LOGGED before the record was ingested and a checkpoint signed since. The
/// receipt verifies once that checkpoint is final.
///
/// # Safety
/// `ledger` is NULL or a live handle; `receipt` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_receipt(
    ledger: *const Ledger,
    gate: u32,
    index: u64,
    receipt: *mut *mut Buffer,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, out) = unsafe { (borrow(ledger)?, Out::new(receipt)?) };
        let text = ledger.read(|ledger| Ok(ledger.receipt(gate, index)?.to_text()))?;
        out.set(handle::<Buffer>(text.into_bytes().into_boxed_slice()));
        Ok(())
    })
}

/// Signs a usage digest for the member's own gates: what the entries of this ledger from `first` up to
/// `end` say of the uses of passes. Passes whose term ended at `over` or before are left out. For
/// onecard_sync_add_digest; free it with onecard_buffer_free.
///
/// # Safety
/// `ledger` is NULL or a live handle; `digest` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_usage_digest(
    ledger: *const Ledger,
    first: u64,
    end: u64,
    over: i64,
    now: i64,
    digest: *mut *mut Buffer,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, out) = unsafe { (borrow(ledger)?, Out::new(digest)?) };
        let (over, now) = (UnixTime::new(over)?, UnixTime::new(now)?);
        let signed = ledger.read(|ledger| {
            if first > end {
                return Err(Status::OutOfRange);
            }
            Ok(ledger.usage_digest(ledger.usage(first..end, over, |_| true)?, now)?)
        })?;
        out.set(handle::<Buffer>(signed.into_boxed_slice()));
        Ok(())
    })
}

/// Writes the ledger at its newest checkpoint, and the journals of its gates with their evidence, below
/// `directory`, where onecard_audit reads them beside the lists in `trust/`. Each call costs what is new.
///
/// ONECARD_STATUS_NOTHING before the first checkpoint.
///
/// # Safety
/// `ledger` is NULL or a live handle; `directory` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_publish(
    ledger: *const Ledger,
    directory: *const c_char,
    directory_length: usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, directory) = unsafe { (borrow(ledger)?, utf8(directory, directory_length)?) };
        let root = Path::new(directory);
        ledger.read(|ledger| {
            let (storage, member) = (ledger.storage(), ledger.member());
            let newest = ledger.kept_checkpoint()?.ok_or(Status::Nothing)?;
            for (number, journal) in ledger.journals() {
                let Some(note) = journal.log().kept_checkpoint(storage)? else { continue };
                let signed =
                    SignedCheckpoint::verify(&note, &journal_verifier(ledger.trust(), journal.certificate())?)?;
                let place = root.join(format!("journal/{member}/{number}"));
                let evidence = root.join(format!("evidence/{member}/{number}"));
                publish(storage, journal.log(), &signed, &place, Some(&evidence))?;
            }
            Ok(publish(storage, ledger.log(), &newest, &root.join(format!("ledger/{member}")), None)?)
        })
    })
}

/// Closes a ledger and writes NULL to `*ledger`; NULL there is closed already.
///
/// # Safety
/// `ledger` is NULL or can be read and written; `*ledger` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_ledger_free(ledger: *mut *mut Ledger) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(ledger) })
}

impl From<PublishError<StoreError>> for Status {
    fn from(error: PublishError<StoreError>) -> Self {
        match error {
            PublishError::Log(error) => error.into(),
            _ => Self::StoreFailed,
        }
    }
}

/// What the ways to start a ledger have in common.
///
/// # Safety
/// As onecard_ledger_open.
#[expect(clippy::too_many_arguments, reason = "those of the exported functions")]
unsafe fn start(
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    ledger: *mut *mut Ledger,
    open: impl FnOnce(&Path, MemberId, SigningKey, &TrustHistory) -> Result<Inner<RedbStorage>, Status>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (path, seed, history, out) =
            unsafe { (utf8(path, path_length)?, array(seed, seed_length)?, borrow(history)?, Out::new(ledger)?) };
        let member = MemberId::new(member)?;
        let key = SigningKey::from_seed(seed);
        let opened = history.read(|history| open(Path::new(path), member, key, history))?;
        out.set(handle(SharedLedger::new(opened, GROUP)));
        Ok(())
    })
}

/// Logs one thing and tells the index of its entry.
///
/// # Safety
/// As onecard_ledger_enrol.
unsafe fn log(
    ledger: *mut Ledger,
    data: *const u8,
    length: usize,
    now: i64,
    entry: *mut u64,
    record: impl FnOnce(&mut Inner<RedbStorage>, &[u8], UnixTime) -> Result<u64, Status>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (ledger, data, out) = unsafe { (borrow(ledger.cast_const())?, bytes(data, length)?, Out::new(entry)?) };
        let now = UnixTime::new(now)?;
        out.set(ledger.write(|ledger| record(ledger, data, now))?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Ingested>(), align_of::<Ingested>()), (24, 8));
        let offsets = [
            offset_of!(Ingested, records),
            offset_of!(Ingested, entry),
            offset_of!(Ingested, duplicate),
            offset_of!(Ingested, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 20]);
    }
}
