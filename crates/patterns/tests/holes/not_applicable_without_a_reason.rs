//! A strategy that cannot be expressed, without a reason.

use patterns::{MapReduce, Probe, RunsMapReduce, Strategies, Strategy};

struct Terse;

impl RunsMapReduce for Terse {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::not_applicable("pool"))
    }
}

fn main() {}
