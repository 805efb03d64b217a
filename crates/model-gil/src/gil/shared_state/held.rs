//! `held`: an operation is one call of a built-in. There is no check point inside, so that it is whole. A probe is
//! told how long operations hold the lock, not how long a thread does: that is an interval, where another wants it.

use parking_lot::Mutex;
use patterns::shared_state::State;
use patterns::{Probe, SharedState};

use super::Thread;

/// Nobody waits for this lock, since only who has the interpreter's takes it: it is how safe code says so.
pub(super) struct Store<W: SharedState>(Mutex<State<W>>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Mutex::new(State::new(entries)))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut Thread<'_>, probe: &mut P) -> W::Reply {
        probe.hold(|| self.0.lock().apply(workload, op))
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_inner().into_entries()
    }
}
