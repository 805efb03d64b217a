//! Every interleaving of the barrier between processes, by loom: all see what all wrote before it, nobody passes early,
//! nobody waits for ever, poisoned or not. The barrier is the crate's own source, on loom's atomics and a futex made of
//! loom's lock and condition; that one has no limit to how long anybody sleeps, so a lost wake-up is a deadlock here.
#![cfg(target_os = "linux")]

mod futex;

use futex::sync;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;
use loom::thread;
use sync::{Ordering, Word};

#[allow(dead_code, unreachable_pub)] // the parts that no test of this file calls
#[path = "../src/barrier.rs"]
mod barrier;

use barrier::{Barrier, Poisoned};

/// What workers share: the barrier's words, and a cell of each by parity of the step.
struct Shared {
    words: [Word; 3],
    cells: [[AtomicU64; 2]; 3],
}

impl Shared {
    fn new() -> Arc<Self> {
        let cells = || [AtomicU64::new(0), AtomicU64::new(0)];
        Arc::new(Self { words: [(); 3].map(|()| Word::new()), cells: [(); 3].map(|()| cells()) })
    }

    fn barrier(&self, workers: u32) -> Barrier<'_> {
        Barrier::new(workers, self.words.each_ref())
    }

    /// Writes its own cell and reads everybody's of the step before, as the rows of a task graph are.
    fn steps(&self, me: usize, workers: usize, steps: u64) -> Result<(), Poisoned> {
        let barrier = self.barrier(workers as u32);
        for step in 1..=steps {
            if step > 1 {
                barrier.wait()?;
                for cell in &self.cells[..workers] {
                    assert_eq!(cell[(step - 1) as usize % 2].load(Ordering::Relaxed), step - 1, "early, or late");
                }
            }
            self.cells[me][step as usize % 2].store(step, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[test]
fn all_see_what_all_wrote_and_nobody_passes_early() {
    loom::model(|| {
        let shared = Shared::new();
        let other = shared.clone();
        let second = thread::spawn(move || other.steps(1, 2, 3));
        assert_eq!(shared.steps(0, 2, 3), Ok(()));
        assert_eq!(second.join().expect("a worker"), Ok(()));
    });
}

#[test]
fn three_workers_meet() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let shared = Shared::new();
        let others = [1, 2].map(|me| {
            let shared = shared.clone();
            thread::spawn(move || shared.steps(me, 3, 2))
        });
        assert_eq!(shared.steps(0, 3, 2), Ok(()));
        others.into_iter().for_each(|other| assert_eq!(other.join().expect("a worker"), Ok(())));
    });
}

#[test]
fn poison_ends_every_wait() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let shared = Shared::new();
        // One of three never comes; whoever sees that says so.
        let others = [0, 1].map(|_| {
            let shared = shared.clone();
            thread::spawn(move || shared.barrier(3).wait())
        });
        shared.barrier(3).poison();
        others.into_iter().for_each(|other| assert_eq!(other.join().expect("a worker"), Err(Poisoned)));
        assert_eq!(shared.barrier(3).wait(), Err(Poisoned), "later, too");
    });
}
