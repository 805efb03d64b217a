//! A model that answers with an empty list.

use patterns::{MapReduce, Probe, RunsMapReduce, Strategies};

struct Mute;

impl RunsMapReduce for Mute {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of()
    }
}

fn main() {}
