//! Shared state between processes: nothing is shared, so one of them owns it.
//!
//! - `server`: an owner process holds the map; N client processes send it operations over ipc-channel. An operation
//!   whose reply nobody needs is told (sent, and not waited for), others are asked: two messages and two wake-ups.
//!
//! Clients get their scripts before the clock starts: a script is a client's behaviour, not data to hand out.

use std::sync::Arc;

use ipc_channel::ipc::{self, IpcBytesSender};
use patterns::probe::Observed;
use patterns::shared_state::{Answer, Evidence, State};
use patterns::{Error, Job, Measure, Probe, RunsSharedState, SharedState, Start, Strategies, Strategy, Units};
use serde::{Deserialize, Serialize};

use crate::Processes;
use crate::link::{self, End, Link, Parent, decode, encode};

impl RunsSharedState for Processes {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("server", server::<W, P>).with_worker(work::<W>))
    }
}

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

fn server<W: SharedState, P: Probe>(
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
        link::send(&requests, &reset).map_err(|broken| owner.explain(broken))?;
        owner.ask::<()>()?;
        let reports = watch.time(|| round::<W>(&mut links))?;
        let finish = encode(&Request::<W>::Finish)?;
        link::send(&requests, &finish).map_err(|broken| owner.explain(broken))?;
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

/// The worker's side, in either role.
fn work<W: SharedState>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    match parent.expect()? {
        Role::Owner { clients } => own(&parent, &workload, clients),
        Role::Client { who } => attend(&parent, &workload, who),
    }
}

fn own<W: SharedState>(parent: &Parent, workload: &W, clients: usize) -> Result<(), Error> {
    let End::Inbox(inbox) = parent.end()? else { return Err(Error::other("expected an inbox")) };
    let mut answers = Vec::with_capacity(clients);
    for _ in 0..clients {
        let End::Outbox(outbox) = parent.end()? else { return Err(Error::other("expected an outbox")) };
        answers.push(outbox);
    }
    let mut state = State::<W>::new([]);
    loop {
        let message = match link::receive(&inbox) {
            Ok(message) => message,
            Err(link::Broken::Closed) => return Ok(()),
            Err(broken) => return Err(broken.into()),
        };
        match decode::<Request<W>>(&message)? {
            Request::Reset(entries) => {
                state = State::new(entries);
                parent.send(&encode(&())?)?;
            }
            Request::Do { who, op } => {
                let reply = state.apply(workload, &op);
                if workload.asks(&op) {
                    link::send(&answers[who], &encode(&reply)?)?;
                }
            }
            Request::Flush { who } => link::send(&answers[who], &[])?,
            Request::Finish => {
                let entries = std::mem::replace(&mut state, State::new([])).into_entries();
                parent.send(&encode(&entries)?)?;
            }
        }
    }
}

/// The loop of [`patterns::shared_state::client`], sending its operations.
fn attend<W: SharedState>(parent: &Parent, workload: &W, who: usize) -> Result<(), Error> {
    let (End::Outbox(outbox), End::Inbox(replies)) = (parent.end()?, parent.end()?) else {
        return Err(Error::other("expected an outbox and an inbox"));
    };
    let script: Vec<W::Op> = parent.expect()?;
    while parent.receive()?.is_some() {
        let mut report = Report::<W> { evidence: Evidence::empty(), messages: 0, bytes: 0 };
        let mut ship = |request: &Request<W>, reply: bool| {
            let message = encode(request)?;
            link::send(&outbox, &message)?;
            let answer = if reply { Some(link::receive(&replies)?) } else { None };
            report.messages += 1 + u64::from(reply);
            report.bytes += (message.len() + answer.as_ref().map_or(0, Vec::len)) as u64;
            Ok::<_, Error>(answer)
        };
        for op in &script {
            workload.prepare(op);
            report.evidence.steps += 1;
            let mut next = Some(op.clone());
            while let Some(op) = next.take() {
                report.evidence.operations += 1;
                let asked = workload.asks(&op);
                let answer = ship(&Request::Do { who, op: op.clone() }, asked)?;
                if let Some(answer) = answer {
                    next = report.evidence.note(workload, &op, decode(&answer)?);
                }
            }
        }
        ship(&Request::Flush { who }, true)?;
        parent.send(&encode(&report)?)?;
    }
    Ok(())
}
