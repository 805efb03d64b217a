//! `racy`: read, compute, write back, as if nobody else were there. Deliberately wrong; never ranked.
//!
//! A logic race without undefined behaviour: load and store are atomic, their sequence is not.

use std::sync::atomic::{AtomicU64, Ordering};

use patterns::{Probe, SharedState};

use super::atomic::{entries, slots};

pub(super) struct Store(Vec<AtomicU64>);

impl<W: SharedState> super::Store<W> for Store {
    fn new(workload: &W, initial: Vec<(W::Key, W::Value)>) -> Self {
        Self(slots(workload, initial))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> W::Reply {
        let (slot, amount) = (W::COUNTERS.given().add)(workload, op);
        // Relaxed, and two of them: whatever another client stored in between is overwritten. That is the point.
        let before = self.0[slot].load(Ordering::Relaxed);
        (W::COUNTERS.given().work)(workload, op);
        self.0[slot].store(before + amount, Ordering::Relaxed);
        (W::COUNTERS.given().reply)(workload, op, before)
    }

    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)> {
        entries(workload, self.0)
    }
}
