//! Map-reduce on the calling thread: one loop.
//!
//! - `plain`: task after task, folded into one partial. No cost beyond the kernel.

use std::sync::Arc;

use patterns::map_reduce::Share;
use patterns::{Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy, Units};

use crate::Sequential;

impl RunsMapReduce for Sequential {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("plain", Demand::NONE, plain::<W, P>))
    }
}

fn plain<W: MapReduce, P: Probe>(
    _start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    measure(&mut |watch| {
        let share = watch.time(|| Share::empty(workload).take_all(job, 0..tasks));
        let observed = P::default().observed(share.tasks());
        Ok(share.done(Units { threads: 1, ..Units::default() }, observed))
    })
}
