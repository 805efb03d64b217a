//! The matrix: the list of models, and how a workload joins it in all of them. Nothing is compiled for a workload here:
//! that happens where it is named, in the suite of its pattern.

use std::marker::PhantomData;

use patterns::cell::{Cell, Listed, listed};
use patterns::{MapReduce, Pattern, SharedState};

/// A list of models, as a type: each method asks every model of the list about one pattern.
pub trait Models {
    /// ID and description of each.
    const LIST: &'static [(&'static str, &'static str)];
    /// The cells of a map-reduce workload.
    fn map_reduce<W: MapReduce>() -> Vec<Cell>;
    /// The cells of a shared-state workload.
    fn shared_state<W: SharedState>() -> Vec<Cell>;
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
            fn map_reduce<W: $crate::patterns::MapReduce>() -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsMapReduce, Silent, cell, probe::Recorder};
                let timed = [$(cell::map_reduce(<$model>::ID, <$model>::map_reduce::<W, Silent>())),+].concat();
                let recording = [$(cell::map_reduce(<$model>::ID, <$model>::map_reduce::<W, Recorder>())),+].concat();
                cell::with_diagnosis(timed, recording)
            }
            fn shared_state<W: $crate::patterns::SharedState>() -> Vec<$crate::patterns::cell::Cell> {
                use $crate::patterns::{Model, RunsSharedState, Silent, cell, probe::Recorder};
                let timed = [$(cell::shared_state(<$model>::ID, <$model>::shared_state::<W, Silent>())),+].concat();
                let recording = [$(cell::shared_state(<$model>::ID, <$model>::shared_state::<W, Recorder>())),+].concat();
                cell::with_diagnosis(timed, recording)
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
);

/// Workloads, and their cells in every model of a list.
#[derive(Debug, Clone)]
pub struct Suite<M = Standard> {
    /// What `list` shows and the command line checks.
    pub workloads: Vec<Listed>,
    /// What runs.
    pub cells: Vec<Cell>,
    models: PhantomData<M>,
}

impl<M: Models> Default for Suite<M> {
    fn default() -> Self {
        Self { workloads: Vec::new(), cells: Vec::new(), models: PhantomData }
    }
}

impl<M: Models> Suite<M> {
    /// ID and description of each model.
    #[must_use]
    pub fn models(&self) -> &'static [(&'static str, &'static str)] {
        M::LIST
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
        self.cells.extend(M::map_reduce::<W>());
        self
    }

    /// Adds a shared-state workload.
    #[must_use]
    pub fn shared_state<W: SharedState>(mut self) -> Self {
        self.workloads.push(listed::<W>(Pattern::SharedState));
        self.cells.extend(M::shared_state::<W>());
        self
    }
}
