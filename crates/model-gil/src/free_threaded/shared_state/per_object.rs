//! `per-object`: a byte lock in every entry, as in every object. Operations on different keys do not meet, and a pair takes
//! two locks, as a critical section of two does.
//!
//! Lock order: ascending key, which is ascending address. A pair takes the lower first, an audit all in order, so that no two
//! clients wait for each other. The keys are those of the start: a lock cannot lie in an entry that comes and goes. Finding an
//! entry takes none: a dict is read without its lock.

use std::collections::HashMap;

use cpython_locks::RawByteLock;
use foldhash::fast::RandomState;
use lock_api::{Mutex, MutexGuard};
use patterns::shared_state::Access;
use patterns::{Form, Probe, SharedState};

/// A value under a lock of its own.
type Locked<W> = Mutex<RawByteLock, Option<<W as SharedState>::Value>>;

pub(super) struct Store<W: SharedState> {
    /// Where the entry of a key is: never changed while clients run, so that it needs no lock.
    places: HashMap<W::Key, usize, RandomState>,
    /// In ascending order of keys.
    entries: Vec<(W::Key, Locked<W>)>,
}

impl<W: SharedState> Store<W> {
    #[inline]
    fn lock<P: Probe>(&self, key: W::Key, probe: &mut P) -> MutexGuard<'_, RawByteLock, Option<W::Value>> {
        let Some(place) = self.places.get(&key) else { panic!("{} made up the key {key:?}", W::ID) };
        held::<W, P>(&self.entries[*place].1, probe)
    }
}

#[inline]
fn held<'s, W: SharedState, P: Probe>(
    value: &'s Locked<W>,
    probe: &mut P,
) -> MutexGuard<'s, RawByteLock, Option<W::Value>> {
    probe.acquire(|| value.try_lock(), || value.lock())
}

impl<W: SharedState> super::Store<W> for Store<W> {
    fn new(_: &W, mut entries: Vec<(W::Key, W::Value)>) -> Self {
        entries.sort_by_key(|(key, _)| *key);
        let places = entries.iter().enumerate().map(|(place, (key, _))| (*key, place)).collect();
        let entries = entries.into_iter().map(|(key, value)| (key, Mutex::new(Some(value)))).collect();
        Self { places, entries }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply {
        match workload.access(op) {
            Access::Read(key) => {
                let value = self.lock(key, probe);
                probe.hold(|| workload.read(op, value.as_ref()))
            }
            Access::Write(key) => {
                let mut value = self.lock(key, probe);
                probe.hold(|| workload.write(op, &mut *value))
            }
            Access::Pair(one, two) => {
                let mut low = self.lock(one.min(two), probe);
                let mut high = self.lock(one.max(two), probe);
                let (first, second) = if one < two { (&mut low, &mut high) } else { (&mut high, &mut low) };
                probe.hold(|| workload.write_pair(op, [first.as_mut(), second.as_mut()]))
            }
            Access::Audit => {
                let all: Vec<_> = self.entries.iter().map(|(_, value)| held::<W, P>(value, probe)).collect();
                probe.hold(|| workload.audit(op, &mut all.iter().filter_map(|value| value.as_ref())))
            }
        }
    }

    fn into_entries(self, _: &W) -> Vec<(W::Key, W::Value)> {
        self.entries.into_iter().filter_map(|(key, value)| Some((key, value.into_inner()?))).collect()
    }
}

/// What a lock in an entry needs: an entry that stays.
pub(super) fn entries_stay<W: SharedState>() -> Form<()> {
    if W::USES.inserts { Form::Lacks("entries come and go, and a lock in one of them with it") } else { Form::Has(()) }
}
