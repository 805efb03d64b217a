//! A strategy that is said to be idiomatic, with nothing to run.

use patterns::{Demand, MapReduce, Probe, RunsMapReduce, Strategies, Strategy};

struct Empty;

impl RunsMapReduce for Empty {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::idiomatic("pool", Demand::SHIPPED))
    }
}

fn main() {}
