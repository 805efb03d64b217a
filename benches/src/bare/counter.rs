//! Shared numbers: a parking_lot lock round a map, and the standard library's atomics. Warm threads, one a client.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use patterns::shared_state::Counters;
use patterns::{Form, SharedState};
use results::Units;
use workloads::Counter;

use super::{Entries, Rounds, Scripts};

type Op = <Counter as SharedState>::Op;

/// The workload's public kernel: which number an operation adds to, and the work between read and write.
const KERNEL: Counters<Counter> = match Counter::COUNTERS {
    Form::Has(kernel) => kernel,
    Form::Lacks(why) => panic!("{}", why),
};

/// One operation on a map that nobody else touches meanwhile.
#[inline]
pub(super) fn add(counter: &Counter, op: &Op, map: &mut HashMap<u64, u64>) {
    let (key, amount) = (KERNEL.add)(counter, op);
    let value = map.entry(key as u64).or_insert(0);
    let before = *value;
    (KERNEL.work)(counter, op);
    *value = before + amount;
}

/// One lock round one map.
pub(super) fn mutex(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || Mutex::new(counter.initial(scripts).into_iter().collect::<HashMap<_, _>>());
    let client = |script: &[Op], map: &Mutex<HashMap<u64, u64>>| {
        for op in script {
            counter.prepare(op);
            add(counter, op, &mut map.lock());
        }
    };
    clients(scripts, rounds, fresh, client, |map| map.into_inner().into_iter().collect())
}

/// An atomic a number.
pub(super) fn atomic(counter: &Counter, scripts: &Scripts, rounds: Rounds<'_, Entries>) -> Result<()> {
    let fresh = || (0..counter.keys).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let client = |script: &[Op], numbers: &Vec<AtomicU64>| {
        for op in script {
            counter.prepare(op);
            let (key, amount) = (KERNEL.add)(counter, op);
            (KERNEL.work)(counter, op);
            // Relaxed: a number publishes nothing but itself; the threads' reports order it before the final read.
            numbers[key].fetch_add(amount, Ordering::Relaxed);
        }
    };
    clients(scripts, rounds, fresh, client, |numbers| {
        (0..).zip(numbers.into_iter().map(AtomicU64::into_inner)).collect()
    })
}

/// A fresh store a round, made and read outside the clock; each client lets go of it before it reports.
fn clients<S: Send + Sync>(
    scripts: &Scripts,
    rounds: Rounds<'_, Entries>,
    fresh: impl Fn() -> S,
    client: impl Fn(&[Op], &S) + Sync,
    entries: impl Fn(S) -> Entries,
) -> Result<()> {
    let client = &client;
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let start = |script| {
            let (gate, stores) = mpsc::channel::<Arc<S>>();
            let report = report.clone();
            scope.spawn(move || {
                stores.into_iter().try_for_each(|store| {
                    client(script, &store);
                    drop(store);
                    report.send(())
                })
            });
            gate
        };
        let gates: Vec<_> = scripts.iter().map(|script| start(script)).collect();
        rounds.run(|timer| {
            let store = Arc::new(fresh());
            timer.time(|| {
                gates.iter().try_for_each(|gate| gate.send(store.clone())).ok().context("a client is gone")?;
                gates.iter().try_for_each(|_| reports.recv()).context("the clients are gone")
            })?;
            let store = Arc::into_inner(store).context("a client kept the store")?;
            Ok((entries(store), Units { threads: scripts.len() as u64, ..Units::default() }))
        })
    })
}
