//! `mutex` and `fair-mutex`: one lock round one map. Every operation waits for every other. The first is whoever comes when
//! it is free; the second is handed to whoever has waited longest, so that nobody starves, and where two want it each
//! operation costs a switch of threads.

use parking_lot::lock_api::{Mutex, RawMutex};
use patterns::shared_state::State;
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState, R>(Mutex<R, State<W>>);

impl<W: SharedState, R: RawMutex + Send + Sync> super::Store<W> for Store<W, R> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Mutex::new(State::new(entries)))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        let mut state = probe.acquire(|| self.0.try_lock(), || self.0.lock());
        probe.hold(|| state.apply(workload, op))
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_inner().into_entries()
    }
}
