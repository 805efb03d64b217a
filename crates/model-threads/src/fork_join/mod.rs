//! Fork-join on threads that borrow the input: one file a strategy.
//!
//! - `depth-limited`: a thread for every right half down to as many threads as there are workers, started every round; below
//!   that each goes on alone. Tens of microseconds a thread; uneven halves leave threads idle.
//! - `stealing`: warm threads with a deque each. A half that nobody took is popped again by whoever pushed it; one that was
//!   stolen is waited for while helping others. Balances; tens of nanoseconds where a half is offered.

mod depth_limited;
mod stealing;

use patterns::{Demand, ForkJoin, Probe, RunsForkJoin, Strategies, Strategy};

use crate::Threads;

impl RunsForkJoin for Threads {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(
            Strategy::idiomatic("depth-limited", Demand::BORROWED, depth_limited::run::<W, P>).mind(
                "starting threads costs tens of microseconds: a tree that takes less is slower than on one thread",
            ),
        )
        .and(
            Strategy::idiomatic("stealing", Demand::BORROWED, stealing::run::<W, P>).mind(
                "waking the others costs tens of microseconds: a tree that takes less is slower than on one thread",
            ),
        )
    }
}
