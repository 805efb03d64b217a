//! A strategy that cannot be expressed, and yet has something to run.

use std::sync::Arc;

use patterns::{Error, Job, MapReduce, Measure, Probe, RunsMapReduce, Start, Strategies, Strategy};

struct Torn;

impl RunsMapReduce for Torn {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::not_applicable("pool", "there is none", pool::<W>))
    }
}

fn pool<W: MapReduce>(_: &Start, _: &Arc<Job<W>>, _: &mut Measure<'_, W::Partial>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
