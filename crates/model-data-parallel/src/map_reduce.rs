//! Map-reduce on a pool of as many threads as there are workers.
//!
//! - `par-iter`: map each task to a partial, reduce partials in pairs: the two words one reads in every tutorial.
//! - `fold-reduce`: fold tasks into one partial a split, reduce those. The same where a partial is a number, much less
//!   to merge where it is a map.
//! - `scope`: one spawned job a task, each with a place of its own for its partial, merged when all have ended. About a
//!   hundred nanoseconds a task: nothing is split, so nothing is handed out in ranges.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use patterns::map_reduce::{Share, Single};
use patterns::{Demand, Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy, Units};
use rayon::prelude::*;

use crate::{DataParallel, on, pool};

impl RunsMapReduce for DataParallel {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("par-iter", Demand::BORROWED, par_iter::<W, P>))
            .and(Strategy::idiomatic("fold-reduce", Demand::BORROWED, fold_reduce::<W, P>))
            .and(Strategy::idiomatic("scope", Demand::BORROWED, scope::<W, P>))
    }
}

fn par_iter<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let (job, workload): (&Job<W>, &W) = (job, &job.workload);
    rounds::<W, P>(start, job, measure, |tasks, leaves| {
        tasks
            .into_par_iter()
            .map(|index| Share::empty(workload).with(job, index))
            .reduce(|| leaf(workload, leaves), |left, right| left.join(workload, right))
    })
}

fn fold_reduce<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let (job, workload): (&Job<W>, &W) = (job, &job.workload);
    rounds::<W, P>(start, job, measure, |tasks, leaves| {
        tasks
            .into_par_iter()
            .fold(|| leaf(workload, leaves), |share, index| share.with(job, index))
            .reduce(|| Share::empty(workload), |left, right| left.join(workload, right))
    })
}

fn scope<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    let (job, workload): (&Job<W>, &W) = (job, &job.workload);
    rounds::<W, P>(start, job, measure, |tasks, jobs| {
        // Relaxed: only this job adds, and it is read after the join.
        jobs.fetch_add(tasks.len() as u64, Ordering::Relaxed);
        let mut places: Vec<Option<Single<W>>> = tasks.clone().map(|_| None).collect();
        rayon::scope(|scope| {
            for (index, place) in tasks.zip(&mut places) {
                scope.spawn(move |_| *place = Some(Single::take(job, index)));
            }
        });
        let mut all = Share::empty(workload);
        places.into_iter().flatten().for_each(|single| all.absorb_single(workload, single));
        all
    })
}

/// The empty share a leaf of the split tree begins with. Leaves are the jobs that ran; a shared counter is bearable
/// because there are a few dozen of them a round, however many tasks. Relaxed: it is read after the join.
fn leaf<W: MapReduce>(workload: &W, leaves: &AtomicU64) -> Share<W> {
    leaves.fetch_add(1, Ordering::Relaxed);
    Share::empty(workload)
}

fn rounds<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Job<W>,
    measure: &mut Measure<'_, W::Partial>,
    run: impl Fn(Range<usize>, &AtomicU64) -> Share<W> + Sync,
) -> Result<(), Error> {
    let pool = pool(start.workers)?;
    let tasks = job.workload.tasks(&job.input);
    measure(&mut |watch| {
        let leaves = AtomicU64::new(0);
        let share = watch.time(|| on(&pool, || run(0..tasks, &leaves)))?;
        let observed = P::default().observed(share.tasks());
        let units = Units { threads: start.workers.get() as u64, tasks: leaves.into_inner(), ..Units::default() };
        Ok(share.done(units, observed))
    })
}
