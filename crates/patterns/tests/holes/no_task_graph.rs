//! A model that says nothing about the task graph, where somebody asks for it.

struct Forgetful;

fn registered<M: patterns::RunsTaskGraph>() {}

fn main() {
    registered::<Forgetful>();
}
