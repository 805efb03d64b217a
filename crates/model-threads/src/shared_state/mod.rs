//! Shared state on threads: one file a store, all behind the same clients.
//!
//! - `mutex`: one parking_lot lock round one map.
//! - `sharded`: as many locks as there are shards; a key lives in one.
//! - `atomic`: a slot of `AtomicU64` a key, where entries are counters.
//! - `racy`: a separate load and store, deliberately wrong: what forgetting the lock costs.

mod atomic;
mod mutex;
mod racy;
mod sharded;

use std::sync::Arc;

use patterns::shared_state::{Answer, Counters, Evidence, client};
use patterns::{
    Demand, Error, Form, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units, team,
};

use crate::Threads;

impl RunsSharedState for Threads {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("mutex", Demand::BORROWED, clients::<W, P, mutex::Store<W>>))
            .and(Strategy::idiomatic("sharded", Demand::BORROWED, clients::<W, P, sharded::Store<W>>))
            .and(Strategy::idiomatic("atomic", Demand::BORROWED, clients::<W, P, atomic::Store>).needs(&W::COUNTERS))
            .and(
                Strategy::idiomatic("racy", Demand::BORROWED, clients::<W, P, racy::Store>)
                    .needs(&W::COUNTERS)
                    .deliberately_wrong(),
            )
    }
}

/// What a strategy is, once the clients are there: a place for the entries and a way to carry out an operation.
trait Store<W: SharedState>: Send + Sync + Sized {
    fn new(workload: &W, entries: Vec<(W::Key, W::Value)>) -> Self;
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> W::Reply;
    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)>;
}

fn clients<W: SharedState, P: Probe, S: Store<W>>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let work = |who, store: Arc<S>| Ok(client::<W, P>(job, who, |op, probe| store.apply(workload, op, probe)));
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let store = Arc::new(S::new(workload, workload.initial(&job.input)));
            let clients = watch.time(|| team.run(|_| store.clone()))?;
            let store = Arc::into_inner(store).ok_or_else(|| Error::other("a client kept the store"))?;
            let units = Units { threads: start.workers.get() as u64, ..Units::default() };
            Ok(Evidence::done(workload, clients, store.into_entries(workload), units))
        })
    })
}

/// The counters of a workload that was let through by [`Strategy::needs`]. Asked of the type at every use, not kept in the
/// store: then its functions are known when the strategy is compiled, and are called like any other.
#[inline(always)]
fn counters<W: SharedState>() -> Counters<W> {
    match W::COUNTERS {
        Form::Has(counters) => counters,
        Form::Lacks(why) => unreachable!("{}: {why}", W::ID),
    }
}
