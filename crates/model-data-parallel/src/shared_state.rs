//! Shared state on a pool: N clients are N jobs on as many threads as there are CPUs, at most N.
//!
//! - `mutex`: one parking_lot lock round one map, from inside a parallel loop.
//! - `sharded`: as many locks as there are shards, from inside the same loop; a key lives in one.
//! - `fold-reduce`: a private state a client, merged in pairs at the end: no sharing at all, where states merge.

use std::sync::Arc;

use parking_lot::{Mutex, RawMutex};
use patterns::probe::Observed;
use patterns::shared_state::{Answer, Evidence, Sharded, State, client};
use patterns::{Demand, Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units};
use rayon::prelude::*;

use crate::{DataParallel, on, pool};

impl RunsSharedState for DataParallel {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("mutex", Demand::BORROWED, mutex::<W, P>))
            .and(Strategy::idiomatic("sharded", Demand::BORROWED, sharded::<W, P>))
            .and(Strategy::idiomatic("fold-reduce", Demand::BORROWED, fold_reduce::<W, P>).needs(&W::MERGE))
    }
}

type Client<W> = (Evidence<W>, Observed);

fn mutex<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let pool = pool(start.workers.min(start.cpus))?;
    measure(&mut |watch| {
        let store = Mutex::new(State::new(workload.initial(&job.input)));
        let apply = |op: &W::Op, probe: &mut P| {
            let mut state = probe.acquire(|| store.try_lock(), || store.lock());
            probe.hold(|| state.apply(workload, op))
        };
        let jobs = || each_client(start, |who| client::<W, P>(job, who, apply)).collect::<Vec<Client<W>>>();
        let clients = watch.time(|| on(&pool, jobs))?;
        Ok(Evidence::done(workload, clients, store.into_inner().into_entries(), units(start)))
    })
}

fn sharded<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let pool = pool(start.workers.min(start.cpus))?;
    measure(&mut |watch| {
        let store = Sharded::<W, RawMutex>::new(workload.initial(&job.input));
        let apply = |op: &W::Op, probe: &mut P| store.apply(workload, op, probe);
        let jobs = || each_client(start, |who| client::<W, P>(job, who, apply)).collect::<Vec<Client<W>>>();
        let clients = watch.time(|| on(&pool, jobs))?;
        Ok(Evidence::done(workload, clients, store.into_entries(), units(start)))
    })
}

fn fold_reduce<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let merge = W::MERGE.given();
    let pool = pool(start.workers.min(start.cpus))?;
    measure(&mut |watch| {
        let initial = State::new(workload.initial(&job.input));
        let private = |who| {
            let mut state = State::new([]);
            let seen = client::<W, P>(job, who, |op, _| state.apply(workload, op));
            (state, vec![seen])
        };
        let join = |mut left: (State<W>, Vec<Client<W>>), right: (State<W>, Vec<Client<W>>)| {
            left.0.merge(workload, merge, right.0);
            left.1.extend(right.1);
            left
        };
        let jobs =
            || join((initial, Vec::new()), each_client(start, private).reduce(|| (State::new([]), vec![]), join));
        let (state, clients) = watch.time(|| on(&pool, jobs))?;
        Ok(Evidence::done(workload, clients, state.into_entries(), units(start)))
    })
}

/// One job a client: a client is never cut, and never waits for another to end.
fn each_client<R: Send>(
    start: &Start,
    run: impl Fn(usize) -> R + Send + Sync,
) -> impl IndexedParallelIterator<Item = R> {
    (0..start.workers.get()).into_par_iter().with_max_len(1).map(run)
}

fn units(start: &Start) -> Units {
    let threads = start.workers.min(start.cpus).get() as u64;
    Units { threads, tasks: start.workers.get() as u64, ..Units::default() }
}
