//! Task graph: a grid of points by time steps; a task runs after the tasks of the step before that it needs.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::map_reduce::block;
use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::{Form, Strategies};
use crate::workload::{Job, Workload, Wrong};

/// A workload of width x steps tasks with dependencies, after Task Bench (Slaughter et al., SC 2020).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern task-graph",
    note = "implement `patterns::TaskGraph` for it, or register it under the pattern whose trait it implements"
)]
pub trait TaskGraph: Workload {
    /// What a task leaves to those that need it.
    type Edge: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Whether an edge has a fixed size in words: what strategies need that keep edges in memory shared with other
    /// processes.
    const FIXED: Form<Fixed<Self>> = Form::Lacks("its edges have no fixed size");

    /// Points of a step.
    fn width(&self) -> usize;
    /// Time steps.
    fn steps(&self) -> usize;
    /// Points of `step - 1` that `(step, point)` needs, ascending, into `out`; none for step 0. Models that push along
    /// edges invert this before the clock starts.
    fn needs(&self, step: usize, point: usize, out: &mut Vec<usize>);
    /// The kernel: one task, from its place and from what it needs, in the order of [`TaskGraph::needs`]. Step 0 starts
    /// from the knobs alone: a process has those and its edges, never the input, which is what the oracle compares with.
    ///
    /// # Panics
    /// If an edge is not the one it needs.
    fn execute(&self, step: usize, point: usize, inputs: &[&Self::Edge]) -> Self::Edge;
    /// The oracle: over the edges of the last step.
    ///
    /// # Errors
    /// What differs from the right answer.
    fn verify(&self, input: &Self::Input, last: &[Self::Edge]) -> Result<(), Wrong>;

    /// What is digested to compare answers across processes and languages; `None` where right answers differ in form.
    fn fingerprint(&self, last: &[Self::Edge]) -> Option<serde_json::Value> {
        serde_json::to_value(last).ok()
    }
}

/// Edges as words, the same number for each.
#[derive(Debug)]
pub struct Fixed<W: TaskGraph> {
    /// Words of an edge.
    pub words: fn(&W) -> usize,
    /// An edge into so many words.
    pub pack: fn(&W, &W::Edge, &mut [u64]),
    /// And back.
    ///
    /// # Panics
    /// May panic on words that are not those of an edge.
    pub unpack: fn(&W, &[u64]) -> W::Edge,
}

/// What a model says about task graphs.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about the pattern task-graph",
    note = "write `src/task_graph.rs` with `impl RunsTaskGraph for {Self}`: a list of strategies, each with its support"
)]
pub trait RunsTaskGraph {
    /// Its strategies; the answer is the edges of the last step.
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>>;
}

/// The end of a round: the last row, and the tasks that were executed.
pub fn done<E>(last: Vec<E>, executed: u64, units: Units, observed: Observed) -> Done<Vec<E>> {
    Done { answer: last, steps: executed, units, observed }
}

/// For each point the worker that owns it, and its place in that worker's block.
#[must_use]
pub fn owners(width: usize, workers: usize) -> Vec<(usize, usize)> {
    let of = |worker| block(width, worker, workers).enumerate().map(move |(place, _)| (worker, place));
    (0..workers).flat_map(of).collect()
}

/// What a worker hands to others and gets from them where points are owned in blocks: [`TaskGraph::needs`] inverted, made
/// before the clock starts. An edge goes to a worker once, however many of its points need it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// After each step: to whom, and which of its own points; ascending.
    pub sends: Vec<Vec<(usize, Vec<usize>)>>,
    /// After each step: from whom something comes; ascending.
    pub receives: Vec<Vec<usize>>,
}

impl Traffic {
    /// That of each of so many workers.
    pub fn of<W: TaskGraph>(workload: &W, workers: usize) -> Vec<Self> {
        let (width, steps) = (workload.width(), workload.steps());
        let owners = owners(width, workers);
        let mut all = vec![Self { sends: vec![Vec::new(); steps], receives: vec![Vec::new(); steps] }; workers];
        let mut needs = Vec::new();
        for step in 1..steps {
            for (to, one) in (0..workers).map(|to| (to, block(width, to, workers))) {
                let mut wanted: Vec<usize> = Vec::new();
                for point in one {
                    needs.clear();
                    workload.needs(step, point, &mut needs);
                    wanted.extend(needs.iter().filter(|need| owners[**need].0 != to));
                }
                wanted.sort_unstable();
                wanted.dedup();
                for points in wanted.chunk_by(|a, b| owners[*a].0 == owners[*b].0) {
                    let from = owners[points[0]].0;
                    all[from].sends[step - 1].push((to, points.to_vec()));
                    all[to].receives[step - 1].push(from);
                }
            }
        }
        all
    }
}

/// The sequential reference: row after row; the last row and the number of tasks.
pub fn sequential<W: TaskGraph>(job: &Job<W>) -> (Vec<W::Edge>, u64) {
    let workload = &job.workload;
    let mut last: Vec<W::Edge> = Vec::new();
    let mut needs = Vec::new();
    let mut executed = 0;
    for step in 0..workload.steps() {
        let mut row = Vec::with_capacity(workload.width());
        let mut inputs: Vec<&W::Edge> = Vec::new(); // one for the step: an allocation a task would show in the baseline
        for point in 0..workload.width() {
            needs.clear();
            workload.needs(step, point, &mut needs);
            inputs.clear();
            inputs.extend(needs.iter().map(|&point| &last[point]));
            row.push(workload.execute(step, point, &inputs));
            executed += 1;
        }
        last = row;
    }
    (last, executed)
}
