//! The clock of deadlines, timers, probes and histories. Elapsed time is the harness's alone.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A moment, for deadlines, for what a probe sees and for when a call began and returned.
///
/// It counts nanoseconds of `CLOCK_MONOTONIC`, which is the system's and not a process's: it does not jump, all CPUs and
/// all processes read the same, and so moments that travelled in a message compare. (`Instant` is that clock on Linux, but
/// neither says so nor can be sent.) Another boot, or another machine, has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tick(u64);

impl Tick {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::Monotonic);
        Self::from_nanos(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
    }

    /// A moment that was made up.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Time since this moment.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// Time from an earlier moment to this one; zero if it is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_do_not_go_back_and_survive_a_message() {
        let ticks: Vec<Tick> = (0..1_000).map(|_| Tick::now()).collect();
        assert!(ticks.is_sorted());
        let (first, last) = (ticks[0], ticks[999]);
        assert_eq!(first.since(last), Duration::ZERO);
        assert!(last.since(first) < first.elapsed());
        let sent = postcard::to_stdvec(&last).expect("serializes");
        assert_eq!(postcard::from_bytes::<Tick>(&sent).expect("deserializes"), last);
    }
}
