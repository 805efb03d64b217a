//! Pipeline on a pool of as many threads as there are stages, at most one a CPU.
//!
//! - `par-bridge`: items are handed out one by one, and all stages of an item run in one job; what comes too early for the
//!   sink waits in a buffer, and whoever is too far ahead waits itself. Against the grain: no stage has a thread of its own,
//!   order has to be restored, and a job that waits holds up its thread.

mod order;

use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns::pipeline::done;
use patterns::{
    Demand, Error, Job, Measure, Pipeline, Placement, Probe, RunsPipeline, Start, Strategies, Strategy, Units,
};
use rayon::prelude::*;

use self::order::Order;
use crate::{DataParallel, on, pool};

impl RunsPipeline for DataParallel {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        let why = "a pool spreads items, not stages: an item's stages run in one job, and order has to be restored";
        let refuses = |workload: &W| match (workload.laps(), workload.placement()) {
            (2.., _) => Some("an item's stages run in one job: what goes round a ring would hop nowhere"),
            (_, Placement::Free) => None,
            _ => Some("a stage has no thread of its own that could be bound to a CPU"),
        };
        Strategies::of(
            Strategy::against_the_grain("par-bridge", Demand::BORROWED, why, par_bridge::<W, P>).unless(refuses),
        )
    }
}

/// A job that leaves by a panic.
struct Leaving<'o, S, T>(&'o Order<S, T>);

impl<S, T> Drop for Leaving<'_, S, T> {
    fn drop(&mut self) {
        self.0.fail();
    }
}

fn par_bridge<W: Pipeline, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    let (workload, input) = (&job.workload, &job.input);
    let stages = workload.stages();
    let threads = NonZeroUsize::new(stages).unwrap_or(NonZeroUsize::MIN).min(start.cpus);
    let pool = pool(threads)?;
    measure(&mut |watch| {
        let order = Order::new(workload.empty(), workload.capacity());
        let one = |(index, item)| {
            let leaving = Leaving(&order);
            let item = (0..stages).fold(item, |item, stage| workload.stage(stage, item));
            order.take(index, item, |sink, item| workload.absorb(sink, item));
            std::mem::forget(leaving);
            stages as u64
        };
        let items = || (0..workload.items(input)).map(|index| (index, workload.source(input, index)));
        let executed = watch.time(|| on(&pool, || items().par_bridge().map(one).sum::<u64>()))?;
        let (sink, next) = order.end();
        let units = Units { threads: threads.get() as u64, tasks: next as u64, ..Units::default() };
        Ok(done(sink, executed, units, P::default().observed(executed)))
    })
}
