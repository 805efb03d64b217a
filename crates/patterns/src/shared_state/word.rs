//! An addition to a word without a lock, between threads and between processes: in one step, and in two with a gap between
//! them. Every interleaving of both is looked at by loom.

use crate::sync::{AtomicU64, Ordering};

/// One indivisible step; what the word held before.
#[inline]
pub fn add(word: &AtomicU64, amount: u64) -> u64 {
    // Relaxed: the word publishes nothing but itself; the end of the round orders it before the final read (the
    // client's report, by a channel or a message).
    word.fetch_add(amount, Ordering::Relaxed)
}

/// Reads, works and writes back, as if nobody else were there; what the word held before.
#[inline]
pub fn add_in_two_steps(word: &AtomicU64, amount: u64, work: impl FnOnce()) -> u64 {
    // Relaxed, and two of them: whatever another client stored in between is overwritten. That is the point.
    let before = word.load(Ordering::Relaxed);
    work();
    word.store(before.wrapping_add(amount), Ordering::Relaxed);
    before
}
