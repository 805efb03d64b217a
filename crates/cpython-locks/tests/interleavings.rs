//! Every interleaving of a few threads under these locks, with few preemptions, by loom: who holds a lock is alone and sees
//! what was done under it, and nobody waits for ever. It is the crate's own source, with loom's parts in place of std's.

use std::collections::BTreeSet;

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

mod sync {
    //! What the locks are made of here. No time passes.
    use std::cell::Cell;
    use std::time::Duration;

    pub(crate) use loom::sync::atomic::{AtomicU8, AtomicU32, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

    thread_local! {
        // Of a whole execution: all of loom's threads run on one.
        static TIMEOUTS: Cell<usize> = const { Cell::new(0) };
    }

    /// Of the waits that follow, the first so many time out.
    pub(crate) fn time_out(waits: usize) {
        TIMEOUTS.set(waits);
    }

    /// Nothing: loom would run the others until they wait, which leaves interleavings out. Spins end by themselves.
    pub(crate) fn yield_now() {}

    pub(crate) fn spin_loop() {}

    pub(crate) fn nanos() -> u64 {
        0
    }

    pub(crate) fn wait_timeout<'m, T>(
        condition: &Condvar,
        mutex: &'m Mutex<T>,
        guard: MutexGuard<'m, T>,
        _limit: Duration,
    ) -> (MutexGuard<'m, T>, bool) {
        let Some(left) = TIMEOUTS.get().checked_sub(1) else {
            return (condition.wait(guard).expect("no panic"), false);
        };
        TIMEOUTS.set(left);
        drop(guard);
        (mutex.lock().expect("no panic"), true)
    }
}

// What is public where it comes from, and what no test of this file calls.
#[allow(dead_code, unreachable_pub)]
#[path = "../src/breaker.rs"]
mod breaker;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/byte_lock.rs"]
mod byte_lock;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/critical_section.rs"]
mod critical_section;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/gil.rs"]
mod gil;
#[allow(dead_code, unreachable_pub)]
#[path = "../src/parking_lot.rs"]
mod parking_lot;

#[path = "interleavings/byte_locks.rs"]
mod byte_locks;
#[path = "interleavings/gils.rs"]
mod gils;
#[path = "interleavings/sections.rs"]
mod sections;

/// What only the holder of a lock may touch: loom fails where two do at once, or one without an edge from the other.
#[derive(Default)]
struct Guarded(UnsafeCell<u32>);

impl Guarded {
    fn touch(&self) {
        self.0.with_mut(|_| ());
    }
}

/// All that the threads of an execution may find, over all interleavings with at most so many preemptions. Each thread does
/// the same, with its number and what `make` made for the execution.
fn outcomes<S: 'static, T: Ord + Clone + Send + 'static>(
    threads: usize,
    preemptions: usize,
    make: impl Fn() -> S + Send + Sync + 'static,
    run: fn(usize, &S) -> T,
) -> BTreeSet<Vec<T>> {
    // Not loom's: it goes from one interleaving to the next.
    let outcomes = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let all = outcomes.clone();
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        let shared = Arc::new(make());
        let others: Vec<_> = (1..threads)
            .map(|number| {
                let shared = shared.clone();
                thread::spawn(move || run(number, &shared))
            })
            .collect();
        let mut found = vec![run(0, &shared)];
        found.extend(others.into_iter().map(|other| other.join().expect("a thread")));
        all.lock().expect("no panic").insert(found);
    });
    outcomes.lock().expect("no panic").clone()
}
