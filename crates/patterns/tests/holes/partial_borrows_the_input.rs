//! A partial that keeps what a task borrowed: no message could bring it back.

use std::ops::Range;

use patterns::{MapReduce, Workload, Wrong};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Longest;

impl Workload for Longest {
    const ID: &'static str = "longest";
    type Input = Vec<String>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<String> {
        vec![String::from("an"), String::from("example")]
    }
}

impl MapReduce for Longest {
    type Task<'i> = &'i str;
    type Partial = &'static str;
    fn tasks(&self, input: &Vec<String>) -> usize {
        input.len()
    }
    fn empty(&self) -> &'static str {
        ""
    }
    fn task<'i>(&self, input: &'i Vec<String>, index: usize) -> &'i str {
        &input[index]
    }
    fn items(&self, _: &&str) -> usize {
        1
    }
    fn map(&self, task: &&str, _: Range<usize>, into: &mut &'static str) {
        if task.len() > into.len() {
            *into = task;
        }
    }
    fn merge(&self, into: &mut &'static str, other: &'static str) {
        if other.len() > into.len() {
            *into = other;
        }
    }
    fn verify(&self, _: &Vec<String>, _: &&'static str) -> Result<(), Wrong> {
        Ok(())
    }
}

fn main() {}
