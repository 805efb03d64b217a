//! Fork-join on the calling thread: a recursion.
//!
//! - `plain`: left half, right half, joined. No cost beyond the kernel.

use std::sync::Arc;

use patterns::fork_join::sequential;
use patterns::{Demand, Error, ForkJoin, Job, Measure, Probe, RunsForkJoin, Start, Strategies, Strategy, Units};

use crate::Sequential;

impl RunsForkJoin for Sequential {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::idiomatic("plain", Demand::NONE, plain::<W, P>))
    }
}

fn plain<W: ForkJoin, P: Probe>(
    _start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Value>,
) -> Result<(), Error> {
    let workload = &job.workload;
    measure(&mut |watch| {
        let root = workload.root(&job.input);
        let counted = watch.time(|| sequential(workload, &job.input, root));
        let observed = P::default().observed(counted.leaves);
        Ok(counted.done(Units { threads: 1, ..Units::default() }, observed))
    })
}
