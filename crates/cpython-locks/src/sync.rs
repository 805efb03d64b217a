//! What the locks are made of, and the one clock they ask; the tests put loom's parts in place of std's.

pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::yield_now;

use std::sync::{LazyLock, PoisonError};
use std::time::{Duration, Instant};

/// Nanoseconds since this was first asked.
#[allow(clippy::disallowed_methods, reason = "deadlines of locks, as CPython takes them")]
pub(crate) fn nanos() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

/// Waits for a notification at most so long; whether the time was up. (The mutex is for loom, which has no timeouts.)
pub(crate) fn wait_timeout<'m, T>(
    condition: &Condvar,
    _mutex: &'m Mutex<T>,
    guard: MutexGuard<'m, T>,
    limit: Duration,
) -> (MutexGuard<'m, T>, bool) {
    let (guard, timeout) = condition.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner);
    (guard, timeout.timed_out())
}
