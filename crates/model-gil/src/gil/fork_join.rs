//! Fork-join under the lock: one branch at a time.

use patterns::{ForkJoin, Probe, RunsForkJoin, Strategies, Strategy};

use super::Gil;

impl RunsForkJoin for Gil {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "one branch runs at a time: the sequential tree and hand-overs, which map-reduce under the lock measures",
        ))
    }
}
