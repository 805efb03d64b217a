//! Shared state on threads: one file a strategy, most of them a store behind the same clients.
//!
//! - `mutex`: one parking_lot lock round one map.
//! - `std-mutex`: the same with the standard library's lock.
//! - `fair-mutex`: the same with a lock that is handed on in the order of asking.
//! - `semaphore`: the same with one permit, made of a lock and a condition.
//! - `rwlock`: one lock that readers share; they still meet at its word.
//! - `sharded`: as many locks as there are shards; a key lives in one.
//! - `per-key`: a lock in every entry, where entries stay.
//! - `once-cells`: a lock for finding a cell, none for computing what belongs in it, where values are computed.
//! - `concurrent-map`: dashmap, shards that lock themselves; one entry at a time.
//! - `atomic`: a slot of `AtomicU64` a key, where entries are counters.
//! - `biased`: the owner of a counter adds without an indivisible operation, all others with one.
//! - `snapshot`: readers take no lock; a write copies all entries.
//! - `actor`: an owner thread; an operation is a message, and a reply another.
//! - `local-merge`: a private state a client, merged at the end, where states merge.
//! - `racy`: a look and an act with a gap between them, deliberately wrong: what forgetting the lock costs.

mod actor;
mod atomic;
mod biased;
mod concurrent_map;
mod local_merge;
mod mutex;
mod once_cells;
mod per_key;
mod permits;
mod racy;
mod rwlock;
mod semaphore;
mod sharded;
mod snapshot;
mod std_mutex;

use std::sync::Arc;

use parking_lot::{RawFairMutex, RawMutex};
use patterns::shared_state::{Answer, Evidence, client};
use patterns::{
    Demand, Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units, team,
};

use crate::Threads;

/// As [`Demand::BORROWED`], and what is shared is copied: entries for a snapshot, operations for an owner.
const COPIED: &[Demand] = &[Demand::Send, Demand::Sync, Demand::Clone];

impl RunsSharedState for Threads {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        let map = Strategy::idiomatic("concurrent-map", Demand::BORROWED, clients::<W, P, concurrent_map::Store<W>>);
        let per_key = Strategy::idiomatic("per-key", Demand::BORROWED, clients::<W, P, per_key::Store<W>>);
        let biased = Strategy::idiomatic("biased", Demand::BORROWED, biased::run::<W, P>);
        Strategies::of(Strategy::idiomatic("mutex", Demand::BORROWED, clients::<W, P, mutex::Store<W, RawMutex>>))
            .and(Strategy::idiomatic("std-mutex", Demand::BORROWED, clients::<W, P, std_mutex::Store<W>>))
            .and(Strategy::idiomatic("fair-mutex", Demand::BORROWED, clients::<W, P, mutex::Store<W, RawFairMutex>>))
            .and(Strategy::idiomatic("semaphore", Demand::BORROWED, clients::<W, P, semaphore::Store<W>>))
            .and(rwlock::<W, P>())
            .and(Strategy::idiomatic("sharded", Demand::BORROWED, clients::<W, P, sharded::Store<W>>))
            .and(per_key.needs(&per_key::entries_stay::<W>()))
            .and(map.needs(&concurrent_map::one_entry::<W>()))
            .and(
                Strategy::idiomatic("once-cells", Demand::BORROWED, clients::<W, P, once_cells::Store<W>>)
                    .needs(&W::ONCE),
            )
            .and(Strategy::idiomatic("atomic", Demand::BORROWED, clients::<W, P, atomic::Store>).needs(&W::COUNTERS))
            .and(biased.needs(&W::COUNTERS).needs(&biased::told::<W>()))
            .and(snapshot::<W, P>())
            .and(Strategy::idiomatic("actor", COPIED, actor::run::<W, P>))
            .and(Strategy::idiomatic("local-merge", Demand::BORROWED, local_merge::run::<W, P>).needs(&W::MERGE))
            .and(racy::strategy::<W, P>())
    }
}

fn rwlock<W: SharedState, P: Probe>() -> Strategy<W, Answer<W>> {
    let why = "every operation writes, so that nobody shares the lock";
    let run = clients::<W, P, rwlock::Store<W>>;
    if W::USES.reads || W::USES.audits {
        Strategy::idiomatic("rwlock", Demand::BORROWED, run)
    } else {
        Strategy::against_the_grain("rwlock", Demand::BORROWED, why, run)
    }
}

fn snapshot<W: SharedState, P: Probe>() -> Strategy<W, Answer<W>> {
    let why = "all but audits write, and each write copies all entries";
    let run = clients::<W, P, snapshot::Store<W>>;
    if W::USES.reads {
        Strategy::idiomatic("snapshot", COPIED, run)
    } else {
        Strategy::against_the_grain("snapshot", COPIED, why, run)
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
            Ok(Evidence::done(workload, clients, store.into_entries(workload), units(start)))
        })
    })
}

fn units(start: &Start) -> Units {
    Units { threads: start.workers.get() as u64, ..Units::default() }
}
