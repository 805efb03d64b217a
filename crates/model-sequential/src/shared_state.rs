//! Shared state on the calling thread: nobody to share it with.
//!
//! - `plain`: one client's script after the other's, against a map without a lock. No cost beyond the operations.

use std::sync::Arc;

use patterns::shared_state::{Answer, Evidence, State, client};
use patterns::{Demand, Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units};

use crate::Sequential;

impl RunsSharedState for Sequential {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("plain", Demand::NONE, plain::<W, P>))
    }
}

fn plain<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    measure(&mut |watch| {
        let mut state = State::new(workload.initial(&job.input));
        let clients: Vec<_> = watch.time(|| {
            let run = |who| client::<W, P>(job, who, |op, _| state.apply(workload, op));
            (0..start.workers.get()).map(run).collect()
        });
        let units = Units { threads: 1, ..Units::default() };
        Ok(Evidence::done(workload, clients, state.into_entries(), units))
    })
}
