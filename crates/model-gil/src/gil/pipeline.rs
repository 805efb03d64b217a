//! Pipelines under the lock: one stage at a time.

use patterns::{Pipeline, Probe, RunsPipeline, Strategies, Strategy};

use super::Gil;

impl RunsPipeline for Gil {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "one stage runs at a time: the sequential loop and hand-overs, which map-reduce under the lock measures",
        ))
    }
}
