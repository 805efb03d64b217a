//! Futexes: words in a region that a process can sleep on until another changes them (`futex(2)`).
//!
//! Nobody sleeps without a limit: who should wake them may be killed before it does. Who has slept for [`LOOK`] looks again.

#![expect(unsafe_code, reason = "no library has the system call for words that processes share")]

use std::ops::Deref;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use nix::libc;
use nix::sys::time::TimeSpec;

/// How long anybody sleeps before they look again.
const LOOK: Duration = Duration::from_millis(100);

/// A word to sleep on.
#[repr(transparent)]
pub(crate) struct Word(AtomicU32);

impl Word {
    /// Sleeps while the word is as `seen`, until somebody wakes this process. May return at any time: callers look at the
    /// word again. The kernel compares and goes to sleep in one, so that no change in between is missed.
    pub(crate) fn wait(&self, seen: u32) {
        let limit = TimeSpec::from(LOOK);
        // SAFETY: the word is valid and aligned as long as `self` is, and the kernel only reads it; `limit` outlives the
        // call. Whatever it returns (changed, interrupted, out of time), the caller looks again.
        let _ = unsafe {
            let (none, limit) = (ptr::null::<u32>(), ptr::from_ref(limit.as_ref()));
            libc::syscall(libc::SYS_futex, self.0.as_ptr(), libc::FUTEX_WAIT, seen, limit, none, 0)
        };
    }

    /// Wakes whoever sleeps on it.
    pub(crate) fn wake(&self) {
        // SAFETY: the kernel takes the address as a name and does not look at what is there.
        let _ = unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
    }
}

impl Deref for Word {
    type Target = AtomicU32;

    fn deref(&self) -> &AtomicU32 {
        &self.0
    }
}
