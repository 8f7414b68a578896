//! The text in the QR code.

use crate::Status;
use crate::call::run;
use crate::ptr::{Buffer, bytes};
use core::ffi::c_char;
use onecard::limits::MAX_PRESENTATION;
use onecard::wire::text;

/// Encodes `data` as the text of a QR code ("OC1:" and Base45).
///
/// The text is ASCII and does not end in NUL. At most 640 bytes can be encoded, which make 964.
///
/// # Safety
/// `data` and `text` are valid for their lengths; `text_length` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_text_encode(
    data: *const u8,
    data_length: usize,
    text: *mut c_char,
    text_capacity: usize,
    text_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (data, out) = unsafe { (bytes(data, data_length)?, Buffer::new(text.cast(), text_capacity, text_length)?) };
        if data.len() > MAX_PRESENTATION {
            return Err(Status::TextTooLong);
        }
        out.fill(text::encode(data).as_bytes())
    })
}

/// Decodes a scanned text to the bytes of a presentation or pass.
///
/// Nothing is trimmed: the scanner's line end is not part of the text. 640 bytes are always enough.
///
/// # Safety
/// `text` and `data` are valid for their lengths; `data_length` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_text_decode(
    text: *const c_char,
    text_length: usize,
    data: *mut u8,
    data_capacity: usize,
    data_length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (text, out) = unsafe { (bytes(text.cast(), text_length)?, Buffer::new(data, data_capacity, data_length)?) };
        out.fill(text::decode(text)?.as_slice())
    })
}
