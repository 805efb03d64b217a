//! Every strategy of this model goes through the trials of the contract.

use model_async::Async;

#[path = "../../patterns/tests/trials/mod.rs"]
mod trials;

#[test]
fn strategies_are_right_and_survive_panics() {
    trials::map_reduce::<Async>();
    trials::fork_join::<Async>();
    trials::task_graph::<Async>();
    trials::pipeline::<Async>();
    trials::shared_state::<Async>(|id, workers, messages, units| {
        let found = (units.threads, units.tasks, units.messages);
        let (tasks, messages) = if id == "actor" { (workers + 1, messages) } else { (workers, 0) };
        assert_eq!(found, (workers.min(2), tasks, messages), "{id}");
    });
}
