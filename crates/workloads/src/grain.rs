//! `grain`: independent tasks of a calibrated integer kernel; the instrument for the cost of handing out work.

use std::hint::black_box;
use std::ops::Range;

use patterns::{Domain, Knob, MapReduce, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::mix;

/// N tasks of so many iterations. An iteration is one SplitMix64 step, about a nanosecond.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Grain {
    /// Number of tasks; none: as many as make 2^23 iterations in all, 16 to 65,536.
    pub tasks: Option<u64>,
    /// Iterations of the kernel in a task, on average.
    pub iterations: u64,
    /// 0: all tasks alike; 1: from none to twice the average, growing with the index.
    pub imbalance: f64,
}

impl Default for Grain {
    fn default() -> Self {
        Self { tasks: None, iterations: 1_024, imbalance: 0.0 }
    }
}

/// One task: which, and how long.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Grains {
    index: u64,
    iterations: u64,
}

/// What tasks leave behind: how many began, and the sum of all steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Iterations that were executed.
    pub iterations: u64,
    /// Sum of the indices of the tasks, each once.
    pub indices: u64,
    /// Wrapping sum of all steps, black-boxed: what makes the kernel real.
    pub sum: u64,
}

/// Iterations that `auto` aims at, in all.
const TOTAL: u64 = 1 << 23;

impl Grain {
    fn count(&self) -> u64 {
        self.tasks.unwrap_or_else(|| (TOTAL / self.iterations.max(1)).clamp(16, 1 << 16))
    }

    fn iterations(&self, index: u64) -> u64 {
        if self.imbalance == 0.0 || self.count() < 2 {
            return self.iterations;
        }
        let place = 2.0 * index as f64 / (self.count() - 1) as f64 - 1.0;
        (self.iterations as f64 * (1.0 + self.imbalance * place)).round() as u64
    }
}

impl Workload for Grain {
    const ID: &'static str = "grain";
    const ABOUT: &'static str = "independent tasks of a calibrated integer kernel: what handing out work costs";
    const KNOBS: &'static [Knob] = &[
        Knob {
            id: "tasks",
            domain: Domain::Auto { min: 0, max: 1 << 24 },
            about: "number of tasks; auto: as many as make 2^23 iterations in all, 16 to 65536",
        },
        Knob {
            id: "iterations",
            domain: Domain::Integer { min: 1, max: 1 << 20 },
            about: "steps of the kernel in a task, about 1 ns each",
        },
        Knob {
            id: "imbalance",
            domain: Domain::Real { min: 0.0, max: 1.0 },
            about: "0: tasks alike; 1: from none to twice the average",
        },
    ];
    const GRANULARITY: Option<&'static str> = Some("iterations");
    const PRESETS: &'static [Preset] = &[Preset { id: "fine", knobs: &[("tasks", "1048576"), ("iterations", "16")] }];
    type Input = ();

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { tasks: Some(100), iterations: 16, imbalance: 0.0 },
            Size::Default => Self::default(),
            Size::Large => Self { tasks: Some(1 << 18), ..Self::default() },
        }
    }

    fn input(&self, _seed: u64, _clients: usize) {}
}

impl MapReduce for Grain {
    type Task<'i> = Grains;
    type Partial = Digest;

    fn tasks(&self, (): &()) -> usize {
        self.count() as usize
    }

    fn empty(&self) -> Digest {
        Digest::default()
    }

    #[inline]
    fn task(&self, (): &(), index: usize) -> Grains {
        Grains { index: index as u64, iterations: self.iterations(index as u64) }
    }

    #[inline]
    fn items(&self, task: &Grains) -> usize {
        task.iterations as usize
    }

    #[inline(never)]
    fn map(&self, task: &Grains, items: Range<usize>, into: &mut Digest) {
        if items.start == 0 {
            into.indices += task.index;
        }
        into.iterations += items.len() as u64;
        let base = task.index << 32;
        for item in items {
            into.sum = into.sum.wrapping_add(mix(black_box(base + item as u64)));
        }
    }

    fn merge(&self, into: &mut Digest, other: Digest) {
        into.iterations += other.iterations;
        into.indices += other.indices;
        into.sum = into.sum.wrapping_add(other.sum);
    }

    fn verify(&self, (): &(), answer: &Digest) -> Result<(), Wrong> {
        // Closed forms: every task once, every iteration once. The sum is compared between contenders by its digest.
        let iterations: u64 = match self.imbalance {
            0.0 => self.count() * self.iterations,
            _ => (0..self.count()).map(|index| self.iterations(index)).sum(),
        };
        let indices = self.count() * self.count().saturating_sub(1) / 2;
        if (answer.iterations, answer.indices) == (iterations, indices) {
            return Ok(());
        }
        Err(format!("{answer:?}: expected {iterations} iterations of tasks that sum to {indices}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_cut_anywhere_is_the_same_work() {
        let grain = Grain::default();
        let task = Grains { index: 3, iterations: 10 };
        let mut whole = Digest::default();
        grain.map(&task, 0..10, &mut whole);
        for cut in 0..=10 {
            let mut parts = Digest::default();
            if cut > 0 {
                grain.map(&task, 0..cut, &mut parts);
            }
            grain.map(&task, cut..10, &mut parts);
            // A cut at 0 maps the empty part only once: the first item is what marks a task as begun.
            assert_eq!(parts, whole, "cut at {cut}");
        }
    }

    #[test]
    fn imbalance_keeps_the_average() {
        for imbalance in [0.0, 0.3, 1.0] {
            let grain = Grain { tasks: Some(101), iterations: 100, imbalance };
            assert_eq!((0..101).map(|index| grain.iterations(index)).sum::<u64>(), 10_100);
        }
        assert_eq!(Grain { tasks: Some(101), iterations: 100, imbalance: 1.0 }.iterations(0), 0);
    }

    #[test]
    fn tasks_left_to_the_workload_keep_the_work_about_the_same() {
        let tasks = |iterations| Grain { iterations, ..Grain::default() }.tasks(&());
        assert_eq!([1, 128, 1_024, 1 << 20].map(tasks), [65_536, 65_536, 8_192, 16]);
        assert_eq!(Grain { tasks: Some(0), ..Grain::default() }.tasks(&()), 0);
    }
}
