//! A list of strategies that goes around `Strategies::of`, empty.

use patterns::{MapReduce, Probe, RunsMapReduce, Strategies};

struct Mute;

impl RunsMapReduce for Mute {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies(Vec::new())
    }
}

fn main() {}
