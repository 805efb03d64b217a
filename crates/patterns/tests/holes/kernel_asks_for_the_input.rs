//! A kernel that wants the input beside its task.

use std::ops::Range;

use patterns::{MapReduce, Workload, Wrong};
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
    fn map(&self, input: &Vec<u64>, task: &Range<u64>, items: Range<usize>, into: &mut u64) {
        *into += items.map(|i| input[task.start as usize + i]).sum::<u64>();
    }
    fn merge(&self, into: &mut u64, other: u64) {
        *into += other;
    }
    fn verify(&self, _: &Vec<u64>, _: &u64) -> Result<(), Wrong> {
        Ok(())
    }
}

fn main() {}
