//! Shared state under the lock: clients are threads that hold it, so that one runs at a time. What differs is where it may
//! be handed over: one file a strategy.
//!
//! - `held`: after an operation, as where it is one call of a built-in (`d[k] += 1`): whole without a lock of the program.
//! - `lock`: anywhere, but inside a `threading.Lock` round each operation.
//! - `racy`: between a look and an act, deliberately wrong: the lock guards the interpreter, not the program.
//!
//! A client's work outside of operations needs the lock as well.

mod held;
mod lock;
mod racy;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cpython_locks::Gil as Lock;
use patterns::shared_state::{Answer, Evidence, client};
use patterns::{
    Demand, Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units, team,
};

use super::thread::Thread;
use super::{Gil, INTERVAL};

impl RunsSharedState for Gil {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("held", Demand::BORROWED, clients::<W, P, held::Store<W>>))
            .and(Strategy::idiomatic("lock", Demand::BORROWED, clients::<W, P, lock::Store<W>>))
            .and(racy::strategy::<W, P>())
    }
}

/// A place for the entries and a way to carry out an operation, by a thread that holds the lock.
trait Store<W: SharedState>: Send + Sync + Sized {
    fn new(workload: &W, entries: Vec<(W::Key, W::Value)>) -> Self;
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, thread: &mut Thread<'_>, probe: &mut P) -> W::Reply;
    fn into_entries(self, workload: &W) -> Vec<(W::Key, W::Value)>;
}

fn clients<W: SharedState, P: Probe, S: Store<W>>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let gil = Lock::new(INTERVAL);
    let work = |who, store: Arc<S>| {
        let mut thread = Thread::of(&gil);
        Ok(client::<W, P>(job, who, |op, probe| {
            // It takes the lock with its first operation, which is where there is a probe to tell.
            thread.attach(probe);
            let reply = store.apply(workload, op, &mut thread, probe);
            thread.check_point(probe);
            reply
        }))
    };
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
