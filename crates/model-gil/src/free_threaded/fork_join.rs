//! Fork-join without the lock: threads, and nothing else.

use patterns::{ForkJoin, Probe, RunsForkJoin, Strategies, Strategy};

use super::FreeThreaded;

impl RunsForkJoin for FreeThreaded {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "branches share no object, so that none of its locks is taken: it would be threads/depth-limited again",
        ))
    }
}
