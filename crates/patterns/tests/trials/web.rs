//! A graph in which every point needs itself, its mirror image and a neighbour; two tasks may panic.

use patterns::{TaskGraph, Workload, Wrong};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Web {
    pub(super) width: usize,
    pub(super) steps: usize,
    pub(super) faulty: bool,
}

impl Workload for Web {
    const ID: &'static str = "web";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl TaskGraph for Web {
    type Edge = (usize, usize, u64);

    fn width(&self) -> usize {
        self.width
    }
    fn steps(&self) -> usize {
        self.steps
    }
    fn needs(&self, step: usize, point: usize, out: &mut Vec<usize>) {
        if step > 0 {
            out.extend([point, self.width - 1 - point, point.saturating_sub(1)]);
            out.sort_unstable();
            out.dedup();
        }
    }
    fn execute(&self, step: usize, point: usize, inputs: &[&(usize, usize, u64)]) -> (usize, usize, u64) {
        // One in each half, so that two workers panic where there are two.
        assert!(!self.faulty || step != self.steps / 2 || !point.is_multiple_of(self.width / 2), "as told");
        let mut needs = Vec::new();
        self.needs(step, point, &mut needs);
        let came: Vec<usize> = inputs.iter().map(|(_, point, _)| *point).collect();
        assert_eq!(came, needs, "step {step}, point {point}");
        assert!(inputs.iter().all(|(made, _, _)| made + 1 == step), "step {step}, point {point}: {inputs:?}");
        let sum = inputs.iter().fold(point as u64, |sum, (_, _, value)| sum.wrapping_mul(31).wrapping_add(*value));
        (step, point, sum)
    }
    fn verify(&self, (): &(), _: &[(usize, usize, u64)]) -> Result<(), Wrong> {
        Ok(())
    }
}
