//! `snapshot`: readers look at a state that never changes and wait for nobody; who writes copies all entries, changes
//! the copy and puts it in place.
//!
//! One lock, which only writers take, so that none overwrites what another put in place. A snapshot lives until its last
//! reader has gone.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use patterns::shared_state::{Access, State};
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState> {
    current: ArcSwap<State<W>>,
    writer: Mutex<()>,
}

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self { current: ArcSwap::from_pointee(State::new(entries)), writer: Mutex::new(()) }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        match workload.access(op) {
            Access::Read(_) | Access::Audit => self.current.load().peek(workload, op),
            Access::Write(_) | Access::Pair(..) => {
                let _writer = probe.acquire(|| self.writer.try_lock(), || self.writer.lock());
                probe.hold(|| {
                    let mut next = State::clone(&self.current.load());
                    let reply = next.apply(workload, op);
                    self.current.store(Arc::new(next));
                    reply
                })
            }
        }
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        Arc::unwrap_or_clone(self.current.into_inner()).into_entries()
    }
}
