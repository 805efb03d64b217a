//! How a task is cut, and what can happen between its pieces and inside of one.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use cpython_locks::Breaker;
use patterns::{Silent, Workload, Wrong, job};
use serde::{Deserialize, Serialize};

use super::*;
use crate::sum::{MEANWHILE, in_the_middle};

/// Two tasks of two and a half quanta each, which leave behind how they were cut.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Cuts {
    released: f64,
}

impl Workload for Cuts {
    const ID: &'static str = "cuts";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl MapReduce for Cuts {
    type Task<'i> = usize;
    type Partial = Vec<(usize, Range<usize>)>;

    fn tasks(&self, (): &()) -> usize {
        2
    }
    fn empty(&self) -> Self::Partial {
        Vec::new()
    }
    fn task(&self, (): &(), index: usize) -> usize {
        index
    }
    fn items(&self, _: &usize) -> usize {
        2_500
    }
    fn map(&self, task: &usize, items: Range<usize>, into: &mut Self::Partial) {
        in_the_middle();
        into.push((*task, items));
    }
    fn released(&self) -> f64 {
        self.released
    }
    fn merge(&self, into: &mut Self::Partial, other: Self::Partial) {
        into.extend(other);
    }
    fn verify(&self, (): &(), _: &Self::Partial) -> Result<(), Wrong> {
        Ok(())
    }
}

/// The pieces that one thread made, and whether the lock was free in the first.
fn alone(released: f64) -> (Vec<(usize, Range<usize>)>, bool) {
    let (gil, job) = (Arc::new(Lock::new(INTERVAL)), job(Cuts { released }, 42, 1));
    let (tell, told) = sync_channel(1);
    let same = gil.clone();
    let first_piece = move || {
        let other = Arc::new(Breaker::new());
        let free = same.try_take(&other);
        if free {
            same.release(&other);
        }
        tell.send(free).expect("room for one");
    };
    MEANWHILE.set(Some(Box::new(first_piece)));
    let share = compute(&mut Thread::of(&gil), &job, &AtomicUsize::new(0), &mut Silent);
    let pieces = share.done(Units::default(), Observed::default()).answer;
    (pieces, told.recv().expect("a first piece"))
}

#[test]
fn a_task_is_cut_in_what_is_released_and_quanta() {
    let both = |edges: &[usize]| -> Vec<_> {
        (0..2).flat_map(|task| edges.windows(2).map(move |cut| (task, cut[0]..cut[1]))).collect()
    };
    assert_eq!(alone(0.0), (both(&[0, 1_000, 2_000, 2_500]), false));
    assert_eq!(alone(0.25), (both(&[0, 625, 1_625, 2_500]), true));
    assert_eq!(alone(1.0), (both(&[0, 2_500]), true));
}

#[test]
fn a_share_of_a_task_is_that_many_items() {
    let parts = [0.0, 0.25, 0.5, 1.0].map(|share| [part(0, share), part(1, share), part(1_000, share)]);
    assert_eq!(parts, [[0, 0, 0], [0, 0, 250], [0, 1, 500], [0, 1, 1_000]]);
}

#[test]
fn the_lock_is_handed_over_in_the_middle_of_a_task() {
    let (gil, job, next) = (Lock::new(Duration::from_millis(1)), job(Cuts::default(), 42, 1), AtomicUsize::new(0));
    let (begins, begun) = sync_channel::<()>(0);
    let (gil, job, next) = (&gil, &job, &next);
    let tasks = std::thread::scope(|scope| {
        let first = scope.spawn(move || {
            let mut thread = Thread::of(gil);
            let me = thread.breaker();
            let asked = move || {
                begins.send(()).expect("the other waits for it");
                while !me.asked(Breaker::DROP) {
                    std::thread::yield_now();
                }
            };
            MEANWHILE.set(Some(Box::new(asked)));
            compute(&mut thread, job, next, &mut Silent).tasks()
        });
        begun.recv().expect("a first task");
        let second = compute(&mut Thread::of(gil), job, next, &mut Silent).tasks();
        (first.join().expect("no panic"), second)
    });
    assert_eq!(tasks, (1, 1), "the first had one in hand");
}
