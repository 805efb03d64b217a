//! `server`: the parent's side. It starts an owner and the clients, introduces them to each other, and in a round only
//! says go and waits.

mod worker;

use std::sync::Arc;

use ipc_channel::ipc::{self, IpcBytesSender};
use patterns::probe::Observed;
use patterns::shared_state::{Answer, Evidence};
use patterns::{Error, Job, Measure, Probe, SharedState, Start, Units};
use serde::{Deserialize, Serialize};

use crate::link::{self, Link};
use crate::wire::{self, End, encode};

pub(super) use worker::work;

/// What a worker process is told first.
#[derive(Serialize, Deserialize)]
enum Role {
    /// Owns the entries.
    Owner {
        /// How many clients there will be.
        clients: usize,
    },
    /// Sends operations.
    Client {
        /// Which, from 0.
        who: usize,
    },
}

/// What the owner is asked.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
enum Request<W: SharedState> {
    /// Start a round from these entries.
    Reset(Vec<(W::Key, W::Value)>),
    /// Carry out an operation of a client.
    Do { who: usize, op: W::Op },
    /// Tell a client that everything it sent before has been carried out.
    Flush { who: usize },
    /// Send the entries to the parent.
    Finish,
}

/// What a client did in a round, and what it sent.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Report<W: SharedState> {
    evidence: Evidence<W>,
    messages: u64,
    bytes: u64,
}

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let (workload, clients) = (&job.workload, start.workers.get());
    let mut links = link::start_all(start, clients + 1)?;
    let mut owner = links.pop().ok_or_else(|| Error::other("no owner"))?;
    let requests = introduce(job, &mut owner, &mut links)?;
    let result = measure(&mut |watch| {
        let reset = encode(&Request::<W>::Reset(workload.initial(&job.input)))?;
        wire::send(&requests, &reset).map_err(|broken| owner.explain(broken))?;
        owner.ask::<()>()?;
        let reports = watch.time(|| round::<W>(&mut links))?;
        let finish = encode(&Request::<W>::Finish)?;
        wire::send(&requests, &finish).map_err(|broken| owner.explain(broken))?;
        let entries: Vec<(W::Key, W::Value)> = owner.ask()?;
        let mut units = Units { processes: clients as u64 + 1, ..Units::default() };
        let seen = reports.into_iter().map(|report: Report<W>| {
            units.messages += report.messages;
            units.bytes_shipped += report.bytes;
            let observed: Observed = P::default().observed(report.evidence.operations);
            (report.evidence, observed)
        });
        let seen: Vec<_> = seen.collect();
        Ok(Evidence::done(workload, seen, entries, units))
    });
    links.iter_mut().chain([&mut owner]).for_each(Link::hang_up);
    result
}

/// Tells everybody who they are and connects clients with the owner. The parent keeps one sender to the owner, and no
/// end that would keep a channel open after its process died.
fn introduce<W: SharedState>(job: &Job<W>, owner: &mut Link, links: &mut [Link]) -> Result<IpcBytesSender, Error> {
    let knobs = encode(&job.workload)?;
    let made = "make a channel";
    let (requests, inbox) = ipc::bytes_channel().map_err(Error::io(made))?;
    tell(owner, &knobs, &Role::Owner { clients: links.len() })?;
    owner.hand(End::Inbox(inbox))?;
    for (who, client) in links.iter_mut().enumerate() {
        let (answers, replies) = ipc::bytes_channel().map_err(Error::io(made))?;
        owner.hand(End::Outbox(answers))?;
        tell(client, &knobs, &Role::Client { who })?;
        client.hand(End::Outbox(requests.clone()))?;
        client.hand(End::Inbox(replies))?;
        let script = encode(&job.workload.script(&job.input, who))?;
        client.send(&script).map_err(|broken| client.explain(broken))?;
    }
    Ok(requests)
}

fn tell(link: &mut Link, knobs: &[u8], role: &Role) -> Result<(), Error> {
    let role = encode(role)?;
    link.send(knobs).and_then(|()| link.send(&role)).map_err(|broken| link.explain(broken))
}

/// Starts all clients and waits for them, in order: whoever waits for a client that is done waits for nobody.
fn round<W: SharedState>(links: &mut [Link]) -> Result<Vec<Report<W>>, Error> {
    for link in links.iter_mut() {
        link.send(&[]).map_err(|broken| link.explain(broken))?;
    }
    links.iter_mut().map(Link::ask).collect()
}
