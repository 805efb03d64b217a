//! A model that says nothing about shared state.

use patterns::{MapReduce, Model, Probe, RunsMapReduce, Strategies, Strategy};

struct Forgetful;

impl Model for Forgetful {
    const ID: &'static str = "forgetful";
    const ABOUT: &'static str = "an example";
}

impl RunsMapReduce for Forgetful {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::not_applicable("plain", "an example"))
    }
}

fn main() {}
