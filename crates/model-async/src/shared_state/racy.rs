//! `racy`: a look, an await, an act, on one thread. Deliberately wrong; never ranked.
//!
//! No two tasks ever run at once here, and no lock is missing round any step: what is lost is lost because others run during
//! the await. Tasks take turns in order, so that of k tasks that add to one key all but one lose each turn: exactly (k-1)/k.

use std::convert::Infallible;
use std::sync::Arc;

use parking_lot::Mutex;
use patterns::shared_state::{Answer, Evidence, State, Torn};
use patterns::{Error, Job, Measure, Probe, SharedState, Start, Units};
use tokio::task::yield_now;

use super::{client, every_client};
use crate::{joined, runtime_of_one};

/// The lock is for the compiler, which does not know that there is one thread.
struct Store<W: SharedState>(Arc<Mutex<State<W>>>);

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let runtime = runtime_of_one()?;
    let workers = start.workers.get();
    measure(&mut |watch| {
        let store = Arc::new(Mutex::new(State::new(job.workload.initial(&job.input))));
        let (theirs, jobs) = (store.clone(), job.clone());
        let one = move |who| client::<W, P, _>(jobs.clone(), Store(theirs.clone()), who);
        let root = every_client(workers, one);
        let clients = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let state = Arc::into_inner(store).ok_or_else(|| Error::other("a client kept the store"))?;
        let clients = clients.into_iter().map(|Ok(client)| client);
        let units = Units { threads: 1, tasks: workers as u64, ..Units::default() };
        Ok(Evidence::done(&job.workload, clients, state.into_inner().into_entries(), units))
    })
}

impl<W: SharedState> super::Store<W> for Store<W> {
    type Gone = Infallible;

    async fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> Result<Option<W::Reply>, Infallible> {
        let begun = Torn::begin(workload, op, &mut self.0.lock());
        let mut torn = match begun {
            Ok(torn) => torn,
            Err(reply) => return Ok(Some(reply)),
        };
        torn.gap(workload, op);
        // As a request would be sent here, or a file read. Whatever was seen may be otherwise afterwards. That is the point.
        yield_now().await;
        Ok(Some(torn.finish(workload, op, &mut self.0.lock())))
    }
}
