//! A model that says nothing about map-reduce.

use patterns::shared_state::Answer;
use patterns::{Model, Probe, RunsSharedState, SharedState, Strategies, Strategy};

struct Forgetful;

impl Model for Forgetful {
    const ID: &'static str = "forgetful";
    const ABOUT: &'static str = "an example";
}

impl RunsSharedState for Forgetful {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::not_applicable("plain", "an example"))
    }
}

fn main() {}
