//! `lock`: the same addition under each lock, by one thread and by two at once.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{self, Arc};

use benches::clocked;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};

use crate::{runtime, threads::together};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lock");
    for (how, threads) in [("uncontended", 1), ("contended", 2)] {
        let std_mutex = sync::Mutex::new(0u64);
        let add = || *std_mutex.lock().expect("nobody panicked") += 1;
        operation(&mut group, &format!("{how}/std-mutex"), threads, add);
        let mutex = parking_lot::Mutex::new(0u64);
        operation(&mut group, &format!("{how}/parking-lot-mutex"), threads, || *mutex.lock() += 1);
        let fair = parking_lot::FairMutex::new(0u64);
        operation(&mut group, &format!("{how}/parking-lot-fair-mutex"), threads, || *fair.lock() += 1);
        let std_rwlock = sync::RwLock::new(0u64);
        let read = || *std_rwlock.read().expect("nobody panicked");
        operation(&mut group, &format!("{how}/std-rwlock-read"), threads, read);
        let rwlock = parking_lot::RwLock::new(0u64);
        operation(&mut group, &format!("{how}/parking-lot-rwlock-read"), threads, || *rwlock.read());
        let atomic = AtomicU64::new(0);
        let add = || atomic.fetch_add(1, Ordering::Relaxed); // Relaxed: nothing is published
        operation(&mut group, &format!("{how}/atomic-fetch-add"), threads, add);
        tokio_mutex(&mut group, &format!("{how}/tokio-mutex"), threads);
    }
    group.finish();
}

fn operation<R>(group: &mut BenchmarkGroup<'_, WallTime>, id: &str, threads: usize, once: impl Fn() -> R + Sync) {
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            together(threads, |_| {
                for _ in 0..iterations {
                    black_box(once());
                }
            })
        });
    });
}

/// In tasks, as it is meant to be used.
fn tokio_mutex(group: &mut BenchmarkGroup<'_, WallTime>, id: &str, tasks: usize) {
    let runtime = runtime();
    let mutex = Arc::new(tokio::sync::Mutex::new(0u64));
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            let task = || {
                let mutex = mutex.clone();
                async move {
                    for _ in 0..iterations {
                        *mutex.lock().await += 1;
                    }
                }
            };
            let elapsed = clocked(|| {
                let running: Vec<_> = (0..tasks).map(|_| runtime.spawn(task())).collect();
                Ok(running.into_iter().try_for_each(|task| runtime.block_on(task))?)
            });
            elapsed.expect("no task panics")
        });
    });
}
