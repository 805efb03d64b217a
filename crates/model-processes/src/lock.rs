//! A lock between processes: a POSIX mutex in a region, process-shared and robust.
//!
//! Robust means that the kernel unlocks it when its holder dies, and that whoever takes it next is told
//! (`pthread_mutexattr_setrobust`, POSIX.1-2008). What the dead left half done cannot be repaired here, so the lock is
//! then given up for good: everybody who waits, or comes later, gets [`Orphaned`].
//!
//! Two holes are left in it (glibc with Linux):
//!
//! - An unlock wakes one waiter; if that one is killed before it runs, and somebody else takes the lock meanwhile, nobody
//!   wakes the next (seen in `tests/hazards.rs`). So nobody here waits without a limit: who has waited for [`LOOK`] looks
//!   again.
//! - The standard's own way to give a lock up is to unlock it without having called it consistent. A
//!   `pthread_mutex_trylock` of such a one says so, and leaves it locked (glibc 2.36; seen in `tests/kills.rs`): who comes
//!   next waits for ever. So it is called consistent, and that it is given up is a word of ours.

#![expect(unsafe_code, reason = "the lock is a C object in memory that other processes use")]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipc_channel::ipc::IpcSharedMemory;
use nix::errno::Errno;
use nix::libc;
use nix::sys::time::TimeSpec;
use patterns::Error;

use crate::region::Region;

/// Words at the start of the region that the lock has: a cache line, so that it does not share one with what it guards.
const LOCK: usize = 8;
/// The last of them: 0 until the lock is given up, and read and written by whoever holds it.
const GIVEN_UP: usize = LOCK - 1;

/// How long anybody waits before they look again.
const LOOK: Duration = Duration::from_millis(100);

const _: () = assert!(size_of::<libc::pthread_mutex_t>() <= GIVEN_UP * size_of::<AtomicU64>());

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
    #[inline]
    pub(crate) fn lock(&self) -> Result<Guard<'_>, Orphaned> {
        self.try_lock().unwrap_or_else(|| self.wait())
    }

    /// Takes the lock where nobody holds it: for a probe that tells whether somebody did.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<Result<Guard<'_>, Orphaned>> {
        // SAFETY: the mutex was initialized by whoever made this region, before anybody else had it, and is never moved
        // or destroyed while a process maps it.
        match unsafe { libc::pthread_mutex_trylock(self.mutex()) } {
            libc::EBUSY => None,
            code => Some(self.taken(code)),
        }
    }

    #[cold]
    fn wait(&self) -> Result<Guard<'_>, Orphaned> {
        loop {
            let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + LOOK;
            let until = TimeSpec::from(until);
            // SAFETY: as in `try_lock`; `until` outlives the call.
            match unsafe { libc::pthread_mutex_timedlock(self.mutex(), until.as_ref()) } {
                libc::ETIMEDOUT => {}
                code => return self.taken(code),
            }
        }
    }

    /// The words, without the lock: for the parent, while no client runs.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        &self.0.words()[LOCK..]
    }

    /// What it means that the lock was taken, with 0 or EOWNERDEAD; a mutex of this kind that is used as here has no other.
    #[inline]
    fn taken(&self, code: i32) -> Result<Guard<'_>, Orphaned> {
        let guard = Guard(self);
        // Relaxed: the lock orders it.
        let given_up = &self.0.words()[GIVEN_UP];
        if code != 0 {
            given_up.store(1, Ordering::Relaxed);
            // SAFETY: as in `try_lock`; and this thread holds it. Killed before this, it dies inside the lock as well.
            let _ = unsafe { libc::pthread_mutex_consistent(self.mutex()) };
        }
        if given_up.load(Ordering::Relaxed) == 0 { Ok(guard) } else { Err(Orphaned) }
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
        // SAFETY: as in `try_lock`; and this thread holds it, which is what a guard is.
        let _ = unsafe { libc::pthread_mutex_unlock(self.0.mutex()) };
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A thread that ends is to a robust lock what a process is. Whoever comes is told, however many came before, and
    /// nobody waits.
    #[test]
    fn everybody_is_told_that_the_holder_died() {
        let guarded = Guarded::new(1).expect("a lock");
        thread::scope(|scope| {
            let taken = scope.spawn(|| guarded.lock().map(std::mem::forget)).join().expect("no panic");
            assert!(taken.is_ok());
            for _ in 0..3 {
                let told = scope.spawn(|| (guarded.lock().is_err(), guarded.try_lock().is_some_and(|it| it.is_err())));
                assert_eq!(told.join().expect("no panic"), (true, true));
            }
        });
    }
}
