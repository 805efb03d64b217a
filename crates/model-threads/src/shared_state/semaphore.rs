//! `semaphore`: one permit round one map, as one builds it from a lock and a condition: whoever finds no permit sleeps, and
//! whoever gives it back wakes one. Two more locks an operation than the lock that it is made of.

use parking_lot::Mutex;
use patterns::shared_state::State;
use patterns::{Probe, SharedState};

use super::permits::{Permit, Permits};

pub(super) struct Store<W: SharedState> {
    permits: Permits,
    /// Nobody waits for this lock, since only who has the permit takes it: it is how safe code says so.
    state: Mutex<State<W>>,
}

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self { permits: Permits::new(1), state: Mutex::new(State::new(entries)) }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        let _permit: Permit<'_> = probe.acquire(|| self.permits.try_take(), || self.permits.take());
        probe.hold(|| self.state.lock().apply(workload, op))
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.state.into_inner().into_entries()
    }
}
