//! Task graph on a pool of as many threads as there are workers.
//!
//! - `step`: one parallel loop over the points of each step, into the next row. A wake-up a step; balances within it, and all
//!   wait for the slowest.

use std::sync::Arc;

use patterns::task_graph::done;
use patterns::{Demand, Error, Job, Measure, Probe, RunsTaskGraph, Start, Strategies, Strategy, TaskGraph, Units};
use rayon::prelude::*;

use crate::{DataParallel, on, pool};

impl RunsTaskGraph for DataParallel {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("step", Demand::BORROWED, step::<W, P>))
    }
}

fn step<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let pool = pool(start.workers)?;
    measure(&mut |watch| {
        let (last, executed) = watch.time(|| on(&pool, || every_step(&job.workload)))?;
        let units = Units { threads: start.workers.get() as u64, tasks: executed, ..Units::default() };
        Ok(done(last, executed, units, P::default().observed(executed)))
    })
}

fn every_step<W: TaskGraph>(workload: &W) -> (Vec<W::Edge>, u64) {
    let (mut last, mut row): (Vec<W::Edge>, Vec<W::Edge>) = (Vec::new(), Vec::new());
    let mut executed = 0;
    for step in 0..workload.steps() {
        // What a task needs is collected in a place that a split of the loop keeps for its tasks.
        let room = || (Vec::new(), Vec::new());
        let execute = |(needs, inputs): &mut (Vec<usize>, Vec<_>), point| {
            needs.clear();
            workload.needs(step, point, needs);
            inputs.clear();
            inputs.extend(needs.iter().map(|need| &last[*need]));
            workload.execute(step, point, inputs)
        };
        (0..workload.width()).into_par_iter().map_init(room, execute).collect_into_vec(&mut row);
        executed += row.len() as u64;
        std::mem::swap(&mut last, &mut row);
    }
    (last, executed)
}
