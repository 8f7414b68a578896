//! The bundle: everything a gate needs to decide offline.

use crate::ptr::{Opaque, Out, array, borrow, bytes, free, handle};
use crate::{Status, run};
use onecard::crypto::Hash;
use onecard::trust::{Bundle as Inner, TrustList};

/// Trust list, catalogues and status lists, all verified.
///
/// Thread-safe: any number of threads may read at once. Who updates while another thread uses it
/// gets ONECARD_STATUS_BUSY, or makes the other one get it.
pub struct Bundle(());

impl Opaque for Bundle {
    type Inner = Inner;
    const TAG: u32 = 0x4f43_0001;
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

/// Takes the trust list that follows the one in force. Offered the one in force, does nothing.
///
/// # Safety
/// `bundle` is NULL or a live handle; `trust` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_update_trust(
    bundle: *mut Bundle,
    trust: *const u8,
    trust_length: usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { update(bundle, trust, trust_length, |bundle, bytes| Ok(bundle.update_trust(bytes)?)) }
}

/// Takes a member's newer catalogue. Offered the one in force, does nothing.
///
/// # Safety
/// `bundle` is NULL or a live handle; `catalogue` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_update_catalogue(
    bundle: *mut Bundle,
    catalogue: *const u8,
    catalogue_length: usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { update(bundle, catalogue, catalogue_length, |bundle, bytes| Ok(bundle.update_catalogue(bytes)?)) }
}

/// Takes an issuer's newer status list. Offered the one in force, does nothing.
///
/// # Safety
/// `bundle` is NULL or a live handle; `list` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_update_status(
    bundle: *mut Bundle,
    list: *const u8,
    list_length: usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { update(bundle, list, list_length, |bundle, bytes| Ok(bundle.update_status(bytes)?)) }
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
    body: impl FnOnce(&mut Inner, &[u8]) -> Result<(), Status>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, data) = unsafe { (borrow(bundle.cast_const())?, bytes(data, length)?) };
        bundle.write(|bundle| body(bundle, data))
    })
}
