//! Map-reduce on a runtime of as many threads as there are workers.
//!
//! - `spawn`: one tokio task a task, joined in order. A microsecond a task; balances by stealing.
//! - `blocking`: each task by `spawn_blocking`, on as many threads for code that blocks. One queue behind one lock; what
//!   is told to compute without holding up the runtime does it there.
//! - `buffered`: one tokio task a task, but only so many at a time, joined as they end (`buffer_unordered`). A little more
//!   a task, and memory that does not grow with their number.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use patterns::map_reduce::{Share, Single};
use patterns::{Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy, Units};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{Async, joined, runtime, runtime_for_blocking};

impl RunsMapReduce for Async {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("spawn", Demand::SPAWNED, spawn::<W, P>))
            .and(Strategy::idiomatic("blocking", Demand::SPAWNED, blocking::<W, P>))
            .and(Strategy::idiomatic("buffered", Demand::SPAWNED, buffered::<W, P>))
    }
}

fn spawn<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let runtime = runtime(start.workers)?;
    rounds::<W, P, _>(&runtime, start.workers.get(), job, measure, |job, tasks| every_task(job, tasks, task))
}

fn blocking<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let runtime = runtime_for_blocking(start.workers)?;
    // One thread more: that of the runtime hands out the tasks and merges what comes back.
    let threads = start.workers.get() + 1;
    rounds::<W, P, _>(&runtime, threads, job, measure, |job, tasks| every_task(job, tasks, blocking_task))
}

fn buffered<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let runtime = runtime(start.workers)?;
    let at_once = start.workers.get().saturating_mul(A_WORKER);
    rounds::<W, P, _>(&runtime, start.workers.get(), job, measure, |job, tasks| some_at_once(job, tasks, at_once))
}

/// Tasks at once for each worker in `buffered`: enough that no thread waits for the root to start the next.
const A_WORKER: usize = 16;

fn rounds<W: MapReduce, P: Probe, F>(
    runtime: &Runtime,
    threads: usize,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
    run: impl Fn(Arc<Job<W>>, usize) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<Share<W>, Error>> + Send + 'static,
{
    let tasks = job.workload.tasks(&job.input);
    measure(&mut |watch| {
        // The root is a task itself: a spawn from the thread that blocks goes through the global queue, which is slower
        // and not how a program inside the runtime would do it.
        let root = run(job.clone(), tasks);
        let share = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let observed = P::default().observed(share.tasks());
        let units = Units { threads: threads as u64, tasks: tasks as u64, ..Units::default() };
        Ok(share.done(units, observed))
    })
}

fn task<W: MapReduce>(job: Arc<Job<W>>, index: usize) -> JoinHandle<Single<W>> {
    tokio::spawn(async move { Single::take(&job, index) })
}

fn blocking_task<W: MapReduce>(job: Arc<Job<W>>, index: usize) -> JoinHandle<Single<W>> {
    spawn_blocking(move || Single::take(&job, index))
}

async fn every_task<W: MapReduce>(
    job: Arc<Job<W>>,
    tasks: usize,
    start: impl Fn(Arc<Job<W>>, usize) -> JoinHandle<Single<W>> + Send,
) -> Result<Share<W>, Error> {
    let handles: Vec<_> = (0..tasks).map(|index| start(job.clone(), index)).collect();
    let mut all = Share::empty(&job.workload);
    for (index, handle) in handles.into_iter().enumerate() {
        all.absorb_single(&job.workload, joined(index, handle.await)?);
    }
    Ok(all)
}

async fn some_at_once<W: MapReduce>(job: Arc<Job<W>>, tasks: usize, at_once: usize) -> Result<Share<W>, Error> {
    let one = |index| {
        let handle = task(job.clone(), index);
        async move { joined(index, handle.await) }
    };
    let mut ended = stream::iter(0..tasks).map(one).buffer_unordered(at_once);
    let mut all = Share::empty(&job.workload);
    while let Some(single) = ended.next().await {
        all.absorb_single(&job.workload, single?);
    }
    Ok(all)
}
