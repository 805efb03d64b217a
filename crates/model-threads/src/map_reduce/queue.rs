//! `queue`: warm threads take indices from a channel while it is being filled. A channel operation a task, and a wake-up
//! where somebody waits.

use std::sync::Arc;

use crossbeam_channel::{Receiver, unbounded};
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
    let work = |_, indices: Receiver<usize>| {
        let mut share = Share::empty(workload);
        for index in indices {
            share.take(job, index);
        }
        Ok(share)
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let (sender, receiver) = unbounded();
            let shares = watch.time(|| {
                let fill = move || (0..tasks).for_each(|index| sender.send(index).unwrap_or(()));
                team.run_with(|_| receiver.clone(), fill).map(|shares| combine::<W, P>(workload, shares))
            });
            let (share, observed) = shares?;
            Ok(share.done(Units { messages: tasks as u64, ..units(start.workers.get()) }, observed))
        })
    })
}
