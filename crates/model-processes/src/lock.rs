//! A lock between processes: a POSIX mutex in a region, process-shared and robust.
//!
//! Robust means that the kernel unlocks it when its holder dies, and that whoever takes it next is told
//! (`pthread_mutexattr_setrobust`, POSIX.1-2008). What the dead left half done cannot be repaired here, so the lock is
//! then given up for good: everybody who waits, or comes later, gets [`Orphaned`], and nobody waits for ever.

#![expect(unsafe_code, reason = "the lock is a C object in memory that other processes use")]

use std::mem::MaybeUninit;
use std::sync::atomic::AtomicU64;

use ipc_channel::ipc::IpcSharedMemory;
use nix::errno::Errno;
use nix::libc;
use patterns::Error;

use crate::region::Region;

/// Words at the start of the region that the lock has: a cache line, so that it does not share one with what it guards.
const LOCK: usize = 8;

const _: () = assert!(size_of::<libc::pthread_mutex_t>() <= LOCK * size_of::<AtomicU64>());

/// Words that are looked at under a lock beside them.
pub(crate) struct Guarded(Region);

/// A process died inside the lock: what it guards may be half written.
#[derive(Debug)]
pub(crate) struct Orphaned;

impl From<Orphaned> for Error {
    fn from(Orphaned: Orphaned) -> Self {
        Self::other("a process died inside the lock: the entries may be half written")
    }
}

impl Guarded {
    /// So many words, all zero.
    pub(crate) fn new(words: usize) -> Result<Self, Error> {
        let guarded = Self(Region::new((LOCK + words) * size_of::<AtomicU64>()));
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: `attributes` is initialized by the first call and destroyed by the last; the mutex lies in memory that
        // is large enough, aligned (a page), all zero, and that no other process has been given yet.
        let codes = unsafe {
            [
                libc::pthread_mutexattr_init(attributes.as_mut_ptr()),
                libc::pthread_mutexattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED),
                libc::pthread_mutexattr_setrobust(attributes.as_mut_ptr(), libc::PTHREAD_MUTEX_ROBUST),
                libc::pthread_mutex_init(guarded.mutex(), attributes.as_ptr()),
                libc::pthread_mutexattr_destroy(attributes.as_mut_ptr()),
            ]
        };
        match codes.into_iter().find(|code| *code != 0) {
            None => Ok(guarded),
            Some(code) => Err(Error::other(format!("failed to make a process-shared lock: {}", Errno::from_raw(code)))),
        }
    }

    /// One that came from the parent.
    ///
    /// # Safety
    /// It was made by [`Guarded::new`].
    pub(crate) unsafe fn of(memory: IpcSharedMemory) -> Self {
        Self(Region::of(memory))
    }

    /// For another process.
    pub(crate) fn share(&self) -> IpcSharedMemory {
        self.0.share()
    }

    /// Takes the lock.
    pub(crate) fn lock(&self) -> Result<Guard<'_>, Orphaned> {
        // SAFETY: the mutex was initialized by whoever made this region, before anybody else had it, and is never moved
        // or destroyed while a process maps it.
        self.taken(unsafe { libc::pthread_mutex_lock(self.mutex()) })
    }

    /// The words, without the lock: for the parent, while no client runs.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        &self.0.words()[LOCK..]
    }

    fn taken(&self, code: i32) -> Result<Guard<'_>, Orphaned> {
        match code {
            0 => Ok(Guard(self)),
            libc::EOWNERDEAD => {
                // Unlocked without having been made consistent: the lock is unusable from here on, for everybody.
                drop(Guard(self));
                Err(Orphaned)
            }
            // ENOTRECOVERABLE; a mutex of this kind has no other.
            _ => Err(Orphaned),
        }
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        self.0.words().as_ptr().cast_mut().cast()
    }
}

/// The lock is held.
pub(crate) struct Guard<'g>(&'g Guarded);

impl Guard<'_> {
    /// What it guards.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        self.0.words()
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // SAFETY: as in `lock`; and this thread holds it, which is what a guard is.
        let _ = unsafe { libc::pthread_mutex_unlock(self.0.mutex()) };
    }
}
