//! A task of a graph that wants the input beside its edges.

use patterns::{TaskGraph, Workload, Wrong};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Row;

impl Workload for Row {
    const ID: &'static str = "row";
    type Input = Vec<u64>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<u64> {
        (0..100).collect()
    }
}

impl TaskGraph for Row {
    type Edge = u64;
    fn width(&self) -> usize {
        100
    }
    fn steps(&self) -> usize {
        1
    }
    fn needs(&self, _step: usize, _point: usize, _out: &mut Vec<usize>) {}
    fn execute(&self, input: &Vec<u64>, _step: usize, point: usize, _inputs: &[&u64]) -> u64 {
        input[point]
    }
    fn verify(&self, _: &Vec<u64>, _: &[u64]) -> Result<(), Wrong> {
        Ok(())
    }
}

fn main() {}
