//! A worker process that captures what its parent holds: a fork would let it, a message does not.

use std::ops::Range;
use std::sync::Arc;

use patterns::{Demand, Error, Job, MapReduce, Measure, Start, Strategy, Workload, Wrong};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Sum;

impl Workload for Sum {
    const ID: &'static str = "sum";
    type Input = Vec<u64>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<u64> {
        (0..100).collect()
    }
}

impl MapReduce for Sum {
    type Task<'i> = Range<u64>;
    type Partial = u64;
    fn tasks(&self, _: &Vec<u64>) -> usize {
        10
    }
    fn empty(&self) -> u64 {
        0
    }
    fn task<'i>(&self, _: &'i Vec<u64>, index: usize) -> Range<u64> {
        let from = 10 * index as u64;
        from..from + 10
    }
    fn items(&self, _: &Range<u64>) -> usize {
        10
    }
    fn map(&self, task: &Range<u64>, items: Range<usize>, into: &mut u64) {
        *into += items.map(|i| task.start + i as u64).sum::<u64>();
    }
    fn merge(&self, into: &mut u64, other: u64) {
        *into += other;
    }
    fn verify(&self, _: &Vec<u64>, _: &u64) -> Result<(), Wrong> {
        Ok(())
    }
}

fn pool(_: &Start, _: &Arc<Job<Sum>>, _: &mut Measure<'_, u64>) -> Result<(), Error> {
    Ok(())
}

fn main() {
    let input = Sum.input(42, 1);
    let worker = move |_: &str| if input.is_empty() { Err(Error::other("nothing to do")) } else { Ok(()) };
    let _ = Strategy::idiomatic("pool", Demand::SHIPPED, pool).with_worker(worker);
}
