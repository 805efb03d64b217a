//! `spawn`: a thread a task, at most as many at once as there are workers, joined in order. Starting and ending a thread is
//! most of what a short task costs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, Scope, ScopedJoinHandle};

use patterns::map_reduce::{Share, Single};
use patterns::{Error, Job, MapReduce, Measure, Probe, Start};

use super::units;

pub(super) fn run<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let tasks = job.workload.tasks(&job.input);
    measure(&mut |watch| {
        let share = watch.time(|| std::thread::scope(|scope| every_task(scope, start, job, tasks)))?;
        let observed = P::default().observed(share.tasks());
        Ok(share.done(units(tasks), observed))
    })
}

fn every_task<'scope, W: MapReduce>(
    scope: &'scope Scope<'scope, '_>,
    start: &Start,
    job: &'scope Job<W>,
    tasks: usize,
) -> Result<Share<W>, Error> {
    let mut all = Share::empty(&job.workload);
    let mut threads = VecDeque::new();
    for index in 0..tasks {
        if threads.len() == start.workers.get()
            && let Some(oldest) = threads.pop_front()
        {
            all.absorb_single(&job.workload, joined(oldest)?);
        }
        // Caught in the thread: the scope itself panics over a panic in one that an error left unjoined.
        let one = move || catch_unwind(AssertUnwindSafe(|| Single::take(job, index)));
        let thread = Builder::new().spawn_scoped(scope, one);
        threads.push_back((index, thread.map_err(Error::io(format!("start a thread for task {index} of {tasks}")))?));
    }
    for thread in threads {
        all.absorb_single(&job.workload, joined(thread)?);
    }
    Ok(all)
}

type Thread<'scope, W> = ScopedJoinHandle<'scope, std::thread::Result<Single<W>>>;

fn joined<W: MapReduce>((index, thread): (usize, Thread<'_, W>)) -> Result<Single<W>, Error> {
    thread.join().flatten().map_err(|payload| Error::panicked(index, &*payload))
}
