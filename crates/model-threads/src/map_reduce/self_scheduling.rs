//! `self-scheduling`: warm threads take the next index from one counter. The least that balances: one addition a task,
//! on a cache line that all threads want.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use patterns::map_reduce::Share;
use patterns::{Error, Job, MapReduce, Measure, Probe, Start, team};

use super::{combine, units};

pub(super) fn run<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let work = |_, next: Arc<AtomicUsize>| {
        let mut share = Share::empty(workload);
        loop {
            // Relaxed: an addition is indivisible in any order, so that each index is one worker's. It publishes nothing
            // else: the input was there before the gate opened, and shares come back through the team's channel.
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= tasks {
                return Ok(share);
            }
            share.take(job, index);
        }
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let next = Arc::new(AtomicUsize::new(0));
            let shares = watch.time(|| team.run(|_| next.clone()).map(|shares| combine::<W, P>(workload, shares)));
            let (share, observed) = shares?;
            Ok(share.done(units(start.workers.get()), observed))
        })
    })
}
