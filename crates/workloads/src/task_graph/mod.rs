//! `task-graph`: a grid of tasks, points by time steps, each after those of the step before that it needs.

mod dependence;
mod kernel;

use patterns::task_graph::Fixed;
use patterns::{Domain, Form, Knob, Preset, Size, TaskGraph, Workload, Wrong};
use serde::{Deserialize, Serialize};

pub use self::dependence::Dependence;
pub use self::kernel::Kernel;
use crate::seeded::mix;

/// Width x steps tasks with dependencies and a kernel, after Task Bench (Slaughter et al.: Task Bench: A Parameterized
/// Benchmark for Evaluating Parallel Runtime Performance, SC 2020).
///
/// A task leaves an edge to each that needs it: its place, a value that depends on all that came before it, and a
/// payload. The value is a chain of the inputs' values, the task's place and the number of iterations that its kernel has
/// counted, and not of the kernel's own sum, which is only black-boxed: so the oracle can go through the whole graph
/// without doing the work of it, once a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Grid {
    /// Which points of the step before a task needs.
    pub dependence: Dependence,
    /// Points that `nearest` needs, and that `random` draws from.
    pub radius: u64,
    /// The share of them that `random` needs.
    pub fraction: f64,
    /// Points.
    pub width: u64,
    /// Time steps; none: as many as make 2^23 iterations in all, 4 to 1024.
    pub steps: Option<u64>,
    /// What a task does.
    pub kernel: Kernel,
    /// Steps of the kernel in a task, on average.
    pub iterations: u64,
    /// Payload of an edge beside its place and value, bytes: whole words. Those two are always there: they are the 16
    /// bytes that an edge of Task Bench has at least, so the default is 0 and nothing is allocated.
    pub bytes: u64,
    /// Memory that the kernel `memory` goes round in, bytes, a thread: whole lines.
    pub working_set: u64,
}

impl Default for Grid {
    fn default() -> Self {
        Self {
            dependence: Dependence::Stencil,
            radius: 5,
            fraction: 0.25,
            width: 64,
            steps: None,
            kernel: Kernel::Compute,
            iterations: 512,
            bytes: 0,
            working_set: 64 << 10,
        }
    }
}

/// Iterations that `auto` aims at, in all.
const TOTAL: u64 = 1 << 23;
const WORD: u64 = size_of::<u64>() as u64;

/// What a task leaves to those that need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    step: u32,
    point: u32,
    value: u64,
    #[serde(with = "crate::words")]
    payload: Vec<u64>,
}

/// One number for each place in the grid.
#[inline]
fn place(step: usize, point: usize) -> u64 {
    (step as u64) << 32 | point as u64
}

/// A value that depends on its inputs' values and on their order.
#[inline]
fn chained(value: u64, input: u64) -> u64 {
    (value.rotate_left(5) ^ input).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Workload for Grid {
    const ID: &'static str = "task-graph";
    const ABOUT: &'static str = "a grid of tasks with dependencies from step to step: what waiting for inputs costs";
    const KNOBS: &'static [Knob] = &[
        Knob {
            id: "dependence",
            domain: Domain::OneOf(Dependence::WORDS),
            about: "which points of the step before a task needs",
        },
        Knob {
            id: "radius",
            domain: Domain::Integer { min: 1, max: 4_096 },
            about: "points that `nearest` needs, and `random` draws from",
        },
        Knob { id: "fraction", domain: Domain::Real { min: 0.0, max: 1.0 }, about: "share of them `random` needs" },
        Knob { id: "width", domain: Domain::Integer { min: 1, max: 4_096 }, about: "points" },
        Knob {
            id: "steps",
            domain: Domain::Auto { min: 1, max: 1 << 16 },
            about: "time steps; auto: as many as make 2^23 iterations in all, 4 to 1024",
        },
        Knob { id: "kernel", domain: Domain::OneOf(Kernel::WORDS), about: "what a task does" },
        Knob {
            id: "iterations",
            domain: Domain::Integer { min: 1, max: 1 << 20 },
            about: "steps of the kernel in a task, about 1 ns each",
        },
        Knob { id: "bytes", domain: Domain::Bytes { min: 0, max: 32 << 10 }, about: "payload of an edge, whole 8B" },
        Knob {
            id: "working-set",
            domain: Domain::Bytes { min: 64, max: 64 << 20 },
            about: "what the kernel `memory` goes round in, whole 64B",
        },
    ];
    const GRANULARITY: Option<&'static str> = Some("iterations");
    const PRESETS: &'static [Preset] = &[
        Preset { id: "wide", knobs: &[("width", "1024")] },
        Preset { id: "fft", knobs: &[("dependence", "fft")] },
        Preset { id: "all-to-all", knobs: &[("dependence", "all-to-all")] },
        Preset { id: "imbalance", knobs: &[("kernel", "imbalance")] },
    ];
    /// The values of the last step.
    type Input = Vec<u64>;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { width: 6, steps: Some(6), iterations: 8, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { steps: Some(4_096), ..Self::default() },
        }
    }

    /// The same for every seed: what a task does follows from its place, since it never sees an input.
    fn input(&self, _seed: u64, _clients: usize) -> Vec<u64> {
        let mut last = Vec::new();
        let mut needs = Vec::new();
        for step in 0..self.steps() {
            let mut row = Vec::with_capacity(self.width());
            for point in 0..self.width() {
                needs.clear();
                self.needs(step, point, &mut needs);
                let start = mix(place(step, point));
                let value = needs.iter().fold(start, |value, need| chained(value, last[*need]));
                row.push(mix(chained(value, self.kernel.length(self.iterations, place(step, point)))));
            }
            last = row;
        }
        last
    }

    fn check(&self) -> Result<(), String> {
        if !self.bytes.is_multiple_of(WORD) {
            return Err(format!("a payload of {} bytes cuts a word; allowed: multiples of {WORD}B", self.bytes));
        }
        if !self.working_set.is_multiple_of(kernel::LINE) {
            let line = kernel::LINE;
            return Err(format!(
                "a working set of {} bytes cuts a line; allowed: multiples of {line}B",
                self.working_set
            ));
        }
        Ok(())
    }
}

impl Grid {
    fn words(&self) -> usize {
        (self.bytes / WORD) as usize
    }

    /// The next input, if it is the one that is needed.
    #[inline]
    fn expect<'e>(&self, at: u64, need: u64, input: Option<&&'e Edge>) -> &'e Edge {
        match input {
            Some(edge) if place(edge.step as usize, edge.point as usize) == need && self.carries(edge, need) => edge,
            _ => self.refuse(at, need, input),
        }
    }

    /// All of the payload is the place it comes from, and all of it is read.
    #[inline]
    fn carries(&self, edge: &Edge, from: u64) -> bool {
        edge.payload.len() == self.words() && edge.payload.iter().all(|word| *word == from)
    }

    #[cold]
    fn refuse(&self, at: u64, need: u64, input: Option<&&Edge>) -> ! {
        let pair = |place: u64| (place >> 32, place as u32);
        let (at, need, words) = (pair(at), pair(need), self.words());
        match input {
            None => panic!("task {at:?} needs the edge of {need:?} and has no further input"),
            Some(edge) if (u64::from(edge.step), edge.point) == need => {
                panic!("task {at:?} got {} words from {need:?}, not {words} as they were sent", edge.payload.len())
            }
            Some(edge) => panic!("task {at:?} got the edge of {:?}, it needs {need:?}", (edge.step, edge.point)),
        }
    }
}

impl TaskGraph for Grid {
    type Edge = Edge;

    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        words: |grid| 2 + grid.words(),
        pack: |_, edge, words| {
            words[0] = place(edge.step as usize, edge.point as usize);
            words[1] = edge.value;
            words[2..].copy_from_slice(&edge.payload);
        },
        unpack: |_, words| Edge {
            step: (words[0] >> 32) as u32,
            point: words[0] as u32,
            value: words[1],
            payload: words[2..].to_vec(),
        },
    });

    fn width(&self) -> usize {
        self.width as usize
    }

    fn steps(&self) -> usize {
        self.steps.unwrap_or_else(|| (TOTAL / (self.width * self.iterations)).clamp(4, 1_024)) as usize
    }

    fn needs(&self, step: usize, point: usize, out: &mut Vec<usize>) {
        self.each_need(step, point, |need| out.push(need));
    }

    fn execute(&self, step: usize, point: usize, inputs: &[&Edge]) -> Edge {
        let at = place(step, point);
        let mut value = mix(at);
        let mut rest = inputs.iter();
        self.each_need(step, point, |need| {
            value = chained(value, self.expect(at, place(step - 1, need), rest.next()).value);
        });
        assert!(rest.len() == 0, "task {:?} got {} inputs too many", (step, point), rest.len());
        let iterations = self.kernel.run(self.iterations, at, self.working_set);
        let value = mix(chained(value, iterations));
        Edge { step: step as u32, point: point as u32, value, payload: vec![at; self.words()] }
    }

    fn verify(&self, input: &Vec<u64>, last: &[Edge]) -> Result<(), Wrong> {
        if last.len() != self.width() {
            return Err(format!("{} edges in the last step, not {}", last.len(), self.width).into());
        }
        let step = self.steps() - 1;
        for (point, (edge, right)) in last.iter().zip(input).enumerate() {
            let found = (edge.step as usize, edge.point as usize);
            if found != (step, point) {
                return Err(format!("the edge of {found:?} where that of {:?} should be", (step, point)).into());
            }
            if edge.value != *right || !self.carries(edge, place(step, point)) {
                return Err(
                    format!("{found:?} has the value {:x}, not {right:x}, or another payload", edge.value).into()
                );
            }
        }
        Ok(())
    }

    fn fingerprint(&self, last: &[Edge]) -> Option<serde_json::Value> {
        let hash = last.iter().fold(0, |hash, edge| chained(hash, edge.value));
        serde_json::to_value((last.len(), hash)).ok()
    }
}

#[cfg(test)]
mod tests;
