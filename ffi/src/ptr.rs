//! The caller's memory: the only module that reads or writes through a pointer.
//!
//! Inputs become slices for the length of a call. Outputs are checked first and written last, by
//! copy and without ever forming a reference to them, so a caller whose buffers overlap or hold
//! uninitialised bytes breaks nothing here.

use crate::Status;
use crate::hold::Hold;
use core::ffi::c_char;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use onecard_store::Calls;

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

/// As [`array`], where NULL with length 0 is none at all.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn optional_array<'a, const N: usize>(
    data: *const u8,
    length: usize,
) -> Result<Option<&'a [u8; N]>, Status> {
    if length == 0 {
        return Ok(None);
    }
    // SAFETY: the caller's promise is the same.
    unsafe { array(data, length) }.map(Some)
}

/// Borrows a UTF-8 text of `length` bytes.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn utf8<'a>(data: *const c_char, length: usize) -> Result<&'a str, Status> {
    // SAFETY: the caller's promise is the same.
    core::str::from_utf8(unsafe { bytes(data.cast(), length) }?).map_err(|_| Status::Utf8)
}

/// A struct that a caller fills in.
///
/// # Safety
/// Any initialised bytes are a value of it: integers and arrays of them, without padding.
pub(crate) unsafe trait Plain: Copy {}

/// Copies a struct of the caller's.
///
/// # Safety
/// `slot` is NULL or points to an initialised struct that nobody changes meanwhile.
pub(crate) unsafe fn value<T: Plain>(slot: *const T) -> Result<T, Status> {
    if slot.is_null() {
        return Err(Status::NullPointer);
    }
    // SAFETY: not NULL, readable by the contract, and any bytes are a value; alignment is not assumed.
    Ok(unsafe { slot.read_unaligned() })
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

/// A caller's buffer of bytes and where its used length goes.
pub(crate) type Buffer = Slots<u8>;

/// A caller's array and where the number of values goes.
pub(crate) struct Slots<T> {
    data: *mut T,
    capacity: usize,
    length: Out<usize>,
}

impl<T: Copy> Slots<T> {
    /// Takes the caller's array; nothing is written yet. NULL with capacity 0 asks for the size.
    ///
    /// # Safety
    /// Unless `capacity` is 0, `data` is NULL or has room for `capacity` values; `length` is NULL or
    /// can be written; both until the call returns.
    pub(crate) unsafe fn new(data: *mut T, capacity: usize, length: *mut usize) -> Result<Self, Status> {
        if data.is_null() && capacity != 0 {
            return Err(Status::NullPointer);
        }
        // SAFETY: the caller's promise is the same.
        let length = unsafe { Out::new(length) }?;
        Ok(Self { data, capacity, length })
    }

    /// Writes `content` and its length; only the length when there is too little room.
    pub(crate) fn fill(self, content: &[T]) -> Result<(), Status> {
        let fits = content.len() <= self.capacity;
        if fits && !content.is_empty() {
            let (from, to) = (content.as_ptr().cast::<u8>(), self.data.cast::<u8>());
            // SAFETY: `content` is not empty and fits, so the capacity is not 0, `data` is not NULL and
            // by the contract of `new` has room. As bytes nothing need be aligned, and `copy` allows the
            // two to overlap.
            unsafe { core::ptr::copy(from, to, size_of_val(content)) }
        }
        self.length.set(content.len());
        if fits { Ok(()) } else { Err(Status::BufferTooSmall) }
    }
}

/// A type that C knows by pointer alone. The pointer is to a [`Handle`] of what it stands for.
pub(crate) trait Opaque {
    /// What the handle holds.
    type Inner;
    /// Tells the kinds of handle apart.
    const TAG: u32;
    /// Whether it belongs to the process that made it, since it signs or has a store. A handle of another kind is
    /// memory, of which a process that is forked has a copy of its own.
    const ONE_PROCESS: bool = true;
}

/// The tag of a freed handle.
const FREED: u32 = 0;

/// What an opaque pointer points to. The tag comes first in every kind, so a pointer to the wrong
/// kind is told before anything else is read.
#[repr(C)]
pub(crate) struct Handle<T> {
    tag: AtomicU32,
    /// A call with this handle panicked.
    poisoned: AtomicBool,
    /// Those that use the value or wait for it.
    calls: Calls,
    /// The only process that may use it.
    process: Option<u32>,
    value: T,
}

impl<T> Handle<T> {
    /// Uses what the handle holds, which knows how several threads share it.
    pub(crate) fn share<R>(&self, body: impl FnOnce(&T) -> Result<R, Status>) -> Result<R, Status> {
        self.check()?;
        // In a process that was forked during another call there is nothing to count: nothing is freed there.
        let _call = (Poisons(&self.poisoned), self.calls.begin());
        body(&self.value)
    }

    fn is_forked(&self) -> bool {
        self.process.is_some_and(|process| process != std::process::id())
    }

    fn check(&self) -> Result<(), Status> {
        if self.is_forked() {
            return Err(Status::Forked);
        }
        if self.poisoned.load(Ordering::Acquire) { Err(Status::Poisoned) } else { Ok(()) }
    }
}

impl<T: Hold> Handle<T> {
    /// Looks at the value.
    pub(crate) fn read<R>(&self, body: impl FnOnce(&T::Value) -> Result<R, Status>) -> Result<R, Status> {
        self.share(|value| value.look(body))
    }

    /// Changes the value, after those who came before.
    pub(crate) fn write<R>(&self, body: impl FnOnce(&mut T::Value) -> Result<R, Status>) -> Result<R, Status> {
        self.share(|value| value.change(body))
    }
}

/// Poisons a handle when a call with it ends by a panic.
struct Poisons<'a>(&'a AtomicBool);

impl Drop for Poisons<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Release);
        }
    }
}

/// Makes a handle; it lives until [`free`].
pub(crate) fn handle<H: Opaque>(inner: impl Into<H::Inner>) -> *mut H {
    let process = H::ONE_PROCESS.then(std::process::id);
    let (poisoned, calls) = (AtomicBool::new(false), Calls::new());
    let handle = Handle { tag: AtomicU32::new(H::TAG), poisoned, calls, process, value: inner.into() };
    Box::into_raw(Box::new(handle)).cast()
}

/// Borrows the handle behind an opaque pointer.
///
/// # Safety
/// `pointer` is NULL or came from [`handle`], of whatever kind, and is not freed while the handle is
/// used.
pub(crate) unsafe fn borrow<'a, H: Opaque>(pointer: *const H) -> Result<&'a Handle<H::Inner>, Status> {
    let pointer = pointer.cast::<Handle<H::Inner>>();
    if pointer.is_null() {
        return Err(Status::NullPointer);
    }
    if !pointer.is_aligned() {
        return Err(Status::Handle);
    }
    // SAFETY: every kind of handle starts with its tag, and by the contract this one is alive.
    let tag = unsafe { &*pointer.cast::<AtomicU32>() };
    if tag.load(Ordering::Acquire) != H::TAG {
        return Err(Status::Handle);
    }
    // SAFETY: alive by the contract, and of this kind by its tag. It is only ever shared.
    Ok(unsafe { &*pointer })
}

/// Frees the handle in `slot` and writes NULL there; a slot with NULL is freed already.
///
/// # Safety
/// `slot` is NULL or can be read and written; what it holds is NULL or came from [`handle`] and was
/// not freed through another slot.
pub(crate) unsafe fn free<H: Opaque>(slot: *mut *mut H) -> Result<(), Status> {
    let slot = NonNull::new(slot).ok_or(Status::NullPointer)?.as_ptr();
    // SAFETY: not NULL, readable by the contract; alignment is not assumed.
    let pointer = unsafe { slot.read_unaligned() };
    if pointer.is_null() {
        return Ok(());
    }
    // SAFETY: the caller's promise is the same.
    let handle = unsafe { borrow::<H>(pointer) }?;
    if handle.calls.any() {
        return Err(Status::Busy);
    }
    // What a thread that is not in this process was changing is left as it is.
    let left = handle.calls.cut_off();
    handle.tag.store(FREED, Ordering::Release);
    // SAFETY: writable by the contract; alignment is not assumed.
    unsafe { slot.write_unaligned(core::ptr::null_mut()) }
    if left {
        return Ok(());
    }
    // SAFETY: `borrow` found a live handle of this kind, which `handle` boxed; nobody was using it or waiting
    // for it a moment ago, and by the contract nobody else frees it or starts to use it.
    drop(unsafe { Box::from_raw(pointer.cast::<Handle<H::Inner>>()) });
    Ok(())
}

/// Where a constant text of the library goes.
pub(crate) struct OutText {
    start: Out<*const c_char>,
    length: Out<usize>,
}

impl OutText {
    /// Takes the caller's pointers; nothing is written yet.
    ///
    /// # Safety
    /// As [`Out::new`], for both.
    pub(crate) unsafe fn new(start: *mut *const c_char, length: *mut usize) -> Result<Self, Status> {
        // SAFETY: the caller's promise is the same.
        unsafe { Ok(Self { start: Out::new(start)?, length: Out::new(length)? }) }
    }

    /// Writes where a text that ends in NUL starts, and its length without the NUL.
    pub(crate) fn set(self, text: &'static str) {
        self.start.set(text.as_ptr().cast());
        self.length.set(text.len().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::Versions;
    use core::ptr::{null, null_mut};
    use onecard_store::Shared;

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

    struct A;
    impl Opaque for A {
        type Inner = Shared<Vec<u8>>;
        const TAG: u32 = 1;
        const ONE_PROCESS: bool = false;
    }

    struct B;
    impl Opaque for B {
        type Inner = Versions<u64>;
        const TAG: u32 = 2;
    }

    #[test]
    fn a_handle_is_used_freed_and_free_again() {
        let mut a = handle::<A>(vec![1]);
        // SAFETY: the handle lives until `free`; the pointers are to locals, or NULL.
        unsafe {
            assert_eq!(borrow::<A>(a).unwrap().write(|a| Ok(a.splice(.., [1, 2]).count())), Ok(1));
            assert_eq!(borrow::<A>(a).unwrap().read(|a| Ok(a.len())), Ok(2));
            assert!(matches!(borrow::<A>(null()), Err(Status::NullPointer)));
            assert_eq!(free::<A>(&raw mut a), Ok(()));
            assert!(a.is_null());
            assert_eq!(free::<A>(&raw mut a), Ok(()), "again");
            assert_eq!(free::<A>(null_mut()), Err(Status::NullPointer));
        }
    }

    #[test]
    fn a_handle_of_another_kind_is_told() {
        let mut b = handle::<B>(7);
        let mut odd = b.cast::<u8>().wrapping_add(1).cast::<B>();
        // SAFETY: the handle lives until `free`; an unaligned pointer is not read.
        unsafe {
            assert!(matches!(borrow::<A>(b.cast()), Err(Status::Handle)));
            assert_eq!(free::<A>((&raw mut b).cast()), Err(Status::Handle));
            assert!(matches!(borrow::<B>(odd), Err(Status::Handle)));
            assert_eq!(free::<B>(&raw mut odd), Err(Status::Handle));
            assert_eq!(free::<B>(&raw mut b), Ok(()));
        }
    }

    #[test]
    fn a_panic_poisons_and_only_free_is_left() {
        for write in [false, true] {
            let mut a = handle::<A>(vec![]);
            // SAFETY: the handle lives until `free`.
            let shared = unsafe { borrow::<A>(a) }.unwrap();
            let status = crate::call::run(|| {
                let panic = "the panic of a test, printed on purpose";
                if write { shared.write(|_| panic!("{panic}")) } else { shared.read(|_| panic!("{panic}")) }
            });
            assert_eq!(status, Status::Panic);
            assert_eq!(shared.read(|_| Ok(())), Err(Status::Poisoned));
            assert_eq!(shared.write(|_| Ok(())), Err(Status::Poisoned));
            // SAFETY: the handle is alive and freed once.
            assert_eq!(unsafe { free::<A>(&raw mut a) }, Ok(()));
        }
    }

    #[test]
    fn a_handle_in_use_is_not_freed() {
        let mut a = handle::<A>(vec![]);
        // SAFETY: the handle lives until `free`.
        let shared = unsafe { borrow::<A>(a) }.unwrap();
        let inside = shared.write(|_| {
            // SAFETY: the handle is alive; it is not freed while in use.
            assert_eq!(unsafe { free::<A>(&raw mut a) }, Err(Status::Busy));
            Ok(())
        });
        assert_eq!(inside, Ok(()));
        assert_eq!(shared.read(|_| shared.read(|_| Ok(()))), Ok(()), "readers share");
        // SAFETY: the handle is alive and freed once.
        assert_eq!(unsafe { free::<A>(&raw mut a) }, Ok(()));
    }

    #[test]
    fn who_reads_keeps_the_version_it_began_with() {
        let mut b = handle::<B>(7);
        // SAFETY: the handle lives until `free`.
        let shared = unsafe { borrow::<B>(b) }.unwrap();
        let read = shared.read(|old| {
            shared.write(|next| {
                *next += 1;
                Ok(())
            })?;
            Ok((*old, shared.read(|new| Ok(*new))?))
        });
        assert_eq!(read, Ok((7, 8)));
        let refused = shared.write(|next| {
            *next = 0;
            Err::<(), _>(Status::Rollback)
        });
        assert_eq!((refused, shared.read(|new| Ok(*new))), (Err(Status::Rollback), Ok(8)), "refused is unchanged");
        // SAFETY: the handle is alive and freed once.
        assert_eq!(unsafe { free::<B>(&raw mut b) }, Ok(()));
    }

    #[test]
    fn several_threads_change_a_handle_and_none_is_turned_away() {
        let mut a = handle::<A>(vec![]);
        let mut b = handle::<B>(0);
        // SAFETY: the handles live until `free`.
        let (list, number) = unsafe { (borrow::<A>(a).unwrap(), borrow::<B>(b).unwrap()) };
        let changes = || {
            for _ in 0..100 {
                let pushed = list.write(|list| {
                    list.push(0);
                    Ok(())
                });
                let counted = number.write(|number| {
                    *number += 1;
                    Ok(())
                });
                assert_eq!((pushed, counted, list.read(|_| Ok(()))), (Ok(()), Ok(()), Ok(())));
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(changes))));
        assert_eq!((list.read(|list| Ok(list.len())), number.read(|number| Ok(*number))), (Ok(400), Ok(400)));
        // SAFETY: the handles are alive and freed once, when no thread uses them any more.
        assert_eq!(unsafe { (free::<A>(&raw mut a), free::<B>(&raw mut b)) }, (Ok(()), Ok(())));
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

    #[test]
    fn an_array_need_not_be_aligned() {
        let mut room = [7u8; 20];
        let mut count = 99;
        let odd = room.as_mut_ptr().wrapping_add(1).cast::<u64>();
        // SAFETY: there is room for two values behind the first byte.
        unsafe {
            assert_eq!(Slots::new(odd, 1, &raw mut count).unwrap().fill(&[1, 2]), Err(Status::BufferTooSmall));
            assert_eq!((count, room), (2, [7; 20]));
            assert_eq!(Slots::new(odd, 2, &raw mut count).unwrap().fill(&[1, 2]), Ok(()));
        }
        assert_eq!((count, room[0], room[17]), (2, 7, 7));
        assert_eq!(room[1..17], [1u64.to_ne_bytes(), 2u64.to_ne_bytes()].concat());
    }

    #[test]
    fn nothing_at_all_is_no_array() {
        // SAFETY: nothing is read through NULL.
        unsafe {
            assert_eq!(optional_array::<16>(null(), 0), Ok(None));
            assert_eq!(optional_array::<16>(null(), 16), Err(Status::NullPointer));
            assert_eq!(optional_array::<16>([0; 15].as_ptr(), 15), Err(Status::Length));
            assert_eq!(optional_array([9; 1].as_ptr(), 1), Ok(Some(&[9])));
            assert!(matches!(value::<crate::Use>(null()), Err(Status::NullPointer)));
        }
    }
}
