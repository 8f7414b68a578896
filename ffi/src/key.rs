//! Ed25519 keys and signatures, by the one rule of onecard.

use crate::Status;
use crate::call::run;
use crate::ptr::{array, bytes};
use onecard::crypto::VerifyingKey;

/// Checks an Ed25519 public key of 32 bytes: canonical, on the curve, of the prime-order group.
///
/// # Safety
/// `key` is valid for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_key_check(key: *const u8, key_length: usize) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let key = unsafe { array(key, key_length) }?;
        VerifyingKey::from_bytes(key)?;
        Ok(())
    })
}

/// Verifies an Ed25519 signature of 64 bytes over `message` by a key of 32 bytes.
///
/// The key is checked as by onecard_key_check. ONECARD_STATUS_OK means: the signature is right.
///
/// # Safety
/// All three pointers are valid for their lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_signature_verify(
    key: *const u8,
    key_length: usize,
    message: *const u8,
    message_length: usize,
    signature: *const u8,
    signature_length: usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (key, message, signature) =
            unsafe { (array(key, key_length)?, bytes(message, message_length)?, array(signature, signature_length)?) };
        VerifyingKey::from_bytes(key)?.verify(message, signature)?;
        Ok(())
    })
}
