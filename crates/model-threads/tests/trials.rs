//! Every strategy of this model goes through the trials of the contract.

use model_threads::Threads;

#[path = "../../patterns/tests/trials/mod.rs"]
mod trials;

#[test]
fn strategies_are_right_and_survive_panics() {
    trials::map_reduce::<Threads>();
    trials::fork_join::<Threads>();
    trials::task_graph::<Threads>();
    trials::pipeline::<Threads>();
    trials::shared_state::<Threads>(|id, workers, messages, units| {
        let found = (units.threads, units.tasks, units.messages);
        assert_eq!(found, if id == "actor" { (workers + 1, 0, messages) } else { (workers, 0, 0) }, "{id}");
    });
}
