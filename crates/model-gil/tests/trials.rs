//! Every strategy of both models goes through the trials of the contract.

use model_gil::{FreeThreaded, Gil};
use patterns::{RunsForkJoin, RunsMapReduce, RunsPipeline, RunsSharedState, RunsTaskGraph};

#[path = "../../patterns/tests/trials/mod.rs"]
mod trials;

/// One test, since it counts the threads of its process.
#[test]
fn strategies_are_right_and_survive_panics() {
    all::<Gil>();
    all::<FreeThreaded>();
}

fn all<M: RunsMapReduce + RunsForkJoin + RunsTaskGraph + RunsPipeline + RunsSharedState>() {
    trials::map_reduce::<M>();
    trials::fork_join::<M>();
    trials::task_graph::<M>();
    trials::pipeline::<M>();
    trials::shared_state::<M>(|id, workers, _, units| {
        assert_eq!((units.threads, units.tasks, units.messages), (workers, 0, 0), "{id}");
    });
}
