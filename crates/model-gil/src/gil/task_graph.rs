//! Task graphs under the lock: one point at a time.

use patterns::{Probe, RunsTaskGraph, Strategies, Strategy, TaskGraph};

use super::Gil;

impl RunsTaskGraph for Gil {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "one point runs at a time: the sequential steps and hand-overs, which map-reduce under the lock measures",
        ))
    }
}
