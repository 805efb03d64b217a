//! `static`: warm threads, one block of consecutive tasks each. Nobody is asked for work, and nobody helps.

use std::sync::Arc;

use patterns::map_reduce::{Share, block};
use patterns::{Error, Job, MapReduce, Measure, Probe, Start, team};

use super::{combine, units};

pub(super) fn run<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let workers = start.workers.get();
    let work = |worker, ()| Ok(Share::empty(workload).take_all(job, block(tasks, worker, workers)));
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let (share, observed) = watch.time(|| team.run(|_| ()).map(|shares| combine::<W, P>(workload, shares)))?;
            Ok(share.done(units(workers), observed))
        })
    })
}
