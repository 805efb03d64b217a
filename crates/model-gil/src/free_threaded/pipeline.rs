//! Pipelines without the lock: threads, and nothing else.

use patterns::{Pipeline, Probe, RunsPipeline, Strategies, Strategy};

use super::FreeThreaded;

impl RunsPipeline for FreeThreaded {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        Strategies::of(Strategy::not_applicable(
            "threads",
            "stages share nothing but the queues between them: it would be threads/bounded again",
        ))
    }
}
