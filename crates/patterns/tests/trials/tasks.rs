//! Tasks that add up their indices; two of them may panic.

use std::ops::Range;

use patterns::{MapReduce, Workload, Wrong};
use serde::{Deserialize, Serialize};

pub(super) const TASKS: usize = 1000;
pub(super) const SUM: usize = TASKS * (TASKS - 1) / 2;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tasks {
    pub(super) faulty: bool,
}

impl Workload for Tasks {
    const ID: &'static str = "tasks";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl MapReduce for Tasks {
    type Task<'i> = usize;
    type Partial = usize;

    fn tasks(&self, (): &()) -> usize {
        TASKS
    }
    fn empty(&self) -> usize {
        0
    }
    fn task(&self, (): &(), index: usize) -> usize {
        index
    }
    fn items(&self, _: &usize) -> usize {
        1
    }
    fn map(&self, task: &usize, _: Range<usize>, into: &mut usize) {
        // One in each half, so that two workers panic where there are two.
        assert!(!self.faulty || task % (TASKS / 2) != 100, "as told");
        *into += task;
    }
    fn merge(&self, into: &mut usize, other: usize) {
        *into += other;
    }
    fn verify(&self, (): &(), answer: &usize) -> Result<(), Wrong> {
        if *answer == SUM { Ok(()) } else { Err(format!("{answer}, not {SUM}").into()) }
    }
}
