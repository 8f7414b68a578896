//! The issuer's side: signing a pass.

use crate::call::{narrow, run};
use crate::ptr::{Buffer, Plain, array, optional_array, utf8, value};
use crate::{Status, fixed};
use core::ffi::c_char;
use onecard::crypto::{SigningKey, VerifyingKey};
use onecard::id::{MemberId, PassId};
use onecard::pass::{IdCommitment, IdOpening, PassClaims, StatusRef};
use onecard::time::UnixTime;

/// Flag of a pass: it may be shown bare, as on paper.
pub const ONECARD_PASS_STATIC_ALLOWED: u32 = 1;
/// Flag of a pass: the holder's document is compared.
pub const ONECARD_PASS_ID_CHECK: u32 = 2;

/// What an issuer says of a pass. Zero it before it is filled in. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct NewPass {
    /// When it is issued.
    pub issued: i64,
    /// First second it is good for.
    pub not_before: i64,
    /// First second it is not good for any more.
    pub expires: i64,
    /// Division code of the issuer.
    pub issuer: u32,
    /// Number of the product in the issuer's catalogue, up to 65535.
    pub product: u32,
    /// Version of the product, up to 65535.
    pub product_version: u32,
    /// Class of the holder, as products name it, up to 255.
    pub holder_class: u32,
    /// Bits: ONECARD_PASS_STATIC_ALLOWED, ONECARD_PASS_ID_CHECK.
    pub flags: u32,
    /// A shown code is good for at most this many seconds, up to 65535; 0 leaves it to the federation.
    pub freshness: u32,
    /// Index in the status list.
    pub status_index: u32,
    /// 1 where `holder_key` is the holder's key; 0 for a pass without one, which has to be flagged
    /// ONECARD_PASS_STATIC_ALLOWED.
    pub has_holder_key: u32,
    /// The holder's public key.
    pub holder_key: [u8; 32],
    /// Id of the pass: 10 bytes drawn at random for it.
    pub pass: [u8; 10],
    /// 0; for later versions.
    pub reserved_bytes: [u8; 2],
    /// URI of the status list: 1 to 64 bytes of UTF-8, then NUL.
    pub status_uri: [c_char; 68],
    /// 0; for later versions.
    pub reserved: [u32; 2],
}

// SAFETY: integers and arrays of them; the layout test shows that there is no padding.
unsafe impl Plain for NewPass {}

/// Signs a pass with an issuer's seed of 32 bytes and writes its encoding, at most 512 bytes.
///
/// Where the pass carries a commitment to the holder's document, `salt` is 16 random bytes drawn for it
/// alone and given to the holder apart from it, and `document` the document's number, 4 to 32 characters
/// A-Z and 0-9; else both are NULL with length 0. ONECARD_STATUS_CLAIMS for claims that every gate would
/// refuse.
///
/// # Safety
/// `claims` is NULL or can be read; `seed`, `salt`, `document` and `pass` are valid for their lengths;
/// `pass_length` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_pass_issue(
    claims: *const NewPass,
    seed: *const u8,
    seed_length: usize,
    salt: *const u8,
    salt_length: usize,
    document: *const c_char,
    document_length: usize,
    pass: *mut u8,
    pass_capacity: usize,
    pass_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (claims, seed, salt, document, out) = unsafe {
            (
                value(claims)?,
                array(seed, seed_length)?,
                optional_array(salt, salt_length)?,
                utf8(document, document_length)?,
                Buffer::new(pass, pass_capacity, pass_length)?,
            )
        };
        let id_commitment = match salt {
            Some(salt) => Some(IdCommitment::new(&IdOpening::new(salt, document)?)),
            None if document.is_empty() => None,
            None => return Err(Status::Length),
        };
        let claims = PassClaims { id_commitment, ..claims.read()? };
        out.fill(&claims.issue(&SigningKey::from_seed(seed))?)
    })
}

impl NewPass {
    fn read(&self) -> Result<PassClaims, Status> {
        if self.reserved_bytes != [0; 2] || self.reserved != [0; 2] {
            return Err(Status::Reserved);
        }
        let confirmation = match self.has_holder_key {
            0 => None,
            1 => Some(VerifyingKey::from_bytes(&self.holder_key)?),
            _ => return Err(Status::UnknownConstant),
        };
        let uri = fixed::read(&self.status_uri)?.parse().map_err(|_| Status::Claims)?;
        Ok(PassClaims {
            issuer: MemberId::new(self.issuer)?,
            pass: PassId::from_bytes(self.pass),
            expires: UnixTime::new(self.expires)?,
            not_before: UnixTime::new(self.not_before)?,
            issued: UnixTime::new(self.issued)?,
            confirmation,
            status: StatusRef { index: self.status_index, uri },
            product: (narrow(self.product)?, narrow(self.product_version)?),
            holder_class: narrow(self.holder_class)?,
            flags: narrow(self.flags)?,
            freshness: narrow(self.freshness)?,
            id_commitment: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<NewPass>(), align_of::<NewPass>()), (176, 8));
        let offsets = [
            offset_of!(NewPass, issued),
            offset_of!(NewPass, not_before),
            offset_of!(NewPass, expires),
            offset_of!(NewPass, issuer),
            offset_of!(NewPass, product),
            offset_of!(NewPass, product_version),
            offset_of!(NewPass, holder_class),
            offset_of!(NewPass, flags),
            offset_of!(NewPass, freshness),
            offset_of!(NewPass, status_index),
            offset_of!(NewPass, has_holder_key),
            offset_of!(NewPass, holder_key),
            offset_of!(NewPass, pass),
            offset_of!(NewPass, reserved_bytes),
            offset_of!(NewPass, status_uri),
            offset_of!(NewPass, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 28, 32, 36, 40, 44, 48, 52, 56, 88, 98, 100, 168]);
    }

    #[test]
    fn a_claim_out_of_range_is_refused_and_never_cut() {
        let claims = NewPass {
            issued: 10,
            not_before: 20,
            expires: 30,
            issuer: 310_101,
            product: 65_535,
            product_version: 1,
            holder_class: 255,
            flags: 1,
            freshness: 0,
            status_index: 7,
            has_holder_key: 0,
            holder_key: [0; 32],
            pass: [1; 10],
            reserved_bytes: [0; 2],
            status_uri: fixed::write("oc:310101/1"),
            reserved: [0; 2],
        };
        assert!(claims.read().is_ok());
        let refused = |change: fn(&mut NewPass)| {
            let mut changed = claims;
            change(&mut changed);
            changed.read().unwrap_err()
        };
        assert_eq!(refused(|claims| claims.issued = -1), Status::Time);
        assert_eq!(refused(|claims| claims.not_before = i64::MAX), Status::Time);
        assert_eq!(refused(|claims| claims.expires = i64::MIN), Status::Time);
        assert_eq!(refused(|claims| claims.issuer = 0), Status::Name);
        assert_eq!(refused(|claims| claims.product = 65_536), Status::OutOfRange);
        assert_eq!(refused(|claims| claims.product_version = 65_536), Status::OutOfRange);
        assert_eq!(refused(|claims| claims.holder_class = 256), Status::OutOfRange);
        assert_eq!(refused(|claims| claims.flags = 257), Status::OutOfRange);
        assert_eq!(refused(|claims| claims.freshness = 65_536), Status::OutOfRange);
        assert_eq!(refused(|claims| claims.has_holder_key = 2), Status::UnknownConstant);
        assert_eq!(refused(|claims| claims.has_holder_key = 1), Status::KeySmallOrder);
        assert_eq!(refused(|claims| claims.status_uri = [0; 68]), Status::Claims);
        assert_eq!(refused(|claims| claims.status_uri = [b'a' as c_char; 68]), Status::Length);
        assert_eq!(refused(|claims| claims.status_uri = fixed::write(&"a".repeat(65))), Status::Claims);
        assert_eq!(refused(|claims| claims.reserved_bytes = [0, 1]), Status::Reserved);
        assert_eq!(refused(|claims| claims.reserved = [1, 0]), Status::Reserved);
    }
}
