//! What a gate is given when it syncs: newer lists, and what other gates saw of passes.

use crate::buffer::Buffer;
use crate::call::{narrow, run};
use crate::gate::Gate;
use crate::ptr::{Opaque, Out, Plain, borrow, bytes, free, handle, value};
use crate::{Status, fixed};
use core::ffi::c_char;
use onecard::gate;
use onecard::id::{GateId, MemberId, PassKey, VenueId};
use onecard::limits::MAX_BUNDLE;
use onecard::product::{self, Usage};
use onecard::time::UnixTime;
use onecard_store::Shared;
use std::collections::BTreeMap;

/// What a gate is to learn, gathered piece by piece and taken by onecard_gate_sync, whole or not at all.
///
/// Nothing is verified before that. Thread-safe: calls take their turn, as those of a gate.
pub struct Sync(());

/// The pieces of a [`Sync`].
#[derive(Default)]
pub(crate) struct Pieces {
    trust_lists: Vec<Vec<u8>>,
    catalogues: Vec<Vec<u8>>,
    status_lists: Vec<Vec<u8>>,
    usage_digests: Vec<Vec<u8>>,
    usage: BTreeMap<PassKey, Usage>,
    ledgers: BTreeMap<MemberId, u64>,
}

impl Opaque for Sync {
    type Inner = Shared<Pieces>;
    const TAG: u32 = 0x4f43_0004;
    const ONE_PROCESS: bool = false;
}

/// One use of a pass at a gate, from a verified ledger. Zero it before it is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Use {
    /// When, by that gate's clock: Unix seconds.
    pub time: i64,
    /// Index of the record in that gate's journal.
    pub index: u64,
    /// The member that issued the pass.
    pub issuer: u32,
    /// The member that enrolled the gate.
    pub gate_member: u32,
    /// Number of the gate.
    pub gate: u32,
    /// The member of the venue.
    pub venue_member: u32,
    /// Number of the venue.
    pub venue: u32,
    /// The service used.
    pub service: u32,
    /// The grant that decided.
    pub grant: u32,
    /// How many people came in.
    pub party: u32,
    /// Id of the pass: 16 characters, then NUL.
    pub pass: [c_char; 20],
    /// 0; for later versions.
    pub reserved: u32,
}

// SAFETY: integers and arrays of them; the layout test shows that there is no padding.
unsafe impl Plain for Use {}

/// Makes an empty sync.
///
/// # Safety
/// `sync` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_new(sync: *mut *mut Sync) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let out = unsafe { Out::new(sync) }?;
        out.set(handle::<Sync>(Pieces::default()));
        Ok(())
    })
}

/// Adds a trust list; several are taken in the order they were added.
///
/// # Safety
/// `sync` is NULL or a live handle; `trust` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_trust(sync: *mut Sync, trust: *const u8, trust_length: usize) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { add(sync, trust, trust_length, |pieces| &mut pieces.trust_lists) }
}

/// Adds a catalogue.
///
/// # Safety
/// `sync` is NULL or a live handle; `catalogue` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_catalogue(
    sync: *mut Sync,
    catalogue: *const u8,
    catalogue_length: usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { add(sync, catalogue, catalogue_length, |pieces| &mut pieces.catalogues) }
}

/// Adds a status list.
///
/// # Safety
/// `sync` is NULL or a live handle; `list` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_status(sync: *mut Sync, list: *const u8, list_length: usize) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { add(sync, list, list_length, |pieces| &mut pieces.status_lists) }
}

/// Adds a usage digest of the gate's own city: what onecard_ledger_usage_digest made. Several may come in
/// any order, and again.
///
/// # Safety
/// `sync` is NULL or a live handle; `digest` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_digest(sync: *mut Sync, digest: *const u8, digest_length: usize) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { add(sync, digest, digest_length, |pieces| &mut pieces.usage_digests) }
}

/// Adds a use of a pass at another gate, by the word of who calls: for a process that has verified the
/// ledgers itself. Take none from a network, which is what digests are for. A gate never forgets it.
///
/// # Safety
/// `sync` is NULL or a live handle; `used` is NULL or can be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_use(sync: *mut Sync, used: *const Use) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (sync, used) = unsafe { (borrow(sync.cast_const())?, value(used)?) };
        let (pass, learnt) = used.read()?;
        sync.write(|pieces| {
            pieces.usage.entry(pass).or_default().insert(learnt);
            Ok(())
        })
    })
}

/// Adds that the use `used` was taken back. Of `used` only pass, issuer, gate and index are looked at.
///
/// # Safety
/// `sync` is NULL or a live handle; `used` is NULL or can be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_annulment(sync: *mut Sync, used: *const Use) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (sync, used) = unsafe { (borrow(sync.cast_const())?, value(used)?) };
        let (pass, gate) = used.names()?;
        sync.write(|pieces| {
            pieces.usage.entry(pass).or_default().annul(gate, used.index);
            Ok(())
        })
    })
}

/// Adds up to which size of a member's ledger the uses given one by one are complete, by the same word.
///
/// # Safety
/// `sync` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_add_ledger(sync: *mut Sync, member: u32, size: u64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let sync = unsafe { borrow(sync.cast_const()) }?;
        let member = MemberId::new(member)?;
        sync.write(|pieces| {
            let known = pieces.ledgers.entry(member).or_default();
            *known = (*known).max(size);
            Ok(())
        })
    })
}

/// Frees a sync and writes NULL to `*sync`; NULL there is freed already.
///
/// # Safety
/// `sync` is NULL or can be read and written; `*sync` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_sync_free(sync: *mut *mut Sync) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(sync) })
}

/// Takes new lists and usage, and records what the gate knows from now on. On any other status than
/// ONECARD_STATUS_OK nothing was taken.
///
/// Keep what onecard_gate_save_bundle gives afterwards: the gate opens next with that or a newer one.
///
/// # Safety
/// `gate` and `sync` are NULL or live handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_sync(gate: *mut Gate, sync: *const Sync, now: i64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, sync) = unsafe { (borrow(gate.cast_const())?, borrow(sync)?) };
        let now = UnixTime::new(now)?;
        sync.read(|pieces| {
            let usage: Vec<(PassKey, Usage)> =
                pieces.usage.iter().map(|(pass, usage)| (*pass, usage.clone())).collect();
            let ledgers: Vec<(MemberId, u64)> = pieces.ledgers.iter().map(|(member, size)| (*member, *size)).collect();
            let given = gate::SyncInput {
                trust_lists: &pieces.trust_lists.iter().map(Vec::as_slice).collect::<Vec<_>>(),
                catalogues: &pieces.catalogues.iter().map(Vec::as_slice).collect::<Vec<_>>(),
                status_lists: &pieces.status_lists.iter().map(Vec::as_slice).collect::<Vec<_>>(),
                usage_digests: &pieces.usage_digests.iter().map(Vec::as_slice).collect::<Vec<_>>(),
                usage: &usage,
                ledgers: &ledgers,
            };
            gate.write(|gate| Ok(gate.sync(&given, now)?))
        })
    })
}

/// What the gate trusts now, as onecard_bundle_save has it. Free the buffer with onecard_buffer_free.
///
/// # Safety
/// `gate` is NULL or a live handle; `saved` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_save_bundle(gate: *const Gate, saved: *mut *mut Buffer) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate)?, Out::new(saved)?) };
        let bytes = gate.read(|gate| Ok(gate.bundle().save()))?;
        out.set(handle::<Buffer>(bytes.into_boxed_slice()));
        Ok(())
    })
}

/// Adds one document.
///
/// # Safety
/// `sync` is NULL or a live handle; `data` is valid for its length.
unsafe fn add(
    sync: *mut Sync,
    data: *const u8,
    length: usize,
    place: impl FnOnce(&mut Pieces) -> &mut Vec<Vec<u8>>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (sync, data) = unsafe { (borrow(sync.cast_const())?, bytes(data, length)?) };
        if data.len() > MAX_BUNDLE {
            return Err(Status::Encoding);
        }
        sync.write(|pieces| {
            place(pieces).push(data.to_vec());
            Ok(())
        })
    })
}

impl Use {
    fn names(&self) -> Result<(PassKey, GateId), Status> {
        if self.reserved != 0 {
            return Err(Status::Reserved);
        }
        let pass = PassKey { issuer: MemberId::new(self.issuer)?, pass: fixed::read(&self.pass)?.parse()? };
        Ok((pass, GateId { member: MemberId::new(self.gate_member)?, number: self.gate }))
    }

    fn read(&self) -> Result<(PassKey, product::Use), Status> {
        let (pass, gate) = self.names()?;
        let used = product::Use {
            time: UnixTime::new(self.time)?,
            gate,
            index: self.index,
            venue: VenueId { member: MemberId::new(self.venue_member)?, number: narrow(self.venue)? },
            service: narrow(self.service)?,
            grant: narrow(self.grant)?,
            party: narrow(self.party)?,
        };
        Ok((pass, used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Use>(), align_of::<Use>()), (72, 8));
        let offsets = [
            offset_of!(Use, time),
            offset_of!(Use, index),
            offset_of!(Use, issuer),
            offset_of!(Use, gate_member),
            offset_of!(Use, gate),
            offset_of!(Use, venue_member),
            offset_of!(Use, venue),
            offset_of!(Use, service),
            offset_of!(Use, grant),
            offset_of!(Use, party),
            offset_of!(Use, pass),
            offset_of!(Use, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 20, 24, 28, 32, 36, 40, 44, 48, 68]);
    }

    #[test]
    fn a_use_out_of_range_is_refused_and_never_cut() {
        let used = Use {
            time: 1_790_816_400,
            index: 3,
            issuer: 310_101,
            gate_member: 320_100,
            gate: 9,
            venue_member: 320_100,
            venue: 1,
            service: 0,
            grant: 0,
            party: 1,
            pass: fixed::write("040G2081040G2081"),
            reserved: 0,
        };
        assert!(used.read().is_ok());
        let refused = |change: fn(&mut Use)| {
            let mut changed = used;
            change(&mut changed);
            changed.read().unwrap_err()
        };
        assert_eq!(refused(|used| used.time = -1), Status::Time);
        assert_eq!(refused(|used| used.issuer = 99_999), Status::Name);
        assert_eq!(refused(|used| used.gate_member = 1_000_000), Status::Name);
        assert_eq!(refused(|used| used.venue_member = 0), Status::Name);
        assert_eq!(refused(|used| used.venue = 65_536), Status::OutOfRange);
        assert_eq!(refused(|used| used.service = 256), Status::OutOfRange);
        assert_eq!(refused(|used| used.grant = 256), Status::OutOfRange);
        assert_eq!(refused(|used| used.party = 256), Status::OutOfRange);
        assert_eq!(refused(|used| used.pass = [b'0' as c_char; 20]), Status::Length);
        assert_eq!(refused(|used| used.pass = fixed::write("040G2081040G208i")), Status::Name);
        assert_eq!(refused(|used| used.reserved = 1), Status::Reserved);
    }
}
