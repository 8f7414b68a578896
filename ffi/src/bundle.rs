//! The bundle: everything a gate needs to decide offline.

use crate::Status;
use crate::buffer::Buffer;
use crate::call::run;
use crate::hold::Versions;
use crate::ptr::{Opaque, Out, array, borrow, bytes, free, handle};
use onecard::crypto::Hash;
use onecard::time::UnixTime;
use onecard::trust::{Bundle as Inner, Role, TrustList};

/// Trust list, catalogues and status lists, all verified.
///
/// Thread-safe: an update waits for nobody who reads. Calls that began before it see what was in force then.
pub struct Bundle(());

impl Opaque for Bundle {
    type Inner = Versions<Inner>;
    const TAG: u32 = 0x4f43_0001;
    const ONE_PROCESS: bool = false;
}

/// Makes a bundle from the first trust list of a federation and its pinned SHA-256 of 32 bytes.
///
/// # Safety
/// `trust` and `anchor` are valid for their lengths; `bundle` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_new(
    trust: *const u8,
    trust_length: usize,
    anchor: *const u8,
    anchor_length: usize,
    bundle: *mut *mut Bundle,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (trust, anchor, out) =
            unsafe { (bytes(trust, trust_length)?, array(anchor, anchor_length)?, Out::new(bundle)?) };
        let trust = TrustList::genesis(trust, &Hash(*anchor))?;
        out.set(handle::<Bundle>(Inner::new(trust)));
        Ok(())
    })
}

/// Takes the trust list that follows the one in force, at the Unix time `now`. Offered the one in force,
/// does nothing.
///
/// # Safety
/// `bundle` is NULL or a live handle; `trust` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_update_trust(
    bundle: *mut Bundle,
    trust: *const u8,
    trust_length: usize,
    now: i64,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { update(bundle, trust, trust_length, now, |bundle, bytes, now| Ok(bundle.update_trust(bytes, now)?)) }
}

/// Takes a member's newer catalogue, at the Unix time `now`. Offered the one in force, does nothing.
///
/// # Safety
/// `bundle` is NULL or a live handle; `catalogue` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_update_catalogue(
    bundle: *mut Bundle,
    catalogue: *const u8,
    catalogue_length: usize,
    now: i64,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe {
        update(bundle, catalogue, catalogue_length, now, |bundle, bytes, now| Ok(bundle.update_catalogue(bytes, now)?))
    }
}

/// Takes an issuer's newer status list, at the Unix time `now`. Offered the one in force, does nothing.
///
/// # Safety
/// `bundle` is NULL or a live handle; `list` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_update_status(
    bundle: *mut Bundle,
    list: *const u8,
    list_length: usize,
    now: i64,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { update(bundle, list, list_length, now, |bundle, bytes, now| Ok(bundle.update_status(bytes, now)?)) }
}

/// Every piece of a bundle as it was signed, to be kept and given to onecard_bundle_load.
///
/// Free the buffer with onecard_buffer_free.
///
/// # Safety
/// `bundle` is NULL or a live handle; `saved` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_save(bundle: *const Bundle, saved: *mut *mut Buffer) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, out) = unsafe { (borrow(bundle)?, Out::new(saved)?) };
        let bytes = bundle.read(|bundle| Ok(bundle.save()))?;
        out.set(handle::<Buffer>(bytes.into_boxed_slice()));
        Ok(())
    })
}

/// Verifies every piece of a saved bundle again, from the pinned SHA-256 of its first trust list on.
///
/// # Safety
/// `saved` and `anchor` are valid for their lengths; `bundle` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_load(
    saved: *const u8,
    saved_length: usize,
    anchor: *const u8,
    anchor_length: usize,
    bundle: *mut *mut Bundle,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (saved, anchor, out) =
            unsafe { (bytes(saved, saved_length)?, array(anchor, anchor_length)?, Out::new(bundle)?) };
        out.set(handle::<Bundle>(Inner::load(saved, &Hash(*anchor))?));
        Ok(())
    })
}

/// Makes tables for the issuers' keys in force at `now`, 640 KiB each: passes verify in about half the
/// time. Gates opened with the bundle afterwards share them. A trust list that follows is prepared too.
///
/// # Safety
/// `bundle` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_prepare(bundle: *mut Bundle, now: i64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let bundle = unsafe { borrow(bundle.cast_const()) }?;
        let now = UnixTime::new(now)?;
        bundle.write(|bundle| {
            bundle.prepare(Role::Issuer, now);
            Ok(())
        })
    })
}

/// Frees a bundle and writes NULL to `*bundle`; NULL there is freed already.
///
/// # Safety
/// `bundle` is NULL or can be read and written; `*bundle` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_free(bundle: *mut *mut Bundle) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(bundle) })
}

/// Updates a bundle with one document.
///
/// # Safety
/// `bundle` is NULL or a live handle; `data` is valid for its length.
unsafe fn update(
    bundle: *mut Bundle,
    data: *const u8,
    length: usize,
    now: i64,
    body: impl FnOnce(&mut Inner, &[u8], UnixTime) -> Result<(), Status>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, data) = unsafe { (borrow(bundle.cast_const())?, bytes(data, length)?) };
        let now = UnixTime::new(now)?;
        bundle.write(|bundle| body(bundle, data, now))
    })
}
