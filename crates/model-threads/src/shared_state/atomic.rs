//! `atomic`: a slot a key, one indivisible addition an operation. No lock, no lost update; only for counters.

use std::sync::atomic::AtomicU64;

use patterns::shared_state::word::add;
use patterns::{Probe, SharedState};

pub(super) struct Store(Vec<AtomicU64>);

impl<W: SharedState> super::Store<W> for Store {
    fn new(workload: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(slots(workload, entries))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> W::Reply {
        let (word, amount) = W::COUNTERS.given().place(workload, op);
        (W::COUNTERS.given().work)(workload, op);
        let before = add(&self.0[word], amount);
        (W::COUNTERS.given().reply)(workload, op, before)
    }

    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)> {
        entries(workload, self.0)
    }
}

/// The words of all counters, filled from the initial entries.
pub(super) fn slots<W: SharedState>(workload: &W, entries: Vec<(W::Key, W::Value)>) -> Vec<AtomicU64> {
    W::COUNTERS.given().filled(workload, entries).into_iter().map(AtomicU64::new).collect()
}

/// Words as entries.
pub(super) fn entries<W: SharedState>(workload: &W, slots: Vec<AtomicU64>) -> Vec<(W::Key, W::Value)> {
    W::COUNTERS.given().entries(workload, slots.into_iter().map(AtomicU64::into_inner))
}
