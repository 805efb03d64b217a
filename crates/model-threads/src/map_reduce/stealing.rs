//! `stealing`: warm threads with a deque each. Who has nothing left takes a batch from the injector, and where that is
//! empty a task from a sibling: most tasks cost an operation on a deque that nobody else touches.
//!
//! The injector is full before the gate opens, inside the clock, and no task makes another. So whoever finds every queue
//! empty may leave: what is left is in the hands of those who will do it, and nobody left because it came too early.

use std::sync::Arc;

use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use patterns::map_reduce::Share;
use patterns::{Error, Job, MapReduce, Measure, Probe, Start, Units, team};

use super::{combine, units};

pub(super) fn run<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let work = |_, (own, queues): (Worker<usize>, Arc<Queues>)| {
        let mut share = Share::empty(workload);
        while let Some(index) = own.pop().or_else(|| queues.steal(&own)) {
            share.take(job, index);
        }
        Ok(share)
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let own: Vec<_> = (0..start.workers.get()).map(|_| Worker::new_fifo()).collect();
            let siblings = own.iter().map(Worker::stealer).collect();
            let queues = Arc::new(Queues { injector: Injector::new(), siblings });
            let mut own = own.into_iter();
            let shares = watch.time(|| {
                (0..tasks).for_each(|index| queues.injector.push(index));
                let parcel = |_| (own.next().expect("a deque for each worker"), queues.clone());
                team.run(parcel).map(|shares| combine::<W, P>(workload, shares))
            });
            let (share, observed) = shares?;
            Ok(share.done(Units { tasks: tasks as u64, ..units(start.workers.get()) }, observed))
        })
    })
}

/// Where a worker looks that has nothing left.
struct Queues {
    injector: Injector<usize>,
    siblings: Vec<Stealer<usize>>,
}

impl Queues {
    fn steal(&self, own: &Worker<usize>) -> Option<usize> {
        loop {
            let from_siblings = || self.siblings.iter().map(Stealer::steal).collect();
            match self.injector.steal_batch_and_pop(own).or_else(from_siblings) {
                Steal::Success(index) => return Some(index),
                Steal::Empty => return None,
                // Somebody else got one in between, so this cannot go on for ever.
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }
}
