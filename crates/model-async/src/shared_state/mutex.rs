//! `mutex`: tokio's lock round one map. Every operation waits for every other, in the order in which they came; who waits
//! leaves its thread to another task.

use std::convert::Infallible;
use std::sync::Arc;

use patterns::shared_state::{Answer, Evidence, State};
use patterns::{Error, Job, Measure, Probe, SharedState, Start};
use tokio::sync::Mutex;

use super::{client, every_client, units};
use crate::{joined, runtime};

struct Store<W: SharedState>(Arc<Mutex<State<W>>>);

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
        let one = move |who| client::<W, P, _>(jobs.clone(), Store(theirs.clone()), who);
        let root = every_client(workers, one);
        let clients = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let state = Arc::into_inner(store).ok_or_else(|| Error::other("a client kept the store"))?;
        let clients = clients.into_iter().map(|Ok(client)| client);
        Ok(Evidence::done(&job.workload, clients, state.into_inner().into_entries(), units(start)))
    })
}

impl<W: SharedState> super::Store<W> for Store<W> {
    type Gone = Infallible;

    async fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> Result<Option<W::Reply>, Infallible> {
        let mut state = probe.acquire_later(|| self.0.try_lock().ok(), self.0.lock()).await;
        Ok(Some(probe.hold(|| state.apply(workload, op))))
    }
}
