//! Bytes that the library owns.

use crate::Status;
use crate::call::run;
use crate::ptr::{Opaque, Out, borrow, free};

/// Bytes that the library made and owns. Thread-safe: they never change.
pub struct Buffer(());

impl Opaque for Buffer {
    type Inner = Box<[u8]>;
    const TAG: u32 = 0x4f43_0003;
    const ONE_PROCESS: bool = false;
}

/// Where the bytes are and how many. They stay there until onecard_buffer_free.
///
/// # Safety
/// `buffer` is NULL or a live handle; `data` and `length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_buffer_data(
    buffer: *const Buffer,
    data: *mut *const u8,
    length: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (buffer, data, length) = unsafe { (borrow(buffer)?, Out::new(data)?, Out::new(length)?) };
        buffer.share(|bytes| {
            data.set(bytes.as_ptr());
            length.set(bytes.len());
            Ok(())
        })
    })
}

/// Frees a buffer and writes NULL to `*buffer`; NULL there is freed already.
///
/// # Safety
/// `buffer` is NULL or can be read and written; `*buffer` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_buffer_free(buffer: *mut *mut Buffer) -> Status {
    // SAFETY: the caller's promise is the same.
    run(|| unsafe { free(buffer) })
}
