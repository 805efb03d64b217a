//! Pipeline on a pool of as many threads as there are stages, at most one a CPU.
//!
//! - `par-bridge`: items are handed out one by one, and all stages of an item run in one job; who comes too early for the sink
//!   waits in a buffer. Against the grain: no stage has a thread of its own, a slow sink makes the others wait for a lock, and
//!   only an item that takes long keeps the buffer from staying small.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use patterns::pipeline::done;
use patterns::{
    Demand, Error, Job, Measure, Pipeline, Placement, Probe, RunsPipeline, Start, Strategies, Strategy, Units,
};
use rayon::prelude::*;

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

/// The sink, and items that are done before their turn.
struct Sink<W: Pipeline> {
    sink: W::Sink,
    next: usize,
    early: BTreeMap<usize, W::Item>,
}

impl<W: Pipeline> Sink<W> {
    fn take(&mut self, workload: &W, index: usize, item: W::Item) {
        self.early.insert(index, item);
        while let Some(item) = self.early.remove(&self.next) {
            workload.absorb(&mut self.sink, item);
            self.next += 1;
        }
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
        let sink = Mutex::new(Sink::<W> { sink: workload.empty(), next: 0, early: BTreeMap::new() });
        let one = |(index, item)| {
            let item = (0..stages).fold(item, |item, stage| workload.stage(stage, item));
            sink.lock().unwrap_or_else(PoisonError::into_inner).take(workload, index, item);
            stages as u64
        };
        let items = || (0..workload.items(input)).map(|index| (index, workload.source(input, index)));
        let executed = watch.time(|| on(&pool, || items().par_bridge().map(one).sum::<u64>()))?;
        let Sink { sink, next, .. } = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        let units = Units { threads: threads.get() as u64, tasks: next as u64, ..Units::default() };
        Ok(done(sink, executed, units, P::default().observed(executed)))
    })
}
