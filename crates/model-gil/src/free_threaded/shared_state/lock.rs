//! `lock`: one byte lock round one map. Who finds it held yields forty times, then sleeps; who has waited for a millisecond
//! is handed it.

use cpython_locks::RawByteLock;
use lock_api::Mutex;
use patterns::shared_state::State;
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState>(Mutex<RawByteLock, State<W>>);

impl<W: SharedState> super::Store<W> for Store<W> {
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
