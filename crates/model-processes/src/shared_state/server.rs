//! `server`: the parent's side. It starts an owner and the clients, introduces them to each other, and in a round only
//! says go and waits.

mod worker;

use std::sync::Arc;

use ipc_channel::ipc::{self, IpcBytesSender};
use patterns::shared_state::{Answer, Evidence};
use patterns::{Error, Job, Measure, Probe, SharedState, Start};
use serde::{Deserialize, Serialize};

use super::clients;
use crate::link::{self, Link};
use crate::wire::{self, Broken, End, encode};

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
        /// Whether it records.
        records: bool,
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

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let mut links = link::start_all(start, workers + 1)?;
    let mut owner = links.pop().ok_or_else(|| Error::other("no owner"))?;
    let mut requests = Some(introduce(job, P::RECORDS, &mut owner, &mut links)?);
    let result = measure(&mut |watch| {
        let reset = encode(&Request::<W>::Reset(workload.initial(&job.input)))?;
        ask(&requests, &reset).map_err(|broken| owner.explain(broken))?;
        owner.ask::<()>()?;
        let reports = watch.time(|| clients::round::<W>(&mut links));
        let reports = match reports {
            Ok(reports) => reports,
            Err(error) => {
                // The owner leaves when nobody can send to it any more. If it failed, all the others only found it gone.
                requests = None;
                return Err(link::blame(error, None, [&mut owner].into_iter().chain(&mut links)));
            }
        };
        let finish = encode(&Request::<W>::Finish)?;
        ask(&requests, &finish).map_err(|broken| owner.explain(broken))?;
        let entries: Vec<(W::Key, W::Value)> = owner.ask()?;
        let (seen, units) = clients::sum::<W, P>(reports, workers + 1);
        Ok(Evidence::done(workload, seen, entries, units))
    });
    links.iter_mut().chain([&mut owner]).for_each(Link::hang_up);
    result
}

/// Tells everybody who they are and connects clients with the owner. The parent keeps one sender to the owner, and no
/// end that would keep a channel open after its process died.
fn introduce<W: SharedState>(
    job: &Job<W>,
    records: bool,
    owner: &mut Link,
    links: &mut [Link],
) -> Result<IpcBytesSender, Error> {
    let knobs = encode(&job.workload)?;
    let made = "make a channel";
    let (requests, inbox) = ipc::bytes_channel().map_err(Error::io(made))?;
    clients::tell(owner, &knobs, &Role::Owner { clients: links.len() })?;
    owner.hand(End::Inbox(inbox)).map_err(|broken| owner.explain(broken))?;
    for (who, client) in links.iter_mut().enumerate() {
        let (answers, replies) = ipc::bytes_channel().map_err(Error::io(made))?;
        owner.hand(End::Outbox(answers)).map_err(|broken| owner.explain(broken))?;
        clients::tell(client, &knobs, &Role::Client { who, records })?;
        let ends = client.hand(End::Outbox(requests.clone())).and_then(|()| client.hand(End::Inbox(replies)));
        ends.map_err(|broken| client.explain(broken))?;
        clients::script(client, job, who)?;
    }
    Ok(requests)
}

/// Sends to the owner, while the parent still can.
fn ask(requests: &Option<IpcBytesSender>, request: &[u8]) -> Result<(), Broken> {
    requests.as_ref().map_or(Err(Broken::Closed), |requests| wire::send(requests, request))
}
