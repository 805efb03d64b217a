//! Shared numbers: locks round a map and round pieces of it, a concurrent map, and the standard library's atomics. Warm
//! threads, one a client.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{self, Arc, PoisonError, mpsc};
use std::thread;

use anyhow::{Context as _, Result};
use crossbeam_utils::CachePadded;
use dashmap::DashMap;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};
use patterns::shared_state::Counters;
use patterns::{Form, SharedState};
use results::Units;
use workloads::Counter;

use super::{Entries, Rounds, Scripts};

type Op = <Counter as SharedState>::Op;
/// As the contract's `State` hashes.
pub(super) type Map = HashMap<u64, u64, RandomState>;

/// The workload's public kernel: which number an operation adds to, and the work between read and write.
const KERNEL: Counters<Counter> = match Counter::COUNTERS {
    Form::Has(kernel) => kernel,
    Form::Lacks(why) => panic!("{}", why),
};

/// One operation on a map that nobody else touches meanwhile.
#[inline]
pub(super) fn add(counter: &Counter, op: &Op, map: &mut Map) {
    add_to(counter, op, map.entry(key(counter, op)).or_insert(0));
}

/// One operation on a number that nobody else touches meanwhile.
#[inline]
fn add_to(counter: &Counter, op: &Op, value: &mut u64) {
    let (_, amount) = (KERNEL.add)(counter, op);
    let before = *value;
    (KERNEL.work)(counter, op);
    *value = before + amount;
}

#[inline]
fn key(counter: &Counter, op: &Op) -> u64 {
    (KERNEL.add)(counter, op).0 as u64
}

/// One lock round one map.
pub(super) fn mutex(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || Mutex::new(counter.initial(scripts).into_iter().collect::<Map>());
    let client = |script: &[Op], map: &Mutex<Map>| {
        for op in script {
            counter.prepare(op);
            add(counter, op, &mut map.lock());
        }
    };
    clients(scripts, rounds, fresh, client, |map| map.into_inner().into_iter().collect())
}

/// The same with the standard library's lock.
pub(super) fn std_mutex(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || sync::Mutex::new(counter.initial(scripts).into_iter().collect::<Map>());
    let client = |script: &[Op], map: &sync::Mutex<Map>| {
        for op in script {
            counter.prepare(op);
            add(counter, op, &mut map.lock().unwrap_or_else(PoisonError::into_inner));
        }
    };
    let inner = |map: sync::Mutex<Map>| map.into_inner().unwrap_or_else(PoisonError::into_inner);
    clients(scripts, rounds, fresh, client, |map| inner(map).into_iter().collect())
}

/// A lock that would let readers in together; every operation of this workload writes.
pub(super) fn rwlock(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || RwLock::new(counter.initial(scripts).into_iter().collect::<Map>());
    let client = |script: &[Op], map: &RwLock<Map>| {
        for op in script {
            counter.prepare(op);
            add(counter, op, &mut map.write());
        }
    };
    clients(scripts, rounds, fresh, client, |map| map.into_inner().into_iter().collect())
}

/// As many locks round as many pieces of the map.
pub(super) fn sharded(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    const SHARDS: usize = 64;
    let hasher = RandomState::default();
    let shard = |key: u64| hasher.hash_one(key) as usize % SHARDS;
    let fresh = || {
        let mut parts = [(); SHARDS].map(|()| Map::default());
        for (key, value) in counter.initial(scripts) {
            parts[shard(key)].insert(key, value);
        }
        parts.map(|part| CachePadded::new(Mutex::new(part)))
    };
    let client = |script: &[Op], shards: &[CachePadded<Mutex<Map>>; SHARDS]| {
        for op in script {
            counter.prepare(op);
            add(counter, op, &mut shards[shard(key(counter, op))].lock());
        }
    };
    clients(scripts, rounds, fresh, client, |shards| {
        shards.into_iter().flat_map(|shard| shard.into_inner().into_inner()).collect()
    })
}

/// The map people reach for.
pub(super) fn dashmap(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || counter.initial(scripts).into_iter().collect::<DashMap<u64, u64, RandomState>>();
    let client = |script: &[Op], map: &DashMap<u64, u64, RandomState>| {
        for op in script {
            counter.prepare(op);
            add_to(counter, op, map.entry(key(counter, op)).or_insert(0).value_mut());
        }
    };
    clients(scripts, rounds, fresh, client, |map| map.into_iter().collect())
}

/// An atomic a number.
pub(super) fn atomic(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || (0..counter.keys).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let client = |script: &[Op], numbers: &Vec<AtomicU64>| {
        for op in script {
            counter.prepare(op);
            let (key, amount) = (KERNEL.add)(counter, op);
            (KERNEL.work)(counter, op);
            // Relaxed: a number publishes nothing but itself; the threads' reports order it before the final read.
            numbers[key].fetch_add(amount, Ordering::Relaxed);
        }
    };
    clients(scripts, rounds, fresh, client, |numbers| {
        (0..).zip(numbers.into_iter().map(AtomicU64::into_inner)).collect()
    })
}

/// A fresh store a round, made and read outside the clock; each client lets go of it before it reports.
pub(super) fn clients<O: Sync, S: Send + Sync>(
    scripts: &[Vec<O>],
    rounds: Rounds<'_, Entries>,
    fresh: impl Fn() -> S,
    client: impl Fn(&[O], &S) + Sync,
    entries: impl Fn(S) -> Entries,
) -> Result<()> {
    let client = &client;
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let start = |script| {
            let (gate, stores) = mpsc::channel::<Arc<S>>();
            let report = report.clone();
            scope.spawn(move || {
                stores.into_iter().try_for_each(|store| {
                    client(script, &store);
                    drop(store);
                    report.send(())
                })
            });
            gate
        };
        let gates: Vec<_> = scripts.iter().map(|script| start(script)).collect();
        rounds.run(|timer| {
            let store = Arc::new(fresh());
            timer.time(|| {
                gates.iter().try_for_each(|gate| gate.send(store.clone())).ok().context("a client is gone")?;
                gates.iter().try_for_each(|_| reports.recv()).context("the clients are gone")
            })?;
            let store = Arc::into_inner(store).context("a client kept the store")?;
            Ok((entries(store), Units { threads: scripts.len() as u64, ..Units::default() }))
        })
    })
}
