//! Task graph on the calling thread: step after step, point after point.
//!
//! - `plain`: two rows, the one being written and the one before. No cost beyond the kernel.

use std::sync::Arc;

use patterns::task_graph::{done, sequential};
use patterns::{Demand, Error, Job, Measure, Probe, RunsTaskGraph, Start, Strategies, Strategy, TaskGraph, Units};

use crate::Sequential;

impl RunsTaskGraph for Sequential {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("plain", Demand::NONE, plain::<W, P>))
    }
}

fn plain<W: TaskGraph, P: Probe>(
    _start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let (last, executed) = watch.time(|| sequential(job));
        let units = Units { threads: 1, ..Units::default() };
        Ok(done(last, executed, units, P::default().observed(executed)))
    })
}
