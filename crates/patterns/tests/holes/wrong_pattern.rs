//! A workload of shared state, registered as map-reduce.

use patterns::shared_state::{Access, Answer, Counters, Entry, Uses};
use patterns::{
    Form, MapReduce, Probe, RunsMapReduce, SharedState, Silent, Strategies, Strategy, Workload, Wrong, cell,
};
use serde::{Deserialize, Serialize};

struct Toy;

impl RunsMapReduce for Toy {
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial> {
        Strategies::of(Strategy::not_applicable("plain", "an example"))
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Counter;

impl Workload for Counter {
    const ID: &'static str = "counter";
    type Input = ();
    fn input(&self, _seed: u64, _clients: usize) {}
}

impl SharedState for Counter {
    type Key = u64;
    type Value = u64;
    type Op = u64;
    type Reply = ();
    type Tally = ();
    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("an example");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("an example");
    fn initial(&self, _: &()) -> Vec<(u64, u64)> {
        Vec::new()
    }
    fn script<'i>(&self, _: &'i (), _client: usize) -> &'i [u64] {
        &[]
    }
    fn access(&self, op: &u64) -> Access<u64> {
        Access::Write(*op)
    }
    fn read(&self, _: &u64, _: Option<&u64>) {}
    fn write(&self, _: &u64, _: impl Entry<u64>) {}
    fn verify(&self, _: &(), _: &Answer<Self>) -> Result<(), Wrong> {
        Ok(())
    }
}

fn main() {
    cell::map_reduce("toy", Toy::map_reduce::<Counter, Silent>());
}
