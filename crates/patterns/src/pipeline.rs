//! Pipeline: items pass through stages in order, with back-pressure.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::placement::Placement;
use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::Strategies;
use crate::workload::{Job, Workload, Wrong};

/// A workload of stages. `workers` does not apply: the shape fixes the units, one a stage and one for the source.
///
/// With more than one lap the stages are a ring: the last hands an item back to the first until its laps are over. Such
/// a workload has fewer items than stages, or cells refuse it: a stage then always has its hands free to take the next
/// item, so that no ring is stuck, whatever its capacity, and no strategy needs rules for who may enter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern pipeline",
    note = "implement `patterns::Pipeline` for it, or register it under the pattern whose trait it implements"
)]
pub trait Pipeline: Workload {
    /// What travels; an enum where stages differ in type.
    type Item: Serialize + DeserializeOwned + Send + 'static;
    /// What the end collects.
    type Sink: Serialize + DeserializeOwned + Send + 'static;

    /// Stages between source and sink.
    fn stages(&self) -> usize;
    /// Items an edge may hold; 0 is a rendezvous.
    fn capacity(&self) -> usize;
    /// How often an item passes all stages, in order, before it is absorbed; at least once. A token that hops H times
    /// round K stages is one item with H / K laps. The model counts the laps beside the item; a kernel that needs them
    /// keeps them in it.
    fn laps(&self) -> usize {
        1
    }
    /// Where the units run.
    fn placement(&self) -> Placement {
        Placement::Free
    }
    /// Items the source makes.
    fn items(&self, input: &Self::Input) -> usize;
    /// Item `index` of the source.
    fn source(&self, input: &Self::Input, index: usize) -> Self::Item;
    /// The kernel of stage `stage`.
    fn stage(&self, stage: usize, item: Self::Item) -> Self::Item;
    /// A sink that saw nothing.
    fn empty(&self) -> Self::Sink;
    /// Takes an item, in the order of the source.
    fn absorb(&self, sink: &mut Self::Sink, item: Self::Item);
    /// The oracle, never inside the timed region.
    ///
    /// # Errors
    /// What differs from the right answer.
    fn verify(&self, input: &Self::Input, sink: &Self::Sink) -> Result<(), Wrong>;

    /// What is digested to compare answers across processes and languages; `None` where right answers differ in form.
    fn fingerprint(&self, sink: &Self::Sink) -> Option<serde_json::Value> {
        serde_json::to_value(sink).ok()
    }
}

/// What a model says about pipelines.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about the pattern pipeline",
    note = "write `src/pipeline.rs` with `impl RunsPipeline for {Self}`: a list of strategies, each with its support"
)]
pub trait RunsPipeline {
    /// Its strategies.
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink>;
}

/// The end of a round: what the sink holds, and the stage executions behind it.
pub fn done<S>(sink: S, executed: u64, units: Units, observed: Observed) -> Done<S> {
    Done { answer: sink, steps: executed, units, observed }
}

/// The sequential reference: item after item through all stages, lap after lap; the sink and the stage executions.
pub fn sequential<W: Pipeline>(job: &Job<W>) -> (W::Sink, u64) {
    let workload = &job.workload;
    let mut sink = workload.empty();
    let mut executed = 0;
    for index in 0..workload.items(&job.input) {
        let mut item = workload.source(&job.input, index);
        for _ in 0..workload.laps() {
            for stage in 0..workload.stages() {
                item = workload.stage(stage, item);
                executed += 1;
            }
        }
        workload.absorb(&mut sink, item);
    }
    (sink, executed)
}
