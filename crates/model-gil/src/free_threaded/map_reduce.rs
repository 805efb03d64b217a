//! Map-reduce without the lock: threads, and nothing else.

use patterns::{MapReduce, Probe, RunsMapReduce, Strategies, Strategy};

use super::FreeThreaded;

impl RunsMapReduce for FreeThreaded {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "tasks share no object, so that none of its locks is taken: it would be threads/self-scheduling again",
        ))
    }
}
