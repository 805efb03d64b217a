//! `messages`: the parent tells each worker whom it has to send what and from whom it gets something, hands out a channel
//! for each two that talk, and in a round only says go and waits for the last row.

use std::sync::Arc;

use ipc_channel::ipc;
use patterns::task_graph::Traffic;
use patterns::{Error, Job, Measure, Probe, Start, TaskGraph};
use serde::{Deserialize, Serialize};

use super::exchange::Peers;
use super::{Part, collected, own, round};
use crate::link::{self, Link, blame};
use crate::parent::Parent;
use crate::wire::{Broken, End, encode};

/// What a worker is told after the knobs.
#[derive(Serialize, Deserialize)]
struct Role {
    /// Which worker, from 0.
    me: usize,
    /// Of how many.
    workers: usize,
    /// What it sends and receives.
    traffic: Traffic,
}

pub(super) fn run<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let mut links = link::start_all(start, start.workers.get())?;
    introduce(&job.workload, &mut links).map_err(|error| blame(error, None, links.iter_mut()))?;
    let result = measure(&mut |watch| {
        let parts = watch.time(|| round(&mut links));
        let parts = parts.map_err(|error| blame(error, None, links.iter_mut()))?;
        Ok(collected::<_, P>(parts))
    });
    links.iter_mut().for_each(Link::hang_up);
    result
}

/// Tells everybody who they are, and makes the channels. The parent keeps none of their ends: when a worker dies, those
/// that talk to it are told.
fn introduce<W: TaskGraph>(workload: &W, links: &mut [Link]) -> Result<(), Error> {
    let (knobs, workers) = (encode(workload)?, links.len());
    let traffic = Traffic::of(workload, workers);
    let talks: Vec<Vec<usize>> = traffic.iter().map(receivers).collect();
    for (me, (link, traffic)) in links.iter_mut().zip(traffic).enumerate() {
        let role = encode(&Role { me, workers, traffic })?;
        link.send(&knobs).and_then(|()| link.send(&role)).map_err(|broken| link.explain(broken))?;
    }
    for (from, to) in talks.into_iter().enumerate().flat_map(|(from, all)| all.into_iter().map(move |to| (from, to))) {
        let (outbox, inbox) = ipc::bytes_channel().map_err(Error::io("make a channel"))?;
        links[from].hand(End::Outbox(outbox)).map_err(|broken| links[from].explain(broken))?;
        links[to].hand(End::Inbox(inbox)).map_err(|broken| links[to].explain(broken))?;
    }
    links.iter_mut().try_for_each(|link| link.hear::<()>().map(drop))
}

/// To whom a worker ever sends something; ascending.
fn receivers(traffic: &Traffic) -> Vec<usize> {
    let mut all: Vec<usize> = traffic.sends.iter().flatten().map(|(to, _)| *to).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// From whom a worker ever receives something; ascending.
fn senders(traffic: &Traffic) -> Vec<usize> {
    let mut all: Vec<usize> = traffic.receives.iter().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The worker's side.
pub(super) fn work<W: TaskGraph>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let role: Role = parent.expect()?;
    let (to, from) = (receivers(&role.traffic), senders(&role.traffic));
    // The ends come in the order in which the parent makes the channels: by sender, then by receiver.
    let (mut outboxes, mut inboxes) = (Vec::with_capacity(to.len()), Vec::with_capacity(from.len()));
    for _ in 0..to.len() + from.len() {
        match parent.end()? {
            End::Outbox(outbox) => outboxes.push(outbox),
            End::Inbox(inbox) => inboxes.push(inbox),
            End::Region(_) => return Err(Error::other("expected an end of a channel")),
        }
    }
    let mut peers = Peers::new(role.workers, to.into_iter().zip(outboxes), from.into_iter().zip(inboxes));
    parent.serve(|| rounds(&parent, &workload, &role, &mut peers))
}

fn rounds<W: TaskGraph>(parent: &Parent, workload: &W, role: &Role, peers: &mut Peers) -> Result<(), Broken> {
    let (width, steps) = (workload.width(), workload.steps());
    let own = own(workload, role.me, role.workers);
    // This step's edges and the last one's: its own, and those that come.
    let [mut row, mut before]: [Vec<Option<W::Edge>>; 2] = [(); 2].map(|()| (0..width).map(|_| None).collect());
    let mut needs = Vec::new();
    parent.answer(&())?;
    while parent.receive()?.is_some() {
        let mut executed = 0;
        for step in 0..steps {
            std::mem::swap(&mut row, &mut before);
            for point in own.clone() {
                needs.clear();
                workload.needs(step, point, &mut needs);
                let inputs: Option<Vec<&W::Edge>> = needs.iter().map(|need| before[*need].as_ref()).collect();
                let inputs = inputs.ok_or_else(|| Error::other(format!("an edge to ({step}, {point}) is missing")))?;
                row[point] = Some(workload.execute(step, point, &inputs));
                executed += 1;
            }
            peers.exchange(&role.traffic.sends[step], &role.traffic.receives[step], &mut row)?;
        }
        let last = if steps == 0 { Vec::new() } else { row[own.clone()].iter_mut().filter_map(Option::take).collect() };
        let (messages, bytes) = peers.sent();
        parent.answer(&Part { executed, last, messages, bytes })?;
    }
    Ok(())
}
