//! `local-merge`: a private state a client, merged at the end: no sharing at all, where states merge.

use std::sync::Arc;

use patterns::shared_state::{Answer, Evidence, State, client};
use patterns::{Error, Job, Measure, Probe, SharedState, Start, team};

use super::units;

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let merge = W::MERGE.given();
    let private = |who, ()| {
        let mut state = State::new([]);
        let seen = client::<W, P>(job, who, |op, _| state.apply(workload, op));
        Ok((state, seen))
    };
    team(start.workers, private, |team| {
        measure(&mut |watch| {
            let mut state = State::new(workload.initial(&job.input));
            let clients = watch.time(|| {
                let parts = team.run(|_| ())?.into_iter();
                let join = |(part, seen)| {
                    state.merge(workload, merge, part);
                    seen
                };
                Ok::<Vec<_>, Error>(parts.map(join).collect())
            })?;
            Ok(Evidence::done(workload, clients, state.into_entries(), units(start)))
        })
    })
}
