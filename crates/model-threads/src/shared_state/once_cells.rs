//! `once-cells`: the map holds cells that are filled once. The lock round the map is held for finding a cell, not for
//! computing what belongs in it; whoever wants the same value waits for whoever computes it, and nobody else does.
//!
//! Who waits for whom: for a cell only who holds no lock, so that no two wait for each other.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use patterns::shared_state::{Access, Met};
use patterns::{Probe, SharedState};

/// A place for a value, there before it is.
type Cell<W> = Arc<OnceLock<<W as SharedState>::Value>>;

pub(super) struct Store<W: SharedState>(Mutex<HashMap<W::Key, Cell<W>, RandomState>>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Mutex::new(entries.into_iter().map(|(key, value)| (key, Arc::new(OnceLock::from(value)))).collect()))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        let once = W::ONCE.given();
        let (Access::Read(key) | Access::Write(key)) = workload.access(op) else {
            panic!("{} computes one value at a time", W::ID)
        };
        let mut cells = probe.acquire(|| self.0.try_lock(), || self.0.lock());
        if !(once.wants)(workload, op) {
            let met = probe.hold(|| cells.remove(&key)).map_or(Met::Nothing, |_| Met::Removed);
            return (once.reply)(workload, op, met);
        }
        let cell = probe.hold(|| cells.entry(key).or_default().clone());
        drop(cells);
        let mut computed = false;
        let value = cell.get_or_init(|| {
            computed = true;
            (once.compute)(workload, op)
        });
        (once.reply)(workload, op, if computed { Met::Computed(value) } else { Met::Found(value) })
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        let filled = |(key, cell): (W::Key, Cell<W>)| Some((key, cell.get()?.clone()));
        self.0.into_inner().into_iter().filter_map(filled).collect()
    }
}
