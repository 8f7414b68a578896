//! The holder's side: a key, the code that is shown, the answer to a challenge.

use crate::Status;
use crate::call::run;
use crate::ptr::{Buffer, array, bytes, utf8};
use core::ffi::c_char;
use onecard::crypto::SigningKey;
use onecard::pass::present;
use onecard::time::UnixTime;
use onecard::wire::text;

/// The public key of 32 bytes that belongs to a seed of 32 bytes.
///
/// The seed is the secret key of a holder, gate, issuer, log or witness: 32 random bytes of the system's
/// generator, drawn once and kept where nobody else reads. This library draws nothing at random.
///
/// # Safety
/// `seed` and `key` are valid for their lengths; `key_length` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_key_public(
    seed: *const u8,
    seed_length: usize,
    key: *mut u8,
    key_capacity: usize,
    key_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (seed, out) = unsafe { (array(seed, seed_length)?, Buffer::new(key, key_capacity, key_length)?) };
        out.fill(SigningKey::from_seed(seed).verifying_key().as_bytes())
    })
}

/// Makes the text of the QR code that a holder shows at any gate of `federation`, dated `now`: to be
/// made anew every 30 seconds.
///
/// The pass is looked at no further than that it could be one. At most 964 bytes.
///
/// # Safety
/// `pass`, `seed`, `federation` and `text` are valid for their lengths; `text_length` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_present(
    pass: *const u8,
    pass_length: usize,
    seed: *const u8,
    seed_length: usize,
    federation: *const c_char,
    federation_length: usize,
    now: i64,
    text: *mut c_char,
    text_capacity: usize,
    text_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (pass, seed, federation, out) = unsafe {
            (
                bytes(pass, pass_length)?,
                array(seed, seed_length)?,
                utf8(federation, federation_length)?,
                Buffer::new(text.cast(), text_capacity, text_length)?,
            )
        };
        let shown = present(pass, &SigningKey::from_seed(seed), federation, None, UnixTime::new(now)?)?;
        out.fill(text::encode(&shown).as_bytes())
    })
}

/// Makes the answer to a gate's challenge: bytes for onecard_gate_admit_answer, at most 640.
///
/// `gate` is the gate's id as text, such as "310101/gate/7", and `nonce` the 16 bytes, both as the gate
/// sent them.
///
/// # Safety
/// `pass`, `seed`, `gate`, `nonce` and `answer` are valid for their lengths; `answer_length` is NULL or
/// can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_present_answer(
    pass: *const u8,
    pass_length: usize,
    seed: *const u8,
    seed_length: usize,
    gate: *const c_char,
    gate_length: usize,
    nonce: *const u8,
    nonce_length: usize,
    now: i64,
    answer: *mut u8,
    answer_capacity: usize,
    answer_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (pass, seed, gate, nonce, out) = unsafe {
            (
                bytes(pass, pass_length)?,
                array(seed, seed_length)?,
                utf8(gate, gate_length)?,
                array(nonce, nonce_length)?,
                Buffer::new(answer, answer_capacity, answer_length)?,
            )
        };
        out.fill(&present(pass, &SigningKey::from_seed(seed), gate, Some(nonce), UnixTime::new(now)?)?)
    })
}
