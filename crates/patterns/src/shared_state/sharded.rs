//! Entries in shards, each behind a lock of its own: a key's hash names its shard, and operations on different shards do
//! not meet. Generic over the lock, which a model brings.
//!
//! Lock order: ascending shard number. A pair in one shard takes one lock; an audit takes all, in order.

use std::hash::BuildHasher;

use crossbeam_utils::CachePadded;
use foldhash::fast::RandomState;
use lock_api::{Mutex, MutexGuard, RawMutex};

use super::{Access, SharedState, State};
use crate::probe::Probe;

/// Enough that 64 clients rarely meet; fixed, so that the strategy is the same on every machine.
const SHARDS: usize = 64;

/// Entries in 64 shards, each padded to a cache line and behind a lock `R`.
pub struct Sharded<W: SharedState, R> {
    shards: Vec<CachePadded<Mutex<R, State<W>>>>,
    hasher: RandomState,
}

impl<W: SharedState, R> std::fmt::Debug for Sharded<W, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sharded").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}

impl<W: SharedState, R: RawMutex> Sharded<W, R> {
    /// With these entries.
    #[must_use]
    pub fn new(entries: Vec<(W::Key, W::Value)>) -> Self {
        let hasher = RandomState::default();
        let mut parts: Vec<Vec<_>> = (0..SHARDS).map(|_| Vec::new()).collect();
        for entry in entries {
            parts[hasher.hash_one(entry.0) as usize % SHARDS].push(entry);
        }
        let shards = parts.into_iter().map(|part| CachePadded::new(Mutex::new(State::new(part)))).collect();
        Self { shards, hasher }
    }

    /// Carries out any operation.
    #[inline]
    pub fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        match workload.access(op) {
            Access::Read(key) | Access::Write(key) => {
                let mut state = self.lock(self.shard(&key), probe);
                probe.hold(|| state.apply(workload, op))
            }
            Access::Pair(one, two) => self.pair(workload, op, [one, two], probe),
            Access::Audit => {
                let all: Vec<_> = (0..SHARDS).map(|shard| self.lock(shard, probe)).collect();
                probe.hold(|| workload.audit(op, &mut all.iter().flat_map(|state| state.values())))
            }
        }
    }

    /// Final entries, in any order.
    #[must_use]
    pub fn into_entries(self) -> Vec<(W::Key, W::Value)> {
        self.shards.into_iter().flat_map(|shard| shard.into_inner().into_inner().into_entries()).collect()
    }

    #[inline]
    fn shard(&self, key: &W::Key) -> usize {
        self.hasher.hash_one(key) as usize % SHARDS
    }

    #[inline]
    fn lock<P: Probe>(&self, shard: usize, probe: &mut P) -> MutexGuard<'_, R, State<W>> {
        probe.acquire(|| self.shards[shard].try_lock(), || self.shards[shard].lock())
    }

    fn pair<P: Probe>(&self, workload: &W, op: &W::Op, keys: [W::Key; 2], probe: &mut P) -> W::Reply {
        let [one, two] = keys.map(|key| self.shard(&key));
        let mut low = self.lock(one.min(two), probe);
        if one == two {
            return probe.hold(|| low.apply(workload, op));
        }
        let mut high = self.lock(one.max(two), probe);
        let (first, second) = if one < two { (&mut low, &mut high) } else { (&mut high, &mut low) };
        probe.hold(|| workload.write_pair(op, [first.get_mut(&keys[0]), second.get_mut(&keys[1])]))
    }
}
