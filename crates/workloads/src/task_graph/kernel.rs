//! What a task does.

use std::cell::RefCell;
use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::seeded::mix;

/// What a task does with its iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kernel {
    /// Nothing: what is left is the model's.
    Empty,
    /// The integer kernel of `grain`: an iteration is one SplitMix64 step, about a nanosecond.
    Compute,
    /// Reads and writes a line of memory an iteration, round and round in the working set of its thread. It goes on where
    /// the task before has stopped, so that the working set stays the same however short the tasks are.
    Memory,
    /// `compute` with lengths drawn from 0 to twice the iterations, by the task's place.
    Imbalance,
}

/// Bytes of a line.
pub(super) const LINE: u64 = 64;

/// The working set of a thread, and where the next task goes on.
#[derive(Default)]
struct Lines {
    lines: Vec<[u64; LINE as usize / size_of::<u64>()]>,
    next: usize,
}

thread_local! {
    static LINES: RefCell<Lines> = RefCell::default();
}

impl Kernel {
    /// The words a knob of this takes.
    pub const WORDS: &'static [&'static str] = &["empty", "compute", "memory", "imbalance"];

    /// Iterations of the task with this place.
    #[inline]
    pub(super) fn length(self, iterations: u64, place: u64) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Compute | Self::Memory => iterations,
            Self::Imbalance => ((mix(!place) >> 32) * (2 * iterations + 1)) >> 32,
        }
    }

    /// Runs it; the iterations it has counted.
    #[inline]
    pub(super) fn run(self, iterations: u64, place: u64, working_set: u64) -> u64 {
        let length = self.length(iterations, place);
        match self {
            Self::Empty => 0,
            Self::Compute | Self::Imbalance => steps(length, place << 20),
            Self::Memory => LINES.with_borrow_mut(|lines| lines.touch(length, working_set)),
        }
    }
}

#[inline(never)]
fn steps(length: u64, base: u64) -> u64 {
    let (mut done, mut sum) = (0, 0_u64);
    for step in 0..length {
        sum = sum.wrapping_add(mix(black_box(base + step)));
        done += 1;
    }
    black_box(sum);
    done
}

impl Lines {
    #[inline(never)]
    fn touch(&mut self, length: u64, working_set: u64) -> u64 {
        let size = (working_set / LINE).max(1) as usize;
        if self.lines.len() != size {
            *self = Self { lines: vec![[0; 8]; size], next: 0 };
        }
        let mut done = 0;
        for _ in 0..length {
            let line = &mut self.lines[self.next];
            line.iter_mut().for_each(|word| *word = word.wrapping_add(1));
            black_box(line);
            self.next = if self.next + 1 == size { 0 } else { self.next + 1 };
            done += 1;
        }
        done
    }
}
