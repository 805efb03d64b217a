//! Pipeline on warm worker processes: one a stage; the parent is the source and the sink, a thread for each. Items travel
//! from stage to stage over edges that the parent made, and never through the parent.
//!
//! - `ipc`: an ipc-channel of bytes an edge; a stage serializes its result and writes it there. Two copies by the kernel and
//!   a system call on each side an item and edge. An edge holds what a socket holds (hundreds of small items, a few large
//!   ones), whatever the capacity says.
//! - `ipc-feeder`: as a queue of Python's multiprocessing: a stage puts its result into a buffer, up to the capacity, and a
//!   thread serializes and writes it. Putting does not wait for the next stage while there is room; an item is one more
//!   hop between threads. Beside the buffer an edge holds what a socket holds.
//! - `shared-memory`: a ring of bytes in a region an edge, with futexes for whoever finds it full or empty. Items are
//!   serialized into it and out of it, no system call where nobody waits. An edge holds what the capacity says, and no
//!   more than the ring's 256 KiB: an item that is larger goes in pieces.
//!
//! Memory is bounded in all of them: a stage takes an item when it has handed on the one before, and whoever is ahead waits
//! for room. No edge is a rendezvous: that the next stage has taken an item is nothing that a channel tells.
//!
//! A ring of stages has an edge back from the last to the first, of its own, so that every edge has one sender. In a round
//! the first stage takes all of the source's items first, as they come, and then what comes back. It is never in the way:
//! there are fewer items than stages, so not all stages can have their hands full.

mod edge;
mod outlet;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
mod rings;
mod rounds;
mod stage;

use edge::Channels;
use outlet::{Direct, Feeder};
use patterns::{Demand, Pipeline, Probe, RunsPipeline, Strategies, Strategy};
use serde::{Deserialize, Serialize};

use crate::Processes;

impl RunsPipeline for Processes {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        let without_room = |workload: &W| (workload.capacity() == 0).then_some(ROOM);
        Strategies::of(
            Strategy::idiomatic("ipc", Demand::SHIPPED, rounds::run::<W, P, Channels, Direct<_>>)
                .with_worker(stage::work::<W, Channels, Direct<_>>)
                .unless(without_room),
        )
        .and(
            Strategy::idiomatic("ipc-feeder", FED, rounds::run::<W, P, Channels, Feeder<_, _>>)
                .with_worker(stage::work::<W, Channels, Feeder<_, _>>)
                .unless(without_room),
        )
        .and(shared_memory::<W, P>().unless(without_room))
    }
}

#[cfg(target_os = "linux")]
fn shared_memory<W: Pipeline, P: Probe>() -> Strategy<W, W::Sink> {
    use rings::Rings;
    Strategy::idiomatic("shared-memory", Demand::MAPPED, rounds::run::<W, P, Rings, Direct<_>>)
        .with_worker(stage::work::<W, Rings, Direct<_>>)
}

#[cfg(not(target_os = "linux"))]
fn shared_memory<W: Pipeline, P: Probe>() -> Strategy<W, W::Sink> {
    Strategy::not_applicable("shared-memory", "this system has no futex that processes can share")
}

const ROOM: &str = "a channel between processes always has room: there is no rendezvous";

/// An item moves to the thread that serializes it.
const FED: &[Demand] = &[Demand::Send, Demand::Serialize];

/// What travels along an edge.
#[derive(Serialize, Deserialize)]
enum Passing<I> {
    /// An item; how many laps it has behind it, and how many more the source will send after it.
    Item { laps: usize, rest: usize, item: I },
    /// After a round, for the sink: what each unit did, from the source on. A unit adds itself.
    Count(Vec<Tally>),
}

/// What a unit did in a round.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Tally {
    executed: u64,
    messages: u64,
    bytes: u64,
}
