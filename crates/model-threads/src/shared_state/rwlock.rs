//! `rwlock`: one lock round one map that readers share. Who reads waits for writers only, but all write the lock's word.

use parking_lot::RwLock;
use patterns::shared_state::{Access, State};
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState>(RwLock<State<W>>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(RwLock::new(State::new(entries)))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        match workload.access(op) {
            Access::Read(_) | Access::Audit => {
                let state = probe.acquire(|| self.0.try_read(), || self.0.read());
                probe.hold(|| state.peek(workload, op))
            }
            Access::Write(_) | Access::Pair(..) => {
                let mut state = probe.acquire(|| self.0.try_write(), || self.0.write());
                probe.hold(|| state.apply(workload, op))
            }
        }
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_inner().into_entries()
    }
}
