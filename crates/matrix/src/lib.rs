//! The matrix: the list of models, and how a workload joins it in all of them. Nothing is compiled for a workload here:
//! that happens where it is named, in the suite of its pattern.

use std::marker::PhantomData;

use patterns::cell::{Cell, Listed, listed, listed_pipeline, with_diagnosis};
use patterns::hazard::Hazard;
use patterns::probe::Recorder;
use patterns::{ForkJoin, Form, MapReduce, Pattern, Pipeline, Probe, SharedState, Silent, TaskGraph};

/// A list of models, as a type: each method asks every model of the list about one pattern.
pub trait Models {
    /// ID and description of each.
    const LIST: &'static [(&'static str, &'static str)];
    /// What each says of its hazards, beside its ID.
    fn hazards() -> Vec<(&'static str, Form<&'static [Hazard]>)>;
    /// The cells of a map-reduce workload, with a probe in every worker.
    fn map_reduce<W: MapReduce, P: Probe>() -> Vec<Cell>;
    /// The cells of a fork-join workload, with a probe in every worker.
    fn fork_join<W: ForkJoin, P: Probe>() -> Vec<Cell>;
    /// The cells of a task-graph workload, with a probe in every worker.
    fn task_graph<W: TaskGraph, P: Probe>() -> Vec<Cell>;
    /// The cells of a shared-state workload, with a probe in every worker.
    fn shared_state<W: SharedState, P: Probe>() -> Vec<Cell>;
    /// The cells of a pipeline workload, with a probe in every worker.
    fn pipeline<W: Pipeline, P: Probe>() -> Vec<Cell>;
}

/// Makes a list of models: `matrix::models!(pub Mine: model_threads::Threads, my_model::Mine);`. The first must be the
/// sequential reference.
#[macro_export]
macro_rules! models {
    ($visibility:vis $name:ident: $($model:ty),+ $(,)?) => {
        #[doc = "A list of models."]
        #[derive(Debug, Clone, Copy)]
        $visibility struct $name;

        impl $crate::Models for $name {
            const LIST: &'static [(&'static str, &'static str)] =
                &[$((<$model as $crate::patterns::Model>::ID, <$model as $crate::patterns::Model>::ABOUT)),+];
            fn hazards() -> Vec<(&'static str, $crate::patterns::Form<&'static [$crate::patterns::hazard::Hazard]>)> {
                use $crate::patterns::{Model, RunsHazards};
                vec![$((<$model>::ID, <$model>::hazards())),+]
            }
            fn map_reduce<W: $crate::patterns::MapReduce, P: $crate::patterns::Probe>()
            -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsMapReduce, cell};
                [$(cell::map_reduce(<$model>::ID, <$model>::map_reduce::<W, P>())),+].concat()
            }
            fn fork_join<W: $crate::patterns::ForkJoin, P: $crate::patterns::Probe>()
            -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsForkJoin, cell};
                [$(cell::fork_join(<$model>::ID, <$model>::fork_join::<W, P>())),+].concat()
            }
            fn task_graph<W: $crate::patterns::TaskGraph, P: $crate::patterns::Probe>()
            -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsTaskGraph, cell};
                [$(cell::task_graph(<$model>::ID, <$model>::task_graph::<W, P>())),+].concat()
            }
            fn shared_state<W: $crate::patterns::SharedState, P: $crate::patterns::Probe>()
            -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsSharedState, cell};
                [$(cell::shared_state(<$model>::ID, <$model>::shared_state::<W, P>())),+].concat()
            }
            fn pipeline<W: $crate::patterns::Pipeline, P: $crate::patterns::Probe>()
            -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsPipeline, cell};
                [$(cell::pipeline(<$model>::ID, <$model>::pipeline::<W, P>())),+].concat()
            }
        }
    };
}

#[doc(hidden)]
pub use patterns;

models!(
    pub Standard:
    model_sequential::Sequential,
    model_threads::Threads,
    model_processes::Processes,
    model_async::Async,
    model_data_parallel::DataParallel,
    model_gil::Gil,
    model_gil::FreeThreaded,
);

/// Workloads, and their cells in every model of a list. With the probe that records, its cells are diagnostic passes:
/// compiled in a crate of their own, so that nothing of them changes how the compiler treats the code that is timed.
#[derive(Debug, Clone)]
pub struct Suite<M = Standard, P = Silent> {
    /// What `list` shows and the command line checks.
    pub workloads: Vec<Listed>,
    /// What runs.
    pub cells: Vec<Cell>,
    models: PhantomData<(M, P)>,
}

impl<M: Models, P: Probe> Default for Suite<M, P> {
    fn default() -> Self {
        Self { workloads: Vec::new(), cells: Vec::new(), models: PhantomData }
    }
}

impl<M: Models> Suite<M> {
    /// Gives each cell its diagnostic pass, where `recording` has one.
    #[must_use]
    pub fn diagnosed_by(mut self, recording: Suite<M, Recorder>) -> Self {
        self.cells = with_diagnosis(self.cells, recording.cells);
        self
    }
}

impl<M: Models, P: Probe> Suite<M, P> {
    /// ID and description of each model.
    #[must_use]
    pub fn models(&self) -> &'static [(&'static str, &'static str)] {
        M::LIST
    }

    /// What each model says of its hazards, beside its ID.
    #[must_use]
    pub fn hazards(&self) -> Vec<(&'static str, Form<&'static [Hazard]>)> {
        M::hazards()
    }

    /// Adds the workloads of another.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.workloads.extend(other.workloads);
        self.cells.extend(other.cells);
        self
    }

    /// Adds a map-reduce workload.
    #[must_use]
    pub fn map_reduce<W: MapReduce>(mut self) -> Self {
        self.workloads.push(listed::<W>(Pattern::MapReduce));
        self.cells.extend(M::map_reduce::<W, P>());
        self
    }

    /// Adds a fork-join workload.
    #[must_use]
    pub fn fork_join<W: ForkJoin>(mut self) -> Self {
        self.workloads.push(listed::<W>(Pattern::ForkJoin));
        self.cells.extend(M::fork_join::<W, P>());
        self
    }

    /// Adds a task-graph workload.
    #[must_use]
    pub fn task_graph<W: TaskGraph>(mut self) -> Self {
        self.workloads.push(listed::<W>(Pattern::TaskGraph));
        self.cells.extend(M::task_graph::<W, P>());
        self
    }

    /// Adds a shared-state workload.
    #[must_use]
    pub fn shared_state<W: SharedState>(mut self) -> Self {
        self.workloads.push(listed::<W>(Pattern::SharedState));
        self.cells.extend(M::shared_state::<W, P>());
        self
    }

    /// Adds a pipeline workload.
    #[must_use]
    pub fn pipeline<W: Pipeline>(mut self) -> Self {
        self.workloads.push(listed_pipeline::<W>());
        self.cells.extend(M::pipeline::<W, P>());
        self
    }
}
