//! `sharded`: as many locks as there are shards; a key's hash names its shard, and operations on different shards do not
//! meet.

use parking_lot::RawMutex;
use patterns::shared_state::Sharded;
use patterns::{Probe, SharedState};

pub(super) struct Store<W: SharedState>(Sharded<W, RawMutex>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        Self(Sharded::new(entries))
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        self.0.apply(workload, op, probe)
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_entries()
    }
}
