//! `racy`: read, compute, write back, as if nobody else were there. Deliberately wrong; never ranked.
//!
//! A logic race without undefined behaviour: load and store are atomic, their sequence is not.

use std::sync::atomic::{AtomicU64, Ordering};

use patterns::shared_state::Counters;
use patterns::{Probe, SharedState};

use super::atomic::{entries, slots};

pub(super) struct Store<W: SharedState> {
    slots: Vec<AtomicU64>,
    counters: Counters<W>,
}

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(workload: &W, initial: Vec<(W::Key, W::Value)>) -> Self {
        let counters = super::form::<W>();
        Self { slots: slots(workload, &counters, initial), counters }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> W::Reply {
        let (slot, amount) = (self.counters.add)(workload, op);
        // Relaxed, and two of them: whatever another client stored in between is overwritten. That is the point.
        let before = self.slots[slot].load(Ordering::Relaxed);
        (self.counters.work)(workload, op);
        self.slots[slot].store(before + amount, Ordering::Relaxed);
        (self.counters.reply)(workload, op, before)
    }

    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)> {
        entries(workload, &self.counters, self.slots)
    }
}
