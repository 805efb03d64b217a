//! A model that says nothing about serving, where somebody asks for it.

struct Forgetful;

fn registered<M: patterns::RunsServe>() {}

fn main() {
    registered::<Forgetful>();
}
