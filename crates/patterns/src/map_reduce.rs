//! Map-reduce: independent tasks, named by index, whose partial results combine in any order.

use std::num::NonZeroUsize;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::{Form, Strategies};
use crate::workload::{Job, Workload, Wrong};

/// A workload of independent tasks.
///
/// A model derives each task *inside* its worker (`job.workload.task(&job.input, i)`), so that a spawned `'static`
/// future and a scoped thread use the same borrowed data; a process gets the task serialized and deserializes it
/// *borrowing from the message*.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern map-reduce",
    note = "implement `patterns::MapReduce` for it, or register it under the pattern whose trait it implements"
)]
pub trait MapReduce: Workload {
    /// What one task needs: `Range<u64>`, `&'i str`, `Cow<'i, [T]>`. `Send` for the channels that carry it.
    type Task<'i>: Serialize + Deserialize<'i> + Send;
    /// What tasks leave behind. `'static` because a join handle returns it.
    type Partial: Serialize + DeserializeOwned + Send + 'static;

    /// Whether its tasks are ranges of one bulk of bytes: what strategies need that ship bytes as such, or share them.
    const BULK: Form<Bulk<Self>> = Form::Lacks("its tasks are no ranges of one bulk of bytes");

    /// Number of tasks.
    fn tasks(&self, input: &Self::Input) -> usize;
    /// The partial of no task at all.
    fn empty(&self) -> Self::Partial;
    /// Task `index` of [`MapReduce::tasks`]. Cheap: it names or borrows, it does not compute.
    fn task<'i>(&self, input: &'i Self::Input, index: usize) -> Self::Task<'i>;
    /// Length of a task in items: what a model may cut, at a lock's check point or a cooperative yield.
    fn items(&self, task: &Self::Task<'_>) -> usize;
    /// The kernel: folds `items` of a task into a partial. Cutting a range and mapping the parts is the same work.
    fn map(&self, task: &Self::Task<'_>, items: Range<usize>, into: &mut Self::Partial);
    /// What share of a task's items, 0 to 1, is computed without a global interpreter lock, as in an extension that lets go
    /// of it. Models that have no such lock do not ask: it changes nothing in what is computed.
    fn released(&self) -> f64 {
        0.0
    }
    /// Combines two partials: associative and commutative. What must keep order carries its index.
    fn merge(&self, into: &mut Self::Partial, other: Self::Partial);
    /// The oracle, never inside the timed region.
    ///
    /// # Errors
    /// What differs from the right answer.
    fn verify(&self, input: &Self::Input, answer: &Self::Partial) -> Result<(), Wrong>;

    /// What is digested to compare answers across processes and languages; `None` where right answers differ in form.
    fn fingerprint(&self, answer: &Self::Partial) -> Option<serde_json::Value> {
        serde_json::to_value(answer).ok()
    }
}

/// The input as one bulk of bytes, and tasks as ranges of it.
#[derive(Debug)]
pub struct Bulk<W: MapReduce> {
    /// All of it.
    pub bytes: fn(&W::Input) -> &[u8],
    /// Where the bytes of task `index` lie. Ranges may touch, they do not overlap.
    pub range: fn(&W::Input, usize) -> Range<usize>,
    /// The task whose bytes lie in that range, from those bytes, wherever they are now.
    ///
    /// # Panics
    /// May panic on bytes that are not those of a task.
    pub task: for<'b> fn(&W, Range<usize>, &'b [u8]) -> W::Task<'b>,
}

/// What a model says about map-reduce.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about the pattern map-reduce",
    note = "write `src/map_reduce.rs` with `impl RunsMapReduce for {Self}`: a list of strategies, each `Strategy::idiomatic`, `Strategy::against_the_grain` or `Strategy::not_applicable` with its reason"
)]
pub trait RunsMapReduce {
    /// Its strategies. The list may depend on the workload.
    fn map_reduce<W: MapReduce, P: Probe>() -> Strategies<W, W::Partial>;
}

/// What a worker did: the partial of the tasks it took, and how many they were. Counted here, in the value that
/// travels, so that no model can leave a task out and be called fast.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Share<W: MapReduce> {
    partial: W::Partial,
    tasks: u64,
}

impl<W: MapReduce> Share<W> {
    /// Nothing yet.
    #[inline]
    pub fn empty(workload: &W) -> Self {
        Self { partial: workload.empty(), tasks: 0 }
    }

    /// Takes task `index` of a job.
    #[inline]
    pub fn take(&mut self, job: &Job<W>, index: usize) {
        self.map(&job.workload, &job.workload.task(&job.input, index));
    }

    /// As [`Share::take`], by value: what a fold wants.
    #[inline]
    #[must_use]
    pub fn with(mut self, job: &Job<W>, index: usize) -> Self {
        self.take(job, index);
        self
    }

    /// Takes all of `indices`.
    #[inline]
    pub fn take_all(mut self, job: &Job<W>, indices: Range<usize>) -> Self {
        for index in indices {
            self.take(job, index);
        }
        self
    }

    /// Takes a task that came by message.
    #[inline]
    pub fn map(&mut self, workload: &W, task: &W::Task<'_>) {
        workload.map(task, 0..workload.items(task), &mut self.partial);
        self.tasks += 1;
    }

    /// As [`Share::map`], in pieces of at most `quantum` items with `check` after each: where the holder of a lock looks
    /// whether somebody wants it. However many the pieces, it is one task; a task without items is one empty piece.
    #[inline]
    pub fn map_in_quanta(&mut self, workload: &W, task: &W::Task<'_>, quantum: NonZeroUsize, mut check: impl FnMut()) {
        let mut rest = 0..workload.items(task);
        loop {
            let more = self.map_next(workload, task, &mut rest, quantum);
            check();
            if !more {
                return;
            }
        }
    }

    /// One piece of [`Share::map_in_quanta`], for tasks that await between two of them: takes at most `quantum` items off
    /// `rest`, which is all of the task's at first, and says whether any are left. The last piece counts the task.
    #[inline]
    pub fn map_next(
        &mut self,
        workload: &W,
        task: &W::Task<'_>,
        rest: &mut Range<usize>,
        quantum: NonZeroUsize,
    ) -> bool {
        let cut = rest.start.saturating_add(quantum.get()).min(rest.end);
        workload.map(task, rest.start..cut, &mut self.partial);
        rest.start = cut;
        let more = cut < rest.end;
        self.tasks += u64::from(!more);
        more
    }

    /// Takes over another worker's share.
    #[inline]
    pub fn absorb(&mut self, workload: &W, other: Self) {
        workload.merge(&mut self.partial, other.partial);
        self.tasks += other.tasks;
    }

    /// Takes over one task that somebody did.
    #[inline]
    pub fn absorb_single(&mut self, workload: &W, single: Single<W>) {
        workload.merge(&mut self.partial, single.0);
        self.tasks += 1;
    }

    /// As [`Share::absorb`], by value.
    #[inline]
    #[must_use]
    pub fn join(mut self, workload: &W, other: Self) -> Self {
        self.absorb(workload, other);
        self
    }

    /// All shares in one.
    pub fn combine(workload: &W, shares: impl IntoIterator<Item = Self>) -> Self {
        shares.into_iter().reduce(|all, share| all.join(workload, share)).unwrap_or_else(|| Self::empty(workload))
    }

    /// Tasks in it.
    #[must_use]
    pub fn tasks(&self) -> u64 {
        self.tasks
    }

    /// The end of a round.
    pub fn done(self, units: Units, observed: Observed) -> Done<W::Partial> {
        Done { answer: self.partial, steps: self.tasks, units, observed }
    }
}

/// The partial of exactly one task: a [`Share`] whose count is in its type, made by doing the task and in no other way.
/// For results that travel one by one, where a count beside each can be what makes an allocation larger (a tokio task
/// of `grain` is 128 bytes with this and 256 with a share).
#[derive(Debug)]
pub struct Single<W: MapReduce>(W::Partial);

impl<W: MapReduce> Single<W> {
    /// Does task `index` of a job.
    #[inline]
    pub fn take(job: &Job<W>, index: usize) -> Self {
        let mut partial = job.workload.empty();
        let task = job.workload.task(&job.input, index);
        job.workload.map(&task, 0..job.workload.items(&task), &mut partial);
        Self(partial)
    }
}

/// The indices of worker `worker` of `workers`, in blocks that differ by at most one.
#[must_use]
pub fn block(tasks: usize, worker: usize, workers: usize) -> Range<usize> {
    let edge = |worker: usize| (tasks as u128 * worker as u128 / workers as u128) as usize;
    edge(worker)..edge(worker + 1)
}
