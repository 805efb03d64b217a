//! `scope`: the blocks of `static` on threads started every round, as a program without a pool does it.

use std::sync::Arc;
use std::thread::ScopedJoinHandle;

use patterns::map_reduce::{Share, block};
use patterns::{Error, Job, MapReduce, Measure, Probe, Start};

use super::{combine, units};

pub(super) fn run<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let work = |worker| Share::empty(workload).take_all(job, block(tasks, worker, workers));
    measure(&mut |watch| {
        let (share, observed) = watch.time(|| {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
                // All are joined before the first panic is told: the scope itself panics over one that nobody joined.
                let joined: Vec<_> = threads.into_iter().map(ScopedJoinHandle::join).collect();
                let shares = joined
                    .into_iter()
                    .enumerate()
                    .map(|(worker, share)| share.map_err(|payload| Error::panicked(worker, &*payload)));
                shares.collect::<Result<Vec<_>, _>>().map(|shares| combine::<W, P>(workload, shares))
            })
        })?;
        Ok(share.done(units(workers), observed))
    })
}
