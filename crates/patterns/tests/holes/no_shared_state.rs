//! A model that says nothing about shared state, where somebody asks for it.

struct Forgetful;

fn registered<M: patterns::RunsSharedState>() {}

fn main() {
    registered::<Forgetful>();
}
