//! What the library says about itself.

use crate::Status;
use crate::call::run;
use crate::ptr::OutText;
use crate::status::{Lang, TABLE};
use core::ffi::c_char;

/// The version of the library, such as "0.1.0".
///
/// `*text` points into the library: it is never freed and stays valid as long as the library is
/// loaded. It also ends in NUL; `*length` does not count that.
///
/// # Safety
/// `text` and `length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_version(text: *mut *const c_char, length: *mut usize) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let out = unsafe { OutText::new(text, length) }?;
        out.set(concat!(env!("CARGO_PKG_VERSION"), "\0"));
        Ok(())
    })
}

/// The text of a status in a language (an `onecard_lang`), for people.
///
/// A number no version of this library returns, or another language, is
/// ONECARD_STATUS_UNKNOWN_CONSTANT. `*text` is as in onecard_version.
///
/// # Safety
/// `text` and `length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_status_text(
    status: u32,
    lang: u32,
    text: *mut *const c_char,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { tell(&TABLE, |row| row as u32, status, lang, text, length) }
}

/// Hands out the text of a numbered constant in a language.
///
/// # Safety
/// `text` and `length` are NULL or can be written.
pub(crate) unsafe fn tell<T: Copy>(
    table: &[(T, &'static str, &'static str)],
    number_of: impl Fn(T) -> u32,
    number: u32,
    lang: u32,
    text: *mut *const c_char,
    length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let out = unsafe { OutText::new(text, length) }?;
        let (_, zh, en) = table.iter().find(|row| number_of(row.0) == number).ok_or(Status::UnknownConstant)?;
        out.set(Lang::choose(lang, zh, en)?);
        Ok(())
    })
}
