//! The gate: one decision for each scan, recorded before it is told.

use crate::Status;
use crate::buffer::Buffer;
use crate::bundle::Bundle;
use crate::call::{narrow, run};
use crate::hold::GROUP;
use crate::ptr::{Opaque, Out, array, borrow, bytes, free, handle, optional_array, utf8};
use crate::reason::Severity;
use core::ffi::c_char;
use onecard::crypto::SigningKey;
use onecard::gate::{Decision as Answer, Gate as Inner, Identity, OpenOptions, Reason, Refusal, Scan, Segment, Shown};
use onecard::pass::IdOpening;
use onecard::time::UnixTime;
use onecard::tlog::MemoryStorage;
use onecard::trust;
use onecard_store::{RedbStorage, SharedGate};
use std::path::Path;

/// Flag of an admission: a person compared the holder's document.
pub const ONECARD_ADMIT_IDENTITY_CHECKED: u32 = 1;

/// A gate with its journal, its key and what it knows.
///
/// Thread-safe: one handle serves all lanes of the gate. Calls take their turn in the order in which they came; those
/// that change nothing share one. Codes that come while another admission is made durable are decided together, with
/// one durable commit for all of them. Two lanes with keys of their own are two gates.
pub struct Gate(());

impl Opaque for Gate {
    type Inner = SharedGate<RedbStorage>;
    const TAG: u32 = 0x4f43_0002;
}

/// What a gate answers to one scan. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Decision {
    /// Index of the redemption in the gate's journal; 0 where nothing was recorded.
    pub index: u64,
    /// When the same visit would be covered; 0 where that is not known.
    pub next: i64,
    /// When the grant is over; 0 where that was not computed.
    pub valid_until: i64,
    /// Uses left of the grant's tightest shared quota; -1 where that was not counted.
    pub uses_left: i64,
    /// Whether the barrier opens: an `onecard_severity`. Open for ONECARD_SEVERITY_ADMIT alone.
    pub kind: u32,
    /// Why: an `onecard_reason`.
    pub reason: u32,
    /// The grant of the product that decided; 0 unless admitted.
    pub grant: u32,
    /// What the party pays here, in fen; 0 unless admitted.
    pub due_fen: u32,
    /// 1 where the visitor may be shown the reason, else 0: show "please see staff".
    pub shows_detail: u32,
    /// 0; for later versions.
    pub reserved: [u32; 3],
}

/// Opens a gate on its store, replays its journal, and records that it opened.
///
/// The store must be there: a mistyped path must not start an empty journal. onecard_gate_create
/// makes one. `path` is UTF-8. The key's seed has 32 bytes and is copied, and so is the bundle: later
/// updates of the bundle do not reach the gate. A bundle older than what the gate had is
/// ONECARD_STATUS_ROLLBACK.
///
/// # Safety
/// `path`, `seed` and `certificate` are valid for their lengths; `bundle` is NULL or a live handle;
/// `gate` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_open(
    path: *const c_char,
    path_length: usize,
    seed: *const u8,
    seed_length: usize,
    certificate: *const u8,
    certificate_length: usize,
    bundle: *const Bundle,
    now: i64,
    gate: *mut *mut Gate,
) -> Status {
    let open = |path: &Path, seed: &[u8; 32], certificate: &[u8], bundle: &trust::Bundle, now| {
        let storage = RedbStorage::open(path)?;
        Ok(Inner::open(storage, SigningKey::from_seed(seed), certificate, bundle.clone(), now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, seed, seed_length, certificate, certificate_length, bundle, now, gate, open) }
}

/// Makes a new store and opens a gate on it. Everything else is as in onecard_gate_open.
///
/// No file is made where the gate would not open, and one that was made is removed where the file system fails or grants
/// no lock, unless another process has opened it by then. ONECARD_STATUS_STORE_EXISTS where there is a store already.
///
/// # Safety
/// As onecard_gate_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_create(
    path: *const c_char,
    path_length: usize,
    seed: *const u8,
    seed_length: usize,
    certificate: *const u8,
    certificate_length: usize,
    bundle: *const Bundle,
    now: i64,
    gate: *mut *mut Gate,
) -> Status {
    let create = |path: &Path, seed: &[u8; 32], certificate: &[u8], bundle: &trust::Bundle, now| {
        // Everything but the store is tried first, in memory.
        Inner::open(MemoryStorage::new(), SigningKey::from_seed(seed), certificate, bundle.clone(), now)?;
        let storage = RedbStorage::create(path)?;
        Ok(Inner::open(storage, SigningKey::from_seed(seed), certificate, bundle.clone(), now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, seed, seed_length, certificate, certificate_length, bundle, now, gate, create) }
}

/// As onecard_gate_open, for a store that may be an old copy: restored from a backup, or a swapped card.
///
/// `newest` is the newest checkpoint of this gate that its city has, a signed note: see
/// onecard_receipt_checkpoint. Where less than that is in the store, ONECARD_STATUS_STORE_OLD_COPY;
/// where something else is, ONECARD_STATUS_STORE_OTHER_HISTORY. Nothing was written then.
///
/// # Safety
/// As onecard_gate_open; `newest` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_open_after(
    newest: *const c_char,
    newest_length: usize,
    path: *const c_char,
    path_length: usize,
    seed: *const u8,
    seed_length: usize,
    certificate: *const u8,
    certificate_length: usize,
    bundle: *const Bundle,
    now: i64,
    gate: *mut *mut Gate,
) -> Status {
    let open = |path: &Path, seed: &[u8; 32], certificate: &[u8], bundle: &trust::Bundle, now| {
        // SAFETY: the caller's promise is the same.
        let newest = unsafe { bytes(newest.cast(), newest_length) }?;
        let storage = RedbStorage::open(path)?;
        let key = SigningKey::from_seed(seed);
        let options = OpenOptions { newest: Some(newest), ..OpenOptions::from(now) };
        Ok(Inner::open(storage, key, certificate, bundle.clone(), options)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, seed, seed_length, certificate, certificate_length, bundle, now, gate, open) }
}

/// Opens a gate whose clock was once ahead, and puts on record that it is `now`: the way back where
/// onecard_gate_open says ONECARD_STATUS_GATE_CLOCK. A person who knows the time has to ask for it.
///
/// # Safety
/// As onecard_gate_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_open_setting_clock(
    path: *const c_char,
    path_length: usize,
    seed: *const u8,
    seed_length: usize,
    certificate: *const u8,
    certificate_length: usize,
    bundle: *const Bundle,
    now: i64,
    gate: *mut *mut Gate,
) -> Status {
    let open = |path: &Path, seed: &[u8; 32], certificate: &[u8], bundle: &trust::Bundle, now| {
        let storage = RedbStorage::open(path)?;
        let options = OpenOptions { set_clock: true, ..OpenOptions::from(now) };
        Ok(Inner::open(storage, SigningKey::from_seed(seed), certificate, bundle.clone(), options)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { start(path, path_length, seed, seed_length, certificate, certificate_length, bundle, now, gate, open) }
}

/// Decides on a scanned text shown by `party` people.
///
/// Every text gets a decision, and ONECARD_STATUS_OK says no more than that: the barrier opens when
/// `kind` is ONECARD_SEVERITY_ADMIT. An admission is durable in the journal before this returns.
/// `flags` is 0 or ONECARD_ADMIT_IDENTITY_CHECKED. Where several threads ask at once, the decisions are as of the
/// latest `now` among them.
///
/// # Safety
/// `gate` is NULL or a live handle; `text` is valid for its length; `decision` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_admit(
    gate: *mut Gate,
    text: *const c_char,
    text_length: usize,
    party: u32,
    flags: u32,
    now: i64,
    decision: *mut Decision,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (text, gate, out) =
            unsafe { (bytes(text.cast(), text_length)?, borrow(gate.cast_const())?, Out::new(decision)?) };
        let compared = by_flags(flags)? == Identity::Compared;
        let (party, now) = (narrow(party)?, UnixTime::new(now)?);
        out.set(gate.share(|gate| {
            let decision = gate.admit(text, party, compared, now);
            // So a shared gate denies those who waited beside a call that panicked.
            if decision.reason() == Reason::Internal && gate.read(|_| ()).is_none() {
                return Err(Status::Poisoned);
            }
            Ok(decision.into())
        })?);
        Ok(())
    })
}

/// As onecard_gate_admit, where the holder showed the salt of the pass's commitment to a document, and
/// the document was read: the gate compares them. `document` is its number, 4 to 32 characters A-Z and
/// 0-9; `salt` has 16 bytes. Neither is kept or recorded.
///
/// # Safety
/// As onecard_gate_admit; `salt` and `document` are valid for their lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_admit_document(
    gate: *mut Gate,
    text: *const c_char,
    text_length: usize,
    party: u32,
    salt: *const u8,
    salt_length: usize,
    document: *const c_char,
    document_length: usize,
    now: i64,
    decision: *mut Decision,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (text, salt, document) =
            unsafe { (bytes(text.cast(), text_length)?, array(salt, salt_length)?, utf8(document, document_length)?) };
        let identity = Identity::Shown(IdOpening::new(salt, document)?);
        // SAFETY: the same.
        unsafe { decide(gate, Shown::Text(text), party, identity, now, decision) }
    })
}

/// Sets the challenge that the next answer must be to: 16 bytes that the caller draws at random, each
/// time anew, and sends to the holder with the gate's id. One is good for one answer, accepted or not;
/// a new one replaces it: a gate has one at a time, for all threads.
///
/// # Safety
/// `gate` is NULL or a live handle; `nonce` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_challenge(gate: *mut Gate, nonce: *const u8, nonce_length: usize) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, nonce) = unsafe { (borrow(gate.cast_const())?, array(nonce, nonce_length)?) };
        gate.write(|gate| {
            gate.challenge(*nonce);
            Ok(())
        })
    })
}

/// Decides on an answer to the gate's challenge, as onecard_gate_admit does on a text. `answer` is the
/// bytes that the holder's onecard_present_answer made.
///
/// Where a document was read, `salt` and `document` are as in onecard_gate_admit_document; else both are
/// NULL with length 0.
///
/// # Safety
/// `gate` is NULL or a live handle; `answer`, `salt` and `document` are valid for their lengths;
/// `decision` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_admit_answer(
    gate: *mut Gate,
    answer: *const u8,
    answer_length: usize,
    party: u32,
    flags: u32,
    salt: *const u8,
    salt_length: usize,
    document: *const c_char,
    document_length: usize,
    now: i64,
    decision: *mut Decision,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (answer, salt, document) = unsafe {
            (bytes(answer, answer_length)?, optional_array(salt, salt_length)?, utf8(document, document_length)?)
        };
        let identity = match (salt, by_flags(flags)?) {
            (Some(salt), _) => Identity::Shown(IdOpening::new(salt, document)?),
            (None, _) if !document.is_empty() => return Err(Status::Length),
            (None, identity) => identity,
        };
        // SAFETY: the same.
        unsafe { decide(gate, Shown::Answer(answer), party, identity, now, decision) }
    })
}

/// Takes back the redemption at `index`, shortly after it was recorded: the visitor turned round.
///
/// # Safety
/// `gate` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_annul(gate: *mut Gate, index: u64, now: i64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let gate = unsafe { borrow(gate.cast_const()) }?;
        let now = UnixTime::new(now)?;
        gate.write(|gate| Ok(gate.annul(index, now)?))
    })
}

/// Signs all that was recorded since the last seal, if anything was, and tells the size of the
/// journal that is now sealed.
///
/// # Safety
/// `gate` is NULL or a live handle; `size` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_seal(gate: *mut Gate, size: *mut u64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate.cast_const())?, Out::new(size)?) };
        out.set(gate.write(|gate| {
            gate.seal()?;
            Ok(gate.log().size())
        })?);
        Ok(())
    })
}

/// The newest checkpoint that the gate signed, a signed note.
///
/// ONECARD_STATUS_NOTHING before the first seal. Free the buffer with onecard_buffer_free.
///
/// # Safety
/// `gate` is NULL or a live handle; `checkpoint` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_checkpoint(gate: *const Gate, checkpoint: *mut *mut Buffer) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate)?, Out::new(checkpoint)?) };
        let note = gate.read(|gate| gate.log().kept_checkpoint(gate.storage())?.ok_or(Status::Nothing))?;
        out.set(handle::<Buffer>(note.into_boxed_slice()));
        Ok(())
    })
}

/// The encoded segment: the sealed records from `first` on, for the city that has those before, or as many of
/// them as one segment should have. After days offline, ask again from where it ends, which
/// onecard_segment_range says, until there is none.
///
/// ONECARD_STATUS_NOTHING when there are none. Free the buffer with onecard_buffer_free.
///
/// # Safety
/// `gate` is NULL or a live handle; `segment` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_segment(gate: *const Gate, first: u64, segment: *mut *mut Buffer) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate)?, Out::new(segment)?) };
        let bytes = gate.read(|gate| Ok(gate.segment(first)?.ok_or(Status::Nothing)?.encode()))?;
        out.set(handle::<Buffer>(bytes.into_boxed_slice()));
        Ok(())
    })
}

/// Which records a segment has: from index `*first` to just before `*end`. Its city verifies it; this does not.
///
/// # Safety
/// `segment` is valid for its length; `first` and `end` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_segment_range(
    segment: *const u8,
    segment_length: usize,
    first: *mut u64,
    end: *mut u64,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (segment, first, end) = unsafe { (bytes(segment, segment_length)?, Out::new(first)?, Out::new(end)?) };
        let segment = Segment::decode(segment)?;
        let after = u64::try_from(segment.records.len()).ok().and_then(|records| segment.first.checked_add(records));
        end.set(after.ok_or(Status::OutOfRange)?);
        first.set(segment.first);
        Ok(())
    })
}

/// Closes a gate and writes NULL to `*gate`; NULL there is closed already. Nothing is lost: every
/// record was durable before it was told.
///
/// # Safety
/// `gate` is NULL or can be read and written; `*gate` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_free(gate: *mut *mut Gate) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(gate) })
}

/// What the two ways to start a gate have in common.
///
/// # Safety
/// As onecard_gate_open.
#[expect(clippy::too_many_arguments, reason = "those of the exported functions")]
unsafe fn start(
    path: *const c_char,
    path_length: usize,
    seed: *const u8,
    seed_length: usize,
    certificate: *const u8,
    certificate_length: usize,
    bundle: *const Bundle,
    now: i64,
    gate: *mut *mut Gate,
    open: impl FnOnce(&Path, &[u8; 32], &[u8], &trust::Bundle, UnixTime) -> Result<Inner<RedbStorage>, Status>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (path, seed, certificate, bundle, out) = unsafe {
            (
                utf8(path, path_length)?,
                array(seed, seed_length)?,
                bytes(certificate, certificate_length)?,
                borrow(bundle)?,
                Out::new(gate)?,
            )
        };
        let now = UnixTime::new(now)?;
        let opened = bundle.read(|bundle| open(Path::new(path), seed, certificate, bundle, now))?;
        out.set(handle(SharedGate::new(opened, GROUP)));
        Ok(())
    })
}

/// What the flags of an admission say of the holder's identity.
fn by_flags(flags: u32) -> Result<Identity<'static>, Status> {
    match flags {
        0 => Ok(Identity::Unknown),
        ONECARD_ADMIT_IDENTITY_CHECKED => Ok(Identity::Compared),
        _ => Err(Status::UnknownConstant),
    }
}

/// What the ways to admit by more than a code have in common.
///
/// # Safety
/// `gate` is NULL or a live handle; `decision` is NULL or can be written.
unsafe fn decide(
    gate: *mut Gate,
    shown: Shown<'_>,
    party: u32,
    identity: Identity<'_>,
    now: i64,
    decision: *mut Decision,
) -> Result<(), Status> {
    // SAFETY: the caller's promise is the same.
    let (gate, out) = unsafe { (borrow(gate.cast_const())?, Out::new(decision)?) };
    let party = narrow(party)?;
    let now = UnixTime::new(now)?;
    let scan = Scan { shown, party, identity };
    out.set(gate.write(|gate| Ok(Decision::from(gate.admit(scan, now))))?);
    Ok(())
}

impl From<Answer> for Decision {
    fn from(answer: Answer) -> Self {
        let reason = answer.reason();
        let refused = Self {
            index: 0,
            next: 0,
            valid_until: 0,
            uses_left: -1,
            kind: Severity::Deny as u32,
            reason: reason.number().into(),
            grant: 0,
            due_fen: 0,
            shows_detail: reason.shows_detail().into(),
            reserved: [0; 3],
        };
        let next = |refusal: Refusal| refusal.next.map_or(0, UnixTime::seconds);
        match answer {
            Answer::Admitted(admitted) => Self {
                kind: Severity::Admit as u32,
                index: admitted.index,
                valid_until: admitted.valid_until.map_or(0, UnixTime::seconds),
                uses_left: admitted.uses_left.map_or(-1, i64::from),
                grant: admitted.grant.into(),
                due_fen: admitted.due_fen,
                ..refused
            },
            Answer::Referred(refusal) => Self { kind: Severity::Refer as u32, next: next(refusal), ..refused },
            Answer::Denied(refusal) => Self { next: next(refusal), ..refused },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Decision>(), align_of::<Decision>()), (64, 8));
        let offsets = [
            offset_of!(Decision, index),
            offset_of!(Decision, next),
            offset_of!(Decision, valid_until),
            offset_of!(Decision, uses_left),
            offset_of!(Decision, kind),
            offset_of!(Decision, reason),
            offset_of!(Decision, grant),
            offset_of!(Decision, due_fen),
            offset_of!(Decision, shows_detail),
            offset_of!(Decision, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 32, 36, 40, 44, 48, 52]);
    }

    #[test]
    fn handles_may_cross_threads() {
        fn crosses<H: Opaque<Inner: Send + Sync>>() {}
        crosses::<Gate>();
        crosses::<Bundle>();
        crosses::<Buffer>();
        crosses::<crate::Sync>();
        crosses::<crate::History>();
        crosses::<crate::Ledger>();
        crosses::<crate::Witness>();
    }
}
