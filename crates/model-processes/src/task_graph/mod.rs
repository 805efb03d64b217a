//! Task graph on warm worker processes, each of which owns a block of points.
//!
//! - `messages`: after a step the workers send each other the edges that they need, over a channel for each two that have
//!   something to say. A message a step and such pair, two copies by the kernel, and a wake-up where somebody waits; nobody
//!   waits for whom it does not need.
//! - `shared-memory`: edges of fixed size lie in a region that all see, with a barrier after each step. No edge is copied
//!   to be sent, but all wait for the slowest, and sleeping and waking cost what they cost on a channel.
//!
//! The last row is the answer, and the parent has it before the clock stops.

#[cfg(target_os = "linux")]
mod barrier;
mod exchange;
mod messages;

use patterns::map_reduce::block;
use patterns::probe::Observed;
use patterns::task_graph::done;
use patterns::{Demand, Done, Error, Probe, RunsTaskGraph, Strategies, Strategy, TaskGraph, Units};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Processes;
use crate::link::Link;

impl RunsTaskGraph for Processes {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(
            Strategy::idiomatic("messages", Demand::SHIPPED, messages::run::<W, P>).with_worker(messages::work::<W>),
        )
        .and(shared_memory::<W, P>())
    }
}

#[cfg(target_os = "linux")]
fn shared_memory<W: TaskGraph, P: Probe>() -> Strategy<W, Vec<W::Edge>> {
    Strategy::idiomatic("shared-memory", Demand::MAPPED, barrier::run::<W, P>)
        .with_worker(barrier::work::<W>)
        .needs(&W::FIXED)
}

#[cfg(not(target_os = "linux"))]
fn shared_memory<W: TaskGraph, P: Probe>() -> Strategy<W, Vec<W::Edge>> {
    Strategy::not_applicable("shared-memory", "this system has no futex that processes can share")
}

/// What a worker answers at the end of a round.
#[derive(Serialize, Deserialize)]
struct Part<E> {
    executed: u64,
    /// Its block of the last row, where that is not in shared memory.
    last: Vec<E>,
    /// What it sent to its siblings.
    messages: u64,
    bytes: u64,
}

/// The answer of a worker, and its size.
type Answer<E> = (Part<E>, u64);

/// Starts all workers and waits for them, in order: nobody waits for the parent meanwhile.
fn round<E: DeserializeOwned>(links: &mut [Link]) -> Result<Vec<Answer<E>>, Error> {
    for link in links.iter_mut() {
        link.send(&[]).map_err(|broken| link.explain(broken))?;
    }
    links.iter_mut().map(Link::hear).collect()
}

/// The answers of all workers, in order; each is a message, and so is the word to begin.
fn collected<E, P: Probe>(parts: Vec<Answer<E>>) -> Done<Vec<E>> {
    let mut units = Units { processes: parts.len() as u64, ..Units::default() };
    let (mut row, mut executed, mut observed) = (Vec::new(), 0, Observed::default());
    for (part, size) in parts {
        units.messages += 2 + part.messages;
        units.bytes_shipped += size + part.bytes;
        executed += part.executed;
        observed.absorb(P::default().observed(part.executed));
        row.extend(part.last);
    }
    done(row, executed, units, observed)
}

/// The points of worker `me`.
fn own<W: TaskGraph>(workload: &W, me: usize, workers: usize) -> std::ops::Range<usize> {
    block(workload.width(), me, workers)
}
