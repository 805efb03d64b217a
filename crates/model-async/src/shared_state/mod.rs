//! Shared state on tasks: N clients on a runtime of as many threads as there are CPUs, at most N.
//!
//! - `mutex`: tokio's lock, which may be held across an await and is fair. A queue operation where it is contended.

use std::sync::Arc;

use patterns::probe::Observed;
use patterns::shared_state::{Answer, Evidence, State};
use patterns::{Demand, Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units};
use tokio::sync::Mutex;

use crate::{Async, joined, runtime};

impl RunsSharedState for Async {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("mutex", Demand::AWAITED, mutex::<W, P>))
    }
}

fn mutex<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let threads = start.workers.min(start.cpus);
    let runtime = runtime(threads)?;
    let workers = start.workers.get();
    measure(&mut |watch| {
        let store = Arc::new(Mutex::new(State::new(job.workload.initial(&job.input))));
        let root = every_client::<W, P>(job.clone(), store.clone(), workers);
        let clients = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let state = Arc::into_inner(store).ok_or_else(|| Error::other("a client kept the store"))?;
        let units = Units { threads: threads.get() as u64, tasks: workers as u64, ..Units::default() };
        Ok(Evidence::done(&job.workload, clients, state.into_inner().into_entries(), units))
    })
}

type Store<W> = Arc<Mutex<State<W>>>;

async fn every_client<W: SharedState, P: Probe>(
    job: Arc<Job<W>>,
    store: Store<W>,
    workers: usize,
) -> Result<Vec<(Evidence<W>, Observed)>, Error> {
    let one = |who| tokio::spawn(client::<W, P>(job.clone(), store.clone(), who));
    let handles: Vec<_> = (0..workers).map(one).collect();
    drop(store);
    let mut clients = Vec::with_capacity(workers);
    for (who, handle) in handles.into_iter().enumerate() {
        clients.push(joined(who, handle.await)?);
    }
    Ok(clients)
}

/// The loop of [`patterns::shared_state::client`], awaiting its lock.
async fn client<W: SharedState, P: Probe>(job: Arc<Job<W>>, store: Store<W>, who: usize) -> (Evidence<W>, Observed) {
    let workload = &job.workload;
    let mut probe = P::default();
    let mut evidence = Evidence::empty();
    for op in workload.script(&job.input, who) {
        workload.prepare(op);
        let reply = apply(workload, &store, op, &mut probe).await;
        evidence.steps += 1;
        evidence.operations += 1;
        let mut next = evidence.note(workload, op, reply);
        while let Some(op) = next {
            let reply = apply(workload, &store, &op, &mut probe).await;
            evidence.operations += 1;
            next = evidence.note(workload, &op, reply);
        }
    }
    let operations = evidence.operations;
    (evidence, probe.observed(operations))
}

async fn apply<W: SharedState, P: Probe>(workload: &W, store: &Store<W>, op: &W::Op, probe: &mut P) -> W::Reply {
    let mut state = probe.acquire_later(|| store.try_lock().ok(), store.lock()).await;
    probe.hold(|| state.apply(workload, op))
}
