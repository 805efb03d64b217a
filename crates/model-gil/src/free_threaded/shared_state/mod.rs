//! Shared state behind byte locks: one file a strategy.
//!
//! - `lock`: a `threading.Lock` round each operation: one byte lock round one map.
//! - `per-object`: a byte lock in every entry, where entries stay, as every object has one of its own.
//! - `racy`: a look and an act with a gap between them, deliberately wrong: what is left of a program that counted on the
//!   interpreter's lock.
//!
//! The locks guard their data, as those of `lock_api` do, since that is how safe code gets at it. Critical sections are the
//! same locks with a list of those that a thread holds, to be given up where it must wait inside one: operations here are
//! not nested, so that the list would hold one or two and nothing be given up (`free-threaded/split-section` is what
//! comes of it elsewhere).

mod lock;
mod per_object;
mod racy;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use patterns::shared_state::{Answer, Evidence, client};
use patterns::{
    Demand, Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units, team,
};

use super::FreeThreaded;

impl RunsSharedState for FreeThreaded {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        let per_object = Strategy::idiomatic("per-object", Demand::BORROWED, clients::<W, P, per_object::Store<W>>);
        Strategies::of(Strategy::idiomatic("lock", Demand::BORROWED, clients::<W, P, lock::Store<W>>))
            .and(per_object.needs(&per_object::entries_stay::<W>()))
            .and(racy::strategy::<W, P>())
    }
}

/// A place for the entries and a way to carry out an operation.
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
