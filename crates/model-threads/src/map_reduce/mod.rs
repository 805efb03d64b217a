//! Map-reduce on threads that borrow the input: one file a strategy.
//!
//! - `static`: warm threads, one block of consecutive tasks each. No cost a task; uneven tasks leave threads idle.
//! - `scope`: the same blocks on threads started every round (`std::thread::scope`), as a program without a pool does.
//! - `self-scheduling`: warm threads take the next index from one atomic counter. Balances; a shared cache line a task.
//! - `queue`: warm threads take indices from a crossbeam channel. Balances; a channel operation a task.
//! - `stealing`: warm threads with a deque each, filled from one injector and from each other. Balances; most tasks cost
//!   an operation on a deque of one's own.
//! - `spawn`: a thread a task, against the grain. Balances; tens of microseconds a task.

mod queue;
mod scope;
mod self_scheduling;
mod spawn;
mod r#static;
mod stealing;

use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::{Demand, MapReduce, Probe, RunsMapReduce, Strategies, Strategy, Units};

use crate::Threads;

impl RunsMapReduce for Threads {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        let slow = "starting a thread costs tens of microseconds, so that a task must be far longer than that";
        Strategies::of(Strategy::idiomatic("static", Demand::BORROWED, r#static::run::<W, P>))
            .and(Strategy::idiomatic("scope", Demand::BORROWED, scope::run::<W, P>))
            .and(Strategy::idiomatic("self-scheduling", Demand::BORROWED, self_scheduling::run::<W, P>))
            .and(Strategy::idiomatic("queue", Demand::BORROWED, queue::run::<W, P>))
            .and(Strategy::idiomatic("stealing", Demand::BORROWED, stealing::run::<W, P>))
            .and(Strategy::against_the_grain("spawn", Demand::BORROWED, slow, spawn::run::<W, P>))
    }
}

fn combine<W: MapReduce, P: Probe>(workload: &W, shares: Vec<Share<W>>) -> (Share<W>, Observed) {
    let mut observed = Observed::default();
    shares.iter().for_each(|share| observed.absorb(P::default().observed(share.tasks())));
    (Share::combine(workload, shares), observed)
}

fn units(workers: usize) -> Units {
    Units { threads: workers as u64, ..Units::default() }
}
