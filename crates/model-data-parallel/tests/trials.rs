//! Every strategy of this model goes through the trials of the contract.

use model_data_parallel::DataParallel;

#[path = "../../patterns/tests/trials/mod.rs"]
mod trials;

#[test]
fn strategies_are_right_and_survive_panics() {
    trials::map_reduce::<DataParallel>();
    trials::fork_join::<DataParallel>();
    trials::task_graph::<DataParallel>();
    trials::pipeline::<DataParallel>();
    trials::shared_state::<DataParallel>(|id, workers, _, units| {
        assert_eq!((units.threads, units.tasks, units.messages), (workers.min(2), workers, 0), "{id}");
    });
}
