//! `map`: 1024 keys under one lock, under many, and in maps made for it; one hasher for all.
//!
//! `mixed` reads nine times of ten and updates else. `exchange` is 10 % reads, 40 % inserts, 40 % removals and 10 %
//! updates, so that about half of the keys are there.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use crossbeam_utils::CachePadded;
use dashmap::DashMap;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};

use crate::threads::together;

const KEYS: u64 = 1024;
/// Operations of a script, which is played in a circle.
const SCRIPT: usize = 1 << 14;
const SHARDS: usize = 64;

type Plain = HashMap<u64, u64, RandomState>;

/// What all maps can do; whether the key was there or not, and for a read, what it held.
trait Map: Sync {
    fn with(keys: impl Iterator<Item = u64>) -> Self;
    fn read(&self, key: u64) -> Option<u64>;
    fn update(&self, key: u64) -> bool;
    fn insert(&self, key: u64) -> bool;
    fn remove(&self, key: u64) -> bool;
}

#[derive(Clone, Copy)]
enum Op {
    Read(u64),
    Update(u64),
    Insert(u64),
    Remove(u64),
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("map");
    for (mix, pick) in [("mixed", mixed as fn(u32, u64) -> Op), ("exchange", exchange)] {
        for threads in [1, 2] {
            let id = |map: &str| format!("{mix}/threads-{threads}/{map}");
            let scripts: Vec<Vec<Op>> = (0..threads).map(|thread| script(thread as u64, pick)).collect();
            run::<Mutex<Plain>>(&mut group, &id("mutex"), &scripts);
            run::<RwLock<Plain>>(&mut group, &id("rwlock"), &scripts);
            run::<Sharded>(&mut group, &id("sharded"), &scripts);
            run::<DashMap<u64, u64, RandomState>>(&mut group, &id("dashmap"), &scripts);
            run::<scc::HashMap<u64, u64, RandomState>>(&mut group, &id("scc"), &scripts);
            run::<papaya::HashMap<u64, u64, RandomState>>(&mut group, &id("papaya"), &scripts);
        }
    }
    group.finish();
}

fn mixed(percent: u32, key: u64) -> Op {
    if percent < 90 { Op::Read(key) } else { Op::Update(key) }
}

fn exchange(percent: u32, key: u64) -> Op {
    match percent {
        0..10 => Op::Read(key),
        10..50 => Op::Insert(key),
        50..90 => Op::Remove(key),
        _ => Op::Update(key),
    }
}

fn script(seed: u64, pick: fn(u32, u64) -> Op) -> Vec<Op> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..SCRIPT).map(|_| pick(random.u32(0..100), random.u64(0..KEYS))).collect()
}

fn run<M: Map>(group: &mut BenchmarkGroup<'_, WallTime>, id: &str, scripts: &[Vec<Op>]) {
    group.bench_function(id, |bencher| {
        let map = M::with(0..KEYS);
        bencher.iter_custom(|iterations| {
            together(scripts.len(), |thread| {
                let script = &scripts[thread];
                for index in 0..iterations as usize {
                    apply(&map, script[index % SCRIPT]);
                }
            })
        });
    });
}

#[inline]
fn apply(map: &impl Map, op: Op) {
    let done = match op {
        Op::Read(key) => map.read(key).is_some(),
        Op::Update(key) => map.update(key),
        Op::Insert(key) => map.insert(key),
        Op::Remove(key) => map.remove(key),
    };
    black_box(done);
}

fn plain(keys: impl Iterator<Item = u64>) -> Plain {
    keys.map(|key| (key, 0)).collect()
}

/// What is done to a plain map, by whoever holds it.
fn add(map: &mut Plain, key: u64) -> bool {
    map.get_mut(&key).map(|value| *value += 1).is_some()
}

impl Map for Mutex<Plain> {
    fn with(keys: impl Iterator<Item = u64>) -> Self {
        Self::new(plain(keys))
    }
    fn read(&self, key: u64) -> Option<u64> {
        self.lock().get(&key).copied()
    }
    fn update(&self, key: u64) -> bool {
        add(&mut self.lock(), key)
    }
    fn insert(&self, key: u64) -> bool {
        self.lock().insert(key, 0).is_none()
    }
    fn remove(&self, key: u64) -> bool {
        self.lock().remove(&key).is_some()
    }
}

impl Map for RwLock<Plain> {
    fn with(keys: impl Iterator<Item = u64>) -> Self {
        Self::new(plain(keys))
    }
    fn read(&self, key: u64) -> Option<u64> {
        Self::read(self).get(&key).copied()
    }
    fn update(&self, key: u64) -> bool {
        add(&mut self.write(), key)
    }
    fn insert(&self, key: u64) -> bool {
        self.write().insert(key, 0).is_none()
    }
    fn remove(&self, key: u64) -> bool {
        self.write().remove(&key).is_some()
    }
}

struct Sharded {
    shards: Vec<CachePadded<Mutex<Plain>>>,
    hasher: RandomState,
}

impl Sharded {
    fn of(&self, key: u64) -> &Mutex<Plain> {
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }
}

impl Map for Sharded {
    fn with(keys: impl Iterator<Item = u64>) -> Self {
        let shards = (0..SHARDS).map(|_| CachePadded::default()).collect();
        let map = Self { shards, hasher: RandomState::default() };
        for key in keys {
            map.insert(key);
        }
        map
    }
    fn read(&self, key: u64) -> Option<u64> {
        self.of(key).lock().get(&key).copied()
    }
    fn update(&self, key: u64) -> bool {
        add(&mut self.of(key).lock(), key)
    }
    fn insert(&self, key: u64) -> bool {
        self.of(key).lock().insert(key, 0).is_none()
    }
    fn remove(&self, key: u64) -> bool {
        self.of(key).lock().remove(&key).is_some()
    }
}

impl Map for DashMap<u64, u64, RandomState> {
    fn with(keys: impl Iterator<Item = u64>) -> Self {
        keys.map(|key| (key, 0)).collect()
    }
    fn read(&self, key: u64) -> Option<u64> {
        self.get(&key).map(|value| *value)
    }
    fn update(&self, key: u64) -> bool {
        self.get_mut(&key).map(|mut value| *value += 1).is_some()
    }
    fn insert(&self, key: u64) -> bool {
        Self::insert(self, key, 0).is_none()
    }
    fn remove(&self, key: u64) -> bool {
        Self::remove(self, &key).is_some()
    }
}

impl Map for scc::HashMap<u64, u64, RandomState> {
    fn with(keys: impl Iterator<Item = u64>) -> Self {
        let map = Self::default();
        for key in keys {
            map.upsert_sync(key, 0);
        }
        map
    }
    fn read(&self, key: u64) -> Option<u64> {
        self.read_sync(&key, |_, value| *value)
    }
    fn update(&self, key: u64) -> bool {
        self.update_sync(&key, |_, value| *value += 1).is_some()
    }
    fn insert(&self, key: u64) -> bool {
        self.upsert_sync(key, 0).is_none()
    }
    fn remove(&self, key: u64) -> bool {
        self.remove_sync(&key).is_some()
    }
}

/// A guard an operation, as callers who come one operation at a time have it.
impl Map for papaya::HashMap<u64, u64, RandomState> {
    fn with(keys: impl Iterator<Item = u64>) -> Self {
        keys.map(|key| (key, 0)).collect()
    }
    fn read(&self, key: u64) -> Option<u64> {
        self.pin().get(&key).copied()
    }
    fn update(&self, key: u64) -> bool {
        self.pin().update(key, |value| value + 1).is_some()
    }
    fn insert(&self, key: u64) -> bool {
        self.pin().insert(key, 0).is_none()
    }
    fn remove(&self, key: u64) -> bool {
        self.pin().remove(&key).is_some()
    }
}
