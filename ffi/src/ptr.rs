//! The caller's memory: the only module that reads or writes through a pointer.
//!
//! Inputs become slices for the length of a call. Outputs are checked first and written last, by
//! copy and without ever forming a reference to them, so a caller whose buffers overlap or hold
//! uninitialised bytes breaks nothing here.

use crate::Status;
use core::ptr::NonNull;

/// Borrows `length` bytes at `data`. NULL with length 0 is the empty input.
///
/// # Safety
/// Unless `length` is 0, `data` is NULL or points to `length` initialised bytes that nobody changes
/// for as long as the slice is used.
pub(crate) unsafe fn bytes<'a>(data: *const u8, length: usize) -> Result<&'a [u8], Status> {
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Status::NullPointer);
    }
    if isize::try_from(length).is_err() {
        return Err(Status::Length);
    }
    // SAFETY: not NULL, at most `isize::MAX` bytes, and by the contract above readable and unchanged.
    Ok(unsafe { core::slice::from_raw_parts(data, length) })
}

/// Borrows exactly `N` bytes at `data`.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn array<'a, const N: usize>(data: *const u8, length: usize) -> Result<&'a [u8; N], Status> {
    if length != N {
        return Err(Status::Length);
    }
    // SAFETY: the caller's promise is the same.
    unsafe { bytes(data, length) }?.try_into().map_err(|_| Status::Length)
}

/// Where one value goes.
pub(crate) struct Out<T>(NonNull<T>);

impl<T: Copy> Out<T> {
    /// Takes the caller's pointer; nothing is written yet.
    ///
    /// # Safety
    /// `slot` is NULL or can be written until the call returns.
    pub(crate) unsafe fn new(slot: *mut T) -> Result<Self, Status> {
        NonNull::new(slot).map(Self).ok_or(Status::NullPointer)
    }

    /// Writes the value.
    pub(crate) fn set(self, value: T) {
        // SAFETY: not NULL, and writable by the contract of `new`; alignment is not assumed.
        unsafe { self.0.as_ptr().write_unaligned(value) }
    }
}

/// A caller's buffer and where its used length goes.
pub(crate) struct Buffer {
    data: *mut u8,
    capacity: usize,
    length: Out<usize>,
}

impl Buffer {
    /// Takes the caller's buffer; nothing is written yet. NULL with capacity 0 asks for the size.
    ///
    /// # Safety
    /// Unless `capacity` is 0, `data` is NULL or has room for `capacity` bytes; `length` is NULL or
    /// can be written; both until the call returns.
    pub(crate) unsafe fn new(data: *mut u8, capacity: usize, length: *mut usize) -> Result<Self, Status> {
        if data.is_null() && capacity != 0 {
            return Err(Status::NullPointer);
        }
        // SAFETY: the caller's promise is the same.
        let length = unsafe { Out::new(length) }?;
        Ok(Self { data, capacity, length })
    }

    /// Writes `content` and its length; only the length when the buffer is too small.
    pub(crate) fn fill(self, content: &[u8]) -> Result<(), Status> {
        let fits = content.len() <= self.capacity;
        if fits && !content.is_empty() {
            // SAFETY: `content` is not empty and fits, so the capacity is not 0, `data` is not NULL and
            // by the contract of `new` has room. `copy` allows the two to overlap.
            unsafe { core::ptr::copy(content.as_ptr(), self.data, content.len()) }
        }
        self.length.set(content.len());
        if fits { Ok(()) } else { Err(Status::BufferTooSmall) }
    }
}

/// The C view of a constant text that ends in NUL: where it starts and its length without the NUL.
pub(crate) fn constant(text: &'static str) -> (*const core::ffi::c_char, usize) {
    (text.as_ptr().cast(), text.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr::{null, null_mut};

    #[test]
    fn null_and_nothing_is_the_empty_input() {
        // SAFETY: nothing is read through NULL, nor beyond `isize::MAX` bytes.
        unsafe {
            assert_eq!(bytes(null(), 0), Ok(&[][..]));
            assert_eq!(bytes(null(), 1), Err(Status::NullPointer));
            assert_eq!(bytes(NonNull::dangling().as_ptr(), 0), Ok(&[][..]));
            assert_eq!(bytes(NonNull::dangling().as_ptr(), usize::MAX), Err(Status::Length));
            assert_eq!(array::<32>(null(), 0), Err(Status::Length));
            assert_eq!(array::<32>(null(), 32), Err(Status::NullPointer));
        }
    }

    #[test]
    fn a_short_buffer_is_told_the_size_and_not_touched() {
        let mut buffer = [7u8; 4];
        let mut length = 99;
        // SAFETY: all pointers are to locals, or NULL.
        unsafe {
            assert_eq!(
                Buffer::new(buffer.as_mut_ptr(), 2, &raw mut length).unwrap().fill(b"abc"),
                Err(Status::BufferTooSmall)
            );
            assert_eq!((length, buffer), (3, [7; 4]));
            assert_eq!(Buffer::new(null_mut(), 0, &raw mut length).unwrap().fill(b"abcd"), Err(Status::BufferTooSmall));
            assert_eq!(length, 4);
            assert_eq!(Buffer::new(null_mut(), 0, &raw mut length).unwrap().fill(b""), Ok(()));
            assert_eq!(length, 0);
            assert_eq!(Buffer::new(buffer.as_mut_ptr(), 4, &raw mut length).unwrap().fill(b"abc"), Ok(()));
            assert_eq!((length, buffer), (3, *b"abc\x07"));
            assert!(matches!(Buffer::new(null_mut(), 1, &raw mut length), Err(Status::NullPointer)));
            assert!(matches!(Buffer::new(buffer.as_mut_ptr(), 4, null_mut()), Err(Status::NullPointer)));
        }
    }
}
