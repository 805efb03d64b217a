//! `actor`: a task owns the entries, clients send it their operations. No lock; a queue operation to tell, and to ask a
//! channel for one reply beside it, and the way there and back.
//!
//! Who waits for whom: clients wait for the owner (a full channel, a reply), the owner waits for clients (an empty one)
//! and never to reply. Each side drops its ends when it is done or panics, so that the other sees a closed channel and
//! stops waiting.

use std::sync::Arc;

use patterns::shared_state::{Answer, Evidence, State};
use patterns::{Error, Job, Measure, Probe, SharedState, Start, Units};
use tokio::sync::{mpsc, oneshot};

use super::{Client, client, every_client, units};
use crate::{joined, runtime};

/// Messages under way. A client that is told to wait here has sent more than the owner can do.
const CAPACITY: usize = 1024;

/// An operation, and where the reply goes if one is asked for.
type Message<W> = (<W as SharedState>::Op, Option<oneshot::Sender<<W as SharedState>::Reply>>);

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let runtime = runtime(start.workers.min(start.cpus))?;
    let workers = start.workers.get();
    measure(&mut |watch| {
        let state = State::new(job.workload.initial(&job.input));
        let root = all::<W, P>(job.clone(), state, workers);
        let (clients, state, messages) = watch.time(|| joined(0, runtime.block_on(runtime.spawn(root))))??;
        let units = units(start);
        let units = Units { tasks: units.tasks + 1, messages, ..units };
        Ok(Evidence::done(&job.workload, clients, state.into_entries(), units))
    })
}

/// The owner and its clients. The owner ends when all clients have hung up and the channel is empty: everything is
/// applied by then.
async fn all<W: SharedState, P: Probe>(
    job: Arc<Job<W>>,
    state: State<W>,
    workers: usize,
) -> Result<(Vec<Client<W>>, State<W>, u64), Error> {
    let (operations, inbox) = mpsc::channel(CAPACITY);
    let owner = tokio::spawn(own(job.clone(), state, inbox));
    let one = move |who| client::<W, P, _>(job.clone(), Store(operations.clone()), who);
    let clients = every_client(workers, one).await?;
    // An error names the owner by the number of its clients.
    let (state, messages) = joined(workers, owner.await)?;
    Ok((clients.into_iter().flatten().collect(), state, messages))
}

async fn own<W: SharedState>(
    job: Arc<Job<W>>,
    mut state: State<W>,
    mut inbox: mpsc::Receiver<Message<W>>,
) -> (State<W>, u64) {
    let mut messages = 0;
    while let Some((op, asked)) = inbox.recv().await {
        let reply = state.apply(&job.workload, &op);
        messages += 1;
        // A client that has gone needs no reply, and its own result says why it went.
        if asked.is_some_and(|client| client.send(reply).is_ok()) {
            messages += 1;
        }
    }
    (state, messages)
}

struct Store<W: SharedState>(mpsc::Sender<Message<W>>);

/// The owner goes before its clients only if it panics, and then its own result is the round's error.
struct OwnerGone;

impl<W: SharedState> super::Store<W> for Store<W> {
    type Gone = OwnerGone;

    async fn apply<P: Probe>(&self, workload: &W, op: &W::Op, _: &mut P) -> Result<Option<W::Reply>, OwnerGone> {
        if !workload.asks(op) {
            return self.0.send((op.clone(), None)).await.map(|()| None).map_err(|_| OwnerGone);
        }
        let (asked, reply) = oneshot::channel();
        self.0.send((op.clone(), Some(asked))).await.map_err(|_| OwnerGone)?;
        reply.await.map(Some).map_err(|_| OwnerGone)
    }
}
