//! A region of memory that a parent and its workers see at once.
//!
//! The only unsafe code of the project, with the lock (`lock.rs`) that lies in one, and the few that write and read bytes in
//! one. What it rests on:
//!
//! - The memory is a `memfd` (ipc-channel's `IpcSharedMemory`): it has no name, so nothing of it is left when the last
//!   process that maps it is gone, however it went. Every process maps it elsewhere; nothing in it is a pointer.
//! - **Words**, and the halves of words that are futexes (`futex.rs`), are atomics and are only ever touched as such. Whatever
//!   other processes do, there is no data race; what a program makes of the values is up to its own lock or order.
//! - **Bytes** are written in one process and read in others, one after the other: see [`Region::write`] and
//!   [`Region::read`], whose callers say who goes when.

#![expect(unsafe_code, reason = "memory that other processes write is outside of what the compiler can know")]

use std::ops::Range;
use std::sync::atomic::AtomicU64;

use ipc_channel::ipc::IpcSharedMemory;

#[cfg(target_os = "linux")]
use crate::futex::Word;

/// Memory of this process and others.
pub(crate) struct Region {
    memory: IpcSharedMemory,
    start: *mut u8,
    length: usize,
}

// SAFETY: `start` points to a mapping of the whole process, which `memory` keeps until this value is dropped. All access
// through a shared reference is by atomics, or by the unsafe functions below, whose callers order it.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// So many bytes, all zero and all touched: nobody waits for a page later.
    pub(crate) fn new(length: usize) -> Self {
        Self::of(IpcSharedMemory::from_byte(0, length))
    }

    /// One that came from the parent.
    pub(crate) fn of(mut memory: IpcSharedMemory) -> Self {
        let length = memory.len();
        // SAFETY: the exclusive reference ends with this statement. In this process nothing else refers to this mapping:
        // it was made for this value, which never gives out `memory` but to be mapped elsewhere.
        let start = unsafe { memory.deref_mut() }.as_mut_ptr();
        Self { memory, start, length }
    }

    /// For another process.
    pub(crate) fn share(&self) -> IpcSharedMemory {
        self.memory.clone()
    }

    /// All of it as words; what does not fill a word is left out.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        if self.length < size_of::<AtomicU64>() {
            return &[]; // nothing is mapped
        }
        // SAFETY: the mapping is at least that long, begins at a page and lives as long as `self`; any bits are a u64. It
        // is shared with other processes, which an atomic may be. A region is used as words, as futexes or as bytes, never
        // as two of them: its users make their own.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length / size_of::<AtomicU64>()) }
    }

    /// All of it as futexes; what does not fill one is left out.
    #[cfg(target_os = "linux")]
    pub(crate) fn futexes(&self) -> &[Word] {
        if self.length < size_of::<Word>() {
            return &[]; // nothing is mapped
        }
        // SAFETY: as in `words`: a futex is an atomic of half that size.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length / size_of::<Word>()) }
    }

    /// Writes `bytes` from `at` on.
    ///
    /// # Safety
    /// While this runs, nobody else may read or write that place, in this process or another.
    ///
    /// # Panics
    /// If they do not fit.
    pub(crate) unsafe fn write(&self, at: usize, bytes: &[u8]) {
        assert!(at.checked_add(bytes.len()).is_some_and(|end| end <= self.length), "beyond the end of a region");
        // SAFETY: it fits, by the line above; `bytes` is a reference, and none is ever made to a region that is written,
        // so they do not overlap; nobody else is there, by contract.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(at), bytes.len()) };
    }

    /// The bytes of a range.
    ///
    /// # Safety
    /// As long as the reference lives, nobody may write that place, in this process or another.
    ///
    /// # Panics
    /// If the range goes beyond the end.
    pub(crate) unsafe fn read(&self, range: Range<usize>) -> &[u8] {
        assert!(range.start <= range.end && range.end <= self.length, "beyond the end of a region");
        // SAFETY: it is inside the mapping, by the line above, and stays as it is, by contract.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.end - range.start) }
    }
}
