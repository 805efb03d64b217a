//! Futexes: words in a region that a process can sleep on until another changes them (`futex(2)`, by rustix).
//!
//! Nobody sleeps without a limit: who should wake them may be killed before it does. Who has slept for [`LOOK`] looks again.

use std::ops::Deref;
use std::sync::atomic::AtomicU32;

use rustix::thread::futex::{Flags, Timespec, wait, wake};

/// How long anybody sleeps before they look again: 100 ms.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Not `Flags::PRIVATE`: the others are processes.
const SHARED: Flags = Flags::empty();

/// A word to sleep on.
#[repr(transparent)]
pub(crate) struct Word(AtomicU32);

impl Word {
    /// Sleeps while the word is as `seen`, until somebody wakes this process. May return at any time: callers look at the
    /// word again. The kernel compares and goes to sleep in one, so that no change in between is missed.
    pub(crate) fn wait(&self, seen: u32) {
        // Changed, interrupted, out of time: whatever it says, the caller looks again.
        let _ = wait(&self.0, SHARED, seen, Some(&LOOK));
    }

    /// Wakes whoever sleeps on it.
    pub(crate) fn wake(&self) {
        let _ = wake(&self.0, SHARED, i32::MAX as u32);
    }
}

impl Deref for Word {
    type Target = AtomicU32;

    fn deref(&self) -> &AtomicU32 {
        &self.0
    }
}
