//! `std-mutex`: the lock of the standard library round one map. Every operation waits for every other.

use std::sync::{Mutex, PoisonError};

use patterns::shared_state::State;
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState>(Mutex<State<W>>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Mutex::new(State::new(entries)))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        // Poison is passed over: the panic it tells of is a worker's result and ends the round as an error.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = probe.acquire(|| self.0.try_lock().ok(), lock);
        probe.hold(|| state.apply(workload, op))
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).into_entries()
    }
}
