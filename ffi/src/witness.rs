//! A witness: it cosigns a peer's checkpoint when that continues the last one it cosigned.

use crate::Status;
use crate::buffer::Buffer;
use crate::call::run;
use crate::history::History;
use crate::ptr::{Opaque, Out, array, borrow, bytes, free, handle, utf8};
use core::ffi::c_char;
use onecard::crypto::SigningKey;
use onecard::id::MemberId;
use onecard::ledger::{watch, witness_name};
use onecard::time::UnixTime;
use onecard::tlog::{AddCheckpoint, LogKey, MemoryStorage, SignedCheckpoint, Storage, Watch, Witness as Inner};
use onecard::trust::{Role, TrustHistory};
use onecard_store::{RedbStorage, Shared};
use std::path::Path;

/// A witness of every other member's ledger, with the last checkpoint it cosigned of each.
///
/// Thread-safe: calls take their turn, as those of a gate. Open it anew when the trust list changes.
pub struct Witness(());

/// A witness and where it keeps what it cosigned.
pub(crate) struct Kept {
    witness: Inner,
    storage: RedbStorage,
    history: TrustHistory,
}

impl Opaque for Witness {
    type Inner = Shared<Kept>;
    const TAG: u32 = 0x4f43_0007;
}

/// Opens the witness of a member, which follows the ledgers of all other members by the keys in force at
/// `now`.
///
/// `seed` is that of the witness key, 32 bytes. The store must be there: onecard_witness_create makes
/// one. **Never open a witness on an old copy of its store**: it could cosign a fork.
///
/// # Safety
/// `path` and `seed` are valid for their lengths; `history` is NULL or a live handle; `witness` is NULL
/// or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_witness_open(
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    now: i64,
    witness: *mut *mut Witness,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, member, seed, seed_length, history, now, witness, RedbStorage::open) }
}

/// Makes a new store and opens a witness on it. Everything else is as in onecard_witness_open.
///
/// # Safety
/// As onecard_witness_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_witness_create(
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    now: i64,
    witness: *mut *mut Witness,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, member, seed, seed_length, history, now, witness, RedbStorage::create) }
}

/// The size of the last checkpoint that it cosigned of a member's ledger, 0 for none: where
/// onecard_ledger_request is to start from.
///
/// # Safety
/// `witness` is NULL or a live handle; `size` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_witness_size(witness: *const Witness, member: u32, size: *mut u64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (witness, out) = unsafe { (borrow(witness)?, Out::new(size)?) };
        let member = MemberId::new(member)?;
        out.set(witness.read(|kept| {
            let origin = kept.history.newest().ledger_origin(member);
            Ok(kept.witness.latest(&origin).map_or(0, SignedCheckpoint::size))
        })?);
        Ok(())
    })
}

/// Cosigns the checkpoint of a request, after that is durable: `line` is for onecard_ledger_cosigned.
/// Free it with onecard_buffer_free.
///
/// ONECARD_STATUS_WITNESS_CLOCK where `now` is 0, or more than two seconds before the last cosignature. If that
/// one was dated ahead by a wrong clock, give the witness a new key.
///
/// # Safety
/// `witness` is NULL or a live handle; `request` is valid for its length; `line` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_witness_cosign(
    witness: *mut Witness,
    request: *const u8,
    request_length: usize,
    now: i64,
    line: *mut *mut Buffer,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (witness, request, out) =
            unsafe { (borrow(witness.cast_const())?, bytes(request, request_length)?, Out::new(line)?) };
        let now = UnixTime::new(now)?;
        let cosigned = witness.write(|kept| {
            let request = AddCheckpoint::parse(request)?;
            Ok(kept.witness.consider(&request)?.commit(&mut kept.storage, now)?)
        })?;
        out.set(handle::<Buffer>(cosigned.into_bytes().into_boxed_slice()));
        Ok(())
    })
}

/// Closes a witness and writes NULL to `*witness`; NULL there is closed already.
///
/// # Safety
/// `witness` is NULL or can be read and written; `*witness` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_witness_free(witness: *mut *mut Witness) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(witness) })
}

/// What the ways to start a witness have in common.
///
/// # Safety
/// As onecard_witness_open.
#[expect(clippy::too_many_arguments, reason = "those of the exported functions")]
unsafe fn start(
    path: *const c_char,
    path_length: usize,
    member: u32,
    seed: *const u8,
    seed_length: usize,
    history: *const History,
    now: i64,
    witness: *mut *mut Witness,
    store: impl FnOnce(&Path) -> Result<RedbStorage, onecard_store::StoreError>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (path, seed, history, out) =
            unsafe { (utf8(path, path_length)?, array(seed, seed_length)?, borrow(history)?, Out::new(witness)?) };
        let member = MemberId::new(member)?;
        let now = UnixTime::new(now)?;
        out.set(handle::<Witness>(history.read(|history| {
            let key = SigningKey::from_seed(seed);
            let given = history.at(now).key(key.verifying_key().kid(), Role::Witness, now);
            if !given.is_ok_and(|(owner, _)| owner.id == member) {
                return Err(Status::LedgerOtherKey);
            }
            // Everything but the store is tried first, in memory.
            follow(&MemoryStorage::new(), member, key.clone(), history, now)?;
            let storage = store(Path::new(path))?;
            let witness = follow(&storage, member, key, history, now)?;
            Ok(Kept { witness, storage, history: history.clone() })
        })?));
        Ok(())
    })
}

/// A witness of every member's ledger but its own.
fn follow<S: Storage>(
    storage: &S,
    member: MemberId,
    key: SigningKey,
    history: &TrustHistory,
    now: UnixTime,
) -> Result<Inner, Status>
where
    Status: From<S::Error>,
{
    let trust = history.at(now);
    let peers = trust.members().iter().map(|peer| peer.id).filter(|peer| *peer != member);
    // The number of a member names its row in the store.
    let logs = peers.map(|peer| watch(history, peer, LogKey(peer.code()), now)).collect::<Result<Vec<Watch>, _>>()?;
    Ok(Inner::open(storage, witness_name(trust, member)?, key, logs, Default::default())?)
}
