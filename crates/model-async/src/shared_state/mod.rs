//! Shared state on tasks: N clients on a runtime of as many threads as there are CPUs, at most N. One file a strategy.
//!
//! - `mutex`: tokio's lock, which may be held across an await and is fair. A queue operation where it is contended.
//! - `sync-mutex`: parking_lot's lock, held across no await, as tokio's documentation advises. Who waits holds its thread.
//! - `actor`: a task owns the entries; an operation is a message, and to ask a channel for one reply.
//! - `racy`: an await between a look and an act, on one thread, deliberately wrong: what an await lets happen.

mod actor;
mod mutex;
mod racy;
mod sync_mutex;

use std::sync::Arc;

use patterns::probe::Observed;
use patterns::shared_state::{Answer, Evidence, Recording, Torn};
use patterns::{Demand, Error, Job, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units};

use crate::{Async, joined};

/// As [`Demand::AWAITED`], and operations are copied into messages.
const SENT: &[Demand] = &[Demand::Send, Demand::Sync, Demand::Static, Demand::Clone, Demand::Async];

impl RunsSharedState for Async {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("mutex", Demand::AWAITED, mutex::run::<W, P>))
            .and(Strategy::idiomatic("sync-mutex", Demand::SPAWNED, sync_mutex::run::<W, P>))
            .and(Strategy::idiomatic("actor", SENT, actor::run::<W, P>))
            .and(
                Strategy::idiomatic("racy", Demand::AWAITED, racy::run::<W, P>)
                    .needs(&Torn::<W>::form())
                    .deliberately_wrong()
                    .unless(W::apart),
            )
    }
}

type Client<W> = (Evidence<W>, Observed);

/// One task a client, joined in order; and whatever `one` holds, the clients hold alone from then on.
async fn every_client<T, F>(workers: usize, one: impl Fn(usize) -> F + Send) -> Result<Vec<T>, Error>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let handles: Vec<_> = (0..workers).map(|who| tokio::spawn(one(who))).collect();
    drop(one);
    let mut clients = Vec::with_capacity(workers);
    for (who, handle) in handles.into_iter().enumerate() {
        clients.push(joined(who, handle.await)?);
    }
    Ok(clients)
}

/// What clients await: an operation on the entries, wherever they are.
trait Store<W: SharedState>: Send + Sync + 'static {
    /// Why it may fail.
    type Gone: Send + 'static;
    /// Carries out any operation. No reply where the operation was told.
    fn apply<P: Probe>(
        &self,
        workload: &W,
        op: &W::Op,
        probe: &mut P,
    ) -> impl Future<Output = Result<Option<W::Reply>, Self::Gone>> + Send;
}

/// The loop of [`patterns::shared_state::try_client`], awaiting its store.
async fn client<W: SharedState, P: Probe, S: Store<W>>(
    job: Arc<Job<W>>,
    store: S,
    who: usize,
) -> Result<Client<W>, S::Gone> {
    let workload = &job.workload;
    let mut probe = P::default();
    let mut evidence = Evidence::empty();
    let mut recording = Recording::<W, P>::of(workload);
    let script = workload.script(&job.input, who);
    for op in script {
        workload.prepare(op);
        let invoked = recording.invoked();
        let reply = store.apply(workload, op, &mut probe).await?;
        recording.returned(op, invoked, reply.as_ref());
        evidence.steps += 1;
        evidence.operations += 1;
        let mut next = reply.and_then(|reply| evidence.note(workload, op, reply));
        while let Some(op) = next {
            let invoked = recording.invoked();
            let reply = store.apply(workload, &op, &mut probe).await?;
            recording.returned(&op, invoked, reply.as_ref());
            evidence.operations += 1;
            next = reply.and_then(|reply| evidence.note(workload, &op, reply));
        }
        probe.reached(evidence.steps, script.len() as u64);
    }
    evidence.record = recording.done();
    let operations = evidence.operations;
    Ok((evidence, probe.observed(operations)))
}

fn units(start: &Start) -> Units {
    let threads = start.workers.min(start.cpus).get() as u64;
    Units { threads, tasks: start.workers.get() as u64, ..Units::default() }
}
