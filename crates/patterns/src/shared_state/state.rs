//! The entries of a workload in one map: what an operation does to them, whoever owns it.

use std::collections::{HashMap, hash_map};

use foldhash::fast::RandomState;

use super::{Access, Entry, Merge, SharedState};

/// Entries in a `HashMap`, the sequential reference: alone it is `sequential/plain`, behind a lock `mutex`, in pieces
/// `sharded`, with an owner `actor` and `server`, copied for each write `snapshot`.
#[derive(Debug, Clone)]
pub struct State<W: SharedState>(HashMap<W::Key, W::Value, RandomState>);

impl<W: SharedState> State<W> {
    /// With these entries.
    pub fn new(entries: impl IntoIterator<Item = (W::Key, W::Value)>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// Carries out any operation.
    #[inline]
    pub fn apply(&mut self, workload: &W, op: &W::Op) -> W::Reply {
        match workload.access(op) {
            Access::Write(key) => workload.write(op, MapEntry::of(self.0.entry(key))),
            Access::Read(_) | Access::Audit => self.peek(workload, op),
            Access::Pair(one, two) => {
                let pair = self.0.get_disjoint_mut([&one, &two]);
                workload.write_pair(op, pair)
            }
        }
    }

    /// Carries out a read or an audit, for holders of a read lock.
    ///
    /// # Panics
    /// On an operation that writes.
    #[inline]
    pub fn peek(&self, workload: &W, op: &W::Op) -> W::Reply {
        match workload.access(op) {
            Access::Read(key) => workload.read(op, self.0.get(&key)),
            Access::Audit => workload.audit(op, &mut self.0.values()),
            Access::Write(_) | Access::Pair(..) => panic!("a write under a read lock"),
        }
    }

    /// The act of an operation that was torn apart ([`Torn`](super::Torn)), on whatever is there by now.
    pub(super) fn act(&mut self, workload: &W, op: &W::Op, seen: bool, made: Option<W::Value>) -> W::Reply {
        match workload.access(op) {
            Access::Read(key) | Access::Write(key) => {
                (W::APART.given().act)(workload, op, seen, made, &mut MapEntry::of(self.0.entry(key)))
            }
            Access::Pair(..) | Access::Audit => panic!("{} tore apart what touches several entries", W::ID),
        }
    }

    /// The value of a key, for a pair that spans two shards.
    pub fn get_mut(&mut self, key: &W::Key) -> Option<&mut W::Value> {
        self.0.get_mut(key)
    }

    /// All values, for an audit over shards.
    pub fn values(&self) -> impl Iterator<Item = &W::Value> {
        self.0.values()
    }

    /// Merges a partial state into this one.
    pub fn merge(&mut self, workload: &W, merge: Merge<W>, part: impl IntoIterator<Item = (W::Key, W::Value)>) {
        for (key, value) in part {
            match self.0.entry(key) {
                hash_map::Entry::Occupied(mut here) => merge(workload, here.get_mut(), value),
                hash_map::Entry::Vacant(free) => {
                    free.insert(value);
                }
            }
        }
    }

    /// Final entries, in any order.
    #[must_use]
    pub fn into_entries(self) -> Vec<(W::Key, W::Value)> {
        self.0.into_iter().collect()
    }
}

impl<W: SharedState> IntoIterator for State<W> {
    type Item = (W::Key, W::Value);
    type IntoIter = hash_map::IntoIter<W::Key, W::Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The standard map's entry.
enum MapEntry<'m, K, V> {
    Occupied(hash_map::OccupiedEntry<'m, K, V>),
    Vacant(hash_map::VacantEntry<'m, K, V>),
    Spent,
}

impl<'m, K, V> MapEntry<'m, K, V> {
    #[inline]
    fn of(entry: hash_map::Entry<'m, K, V>) -> Self {
        match entry {
            hash_map::Entry::Occupied(entry) => Self::Occupied(entry),
            hash_map::Entry::Vacant(entry) => Self::Vacant(entry),
        }
    }
}

impl<K, V> Entry<V> for MapEntry<'_, K, V> {
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
