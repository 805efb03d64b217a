//! `concurrent-map`: dashmap, the map one reaches for that locks inside: shards as in `sharded`, each behind a lock that
//! readers share. No two entries and no one moment of all of them: it has no guard that spans shards.

use std::hash::Hash;

use dashmap::DashMap;
use dashmap::mapref::entry::{self, OccupiedEntry, VacantEntry};
use dashmap::try_result::TryResult;
use foldhash::fast::RandomState;
use patterns::shared_state::{Access, Entry};
use patterns::{Form, Probe, SharedState};

/// As many as `sharded` has; left to itself the map asks for the number of CPUs, and is another on every machine.
const SHARDS: usize = 64;

pub(super) struct Store<W: SharedState>(DashMap<W::Key, W::Value, RandomState>);

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, entries: Vec<(W::Key, W::Value)>) -> Self {
        let map = DashMap::with_hasher_and_shard_amount(RandomState::default(), SHARDS);
        entries.into_iter().for_each(|(key, value)| drop(map.insert(key, value)));
        Self(map)
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        match workload.access(op) {
            Access::Read(key) => {
                let free = || match self.0.try_get(&key) {
                    TryResult::Present(value) => Some(Some(value)),
                    TryResult::Absent => Some(None),
                    TryResult::Locked => None,
                };
                let value = probe.acquire(free, || self.0.get(&key));
                probe.hold(|| workload.read(op, value.as_deref()))
            }
            Access::Write(key) => {
                let entry = probe.acquire(|| self.0.try_entry(key), || self.0.entry(key));
                probe.hold(|| workload.write(op, MapEntry::of(entry)))
            }
            Access::Pair(..) | Access::Audit => panic!("{} issued what its USES denies", W::ID),
        }
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.0.into_iter().collect()
    }
}

/// What the map can do: one entry at a time.
pub(super) fn one_entry<W: SharedState>() -> Form<()> {
    if W::USES.pairs {
        Form::Lacks("a pair takes two guards, which wait for each other for ever where both keys are in one shard")
    } else if W::USES.audits {
        Form::Lacks("an audit looks at one moment, and the map's iteration goes from shard to shard")
    } else {
        Form::Has(())
    }
}

/// The map's entry, with the lock of its shard. As the standard map's in `State`.
enum MapEntry<'m, K, V> {
    Occupied(OccupiedEntry<'m, K, V>),
    Vacant(VacantEntry<'m, K, V>),
    Spent,
}

impl<'m, K, V> MapEntry<'m, K, V> {
    #[inline]
    fn of(entry: entry::Entry<'m, K, V>) -> Self {
        match entry {
            entry::Entry::Occupied(entry) => Self::Occupied(entry),
            entry::Entry::Vacant(entry) => Self::Vacant(entry),
        }
    }
}

impl<K: Copy + Eq + Hash, V> Entry<V> for MapEntry<'_, K, V> {
    #[inline]
    fn get(&mut self) -> Option<&mut V> {
        match self {
            Self::Occupied(entry) => Some(entry.get_mut()),
            Self::Vacant(_) | Self::Spent => None,
        }
    }

    #[inline]
    fn put(&mut self, value: V) -> Option<V> {
        match std::mem::replace(self, Self::Spent) {
            Self::Occupied(mut entry) => {
                let old = entry.insert(value);
                *self = Self::Occupied(entry);
                Some(old)
            }
            Self::Vacant(entry) => {
                *self = Self::Occupied(entry.insert_entry(value));
                None
            }
            Self::Spent => panic!("an entry that was taken cannot be filled again"),
        }
    }

    #[inline]
    fn take(&mut self) -> Option<V> {
        match std::mem::replace(self, Self::Spent) {
            Self::Occupied(entry) => Some(entry.remove()),
            Self::Vacant(entry) => {
                *self = Self::Vacant(entry);
                None
            }
            Self::Spent => None,
        }
    }
}
