//! Task graphs without the lock: threads, and nothing else.

use patterns::{Probe, RunsTaskGraph, Strategies, Strategy, TaskGraph};

use super::FreeThreaded;

impl RunsTaskGraph for FreeThreaded {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "points share no object that two write, so that none of its locks is waited for: it would be threads/barrier again",
        ))
    }
}
