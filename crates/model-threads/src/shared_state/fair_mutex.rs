//! `fair-mutex`: one lock round one map that is handed to whoever has waited longest. Nobody starves, and where two want it
//! each operation costs a switch of threads.

use parking_lot::FairMutex;
use patterns::shared_state::State;
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState>(FairMutex<State<W>>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(FairMutex::new(State::new(entries)))
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
