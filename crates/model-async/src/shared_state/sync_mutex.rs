//! `sync-mutex`: parking_lot's lock round one map, taken and given back between two awaits. Every operation waits for
//! every other; who waits holds its thread, which is short where the critical section is.

use std::sync::Arc;

use parking_lot::Mutex;
use patterns::shared_state::{Answer, Evidence, State, client};
use patterns::{Error, Job, Measure, Probe, SharedState, Start};

use super::{every_client, units};
use crate::{joined, runtime};

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let runtime = runtime(start.workers.min(start.cpus))?;
    let workers = start.workers.get();
    measure(&mut |watch| {
        let store = Arc::new(Mutex::new(State::new(job.workload.initial(&job.input))));
        let (theirs, jobs) = (store.clone(), job.clone());
        let one = move |who| {
            let (store, job) = (theirs.clone(), jobs.clone());
            let apply = move |op: &W::Op, probe: &mut P| {
                let mut state = probe.acquire(|| store.try_lock(), || store.lock());
                probe.hold(|| state.apply(&job.workload, op))
            };
            let job = jobs.clone();
            async move { client::<W, P>(&job, who, apply) }
        };
        let root = every_client(workers, one);
        let clients = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let state = Arc::into_inner(store).ok_or_else(|| Error::other("a client kept the store"))?;
        Ok(Evidence::done(&job.workload, clients, state.into_inner().into_entries(), units(start)))
    })
}
