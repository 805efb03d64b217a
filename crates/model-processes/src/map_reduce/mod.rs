//! Map-reduce on warm worker processes: tasks travel, shares travel back.
//!
//! - `pool`: one task a message, up to 16 messages on their way to a worker. Balances; a message a task.
//! - `pool-batched`: up to 64 tasks a message, two messages on their way. A sixteenth of the messages and less.
//!
//! Window and batch shrink towards the end (guided: what is left over twice the workers), or one worker would sit on
//! the last tasks while the others idle. A worker that is killed costs its window, which others take at once.

mod board;
mod driver;
mod pool;

use patterns::{Demand, MapReduce, Probe, RunsMapReduce, Strategies, Strategy};

use crate::Processes;

impl RunsMapReduce for Processes {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("pool", Demand::SHIPPED, pool::single::<W, P>).with_worker(pool::work::<W>))
            .and(
                Strategy::idiomatic("pool-batched", Demand::SHIPPED, pool::batched::<W, P>)
                    .with_worker(pool::work::<W>),
            )
    }
}
