//! The word that a thread asks at its check points: what others want of it, a bit each.

use crate::sync::{AtomicU32, Ordering};

/// One thread's word, on a cache line of its own: it is read at every check point and written by others.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Breaker(AtomicU32);

impl Breaker {
    /// Somebody waits for the global interpreter lock for longer than the interval.
    pub const DROP: u32 = 1;
    /// Objects of this thread, dropped by others, wait for it to merge their reference counts.
    pub const MERGE: u32 = 1 << 6;

    /// Nothing is asked.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Whether anything is asked: all that a check point costs while nothing is.
    #[inline(always)]
    #[must_use]
    pub fn pending(&self) -> bool {
        // Relaxed: only a hint to look closer, at this check point or the next.
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Asks for `bit`.
    pub fn ask(&self, bit: u32) {
        // Release, with the acquire of `clear`: who answers sees what the asker did before.
        self.0.fetch_or(bit, Ordering::Release);
    }

    /// Whether `bit` is asked for.
    #[inline(always)]
    #[must_use]
    pub fn asked(&self, bit: u32) -> bool {
        // Relaxed, as above: the edge is made by `clear`.
        self.0.load(Ordering::Relaxed) & bit != 0
    }

    /// Takes `bit` back. To be called before what is asked for is done, or a request that comes meanwhile is lost.
    pub fn clear(&self, bit: u32) {
        // Acquire: see `ask`.
        self.0.fetch_and(!bit, Ordering::Acquire);
    }
}
