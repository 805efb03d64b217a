//! `Grid`: a graph in which every point needs itself, its mirror image and a neighbour, and looks whether that is what came;
//! a task takes a nap, edges are of any size, and one task may go wrong.

use patterns::task_graph::Fixed;
use patterns::{Form, TaskGraph, Workload, Wrong};
use serde::{Deserialize, Serialize};

use super::{Mishap, nap};

/// `width` by `steps` naps of `nap_us`, with edges of `edge_words` and two.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Grid {
    width: usize,
    steps: usize,
    nap_us: u64,
    edge_words: usize,
    mishap: Mishap,
}

impl Workload for Grid {
    const ID: &'static str = "grid";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl TaskGraph for Grid {
    /// Step, point, and luggage.
    type Edge = Vec<u64>;

    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        words: |grid| grid.edge_words + 2,
        pack: |_, edge, words| words.copy_from_slice(edge),
        unpack: |_, words| words.to_vec(),
    });

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
    fn execute(&self, step: usize, point: usize, inputs: &[&Vec<u64>]) -> Vec<u64> {
        nap(self.nap_us);
        if (step, point) == (self.steps / 2, self.width - 1) {
            self.mishap.happens();
        }
        let mut needs = Vec::new();
        self.needs(step, point, &mut needs);
        let came: Vec<usize> = inputs.iter().map(|edge| edge[1] as usize).collect();
        assert_eq!(came, needs, "step {step}, point {point}");
        for edge in inputs {
            assert_eq!(edge[0] as usize + 1, step, "an edge of another step at point {point}");
            assert!(edge[2..].iter().all(|word| *word == edge[0] ^ edge[1]), "the luggage is somebody else's");
        }
        let (step, point) = (step as u64, point as u64);
        [step, point].into_iter().chain((0..self.edge_words).map(|_| step ^ point)).collect()
    }
    fn verify(&self, (): &(), last: &[Vec<u64>]) -> Result<(), Wrong> {
        let width = if self.steps == 0 { 0 } else { self.width };
        let right = (0..width).map(|point| [self.steps as u64 - 1, point as u64]);
        if last.iter().map(|edge| [edge[0], edge[1]]).eq(right) { Ok(()) } else { Err("not the last row".into()) }
    }
}
