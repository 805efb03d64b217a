//! Task graph on warm threads, each of which owns a block of points: one file a strategy.
//!
//! - `barrier`: all write a row and read the one before, with a barrier after each step. A wake-up a step and thread, however
//!   few edges cross between blocks.
//! - `channels`: a channel between every two threads; after a step each sends the others the edges that they need, and goes
//!   on as soon as it has its own. A message a step and neighbour; nobody waits for whom it does not need.

mod barrier;
mod channels;

use patterns::{Demand, Probe, RunsTaskGraph, Strategies, Strategy, TaskGraph};

use crate::Threads;

impl RunsTaskGraph for Threads {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("barrier", Demand::BORROWED, barrier::run::<W, P>)).and(Strategy::idiomatic(
            "channels",
            COPIED,
            channels::run::<W, P>,
        ))
    }
}

/// An edge stays in its block when it is sent.
const COPIED: &[Demand] = &[Demand::Send, Demand::Sync, Demand::Clone];
