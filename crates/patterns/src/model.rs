//! A model: one way to run things at once. It answers for every pattern, or it does not compile.

use crate::fork_join::RunsForkJoin;
use crate::hazard::RunsHazards;
use crate::map_reduce::RunsMapReduce;
use crate::pipeline::RunsPipeline;
use crate::shared_state::RunsSharedState;
use crate::task_graph::RunsTaskGraph;

/// A concurrency model.
///
/// Its supertraits are the patterns that are in the matrix, and hazards. [`serve`](crate::serve) is designed and tried on a toy; it
/// joins this list in the change that implements it in every model, and the compiler then names each hole.
pub trait Model: RunsMapReduce + RunsForkJoin + RunsTaskGraph + RunsSharedState + RunsPipeline + RunsHazards {
    /// Kebab-case name, as it stands in cell IDs.
    const ID: &'static str;
    /// One line for `list` and the report: the unit of concurrency and how work reaches it.
    const ABOUT: &'static str;
}

/// The shape of a concurrent problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Independent tasks, one combined answer.
    MapReduce,
    /// Work that splits itself.
    ForkJoin,
    /// Time steps with dependencies.
    TaskGraph,
    /// Clients that read and write the same state.
    SharedState,
    /// Stages that items pass in order.
    Pipeline,
    /// Conversations that mostly wait.
    Serve,
}

impl Pattern {
    /// Kebab-case name.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::MapReduce => "map-reduce",
            Self::ForkJoin => "fork-join",
            Self::TaskGraph => "task-graph",
            Self::SharedState => "shared-state",
            Self::Pipeline => "pipeline",
            Self::Serve => "serve",
        }
    }

    /// Whether a worker is a client with a script of its own, so that more workers are more work.
    #[must_use]
    pub fn has_clients(self) -> bool {
        matches!(self, Self::SharedState | Self::Serve)
    }
}
