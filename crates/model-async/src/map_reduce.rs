//! Map-reduce on a runtime of as many threads as there are workers.
//!
//! - `spawn`: one tokio task a task, joined in order. A microsecond a task; balances by stealing.

use std::sync::Arc;

use patterns::map_reduce::{Share, Single};
use patterns::{Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy, Units};

use crate::{Async, joined, runtime};

impl RunsMapReduce for Async {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("spawn", Demand::SPAWNED, spawn::<W, P>))
    }
}

fn spawn<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let runtime = runtime(start.workers)?;
    let tasks = job.workload.tasks(&job.input);
    measure(&mut |watch| {
        // The root is a task itself: a spawn from the thread that blocks goes through the global queue, which is slower
        // and not how a program inside the runtime would do it.
        let root = every_task(job.clone(), tasks);
        let share = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let observed = P::default().observed(share.tasks());
        let units = Units { threads: start.workers.get() as u64, tasks: tasks as u64, ..Units::default() };
        Ok(share.done(units, observed))
    })
}

async fn every_task<W: MapReduce>(job: Arc<Job<W>>, tasks: usize) -> Result<Share<W>, Error> {
    let one = |index| {
        let job = job.clone();
        async move { Single::take(&job, index) }
    };
    let handles: Vec<_> = (0..tasks).map(|index| tokio::spawn(one(index))).collect();
    let mut all = Share::empty(&job.workload);
    for (index, handle) in handles.into_iter().enumerate() {
        all.absorb_single(&job.workload, joined(index, handle.await)?);
    }
    Ok(all)
}
