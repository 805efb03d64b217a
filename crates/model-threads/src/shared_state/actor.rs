//! `actor`: a thread owns the entries, clients send it their operations. No lock; a channel operation to tell, and to ask
//! two wake-ups and the way there and back.
//!
//! Who waits for whom: clients wait for the owner (a full channel, a reply), the owner waits for clients (an empty one)
//! and never to reply, since a client asks one thing at a time. Each side drops its ends when it is done or panics, so
//! that the other sees a closed channel and stops waiting.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use patterns::probe::Observed;
use patterns::shared_state::{Answer, Evidence, State, try_client};
use patterns::{Done, Error, Job, Measure, Probe, SharedState, Start, Units, team};

use super::units;

/// Messages under way. A client that is told to wait here has sent more than the owner can do.
const CAPACITY: usize = 1024;

/// An operation and the client it comes from.
type Message<W> = (usize, <W as SharedState>::Op);

/// What a member of the team is in a round.
enum Role<W: SharedState> {
    Client { operations: Sender<Message<W>>, replies: Receiver<W::Reply> },
    Owner { state: State<W>, inbox: Receiver<Message<W>>, replies: Vec<Sender<W::Reply>> },
}

/// What it brought back.
enum Part<W: SharedState> {
    /// Nothing, where the owner had gone.
    Client(Option<(Evidence<W>, Observed)>),
    /// The entries, and how many messages there were.
    Owner(State<W>, u64),
}

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let clients = start.workers.get();
    let work = |who, role| match role {
        Role::Client { operations, replies } => Ok(Part::Client(attend::<W, P>(job, who, &operations, &replies))),
        Role::Owner { state, inbox, replies } => Ok(own(workload, state, &inbox, &replies)),
    };
    // The owner is the last of the team: as warm as its clients, and an error names it by their number.
    team(start.workers.saturating_add(1), work, |team| {
        measure(&mut |watch| {
            let (operations, inbox) = bounded(CAPACITY);
            let (replies, theirs): (Vec<_>, Vec<_>) = (0..clients).map(|_| bounded(1)).unzip();
            let mut roles: Vec<_> =
                theirs.into_iter().map(|replies| Role::Client { operations: operations.clone(), replies }).collect();
            drop(operations);
            roles.push(Role::Owner { state: State::new(workload.initial(&job.input)), inbox, replies });
            let mut roles = roles.into_iter();
            // The owner reports when all clients have hung up and the channel is empty: everything is applied by then.
            let parts = watch.time(|| team.run(|_| roles.next().expect("a role for each member")))?;
            collect(workload, parts, units(start))
        })
    })
}

fn attend<W: SharedState, P: Probe>(
    job: &Job<W>,
    who: usize,
    operations: &Sender<Message<W>>,
    replies: &Receiver<W::Reply>,
) -> Option<(Evidence<W>, Observed)> {
    let workload = &job.workload;
    let send = |op: &W::Op, _: &mut P| {
        operations.send((who, op.clone())).map_err(drop)?;
        if workload.asks(op) { replies.recv().map(Some).map_err(drop) } else { Ok(None) }
    };
    // The owner goes before its clients only if it panics, and then its own report is the round's error.
    try_client(workload, workload.script(&job.input, who), send).ok()
}

fn own<W: SharedState>(
    workload: &W,
    mut state: State<W>,
    inbox: &Receiver<Message<W>>,
    replies: &[Sender<W::Reply>],
) -> Part<W> {
    let mut messages = 0;
    for (who, op) in inbox {
        let reply = state.apply(workload, &op);
        messages += 1;
        // A client that has gone needs no reply, and says itself why it went.
        if workload.asks(&op) && replies[who].send(reply).is_ok() {
            messages += 1;
        }
    }
    Part::Owner(state, messages)
}

fn collect<W: SharedState>(workload: &W, parts: Vec<Part<W>>, units: Units) -> Result<Done<Answer<W>>, Error> {
    let mut clients = Vec::with_capacity(parts.len());
    let mut owned = None;
    for part in parts {
        match part {
            Part::Client(seen) => clients.extend(seen),
            Part::Owner(state, messages) => owned = Some((state, messages)),
        }
    }
    let (state, messages) = owned.ok_or_else(|| Error::other("the owner kept the entries"))?;
    let units = Units { threads: units.threads + 1, messages, ..units };
    Ok(Evidence::done(workload, clients, state.into_entries(), units))
}
