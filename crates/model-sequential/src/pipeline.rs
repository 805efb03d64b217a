//! Pipeline on the calling thread: item after item through all stages.
//!
//! - `plain`: no queue, no hop, one item at a time. No cost beyond the kernel.

use std::sync::Arc;

use patterns::pipeline::{done, sequential};
use patterns::{Demand, Error, Job, Measure, Pipeline, Probe, RunsPipeline, Start, Strategies, Strategy, Units};

use crate::Sequential;

impl RunsPipeline for Sequential {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        Strategies::of(Strategy::idiomatic("plain", Demand::NONE, plain::<W, P>))
    }
}

fn plain<W: Pipeline, P: Probe>(
    _start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let (sink, executed) = watch.time(|| sequential(job));
        let units = Units { threads: 1, ..Units::default() };
        Ok(done(sink, executed, units, P::default().observed(executed)))
    })
}
