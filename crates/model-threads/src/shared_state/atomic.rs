//! `atomic`: a slot a key, one indivisible addition an operation. No lock, no lost update; only for counters.

use std::sync::atomic::{AtomicU64, Ordering};

use patterns::shared_state::Counters;
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState> {
    slots: Vec<AtomicU64>,
    counters: Counters<W>,
}

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(workload: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        let counters = super::form::<W>();
        Self { slots: slots(workload, &counters, entries), counters }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> W::Reply {
        let (slot, amount) = (self.counters.add)(workload, op);
        (self.counters.work)(workload, op);
        // Relaxed: the slot publishes nothing but itself; the end of the round orders it before the final read (the
        // team's channel, from the worker's report to the coordinator's receive).
        let before = self.slots[slot].fetch_add(amount, Ordering::Relaxed);
        (self.counters.reply)(workload, op, before)
    }

    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)> {
        entries(workload, &self.counters, self.slots)
    }
}

/// One slot a counter, filled from the initial entries.
pub(super) fn slots<W: SharedState>(
    workload: &W,
    counters: &Counters<W>,
    entries: Vec<(W::Key, W::Value)>,
) -> Vec<AtomicU64> {
    let mut slots: Vec<_> = (0..(counters.slots)(workload)).map(|_| AtomicU64::new(0)).collect();
    for (slot, place) in slots.iter_mut().enumerate() {
        let (key, _) = (counters.entry)(workload, slot, 0);
        if let Some((_, value)) = entries.iter().find(|(entry, _)| *entry == key) {
            *place.get_mut() = (counters.initial)(workload, value);
        }
    }
    slots
}

/// Slots as entries.
pub(super) fn entries<W: SharedState>(
    workload: &W,
    counters: &Counters<W>,
    slots: Vec<AtomicU64>,
) -> Vec<(W::Key, W::Value)> {
    let entry = |(slot, value): (usize, AtomicU64)| (counters.entry)(workload, slot, value.into_inner());
    slots.into_iter().enumerate().map(entry).collect()
}
